//! What a run found.

use hdrhistogram::Histogram;

use crate::machine::Machine;
use crate::record::{Interval, Recorder, total};

/// Values that were measured one by one.
#[derive(Debug)]
pub struct Series {
    /// What was measured, as in `wire local-memory 1 session 20000/s order-to-ack`.
    pub name: String,
    /// The planned rate, where there was one.
    pub rate_per_s: Option<f64>,
    /// What was done a second, while it was measured.
    pub ops_per_s: f64,
    /// The values by slice or second.
    pub intervals: Vec<Interval>,
    /// All of them together.
    pub total: Histogram<u64>,
    /// How late the generator was, where there was one.
    pub send_lag_p99_9: Option<u64>,
}

impl Series {
    /// A series of what was recorded. Its rate is that of the time in which intervals were open.
    pub fn new(name: impl Into<String>, recorder: Recorder) -> Self {
        let intervals = recorder.finish();
        let total = total(&intervals);
        let time_ns: u64 = intervals
            .iter()
            .map(|interval| interval.end_ns.saturating_sub(interval.start_ns))
            .sum();
        let ops_per_s = total.len() as f64 * 1e9 / time_ns.max(1) as f64;
        let name = name.into();
        Self { name, rate_per_s: None, ops_per_s, intervals, total, send_lag_p99_9: None }
    }

    /// With the planned rate, and how late the generator was.
    #[must_use]
    pub fn planned(mut self, rate_per_s: u64, send_lag_p99_9: u64) -> Self {
        self.rate_per_s = Some(rate_per_s as f64);
        self.send_lag_p99_9 = Some(send_lag_p99_9);
        self
    }

    /// A percentile of each interval, 0 to 1, in order.
    pub fn of_intervals(&self, quantile: f64) -> Vec<f64> {
        let used = self.intervals.iter().filter(|interval| !interval.values.is_empty());
        used.map(|interval| interval.values.value_at_quantile(quantile) as f64).collect()
    }
}

/// Something that was counted and timed as a whole.
#[derive(Debug)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// Of what `ops_per_s` counts.
    pub unit: &'static str,
    /// How many a second.
    pub ops_per_s: f64,
    /// How many were counted.
    pub count: u64,
}

impl Figure {
    /// The unit where there was nothing to count: the program is not on this machine.
    pub const MISSING: &'static str = "missing";

    /// Whether there was nothing to count.
    pub fn is_missing(&self) -> bool {
        self.unit == Self::MISSING
    }
}

/// One thing against another of the same run.
#[derive(Debug)]
pub struct Ratio {
    /// What is compared, as in `p50`.
    pub name: String,
    /// The ratio.
    pub value: f64,
    /// First and third quartile over the slices or pairs.
    pub spread: Option<[f64; 2]>,
    /// The one.
    pub of: String,
    /// The other.
    pub to: String,
}

/// All that a run found.
#[derive(Debug)]
pub struct Run {
    /// Which suite.
    pub suite: String,
    /// Where.
    pub machine: Machine,
    /// What was measured one by one.
    pub series: Vec<Series>,
    /// What was counted.
    pub figures: Vec<Figure>,
    /// What was compared.
    pub ratios: Vec<Ratio>,
    /// Why it cannot be believed; it can where there is nothing.
    pub faults: Vec<String>,
    /// What a reader should know beside.
    pub notes: Vec<String>,
}

/// What the suites of a run add to.
#[derive(Debug, Default)]
pub struct Findings {
    /// What was measured one by one.
    pub series: Vec<Series>,
    /// What was counted.
    pub figures: Vec<Figure>,
    /// What was compared.
    pub ratios: Vec<Ratio>,
    /// Why the run cannot be believed.
    pub faults: Vec<String>,
    /// What a reader should know beside.
    pub notes: Vec<String>,
}

impl Findings {
    /// Compares two series by a percentile: the median over the intervals of the one against that of
    /// the other; the spread is over the pairs of intervals.
    pub fn compare(&mut self, name: &str, quantile: f64, of: &Series, to: &Series) {
        let (ours, theirs) = (of.of_intervals(quantile), to.of_intervals(quantile));
        if ours.is_empty() || theirs.is_empty() {
            return;
        }
        let pairs: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a / b.max(1.0)).collect();
        let [low, _, high] = crate::record::quartiles(&pairs);
        let value = crate::record::quartiles(&ours)[1] / crate::record::quartiles(&theirs)[1];
        let (of, to) = (of.name.clone(), to.name.clone());
        self.ratios.push(Ratio { name: name.into(), value, spread: Some([low, high]), of, to });
    }

    /// Compares two figures.
    pub fn compare_figures(&mut self, name: &str, of: &str, to: &str) {
        let find = |name: &str| self.figures.iter().find(|figure| figure.name == name);
        if let (Some(ours), Some(theirs)) = (find(of), find(to)) {
            let value = ours.ops_per_s / theirs.ops_per_s.max(f64::MIN_POSITIVE);
            let (name, of, to) = (name.to_owned(), of.to_owned(), to.to_owned());
            self.ratios.push(Ratio { name, value, spread: None, of, to });
        }
    }

    /// The run of these findings.
    pub fn into_run(self, suite: &str, machine: Machine) -> Run {
        let Self { series, figures, ratios, faults, notes } = self;
        Run { suite: suite.to_owned(), machine, series, figures, ratios, faults, notes }
    }
}

impl Run {
    /// Whether its figures can be believed.
    pub fn is_valid(&self) -> bool {
        self.faults.is_empty()
    }
}

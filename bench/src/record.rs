//! Recording: histograms of a fixed range, allocated and touched before the measurement.

use std::time::Instant;

pub use castle::telemetry::{VALUE_NS_MAX, empty};
use hdrhistogram::Histogram;

/// The time of a run: nanoseconds since it began.
#[derive(Debug, Clone, Copy)]
pub struct RunClock(Instant);

impl RunClock {
    /// Begins now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds since the beginning.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

/// What was recorded in one stretch of time: a slice, or a second.
#[derive(Debug, Clone)]
pub struct Interval {
    /// When it began, in nanoseconds of the run's clock.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// The values.
    pub values: Histogram<u64>,
}

/// Records one series on one thread. Nothing is allocated after it is made.
#[derive(Debug, Clone)]
pub struct Recorder {
    intervals: Vec<Interval>,
    /// The interval that is open.
    current: usize,
    /// Intervals that were opened.
    used: usize,
}

impl Recorder {
    /// A recorder with room for this many intervals; where more are opened, the last goes on.
    pub fn new(intervals_max: usize) -> Self {
        let interval = Interval { start_ns: 0, end_ns: 0, values: empty() };
        let intervals_max = intervals_max.max(1);
        Self { intervals: vec![interval; intervals_max], current: 0, used: 0 }
    }

    /// Begins the next interval.
    pub fn open(&mut self, now_ns: u64) {
        if self.used < self.intervals.len() {
            self.current = self.used;
            self.used += 1;
            self.intervals[self.current].start_ns = now_ns;
        }
    }

    /// Records a value, in nanoseconds, into the open interval.
    #[inline]
    pub fn record(&mut self, value_ns: u64) {
        self.intervals[self.current].values.saturating_record(value_ns.clamp(1, VALUE_NS_MAX));
    }

    /// Ends the open interval.
    pub fn close(&mut self, now_ns: u64) {
        self.intervals[self.current].end_ns = now_ns;
    }

    /// The intervals that were opened.
    pub fn finish(mut self) -> Vec<Interval> {
        self.intervals.truncate(self.used);
        self.intervals
    }
}

/// All that is in the intervals together.
pub fn total(intervals: &[Interval]) -> Histogram<u64> {
    let mut total = empty();
    for interval in intervals {
        total.add(&interval.values).expect("all have the same range");
    }
    total
}

/// The middle of the values and their quartiles: first quartile, median, third quartile. Zeros where
/// there are no values.
pub fn quartiles(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    [0.25, 0.5, 0.75].map(|part| {
        let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
        let place = part * last as f64;
        let low = sorted[place.floor() as usize];
        low + (sorted[place.ceil() as usize] - low) * place.fract()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_lies_in_the_interval_that_was_open() {
        let mut recorder = Recorder::new(2);
        recorder.open(10);
        recorder.record(1_000);
        recorder.close(20);
        recorder.open(30);
        recorder.record(2_000);
        recorder.record(u64::MAX);
        recorder.close(40);
        let intervals = recorder.finish();
        let counts: Vec<u64> = intervals.iter().map(|interval| interval.values.len()).collect();
        assert_eq!(counts, [1, 2]);
        assert_eq!((intervals[1].start_ns, intervals[1].end_ns), (30, 40));
        let total = total(&intervals);
        assert_eq!(total.len(), 3);
        assert!(total.max() >= VALUE_NS_MAX);
    }

    #[test]
    fn more_intervals_than_there_is_room_for_go_into_the_last() {
        let mut recorder = Recorder::new(1);
        for at in 0..3 {
            recorder.open(at);
            recorder.record(5);
            recorder.close(at + 1);
        }
        let intervals = recorder.finish();
        assert_eq!(intervals.len(), 1);
        assert_eq!((intervals[0].start_ns, intervals[0].end_ns), (0, 3));
        assert_eq!(intervals[0].values.len(), 3);
    }

    #[test]
    fn quartiles_lie_between_the_values() {
        assert_eq!(quartiles(&[4.0, 1.0, 3.0, 2.0, 5.0]), [2.0, 3.0, 4.0]);
        assert_eq!(quartiles(&[1.0, 2.0]), [1.25, 1.5, 1.75]);
        assert_eq!(quartiles(&[]), [0.0, 0.0, 0.0]);
    }
}

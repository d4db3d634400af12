//! The engine in process: commands over the product's ring to the engine on the other core, events over
//! the product's ring back.
//!
//! 1. A venue is made and its books are filled, all by the [`crate::flow`].
//! 2. Closed loop: as many commands as go through, in slices; the throughput is their median.
//! 3. Open loop: fixed rates that climb until p99 of the service time says that the knee is behind.
//! 4. After each of them the engine's books must be the generator's, and money must be conserved.

mod check;
mod client;
mod venue;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use castle::model::{Command, Event};
use castle::ring;

use super::Options;
use crate::flow::{Generator, Kind, Preset, Step, cl_ord_id};
use crate::machine;
use crate::pace::too_late;
use crate::record::RunClock;
use crate::run::{Figure, Findings, Series};
use client::{Client, Recorders, Told, median};
use venue::Venue;

/// Entries of the rings, as the product has them.
const COMMANDS: usize = 1_024;
const EVENTS: usize = 16_384;
/// Commands of the flow that are made at once.
const STRETCH: usize = 2_000_000;
/// The same, short.
const STRETCH_SHORT: usize = 500_000;
/// Commands before the first measurement.
const WARM: usize = 500_000;
/// The most commands of one rate.
const AT_RATE_MAX: usize = 1_000_000;
/// The most stretches of a closed loop: ClOrdIDs of a day are remembered, and take memory.
const STRETCHES_MAX: usize = 4;
/// Rates that climb.
const RATES: [u64; 11] = [
    100_000, 250_000, 500_000, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 6_000_000, 8_000_000,
    10_000_000, 12_000_000,
];
/// The same, short.
const RATES_SHORT: [u64; 3] = [250_000, 1_000_000, 4_000_000];
/// From so many resting orders on it is measured too what fetching memory ahead gives.
const FORESEEN_MIN: u32 = 100_000;
/// Behind the knee p99 of the service time is above this.
const KNEE_NS: u64 = 100_000;
/// Rates up to this are measured even where a lower one was not held.
const ALWAYS: u64 = 1_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// Measures the presets.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    machine::pin(options.cores[0])?;
    for preset in presets(options)? {
        Bench::new(options, clock, preset, found)?.measure()?;
    }
    let [single, medium] = ["single-pair", "medium"].map(throughput);
    found.compare_figures("commands per second", &medium, &single);
    Ok(())
}

fn presets(options: &Options) -> Result<Vec<&'static Preset>, String> {
    if options.presets.is_empty() {
        return Ok(Preset::ALL.iter().collect());
    }
    let named = |name: &String| {
        Preset::named(name).ok_or_else(|| {
            let names: Vec<_> = Preset::ALL.iter().map(|preset| preset.name).collect();
            format!("there is no preset {name}: --preset takes {}", names.join(", "))
        })
    };
    options.presets.iter().map(named).collect()
}

/// Commands of a stretch.
fn stretch_max(options: &Options) -> usize {
    let usual = if options.short { STRETCH_SHORT } else { STRETCH };
    options.commands_max.unwrap_or(usual)
}

/// The most commands of a rate.
fn at_rate_max(options: &Options) -> usize {
    stretch_max(options).min(AT_RATE_MAX)
}

fn warm_commands(options: &Options) -> usize {
    WARM.min(stretch_max(options) / 4)
}

fn rates(options: &Options) -> &[u64] {
    match (options.rates.as_slice(), options.short) {
        ([], true) => &RATES_SHORT,
        ([], false) => &RATES,
        (given, _) => given,
    }
}

/// Whether it is measured too what fetching memory ahead gives.
fn foresees(preset: &Preset) -> bool {
    preset.resting >= FORESEEN_MIN
}

/// The most commands that follow the filling.
fn commands_max(options: &Options, preset: &Preset) -> usize {
    let closed_loops = if foresees(preset) { 2 } else { 1 };
    warm_commands(options)
        + closed_loops * STRETCHES_MAX * stretch_max(options)
        + rates(options).len() * at_rate_max(options)
}

fn throughput(preset: &str) -> String {
    format!("engine {preset}: throughput")
}

/// A venue, its generator and what they found.
struct Bench<'a> {
    options: &'a Options,
    found: &'a mut Findings,
    title: String,
    generator: Generator,
    client: Client,
    /// Away while it runs on the other core.
    venue: Option<Venue>,
    /// The engine has lost something: what follows means nothing.
    differs: bool,
}

impl<'a> Bench<'a> {
    fn new(
        options: &'a Options,
        clock: RunClock,
        preset: &'static Preset,
        found: &'a mut Findings,
    ) -> Result<Self, String> {
        let title = format!("engine {}", preset.name);
        eprintln!("{title}");
        let mut generator = Generator::new(preset);
        let filling = generator.filling();
        let (commands, mut takes) = ring::ring::<Command>(COMMANDS, 1);
        let (emits, mut events) = ring::ring::<Event>(EVENTS, 1);
        let definitions = preset.definitions(filling.len() + commands_max(options, preset));
        let venue = Venue::new(&definitions, takes.remove(0), emits, clock);
        let events = events.remove(0);
        let told = Told::default();
        let client = Client { commands, events, clock, stall: options.stall, told };
        let venue = Some(venue);
        let mut bench = Self { options, found, title, generator, client, venue, differs: false };
        bench.stretch(&filling, Client::closed_loop)?;
        // As the product does at its start: nobody waits for memory's first touch later.
        castle::runtime::touch_reserved();
        Ok(bench)
    }

    fn measure(&mut self) -> Result<(), String> {
        let warm = self.generator.steady(warm_commands(self.options));
        self.stretch(&warm, Client::closed_loop)?;
        let name = throughput(self.generator.preset().name);
        let throughput = self.closed_loop(name.clone())?;
        if foresees(self.generator.preset()) {
            self.venue().foresees = true;
            self.closed_loop(format!("{name}, memory fetched ahead"))?;
            self.venue().foresees = false;
        }
        self.open_loop(throughput)
    }

    fn venue(&mut self) -> &mut Venue {
        self.venue.as_mut().expect("it is back after every stretch")
    }

    /// A run of the venue on its core while the client works on its own; then all is checked.
    fn stretch<T>(
        &mut self,
        steps: &[Step],
        work: impl FnOnce(&mut Client, &[Step]) -> Result<T, String>,
    ) -> Result<T, String> {
        let stop = Arc::new(AtomicBool::new(false));
        let venue = self.venue.take().expect("it is back after a stretch");
        let core = self.options.cores[1];
        let told = stop.clone();
        let thread = std::thread::spawn(move || {
            let pinned = machine::pin(core);
            (venue.run(&told), pinned)
        });
        let outcome = work(&mut self.client, steps);
        stop.store(true, Ordering::Release);
        let panicked = |_| format!("{}: the engine panicked", self.title);
        let (venue, pinned) = thread.join().map_err(panicked)?;
        pinned?;
        self.venue = Some(venue);
        let outcome = outcome.map_err(|what| format!("{}: {what}", self.title))?;
        self.check();
        Ok(outcome)
    }

    /// Notes the first thing that is not as it must be.
    fn check(&mut self) {
        let Some(venue) = &self.venue else { return };
        let (model, preset) = (self.generator.model(), self.generator.preset());
        let Told { refused, trades, .. } = self.client.told;
        let counted = match (refused, trades == 2 * model.trades()) {
            (0, true) => Ok(()),
            (0, false) => Err(format!(
                "{} trades were reported to both sides, the generator's books had {}",
                trades / 2,
                model.trades()
            )),
            _ => Err(format!("{refused} commands were refused")),
        };
        let checks = [
            check::books(&venue.engine, model, preset),
            counted,
            check::money(&venue.engine, model, preset),
        ];
        for what in checks.into_iter().filter_map(Result::err) {
            self.differs = true;
            self.found.faults.push(format!("{}: {what}", self.title));
        }
    }

    fn seconds(&self) -> u64 {
        self.options.seconds.unwrap_or(if self.options.short { 1 } else { 5 })
    }

    /// Commands a second; the median of the slices.
    fn closed_loop(&mut self, name: String) -> Result<f64, String> {
        let (mut rates, mut count, mut measured_s) = (Vec::new(), 0, 0.0);
        for _ in 0..STRETCHES_MAX {
            let steps = self.generator.steady(stretch_max(self.options));
            if self.options.drop_fill {
                // The last: books that differ for long become alike again.
                let last = steps.iter().rfind(|step| step.kind == Kind::Immediate);
                self.venue().drops_fills_of = last.map(|step| cl_ord_id(step.id));
            }
            rates.extend(self.stretch(&steps, Client::closed_loop)?);
            count += steps.len() as u64;
            measured_s += steps.len() as f64 / median(&rates);
            if self.differs || measured_s >= self.seconds() as f64 {
                break;
            }
        }
        let ops_per_s = median(&rates);
        self.found.figures.push(Figure { name, unit: "commands", ops_per_s, count });
        Ok(ops_per_s)
    }

    /// Latency at rates that climb to the knee.
    fn open_loop(&mut self, throughput: f64) -> Result<(), String> {
        let mut knee = None;
        for rate_per_s in rates(self.options).to_vec() {
            if self.differs || rate_per_s as f64 > throughput {
                break;
            }
            let (count, holds) = self.at_rate(rate_per_s, knee.is_none())?;
            if holds {
                knee = Some((rate_per_s, count));
            } else if rate_per_s >= ALWAYS {
                break;
            }
        }
        if let Some((rate_per_s, count)) = knee {
            let name = format!("{}: greatest of the rates before the knee", self.title);
            let ops_per_s = rate_per_s as f64;
            self.found.figures.push(Figure { name, unit: "commands", ops_per_s, count });
        }
        Ok(())
    }

    /// How many commands there were, and whether the knee is not behind yet. Behind it the generator
    /// may be late: it has more to take than there is time for.
    fn at_rate(&mut self, rate_per_s: u64, is_first: bool) -> Result<(u64, bool), String> {
        let length_ns = self.seconds() * SECOND_NS;
        let wanted = u128::from(rate_per_s) * u128::from(length_ns) / u128::from(SECOND_NS);
        let commands = wanted.min(at_rate_max(self.options) as u128) as usize;
        let steps = self.generator.steady(commands);
        // Ten intervals, at most one a second.
        let interval_ns = (commands as u64 * SECOND_NS / rate_per_s / 10).clamp(1, SECOND_NS);
        let mut recorders = Recorders::new(self.seconds() as usize + 10);
        self.stretch(&steps, |client, steps| {
            client.open_loop(steps, rate_per_s, interval_ns, &mut recorders)
        })?;
        let name = |what: &str| format!("{}: {what} at {rate_per_s}/s", self.title);
        let lag = Series::new(name("generator lag"), recorders.lag);
        let late_ns = lag.total.value_at_quantile(0.999);
        let service = Series::new(name("service time"), recorders.service);
        let latency = Series::new(name("order-to-ack"), recorders.latency);
        let holds = service.total.value_at_quantile(0.99) <= KNEE_NS;
        if holds || is_first {
            let budget_ns = self.options.lag_budget_ns;
            self.found.faults.extend(too_late(&lag.name, late_ns, budget_ns));
        }
        let count = latency.total.len();
        let latency = latency.planned(rate_per_s, late_ns);
        self.found.series.extend([latency, service.planned(rate_per_s, late_ns), lag]);
        Ok((count, holds))
    }
}

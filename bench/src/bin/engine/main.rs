//! Measures the engine alone: no ring, no socket, no journal.
//!
//! `engine PRESET [--commands N] [--slices N] [--foresee 0|1]`: makes the flow first (see [`castle_bench::flow`]), then applies it to
//! a new engine: the definitions, the filling phase, and the steady state in slices. It prints
//! commands/s of each phase and of the best and the median slice. The resident memory that the filling
//! phase added, per order that rests after it, is printed too.
//!
//! Each kind of command goes through a function of its own, so that under
//! `valgrind --tool=callgrind --toggle-collect='engine::steady'` the inclusive cost of `apply_new`,
//! `apply_immediate`, `apply_cancel`, `apply_reduction` and `apply_move`, over the counts printed
//! here, is instructions per command by kind.

use std::time::{Duration, Instant};

use castle::engine::{Engine, EventSink, Fetch, Foresight};
use castle::model::*;
use castle::runtime::LargePages;

use castle_bench::flow::{Flow, Kind, Preset, SequencedStep as Step};

/// Counts the events, and keeps the last ones where a ring would have them.
struct Count {
    events: u64,
    trades: u64,
    refused: u64,
    ring: Vec<Event>,
}

/// Slots of a gateway's event ring.
const RING: usize = 1_024;

impl Default for Count {
    fn default() -> Self {
        Self { events: 0, trades: 0, refused: 0, ring: vec![Event::default(); RING] }
    }
}

impl EventSink for Count {
    #[inline]
    fn emit(&mut self, event: &Event) {
        self.make(event.gateway, |place| *place = *event);
    }

    #[inline(always)]
    fn make(&mut self, _: GatewayId, make: impl FnOnce(&mut Event)) {
        let event = &mut self.ring[self.events as usize % RING];
        make(event);
        self.events += 1;
        match &event.body {
            EventBody::Execution(told) => {
                self.trades += u64::from(told.exec_type == ExecType::Trade);
                self.refused += u64::from(told.exec_type == ExecType::Rejected);
            }
            EventBody::CancelReject(_) => self.refused += 1,
            _ => {}
        }
    }
}

#[global_allocator]
static MEMORY: LargePages = LargePages;

/// Fetches by the processor's own instruction.
struct Prefetch;

impl Fetch for Prefetch {
    #[inline(always)]
    fn fetch<T>(&self, place: &T) {
        castle::runtime::prefetch(place);
    }
}

struct Options {
    preset: &'static Preset,
    commands: usize,
    slices: usize,
    foresee: bool,
}

fn main() {
    let Some(options) = options() else {
        let names: Vec<_> = Preset::ALL.iter().map(|preset| preset.name).collect();
        eprintln!("usage: engine {} [--commands N] [--slices N] [--foresee 0|1]", names.join("|"));
        std::process::exit(2);
    };
    let flow = Flow::make(options.preset, options.commands);
    let mut engine = Engine::new();
    let mut count = Count::default();
    define(&mut engine, &flow.definitions, &mut count);
    let before = resident();
    let start = Instant::now();
    filling(&mut engine, &flow.filling, options.foresee, &mut count);
    let filled = start.elapsed();
    let counters = engine.view().counters();
    let open = u64::from(counters.open_orders.max(1));
    let grown = resident().saturating_sub(before);
    println!(
        "{}: {open} orders rest, {grown} bytes came, {} each",
        options.preset.name,
        grown / open
    );
    // As the product does at its start, and only after what the filling took is known.
    castle::runtime::touch_reserved();
    println!("filling      {:>12.0} commands/s", rate(flow.filling.len(), filled));

    let size = flow.steady.len().div_ceil(options.slices.max(1)).max(1);
    let mut took = Vec::with_capacity(options.slices);
    let mut count = Count::default();
    for slice in flow.steady.chunks(size) {
        let start = Instant::now();
        steady(&mut engine, slice, options.foresee, &mut count);
        took.push(start.elapsed().div_f64(slice.len() as f64));
    }
    took.sort();
    println!("steady best  {:>12.0} commands/s", rate(1, took[0]));
    println!("steady median{:>12.0} commands/s", rate(1, took[took.len() / 2]));
    let Count { events, trades, refused, .. } = count;
    println!("{events} events, {trades} of trades, {refused} refused");
    for kind in Kind::ALL {
        let of = flow.steady.iter().filter(|step| step.kind == kind).count();
        println!("{kind:?}: {of}");
    }
    assert_eq!(
        engine.view().counters().open_orders,
        flow.resting,
        "the book differs from the flow's"
    );
    println!("hash {:016x}", engine.running_hash());
}

fn options() -> Option<Options> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next()?;
    let preset = Preset::ALL.iter().find(|preset| preset.name == name)?;
    let mut options = Options { preset, commands: 1_000_000, slices: 10, foresee: true };
    while let Some(option) = arguments.next() {
        let value = arguments.next()?.parse().ok()?;
        match option.as_str() {
            "--commands" => options.commands = value,
            "--slices" => options.slices = value,
            "--foresee" => options.foresee = value != 0,
            _ => return None,
        }
    }
    Some(options)
}

fn rate(commands: usize, took: Duration) -> f64 {
    commands as f64 / took.as_secs_f64()
}

#[inline(never)]
fn define(engine: &mut Engine, records: &[Record], count: &mut Count) {
    for record in records {
        engine.apply(record, count);
    }
}

#[inline(never)]
fn filling(engine: &mut Engine, steps: &[Step], ahead: bool, count: &mut Count) {
    let mut foresight = Foresight::default();
    for (at, step) in steps.iter().enumerate() {
        if ahead {
            foresee(&mut foresight, engine, steps, at);
        }
        engine.apply(&step.record, count);
    }
}

/// What is measured.
#[inline(never)]
fn steady(engine: &mut Engine, steps: &[Step], ahead: bool, count: &mut Count) {
    let mut foresight = Foresight::default();
    for (at, step) in steps.iter().enumerate() {
        if ahead {
            foresee(&mut foresight, engine, steps, at);
        }
        match step.kind {
            Kind::New => apply_new(engine, &step.record, count),
            Kind::Immediate => apply_immediate(engine, &step.record, count),
            Kind::Cancel => apply_cancel(engine, &step.record, count),
            Kind::Reduction => apply_reduction(engine, &step.record, count),
            Kind::Move => apply_move(engine, &step.record, count),
            Kind::Continue => engine.apply(&step.record, count),
        }
    }
}

/// As the sequencer would do it with what waits in its ring.
#[inline(never)]
fn foresee(foresight: &mut Foresight, engine: &Engine, steps: &[Step], at: usize) {
    let later = steps.get(at + Foresight::AHEAD).map(|step| &step.record);
    let later = later.map(|record| (record.sequence, &record.command));
    foresight.go_on(engine, later, &Prefetch);
}

macro_rules! kinds {
    ($($name:ident)*) => {$(
        #[inline(never)]
        fn $name(engine: &mut Engine, record: &Record, count: &mut Count) {
            // Keeps the functions apart that are otherwise the same.
            std::hint::black_box(stringify!($name));
            engine.apply(record, count);
        }
    )*};
}
kinds!(apply_new apply_immediate apply_cancel apply_reduction apply_move);

/// Resident memory of this process in bytes; 0 where the kernel does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4_096
}

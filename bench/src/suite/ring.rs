//! The ring alone: round trip and throughput, ours and two that people know, in slices in turn.
//!
//! One thread on each core. The partner owns the far side of every ring and serves the one whose slice
//! it is, so that nothing else spins on its core. An entry is 64 bytes; one is published at a time.

use std::sync::atomic::{AtomicUsize, Ordering};

use castle::ring as ours;
use crossbeam::queue::ArrayQueue;
use std::sync::Arc;

use super::Options;
use crate::machine;
use crate::record::{Recorder, RunClock, quartiles};
use crate::run::{Figure, Findings, Ratio, Series};

/// What goes through: a cache line.
type Payload = [u64; 8];
/// Entries of each ring.
const CAPACITY: usize = 1_024;
/// Length of a slice.
const SLICE_NS: u64 = 250_000_000;
/// Slices of each ring, at least.
const SLICES_MIN: u64 = 10;
/// Pushes between two looks at the clock.
const PUSHES: u64 = 1_024;
/// What the partner serves: nothing, or an index; and that it is to end.
const IDLE: usize = usize::MAX;
const END: usize = usize::MAX - 1;

/// A queue between two threads.
trait Queue: 'static {
    const NAME: &'static str;
    type Producer: Send;
    type Consumer: Send;
    fn pair() -> (Self::Producer, Self::Consumer);
    fn push(producer: &mut Self::Producer, entry: Payload) -> bool;
    fn pop(consumer: &mut Self::Consumer) -> Option<Payload>;
}

struct Ours;

impl Queue for Ours {
    const NAME: &'static str = "castle";
    type Producer = ours::Producer<Payload>;
    type Consumer = ours::Consumer<Payload>;

    fn pair() -> (Self::Producer, Self::Consumer) {
        let (producer, mut consumers) = ours::ring(CAPACITY, 1);
        (producer, consumers.remove(0))
    }

    #[inline]
    fn push(producer: &mut Self::Producer, entry: Payload) -> bool {
        let pushed = producer.push(&entry);
        producer.publish();
        pushed
    }

    #[inline]
    fn pop(consumer: &mut Self::Consumer) -> Option<Payload> {
        let entry = *consumer.peek()?;
        consumer.advance(1);
        Some(entry)
    }
}

struct Rtrb;

impl Queue for Rtrb {
    const NAME: &'static str = "rtrb";
    type Producer = rtrb::Producer<Payload>;
    type Consumer = rtrb::Consumer<Payload>;

    fn pair() -> (Self::Producer, Self::Consumer) {
        rtrb::RingBuffer::new(CAPACITY)
    }

    #[inline]
    fn push(producer: &mut Self::Producer, entry: Payload) -> bool {
        producer.push(entry).is_ok()
    }

    #[inline]
    fn pop(consumer: &mut Self::Consumer) -> Option<Payload> {
        consumer.pop().ok()
    }
}

struct Crossbeam;

impl Queue for Crossbeam {
    const NAME: &'static str = "crossbeam ArrayQueue";
    type Producer = Arc<ArrayQueue<Payload>>;
    type Consumer = Arc<ArrayQueue<Payload>>;

    fn pair() -> (Self::Producer, Self::Consumer) {
        let queue = Arc::new(ArrayQueue::new(CAPACITY));
        (queue.clone(), queue)
    }

    #[inline]
    fn push(producer: &mut Self::Producer, entry: Payload) -> bool {
        producer.push(entry).is_ok()
    }

    #[inline]
    fn pop(consumer: &mut Self::Consumer) -> Option<Payload> {
        consumer.pop()
    }
}

/// The partner's side of something that is measured: works while `turn` says that it is its turn.
type Serve = Box<dyn FnMut(&AtomicUsize, usize) + Send>;

/// The measuring side: one slice.
trait Slice {
    fn name(&self) -> &'static str;
    /// Measures until the end, in nanoseconds of the clock; how many entries went through.
    fn run(&mut self, clock: RunClock, until_ns: u64, recorder: Option<&mut Recorder>) -> u64;
}

struct RoundTrip<Q: Queue> {
    there: Q::Producer,
    back: Q::Consumer,
}

impl<Q: Queue> RoundTrip<Q> {
    fn sides() -> (Box<dyn Slice>, Serve) {
        let (there, mut far_in) = Q::pair();
        let (mut far_out, back) = Q::pair();
        let serve = move |turn: &AtomicUsize, own: usize| {
            while turn.load(Ordering::Relaxed) == own {
                match Q::pop(&mut far_in) {
                    Some(entry) => while !Q::push(&mut far_out, entry) {},
                    None => std::hint::spin_loop(),
                }
            }
        };
        (Box::new(Self { there, back }), Box::new(serve))
    }
}

impl<Q: Queue> Slice for RoundTrip<Q> {
    fn name(&self) -> &'static str {
        Q::NAME
    }

    fn run(&mut self, clock: RunClock, until_ns: u64, recorder: Option<&mut Recorder>) -> u64 {
        let mut recorder = recorder;
        let mut trips = 0;
        let mut before_ns = clock.now_ns();
        while before_ns < until_ns {
            while !Q::push(&mut self.there, [trips; 8]) {}
            while Q::pop(&mut self.back).is_none() {
                std::hint::spin_loop();
            }
            let after_ns = clock.now_ns();
            if let Some(recorder) = recorder.as_deref_mut() {
                recorder.record(after_ns - before_ns);
            }
            before_ns = after_ns;
            trips += 1;
        }
        trips
    }
}

struct OneWay<Q: Queue>(Q::Producer);

impl<Q: Queue> OneWay<Q> {
    fn sides() -> (Box<dyn Slice>, Serve) {
        let (producer, mut consumer) = Q::pair();
        let serve = move |turn: &AtomicUsize, own: usize| {
            let mut sum = 0_u64;
            while turn.load(Ordering::Relaxed) == own {
                match Q::pop(&mut consumer) {
                    Some(entry) => sum = sum.wrapping_add(entry[7]),
                    None => std::hint::spin_loop(),
                }
            }
            std::hint::black_box(sum);
        };
        (Box::new(Self(producer)), Box::new(serve))
    }
}

impl<Q: Queue> Slice for OneWay<Q> {
    fn name(&self) -> &'static str {
        Q::NAME
    }

    fn run(&mut self, clock: RunClock, until_ns: u64, _: Option<&mut Recorder>) -> u64 {
        let mut pushed = 0;
        while clock.now_ns() < until_ns {
            for _ in 0..PUSHES {
                while !Q::push(&mut self.0, [pushed; 8]) {
                    std::hint::spin_loop();
                }
                pushed += 1;
            }
        }
        pushed
    }
}

/// Measures the rings.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    let seconds = options.seconds.unwrap_or(if options.short { 10 } else { 30 });
    // Half of the time for each of two experiments with three rings.
    let slices = (seconds * 1_000_000_000 / SLICE_NS / 6).max(SLICES_MIN) as usize;
    let trips =
        [RoundTrip::<Ours>::sides(), RoundTrip::<Rtrb>::sides(), RoundTrip::<Crossbeam>::sides()];
    let (recorders, _) = alternate(options, clock, slices, trips)?;
    let series: Vec<Series> = recorders
        .into_iter()
        .map(|(name, recorder)| Series::new(format!("ring round trip: {name}"), recorder))
        .collect();
    for other in &series[1..] {
        found.compare("p50", 0.5, &series[0], other);
        found.compare("p99", 0.99, &series[0], other);
    }
    found.series.extend(series);
    let ways = [OneWay::<Ours>::sides(), OneWay::<Rtrb>::sides(), OneWay::<Crossbeam>::sides()];
    let (names, rates) = alternate(options, clock, slices, ways)?;
    let names: Vec<String> =
        names.into_iter().map(|(name, _)| format!("ring throughput: {name}")).collect();
    for (name, rates) in names.iter().zip(&rates) {
        let count = (rates.iter().sum::<f64>() * SLICE_NS as f64 / 1e9) as u64;
        let ops_per_s = quartiles(rates)[1];
        found.figures.push(Figure { name: name.clone(), unit: "entries", ops_per_s, count });
    }
    for (other, theirs) in names.iter().zip(&rates).skip(1) {
        let pairs: Vec<f64> = rates[0].iter().zip(theirs).map(|(a, b)| a / b).collect();
        let [low, _, high] = quartiles(&pairs);
        let value = quartiles(&rates[0])[1] / quartiles(theirs)[1];
        let (of, to) = (names[0].clone(), other.clone());
        let name = "entries per second".to_owned();
        found.ratios.push(Ratio { name, value, spread: Some([low, high]), of, to });
    }
    Ok(())
}

type Recorded = Vec<(&'static str, Recorder)>;

/// Runs slices of each in turn; what was recorded, and the rate of each slice.
fn alternate<const N: usize>(
    options: &Options,
    clock: RunClock,
    slices: usize,
    sides: [(Box<dyn Slice>, Serve); N],
) -> Result<(Recorded, Vec<Vec<f64>>), String> {
    let (near, mut far): (Vec<_>, Vec<_>) = sides.into_iter().unzip();
    let turn = Arc::new(AtomicUsize::new(IDLE));
    let partner_core = options.cores[1];
    let partner = std::thread::spawn({
        let turn = turn.clone();
        move || -> Result<(), String> {
            machine::pin(partner_core)?;
            loop {
                match turn.load(Ordering::Acquire) {
                    END => return Ok(()),
                    IDLE => std::thread::yield_now(),
                    own => far[own](&turn, own),
                }
            }
        }
    });
    let outcome = near_side(options, clock, slices, near, &turn);
    turn.store(END, Ordering::Release);
    partner.join().map_err(|_| "the partner of the ring suite panicked".to_owned())??;
    outcome
}

fn near_side(
    options: &Options,
    clock: RunClock,
    slices: usize,
    mut near: Vec<Box<dyn Slice>>,
    turn: &AtomicUsize,
) -> Result<(Recorded, Vec<Vec<f64>>), String> {
    machine::pin(options.cores[0])?;
    let mut recorded: Recorded =
        near.iter().map(|side| (side.name(), Recorder::new(slices))).collect();
    let mut rates = vec![Vec::with_capacity(slices); near.len()];
    let warm_ns = options.warmup.as_nanos() as u64 / near.len() as u64;
    for (own, side) in near.iter_mut().enumerate() {
        turn.store(own, Ordering::Release);
        side.run(clock, clock.now_ns() + warm_ns, None);
    }
    for _ in 0..slices {
        for (own, side) in near.iter_mut().enumerate() {
            turn.store(own, Ordering::Release);
            // The first millisecond belongs to the change of sides.
            side.run(clock, clock.now_ns() + 1_000_000, None);
            let start_ns = clock.now_ns();
            let recorder = &mut recorded[own].1;
            recorder.open(start_ns);
            let done = side.run(clock, start_ns + SLICE_NS, Some(recorder));
            let end_ns = clock.now_ns();
            recorder.close(end_ns);
            rates[own].push(done as f64 * 1e9 / (end_ns - start_ns) as f64);
        }
    }
    Ok((recorded, rates))
}

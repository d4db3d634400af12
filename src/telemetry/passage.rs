//! Which record an order request became, told by the engine to the gateway beside the rings.
//!
//! Both sides count the order requests of one command ring, so they have the same number for the same
//! request. The engine writes under that number; the gateway reads when an event comes that the record
//! caused. The event ring's publishing orders the two, so nothing here waits or is waited for.
//!
//! A slot is used again after [`IN_FLIGHT_MAX`] requests. What an earlier request left there is lower than
//! every sequence that the gateway had heard of when it sent the later one: so it is known to be old.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{IN_FLIGHT_MAX, SAMPLE_EVERY};
use crate::runtime::monotonic_ns;

/// Requests on the way that are timed at each stage.
pub(super) const SAMPLES_MAX: usize = IN_FLIGHT_MAX / SAMPLE_EVERY as usize;

/// When the engine had to do with a request.
#[derive(Debug, Default)]
struct Times {
    taken_ns: AtomicU64,
    applied_ns: AtomicU64,
}

#[derive(Debug)]
struct Passage {
    /// By number: the sequence of its record.
    sequences: Box<[AtomicU64; IN_FLIGHT_MAX]>,
    /// By number of sample.
    times: Box<[Times; SAMPLES_MAX]>,
}

/// The engine's end.
#[derive(Debug)]
pub struct EngineEnd {
    passage: Arc<Passage>,
    /// The number of the next request.
    next: u64,
}

/// The gateway's end.
#[derive(Debug)]
pub struct GatewayEnd {
    passage: Arc<Passage>,
}

/// The two ends for one gateway.
pub fn passage() -> (EngineEnd, GatewayEnd) {
    let passage = Arc::new(Passage { sequences: boxed(), times: boxed() });
    (EngineEnd { passage: passage.clone(), next: 0 }, GatewayEnd { passage })
}

/// An array that was never on the stack.
fn boxed<T: Default + std::fmt::Debug, const N: usize>() -> Box<[T; N]> {
    let values: Box<[T]> = (0..N).map(|_| T::default()).collect();
    values.try_into().expect("it has N values")
}

/// Whether this request is timed at each stage.
#[inline]
pub(super) fn is_sample(number: u64) -> bool {
    number.is_multiple_of(SAMPLE_EVERY)
}

/// Where a sample lies in a table of them.
#[inline]
pub(super) fn sample_slot(number: u64) -> usize {
    (number / SAMPLE_EVERY) as usize % SAMPLES_MAX
}

#[inline]
fn slot(number: u64) -> usize {
    number as usize % IN_FLIGHT_MAX
}

impl EngineEnd {
    /// The next order request became the record of this sequence. Returns whether it is to be told when
    /// that is [applied](Self::applied).
    #[inline]
    pub fn taken(&mut self, sequence: u64) -> bool {
        let number = self.next;
        self.next += 1;
        self.passage.sequences[slot(number)].store(sequence, Ordering::Relaxed);
        let is_sample = is_sample(number);
        if is_sample {
            self.note_taken(number);
        }
        is_sample
    }

    #[cold]
    fn note_taken(&self, number: u64) {
        let times = &self.passage.times[sample_slot(number)];
        times.taken_ns.store(monotonic_ns(), Ordering::Relaxed);
    }

    /// The record last [taken](Self::taken) is applied.
    #[cold]
    pub fn applied(&mut self) {
        let times = &self.passage.times[sample_slot(self.next - 1)];
        times.applied_ns.store(monotonic_ns(), Ordering::Relaxed);
    }
}

impl GatewayEnd {
    /// The sequence of the record that this request became, or that an earlier one did.
    #[inline]
    pub(super) fn sequence(&self, number: u64) -> u64 {
        self.passage.sequences[slot(number)].load(Ordering::Relaxed)
    }

    /// When the engine took a sample up, and when it had applied it.
    pub(super) fn times_ns(&self, number: u64) -> (u64, u64) {
        let times = &self.passage.times[sample_slot(number)];
        (times.taken_ns.load(Ordering::Relaxed), times.applied_ns.load(Ordering::Relaxed))
    }
}

//! How long orders take, measured in the product itself.
//!
//! 1. Every order request is timed on its **whole** way: from when its bytes were read from the socket to
//!    when the first report of it was handed to the socket. The clock is read once for each read and once
//!    for each write of a socket, so the orders of one read share a beginning, those of one write an end.
//! 2. Every 64th is also timed at each [`Stage`]. The stages follow each other without a gap: together they
//!    are its whole way.
//! 3. The times travel beside the rings, never in a command, a record or an event. The gateway numbers its
//!    order requests as they go into the command ring, the engine counts them as they come out, and so both
//!    have the same number for the same one. A [`passage()`] tells the gateway which record a number became.
//! 4. Only the gateway's thread records. Its histograms are handed over whole, by exchanging a box with the
//!    cold side, when that asks ([`Collector`]): the hot side never copies one.
//! 5. The cold side adds them up for the operator and writes them down ([`IntervalLog`]).

mod agent;
mod collector;
mod interval_log;
mod passage;
mod recorder;
#[cfg(test)]
mod tests;

use hdrhistogram::Histogram;

pub use agent::LatencyAgent;
pub use collector::{Collector, Percentiles, SharedCollector};
pub use interval_log::IntervalLog;
pub use passage::{EngineEnd, GatewayEnd, passage};
pub use recorder::{LatencyRecorder, Ways, recorder};

/// The greatest value that is told apart, in nanoseconds: a minute. What is above counts as it.
pub const VALUE_NS_MAX: u64 = 60_000_000_000;
/// Decimal digits that a recorded value keeps. The simulation measures nothing, and its nodes begin often.
const DIGITS: u8 = if cfg!(feature = "simulation") { 1 } else { 3 };
/// Every so many order requests one is timed at each stage.
pub const SAMPLE_EVERY: u64 = 64;
/// Order requests that may be between a gateway and the reports of them: a full command ring and a full
/// event ring, and as many again.
pub const IN_FLIGHT_MAX: usize = 32_768;

const _: () = assert!(IN_FLIGHT_MAX.is_power_of_two());
const _: () = assert!(SAMPLE_EVERY.is_power_of_two() && SAMPLE_EVERY < IN_FLIGHT_MAX as u64);

/// An empty histogram of the fixed range, its memory touched.
pub fn empty() -> Histogram<u64> {
    let mut values = Histogram::new_with_bounds(1, VALUE_NS_MAX, DIGITS)
        .expect("the range is one that it takes");
    // Writing zeros brings the pages in before anything is measured.
    values.clear();
    values
}

/// A part of the way of an order. But for [`Stage::Whole`] each begins where the one before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// From the read to the write: all of them together.
    Whole,
    /// From the read until it is a command: what was read before it is decoded first.
    Decode,
    /// Until the engine takes it up.
    Queue,
    /// Until it is applied.
    Engine,
    /// Until its report is encoded: it crosses the event ring first.
    Encode,
    /// What is then still to be waited until its record is seen to be durable.
    Journal,
    /// Until the report was handed to the socket.
    Release,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Whole,
        Self::Decode,
        Self::Queue,
        Self::Engine,
        Self::Encode,
        Self::Journal,
        Self::Release,
    ];

    /// Its name, and its tag in an interval log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Decode => "decode",
            Self::Queue => "queue",
            Self::Engine => "engine",
            Self::Encode => "encode",
            Self::Journal => "journal",
            Self::Release => "release",
        }
    }
}

/// A histogram of each stage, in nanoseconds.
#[derive(Debug, Clone)]
pub struct Stages([Histogram<u64>; Stage::ALL.len()]);

impl Stages {
    /// Nothing recorded yet; all memory is there and touched.
    pub fn new() -> Self {
        Self(std::array::from_fn(|_| empty()))
    }

    /// What is recorded of a stage.
    pub fn of(&self, stage: Stage) -> &Histogram<u64> {
        &self.0[stage as usize]
    }

    #[inline]
    fn record(&mut self, stage: Stage, value_ns: u64, count: u64) {
        if count > 0 {
            let value_ns = value_ns.clamp(1, VALUE_NS_MAX);
            self.0[stage as usize].saturating_record_n(value_ns, count);
        }
    }

    fn add(&mut self, other: &Self) {
        for (mine, others) in self.0.iter_mut().zip(&other.0) {
            mine.add(others).expect("all have the same range");
        }
    }

    fn clear(&mut self) {
        self.0.iter_mut().for_each(Histogram::clear);
    }
}

impl Default for Stages {
    fn default() -> Self {
        Self::new()
    }
}

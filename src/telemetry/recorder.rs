//! The gateway's side: follows each order request from the read to the write, and records.

use std::collections::VecDeque;
use std::sync::Arc;

use super::collector::{Collector, Handover};
use super::passage::{GatewayEnd, SAMPLES_MAX, is_sample, sample_slot};
use super::{IN_FLIGHT_MAX, Stage, Stages};
use crate::runtime::monotonic_ns;

/// An order request on its way.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    number: u64,
    /// When it was read; 0 where the engine had nothing to say to it.
    read_ns: u64,
    /// The highest sequence that was heard of before it was sent to the engine: its own is higher.
    above: u64,
    /// Once it is answered: the end of its report, as an offset from the beginning of the connection.
    end: u64,
}

/// Room for requests on the way that a connection begins with.
const WAYS_MIN: usize = 64;

/// The order requests of one connection that are on their way, oldest first.
///
/// ```text
///   written  │ answered, not written │ not answered │ room
///           head                    told           tail
/// ```
///
/// The three only grow; a request's slot is its place modulo the room, which is a power of two.
#[derive(Debug, Default)]
pub struct Ways {
    /// When bytes were last read from the socket.
    read_ns: u64,
    slots: Vec<Way>,
    head: usize,
    told: usize,
    tail: usize,
}

impl Ways {
    /// Bytes were read just now.
    #[inline]
    pub fn bytes_read(&mut self) {
        self.read_ns = monotonic_ns();
    }

    #[inline]
    fn push(&mut self, way: Way) {
        if self.tail - self.head == self.slots.len() && !self.grow() {
            return;
        }
        let mask = self.slots.len() - 1;
        self.slots[self.tail & mask] = way;
        self.tail += 1;
    }

    /// Doubles the room, to the limit: a client that has so many on the way is not timed until some are
    /// written.
    #[cold]
    fn grow(&mut self) -> bool {
        let (old, room) = (self.slots.len(), (self.slots.len() * 2).max(WAYS_MIN));
        if room > IN_FLIGHT_MAX {
            return false;
        }
        let mut slots = vec![Way::default(); room];
        for place in self.head..self.tail {
            slots[place & (room - 1)] = self.slots[place & (old - 1)];
        }
        self.slots = slots;
        true
    }
}

/// What is known of a request that is timed at each stage.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    number: u64,
    sequence: u64,
    decoded_ns: u64,
    taken_ns: u64,
    applied_ns: u64,
    encoded_ns: u64,
    durable_ns: u64,
}

/// Times the order requests of one gateway, on its thread.
#[derive(Debug)]
pub struct LatencyRecorder {
    passage: GatewayEnd,
    handover: Arc<Handover>,
    stages: Box<Stages>,
    /// The number of the next request.
    next: u64,
    /// The highest sequence that any event has named.
    heard: u64,
    samples: Box<[Sample; SAMPLES_MAX]>,
    /// Samples that are answered and not durable, in the order of their sequences.
    held: VecDeque<u64>,
}

/// A recorder for a gateway, and where the cold side collects what it records.
pub fn recorder(passage: GatewayEnd) -> (LatencyRecorder, Collector) {
    let handover = Arc::new(Handover::new());
    let recorder = LatencyRecorder {
        passage,
        handover: handover.clone(),
        stages: Box::default(),
        next: 0,
        heard: 0,
        samples: Box::new([Sample::default(); SAMPLES_MAX]),
        held: VecDeque::with_capacity(SAMPLES_MAX),
    };
    (recorder, Collector::new(handover))
}

impl LatencyRecorder {
    /// So many order requests of a connection went into the command ring.
    #[inline]
    pub fn requested(&mut self, ways: &mut Ways, requests: usize) {
        for _ in 0..requests {
            let number = self.next;
            self.next += 1;
            if is_sample(number) {
                self.note_decoded(number);
            }
            ways.push(Way { number, read_ns: ways.read_ns, above: self.heard, end: 0 });
        }
    }

    #[cold]
    fn note_decoded(&mut self, number: u64) {
        self.samples[sample_slot(number)] =
            Sample { number, decoded_ns: monotonic_ns(), ..Sample::default() };
    }

    /// An event of the record `sequence` was encoded for the connection, up to the offset `end`. The first
    /// one answers the request that became that record, if one did.
    #[inline]
    pub fn told(&mut self, ways: &mut Ways, sequence: u64, end: u64) {
        self.heard = sequence;
        while ways.told < ways.tail {
            let mask = ways.slots.len() - 1;
            let way = &mut ways.slots[ways.told & mask];
            let became = self.passage.sequence(way.number);
            if became > sequence || became <= way.above {
                // The event has another cause; this request's record is yet to be heard of.
                return;
            }
            ways.told += 1;
            way.end = end;
            if became == sequence {
                if is_sample(way.number) {
                    let number = way.number;
                    self.note_encoded(number, sequence);
                }
                return;
            }
            // The engine had nothing to say to it here: a repeated number, or a session that was gone.
            way.read_ns = 0;
        }
    }

    #[cold]
    fn note_encoded(&mut self, number: u64, sequence: u64) {
        let (taken_ns, applied_ns) = self.passage.times_ns(number);
        let sample = &mut self.samples[sample_slot(number)];
        if sample.number == number && self.held.len() < SAMPLES_MAX {
            let encoded_ns = monotonic_ns();
            *sample = Sample { sequence, taken_ns, applied_ns, encoded_ns, ..*sample };
            self.held.push_back(number);
        }
    }

    /// The log is durable up to here.
    #[inline]
    pub fn durable(&mut self, sequence: u64) {
        if !self.held.is_empty() {
            self.note_durable(sequence);
        }
    }

    #[cold]
    fn note_durable(&mut self, sequence: u64) {
        while let Some(number) = self.held.front() {
            let sample = &mut self.samples[sample_slot(*number)];
            if sample.number == *number {
                if sample.sequence > sequence {
                    return;
                }
                sample.durable_ns = monotonic_ns();
            }
            self.held.pop_front();
        }
    }

    /// The connection's bytes up to this offset were handed to the socket just now.
    #[inline]
    pub fn written(&mut self, ways: &mut Ways, offset: u64) {
        if ways.head == ways.told {
            return;
        }
        let now_ns = monotonic_ns();
        let mask = ways.slots.len() - 1;
        // Those of one read are recorded as one value.
        let (mut read_ns, mut count) = (0, 0);
        while ways.head < ways.told {
            let way = ways.slots[ways.head & mask];
            if way.end > offset {
                break;
            }
            ways.head += 1;
            if way.read_ns != read_ns {
                self.stages.record(Stage::Whole, now_ns.saturating_sub(read_ns), count);
                (read_ns, count) = (way.read_ns, 0);
            }
            count += u64::from(way.read_ns != 0);
            if is_sample(way.number) {
                self.record_stages(&way, now_ns);
            }
        }
        self.stages.record(Stage::Whole, now_ns.saturating_sub(read_ns), count);
    }

    #[cold]
    fn record_stages(&mut self, way: &Way, written_ns: u64) {
        let sample = self.samples[sample_slot(way.number)];
        if sample.number != way.number || sample.durable_ns == 0 || way.read_ns == 0 {
            return;
        }
        let ends = [
            (Stage::Decode, sample.decoded_ns),
            (Stage::Queue, sample.taken_ns),
            (Stage::Engine, sample.applied_ns),
            (Stage::Encode, sample.encoded_ns),
            (Stage::Journal, sample.durable_ns),
            (Stage::Release, written_ns),
        ];
        let mut begin_ns = way.read_ns;
        for (stage, end_ns) in ends {
            self.stages.record(stage, end_ns.saturating_sub(begin_ns), 1);
            begin_ns = end_ns;
        }
    }

    /// Gives what was recorded to the cold side, if that has asked: boxes are exchanged.
    #[inline]
    pub fn turn(&mut self) {
        if self.handover.is_asked() {
            self.hand_over();
        }
    }

    #[cold]
    fn hand_over(&mut self) {
        self.handover.exchange(&mut self.stages);
    }

    /// The last call: gives what is left.
    pub fn close(&mut self) {
        self.handover.leave(std::mem::take(&mut self.stages));
    }
}

//! The cold side: fetches what was recorded, and adds it up.
//!
//! ```text
//!   cold ── an empty set of histograms ──▶ asked ──▶ hot: exchanges it for its own
//!   cold ◀── the recorded set ─────────── given ◀──┘
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crossbeam::queue::ArrayQueue;
use hdrhistogram::Histogram;

use super::{Stage, Stages};

/// How long the hot side may take to hand over: it looks once a turn, and parks for a millisecond.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often one looks meanwhile.
const POLL: Duration = Duration::from_millis(1);

/// Where sets of histograms change hands.
#[derive(Debug)]
pub(super) struct Handover {
    asked: ArrayQueue<Box<Stages>>,
    given: ArrayQueue<Box<Stages>>,
}

impl Handover {
    pub fn new() -> Self {
        // Of those given one may be an answer and one the last.
        Self { asked: ArrayQueue::new(1), given: ArrayQueue::new(2) }
    }

    #[inline]
    pub fn is_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Hot: gives `recorded` away for an empty set.
    pub fn exchange(&self, recorded: &mut Box<Stages>) {
        if let Some(empty) = self.asked.pop() {
            self.leave(std::mem::replace(recorded, empty));
        }
    }

    /// Hot: gives without taking.
    pub fn leave(&self, recorded: Box<Stages>) {
        // There is room: one was asked for at a time, and the last is the last.
        let _ = self.given.push(recorded);
    }
}

/// What an operator reads of a stage, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentiles {
    /// The stage.
    pub stage: Stage,
    /// How many were timed.
    pub count: u64,
    /// Half of them took no longer.
    pub p50_ns: u64,
    /// 90 %.
    pub p90_ns: u64,
    /// 99 %.
    pub p99_ns: u64,
    /// 99.9 %.
    pub p99_9_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

impl Percentiles {
    /// Of each stage, in their order.
    pub fn of(stages: &Stages) -> Vec<Self> {
        let row = |stage: Stage| {
            let values: &Histogram<u64> = stages.of(stage);
            Self {
                stage,
                count: values.len(),
                p50_ns: values.value_at_quantile(0.5),
                p90_ns: values.value_at_quantile(0.9),
                p99_ns: values.value_at_quantile(0.99),
                p99_9_ns: values.value_at_quantile(0.999),
                max_ns: values.max(),
            }
        };
        Stage::ALL.map(row).to_vec()
    }
}

/// A stretch of time and what was recorded in it.
#[derive(Debug)]
pub struct Interval {
    /// When it began.
    pub start: SystemTime,
    /// How long it was.
    pub length: Duration,
    /// The values.
    pub stages: Stages,
}

/// Adds up what the hot side hands over.
#[derive(Debug)]
pub struct Collector {
    handover: Arc<Handover>,
    /// An empty set, where the hot side has not been asked.
    spare: Option<Box<Stages>>,
    since_start: Stages,
    /// The interval that is under way; its length is known when it ends.
    current: Interval,
    current_began: Instant,
    /// The last one that ended.
    last: Option<Interval>,
    /// How often the hot side has handed over.
    handovers: u64,
}

impl Collector {
    pub(super) fn new(handover: Arc<Handover>) -> Self {
        Self {
            handover,
            spare: Some(Box::default()),
            since_start: Stages::new(),
            current: Interval::begin(Stages::new()),
            current_began: Instant::now(),
            last: None,
            handovers: 0,
        }
    }

    /// Asks the hot side for what it has recorded, if it has not been asked yet.
    pub fn ask(&mut self) {
        if let Some(empty) = self.spare.take()
            && let Err(empty) = self.handover.asked.push(empty)
        {
            self.spare = Some(empty);
        }
    }

    /// Takes what was handed over. Returns whether anything was.
    pub fn take(&mut self) -> bool {
        let mut has_come = false;
        while let Some(mut recorded) = self.handover.given.pop() {
            self.since_start.add(&recorded);
            self.current.stages.add(&recorded);
            recorded.clear();
            self.spare = Some(recorded);
            self.handovers += 1;
            has_come = true;
        }
        has_come
    }

    /// How often the hot side has handed over, to whomever.
    pub(super) fn handovers(&self) -> u64 {
        self.handovers
    }

    /// Ends the current interval and begins the next.
    pub fn end_interval(&mut self) -> &Interval {
        let mut cleared = self.last.take().map_or_else(Stages::new, |last| last.stages);
        cleared.clear();
        let mut ended = std::mem::replace(&mut self.current, Interval::begin(cleared));
        ended.length = self.current_began.elapsed();
        self.current_began = Instant::now();
        self.last.insert(ended)
    }

    /// When the interval that is under way began.
    pub(super) fn interval_start(&self) -> SystemTime {
        self.current.start
    }

    /// All that was recorded since the venue started.
    pub fn since_start(&self) -> &Stages {
        &self.since_start
    }

    /// The last interval that ended.
    pub fn last_interval(&self) -> Option<&Interval> {
        self.last.as_ref()
    }
}

impl Interval {
    fn begin(stages: Stages) -> Self {
        Self { start: SystemTime::now(), length: Duration::ZERO, stages }
    }
}

/// A collector that several cold threads use. Clones share it.
#[derive(Debug, Clone)]
pub struct SharedCollector(Arc<Mutex<Collector>>);

impl SharedCollector {
    /// Shares a collector.
    pub fn new(collector: Collector) -> Self {
        Self(Arc::new(Mutex::new(collector)))
    }

    /// Waits for what is recorded up to now, then looks at the whole; none where the gateway does not
    /// hand over in time. Not for hot threads.
    pub fn read<T>(&self, look: impl FnOnce(&Collector) -> T) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        // What was handed over before, to whoever ends intervals, says nothing of what came since.
        let mut collector = self.lock();
        collector.take();
        let seen = collector.handovers();
        drop(collector);
        loop {
            let mut collector = self.lock();
            collector.ask();
            collector.take();
            if collector.handovers() > seen {
                return Some(look(&collector));
            }
            drop(collector);
            if Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(POLL);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Collector> {
        // A panic in it ends the process; what it has added up is whole either way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

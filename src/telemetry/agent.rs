//! Ends an interval when it is over, and writes it down if a log is kept. Cold: it may wait for the disk.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::collector::{Interval, SharedCollector};
use super::{IntervalLog, Stage};
use crate::runtime::{Agent, Now};

/// The log and its name.
struct Log {
    path: PathBuf,
    log: IntervalLog<File>,
}

/// See the module.
pub struct LatencyAgent {
    collector: SharedCollector,
    interval_ns: u64,
    /// When the current interval is over; 0 before the first turn.
    due_ns: u64,
    /// Handovers when that came, where it has.
    seen: Option<u64>,
    log: Option<Log>,
}

impl LatencyAgent {
    /// An agent that ends intervals of this length, and goes on with the log at `path` if there is one.
    ///
    /// # Errors
    /// If the log cannot be written.
    pub fn new(
        collector: SharedCollector,
        interval: Duration,
        path: Option<&Path>,
    ) -> io::Result<Self> {
        let start = collector.lock().interval_start();
        let log = path.map(|path| Log::open(path, start)).transpose()?;
        Ok(Self { collector, interval_ns: interval.as_nanos() as u64, due_ns: 0, seen: None, log })
    }

    fn end_interval(&mut self) {
        let mut collector = self.collector.lock();
        let interval = collector.end_interval();
        if let Some(log) = &mut self.log
            && let Err(error) = log.write(interval)
        {
            // Measuring must not stop what is measured.
            tracing::warn!("{}: {error}; no latencies are logged from now on", log.path.display());
            self.log = None;
        }
    }
}

impl Agent for LatencyAgent {
    fn name(&self) -> &'static str {
        "latency"
    }

    fn work(&mut self, now: Now) -> usize {
        if self.due_ns == 0 {
            self.due_ns = now.monotonic_ns + self.interval_ns;
        }
        if now.monotonic_ns < self.due_ns {
            return 0;
        }
        let mut collector = self.collector.lock();
        collector.ask();
        collector.take();
        let handovers = collector.handovers();
        drop(collector);
        // An operator may have taken what was asked for here.
        if *self.seen.get_or_insert(handovers) == handovers {
            return 0;
        }
        self.seen = None;
        self.due_ns = now.monotonic_ns + self.interval_ns;
        self.end_interval();
        1
    }

    /// The gateway has left its last.
    fn close(&mut self, _now: Now) {
        self.collector.lock().take();
        self.end_interval();
    }
}

impl Log {
    fn open(path: &Path, start: SystemTime) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let log = IntervalLog::begin(file, "Logged by castle serve", start, None)?;
        Ok(Self { path: path.to_owned(), log })
    }

    /// Stages in which nothing was recorded have no line.
    fn write(&mut self, interval: &Interval) -> io::Result<()> {
        // A clock before 1970 counts as 1970.
        let start = interval.start.duration_since(UNIX_EPOCH).unwrap_or_default();
        for stage in Stage::ALL {
            let values = interval.stages.of(stage);
            if !values.is_empty() {
                self.log.write(stage.name(), start, interval.length, values)?;
            }
        }
        Ok(())
    }
}

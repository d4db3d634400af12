//! Takes orders through all that telemetry does for them, from a read to a write, and through nothing else.

use castle::telemetry::{self, Collector, EngineEnd, LatencyRecorder, Stage, Ways};

/// Bytes of a report.
const REPORT: u64 = 200;

/// A gateway with one connection, and an engine, on one thread.
pub struct Lane {
    engine: EngineEnd,
    recorder: LatencyRecorder,
    collector: Collector,
    ways: Ways,
    /// The last sequence that was given.
    sequence: u64,
    /// Bytes of reports so far.
    end: u64,
}

impl Default for Lane {
    fn default() -> Self {
        let (engine, gateway) = telemetry::passage();
        let (recorder, collector) = telemetry::recorder(gateway);
        Self { engine, recorder, collector, ways: Ways::default(), sequence: 0, end: 0 }
    }
}

impl Lane {
    /// Takes batches of orders through: those of one are read at once, answered, and written at once.
    #[inline(never)]
    pub fn steady(&mut self, batches: u64, batch: u64) {
        for _ in 0..batches {
            self.ways.bytes_read();
            for _ in 0..batch {
                self.recorder.requested(&mut self.ways, 1);
            }
            let first = self.sequence + 1;
            for _ in 0..batch {
                self.sequence += 1;
                if self.engine.taken(self.sequence) {
                    self.engine.applied();
                }
            }
            for cause in first..=self.sequence {
                self.end += REPORT;
                self.recorder.told(&mut self.ways, cause, self.end);
            }
            self.recorder.durable(self.sequence);
            self.recorder.written(&mut self.ways, self.end);
            self.recorder.turn();
        }
    }

    /// Ends it, and gives how many orders were timed as a whole and how many at each stage.
    pub fn finish(mut self) -> (u64, u64) {
        self.recorder.close();
        self.collector.take();
        let timed = self.collector.since_start();
        (timed.of(Stage::Whole).len(), timed.of(Stage::Decode).len())
    }
}

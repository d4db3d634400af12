//! The disk's limit: fdatasync of as many bytes as castle has to sync together.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use crate::record::{Recorder, RunClock};
use crate::run::Series;

/// Length of the file; written over and over, filled before.
const FILE_SIZE: u64 = 64 << 20;
/// What is written and synced to find out how long it takes.
const TRIALS: usize = 20;

/// Writes and syncs batches.
pub struct Syncs {
    file: File,
    batch: Vec<u8>,
    records: u64,
    at: u64,
    recorder: Recorder,
}

impl Syncs {
    /// A batch has the records that come while the one before is being synced. `usual_ns` is a first
    /// guess of how long that takes.
    pub fn new(
        directory: &Path,
        rate_per_s: u64,
        record_size: u64,
        usual_ns: u64,
        slices: usize,
    ) -> Result<Self, String> {
        let records = |time_ns: u64| (rate_per_s * time_ns / 1_000_000_000).max(1);
        let mut syncs = Self::of_size(directory, records(usual_ns) * record_size, slices)?;
        let mut trial = Recorder::new(1);
        let clock = RunClock::start();
        trial.open(0);
        for _ in 0..TRIALS {
            syncs.once(clock, &mut trial)?;
        }
        let time_ns = crate::record::total(&trial.finish()).value_at_quantile(0.5);
        syncs.records = records(time_ns);
        syncs.batch.resize((syncs.records * record_size) as usize, 0xa5);
        Ok(syncs)
    }

    /// Batches of so many bytes.
    pub fn of_size(directory: &Path, bytes: u64, slices: usize) -> Result<Self, String> {
        let path = directory.join("fdatasync");
        let problem = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&path)
            .map_err(problem)?;
        let zeros = vec![0; 1 << 20];
        for _ in 0..FILE_SIZE / zeros.len() as u64 {
            file.write_all(&zeros).map_err(problem)?;
        }
        file.sync_all().map_err(problem)?;
        let batch = vec![0xa5; bytes.min(FILE_SIZE / 2) as usize];
        Ok(Self { file, batch, records: 0, at: 0, recorder: Recorder::new(slices) })
    }

    fn once(&mut self, clock: RunClock, recorder: &mut Recorder) -> Result<(), String> {
        if self.at + self.batch.len() as u64 > FILE_SIZE {
            self.at = 0;
        }
        let before_ns = clock.now_ns();
        self.file
            .write_all_at(&self.batch, self.at)
            .and_then(|()| self.file.sync_data())
            .map_err(|error| format!("fdatasync: {error}"))?;
        recorder.record(clock.now_ns() - before_ns);
        self.at += self.batch.len() as u64;
        Ok(())
    }

    /// Writes and syncs batches for so long, into an interval of their own.
    pub fn slice(&mut self, clock: RunClock, length: Duration) -> Result<(), String> {
        let start_ns = clock.now_ns();
        let mut recorder = std::mem::replace(&mut self.recorder, Recorder::new(1));
        recorder.open(start_ns);
        let mut outcome = Ok(());
        while outcome.is_ok() && clock.now_ns() < start_ns + length.as_nanos() as u64 {
            outcome = self.once(clock, &mut recorder);
        }
        recorder.close(clock.now_ns());
        self.recorder = recorder;
        outcome
    }

    /// What was recorded.
    pub fn series(self, title: &str) -> Series {
        let bytes = self.batch.len();
        Series::new(format!("{title}: fdatasync of {bytes} bytes"), self.recorder)
    }
}

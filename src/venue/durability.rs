//! The agents that make the log durable: one copies it into the journal, one syncs.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::gateway::Durable;
use crate::journal::{Disk, JournalError, Progress, Room, Syncer, Writer};
use crate::model::{RecordBytes, Sequence};
use crate::ring::{Consumer, PublishedCursor};
use crate::runtime::{Agent, Fault, Hurry, Now};

/// How long no record must come before the synced position is written down for its own sake: it costs
/// a sync, which the next order would wait for.
const QUIET_NS: u64 = 100_000_000;
/// How long the journal waits for the syncer when it ends with the engine, and how often it looks.
const CLOSE_PATIENCE: Duration = Duration::from_secs(30);
const CLOSE_POLL: Duration = Duration::from_millis(1);
/// Records copied at a time.
const BATCH: usize = 1_024;

/// `local-memory`: what the log ring holds, which lies in a file that outlives the process. Its
/// positions are sequences, and the cursor is the position after the last.
pub(super) struct Published(pub Arc<PublishedCursor>, pub Arc<Progress>);

impl Durable for Published {
    fn sequence(&self) -> Sequence {
        Sequence(self.0.position().saturating_sub(1))
    }

    fn has_room(&self) -> bool {
        self.1.room() == Room::Plenty
    }
}

/// `local-disk`: what the syncer has synced.
pub(super) struct Synced(pub Arc<Progress>);

impl Durable for Synced {
    fn sequence(&self) -> Sequence {
        Sequence(self.0.synced.load(Ordering::Acquire))
    }

    fn has_room(&self) -> bool {
        self.0.room() == Room::Plenty
    }
}

/// Copies the log ring into the journal. On the runner of gateway and engine only where the configuration
/// says so: a file system that has much to write back can stall a writer for milliseconds.
pub(super) struct JournalAgent<D: Disk> {
    pub records: Consumer<RecordBytes>,
    pub writer: Writer<D>,
    pub progress: Arc<Progress>,
    /// What the journal last named as synced, or will with its next batch.
    pub named: Sequence,
    /// Monotonic time since when no record came; 0 while records come.
    pub idle_since_ns: u64,
    /// It has a runner of its own, which ends after the engine's.
    pub is_alone: bool,
    pub released: Arc<dyn Durable>,
    pub fault: Fault,
}

impl<D: Disk> Agent for JournalAgent<D> {
    fn name(&self) -> &'static str {
        "journal"
    }

    fn work(&mut self, now: Now) -> usize {
        if self.fault.is_raised() {
            return 0;
        }
        let available = self.records.available();
        if available == 0 {
            if self.idle_since_ns == 0 {
                self.idle_since_ns = now.monotonic_ns;
            }
            let is_quiet = now.monotonic_ns - self.idle_since_ns >= QUIET_NS;
            return if is_quiet { self.name_synced() } else { 0 };
        }
        self.idle_since_ns = 0;
        self.named = Sequence(self.progress.synced.load(Ordering::Acquire));
        let (first, second) = self.records.batch(available.min(BATCH));
        let length = first.len() + second.len();
        let records = first.iter().chain(second).map_while(|record| record.used().ok());
        match self.writer.append(records, self.released.sequence()) {
            Ok(()) => {
                self.records.advance(length);
                length
            }
            // The syncer prepares the next segment: the records stay where they are.
            Err(error) if !error.is_fatal() => 0,
            Err(error) => {
                self.fault.raise("journal", error);
                0
            }
        }
    }

    fn close(&mut self, now: Now) {
        if !self.is_alone {
            self.finish(now);
        }
        self.name_synced();
    }
}

impl<D: Disk> JournalAgent<D> {
    /// Copies what the engine did last and waits until it is synced: it ends in the same moment, and so
    /// nobody comes back for that.
    fn finish(&mut self, now: Now) {
        let deadline = Instant::now() + CLOSE_PATIENCE;
        let is_synced = |agent: &Self| {
            agent.progress.synced.load(Ordering::Acquire) + 1 >= agent.records.position()
        };
        while (self.records.available() > 0 || !is_synced(self))
            && !self.fault.is_raised()
            && Instant::now() < deadline
        {
            if self.work(now) == 0 {
                std::thread::sleep(CLOSE_POLL);
            }
        }
    }

    /// Writes down how far the journal is synced, where the last batch could not know it yet: damage to
    /// what is named is refused at the next start, and not cut.
    fn name_synced(&mut self) -> usize {
        let synced = Sequence(self.progress.synced.load(Ordering::Acquire));
        if synced <= self.named {
            return 0;
        }
        self.named = synced;
        match self.writer.mark(self.released.sequence()) {
            Ok(()) => 1,
            Err(error) if !error.is_fatal() => 0,
            Err(error) => {
                self.fault.raise("journal", error);
                0
            }
        }
    }
}

/// How long the syncer rests between two syncs.
#[derive(Debug, Clone)]
pub(super) struct SyncPause {
    /// Whether somebody waits for the disk: then it does not rest.
    pub hurry: Hurry,
    /// From one sync to the next, at least, where nobody does.
    pub background: Duration,
}

impl SyncPause {
    fn ns(&self) -> u64 {
        if self.hurry.is_set() { 0 } else { self.background.as_nanos() as u64 }
    }
}

/// Syncs the journal; alone on its thread, since it blocks.
pub(super) struct SyncAgent<D: Disk> {
    pub syncer: Syncer<D>,
    pub pause: SyncPause,
    /// Monotonic time of the next sync.
    pub next_ns: u64,
    pub fault: Fault,
}

impl<D: Disk> Agent for SyncAgent<D> {
    fn name(&self) -> &'static str {
        "syncer"
    }

    fn work(&mut self, now: Now) -> usize {
        if self.fault.is_raised() {
            return 0;
        }
        let done = if now.monotonic_ns < self.next_ns && !self.pause.hurry.is_set() {
            self.syncer.prepare_some()
        } else {
            self.next_ns = now.monotonic_ns + self.pause.ns();
            self.syncer.sync()
        };
        match done {
            Ok(synced) => usize::from(synced),
            Err(error) => {
                // After a failed sync the page cache lies: the process must not go on.
                self.fault.raise("syncer", remedy(&error));
                0
            }
        }
    }

    fn close(&mut self, _now: Now) {
        if let Err(error) = self.syncer.sync_all() {
            self.fault.raise("syncer", remedy(&error));
        }
    }
}

fn remedy(error: &JournalError) -> String {
    format!("{error}. Nothing acknowledged is lost; look at the disk, then start again")
}

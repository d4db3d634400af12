//! A snapshot that a primary sends, on its way to this node's disk.
//!
//! No agent may wait for a disk. So whoever implements [`Arrival`] writes on a thread of its own, and takes no more than
//! so many parts ahead: until there is room again the primary's frames are not read. [`DiskArrival`] does so.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use crate::journal::transfer::{Arriving, Parcel, TransferError};
use crate::model::ClusterName;

/// Parts, and beginnings, that wait to be written: four megabytes.
const PARTS_AHEAD: usize = 64;

/// See the module. One snapshot at a time.
pub trait Arrival: Send {
    /// Makes room for a snapshot; what was taken in of another is dropped.
    fn begin(&mut self, parcel: &Parcel);

    /// Whether a part may be given now.
    fn has_room(&self) -> bool;

    /// The next bytes of the snapshot.
    fn part(&mut self, bytes: &[u8]);

    /// What came of it, once: all is there, synced, and good; or why it is not, for a person. Never waits.
    fn outcome(&mut self) -> Option<Result<(), String>>;

    /// Drops what was taken in, unless all of it is there.
    fn end(&mut self);
}

/// Takes nothing in: for a node whose primary's journal is never pruned.
pub struct NoArrival;

impl Arrival for NoArrival {
    fn begin(&mut self, _: &Parcel) {}

    fn has_room(&self) -> bool {
        true
    }

    fn part(&mut self, _: &[u8]) {}

    fn outcome(&mut self) -> Option<Result<(), String>> {
        Some(Err("this node takes in no snapshots".to_owned()))
    }

    fn end(&mut self) {}
}

/// What the thread does, for the snapshot of this number.
enum Work {
    Begin(u64, Parcel),
    Part(u64, Vec<u8>),
    End,
}

type Outcome = (u64, Result<(), String>);

/// See the module. Its thread is there from the first snapshot on, and has ended when this is dropped.
pub struct DiskArrival {
    journal: PathBuf,
    cluster: ClusterName,
    ring: Arc<dyn Fn() + Send + Sync>,
    desk: Option<Desk>,
    /// Tells the present snapshot from those before it.
    number: Arc<AtomicU64>,
    /// What the thread could not be made for.
    failure: Option<String>,
}

struct Desk {
    work: Sender<Work>,
    outcomes: Receiver<Outcome>,
    /// Parts that wait.
    parts: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl DiskArrival {
    /// Into the journal in a directory. `ring` wakes whoever gives the parts.
    pub fn new(
        journal: &Path,
        cluster: ClusterName,
        ring: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let (journal, ring) = (journal.to_owned(), Arc::new(ring));
        Self { journal, cluster, ring, desk: None, number: Arc::default(), failure: None }
    }

    fn open_desk(&self) -> std::io::Result<Desk> {
        let (work, to_do) = channel();
        let (tell, outcomes) = channel();
        let parts = Arc::new(AtomicUsize::new(0));
        let writer = ArrivalWriter {
            journal: self.journal.clone(),
            cluster: self.cluster,
            ring: self.ring.clone(),
            number: self.number.clone(),
            parts: parts.clone(),
            tell,
        };
        let thread = thread::Builder::new().name("castle-arrival".to_owned());
        let thread = thread.spawn(move || writer.run(&to_do))?;
        Ok(Desk { work, outcomes, parts, thread })
    }

    /// Asks for something that takes up room until it is done.
    fn ask_for_room(&self, work: Work) {
        if let Some(desk) = &self.desk {
            desk.parts.fetch_add(1, Ordering::AcqRel);
        }
        self.ask(work);
    }

    /// The thread is there for as long as the desk.
    fn ask(&self, work: Work) {
        if let Some(desk) = &self.desk {
            let _ = desk.work.send(work);
        }
    }
}

impl Arrival for DiskArrival {
    fn begin(&mut self, parcel: &Parcel) {
        let number = self.number.fetch_add(1, Ordering::AcqRel) + 1;
        if self.desk.is_none() {
            match self.open_desk() {
                Ok(desk) => self.desk = Some(desk),
                Err(error) => self.failure = Some(format!("no thread can be made: {error}")),
            }
        }
        self.ask_for_room(Work::Begin(number, *parcel));
    }

    fn has_room(&self) -> bool {
        let waiting = self.desk.as_ref().map(|desk| desk.parts.load(Ordering::Acquire));
        waiting.is_none_or(|waiting| waiting < PARTS_AHEAD)
    }

    fn part(&mut self, bytes: &[u8]) {
        self.ask_for_room(Work::Part(self.number.load(Ordering::Acquire), bytes.to_vec()));
    }

    fn outcome(&mut self) -> Option<Result<(), String>> {
        if let Some(why) = self.failure.take() {
            return Some(Err(why));
        }
        let current = self.number.load(Ordering::Acquire);
        let outcomes = &self.desk.as_ref()?.outcomes;
        outcomes.try_iter().find(|(number, _)| *number == current).map(|(_, outcome)| outcome)
    }

    fn end(&mut self) {
        self.number.fetch_add(1, Ordering::AcqRel);
        self.ask(Work::End);
    }
}

impl Drop for DiskArrival {
    fn drop(&mut self) {
        self.number.fetch_add(1, Ordering::AcqRel);
        if let Some(Desk { work, thread, .. }) = self.desk.take() {
            drop(work);
            // A panic there was said by its hook.
            let _ = thread.join();
        }
    }
}

/// What the thread holds.
struct ArrivalWriter {
    journal: PathBuf,
    cluster: ClusterName,
    ring: Arc<dyn Fn() + Send + Sync>,
    number: Arc<AtomicU64>,
    parts: Arc<AtomicUsize>,
    tell: Sender<Outcome>,
}

impl ArrivalWriter {
    fn run(&self, to_do: &Receiver<Work>) {
        let mut arriving: Option<(u64, Arriving)> = None;
        for work in to_do {
            match work {
                Work::Begin(number, parcel) => {
                    self.parts.fetch_sub(1, Ordering::AcqRel);
                    // The one before leaves first: both have the same name.
                    arriving = None;
                    match Arriving::create(&self.journal, self.cluster, &parcel) {
                        Ok(created) => arriving = Some((number, created)),
                        Err(why) => self.tell(number, Err(why)),
                    }
                }
                Work::Part(number, bytes) => {
                    self.parts.fetch_sub(1, Ordering::AcqRel);
                    if let Some((_, begun)) = arriving.take_if(|(its, _)| *its == number) {
                        arriving = self.write(number, begun, &bytes).map(|begun| (number, begun));
                    }
                }
                Work::End => arriving = None,
            }
            (self.ring)();
        }
    }

    /// Writes a part, and gives what is still to be written to.
    fn write(&self, number: u64, mut begun: Arriving, bytes: &[u8]) -> Option<Arriving> {
        match begun.write(bytes) {
            Ok(()) if !begun.is_whole() => return Some(begun),
            Ok(()) => {
                let goes_on = || self.number.load(Ordering::Acquire) == number;
                self.tell(number, begun.finish(goes_on));
            }
            Err(why) => self.tell(number, Err(why)),
        }
        None
    }

    fn tell(&self, number: u64, outcome: Result<(), TransferError>) {
        // Nobody listens where the node has ended meanwhile.
        let _ = self.tell.send((number, outcome.map_err(|why| why.to_string())));
    }
}

#[cfg(test)]
mod tests;

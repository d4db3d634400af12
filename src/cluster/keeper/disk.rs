//! The promise in the node's file, the life in its witness.
//!
//! 1. A thread writes and syncs promises. It takes the last one that was asked for; those that were asked for
//!    meanwhile, and are lower, need no writing of their own.
//! 2. A writing that is on disk goes into the life before the steward hears of the promise in it: what is acknowledged
//!    then, the life knows to be acknowledged behind that writing.
//! 3. When the keeper is dropped its thread has ended, and the lock of the directory is free.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use super::Keeper;
use crate::cluster::steward::{Beginning, Kept, Promise};
use crate::cluster::view::Incarnation;
use crate::journal::{DiskFile, NodeFile, Witness, Witnessed};
use crate::model::{Epoch, Sequence};

/// What a log that was recovered is.
#[derive(Debug, Clone, Copy)]
pub struct Log {
    /// Tells it from others that lay at the same place.
    pub tag: u128,
    /// Its last record.
    pub end: Sequence,
    /// The reign of that.
    pub last_reign: Epoch,
}

/// Says how a process begins: with the life that the witness tells of, if the log lacks nothing that was
/// acknowledged in it, or with another, of this number.
pub(crate) fn begin<F: DiskFile>(
    node: &NodeFile<F>,
    witness: &Path,
    log: &Log,
    [other_life, seed]: [u64; 2],
) -> io::Result<(Witness, Beginning)> {
    let promise = Promise { epoch: node.epoch(), reign: node.reign() };
    let kept = Witness::open(witness, log.tag)?.filter(|witness| {
        let Witnessed { life, acknowledged, writing, .. } = witness.said();
        let kept = Kept { incarnation: Incarnation(life), acknowledged, writing };
        kept.goes_on(log.end, node.writing()).is_some()
    });
    let is_kept = kept.is_some();
    let witness = match kept {
        Some(mut kept) => {
            // The process before may have ended between the disk and its life, or to have the journal cut.
            kept.written(node.writing());
            kept
        }
        None => {
            let writing = node.writing();
            let said = Witnessed { life: other_life, writing, ..Witnessed::default() };
            Witness::begin(witness, log.tag, said)?
        }
    };
    let incarnation = Incarnation(witness.said().life);
    let last_reign = log.last_reign;
    Ok((witness, Beginning { incarnation, is_kept, promise, last_reign, seed }))
}

/// See the module.
pub struct DiskKeeper {
    desk: Arc<Desk>,
    /// None once the life is over.
    witness: Option<Witness>,
    thread: Option<JoinHandle<()>>,
}

/// What the agent and the thread pass each other, without waiting.
struct Desk {
    /// The promise that was asked for last, as [`word`] has it.
    asked: AtomicU64,
    /// The one that was stored last.
    stored: AtomicU64,
    /// The writing in which it was stored, or a later one.
    writing: AtomicU64,
    failure: OnceLock<String>,
    is_over: AtomicBool,
}

/// In the place of a promise, where there is none.
const NONE: u64 = u64::MAX;

/// A promise as a number.
fn word(promise: Promise) -> u64 {
    u64::from(promise.epoch.0) << u32::BITS | u64::from(promise.reign.0)
}

/// Takes the promise that lies there.
fn take(place: &AtomicU64) -> Option<Promise> {
    let word = place.swap(NONE, Ordering::AcqRel);
    let promise = Promise { epoch: Epoch((word >> u32::BITS) as u32), reign: Epoch(word as u32) };
    (word != NONE).then_some(promise)
}

impl Desk {
    /// Writes promises until the keeper is dropped, or one cannot be written.
    fn run<F: DiskFile>(&self, node: &mut NodeFile<F>, ring: &dyn Fn()) {
        loop {
            let is_over = self.is_over.load(Ordering::Acquire);
            match take(&self.asked) {
                Some(promise) => {
                    let result = node.see(promise.epoch, promise.reign);
                    if let Err(error) = &result {
                        self.failure.get_or_init(|| error.to_string());
                    } else {
                        self.writing.store(node.writing(), Ordering::Release);
                        self.stored.store(word(promise), Ordering::Release);
                    }
                    ring();
                    if result.is_err() {
                        return;
                    }
                }
                None if is_over => return,
                // A promise that is asked for now makes this return at once.
                None => thread::park(),
            }
        }
    }
}

impl DiskKeeper {
    /// Begins a process's part: goes on with the life that `witness` tells of, if the log and what `node` promised
    /// show that nothing is lost, and begins another otherwise. `random` makes its number and the nonces; `ring` wakes
    /// whoever asked for a promise.
    pub fn begin<F: DiskFile + 'static>(
        mut node: NodeFile<F>,
        witness: &Path,
        log: &Log,
        random: [u64; 2],
        ring: impl Fn() + Send + 'static,
    ) -> io::Result<(Self, Beginning)> {
        let (witness, beginning) = begin(&node, witness, log, random)?;
        let desk = Arc::new(Desk {
            asked: AtomicU64::new(NONE),
            stored: AtomicU64::new(NONE),
            writing: AtomicU64::new(0),
            failure: OnceLock::new(),
            is_over: AtomicBool::new(false),
        });
        let its = Arc::clone(&desk);
        let thread = thread::Builder::new()
            .name("castle-promise".to_owned())
            .spawn(move || its.run(&mut node, &ring))?;
        Ok((Self { desk, witness: Some(witness), thread: Some(thread) }, beginning))
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Keeper for DiskKeeper {
    fn store(&mut self, promise: Promise) {
        self.desk.asked.store(word(promise), Ordering::Release);
        self.wake();
    }

    fn stored(&mut self) -> Option<Promise> {
        let promise = take(&self.desk.stored)?;
        if let Some(witness) = &mut self.witness {
            witness.written(self.desk.writing.load(Ordering::Acquire));
        }
        Some(promise)
    }

    #[inline]
    fn acknowledge(&mut self, sequence: Sequence) {
        if let Some(witness) = &mut self.witness {
            witness.acknowledge(sequence);
        }
    }

    #[inline]
    fn tell(&mut self, sequence: Sequence) {
        if let Some(witness) = &mut self.witness {
            witness.tell(sequence);
        }
    }

    fn forget(&mut self) {
        if let Some(witness) = self.witness.take()
            && let Err(error) = witness.end()
        {
            // The life is over all the same: the file says nothing any more.
            tracing::warn!("what witnesses this node's life cannot be removed: {error}");
        }
    }

    fn failure(&mut self) -> Option<String> {
        self.desk.failure.get().cloned()
    }
}

impl Drop for DiskKeeper {
    fn drop(&mut self) {
        self.desk.is_over.store(true, Ordering::Release);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic there was said by its hook.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::PathBuf;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::journal::simulated::{SimulatedDisk, SimulatedFile};
    use crate::journal::{RealDisk, RealFile};
    use crate::model::ClusterName;

    const PATIENCE: Duration = Duration::from_secs(60);
    const TAG: u128 = 5;

    fn cluster() -> ClusterName {
        ClusterName::truncated(b"test")
    }

    fn promise(epoch: u32, reign: u32) -> Promise {
        Promise { epoch: Epoch(epoch), reign: Epoch(reign) }
    }

    /// A node's journal directory and the witness of its life.
    struct Place {
        directory: tempfile::TempDir,
        /// The number of the next life.
        lives: Cell<u64>,
    }

    impl Place {
        fn new() -> Self {
            Self { directory: tempfile::tempdir().expect("a directory"), lives: Cell::new(1) }
        }

        fn witness(&self) -> PathBuf {
            self.directory.path().join("life")
        }

        fn node(&self) -> NodeFile<RealFile> {
            let mut disk = RealDisk::open(&self.directory.path().join("journal")).expect("free");
            NodeFile::open(&mut disk, cluster()).expect("it is made")
        }

        /// A process that begins with a log of so many records.
        fn begin(&self, end: u64) -> (Beginning, DiskKeeper, mpsc::Receiver<()>) {
            let log = Log { tag: TAG, end: Sequence(end), last_reign: Epoch(1) };
            let (ring, rung) = mpsc::channel();
            let random = [self.lives.get(), 7];
            self.lives.set(random[0] + 1);
            let begun = DiskKeeper::begin(self.node(), &self.witness(), &log, random, move || {
                // Nobody listens any more when a test has ended.
                let _ = ring.send(());
            });
            let (keeper, beginning) = begun.expect("it begins");
            (beginning, keeper, rung)
        }
    }

    fn stored(keeper: &mut DiskKeeper, rung: &mpsc::Receiver<()>, wanted: Promise) {
        keeper.store(wanted);
        loop {
            rung.recv_timeout(PATIENCE).expect("it rings");
            assert_eq!(keeper.failure(), None);
            if keeper.stored() == Some(wanted) {
                break;
            }
        }
        assert_eq!(keeper.stored(), None, "it is told once");
    }

    #[test]
    fn a_process_that_lacks_nothing_goes_on_with_its_life_and_its_promise() {
        let place = Place::new();
        let (first, mut keeper, rung) = place.begin(0);
        assert!(!first.is_kept);
        assert_eq!((first.promise, first.last_reign), (promise(0, 0), Epoch(1)));
        stored(&mut keeper, &rung, promise(3, 2));
        keeper.acknowledge(Sequence(40));
        keeper.acknowledge(Sequence(30));
        drop(keeper);
        let (again, mut keeper, rung) = place.begin(40);
        assert!(again.is_kept);
        assert_eq!((again.incarnation, again.promise), (first.incarnation, promise(3, 2)));
        stored(&mut keeper, &rung, promise(4, 2));
        drop(keeper);
        // It acknowledged 40.
        let (shorter, keeper, _) = place.begin(39);
        assert!(!shorter.is_kept && shorter.incarnation != first.incarnation);
        assert_eq!(shorter.promise, promise(4, 2));
        drop(keeper);
        let (of_that, keeper, _) = place.begin(0);
        assert!(of_that.is_kept, "the new life acknowledged nothing");
        assert_eq!(of_that.incarnation, shorter.incarnation);
        drop(keeper);
    }

    #[test]
    fn an_older_disk_is_another_life_however_long_its_log_is() {
        let place = Place::new();
        let (first, mut keeper, rung) = place.begin(0);
        stored(&mut keeper, &rung, promise(3, 2));
        drop(keeper);
        std::fs::remove_file(place.directory.path().join("journal/node")).expect("it is there");
        let (restored, ..) = place.begin(1_000);
        assert!(!restored.is_kept && restored.incarnation != first.incarnation);
    }

    #[test]
    fn what_was_told_is_acknowledged_too_and_the_next_process_finds_it() {
        let place = Place::new();
        let (first, mut keeper, _) = place.begin(50);
        keeper.tell(Sequence(40));
        keeper.acknowledge(Sequence(45));
        keeper.tell(Sequence(30));
        drop(keeper);
        assert_eq!(Witness::told(&place.witness()).expect("it is there"), Sequence(40));
        let (shorter, keeper, _) = place.begin(39);
        assert_ne!(shorter.incarnation, first.incarnation);
        let told = Witness::told(&place.witness()).expect("it is there");
        assert_eq!(told, Sequence(0), "another life has told nothing");
        drop(keeper);
    }

    #[test]
    fn a_life_that_is_forgotten_is_over() {
        let place = Place::new();
        let (first, mut keeper, rung) = place.begin(7);
        keeper.acknowledge(Sequence(7));
        keeper.forget();
        assert!(!place.witness().exists());
        // What is left to do is done all the same.
        keeper.acknowledge(Sequence(8));
        stored(&mut keeper, &rung, promise(9, 9));
        drop(keeper);
        let (next, ..) = place.begin(8);
        assert!(!next.is_kept && next.incarnation != first.incarnation);
    }

    #[test]
    fn the_last_promise_that_was_asked_for_is_kept_and_one_that_cannot_be_is_told() {
        let place = Place::new();
        let (_, mut keeper, rung) = place.begin(0);
        (1..=50).for_each(|epoch| keeper.store(promise(epoch, epoch)));
        stored(&mut keeper, &rung, promise(51, 50));
        keeper.store(promise(50, 50));
        let why = loop {
            // It may ring for earlier ones first.
            rung.recv_timeout(PATIENCE).expect("it rings");
            if let Some(why) = keeper.failure() {
                break why;
            }
        };
        assert!(why.contains("epoch 50") && why.contains("epoch 51"), "{why}");
        assert_eq!(keeper.stored(), None);
        drop(keeper);
        assert_eq!(place.node().epoch(), Epoch(51));
    }

    #[test]
    fn a_promise_that_the_disk_refuses_is_never_stored() {
        let place = Place::new();
        let disk = SimulatedDisk::new(1 << 20);
        let node: NodeFile<SimulatedFile> =
            NodeFile::open(&mut disk.clone(), cluster()).expect("it is made");
        let log = Log { tag: TAG, end: Sequence(0), last_reign: Epoch(0) };
        let (ring, rung) = mpsc::channel();
        let begun = DiskKeeper::begin(node, &place.witness(), &log, [1, 2], move || {
            // Nobody listens any more when a test has ended.
            let _ = ring.send(());
        });
        let (mut keeper, _) = begun.expect("it begins");
        disk.fail_sync_after(0);
        keeper.store(promise(2, 2));
        rung.recv_timeout(PATIENCE).expect("it rings");
        assert!(keeper.failure().is_some());
        assert_eq!(keeper.stored(), None);
        let witness = Witness::open(&place.witness(), TAG).expect("readable").expect("there");
        assert_eq!(witness.said().writing, 1, "its making");
    }
}

//! The keeper of a real node: its file on disk, written by a thread of its own, and its witness in tmpfs.

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};

use super::Keeper;
use crate::cluster::steward::{Beginning, Kept, Promise};
use crate::cluster::view::Incarnation;
use crate::journal::{NodeFile, OpenError, RealFile, Witness, Witnessed};
use crate::model::{Epoch, Sequence};

/// See the module.
pub struct DiskKeeper {
    /// None once it is to end.
    asked: Option<Sender<Promise>>,
    written: Receiver<Result<Promise, OpenError>>,
    thread: Option<JoinHandle<()>>,
    /// None once it was forgotten.
    witness: Option<Witness>,
    failure: Option<String>,
}

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

impl DiskKeeper {
    /// Begins a process's part: goes on with the life that `witness` tells of, if the log and what `node` promised
    /// show that nothing is lost, and begins another otherwise. `random` makes its number and the nonces.
    pub fn begin(
        node: NodeFile<RealFile>,
        witness: &Path,
        log: &Log,
        random: [u64; 2],
    ) -> io::Result<(Self, Beginning)> {
        let promise = Promise { epoch: node.epoch(), reign: node.reign() };
        let [life, seed] = random;
        let earlier = Witness::open(witness, log.tag)?.filter(|earlier| {
            let Witnessed { life, acknowledged, epoch, reign } = earlier.said();
            let (incarnation, promise_then) = (Incarnation(life), Promise { epoch, reign });
            let kept = Kept { incarnation, acknowledged, promise: promise_then };
            kept.goes_on(log.end, promise).is_some()
        });
        let is_kept = earlier.is_some();
        let witness = match earlier {
            Some(earlier) => earlier,
            None => {
                let Promise { epoch, reign } = promise;
                let said = Witnessed { life, acknowledged: Sequence(0), epoch, reign };
                Witness::begin(witness, log.tag, said)?
            }
        };
        let incarnation = Incarnation(witness.said().life);
        let last_reign = log.last_reign;
        let beginning = Beginning { incarnation, is_kept, promise, last_reign, seed };
        let (asked, to_write) = mpsc::channel();
        let (done, written) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("castle-promise".to_owned())
            .spawn(move || write(node, &to_write, &done))?;
        let (asked, thread, witness) = (Some(asked), Some(thread), Some(witness));
        Ok((Self { asked, written, thread, witness, failure: None }, beginning))
    }

    fn fail(&mut self, why: impl std::fmt::Display) {
        self.failure.get_or_insert(why.to_string());
    }
}

/// Writes the last promise that was asked for, until nobody asks any more.
fn write(
    mut node: NodeFile<RealFile>,
    to_write: &Receiver<Promise>,
    done: &Sender<Result<Promise, OpenError>>,
) {
    while let Ok(promise) = to_write.recv() {
        let promise = to_write.try_iter().last().unwrap_or(promise);
        let result = node.see(promise.epoch, promise.reign);
        // Nobody listens once the agent has ended.
        let _ = done.send(result.map(|()| promise));
    }
}

impl Keeper for DiskKeeper {
    fn store(&mut self, promise: Promise) {
        if let Some(asked) = &self.asked {
            // The thread ends only after this end is gone.
            let _ = asked.send(promise);
        }
    }

    fn stored(&mut self) -> Option<Promise> {
        match self.written.try_recv() {
            Ok(Ok(promise)) => {
                let noted =
                    self.witness.as_mut().map(|it| it.promise(promise.epoch, promise.reign));
                if let Some(Err(error)) = noted {
                    self.fail(error);
                }
                Some(promise)
            }
            Ok(Err(error)) => {
                self.fail(error);
                None
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.fail("the thread that writes the node's file has ended");
                None
            }
        }
    }

    fn acknowledge(&mut self, sequence: Sequence) {
        let noted = self.witness.as_mut().map(|witness| witness.acknowledge(sequence));
        if let Some(Err(error)) = noted {
            self.fail(error);
        }
    }

    fn forget(&mut self) {
        if let Some(Err(error)) = self.witness.take().map(Witness::end) {
            self.fail(error);
        }
    }

    fn failure(&mut self) -> Option<String> {
        self.failure.take()
    }
}

impl Drop for DiskKeeper {
    /// Waits for the write that may be under way: the file's lock is free afterwards.
    fn drop(&mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take() {
            // A panic there ended nothing but the thread.
            let _ = thread.join();
        }
    }
}

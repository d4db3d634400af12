//! An arbiter in a directory that all nodes see: for nodes on one machine.
//!
//! The view of epoch n is the file `view-0000000n.json`. A swap writes the next view beside it and links it
//! to the name of the next epoch: the system lets one such link succeed, whoever else tries at the
//! same moment. There is no lock that a frozen process could keep.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Arbiter, ArbiterError, Held, Version, watch_by_reading};
use crate::cluster::view::View;
use crate::model::Epoch;

/// Views kept behind the last, for whoever looks at what happened.
const KEPT: u32 = 100;

/// What the names of views begin with that are being written.
const DRAFT: &str = "draft-";
/// Nobody writes for so long.
const ABANDONED: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub struct FileArbiter {
    directory: PathBuf,
}

impl FileArbiter {
    /// An arbiter in `directory`, which is made if it is not there.
    pub fn open(directory: &Path) -> Result<Self, ArbiterError> {
        fs::create_dir_all(directory).map_err(|error| ArbiterError::Setup {
            what: format!("{} cannot be made", directory.display()),
            why: error.to_string(),
        })?;
        let arbiter = Self { directory: directory.to_owned() };
        // Nobody needs them, and nobody minds them.
        let _ = arbiter.remove_abandoned_drafts();
        Ok(arbiter)
    }

    /// Removes what processes left that ended while they wrote.
    fn remove_abandoned_drafts(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let is_draft = entry.file_name().to_str().is_some_and(|name| name.starts_with(DRAFT));
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if is_draft && age > ABANDONED {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Where the views lie.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Puts `view` at the name of its epoch, whatever is held; of those that lie there the highest counts.
    pub(super) fn keep(&self, view: &View) -> Result<(), ArbiterError> {
        self.put(view, false).map_err(|error| self.error(&error))
    }

    fn path(&self, epoch: Epoch) -> PathBuf {
        self.directory.join(format!("view-{:010}.json", epoch.0))
    }

    fn error(&self, error: &io::Error) -> ArbiterError {
        ArbiterError::Unreachable { arbiter: self.name(), why: error.to_string() }
    }

    /// The epochs of the views that lie there.
    fn epochs(&self) -> io::Result<Vec<u32>> {
        let mut epochs = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| {
                name.strip_prefix("view-")?.strip_suffix(".json")?.parse::<u32>().ok()
            });
            epochs.extend(number);
        }
        epochs.sort_unstable();
        Ok(epochs)
    }

    /// Puts `view` at the name of its epoch, unless there is one already; a first one unless there is any.
    fn put(&self, view: &View, is_first: bool) -> io::Result<()> {
        let draft = self.directory.join(format!("{DRAFT}{:016x}", view.nonce()));
        // One that was left is perhaps linked to a view already: it is removed, and never written to.
        let _ = fs::remove_file(&draft);
        let mut file = File::create_new(&draft)?;
        file.write_all(view.to_text().as_bytes())?;
        file.sync_all()?;
        // Two that found draw different epochs, and the disk may have taken its time.
        let linked = match is_first && !self.epochs()?.is_empty() {
            true => Ok(()),
            false => fs::hard_link(&draft, self.path(view.epoch())),
        };
        fs::remove_file(&draft)?;
        match linked {
            // Another was first; a read shows who.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        File::open(&self.directory)?.sync_all()?;
        let oldest = view.epoch().0.saturating_sub(KEPT);
        for epoch in self.epochs()?.into_iter().filter(|epoch| *epoch < oldest) {
            // Another node may have removed it; what stays is removed by the next swap.
            let _ = fs::remove_file(self.path(Epoch(epoch)));
        }
        Ok(())
    }
}

impl Arbiter for FileArbiter {
    fn name(&self) -> String {
        format!("the arbiter in {}", self.directory.display())
    }

    fn read(&mut self) -> Result<Option<Held>, ArbiterError> {
        let epochs = self.epochs().map_err(|error| self.error(&error))?;
        let Some(last) = epochs.last() else { return Ok(None) };
        let path = self.path(Epoch(*last));
        let text = fs::read_to_string(&path).map_err(|error| self.error(&error))?;
        match View::from_text(&text) {
            Ok(view) if view.epoch() == Epoch(*last) => {
                Ok(Some(Held { view, version: Version(u64::from(*last)) }))
            }
            Ok(view) => Err(ArbiterError::Answer {
                arbiter: self.name(),
                why: format!("{} holds epoch {}", path.display(), view.epoch()),
            }),
            Err(why) => Err(ArbiterError::View { place: path.display().to_string(), why }),
        }
    }

    fn swap(&mut self, expected: Version, view: &View) -> Result<(), ArbiterError> {
        let epochs = self.epochs().map_err(|error| self.error(&error))?;
        let is_held = epochs.last().is_some_and(|last| u64::from(*last) == expected.0);
        if !is_held || u64::from(view.epoch().0) != expected.0 + 1 {
            // What is expected is gone, or this would not follow it.
            return Ok(());
        }
        self.put(view, false).map_err(|error| self.error(&error))
    }

    fn found(&mut self, view: &View) -> Result<(), ArbiterError> {
        self.put(view, true).map_err(|error| self.error(&error))
    }

    fn watch(&mut self, known: Version, patience: Duration) -> Result<Option<Held>, ArbiterError> {
        watch_by_reading(self, known, patience)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::*;
    use crate::cluster::view::{Change, Incarnation, Member};
    use crate::model::{ClusterName, Durability, NodeId};

    fn member(node: u16) -> Member {
        Member { node: NodeId(node), incarnation: Incarnation(u64::from(node) + 7) }
    }

    fn founded(directory: &Path) -> Held {
        let mut arbiter = FileArbiter::open(directory).expect("a directory can be made");
        assert_eq!(arbiter.read().expect("it is readable"), None);
        let name = ClusterName::new(b"castle").expect("it is short");
        let level = Durability::LocalDisk;
        let view = View::founding(name, member(0), Epoch(0), level, 1).expect("it is valid");
        arbiter.found(&view).expect("it is writable");
        arbiter.read().expect("it is readable").expect("it was founded")
    }

    fn over(held: &Held, node: u16, nonce: u64) -> View {
        let change = Change::TakeOver { primary: member(node), in_sync: vec![member(node)] };
        held.view.next(&change, Durability::LocalDisk, nonce).expect("it is valid")
    }

    #[test]
    fn of_many_swaps_of_one_view_one_is_done() {
        let directory = tempfile::tempdir().expect("there is a place for it");
        let mut held = founded(directory.path());
        for round in 0..20_u64 {
            let barrier = Arc::new(Barrier::new(4));
            let racers: Vec<_> = (0..4_u16)
                .map(|node| {
                    let view = over(&held, node, round * 4 + u64::from(node) + 100);
                    let (version, barrier) = (held.version, barrier.clone());
                    let mut arbiter = FileArbiter::open(directory.path()).expect("it is there");
                    std::thread::spawn(move || {
                        barrier.wait();
                        arbiter.swap(version, &view).expect("it is writable");
                        let seen = arbiter.read().expect("it is readable").expect("it is there");
                        seen.view.nonce() == view.nonce()
                    })
                })
                .collect();
            let won: Vec<bool> =
                racers.into_iter().map(|racer| racer.join().expect("it ends")).collect();
            assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
            let mut arbiter = FileArbiter::open(directory.path()).expect("it is there");
            let next = arbiter.read().expect("it is readable").expect("it is there");
            assert_eq!(next.view.epoch().0, held.view.epoch().0 + 1);
            held = next;
        }
    }

    #[test]
    fn a_draft_that_was_left_is_not_written_to_and_is_removed_when_it_is_old() {
        let directory = tempfile::tempdir().expect("there is a place for it");
        let held = founded(directory.path());
        let (mut arbiter, view) =
            (FileArbiter::open(directory.path()).expect("it is there"), over(&held, 1, 7));
        arbiter.swap(held.version, &view).expect("it is writable");
        // The process ended between the link and the removal of its draft, and its successor asks for the same.
        let draft = directory.path().join(format!("{DRAFT}{:016x}", 7));
        fs::hard_link(directory.path().join("view-0000000002.json"), &draft).expect("a link");
        let other = over(&held, 0, 7);
        arbiter.keep(&other).expect("it is writable");
        assert_eq!(arbiter.read().expect("it is readable").map(|held| held.view), Some(view));
        let left = directory.path().join(format!("{DRAFT}left"));
        let file = File::create(&left).expect("a file");
        let _ = FileArbiter::open(directory.path()).expect("it is there");
        assert!(left.exists(), "somebody may be writing it");
        file.set_modified(std::time::SystemTime::now() - 2 * ABANDONED).expect("it is ours");
        let _ = FileArbiter::open(directory.path()).expect("it is there");
        assert!(!left.exists());
    }

    #[test]
    fn a_swap_of_a_view_that_is_gone_changes_nothing() {
        let directory = tempfile::tempdir().expect("there is a place for it");
        let held = founded(directory.path());
        let mut arbiter = FileArbiter::open(directory.path()).expect("it is there");
        fs::remove_file(arbiter.path(held.view.epoch())).expect("it is there");
        arbiter.swap(held.version, &over(&held, 1, 5)).expect("it is writable");
        assert_eq!(arbiter.read().expect("it is readable"), None);
    }

    #[test]
    fn a_swap_of_an_older_view_changes_nothing() {
        let directory = tempfile::tempdir().expect("there is a place for it");
        let first = founded(directory.path());
        let mut arbiter = FileArbiter::open(directory.path()).expect("it is there");
        let mut held = first.clone();
        for nonce in 0..u64::from(KEPT) + 5 {
            let next = over(&held, 1, nonce);
            arbiter.swap(held.version, &next).expect("it is writable");
            held = arbiter.read().expect("it is readable").expect("it is there");
        }
        // Its file was removed long ago, and can be made again: it is not the last.
        arbiter.swap(first.version, &over(&first, 0, 999)).expect("it is writable");
        assert_eq!(arbiter.read().expect("it is readable"), Some(held.clone()));
        let again =
            View::founding(held.view.cluster(), member(0), Epoch(0), Durability::LocalDisk, 1);
        arbiter.found(&again.expect("it is valid")).expect("it is writable");
        assert_eq!(arbiter.read().expect("it is readable"), Some(held));
    }

    #[test]
    fn whoever_watches_sees_the_next_view() {
        let directory = tempfile::tempdir().expect("there is a place for it");
        let held = founded(directory.path());
        let mut arbiter = FileArbiter::open(directory.path()).expect("it is there");
        assert_eq!(arbiter.watch(held.version, Duration::ZERO).expect("it is readable"), None);
        let view = over(&held, 1, 5);
        let watcher = std::thread::spawn(move || {
            arbiter.watch(held.version, Duration::from_secs(60)).expect("it is readable")
        });
        let mut arbiter = FileArbiter::open(directory.path()).expect("it is there");
        arbiter.swap(held.version, &view).expect("it is writable");
        let seen = watcher.join().expect("it ends").expect("it changed");
        assert_eq!(seen.view, view);
    }

    #[test]
    fn a_text_that_is_no_view_is_told_by_its_file() {
        let directory = tempfile::tempdir().expect("there is a place for it");
        founded(directory.path());
        let path = directory.path().join("view-0000000001.json");
        fs::write(&path, "{}").expect("it is writable");
        let mut arbiter = FileArbiter::open(directory.path()).expect("it is there");
        let error = arbiter.read().expect_err("it is no view").to_string();
        assert!(error.contains("view-0000000001.json"), "{error}");
    }
}

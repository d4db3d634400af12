//! Snapshots: made, verified, and used instead of the journal's older part.
//!
//! 1. A follower reads the journal, beside the exchange and without its lock, and applies it to an engine and
//!    a store of sent messages of its own, from the newest snapshot that can be used, or from genesis. Where
//!    the journal names a record as synced and released, it stops, and writes both down.
//! 2. A snapshot is **usable** if all its bytes are good, its state has the hash that it names, and the
//!    journal has its record: same sequence, epoch and running hash. Any other is said and passed over.
//! 3. It is **verified** when a replay that did not use it came to the same state hash and the same sent
//!    messages. Where the journal's beginning was pruned, the replay begins with the oldest usable snapshot,
//!    which was verified before it was pruned behind.
//! 4. Pruning keeps the two newest verified snapshots and removes the segments that end before what follows
//!    the older of the two. So if the newest is lost, the one before it still does. Before it removes anything it
//!    writes down behind which snapshot it prunes: if it ends halfway, that one still counts as verified.
//! 5. Where a snapshot is not what a replay comes to, memory or a program is not to be trusted: nothing is removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::engine::{Engine, EventSink};
use crate::gateway::store::{RECOVERY_BYTES, Shelf};
use crate::journal::read::{self, Followed};
use crate::journal::snapshot::{
    self, Link, SnapshotError, SnapshotHeader, SnapshotReader, SnapshotWriter,
};
use crate::journal::{Disk, OpenError, RealDisk, Reigns};
use crate::model::{Event, Record, Sequence};

/// Verified snapshots that stay.
const KEPT: usize = 2;

/// Why a snapshot could not be made or checked, or the journal not pruned.
#[derive(Debug, Error)]
pub enum FollowError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// The snapshot cannot be written or removed.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The follower's own files cannot be written.
    #[error("{}: {source}", path.display())]
    Files {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The exchange beside it would lack space.
    #[error(
        "{}: {free} bytes are free, and {needed} are needed, some of them for the exchange beside it, which refuses new \
         orders where its disk is full. Free some of that disk first, or enlarge it; segments and snapshots may not be \
         moved away by hand", path.display()
    )]
    NoRoom {
        /// Where.
        path: PathBuf,
        /// What there is.
        free: u64,
        /// What there must be.
        needed: u64,
    },
    /// There is nothing that a snapshot may hold.
    #[error(
        "{}: no record is known to be synced and released yet, and a snapshot never holds more than \
         that: let the exchange take orders first", .0.display()
    )]
    Nothing(PathBuf),
    /// The journal's beginning was pruned, and no snapshot stands in for it.
    #[error(
        "{}: the journal begins with record {first}, since what was before it was pruned, and no \
         snapshot of what was before can be used{}. Restore the folder from the peer or a backup",
        journal.display(), listed(passed_over)
    )]
    NoBeginning {
        /// The journal.
        journal: PathBuf,
        /// Its first record.
        first: Sequence,
        /// What is wrong with each snapshot that there is.
        passed_over: Vec<String>,
    },
    /// A snapshot is not what a replay comes to.
    #[error("{}: nothing is removed, since a snapshot is not what a replay comes to{}", journal.display(), listed(found))]
    Differs {
        /// The journal.
        journal: PathBuf,
        /// What was found of each that differs.
        found: Vec<String>,
    },
    /// No snapshot was found good.
    #[error(
        "{}: nothing is pruned, since there is no verified snapshot{}. Make one: castle snapshot {}",
        journal.display(), listed(refused), journal.display()
    )]
    NoneVerified {
        /// The journal.
        journal: PathBuf,
        /// What is wrong with each that there is.
        refused: Vec<String>,
    },
}

fn listed(lines: &[String]) -> String {
    lines.iter().map(|line| format!("; {line}")).collect()
}

/// What came of one snapshot's check.
#[derive(Debug)]
pub struct Checked {
    /// Its last record.
    pub sequence: Sequence,
    /// Good, and by what; or what is wrong.
    pub outcome: Result<Proof, Flaw>,
}

/// What is wrong with a snapshot, in words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Flaw {
    /// It cannot be used, or nothing can show that it may.
    #[error("{0}")]
    Unusable(String),
    /// It is whole, and not what a replay comes to.
    #[error("{0}")]
    Differs(String),
}

/// What shows that a snapshot is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A replay from genesis, or from an older snapshot, came to the same.
    Replayed(u64),
    /// It is whole and on the journal's chain. The records before it were pruned, which was done only
    /// after a replay had come to the same.
    Whole,
}

/// What pruning did.
#[derive(Debug)]
pub struct Pruned {
    /// The segments that were removed.
    pub segments: Vec<String>,
    /// The snapshot behind which the journal now begins.
    pub behind: Sequence,
    /// Snapshots that were removed.
    pub snapshots: Vec<Sequence>,
    /// What was found of each snapshot.
    pub checked: Vec<Checked>,
}

/// An engine and the sent messages at one record.
pub(super) struct State {
    pub engine: Engine,
    pub shelf: Shelf,
    pub link: Link,
    pub reigns: Reigns,
}

/// The newest usable snapshot, its sent messages in a shelf at `shelf`, and what is wrong with those that are
/// newer. An error where the journal needs one and has none.
pub(super) fn newest<D: Disk>(
    disk: &D,
    journal: &Path,
    shelf: &Path,
    up_to: Sequence,
) -> Result<(Option<State>, Vec<String>), FollowError> {
    let mut passed_over = Vec::new();
    for sequence in names(journal)?.into_iter().filter(|sequence| *sequence <= up_to) {
        match load(disk, journal, sequence, shelf) {
            Ok(state) => return Ok((Some(state), passed_over)),
            Err(FollowError::Snapshot(error)) => passed_over.push(format!("{error}; passed over")),
            Err(error) => return Err(error),
        }
    }
    match read::begins_with(disk)? {
        Some(first) if first > Sequence(1) => {
            Err(FollowError::NoBeginning { journal: journal.to_owned(), first, passed_over })
        }
        _ => Ok((None, passed_over)),
    }
}

/// Bytes of the sent messages of the snapshot that has the most, as a shelf has them: with a CRC of four bytes each, and
/// each has twelve at least.
fn most_outbound_bytes(journal: &Path) -> Result<u64, FollowError> {
    // One that cannot be opened is brought nowhere.
    let readers =
        names(journal)?.into_iter().filter_map(|it| SnapshotReader::open(journal, it).ok());
    let most = readers.map(|reader| reader.header.outbound_bytes).max().unwrap_or(0);
    Ok(most + most / 3)
}

fn names(journal: &Path) -> Result<Vec<Sequence>, FollowError> {
    let path = snapshot::snapshot_directory(journal);
    snapshot::snapshots(journal).map_err(|source| FollowError::Files { path, source })
}

/// Loads a snapshot, if it is usable.
fn load<D: Disk>(
    disk: &D,
    journal: &Path,
    sequence: Sequence,
    shelf: &Path,
) -> Result<State, FollowError> {
    let reader = SnapshotReader::open(journal, sequence)?;
    let header = &reader.header;
    let link = header.link;
    let followed = read::follow(disk, Some(link), sequence, &mut |_| ())?;
    let is_ours = |followed: &Followed| {
        followed.link == link && followed.mark == header.mark && followed.cluster == header.cluster
    };
    if !followed.as_ref().is_some_and(is_ours) {
        let path = snapshot::snapshot_path(journal, sequence);
        return Err(SnapshotError::NotOnChain { path, link }.into());
    }
    unpack(reader, shelf)
}

/// Bytes of the disk that are left to the exchange whose journal is followed while a snapshot is made: for the next
/// segment of the usual size, and sent messages.
const LEFT_BY_SNAPSHOT: u64 = 256 << 20;
/// The same of a check, which writes for a while only. It comes before pruning, and that is done where there is little.
const LEFT_BY_CHECK: u64 = 64 << 20;

/// Whether so many bytes may be written beside an exchange, so that others are left.
fn has_room(path: &Path, bytes: u64, left: u64) -> Result<(), FollowError> {
    let free = RealDisk::read_only(path)
        .free_bytes()
        .map_err(|source| FollowError::Files { path: path.to_owned(), source })?;
    let needed = bytes.saturating_add(left);
    match free < needed {
        true => Err(FollowError::NoRoom { path: path.to_owned(), free, needed }),
        false => Ok(()),
    }
}

/// Brings what a snapshot holds into memory, and its sent messages into a shelf at `shelf`.
pub(super) fn unpack(mut reader: SnapshotReader, shelf: &Path) -> Result<State, FollowError> {
    let header = reader.header.clone();
    let link = header.link;
    let files = |source| FollowError::Files { path: shelf.to_owned(), source };
    let engine = Engine::load(&mut reader, header.state_hash);
    let engine = engine.map_err(|error| reader.damaged(error))?;
    if engine.view().sequence() != link.sequence {
        return Err(reader.damaged("its state is of another record").into());
    }
    reader.end_state()?;
    let mut shelf = Shelf::create(shelf).map_err(files)?;
    let imported = shelf.import(&mut reader);
    imported.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => reader.damaged(error).into(),
        _ => FollowError::Files { path: shelf.directory().to_owned(), source: error },
    })?;
    reader.end()?;
    Ok(State { engine, shelf, link, reigns: header.reigns })
}

/// Makes a snapshot of all that is synced and released; gives what it says of itself, and what is wrong with
/// those before it.
pub fn take(journal: &Path) -> Result<(SnapshotHeader, Vec<String>), FollowError> {
    let disk = RealDisk::read_only(journal);
    take_of(&disk, journal, limit(&disk)?)
}

/// The last record that a snapshot may hold: all up to it is synced and released.
pub(super) fn limit<D: Disk>(disk: &D) -> Result<Sequence, FollowError> {
    let stat = read::stat(disk)?;
    Ok(stat.released.min(stat.verified.synced))
}

/// Makes a snapshot of the journal on a disk, up to a record.
pub(super) fn take_of<D: Disk>(
    disk: &D,
    journal: &Path,
    last: Sequence,
) -> Result<(SnapshotHeader, Vec<String>), FollowError> {
    if last == Sequence(0) {
        return Err(FollowError::Nothing(journal.to_owned()));
    }
    let mut follower = Follower::begin(journal, LEFT_BY_SNAPSHOT)?;
    let passed_over = follower.resume(disk, last)?;
    if let Some(link) = follower.link.filter(|link| link.sequence == last) {
        // It was just found good; it is not written again.
        let reader = SnapshotReader::open(journal, link.sequence)?;
        return Ok((reader.header, passed_over));
    }
    follower.go_to(disk, last)?;
    let measured = follower.write(SnapshotWriter::measured(follower.reigns.clone())?)?;
    has_room(journal, measured.state_bytes + measured.outbound_bytes, LEFT_BY_SNAPSHOT)?;
    let writer = SnapshotWriter::create(journal, follower.reigns.clone())?;
    let header = follower.write(writer)?;
    Ok((header, passed_over))
}

/// Checks every snapshot by replay, oldest first, and removes those that newer ones replace; but not the one that a
/// pruned journal begins with, since without it no replay comes to the others.
pub fn verify(journal: &Path) -> Result<(Vec<Checked>, Vec<Sequence>), FollowError> {
    let checked = check(&RealDisk::read_only(journal), journal)?;
    if !differing(&checked).is_empty() {
        return Ok((checked, Vec::new()));
    }
    let (mut old, _) = old_and_kept(&checked);
    let is_beginning = |sequence: &Sequence| {
        checked.iter().any(|it| it.sequence == *sequence && it.outcome == Ok(Proof::Whole))
    };
    old.retain(|sequence| !is_beginning(sequence));
    remove(journal, &old)?;
    Ok((checked, old))
}

/// Removes the segments that the verified snapshots cover, and the snapshots that newer ones replace.
pub fn prune(journal: &Path) -> Result<Pruned, FollowError> {
    let disk = RealDisk::read_only(journal);
    prune_of(&disk, journal, &mut |behind| snapshot::prune(journal, behind))
}

/// The same of whichever disk; `remove_covered` takes away what a snapshot covers, and names it.
pub(super) fn prune_of<D: Disk>(
    disk: &D,
    journal: &Path,
    remove_covered: &mut dyn FnMut(Sequence) -> Result<Vec<String>, OpenError>,
) -> Result<Pruned, FollowError> {
    let checked = check(disk, journal)?;
    let found = differing(&checked);
    if !found.is_empty() {
        return Err(FollowError::Differs { journal: journal.to_owned(), found });
    }
    let (snapshots, kept) = old_and_kept(&checked);
    let Some(behind) = kept.first().copied() else {
        let flaws = checked.into_iter().filter_map(|checked| checked.outcome.err());
        let refused = flaws.map(|flaw| flaw.to_string()).collect();
        return Err(FollowError::NoneVerified { journal: journal.to_owned(), refused });
    };
    // Old snapshots first: without the segments that follow them they could not be told from another journal's.
    snapshot::begin_pruning(journal, behind)?;
    remove(journal, &snapshots)?;
    let segments = remove_covered(behind)?;
    Ok(Pruned { segments, behind, snapshots, checked })
}

fn differing(checked: &[Checked]) -> Vec<String> {
    let differs = |checked: &Checked| match &checked.outcome {
        Err(Flaw::Differs(what)) => Some(what.clone()),
        _ => None,
    };
    checked.iter().filter_map(differs).collect()
}

/// The good ones, those first that newer ones replace.
fn old_and_kept(checked: &[Checked]) -> (Vec<Sequence>, Vec<Sequence>) {
    let mut old: Vec<Sequence> = good(checked).collect();
    let kept = old.split_off(old.len().saturating_sub(KEPT));
    (old, kept)
}

fn remove(journal: &Path, snapshots: &[Sequence]) -> Result<(), FollowError> {
    for sequence in snapshots {
        snapshot::remove_snapshot(journal, *sequence)?;
    }
    Ok(())
}

fn good(checked: &[Checked]) -> impl Iterator<Item = Sequence> {
    checked.iter().filter(|checked| checked.outcome.is_ok()).map(|checked| checked.sequence)
}

fn check<D: Disk>(disk: &D, journal: &Path) -> Result<Vec<Checked>, FollowError> {
    let mut names = names(journal)?;
    names.reverse();
    let mut is_pruned = read::begins_with(disk)?.is_some_and(|first| first > Sequence(1));
    let pruned_behind = snapshot::pruned_behind(journal)?;
    let mut follower = Follower::begin(journal, LEFT_BY_CHECK)?;
    has_room(journal, 2 * most_outbound_bytes(journal)?, LEFT_BY_CHECK)?;
    let mut checked = Vec::new();
    for sequence in names {
        let loaded = load(disk, journal, sequence, &follower.folder.join("loaded"));
        let outcome = match loaded {
            Err(FollowError::Snapshot(error)) => Err(Flaw::Unusable(error.to_string())),
            Err(error) => return Err(error),
            // The journal was pruned behind one that was verified then: where the replay begins, if it is this one.
            Ok(_)
                if is_pruned
                    && (pruned_behind == Some(sequence)
                        || snapshot::covered(disk, sequence)?.is_empty()) =>
            {
                is_pruned = false;
                follower.resume(disk, sequence)?;
                Ok(Proof::Whole)
            }
            Ok(_) if is_pruned => Err(Flaw::Unusable(no_replay(journal, sequence))),
            Ok(state) => {
                drop(state);
                let before = follower.records;
                follower.go_to(disk, sequence)?;
                let said = SnapshotReader::open(journal, sequence)?.header;
                let measure = SnapshotWriter::measured(follower.reigns.clone())?;
                let found = follower.write(measure)?;
                if said == found {
                    Ok(Proof::Replayed(follower.records - before))
                } else {
                    Err(Flaw::Differs(differs(journal, &said, &found)))
                }
            }
        };
        checked.push(Checked { sequence, outcome });
    }
    Ok(checked)
}

fn no_replay(journal: &Path, sequence: Sequence) -> String {
    let folder = snapshot::snapshot_directory(journal);
    format!(
        "{} is whole, but no replay can come to it: the records before it were pruned, and of the snapshots that stood \
         in for them none is good. Restore one of them to {}, from the peer or a backup",
        snapshot::snapshot_path(journal, sequence).display(),
        folder.display()
    )
}

fn differs(journal: &Path, said: &SnapshotHeader, found: &SnapshotHeader) -> String {
    format!(
        "{} is not what a replay comes to: state hash {:016x} of {} bytes, {:016x} of {} by replay; \
         sent messages {:016x} of {} bytes, {:016x} of {} by replay; reigns {}, {} by replay. Keep the \
         file, and do not prune",
        snapshot::snapshot_path(journal, said.link.sequence).display(),
        said.state_hash,
        said.state_bytes,
        found.state_hash,
        found.state_bytes,
        said.outbound_hash,
        said.outbound_bytes,
        found.outbound_hash,
        found.outbound_bytes,
        said.reigns.starts().len(),
        found.reigns.starts().len()
    )
}

/// Applies a journal beside the exchange whose it is.
struct Follower<'a> {
    journal: &'a Path,
    /// Where its sent messages are, until it is dropped.
    folder: PathBuf,
    engine: Engine,
    kept: Kept,
    link: Option<Link>,
    /// Where the reigns up to there began.
    reigns: Reigns,
    followed: Option<Followed>,
    /// Records that it applied.
    records: u64,
}

/// Keeps sent messages.
struct Kept {
    shelf: Shelf,
    /// Bytes of the disk that are left to the exchange.
    left: u64,
    /// The first error; nothing is kept from then on.
    error: Option<FollowError>,
}

impl Kept {
    fn write(&mut self) -> Result<(), FollowError> {
        has_room(self.shelf.directory(), self.shelf.waiting() as u64, self.left)?;
        let path = self.shelf.directory().to_owned();
        self.shelf.write().map_err(|source| FollowError::Files { path, source })
    }
}

impl EventSink for Kept {
    fn emit(&mut self, event: &Event) {
        if self.error.is_some() {
            return;
        }
        self.shelf.keep(event);
        if self.shelf.waiting() >= RECOVERY_BYTES {
            self.error = self.write().err();
        }
    }
}

impl<'a> Follower<'a> {
    fn begin(journal: &'a Path, left: u64) -> Result<Self, FollowError> {
        let folder = snapshot::follower_folder(journal)?;
        let files = |source| FollowError::Files { path: folder.clone(), source };
        let shelf = Shelf::create(&folder.join("outbound")).map_err(files)?;
        let kept = Kept { shelf, left, error: None };
        let engine = Engine::new();
        let reigns = Reigns::default();
        Ok(Self { journal, folder, engine, kept, link: None, reigns, followed: None, records: 0 })
    }

    /// Begins with the newest usable snapshot that goes no further, if there is one.
    fn resume(&mut self, disk: &impl Disk, up_to: Sequence) -> Result<Vec<String>, FollowError> {
        let shelf = self.folder.join("outbound");
        has_room(self.journal, most_outbound_bytes(self.journal)?, self.kept.left)?;
        let (state, passed_over) = newest(disk, self.journal, &shelf, up_to)?;
        match state {
            Some(State { engine, shelf, link, reigns }) => {
                self.engine = engine;
                self.reigns = reigns;
                self.kept.shelf = shelf;
                self.link = Some(link);
                self.followed = read::follow(disk, self.link, link.sequence, &mut |_| ())?;
            }
            None => {
                let files = |source| FollowError::Files { path: shelf.clone(), source };
                self.kept.shelf = Shelf::create(&shelf).map_err(files)?;
            }
        }
        Ok(passed_over)
    }

    /// Applies all records up to that one.
    fn go_to(&mut self, disk: &impl Disk, last: Sequence) -> Result<(), FollowError> {
        let Self { engine, kept, records, .. } = self;
        let mut apply = |record: &Record| {
            if kept.error.is_none() {
                *records += 1;
                engine.apply(record, kept);
            }
        };
        if let Some(followed) = read::follow(disk, self.link, last, &mut apply)? {
            self.link = Some(followed.link);
            self.reigns.append(&followed.reigns);
            self.followed = Some(followed);
        }
        match self.kept.error.take() {
            Some(error) => Err(error),
            None => self.kept.write(),
        }
    }

    fn write(&mut self, mut writer: SnapshotWriter) -> Result<SnapshotHeader, FollowError> {
        let Some(followed) = &self.followed else {
            return Err(FollowError::Nothing(self.journal.to_owned()));
        };
        let path = snapshot::snapshot_path(self.journal, followed.link.sequence);
        let files = |source| FollowError::Files { path: path.clone(), source };
        self.engine.save(&mut writer).map_err(files)?;
        writer.end_state().map_err(files)?;
        let of_which = |source: io::Error| match source.kind() {
            io::ErrorKind::InvalidData => {
                FollowError::Files { path: self.folder.join("outbound"), source }
            }
            _ => files(source),
        };
        self.kept.shelf.export(&mut writer).map_err(of_which)?;
        let who = (followed.cluster, followed.mark);
        Ok(writer.finish(self.journal, who, followed.link, self.engine.state_hash())?)
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        // What stays has no snapshot's name and is never read.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

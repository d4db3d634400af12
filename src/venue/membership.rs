//! What a node of a cluster and its cluster's agents give each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cluster::chain::{Chain, Start};
use crate::cluster::control::Control;
use crate::cluster::follower::End;
use crate::cluster::{Standing, StateHash};
use crate::gateway::{Doors, Durable};
use crate::journal::transfer::{Installed, Parcel, install, open_arrived};
use crate::journal::{
    self, Disk, NodeFile, PlannedCut, Progress, RealDisk, RealFile, Reigns, Room, SharedEnd,
    Witness,
};
use crate::model::{ClusterName, RecordBytes, Sequence};
use crate::ring::{self, Consumer, Producer, PublishedCursor};
use crate::runtime::Doorbell;
use crate::venue::config::Config;
use crate::venue::{StartError, recovery, snapshot};

/// What the cluster gives.
pub struct Membership {
    /// What the node does, up to where it tells effects, and whether its doors are open.
    pub standing: Arc<Standing>,
    /// The primary's records, each continuing the one before, from the end of this node's log on.
    pub records: Consumer<RecordBytes>,
    /// Takes the engine's running hash every so many records, which a primary tells too.
    pub running_hashes: (Producer<StateHash>, u64),
    /// Takes the hash over the whole state every so many records, from a node that follows only: it takes as
    /// long as the state is large, and the node falls behind meanwhile.
    pub state_hashes: (Producer<StateHash>, u64),
    /// For operators who ask for the cluster, where there is an agent that answers.
    pub control: Option<Arc<Control>>,
}

/// What the node gives back.
pub struct Joined {
    /// Everything that goes into the log ring from now on, numbered here or elsewhere. To be read without
    /// end: it holds up the sequencer when it is full.
    pub log: Consumer<RecordBytes>,
    /// The position after the last record in the log ring: what is in memory.
    pub published: Arc<PublishedCursor>,
    /// What is in the journal, and what is synced.
    pub progress: Arc<Progress>,
    /// Where the reigns of the log began, and its last record, at the start.
    pub chain: Chain,
    /// That record.
    pub end: End,
    /// The running hash over all records up to it.
    pub hash: u64,
    /// Wakes the sequencer: for records that it is to take, and for a new post.
    pub sequencer: Doorbell,
    /// Wakes the gateway: for what is released.
    pub gateway: Doorbell,
    /// What this node must never forget: the highest epoch that it has seen. It holds the lock of the
    /// directory, as the journal does: who starts the node anew drops it first.
    pub node: NodeFile<RealFile>,
    /// Where what it acknowledges is witnessed ([`Witness`]), in memory.
    pub witness: PathBuf,
    /// The mark of this journal: tells it from others that lay in its directory.
    pub tag: u128,
}

/// Cuts the journal of a node that does not run back to the last record that it shares with the primary, and
/// gives the number of records that this took away. Its life goes on: what lay behind that record it owes to
/// nobody, and its witness says no more that it does. What the journal or the life names as told to clients is never cut: an
/// operator overrode the view, and has to say so once more.
///
/// The records of a log ring that is still there, and that the journal has not received, lie behind that
/// record: the ring goes too.
pub fn cut_back(config: &Config, end: &SharedEnd) -> Result<u64, StartError> {
    let mut disk = RealDisk::open(&config.journal.directory)?;
    let ring = ring_path(config)?;
    let witness = witness_path(&ring);
    cut_disk_back(&mut disk, config.cluster.name, &ring, &witness, end)
}

/// The life of a node's log, to whoever cuts or opens that log.
pub(super) trait Life {
    /// The last record that clients were told of in it. The journal may not name it yet: it does with its next batch.
    fn told(&self) -> Result<Sequence, StartError>;

    /// What lies behind a record is owed to nobody any more.
    fn lower(&self, to: Sequence) -> Result<(), StartError>;

    /// It is over.
    fn end(&self);
}

impl Life for PathBuf {
    fn told(&self) -> Result<Sequence, StartError> {
        Witness::told(self).map_err(|source| StartError::Ring { path: self.clone(), source })
    }

    fn lower(&self, to: Sequence) -> Result<(), StartError> {
        let error = |source| StartError::Ring { path: self.clone(), source };
        Witness::cut_to(self, to).map_err(error)
    }

    fn end(&self) {
        if let Err(error) = Witness::forget(self) {
            tracing::warn!("{}: cannot be removed: {error}", self.display());
        }
    }
}

/// See [`cut_back`].
pub(super) fn cut_disk_back<D: Disk>(
    disk: &mut D,
    cluster: ClusterName,
    ring: &Path,
    life: &impl Life,
    end: &SharedEnd,
) -> Result<u64, StartError> {
    outlived(life, || {
        let mut node = NodeFile::open(disk, cluster)?;
        let plan = PlannedCut::new(disk, cluster, end)?;
        let records = plan.records();
        let (to, told) = (end.sequence, plan.released().max(life.told()?));
        if told > to {
            return Err(StartError::CutTold { to, told });
        }
        life.lower(to)?;
        let error = |source| StartError::Ring { path: ring.to_owned(), source };
        ring::unlink(ring).map_err(error)?;
        plan.carry_out(disk, &mut node)?;
        Ok(records)
    })
}

/// Does something with a node's disk. Where that fails nobody can say what is on it, so the life of its log is over.
pub(super) fn outlived<T>(
    life: &impl Life,
    act: impl FnOnce() -> Result<T, StartError>,
) -> Result<T, StartError> {
    let result = act();
    if result.as_ref().is_err_and(StartError::is_of_disk) {
        life.end();
    }
    result
}

/// Puts the snapshot that a node which does not run was sent into the place of its journal, if it can be used; where it
/// cannot, nothing is changed. What the journal held is set aside. The life of the log is over: this node owes its
/// records to nobody, since a view names it only while it has all that was told, and then it is sent no snapshot.
/// `shared` is the last record that the primary has as well: as with [`cut_back`], what it or its life names as told behind
/// that does not go.
///
/// What the log ring still holds is of the journal that is set aside, and was brought into it when the node stopped:
/// the ring goes.
pub fn take_in_snapshot(
    config: &Config,
    shared: Sequence,
    parcel: &Parcel,
) -> Result<Option<Installed>, StartError> {
    let journal = &config.journal.directory;
    let mut disk = RealDisk::open(journal)?;
    NodeFile::open(&mut disk, config.cluster.name)?;
    let shelf = journal.join("outbound").with_extension("arrived");
    let unpacked = snapshot::unpack(open_arrived(journal, parcel.link.sequence)?, &shelf);
    // What stays is written over by the next one.
    let _ = std::fs::remove_dir_all(&shelf);
    drop(unpacked?);
    let ring = ring_path(config)?;
    let witness = witness_path(&ring);
    keeps_what_was_told(&disk, &witness, shared)?;
    let error = |path: &Path| {
        let path = path.to_owned();
        move |source| StartError::Ring { path, source }
    };
    Witness::forget(&witness).map_err(error(&witness))?;
    ring::unlink(&ring).map_err(error(&ring))?;
    let options = config.journal.options(config.cluster.name, parcel.mark);
    Ok(install(&disk, journal, parcel, &options)?)
}

/// Whether all that a journal has, and it or its life names as told, is in the part that is shared with the primary.
fn keeps_what_was_told<D: Disk>(
    disk: &D,
    life: &impl Life,
    shared: Sequence,
) -> Result<(), StartError> {
    let told = journal::read::told_behind(disk, shared)?.max(life.told()?);
    match told > shared {
        true => Err(StartError::CutTold { to: shared, told }),
        false => Ok(()),
    }
}

/// The chain of a log.
pub(super) fn chain(reigns: &Reigns, last: Sequence) -> Chain {
    let start = |start: &journal::ReignStart| {
        let journal::ReignStart { epoch, first, running_hash } = *start;
        Start { reign: epoch, first, hash: running_hash }
    };
    let starts = reigns.starts().iter().map(start).collect();
    Chain::told(starts, reigns.is_whole(), last)
        .expect("the reigns of a log rise, and begin with its first record")
}

/// Where the log ring of a configuration lies.
pub(super) fn ring_path(config: &Config) -> Result<PathBuf, StartError> {
    let directory = &config.journal.ring_directory;
    recovery::ring_path(directory, &config.journal.directory)
        .map_err(|source| StartError::Ring { path: directory.clone(), source })
}

/// Where what a node acknowledges is witnessed: beside its log ring.
pub(super) fn witness_path(ring: &Path) -> PathBuf {
    ring.with_extension("witness")
}

/// What the cluster has released.
pub(super) struct Released(pub Arc<Standing>, pub Arc<Progress>);

impl Durable for Released {
    fn sequence(&self) -> Sequence {
        self.0.released()
    }

    fn has_room(&self) -> bool {
        self.1.room() == Room::Plenty
    }
}

/// "primary" or "standby", as the doors have it.
pub(super) fn role(doors: &Doors) -> &'static str {
    if doors.epoch().is_some() { "primary" } else { "standby" }
}

#[cfg(test)]
mod tests;

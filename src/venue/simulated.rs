//! A node for a simulation: put together as [`Venue::join`](super::Venue::join) does, over a simulated disk and
//! network, and turned by hand.
//!
//! The log ring is the very ring of `serve`, in a file of tmpfs: it outlives the simulated process as it
//! outlives a real one, and `recover` reads it.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::cluster::Standing;
use crate::cluster::agent::Seat;
use crate::cluster::follower::End;
use crate::engine::Engine;
use crate::gateway::facts::Telltale;
use crate::gateway::simulated::SimulatedNetwork;
use crate::journal::simulated::{SimulatedDisk, SimulatedFile};
use crate::journal::{self, Disk, JournalOptions, NodeFile, SharedEnd, forget_unsynced};
use crate::model::{Command, HashSecret, RecordBytes, Sequence};
use crate::ring::{self, Consumer, Producer};
use crate::runtime::{Agent, Fault, Now};
use crate::telemetry;
use crate::venue::config::Config;
use crate::venue::durability::SyncPause;
use crate::venue::follow::Hashes;
use crate::venue::membership::{Released, chain, cut_disk_back, outlived};
use crate::venue::node::{GatewayParts, Node, Parts, Role, Sizes, pair, take};
use crate::venue::recovery::{Start, recover};
use crate::venue::{BACKGROUND_SYNC, StartError, snapshot};

/// Small, so that rings fill up.
const SIZES: Sizes = Sizes { commands: 256, events: 1_024 };
/// Room for two of the longest batches of a primary.
const RECORDS: usize = 2_048;
const HASHES: usize = 256;
const LATE: usize = 4;

/// What a node is put together from.
pub struct Place<'a> {
    /// Its configuration.
    pub config: &'a Config,
    /// How its journal is opened.
    pub options: &'a JournalOptions,
    /// Its disk.
    pub disk: SimulatedDisk,
    /// Where sent messages are kept.
    pub shelf: &'a Path,
    /// Where its log ring lies.
    pub ring: &'a Path,
    /// Places of the log ring.
    pub ring_records: usize,
    /// What its clients reach it by.
    pub network: SimulatedNetwork,
    /// For the genesis of a log that has none.
    pub secret: u128,
    /// From one comparison of states to the next, in records.
    pub compare_every: u64,
    /// Where the life of its log is witnessed.
    pub witness: &'a Path,
}

/// What a node has become.
pub struct Joined {
    /// Its agents, but for the cluster's.
    pub node: SimulatedNode,
    /// For the cluster's agent.
    pub seat: Seat,
    /// A further reader of the log ring, for whoever checks.
    pub tap: Consumer<RecordBytes>,
    /// What it must never forget.
    pub file: NodeFile<SimulatedFile>,
    /// The mark of its journal.
    pub tag: u128,
    /// Records that only the log ring had.
    pub from_ring: u64,
}

/// An agent of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The gateway.
    Gateway,
    /// The sequencer with the engine.
    Sequencer,
    /// What copies the log ring into the journal.
    Journal,
    /// What syncs it.
    Syncer,
    /// What keeps sent messages.
    Store,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Gateway, Self::Sequencer, Self::Journal, Self::Syncer, Self::Store];
}

/// A mistake of a node around its cluster's agent, to plant. The simulation must notice each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeMutant {
    /// A report bears the outbound number of the message before it.
    ReuseOutboundNumber,
    /// A command counts whatever logon of its session it was of.
    DropGenerationCheck,
    /// A snapshot holds what is not released yet, and the journal is pruned behind it.
    SnapshotUnreleased,
}

impl NodeMutant {
    /// All of them.
    pub const ALL: [Self; 3] =
        [Self::ReuseOutboundNumber, Self::DropGenerationCheck, Self::SnapshotUnreleased];
}

/// See the module.
pub struct SimulatedNode {
    node: Node<SimulatedNetwork, SimulatedDisk>,
    /// The commands of a gateway that is far behind.
    late: Producer<Command>,
    fault: Fault,
}

impl SimulatedNode {
    /// Recovers what lies on the disk and in the log ring, as a node of a cluster that begins.
    pub fn join(place: Place<'_>) -> Result<Joined, StartError> {
        outlived(&place.witness.to_owned(), || Self::begin(place))
    }

    fn begin(mut place: Place<'_>) -> Result<Joined, StartError> {
        let config = place.config;
        let start = Start::Standby { has_life: place.witness.exists() };
        // The process before may have ended because a sync failed.
        forget_unsynced(&place.disk)?;
        let file = NodeFile::open(&mut place.disk, config.cluster.name)?;
        let recovered = recover(place.disk, config, place.options, place.shelf, place.ring, start)?;
        let last = recovered.log.last;
        let from_ring = recovered.from_ring;
        let error = |source| StartError::Ring { path: place.ring.to_owned(), source };
        let first = last.next().0;
        let (records, mut readers) =
            ring::mapped::<RecordBytes>(place.ring, place.ring_records, 3, first, recovered.tag())
                .map_err(error)?;
        let standing = Arc::new(Standing::default());
        let progress = recovered.opened.progress.clone();
        let (to_sequencer, from_primary) = pair(RECORDS);
        let (running, running_hashes) = pair(HASHES);
        let tag = recovered.tag();
        let (tap, log, journal_records) =
            (take(&mut readers), take(&mut readers), take(&mut readers));
        let seat = Seat {
            standing: standing.clone(),
            log,
            published: records.cursor(),
            progress: progress.clone(),
            records: to_sequencer,
            running_hashes,
            chain: chain(&recovered.reigns, last),
            end: End {
                sequence: last,
                epoch: recovered.log.epoch,
                timestamp: recovered.log.last_timestamp,
            },
            hash: recovered.opened.writer.running_hash(),
        };
        let fault = Fault::new();
        let (engine_end, gateway_end) = telemetry::passage();
        let (latency, _) = telemetry::recorder(gateway_end);
        let hurry = standing.hurry();
        let secret = HashSecret(place.secret);
        let parts = Parts {
            recovered,
            role: Role::Standby { standing: standing.clone(), records: from_primary, secret },
            log_ring: (records, journal_records),
            released: Arc::new(Released(standing, progress)),
            sync_pause: SyncPause {
                hurry,
                background: BACKGROUND_SYNC.min(Duration::from_millis(5)),
            },
            store_bell: None,
            journal_is_alone: true,
            latency: engine_end,
            hashes: Hashes { running: Some((running, place.compare_every)), state: None },
            sizes: SIZES,
            fault: fault.clone(),
        };
        let gateway = GatewayParts { network: place.network, latency, telltale: Telltale::new() };
        let mut node = Node::assemble(config, gateway, parts);
        let (late, from_late) = pair(LATE);
        node.core.sequencer.commands.push(from_late);
        let node = Self { node, late, fault };
        Ok(Joined { node, seat, tap, file, tag, from_ring })
    }

    /// Plants a mistake.
    pub fn plant(&mut self, mutant: NodeMutant) {
        match mutant {
            NodeMutant::ReuseOutboundNumber => self.node.gateway.reuses_number = true,
            NodeMutant::DropGenerationCheck => {
                self.node.core.sequencer.takes_old_generations = true
            }
            NodeMutant::SnapshotUnreleased => {}
        }
    }

    /// A command comes that was sent long ago, to a gateway that is far behind. False where there is no room.
    pub fn come_late(&mut self, command: &Command) -> bool {
        let has_come = self.late.push(command);
        self.late.publish();
        has_come
    }

    /// A turn of one agent.
    pub fn work(&mut self, part: Part, now: Now) -> usize {
        let Node { gateway, store, core, desk_events, .. } = &mut self.node;
        // Nobody asks: nobody takes the answers.
        let unread = desk_events.available();
        desk_events.advance(unread);
        match part {
            Part::Gateway => gateway.work(now),
            Part::Sequencer => core.sequencer.work(now),
            Part::Journal => core.journal.work(now),
            Part::Syncer => core.syncer.work(now),
            Part::Store => store.work(now),
        }
    }

    /// Begins to end in good order, as [`Venue::stop`](super::Venue::stop) does: everybody is logged out.
    pub fn drain(&mut self) {
        self.node.gateway.drain_switches().0.store(true, Ordering::Release);
    }

    /// Whether nobody is connected any more.
    pub fn is_drained(&self) -> bool {
        self.node.gateway.drain_switches().1.load(Ordering::Acquire)
    }

    /// Ends gateway and sequencer. What the journal has to sync is known then.
    pub fn close_hot(&mut self, now: Now) -> Result<(), String> {
        self.node.gateway.close(now);
        self.node.core.sequencer.close(now);
        let closed = *self.node.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let last = closed.ok_or("the sequencer ended without a word")?.last;
        if last != self.last() {
            return Err(format!("the sequencer ended with record {last}, not {}", self.last()));
        }
        Ok(())
    }

    /// Ends the rest, once all is synced.
    pub fn close(&mut self, now: Now) {
        self.node.core.journal.close(now);
        self.node.core.syncer.close(now);
        self.node.store.close(now);
    }

    /// Why it cannot go on, if it cannot.
    pub fn fault(&self) -> Option<String> {
        self.fault.report().map(|report| report.to_string())
    }

    /// Its engine.
    pub fn engine(&self) -> &Engine {
        &self.node.core.sequencer.log.engine
    }

    /// The last record that is synced.
    pub fn journaled(&self) -> Sequence {
        let progress = &self.node.core.sequencer.progress;
        Sequence(progress.synced.load(Ordering::Acquire))
    }

    /// The last record that its engine has applied.
    pub fn last(&self) -> Sequence {
        self.node.core.sequencer.log.last
    }
}

/// Makes a snapshot of all that is synced and released, but of nothing behind `limit`, and prunes the journal behind
/// it; gives its last record, or 0 where none is made, as where there is a newer one. `unreleased` is a mistake to plant:
/// a snapshot of all that the journal has.
pub fn snapshot_and_prune(
    directory: &Path,
    disk: &SimulatedDisk,
    limit: Sequence,
    unreleased: bool,
) -> Result<Sequence, String> {
    let text = |error: snapshot::FollowError| error.to_string();
    let last = match unreleased {
        true => journal::read::stat(disk).map_err(|error| error.to_string())?.verified.last,
        false => snapshot::limit(disk).map_err(text)?.min(limit),
    };
    let newest = journal::snapshot::snapshots(directory).map_err(|error| error.to_string())?;
    if last == Sequence(0) || newest.first().is_some_and(|newest| *newest > last) {
        return Ok(Sequence(0));
    }
    snapshot::take_of(disk, directory, last).map_err(text)?;
    let mut changed = disk.clone();
    let mut remove = |name: &str| changed.remove(name).and_then(|()| changed.sync_directory());
    let pruned = snapshot::prune_of(disk, directory, &mut |behind| {
        journal::snapshot::prune_of(disk, behind, &mut remove)
    });
    let wrong = pruned.map_err(text)?.checked.into_iter().find_map(|checked| checked.outcome.err());
    wrong.map_or(Ok(last), |flaw| Err(flaw.to_string()))
}

/// Cuts the journal of a node that does not run back to what it shares, as `cut_back` does.
pub fn cut_back(
    config: &Config,
    disk: &mut SimulatedDisk,
    ring: &Path,
    witness: &Path,
    end: &SharedEnd,
) -> Result<u64, StartError> {
    cut_disk_back(disk, config.cluster.name, ring, &witness.to_owned(), end)
}

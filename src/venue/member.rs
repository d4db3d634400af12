//! A node of a cluster: it joins, runs, and joins again where it must begin anew.
//!
//! ```text
//!   join ──▶ venue runs, its doors as the cluster says ──▶ another is primary ──▶ stop ─▶ cut ─▶ join
//!                                                      └─▶ it is told to stop: hands over, then stops
//! ```
//!
//! The process stays the same; a venue that has led does not become one that follows, since its state may hold what
//! the log that is shared does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::cluster::agent::{ClusterAgent, Options, Outside, Seat};
use crate::cluster::arbiter::{EtcdArbiter, FileArbiter, OwnView};
use crate::cluster::arrival::DiskArrival;
use crate::cluster::control::{Control, Ending, Saying, Status, Stopped, Wish};
use crate::cluster::frame::BATCH_MAX;
use crate::cluster::history::JournalHistory;
use crate::cluster::keeper::{DiskKeeper, Log};
use crate::cluster::link::{Credentials, check_address};
use crate::cluster::port::ThreadPort;
use crate::cluster::replicator::WINDOW_RECORDS;
use crate::cluster::steward::{PeerReport, Rule, Settings};
use crate::cluster::wires::TcpWires;
use crate::cluster::{Arbiter, Standing};
use crate::journal::RealDisk;
use crate::journal::format::FORMAT_VERSION;
use crate::journal::transfer::Parcel;
use crate::model::{NodeId, Sequence};
use crate::runtime::{Agent, FaultReport, monotonic_ns};
use crate::venue::config::{ArbiterConfig, ClusterConfig, Config, WhenAlone};
use crate::venue::node::pair;
use crate::venue::{
    Host, Joined, Membership, StartError, StopError, Summary, Venue, cut_back, recovery,
    take_in_snapshot,
};

/// Records on their way from the primary to the sequencer.
const RECORDS: usize = 4 * BATCH_MAX as usize;
/// State hashes on their way to the cluster.
const HASHES: usize = 1_024;
/// How long to wait before the arbiter is asked again for what it did not do.
const RETRY: Duration = Duration::from_millis(20);
/// How often the view is read where nothing gives a reason to.
const WATCH: Duration = Duration::from_millis(100);
/// How often it is looked whether the process is to end.
const LOOK: Duration = Duration::from_millis(20);
/// Where a node without an arbiter keeps its copy of the view, in the directory of its journal.
const VIEW: &str = "view";
/// How long a primary that is stopped takes to hand over at most.
const HAND_OVER: Duration = Duration::from_secs(2);

/// A connection between nodes on which nothing arrives for so many times as long as a node's disk may take ends. Less
/// would end that of a standby which takes no more while it waits for its disk.
const LINK_TIMEOUTS: u32 = 2;

/// Why a node does not run on.
#[derive(Debug, Error)]
pub enum RunError {
    /// It cannot begin anew.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It could not be stopped in good order.
    #[error(transparent)]
    Stop(#[from] StopError),
    /// An agent cannot go on.
    #[error(transparent)]
    Fault(#[from] FaultReport),
    /// It takes no further part in the cluster.
    #[error("this node takes no further part: {0}")]
    Out(Stopped),
}

/// See the module.
pub struct Member {
    config: Config,
    venue: Venue,
    control: Arc<Control>,
}

impl Member {
    /// Recovers what is there and joins the cluster of the configuration.
    pub fn join(config: &Config) -> Result<Self, StartError> {
        Self::join_on(config, None)
    }

    /// The same, with its hot agents on a runner that it shares with other nodes, where one is given.
    pub fn join_on(config: &Config, host: Option<&mut Host>) -> Result<Self, StartError> {
        let (venue, control) = join(config, host)?;
        Ok(Self { config: config.clone(), venue, control })
    }

    /// The venue as it runs now.
    pub fn venue(&self) -> &Venue {
        &self.venue
    }

    /// What the cluster's agent knows and is asked.
    pub fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// Runs until `stop` is set, then hands over and stops. `began` is called each time that it has joined anew.
    pub fn run(
        mut self,
        stop: &AtomicBool,
        mut began: impl FnMut(&Venue),
    ) -> Result<Summary, RunError> {
        loop {
            self.pass_on();
            if stop.load(Ordering::Acquire) {
                self.hand_over();
                self.pass_on();
                return Ok(self.venue.stop()?);
            }
            if let Some(report) = self.venue.fault() {
                return Err(report.into());
            }
            let Some(ending) = self.control.wait_for_ending(LOOK) else { continue };
            self.pass_on();
            self.venue.stop()?;
            match ending {
                Ending::Stopped(why) => return Err(RunError::Out(why)),
                Ending::Again => {}
                Ending::Cut(end) => {
                    let records = cut_back(&self.config, &end)?;
                    tracing::warn!(
                        "{records} records behind record {} were numbered by an earlier primary and told to \
                         nobody: they are cut",
                        end.sequence
                    );
                }
                Ending::Snapshot { shared, parcel } => take_in(&self.config, shared, &parcel)?,
            }
            (self.venue, self.control) = join(&self.config, None)?;
            began(&self.venue);
        }
    }

    /// Passes on what the cluster's agent says to people.
    fn pass_on(&self) {
        for Saying { is_warning, text } in self.control.sayings() {
            match is_warning {
                true => tracing::warn!("{text}"),
                false => tracing::info!("{text}"),
            }
        }
    }

    /// Has a standby in sync take over, where this node is primary and there is one.
    fn hand_over(&self) {
        let until = Instant::now() + HAND_OVER;
        let (to, patience) = loop {
            let Some(status) = self.control.status() else { return };
            let is_other = |peer: &PeerReport| peer.is_in_sync;
            if status.report.leads.is_none() || !status.report.peers.iter().any(is_other) {
                return;
            }
            let patience = until.saturating_duration_since(Instant::now());
            let wished = match successor(&status) {
                Some(to) => {
                    let patience_ns = patience.as_nanos() as u64;
                    self.control.wish(Wish::SwitchOver { to, patience_ns }).map(|()| to)
                }
                None => Err("who is in sync does not answer".to_owned()),
            };
            match wished {
                Ok(to) => break (to, patience),
                // The arbiter may be between two leaders of its own, and a standby come back.
                Err(_) if patience > LOOK => std::thread::sleep(LOOK),
                Err(why) => return tracing::warn!("the place is not handed over: {why}"),
            }
        };
        if self.control.wait_for_ending(patience).is_none() {
            let then = match self.config.cluster.is_without_arbiter() {
                true => "nobody does by himself: castle admin promote there, once this one is gone",
                false => "it will, once this one is gone",
            };
            tracing::warn!("node {to} has not taken over in time: {then}");
        }
    }
}

/// Puts a snapshot into the place of the journal. Where it is of no use the node goes on as it was: nothing is changed
/// before that is known, and what was begun then the next start ends.
fn take_in(config: &Config, shared: Sequence, parcel: &Parcel) -> Result<(), StartError> {
    match take_in_snapshot(config, shared, parcel) {
        Ok(Some(installed)) => tracing::info!("{installed}"),
        Ok(None) => {}
        Err(why @ StartError::CutTold { .. }) => return Err(why),
        Err(why) => tracing::warn!("the snapshot that was sent is not used: {why}"),
    }
    Ok(())
}

/// Of the standbys in sync that are there, the one that is the least behind.
fn successor(status: &Status) -> Option<NodeId> {
    let is_ready = |peer: &&PeerReport| peer.is_in_sync && peer.is_connected && !peer.is_waited_for;
    status
        .report
        .peers
        .iter()
        .filter(is_ready)
        .min_by_key(|peer| peer.behind)
        .map(|peer| peer.member.node)
}

fn join(config: &Config, host: Option<&mut Host>) -> Result<(Venue, Arc<Control>), StartError> {
    let cluster = &config.cluster;
    let setup = |why: &dyn std::fmt::Display| StartError::Cluster { why: why.to_string() };
    let me = cluster.me().ok_or_else(|| setup(&"this node is not among its members"))?;
    let credentials = cluster.tls.as_ref().map(Credentials::load).transpose();
    let credentials = credentials.map_err(|error| setup(&error))?;
    for member in &cluster.members {
        check_address(member.address, credentials.as_ref()).map_err(|error| setup(&error))?;
    }
    let arbiter = arbiter(config)?;
    let address = me.address;
    let patience = LINK_TIMEOUTS * cluster.journal_timeout.max(cluster.primary_timeout);
    let wires = TcpWires::listen(address, patience)
        .map_err(|source| StartError::Listen { address, source })?;
    let control = Control::new();
    let standing = Arc::new(Standing::default());
    let (to_sequencer, records) = pair(RECORDS);
    let (running, running_hashes) = pair(HASHES);
    let (state, _) = pair(1);
    let membership = Membership {
        standing: standing.clone(),
        records,
        running_hashes: (running, cluster.compare_every),
        state_hashes: (state, u64::MAX),
        control: Some(control.clone()),
    };
    let options = Options {
        settings: Settings {
            cluster: cluster.name,
            node: cluster.node,
            durability: config.durability,
            primary_timeout_ns: cluster.primary_timeout.as_nanos() as u64,
            standby_timeout_ns: cluster.standby_timeout.as_nanos() as u64,
            journal_timeout_ns: cluster.journal_timeout.as_nanos() as u64,
            retry_ns: RETRY.as_nanos() as u64,
            watch_ns: WATCH.as_nanos() as u64,
            rule: rule(cluster),
        },
        peers: cluster.others(),
        journal_format: FORMAT_VERSION,
        definitions: config.shared(),
        credentials,
        window_records: WINDOW_RECORDS,
    };
    let watched = wires.watched();
    let its = control.clone();
    let venue = Venue::join(config, membership, Some(watched), host, |joined| {
        let Joined {
            log,
            published,
            progress,
            chain,
            end,
            hash,
            sequencer,
            node,
            witness,
            tag,
            ..
        } = joined;
        let found = Log { tag, end: end.sequence, last_reign: chain.last_reign() };
        let random = recovery::random()?;
        let [bell, bell_of_history, bell_of_arrival] = [(); 3].map(|()| sequencer.clone());
        let (keeper, beginning) = DiskKeeper::begin(
            node,
            &witness,
            &found,
            [random as u64, (random >> 64) as u64],
            move || bell.wake(),
        )
        .map_err(|source| StartError::Ring { path: witness.clone(), source })?;
        let port = ThreadPort::new(arbiter, cluster.name, move || sequencer.wake())
            .map_err(StartError::Thread)?;
        let seat = Seat {
            standing,
            log,
            published,
            progress,
            records: to_sequencer,
            running_hashes,
            chain,
            end,
            hash,
        };
        let history =
            JournalHistory::new(&config.journal.directory, move || bell_of_history.wake());
        let arrival = DiskArrival::new(&config.journal.directory, cluster.name, move || {
            bell_of_arrival.wake();
        });
        let outside = Outside {
            arrival: Box::new(arrival),
            wires,
            port: Box::new(port),
            history: Box::new(history),
            keeper: Box::new(keeper),
        };
        let agent = ClusterAgent::new(options, &beginning, seat, outside, its, monotonic_ns());
        Ok(Some(Box::new(agent) as Box<dyn Agent>))
    })?;
    Ok((venue, control))
}

fn arbiter(config: &Config) -> Result<Box<dyn Arbiter>, StartError> {
    let setup = |why: String| StartError::Cluster { why };
    match &config.cluster.arbiter {
        Some(ArbiterConfig::File(directory)) => FileArbiter::open(directory)
            .map(|arbiter| Box::new(arbiter) as Box<dyn Arbiter>)
            .map_err(|error| setup(error.to_string())),
        Some(ArbiterConfig::Etcd(options)) => EtcdArbiter::new(options, &config.cluster.name)
            .map(|arbiter| Box::new(arbiter) as Box<dyn Arbiter>)
            .map_err(|error| setup(error.to_string())),
        None => {
            // Made as a journal's directory is: for its owner only, and synced.
            drop(RealDisk::open(&config.journal.directory)?);
            OwnView::open(&config.journal.directory.join(VIEW))
                .map(|own| Box::new(own) as Box<dyn Arbiter>)
                .map_err(|error| setup(error.to_string()))
        }
    }
}

fn rule(cluster: &ClusterConfig) -> Rule {
    if !cluster.is_without_arbiter() {
        return Rule::Arbiter;
    }
    let others = cluster.others().iter().fold(0, |bits, other| bits | 1 << other.node.0);
    Rule::Operator { others, goes_on_alone: cluster.when_alone == WhenAlone::GoOn }
}

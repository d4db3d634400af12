//! Wires the rooms together from a configuration; nothing else knows them all.
//!
//! ```text
//!   runner          agents                        core
//!   castle-hot      fix gateway, sequencer        [threads] gateway_engine
//!   castle-log      journal                       [threads] journal
//!   castle-sync     syncer                        [threads] syncer
//!   castle-store    outbound store                none
//!   castle-desk     desk                          none
//!   castle-latency  ends intervals of latencies   none
//!   castle-watch    watch                         none
//! ```
//!
//! The first two are those of two placements more (`placement.rs`).

mod admin;
pub mod config;
mod desk;
mod desk_agent;
mod durability;
mod error;
mod follow;
mod listener;
pub mod member;
mod membership;
mod node;
mod placement;
mod recovery;
mod sequencer;
#[cfg(any(test, feature = "simulation"))]
pub mod simulated;
pub mod snapshot;
mod status;
mod watch;

use std::iter::once;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::cluster::follower::End;
use crate::gateway::Durable;
use crate::gateway::facts::Telltale;
use crate::gateway::network::TcpNetwork;
use crate::gateway::store::FILES_MAX;
use crate::journal::transfer::finish_install;
use crate::journal::{NodeFile, RealDisk, Witness, forget_unsynced};
use crate::model::limit::{EVENTS_MAX, RECORD_SIZE_MAX};
use crate::model::{Durability, HashSecret, RecordBytes, Sequence};
use crate::ring;
pub use crate::runtime::dies_with_its_parent;
use crate::runtime::{
    Agent, Fault, FaultReport, Hurry, RunnerBuilder, RunnerHandle, open_files, touch_reserved,
};
use crate::telemetry::{self, LatencyAgent, SharedCollector};
use crate::venue::admin::AdminDoor;
use crate::venue::config::Config;
use crate::venue::config::threads::{Placement, Plan};
use crate::venue::desk_agent::DeskHandle;
use crate::venue::durability::{Published, SyncPause, Synced};
pub use crate::venue::error::{StartError, StopError};
use crate::venue::follow::Hashes;
pub use crate::venue::membership::{Joined, Membership, cut_back, take_in_snapshot};
use crate::venue::membership::{Released, chain, outlived, ring_path, witness_path};
use crate::venue::node::{Core, GatewayParts, Node, Parts, Role, Sizes, take};
pub use crate::venue::placement::Host;
use crate::venue::placement::{BACKGROUND_PARK, HotRunners, STORE_PARK, placed};
pub use crate::venue::recovery::{Replayed, replay_journal};
use crate::venue::recovery::{Start, recover};
use crate::venue::status::Status;
use crate::venue::watch::Watch;

crate::plain_bytes!(RecordBytes, RECORD_SIZE_MAX);

/// Commands on the way from a gateway to the engine.
const COMMANDS: usize = 1_024;
/// Events on the way from the engine to a gateway and the store behind it: as many as stay in a core's second
/// cache, since every slot is written in turn. They are milliseconds of the greatest rate.
const EVENTS: usize = 4_096;
/// How long a stop waits for sessions to log out.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(3);
/// How long a stop waits for the log to become durable.
const SYNC_PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(1);
/// How often the journal is synced where nobody waits for it: what a machine that loses power has lost at
/// most, though effects were told.
const BACKGROUND_SYNC: Duration = Duration::from_millis(20);
/// How often facts are made sentences.
const WATCH_PARK: Duration = Duration::from_millis(20);
/// How often it is looked whether an interval of latencies is over.
const LATENCY_PARK: Duration = Duration::from_millis(100);
/// How long a stop waits for the last of them.
const WATCH_PATIENCE: Duration = Duration::from_secs(1);
/// Files open beside connections and the sent messages of sessions: segments, polls, operators.
const FILES_BESIDE: usize = 128;

const _: () = assert!(EVENTS >= 2 * EVENTS_MAX);

/// How a venue ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The last record.
    pub last: Sequence,
    /// The state hash after it.
    pub state_hash: u64,
}

/// The cluster's side of a node that joins.
struct Cluster<'a> {
    watched: Option<RawFd>,
    seat: Box<Seat<'a>>,
}

type Seat<'a> = dyn FnOnce(Joined) -> Result<Option<Box<dyn Agent>>, StartError> + 'a;

/// A running exchange.
pub struct Venue {
    fix_address: SocketAddr,
    admin_socket: PathBuf,
    ring_path: PathBuf,
    /// Of a node of a cluster.
    witness: Option<PathBuf>,
    recovery: String,
    warnings: Vec<String>,
    plan: Plan,
    fault: Fault,
    drain: Arc<AtomicBool>,
    drained: Arc<AtomicBool>,
    closed: Arc<Mutex<Option<sequencer::Closed>>>,
    status: Status,
    door: Option<AdminDoor>,
    /// Of gateway and engine, in the order in which they are stopped.
    hot: Vec<RunnerHandle>,
    log: Option<RunnerHandle>,
    sync: Option<RunnerHandle>,
    store: Option<RunnerHandle>,
    cold: Option<RunnerHandle>,
    latency: Option<RunnerHandle>,
    watch: Option<RunnerHandle>,
}

impl Venue {
    /// Recovers what is there, and opens the doors.
    pub fn start(config: &Config) -> Result<Self, StartError> {
        Self::begin(config, None, None, None)
    }

    /// Recovers what is there, as a node of a cluster: it numbers nothing and its doors stay shut until the
    /// cluster says otherwise. `seat` takes what the node gives its cluster, and may give an agent that is to be
    /// turned with the engine; `watched` is what becomes readable when that agent's sockets are ready. On a `host` it
    /// shares a runner with other venues, and begins when that is spawned.
    pub fn join(
        config: &Config,
        membership: Membership,
        watched: Option<RawFd>,
        host: Option<&mut Host>,
        seat: impl FnOnce(Joined) -> Result<Option<Box<dyn Agent>>, StartError>,
    ) -> Result<Self, StartError> {
        let cluster = Cluster { watched, seat: Box::new(seat) };
        let life = ring_path(config).map(|ring| witness_path(&ring));
        let begin = || Self::begin(config, Some(membership), Some(cluster), host);
        match life {
            Ok(life) => outlived(&life, begin),
            // There is no directory yet, so there is no life.
            Err(_) => begin(),
        }
    }

    fn begin(
        config: &Config,
        membership: Option<Membership>,
        cluster: Option<Cluster<'_>>,
        mut host: Option<&mut Host>,
    ) -> Result<Self, StartError> {
        let needed = (config.fix.connections_max + FILES_MAX + FILES_BESIDE) as u64;
        let allowed = open_files(needed).map_err(StartError::Thread)?;
        if allowed < needed {
            return Err(StartError::Files { allowed, needed });
        }
        let mut disk = RealDisk::open(&config.journal.directory)?;
        // The process before may have ended while it put a snapshot into its journal's place.
        let installed = finish_install(&disk, &config.journal.directory)?;
        // The process before may have ended because a sync failed.
        forget_unsynced(&disk)?;
        // The port is taken first, so that nothing is changed on disk where it is in use.
        let address = config.fix.listen;
        let listen = |source| StartError::Listen { address, source };
        let network = match membership {
            None => TcpNetwork::listen(address),
            Some(_) => TcpNetwork::not_listening(address),
        };
        let network = network.map_err(listen)?;
        let fix_address = network.local_address().map_err(listen)?;
        let shelf_directory = config.journal.directory.join("outbound");
        let ring_path = ring_path(config)?;
        let options = config.journal.options(config.cluster.name, recovery::random()? as u64);
        // Only a node of a cluster has one.
        let node_file = match membership {
            Some(_) => Some(NodeFile::open(&mut disk, config.cluster.name)?),
            None => None,
        };
        let start = match membership {
            Some(_) => Start::Standby { has_life: witness_path(&ring_path).exists() },
            None => Start::Alone,
        };
        let recovered = recover(disk, config, &options, &shelf_directory, &ring_path, start)?;
        if config.touch_memory {
            touch_reserved();
        }
        let sentence = recovery::sentence(&recovered, config);
        let mut warnings = recovery::forgotten_sessions(&recovered.log.engine, config);
        let plan = config.threads.plan(cores()).kept_from_clients(&allowed_cores());
        warnings.extend(plan.warning().map(str::to_owned));
        warnings.extend(installed.map(|installed| installed.to_string()));
        warnings.extend(recovered.passed_over.iter().cloned());
        let last = recovered.log.last;
        let progress = recovered.opened.progress.clone();
        let (records, mut readers) = ring::mapped::<RecordBytes>(
            &ring_path,
            config.journal.log_ring_records,
            1 + usize::from(membership.is_some()),
            last.next().0,
            recovered.tag(),
        )
        .map_err(|source| StartError::Ring { path: ring_path.clone(), source })?;
        let log_records = take(&mut readers);
        let published = records.cursor();
        let durable: Arc<dyn Durable> = match (&membership, config.durability) {
            (Some(membership), _) => {
                Arc::new(Released(membership.standing.clone(), progress.clone()))
            }
            (None, Durability::LocalMemory) => {
                Arc::new(Published(published.clone(), progress.clone()))
            }
            (None, _) => Arc::new(Synced(progress.clone())),
        };
        let fault = host.as_ref().map_or_else(Fault::new, |host| host.fault().clone());
        let telltale = Telltale::new();
        let (engine_end, gateway_end) = telemetry::passage();
        let (recorder, collector) = telemetry::recorder(gateway_end);
        let collector = SharedCollector::new(collector);
        let latency = latency_agent(config, collector.clone())?;
        let control = membership.as_ref().and_then(|membership| membership.control.clone());
        let cluster_watched = cluster.as_ref().and_then(|cluster| cluster.watched);
        let shares = plan.placement != Placement::Three;
        let watched: Vec<RawFd> =
            once(network.watched()).chain(cluster_watched.filter(|_| shares)).collect();
        // Whether effects are told only when the journal has them.
        let hurry = match &membership {
            Some(membership) => membership.standing.hurry(),
            None => Hurry::new(config.durability != Durability::LocalMemory),
        };
        let hot = HotRunners::new(&plan, &fault, &watched, host.as_deref_mut())?;
        let bells = hot.bells();
        let sync_runner =
            placed(RunnerBuilder::new("castle-sync", &fault).parks_at_once(), plan.syncer)
                .park_timeout(BACKGROUND_PARK);
        let sync_bell = sync_runner.doorbell();
        let store_runner = RunnerBuilder::new("castle-store", &fault)
            .parks_at_once()
            .park_timeout(STORE_PARK)
            .core(plan.syncer.core);

        let witness = node_file.as_ref().map(|_| witness_path(&ring_path));
        let joined = node_file.map(|node| Joined {
            log: take(&mut readers),
            published,
            progress: progress.clone(),
            chain: chain(&recovered.reigns, last),
            end: End {
                sequence: last,
                epoch: recovered.log.epoch,
                timestamp: recovered.log.last_timestamp,
            },
            hash: recovered.opened.writer.running_hash(),
            sequencer: bells.engine.clone(),
            gateway: bells.gateway.clone(),
            node,
            witness: witness_path(&ring_path),
            tag: recovered.tag(),
        });
        let agent = match (cluster, joined) {
            (Some(cluster), Some(joined)) => (cluster.seat)(joined)?,
            _ => None,
        };
        let (role, hashes) = match membership {
            None => (Role::Primary, Hashes::default()),
            Some(membership) => {
                let Membership { standing, records, running_hashes, state_hashes, .. } = membership;
                let secret = HashSecret(recovery::random()?);
                let hashes = Hashes { running: Some(running_hashes), state: Some(state_hashes) };
                (Role::Standby { standing, records, secret }, hashes)
            }
        };
        let telltale_of_gateway = telltale.clone();
        let gateway = GatewayParts { network, latency: recorder, telltale: telltale_of_gateway };
        let sync_pause = SyncPause { hurry: hurry.clone(), background: BACKGROUND_SYNC };
        let node = Node::assemble(
            config,
            gateway,
            Parts {
                recovered,
                role,
                log_ring: (records, log_records),
                released: durable.clone(),
                sync_pause,
                store_bell: Some(store_runner.doorbell()),
                journal_is_alone: plan.placement != Placement::One,
                latency: engine_end,
                hashes,
                sizes: Sizes { commands: COMMANDS, events: EVENTS },
                fault: fault.clone(),
            },
        );
        let Node { gateway, store, core, desk, desk_events, doors, closed } = node;
        let status = Status {
            node: config.cluster.node,
            name: config.cluster.me().map(|me| me.name.clone()).unwrap_or_default(),
            level: config.durability,
            control,
            durable: durable.clone(),
            progress: progress.clone(),
            doors: doors.clone(),
            telltale: telltale.clone(),
            latency: collector,
            plan,
            started: Instant::now(),
        };
        let Core { sequencer, journal, syncer } = core;
        let (drain, drained) = gateway.drain_switches();
        let (desk_handle, desk_agent) =
            DeskHandle::new(desk, bells.engine.clone(), desk_events, durable, doors);
        let (gateway, sequencer, journal) =
            (Box::new(gateway), Box::new(sequencer), Box::new(journal));
        let hot = hot.with(gateway, sequencer, journal, sync_bell, &hurry);
        let hot = match agent {
            Some(agent) => hot.with_cluster(agent, cluster_watched, &fault)?,
            None => hot,
        };
        let (hot, log_runner) = hot.into_runners(host);
        // What the store answers the gateway reads; the engine waits for the room that it makes.
        let store_runner = store_runner
            .agent(Box::new(store))
            .downstream(bells.gateway.clone())
            .downstream(bells.engine);
        let sync_runner =
            sync_runner.agent(Box::new(syncer)).downstream(bells.journal).downstream(bells.gateway);
        let cold = RunnerBuilder::new("castle-desk", &fault)
            .agent(Box::new(desk_agent))
            .park_timeout(BACKGROUND_PARK)
            .parks_at_once();
        let latency = RunnerBuilder::new("castle-latency", &fault)
            .agent(Box::new(latency))
            .park_timeout(LATENCY_PARK)
            .parks_at_once();
        // Whoever reads the log of people may stop reading: nobody waits for this thread.
        let watch = RunnerBuilder::new("castle-watch", &fault)
            .agent(Box::new(Watch { telltale }))
            .park_timeout(WATCH_PARK)
            .parks_at_once();
        let admin_socket = config.admin_socket();
        let admin = |source| StartError::Admin { path: admin_socket.clone(), source };
        let door = AdminDoor::open(&admin_socket, desk_handle, status.clone()).map_err(admin)?;
        let mut venue = Self {
            fix_address,
            admin_socket,
            ring_path,
            witness,
            recovery: sentence,
            warnings,
            plan,
            fault,
            drain,
            drained,
            closed,
            status,
            door: Some(door),
            hot: Vec::new(),
            log: None,
            sync: None,
            store: None,
            cold: None,
            latency: None,
            watch: None,
        };
        venue.watch = Some(watch.spawn().map_err(StartError::Thread)?);
        venue.store = Some(store_runner.spawn().map_err(StartError::Thread)?);
        venue.sync = Some(sync_runner.spawn().map_err(StartError::Thread)?);
        venue.log = log_runner.map(RunnerBuilder::spawn).transpose().map_err(StartError::Thread)?;
        venue.cold = Some(cold.spawn().map_err(StartError::Thread)?);
        venue.latency = Some(latency.spawn().map_err(StartError::Thread)?);
        // Who reads comes before who writes.
        for runner in hot.into_iter().rev() {
            venue.hot.insert(0, runner.spawn().map_err(StartError::Thread)?);
        }
        venue.note_pinning();
        Ok(venue)
    }

    /// Where FIX clients connect.
    pub fn fix_address(&self) -> SocketAddr {
        self.fix_address
    }

    /// Where the operator connects.
    pub fn admin_socket(&self) -> &Path {
        &self.admin_socket
    }

    /// What was recovered, in a sentence.
    pub fn recovery(&self) -> &str {
        &self.recovery
    }

    /// Which agents share a thread, where and how each runs, and why so.
    pub fn threads(&self) -> String {
        format!("{}: {}", self.plan.placement_text(), self.plan)
    }

    /// What an operator should know although the venue runs.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Why an agent could not go on, if one could not.
    pub fn fault(&self) -> Option<FaultReport> {
        self.fault.report()
    }

    /// Waits until `stop` is set or an agent cannot go on.
    pub fn wait(&self, stop: &AtomicBool) -> Result<(), FaultReport> {
        while !stop.load(Ordering::Acquire) {
            if let Some(report) = self.fault.wait(Duration::from_millis(50)) {
                return Err(report);
            }
        }
        Ok(())
    }

    /// Logs everybody out, makes the log durable and ends all threads.
    pub fn stop(mut self) -> Result<Summary, StopError> {
        self.drain.store(true, Ordering::Release);
        let deadline = Instant::now() + LOGOUT_PATIENCE;
        while !self.drained.load(Ordering::Acquire)
            && !self.fault.is_raised()
            && Instant::now() < deadline
        {
            std::thread::sleep(POLL);
        }
        self.door = None;
        end_all(&mut self.hot);
        if let Some(report) = self.fault.report() {
            return Err(StopError::Fault(report));
        }
        let closed = *self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(closed) = closed else {
            let who = "sequencer".to_owned();
            let message = "it ended without a word".to_owned();
            return Err(StopError::Fault(FaultReport { who, message }));
        };
        let synced = || Sequence(self.status.progress.synced.load(Ordering::Acquire));
        let deadline = Instant::now() + SYNC_PATIENCE;
        while synced() < closed.last {
            if let Some(report) = self.fault.report() {
                return Err(StopError::Fault(report));
            }
            if Instant::now() >= deadline {
                return Err(StopError::NotDurable { last: closed.last, synced: synced() });
            }
            std::thread::sleep(POLL);
        }
        end(&mut self.log);
        end(&mut self.sync);
        end(&mut self.store);
        end(&mut self.cold);
        end(&mut self.latency);
        end_in_time(&mut self.watch);
        if let Some(report) = self.fault.report() {
            return Err(StopError::Fault(report));
        }
        // Everything in it lies on disk: a ring that stays would only take memory.
        if let Err(error) = ring::unlink(&self.ring_path) {
            tracing::warn!("{}: cannot be removed: {error}", self.ring_path.display());
        }
        Ok(Summary { last: closed.last, state_hash: closed.state_hash })
    }

    fn note_pinning(&mut self) {
        for runner in self.hot.iter().chain(&self.log).chain(&self.sync) {
            if let crate::runtime::Pinning::Refused(core) = runner.pinning() {
                self.warnings.push(format!(
                    "{} could not be pinned to core {core} ([threads]): it runs wherever it is put",
                    runner.name()
                ));
            }
        }
    }
}

impl Drop for Venue {
    /// Ends the threads of a venue that was not stopped. Its ring stays for the next start.
    fn drop(&mut self) {
        self.door = None;
        end_all(&mut self.hot);
        for runner in
            [&mut self.log, &mut self.sync, &mut self.store, &mut self.cold, &mut self.latency]
        {
            end(runner);
        }
        end_in_time(&mut self.watch);
        // What could not go on may not say that it has lost nothing.
        if self.fault.is_raised()
            && let Some(witness) = &self.witness
            && let Err(error) = Witness::forget(witness)
        {
            tracing::warn!("{}: cannot be removed: {error}", witness.display());
        }
    }
}

fn end(runner: &mut Option<RunnerHandle>) {
    if let Some(runner) = runner.take() {
        runner.stop();
        runner.join();
    }
}

/// Ends them one after the other.
fn end_all(runners: &mut Vec<RunnerHandle>) {
    for runner in runners.drain(..) {
        end(&mut Some(runner));
    }
}

/// Ends a runner that may hang in writing, and leaves it behind if it does.
fn end_in_time(runner: &mut Option<RunnerHandle>) {
    let Some(runner) = runner.take() else { return };
    runner.stop();
    let deadline = Instant::now() + WATCH_PATIENCE;
    while !runner.is_finished() {
        if Instant::now() >= deadline {
            return std::mem::forget(runner);
        }
        std::thread::sleep(POLL);
    }
    runner.join();
}

/// Cores that this process may use, by its affinity and its share of the machine.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Their numbers, by the affinity of the thread that starts the venue.
fn allowed_cores() -> Vec<usize> {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    cores.into_iter().map(|core| core.id).collect()
}

fn latency_agent(config: &Config, collector: SharedCollector) -> Result<LatencyAgent, StartError> {
    let path = config.telemetry.latency_log.as_deref();
    LatencyAgent::new(collector, config.telemetry.latency_interval, path).map_err(|source| {
        StartError::LatencyLog { path: path.unwrap_or(Path::new("")).to_owned(), source }
    })
}

#[cfg(test)]
mod tests;

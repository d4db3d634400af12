//! Wires the rooms together from a configuration; nothing else knows them all.
//!
//! ```text
//!   runner        agents                      core
//!   castle-hot    fix gateway, sequencer      [threads] gateway_engine
//!   castle-log    journal                     [threads] journal
//!   castle-sync   syncer                      the same; it mostly waits for the disk
//!   castle-store  outbound store              none
//!   castle-desk   desk                        none
//!   castle-latency  ends intervals of latencies  none
//!   castle-watch  watch                       none
//! ```

mod admin;
pub mod config;
mod desk;
mod desk_agent;
mod durability;
mod recovery;
mod sequencer;
mod status;
mod watch;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::fix::directory::Directory;
use crate::gateway::facts::Telltale;
use crate::gateway::fix::Rings;
use crate::gateway::network::TcpNetwork;
use crate::gateway::store::{FILES_MAX, Kept, Query, Store};
use crate::gateway::{Durable, FixGateway, Limits};
use crate::journal::{JournalError, OpenError, RealDisk};
use crate::model::limit::{EVENTS_MAX, RECORD_SIZE_MAX};
use crate::model::{Command, Durability, Event, GatewayId, RecordBytes, Refusal, Sequence};
use crate::ring::{self, Consumer, Producer};
use crate::runtime::{Fault, FaultReport, Idle, RunnerBuilder, RunnerHandle, open_files};
use crate::telemetry::{self, LatencyAgent, SharedCollector};
use crate::venue::admin::AdminDoor;
use crate::venue::config::{Config, IdleConfig, ThreadConfig};
use crate::venue::desk::Desk;
use crate::venue::desk_agent::DeskHandle;
use crate::venue::durability::{JournalAgent, Published, SyncAgent, Synced};
use crate::venue::recovery::recover;
pub use crate::venue::recovery::{Replayed, replay_journal};
use crate::venue::sequencer::{Sequencer, Timers};
use crate::venue::status::Status;
use crate::venue::watch::Watch;

crate::plain_bytes!(RecordBytes, RECORD_SIZE_MAX);

/// Commands on the way from a gateway to the engine.
const COMMANDS: usize = 1_024;
/// Events on the way from the engine to a gateway and the store behind it.
const EVENTS: usize = 16_384;
/// Chunks of resends asked for at a time.
const QUERIES: usize = 1_024;
/// Kept events on the way from the store to a gateway.
const ANSWERS: usize = 1_024;
/// How long a stop waits for sessions to log out.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(3);
/// How long a stop waits for the log to become durable.
const SYNC_PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(1);
/// How often facts are made sentences.
const WATCH_PARK: Duration = Duration::from_millis(20);
/// How often it is looked whether an interval of latencies is over.
const LATENCY_PARK: Duration = Duration::from_millis(100);
/// How long a stop waits for the last of them.
const WATCH_PATIENCE: Duration = Duration::from_secs(1);
/// Files open beside connections and the sent messages of sessions: segments, polls, operators.
const FILES_BESIDE: usize = 128;

const _: () = assert!(EVENTS >= 2 * EVENTS_MAX);

/// Why a venue cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal does not begin with a genesis.
    #[error(
        "the journal's first record is no genesis: it is no exchange's journal, or a part of one"
    )]
    NoGenesis,
    /// The store of sent messages cannot be made.
    #[error("{}: the store of sent messages cannot be written: {source}", path.display())]
    Outbound {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log ring cannot be read or made.
    #[error("the log ring {}: {source}", path.display())]
    Ring {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Records between the journal and the ring are missing.
    #[error(
        "the log ring {} goes on with record {found}, the journal ends with {last}: records \
         between them are missing. Was the journal directory replaced by an older copy? Bring the \
         newer one back, or remove the ring file to go on without its records", path.display()
    )]
    RingGap {
        /// The ring.
        path: PathBuf,
        /// The journal's last record.
        last: Sequence,
        /// The ring's next.
        found: Sequence,
    },
    /// The listener cannot be made.
    #[error("cannot listen for FIX on {address}: {source}{}", who_has(*address, source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The operator's socket cannot be made.
    #[error("cannot open the operator's socket {}: {source}", path.display())]
    Admin {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log of latencies cannot be written.
    #[error("{}: the log of latencies ([telemetry] latency_log) cannot be written: {source}", path.display())]
    LatencyLog {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// The log has something else under this id or name.
    #[error(
        "{what} cannot be brought in: the log has it otherwise, or something else in its place \
         ({:?}, value {}, limit {}). Ids are positions in the file: add at the end, remove nothing, \
         and do not change what the log has fixed", refusal.code, refusal.value, refusal.limit
    )]
    Definition {
        /// What, as the configuration has it.
        what: String,
        /// The engine's answer.
        refusal: Refusal,
    },
    /// The system gives fewer open files than the venue may need.
    #[error(
        "the system allows {allowed} open files, and {needed} may be needed: lower [fix] \
         connections_max, or raise the limit (ulimit -n, LimitNOFILE=)"
    )]
    Files {
        /// The limit.
        allowed: u64,
        /// What is needed.
        needed: u64,
    },
    /// No random number for the secret of the log.
    #[error("/dev/urandom: {0}")]
    Random(io::Error),
}

/// Why a stop was not orderly.
#[derive(Debug, Error)]
pub enum StopError {
    /// An agent could not go on.
    #[error("{0}")]
    Fault(FaultReport),
    /// The log did not become durable.
    #[error(
        "the log is written to record {last} and synced to {synced}, and the disk does not take \
         the rest within {} s. What was acknowledged is safe; the rest is read from the log ring \
         at the next start", SYNC_PATIENCE.as_secs()
    )]
    NotDurable {
        /// The last record.
        last: Sequence,
        /// The last that is synced.
        synced: Sequence,
    },
}

/// How a venue ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The last record.
    pub last: Sequence,
    /// The state hash after it.
    pub state_hash: u64,
}

/// A running exchange.
pub struct Venue {
    fix_address: SocketAddr,
    admin_socket: PathBuf,
    ring_path: PathBuf,
    recovery: String,
    warnings: Vec<String>,
    fault: Fault,
    drain: Arc<AtomicBool>,
    drained: Arc<AtomicBool>,
    closed: Arc<Mutex<Option<sequencer::Closed>>>,
    status: Status,
    door: Option<AdminDoor>,
    hot: Option<RunnerHandle>,
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
        let needed = (config.fix.connections_max + FILES_MAX + FILES_BESIDE) as u64;
        let allowed = open_files(needed).map_err(StartError::Thread)?;
        if allowed < needed {
            return Err(StartError::Files { allowed, needed });
        }
        let disk = RealDisk::open(&config.journal.directory)?;
        // The port is taken first, so that nothing is changed on disk where it is in use.
        let address = config.fix.listen;
        let listen = |source| StartError::Listen { address, source };
        let network = TcpNetwork::listen(address).map_err(listen)?;
        let fix_address = network.local_address().map_err(listen)?;
        let shelf_directory = config.journal.directory.join("outbound");
        let ring_path =
            recovery::ring_path(&config.journal.ring_directory, &config.journal.directory)
                .map_err(|source| StartError::Ring {
                    path: config.journal.ring_directory.clone(),
                    source,
                })?;
        let options = config.journal.options(config.cluster.name, recovery::random()? as u64);
        let recovered = recover(disk, config, &options, &shelf_directory, &ring_path)?;
        let sentence = recovery::sentence(&recovered, config);
        let warnings = recovery::forgotten_sessions(&recovered.log.engine, config);
        let recovery::Recovered { opened, log, listener, secret, .. } = recovered;
        let (records, mut readers) = ring::mapped::<RecordBytes>(
            &ring_path,
            config.journal.log_ring_records,
            1,
            log.last.next().0,
            secret.0,
        )
        .map_err(|source| StartError::Ring { path: ring_path.clone(), source })?;
        let durable: Arc<dyn Durable> = match config.durability {
            Durability::LocalMemory => {
                Arc::new(Published(records.cursor(), opened.progress.clone()))
            }
            _ => Arc::new(Synced(opened.progress.clone())),
        };
        let fault = Fault::new();
        let telltale = Telltale::new();
        let (engine_end, gateway_end) = telemetry::passage();
        let (recorder, collector) = telemetry::recorder(gateway_end);
        let collector = SharedCollector::new(collector);
        let latency = latency_agent(config, collector.clone())?;
        let status = Status {
            node: config.cluster.node,
            level: config.durability,
            durable: durable.clone(),
            progress: opened.progress.clone(),
            telltale: telltale.clone(),
            latency: collector,
            started: Instant::now(),
        };
        let (commands, from_gateway) = pair::<Command>(COMMANDS);
        let (queries, to_store) = pair::<Query>(QUERIES);
        let (answers, from_store) = pair::<Kept>(ANSWERS);
        let (fix_events, mut fix_readers) = ring::ring::<Event>(EVENTS, 2);
        let (desk_events, desk_reader) = pair::<Event>(EVENTS);

        let (park, unpark) = network.park().map_err(StartError::Thread)?;
        let hot = RunnerBuilder::with_park("castle-hot", &fault, Box::new(park), unpark);
        let (hot_bell, mut hot) = (hot.doorbell(), placed(hot, config.threads.gateway_engine));
        let log_runner = RunnerBuilder::new("castle-log", &fault);
        let (log_bell, log_runner) =
            (log_runner.doorbell(), placed(log_runner, config.threads.journal));
        let sync_runner = RunnerBuilder::new("castle-sync", &fault);
        let sync_bell = sync_runner.doorbell();
        let store_runner = RunnerBuilder::new("castle-store", &fault).idle(Idle::Park);
        let store_bell = store_runner.doorbell();

        let directory = directory(config, secret, &log.engine);
        let gateway = FixGateway::new(
            GatewayId(0),
            limits(config),
            network,
            directory,
            durable.clone(),
            Rings {
                commands,
                events: take(&mut fix_readers),
                queries,
                answers: from_store,
                latency: recorder,
            },
            telltale.clone(),
        );
        let (drain, drained) = gateway.drain_switches();
        let desk = Arc::new(Desk::default());
        let (desk_handle, desk_agent) =
            DeskHandle::new(desk.clone(), hot_bell.clone(), desk_reader, durable.clone());
        let closed = Arc::new(Mutex::new(None));
        let events = take(&mut fix_readers);
        let store = Store::new(listener.shelf, events, to_store, answers, fault.clone());
        let timers = Timers::new(config.rollover_s, config.reconnect_grace, &log.engine);
        let sequencer = Sequencer {
            log,
            records,
            commands: vec![from_gateway],
            events: vec![fix_events, desk_events],
            desk,
            waiting: None,
            store_stuck: store.stuck(),
            own_turn: false,
            progress: opened.progress.clone(),
            timers,
            latency: engine_end,
            closed: closed.clone(),
        };
        let journal = JournalAgent {
            records: take(&mut readers),
            writer: opened.writer,
            progress: opened.progress.clone(),
            named: Sequence(0),
            idle_since_ns: 0,
            released: durable,
            fault: fault.clone(),
        };
        let syncer = SyncAgent { syncer: opened.syncer, fault: fault.clone() };
        hot = hot
            .agent(Box::new(gateway))
            .agent(Box::new(sequencer))
            .downstream(log_bell.clone())
            .downstream(store_bell);
        let log_runner = log_runner.agent(Box::new(journal)).downstream(sync_bell);
        let store_runner = store_runner.agent(Box::new(store)).downstream(hot_bell.clone());
        let sync_runner = sync_runner
            .agent(Box::new(syncer))
            .idle(Idle::Park)
            .core(config.threads.journal.core)
            .downstream(log_bell)
            .downstream(hot_bell);
        let cold =
            RunnerBuilder::new("castle-desk", &fault).agent(Box::new(desk_agent)).idle(Idle::Park);
        let latency = RunnerBuilder::new("castle-latency", &fault)
            .agent(Box::new(latency))
            .park_timeout(LATENCY_PARK)
            .idle(Idle::Park);
        // Whoever reads the log of people may stop reading: nobody waits for this thread.
        let watch = RunnerBuilder::new("castle-watch", &fault)
            .agent(Box::new(Watch { telltale }))
            .park_timeout(WATCH_PARK)
            .idle(Idle::Park);
        let admin_socket = config.admin_socket();
        let admin = |source| StartError::Admin { path: admin_socket.clone(), source };
        let door = AdminDoor::open(&admin_socket, desk_handle, status.clone()).map_err(admin)?;
        let mut venue = Self {
            fix_address,
            admin_socket,
            ring_path,
            recovery: sentence,
            warnings,
            fault,
            drain,
            drained,
            closed,
            status,
            door: Some(door),
            hot: None,
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
        venue.log = Some(log_runner.spawn().map_err(StartError::Thread)?);
        venue.cold = Some(cold.spawn().map_err(StartError::Thread)?);
        venue.latency = Some(latency.spawn().map_err(StartError::Thread)?);
        venue.hot = Some(hot.spawn().map_err(StartError::Thread)?);
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

    /// What an operator should know although the venue runs.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
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
        end(&mut self.hot);
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
        for runner in [&self.hot, &self.log, &self.sync].into_iter().flatten() {
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
        for runner in [
            &mut self.hot,
            &mut self.log,
            &mut self.sync,
            &mut self.store,
            &mut self.cold,
            &mut self.latency,
        ] {
            end(runner);
        }
        end_in_time(&mut self.watch);
    }
}

fn end(runner: &mut Option<RunnerHandle>) {
    if let Some(runner) = runner.take() {
        runner.stop();
        runner.join();
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

fn placed(runner: RunnerBuilder, thread: ThreadConfig) -> RunnerBuilder {
    let idle = match thread.idle {
        IdleConfig::Spin => Idle::Spin,
        IdleConfig::Yield => Idle::Yield,
        IdleConfig::Park => Idle::Park,
    };
    runner.core(thread.core).idle(idle)
}

fn pair<T: Copy + Default + Send>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let (producer, mut consumers) = ring::ring(capacity, 1);
    (producer, take(&mut consumers))
}

fn take<T>(consumers: &mut Vec<Consumer<T>>) -> Consumer<T> {
    consumers.pop().expect("as many consumers are taken as were asked for")
}

fn directory(
    config: &Config,
    secret: crate::model::HashSecret,
    engine: &crate::engine::Engine,
) -> Directory {
    use crate::model::EventBody;
    let mut directory = Directory::new(config.fix.comp_id, secret);
    let view = engine.view();
    let assets = view.assets().map(|asset| EventBody::AssetDefined(*asset));
    let instruments = view.instruments().map(|known| EventBody::InstrumentDefined(*known));
    let sessions = view.sessions().map(|session| EventBody::SessionDefined(session.definition));
    for body in assets.chain(instruments).chain(sessions) {
        directory.apply(&Event { body, ..Event::default() });
    }
    directory
}

fn latency_agent(config: &Config, collector: SharedCollector) -> Result<LatencyAgent, StartError> {
    let path = config.telemetry.latency_log.as_deref();
    LatencyAgent::new(collector, config.telemetry.latency_interval, path).map_err(|source| {
        StartError::LatencyLog { path: path.unwrap_or(Path::new("")).to_owned(), source }
    })
}

fn limits(config: &Config) -> Limits {
    let fix = &config.fix;
    Limits {
        connections_max: fix.connections_max,
        logon_timeout_ms: fix.logon_timeout.as_millis() as u64,
        bytes_before_logon_max: fix.bytes_before_logon_max,
        message_size_max: fix.message_size_max,
        messages_per_second_max: fix.messages_per_second_max,
        burst_max: fix.messages_burst_max,
        outbound_bytes_max: fix.outbound_bytes_max,
        sending_time_tolerance_ms: fix.sending_time_tolerance.as_millis() as u64,
        logout_timeout_ms: 2_000,
    }
}

/// Who listens on an address, where the system tells.
fn who_has(address: SocketAddr, error: &io::Error) -> String {
    if error.kind() != io::ErrorKind::AddrInUse {
        return String::new();
    }
    match listener::process_on(address.port()) {
        Some(process) => format!(": process {process} listens there"),
        None => ": another process listens there".to_owned(),
    }
}

mod listener;
#[cfg(test)]
mod tests;

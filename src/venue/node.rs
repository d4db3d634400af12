//! A node: all its agents, put together from parts, not yet on threads.
//!
//! [`Venue`](super::Venue) puts them on runners over sockets, a disk and the machine's clock. A test, or a
//! simulation, turns them round by `Node::work` on one thread, over a simulated network, disk and clock:
//! the same agents, wired the same way.
//!
//! ```text
//!               ┌──────────── queries ───────────▶ store
//!               │  ┌───────── answers ────────────  ▲
//!   network ── gateway ── commands ─▶ sequencer ────┤ events
//!               ▲                     │  ▲   └──────┴─▶ desk
//!               └───── events ────────┘  │ log ring
//!                                records │  └─▶ journal ─▶ syncer
//!                        (of a primary)──┘
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::cluster::{Post, Standing};
use crate::engine::Engine;
use crate::fix::directory::Directory;
use crate::gateway::doors::Hold;
use crate::gateway::facts::Telltale;
use crate::gateway::fix::{Rings, Shared};
use crate::gateway::network::Network;
use crate::gateway::store::{FULL, Kept, Query, STUCK, Shelf, Store};
use crate::gateway::{Doors, Durable, FixGateway, Limits};
use crate::journal::{Disk, Room};
use crate::model::{Command, Event, EventBody, GatewayId, HashSecret, RecordBytes, Sequence};
use crate::ring::{self, Consumer, Producer};
#[cfg(test)]
use crate::runtime::{Agent, Now};
use crate::runtime::{Doorbell, Fault};
use crate::telemetry::{EngineEnd, LatencyRecorder};
use crate::venue::config::Config;
use crate::venue::desk::Desk;
use crate::venue::durability::{JournalAgent, SyncAgent, SyncPause};
use crate::venue::follow::{Ahead, Following, Hashes, Mode};
use crate::venue::recovery::{Recovered, genesis};
use crate::venue::sequencer::{Closed, Sequencer, Timers};

/// Chunks of resends asked for at a time.
const QUERIES: usize = 1_024;
/// Kept events on the way from the store to a gateway.
const ANSWERS: usize = 1_024;

/// Places of the rings between the agents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Commands on the way from a gateway to the engine.
    pub commands: usize,
    /// Events on the way from the engine to a gateway and the store behind it.
    pub events: usize,
}

/// Whether a node begins as the one that numbers records.
pub(super) enum Role {
    /// It does, in the epoch that its recovery has begun.
    Primary,
    /// It follows until the cluster says otherwise.
    Standby {
        standing: Arc<Standing>,
        /// The primary's.
        records: Consumer<RecordBytes>,
        /// For the genesis of a log that has none by the time that the node leads.
        secret: HashSecret,
    },
}

/// What the inner agents are made of.
pub(super) struct Parts<D: Disk> {
    pub recovered: Recovered<D>,
    pub role: Role,
    /// The log ring, and the journal's reader of it.
    pub log_ring: (Producer<RecordBytes>, Consumer<RecordBytes>),
    /// Up to where effects may be told.
    pub released: Arc<dyn Durable>,
    pub sync_pause: SyncPause,
    /// Wakes the store of sent messages, where that has a runner of its own.
    pub store_bell: Option<Doorbell>,
    /// The journal has a runner of its own, which ends after the engine's.
    pub journal_is_alone: bool,
    pub latency: EngineEnd,
    pub hashes: Hashes,
    pub sizes: Sizes,
    pub fault: Fault,
}

/// The agents between the rings: what is left of a node without network and store.
pub(super) struct Core<D: Disk> {
    pub sequencer: Sequencer,
    pub journal: JournalAgent<D>,
    pub syncer: SyncAgent<D>,
}

/// What the agents around a [`Core`] hold of it.
pub(super) struct Ends {
    pub commands: Producer<Command>,
    /// The gateway's events, and the store's.
    pub events: [Consumer<Event>; 2],
    pub desk_events: Consumer<Event>,
    pub desk: Arc<Desk>,
    pub shelf: Shelf,
    pub directory: Directory,
    pub released: Arc<dyn Durable>,
    pub doors: Arc<Doors>,
    pub closed: Arc<Mutex<Option<Closed>>>,
    pub fault: Fault,
}

/// The cluster's word about the doors.
struct Latch(Arc<Standing>);

impl Hold for Latch {
    fn may_open(&self) -> bool {
        self.0.doors_open()
    }
}

impl<D: Disk> Core<D> {
    /// Puts the agents together.
    pub fn assemble(config: &Config, parts: Parts<D>) -> (Self, Ends) {
        let Parts { recovered, role, log_ring, released, latency, sizes, fault, .. } = parts;
        let Recovered { opened, log, listener, secret, .. } = recovered;
        let (commands, from_gateway) = pair::<Command>(sizes.commands);
        let (fix_events, mut fix_readers) = ring::ring::<Event>(sizes.events, 2);
        let (desk_events, desk_reader) = pair::<Event>(sizes.events);
        let (records, journal_records) = log_ring;
        let directory = directory(config, secret, &log.engine);
        let progress = opened.progress.clone();
        let (desk, closed) = (Arc::default(), Arc::default());
        let (doors, mode, standing) = match role {
            Role::Primary => (Doors::open_already(log.epoch, secret), Mode::Leading, None),
            Role::Standby { standing, records, secret } => {
                let genesis = genesis(config, secret);
                let definitions = config.definitions().into();
                let post = Post::Waiting;
                let ahead = Ahead::default();
                let following = Following { records, ahead, post, genesis, definitions };
                let following = Box::new(following);
                let doors = Doors::of_standby(Box::new(Latch(standing.clone())));
                (doors, Mode::Following(following), Some(standing))
            }
        };
        let doors = Arc::new(doors);
        let ends = Ends {
            commands,
            events: [take(&mut fix_readers), take(&mut fix_readers)],
            desk_events: desk_reader,
            desk: Arc::clone(&desk),
            shelf: listener.shelf,
            directory,
            released: released.clone(),
            doors: doors.clone(),
            closed: Arc::clone(&closed),
            fault: fault.clone(),
        };
        let timers = Timers::new(config.rollover_s, config.reconnect_grace, &log.engine);
        let sequencer = Sequencer {
            log,
            records,
            commands: vec![from_gateway],
            events: vec![fix_events, desk_events],
            desk,
            waiting: None,
            store_bell: parts.store_bell,
            own_turn: false,
            progress: progress.clone(),
            timers,
            latency,
            closed,
            mode,
            openings: VecDeque::new(),
            standing,
            posts_seen: 0,
            doors,
            hashes: parts.hashes,
            fault: fault.clone(),
            #[cfg(any(test, feature = "simulation"))]
            takes_old_generations: false,
        };
        let journal = JournalAgent {
            records: journal_records,
            writer: opened.writer,
            progress,
            named: Sequence(0),
            idle_since_ns: 0,
            is_alone: parts.journal_is_alone,
            released,
            fault: fault.clone(),
        };
        let pause = parts.sync_pause;
        let syncer = SyncAgent { syncer: opened.syncer, pause, next_ns: 0, fault };
        (Self { sequencer, journal, syncer }, ends)
    }
}

/// See the module.
pub(super) struct Node<N: Network, D: Disk> {
    pub gateway: FixGateway<N>,
    pub store: Store,
    pub core: Core<D>,
    /// For whoever asks and commands.
    pub desk: Arc<Desk>,
    pub desk_events: Consumer<Event>,
    pub doors: Arc<Doors>,
    pub closed: Arc<Mutex<Option<Closed>>>,
}

/// What a gateway is made of.
pub(super) struct GatewayParts<N: Network> {
    pub network: N,
    pub latency: LatencyRecorder,
    pub telltale: Arc<Telltale>,
}

impl<N: Network, D: Disk> Node<N, D> {
    /// Puts all agents together.
    pub fn assemble(config: &Config, gateway: GatewayParts<N>, parts: Parts<D>) -> Self {
        let (core, ends) = Core::assemble(config, parts);
        let (queries, to_store) = pair::<Query>(QUERIES);
        let (answers, from_store) = pair::<Kept>(ANSWERS);
        let [events, kept_events] = ends.events;
        let GatewayParts { network, latency, telltale } = gateway;
        let rings =
            Rings { commands: ends.commands, events, queries, answers: from_store, latency };
        let gateway = FixGateway::new(
            GatewayId(0),
            limits(config),
            network,
            ends.directory,
            Shared { durable: ends.released, doors: ends.doors.clone(), telltale },
            rings,
        );
        let room = core.journal.progress.store_room.clone();
        let store = Store::new(ends.shelf, kept_events, to_store, answers, room, ends.fault);
        let Ends { desk, desk_events, doors, closed, .. } = ends;
        Self { gateway, store, core, desk, desk_events, doors, closed }
    }

    /// A turn of every agent, on the caller's thread. Returns how much was done.
    #[cfg(test)]
    pub fn work(&mut self, now: Now) -> usize {
        let Core { sequencer, journal, syncer } = &mut self.core;
        let agents: [&mut dyn Agent; 5] =
            [&mut self.gateway, sequencer, journal, syncer, &mut self.store];
        let done = agents.into_iter().map(|agent| agent.work(now)).sum();
        // Nobody asks: nobody takes the answers.
        let unread = self.desk_events.available();
        self.desk_events.advance(unread);
        done
    }
}

// What the store says of its disk is what the journal's progress is read as.
const _: () = assert!(STUCK == Room::CancelsOnly as u8 && FULL == Room::Full as u8);

pub(super) fn pair<T: Copy + Default + Send>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let (producer, mut consumers) = ring::ring(capacity, 1);
    (producer, take(&mut consumers))
}

pub(super) fn take<T>(consumers: &mut Vec<Consumer<T>>) -> Consumer<T> {
    consumers.pop().expect("as many consumers are taken as were asked for")
}

fn directory(config: &Config, secret: HashSecret, engine: &Engine) -> Directory {
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

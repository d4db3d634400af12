//! A machine of the simulation: its disk, its memory, its clock, and the process that runs on it or does not.

mod disk;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cluster::agent::{Options, Outside, PeerAddress};
use crate::cluster::control::{Control, Ending, Status};
use crate::cluster::definitions::Definitions;
use crate::cluster::keeper::Log;
use crate::cluster::standing::Post;
use crate::cluster::steward::{Rule, Settings};
use crate::cluster::{ClusterAgent, Incarnation, Standing};
use crate::engine::Engine;
use crate::gateway::simulated::SimulatedWorld;
use crate::journal::format::{FORMAT_VERSION, chain};
use crate::journal::simulated::{Random, SimulatedDisk};
use crate::journal::{JournalOptions, SharedEnd, Witness};
use crate::model::{BeginEpoch, Command, Epoch, NodeId, Record, RecordBytes, Sequence};
use crate::ring::{self, Consumer};
use crate::runtime::{Agent, Now};
use crate::simulation::harm::Harm;
use crate::simulation::outside::{Arbitration, Life, SimulatedKeeper, SimulatedWires, forget};
use crate::simulation::records::{SimulatedArrival, SimulatedHistory};
use crate::simulation::{Failure, Mutant};
use crate::venue::StartError;
use crate::venue::config::Config;
use crate::venue::simulated::{Joined, Part, Place, SimulatedNode, cut_back};

/// Where nodes are reached.
pub const fn host(node: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1 + node as u8))
}

/// Where a node listens for clients.
pub fn fix_address(node: usize) -> SocketAddr {
    SocketAddr::new(host(node), 9_878)
}

fn cluster_address(node: usize) -> SocketAddr {
    SocketAddr::new(host(node), 9_880)
}

/// All that a disk holds at most, where it is not full.
pub const DISK_BYTES: u64 = 64 << 20;
/// The length of a segment.
pub const SEGMENT_BYTES: u64 = 128 * 1024;
const RING_RECORDS: usize = 256;
/// Little, so that a standby that was away for a moment is given old records.
const WINDOW_RECORDS: usize = 256;
const COMPARE_EVERY: u64 = 64;
/// A late command has a number that the session has not come to yet.
const LATE_AHEAD: u64 = 16;
/// Turns within which all of a log ring is on the disk, where nothing is wrong with it.
const STOP_TURNS_MAX: usize = 4 * RING_RECORDS;
const STOP_TURN_NS: u64 = 100_000;
const START_WALL_NS: u64 = 1_770_000_000_000_000_000;

/// A process.
struct Process {
    node: SimulatedNode,
    agent: ClusterAgent<SimulatedWires>,
    tap: Consumer<RecordBytes>,
    control: Arc<Control>,
    standing: Arc<Standing>,
}

/// How a process ends before it has begun: while it recovers what is there, or cuts its journal.
#[derive(Debug, Clone, Copy)]
pub struct CutShort {
    /// After so many writings, syncs and the like.
    pub operations: u64,
    /// With the power of its machine; else it is killed.
    pub with_power: bool,
}

/// Why a process does not begin.
pub enum Refusal {
    /// Recovery says so.
    Start(StartError),
    /// It must not have come to that.
    Failure(Failure),
}

impl Refusal {
    fn noticed(what: String) -> Self {
        Self::Failure(Failure::Noticed(what))
    }
}

impl From<StartError> for Refusal {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Why a process does not end in good order.
pub enum BadStop {
    /// An agent cannot go on.
    Fault(String),
    /// What is in its log ring does not reach its disk.
    NotDurable,
    /// It must not have come to that.
    Failure(Failure),
}

impl From<String> for BadStop {
    fn from(what: String) -> Self {
        Self::Failure(what.into())
    }
}

/// What came of a turn. A process may begin to lead, tell something and come to its end in one.
#[derive(Default)]
pub struct Came {
    /// It leads, or has just done so.
    pub began: Option<BeginEpoch>,
    /// It came to its end.
    pub end: Option<End>,
}

/// How a process came to its end.
pub enum End {
    /// Of itself.
    Ended(Ending),
    /// An agent could not go on.
    Fault(String),
}

/// See the module.
pub struct Machine {
    /// Its number.
    pub id: usize,
    nodes: usize,
    rule: Rule,
    config: Config,
    directory: PathBuf,
    /// Its disk.
    pub disk: SimulatedDisk,
    /// The life that its memory tells of.
    pub life: Life,
    mark: u64,
    process: Option<Process>,
    /// All records of its log, and the running hash after each.
    pub log: Vec<RecordBytes>,
    /// See `log`.
    pub hashes: Vec<u64>,
    /// It does not run, although it lives.
    pub is_frozen: bool,
    /// Since when, or when it did not last.
    pub frozen_ns: u64,
    /// Its process was ended for a moment, or for a reason; when the next one begins.
    pub restart_at_ns: Option<u64>,
    /// The next process is gone before it has begun.
    pub cut_short: Option<CutShort>,
    /// A cut to be made before it begins.
    pub cut: Option<SharedEnd>,
    /// What was done to its disk.
    pub harm: Harm,
    /// How much faster its clock goes, in millionths.
    pub drift_ppm: i64,
    /// How far its monotonic clock is ahead.
    pub ahead_ns: u64,
    /// How far its wall clock is off.
    pub wall_off_ns: i64,
    /// How often its syncer has a turn: one in so many.
    pub sync_one_in: u64,
    /// Until when its sequencer has no turn.
    pub stalled_until_ns: u64,
    /// The incarnation of the process that began last.
    incarnation: Option<Incarnation>,
    /// Those that a fault has ended: nobody may hope for what they acknowledged.
    lost: Vec<Incarnation>,
    /// An older image of its disk, and how long the log was then.
    image: Option<(SimulatedDisk, Vec<RecordBytes>, Vec<u64>)>,
    /// Whether that image is from right before a cut.
    pub is_image_uncut: bool,
    /// The last reign that its process began in its log.
    led: Epoch,
    /// Processes so far.
    pub processes: u64,
    /// Records that recoveries found only in the log ring.
    pub from_ring: u64,
}

impl Machine {
    /// One with an empty disk, off.
    pub fn new(
        id: usize,
        nodes: usize,
        rule: Rule,
        directory: &Path,
        config: Config,
        random: &mut Random,
    ) -> Self {
        let directory = directory.join(format!("node-{id}"));
        Self {
            id,
            nodes,
            rule,
            config,
            life: Life::new(directory.with_extension("life")),
            directory,
            disk: SimulatedDisk::new(DISK_BYTES),
            mark: random.draw(),
            process: None,
            log: Vec::new(),
            hashes: Vec::new(),
            is_frozen: false,
            frozen_ns: 0,
            restart_at_ns: Some(0),
            cut_short: None,
            cut: None,
            harm: Harm::default(),
            drift_ppm: random.below(20_000) as i64 - 10_000,
            ahead_ns: random.below(1_000_000_000),
            wall_off_ns: random.below(2_000_000_000) as i64 - 1_000_000_000,
            sync_one_in: [1, 4, 24][random.below(3) as usize],
            stalled_until_ns: 0,
            incarnation: None,
            lost: Vec::new(),
            image: None,
            is_image_uncut: false,
            led: Epoch(0),
            processes: 0,
            from_ring: 0,
        }
    }

    /// Whether a process runs on it.
    pub fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Whether it takes turns.
    pub fn runs(&self) -> bool {
        self.process.is_some() && !self.is_frozen
    }

    /// Its engine's state hash, and its last record; none where it is down.
    pub fn state(&self) -> Option<(u64, u64)> {
        let process = self.process.as_ref()?;
        Some((process.node.last().0, process.node.engine().state_hash()))
    }

    /// The last record that its engine has applied and its journal has; none where it is down, or they are apart.
    pub fn last(&self) -> Option<u64> {
        let process = self.process.as_ref()?;
        let last = process.node.last();
        (process.node.journaled() == last).then_some(last.0)
    }

    /// How far its log reaches: the epoch of its last record, and that record.
    pub fn reach(&self) -> (u32, u64) {
        let last = self.log.last().and_then(|bytes| Record::get(&bytes.0).ok());
        last.map_or((0, 0), |record| (record.epoch.0, record.sequence.0))
    }

    /// What clients were told of, or about to be, as far as it knows: also where it is down.
    pub fn told(&self) -> u64 {
        Witness::told(self.life.path()).unwrap_or_default().0
    }

    /// Its engine; none where it is down.
    pub fn engine(&self) -> Option<&Engine> {
        self.process.as_ref().map(|process| process.node.engine())
    }

    /// The running hash behind a record of its log; none where it has no such record.
    pub fn hash_at(&self, sequence: u64) -> Option<u64> {
        sequence.checked_sub(1).map_or(Some(0), |at| self.hashes.get(at as usize).copied())
    }

    /// Up to where its gateway may tell effects; 0 where it is down.
    pub fn released(&self) -> u64 {
        self.process.as_ref().map_or(0, |process| process.standing.released().0)
    }

    /// The reign that its process leads in, once that has begun in its log; 0 where it does not lead, or is down. A
    /// standby's log may come to hold an earlier reign of its own node again.
    pub fn leads(&self) -> Epoch {
        match self.process.as_ref().map(|process| process.standing.post()) {
            Some(Post::Leading { begin, .. }) if begin.epoch == self.led => self.led,
            _ => Epoch(0),
        }
    }

    /// What an operator would be shown; none where it is down.
    pub fn status(&self) -> Option<Status> {
        self.process.as_ref().map(|process| process.agent.status())
    }

    /// How its process sees the cluster, for whoever looks into a seed that failed.
    pub fn outlook(&self) -> String {
        let Some(status) = self.status() else { return "no process".to_owned() };
        let links: Vec<String> = status.links.iter().map(|link| format!("{link:?}")).collect();
        format!("{:?}, {}", status.report, links.join(", "))
    }

    /// For an operator's wishes.
    pub fn control(&self) -> Option<Arc<Control>> {
        self.process.as_ref().map(|process| process.control.clone())
    }

    fn ring(&self) -> PathBuf {
        self.directory.with_extension("ring")
    }

    fn now(&self, now_ns: u64) -> Now {
        let drift = now_ns as i128 * i128::from(self.drift_ppm) / 1_000_000;
        let monotonic_ns = (now_ns as i128 + drift) as u64 + self.ahead_ns;
        let wall_ns = START_WALL_NS.saturating_add(now_ns).saturating_add_signed(self.wall_off_ns);
        Now { wall_ns, monotonic_ns: monotonic_ns + 1 }
    }

    /// A process begins, with what the last one left.
    pub fn start(
        &mut self,
        world: &SimulatedWorld,
        arbitration: &Arbitration,
        now_ns: u64,
        random: &mut Random,
        mutant: Option<Mutant>,
    ) -> Result<(), Refusal> {
        std::fs::create_dir_all(&self.directory).map_err(Failure::system)?;
        let ring = self.ring();
        if let Some(CutShort { operations, with_power }) = self.cut_short {
            self.disk.power_off_after(operations);
            if !with_power {
                self.life.keep().map_err(Failure::system)?;
            }
        }
        // Where it cannot be done the process ends, and the next one knows nothing of it.
        if let Some(end) = self.cut.take() {
            cut_back(&self.config, &mut self.disk, &ring, self.life.path(), &end)?;
        }
        let options = self.journal_options();
        let joined = SimulatedNode::join(Place {
            config: &self.config,
            options: &options,
            disk: self.disk.clone(),
            shelf: &self.directory.join("outbound"),
            ring: &ring,
            ring_records: RING_RECORDS,
            network: world.network(fix_address(self.id)),
            secret: u128::from(random.draw()) << 64 | u128::from(random.draw()),
            compare_every: COMPARE_EVERY,
            witness: self.life.path(),
        });
        let Joined { mut node, seat, tap, file, tag, from_ring } = joined?;
        self.from_ring += from_ring;
        let end = seat.end.sequence;
        self.shorten_log(end, seat.hash)?;
        let found = Log { tag, end, last_reign: seat.chain.last_reign() };
        let random = [random.draw(), random.draw()];
        let (keeper, beginning) = SimulatedKeeper::begin(file, &self.life, &found, random, mutant)
            .map_err(Failure::system)?;
        self.life.let_go().map_err(Failure::system)?;
        self.begin_life(beginning.incarnation)?;
        let options = self.agent_options();
        let cluster = &self.config.cluster;
        let outside = Outside {
            wires: SimulatedWires::listen(world, cluster_address(self.id)),
            port: Box::new(arbitration.port(self.id)),
            arrival: Box::new(SimulatedArrival::new(self.directory.clone(), cluster.name)),
            history: Box::new(SimulatedHistory::new(self.disk.clone(), self.directory.clone())),
            keeper: Box::new(keeper),
        };
        let (control, standing) = (Control::new(), seat.standing.clone());
        let now_ns = self.now(now_ns).monotonic_ns;
        let mut agent =
            ClusterAgent::new(options, &beginning, seat, outside, control.clone(), now_ns);
        if let Some(mutant) = mutant {
            mutant.plant(&mut agent, &mut node);
        }
        self.process = Some(Process { node, agent, tap, control, standing });
        (self.processes, self.led) = (self.processes + 1, Epoch(0));
        (self.is_frozen, self.restart_at_ns, self.cut_short) = (false, None, None);
        self.harm = Harm { fails: false, is_damaged: false, is_doubtful: false, ..self.harm };
        self.disk.clear_faults();
        Ok(())
    }

    fn journal_options(&self) -> JournalOptions {
        JournalOptions {
            segment_bytes: SEGMENT_BYTES,
            reserve_bytes: SEGMENT_BYTES / 4,
            in_flight_bytes: SEGMENT_BYTES / 2,
            left_free_bytes: 0,
            ..JournalOptions::new(self.config.cluster.name, self.mark)
        }
    }

    fn agent_options(&self) -> Options {
        let others = (0..self.nodes).filter(|node| *node != self.id);
        let peers = others.map(|node| PeerAddress {
            node: NodeId(node as u16),
            name: format!("node-{node}"),
            address: cluster_address(node),
        });
        let cluster = &self.config.cluster;
        Options {
            settings: Settings {
                cluster: cluster.name,
                node: NodeId(self.id as u16),
                durability: self.config.durability,
                primary_timeout_ns: cluster.primary_timeout.as_nanos() as u64,
                standby_timeout_ns: cluster.standby_timeout.as_nanos() as u64,
                journal_timeout_ns: cluster.journal_timeout.as_nanos() as u64,
                retry_ns: 2_000_000,
                watch_ns: 10_000_000,
                rule: self.rule,
            },
            peers: peers.collect(),
            journal_format: FORMAT_VERSION,
            definitions: Definitions::new(Vec::new()),
            credentials: None,
            window_records: WINDOW_RECORDS,
        }
    }

    /// Its log ends with what was recovered, which must be a beginning of what it was.
    fn shorten_log(&mut self, end: Sequence, hash: u64) -> Result<(), Refusal> {
        if self.hash_at(end.0) != Some(hash) {
            let (id, had) = (self.id, self.log.len());
            return Err(Refusal::noticed(format!(
                "node {id} recovers a log up to record {end} that is no beginning of what it had ({had})"
            )));
        }
        self.log.truncate(end.0 as usize);
        self.hashes.truncate(end.0 as usize);
        Ok(())
    }

    /// A process goes on with an incarnation, or begins one: that only where a fault took what the one before had.
    fn begin_life(&mut self, begins: Incarnation) -> Result<(), Refusal> {
        let before = self.incarnation.replace(begins).filter(|before| *before != begins);
        match before {
            Some(before) if !self.lost.contains(&before) && !self.harm.may_have_lost() => {
                let id = self.id;
                Err(Refusal::noticed(format!(
                    "node {id} begins a new incarnation, although nothing of the one before was taken"
                )))
            }
            before => {
                self.lost.extend(before);
                Ok(())
            }
        }
    }

    /// Its process ended the incarnation, or should have.
    pub fn has_ended_life(&mut self) -> bool {
        self.lost.extend(self.incarnation);
        self.life.is_over()
    }

    /// A fault ends the incarnation.
    pub fn lose_life(&mut self) -> Result<(), Failure> {
        self.lost.extend(self.incarnation);
        forget(&self.life).map_err(Failure::system)
    }

    /// Whether a fault has ended an incarnation.
    pub fn has_lost(&self, incarnation: Incarnation) -> bool {
        self.lost.contains(&incarnation)
    }

    /// Its process has a turn.
    pub fn work(&mut self, now_ns: u64, random: &mut Random, skips: bool) -> Result<Came, String> {
        let now = self.now(now_ns);
        let Some(process) = &mut self.process else { return Ok(Came::default()) };
        let bits = random.draw();
        let first = (bits % 6) as usize;
        for at in 0..6 {
            // Each agent misses a turn now and then, as on threads of their own.
            let is_skipped = skips && bits >> (8 + 4 * at) & 15 < 3;
            match (first + at) % 6 {
                5 if !is_skipped => {
                    process.agent.work(now);
                }
                at if at < 5 && !is_skipped => {
                    let part = Part::ALL[at];
                    let has_turn = match part {
                        Part::Syncer => !skips || (bits >> 40).is_multiple_of(self.sync_one_in),
                        Part::Sequencer => now_ns >= self.stalled_until_ns,
                        _ => true,
                    };
                    if has_turn {
                        process.node.work(part, now);
                    }
                }
                _ => {}
            }
        }
        let began = self.look()?;
        let Some(process) = &self.process else { return Ok(Came { began, end: None }) };
        // Standbys acknowledge, and hear what may be told, before its first record is in its log.
        let leads = match process.standing.post() {
            Post::Leading { begin, .. } => Some(begin),
            _ => None,
        };
        let began = began.or(leads);
        let fault = process.node.fault().map(End::Fault);
        let end = fault.or_else(|| process.control.ending().map(End::Ended));
        Ok(Came { began, end })
    }

    /// Its process ends its venue in good order: clients are logged out, what is in the log ring reaches the disk, and
    /// the ring is removed. An error where that does not come about, by which a real process ends.
    pub fn stop(&mut self, now_ns: u64) -> Result<(), BadStop> {
        let mut now = self.now(now_ns);
        if let Some(process) = &mut self.process {
            process.node.drain();
        }
        for _ in 0..STOP_TURNS_MAX {
            now.monotonic_ns += STOP_TURN_NS;
            let Some(process) = &mut self.process else { return Ok(()) };
            if process.node.is_drained() || process.node.fault().is_some() {
                break;
            }
            for part in Part::ALL {
                process.node.work(part, now);
            }
            process.agent.work(now);
            self.look()?;
        }
        if let Some(process) = &mut self.process {
            process.node.close_hot(now)?;
        }
        self.look()?;
        self.sync_all(now)?;
        ring::unlink(&self.ring()).map_err(|error| BadStop::Failure(Failure::system(error)))
    }

    /// Turns journal and syncer until all is on the disk.
    fn sync_all(&mut self, mut now: Now) -> Result<(), BadStop> {
        let Some(process) = &mut self.process else { return Ok(()) };
        for _ in 0..STOP_TURNS_MAX {
            now.monotonic_ns += STOP_TURN_NS;
            let is_done = process.node.journaled() >= process.node.last();
            if is_done {
                process.node.close(now);
            }
            if let Some(why) = process.node.fault() {
                return Err(BadStop::Fault(why));
            }
            if is_done {
                return Ok(());
            }
            process.node.work(Part::Journal, now);
            process.node.work(Part::Syncer, now);
        }
        Err(BadStop::NotDurable)
    }

    /// Takes what came into its log, and gives the last epoch that it began there.
    fn look(&mut self) -> Result<Option<BeginEpoch>, String> {
        let Some(process) = &mut self.process else { return Ok(None) };
        let mut began = None;
        while let Some(bytes) = process.tap.peek().copied() {
            process.tap.advance(1);
            let before = self.hashes.last().copied().unwrap_or(0);
            let used = bytes.used().map_err(|error| error.to_string())?;
            self.hashes.push(chain(before, used));
            self.log.push(bytes);
            if used.len() < 96 {
                let record = Record::get(&bytes.0).map_err(|error| error.to_string())?;
                if let Command::BeginEpoch(begin) = record.command
                    && begin.primary.index() == self.id
                {
                    self.led = begin.epoch;
                    began = Some(begin);
                }
            }
        }
        Ok(began)
    }

    /// Its process is gone at once.
    pub fn kill(&mut self, world: &SimulatedWorld) {
        world.kill(host(self.id));
        self.process = None;
        self.is_frozen = false;
    }

    /// An order of an earlier logon comes to its sequencer only now. False where there is none.
    pub fn come_late(&mut self) -> bool {
        let Some(process) = &mut self.process else { return false };
        let view = process.node.engine().view();
        let late = self.log.iter().rev().find_map(|bytes| {
            let Command::NewOrder(mut order) = Record::get(&bytes.0).ok()?.command else {
                return None;
            };
            let session = view.session(order.origin.session)?;
            if !session.connected || session.generation == order.origin.generation {
                return None;
            }
            // Nothing but the generation tells that it is late.
            order.origin.msg_seq_num = session.next_in + LATE_AHEAD;
            Some(Command::NewOrder(order))
        });
        late.is_some_and(|late| process.node.come_late(&late))
    }
}

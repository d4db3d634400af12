//! Nodes, arbiter, network and faults of the model.

mod arbiter;
mod faults;
mod network;
mod operator;
mod snapshot;

use std::collections::VecDeque;

use super::check::Checker;
use crate::cluster::arbiter::Held;
use crate::cluster::chain::Chain;
use crate::cluster::steward::Rule;
use crate::cluster::steward::mutant::Mutant;
use crate::cluster::steward::{
    Ack, Answer, Beginning, Greeting, Hello, Kept, Order, Own, Promise, Request, Settings, Steward,
};
use crate::cluster::view::{Incarnation, Member, View};
use crate::model::{ClusterName, Durability, Epoch, NodeId, Sequence};
use network::close;
use snapshot::Taking;

/// Steps with faults, and the most that healing may take.
const STEPS: u32 = 4_000;
const HEALING_STEPS: u32 = 30_000;
const STEP_NS_MAX: u64 = 4;
const PRIMARY_TIMEOUT_NS: u64 = 400;
const STANDBY_TIMEOUT_NS: u64 = 200;
/// Records of one message.
const BATCH: usize = 8;

/// A record of the abstract log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub reign: Epoch,
    pub value: u64,
    /// The running hash after it.
    pub hash: u64,
}

/// A seed's random numbers.
pub(super) struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }
}

#[derive(Debug, Clone)]
enum Message {
    Hello(Hello),
    Ack(Ack),
    Greeting(Greeting),
    Records {
        reign: Epoch,
        first: u64,
        entries: Vec<Entry>,
        released: Sequence,
    },
    Offer {
        reign: Epoch,
        end: Sequence,
    },
    /// In the place of a welcome.
    Snapshot {
        reign: Epoch,
        shared: Sequence,
        image: Vec<Entry>,
        chain: Chain,
    },
    /// Without an arbiter: the view that a node has, and whether it leads.
    View {
        leads: bool,
        view: View,
    },
    Closed,
}

/// A connection that node `dialler` opened to node `acceptor`.
#[derive(Debug, Default)]
struct Connection {
    is_open: bool,
    to_acceptor: VecDeque<Message>,
    to_dialler: VecDeque<Message>,
    /// The next record to be sent, once the acceptor welcomed.
    next: Option<u64>,
    /// A primary dialled, only to compare views.
    is_look: bool,
    /// The epoch of the view that the acceptor said last.
    said: Option<Epoch>,
}

pub(super) struct Node {
    pub id: u16,
    pub process: u64,
    is_frozen: bool,
    steward: Option<Steward>,
    /// In memory that outlives the process.
    pub log: Vec<Entry>,
    pub synced: usize,
    chain: Chain,
    /// The journal begins behind this record, and a snapshot holds what was before.
    pruned: usize,
    promise: Promise,
    /// How often its file was written.
    writing: u64,
    kept: Option<Kept>,
    /// Without an arbiter: its copy of the view.
    copy: Option<Held>,
    image: Option<Image>,
    /// A snapshot that is on its way to the disk.
    taking: Option<Taking>,
    reign: Option<Epoch>,
    is_draining: bool,
    /// Orders that are not done yet.
    orders: VecDeque<Order>,
    /// What the gateway saw as released when it last looked, and what it told.
    seen: Sequence,
    told: Sequence,
    /// The question that is open.
    question: Option<u64>,
    last_ack: Option<Ack>,
}

/// An image of a node's disk.
struct Image {
    log: Vec<Entry>,
    chain: Chain,
    promise: Promise,
    writing: u64,
    copy: Option<Held>,
    pruned: usize,
}

impl Node {
    /// The life of the log, also while no process runs.
    pub fn incarnation(&self) -> Option<Incarnation> {
        match self.steward {
            Some(_) => self.kept.map(|kept| kept.incarnation),
            None => self.kept.and_then(|kept| kept.goes_on(self.own().end, self.writing)),
        }
    }

    fn append(&mut self, reign: Epoch, value: u64) {
        let before = self.log.last().map_or(0, |entry| entry.hash);
        let hash = (before ^ value ^ u64::from(reign.0) << 48).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.chain.push(reign, before);
        self.log.push(Entry { reign, value, hash: hash ^ hash >> 29 });
    }

    fn cut(&mut self, to: usize) {
        self.log.truncate(to);
        self.synced = self.synced.min(to);
        self.chain.cut(Sequence(to as u64));
    }

    fn own(&self) -> Own {
        Own { end: Sequence(self.log.len() as u64), synced: Sequence(self.synced as u64) }
    }

    fn acknowledge(&mut self, sequence: Sequence) {
        if let Some(kept) = &mut self.kept {
            kept.acknowledged = kept.acknowledged.max(sequence);
        }
    }
}

struct Question {
    node: usize,
    id: u64,
    request: Request,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    TradingAgain,
    NeedsOperator,
}

pub(super) struct World {
    chance: Chance,
    now_ns: u64,
    nodes: Vec<Node>,
    /// By dialler and acceptor.
    connections: Vec<Connection>,
    /// Whether messages pass from one to another; the last row and column are the arbiter's.
    is_cut: Vec<bool>,
    /// The arbiter's view; without one the highest that any node has kept.
    held: Option<Held>,
    /// Without an arbiter: whether a primary goes on without a standby that is lost.
    goes_on_alone: Option<bool>,
    /// Without an arbiter: the node that an operator wants to be primary. No other is started until it is.
    promoting: Option<usize>,
    questions: Vec<Question>,
    answers: Vec<(usize, u64, Answer)>,
    numbers: u64,
    checker: Checker,
    durability: Durability,
    mutant: Option<Mutant>,
    /// Whether journals are pruned.
    prunes: bool,
    /// How slow the disks are.
    sync_one_in: usize,
    faults_on: bool,
    is_healed: bool,
    pub failovers: u64,
    pub promotions: u64,
    pub snapshots: u64,
    pub faults: u64,
    /// What happened, where somebody wants to read it.
    pub history: Option<Vec<String>>,
}

impl World {
    fn note(&mut self, what: impl FnOnce(&Self) -> String) {
        if let Some(mut history) = self.history.take() {
            history.push(format!("{}: {}", self.now_ns, what(self)));
            self.history = Some(history);
        }
    }

    /// `goes_on_alone` is given where there is no arbiter.
    pub fn new(
        nodes: usize,
        seed: u64,
        mutant: Option<Mutant>,
        goes_on_alone: Option<bool>,
    ) -> Self {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            chance.next();
        }
        let durability =
            if chance.one_in(4) { Durability::StandbyDisk } else { Durability::StandbyMemory };
        let sync_one_in = [1, 6, 40][chance.below(3)];
        let prunes = seed % 8 < 2;
        let all = nodes + 1;
        let mut world = Self {
            chance,
            now_ns: 1,
            nodes: Vec::new(),
            connections: (0..nodes * nodes).map(|_| Connection::default()).collect(),
            is_cut: vec![false; all * all],
            held: None,
            goes_on_alone,
            promoting: None,
            questions: Vec::new(),
            answers: Vec::new(),
            numbers: 0,
            checker: Checker::default(),
            durability,
            mutant,
            prunes,
            sync_one_in,
            faults_on: false,
            is_healed: false,
            failovers: 0,
            promotions: 0,
            snapshots: 0,
            faults: 0,
            history: None,
        };
        world.nodes = (0..nodes)
            .map(|id| Node {
                id: id as u16,
                process: 0,
                is_frozen: false,
                steward: None,
                log: Vec::new(),
                synced: 0,
                chain: Chain::new(),
                pruned: 0,
                promise: Promise::default(),
                writing: 0,
                kept: None,
                copy: None,
                image: None,
                taking: None,
                reign: None,
                is_draining: false,
                orders: VecDeque::new(),
                seen: Sequence(0),
                told: Sequence(0),
                question: None,
                last_ack: None,
            })
            .collect();
        (0..nodes).for_each(|node| world.start(node));
        world.nodes[0].steward.as_mut().expect("it was started").found();
        world
    }

    pub fn told(&self) -> u64 {
        self.checker.told.len() as u64
    }

    /// Runs the seed to its end.
    pub fn run(&mut self) -> Result<Ended, String> {
        self.faults_on = false;
        for _ in 0..STEPS {
            self.step()?;
            // Faults come once there is something to lose.
            self.faults_on |= self.told() > 5;
        }
        self.heal();
        let told = self.told();
        for _ in 0..HEALING_STEPS {
            self.step()?;
            self.operate();
            if self.told() > told + 20 {
                return Ok(Ended::TradingAgain);
            }
        }
        let view = self.held.as_ref().map(|held| &held.view);
        let lives = |view: &View| view.in_sync().iter().any(|member| self.lives(member));
        let may_go_on = match self.goes_on_alone {
            None => view.is_some_and(lives),
            Some(_) => self.whom_to_promote().is_some(),
        };
        if may_go_on {
            let reports: Vec<String> = self
                .nodes
                .iter()
                .map(|node| format!("{:?}", node.steward.as_ref().map(Steward::report)))
                .collect();
            return Err(format!("nothing is told any more: {view:?}\n{}", reports.join("\n")));
        }
        Ok(Ended::NeedsOperator)
    }

    /// Whether that life of a node's log goes on.
    fn lives(&self, member: &Member) -> bool {
        self.nodes[member.node.index()].incarnation() == Some(member.incarnation)
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn step(&mut self) -> Result<(), String> {
        self.now_ns += self.chance.next() % STEP_NS_MAX + 1;
        if self.faults_on && self.chance.one_in(1_000) {
            // Nobody ran for a while, or a clock jumped.
            self.now_ns += PRIMARY_TIMEOUT_NS * 3;
        }
        let node = self.chance.below(self.nodes.len());
        match self.chance.below(20) {
            0..8 => self.turn(node)?,
            8..14 => self.deliver(),
            14 | 15 if self.goes_on_alone.is_some() => self.look_up(),
            14 | 15 => self.arbitrate(),
            16 | 17 => self.answer(),
            18 => self.sync(node),
            _ if self.faults_on && self.chance.one_in(4) => self.fault(),
            _ => self.sync(node),
        }
        match &self.held {
            Some(held) => self.checker.view(&held.view, &self.nodes),
            None => Ok(()),
        }
    }

    fn sync(&mut self, node: usize) {
        let is_slow = !self.is_healed && !self.chance.one_in(self.sync_one_in);
        let node = &mut self.nodes[node];
        if node.steward.is_some() && !node.is_frozen && !is_slow {
            let open = node.log.len() - node.synced;
            node.synced += self.chance.below(open + 1);
            if self.chance.one_in(2) {
                node.synced = node.log.len();
            }
        }
    }

    /// A process of a node begins, with what the last one left.
    fn start(&mut self, id: usize) {
        let (number, seed) = (self.number(), self.chance.next());
        let fresh = Incarnation(self.chance.next() | 1);
        let count = self.nodes.len();
        let node = &mut self.nodes[id];
        node.process = number;
        // Recovery makes durable what it found.
        node.synced = node.log.len();
        let end = node.own().end;
        let mut going_on = node.kept.and_then(|kept| kept.goes_on(end, node.writing));
        if self.mutant == Some(Mutant::ReuseIncarnation) {
            going_on = node.kept.map(|kept| kept.incarnation);
        }
        let incarnation = going_on.unwrap_or(fresh);
        let writing = node.writing;
        match &mut node.kept {
            Some(kept) if going_on.is_some() => kept.writing = writing,
            kept => *kept = Some(Kept { incarnation, acknowledged: Sequence(0), writing }),
        }
        let settings = Settings {
            cluster: ClusterName::truncated(b"castle"),
            node: NodeId(node.id),
            durability: self.durability,
            primary_timeout_ns: PRIMARY_TIMEOUT_NS,
            standby_timeout_ns: STANDBY_TIMEOUT_NS,
            journal_timeout_ns: 2_000,
            retry_ns: 40,
            watch_ns: 400,
            rule: match self.goes_on_alone {
                None => Rule::Arbiter,
                Some(goes_on_alone) => {
                    let others = (1 << count) - 1 - (1 << node.id);
                    Rule::Operator { others, goes_on_alone }
                }
            },
        };
        let beginning = Beginning {
            incarnation,
            is_kept: going_on.is_some(),
            promise: node.promise,
            last_reign: node.chain.last_reign(),
            seed,
        };
        let mut steward = Steward::new(&settings, &beginning, self.now_ns);
        steward.plant(self.mutant);
        node.steward = Some(steward);
        node.reign = None;
        node.is_draining = false;
        node.is_frozen = false;
        node.orders.clear();
        (node.seen, node.told) = (Sequence(0), Sequence(0));
        node.question = None;
        node.last_ack = None;
        node.taking = None;
    }

    /// A process ends. What it sent may still arrive, unless the machine is gone as well.
    fn end(&mut self, id: usize, is_lost: bool) {
        if self.goes_on_alone.is_some() {
            // Its copy of the view is read and written by nobody else.
            self.questions.retain(|question| question.node != id);
            self.answers.retain(|(node, ..)| *node != id);
        }
        self.nodes[id].steward = None;
        self.nodes[id].is_frozen = false;
        for other in 0..self.nodes.len() {
            let at = self.nodes.len() * id + other;
            let dialled = &mut self.connections[at];
            dialled.to_dialler.clear();
            close(&mut dialled.is_open, &mut dialled.to_acceptor, is_lost);
            let at = self.nodes.len() * other + id;
            let accepted = &mut self.connections[at];
            accepted.to_acceptor.clear();
            close(&mut accepted.is_open, &mut accepted.to_dialler, is_lost);
        }
    }

    fn turn(&mut self, id: usize) -> Result<(), String> {
        let now_ns = self.now_ns;
        let node = &mut self.nodes[id];
        if node.is_frozen || node.steward.is_none() {
            return Ok(());
        }
        // The gateway goes on with what it saw last, before anything new is heard: so does one that was
        // frozen and wakes.
        while node.reign.is_some() && node.told < node.seen {
            node.told = node.told.next();
            self.checker.tell(node, node.told)?;
        }
        let own = node.own();
        self.promote(id);
        let Some(steward) = &mut self.nodes[id].steward else { return Ok(()) };
        steward.tick(now_ns);
        steward.own(own);
        // As the agent tells its gateway.
        let released = steward.released().max(steward.told());
        if let Some(request) = steward.request() {
            self.ask(id, request);
        }
        self.nodes[id].acknowledge(released);
        self.checker.release(&self.nodes[id], released);
        self.nodes[id].seen = released;
        self.obey(id)?;
        self.prune(id);
        self.take_in(id)?;
        self.talk(id);
        Ok(())
    }

    fn is_cut(&self, from: usize, to: usize) -> bool {
        self.is_cut[from * (self.nodes.len() + 1) + to]
    }

    /// Does what the steward orders, one after the other, and sometimes not yet.
    fn obey(&mut self, id: usize) -> Result<(), String> {
        loop {
            let node = &mut self.nodes[id];
            let Some(steward) = &mut node.steward else { return Ok(()) };
            while let Some(order) = steward.next_order() {
                node.orders.push_back(order);
            }
            if self.chance.one_in(4) {
                return Ok(());
            }
            let Some(order) = node.orders.pop_front() else { return Ok(()) };
            match order {
                Order::Store(promise) => {
                    node.promise = promise;
                    node.writing += 1;
                    if let Some(kept) = &mut node.kept {
                        kept.writing = node.writing;
                    }
                    steward.stored(promise);
                }
                Order::Cut { to } => {
                    self.note(|_| format!("node {id} cuts to {to}"));
                    let node = &mut self.nodes[id];
                    if let Some(kept) = &mut node.kept {
                        kept.acknowledged = kept.acknowledged.min(to);
                        kept.writing = node.writing + 1;
                    }
                    node.writing += 1;
                    if (to.0 as usize) < node.pruned {
                        return Err(format!("node {id} is cut to {to}, which it has pruned"));
                    }
                    node.cut(to.0 as usize);
                    let own = node.own();
                    let Some(steward) = &mut node.steward else { return Ok(()) };
                    steward.own(own);
                    steward.cut_done();
                }
                Order::Begin { begin, after } => {
                    self.failovers += u64::from(begin.epoch.0 > 2);
                    self.note(|_| format!("node {id} begins {begin:?}"));
                    let node = &mut self.nodes[id];
                    if after != node.own().end {
                        return Err(format!("node {id} leads behind {after}, not its end"));
                    }
                    let now = self.held.as_ref().map(|held| &held.view);
                    self.checker.begin(node, begin.epoch, now)?;
                    node.reign = Some(begin.epoch);
                    node.append(begin.epoch, begin.nonce);
                    let first = node.own().end;
                    if let Some(steward) = &mut node.steward {
                        steward.began(first);
                    }
                }
                Order::Drain => node.is_draining = true,
                Order::Resume => node.is_draining = false,
                Order::Offer { to, end } => {
                    let at = self.nodes.len() * to.index() + id;
                    let reign = self.nodes[id].reign.unwrap_or_default();
                    if self.connections[at].is_open {
                        self.connections[at].to_dialler.push_back(Message::Offer { reign, end });
                    }
                }
                Order::StepDown(_) => {
                    self.say_last_view(id);
                    self.end(id, false);
                    self.start(id);
                    return Ok(());
                }
                Order::Stop(why) => return Err(format!("node {id} stops itself: {why}")),
            }
        }
    }

    /// Sends, dials and takes commands.
    fn talk(&mut self, id: usize) {
        let count = self.nodes.len();
        let steward = self.nodes[id].steward.as_ref().filter(|_| self.nodes[id].taking.is_none());
        if steward.is_some_and(Steward::may_follow) && self.chance.one_in(3) {
            let primary = steward.and_then(Steward::wants_to_follow);
            let other = self.chance.below(count);
            let whom =
                if self.chance.one_in(4) { other } else { primary.map_or(other, NodeId::index) };
            if whom != id && !self.connections[count * id + whom].is_open {
                self.dial(id, whom);
            }
        }
        let node = &mut self.nodes[id];
        let Some(steward) = &mut node.steward else { return };
        if let Some((primary, ack)) = steward.acknowledgement() {
            node.acknowledge(ack.received);
            let connection = &mut self.connections[count * id + primary.index()];
            if connection.is_open {
                connection.to_acceptor.push_back(Message::Ack(ack));
            }
        }
        let Some(reign) = self.nodes[id].reign else { return };
        if !self.nodes[id].is_draining {
            for _ in 0..self.chance.below(3) {
                let value = self.number();
                self.nodes[id].append(reign, value);
            }
        }
        self.look_around(id);
        for dialler in 0..count {
            self.say_view(id, dialler);
            let node = &self.nodes[id];
            let connection = &mut self.connections[count * dialler + id];
            let Some(next) = connection.next.filter(|_| connection.is_open) else { continue };
            if connection.to_dialler.len() > 6 || self.chance.one_in(2) {
                continue;
            }
            let from = (next as usize - 1).min(node.log.len());
            let to = (from + self.chance.below(BATCH + 1)).min(node.log.len());
            let entries = node.log[from..to].to_vec();
            connection.next = Some(to as u64 + 1);
            let released = node.steward.as_ref().map_or(Sequence(0), Steward::released);
            connection.to_dialler.push_back(Message::Records {
                reign,
                first: next,
                entries,
                released,
            });
        }
    }
}

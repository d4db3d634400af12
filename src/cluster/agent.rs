//! The agent of a node's cluster: drives the steward, carries what nodes say to each other, does what is ordered.
//!
//! A turn, in this order:
//! 1. What the log ring published goes into the window; how far this node's log is goes to the steward.
//! 2. What came from other nodes, from the arbiter, from the disk and from the operator goes to the steward.
//! 3. The steward's orders are done.
//! 4. What it releases is noted in the node's life, then told to the gateway.
//! 5. What it acknowledges is noted in the node's life, then sent; standbys are sent records; whoever may be
//!    primary is dialled.
//!
//! The steward decides, and is attacked by a model. What is this agent's own to keep:
//! - An acknowledgement names only what the *log ring* has (`published`), never what is on its way there.
//! - The life is written before what it says is sent or told.
//! - Records of a primary are taken only where the promise is on disk: until then its frames are not read.
//! - A hello is said only when all that was handed on before has reached the log ring, so that its chain says
//!   where the next record goes.
//! - It never waits: sockets do not block, the arbiter and the disk answer some turns later.

#[cfg(any(test, feature = "simulation"))]
mod mutant;
mod primary;
mod snapshot;
mod standby;
mod strangers;
#[cfg(test)]
mod tests;
mod word;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::cluster::arrival::Arrival;
use crate::cluster::chain::Chain;
use crate::cluster::control::{Control, Ending, LinkStatus, Rise, Status, Stopped, Wish};
use crate::cluster::definitions::Definitions;
use crate::cluster::follower::{End, Inflow};
use crate::cluster::frame::Header;
use crate::cluster::history::History;
use crate::cluster::keeper::Keeper;
use crate::cluster::link::Credentials;
use crate::cluster::port::Port;
use crate::cluster::replicator::Window;
use crate::cluster::standing::{Post, Standing, StateHash};
use crate::cluster::steward::{ArbiterMemory, Beginning, Order, Own, Request, Settings, Steward};
use crate::cluster::wires::Wires;
use crate::journal::{Progress, Room, SharedEnd};
use crate::model::{BeginEpoch, Epoch, NodeId, RecordBytes, Sequence};
use crate::ring::{Consumer, Producer, PublishedCursor};
use crate::runtime::{Agent, Hurry, Now};

#[cfg(any(test, feature = "simulation"))]
pub use mutant::Mutant as AgentMutant;
use primary::{Downstream, Stage};
use standby::Upstream;
use strangers::Strangers;

/// Another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerAddress {
    /// Its number.
    pub node: NodeId,
    /// What it is called, and what its certificate bears.
    pub name: String,
    /// Where it listens for nodes.
    pub address: SocketAddr,
}

/// What an agent is configured with.
pub struct Options {
    /// The steward's.
    pub settings: Settings,
    /// The other nodes.
    pub peers: Vec<PeerAddress>,
    /// The version of this node's journal.
    pub journal_format: u32,
    /// What the configuration defines.
    pub definitions: Definitions,
    /// For mutual TLS; without them only loopback addresses are spoken to.
    pub credentials: Option<Credentials>,
    /// Records of the log that are kept in memory for standbys; a power of two.
    pub window_records: usize,
}

/// What the node gives its agent: ends of rings, and where the log ends.
pub struct Seat {
    /// What this node does.
    pub standing: Arc<Standing>,
    /// Everything that goes into the log ring from now on.
    pub log: Consumer<RecordBytes>,
    /// The position behind the last record in the log ring.
    pub published: Arc<PublishedCursor>,
    /// What is synced.
    pub progress: Arc<Progress>,
    /// Takes a primary's records to the sequencer.
    pub records: Producer<RecordBytes>,
    /// The engine's running hash every so many records.
    pub running_hashes: Consumer<StateHash>,
    /// The chain of the log.
    pub chain: Chain,
    /// Its last record.
    pub end: End,
    /// The running hash after that.
    pub hash: u64,
}

/// What is around an agent; others stand in their place in a simulation.
pub struct Outside<W: Wires> {
    /// Sockets.
    pub wires: W,
    /// The arbiter.
    pub port: Box<dyn Port>,
    /// Old records.
    pub history: Box<dyn History>,
    /// A snapshot in the place of old records that the primary has no more.
    pub arrival: Box<dyn Arrival>,
    /// The promise and the life.
    pub keeper: Box<dyn Keeper>,
}

/// See the module.
pub struct ClusterAgent<W: Wires> {
    options: Options,
    steward: Steward,
    outside: Outside<W>,
    control: Arc<Control>,
    standing: Arc<Standing>,
    hurry: Hurry,
    log: Consumer<RecordBytes>,
    published: Arc<PublishedCursor>,
    progress: Arc<Progress>,
    running_hashes: Consumer<StateHash>,
    window: Window,
    inflow: Inflow,
    upstream: Upstream<W::Stream>,
    downstreams: Vec<Downstream<W::Stream>>,
    /// Standbys that hung up: is anybody there?
    probes: Vec<Probe<W::Stream>>,
    /// Why the last connection with each peer came to its end.
    complaints: Vec<String>,
    rise: Rise,
    refused_connections: u64,
    strangers: Strangers,
    now_ns: u64,
    wall_ns: u64,
    /// The first record of this process's reign.
    begin: Option<(BeginEpoch, Sequence)>,
    /// The running hash that the primary named with the last shared record.
    shared_hash: u64,
    /// Something may still lie in a socket that was not read.
    is_unread: bool,
    progress_at_ns: u64,
    /// The last that was told to the sequencer.
    post: Post,
    /// What people were told last.
    said_epoch: Epoch,
    said_view: Option<(NodeId, Vec<NodeId>)>,
    said_of_arbiter: String,
    /// To whom a snapshot was sent last, and which.
    said_snapshot: Option<(NodeId, Sequence)>,
    is_over: bool,
    #[cfg(any(test, feature = "simulation"))]
    mutant: Option<AgentMutant>,
}

/// A connection that is only to tell whether somebody listens.
struct Probe<S> {
    node: NodeId,
    /// None while it waits to be tried again.
    stream: Option<S>,
    at_ns: u64,
}

/// How often a node shows that it lives, as a part of the shortest time that it may be silent.
const SIGNS_PER_TIMEOUT: u64 = 8;
/// How long to wait before somebody who did not answer is dialled again.
const REDIAL_NS: u64 = 5_000_000;
/// Frames that are taken from one connection in a turn: whoever sends without end has to wait, not the others.
const FRAMES_PER_TURN: usize = 64;

impl<W: Wires> ClusterAgent<W> {
    /// An agent of a process that begins.
    pub fn new(
        options: Options,
        beginning: &Beginning,
        seat: Seat,
        outside: Outside<W>,
        control: Arc<Control>,
        now_ns: u64,
    ) -> Self {
        let nobody = options.settings.node;
        Self {
            steward: Steward::new(&options.settings, beginning, now_ns),
            outside,
            control,
            hurry: seat.standing.hurry(),
            standing: seat.standing,
            log: seat.log,
            published: seat.published,
            progress: seat.progress,
            running_hashes: seat.running_hashes,
            window: Window::new(options.window_records, seat.chain, seat.hash),
            inflow: Inflow::new(nobody, seat.end, seat.records),
            upstream: Upstream::idle(now_ns),
            downstreams: Vec::new(),
            probes: Vec::new(),
            complaints: vec![String::new(); options.peers.len()],
            rise: Rise::default(),
            refused_connections: 0,
            strangers: Strangers::new(options.peers.len(), now_ns),
            now_ns,
            wall_ns: 0,
            begin: None,
            shared_hash: 0,
            is_unread: true,
            progress_at_ns: now_ns,
            post: Post::Waiting,
            said_epoch: Epoch(0),
            said_view: None,
            said_of_arbiter: String::new(),
            said_snapshot: None,
            is_over: false,
            #[cfg(any(test, feature = "simulation"))]
            mutant: None,
            options,
        }
    }

    /// From one sign of life to the next.
    fn sign_ns(&self) -> u64 {
        let Settings { primary_timeout_ns, standby_timeout_ns, .. } = self.options.settings;
        primary_timeout_ns.min(standby_timeout_ns) / SIGNS_PER_TIMEOUT
    }

    fn header(&self, reign: Epoch) -> Header {
        let Settings { cluster, node, .. } = self.options.settings;
        Header { cluster, sender: node, reign }
    }

    fn peer(&self, node: NodeId) -> Option<&PeerAddress> {
        self.options.peers.iter().find(|peer| peer.node == node)
    }

    /// Says once why a connection with a node came to nothing.
    fn complain(&mut self, node: Option<NodeId>, why: String) {
        let name = node.and_then(|node| self.peer(node)).map(|peer| peer.name.clone());
        let at = self.options.peers.iter().position(|peer| Some(peer.node) == node);
        match at.and_then(|at| self.complaints.get_mut(at)) {
            Some(complaint) if *complaint == why => return,
            Some(complaint) => complaint.clone_from(&why),
            None => {}
        }
        match name {
            Some(name) if !why.is_empty() => self.control.say(true, format!("{name}: {why}")),
            None if self.strangers.is_new(&why, self.now_ns) => {
                self.control.say(true, format!("a connection of an unknown node was closed: {why}"))
            }
            _ => {}
        }
    }

    /// Takes what the log has come to.
    fn look_at_log(&mut self) -> usize {
        let taken = self.window.take(&mut self.log);
        let end = Sequence(self.published.position().saturating_sub(1));
        #[cfg(any(test, feature = "simulation"))]
        let end = if self.has(AgentMutant::AcknowledgeHandedOn) {
            end.max(self.inflow.handed_on())
        } else {
            end
        };
        if taken > 0
            && let Some(reign) = self.steward.leads()
            && let Some(start) = self.window.chain().starts().last()
            && start.reign == reign
        {
            self.steward.began(start.first);
        }
        let synced = self.progress.synced.load(std::sync::atomic::Ordering::Acquire);
        self.steward.own(Own { end, synced: Sequence(synced) });
        self.look_at_room();
        taken
    }

    /// A standby whose disk is full leaves: its primary goes on without it, and it comes back when there is room.
    fn look_at_room(&mut self) {
        let did_lack = self.steward.lacks_room();
        self.steward.disk_is(self.progress.is_full());
        let lacks = self.steward.lacks_room();
        if lacks != did_lack {
            let text = match lacks {
                true => {
                    "the disk is full: this standby takes no more records, and comes back when there is room"
                }
                false => "there is room on the disk again",
            };
            self.control.say(lacks, text.to_owned());
        }
        if lacks {
            self.hang_up();
        }
    }

    fn look_at_arbiter(&mut self) -> usize {
        let mut done = 0;
        if let Some(answer) = self.outside.port.poll() {
            self.steward.answer(answer);
            self.say_of_arbiter();
            done += 1;
        }
        if let Some(request) = self.steward.request() {
            if !matches!(request, Request::Read) && self.steward.leads().is_none() {
                self.rise.asked_ns = self.wall_ns;
            }
            self.outside.port.ask(request);
            done += 1;
        }
        done
    }

    /// Says a new complaint once, and that it is over.
    fn say_of_arbiter(&mut self) {
        let complaint = self.outside.port.complaint();
        if complaint == self.said_of_arbiter {
            return;
        }
        match complaint.is_empty() {
            // It may be read and not be changed: that is said once, and not after each attempt.
            true if self.steward.insists() => return,
            true => self.control.say(false, "the arbiter answers again".to_owned()),
            false => self.control.say(true, complaint.clone()),
        }
        self.said_of_arbiter = complaint;
    }

    fn look_at_disk(&mut self) -> usize {
        if let Some(why) = self.outside.keeper.failure() {
            self.stop(Stopped::Unwritten(why));
        }
        match self.outside.keeper.stored() {
            Some(promise) => {
                self.steward.stored(promise);
                self.is_unread = true;
                1
            }
            None => 0,
        }
    }

    fn look_at_hashes(&mut self) -> usize {
        let mut done = 0;
        while let Some(hash) = self.running_hashes.peek().copied() {
            self.running_hashes.advance(1);
            self.steward.state_hash(hash);
            self.tell_hash(hash);
            done += 1;
        }
        done
    }

    fn look_at_desk(&mut self) {
        if !self.control.is_wanted() {
            return;
        }
        let control = Arc::clone(&self.control);
        let (mut wish, this) = (None, &*self);
        control.attend(
            |found| {
                let granted = this.may_wish(found);
                wish = granted.is_ok().then_some(found);
                granted
            },
            || this.status(),
        );
        match wish {
            Some(Wish::Found) => self.steward.found(),
            Some(Wish::Promote) => self.steward.promote(),
            Some(Wish::LeaveOut { node }) => self.steward.leave_out(node),
            Some(Wish::SwitchOver { to, patience_ns }) => {
                self.steward.switch_over(to, patience_ns);
            }
            None => {}
        }
    }

    /// Why a wish cannot be granted.
    fn may_wish(&self, wish: Wish) -> Result<(), String> {
        let view = self.steward.view();
        let leads = self.steward.leads().is_some();
        match wish {
            Wish::Found => self.may_found(),
            Wish::Promote if leads => Err("this node is primary already".to_owned()),
            Wish::Promote if view.is_none() => {
                Err("there is no view yet: castle admin found makes the first".to_owned())
            }
            Wish::Promote => self.may_promote(),
            Wish::LeaveOut { node } => self.may_leave_out(node),
            Wish::SwitchOver { .. } if !leads => {
                Err("this node is not primary: ask the one that is".to_owned())
            }
            Wish::SwitchOver { to, .. } => {
                let in_sync = view.map(|view| view.in_sync()).unwrap_or_default();
                let is_there = to != self.options.settings.node
                    && in_sync.iter().any(|member| member.node == to);
                if !is_there {
                    return Err(format!(
                        "node {to} is not in sync: castle admin cluster shows who is"
                    ));
                }
                if let Some(why) = self.cannot_take_over(to) {
                    return Err(why);
                }
                match self.steward.absent() {
                    None => Ok(()),
                    Some(absent) => Err(format!(
                        "{} is not there, and without an arbiter nobody who is given the place leads before every other \
                         node has said that it does not. Start it first, or take it out of [[cluster.member]]",
                        self.name_of(absent)
                    )),
                }
            }
        }
    }

    fn may_found(&self) -> Result<(), String> {
        if let Some(primary) = self.primary_seen() {
            return Err(format!("{} is primary and answers: found there", self.name_of(primary)));
        }
        let complaint = self.outside.port.complaint();
        if !complaint.is_empty() {
            return Err(format!("the arbiter does not answer: {complaint}"));
        }
        match (self.steward.arbiter_memory(), self.steward.view()) {
            (ArbiterMemory::Lost, _) | (ArbiterMemory::Whole, None) => Ok(()),
            (ArbiterMemory::Older, _) => Err(format!(
                "the arbiter shows a lower epoch than this node has seen, {}: was it restored from a backup? \
                 \"The arbiter has lost its data\" in docs/operations.md says what to do",
                self.steward.epoch_seen()
            )),
            (ArbiterMemory::Whole, Some(view)) => Err(format!(
                "there is a view already: epoch {}, primary node {}. A cluster is founded once",
                view.epoch(),
                view.primary().node
            )),
        }
    }

    /// The primary that this node follows, and hears.
    fn primary_seen(&self) -> Option<NodeId> {
        self.upstream.node().filter(|_| !self.steward.report().primary_is_silent)
    }

    /// Why a standby could not take over now, if so. The doors shut at the beginning of a switch, and orders that are
    /// canceled on disconnect go where it comes to nothing: what is known to fail is not begun.
    fn cannot_take_over(&self, to: NodeId) -> Option<String> {
        let report = self.steward.report();
        let peer = report.peers.iter().find(|peer| peer.member.node == to)?;
        if !(peer.is_connected && peer.is_following) || peer.is_waited_for {
            return Some(format!("{} is in sync, but does not follow now", self.name_of(to)));
        }
        let complaint = self.outside.port.complaint();
        match self.steward.arbiter_memory() {
            // It notes on its own disk first to whom it gives its place.
            _ if self.steward.is_without_arbiter() => (self.progress.room() != Room::Plenty)
                .then(|| "this node's disk is full: make room on it first".to_owned()),
            _ if !complaint.is_empty() || report.arbiter_is_silent => Some(format!(
                "the arbiter does not answer, for {} ms now, and nobody takes over without it. {complaint}",
                report.arbiter_silent_ns / 1_000_000
            )),
            ArbiterMemory::Whole => None,
            ArbiterMemory::Older | ArbiterMemory::Lost => Some(
                "the arbiter knows less than this node, so nobody can take over: castle admin cluster says more"
                    .to_owned(),
            ),
        }
    }

    /// Who leads takes orders. An arbiter keeps two apart; without one, nobody is promoted beside a primary that is seen.
    fn may_promote(&self) -> Result<(), String> {
        if self.steward.lacks_room() {
            return Err("this node's disk is full: make room on it first".to_owned());
        }
        match self.primary_seen().filter(|_| self.steward.is_without_arbiter()) {
            Some(primary) => Err(format!(
                "{} is primary and answers: castle admin switchover, asked of it, hands the place over. To promote \
                 this node, stop castle there first",
                self.name_of(primary)
            )),
            None => Ok(()),
        }
    }

    fn may_leave_out(&self, node: NodeId) -> Result<(), String> {
        let report = self.steward.report();
        let name = self.name_of(node);
        if !self.steward.is_without_arbiter() {
            return Err("with an arbiter a primary leaves out by itself who is lost".to_owned());
        }
        if report.leads.is_none() {
            return Err("this node is not primary: ask the one that is".to_owned());
        }
        let peer = report.peers.iter().find(|peer| peer.member.node == node);
        match peer {
            Some(peer) if peer.is_waited_for => Ok(()),
            Some(peer) if peer.is_in_sync => Err(format!("{name} is there and in sync")),
            _ => Err(format!(
                "nothing waits for node {node}: castle admin cluster shows who is in sync"
            )),
        }
    }

    /// What an operator is shown.
    pub(crate) fn status(&self) -> Status {
        let report = self.steward.report();
        let links = self.options.peers.iter().zip(&self.complaints).map(|(peer, complaint)| {
            let down = self.downstreams.iter().find(|down| down.node() == Some(peer.node));
            let outflow = down.and_then(Downstream::outflow);
            let held = report.peers.iter().find(|held| held.member.node == peer.node);
            let behind = held.and_then(|held| self.window.behind(held.held.end, self.wall_ns));
            let taking = self.upstream.taking.as_ref();
            let taking = taking.filter(|_| self.upstream.node() == Some(peer.node));
            let sent = down.and_then(Downstream::sending).map(snapshot::Sending::progress);
            LinkStatus {
                snapshot: sent.or(taking.map(snapshot::Taking::progress)),
                node: peer.node,
                name: peer.name.clone(),
                // A primary dials only to look around.
                is_connected: down.is_some()
                    || (report.leads.is_none() && self.upstream.node() == Some(peer.node)),
                next_sent: outflow.map(|outflow| outflow.next()),
                is_catching_up: outflow.is_some_and(|outflow| outflow.next() < self.window.first()),
                behind_bytes: behind.map(|(bytes, _)| bytes),
                behind_us: behind.map(|(_, age_ns)| age_ns / 1_000),
                complaint: complaint.clone(),
            }
        });
        let links = links.collect();
        Status {
            report,
            arbiter_complaint: self.outside.port.complaint(),
            links,
            rise: self.rise,
            refused_connections: self.refused_connections,
        }
    }

    fn obey(&mut self) -> usize {
        let mut done = 0;
        while !self.is_over
            && let Some(order) = self.steward.next_order()
        {
            done += 1;
            match order {
                Order::Store(promise) => self.outside.keeper.store(promise),
                #[cfg(any(test, feature = "simulation"))]
                Order::Cut { .. } if self.has(AgentMutant::ForgetCut) => self.end(Ending::Again),
                Order::Cut { to } => {
                    let running_hash = self.shared_hash;
                    #[cfg(any(test, feature = "simulation"))]
                    let (to, running_hash) = self.cut_deeper(to, running_hash);
                    let epoch = self.reign_of(to);
                    self.end(Ending::Cut(SharedEnd { epoch, sequence: to, running_hash }));
                }
                Order::Begin { begin, after } => {
                    self.begin = Some((begin, after));
                    self.rise.began_ns = self.wall_ns;
                    self.hang_up();
                    self.set_post(Post::Leading { begin, after });
                }
                Order::Drain => {
                    self.set_post(Post::Draining);
                }
                Order::Resume => {
                    if let Some((begin, after)) = self.begin {
                        self.set_post(Post::Leading { begin, after });
                    }
                }
                Order::Offer { to, end } => self.offer(to, end),
                Order::StepDown(_) => {
                    self.say_last_view();
                    self.end(Ending::Again);
                }
                Order::Stop(why) => self.stop(why.into()),
            }
        }
        done
    }

    /// The reign of a record of this node's log.
    fn reign_of(&self, sequence: Sequence) -> Epoch {
        let starts = self.window.chain().starts();
        let start = starts.iter().rev().find(|start| start.first <= sequence);
        start.map_or(Epoch(0), |start| start.reign)
    }

    /// Takes no further part. What this node acknowledged may be worth less than it said, so the life is over first.
    fn stop(&mut self, why: Stopped) {
        self.outside.keeper.forget();
        self.end(Ending::Stopped(why));
    }

    /// Ends this node's part: nothing is said or released any more.
    fn end(&mut self, ending: Ending) {
        self.is_over = true;
        self.standing.set_doors(false);
        self.set_post(Post::Stopped);
        self.hang_up();
        self.downstreams.clear();
        self.probes.clear();
        for peer in &self.options.peers {
            self.outside.history.end(peer.node);
        }
        self.control.end(ending);
    }

    /// Says to people who is primary and who is in sync, where that has changed.
    fn say_view(&mut self) {
        let Some(view) = self.steward.view() else { return };
        if view.epoch() == self.said_epoch {
            return;
        }
        self.said_epoch = view.epoch();
        let nodes: Vec<NodeId> = view.in_sync().iter().map(|member| member.node).collect();
        let said = (view.primary().node, nodes);
        if self.said_view.as_ref() == Some(&said) {
            return;
        }
        let (epoch, primary) = (view.epoch(), view.primary().node);
        let names: Vec<String> = said.1.iter().map(|node| self.name_of(*node)).collect();
        let (alone, primary) = (names.len() == 1, self.name_of(primary));
        let text = match alone {
            true => format!("epoch {epoch}: {primary} is primary, alone, at local-disk"),
            false => {
                format!("epoch {epoch}: {primary} is primary, in sync are {}", names.join(", "))
            }
        };
        self.control.say(alone, text);
        self.said_view = Some(said);
    }

    /// What people call a node.
    fn name_of(&self, node: NodeId) -> String {
        match self.peer(node) {
            Some(peer) => peer.name.clone(),
            None => "this node".to_owned(),
        }
    }

    /// Tells the gateway what may be told, and the sequencer what is to be done.
    fn tell_standing(&mut self) -> usize {
        let released = self.steward.released().max(self.steward.told());
        let mut done = 0;
        #[cfg(any(test, feature = "simulation"))]
        let released =
            if self.has(AgentMutant::TellWhatIsInMemory) && self.steward.leads().is_some() {
                Sequence(self.published.position().saturating_sub(1))
            } else {
                released
            };
        if released > self.standing.released() {
            #[cfg(any(test, feature = "simulation"))]
            let notes = !self.has(AgentMutant::TellBeforeNoted);
            #[cfg(not(any(test, feature = "simulation")))]
            let notes = true;
            if notes {
                self.outside.keeper.tell(released);
            }
            self.standing.release(released);
            done = 1;
        }
        self.hurry.set(self.steward.waits_for_disk());
        let open = self.steward.doors_open();
        if open != self.standing.doors_open() {
            self.standing.set_doors(open);
            if open && self.rise.opened_ns == 0 {
                self.rise.opened_ns = self.wall_ns;
            }
            done = 1;
        }
        done
    }

    /// Tells the sequencer what this node does, where that is new.
    fn set_post(&mut self, post: Post) -> bool {
        let is_new = post != self.post;
        if is_new {
            self.post = post;
            self.standing.set_post(post);
        }
        is_new
    }
}

impl<W: Wires> Agent for ClusterAgent<W> {
    fn name(&self) -> &'static str {
        "cluster"
    }

    fn work(&mut self, now: Now) -> usize {
        if self.is_over {
            // The log ring is read to the end of this node's time: nobody may wait for this agent.
            self.look_at_desk();
            return self.window.take(&mut self.log);
        }
        (self.now_ns, self.wall_ns) = (now.monotonic_ns, now.wall_ns);
        let mut done = self.look_at_log();
        done += self.hear_nodes();
        done += self.look_at_arrival();
        if self.is_over {
            return done;
        }
        done += self.look_at_arbiter();
        done += self.look_at_disk();
        done += self.look_at_hashes();
        self.look_at_desk();
        self.steward.tick(now.monotonic_ns);
        done += self.obey();
        self.say_view();
        if self.is_over {
            return done + 1;
        }
        done += self.tell_standing();
        done += self.look_at_arbiter();
        done += self.acknowledge();
        done += self.send_records();
        self.dial();
        done
    }
}

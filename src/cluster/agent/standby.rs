//! The standby's side: dials whoever may be primary, takes its records, acknowledges.

use std::io::{self, ErrorKind};

#[cfg(any(test, feature = "simulation"))]
use super::AgentMutant;
use super::snapshot::{self, Taking};
use super::{ClusterAgent, FRAMES_PER_TURN, PeerAddress, REDIAL_NS, word};
use crate::cluster::follower::Refused;
use crate::cluster::frame::{Body, Frame, HelloBody};
use crate::cluster::link::{Link, LinkError};
use crate::cluster::standing::{Post, StateHash};
use crate::cluster::steward::Ack;
use crate::cluster::wires::Wires;
use crate::model::{Epoch, NodeId};

/// How long a node may be silent after a hello. Where it has to read its journal for an answer it shows that it lives.
pub(super) const WELCOME_NS: u64 = 2_000_000_000;
/// How long a node that refused this one is left alone.
const REFUSED_NS: u64 = 100_000_000;
/// How long one is whose snapshot is of no use: it sends the same again.
const SNAPSHOT_NS: u64 = 2_000_000_000;

/// The connection to the node that is, or may be, primary.
pub(super) struct Upstream<S> {
    pub(super) state: State<S>,
    /// When it may be dialled.
    pub(super) dial_at_ns: u64,
    /// How often somebody was dialled who was not the primary: the next time it is another's turn.
    pub(super) misses: usize,
    /// What it gets in the place of records.
    pub taking: Option<Taking>,
}

pub(super) enum State<S> {
    Idle,
    Dialling {
        node: NodeId,
        stream: S,
        since_ns: u64,
    },
    Up {
        node: NodeId,
        link: Link<S>,
        since_ns: u64,
        /// It was followed at least for a moment.
        is_welcomed: bool,
        said: Option<Ack>,
        said_at_ns: u64,
        /// The last state that it was told to be the same.
        agreed: StateHash,
    },
}

impl<S> Upstream<S> {
    pub fn idle(now_ns: u64) -> Self {
        Self { state: State::Idle, dial_at_ns: now_ns, misses: 0, taking: None }
    }

    /// Whom it goes to, where it is up.
    pub fn node(&self) -> Option<NodeId> {
        match &self.state {
            State::Up { node, .. } => Some(*node),
            _ => None,
        }
    }
}

/// What ends a connection to a primary.
pub(super) enum Parting {
    Link(LinkError),
    Refused(Refused),
    /// The snapshot that it sends cannot be taken in.
    Snapshot(String),
}

impl<W: Wires> ClusterAgent<W> {
    /// Ends the connection to whoever was followed.
    pub(super) fn hang_up(&mut self) {
        self.stop_taking();
        if let State::Up { node, .. } = self.upstream.state {
            self.upstream.state = State::Idle;
            self.steward.closed(node);
        }
        self.upstream.state = State::Idle;
    }

    /// Dials, where there is somebody to follow and nobody is dialled yet.
    pub(super) fn dial(&mut self) {
        if self.steward.leads().is_some() && self.steward.is_without_arbiter() {
            return self.look_around();
        }
        if !self.steward.may_follow() {
            return;
        }
        if let State::Up { node, since_ns, is_welcomed, .. } = &self.upstream.state {
            // Its reign is over, or it does not answer, or the view names another by now.
            let is_late = self.now_ns.saturating_sub(*since_ns) > WELCOME_NS;
            let other = self.steward.wants_to_follow().is_some_and(|primary| primary != *node);
            let is_passed_by = other && self.upstream.misses.is_multiple_of(2);
            if !(*is_welcomed || is_late || is_passed_by) {
                return;
            }
            // The next time it is another's turn.
            self.upstream.misses += usize::from(is_late && !*is_welcomed);
            self.hang_up();
        }
        self.look_at_dialling();
        if matches!(self.upstream.state, State::Idle)
            && self.now_ns >= self.upstream.dial_at_ns
            && let Some(peer) = self.whom_to_dial()
        {
            let (node, address) = (peer.node, peer.address);
            self.upstream.dial_at_ns = self.now_ns + REDIAL_NS;
            match self.outside.wires.dial(address) {
                Ok(stream) => {
                    let since_ns = self.now_ns;
                    self.upstream.state = State::Dialling { node, stream, since_ns };
                    self.look_at_dialling();
                }
                Err(error) => self.not_reached(node, &error),
            }
        }
    }

    /// The view's primary; where that is not known, or was of no use, each of the others in turn.
    fn whom_to_dial(&self) -> Option<&PeerAddress> {
        let peers = &self.options.peers;
        let misses = self.upstream.misses;
        match self.steward.wants_to_follow() {
            Some(primary) if misses.is_multiple_of(2) => self.peer(primary),
            _ => peers.get((misses / 2) % peers.len().max(1)),
        }
    }

    fn look_at_dialling(&mut self) {
        let State::Dialling { node, stream, since_ns } = &mut self.upstream.state else { return };
        let (node, since_ns) = (*node, *since_ns);
        match self.outside.wires.is_connected(stream) {
            Ok(true) => self.say_hello(),
            Ok(false) => {
                let patience_ns = self.options.settings.standby_timeout_ns;
                if self.now_ns.saturating_sub(since_ns) > patience_ns {
                    self.not_reached(node, &ErrorKind::TimedOut.into());
                }
            }
            Err(error) => self.not_reached(node, &error),
        }
    }

    fn not_reached(&mut self, node: NodeId, error: &io::Error) {
        self.upstream.state = State::Idle;
        self.upstream.misses += 1;
        self.upstream.dial_at_ns = self.now_ns + REDIAL_NS;
        if error.kind() == ErrorKind::ConnectionRefused {
            self.steward.refused(node);
        }
        self.complain(Some(node), format!("it cannot be reached: {error}"));
    }

    /// Says who this node is and what its log is, once all that was handed on before has reached the log.
    fn say_hello(&mut self) {
        let is_all_there = self.window.next() == self.inflow.handed_on().next();
        #[cfg(any(test, feature = "simulation"))]
        let is_all_there = is_all_there || self.has(AgentMutant::HelloTooEarly);
        if !is_all_there {
            return;
        }
        let state = std::mem::replace(&mut self.upstream.state, State::Idle);
        let State::Dialling { node, stream, .. } = state else { return };
        let name = self.peer(node).map(|peer| peer.name.clone()).unwrap_or_default();
        let tls = self.options.credentials.as_ref();
        let mut link = match Link::dialled(stream, tls, &name) {
            Ok(link) => link,
            Err(error) => return self.complain(Some(node), error.to_string()),
        };
        let hello = HelloBody::new(
            self.steward.me().incarnation,
            self.options.journal_format,
            &self.options.definitions,
            self.window.chain(),
        );
        let header = self.header(Epoch(0));
        if self.steward.is_without_arbiter() {
            word::say(&mut link, header, self.steward.view());
        }
        link.send(&Frame { header, body: Body::Hello(hello) });
        self.inflow.dial(node);
        self.is_unread = true;
        let since_ns = self.now_ns;
        let (is_welcomed, said, said_at_ns) = (false, None, 0);
        let agreed = StateHash::default();
        self.upstream.state =
            State::Up { node, link, since_ns, is_welcomed, said, said_at_ns, agreed };
        if let Err(parting) = self.hear_frame() {
            self.part(node, &parting);
        }
    }

    /// Reads what the primary sent, as far as there is room for it and it may be taken.
    pub(super) fn hear_primary(&mut self) -> usize {
        let State::Up { node, .. } = &self.upstream.state else { return 0 };
        let node = *node;
        if self.steward.leads().is_some() {
            return self.hear_look();
        }
        let mut done = 0;
        while done < FRAMES_PER_TURN {
            match self.hear_frame() {
                Ok(true) => done += 1,
                Ok(false) => return done,
                Err(parting) => {
                    self.part(node, &parting);
                    return done + 1;
                }
            }
        }
        self.is_unread = true;
        done
    }

    /// Takes the next frame; false where there is none, or none may be taken now.
    fn hear_frame(&mut self) -> Result<bool, Parting> {
        let State::Up { node, link, is_welcomed, since_ns, .. } = &mut self.upstream.state else {
            return Ok(false);
        };
        // What waits is sent, also what TLS has to say before and after it has read.
        link.flush().map_err(Parting::Link)?;
        if self.steward.is_preparing() || !self.inflow.has_room() {
            self.is_unread = true;
            return Ok(false);
        }
        let taking = &mut self.upstream.taking;
        if !self.outside.arrival.has_room() {
            (self.is_unread, *since_ns) = (true, self.now_ns);
            return Ok(false);
        }
        let cluster = self.options.settings.cluster;
        let Some(frame) = link.receive(cluster).map_err(Parting::Link)? else {
            return link.flush().map(|_| false).map_err(Parting::Link);
        };
        if let Body::View(text) = frame.body
            && frame.header.sender == *node
        {
            let view = word::read(text).map_err(Parting::Link)?;
            self.steward.heard_view(*node, frame.header.reign != Epoch(0), &view);
            return Ok(true);
        }
        let arrival = &mut *self.outside.arrival;
        if snapshot::take_frame(&frame, *node, taking, arrival, &mut self.steward)? {
            *since_ns = self.now_ns;
            return Ok(true);
        }
        if matches!(frame.body, Body::Progress { .. })
            && !*is_welcomed
            && frame.header.sender == *node
        {
            *since_ns = self.now_ns;
            return Ok(true);
        }
        let (mut named, mut was_welcomed) = (0, false);
        if let Body::Welcome { hash, .. } = frame.body {
            (named, was_welcomed) = (hash, true);
            self.shared_hash = hash;
        }
        // Where the log goes on behind the shared record it is cut, which compares the hash there.
        let window = &self.window;
        let own_hash = |shared| window.hash_after(shared).unwrap_or(named);
        let taken = self.inflow.take(&frame, &mut self.steward, own_hash);
        // At once: the next frame, or the end of the connection, may be the end of following, and what was handed on
        // has to reach the log all the same, else this node could never say again where that ends.
        if let Some(reign) = self.steward.follows() {
            self.set_post(Post::Following { reign });
        }
        taken.map_err(Parting::Refused)?;
        if was_welcomed && let State::Up { is_welcomed, .. } = &mut self.upstream.state {
            *is_welcomed = true;
        }
        Ok(true)
    }

    /// The connection to a primary is over.
    pub(super) fn part(&mut self, node: NodeId, parting: &Parting) {
        self.stop_taking();
        let state = std::mem::replace(&mut self.upstream.state, State::Idle);
        let was_welcomed = matches!(state, State::Up { is_welcomed: true, .. });
        // Whether a primary that was followed is still there is looked at once.
        let patience_ns = if was_welcomed { 0 } else { REDIAL_NS };
        self.upstream.misses += usize::from(!was_welcomed);
        self.upstream.dial_at_ns = self.now_ns + patience_ns;
        self.steward.closed(node);
        match parting {
            Parting::Snapshot(why) => {
                self.upstream.dial_at_ns = self.now_ns + SNAPSHOT_NS;
                self.refused_connections += 1;
                self.complain(Some(node), format!("its snapshot cannot be taken in: {why}"));
            }
            Parting::Refused(Refused::NotPrimary) => {
                self.steward.heard_quiet(node);
                self.complain(Some(node), String::new());
            }
            Parting::Refused(why) => {
                self.upstream.dial_at_ns = self.now_ns + REFUSED_NS;
                self.refused_by(node, why);
            }
            Parting::Link(why) => {
                let is_bad = matches!(why, LinkError::Frame(_) | LinkError::Tls(_));
                if is_bad {
                    self.refused_connections += 1;
                    self.upstream.dial_at_ns = self.now_ns + REFUSED_NS;
                }
                self.complain(Some(node), why.to_string());
            }
        }
    }

    /// Counts and says why a node and this one do not speak.
    pub(super) fn refused_by(&mut self, node: NodeId, why: &Refused) {
        self.refused_connections += 1;
        let mut text = why.to_string();
        if let Refused::ByPrimary { about, .. } = why
            && let Some(value) = self.options.definitions.value(*about)
        {
            text += &format!(" (on this node it is {value})");
        }
        self.complain(Some(node), text);
    }

    /// Acknowledges what has come into the log, and shows from time to time that this node lives.
    pub(super) fn acknowledge(&mut self) -> usize {
        let sign_ns = self.sign_ns();
        let Some((to, ack)) = self.steward.acknowledgement() else { return 0 };
        let header = self.header(ack.reign);
        let own_agreed = self.steward.hash_agreed();
        let State::Up { node, link, said, said_at_ns, agreed, .. } = &mut self.upstream.state
        else {
            return 0;
        };
        let node = *node;
        let is_due = *said != Some(ack) || self.now_ns.saturating_sub(*said_at_ns) >= sign_ns;
        if node != to || !is_due || !link.has_room() {
            return 0;
        }
        #[cfg(any(test, feature = "simulation"))]
        let notes = self.mutant != Some(AgentMutant::SendBeforeNoted);
        #[cfg(not(any(test, feature = "simulation")))]
        let notes = true;
        if notes {
            self.outside.keeper.acknowledge(ack.received);
        }
        link.send(&Frame { header, body: Body::Ack(ack) });
        (*said, *said_at_ns) = (Some(ack), self.now_ns);
        if *agreed != own_agreed && link.send(&Frame { header, body: Body::StateHash(own_agreed) })
        {
            *agreed = own_agreed;
        }
        self.upstream.misses = 0;
        if let Err(error) = link.flush() {
            self.part(node, &Parting::Link(error));
        }
        1
    }
}

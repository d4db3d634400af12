//! What an operator sees of the cluster.

use super::{ArbiterMemory, Own, Role, Rule, Steward};
use crate::cluster::standing::StateHash;
use crate::cluster::view::{Member, View};
use crate::model::{Epoch, NodeId, Sequence};

/// It is read more often, and a member that hangs is left for the next sooner.
const ARBITER_SILENT_NS: u64 = 1_000_000_000;

/// What `castle admin cluster` shows. A primary knows its standbys; a standby knows itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// This node.
    pub me: Member,
    /// The view that was last read.
    pub view: Option<View>,
    /// The reign in which this process numbers records.
    pub leads: Option<Epoch>,
    /// It took itself out.
    pub is_out: bool,
    /// How far its own log is.
    pub own: Own,
    /// What may be told.
    pub released: Sequence,
    /// A view is asked for, and its outcome is open.
    pub asks_for: Option<View>,
    /// Since when the arbiter has not answered.
    pub arbiter_silent_ns: u64,
    /// That is so long that nobody should count on it: it may hang, and no question has failed yet.
    pub arbiter_is_silent: bool,
    /// What the arbiter still knows.
    pub arbiter_memory: ArbiterMemory,
    /// The last state hash that was the primary's as well.
    pub hash_agreed: StateHash,
    /// Who says who is primary.
    pub rule: Rule,
    /// The reign that it follows.
    pub follows: Option<Epoch>,
    /// What the primary told, as far as this node knows.
    pub told: Sequence,
    /// How long ago it last heard a primary that it followed; none where it has not since it began.
    pub primary_silent_ns: Option<u64>,
    /// That is longer than a primary may be silent, or there is none.
    pub primary_is_silent: bool,
    /// Without an arbiter: this node was primary, and leads again once these say that they are not.
    pub waits_for: Vec<NodeId>,
    /// A standby that takes no part, since its disk is full.
    pub lacks_room: bool,
    /// It takes no more orders, since a standby is to take over.
    pub hands_over: bool,
    /// The standbys.
    pub peers: Vec<PeerReport>,
}

/// A standby, as its primary sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerReport {
    /// Which one, in which life.
    pub member: Member,
    /// The view names it.
    pub is_in_sync: bool,
    /// There is a connection.
    pub is_connected: bool,
    /// It has begun to follow.
    pub is_following: bool,
    /// What it acknowledged.
    pub held: Own,
    /// How many records it is behind.
    pub behind: u64,
    /// The view names it, but it is not there: what clients are told waits until it is back or out of the view.
    pub is_waited_for: bool,
    /// The last record after which its state was this node's, as it says, and the hash.
    pub agreed: StateHash,
    /// How long ago it last made progress.
    pub silent_ns: u64,
}

impl Steward {
    /// Whether a view names a node as in sync, in whichever life.
    fn names(&self, view: &View, node: NodeId) -> bool {
        view.in_sync().iter().any(|member| member.node == node)
    }

    fn primary_is_silent(&self) -> bool {
        let is_heard = |at| self.now_ns.saturating_sub(at) <= self.settings.primary_timeout_ns;
        self.follows().is_none() || !self.operator.primary_heard_ns.is_some_and(is_heard)
    }

    fn waits_for(&self) -> Vec<NodeId> {
        let was_me = self.view().is_some_and(|view| view.primary() == self.me);
        match self.role {
            Role::Standby if was_me => self.unheard().collect(),
            _ => Vec::new(),
        }
    }

    /// What an operator sees.
    pub fn report(&self) -> Report {
        let is_in_sync = |member| self.view().is_some_and(|view| view.has(member));
        let peers = self.peers.iter().map(|peer| PeerReport {
            member: peer.member,
            is_in_sync: is_in_sync(peer.member),
            is_connected: peer.is_connected,
            is_following: peer.is_aligned,
            held: Own { end: peer.received, synced: peer.synced },
            behind: self.own.end.0.saturating_sub(peer.received.0),
            is_waited_for: self.leads().is_some()
                && self.view().is_some_and(|view| self.names(view, peer.member.node))
                && (!is_in_sync(peer.member) || !peer.is_aligned || self.is_lost(peer.member)),
            agreed: peer.agreed,
            silent_ns: self.now_ns.saturating_sub(peer.heard_ns),
        });
        let arbiter_silent_ns = self.now_ns.saturating_sub(self.arbiter_heard_ns);
        Report {
            me: self.me,
            view: self.view().cloned(),
            leads: self.leads(),
            is_out: self.role == Role::Out,
            own: self.own,
            released: self.released,
            asks_for: self.swap.as_ref().map(|swap| swap.view.clone()),
            arbiter_silent_ns,
            arbiter_is_silent: arbiter_silent_ns > ARBITER_SILENT_NS,
            arbiter_memory: self.arbiter_memory,
            hash_agreed: self.hash_agreed,
            rule: self.settings.rule,
            follows: self.follows(),
            told: self.told,
            primary_silent_ns: self
                .operator
                .primary_heard_ns
                .map(|at| self.now_ns.saturating_sub(at)),
            primary_is_silent: self.primary_is_silent(),
            waits_for: self.waits_for(),
            lacks_room: self.lacks_room(),
            hands_over: matches!(&self.role, Role::Leading(it) if it.handing_over.is_some()),
            peers: peers.collect(),
        }
    }
}

//! Without an arbiter: operators say who is primary, and each node keeps its own copy of the view.
//!
//! 1. **The copy of the primary counts.** It alone changes who is in sync, and what it writes on its own disk is
//!    done. It tells the view to whoever it speaks with, and so does every node.
//! 2. **A node takes a higher epoch for true**, from whoever says it, and keeps it before it acts on it. A primary that
//!    hears of one steps down.
//! 3. **Nobody says anything before he has read his own copy.** Else a node that knows better would seem to have no
//!    objection.
//! 4. **Nobody takes over by himself.** A process that the view names as primary leads again only while every other
//!    node says that it does not: while one is silent, it may have been promoted.
//! 5. **A standby that is lost is waited for**, until an operator leaves it out, unless the configuration says
//!    otherwise. It cannot know that it was left out, which is why an operator has to.
//! 6. **A promotion is in an epoch above all that the others may have come to**, see
//!    [`PROMOTION_EPOCHS`](crate::cluster::view::PROMOTION_EPOCHS).

use std::cmp::Reverse;

#[cfg(any(test, feature = "simulation"))]
use super::Mutant;
use super::{Peer, Role, Rule, Steward, Why};
use crate::cluster::view::{Change, Member, View};
use crate::model::{Durability, NodeId};

/// How long it counts that a node said that it is not primary, in `primary_timeout`s. Standbys that find none ask each
/// other far more often.
const QUIET_TIMEOUTS: u64 = 5;

/// What a steward knows of the others, and was told by an operator.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// A higher view that another node told of, until it is kept.
    pub adopt: Option<View>,
    /// Who said that it is not primary, and when.
    quiet: Vec<(NodeId, u64)>,
    /// Bit n: the primary goes on without node n.
    left_out: u64,
    /// This process has read its copy of the view.
    pub has_read: bool,
    /// When a primary was last heard in this life of the process.
    pub primary_heard_ns: Option<u64>,
}

impl Word {
    /// A standby that an operator may have left out acknowledges again.
    pub fn is_back(&mut self, node: NodeId) {
        self.left_out &= !(1 << node.0);
    }
}

impl Steward {
    /// Another node says what view it has, and whether it is primary itself.
    pub fn heard_view(&mut self, from: NodeId, leads: bool, view: &View) {
        let is_ours = view.cluster() == self.settings.cluster;
        if self.settings.rule == Rule::Arbiter || self.role == Role::Out || !is_ours {
            return;
        }
        match leads {
            true => self.operator.quiet.retain(|(node, _)| *node != from),
            false => self.heard_quiet(from),
        }
        let rank = |view: &View| (view.reign(), Reverse(view.primary().node));
        let (is_higher, is_other) = match self.view() {
            Some(known) if view.epoch() == known.epoch() => {
                (false, view != known && rank(view) > rank(known))
            }
            Some(known) => {
                let is_higher = view.epoch() > known.epoch();
                (is_higher, is_higher && view.reign() < known.reign())
            }
            None => (true, false),
        };
        #[cfg(any(test, feature = "simulation"))]
        let is_higher = is_higher && !(self.has(Mutant::IgnoreHigherView) && self.view.is_some());
        let is_news = self.operator.adopt.as_ref().is_none_or(|heard| heard.epoch() < view.epoch());
        // What it was primary of is not in the other's log, and the other's not in this one.
        let was_me = self.view().is_some_and(|known| known.primary().node == self.me.node);
        if is_other && was_me {
            let (node, reign) = (view.primary().node, view.reign());
            self.stop(Why::TwoPrimaries { node, reign, own: self.promise.reign });
        } else if is_higher && view.reign() >= self.promise.reign && is_news {
            self.operator.adopt = Some(view.clone());
        }
    }

    /// Another node says that it is not primary.
    pub fn heard_quiet(&mut self, node: NodeId) {
        self.operator.quiet.retain(|(known, _)| *known != node);
        self.operator.quiet.push((node, self.now_ns));
    }

    /// The primary goes on without that standby until it comes back: an operator said so.
    pub fn leave_out(&mut self, node: NodeId) {
        self.operator.left_out |= 1 << node.0;
    }

    /// Whether this process knows what view its node has kept. Until then it says nothing to anybody: that it is not
    /// primary would be taken for the word of one who knows of no higher view.
    pub fn is_informed(&self) -> bool {
        #[cfg(any(test, feature = "simulation"))]
        if self.has(Mutant::SpeakUninformed) {
            return true;
        }
        self.settings.rule == Rule::Arbiter || self.operator.has_read
    }

    /// Whether the view is kept by the nodes themselves.
    pub fn is_without_arbiter(&self) -> bool {
        self.settings.rule != Rule::Arbiter
    }

    /// A node that neither follows nor was heard of lately. Who is given the place leads only once every other node has
    /// said that it does not, so with one away it would not be taken, and nobody would lead. Of one that has begun to
    /// acknowledge, the connection alone says too little: that of a node without power stays for a while.
    pub fn absent(&self) -> Option<NodeId> {
        let quiet_ns = QUIET_TIMEOUTS * self.settings.primary_timeout_ns;
        let is_there = |node| {
            let is_it = |peer: &&Peer| peer.member.node == node && peer.is_connected;
            let is_heard = |peer: &Peer| self.now_ns.saturating_sub(peer.heard_ns) <= quiet_ns;
            self.peers.iter().find(is_it).is_some_and(|peer| !peer.is_aligned || is_heard(peer))
        };
        self.unheard().find(|node| !is_there(*node))
    }

    /// Others that have not said lately that they are not primary, where this node would lead again.
    pub(super) fn unheard(&self) -> impl Iterator<Item = NodeId> {
        let others = match self.settings.rule {
            Rule::Arbiter => 0,
            Rule::Operator { others, .. } => others,
        };
        let quiet_ns = QUIET_TIMEOUTS * self.settings.primary_timeout_ns;
        let is_quiet = move |node: NodeId| {
            let said = |(known, at_ns): &(NodeId, u64)| {
                *known == node && self.now_ns.saturating_sub(*at_ns) <= quiet_ns
            };
            self.operator.quiet.iter().any(said)
        };
        let nodes = (0..u64::BITS as u16).filter(move |node| others >> node & 1 == 1).map(NodeId);
        nodes.filter(move |node| !is_quiet(*node))
    }

    pub(super) fn all_are_quiet(&self) -> bool {
        #[cfg(any(test, feature = "simulation"))]
        if self.has(Mutant::LeadUnasked) {
            return true;
        }
        self.operator.adopt.is_none() && self.unheard().next().is_none()
    }

    /// Whether a primary may ask for a view without a member that is lost, where so many are in sync.
    pub(super) fn may_go_on_without(&self, member: Member, in_sync: usize) -> bool {
        let Rule::Operator { goes_on_alone, .. } = self.settings.rule else { return true };
        // The life that the view names is over, and the next one of the same node holds all in its place.
        let replaces = |peer: &&Peer| {
            let is_next_life = peer.member.node == member.node && peer.member != member;
            is_next_life && peer.is_connected && peer.is_aligned && self.holds(peer, in_sync)
        };
        let is_replaced = self.peers.iter().find(replaces).is_some();
        goes_on_alone || is_replaced || self.operator.left_out >> member.node.0 & 1 == 1
    }

    /// What an operator said of nodes that the view does not name any more is over.
    pub(super) fn forget_left_out(&mut self) {
        let in_sync = self.view().map_or(0, View::in_sync_bits);
        self.operator.left_out &= in_sync;
    }

    /// Gives the place to a standby that has all on disk. From here on there is no way back: that it was
    /// asked for is as good as done, since nobody else could refuse it.
    pub(super) fn give_away(&mut self, successor: Member) {
        let change = Change::TakeOver { primary: successor, in_sync: vec![successor] };
        self.ask_for(&change, Durability::LocalDisk);
    }
}

//! The standby's part: whom it follows, what it acknowledges, when it takes over.

#[cfg(any(test, feature = "simulation"))]
use super::Mutant;
use super::{Ack, Order, Role, Rule, Steward, Welcomed, Why};
use crate::cluster::view::{Change, Member, View};
use crate::model::{Durability, Epoch, NodeId, Sequence};

/// The primary that a standby follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Following {
    pub node: NodeId,
    pub reign: Epoch,
}

impl Steward {
    /// Whether this node looks for a primary. It dials; a primary never does.
    pub fn may_follow(&self) -> bool {
        let is_free = self.role == Role::Standby && self.following.is_none();
        is_free && !self.is_full && self.is_informed()
    }

    /// Whom this node should dial first. Where the arbiter cannot be read, any other may be the primary: its
    /// greeting says so, and its reign says whether that is over.
    pub fn wants_to_follow(&self) -> Option<NodeId> {
        let primary = self.view().filter(|_| self.may_follow())?.primary().node;
        (primary != self.me.node).then_some(primary)
    }

    /// A node that was dialled says that it is primary, and which record is the last that both have.
    pub fn welcome(&mut self, from: NodeId, reign: Epoch, shared: Sequence) -> Welcomed {
        let is_over = reign < self.promise.reign;
        #[cfg(any(test, feature = "simulation"))]
        let is_over = is_over && !self.has(Mutant::AcceptOldReign);
        if self.role != Role::Standby || is_over || shared > self.own.end {
            return Welcomed::HangUp;
        }
        let released = self.told.min(self.own.end);
        if shared < released {
            self.stop(Why::CutReleased { reign, to: shared, released });
            return Welcomed::HangUp;
        }
        let is_to_cut = shared < self.own.end;
        #[cfg(any(test, feature = "simulation"))]
        let is_to_cut = is_to_cut && !self.has(Mutant::SkipCut);
        if is_to_cut && self.swap.is_some() {
            // It may be primary at any moment, with the log that it has.
            return Welcomed::HangUp;
        }
        (self.promote, self.found) = (false, None);
        // What was told behind that, this primary holds, or an operator overrode it: it says so anew.
        self.told = released;
        self.promise(self.promise.epoch, reign);
        self.following = Some(Following { node: from, reign });
        self.primary_heard_ns = self.now_ns;
        self.primary_refused = false;
        self.primary_offered = None;
        self.hashes.clear();
        self.peer_hashes.clear();
        if is_to_cut {
            self.is_cutting = true;
            self.orders.push_back(Order::Cut { to: shared });
        }
        Welcomed::Following
    }

    /// A primary, whose records behind the last that both have were pruned, sends a snapshot in their place: whether
    /// this node may give up its log for that. Not where it owes its records to anybody: to a view that names it, or
    /// could come to name it; or to clients, who were told of more than both have.
    pub fn may_take_in(&mut self, reign: Epoch, shared: Sequence) -> Welcomed {
        let is_over = reign < self.promise.reign;
        let is_named = self.swap.is_some() || self.view().is_some_and(|view| view.has(self.me));
        if self.role != Role::Standby || is_over || is_named || shared > self.own.end {
            return Welcomed::HangUp;
        }
        let released = self.told.min(self.own.end);
        if shared < released {
            self.stop(Why::CutReleased { reign, to: shared, released });
            return Welcomed::HangUp;
        }
        Welcomed::Following
    }

    /// The log was cut as ordered.
    pub fn cut_done(&mut self) {
        self.is_cutting = false;
    }

    /// Whether records of that reign from that node are taken. If not: hang up.
    pub fn accepts(&self, from: NodeId, reign: Epoch) -> bool {
        let Some(following) = self.following.filter(|_| self.role == Role::Standby) else {
            return false;
        };
        #[cfg(any(test, feature = "simulation"))]
        if self.has(Mutant::AcceptOldReign) {
            return following.node == from && following.reign == reign;
        }
        let is_followed = following.node == from && following.reign == reign;
        is_followed && reign >= self.promise.reign && self.is_ready()
    }

    /// The reign that this node follows, and whose records it takes.
    pub fn follows(&self) -> Option<Epoch> {
        let following = self.following?;
        self.accepts(following.node, following.reign).then_some(following.reign)
    }

    /// What the primary told, as far as this node has it: nobody may contradict it any more, so this node may show
    /// it to operators.
    pub fn told(&self) -> Sequence {
        self.told.min(self.own.end)
    }

    /// Whether a primary was chosen whose records are not taken yet: the promise is being written, or the log is to
    /// be cut.
    pub fn is_preparing(&self) -> bool {
        self.following.is_some() && !self.is_ready()
    }

    /// The promise is written down and the log is cut, so records may follow and acknowledgements count.
    fn is_ready(&self) -> bool {
        self.stored.reign >= self.promise.reign && !self.is_cutting
    }

    /// The primary showed that it makes progress, and told effects up to a record.
    pub fn primary_heard(&mut self, from: NodeId, reign: Epoch, released: Sequence) {
        if self.accepts(from, reign) {
            self.told = self.told.max(released);
            self.primary_heard_ns = self.now_ns;
            self.operator.primary_heard_ns = Some(self.now_ns);
        }
    }

    /// The primary offers its place: its log ends at `end`, and it takes nothing more.
    pub fn offered(&mut self, from: NodeId, reign: Epoch, end: Sequence) {
        if self.accepts(from, reign) && self.own.end == end {
            self.primary_offered = Some(end);
        }
    }

    /// The connection to a node is closed, whoever had dialled.
    pub fn closed(&mut self, node: NodeId) {
        if self.following.is_some_and(|following| following.node == node) {
            self.following = None;
            self.read_next = true;
        }
        self.standby_closed(node);
    }

    /// A connection to a node was refused: nobody listens there.
    pub fn refused(&mut self, node: NodeId) {
        if self.view().is_some_and(|view| view.primary().node == node) {
            self.primary_refused = true;
            self.read_next = self.read_next || self.swap.is_none();
        }
        self.standby_refused(node);
    }

    /// What this node acknowledges now, to whom it follows. Written to the file of its life before it is sent.
    pub fn acknowledgement(&self) -> Option<(NodeId, Ack)> {
        let following = self.following?;
        if !self.accepts(following.node, following.reign) || !self.speaks() {
            return None;
        }
        let is_unsure = self.is_unsure();
        let received = if is_unsure { self.own.synced.min(self.own.end) } else { self.own.end };
        #[cfg(any(test, feature = "simulation"))]
        let received = match self.mutant {
            Some(Mutant::AckAhead) => Sequence(self.own.end.0 + 1),
            Some(Mutant::AckWhileUnsure) => self.own.end,
            _ => received,
        };
        let synced = self.own.synced.min(received);
        Some((following.node, Ack { reign: following.reign, received, synced, is_unsure }))
    }

    /// Whether a swap may still be done that would leave this node alone with what it holds. An earlier process
    /// of this life may have asked for one too, which then expects the view that was found.
    pub(super) fn is_unsure(&self) -> bool {
        let is_alone =
            self.swap.as_ref().is_some_and(|swap| swap.view.durability() == Durability::LocalDisk);
        let is_new = |epoch| self.view().is_some_and(|view| view.epoch() > epoch);
        // Without an arbiter a swap is done by this very process, or not at all.
        let is_before = self.is_kept && self.settings.rule == Rule::Arbiter;
        is_alone || (is_before && !self.first_epoch.is_some_and(is_new))
    }

    /// Another view, and this node is not its primary by a swap of its own.
    pub(super) fn see(&mut self, view: &View) {
        #[cfg(any(test, feature = "simulation"))]
        if self.has(Mutant::NumberTwiceInReign) && view.primary() == self.me {
            return self.lead(&view.clone());
        }
        self.promote = false;
        // A view from before the reign that it follows is read late, and says nothing of that.
        let is_over = |following: &super::Following| {
            let is_other = following.node != view.primary().node;
            following.reign < view.reign() || (following.reign == view.reign() && is_other)
        };
        #[cfg(any(test, feature = "simulation"))]
        let is_over =
            |following: &super::Following| is_over(following) && !self.has(Mutant::AcceptOldReign);
        if self.following.as_ref().is_some_and(is_over) {
            self.following = None;
            self.primary_offered = None;
        }
        self.primary_heard_ns = self.now_ns;
        self.primary_refused = false;
    }

    /// Whether this node should be primary, as far as it knows.
    pub(super) fn wants_to_lead(&self) -> bool {
        let Some(view) = self.view() else { return false };
        if self.promote {
            return true;
        }
        // A view from before a reign that this node followed is old: who named it then may have left it out.
        let has_me = view.has(self.me) && view.epoch() >= self.promise.reign;
        #[cfg(any(test, feature = "simulation"))]
        let has_me = has_me
            || self.has(Mutant::PromoteNotInSync)
            || (self.has(Mutant::CompareNodesOnly)
                && view.in_sync().iter().any(|member| member.node == self.me.node));
        let silence_ns = self.now_ns.saturating_sub(self.primary_heard_ns);
        let is_silent = silence_ns > self.settings.primary_timeout_ns;
        let was_me = view.primary() == self.me;
        // One that went on after all has logged more.
        let is_offered = self.primary_offered == Some(self.own.end);
        let is_gone = self.primary_refused && self.following.is_none();
        let is_called = match self.settings.rule {
            Rule::Arbiter => was_me || is_silent || is_gone || is_offered,
            Rule::Operator { .. } => was_me && self.all_are_quiet(),
        };
        self.role == Role::Standby && has_me && is_called && !self.is_cutting && self.speaks()
    }

    /// Asks to be primary, if there is a reason to.
    pub(super) fn consider_taking_over(&mut self) {
        if self.swap.is_some() || !self.wants_to_lead() {
            return;
        }
        let Some(view) = self.view() else { return };
        let stays = |member: &&Member| **member == self.me || **member != view.primary();
        let mut in_sync: Vec<Member> = view.in_sync().iter().filter(stays).copied().collect();
        if self.promote || !in_sync.contains(&self.me) {
            in_sync = vec![self.me];
        }
        let is_alone = in_sync.len() == 1;
        let is_synced = self.own.synced >= self.own.end;
        #[cfg(any(test, feature = "simulation"))]
        let is_synced = is_synced || self.has(Mutant::TakeOverBeforeSynced);
        if is_alone && !is_synced {
            return;
        }
        let durability = if is_alone { Durability::LocalDisk } else { view.durability() };
        let promotes = self.promote;
        #[cfg(any(test, feature = "simulation"))]
        let promotes = promotes && !self.has(Mutant::PromoteInNextEpoch);
        let change = match (self.settings.rule, promotes) {
            (Rule::Operator { .. }, true) => {
                Change::Promotion { primary: self.me, above: self.promise.reign }
            }
            _ => Change::TakeOver { primary: self.me, in_sync },
        };
        self.ask_for(&change, durability);
    }
}

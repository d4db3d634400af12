//! The primary's part: what its standbys hold, who of them is in sync, what may be told.

#[cfg(any(test, feature = "simulation"))]
use super::Mutant;
use super::{Ack, Greeting, HandingOver, Hello, Order, Own, Role, Rule, StateHash, Steward, Why};
use crate::cluster::chain::Chain;
use crate::cluster::view::{Change, Member, View};
use crate::model::{Durability, Epoch, NodeId, Sequence};

/// How far behind a standby may be that is in sync, in `standby_timeout`s: all clients wait for it.
pub(super) const LAG_TIMEOUTS: u64 = 10;

/// A standby as its primary knows it.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub member: Member,
    pub is_connected: bool,
    /// Its log was cut to the part that both share: its acknowledgements count.
    pub is_aligned: bool,
    pub received: Sequence,
    pub synced: Sequence,
    /// When it last acknowledged more, or all there was.
    pub heard_ns: u64,
    pub was_refused: bool,
    pub is_unsure: bool,
    /// What there was to acknowledge when it was last asked for.
    pub owed: Sequence,
    /// The end of the log at some moment; when it holds that, it is known how far behind it is.
    mark: (Sequence, u64),
    /// How far behind it was last found to be.
    lag_ns: u64,
    /// A newcomer that keeps up is waited for until then, and not again before the other.
    awaited_until_ns: u64,
    awaited_next_ns: u64,
    /// The last record after which it says that its state was this node's.
    pub agreed: StateHash,
}

impl Peer {
    fn new(member: Member, now_ns: u64) -> Self {
        Self {
            member,
            is_connected: false,
            is_aligned: false,
            received: Sequence(0),
            synced: Sequence(0),
            heard_ns: now_ns,
            was_refused: false,
            is_unsure: false,
            owed: Sequence(0),
            mark: (Sequence(u64::MAX), now_ns),
            lag_ns: u64::MAX,
            awaited_until_ns: 0,
            awaited_next_ns: 0,
            agreed: StateHash::default(),
        }
    }

    /// What it holds at a level that a standby counts for.
    fn held(&self, durability: Durability) -> Sequence {
        match durability {
            Durability::StandbyDisk => self.synced,
            _ => self.received,
        }
    }
}

impl Steward {
    /// A standby said hello; `chain` is this node's own log.
    pub fn hello(&mut self, hello: &Hello, chain: &Chain) -> Greeting {
        let Some(reign) = self.leads() else {
            self.heard_quiet(hello.member.node);
            return Greeting::NotPrimary;
        };
        let shared = match chain.shared(&hello.chain) {
            Ok(shared) => shared,
            Err(parted) => return Greeting::Parted(parted),
        };
        #[cfg(any(test, feature = "simulation"))]
        let shared = if self.has(Mutant::CutTooMuch) {
            Sequence(shared.0.saturating_sub(3))
        } else {
            shared
        };
        let mut peer = Peer::new(hello.member, self.now_ns);
        peer.is_connected = true;
        // To say hello is no progress: one that comes again and again, and never gets to acknowledge, is silent.
        if let Some(known) = self.peers.iter().find(|known| known.member == hello.member) {
            peer.heard_ns = known.heard_ns;
        }
        #[cfg(any(test, feature = "simulation"))]
        if self.has(Mutant::CountAcksBeforeCut) {
            peer.is_aligned = true;
            peer.received = hello.chain.last();
            peer.synced = hello.chain.last();
        }
        self.peers.retain(|known| known.member.node != hello.member.node);
        self.peers.push(peer);
        Greeting::Welcome { reign, shared }
    }

    /// A standby acknowledged. False where it says what cannot be: hang up.
    pub fn acknowledged(&mut self, node: NodeId, ack: &Ack) -> bool {
        let (now_ns, end) = (self.now_ns, self.own.end);
        let durability = self.settings.durability;
        let Some(reign) = self.leads() else { return false };
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.member.node == node) else {
            return false;
        };
        let is_possible = ack.reign == reign && ack.received <= end && ack.synced <= ack.received;
        if !is_possible || !peer.is_connected {
            return false;
        }
        let has_advanced = ack.received > peer.received || ack.synced > peer.synced;
        if has_advanced || !peer.is_aligned || ack.received >= peer.owed {
            peer.heard_ns = now_ns;
            // What an operator said of one that was away is over: it is back.
            self.operator.is_back(node);
        }
        peer.owed = end;
        peer.received = peer.received.max(ack.received);
        peer.synced = peer.synced.max(ack.synced);
        let (mark, marked_ns) = peer.mark;
        let is_at_mark = peer.held(durability) >= mark;
        if is_at_mark {
            peer.lag_ns = now_ns - marked_ns;
        }
        if is_at_mark || !peer.is_aligned {
            peer.mark = (end, now_ns);
        }
        peer.is_aligned = true;
        peer.is_unsure = ack.is_unsure;
        self.release();
        true
    }

    /// A standby's connection is closed. What it acknowledged it still holds, in this reign.
    pub(super) fn standby_closed(&mut self, node: NodeId) {
        if let Some(peer) = self.peers.iter_mut().find(|peer| peer.member.node == node) {
            peer.is_connected = false;
            // One that hangs up has perhaps taken over.
            self.read_next = true;
        }
    }

    pub(super) fn standby_refused(&mut self, node: NodeId) {
        if let Some(peer) = self.peers.iter_mut().find(|peer| peer.member.node == node)
            && !peer.is_connected
        {
            peer.was_refused = true;
        }
    }

    /// An operator wants that standby to be primary. False where it is not in sync.
    pub fn switch_over(&mut self, to: NodeId, patience_ns: u64) -> bool {
        let in_sync = |view: &View| view.in_sync().iter().any(|member| member.node == to);
        let is_there = to != self.me.node && self.view().is_some_and(in_sync);
        let until_ns = self.now_ns + patience_ns;
        let Role::Leading(leading) = &mut self.role else { return false };
        if is_there && leading.handing_over.is_none() {
            leading.handing_over = Some(HandingOver { to, until_ns, offered: false });
            self.orders.push_back(Order::Drain);
        }
        is_there
    }

    /// Silence up to now is nobody's.
    pub(super) fn forgive(&mut self, gap_ns: u64) {
        for peer in &mut self.peers {
            peer.heard_ns += gap_ns;
            peer.mark.1 += gap_ns;
        }
        self.primary_heard_ns += gap_ns;
        if let Some(since_ns) = &mut self.unsynced_since_ns {
            *since_ns += gap_ns;
        }
    }

    /// Every member of the view is given time to come.
    pub(super) fn meet(&mut self, view: &View) {
        for member in view.in_sync() {
            let is_known = self.peers.iter().any(|peer| peer.member.node == member.node);
            if *member != self.me && !is_known {
                self.peers.push(Peer::new(*member, self.now_ns));
            }
        }
    }

    /// Asks for another view, if the standbys give a reason to.
    pub(super) fn consider_members(&mut self) {
        self.hand_over();
        let Some(view) = self.view().cloned() else { return };
        self.forget_left_out();
        self.meet(&view);
        if self.swap.is_some() || !self.speaks() {
            return;
        }
        let mut in_sync: Vec<Member> = view.in_sync().to_vec();
        in_sync.retain(|member| {
            let stays = *member == self.me || !self.is_lost(*member);
            stays || !self.may_go_on_without(*member, view.in_sync().len())
        });
        for peer in &self.peers {
            let is_in = in_sync.iter().any(|member| member.node == peer.member.node);
            let is_here = peer.is_connected && peer.is_aligned && !self.is_lost(peer.member);
            if !is_in && is_here && self.holds(peer, in_sync.len() + 1) {
                in_sync.push(peer.member);
            }
        }
        self.await_newcomers();
        in_sync.sort_unstable();
        let durability = self.level(in_sync.len());
        let is_same = in_sync == view.in_sync() && durability == view.durability();
        let is_unsure = |peer: &Peer| peer.is_unsure && peer.is_connected && view.has(peer.member);
        if is_same && (self.now_ns < self.next_epoch_at_ns || !self.peers.iter().any(is_unsure)) {
            return;
        }
        let change = Change::InSync(in_sync);
        // Under the new view all must be durable already that was told under the old ones.
        let holds = view
            .next(&change, durability, 0)
            .is_ok_and(|next| self.durable(&next) >= self.may_be_told());
        #[cfg(any(test, feature = "simulation"))]
        let holds = holds
            || self.has(Mutant::AddBeforeHeld)
            || (self.has(Mutant::AloneBeforeSynced) && durability == Durability::LocalDisk);
        if holds {
            self.next_epoch_at_ns = self.now_ns + 2 * self.settings.watch_ns;
            self.ask_for(&change, durability);
        }
    }

    /// A standby that keeps up but is not in sync yet is waited for, once in a while and no longer than one that is
    /// lost. Otherwise a primary whose disk is faster than the way to its standby and back would be ahead of it for
    /// as long as orders come, and never take it in.
    fn await_newcomers(&mut self) {
        let Some(held) = &self.view else { return };
        let (now_ns, patience_ns) = (self.now_ns, self.settings.standby_timeout_ns);
        let is_awaited = |peer: &Peer| {
            let keeps_up = peer.is_connected && peer.lag_ns <= patience_ns / 4;
            let is_due = now_ns >= peer.awaited_next_ns && !held.view.has(peer.member);
            keeps_up && is_due && !self.is_lost(peer.member)
        };
        let awaited: Vec<NodeId> = self
            .peers
            .iter()
            .filter(|peer| is_awaited(peer))
            .map(|peer| peer.member.node)
            .collect();
        for peer in self.peers.iter_mut().filter(|peer| awaited.contains(&peer.member.node)) {
            peer.awaited_until_ns = now_ns + patience_ns;
            peer.awaited_next_ns = now_ns + 10 * patience_ns;
        }
    }

    fn hand_over(&mut self) {
        let (now_ns, own, released) = (self.now_ns, self.own, self.released);
        let is_nobody_away = self.absent().is_none();
        let Role::Leading(leading) = &mut self.role else { return };
        // Or nothing at all: its disk may have no room for the first record of its reign.
        let has_told_all = released == own.end || leading.first.is_none();
        let Some(handing) = &mut leading.handing_over else { return };
        let is_given_away = handing.offered && self.settings.rule != Rule::Arbiter;
        if now_ns > handing.until_ns && !is_given_away {
            leading.handing_over = None;
            self.orders.push_back(Order::Resume);
            return;
        }
        let is_by_arbiter = self.settings.rule == Rule::Arbiter;
        let counts_memory = is_by_arbiter;
        #[cfg(any(test, feature = "simulation"))]
        let counts_memory = counts_memory || self.mutant == Some(Mutant::GiveUnsynced);
        let holds_all = |peer: &&Peer| {
            let held = if counts_memory { peer.received } else { peer.synced };
            peer.member.node == handing.to && held == own.end
        };
        let successor = self.peers.iter().find(holds_all).map(|peer| peer.member);
        if let Some(successor) = successor
            && !handing.offered
            && has_told_all
            && (is_by_arbiter || (self.swap.is_none() && is_nobody_away))
        {
            handing.offered = true;
            match is_by_arbiter {
                true => self.orders.push_back(Order::Offer { to: successor.node, end: own.end }),
                false => self.give_away(successor),
            }
        }
        if self.is_handed_over() {
            self.read_at_ns = now_ns;
        }
    }

    /// Whether a standby was told that the place is its, or is given it.
    fn is_handed_over(&self) -> bool {
        let Role::Leading(leading) = &self.role else { return false };
        leading.handing_over.is_some_and(|handing| handing.offered)
    }

    /// Whether a standby of the view is not there, so that it may have to be left out.
    pub(super) fn lacks_a_member(&self) -> bool {
        let is_there = |member: &Member| {
            *member == self.me
                || self.peers.iter().any(|peer| peer.member == *member && peer.is_connected)
        };
        self.view().is_some_and(|view| !view.in_sync().iter().all(is_there))
    }

    /// Whether the standby can be counted on no more.
    pub(super) fn is_lost(&self, member: Member) -> bool {
        let patience_ns = self.settings.standby_timeout_ns;
        let Some(peer) = self.peers.iter().find(|peer| peer.member.node == member.node) else {
            return false;
        };
        let is_other_life = peer.member != member;
        let is_silent = self.now_ns.saturating_sub(peer.heard_ns) > patience_ns;
        // It acknowledges, but what clients are told waits for it, and so do new orders once the rings are full.
        let (mark, marked_ns) = peer.mark;
        let lag_ns = self.now_ns.saturating_sub(marked_ns);
        let is_slow = peer.is_aligned
            && peer.held(self.settings.durability) < mark
            && lag_ns > LAG_TIMEOUTS * patience_ns;
        is_other_life || is_silent || is_slow || (peer.was_refused && !peer.is_connected)
    }

    /// Whether the standby holds all that was told, at the level of so many in sync.
    pub(super) fn holds(&self, peer: &Peer, in_sync: usize) -> bool {
        #[cfg(any(test, feature = "simulation"))]
        if self.has(Mutant::AddBeforeHeld) {
            return true;
        }
        peer.held(self.level(in_sync)) >= self.may_be_told()
    }

    /// The last record whose effects anyone may have told. What the primaries before told, this one does not
    /// know: all that it took over from them counts.
    fn may_be_told(&self) -> Sequence {
        let Role::Leading(leading) = &self.role else { return self.own.end };
        #[cfg(any(test, feature = "simulation"))]
        if self.has(Mutant::ForgetInherited) {
            return self.released;
        }
        self.released.max(leading.inherited)
    }

    pub(super) fn level(&self, in_sync: usize) -> Durability {
        if in_sync == 1 { Durability::LocalDisk } else { self.settings.durability }
    }

    /// The last record that is durable under a view.
    pub(super) fn durable(&self, view: &View) -> Sequence {
        let of = |member: &Member| {
            if *member == self.me {
                return self.own;
            }
            let known = |peer: &&Peer| peer.member == *member && peer.is_aligned;
            #[cfg(any(test, feature = "simulation"))]
            let known = |peer: &&Peer| {
                known(peer)
                    || (self.has(Mutant::CompareNodesOnly) && peer.member.node == member.node)
            };
            let peer = self.peers.iter().find(known);
            peer.map_or(Own::default(), |peer| Own { end: peer.received, synced: peer.synced })
        };
        let members = view.in_sync().iter().map(of);
        match view.durability() {
            Durability::LocalMemory => self.own.end,
            // Another's, where it is given the place.
            Durability::LocalDisk => of(&view.primary()).synced,
            Durability::StandbyMemory => members.map(|of| of.end).min().unwrap_or_default(),
            Durability::StandbyDisk => members.map(|of| of.synced).min().unwrap_or_default(),
        }
    }

    /// Releases what is durable under the present view, and under the one that may take its place, and no more than
    /// a standby holds that is waited for; and nothing before the reign's first record: each client logs on by a record
    /// behind that one, so until then this process has told nobody what it took over.
    pub(super) fn release(&mut self) {
        let Role::Leading(leading) = &self.role else { return };
        let Some(held) = &self.view else { return };
        let mut bound = self.durable(&held.view);
        if let Some(swap) = &self.swap {
            bound = bound.min(self.durable(&swap.view));
            #[cfg(any(test, feature = "simulation"))]
            match self.mutant {
                Some(Mutant::ReleaseUnderNewViewOnly) => bound = self.durable(&swap.view),
                Some(Mutant::ReleaseUnderOldViewOnly) => bound = self.durable(&held.view),
                _ => {}
            }
        }
        for peer in &self.peers {
            let is_awaited = peer.is_connected && self.now_ns < peer.awaited_until_ns;
            if is_awaited && !held.view.has(peer.member) {
                bound = bound.min(peer.held(self.settings.durability));
            }
        }
        #[cfg(any(test, feature = "simulation"))]
        if self.has(Mutant::ReleaseBeforeDurable) {
            bound = self.own.end;
        }
        if leading.first.is_some_and(|first| bound >= first) {
            self.released = self.released.max(bound);
        }
    }

    /// This node's state hash after a record.
    pub fn state_hash(&mut self, own: StateHash) {
        remember(&mut self.hashes, own);
        self.compare_hashes();
    }

    /// A standby says after which record it found its state to be this node's.
    pub fn standby_agreed(&mut self, node: NodeId, agreed: StateHash) {
        let known = self.peers.iter_mut().find(|peer| peer.member.node == node);
        if let Some(peer) = known.filter(|peer| agreed.sequence >= peer.agreed.sequence) {
            peer.agreed = agreed;
        }
    }

    /// The last record after which this node found its state to be the primary's, and the hash.
    pub fn hash_agreed(&self) -> StateHash {
        self.hash_agreed
    }

    /// The primary's state hash after a record, in the reign that this node follows.
    pub fn primary_hash(&mut self, from: NodeId, reign: Epoch, hash: StateHash) {
        if self.accepts(from, reign) {
            remember(&mut self.peer_hashes, hash);
            self.compare_hashes();
        }
    }

    fn compare_hashes(&mut self) {
        let mut differs = None;
        for own in &self.hashes {
            let same = |theirs: &&StateHash| theirs.sequence == own.sequence;
            let Some(theirs) = self.peer_hashes.iter().find(same) else { continue };
            if theirs.hash == own.hash {
                self.hash_agreed = *own;
            } else {
                let sequence = own.sequence;
                differs = Some(Why::StateDiffers { sequence, own: own.hash, primary: theirs.hash });
                break;
            }
        }
        if let Some(why) = differs
            && self.role == Role::Standby
        {
            self.stop(why);
        }
    }
}

fn remember(hashes: &mut std::collections::VecDeque<StateHash>, hash: StateHash) {
    if hashes.len() == super::HASHES_MAX {
        hashes.pop_front();
    }
    hashes.push_back(hash);
}

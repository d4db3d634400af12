//! The steward: decides who a node is in the cluster, and what may be told.
//!
//! All that the cluster's safety rests on is decided here, and nothing else is done here: no I/O, no clock, no
//! thread. Whoever drives it tells it what happened and does what it orders.
//!
//! 1. It is told how far this node's log is ([`Steward::own`]), what the arbiter answered
//!    ([`Steward::answer`]), what peers said, and the time ([`Steward::tick`]), which only decides when to try.
//! 2. It gives requests for the arbiter ([`Steward::request`]), the bound up to which effects may be told
//!    ([`Steward::released`]), what may be acknowledged ([`Steward::acknowledgement`]), and orders.
//! 3. **A view is what a read showed**, never what a reply to a swap said. A swap that was asked for may be done
//!    at any later time until a higher epoch is read; until then its outcome is open, and what is released must
//!    be durable under both views.
//! 4. **A process numbers records only in a reign that it swapped in itself**, which it knows by the nonce.
//! 5. **A steward that had to step down, or to stop, never does anything again.** Its process, or its venue,
//!    begins anew with another.
//!
//! `docs/cluster.md` holds the argument; `tests/model.rs` attacks it.

mod life;
#[cfg(any(test, feature = "simulation"))]
mod mutant;
mod operator;
mod primary;
mod report;
mod standby;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use thiserror::Error;

use crate::cluster::Version;
use crate::cluster::arbiter::Held;
use crate::cluster::chain::{Chain, Parted};
use crate::cluster::standing::StateHash;
use crate::cluster::view::{Change, Incarnation, Member, View};
use crate::model::{BeginEpoch, ClusterName, Durability, Epoch, NodeId, Sequence};

pub use life::{Kept, Promise};
#[cfg(any(test, feature = "simulation"))]
pub use mutant::Mutant as StewardMutant;
pub use report::{PeerReport, Report};

#[cfg(any(test, feature = "simulation"))]
use mutant::Mutant;
use operator::Word;
use primary::Peer;
use standby::Following;

/// What a steward is configured with.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The cluster.
    pub cluster: ClusterName,
    /// This node.
    pub node: NodeId,
    /// The level at which effects are told while a standby is in sync. Alone it is `local-disk`.
    pub durability: Durability,
    /// How long a standby lets its primary be silent before it tries to take over.
    pub primary_timeout_ns: u64,
    /// How long a primary lets a standby be silent before it goes on without it. Shorter than the other, so
    /// that a broken link between two healthy nodes costs the standby and not the doors.
    pub standby_timeout_ns: u64,
    /// How long a sync may take before the node counts itself as silent.
    pub journal_timeout_ns: u64,
    /// How long to wait before the arbiter is asked again for what it did not do.
    pub retry_ns: u64,
    /// How often the view is read where nothing gives a reason to.
    pub watch_ns: u64,
    /// Who says who is primary.
    pub rule: Rule,
}

/// Who says who is primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The arbiter: nodes ask it by themselves.
    Arbiter,
    /// Operators, since there is no arbiter. Each node keeps its own copy of the view; the primary's counts.
    Operator {
        /// Bit n: node n is another node of this cluster.
        others: u64,
        /// A primary goes on without a standby that is lost; where not, it waits for the operator's word.
        goes_on_alone: bool,
    },
}

/// How a process of a node begins.
#[derive(Debug, Clone, Copy)]
pub struct Beginning {
    /// This life of its log.
    pub incarnation: Incarnation,
    /// The incarnation is that of an earlier process, which showed that nothing it acknowledged is gone.
    pub is_kept: bool,
    /// What the node wrote down.
    pub promise: Promise,
    /// The reign of the log's last record.
    pub last_reign: Epoch,
    /// A random number: nonces are made of it.
    pub seed: u64,
}

/// How far this node's own log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Own {
    /// The last record in the log ring.
    pub end: Sequence,
    /// The last record that is synced.
    pub synced: Sequence,
}

/// What the arbiter is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// To show the view.
    Read,
    /// To put a view in the place of another.
    Swap {
        /// The one to be replaced.
        expected: Version,
        /// The one that follows it.
        view: View,
    },
    /// To keep a first view. An operator asked for it.
    Found(View),
    /// To keep a higher view that another node told of. Only without an arbiter.
    Adopt(View),
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The view as of some moment after it was asked for; none where there is none yet.
    View(Option<Held>),
    /// A swap or a founding was asked for. What came of it is for a read to show.
    Asked,
    /// No answer in time, or an error. It may have been done, or be done later.
    Failed,
}

/// What whoever drives a steward has to do, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Write this down, sync it, then say [`Steward::stored`].
    Store(Promise),
    /// Cut the log behind this record, then say [`Steward::cut_done`]; or begin the process anew.
    Cut {
        /// The last record that stays.
        to: Sequence,
    },
    /// Number records: log this first, behind the last record, which is `after` or a later one that was not
    /// acknowledged yet.
    Begin {
        /// The first record.
        begin: BeginEpoch,
        /// The log reaches at least so far.
        after: Sequence,
    },
    /// Take no commands, so that the log ends.
    Drain,
    /// Take commands again: the standby did not take over.
    Resume,
    /// Tell this standby that it may take over.
    Offer {
        /// The standby.
        to: NodeId,
        /// The last record.
        end: Sequence,
    },
    /// Stop numbering, rebuild the state from the shared part of the log, begin anew as a standby.
    StepDown(View),
    /// Take no further part. The life of this log is over: remove its file, so that the node returns as a new
    /// incarnation.
    Stop(Why),
}

/// Why a node takes no further part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Why {
    /// Its state is not the primary's.
    #[error(
        "the state after record {sequence} differs from the primary's: {own:016x} here, {primary:016x} there. \
         Keep both journals for whoever looks into it; then empty this node's journal directory and start it"
    )]
    StateDiffers {
        /// After which record.
        sequence: Sequence,
        /// The state hash here.
        own: u64,
        /// The state hash there.
        primary: u64,
    },
    /// Following would mean to forget what was told.
    #[error(
        "to follow epoch {reign} this node would cut its log behind record {to}, but effects up to record \
         {released} were told. Was the primary's disk restored, or a node promoted that lacked them?"
    )]
    CutReleased {
        /// The reign that asks for it.
        reign: Epoch,
        /// The last record that would stay.
        to: Sequence,
        /// The last that was told, as far as this node knows.
        released: Sequence,
    },
    /// Without an arbiter: two operators made two nodes primary.
    #[error(
        "node {node} is primary as well, since epoch {reign}; this node was made so in epoch {own}. Two nodes were \
         promoted, or founded, while neither saw the other. Both may have told clients what the other lacks: keep \
         both journals, decide which node goes on, then empty the other's journal directory and start it"
    )]
    TwoPrimaries {
        /// The other.
        node: NodeId,
        /// When it became primary.
        reign: Epoch,
        /// When this node became so, or the node that it followed.
        own: Epoch,
    },
}

/// What a standby says first on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Who it is.
    pub member: Member,
    /// Its log.
    pub chain: Chain,
}

/// What a standby is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeting {
    /// It may follow.
    Welcome {
        /// The epoch in which this primary took over.
        reign: Epoch,
        /// The last record that both have.
        shared: Sequence,
    },
    /// This node is not the primary, or not yet.
    NotPrimary,
    /// The logs have no part in common that could be found.
    Parted(Parted),
}

/// What a standby acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The reign that it follows.
    pub reign: Epoch,
    /// The last record that the loss of its process cannot take.
    pub received: Sequence,
    /// The last record that the loss of its power cannot take.
    pub synced: Sequence,
    /// A swap of this node, or of an earlier process of it, may still be done, so it acknowledges only what is
    /// synced. The next view ends that.
    pub is_unsure: bool,
}

/// A standby's answer to a primary's welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Welcomed {
    /// It follows as soon as the orders are done.
    Following,
    /// The primary's reign is over, or it says what cannot be: hang up.
    HangUp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Role {
    Standby,
    Leading(Leading),
    /// See the module: for ever.
    Out,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Leading {
    reign: Epoch,
    /// The last record of the primaries before: any of them may have told all up to it.
    inherited: Sequence,
    /// The first record of the reign, once the log has it.
    first: Option<Sequence>,
    /// The standby that shall take over, and until when.
    handing_over: Option<HandingOver>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct HandingOver {
    to: NodeId,
    until_ns: u64,
    offered: bool,
}

/// What the arbiter still knows, as far as this node can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArbiterMemory {
    /// All that this node has seen.
    Whole,
    /// A lower epoch than this node has seen: it was restored from a backup.
    Older,
    /// No view, though this node has seen one: its data is gone, or it is another arbiter.
    Lost,
}

/// A swap whose outcome is open.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Swap {
    expected: Version,
    view: View,
    /// It was asked for at least once.
    is_asked: bool,
}

/// See the module.
pub struct Steward {
    settings: Settings,
    me: Member,
    seed: u64,
    nonces: u64,
    role: Role,
    own: Own,
    now_ns: u64,
    view: Option<Held>,
    /// The epoch first read in this life: swaps of earlier processes are open until a higher one is read.
    first_epoch: Option<Epoch>,
    is_kept: bool,
    promise: Promise,
    /// This node has seen a view, or followed a primary, in this process or before.
    has_promised: bool,
    /// What is known to be written down.
    stored: Promise,
    swap: Option<Swap>,
    released: Sequence,
    peers: Vec<Peer>,
    following: Option<Following>,
    /// The log is to be cut before anything else.
    is_cutting: bool,
    /// When a standby that is unsure may be answered by another epoch again: it has to read it first.
    next_epoch_at_ns: u64,
    /// What primaries said that they told.
    told: Sequence,
    /// When the primary was last heard, or this process began.
    primary_heard_ns: u64,
    primary_refused: bool,
    /// The primary offers its place, with a log that ends here.
    primary_offered: Option<Sequence>,
    /// Its disk is full: as a standby it takes no part until there is room.
    is_full: bool,
    /// Since when the journal has had something to sync and synced nothing.
    unsynced_since_ns: Option<u64>,
    /// An operator wants this node to be primary, whatever the view says.
    promote: bool,
    /// A first view that an operator wants, and until when.
    found: Option<(View, u64)>,
    /// Without an arbiter: what only operators decide.
    operator: Word,
    is_asking: bool,
    ask_next_ns: u64,
    read_next: bool,
    read_at_ns: u64,
    arbiter_heard_ns: u64,
    arbiter_memory: ArbiterMemory,
    hashes: VecDeque<StateHash>,
    peer_hashes: VecDeque<StateHash>,
    hash_agreed: StateHash,
    orders: VecDeque<Order>,
    #[cfg(any(test, feature = "simulation"))]
    mutant: Option<Mutant>,
}

/// How long a first view that an operator wants is asked for. Later he may have founded it elsewhere.
const FOUND_NS: u64 = 10_000_000_000;

/// State hashes of either side that are remembered until the other side's comes.
const HASHES_MAX: usize = 16;

impl Steward {
    /// A steward of a process that begins: neither primary nor following.
    pub fn new(settings: &Settings, beginning: &Beginning, now_ns: u64) -> Self {
        let reign = beginning.promise.reign.max(beginning.last_reign);
        let promise = Promise { reign, ..beginning.promise };
        Self {
            settings: *settings,
            me: Member { node: settings.node, incarnation: beginning.incarnation },
            seed: beginning.seed,
            nonces: 0,
            role: Role::Standby,
            own: Own::default(),
            now_ns,
            view: None,
            first_epoch: None,
            is_kept: beginning.is_kept,
            promise,
            has_promised: beginning.promise != Promise::default(),
            stored: promise,
            swap: None,
            released: Sequence(0),
            peers: Vec::new(),
            following: None,
            is_cutting: false,
            next_epoch_at_ns: now_ns,
            told: Sequence(0),
            primary_heard_ns: now_ns,
            primary_refused: false,
            primary_offered: None,
            is_full: false,
            unsynced_since_ns: None,
            promote: false,
            found: None,
            operator: Word::default(),
            is_asking: false,
            ask_next_ns: now_ns,
            read_next: true,
            read_at_ns: now_ns,
            arbiter_heard_ns: now_ns,
            arbiter_memory: ArbiterMemory::Whole,
            hashes: VecDeque::with_capacity(HASHES_MAX),
            peer_hashes: VecDeque::with_capacity(HASHES_MAX),
            hash_agreed: StateHash::default(),
            orders: VecDeque::new(),
            #[cfg(any(test, feature = "simulation"))]
            mutant: None,
        }
    }

    /// This node in this life.
    pub fn me(&self) -> Member {
        self.me
    }

    /// The view that was last read.
    pub fn view(&self) -> Option<&View> {
        self.view.as_ref().map(|held| &held.view)
    }

    /// What the arbiter still knows, as far as this node can tell.
    pub fn arbiter_memory(&self) -> ArbiterMemory {
        self.arbiter_memory
    }

    /// The highest epoch that this node has seen.
    pub fn epoch_seen(&self) -> Epoch {
        self.promise.epoch
    }

    /// Effects of records up to this one may be told. Never goes down.
    pub fn released(&self) -> Sequence {
        self.released
    }

    /// The reign in which this process numbers records, if it does.
    pub fn leads(&self) -> Option<Epoch> {
        match &self.role {
            Role::Leading(leading) => Some(leading.reign),
            _ => None,
        }
    }

    /// Whether clients' connections are accepted.
    pub fn doors_open(&self) -> bool {
        matches!(&self.role, Role::Leading(leading) if leading.handing_over.is_none())
    }

    /// Whether anything waits for this node's disk: what is told, or a view that can be asked for only when all is
    /// synced. Where it says so for nothing, that costs syncs.
    pub fn waits_for_disk(&self) -> bool {
        let is_on_disk = |view: &View| {
            matches!(view.durability(), Durability::LocalDisk | Durability::StandbyDisk)
        };
        let is_asked = self.swap.as_ref().is_some_and(|swap| is_on_disk(&swap.view));
        match self.role {
            Role::Leading(_) => {
                is_asked || self.view().is_some_and(is_on_disk) || self.lacks_a_member()
            }
            Role::Standby => {
                // Also before the view says that its disk counts: one that syncs at its leisure would always be
                // behind what its primary has told, and never be taken in.
                let counts = self.settings.durability == Durability::StandbyDisk
                    || self.view().is_some_and(|it| it.durability() == Durability::StandbyDisk);
                is_asked || counts || self.is_unsure() || self.wants_to_lead()
            }
            Role::Out => true,
        }
    }

    /// Whether this steward takes no further part.
    pub fn is_out(&self) -> bool {
        self.role == Role::Out
    }

    /// Whether this node shows that it lives: a node whose journal is stuck stops its part.
    pub fn speaks(&self) -> bool {
        let patience = self.settings.journal_timeout_ns;
        let stuck = self.unsynced_since_ns.is_some_and(|since| self.now_ns - since > patience);
        self.role != Role::Out && !stuck && !self.lacks_room()
    }

    /// Whether this node's disk is full. A primary decides for itself what it still takes; a standby takes what its
    /// primary says, or nothing.
    pub fn disk_is(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// Whether this standby's disk has no room for its primary's records.
    pub fn lacks_room(&self) -> bool {
        self.is_full && self.role == Role::Standby
    }

    /// What is to be done next. Each once.
    pub fn next_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// How far this node's own log is. Neither part ever goes down, save by a cut that was ordered.
    pub fn own(&mut self, own: Own) {
        if own.synced >= own.end {
            self.unsynced_since_ns = None;
        } else if own.synced > self.own.synced || self.unsynced_since_ns.is_none() {
            self.unsynced_since_ns = Some(self.now_ns);
        }
        self.own = own;
        self.release();
    }

    /// The log has the first record of the reign in which this process numbers.
    pub fn began(&mut self, first: Sequence) {
        if let Role::Leading(leading) = &mut self.role
            && first > leading.inherited
        {
            leading.first = Some(first);
        }
    }

    /// The time, which never goes back.
    pub fn tick(&mut self, now_ns: u64) {
        let gap_ns = now_ns.saturating_sub(self.now_ns);
        self.now_ns = self.now_ns.max(now_ns);
        if gap_ns > self.settings.standby_timeout_ns / 2 {
            // This process did not run: the silence was its own.
            self.forgive(gap_ns);
        }
        match self.role {
            Role::Standby => self.consider_taking_over(),
            Role::Leading(_) => self.consider_members(),
            Role::Out => {}
        }
        self.release();
    }

    /// The promise is written down and synced.
    pub fn stored(&mut self, promise: Promise) {
        self.stored = self.stored.max(promise);
    }

    /// What the arbiter is to be asked now. At most one question is open at a time.
    pub fn request(&mut self) -> Option<Request> {
        if self.is_asking || self.role == Role::Out || self.now_ns < self.ask_next_ns {
            return None;
        }
        if let Some(view) = self.operator.adopt.as_ref().filter(|_| !self.read_next) {
            self.is_asking = true;
            return Some(Request::Adopt(view.clone()));
        }
        self.found.take_if(|(_, until_ns)| *until_ns < self.now_ns);
        let is_due = self.now_ns >= self.read_at_ns;
        let insists = self.insists();
        let request = match (&mut self.swap, &self.found) {
            // The first time at once; again only after a read has shown that it was not done yet.
            (Some(swap), None) if insists && !(swap.is_asked && self.read_next) => {
                swap.is_asked = true;
                Request::Swap { expected: swap.expected, view: swap.view.clone() }
            }
            _ if self.read_next => Request::Read,
            (_, Some((view, _))) => Request::Found(view.clone()),
            _ if is_due => Request::Read,
            _ => return None,
        };
        self.is_asking = true;
        Some(request)
    }

    /// What came of the question.
    pub fn answer(&mut self, answer: Answer) {
        self.is_asking = false;
        if self.role == Role::Out {
            return;
        }
        match answer {
            Answer::Asked => {
                self.read_next = true;
                self.ask_next_ns = self.now_ns;
                #[cfg(any(test, feature = "simulation"))]
                if self.has(Mutant::TrustSwapReply)
                    && let Some(Swap { expected, view, .. }) = self.swap.clone()
                {
                    self.show(Some(Held { view, version: Version(expected.0 + 1) }));
                }
            }
            Answer::Failed => {
                self.read_next = true;
                self.ask_next_ns = self.now_ns + self.settings.retry_ns;
                #[cfg(any(test, feature = "simulation"))]
                if self.has(Mutant::TrustSwapFailure) {
                    self.swap = None;
                }
            }
            Answer::View(held) => {
                self.read_next = false;
                self.operator.has_read = true;
                self.arbiter_heard_ns = self.now_ns;
                self.read_at_ns = self.now_ns + self.settings.watch_ns;
                self.show(held);
                // A swap that was not done yet is asked for again, but not at once.
                let wait = self.swap.as_ref().is_some_and(|swap| swap.is_asked);
                self.ask_next_ns = self.now_ns + if wait { self.settings.retry_ns } else { 0 };
            }
        }
        self.release();
    }

    /// An operator asks for a first view, with this node as primary.
    pub fn found(&mut self) {
        let nonce = self.nonce();
        let Settings { cluster, .. } = self.settings;
        let above = self.promise.epoch.max(self.promise.reign);
        let view = View::founding(cluster, self.me, above, Durability::LocalDisk, nonce);
        self.found = view.ok().map(|view| (view, self.now_ns + FOUND_NS));
        self.read_next = false;
    }

    /// An operator takes it upon himself that no other node is primary, and that what this node's log lacks is
    /// lost: it becomes primary, alone. He was shown the present view, so another one, or a primary that is followed, ends
    /// that.
    pub fn promote(&mut self) {
        self.promote = self.role == Role::Standby;
    }

    /// What a read showed.
    fn show(&mut self, held: Option<Held>) {
        let Some(held) = held else {
            if self.has_promised {
                self.arbiter_memory = ArbiterMemory::Lost;
            }
            return;
        };
        // Until a read shows it, it may not be on disk.
        self.operator.adopt.take_if(|view| view.epoch() <= held.view.epoch());
        self.found = None;
        if held.view.epoch() < self.promise.epoch {
            self.arbiter_memory = ArbiterMemory::Older;
            return;
        }
        self.arbiter_memory = ArbiterMemory::Whole;
        self.first_epoch.get_or_insert(held.view.epoch());
        if let Some(known) = &mut self.view
            && held.view.epoch() <= known.view.epoch()
        {
            if held.view == known.view {
                // Somebody may have put the same there again. What is asked for names what it replaces.
                known.version = held.version;
                self.swap.iter_mut().for_each(|swap| swap.expected = held.version);
                return;
            }
            // Two views of one epoch: the arbiter went back, and another node was made primary since. It holds that one.
            if held.view.epoch() < known.view.epoch() {
                return;
            }
        }
        // Whatever was open expected a view that is gone.
        let swap = self.swap.take();
        let is_mine = swap.is_some_and(|swap| swap.view.nonce() == held.view.nonce());
        let view = held.view.clone();
        // An answer that comes late: meanwhile this node has followed a primary after its own reign.
        let is_over = view.reign() < self.promise.reign;
        self.view = Some(held);
        self.promise(view.epoch(), view.reign());
        match &self.role {
            Role::Leading(leading) if is_mine && view.reign() == leading.reign => {}
            #[cfg(any(test, feature = "simulation"))]
            Role::Leading(_) if self.has(Mutant::StayPrimary) => {}
            Role::Leading(_) => {
                self.role = Role::Out;
                self.orders.push_back(Order::StepDown(view));
            }
            Role::Standby if is_mine && !is_over => self.lead(&view),
            Role::Standby => self.see(&view),
            Role::Out => {}
        }
    }

    /// Nothing lower is followed from here on.
    fn promise(&mut self, epoch: Epoch, reign: Epoch) {
        let promise =
            Promise { epoch: self.promise.epoch.max(epoch), reign: self.promise.reign.max(reign) };
        if promise != self.promise {
            self.has_promised = true;
            self.promise = promise;
            self.orders.push_back(Order::Store(promise));
        }
    }

    /// A swap took this process in as primary.
    fn lead(&mut self, view: &View) {
        self.following = None;
        self.promote = false;
        let (reign, inherited) = (view.reign(), self.own.end);
        // What others told behind that, this log lacks: the same numbers will be other records.
        self.told = self.told();
        self.role = Role::Leading(Leading { reign, inherited, first: None, handing_over: None });
        self.peers.clear();
        self.meet(view);
        let begin = BeginEpoch {
            epoch: view.reign(),
            primary: self.me.node,
            in_sync: view.in_sync_bits(),
            durability: view.durability(),
            nonce: view.nonce(),
        };
        self.orders.push_back(Order::Begin { begin, after: self.own.end });
    }

    fn stop(&mut self, why: Why) {
        self.role = Role::Out;
        self.following = None;
        self.orders.push_back(Order::Stop(why));
    }

    /// Asks for a view to follow the present one, unless one is asked for already.
    fn ask_for(&mut self, change: &Change, durability: Durability) {
        if self.swap.is_some() {
            return;
        }
        let nonce = self.nonce();
        let Some(held) = &self.view else { return };
        let Ok(view) = held.view.next(change, durability, nonce) else { return };
        self.swap = Some(Swap { expected: held.version, view, is_asked: false });
        self.ask_next_ns = self.now_ns;
    }

    /// Whether a swap is open and still wanted, and so is asked for again.
    pub fn insists(&self) -> bool {
        self.swap.is_some()
            && match self.role {
                Role::Leading(_) => self.speaks(),
                // A higher view that is to be kept comes first.
                Role::Standby => self.operator.adopt.is_none() && self.wants_to_lead(),
                Role::Out => false,
            }
    }

    fn nonce(&mut self) -> u64 {
        self.nonces += 1;
        let mut word = self.seed ^ self.nonces.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    #[cfg(any(test, feature = "simulation"))]
    fn has(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

//! What goes wrong, and how often it did.

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A process is gone at once; its machine goes on.
    Kill,
    /// All processes are gone at once.
    KillAll,
    /// A machine loses its power: unsynced writes are lost, kept or torn.
    Power,
    /// The same, and the next process is gone, too, before it has begun.
    KillAtStart,
    /// A machine loses its power, and again while the next process begins.
    PowerAtStart,
    /// A process does not run for a while, and then goes on.
    Freeze,
    /// Two nodes do not hear each other.
    Partition,
    /// One node does not hear another.
    OneWay,
    /// A node does not reach the arbiter.
    ArbiterCut,
    /// No node reaches the arbiter.
    ArbiterDown,
    /// A node is cut off from everybody: nodes, arbiter and clients.
    Isolated,
    /// Clients do not reach a node.
    ClientsCut,
    /// The connections between two nodes break.
    Break,
    /// Chunks take long, so that what is sent later on another connection comes first.
    Slow,
    /// A sync of the disk fails.
    SyncError,
    /// A write to the disk fails.
    WriteError,
    /// A bit of the journal changes.
    BitFlip,
    /// A disk is lost; an empty one takes its place.
    LostDisk,
    /// The disk has no more space.
    DiskFull,
    /// The disk is an older image of itself.
    OlderDisk,
    /// The syncer falls behind.
    SlowDisk,
    /// The sequencer has no turn for a while, as on a core that somebody else has.
    Stall,
    /// The clocks of a machine jump: both, or the wall clock alone, also back.
    ClockJump,
    /// An operator has another node take over.
    SwitchOver,
    /// A command comes late, of an earlier logon of its session, as from a gateway that is far behind.
    LateCommand,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Self; 25] = [
        Self::Kill,
        Self::KillAll,
        Self::Power,
        Self::KillAtStart,
        Self::PowerAtStart,
        Self::Freeze,
        Self::Partition,
        Self::OneWay,
        Self::ArbiterCut,
        Self::ArbiterDown,
        Self::Isolated,
        Self::ClientsCut,
        Self::Break,
        Self::Slow,
        Self::SyncError,
        Self::WriteError,
        Self::BitFlip,
        Self::LostDisk,
        Self::DiskFull,
        Self::OlderDisk,
        Self::SlowDisk,
        Self::Stall,
        Self::ClockJump,
        Self::SwitchOver,
        Self::LateCommand,
    ];

    /// Whether a disk may be lost, or be an older one.
    pub fn takes_disk(self) -> bool {
        self.spoils_disk() || self == Self::LostDisk
    }

    /// Whether it lies between a node and the arbiter alone.
    pub fn is_of_arbiter(self) -> bool {
        matches!(self, Self::ArbiterCut | Self::ArbiterDown)
    }

    /// Whether a disk may hold what it should not: snapshots beside it are not changed with it.
    pub fn spoils_disk(self) -> bool {
        matches!(self, Self::BitFlip | Self::OlderDisk)
    }

    /// Whether what was not synced is gone afterwards.
    pub fn takes_power(self) -> bool {
        matches!(self, Self::Power | Self::PowerAtStart)
    }

    /// Whether what the node acknowledged may be gone afterwards.
    pub fn takes_life(self) -> bool {
        matches!(
            self,
            Self::Power
                | Self::PowerAtStart
                | Self::SyncError
                | Self::WriteError
                | Self::BitFlip
                | Self::LostDisk
                | Self::OlderDisk
        )
    }
}

/// How often each kind happened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally([u64; Fault::ALL.len()]);

impl Tally {
    /// One more.
    pub fn count(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    /// All of another, too.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, more)| *sum += more);
    }

    /// All together.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Each kind with its count.
    pub fn each(&self) -> impl Iterator<Item = (Fault, u64)> + '_ {
        Fault::ALL.into_iter().zip(self.0)
    }
}

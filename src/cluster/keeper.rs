//! What a node keeps over the end of a process, as its agent sees it: the promise on disk, the life in memory.
//!
//! Writing the promise waits for the disk, which no agent may; so it is asked for, and some turns later it is there.
//! Writing the life is a store into memory that outlives the process. [`DiskKeeper`] does both.

mod disk;

use crate::cluster::steward::Promise;
use crate::model::Sequence;

#[cfg(any(test, feature = "simulation"))]
pub(crate) use disk::begin;
pub use disk::{DiskKeeper, Log};

/// See the module.
pub trait Keeper: Send {
    /// Has a promise written down and synced. The last one asked for counts.
    fn store(&mut self, promise: Promise);

    /// The promise that has been written down and synced since the last call, if one has.
    fn stored(&mut self) -> Option<Promise>;

    /// Notes in the life, before it is sent, that this node acknowledged all up to here. It never goes down.
    fn acknowledge(&mut self, sequence: Sequence);

    /// The same of what clients are told, by this node or its primary.
    fn tell(&mut self, sequence: Sequence);

    /// Removes the life: the node returns as a new incarnation.
    fn forget(&mut self);

    /// Why a promise could not be written, if it could not: the node cannot go on.
    fn failure(&mut self) -> Option<String>;
}

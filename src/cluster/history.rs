//! Old records, for a standby that is behind what its primary has in memory.
//!
//! A journal is read by calls that wait for the disk, and no agent may wait. So whoever implements [`History`]
//! reads on a thread of its own, ahead by a few pieces, and the primary's agent takes what is there.
//! [`JournalHistory`] does so. Where records were pruned it gives a snapshot in their place.

mod journal;
mod snapshot;

use crate::journal::transfer::Parcel;
use crate::model::{NodeId, Sequence};

pub use journal::JournalHistory;
#[cfg(any(test, feature = "simulation"))]
pub(crate) use snapshot::read as read_snapshot;

/// About how many bytes a piece has at most.
pub const PIECE_BYTES: usize = 256 * 1024;

/// What comes of reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The first piece: the running hash after the record behind which reading begins.
    Begins {
        /// It.
        hash: u64,
    },
    /// Whole records, one behind the other, each continuing the one before.
    Records(Vec<u8>),
    /// The records were pruned; a snapshot that stands in for them follows. Nothing else does.
    Snapshot(Parcel),
    /// The next bytes of the snapshot. A snapshot that follows instead begins anew.
    Part(Vec<u8>),
    /// The records cannot be had: why, for a person. Nothing follows.
    Gone(String),
}

/// See the module. One reading for each node at a time.
pub trait History: Send {
    /// Begins to read behind the record `shared` for a node; what was read for it before is dropped. At the end of
    /// the journal it waits for more, until it is ended.
    fn begin(&mut self, node: NodeId, shared: Sequence);

    /// The next piece, if it has been read. Never waits.
    fn next(&mut self, node: NodeId) -> Option<Piece>;

    /// Ends the reading for a node, if there is one.
    fn end(&mut self, node: NodeId);
}

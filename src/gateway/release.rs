//! Up to where the log is durable, at the level that the venue promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::Sequence;
use crate::ring::PublishedCursor;

/// The position up to which effects may be told.
#[derive(Clone)]
pub enum Durable {
    /// `local-memory`: the log ring, which lies in a file that outlives the process. The cursor is the
    /// position after the last record, and positions are sequences.
    Published(Arc<PublishedCursor>),
    /// `local-disk`: what the syncer has synced; the highest sequence.
    Synced(Arc<AtomicU64>),
}

impl Durable {
    /// The highest sequence that is durable. Never goes down.
    #[inline]
    pub fn sequence(&self) -> Sequence {
        match self {
            Self::Published(cursor) => Sequence(cursor.position().saturating_sub(1)),
            Self::Synced(sequence) => Sequence(sequence.load(Ordering::Acquire)),
        }
    }
}

//! Up to where the log is durable, at the level that the venue promises.

use crate::model::Sequence;

/// Tells the position up to which effects may be told.
pub trait Durable: Send + Sync {
    /// The highest sequence that is durable. Never goes down.
    fn sequence(&self) -> Sequence;
}

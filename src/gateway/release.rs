//! Up to where the log is durable, at the level that the venue promises.

use crate::model::Sequence;

/// Tells the position up to which effects may be told.
pub trait Durable: Send + Sync {
    /// The highest sequence that is durable. Never goes down.
    fn sequence(&self) -> Sequence;
    /// Whether there is room for new orders. Where there is none the engine refuses them, and each
    /// refusal takes of the room that is left for cancels.
    fn has_room(&self) -> bool;
}

//! The lock-free ring: one producer, any number of consumers, each with its own cursor.
//!
//! 1. A **position** is a `u64` that counts entries. Slot `position & (capacity - 1)` holds the
//!    entry; the capacity is a power of two, which divides 2^64, so positions may wrap. They are
//!    compared by their distance only.
//! 2. The producer **claims** slots and writes them in place (*staged*), then **publishes** all that
//!    is staged with one store to the published cursor.
//! 3. Each consumer reads published entries in place, then **advances**: one store to its gate, which
//!    gives the slots back.
//! 4. The producer waits for the slowest: it claims a position only when every gate is above
//!    `position - capacity`.
//! 5. **A consumer that is dropped stops gating**: its gate is marked and the others decide. With no
//!    consumer left nothing gates, and entries are overwritten unread.
//! 6. Both sides keep a copy of the last cursor they saw of the other side and look anew only when it
//!    has run out, so a cache line crosses between cores once a batch and not once an entry.
//! 7. Nothing allocates after creation, nothing waits, nothing fails.
//!
//! # Why acquire and release are enough
//!
//! - *No torn, early or reordered entry.* A slot is written before the **release** store of the
//!   published cursor; a consumer touches the slot only below a published cursor that it loaded with
//!   **acquire**. So the write happens before the read.
//! - *Nothing overwritten while it is read.* A consumer's last read of a slot comes before its
//!   **release** store to its gate (or to the mark that it is gone); the producer claims the slot again
//!   only after it loaded that value, or a later one, with **acquire**. So the read happens before the
//!   next write.
//! - *Nothing lost or doubled.* Each cursor has one writer and only grows. A stale copy of the other
//!   side's cursor is lower than the truth: it shows less to read, or less room, and is never wrong.
//! - No decision joins two cursors with different writers, so nothing needs one total order, hence no
//!   `SeqCst`. (Parking does need it; it is not done here, see [`crate::runtime::Doorbell`].)
//!
//! Each cursor has 128 bytes to itself: a line is 64 bytes, but the prefetcher fetches pairs.
//!
//! `loom_tests` checks this with every interleaving that loom finds; `tests` holds the model test.

mod cursor;
#[cfg(all(test, loom))]
mod loom_tests;
mod mapped;
mod memory;
mod queue;
#[cfg(all(test, not(loom)))]
mod tests;

pub use cursor::{ConsumerCursor, PublishedCursor};
pub use mapped::{Plain, Survivors, mapped, surviving, unlink};
pub use queue::{Consumer, Producer, ring, ring_from};

pub use crate::plain_bytes;

#[cfg(loom)]
use loom::sync::atomic;
#[cfg(not(loom))]
use std::sync::atomic;

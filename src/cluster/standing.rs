//! Where this node stands: what the cluster's agent tells the sequencer, the gateway and the operator.
//!
//! One [`Standing`] a process. The cluster's agent writes it; everyone else reads. What is read every turn is one
//! atomic word; the [`Post`] behind a lock is read only when its number has changed, which is at a failover.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::model::{BeginEpoch, Epoch, Sequence};
use crate::runtime::Hurry;

/// What this process does in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Post {
    /// Nothing yet: it looks for the view and for the primary. Nothing is sequenced, nothing is taken.
    #[default]
    Waiting,
    /// Records come from the follower's ring and go to the log unchanged; the doors are shut.
    Following {
        /// Since which epoch the primary has reigned.
        reign: Epoch,
    },
    /// This process numbers records. The sequencer leaves what the follower's ring still holds, logs `begin` behind
    /// its last record, and then takes commands. Its last record is `after` or a later one: what was
    /// acknowledged is in the log ring already. The same `begin` again, after draining, begins nothing.
    Leading {
        /// The first record of the epoch.
        begin: BeginEpoch,
        /// The log reaches at least so far.
        after: Sequence,
    },
    /// Hands over: nothing more is taken, so that the log comes to an end that the standby holds whole.
    Draining,
    /// This process takes no further part. It ends, and is started again as a standby where that can help.
    Stopped,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Standing {
    released: AtomicU64,
    doors_open: AtomicBool,
    /// Whether anything waits for this node's disk.
    hurry: Hurry,
    posts: AtomicU64,
    post: Mutex<Post>,
}

impl Standing {
    /// Effects of records up to this one may be told. Never goes down.
    #[inline]
    pub fn released(&self) -> Sequence {
        Sequence(self.released.load(Ordering::Acquire))
    }

    /// Whether a client's connection is accepted; where not, it is refused.
    #[inline]
    pub fn doors_open(&self) -> bool {
        self.doors_open.load(Ordering::Acquire)
    }

    /// Whether anything waits for this node's disk: what is told, or a view that is to be asked for.
    pub fn hurry(&self) -> Hurry {
        self.hurry.clone()
    }

    /// The number of the present post: another number, another post.
    #[inline]
    pub fn posts(&self) -> u64 {
        self.posts.load(Ordering::Acquire)
    }

    /// The present post. For whoever saw the number change.
    pub fn post(&self) -> Post {
        *self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Releases up to `bound`; a lower one than before changes nothing.
    pub fn release(&self, bound: Sequence) {
        self.released.fetch_max(bound.0, Ordering::AcqRel);
    }

    /// Opens or shuts the doors.
    pub fn set_doors(&self, open: bool) {
        self.doors_open.store(open, Ordering::Release);
    }

    /// Takes a post. The same again changes nothing.
    pub fn set_post(&self, post: Post) {
        let mut held = self.post.lock().unwrap_or_else(PoisonError::into_inner);
        if *held != post {
            *held = post;
            self.posts.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// The state hash after a record. A primary's and a standby's are equal, or the standby stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StateHash {
    /// After which record.
    pub sequence: Sequence,
    /// The engine's state hash then.
    pub hash: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_released_stays_released() {
        let standing = Standing::default();
        standing.release(Sequence(7));
        standing.release(Sequence(5));
        assert_eq!(standing.released(), Sequence(7));
    }

    #[test]
    fn a_post_is_numbered_when_it_changes() {
        let standing = Standing::default();
        standing.set_post(Post::Waiting);
        assert_eq!(standing.posts(), 0);
        standing.set_post(Post::Following { reign: Epoch(3) });
        standing.set_post(Post::Following { reign: Epoch(3) });
        assert_eq!((standing.posts(), standing.post()), (1, Post::Following { reign: Epoch(3) }));
    }
}

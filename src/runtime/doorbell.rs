//! How a producing runner wakes a parked consumer, once, and only if it must.
//!
//! 1. The consumer found nothing. It **announces** that it will park, then a fence.
//! 2. It looks once more. If there is something, it withdraws and goes on.
//! 3. It sleeps. When it wakes, for whatever reason, it withdraws.
//! 4. The producer publishes to its rings and ends its turn, then a fence; then it looks for an
//!    announcement. If there is one, it takes it away and unparks: so of many producers, and many
//!    turns, one pays the syscall.
//!
//! Both sides write one thing and then read the other's, which release and acquire do not order: each
//! could miss the other. The two `SeqCst` fences do: one comes first in their single order, and whoever
//! fences second sees what the other wrote before the first. So either the consumer sees the entry
//! when it looks once more, or the producer sees the announcement; an unpark before the park spares
//! the park. `loom_tests` checks it.
//!
//! Every write of the announcement is a swap, so that they form one chain in which a producer that
//! takes an old announcement away cannot hide a newer one.
//!
//! The fence costs a producer some nanoseconds after each turn that did something, not each entry.

use std::fmt;
use std::sync::Arc;

use super::park::Unpark;

#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, Ordering, fence};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicBool, Ordering, fence};

/// A runner's doorbell. Clones ring the same runner.
#[derive(Clone)]
pub struct Doorbell {
    shared: Arc<Shared>,
}

/// Read by every producer after each turn and written only around parking: lines of its own.
#[repr(align(128))]
struct Shared {
    announced: AtomicBool,
    unpark: Arc<dyn Unpark>,
}

impl Doorbell {
    /// A doorbell that wakes by `unpark`.
    pub fn new(unpark: Arc<dyn Unpark>) -> Self {
        Self { shared: Arc::new(Shared { announced: AtomicBool::new(false), unpark }) }
    }

    /// The consumer says that it will park. It must look once more before it does.
    pub fn announce(&self) {
        self.shared.announced.swap(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// The consumer is awake.
    pub fn withdraw(&self) {
        self.shared.announced.swap(false, Ordering::Relaxed);
    }

    /// The producer has published: wakes the consumer if it announced that it parks. True if it did.
    pub fn ring(&self) -> bool {
        fence(Ordering::SeqCst);
        self.ring_fenced()
    }

    /// Rings several, with one fence.
    pub fn ring_all(bells: &[Self]) {
        if bells.is_empty() {
            return;
        }
        fence(Ordering::SeqCst);
        for bell in bells {
            bell.ring_fenced();
        }
    }

    #[inline]
    fn ring_fenced(&self) -> bool {
        // The load keeps the line shared among those who look in vain.
        let wakes = self.shared.announced.load(Ordering::Relaxed)
            && self.shared.announced.swap(false, Ordering::Relaxed);
        if wakes {
            self.shared.unpark.unpark();
        }
        wakes
    }

    /// Wakes the runner whether it announced or not: it is to see that it must stop.
    pub fn wake(&self) {
        self.shared.unpark.unpark();
    }
}

impl fmt::Debug for Doorbell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doorbell").finish_non_exhaustive()
    }
}

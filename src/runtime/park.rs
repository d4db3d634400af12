//! How a runner sleeps, and how it is woken.

use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

/// Puts the calling runner to sleep.
pub trait Park: Send {
    /// Called once, on the runner's thread, before its first turn.
    fn attach(&mut self) {}

    /// Sleeps until unparked or until the timeout is over. An unpark since the last park counts: then
    /// it returns at once. May return early for no reason.
    fn park(&mut self, timeout: Duration);
}

/// Wakes a runner from any thread.
pub trait Unpark: Send + Sync {
    /// Wakes it, or spares it its next park.
    fn unpark(&self);
}

/// Parks a thread by the standard library, a futex on Linux.
#[derive(Debug)]
pub struct ThreadPark {
    thread: Arc<OnceLock<Thread>>,
}

/// Wakes the thread of its [`ThreadPark`].
#[derive(Debug, Clone)]
pub struct ThreadUnpark {
    thread: Arc<OnceLock<Thread>>,
}

/// A parker for a thread that may not exist yet, and what wakes it.
pub fn thread_parking() -> (ThreadPark, ThreadUnpark) {
    let thread = Arc::new(OnceLock::new());
    (ThreadPark { thread: thread.clone() }, ThreadUnpark { thread })
}

impl Park for ThreadPark {
    fn attach(&mut self) {
        let current = std::thread::current();
        let attached = self.thread.get_or_init(|| current.clone());
        assert_eq!(attached.id(), current.id(), "a parker stays with one thread");
    }

    fn park(&mut self, timeout: Duration) {
        debug_assert_eq!(self.thread.get().map(Thread::id), Some(std::thread::current().id()));
        std::thread::park_timeout(timeout);
    }
}

impl Unpark for ThreadUnpark {
    fn unpark(&self) {
        // Before it is attached the runner has not had its first turn, so it has yet to look.
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

//! The first fatal error, which ends the process.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::doorbell::Doorbell;

/// Where any agent says that it cannot go on. Clones share it. The first report stays; all runners
/// that know it stop.
#[derive(Debug, Clone, Default)]
pub struct Fault {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    raised: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    report: Option<FaultReport>,
    bells: Vec<Doorbell>,
}

/// Who could not go on, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultReport {
    /// The agent.
    pub who: String,
    /// What happened.
    pub message: String,
}

impl fmt::Display for FaultReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.who, self.message)
    }
}

impl std::error::Error for FaultReport {}

impl Fault {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reports a fatal error and stops all runners. Only the first report is kept: true if it is this.
    pub fn raise(&self, who: &str, message: impl fmt::Display) -> bool {
        let mut state = self.state();
        let is_first = state.report.is_none();
        if is_first {
            state.report = Some(FaultReport { who: who.to_owned(), message: message.to_string() });
            self.shared.raised.store(true, Ordering::Release);
            self.shared.changed.notify_all();
            for bell in &state.bells {
                bell.wake();
            }
        }
        is_first
    }

    /// Whether there is one. Cheap: asked every turn.
    #[inline]
    pub fn is_raised(&self) -> bool {
        self.shared.raised.load(Ordering::Acquire)
    }

    /// The first report.
    pub fn report(&self) -> Option<FaultReport> {
        self.state().report.clone()
    }

    /// Waits for one, as long as `timeout`.
    pub fn wait(&self, timeout: Duration) -> Option<FaultReport> {
        let until = Instant::now() + timeout;
        let mut state = self.state();
        while state.report.is_none() {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return None;
            }
            let waited = self.shared.changed.wait_timeout(state, rest);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.report.clone()
    }

    /// Also wakes this runner when a fault is raised.
    pub(super) fn watch(&self, bell: Doorbell) {
        self.state().bells.push(bell);
    }

    /// Nothing is left half done under this lock, so a poisoned one is as good.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

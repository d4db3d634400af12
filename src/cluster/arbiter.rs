//! Where the view lies.
//!
//! An arbiter keeps one text and changes it by compare-and-swap. Nothing else is asked of it: no lease, no
//! clock, no lock that a frozen process could hold. Its calls block, so they are made by a cold thread.
//!
//! **A reply is never trusted.** [`Arbiter::swap`] tells only that the swap was asked for; an error tells
//! only that it may not have been. Who won is what [`Arbiter::read`] shows afterwards, by the nonce.

mod etcd;
mod file;
mod own;

use std::time::Duration;

use thiserror::Error;

use crate::cluster::view::{View, ViewError};

pub use etcd::{EtcdArbiter, EtcdOptions, EtcdTls};
pub use file::FileArbiter;
pub use own::OwnView;

/// Which write made the view that an arbiter holds; means something to that arbiter only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub(crate) u64);

/// A view as it lies in an arbiter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The view.
    pub view: View,
    /// What a swap must name for it to be replaced.
    pub version: Version,
}

/// Why an arbiter gives no answer.
#[derive(Debug, Error)]
pub enum ArbiterError {
    /// It cannot be reached, or does not answer in time.
    #[error("{arbiter} cannot be reached: {why}")]
    Unreachable {
        /// Which one.
        arbiter: String,
        /// What happened.
        why: String,
    },
    /// It answers with something else than what was asked.
    #[error("{arbiter} gives an answer that is not understood: {why}")]
    Answer {
        /// Which one.
        arbiter: String,
        /// What is wrong with it.
        why: String,
    },
    /// What lies there is no view.
    #[error("the view in {place} cannot be used: {why}. Was it changed by hand?")]
    View {
        /// Where.
        place: String,
        /// What is wrong with it.
        why: ViewError,
    },
    /// It cannot be set up as configured.
    #[error("{what}: {why}")]
    Setup {
        /// What cannot be.
        what: String,
        /// Why.
        why: String,
    },
}

/// See the module.
pub trait Arbiter: Send {
    /// What it is called in messages.
    fn name(&self) -> String;

    /// The view as of some moment after the call began; none where an operator has not founded it.
    fn read(&mut self) -> Result<Option<Held>, ArbiterError>;

    /// Asks that `view` take the place of the view of version `expected`, if that is still held.
    fn swap(&mut self, expected: Version, view: &View) -> Result<(), ArbiterError>;

    /// Asks that `view` be the first, if there is none. Only an operator's command does this.
    fn found(&mut self, view: &View) -> Result<(), ArbiterError>;

    /// Keeps a higher view that another node told of. Only a node's own copy does this, where there is no arbiter:
    /// what is shared by all shows such a view by itself.
    fn adopt(&mut self, _: &View) -> Result<(), ArbiterError> {
        Ok(())
    }

    /// Waits until another view than that of version `known` is held, at most for `patience`: that
    /// view, or none where there was no other in time.
    fn watch(&mut self, known: Version, patience: Duration) -> Result<Option<Held>, ArbiterError>;
}

/// How often an arbiter that is only asked is looked at by [`Arbiter::watch`].
const WATCH_INTERVAL: Duration = Duration::from_millis(20);

/// Watches by asking again and again.
fn watch_by_reading(
    arbiter: &mut dyn Arbiter,
    known: Version,
    patience: Duration,
) -> Result<Option<Held>, ArbiterError> {
    let begun = std::time::Instant::now();
    loop {
        let held = arbiter.read()?;
        if let Some(held) = held
            && held.version != known
        {
            return Ok(Some(held));
        }
        let left = patience.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        std::thread::sleep(left.min(WATCH_INTERVAL));
    }
}

//! What a runner turns round.

use super::clock::Now;

/// An active part of the exchange.
pub trait Agent: Send {
    /// What it is called in messages.
    fn name(&self) -> &'static str;

    /// Does a bounded amount of work, without blocking, and returns how much. What it wrote to rings is
    /// published when it returns, and then it returns more than 0, or nobody downstream is woken.
    fn work(&mut self, now: Now) -> usize;

    /// The runner stops: the last call. Not made after a [`Fault`](super::Fault).
    fn close(&mut self, _now: Now) {}
}

/// What a runner does in turns without work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Idle {
    /// Nothing but tell the core that it spins. For a core that is the runner's own.
    Spin,
    /// Lets other threads run.
    Yield,
    /// Spins a little, then yields a little, then parks.
    #[default]
    Park,
}

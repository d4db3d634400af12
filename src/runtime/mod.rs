//! Agents, runners, idle strategies, clock, pinning.
//!
//! 1. An [`Agent`] does a bounded amount of work a turn and never blocks.
//! 2. A [`Runner`](RunnerBuilder) is a thread that turns its agents round, in their order, reading the
//!    clock once a turn. After a turn in which anything was done it rings the [`Doorbell`]s of the
//!    runners downstream.
//! 3. A runner that has nothing to do idles: [`Idle::Spin`], [`Idle::Yield`], or [`Idle::Park`], which
//!    is spin, then yield, then park.
//! 4. To park it announces it at its doorbell, turns its agents **once more**, and only then sleeps,
//!    for a limited time so that timers go on. Ringing costs a syscall only if parking was announced.
//! 5. Runners are stopped one after another, by who holds their handles; a stopped runner closes its
//!    agents in their order.
//! 6. The first fatal error, or panic, of any agent becomes the [`Fault`]: it stops all runners at
//!    once and **without** closing agents, as if the process had been killed; recovery is made for that.

mod agent;
mod clock;
mod doorbell;
mod fault;
mod files;
#[cfg(all(test, loom))]
mod loom_tests;
mod memory;
mod park;
mod poll_park;
mod process;
mod runner;
mod socket;
#[cfg(all(test, not(loom)))]
mod tests;

pub use agent::{Agent, Idle};
pub use clock::{Clock, Now, SimulatedClock, SystemClock, monotonic_ns};
pub use doorbell::Doorbell;
pub use fault::{Fault, FaultReport};
pub use files::open_files;
pub use memory::{LargePages, prefetch, touch_reserved};
pub use park::{Park, ThreadPark, ThreadUnpark, Unpark, thread_parking};
pub use poll_park::{PollPark, PollWatch};
pub use process::dies_with_its_parent;
pub use runner::{Hurry, PARK_TIMEOUT, Pinning, RunnerBuilder, RunnerHandle};
pub use socket::{end_after, send_at_once};

//! A whole cluster in one thread: nodes, arbiter and traders over a simulated network, disk and clock, with faults
//! drawn from a seed. The same seed gives the same run.
//!
//! 1. Every node consists of the agents of `serve`, put together and recovered by the same code. Only sockets, disk,
//!    clock, the arbiter's port and the threads behind promise and old records are swapped ([`outside`]).
//! 2. In each step time goes on a little; traders, then nodes in a drawn order, have a turn. In a turn each agent
//!    works once, or misses its turn, as a thread does that is not scheduled.
//! 3. Faults ([`faults`]) come once there is something to lose, overlap, and end. At last all is healed.
//! 4. Whatever clients were told must be in the log of whoever leads, byte for byte ([`reference`]), all that may be
//!    told in the logs that the view counts upon, and what clients notice themselves ([`client`]) is an error too. At
//!    the end the cluster must trade again, all nodes must be in sync and have the state to which the log replays, each
//!    journal must be that log, and every client gets everything again ([`world`]).
//! 5. Clients that nobody wants ([`nuisance`]) may harm nobody else.
//!
//! A fault that would take what was acknowledged from every node in sync is not drawn: no protocol survives that.

pub mod client;
mod failure;
pub mod faults;
mod harm;
pub mod machine;
mod mutant;
pub mod nuisance;
pub mod outside;
pub mod records;
pub mod reference;
pub mod world;

pub use failure::Failure;
pub use faults::{Fault, Tally};
pub use mutant::Mutant;

pub use world::remove_abandoned;

use world::World;

/// What came of a seed.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What is wrong, if anything is.
    pub error: Option<Failure>,
    /// Orders and cancels that traders sent.
    pub commands: u64,
    /// Those that were answered.
    pub answered: u64,
    /// How often a node began to lead, the founding not counted.
    pub failovers: u64,
    /// How often each kind of fault happened.
    pub faults: Tally,
    /// Processes that began.
    pub processes: u64,
    /// Records that recoveries found only in the log ring.
    pub from_ring: u64,
    /// Journals that were cut back to what was shared.
    pub cuts: u64,
    /// Processes that were gone before they had begun.
    pub short_starts: u64,
    /// Snapshots that took the place of a journal, sent by the primary.
    pub taken_in: u64,
    /// Snapshots that were made, and pruned behind.
    pub snapshots: u64,
    /// It has no arbiter: 1, else 0.
    pub without_arbiter: u64,
    /// How often an operator had to decide who leads.
    pub promotions: u64,
    /// Messages that came again.
    pub resent: u64,
    /// Messages of clients that nobody wants, and their connections that came to an end.
    pub nuisances: (u64, u64),
    /// Steps.
    pub steps: u64,
    /// A number that two runs of one seed have in common.
    pub digest: u64,
    /// What happened, where it was asked for.
    pub history: Vec<String>,
}

/// Runs a seed.
pub fn run(seed: u64, mutant: Option<Mutant>, wants_history: bool) -> Outcome {
    let mut world = match World::new(seed, mutant, wants_history) {
        Ok(world) => world,
        Err(why) => return Outcome { error: Some(why.into()), ..Outcome::default() },
    };
    let error = world.run().err();
    world.outcome(error)
}

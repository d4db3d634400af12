//! Parking on sockets: a poll that watches the polls of agents.

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};

use super::park::{Park, Unpark};

/// The token of the waker, and that of every watched poll: nobody asks which one was ready.
const WAKER: Token = Token(usize::MAX);
const WATCHED: Token = Token(0);

/// Sleeps until one of the watched polls has something ready, or somebody calls.
pub struct PollPark {
    poll: Poll,
    events: Events,
}

struct PollUnpark(Waker);

/// Adds polls to those that a [`PollPark`] watches, also when a runner has it already.
pub struct PollWatch(Registry);

impl PollWatch {
    /// Watches this poll too, by its descriptor. One that is closed is watched no more.
    pub fn watch(&self, descriptor: RawFd) -> io::Result<()> {
        self.0.register(&mut SourceFd(&descriptor), WATCHED, Interest::READABLE)
    }
}

impl PollPark {
    /// Watches these polls, by their descriptors. One that is closed is watched no more.
    pub fn new(watched: &[RawFd]) -> io::Result<(Self, Arc<dyn Unpark>)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let park = Self { poll, events: Events::with_capacity(8) };
        let more = park.watches()?;
        watched.iter().try_for_each(|descriptor| more.watch(*descriptor))?;
        Ok((park, Arc::new(PollUnpark(waker))))
    }

    /// For what is to be watched later.
    pub fn watches(&self) -> io::Result<PollWatch> {
        self.poll.registry().try_clone().map(PollWatch)
    }
}

impl Park for PollPark {
    fn park(&mut self, timeout: Duration) {
        // An interrupted or failed wait is a short one: the runner looks and comes back.
        let _ = self.poll.poll(&mut self.events, Some(timeout));
    }
}

impl Unpark for PollUnpark {
    fn unpark(&self) {
        // It fails only when the poll is gone, and with it the sleeper.
        let _ = self.0.wake();
    }
}

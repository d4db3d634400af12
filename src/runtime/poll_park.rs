//! Parking on sockets: a poll that watches the polls of agents.

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};

use super::park::{Park, Unpark};

/// The token of the waker; a watched poll has that of its place.
const WAKER: Token = Token(usize::MAX);

/// Sleeps until one of the watched polls has something ready, or somebody calls.
pub struct PollPark {
    poll: Poll,
    events: Events,
}

struct PollUnpark(Waker);

impl PollPark {
    /// Watches these polls, by their descriptors. One that is closed is watched no more.
    pub fn new(watched: &[RawFd]) -> io::Result<(Self, Arc<dyn Unpark>)> {
        let poll = Poll::new()?;
        for (at, descriptor) in watched.iter().enumerate() {
            let mut source = SourceFd(descriptor);
            poll.registry().register(&mut source, Token(at), Interest::READABLE)?;
        }
        let waker = Waker::new(poll.registry(), WAKER)?;
        Ok((Self { poll, events: Events::with_capacity(8) }, Arc::new(PollUnpark(waker))))
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

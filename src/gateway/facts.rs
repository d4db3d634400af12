//! What a gateway has to tell an operator: facts of fixed size, written down by the hot thread and
//! made into sentences by a cold one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam::queue::ArrayQueue;

use crate::fix::session::Close;
use crate::model::SessionId;

/// Facts that wait to be read; more are counted and dropped.
const FACTS_MAX: usize = 4_096;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client closed it.
    ByClient,
    /// Reading or writing failed.
    ByError(std::io::ErrorKind),
    /// It did not log on in time.
    LogonTimeout,
    /// Too many bytes came before a Logon.
    TooMuchBeforeLogon,
    /// The first message was no Logon of a session we know, or the session was connected already.
    NoSuchSession,
    /// A message was longer than allowed.
    MessageTooLong,
    /// The client did not read: bytes that waited.
    SlowClient(usize),
    /// The session's own rules ended it.
    BySession(Close),
    /// The gateway stops.
    Stopping,
    /// The node is not primary any more.
    NotPrimary,
    /// The disk is full, and the session has gone on sending new orders.
    DiskFull,
    /// The gateway has as many connections as it may.
    TooManyConnections,
}

/// Something that happened at a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// A session is logged on.
    LoggedOn {
        /// Which.
        session: SessionId,
        /// From where.
        peer: SocketAddr,
    },
    /// A connection ended.
    Ended {
        /// Its session, if it had one.
        session: Option<SessionId>,
        /// From where it came.
        peer: SocketAddr,
        /// Why.
        why: Ended,
    },
    /// The listener failed to accept.
    AcceptFailed(std::io::ErrorKind),
    /// The node leads, and the listener could not be opened; it is tried again.
    ListenFailed(std::io::ErrorKind),
    /// Connections are taken from now on.
    DoorsOpen,
    /// No connections are taken any more.
    DoorsShut,
}

/// Counters and facts of one gateway, readable from any thread.
#[derive(Debug)]
pub struct Telltale {
    facts: ArrayQueue<Fact>,
    /// Facts that found no room.
    pub facts_dropped: AtomicU64,
    /// Connections open now.
    pub connections: AtomicU64,
    /// Sessions logged on now.
    pub sessions: AtomicU64,
    /// Messages received, garbled ones not counted.
    pub messages_in: AtomicU64,
    /// Messages sent, resent ones counted.
    pub messages_out: AtomicU64,
    /// Runs of bytes skipped as garbled.
    pub garbled: AtomicU64,
}

impl Telltale {
    /// One that has nothing to tell yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            facts: ArrayQueue::new(FACTS_MAX),
            facts_dropped: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            sessions: AtomicU64::new(0),
            messages_in: AtomicU64::new(0),
            messages_out: AtomicU64::new(0),
            garbled: AtomicU64::new(0),
        })
    }

    /// Writes a fact down.
    pub(super) fn tell(&self, fact: Fact) {
        if self.facts.push(fact).is_err() {
            self.facts_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The next fact.
    pub fn next(&self) -> Option<Fact> {
        self.facts.pop()
    }
}

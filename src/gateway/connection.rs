//! One connection: its socket, what was read and not yet understood, and what waits to be written.

use std::net::SocketAddr;

use bytes::BytesMut;

use crate::gateway::facts::Ended;
use crate::gateway::outbound::Outbound;
use crate::model::{ConnectionId, SessionId};
use crate::telemetry::Ways;

/// See the module.
pub(super) struct Connection<S> {
    pub id: ConnectionId,
    pub stream: S,
    pub peer: SocketAddr,
    /// The session that logs on or is logged on here.
    pub session: Option<SessionId>,
    /// What was read and is no whole message yet.
    pub inbound: BytesMut,
    pub outbound: Outbound,
    /// Its order requests that are on their way.
    pub ways: Ways,
    /// The socket has more to read, as far as is known.
    pub readable: bool,
    /// The socket takes bytes, as far as is known.
    pub writable: bool,
    /// Bytes read before the Logon was complete.
    pub bytes_before_logon: usize,
    /// Monotonic time after which it is closed, whatever it waits for.
    pub deadline_ns: u64,
    /// Its session's messages are told here: from the answer to the Logon to the Logout.
    pub hears: bool,
    /// It is closed once everything that waits is written.
    pub closing: bool,
    /// Why, then.
    pub why: Ended,
    /// A resend is under way.
    pub resend: Option<Resend>,
    /// It stands in the gateway's list of inputs.
    pub in_inputs: bool,
    /// It stands in the gateway's list of outputs.
    pub in_outputs: bool,
}

/// The part of a resend that is still to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resend {
    /// Told apart by it from older ones of the connection.
    pub id: u32,
    /// The next number to ask the store for.
    pub next: u64,
    /// The last number to send.
    pub end: u64,
    /// A chunk was asked for and is not complete.
    pub asked: bool,
    /// The first number of a run that is to be gap-filled; 0 where there is none.
    pub gap_begin: u64,
}

impl<S> Connection<S> {
    pub fn new(id: ConnectionId, stream: S, peer: SocketAddr, deadline_ns: u64) -> Self {
        Self {
            id,
            stream,
            peer,
            session: None,
            inbound: BytesMut::new(),
            outbound: Outbound::default(),
            ways: Ways::default(),
            readable: true,
            writable: true,
            bytes_before_logon: 0,
            deadline_ns,
            hears: false,
            closing: false,
            why: Ended::ByClient,
            resend: None,
            in_inputs: false,
            in_outputs: false,
        }
    }

    /// Asks for the numbers from `begin` to `end`, beside what is asked for already. `id` is a new one:
    /// answers to an older question are ignored. Returns whether no resend was under way.
    pub fn start_resend(&mut self, id: u32, begin: u64, end: u64) -> bool {
        let (mut next, mut last) = (begin, end);
        if let Some(resend) = &self.resend {
            let open = if resend.gap_begin == 0 { resend.next } else { resend.gap_begin };
            next = next.min(open);
            last = last.max(resend.end);
        }
        let resend = Resend { id, next, end: last, asked: false, gap_begin: 0 };
        self.resend.replace(resend).is_none()
    }
}

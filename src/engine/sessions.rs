//! Sessions: their numbers, their logons, and what is answered without an order.
//!
//! 1. A command of a session counts only if it comes from the session's present logon and its number
//!    was not seen before (the origin check); else it is dropped.
//! 2. Every message that a session is sent takes its next outbound number, here and nowhere else.
//! 3. A generation is never used twice, whatever is reset: a late command of an older logon is dropped.

use crate::engine::Engine;
use crate::engine::continuation::{CancelScan, Pending, Scope};
use crate::engine::foresee::Fetch;
use crate::engine::output::{EventSink, Output};
use crate::engine::slab::reserved;
use crate::model::limit::EngineLimits;
use crate::model::*;

/// A session and its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionState {
    /// Its options.
    pub definition: SessionDefinition,
    /// The last logon's.
    pub generation: Generation,
    /// Whether that logon still stands.
    pub connected: bool,
    /// Where that logon's connection is.
    pub gateway: GatewayId,
    /// That logon's connection.
    pub connection: ConnectionId,
    /// The next inbound MsgSeqNum.
    pub next_in: u64,
    /// The next outbound MsgSeqNum.
    pub next_out: u64,
}

/// All sessions, by id.
#[derive(Default)]
pub(super) struct Sessions {
    slots: Vec<Option<SessionState>>,
    pub(super) limit: u32,
}

impl Sessions {
    pub(super) fn new(limits: &EngineLimits) -> Self {
        let limit = limits.sessions_max;
        Self { slots: reserved(limit as usize), limit }
    }

    #[inline]
    pub(super) fn get(&self, id: SessionId) -> Option<&SessionState> {
        self.slots.get(id.index())?.as_ref()
    }

    /// Fetches a session.
    #[inline]
    pub(super) fn foresee(&self, id: SessionId, fetch: &impl Fetch) {
        if let Some(slot) = self.slots.get(id.index()) {
            fetch.fetch(slot);
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut SessionState> {
        self.slots.get_mut(id.index())?.as_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &SessionState> {
        self.slots.iter().flatten()
    }

    /// Ids below which every session lies.
    pub(super) fn end(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Defines a session or changes its options.
    pub(super) fn set(&mut self, definition: SessionDefinition) {
        let at = definition.id.index();
        assert!(at < self.limit as usize);
        if at >= self.slots.len() {
            self.slots.resize(at + 1, None);
        }
        match &mut self.slots[at] {
            Some(session) => session.definition = definition,
            empty => {
                *empty = Some(SessionState {
                    definition,
                    generation: Generation(0),
                    connected: false,
                    gateway: GatewayId(0),
                    connection: ConnectionId(0),
                    next_in: 1,
                    next_out: 1,
                });
            }
        }
    }
}

/// A number as a LogoutSent shows it.
fn shown(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Engine {
    /// The origin check: the account of the session whose command it is, unless it is to be dropped.
    #[inline]
    pub(super) fn admit(&mut self, origin: &Origin) -> Option<AccountId> {
        let session = self.sessions.get_mut(origin.session)?;
        let number = origin.msg_seq_num;
        if !session.connected
            || session.generation != origin.generation
            || (number != 0 && number < session.next_in)
        {
            return None;
        }
        if number != 0 {
            session.next_in = number.saturating_add(1);
            self.running.add(session.next_in);
        }
        Some(session.definition.account)
    }

    /// Sends a message to a session, under its next number.
    #[inline]
    pub(super) fn tell(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        session: SessionId,
        body: EventBody,
    ) {
        let state = self.sessions.get_mut(session).expect("who is told is defined");
        let number = state.next_out;
        state.next_out = number.saturating_add(1);
        out.emit(state.gateway, session, number, body);
    }

    /// Answers a message that changes nothing but the session's numbers.
    pub(super) fn echo(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        origin: &Origin,
        body: EventBody,
    ) {
        if self.admit(origin).is_some() {
            self.tell(out, origin.session, body);
        }
    }

    pub(super) fn logon(&mut self, out: &mut Output<'_, impl EventSink>, logon: &Logon) {
        let id = logon.session;
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.connected {
            return end_connection(out, id, logon.gateway, logon.connection);
        }
        let reset = logon.reset_requested || session.definition.reset_on_logon;
        // What is refused resets nothing.
        let (next_in, next_out) = match reset {
            true => (1, 1),
            false => (session.next_in, session.next_out),
        };
        let refused = if logon.msg_seq_num < next_in {
            Some((LogoutCode::MsgSeqNumTooLow, logon.msg_seq_num, next_in))
        } else if logon.next_expected > next_out {
            Some((LogoutCode::NextExpectedTooHigh, logon.next_expected, next_out))
        } else {
            None
        };
        if let Some((code, value, limit)) = refused {
            let (value, limit) = (shown(value), shown(limit));
            let body = LogoutSent { connection: logon.connection, code, value, limit };
            let number = session.next_out;
            session.next_out = number.saturating_add(1);
            return out.emit(logon.gateway, id, number, EventBody::LogoutSent(body));
        }
        (session.next_in, session.next_out) = (next_in, next_out);
        session.generation.0 = session.generation.0.wrapping_add(1);
        session.connected = true;
        session.gateway = logon.gateway;
        session.connection = logon.connection;
        let missed = logon.msg_seq_num > session.next_in;
        if !missed {
            session.next_in = session.next_in.saturating_add(1);
        }
        let begin = session.next_in;
        let accepted = LogonAccepted {
            connection: logon.connection,
            generation: session.generation,
            heart_bt_int: logon.heart_bt_int,
            reset_requested: logon.reset_requested,
            reset,
            client_expects: logon.next_expected,
            next_inbound: begin,
        };
        self.tell(out, id, EventBody::LogonAccepted(accepted));
        if missed {
            self.tell(out, id, EventBody::ResendRequest(ResendRequest { begin }));
        }
    }

    pub(super) fn refuse_logon(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        refuse: &RefuseLogon,
    ) {
        let RefuseLogon { session: id, gateway, connection, code, value, limit, .. } = *refuse;
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.connected {
            return end_connection(out, id, gateway, connection);
        }
        if refuse.msg_seq_num == session.next_in {
            session.next_in = session.next_in.saturating_add(1);
        }
        let number = session.next_out;
        session.next_out = number.saturating_add(1);
        let body = LogoutSent { connection, code, value, limit };
        out.emit(gateway, id, number, EventBody::LogoutSent(body));
    }

    pub(super) fn logout(&mut self, out: &mut Output<'_, impl EventSink>, logout: &Logout) {
        let Some(account) = self.admit(&logout.origin) else { return };
        let id = logout.origin.session;
        let connection = self.sessions.get(id).expect("it was admitted").connection;
        let Logout { code, value, limit, .. } = *logout;
        let body = LogoutSent { connection, code, value, limit };
        self.tell(out, id, EventBody::LogoutSent(body));
        self.disconnect(out, id, account);
    }

    pub(super) fn connection_lost(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        lost: &ConnectionLost,
    ) {
        if let Some(account) = self.admit(&lost.origin) {
            self.disconnect(out, lost.origin.session, account);
        }
    }

    pub(super) fn cancel_absent(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        absent: &CancelAbsentSession,
    ) {
        let Some(session) = self.sessions.get(absent.session) else { return };
        if !session.connected {
            self.disconnect(out, absent.session, session.definition.account);
        }
    }

    /// The session has no connection any more, and by its options no orders.
    fn disconnect(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        id: SessionId,
        account: AccountId,
    ) {
        let session = self.sessions.get_mut(id).expect("who is disconnected is defined");
        session.connected = false;
        if session.definition.cancel_on_disconnect {
            let scope = Scope::Session(id);
            self.cancel_scan(out, CancelScan::new(account, scope, Cause::Disconnect));
        }
    }

    /// The old primary may have died before it continued what was pending: the view is all the same the
    /// first record of its epoch, and connections end when that is finished.
    pub(super) fn begin_epoch(&mut self, out: &mut Output<'_, impl EventSink>, view: &BeginEpoch) {
        if view.epoch <= self.epoch {
            return;
        }
        self.epoch = view.epoch;
        if self.has_continuation() {
            self.next_view = Some(*view);
        } else {
            self.end_sessions(out, *view, 0);
        }
    }

    /// Ends every connection from session `first` on, then announces the epoch.
    pub(super) fn end_sessions(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        view: BeginEpoch,
        first: u32,
    ) {
        for id in first..self.sessions.end() {
            let Some(session) = self.sessions.get_mut(SessionId(id)) else { continue };
            if !session.connected {
                continue;
            }
            if out.room() < 2 {
                self.pending = Pending::Epoch(view, id);
                return;
            }
            session.connected = false;
            let SessionState { gateway, connection, generation, .. } = *session;
            let ended = EventBody::SessionEnded(SessionEnded { connection, generation });
            out.emit(gateway, SessionId(id), 0, ended);
        }
        let BeginEpoch { epoch, primary, in_sync, durability, .. } = view;
        let began = EpochBegan { epoch, primary, in_sync, durability };
        out.announce(EventBody::EpochBegan(began));
    }
}

/// Ends a connection that never became the session's.
fn end_connection(
    out: &mut Output<'_, impl EventSink>,
    session: SessionId,
    gateway: GatewayId,
    connection: ConnectionId,
) {
    let ended = SessionEnded { connection, generation: Generation(0) };
    out.emit(gateway, session, 0, EventBody::SessionEnded(ended));
}

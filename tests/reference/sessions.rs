//! Logons, numbers and the end of connections.

use castle::model::*;

use super::money::saturated;
use super::{Said, Venue};

/// Where a session's command comes from.
pub fn origin(command: &Command) -> Option<Origin> {
    Some(match command {
        Command::Logout(command) => command.origin,
        Command::ConnectionLost(command) => command.origin,
        Command::SendHeartbeat(command) => command.origin,
        Command::SendTestRequest(command) => command.origin,
        Command::SendResendRequest(command) => command.origin,
        Command::SessionReject(command) => command.origin,
        Command::BusinessReject(command) => command.origin,
        Command::NewOrder(command) => command.origin,
        Command::CancelOrder(command) => command.origin,
        Command::ReplaceOrder(command) => command.origin,
        Command::MassCancel(command) => command.origin,
        Command::OrderStatus(command) => command.origin,
        Command::MassStatus(command) => command.origin,
        Command::SecurityListRequest(command) => command.origin,
        _ => return None,
    })
}

impl Venue {
    /// Whether a command is of the session's present logon and new; if so its number is used up.
    pub(super) fn consume(&mut self, origin: &Origin) -> bool {
        let Some(session) = self.sessions.get_mut(&origin.session) else { return false };
        let fresh = origin.msg_seq_num == 0 || origin.msg_seq_num >= session.next_in;
        if !session.connected || session.generation != origin.generation.0 || !fresh {
            return false;
        }
        if origin.msg_seq_num != 0 {
            session.next_in = origin.msg_seq_num.saturating_add(1);
        }
        true
    }

    pub(super) fn logon(&mut self, logon: &Logon) {
        let Some(session) = self.sessions.get_mut(&logon.session) else { return };
        if session.connected {
            self.end_second_connection(logon.session, logon.gateway, logon.connection);
            return;
        }
        let reset = logon.reset_requested || session.definition.reset_on_logon;
        // The numbers that hold if the logon is accepted; if not, none is reset.
        let expected = if reset { 1 } else { session.next_in };
        let next = if reset { 1 } else { session.next_out };
        if logon.msg_seq_num < expected {
            let code = LogoutCode::MsgSeqNumTooLow;
            self.logout_logon(logon, code, logon.msg_seq_num, expected);
            return;
        }
        if logon.next_expected > next {
            self.logout_logon(logon, LogoutCode::NextExpectedTooHigh, logon.next_expected, next);
            return;
        }
        session.next_in = expected;
        session.next_out = next;
        session.generation += 1;
        session.connected = true;
        session.gateway = logon.gateway;
        session.connection = logon.connection;
        let missing = logon.msg_seq_num > session.next_in;
        if !missing {
            session.next_in = session.next_in.saturating_add(1);
        }
        let next_in = session.next_in;
        let accepted = LogonAccepted {
            connection: logon.connection,
            generation: Generation(session.generation),
            heart_bt_int: logon.heart_bt_int,
            reset_requested: logon.reset_requested,
            reset,
            client_expects: logon.next_expected,
            next_inbound: next_in,
        };
        self.tell(logon.session, EventBody::LogonAccepted(accepted));
        if missing {
            self.tell(logon.session, EventBody::ResendRequest(ResendRequest { begin: next_in }));
        }
    }

    fn logout_logon(&mut self, logon: &Logon, code: LogoutCode, value: u64, limit: u64) {
        let body = EventBody::LogoutSent(LogoutSent {
            connection: logon.connection,
            code,
            value: saturated(i128::from(value)),
            limit: saturated(i128::from(limit)),
        });
        self.tell_over(logon.session, logon.gateway, body);
    }

    /// A numbered message over a connection that is not the session's own.
    fn tell_over(&mut self, session: SessionId, gateway: GatewayId, body: EventBody) {
        self.tell(session, body);
        if let Some(said) = self.said.last_mut() {
            said.gateway = gateway;
        }
    }

    fn end_second_connection(
        &mut self,
        session: SessionId,
        gateway: GatewayId,
        connection: ConnectionId,
    ) {
        let ended = SessionEnded { connection, generation: Generation(0) };
        let body = EventBody::SessionEnded(ended);
        self.said.push(Said { session, msg_seq_num: 0, gateway, body });
    }

    pub(super) fn refuse_logon(&mut self, refuse: &RefuseLogon) {
        let Some(session) = self.sessions.get_mut(&refuse.session) else { return };
        if session.connected {
            self.end_second_connection(refuse.session, refuse.gateway, refuse.connection);
            return;
        }
        if refuse.msg_seq_num == session.next_in {
            session.next_in = session.next_in.saturating_add(1);
        }
        let body = EventBody::LogoutSent(LogoutSent {
            connection: refuse.connection,
            code: refuse.code,
            value: refuse.value,
            limit: refuse.limit,
        });
        self.tell_over(refuse.session, refuse.gateway, body);
    }

    pub(super) fn logout(&mut self, logout: &Logout) {
        let session = logout.origin.session;
        let body = EventBody::LogoutSent(LogoutSent {
            connection: self.sessions[&session].connection,
            code: logout.code,
            value: logout.value,
            limit: logout.limit,
        });
        self.tell(session, body);
        self.disconnect(session);
    }

    pub(super) fn disconnect(&mut self, session: SessionId) {
        if let Some(state) = self.sessions.get_mut(&session) {
            state.connected = false;
        }
        self.cancel_absent(session);
    }

    pub(super) fn cancel_absent(&mut self, session: SessionId) {
        let Some(state) = self.sessions.get(&session) else { return };
        if state.connected || !state.definition.cancel_on_disconnect {
            return;
        }
        let mut orders = self.open.values().filter(|order| order.session == session);
        let orders: Vec<OrderId> = orders.by_ref().map(|order| order.id).collect();
        for order in orders {
            self.cancel_open(order, Cause::Disconnect);
        }
    }

    pub(super) fn begin_epoch(&mut self, begin: &BeginEpoch) {
        if begin.epoch.0 <= self.epoch {
            return;
        }
        self.epoch = begin.epoch.0;
        for (id, session) in &mut self.sessions {
            if session.connected {
                session.connected = false;
                let ended = SessionEnded {
                    connection: session.connection,
                    generation: Generation(session.generation),
                };
                self.said.push(Said {
                    session: *id,
                    msg_seq_num: 0,
                    gateway: session.gateway,
                    body: EventBody::SessionEnded(ended),
                });
            }
        }
        self.announce(EventBody::EpochBegan(EpochBegan {
            epoch: begin.epoch,
            primary: begin.primary,
            in_sync: begin.in_sync,
            durability: begin.durability,
        }));
    }

    pub(super) fn session_reject(&mut self, reject: &SessionReject) {
        let body = EventBody::Rejected(Rejected {
            ref_seq_num: reject.ref_seq_num,
            ref_tag: reject.ref_tag,
            ref_msg_type: reject.ref_msg_type,
            reason: reject.reason,
        });
        self.tell(reject.origin.session, body);
    }

    pub(super) fn business_reject(&mut self, reject: &BusinessReject) {
        let body = EventBody::BusinessRejected(BusinessRejected {
            ref_seq_num: reject.origin.msg_seq_num,
            ref_msg_type: reject.ref_msg_type,
            ref_id: reject.ref_id,
            reason: reject.reason,
            refusal: reject.refusal,
        });
        self.tell(reject.origin.session, body);
    }
}

//! What the engine does with the commands of sessions, and nothing else of it: numbers, generations,
//! who is connected. Orders are only named.

use castle::model::*;

#[derive(Clone, Copy)]
struct Numbers {
    definition: SessionDefinition,
    connected: bool,
    generation: Generation,
    connection: ConnectionId,
    next_in: u64,
    next_out: u64,
}

pub struct Venue {
    sessions: Vec<Numbers>,
    sequence: u64,
}

impl Venue {
    pub fn new(_: HashSecret) -> Self {
        Self { sessions: Vec::new(), sequence: 0 }
    }

    pub fn define(&mut self, definition: &SessionDefinition, at_ns: u64) -> Vec<Event> {
        self.sessions.push(Numbers {
            definition: *definition,
            connected: false,
            generation: Generation(0),
            connection: ConnectionId(0),
            next_in: 1,
            next_out: 1,
        });
        let mut bodies = market();
        bodies.push(EventBody::SessionDefined(*definition));
        bodies.into_iter().map(|body| self.event(SessionId::NONE, 0, at_ns, body)).collect()
    }

    pub fn next_in(&self, session: SessionId) -> u64 {
        self.sessions
            .iter()
            .find(|each| each.definition.id == session)
            .map_or(0, |each| each.next_in)
    }

    pub fn apply(&mut self, command: &Command, at_ns: u64) -> Vec<Event> {
        self.sequence += 1;
        match command {
            Command::Logon(logon) => self.logon(logon, at_ns),
            Command::RefuseLogon(refusal) => {
                let index = self.index(refusal.session);
                let numbers = &mut self.sessions[index];
                if refusal.msg_seq_num == numbers.next_in {
                    numbers.next_in += 1;
                }
                let (code, value, limit) = (refusal.code, refusal.value, refusal.limit);
                let sent = LogoutSent { connection: refusal.connection, code, value, limit };
                vec![self.numbered(index, at_ns, EventBody::LogoutSent(sent))]
            }
            Command::Logout(logout) => {
                let Some(index) = self.check(&logout.origin) else { return Vec::new() };
                let numbers = &mut self.sessions[index];
                numbers.connected = false;
                let (connection, code) = (numbers.connection, logout.code);
                let (value, limit) = (logout.value, logout.limit);
                let sent = LogoutSent { connection, code, value, limit };
                vec![self.numbered(index, at_ns, EventBody::LogoutSent(sent))]
            }
            Command::ConnectionLost(lost) => {
                if let Some(index) = self.check(&lost.origin) {
                    self.sessions[index].connected = false;
                }
                Vec::new()
            }
            other => {
                let Some((origin, body)) = answer(other) else { return Vec::new() };
                let Some(index) = self.check(&origin) else { return Vec::new() };
                body.map(|body| self.numbered(index, at_ns, body)).into_iter().collect()
            }
        }
    }

    fn logon(&mut self, logon: &Logon, at_ns: u64) -> Vec<Event> {
        let index = self.index(logon.session);
        let numbers = &mut self.sessions[index];
        let connection = logon.connection;
        if numbers.connected && numbers.connection != connection {
            let ended = SessionEnded { connection, generation: Generation(0) };
            return vec![self.event(logon.session, 0, at_ns, EventBody::SessionEnded(ended))];
        }
        let reset =
            logon.reset_requested || (numbers.definition.reset_on_logon && !numbers.connected);
        if reset {
            (numbers.next_in, numbers.next_out) = (1, 1);
        }
        let refused = if logon.msg_seq_num < numbers.next_in {
            Some((LogoutCode::MsgSeqNumTooLow, logon.msg_seq_num, numbers.next_in))
        } else if logon.next_expected > numbers.next_out {
            Some((LogoutCode::NextExpectedTooHigh, logon.next_expected, numbers.next_out))
        } else {
            None
        };
        if let Some((code, value, limit)) = refused {
            let (value, limit) = (value as i64, limit as i64);
            let sent = LogoutSent { connection, code, value, limit };
            return vec![self.numbered(index, at_ns, EventBody::LogoutSent(sent))];
        }
        numbers.generation.0 += 1;
        numbers.connected = true;
        numbers.connection = connection;
        let gap = logon.msg_seq_num > numbers.next_in;
        if !gap {
            numbers.next_in += 1;
        }
        let begin = numbers.next_in;
        let accepted = LogonAccepted {
            connection,
            generation: numbers.generation,
            heart_bt_int: logon.heart_bt_int,
            reset_requested: logon.reset_requested,
            reset,
            client_expects: logon.next_expected,
            next_inbound: begin,
        };
        let mut events = vec![self.numbered(index, at_ns, EventBody::LogonAccepted(accepted))];
        if gap {
            let request = EventBody::ResendRequest(ResendRequest { begin });
            events.push(self.numbered(index, at_ns, request));
        }
        events
    }

    fn index(&self, session: SessionId) -> usize {
        self.sessions.iter().position(|each| each.definition.id == session).expect("defined")
    }

    fn check(&mut self, origin: &Origin) -> Option<usize> {
        let index = self.index(origin.session);
        let numbers = &mut self.sessions[index];
        let number = origin.msg_seq_num;
        let known = numbers.connected && numbers.generation == origin.generation;
        if !known || (number != 0 && number < numbers.next_in) {
            return None;
        }
        if number != 0 {
            numbers.next_in = number + 1;
        }
        Some(index)
    }

    fn numbered(&mut self, index: usize, at_ns: u64, body: EventBody) -> Event {
        let numbers = &mut self.sessions[index];
        let (session, number) = (numbers.definition.id, numbers.next_out);
        numbers.next_out += 1;
        self.event(session, number, at_ns, body)
    }

    fn event(&self, session: SessionId, number: u64, at_ns: u64, body: EventBody) -> Event {
        Event {
            cause: Sequence(self.sequence),
            timestamp: Timestamp(at_ns),
            session,
            msg_seq_num: number,
            index: 0,
            shard: ShardId(0),
            gateway: GatewayId(1),
            body,
        }
    }
}

fn answer(command: &Command) -> Option<(Origin, Option<EventBody>)> {
    Some(match command {
        Command::SendHeartbeat(heartbeat) => {
            let test_req_id = heartbeat.test_req_id;
            (heartbeat.origin, Some(EventBody::Heartbeat(Heartbeat { test_req_id })))
        }
        Command::SendTestRequest(test) => {
            (test.origin, Some(EventBody::TestRequest(TestRequest {})))
        }
        Command::SendResendRequest(request) => {
            let begin = request.begin;
            (request.origin, Some(EventBody::ResendRequest(ResendRequest { begin })))
        }
        Command::SessionReject(reject) => {
            let rejected = Rejected {
                ref_seq_num: reject.ref_seq_num,
                ref_tag: reject.ref_tag,
                ref_msg_type: reject.ref_msg_type,
                reason: reject.reason,
            };
            (reject.origin, Some(EventBody::Rejected(rejected)))
        }
        Command::BusinessReject(reject) => {
            let rejected = BusinessRejected {
                ref_seq_num: reject.origin.msg_seq_num,
                ref_msg_type: reject.ref_msg_type,
                ref_id: reject.ref_id,
                reason: reject.reason,
                refusal: reject.refusal,
            };
            (reject.origin, Some(EventBody::BusinessRejected(rejected)))
        }
        Command::NewOrder(order) => (order.origin, None),
        Command::CancelOrder(order) => (order.origin, None),
        Command::ReplaceOrder(order) => (order.origin, None),
        Command::MassCancel(order) => (order.origin, None),
        Command::OrderStatus(order) => (order.origin, None),
        Command::MassStatus(order) => (order.origin, None),
        Command::SecurityListRequest(request) => (request.origin, None),
        _ => return None,
    })
}

/// BTC/USD: prices of two decimals, quantities of four, USD of six.
fn market() -> Vec<EventBody> {
    let asset = |id: u16, name: &[u8], scale: u8| {
        EventBody::AssetDefined(Asset { id: AssetId(id), name: AssetName::truncated(name), scale })
    };
    let instrument = Instrument {
        id: InstrumentId(1),
        symbol: Symbol::truncated(b"BTC/USD"),
        base: AssetId(1),
        quote: AssetId(2),
        price_scale: 2,
        quantity_scale: 4,
        tick: Price(1),
        lot: Quantity(1),
        quantity_min: Quantity(1),
        quantity_max: Quantity(1_000_000_000),
        notional_min: Amount(0),
        collar_percent: 10,
        reference_price: Price(10_000),
        open_orders_max: 100,
        maker_fee: 0,
        taker_fee: 0,
        state: InstrumentState::Trading,
    };
    vec![asset(1, b"BTC", 8), asset(2, b"USD", 6), EventBody::InstrumentDefined(instrument)]
}

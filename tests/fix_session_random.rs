//! Whatever comes in, a session neither panics nor makes more commands in a call than it may.

use castle::fix::decode::Decoder;
use castle::fix::directory::Directory;
use castle::fix::frame::{self, Frame};
use castle::fix::session::*;
use castle::fix::time;
use castle::model::*;
use proptest::prelude::*;

const START_NS: u64 = 1_767_603_600_000_000_000;

/// Bodies of which messages are made; `#` is the number, `@` the time.
const BODIES: &[&str] = &[
    "35=A|34=#|49=C|52=@|56=V|98=0|108=5",
    "35=A|34=1|49=C|52=@|56=V|98=0|108=5|141=Y",
    "35=0|34=#|49=C|52=@|56=V",
    "35=0|34=#|49=C|52=@|56=V|43=Y|122=@",
    "35=1|34=#|49=C|52=@|56=V|112=PING",
    "35=2|34=#|49=C|52=@|56=V|7=1|16=0",
    "35=3|34=#|49=C|52=@|56=V|45=1",
    "35=4|34=#|49=C|52=@|56=V|36=9|123=Y",
    "35=4|34=#|49=C|52=@|56=V|36=7",
    "35=5|34=#|49=C|52=@|56=V",
    "35=D|34=#|49=C|52=@|56=V|11=ID|21=1|40=2|54=1|38=10.5|44=99.25|55=BTC/USD|59=1|60=@|111=2",
    "35=D|34=#|49=C|52=@|56=V|11=ID|40=1|54=1|152=1000|55=BTC/USD|60=@",
    "35=F|34=#|49=C|52=@|56=V|11=ID2|41=ID|54=1|55=BTC/USD|60=@",
    "35=G|34=#|49=C|52=@|56=V|11=ID3|41=ID|54=1|38=5|44=98|40=2|55=BTC/USD|60=@",
    "35=H|34=#|49=C|52=@|56=V|11=ID|54=1|55=BTC/USD|790=R",
    "35=q|34=#|49=C|52=@|56=V|11=ID4|530=7|60=@",
    "35=AF|34=#|49=C|52=@|56=V|584=R|585=7",
    "35=x|34=#|49=C|52=@|56=V|320=R|559=4",
    "35=*|34=#|49=C|52=@|56=V",
];

#[derive(Debug, Clone)]
enum Step {
    /// A message with a number near the expected one; some bytes of its body are changed.
    Message { body: usize, ahead: i64, changes: Vec<(usize, u8)>, framed: bool },
    /// A message from bytes.
    Bytes(Vec<u8>),
    /// Time passes.
    Wait(u64),
    /// The engine answers what it was asked.
    Answers,
    /// The connection goes and comes.
    Reconnect,
    /// The venue stops.
    Logout,
}

fn step() -> impl Strategy<Value = Step> {
    let change = (any::<usize>(), prop_oneof![Just(1_u8), Just(b'='), Just(b'-'), any::<u8>()]);
    let changes = prop_oneof![
        3 => Just(Vec::new()),
        1 => prop::collection::vec(change, 1..4),
    ];
    let ahead = prop_oneof![6 => Just(0_i64), 2 => -2..12_i64, 1 => any::<i64>()];
    let message = (0..BODIES.len(), ahead, changes, any::<bool>())
        .prop_map(|(body, ahead, changes, framed)| Step::Message { body, ahead, changes, framed });
    prop_oneof![
        20 => message,
        1 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Step::Bytes),
        3 => (0..20_000_000_000_u64).prop_map(Step::Wait),
        8 => Just(Step::Answers),
        1 => Just(Step::Reconnect),
        1 => Just(Step::Logout),
    ]
}

#[derive(Default)]
struct Sink {
    commands: Vec<Command>,
    closed: bool,
}

impl SessionSink for Sink {
    fn command(&mut self, command: &Command) {
        self.commands.push(*command);
    }
    fn resend(&mut self, _: u64, _: u64) {}
    fn close(&mut self, _: Close) {
        self.closed = true;
    }
}

struct World {
    session: Session,
    decoder: Decoder,
    directory: Directory,
    elapsed_ns: u64,
    connection: u32,
    asked: Vec<Command>,
    numbers: (u64, u32),
    buffer: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let definition = SessionDefinition {
            id: SessionId(3),
            account: AccountId(9),
            comp_id: CompId::truncated(b"C"),
            reset_on_logon: false,
            cancel_on_disconnect: true,
        };
        let mut directory = Directory::new(CompId::truncated(b"V"), HashSecret(1));
        for body in definitions(definition) {
            directory.apply(&event(SessionId::NONE, 0, body));
        }
        let mut world = Self {
            session: Session::new(&definition, SessionLimits::default(), GatewayId(1)),
            decoder: Decoder::new(),
            directory,
            elapsed_ns: 0,
            connection: 1,
            asked: Vec::new(),
            numbers: (1, 0),
            buffer: Vec::new(),
        };
        world.session.attach(ConnectionId(1), world.moment());
        world
    }

    fn moment(&self) -> Moment {
        Moment { wall_ns: START_NS + self.elapsed_ns, monotonic_ns: self.elapsed_ns }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Message { body, ahead, changes, framed } => {
                let message = self.message(BODIES[*body], *ahead, changes);
                if *framed { self.bytes(&message) } else { self.receive(&message) }
            }
            Step::Bytes(bytes) => {
                self.bytes(bytes);
                self.receive(bytes);
            }
            Step::Wait(wait_ns) => {
                self.elapsed_ns += wait_ns;
                let mut sink = Sink::default();
                let moment = self.moment();
                self.session.tick(moment, &mut self.decoder, &self.directory, &mut sink);
                self.check(sink);
            }
            Step::Answers => self.answer(),
            Step::Reconnect => self.reconnect(),
            Step::Logout => {
                let mut sink = Sink::default();
                let moment = self.moment();
                self.session.begin_logout(LogoutCode::Shutdown, 0, 0, moment, &mut sink);
                self.check(sink);
            }
        }
        let _ = (self.session.deadline_ns(), self.session.wants_input());
    }

    fn message(&self, body: &str, ahead: i64, changes: &[(usize, u8)]) -> Vec<u8> {
        let number = self.session.next_expected().saturating_add_signed(ahead);
        let now = time::text(self.moment().wall_ns);
        let body = body
            .replace('#', &number.to_string())
            .replace('@', &String::from_utf8_lossy(&now))
            .replace('|', "\x01");
        let mut body = (body + "\x01").into_bytes();
        for (at, byte) in changes {
            let at = at % body.len();
            body[at] = *byte;
        }
        let mut message = format!("8=FIX.4.4\x019={}\x01", body.len()).into_bytes();
        message.extend_from_slice(&body);
        let sum = message.iter().map(|byte| u32::from(*byte)).sum::<u32>() % 256;
        message.extend_from_slice(format!("10={sum:03}\x01").as_bytes());
        message
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        loop {
            match frame::next(&self.buffer, 4_096) {
                Frame::Incomplete => return,
                Frame::TooLong => return self.buffer.clear(),
                Frame::Garbled { skip } => {
                    self.buffer.drain(..skip);
                }
                Frame::Message { length } => {
                    let message: Vec<u8> = self.buffer.drain(..length).collect();
                    self.receive(&message);
                }
            }
        }
    }

    fn receive(&mut self, message: &[u8]) {
        let (decoded, _) = self.decoder.decode(message);
        let _ = identify(&decoded, &self.directory);
        let mut sink = Sink::default();
        let moment = self.moment();
        let before = self.session.next_expected();
        self.session.receive(moment, message, &mut self.decoder, &self.directory, &mut sink);
        assert!(self.session.next_expected() >= before, "the expected number never goes back");
        self.check(sink);
    }

    fn check(&mut self, sink: Sink) {
        assert!(sink.commands.len() <= COMMANDS_MAX);
        for command in &sink.commands {
            let mut bytes = [0; castle::model::limit::COMMAND_SIZE_MAX];
            let length = command.put(&mut bytes);
            assert_eq!(Command::get(command.kind(), &bytes[..length]), Ok(*command));
        }
        self.asked.extend(sink.commands);
        if sink.closed {
            self.reconnect();
        }
    }

    fn reconnect(&mut self) {
        if let Some(lost) = self.session.detach() {
            assert!(matches!(lost, Command::ConnectionLost(_)));
        }
        self.connection += 1;
        self.buffer.clear();
        self.session.attach(ConnectionId(self.connection), self.moment());
    }

    /// As an engine might: logons are accepted, some with a gap, some refused.
    fn answer(&mut self) {
        for command in std::mem::take(&mut self.asked) {
            self.numbers.0 += 1;
            let body = match command {
                Command::Logon(logon) => {
                    self.numbers.1 += 1;
                    EventBody::LogonAccepted(LogonAccepted {
                        connection: logon.connection,
                        generation: Generation(self.numbers.1),
                        heart_bt_int: logon.heart_bt_int,
                        reset_requested: logon.reset_requested,
                        reset: logon.reset_requested,
                        client_expects: logon.next_expected,
                        next_inbound: logon.msg_seq_num.saturating_sub(self.numbers.0 % 3) + 1,
                    })
                }
                Command::Logout(_) | Command::RefuseLogon(_) => EventBody::LogoutSent(LogoutSent {
                    connection: ConnectionId(self.connection),
                    code: LogoutCode::Requested,
                    value: 0,
                    limit: 0,
                }),
                Command::SendHeartbeat(_) => {
                    EventBody::Heartbeat(Heartbeat { test_req_id: TestReqId::EMPTY })
                }
                _ => continue,
            };
            let event = event(SessionId(3), self.numbers.0, body);
            if self.session.on_event(&event, self.moment()).is_some() {
                self.reconnect();
            }
        }
    }
}

fn event(session: SessionId, number: u64, body: EventBody) -> Event {
    Event {
        cause: Sequence(number),
        timestamp: Timestamp(START_NS),
        session,
        msg_seq_num: number,
        index: 0,
        shard: ShardId(0),
        gateway: GatewayId(1),
        body,
    }
}

fn definitions(session: SessionDefinition) -> Vec<EventBody> {
    let asset = |id: u16, name: &[u8]| {
        let name = AssetName::truncated(name);
        EventBody::AssetDefined(Asset { id: AssetId(id), name, scale: 8 })
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
    vec![
        asset(1, b"BTC"),
        asset(2, b"USD"),
        EventBody::InstrumentDefined(instrument),
        EventBody::SessionDefined(session),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_comes_in_panics_or_makes_too_many_commands(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut world = World::new();
        // Most runs begin logged on.
        world.step(&Step::Message { body: 0, ahead: 0, changes: Vec::new(), framed: true });
        world.step(&Step::Answers);
        for each in &steps {
            world.step(each);
        }
    }
}

#[test]
fn two_hundred_kept_messages_are_taken_in_order_and_a_few_at_a_time() {
    let mut world = World::new();
    world.step(&Step::Message { body: 0, ahead: 0, changes: Vec::new(), framed: true });
    world.step(&Step::Answers);
    let first = world.session.next_expected();
    for ahead in 1..200 {
        // TestRequests: each makes a command.
        world.step(&Step::Message { body: 4, ahead, changes: Vec::new(), framed: false });
    }
    assert_eq!(world.session.next_expected(), first);
    world.asked.clear();
    world.step(&Step::Message { body: 4, ahead: 0, changes: Vec::new(), framed: false });
    for _ in 0..100 {
        world.step(&Step::Wait(1));
    }
    assert_eq!(world.session.next_expected(), first + 200);
    let numbers: Vec<u64> = world
        .asked
        .iter()
        .map(|command| match command {
            Command::SendHeartbeat(heartbeat) => heartbeat.origin.msg_seq_num,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, (first..first + 200).collect::<Vec<_>>());
}

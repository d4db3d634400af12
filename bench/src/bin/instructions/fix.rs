//! FIX: what a client sends, from bytes to a command, and what it is told, from an event to bytes.

use std::hint::black_box;

use castle::fix::decode::Decoder;
use castle::fix::directory::Directory;
use castle::fix::encode::{Encoder, Outgoing};
use castle::fix::frame::{self, Frame};
use castle::fix::session::{Close, Moment, Session, SessionLimits, SessionSink};
use castle::fix::{order_entry, time};
use castle::model::*;

use crate::Counter;
use crate::venue::{self, INSTRUMENT, MIDDLE, SECRET};

/// Messages of one kind that are counted.
const COUNT: u64 = 64;
const SIZE_MAX: usize = 8_192;
/// 2026-01-02 03:04:05 UTC.
const START_NS: u64 = 1_767_323_045_000_000_000;
const VENUE: &[u8] = b"CASTLE";
const CLIENT: &str = "CLIENT01";
const ACCOUNT: AccountId = AccountId(7);

/// Bodies behind TransactTime; `#` is the message's number in its ClOrdID, `@` a price.
const REQUESTS: [(&str, &str, &str); 3] = [
    ("NewOrderSingle", "D", "11=ORD-#|1=7|55=BTCUSDT|54=1|38=1.25|40=2|44=@|59=1|60="),
    ("OrderCancelRequest", "F", "41=ORD-#|11=CXL-#|1=7|55=BTCUSDT|54=1|38=1.25|60="),
    (
        "OrderCancelReplaceRequest",
        "G",
        "41=ORD-#|11=RPL-#|1=7|55=BTCUSDT|54=1|38=1.25|40=2|44=@|60=",
    ),
];

pub struct Operations {
    decoder: Decoder,
    directory: Directory,
    session: Session,
    out: Vec<u8>,
    next_number: u64,
}

/// Counts the commands of a session.
#[derive(Default)]
struct Sink {
    orders: u64,
    others: u64,
}

impl SessionSink for Sink {
    fn command(&mut self, command: &Command) {
        match black_box(command) {
            Command::NewOrder(order) if order.refusal == Refusal::NONE => self.orders += 1,
            Command::CancelOrder(_) | Command::ReplaceOrder(_) => self.orders += 1,
            _ => self.others += 1,
        }
    }
    fn resend(&mut self, _: u64, _: u64) {}
    fn close(&mut self, _: Close) {}
}

impl Operations {
    pub fn new() -> Self {
        let mut directory = Directory::new(CompId::truncated(VENUE), SECRET);
        for asset in venue::assets() {
            directory.apply(&event(1, EventBody::AssetDefined(asset)));
        }
        directory.apply(&event(1, EventBody::InstrumentDefined(venue::instrument())));
        let definition = SessionDefinition {
            id: SessionId(1),
            account: ACCOUNT,
            comp_id: CompId::truncated(CLIENT.as_bytes()),
            reset_on_logon: false,
            cancel_on_disconnect: false,
        };
        directory.apply(&event(1, EventBody::SessionDefined(definition)));
        let session = Session::new(&definition, SessionLimits::default(), GatewayId(1));
        let decoder = Decoder::new();
        let mut operations =
            Self { decoder, directory, session, out: Vec::with_capacity(1 << 16), next_number: 1 };
        operations.log_on();
        operations
    }

    fn log_on(&mut self) {
        let logon = request("A", self.next_number, "98=0|108=30|");
        let mut sink = Sink::default();
        self.session.attach(ConnectionId(1), moment());
        let Self { session, decoder, directory, .. } = self;
        session.receive(moment(), &logon, decoder, directory, &mut sink);
        assert_eq!(sink.others, 1, "the Logon is judged by the engine");
        let accepted = LogonAccepted {
            connection: ConnectionId(1),
            generation: Generation(1),
            heart_bt_int: 30,
            reset_requested: false,
            reset: false,
            client_expects: 0,
            next_inbound: 2,
        };
        session.on_event(&event(1, EventBody::LogonAccepted(accepted)), moment());
        self.next_number = 2;
    }

    pub fn run(&mut self, counter: &Counter) {
        for (name, msg_type, body) in REQUESTS {
            self.inbound(counter, name, msg_type, body);
        }
        for (name, execution) in reports() {
            self.outbound(counter, name, EventBody::Execution(execution));
        }
        self.outbound(counter, "OrderCancelReject", EventBody::CancelReject(cancel_reject()));
    }

    fn inbound(&mut self, counter: &Counter, name: &str, msg_type: &str, body: &str) {
        let time = timestamp(START_NS);
        let messages: Vec<_> = (self.next_number..self.next_number + COUNT)
            .map(|number| {
                let id = format!("{number:016x}");
                let price = format!("{}.{:02}", MIDDLE / 100 + number as i64 % 90, number % 100);
                let body = body.replace('#', &id).replace('@', &price);
                request(msg_type, number, &format!("{body}{time}|"))
            })
            .collect();
        let Self { decoder, directory, session, .. } = self;
        let bytes = messages.iter().map(Vec::len).sum();
        let count = messages.len();
        let framed = |message: &[u8]| frame::next(message, SIZE_MAX);
        for message in &messages {
            assert_eq!(framed(message), Frame::Message { length: message.len() });
            assert_eq!(decoder.decode(message).1, Ok(()));
        }
        counter.count(&format!("fix, frame {name}"), count, bytes, || {
            for message in &messages {
                black_box(framed(black_box(message)));
            }
        });
        counter.count(&format!("fix, decode {name}"), count, bytes, || {
            for message in &messages {
                let _ = black_box(decoder.decode(black_box(message)));
            }
        });
        let origin = Origin { session: SessionId(1), generation: Generation(1), msg_seq_num: 2 };
        let (message, _) = decoder.decode(&messages[0]);
        let length = messages[0].len();
        counter.count(&format!("fix, order entry {name}"), 1, length, || {
            black_box(order_entry::command(black_box(&message), origin, ACCOUNT, directory));
        });
        let mut sink = Sink::default();
        counter.count(&format!("fix, receive {name}: frame to command"), count, bytes, || {
            for message in &messages {
                black_box(framed(black_box(message)));
                session.receive(moment(), message, decoder, directory, &mut sink);
            }
        });
        assert_eq!((sink.orders, sink.others), (COUNT, 0), "{name}");
        self.next_number += COUNT;
    }

    fn outbound(&mut self, counter: &Counter, name: &str, body: EventBody) {
        let events: Vec<_> = (0..COUNT).map(|number| event(1_234_500 + number, body)).collect();
        let Self { directory, out, .. } = self;
        let mut encoder = Encoder::default();
        let mut tell = |out: &mut Vec<u8>| {
            for event in &events {
                let header = Outgoing {
                    sender: VENUE,
                    target: CLIENT.as_bytes(),
                    sending_time_ns: event.timestamp.0,
                    poss_dup: false,
                };
                encoder.encode(black_box(event), &header, directory, out);
            }
        };
        out.clear();
        tell(out);
        let bytes = out.len();
        out.clear();
        counter.count(&format!("fix, encode {name}"), events.len(), bytes, || tell(out));
        assert_eq!(out.len(), bytes);
    }
}

fn moment() -> Moment {
    Moment { wall_ns: START_NS, monotonic_ns: START_NS }
}

fn timestamp(time_ns: u64) -> String {
    String::from_utf8_lossy(&time::text(time_ns)[..21]).into_owned()
}

fn request(msg_type: &str, number: u64, body: &str) -> Vec<u8> {
    let time = timestamp(START_NS + number * 1_000_000);
    let body = format!("35={msg_type}|49={CLIENT}|56=CASTLE|34={number}|52={time}|{body}");
    let mut bytes = format!("8=FIX.4.4|9={}|{body}", body.len()).replace('|', "\x01").into_bytes();
    let sum = frame::check_sum(&bytes);
    bytes.extend_from_slice(b"10=");
    bytes.extend_from_slice(&sum);
    bytes.push(1);
    bytes
}

/// Events 20 µs apart, as they come under load.
fn event(number: u64, body: EventBody) -> Event {
    Event {
        cause: Sequence(number),
        timestamp: Timestamp(START_NS + number * 20_000),
        session: SessionId(1),
        msg_seq_num: number,
        index: 1,
        shard: ShardId(0),
        gateway: GatewayId(1),
        body,
    }
}

fn reports() -> [(&'static str, Execution); 6] {
    let new = Execution {
        order: OrderId(1_234_000),
        account: ACCOUNT,
        instrument: INSTRUMENT,
        cl_ord_id: ClOrdId::truncated(b"ORD-00000000000000ff"),
        orig_cl_ord_id: ClOrdId::EMPTY,
        exec_type: ExecType::New,
        ord_status: OrdStatus::New,
        why: Cause::Request,
        side: Side::Buy,
        ord_type: OrdType::Limit,
        time_in_force: TimeInForce::GoodTillCancel,
        post_only: false,
        self_trade_prevention: SelfTradePrevention::None,
        maker: false,
        price: Price(MIDDLE + 12),
        quantity: Quantity(1_250),
        quote_quantity: Amount::ZERO,
        display_quantity: Quantity::ZERO,
        last_price: Price::ZERO,
        last_quantity: Quantity::ZERO,
        leaves_quantity: Quantity(1_250),
        cum_quantity: Quantity::ZERO,
        cum_notional: 0,
        fee: Amount::ZERO,
        refusal: Refusal::NONE,
    };
    let trade = Execution {
        exec_type: ExecType::Trade,
        ord_status: OrdStatus::PartiallyFilled,
        maker: true,
        last_price: new.price,
        last_quantity: Quantity(250),
        leaves_quantity: Quantity(1_000),
        cum_quantity: Quantity(250),
        cum_notional: i128::from(new.price.0) * 250,
        fee: Amount(25),
        ..new
    };
    let canceled = Execution {
        exec_type: ExecType::Canceled,
        ord_status: OrdStatus::Canceled,
        orig_cl_ord_id: new.cl_ord_id,
        leaves_quantity: Quantity::ZERO,
        ..new
    };
    let replaced =
        Execution { exec_type: ExecType::Replaced, orig_cl_ord_id: new.cl_ord_id, ..new };
    let rejected = Execution {
        order: OrderId::NONE,
        exec_type: ExecType::Rejected,
        ord_status: OrdStatus::Rejected,
        leaves_quantity: Quantity::ZERO,
        refusal: Refusal { code: RejectCode::PriceAboveCollar, value: 9_900_000, limit: 9_000_000 },
        ..new
    };
    let status = Execution { exec_type: ExecType::OrderStatus, ..trade };
    [
        ("ExecutionReport, new", new),
        ("ExecutionReport, trade", trade),
        ("ExecutionReport, canceled", canceled),
        ("ExecutionReport, replaced", replaced),
        ("ExecutionReport, rejected", rejected),
        ("ExecutionReport, order status", status),
    ]
}

fn cancel_reject() -> CancelReject {
    CancelReject {
        order: OrderId(1_234_000),
        cl_ord_id: ClOrdId::truncated(b"CXL-00000000000000ff"),
        orig_cl_ord_id: ClOrdId::truncated(b"ORD-00000000000000ff"),
        ord_status: OrdStatus::Filled,
        replace: false,
        account: ACCOUNT,
        instrument: INSTRUMENT,
        side: Side::Buy,
        refusal: Refusal::plain(RejectCode::OrderClosed),
    }
}

//! Events as messages. `|` stands for the delimiter; BodyLength and CheckSum are left out, since every message
//! here goes through framing and decoding as well.

use castle::fix::decode::{Decoder, Kind, MsgKind};
use castle::fix::directory::Directory;
use castle::fix::encode::{self, Encoder, Outgoing};
use castle::fix::frame::{self, Frame};
use castle::model::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const TIME: u64 = 1_767_323_045_123_456_789;

fn event(body: EventBody) -> Event {
    Event {
        cause: Sequence(77),
        timestamp: Timestamp(TIME),
        session: SessionId(1),
        msg_seq_num: 5,
        index: 2,
        shard: ShardId(0),
        gateway: GatewayId(1),
        body,
    }
}

fn instrument() -> Instrument {
    Instrument {
        id: InstrumentId(3),
        symbol: Text::truncated(b"BTC-USD"),
        base: AssetId(1),
        quote: AssetId(2),
        price_scale: 2,
        quantity_scale: 4,
        tick: Price(1),
        lot: Quantity(100),
        quantity_min: Quantity(100),
        quantity_max: Quantity(10_000_000),
        notional_min: Amount(1_000_000),
        collar_percent: 10,
        reference_price: Price(5_000_000),
        open_orders_max: 200,
        maker_fee: 10,
        taker_fee: 25,
        state: InstrumentState::Trading,
    }
}

fn directory() -> Directory {
    let mut directory = Directory::new(Text::truncated(b"ISLD"), HashSecret(1));
    let asset = |id, name: &[u8], scale| {
        event(EventBody::AssetDefined(Asset {
            id: AssetId(id),
            name: Text::truncated(name),
            scale,
        }))
    };
    directory.apply(&asset(1, b"BTC", 8));
    directory.apply(&asset(2, b"USD", 6));
    directory.apply(&event(EventBody::InstrumentDefined(instrument())));
    directory
}

fn outgoing(poss_dup: bool) -> Outgoing<'static> {
    Outgoing { sender: b"ISLD", target: b"TW44", sending_time_ns: TIME + 1_000_000_000, poss_dup }
}

fn encoded(body: EventBody, poss_dup: bool) -> Vec<u8> {
    let mut out = b"before".to_vec();
    Encoder::default().encode(&event(body), &outgoing(poss_dup), &directory(), &mut out);
    out.split_off(6)
}

/// The message must be framed whole and be valid by our own dictionary.
#[track_caller]
fn assert_valid(bytes: &[u8]) -> MsgKind {
    assert_eq!(frame::next(bytes, 8_192), Frame::Message { length: bytes.len() });
    let mut decoder = Decoder::new();
    let (message, verdict) = decoder.decode(bytes);
    assert_eq!(verdict, Ok(()), "{}", shown(bytes));
    assert_ne!(message.kind(), Kind::Unknown);
    message.msg_kind().expect("a message of the dictionary")
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\x01', "|")
}

#[track_caller]
fn check(body: EventBody, expected: Expect) {
    let bytes = encoded(body, false);
    assert_valid(&bytes);
    assert_valid(&encoded(body, true));
    let text = shown(&bytes);
    let (_, rest) = text.split_once("|35=").expect("a third field");
    let rest = rest.rsplit_once("10=").expect("a last field").0;
    let header = "34=5|49=ISLD|52=20260102-03:04:06.123456|56=TW44|";
    expected.assert_eq(&format!("35={rest}").replace(header, ""));
}

fn execution() -> Execution {
    Execution {
        order: OrderId(42),
        account: AccountId(7),
        instrument: InstrumentId(3),
        cl_ord_id: Text::truncated(b"order-1"),
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
        price: Price(5_000_050),
        quantity: Quantity(20_000),
        quote_quantity: Amount(0),
        display_quantity: Quantity(0),
        last_price: Price(0),
        last_quantity: Quantity(0),
        leaves_quantity: Quantity(20_000),
        cum_quantity: Quantity(0),
        cum_notional: 0,
        fee: Amount(0),
        refusal: Refusal::NONE,
    }
}

fn refused(code: RejectCode, value: i64, limit: i64) -> Execution {
    Execution {
        order: OrderId::NONE,
        exec_type: ExecType::Rejected,
        ord_status: OrdStatus::Rejected,
        leaves_quantity: Quantity(0),
        refusal: Refusal { code, value, limit },
        ..execution()
    }
}

#[test]
fn an_accepted_order_is_reported_with_what_was_asked() {
    check(
        EventBody::Execution(execution()),
        expect![
            "35=8|37=42|11=order-1|17=0-77-2|150=0|39=0|1=7|55=BTC-USD|54=1|38=2|40=2|44=50000.5|59=1|151=2|14=0|6=0|60=20260102-03:04:05.123456|"
        ],
    );
    check(
        EventBody::Execution(Execution {
            post_only: true,
            display_quantity: Quantity(5_000),
            self_trade_prevention: SelfTradePrevention::Decrement,
            ..execution()
        }),
        expect![
            "35=8|37=42|11=order-1|17=0-77-2|150=0|39=0|1=7|55=BTC-USD|54=1|38=2|40=2|44=50000.5|59=1|18=6|111=0.5|25001=4|151=2|14=0|6=0|60=20260102-03:04:05.123456|"
        ],
    );
}

#[test]
fn a_trade_tells_price_quantity_fee_and_the_exact_average() {
    let trade = Execution {
        exec_type: ExecType::Trade,
        ord_status: OrdStatus::PartiallyFilled,
        last_price: Price(5_000_000),
        last_quantity: Quantity(10_000),
        leaves_quantity: Quantity(5_000),
        cum_quantity: Quantity(15_000),
        cum_notional: 5_000_000 * 10_000 + 4_999_999 * 5_000,
        fee: Amount(25_000),
        ..execution()
    };
    check(
        EventBody::Execution(trade),
        expect![
            "35=8|37=42|11=order-1|17=0-77-2|150=F|39=1|1=7|55=BTC-USD|54=1|38=2|40=2|44=50000.5|59=1|32=1|31=50000|851=2|12=0.00025|13=3|479=BTC|151=0.5|14=1.5|6=49999.996667|60=20260102-03:04:05.123456|"
        ],
    );
}

#[test]
fn a_market_order_by_quote_quantity_shows_cash_order_qty_and_why_its_rest_went() {
    let canceled = Execution {
        exec_type: ExecType::Canceled,
        ord_status: OrdStatus::Canceled,
        why: Cause::ImmediateRest,
        ord_type: OrdType::Market,
        time_in_force: TimeInForce::Day,
        price: Price(0),
        quantity: Quantity(0),
        quote_quantity: Amount(1_500_000_000),
        leaves_quantity: Quantity(0),
        ..execution()
    };
    check(
        EventBody::Execution(canceled),
        expect![
            "35=8|37=42|11=order-1|17=0-77-2|150=4|39=4|1=7|55=BTC-USD|54=1|152=1500|40=1|59=0|151=0|14=0|6=0|60=20260102-03:04:05.123456|58=the rest of an immediate order that found no counterparty|"
        ],
    );
}

#[test]
fn a_refused_order_names_field_value_and_limit() {
    check(
        EventBody::Execution(refused(RejectCode::PriceAboveCollar, 6_000_000, 5_500_000)),
        expect![
            "35=8|37=NONE|11=order-1|17=0-77-2|150=8|39=8|103=3|1=7|55=BTC-USD|54=1|38=2|40=2|44=50000.5|59=1|151=0|14=0|6=0|60=20260102-03:04:05.123456|58=Price (44) 60000 is above the collar: the highest allowed now is 55000|"
        ],
    );
    check(
        EventBody::Execution(refused(RejectCode::InsufficientBalance, 100_001_000_000, 5_500_000)),
        expect![
            "35=8|37=NONE|11=order-1|17=0-77-2|150=8|39=8|103=3|1=7|55=BTC-USD|54=1|38=2|40=2|44=50000.5|59=1|151=0|14=0|6=0|60=20260102-03:04:05.123456|58=the free balance is too low: needed 100001 USD, free 5.5 USD|"
        ],
    );
    let unknown = Execution {
        instrument: InstrumentId(u32::MAX),
        ..refused(RejectCode::UnknownInstrument, 0, 0)
    };
    check(
        EventBody::Execution(unknown),
        expect![
            "35=8|37=NONE|11=order-1|17=0-77-2|150=8|39=8|103=1|1=7|55=[N/A]|54=1|40=2|59=1|151=0|14=0|6=0|60=20260102-03:04:05.123456|58=Symbol (55) names no instrument of this venue|"
        ],
    );
}

#[test]
fn a_refused_iceberg_tells_which_bound_it_broke() {
    let text = |value, limit| {
        let refused = refused(RejectCode::DisplayQuantityOutOfRange, value, limit);
        let bytes = encoded(EventBody::Execution(refused), false);
        let text = shown(&bytes);
        let from = text.find("|58=").expect("a text") + 4;
        text[from..].split('|').next().expect("it ends").to_string()
    };
    expect!["MaxFloor (111) 0 is not between one lot and OrderQty (38) 2"]
        .assert_eq(&text(0, 20_000));
    expect!["MaxFloor (111) 3 is not between one lot and OrderQty (38) 2"]
        .assert_eq(&text(30_000, 20_000));
    expect!["MaxFloor (111) 0.01 is below the least for this OrderQty (38), 0.02: an iceberg has at most 100 slices"]
        .assert_eq(&text(100, 200));
}

#[test]
fn a_restated_order_gives_its_cause() {
    let restated = Execution {
        exec_type: ExecType::Restated,
        why: Cause::SelfTrade,
        orig_cl_ord_id: Text::truncated(b"order-0"),
        ..execution()
    };
    check(
        EventBody::Execution(restated),
        expect![
            "35=8|37=42|11=order-1|41=order-0|17=0-77-2|150=D|39=0|378=5|1=7|55=BTC-USD|54=1|38=2|40=2|44=50000.5|59=1|151=2|14=0|6=0|60=20260102-03:04:05.123456|58=self-trade prevention: it would have traded with an order of its own account|"
        ],
    );
}

#[test]
fn a_status_report_echoes_its_request() {
    let report = StatusReport {
        execution: Execution { exec_type: ExecType::OrderStatus, ..execution() },
        request_id: Text::truncated(b"ask"),
        mass: false,
        total: 1,
        last: true,
    };
    check(
        EventBody::StatusReport(report),
        expect![
            "35=8|37=42|11=order-1|17=0|790=ask|150=I|39=0|1=7|55=BTC-USD|54=1|38=2|40=2|44=50000.5|59=1|151=2|14=0|6=0|60=20260102-03:04:05.123456|"
        ],
    );
    check(
        EventBody::StatusReport(StatusReport { mass: true, last: false, total: 12, ..report }),
        expect![
            "35=8|37=42|11=order-1|17=0|584=ask|911=12|912=N|150=I|39=0|1=7|55=BTC-USD|54=1|38=2|40=2|44=50000.5|59=1|151=2|14=0|6=0|60=20260102-03:04:05.123456|"
        ],
    );
}

#[test]
fn a_refused_cancel_and_a_refused_replace() {
    let reject = CancelReject {
        order: OrderId(42),
        cl_ord_id: Text::truncated(b"cancel-1"),
        orig_cl_ord_id: Text::truncated(b"order-1"),
        ord_status: OrdStatus::Filled,
        replace: false,
        account: AccountId(7),
        instrument: InstrumentId(3),
        side: Side::Buy,
        refusal: Refusal::plain(RejectCode::OrderClosed),
    };
    check(
        EventBody::CancelReject(reject),
        expect![
            "35=9|37=42|11=cancel-1|41=order-1|39=2|1=7|60=20260102-03:04:05.123456|434=1|102=0|58=the order is closed already|"
        ],
    );
    let below = Refusal::new(RejectCode::BelowExecuted, 10_000, 15_000);
    check(
        EventBody::CancelReject(CancelReject { replace: true, refusal: below, ..reject }),
        expect![
            "35=9|37=42|11=cancel-1|41=order-1|39=2|1=7|60=20260102-03:04:05.123456|434=2|102=0|58=OrderQty (38) 1 is below what has traded, CumQty (14) 1.5|"
        ],
    );
}

#[test]
fn a_mass_cancel_is_reported_done_or_refused() {
    let report = MassCancelReport {
        cl_ord_id: Text::truncated(b"mass-1"),
        scope: MassCancelScope::Instrument,
        instrument: InstrumentId(3),
        side: SideFilter::Sell,
        affected: 3,
        refusal: Refusal::NONE,
    };
    check(
        EventBody::MassCancelReport(report),
        expect![
            "35=r|11=mass-1|37=0-77-2|530=1|531=1|533=3|55=BTC-USD|54=2|60=20260102-03:04:05.123456|"
        ],
    );
    let refused = MassCancelReport {
        scope: MassCancelScope::All,
        side: SideFilter::Both,
        affected: 0,
        refusal: Refusal::plain(RejectCode::AccountMismatch),
        ..report
    };
    check(
        EventBody::MassCancelReport(refused),
        expect![
            "35=r|11=mass-1|37=0-77-2|530=7|531=0|532=99|533=0|60=20260102-03:04:05.123456|58=Account (1) is not the session's|"
        ],
    );
}

#[test]
fn the_messages_of_the_session_carry_what_the_acceptance_tests_expect() {
    let logon = LogonAccepted {
        connection: ConnectionId(1),
        generation: Generation(1),
        heart_bt_int: 30,
        reset_requested: false,
        reset: true,
        client_expects: 0,
        next_inbound: 2,
    };
    check(EventBody::LogonAccepted(logon), expect!["35=A|98=0|108=30|"]);
    check(
        EventBody::LogonAccepted(LogonAccepted {
            reset_requested: true,
            client_expects: 9,
            ..logon
        }),
        expect!["35=A|98=0|108=30|141=Y|789=2|"],
    );
    let logout = |code, value, limit| {
        EventBody::LogoutSent(LogoutSent { connection: ConnectionId(1), code, value, limit })
    };
    check(logout(LogoutCode::Requested, 0, 0), expect!["35=5|"]);
    check(logout(LogoutCode::SendingTime, 0, 0), expect!["35=5|"]);
    check(logout(LogoutCode::CompId, 0, 0), expect!["35=5|"]);
    check(
        logout(LogoutCode::MsgSeqNumTooLow, 2, 5),
        expect!["35=5|58=MsgSeqNum too low, expecting 5 but received 2|"],
    );
    check(
        logout(LogoutCode::HeartBtInt, 300, 60),
        expect!["35=5|58=HeartBtInt (108) 300 is not allowed: from 1 to 60 seconds|"],
    );
    let heartbeat =
        |id: &[u8]| EventBody::Heartbeat(Heartbeat { test_req_id: Text::truncated(id) });
    check(heartbeat(b""), expect!["35=0|"]);
    check(heartbeat(b"HELLO"), expect!["35=0|112=HELLO|"]);
    check(EventBody::TestRequest(TestRequest {}), expect!["35=1|112=TEST|"]);
    check(EventBody::ResendRequest(ResendRequest { begin: 2 }), expect!["35=2|7=2|16=0|"]);
}

#[test]
fn rejects_of_the_session_and_of_business() {
    let reject =
        Rejected { ref_seq_num: 2, ref_tag: 999, ref_msg_type: Text::truncated(b"0"), reason: 0 };
    check(
        EventBody::Rejected(reject),
        expect!["35=3|45=2|371=999|372=0|373=0|58=Invalid tag number|"],
    );
    check(
        EventBody::Rejected(Rejected { ref_tag: SessionReject::NO_TAG, reason: 10, ..reject }),
        expect!["35=3|45=2|372=0|373=10|58=SendingTime accuracy problem|"],
    );
    check(
        EventBody::Rejected(Rejected { ref_tag: -1, ref_msg_type: MsgType::EMPTY, ..reject }),
        expect!["35=3|45=2|371=-1|373=0|58=Invalid tag number|"],
    );
    let business = BusinessRejected {
        ref_seq_num: 2,
        ref_msg_type: Text::truncated(b"8"),
        ref_id: RequestId::EMPTY,
        reason: 3,
        refusal: Refusal::NONE,
    };
    check(
        EventBody::BusinessRejected(business),
        expect!["35=j|45=2|372=8|380=3|58=Unsupported message type|"],
    );
}

#[test]
fn a_security_list_tells_all_that_an_order_must_keep_to() {
    let listed = SecurityListed {
        request_id: Text::truncated(b"list"),
        refusal: Refusal::NONE,
        total: 1,
        last: true,
        instrument: instrument(),
    };
    check(
        EventBody::SecurityListed(listed),
        expect![
            "35=y|320=list|322=0-77-2|560=0|393=1|893=Y|146=1|55=BTC-USD|15=USD|561=0.01|562=0.01|25010=0.01|25011=1000|25012=1|25013=10|25014=200|25015=0.0001|25016=0.00025|25017=0|25018=BTC|25019=2|25020=4|"
        ],
    );
    let refusal = Refusal::plain(RejectCode::UnknownInstrument);
    check(
        EventBody::SecurityListed(SecurityListed { total: 0, refusal, ..listed }),
        expect!["35=y|320=list|322=0-77-2|560=2|393=0|893=Y|"],
    );
}

#[test]
fn a_message_sent_again_says_so_and_keeps_its_first_time() {
    let bytes = encoded(EventBody::Execution(execution()), true);
    let text = shown(&bytes);
    assert!(
        text.contains("|52=20260102-03:04:06.123456|56=TW44|43=Y|122=20260102-03:04:05.123456|"),
        "{text}"
    );
}

#[test]
fn a_gap_fill_takes_the_place_of_the_messages_of_the_session() {
    let mut out = Vec::new();
    Encoder::default().gap_fill(1, 5, &outgoing(false), TIME, &mut out);
    assert_eq!(assert_valid(&out), MsgKind::SequenceReset);
    expect!["8=FIX.4.4|9=99|35=4|34=1|49=ISLD|52=20260102-03:04:06.123456|56=TW44|43=Y|122=20260102-03:04:05.123456|36=5|123=Y|10=071|"]
        .assert_eq(&shown(&out));
}

#[test]
fn what_is_no_message_leaves_no_bytes() {
    let definition = EventBody::InstrumentDefined(instrument());
    assert_eq!(encoded(definition, false), b"");
    assert!(!encode::is_admin(&definition));
    assert!(encode::is_admin(&EventBody::TestRequest(TestRequest {})));
    assert!(!encode::is_admin(&EventBody::Execution(execution())));
}

#[test]
fn body_length_has_as_many_digits_as_it_needs() {
    let short = Outgoing { sender: b"A", target: b"B", sending_time_ns: 0, poss_dup: false };
    let mut out = Vec::new();
    let heartbeat = EventBody::Heartbeat(Heartbeat { test_req_id: TestReqId::EMPTY });
    Encoder::default().encode(&event(heartbeat), &short, &directory(), &mut out);
    assert_valid(&out);
    assert!(shown(&out).starts_with("8=FIX.4.4|9=48|35=0|"), "{}", shown(&out));
    let name = [b'x'; 600];
    let long = Outgoing { sender: &name, target: &name, ..short };
    let first = out.len();
    Encoder::default().encode(
        &event(EventBody::Execution(execution())),
        &long,
        &directory(),
        &mut out,
    );
    assert_valid(&out[first..]);
    assert!(shown(&out[first..]).starts_with("8=FIX.4.4|9=13"), "{}", shown(&out[first..]));
}

#[test]
fn every_code_has_a_text_and_a_number_of_fix() {
    for code in RejectCode::ALL.iter().skip(1) {
        for value in [i64::MIN, -1, 0, 55, i64::MAX] {
            let refusal = Refusal { code: *code, value, limit: value };
            assert_valid(&encoded(EventBody::Execution(refused(*code, value, value)), false));
            let reject = CancelReject {
                order: OrderId::NONE,
                cl_ord_id: Text::truncated(b"c"),
                orig_cl_ord_id: ClOrdId::EMPTY,
                ord_status: OrdStatus::Rejected,
                replace: true,
                account: AccountId(2),
                instrument: InstrumentId(9),
                side: Side::Sell,
                refusal,
            };
            assert_valid(&encoded(EventBody::CancelReject(reject), false));
        }
    }
    for code in LogoutCode::ALL {
        let connection = ConnectionId(0);
        let logout = LogoutSent { connection, code: *code, value: i64::MIN, limit: i64::MAX };
        assert_valid(&encoded(EventBody::LogoutSent(logout), false));
    }
}

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn any_id() -> impl Strategy<Value = ClOrdId> {
    "[!-~]{1,36}".prop_map(|text| Text::truncated(text.as_bytes()))
}

prop_compose! {
    fn any_execution()(
        (order, account, instrument) in (any::<u64>(), any::<u32>(), 2_u32..5),
        (cl_ord_id, orig_cl_ord_id) in (any_id(), any_id()),
        (exec_type, ord_status, why) in (any_of(ExecType::ALL), any_of(OrdStatus::ALL), any_of(Cause::ALL)),
        (side, ord_type, time_in_force) in (any_of(Side::ALL), any_of(OrdType::ALL), any_of(TimeInForce::ALL)),
        self_trade_prevention in any_of(SelfTradePrevention::ALL),
        (post_only, maker) in any::<(bool, bool)>(),
        [price, quantity, quote, display, last_price, last, leaves, cum, fee] in any::<[i64; 9]>(),
        cum_notional in any::<i128>(),
        (code, value, limit) in (any_of(RejectCode::ALL), any::<i64>(), any::<i64>()),
    ) -> Execution {
        Execution {
            order: OrderId(order), account: AccountId(account), instrument: InstrumentId(instrument),
            cl_ord_id, orig_cl_ord_id, exec_type, ord_status, why, side, ord_type, time_in_force,
            post_only, self_trade_prevention, maker,
            price: Price(price), quantity: Quantity(quantity), quote_quantity: Amount(quote),
            display_quantity: Quantity(display), last_price: Price(last_price),
            last_quantity: Quantity(last), leaves_quantity: Quantity(leaves),
            cum_quantity: Quantity(cum), cum_notional: cum_notional / 1_000_000, fee: Amount(fee),
            refusal: sound(Refusal { code, value, limit }),
        }
    }
}

/// A Symbol that a client could have sent: no delimiter lies within it.
fn sound(refusal: Refusal) -> Refusal {
    match refusal.code {
        RejectCode::UnknownSymbol => Refusal::unknown_symbol(refusal.value.to_string().as_bytes()),
        _ => refusal,
    }
}

fn any_body() -> impl Strategy<Value = EventBody> {
    let text = || "[ -~]{1,36}".prop_map(|text| RequestId::truncated(text.as_bytes()));
    let refusal = || {
        (any_of(RejectCode::ALL), any::<i64>(), any::<i64>())
            .prop_map(|(code, value, limit)| sound(Refusal { code, value, limit }))
    };
    prop_oneof![
        any_execution().prop_map(EventBody::Execution),
        (any_execution(), text(), any::<(bool, u32, bool)>()).prop_map(
            |(execution, request_id, (mass, total, last))| {
                EventBody::StatusReport(StatusReport { execution, request_id, mass, total, last })
            }
        ),
        (any_id(), any_of(MassCancelScope::ALL), any_of(SideFilter::ALL), any::<u32>(), refusal())
            .prop_map(|(cl_ord_id, scope, side, affected, refusal)| {
                let instrument = InstrumentId(affected % 5);
                let report =
                    MassCancelReport { cl_ord_id, scope, instrument, side, affected, refusal };
                EventBody::MassCancelReport(report)
            }),
        (text(), refusal(), 0_u32..3, any::<bool>()).prop_map(
            |(request_id, refusal, total, last)| {
                let instrument = instrument();
                let listed = SecurityListed { request_id, refusal, total, last, instrument };
                EventBody::SecurityListed(listed)
            }
        ),
        (1_u64..1 << 31, any::<i32>(), 0_u8..18).prop_map(|(ref_seq_num, ref_tag, reason)| {
            let ref_msg_type = Text::truncated(b"AF");
            EventBody::Rejected(Rejected { ref_seq_num, ref_tag, ref_msg_type, reason })
        }),
        (1_u64..1 << 31, text(), 0_u8..8, refusal()).prop_map(
            |(ref_seq_num, ref_id, reason, refusal)| {
                let ref_msg_type = Text::truncated(b"D");
                let reject =
                    BusinessRejected { ref_seq_num, ref_msg_type, ref_id, reason, refusal };
                EventBody::BusinessRejected(reject)
            }
        ),
    ]
}

proptest! {
    #[test]
    fn what_we_send_our_own_dictionary_allows(body in any_body(), poss_dup: bool) {
        assert_valid(&encoded(body, poss_dup));
    }
}

//! What the engine does with orders and money, as lines that a trader can read.

use expect_test::{Expect, expect};

use crate::engine::Engine;
use crate::engine::script::*;
use crate::model::limit::EngineLimits;
use crate::model::*;

/// Applies the lines to a new venue and compares what came of them.
fn check(script: &str, expected: Expect) {
    let mut venue = Venue::new();
    let told = venue.run(script);
    expected.assert_eq(&told);
    assert_eq!(venue.replayed().state_hash(), venue.engine.state_hash());
}

/// The same, then the book and the balances.
fn check_state(script: &str, expected: Expect) {
    let mut venue = Venue::new();
    let told = venue.run(script) + "--\n" + &venue.state();
    expected.assert_eq(&told);
    assert_eq!(venue.replayed().state_hash(), venue.engine.state_hash());
}

#[test]
fn a_better_price_trades_first_and_then_the_older_order() {
    check_state(
        "A sell a1 5@101
         A sell a2 5@100
         A sell a3 5@100
         B buy b1 12@101",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            A a2 New [New 0/5 leaves 5]
            A a3 New [New 0/5 leaves 5]
            B b1 New [New 0/12 leaves 12]
            A a2 Trade 5@100 maker [Filled 5/5 leaves 0]
            B b1 Trade 5@100 taker [PartiallyFilled 5/12 leaves 7]
            A a3 Trade 5@100 maker [Filled 5/5 leaves 0]
            B b1 Trade 5@100 taker [PartiallyFilled 10/12 leaves 2]
            A a1 Trade 2@101 maker [PartiallyFilled 2/5 leaves 3]
            B b1 Trade 2@101 taker [Filled 12/12 leaves 0]
            --
            Sell a1 3@101
            A X 99985+3  A Y 101202+0
            B X 100012+0  B Y 98798+0
            venue X 0+0  venue Y 0+0
        "#]],
    );
}

#[test]
fn what_is_not_filled_at_once_is_canceled_where_it_may_not_rest() {
    check_state(
        "A sell a1 5@100
         B buy b1 8@100 ioc
         B buy b2 8 market quantity=8",
        expect![[r#"
        A a1 New [New 0/5 leaves 5]
        B b1 New [New 0/8 leaves 8]
        A a1 Trade 5@100 maker [Filled 5/5 leaves 0]
        B b1 Trade 5@100 taker [PartiallyFilled 5/8 leaves 3]
        B b1 Canceled [Canceled 5/8 leaves 0] ImmediateRest
        B b2 New [New 0/8 leaves 8]
        B b2 Canceled [Canceled 0/8 leaves 0] ImmediateRest
        --
        A X 99995+0  A Y 100500+0
        B X 100005+0  B Y 99500+0
        venue X 0+0  venue Y 0+0
    "#]],
    );
}

#[test]
fn a_market_buy_holds_the_collar_and_gets_the_difference_back() {
    check_state(
        "A sell a1 5@100
         B buy b1 market quantity=5",
        expect![[r#"
        A a1 New [New 0/5 leaves 5]
        B b1 New [New 0/5 leaves 5]
        A a1 Trade 5@100 maker [Filled 5/5 leaves 0]
        B b1 Trade 5@100 taker [Filled 5/5 leaves 0]
        --
        A X 99995+0  A Y 100500+0
        B X 100005+0  B Y 99500+0
        venue X 0+0  venue Y 0+0
    "#]],
    );
}

#[test]
fn a_quote_quantity_buys_the_most_lots_at_each_level() {
    check_state(
        "A sell a1 3@100
         A sell a2 3@110
         B buy b1 market quote=530
         A buy a3 5@90
         B sell b2 market quote=200",
        expect![[r#"
            A a1 New [New 0/3 leaves 3]
            A a2 New [New 0/3 leaves 3]
            B b1 New [New 0/0 leaves 0] quote 530
            A a1 Trade 3@100 maker [Filled 3/3 leaves 0]
            B b1 Trade 3@100 taker [PartiallyFilled 3/0 leaves 0] quote 530
            A a2 Trade 2@110 maker [PartiallyFilled 2/3 leaves 1]
            B b1 Trade 2@110 taker [PartiallyFilled 5/0 leaves 0] quote 530
            B b1 Canceled [Canceled 5/0 leaves 0] quote 530 ImmediateRest
            A a3 New [New 0/5 leaves 5]
            B b2 New [New 0/0 leaves 0] quote 200
            A a3 Trade 2@90 maker [PartiallyFilled 2/5 leaves 3]
            B b2 Trade 2@90 taker [PartiallyFilled 2/0 leaves 0] quote 200
            B b2 Canceled [Canceled 2/0 leaves 0] quote 200 ImmediateRest
            --
            Sell a2 1@110
            Buy a3 3@90
            A X 99996+1  A Y 100070+270
            B X 100003+0  B Y 99660+0
            venue X 0+0  venue Y 0+0
        "#]],
    );
}

#[test]
fn fill_or_kill_fills_whole_or_not_at_all() {
    check_state(
        "A sell a1 5@100 show=1
         A sell a2 5@101
         B buy b1 11@101 fok
         B buy b2 10@101 fok",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            A a2 New [New 0/5 leaves 5]
            B b1 New [New 0/11 leaves 11]
            B b1 Canceled [Canceled 0/11 leaves 0] ImmediateRest
            B b2 New [New 0/10 leaves 10]
            A a1 Trade 1@100 maker [PartiallyFilled 1/5 leaves 4]
            B b2 Trade 1@100 taker [PartiallyFilled 1/10 leaves 9]
            A a1 Trade 1@100 maker [PartiallyFilled 2/5 leaves 3]
            B b2 Trade 1@100 taker [PartiallyFilled 2/10 leaves 8]
            A a1 Trade 1@100 maker [PartiallyFilled 3/5 leaves 2]
            B b2 Trade 1@100 taker [PartiallyFilled 3/10 leaves 7]
            A a1 Trade 1@100 maker [PartiallyFilled 4/5 leaves 1]
            B b2 Trade 1@100 taker [PartiallyFilled 4/10 leaves 6]
            A a1 Trade 1@100 maker [Filled 5/5 leaves 0]
            B b2 Trade 1@100 taker [PartiallyFilled 5/10 leaves 5]
            A a2 Trade 5@101 maker [Filled 5/5 leaves 0]
            B b2 Trade 5@101 taker [Filled 10/10 leaves 0]
            --
            A X 99990+0  A Y 101005+0
            B X 100010+0  B Y 98995+0
            venue X 0+0  venue Y 0+0
        "#]],
    );
}

#[test]
fn fill_or_kill_stops_counting_at_an_own_order_in_modes_that_stop_there() {
    check(
        "A sell a1 5@100 show=1
         B sell b1 1@100
         B buy b2 2@100 fok own=taker
         B buy b3 1@100 fok own=taker
         B buy b4 3@100 fok own=maker",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            B b1 New [New 0/1 leaves 1]
            B b2 New [New 0/2 leaves 2]
            B b2 Canceled [Canceled 0/2 leaves 0] ImmediateRest
            B b3 New [New 0/1 leaves 1]
            A a1 Trade 1@100 maker [PartiallyFilled 1/5 leaves 4]
            B b3 Trade 1@100 taker [Filled 1/1 leaves 0]
            B b4 New [New 0/3 leaves 3]
            B b1 Canceled [Canceled 0/1 leaves 0] SelfTrade
            A a1 Trade 1@100 maker [PartiallyFilled 2/5 leaves 3]
            B b4 Trade 1@100 taker [PartiallyFilled 1/3 leaves 2]
            A a1 Trade 1@100 maker [PartiallyFilled 3/5 leaves 2]
            B b4 Trade 1@100 taker [PartiallyFilled 2/3 leaves 1]
            A a1 Trade 1@100 maker [PartiallyFilled 4/5 leaves 1]
            B b4 Trade 1@100 taker [Filled 3/3 leaves 0]
        "#]],
    );
}

#[test]
fn an_iceberg_queues_each_new_slice_at_the_back() {
    check_state(
        "A sell a1 5@100 show=2
         A sell a2 2@100
         B buy b1 5@100",
        expect![[r#"
        A a1 New [New 0/5 leaves 5]
        A a2 New [New 0/2 leaves 2]
        B b1 New [New 0/5 leaves 5]
        A a1 Trade 2@100 maker [PartiallyFilled 2/5 leaves 3]
        B b1 Trade 2@100 taker [PartiallyFilled 2/5 leaves 3]
        A a2 Trade 2@100 maker [Filled 2/2 leaves 0]
        B b1 Trade 2@100 taker [PartiallyFilled 4/5 leaves 1]
        A a1 Trade 1@100 maker [PartiallyFilled 3/5 leaves 2]
        B b1 Trade 1@100 taker [Filled 5/5 leaves 0]
        --
        Sell a1 2@100 shows 1
        A X 99993+2  A Y 100500+0
        B X 100005+0  B Y 99500+0
        venue X 0+0  venue Y 0+0
    "#]],
    );
}

#[test]
fn post_only_that_would_trade_is_refused_also_against_an_own_order() {
    check(
        "A sell a1 5@100
         B buy b1 5@100 post-only
         A buy a2 1@101 post-only
         B buy b1 5@99 post-only",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            B b1 Rejected: PostOnlyWouldTrade 100/100
            A a2 Rejected: PostOnlyWouldTrade 101/100
            B b1 New [New 0/5 leaves 5]
        "#]],
    );
}

#[test]
fn self_trade_prevention_follows_the_takers_mode() {
    check_state(
        "A sell a1 5@100
         A buy t1 2@100 own=taker
         A buy t2 2@100 own=maker
         A sell a2 5@101
         A buy t3 5@101 own=both
         A cancel-all c
         A sell a4 5@100
         A buy t4 7@100 own=decrement
         A sell a5 9@100 own=decrement
         A buy t5 2@100",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            A t1 New [New 0/2 leaves 2]
            A t1 Canceled [Canceled 0/2 leaves 0] SelfTrade
            A t2 New [New 0/2 leaves 2]
            A a1 Canceled [Canceled 0/5 leaves 0] SelfTrade
            A a2 New [New 0/5 leaves 5]
            A t3 New [New 0/5 leaves 5]
            A a2 Canceled [Canceled 0/5 leaves 0] SelfTrade
            A t3 Canceled [Canceled 0/5 leaves 0] SelfTrade
            A t2 Canceled [Canceled 0/2 leaves 0] MassCancel
            A c canceled 1
            A a4 New [New 0/5 leaves 5]
            A t4 New [New 0/7 leaves 7]
            A a4 Canceled [Canceled 0/5 leaves 0] SelfTrade
            A t4 Restated [New 0/2 leaves 2] SelfTrade
            A a5 New [New 0/9 leaves 9]
            A t4 Canceled [Canceled 0/2 leaves 0] SelfTrade
            A a5 Restated [New 0/7 leaves 7] SelfTrade
            A t5 New [New 0/2 leaves 2]
            A a5 Trade 2@100 maker [PartiallyFilled 2/7 leaves 5]
            A t5 Trade 2@100 taker [Filled 2/2 leaves 0]
            --
            Sell a5 5@100
            A X 99995+5  A Y 100000+0
            B X 100000+0  B Y 100000+0
            venue X 0+0  venue Y 0+0
        "#]],
    );
}

#[test]
fn a_quote_taker_decrements_what_its_rest_would_buy() {
    check_state(
        "A sell a1 1@100
         A sell a2 5@100
         A buy t market quote=250 own=decrement",
        expect![[r#"
            A a1 New [New 0/1 leaves 1]
            A a2 New [New 0/5 leaves 5]
            A t New [New 0/0 leaves 0] quote 250
            A a1 Canceled [Canceled 0/1 leaves 0] SelfTrade
            A t Restated [New 0/0 leaves 0] quote 150 SelfTrade
            A a2 Restated [New 0/4 leaves 4] SelfTrade
            A t Restated [New 0/0 leaves 0] quote 50 SelfTrade
            A t Canceled [Canceled 0/0 leaves 0] quote 50 ImmediateRest
            --
            Sell a2 4@100
            A X 99996+4  A Y 100000+0
            B X 100000+0  B Y 100000+0
            venue X 0+0  venue Y 0+0
        "#]],
    );
}

#[test]
fn a_replace_that_only_lowers_the_quantity_keeps_the_place() {
    check_state(
        "A sell a1 5@100
         B sell b1 5@100
         A replace a2 of=a1 3@100 sell
         A buy c1 1@100
         A replace a3 of=a2 4@100 sell
         A replace a4 of=a2 4@100 sell
         B buy c2 1@100",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            B b1 New [New 0/5 leaves 5]
            A a2 Replaced was a1 [New 0/3 leaves 3]
            A c1 New [New 0/1 leaves 1]
            A a2 Trade 1@100 maker [PartiallyFilled 1/3 leaves 2]
            A c1 Trade 1@100 taker [Filled 1/1 leaves 0]
            A a3 Replaced was a2 [PartiallyFilled 1/4 leaves 3]
            A a4 replace refused: StaleOrigClOrdId 0/0 (PartiallyFilled)
            B c2 New [New 0/1 leaves 1]
            B b1 Trade 1@100 maker [PartiallyFilled 1/5 leaves 4]
            B c2 Trade 1@100 taker [Filled 1/1 leaves 0]
            --
            Sell b1 4@100
            Sell a3 3@100
            A X 99997+3  A Y 100000+0
            B X 99996+4  B Y 100000+0
            venue X 0+0  venue Y 0+0
        "#]],
    );
}

#[test]
fn a_replace_to_what_was_executed_closes_and_below_is_refused() {
    check_state(
        "A sell a1 5@100
         B buy b1 2@100
         A replace a2 of=a1 1@100 sell
         A replace a3 of=a1 2@100 sell
         A replace a4 of=a3 9@100 sell
         A status a1",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            B b1 New [New 0/2 leaves 2]
            A a1 Trade 2@100 maker [PartiallyFilled 2/5 leaves 3]
            B b1 Trade 2@100 taker [Filled 2/2 leaves 0]
            A a2 replace refused: BelowExecuted 1/2 (PartiallyFilled)
            A a3 Replaced was a1 [Filled 2/2 leaves 0]
            A a4 replace refused: OrderClosed 0/0 (Filled)
            A a3 OrderStatus [Filled 2/2 leaves 0] of 0 last
            --
            A X 99998+0  A Y 100200+0
            B X 100002+0  B Y 99800+0
            venue X 0+0  venue Y 0+0
        "#]],
    );
}

#[test]
fn a_replace_at_a_crossing_price_trades() {
    check_state(
        "A sell a1 5@105
         B buy b1 5@100
         B replace b2 of=b1 7@105
         B replace b3 order=16 9@104 show=2",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            B b1 New [New 0/5 leaves 5]
            B b2 Replaced was b1 [New 0/7 leaves 7]
            A a1 Trade 5@105 maker [Filled 5/5 leaves 0]
            B b2 Trade 5@105 taker [PartiallyFilled 5/7 leaves 2]
            B b3 replace refused: NotReplaceable 111/0 (PartiallyFilled)
            --
            Buy b2 2@105
            A X 99995+0  A Y 100525+0
            B X 100005+0  B Y 99265+210
            venue X 0+0  venue Y 0+0
        "#]],
    );
}

#[test]
fn a_refused_replace_leaves_the_order_with_its_place_and_its_hold() {
    check_state(
        "A buy a1 5@100
         B sell b1 5@120
         A replace a2 of=a1 5000@100
         A replace a3 of=a1 5@100 day
         A replace a4 of=a1 5@100 show=2
         A replace a5 of=a1 5@100 market
         A replace a6 of=a1 5@151
         A replace a7 of=a1 5@100 sell
         A replace a8 of=zz 5@100",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            B b1 New [New 0/5 leaves 5]
            A a2 replace refused: InsufficientBalance 500000/100000 (New)
            A a3 replace refused: NotReplaceable 59/0 (New)
            A a4 replace refused: NotReplaceable 111/0 (New)
            A a5 replace refused: NotReplaceable 40/0 (New)
            A a6 replace refused: PriceAboveCollar 151/150 (New)
            A a7 replace refused: OrderMismatch 54/0 (New)
            A a8 replace refused: UnknownOrder 0/0 (Rejected)
            --
            Sell b1 5@120
            Buy a1 5@100
            A X 100000+0  A Y 99500+500
            B X 99995+5  B Y 100000+0
            venue X 0+0  venue Y 0+0
        "#]],
    );
}

#[test]
fn every_filter_of_a_new_order_names_its_figures() {
    check(
        "A buy - 5@100
         A buy a1 5@100
         A buy a1 5@100
         A buy a2 5@100 instrument=7
         A buy a3 5@100 quote=5
         A buy a4 5@100 ioc post-only
         A buy a5 market 5@100
         A buy a6 5@0
         A buy a7 5@151
         A buy a8 5@49
         A buy a9 0@100
         A buy a10 100001@100
         A buy a11 5@100 show=6
         A buy a12 1@50 ioc
         A buy a13 2000@100
         A sell a14 100000@100
         A buy a15 market quote=-5
         A buy a16 market",
        expect![[r#"
            A  Rejected: EmptyClOrdId 0/0
            A a1 New [New 0/5 leaves 5]
            A a1 Rejected: DuplicateClOrdId 0/0
            A a2 Rejected: UnknownInstrument 7/0
            A a3 Rejected: UnsupportedCombination 0/0
            A a4 Rejected: UnsupportedCombination 0/0
            A a5 Rejected: PriceMismatch 0/0
            A a6 Rejected: PriceNotPositive 0/0
            A a7 Rejected: PriceAboveCollar 151/150
            A a8 Rejected: PriceBelowCollar 49/50
            A a9 Rejected: QuantityTooLow 0/1
            A a10 Rejected: QuantityTooHigh 100001/100000
            A a11 Rejected: DisplayQuantityOutOfRange 6/5
            A a12 New [New 0/1 leaves 1]
            A a12 Canceled [Canceled 0/1 leaves 0] ImmediateRest
            A a13 Rejected: InsufficientBalance 200000/99500
            A a14 New [New 0/100000 leaves 100000]
            A a1 Trade 5@100 maker [Filled 5/5 leaves 0]
            A a14 Trade 5@100 taker [PartiallyFilled 5/100000 leaves 99995]
            A a15 Rejected: NotionalTooLow -5/10
            A a16 Rejected: QuantityTooLow 0/1
        "#]],
    );
}

#[test]
fn a_resent_known_clordid_is_answered_with_the_state() {
    check(
        "A buy a1 5@100
         A buy a1 5@100 resent
         A cancel c1 of=a1
         A buy c1 5@100 resent
         A cancel c1 of=a1 resent",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            A a1 OrderStatus [New 0/5 leaves 5] of 0 last
            A c1 Canceled was a1 [Canceled 0/5 leaves 0]
            A c1 OrderStatus [Canceled 0/5 leaves 0] of 0 last
            A c1 OrderStatus [Canceled 0/5 leaves 0] of 0 last
        "#]],
    );
}

#[test]
fn a_cancel_names_the_last_clordid_or_the_order_id() {
    check(
        "A buy a1 5@100
         A replace a2 of=a1 6@100
         A cancel c1 of=a1
         B cancel c1 order=15
         A cancel c2 order=15
         A cancel c3 of=c2
         A status c2
         A status nothing",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            A a2 Replaced was a1 [New 0/6 leaves 6]
            A c1 cancel refused: StaleOrigClOrdId 0/0 (New)
            B c1 cancel refused: UnknownOrder 0/0 (Rejected)
            A c2 Canceled was a2 [Canceled 0/6 leaves 0]
            A c3 cancel refused: OrderClosed 0/0 (Canceled)
            A c2 OrderStatus [Canceled 0/6 leaves 0] of 0 last
            A nothing OrderStatus [Rejected 0/0 leaves 0] UnknownOrder 0/0 of 0 last
        "#]],
    );
}

#[test]
fn a_halt_takes_cancels_only() {
    check(
        "A buy a1 5@100
         A halt
         A buy a2 5@100
         A replace a3 of=a1 6@100
         A cancel a4 of=a1
         A resume
         A buy a5 5@100",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            - InstrumentDefined
            - answer
            A a2 Rejected: InstrumentHalted 0/0
            A a3 replace refused: InstrumentHalted 0/0 (New)
            A a4 Canceled was a1 [Canceled 0/5 leaves 0]
            - InstrumentDefined
            - answer
            A a5 New [New 0/5 leaves 5]
        "#]],
    );
}

#[test]
fn a_suspension_cancels_the_accounts_orders() {
    check_state(
        "A buy a1 5@100
         A sell a2 5@101
         A suspend
         A suspend
         A buy a3 5@100
         A reinstate
         A buy a3 5@100",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            A a2 New [New 0/5 leaves 5]
            A a1 Canceled [Canceled 0/5 leaves 0] Suspension
            A a2 Canceled [Canceled 0/5 leaves 0] Suspension
            - answer
            - answer  repeated
            A a3 Rejected: AccountSuspended 0/0
            - answer
            A a3 New [New 0/5 leaves 5]
            --
            Buy a3 5@100
            A X 100000+0  A Y 99500+500
            B X 100000+0  B Y 100000+0
            venue X 0+0  venue Y 0+0
        "#]],
    );
}

#[test]
fn day_orders_expire_at_the_rollover() {
    check(
        "A buy a1 5@100 day
         B buy b1 5@100
         B buy b2 5@99 day
         A day 20000
         A day 20000
         B status-all",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            B b1 New [New 0/5 leaves 5]
            B b2 New [New 0/5 leaves 5]
            A a1 Expired [Expired 0/5 leaves 0] Rollover
            B b2 Expired [Expired 0/5 leaves 0] Rollover
            - day 20000
            B b1 OrderStatus [New 0/5 leaves 5] of 1 last
        "#]],
    );
}

#[test]
fn a_lost_connection_cancels_where_the_session_says_so() {
    check(
        "A buy a1 5@100
         B buy b1 5@100
         A lost
         B lost
         A logon number=9
         A buy a1 5@100
         B status-all",
        expect![[r#"
            A a1 New [New 0/5 leaves 5]
            B b1 New [New 0/5 leaves 5]
            A a1 Canceled [Canceled 0/5 leaves 0] Disconnect
            A Logon generation 2 next 3
            A ResendRequest from 3
            A a1 Rejected: DuplicateClOrdId 0/0
        "#]],
    );
}

#[test]
fn a_logon_is_judged_by_its_number() {
    check(
        "A logon number=2
         A lost
         A logon number=1
         A logon number=2
         A lost
         A lost",
        expect![[r#"
            A ended connection 11
            A Logout MsgSeqNumTooLow 1/2
            A Logon generation 2 next 3
        "#]],
    );
}

#[test]
fn fees_are_rounded_up_on_the_cumulative_amount() {
    let mut venue = Venue::with(Instrument { maker_fee: 100, taker_fee: 30_000, ..instrument() });
    let script =
        "A sell a1 10@100\nB buy b1 1@100\nB buy b2 9@100\nA buy a2 7@100\nB sell b3 7@100";
    let told = venue.run(script) + &venue.state();
    expect![[r#"
        A a1 New [New 0/10 leaves 10]
        B b1 New [New 0/1 leaves 1]
        A a1 Trade 1@100 maker fee 1 [PartiallyFilled 1/10 leaves 9]
        B b1 Trade 1@100 taker fee 1 [Filled 1/1 leaves 0]
        B b2 New [New 0/9 leaves 9]
        A a1 Trade 9@100 maker [Filled 10/10 leaves 0]
        B b2 Trade 9@100 taker fee 3 [Filled 9/9 leaves 0]
        A a2 New [New 0/7 leaves 7]
        B b3 New [New 0/7 leaves 7]
        A a2 Trade 7@100 maker fee 1 [Filled 7/7 leaves 0]
        B b3 Trade 7@100 taker fee 210 [Filled 7/7 leaves 0]
        A X 99996+0  A Y 100299+0
        B X 99999+0  B Y 99490+0
        venue X 5+0  venue Y 211+0
    "#]]
    .assert_eq(&told);
}

#[test]
fn a_long_sweep_is_continued() {
    let mut venue = Venue::new();
    for number in 0..100 {
        venue.run(&format!("A sell a{number} 1@{}", 100 + number % 7));
    }
    let mut events = Vec::new();
    let command = parse("B buy b1 100@110", venue.engine.view());
    venue.apply_one(command, &mut events);
    assert!(venue.engine.has_continuation());
    let ignored = parse("B buy b2 100@110", venue.engine.view());
    let before = events.len();
    venue.apply_one(ignored, &mut events);
    assert_eq!(events.len(), before);
    while venue.engine.has_continuation() {
        venue.apply_one(Command::Continue(Continue {}), &mut events);
    }
    assert_eq!(events.len(), 201);
    assert_eq!(venue.replayed().state_hash(), venue.engine.state_hash());
}

#[test]
fn a_long_mass_cancel_and_a_long_status_are_continued() {
    let mut venue = Venue::new();
    for number in 0..200 {
        venue.run(&format!("A buy a{number} 1@{}", 60 + number % 37));
    }
    let reports = venue.apply(parse("A status-all", venue.engine.view()));
    assert_eq!(reports.len(), 200);
    let EventBody::StatusReport(last) = reports[199].body else { panic!("no report") };
    assert!(last.last && last.total == 200);
    let reports = venue.apply(parse("A cancel-all c", venue.engine.view()));
    assert_eq!(line_of(&reports[200]), "A c canceled 200");
}

#[test]
fn a_fill_or_kill_counts_on_over_records() {
    let mut venue = Venue::new();
    for number in 0..900 {
        venue.run(&format!("A sell a{number} 1@100"));
        venue.run(&format!("B sell b{number} 1@100"));
    }
    let told = venue.run("B buy b 1000@100 fok own=maker");
    assert_eq!(told.lines().count(), 2, "{told}");
    let told = venue.run("B buy c 900@100 fok own=maker");
    assert!(told.contains("c Trade 1@100 taker [Filled 900/900 leaves 0]"));
}

#[test]
fn an_epoch_ends_every_connection() {
    let mut venue = Venue::new();
    let view = BeginEpoch {
        epoch: Epoch(2),
        primary: NodeId(0),
        in_sync: 1,
        durability: Durability::LocalDisk,
        nonce: 1,
    };
    let told: Vec<String> = venue.apply(Command::BeginEpoch(view)).iter().map(line_of).collect();
    assert_eq!(told, ["A ended connection 11", "B ended connection 12", "- EpochBegan"]);
    assert!(venue.apply(Command::BeginEpoch(view)).is_empty());
}

#[test]
fn an_epoch_that_begins_amid_a_long_command_waits_with_the_connections_until_it_is_finished() {
    let mut venue = Venue::new();
    for number in 0..200 {
        venue.run(&format!("A buy p{number} 1@95"));
    }
    let mut events = Vec::new();
    venue.apply_one(parse("A cancel-all c", venue.engine.view()), &mut events);
    assert!(venue.engine.has_continuation());
    let first = events.len();
    let epoch = Epoch(2);
    let durability = Durability::LocalDisk;
    let view = BeginEpoch { epoch, primary: NodeId(1), in_sync: 2, durability, nonce: 1 };
    venue.apply_one(Command::BeginEpoch(view), &mut events);
    assert_eq!((events.len(), venue.engine.view().epoch()), (first, epoch));
    // A command that is no Continue has no effect in between.
    venue.apply_one(parse("B buy late 1@90", venue.engine.view()), &mut events);
    assert_eq!(events.len(), first);
    while venue.engine.has_continuation() {
        venue.apply_one(Command::Continue(Continue {}), &mut events);
    }
    let told: Vec<String> = events.iter().map(line_of).collect();
    let canceled = told.iter().filter(|line| line.contains("Canceled")).count();
    assert!(canceled >= 200, "{canceled} of 200 were canceled");
    let last = &told[told.len() - 3..];
    assert_eq!(last, ["A ended connection 11", "B ended connection 12", "- EpochBegan"]);
    assert_eq!(venue.replayed().state_hash(), venue.engine.state_hash());
}

#[test]
fn a_transfer_is_booked_once() {
    let mut venue = Venue::new();
    let mut tell = |command| line_of(&venue.apply(command)[0]);
    let deposit = |amount, reference| Command::Deposit(transfer(2, Y, amount, reference));
    assert_eq!(tell(deposit(5, "r1")), "- answer");
    assert_eq!(tell(deposit(5, "r1")), "- answer  repeated");
    assert_eq!(tell(deposit(6, "r1")), "- answer ReferenceReused 0/0");
    assert_eq!(tell(deposit(-1, "r2")), "- answer OutOfRange -1/1");
    assert_eq!(tell(deposit(-1, "r2")), "- answer OutOfRange -1/1 repeated");
    assert_eq!(tell(deposit(5, "")), "- answer ReferenceReused 0/0");
    let withdraw = Command::Withdraw(transfer(2, Y, 100_006, "r3"));
    assert_eq!(tell(withdraw), "- answer InsufficientBalance 100006/100005");
    let most = crate::model::limit::AMOUNT_MAX;
    let told = format!("- answer AssetTotalExceeded {most}/{}", most - 200_005);
    assert_eq!(tell(deposit(most, "r4")), told);
    assert_eq!(
        tell(Command::Withdraw(transfer(1, Y, 1, "r5"))),
        "- answer InsufficientBalance 1/0"
    );
    assert_eq!(tell(Command::Deposit(transfer(1, Y, 1, "r6"))), "- answer UnknownAccount 1/0");
}

#[test]
fn only_genesis_counts_before_genesis() {
    let mut engine = Engine::new();
    let mut events = Vec::new();
    let mut apply = |command| {
        let record = Record {
            sequence: Sequence(1),
            timestamp: Timestamp(1),
            epoch: Epoch(1),
            shard: ShardId(0),
            command,
        };
        engine.apply(&record, &mut events);
    };
    apply(asset(X, b"X"));
    apply(Command::Logon(logon(1, 1)));
    apply(Command::Continue(Continue {}));
    apply(genesis());
    apply(asset(X, b"X"));
    let told: Vec<String> = events.iter().map(line_of).collect();
    assert_eq!(told, ["- answer Genesis 0/0", "- AssetDefined", "- answer"]);
}

#[test]
fn an_account_has_at_most_so_many_open_orders_in_an_instrument() {
    let mut venue = Venue::with(Instrument { open_orders_max: 2, ..instrument() });
    let told = venue.run(
        "A buy a1 1@60
         A buy a2 1@61
         A buy a3 1@62
         A buy a4 1@62 ioc
         B buy b1 1@62
         A cancel c1 of=a1
         A buy a3 1@62",
    );
    expect![[r#"
        A a1 New [New 0/1 leaves 1]
        A a2 New [New 0/1 leaves 1]
        A a3 Rejected: TooManyOpenOrders 2/2
        A a4 New [New 0/1 leaves 1]
        A a4 Canceled [Canceled 0/1 leaves 0] ImmediateRest
        B b1 New [New 0/1 leaves 1]
        A c1 Canceled was a1 [Canceled 0/1 leaves 0]
        A a3 New [New 0/1 leaves 1]
    "#]]
    .assert_eq(&told);
}

#[test]
fn a_clordid_stays_while_its_order_is_open_and_while_it_is_among_the_last() {
    let mut venue = Venue::new();
    venue.engine.ids.kept = 3;
    venue.run("A buy open 1@60\nA buy closed 1@60\nA cancel c of=closed\nA day 20000");
    for number in 0..8 {
        venue.run(&format!("A buy a{number} 1@150 ioc\nA day {}", 20_001 + number));
    }
    let told = venue.run(
        "A buy open 1@60
         A buy closed 1@60 ioc
         A buy a6 1@60
         A status c
         A status - order=15
         A status - order=16
         A buy a0 1@60",
    );
    expect![[r#"
        A open Rejected: DuplicateClOrdId 0/0
        A closed New [New 0/1 leaves 1]
        A closed Canceled [Canceled 0/1 leaves 0] ImmediateRest
        A a6 Rejected: DuplicateClOrdId 0/0
        A c OrderStatus [Rejected 0/0 leaves 0] UnknownOrder 0/0 of 0 last
        A open OrderStatus [New 0/1 leaves 1] of 0 last
        A  OrderStatus [Rejected 0/0 leaves 0] UnknownOrder 0/0 of 0 last
        A a0 New [New 0/1 leaves 1]
    "#]]
    .assert_eq(&told);
}

#[test]
fn room_made_before_genesis_is_kept_and_the_limits_of_genesis_count() {
    let venue = Venue::new();
    for before in [limits(), EngineLimits { orders_max: 1, sessions_max: 1, ..limits() }] {
        let engine = Engine::with_room(&before);
        let start = engine.blocks.start();
        let begun = venue.replayed_by(engine);
        assert_eq!(begun.state_hash(), venue.engine.state_hash());
        assert_eq!(begun.blocks.start() == start, before == limits());
    }
}

#[test]
fn a_full_venue_refuses_orders_and_takes_cancels() {
    let mut venue = Venue::new();
    venue.engine.genesis.as_mut().unwrap().limits.orders_max = 2;
    let told = venue.run(
        "A buy a1 1@60
         A buy a2 1@61
         A buy a3 1@62
         A buy a4 1@62 ioc
         A cancel c1 of=a1",
    );
    expect![[r#"
        A a1 New [New 0/1 leaves 1]
        A a2 New [New 0/1 leaves 1]
        A a3 Rejected: VenueOrdersFull 0/2
        A a4 New [New 0/1 leaves 1]
        A a4 Canceled [Canceled 0/1 leaves 0] ImmediateRest
        A c1 Canceled was a1 [Canceled 0/1 leaves 0]
    "#]]
    .assert_eq(&told);
    let mut number = 0;
    let full = RejectCode::VenueClOrdIdsFull;
    loop {
        number += 1;
        let command = parse(&format!("A buy n{number} 1@60 ioc"), venue.engine.view());
        let mut events = Vec::new();
        venue.engine.apply(
            &Record {
                sequence: Sequence(1_000_000 + number),
                timestamp: Timestamp(1),
                epoch: Epoch(1),
                shard: ShardId(0),
                command,
            },
            &mut events,
        );
        if matches!(events[0].body, EventBody::Execution(told) if told.refusal.code == full) {
            break;
        }
    }
    let told = venue.run(
        "A buy full 1@60
         A replace r of=a2 2@61
         A cancel c2 of=a2
         A status c2
         A status a2",
    );
    expect![[r#"
        A full Rejected: VenueClOrdIdsFull 0/20000
        A r replace refused: VenueClOrdIdsFull 0/20000 (New)
        A c2 Canceled was a2 [Canceled 0/1 leaves 0]
        A c2 OrderStatus [Canceled 0/1 leaves 0] of 0 last
        A c2 OrderStatus [Canceled 0/1 leaves 0] of 0 last
    "#]]
    .assert_eq(&told);
}

#[test]
fn a_session_is_dropped_that_comes_from_an_older_logon_or_with_a_seen_number() {
    let mut venue = Venue::new();
    let stale = parse("A buy a1 1@60", venue.engine.view());
    venue.run("A status nothing");
    assert!(venue.apply(stale).is_empty(), "its number was seen");
    let stale = parse("A buy a1 1@60", venue.engine.view());
    venue.run("A lost\nA logon number=3");
    assert!(venue.apply(stale).is_empty(), "its generation is over");
}

#[test]
fn definitions_are_checked_and_repeated() {
    let mut venue = Venue::new();
    let mut tell = |changed: Instrument| {
        let define = DefineInstrument { request: 1, instrument: changed };
        let told = venue.apply(Command::DefineInstrument(define));
        told.iter().map(line_of).collect::<Vec<_>>().join(", ")
    };
    let known = instrument();
    let halted = Instrument { state: InstrumentState::Halted, ..known };
    let other = Instrument { id: InstrumentId(1), symbol: Symbol::truncated(b"Y-X"), ..known };
    let told = [
        tell(known),
        tell(halted),
        tell(Instrument { taker_fee: 5, ..known }),
        tell(Instrument { id: InstrumentId(1), ..known }),
        tell(Instrument { id: InstrumentId(100), ..other }),
        tell(Instrument { quote: X, ..other }),
        tell(Instrument { quote: AssetId(9), ..other }),
        tell(Instrument { price_scale: 1, ..other }),
        tell(Instrument { quantity_scale: 1, ..other }),
        tell(Instrument { price_scale: 1, tick: Price(10), ..other }),
        tell(Instrument { collar_percent: 0, ..other }),
        tell(Instrument { quantity_min: Quantity(0), ..other }),
        tell(Instrument { maker_fee: 100_001, ..other }),
    ]
    .join("\n");
    expect![[r#"
        - answer  repeated
        - answer  repeated
        - InstrumentDefined, - answer
        - answer AlreadyDefined 0/0
        - answer TooMany 0/100
        - answer BaseIsQuote 0/0
        - answer UnknownAsset 9/0
        - answer TickLotNotWhole 0/0
        - answer OutOfRange 1/0
        - InstrumentDefined, - answer
        - answer OutOfRange 0/1
        - answer OutOfRange 0/1
        - answer OutOfRange 100001/100000"#]]
    .assert_eq(&told);
    venue.run("A buy a1 1@60");
    let define =
        DefineInstrument { request: 1, instrument: Instrument { tick: Price(2), ..known } };
    let told = venue.apply(Command::DefineInstrument(define));
    assert_eq!(line_of(&told[0]), "- answer HasOpenOrders 1/0");
}

#[test]
fn many_instruments_are_listed_over_records() {
    let mut venue = Venue::new();
    for number in 1..99 {
        let symbol = Symbol::truncated(format!("I{number}").as_bytes());
        let more = Instrument { id: InstrumentId(number), symbol, ..instrument() };
        let define = DefineInstrument { request: 1, instrument: more };
        venue.apply(Command::DefineInstrument(define));
    }
    let listed = venue.apply(parse("A securities", venue.engine.view()));
    assert_eq!(listed.len(), 99);
    let EventBody::SecurityListed(last) = listed[98].body else { panic!("no list") };
    assert!(last.last && last.total == 99 && last.instrument.id == InstrumentId(98));
}

#[test]
fn the_end_of_a_day_forgets_over_records_until_all_that_is_due_is_gone() {
    let mut venue = Venue::new();
    venue.engine.ids.kept = 10;
    let held = |venue: &Venue| venue.engine.ids.slots.live();
    venue.run("A buy open 1@50\nB buy open 1@50");
    for number in 0..1_300 {
        let who = if number % 2 == 0 { "A" } else { "B" };
        venue.run(&format!("{who} buy n{number} 1@60 ioc"));
    }
    assert_eq!(held(&venue), 1_302);
    let day = venue.engine.day + 1;
    let mut events = Vec::new();
    venue.apply_one(Command::Rollover(Rollover { day }), &mut events);
    let mut records = 1;
    while venue.engine.has_continuation() {
        assert!(events.is_empty(), "the day is over once all is done");
        venue.engine.audit().unwrap();
        venue.apply_one(Command::Continue(Continue {}), &mut events);
        records += 1;
    }
    assert_eq!(records, 2, "of 1,024 ids each");
    assert!(matches!(events[..], [Event { body: EventBody::RolledOver(_), .. }]));
    assert_eq!(held(&venue), 22, "the last ten of each account, and an open order's");
    venue.engine.audit().unwrap();
    let told = venue.run("A status open\nA status n0\nB buy n1 1@60 ioc\nA cancel c of=open");
    expect![[r#"
        A open OrderStatus [New 0/1 leaves 1] of 0 last
        A n0 OrderStatus [Rejected 0/0 leaves 0] UnknownOrder 0/0 of 0 last
        B n1 New [New 0/1 leaves 1]
        B n1 Canceled [Canceled 0/1 leaves 0] ImmediateRest
        A c Canceled was open [Canceled 0/1 leaves 0]
    "#]]
    .assert_eq(&told);
}

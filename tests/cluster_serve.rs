//! Two nodes of a cluster, each a `castle serve` of its own, with a file as arbiter: founded by an operator, traded
//! on, the primary killed, the one that was killed returned, and the place handed back.
//!
//! The sessions keep their numbers from one node to the other and check what `recovery_kill.rs` checks: no number
//! skipped or doubled, no execution told twice, no acknowledged request asked for again, no resent message changed,
//! and each order at the venue as the session knows it.

mod support;

use serde_json::json;
use support::crowd::{all_agree, each, founded, go_on_at, trade_until};
use support::exchange::Exchange;
use support::pair::{Pair, cluster, is_listening, leads_both, wait_for};
use support::trader::Trader;

const SESSIONS: usize = 4;
const SEED: u64 = 0x7061_6972;

#[test]
fn clients_go_on_at_the_standby_when_the_primary_is_killed_and_at_the_old_one_when_it_has_the_place_again()
 {
    let pair = Pair::new(SESSIONS, |_, text| text);
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    assert!(!is_listening(&a) && !is_listening(&b), "nobody is primary before it is founded");
    let mut traders = founded(&a, &b, SESSIONS, SEED);
    assert!(!is_listening(&b), "a standby's doors are shut");
    trade_until(&mut traders, || a.kill());
    go_on_at(&b, &mut traders);
    assert_eq!(cluster(&b)["view"]["primary"], 1);

    // The one that was killed returns, and the states of both are compared from then on.
    let a = first.start();
    wait_for("both in sync again", &[&a, &b], || leads_both(&b));
    let returned_at = cluster(&b)["last_record"].as_u64().expect("a number");
    each(&mut traders, |trader| trader.trade_some(200, 8));
    let agreed = |node: &Exchange| cluster(node)["states_agreed_at"].as_u64().expect("a number");
    wait_for("states compared", &[&a, &b], || agreed(&a) > returned_at && agreed(&b) > 0);

    // And it takes the place over, as an operator wants it.
    trade_until(&mut traders, || {
        b.admin(&json!({"command": "switchover", "to": "0"}));
        wait_for("it leads", &[&a, &b], || cluster(&a)["role"] == "primary");
    });
    go_on_at(&a, &mut traders);
    wait_for("the other follows", &[&a, &b], || leads_both(&a));
    all_agree(&[(first, &a), (second, &b)], &traders);
    assert!(traders.iter().map(|trader| trader.book.fills).sum::<u64>() > 0);
}

#[test]
fn an_exchange_that_ran_alone_becomes_a_cluster_with_all_that_it_had() {
    let pair = Pair::new(SESSIONS, |_, text| text);
    let [first, second] = &pair.houses;
    let of_cluster = std::fs::read_to_string(&first.config).expect("the configuration");
    first.edit(|text| {
        let at = text.find("[cluster]").expect("it is there");
        text[..at].replace("standby-memory", "local-disk")
    });
    let mut traders: Vec<Trader> =
        (1..=SESSIONS).map(|session| Trader::new(session, SEED + 2)).collect();
    // Each start of one that is alone is an epoch of its log.
    for start in 0..3 {
        let alone = first.start();
        each(&mut traders, |trader| match start {
            0 => trader.client.log_on(alone.address),
            _ => trader.come_back(alone.address),
        });
        each(&mut traders, |trader| trader.trade_some(50, 8));
        each(&mut traders, Trader::settle);
        alone.kill();
        each(&mut traders, Trader::drain);
    }
    first.edit(|_| of_cluster);
    let (a, b) = (first.start(), second.start());
    a.admin(&json!({"command": "found"}));
    wait_for("both in sync", &[&a, &b], || leads_both(&a));
    go_on_at(&a, &mut traders);
    trade_until(&mut traders, || a.kill());
    go_on_at(&b, &mut traders);
    all_agree(&[(second, &b)], &traders);
}

#[test]
fn an_arbiter_that_lost_its_data_is_said_and_the_view_is_founded_anew() {
    let pair = Pair::new(SESSIONS, |_, text| text);
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    let mut traders = founded(&a, &b, SESSIONS, SEED + 3);
    trade_until(&mut traders, || {
        pair.forget_views();
        let says = |node: &Exchange| cluster(node)["arbiter"].as_str().unwrap_or("").to_owned();
        wait_for("both say so", &[&a, &b], || {
            [&a, &b].iter().all(|node| says(node).starts_with("has no view"))
        });
        let refused = |node: &Exchange, wish| node.try_admin(&wish).expect_err("it is refused");
        let why = refused(&b, json!({"command": "found"}));
        assert!(why.contains("castle-a is primary and answers"), "{why}");
        let why = refused(&a, json!({"command": "switchover", "to": "1"}));
        assert!(why.contains("the arbiter knows less than this node"), "{why}");
        a.kill();
    });
    // Started again it knows that there was a view, and the one that is founded is above it.
    let a = first.start();
    wait_for("it says so", &[&a], || cluster(&a)["view"].is_null());
    a.admin(&json!({"command": "found"}));
    wait_for("both in sync", &[&a, &b], || leads_both(&a));
    go_on_at(&a, &mut traders);
    all_agree(&[(first, &a), (second, &b)], &traders);
}

#[test]
fn a_primary_that_is_told_to_stop_hands_over_first() {
    let pair = Pair::new(SESSIONS, |_, text| text);
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    let mut traders = founded(&a, &b, SESSIONS, SEED + 1);
    trade_until(&mut traders, || a.terminate());
    go_on_at(&b, &mut traders);
    let ended = a.wait();
    assert!(ended.status.success(), "{ended:?}");
    all_agree(&[(second, &b)], &traders);
}

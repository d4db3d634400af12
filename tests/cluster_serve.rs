//! Two nodes of a cluster, each a `castle serve` of its own, with a file as arbiter: founded by an operator, traded
//! on, the primary killed, the one that was killed returned, and the place handed back.
//!
//! The sessions keep their numbers from one node to the other and check what `recovery_kill.rs` checks: no number
//! skipped or doubled, no execution told twice, no acknowledged request asked for again, no resent message changed,
//! and each order at the venue as the session knows it.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use support::exchange::Exchange;
use support::pair::{Pair, cluster, is_listening, leads_both, wait_for};
use support::trader::Trader;

const SESSIONS: usize = 4;
/// New orders a second, all sessions together.
const RATE: u64 = 4_000;
/// How long is traded before something happens.
const STRETCH: Duration = Duration::from_millis(500);
const SEED: u64 = 0x7061_6972;

/// Does something with all traders at once.
fn each(traders: &mut [Trader], work: impl Fn(&mut Trader) -> Result<(), String> + Sync) {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            traders.iter_mut().map(|trader| scope.spawn(move || work(trader))).collect();
        for thread in threads {
            if let Err(what) = thread.join().expect("a trader does not panic") {
                panic!("{what}");
            }
        }
    });
}

/// Lets all trade, and after a while does `event` to the node that they trade on; then takes what it still sent.
fn trade_until<T>(traders: &mut [Trader], event: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = &stop;
        let threads: Vec<_> = traders
            .iter_mut()
            .map(|trader| {
                scope.spawn(move || {
                    trader.trade(RATE / SESSIONS as u64, &|| stop.load(Ordering::Relaxed))?;
                    trader.drain()
                })
            })
            .collect();
        std::thread::sleep(STRETCH);
        let done = event();
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            if let Err(what) = thread.join().expect("a trader does not panic") {
                panic!("{what}");
            }
        }
        done
    })
}

/// All sessions go on at a node, and what it knows is what they know.
fn go_on_at(node: &Exchange, traders: &mut [Trader]) {
    wait_for("its doors open", &[node], || is_listening(node));
    each(traders, |trader| trader.come_back(node.address));
    each(traders, Trader::settle);
    each(traders, Trader::check);
    each(traders, Trader::settle);
    node.check_money(SESSIONS);
}

#[test]
fn clients_go_on_at_the_standby_when_the_primary_is_killed_and_at_the_old_one_when_it_has_the_place_again()
 {
    let pair = Pair::new(SESSIONS, |_, text| text);
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    assert!(!is_listening(&a) && !is_listening(&b), "nobody is primary before it is founded");
    a.admin(&json!({"command": "found"}));
    wait_for("both in sync", &[&a, &b], || leads_both(&a));
    assert!(!is_listening(&b), "a standby's doors are shut");
    let mut traders: Vec<Trader> =
        (1..=SESSIONS).map(|session| Trader::new(session, SEED)).collect();
    wait_for("its doors open", &[&a], || is_listening(&a));
    each(&mut traders, |trader| trader.client.log_on(a.address));
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
    assert!(traders.iter().map(|trader| trader.book.fills).sum::<u64>() > 0);
}

#[test]
fn a_primary_that_is_told_to_stop_hands_over_first() {
    let pair = Pair::new(SESSIONS, |_, text| text);
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    a.admin(&json!({"command": "found"}));
    wait_for("both in sync", &[&a, &b], || leads_both(&a));
    let mut traders: Vec<Trader> =
        (1..=SESSIONS).map(|session| Trader::new(session, SEED + 1)).collect();
    wait_for("its doors open", &[&a], || is_listening(&a));
    each(&mut traders, |trader| trader.client.log_on(a.address));
    trade_until(&mut traders, || a.terminate());
    go_on_at(&b, &mut traders);
    let ended = a.wait();
    assert!(ended.status.success(), "{ended:?}");
}

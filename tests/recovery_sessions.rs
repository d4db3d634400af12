//! What becomes of sessions and their orders when the process dies, by the options of the session.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::exchange::{Exchange, House, Setup};
use support::trader::Trader;

/// S1 cancels on disconnect, and so does S2; S3 begins its numbers anew at each logon.
fn house(grace_ms: u64) -> House {
    let house = House::new(&Setup { sessions: 3, ..Setup::default() });
    house.edit(|text| {
        let text = format!("reconnect_grace_ms = {grace_ms}\n{text}");
        let option = |text: String, account: u32, option: &str| {
            let plain = format!("\naccount = {account}\n");
            assert!(text.contains(&plain));
            text.replace(&plain, &format!("{plain}{option} = true\n"))
        };
        let text = option(text, 2, "cancel_on_disconnect");
        let text = option(text, 3, "cancel_on_disconnect");
        option(text, 4, "reset_on_logon")
    });
    house
}

fn open_orders(exchange: &Exchange, account: u32) -> u64 {
    let answer = exchange.admin(&json!({"command": "accounts"}));
    let accounts = answer["accounts"].as_array().expect("accounts");
    let account = accounts.iter().find(|found| found["account"] == account.to_string());
    account.expect("the account")["open_orders"].as_u64().expect("a number")
}

fn traders(exchange: &Exchange) -> Vec<Trader> {
    let mut traders: Vec<Trader> = (1..=3).map(|session| Trader::new(session, 21)).collect();
    for trader in &mut traders {
        trader.client.log_on(exchange.address).expect("a Logon");
        trader.trade_some(500, 100).expect("trading goes on");
    }
    for trader in &mut traders {
        trader.settle().expect("everything comes");
        assert!(!trader.book.open.is_empty());
    }
    traders
}

#[test]
fn after_a_kill_orders_of_a_session_with_cancel_on_disconnect_wait_for_the_grace() {
    let house = house(1_500);
    let exchange = house.start();
    let mut traders = traders(&exchange);
    exchange.kill();
    traders.iter_mut().for_each(|trader| trader.drain().expect("what came is good"));
    let exchange = house.start();
    let began = Instant::now();
    // S1 comes back in time and keeps its orders; S2 stays away and loses them; S3 has no such option.
    traders[0].come_back(exchange.address).expect("the session goes on");
    traders[0].check().expect("the books agree");
    let kept = open_orders(&exchange, 2);
    assert!(kept > 0 && open_orders(&exchange, 3) > 0);
    while open_orders(&exchange, 3) > 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "they stay");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(began.elapsed() >= Duration::from_millis(1_000), "{:?}", began.elapsed());
    assert_eq!(open_orders(&exchange, 2), kept);
    assert_eq!(open_orders(&exchange, 4), traders[2].book.open.len() as u64);
    // S2 learns of it when it comes back.
    traders[1].come_back(exchange.address).expect("the session goes on");
    traders[1].settle().expect("everything comes");
    assert!(traders[1].book.open.is_empty());
    traders[1].check().expect("the books agree");
    // And a connection that is lost now loses the orders at once.
    traders[0].client.hang_up();
    while open_orders(&exchange, 2) > 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "they stay");
        std::thread::sleep(Duration::from_millis(20));
    }
    traders[0].come_back(exchange.address).expect("the session goes on");
    assert!(traders[0].book.open.is_empty());
    exchange.check_money(3);
}

#[test]
fn after_a_kill_a_session_that_resets_begins_at_1_and_keeps_its_orders() {
    let house = house(60_000);
    let exchange = house.start();
    let mut traders = traders(&exchange);
    exchange.kill();
    traders.iter_mut().for_each(|trader| trader.drain().expect("what came is good"));
    let exchange = house.start();
    let trader = &mut traders[2];
    trader.client.reset();
    trader.client.log_on(exchange.address).expect("a Logon");
    trader.settle().expect("a Heartbeat");
    assert!(trader.client.next_in < 10, "{}", trader.client.next_in);
    trader.check().expect("the books agree, although the numbers began anew");
    // ClOrdIDs stay refused over the reset: the next ones are new, and taken.
    trader.trade_some(500, 100).expect("trading goes on");
    trader.settle().expect("everything comes");
    trader.check().expect("the books agree");
}

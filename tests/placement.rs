//! Whichever agents share a thread, the exchange is the same one: it trades, it is told to stop and stops in
//! order, it is killed and comes back with everything.

mod support;

use std::collections::BTreeSet;

use serde_json::json;
use support::exchange::{Exchange, House, JOURNAL_LARGE, Setup};
use support::trader::Trader;

/// A house whose threads are as `section` says.
fn house(durability: &'static str, section: &str) -> House {
    let house =
        House::new(&Setup { durability, journal: JOURNAL_LARGE.into(), ..Setup::default() });
    house.edit(|text| {
        let before = text.find("[threads]").expect("the section");
        let after = text.find("[engine]").expect("the section behind it");
        format!("{}[threads]\n{section}\n{}", &text[..before], &text[after..])
    });
    house
}

/// The exchange's threads that have a part in the way of an order.
fn threads(exchange: &Exchange) -> BTreeSet<String> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", exchange.pid())).expect("a process");
    let names = tasks.filter_map(|task| {
        let name = std::fs::read_to_string(task.ok()?.path().join("comm")).ok()?;
        let name = name.trim().strip_prefix("castle-")?.to_owned();
        ["hot", "gateway", "engine", "log", "sync"].contains(&name.as_str()).then_some(name)
    });
    names.collect()
}

fn trade(exchange: &Exchange, traders: &mut [Trader], each: u64) {
    std::thread::scope(|scope| {
        for trader in traders.iter_mut() {
            scope.spawn(move || {
                let done = trader.trade_some(each, 256).and_then(|()| trader.settle());
                done.expect("trading goes on");
            });
        }
    });
    exchange.check_money(2);
}

fn goes_through(durability: &'static str, section: &str, expected: &[&str], told: &str) {
    let house = house(durability, section);
    let exchange = house.start();
    assert!(exchange.said().contains(&format!("threads {told}")), "{}", exchange.said());
    assert!(threads(&exchange).iter().eq(expected), "{:?}", threads(&exchange));
    let shown = exchange.status("placement");
    assert!(shown.as_str().expect("a text").starts_with(told), "{shown}");
    let mut traders = [Trader::new(1, 3), Trader::new(2, 3)];
    for trader in &mut traders {
        trader.client.log_on(exchange.address).expect("a Logon");
    }
    trade(&exchange, &mut traders, 3_000);
    exchange.kill();
    traders.iter_mut().for_each(|trader| trader.drain().expect("what came is good"));
    let exchange = house.start();
    for trader in &mut traders {
        trader.come_back(exchange.address).expect("the session goes on");
        trader.check().expect("the books agree");
    }
    trade(&exchange, &mut traders, 3_000);
    for trader in &mut traders {
        trader.client.log_out().expect("a Logout");
    }
    let (_, sequence) = exchange.state_hash();
    exchange.terminate();
    let ended = exchange.wait();
    assert!(ended.status.success(), "{}", ended.said);
    assert!(house.rings().is_empty(), "everything lies on disk");
    let verified = house.verify();
    assert!(verified.status.success(), "{verified:?}");
    let exchange = house.start();
    let (_, after) = exchange.state_hash();
    assert!(after >= sequence, "{after} records are there, {sequence} were shown");
    assert_eq!(exchange.admin(&json!({"command": "status"}))["role"], "primary");
}

#[test]
fn gateway_engine_and_journal_may_share_a_thread() {
    let threads = ["hot", "sync"];
    let told = "one, as configured";
    for durability in ["local-disk", "local-memory"] {
        goes_through(durability, "placement = \"one\"", &threads, told);
    }
}

#[test]
fn the_journal_may_have_a_thread_of_its_own() {
    let section = "placement = \"two\"\ngateway_engine = { idle = \"yield\" }\n\
                   journal = { idle = \"park\" }";
    goes_through("local-disk", section, &["hot", "log", "sync"], "two, as configured");
}

#[test]
fn each_agent_may_have_a_thread_of_its_own() {
    let section = "gateway = { idle = \"park\" }\nengine = { idle = \"park\" }\n\
                   journal = { idle = \"park\" }";
    let threads = ["engine", "gateway", "log", "sync"];
    for durability in ["local-disk", "local-memory"] {
        goes_through(durability, section, &threads, "three, as configured");
    }
}

#[test]
fn one_thread_for_all_is_warned_of() {
    let house = house("local-disk", "placement = \"one\"");
    let exchange = house.start();
    assert!(exchange.said().contains("warning: [threads] placement = \"one\""));
}

#[test]
fn a_core_that_does_not_exist_is_told() {
    let house = house("local-memory", "gateway = { core = 1000 }\nengine = { core = 1001 }");
    let exchange = house.start();
    for thread in ["castle-gateway could not be pinned to core 1000", "castle-engine"] {
        assert!(exchange.said().contains(thread), "{}", exchange.said());
    }
}

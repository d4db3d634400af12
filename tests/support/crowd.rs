//! Several traders at once, who move from one node of a cluster to another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::exchange::{Exchange, House};
use super::log;
use super::pair::{is_listening, leads_both, wait_for};
use super::trader::Trader;

/// New orders a second, all sessions together.
const RATE: u64 = 4_000;
/// How long is traded before something happens.
const STRETCH: Duration = Duration::from_millis(500);

/// Does something with all traders at once.
pub fn each(traders: &mut [Trader], work: impl Fn(&mut Trader) -> Result<(), String> + Sync) {
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
pub fn trade_until<T>(traders: &mut [Trader], event: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    let rate = RATE / traders.len() as u64;
    std::thread::scope(|scope| {
        let stop = &stop;
        let threads: Vec<_> = traders
            .iter_mut()
            .map(|trader| {
                scope.spawn(move || {
                    trader.trade(rate, &|| stop.load(Ordering::Relaxed))?;
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

/// Nodes that are in sync have one state, and journals that come to it and hold what the traders were told.
pub fn all_agree(nodes: &[(&House, &Exchange)], traders: &[Trader]) {
    let nodes: Vec<_> = nodes.iter().map(|(house, node)| (&*house.journal, *node)).collect();
    let traders: Vec<&Trader> = traders.iter().collect();
    if let Err(what) = log::all_agree(&nodes, &traders) {
        let said = nodes.iter().map(|(_, node)| node.said()).collect::<Vec<_>>().join("\n----\n");
        panic!("{what}\n{said}");
    }
}

/// Founds a cluster with `a` as primary, and gives traders that are logged on there once both are in sync.
pub fn founded(a: &Exchange, b: &Exchange, sessions: usize, seed: u64) -> Vec<Trader> {
    a.admin(&json!({"command": "found"}));
    wait_for("both in sync", &[a, b], || leads_both(a));
    let mut traders: Vec<Trader> =
        (1..=sessions).map(|session| Trader::new(session, seed)).collect();
    wait_for("its doors open", &[a], || is_listening(a));
    each(&mut traders, |trader| trader.client.log_on(a.address));
    traders
}

/// All sessions go on at a node, and what it knows is what they know.
pub fn go_on_at(node: &Exchange, traders: &mut [Trader]) {
    wait_for("its doors open", &[node], || is_listening(node));
    each(traders, |trader| trader.come_back(node.address));
    each(traders, Trader::settle);
    each(traders, Trader::check);
    each(traders, Trader::settle);
    node.check_money(traders.len());
}

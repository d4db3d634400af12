//! Two nodes of a cluster, each a `castle serve` of its own, with a file as arbiter: founded by an operator, traded
//! on, the primary killed, the one that was killed returned, and the place handed back.
//!
//! The sessions keep their numbers from one node to the other and check what `recovery_kill.rs` checks: no number
//! skipped or doubled, no execution told twice, no acknowledged request asked for again, no resent message changed,
//! and each order at the venue as the session knows it.

mod support;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::exchange::{Exchange, House, Setup};
use support::trader::Trader;
use tempfile::TempDir;

const SESSIONS: usize = 4;
/// New orders a second, all sessions together.
const RATE: u64 = 4_000;
/// How long anything of the cluster may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long is traded before something happens.
const STRETCH: Duration = Duration::from_millis(500);
const SEED: u64 = 0x7061_6972;

/// Two nodes that know each other.
struct Pair {
    houses: [House; 2],
    _view: TempDir,
}

impl Pair {
    fn new() -> Self {
        let view = tempfile::tempdir().expect("a directory");
        let [fix_a, fix_b, peer_a, peer_b] = free_addresses();
        let members = [(0, "castle-a", peer_a), (1, "castle-b", peer_b)].map(|(node, name, address)| {
            format!("[[cluster.member]]\nnode = {node}\nname = \"{name}\"\naddress = \"{address}\"\n")
        });
        let houses = [(0, fix_a), (1, fix_b)].map(|(node, fix)| {
            let durability = "standby-memory";
            let house = House::new(&Setup { durability, sessions: SESSIONS, ..Setup::default() });
            house.edit(|text| {
                let text = text.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"{fix}\""));
                format!(
                    "{text}[cluster]\nnode = {node}\ncompare_states_every = 64\n\
                     # A test machine may leave a process waiting for long.\n\
                     primary_timeout_ms = 2000\nstandby_timeout_ms = 1000\n\
                     [cluster.arbiter]\nfile = \"{}\"\n{}",
                    view.path().display(),
                    members.concat()
                )
            });
            house
        });
        Self { houses, _view: view }
    }
}

/// Addresses that were free a moment ago.
fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let listeners: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
    listeners.map(|listener| listener.local_addr().expect("it is bound"))
}

fn wait_for(what: &str, said: &[&Exchange], mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        let said = || said.iter().map(|node| node.said()).collect::<Vec<_>>().join("\n----\n");
        assert!(Instant::now() < deadline, "{what}\n{}", said());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn cluster(node: &Exchange) -> Value {
    node.admin(&json!({"command": "cluster"}))
}

/// Whether the node leads with both in sync.
fn leads_both(node: &Exchange) -> bool {
    let told = cluster(node);
    let in_sync = told["view"]["in_sync"].as_array().map_or(0, Vec::len);
    told["role"] == "primary" && in_sync == 2
}

fn is_listening(node: &Exchange) -> bool {
    TcpStream::connect(node.address).is_ok()
}

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
    let pair = Pair::new();
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
    let pair = Pair::new();
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

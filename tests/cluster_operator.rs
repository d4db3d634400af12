//! Two nodes without an arbiter, each a `castle serve` of its own: nobody takes over by himself, an operator says who is
//! primary, and is told before what that requires and what it may cost.

mod support;

use std::io::Write;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::crowd::{all_agree, each, founded, go_on_at, trade_until};
use support::exchange::{Exchange, House, castle};
use support::pair::{Pair, cluster, is_listening, leads_both, wait_for};
use support::trader::Trader;

const SESSIONS: usize = 2;
const SEED: u64 = 0x6f70_6572;
/// How long it is looked that something does not happen.
const STILL: Duration = Duration::from_millis(600);

/// Two nodes that know no arbiter.
fn pair(when_alone: &str) -> Pair {
    Pair::new(SESSIONS, |_, text| {
        let lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|line| *line == "[cluster.arbiter]").expect("it is there");
        let when_alone = format!("when_alone = \"{when_alone}\"");
        [&lines[..at], &[when_alone.as_str()], &lines[at + 2..]].concat().join("\n")
    })
}

/// Runs `castle admin` as an operator does, who types `typed`.
fn admin(house: &House, arguments: &[&str], typed: &str) -> Output {
    let mut command = castle();
    command.arg("admin").arg("--config").arg(&house.config).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("castle can be run");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(typed.as_bytes()).expect("it takes an answer");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Looks for a while that something stays so.
fn stays(what: &str, so: impl Fn() -> bool) {
    let until = Instant::now() + STILL;
    while Instant::now() < until {
        assert!(so(), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn number(node: &Exchange, key: &str) -> u64 {
    cluster(node)[key].as_u64().expect("a number")
}

fn leads(node: &Exchange) -> bool {
    cluster(node)["role"] == "primary"
}

#[test]
fn an_operator_promotes_the_standby_the_old_primary_returns_as_one_and_gets_the_place_back() {
    let pair = pair("hold");
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    let mut traders = founded(&a, &b, SESSIONS, SEED);
    let seen = admin(second, &["promote", "--yes"], "");
    assert!(!seen.status.success(), "a primary answers: {}", printed(&seen));
    trade_until(&mut traders, || a.kill());
    stays("nobody takes over by himself", || !leads(&b) && !is_listening(&b));

    let unsure = admin(second, &["promote"], "yes\n");
    assert!(!unsure.status.success(), "the node's name is asked for");
    let text = printed(&unsure).split_whitespace().collect::<Vec<_>>().join(" ");
    for told in ["required", "1. Castle is stopped on castle-a", "Last heard castle-a (node 0)"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    stays("nothing was changed", || !leads(&b));
    assert!(admin(second, &["promote"], "castle-b\n").status.success());
    go_on_at(&b, &mut traders);
    assert_eq!(cluster(&b)["view"]["epoch"], 1_000_001);

    let a = first.start();
    wait_for("both in sync again", &[&a, &b], || leads_both(&b));
    let returned_at = number(&b, "last_record");
    each(&mut traders, |trader| trader.trade_some(200, 8));
    wait_for("states compared", &[&a, &b], || {
        let with_a: Value = cluster(&b)["nodes"][0]["states_agreed_at"].clone();
        number(&a, "states_agreed_at") > returned_at && with_a.as_u64() > Some(returned_at)
    });

    // And the place is handed back, which needs no arbiter: the one who has it gives it away.
    trade_until(&mut traders, || {
        assert!(admin(second, &["switchover", "--to", "0"], "").status.success());
        wait_for("it leads", &[&a, &b], || leads(&a));
    });
    go_on_at(&a, &mut traders);
    wait_for("the other follows", &[&a, &b], || leads_both(&a));
    all_agree(&[(first, &a), (second, &b)], &traders);
}

#[test]
fn a_frozen_primary_that_wakes_beside_a_promoted_standby_steps_down() {
    let pair = pair("hold");
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    let mut traders = founded(&a, &b, SESSIONS, SEED);
    each(&mut traders, |trader| trader.trade_some(100, 8));
    a.signal("STOP");
    wait_for("it is silent", &[&b], || cluster(&b)["primary_is_silent"] == true);
    stays("nobody takes over by himself", || !leads(&b));
    assert!(admin(second, &["promote", "--yes"], "").status.success());
    go_on_at(&b, &mut traders);
    a.signal("CONT");
    wait_for("it follows", &[&a, &b], || leads_both(&b));
    assert!(!leads(&a) && !is_listening(&a));
    each(&mut traders, |trader| trader.trade_some(100, 8));
    each(&mut traders, Trader::settle);
    all_agree(&[(first, &a), (second, &b)], &traders);
}

#[test]
fn a_primary_without_its_standby_tells_nothing_until_an_operator_leaves_that_out() {
    let pair = pair("hold");
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    let mut traders = founded(&a, &b, SESSIONS, SEED);
    each(&mut traders, |trader| trader.trade_some(100, 8));
    b.kill();
    wait_for("it misses its standby", &[&a], || cluster(&a)["nodes"][0]["waited_for"] == true);
    let told = number(&a, "released_record");
    traders[0].send_until(1_000);
    let unanswered = traders[0].book.unanswered();
    let until = Instant::now() + STILL;
    while Instant::now() < until {
        traders[0].turn().expect("the connection stays");
    }
    assert_eq!(traders[0].book.unanswered(), unanswered, "clients are told nothing");
    assert_eq!(number(&a, "released_record"), told);
    assert!(printed(&admin(first, &["cluster"], "")).contains("HELD"));
    // A question about what clients are not told yet waits, and nobody behind it.
    let balances = json!({"command": "balances", "account": "2"});
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| a.try_admin(&balances));
        stays("how it stands is told", || a.try_admin(&json!({"command": "status"})).is_ok());
        assert!(asked.join().expect("it ends").is_err(), "it is not told either");
    });

    let output = admin(first, &["leave-out", "--node", "1"], "castle-a\n");
    assert!(
        output.status.success() && printed(&output).contains("must not be promoted"),
        "{output:?}"
    );
    traders[0].wait("answers", |trader| trader.book.unanswered() == 0).expect("it goes on alone");
    let b = second.start();
    wait_for("both in sync again", &[&a, &b], || leads_both(&a));
    let again = admin(first, &["leave-out", "--node", "1", "--yes"], "");
    assert!(!again.status.success(), "it is there");

    // A life that is over is replaced by the next one of the same node, without an operator.
    b.kill();
    second.forget_rings();
    let b = second.start();
    wait_for("both in sync once more", &[&a, &b], || leads_both(&a));
    each(&mut traders, |trader| trader.trade_some(100, 8));
    each(&mut traders, Trader::settle);
    all_agree(&[(first, &a), (second, &b)], &traders);
}

#[test]
fn a_primary_that_was_restarted_leads_again_when_the_other_says_that_it_does_not() {
    let pair = pair("hold");
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    let mut traders = founded(&a, &b, SESSIONS, SEED);
    trade_until(&mut traders, || {
        a.kill();
        b.kill();
    });
    let a = first.start();
    wait_for("it waits for the other", &[&a], || cluster(&a)["waits_for"] == json!([1]));
    stays("it might have been promoted", || !leads(&a) && !is_listening(&a));
    let b = second.start();
    go_on_at(&a, &mut traders);
    wait_for("both in sync again", &[&a, &b], || leads_both(&a));

    // Told to stop, it gives its place away first.
    trade_until(&mut traders, || a.terminate());
    go_on_at(&b, &mut traders);
    assert!(a.wait().status.success());
    all_agree(&[(second, &b)], &traders);
}

#[test]
fn what_a_promotion_overrode_is_not_cut_away_in_silence() {
    let pair = pair("go-on");
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    let mut traders = founded(&a, &b, SESSIONS, SEED);
    each(&mut traders, |trader| trader.trade_some(100, 8));
    b.kill();
    each(&mut traders, |trader| trader.trade_some(100, 8));
    a.kill();
    let b = second.start();
    wait_for("it knows the view", &[&b], || !cluster(&b)["view"].is_null());
    let output = admin(second, &["promote"], "castle-b\n");
    assert!(output.status.success() && printed(&output).contains("IS LOST"), "{output:?}");
    wait_for("it leads", &[&b], || leads(&b));
    // Twice, since nothing was cut the first time.
    for _ in 0..2 {
        let ended = first.start().wait();
        let says_so = ended.said.contains("clients were told of effects up to");
        assert!(!ended.status.success() && says_so, "{ended:?}");
    }
    assert!(leads(&b));
}

#[test]
fn of_two_that_were_promoted_one_stops_as_soon_as_they_see_each_other() {
    let pair = pair("hold");
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    let mut traders = founded(&a, &b, SESSIONS, SEED);
    trade_until(&mut traders, || {
        a.kill();
        b.kill();
    });
    let a = first.start();
    wait_for("it waits for the other", &[&a], || cluster(&a)["waits_for"] == json!([1]));
    a.admin(&json!({"command": "promote"}));
    go_on_at(&a, &mut traders);
    trade_until(&mut traders, || a.kill());
    let b = second.start();
    wait_for("it knows the view", &[&b], || !cluster(&b)["view"].is_null());
    b.admin(&json!({"command": "promote"}));
    wait_for("it leads", &[&b], || leads(&b));

    // The first comes back, hears that another took its place, and will not forget what it told clients.
    let ended = first.start().wait();
    assert!(!ended.status.success() && ended.said.contains("clients were told"), "{ended:?}");
    assert!(leads(&b) && is_listening(&b));
}

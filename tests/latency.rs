//! What the product tells of its own latencies: as many as there were order requests, on the operator's
//! door and in the interval log.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::{Value, json};
use support::exchange::{Exchange, House, JOURNAL_LARGE, Setup, castle};
use support::trader::Trader;

/// How long an interval of a second may take to end.
const PATIENCE: Duration = Duration::from_secs(20);
const STAGES: [&str; 7] = ["whole", "decode", "queue", "engine", "encode", "journal", "release"];

/// An exchange with a log of latencies, and two sessions that trade there.
fn house(durability: &'static str) -> House {
    let house =
        House::new(&Setup { durability, journal: JOURNAL_LARGE.into(), ..Setup::default() });
    let log = house.config.with_file_name("latency.hlog");
    house.edit(|text| {
        let section =
            format!("[telemetry]\nlatency_log = \"{}\"\nlatency_interval_s = 1\n", log.display());
        text.replacen("[engine]", &format!("{section}[engine]"), 1)
    });
    house
}

/// Has orders, cancels and replaces sent and answered by both sessions, and says how many.
fn trade(exchange: &Exchange, traders: &mut [Trader], each: u64) -> u64 {
    let sent = |traders: &[Trader]| -> u64 {
        traders.iter().map(|trader| trader.orders + trader.changes).sum()
    };
    let before = sent(traders);
    std::thread::scope(|scope| {
        for trader in traders.iter_mut() {
            scope.spawn(move || {
                if !trader.client.is_connected() {
                    trader.client.log_on(exchange.address).expect("a Logon");
                }
                trader.trade_some(each, 100).expect("trading goes on");
            });
        }
    });
    sent(traders) - before
}

fn counts(rows: &Value) -> BTreeMap<String, u64> {
    let rows = rows.as_array().expect("a row for each stage");
    rows.iter()
        .map(|row| {
            let stage = row["stage"].as_str().expect("a name").to_owned();
            let figure = |key: &str| row[key].as_f64().expect("microseconds");
            assert!(figure("p50") <= figure("p90") && figure("p90") <= figure("p99"), "{row}");
            assert!(figure("p99") <= figure("p99.9") && figure("p99.9") <= figure("max"), "{row}");
            (stage, row["count"].as_u64().expect("a count"))
        })
        .collect()
}

/// How many values the log has under each tag.
fn logged(path: &Path) -> BTreeMap<String, u64> {
    let text = std::fs::read(path).expect("a log");
    let mut totals = BTreeMap::new();
    let mut deserializer = Deserializer::new();
    for entry in IntervalLogIterator::new(&text) {
        let LogEntry::Interval(interval) = entry.expect("every line is understood") else {
            continue;
        };
        let bytes = STANDARD.decode(interval.encoded_histogram()).expect("base64");
        let values: Histogram<u64> =
            deserializer.deserialize(&mut bytes.as_slice()).expect("a histogram");
        assert!(interval.start_timestamp() > Duration::from_secs(1_600_000_000), "since the epoch");
        assert!(interval.duration() > Duration::ZERO);
        let tag = interval.tag().expect("every line has a tag").as_str().to_owned();
        *totals.entry(tag).or_insert(0) += values.len();
    }
    totals
}

fn every_request_is_timed(durability: &'static str) {
    let house = house(durability);
    let exchange = house.start();
    let mut traders = [Trader::new(1, 7), Trader::new(2, 7)];
    let latency = || exchange.admin(&json!({"command": "latency"}));
    let none = counts(&latency()["since_start"]);
    assert!(STAGES.iter().all(|stage| none[*stage] == 0), "{none:?}");
    let first = trade(&exchange, &mut traders, 2_000);
    assert_eq!(counts(&latency()["since_start"])["whole"], first);
    let sent = first + trade(&exchange, &mut traders, 3_000);
    let timed = counts(&latency()["since_start"]);
    assert_eq!(timed["whole"], sent);
    for stage in &STAGES[1..] {
        assert_eq!(timed[*stage], sent.div_ceil(64), "{stage}");
    }
    // An interval in which nothing came follows, and changes nothing of the sum.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = latency();
        assert_eq!(counts(&answer["since_start"]), timed);
        if answer["interval_s"].is_number() && counts(&answer["last_interval"])["whole"] == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "no interval ends");
        std::thread::sleep(Duration::from_millis(50));
    }
    let last = trade(&exchange, &mut traders, 500);
    // What the last interval holds is written at the end.
    exchange.terminate();
    assert!(exchange.wait().status.success());
    let log = house.config.with_file_name("latency.hlog");
    let totals = logged(&log);
    assert_eq!(totals["whole"], sent + last);
    for stage in &STAGES[1..] {
        assert_eq!(totals[*stage], (sent + last).div_ceil(64), "{stage}");
    }
    // The next life goes on with the log.
    let exchange = house.start();
    exchange.terminate();
    assert!(exchange.wait().status.success());
    assert_eq!(logged(&log), totals);
}

#[test]
fn every_order_request_is_timed_once_at_local_disk() {
    every_request_is_timed("local-disk");
}

#[test]
fn every_order_request_is_timed_once_at_local_memory() {
    every_request_is_timed("local-memory");
}

#[test]
fn the_operator_reads_a_table() {
    let house = house("local-memory");
    let exchange = house.start();
    let mut traders = [Trader::new(1, 9), Trader::new(2, 9)];
    let sent = trade(&exchange, &mut traders, 200);
    let output = castle()
        .args(["admin", "latency", "--config"])
        .arg(&house.config)
        .output()
        .expect("castle admin runs");
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).expect("text");
    let whole = said.lines().find(|line| line.starts_with("whole")).expect("a line of the whole");
    let fields: Vec<&str> = whole.split_whitespace().collect();
    assert_eq!(fields.len(), 7, "{whole}");
    assert_eq!(fields[1], sent.to_string());
    assert!(STAGES.iter().all(|stage| said.lines().any(|line| line.starts_with(stage))), "{said}");
}

#[test]
fn a_log_that_cannot_be_written_is_told_before_anything_starts() {
    let house = house("local-memory");
    house.edit(|text| text.replace("latency.hlog", "nowhere/latency.hlog"));
    let ended = house.try_start().err().expect("it does not start");
    assert!(ended.said.contains("[telemetry] latency_log"), "{}", ended.said);
}

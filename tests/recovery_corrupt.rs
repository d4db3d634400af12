//! What a damaged journal, a directory or a port in use, and a wrong configuration get from the process
//! that an operator starts: a clear word, the right exit code, and nothing changed on disk where nothing
//! may be changed.

mod support;

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use support::exchange::{Ended, Exchange, House, Setup};
use support::trader::Trader;

/// A house in which some trading was done, and which was left orderly. The segments are small, so that
/// there are several.
fn traded(requests: u64) -> House {
    let journal = "segment_bytes = 1048576\nreserve_bytes = 65536\nlog_ring_records = 1024\n";
    let house = House::new(&Setup { journal: journal.into(), ..Setup::default() });
    let exchange = house.start();
    trade(&exchange, 1, requests);
    stop(exchange);
    house
}

fn trade(exchange: &Exchange, session: usize, requests: u64) {
    let mut trader = Trader::new(session, 11);
    trader.client.log_on(exchange.address).expect("a Logon");
    trader.trade_some(requests, 256).expect("trading goes on");
    trader.client.log_out().expect("a Logout");
}

#[test]
fn an_exchange_stops_though_somebody_has_removed_the_operators_socket() {
    let house = House::new(&Setup::default());
    let exchange = house.start();
    std::fs::remove_file(house.journal.join("admin.sock")).expect("it is there");
    stop(exchange);
}

fn stop(exchange: Exchange) {
    exchange.terminate();
    let ended = exchange.wait();
    assert!(ended.status.success(), "{ended:?}");
}

fn refused(house: &House) -> Ended {
    match house.try_start() {
        Ok(_) => panic!("it starts"),
        Err(ended) => ended,
    }
}

/// It is refused with exit code 1 and these words, and nothing on disk is changed.
fn refused_untouched(house: &House, words: &[&str]) {
    let contents = || {
        let mut contents = house.contents();
        // It names who holds the directory, or held it last.
        contents.retain(|path, _| !path.ends_with("lock"));
        contents
    };
    let before = contents();
    let ended = refused(house);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    for word in words {
        assert!(ended.said.contains(word), "{word} is not in: {}", ended.said);
    }
    let after = contents();
    let changed: Vec<_> = before
        .keys()
        .chain(after.keys())
        .filter(|path| before.get(*path) != after.get(*path))
        .collect();
    assert!(changed.is_empty(), "{changed:?} changed");
}

/// Where the last record of a segment ends: before its zeros.
fn used(segment: &Path) -> u64 {
    let bytes = std::fs::read(segment).expect("a segment can be read");
    let last = bytes.iter().rposition(|byte| *byte != 0);
    last.map_or(0, |at| at as u64 + 1)
}

fn flip(segment: &Path, at: u64) {
    let file = OpenOptions::new().read(true).write(true).open(segment).expect("a segment");
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("a byte");
    file.write_all_at(&[byte[0] ^ 0x10], at).expect("a byte");
}

#[test]
fn a_flipped_byte_in_what_was_synced_is_refused_with_file_and_offset() {
    let house = traded(8_000);
    let segments = house.segments();
    let in_use: Vec<_> = segments.iter().filter(|segment| used(segment) > 0).collect();
    assert!(in_use.len() >= 2, "{segments:?}");
    for (segment, at) in
        [(in_use[0], 700), (in_use[0], 300_000), (in_use[1], 60), (in_use[1], 5_000)]
    {
        flip(segment, at);
        let name = segment.display().to_string();
        refused_untouched(&house, &[&name, "corrupt at byte"]);
        let verified = house.verify();
        assert!(!verified.status.success(), "{verified:?}");
        flip(segment, at);
    }
    stop(house.start());
}

#[test]
fn a_missing_segment_is_refused() {
    let house = traded(8_000);
    let first = house.segments()[0].clone();
    let away = first.with_extension("away");
    std::fs::rename(&first, &away).expect("a segment can be moved");
    refused_untouched(&house, &["000000000001.segment"]);
    std::fs::rename(&away, &first).expect("a segment can be moved");
    stop(house.start());
}

#[test]
fn a_torn_tail_is_cut_and_told() {
    let house = traded(500);
    // The power went: what lay in memory is gone, and the end of the last batch never reached the disk.
    house.forget_rings();
    let last = house.segments().into_iter().rfind(|segment| used(segment) > 0);
    let last = last.expect("a segment in use");
    let end = used(&last);
    let file = OpenOptions::new().write(true).open(&last).expect("a segment");
    // Half a record, made of what a record begins with, behind the end.
    let torn = [0xb8, 0, 0, 0, 1, 2, 3, 4, 9, 9, 9, 9];
    file.write_all_at(&torn, end.next_multiple_of(8)).expect("bytes");
    let exchange = house.start();
    let said = exchange.said();
    assert!(said.contains("was cut at byte"), "{said}");
    assert!(said.contains(&*last.display().to_string()), "{said}");
    trade(&exchange, 2, 500);
    stop(exchange);
    assert!(house.verify().status.success());
}

#[test]
fn a_directory_in_use_names_the_process() {
    let house = House::new(&Setup::default());
    let exchange = house.start();
    let ended = refused(&house);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.said.contains(&exchange.pid().to_string()), "{ended:?}");
    assert!(ended.said.contains(&*house.journal.display().to_string()), "{ended:?}");
    // And the first one is none the worse for it.
    trade(&exchange, 1, 100);
    stop(exchange);
}

#[test]
fn a_port_in_use_names_the_process_and_changes_nothing() {
    let house = House::new(&Setup::default());
    let other = House::new(&Setup::default());
    let exchange = house.start();
    let address = format!("\"{}\"", exchange.address);
    other.edit(|text| text.replace("\"127.0.0.1:0\"", &address));
    let ended = refused(&other);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.said.contains(&exchange.address.to_string()), "{ended:?}");
    assert!(ended.said.contains(&exchange.pid().to_string()), "{ended:?}");
    assert_eq!(other.segments(), Vec::<std::path::PathBuf>::new());
    assert_eq!(other.rings(), Vec::<std::path::PathBuf>::new());
    stop(exchange);
}

#[test]
fn a_wrong_configuration_ends_with_2_and_creates_nothing() {
    for (right, wrong, words) in [
        ("local-disk", "somewhere", ["durability", "somewhere"]),
        ("tick = \"0.01\"", "tick = \"0\"", ["tick", "0"]),
        ("segment_bytes = 4194304", "segment_bytes = 4194305", ["segment_bytes", "4096"]),
        (
            "reserve_bytes = 524288",
            "reserve_bytes = 1000000000",
            ["reserve_bytes", "segment_bytes"],
        ),
        ("[engine]", "[engine]\nwings = 2", ["wings", "engine"]),
        ("account = 2", "account = 99", ["account", "99"]),
    ] {
        let house = House::new(&Setup::default());
        house.edit(|text| {
            assert!(text.contains(right), "{right}");
            text.replacen(right, wrong, 1)
        });
        let ended = refused(&house);
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        assert!(ended.said.contains(&*house.config.display().to_string()), "{ended:?}");
        for word in words {
            assert!(ended.said.contains(word), "{word} is not in: {}", ended.said);
        }
        assert!(!house.journal.exists(), "{wrong}");
        assert!(house.rings().is_empty(), "{wrong}");
    }
}

//! Snapshots of a running exchange's journal: made beside it, used when it starts, never trusted when they
//! are not good, and pruned behind without any client noticing.

mod support;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Output;

use castle::engine::Engine;
use castle::journal::snapshot::{SnapshotReader, SnapshotWriter, snapshots as sequences};
use castle::model::*;
use support::exchange::{Exchange, House, Setup, castle};
use support::trader::Trader;

const SESSIONS: usize = 3;

/// Small segments, so that there is something to prune.
fn house() -> House {
    House::new(&Setup {
        sessions: SESSIONS,
        journal: "segment_bytes = 1048576\nreserve_bytes = 262144\nlog_ring_records = 1024\n"
            .into(),
        ..Setup::default()
    })
}

fn traders(exchange: &Exchange) -> Vec<Trader> {
    let mut traders: Vec<Trader> = (1..=SESSIONS).map(|session| Trader::new(session, 5)).collect();
    for trader in &mut traders {
        trader.client.log_on(exchange.address).expect("a Logon");
    }
    traders
}

fn trade(traders: &mut [Trader]) {
    for trader in &mut *traders {
        trader.trade_some(4_000, 100).expect("trading goes on");
    }
    for trader in &mut *traders {
        trader.settle().expect("everything comes");
    }
}

/// Kills the exchange, starts another, and every client finds all that it was told and missed.
fn start_again(house: &House, exchange: Exchange, traders: &mut [Trader]) -> Exchange {
    exchange.kill();
    for trader in &mut *traders {
        trader.drain().expect("what came is good");
    }
    let exchange = house.start();
    come_back(&exchange, traders);
    exchange
}

fn come_back(exchange: &Exchange, traders: &mut [Trader]) {
    for trader in &mut *traders {
        trader.come_back(exchange.address).expect("the session goes on");
        trader.settle().expect("everything comes");
        trader.check().expect("the books agree");
        trader.settle().expect("everything comes");
    }
    exchange.check_money(SESSIONS);
}

fn run(house: &House, arguments: &[&str]) -> Output {
    castle().args(arguments).arg(&house.journal).output().expect("castle can be run")
}

fn run_well(house: &House, arguments: &[&str]) -> String {
    let output = run(house, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The snapshots that there are, the newest first.
fn snapshots(house: &House) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(house.journal.join("snapshots")).expect("the folder");
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.reverse();
    paths.retain(|path| !path.ends_with("pruned-behind"));
    assert!(paths.iter().all(|path| path.extension().is_some_and(|end| end == "snapshot")));
    paths
}

fn flip_a_bit(path: &PathBuf) {
    let mut bytes = std::fs::read(path).expect("a snapshot");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(path, bytes).expect("it can be written");
}

/// A replay of the journal from its first record comes to the state of the exchange.
fn check_replay(exchange: &Exchange, house: &House) {
    for _ in 0..20 {
        let (hash, sequence) = exchange.state_hash();
        let replayed =
            castle::venue::replay_journal(&house.journal, false).expect("the journal is good");
        // A timer may have added a record between the two.
        if replayed.last.0 == sequence {
            assert_eq!(format!("{:016x}", replayed.state_hash), hash);
            return;
        }
    }
    panic!("the exchange does not come to rest");
}

#[test]
fn an_exchange_that_starts_from_a_snapshot_is_the_one_that_the_whole_journal_gives() {
    let house = house();
    let exchange = house.start();
    let mut traders = traders(&exchange);
    trade(&mut traders);
    run_well(&house, &["snapshot"]);
    trade(&mut traders);
    let exchange = start_again(&house, exchange, &mut traders);
    assert!(exchange.said().contains("behind the snapshot at record"), "{}", exchange.said());
    check_replay(&exchange, &house);
    trade(&mut traders);
    let told = run_well(&house, &["snapshot", "--verify"]);
    assert!(told.contains("good, a replay of"), "{told}");
    exchange.kill();
}

#[test]
fn what_the_two_newest_snapshots_cover_is_pruned_beside_the_exchange_and_nobody_misses_it() {
    let house = house();
    let exchange = house.start();
    let mut traders = traders(&exchange);
    let none = run(&house, &["journal", "prune"]);
    assert!(!none.status.success());
    let said = String::from_utf8_lossy(&none.stderr);
    assert!(said.contains("castle snapshot"), "{said}");
    for _ in 0..4 {
        trade(&mut traders);
        run_well(&house, &["snapshot"]);
    }
    assert_eq!(snapshots(&house).len(), 4);
    let before = house.segments();
    let told = run_well(&house, &["journal", "prune"]);
    assert_eq!(snapshots(&house).len(), 2, "{told}");
    let after = house.segments();
    assert!(!after.contains(&before[0]) && after.len() > 1, "{told}");
    // What the clients were sent before lies in segments that are gone.
    let exchange = start_again(&house, exchange, &mut traders);
    trade(&mut traders);
    let told = run_well(&house, &["journal", "verify"]);
    assert!(told.contains("was pruned"), "{told}");
    run_well(&house, &["snapshot"]);
    let told = run_well(&house, &["snapshot", "--verify"]);
    assert!(told.contains("whole and on the journal's chain"), "{told}");
    // Where the reigns began whose records are gone is known from the snapshot before: the genesis, the first
    // process and the second.
    let newest = sequences(&house.journal).expect("the folder")[0];
    let reigns = SnapshotReader::open(&house.journal, newest).expect("a snapshot").header.reigns;
    let begun: Vec<_> = reigns.starts().iter().map(|start| start.epoch.0).collect();
    assert_eq!((begun, reigns.is_whole()), (vec![0, 1, 2], true));
    assert_eq!(reigns.starts()[0].first.0, 1);
    assert!(told.contains("good, a replay of"), "{told}");
    run_well(&house, &["journal", "prune"]);
    let exchange = start_again(&house, exchange, &mut traders);
    exchange.kill();
}

#[test]
fn pruning_that_was_interrupted_is_finished_by_the_next() {
    let house = house();
    let exchange = house.start();
    let mut traders = traders(&exchange);
    for _ in 0..2 {
        trade(&mut traders);
        trade(&mut traders);
        run_well(&house, &["snapshot"]);
    }
    let before = house.contents();
    let segments = house.segments();
    run_well(&house, &["journal", "prune"]);
    let removed: Vec<_> = segments.iter().filter(|segment| !segment.exists()).collect();
    assert!(removed.len() > 1, "{removed:?}");
    // As if it had been killed before it removed the last.
    let last = removed[removed.len() - 1];
    std::fs::write(last, &before[last]).expect("a segment");
    let told = run_well(&house, &["snapshot", "--verify"]);
    assert!(told.contains("whole and on the journal's chain"), "{told}");
    let told = run_well(&house, &["journal", "prune"]);
    assert!(!last.exists(), "{told}");
    start_again(&house, exchange, &mut traders).kill();
}

fn with_two_snapshots() -> (House, Exchange, Vec<Trader>) {
    let house = house();
    let exchange = house.start();
    let mut traders = traders(&exchange);
    for _ in 0..2 {
        trade(&mut traders);
        run_well(&house, &["snapshot"]);
    }
    (house, exchange, traders)
}

#[test]
fn a_damaged_snapshot_is_said_and_passed_over_and_without_any_a_pruned_journal_is_refused() {
    let (house, exchange, mut traders) = with_two_snapshots();
    let there = snapshots(&house);
    run_well(&house, &["journal", "prune"]);
    flip_a_bit(&there[0]);
    let exchange = start_again(&house, exchange, &mut traders);
    let said = exchange.said();
    assert!(said.contains("is damaged") && said.contains("passed over"), "{said}");
    let output = run(&house, &["snapshot", "--verify"]);
    assert!(!output.status.success(), "{output:?}");
    exchange.kill();
    flip_a_bit(&there[1]);
    let contents = house.contents();
    let Err(ended) = house.try_start() else { panic!("it starts without its past") };
    assert!(!ended.status.success());
    assert!(format!("{ended:?}").contains("was pruned"), "{ended:?}");
    let segments = house.segments();
    for segment in segments {
        assert_eq!(Some(&std::fs::read(&segment).expect("a segment")), contents.get(&segment));
    }
    // With one of them put right it goes on.
    flip_a_bit(&there[1]);
    let exchange = house.start();
    for trader in &mut traders {
        trader.drain().expect("what came is good");
    }
    come_back(&exchange, &mut traders);
    exchange.kill();
}

#[test]
fn behind_a_snapshot_that_no_replay_comes_to_nothing_is_pruned() {
    let (house, exchange, mut traders) = with_two_snapshots();
    run_well(&house, &["journal", "prune"]);
    trade(&mut traders);
    run_well(&house, &["snapshot"]);
    let there = snapshots(&house);
    // The two that stand in for what was pruned; the newest was never compared with a replay.
    there[1..].iter().for_each(flip_a_bit);
    let segments = house.segments();
    let output = run(&house, &["journal", "prune"]);
    assert!(!output.status.success(), "{output:?}");
    let said = format!("{output:?}");
    assert!(said.contains("is whole, but no replay can come to it"), "{said}");
    assert!(segments.iter().all(|segment| segment.exists()));
    there[1..].iter().for_each(flip_a_bit);
    run_well(&house, &["journal", "prune"]);
    exchange.kill();
}

/// Puts another in the place of the snapshot: all of it is in order, but an account has a unit more.
fn forge(house: &House) {
    let sequence = sequences(&house.journal).expect("the folder")[0];
    let mut reader = SnapshotReader::open(&house.journal, sequence).expect("a snapshot");
    let header = reader.header.clone();
    let mut engine = Engine::load(&mut reader, header.state_hash).expect("a state");
    reader.end_state().expect("all of it");
    let mut outbound = Vec::new();
    reader.read_to_end(&mut outbound).expect("sent messages");
    let deposit = Transfer {
        request: 1,
        account: AccountId::FIRST,
        asset: AssetId(0),
        amount: Amount(1),
        reference: Reference::truncated(b"forged"),
    };
    let record = Record {
        sequence,
        timestamp: Timestamp(1),
        epoch: header.link.epoch,
        shard: ShardId(0),
        command: Command::Deposit(deposit),
    };
    engine.apply(&record, &mut Vec::new());
    assert_ne!(engine.state_hash(), header.state_hash);
    let mut writer = SnapshotWriter::create(&house.journal, header.reigns).expect("a file");
    engine.save(&mut writer).expect("written");
    writer.end_state().expect("written");
    writer.write_all(&outbound).expect("written");
    let who = (header.cluster, header.mark);
    writer.finish(&house.journal, who, header.link, engine.state_hash()).expect("written");
}

#[test]
fn a_snapshot_that_is_whole_and_yet_wrong_is_found_by_verifying_and_nothing_is_pruned_for_it() {
    let house = house();
    let exchange = house.start();
    let mut traders = traders(&exchange);
    trade(&mut traders);
    run_well(&house, &["snapshot"]);
    run_well(&house, &["snapshot", "--verify"]);
    forge(&house);
    // However many good ones there are beside it.
    for _ in 0..3 {
        let kept = [house.segments(), snapshots(&house)].concat();
        let output = run(&house, &["snapshot", "--verify"]);
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("is not what a replay comes to"), "{said}");
        let output = run(&house, &["journal", "prune"]);
        assert!(!output.status.success(), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("nothing is removed"), "{said}");
        assert!(kept.iter().all(|path| path.exists()));
        trade(&mut traders);
        run_well(&house, &["snapshot"]);
    }
    exchange.kill();
}

#[test]
fn a_snapshot_of_another_journal_is_passed_over() {
    let (house, other) = (house(), self::house());
    let stranger = other.start();
    trade(&mut traders(&stranger));
    run_well(&other, &["snapshot"]);
    stranger.kill();
    let exchange = house.start();
    let mut traders = traders(&exchange);
    trade(&mut traders);
    trade(&mut traders);
    let strange = &snapshots(&other)[0];
    let folder = house.journal.join("snapshots");
    std::fs::create_dir(&folder).expect("a folder");
    let name = strange.file_name().expect("a name");
    std::fs::copy(strange, folder.join(name)).expect("a copy");
    let exchange = start_again(&house, exchange, &mut traders);
    let said = exchange.said();
    assert!(said.contains("is not of this journal"), "{said}");
    check_replay(&exchange, &house);
    exchange.kill();
}

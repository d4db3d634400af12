use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::journal::snapshot::{Link, SNAPSHOT_VERSION};
use crate::model::{Epoch, Sequence, Timestamp};

const PATIENCE: Duration = Duration::from_secs(60);

fn parcel(bytes: u64) -> Parcel {
    let link = Link { sequence: Sequence(4), epoch: Epoch(2), running_hash: 3 };
    let version = SNAPSHOT_VERSION;
    Parcel { version, bytes, link, timestamp: Timestamp(6), mark: 7, state_hash: 8 }
}

fn arrival(journal: &Path) -> (DiskArrival, mpsc::Receiver<()>) {
    let (ring, rung) = mpsc::channel();
    let arrival = DiskArrival::new(journal, ClusterName::truncated(b"test"), move || {
        // Nobody listens any more when a test has ended.
        let _ = ring.send(());
    });
    (arrival, rung)
}

fn outcome(arrival: &mut DiskArrival, rung: &mpsc::Receiver<()>) -> Result<(), String> {
    loop {
        if let Some(outcome) = arrival.outcome() {
            return outcome;
        }
        rung.recv_timeout(PATIENCE).expect("it rings");
    }
}

fn left(journal: &Path) -> usize {
    std::fs::read_dir(journal.join("snapshots")).map_or(0, Iterator::count)
}

#[test]
fn what_is_no_snapshot_is_told_once_and_leaves_nothing() {
    let journal = tempfile::tempdir().expect("a directory");
    let (mut arrival, rung) = arrival(journal.path());
    arrival.begin(&parcel(200));
    arrival.part(&[7; 100]);
    arrival.part(&[7; 100]);
    let why = outcome(&mut arrival, &rung).expect_err("it is none");
    assert!(why.contains("does not begin like a snapshot"), "{why}");
    drop(arrival);
    assert!(rung.iter().count() <= 3);
    assert_eq!(left(journal.path()), 0);
}

#[test]
fn one_that_is_begun_anew_or_ended_is_not_heard_of_any_more() {
    let journal = tempfile::tempdir().expect("a directory");
    let (mut arrival, rung) = arrival(journal.path());
    arrival.begin(&parcel(300));
    arrival.part(&[7; 100]);
    arrival.end();
    arrival.begin(&parcel(100));
    // What is still on its way of the one before, and what follows.
    arrival.part(&[7; 100]);
    assert!(outcome(&mut arrival, &rung).is_err());
    arrival.begin(&parcel(100));
    arrival.part(&[7; 50]);
    arrival.end();
    for _ in 0..3 {
        rung.recv_timeout(PATIENCE).expect("it rings");
    }
    assert_eq!(arrival.outcome(), None);
    drop(arrival);
    assert_eq!(left(journal.path()), 0);
}

#[test]
fn no_more_parts_wait_than_there_is_room_for() {
    let journal = tempfile::tempdir().expect("a directory");
    // The folder cannot be made, so nothing is written, and the thread takes parts as they come.
    std::fs::write(journal.path().join("snapshots"), b"").expect("it can be written");
    let (mut arrival, rung) = arrival(journal.path());
    arrival.begin(&parcel(1 << 30));
    let mut given = 0;
    while arrival.has_room() && given < 10 * PARTS_AHEAD {
        arrival.part(&[7; 100]);
        given += 1;
    }
    assert!(given >= PARTS_AHEAD, "{given}");
    let why = outcome(&mut arrival, &rung).expect_err("there is no room");
    assert!(why.contains("snapshots"), "{why}");
    while !arrival.has_room() {
        rung.recv_timeout(PATIENCE).expect("it rings");
    }
}

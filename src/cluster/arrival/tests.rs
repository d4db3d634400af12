use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::*;
use crate::cluster::frame::{Body, Frame, Header, PART_BYTES_MAX};
use crate::cluster::history::{History, JournalHistory, Piece};
use crate::cluster::link::Link;
use crate::journal::snapshot::{self, SNAPSHOT_VERSION};
use crate::journal::transfer::fixture::{append, cluster, journal, open, snap};
use crate::journal::transfer::open_arrived;
use crate::model::{Epoch, NodeId, Sequence, Timestamp};

const PATIENCE: Duration = Duration::from_secs(60);

fn parcel(bytes: u64) -> Parcel {
    let link = snapshot::Link { sequence: Sequence(4), epoch: Epoch(2), running_hash: 3 };
    let version = SNAPSHOT_VERSION;
    Parcel { version, bytes, link, timestamp: Timestamp(6), mark: 7, state_hash: 8 }
}

fn arrival(journal: &Path) -> (DiskArrival, mpsc::Receiver<()>) {
    let (ring, rung) = mpsc::channel();
    let arrival = DiskArrival::new(journal, cluster(), move || {
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
    // One place may still be that of the beginning.
    assert!(given + 1 >= PARTS_AHEAD, "{given}");
    let why = outcome(&mut arrival, &rung).expect_err("there is no room");
    assert!(why.contains("snapshots"), "{why}");
    while !arrival.has_room() {
        rung.recv_timeout(PATIENCE).expect("it rings");
    }
}

/// `SNAPSHOT_BYTES=1000000000` measures: with the release profile, on a machine that is otherwise idle.
#[test]
fn a_snapshot_comes_from_one_journal_over_a_link_to_the_disk_of_another() {
    let bytes = std::env::var("SNAPSHOT_BYTES").ok().and_then(|text| text.parse().ok());
    let bytes = bytes.unwrap_or(3_000_000);
    let [from, to] = [journal(0, 1), journal(0, 2)];
    append(&mut open(from.path(), 1, None), 5_000);
    snap(from.path(), 4_000, bytes);
    snapshot::prune(from.path(), Sequence(4_000)).expect("it works");
    let (one, other) = UnixStream::pair().expect("sockets");
    for stream in [&one, &other] {
        stream.set_nonblocking(true).expect("a socket");
    }
    let mut sender = Link::accepted(one, None).expect("a link");
    let mut receiver = Link::dialled(other, None, "one").expect("a link");
    let mut history = JournalHistory::new(from.path(), || ());
    let (mut arrival, _rung) = arrival(to.path());
    let header = Header { cluster: cluster(), sender: NodeId(0), reign: Epoch(1) };
    let begun = Instant::now();
    history.begin(NodeId(1), Sequence(0));
    let (mut piece, mut at, mut announced, mut offset) = (Vec::new(), 0, None, 0);
    let outcome = loop {
        while sender.has_room() {
            if at < piece.len() {
                let length = PART_BYTES_MAX.min(piece.len() - at);
                let body = Body::SnapshotPart { offset, bytes: &piece[at..at + length] };
                assert!(sender.send(&Frame { header, body }));
                (at, offset) = (at + length, offset + length as u64);
            } else {
                match history.next(NodeId(1)) {
                    Some(Piece::Snapshot(parcel)) => {
                        arrival.begin(&parcel);
                        announced = Some(parcel);
                    }
                    Some(Piece::Part(part)) => (piece, at) = (part, 0),
                    None => break,
                    Some(other) => panic!("{other:?}"),
                }
            }
        }
        sender.flush().expect("it is open");
        while arrival.has_room()
            && let Some(frame) = receiver.receive(cluster()).expect("it is open")
        {
            let Body::SnapshotPart { bytes, .. } = frame.body else { panic!("{frame:?}") };
            arrival.part(bytes);
        }
        if let Some(outcome) = arrival.outcome() {
            break outcome;
        }
    };
    outcome.expect("it is good");
    let seconds = begun.elapsed().as_secs_f64();
    let parcel = announced.expect("it came");
    let reader = open_arrived(to.path(), parcel.link.sequence).expect("it is there");
    assert_eq!((reader.header.link, reader.header.mark), (parcel.link, 1));
    let rate = parcel.bytes as f64 / seconds / 1e6;
    println!("{} bytes in {seconds:.3} s: {rate:.0} MB/s", parcel.bytes);
}

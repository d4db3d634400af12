use std::sync::mpsc;
use std::time::Instant;

use super::*;
use crate::journal::transfer::fixture::snap;
use crate::journal::{Journal, JournalError, JournalOptions, Opened, format};
use crate::model::record::SEQUENCE_AT;
use crate::model::{
    ClusterName, Command, Continue, Epoch, OpenAccount, Record, ShardId, Timestamp,
};

const PATIENCE: Duration = Duration::from_secs(60);
const NODE: NodeId = NodeId(1);

fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: 1 << 20,
        segments_ahead: 2,
        reserve_bytes: 1 << 12,
        in_flight_bytes: 1 << 12,
        left_free_bytes: 0,
        ..JournalOptions::new(ClusterName::truncated(b"test"), 3)
    }
}

fn open(directory: &Path) -> Opened<RealDisk> {
    let disk = RealDisk::open(directory).expect("a directory");
    Journal::open(disk, &options(), &mut |_, _| {}).expect("it is good")
}

fn record(sequence: u64) -> (RecordBytes, usize) {
    let account = crate::model::AccountId(sequence as u32 | 1);
    let command = match sequence % 4 {
        0 => Command::Continue(Continue {}),
        _ => Command::OpenAccount(OpenAccount { request: sequence, account }),
    };
    let (timestamp, sequence) = (Timestamp(sequence), Sequence(sequence));
    let record = Record { sequence, timestamp, epoch: Epoch(1), shard: ShardId(0), command };
    let mut bytes = RecordBytes::default();
    let length = record.put(&mut bytes);
    (bytes, length)
}

/// Appends up to the record `last` in batches of 100.
fn append(opened: &mut Opened<RealDisk>, last: u64) {
    while opened.writer.next_sequence().0 <= last {
        let first = opened.writer.next_sequence().0;
        let batch: Vec<_> = (first..=last.min(first + 99)).map(record).collect();
        let batch = batch.iter().map(|(bytes, length)| &bytes.0[..*length]);
        match opened.writer.append(batch, Sequence(0)) {
            Err(JournalError::WouldWait) => drop(opened.syncer.sync().expect("it works")),
            result => result.expect("it continues"),
        }
    }
    opened.syncer.sync_all().expect("it works");
}

/// A history, and what rings when a piece is there.
fn history(directory: &Path) -> (JournalHistory, mpsc::Receiver<()>) {
    let (ring, rung) = mpsc::channel();
    let history = JournalHistory::new(directory, move || {
        // Nobody listens any more when a test has ended.
        let _ = ring.send(());
    });
    (history, rung)
}

fn next(history: &mut JournalHistory, rung: &mpsc::Receiver<()>) -> Piece {
    loop {
        if let Some(piece) = history.next(NODE) {
            return piece;
        }
        rung.recv_timeout(PATIENCE).expect("it rings");
    }
}

/// Takes records from the one that is next up to `last`.
fn take(history: &mut JournalHistory, rung: &mpsc::Receiver<()>, next_is: &mut u64, last: u64) {
    while *next_is <= last {
        let Piece::Records(piece) = next(history, rung) else { panic!("records follow") };
        assert!(piece.len() <= PIECE_BYTES + size_of::<RecordBytes>());
        let mut rest = &piece[..];
        while !rest.is_empty() {
            let (bytes, length) = record(*next_is);
            assert_eq!(rest[SEQUENCE_AT..length], bytes.0[SEQUENCE_AT..length]);
            rest = &rest[length..];
            *next_is += 1;
        }
    }
}

fn hash_after(sequence: u64) -> u64 {
    (1..=sequence)
        .map(record)
        .fold(0, |hash, (bytes, length)| format::chain(hash, &bytes.0[..length]))
}

#[test]
fn old_records_come_in_pieces_and_new_ones_follow_as_they_are_journaled() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut opened = open(directory.path());
    append(&mut opened, 40_000);
    let (mut history, rung) = history(directory.path());
    history.begin(NODE, Sequence(1_234));
    assert_eq!(next(&mut history, &rung), Piece::Begins { hash: hash_after(1_234) });
    let mut next_is = 1_235;
    take(&mut history, &rung, &mut next_is, 40_000);
    for last in [40_001, 40_100, 70_000] {
        append(&mut opened, last);
        take(&mut history, &rung, &mut next_is, last);
    }
    // Begun anew, nothing of what was read before is given; a record may be yet to come.
    history.begin(NODE, Sequence(70_001));
    append(&mut opened, 70_003);
    assert_eq!(next(&mut history, &rung), Piece::Begins { hash: hash_after(70_001) });
    next_is = 70_002;
    take(&mut history, &rung, &mut next_is, 70_003);
    history.end(NODE);
    assert_eq!(history.next(NODE), None);
}

#[test]
fn a_record_that_was_pruned_is_told_by_its_number_with_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut opened = open(directory.path());
    append(&mut opened, 60_000);
    crate::journal::snapshot::prune(directory.path(), Sequence(50_000)).expect("it works");
    let (mut history, rung) = history(directory.path());
    history.begin(NODE, Sequence(41));
    let Piece::Gone(why) = next(&mut history, &rung) else { panic!("it is gone") };
    assert!(why.contains("record 42 was pruned") && why.contains("castle snapshot"), "{why}");
}

#[test]
fn the_newest_snapshot_that_is_whole_comes_in_the_place_of_what_was_pruned() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = directory.path();
    let mut opened = open(journal);
    append(&mut opened, 60_000);
    for sequence in [20_000, 50_000, 55_000] {
        snap(journal, sequence, 3 * PIECE_BYTES);
    }
    crate::journal::snapshot::prune(journal, Sequence(50_000)).expect("it works");
    let path = |sequence| crate::journal::snapshot::snapshot_path(journal, Sequence(sequence));
    // The newest is damaged behind its header; the oldest is not followed by what the journal has.
    let mut bytes = std::fs::read(path(55_000)).expect("it is there");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(path(55_000), bytes).expect("it can be written");
    let (mut history, rung) = history(journal);
    history.begin(NODE, Sequence(41));
    let Piece::Snapshot(parcel) = next(&mut history, &rung) else { panic!("it is announced") };
    assert_eq!(parcel.link.sequence, Sequence(55_000));
    let Piece::Snapshot(parcel) = next(&mut history, &rung) else { panic!("it is damaged") };
    let (link, timestamp) = (parcel.link, parcel.timestamp);
    assert_eq!((link.sequence, timestamp), (Sequence(50_000), Timestamp(50_000)));
    assert_eq!(link.running_hash, hash_after(50_000));
    let expected = std::fs::read(path(50_000)).expect("it is there");
    std::fs::remove_file(path(50_000)).expect("a prune meanwhile does no harm");
    let mut found = Vec::new();
    while found.len() < expected.len() {
        let Piece::Part(part) = next(&mut history, &rung) else { panic!("parts follow") };
        assert!(part.len() <= PIECE_BYTES);
        found.extend(part);
    }
    assert!(found == expected && parcel.bytes == expected.len() as u64);
    // Now there is none that is good.
    history.begin(NODE, Sequence(41));
    let Piece::Snapshot(_) = next(&mut history, &rung) else { panic!("it is announced") };
    let Piece::Gone(why) = next(&mut history, &rung) else { panic!("none is good") };
    assert!(why.contains("CRC of block") && why.contains("is not of this journal"), "{why}");
}

#[test]
fn a_reading_that_is_ended_leaves_no_thread_behind() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut opened = open(directory.path());
    append(&mut opened, 60_000);
    // The threads hold what rings: when all are gone it is held once.
    let held = Arc::new(());
    let holds = held.clone();
    let mut history = JournalHistory::new(directory.path(), move || drop(holds.clone()));
    for round in 0..8 {
        // One that has more to give than there is room for, and one at the journal's end.
        history.begin(NODE, Sequence(if round % 2 == 0 { 0 } else { 60_000 }));
        while history.next(NODE).is_none() {
            thread::sleep(WAIT);
        }
    }
    drop(history);
    let deadline = Instant::now() + PATIENCE;
    while Arc::strong_count(&held) > 1 {
        assert!(Instant::now() < deadline, "a thread is still there");
        thread::sleep(WAIT);
    }
}

/// `HISTORY_RECORDS=5000000` measures: with the release profile, on a machine that is otherwise idle.
#[test]
fn a_whole_journal_is_read() {
    let records = std::env::var("HISTORY_RECORDS").ok().and_then(|text| text.parse().ok());
    let records = records.unwrap_or(50_000);
    let directory = tempfile::tempdir().expect("a directory");
    let mut opened = open(directory.path());
    append(&mut opened, records);
    let (mut history, rung) = history(directory.path());
    let begun = Instant::now();
    history.begin(NODE, Sequence(0));
    assert_eq!(next(&mut history, &rung), Piece::Begins { hash: 0 });
    let (mut bytes, mut last) = (0, 0);
    while last < records {
        let Piece::Records(piece) = next(&mut history, &rung) else { panic!("records follow") };
        bytes += piece.len();
        // Records follow one another without a gap; the shortest length leads through all of them.
        let mut rest = &piece[..];
        while let Ok(length) = Record::length(rest) {
            rest = &rest[length..];
            last += 1;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let rate = last as f64 / seconds;
    println!("{last} records, {bytes} bytes in {seconds:.3} s: {rate:.0} records/s");
}

//! The journal over a simulated disk and a real one.

mod crash;
mod damage;
mod layout;
mod space;
mod tools;

use castle::journal::simulated::SimulatedDisk;
use castle::journal::{
    Disk, Journal, JournalError, JournalOptions, OpenError, Opened, ReignStart, Reigns, format,
};
use castle::model::*;

/// Enough for any journal of these tests.
const DISK_BYTES: u64 = 1 << 22;

fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: 4096,
        segments_ahead: 2,
        reserve_bytes: 1536,
        in_flight_bytes: 2048,
        left_free_bytes: 0,
        ..JournalOptions::new(ClusterName::truncated(b"test"), 0x1122_3344_5566_7788)
    }
}

/// The record of a sequence; `salt` makes it different from another of the same sequence.
fn record(sequence: u64, epoch: u32, salt: u64) -> Record {
    let command = match salt % 3 {
        0 => Command::Continue(Continue {}),
        1 => Command::OpenAccount(OpenAccount { request: salt, account: AccountId(7) }),
        _ => Command::Deposit(Transfer {
            request: salt,
            account: AccountId(7),
            asset: AssetId(3),
            amount: Amount(salt as i64),
            reference: Reference::truncated(&salt.to_le_bytes()),
        }),
    };
    Record {
        sequence: Sequence(sequence),
        timestamp: Timestamp(1_772_323_200_000_000_000 + sequence),
        epoch: Epoch(epoch),
        shard: ShardId(0),
        command,
    }
}

fn encode(record: &Record) -> Vec<u8> {
    let mut bytes = RecordBytes::default();
    let length = record.put(&mut bytes);
    bytes.0[..length].to_vec()
}

/// The running hash before each record, and after the last.
fn running_hashes(records: &[Record]) -> Vec<u64> {
    let mut hashes = vec![0];
    hashes.extend(records.iter().scan(0, |hash, record| {
        *hash = format::chain(*hash, &encode(record));
        Some(*hash)
    }));
    hashes
}

fn open<D: Disk>(disk: D) -> Result<(Opened<D>, Vec<Record>), OpenError> {
    open_with(disk, &options())
}

fn open_with<D: Disk>(
    disk: D,
    options: &JournalOptions,
) -> Result<(Opened<D>, Vec<Record>), OpenError> {
    let mut records = Vec::new();
    let opened = Journal::open(disk, options, &mut |record, _| records.push(*record))?;
    assert_eq!(opened.report.records, records.len() as u64);
    for (index, record) in records.iter().enumerate() {
        assert_eq!(record.sequence.0, index as u64 + 1);
    }
    Ok((opened, records))
}

fn append<D: Disk>(opened: &mut Opened<D>, records: &[Record]) -> Result<(), JournalError> {
    let encoded: Vec<Vec<u8>> = records.iter().map(encode).collect();
    opened.writer.append(encoded.iter().map(Vec::as_slice), Sequence(0))
}

/// A journal of `records` records, three a batch, each batch synced before the next, and nothing
/// behind the last that names it as synced.
fn journal(records: u64) -> (SimulatedDisk, Vec<Record>) {
    let disk = SimulatedDisk::new(DISK_BYTES);
    let (mut opened, _) = open(disk.clone()).unwrap();
    let all: Vec<Record> = (1..=records).map(|sequence| record(sequence, 1, sequence)).collect();
    for batch in all.chunks(3) {
        append(&mut opened, batch).unwrap();
        while opened.syncer.sync().unwrap() {}
    }
    (disk, all)
}

#[test]
fn a_journal_gives_back_what_was_appended_in_order() {
    let (disk, all) = journal(200);
    let (opened, records) = open(disk.clone()).unwrap();
    assert_eq!(records, all);
    assert_eq!(opened.report.cut, None);
    assert_eq!(opened.report.last, (Sequence(200), Epoch(1), all[199].timestamp));
    assert!(disk.files().len() > 4, "several segments are in use");
}

#[test]
fn a_new_journal_is_empty_and_begins_with_sequence_one() {
    let disk = SimulatedDisk::new(DISK_BYTES);
    let (opened, records) = open(disk.clone()).unwrap();
    assert!(opened.report.is_new && records.is_empty());
    assert_eq!(opened.writer.next_sequence(), Sequence(1));
    drop(opened);
    let (opened, _) = open(disk).unwrap();
    assert!(!opened.report.is_new);
}

#[test]
fn a_batch_longer_than_a_segment_goes_on_in_the_next() {
    let disk = SimulatedDisk::new(DISK_BYTES);
    let (mut opened, _) = open(disk.clone()).unwrap();
    let all: Vec<Record> = (1..=100).map(|sequence| record(sequence, 1, 2)).collect();
    append(&mut opened, &all[..60]).unwrap();
    while opened.syncer.sync().unwrap() {}
    append(&mut opened, &all[60..]).unwrap();
    assert_eq!(open(disk).unwrap().1, all);
}

#[test]
fn the_writer_is_told_to_wait_while_no_segment_is_prepared_and_nothing_is_written_then() {
    let disk = SimulatedDisk::new(DISK_BYTES);
    let (mut opened, _) = open(disk.clone()).unwrap();
    let mut all = Vec::new();
    let waited = loop {
        let next = record(all.len() as u64 + 1, 1, 2);
        match append(&mut opened, &[next]) {
            Ok(()) => all.push(next),
            Err(error) => break error,
        }
    };
    assert!(matches!(waited, JournalError::WouldWait), "{waited}");
    let next = record(all.len() as u64 + 1, 1, 2);
    while opened.syncer.sync().unwrap() {}
    append(&mut opened, &[next]).unwrap();
    all.push(next);
    assert_eq!(open(disk).unwrap().1, all);
}

#[test]
fn a_batch_that_no_number_of_prepared_segments_holds_is_refused_and_the_journal_goes_on() {
    let (mut opened, _) = open(SimulatedDisk::new(DISK_BYTES)).unwrap();
    let all: Vec<Record> = (1..=200).map(|sequence| record(sequence, 1, 2)).collect();
    let error = append(&mut opened, &all).unwrap_err();
    assert!(matches!(error, JournalError::BatchTooLong { .. }), "{error}");
    append(&mut opened, &all[..1]).unwrap();
}

#[test]
fn only_what_was_synced_counts_as_durable() {
    let (mut opened, _) = open(SimulatedDisk::new(DISK_BYTES)).unwrap();
    let synced = |opened: &Opened<SimulatedDisk>| {
        opened.progress.synced.load(std::sync::atomic::Ordering::Acquire)
    };
    append(&mut opened, &[record(1, 1, 1), record(2, 1, 2)]).unwrap();
    assert_eq!(opened.progress.appended.load(std::sync::atomic::Ordering::Acquire), 2);
    assert_eq!(synced(&opened), 0);
    assert!(opened.syncer.sync().unwrap());
    assert_eq!(synced(&opened), 2);
}

#[test]
fn a_record_that_does_not_continue_the_journal_stops_it() {
    for wrong in [record(1, 1, 1), record(3, 1, 1), record(2, 0, 1)] {
        let (mut opened, _) = open(SimulatedDisk::new(DISK_BYTES)).unwrap();
        append(&mut opened, &[record(1, 1, 1)]).unwrap();
        let error = append(&mut opened, &[wrong]).unwrap_err();
        assert!(matches!(error, JournalError::OutOfOrder { expected: 2, .. }), "{error}");
        assert!(append(&mut opened, &[record(2, 1, 1)]).is_err());
    }
}

#[test]
fn what_the_log_ring_of_a_dead_process_still_held_is_appended_once() {
    let (disk, mut all) = journal(10);
    let (mut opened, _) = open(disk.clone()).unwrap();
    let ring: Vec<Record> = (8..=90).map(|sequence| record(sequence, 1, sequence)).collect();
    let mut slots: Vec<Vec<u8>> = ring.iter().map(encode).collect();
    slots.push(vec![0; 256]);
    slots.push(encode(&record(91, 1, 1)));
    let mut seen = Vec::new();
    let mut reigns = Reigns::default();
    let Opened { writer, syncer, progress, .. } = &mut opened;
    let appended = writer
        .append_recovered(syncer, slots.iter().map(Vec::as_slice), &mut reigns, &mut |record, _| {
            seen.push(*record)
        })
        .unwrap();
    assert_eq!(appended, 80);
    assert_eq!(seen, ring[3..]);
    assert_eq!(progress.synced.load(std::sync::atomic::Ordering::Acquire), 90);
    all.extend(&ring[3..]);
    assert_eq!(open(disk).unwrap().1, all);
}

#[test]
fn where_reigns_began_is_told_by_the_journal_and_by_a_ring_that_goes_on() {
    let epoch_of = |sequence| match sequence {
        ..=30 => 0,
        31..=60 => 1,
        61..=80 => 4,
        _ => 7,
    };
    let all: Vec<Record> = (1..=90).map(|n| record(n, epoch_of(n), n)).collect();
    let disk = SimulatedDisk::new(DISK_BYTES);
    let (mut opened, _) = open(disk.clone()).unwrap();
    append(&mut opened, &all[..70]).unwrap();
    opened.syncer.sync_all().unwrap();
    let mark = opened.report.mark;
    drop(opened);
    let hashes = running_hashes(&all);
    let start = |first: u64| ReignStart {
        epoch: Epoch(epoch_of(first)),
        first: Sequence(first),
        running_hash: hashes[first as usize - 1],
    };
    for (behind, begun) in [(0, &[1, 31, 61][..]), (30, &[31, 61]), (31, &[61]), (69, &[])] {
        let (disk, behind) = (disk.copy(), (behind > 0).then_some(Sequence(behind)));
        let opened = Journal::open_behind(disk, &options(), behind, &mut |_, _| {});
        let Opened { mut writer, mut syncer, mut report, .. } = opened.unwrap();
        assert_eq!(report.mark, mark);
        let expected: Vec<_> = begun.iter().copied().map(start).collect();
        assert_eq!((report.reigns.starts(), report.reigns.is_whole()), (&expected[..], true));
        let slots: Vec<_> = all[50..].iter().map(encode).collect();
        let slots = slots.iter().map(Vec::as_slice);
        writer.append_recovered(&mut syncer, slots, &mut report.reigns, &mut |_, _| {}).unwrap();
        assert_eq!(report.reigns.starts()[begun.len()..], [start(81)]);
    }
}

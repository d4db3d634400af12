use super::*;
use crate::journal::simulated::{Random, SimulatedDisk};
use crate::journal::{Journal, JournalError, JournalOptions, Opened};
use crate::model::{
    ClusterName, Command, Continue, Epoch, Record, RecordBytes, Rollover, ShardId, Timestamp,
};

const DISK_BYTES: u64 = 1 << 22;

fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: 4096,
        segments_ahead: 2,
        reserve_bytes: 512,
        in_flight_bytes: 512,
        left_free_bytes: 0,
        ..JournalOptions::new(ClusterName::truncated(b"test"), 3)
    }
}

/// The bytes of a record as a sequencer makes them.
fn record(sequence: u64) -> Vec<u8> {
    let command = match sequence % 3 {
        0 => Command::Continue(Continue {}),
        day => Command::Rollover(Rollover { day: day as u32 }),
    };
    let (timestamp, sequence) = (Timestamp(sequence), Sequence(sequence));
    let record = Record { sequence, timestamp, epoch: Epoch(1), shard: ShardId(0), command };
    let mut bytes = RecordBytes::default();
    let length = record.put(&mut bytes);
    bytes.0[..length].to_vec()
}

fn open(disk: &SimulatedDisk) -> Opened<SimulatedDisk> {
    Journal::open(disk.clone(), &options(), &mut |_, _| {}).expect("it is good")
}

/// Appends a batch behind what is there, up to `last`.
fn append(opened: &mut Opened<SimulatedDisk>, last: u64) {
    let batch: Vec<_> = (opened.writer.next_sequence().0..=last).map(record).collect();
    let batch = batch.iter().map(Vec::as_slice);
    while let Err(error) = opened.writer.append(batch.clone(), Sequence(0)) {
        assert!(matches!(error, JournalError::WouldWait), "{error}");
        opened.syncer.sync().expect("it works");
    }
    opened.syncer.sync_all().expect("it works");
}

/// A journal of that many records in batches of up to 20.
fn journal(disk: &SimulatedDisk, records: u64, random: &mut Random) -> Opened<SimulatedDisk> {
    let mut opened = open(disk);
    while opened.writer.next_sequence().0 <= records {
        let last = opened.writer.next_sequence().0 + random.below(20);
        append(&mut opened, last.min(records));
        if random.below(4) == 0 {
            opened.writer.mark(Sequence(0)).expect("it works");
        }
    }
    opened
}

/// The running hash after each record, of none first.
fn hashes(records: u64) -> Vec<u64> {
    let mut hashes = vec![0];
    for sequence in 1..=records {
        hashes.push(chain(hashes[sequence as usize - 1], &record(sequence)));
    }
    hashes
}

fn sequences(mut bytes: &[u8]) -> Vec<u64> {
    let mut sequences = Vec::new();
    while !bytes.is_empty() {
        let length = Record::length(bytes).expect("a record");
        let found = Record::get(&bytes[..length]).expect("a record");
        let (original, sequence) = (record(found.sequence.0), found.sequence.0);
        assert_eq!(bytes[SEQUENCE_AT..length], original[SEQUENCE_AT..]);
        sequences.push(sequence);
        bytes = &bytes[length..];
    }
    sequences
}

/// All that a reader has to give now, in pieces of about that many bytes.
fn read_all(reader: &mut RawReader<SimulatedDisk>, bytes: usize) -> Result<Vec<u64>, OpenError> {
    let (mut all, mut more) = (Vec::new(), true);
    while more {
        let mut piece = Vec::new();
        more = reader.read(&mut piece, bytes)?;
        all.extend(sequences(&piece));
    }
    Ok(all)
}

#[test]
fn what_follows_on_any_record_is_read_unchanged_with_the_running_hash_before_it() {
    const RECORDS: u64 = 500;
    let disk = SimulatedDisk::new(DISK_BYTES);
    let _opened = journal(&disk, RECORDS, &mut Random::new(1));
    let hashes = hashes(RECORDS);
    for behind in 0..=RECORDS {
        let mut reader = RawReader::new(disk.clone(), Sequence(behind));
        assert_eq!(reader.hash(), None);
        let read = read_all(&mut reader, 1 + behind as usize * 7).expect("it is good");
        assert_eq!(read, Vec::from_iter(behind + 1..=RECORDS), "behind {behind}");
        assert_eq!(reader.hash(), Some(hashes[behind as usize]), "behind {behind}");
        assert_eq!(reader.next(), Sequence(RECORDS + 1));
    }
}

#[test]
fn a_reader_follows_a_writer_through_segments_and_waits_for_a_record_that_is_not_there_yet() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let disk = SimulatedDisk::new(DISK_BYTES);
        let mut opened = open(&disk);
        let behind = random.below(300);
        let mut reader = RawReader::new(disk.clone(), Sequence(behind));
        let (mut read, mut last) = (Vec::new(), 0);
        while last < 600 {
            last += 1 + random.below(30);
            append(&mut opened, last);
            for _ in 0..random.below(3) {
                read.extend(read_all(&mut reader, 700).expect("it is good"));
            }
            let is_there = reader.hash().is_some();
            assert!(is_there || read.is_empty());
        }
        read.extend(read_all(&mut reader, 700).expect("it is good"));
        assert_eq!(read, Vec::from_iter(behind + 1..=last), "seed {seed}");
        assert_eq!(reader.hash(), Some(hashes(last)[behind as usize]));
    }
}

#[test]
fn batches_that_a_recovery_cut_short_are_read_as_far_as_they_go() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let disk = SimulatedDisk::new(DISK_BYTES);
        let mut opened = open(&disk);
        let mut last = 0;
        for _ in 0..4 {
            last = opened.writer.next_sequence().0 - 1;
            last += 5 + random.below(60);
            let batch: Vec<_> = (opened.writer.next_sequence().0..=last).map(record).collect();
            // What is not synced is lost in part.
            let batch = batch.iter().map(Vec::as_slice);
            opened.writer.append(batch, Sequence(0)).expect("there is room");
            drop(opened);
            disk.crash(random.draw());
            opened = open(&disk);
            let mut reader = RawReader::new(disk.clone(), Sequence(0));
            let (read, there) = (read_all(&mut reader, 900), opened.writer.next_sequence().0);
            assert_eq!(read.expect("it is good"), Vec::from_iter(1..there), "seed {seed}");
            append(&mut opened, there + random.below(9));
            let (read, there) =
                (read_all(&mut reader, 900), there..opened.writer.next_sequence().0);
            assert_eq!(read.expect("it is good"), Vec::from_iter(there), "seed {seed}");
        }
        assert!(last > 0);
    }
}

#[test]
fn a_record_that_was_pruned_is_told_at_the_beginning_and_on_the_way() {
    let disk = SimulatedDisk::new(DISK_BYTES);
    let mut opened = journal(&disk, 300, &mut Random::new(1));
    let mut reader = RawReader::new(disk.clone(), Sequence(0));
    let mut piece = Vec::new();
    assert!(reader.read(&mut piece, 500).expect("it is good"));
    let read = sequences(&piece).len() as u64;
    disk.take(&segment_name(1)).expect("a segment");
    disk.take(&segment_name(2)).expect("a segment");
    let first = segment_header(&disk, 3).expect("it can be read").expect("it is good").first;
    // The file that it has open it reads to the end.
    piece.clear();
    let gone = loop {
        match reader.read(&mut piece, usize::MAX) {
            Ok(_) => append(&mut opened, 310),
            Err(error) => break error,
        }
    };
    assert!(matches!(gone, OpenError::Pruned { first: found, .. } if found == first), "{gone}");
    assert_eq!(sequences(&piece).first(), Some(&(read + 1)));
    let mut late = RawReader::new(disk.clone(), Sequence(first.0 - 2));
    let gone = late.read(&mut Vec::new(), 1).expect_err("it is gone");
    assert!(matches!(gone, OpenError::Pruned { .. }), "{gone}");
    let mut in_time = RawReader::new(disk.clone(), Sequence(first.0 - 1));
    let read = read_all(&mut in_time, 900).expect("it is good");
    assert_eq!(read.first(), Some(&first.0));
}

#[test]
fn a_flipped_bit_is_never_read_over() {
    const RECORDS: u64 = 60;
    let mut random = Random::new(7);
    let original = SimulatedDisk::new(DISK_BYTES);
    let _opened = journal(&original, RECORDS, &mut random);
    let name = segment_name(1);
    let used = original.contents(&name).expect("a segment");
    let used = used.iter().rposition(|byte| *byte != 0).expect("it is used") as u64;
    for at in HEADER_SIZE as u64..=used {
        let disk = original.copy();
        disk.flip(&name, at, 1 << random.below(8));
        let mut reader = RawReader::new(disk, Sequence(0));
        let mut piece = Vec::new();
        let mut result = Ok(true);
        for _ in 0..=LOOKS_MAX {
            result = reader.read(&mut piece, usize::MAX);
        }
        let read = sequences(&piece);
        assert_eq!(read, Vec::from_iter(1..=read.len() as u64), "byte {at}");
        // The CRC of a frame that names no record may be all that was hit.
        assert!(read.len() as u64 != RECORDS || result.is_err() || at + FRAME_SIZE as u64 > used);
    }
}

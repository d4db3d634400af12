//! Damage is refused as corruption, or cut, by the rule; never taken for good.

use castle::journal::format::{FRAME_SIZE, HEADER_SIZE, Header, HeaderFound, segment_name};
use castle::journal::{OpenError, read};
use castle::model::*;
use proptest::prelude::*;

use super::*;

/// What opening a damaged journal gives: the journal is unchanged where it is refused, and where it
/// is cut, no record that was named as synced is missing and the rest is a part of what was there.
fn check(disk: &SimulatedDisk, all: &[Record], synced: usize, context: &str) -> bool {
    let before = disk.files();
    let verified = read::verify(disk);
    match open(disk.clone()) {
        Err(error) => {
            assert!(verified.is_err(), "{context}: only refused when opened: {error}");
            assert_eq!(disk.files(), before, "{context}: changed although refused");
            false
        }
        Ok((opened, records)) => {
            assert!(records.len() >= synced, "{context}: {} records left", records.len());
            assert_eq!(records, all[..records.len()], "{context}");
            assert!(opened.report.cut.is_some(), "{context}: nothing was said");
            assert_eq!(verified.unwrap().records, records.len() as u64, "{context}");
            drop(opened);
            let (opened, again) = open(disk.clone()).unwrap();
            assert_eq!(again, records, "{context}: opened again");
            assert_eq!(opened.report.cut, None, "{context}: opened again");
            true
        }
    }
}

#[test]
fn a_byte_flipped_anywhere_is_refused_where_synced_and_cut_where_not() {
    let (original, all) = journal(24);
    let used = original.files();
    // The last batch of three is the only one that no later one names as synced.
    let synced = 21;
    let (mut refused, mut cut) = (0, 0);
    for (name, bytes) in &used {
        let in_use = Header::get(&bytes[..HEADER_SIZE]) != HeaderFound::Zero;
        let step = if in_use { 1 } else { 97 };
        for at in (0..bytes.len()).step_by(step) {
            let disk = original.copy();
            disk.flip(name, at as u64, 1 << (at % 8));
            match check(&disk, &all, synced, &format!("{name} at {at}")) {
                true => cut += 1,
                false => refused += 1,
            }
        }
    }
    assert!(refused > 2_000 && cut > 500, "{refused} refused, {cut} cut");
}

#[test]
fn corruption_is_told_with_file_offset_and_record() {
    let (disk, _) = journal(24);
    let at = disk.contents(&segment_name(1)).unwrap();
    let at = at.windows(4).position(|bytes| bytes == [32, 0, 0, 0]).unwrap();
    disk.flip(&segment_name(1), at as u64 + 9, 1);
    let Err(OpenError::Corrupt { path, offset, sequence, synced, .. }) = open(disk.clone()) else {
        panic!("not refused");
    };
    assert!(path.ends_with("000000000001.segment"), "{path}");
    assert_eq!((offset, sequence, synced), (at as u64, 3, 21));
    let text = open(disk).err().unwrap().to_string();
    assert!(text.contains("is corrupt at byte") && text.contains("restore the file"), "{text}");
}

#[test]
fn a_tail_cut_at_every_offset_of_the_last_records_is_reported_and_the_journal_goes_on() {
    let (original, all) = journal(24);
    for number in 2.. {
        if original.take(&segment_name(number)).is_none() {
            break;
        }
    }
    let name = segment_name(1);
    let bytes = original.contents(&name).unwrap();
    let frames = all.len().div_ceil(3) * FRAME_SIZE;
    let end = HEADER_SIZE + frames + all.iter().map(|record| encode(record).len()).sum::<usize>();
    for length in end - 400..bytes.len() {
        let disk = original.copy();
        disk.put(&name, bytes[..length].to_vec());
        let (mut opened, records) = open(disk.clone()).unwrap();
        assert_eq!(records, all[..records.len()], "cut to {length}");
        assert_eq!(length >= end, records.len() == all.len(), "cut to {length}");
        let cut = opened.report.cut.clone().unwrap();
        assert_eq!(cut.sequence.0, records.len() as u64 + 1);
        let next = record(cut.sequence.0, 2, 5);
        append(&mut opened, &[next]).unwrap();
        opened.syncer.sync_all().unwrap();
        let (opened, again) = open(disk).unwrap();
        assert_eq!(again.last(), Some(&next));
        assert_eq!(opened.report.cut, None, "cut to {length}");
    }
}

#[test]
fn a_missing_segment_is_named() {
    let (original, _) = journal(150);
    let numbers = original.files().len() as u64;
    for missing in 1..numbers {
        let disk = original.copy();
        disk.take(&segment_name(missing));
        let before = disk.files();
        let Err(OpenError::MissingSegment { path, .. }) = open(disk.clone()) else {
            panic!("segment {missing} is not missed");
        };
        assert!(path.ends_with(&segment_name(missing)), "{path}");
        assert_eq!(disk.files(), before);
    }
}

#[test]
fn a_segment_of_zeros_in_place_of_a_used_one_is_refused() {
    let (disk, _) = journal(150);
    disk.put(&segment_name(2), vec![0; 4096]);
    assert!(matches!(open(disk), Err(OpenError::Corrupt { .. })));
}

#[test]
fn segments_that_changed_places_are_refused() {
    let (disk, _) = journal(150);
    let (two, three) = (disk.take(&segment_name(2)), disk.take(&segment_name(3)));
    disk.put(&segment_name(2), three.unwrap());
    disk.put(&segment_name(3), two.unwrap());
    assert!(matches!(open(disk), Err(OpenError::WrongSegment { found: 3, expected: 2, .. })));
}

#[test]
fn a_good_batch_of_another_history_does_not_continue_the_running_hash() {
    let histories = [1, 4].map(|salt| {
        let disk = SimulatedDisk::new(DISK_BYTES);
        let (mut opened, _) = open(disk.clone()).unwrap();
        for sequence in 1..=20 {
            append(&mut opened, &[record(sequence, 1, salt)]).unwrap();
        }
        disk
    });
    let name = segment_name(1);
    let [mut bytes, other] = histories.map(|disk| disk.contents(&name).unwrap());
    let batch = FRAME_SIZE + encode(&record(1, 1, 1)).len();
    let splice = HEADER_SIZE + 12 * batch;
    bytes[splice..].copy_from_slice(&other[splice..]);
    let disk = SimulatedDisk::new(DISK_BYTES);
    disk.put(&name, bytes);
    let (opened, records) = open(disk).unwrap();
    assert_eq!(records.len(), 12);
    assert!(opened.report.cut.unwrap().what.contains("running hash"));
}

#[test]
fn a_journal_of_another_cluster_or_format_or_with_foreign_files_is_refused_with_a_remedy() {
    let (disk, _) = journal(5);
    let mut other = options();
    other.cluster = ClusterName::truncated(b"other");
    let text = open_with(disk.copy(), &other).err().unwrap().to_string();
    assert!(text.contains("\"test\"") && text.contains("\"other\""), "{text}");

    let foreign = disk.copy();
    foreign.put("notes.txt", vec![1]);
    let text = open(foreign).err().unwrap().to_string();
    assert!(text.contains("notes.txt") && text.contains("move it elsewhere"), "{text}");

    let name = segment_name(1);
    let mut bytes = disk.contents(&name).unwrap();
    bytes[8] = 2;
    let crc = crc32c::crc32c(&bytes[..HEADER_SIZE - 4]);
    bytes[HEADER_SIZE - 4..HEADER_SIZE].copy_from_slice(&crc.to_le_bytes());
    disk.put(&name, bytes);
    let text = open(disk).err().unwrap().to_string();
    assert!(text.contains("format version 2") && text.contains("reads version 1"), "{text}");
}

#[test]
fn what_a_client_sends_cannot_look_like_a_frame_that_names_records_as_synced() {
    // A record whose text is a frame under another mark, behind a torn one.
    let disk = SimulatedDisk::new(DISK_BYTES);
    let (mut opened, _) = open(disk.clone()).unwrap();
    append(&mut opened, &[record(1, 1, 1)]).unwrap();
    let frame = castle::journal::format::Frame {
        mark: 0,
        first: Sequence(1_000),
        synced: Sequence(999),
        released: Sequence(0),
        hash: 0,
        bytes: 0,
        records: 0,
    };
    let mut text = [0; FRAME_SIZE];
    frame.put(&mut text);
    let origin = Origin { session: SessionId(1), generation: Generation(1), msg_seq_num: 1 };
    let command =
        Command::SendHeartbeat(SendHeartbeat { origin, test_req_id: TestReqId::truncated(&text) });
    append(&mut opened, &[Record { command, ..record(2, 1, 0) }]).unwrap();
    drop(opened);
    disk.flip(&segment_name(1), (HEADER_SIZE + 70) as u64, 1);
    assert_eq!(open(disk).unwrap().0.report.records, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn mutated_bytes_never_panic_and_never_give_a_record_that_was_not_written(
        mutations in prop::collection::vec((0_u64..3, 0_u64..4096, any::<u8>(), 1_usize..40), 1..12),
        length in prop::option::of(0_usize..4096),
    ) {
        let (disk, all) = journal(70);
        for (segment, at, value, count) in mutations {
            let name = segment_name(segment + 1);
            if let Some(mut bytes) = disk.contents(&name) {
                for byte in bytes.iter_mut().skip(at as usize).take(count) {
                    *byte = value;
                }
                disk.put(&name, bytes);
            }
        }
        if let Some(length) = length {
            let name = segment_name(2);
            let mut bytes = disk.contents(&name).unwrap();
            bytes.truncate(length);
            disk.put(&name, bytes);
        }
        let _ = read::verify(&disk);
        if let Ok((_, records)) = open(disk) {
            prop_assert_eq!(&records[..], &all[..records.len()]);
        }
    }

    #[test]
    fn any_bytes_as_a_journal_never_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..3000),
        frames in prop::collection::vec((0_usize..300, 0_u32..6), 0..20),
    ) {
        castle::journal::fuzz::check(&bytes);
        // Lengths that lead on, so that more than the first word is reached.
        for (at, records) in frames {
            let at = HEADER_SIZE + at * 8;
            if at + 64 <= bytes.len() {
                bytes[at..at + 4].copy_from_slice(&0x8000_0038_u32.to_le_bytes());
                bytes[at + 52..at + 56].copy_from_slice(&records.to_le_bytes());
            }
        }
        castle::journal::fuzz::check(&bytes);
    }
}

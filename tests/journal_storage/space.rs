//! A disk that fills up stops new orders first, cancels later, and loses nothing.

use castle::journal::{RealDisk, Room};

use super::*;

#[test]
fn a_full_disk_leaves_room_for_cancels_then_for_what_is_on_its_way_then_for_nothing() {
    let disk = SimulatedDisk::new(5 * 4096);
    let (mut opened, _) = open(disk.clone()).unwrap();
    let mut all = Vec::new();
    let mut rooms = vec![opened.writer.room()];
    let error = loop {
        let next = record(all.len() as u64 + 1, 1, 2);
        match append(&mut opened, &[next]) {
            Ok(()) => all.push(next),
            Err(error) => break error,
        }
        while opened.syncer.sync().unwrap() {}
        if rooms.last() != Some(&opened.writer.room()) {
            rooms.push(opened.writer.room());
        }
    };
    assert_eq!(rooms, [Room::Plenty, Room::CancelsOnly, Room::Full]);
    assert!(matches!(error, JournalError::Full), "{error}");
    assert!(all.len() > 100, "all five segments were used");
    drop(opened);
    let (opened, records) = open(disk.clone()).unwrap();
    assert_eq!(records, all);
    assert_eq!(opened.writer.room(), Room::Full);
}

#[test]
fn room_comes_back_once_the_disk_has_space_again() {
    let disk = SimulatedDisk::new(2 * 4096);
    let (mut opened, _) = open(disk.clone()).unwrap();
    let mut sequence = 0;
    while opened.writer.room() == Room::Plenty {
        sequence += 1;
        append(&mut opened, &[record(sequence, 1, 2)]).unwrap();
        while opened.syncer.sync().unwrap() {}
    }
    assert_eq!(opened.writer.room(), Room::CancelsOnly);
    disk.set_capacity_bytes(DISK_BYTES);
    while opened.syncer.sync().unwrap() {}
    assert_eq!(opened.writer.room(), Room::Plenty);
}

#[test]
fn a_new_journal_on_a_full_disk_is_an_error_that_names_the_file() {
    let text = open(SimulatedDisk::new(4095)).err().unwrap().to_string();
    assert!(text.contains("cannot create simulated/000000000001.segment"), "{text}");
}

#[test]
fn options_that_do_not_fit_together_are_refused() {
    for wrong in [
        JournalOptions { segment_bytes: 5000, ..options() },
        JournalOptions { segments_ahead: 0, ..options() },
        JournalOptions { reserve_bytes: 8192, ..options() },
    ] {
        let result = open_with(SimulatedDisk::new(DISK_BYTES), &wrong);
        assert!(matches!(result, Err(OpenError::Options { .. })), "{wrong:?}");
    }
}

#[test]
fn a_real_directory_holds_a_journal_over_restarts_and_one_process_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let all: Vec<Record> = (1..=300).map(|sequence| record(sequence, 1, sequence)).collect();
    let (mut opened, _) = open(RealDisk::open(&path).unwrap()).unwrap();
    for batch in all[..200].chunks(7) {
        append(&mut opened, batch).unwrap();
        while opened.syncer.sync().unwrap() {}
    }
    let held = RealDisk::open(&path).err().unwrap().to_string();
    assert!(held.contains(&format!("process {}", std::process::id())), "{held}");
    let Opened { writer, syncer, .. } = opened;
    drop(syncer);
    assert!(RealDisk::open(&path).is_err(), "the writer could still write");
    drop(writer);
    let (mut opened, records) = open(RealDisk::open(&path).unwrap()).unwrap();
    assert_eq!(records, all[..200]);
    for batch in all[200..].chunks(20) {
        append(&mut opened, batch).unwrap();
        while opened.syncer.sync().unwrap() {}
    }
    drop(opened);
    let (opened, records) = open(RealDisk::open(&path).unwrap()).unwrap();
    assert_eq!(records, all);
    assert_eq!(opened.report.cut, None);
}

#[test]
fn segments_prepared_by_the_last_process_are_used_by_the_next() {
    let (disk, all) = journal(24);
    let segments = disk.files().len();
    let operations = disk.operations();
    let (opened, _) = open(disk.clone()).unwrap();
    drop(opened);
    // Written again, synced and marked, but nothing created, removed or zeroed.
    assert!(disk.operations() - operations < 8);
    let (mut opened, _) = open(disk.clone()).unwrap();
    let more: Vec<Record> = (25..=80).map(|sequence| record(sequence, 2, 2)).collect();
    append(&mut opened, &more).unwrap();
    assert_eq!(disk.files().len(), segments);
    assert_eq!(open(disk).unwrap().1, [all, more].concat());
}

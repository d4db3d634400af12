//! Power is lost at any moment; what was synced is there afterwards, and nothing that was not
//! written.

use std::sync::atomic::Ordering;

use castle::journal::OpenError;
use castle::journal::simulated::Random;

use super::*;

const SEEDS: u64 = 1_200;
/// Power losses of one seed, each in another moment of appending, syncing, preparing or recovering.
const CRASHES: u64 = 6;

/// Runs a journal over a disk that loses power again and again. An error says what was lost.
fn run(seed: u64, disk: &SimulatedDisk) -> Result<(), String> {
    let mut random = Random::new(seed);
    // What may be there, and how much of it must.
    let mut written: Vec<Record> = Vec::new();
    let mut durable = 0;
    for epoch in 1..=CRASHES as u32 {
        disk.power_off_after(random.below(60));
        match open(disk.clone()) {
            Err(OpenError::Disk { .. } | OpenError::Journal(_)) => {}
            Err(error) => return Err(format!("does not open: {error}")),
            Ok((mut opened, records)) => {
                check(&records, &written, durable)?;
                written = records;
                durable = written.len();
                match random.below(3) {
                    0 => disk.fail_sync_after(random.below(8)),
                    _ => disk.power_off_after(random.below(80)),
                }
                live(&mut opened, &mut written, epoch, &mut random);
                durable = durable.max(opened.progress.synced.load(Ordering::Acquire) as usize);
            }
        }
        // Often only the process dies.
        match random.below(2) {
            0 => disk.clear_faults(),
            _ => disk.crash(random.draw()),
        }
    }
    disk.clear_faults();
    let (_, records) = open(disk.clone()).map_err(|error| format!("does not open: {error}"))?;
    check(&records, &written, durable)
}

fn check(records: &[Record], written: &[Record], durable: usize) -> Result<(), String> {
    if records.len() < durable {
        return Err(format!("{} records are left of {durable}", records.len()));
    }
    if !written.starts_with(records) {
        return Err("a record is there that was not written".into());
    }
    Ok(())
}

/// Appends and syncs until the power is off.
fn live(
    opened: &mut Opened<SimulatedDisk>,
    written: &mut Vec<Record>,
    epoch: u32,
    random: &mut Random,
) {
    loop {
        let done = match random.below(8) {
            0..5 => {
                let first = written.len() as u64 + 1;
                let count = random.below(12) + 1;
                let batch: Vec<Record> = (first..first + count)
                    .map(|sequence| record(sequence, epoch, random.draw() >> 1))
                    .collect();
                // A batch whose append fails may be there in part.
                written.extend(&batch);
                match append(opened, &batch) {
                    Err(JournalError::WouldWait) => {
                        written.truncate(first as usize - 1);
                        opened.syncer.sync().map(|_| ())
                    }
                    result => result,
                }
            }
            5 => opened.writer.mark(Sequence(0)),
            _ => opened.syncer.sync().map(|_| ()),
        };
        if done.is_err() {
            return;
        }
    }
}

#[test]
fn what_was_synced_survives_every_loss_of_power_and_nothing_is_invented() {
    for seed in 0..SEEDS {
        let disk = SimulatedDisk::new(DISK_BYTES);
        if let Err(what) = run(seed, &disk) {
            panic!("seed {seed}: {what}");
        }
    }
}

#[test]
fn with_a_sync_that_does_nothing_the_same_test_sees_the_loss() {
    let losses = (0..100)
        .filter(|seed| {
            let disk = SimulatedDisk::new(DISK_BYTES);
            disk.sync_does_nothing();
            run(*seed, &disk).is_err()
        })
        .count();
    assert!(losses > 50, "only {losses} of 100 losses were seen");
}

#[test]
fn the_first_error_of_a_sync_or_a_write_is_the_last_operation() {
    let disk = SimulatedDisk::new(DISK_BYTES);
    let (mut opened, _) = open(disk.clone()).unwrap();
    append(&mut opened, &[record(1, 1, 1)]).unwrap();
    disk.fail_sync_after(0);
    let first = opened.syncer.sync().unwrap_err();
    assert!(first.is_fatal());
    let operations = disk.operations();
    for again in [
        opened.syncer.sync().unwrap_err(),
        append(&mut opened, &[record(2, 1, 1)]).unwrap_err(),
        opened.writer.mark(Sequence(0)).unwrap_err(),
    ] {
        assert_eq!(again.to_string(), first.to_string());
    }
    assert_eq!(disk.operations(), operations);
    assert_eq!(opened.progress.synced.load(Ordering::Acquire), 0);

    let disk = SimulatedDisk::new(DISK_BYTES);
    let (mut opened, _) = open(disk.clone()).unwrap();
    disk.fail_write_after(0);
    assert!(append(&mut opened, &[record(1, 1, 1)]).is_err());
    assert!(opened.syncer.sync().is_err());
}

#[test]
fn what_only_the_page_cache_held_is_written_again_before_it_counts() {
    // A sync fails and forgets what was dirty; the next process must not trust what it reads.
    for failing in 0..2 {
        forget_at_sync(failing);
    }
}

/// The sync of the segment before the last fails, or that of the last.
fn forget_at_sync(failing: u64) {
    let disk = SimulatedDisk::new(DISK_BYTES);
    let (mut opened, _) = open(disk.clone()).unwrap();
    let all: Vec<Record> = (1..=60).map(|sequence| record(sequence, 1, 2)).collect();
    append(&mut opened, &all[..20]).unwrap();
    opened.syncer.sync().unwrap();
    append(&mut opened, &all[20..]).unwrap();
    disk.fail_sync_after(failing);
    assert!(opened.syncer.sync().is_err());
    drop(opened);
    let (opened, records) = open(disk.clone()).unwrap();
    assert_eq!(records, all);
    assert!(opened.report.rewritten_bytes > 0);
    assert_eq!(opened.progress.synced.load(Ordering::Acquire), 60);
    drop(opened);
    for seed in 0..50 {
        let disk = disk.clone();
        disk.crash(seed);
        assert_eq!(open(disk).unwrap().1, all);
    }
}

#[test]
fn empty_batches_that_only_the_page_cache_held_are_written_again() {
    let all: Vec<Record> = (1..=3).map(|sequence| record(sequence, 1, 2)).collect();
    for seed in 0..20 {
        let disk = SimulatedDisk::new(DISK_BYTES);
        let (mut opened, _) = open(disk.clone()).unwrap();
        append(&mut opened, &all[..2]).unwrap();
        opened.syncer.sync_all().unwrap();
        for _ in 0..12 {
            opened.writer.mark(Sequence(0)).unwrap();
        }
        disk.fail_sync_after(0);
        opened.syncer.sync_all().unwrap_err();
        drop(opened);
        let (mut opened, _) = open(disk.clone()).unwrap();
        append(&mut opened, &all[2..]).unwrap();
        opened.syncer.sync_all().unwrap();
        disk.crash(seed);
        assert_eq!(open(disk).unwrap().1, all, "seed {seed}");
    }
}

#[test]
fn a_segment_whose_process_died_before_it_was_entered_is_entered_by_the_next() {
    let options = JournalOptions { segments_ahead: 1, ..options() };
    let all: Vec<Record> = (1..=90).map(|sequence| record(sequence, 1, 2)).collect();
    for (operations, seed) in (0..12).flat_map(|operations| (0..4).map(move |n| (operations, n))) {
        let disk = SimulatedDisk::new(DISK_BYTES);
        let (mut opened, _) = open_with(disk.clone(), &options).unwrap();
        append(&mut opened, &all[..45]).unwrap();
        opened.syncer.sync_all().unwrap();
        disk.power_off_after(operations);
        while opened.syncer.sync().is_ok_and(|more| more) {}
        drop(opened);
        disk.clear_faults();
        let (mut opened, records) = open_with(disk.clone(), &options).unwrap();
        assert_eq!(records, all[..45]);
        append(&mut opened, &all[45..]).unwrap();
        opened.syncer.sync_all().unwrap();
        disk.crash(seed);
        let (_, records) = open_with(disk, &options).unwrap();
        assert_eq!(records, all, "power off after {operations} operations, seed {seed}");
    }
}

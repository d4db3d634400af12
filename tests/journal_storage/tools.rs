//! The read-only tools, also beside a writer.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use castle::journal::{RealDisk, read};

use super::*;

#[test]
fn a_journal_that_is_being_written_is_verified_without_complaint() {
    let directory = tempfile::tempdir().unwrap();
    let options = JournalOptions { segment_bytes: 64 << 10, ..options() };
    let (opened, _) = open_with(RealDisk::open(directory.path()).unwrap(), &options).unwrap();
    let Opened { mut writer, mut syncer, progress, .. } = opened;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                if !syncer.sync().unwrap() {
                    std::thread::yield_now();
                }
            }
        });
        scope.spawn(|| {
            let mut sequence = 0;
            while !stop.load(Ordering::Acquire) {
                let batch: Vec<Vec<u8>> =
                    (1..=20).map(|n| encode(&record(sequence + n, 1, n))).collect();
                match writer.append(batch.iter().map(Vec::as_slice), Sequence(0)) {
                    Ok(()) => sequence += 20,
                    Err(JournalError::WouldWait) => std::thread::yield_now(),
                    Err(error) => panic!("{error}"),
                }
                if sequence % 1_000 == 0 {
                    std::thread::sleep(std::time::Duration::from_micros(300));
                }
            }
        });
        let disk = RealDisk::read_only(directory.path());
        let (mut last, mut rounds) = (0, 0);
        // On a busy machine the writer may begin late.
        while rounds < 60 || last == 0 {
            rounds += 1;
            let synced = progress.synced.load(Ordering::Acquire);
            let verified = read::verify(&disk).inspect_err(|_| stop.store(true, Ordering::Release));
            let verified = verified.unwrap();
            assert!(verified.last.0 >= synced.max(last));
            last = verified.last.0;
        }
        stop.store(true, Ordering::Release);
    });
}

#[test]
fn stat_counts_what_is_there() {
    let (disk, all) = journal(90);
    let stat = read::stat(&disk).unwrap();
    assert_eq!(stat.verified.records, 90);
    let split = stat.batches - 30;
    assert!(split < stat.segments, "a batch is split where a segment ends");
    assert_eq!(stat.first.unwrap().sequence, Sequence(1));
    let last = read::Place { sequence: Sequence(90), timestamp: all[89].timestamp };
    assert_eq!(stat.last, Some(last));
    assert_eq!(stat.epoch, Epoch(1));
    assert_eq!(stat.verified.synced, Sequence(87));
    let kinds: Vec<_> = stat.records_by_kind.into_iter().collect();
    assert_eq!(kinds, [("Continue", 30), ("Deposit", 30), ("OpenAccount", 30)]);
    assert_eq!(stat.segments + stat.segments_prepared, disk.files().len() as u64);
    assert_eq!(stat.cluster.to_string(), "test");
}

#[test]
fn dump_shows_the_records_asked_for() {
    let (disk, _) = journal(30);
    let mut lines = Vec::new();
    read::dump(&disk, 4..=12, &["openaccount".into()], &mut |record| {
        lines.push(read::line(record));
        if lines.len() < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .unwrap();
    expect_test::expect![[r#"
        4 epoch 1 shard 0 2026-03-01T00:00:00.000000004Z OpenAccount(OpenAccount { request: 4, account: AccountId(7) })
        7 epoch 1 shard 0 2026-03-01T00:00:00.000000007Z OpenAccount(OpenAccount { request: 7, account: AccountId(7) })"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_directory_that_is_not_there_cannot_be_read() {
    let error = read::verify(&RealDisk::read_only("/nonexistent/castle".as_ref())).unwrap_err();
    assert!(error.to_string().contains("cannot list /nonexistent/castle"), "{error}");
}

use std::io::ErrorKind;

use super::*;
use crate::journal::simulated::SimulatedDisk;
use crate::journal::{Journal, JournalOptions, OpenError, Witnessed};
use crate::model::{Command, Continue, Epoch, Record, ShardId, Timestamp};

const TAG: u128 = 3;
const RECORDS: u64 = 20;

/// A node that does not run: its disk, with a journal, and its life.
struct Place {
    disk: SimulatedDisk,
    directory: tempfile::TempDir,
    /// After each record.
    hashes: Vec<u64>,
}

impl Place {
    fn new(released: Sequence) -> Self {
        let disk = SimulatedDisk::new(1 << 20);
        let options = JournalOptions {
            segment_bytes: 16 * 1024,
            reserve_bytes: 1_024,
            in_flight_bytes: 1_024,
            ..JournalOptions::new(Self::cluster(), 7)
        };
        let mut opened = Journal::open(disk.clone(), &options, &mut |_, _| {}).expect("it is new");
        let mut hashes = Vec::new();
        for sequence in (1..=RECORDS).map(Sequence) {
            let mut bytes = RecordBytes::default();
            let command = Command::Continue(Continue {});
            let (timestamp, epoch, shard) = (Timestamp(sequence.0), Epoch(1), ShardId(0));
            let length = Record { sequence, timestamp, epoch, shard, command }.put(&mut bytes);
            let record = std::iter::once(&bytes.0[..length]);
            opened.writer.append(record, released).expect("there is room");
            hashes.push(opened.writer.running_hash());
        }
        opened.syncer.sync_all().expect("nothing fails");
        NodeFile::open(&mut disk.clone(), Self::cluster()).expect("it is made");
        let place = Self { disk, directory: tempfile::tempdir().expect("a directory"), hashes };
        let said = Witnessed {
            life: 5,
            acknowledged: Sequence(RECORDS),
            writing: 1,
            ..Witnessed::default()
        };
        Witness::begin(&place.life(), TAG, said).expect("it can be made");
        place
    }

    fn cluster() -> ClusterName {
        ClusterName::truncated(b"test")
    }

    fn life(&self) -> PathBuf {
        self.directory.path().join("life")
    }

    /// What its life says that was acknowledged.
    fn acknowledged(&self) -> Option<Sequence> {
        let witness = Witness::open(&self.life(), TAG).expect("it can be read");
        witness.map(|witness| witness.said().acknowledged)
    }

    fn cut_to(&self, sequence: u64) -> Result<u64, StartError> {
        let running_hash = self.hashes[sequence as usize - 1];
        let end = SharedEnd { epoch: Epoch(1), sequence: Sequence(sequence), running_hash };
        let ring = self.directory.path().join("ring");
        cut_disk_back(&mut self.disk.clone(), Self::cluster(), &ring, &self.life(), &end)
    }
}

#[test]
fn a_life_goes_on_over_a_cut_and_owes_nothing_behind_it() {
    let place = Place::new(Sequence(0));
    assert_eq!(place.cut_to(15).expect("it is shared"), 5);
    assert_eq!(place.acknowledged(), Some(Sequence(15)));
}

#[test]
fn a_cut_that_the_disk_fails_ends_the_life_at_whichever_write_or_sync() {
    for at in 0.. {
        let place = Place::new(Sequence(0));
        place.disk.fail_write_after(at);
        let was_cut = place.cut_to(15).is_ok();
        assert_eq!(place.acknowledged().is_some(), was_cut, "write {at}");
        if was_cut {
            assert!(at > 3, "a note, zeros, and the end of the note");
            break;
        }
    }
    for at in 0.. {
        let place = Place::new(Sequence(0));
        place.disk.fail_sync_after(at);
        let was_cut = place.cut_to(15).is_ok();
        assert_eq!(place.acknowledged().is_some(), was_cut, "sync {at}");
        if was_cut {
            assert!(at > 3, "a note, zeros, and the end of the note");
            break;
        }
    }
}

#[test]
fn a_cut_that_is_refused_changes_nothing() {
    let place = Place::new(Sequence(17));
    let before = place.disk.files();
    let error = place.cut_to(15).expect_err("clients were told more");
    let (to, told) = (Sequence(15), Sequence(17));
    assert!(matches!(error, StartError::CutTold { to: t, told: u } if (t, u) == (to, told)));
    assert_eq!(place.acknowledged(), Some(Sequence(RECORDS)));
    assert_eq!(place.disk.files(), before);
}

#[test]
fn what_was_told_and_is_not_named_in_the_journal_yet_is_not_cut_and_does_not_give_way_to_a_snapshot()
 {
    let place = Place::new(Sequence(0));
    let mut witness =
        Witness::open(&place.life(), TAG).expect("it can be read").expect("it is there");
    witness.tell(Sequence(17));
    let before = place.disk.files();
    let error = place.cut_to(16).expect_err("clients were told more");
    let (to, told) = (Sequence(16), Sequence(17));
    assert!(matches!(error, StartError::CutTold { to: t, told: u } if (t, u) == (to, told)));
    assert_eq!(place.disk.files(), before);
    keeps_what_was_told(&place.disk, &place.life(), to).expect_err("the same");
    keeps_what_was_told(&place.disk, &place.life(), told).expect("the primary has it");
    place.cut_to(17).expect("clients were told no more");
}

#[test]
fn a_journal_does_not_give_way_to_a_snapshot_where_it_has_more_that_was_told_than_the_primary() {
    let told_behind = |released: u64, shared: u64| {
        let place = Place::new(Sequence(released));
        let kept = keeps_what_was_told(&place.disk, &place.life(), Sequence(shared));
        match kept {
            Err(StartError::CutTold { to, told }) if to == Sequence(shared) => Some(told.0),
            kept => {
                kept.expect("nothing else can fail");
                None
            }
        }
    };
    assert_eq!(told_behind(17, 15), Some(17));
    assert_eq!(told_behind(17, 17), None);
    assert_eq!(told_behind(RECORDS + 5, RECORDS), None, "what it lost is nothing that it gives up");
    assert_eq!(told_behind(RECORDS + 5, RECORDS - 1), Some(RECORDS));
}

#[test]
fn a_start_ends_the_life_where_the_disk_failed_and_not_where_it_was_not_to_be_had() {
    let failed = |action, kind: ErrorKind| {
        let place = Place::new(Sequence(0));
        let (path, source) = ("a".to_owned(), kind.into());
        let error = StartError::Open(OpenError::Disk { action, path, source });
        outlived(&place.life(), || Err::<(), _>(error)).expect_err("it is an error");
        place.acknowledged().is_none()
    };
    assert!(failed("sync", ErrorKind::Other) && failed("read", ErrorKind::Other));
    assert!(failed("sync", ErrorKind::StorageFull), "it had the space before");
    assert!(!failed("create", ErrorKind::StorageFull));
    assert!(!failed("open", ErrorKind::PermissionDenied));
    let place = Place::new(Sequence(0));
    outlived(&place.life(), || Err::<(), _>(StartError::NoGenesis)).expect_err("it is an error");
    assert_eq!(place.acknowledged(), Some(Sequence(RECORDS)));
}

//! Journals and snapshots for tests: of records that mean nothing, and of bytes that are no engine.

use std::io::Write as _;
use std::path::Path;

use crate::journal::read::follow;
use crate::journal::snapshot::SnapshotWriter;
use crate::journal::{Journal, JournalError, JournalOptions, Opened, RealDisk};
use crate::model::{
    ClusterName, Command, Continue, Epoch, Record, RecordBytes, Sequence, ShardId, Timestamp,
};

/// The cluster of all of them.
pub(crate) fn cluster() -> ClusterName {
    ClusterName::truncated(b"test")
}

/// Segments of 64 KiB.
pub(crate) fn options(mark: u64) -> JournalOptions {
    JournalOptions {
        segment_bytes: 1 << 16,
        segments_ahead: 2,
        reserve_bytes: 1 << 12,
        in_flight_bytes: 1 << 12,
        left_free_bytes: 0,
        ..JournalOptions::new(cluster(), mark)
    }
}

pub(crate) fn open(journal: &Path, mark: u64, behind: Option<Sequence>) -> Opened<RealDisk> {
    let disk = RealDisk::open(journal).expect("a directory");
    Journal::open_behind(disk, &options(mark), behind, &mut |_, _| {}).expect("it is good")
}

/// Appends up to the record `last`; the time of each is its number.
pub(crate) fn append(opened: &mut Opened<RealDisk>, last: u64) {
    while opened.writer.next_sequence().0 <= last {
        let sequence = opened.writer.next_sequence();
        let command = Command::Continue(Continue {});
        let (timestamp, shard) = (Timestamp(sequence.0), ShardId(0));
        let mut bytes = RecordBytes::default();
        let record = Record { sequence, timestamp, epoch: Epoch(1), shard, command };
        let length = record.put(&mut bytes);
        match opened.writer.append(std::iter::once(&bytes.0[..length]), Sequence(0)) {
            Err(JournalError::WouldWait) => drop(opened.syncer.sync().expect("it works")),
            result => result.expect("it continues"),
        }
    }
    opened.syncer.sync_all().expect("it works");
}

/// A journal of so many records.
pub(crate) fn journal(records: u64, mark: u64) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    append(&mut open(directory.path(), mark, None), records);
    directory
}

/// Makes a snapshot at a record, of so many bytes and a few.
pub(crate) fn snap(journal: &Path, sequence: u64, bytes: usize) {
    let disk = RealDisk::read_only(journal);
    let followed = follow(&disk, None, Sequence(sequence), &mut |_| ()).expect("it is good");
    let followed = followed.expect("it has it");
    let mut writer = SnapshotWriter::create(journal, followed.reigns).expect("it can be written");
    let block = vec![7; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let length = left.min(block.len());
        writer.write_all(&block[..length]).expect("it can be written");
        left -= length;
    }
    writer.end_state().expect("it can be written");
    writer.write_all(b"sent").expect("it can be written");
    let who = (followed.cluster, followed.mark);
    writer.finish(journal, who, followed.link, 5).expect("it can be written");
}

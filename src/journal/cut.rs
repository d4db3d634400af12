//! Cutting a journal back to the last record that it shares with the primary's.
//!
//! 1. [`PlannedCut::new`] reads the whole journal and finds where the record ends. It must be there with the
//!    very epoch and running hash that the primary names, or nothing is changed.
//! 2. What is to be done is noted in the node's file, durable, before anything is done. A loss of power in
//!    between would leave good batches behind bad bytes, which the next start would have to take for
//!    corruption of what was synced; so it finishes the cut first.
//! 3. Later segments are removed, the highest first, with a sync of the directory after each. The rest of the
//!    segment is zeroed and synced. Then the note is taken back.
//!
//! # Why nothing is cut that anybody was told
//!
//! An effect is told when every node in sync, by the view in which its record was numbered, or by both views
//! while they change, has the record. The primary of a higher epoch took over as one of those nodes, and is
//! cut itself by none in its own epoch: so it has every record that was told, and every such record lies at
//! or before the last one that is shared. What lies behind it was numbered by a primary before, who can
//! never tell it: for that it needs the acknowledgement of the node that took over, which takes no
//! frames of a lower epoch. That this node itself has acknowledged such a record was one condition of
//! several, and the others are never met; its acknowledgements count anew from the cut on.

use super::disk::{Disk, DiskFile};
use super::error::OpenError;
use super::format::{FRAME_SIZE, Frame, HEADER_SIZE, Header, chain, segment_name, segment_number};
use super::node_file::{CutAt, NodeFile};
use super::scan::{Observer, Start, scan};
use crate::model::{ClusterName, Epoch, Record, Sequence};

/// The last record that two journals share; of a log that has none, zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedEnd {
    /// Its epoch.
    pub epoch: Epoch,
    /// Its sequence.
    pub sequence: Sequence,
    /// The running hash over all records up to it.
    pub running_hash: u64,
}

/// A cut that can be made.
#[derive(Debug)]
pub struct PlannedCut {
    at: Option<CutAt>,
    /// Records that it takes away.
    records: u64,
    /// The highest sequence that the journal names as released.
    released: Sequence,
}

/// Looks for the place behind a record.
struct Finder {
    wanted: Sequence,
    segment: u64,
    offset: u64,
    hash: u64,
    last: (Sequence, Epoch),
    /// Segment, offset, epoch and running hash behind the record.
    found: Option<(u64, u64, Epoch, u64)>,
}

impl Finder {
    fn look(&mut self) {
        if self.last.0 == self.wanted && self.found.is_none() {
            self.found = Some((self.segment, self.offset, self.last.1, self.hash));
        }
    }
}

impl Observer for Finder {
    fn segment(&mut self, header: &Header) {
        (self.segment, self.offset) = (header.number, HEADER_SIZE as u64);
        if self.last.0 == Sequence(0) {
            // A journal that was pruned: what its first segment says of the time before is believed.
            self.last = (Sequence(header.first.0 - 1), header.epoch);
            self.hash = header.hash;
        }
        self.look();
    }

    fn frame(&mut self, _: &Frame) {
        self.offset += FRAME_SIZE as u64;
    }

    fn record(&mut self, record: &Record, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.hash = chain(self.hash, bytes);
        self.last = (record.sequence, record.epoch);
        self.look();
    }
}

impl PlannedCut {
    /// Finds where to cut, so that the journal ends with `end`. Changes nothing.
    pub fn new<D: Disk>(
        disk: &D,
        cluster: ClusterName,
        end: &SharedEnd,
    ) -> Result<Self, OpenError> {
        let mut finder = Finder {
            wanted: end.sequence,
            segment: 0,
            offset: 0,
            hash: 0,
            last: (Sequence(0), Epoch(0)),
            found: None,
        };
        let scanned = scan(disk, Some(cluster), Start::First, &mut finder)?;
        let last = scanned.chain.last();
        let not_shared = |what: String| OpenError::NotShared { path: disk.path(""), what };
        if end.sequence > last {
            let what = format!("it names record {}, the journal ends with {last}", end.sequence);
            return Err(not_shared(what));
        }
        let Some((segment, offset, epoch, hash)) = finder.found else {
            if scanned.end.is_none() {
                // There is no segment in use: nothing is there to be cut.
                return Ok(Self { at: None, records: 0, released: Sequence(0) });
            }
            let what =
                format!("it names record {}, the journal was pruned behind it", end.sequence);
            return Err(not_shared(what));
        };
        if (epoch, hash) != (end.epoch, end.running_hash) {
            let SharedEnd { epoch: their_epoch, sequence, running_hash: theirs } = end;
            return Err(not_shared(format!(
                "record {sequence} is of epoch {epoch} with hash {hash:016x} here, of epoch \
                 {their_epoch} with hash {theirs:016x} there"
            )));
        }
        let records = last.0 - end.sequence.0;
        let at = CutAt { segment, offset, last: end.sequence };
        let released = scanned.chain.released;
        Ok(Self { at: (records > 0).then_some(at), records, released })
    }

    /// How many records it takes away.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The highest sequence that the journal names as released: clients were told so far, at least.
    pub fn released(&self) -> Sequence {
        self.released
    }

    /// Makes the cut, durable when this returns. Nobody may have the journal open; what a log ring
    /// still holds behind the end must be gone before.
    pub fn carry_out<D: Disk>(
        self,
        disk: &mut D,
        node: &mut NodeFile<D::File>,
    ) -> Result<(), OpenError> {
        if self.at.is_some() {
            node.set_cut(self.at)?;
            finish(disk, node)?;
        }
        Ok(())
    }
}

/// Finishes what the node's file says was begun.
pub(super) fn finish<D: Disk>(disk: &mut D, node: &mut NodeFile<D::File>) -> Result<(), OpenError> {
    let Some(CutAt { segment, offset, .. }) = node.cut() else { return Ok(()) };
    let names = disk.list().map_err(OpenError::disk("list", disk.path("")))?;
    let mut later: Vec<u64> = names.iter().filter_map(|name| segment_number(name)).collect();
    later.retain(|number| *number > segment);
    later.sort_unstable();
    super::recover::remove_segments(disk, &later)?;
    let name = segment_name(segment);
    let path = disk.path(&name);
    let error = |action| OpenError::disk(action, path.clone());
    let bytes = disk.open(&name).map_err(error("open"))?.bytes();
    let file = disk.open_allocated(&name, bytes).map_err(error("open"))?;
    file.zero(offset, bytes.saturating_sub(offset)).map_err(error("cut"))?;
    file.sync().map_err(error("sync"))?;
    disk.sync_directory().map_err(error("sync the directory of"))?;
    node.set_cut(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::simulated::{Random, SimulatedDisk};
    use crate::journal::{Journal, JournalError, JournalOptions, read};
    use crate::model::{Command, Continue, RecordBytes, Rollover, ShardId, Timestamp};

    const DISK_BYTES: u64 = 1 << 20;

    fn cluster() -> ClusterName {
        ClusterName::truncated(b"test")
    }

    fn options() -> JournalOptions {
        JournalOptions {
            segment_bytes: 4096,
            segments_ahead: 2,
            reserve_bytes: 512,
            in_flight_bytes: 512,
            left_free_bytes: 0,
            ..JournalOptions::new(cluster(), 3)
        }
    }

    fn record(sequence: u64, epoch: u32, day: u32) -> Record {
        let command = match day {
            0 => Command::Continue(Continue {}),
            day => Command::Rollover(Rollover { day }),
        };
        let timestamp = Timestamp(sequence);
        Record {
            sequence: Sequence(sequence),
            timestamp,
            epoch: Epoch(epoch),
            shard: ShardId(0),
            command,
        }
    }

    /// Appends records, everything synced, and gives where the journal ends behind each.
    fn append(disk: &SimulatedDisk, records: &[Record], random: &mut Random) -> Vec<SharedEnd> {
        append_told(disk, records, Sequence(0), random)
    }

    /// The same, where clients were told of effects up to a record.
    fn append_told(
        disk: &SimulatedDisk,
        records: &[Record],
        told: Sequence,
        random: &mut Random,
    ) -> Vec<SharedEnd> {
        let mut opened =
            Journal::open(disk.clone(), &options(), &mut |_, _| {}).expect("it is good");
        let mut ends = Vec::new();
        for record in records {
            let mut bytes = RecordBytes::default();
            let length = record.put(&mut bytes);
            loop {
                let once = std::iter::once(&bytes.0[..length]);
                match opened.writer.append(once, told) {
                    Err(JournalError::WouldWait) => drop(opened.syncer.sync().expect("it works")),
                    result => break result.expect("it continues"),
                }
            }
            if random.below(3) == 0 {
                opened.syncer.sync_all().expect("it works");
            }
            if random.below(5) == 0 {
                opened.writer.mark(told).expect("it works");
            }
            let running_hash = opened.writer.running_hash();
            ends.push(SharedEnd { epoch: record.epoch, sequence: record.sequence, running_hash });
        }
        opened.syncer.sync_all().expect("it works");
        ends
    }

    fn journaled(disk: &SimulatedDisk) -> Vec<Record> {
        let mut records = Vec::new();
        read::dump(disk, 1..=u64::MAX, &[], &mut |record| {
            records.push(*record);
            std::ops::ControlFlow::Continue(())
        })
        .expect("it is good");
        records
    }

    const ROOT: SharedEnd = SharedEnd { epoch: Epoch(0), sequence: Sequence(0), running_hash: 0 };

    #[test]
    fn a_journal_cut_at_any_record_at_any_loss_of_power_is_whole_and_goes_on() {
        let mut interrupted = 0;
        for seed in 0..400 {
            let mut random = Random::new(seed);
            let disk = SimulatedDisk::new(DISK_BYTES);
            let count = 1 + random.below(600);
            let records: Vec<_> = (1..=count).map(|n| record(n, 1, n as u32 % 3)).collect();
            let mut ends = append(&disk, &records, &mut random);
            ends.insert(0, ROOT);
            let end = ends[random.below(ends.len() as u64) as usize];
            let mut node = NodeFile::open(&mut disk.clone(), cluster()).expect("it is made");
            let plan = PlannedCut::new(&disk, cluster(), &end).expect("it is shared");
            assert_eq!(plan.records(), count - end.sequence.0);
            let is_a_cut = plan.records() > 0;
            disk.power_off_after(random.below(20));
            let result = plan.carry_out(&mut disk.clone(), &mut node);
            interrupted += usize::from(result.is_err());
            disk.crash(random.draw());
            let before = journaled_or_pending(&disk);
            // Either start finishes what was begun.
            if random.below(2) == 0 {
                NodeFile::open(&mut disk.clone(), cluster()).expect("it is there");
            }
            let more = [record(end.sequence.0 + 1, 2, 9), record(end.sequence.0 + 2, 2, 0)];
            let opened = Journal::open(disk.clone(), &options(), &mut |_, _| {})
                .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            let last = opened.report.last.0;
            drop(opened);
            if result.is_ok() || (is_a_cut && before.is_none()) {
                assert_eq!(last, end.sequence, "seed {seed}");
            }
            if last != end.sequence {
                // The power went before the note was made: nothing was changed.
                assert_eq!(last, Sequence(count), "seed {seed}");
                continue;
            }
            append(&disk, &more, &mut random);
            let mut expected = records[..end.sequence.0 as usize].to_vec();
            expected.extend(more);
            assert_eq!(journaled(&disk), expected, "seed {seed}");
        }
        assert!(interrupted > 100, "only {interrupted} cuts were interrupted");
    }

    /// The records, or none where the journal cannot be read before the cut is finished.
    fn journaled_or_pending(disk: &SimulatedDisk) -> Option<u64> {
        read::verify(disk).ok().map(|verified| verified.records)
    }

    #[test]
    fn a_record_that_is_not_shared_is_refused_and_nothing_is_changed() {
        let disk = SimulatedDisk::new(DISK_BYTES);
        let records: Vec<_> = (1..=50).map(|n| record(n, 1 + n as u32 / 20, 0)).collect();
        let ends = append(&disk, &records, &mut Random::new(1));
        let end = ends[29];
        let refused = |end: SharedEnd| {
            let error = PlannedCut::new(&disk, cluster(), &end).expect_err("it is not shared");
            error.to_string()
        };
        let other_hash = SharedEnd { running_hash: end.running_hash ^ 1, ..end };
        assert!(refused(other_hash).contains(&format!("{:016x}", end.running_hash)));
        let other_epoch = SharedEnd { epoch: Epoch(1), ..end };
        assert!(refused(other_epoch).contains("of epoch 2"), "{}", refused(other_epoch));
        let beyond = SharedEnd { sequence: Sequence(51), ..end };
        assert!(refused(beyond).contains("ends with 50"), "{}", refused(beyond));
        assert_eq!(journaled(&disk), records);
    }

    #[test]
    fn what_was_told_in_a_reign_that_lost_it_does_not_count_against_the_next_ones_records() {
        let disk = SimulatedDisk::new(DISK_BYTES);
        let mut random = Random::new(1);
        let lost: Vec<_> = (1..=5).map(|n| record(n, 1, 0)).collect();
        append_told(&disk, &lost, Sequence(50), &mut random);
        let opened = Journal::open(disk.clone(), &options(), &mut |_, _| {}).expect("it is good");
        assert_eq!(opened.report.released, Sequence(5), "the rest is gone");
        drop(opened);
        let next: Vec<_> = (6..=9).map(|n| record(n, 2, 0)).collect();
        let ends = append_told(&disk, &next, Sequence(7), &mut random);
        let plan = PlannedCut::new(&disk, cluster(), &ends[2]).expect("it is shared");
        assert_eq!((plan.records(), plan.released()), (1, Sequence(7)));
    }

    #[test]
    fn nothing_is_written_where_the_journal_ends_with_the_shared_record() {
        let disk = SimulatedDisk::new(DISK_BYTES);
        let records: Vec<_> = (1..=5).map(|n| record(n, 1, 0)).collect();
        let ends = append(&disk, &records, &mut Random::new(1));
        let mut node = NodeFile::open(&mut disk.clone(), cluster()).expect("it is made");
        let operations = disk.operations();
        let plan = PlannedCut::new(&disk, cluster(), &ends[4]).expect("it is shared");
        assert_eq!(plan.records(), 0);
        plan.carry_out(&mut disk.clone(), &mut node).expect("there is nothing to do");
        assert_eq!(disk.operations(), operations);
    }
}

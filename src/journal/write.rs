//! The writing half: the journal agent's [`Writer`] and the syncer thread's [`Syncer`].
//!
//! 1. The writer copies batches into the current segment and never waits. It publishes how far it
//!    came, and when it goes on to the next segment.
//! 2. The syncer syncs the segments that were written, oldest first, and only then publishes that
//!    their records are durable. When there is nothing to sync it prepares segments ahead: created,
//!    entered into the directory, filled with zeros and synced, a step at a time.
//! 3. Segments pass from syncer to writer through a bounded queue. The syncer keeps them too, in
//!    the same order, so that the segment's number is all that the writer must tell.
//! 4. The first error is kept, and every later call of either gives it again.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crossbeam::queue::ArrayQueue;

use super::JournalOptions;
use super::disk::{Disk, DiskFile};
use super::error::{JournalError, is_full};
use super::format::{FRAME_SIZE, Frame, HEADER_SIZE, Header, chain, segment_name};
use super::reigns::Reigns;
use super::scan::Chain;
use crate::model::record::{CRC_AT, EPOCH_AT, SEQUENCE_AT, SHARD_AT, TIMESTAMP_AT};
use crate::model::wire::Wire;
use crate::model::{ClusterName, Epoch, Record, Sequence, Timestamp};

/// A segment is filled with zeros in steps of that many bytes, so that a sync that comes up waits
/// for one step at most.
const PREPARE_STEP_BYTES: u64 = 1024 * 1024;

/// What the journal has space for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Room {
    /// Everything.
    Plenty = 0,
    /// The disk is full and the reserve is begun: cancels and what a session needs, no new orders.
    CancelsOnly = 1,
    /// Only what is on its way to the journal already still fits.
    Full = 2,
}

/// How far the journal is; readable from any thread.
#[derive(Debug, Default)]
pub struct Progress {
    /// The last sequence in the page cache: it survives the process.
    pub appended: AtomicU64,
    /// The last sequence that is durable: it survives the machine.
    pub synced: AtomicU64,
    /// See [`Progress::room`].
    pub room: AtomicU8,
    /// What there is space for beside the journal, as the store of sent messages says: a [`Room`].
    pub store_room: Arc<AtomicU8>,
}

impl Progress {
    /// What the journal has space for; no new orders, too, while the disk takes no sent messages.
    pub fn room(&self) -> Room {
        match (self.room.load(Ordering::Acquire), self.store_room.load(Ordering::Acquire)) {
            (0, 0) => Room::Plenty,
            (0 | 1, _) => Room::CancelsOnly,
            _ => Room::Full,
        }
    }

    /// Whether a standby had better take no more records: they would end its process.
    pub fn is_full(&self) -> bool {
        self.room() == Room::Full || self.store_room.load(Ordering::Acquire) == Room::Full as u8
    }
}

pub(super) struct Shared<F> {
    pub progress: Arc<Progress>,
    /// Prepared segments, their number and file, for the writer to go on with.
    prepared: ArrayQueue<(u64, Arc<F>)>,
    /// The segment that the writer is in.
    current: AtomicU64,
    /// Counts what the writer wrote, empty batches too.
    written: AtomicU64,
    /// Bytes left in the current segment.
    left_bytes: AtomicU64,
    /// The last attempt to prepare a segment found the disk full.
    disk_full: AtomicBool,
    failed: OnceLock<JournalError>,
    options: JournalOptions,
}

impl<F> Shared<F> {
    pub(super) fn new(options: &JournalOptions, last: Sequence) -> Self {
        let progress = Progress::default();
        progress.appended.store(last.0, Ordering::Release);
        progress.synced.store(last.0, Ordering::Release);
        Self {
            progress: Arc::new(progress),
            prepared: ArrayQueue::new(options.segments_ahead),
            current: AtomicU64::new(0),
            written: AtomicU64::new(0),
            left_bytes: AtomicU64::new(0),
            disk_full: AtomicBool::new(false),
            failed: OnceLock::new(),
            options: options.clone(),
        }
    }

    fn check(&self) -> Result<(), JournalError> {
        self.failed.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Keeps the first error and gives it.
    fn fail(&self, error: JournalError) -> JournalError {
        self.failed.get_or_init(|| error).clone()
    }

    fn update_room(&self) {
        let mut room = Room::Plenty;
        if self.disk_full.load(Ordering::Acquire) {
            let usable = self.options.segment_bytes - HEADER_SIZE as u64;
            let ahead = self.prepared.len() as u64 * usable;
            let left = self.left_bytes.load(Ordering::Acquire) + ahead;
            if left < self.options.in_flight_bytes {
                room = Room::Full;
            } else if left < self.options.in_flight_bytes + self.options.reserve_bytes {
                room = Room::CancelsOnly;
            }
        }
        self.progress.room.store(room as u8, Ordering::Release);
    }
}

/// What every segment's header repeats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    pub cluster: ClusterName,
    pub mark: u64,
}

impl Identity {
    pub(super) fn header(&self, number: u64, segment_bytes: u64, chain: &Chain) -> Header {
        Header {
            number,
            segment_bytes,
            first: chain.next,
            epoch: chain.epoch,
            timestamp: chain.timestamp,
            hash: chain.hash,
            synced: chain.synced,
            mark: self.mark,
            cluster: self.cluster,
        }
    }
}

/// Appends batches of records; never waits for the disk.
pub struct Writer<D: Disk> {
    shared: Arc<Shared<D::File>>,
    identity: Identity,
    file: Arc<D::File>,
    number: u64,
    at: u64,
    chain: Chain,
    /// The part of a batch that goes into the current segment, its frame first.
    staged: Vec<u8>,
}

/// What a batch needs, found out before anything is written.
struct Plan {
    records: u64,
    bytes: u64,
    segments: usize,
}

impl<D: Disk> Writer<D> {
    pub(super) fn new(
        shared: Arc<Shared<D::File>>,
        identity: Identity,
        file: Arc<D::File>,
        number: u64,
        at: u64,
        chain: Chain,
    ) -> Self {
        shared.current.store(number, Ordering::Release);
        shared.left_bytes.store(file.bytes() - at, Ordering::Release);
        let staged = Vec::with_capacity(shared.options.segment_bytes.min(1 << 20) as usize);
        Self { shared, identity, file, number, at, chain, staged }
    }

    /// Appends a batch of encoded records (`RecordBytes::used`), all of it or nothing. Each record
    /// continues the one before: sequence one higher, epoch never lower. `released` is the last
    /// sequence whose events were released; it is written down with the batch.
    ///
    /// The records are in the page cache, and so survive the process, once this returns.
    pub fn append<'r, I>(&mut self, records: I, released: Sequence) -> Result<(), JournalError>
    where
        I: Iterator<Item = &'r [u8]> + Clone,
    {
        self.shared.check()?;
        let plan = self.plan(records.clone()).map_err(|error| self.shared.fail(error))?;
        if plan.records == 0 {
            return Ok(());
        }
        let ready = self.shared.prepared.len();
        if plan.segments > ready {
            if plan.segments > self.shared.options.segments_ahead {
                return Err(JournalError::BatchTooLong { bytes: plan.bytes });
            }
            if self.shared.disk_full.load(Ordering::Acquire) {
                return Err(self.shared.fail(JournalError::Full));
            }
            return Err(JournalError::WouldWait);
        }
        self.write_batch(records, released).map_err(|error| self.shared.fail(error))?;
        self.shared.left_bytes.store(self.file.bytes() - self.at, Ordering::Release);
        self.shared.update_room();
        self.publish();
        Ok(())
    }

    /// Appends an empty batch, which only names what is synced, so that damage up to there is told
    /// from a torn end. Does nothing where the segment has no room for it.
    pub fn mark(&mut self, released: Sequence) -> Result<(), JournalError> {
        self.shared.check()?;
        if self.file.bytes() - self.at < FRAME_SIZE as u64 {
            return Ok(());
        }
        self.stage_frame();
        self.write_staged(0, released).map_err(|error| self.shared.fail(error))?;
        self.shared.left_bytes.store(self.file.bytes() - self.at, Ordering::Release);
        self.publish();
        Ok(())
    }

    /// Appends what a log ring still held when its process died: skips what the journal has
    /// already, and ends at the first entry that does not continue it. What is appended is shown to
    /// `visit`, and durable when this returns; where reigns begin in it is added to `reigns`. Gives the number of
    /// records appended.
    pub fn append_recovered<'r>(
        &mut self,
        syncer: &mut Syncer<D>,
        records: impl Iterator<Item = &'r [u8]>,
        reigns: &mut Reigns,
        visit: &mut dyn FnMut(&Record, &[u8]),
    ) -> Result<u64, JournalError> {
        let mut appended = 0;
        for bytes in records {
            let Ok(record) = Record::get(bytes) else { break };
            if record.sequence < self.chain.next {
                continue;
            }
            let bytes = &bytes[..Record::length(bytes).unwrap_or(0)];
            if self.continues(&record).is_err() {
                break;
            }
            if self.chain.begins_reign(record.epoch) {
                reigns.push(self.chain.reign_start(record.epoch));
            }
            loop {
                match self.append(std::iter::once(bytes), Sequence(0)) {
                    Err(JournalError::WouldWait) => syncer.sync()?,
                    result => break result?,
                };
            }
            visit(&record, bytes);
            appended += 1;
        }
        syncer.sync_all()?;
        Ok(appended)
    }

    /// What the journal has space for.
    pub fn room(&self) -> Room {
        self.shared.progress.room()
    }

    /// The sequence that the next record must have.
    pub fn next_sequence(&self) -> Sequence {
        self.chain.next
    }

    /// The running hash over all records so far.
    pub fn running_hash(&self) -> u64 {
        self.chain.hash
    }

    fn continues(&self, record: &Record) -> Result<(), JournalError> {
        Self::check_continues(&self.chain, record.sequence, record.epoch)
    }

    fn check_continues(chain: &Chain, found: Sequence, epoch: Epoch) -> Result<(), JournalError> {
        if found == chain.next && epoch >= chain.epoch {
            return Ok(());
        }
        Err(JournalError::OutOfOrder {
            found: found.0,
            found_epoch: epoch.0,
            expected: chain.next.0,
            expected_epoch: chain.epoch.0,
        })
    }

    /// Checks every record and counts the segments that the batch needs beyond the current one.
    fn plan<'r>(&self, records: impl Iterator<Item = &'r [u8]>) -> Result<Plan, JournalError> {
        let mut plan = Plan { records: 0, bytes: 0, segments: 0 };
        let mut chain = self.chain;
        let mut left = self.file.bytes() - self.at;
        let mut framed = false;
        for bytes in records {
            let what = match Record::length(bytes) {
                Ok(length) if length == bytes.len() => None,
                Ok(length) => Some(format!("its length is {length}, its bytes {}", bytes.len())),
                Err(error) => Some(error.to_string()),
            };
            if let Some(what) = what {
                return Err(JournalError::NoRecord { sequence: chain.next.0, what });
            }
            let header = header_of(bytes, &chain);
            Self::check_continues(&chain, header.sequence, header.epoch)?;
            chain.next = chain.next.next();
            chain.epoch = header.epoch;
            let frame = if framed { 0 } else { FRAME_SIZE as u64 };
            if left < frame + bytes.len() as u64 {
                plan.segments += 1;
                left = self.shared.options.segment_bytes - (HEADER_SIZE + FRAME_SIZE) as u64;
            } else {
                left -= frame;
            }
            framed = true;
            left -= bytes.len() as u64;
            plan.records += 1;
            plan.bytes += bytes.len() as u64;
        }
        Ok(plan)
    }

    fn write_batch<'r>(
        &mut self,
        records: impl Iterator<Item = &'r [u8]>,
        released: Sequence,
    ) -> Result<(), JournalError> {
        self.stage_frame();
        let mut staged = 0;
        let mut first = self.chain;
        for bytes in records {
            if self.at + (self.staged.len() + bytes.len()) as u64 > self.file.bytes() {
                if staged > 0 {
                    self.write_staged_from(&first, staged, released)?;
                }
                self.roll()?;
                self.stage_frame();
                staged = 0;
                first = self.chain;
            }
            let from = self.staged.len();
            self.staged.extend_from_slice(bytes);
            let record = &mut self.staged[from..];
            let crc = crc32c::crc32c(&record[SEQUENCE_AT..]);
            crc.put(&mut record[CRC_AT..SEQUENCE_AT]);
            let header = header_of(record, &self.chain);
            self.chain.hash = chain(self.chain.hash, record);
            self.chain.next = header.sequence.next();
            self.chain.epoch = header.epoch;
            self.chain.timestamp = header.timestamp;
            staged += 1;
        }
        self.write_staged_from(&first, staged, released)
    }

    fn stage_frame(&mut self) {
        self.staged.clear();
        self.staged.resize(FRAME_SIZE, 0);
    }

    fn write_staged(&mut self, records: u32, released: Sequence) -> Result<(), JournalError> {
        let first = self.chain;
        self.write_staged_from(&first, records, released)
    }

    /// Writes what is staged; the frame's first bytes last, so that who reads the file meanwhile
    /// never sees a frame without its records.
    fn write_staged_from(
        &mut self,
        first: &Chain,
        records: u32,
        released: Sequence,
    ) -> Result<(), JournalError> {
        let frame = Frame {
            mark: self.identity.mark,
            first: first.next,
            synced: Sequence(self.shared.progress.synced.load(Ordering::Acquire)),
            released,
            hash: first.hash,
            bytes: (self.staged.len() - FRAME_SIZE) as u32,
            records,
        };
        frame.put(&mut self.staged[..FRAME_SIZE]);
        write_head_last(&*self.file, self.at, &self.staged)
            .map_err(disk_error("write", self.number))?;
        self.at += self.staged.len() as u64;
        Ok(())
    }

    fn roll(&mut self) -> Result<(), JournalError> {
        let (number, file) = self.shared.prepared.pop().ok_or(JournalError::WouldWait)?;
        self.chain.synced = Sequence(self.shared.progress.synced.load(Ordering::Acquire));
        let header = self.identity.header(number, file.bytes(), &self.chain).put();
        write_head_last(&*file, 0, &header).map_err(disk_error("write", number))?;
        self.file = file;
        self.number = number;
        self.at = HEADER_SIZE as u64;
        Ok(())
    }

    fn publish(&self) {
        self.shared.current.store(self.number, Ordering::Release);
        self.shared.progress.appended.store(self.chain.last().0, Ordering::Release);
        self.shared.written.fetch_add(1, Ordering::Release);
    }
}

/// Makes durable what the writer appended, and prepares segments for it. Blocks, so it has a thread
/// of its own.
pub struct Syncer<D: Disk> {
    shared: Arc<Shared<D::File>>,
    disk: D,
    /// The segments from the oldest that may hold unsynced bytes to the newest prepared.
    segments: VecDeque<(u64, Arc<D::File>)>,
    /// [`Shared::written`] as of the last sync.
    synced: u64,
    preparing: Option<Preparing<D::File>>,
    next_number: u64,
}

struct Preparing<F> {
    file: F,
    zeroed: u64,
}

impl<D: Disk> Syncer<D> {
    pub(super) fn new(
        shared: Arc<Shared<D::File>>,
        disk: D,
        number: u64,
        file: Arc<D::File>,
    ) -> Self {
        let segments = VecDeque::from([(number, file)]);
        Self { shared, disk, segments, synced: 0, preparing: None, next_number: number + 1 }
    }

    /// Takes the next segment, which was prepared by an earlier process.
    pub(super) fn adopt(&mut self, file: D::File) {
        let number = self.next_number;
        let file = Arc::new(file);
        self.segments.push_back((number, Arc::clone(&file)));
        self.next_number += 1;
        // Only this thread pushes, and only while there is space.
        let _ = self.shared.prepared.push((number, file));
        self.shared.update_room();
    }

    /// Does the next thing there is to do: syncs what was appended before the call, else goes on
    /// preparing a segment. False where there was nothing to do.
    pub fn sync(&mut self) -> Result<bool, JournalError> {
        self.shared.check()?;
        let synced = self.sync_written().map_err(|error| self.shared.fail(error))?;
        // Under load a segment is only begun, so that a full disk is noticed at once; filling it
        // waits for an idle moment, unless the writer would soon have to wait for it.
        let is_urgent = self.shared.prepared.len() * 2 < self.shared.options.segments_ahead;
        let prepared = if synced && !is_urgent && self.preparing.is_some() {
            false
        } else {
            self.prepare_step().map_err(|error| self.shared.fail(error))?
        };
        Ok(synced || prepared)
    }

    /// Goes on preparing a segment and syncs nothing that was appended. False where there was nothing
    /// to do.
    pub fn prepare_some(&mut self) -> Result<bool, JournalError> {
        self.shared.check()?;
        self.prepare_step().map_err(|error| self.shared.fail(error))
    }

    /// Syncs what was appended before the call.
    pub fn sync_all(&mut self) -> Result<(), JournalError> {
        self.shared.check()?;
        self.sync_written().map_err(|error| self.shared.fail(error))?;
        Ok(())
    }

    /// Prepares segments until as many are ahead as the options say, or the disk is full.
    pub fn prepare(&mut self) -> Result<(), JournalError> {
        self.shared.check()?;
        while self.prepare_step().map_err(|error| self.shared.fail(error))? {}
        Ok(())
    }

    fn sync_written(&mut self) -> Result<bool, JournalError> {
        let written = self.shared.written.load(Ordering::Acquire);
        if written == self.synced {
            return Ok(false);
        }
        // In this order: all that `appended` counts lies in segments up to `current`.
        let appended = self.shared.progress.appended.load(Ordering::Acquire);
        let current = self.shared.current.load(Ordering::Acquire);
        while let Some((number, file)) = self.segments.front() {
            if *number > current {
                break;
            }
            file.sync().map_err(disk_error("sync", *number))?;
            if *number == current {
                break;
            }
            self.segments.pop_front();
        }
        self.synced = written;
        self.shared.progress.synced.store(appended, Ordering::Release);
        Ok(true)
    }

    /// Goes on preparing a segment; false where enough are prepared or the disk is full.
    fn prepare_step(&mut self) -> Result<bool, JournalError> {
        if self.shared.prepared.is_full() {
            return Ok(false);
        }
        let number = self.next_number;
        let Some(preparing) = &mut self.preparing else {
            return self.begin_segment(number);
        };
        let length = preparing.file.bytes();
        if preparing.zeroed < length {
            let step = (length - preparing.zeroed).min(PREPARE_STEP_BYTES);
            let done = preparing.file.zero(preparing.zeroed, step);
            done.and_then(|()| preparing.file.sync()).map_err(disk_error("prepare", number))?;
            preparing.zeroed += step;
            return Ok(true);
        }
        if let Some(Preparing { file, .. }) = self.preparing.take() {
            self.adopt(file);
        }
        Ok(true)
    }

    fn begin_segment(&mut self, number: u64) -> Result<bool, JournalError> {
        let options = &self.shared.options;
        let free = self.disk.free_bytes().map_err(disk_error("find the free space for", number))?;
        let created = if free < options.segment_bytes.saturating_add(options.left_free_bytes) {
            Err(std::io::ErrorKind::StorageFull.into())
        } else {
            self.disk.create(&segment_name(number), options.segment_bytes)
        };
        let full = match created {
            Ok(file) => {
                // Before the next one is created, so that no crash leaves a gap.
                self.disk.sync_directory().map_err(disk_error("sync the directory of", number))?;
                self.preparing = Some(Preparing { file, zeroed: 0 });
                false
            }
            Err(error) if is_full(&error) => true,
            Err(error) => return Err(disk_error("create", number)(error)),
        };
        self.shared.disk_full.store(full, Ordering::Release);
        self.shared.update_room();
        Ok(!full)
    }
}

struct RecordHeader {
    sequence: Sequence,
    epoch: Epoch,
    timestamp: Timestamp,
}

/// The numbers in the header of bytes that were found to be as long as a record.
fn header_of(bytes: &[u8], chain: &Chain) -> RecordHeader {
    RecordHeader {
        sequence: Sequence::get(&bytes[SEQUENCE_AT..TIMESTAMP_AT]).unwrap_or_default(),
        timestamp: Timestamp::get(&bytes[TIMESTAMP_AT..EPOCH_AT]).unwrap_or_default(),
        epoch: Epoch::get(&bytes[EPOCH_AT..SHARD_AT]).unwrap_or(chain.epoch),
    }
}

/// Writes bytes, the first eight last.
pub(super) fn write_head_last<F: DiskFile>(file: &F, at: u64, bytes: &[u8]) -> std::io::Result<()> {
    const HEAD: usize = 8;
    file.write(at + HEAD as u64, &bytes[HEAD..])?;
    // The bytes of a frame are there before what makes it one.
    std::sync::atomic::fence(Ordering::Release);
    file.write(at, &bytes[..HEAD])
}

fn disk_error(action: &'static str, number: u64) -> impl FnOnce(std::io::Error) -> JournalError {
    move |source| JournalError::Disk {
        action,
        path: segment_name(number),
        source: Arc::new(source),
    }
}

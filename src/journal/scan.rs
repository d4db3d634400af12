//! Reads a journal from its first record to its end, and judges what stands there.
//!
//! 1. The segments are listed; a foreign file or a gap in their numbers is an error.
//! 2. Segment after segment, frame after frame, record after record is checked: CRC, sequence,
//!    epoch, running hash. Each good record is shown to the observer, once, in order.
//! 3. At the first thing that is not good, or at zeros, everything behind is searched for good
//!    frames and headers, for the highest sequence that they name as synced.
//! 4. Where the record that must stand there is at or below that, it had been synced: the journal
//!    is corrupt. Otherwise it was never promised to anyone: the journal ends there.
//! 5. The journal may be written meanwhile. A frame becomes visible after its records, so what
//!    looks corrupt is read once more before it is called so.
//!
//! Nothing is changed here.

use std::collections::VecDeque;

use super::cursor::{CHUNK_BYTES, Cursor, is_zero};
use super::disk::{Disk, DiskFile};
use super::error::OpenError;
use super::format::{
    FORMAT_VERSION, FRAME_LENGTH, FRAME_SIZE, Frame, HEADER_SIZE, Header, HeaderFound, LOCK_NAME,
    chain, segment_name, segment_number, word,
};
use super::node_file::NODE_NAME;
use super::reigns::ReignStart;
use crate::model::limit::RECORD_SIZE_MAX;
use crate::model::record::{ALIGNMENT, CRC_AT, SEQUENCE_AT};
use crate::model::{ClusterName, Epoch, Record, Sequence, Timestamp};

/// Sees what is read.
pub(super) trait Observer {
    /// Whether it has seen all that it wants to see.
    #[inline]
    fn is_satisfied(&self) -> bool {
        false
    }
    /// A segment begins.
    fn segment(&mut self, _header: &Header) {}
    /// A batch begins.
    fn frame(&mut self, _frame: &Frame) {}
    /// The record that comes next is the first of a reign.
    fn reign(&mut self, _start: &ReignStart) {}
    /// A good record and its bytes.
    fn record(&mut self, record: &Record, bytes: &[u8]);
}

/// The state that each record must continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chain {
    pub next: Sequence,
    pub epoch: Epoch,
    pub timestamp: Timestamp,
    pub hash: u64,
    /// The highest sequence that anything good names as synced.
    pub synced: Sequence,
    /// The highest that is named as released. What lay behind the end of a reign went with it: it may be another record now.
    pub released: Sequence,
}

impl Chain {
    pub const START: Self = Self {
        next: Sequence(1),
        epoch: Epoch(0),
        timestamp: Timestamp(0),
        hash: 0,
        synced: Sequence(0),
        released: Sequence(0),
    };

    /// As a segment's header has it.
    pub fn before(header: &Header) -> Self {
        Self {
            next: header.first,
            epoch: header.epoch,
            timestamp: header.timestamp,
            hash: header.hash,
            synced: header.synced,
            released: Sequence(0),
        }
    }

    /// Whether a record of this epoch would be the first of a reign.
    #[inline]
    pub fn begins_reign(&self, epoch: Epoch) -> bool {
        epoch != self.epoch || self.next == Sequence(1)
    }

    /// Where a reign of this epoch begins if the next record is its first.
    pub fn reign_start(&self, epoch: Epoch) -> ReignStart {
        ReignStart { epoch, first: self.next, running_hash: self.hash }
    }

    /// The sequence of the last good record; 0 before the first.
    pub fn last(&self) -> Sequence {
        Sequence(self.next.0 - 1)
    }
}

/// Where in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub segment: u64,
    pub offset: u64,
    /// Records and bytes of the current batch that are still to come.
    left_records: u32,
    left_bytes: u32,
}

/// A journal with at least a header.
#[derive(Debug)]
pub(super) struct End {
    /// Where the next batch goes.
    pub position: Position,
    /// The header of the segment there.
    pub header: Header,
    /// All before this segment and offset is known to be durable.
    pub unsynced_from: (u64, u64),
}

/// What lies behind the end.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub file: String,
    pub offset: u64,
    pub what: String,
}

#[derive(Debug)]
pub(super) struct Scanned {
    /// The numbers of all segments there are, used or not.
    pub numbers: Vec<u64>,
    pub chain: Chain,
    /// None where there is no record and no header of one: a new journal.
    pub end: Option<End>,
    /// None where nothing lies behind the end.
    pub fault: Option<Fault>,
}

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// With the log's first record; a journal that was pruned is refused.
    Genesis,
    /// With the first segment that there is; what it says of the time before is believed.
    First,
    /// With the segment of the record behind this one, or else the first.
    Behind(Sequence),
}

/// Reads everything from `start` on. `cluster` is checked if given.
pub(super) fn scan<D: Disk>(
    disk: &D,
    cluster: Option<ClusterName>,
    start: Start,
    observer: &mut dyn Observer,
) -> Result<Scanned, OpenError> {
    let numbers = segment_numbers(disk, start)?;
    let Some(first) = numbers.first().copied() else {
        return Ok(Scanned { numbers, chain: Chain::START, end: None, fault: None });
    };
    let mut scanner = Scanner {
        disk,
        cluster,
        numbers,
        chain: Chain::START,
        cursor: Cursor::new(),
        frames: VecDeque::new(),
        named: [Sequence(0); 2],
    };
    let first = match start {
        Start::Behind(sequence) => scanner.segment_of(sequence.next())?.unwrap_or(first),
        Start::Genesis | Start::First => first,
    };
    match scanner.open_header(first)? {
        (file, HeaderFound::Good(header)) => {
            if first > 1 {
                scanner.chain = Chain::before(&header);
            }
            scanner.run(file, header, observer)
        }
        (_, found) => scanner.nothing(first, found),
    }
}

pub(super) fn segment_numbers<D: Disk>(disk: &D, start: Start) -> Result<Vec<u64>, OpenError> {
    let names = disk.list().map_err(OpenError::disk("list", disk.path("")))?;
    let mut numbers = Vec::new();
    for name in names {
        match segment_number(&name) {
            Some(number) => numbers.push(number),
            None if name == LOCK_NAME || name == NODE_NAME => {}
            None => {
                let expected = segment_name(1);
                return Err(OpenError::ForeignFile { path: disk.path(&name), expected });
            }
        }
    }
    numbers.sort_unstable();
    // Segments are created, and removed, one by one with a sync of the directory in between, so no
    // crash leaves a gap. Pruning removes the lowest first.
    let first = match start {
        Start::Genesis => 1,
        Start::First | Start::Behind(_) => numbers.first().copied().unwrap_or(1),
    };
    for (number, expected) in numbers.iter().zip(first..) {
        if *number == expected {
            continue;
        }
        return Err(OpenError::MissingSegment {
            path: disk.path(&segment_name(expected)),
            found: segment_name(*number),
        });
    }
    Ok(numbers)
}

struct Scanner<'a, D: Disk> {
    disk: &'a D,
    cluster: Option<ClusterName>,
    numbers: Vec<u64>,
    chain: Chain,
    cursor: Cursor<D::File>,
    /// Frames (first sequence, segment, offset) from the first on that is not known to be durable.
    frames: VecDeque<(Sequence, u64, u64)>,
    /// What was named as released before the present frame, and what that names.
    named: [Sequence; 2],
}

enum Stop {
    /// The observer is satisfied.
    Enough,
    /// Zeros, or no room for a frame, where a batch or a record might begin.
    End,
    Bad(String),
}

enum Next {
    Entered(Header),
    /// There is no further segment in use.
    None,
    Fault(Fault),
}

struct Survey {
    synced: Sequence,
    first_byte: Option<(u64, u64)>,
}

impl<D: Disk> Scanner<'_, D> {
    fn run(
        mut self,
        file: D::File,
        mut header: Header,
        observer: &mut dyn Observer,
    ) -> Result<Scanned, OpenError> {
        let mut position = self.enter(file, &header, observer)?;
        let mut retried = None;
        loop {
            let fault = match self.walk(&header, &mut position, observer)? {
                Stop::Enough => {
                    let nothing = Survey { synced: Sequence(0), first_byte: None };
                    return Ok(self.finish(header, position, None, &nothing));
                }
                Stop::Bad(what) => Some(self.fault(&position, what)),
                Stop::End => match self.tail_fault(&header, &position)? {
                    Some(fault) => Some(fault),
                    None => match self.next(&position, observer)? {
                        Next::Entered(entered) => {
                            header = entered;
                            position = Position {
                                segment: entered.number,
                                offset: HEADER_SIZE as u64,
                                left_records: 0,
                                left_bytes: 0,
                            };
                            continue;
                        }
                        Next::None if self.is_short(&header, &position) => {
                            Some(self.fault(&position, "the batch ends within its records".into()))
                        }
                        Next::None => None,
                        Next::Fault(fault) => Some(fault),
                    },
                },
            };
            let survey = self.survey(&header, &position)?;
            let synced = survey.synced.max(self.chain.synced);
            if synced < self.chain.next {
                self.chain.synced = synced;
                return Ok(self.finish(header, position, fault, &survey));
            }
            if retried == Some(position) {
                let fault = fault.unwrap_or_else(|| {
                    self.fault(&position, "nothing stands where a record must".into())
                });
                return Err(OpenError::Corrupt {
                    path: self.disk.path(&fault.file),
                    offset: fault.offset,
                    what: fault.what,
                    sequence: self.chain.next.0,
                    synced: synced.0,
                });
            }
            retried = Some(position);
            self.cursor.forget();
        }
    }

    fn finish(
        mut self,
        header: Header,
        mut position: Position,
        mut fault: Option<Fault>,
        survey: &Survey,
    ) -> Scanned {
        if let (None, Some((segment, offset))) = (&fault, survey.first_byte) {
            let what = "bytes after the end of the journal".into();
            fault = Some(Fault { file: segment_name(segment), offset, what });
        }
        self.drop_synced_frames();
        let unsynced_from = match self.frames.front() {
            Some((_, segment, offset)) => (*segment, *offset),
            None => (position.segment, position.offset),
        };
        // The good records of a batch that is cut short stay.
        position.left_records = 0;
        position.left_bytes = 0;
        let end = Some(End { position, header, unsynced_from });
        Scanned { numbers: self.numbers, chain: self.chain, end, fault }
    }

    /// Records of the last batch are missing, and no frame behind them says that this is known.
    fn is_short(&self, header: &Header, position: &Position) -> bool {
        let has_room = header.segment_bytes >= position.offset + FRAME_SIZE as u64;
        position.left_records > 0 && has_room
    }

    /// The first segment has no good header. That is a journal which was just being created, and so
    /// never held anything, if nothing else is there.
    fn nothing(mut self, first: u64, found: HeaderFound) -> Result<Scanned, OpenError> {
        let mut survey = Survey { synced: Sequence(0), first_byte: None };
        for number in self.numbers.clone() {
            let (file, _) = self.open_header(number)?;
            let from = if number == first { HEADER_SIZE as u64 } else { 0 };
            self.survey_file(&file, number, from, None, &mut survey)?;
        }
        let what = match found {
            HeaderFound::Bad(what) => Some(what),
            _ => None,
        };
        if let Some((segment, offset)) = survey.first_byte {
            return Err(OpenError::Corrupt {
                path: self.disk.path(&segment_name(first)),
                offset: 0,
                what: format!(
                    "{}, yet {} holds data at byte {offset}",
                    what.unwrap_or("the segment's header is zero"),
                    segment_name(segment)
                ),
                sequence: 1,
                synced: 0,
            });
        }
        let fault =
            what.map(|what| Fault { file: segment_name(first), offset: 0, what: what.to_string() });
        Ok(Scanned { numbers: self.numbers, chain: Chain::START, end: None, fault })
    }

    /// The last segment that begins with this record or before it.
    fn segment_of(&mut self, sequence: Sequence) -> Result<Option<u64>, OpenError> {
        for number in self.numbers.clone().into_iter().rev() {
            if let (_, HeaderFound::Good(header)) = self.open_header(number)?
                && header.first <= sequence
            {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Opens a segment and judges its header, save for what comes before it.
    fn open_header(&mut self, number: u64) -> Result<(D::File, HeaderFound), OpenError> {
        let name = segment_name(number);
        let path = || self.disk.path(&name);
        let file = self.disk.open(&name).map_err(OpenError::disk("open", path()))?;
        let mut bytes = [0; HEADER_SIZE];
        let length = file.bytes().min(HEADER_SIZE as u64) as usize;
        file.read(0, &mut bytes[..length]).map_err(OpenError::disk("read", path()))?;
        let found = Header::get(&bytes[..length]);
        match &found {
            HeaderFound::Version(found) => {
                let expected = FORMAT_VERSION;
                return Err(OpenError::WrongVersion { path: path(), found: *found, expected });
            }
            HeaderFound::Good(header) => self.judge(header, number, &file)?,
            HeaderFound::Zero | HeaderFound::Bad(_) => {}
        }
        Ok((file, found))
    }

    fn judge(&self, header: &Header, number: u64, file: &D::File) -> Result<(), OpenError> {
        let path = || self.disk.path(&segment_name(number));
        if let Some(expected) = self.cluster.filter(|cluster| *cluster != header.cluster) {
            return Err(OpenError::WrongCluster {
                path: path(),
                found: header.cluster.to_string(),
                expected: expected.to_string(),
            });
        }
        let mark = self.cursor.mark.unwrap_or(header.mark);
        if header.number != number || header.mark != mark {
            return Err(OpenError::WrongSegment {
                path: path(),
                found: header.number,
                expected: number,
                found_mark: header.mark,
                expected_mark: mark,
            });
        }
        if file.bytes() > header.segment_bytes {
            return Err(OpenError::Corrupt {
                path: path(),
                offset: header.segment_bytes,
                what: format!("the file has {} bytes, more than its header says", file.bytes()),
                sequence: self.chain.next.0,
                synced: self.chain.synced.0,
            });
        }
        Ok(())
    }

    fn enter(
        &mut self,
        file: D::File,
        header: &Header,
        observer: &mut dyn Observer,
    ) -> Result<Position, OpenError> {
        if !self.continues(header) {
            // Only the first segment comes here unchecked.
            return Err(OpenError::Corrupt {
                path: self.disk.path(&segment_name(header.number)),
                offset: 0,
                what: format!("the first segment begins with record {}", header.first),
                sequence: self.chain.next.0,
                synced: header.synced.0,
            });
        }
        file.will_read(0, file.bytes());
        self.chain.synced = self.chain.synced.max(header.synced);
        self.cursor.open(file, header.mark);
        observer.segment(header);
        Ok(Position {
            segment: header.number,
            offset: HEADER_SIZE as u64,
            left_records: 0,
            left_bytes: 0,
        })
    }

    fn continues(&self, header: &Header) -> bool {
        header.first == self.chain.next
            && header.hash == self.chain.hash
            && header.epoch == self.chain.epoch
            && header.timestamp == self.chain.timestamp
            && header.synced < header.first
    }

    fn next(
        &mut self,
        position: &Position,
        observer: &mut dyn Observer,
    ) -> Result<Next, OpenError> {
        let number = position.segment + 1;
        if self.numbers.binary_search(&number).is_err() {
            return Ok(Next::None);
        }
        let (file, found) = match self.open_header(number) {
            Err(error) if is_gone(&error) => return Ok(Next::None),
            opened => opened?,
        };
        let fault =
            |what: &str| Fault { file: segment_name(number), offset: 0, what: what.to_string() };
        match found {
            HeaderFound::Zero => Ok(Next::None),
            HeaderFound::Good(header) if self.continues(&header) => {
                self.enter(file, &header, observer)?;
                Ok(Next::Entered(header))
            }
            HeaderFound::Good(header) => {
                let what = format!(
                    "the segment ends before record {}, and the next begins with record {}",
                    self.chain.next, header.first
                );
                Ok(Next::Fault(self.fault(position, what)))
            }
            HeaderFound::Bad(what) => Ok(Next::Fault(fault(what))),
            HeaderFound::Version(_) => Ok(Next::Fault(fault("another format version"))),
        }
    }

    /// Follows batches and records through the current segment.
    fn walk(
        &mut self,
        header: &Header,
        position: &mut Position,
        observer: &mut dyn Observer,
    ) -> Result<Stop, OpenError> {
        loop {
            if observer.is_satisfied() {
                return Ok(Stop::Enough);
            }
            let result = if position.left_records == 0 {
                self.walk_frame(header, position, observer)
            } else {
                self.walk_records(position, observer)
            };
            match result {
                Ok(None) => {}
                Ok(Some(stop)) => return Ok(stop),
                Err(error) => {
                    let path = self.disk.path(&segment_name(position.segment));
                    return Err(OpenError::disk("read", path)(error));
                }
            }
        }
    }

    fn walk_frame(
        &mut self,
        header: &Header,
        position: &mut Position,
        observer: &mut dyn Observer,
    ) -> std::io::Result<Option<Stop>> {
        let bytes = self.cursor.peek(position.offset, FRAME_SIZE)?;
        if bytes.len() < ALIGNMENT || word(bytes, 0) == 0 {
            return Ok(Some(Stop::End));
        }
        let frame = match Frame::get(bytes, header.mark) {
            Ok(frame) => frame,
            Err(what) => return Ok(Some(Stop::Bad(what.into()))),
        };
        let end = position.offset + FRAME_SIZE as u64 + u64::from(frame.bytes);
        let what = if frame.first != self.chain.next {
            format!("a batch begins with record {}", frame.first)
        } else if frame.hash != self.chain.hash {
            "the batch does not continue the running hash".into()
        } else if end > header.segment_bytes || (frame.records == 0) != (frame.bytes == 0) {
            format!("a batch of {} records and {} bytes", frame.records, frame.bytes)
        } else {
            self.frames.push_back((frame.first, position.segment, position.offset));
            self.chain.synced = self.chain.synced.max(frame.synced);
            self.named = [self.chain.released, frame.released];
            self.chain.released = self.chain.released.max(frame.released);
            self.drop_synced_frames();
            position.offset += FRAME_SIZE as u64;
            position.left_records = frame.records;
            position.left_bytes = frame.bytes;
            observer.frame(&frame);
            return Ok(None);
        };
        Ok(Some(Stop::Bad(what)))
    }

    /// Follows the records of a batch, as far as they are good.
    fn walk_records(
        &mut self,
        position: &mut Position,
        observer: &mut dyn Observer,
    ) -> std::io::Result<Option<Stop>> {
        while position.left_records > 0 {
            let bytes = self.cursor.peek(position.offset, RECORD_SIZE_MAX)?;
            if bytes.len() >= ALIGNMENT && word(bytes, 0) == FRAME_LENGTH {
                // A batch that recovery cut short, and the frame that was written behind it.
                position.left_records = 0;
                position.left_bytes = 0;
                return Ok(None);
            }
            if bytes.len() >= ALIGNMENT && word(bytes, 0) == 0 {
                return Ok(Some(Stop::End));
            }
            let length = match Record::length(bytes) {
                Ok(length) if length <= position.left_bytes as usize => length,
                Ok(length) => {
                    return Ok(Some(Stop::Bad(format!("a record of {length} bytes is too long"))));
                }
                Err(error) => return Ok(Some(Stop::Bad(error.to_string()))),
            };
            let bytes = &bytes[..length];
            if crc32c::crc32c(&bytes[SEQUENCE_AT..]) != word(bytes, CRC_AT) {
                return Ok(Some(Stop::Bad("the CRC of the record is wrong".into())));
            }
            let record = match Record::get(bytes) {
                Ok(record) => record,
                Err(error) => return Ok(Some(Stop::Bad(error.to_string()))),
            };
            if record.sequence != self.chain.next {
                let what = format!("record {} stands there", record.sequence);
                return Ok(Some(Stop::Bad(what)));
            }
            if record.epoch < self.chain.epoch {
                let what = format!("epoch {} comes after {}", record.epoch, self.chain.epoch);
                return Ok(Some(Stop::Bad(what)));
            }
            let left_bytes = position.left_bytes - length as u32;
            if position.left_records == 1 && left_bytes != 0 {
                return Ok(Some(Stop::Bad("the batch is longer than its records".into())));
            }
            if self.chain.begins_reign(record.epoch) {
                observer.reign(&self.chain.reign_start(record.epoch));
                let [before, here] = self.named;
                self.chain.released = before.min(self.chain.last()).max(here);
            }
            self.chain.hash = chain(self.chain.hash, bytes);
            self.chain.next = record.sequence.next();
            self.chain.epoch = record.epoch;
            self.chain.timestamp = record.timestamp;
            position.offset += length as u64;
            position.left_records -= 1;
            position.left_bytes = left_bytes;
            observer.record(&record, bytes);
            if observer.is_satisfied() {
                break;
            }
        }
        Ok(None)
    }

    /// A frame is known to be durable once a record behind the next frame is: syncs go in order. That
    /// its own records are is not enough, since it may have none.
    fn drop_synced_frames(&mut self) {
        while self.frames.get(1).is_some_and(|(first, ..)| *first <= self.chain.synced) {
            self.frames.pop_front();
        }
    }

    /// A segment ends in zeros up to its full length.
    fn tail_fault(
        &mut self,
        header: &Header,
        position: &Position,
    ) -> Result<Option<Fault>, OpenError> {
        let length = self.cursor.bytes;
        if length < header.segment_bytes {
            let what = format!("the file ends at byte {length} of {}", header.segment_bytes);
            return Ok(Some(self.fault(position, what)));
        }
        let mut offset = position.offset;
        while offset < length {
            let bytes = self.cursor.peek(offset, CHUNK_BYTES).map_err(OpenError::disk(
                "read",
                self.disk.path(&segment_name(position.segment)),
            ))?;
            if !is_zero(bytes) {
                let what = "bytes after the last batch of the segment".into();
                return Ok(Some(self.fault(position, what)));
            }
            offset += bytes.len() as u64;
        }
        Ok(None)
    }

    fn fault(&self, position: &Position, what: String) -> Fault {
        Fault { file: segment_name(position.segment), offset: position.offset, what }
    }

    /// Searches all that lies behind for what good frames and headers name as synced.
    fn survey(&mut self, header: &Header, position: &Position) -> Result<Survey, OpenError> {
        let mut survey = Survey { synced: Sequence(0), first_byte: None };
        for number in self.numbers.clone() {
            if number < position.segment {
                continue;
            }
            let (file, found) = match self.open_header(number) {
                Err(error) if number > position.segment && is_gone(&error) => continue,
                opened => opened?,
            };
            let mut from = 0;
            if number == position.segment {
                from = position.offset;
            } else if let HeaderFound::Good(found) = found {
                survey.synced = survey.synced.max(found.synced);
            }
            self.survey_file(&file, number, from, Some(header.mark), &mut survey)?;
        }
        Ok(survey)
    }

    fn survey_file(
        &mut self,
        file: &D::File,
        number: u64,
        from: u64,
        mark: Option<u64>,
        survey: &mut Survey,
    ) -> Result<(), OpenError> {
        let mut buffer = vec![0; CHUNK_BYTES + FRAME_SIZE];
        let mut offset = from;
        while offset < file.bytes() {
            // A frame may cross into the next chunk.
            let length = (file.bytes() - offset).min(buffer.len() as u64) as usize;
            let bytes = &mut buffer[..length];
            file.read(offset, bytes)
                .map_err(OpenError::disk("read", self.disk.path(&segment_name(number))))?;
            if !is_zero(bytes) {
                if survey.first_byte.is_none() {
                    let index = bytes.iter().position(|byte| *byte != 0).unwrap_or(0);
                    survey.first_byte = Some((number, offset + index as u64));
                }
                let starts = (0..length.saturating_sub(FRAME_SIZE - 1)).step_by(ALIGNMENT);
                for at in starts.filter(|at| word(bytes, *at) == FRAME_LENGTH) {
                    let frame = mark.map(|mark| Frame::get(&bytes[at..], mark));
                    if let Some(Ok(frame)) = frame {
                        survey.synced = survey.synced.max(frame.synced);
                    }
                }
            }
            offset += CHUNK_BYTES as u64;
        }
        Ok(())
    }
}

/// A segment that was being prepared, and could not be, is gone again: the disk is full.
fn is_gone(error: &OpenError) -> bool {
    let OpenError::Disk { source, .. } = error else { return false };
    source.kind() == std::io::ErrorKind::NotFound
}

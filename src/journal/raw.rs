//! Reads records as bytes, unchanged, from a journal that may be written meanwhile.
//!
//! 1. It begins with the segment of the record behind the one that is named, and goes frame by frame. The running
//!    hash after the named record comes from the frame of its batch and the records of that batch; no others
//!    are hashed.
//! 2. Of every record its CRC and its sequence are checked, of every frame also the mark; nothing is decoded.
//! 3. A frame is written after its records, and its first bytes last. So what stands at the end is zero, or whole;
//!    zeros mean "not yet". What is neither is read again and again, before it is called corrupt.
//! 4. It stays where it is: the next call goes on from there. Behind the last batch of a segment that is the
//!    beginning of the next one, once that has a header.
//!
//! It takes no part in deciding where a journal ends: that is recovery's, and was done before anything was
//! appended in this life of the journal. Everything behind is what this life's writer put there.

use std::io;

use super::cursor::Cursor;
use super::disk::{Disk, DiskFile};
use super::error::OpenError;
use super::format::{
    FRAME_LENGTH, FRAME_SIZE, Frame, HEADER_SIZE, Header, chain, long, segment_name, word,
};
use super::read::segment_header;
use super::scan::{Start, segment_numbers};
use crate::model::limit::RECORD_SIZE_MAX;
use crate::model::record::{ALIGNMENT, CRC_AT, SEQUENCE_AT};
use crate::model::{Record, Sequence};

/// How often bytes that are not right are looked at before they are called so. Whoever writes them may have been
/// stopped in between.
const LOOKS_MAX: u32 = 100;

/// See the module.
pub struct RawReader<D: Disk> {
    disk: D,
    /// The record behind which reading begins.
    behind: Sequence,
    segment: Option<Segment>,
    cursor: Cursor<D::File>,
    /// The next record.
    next: Sequence,
    /// The running hash before it; right only up to the record behind `behind`.
    hash: u64,
    /// Where something stood that is neither whole nor zero, and how often it was looked at.
    doubt: (u64, u64, u32),
}

/// Where in a segment.
#[derive(Debug, Clone, Copy)]
struct Segment {
    header: Header,
    offset: u64,
    /// Records of the batch that are still to come.
    left_records: u32,
    /// Bytes of them.
    left_bytes: u32,
    /// The batch holds a record up to `behind`.
    is_hashed: bool,
}

impl Segment {
    fn begin(header: Header) -> Self {
        let offset = HEADER_SIZE as u64;
        Self { header, offset, left_records: 0, left_bytes: 0, is_hashed: false }
    }
}

/// Why a step led nowhere.
enum Halt {
    /// Nothing stands there yet.
    End,
    /// What stands there is not right, or not yet.
    Bad(String),
    Disk(io::Error),
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl<D: Disk> RawReader<D> {
    /// A reader of what follows on the record `behind`, which need not be there yet. Nothing is read.
    pub fn new(disk: D, behind: Sequence) -> Self {
        let (cursor, next) = (Cursor::new(), Sequence(0));
        Self { disk, behind, segment: None, cursor, next, hash: 0, doubt: (0, 0, 0) }
    }

    /// The running hash after the record behind which reading begins, once [`Self::read`] came so far.
    pub fn hash(&self) -> Option<u64> {
        (self.next > self.behind).then_some(self.hash)
    }

    /// The record that is read next.
    pub fn next(&self) -> Sequence {
        self.next.max(self.behind.next())
    }

    /// Reads on: puts whole records behind `out`, until that has `bytes` or the journal has no more for now. False
    /// in the latter case. [`OpenError::Pruned`] where the next record is in the journal no more.
    pub fn read(&mut self, out: &mut Vec<u8>, bytes: usize) -> Result<bool, OpenError> {
        while out.len() < bytes {
            let Some(mut segment) = self.entered()? else { return Ok(false) };
            let result = self.read_segment(&mut segment, out, bytes);
            self.segment = Some(segment);
            match result {
                Ok(()) => {}
                Err(halt) => {
                    // What was read ahead may have changed meanwhile.
                    self.cursor.forget();
                    if !self.go_on(&segment, halt)? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// The segment in which it reads, found where that was not yet done.
    fn entered(&mut self) -> Result<Option<Segment>, OpenError> {
        if self.segment.is_none() {
            let wanted = self.behind.next();
            let mut first = None;
            for number in segment_numbers(&self.disk, Start::First)?.into_iter().rev() {
                let Some(header) = self.header(number)? else { continue };
                first = Some(header.first);
                if header.first <= wanted {
                    self.enter(header)?;
                    break;
                }
            }
            if let (None, Some(first)) = (&self.segment, first) {
                return Err(self.pruned(first));
            }
        }
        Ok(self.segment)
    }

    /// The header of a segment; none where it has none yet, or is gone.
    fn header(&self, number: u64) -> Result<Option<Header>, OpenError> {
        match segment_header(&self.disk, number) {
            Err(OpenError::Disk { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            result => result,
        }
    }

    fn enter(&mut self, header: Header) -> Result<(), OpenError> {
        let name = segment_name(header.number);
        let file = match self.disk.open(&name) {
            // Pruned between two looks: the next one tells.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file.map_err(OpenError::disk("open", self.disk.path(&name)))?,
        };
        file.will_read(0, file.bytes());
        self.cursor.open(file, header.mark);
        self.segment = Some(Segment::begin(header));
        self.next = header.first;
        self.hash = if header.first <= self.behind.next() { header.hash } else { self.hash };
        Ok(())
    }

    /// Whether there is more to read although reading came to a halt.
    fn go_on(&mut self, segment: &Segment, halt: Halt) -> Result<bool, OpenError> {
        let number = segment.header.number;
        let path = || self.disk.path(&segment_name(number));
        let what = match halt {
            Halt::Disk(error) => return Err(OpenError::disk("read", path())(error)),
            Halt::Bad(what) => what,
            Halt::End => match self.header(number + 1)? {
                Some(next) if next.mark != segment.header.mark => {
                    "the next segment is of another journal".to_owned()
                }
                Some(next) if next.first == self.next => {
                    self.enter(next)?;
                    return Ok(true);
                }
                // A batch came between the two looks, or is missing.
                Some(next) => format!("the next segment begins with record {}", next.first),
                None => return self.is_pruned(number + 1).map(|()| false),
            },
        };
        let looks = match self.doubt {
            (segment_then, offset, looks) if (segment_then, offset) == (number, segment.offset) => {
                looks + 1
            }
            _ => 1,
        };
        if looks > LOOKS_MAX {
            let (offset, sequence) = (segment.offset, self.next);
            return Err(OpenError::NotReadable { path: path(), offset, what, sequence });
        }
        self.doubt = (number, segment.offset, looks);
        Ok(false)
    }

    /// An error where the segment that comes next was pruned, and is not only not there yet.
    fn is_pruned(&self, next: u64) -> Result<(), OpenError> {
        let numbers = segment_numbers(&self.disk, Start::First)?;
        match numbers.first() {
            Some(first) if *first > next => match self.header(*first)? {
                Some(header) => Err(self.pruned(header.first)),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn pruned(&self, first: Sequence) -> OpenError {
        OpenError::Pruned { path: self.disk.path(""), first }
    }

    /// Reads within a segment, up to its present end.
    fn read_segment(
        &mut self,
        segment: &mut Segment,
        out: &mut Vec<u8>,
        bytes: usize,
    ) -> Result<(), Halt> {
        while out.len() < bytes {
            if segment.left_records == 0 {
                self.read_frame(segment)?;
            } else {
                self.read_record(segment, out)?;
            }
        }
        Ok(())
    }

    fn read_frame(&mut self, segment: &mut Segment) -> Result<(), Halt> {
        let found = self.cursor.peek(segment.offset, FRAME_SIZE)?;
        if found.len() < ALIGNMENT || word(found, 0) == 0 {
            return Err(Halt::End);
        }
        let frame = Frame::get(found, segment.header.mark);
        let frame = frame.map_err(|what| Halt::Bad(what.to_owned()))?;
        if frame.first != self.next {
            return Err(Halt::Bad(format!("a batch begins with record {}", frame.first)));
        }
        segment.offset += FRAME_SIZE as u64;
        segment.left_records = frame.records;
        segment.left_bytes = frame.bytes;
        let end = frame.first.0.saturating_add(u64::from(frame.records));
        segment.is_hashed = frame.first <= self.behind && self.behind.0 < end;
        if frame.first <= self.behind.next() {
            self.hash = frame.hash;
        }
        Ok(())
    }

    fn read_record(&mut self, segment: &mut Segment, out: &mut Vec<u8>) -> Result<(), Halt> {
        let bytes = self.cursor.peek(segment.offset, RECORD_SIZE_MAX)?;
        if bytes.len() < ALIGNMENT || word(bytes, 0) == 0 {
            // A batch that recovery cut short, with nothing behind it yet.
            return Err(Halt::End);
        }
        if word(bytes, 0) == FRAME_LENGTH {
            // The same, with the next batch behind it.
            (segment.left_records, segment.left_bytes) = (0, 0);
            return Ok(());
        }
        let length = Record::length(bytes).map_err(|error| Halt::Bad(error.to_string()))?;
        if length > segment.left_bytes as usize {
            return Err(Halt::Bad(format!("a record of {length} bytes is too long")));
        }
        let bytes = &bytes[..length];
        if crc32c::crc32c(&bytes[SEQUENCE_AT..]) != word(bytes, CRC_AT) {
            return Err(Halt::Bad("the CRC of the record is wrong".to_owned()));
        }
        let sequence = long(bytes, SEQUENCE_AT);
        if sequence != self.next.0 {
            return Err(Halt::Bad(format!("record {sequence} stands there")));
        }
        if self.next > self.behind {
            out.extend_from_slice(bytes);
        } else if segment.is_hashed {
            self.hash = chain(self.hash, bytes);
        }
        self.next = self.next.next();
        segment.offset += length as u64;
        segment.left_records -= 1;
        segment.left_bytes -= length as u32;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

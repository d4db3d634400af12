//! The bytes of a segment's header and of a batch's frame. The table is in the room's head.

use crate::model::record::SEQUENCE_AT;
use crate::model::wire::Wire;
use crate::model::{ClusterName, Epoch, Sequence, Timestamp};

/// What every segment begins with.
pub const MAGIC: [u8; 8] = *b"CASTLEJ1";
/// The version of the layout that this program writes and reads.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC_AT: usize = 0;
const VERSION_AT: usize = MAGIC_AT + 8;
const EPOCH_AT: usize = VERSION_AT + 4;
const NUMBER_AT: usize = EPOCH_AT + 4;
const SEGMENT_BYTES_AT: usize = NUMBER_AT + 8;
const FIRST_AT: usize = SEGMENT_BYTES_AT + 8;
const HASH_AT: usize = FIRST_AT + 8;
const TIMESTAMP_AT: usize = HASH_AT + 8;
const SYNCED_AT: usize = TIMESTAMP_AT + 8;
const MARK_AT: usize = SYNCED_AT + 8;
const CLUSTER_AT: usize = MARK_AT + 8;
const RESERVED_AT: usize = CLUSTER_AT + ClusterName::SIZE;
const HEADER_CRC_AT: usize = HEADER_SIZE - 4;
/// Bytes of a segment before its first batch; one piece of a disk, so that it is rarely torn.
pub const HEADER_SIZE: usize = 512;
const _: () = assert!(RESERVED_AT <= HEADER_CRC_AT);

const FRAME_LENGTH_AT: usize = 0;
const FRAME_CRC_AT: usize = FRAME_LENGTH_AT + 4;
const FRAME_MARK_AT: usize = FRAME_CRC_AT + 4;
const FRAME_FIRST_AT: usize = FRAME_MARK_AT + 8;
const FRAME_SYNCED_AT: usize = FRAME_FIRST_AT + 8;
const FRAME_RELEASED_AT: usize = FRAME_SYNCED_AT + 8;
const FRAME_HASH_AT: usize = FRAME_RELEASED_AT + 8;
const FRAME_BYTES_AT: usize = FRAME_HASH_AT + 8;
const FRAME_RECORDS_AT: usize = FRAME_BYTES_AT + 4;
/// Bytes of a batch's frame.
pub const FRAME_SIZE: usize = FRAME_RECORDS_AT + 4;
/// What stands where a record has its length: no record is that long.
pub const FRAME_LENGTH: u32 = 0x8000_0000 | FRAME_SIZE as u32;
const _: () = assert!(FRAME_SIZE.is_multiple_of(crate::model::record::ALIGNMENT));
const _: () = assert!(HEADER_SIZE.is_multiple_of(crate::model::record::ALIGNMENT));

/// What a file of the journal that is no segment is called: the lock.
pub const LOCK_NAME: &str = "lock";
const SEGMENT_SUFFIX: &str = ".segment";
const SEGMENT_DIGITS: usize = 12;

/// The file name of a segment.
pub fn segment_name(number: u64) -> String {
    format!("{number:0SEGMENT_DIGITS$}{SEGMENT_SUFFIX}")
}

/// The number of the segment that a file name names.
pub fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SEGMENT_SUFFIX)?;
    let number: u64 = digits.parse().ok()?;
    (number > 0 && segment_name(number) == name).then_some(number)
}

/// The header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The number in its name, from 1.
    pub number: u64,
    /// The length of the file in bytes.
    pub segment_bytes: u64,
    /// The sequence of its first record.
    pub first: Sequence,
    /// The epoch of the record before.
    pub epoch: Epoch,
    /// The time of the record before.
    pub timestamp: Timestamp,
    /// The running hash before its first record.
    pub hash: u64,
    /// The highest sequence known to be synced when the header was written.
    pub synced: Sequence,
    /// The journal's own mark: a random number that outsiders cannot know, so that nothing that a
    /// client sends can look like a frame.
    pub mark: u64,
    /// The cluster whose log it is.
    pub cluster: ClusterName,
}

/// What the first bytes of a segment are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderFound {
    /// All zero: a segment prepared but not used.
    Zero,
    /// A header.
    Good(Header),
    /// A good header of a format that this program does not read.
    Version(u32),
    /// Anything else.
    Bad(&'static str),
}

impl Header {
    /// Writes the header.
    pub fn put(&self) -> [u8; HEADER_SIZE] {
        let mut out = [0; HEADER_SIZE];
        out[MAGIC_AT..VERSION_AT].copy_from_slice(&MAGIC);
        FORMAT_VERSION.put(&mut out[VERSION_AT..EPOCH_AT]);
        self.epoch.put(&mut out[EPOCH_AT..NUMBER_AT]);
        self.number.put(&mut out[NUMBER_AT..SEGMENT_BYTES_AT]);
        self.segment_bytes.put(&mut out[SEGMENT_BYTES_AT..FIRST_AT]);
        self.first.put(&mut out[FIRST_AT..HASH_AT]);
        self.hash.put(&mut out[HASH_AT..TIMESTAMP_AT]);
        self.timestamp.put(&mut out[TIMESTAMP_AT..SYNCED_AT]);
        self.synced.put(&mut out[SYNCED_AT..MARK_AT]);
        self.mark.put(&mut out[MARK_AT..CLUSTER_AT]);
        self.cluster.put(&mut out[CLUSTER_AT..RESERVED_AT]);
        let crc = crc32c::crc32c(&out[..HEADER_CRC_AT]);
        crc.put(&mut out[HEADER_CRC_AT..]);
        out
    }

    /// Reads what a segment begins with. Magic, version and CRC stand at these places in every
    /// version of the format.
    pub fn get(bytes: &[u8]) -> HeaderFound {
        if bytes.iter().all(|byte| *byte == 0) {
            return HeaderFound::Zero;
        }
        if bytes.len() < HEADER_SIZE {
            return HeaderFound::Bad("the file is shorter than a segment's header");
        }
        let bytes = &bytes[..HEADER_SIZE];
        if bytes[MAGIC_AT..VERSION_AT] != MAGIC {
            return HeaderFound::Bad("the file does not begin like a segment");
        }
        if crc32c::crc32c(&bytes[..HEADER_CRC_AT]) != word(bytes, HEADER_CRC_AT) {
            return HeaderFound::Bad("the CRC of the segment's header is wrong");
        }
        let version = word(bytes, VERSION_AT);
        if version != FORMAT_VERSION {
            return HeaderFound::Version(version);
        }
        let Ok(cluster) = ClusterName::get(&bytes[CLUSTER_AT..RESERVED_AT]) else {
            return HeaderFound::Bad("the cluster in the segment's header is no text");
        };
        HeaderFound::Good(Self {
            number: long(bytes, NUMBER_AT),
            segment_bytes: long(bytes, SEGMENT_BYTES_AT),
            first: Sequence(long(bytes, FIRST_AT)),
            epoch: Epoch(word(bytes, EPOCH_AT)),
            timestamp: Timestamp(long(bytes, TIMESTAMP_AT)),
            hash: long(bytes, HASH_AT),
            synced: Sequence(long(bytes, SYNCED_AT)),
            mark: long(bytes, MARK_AT),
            cluster,
        })
    }
}

/// The frame before a batch's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// See [`Header::mark`].
    pub mark: u64,
    /// The sequence of the batch's first record; for a batch of none, of the next.
    pub first: Sequence,
    /// The highest sequence known to be synced when the batch was written; below `first`.
    pub synced: Sequence,
    /// The highest sequence whose events had been released when the batch was written.
    pub released: Sequence,
    /// The running hash before the batch's first record.
    pub hash: u64,
    /// Bytes of records that follow.
    pub bytes: u32,
    /// How many records follow.
    pub records: u32,
}

impl Frame {
    /// Writes the frame to the first `FRAME_SIZE` bytes of `out`.
    pub fn put(&self, out: &mut [u8]) {
        FRAME_LENGTH.put(&mut out[FRAME_LENGTH_AT..FRAME_CRC_AT]);
        self.mark.put(&mut out[FRAME_MARK_AT..FRAME_FIRST_AT]);
        self.first.put(&mut out[FRAME_FIRST_AT..FRAME_SYNCED_AT]);
        self.synced.put(&mut out[FRAME_SYNCED_AT..FRAME_RELEASED_AT]);
        self.released.put(&mut out[FRAME_RELEASED_AT..FRAME_HASH_AT]);
        self.hash.put(&mut out[FRAME_HASH_AT..FRAME_BYTES_AT]);
        self.bytes.put(&mut out[FRAME_BYTES_AT..FRAME_RECORDS_AT]);
        self.records.put(&mut out[FRAME_RECORDS_AT..FRAME_SIZE]);
        let crc = crc32c::crc32c(&out[FRAME_MARK_AT..FRAME_SIZE]);
        crc.put(&mut out[FRAME_CRC_AT..FRAME_MARK_AT]);
    }

    /// Reads the frame that `bytes` begin with, or says why they begin with none of this journal.
    pub fn get(bytes: &[u8], mark: u64) -> Result<Self, &'static str> {
        if bytes.len() < FRAME_SIZE {
            return Err("the segment ends within the frame of a batch");
        }
        if word(bytes, FRAME_LENGTH_AT) != FRAME_LENGTH {
            return Err("no frame of a batch where one must be");
        }
        if long(bytes, FRAME_MARK_AT) != mark {
            return Err("the frame of the batch is not of this journal");
        }
        if crc32c::crc32c(&bytes[FRAME_MARK_AT..FRAME_SIZE]) != word(bytes, FRAME_CRC_AT) {
            return Err("the CRC of the batch's frame is wrong");
        }
        let frame = Self {
            mark,
            first: Sequence(long(bytes, FRAME_FIRST_AT)),
            synced: Sequence(long(bytes, FRAME_SYNCED_AT)),
            released: Sequence(long(bytes, FRAME_RELEASED_AT)),
            hash: long(bytes, FRAME_HASH_AT),
            bytes: word(bytes, FRAME_BYTES_AT),
            records: word(bytes, FRAME_RECORDS_AT),
        };
        if frame.synced >= frame.first {
            return Err("the frame names records as synced that were not yet written");
        }
        Ok(frame)
    }
}

/// The running hash after a record. Length and CRC take no part, so that who has a record before the journal
/// fills in its CRC comes to the same.
#[inline]
pub fn chain(hash: u64, record: &[u8]) -> u64 {
    fold(hash, record.get(SEQUENCE_AT..).unwrap_or_default())
}

/// A hash of bytes and of what came before them.
#[inline]
pub(super) fn fold(hash: u64, bytes: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot_with_seed(hash, bytes)
}

/// The `u32` at an offset; `bytes` are long enough.
#[inline]
pub(super) fn word(bytes: &[u8], at: usize) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(value)
}

/// The `u64` at an offset; `bytes` are long enough.
#[inline]
pub(super) fn long(bytes: &[u8], at: usize) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            number: 3,
            segment_bytes: 4096,
            first: Sequence(7),
            epoch: Epoch(2),
            timestamp: Timestamp(9),
            hash: 11,
            synced: Sequence(5),
            mark: 13,
            cluster: ClusterName::truncated(b"castle"),
        }
    }

    #[test]
    fn a_header_comes_back_as_it_was_written() {
        assert_eq!(Header::get(&header().put()), HeaderFound::Good(header()));
    }

    #[test]
    fn a_header_of_another_version_is_told_from_a_damaged_one() {
        let mut bytes = header().put();
        bytes[VERSION_AT] = 9;
        assert!(matches!(Header::get(&bytes), HeaderFound::Bad(_)));
        let crc = crc32c::crc32c(&bytes[..HEADER_CRC_AT]);
        crc.put(&mut bytes[HEADER_CRC_AT..]);
        assert_eq!(Header::get(&bytes), HeaderFound::Version(9));
    }

    #[test]
    fn a_frame_comes_back_as_it_was_written_and_only_under_its_mark() {
        let frame = Frame {
            mark: 1,
            first: Sequence(9),
            synced: Sequence(8),
            released: Sequence(3),
            hash: 4,
            bytes: 400,
            records: 6,
        };
        let mut bytes = [0; FRAME_SIZE];
        frame.put(&mut bytes);
        assert_eq!(Frame::get(&bytes, 1), Ok(frame));
        assert!(Frame::get(&bytes, 2).is_err());
        for at in 0..FRAME_SIZE {
            let mut damaged = bytes;
            damaged[at] ^= 1;
            assert!(Frame::get(&damaged, 1).is_err(), "byte {at}");
        }
    }

    #[test]
    fn only_the_exact_name_of_a_segment_is_one() {
        assert_eq!(segment_number(&segment_name(12)), Some(12));
        for foreign in ["12.segment", "000000000000.segment", "000000000012.segmen", "lock", ""] {
            assert_eq!(segment_number(foreign), None, "{foreign}");
        }
    }
}

//! A record: a command with its place and time in the log.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | length: header, payload and padding, a multiple of 8 |
//! | 4 | 4 | CRC-32C of bytes 8 to length; the journal fills it in |
//! | 8 | 8 | sequence |
//! | 16 | 8 | timestamp |
//! | 24 | 4 | epoch |
//! | 28 | 2 | shard |
//! | 30 | 1 | kind of the command |
//! | 31 | 1 | bytes of padding |
//! | 32 | | the command |

use crate::model::command::Command;
use crate::model::id::{Epoch, Sequence, ShardId, Timestamp};
use crate::model::limit::RECORD_SIZE_MAX;
use crate::model::wire::{Malformed, Wire};

/// Bytes before the command.
pub const HEADER_SIZE: usize = 32;
/// Where the length stands.
pub const LENGTH_AT: usize = 0;
/// Where the CRC stands.
pub const CRC_AT: usize = 4;
/// Where the sequence stands, and where the CRC begins to count.
pub const SEQUENCE_AT: usize = 8;
/// Where the timestamp stands.
pub const TIMESTAMP_AT: usize = 16;
/// Where the epoch stands.
pub const EPOCH_AT: usize = 24;
/// Where the shard stands.
pub const SHARD_AT: usize = 28;
/// Where the kind stands.
pub const KIND_AT: usize = 30;
/// Where the number of padding bytes stands.
pub const PADDING_AT: usize = 31;
/// Records begin at multiples of it.
pub const ALIGNMENT: usize = 8;

/// A command with its place and time in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub sequence: Sequence,
    /// When it was sequenced; never below the record before.
    pub timestamp: Timestamp,
    /// Under which primary.
    pub epoch: Epoch,
    /// By which engine.
    pub shard: ShardId,
    /// What is asked.
    pub command: Command,
}

/// A record in bytes: the slot of the log ring. Any bytes are a valid slot, though not a valid record.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct RecordBytes(pub [u8; RECORD_SIZE_MAX]);

impl Default for RecordBytes {
    fn default() -> Self {
        Self([0; RECORD_SIZE_MAX])
    }
}

impl Record {
    /// Writes the record, its CRC left zero, and returns its length in bytes.
    #[inline]
    pub fn put(&self, out: &mut RecordBytes) -> usize {
        let out = &mut out.0;
        let payload = self.command.put(&mut out[HEADER_SIZE..]);
        let length = (HEADER_SIZE + payload).next_multiple_of(ALIGNMENT);
        let padding = length - HEADER_SIZE - payload;
        out[HEADER_SIZE + payload..length].fill(0);
        (length as u32).put(&mut out[LENGTH_AT..CRC_AT]);
        0_u32.put(&mut out[CRC_AT..SEQUENCE_AT]);
        self.sequence.put(&mut out[SEQUENCE_AT..TIMESTAMP_AT]);
        self.timestamp.put(&mut out[TIMESTAMP_AT..EPOCH_AT]);
        self.epoch.put(&mut out[EPOCH_AT..SHARD_AT]);
        self.shard.put(&mut out[SHARD_AT..KIND_AT]);
        out[KIND_AT] = self.command.kind();
        out[PADDING_AT] = padding as u8;
        length
    }

    /// Reads a record from the bytes it begins with; its CRC is the caller's business.
    pub fn get(bytes: &[u8]) -> Result<Self, Malformed> {
        let length = Self::length(bytes)?;
        let padding = usize::from(bytes[PADDING_AT]);
        if padding >= ALIGNMENT || HEADER_SIZE + padding > length {
            return Err(Malformed { what: "padding of a record", value: padding as u64 });
        }
        let payload = &bytes[HEADER_SIZE..length - padding];
        Ok(Self {
            sequence: Sequence::get(&bytes[SEQUENCE_AT..TIMESTAMP_AT])?,
            timestamp: Timestamp::get(&bytes[TIMESTAMP_AT..EPOCH_AT])?,
            epoch: Epoch::get(&bytes[EPOCH_AT..SHARD_AT])?,
            shard: ShardId::get(&bytes[SHARD_AT..KIND_AT])?,
            command: Command::get(bytes[KIND_AT], payload)?,
        })
    }

    /// The length in bytes of the record that `bytes` begin with, if it is one that `bytes` can hold.
    pub fn length(bytes: &[u8]) -> Result<usize, Malformed> {
        if bytes.len() < HEADER_SIZE {
            return Err(Malformed { what: "header of a record", value: bytes.len() as u64 });
        }
        let length = u32::get(&bytes[LENGTH_AT..CRC_AT])? as usize;
        let fits = (HEADER_SIZE..=RECORD_SIZE_MAX).contains(&length) && length <= bytes.len();
        if !fits || !length.is_multiple_of(ALIGNMENT) {
            return Err(Malformed { what: "length of a record", value: length as u64 });
        }
        Ok(length)
    }
}

impl RecordBytes {
    /// The record's bytes, or an error where the length is no record's.
    pub fn used(&self) -> Result<&[u8], Malformed> {
        let length = Record::length(&self.0)?;
        Ok(&self.0[..length])
    }
}

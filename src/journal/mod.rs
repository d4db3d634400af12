//! The journal: the log on disk. Segments, records, recovery.
//!
//! # Files
//!
//! A journal is a directory of segments `000000000001.segment`, …, numbered from 1 without a gap,
//! a file `lock`, and on a node of a cluster a file `node` (`node_file.rs`). A segment has its full length
//! from the start; what is not written yet is zero. A segment that is all zero is prepared for later. Pruning removes segments from the lowest on
//! where a snapshot ([`snapshot`]) stands in for them; what is left has no gap either.
//!
//! # Layout (version 1; integers little-endian)
//!
//! A segment begins with a header of 512 bytes:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `CASTLEJ1` |
//! | 8 | 4 | version of the format |
//! | 12 | 4 | epoch of the record before the segment's first; 0 if none |
//! | 16 | 8 | number of the segment |
//! | 24 | 8 | bytes of the segment |
//! | 32 | 8 | sequence of its first record |
//! | 40 | 8 | running hash before its first record; 0 at the beginning of the log |
//! | 48 | 8 | timestamp of the record before; 0 if none |
//! | 56 | 8 | highest sequence known to be synced when the header was written |
//! | 64 | 8 | mark of the journal, a random number that is the same in all its segments |
//! | 72 | 33 | cluster: length, text, zeros |
//! | 105 | 403 | zeros |
//! | 508 | 4 | CRC-32C of bytes 0 to 508 |
//!
//! Magic, version and the place of the CRC stay the same in every version. Then come batches, each
//! a frame and its records. A batch lies in one segment; what does not fit goes on as a batch in
//! the next one. A frame:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | `0x8000_0038`, in the place where a record has its length |
//! | 4 | 4 | CRC-32C of bytes 8 to 56 |
//! | 8 | 8 | mark of the journal |
//! | 16 | 8 | sequence of the first record |
//! | 24 | 8 | highest sequence known to be synced when the batch was written |
//! | 32 | 8 | highest sequence whose events were released then |
//! | 40 | 8 | running hash before the first record |
//! | 48 | 4 | bytes of the records that follow |
//! | 52 | 4 | number of the records that follow; may be 0 |
//!
//! Records are laid out as [`crate::model::record`] says, with their CRC. The running hash after a
//! record is XXH3-64 of its bytes from the sequence on, seeded with the running hash before it.
//!
//! A batch that recovery cut short has fewer records than its frame says; the frame of the next
//! batch, which continues them, or zeros follow.
//!
//! # What may be cut
//!
//! Pages reach the disk in any order, so after a power loss bad bytes may have good ones behind
//! them. Bad bytes where a record must stand that any good frame or header names as synced are
//! corruption: the journal is refused, and nothing is changed. Above that, the first record or
//! frame that is bad, or does not continue sequence, epoch and running hash, ends the journal,
//! whatever follows.
//!
//! # What is assumed of the disk
//!
//! What fdatasync confirmed stays, byte for byte. What was not synced may be there, or not, or in
//! part, in any order. A file's creation is durable once its directory was synced. Space that
//! fallocate gave is there when it is written: a file system that copies on write does not promise
//! that, so the journal belongs on ext4 or xfs.
//!
//! # Invariants
//!
//! - **Nobody but the syncer waits for the disk.**
//! - **No byte that was synced is ever changed**, save by cutting: behind an unsynced end, or, on a node of
//!   a cluster, behind the last record that it shares with the primary (`cut.rs`).
//! - **No sequence counts as durable that a sync did not cover in this process's life.**
//! - **The first error of a write or a sync is the last operation.**

mod cursor;
mod cut;
mod disk;
mod error;
mod forget;
pub mod format;
pub mod fuzz;
mod node_file;
mod raw;
pub mod read;
mod real;
mod recover;
mod reigns;
mod scan;
pub mod simulated;
pub mod snapshot;
pub mod transfer;
mod witness;
mod write;

pub use cut::{PlannedCut, SharedEnd};
pub use disk::{Disk, DiskFile};
pub use error::{JournalError, OpenError};
pub use forget::forget_unsynced;
pub use node_file::{NODE_NAME, NodeFile};
pub use raw::RawReader;
pub use real::{RealDisk, RealFile};
pub use recover::{Cut, Journal, Opened, RecoveryReport};
pub use reigns::{REIGNS_MAX, ReignStart, Reigns};
pub use witness::{Witness, Witnessed};
pub use write::{Progress, Room, Syncer, Writer};

use crate::model::ClusterName;
use crate::model::limit::RECORD_SIZE_MAX;
use format::{FRAME_SIZE, HEADER_SIZE};

/// The least length of a segment: room for a batch of a few records.
pub const SEGMENT_BYTES_MIN: u64 = 4096;
/// The greatest length of a segment.
pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;
/// The most segments prepared ahead.
pub const SEGMENTS_AHEAD_MAX: usize = 64;
const _: () = assert!(SEGMENT_BYTES_MIN as usize > HEADER_SIZE + FRAME_SIZE + RECORD_SIZE_MAX);

/// How a journal is opened.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// The cluster; a journal of another one is refused.
    pub cluster: ClusterName,
    /// The length of new segments in bytes. Those that are there keep theirs.
    pub segment_bytes: u64,
    /// How many segments the syncer keeps prepared.
    pub segments_ahead: usize,
    /// Once the disk is full and no more than this (and `in_flight_bytes`) is left in prepared
    /// segments, only cancels have room.
    pub reserve_bytes: u64,
    /// What may be on its way to the journal at most: the log ring. Once no more than this is left
    /// nothing new has room.
    pub in_flight_bytes: u64,
    /// Left free on the file system for others.
    pub left_free_bytes: u64,
    /// For a new journal: a random number that outsiders cannot know.
    pub mark: u64,
}

impl JournalOptions {
    /// The usual sizes for a cluster. The mark of a new journal is for the caller to draw.
    pub fn new(cluster: ClusterName, mark: u64) -> Self {
        Self {
            cluster,
            segment_bytes: 64 << 20,
            segments_ahead: 2,
            reserve_bytes: 24 << 20,
            in_flight_bytes: 24 << 20,
            left_free_bytes: 16 << 20,
            mark,
        }
    }

    /// The most that `reserve_bytes` and `in_flight_bytes` may be together.
    ///
    /// That a disk is full is noticed when the next segment cannot be created. Under load that may be
    /// when one segment is still to be filled and one fewer than wanted is prepared.
    pub fn kept_bytes_max(&self) -> u64 {
        let ahead = (self.segments_ahead as u64).saturating_sub(1).max(1);
        ahead * self.segment_bytes.saturating_sub(HEADER_SIZE as u64)
    }

    fn check(&self) -> Result<(), OpenError> {
        let bytes = SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX;
        if !bytes.contains(&self.segment_bytes) || !self.segment_bytes.is_multiple_of(4096) {
            return Err(OpenError::Options {
                what: "segment_bytes",
                value: self.segment_bytes,
                allowed: format!("a multiple of 4096 from {} to {}", bytes.start(), bytes.end()),
            });
        }
        if !(1..=SEGMENTS_AHEAD_MAX).contains(&self.segments_ahead) {
            return Err(OpenError::Options {
                what: "segments_ahead",
                value: self.segments_ahead as u64,
                allowed: format!("1 to {SEGMENTS_AHEAD_MAX}"),
            });
        }
        let ahead = self.kept_bytes_max();
        let kept = self.reserve_bytes.saturating_add(self.in_flight_bytes);
        if kept > ahead {
            return Err(OpenError::Options {
                what: "reserve_bytes and in_flight_bytes together",
                value: kept,
                allowed: format!("at most {ahead}, what the segments surely prepared ahead hold"),
            });
        }
        Ok(())
    }
}

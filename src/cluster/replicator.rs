//! What a primary sends to its standbys: the end of the log in memory, and where each standby stands in it.
//!
//! 1. The log ring's second consumer copies what is published into a [`Window`], the last so many records, and
//!    gives the slots back at once. So a standby, however slow, never holds up the ring.
//! 2. Each standby has an [`Outflow`]: the next record that it is to get. While that lies in the window it is
//!    *live* and gets batches from there.
//! 3. One that falls behind the window *catches up*: older records are read from the journal by a cold thread and
//!    given in with [`Outflow::old_records`], until the window has the next one. Nothing is kept for it
//!    meanwhile.
//! 4. A batch is made only while the link has room for it, so memory is bounded by the window and the links.

use crate::cluster::chain::Chain;
use crate::cluster::frame::{BATCH_MAX, Body, Frame, Header, RECORD_BYTES_MAX, Records};
use crate::cluster::link::{Link, LinkError};
use crate::journal::format::chain;
use crate::model::record::{EPOCH_AT, TIMESTAMP_AT};
use crate::model::wire::Wire;
use crate::model::{Epoch, RecordBytes, Sequence, Timestamp};
use crate::ring::Consumer;

/// Records of the window, unless another number is chosen: eight megabytes.
pub const WINDOW_RECORDS: usize = 32_768;

/// The last records of the log, the running hash after each, and the chain of all.
pub struct Window {
    records: Vec<RecordBytes>,
    /// The running hash after each.
    hashes: Vec<u64>,
    chain: Chain,
    /// The running hash after the last record of the log.
    hash: u64,
    /// The running hash before the oldest record that is here.
    hash_before: u64,
    /// How many of the last records are here.
    held: u64,
}

impl Window {
    /// A window of that many records, behind a log of this chain and this running hash.
    ///
    /// # Panics
    /// If the capacity is not a power of two.
    pub fn new(capacity: usize, chain: Chain, hash: u64) -> Self {
        assert!(capacity.is_power_of_two(), "a window's capacity is a power of two");
        let (records, hashes) = (vec![RecordBytes::default(); capacity], vec![0; capacity]);
        Self { records, hashes, chain, hash, hash_before: hash, held: 0 }
    }

    /// Takes what the log ring published, at most a window full. The ring's positions are sequences.
    pub fn take(&mut self, ring: &mut Consumer<RecordBytes>) -> usize {
        let (head, tail) = ring.batch(self.records.len());
        let count = head.len() + tail.len();
        for record in head.iter().chain(tail) {
            let at = self.index(self.next());
            if self.held == self.records.len() as u64 {
                self.hash_before = self.hashes[at];
            } else {
                self.held += 1;
            }
            self.records[at] = *record;
            // What the sequencer put there is a record.
            let bytes = record.used().unwrap_or_default();
            let reign = bytes.get(EPOCH_AT..).map(Epoch::get);
            self.chain.push(reign.and_then(Result::ok).unwrap_or_default(), self.hash);
            self.hash = chain(self.hash, bytes);
            self.hashes[at] = self.hash;
        }
        ring.advance(count);
        count
    }

    /// The oldest record that it has.
    pub fn first(&self) -> Sequence {
        Sequence(self.next().0 - self.held)
    }

    /// The record behind the last that it has.
    pub fn next(&self) -> Sequence {
        self.chain.last().next()
    }

    /// The chain of the log as far as it was taken.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The running hash after a record; none where that is not known here.
    pub fn hash_after(&self, sequence: Sequence) -> Option<u64> {
        if sequence.next() == self.first() {
            return Some(self.hash_before);
        }
        self.has(sequence).then(|| self.hashes[self.index(sequence)])
    }

    /// How many bytes of records lie behind this one, and how old the oldest of them is; none where they are not
    /// all here.
    pub fn behind(&self, sequence: Sequence, wall_ns: u64) -> Option<(u64, u64)> {
        let first = sequence.next();
        if first == self.next() {
            return Some((0, 0));
        }
        let oldest = self.record(first)?.get(TIMESTAMP_AT..).map(Timestamp::get)?.ok()?;
        let lengths = (first.0..self.next().0).filter_map(|at| self.record(Sequence(at)));
        let bytes = lengths.map(|record| record.len() as u64).sum();
        Some((bytes, wall_ns.saturating_sub(oldest.0)))
    }

    fn has(&self, sequence: Sequence) -> bool {
        (self.first()..self.next()).contains(&sequence)
    }

    fn index(&self, sequence: Sequence) -> usize {
        sequence.0 as usize & (self.records.len() - 1)
    }

    /// The bytes of a record; none where it is not here.
    fn record(&self, sequence: Sequence) -> Option<&[u8]> {
        self.has(sequence).then(|| self.records[self.index(sequence)].used().ok()).flatten()
    }
}

/// Whether a standby gets records as they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// From the window.
    Live,
    /// From the journal, beginning with this record.
    CatchingUp(Sequence),
}

/// What one standby is sent.
pub struct Outflow {
    header: Header,
    next: Sequence,
    batch: Vec<u8>,
}

impl Outflow {
    /// For a standby whose log, like this one, ends with record `shared` or goes on from there. `header` says who
    /// speaks, in which reign.
    pub fn new(header: Header, shared: Sequence) -> Self {
        Self { header, next: shared.next(), batch: Vec::with_capacity(RECORD_BYTES_MAX) }
    }

    /// The record that is sent next.
    pub fn next(&self) -> Sequence {
        self.next
    }

    /// Where its records come from.
    pub fn flow(&self, window: &Window) -> Flow {
        if self.next < window.first() { Flow::CatchingUp(self.next) } else { Flow::Live }
    }

    /// Sends what the window has for it, as far as the link has room, and gives the number of records.
    pub fn send_live<S: std::io::Read + std::io::Write>(
        &mut self,
        window: &Window,
        released: Sequence,
        link: &mut Link<S>,
    ) -> Result<usize, LinkError> {
        let mut sent = 0;
        while self.flow(window) == Flow::Live && self.next < window.next() && link.has_room() {
            let first = self.next;
            self.batch.clear();
            let mut count = 0;
            while let Some(record) = window.record(Sequence(first.0 + u64::from(count)))
                && count < BATCH_MAX
                && self.batch.len() + record.len() <= RECORD_BYTES_MAX
            {
                self.batch.extend_from_slice(record);
                count += 1;
            }
            if count == 0 || !self.put(first, count, released, link) {
                break;
            }
            sent += count as usize;
        }
        link.flush()?;
        Ok(sent)
    }

    /// Sends records that were read from the journal: whole records, one behind the other, from the next one on.
    /// Gives how many bytes of them were taken; the rest is for later, or no longer needed.
    pub fn old_records<S: std::io::Read + std::io::Write>(
        &mut self,
        bytes: &[u8],
        released: Sequence,
        link: &mut Link<S>,
    ) -> Result<usize, LinkError> {
        let mut taken = 0;
        while taken < bytes.len() && link.has_room() {
            let (mut length, mut count) = (0, 0);
            while let Ok(record) = crate::model::Record::length(&bytes[taken + length..])
                && count < BATCH_MAX
                && length + record <= RECORD_BYTES_MAX
            {
                length += record;
                count += 1;
            }
            self.batch.clear();
            self.batch.extend_from_slice(&bytes[taken..taken + length]);
            let first = self.next;
            if count == 0 || !self.put(first, count, released, link) {
                break;
            }
            taken += length;
        }
        link.flush()?;
        Ok(taken)
    }

    /// Sends the batch. False where it has no room, or is none.
    fn put<S: std::io::Read + std::io::Write>(
        &mut self,
        first: Sequence,
        count: u32,
        released: Sequence,
        link: &mut Link<S>,
    ) -> bool {
        let Some(records) = Records::new(first, released, count, &self.batch) else { return false };
        let is_sent = link.send(&Frame { header: self.header, body: Body::Records(records) });
        if is_sent {
            self.next = Sequence(first.0 + u64::from(count));
        }
        is_sent
    }
}

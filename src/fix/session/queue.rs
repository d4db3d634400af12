//! Messages that came too early, kept until the gap before them is filled.

use std::ops::Range;

/// Messages by number, in one buffer of bounded size. Memory is taken when the first one comes and
/// kept from then on.
#[derive(Debug)]
pub(super) struct Queue {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    bytes_max: usize,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    at: Range<usize>,
}

/// Most messages kept: no message is shorter than its header.
const ENTRIES_MAX: usize = 1_024;

impl Queue {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes: Vec::new(), entries: Vec::new(), bytes_max }
    }

    /// Keeps a message, unless its number is there already or there is no room: then it is dropped,
    /// since the ResendRequest, which has no end, brings it again.
    pub(super) fn push(&mut self, number: u64, message: &[u8]) {
        if self.entries.is_empty() {
            self.bytes.clear();
        }
        let full = self.entries.len() == ENTRIES_MAX
            || message.len() > self.bytes_max.saturating_sub(self.bytes.len());
        if full || self.contains(number) {
            return;
        }
        if self.bytes.capacity() < self.bytes_max {
            self.bytes.reserve_exact(self.bytes_max - self.bytes.len());
            self.entries.reserve_exact(ENTRIES_MAX);
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(message);
        self.entries.push(Entry { number, at: start..self.bytes.len() });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        self.entries.iter().any(|entry| entry.number == number)
    }

    /// The lowest number kept.
    pub(super) fn lowest(&self) -> Option<u64> {
        self.entries.iter().map(|entry| entry.number).min()
    }

    /// Takes the message of this number out; its bytes stay at this place of [`Queue::lend`] until
    /// the next push.
    pub(super) fn take(&mut self, number: u64) -> Option<Range<usize>> {
        let index = self.entries.iter().position(|entry| entry.number == number)?;
        Some(self.entries.swap_remove(index).at)
    }

    /// The buffer, lent so that a message in it can be handled while the session changes.
    pub(super) fn lend(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Gives the buffer back.
    pub(super) fn give_back(&mut self, bytes: Vec<u8>) {
        self.bytes = bytes;
    }

    /// Drops the messages below `number`.
    pub(super) fn drop_below(&mut self, number: u64) {
        self.entries.retain(|entry| entry.number >= number);
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }
}

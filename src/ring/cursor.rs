//! The cursors that cross between threads, and the handles to watch them with.

use std::sync::Arc;

use super::atomic::{AtomicBool, AtomicU64, Ordering};
#[cfg(not(loom))]
use super::mapped::Mapping;

/// A cursor with a pair of cache lines to itself.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Apart<T>(pub T);

/// How far a ring has been published. Any thread may keep one and read it.
#[derive(Debug)]
pub struct PublishedCursor {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Heap(Apart<AtomicU64>),
    /// In the file, so that it outlives the process.
    #[cfg(not(loom))]
    Mapped(Arc<Mapping>),
}

impl PublishedCursor {
    pub(super) fn on_heap(first: u64) -> Self {
        Self { place: Place::Heap(Apart(AtomicU64::new(first))) }
    }

    #[cfg(not(loom))]
    pub(super) fn in_file(mapping: Arc<Mapping>) -> Self {
        Self { place: Place::Mapped(mapping) }
    }

    #[inline]
    pub(super) fn word(&self) -> &AtomicU64 {
        match &self.place {
            Place::Heap(word) => &word.0,
            #[cfg(not(loom))]
            Place::Mapped(mapping) => mapping.published(),
        }
    }

    /// The position after the last published entry. Whoever reads it also sees the entries below it.
    #[inline]
    pub fn position(&self) -> u64 {
        self.word().load(Ordering::Acquire)
    }
}

/// What a consumer shows to the producer. Written by the consumer only.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Gate {
    /// The position of the first entry that the consumer still holds.
    pub position: AtomicU64,
    /// The consumer was dropped; it holds nothing any more.
    pub gone: AtomicBool,
}

impl Gate {
    pub(super) fn new(first: u64) -> Self {
        Self { position: AtomicU64::new(first), gone: AtomicBool::new(false) }
    }
}

/// Where one consumer stands. Any thread may keep one and read it; it holds nobody up.
#[derive(Debug, Clone)]
pub struct ConsumerCursor {
    pub(super) gates: Arc<[Gate]>,
    pub(super) index: usize,
}

impl ConsumerCursor {
    /// The position of the first entry that the consumer has not given back.
    pub fn position(&self) -> u64 {
        self.gates[self.index].position.load(Ordering::Acquire)
    }

    /// Whether the consumer was dropped, and so no longer holds the producer up.
    pub fn is_gone(&self) -> bool {
        self.gates[self.index].gone.load(Ordering::Acquire)
    }
}

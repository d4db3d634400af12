//! The two sides of a ring.

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

use super::atomic::{AtomicU64, Ordering};
use super::cursor::{ConsumerCursor, PublishedCursor};
use super::memory::Memory;

/// A ring on the heap.
///
/// # Panics
/// If the capacity is not a power of two.
pub fn ring<T: Copy + Default + Send>(
    capacity: usize,
    consumers: usize,
) -> (Producer<T>, Vec<Consumer<T>>) {
    ring_from(capacity, consumers, 0)
}

/// A ring on the heap whose first entry has the position `first`.
///
/// # Panics
/// If the capacity is not a power of two.
pub fn ring_from<T: Copy + Default + Send>(
    capacity: usize,
    consumers: usize,
    first: u64,
) -> (Producer<T>, Vec<Consumer<T>>) {
    assert!(capacity.is_power_of_two(), "a ring's capacity is a power of two, not {capacity}");
    sides(Memory::on_heap(capacity, consumers, first), first)
}

/// The producer and the consumers of a fresh ring.
pub(super) fn sides<T: Copy>(memory: Memory<T>, first: u64) -> (Producer<T>, Vec<Consumer<T>>) {
    let memory = Arc::new(memory);
    let slots = memory.slots();
    let mask = memory.capacity() as u64 - 1;
    let published = NonNull::from(memory.published.word());
    let consumers = (0..memory.gates.len())
        .map(|index| Consumer {
            slots,
            mask,
            published,
            next: first,
            known: first,
            index,
            memory: memory.clone(),
        })
        .collect();
    let producer = Producer {
        slots,
        mask,
        published,
        claimed: memory.claimed(),
        staged: first,
        visible: first,
        limit: first.wrapping_add(mask).wrapping_add(1),
        memory,
    };
    (producer, consumers)
}

/// The writing side. What is claimed or pushed becomes visible by [`publish`](Self::publish) only.
#[repr(align(128))]
pub struct Producer<T> {
    slots: NonNull<T>,
    mask: u64,
    published: NonNull<AtomicU64>,
    claimed: Option<NonNull<AtomicU64>>,
    /// The next position to claim.
    staged: u64,
    /// The position after the last published entry.
    visible: u64,
    /// The first position that must not be claimed, as far as the gates are known.
    limit: u64,
    memory: Arc<Memory<T>>,
}

// SAFETY: the pointers lead into `memory`, which is Send and Sync under these bounds; there is one
// producer, and writing takes `&mut`.
unsafe impl<T: Send + Sync> Send for Producer<T> {}

impl<T: Copy> Producer<T> {
    /// How many entries the ring holds at most.
    pub fn capacity(&self) -> usize {
        self.mask as usize + 1
    }

    /// How many more entries can be claimed. Looks at every consumer.
    pub fn free(&mut self) -> usize {
        self.refresh();
        self.known_free()
    }

    /// Whether `count` more entries can be claimed. Looks at the consumers only if what was seen of
    /// them last does not suffice.
    #[inline]
    pub fn has_room(&mut self, count: usize) -> bool {
        if self.known_free() >= count {
            return true;
        }
        self.refresh();
        self.known_free() >= count
    }

    /// Stages the next slot and hands it out to be written in place; none if the ring is full. The
    /// slot holds some older entry: write all of it.
    #[inline]
    pub fn claim(&mut self) -> Option<&mut T> {
        if !self.has_room(1) {
            return None;
        }
        let position = self.staged;
        self.staged = position.wrapping_add(1);
        if let Some(claimed) = self.claimed {
            // SAFETY: the word lies in the mapping, which `memory` keeps.
            unsafe { claimed.as_ref() }.store(self.staged, Ordering::Relaxed);
            // Whoever reads this word does so after this process died. A killed thread stops between
            // two instructions, so only the compiler could put the write of the slot before it.
            std::sync::atomic::compiler_fence(Ordering::SeqCst);
        }
        self.memory.witness_write(position, 1);
        // SAFETY: the index is below the capacity. No consumer reads the slot: what it held was given
        // back by all of them, and its position is not published. `&mut self` keeps it the only one.
        Some(unsafe { self.slots.add((position & self.mask) as usize).as_mut() })
    }

    /// Stages a copy of the entry; false, and nothing done, if the ring is full.
    #[inline]
    pub fn push(&mut self, entry: &T) -> bool {
        match self.claim() {
            Some(slot) => {
                *slot = *entry;
                true
            }
            None => false,
        }
    }

    /// Makes all that is staged visible to the consumers, at once.
    #[inline]
    pub fn publish(&mut self) {
        if self.visible != self.staged {
            self.memory
                .witness_write(self.visible, self.staged.wrapping_sub(self.visible) as usize);
            self.visible = self.staged;
            // SAFETY: the word lies in `memory`.
            unsafe { self.published.as_ref() }.store(self.visible, Ordering::Release);
        }
    }

    /// How many entries are staged and not yet published.
    pub fn staged(&self) -> usize {
        self.staged.wrapping_sub(self.visible) as usize
    }

    /// The position after the last published entry.
    pub fn published(&self) -> u64 {
        self.visible
    }

    /// A handle by which other threads see how far the ring is published.
    pub fn cursor(&self) -> Arc<PublishedCursor> {
        self.memory.published.clone()
    }

    /// Handles by which other threads see where the consumers stand, in their order.
    pub fn consumers(&self) -> Vec<ConsumerCursor> {
        (0..self.memory.gates.len())
            .map(|index| ConsumerCursor { gates: self.memory.gates.clone(), index })
            .collect()
    }

    /// Whether the memory of a mapped ring was locked, so that it is never paged out.
    pub fn is_locked(&self) -> bool {
        self.memory.is_locked()
    }

    #[inline]
    fn known_free(&self) -> usize {
        self.limit.wrapping_sub(self.staged) as usize
    }

    /// Looks at every gate for the slowest.
    #[cold]
    fn refresh(&mut self) {
        // What is staged is held by the producer itself, also when no consumer is left.
        let mut held_max = self.staged.wrapping_sub(self.visible);
        for gate in self.memory.gates.iter() {
            if !gate.gone.load(Ordering::Acquire) {
                let held = self.staged.wrapping_sub(gate.position.load(Ordering::Acquire));
                held_max = held.max(held_max);
            }
        }
        assert!(held_max <= self.mask + 1, "a consumer is behind by more than the ring holds");
        self.limit = self.staged.wrapping_add(self.mask + 1 - held_max);
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("capacity", &(self.mask + 1))
            .field("published", &self.visible)
            .field("staged", &self.staged.wrapping_sub(self.visible))
            .finish_non_exhaustive()
    }
}

/// A reading side. It gates the producer until it is dropped.
#[repr(align(128))]
pub struct Consumer<T> {
    slots: NonNull<T>,
    mask: u64,
    published: NonNull<AtomicU64>,
    /// The position of the next entry to read.
    next: u64,
    /// How far the ring was published when last looked at.
    known: u64,
    index: usize,
    memory: Arc<Memory<T>>,
}

// SAFETY: the pointers lead into `memory`, which is Send and Sync under these bounds; each gate has
// one consumer.
unsafe impl<T: Send + Sync> Send for Consumer<T> {}

impl<T: Copy> Consumer<T> {
    /// How many entries there are to read. Looks at the producer.
    pub fn available(&mut self) -> usize {
        self.refresh();
        self.known_available()
    }

    /// The next entry; none if all is read. It stays the next until [`advance`](Self::advance).
    #[inline]
    pub fn peek(&mut self) -> Option<&T> {
        if self.known == self.next {
            self.refresh();
            if self.known == self.next {
                return None;
            }
        }
        self.memory.witness_read(self.next, 1);
        // SAFETY: as in `batch`, for one slot.
        Some(unsafe { self.slots.add((self.next & self.mask) as usize).as_ref() })
    }

    /// The next entries in order, at most `max`, in two pieces where the ring comes round. Looks at
    /// the producer only when all that was seen last is read, so there may be more than it shows.
    #[inline]
    pub fn batch(&mut self, max: usize) -> (&[T], &[T]) {
        if self.known == self.next {
            self.refresh();
        }
        let count = self.known_available().min(max);
        self.memory.witness_read(self.next, count);
        let start = (self.next & self.mask) as usize;
        let head = count.min(self.mask as usize + 1 - start);
        // SAFETY: both pieces lie within the slots. They are published, as the acquiring load of the
        // cursor showed, and not given back: the producer does not write them before this consumer
        // advances, which takes `&mut self` and so ends the borrow.
        unsafe {
            (
                std::slice::from_raw_parts(self.slots.add(start).as_ptr(), head),
                std::slice::from_raw_parts(self.slots.as_ptr(), count - head),
            )
        }
    }

    /// Gives back the next `count` entries: they are read, and their slots may be written again.
    ///
    /// # Panics
    /// If fewer than `count` were seen by `available`, `peek` or `batch`.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        assert!(count <= self.known_available(), "a consumer gives back only what it saw");
        self.memory.witness_read(self.next, count);
        self.next = self.next.wrapping_add(count as u64);
        self.memory.gates[self.index].position.store(self.next, Ordering::Release);
    }

    /// The position of the next entry.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// A handle by which other threads see where this consumer stands.
    pub fn cursor(&self) -> ConsumerCursor {
        ConsumerCursor { gates: self.memory.gates.clone(), index: self.index }
    }

    #[inline]
    fn known_available(&self) -> usize {
        self.known.wrapping_sub(self.next) as usize
    }

    #[inline]
    fn refresh(&mut self) {
        // SAFETY: the word lies in `memory`.
        self.known = unsafe { self.published.as_ref() }.load(Ordering::Acquire);
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        self.memory.gates[self.index].gone.store(true, Ordering::Release);
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("capacity", &(self.mask + 1))
            .field("position", &self.next)
            .finish_non_exhaustive()
    }
}

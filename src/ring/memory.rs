//! Where a ring's slots and cursors lie.

use std::alloc::Layout;
use std::ptr::NonNull;
use std::sync::Arc;

use super::atomic::AtomicU64;
use super::cursor::{Gate, PublishedCursor};
#[cfg(not(loom))]
use super::mapped::Mapping;

/// Slots begin on a pair of cache lines of their own.
const ALIGNMENT: usize = 128;

/// The slots of a ring, on the heap. Entries are `Copy`, so nothing is dropped in them.
struct HeapSlots {
    start: NonNull<u8>,
    layout: Layout,
}

impl HeapSlots {
    fn new<T: Copy + Default>(capacity: usize) -> Self {
        let layout = Layout::array::<T>(capacity)
            .and_then(|layout| layout.align_to(ALIGNMENT))
            .expect("a ring fits into memory")
            .pad_to_align();
        let layout = if layout.size() == 0 {
            Layout::from_size_align(ALIGNMENT, layout.align()).expect("one pair of lines")
        } else {
            layout
        };
        // SAFETY: the size is not zero.
        let start = unsafe { std::alloc::alloc(layout) };
        let Some(start) = NonNull::new(start) else { std::alloc::handle_alloc_error(layout) };
        let slots = start.cast::<T>();
        for index in 0..capacity {
            // SAFETY: the layout holds `capacity` of T, aligned for T. Writing also faults the page in.
            unsafe { slots.add(index).write(T::default()) };
        }
        Self { start, layout }
    }
}

impl Drop for HeapSlots {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout, and freed once.
        unsafe { std::alloc::dealloc(self.start.as_ptr(), self.layout) };
    }
}

/// Keeps the slots alive.
enum Backing {
    Heap(#[expect(dead_code, reason = "frees the slots when dropped")] HeapSlots),
    #[cfg(not(loom))]
    Mapped(Arc<Mapping>),
}

/// All that the two sides of a ring share.
pub(super) struct Memory<T> {
    slots: NonNull<T>,
    capacity: usize,
    /// How far the ring is published.
    pub published: Arc<PublishedCursor>,
    /// One for each consumer.
    pub gates: Arc<[Gate]>,
    backing: Backing,
    /// loom cannot watch plain slots: each access of a slot touches its witness as well.
    #[cfg(loom)]
    witnesses: Box<[loom::cell::UnsafeCell<()>]>,
}

// SAFETY: the slots are reached through raw pointers only, by one producer and the consumers, whose
// accesses the cursors order (module head of `ring`). Consumers share `&T` between threads and the
// producer hands T over, hence both bounds.
unsafe impl<T: Send + Sync> Send for Memory<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Memory<T> {}

impl<T: Copy> Memory<T> {
    pub(super) fn on_heap(capacity: usize, consumers: usize, first: u64) -> Self
    where
        T: Default,
    {
        let slots = HeapSlots::new::<T>(capacity);
        Self {
            slots: slots.start.cast(),
            capacity,
            published: Arc::new(PublishedCursor::on_heap(first)),
            gates: (0..consumers).map(|_| Gate::new(first)).collect(),
            backing: Backing::Heap(slots),
            #[cfg(loom)]
            witnesses: (0..capacity).map(|_| loom::cell::UnsafeCell::new(())).collect(),
        }
    }

    /// The mapping holds `capacity` slots of T, any bytes of which are a valid T.
    #[cfg(not(loom))]
    pub(super) fn in_file(
        mapping: Arc<Mapping>,
        capacity: usize,
        consumers: usize,
        first: u64,
    ) -> Self {
        Self {
            slots: mapping.slots().cast(),
            capacity,
            published: Arc::new(PublishedCursor::in_file(mapping.clone())),
            gates: (0..consumers).map(|_| Gate::new(first)).collect(),
            backing: Backing::Mapped(mapping),
        }
    }

    pub(super) fn slots(&self) -> NonNull<T> {
        self.slots
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Where a mapped ring notes what it is about to overwrite.
    pub(super) fn claimed(&self) -> Option<NonNull<AtomicU64>> {
        match &self.backing {
            Backing::Heap(_) => None,
            #[cfg(not(loom))]
            Backing::Mapped(mapping) => Some(NonNull::from(mapping.claimed())),
        }
    }

    /// Whether the slots cannot be paged out.
    pub(super) fn is_locked(&self) -> bool {
        match &self.backing {
            Backing::Heap(_) => false,
            #[cfg(not(loom))]
            Backing::Mapped(mapping) => mapping.is_locked(),
        }
    }

    /// Tells loom that the slots from `position` on are written.
    #[inline]
    pub(super) fn witness_write(&self, position: u64, count: usize) {
        #[cfg(loom)]
        for index in 0..count {
            let slot = (position.wrapping_add(index as u64) as usize) & (self.capacity - 1);
            self.witnesses[slot].with_mut(|_| ());
        }
        let _ = (position, count);
    }

    /// Tells loom that the slots from `position` on are read.
    #[inline]
    pub(super) fn witness_read(&self, position: u64, count: usize) {
        #[cfg(loom)]
        for index in 0..count {
            let slot = (position.wrapping_add(index as u64) as usize) & (self.capacity - 1);
            self.witnesses[slot].with(|_| ());
        }
        let _ = (position, count);
    }
}

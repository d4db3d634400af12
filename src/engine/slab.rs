//! Slots that are used again, and an index that finds them by a hash.
//!
//! 1. A [`Slab`] is one vector whose room is reserved as address space when the engine is made; memory
//!    is touched, slot after slot, as it is first used. A freed slot goes on a list and is used next.
//! 2. A [`HashIndex`] holds one list head per bucket; the lists run through the slots themselves.
//! 3. It grows by linear hashing: each insert beyond one slot per bucket adds a single bucket and
//!    splits the one that it came from. So nothing is ever rehashed at once, no insert is slow, and
//!    the table is as large as what it holds, not as large as the limit.
//! 4. Neither is ever iterated to decide anything, so neither's layout shows in an event.

use std::ops::{Index, IndexMut};

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// A slot that can be on one list.
pub(super) trait Linked {
    /// The next slot on its list.
    fn link(&self) -> u32;
    /// Changes it.
    fn set_link(&mut self, next: u32);
}

/// A slot that a [`HashIndex`] finds.
pub(super) trait Keyed: Linked {
    /// The hash of its key, the same as long as it is in the index.
    fn key_hash(&self) -> u32;
}

/// Slots that are used again.
pub(super) struct Slab<T> {
    items: Vec<T>,
    free: u32,
    live: u32,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { items: Vec::new(), free: NONE, live: 0 }
    }
}

impl<T: Linked> Slab<T> {
    /// A slab with address space for `capacity` slots; where that is refused it grows as a vector does.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { items: reserved(capacity), free: NONE, live: 0 }
    }

    /// Puts `item` into a free slot.
    #[inline]
    pub(super) fn insert(&mut self, item: T) -> u32 {
        self.live += 1;
        if self.free == NONE {
            let slot = self.items.len() as u32;
            assert!(slot != NONE, "a slab holds fewer than 2^32 slots");
            self.items.push(item);
            return slot;
        }
        let slot = self.free;
        self.free = self.items[slot as usize].link();
        self.items[slot as usize] = item;
        slot
    }

    /// Gives a slot back.
    #[inline]
    pub(super) fn remove(&mut self, slot: u32) {
        assert!(self.live > 0);
        self.live -= 1;
        self.items[slot as usize].set_link(self.free);
        self.free = slot;
    }

    /// Slots in use.
    #[inline]
    pub(super) fn live(&self) -> u32 {
        self.live
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;
    #[inline(always)]
    fn index(&self, slot: u32) -> &T {
        &self.items[slot as usize]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    #[inline(always)]
    fn index_mut(&mut self, slot: u32) -> &mut T {
        &mut self.items[slot as usize]
    }
}

/// A vector with address space for `capacity` items, or an empty one where that is refused.
pub(super) fn reserved<T>(capacity: usize) -> Vec<T> {
    let mut items = Vec::new();
    // A machine that refuses the address space still runs: the vector then grows in steps.
    let _ = items.try_reserve_exact(capacity);
    items
}

/// Finds slots of a slab by a hash.
#[derive(Default)]
pub(super) struct HashIndex {
    heads: Vec<u32>,
    count: u32,
}

impl HashIndex {
    /// An index with address space for `capacity` slots.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { heads: reserved(capacity), count: 0 }
    }

    #[inline(always)]
    fn bucket(&self, hash: u32) -> usize {
        let buckets = self.heads.len();
        let full = 1_usize << buckets.ilog2();
        let wide = hash as usize & (2 * full - 1);
        if wide < buckets { wide } else { hash as usize & (full - 1) }
    }

    /// The slot of that hash for which `is` holds.
    #[inline]
    pub(super) fn find<T: Keyed>(
        &self,
        slab: &Slab<T>,
        hash: u32,
        is: impl Fn(&T) -> bool,
    ) -> Option<u32> {
        if self.heads.is_empty() {
            return None;
        }
        let mut slot = self.heads[self.bucket(hash)];
        while slot != NONE {
            let item = &slab[slot];
            if item.key_hash() == hash && is(item) {
                return Some(slot);
            }
            slot = item.link();
        }
        None
    }

    /// Takes a slot in, which is not in it yet.
    #[inline]
    pub(super) fn insert<T: Keyed>(&mut self, slab: &mut Slab<T>, slot: u32) {
        self.count += 1;
        if self.count as usize > self.heads.len() {
            self.grow(slab);
        }
        let bucket = self.bucket(slab[slot].key_hash());
        slab[slot].set_link(self.heads[bucket]);
        self.heads[bucket] = slot;
    }

    /// Adds a bucket and moves to it what belongs there of the one that it halves.
    fn grow<T: Keyed>(&mut self, slab: &mut Slab<T>) {
        let added = self.heads.len();
        self.heads.push(NONE);
        if added == 0 {
            return;
        }
        let halved = added - (1 << added.ilog2());
        let mut slot = std::mem::replace(&mut self.heads[halved], NONE);
        while slot != NONE {
            let next = slab[slot].link();
            let bucket = self.bucket(slab[slot].key_hash());
            slab[slot].set_link(self.heads[bucket]);
            self.heads[bucket] = slot;
            slot = next;
        }
    }

    /// Takes a slot out, which is in it.
    #[inline]
    pub(super) fn remove<T: Keyed>(&mut self, slab: &mut Slab<T>, slot: u32) {
        let bucket = self.bucket(slab[slot].key_hash());
        let next = slab[slot].link();
        let mut before = self.heads[bucket];
        if before == slot {
            self.heads[bucket] = next;
        } else {
            while slab[before].link() != slot {
                before = slab[before].link();
            }
            slab[before].set_link(next);
        }
        self.count -= 1;
    }
}

/// The bits of `key` spread over a hash: for keys that nobody outside can choose freely.
#[inline(always)]
pub(super) fn spread(key: u64) -> u32 {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Item {
        key: u64,
        link: u32,
    }
    impl Linked for Item {
        fn link(&self) -> u32 {
            self.link
        }
        fn set_link(&mut self, next: u32) {
            self.link = next;
        }
    }
    impl Keyed for Item {
        fn key_hash(&self) -> u32 {
            spread(self.key)
        }
    }

    #[test]
    fn what_was_inserted_is_found_until_it_is_removed() {
        let mut slab = Slab::with_capacity(10);
        let mut index = HashIndex::with_capacity(10);
        let find = |index: &HashIndex, slab: &Slab<Item>, key: u64| {
            index.find(slab, spread(key), |item| item.key == key)
        };
        for key in 0..1_000 {
            let slot = slab.insert(Item { key, link: NONE });
            index.insert(&mut slab, slot);
        }
        for key in (0..1_000).step_by(3) {
            let slot = find(&index, &slab, key).unwrap();
            index.remove(&mut slab, slot);
            slab.remove(slot);
        }
        for key in 0..1_000 {
            assert_eq!(find(&index, &slab, key).is_some(), key % 3 != 0, "{key}");
        }
        assert_eq!(slab.live(), 666);
    }
}

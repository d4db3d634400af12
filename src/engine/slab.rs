//! Slots that are used again, and an index that finds them by a hash.
//!
//! 1. A [`Slab`] is one vector whose room is reserved as address space when the engine is made; memory
//!    is touched, slot after slot, as it is first used. A freed slot goes on a list and is used next.
//! 2. A [`HashIndex`] has buckets of a cache line: hashes and slots, side by side, so that a lookup
//!    touches one line and then only the slot that it is about. A full bucket is moved to a spare one.
//! 3. It grows by linear hashing: an insert that makes the buckets too full adds a single one and
//!    halves another, both next to those of the time before. So nothing is ever rehashed at once, no
//!    insert is slow, and the table is as large as what it holds, not as large as the limit.
//! 4. Neither is ever iterated to decide anything, so neither's layout shows in an event.

use std::ops::{Index, IndexMut};

use crate::engine::foresee::Fetch;

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

    /// Where its room is.
    #[cfg(test)]
    pub(super) fn start(&self) -> *const T {
        self.items.as_ptr()
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

    /// What is in a slot, if there ever was anything.
    #[inline(always)]
    pub(super) fn get(&self, slot: u32) -> Option<&T> {
        self.items.get(slot as usize)
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

/// Entries of a bucket: with its length and its link they fill a cache line.
const ENTRIES: usize = 7;
/// Entries a bucket on average before one is added: few buckets then overflow.
const ENTRIES_MEAN: usize = 4;

/// Hashes and their slots, in one cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Bucket {
    hashes: [u32; ENTRIES],
    slots: [u32; ENTRIES],
    length: u32,
    /// The full bucket that this one follows, among the spare ones.
    overflow: u32,
}

const _: () = assert!(size_of::<Bucket>() == 64);

impl Bucket {
    const EMPTY: Self =
        Self { hashes: [0; ENTRIES], slots: [NONE; ENTRIES], length: 0, overflow: NONE };

    #[inline(always)]
    fn length(&self) -> usize {
        self.length as usize
    }

    #[inline(always)]
    fn push(&mut self, hash: u32, slot: u32) {
        self.write(hash, slot);
        self.length += 1;
    }

    /// Writes an entry behind the last, which does not count yet.
    #[inline(always)]
    fn write(&mut self, hash: u32, slot: u32) {
        let at = self.length();
        self.slots[at] = slot;
        self.hashes[at] = hash;
    }

    /// Moves the entries whose hash has a bit of `power` to `moved`, which is empty.
    #[inline(always)]
    fn halve(&mut self, moved: &mut Self, power: u32) {
        // Each entry is written to both and counted in one: there is no branch to guess.
        for at in 0..std::mem::take(&mut self.length).min(ENTRIES as u32) as usize {
            let (hash, slot) = (self.hashes[at], self.slots[at]);
            let moves = u32::from(hash & power != 0);
            self.write(hash, slot);
            moved.write(hash, slot);
            self.length += 1 - moves;
            moved.length += moves;
        }
    }

    #[inline]
    fn pop(&mut self) -> (u32, u32) {
        self.length -= 1;
        let at = self.length();
        (self.hashes[at], self.slots[at])
    }

    #[inline]
    fn position(&self, slot: u32) -> Option<usize> {
        self.slots[..self.length()].iter().position(|other| *other == slot)
    }

    /// The slot of an entry of that hash for which `is` holds. All places are compared first, also those
    /// that no entry is in: for a ClOrdID that is new none is alike, and there is nothing to guess.
    #[inline(always)]
    fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut alike = false;
        for other in &self.hashes {
            alike |= *other == hash;
        }
        if !alike {
            return None;
        }
        for at in 0..self.length().min(ENTRIES) {
            if self.hashes[at] == hash && is(self.slots[at]) {
                return Some(self.slots[at]);
            }
        }
        None
    }
}

/// Finds slots of a slab by a hash.
#[derive(Default)]
pub(super) struct HashIndex {
    buckets: Vec<Bucket>,
    /// Full buckets that others follow. A bucket that has one is not empty.
    spare: Slab<Bucket>,
    count: usize,
    /// One less than the greatest power of two that the buckets reach.
    mask: usize,
}

impl Linked for Bucket {
    fn link(&self) -> u32 {
        self.overflow
    }
    fn set_link(&mut self, next: u32) {
        self.overflow = next;
    }
}

impl HashIndex {
    /// An index with address space for `capacity` slots.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let buckets = capacity / ENTRIES_MEAN + 1;
        let spare = Slab::with_capacity(buckets / 2);
        Self { buckets: reserved(buckets), spare, count: 0, mask: 0 }
    }

    #[inline(always)]
    fn bucket(&self, hash: u32) -> usize {
        let wide = hash as usize & (2 * self.mask + 1);
        if wide < self.buckets.len() { wide } else { hash as usize & self.mask }
    }

    /// The slot of that hash for which `is` holds.
    #[inline(always)]
    pub(super) fn find<T: Keyed>(
        &self,
        slab: &Slab<T>,
        hash: u32,
        is: impl Fn(&T) -> bool,
    ) -> Option<u32> {
        let mut bucket = self.buckets.get(self.bucket(hash))?;
        loop {
            if let Some(slot) = bucket.find(hash, |slot| is(&slab[slot])) {
                return Some(slot);
            }
            if bucket.overflow == NONE {
                return None;
            }
            bucket = &self.spare[bucket.overflow];
        }
    }

    /// Fetches the bucket of a hash.
    #[inline]
    pub(super) fn foresee(&self, hash: u32, fetch: &impl Fetch) {
        if !self.buckets.is_empty() {
            fetch.fetch(&self.buckets[self.bucket(hash)]);
        }
    }

    /// The slot that a hash most likely means; only the hash's bucket is read.
    #[inline]
    pub(super) fn likely(&self, hash: u32) -> Option<u32> {
        if self.buckets.is_empty() {
            return None;
        }
        self.buckets[self.bucket(hash)].find(hash, |_| true)
    }

    /// Takes a slot of that hash in, which is not in it yet.
    #[inline]
    pub(super) fn insert(&mut self, hash: u32, slot: u32) {
        self.count += 1;
        if self.count > self.buckets.len() * ENTRIES_MEAN {
            self.grow();
        }
        self.put(hash, slot);
    }

    /// Puts an entry into its bucket; a full one is moved away and followed by an empty one.
    #[inline(always)]
    fn put(&mut self, hash: u32, slot: u32) {
        let at = self.bucket(hash);
        if self.buckets[at].length() == ENTRIES {
            self.overflow(at);
        }
        self.buckets[at].push(hash, slot);
    }

    #[cold]
    fn overflow(&mut self, at: usize) {
        let overflow = self.spare.insert(self.buckets[at]);
        self.buckets[at] = Bucket { overflow, ..Bucket::EMPTY };
    }

    /// Adds a bucket and moves to it what belongs there of the one that it halves.
    #[inline(never)]
    fn grow(&mut self) {
        let added = self.buckets.len();
        self.buckets.push(Bucket::EMPTY);
        if added == 0 {
            return;
        }
        let power = 1 << added.ilog2();
        self.mask = power - 1;
        let (before, after) = self.buckets.split_at_mut(added);
        let (kept, moved) = (&mut before[added - power], &mut after[0]);
        let overflow = std::mem::replace(&mut kept.overflow, NONE);
        kept.halve(moved, power as u32);
        if overflow != NONE {
            self.halve_spare(overflow, added, power as u32);
        }
    }

    /// Halves the spare buckets from one on, as that was halved which they follow.
    #[inline(never)]
    fn halve_spare(&mut self, mut overflow: u32, added: usize, power: u32) {
        let halved = added - power as usize;
        while overflow != NONE {
            let Bucket { hashes, slots, overflow: next, .. } = self.spare[overflow];
            self.spare.remove(overflow);
            // One that others followed is full.
            for at in 0..ENTRIES {
                let to = if hashes[at] & power == 0 { halved } else { added };
                if self.buckets[to].length() == ENTRIES {
                    self.overflow(to);
                }
                self.buckets[to].push(hashes[at], slots[at]);
            }
            overflow = next;
        }
    }

    /// Takes a slot out, which is in it: the last entry of its bucket takes its place.
    #[inline]
    pub(super) fn remove<T: Keyed>(&mut self, slab: &Slab<T>, slot: u32) {
        let head = self.bucket(slab[slot].key_hash());
        let (hash, moved) = self.buckets[head].pop();
        if moved != slot {
            let mut spare = NONE;
            loop {
                let bucket = match spare {
                    NONE => &mut self.buckets[head],
                    at => &mut self.spare[at],
                };
                if let Some(at) = bucket.position(slot) {
                    bucket.hashes[at] = hash;
                    bucket.slots[at] = moved;
                    break;
                }
                assert!(bucket.overflow != NONE, "a slot that is removed is in its bucket");
                spare = bucket.overflow;
            }
        }
        let overflow = self.buckets[head].overflow;
        if self.buckets[head].length() == 0 && overflow != NONE {
            self.buckets[head] = self.spare[overflow];
            self.spare.remove(overflow);
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
            index.insert(spread(key), slot);
        }
        for key in (0..1_000).step_by(3) {
            let slot = find(&index, &slab, key).unwrap();
            index.remove(&slab, slot);
            slab.remove(slot);
        }
        for key in 0..1_000 {
            assert_eq!(find(&index, &slab, key).is_some(), key % 3 != 0, "{key}");
        }
        assert_eq!(slab.live(), 666);
    }

    struct Same(u32);
    impl Linked for Same {
        fn link(&self) -> u32 {
            self.0
        }
        fn set_link(&mut self, next: u32) {
            self.0 = next;
        }
    }
    impl Keyed for Same {
        fn key_hash(&self) -> u32 {
            5
        }
    }

    #[test]
    fn slots_of_one_hash_are_all_found() {
        let mut slab = Slab::with_capacity(0);
        let mut index = HashIndex::with_capacity(0);
        let slots: Vec<u32> = (0..100).map(|at| slab.insert(Same(at))).collect();
        for slot in &slots {
            index.insert(5, *slot);
        }
        for slot in slots.iter().filter(|slot| *slot % 3 != 0).chain(slots.iter().step_by(3)) {
            assert!(index.find(&slab, 5, |same| same.0 == *slot).is_some());
            index.remove(&slab, *slot);
            assert!(index.find(&slab, 5, |same| same.0 == *slot).is_none());
        }
        assert_eq!(index.count, 0);
    }
}

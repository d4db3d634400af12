//! One side of an instrument's book: price levels in order, each a queue of orders.
//!
//! 1. A price has a rank on its side: the price itself for buys, its negative for sells. The best
//!    price has the highest rank.
//! 2. Levels lie in blocks of at most 16, ascending by rank; a directory lists the blocks ascending.
//!    The best level is the last one of the last block, so the touch is found without any search.
//! 3. A rank is looked for in the last block first, where nearly all traffic is, else by bisection of
//!    the directory. In a block it is found by bisection too.
//! 4. A full block is split in half; an empty one is given back. Nothing else moves, so the work is
//!    bounded by a block, and by the directory's move once in eight new levels at worst.
//! 5. A level is the head and the tail of a doubly linked list through the orders themselves. An order
//!    between two others leaves its queue without the level being looked up at all.
//!
//! A window of levels by tick was weighed against this: it finds a level in one step, but it costs
//! memory for empty ticks on every instrument, and needs an ordered structure beside it for prices
//! far away. Blocks are both, in 16 bytes a level.

use crate::engine::foresee::Fetch;
use crate::engine::orders::Open;
use crate::engine::slab::{Linked, NONE, Slab};
use crate::model::{Price, Side};

/// Levels of a block: its ranks fill two cache lines.
const BLOCK_LEVELS: usize = 16;

/// Levels that lie next to each other.
pub(super) struct Block {
    length: u32,
    link: u32,
    ranks: [i64; BLOCK_LEVELS],
    queues: [Queue; BLOCK_LEVELS],
}

/// The first and the last order of a level.
#[derive(Clone, Copy)]
struct Queue {
    head: u32,
    tail: u32,
}

impl Block {
    const EMPTY: Self = Self {
        length: 0,
        link: NONE,
        ranks: [0; BLOCK_LEVELS],
        queues: [Queue { head: NONE, tail: NONE }; BLOCK_LEVELS],
    };

    /// Where `rank` is, or where it would be inserted.
    #[inline]
    fn position(&self, rank: i64) -> Result<usize, usize> {
        let ranks = &self.ranks[..self.length as usize];
        let at = ranks.partition_point(|found| *found < rank);
        if ranks.get(at) == Some(&rank) { Ok(at) } else { Err(at) }
    }

    fn insert(&mut self, at: usize, rank: i64, slot: u32) {
        let length = self.length as usize;
        self.ranks.copy_within(at..length, at + 1);
        self.queues.copy_within(at..length, at + 1);
        self.ranks[at] = rank;
        self.queues[at] = Queue { head: slot, tail: slot };
        self.length += 1;
    }

    fn remove(&mut self, at: usize) {
        let length = self.length as usize;
        self.ranks.copy_within(at + 1..length, at);
        self.queues.copy_within(at + 1..length, at);
        self.length -= 1;
    }
}

impl Linked for Block {
    fn link(&self) -> u32 {
        self.link
    }
    fn set_link(&mut self, next: u32) {
        self.link = next;
    }
}

/// A level: its rank and the first order of its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) rank: i64,
    pub(super) head: u32,
}

/// The rank of a price on its side.
#[inline(always)]
pub(super) fn rank(side: Side, price: Price) -> i64 {
    match side {
        Side::Buy => price.0,
        Side::Sell => -price.0,
    }
}

/// The price of a rank.
#[inline(always)]
pub(super) fn price(side: Side, rank: i64) -> Price {
    match side {
        Side::Buy => Price(rank),
        Side::Sell => Price(-rank),
    }
}

#[derive(Clone, Copy)]
struct Entry {
    /// No rank of the block is below it, and every rank of the block before is.
    first: i64,
    block: u32,
}

/// The levels of one side.
#[derive(Default)]
pub(super) struct Ladder {
    directory: Vec<Entry>,
}

impl Ladder {
    /// The best level.
    #[inline]
    pub(super) fn best(&self, blocks: &Slab<Block>) -> Option<Level> {
        let block = &blocks[self.directory.last()?.block];
        let at = block.length as usize - 1;
        Some(Level { rank: block.ranks[at], head: block.queues[at].head })
    }

    /// Fetches the end of the directory, where nearly all traffic is.
    #[inline]
    pub(super) fn foresee(&self, fetch: &impl Fetch) {
        if let Some(last) = self.directory.last() {
            fetch.fetch(last);
        }
    }

    /// Fetches the block that a rank is in, or would be.
    #[inline]
    pub(super) fn foresee_block(&self, blocks: &Slab<Block>, rank: i64, fetch: &impl Fetch) {
        if let Some(entry) = self.entry(rank) {
            fetch.fetch(&blocks[self.directory[entry].block]);
        }
    }

    /// The best level that is worse than `rank`.
    pub(super) fn worse(&self, blocks: &Slab<Block>, rank: i64) -> Option<Level> {
        let mut entry = self.entry(rank)?;
        let at = blocks[self.directory[entry].block].position(rank);
        let mut at = at.unwrap_or_else(|at| at);
        if at == 0 {
            entry = entry.checked_sub(1)?;
            at = blocks[self.directory[entry].block].length as usize;
        }
        let block = &blocks[self.directory[entry].block];
        Some(Level { rank: block.ranks[at - 1], head: block.queues[at - 1].head })
    }

    /// The directory's entry whose block holds `rank`, if any level does.
    #[inline]
    fn entry(&self, rank: i64) -> Option<usize> {
        let last = self.directory.len().checked_sub(1)?;
        if self.directory[last].first <= rank {
            return Some(last);
        }
        Some(self.directory.partition_point(|entry| entry.first <= rank).saturating_sub(1))
    }

    /// Puts an order at the back of the queue of its level.
    pub(super) fn push(
        &mut self,
        blocks: &mut Slab<Block>,
        opens: &mut Slab<Open>,
        rank: i64,
        slot: u32,
    ) {
        opens[slot].next = NONE;
        opens[slot].prev = NONE;
        let Some(entry) = self.entry(rank) else {
            let block = blocks.insert(Block::EMPTY);
            blocks[block].insert(0, rank, slot);
            self.directory.push(Entry { first: rank, block });
            return;
        };
        let block = &mut blocks[self.directory[entry].block];
        match block.position(rank) {
            Ok(at) => {
                let tail = std::mem::replace(&mut block.queues[at].tail, slot);
                opens[tail].next = slot;
                opens[slot].prev = tail;
            }
            Err(at) if (block.length as usize) < BLOCK_LEVELS => {
                block.insert(at, rank, slot);
                self.directory[entry].first = self.directory[entry].first.min(rank);
            }
            Err(_) => {
                self.split(blocks, entry);
                self.push(blocks, opens, rank, slot);
            }
        }
    }

    /// Moves the upper half of a full block into a new one behind it.
    fn split(&mut self, blocks: &mut Slab<Block>, entry: usize) {
        const HALF: usize = BLOCK_LEVELS / 2;
        let mut upper = Block::EMPTY;
        let lower = &mut blocks[self.directory[entry].block];
        assert!(lower.length as usize == BLOCK_LEVELS);
        upper.ranks[..HALF].copy_from_slice(&lower.ranks[HALF..]);
        upper.queues[..HALF].copy_from_slice(&lower.queues[HALF..]);
        upper.length = HALF as u32;
        lower.length = HALF as u32;
        let first = upper.ranks[0];
        let block = blocks.insert(upper);
        self.directory.insert(entry + 1, Entry { first, block });
    }

    /// Takes an order out of the queue of its level, and the level out where it was the last.
    pub(super) fn remove(
        &mut self,
        blocks: &mut Slab<Block>,
        opens: &mut Slab<Open>,
        rank: i64,
        slot: u32,
    ) {
        let Open { next, prev, .. } = opens[slot];
        if next != NONE {
            opens[next].prev = prev;
        }
        if prev != NONE {
            opens[prev].next = next;
        }
        if next != NONE && prev != NONE {
            return;
        }
        let entry = self.entry(rank).expect("an order's level is in the directory");
        let block = &mut blocks[self.directory[entry].block];
        let at = block.position(rank).expect("an order's level is in its block");
        if prev == NONE {
            assert!(block.queues[at].head == slot);
            block.queues[at].head = next;
        }
        if next == NONE {
            assert!(block.queues[at].tail == slot);
            block.queues[at].tail = prev;
        }
        if block.queues[at].head != NONE {
            return;
        }
        block.remove(at);
        if block.length == 0 {
            blocks.remove(self.directory[entry].block);
            self.directory.remove(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, VecDeque};

    #[test]
    fn levels_stay_in_order_and_queues_in_time() {
        let mut blocks = Slab::with_capacity(0);
        let mut opens = Slab::with_capacity(0);
        let mut ladder = Ladder::default();
        let mut model: BTreeMap<i64, VecDeque<u32>> = BTreeMap::new();
        let mut resting = Vec::new();
        let mut random = 1_u64;
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let rank = (random >> 33) as i64 % 300 - 150;
            if resting.len() > 400 || (random >> 20).is_multiple_of(3) && !resting.is_empty() {
                let at = (random >> 40) as usize % resting.len();
                let (rank, slot) = resting.swap_remove(at);
                ladder.remove(&mut blocks, &mut opens, rank, slot);
                opens.remove(slot);
                let queue = model.get_mut(&rank).unwrap();
                queue.retain(|other| *other != slot);
                if queue.is_empty() {
                    model.remove(&rank);
                }
            } else {
                let slot = opens.insert(Open::default());
                ladder.push(&mut blocks, &mut opens, rank, slot);
                model.entry(rank).or_default().push_back(slot);
                resting.push((rank, slot));
            }
            let best = ladder.best(&blocks);
            assert_eq!(best.map(|level| level.rank), model.keys().next_back().copied());
        }
        let mut level = ladder.best(&blocks);
        for (rank, queue) in model.iter().rev() {
            let found = level.unwrap();
            assert_eq!(found.rank, *rank);
            let mut slot = found.head;
            for expected in queue {
                assert_eq!(slot, *expected);
                slot = opens[slot].next;
            }
            assert_eq!(slot, NONE);
            level = ladder.worse(&blocks, *rank);
        }
        assert_eq!(level, None);
    }
}

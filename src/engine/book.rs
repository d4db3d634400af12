//! One side of an instrument's book: price levels in order, each a queue of orders.
//!
//! 1. A price has a rank on its side: the price itself for buys, its negative for sells. The best
//!    price has the highest rank. It is kept beside the instrument, so that an order that does not
//!    trade reads nothing of the other side.
//! 2. Levels lie in blocks of at most 16; a directory lists the blocks ascending by rank, and each block
//!    says from which rank to which it goes and whose it is. So an order's hint, the block that it was
//!    put into, is checked against the block itself, and an order that moves a step finds both its
//!    levels at once. Else a rank is looked for in the last block, then by bisection of the directory.
//! 3. In a block levels have no order: one is added at the end, and where one leaves, the last takes its
//!    place. A byte of each rank's hash stands in two words at the block's head, so that all sixteen
//!    are compared at once, without a guess. The highest rank is looked for only when it is needed:
//!    when the best level has left.
//! 4. A full block is split at its median; an empty one is given back. Nothing else moves, so the work
//!    is bounded by a block, and by the directory's move once in eight new levels at worst.
//! 5. A level is the head and the tail of a doubly linked list through the orders themselves. An order
//!    between two others leaves its queue without the level being looked up at all.
//!
//! A window of levels by tick was weighed against this: it finds a level in one step, but it costs
//! memory for empty ticks on every instrument, and needs an ordered structure beside it for prices
//! far away. Blocks are both, in 17 bytes a level.

use crate::engine::foresee::Fetch;
use crate::engine::orders::Chain;
use crate::engine::slab::{Linked, NONE, Slab};
use crate::model::{InstrumentId, Price, Side};

/// Levels of a block: as many as two words have bytes.
const BLOCK_LEVELS: usize = 16;

/// Orders for which a block has memory set aside: half of its levels with one each.
pub(super) const ORDERS_A_BLOCK: usize = BLOCK_LEVELS / 2;
/// Blocks of a side for which its directory has memory from the beginning.
const DIRECTORY: usize = 32;

/// Levels that lie next to each other.
pub(super) struct Block {
    /// A byte of each rank's hash.
    tags: [u64; 2],
    /// No rank of the block is below it, and every rank of the block before is.
    first: i64,
    /// Every rank of the block is below it: where the next block begins.
    end: i64,
    /// The ladder that the block is of.
    owner: u32,
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

/// A byte of a rank's hash, in each byte of a word.
#[inline(always)]
fn tag(rank: i64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    ((rank as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) * EACH
}

/// The highest bit of each byte of `tags` that is as in `tag`, and perhaps of some above such a one.
#[inline(always)]
fn alike(tags: u64, tag: u64) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let differ = tags ^ tag;
    differ.wrapping_sub(LOW) & !differ & HIGH
}

impl Block {
    const EMPTY: Self = Self {
        tags: [0; 2],
        first: NO_RANK,
        end: i64::MAX,
        owner: NOBODY,
        length: 0,
        link: NONE,
        ranks: [0; BLOCK_LEVELS],
        queues: [Queue { head: NONE, tail: NONE }; BLOCK_LEVELS],
    };

    /// Where `rank` is.
    #[inline(always)]
    fn find(&self, rank: i64) -> Option<usize> {
        let tag = tag(rank);
        for (half, tags) in self.tags.iter().enumerate() {
            let mut found = alike(*tags, tag);
            while found != 0 {
                let at = half * 8 + found.trailing_zeros() as usize / 8;
                if self.ranks[at] == rank && at < self.length as usize {
                    return Some(at);
                }
                found &= found - 1;
            }
        }
        None
    }

    #[inline(always)]
    fn set(&mut self, at: usize, rank: i64, queue: Queue) {
        let byte = at % 8 * 8;
        let tags = &mut self.tags[at / 8];
        *tags = *tags & !(0xff << byte) | tag(rank) & 0xff << byte;
        self.ranks[at] = rank;
        self.queues[at] = queue;
    }

    #[inline(always)]
    fn add(&mut self, rank: i64, queue: Queue) {
        let at = self.length as usize;
        self.set(at, rank, queue);
        self.length += 1;
    }

    /// Takes a level out; the last takes its place.
    #[inline(always)]
    fn remove(&mut self, at: usize) {
        self.length -= 1;
        let last = self.length as usize;
        let (rank, queue) = (self.ranks[last], self.queues[last]);
        self.set(at, rank, queue);
    }

    /// The highest rank below `rank`.
    #[inline]
    fn below(&self, rank: i64) -> Option<usize> {
        let mut highest = NO_RANK;
        let mut found = None;
        for (at, other) in self.ranks[..self.length as usize].iter().enumerate() {
            if *other < rank && *other > highest {
                highest = *other;
                found = Some(at);
            }
        }
        found
    }

    /// The highest rank.
    #[inline]
    fn highest(&self) -> i64 {
        self.ranks[..self.length as usize].iter().fold(NO_RANK, |most, rank| most.max(*rank))
    }

    #[inline]
    fn level(&self, at: usize) -> Level {
        Level { rank: self.ranks[at], head: self.queues[at].head }
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

/// Below the rank of any price.
const NO_RANK: i64 = i64::MIN;
/// No ladder.
const NOBODY: u32 = u32::MAX;

const _: () = assert!(crate::model::limit::INSTRUMENTS_MAX < (NOBODY >> 1) as usize);

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
    /// See [`Block::first`].
    first: i64,
    block: u32,
}

/// The levels of one side.
pub(super) struct Ladder {
    best: i64,
    directory: Vec<Entry>,
    /// Whose ladder it is: an instrument and a side, told apart from all others.
    owner: u32,
}

impl Ladder {
    /// The ladder of a side without an order.
    pub(super) fn new(instrument: InstrumentId, side: Side) -> Self {
        let owner = instrument.0 << 1 | (side == Side::Sell) as u32;
        Self { best: NO_RANK, directory: Vec::with_capacity(DIRECTORY), owner }
    }

    /// The rank of the best level; nothing but the ladder itself is read.
    #[inline(always)]
    pub(super) fn best_rank(&self) -> Option<i64> {
        (self.best != NO_RANK).then_some(self.best)
    }

    /// The best level.
    #[inline]
    pub(super) fn best(&self, blocks: &Slab<Block>) -> Option<Level> {
        let block = &blocks[self.directory.last()?.block];
        block.find(self.best).map(|at| block.level(at))
    }

    /// The block of the best level.
    #[inline]
    pub(super) fn last_block(&self) -> Option<u32> {
        self.directory.last().map(|entry| entry.block)
    }

    /// Fetches the end of the directory, where nearly all traffic is.
    #[inline]
    pub(super) fn foresee(&self, fetch: &impl Fetch) {
        if let Some(last) = self.directory.last() {
            fetch.fetch(last);
        }
    }

    /// The best level that is worse than `rank`.
    pub(super) fn worse(&self, blocks: &Slab<Block>, rank: i64) -> Option<Level> {
        let entry = self.entry(rank)?;
        let block = &blocks[self.directory[entry].block];
        if let Some(at) = block.below(rank) {
            return Some(block.level(at));
        }
        let block = &blocks[self.directory[entry.checked_sub(1)?].block];
        block.below(rank).map(|at| block.level(at))
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

    /// The block that holds `rank`, if any level does: the hinted one, or else one that is looked for.
    #[inline(always)]
    pub(super) fn block(&self, blocks: &Slab<Block>, rank: i64, hint: u32) -> Option<u32> {
        if let Some(block) = blocks.get(hint)
            && block.owner == self.owner
            && block.first <= rank
            && rank < block.end
        {
            return Some(hint);
        }
        self.entry(rank).map(|entry| self.directory[entry].block)
    }

    /// Moves an order from its level to the back of the queue of another, or of the same. Most go a step
    /// from where they were, and are in the same block after it.
    #[inline]
    pub(super) fn shift(
        &mut self,
        blocks: &mut Slab<Block>,
        orders: &mut Slab<Chain>,
        (from, to): (i64, i64),
        slot: u32,
    ) {
        self.remove(blocks, orders, from, slot);
        self.push(blocks, orders, to, slot);
    }

    /// Puts an order at the back of the queue of its level.
    #[inline]
    pub(super) fn push(
        &mut self,
        blocks: &mut Slab<Block>,
        orders: &mut Slab<Chain>,
        rank: i64,
        slot: u32,
    ) {
        let order = &mut orders[slot];
        (order.next, order.prev) = (NONE, NONE);
        let Some(at) = self.block(blocks, rank, order.block) else {
            order.block = self.push_first(blocks, rank, slot);
            return;
        };
        order.block = at;
        let block = &mut blocks[at];
        if let Some(at) = block.find(rank) {
            let tail = std::mem::replace(&mut block.queues[at].tail, slot);
            order.prev = tail;
            orders[tail].next = slot;
            return;
        }
        if block.length as usize == BLOCK_LEVELS {
            self.split(blocks, rank);
            return self.push(blocks, orders, rank, slot);
        }
        block.add(rank, Queue { head: slot, tail: slot });
        self.best = self.best.max(rank);
    }

    /// Puts the first order of the side into a block of its own.
    #[cold]
    fn push_first(&mut self, blocks: &mut Slab<Block>, rank: i64, slot: u32) -> u32 {
        let mut first = Block { owner: self.owner, ..Block::EMPTY };
        first.add(rank, Queue { head: slot, tail: slot });
        let block = blocks.insert(first);
        self.directory.push(Entry { first: NO_RANK, block });
        self.best = rank;
        block
    }

    /// Moves the upper half of the full block that would hold `rank` into a new one behind it.
    #[cold]
    fn split(&mut self, blocks: &mut Slab<Block>, rank: i64) {
        let entry = self.entry(rank).expect("there is a block");
        let block = &mut blocks[self.directory[entry].block];
        assert!(block.length as usize == BLOCK_LEVELS);
        let mut ranks = block.ranks;
        ranks.sort_unstable();
        let first = ranks[BLOCK_LEVELS / 2];
        let mut upper = Block { owner: self.owner, first, end: block.end, ..Block::EMPTY };
        block.end = first;
        let mut at = 0;
        while at < block.length as usize {
            if block.ranks[at] < first {
                at += 1;
                continue;
            }
            upper.add(block.ranks[at], block.queues[at]);
            block.remove(at);
        }
        let block = blocks.insert(upper);
        self.directory.insert(entry + 1, Entry { first, block });
    }

    /// Takes an order out of the queue of its level, and the level out where it was the last.
    #[inline(always)]
    pub(super) fn remove(
        &mut self,
        blocks: &mut Slab<Block>,
        orders: &mut Slab<Chain>,
        rank: i64,
        slot: u32,
    ) {
        let Chain { next, prev, block: hint, .. } = orders[slot];
        if next != NONE {
            orders[next].prev = prev;
        }
        if prev != NONE {
            orders[prev].next = next;
        }
        if next != NONE && prev != NONE {
            return;
        }
        let at = self.block(blocks, rank, hint).expect("an order's block is in the directory");
        let block = &mut blocks[at];
        let at = block.find(rank).expect("an order's level is in its block");
        let queue = &mut block.queues[at];
        if prev == NONE {
            assert!(queue.head == slot);
            queue.head = next;
        }
        if next == NONE {
            assert!(queue.tail == slot);
            queue.tail = prev;
        }
        if queue.head != NONE {
            return;
        }
        block.remove(at);
        if block.length == 0 {
            self.give_back(blocks, rank);
        }
        if rank == self.best {
            let last = self.directory.last();
            self.best = last.map_or(NO_RANK, |entry| blocks[entry.block].highest());
        }
    }

    /// Takes the block that held `rank` out, which is empty: the one before it, or else the one behind
    /// it, holds its ranks from now on.
    #[cold]
    fn give_back(&mut self, blocks: &mut Slab<Block>, rank: i64) {
        let entry = self.entry(rank).expect("there is a block");
        let given = self.directory.remove(entry).block;
        if let Some(before) = entry.checked_sub(1) {
            let end = blocks[given].end;
            blocks[self.directory[before].block].end = end;
        } else if let Some(behind) = self.directory.first_mut() {
            behind.first = NO_RANK;
            blocks[behind.block].first = NO_RANK;
        }
        blocks[given].owner = NOBODY;
        blocks.remove(given);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::*;
    use std::collections::{BTreeMap, VecDeque};

    /// An order: of no matter what.
    fn order() -> Chain {
        let new = NewOrder {
            origin: Origin { session: SessionId(1), generation: Generation(1), msg_seq_num: 0 },
            account: AccountId(2),
            instrument: InstrumentId(0),
            cl_ord_id: ClOrdId::EMPTY,
            cl_ord_id_hash: 0,
            side: Side::Buy,
            ord_type: OrdType::Limit,
            time_in_force: TimeInForce::Day,
            self_trade_prevention: SelfTradePrevention::None,
            post_only: false,
            poss_resend: false,
            price: Price(1),
            quantity: Quantity(1),
            quote_quantity: Amount::ZERO,
            display_quantity: Quantity::ZERO,
            refusal: Refusal::NONE,
        };
        Chain::new(&new, OrderId(1), 0)
    }

    #[test]
    fn levels_stay_in_order_and_queues_in_time() {
        let mut blocks = Slab::with_capacity(0);
        let mut orders = Slab::with_capacity(0);
        let mut ladder = Ladder::new(InstrumentId(0), Side::Buy);
        let mut model: BTreeMap<i64, VecDeque<u32>> = BTreeMap::new();
        let mut resting = Vec::new();
        let mut random = 1_u64;
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let rank = (random >> 33) as i64 % 300 - 150;
            if resting.len() > 400 || (random >> 20).is_multiple_of(3) && !resting.is_empty() {
                let at = (random >> 40) as usize % resting.len();
                let (rank, slot) = resting.swap_remove(at);
                ladder.remove(&mut blocks, &mut orders, rank, slot);
                orders.remove(slot);
                let queue = model.get_mut(&rank).unwrap();
                queue.retain(|other| *other != slot);
                if queue.is_empty() {
                    model.remove(&rank);
                }
            } else {
                let slot = orders.insert(order());
                ladder.push(&mut blocks, &mut orders, rank, slot);
                model.entry(rank).or_default().push_back(slot);
                resting.push((rank, slot));
            }
            let best = ladder.best(&blocks);
            assert_eq!(best.map(|level| level.rank), model.keys().next_back().copied());
            assert_eq!(best.map(|level| level.rank), ladder.best_rank());
        }
        let mut level = ladder.best(&blocks);
        for (rank, queue) in model.iter().rev() {
            let found = level.unwrap();
            assert_eq!(found.rank, *rank);
            let mut slot = found.head;
            for expected in queue {
                assert_eq!(slot, *expected);
                slot = orders[slot].next;
            }
            assert_eq!(slot, NONE);
            level = ladder.worse(&blocks, *rank);
        }
        assert_eq!(level, None);
    }
}

//! What a command will read, told ahead, so that its memory is on the way when the command is applied.
//!
//! 1. To apply a command is to follow a chain of places: a ClOrdID's bucket, its slot, its order, the
//!    balance and the level that it names, its neighbours. Where millions of orders rest, each is a cache miss, and
//!    each waits for the one before.
//! 2. Whoever has several commands waiting hands each to a [`Foresight`] some commands before it is
//!    applied. It is gone on with in steps, a few commands apart. A step reads only what the step
//!    before has fetched, and hands the places that follow from it to a [`Fetch`]. So the misses of
//!    several commands overlap, and none is waited for.
//! 3. It changes nothing, and nothing depends on it: where a command in between has moved something,
//!    a place is fetched in vain.

use crate::engine::Engine;
use crate::engine::book::{Ladder, rank};
use crate::engine::instruments::InstrumentSlot;
use crate::engine::new_order::crosses;
use crate::engine::slab::NONE;
use crate::model::*;

/// Has a place's memory brought near; it reads nothing.
pub trait Fetch {
    /// Brings one near.
    fn fetch<T>(&self, place: &T);
}

/// Commands from one step to the next.
const APART: usize = 3;
/// Steps after the first.
const STEPS: usize = 4;
/// Commands that are foreseen at once: a power of two.
const WAITING: usize = 16;

const _: () = assert!(STEPS * APART < Foresight::AHEAD && Foresight::AHEAD < WAITING);

/// Commands that are applied soon, and how far each is foreseen.
pub struct Foresight {
    waiting: [Sight; WAITING],
    at: usize,
}

impl Default for Foresight {
    fn default() -> Self {
        Self { waiting: [Sight::NOTHING; WAITING], at: 0 }
    }
}

impl Foresight {
    /// How many commands before it is applied one is best handed in.
    pub const AHEAD: usize = 15;

    /// Takes the next command in, where there is one, with the sequence that its record has or most likely will
    /// have, and goes on with those before it.
    #[inline]
    pub fn go_on(
        &mut self,
        engine: &Engine,
        next: Option<(Sequence, &Command)>,
        fetch: &impl Fetch,
    ) {
        self.waiting[self.at % WAITING] = match next {
            Some((sequence, command)) => engine.foresee_tables(sequence, command, fetch),
            None => Sight::NOTHING,
        };
        for step in 1..=STEPS {
            let sight = &mut self.waiting[self.at.wrapping_sub(step * APART) % WAITING];
            if !sight.is_something {
                continue;
            }
            match step {
                1 => engine.foresee_slots(sight, fetch),
                2 => engine.foresee_chain(sight, fetch),
                3 => engine.foresee_book(sight, fetch),
                _ => engine.foresee_queue(sight, fetch),
            }
        }
        self.at = self.at.wrapping_add(1);
    }
}

/// What of a command says where its memory lies, and what was found of it.
#[derive(Clone, Copy)]
struct Sight {
    is_something: bool,
    is_new: bool,
    /// It would trade with what rests now.
    crosses: bool,
    side: Side,
    account: AccountId,
    instrument: InstrumentId,
    /// Of OrigClOrdID; none where OrderID names the order.
    orig: Option<u64>,
    order: OrderId,
    /// Of a new order.
    price: Price,
    /// The slot of OrigClOrdID, then the order's.
    slot: u32,
    /// The block of the other side's best level, then the order that is first there; none where it
    /// would not trade.
    maker: u32,
}

impl Sight {
    const NOTHING: Self = Self {
        is_something: false,
        is_new: false,
        crosses: false,
        side: Side::Buy,
        account: AccountId(0),
        instrument: CancelOrder::ANY_INSTRUMENT,
        orig: None,
        order: OrderId::NONE,
        price: Price::ZERO,
        slot: NONE,
        maker: NONE,
    };
}

impl Engine {
    /// What the command itself names.
    #[inline]
    fn foresee_tables(&self, sequence: Sequence, command: &Command, fetch: &impl Fetch) -> Sight {
        let mut sight = Sight { is_something: true, ..Sight::NOTHING };
        let session = match command {
            Command::NewOrder(new) => {
                sight.is_new = true;
                (sight.side, sight.account) = (new.side, new.account);
                (sight.instrument, sight.price) = (new.instrument, new.price);
                self.ids.foresee(new.cl_ord_id_hash, fetch);
                // Its OrderID, and so where that will stand, follows from its record.
                self.orders.foresee(OrderId(sequence.0), fetch);
                new.origin.session
            }
            Command::CancelOrder(cancel) => {
                (sight.side, sight.account) = (cancel.side, cancel.account);
                (sight.instrument, sight.order) = (cancel.instrument, cancel.order);
                sight.orig =
                    (!cancel.orig_cl_ord_id.is_empty()).then_some(cancel.orig_cl_ord_id_hash);
                self.ids.foresee(cancel.cl_ord_id_hash, fetch);
                cancel.origin.session
            }
            Command::ReplaceOrder(replace) => {
                (sight.side, sight.account) = (replace.side, replace.account);
                (sight.instrument, sight.order) = (replace.instrument, replace.order);
                sight.orig =
                    (!replace.orig_cl_ord_id.is_empty()).then_some(replace.orig_cl_ord_id_hash);
                self.ids.foresee(replace.cl_ord_id_hash, fetch);
                replace.origin.session
            }
            _ => return Sight::NOTHING,
        };
        if let Some(orig) = sight.orig {
            self.ids.foresee(orig, fetch);
        }
        if sight.order != OrderId::NONE {
            self.orders.foresee(sight.order, fetch);
        }
        self.sessions.foresee(session, fetch);
        self.accounts.foresee(sight.account, fetch);
        self.instruments.foresee(sight.instrument, fetch);
        sight
    }

    /// What the tables name.
    #[inline]
    fn foresee_slots(&self, sight: &mut Sight, fetch: &impl Fetch) {
        if let Some(slot) = sight.orig.and_then(|orig| self.ids.likely(orig)) {
            sight.slot = slot;
            fetch.fetch(&self.ids.slots[slot]);
        }
        if let Some(account) = self.accounts.get(sight.account) {
            if account.ids.youngest != NONE {
                fetch.fetch(&self.ids.slots[account.ids.youngest]);
            }
            if sight.is_new && account.last != NONE {
                fetch.fetch(&self.orders.chains[account.last]);
            }
        }
        if let Some(instrument) = self.instruments.get(sight.instrument) {
            let resting = sight.side.opposite();
            if sight.is_new {
                self.ledger.foresee(sight.account, instrument.paid_with(sight.side), fetch);
                ladder(instrument, sight.side).foresee(fetch);
                sight.crosses = self
                    .best_price(instrument, resting)
                    .is_some_and(|best| crosses(sight.side, sight.price, best));
            }
            if sight.crosses {
                self.ledger.foresee(sight.account, instrument.paid_with(resting), fetch);
                ladder(instrument, resting).foresee(fetch);
            }
        }
    }

    /// What the slots name: from here on the order's own, where there is one.
    #[inline]
    fn foresee_chain(&self, sight: &mut Sight, fetch: &impl Fetch) {
        sight.slot = match sight.slot {
            NONE if sight.order == OrderId::NONE => NONE,
            NONE => self.orders.likely(sight.order).unwrap_or(NONE),
            slot => self.ids.slots[slot].chain,
        };
        if sight.slot != NONE {
            fetch.fetch(&self.orders.chains[sight.slot]);
        }
        if let Some(instrument) = self.instruments.get(sight.instrument) {
            let resting = sight.side.opposite();
            if sight.crosses {
                self.ledger.foresee_slot(sight.account, instrument.paid_with(resting), fetch);
                if let Some(block) = ladder(instrument, resting).last_block() {
                    sight.maker = block;
                    fetch.fetch(&self.blocks[block]);
                }
            }
            if sight.is_new {
                self.ledger.foresee_slot(sight.account, instrument.paid_with(sight.side), fetch);
                let rank = rank(sight.side, sight.price);
                let ladder = ladder(instrument, sight.side);
                if let Some(block) = ladder.block(&self.blocks, rank, NONE) {
                    fetch.fetch(&self.blocks[block]);
                }
            }
        }
    }

    /// Where the order rests, or the one that it would trade with.
    #[inline]
    fn foresee_book(&self, sight: &mut Sight, fetch: &impl Fetch) {
        if sight.maker != NONE {
            let instrument = self.instruments.get(sight.instrument);
            let resting = sight.side.opposite();
            let best = instrument.and_then(|slot| ladder(slot, resting).best(&self.blocks));
            sight.maker = best.map_or(NONE, |level| level.head);
            if let Some(order) = self.orders.chains.get(sight.maker) {
                fetch.fetch(order);
            }
        }
        if sight.slot == NONE {
            return;
        }
        let chain = &self.orders.chains[sight.slot];
        self.ledger.foresee_at(chain.pays, fetch);
        if let Some(block) = self.blocks.get(chain.block) {
            fetch.fetch(block);
        }
    }

    /// The order's neighbours in its queue, or what a trade with the other touches.
    #[inline]
    fn foresee_queue(&self, sight: &Sight, fetch: &impl Fetch) {
        if let Some(maker) = self.orders.chains.get(sight.maker) {
            self.ledger.foresee_at(maker.pays, fetch);
            self.sessions.foresee(maker.session, fetch);
            self.accounts.foresee(maker.account, fetch);
            fetch.fetch(&self.ids.slots[maker.last]);
            if let Some(instrument) = self.instruments.get(sight.instrument) {
                self.ledger.foresee(maker.account, instrument.paid_with(sight.side), fetch);
            }
            for neighbour in [maker.next, maker.account_next, maker.account_prev] {
                if let Some(order) = self.orders.chains.get(neighbour) {
                    fetch.fetch(order);
                }
            }
        }
        if sight.slot == NONE {
            return;
        }
        let order = &self.orders.chains[sight.slot];
        if !order.is_listed() {
            return;
        }
        for neighbour in [order.prev, order.next] {
            if neighbour != NONE {
                fetch.fetch(&self.orders.chains[neighbour]);
            }
        }
    }
}

#[inline]
fn ladder(instrument: &InstrumentSlot, side: Side) -> &Ladder {
    match side {
        Side::Buy => &instrument.bids,
        Side::Sell => &instrument.asks,
    }
}

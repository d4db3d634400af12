//! What a command will read, told ahead, so that its memory is on the way when the command is applied.
//!
//! 1. To apply a command is to follow a chain of places: a ClOrdID's bucket, its slot, its order, the
//!    order's open slot, that one's neighbours. Where millions of orders rest, each is a cache miss, and
//!    each waits for the one before.
//! 2. Whoever has several commands waiting calls [`Engine::foresee`] for a later one in each step from 0
//!    to [`Engine::FORESEEN`], a few commands before the next step. A step reads only what the step
//!    before has fetched, and hands the places that follow from it to a [`Fetch`]. So the misses of
//!    several commands overlap, and none is waited for.
//! 3. It changes nothing, and nothing depends on it: where a command in between has moved something,
//!    a place is fetched in vain.

use crate::engine::Engine;
use crate::engine::book::{Ladder, rank};
use crate::engine::slab::NONE;
use crate::model::*;

/// Has a place's memory brought near; it reads nothing.
pub trait Fetch {
    /// Brings one near.
    fn fetch<T>(&self, place: &T);
}

/// What of a command says where its memory lies.
struct Names<'a> {
    origin: &'a Origin,
    account: AccountId,
    /// Unknown for a change that does not name it.
    instrument: Option<InstrumentId>,
    side: Side,
    order: OrderId,
    id: u64,
    orig: Option<u64>,
    price: Option<Price>,
    is_new: bool,
}

impl<'a> Names<'a> {
    fn of(command: &'a Command) -> Option<Self> {
        let known = |id: InstrumentId| (id != CancelOrder::ANY_INSTRUMENT).then_some(id);
        Some(match command {
            Command::NewOrder(order) => Self {
                origin: &order.origin,
                account: order.account,
                instrument: Some(order.instrument),
                side: order.side,
                order: OrderId::NONE,
                id: order.cl_ord_id_hash,
                orig: None,
                price: Some(order.price),
                is_new: true,
            },
            Command::CancelOrder(cancel) => Self {
                origin: &cancel.origin,
                account: cancel.account,
                instrument: known(cancel.instrument),
                side: cancel.side,
                order: cancel.order,
                id: cancel.cl_ord_id_hash,
                orig: (!cancel.orig_cl_ord_id.is_empty()).then_some(cancel.orig_cl_ord_id_hash),
                price: None,
                is_new: false,
            },
            Command::ReplaceOrder(replace) => Self {
                origin: &replace.origin,
                account: replace.account,
                instrument: known(replace.instrument),
                side: replace.side,
                order: replace.order,
                id: replace.cl_ord_id_hash,
                orig: (!replace.orig_cl_ord_id.is_empty()).then_some(replace.orig_cl_ord_id_hash),
                price: Some(replace.price),
                is_new: false,
            },
            _ => return None,
        })
    }
}

impl Engine {
    /// Steps of [`Engine::foresee`].
    pub const FORESEEN: usize = 5;
    /// Commands between a step and the next one that hide a cache miss.
    const FORESEEN_APART: usize = 3;

    /// How many commands before it is applied a command is foreseen in that step.
    #[inline]
    pub const fn foreseen_ahead(step: usize) -> usize {
        (Self::FORESEEN - step) * Self::FORESEEN_APART
    }

    /// Fetches what a command that is applied soon will read; see the head of this file.
    #[inline]
    pub fn foresee(&self, step: usize, command: &Command, fetch: &impl Fetch) {
        let Some(names) = Names::of(command) else { return };
        match step {
            0 => self.foresee_tables(&names, fetch),
            1 => self.foresee_slots(&names, fetch),
            2 => self.foresee_chain(&names, fetch),
            3 => self.foresee_book(&names, fetch),
            _ => self.foresee_queue(&names, fetch),
        }
    }

    /// What the command itself names.
    fn foresee_tables(&self, names: &Names<'_>, fetch: &impl Fetch) {
        self.ids.foresee(names.id, fetch);
        if let Some(orig) = names.orig {
            self.ids.foresee(orig, fetch);
        }
        if names.order != OrderId::NONE {
            self.orders.foresee(names.order, fetch);
        }
        self.sessions.foresee(names.origin.session, fetch);
        self.accounts.foresee(names.account, fetch);
        if let Some(instrument) = names.instrument {
            self.instruments.foresee(instrument, fetch);
            if names.is_new {
                self.accounts.foresee_count(names.account, instrument, fetch);
            }
        }
    }

    /// What the tables name.
    fn foresee_slots(&self, names: &Names<'_>, fetch: &impl Fetch) {
        if let Some(slot) = names.orig.and_then(|orig| self.ids.likely(orig)) {
            fetch.fetch(&self.ids.slots[slot]);
        }
        if let Some(account) = self.accounts.get(names.account) {
            if account.id_youngest != NONE {
                fetch.fetch(&self.ids.slots[account.id_youngest]);
            }
            if names.is_new && account.last != NONE {
                fetch.fetch(&self.orders.opens[account.last]);
            }
        }
        if let Some(instrument) = names.instrument.and_then(|id| self.instruments.get(id)) {
            self.ledger.foresee(names.account, instrument.paid_with(names.side), fetch);
            ladder(instrument, names.side).foresee(fetch);
        }
    }

    fn foresee_chain(&self, names: &Names<'_>, fetch: &impl Fetch) {
        if let Some(chain) = self.likely_chain(names) {
            fetch.fetch(&self.orders.chains[chain]);
        }
        if let Some(instrument) = names.instrument.and_then(|id| self.instruments.get(id)) {
            self.ledger.foresee_slot(names.account, instrument.paid_with(names.side), fetch);
            if let Some(price) = names.price {
                let rank = rank(names.side, price);
                ladder(instrument, names.side).foresee_block(&self.blocks, rank, fetch);
            }
        }
    }

    fn foresee_book(&self, names: &Names<'_>, fetch: &impl Fetch) {
        let Some(chain) = self.likely_chain(names) else { return };
        let chain = &self.orders.chains[chain];
        if chain.open != NONE {
            fetch.fetch(&self.orders.opens[chain.open]);
        }
        if let Some(instrument) = self.instruments.get(chain.instrument()) {
            let rank = rank(chain.side, chain.price);
            ladder(instrument, chain.side).foresee_block(&self.blocks, rank, fetch);
        }
    }

    fn foresee_queue(&self, names: &Names<'_>, fetch: &impl Fetch) {
        let Some(chain) = self.likely_chain(names) else { return };
        let open = self.orders.chains[chain].open;
        if open == NONE {
            return;
        }
        let open = &self.orders.opens[open];
        for neighbour in [open.prev, open.next] {
            if neighbour != NONE {
                fetch.fetch(&self.orders.opens[neighbour]);
            }
        }
    }

    /// The order that a change is about, unless another has the same hash.
    #[inline]
    fn likely_chain(&self, names: &Names<'_>) -> Option<u32> {
        match names.orig {
            Some(orig) => self.ids.likely(orig).map(|slot| self.ids.slots[slot].chain),
            None if names.order != OrderId::NONE => self.orders.likely(names.order),
            None => None,
        }
    }
}

fn ladder(instrument: &crate::engine::instruments::InstrumentSlot, side: Side) -> &Ladder {
    match side {
        Side::Buy => &instrument.bids,
        Side::Sell => &instrument.asks,
    }
}

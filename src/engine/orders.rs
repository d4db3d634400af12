//! Orders: all that is known of one, in two cache lines.
//!
//! 1. An order's **chain** is made when it is accepted and stays through its replaces, until it is
//!    closed and its last ClOrdID is forgotten. It is found by OrderID through a hash.
//! 2. Its first line is what the book, a match and a move need; the second what reports tell besides,
//!    and its place in its account's list. Lines that lie side by side are fetched together.
//! 3. What is left of an order is what it asks for less what it has got, so that is not kept. Where what
//!    it sets aside lies is kept: a fill or a replace finds the balance without a search.
//! 4. An account's list ascends by OrderID: orders rest in the order in which they came, and a replace
//!    keeps the place here even where it loses the one in the book.

use crate::engine::foresee::Fetch;
use crate::engine::slab::{HashIndex, Keyed, Linked, NONE, Slab, spread};
use crate::model::limit::EngineLimits;
use crate::model::*;

/// Whether an order is open, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Life {
    /// It came just now, and trades.
    Coming,
    /// It rests, or is matched again after a replace.
    Resting,
    Filled,
    Canceled,
    Expired,
}

/// An order over its replaces.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Chain {
    pub(super) price: Price,
    /// OrderQty; zero for a market order by quote quantity.
    pub(super) quantity: Quantity,
    pub(super) cum_quantity: Quantity,
    /// What is displayed of it while it rests.
    pub(super) shown: i64,
    /// The order behind it in its level.
    pub(super) next: u32,
    /// The order before it in its level.
    pub(super) prev: u32,
    pub(super) account: AccountId,
    pub(super) session: SessionId,
    /// The balance from which it pays.
    pub(super) pays: u32,
    /// The last accepted ClOrdID.
    pub(super) last: u32,
    instrument: u16,
    pub(super) side: Side,
    pub(super) ord_type: OrdType,
    pub(super) time_in_force: TimeInForce,
    pub(super) self_trade_prevention: SelfTradePrevention,
    pub(super) post_only: bool,
    pub(super) life: Life,
    pub(super) id: OrderId,
    /// MaxFloor, or the quote quantity of a market order that has one: none has both.
    display_or_quote: i64,
    /// In two halves, so that no slot needs sixteen-byte alignment.
    cum_notional: [u64; 2],
    /// What was charged so far beyond the exact fee, in 1/100,000 of a unit.
    pub(super) fee_remainder: u32,
    /// ClOrdIDs that are remembered of it.
    pub(super) ids: u32,
    /// The account's next order.
    pub(super) account_next: u32,
    /// The account's order before.
    pub(super) account_prev: u32,
    /// The block of its side's levels that it was put into.
    pub(super) block: u32,
}

const _: () = assert!(size_of::<Chain>() == 120);
const _: () = assert!(crate::model::limit::INSTRUMENTS_MAX <= 1 << 16);

impl Chain {
    /// The chain of a new order.
    pub(super) fn new(order: &NewOrder, id: OrderId, pays: u32) -> Self {
        Self {
            id,
            price: order.price,
            quantity: order.quantity,
            cum_quantity: Quantity::ZERO,
            display_or_quote: match order.ord_type {
                OrdType::Limit => order.display_quantity.0,
                OrdType::Market => order.quote_quantity.0,
            },
            cum_notional: [0; 2],
            fee_remainder: 0,
            ids: 0,
            shown: 0,
            next: NONE,
            prev: NONE,
            account_next: NONE,
            block: NONE,
            account_prev: NONE,
            pays,
            last: NONE,
            account: order.account,
            session: order.origin.session,
            instrument: order.instrument.0 as u16,
            side: order.side,
            ord_type: order.ord_type,
            time_in_force: order.time_in_force,
            self_trade_prevention: order.self_trade_prevention,
            post_only: order.post_only,
            life: Life::Coming,
        }
    }

    /// The chain that a snapshot tells of; what it does not tell is as in a new one.
    pub(super) fn restored(told: &Execution, session: SessionId, pays: u32) -> Self {
        let notional = told.cum_notional as u128;
        Self {
            id: told.order,
            price: told.price,
            quantity: told.quantity,
            cum_quantity: told.cum_quantity,
            display_or_quote: match told.ord_type {
                OrdType::Limit => told.display_quantity.0,
                OrdType::Market => told.quote_quantity.0,
            },
            cum_notional: [notional as u64, (notional >> 64) as u64],
            fee_remainder: 0,
            ids: 0,
            shown: 0,
            next: NONE,
            prev: NONE,
            account_next: NONE,
            block: NONE,
            account_prev: NONE,
            pays,
            last: NONE,
            account: told.account,
            session,
            instrument: told.instrument.0 as u16,
            side: told.side,
            ord_type: told.ord_type,
            time_in_force: told.time_in_force,
            self_trade_prevention: told.self_trade_prevention,
            post_only: told.post_only,
            life: Life::Coming,
        }
    }

    pub(super) fn instrument(&self) -> InstrumentId {
        InstrumentId(u32::from(self.instrument))
    }

    pub(super) fn display_quantity(&self) -> Quantity {
        match self.ord_type {
            OrdType::Limit => Quantity(self.display_or_quote),
            OrdType::Market => Quantity::ZERO,
        }
    }

    pub(super) fn set_display_quantity(&mut self, display: Quantity) {
        assert!(self.ord_type == OrdType::Limit);
        self.display_or_quote = display.0;
    }

    /// Lowers OrderQty without a trade; MaxFloor is never above it.
    pub(super) fn decrement(&mut self, quantity: i64) {
        self.quantity.0 -= quantity;
        if self.ord_type == OrdType::Limit {
            self.display_or_quote = self.display_or_quote.min(self.quantity.0);
        }
    }

    pub(super) fn quote_quantity(&self) -> Amount {
        match self.ord_type {
            OrdType::Limit => Amount::ZERO,
            OrdType::Market => Amount(self.display_or_quote),
        }
    }

    pub(super) fn set_quote_quantity(&mut self, quote: Amount) {
        assert!(self.ord_type == OrdType::Market);
        self.display_or_quote = quote.0;
    }

    pub(super) fn cum_notional(&self) -> i128 {
        (u128::from(self.cum_notional[0]) | u128::from(self.cum_notional[1]) << 64) as i128
    }

    /// Counts a fill in.
    #[inline]
    pub(super) fn fill(&mut self, price: Price, quantity: i64) {
        self.cum_quantity.0 += quantity;
        let cum = (self.cum_notional() + price.wide() * i128::from(quantity)) as u128;
        self.cum_notional = [cum as u64, (cum >> 64) as u64];
    }

    /// How much of it is shown at most when `leaves` are left.
    #[inline]
    pub(super) fn slice(&self, leaves: i64) -> i64 {
        match self.display_or_quote {
            0 => leaves,
            display => leaves.min(display),
        }
    }

    /// What is left of an order that is open and no market order by quote quantity.
    #[inline(always)]
    pub(super) fn leaves(&self) -> i64 {
        self.quantity.0 - self.cum_quantity.0
    }

    #[inline(always)]
    pub(super) fn is_open(&self) -> bool {
        matches!(self.life, Life::Coming | Life::Resting)
    }

    /// Whether it is in its account's list.
    #[inline(always)]
    pub(super) fn is_listed(&self) -> bool {
        self.life == Life::Resting
    }

    /// OrdStatus.
    pub(super) fn status(&self) -> OrdStatus {
        match self.life {
            Life::Coming | Life::Resting if self.cum_quantity.0 == 0 => OrdStatus::New,
            Life::Coming | Life::Resting => OrdStatus::PartiallyFilled,
            Life::Filled => OrdStatus::Filled,
            Life::Canceled => OrdStatus::Canceled,
            Life::Expired => OrdStatus::Expired,
        }
    }
}

impl Linked for Chain {
    fn link(&self) -> u32 {
        self.next
    }
    fn set_link(&mut self, next: u32) {
        self.next = next;
    }
}

impl Keyed for Chain {
    fn key_hash(&self) -> u32 {
        spread(self.id.0)
    }
}

/// All orders that are open or remembered.
#[derive(Default)]
pub(super) struct Orders {
    pub(super) chains: Slab<Chain>,
    /// Those that rest, or are matched again.
    pub(super) listed: u32,
    by_id: HashIndex,
}

impl Orders {
    pub(super) fn new(limits: &EngineLimits) -> Self {
        let chains = limits.cl_ord_ids_max as usize;
        Self {
            chains: Slab::with_capacity(chains),
            listed: 0,
            by_id: HashIndex::with_capacity(chains),
        }
    }

    /// Takes a chain in.
    #[inline]
    pub(super) fn remember(&mut self, chain: Chain) -> u32 {
        let slot = self.chains.insert(chain);
        self.by_id.insert(spread(chain.id.0), slot);
        slot
    }

    /// Forgets a closed chain.
    pub(super) fn forget(&mut self, slot: u32) {
        assert!(!self.chains[slot].is_open() && self.chains[slot].ids == 0);
        self.by_id.remove(&self.chains, slot);
        self.chains.remove(slot);
    }

    /// The open orders of an account from one on.
    pub(super) fn listed_from(&self, first: u32) -> impl Iterator<Item = u32> + '_ {
        let some = |slot: u32| (slot != NONE).then_some(slot);
        std::iter::successors(some(first), move |slot| some(self.chains[*slot].account_next))
    }

    /// Fetches where an order is looked for.
    #[inline]
    pub(super) fn foresee(&self, id: OrderId, fetch: &impl Fetch) {
        self.by_id.foresee(spread(id.0), fetch);
    }

    /// The chain that an OrderID most likely means.
    #[inline]
    pub(super) fn likely(&self, id: OrderId) -> Option<u32> {
        self.by_id.likely(spread(id.0))
    }

    /// The chain of that OrderID.
    #[inline]
    pub(super) fn find(&self, id: OrderId) -> Option<u32> {
        self.by_id.find(&self.chains, spread(id.0), |chain| chain.id == id)
    }
}

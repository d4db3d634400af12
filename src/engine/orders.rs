//! Orders: what matching touches of an open one, and what is remembered of any.
//!
//! 1. An order's **chain** is made when it is accepted and stays through its replaces, until it is
//!    closed and its last ClOrdID is forgotten. It is found by OrderID through a hash.
//! 2. While it rests it also has an **open** slot: what is left, what is shown, and its places in its
//!    level's queue and in its account's list. Matching and cancelling read these 40 bytes first.
//! 3. An account's list ascends by OrderID: orders rest in the order in which they came, and a replace
//!    keeps the place here even where it loses the one in the book.

use crate::engine::foresee::Fetch;
use crate::engine::slab::{HashIndex, Keyed, Linked, NONE, Slab, spread};
use crate::model::limit::EngineLimits;
use crate::model::*;

/// The part of a resting order that matching needs.
#[derive(Clone, Copy)]
pub(super) struct Open {
    /// What is left of it, hidden quantity included.
    pub(super) leaves: i64,
    /// What is displayed of that.
    pub(super) shown: i64,
    /// The order behind it in its level.
    pub(super) next: u32,
    /// The order before it in its level.
    pub(super) prev: u32,
    /// The account's next order.
    pub(super) account_next: u32,
    /// The account's order before.
    pub(super) account_prev: u32,
    /// Everything else.
    pub(super) chain: u32,
}

impl Default for Open {
    fn default() -> Self {
        Self {
            leaves: 0,
            shown: 0,
            next: NONE,
            prev: NONE,
            account_next: NONE,
            account_prev: NONE,
            chain: NONE,
        }
    }
}

impl Linked for Open {
    fn link(&self) -> u32 {
        self.next
    }
    fn set_link(&mut self, next: u32) {
        self.next = next;
    }
}

/// Whether an order is open, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Life {
    Open,
    Filled,
    Canceled,
    Expired,
}

/// An order over its replaces.
#[derive(Clone, Copy)]
pub(super) struct Chain {
    pub(super) id: OrderId,
    pub(super) price: Price,
    /// OrderQty; zero for a market order by quote quantity.
    pub(super) quantity: Quantity,
    pub(super) cum_quantity: Quantity,
    /// MaxFloor, or the quote quantity of a market order that has one: none has both.
    display_or_quote: i64,
    /// In two halves, so that no slot needs sixteen-byte alignment.
    cum_notional: [u64; 2],
    /// What was charged so far beyond the exact fee, in 1/100,000 of a unit.
    pub(super) fee_remainder: u32,
    /// ClOrdIDs that are remembered of it.
    pub(super) ids: u32,
    /// The last accepted one.
    pub(super) last: u32,
    /// Its open slot while it rests.
    pub(super) open: u32,
    pub(super) account: AccountId,
    pub(super) session: SessionId,
    link: u32,
    instrument: u16,
    pub(super) side: Side,
    pub(super) ord_type: OrdType,
    pub(super) time_in_force: TimeInForce,
    pub(super) self_trade_prevention: SelfTradePrevention,
    pub(super) post_only: bool,
    pub(super) life: Life,
}

const _: () = assert!(size_of::<Open>() == 40);
const _: () = assert!(size_of::<Chain>() <= 96);
const _: () = assert!(crate::model::limit::INSTRUMENTS_MAX <= 1 << 16);

impl Chain {
    /// The chain of a new order.
    pub(super) fn new(order: &NewOrder, id: OrderId) -> Self {
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
            last: NONE,
            open: NONE,
            account: order.account,
            session: order.origin.session,
            link: NONE,
            instrument: order.instrument.0 as u16,
            side: order.side,
            ord_type: order.ord_type,
            time_in_force: order.time_in_force,
            self_trade_prevention: order.self_trade_prevention,
            post_only: order.post_only,
            life: Life::Open,
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

    pub(super) fn is_open(&self) -> bool {
        self.life == Life::Open
    }

    /// OrdStatus.
    pub(super) fn status(&self) -> OrdStatus {
        match self.life {
            Life::Open if self.cum_quantity.0 == 0 => OrdStatus::New,
            Life::Open => OrdStatus::PartiallyFilled,
            Life::Filled => OrdStatus::Filled,
            Life::Canceled => OrdStatus::Canceled,
            Life::Expired => OrdStatus::Expired,
        }
    }
}

impl Linked for Chain {
    fn link(&self) -> u32 {
        self.link
    }
    fn set_link(&mut self, next: u32) {
        self.link = next;
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
    pub(super) opens: Slab<Open>,
    by_id: HashIndex,
}

impl Orders {
    pub(super) fn new(limits: &EngineLimits) -> Self {
        let chains = limits.cl_ord_ids_max as usize;
        Self {
            chains: Slab::with_capacity(chains),
            opens: Slab::with_capacity(limits.orders_max as usize),
            by_id: HashIndex::with_capacity(chains),
        }
    }

    /// Takes a chain in.
    #[inline]
    pub(super) fn remember(&mut self, chain: Chain) -> u32 {
        let slot = self.chains.insert(chain);
        self.by_id.insert(&mut self.chains, slot);
        slot
    }

    /// Forgets a closed chain.
    pub(super) fn forget(&mut self, slot: u32) {
        assert!(!self.chains[slot].is_open() && self.chains[slot].ids == 0);
        self.by_id.remove(&mut self.chains, slot);
        self.chains.remove(slot);
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

//! What can be read of the engine without changing it.

use crate::engine::Engine;
use crate::engine::book::{self, Level};
use crate::engine::ledger::Balance;
use crate::engine::sessions::SessionState;
use crate::engine::slab::NONE;
use crate::model::*;

/// A read-only view of the engine between two records.
#[derive(Clone, Copy)]
pub struct View<'a> {
    engine: &'a Engine,
}

/// A price level of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookLevel {
    /// Its price.
    pub price: Price,
    /// What is displayed there.
    pub shown: i128,
    /// All that is there, hidden quantity included.
    pub total: i128,
    /// How many orders.
    pub orders: u32,
}

/// An open order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderView {
    /// Its state, as a status request would tell it.
    pub execution: Execution,
    /// What of it is displayed.
    pub shown: Quantity,
    /// The session that entered it.
    pub session: SessionId,
}

/// How full the engine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Orders that rest.
    pub open_orders: u32,
    /// Orders that are remembered, open ones included.
    pub orders: u32,
    /// ClOrdIDs that are remembered.
    pub cl_ord_ids: u32,
    /// Transfers that are remembered.
    pub references: u32,
}

impl Engine {
    /// What can be read of the engine between two records.
    pub fn view(&self) -> View<'_> {
        View { engine: self }
    }

    /// The orders of a level, first in time first.
    pub(super) fn queue(&self, level: Level) -> impl Iterator<Item = u32> + '_ {
        let some = |slot: u32| (slot != NONE).then_some(slot);
        std::iter::successors(some(level.head), move |slot| some(self.orders.chains[*slot].next))
    }

    /// The levels of a side, best first.
    pub(super) fn levels(
        &self,
        instrument: InstrumentId,
        side: Side,
    ) -> impl Iterator<Item = Level> + '_ {
        let ladder = self.instruments.get(instrument).map(|slot| match side {
            Side::Buy => &slot.bids,
            Side::Sell => &slot.asks,
        });
        let best = ladder.and_then(|ladder| ladder.best(&self.blocks));
        std::iter::successors(best, move |level| ladder?.worse(&self.blocks, level.rank))
    }

    /// An account's open orders, ascending by OrderID.
    pub(super) fn account_orders(&self, account: AccountId) -> impl Iterator<Item = u32> + '_ {
        self.orders.listed_from(self.first_order(account))
    }
}

impl<'a> View<'a> {
    /// What genesis said, or nothing before it.
    pub fn genesis(self) -> Option<&'a Genesis> {
        self.engine.genesis.as_ref()
    }

    /// The current epoch.
    pub fn epoch(self) -> Epoch {
        self.engine.epoch
    }

    /// The current trading day, in days since 1970-01-01; 0 before the first rollover.
    pub fn day(self) -> u32 {
        self.engine.day
    }

    /// The last record applied.
    pub fn sequence(self) -> Sequence {
        self.engine.sequence
    }

    /// The assets, ascending by id.
    pub fn assets(self) -> impl Iterator<Item = &'a Asset> {
        self.engine.assets.iter()
    }

    /// The instruments, ascending by id.
    pub fn instruments(self) -> impl Iterator<Item = &'a Instrument> {
        self.engine.instruments.iter().map(|slot| &slot.definition)
    }

    /// One instrument.
    pub fn instrument(self, id: InstrumentId) -> Option<&'a Instrument> {
        self.engine.instruments.get(id).map(|slot| &slot.definition)
    }

    /// The price of the last trade, if there was one at the present scale and tick.
    pub fn last_trade(self, id: InstrumentId) -> Option<Price> {
        self.engine.instruments.get(id)?.last_trade
    }

    /// The participants' accounts, ascending by id.
    pub fn accounts(self) -> impl Iterator<Item = (AccountId, AccountState)> + 'a {
        (AccountId::FIRST.0..self.engine.accounts.end()).filter_map(move |id| {
            let id = AccountId(id);
            self.engine.accounts.get(id).map(|slot| (id, slot.state))
        })
    }

    /// One participant's account.
    pub fn account(self, id: AccountId) -> Option<AccountState> {
        self.engine.accounts.get(id).map(|slot| slot.state)
    }

    /// What an account has of an asset; the outside's is negative.
    pub fn balance(self, account: AccountId, asset: AssetId) -> Balance {
        self.engine.ledger.balance(account, asset)
    }

    /// What an account has of every asset, ascending, those left out of which it has nothing.
    pub fn balances(self, account: AccountId) -> impl Iterator<Item = (AssetId, Balance)> + 'a {
        self.assets()
            .map(move |asset| (asset.id, self.balance(account, asset.id)))
            .filter(|(_, balance)| *balance != Balance::default())
    }

    /// What all accounts but the outside have of an asset together.
    pub fn total(self, asset: AssetId) -> Amount {
        self.engine.ledger.total(asset)
    }

    /// An account's open orders, ascending by OrderID.
    pub fn orders(self, account: AccountId) -> impl Iterator<Item = OrderView> + 'a {
        self.engine.account_orders(account).map(move |slot| self.order_at(slot))
    }

    /// Every open order of one side of a book, in the order in which they would trade.
    pub fn book_orders(
        self,
        instrument: InstrumentId,
        side: Side,
    ) -> impl Iterator<Item = OrderView> + 'a {
        self.engine
            .levels(instrument, side)
            .flat_map(move |level| self.engine.queue(level))
            .map(move |slot| self.order_at(slot))
    }

    fn order_at(self, slot: u32) -> OrderView {
        let order = &self.engine.orders.chains[slot];
        OrderView {
            execution: self.engine.execution(slot, ExecType::OrderStatus, order.leaves()),
            shown: Quantity(order.shown),
            session: order.session,
        }
    }

    /// The best `levels` price levels of one side.
    pub fn book(
        self,
        instrument: InstrumentId,
        side: Side,
        levels: usize,
    ) -> impl Iterator<Item = BookLevel> + 'a {
        self.engine.levels(instrument, side).take(levels).map(move |level| {
            let price = book::price(side, level.rank);
            let mut told = BookLevel { price, shown: 0, total: 0, orders: 0 };
            for slot in self.engine.queue(level) {
                let order = &self.engine.orders.chains[slot];
                told.shown += i128::from(order.shown);
                told.total += i128::from(order.leaves());
                told.orders += 1;
            }
            told
        })
    }

    /// The sessions and their numbers, ascending by id.
    pub fn sessions(self) -> impl Iterator<Item = &'a SessionState> {
        self.engine.sessions.iter()
    }

    /// One session and its numbers.
    pub fn session(self, id: SessionId) -> Option<&'a SessionState> {
        self.engine.sessions.get(id)
    }

    /// The state of an order that is open or remembered.
    pub fn order(self, id: OrderId) -> Option<Execution> {
        let slot = self.engine.orders.find(id)?;
        Some(self.engine.state(slot))
    }

    /// Whether a transfer has named this reference.
    pub fn is_reference(self, reference: &Reference) -> bool {
        self.engine.transfers.knows(reference)
    }

    /// How full the engine is.
    pub fn counters(self) -> Counters {
        Counters {
            open_orders: self.engine.orders.listed,
            orders: self.engine.orders.chains.live(),
            cl_ord_ids: self.engine.ids.slots.live(),
            references: self.engine.transfers.booked.live(),
        }
    }
}

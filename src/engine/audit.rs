//! The engine checks itself: what must always hold, taken from the whole state.
//!
//! 1. Money: of each asset, what all accounts have is its total, and none is below zero.
//! 2. Holds: what an account holds is what its open orders could still cost, and what a pending taker
//!    has set aside, to the unit.
//! 3. Books: levels descend from the best, no queue is broken, the sides do not cross.
//! 4. Lists and indices: each open order is in one queue and in its account's list, ascending, is
//!    counted, and is found by its OrderID and by each of its ClOrdIDs.

use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::engine::book::price;
use crate::engine::continuation::Pending;
use crate::engine::matching::Taker;
use crate::engine::slab::NONE;
use crate::model::*;

/// Amounts by account and asset.
type Amounts = BTreeMap<(AccountId, AssetId), i128>;

macro_rules! must {
    ($holds:expr, $($what:tt)*) => {
        if !$holds {
            return Err(format!($($what)*));
        }
    };
}

impl Engine {
    /// Checks what must always hold; the text names what does not. It looks at the whole state: for
    /// tests and for an operator's doubt, not for the hot path.
    pub fn audit(&self) -> Result<(), String> {
        let mut holds = Amounts::new();
        let mut resting = 0;
        for slot in self.instruments.iter() {
            let mut here = 0;
            for side in [Side::Buy, Side::Sell] {
                here += self.audit_side(slot.definition.id, side, &mut holds)?;
            }
            self.audit_spread(slot.definition.id)?;
            let waiting = self.requeued_in(slot.definition.id);
            must!(
                here + waiting == slot.open_orders,
                "{}: {here} orders rest, {} are counted",
                slot.definition.symbol,
                slot.open_orders
            );
            resting += here + waiting;
        }
        must!(
            resting == self.orders.listed,
            "{resting} orders rest, {} are counted",
            self.orders.listed
        );
        if let Some(taker) = self.pending_taker() {
            let asset = self.instruments.slot(taker.instrument).paid_with(taker.side);
            *holds.entry((taker.account, asset)).or_default() += i128::from(taker.hold);
        }
        self.audit_money(&holds)?;
        self.audit_accounts(resting)
    }

    fn pending_taker(&self) -> Option<&Taker> {
        match &self.pending {
            Pending::Count(taker, _) | Pending::Sweep(taker) => Some(taker),
            _ => None,
        }
    }

    /// Orders that have a slot but are just being matched again.
    fn requeued_in(&self, instrument: InstrumentId) -> u32 {
        let taker = self.pending_taker();
        u32::from(taker.is_some_and(|taker| taker.is_listed && taker.instrument == instrument))
    }

    /// Checks the queues of one side, adds what its orders hold, and counts them.
    fn audit_side(&self, id: InstrumentId, side: Side, holds: &mut Amounts) -> Result<u32, String> {
        let mut count = 0;
        let mut better = i64::MAX;
        let asset = self.instruments.slot(id).paid_with(side);
        for level in self.levels(id, side) {
            must!(level.rank < better, "level {} is out of order", level.rank);
            better = level.rank;
            let mut before = NONE;
            for at in self.queue(level) {
                let chain = &self.orders.chains[at];
                let (order, leaves, shown) = (chain.id, chain.leaves(), chain.shown);
                must!(chain.prev == before, "order {order}: the queue is broken");
                must!(chain.is_listed(), "order {order} is not open");
                must!(chain.side == side && chain.instrument() == id, "order {order} is astray");
                must!(chain.price == price(side, level.rank), "order {order} is at another price");
                must!(0 < shown && shown <= leaves, "order {order} shows {shown} of {leaves}");
                let pays = self.ledger.find(chain.account, asset);
                must!(pays == Some(chain.pays), "order {order} pays from another balance");
                let cost = i128::from(self.cost_of(at, leaves));
                *holds.entry((chain.account, asset)).or_default() += cost;
                before = at;
                count += 1;
            }
        }
        Ok(count)
    }

    fn audit_spread(&self, id: InstrumentId) -> Result<(), String> {
        let slot = self.instruments.slot(id);
        let (bid, ask) = (self.best_price(slot, Side::Buy), self.best_price(slot, Side::Sell));
        let crossed = bid.zip(ask).is_some_and(|(bid, ask)| bid >= ask);
        must!(!crossed, "{}: bid {bid:?} crosses ask {ask:?}", slot.definition.symbol);
        Ok(())
    }

    fn audit_money(&self, holds: &Amounts) -> Result<(), String> {
        for asset in self.assets.iter() {
            let mut sum = self.ledger.balance(AccountId::VENUE, asset.id).free.wide();
            must!(sum >= 0, "the venue has {sum} {}", asset.name);
            for id in AccountId::FIRST.0..self.accounts.end() {
                let id = AccountId(id);
                let balance = self.ledger.balance(id, asset.id);
                let (free, held) = (balance.free.wide(), balance.held.wide());
                must!(free >= 0 && held >= 0, "account {id} has {free}, {held} {}", asset.name);
                let cost = holds.get(&(id, asset.id)).copied().unwrap_or(0);
                must!(held == cost, "account {id} holds {held} {}, not {cost}", asset.name);
                sum += free + held;
            }
            let total = self.ledger.total(asset.id).wide();
            must!(sum == total, "all accounts have {sum} {}, not {total}", asset.name);
        }
        Ok(())
    }

    fn audit_accounts(&self, resting: u32) -> Result<(), String> {
        let mut listed = 0;
        let mut ids = 0;
        let mut chains: BTreeMap<OrderId, u32> = BTreeMap::new();
        for id in AccountId::FIRST.0..self.accounts.end() {
            let id = AccountId(id);
            let Some(account) = self.accounts.get(id) else { continue };
            let mut before = OrderId::NONE;
            let mut counts: BTreeMap<InstrumentId, u32> = BTreeMap::new();
            for open in self.account_orders(id) {
                let chain = &self.orders.chains[open];
                must!(chain.id > before, "order {} is out of its account's order", chain.id);
                must!(chain.account == id, "order {} is in another's list", chain.id);
                before = chain.id;
                *counts.entry(chain.instrument()).or_default() += 1;
                listed += 1;
            }
            for (instrument, count) in counts {
                let counted = self.accounts.open_orders(&self.orders, id, instrument);
                must!(counted == count, "account {id}: {count} orders, {counted} counted");
            }
            let mut ids_here = 0;
            for known in self.ids.of_account(account) {
                let chain = &self.orders.chains[known.chain];
                let found = self.orders.find(chain.id);
                must!(found == Some(known.chain), "order {} is not found by its id", chain.id);
                must!(chain.account == id, "ClOrdID {} is in another's queue", known.id);
                *chains.entry(chain.id).or_insert(0) += 1;
                ids += 1;
                ids_here += 1;
            }
            let counted = account.ids.count + account.overdue_ids.count;
            must!(ids_here == counted, "account {id}: {ids_here} ClOrdIDs, {counted} counted");
        }
        must!(listed == resting, "{listed} orders are listed, {resting} rest");
        must!(ids == self.ids.slots.live(), "{ids} ClOrdIDs are queued, the slab differs");
        let remembered = self.orders.chains.live() as usize;
        must!(chains.len() == remembered, "{remembered} orders, {} have ClOrdIDs", chains.len());
        for (order, count) in chains {
            let chain = self.orders.find(order).map(|chain| self.orders.chains[chain]);
            must!(chain.is_some_and(|chain| chain.ids == count), "order {order}: ClOrdIDs differ");
        }
        Ok(())
    }
}

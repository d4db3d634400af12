//! Matching: an order that comes trades with those that rest, best price first, oldest first.
//!
//! 1. A fill-or-kill order first counts what it could trade (see [`Engine::count`]); too little, and
//!    it is canceled without a trade.
//! 2. Take the best level of the other side. None, or none within the limit: the end.
//! 3. Take the first order of its queue, the maker. What the taker still wants at that price is its
//!    leaves, or the most lots that the rest of its quote quantity buys; none: the end.
//! 4. Is the maker of the same account, the taker's mode decides (see [`Engine::prevent`]).
//! 5. Else both trade the smaller of what is wanted and what is displayed, at the maker's price. The
//!    maker is told first, then the taker. A maker whose slice is used up shows the next one and goes
//!    to the back of its level; one that has nothing left leaves the book.
//! 6. At the end, a day or good-till-cancel limit order rests at the back of its level; of any other
//!    the rest is canceled.
//! 7. Each step causes at most two events and each end at most one: a record with less room than that
//!    stops before step 2 and is gone on with.

use crate::engine::Engine;
use crate::engine::book::{self, rank};
use crate::engine::continuation::{ORDERS_LOOKED_AT, Pending};
use crate::engine::instruments::{FEE_UNIT, InstrumentSlot};
use crate::engine::ledger::Paid;
use crate::engine::new_order::{crosses, rests};
use crate::engine::orders::{Chain, Life};
use crate::engine::output::{EventSink, Output};
use crate::engine::slab::NONE;
use crate::model::*;

/// An order while it trades as the one that came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taker {
    pub(super) chain: u32,
    pub(super) instrument: InstrumentId,
    pub(super) account: AccountId,
    pub(super) side: Side,
    pub(super) mode: SelfTradePrevention,
    /// What is left goes into the book.
    pub(super) rests: bool,
    /// It spends or earns `rest` rather than trading `leaves`.
    pub(super) by_quote: bool,
    /// The worst price it trades at.
    pub(super) limit: Price,
    pub(super) leaves: i64,
    pub(super) rest: i64,
    /// What it still has set aside.
    pub(super) hold: i64,
    /// The balance from which it pays.
    pub(super) pays: u32,
    /// The balance that receives what it buys, once it has traded; before, [`NONE`].
    pub(super) gets: u32,
    /// It was replaced, and has kept its place in its account's list.
    pub(super) is_listed: bool,
}

/// How far a fill-or-kill order has counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    /// In levels that are counted whole.
    pub(super) before: i128,
    /// In this level, hidden quantity included.
    pub(super) leaves: i128,
    /// In this level, displayed.
    pub(super) shown: i128,
    /// This level.
    pub(super) rank: i64,
    /// The next order to look at.
    pub(super) at: u32,
}

/// Whether a taker goes on.
#[derive(PartialEq, Eq)]
enum Step {
    On,
    Ended,
}

impl Taker {
    #[inline]
    pub(super) fn of_order(
        order: &NewOrder,
        chain: u32,
        limit: Price,
        pays: u32,
        hold: i64,
    ) -> Self {
        Self {
            chain,
            instrument: order.instrument,
            account: order.account,
            side: order.side,
            mode: order.self_trade_prevention,
            rests: rests(order.ord_type, order.time_in_force),
            by_quote: order.quote_quantity.0 != 0,
            limit,
            leaves: order.quantity.0,
            rest: order.quote_quantity.0,
            hold,
            pays,
            gets: NONE,
            is_listed: false,
        }
    }

    /// What it could still cost.
    fn cost(&self, instrument: &InstrumentSlot) -> i64 {
        match (self.side, self.by_quote) {
            (Side::Buy, false) => instrument.notional(self.limit, self.leaves),
            (Side::Buy, true) => self.rest,
            (Side::Sell, false) => instrument.base(self.leaves),
            (Side::Sell, true) => {
                let quantity = instrument.affordable(self.limit, self.rest);
                instrument.base(quantity as i64)
            }
        }
    }

    /// Whether it has got all that it wanted.
    fn is_done(&self) -> bool {
        if self.by_quote { self.rest == 0 } else { self.leaves == 0 }
    }
}

impl Engine {
    /// The best price of a side.
    #[inline]
    pub(super) fn best_price(&self, instrument: &InstrumentSlot, side: Side) -> Option<Price> {
        let ladder = match side {
            Side::Buy => &instrument.bids,
            Side::Sell => &instrument.asks,
        };
        ladder.best_rank().map(|rank| book::price(side, rank))
    }

    /// Trades until the taker or the book ends it, or the record has no room for more events.
    pub(super) fn sweep(&mut self, out: &mut Output<'_, impl EventSink>, mut taker: Taker) {
        let resting = taker.side.opposite();
        while !taker.is_done() {
            if out.room() < 3 {
                self.pending = Pending::Sweep(taker);
                return;
            }
            let instrument = self.instruments.slot_mut(taker.instrument);
            let Some(rank) = instrument.ladder(resting).best_rank() else { break };
            let price = book::price(resting, rank);
            if !crosses(taker.side, taker.limit, price) {
                break;
            }
            let Some(level) = instrument.ladder(resting).best(&self.blocks) else { break };
            let wanted = if taker.by_quote {
                instrument.affordable(price, taker.rest).min(i128::from(i64::MAX)) as i64
            } else {
                taker.leaves
            };
            if wanted == 0 {
                break;
            }
            let maker = &self.orders.chains[level.head];
            let own = maker.account == taker.account;
            if own && taker.mode != SelfTradePrevention::None {
                if self.prevent(out, &mut taker, level.head, price, wanted) == Step::Ended {
                    return;
                }
            } else {
                let quantity = wanted.min(maker.shown);
                self.fill(out, &mut taker, level.head, price, quantity);
            }
        }
        self.end(out, taker);
    }

    /// Trades a quantity between the taker and a maker.
    fn fill(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        taker: &mut Taker,
        maker: u32,
        price: Price,
        quantity: i64,
    ) {
        assert!(quantity > 0);
        let instrument = self.instruments.slot_mut(taker.instrument);
        instrument.trade_at(price);
        let (maker_rate, taker_rate) =
            (instrument.definition.maker_fee, instrument.definition.taker_fee);
        let (base_asset, quote_asset) = (instrument.definition.base, instrument.definition.quote);
        let notional = instrument.notional(price, quantity);
        let base = instrument.base(quantity);

        taker.leaves -= if taker.by_quote { 0 } else { quantity };
        taker.rest -= if taker.by_quote { notional } else { 0 };
        let cost = taker.cost(instrument);
        let (paid, maker_receives) = match taker.side {
            Side::Buy => (notional, notional),
            Side::Sell => (base, base),
        };
        let taker_receives = if taker.side == Side::Buy { base } else { notional };
        let freed = taker.hold - cost - paid;
        taker.hold = cost;

        let maker_order = &mut self.orders.chains[maker];
        maker_order.fill(price, quantity);
        maker_order.shown -= quantity;
        let (maker_leaves, maker_shown) = (maker_order.leaves(), maker_order.shown);
        let (maker_account, maker_pays) = (maker_order.account, maker_order.pays);
        let maker_fee = charge(maker_order, maker_receives, maker_rate);
        let taker_order = &mut self.orders.chains[taker.chain];
        taker_order.fill(price, quantity);
        let taker_fee = charge(taker_order, taker_receives, taker_rate);

        let asset_paid = if taker.side == Side::Buy { quote_asset } else { base_asset };
        let asset_got = if taker.side == Side::Buy { base_asset } else { quote_asset };
        let maker_gets = self.ledger.slot(maker_account, asset_paid);
        let paid = Paid { asset: asset_paid, amount: paid, fee: maker_fee, freed };
        self.ledger.settle((taker.pays, maker_gets), paid);
        if taker.gets == NONE {
            taker.gets = self.ledger.slot(taker.account, asset_got);
        }
        let paid = Paid { asset: asset_got, amount: taker_receives, fee: taker_fee, freed: 0 };
        self.ledger.settle((maker_pays, taker.gets), paid);

        if maker_leaves == 0 {
            self.take_out(maker);
            self.unlist(maker, Life::Filled);
        } else if maker_shown == 0 {
            self.show_next(maker, price);
        }
        if taker.is_done() {
            self.orders.chains[taker.chain].life = Life::Filled;
        }
        self.report(out, (maker, ExecType::Trade, maker_leaves), |told| {
            told.last_price = price;
            told.last_quantity = Quantity(quantity);
            told.fee = Amount(maker_fee);
            told.maker = true;
        });
        self.report(out, (taker.chain, ExecType::Trade, taker.leaves), |told| {
            told.last_price = price;
            told.last_quantity = Quantity(quantity);
            told.fee = Amount(taker_fee);
        });
    }

    /// Shows the next slice of an iceberg, at the back of its level.
    fn show_next(&mut self, chain: u32, price: Price) {
        let order = &mut self.orders.chains[chain];
        order.shown = order.slice(order.leaves());
        let side = order.side;
        let ladder = self.instruments.slot_mut(order.instrument()).ladder(side);
        let orders = &mut self.orders.chains;
        ladder.remove(&mut self.blocks, orders, rank(side, price), chain);
        ladder.push(&mut self.blocks, orders, rank(side, price), chain);
    }

    /// Keeps two orders of one account from trading, as the taker's mode says.
    fn prevent(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        taker: &mut Taker,
        chain: u32,
        price: Price,
        wanted: i64,
    ) -> Step {
        match taker.mode {
            SelfTradePrevention::ExpireTaker => {
                self.cancel_taker(out, *taker, Cause::SelfTrade);
                Step::Ended
            }
            SelfTradePrevention::ExpireBoth => {
                self.close_resting(chain, Life::Canceled);
                self.tell_closed(out, chain, Cause::SelfTrade);
                self.cancel_taker(out, *taker, Cause::SelfTrade);
                Step::Ended
            }
            SelfTradePrevention::ExpireMaker | SelfTradePrevention::None => {
                self.close_resting(chain, Life::Canceled);
                self.tell_closed(out, chain, Cause::SelfTrade);
                Step::On
            }
            SelfTradePrevention::Decrement => {
                let quantity = wanted.min(self.orders.chains[chain].leaves());
                self.decrement_maker(out, chain, quantity);
                self.decrement_taker(out, taker, price, quantity)
            }
        }
    }

    /// Takes a quantity from a maker without a trade.
    fn decrement_maker(&mut self, out: &mut Output<'_, impl EventSink>, chain: u32, quantity: i64) {
        let leaves = self.orders.chains[chain].leaves();
        let left = leaves - quantity;
        if left == 0 {
            self.close_resting(chain, Life::Canceled);
            return self.tell_closed(out, chain, Cause::SelfTrade);
        }
        let (before, after) = (self.cost_of(chain, leaves), self.cost_of(chain, left));
        let order = &mut self.orders.chains[chain];
        order.decrement(quantity);
        order.shown = order.shown.min(left);
        self.ledger.hold(order.pays, before, after);
        self.report(out, (chain, ExecType::Restated, left), |told| told.why = Cause::SelfTrade);
    }

    /// Takes a quantity from the taker without a trade.
    fn decrement_taker(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        taker: &mut Taker,
        price: Price,
        quantity: i64,
    ) -> Step {
        let instrument = self.instruments.slot(taker.instrument);
        let mut left = *taker;
        if taker.by_quote {
            left.rest -= instrument.notional(price, quantity);
        } else {
            left.leaves -= quantity;
        }
        if left.is_done() {
            self.cancel_taker(out, *taker, Cause::SelfTrade);
            return Step::Ended;
        }
        left.hold = left.cost(instrument);
        self.ledger.hold(taker.pays, taker.hold, left.hold);
        let order = &mut self.orders.chains[taker.chain];
        if taker.by_quote {
            let quote = order.quote_quantity().0 - (taker.rest - left.rest);
            order.set_quote_quantity(Amount(quote));
        } else {
            order.decrement(quantity);
        }
        *taker = left;
        let told = (taker.chain, ExecType::Restated, taker.leaves);
        self.report(out, told, |told| told.why = Cause::SelfTrade);
        Step::On
    }

    /// The taker trades no more.
    fn end(&mut self, out: &mut Output<'_, impl EventSink>, taker: Taker) {
        if taker.is_done() {
            assert!(taker.hold == 0, "who has got all has nothing set aside");
            if taker.is_listed {
                self.unlist(taker.chain, Life::Filled);
            }
        } else if taker.rests {
            self.rest(taker);
        } else {
            self.cancel_taker(out, taker, Cause::ImmediateRest);
        }
    }

    /// Puts what is left of a taker at the back of its level.
    fn rest(&mut self, taker: Taker) {
        let Taker { chain, leaves, side, .. } = taker;
        let instrument = self.instruments.slot_mut(taker.instrument);
        let order = &mut self.orders.chains[chain];
        order.shown = order.slice(leaves);
        if !taker.is_listed {
            order.life = Life::Resting;
            self.orders.listed += 1;
            instrument.open_orders += 1;
            self.accounts.list(&mut self.orders, chain);
        }
        let rank = rank(side, taker.limit);
        instrument.ladder(side).push(&mut self.blocks, &mut self.orders.chains, rank, chain);
    }

    /// Cancels what is left of a taker.
    fn cancel_taker(&mut self, out: &mut Output<'_, impl EventSink>, taker: Taker, why: Cause) {
        self.ledger.hold(taker.pays, taker.hold, 0);
        if taker.is_listed {
            self.unlist(taker.chain, Life::Canceled);
        } else {
            self.orders.chains[taker.chain].life = Life::Canceled;
        }
        self.tell_closed(out, taker.chain, why);
    }

    /// What an open order could still cost with that much left.
    #[inline(always)]
    pub(super) fn cost_of(&self, chain: u32, leaves: i64) -> i64 {
        let chain = &self.orders.chains[chain];
        let instrument = self.instruments.slot(chain.instrument());
        match chain.side {
            Side::Buy => instrument.notional(chain.price, leaves),
            Side::Sell => instrument.base(leaves),
        }
    }

    /// Takes an order out of the book.
    #[inline]
    pub(super) fn take_out(&mut self, chain: u32) {
        let order = &self.orders.chains[chain];
        let ladder = self.instruments.slot_mut(order.instrument()).ladder(order.side);
        let rank = rank(order.side, order.price);
        ladder.remove(&mut self.blocks, &mut self.orders.chains, rank, chain);
    }

    /// Closes an order that is in its account's list, and not in the book any more.
    pub(super) fn unlist(&mut self, chain: u32, life: Life) {
        let order = &mut self.orders.chains[chain];
        assert!(order.life != Life::Coming);
        order.life = life;
        self.instruments.slot_mut(order.instrument()).open_orders -= 1;
        self.orders.listed -= 1;
        self.accounts.unlist(&mut self.orders, chain);
    }

    /// Closes an order that rests, and releases what it has set aside.
    pub(super) fn close_resting(&mut self, chain: u32, life: Life) {
        let order = &self.orders.chains[chain];
        let (pays, freed) = (order.pays, self.cost_of(chain, order.leaves()));
        self.take_out(chain);
        self.unlist(chain, life);
        self.ledger.hold(pays, freed, 0);
    }

    /// Starts to count what a fill-or-kill order could trade.
    pub(super) fn count_first(&mut self, out: &mut Output<'_, impl EventSink>, taker: Taker) {
        let resting = taker.side.opposite();
        let best = self.instruments.slot_mut(taker.instrument).ladder(resting).best(&self.blocks);
        let mut count = Count { at: NONE, ..Count::default() };
        if let Some(level) = best {
            count.rank = level.rank;
            count.at = level.head;
        }
        self.count(out, taker, count);
    }

    /// Counts what could fill the taker, then lets it trade or cancels it.
    ///
    /// Own orders never count. Modes that pass over them just skip them. In the other modes the count
    /// ends at the first one, and on its level only what is displayed before it counts, since later
    /// slices queue up behind it.
    pub(super) fn count(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        taker: Taker,
        mut count: Count,
    ) {
        use SelfTradePrevention::{ExpireMaker, None};
        let resting = taker.side.opposite();
        let passes = matches!(taker.mode, None | ExpireMaker);
        let wanted = i128::from(taker.leaves);
        let mut enough = false;
        let mut looked_at = 0;
        while count.at != NONE && crosses(taker.side, taker.limit, book::price(resting, count.rank))
        {
            if looked_at == ORDERS_LOOKED_AT {
                self.pending = Pending::Count(taker, count);
                return;
            }
            looked_at += 1;
            let order = &self.orders.chains[count.at];
            let next = order.next;
            if order.account != taker.account {
                count.leaves += i128::from(order.leaves());
                count.shown += i128::from(order.shown);
            } else if !passes {
                break;
            }
            let certain = if passes { count.leaves } else { count.shown };
            enough = count.before + certain >= wanted;
            if enough {
                break;
            }
            count.at = next;
            if next == NONE {
                self.count_next_level(&taker, &mut count);
                enough = count.before >= wanted;
                if enough {
                    break;
                }
            }
        }
        if enough {
            self.sweep(out, taker);
        } else {
            self.cancel_taker(out, taker, Cause::ImmediateRest);
        }
    }

    /// A level is counted whole: on to the next.
    fn count_next_level(&mut self, taker: &Taker, count: &mut Count) {
        count.before += count.leaves;
        count.leaves = 0;
        count.shown = 0;
        let ladder = self.instruments.slot_mut(taker.instrument).ladder(taker.side.opposite());
        if let Some(level) = ladder.worse(&self.blocks, count.rank) {
            count.rank = level.rank;
            count.at = level.head;
        }
    }
}

/// The fee of a fill: the order's exact fee so far, rounded up, less what was charged before.
#[inline]
fn charge(chain: &mut Chain, received: i64, rate: u32) -> i64 {
    const UNIT: u64 = FEE_UNIT as u64;
    // What was charged beyond the exact fee is always less than one.
    let round_up = UNIT - 1 - u64::from(chain.fee_remainder);
    let exact = (received as u64).checked_mul(u64::from(rate));
    let (fee, above) = match exact.and_then(|exact| exact.checked_add(round_up)) {
        Some(raised) => ((raised / UNIT) as i64, raised % UNIT),
        None => charge_far(received, rate, round_up),
    };
    chain.fee_remainder = (UNIT - 1 - above) as u32;
    assert!(fee <= received, "a rate of at most 100 % charges at most what is received");
    fee
}

/// See [`charge`], where 64 bits do not hold the product.
#[cold]
fn charge_far(received: i64, rate: u32, round_up: u64) -> (i64, u64) {
    let raised = i128::from(received) * i128::from(rate) + i128::from(round_up);
    ((raised / FEE_UNIT) as i64, (raised % FEE_UNIT) as u64)
}

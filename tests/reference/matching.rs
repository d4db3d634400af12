//! A taker meets the book: price first, then time, each fill at the maker's price.

use castle::model::*;

use super::filters::{crosses, may_rest};
use super::money::{Terms, saturated};
use super::orders::execution;
use super::{Order, Venue};

/// Fees are counted in 1/100,000 of what is received.
const FEE_UNIT: i128 = 100_000;

/// What self-trade prevention does at an own maker, and how a taker stands after it.
enum Next {
    Goes,
    Ends(Cause),
}

impl Venue {
    /// Matches an order that came or was replaced; what is left rests, or is canceled.
    pub(super) fn take(&mut self, mut taker: Order) {
        let terms = self.terms(taker.instrument);
        let bound = match taker.ord_type {
            OrdType::Limit => taker.price,
            OrdType::Market => terms.bound(taker.side),
        };
        let kill = taker.time_in_force == TimeInForce::FillOrKill;
        if kill && self.fillable(&taker, bound) < taker.leaves {
            return self.end_taker(taker, Cause::ImmediateRest);
        }
        while !is_done(&taker) {
            let book = self.queue(taker.instrument, taker.side.opposite());
            let Some(maker) = book.first().filter(|m| crosses(taker.side, bound, m.price)) else {
                break;
            };
            let wanted = wanted(&terms, &taker, maker.price);
            if wanted == 0 {
                break;
            }
            let own = maker.account == taker.account;
            let next = if own && taker.self_trade_prevention != SelfTradePrevention::None {
                self.prevent(&terms, &mut taker, *maker, wanted)
            } else {
                self.trade(&terms, &mut taker, *maker, wanted.min(maker.slice));
                Next::Goes
            };
            if let Next::Ends(why) = next {
                return self.end_taker(taker, why);
            }
        }
        if taker.status == OrdStatus::Filled {
            self.closed.insert(taker.id, taker);
        } else if may_rest(taker.ord_type, taker.time_in_force) {
            self.rest(taker);
        } else {
            self.end_taker(taker, Cause::ImmediateRest);
        }
    }

    /// How much a fill-or-kill order could trade.
    fn fillable(&self, taker: &Order, bound: i128) -> i128 {
        let book = self.queue(taker.instrument, taker.side.opposite());
        let book: Vec<&Order> =
            book.iter().filter(|maker| crosses(taker.side, bound, maker.price)).collect();
        let own = |maker: &Order| maker.account == taker.account;
        let passes_own = matches!(
            taker.self_trade_prevention,
            SelfTradePrevention::None | SelfTradePrevention::ExpireMaker
        );
        let first_own = book.iter().position(|maker| own(maker)).filter(|_| !passes_own);
        let Some(stop) = first_own else {
            return book.iter().filter(|maker| !own(maker)).map(|maker| maker.leaves).sum();
        };
        // What is hidden at the own order's price comes up only behind it.
        let before = |maker: &&Order| {
            if maker.price == book[stop].price { maker.slice } else { maker.leaves }
        };
        book[..stop].iter().map(before).sum()
    }

    /// Takes an own maker and the taker as the taker's mode has it.
    fn prevent(&mut self, terms: &Terms, taker: &mut Order, maker: Order, wanted: i128) -> Next {
        match taker.self_trade_prevention {
            SelfTradePrevention::None => Next::Goes,
            SelfTradePrevention::ExpireTaker => Next::Ends(Cause::SelfTrade),
            SelfTradePrevention::ExpireMaker => {
                self.cancel_open(maker.id, Cause::SelfTrade);
                Next::Goes
            }
            SelfTradePrevention::ExpireBoth => {
                self.cancel_open(maker.id, Cause::SelfTrade);
                Next::Ends(Cause::SelfTrade)
            }
            SelfTradePrevention::Decrement => self.decrement(terms, taker, maker, wanted),
        }
    }

    fn decrement(
        &mut self,
        terms: &Terms,
        taker: &mut Order,
        mut maker: Order,
        wanted: i128,
    ) -> Next {
        let both = wanted.min(maker.leaves);
        if both == maker.leaves {
            self.cancel_open(maker.id, Cause::SelfTrade);
        } else {
            maker.leaves -= both;
            maker.quantity = maker.cum + maker.leaves;
            maker.display = maker.display.min(maker.quantity);
            maker.slice = maker.slice.min(maker.leaves);
            self.open.insert(maker.id, maker);
            self.report(&maker, execution(&maker, ExecType::Restated, Cause::SelfTrade));
        }
        if taker.quote_quantity == 0 {
            if both == taker.leaves {
                return Next::Ends(Cause::SelfTrade);
            }
            taker.leaves -= both;
            taker.quantity = taker.cum + taker.leaves;
            taker.display = taker.display.min(taker.quantity);
        } else {
            let notional = terms.notional(maker.price, both);
            if notional == taker.rest {
                return Next::Ends(Cause::SelfTrade);
            }
            taker.rest -= notional;
            taker.quote_quantity -= notional;
        }
        self.report(taker, execution(taker, ExecType::Restated, Cause::SelfTrade));
        Next::Goes
    }

    /// One fill.
    fn trade(&mut self, terms: &Terms, taker: &mut Order, mut maker: Order, quantity: i128) {
        let price = maker.price;
        let notional = terms.notional(price, quantity);
        let base = terms.base(quantity);
        let (buyer, seller) = match taker.side {
            Side::Buy => (taker.account, maker.account),
            Side::Sell => (maker.account, taker.account),
        };
        self.pay(buyer, seller, terms.quote.id, notional);
        self.pay(seller, buyer, terms.base.id, base);
        if let Some(listing) = self.instruments.get_mut(&taker.instrument) {
            listing.last_trade = Some(price);
            listing.traded = true;
        }
        for (order, rate, is_maker) in [
            (&mut maker, terms.instrument.maker_fee, true),
            (&mut *taker, terms.instrument.taker_fee, false),
        ] {
            let received = match order.side {
                Side::Buy => base,
                Side::Sell => notional,
            };
            let fee = self.charge(terms, order, received, i128::from(rate));
            fill(order, price, quantity, notional);
            let mut report = execution(order, ExecType::Trade, Cause::Request);
            report.last_price = Price(saturated(price));
            report.last_quantity = Quantity(saturated(quantity));
            report.fee = Amount(saturated(fee));
            report.maker = is_maker;
            self.report(order, report);
        }
        self.put_back(maker, quantity);
    }

    /// Puts a maker that traded back into its queue, or closes it.
    fn put_back(&mut self, mut maker: Order, traded: i128) {
        maker.slice -= traded;
        if maker.leaves == 0 {
            self.open.remove(&maker.id);
            self.closed.insert(maker.id, maker);
        } else if maker.slice == 0 {
            self.rest(maker);
        } else {
            self.open.insert(maker.id, maker);
        }
    }

    /// Charges the fee of one fill: what the whole order owes, rounded up, less what it paid.
    fn charge(&mut self, terms: &Terms, order: &mut Order, received: i128, rate: i128) -> i128 {
        order.fee_exact += received * rate;
        let owed = (order.fee_exact + FEE_UNIT - 1) / FEE_UNIT;
        let fee = (owed - order.fee_charged).min(received);
        order.fee_charged += fee;
        let asset = match order.side {
            Side::Buy => terms.base.id,
            Side::Sell => terms.quote.id,
        };
        self.pay(order.account, AccountId::VENUE, asset, fee);
        fee
    }

    /// To the back of its level, with a new slice.
    fn rest(&mut self, mut order: Order) {
        self.places += 1;
        order.place = self.places;
        order.slice = match order.display {
            0 => order.leaves,
            display => display.min(order.leaves),
        };
        self.open.insert(order.id, order);
    }

    fn end_taker(&mut self, mut taker: Order, why: Cause) {
        taker.status = OrdStatus::Canceled;
        taker.leaves = 0;
        self.report(&taker, execution(&taker, ExecType::Canceled, why));
        self.closed.insert(taker.id, taker);
    }
}

fn is_done(taker: &Order) -> bool {
    if taker.quote_quantity == 0 { taker.leaves == 0 } else { taker.rest == 0 }
}

/// The most that the taker would trade at a price.
fn wanted(terms: &Terms, taker: &Order, price: i128) -> i128 {
    if taker.quote_quantity == 0 { taker.leaves } else { terms.affordable(price, taker.rest) }
}

/// Counts a fill in an order.
fn fill(order: &mut Order, price: i128, quantity: i128, notional: i128) {
    order.cum += quantity;
    order.cum_notional += price * quantity;
    if order.quote_quantity == 0 {
        order.leaves -= quantity;
    } else {
        order.rest -= notional;
    }
    order.status = if is_done(order) { OrdStatus::Filled } else { OrdStatus::PartiallyFilled };
}

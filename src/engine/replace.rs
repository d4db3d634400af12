//! Replace: an order keeps its id and its history and gets a new price, quantity or displayed part.
//!
//! 1. The order is found as for a cancel. Nothing is changed until every check has passed, so a
//!    refused replace leaves the order with its place and its hold.
//! 2. A quantity equal to what has traded closes the order. A lower one is refused.
//! 3. The price is checked only where it changes; quantity, displayed part and notional always, as of
//!    a new order of the whole quantity.
//! 4. A lower quantity at the same price, the displayed part left as it is, keeps the place. Anything
//!    else takes the order out of the book, matches it as one that came, and puts the rest at the back.
//!    One that would trade with nothing, as nearly all, just goes from one level to the other.

use crate::engine::Engine;
use crate::engine::book::rank;
use crate::engine::cancel::Change;
use crate::engine::matching::Taker;
use crate::engine::new_order::{check_display, check_notional, check_price, check_quantity};
use crate::engine::new_order::{check_trading, crosses};
use crate::engine::orders::{Chain, Life};
use crate::engine::output::{EventSink, Output};
use crate::engine::slab::NONE;
use crate::model::*;

/// What becomes of an order that may be replaced.
enum Outcome {
    /// All of it has traded: it is closed.
    Close,
    /// Only its quantity falls.
    Reduce(Terms),
    /// It is matched again.
    Requeue(Terms),
}

/// What an order that may be replaced becomes.
#[derive(Clone, Copy)]
struct Terms {
    display: Quantity,
    leaves: i64,
    /// What it has set aside before.
    held: i64,
    /// What it sets aside after.
    hold: i64,
}

impl Engine {
    pub(super) fn replace_order(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        replace: &ReplaceOrder,
    ) {
        let change = Change {
            session: replace.origin.session,
            account: replace.account,
            instrument: replace.instrument,
            side: replace.side,
            order: replace.order,
            id: (&replace.cl_ord_id, replace.cl_ord_id_hash),
            orig: (&replace.orig_cl_ord_id, replace.orig_cl_ord_id_hash),
            poss_resend: replace.poss_resend,
            refusal: replace.refusal,
            replace: true,
        };
        let Some(chain) = self.find_changed(out, &replace.origin, &change) else { return };
        let mut checked = self.check_replace(replace, chain);
        if let Err(refusal) = &checked
            && self.has_made_room(change.account, refusal)
        {
            checked = self.check_replace_again(replace, chain);
        }
        match checked {
            Ok(Outcome::Close) => self.close_replaced(out, &change, chain),
            Ok(Outcome::Reduce(terms)) => {
                self.take_terms(replace, chain, terms);
                let order = &mut self.orders.chains[chain];
                order.shown = order.shown.min(terms.leaves);
                self.tell_replaced(out, &change, chain, terms.leaves);
            }
            Ok(Outcome::Requeue(terms)) if self.rests_at_once(chain, replace.price) => {
                let from = self.orders.chains[chain].price;
                self.take_terms(replace, chain, terms);
                self.shift(chain, from, terms.leaves);
                self.tell_replaced(out, &change, chain, terms.leaves);
            }
            Ok(Outcome::Requeue(terms)) => {
                self.take_out(chain);
                self.take_terms(replace, chain, terms);
                self.tell_replaced(out, &change, chain, terms.leaves);
                self.sweep(out, self.taker_of(chain, terms.leaves, terms.hold));
            }
            Err(refusal) => self.reject_change(out, &change, Some(chain), refusal),
        }
    }

    /// See [`Self::check_replace`], after room may have been made.
    #[cold]
    fn check_replace_again(&self, replace: &ReplaceOrder, chain: u32) -> Result<Outcome, Refusal> {
        self.check_replace(replace, chain)
    }

    /// What becomes of the order, or the first reason to refuse.
    #[inline(always)]
    fn check_replace(&self, replace: &ReplaceOrder, chain: u32) -> Result<Outcome, Refusal> {
        let order = &self.orders.chains[chain];
        let instrument = self.instruments.slot(order.instrument());
        check_trading(instrument)?;
        check_same_kind(replace, order)?;
        let (price, quantity) = (replace.price, replace.quantity);
        if quantity < order.cum_quantity {
            let cum = order.cum_quantity.0;
            return Err(Refusal::new(RejectCode::BelowExecuted, quantity.0, cum));
        }
        if quantity == order.cum_quantity && quantity.0 > 0 {
            return Ok(Outcome::Close);
        }
        let same_price = price == order.price;
        if !same_price {
            check_price(instrument, price)?;
        }
        check_quantity(instrument, quantity)?;
        let kept = order.display_quantity();
        let same_display = replace.display_quantity.0 == 0 || replace.display_quantity == kept;
        let display = match replace.display_quantity.0 {
            0 => kept.min(quantity),
            _ => replace.display_quantity,
        };
        check_display(instrument, display, quantity)?;
        let notional = instrument.notional_saturated(price, quantity.0);
        check_notional(instrument, notional, notional)?;
        self.check_ids_room(order.account)?;
        let leaves = quantity.0 - order.cum_quantity.0;
        let needed = match order.side {
            Side::Buy if leaves == quantity.0 => notional,
            Side::Buy => instrument.notional_saturated(price, leaves),
            Side::Sell => instrument.base_saturated(leaves),
        };
        let held = self.cost_of(chain, order.leaves());
        let free = self.ledger.at(order.pays).free;
        if needed > free.0 + held {
            return Err(Refusal::new(RejectCode::InsufficientBalance, needed, free.0 + held));
        }
        if !same_price && order.post_only {
            self.check_post_only(instrument, order.side, price)?;
        }
        let terms = Terms { display, leaves, held, hold: needed };
        if same_price && same_display && quantity < order.quantity {
            return Ok(Outcome::Reduce(terms));
        }
        Ok(Outcome::Requeue(terms))
    }

    /// Changes what the order is and what it has set aside.
    #[inline(always)]
    fn take_terms(&mut self, replace: &ReplaceOrder, chain: u32, terms: Terms) {
        let Terms { display, held, hold, .. } = terms;
        let order = &mut self.orders.chains[chain];
        order.price = replace.price;
        order.quantity = replace.quantity;
        order.set_display_quantity(display);
        self.ledger.hold(order.pays, held, hold);
    }

    /// Whether a resting order would trade with nothing at another price.
    #[inline]
    fn rests_at_once(&self, chain: u32, price: Price) -> bool {
        let order = &self.orders.chains[chain];
        let best =
            self.best_price(self.instruments.slot(order.instrument()), order.side.opposite());
        best.is_none_or(|best| !crosses(order.side, price, best))
    }

    /// Moves a resting order whose terms have changed to the back of its new level.
    #[inline]
    fn shift(&mut self, chain: u32, from: Price, leaves: i64) {
        let order = &mut self.orders.chains[chain];
        order.shown = order.slice(leaves);
        let ranks = (rank(order.side, from), rank(order.side, order.price));
        let ladder = self.instruments.slot_mut(order.instrument()).ladder(order.side);
        ladder.shift(&mut self.blocks, &mut self.orders.chains, ranks, chain);
    }

    /// The order as one that comes.
    fn taker_of(&self, chain: u32, leaves: i64, hold: i64) -> Taker {
        let order = &self.orders.chains[chain];
        Taker {
            chain,
            instrument: order.instrument(),
            account: order.account,
            side: order.side,
            mode: order.self_trade_prevention,
            rests: true,
            by_quote: false,
            limit: order.price,
            leaves,
            rest: 0,
            hold,
            pays: order.pays,
            gets: NONE,
            is_listed: true,
        }
    }

    /// Closes an order whose new quantity has all traded.
    fn close_replaced(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        change: &Change<'_>,
        chain: u32,
    ) {
        self.close_resting(chain, Life::Filled);
        let order = &mut self.orders.chains[chain];
        order.quantity = order.cum_quantity;
        self.tell_replaced(out, change, chain, 0);
    }

    #[inline]
    fn tell_replaced(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        change: &Change<'_>,
        chain: u32,
        leaves: i64,
    ) {
        let orig_cl_ord_id = self.ids.slots[self.orders.chains[chain].last].id;
        if !self.ids.is_full() {
            self.remember_id(change.account, chain, change.id);
        }
        self.tell_changed(out, change.session, (chain, ExecType::Replaced, leaves), |told| {
            told.cl_ord_id = *change.id.0;
            told.orig_cl_ord_id = orig_cl_ord_id;
        });
    }
}

/// Whether the request leaves what cannot be replaced as it is.
#[inline(always)]
fn check_same_kind(replace: &ReplaceOrder, order: &Chain) -> Result<(), Refusal> {
    /// ExecInst.
    const EXEC_INST: i64 = 18;
    /// OrdType.
    const ORD_TYPE: i64 = 40;
    /// TimeInForce.
    const TIME_IN_FORCE: i64 = 59;
    /// MaxFloor.
    const MAX_FLOOR: i64 = 111;
    /// SelfTradePrevention.
    const SELF_TRADE_PREVENTION: i64 = 25001;
    let time_in_force = order.time_in_force;
    let same_time = match replace.time_in_force {
        ReplaceTimeInForce::Unchanged => true,
        ReplaceTimeInForce::Day => time_in_force == TimeInForce::Day,
        ReplaceTimeInForce::GoodTillCancel => time_in_force == TimeInForce::GoodTillCancel,
        ReplaceTimeInForce::Other => false,
    };
    let same_mode = match replace.self_trade_prevention {
        ReplaceSelfTradePrevention::Unchanged => true,
        repeated => repeated as u8 == order.self_trade_prevention as u8,
    };
    let tag = if replace.ord_type != OrdType::Limit {
        ORD_TYPE
    } else if !same_time {
        TIME_IN_FORCE
    } else if replace.post_only && !order.post_only {
        EXEC_INST
    } else if !same_mode {
        SELF_TRADE_PREVENTION
    } else if replace.display_quantity.0 != 0 && order.display_quantity().0 == 0 {
        MAX_FLOOR
    } else {
        return Ok(());
    };
    Err(Refusal::new(RejectCode::NotReplaceable, tag, 0))
}

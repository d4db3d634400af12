//! A new order: what may refuse it, in this order, and how it is taken.
//!
//! 1. The account is the session's. A known ClOrdID that may be a resend is answered with the state.
//! 2. What the gateway refused; ClOrdID; instrument; account and instrument take orders; options.
//! 3. Price, quantity, displayed quantity, notional.
//! 4. Room: the account's orders, the venue's orders, the venue's ClOrdIDs, the account's. Money.
//!    Post-only.
//! 5. Only then is anything changed: the order and its ClOrdID are remembered, its hold is taken, and
//!    it is matched.

use crate::engine::Engine;
use crate::engine::cl_ord_ids::LOOKED_AT_WHEN_FULL;
use crate::engine::instruments::{Collar, InstrumentSlot};
use crate::engine::matching::Taker;
use crate::engine::orders::Chain;
use crate::engine::output::{EventSink, Output};
use crate::model::limit::{AMOUNT_MAX, ICEBERG_PARTS_MAX, PRICE_MAX, QUANTITY_MAX};
use crate::model::*;

/// What an order that is not refused may trade at, and what it sets aside.
#[derive(Debug, Clone, Copy)]
struct Terms {
    limit: Price,
    /// The balance from which it pays, if there is one.
    pays: Option<u32>,
    hold: i64,
}

impl Engine {
    pub(super) fn new_order(&mut self, out: &mut Output<'_, impl EventSink>, order: &NewOrder) {
        let Some(account) = self.admit(&order.origin) else { return };
        if account != order.account {
            let refusal = Refusal::plain(RejectCode::AccountMismatch);
            return self.reject(out, order, refusal);
        }
        if order.poss_resend
            && let Some(chain) = self.known(account, &order.cl_ord_id, order.cl_ord_id_hash)
        {
            return self.resend_state(out, order.origin.session, chain);
        }
        match self.check(order) {
            Ok(terms) => self.accept(out, order, terms),
            Err(refusal) if self.has_made_room(account, &refusal) => self.check_again(out, order),
            Err(refusal) => self.reject(out, order, refusal),
        }
    }

    /// The chain that a ClOrdID of the account is remembered for.
    #[inline]
    pub(super) fn known(&self, account: AccountId, id: &ClOrdId, hash: u64) -> Option<u32> {
        if id.is_empty() {
            return None;
        }
        self.ids.find(&self.orders, account, id, hash).map(|slot| self.ids.slots[slot].chain)
    }

    /// What the order would trade at and set aside, or the first reason to refuse it.
    #[inline]
    fn check(&self, order: &NewOrder) -> Result<Terms, Refusal> {
        self.check_id(order.refusal, order.account, &order.cl_ord_id, order.cl_ord_id_hash)?;
        let unknown = Refusal::new(RejectCode::UnknownInstrument, i64::from(order.instrument.0), 0);
        let instrument = self.instruments.get(order.instrument).ok_or(unknown)?;
        let account = self.accounts.get(order.account);
        if account.is_none_or(|account| account.state == AccountState::Suspended) {
            return Err(Refusal::plain(RejectCode::AccountSuspended));
        }
        check_trading(instrument)?;
        check_options(order)?;
        let collar = instrument.collar();
        let by_quote = order.quote_quantity.0 != 0;
        match order.ord_type {
            OrdType::Limit => check_price(instrument, order.price)?,
            OrdType::Market if order.price.0 != 0 => {
                return Err(Refusal::plain(RejectCode::PriceMismatch));
            }
            OrdType::Market => {}
        }
        if !by_quote {
            check_quantity(instrument, order.quantity)?;
            check_display(instrument, order.display_quantity, order.quantity)?;
        }
        let (limit, needed) = match order.ord_type {
            OrdType::Limit => (order.price, limit_needs(instrument, order)?),
            OrdType::Market => market_needs(instrument, collar, order)?,
        };
        self.check_room(order, instrument)?;
        let asset = instrument.paid_with(order.side);
        let pays = self.ledger.find(order.account, asset);
        let free = pays.map_or(Amount::ZERO, |slot| self.ledger.at(slot).free);
        if needed > free.0 {
            return Err(Refusal::new(RejectCode::InsufficientBalance, needed, free.0));
        }
        if order.post_only {
            self.check_post_only(instrument, order.side, order.price)?;
        }
        Ok(Terms { limit, pays, hold: needed })
    }

    /// The gateway's refusal, and whether the ClOrdID is given and new.
    #[inline(always)]
    pub(super) fn check_id(
        &self,
        refusal: Refusal,
        account: AccountId,
        id: &ClOrdId,
        hash: u64,
    ) -> Result<(), Refusal> {
        if refusal.code != RejectCode::None {
            return Err(refusal);
        }
        if id.is_empty() {
            return Err(Refusal::plain(RejectCode::EmptyClOrdId));
        }
        if self.ids.find(&self.orders, account, id, hash).is_some() {
            return Err(Refusal::plain(RejectCode::DuplicateClOrdId));
        }
        Ok(())
    }

    /// Whether the account and the venue have room for the order.
    #[inline]
    fn check_room(&self, order: &NewOrder, instrument: &InstrumentSlot) -> Result<(), Refusal> {
        if rests(order.ord_type, order.time_in_force) {
            let most = instrument.definition.open_orders_max;
            let (account, accounts) = (order.account, &self.accounts);
            let room = accounts.check_room(&self.orders, account, order.instrument, most);
            if let Err(open) = room {
                let code = RejectCode::TooManyOpenOrders;
                return Err(Refusal::new(code, i64::from(open), i64::from(most)));
            }
            let most = self.genesis.as_ref().map_or(0, |genesis| genesis.limits.orders_max);
            if self.orders.listed >= most {
                return Err(Refusal::new(RejectCode::VenueOrdersFull, 0, i64::from(most)));
            }
        }
        self.check_ids_room(order.account)
    }

    /// Whether the ClOrdID of another order or replace can be remembered.
    #[inline(always)]
    pub(super) fn check_ids_room(&self, account: AccountId) -> Result<(), Refusal> {
        self.accounts.get(account).map_or(Ok(()), |account| self.ids.check_room(account))
    }

    /// Where the account is refused for want of room for ClOrdIDs, looks at some of its own; whether
    /// there was any to look at, so that asking again makes sense.
    #[cold]
    pub(super) fn has_made_room(&mut self, account: AccountId, refusal: &Refusal) -> bool {
        use RejectCode::{AccountClOrdIdsFull, VenueClOrdIdsFull};
        if !matches!(refusal.code, VenueClOrdIdsFull | AccountClOrdIdsFull) {
            return false;
        }
        let slot = self.accounts.slot(account);
        let look = |_: &usize| self.ids.look(&mut self.orders, slot, self.day);
        (0..LOOKED_AT_WHEN_FULL).take_while(look).count() > 0
    }

    /// Takes or refuses an order for which room may have been made.
    #[cold]
    fn check_again(&mut self, out: &mut Output<'_, impl EventSink>, order: &NewOrder) {
        match self.check(order) {
            Ok(terms) => self.accept(out, order, terms),
            Err(refusal) => self.reject(out, order, refusal),
        }
    }

    /// Whether an order at this price would trade at once.
    #[inline]
    pub(super) fn check_post_only(
        &self,
        instrument: &InstrumentSlot,
        side: Side,
        price: Price,
    ) -> Result<(), Refusal> {
        match self.best_price(instrument, side.opposite()) {
            Some(best) if crosses(side, price, best) => {
                Err(Refusal::new(RejectCode::PostOnlyWouldTrade, price.0, best.0))
            }
            _ => Ok(()),
        }
    }

    fn accept(&mut self, out: &mut Output<'_, impl EventSink>, order: &NewOrder, terms: Terms) {
        let instrument = self.instruments.slot_mut(order.instrument);
        instrument.ordered = true;
        let asset = instrument.paid_with(order.side);
        let pays = terms.pays.unwrap_or_else(|| self.ledger.slot(order.account, asset));
        self.ledger.hold(pays, 0, terms.hold);
        let chain = self.orders.remember(Chain::new(order, OrderId(out.cause.0), pays));
        self.remember_id(order.account, chain, (&order.cl_ord_id, order.cl_ord_id_hash));
        let leaves = order.quantity.0;
        self.report(out, (chain, ExecType::New, leaves), |_| {});
        let taker = Taker::of_order(order, chain, terms.limit, pays, terms.hold);
        if order.time_in_force == TimeInForce::FillOrKill {
            self.count_first(out, taker);
        } else {
            self.sweep(out, taker);
        }
    }

    /// Remembers a ClOrdID as the chain's last.
    #[inline]
    pub(super) fn remember_id(&mut self, account: AccountId, chain: u32, id: (&ClOrdId, u64)) {
        let account = self.accounts.slot(account);
        self.ids.remember(&mut self.orders, account, self.day, chain, id);
    }

    /// Tells that a new order is refused; it leaves no trace.
    #[cold]
    fn reject(&mut self, out: &mut Output<'_, impl EventSink>, order: &NewOrder, refusal: Refusal) {
        let execution = Execution {
            order: OrderId::NONE,
            account: order.account,
            instrument: order.instrument,
            cl_ord_id: order.cl_ord_id,
            orig_cl_ord_id: ClOrdId::EMPTY,
            exec_type: ExecType::Rejected,
            ord_status: OrdStatus::Rejected,
            why: Cause::Request,
            side: order.side,
            ord_type: order.ord_type,
            time_in_force: order.time_in_force,
            post_only: order.post_only,
            self_trade_prevention: order.self_trade_prevention,
            maker: false,
            price: order.price,
            quantity: order.quantity,
            quote_quantity: order.quote_quantity,
            display_quantity: order.display_quantity,
            last_price: Price::ZERO,
            last_quantity: Quantity::ZERO,
            leaves_quantity: Quantity::ZERO,
            cum_quantity: Quantity::ZERO,
            cum_notional: 0,
            fee: Amount::ZERO,
            refusal,
        };
        self.tell(out, order.origin.session, EventBody::Execution(execution));
    }
}

/// Whether what is left of such an order goes into the book.
pub(super) fn rests(ord_type: OrdType, time_in_force: TimeInForce) -> bool {
    ord_type == OrdType::Limit
        && matches!(time_in_force, TimeInForce::Day | TimeInForce::GoodTillCancel)
}

/// Whether an order of `side` with this limit trades at `best` of the other side.
#[inline(always)]
pub(super) fn crosses(side: Side, limit: Price, best: Price) -> bool {
    match side {
        Side::Buy => best <= limit,
        Side::Sell => best >= limit,
    }
}

/// Whether the instrument takes orders.
#[inline(always)]
pub(super) fn check_trading(instrument: &InstrumentSlot) -> Result<(), Refusal> {
    match instrument.definition.state {
        InstrumentState::Trading => Ok(()),
        InstrumentState::Halted => Err(Refusal::plain(RejectCode::InstrumentHalted)),
        InstrumentState::CancelOnly => Err(Refusal::plain(RejectCode::InstrumentCancelOnly)),
    }
}

/// Whether the order's options go together.
fn check_options(order: &NewOrder) -> Result<(), Refusal> {
    let by_quote = order.quote_quantity.0 != 0;
    let must_rest = order.post_only || order.display_quantity.0 != 0;
    let kill = order.time_in_force == TimeInForce::FillOrKill;
    let together = match order.ord_type {
        OrdType::Limit => !by_quote && (!must_rest || rests(order.ord_type, order.time_in_force)),
        OrdType::Market => !must_rest && !(by_quote && (order.quantity.0 != 0 || kill)),
    };
    if together { Ok(()) } else { Err(Refusal::plain(RejectCode::UnsupportedCombination)) }
}

/// Whether a limit is a price of the instrument, and within the collar.
#[inline(always)]
pub(super) fn check_price(instrument: &InstrumentSlot, price: Price) -> Result<(), Refusal> {
    let tick = instrument.definition.tick;
    if price.0 <= 0 {
        return Err(Refusal::new(RejectCode::PriceNotPositive, price.0, 0));
    }
    if price.0 > PRICE_MAX {
        return Err(Refusal::new(RejectCode::PriceTooHigh, price.0, PRICE_MAX));
    }
    if price.0 % tick.0 != 0 {
        return Err(Refusal::new(RejectCode::PriceOffTick, price.0, tick.0));
    }
    let collar = instrument.collar();
    if price.0 > collar.high {
        return Err(Refusal::new(RejectCode::PriceAboveCollar, price.0, collar.high));
    }
    if price.0 < collar.low {
        return Err(Refusal::new(RejectCode::PriceBelowCollar, price.0, collar.low));
    }
    Ok(())
}

/// Whether a quantity is one of the instrument.
#[inline(always)]
pub(super) fn check_quantity(
    instrument: &InstrumentSlot,
    quantity: Quantity,
) -> Result<(), Refusal> {
    let Instrument { quantity_min: least, quantity_max: most, lot, .. } = instrument.definition;
    if quantity < least {
        return Err(Refusal::new(RejectCode::QuantityTooLow, quantity.0, least.0));
    }
    if quantity > most {
        return Err(Refusal::new(RejectCode::QuantityTooHigh, quantity.0, most.0));
    }
    if quantity.0 % lot.0 != 0 {
        return Err(Refusal::new(RejectCode::QuantityOffLot, quantity.0, lot.0));
    }
    Ok(())
}

/// Whether a displayed quantity, if there is one, is between a lot and the quantity, and no too small
/// part of that.
#[inline(always)]
pub(super) fn check_display(
    instrument: &InstrumentSlot,
    display: Quantity,
    quantity: Quantity,
) -> Result<(), Refusal> {
    let lot = instrument.definition.lot;
    if display.0 == 0 {
        return Ok(());
    }
    if display < lot || display > quantity {
        let code = RejectCode::DisplayQuantityOutOfRange;
        return Err(Refusal::new(code, display.0, quantity.0));
    }
    let parts = (quantity.0 - 1) / display.0 + 1;
    if parts > ICEBERG_PARTS_MAX {
        let code = RejectCode::DisplayQuantityOutOfRange;
        let part = (quantity.0 - 1) / ICEBERG_PARTS_MAX + 1;
        let least = ((part - 1) / lot.0 + 1) * lot.0;
        return Err(Refusal::new(code, display.0, least));
    }
    if display.0 % lot.0 != 0 {
        return Err(Refusal::new(RejectCode::DisplayQuantityOffLot, display.0, lot.0));
    }
    Ok(())
}

/// Whether a notional is enough, and the most that it may become an amount.
#[inline(always)]
pub(super) fn check_notional(
    instrument: &InstrumentSlot,
    notional: i64,
    most: i64,
) -> Result<(), Refusal> {
    let least = instrument.definition.notional_min;
    if notional < least.0 {
        return Err(Refusal::new(RejectCode::NotionalTooLow, notional, least.0));
    }
    if most > AMOUNT_MAX {
        return Err(Refusal::new(RejectCode::NotionalTooHigh, 0, AMOUNT_MAX));
    }
    Ok(())
}

/// What a limit order sets aside.
#[inline]
fn limit_needs(instrument: &InstrumentSlot, order: &NewOrder) -> Result<i64, Refusal> {
    let notional = instrument.notional_saturated(order.price, order.quantity.0);
    check_notional(instrument, notional, notional)?;
    Ok(match order.side {
        Side::Buy => notional,
        Side::Sell => instrument.base_saturated(order.quantity.0),
    })
}

/// The bound of a market order, and what it sets aside.
fn market_needs(
    instrument: &InstrumentSlot,
    collar: &Collar,
    order: &NewOrder,
) -> Result<(Price, i64), Refusal> {
    let bound = instrument.bound(order.side, collar);
    let quote = order.quote_quantity;
    if quote.0 == 0 {
        let notional = instrument.notional_saturated(collar.reference, order.quantity.0);
        let most = instrument.notional_saturated(bound, order.quantity.0);
        check_notional(instrument, notional, most)?;
        let needed = match order.side {
            Side::Buy => most,
            Side::Sell => instrument.base_saturated(order.quantity.0),
        };
        return Ok((bound, needed));
    }
    if quote.0 <= 0 {
        let least = instrument.definition.notional_min;
        return Err(Refusal::new(RejectCode::NotionalTooLow, quote.0, least.0));
    }
    check_notional(instrument, quote.0, quote.0)?;
    if order.side == Side::Buy {
        return Ok((bound, quote.0));
    }
    let quantity = instrument.affordable(bound, quote.0);
    match i64::try_from(quantity) {
        Ok(quantity) if quantity <= QUANTITY_MAX => {
            Ok((bound, instrument.base_saturated(quantity)))
        }
        _ => Err(Refusal::new(RejectCode::NotionalTooHigh, 0, AMOUNT_MAX)),
    }
}

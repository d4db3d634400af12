//! What an order must be like to be taken, each check on its own.

use castle::model::limit::*;
use castle::model::*;

use super::Order;
use super::money::{Terms, saturated};

/// The tags that a refusal names.
pub(super) mod tag {
    pub const ORD_TYPE: i64 = 40;
    pub const EXEC_INST: i64 = 18;
    pub const SIDE: i64 = 54;
    pub const SYMBOL: i64 = 55;
    pub const TIME_IN_FORCE: i64 = 59;
    pub const MAX_FLOOR: i64 = 111;
    pub const SELF_TRADE_PREVENTION: i64 = 25001;
}

pub(super) fn refuse<T>(code: RejectCode, value: i128, limit: i128) -> Result<T, Refusal> {
    Err(Refusal::new(code, saturated(value), saturated(limit)))
}

pub(super) fn refuse_plain<T>(code: RejectCode) -> Result<T, Refusal> {
    Err(Refusal::plain(code))
}

/// Whether an order may stay in the book.
pub(super) fn may_rest(ord_type: OrdType, time_in_force: TimeInForce) -> bool {
    ord_type == OrdType::Limit
        && matches!(time_in_force, TimeInForce::Day | TimeInForce::GoodTillCancel)
}

/// Whether an order at `price` trades with an opposite one at `other`.
pub(super) fn crosses(side: Side, price: i128, other: i128) -> bool {
    match side {
        Side::Buy => other <= price,
        Side::Sell => other >= price,
    }
}

pub(super) fn check_combination(command: &NewOrder) -> Result<(), Refusal> {
    let market = command.ord_type == OrdType::Market;
    let by_quote = command.quote_quantity != Amount::ZERO;
    let by_quantity = command.quantity != Quantity::ZERO;
    let stays = may_rest(command.ord_type, command.time_in_force);
    let iceberg = command.display_quantity != Quantity::ZERO;
    let kill = command.time_in_force == TimeInForce::FillOrKill;
    let contradicts = (command.post_only || iceberg) && !stays
        || by_quote && !market
        || by_quote && by_quantity
        || by_quote && kill;
    if contradicts { refuse_plain(RejectCode::UnsupportedCombination) } else { Ok(()) }
}

pub(super) fn check_price(terms: &Terms, price: i128) -> Result<(), Refusal> {
    let tick = terms.instrument.tick.wide();
    if price <= 0 {
        return refuse(RejectCode::PriceNotPositive, price, 0);
    }
    if price > i128::from(PRICE_MAX) {
        return refuse(RejectCode::PriceTooHigh, price, PRICE_MAX.into());
    }
    if price % tick != 0 {
        return refuse(RejectCode::PriceOffTick, price, tick);
    }
    if price > terms.high() {
        return refuse(RejectCode::PriceAboveCollar, price, terms.high());
    }
    if price < terms.low() {
        return refuse(RejectCode::PriceBelowCollar, price, terms.low());
    }
    Ok(())
}

pub(super) fn check_quantity(terms: &Terms, quantity: i128, display: i128) -> Result<(), Refusal> {
    let lot = terms.instrument.lot.wide();
    let (least, most) =
        (terms.instrument.quantity_min.wide(), terms.instrument.quantity_max.wide());
    if quantity < least {
        return refuse(RejectCode::QuantityTooLow, quantity, least);
    }
    if quantity > most {
        return refuse(RejectCode::QuantityTooHigh, quantity, most);
    }
    if quantity % lot != 0 {
        return refuse(RejectCode::QuantityOffLot, quantity, lot);
    }
    if display != 0 && !(lot..=quantity).contains(&display) {
        return refuse(RejectCode::DisplayQuantityOutOfRange, display, quantity);
    }
    // The least that may be displayed: a hundredth, rounded up to whole lots.
    let most_slices = i128::from(ICEBERG_PARTS_MAX);
    let slices = if display == 0 { 0 } else { (quantity + display - 1) / display };
    if slices > most_slices {
        let mut least = quantity / most_slices / lot * lot;
        while least * most_slices < quantity {
            least += lot;
        }
        return refuse(RejectCode::DisplayQuantityOutOfRange, display, least);
    }
    if display % lot != 0 {
        return refuse(RejectCode::DisplayQuantityOffLot, display, lot);
    }
    Ok(())
}

/// The least is counted at one price, the most at another.
pub(super) fn check_notional(
    terms: &Terms,
    low: i128,
    high: i128,
    quantity: i128,
) -> Result<(), Refusal> {
    let least = terms.instrument.notional_min.wide();
    let notional = terms.notional_checked(low, quantity).unwrap_or(i128::MAX);
    if notional < least {
        return refuse(RejectCode::NotionalTooLow, notional, least);
    }
    match terms.notional_checked(high, quantity) {
        Some(most) if most <= i128::from(AMOUNT_MAX) => Ok(()),
        _ => refuse(RejectCode::NotionalTooHigh, 0, AMOUNT_MAX.into()),
    }
}

pub(super) fn check_spend(terms: &Terms, side: Side, spend: i128) -> Result<(), Refusal> {
    let least = terms.instrument.notional_min.wide();
    if spend <= 0 || spend < least {
        return refuse(RejectCode::NotionalTooLow, spend, least);
    }
    let sold = terms.affordable(terms.bound(side), spend);
    let too_many = side == Side::Sell && sold > i128::from(QUANTITY_MAX);
    if spend > i128::from(AMOUNT_MAX) || too_many {
        return refuse(RejectCode::NotionalTooHigh, 0, AMOUNT_MAX.into());
    }
    Ok(())
}

/// The most that an order could cost.
pub(super) fn hold_at_entry(terms: &Terms, command: &NewOrder) -> (AssetId, i128) {
    let bound = match command.ord_type {
        OrdType::Limit => command.price.wide(),
        OrdType::Market => terms.bound(command.side),
    };
    let (quantity, spend) = (command.quantity.wide(), command.quote_quantity.wide());
    match (command.side, spend) {
        (Side::Buy, 0) => (terms.quote.id, terms.notional(bound, quantity)),
        (Side::Buy, _) => (terms.quote.id, spend),
        (Side::Sell, 0) => (terms.base.id, terms.base(quantity)),
        (Side::Sell, _) => (terms.base.id, terms.base(terms.affordable(bound, spend))),
    }
}

pub(super) fn check_replaceable(old: &Order, command: &ReplaceOrder) -> Result<(), Refusal> {
    let not = |tag| refuse(RejectCode::NotReplaceable, i128::from(tag), 0);
    if command.ord_type != old.ord_type {
        return not(tag::ORD_TYPE);
    }
    let same_time = match command.time_in_force {
        ReplaceTimeInForce::Unchanged => true,
        ReplaceTimeInForce::Day => old.time_in_force == TimeInForce::Day,
        ReplaceTimeInForce::GoodTillCancel => old.time_in_force == TimeInForce::GoodTillCancel,
        ReplaceTimeInForce::Other => false,
    };
    if !same_time {
        return not(tag::TIME_IN_FORCE);
    }
    if command.post_only && !old.post_only {
        return not(tag::EXEC_INST);
    }
    let repeated = match command.self_trade_prevention {
        ReplaceSelfTradePrevention::Unchanged => old.self_trade_prevention,
        ReplaceSelfTradePrevention::None => SelfTradePrevention::None,
        ReplaceSelfTradePrevention::ExpireTaker => SelfTradePrevention::ExpireTaker,
        ReplaceSelfTradePrevention::ExpireMaker => SelfTradePrevention::ExpireMaker,
        ReplaceSelfTradePrevention::ExpireBoth => SelfTradePrevention::ExpireBoth,
        ReplaceSelfTradePrevention::Decrement => SelfTradePrevention::Decrement,
    };
    if repeated != old.self_trade_prevention {
        return not(tag::SELF_TRADE_PREVENTION);
    }
    if command.display_quantity != Quantity::ZERO && old.display == 0 {
        return not(tag::MAX_FLOOR);
    }
    Ok(())
}

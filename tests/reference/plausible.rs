//! Prices, quantities and definitions by chance: most make sense, some are out of all bounds.

use castle::model::limit::*;
use castle::model::*;

use super::generate::Dice;
use super::{Order, Venue};

/// The one that is sent again and again.
pub(super) fn fixed_transfer() -> Transfer {
    Transfer {
        request: 0,
        account: AccountId(2),
        asset: AssetId(1),
        amount: Amount(10),
        reference: Reference::truncated(b"again"),
    }
}

/// An instrument that makes sense, small or large.
pub(super) fn instrument(dice: &mut Dice, id: u32, scales: &[u8; 3]) -> Instrument {
    let (base, quote) = dice.pick(&[(0, 1), (2, 1), (0, 2)]);
    let quantity_scale = (dice.below(u64::from(scales[base]) + 1) as u8).min(6);
    let coarse = dice.chance(20);
    let price_scale = if coarse { 0 } else { scales[quote].saturating_sub(dice.below(3) as u8) };
    // Tick × lot must be whole: the lot makes up for what the scales lack.
    let lack = (price_scale + quantity_scale).saturating_sub(scales[quote]);
    let lot = 10_i64.pow(lack.into()) * dice.pick(&[1, 1, 5]);
    let (tick, reference) = match dice.below(8) {
        0 => (1, 3),
        1 => (7, 7_000),
        2 if scales[quote] == 0 => (1_000_000_000_000, 1_000_000_000_000_000),
        // So high that the collar ends above what a price may be, and the greatest price is off the tick.
        3 if scales[quote] == 0 => (700_000_000_000_000, 910_000_000_000_000_000),
        _ => (5, 10_000),
    };
    let huge = dice.chance(10);
    Instrument {
        id: InstrumentId(id),
        symbol: Symbol::truncated(format!("I{id}").as_bytes()),
        base: AssetId(base as u16),
        quote: AssetId(quote as u16),
        price_scale,
        quantity_scale,
        tick: Price(tick),
        lot: Quantity(lot),
        quantity_min: Quantity(lot * dice.pick(&[1, 1, 2])),
        quantity_max: Quantity(if huge { QUANTITY_MAX } else { lot * 1_000 }),
        notional_min: Amount(dice.pick(&[0, 0, 1, 10])),
        collar_percent: dice.pick(&[1, 10, 10, 50, 100, 1_000]),
        reference_price: Price(reference),
        open_orders_max: dice.pick(&[3, 8, 200]),
        maker_fee: dice.pick(&[0, 10, 333, FEE_MAX]),
        taker_fee: dice.pick(&[0, 20, 777, FEE_MAX]),
        state: InstrumentState::Trading,
    }
}

/// Changes one thing of an instrument, sensibly or not.
pub(super) fn change(dice: &mut Dice, instrument: &mut Instrument) {
    match dice.below(22) {
        0 => instrument.id = InstrumentId(dice.pick(&[3, 4, u32::MAX])),
        1 => instrument.symbol = Symbol::EMPTY,
        2 => instrument.symbol = Symbol::truncated(dice.pick(&[&b"I1"[..], b"NEW"])),
        3 => instrument.base = AssetId(dice.below(5) as u16),
        4 => instrument.quote = AssetId(dice.below(4) as u16),
        5 => instrument.price_scale = dice.pick(&[0, 1, 12, 13]),
        6 => instrument.quantity_scale = dice.pick(&[0, 1, 12, 13]),
        7 => instrument.tick = Price(dice.extreme()),
        8 => instrument.tick = Price(instrument.tick.0.saturating_mul(2)),
        9 => instrument.lot = Quantity(dice.extreme()),
        10 => instrument.quantity_min = Quantity(dice.extreme()),
        11 => instrument.quantity_max = Quantity(dice.extreme()),
        12 => instrument.notional_min = Amount(dice.extreme()),
        13 => instrument.collar_percent = dice.pick(&[0, 1, 20, 1_000, 1_001, u32::MAX]),
        14 => instrument.reference_price = Price(dice.extreme()),
        15 => instrument.open_orders_max = dice.pick(&[0, 1, 50, u32::MAX]),
        16 => instrument.maker_fee = dice.pick(&[0, 1, FEE_MAX, FEE_MAX + 1, u32::MAX]),
        17 => instrument.taker_fee = dice.pick(&[0, 1, FEE_MAX, FEE_MAX + 1, u32::MAX]),
        18 => instrument.state = InstrumentState::Halted,
        19 => instrument.notional_min = Amount(5),
        20 => {
            instrument.id = InstrumentId(3);
            instrument.symbol = Symbol::truncated(b"I3");
        }
        _ => {}
    }
}

pub(super) fn any_instrument(dice: &mut Dice, venue: &Venue) -> InstrumentId {
    if dice.chance(1) || venue.instruments.is_empty() {
        return InstrumentId(dice.pick(&[3, 4, u32::MAX - 1, u32::MAX]));
    }
    // Most go to the first, so that books fill up.
    if dice.chance(60) {
        return InstrumentId(0);
    }
    let ids: Vec<InstrumentId> = venue.instruments.keys().copied().collect();
    dice.pick(&ids)
}

pub(super) fn named_instrument(dice: &mut Dice, order: &Order) -> InstrumentId {
    match dice.below(20) {
        0 => InstrumentId(order.instrument.0 ^ 1),
        1..=8 => CancelOrder::ANY_INSTRUMENT,
        _ => order.instrument,
    }
}

/// A price some ticks around the reference: more often on the passive side.
pub(super) fn any_price(dice: &mut Dice, venue: &Venue, id: InstrumentId, side: Side) -> i64 {
    let Some(listing) = venue.instruments.get(&id) else { return 100 };
    let tick = listing.instrument.tick.0;
    let reference = listing.last_trade.map_or(listing.instrument.reference_price.0, |p| p as i64);
    match dice.below(60) {
        0 => dice.extreme(),
        1 => reference.saturating_add(1),
        2 => reference.saturating_mul(3) / tick * tick,
        3 => reference / 3 / tick * tick,
        _ => {
            let away = dice.below(6) as i64 - 2;
            let signed = if side == Side::Buy { -away } else { away };
            (reference / tick * tick).saturating_add(tick.saturating_mul(signed))
        }
    }
}

pub(super) fn any_quantity(dice: &mut Dice, venue: &Venue, id: InstrumentId) -> i64 {
    let Some(listing) = venue.instruments.get(&id) else { return 1 };
    let instrument = &listing.instrument;
    let lot = instrument.lot.0;
    let most = instrument.quantity_max.0;
    match dice.below(60) {
        0 => dice.extreme(),
        1 => instrument.quantity_min.0.saturating_sub(lot),
        2 => (most / lot).saturating_mul(lot),
        3 => most.saturating_add(lot),
        4 => lot.saturating_mul(3).saturating_add(1),
        5..=11 => lot.saturating_mul(1 + dice.below(150) as i64),
        _ => instrument.quantity_min.0.saturating_add(lot.saturating_mul(dice.below(12) as i64)),
    }
}

pub(super) fn any_display(dice: &mut Dice, venue: &Venue, id: InstrumentId, quantity: i64) -> i64 {
    let lot = venue.instruments.get(&id).map_or(1, |listing| listing.instrument.lot.0);
    match dice.below(20) {
        0 => dice.extreme(),
        1 => lot.saturating_add(1),
        2 => quantity.saturating_add(lot),
        _ => lot.saturating_mul(1 + dice.below(4) as i64),
    }
}

pub(super) fn any_spend(dice: &mut Dice, venue: &Venue, id: InstrumentId) -> i64 {
    if dice.chance(5) || !venue.instruments.contains_key(&id) {
        return dice.extreme();
    }
    let terms = venue.terms(id);
    let lots = 1 + dice.below(20) as i128;
    let lot = terms.instrument.lot.wide();
    let exact = terms.notional_checked(terms.reference, lots * lot).unwrap_or(1);
    let exact = i64::try_from(exact).unwrap_or(i64::MAX);
    if dice.chance(40) { exact } else { exact.saturating_add(dice.below(1_000) as i64) }
}

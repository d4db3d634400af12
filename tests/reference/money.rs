//! What prices and quantities of an instrument come to in money, and how far a price may be off.

use castle::model::limit::PRICE_MAX;
use castle::model::*;

/// An instrument with its assets and its reference price.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub instrument: Instrument,
    pub base: Asset,
    pub quote: Asset,
    /// The last trade's price, before one the configured price.
    pub reference: i128,
}

impl Terms {
    /// Price × quantity in units of the quote asset; none where even `i128` is too narrow for it.
    pub fn notional_checked(&self, price: i128, quantity: i128) -> Option<i128> {
        let places = i32::from(self.instrument.price_scale)
            + i32::from(self.instrument.quantity_scale)
            - i32::from(self.quote.scale);
        let product = price.checked_mul(quantity)?;
        let power = power_of_ten(places.unsigned_abs());
        if places > 0 { Some(product / power) } else { product.checked_mul(power) }
    }

    /// The same where it was checked before.
    pub fn notional(&self, price: i128, quantity: i128) -> i128 {
        self.notional_checked(price, quantity).expect("a checked price and quantity")
    }

    /// Whether one tick times one lot is a whole number of quote units.
    pub fn tick_lot_is_whole(&self) -> bool {
        let places = i32::from(self.instrument.price_scale)
            + i32::from(self.instrument.quantity_scale)
            - i32::from(self.quote.scale);
        let product = self.instrument.tick.wide() * self.instrument.lot.wide();
        places <= 0 || product % power_of_ten(places.unsigned_abs()) == 0
    }

    /// A quantity in units of the base asset.
    pub fn base(&self, quantity: i128) -> i128 {
        let places = self.base.scale - self.instrument.quantity_scale;
        quantity * power_of_ten(u32::from(places))
    }

    /// The highest price that the collar allows.
    pub fn high(&self) -> i128 {
        self.reference * (100 + i128::from(self.instrument.collar_percent)) / 100
    }

    /// The lowest price that the collar allows.
    pub fn low(&self) -> i128 {
        let percent = i128::from(self.instrument.collar_percent);
        if percent >= 100 {
            return 0;
        }
        (self.reference * (100 - percent) + 99) / 100
    }

    /// The worst price at which a market order may trade.
    pub fn bound(&self, side: Side) -> i128 {
        let tick = self.instrument.tick.wide();
        match side {
            Side::Buy => self.high().min(i128::from(PRICE_MAX)) / tick * tick,
            Side::Sell => ((self.low() + tick - 1) / tick * tick).max(tick),
        }
    }

    /// The most that can be bought at a price for an amount, in whole lots.
    pub fn affordable(&self, price: i128, amount: i128) -> i128 {
        let lot = self.instrument.lot.wide();
        match self.notional_checked(price, lot) {
            Some(one) if one > 0 => amount / one * lot,
            _ => 0,
        }
    }
}

/// A figure as it stands in a refusal.
pub fn saturated(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

//! Assets and instruments, and the arithmetic that follows from their scales.
//!
//! Products are taken in 64 bits where they fit and in `i128` where not. What exceeds 64 bits after it is
//! scaled counts as the most they hold, which is more than any amount.

use std::num::NonZeroU64;

use crate::engine::book::Ladder;
use crate::engine::foresee::Fetch;
use crate::engine::slab::reserved;
use crate::model::limit::{AMOUNT_MAX, ASSETS_MAX, EngineLimits, PRICE_MAX};
use crate::model::*;

/// The unit of fees: tenths of a basis point in one.
pub(super) const FEE_UNIT: i128 = 100_000;

/// An instrument, its book and its last price.
pub(super) struct InstrumentSlot {
    pub(super) definition: Instrument,
    pub(super) bids: Ladder,
    pub(super) asks: Ladder,
    pub(super) last_trade: Option<Price>,
    /// It has taken an order: reports of it are encoded with its symbol and its scales.
    pub(super) ordered: bool,
    /// It has traded, even if the last price was forgotten since.
    pub(super) traded: bool,
    pub(super) open_orders: u32,
    scales: Scales,
    collar: Collar,
}

/// Quote units of a price × quantity, and base units of a quantity.
#[derive(Clone, Copy)]
pub(super) struct Scales {
    notional_up: i128,
    notional_down: i128,
    base_up: i64,
    /// `notional_down`, where nothing is scaled up and 64 bits hold it.
    down: Option<NonZeroU64>,
}

impl Scales {
    pub(super) fn new(instrument: &Instrument, base_scale: u8, quote_scale: u8) -> Self {
        let product = u32::from(instrument.price_scale) + u32::from(instrument.quantity_scale);
        let quote = u32::from(quote_scale);
        let notional_down = power_of_ten(product.saturating_sub(quote));
        let small = u64::try_from(notional_down).ok().and_then(NonZeroU64::new);
        Self {
            notional_up: power_of_ten(quote.saturating_sub(product)),
            notional_down,
            down: small.filter(|_| product >= quote),
            base_up: saturated(power_of_ten(u32::from(base_scale - instrument.quantity_scale))),
        }
    }

    /// Whether a price × quantity of these is a whole number of quote units.
    pub(super) fn is_whole(&self, tick: Price, lot: Quantity) -> bool {
        tick.wide() * lot.wide() % self.notional_down == 0
    }

    /// Quote units, rounded down; saturated.
    #[inline(always)]
    pub(super) fn notional(&self, price: Price, quantity: i64) -> i64 {
        if let Some(product) = (price.0 as u64).checked_mul(quantity as u64)
            && let Some(down) = self.down
            && price.0 | quantity >= 0
        {
            let units = if down.get() == 1 { product } else { product / down };
            return i64::try_from(units).unwrap_or(i64::MAX);
        }
        self.notional_far(price, quantity)
    }

    /// Where a product exceeds 64 bits, or is scaled up.
    #[cold]
    fn notional_far(&self, price: Price, quantity: i64) -> i64 {
        let product = price.wide() * i128::from(quantity);
        if self.notional_down == 1 {
            return saturated(product.saturating_mul(self.notional_up));
        }
        saturated(product / self.notional_down)
    }

    /// Base units; saturated.
    #[inline]
    pub(super) fn base(&self, quantity: i64) -> i64 {
        quantity.saturating_mul(self.base_up)
    }
}

/// What prices an order may have now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Collar {
    pub(super) high: i64,
    pub(super) low: i64,
    pub(super) reference: Price,
}

impl Collar {
    /// The collar around a reference price.
    fn around(definition: &Instrument, reference: Price) -> Self {
        let percent = u64::from(definition.collar_percent);
        let (up, down) = (100 + percent, 100_u64.saturating_sub(percent));
        // Hundreds and rest apart, so that no product exceeds 64 bits.
        let (hundreds, rest) = (reference.0 as u64 / 100, reference.0 as u64 % 100);
        let high = hundreds * up + rest * up / 100;
        let low = hundreds * down + (rest * down).div_ceil(100);
        Self { high: high.min(i64::MAX as u64) as i64, low: low as i64, reference }
    }
}

impl InstrumentSlot {
    fn new(definition: Instrument, scales: Scales) -> Self {
        Self {
            definition,
            bids: Ladder::new(definition.id, Side::Buy),
            asks: Ladder::new(definition.id, Side::Sell),
            last_trade: None,
            ordered: false,
            traded: false,
            open_orders: 0,
            scales,
            collar: Collar::around(&definition, definition.reference_price),
        }
    }

    /// It has traded at a price.
    #[inline]
    pub(super) fn trade_at(&mut self, price: Price) {
        self.traded = true;
        if self.last_trade != Some(price) {
            self.last_trade = Some(price);
            self.collar = Collar::around(&self.definition, price);
        }
    }

    pub(super) fn ladder(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Quote units of a fill or a hold, which are known to be an amount.
    #[inline]
    pub(super) fn notional(&self, price: Price, quantity: i64) -> i64 {
        amount(self.scales.notional(price, quantity))
    }

    /// Quote units, saturated.
    #[inline]
    pub(super) fn notional_saturated(&self, price: Price, quantity: i64) -> i64 {
        self.scales.notional(price, quantity)
    }

    /// Base units of a fill or a hold, which are known to be an amount.
    #[inline]
    pub(super) fn base(&self, quantity: i64) -> i64 {
        amount(self.scales.base(quantity))
    }

    /// Base units, saturated.
    #[inline]
    pub(super) fn base_saturated(&self, quantity: i64) -> i64 {
        self.scales.base(quantity)
    }

    /// The most that a quote quantity buys at a price, in whole lots.
    #[inline]
    pub(super) fn affordable(&self, price: Price, quote: i64) -> i128 {
        let lot = self.definition.lot;
        let cost = self.scales.notional(price, lot.0);
        assert!(cost > 0, "tick × lot is at least one quote unit");
        i128::from(quote / cost) * lot.wide()
    }

    /// What the order sets aside is this asset.
    #[inline]
    pub(super) fn paid_with(&self, side: Side) -> AssetId {
        match side {
            Side::Buy => self.definition.quote,
            Side::Sell => self.definition.base,
        }
    }

    /// What prices an order may have now.
    #[inline(always)]
    pub(super) fn collar(&self) -> &Collar {
        &self.collar
    }

    /// The worst price at which a market order may trade: the collar, on the tick.
    pub(super) fn bound(&self, side: Side, collar: &Collar) -> Price {
        let tick = self.definition.tick.0;
        match side {
            Side::Buy => Price(collar.high.min(PRICE_MAX) / tick * tick),
            Side::Sell => Price(((collar.low + (tick - 1)) / tick * tick).max(tick)),
        }
    }
}

/// A number that is known to be an amount.
#[inline]
pub(super) fn amount(number: i64) -> i64 {
    assert!((0..=AMOUNT_MAX).contains(&number));
    number
}

/// A number, or the nearest that 64 bits hold.
fn saturated(wide: i128) -> i64 {
    wide.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// All assets, by id.
#[derive(Default)]
pub(super) struct Assets {
    slots: Vec<Option<Asset>>,
}

impl Assets {
    pub(super) fn get(&self, id: AssetId) -> Option<&Asset> {
        self.slots.get(id.index())?.as_ref()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.slots.iter().flatten()
    }

    pub(super) fn set(&mut self, asset: Asset) {
        assert!(asset.id.index() < ASSETS_MAX);
        if asset.id.index() >= self.slots.len() {
            self.slots.resize(asset.id.index() + 1, None);
        }
        self.slots[asset.id.index()] = Some(asset);
    }
}

/// All instruments, by id.
#[derive(Default)]
pub(super) struct Instruments {
    slots: Vec<Option<InstrumentSlot>>,
    pub(super) defined: u32,
    pub(super) limit: u32,
}

impl Instruments {
    pub(super) fn new(limits: &EngineLimits) -> Self {
        let limit = limits.instruments_max;
        Self { slots: reserved(limit as usize), defined: 0, limit }
    }

    #[inline]
    pub(super) fn get(&self, id: InstrumentId) -> Option<&InstrumentSlot> {
        self.slots.get(id.index())?.as_ref()
    }

    /// Fetches an instrument.
    #[inline]
    pub(super) fn foresee(&self, id: InstrumentId, fetch: &impl Fetch) {
        if let Some(slot) = self.slots.get(id.index()) {
            fetch.fetch(slot);
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: InstrumentId) -> Option<&mut InstrumentSlot> {
        self.slots.get_mut(id.index())?.as_mut()
    }

    /// An instrument that is known to be defined, since an order is in it.
    #[inline]
    pub(super) fn slot(&self, id: InstrumentId) -> &InstrumentSlot {
        self.get(id).expect("an order's instrument is defined")
    }

    /// See [`Self::slot`].
    #[inline]
    pub(super) fn slot_mut(&mut self, id: InstrumentId) -> &mut InstrumentSlot {
        self.get_mut(id).expect("an order's instrument is defined")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &InstrumentSlot> {
        self.slots.iter().flatten()
    }

    /// The first instrument from this id on.
    pub(super) fn from(&self, id: u32) -> Option<&InstrumentSlot> {
        self.slots.get(id as usize..)?.iter().flatten().next()
    }

    /// Takes a checked definition in; the book stays.
    pub(super) fn set(&mut self, definition: Instrument, scales: Scales) {
        let at = definition.id.index();
        assert!(at < self.limit as usize);
        if at >= self.slots.len() {
            self.slots.resize_with(at + 1, || None);
        }
        match &mut self.slots[at] {
            Some(slot) => {
                let reference = slot.last_trade.unwrap_or(definition.reference_price);
                slot.collar = Collar::around(&definition, reference);
                slot.definition = definition;
                slot.scales = scales;
            }
            empty => {
                *empty = Some(InstrumentSlot::new(definition, scales));
                self.defined += 1;
            }
        }
    }
}

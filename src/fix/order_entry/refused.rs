//! Fields that refuse a request, since to ignore them would change it.

use crate::fix::dictionary::Bits;
use crate::fix::tables::tag;

/// An order (D, G) with one of these is refused whatever their value is.
pub(super) static REFUSED_IN_ORDERS: TagSet = TagSet::of(REFUSED);

const REFUSED: &[u32] = &[
    65, // SymbolSfx: another security
    200, 201, 202, 541, // a contract: its maturity, put or call, its strike
    64, 193, 192, 640, // settlement on a date of its own; the far leg of a swap
    99,  // StopPx
    117, // QuoteID: there are no quotes to take
    126, 168, 432, // ExpireTime, EffectiveTime, ExpireDate
    210, // MaxShow: MaxFloor is what Castle has
    211, 835, 836, 837, 838, 840, // pegging
    388, 389, 841, 842, 843, 844, 846, // discretion
    847, 848, 849, // target strategies
    218, 220, 221, 222, 662, 663, 699, 761, // priced by a spread or a benchmark
    235, 236, 696, 697, 698, 701, // priced by a yield
    469, 516, // RoundingModulus, OrderPercent
    788, 898, 913, 914, 915, 916, 917, 918, 919, // financing
];

/// What may refuse an order, by itself or by its value: most orders have none of it.
pub(super) static JUDGED_IN_ORDERS: Bits = {
    let mut judged = Bits::of(REFUSED).with(Bits::of(&[
        tag::SECURITY_TYPE,
        tag::MIN_QTY,
        tag::EX_DESTINATION,
        tag::CURRENCY,
        tag::SETTL_CURRENCY,
    ]));
    let mut at = 0;
    while at < REFUSED_UNLESS.len() {
        judged = judged.with(Bits::of(&[REFUSED_UNLESS[at].0]));
        at += 1;
    }
    judged
};

/// These are refused in an order unless they say what happens anyway.
pub(super) const REFUSED_UNLESS: &[(u32, &[u8])] = &[
    (tag::SETTL_TYPE, b"0"),
    (tag::POSITION_EFFECT, b"O"),
    (tag::FOREX_REQ, b"N"),
    (tag::PRICE_TYPE, b"2"),
    (tag::ROUNDING_DIRECTION, b"1"),
    (tag::CASH_MARGIN, b"1"),
    (tag::QTY_TYPE, b"0"),
    (tag::NO_ALLOCS, b"0"),
    (tag::NO_STIPULATIONS, b"0"),
    (tag::NO_TRADING_SESSIONS, b"0"),
    (tag::NO_UNDERLYINGS, b"0"),
];

/// SecurityType (167) of what is bought and sold outright: common stock, foreign exchange, none. An order with another
/// means a contract.
pub(super) const SPOT: [&[u8]; 3] = [b"CS", b"FOR", b"NONE"];

/// A mass cancel with one of these would cancel more than was meant: TradingSessionID and its SubID,
/// UnderlyingSymbol.
pub(super) static REFUSED_IN_MASS_CANCEL: TagSet = TagSet::of(&[336, 625, 311]);

/// Tags below [`TagSet::TAGS`], a bit for each.
pub(super) struct TagSet([u64; Self::TAGS / 64]);

impl TagSet {
    const TAGS: usize = 1_024;

    const fn of(tags: &[u32]) -> Self {
        let mut bits = [0; Self::TAGS / 64];
        let mut at = 0;
        while at < tags.len() {
            bits[tags[at] as usize / 64] |= 1 << (tags[at] % 64);
            at += 1;
        }
        Self(bits)
    }

    pub(super) fn has(&self, tag: u32) -> bool {
        self.0.get(tag as usize / 64).is_some_and(|bits| bits & 1 << (tag % 64) != 0)
    }
}

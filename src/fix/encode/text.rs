//! Codes of the model as FIX's numbers, and as text that a person reads: field, value and limit.

use crate::fix::encode::Units;
use crate::fix::number;
use crate::model::limit::{HEART_BT_INT, ICEBERG_PARTS_MAX};
use crate::model::{Asset, Cause, LogoutCode, Refusal, RejectCode, Side};

/// FIX's words for a SessionRejectReason (373).
pub fn session_reject_reason(reason: u8) -> &'static str {
    match reason {
        0 => "Invalid tag number",
        1 => "Required tag missing",
        2 => "Tag not defined for this message type",
        3 => "Undefined tag",
        4 => "Tag specified without a value",
        5 => "Value is incorrect (out of range) for this tag",
        6 => "Incorrect data format for value",
        7 => "Decryption problem",
        8 => "Signature problem",
        9 => "CompID problem",
        10 => "SendingTime accuracy problem",
        11 => "Invalid MsgType",
        12 => "XML validation error",
        13 => "Tag appears more than once",
        14 => "Tag specified out of required order",
        15 => "Repeating group fields out of order",
        16 => "Incorrect NumInGroup count for repeating group",
        17 => "Non-data value includes field delimiter",
        _ => "Other",
    }
}

/// FIX's words for a BusinessRejectReason (380).
pub fn business_reason(reason: u8) -> &'static str {
    match reason {
        1 => "Unknown ID",
        2 => "Unknown security",
        3 => "Unsupported message type",
        4 => "Application not available",
        5 => "Conditionally required field missing",
        6 => "Not authorized",
        7 => "DeliverTo firm not available at this time",
        _ => "Other",
    }
}

/// OrdRejReason (103).
pub fn ord_rej_reason(code: RejectCode) -> u8 {
    match code {
        RejectCode::UnknownInstrument | RejectCode::UnknownSymbol => 1,
        RejectCode::InstrumentHalted | RejectCode::InstrumentCancelOnly => 2,
        RejectCode::PriceAboveCollar
        | RejectCode::PriceBelowCollar
        | RejectCode::PriceTooHigh
        | RejectCode::NotionalTooLow
        | RejectCode::NotionalTooHigh
        | RejectCode::InsufficientBalance
        | RejectCode::TooManyOpenOrders => 3,
        RejectCode::UnknownOrder => 5,
        RejectCode::DuplicateClOrdId => 6,
        RejectCode::UnsupportedCombination | RejectCode::UnsupportedField => 11,
        RejectCode::QuantityOffLot
        | RejectCode::QuantityTooLow
        | RejectCode::QuantityTooHigh
        | RejectCode::DisplayQuantityOffLot
        | RejectCode::DisplayQuantityOutOfRange => 13,
        RejectCode::UnknownAccount | RejectCode::AccountMismatch => 15,
        RejectCode::AccountSuspended
        | RejectCode::VenueOrdersFull
        | RejectCode::VenueClOrdIdsFull
        | RejectCode::AccountClOrdIdsFull
        | RejectCode::PostOnlyWouldTrade
        | RejectCode::DiskFull => 0,
        _ => 99,
    }
}

/// CxlRejReason (102).
pub fn cxl_rej_reason(code: RejectCode) -> u8 {
    match code {
        RejectCode::OrderClosed | RejectCode::BelowExecuted => 0,
        RejectCode::UnknownOrder | RejectCode::StaleOrigClOrdId => 1,
        RejectCode::DuplicateClOrdId => 6,
        RejectCode::InstrumentHalted
        | RejectCode::InstrumentCancelOnly
        | RejectCode::AccountSuspended
        | RejectCode::VenueClOrdIdsFull
        | RejectCode::AccountClOrdIdsFull
        | RejectCode::DiskFull => 2,
        _ => 99,
    }
}

/// MassCancelRejectReason (532).
pub fn mass_cancel_reject_reason(code: RejectCode) -> u8 {
    match code {
        RejectCode::UnknownInstrument | RejectCode::UnknownSymbol => 1,
        RejectCode::UnsupportedCombination | RejectCode::UnsupportedField => 0,
        _ => 99,
    }
}

/// Why an order changed though its owner did not ask for it just now.
pub fn cause(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::Request => return None,
        Cause::ImmediateRest => "the rest of an immediate order that found no counterparty",
        Cause::SelfTrade => {
            "self-trade prevention: it would have traded with an order of its own account"
        }
        Cause::MassCancel => "canceled by OrderMassCancelRequest",
        Cause::Disconnect => "canceled because the session's connection was lost",
        Cause::Suspension => "canceled because the account was suspended",
        Cause::Rollover => "expired at the end of the trading day",
    })
}

/// Whether a Logout of this code has a text. One that the client asked for needs none, and SendingTime's
/// was told by the Reject before it.
pub fn has_logout_text(code: LogoutCode) -> bool {
    !matches!(code, LogoutCode::Requested | LogoutCode::SendingTime | LogoutCode::CompId)
}

/// Appends what a Logout says.
pub fn logout(out: &mut Vec<u8>, code: LogoutCode, value: i64, limit: i64) {
    let say = Say { out, units: &Units::NONE };
    let say = match code {
        LogoutCode::Requested => say.text("logged out"),
        LogoutCode::MsgSeqNumTooLow => {
            say.text("MsgSeqNum too low, expecting ").int(limit).text(" but received ").int(value)
        }
        LogoutCode::HeartBtInt => {
            let say = say.text("HeartBtInt (108) ").int(value).text(" is not allowed: from ");
            let least = i64::from(*HEART_BT_INT.start());
            say.int(least).text(" to ").int(limit).text(" seconds")
        }
        LogoutCode::SendingTime => say.text("SendingTime (52) is too far from the venue's clock"),
        LogoutCode::CompId => {
            say.text("SenderCompID (49) or TargetCompID (56) is not the session's")
        }
        LogoutCode::NextExpectedTooHigh => {
            let say = say.text("NextExpectedMsgSeqNum (789) ").int(value);
            say.text(" is too high: the next to be sent is ").int(limit)
        }
        LogoutCode::Shutdown => say.text("the venue is closing: log on again later"),
        LogoutCode::SlowConsumer => {
            let say = say.text("messages are not read fast enough: ").int(value);
            say.text(" bytes wait, at most ").int(limit).text(" may")
        }
        LogoutCode::RateLimit => {
            let say = say.text("too many messages: ").int(value);
            say.text(" in a second, at most ").int(limit).text(" are allowed")
        }
        LogoutCode::EncryptMethod => {
            say.text("EncryptMethod (98) ").int(value).text(" is not offered: only 0, none, is")
        }
        LogoutCode::RequiredTag => say
            .text("Required tag missing: ")
            .int(value)
            .text(", without which the session cannot go on"),
        LogoutCode::BeginString => say.text("Incorrect BeginString: only FIX.4.4 is spoken here"),
        LogoutCode::Operator => say.text("logged out by the venue's operator"),
        LogoutCode::DiskFull => say.text(
            "the venue's disk is full and takes cancels only: log on again to cancel, and send no new \
             orders",
        ),
        LogoutCode::MsgSeqNumExhausted => {
            say.text("the session's numbers are used up: log on with ResetSeqNumFlag (141) Y")
        }
    };
    let _ = say;
}

/// Appends why something was refused. `side` says which asset a balance is of, where it is known.
pub(super) fn refusal(out: &mut Vec<u8>, refusal: &Refusal, units: &Units<'_>, side: Option<Side>) {
    let Refusal { code, value, limit } = *refusal;
    let say = Say { out, units };
    match code {
        RejectCode::None => say.text("not refused"),
        RejectCode::UnknownInstrument => say.text("Symbol (55) names no instrument of this venue"),
        RejectCode::UnknownSymbol if refusal.symbol().is_empty() => {
            say.text("Symbol (55) is missing")
        }
        RejectCode::UnknownSymbol => {
            let say = say.text("Symbol (55) ").bytes(refusal.symbol().as_bytes());
            say.text(" names no instrument of this venue: SecurityListRequest (x) lists them")
        }
        RejectCode::InstrumentHalted => {
            say.text("the instrument is halted: only cancels are taken")
        }
        RejectCode::InstrumentCancelOnly => say.text("the instrument takes cancels only"),
        RejectCode::UnknownAccount => say.text("account ").int(value).text(" does not exist"),
        RejectCode::AccountSuspended => say.text("the account is suspended"),
        RejectCode::DuplicateClOrdId => {
            say.text("ClOrdID (11) was used before by this account: choose another")
        }
        RejectCode::PriceNotPositive => {
            say.text("Price (44) ").price(value).text(" is not above zero")
        }
        RejectCode::PriceTooHigh => {
            let say = say.text("Price (44) ").price(value);
            say.text(" is above the greatest that can be counted, ").price(limit)
        }
        RejectCode::PriceOffTick => {
            let say = say.text("Price (44) ").price(value);
            say.text(" is no whole multiple of the tick ").price(limit)
        }
        RejectCode::PriceAboveCollar => {
            let say = say.text("Price (44) ").price(value);
            say.text(" is above the collar: the highest allowed now is ").price(limit)
        }
        RejectCode::PriceBelowCollar => {
            let say = say.text("Price (44) ").price(value);
            say.text(" is below the collar: the lowest allowed now is ").price(limit)
        }
        RejectCode::QuantityOffLot => {
            let say = say.text("OrderQty (38) ").quantity(value);
            say.text(" is no whole multiple of the lot ").quantity(limit)
        }
        RejectCode::QuantityTooLow => {
            let say = say.text("OrderQty (38) ").quantity(value);
            say.text(" is below the least, ").quantity(limit)
        }
        RejectCode::QuantityTooHigh => {
            let say = say.text("OrderQty (38) ").quantity(value);
            say.text(" is above the greatest, ").quantity(limit)
        }
        RejectCode::NotionalTooLow => {
            let say = say.text("price times quantity, ").amount(value);
            say.text(", is below the least, ").amount(limit)
        }
        RejectCode::NotionalTooHigh => {
            say.text("price times quantity is above the greatest amount, ").amount(limit)
        }
        RejectCode::InsufficientBalance => balance(say, value, limit, side),
        RejectCode::TooManyOpenOrders => {
            let say = say.text("the account has ").int(value);
            say.text(" open orders in this instrument, at most ").int(limit).text(" are allowed")
        }
        RejectCode::VenueOrdersFull => {
            say.text("the venue holds as many open orders as it can, ").int(limit)
        }
        RejectCode::VenueClOrdIdsFull => {
            say.text("the venue remembers as many ClOrdIDs as it can, ").int(limit)
        }
        RejectCode::AccountClOrdIdsFull => {
            let say = say.text("the account has used as many ClOrdIDs as are remembered, ");
            say.int(limit).text(": older ones are forgotten with the trading day")
        }
        RejectCode::TooFrequent => {
            say.text("asked again too soon: wait ").int(limit).text(" ms between two such requests")
        }
        RejectCode::PostOnlyWouldTrade => {
            let say = say.text("a post-only order (ExecInst 6) at ").price(value);
            say.text(" would trade at once, at ").price(limit)
        }
        RejectCode::DisplayQuantityOffLot => {
            let say = say.text("MaxFloor (111) ").quantity(value);
            say.text(" is no whole multiple of the lot ").quantity(limit)
        }
        RejectCode::DisplayQuantityOutOfRange => {
            let lot = units.instrument.map_or(i64::MAX, |instrument| instrument.lot.0);
            let say = say.text("MaxFloor (111) ").quantity(value);
            if (lot..limit).contains(&value) {
                let say = say.text(" is below the least for this OrderQty (38), ").quantity(limit);
                say.text(": an iceberg has at most ").int(ICEBERG_PARTS_MAX).text(" slices")
            } else {
                say.text(" is not between one lot and OrderQty (38) ").quantity(limit)
            }
        }
        RejectCode::UnsupportedCombination => say.text(
            "this combination of OrdType (40), TimeInForce (59), ExecInst (18), MaxFloor (111), \
             OrderQty (38) and CashOrderQty (152) is not offered",
        ),
        RejectCode::UnsupportedField => {
            say.field(value).text(" is not offered, and to ignore it would change the order")
        }
        RejectCode::UnknownOrder => say
            .text("OrigClOrdID (41), ClOrdID (11) or OrderID (37) names no order of this account"),
        RejectCode::OrderClosed => say.text("the order is closed already"),
        RejectCode::StaleOrigClOrdId => {
            say.text("OrigClOrdID (41) is not the last accepted ClOrdID of the order")
        }
        RejectCode::OrderMismatch => say.field(value).text(" is not the order's"),
        RejectCode::BelowExecuted => {
            let say = say.text("OrderQty (38) ").quantity(value);
            say.text(" is below what has traded, CumQty (14) ").quantity(limit)
        }
        RejectCode::NotReplaceable => {
            say.field(value).text(" cannot be changed so by a replace: cancel and enter anew")
        }
        RejectCode::DiskFull => say.text("the venue's disk is full: only cancels are taken"),
        RejectCode::OutOfRange => {
            say.text("value ").int(value).text(" is outside what is allowed, limit ").int(limit)
        }
        RejectCode::AlreadyDefined => say.text("it is defined already, and differently"),
        RejectCode::UnknownAsset => say.text("asset ").int(value).text(" does not exist"),
        RejectCode::UnknownSession => say.text("session ").int(value).text(" does not exist"),
        RejectCode::TickLotNotWhole => {
            say.text("tick times lot is no whole number of quote units: raise one of them")
        }
        RejectCode::HasOpenOrders => {
            say.text("the instrument has ").int(value).text(" open orders: cancel them first")
        }
        RejectCode::TooMany => say.text("there is room for no more than ").int(limit),
        RejectCode::AssetTotalExceeded => {
            let say = say.text("amount ").int(value);
            say.text(" is more than the asset's total may still grow by, ").int(limit)
        }
        RejectCode::ReferenceReused => {
            say.text("the reference is empty, or was used for another transfer")
        }
        RejectCode::DayNotLater => {
            say.text("day ").int(value).text(" is not after the current day ").int(limit)
        }
        RejectCode::Genesis => say.text("the log begins with genesis, once"),
        RejectCode::EmptyClOrdId => say.text("ClOrdID (11) is empty or longer than 36 bytes"),
        RejectCode::PriceMismatch => say.text(
            "Price (44) does not fit OrdType (40): a limit order has one, a market order has none",
        ),
        RejectCode::AccountMismatch => say.text("Account (1) is not the session's"),
        RejectCode::TooManyDecimals => {
            let say = say.field(value).text(" has too many decimal places: at most ");
            say.int(limit).text(" are allowed")
        }
        RejectCode::BaseIsQuote => say.text("base and quote are the same asset"),
    };
}

/// The balance is of quote for a buy and of base for a sell. Where the side is not told the figures
/// are, if they mean the same for both.
fn balance<'a>(say: Say<'a>, value: i64, limit: i64, side: Option<Side>) -> Say<'a> {
    let units = say.units;
    let scales = (units.base().map(|asset| asset.scale), units.quote().map(|asset| asset.scale));
    let (asset, scale) = match (side, scales) {
        (Some(Side::Buy), (_, Some(scale))) => (units.quote(), scale),
        (Some(Side::Sell), (Some(scale), _)) => (units.base(), scale),
        (None, (Some(base), Some(quote))) if base == quote => (None, base),
        _ => return say.text("the free balance is too low for this order"),
    };
    let say = say.text("the free balance is too low: needed ").decimal(value, scale).asset(asset);
    say.text(", free ").decimal(limit, scale).asset(asset)
}

/// Writes a sentence piece by piece.
struct Say<'a> {
    out: &'a mut Vec<u8>,
    units: &'a Units<'a>,
}

impl Say<'_> {
    fn price(self, value: i64) -> Self {
        let scale = self.units.price_scale();
        self.decimal(value, scale)
    }

    fn quantity(self, value: i64) -> Self {
        let scale = self.units.quantity_scale();
        self.decimal(value, scale)
    }

    /// An amount of quote.
    fn amount(self, value: i64) -> Self {
        let units = self.units;
        self.decimal(value, units.quote_scale()).asset(units.quote())
    }

    fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        self.out.extend_from_slice(bytes);
        self
    }

    fn int(self, value: i64) -> Self {
        number::put_int(self.out, value);
        self
    }

    fn decimal(self, value: i64, scale: u8) -> Self {
        number::put_decimal(self.out, value, scale);
        self
    }

    fn asset(self, asset: Option<&Asset>) -> Self {
        if let Some(asset) = asset {
            self.out.push(b' ');
            self.out.extend_from_slice(asset.name.as_bytes());
        }
        self
    }

    /// A field by its tag, with its name where it is one of an order's.
    fn field(self, tag: i64) -> Self {
        let name = match tag {
            11 => "ClOrdID",
            18 => "ExecInst",
            38 => "OrderQty",
            40 => "OrdType",
            44 => "Price",
            54 => "Side",
            55 => "Symbol",
            59 => "TimeInForce",
            99 => "StopPx",
            110 => "MinQty",
            111 => "MaxFloor",
            126 => "ExpireTime",
            152 => "CashOrderQty",
            167 => "SecurityType",
            200 => "MaturityMonthYear",
            201 => "PutOrCall",
            202 => "StrikePrice",
            210 => "MaxShow",
            211 => "PegOffsetValue",
            388 => "DiscretionInst",
            432 => "ExpireDate",
            530 => "MassCancelRequestType",
            541 => "MaturityDate",
            585 => "MassStatusReqType",
            711 => "NoUnderlyings",
            25001 => "SelfTradePrevention",
            _ => return self.text("the field ").int(tag),
        };
        self.text(name).text(" (").int(tag).text(")")
    }
}

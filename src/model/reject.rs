//! Why something was refused: a code, the value and the limit. FIX's numbers for them and their text
//! for people are made where they are encoded.

use crate::model::text::Symbol;
use crate::model::wire::{wire_enum, wire_struct};

wire_enum! {
    /// Why an order, a cancel, a replace or an operator's command was refused.
    ///
    /// The comment says what [`Refusal::value`] and [`Refusal::limit`] then are; 0 where it is silent.
    pub enum RejectCode {
        /// Not refused.
        None = 0,
        /// No such instrument. Value: the id.
        UnknownInstrument = 1,
        /// The instrument is halted.
        InstrumentHalted = 2,
        /// The instrument takes cancels only.
        InstrumentCancelOnly = 3,
        /// No such account. Value: the id.
        UnknownAccount = 4,
        /// The account is suspended.
        AccountSuspended = 5,
        /// ClOrdID was used before by this account.
        DuplicateClOrdId = 6,
        /// Price is not above zero. Value: the price.
        PriceNotPositive = 7,
        /// Price exceeds what the venue can count. Value: the price; limit: the greatest.
        PriceTooHigh = 8,
        /// Price is no whole multiple of the tick. Value: the price; limit: the tick.
        PriceOffTick = 9,
        /// Price is above the collar. Value: the price; limit: the highest allowed.
        PriceAboveCollar = 10,
        /// Price is below the collar. Value: the price; limit: the lowest allowed.
        PriceBelowCollar = 11,
        /// Quantity is no whole multiple of the lot. Value: the quantity; limit: the lot.
        QuantityOffLot = 12,
        /// Quantity is below the least. Value: the quantity; limit: the least.
        QuantityTooLow = 13,
        /// Quantity is above the greatest. Value: the quantity; limit: the greatest.
        QuantityTooHigh = 14,
        /// Price × quantity is below the least. Value: the notional, saturated; limit: the least.
        NotionalTooLow = 15,
        /// Price × quantity exceeds what an account can hold. Limit: the greatest amount.
        NotionalTooHigh = 16,
        /// Free balance is too low. Value: what is needed, saturated; limit: what is free.
        InsufficientBalance = 17,
        /// The account has as many open orders in the instrument as it may. Value and limit: the number.
        TooManyOpenOrders = 18,
        /// The venue has as many open orders as it can hold. Limit: the number.
        VenueOrdersFull = 19,
        /// The venue remembers as many ClOrdIDs as it can hold. Limit: the number.
        VenueClOrdIdsFull = 20,
        /// A post-only order would trade. Value: its price; limit: the price it would trade at.
        PostOnlyWouldTrade = 21,
        /// The displayed quantity is no whole multiple of the lot. Value: it; limit: the lot.
        DisplayQuantityOffLot = 24,
        /// The displayed quantity is not between one lot and the quantity. Value: it; limit: the quantity.
        DisplayQuantityOutOfRange = 25,
        /// The options of the order contradict each other: post-only or an iceberg with a market order
        /// or an immediate one, a quote quantity with a sell or a limit order.
        UnsupportedCombination = 26,
        /// The field is known, but neglecting it would change the order. Value: the tag.
        UnsupportedField = 27,
        /// No order has this ClOrdID or OrderID.
        UnknownOrder = 28,
        /// The order is closed.
        OrderClosed = 29,
        /// OrigClOrdID is not the last accepted one of the order's chain.
        StaleOrigClOrdId = 30,
        /// Symbol or Side is not the order's. Value: the tag.
        OrderMismatch = 31,
        /// OrderQty is below CumQty. Value: OrderQty; limit: CumQty.
        BelowExecuted = 32,
        /// A replace may not change OrdType, TimeInForce or the displayed quantity's presence so. Value: the tag.
        NotReplaceable = 33,
        /// The disk is full: only cancels are taken.
        DiskFull = 34,
        /// The value lies outside what the field allows. Value: the value; limit: the limit.
        OutOfRange = 40,
        /// An asset, instrument, account or session with this id or name is there already, otherwise.
        AlreadyDefined = 41,
        /// No such asset. Value: the id.
        UnknownAsset = 42,
        /// No such session. Value: the id.
        UnknownSession = 43,
        /// Tick × lot is no whole number of quote units.
        TickLotNotWhole = 44,
        /// The instrument has open orders. Value: how many.
        HasOpenOrders = 45,
        /// There is room for no more of these. Limit: the number.
        TooMany = 46,
        /// The asset's total would exceed what can be counted. Value: the amount; limit: what is left.
        AssetTotalExceeded = 47,
        /// Reference is empty or was used with another account, asset or amount.
        ReferenceReused = 48,
        /// The day is not after the current one. Value: the day; limit: the current day.
        DayNotLater = 49,
        /// The command came before genesis, or genesis came twice.
        Genesis = 50,
        /// ClOrdID is empty.
        EmptyClOrdId = 51,
        /// The price does not fit the order: a market order has one, or a limit order has none.
        PriceMismatch = 52,
        /// The Account of the message is not the session's.
        AccountMismatch = 53,
        /// A price or quantity has more decimal places than the instrument. Value: the tag; limit: places.
        TooManyDecimals = 54,
        /// An asset of the instrument may not be both base and quote.
        BaseIsQuote = 55,
        /// No instrument has this Symbol. Value and limit: its first 16 bytes ([`Refusal::symbol`]).
        UnknownSymbol = 56,
        /// The account has as many ClOrdIDs as are remembered of one. Limit: the number.
        AccountClOrdIdsFull = 57,
        /// A request for much came too soon after the last. Limit: milliseconds to wait between two.
        TooFrequent = 58,
    }
}

wire_struct! {
    /// A refusal with its figures.
    pub struct Refusal {
        /// Why.
        pub code: RejectCode,
        /// What was found; its unit follows from the code.
        pub value: i64,
        /// What is allowed; its unit follows from the code.
        pub limit: i64,
    }
}

impl Refusal {
    /// Not refused.
    pub const NONE: Self = Self { code: RejectCode::None, value: 0, limit: 0 };

    /// A refusal without figures.
    pub fn plain(code: RejectCode) -> Self {
        Self { code, value: 0, limit: 0 }
    }

    /// A Symbol that names no instrument; what is longer than 16 bytes is cut.
    pub fn unknown_symbol(symbol: &[u8]) -> Self {
        let mut bytes = [0; 16];
        let length = symbol.len().min(bytes.len());
        bytes[..length].copy_from_slice(&symbol[..length]);
        let packed = u128::from_le_bytes(bytes);
        Self::new(RejectCode::UnknownSymbol, packed as i64, (packed >> 64) as i64)
    }

    /// The Symbol of [`Refusal::unknown_symbol`].
    pub fn symbol(&self) -> Symbol {
        let packed = u128::from(self.value as u64) | u128::from(self.limit as u64) << 64;
        let bytes = packed.to_le_bytes();
        let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        Symbol::truncated(&bytes[..length])
    }

    /// A refusal with its figures.
    pub fn new(code: RejectCode, value: i64, limit: i64) -> Self {
        Self { code, value, limit }
    }
}

wire_enum! {
    /// Why the venue logs a session out (text of a FIX Logout).
    pub enum LogoutCode {
        /// The client asked for it; no text.
        Requested = 0,
        /// MsgSeqNum is lower than expected, without PossDupFlag. Value: received; limit: expected.
        MsgSeqNumTooLow = 1,
        /// HeartBtInt is outside what is allowed. Value: received; limit: the greatest.
        HeartBtInt = 2,
        /// SendingTime is too far from ours.
        SendingTime = 3,
        /// CompIDs are not the session's.
        CompId = 4,
        /// NextExpectedMsgSeqNum is higher than what was sent. Value: received; limit: the next to be sent.
        NextExpectedTooHigh = 5,
        /// The venue stops.
        Shutdown = 6,
        /// The client does not read its messages. Value: bytes waiting; limit: most allowed.
        SlowConsumer = 7,
        /// The client sends more messages than it may. Value: messages; limit: most allowed a second.
        RateLimit = 8,
        /// EncryptMethod is not 0 (none). Value: received.
        EncryptMethod = 9,
        /// A message the session cannot go on after: a required header field is missing. Value: its tag.
        RequiredTag = 10,
        /// BeginString is not FIX.4.4.
        BeginString = 11,
        /// The operator ended the session.
        Operator = 12,
        /// The numbers of the session are used up.
        MsgSeqNumExhausted = 13,
        /// The venue's disk is full, and the session goes on sending new orders.
        DiskFull = 14,
    }
}

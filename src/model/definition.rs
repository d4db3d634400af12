//! What an operator defines: assets, instruments, sessions; and the choices an order carries.

use crate::model::id::{AccountId, AssetId, InstrumentId, SessionId};
use crate::model::number::{Amount, Price, Quantity};
use crate::model::text::{AssetName, CompId, Symbol};
use crate::model::wire::{wire_enum, wire_struct};

wire_enum! {
    /// FIX 4.4 tag 54; the byte is FIX's.
    pub enum Side {
        /// Buys base with quote.
        Buy = 0x31,
        /// Sells base for quote.
        Sell = 0x32,
    }
}

impl Side {
    /// The other side.
    #[inline(always)]
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

wire_enum! {
    /// FIX 4.4 tag 40; the byte is FIX's.
    pub enum OrdType {
        /// Immediate-or-cancel at the collar.
        Market = 0x31,
        /// At its price or better.
        Limit = 0x32,
    }
}

wire_enum! {
    /// FIX 4.4 tag 59; the byte is FIX's.
    pub enum TimeInForce {
        /// Until the rollover; also where the tag is absent.
        Day = 0x30,
        /// Good till cancel.
        GoodTillCancel = 0x31,
        /// What does not trade at once is canceled.
        ImmediateOrCancel = 0x33,
        /// All at once, or nothing.
        FillOrKill = 0x34,
    }
}

wire_enum! {
    /// What happens where an order would trade with one of its own account; the taker's mode decides.
    pub enum SelfTradePrevention {
        /// They trade.
        None = 0,
        /// The taker's rest is canceled.
        ExpireTaker = 1,
        /// The maker is canceled and the taker goes on.
        ExpireMaker = 2,
        /// Both are canceled.
        ExpireBoth = 3,
        /// Both lose the smaller remaining quantity, without trade or fee.
        Decrement = 4,
    }
}

wire_enum! {
    /// What an instrument takes.
    pub enum InstrumentState {
        /// Everything.
        Trading = 0,
        /// Cancels only; orders stay.
        Halted = 1,
        /// The same, announced as such.
        CancelOnly = 2,
    }
}

wire_enum! {
    /// Whether an account may trade.
    pub enum AccountState {
        /// It may.
        Active = 0,
        /// It may not; its orders were canceled.
        Suspended = 1,
    }
}

wire_struct! {
    /// An asset.
    pub struct Asset {
        /// Its id.
        pub id: AssetId,
        /// Its name, unique, 1 to 8 bytes.
        pub name: AssetName,
        /// Decimal places of an amount, at most [`crate::model::limit::SCALE_MAX`].
        pub scale: u8,
    }
}

wire_struct! {
    /// An instrument and its rules.
    pub struct Instrument {
        /// Its id.
        pub id: InstrumentId,
        /// Its name, unique, 1 to 16 bytes.
        pub symbol: Symbol,
        /// What is bought and sold.
        pub base: AssetId,
        /// What it is paid with; not the base.
        pub quote: AssetId,
        /// Decimal places of a price.
        pub price_scale: u8,
        /// Decimal places of a quantity, at most the base asset's scale.
        pub quantity_scale: u8,
        /// Prices are whole multiples of it. Tick × lot is a whole number of quote units.
        pub tick: Price,
        /// Quantities are whole multiples of it.
        pub lot: Quantity,
        /// The least quantity of an order.
        pub quantity_min: Quantity,
        /// The greatest quantity of an order.
        pub quantity_max: Quantity,
        /// The least price × quantity of an order, in quote units.
        pub notional_min: Amount,
        /// How far a price may be from the reference, in percent.
        pub collar_percent: u32,
        /// The collar's reference before the first trade.
        pub reference_price: Price,
        /// Most open orders of one account.
        pub open_orders_max: u32,
        /// The fee of the side that rested, in tenths of a basis point.
        pub maker_fee: u32,
        /// The fee of the side that came, in tenths of a basis point.
        pub taker_fee: u32,
        /// What it takes.
        pub state: InstrumentState,
    }
}

wire_struct! {
    /// A FIX session and its options.
    pub struct SessionDefinition {
        /// Its id, from 1.
        pub id: SessionId,
        /// The account that it trades for.
        pub account: AccountId,
        /// The client's CompID: its SenderCompID, unique.
        pub comp_id: CompId,
        /// Both numbers go back to 1, and the kept messages are dropped, at every logon.
        pub reset_on_logon: bool,
        /// A lost connection cancels the session's orders.
        pub cancel_on_disconnect: bool,
    }
}

//! Every limit of the venue that is fixed when it is built, why it is what it is, and how they fit
//! together. Limits that an operator chooses lie in the configuration or in [`EngineLimits`].

use crate::model::wire::wire_struct;

/// The greatest amount of an asset that all accounts together may hold: half of what `i64` holds, so
/// that adding any two balances cannot overflow.
pub const AMOUNT_MAX: i64 = i64::MAX / 2;
/// The greatest price and the greatest quantity: a product of both fits `i128` many times over.
pub const PRICE_MAX: i64 = 1_000_000_000_000_000_000;
/// See [`PRICE_MAX`].
pub const QUANTITY_MAX: i64 = 1_000_000_000_000_000_000;
/// Most decimal places of a price, a quantity or an asset.
pub const SCALE_MAX: u8 = 12;
/// The highest fee, in tenths of a basis point: 100 %.
pub const FEE_MAX: u32 = 100_000;
/// The widest price collar in percent: a price may then be between zero and eleven times the last.
pub const COLLAR_PERCENT_MAX: u32 = 1_000;
/// Most events that one record may cause; a sweep or a mass cancel that needs more goes on with
/// records of its own. The event rings hold at least twice as many.
pub const EVENTS_MAX: usize = 64;
/// The most assets.
pub const ASSETS_MAX: usize = 1_024;
/// The most instruments of one engine.
pub const INSTRUMENTS_MAX: usize = 65_536;
/// The most accounts of one engine.
pub const ACCOUNTS_MAX: usize = 4_194_304;
/// The most sessions of one engine.
pub const SESSIONS_MAX: usize = 65_536;
/// The most nodes of a cluster: a view names those in sync by the bits of a `u64`.
pub const NODES_MAX: u16 = 64;
/// The longest record in bytes, header and padding included; the size of a slot of the log ring.
pub const RECORD_SIZE_MAX: usize = 256;
/// The longest command in bytes.
pub const COMMAND_SIZE_MAX: usize = 192;
/// The longest event in bytes when it is written to a store.
pub const EVENT_SIZE_MAX: usize = 320;
/// Highest MsgSeqNum (FIX 4.4 gives no limit; engines in the field keep it in 31 bits).
pub const MSG_SEQ_NUM_MAX: u64 = i32::MAX as u64;
/// HeartBtInt in seconds (FIX 4.4 tag 108), least and greatest.
pub const HEART_BT_INT: std::ops::RangeInclusive<u16> = 1..=60;
/// The latest ClOrdIDs of an account that stay refused even after the trading day, unless an operator
/// chooses more.
pub const CL_ORD_IDS_KEPT: u32 = 1_000_000;
/// Slices that an iceberg may have: each is a fill of its own.
pub const ICEBERG_PARTS_MAX: i64 = 100;
/// Deposits and withdrawals whose reference is remembered.
pub const REFERENCES_MAX: usize = 8_388_608;

wire_struct! {
    /// What one engine has room for. Logged at genesis, since a state that fills up answers
    /// differently from one that does not.
    pub struct EngineLimits {
        /// Open orders, all accounts together.
        pub orders_max: u32,
        /// ClOrdIDs remembered, all accounts together.
        pub cl_ord_ids_max: u32,
        /// ClOrdIDs remembered of one account, so that none fills the venue.
        pub cl_ord_ids_per_account_max: u32,
        /// The latest ClOrdIDs of an account that stay refused even after the trading day.
        pub cl_ord_ids_kept: u32,
        /// Accounts.
        pub accounts_max: u32,
        /// Instruments.
        pub instruments_max: u32,
        /// Sessions.
        pub sessions_max: u32,
    }
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            orders_max: 4_194_304,
            cl_ord_ids_max: 33_554_432,
            cl_ord_ids_per_account_max: 8_388_608,
            cl_ord_ids_kept: CL_ORD_IDS_KEPT,
            accounts_max: ACCOUNTS_MAX as u32,
            instruments_max: INSTRUMENTS_MAX as u32,
            sessions_max: SESSIONS_MAX as u32,
        }
    }
}

const _: () = assert!(crate::model::Command::SIZE_MAX <= COMMAND_SIZE_MAX);
const _: () = assert!(crate::model::record::HEADER_SIZE + COMMAND_SIZE_MAX <= RECORD_SIZE_MAX);
const _: () = assert!(
    crate::model::event::EVENT_HEADER_SIZE + crate::model::EventBody::SIZE_MAX <= EVENT_SIZE_MAX
);
const _: () = assert!((PRICE_MAX as i128).checked_mul(QUANTITY_MAX as i128).is_some());

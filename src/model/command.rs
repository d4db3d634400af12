//! What the engine is asked to do.
//!
//! Every change of the exchange's state is one of these; a command with its sequence and its time is a
//! record of the log. All are checked again by the engine: whatever a gateway sends cannot harm it.

use crate::model::definition::*;
use crate::model::id::*;
use crate::model::limit::EngineLimits;
use crate::model::number::*;
use crate::model::reject::{LogoutCode, Refusal};
use crate::model::text::*;
use crate::model::wire::{wire_enum, wire_struct, wire_union};

wire_struct! {
    /// Where a command of a session comes from. The engine drops it where the generation is not the
    /// session's, or the number was seen before.
    pub struct Origin {
        /// The session.
        pub session: SessionId,
        /// The logon under which it was received.
        pub generation: Generation,
        /// The number that the message consumes, which is at least the next expected one; 0 where it
        /// consumes none (a timer's doing).
        pub msg_seq_num: u64,
    }
}

wire_struct! {
    /// The first record of a log.
    pub struct Genesis {
        /// The cluster whose log it is.
        pub cluster: ClusterName,
        /// Under which ClOrdIDs are hashed.
        pub hash_secret: HashSecret,
        /// What the engine has room for.
        pub limits: EngineLimits,
    }
}

wire_enum! {
    /// When an effect may be told (see ARCHITECTURE.md).
    pub enum Durability {
        /// In this machine's log ring or its journal's page cache.
        LocalMemory = 1,
        /// Synced to this machine's disk.
        LocalDisk = 2,
        /// In the log ring or page cache of every node in sync.
        StandbyMemory = 3,
        /// Synced on every node in sync.
        StandbyDisk = 4,
    }
}

wire_struct! {
    /// The first record of an epoch: the view. It ends every session's connection.
    pub struct BeginEpoch {
        /// The epoch, higher than any before.
        pub epoch: Epoch,
        /// Who numbers the records from here on.
        pub primary: NodeId,
        /// Bit n: node n is in sync.
        pub in_sync: u64,
        /// The level at which effects are told.
        pub durability: Durability,
        /// What the swap of the view carried.
        pub nonce: u64,
    }
}

wire_struct! {
    /// Defines an asset, or repeats its definition.
    pub struct DefineAsset {
        /// Names the answer.
        pub request: u64,
        /// The asset.
        pub asset: Asset,
    }
}

wire_struct! {
    /// Defines an instrument or changes it.
    pub struct DefineInstrument {
        /// Names the answer.
        pub request: u64,
        /// The instrument.
        pub instrument: Instrument,
    }
}

wire_struct! {
    /// Halts an instrument, makes it cancel-only, or lets it trade again.
    pub struct SetInstrumentState {
        /// Names the answer.
        pub request: u64,
        /// The instrument.
        pub instrument: InstrumentId,
        /// What it takes from now on.
        pub state: InstrumentState,
    }
}

wire_struct! {
    /// Opens an account; one that is open already stays as it is.
    pub struct OpenAccount {
        /// Names the answer.
        pub request: u64,
        /// The account, not below [`AccountId::FIRST`].
        pub account: AccountId,
    }
}

wire_struct! {
    /// Suspends an account, which cancels its orders, or reinstates it.
    pub struct SetAccountState {
        /// Names the answer.
        pub request: u64,
        /// The account.
        pub account: AccountId,
        /// What it may do from now on.
        pub state: AccountState,
    }
}

wire_struct! {
    /// Books money in from the outside, or out to it.
    pub struct Transfer {
        /// Names the answer.
        pub request: u64,
        /// The account.
        pub account: AccountId,
        /// The asset.
        pub asset: AssetId,
        /// How much, above zero.
        pub amount: Amount,
        /// A repeated one returns the first outcome and changes nothing.
        pub reference: Reference,
    }
}

wire_struct! {
    /// Defines a session or changes its options.
    pub struct DefineSession {
        /// Names the answer.
        pub request: u64,
        /// The session.
        pub session: SessionDefinition,
    }
}

wire_struct! {
    /// The trading day ends: day orders expire.
    pub struct Rollover {
        /// The new day, in days since 1970-01-01; higher than the current one.
        pub day: u32,
    }
}

wire_struct! {
    /// Goes on with what the last record could not finish within its events.
    pub struct Continue {}
}

wire_struct! {
    /// A client has logged on (FIX Logon): the gateway has judged it, the engine numbers the answer.
    pub struct Logon {
        /// The session.
        pub session: SessionId,
        /// MsgSeqNum of the Logon.
        pub msg_seq_num: u64,
        /// The gateway that has the connection.
        pub gateway: GatewayId,
        /// The connection there.
        pub connection: ConnectionId,
        /// Seconds.
        pub heart_bt_int: u16,
        /// ResetSeqNumFlag (141) was Y.
        pub reset_requested: bool,
        /// NextExpectedMsgSeqNum (789), or 0 where it was absent.
        pub next_expected: u64,
    }
}

wire_struct! {
    /// A Logon of a known session is refused with a numbered Logout.
    pub struct RefuseLogon {
        /// The session.
        pub session: SessionId,
        /// MsgSeqNum of the Logon.
        pub msg_seq_num: u64,
        /// The gateway that has the connection.
        pub gateway: GatewayId,
        /// The connection there.
        pub connection: ConnectionId,
        /// Why.
        pub code: LogoutCode,
        /// See [`LogoutCode`].
        pub value: i64,
        /// See [`LogoutCode`].
        pub limit: i64,
    }
}

wire_struct! {
    /// The venue sends a Logout: it answers the client's, or ends the session itself.
    pub struct Logout {
        /// The client's Logout, or a timer.
        pub origin: Origin,
        /// Why.
        pub code: LogoutCode,
        /// See [`LogoutCode`].
        pub value: i64,
        /// See [`LogoutCode`].
        pub limit: i64,
    }
}

wire_struct! {
    /// The connection of a session is gone.
    pub struct ConnectionLost {
        /// The session and the logon that it was.
        pub origin: Origin,
    }
}

wire_struct! {
    /// The grace after a restart or a failover is over: a session with cancel on disconnect that has
    /// not come back loses its orders.
    pub struct CancelAbsentSession {
        /// The session.
        pub session: SessionId,
    }
}

wire_struct! {
    /// The venue sends a Heartbeat.
    pub struct SendHeartbeat {
        /// The client's TestRequest, or a timer.
        pub origin: Origin,
        /// What the TestRequest asked to be echoed; empty for a timer's.
        pub test_req_id: TestReqId,
    }
}

wire_struct! {
    /// The venue sends a TestRequest.
    pub struct SendTestRequest {
        /// A timer.
        pub origin: Origin,
    }
}

wire_struct! {
    /// The venue asks for messages that it missed.
    pub struct SendResendRequest {
        /// The session; consumes no inbound number.
        pub origin: Origin,
        /// BeginSeqNo; EndSeqNo is 0, all that follow.
        pub begin: u64,
    }
}

wire_struct! {
    /// The venue refuses a message at the session level (FIX Reject).
    pub struct SessionReject {
        /// The message, where it consumes a number.
        pub origin: Origin,
        /// RefSeqNum (45): the message's own number, which it need not consume.
        pub ref_seq_num: u64,
        /// RefTagID, or [`SessionReject::NO_TAG`].
        pub ref_tag: i32,
        /// RefMsgType; may be empty.
        pub ref_msg_type: MsgType,
        /// SessionRejectReason (373).
        pub reason: u8,
    }
}

impl SessionReject {
    /// No tag is to blame.
    pub const NO_TAG: i32 = i32::MIN;
}

wire_struct! {
    /// The venue refuses a message for reasons of business (FIX BusinessMessageReject).
    pub struct BusinessReject {
        /// The message.
        pub origin: Origin,
        /// RefMsgType.
        pub ref_msg_type: MsgType,
        /// BusinessRejectRefID; may be empty.
        pub ref_id: RequestId,
        /// BusinessRejectReason (380).
        pub reason: u8,
        /// What the text says.
        pub refusal: Refusal,
    }
}

wire_struct! {
    /// A new order.
    pub struct NewOrder {
        /// The message.
        pub origin: Origin,
        /// The session's account.
        pub account: AccountId,
        /// The instrument.
        pub instrument: InstrumentId,
        /// ClOrdID.
        pub cl_ord_id: ClOrdId,
        /// Its hash under the secret of genesis.
        pub cl_ord_id_hash: u64,
        /// Buy or sell.
        pub side: Side,
        /// Limit or market.
        pub ord_type: OrdType,
        /// How long it stays.
        pub time_in_force: TimeInForce,
        /// What happens against an own order.
        pub self_trade_prevention: SelfTradePrevention,
        /// Refused where it would trade at once (ExecInst 6).
        pub post_only: bool,
        /// PossResend was Y: a known ClOrdID is answered with the order's state.
        pub poss_resend: bool,
        /// The limit; zero for a market order.
        pub price: Price,
        /// OrderQty in base units; zero where `quote_quantity` is given.
        pub quantity: Quantity,
        /// CashOrderQty (152): how much of the quote to spend; zero where `quantity` is given.
        pub quote_quantity: Amount,
        /// MaxFloor (111): how much is displayed; zero where everything is.
        pub display_quantity: Quantity,
        /// Already refused while decoding; the engine only answers. Else [`Refusal::NONE`].
        pub refusal: Refusal,
    }
}

wire_struct! {
    /// A request to cancel an order.
    pub struct CancelOrder {
        /// The message.
        pub origin: Origin,
        /// The session's account.
        pub account: AccountId,
        /// Symbol where it was given and is known, else [`CancelOrder::ANY_INSTRUMENT`].
        pub instrument: InstrumentId,
        /// The order's side as the message has it.
        pub side: Side,
        /// OrderID, or [`OrderId::NONE`] where only OrigClOrdID names the order.
        pub order: OrderId,
        /// ClOrdID of the request.
        pub cl_ord_id: ClOrdId,
        /// Its hash.
        pub cl_ord_id_hash: u64,
        /// OrigClOrdID; empty where OrderID alone names the order.
        pub orig_cl_ord_id: ClOrdId,
        /// Its hash.
        pub orig_cl_ord_id_hash: u64,
        /// PossResend was Y: a known ClOrdID is answered with the order's state.
        pub poss_resend: bool,
        /// Already refused while decoding; the engine only answers. Else [`Refusal::NONE`].
        pub refusal: Refusal,
    }
}

impl CancelOrder {
    /// The message names no instrument.
    pub const ANY_INSTRUMENT: InstrumentId = InstrumentId(u32::MAX);
}

wire_struct! {
    /// A request to replace an order.
    pub struct ReplaceOrder {
        /// The message.
        pub origin: Origin,
        /// The session's account.
        pub account: AccountId,
        /// Symbol, as for [`CancelOrder`].
        pub instrument: InstrumentId,
        /// The order's side as the message has it.
        pub side: Side,
        /// OrderID, or [`OrderId::NONE`].
        pub order: OrderId,
        /// ClOrdID of the request.
        pub cl_ord_id: ClOrdId,
        /// Its hash.
        pub cl_ord_id_hash: u64,
        /// OrigClOrdID; empty where OrderID alone names the order.
        pub orig_cl_ord_id: ClOrdId,
        /// Its hash.
        pub orig_cl_ord_id_hash: u64,
        /// The new OrdType, which must be the order's.
        pub ord_type: OrdType,
        /// The new TimeInForce, or none where the tag is absent: then the order's stays.
        pub time_in_force: ReplaceTimeInForce,
        /// The new limit.
        pub price: Price,
        /// The whole chain's OrderQty.
        pub quantity: Quantity,
        /// The new MaxFloor; zero where the tag is absent: an iceberg's then stays.
        pub display_quantity: Quantity,
        /// ExecInst 6 was repeated: the order must be post-only.
        pub post_only: bool,
        /// SelfTradePrevention (25001) where it was repeated, which must be the order's.
        pub self_trade_prevention: ReplaceSelfTradePrevention,
        /// PossResend was Y.
        pub poss_resend: bool,
        /// Already refused while decoding; the engine only answers. Else [`Refusal::NONE`].
        pub refusal: Refusal,
    }
}

wire_enum! {
    /// TimeInForce of a replace.
    pub enum ReplaceTimeInForce {
        /// Absent: the order's stays.
        Unchanged = 0,
        /// Day.
        Day = 0x30,
        /// Good till cancel.
        GoodTillCancel = 0x31,
        /// Anything else, which is refused.
        Other = 0xff,
    }
}

wire_enum! {
    /// SelfTradePrevention of a replace.
    pub enum ReplaceSelfTradePrevention {
        /// Expected to be [`SelfTradePrevention::None`].
        None = 0,
        /// Expected to be [`SelfTradePrevention::ExpireTaker`].
        ExpireTaker = 1,
        /// Expected to be [`SelfTradePrevention::ExpireMaker`].
        ExpireMaker = 2,
        /// Expected to be [`SelfTradePrevention::ExpireBoth`].
        ExpireBoth = 3,
        /// Expected to be [`SelfTradePrevention::Decrement`].
        Decrement = 4,
        /// Absent: the order's stays.
        Unchanged = 0xff,
    }
}

wire_enum! {
    /// MassCancelRequestType (530); the byte is FIX's.
    pub enum MassCancelScope {
        /// All orders of one instrument.
        Instrument = 0x31,
        /// All orders.
        All = 0x37,
    }
}

wire_enum! {
    /// A side, or both.
    pub enum SideFilter {
        /// Both sides.
        Both = 0,
        /// Buy orders.
        Buy = 0x31,
        /// Sell orders.
        Sell = 0x32,
    }
}

wire_struct! {
    /// A request to cancel many orders of the session's account.
    pub struct MassCancel {
        /// The message.
        pub origin: Origin,
        /// The session's account.
        pub account: AccountId,
        /// Which ones.
        pub scope: MassCancelScope,
        /// The instrument, where the scope is one.
        pub instrument: InstrumentId,
        /// Which side.
        pub side: SideFilter,
        /// ClOrdID of the request.
        pub cl_ord_id: ClOrdId,
        /// Already refused while decoding; the engine only answers. Else [`Refusal::NONE`].
        pub refusal: Refusal,
    }
}

wire_struct! {
    /// A request for the state of one order (FIX OrderStatusRequest).
    pub struct OrderStatus {
        /// The message.
        pub origin: Origin,
        /// The session's account.
        pub account: AccountId,
        /// Symbol, as for [`CancelOrder`].
        pub instrument: InstrumentId,
        /// Side.
        pub side: Side,
        /// OrderID, or [`OrderId::NONE`].
        pub order: OrderId,
        /// ClOrdID; may be empty where OrderID is given.
        pub cl_ord_id: ClOrdId,
        /// Its hash.
        pub cl_ord_id_hash: u64,
        /// OrdStatusReqID (790); may be empty.
        pub request_id: RequestId,
    }
}

wire_struct! {
    /// A request for the state of all open orders of the session's account (FIX OrderMassStatusRequest).
    pub struct MassStatus {
        /// The message.
        pub origin: Origin,
        /// The session's account.
        pub account: AccountId,
        /// Which ones.
        pub scope: MassCancelScope,
        /// The instrument, where the scope is one.
        pub instrument: InstrumentId,
        /// Which side.
        pub side: SideFilter,
        /// MassStatusReqID (584).
        pub request_id: RequestId,
    }
}

wire_struct! {
    /// A request for the instruments (FIX SecurityListRequest).
    pub struct SecurityListRequest {
        /// The message.
        pub origin: Origin,
        /// SecurityReqID (320).
        pub request_id: RequestId,
        /// One instrument, or [`CancelOrder::ANY_INSTRUMENT`] for all.
        pub instrument: InstrumentId,
        /// Already refused while decoding; the engine only answers. Else [`Refusal::NONE`].
        pub refusal: Refusal,
    }
}

wire_union! {
    /// A command.
    pub enum Command {
        /// See [`Genesis`].
        Genesis(Genesis) = 1,
        /// See [`BeginEpoch`].
        BeginEpoch(BeginEpoch) = 2,
        /// See [`Continue`].
        Continue(Continue) = 3,
        /// See [`DefineAsset`].
        DefineAsset(DefineAsset) = 10,
        /// See [`DefineInstrument`].
        DefineInstrument(DefineInstrument) = 11,
        /// See [`SetInstrumentState`].
        SetInstrumentState(SetInstrumentState) = 12,
        /// See [`OpenAccount`].
        OpenAccount(OpenAccount) = 13,
        /// See [`SetAccountState`].
        SetAccountState(SetAccountState) = 14,
        /// Money comes in.
        Deposit(Transfer) = 15,
        /// Money goes out.
        Withdraw(Transfer) = 16,
        /// See [`DefineSession`].
        DefineSession(DefineSession) = 17,
        /// See [`Rollover`].
        Rollover(Rollover) = 18,
        /// See [`Logon`].
        Logon(Logon) = 30,
        /// See [`RefuseLogon`].
        RefuseLogon(RefuseLogon) = 31,
        /// See [`Logout`].
        Logout(Logout) = 32,
        /// See [`ConnectionLost`].
        ConnectionLost(ConnectionLost) = 33,
        /// See [`CancelAbsentSession`].
        CancelAbsentSession(CancelAbsentSession) = 34,
        /// See [`SendHeartbeat`].
        SendHeartbeat(SendHeartbeat) = 35,
        /// See [`SendTestRequest`].
        SendTestRequest(SendTestRequest) = 36,
        /// See [`SendResendRequest`].
        SendResendRequest(SendResendRequest) = 37,
        /// See [`SessionReject`].
        SessionReject(SessionReject) = 38,
        /// See [`BusinessReject`].
        BusinessReject(BusinessReject) = 39,
        /// See [`NewOrder`].
        NewOrder(NewOrder) = 50,
        /// See [`CancelOrder`].
        CancelOrder(CancelOrder) = 51,
        /// See [`ReplaceOrder`].
        ReplaceOrder(ReplaceOrder) = 52,
        /// See [`MassCancel`].
        MassCancel(MassCancel) = 53,
        /// See [`OrderStatus`].
        OrderStatus(OrderStatus) = 54,
        /// See [`MassStatus`].
        MassStatus(MassStatus) = 55,
        /// See [`SecurityListRequest`].
        SecurityListRequest(SecurityListRequest) = 56,
    }
}

impl Command {
    /// Whether it is a new order, or a change or cancel of one: what is timed on its way.
    #[inline]
    pub fn is_order_request(&self) -> bool {
        matches!(self, Self::NewOrder(_) | Self::CancelOrder(_) | Self::ReplaceOrder(_))
    }
}

impl Default for Command {
    /// The command that changes nothing by itself: what an unused slot of a ring holds.
    fn default() -> Self {
        Self::Continue(Continue {})
    }
}

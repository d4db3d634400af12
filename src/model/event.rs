//! What came of a record.
//!
//! An event is for a session (numbered, kept, resent), for the operator, or for every gateway
//! (definitions). The same record gives the same events on every node.

use crate::model::command::{Durability, MassCancelScope, SideFilter};
use crate::model::definition::*;
use crate::model::id::*;
use crate::model::number::*;
use crate::model::reject::{LogoutCode, Refusal};
use crate::model::text::*;
use crate::model::wire::{Malformed, Wire, wire_enum, wire_struct, wire_union};

/// What came of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The record that caused it: it is told once that is durable.
    pub cause: Sequence,
    /// When that was sequenced: SendingTime's first value, and TransactTime.
    pub timestamp: Timestamp,
    /// The session that is told, or [`SessionId::NONE`].
    pub session: SessionId,
    /// The outbound MsgSeqNum that it consumes, or 0 where it consumes none.
    pub msg_seq_num: u64,
    /// Its place among the events of its record, from 0.
    pub index: u16,
    /// The shard: ExecID is made of shard, cause and index.
    pub shard: ShardId,
    /// The gateway whose ring it goes to, or [`Event::EVERY_GATEWAY`].
    pub gateway: GatewayId,
    /// What happened.
    pub body: EventBody,
}

/// Bytes before the body where an event is stored.
pub const EVENT_HEADER_SIZE: usize = 8 + 8 + 4 + 8 + 2 + 2 + 1 + 1;

impl Event {
    /// Goes to every gateway's ring.
    pub const EVERY_GATEWAY: GatewayId = GatewayId(u8::MAX);

    /// Writes the event and returns its length; `out` holds [`crate::model::limit::EVENT_SIZE_MAX`].
    pub fn put(&self, out: &mut [u8]) -> usize {
        self.cause.put(&mut out[0..8]);
        self.timestamp.put(&mut out[8..16]);
        self.session.put(&mut out[16..20]);
        self.msg_seq_num.put(&mut out[20..28]);
        self.index.put(&mut out[28..30]);
        self.shard.put(&mut out[30..32]);
        self.gateway.put(&mut out[32..33]);
        out[33] = self.body.kind();
        EVENT_HEADER_SIZE + self.body.put(&mut out[EVENT_HEADER_SIZE..])
    }

    /// Reads an event from exactly its bytes.
    pub fn get(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() < EVENT_HEADER_SIZE {
            return Err(Malformed { what: "length of an event", value: bytes.len() as u64 });
        }
        Ok(Self {
            cause: Sequence::get(&bytes[0..8])?,
            timestamp: Timestamp::get(&bytes[8..16])?,
            session: SessionId::get(&bytes[16..20])?,
            msg_seq_num: u64::get(&bytes[20..28])?,
            index: u16::get(&bytes[28..30])?,
            shard: ShardId::get(&bytes[30..32])?,
            gateway: GatewayId::get(&bytes[32..33])?,
            body: EventBody::get(bytes[33], &bytes[EVENT_HEADER_SIZE..])?,
        })
    }
}

impl Default for Event {
    /// An event that tells nobody anything: what an unused slot of a ring holds.
    fn default() -> Self {
        Self {
            cause: Sequence(0),
            timestamp: Timestamp(0),
            session: SessionId::NONE,
            msg_seq_num: 0,
            index: 0,
            shard: ShardId(0),
            gateway: GatewayId(0),
            body: EventBody::TestRequest(TestRequest {}),
        }
    }
}

wire_enum! {
    /// ExecType (150); the byte is FIX's.
    pub enum ExecType {
        /// The order is taken.
        New = 0x30,
        /// It is canceled.
        Canceled = 0x34,
        /// It is replaced.
        Replaced = 0x35,
        /// It is refused.
        Rejected = 0x38,
        /// It expired with its day.
        Expired = 0x43,
        /// Self-trade prevention reduced it.
        Restated = 0x44,
        /// It traded.
        Trade = 0x46,
        /// Its state was asked for.
        OrderStatus = 0x49,
    }
}

wire_enum! {
    /// OrdStatus (39); the byte is FIX's.
    pub enum OrdStatus {
        /// Open, nothing traded.
        New = 0x30,
        /// Open, partly traded.
        PartiallyFilled = 0x31,
        /// Closed, all traded.
        Filled = 0x32,
        /// Closed by a cancel, or the rest of an immediate order.
        Canceled = 0x34,
        /// Never taken.
        Rejected = 0x38,
        /// Closed at the end of its day.
        Expired = 0x43,
    }
}

wire_enum! {
    /// Why an order was changed though its owner did not ask for it just now.
    pub enum Cause {
        /// Its owner asked for it, or a trade did it.
        Request = 0,
        /// The rest of an immediate-or-cancel or market order.
        ImmediateRest = 1,
        /// Self-trade prevention.
        SelfTrade = 2,
        /// The owner asked for many at once.
        MassCancel = 3,
        /// The session's connection was lost.
        Disconnect = 4,
        /// The account was suspended.
        Suspension = 5,
        /// The day ended.
        Rollover = 6,
    }
}

wire_struct! {
    /// ExecutionReport (8).
    pub struct Execution {
        /// The order; [`OrderId::NONE`] where none was made (encoded as NONE).
        pub order: OrderId,
        /// Its account.
        pub account: AccountId,
        /// Its instrument; may be unknown where the order is refused.
        pub instrument: InstrumentId,
        /// ClOrdID: of the order, or of the accepted request.
        pub cl_ord_id: ClOrdId,
        /// OrigClOrdID: for a cancel or a replace; may be empty.
        pub orig_cl_ord_id: ClOrdId,
        /// What happened.
        pub exec_type: ExecType,
        /// How the order stands.
        pub ord_status: OrdStatus,
        /// Why, where its owner did not ask.
        pub why: Cause,
        /// Buy or sell.
        pub side: Side,
        /// Limit or market.
        pub ord_type: OrdType,
        /// How long it stays.
        pub time_in_force: TimeInForce,
        /// Post-only.
        pub post_only: bool,
        /// What happens against an own order.
        pub self_trade_prevention: SelfTradePrevention,
        /// For a trade: it rested (LastLiquidityInd 1) and did not come (2).
        pub maker: bool,
        /// The limit; zero for a market order.
        pub price: Price,
        /// OrderQty; zero for a market order by quote quantity.
        pub quantity: Quantity,
        /// CashOrderQty; zero otherwise.
        pub quote_quantity: Amount,
        /// MaxFloor; zero otherwise.
        pub display_quantity: Quantity,
        /// LastPx of a trade.
        pub last_price: Price,
        /// LastQty of a trade.
        pub last_quantity: Quantity,
        /// LeavesQty: 0 in every terminal state.
        pub leaves_quantity: Quantity,
        /// CumQty.
        pub cum_quantity: Quantity,
        /// Σ LastPx × LastQty, at the scale of price × quantity: AvgPx is this over CumQty.
        pub cum_notional: i128,
        /// The fee of this trade, in the asset that the side receives.
        pub fee: Amount,
        /// Why it was refused.
        pub refusal: Refusal,
    }
}

wire_struct! {
    /// An order's state, asked for: an ExecutionReport with ExecType I and the request's id.
    pub struct StatusReport {
        /// The state. Refused as UnknownOrder where there is no such order.
        pub execution: Execution,
        /// OrdStatusReqID (790) or MassStatusReqID (584); may be empty.
        pub request_id: RequestId,
        /// It answers a mass status request.
        pub mass: bool,
        /// TotNumReports (911) of a mass answer; 0 where there is no order.
        pub total: u32,
        /// LastRptRequested (912).
        pub last: bool,
    }
}

wire_struct! {
    /// OrderCancelReject (9).
    pub struct CancelReject {
        /// The order, or [`OrderId::NONE`].
        pub order: OrderId,
        /// ClOrdID of the request.
        pub cl_ord_id: ClOrdId,
        /// OrigClOrdID of the request; may be empty.
        pub orig_cl_ord_id: ClOrdId,
        /// How the order stands; Rejected where there is none.
        pub ord_status: OrdStatus,
        /// It was a replace (CxlRejResponseTo 2) and no cancel (1).
        pub replace: bool,
        /// The account of the request.
        pub account: AccountId,
        /// The instrument that the request or the order names; the scale of the refusal's figures.
        pub instrument: InstrumentId,
        /// The side that the request or the order names.
        pub side: Side,
        /// Why.
        pub refusal: Refusal,
    }
}

wire_struct! {
    /// OrderMassCancelReport (r). It comes after the reports of the canceled orders.
    pub struct MassCancelReport {
        /// ClOrdID of the request.
        pub cl_ord_id: ClOrdId,
        /// What was asked.
        pub scope: MassCancelScope,
        /// The instrument, where the scope is one.
        pub instrument: InstrumentId,
        /// Which side.
        pub side: SideFilter,
        /// TotalAffectedOrders (533).
        pub affected: u32,
        /// Why it was refused; [`Refusal::NONE`] where it was not.
        pub refusal: Refusal,
    }
}

wire_struct! {
    /// Logon (A), the answer.
    pub struct LogonAccepted {
        /// The connection.
        pub connection: ConnectionId,
        /// The new generation.
        pub generation: Generation,
        /// Echoed, in seconds.
        pub heart_bt_int: u16,
        /// ResetSeqNumFlag is echoed as Y: the client asked for a reset.
        pub reset_requested: bool,
        /// The numbers went back to 1, asked for or configured; kept messages are gone.
        pub reset: bool,
        /// NextExpectedMsgSeqNum (789) that the client sent, or 0: what it missed is sent again at once.
        pub client_expects: u64,
        /// The next inbound number that the venue expects. If the Logon's was higher it is not
        /// consumed, and a ResendRequest follows.
        pub next_inbound: u64,
    }
}

wire_struct! {
    /// Logout (5).
    pub struct LogoutSent {
        /// The connection, which is closed after it.
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
    /// The session's connection is ended without a message: another epoch has begun, or the logon
    /// was refused by the engine's own checks.
    pub struct SessionEnded {
        /// The connection.
        pub connection: ConnectionId,
        /// The generation that ended.
        pub generation: Generation,
    }
}

wire_struct! {
    /// Heartbeat (0).
    pub struct Heartbeat {
        /// Echoed; may be empty.
        pub test_req_id: TestReqId,
    }
}

wire_struct! {
    /// TestRequest (1).
    pub struct TestRequest {}
}

wire_struct! {
    /// ResendRequest (2).
    pub struct ResendRequest {
        /// BeginSeqNo; EndSeqNo is 0.
        pub begin: u64,
    }
}

wire_struct! {
    /// Reject (3).
    pub struct Rejected {
        /// RefSeqNum (45).
        pub ref_seq_num: u64,
        /// RefTagID (371), or [`crate::model::SessionReject::NO_TAG`].
        pub ref_tag: i32,
        /// RefMsgType (372).
        pub ref_msg_type: MsgType,
        /// SessionRejectReason (373).
        pub reason: u8,
    }
}

wire_struct! {
    /// BusinessMessageReject (j).
    pub struct BusinessRejected {
        /// RefSeqNum (45).
        pub ref_seq_num: u64,
        /// RefMsgType (372).
        pub ref_msg_type: MsgType,
        /// BusinessRejectRefID (379); may be empty.
        pub ref_id: RequestId,
        /// BusinessRejectReason (380).
        pub reason: u8,
        /// What the text says.
        pub refusal: Refusal,
    }
}

wire_struct! {
    /// One instrument of a SecurityList (y), or the answer that there is none.
    pub struct SecurityListed {
        /// SecurityReqID (320).
        pub request_id: RequestId,
        /// The request was refused: SecurityRequestResult (560) 1, or 2 where nothing was found.
        pub refusal: Refusal,
        /// TotNoRelatedSym (393).
        pub total: u32,
        /// LastFragment (893).
        pub last: bool,
        /// The instrument; meaningless where `total` is 0.
        pub instrument: Instrument,
    }
}

wire_struct! {
    /// An operator's command is done, or refused.
    pub struct OperatorAnswer {
        /// Which.
        pub request: u64,
        /// Why it was refused; [`Refusal::NONE`] where it was done.
        pub refusal: Refusal,
        /// It was done before, by the same reference or definition: nothing changed now.
        pub repeated: bool,
    }
}

wire_struct! {
    /// An epoch has begun.
    pub struct EpochBegan {
        /// Which.
        pub epoch: Epoch,
        /// Its primary.
        pub primary: NodeId,
        /// The nodes in sync.
        pub in_sync: u64,
        /// The level.
        pub durability: Durability,
    }
}

wire_struct! {
    /// The trading day has ended.
    pub struct RolledOver {
        /// The new day.
        pub day: u32,
    }
}

wire_union! {
    /// What happened.
    pub enum EventBody {
        /// See [`Execution`].
        Execution(Execution) = 1,
        /// See [`StatusReport`].
        StatusReport(StatusReport) = 2,
        /// See [`CancelReject`].
        CancelReject(CancelReject) = 3,
        /// See [`MassCancelReport`].
        MassCancelReport(MassCancelReport) = 4,
        /// See [`LogonAccepted`].
        LogonAccepted(LogonAccepted) = 10,
        /// See [`LogoutSent`].
        LogoutSent(LogoutSent) = 11,
        /// See [`SessionEnded`].
        SessionEnded(SessionEnded) = 12,
        /// See [`Heartbeat`].
        Heartbeat(Heartbeat) = 13,
        /// See [`TestRequest`].
        TestRequest(TestRequest) = 14,
        /// See [`ResendRequest`].
        ResendRequest(ResendRequest) = 15,
        /// See [`Rejected`].
        Rejected(Rejected) = 16,
        /// See [`BusinessRejected`].
        BusinessRejected(BusinessRejected) = 17,
        /// See [`SecurityListed`].
        SecurityListed(SecurityListed) = 18,
        /// See [`OperatorAnswer`].
        OperatorAnswer(OperatorAnswer) = 30,
        /// An asset was defined; for every gateway.
        AssetDefined(Asset) = 31,
        /// An instrument was defined or changed; for every gateway.
        InstrumentDefined(Instrument) = 32,
        /// A session was defined or changed; for every gateway.
        SessionDefined(SessionDefinition) = 33,
        /// See [`EpochBegan`]; for every gateway.
        EpochBegan(EpochBegan) = 34,
        /// See [`RolledOver`]; for every gateway.
        RolledOver(RolledOver) = 35,
    }
}

//! Events as FIX messages.
//!
//! A message is written once, front to back, into a place that the encoder keeps, and is copied from there to
//! the buffer it is sent from: so it is written where the processor's nearest cache holds it, and the buffer
//! grows by no more than the message. Only BodyLength is filled in behind. Each field brings the delimiter
//! before it ([`put`]), and Text, where there is one, is the last. Nothing is allocated once the buffer is large
//! enough. AvgPx has four decimal places more than the instrument's prices and is rounded half up from the exact
//! notional.

mod put;
mod text;

use std::ops::RangeInclusive;

use crate::fix::decode::MsgKind;
use crate::fix::dictionary::{MESSAGES, tag};
use crate::fix::directory::Directory;
use crate::fix::{frame, number};
use crate::model::*;

use put::{Moments, Put, ROOM};
pub use text::session_reject_reason;

const SOH: u8 = 1;
/// Places that AvgPx (6) has more than the instrument's prices.
const AVERAGE_PLACES: u8 = 4;
const AVERAGE_POWER: u64 = 10_u64.pow(AVERAGE_PLACES as u32);
/// Symbol (55) of what is not known; FIX 4.4 requires the field.
const NO_SYMBOL: &[u8] = b"[N/A]";
/// OrderID (37) where there is no order (FIX 4.4, ExecutionReport), and OrigClOrdID (41) where none was sent.
const NO_ORDER: &[u8] = b"NONE";
/// Side (54) where there is no order and none was named; FIX 4.4 requires the field.
const UNDISCLOSED: u8 = b'7';
/// TestReqID (112) of a TestRequest that the venue sends.
const TEST_REQ_ID: &[u8] = b"TEST";

/// What the header of an outbound message takes from its session.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// SenderCompID (49): the venue's.
    pub sender: &'a [u8],
    /// TargetCompID (56): the client's.
    pub target: &'a [u8],
    /// SendingTime (52), in nanoseconds since 1970-01-01.
    pub sending_time_ns: u64,
    /// PossDupFlag (43): it is sent again; OrigSendingTime (122) is then the event's time.
    pub poss_dup: bool,
}

/// Makes messages, and keeps what one has in common with the next.
#[derive(Debug)]
pub struct Encoder {
    /// Where a message is written.
    room: Box<[u8; ROOM]>,
    moments: Moments,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { room: Box::new([0; ROOM]), moments: Moments::new() }
    }
}

impl Encoder {
    /// Appends the message of `event` to `out`; nothing for an event that is no message.
    pub fn encode(
        &mut self,
        event: &Event,
        header: &Outgoing<'_>,
        directory: &Directory,
        out: &mut Vec<u8>,
    ) {
        let Some(kind) = msg_kind(&event.body) else { return };
        let orig_sending_time_ns = header.poss_dup.then_some(event.timestamp.0);
        let number = event.msg_seq_num;
        let body = |writer: &mut Writer<'_>| writer.body(event, directory);
        let text = may_have_text(&event.body)
            .then_some(|out: &mut Vec<u8>| text_of(event, directory, out));
        self.message(out, kind, number, header, orig_sending_time_ns, body, text);
    }

    /// Appends a SequenceReset with GapFillFlag in place of the messages from `begin` to just before
    /// `new_seq_no`. It always carries PossDupFlag, and `orig_sending_time_ns` as OrigSendingTime.
    pub fn gap_fill(
        &mut self,
        begin: u64,
        new_seq_no: u64,
        header: &Outgoing<'_>,
        orig_sending_time_ns: u64,
        out: &mut Vec<u8>,
    ) {
        let kind = MsgKind::SequenceReset;
        let body = |writer: &mut Writer<'_>| {
            writer.unsigned::<{ tag::NEW_SEQ_NO }>(new_seq_no);
            writer.byte::<{ tag::GAP_FILL_FLAG }>(b'Y');
        };
        let text: Option<fn(&mut Vec<u8>)> = None;
        self.message(out, kind, begin, header, Some(orig_sending_time_ns), body, text);
    }

    /// Appends a message: its header, the fields that `body` writes, and the text that `text` writes, with which
    /// every message ends that has one.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "a message's parts, in their order")]
    fn message(
        &mut self,
        out: &mut Vec<u8>,
        kind: MsgKind,
        msg_seq_num: u64,
        header: &Outgoing<'_>,
        orig_sending_time_ns: Option<u64>,
        body: impl FnOnce(&mut Writer<'_>),
        text: Option<impl FnOnce(&mut Vec<u8>)>,
    ) {
        let mut writer = Writer { put: Put::new(&mut self.room), moments: &mut self.moments };
        // No CompID of the venue's is so long, but what is given here may be anything.
        let is_long = header.sender.len() + header.target.len() > COMP_IDS_MAX;
        let shown =
            if is_long { Outgoing { sender: b"", target: b"", ..*header } } else { *header };
        let comp_ids_at = writer.header(kind, msg_seq_num, &shown, orig_sending_time_ns);
        body(&mut writer);
        let end = writer.put.at();
        if text.is_none()
            && !is_long
            && let Some(message) = close(&mut self.room, end)
        {
            return out.extend_from_slice(message);
        }
        debug_assert!(end <= ROOM, "a message has no room");
        let start = out.len();
        out.extend_from_slice(&self.room[..end.min(ROOM)]);
        if let Some(text) = text {
            text(out);
        }
        if is_long {
            insert_comp_ids(out, comp_ids_at.map(|at| start + at), header);
        }
        finish(out, start);
    }
}

/// Whether the event is a message of the session itself, which is gap-filled and never sent again
/// (FIX 4.4 volume 2, Resend Request). A Reject (3) is sent again.
pub fn is_admin(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::LogonAccepted(_)
            | EventBody::LogoutSent(_)
            | EventBody::Heartbeat(_)
            | EventBody::TestRequest(_)
            | EventBody::ResendRequest(_)
    )
}

/// The message that an event is, if it is one.
pub fn msg_kind(body: &EventBody) -> Option<MsgKind> {
    Some(match body {
        EventBody::Execution(_) | EventBody::StatusReport(_) => MsgKind::ExecutionReport,
        EventBody::CancelReject(_) => MsgKind::OrderCancelReject,
        EventBody::MassCancelReport(_) => MsgKind::OrderMassCancelReport,
        EventBody::LogonAccepted(_) => MsgKind::Logon,
        EventBody::LogoutSent(_) => MsgKind::Logout,
        EventBody::Heartbeat(_) => MsgKind::Heartbeat,
        EventBody::TestRequest(_) => MsgKind::TestRequest,
        EventBody::ResendRequest(_) => MsgKind::ResendRequest,
        EventBody::Rejected(_) => MsgKind::Reject,
        EventBody::BusinessRejected(_) => MsgKind::BusinessMessageReject,
        EventBody::SecurityListed(_) => MsgKind::SecurityList,
        EventBody::SessionEnded(_)
        | EventBody::OperatorAnswer(_)
        | EventBody::AssetDefined(_)
        | EventBody::InstrumentDefined(_)
        | EventBody::SessionDefined(_)
        | EventBody::EpochBegan(_)
        | EventBody::RolledOver(_) => return None,
    })
}

/// What figures of an instrument mean. Its assets are looked up where a figure is of one.
#[derive(Clone, Copy)]
struct Units<'a> {
    directory: Option<&'a Directory>,
    instrument: Option<&'a Instrument>,
}

impl<'a> Units<'a> {
    const NONE: Self = Self { directory: None, instrument: None };

    fn new(directory: &'a Directory, instrument: InstrumentId) -> Self {
        Self { directory: Some(directory), instrument: directory.instrument(instrument) }
    }

    fn base(&self) -> Option<&'a Asset> {
        self.directory?.asset(self.instrument?.base)
    }

    fn quote(&self) -> Option<&'a Asset> {
        self.directory?.asset(self.instrument?.quote)
    }

    fn price_scale(&self) -> u8 {
        self.instrument.map_or(0, |instrument| instrument.price_scale)
    }

    fn quantity_scale(&self) -> u8 {
        self.instrument.map_or(0, |instrument| instrument.quantity_scale)
    }

    fn quote_scale(&self) -> u8 {
        self.quote().map_or(0, |asset| asset.scale)
    }

    fn symbol(&self) -> &'a [u8] {
        self.instrument.map_or(NO_SYMBOL, |instrument| instrument.symbol.as_bytes())
    }
}

/// Bytes of both CompIDs for which [`ROOM`] is made.
const COMP_IDS_MAX: usize = 2 * size_of::<CompId>();
/// The beginning of a message, with room for a BodyLength of three digits; most have so many.
const HEAD: &[u8] = b"8=FIX.4.4\x019=000";
/// Digits of BodyLength for which room is left.
const LENGTH_DIGITS: usize = 3;
/// What stands before the value of BodyLength.
const LENGTH_AT: usize = HEAD.len() - LENGTH_DIGITS;

/// Where the body begins, which is what BodyLength counts.
const BODY_AT: usize = HEAD.len() + 1;
/// Lengths of a body that have so many digits.
const LENGTHS: RangeInclusive<usize> = 100..=999;

/// Writes the fields of a message.
struct Writer<'a> {
    put: Put<'a>,
    moments: &'a mut Moments,
}

/// Closes the message that has its last field before `end`, where its BodyLength is a usual one.
#[inline(always)]
fn close(room: &mut [u8; ROOM], end: usize) -> Option<&[u8]> {
    const TRAILER: usize = b"\x0110=000\x01".len();
    let length = end + 1 - BODY_AT;
    if !LENGTHS.contains(&length) || end + TRAILER > ROOM {
        return None;
    }
    let digits = (number::eight_digits(length as u32) | number::ZEROS).to_le_bytes();
    room[LENGTH_AT..LENGTH_AT + LENGTH_DIGITS].copy_from_slice(&digits[8 - LENGTH_DIGITS..]);
    room[end] = SOH;
    let [hundreds, tens, ones] = frame::check_sum(&room[..=end]);
    let trailer: [u8; TRAILER] = [SOH, b'1', b'0', b'=', hundreds, tens, ones, SOH];
    room[end..end + TRAILER].copy_from_slice(&trailer);
    Some(&room[..end + TRAILER])
}

/// Closes the message from `start` on: BodyLength and CheckSum.
#[inline(never)]
fn finish(out: &mut Vec<u8>, start: usize) {
    out.push(SOH);
    let length = out.len() - (start + BODY_AT);
    let at = start + LENGTH_AT;
    if LENGTHS.contains(&length) {
        let digits = (number::eight_digits(length as u32) | number::ZEROS).to_le_bytes();
        out[at..at + LENGTH_DIGITS].copy_from_slice(&digits[8 - LENGTH_DIGITS..]);
    } else {
        make_room(out, at, length);
    }
    let sum = frame::check_sum(&out[start..]);
    out.extend_from_slice(&[b'1', b'0', b'=', sum[0], sum[1], sum[2], SOH]);
}

/// Writes a BodyLength that is shorter or longer than the room that was left: the body moves.
#[cold]
fn make_room(out: &mut Vec<u8>, at: usize, length: usize) {
    let digits = (number::eight_digits(length as u32) | number::ZEROS).to_le_bytes();
    let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len() - 1);
    out.splice(at..at + LENGTH_DIGITS, digits[first..].iter().copied());
}

#[cold]
fn insert_comp_ids(out: &mut Vec<u8>, [sender_at, target_at]: [usize; 2], header: &Outgoing<'_>) {
    out.splice(target_at..target_at, header.target.iter().copied());
    out.splice(sender_at..sender_at, header.sender.iter().copied());
}

/// Whether a message may end with a text. What most orders cause has none.
#[inline(always)]
fn may_have_text(body: &EventBody) -> bool {
    match body {
        EventBody::Execution(execution) => {
            execution.refusal.code != RejectCode::None || execution.why != Cause::Request
        }
        _ => true,
    }
}

/// Appends Text (58) where there is one.
fn text_of(event: &Event, directory: &Directory, out: &mut Vec<u8>) {
    const TEXT: &[u8] = b"\x0158=";
    let refusal = |out: &mut Vec<u8>, refusal: &Refusal, instrument: Option<InstrumentId>, side| {
        out.extend_from_slice(TEXT);
        let units = instrument.map_or(Units::NONE, |instrument| Units::new(directory, instrument));
        text::refusal(out, refusal, &units, side);
    };
    let fixed = |out: &mut Vec<u8>, text: &str| {
        out.extend_from_slice(TEXT);
        out.extend_from_slice(text.as_bytes());
    };
    match &event.body {
        EventBody::Execution(execution)
        | EventBody::StatusReport(StatusReport { execution, .. }) => {
            if execution.refusal.code != RejectCode::None {
                let (instrument, side) = (Some(execution.instrument), Some(execution.side));
                refusal(out, &execution.refusal, instrument, side);
            } else if let Some(cause) = text::cause(execution.why) {
                fixed(out, cause);
            }
        }
        EventBody::CancelReject(reject) => {
            refusal(out, &reject.refusal, Some(reject.instrument), Some(reject.side));
        }
        EventBody::MassCancelReport(report) if report.refusal.code != RejectCode::None => {
            refusal(out, &report.refusal, Some(report.instrument), None);
        }
        EventBody::LogoutSent(logout) if text::has_logout_text(logout.code) => {
            out.extend_from_slice(TEXT);
            text::logout(out, logout.code, logout.value, logout.limit);
        }
        EventBody::Rejected(reject) => fixed(out, session_reject_reason(reject.reason)),
        EventBody::BusinessRejected(reject) => match reject.refusal.code {
            RejectCode::None => fixed(out, text::business_reason(reject.reason)),
            _ => refusal(out, &reject.refusal, None, None),
        },
        _ => {}
    }
}

impl Writer<'_> {
    /// The header; where the CompIDs end.
    #[inline(always)]
    fn header(
        &mut self,
        kind: MsgKind,
        msg_seq_num: u64,
        header: &Outgoing<'_>,
        orig_sending_time_ns: Option<u64>,
    ) -> [usize; 2] {
        self.put.raw(HEAD);
        self.bytes::<{ tag::MSG_TYPE }>(MESSAGES[kind as usize].msg_type);
        self.unsigned::<{ tag::MSG_SEQ_NUM }>(msg_seq_num);
        self.bytes::<{ tag::SENDER_COMP_ID }>(header.sender);
        let sender_at = self.put.at();
        self.timestamp::<{ tag::SENDING_TIME }>(header.sending_time_ns);
        self.bytes::<{ tag::TARGET_COMP_ID }>(header.target);
        let target_at = self.put.at();
        if let Some(orig_sending_time_ns) = orig_sending_time_ns {
            self.byte::<{ tag::POSS_DUP_FLAG }>(b'Y');
            self.timestamp::<{ tag::ORIG_SENDING_TIME }>(orig_sending_time_ns);
        }
        [sender_at, target_at]
    }

    fn body(&mut self, event: &Event, directory: &Directory) {
        match &event.body {
            EventBody::Execution(execution) => self.execution(event, execution, directory, None),
            EventBody::StatusReport(report) => {
                self.execution(event, &report.execution, directory, Some(report));
            }
            EventBody::CancelReject(reject) => self.cancel_reject(event, reject),
            EventBody::MassCancelReport(report) => self.mass_cancel(event, report, directory),
            EventBody::LogonAccepted(logon) => self.logon(logon),
            EventBody::LogoutSent(_) => {}
            EventBody::Heartbeat(heartbeat) => {
                self.some::<{ tag::TEST_REQ_ID }>(heartbeat.test_req_id.as_bytes());
            }
            EventBody::TestRequest(_) => self.bytes::<{ tag::TEST_REQ_ID }>(TEST_REQ_ID),
            EventBody::ResendRequest(request) => {
                self.unsigned::<{ tag::BEGIN_SEQ_NO }>(request.begin);
                self.unsigned::<{ tag::END_SEQ_NO }>(0);
            }
            EventBody::Rejected(reject) => self.reject(reject),
            EventBody::BusinessRejected(reject) => self.business_reject(reject),
            EventBody::SecurityListed(listed) => self.security(event, listed, directory),
            EventBody::SessionEnded(_)
            | EventBody::OperatorAnswer(_)
            | EventBody::AssetDefined(_)
            | EventBody::InstrumentDefined(_)
            | EventBody::SessionDefined(_)
            | EventBody::EpochBegan(_)
            | EventBody::RolledOver(_) => {}
        }
    }

    fn logon(&mut self, logon: &LogonAccepted) {
        self.byte::<{ tag::ENCRYPT_METHOD }>(b'0');
        self.unsigned::<{ tag::HEART_BT_INT }>(u64::from(logon.heart_bt_int));
        if logon.reset_requested {
            self.byte::<{ tag::RESET_SEQ_NUM_FLAG }>(b'Y');
        }
        if logon.client_expects != 0 {
            self.unsigned::<{ tag::NEXT_EXPECTED_MSG_SEQ_NUM }>(logon.next_inbound);
        }
    }

    fn reject(&mut self, reject: &Rejected) {
        self.unsigned::<{ tag::REF_SEQ_NUM }>(reject.ref_seq_num);
        if reject.ref_tag != SessionReject::NO_TAG {
            self.int::<{ tag::REF_TAG_ID }>(i64::from(reject.ref_tag));
        }
        self.some::<{ tag::REF_MSG_TYPE }>(reject.ref_msg_type.as_bytes());
        self.unsigned::<{ tag::SESSION_REJECT_REASON }>(u64::from(reject.reason));
    }

    fn business_reject(&mut self, reject: &BusinessRejected) {
        self.unsigned::<{ tag::REF_SEQ_NUM }>(reject.ref_seq_num);
        self.bytes::<{ tag::REF_MSG_TYPE }>(reject.ref_msg_type.as_bytes());
        self.some::<{ tag::BUSINESS_REJECT_REF_ID }>(reject.ref_id.as_bytes());
        self.unsigned::<{ tag::BUSINESS_REJECT_REASON }>(u64::from(reject.reason));
    }

    /// Calls what is not inlined with a copy of this, as [`Put`] does.
    #[inline(always)]
    fn aside(&mut self, write: impl FnOnce(&mut Writer<'_>)) {
        let mut copy = Writer { put: self.put.copy(), moments: &mut *self.moments };
        write(&mut copy);
        let at = copy.put.at();
        self.put.go_on_from(at);
    }

    #[inline(never)]
    fn execution(
        &mut self,
        event: &Event,
        execution: &Execution,
        directory: &Directory,
        status: Option<&StatusReport>,
    ) {
        self.aside(|writer| writer.report(event, execution, directory, status));
    }

    #[inline(always)]
    fn report(
        &mut self,
        event: &Event,
        execution: &Execution,
        directory: &Directory,
        status: Option<&StatusReport>,
    ) {
        let units = Units::new(directory, execution.instrument);
        self.order_id(execution.order);
        self.some::<{ tag::CL_ORD_ID }>(execution.cl_ord_id.as_bytes());
        self.some::<{ tag::ORIG_CL_ORD_ID }>(execution.orig_cl_ord_id.as_bytes());
        match execution.exec_type {
            // Nothing happened (FIX 4.4, ExecutionReport).
            ExecType::OrderStatus => self.byte::<{ tag::EXEC_ID }>(b'0'),
            _ => self.exec_id::<{ tag::EXEC_ID }>(event),
        }
        if let Some(report) = status {
            self.aside(|writer| writer.status(report));
        }
        self.byte::<{ tag::EXEC_TYPE }>(execution.exec_type as u8);
        self.byte::<{ tag::ORD_STATUS }>(execution.ord_status as u8);
        if execution.refusal.code != RejectCode::None {
            let reason = text::ord_rej_reason(execution.refusal.code);
            self.unsigned::<{ tag::ORD_REJ_REASON }>(u64::from(reason));
        }
        if execution.exec_type == ExecType::Restated {
            // Partial decline of OrderQty: self-trade prevention has taken quantity away.
            self.unsigned::<{ tag::EXEC_RESTATEMENT_REASON }>(5);
        }
        self.account(execution.account);
        match execution.refusal.code {
            RejectCode::UnknownSymbol if !execution.refusal.symbol().is_empty() => {
                self.bytes::<{ tag::SYMBOL }>(execution.refusal.symbol().as_bytes());
            }
            _ => self.bytes::<{ tag::SYMBOL }>(units.symbol()),
        }
        let side = match status {
            Some(report) if report.mass && execution.order == OrderId::NONE => UNDISCLOSED,
            _ => execution.side as u8,
        };
        self.byte::<{ tag::SIDE }>(side);
        match execution.refusal.code {
            RejectCode::None => self.order(execution, &units),
            // A status that was asked for of no order.
            _ if execution.exec_type == ExecType::OrderStatus => {}
            _ => self.aside(|writer| writer.refused_order(execution, &units)),
        }
        if execution.exec_type == ExecType::Trade {
            self.trade(execution, &units);
        }
        let quantity_scale = units.quantity_scale();
        self.decimal::<{ tag::LEAVES_QTY }>(execution.leaves_quantity.0, quantity_scale);
        self.decimal::<{ tag::CUM_QTY }>(execution.cum_quantity.0, quantity_scale);
        let average = average(execution.cum_notional, execution.cum_quantity);
        match u64::try_from(average) {
            // Most trade at one price: that has no places of its own, and is a shorter number.
            Ok(average) if average.is_multiple_of(AVERAGE_POWER) => {
                let price = (average / AVERAGE_POWER) as i64;
                self.decimal::<{ tag::AVG_PX }>(price, units.price_scale());
            }
            _ => self.put.wide::<{ tag::AVG_PX }>(average, units.price_scale() + AVERAGE_PLACES),
        }
        self.timestamp::<{ tag::TRANSACT_TIME }>(event.timestamp.0);
    }

    /// What the owner asked for.
    #[inline(always)]
    fn order(&mut self, execution: &Execution, units: &Units<'_>) {
        let quantity_scale = units.quantity_scale();
        if execution.quantity != Quantity::ZERO || execution.quote_quantity == Amount::ZERO {
            self.decimal::<{ tag::ORDER_QTY }>(execution.quantity.0, quantity_scale);
        }
        if execution.quote_quantity != Amount::ZERO {
            self.decimal::<{ tag::CASH_ORDER_QTY }>(
                execution.quote_quantity.0,
                units.quote_scale(),
            );
        }
        self.byte::<{ tag::ORD_TYPE }>(execution.ord_type as u8);
        if execution.ord_type == OrdType::Limit || execution.price != Price::ZERO {
            self.decimal::<{ tag::PRICE }>(execution.price.0, units.price_scale());
        }
        self.byte::<{ tag::TIME_IN_FORCE }>(execution.time_in_force as u8);
        if execution.post_only {
            self.byte::<{ tag::EXEC_INST }>(b'6');
        }
        if execution.display_quantity != Quantity::ZERO {
            self.decimal::<{ tag::MAX_FLOOR }>(execution.display_quantity.0, quantity_scale);
        }
        self.self_trade_prevention(execution);
    }

    /// What the owner of a refused order asked for, as far as it is known: what could not be read, or not be
    /// represented, is left out, and the text tells why.
    fn refused_order(&mut self, execution: &Execution, units: &Units<'_>) {
        let refusal = &execution.refusal;
        let unread = |tag: u32| {
            refusal.code == RejectCode::UnsupportedField && refusal.value == i64::from(tag)
        };
        // OrdType is judged first and TimeInForce second; the engine's first look is at the account.
        let type_known = refusal.code != RejectCode::AccountMismatch && !unread(tag::ORD_TYPE);
        let figures_known = units.instrument.is_some()
            && !matches!(refusal.code, RejectCode::UnknownSymbol | RejectCode::TooManyDecimals);
        // 0 stands for what was absent or had too many decimals, the greatest for what did not fit.
        let known = |value: i64| {
            figures_known && value != 0 && value.unsigned_abs() < i64::MAX.unsigned_abs()
        };
        if known(execution.quantity.0) {
            self.decimal::<{ tag::ORDER_QTY }>(execution.quantity.0, units.quantity_scale());
        }
        if known(execution.quote_quantity.0) {
            self.decimal::<{ tag::CASH_ORDER_QTY }>(
                execution.quote_quantity.0,
                units.quote_scale(),
            );
        }
        if type_known {
            self.byte::<{ tag::ORD_TYPE }>(execution.ord_type as u8);
        }
        if known(execution.price.0) {
            self.decimal::<{ tag::PRICE }>(execution.price.0, units.price_scale());
        }
        if type_known && !unread(tag::TIME_IN_FORCE) {
            self.byte::<{ tag::TIME_IN_FORCE }>(execution.time_in_force as u8);
        }
        if execution.post_only {
            self.byte::<{ tag::EXEC_INST }>(b'6');
        }
        if known(execution.display_quantity.0) {
            self.decimal::<{ tag::MAX_FLOOR }>(
                execution.display_quantity.0,
                units.quantity_scale(),
            );
        }
        self.self_trade_prevention(execution);
    }

    #[inline(always)]
    fn self_trade_prevention(&mut self, execution: &Execution) {
        if execution.self_trade_prevention != SelfTradePrevention::None {
            let mode = execution.self_trade_prevention as u8;
            self.unsigned::<{ tag::SELF_TRADE_PREVENTION }>(u64::from(mode));
        }
    }

    #[inline(always)]
    fn trade(&mut self, execution: &Execution, units: &Units<'_>) {
        self.decimal::<{ tag::LAST_QTY }>(execution.last_quantity.0, units.quantity_scale());
        self.decimal::<{ tag::LAST_PX }>(execution.last_price.0, units.price_scale());
        self.byte::<{ tag::LAST_LIQUIDITY_IND }>(if execution.maker { b'1' } else { b'2' });
        if execution.fee == Amount::ZERO {
            return;
        }
        let received = match execution.side {
            Side::Buy => units.base(),
            Side::Sell => units.quote(),
        };
        self.decimal::<{ tag::COMMISSION }>(
            execution.fee.0,
            received.map_or(0, |asset| asset.scale),
        );
        self.byte::<{ tag::COMM_TYPE }>(b'3');
        if let Some(asset) = received {
            self.bytes::<{ tag::COMM_CURRENCY }>(asset.name.as_bytes());
        }
    }

    fn status(&mut self, report: &StatusReport) {
        if !report.mass {
            return self.some::<{ tag::ORD_STATUS_REQ_ID }>(report.request_id.as_bytes());
        }
        self.some::<{ tag::MASS_STATUS_REQ_ID }>(report.request_id.as_bytes());
        self.unsigned::<{ tag::TOT_NUM_REPORTS }>(u64::from(report.total));
        self.byte::<{ tag::LAST_RPT_REQUESTED }>(if report.last { b'Y' } else { b'N' });
    }

    fn cancel_reject(&mut self, event: &Event, reject: &CancelReject) {
        self.order_id(reject.order);
        self.bytes::<{ tag::CL_ORD_ID }>(reject.cl_ord_id.as_bytes());
        // FIX 4.4 requires it, also where OrderID alone named the order.
        let orig_cl_ord_id = match reject.orig_cl_ord_id.is_empty() {
            true => NO_ORDER,
            false => reject.orig_cl_ord_id.as_bytes(),
        };
        self.bytes::<{ tag::ORIG_CL_ORD_ID }>(orig_cl_ord_id);
        self.byte::<{ tag::ORD_STATUS }>(reject.ord_status as u8);
        self.account(reject.account);
        self.timestamp::<{ tag::TRANSACT_TIME }>(event.timestamp.0);
        self.byte::<{ tag::CXL_REJ_RESPONSE_TO }>(if reject.replace { b'2' } else { b'1' });
        let reason = text::cxl_rej_reason(reject.refusal.code);
        self.unsigned::<{ tag::CXL_REJ_REASON }>(u64::from(reason));
    }

    fn mass_cancel(&mut self, event: &Event, report: &MassCancelReport, directory: &Directory) {
        let units = Units::new(directory, report.instrument);
        self.some::<{ tag::CL_ORD_ID }>(report.cl_ord_id.as_bytes());
        self.exec_id::<{ tag::ORDER_ID }>(event);
        self.byte::<{ tag::MASS_CANCEL_REQUEST_TYPE }>(asked_scope(report));
        let refused = report.refusal.code != RejectCode::None;
        self.byte::<{ tag::MASS_CANCEL_RESPONSE }>(if refused { b'0' } else { report.scope as u8 });
        if refused {
            let reason = text::mass_cancel_reject_reason(report.refusal.code);
            self.unsigned::<{ tag::MASS_CANCEL_REJECT_REASON }>(u64::from(reason));
        }
        self.unsigned::<{ tag::TOTAL_AFFECTED_ORDERS }>(u64::from(report.affected));
        let unknown_symbol = report.refusal.symbol();
        match (report.scope, units.instrument) {
            (MassCancelScope::Instrument, Some(known)) => {
                self.bytes::<{ tag::SYMBOL }>(known.symbol.as_bytes());
            }
            (MassCancelScope::Instrument, None)
                if report.refusal.code == RejectCode::UnknownSymbol =>
            {
                self.some::<{ tag::SYMBOL }>(unknown_symbol.as_bytes());
            }
            _ => {}
        }
        if report.side != SideFilter::Both {
            self.byte::<{ tag::SIDE }>(report.side as u8);
        }
        self.timestamp::<{ tag::TRANSACT_TIME }>(event.timestamp.0);
    }

    fn security(&mut self, event: &Event, listed: &SecurityListed, directory: &Directory) {
        self.bytes::<{ tag::SECURITY_REQ_ID }>(listed.request_id.as_bytes());
        self.exec_id::<{ tag::SECURITY_RESPONSE_ID }>(event);
        let result = match listed.refusal.code {
            _ if listed.total > 0 => b'0',
            RejectCode::None | RejectCode::UnknownInstrument | RejectCode::UnknownSymbol => b'2',
            _ => b'1',
        };
        self.byte::<{ tag::SECURITY_REQUEST_RESULT }>(result);
        self.unsigned::<{ tag::TOT_NO_RELATED_SYM }>(u64::from(listed.total));
        self.byte::<{ tag::LAST_FRAGMENT }>(if listed.last { b'Y' } else { b'N' });
        if listed.total > 0 {
            self.instrument(&listed.instrument, directory);
        }
    }

    /// The one entry of NoRelatedSym, in the dictionary's order.
    fn instrument(&mut self, instrument: &Instrument, directory: &Directory) {
        let quantity_scale = instrument.quantity_scale;
        let quote = directory.asset(instrument.quote);
        self.byte::<{ tag::NO_RELATED_SYM }>(b'1');
        self.bytes::<{ tag::SYMBOL }>(instrument.symbol.as_bytes());
        if let Some(quote) = quote {
            self.bytes::<{ tag::CURRENCY }>(quote.name.as_bytes());
        }
        self.decimal::<{ tag::ROUND_LOT }>(instrument.lot.0, quantity_scale);
        self.decimal::<{ tag::MIN_TRADE_VOL }>(instrument.quantity_min.0, quantity_scale);
        self.decimal::<{ tag::PRICE_INCREMENT }>(instrument.tick.0, instrument.price_scale);
        self.decimal::<{ tag::MAX_TRADE_VOL }>(instrument.quantity_max.0, quantity_scale);
        let quote_scale = quote.map_or(0, |asset| asset.scale);
        self.decimal::<{ tag::MIN_NOTIONAL }>(instrument.notional_min.0, quote_scale);
        self.unsigned::<{ tag::PRICE_COLLAR_PERCENT }>(u64::from(instrument.collar_percent));
        self.unsigned::<{ tag::MAX_OPEN_ORDERS }>(u64::from(instrument.open_orders_max));
        // A Percentage of FIX is a fraction of one: a tenth of a basis point is 0.00001.
        self.decimal::<{ tag::MAKER_FEE_PERCENT }>(i64::from(instrument.maker_fee), 5);
        self.decimal::<{ tag::TAKER_FEE_PERCENT }>(i64::from(instrument.taker_fee), 5);
        self.unsigned::<{ tag::TRADING_STATE }>(u64::from(instrument.state as u8));
        if let Some(base) = directory.asset(instrument.base) {
            self.bytes::<{ tag::BASE_CURRENCY }>(base.name.as_bytes());
        }
        self.unsigned::<{ tag::PRICE_DECIMALS }>(u64::from(instrument.price_scale));
        self.unsigned::<{ tag::QUANTITY_DECIMALS }>(u64::from(quantity_scale));
    }

    #[inline(always)]
    fn order_id(&mut self, order: OrderId) {
        match order {
            OrderId::NONE => self.bytes::<{ tag::ORDER_ID }>(NO_ORDER),
            OrderId(id) => self.unsigned::<{ tag::ORDER_ID }>(id),
        }
    }

    /// The account, unless the client's name for it is no account's (see order entry).
    #[inline(always)]
    fn account(&mut self, account: AccountId) {
        if account != AccountId(u32::MAX) {
            self.unsigned::<{ tag::ACCOUNT }>(u64::from(account.0));
        }
    }

    /// An id that every node makes alike: shard, sequence and index.
    #[inline(always)]
    fn exec_id<const TAG: u32>(&mut self, event: &Event) {
        self.unsigned::<TAG>(u64::from(event.shard.0));
        self.put.character(b'-');
        self.put.number(event.cause.0);
        self.put.character(b'-');
        self.put.number(u64::from(event.index));
    }

    #[inline(always)]
    fn bytes<const TAG: u32>(&mut self, value: &[u8]) {
        self.put.bytes::<TAG>(value);
    }

    #[inline(always)]
    fn some<const TAG: u32>(&mut self, value: &[u8]) {
        self.put.some::<TAG>(value);
    }

    #[inline(always)]
    fn byte<const TAG: u32>(&mut self, value: u8) {
        self.put.byte::<TAG>(value);
    }

    #[inline(always)]
    fn unsigned<const TAG: u32>(&mut self, value: u64) {
        self.put.unsigned::<TAG>(value);
    }

    #[inline(always)]
    fn int<const TAG: u32>(&mut self, value: i64) {
        self.put.int::<TAG>(value);
    }

    #[inline(always)]
    fn decimal<const TAG: u32>(&mut self, value: i64, scale: u8) {
        self.put.decimal::<TAG>(value, scale);
    }

    #[inline(always)]
    fn timestamp<const TAG: u32>(&mut self, timestamp_ns: u64) {
        let text = self.moments.text(timestamp_ns);
        self.put.timestamp::<TAG>(text);
    }
}

/// What a mass cancel asked for: where that is not offered, its refusal tells it.
fn asked_scope(report: &MassCancelReport) -> u8 {
    let Refusal { code, value, limit } = report.refusal;
    let of_scope =
        code == RejectCode::UnsupportedField && value == i64::from(tag::MASS_CANCEL_REQUEST_TYPE);
    match u8::try_from(limit) {
        Ok(asked @ b'1'..=b'7') if of_scope => asked,
        _ => report.scope as u8,
    }
}

/// `notional` over `quantity` with [`AVERAGE_PLACES`] more places, rounded half up; 0 of nothing.
fn average(notional: i128, quantity: Quantity) -> u128 {
    let quantity = u128::from(quantity.0.unsigned_abs());
    if quantity == 0 {
        return 0;
    }
    let notional = notional.unsigned_abs();
    if let (Ok(narrow), Ok(divisor)) = (u64::try_from(notional), u64::try_from(quantity))
        && let Some(scaled) = narrow.checked_mul(AVERAGE_POWER)
        && let Some(rounded) = scaled.checked_add(divisor / 2)
    {
        return (rounded / divisor).into();
    }
    // Whole and rest apart: the notional itself may be too wide for four more places.
    let (whole, rest) = (notional / quantity, notional % quantity);
    let more = u128::from(AVERAGE_POWER);
    whole.saturating_mul(more).saturating_add((rest * more + quantity / 2) / quantity)
}

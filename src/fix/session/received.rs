//! What a session does with a message.

use std::cmp::Ordering;

use super::*;
use crate::fix::decode::{Invalid, Kind, reason};
use crate::fix::tables::tag;
use crate::fix::{number, order_entry, time};
use crate::model::limit::{HEART_BT_INT, MSG_SEQ_NUM_MAX};

/// BusinessRejectReason (380).
const OTHER: u8 = 0;
/// BusinessRejectReason (380).
const UNSUPPORTED_MESSAGE_TYPE: u8 = 3;

/// A message with all that was found out about it.
#[derive(Clone, Copy)]
struct Received<'a, 'm> {
    message: &'a Message<'m>,
    validity: Result<(), Invalid>,
    number: u64,
}

impl Received<'_, '_> {
    fn is(&self, msg_type: &[u8]) -> bool {
        self.message.msg_type() == msg_type
    }
}

/// Why a Logon is not taken.
enum LogonFault {
    /// Without a word.
    Close(Close),
    /// With a Logout.
    Refuse(LogoutCode, i64, i64),
}

impl Session {
    /// Takes a message that [`crate::fix::frame::next`] has found. Not to be called while
    /// [`Session::wants_input`] says no: the message would be dropped, and asked for again.
    pub fn receive(
        &mut self,
        moment: Moment,
        message: &[u8],
        decoder: &mut Decoder,
        directory: &Directory,
        sink: &mut dyn SessionSink,
    ) {
        let out = &mut Out { sink, left: COMMANDS_MAX };
        self.last_received_ns = moment.monotonic_ns;
        self.test_requested = false;
        let (message, validity) = decoder.decode(message);
        match self.state {
            State::Detached | State::LogonPending { .. } | State::Closed => {}
            State::Attached => self.first(&message, validity, moment, directory, out),
            State::Leaving { .. } => self.last(&message, validity, out),
            State::LoggedOn => {
                self.judge(&message, validity, moment, directory, out);
                if self.state == State::LoggedOn {
                    self.take_kept(moment, decoder, directory, out);
                }
            }
        }
    }

    /// The first message of a connection.
    fn first(
        &mut self,
        message: &Message<'_>,
        validity: Result<(), Invalid>,
        moment: Moment,
        directory: &Directory,
        out: &mut Out<'_>,
    ) {
        if identify(message, directory) != Ok(self.id) {
            return self.close(Close::NotLogon, out);
        }
        let number = message.msg_seq_num().unwrap_or(0);
        if !(1..=MSG_SEQ_NUM_MAX).contains(&number) || message.poss_dup() {
            // A Logon is never sent again: in its place a resend has a gap fill.
            return self.close(Close::InvalidLogon, out);
        }
        match message.sending_time() {
            Some(sent_ns) if self.in_time(sent_ns, moment) => {}
            Some(_) => return self.close(Close::LogonTime, out),
            None => return self.close(Close::InvalidLogon, out),
        }
        match self.logon(&Received { message, validity, number }) {
            Ok(logon) => self.ask_logon(logon, out),
            Err(LogonFault::Close(why)) => self.close(why, out),
            Err(LogonFault::Refuse(code, value, limit)) => {
                self.state =
                    State::Leaving { awaits_answer: false, answered: false, sent_ns: None };
                out.command(&Command::RefuseLogon(RefuseLogon {
                    session: self.id,
                    msg_seq_num: number,
                    gateway: self.gateway,
                    connection: self.connection,
                    code,
                    value,
                    limit,
                }));
            }
        }
    }

    fn ask_logon(&mut self, logon: Logon, out: &mut Out<'_>) {
        self.state = State::LogonPending { heart_bt_int: logon.heart_bt_int };
        self.logon_number = logon.msg_seq_num;
        out.command(&Command::Logon(logon));
    }

    /// The body of a Logon.
    fn logon(&self, received: &Received<'_, '_>) -> Result<Logon, LogonFault> {
        let message = received.message;
        let missing = |tag: u32| LogonFault::Refuse(LogoutCode::RequiredTag, i64::from(tag), 0);
        let encrypt =
            message.get(tag::ENCRYPT_METHOD).ok_or_else(|| missing(tag::ENCRYPT_METHOD))?;
        match number::int(encrypt) {
            Ok(0) => {}
            Ok(method) => return Err(LogonFault::Refuse(LogoutCode::EncryptMethod, method, 0)),
            Err(_) => return Err(LogonFault::Close(Close::InvalidLogon)),
        }
        let heart_bt_int =
            message.get(tag::HEART_BT_INT).ok_or_else(|| missing(tag::HEART_BT_INT))?;
        let seconds = number::int(heart_bt_int).unwrap_or(0);
        let heart_bt_int = match u16::try_from(seconds) {
            Ok(fits) if HEART_BT_INT.contains(&fits) => fits,
            _ => {
                let most = i64::from(*HEART_BT_INT.end());
                return Err(LogonFault::Refuse(LogoutCode::HeartBtInt, seconds, most));
            }
        };
        match received.validity {
            Ok(()) => {}
            Err(Invalid { ref_tag, reason: reason::REQUIRED_TAG_MISSING }) => {
                return Err(LogonFault::Refuse(LogoutCode::RequiredTag, i64::from(ref_tag), 0));
            }
            Err(_) => return Err(LogonFault::Close(Close::InvalidLogon)),
        }
        let reset_requested = message.get(tag::RESET_SEQ_NUM_FLAG) == Some(b"Y");
        if reset_requested && received.number != 1 {
            return Err(LogonFault::Close(Close::InvalidLogon));
        }
        let next_expected = match message.get(tag::NEXT_EXPECTED_MSG_SEQ_NUM) {
            Some(text) => {
                number::unsigned(text).map_err(|_| LogonFault::Close(Close::InvalidLogon))?
            }
            None => 0,
        };
        Ok(Logon {
            session: self.id,
            msg_seq_num: received.number,
            gateway: self.gateway,
            connection: self.connection,
            heart_bt_int,
            reset_requested,
            next_expected,
        })
    }

    /// A message after our Logout: only the client's own ends the wait, and what it missed it may
    /// still ask for. All else is not taken, and asked for at the next logon.
    fn last(&mut self, message: &Message<'_>, validity: Result<(), Invalid>, out: &mut Out<'_>) {
        match message.msg_type() {
            b"5" => {
                if let State::Leaving { answered, sent_ns, .. } = &mut self.state {
                    *answered = true;
                    if sent_ns.is_some() {
                        self.close(Close::LoggedOut, out);
                    }
                }
            }
            b"2" if validity.is_ok() => {
                if let Ok((begin, end)) = resend_range(message) {
                    out.sink.resend(begin, end);
                }
            }
            _ => {}
        }
    }

    /// The header of a message, before its number counts.
    fn judge(
        &mut self,
        message: &Message<'_>,
        validity: Result<(), Invalid>,
        moment: Moment,
        directory: &Directory,
        out: &mut Out<'_>,
    ) {
        let Some(number) = message.msg_seq_num() else {
            let origin = self.carried();
            let tag = i64::from(tag::MSG_SEQ_NUM);
            return self.leave(origin, LogoutCode::RequiredTag, tag, 0, out);
        };
        if number > MSG_SEQ_NUM_MAX {
            let origin = self.carried();
            let (value, limit) = (i64::try_from(number).unwrap_or(i64::MAX), MSG_SEQ_NUM_MAX);
            return self.leave(origin, LogoutCode::MsgSeqNumExhausted, value, limit as i64, out);
        }
        let received = &Received { message, validity, number };
        if message.begin_string() != BEGIN_STRING {
            let origin = self.consumed(number);
            return self.leave(origin, LogoutCode::BeginString, 0, 0, out);
        }
        let no_tag = SessionReject::NO_TAG;
        if !self.is_from_client(message, directory) {
            self.reject(received, no_tag, reason::COMP_ID, out);
            let origin = self.carried();
            return self.leave(origin, LogoutCode::CompId, 0, 0, out);
        }
        let sent_ns = message.sending_time();
        let timely = match sent_ns {
            Some(sent_ns) => self.in_time(sent_ns, moment),
            // A time, but none that can be counted, is far from now; what is no time at all, and
            // what is not there, is the decoder's business.
            None => !message.get(tag::SENDING_TIME).is_some_and(time::is_timestamp),
        };
        if !timely || is_before_its_original(received, sent_ns) {
            self.reject(received, no_tag, reason::SENDING_TIME, out);
            let origin = self.carried();
            return self.leave(origin, LogoutCode::SendingTime, 0, 0, out);
        }
        if lacks_original_time(received) {
            let tag = tag::ORIG_SENDING_TIME as i32;
            return self.reject(received, tag, reason::REQUIRED_TAG_MISSING, out);
        }
        self.sequence(received, moment, directory, out);
    }

    fn in_time(&self, sent_ns: u64, moment: Moment) -> bool {
        sent_ns.abs_diff(moment.wall_ns) <= self.limits.sending_time_tolerance_ns
    }

    /// CompIDs that are absent are the decoder's business.
    fn is_from_client(&self, message: &Message<'_>, directory: &Directory) -> bool {
        let (sender, target) = (message.sender(), message.target());
        (sender.is_empty() || sender == self.comp_id.as_bytes())
            && (target.is_empty() || target == directory.venue().as_bytes())
    }

    /// Sorts a message by its number. ResendRequest and Logout are answered whatever their number is,
    /// a SequenceReset in reset mode has none to speak of, and neither has a Logon that resets.
    fn sequence(
        &mut self,
        received: &Received<'_, '_>,
        moment: Moment,
        directory: &Directory,
        out: &mut Out<'_>,
    ) {
        let message = received.message;
        let valid = received.validity.is_ok();
        let gap_fill = message.get(tag::GAP_FILL_FLAG) == Some(b"Y");
        let order = received.number.cmp(&self.next_in);
        let again = order == Ordering::Less && message.poss_dup();
        match message.msg_type() {
            b"5" => return self.logged_out(received, out),
            b"4" if valid && !gap_fill => return self.reset(received, moment, out),
            b"4" if !valid => return self.reject_unconsumed(received, received.validity, out),
            b"2" if valid && !again => {
                self.resend(received, moment, out);
                if order == Ordering::Greater {
                    self.ask(received.number, moment, out);
                }
                return;
            }
            b"A" if valid && message.get(tag::RESET_SEQ_NUM_FLAG) == Some(b"Y") => {
                return self.logon_again(received, out);
            }
            _ => {}
        }
        match order {
            Ordering::Less if again => {}
            Ordering::Less => {
                let origin = self.carried();
                let (value, limit) = (received.number as i64, self.next_in as i64);
                self.leave(origin, LogoutCode::MsgSeqNumTooLow, value, limit, out);
            }
            Ordering::Greater => {
                self.queue.push(received.number, message.bytes());
                self.ask(received.number, moment, out);
            }
            Ordering::Equal => self.take(received, moment, directory, out),
        }
    }

    /// Asks for what is missing before `number`, once, and again where nothing came of it for long.
    fn ask(&mut self, number: u64, moment: Moment, out: &mut Out<'_>) {
        let now_ns = moment.monotonic_ns;
        let wait_ns = GAP_WAIT_NS;
        let asked = self.gap.is_some_and(|gap| now_ns.saturating_sub(gap.progress_ns) < wait_ns);
        if asked || self.queue.contains(self.next_in) {
            return;
        }
        self.gap = Some(Gap { until: number, progress_ns: now_ns });
        let origin = self.carried();
        let begin = self.next_in;
        out.command(&Command::SendResendRequest(SendResendRequest { origin, begin }));
    }

    /// Takes what was kept, as far as it is next.
    pub(super) fn take_kept(
        &mut self,
        moment: Moment,
        decoder: &mut Decoder,
        directory: &Directory,
        out: &mut Out<'_>,
    ) {
        if self.queue.is_empty() {
            return;
        }
        self.queue.drop_below(self.next_in);
        while out.left > COMMANDS_PER_MESSAGE && self.state == State::LoggedOn {
            let number = self.next_in;
            let Some(at) = self.queue.take(number) else {
                break;
            };
            let bytes = self.queue.lend();
            if let Some(kept) = bytes.get(at) {
                let (message, validity) = decoder.decode(kept);
                let received = &Received { message: &message, validity, number };
                self.take(received, moment, directory, out);
            }
            self.queue.give_back(bytes);
            self.queue.drop_below(self.next_in);
        }
        let hole = self.queue.lowest().filter(|lowest| *lowest > self.next_in);
        if let (Some(lowest), State::LoggedOn, None) = (hole, self.state, self.gap)
            && out.left > 0
        {
            self.ask(lowest, moment, out);
        }
    }

    /// Takes the message whose number is the next.
    fn take(
        &mut self,
        received: &Received<'_, '_>,
        moment: Moment,
        directory: &Directory,
        out: &mut Out<'_>,
    ) {
        let message = received.message;
        self.progress(moment);
        match (message.kind(), received.validity) {
            (Kind::Unknown, _) => {
                self.reject(received, SessionReject::NO_TAG, reason::MSG_TYPE, out);
            }
            (Kind::Unsupported, _) => self.unsupported(received, out),
            (Kind::Spoken(_), Err(Invalid { ref_tag, reason })) => {
                self.reject(received, ref_tag, reason, out);
            }
            (Kind::Spoken(_), Ok(())) => match message.msg_type() {
                b"0" => self.next_in += 1,
                b"1" => self.answer_test_request(received, out),
                b"2" => self.resend(received, moment, out),
                b"3" | b"j" => {
                    self.rejects_received += 1;
                    self.next_in += 1;
                }
                b"4" => self.gap_filled(received, out),
                b"5" => self.logged_out(received, out),
                b"A" => self.logon_again(received, out),
                b"D" | b"F" | b"G" | b"H" | b"q" | b"AF" | b"x" => {
                    let origin = self.consumed(received.number);
                    let command = order_entry::command(message, origin, self.account, directory);
                    match self.too_soon(&command, moment) {
                        None => out.command(&command),
                        Some(refused) => out.command(&refused),
                    }
                }
                _ => self.unsupported(received, out),
            },
        }
        self.progress(moment);
    }

    /// The refusal of a command that asks for a long answer too soon after the last one.
    #[inline]
    fn too_soon(&mut self, command: &Command, moment: Moment) -> Option<Command> {
        let (last_ns, origin, ref_id, ref_msg_type) = match command {
            Command::MassStatus(request) => {
                (&mut self.mass_status_ns, request.origin, request.request_id, &b"AF"[..])
            }
            Command::SecurityListRequest(request) if request.refusal == Refusal::NONE => {
                (&mut self.security_list_ns, request.origin, request.request_id, &b"x"[..])
            }
            _ => return None,
        };
        let now_ns = moment.monotonic_ns;
        let wait_ns = LONG_ANSWER_WAIT_MS * 1_000_000;
        if last_ns.is_none_or(|last_ns| now_ns.saturating_sub(last_ns) >= wait_ns) {
            *last_ns = Some(now_ns);
            return None;
        }
        Some(Command::BusinessReject(BusinessReject {
            origin,
            ref_msg_type: MsgType::truncated(ref_msg_type),
            ref_id,
            reason: OTHER,
            refusal: Refusal::new(RejectCode::TooFrequent, 0, LONG_ANSWER_WAIT_MS as i64),
        }))
    }

    /// Notes that the expected number may have moved.
    fn progress(&mut self, moment: Moment) {
        match &mut self.gap {
            Some(gap) if self.next_in > gap.until => self.gap = None,
            Some(gap) => gap.progress_ns = moment.monotonic_ns,
            None => {}
        }
    }

    /// The origin of the command that a message makes. It consumes the number where that is the next.
    fn consumed(&mut self, number: u64) -> Origin {
        if number != self.next_in {
            return self.carried();
        }
        self.next_in += 1;
        self.next_in_logged = self.next_in;
        Origin { session: self.id, generation: self.generation, msg_seq_num: number }
    }

    fn reject(&mut self, received: &Received<'_, '_>, ref_tag: i32, reason: u8, out: &mut Out<'_>) {
        let origin = self.consumed(received.number);
        out.command(&Command::SessionReject(SessionReject {
            origin,
            ref_seq_num: received.number,
            ref_tag,
            ref_msg_type: MsgType::truncated(received.message.msg_type()),
            reason,
        }));
    }

    /// Refuses a SequenceReset, which never consumes a number of its own.
    fn reject_unconsumed(
        &mut self,
        received: &Received<'_, '_>,
        validity: Result<(), Invalid>,
        out: &mut Out<'_>,
    ) {
        let invalid = validity
            .err()
            .unwrap_or(Invalid { ref_tag: SessionReject::NO_TAG, reason: reason::VALUE });
        let origin = self.carried();
        out.command(&Command::SessionReject(SessionReject {
            origin,
            ref_seq_num: received.number,
            ref_tag: invalid.ref_tag,
            ref_msg_type: MsgType::truncated(received.message.msg_type()),
            reason: invalid.reason,
        }));
    }

    fn unsupported(&mut self, received: &Received<'_, '_>, out: &mut Out<'_>) {
        let origin = self.consumed(received.number);
        out.command(&Command::BusinessReject(BusinessReject {
            origin,
            ref_msg_type: MsgType::truncated(received.message.msg_type()),
            ref_id: RequestId::EMPTY,
            reason: UNSUPPORTED_MESSAGE_TYPE,
            refusal: Refusal::NONE,
        }));
    }

    fn answer_test_request(&mut self, received: &Received<'_, '_>, out: &mut Out<'_>) {
        let text = received.message.get(tag::TEST_REQ_ID).unwrap_or(b"");
        let Some(test_req_id) = TestReqId::new(text) else {
            // Too long to be echoed.
            let tag = tag::TEST_REQ_ID as i32;
            return self.reject(received, tag, reason::VALUE, out);
        };
        let origin = self.consumed(received.number);
        out.command(&Command::SendHeartbeat(SendHeartbeat { origin, test_req_id }));
    }

    /// ResendRequest: the gateway sends again what it has kept.
    fn resend(&mut self, received: &Received<'_, '_>, moment: Moment, out: &mut Out<'_>) {
        match resend_range(received.message) {
            Ok((begin, end)) => {
                if received.number == self.next_in {
                    self.next_in += 1;
                    self.progress(moment);
                }
                out.sink.resend(begin, end);
            }
            Err(tag) => self.reject(received, tag as i32, reason::VALUE, out),
        }
    }

    /// SequenceReset with GapFillFlag, its own number being the next.
    fn gap_filled(&mut self, received: &Received<'_, '_>, out: &mut Out<'_>) {
        match new_seq_no(received.message) {
            Some(new_seq_no) if new_seq_no >= self.next_in => self.next_in = new_seq_no,
            _ => self.reject_unconsumed(received, Ok(()), out),
        }
    }

    /// SequenceReset in reset mode, whatever its own number is.
    fn reset(&mut self, received: &Received<'_, '_>, moment: Moment, out: &mut Out<'_>) {
        self.gap_filled(received, out);
        self.progress(moment);
    }

    /// The client's Logout. It is answered whatever its number is: what is missing before it is asked
    /// for at the next logon.
    fn logged_out(&mut self, received: &Received<'_, '_>, out: &mut Out<'_>) {
        let origin = self.consumed(received.number);
        self.leave(origin, LogoutCode::Requested, 0, 0, out);
    }

    /// A Logon where the session is logged on: with ResetSeqNumFlag it begins the numbers anew (FIX 4.4
    /// volume 2, ResetSeqNumFlag). For the engine one logon ends and another begins.
    fn logon_again(&mut self, received: &Received<'_, '_>, out: &mut Out<'_>) {
        match self.logon(received) {
            Ok(logon) => {
                let origin = self.carried();
                self.connected = false;
                out.command(&Command::ConnectionLost(ConnectionLost { origin }));
                self.ask_logon(logon, out);
            }
            Err(LogonFault::Refuse(code, value, limit)) => {
                let origin = self.consumed(received.number);
                self.leave(origin, code, value, limit, out);
            }
            Err(LogonFault::Close(why)) => self.close(why, out),
        }
    }
}

/// A SequenceReset fills a gap in place of messages of many times, so it has none of its own.
fn is_repeated_message(received: &Received<'_, '_>) -> bool {
    received.message.poss_dup() && !received.is(b"4")
}

fn lacks_original_time(received: &Received<'_, '_>) -> bool {
    is_repeated_message(received) && received.message.get(tag::ORIG_SENDING_TIME).is_none()
}

fn is_before_its_original(received: &Received<'_, '_>, sent_ns: Option<u64>) -> bool {
    if !is_repeated_message(received) {
        return false;
    }
    let original = received.message.orig_sending_time();
    matches!((original, sent_ns), (Some(original_ns), Some(sent_ns)) if original_ns > sent_ns)
}

/// BeginSeqNo and EndSeqNo, or the tag that is wrong.
fn resend_range(message: &Message<'_>) -> Result<(u64, u64), u32> {
    let field = |tag: u32| message.get(tag).and_then(|text| number::unsigned(text).ok()).ok_or(tag);
    let (begin, end) = (field(tag::BEGIN_SEQ_NO)?, field(tag::END_SEQ_NO)?);
    match () {
        () if begin == 0 => Err(tag::BEGIN_SEQ_NO),
        () if end != 0 && end < begin => Err(tag::END_SEQ_NO),
        () => Ok((begin, end)),
    }
}

fn new_seq_no(message: &Message<'_>) -> Option<u64> {
    let new_seq_no = number::unsigned(message.get(tag::NEW_SEQ_NO)?).ok()?;
    (1..=MSG_SEQ_NUM_MAX).contains(&new_seq_no).then_some(new_seq_no)
}

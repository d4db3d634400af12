//! The acceptor's side of a FIX 4.4 session (volume 2 of the specification), without I/O.
//!
//! 1. A [`Session`] lives as long as the process; connections are attached and detached.
//! 2. It judges bytes and times and turns messages into commands. It numbers nothing that it sends: the
//!    engine does, and tells by events. What it knows of numbers is what an accepted logon told it and
//!    what it has taken since.
//! 3. A message that changes nothing but the expected number makes no command; the next command
//!    carries the number ([`Session::carried`]).
//! 4. While the engine decides about a logon no message is taken ([`Session::wants_input`]).
//! 5. A message that comes too early is kept, the gap before it is asked for once, and when it is filled
//!    what was kept is taken in order.
//! 6. Only events of the running engine belong here, not those of a log that is read again.
//!
//! **Nothing here panics, blocks or grows**: a call makes at most [`COMMANDS_MAX`] commands, and memory
//! is taken once.

mod queue;
mod received;

use std::fmt;

use crate::fix::decode::{Decoder, Message};
use crate::fix::directory::Directory;
use crate::model::*;
use queue::Queue;

/// Most commands of one call.
pub const COMMANDS_MAX: usize = 8;
/// BeginString (8).
pub const BEGIN_STRING: &[u8] = b"FIX.4.4";
/// Bytes of messages kept that came too early. What does not fit is asked for, and comes, again.
pub const KEPT_BYTES_MAX: usize = 65_536;
/// A gap is asked for again when a message comes too early after so long without any progress.
pub const GAP_WAIT_NS: u64 = 30 * SECOND_NS;

/// An OrderMassStatusRequest is answered by a report for each open order, a SecurityListRequest by a message for each
/// instrument: a session may ask for either once in so long.
pub const LONG_ANSWER_WAIT_MS: u64 = 1_000;

const SECOND_NS: u64 = 1_000_000_000;
/// One message makes at most two: a Reject and a Logout.
const COMMANDS_PER_MESSAGE: usize = 2;
/// The first gives room for a message and for the ResendRequest after what was kept.
const _: () = assert!(COMMANDS_MAX > 2 * COMMANDS_PER_MESSAGE);

/// When something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds since 1970-01-01 UTC: SendingTime is judged by it.
    pub wall_ns: u64,
    /// Nanoseconds of a clock that never goes back: timers run by it.
    pub monotonic_ns: u64,
}

/// What a session may use.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// How far SendingTime may be from our clock, either way (FIX 4.4 volume 2 asks for a reasonable
    /// time; two minutes are usual).
    pub sending_time_tolerance_ns: u64,
    /// How long a client may take to answer our Logout.
    pub logout_timeout_ns: u64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { sending_time_tolerance_ns: 120 * SECOND_NS, logout_timeout_ns: 2 * SECOND_NS }
    }
}

/// Where a session's doings go.
pub trait SessionSink {
    /// For the engine. There is room for [`COMMANDS_MAX`] at each call of the session.
    fn command(&mut self, command: &Command);
    /// The client asks for our messages from `begin` to `end`, or all that follow where `end` is 0.
    fn resend(&mut self, begin: u64, end: u64);
    /// The connection is to be closed once all that was told to its client is out.
    fn close(&mut self, why: Close);
}

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Close {
    /// The first message is no Logon of a known session to us. Nothing is sent.
    NotLogon,
    /// The Logon is malformed. Nothing is sent.
    InvalidLogon,
    /// The Logon's SendingTime is too far from our clock. Nothing is sent, since it may be an old
    /// Logon that somebody repeats.
    LogonTime,
    /// A Logout was sent, and answered where that was to be.
    LoggedOut,
    /// The client did not answer our Logout.
    LogoutUnanswered,
    /// Nothing came for 2.4 times HeartBtInt, not even an answer to a TestRequest.
    Silent,
    /// The engine ended the session.
    Ended,
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotLogon => "the first message is no Logon of a known session",
            Self::InvalidLogon => "the Logon is malformed",
            Self::LogonTime => "the Logon's SendingTime is too far from our clock",
            Self::LoggedOut => "logged out",
            Self::LogoutUnanswered => "our Logout was not answered",
            Self::Silent => "nothing was received for 2.4 times HeartBtInt",
            Self::Ended => "ended by the engine",
        })
    }
}

/// The session that the first message of a connection belongs to: a Logon from the CompID of a
/// session that is known to ours. Else the connection is closed without a word, since nobody that
/// could be told is known.
pub fn identify(message: &Message<'_>, directory: &Directory) -> Result<SessionId, Close> {
    let logon = message.msg_type() == b"A" && message.begin_string() == BEGIN_STRING;
    if !logon || message.target() != directory.venue().as_bytes() {
        return Err(Close::NotLogon);
    }
    directory.session_by_comp_id(message.sender()).map(|found| found.id).ok_or(Close::NotLogon)
}

/// The command for a session with cancel on disconnect that did not come back in time.
pub fn cancel_absent(session: SessionId) -> Command {
    Command::CancelAbsentSession(CancelAbsentSession { session })
}

/// The command that ends a logon whose connection was gone before it was accepted.
pub fn connection_lost(session: SessionId, generation: Generation) -> Command {
    let origin = Origin { session, generation, msg_seq_num: 0 };
    Command::ConnectionLost(ConnectionLost { origin })
}

/// The acceptor's side of a session.
#[derive(Debug)]
pub struct Session {
    id: SessionId,
    account: AccountId,
    comp_id: CompId,
    limits: SessionLimits,
    state: State,
    connection: ConnectionId,
    gateway: GatewayId,
    /// Of the last logon that was accepted here.
    generation: Generation,
    /// The engine holds the session connected under `generation`, and was not told otherwise yet.
    connected: bool,
    /// The same as far as the engine's events have come.
    logged_on: bool,
    /// The next inbound number.
    next_in: u64,
    /// The same as far as the engine knows.
    next_in_logged: u64,
    /// MsgSeqNum of the Logon that the engine decides about.
    logon_number: u64,
    /// To be done when the engine has accepted the logon.
    logout_wanted: Option<(LogoutCode, i64, i64)>,
    gap: Option<Gap>,
    queue: Queue,
    heart_bt_int_ns: u64,
    last_sent_ns: u64,
    last_received_ns: u64,
    test_requested: bool,
    rejects_received: u64,
    /// When the last OrderMassStatusRequest, or SecurityListRequest, was taken; over connections too.
    mass_status_ns: Option<u64>,
    security_list_ns: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is no connection.
    Detached,
    /// There is one; its Logon is to come.
    Attached,
    /// The engine decides about the Logon.
    LogonPending { heart_bt_int: u16 },
    /// Messages are taken.
    LoggedOn,
    /// Our Logout is on its way, or out.
    Leaving { awaits_answer: bool, answered: bool, sent_ns: Option<u64> },
    /// The connection is to be closed: nothing more is taken.
    Closed,
}

/// A ResendRequest of ours that is not yet answered in full.
#[derive(Debug, Clone, Copy)]
struct Gap {
    /// The number that showed the gap.
    until: u64,
    /// When it was asked for, or when the expected number last moved.
    progress_ns: u64,
}

/// A sink that counts what is left of [`COMMANDS_MAX`].
struct Out<'a> {
    sink: &'a mut dyn SessionSink,
    left: usize,
}

impl Out<'_> {
    fn command(&mut self, command: &Command) {
        debug_assert!(self.left > 0, "more than COMMANDS_MAX commands");
        self.left = self.left.saturating_sub(1);
        self.sink.command(command);
    }
}

impl Session {
    /// A session of a gateway, without a connection.
    pub fn new(definition: &SessionDefinition, limits: SessionLimits, gateway: GatewayId) -> Self {
        Self {
            id: definition.id,
            account: definition.account,
            comp_id: definition.comp_id,
            limits,
            state: State::Detached,
            connection: ConnectionId(0),
            gateway,
            generation: Generation(0),
            connected: false,
            logged_on: false,
            next_in: 1,
            next_in_logged: 1,
            logon_number: 0,
            logout_wanted: None,
            gap: None,
            queue: Queue::new(KEPT_BYTES_MAX),
            heart_bt_int_ns: 0,
            last_sent_ns: 0,
            last_received_ns: 0,
            test_requested: false,
            rejects_received: 0,
            mass_status_ns: None,
            security_list_ns: None,
        }
    }

    /// Takes a changed definition in.
    pub fn redefine(&mut self, definition: &SessionDefinition) {
        self.comp_id = definition.comp_id;
    }

    /// Gives the session a connection whose first message, still to be received here, was identified
    /// as its Logon. Who is attached already is not to be attached again: one connection a session.
    pub fn attach(&mut self, connection: ConnectionId, moment: Moment) {
        debug_assert!(!self.is_attached());
        self.state = State::Attached;
        self.connection = connection;
        self.logout_wanted = None;
        self.gap = None;
        self.queue.clear();
        self.test_requested = false;
        self.last_received_ns = moment.monotonic_ns;
        self.last_sent_ns = moment.monotonic_ns;
    }

    /// The connection is gone. Gives the ConnectionLost for the engine where that still takes the
    /// session for connected.
    pub fn detach(&mut self) -> Option<Command> {
        self.state = State::Detached;
        self.logged_on = false;
        if !self.connected {
            return None;
        }
        self.connected = false;
        let origin = self.carried();
        Some(Command::ConnectionLost(ConnectionLost { origin }))
    }

    /// Its id.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Its account.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// It has a connection.
    pub fn is_attached(&self) -> bool {
        self.state != State::Detached
    }

    /// The connection that it has.
    pub fn connection(&self) -> Option<ConnectionId> {
        self.is_attached().then_some(self.connection)
    }

    /// From the Logon's answer to the Logout or the end of the connection. It changes by
    /// [`Session::on_event`] and [`Session::detach`] only.
    pub fn is_logged_on(&self) -> bool {
        self.logged_on
    }

    /// Whether the next message may be received now: not while the engine decides about a logon, nor
    /// after a close.
    pub fn wants_input(&self) -> bool {
        matches!(self.state, State::Attached | State::LoggedOn | State::Leaving { .. })
    }

    /// Whether kept messages wait for the next call of [`Session::tick`], which is not to be put off.
    pub fn has_kept_messages(&self) -> bool {
        self.state == State::LoggedOn && self.queue.contains(self.next_in)
    }

    /// The next inbound MsgSeqNum.
    pub fn next_expected(&self) -> u64 {
        self.next_in
    }

    /// The generation of the last accepted logon.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Rejects (3) and BusinessMessageRejects (j) that the client sent.
    pub fn rejects_received(&self) -> u64 {
        self.rejects_received
    }

    /// When, on the monotonic clock, [`Session::tick`] will have something to do if nothing happens
    /// before.
    pub fn deadline_ns(&self) -> Option<u64> {
        match self.state {
            State::Detached | State::Attached | State::LogonPending { .. } | State::Closed => None,
            State::Leaving { sent_ns: Some(sent_ns), .. } => {
                Some(sent_ns.saturating_add(self.limits.logout_timeout_ns))
            }
            State::Leaving { sent_ns: None, .. } => Some(self.leave_at_ns()),
            State::LoggedOn if self.has_kept_messages() || self.logout_wanted.is_some() => Some(0),
            State::LoggedOn if self.test_requested => Some(self.silence_at_ns()),
            State::LoggedOn => {
                Some(self.test_request_at_ns().min(self.last_sent_ns + self.heart_bt_int_ns))
            }
        }
    }

    fn test_request_at_ns(&self) -> u64 {
        self.last_received_ns.saturating_add(self.heart_bt_int_ns / 10 * 12)
    }

    fn silence_at_ns(&self) -> u64 {
        self.last_received_ns.saturating_add(self.heart_bt_int_ns / 10 * 24)
    }

    /// Until when our Logout is waited for to go out. Where no logon was accepted there is no HeartBtInt.
    fn leave_at_ns(&self) -> u64 {
        let least_ns = self.last_received_ns.saturating_add(self.limits.logout_timeout_ns);
        self.silence_at_ns().max(least_ns)
    }

    /// Does what is due.
    pub fn tick(
        &mut self,
        moment: Moment,
        decoder: &mut Decoder,
        directory: &Directory,
        sink: &mut dyn SessionSink,
    ) {
        let out = &mut Out { sink, left: COMMANDS_MAX };
        let now_ns = moment.monotonic_ns;
        match self.state {
            State::LoggedOn => {
                if let Some((code, value, limit)) = self.logout_wanted.take() {
                    let origin = self.carried();
                    return self.leave(origin, code, value, limit, out);
                }
                self.take_kept(moment, decoder, directory, out);
                if self.state == State::LoggedOn && out.left > 0 {
                    self.keep_alive(now_ns, out);
                }
            }
            State::Leaving { sent_ns: Some(sent_ns), .. } => {
                if now_ns.saturating_sub(sent_ns) >= self.limits.logout_timeout_ns {
                    self.close(Close::LogoutUnanswered, out);
                }
            }
            State::Leaving { sent_ns: None, .. } => {
                if now_ns >= self.leave_at_ns() {
                    self.close(Close::Silent, out);
                }
            }
            State::Detached | State::Attached | State::LogonPending { .. } | State::Closed => {}
        }
    }

    /// While a TestRequest of ours is unanswered no Heartbeat is sent: either an answer comes, or the
    /// connection ends, before the client could miss one.
    fn keep_alive(&mut self, now_ns: u64, out: &mut Out<'_>) {
        if now_ns >= self.silence_at_ns() {
            self.close(Close::Silent, out);
        } else if self.test_requested {
        } else if now_ns >= self.test_request_at_ns() {
            self.test_requested = true;
            self.last_sent_ns = now_ns;
            let origin = self.carried();
            out.command(&Command::SendTestRequest(SendTestRequest { origin }));
        } else if now_ns >= self.last_sent_ns.saturating_add(self.heart_bt_int_ns) {
            self.last_sent_ns = now_ns;
            let origin = self.carried();
            let test_req_id = TestReqId::EMPTY;
            out.command(&Command::SendHeartbeat(SendHeartbeat { origin, test_req_id }));
        }
    }

    /// The venue ends the session: a Logout is sent, and the connection closed when it is answered or
    /// was not for too long.
    pub fn begin_logout(
        &mut self,
        code: LogoutCode,
        value: i64,
        limit: i64,
        moment: Moment,
        sink: &mut dyn SessionSink,
    ) {
        let out = &mut Out { sink, left: COMMANDS_MAX };
        match self.state {
            State::LoggedOn => {
                self.last_sent_ns = moment.monotonic_ns;
                let origin = self.carried();
                self.leave(origin, code, value, limit, out);
            }
            State::LogonPending { .. } => self.logout_wanted = Some((code, value, limit)),
            State::Attached => self.close(Close::LoggedOut, out),
            State::Detached | State::Leaving { .. } | State::Closed => {}
        }
    }

    /// Takes in what the engine did, and says whether the connection is to be closed once all that was
    /// told to its client, this event included, is out. Events of other sessions and of other connections
    /// change nothing; a logon that is accepted for a connection that is gone is for the gateway to end, by
    /// a ConnectionLost ([`connection_lost`]).
    pub fn on_event(&mut self, event: &Event, moment: Moment) -> Option<Close> {
        if event.session != self.id {
            return None;
        }
        if event.msg_seq_num != 0 {
            self.last_sent_ns = moment.monotonic_ns;
        }
        let close = match &event.body {
            EventBody::LogonAccepted(accepted) if accepted.connection == self.connection => {
                self.on_logon_accepted(accepted, moment);
                None
            }
            EventBody::LogoutSent(sent) if sent.connection == self.connection => {
                self.on_logout_sent(moment)
            }
            EventBody::SessionEnded(ended) if ended.connection == self.connection => {
                // Generation 0: this logon was refused since another connection has the session.
                if ended.generation == self.generation {
                    self.connected = false;
                    self.logged_on = false;
                }
                Some(Close::Ended)
            }
            _ => None,
        };
        let close = close.filter(|_| self.is_attached());
        if close.is_some() {
            self.state = State::Closed;
        }
        close
    }

    fn on_logon_accepted(&mut self, accepted: &LogonAccepted, moment: Moment) {
        let State::LogonPending { heart_bt_int } = self.state else {
            return;
        };
        self.state = State::LoggedOn;
        self.generation = accepted.generation;
        self.connected = true;
        self.logged_on = true;
        self.next_in = accepted.next_inbound;
        self.next_in_logged = accepted.next_inbound;
        self.heart_bt_int_ns = u64::from(heart_bt_int) * SECOND_NS;
        self.test_requested = false;
        self.queue.clear();
        // The engine has asked for the gap itself.
        self.gap = (self.logon_number > self.next_in)
            .then_some(Gap { until: self.logon_number, progress_ns: moment.monotonic_ns });
    }

    fn on_logout_sent(&mut self, moment: Moment) -> Option<Close> {
        self.connected = false;
        self.logged_on = false;
        match &mut self.state {
            State::Leaving { awaits_answer: true, answered: false, sent_ns } => {
                *sent_ns = Some(moment.monotonic_ns);
                None
            }
            State::Detached | State::Closed => None,
            // It answers the client's, or the client's has come meanwhile, or the engine refused the logon.
            _ => Some(Close::LoggedOut),
        }
    }

    /// The origin of a command that no message asks for. It brings the engine's number up to what was
    /// taken without a command.
    fn carried(&mut self) -> Origin {
        let ahead = self.next_in > self.next_in_logged;
        self.next_in_logged = self.next_in;
        let msg_seq_num = if ahead { self.next_in - 1 } else { 0 };
        Origin { session: self.id, generation: self.generation, msg_seq_num }
    }

    /// Sends a Logout. The engine takes the session for disconnected from then on.
    fn leave(
        &mut self,
        origin: Origin,
        code: LogoutCode,
        value: i64,
        limit: i64,
        out: &mut Out<'_>,
    ) {
        self.state =
            State::Leaving { awaits_answer: awaits_answer(code), answered: false, sent_ns: None };
        self.connected = false;
        out.command(&Command::Logout(Logout { origin, code, value, limit }));
    }

    fn close(&mut self, why: Close, out: &mut Out<'_>) {
        self.state = State::Closed;
        out.sink.close(why);
    }
}

/// Whether a client is given time to answer a Logout. Not where it is the answer itself, nor where
/// nothing the client sends can be understood any more (FIX 4.4 volume 2: MsgSeqNum too low or missing).
fn awaits_answer(code: LogoutCode) -> bool {
    !matches!(
        code,
        LogoutCode::Requested
            | LogoutCode::MsgSeqNumTooLow
            | LogoutCode::RequiredTag
            | LogoutCode::SlowConsumer
            | LogoutCode::HeartBtInt
            | LogoutCode::EncryptMethod
    )
}

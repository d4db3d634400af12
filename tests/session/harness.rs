//! Plays a scenario against a session: bytes through framing, decoder and session, commands to the
//! engine, its events back. All on one thread, with a clock of the scenario's own.
//!
//! A scenario is lines of text; what the venue does is written below each line and compared.
//!
//! | line | what |
//! |---|---|
//! | `# …` | a comment |
//! | `connect` | the client connects, where it was not connected |
//! | `disconnect` | the client closes the connection |
//! | `> 0 34=2 112=X` | the client sends a message: MsgType, then fields. Header and trailer are filled in, and 98 and 108 of a Logon |
//! | `>> 0 34=2 …` | the same, but only 8, 9 and 10 are filled in, and the order of fields is kept |
//! | `>raw 8=FIX.4.4\|9=…` | exactly these bytes, `\|` for SOH |
//! | `wait 6s` | time passes, in steps of a tenth of a second |
//! | `venue logs out Shutdown` | the operator ends the session |
//! | `option reset_on_logon` | before `connect`: the session's numbers begin anew at each logon |
//!
//! In values `now`, `now+10s` and `now-121s` are times. What the venue does:
//!
//! | line | what |
//! |---|---|
//! | `< Heartbeat 34=2 …` | a numbered message |
//! | `engine: NewOrder …` | an order reaches the engine |
//! | `resend 1 to 4` | it sends again what the client asked for; 0: all that follow |
//! | `close: …` | it closes the connection, and why |
//! | `expects 7` | after `disconnect` and `close`: the number that the engine holds for next |

use std::fmt::Write as _;

use castle::fix::decode::Decoder;
use castle::fix::directory::Directory;
use castle::fix::encode::{Encoder, Outgoing};
use castle::fix::frame::{self, Frame};
use castle::fix::session::*;
use castle::fix::time;
use castle::model::*;

use crate::engine::Venue;

/// 2026-01-05 09:00:00 UTC.
const START_NS: u64 = 1_767_603_600_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;
const STEP_NS: u64 = SECOND_NS / 10;
const MESSAGE_SIZE_MAX: usize = 8_192;
const HEADER: [&str; 8] = ["34", "43", "49", "52", "56", "97", "115", "122"];

/// What the session asked for in one call.
#[derive(Default)]
pub struct Sink {
    pub commands: Vec<Command>,
    pub other: Vec<String>,
    pub closed: bool,
}

impl SessionSink for Sink {
    fn command(&mut self, command: &Command) {
        self.commands.push(*command);
    }

    fn resend(&mut self, begin: u64, end: u64) {
        self.other.push(format!("resend {begin} to {end}"));
    }

    fn close(&mut self, why: Close) {
        self.closed = true;
        self.other.push(format!("close: {why}"));
    }
}

pub struct Player {
    venue: Venue,
    directory: Directory,
    decoder: Decoder,
    session: Option<Session>,
    definition: SessionDefinition,
    elapsed_ns: u64,
    connection: u32,
    connected: bool,
    shown_at_ns: u64,
    bytes: Vec<u8>,
    out: String,
}

/// The scenario with what the venue really does written below each line.
pub fn play(scenario: &str) -> String {
    let mut player = Player::new();
    for line in scenario.lines() {
        let ours = ["<", "resend", "close:", "expects", "at ", "engine:"];
        if ours.iter().any(|prefix| line.trim_start().starts_with(prefix)) {
            continue;
        }
        player.out.push_str(line);
        player.out.push('\n');
        player.line(line.trim());
    }
    player.out
}

impl Player {
    pub fn new() -> Self {
        let definition = SessionDefinition {
            id: SessionId(1),
            account: AccountId(42),
            comp_id: CompId::truncated(b"CLIENT"),
            reset_on_logon: false,
            cancel_on_disconnect: false,
        };
        let secret = HashSecret(7);
        Self {
            venue: Venue::new(secret),
            directory: Directory::new(CompId::truncated(b"CASTLE"), secret),
            decoder: Decoder::new(),
            session: None,
            definition,
            elapsed_ns: 0,
            connection: 0,
            connected: false,
            shown_at_ns: 0,
            bytes: Vec::new(),
            out: String::new(),
        }
    }

    fn moment(&self) -> Moment {
        Moment { wall_ns: START_NS + self.elapsed_ns, monotonic_ns: 1 + self.elapsed_ns }
    }

    fn session(&mut self) -> &mut Session {
        if self.session.is_none() {
            let events = self.venue.define(&self.definition, START_NS);
            events.iter().for_each(|event| self.directory.apply(event));
            self.session =
                Some(Session::new(&self.definition, SessionLimits::default(), GatewayId(1)));
        }
        self.session.as_mut().expect("made above")
    }

    fn line(&mut self, line: &str) {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("" | "#", _) => {}
            ("option", "reset_on_logon") => self.definition.reset_on_logon = true,
            ("connect", "") => {
                assert!(!self.connected, "connected twice");
                self.connected = true;
                self.connection += 1;
                self.bytes.clear();
                self.session();
            }
            ("disconnect", "") => {
                self.connected = false;
                self.detach();
            }
            (">", message) => self.send(&self.filled_in(message)),
            (">>", message) => self.send(&framed(&self.with_times(message).replace(' ', "\x01"))),
            (">raw", message) => {
                let message = self.with_times(message).replace('|', "\x01");
                self.send(message.as_bytes());
            }
            ("wait", time) => self.wait(time),
            ("venue", rest) => {
                let name = rest.strip_prefix("logs out ").expect("venue logs out …");
                let code = LogoutCode::ALL.iter().find(|code| format!("{code:?}") == name);
                let (moment, mut sink) = (self.moment(), Sink::default());
                self.session().begin_logout(*code.expect("a LogoutCode"), 0, 0, moment, &mut sink);
                self.follow(sink);
            }
            _ if line.starts_with('#') => {}
            _ => panic!("unknown line {line:?}"),
        }
    }

    fn with_times(&self, text: &str) -> String {
        let mut fields = Vec::new();
        let separator = if text.contains('|') { '|' } else { ' ' };
        for field in text.split(separator) {
            fields.push(match field.split_once('=') {
                Some((tag, value)) if value.starts_with("now") => {
                    let shift = value[3..].trim_end_matches('s');
                    let shift: i64 =
                        if shift.is_empty() { 0 } else { shift.parse().expect("seconds") };
                    let at = self.moment().wall_ns.saturating_add_signed(shift * SECOND_NS as i64);
                    format!("{tag}={}", String::from_utf8_lossy(&time::text(at)))
                }
                _ => field.to_string(),
            });
        }
        fields.join(if separator == '|' { "|" } else { " " })
    }

    /// A message with its header and its trailer.
    fn filled_in(&self, message: &str) -> Vec<u8> {
        let message = self.with_times(message);
        let (msg_type, rest) = message.split_once(' ').unwrap_or((&message, ""));
        let given: Vec<(&str, &str)> = rest
            .split(' ')
            .filter(|field| !field.is_empty())
            .map(|field| field.split_once('=').expect("tag=value"))
            .collect();
        let find = |tag: &str| given.iter().find(|field| field.0 == tag).map(|field| field.1);
        let now = self.with_times("52=now");
        let mut fields = vec![format!("35={msg_type}")];
        for tag in HEADER {
            let default = match tag {
                "49" => Some("CLIENT"),
                "56" => Some("CASTLE"),
                "52" => Some(&now[3..]),
                _ => None,
            };
            // `49=-` leaves a field of the header out.
            if let Some(value) = find(tag).or(default).filter(|value| *value != "-") {
                fields.push(format!("{tag}={value}"));
            }
        }
        if msg_type == "A" {
            for (tag, default) in [("98", "0"), ("108", "30")] {
                let value = find(tag).unwrap_or(default);
                if value != "-" {
                    fields.push(format!("{tag}={value}"));
                }
            }
        }
        let body = given.iter().filter(|(tag, _)| {
            let filled = HEADER.contains(tag) || ["8", "9", "10"].contains(tag);
            let of_logon = msg_type == "A" && ["98", "108"].contains(tag);
            !filled && !of_logon
        });
        fields.extend(body.map(|(tag, value)| format!("{tag}={value}")));
        let body = fields.join("\x01") + "\x01";
        complete(find("8"), find("9"), find("10"), &body)
    }

    fn wait(&mut self, time: &str) {
        let seconds: f64 = time.trim_end_matches('s').parse().expect("seconds");
        let until_ns = self.elapsed_ns + (seconds * SECOND_NS as f64) as u64;
        while self.elapsed_ns < until_ns {
            self.elapsed_ns += STEP_NS;
            self.tick();
        }
    }

    fn tick(&mut self) {
        let moment = self.moment();
        let mut sink = Sink::default();
        let session = self.session.as_mut().expect("connected before");
        session.tick(moment, &mut self.decoder, &self.directory, &mut sink);
        assert!(sink.commands.len() <= COMMANDS_MAX);
        self.follow(sink);
    }

    /// Bytes come in: what a gateway does with them.
    fn send(&mut self, bytes: &[u8]) {
        if !self.connected {
            return self.show("close: no connection");
        }
        self.bytes.extend_from_slice(bytes);
        loop {
            match frame::next(&self.bytes, MESSAGE_SIZE_MAX) {
                Frame::Incomplete => return,
                Frame::Garbled { skip } => {
                    self.bytes.drain(..skip);
                    if !self.session().is_attached() {
                        self.connected = false;
                        return self.show("close: garbled before the Logon");
                    }
                }
                Frame::TooLong => panic!("a scenario has no message as long as that"),
                Frame::Message { length } => {
                    let message: Vec<u8> = self.bytes.drain(..length).collect();
                    if !self.message(&message) {
                        return;
                    }
                }
            }
        }
    }

    fn message(&mut self, message: &[u8]) -> bool {
        let moment = self.moment();
        if !self.session().is_attached() {
            let (decoded, _) = self.decoder.decode(message);
            if let Err(why) = identify(&decoded, &self.directory) {
                self.connected = false;
                self.show(&format!("close: {why}"));
                return false;
            }
            let connection = ConnectionId(self.connection);
            self.session().attach(connection, moment);
        }
        let mut sink = Sink::default();
        let session = self.session.as_mut().expect("connected before");
        session.receive(moment, message, &mut self.decoder, &self.directory, &mut sink);
        assert!(sink.commands.len() <= COMMANDS_MAX);
        self.follow(sink);
        while self.connected && !self.session().wants_input() {
            self.tick();
        }
        self.connected
    }

    /// Carries out what the session asked for, and what follows from it.
    fn follow(&mut self, sink: Sink) {
        let mut closed = sink.closed;
        sink.other.iter().for_each(|line| self.show(line));
        let moment = self.moment();
        for command in &sink.commands {
            if let Some(order) = named(command) {
                self.show(&order);
            }
            for event in self.venue.apply(command, moment.wall_ns) {
                self.directory.apply(&event);
                if event.session == self.definition.id && event.msg_seq_num != 0 {
                    self.show(&told(&event, &self.directory, &self.definition.comp_id));
                }
                if let Some(why) = self.session().on_event(&event, moment) {
                    self.show(&format!("close: {why}"));
                    closed = true;
                }
            }
        }
        if closed {
            self.connected = false;
            self.detach();
        }
    }

    fn detach(&mut self) {
        let moment = self.moment();
        if let Some(lost) = self.session().detach() {
            let events = self.venue.apply(&lost, moment.wall_ns);
            assert!(events.is_empty());
        }
        let expects = self.venue.next_in(self.definition.id);
        self.show(&format!("expects {expects}"));
    }

    fn show(&mut self, line: &str) {
        if self.shown_at_ns != self.elapsed_ns {
            self.shown_at_ns = self.elapsed_ns;
            let _ = writeln!(self.out, "  at {:.1} s", self.elapsed_ns as f64 / SECOND_NS as f64);
        }
        let _ = writeln!(self.out, "  {line}");
    }
}

/// A command for the engine's business, in a line: what differs from the plainest order.
fn named(command: &Command) -> Option<String> {
    let mut text = format!("engine: {}", command.name());
    let mut say = |words: std::fmt::Arguments<'_>| {
        let _ = write!(text, " {words}");
    };
    let instrument = |id: InstrumentId| match id {
        CancelOrder::ANY_INSTRUMENT => "any instrument".to_string(),
        id => format!("instrument {id}"),
    };
    let order = |id: OrderId| match id {
        OrderId::NONE => "no OrderID".to_string(),
        OrderId(u64::MAX) => "no such OrderID".to_string(),
        id => format!("OrderID {id}"),
    };
    let refusal = match command {
        Command::NewOrder(new) => {
            say(format_args!("{}: {:?} {:?}", new.cl_ord_id, new.side, new.ord_type));
            say(format_args!("{:?}, {}", new.time_in_force, instrument(new.instrument)));
            say(format_args!("quantity {} price {}", new.quantity.0, new.price.0));
            if new.account != AccountId(42) {
                say(format_args!("account {}", new.account));
            }
            if new.quote_quantity != Amount::ZERO {
                say(format_args!("quote quantity {}", new.quote_quantity.0));
            }
            if new.display_quantity != Quantity::ZERO {
                say(format_args!("display {}", new.display_quantity.0));
            }
            if new.post_only {
                say(format_args!("post-only"));
            }
            if new.self_trade_prevention != SelfTradePrevention::None {
                say(format_args!("{:?}", new.self_trade_prevention));
            }
            if new.poss_resend {
                say(format_args!("PossResend"));
            }
            new.refusal
        }
        Command::CancelOrder(cancel) => {
            say(format_args!("{} of {:?}", cancel.cl_ord_id, cancel.orig_cl_ord_id));
            say(format_args!("{}, {:?}", order(cancel.order), cancel.side));
            say(format_args!("{}", instrument(cancel.instrument)));
            cancel.refusal
        }
        Command::ReplaceOrder(replace) => {
            say(format_args!("{} of {:?}", replace.cl_ord_id, replace.orig_cl_ord_id));
            say(format_args!("{}, {:?}", order(replace.order), replace.side));
            say(format_args!("{:?} {:?}", replace.ord_type, replace.time_in_force));
            say(format_args!("quantity {} price {}", replace.quantity.0, replace.price.0));
            say(format_args!("display {}", replace.display_quantity.0));
            if replace.post_only {
                say(format_args!("post-only"));
            }
            if replace.self_trade_prevention != ReplaceSelfTradePrevention::Unchanged {
                say(format_args!("own={:?}", replace.self_trade_prevention));
            }
            replace.refusal
        }
        Command::MassCancel(mass) => {
            say(format_args!("{}: {:?}, {:?}", mass.cl_ord_id, mass.scope, mass.side));
            say(format_args!("{}", instrument(mass.instrument)));
            mass.refusal
        }
        Command::OrderStatus(status) => {
            say(format_args!("{:?} {}", status.cl_ord_id, order(status.order)));
            say(format_args!("request {:?}", status.request_id));
            Refusal::NONE
        }
        Command::MassStatus(status) => {
            say(format_args!("{}: {:?}, {:?}", status.request_id, status.scope, status.side));
            say(format_args!("{}", instrument(status.instrument)));
            Refusal::NONE
        }
        Command::SecurityListRequest(request) => {
            say(format_args!("{}: {}", request.request_id, instrument(request.instrument)));
            request.refusal
        }
        _ => return None,
    };
    if refusal != Refusal::NONE {
        let _ = write!(text, ", refused {:?} {} {}", refusal.code, refusal.value, refusal.limit);
    }
    Some(text)
}

/// Fields after 8 and 9, with those and 10 around them.
fn framed(fields: &str) -> Vec<u8> {
    let body = format!("35={fields}\x01");
    complete(None, None, None, &body)
}

fn complete(begin: Option<&str>, length: Option<&str>, sum: Option<&str>, body: &str) -> Vec<u8> {
    let begin = begin.unwrap_or("FIX.4.4");
    let length = length.map_or(body.len().to_string(), str::to_string);
    let message = format!("8={begin}\x019={length}\x01{body}");
    let total: u32 = message.bytes().map(u32::from).sum();
    let sum = sum.map_or(format!("{:03}", total % 256), str::to_string);
    format!("{message}10={sum}\x01").into_bytes()
}

/// The message of an event in a line, without what every message has and without times.
fn told(event: &Event, directory: &Directory, client: &CompId) -> String {
    let header = Outgoing {
        sender: directory.venue().as_bytes(),
        target: client.as_bytes(),
        sending_time_ns: event.timestamp.0,
        poss_dup: false,
    };
    let mut bytes = Vec::new();
    Encoder::default().encode(event, &header, directory, &mut bytes);
    let message = String::from_utf8(bytes).expect("a message is text");
    let mut text = format!("< {}", event.body.name());
    for field in message.split_terminator('\x01') {
        let (tag, _) = field.split_once('=').expect("tag=value");
        if !["8", "9", "35", "49", "52", "56", "60", "10"].contains(&tag) {
            let _ = write!(text, " {field}");
        }
    }
    text
}

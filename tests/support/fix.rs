//! A FIX 4.4 initiator over a raw socket, with its own encoding and decoding. It keeps its numbers over
//! connections, keeps what it sent and what it received, and takes nothing for granted: a number that is
//! skipped or doubled, a CheckSum that is wrong, a resent message that differs is an error.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::Range;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SOH: u8 = 1;
const HEAD: &[u8] = b"8=FIX.4.4\x019=";
const TRAILER: usize = 7;
/// Received messages that are kept to be compared with what is sent again, where nothing else is said.
const KEPT: usize = 65_536;
/// How many of them are asked for again after a gap, beside what is missing.
const RESENT: u64 = 3_000;
/// How long an answer may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long a connection may take to be made.
const CONNECT_PATIENCE: Duration = Duration::from_millis(300);

/// Decimal places of [`scaled`].
pub const SCALE: i128 = 100_000_000;

/// A decimal number, times [`SCALE`].
pub fn scaled(text: &[u8]) -> i128 {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut value = 0_i128;
    let mut places = None;
    for byte in digits {
        match byte {
            b'.' => places = Some(0),
            b'0'..=b'9' => {
                value = value * 10 + i128::from(byte - b'0');
                places = places.map(|places| places + 1);
            }
            _ => panic!("no number: {}", String::from_utf8_lossy(text)),
        }
    }
    let value = value * SCALE / 10_i128.pow(places.unwrap_or(0));
    if negative { -value } else { value }
}

/// A message that came.
pub struct Incoming<'a> {
    pub bytes: &'a [u8],
    fields: &'a [(u32, Range<usize>)],
}

impl<'a> Incoming<'a> {
    /// A message that was split.
    pub fn of(bytes: &'a [u8], fields: &'a [(u32, Range<usize>)]) -> Self {
        Self { bytes, fields }
    }

    /// The first field of a tag.
    pub fn get(&self, tag: u32) -> Option<&'a [u8]> {
        let (_, range) = self.fields.iter().find(|(known, _)| *known == tag)?;
        Some(&self.bytes[range.clone()])
    }

    /// The same as text; empty where it is absent.
    pub fn text(&self, tag: u32) -> &'a str {
        std::str::from_utf8(self.get(tag).unwrap_or(b"")).unwrap_or("")
    }

    /// The same as a whole number; 0 where it is absent.
    pub fn number(&self, tag: u32) -> u64 {
        self.text(tag).parse().unwrap_or(0)
    }

    /// The same, times [`SCALE`].
    pub fn scaled(&self, tag: u32) -> i128 {
        scaled(self.get(tag).unwrap_or(b"0"))
    }

    pub fn msg_type(&self) -> &'a str {
        self.text(35)
    }

    /// A message of the session itself, which is gap-filled and never sent again.
    pub fn is_admin(&self) -> bool {
        ["0", "1", "2", "4", "5", "A"].contains(&self.msg_type())
    }

    /// What must be the same when it is sent again: all but length, CheckSum and the header's marks.
    fn essence(&self) -> impl Iterator<Item = (u32, &'a [u8])> {
        const MARKS: [u32; 6] = [8, 9, 10, 43, 52, 122];
        let kept = self.fields.iter().filter(|(tag, _)| !MARKS.contains(tag));
        kept.map(|(tag, range)| (*tag, &self.bytes[range.clone()]))
    }

    /// When it was sent for the first time.
    fn first_time(&self) -> Option<&'a [u8]> {
        self.get(122).or(self.get(52))
    }

    /// Whether the other is the same message, each as it came first or as it was sent again.
    pub fn is_same(&self, other: &Incoming<'_>) -> bool {
        self.first_time() == other.first_time() && self.essence().eq(other.essence())
    }
}

/// A whole message as text that can be read.
pub fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\x01', "|")
}

/// What is known of a number.
pub enum Known<'a> {
    /// It came, with these bytes.
    Message(&'a [u8]),
    /// A gap fill stood for it.
    Filled,
    /// It is not kept, or never came.
    Nothing,
}

/// The length of the whole message that `bytes` begin with, with its fields, if it is all there.
pub fn split(bytes: &[u8], fields: &mut Vec<(u32, Range<usize>)>) -> Result<Option<usize>, String> {
    let wrong = |what: &str| {
        let shown = &bytes[..bytes.len().min(200)];
        Err(format!("{what}: {}", String::from_utf8_lossy(shown).replace('\x01', "|")))
    };
    if bytes.len() < HEAD.len() + 8 {
        return Ok(None);
    }
    if !bytes.starts_with(HEAD) {
        return wrong("no FIX message");
    }
    let rest = &bytes[HEAD.len()..];
    let Some(digits) = rest.iter().take(8).position(|byte| *byte == SOH) else {
        return wrong("no BodyLength");
    };
    let length = rest[..digits].iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    let body = HEAD.len() + digits + 1;
    let end = body + length;
    if bytes.len() < end + TRAILER {
        return Ok(None);
    }
    let sum = check_sum(&bytes[..end]);
    if bytes[end..end + TRAILER] != *format!("10={sum:03}\x01").as_bytes() {
        return wrong("wrong CheckSum");
    }
    fields.clear();
    let mut at = body;
    while at < end {
        let mut tag = 0;
        while bytes[at] != b'=' {
            tag = tag * 10 + u32::from(bytes[at] - b'0');
            at += 1;
        }
        let start = at + 1;
        while bytes[at] != SOH {
            at += 1;
        }
        fields.push((tag, start..at));
        at += 1;
    }
    Ok(Some(end + TRAILER))
}

fn check_sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// A whole message with header and trailer; `body` is written as it is.
pub fn message(
    out: &mut Vec<u8>,
    msg_type: &str,
    (sender, target): (&str, &str),
    number: u64,
    time: &str,
    body: &[u8],
) {
    let start = out.len();
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let digits = &digits[at..];
    let head: [&[u8]; 10] = [
        b"35=",
        msg_type.as_bytes(),
        b"\x0149=",
        sender.as_bytes(),
        b"\x0156=",
        target.as_bytes(),
        b"\x0134=",
        digits,
        b"\x0152=",
        time.as_bytes(),
    ];
    let length = head.iter().map(|part| part.len()).sum::<usize>() + 1 + body.len();
    out.extend_from_slice(HEAD);
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{length}\x01");
    head.iter().for_each(|part| out.extend_from_slice(part));
    out.push(SOH);
    out.extend_from_slice(body);
    let sum = check_sum(&out[start..]);
    let _ = write!(out, "10={sum:03}\x01");
}

/// UTC now, as FIX writes it.
pub fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let second = since.as_secs();
    let (mut year, mut day) = (1970, second / 86_400);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    let (hours, minutes) = (second / 3_600 % 24, second / 60 % 60);
    format!(
        "{year:04}{:02}{:02}-{hours:02}:{minutes:02}:{:02}.{:03}",
        month + 1,
        day + 1,
        second % 60,
        since.subsec_millis()
    )
}

/// What was sent under a number. Admin messages are gap-filled and need no more than their place.
struct Sent {
    msg_type: &'static str,
    time: String,
    body: Vec<u8>,
}

/// A connection that a session has left without closing it, with what had come on it.
pub struct Left {
    stream: TcpStream,
    inbound: Vec<u8>,
    /// So much of it had come before the moment from which on it is counted.
    before: usize,
}

/// Whole messages that came on connections that were left, from a moment on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Late {
    pub reports: u64,
    /// Messages of the session itself.
    pub admin: u64,
}

impl Left {
    /// Reads what has come so far. Only what comes later counts.
    pub fn read_what_came(&mut self) {
        let mut some = [0; 65_536];
        // Where it has ended, or was reset, nothing comes any more.
        while let Ok(length @ 1..) = self.stream.read(&mut some) {
            self.inbound.extend_from_slice(&some[..length]);
        }
        self.before = self.inbound.len();
    }

    /// Says that nothing more is sent on it; what still comes can be read.
    pub fn hang_up(&self) {
        // The other side may have closed it already.
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

/// One session, over as many connections as it takes.
pub struct Client {
    pub sender: String,
    pub target: String,
    stream: Option<TcpStream>,
    inbound: Vec<u8>,
    outbound: Vec<u8>,
    fields: Vec<(u32, Range<usize>)>,
    /// The number of the next message to be sent.
    pub next_out: u64,
    /// The number of the next message that is new.
    pub next_in: u64,
    sent: Vec<Sent>,
    kept: VecDeque<(u64, Vec<u8>)>,
    /// How many are kept.
    pub kept_max: usize,
    /// Messages that came before a gap was filled.
    ahead: BTreeMap<u64, Vec<u8>>,
    /// A resend that was asked for: the next number of it, and the last that it must have.
    again: Option<(u64, u64)>,
    /// The next number of a resend that brought what was needed and goes on to its end.
    rest: Option<u64>,
    /// The number of the last ResendRequest that was answered.
    answered: u64,
    /// Numbers below this were acknowledged: the venue must not ask for them.
    pub acknowledged: u64,
    /// What the venue asked for, from which number on.
    pub asked_by_venue: Vec<u64>,
    /// Messages that were sent again and compared with what had come before.
    pub compared: u64,
    /// Messages that came on connections that were left.
    pub late: Vec<Vec<u8>>,
    pub logged_on: bool,
    /// Text of a Logout that came.
    pub logged_out: Option<String>,
    /// TestReqID of the last Heartbeat.
    heartbeat: String,
    clock: (Instant, String),
}

impl Client {
    pub fn new(sender: &str, target: &str) -> Self {
        Self {
            sender: sender.into(),
            target: target.into(),
            stream: None,
            inbound: Vec::new(),
            outbound: Vec::new(),
            fields: Vec::new(),
            next_out: 1,
            next_in: 1,
            sent: Vec::new(),
            kept: VecDeque::new(),
            kept_max: KEPT,
            ahead: BTreeMap::new(),
            again: None,
            rest: None,
            answered: 0,
            acknowledged: 0,
            asked_by_venue: Vec::new(),
            compared: 0,
            late: Vec::new(),
            logged_on: false,
            logged_out: None,
            heartbeat: String::new(),
            clock: (Instant::now(), now()),
        }
    }

    /// Connects and sends a Logon; the answer is waited for elsewhere.
    pub fn connect(&mut self, address: SocketAddr) {
        self.move_to(address).expect("the exchange listens");
    }

    /// The same where somebody listens; gives the connection that it leaves, if there was one.
    pub fn move_to(&mut self, address: SocketAddr) -> std::io::Result<Option<Left>> {
        let stream = TcpStream::connect_timeout(&address, CONNECT_PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let inbound = std::mem::take(&mut self.inbound);
        let left = self.stream.replace(stream).map(|stream| Left { stream, inbound, before: 0 });
        self.inbound.clear();
        self.outbound.clear();
        self.ahead.clear();
        self.again = None;
        self.rest = None;
        self.logged_on = false;
        self.logged_out = None;
        self.asked_by_venue.clear();
        self.send("A", b"98=0\x01108=60\x01");
        Ok(left)
    }

    /// Reads what still came on a connection that was left, to its end, and compares each message with
    /// what has come under its number since. Gives how many came late.
    pub fn check_left(&mut self, left: Left) -> Result<Late, String> {
        let Left { mut stream, mut inbound, before } = left;
        stream.set_nonblocking(false).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
        match stream.read_to_end(&mut inbound) {
            // It may be reset: what was sent before has been read.
            Err(error) if error.kind() != ErrorKind::ConnectionReset => {
                return Err(format!("{}: the old connection stays: {error}", self.sender));
            }
            _ => {}
        }
        let (mut at, mut count) = (0, Late::default());
        let (mut fields, mut known_fields) = (Vec::new(), Vec::new());
        while let Some(length) = split(&inbound[at..], &mut fields)? {
            let late = Incoming { bytes: &inbound[at..at + length], fields: &fields };
            let number = late.number(34);
            let known = self.kept_bytes(number);
            let same = match known {
                Some(bytes) => {
                    split(bytes, &mut known_fields)?;
                    let known = Incoming { bytes, fields: &known_fields };
                    (late.is_admin() && known.is_admin()) || known.essence().eq(late.essence())
                }
                // A gap fill stood for it.
                None => number < self.next_in && late.is_admin(),
            };
            if !same {
                let known = known.map_or_else(|| format!("next is {}", self.next_in), shown);
                let late = shown(late.bytes);
                return Err(format!("{}: {late} came late, but: {known}", self.sender));
            }
            if at >= before {
                count.reports += u64::from(!late.is_admin());
                count.admin += u64::from(late.is_admin());
            }
            self.late.push(inbound[at..at + length].to_vec());
            at += length;
        }
        Ok(count)
    }

    /// Connects, logs on and waits for the Logon that answers.
    pub fn log_on(&mut self, address: SocketAddr) -> Result<(), String> {
        self.connect(address);
        self.wait("Logon", |client| client.logged_on, &mut |_| ())
    }

    /// Begins the numbers anew, and forgets what was sent and received under the old ones.
    pub fn reset(&mut self) {
        let (sender, target) = (self.sender.clone(), self.target.clone());
        *self = Self::new(&sender, &target);
    }

    /// Logs out and waits for the end of the connection.
    pub fn log_out(&mut self) -> Result<(), String> {
        self.send("5", b"");
        self.wait("Logout", |client| client.logged_out.is_some(), &mut |_| ())?;
        self.stream = None;
        Ok(())
    }

    /// Ends the connection without a word.
    pub fn hang_up(&mut self) {
        self.stream = None;
    }

    pub fn is_connected(&self) -> bool {
        self.stream.is_some()
    }

    /// Bytes that the connection has not taken yet.
    pub fn unsent(&self) -> usize {
        self.outbound.len()
    }

    /// Puts a message in the outbound buffer under the next number.
    pub fn send(&mut self, msg_type: &'static str, body: &[u8]) {
        if self.clock.0.elapsed() >= Duration::from_millis(1) {
            self.clock = (Instant::now(), now());
        }
        let names = (self.sender.as_str(), self.target.as_str());
        message(&mut self.outbound, msg_type, names, self.next_out, &self.clock.1, body);
        self.next_out += 1;
        let time = self.clock.1.clone();
        self.sent.push(Sent { msg_type, time, body: body.to_vec() });
    }

    /// Puts bytes in the outbound buffer as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.outbound.extend_from_slice(bytes);
    }

    /// Asks again for all that is kept, unless a gap has made it ask already.
    pub fn ask_again(&mut self) {
        self.ask_again_from(1);
    }

    /// The same, from a number on.
    pub fn ask_again_from(&mut self, number: u64) {
        if self.again.is_none() && self.ahead.is_empty() {
            let last = self.next_in - 1;
            self.ask(self.kept_from().max(number).min(last), last);
        }
    }

    fn kept_from(&self) -> u64 {
        self.kept.front().map_or(self.next_in, |(first, _)| *first).max(1)
    }

    /// Some of what is known is asked for beside what is missing, to be compared.
    fn known_from(&self) -> u64 {
        self.kept_from().max(self.next_in.saturating_sub(RESENT))
    }

    /// What is known of a number.
    pub fn known(&self, number: u64) -> Known<'_> {
        let behind = self.kept.partition_point(|(known, _)| *known <= number);
        let Some((first, bytes)) = behind.checked_sub(1).map(|at| &self.kept[at]) else {
            return Known::Nothing;
        };
        if let Some(next) = filled_until(bytes) {
            return if number < next { Known::Filled } else { Known::Nothing };
        }
        if *first == number { Known::Message(bytes) } else { Known::Nothing }
    }

    /// Asks for everything from a number on, up to `until` at least.
    fn ask(&mut self, begin: u64, until: u64) {
        self.again = Some((begin, until));
        self.send("2", format!("7={begin}\x0116=0\x01").as_bytes());
    }

    /// Whether a resend that was asked for is still incomplete.
    pub fn is_missing(&self) -> bool {
        self.again.is_some() || !self.ahead.is_empty()
    }

    /// Sends and receives what can be without waiting. Shows each new application message, once and in
    /// order. Gives the number of bytes moved; an error where the connection is gone or anything is wrong.
    pub fn turn(&mut self, visit: &mut dyn FnMut(&Incoming<'_>)) -> Result<usize, String> {
        let sent = self.flush();
        let received = self.receive(visit)?;
        Ok(sent? + received)
    }

    /// Turns until something is true.
    pub fn wait(
        &mut self,
        what: &str,
        done: impl Fn(&Self) -> bool,
        visit: &mut dyn FnMut(&Incoming<'_>),
    ) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            match self.turn(visit) {
                Ok(0) => std::thread::sleep(Duration::from_micros(200)),
                Ok(_) => {}
                // What was waited for may be the last that came.
                Err(why) if !done(self) => return Err(why),
                Err(_) => {}
            }
            if Instant::now() > deadline {
                return Err(format!("{}: no {what} in time", self.sender));
            }
        }
        Ok(())
    }

    /// Waits until all that the venue had to say so far has come.
    pub fn settle(&mut self, visit: &mut dyn FnMut(&Incoming<'_>)) -> Result<(), String> {
        let id = format!("settle-{}", self.next_out);
        self.send("1", format!("112={id}\x01").as_bytes());
        self.wait("Heartbeat", |client| client.heartbeat == id, visit)
    }

    fn flush(&mut self) -> Result<usize, String> {
        let Some(stream) = &mut self.stream else { return Err("not connected".into()) };
        let mut written = 0;
        let mut outcome = Ok(());
        while written < self.outbound.len() && outcome.is_ok() {
            match stream.write(&self.outbound[written..]) {
                Ok(0) => outcome = Err("closed".to_owned()),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => outcome = Err(format!("{CONNECTION_LOST}: {error}")),
            }
        }
        self.outbound.drain(..written);
        outcome.map(|()| written)
    }

    fn receive(&mut self, visit: &mut dyn FnMut(&Incoming<'_>)) -> Result<usize, String> {
        let Some(stream) = &mut self.stream else { return Err("not connected".into()) };
        let mut count = 0;
        let mut outcome = Ok(());
        // So much at a time that sending has its turn too.
        for _ in 0..8 {
            let start = self.inbound.len();
            self.inbound.resize(start + 65_536, 0);
            let read = stream.read(&mut self.inbound[start..]);
            self.inbound.truncate(start + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => outcome = Err(format!("{CONNECTION_LOST}: closed by the venue")),
                Ok(length) => {
                    count += length;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => outcome = Err(format!("{CONNECTION_LOST}: {error}")),
            }
            break;
        }
        let inbound = std::mem::take(&mut self.inbound);
        let mut fields = std::mem::take(&mut self.fields);
        let mut at = 0;
        while let Some(length) = split(&inbound[at..], &mut fields)? {
            let message = Incoming { bytes: &inbound[at..at + length], fields: &fields };
            self.take(&message, visit)
                .map_err(|what| format!("{}: {what}: {}", self.sender, shown(message.bytes)))?;
            at += length;
        }
        self.inbound = inbound;
        self.inbound.drain(..at);
        self.fields = fields;
        self.take_ahead(visit)?;
        outcome.map(|()| count)
    }

    fn take(
        &mut self,
        message: &Incoming<'_>,
        visit: &mut dyn FnMut(&Incoming<'_>),
    ) -> Result<(), String> {
        let number = message.number(34);
        let again = message.get(43) == Some(b"Y");
        if message.msg_type() == "A" {
            self.logged_on = true;
        }
        if again {
            self.follow_resend(message, number)?;
        }
        match number.cmp(&self.next_in) {
            Ordering::Less if again => self.compare(message, number),
            Ordering::Less => Err(format!("number doubled, {} was expected", self.next_in)),
            Ordering::Equal => self.take_new(message, visit),
            Ordering::Greater if again => Err(format!("resent before {} was", self.next_in)),
            Ordering::Greater => self.take_early(message, number),
        }
    }

    /// A message that is sent again: resends come in the order of their numbers, without a gap.
    fn follow_resend(&mut self, message: &Incoming<'_>, number: u64) -> Result<(), String> {
        let next = if message.msg_type() == "4" { message.number(36) } else { number + 1 };
        match self.again {
            Some((expected, until)) if number == expected => {
                self.again = (next <= until).then_some((next, until));
                self.rest = if self.again.is_none() { Some(next) } else { self.rest };
            }
            _ if self.rest == Some(number) => self.rest = Some(next),
            Some((expected, _)) => {
                return Err(format!("resend goes on with {number} instead of {expected}"));
            }
            None => {}
        }
        Ok(())
    }

    /// A message before which others are missing.
    fn take_early(&mut self, message: &Incoming<'_>, number: u64) -> Result<(), String> {
        self.ahead.insert(number, message.bytes.to_vec());
        if self.again.is_none() {
            self.ask(self.known_from(), number);
        }
        // What the venue misses is not to wait for what we miss.
        if message.msg_type() == "2" {
            self.send_again(number, message.number(7), message.number(16))?;
        }
        Ok(())
    }

    fn take_ahead(&mut self, visit: &mut dyn FnMut(&Incoming<'_>)) -> Result<(), String> {
        let mut fields = Vec::new();
        while let Some(entry) = self.ahead.first_entry() {
            let number = *entry.key();
            if number > self.next_in {
                break;
            }
            let bytes = entry.remove();
            split(&bytes, &mut fields)?;
            let early = Incoming { bytes: &bytes, fields: &fields };
            if number == self.next_in {
                self.take_new(&early, visit)?;
            } else if !early.is_admin() {
                // It was sent again meanwhile.
                let mut known = Vec::new();
                let bytes = self.kept_bytes(number).ok_or("a message was filled over")?;
                split(bytes, &mut known)?;
                let known = Incoming { bytes, fields: &known };
                if known.essence().ne(early.essence()) {
                    return Err(format!("{}: {number} was sent again differently", self.sender));
                }
            }
        }
        Ok(())
    }

    fn kept_bytes(&self, number: u64) -> Option<&[u8]> {
        let at = self.kept.binary_search_by_key(&number, |(known, _)| *known).ok()?;
        Some(&self.kept[at].1)
    }

    /// A message of the next number.
    fn take_new(
        &mut self,
        message: &Incoming<'_>,
        visit: &mut dyn FnMut(&Incoming<'_>),
    ) -> Result<(), String> {
        let number = self.next_in;
        self.kept.push_back((number, message.bytes.to_vec()));
        if self.kept.len() > self.kept_max {
            self.kept.pop_front();
        }
        self.next_in += 1;
        match message.msg_type() {
            "0" => self.heartbeat = message.text(112).to_owned(),
            "1" => {
                let body = format!("112={}\x01", message.text(112));
                self.send("0", body.as_bytes());
            }
            "2" => self.send_again(number, message.number(7), message.number(16))?,
            "3" => return Err("the venue rejects a message of ours".into()),
            "4" => {
                let next = message.number(36);
                if message.get(123) != Some(b"Y") || next < self.next_in {
                    return Err("no gap fill".into());
                }
                self.next_in = next;
            }
            "5" => self.logged_out = Some(message.text(58).to_owned()),
            "A" => {}
            _ => visit(message),
        }
        Ok(())
    }

    /// A resent message that is known already: it must be the same.
    fn compare(&mut self, message: &Incoming<'_>, number: u64) -> Result<(), String> {
        let gap_fill = message.msg_type() == "4";
        let until = if gap_fill { message.number(36) } else { number + 1 };
        if until <= number {
            return Err("gap fill goes back".into());
        }
        let mut fields = Vec::new();
        for number in number..until.min(self.next_in) {
            // A gap fill that came stood for several numbers; what lies behind is not kept.
            let Some(bytes) = self.kept_bytes(number) else { continue };
            split(bytes, &mut fields)?;
            let known = Incoming { bytes, fields: &fields };
            let same = match gap_fill {
                true => known.is_admin(),
                false => message.get(122).is_some() && known.is_same(message),
            };
            if !same {
                return Err(format!("resent differently; it was {}", shown(bytes)));
            }
            self.compared += 1;
        }
        self.next_in = self.next_in.max(until);
        Ok(())
    }

    /// Answers the venue's ResendRequest.
    fn send_again(&mut self, number: u64, begin: u64, end: u64) -> Result<(), String> {
        if number <= self.answered {
            return Ok(());
        }
        self.answered = number;
        if begin <= self.acknowledged {
            return Err(format!("asks for what it acknowledged up to {}", self.acknowledged));
        }
        self.asked_by_venue.push(begin);
        let last = self.next_out - 1;
        let end = if end == 0 { last } else { end.min(last) };
        let (sender, target, time) = (self.sender.as_str(), self.target.as_str(), now());
        let names = (sender, target);
        let mut gap = None;
        let mut body = Vec::new();
        for number in begin..=end + 1 {
            let sent = self.sent.get(number as usize - 1).filter(|_| number <= end);
            let again =
                sent.filter(|sent| !["0", "1", "2", "4", "5", "A"].contains(&sent.msg_type));
            // What another client of this name has sent is not known here: it is filled over.
            if number <= end && again.is_none() {
                gap.get_or_insert(number);
                continue;
            }
            if let Some(from) = gap.take() {
                body.clear();
                let _ = write!(body, "43=Y\x01122={time}\x01123=Y\x0136={number}\x01");
                message(&mut self.outbound, "4", names, from, &time, &body);
            }
            if let Some(sent) = again {
                body.clear();
                let _ = write!(body, "43=Y\x01122={}\x01", sent.time);
                body.extend_from_slice(&sent.body);
                message(&mut self.outbound, sent.msg_type, names, number, &time, &body);
            }
        }
        Ok(())
    }
}

/// The number behind those that a gap fill stands for, where it is one.
fn filled_until(bytes: &[u8]) -> Option<u64> {
    let mut fields = Vec::new();
    // What is kept was split before.
    split(bytes, &mut fields).ok()??;
    let message = Incoming { bytes, fields: &fields };
    (message.msg_type() == "4").then(|| message.number(36))
}

/// What an error begins with when the connection has ended.
pub const CONNECTION_LOST: &str = "connection lost";

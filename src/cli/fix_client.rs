//! A small FIX 4.4 initiator for the demo and for replays.
//!
//! It shares no code with the venue's own FIX, so that a mistake there is not answered by the same
//! mistake here. It resets both numbers at its first logon, answers heartbeats and test requests, and takes
//! a gap in the venue's numbers as an error, since it never misses a message. Only a session that keeps what it
//! sent may lose its connection: it logs on again with its numbers, asks for what it missed, and sends again what
//! the venue missed.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mio::net::TcpStream;
use thiserror::Error;

/// Between fields.
const SOH: u8 = 0x01;
/// HeartBtInt of its sessions.
const HEART_BT_INT: Duration = Duration::from_secs(30);
/// How long the venue may take for its Logon or its Logout.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes read at once.
const READ_SIZE: usize = 64 * 1024;
/// The longest message that a venue may send; more is no FIX.
const MESSAGE_SIZE_MAX: usize = 64 * 1024;
/// Messages that a session keeps to send them again.
const KEPT_MAX: usize = 1 << 16;
/// `8=FIX.4.4<SOH>9=`.
const HEAD: &[u8] = b"8=FIX.4.4\x019=";
/// `10=nnn<SOH>`.
const TRAILER_SIZE: usize = 7;

/// Why a session ended.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The connection cannot be made or broke.
    #[error("{session}: {why}")]
    Io {
        /// Whose.
        session: String,
        /// What the system said.
        why: io::Error,
    },
    /// The venue closed the connection.
    #[error("{0}: the venue closed the connection")]
    Closed(String),
    /// The venue logged the session out.
    #[error("{session}: the venue logged the session out: {text}")]
    LoggedOut {
        /// Whose.
        session: String,
        /// The venue's Text.
        text: String,
    },
    /// What came is not the FIX that was expected.
    #[error("{session}: {what}")]
    Protocol {
        /// Whose.
        session: String,
        /// What is wrong.
        what: String,
    },
    /// The venue did not answer in time.
    #[error("{session}: no {what} within {} s", ANSWER_TIMEOUT.as_secs())]
    Timeout {
        /// Whose.
        session: String,
        /// What was awaited.
        what: &'static str,
    },
}

/// A message that came: its fields in order.
pub struct Incoming<'a> {
    bytes: &'a [u8],
    fields: &'a [(u32, Range<usize>)],
}

impl<'a> Incoming<'a> {
    /// The first field of this tag.
    pub fn get(&self, tag: u32) -> Option<&'a [u8]> {
        let field = self.fields.iter().find(|field| field.0 == tag)?;
        Some(&self.bytes[field.1.clone()])
    }

    /// The first field of this tag as text; empty where it is absent.
    pub fn text(&self, tag: u32) -> &'a str {
        self.get(tag).and_then(|value| std::str::from_utf8(value).ok()).unwrap_or("")
    }

    /// The first field of this tag as a whole number.
    pub fn number(&self, tag: u32) -> Option<u64> {
        self.text(tag).parse().ok()
    }

    /// MsgType.
    pub fn msg_type(&self) -> &'a str {
        self.text(35)
    }
}

/// One session over one connection.
pub struct FixClient {
    stream: TcpStream,
    sender: String,
    target: String,
    inbound: Vec<u8>,
    outbound: Vec<u8>,
    body: Vec<u8>,
    fields: Vec<(u32, Range<usize>)>,
    next_out: u64,
    next_in: u64,
    sent_at: Instant,
    clock: SendingTime,
    logged_out: bool,
    /// What was sent, the oldest first, where it is kept.
    kept: Option<VecDeque<Kept>>,
    /// Messages are missing, and were asked for.
    has_asked: bool,
}

/// A message that was sent. The session's own have no body: they are filled over.
struct Kept {
    number: u64,
    msg_type: String,
    time: String,
    body: Option<Vec<u8>>,
}

/// What a message's body is written to.
pub struct Body<'a>(&'a mut Vec<u8>);

impl Body<'_> {
    /// Adds a field.
    pub fn field(&mut self, tag: u32, value: impl std::fmt::Display) -> &mut Self {
        put(self.0, tag, value);
        self
    }
}

impl FixClient {
    /// Connects and logs on; both numbers begin at 1.
    pub fn connect(address: SocketAddr, sender: &str, target: &str) -> Result<Self, ClientError> {
        let stream = dial(address);
        let stream = stream.map_err(|why| ClientError::Io { session: sender.to_owned(), why })?;
        let mut client = Self {
            stream,
            sender: sender.to_owned(),
            target: target.to_owned(),
            inbound: Vec::with_capacity(READ_SIZE),
            outbound: Vec::with_capacity(READ_SIZE),
            body: Vec::with_capacity(512),
            fields: Vec::with_capacity(64),
            next_out: 1,
            next_in: 1,
            sent_at: Instant::now(),
            clock: SendingTime::default(),
            logged_out: false,
            kept: None,
            has_asked: false,
        };
        client.send("A", |body| {
            body.field(98, 0).field(108, HEART_BT_INT.as_secs()).field(141, 'Y');
        });
        client.await_message("A", "Logon")?;
        Ok(client)
    }

    /// Keeps what is sent from now on, so that [`FixClient::reconnect`] may be used.
    pub fn keep(&mut self) {
        self.kept = Some(VecDeque::new());
    }

    /// Connects anew and logs on with the numbers as they are. What was missed on either side comes with
    /// [`FixClient::receive`].
    pub fn reconnect(&mut self, address: SocketAddr) -> Result<(), ClientError> {
        self.stream = dial(address).map_err(|why| self.io(why))?;
        self.inbound.clear();
        self.outbound.clear();
        self.has_asked = false;
        self.send("A", |body| {
            body.field(98, 0).field(108, HEART_BT_INT.as_secs());
        });
        Ok(())
    }

    /// The connection, to be registered for readiness.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Whose session it is: its SenderCompID.
    pub fn name(&self) -> &str {
        &self.sender
    }

    /// Writes a message to the outbound buffer; [`FixClient::flush`] sends it.
    pub fn send(&mut self, msg_type: &str, fill: impl FnOnce(&mut Body<'_>)) {
        let time = self.clock.now();
        self.begin(msg_type, self.next_out, &time);
        let header = self.body.len();
        fill(&mut Body(&mut self.body));
        if let Some(kept) = &mut self.kept {
            let body = (!is_of_session(msg_type)).then(|| self.body[header..].to_vec());
            kept.push_back(Kept {
                number: self.next_out,
                msg_type: msg_type.to_owned(),
                time,
                body,
            });
            if kept.len() > KEPT_MAX {
                kept.pop_front();
            }
        }
        self.next_out += 1;
        self.end();
    }

    /// Begins a message with its header.
    fn begin(&mut self, msg_type: &str, number: u64, time: &str) {
        self.body.clear();
        put(&mut self.body, 35, msg_type);
        put(&mut self.body, 49, &self.sender);
        put(&mut self.body, 56, &self.target);
        put(&mut self.body, 34, number);
        put(&mut self.body, 52, time);
    }

    /// Puts the message that was begun in the outbound buffer.
    fn end(&mut self) {
        let start = self.outbound.len();
        self.outbound.extend_from_slice(HEAD);
        put_value(&mut self.outbound, self.body.len());
        self.outbound.extend_from_slice(&self.body);
        let sum = check_sum(&self.outbound[start..]);
        put(&mut self.outbound, 10, format_args!("{sum:03}"));
    }

    /// Sends what the connection takes now. True where all is sent.
    pub fn flush(&mut self) -> Result<bool, ClientError> {
        let mut written = 0;
        while written < self.outbound.len() {
            match self.stream.write(&self.outbound[written..]) {
                Ok(0) => return Err(ClientError::Closed(self.sender.clone())),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.io(error)),
            }
        }
        if written > 0 {
            self.outbound.drain(..written);
            self.sent_at = Instant::now();
        }
        Ok(self.outbound.is_empty())
    }

    /// Reads what is there and shows each business message and each reject to `visit`; answers the
    /// session's own messages itself. Returns the number of messages that came.
    pub fn receive(&mut self, visit: &mut dyn FnMut(&Incoming<'_>)) -> Result<usize, ClientError> {
        let mut count = 0;
        loop {
            let start = self.inbound.len();
            self.inbound.resize(start + READ_SIZE, 0);
            let read = self.stream.read(&mut self.inbound[start..]);
            self.inbound.truncate(start + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) if self.logged_out => return Ok(count),
                Ok(0) => return Err(ClientError::Closed(self.sender.clone())),
                Ok(_) => count += self.messages(visit)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.io(error)),
            }
        }
    }

    /// Sends a Heartbeat where one is due.
    pub fn tick(&mut self) {
        if self.outbound.is_empty() && self.sent_at.elapsed() > HEART_BT_INT.mul_f32(0.8) {
            self.send("0", |_| {});
        }
    }

    /// Logs out and waits for the venue's Logout.
    pub fn logout(mut self) -> Result<(), ClientError> {
        self.logged_out = true;
        self.send("5", |_| {});
        self.await_message("5", "Logout")
    }

    /// Waits until a message of this type came. Others are passed over.
    fn await_message(&mut self, awaited: &str, what: &'static str) -> Result<(), ClientError> {
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let mut came = false;
        loop {
            self.flush()?;
            let count = self.receive(&mut |message| came |= message.msg_type() == awaited)?;
            if came {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(ClientError::Timeout { session: self.sender.clone(), what });
            }
            if count == 0 {
                std::thread::sleep(Duration::from_micros(500));
            }
        }
    }

    /// Takes whole messages off the inbound buffer.
    fn messages(&mut self, visit: &mut dyn FnMut(&Incoming<'_>)) -> Result<usize, ClientError> {
        let inbound = std::mem::take(&mut self.inbound);
        let mut fields = std::mem::take(&mut self.fields);
        let mut at = 0;
        let mut count = 0;
        let mut outcome = Ok(());
        while outcome.is_ok() {
            match split(&inbound[at..], &mut fields) {
                Ok(None) => break,
                Ok(Some(length)) => {
                    let message = Incoming { bytes: &inbound[at..at + length], fields: &fields };
                    outcome = self.take(&message, visit);
                    at += length;
                    count += 1;
                }
                Err(what) => outcome = Err(self.protocol(what)),
            }
        }
        self.inbound = inbound;
        self.inbound.drain(..at);
        self.fields = fields;
        outcome.map(|()| count)
    }

    fn take(
        &mut self,
        message: &Incoming<'_>,
        visit: &mut dyn FnMut(&Incoming<'_>),
    ) -> Result<(), ClientError> {
        let number = message.number(34).unwrap_or(0);
        if self.kept.is_some() && number != self.next_in {
            if number < self.next_in && message.get(43) == Some(b"Y") {
                return Ok(());
            }
            if number > self.next_in {
                return self.miss(message, visit);
            }
        }
        if number != self.next_in && message.get(43) != Some(b"Y") {
            let expected = self.next_in;
            return Err(self.protocol(format!(
                "MsgSeqNum {number} came where {expected} was expected: {}",
                message.text(58)
            )));
        }
        self.next_in = number + 1;
        self.has_asked = false;
        match message.msg_type() {
            "0" => {}
            "2" if self.kept.is_some() => self.send_again(message.number(7).unwrap_or(1)),
            "4" if self.kept.is_some() => {
                self.next_in = message.number(36).unwrap_or(0).max(self.next_in);
            }
            "1" => {
                let id = message.text(112).to_owned();
                self.send("0", |body| {
                    body.field(112, id);
                });
            }
            "5" if !self.logged_out => {
                return Err(ClientError::LoggedOut {
                    session: self.sender.clone(),
                    text: message.text(58).to_owned(),
                });
            }
            _ => visit(message),
        }
        Ok(())
    }

    /// A message before which others are missing: all of them come again, this one too.
    fn miss(
        &mut self,
        message: &Incoming<'_>,
        visit: &mut dyn FnMut(&Incoming<'_>),
    ) -> Result<(), ClientError> {
        // A Logon is filled over when it comes again.
        if message.msg_type() == "A" {
            visit(message);
        }
        // What the venue misses is not to wait for what is missed here.
        if message.msg_type() == "2" {
            self.send_again(message.number(7).unwrap_or(1));
        }
        if !self.has_asked {
            self.has_asked = true;
            let next = self.next_in;
            self.send("2", |body| {
                body.field(7, next).field(16, 0);
            });
        }
        Ok(())
    }

    /// Sends again what was sent from a number on: possible duplicates, and gaps in place of the session's own.
    fn send_again(&mut self, from: u64) {
        let kept = self.kept.take().unwrap_or_default();
        let mut gap = None;
        for message in kept.iter().filter(|message| message.number >= from) {
            let Some(body) = &message.body else {
                gap.get_or_insert(message.number);
                continue;
            };
            if let Some(first) = gap.take() {
                self.fill_gap(first, message.number);
            }
            let now = self.clock.now();
            self.begin(&message.msg_type, message.number, &now);
            put(&mut self.body, 43, 'Y');
            put(&mut self.body, 122, &message.time);
            self.body.extend_from_slice(body);
            self.end();
        }
        if let Some(first) = gap {
            self.fill_gap(first, self.next_out);
        }
        self.kept = Some(kept);
    }

    fn fill_gap(&mut self, first: u64, next: u64) {
        let now = self.clock.now();
        self.begin("4", first, &now);
        put(&mut self.body, 43, 'Y');
        put(&mut self.body, 122, &now);
        put(&mut self.body, 123, 'Y');
        put(&mut self.body, 36, next);
        self.end();
    }

    fn io(&self, why: io::Error) -> ClientError {
        ClientError::Io { session: self.sender.clone(), why }
    }

    fn protocol(&self, what: impl Into<String>) -> ClientError {
        ClientError::Protocol { session: self.sender.clone(), what: what.into() }
    }
}

fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(TcpStream::from_std(stream))
}

/// A message of the session itself, which is never sent again.
fn is_of_session(msg_type: &str) -> bool {
    ["0", "1", "2", "4", "5", "A"].contains(&msg_type)
}

/// The length of the whole message that the bytes begin with, its fields listed; none where it is
/// not there to its end yet.
fn split(
    bytes: &[u8],
    fields: &mut Vec<(u32, Range<usize>)>,
) -> Result<Option<usize>, &'static str> {
    if bytes.len() < HEAD.len() + 2 {
        return Ok(None);
    }
    if !bytes.starts_with(HEAD) {
        return Err("what came does not begin like a FIX 4.4 message");
    }
    let rest = &bytes[HEAD.len()..];
    let Some(digits) = rest.iter().take(8).position(|byte| *byte == SOH) else {
        return if rest.len() < 8 { Ok(None) } else { Err("BodyLength is no number") };
    };
    let length: Option<usize> =
        std::str::from_utf8(&rest[..digits]).ok().and_then(|digits| digits.parse().ok());
    let body = length.filter(|length| *length <= MESSAGE_SIZE_MAX);
    let body = body.ok_or("BodyLength is no number that a message has")?;
    let end = HEAD.len() + digits + 1 + body;
    if bytes.len() < end + TRAILER_SIZE {
        return Ok(None);
    }
    let sum = check_sum(&bytes[..end]);
    let digit = |place: u8| b'0' + sum / place % 10;
    let trailer = [b'1', b'0', b'=', digit(100), digit(10), digit(1), SOH];
    if bytes[end..end + TRAILER_SIZE] != trailer {
        return Err("a message came whose CheckSum is wrong");
    }
    list(bytes, HEAD.len() + digits + 1..end, fields)?;
    Ok(Some(end + TRAILER_SIZE))
}

fn list(
    bytes: &[u8],
    body: Range<usize>,
    fields: &mut Vec<(u32, Range<usize>)>,
) -> Result<(), &'static str> {
    fields.clear();
    let mut at = body.start;
    while at < body.end {
        let field = &bytes[at..body.end];
        let length = field.iter().position(|byte| *byte == SOH).ok_or("a field has no end")?;
        let equals =
            field[..length].iter().position(|byte| *byte == b'=').ok_or("a field has no tag")?;
        let tag = std::str::from_utf8(&field[..equals]).ok().and_then(|tag| tag.parse().ok());
        fields.push((tag.ok_or("a tag is no number")?, at + equals + 1..at + length));
        at += length + 1;
    }
    Ok(())
}

fn put(out: &mut Vec<u8>, tag: u32, value: impl std::fmt::Display) {
    write(out, format_args!("{tag}="));
    put_value(out, value);
}

fn put_value(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    write(out, format_args!("{value}\x01"));
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a Vec cannot fail, and Display of a value here does not either.
    let _always_ok = out.write_fmt(text);
}

fn check_sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// UTC time as FIX writes it; the day's part is kept, since it rarely changes.
#[derive(Default)]
struct SendingTime {
    second: u64,
    text: String,
}

impl SendingTime {
    fn now(&mut self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if now.as_secs() != self.second || self.text.is_empty() {
            self.second = now.as_secs();
            self.text = utc(self.second);
        }
        format!("{}.{:03}", self.text, now.subsec_millis())
    }
}

/// `YYYYMMDD-HH:MM:SS` of a second since 1970 (days to a date after Howard Hinnant's
/// `civil_from_days`).
fn utc(second: u64) -> String {
    let days = second / 86_400 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hours, minutes, seconds) = (second / 3_600 % 24, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}-{hours:02}:{minutes:02}:{seconds:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> Vec<u8> {
        let body = body.replace('|', "\x01");
        let mut bytes = format!("8=FIX.4.4\x019={}\x01{body}", body.len()).into_bytes();
        let sum = check_sum(&bytes);
        put(&mut bytes, 10, format_args!("{sum:03}"));
        bytes
    }

    #[test]
    fn a_message_is_taken_only_when_it_is_whole() {
        let bytes = message("35=8|34=2|11=a|");
        let mut fields = Vec::new();
        for end in 0..bytes.len() {
            assert_eq!(split(&bytes[..end], &mut fields), Ok(None), "{end} bytes");
        }
        assert_eq!(split(&bytes, &mut fields), Ok(Some(bytes.len())));
        let message = Incoming { bytes: &bytes, fields: &fields };
        assert_eq!(message.msg_type(), "8");
        assert_eq!(message.number(34), Some(2));
        assert_eq!(message.text(11), "a");
        assert_eq!(message.get(99), None);
    }

    #[test]
    fn a_wrong_check_sum_is_an_error() {
        let mut bytes = message("35=0|34=2|");
        let last = bytes.len() - 2;
        bytes[last] = if bytes[last] == b'0' { b'1' } else { b'0' };
        assert!(split(&bytes, &mut Vec::new()).is_err());
    }

    #[test]
    fn bytes_that_are_no_fix_are_an_error() {
        let mut fields = Vec::new();
        for bytes in [
            "HTTP/1.1 400 Bad Request",
            "8=FIX.4.4\x019=abcdefghi\x01",
            "8=FIX.4.4\x019=-7\x0135=0",
        ] {
            assert!(split(bytes.as_bytes(), &mut fields).is_err(), "{bytes}");
        }
    }

    #[test]
    fn seconds_become_dates() {
        assert_eq!(utc(0), "19700101-00:00:00");
        assert_eq!(utc(951_782_399), "20000228-23:59:59");
        assert_eq!(utc(951_782_400), "20000229-00:00:00");
        assert_eq!(utc(4_102_444_799), "20991231-23:59:59");
    }
}

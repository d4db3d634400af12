//! A client that loses its venue and finds it again: one session, an order a millisecond, its numbers kept.
//!
//! It tries the other address once its connection is gone, and beside a connection over which nothing has come for a
//! while. Where it is let in it logs on with its next number, fills the gap that the venue asks for, sees by a
//! TestRequest that the venue is level with it, and then sends orders again.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use castle::gateway::network::send_at_once;

use super::nodes::wall_ns;
use crate::suite::wire::client::utc_now;
use crate::suite::wire::order::{Answer, Form, Order, Reader};
use crate::suite::wire::server::{VENUE, comp_id};

/// From one order to the next.
const EVERY: Duration = Duration::from_millis(1);
/// How long nothing may come before the other address is tried too.
const SILENCE: Duration = Duration::from_millis(20);
/// From one try to the next.
const TRY_EVERY: Duration = Duration::from_millis(1);
/// How long a venue that took the connection may take to let the session in.
const LOGON: Duration = Duration::from_millis(500);
/// How long it sleeps where nothing is due and nothing has come.
const NAP: Duration = Duration::from_micros(20);
/// How long the venue may be away at most.
const PATIENCE: Duration = Duration::from_secs(30);
const READ_SIZE: usize = 64 * 1024;

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    LoggingOn,
    /// The venue has answered, and may ask for what it missed.
    Levelling,
    Trading,
}

struct Line {
    to: usize,
    stream: TcpStream,
    stage: Stage,
    since: Instant,
    inbound: Vec<u8>,
    outbound: Vec<u8>,
}

/// What a client saw of a fault.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// The longest time between two answers, in nanoseconds.
    pub outage_ns: u64,
    /// When the last answer of the old primary came, in nanoseconds since 1970.
    pub last_ns: u64,
    /// When the first of the new one came.
    pub first_ns: u64,
}

/// See the module.
pub struct Trader {
    addresses: [SocketAddr; 2],
    form: Form,
    reader: Reader,
    line: Option<Line>,
    /// A connection to the other address, beside one that is silent.
    beside: Option<Line>,
    orders: u64,
    next_order: Instant,
    next_try: Instant,
    heard: Instant,
    /// The last answer to an order: when, in nanoseconds since 1970, and by which node.
    last: Option<(u64, usize)>,
    /// The longest time between two answers since it was last asked.
    longest_ns: u64,
    /// When one node answered for the last time, and then another for the first, since it was last asked.
    change: Option<(u64, u64)>,
}

impl Trader {
    /// A client of two nodes, at first of this one.
    pub fn new(addresses: [SocketAddr; 2], node: usize) -> Result<Self, String> {
        let now = Instant::now();
        let mut trader = Self {
            addresses,
            form: Form::new(&comp_id(0), VENUE),
            reader: Reader::default(),
            line: None,
            beside: None,
            orders: 0,
            next_order: now,
            next_try: now,
            heard: now,
            last: None,
            longest_ns: 0,
            change: None,
        };
        trader.line = trader.dial(node);
        let deadline = now + PATIENCE;
        while trader.last.is_none() {
            trader.turn()?;
            if Instant::now() > deadline {
                return Err("the client was not let in".to_owned());
            }
        }
        Ok(trader)
    }

    /// Trades for so long.
    pub fn trade(&mut self, length: Duration) -> Result<(), String> {
        let end = Instant::now() + length;
        while Instant::now() < end {
            self.turn()?;
        }
        Ok(())
    }

    /// Trades for so long, and until node `to` answers, which must take over; gives what was seen of it.
    pub fn outlast(&mut self, to: usize, length: Duration) -> Result<Seen, String> {
        (self.longest_ns, self.change) = (0, None);
        let begin = Instant::now();
        // For a moment longer: an answer that was on its way is no return.
        while begin.elapsed() < length || self.last.is_none_or(|(_, node)| node != to) {
            self.turn()?;
            if begin.elapsed() > PATIENCE {
                return Err(format!("node {to} did not answer within {} s", PATIENCE.as_secs()));
            }
        }
        let (last_ns, first_ns) = self.change.ok_or("the primary has not changed")?;
        Ok(Seen { outage_ns: self.longest_ns, last_ns, first_ns })
    }

    fn dial(&mut self, to: usize) -> Option<Line> {
        let stream = TcpStream::connect(self.addresses[to]).ok()?;
        send_at_once(&stream).ok()?;
        stream.set_nonblocking(true).ok()?;
        let mut outbound = Vec::new();
        self.form.put_other("A", &utc_now(), "98=0|108=60|", &mut outbound);
        let (stage, since) = (Stage::LoggingOn, Instant::now());
        Some(Line { to, stream, stage, since, inbound: Vec::new(), outbound })
    }

    fn turn(&mut self) -> Result<(), String> {
        let now = Instant::now();
        if now >= self.next_try {
            self.next_try = now + TRY_EVERY;
            self.look_around(now);
        }
        let is_trading = self.line.as_ref().is_some_and(|line| line.stage == Stage::Trading);
        if !is_trading {
            // What would have been sent meanwhile is not sent later.
            self.next_order = now;
        }
        if is_trading
            && now >= self.next_order
            && let Some(line) = &mut self.line
        {
            self.next_order = (self.next_order + EVERY).max(now);
            self.form.set_time(&utc_now());
            self.form.put_order(self.orders, Order::of(self.orders), &mut line.outbound);
            self.orders += 1;
        }
        let mut done = false;
        for mut line in [self.line.take(), self.beside.take()].into_iter().flatten() {
            let is_late = line.stage != Stage::Trading && line.since.elapsed() > LOGON;
            match self.serve(&mut line) {
                Ok(served) if !is_late => {
                    done |= served;
                    self.keep(line);
                }
                Err(Lost::Refused(text)) => return Err(text),
                Ok(_) | Err(Lost::Closed) => {}
            }
        }
        if !done {
            std::thread::sleep(NAP);
        }
        Ok(())
    }

    /// Keeps a connection; one on which the session trades takes the place of another.
    fn keep(&mut self, line: Line) {
        match &self.line {
            None => self.line = Some(line),
            Some(_) if line.stage == Stage::LoggingOn => self.beside = Some(line),
            Some(_) => self.line = Some(line),
        }
    }

    fn look_around(&mut self, now: Instant) {
        if self.beside.is_some() {
            return;
        }
        match &self.line {
            None => {
                // Whoever answered last is tried second.
                let last = self.last.map_or(1, |(_, node)| node);
                self.line = self.dial(1 - last).or_else(|| self.dial(last));
            }
            Some(line) if now.duration_since(self.heard.max(line.since)) > SILENCE => {
                let other = 1 - line.to;
                self.beside = self.dial(other);
            }
            Some(_) => {}
        }
    }

    /// Writes and reads what can be; whether anything came.
    fn serve(&mut self, line: &mut Line) -> Result<bool, Lost> {
        while !line.outbound.is_empty() {
            match line.stream.write(&line.outbound) {
                Ok(0) => return Err(Lost::Closed),
                Ok(written) => drop(line.outbound.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Err(Lost::Closed),
            }
        }
        let mut scratch = [0; READ_SIZE];
        match line.stream.read(&mut scratch) {
            Ok(0) => return Err(Lost::Closed),
            Ok(read) => line.inbound.extend_from_slice(&scratch[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(_) => return Err(Lost::Closed),
        }
        self.heard = Instant::now();
        let mut at = 0;
        loop {
            let next = self.reader.next(&line.inbound[at..]).map_err(|_| Lost::Closed)?;
            let Some((answer, size)) = next else { break };
            let message = at..at + size;
            at += size;
            self.take(line, answer, message)?;
        }
        line.inbound.drain(..at);
        Ok(true)
    }

    fn take(
        &mut self,
        line: &mut Line,
        answer: Answer,
        message: std::ops::Range<usize>,
    ) -> Result<(), Lost> {
        let message = &line.inbound[message];
        match answer {
            Answer::LoggedOn => {
                line.stage = Stage::Levelling;
                self.form.put_other("1", &utc_now(), "112=LEVEL|", &mut line.outbound);
            }
            Answer::TestRequest => {
                self.form.put_other("0", &utc_now(), "112=TEST|", &mut line.outbound);
            }
            Answer::Accepted(_) if !is_repeated(message) => self.answered(line.to),
            Answer::Refused => {
                let text = String::from_utf8_lossy(message).replace('\x01', "|");
                // A logout ends the connection, and nothing else; so does a node that is about to fall.
                if text.contains("|35=5|") {
                    return Err(Lost::Closed);
                }
                return Err(Lost::Refused(format!("the venue refused: {text}")));
            }
            Answer::Other => match value(message, b"\x0135=") {
                Some(b"2") => {
                    let from = value(message, b"\x017=")
                        .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
                    let Some(from) = from else { return Err(Lost::Closed) };
                    // The gap ends behind the TestRequest, which is asked again.
                    self.form.put_gap_fill(from, &utc_now(), &mut line.outbound);
                    self.form.put_other("1", &utc_now(), "112=LEVEL|", &mut line.outbound);
                }
                Some(b"0") if value(message, b"\x01112=") == Some(b"LEVEL") => {
                    line.stage = Stage::Trading;
                }
                _ => {}
            },
            Answer::Accepted(_) | Answer::Traded | Answer::Canceled => {}
        }
        Ok(())
    }

    /// An order was answered.
    fn answered(&mut self, node: usize) {
        let now_ns = wall_ns();
        if let Some((last_ns, last)) = self.last {
            self.longest_ns = self.longest_ns.max(now_ns.saturating_sub(last_ns));
            if last != node {
                self.change = Some((last_ns, now_ns));
            }
        }
        self.last = Some((now_ns, node));
    }
}

/// Why a connection is over.
enum Lost {
    Closed,
    /// What no fault explains.
    Refused(String),
}

/// Whether the message was sent before.
fn is_repeated(message: &[u8]) -> bool {
    value(message, b"\x0143=") == Some(b"Y")
}

/// The value behind a tag.
fn value<'a>(message: &'a [u8], tag: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(message, tag)? + tag.len();
    message[at..].split(|byte| *byte == 1).next()
}

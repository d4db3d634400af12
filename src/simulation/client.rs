//! A trader over the simulated network, who keeps all that he was told and notices what contradicts it.

mod message;
mod orders;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};

use crate::fix::frame::{self, Frame};
use crate::fix::time;
use crate::gateway::simulated::{SimulatedStream, SimulatedWorld};
use crate::journal::simulated::Random;

use message::Fields;
pub use message::read;
pub use orders::Orders;
use orders::Request;

/// How long a trader waits before he connects again.
const RETRY_NS: u64 = 2_000_000;
/// How long he waits for an answer to his Logon or to the connection itself.
const PATIENCE_NS: u64 = 60_000_000;
/// Orders that he has not been answered at most.
const UNANSWERED_MAX: usize = 24;
/// What he reads from the network at a time.
const CHUNK_BYTES: usize = 8_192;

/// A message with a number that came from the venue.
#[derive(Clone, PartialEq, Eq)]
pub struct Told {
    /// MsgType.
    kind: u8,
    /// The record that it is a report of; 0 where it does not say.
    record: u64,
    /// All that it says: what is in it again when it is sent again.
    pub lasting: Box<[u8]>,
}

impl Told {
    /// Whether it is of the session itself: never sent again, but filled as a gap.
    fn is_admin(&self) -> bool {
        matches!(self.kind, b'A' | b'5' | b'0' | b'1' | b'2')
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&message::shown(&self.lasting))
    }
}

enum Way {
    Away { until_ns: u64 },
    Dialled { since_ns: u64 },
    LoggingOn { since_ns: u64 },
    In,
}

/// See the module.
pub struct Client {
    host: IpAddr,
    /// His session, as the venue names it.
    pub comp_id: String,
    venues: Vec<SocketAddr>,
    /// The one that he talks to.
    at: usize,
    way: Way,
    stream: Option<SimulatedStream>,
    inbound: Vec<u8>,
    unsent: Vec<u8>,
    /// What is read at a time.
    chunk: Box<[u8]>,
    next_out: u64,
    /// What he sent since the beginning, for a resend: empty for a message of the session.
    sent: BTreeMap<u64, String>,
    /// The number that he expects.
    next_in: u64,
    /// The last that came for the first time on this connection; 0 before that.
    live: u64,
    /// All that came up to here he wants again, and what came of it up to there.
    again: Option<(u64, u64)>,
    /// By number, as it was told the first time; none where a gap was filled.
    pub told: BTreeMap<u64, Option<Told>>,
    /// The number of the answer to each request.
    answers: BTreeMap<String, u64>,
    unanswered: BTreeMap<String, u64>,
    orders: Orders,
    ids: u64,
    /// He has asked for what he misses up to here.
    asked_to: u64,
    /// What is wrong.
    pub complaint: Option<String>,
    /// Orders and cancels that he has sent.
    pub commands: u64,
    /// What came again.
    pub resent: u64,
    /// The last record whose effects he was told.
    pub last_record: u64,
    wall_ns: u64,
}

impl Client {
    /// One who has not connected yet.
    pub fn new(host: IpAddr, comp_id: &str, venues: Vec<SocketAddr>) -> Self {
        Self {
            host,
            comp_id: comp_id.to_owned(),
            venues,
            at: 0,
            way: Way::Away { until_ns: 0 },
            stream: None,
            inbound: Vec::new(),
            unsent: Vec::new(),
            chunk: vec![0; CHUNK_BYTES].into_boxed_slice(),
            next_out: 1,
            sent: BTreeMap::new(),
            next_in: 1,
            live: 0,
            again: None,
            told: BTreeMap::new(),
            answers: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            orders: Orders::default(),
            ids: 0,
            asked_to: 0,
            complaint: None,
            commands: 0,
            resent: 0,
            last_record: 0,
            wall_ns: 0,
        }
    }

    /// Whether he is logged on.
    pub fn is_in(&self) -> bool {
        matches!(self.way, Way::In)
    }

    /// How many orders and cancels were answered.
    pub fn answered(&self) -> usize {
        self.answers.len()
    }

    /// Whether he has everything up to the last number that he knows of.
    pub fn misses_nothing(&self) -> bool {
        self.told.last_key_value().is_none_or(|(last, _)| self.next_in > *last)
    }

    /// What he asked for and was not answered, nor gave up.
    pub fn unanswered(&self) -> impl Iterator<Item = (&str, &str)> {
        let sent = |id: &str| {
            let sent = self.sent.values().find(|kept| kept.contains(&format!("={id}|")));
            sent.map_or("", String::as_str)
        };
        self.unanswered.keys().map(move |id| (id.as_str(), sent(id)))
    }

    /// Whether everything that he asked for was answered, or he gave it up.
    pub fn waits_for_nothing(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Whether everything that he asked for again has come.
    pub fn has_all_again(&self) -> bool {
        self.again.is_none_or(|(wanted, came)| came >= wanted)
    }

    /// All that he was told in one number, and how much of it again.
    pub fn digest(&self) -> u64 {
        let told = self.told.iter().fold(self.resent as u32, |sum, (number, told)| {
            let lasting = told.as_ref().map_or(&[][..], |told| &told.lasting[..]);
            crc32c::crc32c_append(sum ^ *number as u32, lasting)
        });
        u64::from(told) << u32::BITS | (self.commands ^ self.next_out << 16) & u64::from(u32::MAX)
    }

    /// A turn.
    pub fn work(&mut self, world: &SimulatedWorld, now_ns: u64, wall_ns: u64, random: &mut Random) {
        self.wall_ns = wall_ns;
        match self.way {
            Way::Away { until_ns } if now_ns < until_ns => return,
            Way::Away { .. } => {
                self.stream = Some(world.connect(self.host, self.venues[self.at]));
                self.inbound.clear();
                self.unsent.clear();
                self.live = 0;
                self.way = Way::Dialled { since_ns: now_ns };
            }
            Way::Dialled { since_ns } => {
                let connected = self.stream.as_mut().map(|stream| stream.read(&mut []));
                match connected {
                    Some(Ok(_)) => {
                        self.way = Way::LoggingOn { since_ns: now_ns };
                        self.send("A", "98=0|108=30|", false);
                    }
                    Some(Err(error)) if error.kind() == ErrorKind::WouldBlock => {
                        if now_ns > since_ns + PATIENCE_NS {
                            self.leave(now_ns);
                        }
                        return;
                    }
                    _ => return self.leave(now_ns),
                }
            }
            Way::LoggingOn { since_ns } if now_ns > since_ns + PATIENCE_NS => {
                return self.leave(now_ns);
            }
            Way::LoggingOn { .. } | Way::In => {}
        }
        self.flush();
        self.read(now_ns, random);
    }

    /// Hangs up, and tries the next venue.
    pub fn leave(&mut self, now_ns: u64) {
        self.stream = None;
        self.at = (self.at + 1) % self.venues.len();
        self.way = Way::Away { until_ns: now_ns + RETRY_NS };
        self.asked_to = 0;
    }

    /// How long he has waited for the answer to something.
    pub fn is_waiting_since(&self, now_ns: u64) -> u64 {
        self.unanswered.values().min().map_or(0, |since_ns| now_ns.saturating_sub(*since_ns))
    }

    /// Waits no longer: goes elsewhere, and waits anew.
    pub fn give_up_waiting(&mut self, now_ns: u64) {
        self.unanswered.values_mut().for_each(|since_ns| *since_ns = now_ns);
        self.leave(now_ns);
    }

    /// Sends a request, if he may.
    pub fn trade(&mut self, now_ns: u64, random: &mut Random) -> bool {
        if !self.is_in() || self.unanswered.len() >= UNANSWERED_MAX {
            return false;
        }
        self.ids += 1;
        self.commands += 1;
        let id = format!("{}-{}", self.comp_id, self.ids);
        let time = time::text(self.wall_ns);
        let Request { kind, fields } =
            self.orders.next(&id, &String::from_utf8_lossy(&time), random);
        self.unanswered.insert(id, now_ns);
        self.send(kind, &fields, true);
        true
    }

    /// Asks for everything again.
    pub fn ask_for_all(&mut self) {
        self.again = self.told.last_key_value().map(|(last, _)| (*last, 0));
        self.send("2", "7=1|16=0|", false);
    }

    fn send(&mut self, kind: &str, fields: &str, is_order: bool) {
        let number = self.next_out;
        self.next_out += 1;
        let kept = if is_order { format!("{kind}|{fields}") } else { String::new() };
        self.sent.insert(number, kept);
        self.put(kind, number, "", fields);
        self.flush();
    }

    fn put(&mut self, kind: &str, number: u64, header: &str, fields: &str) {
        let time = time::text(self.wall_ns);
        let time = String::from_utf8_lossy(&time);
        let body = format!(
            "35={kind}|49={}|56=CASTLE|34={number}|52={time}|{header}{fields}",
            self.comp_id
        );
        let start = self.unsent.len();
        let beginning = format!("8=FIX.4.4|9={}|", body.len());
        for text in [beginning, body] {
            self.unsent.extend(text.bytes().map(|byte| if byte == b'|' { 1 } else { byte }));
        }
        let sum = frame::check_sum(&self.unsent[start..]);
        self.unsent.extend_from_slice(b"10=");
        self.unsent.extend_from_slice(&sum);
        self.unsent.push(1);
    }

    fn flush(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        if !self.unsent.is_empty()
            && let Ok(written) = stream.write(&self.unsent)
        {
            self.unsent.drain(..written);
        }
    }

    fn read(&mut self, now_ns: u64, random: &mut Random) {
        let mut is_over = false;
        while let Some(stream) = &mut self.stream {
            match stream.read(&mut self.chunk) {
                Ok(length) if length > 0 => self.inbound.extend_from_slice(&self.chunk[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                _ => {
                    is_over = true;
                    break;
                }
            }
        }
        let inbound = std::mem::take(&mut self.inbound);
        let mut at = 0;
        while let Frame::Message { length } = frame::next(&inbound[at..], 65_536) {
            self.take(&inbound[at..at + length], random);
            at += length;
        }
        self.inbound = inbound;
        self.inbound.drain(..at);
        if is_over {
            self.leave(now_ns);
        }
        if self.is_in() && !self.misses_nothing() {
            let last = self.told.last_key_value().map_or(0, |(last, _)| *last);
            if self.asked_to < self.next_in {
                self.asked_to = last;
                let fields = format!("7={}|16=0|", self.next_in);
                self.send("2", &fields, false);
            }
        }
        self.flush();
    }

    fn complain(&mut self, what: String) {
        self.complaint.get_or_insert(format!("{}: {what}", self.comp_id));
    }

    fn take(&mut self, message: &[u8], random: &mut Random) {
        let (fields, lasting) = message::read(message);
        let number: u64 = fields.number(34);
        let kind = fields.get(35).bytes().next().unwrap_or(0);
        let is_again = fields.get(43) == "Y";
        let (sent, first_sent) = (fields.get(52), fields.get(122));
        if is_again && first_sent > sent {
            self.complain(format!(
                "number {number} is sent at {sent}, and was first at {first_sent}"
            ));
        }
        match kind {
            b'A' if !is_again => self.way = Way::In,
            b'2' => self.resend(fields.number(7), fields.number(16), random),
            b'1' if !is_again => {
                let id = format!("112={}|", fields.get(112));
                self.send("0", &id, false);
            }
            b'4' => return self.fill(number, fields.number(36)),
            _ => {}
        }
        // An ExecID is shard, record and event.
        let record = fields.get(17).split('-').nth(1).and_then(|record| record.parse().ok());
        let told = Told { kind, record: record.unwrap_or(0), lasting };
        let answers = answered(kind, &fields).to_owned();
        self.keep(number, told, is_again, answers);
    }

    fn keep(&mut self, number: u64, told: Told, is_again: bool, answers: String) {
        if is_again {
            self.resent += 1;
            self.came_again(number, number + 1);
        } else {
            let known = self.told.last_key_value().map_or(0, |(last, _)| *last);
            let follows = if self.live == 0 { number > known } else { number == self.live + 1 };
            if !follows {
                let (live, before) = (self.live, self.told.get(&number));
                return self.complain(format!(
                    "number {number} comes behind {live} on this connection, where {known} is known: {told:?}, \
                     before {before:?}"
                ));
            }
            self.live = number;
        }
        match self.told.get(&number) {
            Some(Some(first)) if *first != told => {
                return self.complain(format!("number {number} was {first:?}, and is {told:?}"));
            }
            Some(None) => {
                return self.complain(format!("number {number} was a gap, and is {told:?}"));
            }
            _ if is_again && told.is_admin() => {
                return self.complain(format!("number {number} is sent again: {told:?}"));
            }
            _ => {}
        }
        if !answers.is_empty() {
            self.unanswered.remove(&answers);
            let before = self.answers.insert(answers.clone(), number);
            if let Some(before) = before.filter(|before| *before != number) {
                self.complain(format!(
                    "{answers} was answered by number {before}, and by number {number}: {told:?}"
                ));
            }
        }
        self.last_record = self.last_record.max(told.record);
        self.told.insert(number, Some(told));
        self.go_on();
    }

    /// The venue fills a gap up to before `next`.
    fn fill(&mut self, number: u64, next: u64) {
        self.came_again(number, next);
        for number in number..next {
            let known = self.told.entry(number).or_insert(None);
            if known.as_ref().is_some_and(|known| !known.is_admin()) {
                let what = format!("number {number} was {known:?}, and is filled as a gap");
                return self.complain(what);
            }
        }
        self.go_on();
    }

    /// What he wanted again goes on from one number to before another.
    fn came_again(&mut self, number: u64, next: u64) {
        if let Some((_, came)) = &mut self.again
            && number <= *came + 1
        {
            *came = next.saturating_sub(1).max(*came);
        }
    }

    fn go_on(&mut self) {
        while self.told.contains_key(&self.next_in) {
            self.next_in += 1;
        }
    }

    /// The venue lacks what this trader sent: he sends his orders again, or gives them up.
    fn resend(&mut self, begin: u64, end: u64, random: &mut Random) {
        let end = if end == 0 { self.next_out - 1 } else { end.min(self.next_out - 1) };
        let gives_up = random.below(3) == 0;
        let mut number = begin;
        while number <= end {
            let kept = self.sent.get(&number).cloned().unwrap_or_default();
            if let (false, Some((kind, fields))) = (gives_up, kept.split_once('|')) {
                let time = time::text(self.wall_ns);
                let header = format!("43=Y|122={}|", String::from_utf8_lossy(&time));
                self.put(kind, number, &header, fields);
                number += 1;
                continue;
            }
            let first = number;
            while number <= end && (gives_up || self.sent.get(&number).is_none_or(String::is_empty))
            {
                if gives_up {
                    self.forget(number);
                }
                number += 1;
            }
            let fields = format!("123=Y|36={number}|");
            let time = time::text(self.wall_ns);
            let header = format!("43=Y|122={}|", String::from_utf8_lossy(&time));
            self.put("4", first, &header, &fields);
        }
    }

    /// A request was given up: nobody will answer it.
    fn forget(&mut self, number: u64) {
        let Some(kept) = self.sent.get(&number) else { return };
        let named = |tag: &str| {
            let (_, rest) = kept.split_once(tag)?;
            rest.split('|').next()
        };
        if let Some(id) = named("|11=").or_else(|| named("|584=")) {
            self.unanswered.remove(id);
        }
    }
}

/// The request that a message answers; empty where it answers none. A cancel that nobody asked for names no request.
fn answered<'a>(kind: u8, fields: &Fields<'a>) -> &'a str {
    match (kind, fields.get(150)) {
        (b'9' | b'r', _) | (b'8', "0" | "5" | "8") => fields.get(11),
        (b'8', "4") if !fields.get(41).is_empty() => fields.get(11),
        (b'8', "I") if fields.get(912) == "Y" => fields.get(584),
        // Asked for too much.
        (b'j', _) => fields.get(379),
        _ => "",
    }
}

#[cfg(test)]
mod tests;

//! Clients that nobody wants: one that never reads, and one that sends what is no message, or almost one. Neither may
//! harm anybody else; what they are told nobody checks.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};

use crate::fix::{frame, time};
use crate::gateway::simulated::{SimulatedStream, SimulatedWorld};
use crate::journal::simulated::Random;
use crate::simulation::client::Orders;

/// How long one waits before it connects again, at most.
const RETRY_NS: u64 = 20_000_000;
/// How long one waits for a connection.
const PATIENCE_NS: u64 = 60_000_000;
/// One in so many turns it sends something.
const SENDS_ONE_IN: u64 = 8;
/// Of the messages of the one that garbles one in so many is what it should be.
const WHOLE_ONE_IN: u64 = 3;

/// What a client does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// It never reads.
    Deaf,
    /// Bytes of what it sends are changed, lost or there twice.
    Garbling,
}

impl Habit {
    /// All of them, in the order of their sessions, which come behind those of traders.
    pub const ALL: [Self; 2] = [Self::Deaf, Self::Garbling];

    /// Its session. No change of a byte makes it a trader's.
    pub fn comp_id(self) -> &'static str {
        match self {
            Self::Deaf => "DEAFNESS",
            Self::Garbling => "GARBLING",
        }
    }
}

enum Way {
    Away { until_ns: u64 },
    Dialled { since_ns: u64 },
    Up,
}

/// See the module.
pub struct Nuisance {
    habit: Habit,
    host: IpAddr,
    venues: Vec<SocketAddr>,
    at: usize,
    way: Way,
    stream: Option<SimulatedStream>,
    unsent: Vec<u8>,
    number: u64,
    orders: Orders,
    ids: u64,
    /// Messages sent.
    pub sent: u64,
    /// Connections that the venue ended.
    pub ended: u64,
}

impl Nuisance {
    /// One who has not connected yet.
    pub fn new(habit: Habit, host: IpAddr, venues: Vec<SocketAddr>) -> Self {
        Self {
            habit,
            host,
            venues,
            at: 0,
            way: Way::Away { until_ns: 0 },
            stream: None,
            unsent: Vec::new(),
            number: 0,
            orders: Orders::default(),
            ids: 0,
            sent: 0,
            ended: 0,
        }
    }

    /// A turn.
    pub fn work(&mut self, world: &SimulatedWorld, now_ns: u64, wall_ns: u64, random: &mut Random) {
        match self.way {
            Way::Away { until_ns } if now_ns < until_ns => {}
            Way::Away { .. } => {
                self.stream = Some(world.connect(self.host, self.venues[self.at]));
                self.way = Way::Dialled { since_ns: now_ns };
            }
            Way::Dialled { since_ns } => {
                let connected = self.stream.as_mut().map(|stream| stream.read(&mut []));
                match connected {
                    Some(Ok(_)) => {
                        self.way = Way::Up;
                        (self.number, self.unsent) = (0, Vec::new());
                        self.put("A", "98=0|108=30|141=Y|", wall_ns);
                        self.sent += 1;
                    }
                    Some(Err(error))
                        if error.kind() == ErrorKind::WouldBlock
                            && now_ns <= since_ns + PATIENCE_NS => {}
                    _ => self.leave(now_ns, random),
                }
            }
            Way::Up => self.annoy(now_ns, wall_ns, random),
        }
    }

    fn leave(&mut self, now_ns: u64, random: &mut Random) {
        self.stream = None;
        self.at = (self.at + 1) % self.venues.len();
        self.way = Way::Away { until_ns: now_ns + random.below(RETRY_NS) };
    }

    fn annoy(&mut self, now_ns: u64, wall_ns: u64, random: &mut Random) {
        // What a slow client does not get away is nothing new either.
        if self.unsent.is_empty() && random.below(SENDS_ONE_IN) == 0 {
            self.ids += 1;
            let id = format!("{}-{}", self.habit.comp_id(), self.ids);
            let time = time::text(wall_ns);
            let time = String::from_utf8_lossy(&time);
            let start = self.unsent.len();
            match random.below(4) {
                0 => self.put("2", "7=1|16=0|", wall_ns),
                1 => self.put("AF", &format!("584={id}|585=7|"), wall_ns),
                _ => {
                    let request = self.orders.next(&id, &time, random);
                    self.put(request.kind, &request.fields, wall_ns);
                }
            }
            if self.habit == Habit::Garbling && random.below(WHOLE_ONE_IN) != 0 {
                garble(&mut self.unsent, start, random);
            }
            self.sent += 1;
        }
        if self.is_over() {
            self.ended += 1;
            self.leave(now_ns, random);
        }
    }

    /// Writes what it has to say, and reads unless it is deaf. Whether the connection is over.
    fn is_over(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return true };
        let is_lost = |error: &std::io::Error| error.kind() != ErrorKind::WouldBlock;
        match stream.write(&self.unsent) {
            Ok(written) => drop(self.unsent.drain(..written)),
            Err(error) if is_lost(&error) => return true,
            Err(_) => {}
        }
        let mut chunk = [0; 4_096];
        let room = if self.habit == Habit::Deaf { 0 } else { chunk.len() };
        match stream.read(&mut chunk[..room]) {
            Ok(length) => length == 0 && room > 0,
            Err(error) => is_lost(&error),
        }
    }

    fn put(&mut self, kind: &str, fields: &str, wall_ns: u64) {
        self.number += 1;
        let time = time::text(wall_ns);
        let body = format!(
            "35={kind}|49={}|56=CASTLE|34={}|52={}|{fields}",
            self.habit.comp_id(),
            self.number,
            String::from_utf8_lossy(&time)
        );
        self.unsent.extend_from_slice(&framed(&body.replace('|', "\u{1}")));
    }
}

/// A body with BodyLength before it and CheckSum behind.
fn framed(body: &str) -> Vec<u8> {
    let mut message = format!("8=FIX.4.4\u{1}9={}\u{1}{body}", body.len()).into_bytes();
    let sum = frame::check_sum(&message);
    message.extend_from_slice(b"10=");
    message.extend_from_slice(&sum);
    message.push(1);
    message
}

/// Changes the message from `start` on; now and then its length and sum are right again.
fn garble(bytes: &mut Vec<u8>, start: usize, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let length = (bytes.len() - start) as u64;
        if length < 2 {
            return;
        }
        let at = start + random.below(length) as usize;
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.draw() as u8,
            2 => drop(bytes.drain(at..(at + 1 + random.below(8) as usize).min(bytes.len()))),
            3 => bytes.insert(at, [1, b'=', b'0', 0xff][random.below(4) as usize]),
            _ => {
                let end = (at + 1 + random.below(40) as usize).min(bytes.len());
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
        }
    }
    if random.below(2) == 0 {
        let text = String::from_utf8_lossy(&bytes[start..]).into_owned();
        let body = text.split_once("\u{1}35=").map(|(_, rest)| format!("35={rest}"));
        let body = body.and_then(|body| Some(body.rsplit_once("10=")?.0.to_owned()));
        if let Some(body) = body {
            bytes.truncate(start);
            bytes.extend_from_slice(&framed(&body));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::frame::Frame;

    #[test]
    fn what_is_garbled_differs_and_is_still_a_frame_now_and_then() {
        let mut random = Random::new(1);
        let whole = framed("35=D\u{1}49=GARBLING\u{1}34=2\u{1}11=1\u{1}54=1\u{1}");
        let (mut changed, mut frames) = (0, 0);
        for _ in 0..1_000 {
            let mut bytes = whole.clone();
            garble(&mut bytes, 0, &mut random);
            let is_frame = matches!(frame::next(&bytes, 65_536), Frame::Message { .. });
            changed += u32::from(bytes != whole);
            frames += u32::from(is_frame && bytes != whole);
        }
        assert!(changed > 900, "{changed}");
        assert!((200..800).contains(&frames), "{frames} of 1,000 are read further");
    }
}

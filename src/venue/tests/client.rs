//! A FIX client over a simulated network, which keeps what it was told, by number.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};

use crate::fix::frame::{self, Frame};
use crate::fix::time;
use crate::gateway::simulated::{SimulatedStream, SimulatedWorld};
use crate::runtime::Now;

/// See the module.
pub(super) struct Client {
    host: IpAddr,
    pub comp_id: &'static str,
    stream: Option<SimulatedStream>,
    inbound: Vec<u8>,
    unsent: Vec<u8>,
    refused: bool,
    pub is_logged_on: bool,
    next_out: u64,
    /// The number that it expects.
    pub next_in: u64,
    /// What came the first time: the report's lasting fields; empty for a message of the session.
    pub told: BTreeMap<u64, String>,
    /// What came again, marked as such.
    pub again: BTreeMap<u64, String>,
    pub again_in_order: bool,
    last_again: u64,
}

impl Client {
    pub fn new(host: IpAddr, comp_id: &'static str) -> Self {
        Self {
            host,
            comp_id,
            stream: None,
            inbound: Vec::new(),
            unsent: Vec::new(),
            refused: false,
            is_logged_on: false,
            next_out: 1,
            next_in: 1,
            told: BTreeMap::new(),
            again: BTreeMap::new(),
            again_in_order: true,
            last_again: 0,
        }
    }

    pub fn connect(&mut self, world: &SimulatedWorld, to: SocketAddr) {
        self.stream = Some(world.connect(self.host, to));
        self.inbound.clear();
        self.unsent.clear();
        (self.refused, self.is_logged_on) = (false, false);
    }

    pub fn was_refused(&mut self) -> bool {
        self.read();
        self.refused
    }

    pub fn is_gone(&self) -> bool {
        self.stream.is_none()
    }

    pub fn log_on(&mut self, now: Now) {
        self.send(now, "35=A|98=0|108=30|");
    }

    pub fn order(&mut self, now: Now, id: &str, side: &str, quantity: u64, price: u64) {
        let time = time::text(now.wall_ns);
        let time = String::from_utf8_lossy(&time);
        let price = format!("{}.{:02}", price / 100, price % 100);
        self.send(
            now,
            &format!(
                "35=D|11={id}|55=AAAUSD|54={side}|60={time}|38={quantity}|40=2|44={price}|59=1|"
            ),
        );
    }

    /// Sends a message whose header but MsgType is added here.
    pub fn send(&mut self, now: Now, fields: &str) {
        let (kind, rest) = fields.split_once('|').expect("a MsgType and more");
        let time = time::text(now.wall_ns);
        let (number, time) = (self.next_out, String::from_utf8_lossy(&time));
        self.next_out += 1;
        let body = format!("{kind}|49={}|56=CASTLE|34={number}|52={time}|{rest}", self.comp_id);
        let mut bytes =
            format!("8=FIX.4.4|9={}|{body}", body.len()).replace('|', "\x01").into_bytes();
        let sum = frame::check_sum(&bytes);
        bytes.extend_from_slice(b"10=");
        bytes.extend_from_slice(&sum);
        bytes.push(1);
        self.unsent.extend_from_slice(&bytes);
        self.flush();
    }

    fn flush(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        if let Ok(written) = stream.write(&self.unsent) {
            self.unsent.drain(..written);
        }
    }

    pub fn read(&mut self) {
        self.flush();
        let mut bytes = [0; 4_096];
        while let Some(stream) = &mut self.stream {
            match stream.read(&mut bytes) {
                Ok(length) if length > 0 => self.inbound.extend_from_slice(&bytes[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                ended => {
                    let refused = ErrorKind::ConnectionRefused;
                    self.refused = ended.is_err_and(|error| error.kind() == refused);
                    self.stream = None;
                    self.is_logged_on = false;
                }
            }
        }
        while let Frame::Message { length } = frame::next(&self.inbound, 65_536) {
            let message: Vec<u8> = self.inbound.drain(..length).collect();
            self.take(&String::from_utf8_lossy(&message).replace('\x01', "|"));
        }
    }

    fn take(&mut self, message: &str) {
        let field = |tag: &str| {
            let found = message.split('|').find_map(|field| field.strip_prefix(tag));
            found.unwrap_or("").to_owned()
        };
        let number: u64 = field("34=").parse().expect("a MsgSeqNum");
        let kind = field("35=");
        let is_report = kind == "8" || kind == "9";
        // OrderID, ExecID, ClOrdID, ExecType, OrdStatus, LastQty, LastPx, CumQty.
        let lasting = ["37=", "17=", "11=", "150=", "39=", "32=", "31=", "14="];
        let report = lasting.map(|tag| format!("|{tag}{}", field(tag))).concat() + "|";
        let report = if is_report { report } else { String::new() };
        self.is_logged_on |= kind == "A";
        if field("43=") == "Y" {
            self.again_in_order &= number > self.last_again;
            self.last_again = number;
            self.again.insert(number, report);
            return;
        }
        assert!(self.told.insert(number, report).is_none(), "number {number} came twice");
        self.next_in = self.next_in.max(number + 1);
    }
}

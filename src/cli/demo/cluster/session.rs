//! A trader whose session goes on from one node to the other.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Shared;
use crate::cli::demo::quotes::{MARKETS, Random, decimal};
use crate::cli::fix_client::{ClientError, FixClient, Incoming};

/// Requests unanswered at once.
const UNANSWERED_MAX: u64 = 2_000;
/// Orders that rest at once; the oldest is canceled then.
const OPEN_MAX: usize = 50;
/// How long a trader tries to come back, and waits for its last answers.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(1);
/// Between two looks at the socket.
const LOOK: Duration = Duration::from_micros(500);
const TIME: &str = "20260101-00:00:00.000";

/// What a trader was told.
pub struct Told {
    pub name: String,
    pub account: u32,
    pub requests: u64,
    pub answers: u64,
    /// ClOrdIDs of the orders that were accepted, in the order in which that was told.
    pub accepted: Vec<u64>,
    /// How many of them before the kill.
    pub accepted_before: usize,
    /// Reports, each once.
    pub executions: u64,
    /// Reports that came again as possible duplicates, and had come.
    pub again: u64,
    /// The same execution, told as a new one.
    pub doubled: u64,
    /// From the kill to the Logon at the other node.
    pub logged_on: Option<Duration>,
    /// From the kill to the first new report.
    pub outage: Option<Duration>,
}

/// See the module.
pub struct Session {
    client: FixClient,
    addresses: [SocketAddr; 2],
    rate: u64,
    random: Random,
    open: Vec<(u64, usize, char)>,
    answered: Vec<bool>,
    seen: HashSet<String>,
    told: Told,
    is_back: bool,
    broken: Option<String>,
}

impl Session {
    /// Logs on at the first node.
    pub fn connect(index: u32, addresses: [SocketAddr; 2], rate: u64) -> Result<Self, String> {
        let name = format!("TRADER{}", index + 1);
        let deadline = Instant::now() + PATIENCE;
        let mut client = loop {
            match FixClient::connect(addresses[0], &name, "CASTLE") {
                Ok(client) => break client,
                Err(error) if Instant::now() > deadline => return Err(error.to_string()),
                Err(_) => std::thread::sleep(RETRY),
            }
        };
        client.keep();
        let told = Told {
            name,
            account: (index + 2),
            requests: 0,
            answers: 0,
            accepted: Vec::new(),
            accepted_before: 0,
            executions: 0,
            again: 0,
            doubled: 0,
            logged_on: None,
            outage: None,
        };
        Ok(Self {
            client,
            addresses,
            rate,
            random: Random::new(0x9e37_79b9_7f4a_7c15 ^ u64::from(index) << 32),
            open: Vec::new(),
            answered: Vec::new(),
            seen: HashSet::new(),
            told,
            is_back: false,
            broken: None,
        })
    }

    /// Trades until it is over, then waits for the last answers and logs out.
    pub fn trade(mut self, shared: &Shared) -> Result<Told, String> {
        let begun = Instant::now();
        let mut over = None;
        loop {
            if over.is_none() && shared.is_over.load(Ordering::Acquire) {
                over = Some(Instant::now());
            }
            match over {
                None => {
                    let due = begun.elapsed().as_micros() as u64 * self.rate / 1_000_000;
                    while self.told.requests < due && self.unanswered() < UNANSWERED_MAX {
                        self.request();
                    }
                }
                Some(_) if self.unanswered() == 0 => break,
                Some(since) if since.elapsed() > PATIENCE => {
                    let (name, waiting) = (&self.told.name, self.unanswered());
                    return Err(format!("{name}: {waiting} requests were never answered"));
                }
                Some(_) => {}
            }
            self.turn(shared)?;
        }
        self.client.logout().map_err(|error| error.to_string())?;
        Ok(self.told)
    }

    fn unanswered(&self) -> u64 {
        self.told.requests - self.told.answers
    }

    fn turn(&mut self, shared: &Shared) -> Result<(), String> {
        match self.exchange(shared) {
            Ok(0) => std::thread::sleep(LOOK),
            Ok(_) => {}
            Err(
                ClientError::Closed(_) | ClientError::Io { .. } | ClientError::LoggedOut { .. },
            ) => {
                self.come_back()?;
            }
            Err(error) => return Err(error.to_string()),
        }
        self.broken.take().map_or(Ok(()), Err)
    }

    /// Sends and receives what can be.
    fn exchange(&mut self, shared: &Shared) -> Result<usize, ClientError> {
        let sent = self.client.flush();
        self.client.tick();
        let mut came = Vec::new();
        // What came before the end of the connection counts.
        let received = self.client.receive(&mut |message| came.push(Report::of(message)));
        for report in &came {
            self.hear(report, shared);
        }
        sent?;
        received
    }

    /// Tries both nodes until one takes the connection.
    fn come_back(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        for attempt in 1.. {
            match self.client.reconnect(self.addresses[attempt % 2]) {
                Ok(()) => break,
                Err(error) if Instant::now() > deadline => return Err(error.to_string()),
                Err(_) => std::thread::sleep(RETRY),
            }
        }
        self.is_back = true;
        Ok(())
    }

    /// A new order that may rest, one that may not, or the cancel of the oldest that rests.
    fn request(&mut self) {
        let id = self.told.requests;
        self.told.requests += 1;
        self.answered.push(false);
        if self.open.len() >= OPEN_MAX {
            let (old, market, side) = self.open.remove(0);
            self.client.send("F", |body| {
                body.field(41, old).field(11, id).field(55, MARKETS[market].symbol);
                body.field(54, side).field(60, TIME);
            });
            return;
        }
        let market = self.random.below(MARKETS.len() as u64) as usize;
        let place = &MARKETS[market];
        let side = if self.random.below(2) == 0 { '1' } else { '2' };
        // In ten-thousandths of the price: around it, so that half of the orders find another.
        let away = place.price / 10_000 * (self.random.below(21) as i64 - 10);
        let rests = self.random.below(3) > 0;
        self.client.send("D", |body| {
            body.field(11, id).field(55, place.symbol).field(54, side).field(60, TIME);
            body.field(38, "0.01").field(40, 2);
            body.field(44, decimal(place.price + away, place.price_scale));
            body.field(59, if rests { 1 } else { 3 });
        });
        if rests {
            self.open.push((id, market, side));
        }
    }

    fn hear(&mut self, report: &Report, shared: &Shared) {
        if report.kind == "A" {
            if self.is_back && self.told.logged_on.is_none() {
                self.told.logged_on = shared.killed.get().map(Instant::elapsed);
            }
            return;
        }
        let Some(id) = report.id.filter(|id| *id < self.told.requests) else {
            let name = &self.told.name;
            self.broken.get_or_insert(format!("{name}: {} came: {}", report.kind, report.text));
            return;
        };
        if report.kind == "8" {
            if !self.seen.insert(report.exec_id.clone()) {
                *if report.is_again { &mut self.told.again } else { &mut self.told.doubled } += 1;
                return;
            }
            self.told.executions += 1;
        }
        if self.is_back && !report.is_again && self.told.outage.is_none() {
            self.told.outage = shared.killed.get().map(Instant::elapsed);
        }
        if report.exec_type == "0" {
            self.told.accepted.push(id);
            if !self.is_back {
                self.told.accepted_before = self.told.accepted.len();
            }
        }
        let answered = &mut self.answered[id as usize];
        if !*answered && report.exec_type != "F" {
            *answered = true;
            self.told.answers += 1;
            shared.answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What counts of a message.
struct Report {
    kind: String,
    id: Option<u64>,
    exec_id: String,
    exec_type: String,
    is_again: bool,
    text: String,
}

impl Report {
    fn of(message: &Incoming<'_>) -> Self {
        Self {
            kind: message.msg_type().to_owned(),
            id: message.number(11),
            exec_id: message.text(17).to_owned(),
            exec_type: message.text(150).to_owned(),
            is_again: message.text(43) == "Y",
            text: message.text(58).to_owned(),
        }
    }
}

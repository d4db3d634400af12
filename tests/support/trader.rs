//! A session that trades at random and knows its orders.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Random;
use super::book::{Book, Kind, Status};
use super::exchange::SYMBOLS;
use super::fix::{CONNECTION_LOST, Client};

/// Open orders that a session keeps at most.
const OPEN_MAX: usize = 200;
/// Requests that may wait for their answers before a session holds back.
const UNANSWERED_MAX: usize = 4_096;
/// The venue takes an OrderMassStatusRequest of a session once in so long; a little more, for the way there.
const MASS_STATUS_WAIT: Duration = Duration::from_millis(1_050);
/// Closed orders that are asked for after a restart.
const CLOSED_SAMPLE: usize = 50;

/// See the module.
pub struct Trader {
    pub client: Client,
    pub book: Book,
    random: Random,
    body: Vec<u8>,
    /// New orders sent.
    pub orders: u64,
    /// Cancels and replaces sent.
    pub changes: u64,
    /// When it last asked for all its open orders, which it may once in [`MASS_STATUS_WAIT`].
    asked: Option<Instant>,
}

impl Trader {
    pub fn new(session: usize, seed: u64) -> Self {
        let name = format!("S{session}");
        Self {
            client: Client::new(&name, "CASTLE"),
            book: Book::new(&name),
            random: Random::new(seed ^ (session as u64) << 32),
            body: Vec::new(),
            orders: 0,
            changes: 0,
            asked: None,
        }
    }

    /// Sends orders, cancels and replaces at a rate of new orders a second until `stop` says so or the
    /// connection is lost; then takes what still came.
    pub fn trade(&mut self, rate: u64, stop: &dyn Fn() -> bool) -> Result<(), String> {
        let began = Instant::now();
        let before = self.orders;
        while !stop() {
            let due = (began.elapsed().as_micros() as u64 * rate) / 1_000_000;
            while self.orders - before < due
                && self.book.unanswered() < UNANSWERED_MAX
                && self.client.unsent() < 1 << 20
            {
                self.step();
            }
            match self.turn() {
                Ok(0) => std::thread::sleep(Duration::from_micros(500)),
                Ok(_) => {}
                Err(what) if what.starts_with(CONNECTION_LOST) => return Ok(()),
                Err(what) => return Err(what),
            }
        }
        Ok(())
    }

    /// Sends requests until so many orders were sent in all, as far as answers keep up.
    pub fn send_until(&mut self, orders: u64) {
        while self.orders < orders
            && self.book.unanswered() < UNANSWERED_MAX
            && self.client.unsent() < 1 << 20
        {
            self.step();
        }
    }

    /// Sends so many requests, with so many on the way at most, and waits for the answers.
    pub fn trade_some(&mut self, count: u64, on_the_way: usize) -> Result<(), String> {
        let before = self.orders + self.changes;
        while self.orders + self.changes - before < count {
            while self.book.unanswered() < on_the_way && self.client.unsent() < 1 << 20 {
                self.step();
            }
            if self.turn()? == 0 {
                std::thread::sleep(Duration::from_micros(100));
            }
        }
        self.wait("answers", |trader| trader.book.unanswered() == 0)
    }

    /// Takes what the dead exchange still had sent.
    pub fn drain(&mut self) -> Result<(), String> {
        loop {
            match self.turn() {
                Ok(0) => std::thread::sleep(Duration::from_micros(500)),
                Ok(_) => {}
                Err(what) if what.starts_with(CONNECTION_LOST) => return Ok(()),
                Err(what) => return Err(what),
            }
        }
    }

    /// Sends and receives what can be without waiting.
    pub fn turn(&mut self) -> Result<usize, String> {
        let book = &mut self.book;
        let moved = self.client.turn(&mut |message| book.take(message));
        match self.book.wrong.take() {
            Some(wrong) => Err(wrong),
            None => moved,
        }
    }

    /// Turns until something is true.
    pub fn wait(&mut self, what: &str, done: impl Fn(&Self) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + super::fix::PATIENCE;
        while !done(self) {
            match self.turn() {
                Ok(0) => std::thread::sleep(Duration::from_micros(200)),
                Ok(_) => {}
                // What was waited for may be the last that came.
                Err(why) if !done(self) => return Err(why),
                Err(_) => {}
            }
            if Instant::now() > deadline {
                let (name, unanswered) = (&self.client.sender, self.book.unanswered());
                return Err(format!("{name}: no {what} in time; {unanswered} wait for answers"));
            }
        }
        Ok(())
    }

    /// Logs on with its own numbers, gets what it missed, gives what the venue missed, and waits until
    /// every request is answered.
    pub fn come_back(&mut self, address: SocketAddr) -> Result<(), String> {
        self.client.acknowledged = self.book.acknowledged;
        self.client.connect(address);
        self.wait("Logon", |trader| trader.client.logged_on)?;
        // Where it found a gap already it asked for less than all.
        self.wait("what it missed", |trader| !trader.client.is_missing())?;
        self.client.ask_again();
        self.wait("resend", |trader| !trader.client.is_missing())?;
        self.wait("answer to everything", |trader| trader.book.unanswered() == 0)
    }

    /// Takes everything that was told before this.
    pub fn settle(&mut self) -> Result<(), String> {
        let book = &mut self.book;
        self.client.settle(&mut |message| book.take(message))?;
        self.turn().map(|_| ())
    }

    /// Asks the venue for all open orders and for some that are closed, and compares with the book.
    pub fn check(&mut self) -> Result<(), String> {
        if let Some(asked) = self.asked {
            std::thread::sleep(MASS_STATUS_WAIT.saturating_sub(asked.elapsed()));
        }
        self.asked = Some(Instant::now());
        self.book.statuses.clear();
        self.book.statuses_done = false;
        let id = self.client.next_out;
        self.client.send("AF", format!("584=m{id}\x01585=7\x01").as_bytes());
        self.wait("OrderMassStatus", |trader| trader.book.statuses_done)?;
        let mut told = std::mem::take(&mut self.book.statuses);
        let mut known: Vec<Status> =
            self.book.open.iter().map(|order| self.book.expected(*order)).collect();
        told.sort_by_key(|status| status.request);
        known.sort_by_key(|status| status.request);
        if told != known {
            let odd: Vec<_> = told.iter().filter(|status| !known.contains(status)).collect();
            let lacking: Vec<_> = known.iter().filter(|status| !told.contains(status)).collect();
            let name = &self.client.sender;
            return Err(format!("{name}: the venue has {odd:?}, the client {lacking:?}"));
        }
        self.check_closed()
    }

    fn check_closed(&mut self) -> Result<(), String> {
        let requests = self.book.requests.len() as u64;
        for _ in 0..CLOSED_SAMPLE.min(requests as usize) {
            let place = self.random.below(requests) as usize;
            let order = self.book.requests[place].order;
            let Some(known) = self.book.orders.get(&order) else { continue };
            let body = format!(
                "11={}\x0155={}\x0154={}\x01790=h{place}\x01",
                self.book.cl_ord_id(order),
                SYMBOLS[known.symbol],
                known.side as char
            );
            let expected = self.book.expected(order);
            self.book.statuses.clear();
            self.client.send("H", body.as_bytes());
            self.wait("OrderStatus", |trader| !trader.book.statuses.is_empty())?;
            if self.book.statuses[0] != expected {
                let (name, told) = (&self.client.sender, &self.book.statuses[0]);
                return Err(format!("{name}: the venue has {told:?}, the client {expected:?}"));
            }
        }
        Ok(())
    }

    /// Sends one request.
    fn step(&mut self) {
        let open = self.book.open.len();
        let choice = self.random.below(100);
        let candidate = (open > 0).then(|| self.book.open[self.random.below(open as u64) as usize]);
        let candidate = candidate.filter(|order| !self.book.orders[order].pending);
        match candidate {
            Some(order) if open >= OPEN_MAX || choice < 15 => self.change(order, Kind::Cancel),
            Some(order) if choice < 35 => self.change(order, Kind::Replace),
            _ => self.order(),
        }
    }

    fn order(&mut self) {
        use std::io::Write;
        let place = self.book.ask(Kind::New, None, self.client.next_out);
        let symbol = SYMBOLS[self.random.below(SYMBOLS.len() as u64) as usize];
        let side = self.random.range(1, 2);
        // Two of three rest for a while.
        let price = match (self.random.below(3), side) {
            (0, _) => self.random.range(9_985, 10_015),
            (_, 1) => self.random.range(9_960, 9_999),
            _ => self.random.range(10_001, 10_040),
        };
        // Some are refused.
        let price = if self.random.below(50) == 0 { 99_900 } else { price };
        let quantity = self.random.range(1, 100);
        // Good till cancel, so that no midnight disturbs; some immediate or cancel.
        let time_in_force = if self.random.below(10) == 0 { 3 } else { 1 };
        self.body.clear();
        let id = self.book.cl_ord_id(place);
        // Writing to a Vec cannot fail.
        let _ = write!(
            self.body,
            "11={id}\x0155={symbol}\x0154={side}\x0160={}\x0138={quantity}\x0140=2\x0144={}.{:02}\x01\
             59={time_in_force}\x01",
            super::fix::now(),
            price / 100,
            price % 100,
        );
        self.client.send("D", &self.body);
        self.orders += 1;
    }

    fn change(&mut self, order: u32, kind: Kind) {
        use std::io::Write;
        let place = self.book.ask(kind, Some(order), self.client.next_out);
        let ids = (self.book.cl_ord_id(place), self.book.orders[&order].last);
        let original = self.book.cl_ord_id(ids.1);
        let Some(known) = self.book.orders.get_mut(&order) else { return };
        known.pending = true;
        self.body.clear();
        let (symbol, side) = (SYMBOLS[known.symbol], known.side as char);
        let _ = write!(
            self.body,
            "11={}\x0141={original}\x0155={symbol}\x0154={side}\x0160={}\x0138={}\x01",
            ids.0,
            super::fix::now(),
            match kind {
                Kind::Replace => self.random.range(1, 100),
                _ => known.quantity as u64,
            },
        );
        if kind == Kind::Replace {
            let price = self.random.range(9_990, 10_010);
            let _ = write!(self.body, "40=2\x0144={}.{:02}\x0159=1\x01", price / 100, price % 100);
        }
        self.client.send(if kind == Kind::Replace { "G" } else { "F" }, &self.body);
        self.changes += 1;
    }
}

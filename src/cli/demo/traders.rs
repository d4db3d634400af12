//! Simulated market makers and takers over real FIX sessions.
//!
//! Requests are planned at a fixed rate, in bursts of one millisecond, whatever the venue does (an open
//! loop): an order's latency counts from the moment it was planned, so that a venue that stalls is
//! charged for every order that had to wait behind it. All sessions are driven by one thread, which
//! sleeps between the bursts and leaves the cores to the venue.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::cli::demo::quotes::{MARKETS, Quotes, Random, decimal};
use crate::cli::fix_client::{ClientError, FixClient, Incoming};

/// Between two bursts of planned requests.
const BURST: Duration = Duration::from_millis(1);
/// Requests unanswered at once; more are held back, and their latency goes on counting.
const UNANSWERED_MAX: u64 = 20_000;
/// How long the venue may take for the last answers.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two publications of the figures.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(100);
/// Trades shown.
const TRADES_KEPT: usize = 4;
/// The greatest latency that is told apart, in nanoseconds: a minute.
const LATENCY_MAX_NS: u64 = 60_000_000_000;
/// Market makers; the sessions after them are takers.
const MAKERS: usize = 4;
/// Of a hundred requests, those of makers.
const MAKER_PERCENT: u64 = 70;

/// Where to trade and how much.
pub struct Plan {
    /// The venue's FIX address.
    pub address: SocketAddr,
    /// The venue's CompID.
    pub venue: String,
    /// The traders' CompIDs.
    pub sessions: Vec<String>,
    /// Requests a second, all sessions together.
    pub rate: u64,
    /// How long.
    pub time: Duration,
}

/// What was counted so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// NewOrderSingle sent.
    pub orders: u64,
    /// OrderCancelRequest sent.
    pub cancels: u64,
    /// OrderCancelReplaceRequest sent.
    pub replaces: u64,
    /// Requests answered.
    pub answers: u64,
    /// ExecutionReports of a trade; each trade has two.
    pub trade_reports: u64,
    /// Orders refused.
    pub rejects: u64,
    /// Cancels and replaces that came too late.
    pub late: u64,
}

impl Counts {
    /// Requests sent.
    pub fn requests(&self) -> u64 {
        self.orders + self.cancels + self.replaces
    }

    /// Trades: every trade is reported to both sides.
    pub fn fills(&self) -> u64 {
        self.trade_reports / 2
    }
}

/// Percentiles of the time from an order's plan to its first report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Latency {
    /// p50, p90, p99, p99.9 and the greatest.
    pub percentiles: [Duration; 5],
    /// How many were measured.
    pub count: u64,
}

/// A trade as its taker was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// Which instrument, an index of [`MARKETS`].
    pub market: usize,
    /// LastPx.
    pub price: String,
    /// LastQty.
    pub quantity: String,
    /// The taker bought.
    pub bought: bool,
}

/// The figures that the view shows.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Counted.
    pub counts: Counts,
    /// Measured.
    pub latency: Latency,
    /// The last trades, newest first.
    pub trades: VecDeque<Trade>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Order,
    Cancel,
    Replace,
}

/// A request that was sent; its index is its ClOrdID.
struct Request {
    kind: Kind,
    planned: Instant,
    answered: bool,
    /// The request that began the chain.
    root: u64,
    market: usize,
}

/// All traders.
pub struct Traders {
    plan: Plan,
    clients: Vec<FixClient>,
    poll: Poll,
    tape: Tape,
}

/// What the traders know.
struct Tape {
    requests: Vec<Request>,
    counts: Counts,
    latency: Histogram<u64>,
    trades: VecDeque<Trade>,
    quotes: Quotes,
    mass_cancels: usize,
    broken: Option<String>,
}

impl Traders {
    /// Logs all sessions on.
    pub fn connect(plan: Plan) -> Result<Self, String> {
        let poll = Poll::new().map_err(|error| error.to_string())?;
        let mut clients = Vec::new();
        for (index, name) in plan.sessions.iter().enumerate() {
            let mut client = FixClient::connect(plan.address, name, &plan.venue).map_err(text)?;
            poll.registry()
                .register(client.stream(), Token(index), Interest::READABLE)
                .map_err(|error| error.to_string())?;
            clients.push(client);
        }
        let latency = Histogram::new_with_max(LATENCY_MAX_NS, 3).map_err(|e| e.to_string())?;
        let tape = Tape {
            requests: Vec::with_capacity((plan.rate * (plan.time.as_secs() + 1)) as usize),
            counts: Counts::default(),
            latency,
            trades: VecDeque::new(),
            quotes: Quotes::new(MAKERS),
            mass_cancels: 0,
            broken: None,
        };
        Ok(Self { plan, clients, poll, tape })
    }

    /// Trades until the time is over or `stop` is set, then cancels what is open, waits for the last
    /// answer and logs out.
    pub fn trade(mut self, shared: &Mutex<Figures>, stop: &AtomicBool) -> Result<Figures, String> {
        let waker = Waker::new(self.poll.registry(), Token(usize::MAX));
        let waker = Arc::new(waker.map_err(|error| error.to_string())?);
        let pacing = Arc::new(AtomicBool::new(true));
        let pacer = pace(Arc::clone(&waker), Arc::clone(&pacing));
        let outcome = self.run(shared, stop);
        pacing.store(false, Ordering::Release);
        let _panicked = pacer.join();
        outcome?;
        for client in self.clients {
            client.logout().map_err(text)?;
        }
        Ok(self.tape.figures())
    }

    fn run(&mut self, shared: &Mutex<Figures>, stop: &AtomicBool) -> Result<(), String> {
        let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
        let begun = Instant::now();
        let mut published = begun;
        let mut planned = 0_u64;
        while begun.elapsed() < self.plan.time && !stop.load(Ordering::Acquire) {
            let bursts = (begun.elapsed().as_nanos() / BURST.as_nanos()) as u64;
            let due = bursts * self.plan.rate / (1_000_000_000 / BURST.as_nanos() as u64);
            while planned < due && self.tape.unanswered() < UNANSWERED_MAX {
                let burst = planned * (1_000_000_000 / BURST.as_nanos() as u64) / self.plan.rate;
                let at = begun + BURST * u32::try_from(burst + 1).unwrap_or(u32::MAX);
                self.request(&mut random, at.min(Instant::now()));
                planned += 1;
            }
            self.turn()?;
            if published.elapsed() > PUBLISH_INTERVAL {
                published = Instant::now();
                self.publish(shared);
            }
        }
        self.drain("the last answers", |tape| tape.unanswered() == 0)?;
        for client in &mut self.clients {
            let id = format!("end-{}", client.name());
            client.send("q", |body| {
                body.field(11, id).field(530, 7).field(60, "20260101-00:00:00.000");
            });
        }
        let sessions = self.clients.len();
        self.drain("the reports of the mass cancels", |tape| tape.mass_cancels == sessions)?;
        self.publish(shared);
        Ok(())
    }

    fn drain(&mut self, what: &str, done: impl Fn(&Tape) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + DRAIN_TIMEOUT;
        while !done(&self.tape) {
            self.turn()?;
            if Instant::now() > deadline {
                let waiting = self.tape.unanswered();
                return Err(format!(
                    "{what} did not come within {} s; {waiting} requests wait",
                    DRAIN_TIMEOUT.as_secs()
                ));
            }
        }
        Ok(())
    }

    /// Sends what waits, sleeps until something comes or the next burst is due, reads.
    fn turn(&mut self) -> Result<(), String> {
        for client in &mut self.clients {
            client.flush().map_err(text)?;
            client.tick();
        }
        let mut events = Events::with_capacity(32);
        self.poll
            .poll(&mut events, Some(Duration::from_millis(100)))
            .map_err(|error| error.to_string())?;
        for (session, client) in self.clients.iter_mut().enumerate() {
            let tape = &mut self.tape;
            receive(session, client, tape).map_err(text)?;
        }
        self.tape.broken.take().map_or(Ok(()), Err)
    }

    fn publish(&self, shared: &Mutex<Figures>) {
        if let Ok(mut figures) = shared.lock() {
            *figures = self.tape.figures();
        }
    }

    /// One request of one trader.
    fn request(&mut self, random: &mut Random, planned: Instant) {
        let market = random.below(MARKETS.len() as u64) as usize;
        self.tape.quotes.walk(market, random);
        if random.below(100) < MAKER_PERCENT {
            let maker = random.below(MAKERS as u64) as usize;
            self.make(maker, market, random, planned);
        } else {
            let takers = (self.clients.len() - MAKERS) as u64;
            let taker = MAKERS + random.below(takers) as usize;
            self.take(taker, market, random, planned);
        }
    }

    fn make(&mut self, maker: usize, market: usize, random: &mut Random, planned: Instant) {
        let symbol = MARKETS[market].symbol;
        let open = self.tape.quotes.open(maker, market);
        let roll = random.below(100);
        if open < MARKETS[market].quotes_min || (roll < 45 && open < MARKETS[market].quotes_max) {
            let id = self.tape.sent(Kind::Order, planned, None, market);
            let quote = self.tape.quotes.new_quote(maker, market, id, random);
            self.clients[maker].send("D", |body| {
                body.field(11, id).field(55, symbol).field(54, quote.side);
                body.field(60, "20260101-00:00:00.000").field(38, quote.quantity_text());
                body.field(40, 2).field(44, quote.price_text()).field(59, 1);
            });
            return;
        }
        let replace = roll < 65;
        let Some(old) = self.tape.quotes.oldest(maker, market) else { return };
        let kind = if replace { Kind::Replace } else { Kind::Cancel };
        let id = self.tape.sent(kind, planned, Some(old.root), market);
        let now = if replace {
            self.tape.quotes.requote(maker, market, id, random)
        } else {
            self.tape.quotes.remove(maker, market, old.root)
        };
        let Some(now) = now else { return };
        self.clients[maker].send(if replace { "G" } else { "F" }, |body| {
            body.field(41, old.last).field(11, id).field(55, symbol).field(54, now.side);
            body.field(60, "20260101-00:00:00.000").field(38, now.quantity_text());
            if replace {
                body.field(40, 2).field(44, now.price_text()).field(59, 1);
            }
        });
    }

    fn take(&mut self, taker: usize, market: usize, random: &mut Random, planned: Instant) {
        let id = self.tape.sent(Kind::Order, planned, None, market);
        let quote = self.tape.quotes.taker_order(market, random);
        let market_order = random.below(10) == 0;
        let place = &MARKETS[market];
        self.clients[taker].send("D", |body| {
            body.field(11, id).field(55, place.symbol).field(54, quote.side);
            body.field(60, "20260101-00:00:00.000").field(38, quote.quantity_text());
            if market_order {
                body.field(40, 1).field(59, 3);
            } else {
                body.field(40, 2).field(44, decimal(quote.price, place.price_scale)).field(59, 3);
            }
        });
    }
}

fn text(error: ClientError) -> String {
    error.to_string()
}

/// Wakes the traders' thread for each burst.
fn pace(waker: Arc<Waker>, pacing: Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut next = Instant::now() + BURST;
        while pacing.load(Ordering::Acquire) && waker.wake().is_ok() {
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            next = (next + BURST).max(Instant::now());
        }
    })
}

fn receive(session: usize, client: &mut FixClient, tape: &mut Tape) -> Result<(), ClientError> {
    client.receive(&mut |message| tape.hear(session, message)).map(|_| ())
}

impl Tape {
    fn unanswered(&self) -> u64 {
        self.counts.requests() - self.counts.answers
    }

    fn sent(&mut self, kind: Kind, planned: Instant, root: Option<u64>, market: usize) -> u64 {
        let id = self.requests.len() as u64;
        let root = root.unwrap_or(id);
        self.requests.push(Request { kind, planned, answered: false, root, market });
        match kind {
            Kind::Order => self.counts.orders += 1,
            Kind::Cancel => self.counts.cancels += 1,
            Kind::Replace => self.counts.replaces += 1,
        }
        id
    }

    fn hear(&mut self, session: usize, message: &Incoming<'_>) {
        match message.msg_type() {
            "8" | "9" => self.report(session, message),
            "r" => self.mass_cancels += 1,
            "A" => {}
            other => {
                let what = format!("the venue sent MsgType {other}: {}", message.text(58));
                self.broken.get_or_insert(what);
            }
        }
    }

    fn report(&mut self, session: usize, message: &Incoming<'_>) {
        let Some(id) = message.number(11).filter(|id| (*id as usize) < self.requests.len()) else {
            let what = format!("a report came whose ClOrdID {:?} was never sent", message.text(11));
            self.broken.get_or_insert(what);
            return;
        };
        let exec_type = if message.msg_type() == "9" { "9" } else { message.text(150) };
        let request = &mut self.requests[id as usize];
        let (root, market) = (request.root, request.market);
        if !request.answered && exec_type != "F" {
            request.answered = true;
            self.counts.answers += 1;
            if request.kind == Kind::Order {
                let ns = request.planned.elapsed().as_nanos() as u64;
                self.latency.saturating_record(ns.max(1));
            }
        }
        match exec_type {
            "F" => self.traded(session, market, message),
            "8" => self.counts.rejects += 1,
            "9" => self.counts.late += 1,
            _ => {}
        }
        let closed = matches!(exec_type, "4" | "8" | "9" | "C") || message.text(39) == "2";
        if closed && session < MAKERS {
            self.quotes.remove(session, market, root);
        }
    }

    fn traded(&mut self, session: usize, market: usize, message: &Incoming<'_>) {
        self.counts.trade_reports += 1;
        if session < MAKERS {
            return;
        }
        self.trades.truncate(TRADES_KEPT - 1);
        self.trades.push_front(Trade {
            market,
            price: message.text(31).to_owned(),
            quantity: message.text(32).to_owned(),
            bought: message.text(54) == "1",
        });
    }

    fn figures(&self) -> Figures {
        let at = |part| Duration::from_nanos(self.latency.value_at_quantile(part));
        let percentiles =
            [at(0.5), at(0.9), at(0.99), at(0.999), Duration::from_nanos(self.latency.max())];
        Figures {
            counts: self.counts.clone(),
            latency: Latency { percentiles, count: self.latency.len() },
            trades: self.trades.clone(),
        }
    }
}

//! Plays the rows of a recording through two FIX sessions, a buyer's and a seller's.
//!
//! 1. Rows become requests in the order of the file. Each session's are pipelined.
//! 2. Between the two sessions nothing keeps the order, so a request waits for the other session's
//!    unanswered ones where the order could matter: a buyer's at price p and a seller's at price q
//!    touch each other only where p >= q. All others commute.
//! 3. An execution is an immediate order of the other side. It is answered when its own order is
//!    closed and the resting side's reports have named as much as it filled: which orders these were
//!    decides what later rows find (see `share`).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mio::{Events, Interest, Poll, Token};
use rust_decimal::Decimal;

use crate::cli::fix_client::{FixClient, Incoming};
use crate::cli::replay::recording::{Depth, Kind, RecordedBook, Row, Side};
use crate::cli::replay::share::{OrderKey, Shares};

/// Requests that may be unanswered at once.
const WINDOW: usize = 4_096;
/// How long nothing may be answered while something is asked.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// The venue answers a session's OrderMassStatusRequest once a second; a little more, for clocks that differ.
const STATUS_WAIT: Duration = Duration::from_millis(1_050);
/// The longest wait for a connection to become readable: then progress is shown.
const POLL_TIMEOUT: Duration = Duration::from_millis(100);

/// Where to connect and as whom.
pub struct Target {
    /// The venue's FIX address.
    pub address: SocketAddr,
    /// The venue's CompID.
    pub venue: String,
    /// What is traded.
    pub symbol: String,
    /// CompIDs of the buyer and the seller.
    pub sessions: [String; 2],
}

/// What became of the rows of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub rows: u64,
    /// Done as recorded.
    pub done: u64,
    /// Not done as recorded, or refused.
    pub failed: u64,
    /// Name an order that is not known: it came before the file begins.
    pub unknown: u64,
    /// Cannot be replayed.
    pub skipped: u64,
}

/// What came of a replay.
#[derive(Default)]
pub struct Played {
    /// By [`Kind::index`].
    pub counts: [Count; 5],
    /// Executions that filled the very order that the recording names, and no other.
    pub hits: u64,
    /// Fills at another price than the recorded one.
    pub other_price: u64,
    /// The first refusals, for people.
    pub refusals: Vec<String>,
    /// The quantity by side and price of the straightforward replay of the file.
    pub recorded: Depth,
    /// The same, of the orders that the venue says are open.
    pub open: Depth,
    /// From the first row to the last answer.
    pub took: Duration,
}

/// Most refusals that are kept.
const REFUSALS_KEPT: usize = 5;

#[derive(Clone, Copy)]
enum Request {
    Enter(OrderKey),
    Reduce(OrderKey),
    Cancel,
    Execute,
}

struct Sent {
    request: Request,
    row: usize,
    session: Side,
    answered: bool,
}

/// An order at the venue as it will be when all that was sent is done.
struct Order {
    price: u64,
    /// OrderQty.
    quantity: u64,
    leaves: u64,
    /// The last request of its chain.
    last: usize,
}

#[derive(Default, Clone, Copy)]
struct RowState {
    unanswered: u32,
    failed: bool,
}

/// An immediate order whose fills are not all named yet.
struct Execution {
    request: usize,
    row: usize,
    expected: u64,
    named: u64,
    closed: bool,
    only_the_named_one: bool,
}

/// Plays a recording.
pub struct Player<'a> {
    rows: &'a [Row],
    symbol: &'a str,
    run: String,
    clients: [FixClient; 2],
    poll: Poll,
    state: State<'a>,
    book: RecordedBook,
    /// When the open orders were last asked for.
    status_asked: Option<Instant>,
}

/// What answers change.
struct State<'a> {
    rows: &'a [Row],
    row_states: Vec<RowState>,
    sent: Vec<Sent>,
    orders: HashMap<OrderKey, Order>,
    shares: Shares,
    /// Unanswered requests by session and price.
    unanswered: [BTreeMap<u64, u32>; 2],
    unanswered_total: usize,
    /// By the side that rests.
    executions: [VecDeque<Execution>; 2],
    /// Open orders as the venue reports them, and whether its report is complete.
    status: Vec<(Side, u64, u64)>,
    status_complete: bool,
    played: Played,
}

impl<'a> Player<'a> {
    /// Logs both sessions on.
    pub fn connect(target: &'a Target, rows: &'a [Row]) -> Result<Self, String> {
        let poll = Poll::new().map_err(|error| error.to_string())?;
        let log_on = |index: usize| {
            let name = &target.sessions[index];
            let mut client = FixClient::connect(target.address, name, &target.venue)
                .map_err(|error| format!("{}: {error}", target.address))?;
            poll.registry()
                .register(client.stream(), Token(index), Interest::READABLE)
                .map_err(|error| error.to_string())?;
            Ok::<_, String>(client)
        };
        let clients = [log_on(0)?, log_on(1)?];
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let state = State {
            rows,
            row_states: vec![RowState::default(); rows.len()],
            sent: Vec::with_capacity(rows.len()),
            orders: HashMap::new(),
            shares: Shares::default(),
            unanswered: Default::default(),
            unanswered_total: 0,
            executions: Default::default(),
            status: Vec::new(),
            status_complete: false,
            played: Played::default(),
        };
        let run = format!("{:x}", started.as_millis());
        let symbol = &target.symbol;
        let book = RecordedBook::default();
        Ok(Self { rows, symbol, run, clients, poll, state, book, status_asked: None })
    }

    /// Plays all rows and compares; `progress` is shown how many rows were sent.
    pub fn play(mut self, progress: &mut dyn FnMut(usize)) -> Result<Played, String> {
        let before = self.open_orders()?.len();
        if before > 0 {
            return Err(format!(
                "the accounts have {before} open orders already: a replay begins with an empty book, \
                 so give the exchange a new journal directory or cancel them"
            ));
        }
        let begun = Instant::now();
        for index in 0..self.rows.len() {
            self.row(index, progress)?;
            if index % 256 == 255 {
                self.turn(Duration::ZERO)?;
            }
        }
        self.wait(&|state| state.unanswered_total == 0, &mut || progress(self.rows.len()))?;
        let took = begun.elapsed();
        for (side, price, leaves) in self.open_orders()? {
            *self.state.played.open.entry((side, price)).or_default() += leaves;
        }
        for client in self.clients {
            client.logout().map_err(|error| error.to_string())?;
        }
        let mut played = self.state.played;
        for (row, state) in self.rows.iter().zip(&self.state.row_states) {
            let count = &mut played.counts[row.kind.index()];
            count.rows += 1;
            count.failed += u64::from(state.failed);
        }
        for count in &mut played.counts {
            count.done = count.rows - count.failed - count.unknown - count.skipped;
        }
        played.recorded = self.book.depth();
        played.took = took;
        Ok(played)
    }

    fn row(&mut self, index: usize, progress: &mut dyn FnMut(usize)) -> Result<(), String> {
        let row = self.rows[index];
        let known = self.book.apply(&row);
        let count = &mut self.state.played.counts[row.kind.index()];
        if !known {
            count.unknown += 1;
            return Ok(());
        }
        let session = match row.kind {
            Kind::New | Kind::Reduce | Kind::Delete => row.side,
            Kind::Execute => row.side.opposite(),
            Kind::Hidden => {
                count.skipped += 1;
                return Ok(());
            }
        };
        if !self.state.may_send(session, row.price) {
            self.flush()?;
            self.wait(&|state| state.may_send(session, row.price), &mut || progress(index))?;
        }
        match row.kind {
            Kind::New => self.enter(index, &row),
            Kind::Execute => self.execute(index, &row),
            Kind::Reduce => self.take(index, &row, row.size),
            Kind::Delete => self.take(index, &row, self.state.shares.quantity(row.order)),
            Kind::Hidden => {}
        }
        Ok(())
    }

    fn enter(&mut self, index: usize, row: &Row) {
        let request = self.state.ask(Request::Enter(row.order), index, row.side);
        let order = Order { price: row.price, quantity: row.size, leaves: row.size, last: request };
        self.state.orders.insert(row.order, order);
        self.state.shares.enter(row.order, row.size);
        self.send_order(request, row, row.side, '1');
    }

    fn execute(&mut self, index: usize, row: &Row) {
        let session = row.side.opposite();
        let request = self.state.ask(Request::Execute, index, session);
        self.state.executions[row.side as usize].push_back(Execution {
            request,
            row: index,
            expected: row.size,
            named: 0,
            closed: false,
            only_the_named_one: true,
        });
        self.send_order(request, row, session, '3');
    }

    /// NewOrderSingle.
    fn send_order(&mut self, request: usize, row: &Row, side: Side, time_in_force: char) {
        let (run, symbol) = (&self.run, self.symbol);
        self.clients[side as usize].send("D", |body| {
            body.field(11, format_args!("{run}-{request}")).field(55, symbol);
            body.field(54, side.fix()).field(60, "20120621-13:30:00.000").field(38, row.size);
            body.field(40, 2).field(44, dollars(row.price)).field(59, time_in_force);
        });
    }

    /// Takes a quantity from the venue's orders that stand for the row's order.
    fn take(&mut self, index: usize, row: &Row, quantity: u64) {
        for (key, part) in self.state.shares.take(row.order, quantity) {
            let Some(order) = self.state.orders.get_mut(&key) else { continue };
            let orig = order.last;
            order.leaves -= part;
            order.quantity -= part;
            let (left, total, price) = (order.leaves, order.quantity, order.price);
            let kind = if left == 0 { Request::Cancel } else { Request::Reduce(key) };
            let request = self.state.ask(kind, index, row.side);
            if let Some(order) = self.state.orders.get_mut(&key) {
                order.last = request;
            }
            let (run, symbol) = (&self.run, self.symbol);
            let msg_type = if left == 0 { "F" } else { "G" };
            self.clients[row.side as usize].send(msg_type, |body| {
                body.field(41, format_args!("{run}-{orig}"));
                body.field(11, format_args!("{run}-{request}")).field(55, symbol);
                body.field(54, row.side.fix()).field(60, "20120621-13:30:00.000");
                if left > 0 {
                    body.field(38, total).field(40, 2).field(44, dollars(price)).field(59, 1);
                } else {
                    body.field(38, part);
                }
            });
        }
    }

    /// Turns until what is awaited is so.
    fn wait(
        &mut self,
        awaited: &dyn Fn(&State<'a>) -> bool,
        idle: &mut dyn FnMut(),
    ) -> Result<(), String> {
        let mut heard = Instant::now();
        while !awaited(&self.state) {
            if self.turn(POLL_TIMEOUT)? > 0 {
                heard = Instant::now();
            }
            if heard.elapsed() > SILENCE_MAX {
                return Err(format!(
                    "the venue has not answered for {} s; {} requests wait",
                    SILENCE_MAX.as_secs(),
                    self.state.unanswered_total
                ));
            }
            idle();
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<bool, String> {
        let mut all = true;
        for client in &mut self.clients {
            all &= client.flush().map_err(|error| error.to_string())?;
        }
        Ok(all)
    }

    /// Sends what waits, reads what came. Returns the number of messages.
    fn turn(&mut self, timeout: Duration) -> Result<usize, String> {
        let all_sent = self.flush()?;
        let timeout = if all_sent { timeout } else { timeout.min(Duration::from_millis(1)) };
        let mut count = self.receive()?;
        if count == 0 && !timeout.is_zero() {
            let mut events = Events::with_capacity(8);
            self.poll.poll(&mut events, Some(timeout)).map_err(|error| error.to_string())?;
            count = self.receive()?;
        }
        for client in &mut self.clients {
            client.tick();
        }
        Ok(count)
    }

    fn receive(&mut self) -> Result<usize, String> {
        let mut count = 0;
        let mut broken = None;
        for (client, session) in self.clients.iter_mut().zip([Side::Buy, Side::Sell]) {
            let state = &mut self.state;
            let mut visit = |message: &Incoming<'_>| {
                if let Err(what) = state.answer(session, message) {
                    broken.get_or_insert(what);
                }
            };
            count += client.receive(&mut visit).map_err(|error| error.to_string())?;
        }
        broken.map_or(Ok(count), Err)
    }

    /// All open orders of both accounts: side, price, what is left (OrderMassStatusRequest).
    fn open_orders(&mut self) -> Result<Vec<(Side, u64, u64)>, String> {
        while self.status_asked.is_some_and(|asked| asked.elapsed() < STATUS_WAIT) {
            self.turn(POLL_TIMEOUT)?;
        }
        let mut open = Vec::new();
        for session in [0, 1] {
            self.state.status_complete = false;
            let request = format!("{}-status-{}", self.run, self.state.sent.len());
            self.clients[session].send("AF", |body| {
                body.field(584, request).field(585, 7);
            });
            self.status_asked = Some(Instant::now());
            self.wait(&|state| state.status_complete, &mut || {})?;
            open.append(&mut self.state.status);
        }
        Ok(open)
    }
}

impl State<'_> {
    /// Nothing of the other session that is unanswered could touch a request at this price.
    fn may_send(&self, session: Side, price: u64) -> bool {
        let other = &self.unanswered[session.opposite() as usize];
        let touches = match session {
            Side::Buy => other.first_key_value().is_some_and(|(lowest, _)| *lowest <= price),
            Side::Sell => other.last_key_value().is_some_and(|(highest, _)| *highest >= price),
        };
        !touches && self.unanswered_total < WINDOW
    }

    /// Notes a request; its index names it.
    fn ask(&mut self, request: Request, row: usize, session: Side) -> usize {
        self.sent.push(Sent { request, row, session, answered: false });
        self.row_states[row].unanswered += 1;
        *self.unanswered[session as usize].entry(self.rows[row].price).or_default() += 1;
        self.unanswered_total += 1;
        self.sent.len() - 1
    }

    fn answered(&mut self, request: usize) {
        let sent = &mut self.sent[request];
        if std::mem::replace(&mut sent.answered, true) {
            return;
        }
        let (row, session) = (sent.row, sent.session);
        self.row_states[row].unanswered -= 1;
        self.unanswered_total -= 1;
        let prices = &mut self.unanswered[session as usize];
        let price = self.rows[row].price;
        if let Some(count) = prices.get_mut(&price) {
            *count -= 1;
            if *count == 0 {
                prices.remove(&price);
            }
        }
    }

    fn refused(&mut self, request: usize, message: &Incoming<'_>) {
        let row = self.sent[request].row;
        self.row_states[row].failed = true;
        if self.played.refusals.len() < REFUSALS_KEPT {
            self.played.refusals.push(format!("row {}: {}", row + 1, message.text(58)));
        }
        self.answered(request);
    }

    fn answer(&mut self, session: Side, message: &Incoming<'_>) -> Result<(), String> {
        match message.msg_type() {
            "8" if message.text(150) == "I" => return self.status(message),
            "8" => {}
            "9" => {
                let request = self.request(message)?;
                self.refused(request, message);
                return Ok(());
            }
            "A" => return Ok(()),
            other => {
                return Err(format!("the venue sent MsgType {other}: {}", message.text(58)));
            }
        }
        let request = self.request(message)?;
        match (message.text(150), self.sent[request].request) {
            ("0", Request::Enter(_)) | ("5", Request::Reduce(_)) | ("4", Request::Cancel) => {
                self.answered(request);
            }
            ("0", Request::Execute) => {}
            ("F", Request::Execute) => self.taker_filled(session, request, message)?,
            ("4", Request::Execute) => {
                self.taker_closed(session, request, quantity(message, 14)?);
            }
            ("F", Request::Enter(key) | Request::Reduce(key)) => {
                self.maker_filled(session, key, quantity(message, 32)?)?;
            }
            ("8", request_kind) => {
                self.refused(request, message);
                if matches!(request_kind, Request::Execute) {
                    self.taker_closed(session, request, 0);
                }
            }
            (exec_type, _) => {
                let row = self.sent[request].row + 1;
                return Err(format!("row {row}: an ExecutionReport of ExecType {exec_type} came"));
            }
        }
        Ok(())
    }

    /// The request that an answer's ClOrdID names.
    fn request(&self, message: &Incoming<'_>) -> Result<usize, String> {
        let id = message.text(11);
        let index = id.rsplit_once('-').and_then(|(_, index)| index.parse::<usize>().ok());
        index
            .filter(|index| *index < self.sent.len())
            .ok_or_else(|| format!("a report came whose ClOrdID {id:?} was never sent"))
    }

    fn taker_filled(
        &mut self,
        session: Side,
        request: usize,
        message: &Incoming<'_>,
    ) -> Result<(), String> {
        let row = self.sent[request].row;
        if price(message, 31)? != self.rows[row].price {
            self.played.other_price += 1;
            self.row_states[row].failed = true;
        }
        if message.text(39) == "2" {
            self.taker_closed(session, request, quantity(message, 14)?);
        }
        Ok(())
    }

    fn taker_closed(&mut self, session: Side, request: usize, filled: u64) {
        let resting = session.opposite() as usize;
        let found = self.executions[resting].iter_mut().find(|one| one.request == request);
        if let Some(execution) = found {
            if filled != execution.expected {
                self.row_states[execution.row].failed = true;
            }
            execution.expected = filled;
            execution.closed = true;
        }
        self.settle(resting);
    }

    /// A resting order was filled: by the oldest execution that is not all named.
    fn maker_filled(
        &mut self,
        session: Side,
        key: OrderKey,
        mut filled: u64,
    ) -> Result<(), String> {
        let resting = session as usize;
        if let Some(order) = self.orders.get_mut(&key) {
            order.leaves = order.leaves.saturating_sub(filled);
        }
        for execution in &mut self.executions[resting] {
            let part = filled.min(execution.expected.saturating_sub(execution.named));
            if part > 0 {
                let recorded = self.rows[execution.row].order;
                execution.named += part;
                execution.only_the_named_one &= key == recorded;
                filled -= part;
                self.shares.fill(recorded, key, part);
            }
        }
        if filled > 0 {
            return Err(format!(
                "order {key} of the recording was filled where nothing was executed"
            ));
        }
        self.settle(resting);
        Ok(())
    }

    /// Executions whose fills are all known are answered.
    fn settle(&mut self, resting: usize) {
        while let Some(first) = self.executions[resting].front() {
            if !first.closed || first.named < first.expected {
                return;
            }
            let (request, row) = (first.request, first.row);
            let hit = first.only_the_named_one && !self.row_states[row].failed;
            self.played.hits += u64::from(hit);
            self.executions[resting].pop_front();
            self.answered(request);
        }
    }

    fn status(&mut self, message: &Incoming<'_>) -> Result<(), String> {
        let none = message.text(39) == "8" || message.number(911) == Some(0);
        if !none {
            let side = if message.text(54) == "1" { Side::Buy } else { Side::Sell };
            self.status.push((side, price(message, 44)?, quantity(message, 151)?));
        }
        let all = message.number(911).is_some_and(|total| total as usize == self.status.len());
        self.status_complete |= none || all || message.text(912) == "Y";
        Ok(())
    }
}

/// A recorded price as FIX writes it.
fn dollars(price: u64) -> Decimal {
    Decimal::new(price as i64, 4)
}

fn price(message: &Incoming<'_>, tag: u32) -> Result<u64, String> {
    let scaled = number(message, tag)? * Decimal::from(10_000);
    u64::try_from(scaled).map_err(|error| format!("tag {tag}: {error}"))
}

fn quantity(message: &Incoming<'_>, tag: u32) -> Result<u64, String> {
    u64::try_from(number(message, tag)?).map_err(|error| format!("tag {tag}: {error}"))
}

fn number(message: &Incoming<'_>, tag: u32) -> Result<Decimal, String> {
    let text = message.text(tag);
    text.parse().map_err(|_| format!("tag {tag} of a report is {text:?}, which is no number"))
}

//! The client: one thread that sends by a schedule and times the answers, the same for both servers.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use castle::gateway::network::send_at_once;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::order::{Answer, Form, Order, Reader};
use super::server::{VENUE, comp_id};
use crate::pace::{Generator, Schedule};
use crate::record::{Recorder, RunClock};

/// Bytes read at once.
const READ_SIZE: usize = 256 * 1024;
/// Orders written before the sockets are looked at again.
const BURST: usize = 256;
/// How long answers may be missing after the last order.
const PATIENCE: Duration = Duration::from_secs(20);
/// ClOrdIDs carry the number of the stretch above the order's.
const STRETCH_SHIFT: u32 = 40;

/// What is recorded of a stretch of orders.
pub struct Recorders {
    /// From the planned time to the answer.
    pub latency: Recorder,
    /// From the time when the generator took the order up to the answer.
    pub service: Recorder,
    /// From the planned time to the time when the generator took the order up.
    pub lag: Recorder,
}

impl Recorders {
    /// With room for this many intervals.
    pub fn new(intervals_max: usize) -> Self {
        let recorder = || Recorder::new(intervals_max);
        Self { latency: recorder(), service: recorder(), lag: recorder() }
    }

    fn each(&mut self) -> [&mut Recorder; 3] {
        [&mut self.latency, &mut self.service, &mut self.lag]
    }
}

/// What was counted of a stretch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// Orders sent, and all of them accepted.
    pub orders: u64,
    /// From the first planned time to the last answer.
    pub time_ns: u64,
}

struct Link {
    stream: TcpStream,
    form: Form,
    outbound: Vec<u8>,
    written: usize,
    inbound: Vec<u8>,
    /// Bytes of `inbound` that are filled.
    filled: usize,
    readable: bool,
    logged_on: bool,
}

/// All sessions of a client.
pub struct Client {
    clock: RunClock,
    poll: Poll,
    events: Events,
    links: Vec<Link>,
    reader: Reader,
    stretch: u64,
    sent_ns: Vec<u64>,
    planned_ns: Vec<u64>,
    accepted: u64,
    /// Orders that rest, as far as reports tell.
    open: i64,
    first_answer: Option<Vec<u8>>,
    time_set: Instant,
    /// Makes the generator stand still once a second.
    pub stall: Duration,
    /// How long it sleeps where nothing is due and nothing has come; it spins where this is zero. What
    /// that delays counts as latency.
    pub nap: Duration,
    /// A stretch ends early once more than a hundredth of its orders was answered later than this: a rate
    /// that is not held need not be measured to its end.
    pub give_up_ns: u64,
    late: u64,
    orders: u64,
}

impl Client {
    /// Connects this many sessions; with `logon` they log on, as an exchange wants it.
    pub fn connect(
        clock: RunClock,
        address: SocketAddr,
        sessions: usize,
        logon: bool,
    ) -> Result<Self, String> {
        let text = |error: std::io::Error| format!("the client at {address}: {error}");
        let poll = Poll::new().map_err(text)?;
        let mut links = Vec::with_capacity(sessions);
        for session in 0..sessions {
            let stream = std::net::TcpStream::connect(address).map_err(text)?;
            send_at_once(&stream).map_err(text)?;
            stream.set_nonblocking(true).map_err(text)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry()
                .register(&mut stream, Token(session), Interest::READABLE)
                .map_err(text)?;
            links.push(Link {
                stream,
                form: Form::new(&comp_id(session), VENUE),
                outbound: Vec::with_capacity(READ_SIZE),
                written: 0,
                inbound: vec![0; 2 * READ_SIZE],
                filled: 0,
                readable: true,
                logged_on: !logon,
            });
        }
        let mut client = Self {
            clock,
            poll,
            events: Events::with_capacity(256),
            links,
            reader: Reader::default(),
            stretch: 0,
            sent_ns: Vec::new(),
            planned_ns: Vec::new(),
            accepted: 0,
            open: 0,
            first_answer: None,
            time_set: Instant::now(),
            stall: Duration::ZERO,
            nap: Duration::ZERO,
            give_up_ns: u64::MAX,
            late: 0,
            orders: 0,
        };
        client.set_time();
        if logon {
            let time = utc_now();
            for link in &mut client.links {
                link.form.put_other("A", &time, "98=0|108=60|141=Y|", &mut link.outbound);
            }
            client.until("Logon", |client| client.links.iter().all(|link| link.logged_on))?;
        }
        Ok(client)
    }

    /// The first answer to an order that came.
    pub fn first_answer(&self) -> Option<&[u8]> {
        self.first_answer.as_deref()
    }

    /// The form of the first session's orders.
    pub fn form(&self) -> &Form {
        &self.links[0].form
    }

    /// Orders sent so far.
    pub fn orders(&self) -> u64 {
        self.orders
    }

    /// Orders that rest in the book.
    pub fn open(&self) -> i64 {
        self.open
    }

    /// Sends orders at a fixed rate for so long and waits for every answer. What is recorded goes into
    /// an interval of its own, or into one for each `interval`.
    pub fn run(
        &mut self,
        rate_per_s: u64,
        length: Duration,
        interval: Option<Duration>,
        mut recorders: Option<&mut Recorders>,
    ) -> Result<Counted, String> {
        self.stretch += 1;
        (self.accepted, self.late) = (0, 0);
        self.set_time();
        let length_ns = length.as_nanos() as u64;
        let orders = Schedule::new(0, rate_per_s, length_ns).orders();
        for times in [&mut self.sent_ns, &mut self.planned_ns] {
            times.clear();
            times.resize(orders as usize, 0);
        }
        let mut unrecorded = Recorder::new(1);
        let start_ns = self.clock.now_ns() + 100_000;
        let schedule = Schedule::new(start_ns, rate_per_s, length_ns);
        let mut generator = Generator::new(schedule);
        let interval_ns = interval.map_or(u64::MAX, |interval| interval.as_nanos() as u64);
        let mut turn_ns = start_ns.saturating_add(interval_ns);
        let mut stalled_ns = start_ns;
        open_all(recorders.as_deref_mut(), start_ns);
        let deadline_ns = start_ns + length_ns + PATIENCE.as_nanos() as u64;
        loop {
            let now_ns = self.clock.now_ns();
            if now_ns >= turn_ns && now_ns < start_ns + length_ns {
                close_all(recorders.as_deref_mut(), now_ns);
                open_all(recorders.as_deref_mut(), now_ns);
                turn_ns += interval_ns;
            }
            let lag = recorders.as_deref_mut().map_or(&mut unrecorded, |found| &mut found.lag);
            let links = self.links.len() as u64;
            let taken = generator.taken();
            for _ in 0..BURST {
                let Some((number, planned_ns)) = generator.take(now_ns, lag) else { break };
                self.planned_ns[number as usize] = planned_ns;
                self.sent_ns[number as usize] = now_ns;
                let link = &mut self.links[(number % links) as usize];
                let id = self.stretch << STRETCH_SHIFT | number;
                link.form.put_order(id, Order::of(number), &mut link.outbound);
            }
            self.flush()?;
            let received = self.receive(recorders.as_deref_mut())?;
            if !received && generator.taken() == taken && !self.nap.is_zero() {
                std::thread::sleep(self.nap);
            }
            if self.late > orders / 100 {
                generator.give_up();
            }
            if generator.is_done() && self.accepted == generator.taken() {
                break;
            }
            if now_ns > deadline_ns {
                let missing = orders - self.accepted;
                return Err(format!(
                    "{missing} of {orders} orders were not answered within {} s",
                    PATIENCE.as_secs()
                ));
            }
            if !self.stall.is_zero() && now_ns - stalled_ns > 300_000_000 {
                std::thread::sleep(self.stall);
                stalled_ns = self.clock.now_ns();
            }
        }
        self.orders += generator.taken();
        let end_ns = self.clock.now_ns();
        close_all(recorders, end_ns);
        if self.time_set.elapsed() > Duration::from_secs(1) {
            self.set_time();
        }
        Ok(Counted { orders: generator.taken(), time_ns: end_ns - start_ns })
    }

    /// Cancels all that rests.
    pub fn cancel_all(&mut self) -> Result<(), String> {
        let time = utc_now();
        self.stretch += 1;
        for (session, link) in self.links.iter_mut().enumerate() {
            let fields = format!("11=ALL-{}-{session}|530=7|60={time}|", self.stretch);
            link.form.put_other("q", &time, &fields, &mut link.outbound);
        }
        self.until("all reports of the mass cancel", |client| client.open <= 0)
    }

    fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            self.flush()?;
            self.receive(None)?;
            if Instant::now() > deadline {
                return Err(format!("{what} did not come within {} s", PATIENCE.as_secs()));
            }
        }
        Ok(())
    }

    /// SendingTime of what follows. The venue takes one that is not too far from its clock.
    fn set_time(&mut self) {
        let time = utc_now();
        self.links.iter_mut().for_each(|link| link.form.set_time(&time));
        self.time_set = Instant::now();
    }

    fn flush(&mut self) -> Result<(), String> {
        for link in &mut self.links {
            while link.written < link.outbound.len() {
                match link.stream.write(&link.outbound[link.written..]) {
                    Ok(count) => link.written += count,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(format!("the server went away: {error}")),
                }
            }
            if link.written == link.outbound.len() {
                link.outbound.clear();
                link.written = 0;
            }
        }
        Ok(())
    }

    /// Reads what has come, and says whether anything has.
    fn receive(&mut self, recorders: Option<&mut Recorders>) -> Result<bool, String> {
        let mut received = false;
        // A single socket is read at once: asking first would only be one more call.
        if self.links.len() > 1 {
            let polled = self.poll.poll(&mut self.events, Some(Duration::ZERO));
            polled.map_err(|error| format!("the client's poll: {error}"))?;
            for event in &self.events {
                self.links[event.token().0].readable = true;
            }
        }
        let mut recorders = recorders;
        let is_polled = self.links.len() > 1;
        for index in 0..self.links.len() {
            let link = &mut self.links[index];
            if !link.readable {
                continue;
            }
            match link.stream.read(&mut link.inbound[link.filled..]) {
                Ok(0) => return Err("the server closed the connection".to_owned()),
                Ok(count) => link.filled += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    link.readable = !is_polled;
                    continue;
                }
                Err(error) => return Err(format!("the server went away: {error}")),
            }
            received = true;
            self.answers(index, recorders.as_deref_mut())?;
        }
        Ok(received)
    }

    /// Takes the whole messages of a link.
    fn answers(
        &mut self,
        index: usize,
        mut recorders: Option<&mut Recorders>,
    ) -> Result<(), String> {
        let now_ns = self.clock.now_ns();
        let link = &mut self.links[index];
        let mut at = 0;
        while let Some((answer, size)) = self.reader.next(&link.inbound[at..link.filled])? {
            match answer {
                Answer::Accepted(id) => {
                    self.open += 1;
                    if id >> STRETCH_SHIFT == self.stretch {
                        self.accepted += 1;
                        let number = (id & ((1 << STRETCH_SHIFT) - 1)) as usize;
                        let times = (self.planned_ns.get(number), self.sent_ns.get(number));
                        let (Some(planned_ns), Some(sent_ns)) = times else {
                            return Err("an order was answered that was never sent".into());
                        };
                        let whole_ns = now_ns.saturating_sub(*planned_ns);
                        self.late += u64::from(whole_ns > self.give_up_ns);
                        if let Some(recorders) = recorders.as_deref_mut() {
                            recorders.latency.record(whole_ns);
                            recorders.service.record(now_ns.saturating_sub(*sent_ns));
                        }
                    }
                    if self.first_answer.is_none() {
                        self.first_answer = Some(link.inbound[at..at + size].to_vec());
                    }
                }
                Answer::Traded | Answer::Canceled => self.open -= 1,
                Answer::LoggedOn => link.logged_on = true,
                Answer::TestRequest => {
                    link.form.put_other("0", &utc_now(), "112=TEST|", &mut link.outbound);
                }
                Answer::Other => {}
                Answer::Refused => {
                    let text = String::from_utf8_lossy(&link.inbound[at..at + size]);
                    return Err(format!("the venue refused: {}", text.replace('\x01', "|")));
                }
            }
            at += size;
        }
        link.inbound.copy_within(at..link.filled, 0);
        link.filled -= at;
        Ok(())
    }
}

fn open_all(recorders: Option<&mut Recorders>, now_ns: u64) {
    if let Some(recorders) = recorders {
        recorders.each().into_iter().for_each(|recorder| recorder.open(now_ns));
    }
}

fn close_all(recorders: Option<&mut Recorders>, now_ns: u64) {
    if let Some(recorders) = recorders {
        recorders.each().into_iter().for_each(|recorder| recorder.close(now_ns));
    }
}

/// `YYYYMMDD-HH:MM:SS`.
const SECONDS: usize = 17;

/// The time as FIX writes it, to the second.
pub fn utc_now() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let text = castle::fix::time::text(now.as_nanos() as u64);
    String::from_utf8_lossy(&text[..SECONDS]).into_owned()
}

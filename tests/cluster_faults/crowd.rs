//! Sessions that trade all the time, each over whichever node takes its connection.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::network::Door;
use crate::support::fix::{CONNECTION_LOST, Left};
use crate::support::trader::Trader;

/// New orders a second of each session, with cancels and replaces beside them.
const ORDERS_PER_SECOND: u64 = 200;
/// How long at least, where a session has just logged on and nothing that it asked has been answered there yet, an
/// answer may be missing until the other nodes are tried. It was taken in, so it stays: who hurries from node to node
/// is served by none.
const SILENCE_AFTER_LOGON: Duration = Duration::from_secs(1);
/// How long between two attempts of a session to connect.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(2);
/// How long the crowd sleeps where there was nothing to do.
const IDLE: Duration = Duration::from_micros(300);

/// A session that moves to another node where its own is silent.
pub struct Runner {
    pub trader: Trader,
    /// All that it was told below this number was sent again and compared.
    pub compared_below: u64,
    /// Connections that were left as they were, each with its door.
    pub left: Vec<(usize, Left)>,
    pub is_connected: bool,
    /// How long an answer may be missing until the other nodes are tried.
    silence: Duration,
    /// The node where it is connected, or was last.
    pub at: usize,
    /// Where it tries to connect next.
    next: usize,
    /// Connections that the venue ended.
    pub losses: u64,
    is_served: bool,
    /// Reports that it got on its present connection.
    pub reports: u64,
    before: u64,
    last_answer: Instant,
    last_attempt: Instant,
    /// Since when it waits for something.
    waits_since: Instant,
    /// The next number that it expected when it last looked.
    heard: u64,
    longest: Duration,
    orders: f64,
    last_turn: Instant,
}

impl Runner {
    fn new(session: usize, silence: Duration) -> Self {
        let now = Instant::now();
        let mut trader = Trader::new(session, 97);
        // Whatever it was ever told is compared.
        trader.client.kept_max = usize::MAX;
        Self {
            trader,
            compared_below: 1,
            left: Vec::new(),
            is_connected: false,
            silence,
            at: 0,
            next: 0,
            losses: 0,
            is_served: false,
            reports: 0,
            before: 0,
            last_answer: now,
            last_attempt: now,
            waits_since: now,
            heard: 0,
            longest: Duration::ZERO,
            orders: 0.0,
            last_turn: now,
        }
    }

    fn turn(&mut self, doors: &[Door], trades: bool) -> Result<usize, String> {
        let now = Instant::now();
        let passed = now - std::mem::replace(&mut self.last_turn, now);
        let mut moved = 0;
        if self.is_connected {
            match self.trader.turn() {
                Ok(bytes) => moved = bytes,
                Err(what) if what.starts_with(CONNECTION_LOST) || what == "closed" => {
                    self.is_connected = false;
                    self.losses += 1;
                }
                Err(what) => return Err(what),
            }
            self.is_connected &= self.trader.client.logged_out.is_none();
        }
        self.note_answers(now);
        let client = &self.trader.client;
        let is_ready = self.is_connected && client.logged_on && !client.is_missing();
        if is_ready && !self.is_served {
            self.is_served = true;
            // Where the connection is lost it begins here again.
            self.next = self.at;
        }
        if is_ready && trades {
            // What could not be sent in an outage is not made up for.
            self.orders += ORDERS_PER_SECOND as f64 * passed.as_secs_f64().min(0.01);
            let before = self.trader.client.next_out;
            self.trader.send_until(self.orders as u64);
            moved += (self.trader.client.next_out - before) as usize;
        }
        let is_owed = !is_ready || self.trader.book.unanswered() > 0;
        let heard = self.trader.client.next_in;
        if heard != self.heard || !is_owed {
            self.heard = heard;
            self.waits_since = now;
        }
        let is_new = self.trader.client.logged_on && self.reports == 0;
        let silence = if is_new { self.silence.max(SILENCE_AFTER_LOGON) } else { self.silence };
        let is_late = !self.is_connected || now - self.waits_since > silence;
        if is_late && now - self.last_attempt > BETWEEN_ATTEMPTS {
            self.move_on(doors, now);
        }
        Ok(moved)
    }

    fn note_answers(&mut self, now: Instant) {
        let reports = self.trader.book.reports;
        if reports > self.before {
            self.longest = self.longest.max(now - self.last_answer);
            self.last_answer = now;
            self.reports += reports - self.before;
            self.before = reports;
        }
    }

    /// Tries the next node; where it listens, the connection there was is left as it is.
    fn move_on(&mut self, doors: &[Door], now: Instant) {
        self.last_attempt = now;
        let is_own = self.is_connected && self.next == self.at;
        let next = (self.next + usize::from(is_own)) % doors.len();
        // The one after it is next, unless this one serves: one that is cut off accepts connections, too.
        self.next = (next + 1) % doors.len();
        self.trader.client.acknowledged = self.trader.book.acknowledged;
        // A session has one connection to a node at most.
        self.left.iter().filter(|(at, _)| *at == next).for_each(|(_, left)| left.hang_up());
        // Most attempts meet a door that is shut.
        if let Ok(left) = doors[next].at(|address| self.trader.client.move_to(address)) {
            self.left.extend(left.filter(|_| self.is_connected).map(|left| (self.at, left)));
            self.is_connected = true;
            self.is_served = false;
            self.at = next;
            self.reports = 0;
            self.waits_since = now;
        }
    }

    fn is_at_rest(&self) -> bool {
        let client = &self.trader.client;
        self.is_connected
            && client.logged_on
            && !client.is_missing()
            && self.trader.book.unanswered() == 0
    }
}

/// What the crowd's thread and the test share.
pub struct Inner {
    pub runners: Vec<Runner>,
    doors: Vec<Door>,
    trades: bool,
    wrong: Option<String>,
}

impl Inner {
    /// Connections that the venue ended, over all sessions.
    pub fn losses(&self) -> u64 {
        self.runners.iter().map(|runner| runner.losses).sum()
    }

    pub fn answers(&self) -> u64 {
        self.runners.iter().map(|runner| runner.trader.book.reports).sum()
    }
}

/// See the module.
pub struct Crowd {
    inner: Arc<Mutex<Inner>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Crowd {
    /// So many sessions, which do not trade yet. Each tries other nodes after that long a silence.
    pub fn new(sessions: usize, doors: Vec<Door>, silence: Duration) -> Self {
        let runners = (1..=sessions).map(|session| Runner::new(session, silence)).collect();
        let inner = Inner { runners, doors, trades: false, wrong: None };
        let inner = Arc::new(Mutex::new(inner));
        let over = Arc::new(AtomicBool::new(false));
        let (shared, is_over) = (inner.clone(), over.clone());
        let thread = std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                if turn_all(&mut lock(&shared)) == 0 {
                    std::thread::sleep(IDLE);
                } else {
                    std::thread::yield_now();
                }
            }
        });
        Self { inner, over, thread: Some(thread) }
    }

    /// What it holds, while it stands still; fails the test where something was wrong.
    pub fn hold(&self) -> MutexGuard<'_, Inner> {
        let held = lock(&self.inner);
        if let Some(wrong) = held.wrong.clone() {
            drop(held);
            panic!("{wrong}");
        }
        held
    }

    pub fn trade(&self, trades: bool) {
        let mut held = self.hold();
        held.trades = trades;
        let now = Instant::now();
        for runner in &mut held.runners {
            runner.last_answer = now;
            runner.orders = runner.trader.orders as f64;
        }
    }

    /// Has every session send so many orders at once, beside what it sends anyway.
    pub fn burst(&self, orders: u32) {
        self.hold().runners.iter_mut().for_each(|runner| runner.orders += f64::from(orders));
    }

    /// Reads what has come on connections that were left. What comes later counts as late.
    pub fn read_what_came(&self) {
        let mut held = self.hold();
        let left = held.runners.iter_mut().flat_map(|runner| &mut runner.left);
        left.for_each(|(_, left)| left.read_what_came());
    }

    pub fn forget_silences(&self) {
        self.hold().runners.iter_mut().for_each(|runner| runner.longest = Duration::ZERO);
    }

    pub fn silences(&self) -> Vec<Duration> {
        self.hold().runners.iter().map(|runner| runner.longest).collect()
    }

    /// No more orders; every answer has come.
    pub fn wait_for_rest(&self, patience: Duration) {
        self.trade(false);
        let deadline = Instant::now() + patience;
        while !self.hold().runners.iter().all(Runner::is_at_rest) {
            assert!(Instant::now() < deadline, "answers are missing");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // What it panicked with was printed.
            let _ = thread.join();
        }
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn turn_all(inner: &mut Inner) -> usize {
    let Inner { runners, doors, trades, wrong } = inner;
    if wrong.is_some() {
        return 0;
    }
    let mut moved = 0;
    for runner in runners {
        match runner.turn(doors, *trades) {
            Ok(some) => moved += some,
            Err(what) => *wrong = Some(what),
        }
    }
    moved
}

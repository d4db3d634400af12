//! A thread that turns agents round.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::agent::{Agent, Idle};
use super::clock::{Clock, Now, SystemClock};
use super::doorbell::Doorbell;
use super::fault::Fault;
use super::park::{Park, Unpark, thread_parking};

/// Idle turns that spin before the first that yields: few, since who parks shares its core. A thread that is
/// woken there waits for a yield, or else for the end of a time slice, which is milliseconds away.
const SPINS: u32 = 2;
/// Idle turns that yield before the first that parks: about a millisecond, since to be woken on an idle core costs
/// tens of microseconds, so a thread that hears something a thousand times a second does not park.
const YIELDS: u32 = 2_000;
/// The same of a runner that waits for the disk and may share its core with those that sync. The kernel's own
/// worker that has to flush the disk waits behind a thread that yields again and again, for up to 200 ms
/// (Linux 6.18: who yields gives its virtual time away): only one that sleeps lets it run at once.
const YIELDS_BEFORE_DISK: u32 = 8;
/// How long a runner parks at most, unless told otherwise: its timers are late by no more.
pub const PARK_TIMEOUT: Duration = Duration::from_millis(1);
/// Cores that an affinity mask can name.
const CORES_MAX: usize = 1024;

/// Whether a runner stays on its core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pinning {
    /// Nobody asked for it.
    Free,
    /// It runs on this core only.
    Pinned(usize),
    /// The system refused this core: it runs wherever it is put. Worth a warning.
    Refused(usize),
}

/// What a runner will be.
pub struct RunnerBuilder {
    name: String,
    agents: Vec<Box<dyn Agent>>,
    clock: Box<dyn Clock>,
    idle: Idle,
    /// Idle turns that spin, and those after them that yield, before the first that parks.
    patience: [u32; 2],
    core: Option<usize>,
    park: Box<dyn Park>,
    park_timeout: Duration,
    doorbell: Doorbell,
    downstream: Vec<Doorbell>,
    /// Rung only while there is a hurry.
    hurried: Vec<Doorbell>,
    hurry: Hurry,
    stop: Arc<AtomicBool>,
    fault: Fault,
}

/// Whether effects wait for the disk, which may change while the exchange runs. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Hurry(Arc<AtomicBool>);

impl Hurry {
    /// One that begins so.
    pub fn new(is_set: bool) -> Self {
        Self(Arc::new(AtomicBool::new(is_set)))
    }

    /// Whether they do now.
    #[inline]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// From now on they do, or do not.
    pub fn set(&self, is_set: bool) {
        if self.is_set() != is_set {
            self.0.store(is_set, Ordering::Relaxed);
        }
    }
}

impl RunnerBuilder {
    /// A runner that parks its thread. The name is the thread's; the system shows 15 bytes of it.
    pub fn new(name: &str, fault: &Fault) -> Self {
        let (park, unpark) = thread_parking();
        Self::with_park(name, fault, Box::new(park), Arc::new(unpark))
    }

    /// A runner that parks by other means, such as waiting for its sockets.
    pub fn with_park(
        name: &str,
        fault: &Fault,
        park: Box<dyn Park>,
        unpark: Arc<dyn Unpark>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            agents: Vec::new(),
            clock: Box::new(SystemClock),
            idle: Idle::default(),
            patience: [SPINS, YIELDS],
            core: None,
            park,
            park_timeout: PARK_TIMEOUT,
            doorbell: Doorbell::new(unpark),
            downstream: Vec::new(),
            hurried: Vec::new(),
            hurry: Hurry::default(),
            stop: Arc::new(AtomicBool::new(false)),
            fault: fault.clone(),
        }
    }

    /// Adds an agent, turned after those before it.
    #[must_use]
    pub fn agent(mut self, agent: Box<dyn Agent>) -> Self {
        self.agents.push(agent);
        self
    }

    /// Tells the time by this clock; the system's otherwise.
    #[must_use]
    pub fn clock(mut self, clock: Box<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Idles so; by parking otherwise.
    #[must_use]
    pub fn idle(mut self, idle: Idle) -> Self {
        self.idle = idle;
        self
    }

    /// Parks in its first idle turn, where it parks at all: for a thread that nobody waits for to the
    /// microsecond, and whose core has better to do than to spin.
    #[must_use]
    pub fn parks_at_once(mut self) -> Self {
        self.patience = [0, 0];
        self
    }

    /// Parks soon while there is a hurry, where it parks at all: what it waits for is the disk's, and its core
    /// may be the one that has to drive the disk. Rings the bells of [`downstream_in_hurry`](Self::downstream_in_hurry)
    /// only then.
    #[must_use]
    pub fn hurry(mut self, hurry: &Hurry) -> Self {
        self.hurry = hurry.clone();
        self
    }

    /// Pins the thread to this core, by the system's number.
    #[must_use]
    pub fn core(mut self, core: Option<usize>) -> Self {
        self.core = core;
        self
    }

    /// Parks no longer than this; 1 ms otherwise.
    #[must_use]
    pub fn park_timeout(mut self, timeout: Duration) -> Self {
        self.park_timeout = timeout;
        self
    }

    /// Rings this runner after each turn that did something: it reads what this one writes.
    #[must_use]
    pub fn downstream(mut self, bell: Doorbell) -> Self {
        self.downstream.push(bell);
        self
    }

    /// The same, but only while there is a hurry: otherwise that runner looks for itself.
    #[must_use]
    pub fn downstream_in_hurry(mut self, bell: Doorbell) -> Self {
        self.hurried.push(bell);
        self
    }

    /// Stops when this flag is set, which may be shared. A parked runner sees it within the park
    /// timeout, or when its doorbell is woken.
    #[must_use]
    pub fn stop_flag(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// The bell at which this runner is woken: for those whose output it reads.
    pub fn doorbell(&self) -> Doorbell {
        self.doorbell.clone()
    }

    /// Starts the thread and waits until it is pinned.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn spawn(self) -> io::Result<RunnerHandle> {
        let name = self.name.clone();
        let doorbell = self.doorbell.clone();
        let stop = self.stop.clone();
        self.fault.watch(doorbell.clone());
        let (pinned, pinning) = mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name(name.clone()).spawn(move || {
            // The receiver waits below.
            let _ = pinned.send(pin(self.core));
            Runner::new(self).run();
        })?;
        let pinning =
            pinning.recv().map_err(|_| io::Error::other("the thread died at its start"))?;
        Ok(RunnerHandle { name, doorbell, stop, pinning, thread: Some(thread) })
    }
}

impl std::fmt::Debug for RunnerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunnerBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

fn pin(core: Option<usize>) -> Pinning {
    match core {
        None => Pinning::Free,
        Some(id)
            if id < CORES_MAX && core_affinity::set_for_current(core_affinity::CoreId { id }) =>
        {
            Pinning::Pinned(id)
        }
        Some(id) => Pinning::Refused(id),
    }
}

/// A running runner. Dropping it stops it and waits.
#[derive(Debug)]
pub struct RunnerHandle {
    name: String,
    doorbell: Doorbell,
    stop: Arc<AtomicBool>,
    pinning: Pinning,
    thread: Option<JoinHandle<()>>,
}

impl RunnerHandle {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it stays on its core.
    pub fn pinning(&self) -> Pinning {
        self.pinning
    }

    /// Its bell.
    pub fn doorbell(&self) -> Doorbell {
        self.doorbell.clone()
    }

    /// Tells it to end its turn, close its agents and end. Returns at once.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.doorbell.wake();
    }

    /// Whether its thread has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until its thread has ended, which it does after [`stop`](Self::stop) or a fault.
    pub fn join(mut self) {
        self.wait();
    }

    fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic in it is already the fault.
            let _ = thread.join();
        }
    }
}

impl Drop for RunnerHandle {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.stop();
            self.wait();
        }
    }
}

/// The loop of the thread.
struct Runner {
    it: RunnerBuilder,
    /// The agent that is working, for the report if it panics.
    current: usize,
    /// Turns without work, in a row.
    idle_turns: u32,
}

impl Runner {
    fn new(it: RunnerBuilder) -> Self {
        Self { it, current: 0, idle_turns: 0 }
    }

    fn run(&mut self) {
        let result = catch_unwind(AssertUnwindSafe(|| {
            self.it.park.attach();
            while !self.must_end() {
                self.step();
            }
            if !self.it.fault.is_raised() {
                self.close();
            }
        }));
        if let Err(panic) = result {
            let who = self.it.agents.get(self.current).map_or("runner", |agent| agent.name());
            self.it.fault.raise(who, format_args!("panicked: {}", panic_message(&*panic)));
        }
    }

    fn must_end(&self) -> bool {
        self.it.stop.load(Ordering::Acquire) || self.it.fault.is_raised()
    }

    /// A turn, and what comes after it.
    #[inline]
    fn step(&mut self) {
        if self.turn() {
            self.idle_turns = 0;
            return;
        }
        self.idle_turns = self.idle_turns.saturating_add(1);
        let [spins, yields] = self.it.patience;
        let yields = if self.it.hurry.is_set() { yields.min(YIELDS_BEFORE_DISK) } else { yields };
        match self.it.idle {
            Idle::Spin => std::hint::spin_loop(),
            Idle::Yield => std::thread::yield_now(),
            Idle::Park if self.idle_turns <= spins => std::hint::spin_loop(),
            Idle::Park if self.idle_turns <= spins + yields => std::thread::yield_now(),
            Idle::Park => self.park(),
        }
    }

    /// Turns every agent; true if any did something. Those downstream know when it returns.
    #[inline]
    fn turn(&mut self) -> bool {
        let now = self.it.clock.now();
        let mut done = 0;
        for (index, agent) in self.it.agents.iter_mut().enumerate() {
            self.current = index;
            done += agent.work(now);
        }
        if done > 0 {
            Doorbell::ring_all(&self.it.downstream);
            if self.it.hurry.is_set() {
                Doorbell::ring_all(&self.it.hurried);
            }
        }
        done > 0
    }

    #[cold]
    fn park(&mut self) {
        self.it.doorbell.announce();
        // Once more: what was published before the announcement was seen rings no bell.
        if self.turn() {
            self.idle_turns = 0;
        } else if !self.must_end() {
            self.it.park.park(self.it.park_timeout);
        }
        self.it.doorbell.withdraw();
    }

    fn close(&mut self) {
        let now: Now = self.it.clock.now();
        for (index, agent) in self.it.agents.iter_mut().enumerate() {
            self.current = index;
            agent.close(now);
        }
        // What they published last is to be seen as well.
        Doorbell::ring_all(&self.it.downstream);
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    if let Some(message) = panic.downcast_ref::<&str>() {
        message
    } else if let Some(message) = panic.downcast_ref::<String>() {
        message
    } else {
        "no message"
    }
}

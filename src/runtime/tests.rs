//! Runners on real threads, bounded in time, and the clocks.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use super::*;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until it is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}

type Journal = Arc<Mutex<Vec<String>>>;

/// Counts its turns, notes when it is closed, and does what a closure does.
struct Probe<F> {
    name: &'static str,
    turns: Arc<AtomicUsize>,
    closed: Journal,
    work: F,
}

impl<F: FnMut(Now) -> usize + Send> Agent for Probe<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn work(&mut self, now: Now) -> usize {
        self.turns.fetch_add(1, Ordering::SeqCst);
        (self.work)(now)
    }

    fn close(&mut self, _: Now) {
        self.closed.lock().unwrap().push(self.name.to_owned());
    }
}

fn probe(
    name: &'static str,
    turns: &Arc<AtomicUsize>,
    closed: &Journal,
    work: impl FnMut(Now) -> usize + Send + 'static,
) -> Box<dyn Agent> {
    Box::new(Probe { name, turns: turns.clone(), closed: closed.clone(), work })
}

#[test]
fn agents_take_turns_and_are_closed_in_their_order() {
    for idle in [Idle::Spin, Idle::Yield, Idle::Park] {
        let (first, second) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let closed = Journal::default();
        let runner = RunnerBuilder::new("turns", &Fault::new())
            .idle(idle)
            .agent(probe("first", &first, &closed, |_| 0))
            .agent(probe("second", &second, &closed, |_| 0))
            .spawn()
            .unwrap();
        assert_eq!((runner.name(), runner.pinning()), ("turns", Pinning::Free));
        until("both had turns", || second.load(Ordering::SeqCst) > 3);
        assert!(closed.lock().unwrap().is_empty() && !runner.is_finished());
        runner.stop();
        runner.join();
        assert_eq!(*closed.lock().unwrap(), ["first", "second"]);
        assert_eq!(first.load(Ordering::SeqCst), second.load(Ordering::SeqCst));
    }
}

#[test]
fn runners_stop_one_after_another_as_the_caller_says() {
    let (turns, closed, fault) = (Arc::default(), Journal::default(), Fault::new());
    let spawn = |name| {
        let agent = probe(name, &turns, &closed, |_| 0);
        RunnerBuilder::new(name, &fault).agent(agent).spawn().unwrap()
    };
    let runners = [spawn("gateway"), spawn("engine"), spawn("journal")];
    for runner in runners {
        runner.stop();
        runner.join();
    }
    assert_eq!(*closed.lock().unwrap(), ["gateway", "engine", "journal"]);
}

#[test]
fn a_dropped_handle_stops_its_runner() {
    let (turns, closed) = (Arc::default(), Journal::default());
    drop(
        RunnerBuilder::new("drop", &Fault::new()).agent(probe("a", &turns, &closed, |_| 0)).spawn(),
    );
    assert_eq!(*closed.lock().unwrap(), ["a"]);
}

#[test]
fn a_shared_flag_stops_a_runner() {
    let flag = Arc::new(AtomicBool::new(false));
    let runner = RunnerBuilder::new("flag", &Fault::new()).stop_flag(flag.clone()).spawn().unwrap();
    flag.store(true, Ordering::Release);
    runner.join();
}

#[test]
fn a_parked_runner_is_woken_by_its_doorbell_long_before_its_timeout() {
    let (turns, closed) = (Arc::new(AtomicUsize::new(0)), Journal::default());
    let (mut producer, mut consumers) = crate::ring::ring::<u64>(8, 1);
    let mut consumer = consumers.pop().unwrap();
    let (taken, receiver) = mpsc::channel();
    let builder = RunnerBuilder::new("sleeper", &Fault::new()).park_timeout(PATIENCE * 10);
    let bell = builder.doorbell();
    let runner = builder
        .agent(probe("sleeper", &turns, &closed, move |_| {
            let Some(entry) = consumer.peek().copied() else { return 0 };
            consumer.advance(1);
            taken.send(entry).unwrap();
            1
        }))
        .spawn()
        .unwrap();
    for number in 0..20 {
        let mut before = usize::MAX;
        until("it sleeps", || {
            let now = turns.load(Ordering::SeqCst);
            std::mem::replace(&mut before, now) == now
        });
        assert!(producer.push(&number));
        producer.publish();
        bell.ring();
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok(number));
    }
    // A stop wakes it as well.
    let start = Instant::now();
    runner.stop();
    runner.join();
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn a_chain_of_parking_runners_hands_everything_on() {
    const COUNT: u64 = 20_000;
    let (turns, closed, fault) = (Arc::default(), Journal::default(), Fault::new());
    let (mut upper, mut upper_ends) = crate::ring::ring::<u64>(16, 1);
    let (mut lower, mut lower_ends) = crate::ring::ring::<u64>(16, 1);
    let (mut upper_end, mut lower_end) = (upper_ends.remove(0), lower_ends.remove(0));
    let (done, finished) = mpsc::channel();

    let last = RunnerBuilder::new("last", &fault);
    let middle = RunnerBuilder::new("middle", &fault).downstream(last.doorbell());
    let start = RunnerBuilder::new("start", &fault).downstream(middle.doorbell());
    let mut next = 0;
    let last = last.agent(probe("last", &turns, &closed, move |_| {
        let seen = lower_end.available();
        for _ in 0..seen {
            assert_eq!(lower_end.peek(), Some(&next));
            lower_end.advance(1);
            next += 1;
        }
        if seen > 0 && next == COUNT {
            done.send(()).unwrap();
        }
        seen
    }));
    let middle = middle.agent(probe("middle", &turns, &closed, move |_| {
        let count = upper_end.available().min(lower.free());
        for _ in 0..count {
            assert!(lower.push(upper_end.peek().unwrap()));
            upper_end.advance(1);
        }
        lower.publish();
        count
    }));
    let mut given = 0;
    let start = start.agent(probe("start", &turns, &closed, move |_| {
        let before = given;
        while given < COUNT && upper.push(&given) {
            given += 1;
        }
        upper.publish();
        (given - before) as usize
    }));
    let runners = [start, middle, last].map(|builder| builder.spawn().unwrap());
    finished.recv_timeout(PATIENCE).unwrap();
    assert_eq!(fault.report(), None);
    drop(runners);
}

#[test]
fn parking_ends_by_its_timeout_so_that_timers_go_on() {
    let (turns, closed) = (Arc::new(AtomicUsize::new(0)), Journal::default());
    let runner = RunnerBuilder::new("timers", &Fault::new())
        .park_timeout(Duration::from_micros(100))
        .agent(probe("timers", &turns, &closed, |_| 0))
        .spawn()
        .unwrap();
    until("it went on", || turns.load(Ordering::SeqCst) > 400);
    drop(runner);
}

#[test]
fn a_bell_rings_only_who_announced_and_only_once() {
    struct Count(AtomicUsize);
    impl Unpark for Count {
        fn unpark(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let bell = Doorbell::new(count.clone());
    assert!(!bell.ring());
    bell.announce();
    assert!(bell.clone().ring() && !bell.ring());
    bell.announce();
    bell.withdraw();
    Doorbell::ring_all(&[bell.clone(), bell.clone()]);
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    bell.wake();
    assert_eq!(count.0.load(Ordering::SeqCst), 2);
}

#[test]
fn the_first_fault_stays_and_stops_every_runner_without_closing_agents() {
    let (turns, closed, fault) = (Arc::default(), Journal::default(), Fault::new());
    let sleeper = RunnerBuilder::new("sleeper", &fault)
        .park_timeout(PATIENCE * 10)
        .agent(probe("sleeper", &turns, &closed, |_| 0))
        .spawn()
        .unwrap();
    assert_eq!(fault.wait(Duration::from_millis(1)), None);
    let inner = fault.clone();
    let failing = RunnerBuilder::new("failing", &fault)
        .agent(probe("journal", &turns, &closed, move |_| {
            inner.raise("journal", "fdatasync: Input/output error");
            0
        }))
        .spawn()
        .unwrap();
    let report = fault.wait(PATIENCE).expect("a fault");
    assert_eq!(report.to_string(), "journal: fdatasync: Input/output error");
    assert!(!fault.raise("engine", "later") && fault.is_raised());
    failing.join();
    sleeper.join();
    assert_eq!(fault.report(), Some(report));
    assert!(closed.lock().unwrap().is_empty());
}

#[test]
fn a_panic_of_an_agent_becomes_the_fault() {
    let (turns, closed, fault) = (Arc::default(), Journal::default(), Fault::new());
    let runner = RunnerBuilder::new("panics", &fault)
        .agent(probe("calm", &turns, &closed, |_| 0))
        .agent(probe("nervous", &turns, &closed, |_| panic!("book {} is crossed", 7)))
        .spawn()
        .unwrap();
    let report = fault.wait(PATIENCE).expect("a fault");
    assert_eq!(report.to_string(), "nervous: panicked: book 7 is crossed");
    runner.join();
    assert!(closed.lock().unwrap().is_empty());
}

#[test]
fn a_core_that_is_not_there_is_reported_as_refused() {
    for core in [1_023, 4_000_000] {
        let runner = RunnerBuilder::new("pinned", &Fault::new()).core(Some(core)).spawn().unwrap();
        assert_eq!(runner.pinning(), Pinning::Refused(core));
    }
}

#[test]
fn a_core_that_is_there_is_pinned_to() {
    let Some(core) = core_affinity::get_core_ids().and_then(|ids| ids.first().copied()) else {
        return;
    };
    let (sender, receiver) = mpsc::channel();
    let (turns, closed) = (Arc::default(), Journal::default());
    let runner = RunnerBuilder::new("pinned", &Fault::new())
        .core(Some(core.id))
        .agent(probe("pinned", &turns, &closed, move |_| {
            let _ = sender.send(core_affinity::get_core_ids());
            0
        }))
        .spawn()
        .unwrap();
    assert_eq!(runner.pinning(), Pinning::Pinned(core.id));
    assert_eq!(receiver.recv_timeout(PATIENCE).unwrap(), Some(vec![core]));
}

#[test]
fn a_runner_tells_its_agents_the_time_of_its_clock() {
    let clock = SimulatedClock::new(1_000);
    clock.advance(Duration::from_nanos(5));
    let (sender, receiver) = mpsc::channel();
    let (turns, closed) = (Arc::default(), Journal::default());
    let _runner = RunnerBuilder::new("clock", &Fault::new())
        .clock(Box::new(clock.clone()))
        .agent(probe("clock", &turns, &closed, move |now| {
            let _ = sender.send(now);
            0
        }))
        .spawn()
        .unwrap();
    let now = receiver.recv_timeout(PATIENCE).unwrap();
    assert_eq!(now, Now { wall_ns: 1_005, monotonic_ns: 5 });
}

#[test]
fn a_simulated_clock_moves_only_when_told_to() {
    let mut clock = SimulatedClock::new(100);
    assert_eq!(clock.now(), clock.clone().now());
    clock.clone().advance(Duration::from_micros(1));
    clock.set_wall(7);
    assert_eq!(clock.now(), Now { wall_ns: 7, monotonic_ns: 1_000 });
}

#[test]
fn the_system_clock_shows_this_century_and_never_goes_back() {
    let mut clock = SystemClock;
    let before = clock.now();
    let after = clock.now();
    assert!(after.monotonic_ns >= before.monotonic_ns);
    let std_ns = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    assert!(std_ns.abs_diff(after.wall_ns) < 10_000_000_000);
}

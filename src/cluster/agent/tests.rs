//! Agents of two nodes over sockets in memory; the test plays the sequencers, the disks and the arbiter.

mod strangers;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;
use crate::cluster::Version;
use crate::cluster::arbiter::Held;
use crate::cluster::history::Piece;
use crate::cluster::replicator::WINDOW_RECORDS;
use crate::cluster::steward::{Answer, Promise, Request, Rule};
use crate::cluster::view::{Incarnation, Member, View};
use crate::journal::Room;
use crate::model::{ClusterName, Command, Continue, Durability, Record, ShardId, Timestamp};
use crate::ring::{ring, ring_from};

const STEP_NS: u64 = 1_000_000;
const PATIENCE: usize = 2_000;

/// Who listens, and who has dialled there.
#[derive(Clone, Default)]
struct Town(Arc<Mutex<BTreeMap<SocketAddr, VecDeque<UnixStream>>>>);

impl Town {
    fn wires(&self, at: SocketAddr) -> TownWires {
        self.0.lock().expect("nobody panics").insert(at, VecDeque::new());
        TownWires { town: self.clone(), at }
    }

    fn burn_down(&self, at: SocketAddr) {
        self.0.lock().expect("nobody panics").remove(&at);
    }
}

struct TownWires {
    town: Town,
    at: SocketAddr,
}

impl Wires for TownWires {
    type Stream = UnixStream;

    fn poll(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn accept(&mut self) -> io::Result<Option<UnixStream>> {
        let mut town = self.town.0.lock().expect("nobody panics");
        Ok(town.get_mut(&self.at).and_then(VecDeque::pop_front))
    }

    fn dial(&mut self, to: SocketAddr) -> io::Result<UnixStream> {
        let mut town = self.town.0.lock().expect("nobody panics");
        let Some(door) = town.get_mut(&to) else {
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        let (one, other) = UnixStream::pair()?;
        one.set_nonblocking(true)?;
        other.set_nonblocking(true)?;
        door.push_back(other);
        Ok(one)
    }

    fn is_connected(&mut self, _: &mut UnixStream) -> io::Result<bool> {
        Ok(true)
    }
}

/// An arbiter that answers in the next turn, unless it is mute.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Option<Held>>>, Arc<AtomicBool>);

struct DeskPort(Desk, Option<Answer>);

impl Port for DeskPort {
    fn ask(&mut self, request: Request) -> bool {
        let mut held = self.0.0.lock().expect("nobody panics");
        let answer = match request {
            Request::Read => Answer::View(held.clone()),
            Request::Adopt(_) => Answer::Asked,
            Request::Found(view) => {
                held.get_or_insert(Held { view, version: Version(1) });
                Answer::Asked
            }
            Request::Swap { expected, view } => {
                if held.as_ref().is_some_and(|held| held.version == expected) {
                    *held = Some(Held { view, version: Version(expected.0 + 1) });
                }
                Answer::Asked
            }
        };
        self.1 = Some(answer);
        true
    }

    fn poll(&mut self) -> Option<Answer> {
        self.1.take_if(|_| !self.0.1.load(Ordering::Acquire))
    }

    fn complaint(&self) -> String {
        String::new()
    }
}

/// What a node's log holds, for its history.
type Logged = Arc<Mutex<Vec<RecordBytes>>>;

struct LoggedHistory {
    logged: Logged,
    readings: BTreeMap<NodeId, (u64, bool)>,
    /// How often it has nothing yet, from the first question on.
    delay: usize,
    /// How often it was begun.
    begun: Arc<AtomicUsize>,
}

impl History for LoggedHistory {
    fn begin(&mut self, node: NodeId, shared: Sequence) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.readings.insert(node, (shared.0, false));
    }

    fn next(&mut self, node: NodeId) -> Option<Piece> {
        let (read, begun) = self.readings.get_mut(&node)?;
        if self.delay > 0 {
            self.delay -= 1;
            return None;
        }
        let log = self.logged.lock().expect("nobody panics");
        if !std::mem::replace(begun, true) {
            let hash = log[..*read as usize].iter().fold(0, |hash, record| {
                crate::journal::format::chain(hash, record.used().expect("a record"))
            });
            return Some(Piece::Begins { hash });
        }
        let rest = &log[*read as usize..];
        let bytes: Vec<u8> =
            rest.iter().take(100).flat_map(|it| it.used().expect("a record").to_vec()).collect();
        *read += rest.len().min(100) as u64;
        (!bytes.is_empty()).then_some(Piece::Records(bytes))
    }

    fn end(&mut self, node: NodeId) {
        self.readings.remove(&node);
    }
}

/// Writes at once, where it can, and remembers what was acknowledged.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Remembered>>);

#[derive(Default)]
struct Remembered {
    promise: Option<Promise>,
    acknowledged: Sequence,
    told: Sequence,
    cannot_write: bool,
    is_forgotten: bool,
}

impl Keeper for Memory {
    fn store(&mut self, promise: Promise) {
        self.0.lock().expect("nobody panics").promise = Some(promise);
    }

    fn stored(&mut self) -> Option<Promise> {
        let mut held = self.0.lock().expect("nobody panics");
        if held.cannot_write { None } else { held.promise.take() }
    }

    fn acknowledge(&mut self, sequence: Sequence) {
        let mut held = self.0.lock().expect("nobody panics");
        held.acknowledged = held.acknowledged.max(sequence);
    }

    fn tell(&mut self, sequence: Sequence) {
        self.acknowledge(sequence);
        let mut held = self.0.lock().expect("nobody panics");
        held.told = held.told.max(sequence);
    }

    fn forget(&mut self) {
        self.0.lock().expect("nobody panics").is_forgotten = true;
    }

    fn failure(&mut self) -> Option<String> {
        let held = self.0.lock().expect("nobody panics");
        (held.cannot_write && held.promise.is_some()).then(|| "the disk failed".to_owned())
    }
}

/// A node: its agent, and the ends of its rings that the test plays.
struct House {
    agent: ClusterAgent<TownWires>,
    control: Arc<Control>,
    standing: Arc<Standing>,
    log: Producer<RecordBytes>,
    records: Consumer<RecordBytes>,
    progress: Arc<Progress>,
    logged: Logged,
    memory: Memory,
    last: Sequence,
    reign: Epoch,
    posts: u64,
    /// Its sequencer has no turn.
    stalls: bool,
}

fn address(node: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1_000 + node))
}

fn cluster() -> ClusterName {
    ClusterName::truncated(b"castle")
}

fn record(sequence: Sequence, epoch: Epoch) -> RecordBytes {
    let mut bytes = RecordBytes::default();
    let command = Command::Continue(Continue {});
    let (timestamp, shard) = (Timestamp(sequence.0), ShardId(0));
    Record { sequence, timestamp, epoch, shard, command }.put(&mut bytes);
    bytes
}

impl House {
    fn new(town: &Town, desk: &Desk, node: u16, nodes: u16) -> Self {
        Self::with_rule(town, desk, node, nodes, Rule::Arbiter)
    }

    fn with_rule(town: &Town, desk: &Desk, node: u16, nodes: u16, rule: Rule) -> Self {
        let standing = Arc::new(Standing::default());
        let (log, mut readers) = ring_from(1 << 10, 1, 1);
        let (records, mut handed_on) = ring(1 << 11, 1);
        let (_, mut hashes) = ring(16, 1);
        let progress = Arc::new(Progress::default());
        let (logged, memory) = (Logged::default(), Memory::default());
        let others = (0..nodes).filter(|other| *other != node);
        let peers = others.map(|other| PeerAddress {
            node: NodeId(other),
            name: format!("node-{other}"),
            address: address(other),
        });
        let settings = Settings {
            cluster: cluster(),
            node: NodeId(node),
            durability: Durability::StandbyMemory,
            primary_timeout_ns: 200 * STEP_NS,
            standby_timeout_ns: 100 * STEP_NS,
            journal_timeout_ns: 1_000 * STEP_NS,
            retry_ns: 5 * STEP_NS,
            watch_ns: 50 * STEP_NS,
            rule,
        };
        let options = Options {
            settings,
            peers: peers.collect(),
            journal_format: 1,
            definitions: Definitions::new(Vec::new()),
            credentials: None,
            window_records: WINDOW_RECORDS,
        };
        let beginning = Beginning {
            incarnation: Incarnation(u64::from(node) + 1),
            is_kept: false,
            promise: Promise::default(),
            last_reign: Epoch(0),
            seed: u64::from(node) + 10,
        };
        let seat = Seat {
            standing: standing.clone(),
            log: readers.remove(0),
            published: log.cursor(),
            progress: progress.clone(),
            records,
            running_hashes: hashes.remove(0),
            chain: Chain::new(),
            end: End::default(),
            hash: 0,
        };
        let outside = Outside {
            wires: town.wires(address(node)),
            port: Box::new(DeskPort(desk.clone(), None)),
            arrival: Box::new(crate::cluster::arrival::NoArrival),
            history: Box::new(LoggedHistory {
                logged: logged.clone(),
                readings: BTreeMap::new(),
                delay: 0,
                begun: Arc::default(),
            }),
            keeper: Box::new(memory.clone()),
        };
        let control = Control::new();
        let agent = ClusterAgent::new(options, &beginning, seat, outside, control.clone(), 0);
        let (last, reign) = (Sequence(0), Epoch(0));
        let records = handed_on.remove(0);
        let posts = 0;
        Self {
            agent,
            control,
            standing,
            log,
            records,
            progress,
            logged,
            memory,
            last,
            reign,
            posts,
            stalls: false,
        }
    }

    fn push(&mut self, bytes: &RecordBytes) {
        assert!(self.log.push(bytes), "the agent reads the log");
        self.log.publish();
        self.logged.lock().expect("nobody panics").push(*bytes);
        self.last = self.last.next();
    }

    /// The sequencer's turn, and the journal's, and the agent's.
    fn turn(&mut self, now_ns: u64) {
        if self.standing.posts() != self.posts {
            self.posts = self.standing.posts();
            if let Post::Leading { begin, .. } = self.standing.post()
                && begin.epoch > self.reign
            {
                self.reign = begin.epoch;
                self.push(&record(self.last.next(), self.reign));
            }
        }
        if let Post::Following { .. } = self.standing.post()
            && !self.stalls
        {
            while self.log.has_room(1)
                && let Some(bytes) = self.records.peek().copied()
            {
                self.records.advance(1);
                self.push(&bytes);
            }
        }
        self.progress.synced.store(self.last.0, Ordering::Release);
        self.agent.work(Now { monotonic_ns: now_ns, wall_ns: now_ns });
        let held = self.memory.0.lock().expect("nobody panics");
        let said = held.acknowledged.min(held.told);
        drop(held);
        assert!(said >= self.standing.released(), "told before it was noted");
    }

    /// A command is numbered.
    fn log(&mut self) {
        self.push(&record(self.last.next(), self.reign));
    }

    fn in_sync(&self) -> usize {
        self.agent.steward.view().map_or(0, |view: &View| view.in_sync().len())
    }
}

struct Street {
    town: Town,
    houses: Vec<House>,
    now_ns: u64,
}

impl Street {
    fn new(nodes: u16) -> Self {
        let (town, desk) = (Town::default(), Desk::default());
        let houses = (0..nodes).map(|node| House::new(&town, &desk, node, nodes)).collect();
        let mut street = Self { town, houses, now_ns: 0 };
        assert!(street.houses[0].control.put(Wish::Found).is_some());
        street.run("it leads", |houses| houses[0].standing.doors_open());
        street
    }

    fn turn(&mut self) {
        self.now_ns += STEP_NS;
        for house in &mut self.houses {
            house.turn(self.now_ns);
        }
    }

    fn run(&mut self, what: &str, mut done: impl FnMut(&[House]) -> bool) {
        for _ in 0..PATIENCE {
            if done(&self.houses) {
                return;
            }
            self.turn();
        }
        let reports: Vec<_> = self.houses.iter().map(|house| house.agent.status()).collect();
        panic!("not within {PATIENCE} turns: {what}: {reports:#?}");
    }
}

#[test]
fn a_standby_is_taken_in_and_what_is_told_it_holds() {
    let mut street = Street::new(2);
    street.run("both are in sync", |houses| houses[0].in_sync() == 2);
    for _ in 0..500 {
        street.houses[0].log();
        street.turn();
        let told = street.houses[0].standing.released();
        assert!(told <= street.houses[1].last, "told before the standby has it");
    }
    let last = street.houses[0].last;
    street.run("all is told", |houses| houses[0].standing.released() == last);
    let same = |one: &RecordBytes, other: &RecordBytes| one.0 == other.0;
    let ours = street.houses[0].logged.lock().expect("nobody panics").clone();
    let theirs = street.houses[1].logged.lock().expect("nobody panics").clone();
    assert!(ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| same(a, b)));
    assert!(!street.houses[1].standing.doors_open());
}

/// Whether a standby that is cut off says hello while records wait for its sequencer, whose log is to be told in it.
fn says_hello_over_waiting_records(mutant: Option<AgentMutant>) -> bool {
    let mut street = Street::new(2);
    street.run("both are in sync", |houses| houses[0].in_sync() == 2);
    if let Some(mutant) = mutant {
        street.houses[1].agent.plant(mutant);
    }
    street.houses[1].stalls = true;
    street.houses[0].log();
    let last = street.houses[0].last;
    street.run("it is on its way", |houses| houses[1].agent.inflow.handed_on() == last);
    let is_up = |house: &House| matches!(house.agent.upstream.state, standby::State::Up { .. });
    street.houses[0].agent.downstreams.clear();
    street.run("it is cut off", |houses| !is_up(&houses[1]));
    // It dials again within 100 ms.
    for _ in 0..150 {
        street.turn();
        if is_up(&street.houses[1]) {
            return true;
        }
    }
    street.houses[1].stalls = false;
    street.run("it is back", |houses| houses[0].standing.released() >= last && is_up(&houses[1]));
    false
}

#[test]
fn a_hello_waits_until_all_that_came_is_in_the_log_ring() {
    assert!(!says_hello_over_waiting_records(None));
    assert!(says_hello_over_waiting_records(Some(AgentMutant::HelloTooEarly)));
}

/// A primary whose window does not have all of its log, and a standby that comes with an empty one.
fn late(delay: usize) -> (Street, Arc<AtomicUsize>) {
    let mut street = Street::new(2);
    street.town.burn_down(address(1));
    let late = street.houses.remove(1);
    drop(late);
    // More than the window holds.
    for _ in 0..(WINDOW_RECORDS * 3 / 2) {
        street.houses[0].log();
        if street.houses[0].last.0.is_multiple_of(500) {
            street.turn();
        }
    }
    let begun = Arc::<AtomicUsize>::default();
    street.houses[0].agent.outside.history = Box::new(LoggedHistory {
        logged: street.houses[0].logged.clone(),
        readings: BTreeMap::new(),
        delay,
        begun: begun.clone(),
    });
    let desk = Desk::default();
    *desk.0.lock().expect("nobody panics") = street.houses[0]
        .agent
        .steward
        .view()
        .map(|view| Held { view: view.clone(), version: Version(u64::from(view.epoch().0)) });
    let late = House::new(&street.town, &desk, 1, 2);
    street.houses.push(late);
    (street, begun)
}

#[test]
fn a_standby_that_comes_late_gets_old_records_from_the_journal() {
    let (mut street, _) = late(0);
    let last = street.houses[0].last;
    street.run("it has all", |houses| houses[1].last == last);
}

#[test]
fn a_standby_waits_for_a_primary_that_reads_its_journal_for_an_answer() {
    let turns = 3 * (standby::WELCOME_NS / STEP_NS) as usize;
    let (mut street, begun) = late(turns);
    (0..turns).for_each(|_| street.turn());
    let last = street.houses[0].last;
    street.run("it has all", |houses| houses[1].last == last);
    assert_eq!(begun.load(Ordering::Relaxed), 1, "it did not give up and ask again");
}

#[test]
fn the_standby_takes_over_at_once_where_nobody_listens_any_more() {
    let mut street = Street::new(2);
    street.run("both are in sync", |houses| houses[0].in_sync() == 2);
    street.houses[0].log();
    street.turn();
    street.turn();
    street.town.burn_down(address(0));
    drop(street.houses.remove(0));
    let before_ns = street.now_ns;
    street.run("it takes over", |houses| houses[0].standing.doors_open());
    let after_ns = street.now_ns - before_ns;
    let patience_ns = street.houses[0].agent.options.settings.primary_timeout_ns;
    assert!(after_ns < patience_ns / 2, "only silence called it: {after_ns} ns");
    let last = street.houses[0].last;
    street.run("it tells alone", |houses| houses[0].standing.released() >= last);
}

#[test]
fn a_standby_that_is_gone_is_left_out_and_the_primary_goes_on() {
    let mut street = Street::new(2);
    street.run("both are in sync", |houses| houses[0].in_sync() == 2);
    street.town.burn_down(address(1));
    drop(street.houses.remove(1));
    street.houses[0].log();
    let last = street.houses[0].last;
    street.run("it tells alone", |houses| houses[0].standing.released() == last);
    assert_eq!(street.houses[0].in_sync(), 1);
}

#[test]
fn a_planned_switch_hands_over_and_the_old_primary_ends_its_part() {
    let mut street = Street::new(2);
    street.run("both are in sync", |houses| houses[0].in_sync() == 2);
    let wish = Wish::SwitchOver { to: NodeId(1), patience_ns: 100 * STEP_NS };
    assert!(street.houses[0].control.put(wish).is_some());
    street.run("the other leads", |houses| houses[1].standing.doors_open());
    street.run("it steps down", |houses| houses[0].control.ending() == Some(Ending::Again));
    assert!(!street.houses[0].standing.doors_open());
}

#[test]
fn without_an_arbiter_a_restarted_primary_waits_until_the_other_has_read_its_copy_of_the_view() {
    let (town, [known, unread]) = (Town::default(), [Desk::default(), Desk::default()]);
    let me = Member { node: NodeId(0), incarnation: Incarnation(1) };
    let view =
        View::founding(cluster(), me, Epoch(0), Durability::LocalDisk, 1).expect("it is valid");
    *known.0.lock().expect("nobody panics") = Some(Held { view, version: Version(1) });
    unread.1.store(true, Ordering::Release);
    let house = |desk, node, others| {
        let rule = Rule::Operator { others, goes_on_alone: false };
        House::with_rule(&town, desk, node, 2, rule)
    };
    let houses = vec![house(&known, 0, 0b10), house(&unread, 1, 0b01)];
    let mut street = Street { town: town.clone(), houses, now_ns: 0 };
    (0..500).for_each(|_| street.turn());
    assert_eq!(street.houses[0].agent.steward.report().waits_for, [NodeId(1)]);
    unread.1.store(false, Ordering::Release);
    street.run("it leads", |houses| houses[0].standing.doors_open());
}

#[test]
fn a_standby_leaves_before_sent_messages_that_wait_for_space_end_it_and_comes_back() {
    let mut street = Street::new(2);
    street.run("both are in sync", |houses| houses[0].in_sync() == 2);
    let room = street.houses[1].progress.store_room.clone();
    room.store(Room::CancelsOnly as u8, Ordering::Release);
    (0..500).for_each(|_| street.turn());
    assert_eq!(street.houses[0].in_sync(), 2, "they still fit into memory");
    room.store(Room::Full as u8, Ordering::Release);
    street.run("it leaves", |houses| houses[0].in_sync() == 1);
    room.store(Room::Plenty as u8, Ordering::Release);
    street.run("it is back", |houses| houses[0].in_sync() == 2);
}

#[test]
fn a_promise_that_cannot_be_written_ends_the_life_and_then_the_part() {
    let mut street = Street::new(2);
    street.run("both are in sync", |houses| houses[0].in_sync() == 2);
    street.houses[1].memory.0.lock().expect("nobody panics").cannot_write = true;
    // The other leads next, which this one has to promise.
    let wish = Wish::SwitchOver { to: NodeId(1), patience_ns: 100 * STEP_NS };
    assert!(street.houses[0].control.put(wish).is_some());
    street.run("it ends its part", |houses| houses[1].control.ending().is_some());
    let why = Stopped::Unwritten("the disk failed".to_owned());
    assert_eq!(street.houses[1].control.ending(), Some(Ending::Stopped(why)));
    assert!(street.houses[1].memory.0.lock().expect("nobody panics").is_forgotten);
}

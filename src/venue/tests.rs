//! Power loss. The venue's own agents (sequencer, journal, syncer) are turned round by hand on one thread,
//! in an order drawn from a seed, over a simulated disk; sessions trade, and are told what is durable at
//! `local-disk`. Then the power goes: every piece of 512 bytes that was not synced is kept, lost or torn at
//! random, and the venue is started from what is left.
//!
//! 1. What is left of the log is a prefix of what was sequenced, and reaches what was told.
//! 2. Every event that was told follows from it again, the same under the same number, and lies on the
//!    shelf of sent messages.
//! 3. The engine's state is that of a replay, and the venue trades on.

mod client;
mod failover;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::engine::Engine;
use crate::gateway::store::Shelf;
use crate::journal::simulated::{Random, SimulatedDisk};
use crate::journal::{Disk, JournalOptions, Progress, Room, read};
use crate::model::*;
use crate::ring::{Consumer, Producer};
use crate::runtime::{Agent, Doorbell, Now, Unpark};
use crate::venue::durability::{JournalAgent, SyncAgent};
use crate::venue::node::Ends;
use crate::venue::sequencer::Sequencer;

const SEEDS: u64 = 1_000;
const SESSIONS: u32 = 3;
/// Commands on their way, small so that rings fill up.
const COMMANDS: usize = 16;
const RECORDS: usize = 32;
const EVENTS: usize = 256;
const DISK_BYTES: u64 = 1 << 20;
const SEGMENT_BYTES: u64 = 16 * 1024;

/// A configuration but for what a test sets besides; the last lines are of session S3.
const DEFINITIONS: &str = r#"
[engine]
orders_max = 1024
cl_ord_ids_max = 8192
accounts_max = 16
instruments_max = 4
sessions_max = 16
[[asset]]
name = "AAA"
scale = 6
[[asset]]
name = "USD"
scale = 6
[[instrument]]
symbol = "AAAUSD"
base = "AAA"
quote = "USD"
price_scale = 2
quantity_scale = 0
tick = "0.01"
lot = "1"
collar_percent = 50
reference_price = "100"
[[account]]
id = 2
deposits = { AAA = "100000", USD = "10000000" }
[[account]]
id = 3
deposits = { AAA = "100000", USD = "10000000" }
[[account]]
id = 4
deposits = { AAA = "100000", USD = "10000000" }
[[session]]
comp_id = "S1"
account = 2
[[session]]
comp_id = "S2"
account = 3
[[session]]
comp_id = "S3"
account = 4
"#;

#[test]
fn a_loss_of_power_loses_nothing_that_was_told() {
    let (mut told, mut trades, mut lost, mut interrupted) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        match simulate(seed, false) {
            Ok(outcome) => {
                told += outcome.events.len();
                trades += outcome.count(|execution| execution.exec_type == ExecType::Trade);
                lost += outcome.lost;
                interrupted += outcome.failed_starts;
            }
            Err(why) => panic!("seed {seed}: {why}"),
        }
    }
    println!(
        "{SEEDS} seeds: {told} events told, {trades} of them trades; {lost} records lost untold; \
         {interrupted} starts interrupted"
    );
    // The test has seen what it is about.
    assert!(told > 100_000 && trades > 10_000 && lost > 10_000 && interrupted > 100);
}

#[test]
fn without_the_sync_the_same_test_sees_losses() {
    let failed = (0..100).filter(|seed| simulate(*seed, true).is_err()).count();
    assert!(failed > 50, "only {failed} of 100 seeds have seen a disk that lies about its syncs");
}

#[test]
fn a_full_disk_takes_cancels_loses_nothing_and_trades_on_once_it_has_space() {
    for seed in 0..20 {
        if let Err(why) = fill(seed) {
            panic!("seed {seed}: {why}");
        }
    }
}

#[test]
fn a_disk_too_full_to_start_on_is_an_error_and_no_endless_wait() {
    let disk = SimulatedDisk::new(DISK_BYTES);
    let shelf = shelf();
    let mut started = 0;
    loop {
        // What is there stays, and grows by an epoch with each start; nothing new can be created.
        disk.set_capacity_bytes(if started == 0 { SEGMENT_BYTES } else { 0 });
        match Machine::start(&disk, shelf.path()) {
            Ok(machine) => drop(machine),
            Err(why) => {
                assert!(why.contains("disk") && why.contains("full"), "{why}");
                break;
            }
        }
        started += 1;
        assert!(started < 1_000, "a segment of {SEGMENT_BYTES} bytes takes no 1,000 epochs");
    }
    assert!(started > 1);
    disk.set_capacity_bytes(DISK_BYTES);
    Machine::start(&disk, shelf.path()).expect("there is space again");
}

/// Counts how often it wakes.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Unpark for Wakes {
    fn unpark(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_store_is_woken_once_half_of_its_ring_is_full_and_not_before() {
    let (disk, shelf) = (SimulatedDisk::new(DISK_BYTES), shelf());
    let mut machine = Machine::start(&disk, shelf.path()).expect("an empty disk");
    let wakes = Arc::new(Wakes::default());
    let bell = Doorbell::new(wakes.clone());
    machine.sequencer.store_bell = Some(bell.clone());
    bell.announce();
    machine.log_on().expect("sessions are defined");
    machine.sequence();
    let (mut random, mut told) = (Random::new(0), Told::default());
    while machine.sequencer.events[0].free() >= EVENTS / 2 {
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
        machine.order(0, &mut random);
        machine.sequence();
        machine.settle_log();
    }
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    bell.announce();
    machine.sequence();
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1, "nothing has come since");
    machine.tell(&mut told).expect("no number is doubled");
    machine.order(0, &mut random);
    machine.sequence();
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1, "there is room again");
}

/// A venue that lives several lives on one disk.
fn simulate(seed: u64, syncs_lie: bool) -> Result<Told, String> {
    let mut random = Random::new(seed);
    let disk = SimulatedDisk::new(DISK_BYTES);
    let shelf = shelf();
    if syncs_lie {
        disk.sync_does_nothing();
    }
    let mut told = Told::default();
    let mut log = Vec::new();
    for _ in 0..3 {
        if random.below(3) == 0 {
            // The power goes again while the venue starts.
            disk.power_off_after(random.below(40));
            let started = Machine::start(&disk, shelf.path()).map(drop);
            told.failed_starts += usize::from(started.is_err());
            disk.crash(random.draw());
        }
        let mut machine = Machine::start(&disk, shelf.path())?;
        machine.check(&log, &mut told)?;
        machine.log_on()?;
        for _ in 0..random.below(400) {
            machine.step(&mut random, &mut told)?;
        }
        log = machine.log_so_far();
        told.durable = machine.progress.synced.load(Ordering::Acquire) as usize;
        drop(machine);
        disk.crash(random.draw());
    }
    Machine::start(&disk, shelf.path())?.check(&log, &mut told)?;
    Ok(told)
}

/// A venue whose disk fills, that loses its power then, and whose disk has space again.
fn fill(seed: u64) -> Result<(), String> {
    let mut random = Random::new(seed);
    let disk = SimulatedDisk::new(6 * SEGMENT_BYTES);
    let shelf = shelf();
    let mut told = Told::default();
    let mut machine = Machine::start(&disk, shelf.path())?;
    // So that there is always something left to be canceled.
    machine.mass_cancels = false;
    machine.log_on()?;
    let refused =
        |told: &Told| told.count(|execution| execution.refusal.code == RejectCode::DiskFull) > 0;
    let mut steps = 0;
    while !refused(&told) {
        machine.step(&mut random, &mut told)?;
        steps += 1;
        if steps > 100_000 {
            return Err("the disk never fills".into());
        }
    }
    let accepted = |told: &Told| told.count(|execution| execution.exec_type == ExecType::New);
    let canceled = |told: &Told| told.count(|execution| execution.exec_type == ExecType::Canceled);
    let before = (accepted(&told), canceled(&told));
    machine.settle(&mut random, &mut told)?;
    // Cancels go through and become durable.
    for _ in 0..20 {
        machine.cancel(&mut random);
        machine.settle(&mut random, &mut told)?;
    }
    if canceled(&told) == before.1 {
        return Err("no cancel goes through".into());
    }
    // Cancels until nothing is left at all: then nothing is taken, and nothing fails.
    for _ in 0..5_000 {
        machine.step(&mut random, &mut told)?;
    }
    if machine.fault.is_raised() {
        return Err(format!("{:?}", machine.fault.report()));
    }
    let log = machine.log_so_far();
    told.durable = machine.progress.synced.load(Ordering::Acquire) as usize;
    drop(machine);
    disk.crash(random.draw());
    disk.set_capacity_bytes(DISK_BYTES);
    let mut machine = Machine::start(&disk, shelf.path())?;
    machine.check(&log, &mut told)?;
    machine.log_on()?;
    let before = accepted(&told);
    for _ in 0..500 {
        machine.step(&mut random, &mut told)?;
    }
    match accepted(&told) > before {
        true => Ok(()),
        false => Err("no order is taken though there is space again".into()),
    }
}

fn shelf() -> tempfile::TempDir {
    // In memory: it is written by thousands of lives.
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory")
}

/// What sessions were told, by session and number.
#[derive(Default)]
struct Told {
    events: BTreeMap<(SessionId, u64), Event>,
    /// The last sequence that was synced.
    durable: usize,
    /// Records that crashes have taken.
    lost: usize,
    /// Starts that a crash has interrupted.
    failed_starts: usize,
}

impl Told {
    fn count(&self, is: impl Fn(&Execution) -> bool) -> usize {
        let executions = self.events.values().filter_map(|event| match &event.body {
            EventBody::Execution(execution) => Some(execution),
            _ => None,
        });
        executions.filter(|execution| is(execution)).count()
    }
}

/// A session, as its client knows it.
#[derive(Default)]
struct Client {
    generation: Generation,
    next: u64,
    ids: u64,
    /// ClOrdIDs of orders that were sent.
    sent: Vec<ClOrdId>,
}

/// The agents of a venue, turned by hand.
struct Machine {
    sequencer: Sequencer,
    journal: JournalAgent<SimulatedDisk>,
    syncer: SyncAgent<SimulatedDisk>,
    to_engine: Producer<Command>,
    gateway: Consumer<Event>,
    desk: Consumer<Event>,
    /// A second reader of the log ring.
    tap: Consumer<RecordBytes>,
    progress: Arc<Progress>,
    fault: Fault,
    shelf: Shelf,
    /// Whether clients cancel all they have now and then.
    mass_cancels: bool,
    clients: Vec<Client>,
    log: Vec<Record>,
    /// Records that the journal held when the venue started.
    recovered: usize,
    /// Events that the gateway has and that are not durable.
    held: Vec<Event>,
    now: Now,
}

fn error(what: impl Debug) -> String {
    format!("{what:?}")
}

impl Machine {
    fn start(disk: &SimulatedDisk, shelf_directory: &Path) -> Result<Self, String> {
        let config = format!("durability = \"local-disk\"\n{DEFINITIONS}");
        let config = Config::parse(Path::new("test"), &config).map_err(error)?;
        let options = JournalOptions {
            segment_bytes: SEGMENT_BYTES,
            segments_ahead: 2,
            reserve_bytes: SEGMENT_BYTES / 4,
            in_flight_bytes: (RECORDS * RECORD_SIZE_MAX) as u64,
            left_free_bytes: 0,
            ..JournalOptions::new(config.cluster.name, 7)
        };
        // The machine was off: nothing lies in memory.
        let no_ring = shelf_directory.join("no.ring");
        let shelf_directory = shelf_directory.join("outbound");
        let recovered =
            recover(disk.clone(), &config, &options, &shelf_directory, &no_ring, Start::Alone)
                .map_err(|why| why.to_string())?;
        let found = recovered.opened.report.records as usize;
        let log = &recovered.log;
        let (records, mut readers) = ring::ring_from(RECORDS, 2, log.last.next().0);
        let now = Now { wall_ns: log.last_timestamp.0, monotonic_ns: 0 };
        let clients = (1..=SESSIONS)
            .map(|session| {
                let known = log.engine.view().session(SessionId(session));
                // A client goes on with what the venue expects: it was told to give again the rest.
                let next = known.map_or(1, |known| known.next_in);
                Client { next, ids: next * 1_000, ..Client::default() }
            })
            .collect();
        let fault = Fault::new();
        let progress = recovered.opened.progress.clone();
        let (core, ends) = Core::assemble(
            &config,
            Parts {
                recovered,
                role: Role::Primary,
                log_ring: (records, take(&mut readers)),
                released: Arc::new(Synced(progress.clone())),
                sync_pause: SyncPause { hurry: Hurry::new(true), background: Duration::ZERO },
                store_bell: None,
                journal_is_alone: true,
                latency: crate::telemetry::passage().0,
                hashes: Hashes::default(),
                sizes: Sizes { commands: COMMANDS, events: EVENTS },
                fault: fault.clone(),
            },
        );
        let Core { sequencer, journal, syncer } = core;
        let Ends { commands: to_engine, events: [gateway, _], desk_events: desk, shelf, .. } = ends;
        Ok(Self {
            sequencer,
            journal,
            syncer,
            to_engine,
            gateway,
            desk,
            tap: take(&mut readers),
            progress,
            fault,
            shelf,
            mass_cancels: true,
            clients,
            log: journaled(disk)?,
            recovered: found,
            held: Vec::new(),
            now,
        })
    }

    /// Compares what was found with what was there before the crash.
    fn check(&mut self, before: &[Record], told: &mut Told) -> Result<(), String> {
        if self.recovered < told.durable {
            let (found, durable) = (self.recovered, told.durable);
            return Err(format!("{found} records were found where {durable} were synced"));
        }
        let found = &self.log[..self.recovered];
        let common = found.iter().zip(before).take_while(|(found, before)| found == before).count();
        if common < told.durable {
            return Err(format!("record {} is another than was synced", common + 1));
        }
        // Beyond may only stand what a start has added that was interrupted itself.
        let epoch = before.last().map_or(Epoch(0), |record| record.epoch);
        if found[common..].iter().any(|record| record.epoch <= epoch) && !before.is_empty() {
            return Err("what was found is no prefix of what was sequenced".into());
        }
        told.lost += before.len() - common;
        let mut engine = Engine::new();
        let mut events = Vec::new();
        self.log.iter().for_each(|record| engine.apply(record, &mut events));
        if engine.state_hash() != self.sequencer.log.engine.state_hash() {
            return Err("the engine's state is not that of a replay".into());
        }
        let again: BTreeMap<_, _> = events
            .iter()
            .filter(|event| event.msg_seq_num != 0)
            .map(|event| ((event.session, event.msg_seq_num), event))
            .collect();
        for ((session, number), event) in &told.events {
            if again.get(&(*session, *number)) != Some(&event) {
                return Err(format!("session {session} was told {event:?}, which is gone"));
            }
            let kept = self.shelf.read(*session, *number).map_err(error)?;
            if kept != Some(*event) {
                return Err(format!("the shelf has {kept:?} in place of {event:?}"));
            }
        }
        Ok(())
    }

    /// Logs every session on.
    fn log_on(&mut self) -> Result<(), String> {
        for session in 1..=SESSIONS {
            let client = &mut self.clients[session as usize - 1];
            self.to_engine.push(&Command::Logon(Logon {
                session: SessionId(session),
                msg_seq_num: client.next,
                gateway: GatewayId(0),
                connection: ConnectionId(session),
                heart_bt_int: 30,
                reset_requested: false,
                next_expected: 0,
            }));
            client.next += 1;
            let known = self.sequencer.log.engine.view().session(SessionId(session));
            let generation = known.ok_or("a session is gone")?.generation;
            client.generation = Generation(generation.0 + 1);
        }
        self.to_engine.publish();
        Ok(())
    }

    /// Lets one of them do something.
    fn step(&mut self, random: &mut Random, told: &mut Told) -> Result<(), String> {
        self.now.wall_ns += random.below(1_000_000);
        self.now.monotonic_ns += 1_000_000;
        match random.below(8) {
            0..=2 => self.ask(random),
            3 | 4 => self.sequence(),
            5 => drop(self.journal.work(self.now)),
            6 => drop(self.syncer.work(self.now)),
            _ => self.tell(told)?,
        }
        match self.fault.report() {
            Some(report) => Err(error(report)),
            None => Ok(()),
        }
    }

    /// Lets all of them work until nothing is left to do.
    fn settle(&mut self, random: &mut Random, told: &mut Told) -> Result<(), String> {
        for _ in 0..20 {
            self.sequence();
            self.settle_log();
            self.tell(told)?;
            self.now.wall_ns += random.below(1_000);
        }
        match self.held.is_empty() || self.progress.room() == Room::Full {
            true => Ok(()),
            false => Err(format!("{} events never become durable", self.held.len())),
        }
    }

    fn settle_log(&mut self) {
        self.journal.work(self.now);
        self.syncer.work(self.now);
    }

    fn sequence(&mut self) {
        self.sequencer.work(self.now);
        while let Some(bytes) = self.tap.peek() {
            self.log.push(Record::get(&bytes.0).expect("the sequencer wrote a record"));
            self.tap.advance(1);
        }
        while self.desk.peek().is_some() {
            self.desk.advance(1);
        }
    }

    /// The gateway: takes events, and tells what is durable.
    fn tell(&mut self, told: &mut Told) -> Result<(), String> {
        while let Some(event) = self.gateway.peek() {
            self.held.push(*event);
            self.gateway.advance(1);
        }
        let durable = self.journal.released.sequence();
        let free = self.held.iter().position(|event| event.cause > durable);
        for event in self.held.drain(..free.unwrap_or(self.held.len())) {
            if event.msg_seq_num == 0 {
                continue;
            }
            if told.events.insert((event.session, event.msg_seq_num), event).is_some() {
                return Err(format!("number doubled: {event:?}"));
            }
        }
        Ok(())
    }

    /// A client sends something.
    fn ask(&mut self, random: &mut Random) {
        if self.to_engine.free() == 0 {
            return;
        }
        let index = random.below(u64::from(SESSIONS)) as usize;
        match random.below(10) {
            0..=5 => self.order(index, random),
            6 => self.cancel(random),
            7 => self.replace(index, random),
            8 => {
                let origin = self.origin(index, true);
                let test_req_id = TestReqId::truncated(b"hello");
                self.send(Command::SendHeartbeat(SendHeartbeat { origin, test_req_id }));
            }
            _ if !self.mass_cancels => {}
            _ => {
                let origin = self.origin(index, true);
                let cl_ord_id = self.new_id(index);
                self.send(Command::MassCancel(MassCancel {
                    origin,
                    account: account(index),
                    scope: MassCancelScope::All,
                    instrument: InstrumentId(0),
                    side: SideFilter::Both,
                    cl_ord_id,
                    refusal: Refusal::NONE,
                }));
            }
        }
    }

    fn order(&mut self, index: usize, random: &mut Random) {
        let origin = self.origin(index, true);
        let cl_ord_id = self.new_id(index);
        self.clients[index].sent.push(cl_ord_id);
        self.send(Command::NewOrder(NewOrder {
            origin,
            account: account(index),
            instrument: InstrumentId(0),
            cl_ord_id,
            cl_ord_id_hash: hash(&cl_ord_id),
            side: side(random),
            ord_type: OrdType::Limit,
            time_in_force: TimeInForce::GoodTillCancel,
            self_trade_prevention: SelfTradePrevention::None,
            post_only: false,
            poss_resend: false,
            price: Price(9_950 + random.below(100) as i64),
            quantity: Quantity(1 + random.below(50) as i64),
            quote_quantity: Amount(0),
            display_quantity: Quantity(0),
            refusal: Refusal::NONE,
        }));
    }

    fn cancel(&mut self, random: &mut Random) {
        let index = random.below(u64::from(SESSIONS)) as usize;
        let Some((order, side)) = self.some_open(index, random) else { return };
        let origin = self.origin(index, true);
        let cl_ord_id = self.new_id(index);
        self.send(Command::CancelOrder(CancelOrder {
            origin,
            account: account(index),
            instrument: CancelOrder::ANY_INSTRUMENT,
            side,
            order,
            cl_ord_id,
            cl_ord_id_hash: hash(&cl_ord_id),
            orig_cl_ord_id: ClOrdId::EMPTY,
            orig_cl_ord_id_hash: 0,
            poss_resend: false,
            refusal: Refusal::NONE,
        }));
    }

    fn replace(&mut self, index: usize, random: &mut Random) {
        let Some((order, side)) = self.some_open(index, random) else { return };
        let origin = self.origin(index, true);
        let cl_ord_id = self.new_id(index);
        self.send(Command::ReplaceOrder(ReplaceOrder {
            origin,
            account: account(index),
            instrument: CancelOrder::ANY_INSTRUMENT,
            side,
            order,
            cl_ord_id,
            cl_ord_id_hash: hash(&cl_ord_id),
            orig_cl_ord_id: ClOrdId::EMPTY,
            orig_cl_ord_id_hash: 0,
            ord_type: OrdType::Limit,
            time_in_force: ReplaceTimeInForce::Unchanged,
            price: Price(9_950 + random.below(100) as i64),
            quantity: Quantity(1 + random.below(50) as i64),
            display_quantity: Quantity(0),
            post_only: false,
            self_trade_prevention: ReplaceSelfTradePrevention::Unchanged,
            poss_resend: false,
            refusal: Refusal::NONE,
        }));
    }

    /// An open order of a session's account.
    fn some_open(&self, index: usize, random: &mut Random) -> Option<(OrderId, Side)> {
        let view = self.sequencer.log.engine.view();
        let open = view.orders(account(index)).count() as u64;
        let chosen = random.below(open.max(1)) as usize;
        let order = view.orders(account(index)).nth(chosen)?;
        Some((order.execution.order, order.execution.side))
    }

    fn origin(&mut self, index: usize, consumes: bool) -> Origin {
        let client = &mut self.clients[index];
        let msg_seq_num = if consumes { client.next } else { 0 };
        client.next += u64::from(consumes);
        let session = SessionId(index as u32 + 1);
        Origin { session, generation: client.generation, msg_seq_num }
    }

    fn new_id(&mut self, index: usize) -> ClOrdId {
        let client = &mut self.clients[index];
        client.ids += 1;
        ClOrdId::truncated(format!("{index}-{}", client.ids).as_bytes())
    }

    fn send(&mut self, command: Command) {
        self.to_engine.push(&command);
        self.to_engine.publish();
    }

    /// Everything that was sequenced, durable or not.
    fn log_so_far(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.log)
    }
}

fn account(index: usize) -> AccountId {
    AccountId(index as u32 + 2)
}

fn side(random: &mut Random) -> Side {
    if random.below(2) == 0 { Side::Buy } else { Side::Sell }
}

/// The engine takes the gateway's word for it.
fn hash(id: &ClOrdId) -> u64 {
    id.as_bytes().iter().fold(17, |hash, byte| Random::new(hash ^ u64::from(*byte)).draw())
}

/// All records of a journal.
fn journaled<D: Disk>(disk: &D) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    read::dump(disk, 1..=u64::MAX, &[], &mut |record| {
        records.push(*record);
        ControlFlow::Continue(())
    })
    .map_err(error)?;
    Ok(records)
}

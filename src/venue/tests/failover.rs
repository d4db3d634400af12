//! Two nodes, the network between them and their clients, and their disks and clock, in one thread: the
//! agents of `serve`, put together as `serve` does. The test plays the cluster: it carries the primary's
//! records to the standby, and says who leads.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::cluster::{Post, Standing, StateHash};
use crate::engine::Engine;
use crate::gateway::network::Network as _;
use crate::gateway::simulated::{SimulatedNetwork, SimulatedWorld};
use crate::journal::JournalOptions;
use crate::journal::simulated::{Random, SimulatedDisk};
use crate::model::*;
use crate::ring::{Consumer, Producer};
use crate::runtime::Now;
use crate::venue::tests::DEFINITIONS;
use crate::venue::tests::client::Client;
use crate::venue::*;

const SESSIONS: [&str; 3] = ["S1", "S2", "S3"];
const DISK_BYTES: u64 = 8 << 20;
const SEGMENT_BYTES: u64 = 256 * 1024;
const RECORDS: usize = 1_024;
const SIZES: Sizes = Sizes { commands: 256, events: 1_024 };
const START_WALL_NS: u64 = 1_770_000_000_000_000_000;
/// How far the clock goes in a step.
const STEP_NS: u64 = 100_000;
const GRACE: Duration = Duration::from_millis(500);

#[test]
fn a_follower_has_the_state_of_its_primary_after_every_record() {
    for seed in 0..20 {
        let mut pair = Pair::new(seed);
        pair.trade(120);
        let mut engine = Engine::new();
        let mut events = Vec::new();
        let carried = pair.carried.len();
        assert!(carried > 100, "only {carried} records were carried");
        let mut hashes = BTreeMap::new();
        while let Some(told) = pair.standby.hashes.as_mut().and_then(next) {
            hashes.insert(told.sequence, told.hash);
        }
        for record in &pair.carried {
            engine.apply(record, &mut events);
            assert_eq!(hashes.get(&record.sequence), Some(&engine.state_hash()), "seed {seed}");
        }
        let ours = &pair.standby.node.core.sequencer.log;
        let theirs = &pair.primary.node.core.sequencer.log;
        assert_eq!(ours.last, theirs.last);
        assert_eq!(ours.engine.state_hash(), theirs.engine.state_hash());
        for (ours, theirs) in ours.engine.view().sessions().zip(theirs.engine.view().sessions()) {
            assert_eq!((ours.next_in, ours.next_out), (theirs.next_in, theirs.next_out));
        }
    }
}

#[test]
fn after_a_failover_sessions_go_on_with_their_numbers_and_get_again_all_that_they_were_sent() {
    for seed in 100..120 {
        let mut pair = Pair::new(seed);
        pair.trade(60);
        let mut told: Vec<_> = pair.clients.iter().map(|client| client.told.clone()).collect();
        // A standby refuses connections.
        let mut early = Client::new(CLIENTS, "S1");
        early.connect(&pair.world, STANDBY);
        pair.run(50);
        assert!(early.was_refused(), "seed {seed}: a standby has taken a connection");

        pair.fail_over();
        for index in 0..SESSIONS.len() {
            pair.clients[index].connect(&pair.world, STANDBY);
            pair.clients[index].log_on(pair.now);
        }
        pair.run(100);
        for (index, told) in told.iter_mut().enumerate() {
            let client = &mut pair.clients[index];
            let (number, _) = client.told.last_key_value().expect("its Logon was answered");
            assert!(client.is_logged_on, "seed {seed}: {} is not logged on", client.comp_id);
            // No number that it had was used again, and none is too low.
            assert!(told.keys().all(|known| known < number), "seed {seed}: a number came again");
            let from_the_beginning = 1;
            client.send(pair.now, &format!("35=2|7={from_the_beginning}|16=0|"));
        }
        pair.run(300);
        for (index, told) in told.iter().enumerate() {
            let client = &pair.clients[index];
            let reports = |from: &BTreeMap<u64, String>| -> Vec<(u64, String)> {
                let mut reports: Vec<_> =
                    from.iter().map(|(number, report)| (*number, report.clone())).collect();
                reports.retain(|(_, text)| !text.is_empty());
                reports
            };
            let again = reports(&client.again);
            for report in reports(told) {
                assert!(again.contains(&report), "seed {seed}: {report:?} is not sent again");
            }
            assert!(client.again_in_order, "seed {seed}: they were resent out of order");
            assert!(told.len() > 5, "seed {seed}: {} was told too little", client.comp_id);
        }
    }
}

#[test]
fn what_only_the_standby_told_is_in_its_log_and_both_numbers_go_on_without_a_gap() {
    let mut pair = Pair::new(7);
    pair.trade(30);
    let expected: Vec<_> = pair.clients.iter().map(|client| client.next_in).collect();
    pair.fail_over();
    for index in 0..SESSIONS.len() {
        pair.clients[index].connect(&pair.world, STANDBY);
        pair.clients[index].log_on(pair.now);
    }
    pair.run(100);
    for (client, expected) in pair.clients.iter().zip(&expected) {
        // The Logon's answer has the very next number, save for what the old primary told nobody.
        let found = client.told.range(expected..).next().map(|(number, _)| *number);
        let unheard = found.expect("the Logon was answered") - expected;
        assert!(unheard <= 1, "{}: {unheard} numbers are missing", client.comp_id);
    }
    let before = pair.standby.node.core.sequencer.log.last;
    pair.trade(30);
    let log = &pair.standby.node.core.sequencer.log;
    assert!(log.last > before);
    assert_eq!(log.epoch, Epoch(2));
}

#[test]
fn orders_of_a_session_that_does_not_come_back_are_canceled_after_the_grace_and_not_before() {
    let mut pair = Pair::new(11);
    pair.clients[2].order(pair.now, "kept", "1", 3, 9_000);
    pair.run(100);
    pair.carry();
    pair.fail_over();
    let open = |pair: &Pair| {
        pair.standby.node.core.sequencer.log.engine.view().orders(AccountId(4)).count()
    };
    assert_eq!(open(&pair), 1);
    let grace_steps = (GRACE.as_nanos() as u64 / STEP_NS) as usize;
    pair.run(grace_steps - 20);
    assert_eq!(open(&pair), 1, "canceled before the grace was over");
    pair.run(40);
    assert_eq!(open(&pair), 0, "not canceled though nobody came back");

    // Who comes back in time keeps them.
    let mut pair = Pair::new(12);
    pair.clients[2].order(pair.now, "kept", "1", 3, 9_000);
    pair.run(100);
    pair.carry();
    pair.fail_over();
    pair.clients[2].connect(&pair.world, STANDBY);
    pair.clients[2].log_on(pair.now);
    pair.run(grace_steps + 40);
    assert_eq!(open(&pair), 1, "canceled although its session came back");
}

#[test]
fn a_primary_that_is_stopped_numbers_nothing_more_and_ends_its_connections() {
    let mut pair = Pair::new(13);
    pair.trade(10);
    pair.fail_over();
    pair.clients[0].connect(&pair.world, STANDBY);
    pair.clients[0].log_on(pair.now);
    pair.run(100);
    assert!(pair.clients[0].is_logged_on);
    pair.standby.standing.as_ref().expect("it is of a cluster").set_post(Post::Stopped);
    let last = pair.standby.node.core.sequencer.log.last;
    pair.clients[0].order(pair.now, "late", "1", 1, 9_000);
    pair.run(200);
    assert_eq!(pair.standby.node.core.sequencer.log.last, last);
    assert!(pair.clients[0].is_gone());
    let mut late = Client::new(CLIENTS, "S2");
    late.connect(&pair.world, STANDBY);
    pair.run(50);
    assert!(late.was_refused());
}

#[test]
fn a_record_that_does_not_continue_the_log_stops_the_standby_which_then_cannot_lead() {
    let mut pair = Pair::new(14);
    pair.trade(10);
    let last = *pair.carried.last().expect("records were carried");
    pair.standby.give(&Record { sequence: Sequence(last.sequence.0 + 2), ..last });
    pair.run(2);
    let report = pair.standby.fault.report().expect("it has stopped");
    assert!(report.message.contains("must follow"), "{report}");
    let standing = pair.standby.standing.clone().expect("it is of a cluster");
    standing.set_post(Post::Leading { begin: view(2), after: last.sequence });
    pair.run(5);
    assert_eq!(pair.standby.node.core.sequencer.log.epoch, Epoch(1));
    assert_eq!(pair.standby.node.doors.epoch(), None);
}

#[test]
fn a_node_that_was_never_given_a_record_founds_the_venue_when_it_is_told_to_lead() {
    let mut pair = Pair::new(15);
    let (disk, shelf) = (SimulatedDisk::new(DISK_BYTES), shelf());
    let mut founder = Machine::standby(&pair.world, &disk, shelf.path(), address(3));
    let standing = founder.standing.clone().expect("it is of a cluster");
    let after = Sequence(0);
    standing.set_doors(true);
    standing.set_post(Post::Leading { begin: view(5), after });
    standing.release(Sequence(u64::MAX));
    let mut client = Client::new(CLIENTS, "S1");
    for step in 0..300 {
        pair.run(1);
        founder.node.work(pair.now);
        if step == 100 {
            client.connect(&pair.world, address(3));
            client.log_on(pair.now);
        }
        client.read();
        if step == 200 {
            client.order(pair.now, "first", "1", 1, 9_000);
        }
    }
    let log = &founder.node.core.sequencer.log;
    assert_eq!(log.epoch, Epoch(5));
    assert!(log.engine.view().genesis().is_some());
    assert_eq!(log.engine.view().orders(AccountId(2)).count(), 1);
    assert!(client.told.values().any(|report| report.contains("|11=first|")));
}

const PRIMARY: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 9);
const STANDBY: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)), 9);
const CLIENTS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 1, 1));

#[test]
fn a_log_ring_behind_what_a_failed_disk_lost_is_passed_over_where_the_life_is_over_and_only_there()
{
    let ((config, options), shelf) = (setup(), shelf());
    let (ring, outbound) = (shelf.path().join("log.ring"), shelf.path().join("outbound"));
    let tag = u128::from(options.mark);
    let (mut records, _readers) =
        ring::mapped::<RecordBytes>(&ring, 16, 1, 5, tag).expect("it can be made");
    assert!(records.push(&RecordBytes::default()));
    records.publish();
    let begun =
        |start| recover(SimulatedDisk::new(DISK_BYTES), &config, &options, &outbound, &ring, start);
    for start in [Start::Alone, Start::Standby { has_life: true }] {
        let gap = begun(start).err();
        assert!(matches!(gap, Some(StartError::RingGap { found: Sequence(5), .. })), "{gap:?}");
    }
    let recovered = begun(Start::Standby { has_life: false }).expect("nobody counts upon it");
    assert_eq!(recovered.log.last, Sequence(0));
    assert!(recovered.passed_over[0].contains("record 5"), "{:?}", recovered.passed_over);
}

#[test]
fn a_log_ring_of_another_log_is_not_appended_to_this_one() {
    let ((config, options), shelf) = (setup(), shelf());
    let (ring, outbound) = (shelf.path().join("log.ring"), shelf.path().join("outbound"));
    let disk = SimulatedDisk::new(DISK_BYTES);
    let begun = |start| recover(disk.clone(), &config, &options, &outbound, &ring, start);
    let log = begun(Start::Alone).expect("nothing is there yet").log;
    let (last, last_timestamp, epoch) = (log.last, log.last_timestamp, log.epoch);
    let record = |sequence, timestamp, epoch| {
        let mut bytes = RecordBytes::default();
        let command = Command::Continue(Continue {});
        Record { sequence, timestamp, epoch, shard: ShardId(0), command }.put(&mut bytes);
        bytes
    };
    let (next, later) = (last.next(), Epoch(epoch.0 + 1));
    let other = [
        (last, vec![record(last, Timestamp(last_timestamp.0 + 1), epoch)]),
        (last, vec![record(last, last_timestamp, later), record(next, last_timestamp, later)]),
        (next, vec![record(next, last_timestamp, later)]),
    ];
    for (at, records) in other {
        let _ = std::fs::remove_file(&ring);
        let tag = u128::from(options.mark);
        let (mut into, _readers) =
            ring::mapped::<RecordBytes>(&ring, 16, 1, at.0, tag).expect("it can be made");
        records.iter().for_each(|record| assert!(into.push(record)));
        into.publish();
        for start in [Start::Alone, Start::Standby { has_life: true }] {
            let error = begun(start).err();
            let is_found =
                matches!(error, Some(StartError::RingParts { at: found, .. }) if found == at);
            assert!(is_found, "{error:?}");
        }
        let recovered = begun(Start::Standby { has_life: false }).expect("nobody counts upon it");
        assert_eq!(recovered.log.last, last);
        assert!(recovered.passed_over[0].contains("parts from"), "{:?}", recovered.passed_over);
    }
}

fn setup() -> (Config, JournalOptions) {
    let config = format!(
        "durability = \"local-memory\"\nreconnect_grace_ms = 500\n{DEFINITIONS}\
         cancel_on_disconnect = true\n"
    );
    let config = Config::parse(Path::new("test"), &config).expect("it is valid");
    let options = JournalOptions {
        segment_bytes: SEGMENT_BYTES,
        reserve_bytes: SEGMENT_BYTES / 4,
        in_flight_bytes: SEGMENT_BYTES / 4,
        left_free_bytes: 0,
        ..JournalOptions::new(config.cluster.name, 7)
    };
    (config, options)
}

fn address(host: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 0, 0, host]), 9)
}

fn shelf() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory")
}

fn view(epoch: u32) -> BeginEpoch {
    let (epoch, durability) = (Epoch(epoch), Durability::StandbyMemory);
    BeginEpoch { epoch, primary: NodeId(1), in_sync: 2, durability, nonce: u64::from(epoch.0) }
}

fn next<T: Copy>(ring: &mut Consumer<T>) -> Option<T> {
    let entry = ring.peek().copied();
    if entry.is_some() {
        ring.advance(1);
    }
    entry
}

/// A node and what the cluster holds of it.
struct Machine {
    node: Node<SimulatedNetwork, SimulatedDisk>,
    /// The log ring, for replication.
    tap: Consumer<RecordBytes>,
    standing: Option<Arc<Standing>>,
    feed: Option<Producer<RecordBytes>>,
    /// The state hash after every record that it took.
    hashes: Option<Consumer<StateHash>>,
    fault: Fault,
}

impl Machine {
    fn primary(
        world: &SimulatedWorld,
        disk: &SimulatedDisk,
        shelf: &Path,
        address: SocketAddr,
    ) -> Self {
        Self::start(world, disk, shelf, address, None)
    }

    fn standby(
        world: &SimulatedWorld,
        disk: &SimulatedDisk,
        shelf: &Path,
        address: SocketAddr,
    ) -> Self {
        Self::start(world, disk, shelf, address, Some(Arc::default()))
    }

    fn start(
        world: &SimulatedWorld,
        disk: &SimulatedDisk,
        shelf: &Path,
        address: SocketAddr,
        standing: Option<Arc<Standing>>,
    ) -> Self {
        let (config, options) = setup();
        let start = match standing {
            Some(_) => Start::Standby { has_life: true },
            None => Start::Alone,
        };
        let (outbound, no_ring) = (shelf.join("outbound"), shelf.join("no.ring"));
        let recovered = recover(disk.clone(), &config, &options, &outbound, &no_ring, start)
            .unwrap_or_else(|error| panic!("{error}"));
        let first = recovered.log.last.next().0;
        let (records, mut readers) = ring::ring_from(RECORDS, 2, first);
        let progress = recovered.opened.progress.clone();
        let released: Arc<dyn Durable> = match &standing {
            Some(standing) => Arc::new(Released(standing.clone(), progress)),
            None => Arc::new(Published(records.cursor(), progress)),
        };
        let mut network = world.network(address);
        let (role, feed, hashes) = match &standing {
            None => {
                network.open_listener().expect("it can always be opened");
                (Role::Primary, None, (Hashes::default(), None))
            }
            Some(standing) => {
                let (feed, records) = node::pair(RECORDS);
                let (to, hashes) = node::pair(4 * RECORDS);
                let (standing, secret) = (standing.clone(), HashSecret(5));
                let told = Hashes { running: None, state: Some((to, 1)) };
                let role = Role::Standby { standing, records, secret };
                (role, Some(feed), (told, Some(hashes)))
            }
        };
        let (engine_end, gateway_end) = telemetry::passage();
        let (latency, _) = telemetry::recorder(gateway_end);
        let (hashes, told_hashes) = hashes;
        let fault = Fault::new();
        let tap = take(&mut readers);
        let parts = Parts {
            recovered,
            role,
            log_ring: (records, take(&mut readers)),
            released,
            sync_pause: SyncPause { hurry: Hurry::new(true), background: Duration::ZERO },
            store_bell: None,
            journal_is_alone: true,
            latency: engine_end,
            hashes,
            sizes: SIZES,
            fault: fault.clone(),
        };
        let gateway = GatewayParts { network, latency, telltale: Telltale::new() };
        let node = Node::assemble(&config, gateway, parts);
        Self { node, tap, standing, feed, hashes: told_hashes, fault }
    }

    /// Gives it a record of the primary's.
    fn give(&mut self, record: &Record) {
        let feed = self.feed.as_mut().expect("it follows");
        let slot = feed.claim().expect("it keeps up");
        record.put(slot);
        feed.publish();
    }
}

/// A primary, its standby, and three clients.
struct Pair {
    world: SimulatedWorld,
    random: Random,
    now: Now,
    primary: Machine,
    primary_is_alive: bool,
    standby: Machine,
    clients: Vec<Client>,
    /// Everything that the primary has put into its log ring.
    carried: Vec<Record>,
    orders: u64,
    _shelves: [tempfile::TempDir; 2],
}

impl Pair {
    fn new(seed: u64) -> Self {
        let mut delays = Random::new(seed ^ 0x5eed);
        let world = SimulatedWorld::new(Box::new(move || delays.below(3 * STEP_NS)));
        let disks = [SimulatedDisk::new(DISK_BYTES), SimulatedDisk::new(DISK_BYTES)];
        let shelves = [shelf(), shelf()];
        let primary = Machine::primary(&world, &disks[0], shelves[0].path(), PRIMARY);
        let mut standby = Machine::standby(&world, &disks[1], shelves[1].path(), STANDBY);
        let standing = standby.standing.as_ref().expect("it is of a cluster");
        standing.set_post(Post::Following { reign: Epoch(1) });
        // What the primary's start has logged lies in its journal.
        let mut carried = Vec::new();
        crate::journal::read::dump(&disks[0], 1..=u64::MAX, &[], &mut |record| {
            carried.push(*record);
            std::ops::ControlFlow::Continue(())
        })
        .expect("the journal is good");
        carried.iter().for_each(|record| standby.give(record));
        let now = Now { wall_ns: START_WALL_NS, monotonic_ns: 1 };
        let mut pair = Self {
            world,
            random: Random::new(seed),
            now,
            primary,
            primary_is_alive: true,
            standby,
            clients: SESSIONS.map(|session| Client::new(CLIENTS, session)).into(),
            carried,
            orders: 0,
            _shelves: shelves,
        };
        for index in 0..SESSIONS.len() {
            pair.clients[index].connect(&pair.world, PRIMARY);
            pair.clients[index].log_on(pair.now);
        }
        pair.run(100);
        assert!(pair.clients.iter().all(|client| client.is_logged_on));
        pair
    }

    fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            self.now.wall_ns += STEP_NS;
            self.now.monotonic_ns += STEP_NS;
            self.world.advance(STEP_NS);
            if self.primary_is_alive {
                self.primary.node.work(self.now);
                self.carry();
            }
            self.standby.node.work(self.now);
            while next(&mut self.standby.tap).is_some() {}
            self.clients.iter_mut().for_each(Client::read);
        }
    }

    /// Gives the standby what the primary has in its log ring.
    fn carry(&mut self) {
        while let Some(bytes) = next(&mut self.primary.tap) {
            let record = Record::get(&bytes.0).expect("the sequencer wrote a record");
            self.carried.push(record);
            self.standby.give(&record);
        }
    }

    /// Clients trade with each other.
    fn trade(&mut self, orders: usize) {
        for _ in 0..orders {
            let client = &mut self.clients[self.random.below(3) as usize];
            let side = if self.random.below(2) == 0 { "1" } else { "2" };
            let price = 9_950 + self.random.below(100);
            let id = format!("o{}", self.orders);
            self.orders += 1;
            if client.is_logged_on {
                client.order(self.now, &id, side, 1 + self.random.below(9), price);
            }
            let steps = 1 + self.random.below(10) as usize;
            self.run(steps);
        }
        self.run(100);
    }

    /// The primary dies, and the standby leads.
    fn fail_over(&mut self) {
        self.primary_is_alive = false;
        self.world.kill(PRIMARY.ip());
        let after = self.carried.last().map_or(Sequence(0), |record| record.sequence);
        let standing = self.standby.standing.clone().expect("it is of a cluster");
        standing.set_doors(true);
        standing.set_post(Post::Leading { begin: view(2), after });
        // Alone in its view, it releases what it has.
        standing.release(Sequence(u64::MAX));
        self.run(20);
        assert_eq!(self.standby.fault.report(), None);
        assert_eq!(self.standby.node.doors.epoch(), Some(Epoch(2)));
        assert!(self.clients.iter().all(Client::is_gone));
    }
}

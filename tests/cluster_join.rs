//! Two nodes on their own threads, with real sockets and disks. The test plays the cluster: it carries the
//! log of the node that leads to the one that follows, releases what both have in memory, and says who leads.

mod support;

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use castle::cluster::chain::Start;
use castle::cluster::{Post, Standing, StateHash};
use castle::journal::{Journal, RealDisk, SharedEnd, Witness, Witnessed, format};
use castle::model::{BeginEpoch, Durability, Epoch, NodeId, RecordBytes, Sequence};
use castle::ring::{self, Consumer, Producer, PublishedCursor};
use castle::venue::config::Config;
use castle::venue::{Joined, Membership, Venue, cut_back};
use support::exchange::{House, Setup};
use support::trader::Trader;

const FEED: usize = 16_384;
const HASH_EVERY: u64 = 64;
const PATIENCE: Duration = Duration::from_secs(60);

fn one<T: Copy + Default + Send>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let (producer, mut consumers) = ring::ring(capacity, 1);
    (producer, consumers.pop().expect("one was asked for"))
}

/// A node and the cluster's end of it.
struct Node {
    venue: Venue,
    joined: Joined,
    standing: Arc<Standing>,
    feed: Producer<RecordBytes>,
    running: Consumer<StateHash>,
    state: Consumer<StateHash>,
}

impl Node {
    fn join(config: &Config) -> Self {
        let standing = Arc::new(Standing::default());
        let (feed, records) = one(FEED);
        let (to_running, running) = one(FEED);
        let (to_state, state) = one(FEED);
        let membership = Membership {
            standing: standing.clone(),
            records,
            running_hashes: (to_running, HASH_EVERY),
            state_hashes: (to_state, HASH_EVERY * 16),
            control: None,
        };
        let mut joined = None;
        let seat = |it| {
            joined = Some(it);
            Ok(None)
        };
        let venue =
            Venue::join(config, membership, None, None, seat).unwrap_or_else(|why| panic!("{why}"));
        let joined = joined.expect("it was given");
        Self { venue, joined, standing, feed, running, state }
    }

    fn lead(&mut self, epoch: u32, after: Sequence) {
        let (epoch, durability) = (Epoch(epoch), Durability::StandbyMemory);
        self.joined.node.see(epoch, epoch).expect("no higher one was seen");
        let begin = BeginEpoch { epoch, primary: NodeId(0), in_sync: 3, durability, nonce: 1 };
        self.standing.set_doors(true);
        self.standing.set_post(Post::Leading { begin, after });
        self.joined.sequencer.wake();
    }

    fn address(&self) -> SocketAddr {
        self.venue.fix_address()
    }

    fn is_listening(&self) -> bool {
        TcpStream::connect(self.address()).is_ok()
    }
}

fn last(published: &PublishedCursor) -> Sequence {
    Sequence(published.position().saturating_sub(1))
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Carries the log of one node to another on a thread of its own, until it is told to stop.
struct Carrier {
    stop: Arc<AtomicBool>,
    /// The last record that was given.
    given: Arc<AtomicU64>,
    thread: JoinHandle<(Consumer<RecordBytes>, Producer<RecordBytes>)>,
}

impl Carrier {
    fn start(
        mut log: Consumer<RecordBytes>,
        from: (Arc<Standing>, Arc<PublishedCursor>),
        mut feed: Producer<RecordBytes>,
        to: (Arc<PublishedCursor>, castle::runtime::Doorbell),
        gateway: castle::runtime::Doorbell,
    ) -> Self {
        let (stop, given) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, count) = (stop.clone(), given.clone());
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                let mut carried = 0;
                while feed.has_room(1)
                    && let Some(record) = log.peek()
                {
                    feed.push(record);
                    log.advance(1);
                    carried += 1;
                }
                if carried > 0 {
                    feed.publish();
                    count.store(log.position() - 1, Ordering::Release);
                    to.1.wake();
                }
                let both = last(&to.0).min(last(&from.1));
                if both > from.0.released() {
                    from.0.release(both);
                    gateway.wake();
                } else if carried == 0 {
                    thread::sleep(Duration::from_micros(50));
                }
            }
            (log, feed)
        });
        Self { stop, given, thread }
    }

    fn end(self) -> (Sequence, Consumer<RecordBytes>, Producer<RecordBytes>) {
        self.stop.store(true, Ordering::Release);
        let (log, feed) = self.thread.join().expect("it does not panic");
        (Sequence(self.given.load(Ordering::Acquire)), log, feed)
    }
}

/// Takes a node's log on and releases all of it, as a node alone in its view does.
fn alone(
    mut log: Consumer<RecordBytes>,
    standing: Arc<Standing>,
    published: Arc<PublishedCursor>,
    gateway: castle::runtime::Doorbell,
    stop: Arc<AtomicBool>,
) -> JoinHandle<Consumer<RecordBytes>> {
    thread::spawn(move || {
        while !stop.load(Ordering::Acquire) {
            let available = log.available();
            log.advance(available);
            let position = last(&published);
            if position > standing.released() {
                standing.release(position);
                gateway.wake();
            } else {
                thread::sleep(Duration::from_micros(50));
            }
        }
        log
    })
}

/// Where a journal ends behind a record, or at its end.
fn end_at(directory: &Path, config: &Config, at: Option<Sequence>) -> SharedEnd {
    let disk = RealDisk::open(directory).expect("nobody has it open");
    let options = config.journal.options(config.cluster.name, 1);
    let mut end = SharedEnd { epoch: Epoch(0), sequence: Sequence(0), running_hash: 0 };
    let opened = Journal::open(disk, &options, &mut |record, bytes| {
        if at.is_none_or(|at| record.sequence <= at) {
            let running_hash = format::chain(end.running_hash, bytes);
            end = SharedEnd { epoch: record.epoch, sequence: record.sequence, running_hash };
        }
    });
    drop(opened.expect("the journal is good"));
    end
}

#[test]
fn clients_go_on_at_the_standby_and_the_old_primary_follows_after_its_tail_is_cut() {
    let houses = [0, 1].map(|_| House::new(&Setup { sessions: 2, ..Setup::default() }));
    let configs = houses.each_ref().map(|house| Config::load(&house.config).expect("it is valid"));
    let mut primary = Node::join(&configs[0]);
    let mut standby = Node::join(&configs[1]);
    assert!(!primary.is_listening() && !standby.is_listening());
    standby.standing.set_post(Post::Following { reign: Epoch(1) });
    primary.lead(1, Sequence(0));
    let [old, new] = [&primary, &standby].map(|node| {
        let said = Witnessed { life: 7, ..Witnessed::default() };
        Witness::begin(&node.joined.witness, node.joined.tag, said).expect("it can be made")
    });
    let (mut old, mut new) = (old, new);
    let carrier = Carrier::start(
        primary.joined.log,
        (primary.standing.clone(), primary.joined.published.clone()),
        standby.feed,
        (standby.joined.published.clone(), standby.joined.sequencer.clone()),
        primary.joined.gateway.clone(),
    );
    let address = primary.venue.fix_address();
    wait_for("the primary does not listen", || TcpStream::connect(address).is_ok());
    let mut traders: Vec<Trader> = (1..=2).map(|session| Trader::new(session, 33)).collect();
    for trader in &mut traders {
        trader.client.log_on(address).expect("a Logon");
        trader.trade_some(1_500, 100).expect("trading goes on");
    }
    traders.iter_mut().for_each(|trader| trader.settle().expect("everything comes"));
    assert!(TcpStream::connect(standby.venue.fix_address()).is_err(), "a standby listens");

    // Nothing is carried any more: what the primary still numbers, it tells nobody.
    let (given, log, feed) = carrier.end();
    standby.feed = feed;
    let began = Instant::now();
    let has_numbered = || last(&primary.joined.published).0 > given.0 + 20;
    traders[0]
        .trade(20_000, &|| has_numbered() || began.elapsed() > PATIENCE)
        .expect("it can be sent");
    assert!(has_numbered(), "the primary numbers nothing more");
    assert!(primary.standing.released() <= given);
    primary.standing.set_post(Post::Stopped);
    primary.joined.sequencer.wake();
    wait_for("the doors stay open", || TcpStream::connect(address).is_err());
    traders.iter_mut().for_each(|trader| trader.drain().expect("what came is good"));
    drop(log);
    drop(primary.venue);
    // It holds the lock of the directory, as the journal did.
    drop(primary.joined.node);
    let untold = end_at(&houses[0].journal, &configs[0], None).sequence;

    wait_for("the standby has not all", || last(&standby.joined.published) == given);
    old.acknowledge(untold);
    new.acknowledge(given);
    standby.lead(2, given);
    let stop = Arc::new(AtomicBool::new(false));
    let released = alone(
        standby.joined.log,
        standby.standing.clone(),
        standby.joined.published.clone(),
        standby.joined.gateway.clone(),
        stop.clone(),
    );
    let address = standby.venue.fix_address();
    wait_for("the standby does not listen", || TcpStream::connect(address).is_ok());
    for trader in &mut traders {
        trader.come_back(address).expect("the session goes on");
        trader.trade_some(500, 100).expect("trading goes on");
    }
    for trader in &mut traders {
        trader.settle().expect("everything comes");
        trader.check().expect("the books agree");
    }
    // Both told the same hashes as long as both had the same records.
    let mut hashes = std::collections::BTreeMap::new();
    let mut compared = 0;
    while let Some(told) = primary.running.peek().copied() {
        primary.running.advance(1);
        hashes.insert(told.sequence, told.hash);
    }
    while let Some(told) = standby.running.peek().copied() {
        standby.running.advance(1);
        if told.sequence <= given {
            assert_eq!(hashes.get(&told.sequence), Some(&told.hash), "record {}", told.sequence);
            compared += 1;
        }
    }
    assert!(compared > 10, "only {compared} hashes were compared");
    assert!(standby.state.available() > 0, "the standby took no hash over its whole state");
    assert_eq!(primary.state.available(), 0, "the primary took a hash over its whole state");

    let summary = standby.venue.stop().expect("an orderly stop");
    stop.store(true, Ordering::Release);
    drop(released.join().expect("it does not panic"));
    drop(standby.joined.node);

    // The old primary comes back, is cut, and has what the new one has.
    let shared = end_at(&houses[1].journal, &configs[1], Some(given));
    let cut = cut_back(&configs[0], &shared).expect("they share it");
    assert_eq!(cut, untold.0 - given.0);
    let old = Witness::open(&primary.joined.witness, primary.joined.tag).expect("it can be read");
    let said = old.expect("its life goes on").said();
    assert_eq!((said.life, said.acknowledged), (7, given));
    let mut returned = Node::join(&configs[0]);
    let end = &returned.joined.end;
    let end =
        SharedEnd { epoch: end.epoch, sequence: end.sequence, running_hash: returned.joined.hash };
    assert_eq!(end, shared);
    let chain = &returned.joined.chain;
    assert_eq!((chain.last(), chain.last_reign()), (shared.sequence, shared.epoch));
    let first = Start { reign: Epoch(1), first: Sequence(1), hash: 0 };
    assert_eq!((chain.starts(), chain.is_whole()), (&[first][..], true));
    assert!(returned.joined.node.see(Epoch(0), Epoch(0)).is_err(), "a lower epoch was taken");
    returned.standing.set_post(Post::Following { reign: Epoch(2) });
    let disk = RealDisk::read_only(&houses[1].journal);
    castle::journal::read::dump(&disk, given.0 + 1..=u64::MAX, &[], &mut |record| {
        while !returned.feed.has_room(1) {
            let available = returned.joined.log.available();
            returned.joined.log.advance(available);
            returned.joined.sequencer.wake();
        }
        if let Some(slot) = returned.feed.claim() {
            record.put(slot);
        }
        returned.feed.publish();
        std::ops::ControlFlow::Continue(())
    })
    .expect("the journal is good");
    wait_for("the returned node has not all", || {
        let available = returned.joined.log.available();
        returned.joined.log.advance(available);
        returned.joined.sequencer.wake();
        last(&returned.joined.published) == summary.last
    });
    let again = returned.venue.stop().expect("an orderly stop");
    assert_eq!(again, summary);
}

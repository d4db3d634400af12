//! SIGKILL in mid-stream, again and again, and what clients find afterwards.
//!
//! Eight sessions trade over TCP, each with a book of its orders made of nothing but its reports. The
//! exchange is killed at a random moment, sometimes once more while it recovers, and started again on the
//! same directory. Each session logs on with its own numbers, has what it missed sent again and gives
//! again what the venue missed. Then the venue's orders must be the session's, order by order; no number
//! may have been skipped or doubled, no execution told twice, no acknowledged request asked for, no resent
//! message changed; and the books must balance, and the journal replay to the running venue's state.
//!
//! `CASTLE_KILLS` sets the number of kills of each level, `CASTLE_RATE` the new orders a second,
//! `CASTLE_SEED` the seed.

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use support::Random;
use support::exchange::{Exchange, House, JOURNAL_LARGE, Setup};
use support::trader::Trader;

const SESSIONS: usize = 8;
const KILLS: u64 = 10;
/// New orders a second, all sessions together; cancels and replaces come on top.
const RATE: u64 = 60_000;
/// How long an exchange lives between two kills.
const LIFE_MS: (u64, u64) = (150, 600);

/// Two exchanges at once would only take each other's processor.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn what_was_acknowledged_survives_kills_at_local_memory() {
    survive("local-memory", 0x6b69_6c6c);
}

#[test]
fn what_was_acknowledged_survives_kills_at_local_disk() {
    survive("local-disk", 0x6469_736b);
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn survive(durability: &'static str, seed: u64) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seed = number("CASTLE_SEED", seed);
    println!("{durability}: CASTLE_SEED={seed}");
    let mut random = Random::new(seed);
    let journal = JOURNAL_LARGE.into();
    let house = House::new(&Setup { durability, sessions: SESSIONS, journal, ..Setup::default() });
    let mut traders: Vec<Trader> =
        (1..=SESSIONS).map(|session| Trader::new(session, seed)).collect();
    let mut exchange = house.start();
    each(&mut traders, |trader| trader.client.log_on(exchange.address));
    let mut figures = Figures::default();
    for kill in 1..=number("CASTLE_KILLS", KILLS) {
        let life = Duration::from_millis(random.range(LIFE_MS.0, LIFE_MS.1));
        figures.trade(&mut traders, life, exchange);
        if random.below(2) == 0 {
            // Not even while it recovers.
            house.start_killed(Duration::from_millis(random.below(150)));
        }
        let began = Instant::now();
        exchange = house.start();
        figures.restart(&exchange, began.elapsed());
        each(&mut traders, |trader| trader.come_back(exchange.address));
        each(&mut traders, Trader::settle);
        each(&mut traders, Trader::check);
        each(&mut traders, Trader::settle);
        exchange.check_money(SESSIONS);
        check_replay(&exchange, &house);
        let verified = house.verify();
        assert!(verified.status.success(), "kill {kill}: {verified:?}");
    }
    figures.say(durability, &traders);
    // And all of it survives an orderly end too.
    let (hash, _) = exchange.state_hash();
    exchange.terminate();
    each(&mut traders, |trader| trader.wait("Logout", |trader| trader.client.logged_out.is_some()));
    traders.iter_mut().for_each(|trader| trader.client.hang_up());
    let ended = exchange.wait();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(house.rings(), Vec::<std::path::PathBuf>::new(), "a ring is left");
    assert_ne!(hash, "");
}

/// Does something with all traders at once.
fn each(traders: &mut [Trader], work: impl Fn(&mut Trader) -> Result<(), String> + Sync) {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            traders.iter_mut().map(|trader| scope.spawn(move || work(trader))).collect();
        for thread in threads {
            if let Err(what) = thread.join().expect("a trader does not panic") {
                panic!("{what}");
            }
        }
    });
}

/// The journal of the running exchange replays to its state.
fn check_replay(exchange: &Exchange, house: &House) {
    for _ in 0..20 {
        let (hash, sequence) = exchange.state_hash();
        let replayed =
            castle::venue::replay_journal(&house.journal, false).expect("the journal is good");
        // A timer may have added a record between the two.
        if replayed.last.0 == sequence {
            assert_eq!(format!("{:016x}", replayed.state_hash), hash);
            return;
        }
    }
    panic!("the exchange does not come to rest");
}

#[derive(Default)]
struct Figures {
    offered_s: f64,
    restarts: u64,
    restart_longest: Duration,
    from_ring: u64,
    cuts: u64,
    gaps: u64,
}

impl Figures {
    /// Lets all trade until the exchange is killed under them.
    fn trade(&mut self, traders: &mut [Trader], life: Duration, exchange: Exchange) {
        let stop = AtomicBool::new(false);
        let rate = number("CASTLE_RATE", RATE) / SESSIONS as u64;
        let began = Instant::now();
        std::thread::scope(|scope| {
            let stop = &stop;
            let threads: Vec<_> = traders
                .iter_mut()
                .map(|trader| {
                    scope.spawn(move || {
                        let done = trader.trade(rate, &|| stop.load(Ordering::Relaxed));
                        done.and_then(|()| trader.drain())
                    })
                })
                .collect();
            std::thread::sleep(life);
            exchange.kill();
            stop.store(true, Ordering::Relaxed);
            self.offered_s += began.elapsed().as_secs_f64();
            for thread in threads {
                if let Err(what) = thread.join().expect("a trader does not panic") {
                    panic!("{what}");
                }
            }
        });
        self.gaps += traders.iter().map(|trader| trader.book.unanswered() as u64).sum::<u64>();
    }

    fn restart(&mut self, exchange: &Exchange, took: Duration) {
        self.restarts += 1;
        self.restart_longest = self.restart_longest.max(took);
        let said = exchange.said();
        self.from_ring += u64::from(said.contains("more from the log ring"));
        self.cuts += u64::from(said.contains("was cut at"));
    }

    fn say(&self, durability: &str, traders: &[Trader]) {
        let sum = |figure: &dyn Fn(&Trader) -> u64| traders.iter().map(figure).sum::<u64>();
        let orders = sum(&|trader| trader.orders);
        let changes = sum(&|trader| trader.changes);
        println!(
            "{durability}: {} kills; {orders} new orders, {changes} cancels and replaces, {} fills, \
             {} reports, {} rejects; offered {:.0} new orders/s, {:.0} requests/s; in flight at the \
             kills {}; {} resent messages compared; records from the ring after {} kills, a cut after \
             {}; longest start {:.2} s",
            self.restarts,
            sum(&|trader| trader.book.fills),
            sum(&|trader| trader.book.reports),
            sum(&|trader| trader.book.rejects),
            orders as f64 / self.offered_s,
            (orders + changes) as f64 / self.offered_s,
            self.gaps,
            sum(&|trader| trader.client.compared),
            self.from_ring,
            self.cuts,
            self.restart_longest.as_secs_f64(),
        );
    }
}

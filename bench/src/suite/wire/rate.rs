//! The greatest rate of acknowledged orders that castle sustains, and the echo beside it.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use castle::venue::{Replayed, replay_journal};

use super::client::{Client, Recorders};
use super::server::ORDERS_MAX;
use super::{Sides, scratch};
use crate::pace::Schedule;
use crate::record::{RunClock, total};
use crate::run::{Figure, Findings, Series};
use crate::suite::Options;

/// Sessions that send.
const SESSIONS: usize = 8;
/// The whole way of 99 of 100 orders takes no longer.
const P99_NS_MAX: u64 = 5_000_000;
/// A probe.
const PROBE: Duration = Duration::from_millis(500);
/// How long the client sleeps where it has nothing to do: its core is also that of the server's journal, and
/// what comes meanwhile is sent and read at once.
const NAP: Duration = Duration::from_micros(20);
/// The least time over which a rate counts as sustained, in seconds.
const SUSTAINED_S_MIN: u64 = 10;
/// Where a climb begins that knows nothing yet, and where it ends at the latest.
const RATES: std::ops::RangeInclusive<u64> = 100_000..=4_000_000;
/// Steps that close in on the rate.
const STEPS: usize = 3;
/// The same where everything is short.
const STEPS_SHORT: usize = 1;
/// How long one side's search may take, beside the runs of full length.
const SEARCH_MAX: Duration = Duration::from_secs(30);
/// The same where everything is short.
const SEARCH_SHORT_MAX: Duration = Duration::from_secs(6);

/// Measures at both levels of durability.
pub fn measure(
    options: &Options,
    clock: RunClock,
    reader: &Reader,
    found: &mut Findings,
) -> Result<(), String> {
    let seconds = options.seconds.unwrap_or(SUSTAINED_S_MIN).max(SUSTAINED_S_MIN);
    let length = Duration::from_secs(seconds);
    let (search_max, steps) =
        if options.short { (SEARCH_SHORT_MAX, STEPS_SHORT) } else { (SEARCH_MAX, STEPS) };
    // What the level before has held is where the next one begins.
    let mut begin_per_s = *RATES.start();
    for durability in options.durabilities() {
        let directory = scratch(options)?;
        let title = format!("wire {durability}, sessions {SESSIONS}, greatest rate");
        eprintln!("{title}");
        let mut sides =
            Sides::start(options, clock, durability, SESSIONS, ORDERS_MAX, directory.path())?;
        sides.echo.pause()?;
        let mut search = Search::new(begin_per_s, length, search_max, steps, true);
        let held = search.run(&mut sides.castle_client, &format!("{title}: castle"), found)?;
        begin_per_s = (held / 2).max(*RATES.start());
        sides.castle.pause()?;
        if durability == "local-memory" {
            sides.echo.resume()?;
            let begin_per_s = held.max(*RATES.start());
            let mut search = Search::new(begin_per_s, length, search_max, steps, false);
            search.run(&mut sides.echo_client, &format!("{title}: echo"), found)?;
        }
        drop(sides.castle_client);
        sides.castle.stop()?;
        drop(sides.echo);
        if durability == "local-memory" {
            recovery(reader, directory.path().join("journal"), found)?;
        }
    }
    let rate = |durability: &str, side: &str| {
        format!("wire {durability}, sessions {SESSIONS}, greatest rate: {side}")
    };
    let (memory, disk) = (rate("local-memory", "castle"), rate("local-disk", "castle"));
    found.compare_figures("acknowledged orders per second", &disk, &memory);
    found.compare_figures("acknowledged orders per second", &memory, &rate("local-memory", "echo"));
    Ok(())
}

/// Replays journals on threads of no core in particular: it is made before the client is pinned, since
/// threads begin where the one is that makes them.
pub struct Reader {
    journals: Sender<PathBuf>,
    replayed: Receiver<Result<Replayed, String>>,
}

impl Reader {
    /// Waits for journals.
    pub fn start() -> Self {
        let (journals, given) = mpsc::channel::<PathBuf>();
        let (results, replayed) = mpsc::channel();
        thread::spawn(move || {
            for journal in given {
                let result = replay_journal(&journal, true).map_err(|error| error.to_string());
                if results.send(result).is_err() {
                    break;
                }
            }
        });
        Self { journals, replayed }
    }

    fn replay(&self, journal: PathBuf) -> Result<Replayed, String> {
        let gone = "the thread that replays journals died";
        self.journals.send(journal).map_err(|_| gone)?;
        self.replayed.recv().map_err(|_| gone)?
    }
}

/// Reads the journal back and applies it.
fn recovery(reader: &Reader, journal: PathBuf, found: &mut Findings) -> Result<(), String> {
    let replayed = reader.replay(journal)?;
    let ops_per_s = replayed.records as f64 / replayed.time.as_secs_f64();
    found.figures.push(Figure {
        name: "journal recovery: read, verified and applied".into(),
        unit: "records",
        ops_per_s,
        count: replayed.records,
    });
    Ok(())
}

/// What came of one rate.
struct Attempt {
    held: bool,
    ops_per_s: f64,
    recorders: Recorders,
}

/// Sends at a rate. One that is not held ends early.
fn attempt(client: &mut Client, rate_per_s: u64, length: Duration) -> Result<Attempt, String> {
    let mut recorders = Recorders::new(length.as_secs().max(1) as usize);
    let second = Duration::from_secs(1);
    client.give_up_ns = P99_NS_MAX;
    client.nap = NAP;
    let planned = Schedule::new(0, rate_per_s, length.as_nanos() as u64).orders();
    let counted = client.run(rate_per_s, length, Some(second), Some(&mut recorders))?;
    let intervals = recorders.latency.clone().finish();
    let p99_ns = total(&intervals).value_at_quantile(0.99);
    let held = p99_ns <= P99_NS_MAX && counted.orders == planned;
    let ops_per_s = counted.orders as f64 * 1e9 / counted.time_ns as f64;
    let (word, p99_us) = (if held { "held" } else { "not held" }, p99_ns / 1_000);
    eprintln!("  {rate_per_s}/s for {:.1} s: {word}, p99 {p99_us} us", length.as_secs_f64());
    Ok(Attempt { held, ops_per_s, recorders })
}

/// A search for the greatest rate, which ends in time.
struct Search {
    begin_per_s: u64,
    length: Duration,
    deadline: Instant,
    /// The server keeps orders: they are canceled after each attempt.
    cancels: bool,
    /// The greatest rate that a probe held.
    held: u64,
    /// The least above it that none did.
    missed: u64,
    /// Probes that close in between the two.
    steps: usize,
}

impl Search {
    fn new(
        begin_per_s: u64,
        length: Duration,
        search_max: Duration,
        steps: usize,
        cancels: bool,
    ) -> Self {
        let deadline = Instant::now() + search_max;
        let (held, missed) = (0, *RATES.end());
        Self { begin_per_s, length, deadline, cancels, held, missed, steps }
    }

    /// The greatest rate that was held for the full length. Where none was, what a probe held stands
    /// for it and the run is not valid.
    fn run(
        &mut self,
        client: &mut Client,
        name: &str,
        found: &mut Findings,
    ) -> Result<u64, String> {
        self.climb(client)?;
        for _ in 0..self.steps {
            let between = self.held.midpoint(self.missed);
            self.probe(client, between)?;
        }
        let mut rate_per_s = self.held.max(RATES.start() / 10);
        let mut is_last = false;
        loop {
            let Attempt { held, ops_per_s, recorders } = attempt(client, rate_per_s, self.length)?;
            if held || is_last {
                let lag = Series::new(format!("{name} generator lag"), recorders.lag);
                let late_ns = lag.total.value_at_quantile(0.999);
                let latency = Series::new(format!("{name} order-to-ack"), recorders.latency);
                let count = latency.total.len();
                found.series.extend([latency.planned(rate_per_s, late_ns), lag]);
                found.figures.push(Figure { name: name.into(), unit: "orders", ops_per_s, count });
                if !held {
                    found.faults.push(self.fault(name, rate_per_s));
                }
                return Ok(rate_per_s);
            }
            self.clear(client)?;
            let lower = rate_per_s * 4 / 5;
            let room = ORDERS_MAX.saturating_sub(client.orders());
            // Another attempt needs time, and room for its ClOrdIDs and for those of one after it.
            let is_room = !self.cancels || room > 2 * lower * self.length.as_secs();
            is_last = Instant::now() >= self.deadline || !is_room;
            // The last is made to be held.
            rate_per_s = if is_last { rate_per_s / 2 } else { lower };
        }
    }

    fn fault(&self, name: &str, rate_per_s: u64) -> String {
        format!(
            "{name}: no rate down to {rate_per_s}/s was held for {} s with p99 of at most {} ms (for {} ms: \
             {}/s): keep other work off the two cores",
            self.length.as_secs(),
            P99_NS_MAX / 1_000_000,
            PROBE.as_millis(),
            self.held,
        )
    }

    /// Doubles the rate until it is not held, or begins lower where the first was not.
    fn climb(&mut self, client: &mut Client) -> Result<(), String> {
        let mut rate_per_s = self.begin_per_s;
        while rate_per_s < *RATES.end() && Instant::now() < self.deadline {
            if self.probe(client, rate_per_s)? {
                rate_per_s *= 2;
            } else if self.held > 0 || rate_per_s < RATES.start() / 10 {
                break;
            } else {
                rate_per_s /= 2;
            }
        }
        Ok(())
    }

    /// Whether a rate is held for a moment.
    fn probe(&mut self, client: &mut Client, rate_per_s: u64) -> Result<bool, String> {
        // Again if not, since anything else on the machine can spoil a probe.
        for _ in 0..2 {
            if Instant::now() >= self.deadline {
                return Ok(false);
            }
            let held = attempt(client, rate_per_s, PROBE)?.held;
            self.clear(client)?;
            if held {
                self.held = self.held.max(rate_per_s);
                return Ok(true);
            }
        }
        self.missed = self.missed.min(rate_per_s);
        Ok(false)
    }

    fn clear(&self, client: &mut Client) -> Result<(), String> {
        if self.cancels { client.cancel_all() } else { Ok(()) }
    }
}

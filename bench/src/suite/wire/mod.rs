//! Through real loopback TCP: `castle serve` and a bare echo in turn, under the same client.
//!
//! 1. **Latency.** At a fixed rate, in slices of 250 ms in turn: castle, the echo and, where castle syncs,
//!    fdatasync of as many bytes as castle has to sync together at that rate. The first 25 ms of a slice
//!    are not recorded.
//! 2. **Rate.** Short probes climb and then close in on the greatest rate at which every order is
//!    accepted and p99 of the whole way stays below 5 ms; a run of at least 10 s confirms it or goes down.
//! 3. **Recovery.** The journal that the rate run left is read back and applied.

pub(super) mod client;
pub(super) mod echo;
pub(super) mod order;
mod rate;
pub(super) mod server;
pub(super) mod sync;

use std::time::Duration;

use clap::ValueEnum;

use self::client::{Client, Recorders};
use self::echo::Shape;
use self::server::Server;
use self::sync::Syncs;
use super::Options;
use crate::machine;
use crate::pace::too_late;
use crate::record::{RunClock, total};
use crate::run::{Findings, Series};

pub use echo::run as echo;

/// The first argument of the echo's process.
pub const ECHO: &str = "internal-echo";
/// Length of a slice.
pub(super) const SLICE: Duration = Duration::from_millis(250);
/// Of a slice, before anything is recorded.
pub(super) const SETTLE: Duration = Duration::from_millis(25);
/// Slices of each side, at least: forty in turn.
pub(super) const SLICES_MIN: u64 = 20;
/// More resting orders than this are canceled between slices.
pub(super) const OPEN_MAX: i64 = 100_000;
/// Orders that a server has room for beside those of the slices.
pub(super) const ORDERS_BESIDE: u64 = 100_000;
/// Bytes of an order's record in the journal, as the wire suite sends it.
pub(super) const RECORD_SIZE: u64 = 160;

/// How the server's threads idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Idle {
    /// Spin, then yield, then sleep
    Park,
    /// Let others run
    Yield,
    /// Never let go of the core
    Spin,
}

impl Idle {
    /// Its name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Park => "park",
            Self::Yield => "yield",
            Self::Spin => "spin",
        }
    }

    pub(super) fn of_runner(self) -> castle::runtime::Idle {
        match self {
            Self::Park => castle::runtime::Idle::Park,
            Self::Yield => castle::runtime::Idle::Yield,
            Self::Spin => castle::runtime::Idle::Spin,
        }
    }
}

/// A part of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Latency at fixed rates
    Latency,
    /// The greatest rate, and recovery of what it leaves
    Rate,
}

/// What is acknowledged when: a level of durability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// In this machine's log ring
    LocalMemory,
    /// Synced to this machine's disk
    LocalDisk,
}

impl Level {
    /// Both.
    pub const ALL: [Self; 2] = [Self::LocalMemory, Self::LocalDisk];

    /// Its name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::LocalMemory => "local-memory",
            Self::LocalDisk => "local-disk",
        }
    }
}

/// One latency measurement.
struct Scenario {
    durability: &'static str,
    sessions: usize,
    rate_per_s: u64,
}

/// Measures all of the suite.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    let reader = rate::Reader::start();
    machine::pin(options.cores[0])?;
    if options.part != Some(Part::Rate) {
        for scenario in scenarios(options) {
            latency(options, clock, &scenario, found)?;
        }
    }
    if options.part != Some(Part::Latency) {
        rate::measure(options, clock, &reader, found)?;
    }
    Ok(())
}

fn scenarios(options: &Options) -> Vec<Scenario> {
    let sessions = match (options.sessions.as_slice(), options.short) {
        ([], true) => vec![1],
        ([], false) => vec![1, 8, 64],
        (given, _) => given.to_vec(),
    };
    let rates = |usual: &[u64]| {
        if options.rates.is_empty() { usual.to_vec() } else { options.rates.clone() }
    };
    let mut scenarios = Vec::new();
    for durability in options.durabilities() {
        let usual = if durability == "local-memory" { &[20_000, 100_000][..] } else { &[20_000] };
        for rate_per_s in rates(usual) {
            for sessions in sessions.iter().copied() {
                scenarios.push(Scenario { durability, sessions, rate_per_s });
            }
        }
    }
    scenarios
}

/// A directory for a server, on the disk that is measured; removed with all in it when dropped.
pub(super) fn scratch(options: &Options) -> Result<tempfile::TempDir, String> {
    let place = &options.scratch;
    std::fs::create_dir_all(place)
        .and_then(|()| tempfile::Builder::new().prefix("serve-").tempdir_in(place))
        .map_err(|error| format!("{}: {error}", place.display()))
}

/// Both servers, up, each with a client.
struct Sides {
    castle: Server,
    castle_client: Client,
    echo: Server,
    echo_client: Client,
}

impl Sides {
    fn start(
        options: &Options,
        clock: RunClock,
        durability: &str,
        sessions: usize,
        orders_max: u64,
        directory: &std::path::Path,
    ) -> Result<Self, String> {
        let castle = Server::castle(options, durability, orders_max, directory)?;
        let mut castle_client = Client::connect(clock, castle.address(), sessions, true)?;
        let shape = Shape::of_answer(&mut castle_client)?;
        let echo = Server::echo(options, &shape)?;
        let mut echo_client = Client::connect(clock, echo.address(), sessions, false)?;
        castle_client.stall = options.stall;
        echo_client.stall = options.stall;
        Ok(Self { castle, castle_client, echo, echo_client })
    }
}

fn latency(
    options: &Options,
    clock: RunClock,
    scenario: &Scenario,
    found: &mut Findings,
) -> Result<(), String> {
    let Scenario { durability, sessions, rate_per_s } = *scenario;
    let title = format!("wire {durability}, sessions {sessions}, {rate_per_s}/s");
    eprintln!("{title}");
    let directory = scratch(options)?;
    // Half of the time is castle's.
    let wanted = options.seconds.unwrap_or(10) * 1_000 / SLICE.as_millis() as u64 / 2;
    let slices = wanted.max(SLICES_MIN) as usize;
    let time = options.warmup + (SLICE + 2 * SETTLE) * slices as u32;
    let orders_max = (rate_per_s as f64 * time.as_secs_f64()) as u64 + ORDERS_BESIDE;
    let mut sides =
        Sides::start(options, clock, durability, sessions, orders_max, directory.path())?;
    let mut castle = Recorders::new(slices);
    let mut echo = Recorders::new(slices);
    sides.echo.pause()?;
    let mut warm = Recorders::new(1);
    sides.castle_client.run(rate_per_s, options.warmup.max(SETTLE), None, Some(&mut warm))?;
    let usual_ns = total(&warm.latency.finish()).value_at_quantile(0.5);
    let mut syncs = match durability {
        "local-disk" => {
            Some(Syncs::new(directory.path(), rate_per_s, RECORD_SIZE, usual_ns, slices)?)
        }
        _ => None,
    };
    for _ in 0..slices {
        sides.castle.resume()?;
        sides.castle_client.run(rate_per_s, SETTLE, None, None)?;
        sides.castle_client.run(rate_per_s, SLICE, None, Some(&mut castle))?;
        if sides.castle_client.open() > OPEN_MAX {
            sides.castle_client.cancel_all()?;
        }
        sides.castle.pause()?;
        sides.echo.resume()?;
        sides.echo_client.run(rate_per_s, SETTLE, None, None)?;
        sides.echo_client.run(rate_per_s, SLICE, None, Some(&mut echo))?;
        sides.echo.pause()?;
        if let Some(syncs) = &mut syncs {
            syncs.slice(clock, SLICE)?;
        }
    }
    report(options, &title, rate_per_s, [("castle", castle), ("echo", echo)], found);
    if let Some(syncs) = syncs {
        let syncs = syncs.series(&title);
        let name = format!("{title}: castle order-to-ack");
        if let Some(place) = found.series.iter().position(|series| series.name == name) {
            let castle = found.series.remove(place);
            found.compare("p50", 0.5, &castle, &syncs);
            found.series.insert(place, castle);
        }
        found.series.push(syncs);
    }
    sides.castle.stop()
}

/// Puts what was recorded of both sides into the findings.
pub(super) fn report(
    options: &Options,
    title: &str,
    rate_per_s: u64,
    sides: impl IntoIterator<Item = (&'static str, Recorders)>,
    found: &mut Findings,
) {
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    for (side, recorders) in sides {
        let lag = Series::new(format!("{title}: {side} generator lag"), recorders.lag);
        let late_ns = lag.total.value_at_quantile(0.999);
        found.faults.extend(too_late(&lag.name, late_ns, options.lag_budget_ns));
        let latency = Series::new(format!("{title}: {side} order-to-ack"), recorders.latency);
        whole.push(latency.planned(rate_per_s, late_ns));
        let service = Series::new(format!("{title}: {side} service time"), recorders.service);
        parts.extend([service.planned(rate_per_s, late_ns), lag]);
    }
    if let [castle, echo] = whole.as_slice() {
        for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            found.compare(name, quantile, castle, echo);
        }
    }
    found.series.extend(whole.into_iter().chain(parts));
}

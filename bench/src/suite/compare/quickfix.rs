//! A FIX acceptor over QuickFIX, beside castle: the same client, the same core, in turn.
//!
//! 1. Order-to-ack at a fixed rate, in slices of a quarter of a second in turn. Both sleep without work,
//!    so the one that waits does not disturb.
//! 2. The greatest acknowledged rate of each: probes climb, close in, and the last is held longer.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{PLACE, built, missing, target};
use crate::machine;
use crate::pace::too_late;
use crate::record::{RunClock, total};
use crate::run::{Figure, Findings, Series};
use crate::suite::Options;
use crate::suite::wire::client::{Client, Recorders};
use crate::suite::wire::server::{ORDERS_MAX, SESSIONS_MAX, Server};

const NAME: &str = "QuickFIX C++";
const SLICE: Duration = Duration::from_millis(250);
/// The first of a slice, which is not recorded.
const SETTLE: Duration = Duration::from_millis(25);
const SLICES_MIN: u64 = 40;
/// Orders a second of the latency measurement: what QuickFIX takes easily on one core.
const RATE: u64 = 5_000;
/// Sessions of the greatest rate.
const SESSIONS: usize = 8;
/// Where the climb begins and ends.
const RATES: std::ops::Range<u64> = 20_000..4_000_000;
const PROBE: Duration = Duration::from_millis(500);
/// Steps that close in on the rate.
const STEPS: usize = 4;
/// The same, short.
const STEPS_SHORT: usize = 2;
/// The whole way of 99 of 100 orders takes no longer.
const P99_NS_MAX: u64 = 5_000_000;
/// How often a rate that does not hold is lowered.
const ATTEMPTS: usize = 6;
/// More resting orders than this are canceled between slices.
const OPEN_MAX: i64 = 100_000;
/// How long the acceptor may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// Builds the acceptor.
pub fn build(options: &Options) -> Result<PathBuf, String> {
    let target = target(options);
    std::fs::create_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    let program = target.join("quickfix-acceptor");
    let source = format!("{PLACE}/quickfix/acceptor.cpp");
    // QuickFIX declares exceptions as C++ did before 17.
    let mut command = Command::new("g++");
    command.args(["-O2", "-std=c++14", "-Wno-deprecated", "-o"]).arg(&program).arg(source);
    built(command.args(["-lquickfix", "-lpthread"]))?;
    Ok(program)
}

/// The acceptor's process. It is killed when this is dropped.
struct Acceptor {
    child: Child,
    address: SocketAddr,
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Acceptor {
    fn start(program: &PathBuf, core: usize) -> Result<Self, String> {
        let text = |error: std::io::Error| format!("{NAME}: {error}");
        // A port that was free just now: the library takes a number only.
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|socket| socket.local_addr());
        let address = free.map_err(text)?;
        let arguments = [address.port().to_string(), core.to_string(), SESSIONS_MAX.to_string()];
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(text)?;
        let mut said = String::new();
        let output = child.stdout.take();
        let acceptor = Self { child, address };
        output.map_or(Ok(0), |output| BufReader::new(output).read_line(&mut said)).map_err(text)?;
        if said.trim() == "ready" {
            return Ok(acceptor);
        }
        Err(format!("{NAME} did not become ready"))
    }

    /// Connects when it listens, which is a moment after it says so.
    fn connect(&self, clock: RunClock, sessions: usize) -> Result<Client, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match std::net::TcpStream::connect(self.address) {
                Ok(_) => return Client::connect(clock, self.address, sessions, true),
                Err(error) if Instant::now() > deadline => return Err(format!("{NAME}: {error}")),
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

/// Measures both.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    eprintln!("compare {NAME}");
    machine::pin(options.cores[0])?;
    let program = match build(options) {
        Ok(program) => program,
        Err(why) => {
            missing(found, NAME, &why);
            return Ok(());
        }
    };
    latency(options, clock, &program, found)?;
    rates(options, clock, &program, found)
}

fn scratch(options: &Options) -> Result<tempfile::TempDir, String> {
    let place = &options.scratch;
    std::fs::create_dir_all(place)
        .and_then(|()| tempfile::Builder::new().prefix("compare-").tempdir_in(place))
        .map_err(|error| format!("{}: {error}", place.display()))
}

fn latency(
    options: &Options,
    clock: RunClock,
    program: &PathBuf,
    found: &mut Findings,
) -> Result<(), String> {
    let title = format!("compare acceptors, {RATE}/s");
    let directory = scratch(options)?;
    let castle = Server::castle(options, "local-memory", ORDERS_MAX / 8, directory.path())?;
    let acceptor = Acceptor::start(program, options.cores[1])?;
    let mut clients =
        [Client::connect(clock, castle.address(), 1, true)?, acceptor.connect(clock, 1)?];
    let wanted = options.seconds.unwrap_or(20) * 1_000 / SLICE.as_millis() as u64 / 2;
    let slices = if options.short { SLICES_MIN / 2 } else { wanted.max(SLICES_MIN) } as usize;
    let mut recorders = [Recorders::new(slices), Recorders::new(slices)];
    for client in &mut clients {
        client.stall = options.stall;
        client.run(RATE, options.warmup.max(SETTLE), None, None)?;
    }
    for _ in 0..slices {
        for (client, recorders) in clients.iter_mut().zip(&mut recorders) {
            client.run(RATE, SETTLE, None, None)?;
            client.run(RATE, SLICE, None, Some(recorders))?;
        }
        if clients[0].open() > OPEN_MAX {
            clients[0].cancel_all()?;
        }
    }
    let mut series = Vec::new();
    for (name, recorders) in ["castle", NAME].iter().zip(recorders) {
        let lag = Series::new(format!("{title}: {name} generator lag"), recorders.lag);
        let late_ns = lag.total.value_at_quantile(0.999);
        found.faults.extend(too_late(&lag.name, late_ns, options.lag_budget_ns));
        let latency = Series::new(format!("{title}: {name} order-to-ack"), recorders.latency);
        let service = Series::new(format!("{title}: {name} service time"), recorders.service);
        series.extend([latency.planned(RATE, late_ns), service.planned(RATE, late_ns), lag]);
    }
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        found.compare(name, quantile, &series[0], &series[3]);
    }
    found.series.extend(series);
    drop(clients);
    castle.stop()
}

fn rates(
    options: &Options,
    clock: RunClock,
    program: &PathBuf,
    found: &mut Findings,
) -> Result<(), String> {
    let title = format!("compare acceptors, sessions {SESSIONS}, greatest rate");
    let seconds = options.seconds.unwrap_or(if options.short { 3 } else { 10 });
    let length = Duration::from_secs(seconds);
    let steps = if options.short { STEPS_SHORT } else { STEPS };
    let names = ["castle", NAME].map(|name| format!("{title}: {name}"));
    let directory = scratch(options)?;
    let castle = Server::castle(options, "local-memory", ORDERS_MAX / 2, directory.path())?;
    let mut client = Client::connect(clock, castle.address(), SESSIONS, true)?;
    greatest(&mut client, length, &names[0], true, steps, found)?;
    drop(client);
    castle.stop()?;
    let acceptor = Acceptor::start(program, options.cores[1])?;
    let mut client = acceptor.connect(clock, SESSIONS)?;
    greatest(&mut client, length, &names[1], false, steps, found)?;
    found.compare_figures("acknowledged orders per second", &names[0], &names[1]);
    Ok(())
}

/// The orders a second that were acknowledged, where all were, with p99 in time.
fn held(
    client: &mut Client,
    rate_per_s: u64,
    length: Duration,
    rests: bool,
) -> Result<Option<(f64, u64)>, String> {
    client.give_up_ns = P99_NS_MAX;
    let mut recorders = Recorders::new(1);
    let counted = client.run(rate_per_s, length, None, Some(&mut recorders))?;
    if rests {
        client.cancel_all()?;
    }
    let p99_ns = total(&recorders.latency.finish()).value_at_quantile(0.99);
    let planned = (rate_per_s as f64 * length.as_secs_f64()) as u64;
    let holds = p99_ns <= P99_NS_MAX && counted.orders >= planned;
    let ops_per_s = counted.orders as f64 * 1e9 / counted.time_ns as f64;
    Ok(holds.then_some((ops_per_s, counted.orders)))
}

fn greatest(
    client: &mut Client,
    length: Duration,
    name: &str,
    rests: bool,
    steps: usize,
    found: &mut Findings,
) -> Result<(), String> {
    let (mut low, mut high) = (0, RATES.end);
    let mut rate_per_s = RATES.start;
    while rate_per_s < RATES.end {
        // Twice, since anything else on the machine can spoil a probe.
        let holds = held(client, rate_per_s, PROBE, rests)?.is_some()
            || held(client, rate_per_s, PROBE, rests)?.is_some();
        if !holds {
            high = rate_per_s;
            break;
        }
        low = rate_per_s;
        rate_per_s *= 2;
    }
    for _ in 0..steps {
        let between = low.midpoint(high);
        match held(client, between, PROBE, rests)? {
            Some(_) => low = between,
            None => high = between,
        }
    }
    let mut rate_per_s = low.max(1_000);
    for _ in 0..ATTEMPTS {
        if let Some((ops_per_s, count)) = held(client, rate_per_s, length, rests)? {
            found.figures.push(Figure { name: name.into(), unit: "orders", ops_per_s, count });
            return Ok(());
        }
        rate_per_s = rate_per_s * 9 / 10;
    }
    found.faults.push(format!("{name}: no rate down to {rate_per_s}/s was held"));
    Ok(())
}

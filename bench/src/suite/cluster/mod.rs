//! Two nodes of a cluster at `standby-memory`.
//!
//! 1. **Latency.** Both nodes on one runner and one core, beside a bare relay that has the same; slices in turn.
//! 2. **Processes.** The same orders to two `castle serve`, parked.
//! 3. **CPU.** What an order costs the primary and the standby, against a node that is alone.
//! 4. **Outage.** What a client sees when the primary falls, and which part of it is whose.
//! 5. **Catch-up.** How fast a standby that begins with nothing gets what its primary has.
//! 6. **Full load.** That nobody takes over where nothing is wrong, however busy both are.

mod catch_up;
mod cpu;
mod full_load;
mod nodes;
mod outage;
pub mod pair;
pub mod relay;
mod trader;

use std::process::Command;

use clap::ValueEnum;

use self::nodes::Houses;
use super::Options;
use super::wire::client::{Client, Recorders};
use super::wire::echo::Shape;
use super::wire::server::Server;
use super::wire::{self, OPEN_MAX, ORDERS_BESIDE, SETTLE, SLICE, SLICES_MIN};
use crate::machine;
use crate::record::RunClock;
use crate::run::Findings;

/// Orders a second, where nothing else is said.
const RATE_PER_S: u64 = 20_000;

/// A part of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Order-to-ack of two nodes on one runner, beside a bare relay
    Latency,
    /// Order-to-ack of two processes
    Processes,
    /// CPU time of an order on primary and standby
    Cpu,
    /// What clients see when the primary falls
    Outage,
    /// How fast an empty standby gets what its primary has
    CatchUp,
    /// Whether the view stays as it is under full load
    FullLoad,
}

/// Measures all of the suite.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    for part in Part::value_variants() {
        if !options.cluster_parts.is_empty() && !options.cluster_parts.contains(part) {
            continue;
        }
        // On a thread of its own: what it starts begins on the cores that it has, and ends with it.
        let found = &mut *found;
        let outcome = std::thread::scope(|scope| {
            let measured = scope.spawn(move || match part {
                Part::Latency => latency(options, clock, found),
                Part::Processes => processes(options, clock, found),
                Part::Cpu => cpu::measure(options, clock, found),
                Part::FullLoad => full_load::measure(options, clock, found),
                Part::CatchUp => catch_up::measure(options, clock, found),
                Part::Outage => outage::measure(options, clock, found),
            });
            measured.join()
        });
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    Ok(())
}

fn rate(options: &Options) -> u64 {
    options.rates.first().copied().unwrap_or(RATE_PER_S)
}

fn slices(options: &Options) -> usize {
    let wanted = options.seconds.unwrap_or(10) * 1_000 / SLICE.as_millis() as u64 / 2;
    wanted.max(SLICES_MIN) as usize
}

/// Orders that a measurement of the latency needs room for.
fn orders_max(options: &Options) -> u64 {
    let time = options.warmup + (SLICE + 2 * SETTLE) * slices(options) as u32;
    (rate(options) as f64 * time.as_secs_f64()) as u64 + ORDERS_BESIDE
}

/// A slice at the rate, after a moment that is not recorded.
fn slice(client: &mut Client, rate_per_s: u64, into: &mut Recorders) -> Result<(), String> {
    client.run(rate_per_s, SETTLE, None, None)?;
    client.run(rate_per_s, SLICE, None, Some(into)).map(|_| ())
}

/// Cancels what rests at the venue, where that is much.
fn clear(client: &mut Client) -> Result<(), String> {
    if client.open() > OPEN_MAX { client.cancel_all() } else { Ok(()) }
}

/// Two nodes on one runner, and the relay, in turn.
fn latency(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    let rate_per_s = rate(options);
    let title = format!("cluster standby-memory, one runner, sessions 1, {rate_per_s}/s");
    eprintln!("{title}");
    machine::pin(options.cores[0])?;
    let directory = wire::scratch(options)?;
    let houses =
        Houses::new(options, [options.cores[1]; 2], directory.path(), orders_max(options))?;
    let mut command = Command::new(&options.harness);
    command.arg(pair::COMMAND).arg(houses.configuration(0)).arg(houses.configuration(1));
    let castle = Server::start(&mut command, "pair on ", "pair on ", options.idle)?;
    let mut castle_client = Client::connect(clock, castle.address(), 1, true)?;
    let shape = Shape::of_answer(&mut castle_client)?;
    let mut command = Command::new(&options.harness);
    command.arg(relay::COMMAND).arg(options.cores[1].to_string());
    command.arg(options.idle.name()).args(shape.arguments());
    let relay = Server::start(&mut command, "relay on ", "relay on ", options.idle)?;
    let mut relay_client = Client::connect(clock, relay.address(), 1, false)?;
    let slices = slices(options);
    let mut recorders = [Recorders::new(slices), Recorders::new(slices)];
    relay.pause()?;
    castle_client.run(rate_per_s, options.warmup.max(SETTLE), None, None)?;
    for _ in 0..slices {
        castle.resume()?;
        slice(&mut castle_client, rate_per_s, &mut recorders[0])?;
        clear(&mut castle_client)?;
        castle.pause()?;
        relay.resume()?;
        slice(&mut relay_client, rate_per_s, &mut recorders[1])?;
        relay.pause()?;
    }
    let [ours, limit] = recorders;
    wire::report(options, &title, rate_per_s, [("castle", ours), ("relay", limit)], found);
    Ok(())
}

/// Two processes.
fn processes(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    let rate_per_s = rate(options);
    let title = format!("cluster standby-memory, two processes, sessions 1, {rate_per_s}/s");
    eprintln!("{title}");
    machine::pin(options.cores[0])?;
    let directory = wire::scratch(options)?;
    let houses =
        Houses::new(options, [options.cores[1]; 2], directory.path(), orders_max(options))?;
    let (_nodes, mut client) = start(options, clock, &houses, 1)?;
    client.run(rate_per_s, options.warmup.max(SETTLE), None, None)?;
    let slices = slices(options);
    let mut recorders = Recorders::new(slices);
    for _ in 0..slices {
        slice(&mut client, rate_per_s, &mut recorders)?;
        clear(&mut client)?;
    }
    wire::report(options, &title, rate_per_s, [("castle", recorders)], found);
    Ok(())
}

/// Both nodes, the first of them primary, and a client of it.
fn start(
    options: &Options,
    clock: RunClock,
    houses: &Houses,
    sessions: usize,
) -> Result<([Server; 2], Client), String> {
    let nodes = [houses.start(options, 0)?, houses.start(options, 1)?];
    houses.found(0)?;
    houses.wait_for_both(0)?;
    let client = Client::connect(clock, houses.clients[0], sessions, true)?;
    Ok((nodes, client))
}

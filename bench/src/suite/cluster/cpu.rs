//! CPU time of an order on a node that is alone, on a primary and on its standby.
//!
//! A runner that waits yields for a millisecond before it sleeps, so at a moderate rate a process takes all the time that
//! its core has. So both are kept busy: all nodes are on one core, and orders come faster than they can be done. What
//! the processes were charged for then, divided by the orders, is the cost of an order.

use std::fs;
use std::time::Duration;

use super::nodes::Houses;
use super::start;
use crate::machine;
use crate::record::RunClock;
use crate::run::{Figure, Findings, Ratio};
use crate::suite::Options;
use crate::suite::wire::client::Client;
use crate::suite::wire::scratch;
use crate::suite::wire::server::Server;

/// Orders a second: more than one core does.
const RATE_PER_S: u64 = 400_000;
/// Of each measurement.
const LENGTH: Duration = Duration::from_millis(500);
/// Measurements of each side; their median counts.
const ROUNDS: usize = 9;
/// The same where everything is short.
const ROUNDS_SHORT: usize = 3;
/// Sessions that send.
const SESSIONS: usize = 8;
/// Ticks of the kernel's clock in a second, in which `/proc` counts: the same on every Linux that castle runs on.
const TICKS_PER_S: f64 = 100.0;
/// Where user and system time stand behind the name of the process.
const USER_TIME_AT: usize = 11;

/// Measures both.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    eprintln!("cluster CPU time of an order");
    machine::pin(options.cores[0])?;
    let rounds = if options.short { ROUNDS_SHORT } else { ROUNDS };
    let orders_max = RATE_PER_S * LENGTH.as_millis() as u64 / 1_000 * (rounds as u64 + 1);
    let alone = {
        let directory = scratch(options)?;
        let server = Server::castle(options, "local-memory", orders_max, directory.path())?;
        let mut client = Client::connect(clock, server.address(), SESSIONS, true)?;
        rounds_of(&mut client, [&server], rounds)?
    };
    let directory = scratch(options)?;
    let houses = Houses::new(options, [options.cores[1]; 2], directory.path(), orders_max)?;
    let (nodes, mut client) = start(options, clock, &houses, SESSIONS)?;
    let both = rounds_of(&mut client, [&nodes[0], &nodes[1]], rounds)?;
    let name = |which: &str| format!("cluster CPU, sessions {SESSIONS}: {which}");
    let sides = [
        ("local-memory", alone[0].clone()),
        ("primary", both[0].clone()),
        ("standby", both[1].clone()),
    ];
    for (which, costs) in &sides {
        let middle = crate::record::quartiles(costs)[1];
        found.figures.push(Figure {
            name: name(which),
            unit: "orders per CPU second",
            ops_per_s: 1.0 / middle,
            count: RATE_PER_S * LENGTH.as_millis() as u64 / 1_000 * rounds as u64,
        });
    }
    let (_, base) = &sides[0];
    for (which, costs) in &sides[1..] {
        let pairs: Vec<f64> = costs.iter().zip(base).map(|(cost, base)| cost / base).collect();
        let [low, _, high] = crate::record::quartiles(&pairs);
        let value = crate::record::quartiles(costs)[1] / crate::record::quartiles(base)[1];
        let (of, to) = (name(which), name("local-memory"));
        let spread = Some([low, high]);
        found.ratios.push(Ratio { name: "CPU time of an order".into(), value, spread, of, to });
    }
    Ok(())
}

/// Seconds of CPU time that an order cost each server, by round.
fn rounds_of<const N: usize>(
    client: &mut Client,
    servers: [&Server; N],
    rounds: usize,
) -> Result<[Vec<f64>; N], String> {
    let mut costs = [const { Vec::new() }; N];
    client.run(RATE_PER_S / 4, LENGTH, None, None)?;
    client.cancel_all()?;
    for _ in 0..rounds {
        let before = times(servers)?;
        let counted = client.run(RATE_PER_S, LENGTH, None, None)?;
        let after = times(servers)?;
        for (index, costs) in costs.iter_mut().enumerate() {
            costs.push((after[index] - before[index]) / counted.orders.max(1) as f64);
        }
        client.cancel_all()?;
    }
    Ok(costs)
}

fn times<const N: usize>(servers: [&Server; N]) -> Result<[f64; N], String> {
    let mut times = [0.0; N];
    for (time, server) in times.iter_mut().zip(servers) {
        *time = cpu_seconds(server.pid())?;
    }
    Ok(times)
}

/// What all threads of a process were charged for so far.
fn cpu_seconds(pid: u32) -> Result<f64, String> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    // The name stands in parentheses and may hold anything.
    let behind = text.rsplit_once(") ").map_or("", |(_, behind)| behind);
    let ticks = behind.split(' ').skip(USER_TIME_AT).take(2).map(str::parse::<f64>);
    let ticks: Result<Vec<f64>, _> = ticks.collect();
    match ticks.as_deref() {
        Ok([user, system]) => Ok((user + system) / TICKS_PER_S),
        _ => Err(format!("{path}: it has no times")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_is_charged_for_it() {
        let before = cpu_seconds(std::process::id()).expect("this process runs");
        let mut sum = 0_u64;
        while cpu_seconds(std::process::id()).expect("it runs on") < before + 0.05 {
            sum = std::hint::black_box(sum).wrapping_add(1);
        }
        assert!(cpu_seconds(0).is_err());
    }
}

//! The greatest rate of acknowledged orders that castle sustains, and the echo beside it.

use std::time::{Duration, Instant};

use super::client::{Client, Recorders};
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
/// The least time over which a rate counts as sustained, in seconds.
const SUSTAINED_S_MIN: u64 = 10;
/// Where the climb begins, and where it ends at the latest.
const RATES: std::ops::RangeInclusive<u64> = 50_000..=4_000_000;
/// Steps that close in on the rate.
const STEPS: usize = 3;
/// How often a rate that was not sustained is lowered.
const ATTEMPTS: usize = 5;

/// Measures at both levels of durability.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    let seconds = options.seconds.unwrap_or(SUSTAINED_S_MIN).max(SUSTAINED_S_MIN);
    let length = Duration::from_secs(seconds);
    for durability in ["local-memory", "local-disk"] {
        let directory = scratch(options)?;
        let title = format!("wire {durability}, sessions {SESSIONS}, greatest rate");
        eprintln!("{title}");
        let mut sides = Sides::start(options, clock, durability, SESSIONS, directory.path())?;
        sides.echo.pause()?;
        sustained(&mut sides.castle_client, length, &format!("{title}: castle"), true, found)?;
        sides.castle.pause()?;
        if durability == "local-memory" {
            sides.echo.resume()?;
            sustained(&mut sides.echo_client, length, &format!("{title}: echo"), false, found)?;
        }
        drop(sides.castle_client);
        sides.castle.stop()?;
        drop(sides.echo);
        if durability == "local-memory" {
            recovery(&directory.path().join("journal"), found)?;
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

/// Reads the journal back and applies it.
fn recovery(journal: &std::path::Path, found: &mut Findings) -> Result<(), String> {
    let begun = Instant::now();
    let replayed = castle::venue::replay_journal(journal).map_err(|error| error.to_string())?;
    let ops_per_s = replayed.records as f64 / begun.elapsed().as_secs_f64();
    found.figures.push(Figure {
        name: "journal recovery: read, verified and applied".into(),
        unit: "records",
        ops_per_s,
        count: replayed.records,
    });
    Ok(())
}

/// Whether the rate was held; the recorders of the attempt.
fn attempt(
    client: &mut Client,
    rate_per_s: u64,
    length: Duration,
    cancel: bool,
) -> Result<(bool, f64, Recorders), String> {
    let mut recorders = Recorders::new(length.as_secs().max(1) as usize);
    let second = Duration::from_secs(1);
    client.give_up_ns = P99_NS_MAX;
    let planned = Schedule::new(0, rate_per_s, length.as_nanos() as u64).orders();
    let counted = client.run(rate_per_s, length, Some(second), Some(&mut recorders))?;
    if cancel {
        client.cancel_all()?;
    }
    let intervals = recorders.latency.clone().finish();
    let p99_ns = total(&intervals).value_at_quantile(0.99);
    let acknowledged = counted.orders as f64 * 1e9 / counted.time_ns as f64;
    Ok((p99_ns <= P99_NS_MAX && counted.orders == planned, acknowledged, recorders))
}

fn sustained(
    client: &mut Client,
    length: Duration,
    name: &str,
    cancel: bool,
    found: &mut Findings,
) -> Result<(), String> {
    let (mut held, mut missed) = (0, *RATES.end());
    let mut rate_per_s = *RATES.start();
    while rate_per_s < *RATES.end() {
        // Twice, since anything else on the machine can spoil a probe.
        let holds = attempt(client, rate_per_s, PROBE, cancel)?.0
            || attempt(client, rate_per_s, PROBE, cancel)?.0;
        if !holds {
            missed = rate_per_s;
            break;
        }
        held = rate_per_s;
        rate_per_s = rate_per_s * 3 / 2;
    }
    for _ in 0..STEPS {
        let between = held.midpoint(missed);
        if attempt(client, between, PROBE, cancel)?.0 {
            held = between;
        } else {
            missed = between;
        }
    }
    let mut rate_per_s = held.max(10_000);
    for last in (0..ATTEMPTS).rev() {
        let (holds, ops_per_s, recorders) = attempt(client, rate_per_s, length, cancel)?;
        if holds {
            let lag = Series::new(format!("{name} generator lag"), recorders.lag);
            let late_ns = lag.total.value_at_quantile(0.999);
            let latency = Series::new(format!("{name} order-to-ack"), recorders.latency);
            let count = latency.total.len();
            found.series.extend([latency.planned(rate_per_s, late_ns), lag]);
            found.figures.push(Figure { name: name.into(), unit: "orders", ops_per_s, count });
            return Ok(());
        }
        if last > 0 {
            rate_per_s = rate_per_s * 4 / 5;
        }
    }
    found.faults.push(format!(
        "{name}: no rate down to {rate_per_s}/s was held for {} s with p99 of at most {} ms: keep other \
         work off the two cores",
        length.as_secs(),
        P99_NS_MAX / 1_000_000
    ));
    Ok(())
}

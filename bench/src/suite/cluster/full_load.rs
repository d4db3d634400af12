//! Whether two nodes under all the load that they can bear stay what they are, where nothing befalls them: whether
//! another becomes primary, and how often the view changes at all, as it does where the standby is left out.
//!
//! The load goes in stretches of a minute, each to a pair of nodes of its own, since what a day's orders leave in
//! journals and stores would fill a disk.

use std::time::{Duration, Instant};

use super::nodes::Houses;
use super::start;
use crate::machine;
use crate::record::RunClock;
use crate::run::{Figure, Findings};
use crate::suite::Options;
use crate::suite::wire::scratch;

/// How long the load goes on, where nothing else is said.
const SECONDS: u64 = 60;
/// The same where everything is short.
const SECONDS_SHORT: u64 = 10;
/// A pair of nodes is loaded for so long at most.
const STRETCH: Duration = Duration::from_secs(60);
/// Orders a second: more than both nodes on one core do, so that there are always some that wait.
const RATE_PER_S: u64 = 400_000;
/// Orders come for so long, and are waited for and canceled before the next come.
const BURST: Duration = Duration::from_millis(500);
/// Orders that a pair of nodes gets at most.
const ORDERS_MAX: u64 = 8_000_000;
/// Orders that it has room for beyond, for those that warm it up.
const ORDERS_BEFORE: u64 = 1_000_000;
/// Sessions that send.
const SESSIONS: usize = 8;

/// Measures it.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    let title = "cluster full load without a fault";
    eprintln!("{title}");
    machine::pin(options.cores[0])?;
    let seconds = if options.short { SECONDS_SHORT } else { SECONDS };
    let length = Duration::from_secs(options.seconds.unwrap_or(seconds));
    let burst_orders = RATE_PER_S * BURST.as_millis() as u64 / 1_000;
    let (mut loaded, mut orders) = (Duration::ZERO, 0);
    let [mut failovers, mut changes] = [0; 2];
    while loaded < length {
        let directory = scratch(options)?;
        let houses = Houses::new(
            options,
            [options.cores[1]; 2],
            directory.path(),
            ORDERS_MAX + ORDERS_BEFORE,
        )?;
        let (_nodes, mut client) = start(options, clock, &houses, SESSIONS)?;
        let counts = || -> Result<[u64; 2], String> {
            let view = &houses.cluster(0)?["view"];
            let count = |key: &str| {
                view[key].as_u64().ok_or_else(|| format!("no {key} in the view {view}"))
            };
            Ok([count("reign")?, count("epoch")?])
        };
        let first = counts()?;
        let begin = Instant::now();
        let end = STRETCH.min(length - loaded);
        while begin.elapsed() < end && client.orders() + burst_orders <= ORDERS_MAX {
            client.run(RATE_PER_S, BURST, None, None)?;
            client.cancel_all()?;
        }
        loaded += begin.elapsed();
        orders += client.orders();
        let last = counts()?;
        failovers += last[0] - first[0];
        changes += last[1] - first[1];
    }
    let time_s = loaded.as_secs_f64();
    let figure = |what: &str, unit, count: u64| Figure {
        name: format!("{title}: {what}"),
        unit,
        ops_per_s: count as f64 / time_s,
        count,
    };
    found.figures.push(figure("orders", "orders", orders));
    found.figures.push(figure("failovers", "failovers", failovers));
    found.figures.push(figure("changes of view", "changes", changes));
    Ok(())
}

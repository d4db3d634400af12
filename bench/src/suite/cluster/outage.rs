//! What a client sees when the primary falls: from its last answer to the next, reconnect and logon included.

use std::time::Duration;

use serde_json::json;

use super::nodes::Houses;
use super::trader::{Seen, Trader};
use crate::machine;
use crate::record::{Recorder, RunClock};
use crate::run::{Findings, Series};
use crate::suite::Options;
use crate::suite::wire::scratch;
use crate::suite::wire::server::Server;

/// Traded before each fault.
const BEFORE: Duration = Duration::from_millis(200);
/// Looked at after each fault at least, also where the venue is back before.
const AFTER: Duration = Duration::from_millis(500);
/// Orders that the nodes have room for: an order a millisecond, far longer than all faults take.
const ORDERS_MAX: u64 = 500_000;

/// What befalls the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    Stop,
    SwitchOver,
}

impl Fault {
    const ALL: [Self; 3] = [Self::Kill, Self::Stop, Self::SwitchOver];

    fn name(self) -> &'static str {
        match self {
            Self::Kill => "SIGKILL",
            Self::Stop => "SIGSTOP",
            Self::SwitchOver => "switchover",
        }
    }
}

/// The parts of an outage.
const PARTS: [&str; 4] = ["detection", "swap", "opening", "client"];

/// Measures all kinds, one after the other.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    // Client and nodes sleep where they have nothing to do; the threads of which nothing is said share its core.
    machine::pin(options.cores[0])?;
    for fault in Fault::ALL {
        of_kind(options, clock, fault, found)?;
    }
    Ok(())
}

fn of_kind(
    options: &Options,
    clock: RunClock,
    fault: Fault,
    found: &mut Findings,
) -> Result<(), String> {
    let title = format!("cluster outage by {}", fault.name());
    eprintln!("{title}");
    let directory = scratch(options)?;
    let houses = Houses::new(options, [options.cores[1]; 2], directory.path(), ORDERS_MAX)?;
    let mut nodes = [houses.start(options, 0)?, houses.start(options, 1)?].map(Some);
    houses.found(0)?;
    houses.wait_for_both(0)?;
    let mut primary = 0;
    let mut trader = Trader::new(houses.clients, primary)?;
    let mut whole = Recorder::new(1);
    let mut parts = PARTS.map(|_| Recorder::new(1));
    whole.open(clock.now_ns());
    parts.iter_mut().for_each(|part| part.open(clock.now_ns()));
    for _ in 0..options.faults {
        houses.wait_for_both(primary)?;
        trader.trade(BEFORE)?;
        let other = 1 - primary;
        let seen = befall(&houses, &mut nodes[primary], (fault, other), &mut trader)?;
        whole.record(seen.outage_ns);
        for (part, time_ns) in parts.iter_mut().zip(parts_of(&houses, other, seen)?) {
            part.record(time_ns);
        }
        match (fault, &nodes[primary]) {
            (Fault::Kill, _) => nodes[primary] = Some(houses.start(options, primary)?),
            (Fault::Stop, Some(node)) => node.signal("-CONT")?,
            _ => {}
        }
        primary = other;
    }
    whole.close(clock.now_ns());
    parts.iter_mut().for_each(|part| part.close(clock.now_ns()));
    found.series.push(Series::new(format!("{title}: seen by the client"), whole));
    for (name, part) in PARTS.iter().zip(parts) {
        found.series.push(Series::new(format!("{title}: {name}"), part));
    }
    Ok(())
}

/// Does it to the primary while the client trades.
fn befall(
    houses: &Houses,
    node: &mut Option<Server>,
    (fault, other): (Fault, usize),
    trader: &mut Trader,
) -> Result<Seen, String> {
    let primary = 1 - other;
    std::thread::scope(|scope| {
        let done = scope.spawn(move || match fault {
            // Killed and waited for.
            Fault::Kill => {
                *node = None;
                Ok(())
            }
            Fault::Stop => node.as_ref().map_or(Ok(()), |node| node.signal("-STOP")),
            Fault::SwitchOver => {
                let request = json!({"command": "switchover", "to": other.to_string()});
                houses.ask(primary, &request).map(|_| ())
            }
        });
        let seen = trader.outlast(other, AFTER);
        let done = done.join().unwrap_or_else(|_| Err("a thread of the bench died".to_owned()));
        done.and(seen)
    })
}

/// How much of an outage was whose: until the standby asked for the view, until it had it, until it let clients in, and
/// until the client was answered.
fn parts_of(houses: &Houses, node: usize, seen: Seen) -> Result<[u64; 4], String> {
    let told = houses.cluster(node)?;
    let rise = &told["became_primary"];
    let at = |key: &str| rise[key].as_u64().unwrap_or(seen.last_ns);
    let [asked, began, opened] = ["asked_ns", "began_ns", "opened_ns"].map(at);
    let ends = [seen.last_ns, asked, began, opened, seen.first_ns];
    let mut parts = [0; 4];
    for (part, pair) in parts.iter_mut().zip(ends.windows(2)) {
        *part = pair[1].saturating_sub(pair[0]);
    }
    Ok(parts)
}

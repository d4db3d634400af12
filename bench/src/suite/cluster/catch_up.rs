//! How fast a standby that begins with nothing gets what its primary has.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::nodes::{Houses, PATIENCE};
use crate::machine;
use crate::record::RunClock;
use crate::run::{Figure, Findings};
use crate::suite::Options;
use crate::suite::wire::client::Client;
use crate::suite::wire::scratch;

/// Records that the primary has by then.
const RECORDS: u64 = 2_000_000;
/// The same where everything is short.
const RECORDS_SHORT: u64 = 400_000;
/// Orders a second that make them: more than a core does, so that they are made as fast as can be.
const RATE_PER_S: u64 = 300_000;
/// Of a stretch of orders.
const STRETCH: Duration = Duration::from_millis(500);
/// Sessions that send.
const SESSIONS: usize = 8;
/// How often the primary is asked how far the standby is.
const LOOK: Duration = Duration::from_millis(10);

/// Measures it.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    let name = "cluster catch-up of an empty standby";
    eprintln!("{name}");
    machine::pin(options.cores[0])?;
    let records = if options.short { RECORDS_SHORT } else { RECORDS };
    let directory = scratch(options)?;
    let stretch = RATE_PER_S * STRETCH.as_millis() as u64 / 1_000;
    // As on machines of their own: once the orders are made the client's core is free for the standby.
    let [for_standby, for_primary] = options.cores;
    let cores = [for_primary, for_standby];
    let houses = Houses::new(options, cores, directory.path(), records + 2 * stretch)?;
    let _primary = houses.start(options, 0)?;
    houses.found(0)?;
    let mut client = Client::connect(clock, houses.clients[0], SESSIONS, true)?;
    while client.orders() < records {
        client.run(RATE_PER_S, STRETCH, None, None)?;
        client.cancel_all()?;
    }
    let last = |told: &Value| told["last_record"].as_u64().unwrap_or(0);
    let end = last(&houses.cluster(0)?);
    let _standby = houses.start(options, 1)?;
    let (mut begin, deadline) = (None, Instant::now() + PATIENCE);
    loop {
        let told = houses.cluster(0)?;
        let received = told["nodes"][0]["received"].as_u64().unwrap_or(0);
        let now = Instant::now();
        match begin {
            // From the first records on: what its process took to start is no part of it.
            None if received > 0 => begin = Some((now, received)),
            Some((since, first)) if received >= end => {
                let count = end - first;
                let ops_per_s = count as f64 / (now - since).as_secs_f64();
                let figure = Figure { name: name.into(), unit: "records", ops_per_s, count };
                found.figures.push(figure);
                return Ok(());
            }
            _ if now > deadline => {
                return Err(format!("a standby has not caught up in time: {told}"));
            }
            _ => std::thread::sleep(LOOK),
        }
    }
}

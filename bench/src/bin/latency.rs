//! What it costs the product to time its orders: `latency [ORDERS] [BATCH]`.
//!
//! Takes orders through all that telemetry does for them on the way from a read to a write, and nothing
//! else: BATCH orders of each read, all of them answered and written at once. It prints nanoseconds for an
//! order. Under `valgrind --tool=callgrind --toggle-collect='latency::steady'` the instructions counted,
//! divided by ORDERS, are those that it adds to an order. Valgrind counts the clock as a system call: what
//! the clock itself takes is measured by the nanoseconds only.

use std::time::Instant;

use castle::telemetry::{self, EngineEnd, LatencyRecorder, Stage, Ways};

/// Bytes of a report.
const REPORT: u64 = 200;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let mut next = |default| match arguments.next() {
        None => default,
        Some(Ok(number)) if number > 0 => number,
        Some(_) => panic!("latency [ORDERS] [BATCH]: whole numbers above 0"),
    };
    let (orders, batch) = (next(1_000_000), next(1));
    let (mut engine, gateway) = telemetry::passage();
    let (mut recorder, mut collector) = telemetry::recorder(gateway);
    let mut ways = Ways::default();
    let began = Instant::now();
    let done = steady(&mut engine, &mut recorder, &mut ways, orders / batch, batch);
    let taken_ns = began.elapsed().as_nanos() as f64;
    recorder.close();
    assert!(collector.take(), "the recorder has left what it recorded");
    let timed = collector.since_start();
    assert_eq!(timed.of(Stage::Whole).len(), done);
    assert_eq!(timed.of(Stage::Decode).len(), done.div_ceil(telemetry::SAMPLE_EVERY));
    println!("{done} orders, {batch} a read: {:.1} ns an order", taken_ns / done as f64);
}

/// Takes batches of orders through and returns how many orders.
#[inline(never)]
fn steady(
    engine: &mut EngineEnd,
    recorder: &mut LatencyRecorder,
    ways: &mut Ways,
    batches: u64,
    batch: u64,
) -> u64 {
    let (mut sequence, mut end) = (0, 0);
    for _ in 0..batches {
        ways.bytes_read();
        for _ in 0..batch {
            recorder.requested(ways, 1);
        }
        let first = sequence + 1;
        for _ in 0..batch {
            sequence += 1;
            if engine.taken(sequence) {
                engine.applied();
            }
        }
        for cause in first..=sequence {
            end += REPORT;
            recorder.told(ways, cause, end);
        }
        recorder.durable(sequence);
        recorder.written(ways, end);
        recorder.turn();
    }
    batches * batch
}

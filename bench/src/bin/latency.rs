//! What it costs the product to time its orders: `latency [ORDERS] [BATCH]` takes ORDERS through all that
//! telemetry does for them, BATCH of each read, and prints nanoseconds for an order. How many instructions
//! that is `cargo xtask instructions` counts; but valgrind makes a system call of the clock.

use std::time::Instant;

use castle::telemetry::SAMPLE_EVERY;
use castle_bench::lane::Lane;

fn main() -> Result<(), String> {
    let mut numbers = [1_000_000, 1];
    for (number, argument) in numbers.iter_mut().zip(std::env::args().skip(1)) {
        let given = argument.parse().ok().filter(|given| *given > 0);
        *number = given.ok_or("latency [ORDERS] [BATCH]: whole numbers above 0")?;
    }
    let [orders, batch]: [u64; 2] = numbers;
    let mut lane = Lane::default();
    let began = Instant::now();
    lane.steady(orders / batch, batch);
    let ns = began.elapsed().as_nanos() as f64;
    let (done, sampled) = lane.finish();
    assert_eq!((done, sampled), (orders / batch * batch, done.div_ceil(SAMPLE_EVERY)));
    println!("{done} orders, {batch} a read: {:.1} ns an order", ns / done as f64);
    Ok(())
}

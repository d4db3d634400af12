//! What timing an order adds to its way: see `telemetry` in the product.

use castle_bench::lane::Lane;

use super::Counter;

/// Orders of a call; of every 64 one is timed at each stage.
const ORDERS: u64 = 6_400;

/// See the module.
pub struct Operations {
    lane: Lane,
}

impl Operations {
    pub fn new() -> Self {
        Self { lane: Lane::default() }
    }

    pub fn run(&mut self, counter: &Counter) {
        for batch in [1, 64] {
            let name = format!("telemetry, an order of {batch} read together");
            counter.count(&name, ORDERS as usize, 0, || self.lane.steady(ORDERS / batch, batch));
        }
    }
}

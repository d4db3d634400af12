//! The operations whose instructions are counted. `cargo xtask instructions` runs this program under
//! valgrind's callgrind and compares the counts with those in `bench/instructions.toml`.
//!
//! 1. An operation is done many times in one call of [`counted_region`]. Callgrind counts only what runs in
//!    there, and writes a count of its own for each call; so set-up costs nothing.
//! 2. For each call a line is printed, in the same order: name, operations, bytes of all messages of the call
//!    (0 where it has none), separated by tabulators.
//! 3. All is done twice and counted the second time: memory is there, tables have grown, what is learned is
//!    learned.
//! 4. Nothing is random, and all runs on a thread whose stack begins at a page, so that no address depends
//!    on the environment.

mod engine;
mod fix;
mod log;
mod telemetry;
mod venue;

use std::hint::black_box;

/// Callgrind looks for this name.
#[inline(never)]
fn counted_region(operations: &mut dyn FnMut()) {
    operations();
    black_box(());
}

/// Does operations, and has them counted if they are warm.
pub struct Counter {
    warm: bool,
}

impl Counter {
    /// Runs `all`, which does so many operations on messages of so many bytes together.
    fn count(&self, name: &str, operations: usize, bytes: usize, mut all: impl FnMut()) {
        if self.warm {
            println!("{name}\t{operations}\t{bytes}");
            counted_region(&mut all);
        } else {
            all();
        }
    }
}

fn main() {
    let counted = std::thread::spawn(|| {
        let mut engine = engine::Operations::new();
        let mut fix = fix::Operations::new();
        let mut log = log::Operations::new();
        let mut telemetry = telemetry::Operations::new();
        for warm in [false, true] {
            let counter = Counter { warm };
            fix.run(&counter);
            engine.run(&counter);
            log.run(&counter);
            telemetry.run(&counter);
        }
    });
    if counted.join().is_err() {
        std::process::exit(1);
    }
}

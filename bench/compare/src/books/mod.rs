//! The books, in one form.

pub mod ours;
pub mod plain;
pub mod theirs;

use std::collections::BTreeMap;

use castle_bench::flow::Step;

/// Orders and what they have left, by side (bids are true) and price.
pub type Levels = BTreeMap<(bool, u32), (u32, u64)>;

/// A book that takes the flow.
pub trait Book {
    /// What people call it.
    fn name(&self) -> &'static str;
    /// Makes the commands into its own form. Not measured.
    fn prepare(&mut self, steps: &[Step]);
    /// Does what they ask. Measured.
    fn apply(&mut self);
    /// What rests.
    fn levels(&self) -> Levels;
}

/// Adds an order to the levels.
pub fn add(levels: &mut Levels, is_bid: bool, price: u32, leaves: u64) {
    let (orders, total) = levels.entry((is_bid, price)).or_default();
    *orders += 1;
    *total += leaves;
}

//! What tests of the whole exchange share: a process that always ends, and a FIX client that shares no
//! code with the venue's own FIX.

// Each test uses its part of it.
#![allow(dead_code)]

pub mod apart;
pub mod book;
pub mod crowd;
pub mod exchange;
pub mod fix;
pub mod log;
pub mod pair;
pub mod ports;
pub mod proxy;
pub mod scratch;
pub mod trader;

/// A small random number generator (splitmix64): the same numbers for the same seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is above zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit
    }

    /// A number of a range.
    pub fn range(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }
}

//! What the clients saw of a kind of fault.

use std::time::Duration;

use crate::cluster::Cluster;

/// The longest time that each session was without an answer, over all faults of a kind.
pub struct Outages {
    what: &'static str,
    faults: u32,
    silences: Vec<Duration>,
}

impl Outages {
    pub fn new(what: &'static str) -> Self {
        Self { what, faults: 0, silences: Vec::new() }
    }

    /// A fault is about to be injected.
    pub fn begin(&self, cluster: &Cluster) {
        cluster.crowd().forget_silences();
    }

    /// Everybody is served again: it counts.
    pub fn end(&mut self, cluster: &Cluster) {
        self.faults += 1;
        self.silences.extend(cluster.crowd().silences());
    }

    /// As a row of the table in docs/cluster.md, which `cargo xtask test` puts together.
    pub fn print(mut self) {
        self.silences.sort_unstable();
        let ms = |at: usize| self.silences[at].as_secs_f64() * 1_000.0;
        let last = self.silences.len() - 1;
        let (what, faults) = (self.what, self.faults);
        println!("| {what} | {faults} | {:.1} / {:.1} / {:.1} ms |", ms(0), ms(last / 2), ms(last));
    }
}

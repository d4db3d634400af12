//! What can be measured.

pub mod cluster;
pub mod compare;
pub mod engine;
pub mod journal;
pub mod ring;
pub mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;

use crate::machine::Observation;
use crate::record::RunClock;
use crate::run::{Findings, Run};

/// The suites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// The engine in process, over the product's rings
    Engine,
    /// Our ring against rtrb and crossbeam's ArrayQueue
    Ring,
    /// Appending, syncing and reading the journal
    Journal,
    /// Orders over loopback TCP through a castle serve, beside a bare echo
    Wire,
    /// Two nodes, beside a bare relay; the outage that clients see when one falls
    Cluster,
    /// Other order books, and an acceptor over QuickFIX
    Compare,
    /// Each of them, short
    All,
}

impl Suite {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Ring => "ring",
            Self::Journal => "journal",
            Self::Wire => "wire",
            Self::Cluster => "cluster",
            Self::Compare => "compare",
            Self::All => "all",
        }
    }
}

/// What a suite is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long each thing is measured; each suite has its own default.
    pub seconds: Option<u64>,
    /// Orders a second; each suite has its own default.
    pub rates: Vec<u64>,
    /// Discarded before each measurement.
    pub warmup: Duration,
    /// The client's core, the server's core.
    pub cores: [usize; 2],
    /// The castle to be measured.
    pub castle: PathBuf,
    /// This program, which is its own echo.
    pub harness: PathBuf,
    /// How the server's threads idle.
    pub idle: wire::Idle,
    /// The core of the server's journal; its default is the client's.
    pub journal_core: usize,
    /// The only part of `wire` to be measured; all of it otherwise.
    pub part: Option<wire::Part>,
    /// The parts of `cluster` to be measured; all of it otherwise.
    pub cluster_parts: Vec<cluster::Part>,
    /// Faults of each kind.
    pub faults: u32,
    /// The only level of durability of `wire`; both otherwise.
    pub level: Option<wire::Level>,
    /// Lines of the server's `[threads]`, where they are not made of the cores.
    pub threads: Vec<String>,
    /// Sessions of the latency measurements.
    pub sessions: Vec<usize>,
    /// Presets of the engine suite; none: all.
    pub presets: Vec<String>,
    /// The most commands that the engine suite makes at once; it has a default.
    pub commands_max: Option<usize>,
    /// Makes the engine lose a fill, to see that this is noticed.
    pub drop_fill: bool,
    /// How late the generator may be at p99.9, in nanoseconds.
    pub lag_budget_ns: u64,
    /// Everything short.
    pub short: bool,
    /// Makes the generator stand still once a second for so long, to see that this is noticed.
    pub stall: Duration,
    /// Where journals are written while they are measured: on the disk that is to be measured.
    pub scratch: PathBuf,
    /// In memory, where log rings lie; killed nodes leave theirs, and it goes with the run.
    pub rings: Arc<tempfile::TempDir>,
}

impl Options {
    /// The levels of durability to be measured, by their names in a configuration.
    pub fn durabilities(&self) -> impl Iterator<Item = &'static str> + use<> {
        let only = self.level;
        let wanted = move |level: &wire::Level| only.is_none_or(|only| only == *level);
        wire::Level::ALL.into_iter().filter(wanted).map(wire::Level::name)
    }
}

/// Measures.
pub fn measure(suite: Suite, options: &Options) -> Result<Run, String> {
    if matches!(suite, Suite::Compare | Suite::All) {
        compare::prepare(options);
    }
    let observation = Observation::begin(options.cores);
    let clock = RunClock::start();
    let mut found = Findings::default();
    let parts: &[Suite] = match suite {
        Suite::All => &[Suite::Engine, Suite::Ring, Suite::Journal, Suite::Wire, Suite::Compare],
        Suite::Compare => &[Suite::Compare],
        Suite::Engine => &[Suite::Engine],
        Suite::Ring => &[Suite::Ring],
        Suite::Journal => &[Suite::Journal],
        Suite::Wire => &[Suite::Wire],
        Suite::Cluster => &[Suite::Cluster],
    };
    for part in parts {
        // On a thread of its own, so that none begins on the core to which the one before was pinned.
        let found = &mut found;
        let outcome = std::thread::scope(|scope| {
            let measured = scope.spawn(move || match part {
                Suite::Engine => engine::measure(options, clock, found),
                Suite::Ring => ring::measure(options, clock, found),
                Suite::Journal => journal::measure(options, clock, found),
                Suite::Compare => compare::measure(options, clock, found),
                Suite::Cluster => cluster::measure(options, clock, found),
                Suite::Wire | Suite::All => wire::measure(options, clock, found),
            });
            measured.join()
        });
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    Ok(found.into_run(suite.name(), observation.end()))
}

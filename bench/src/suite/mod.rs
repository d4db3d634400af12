//! What can be measured.

pub mod compare;
pub mod engine;
pub mod journal;
pub mod ring;
pub mod wire;

use std::path::PathBuf;
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
    };
    for part in parts {
        match part {
            Suite::Engine => engine::measure(options, clock, &mut found)?,
            Suite::Ring => ring::measure(options, clock, &mut found)?,
            Suite::Journal => journal::measure(options, clock, &mut found)?,
            Suite::Compare => compare::measure(options, clock, &mut found)?,
            Suite::Wire | Suite::All => wire::measure(options, clock, &mut found)?,
        }
    }
    Ok(found.into_run(suite.name(), observation.end()))
}

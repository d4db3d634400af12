//! `cargo xtask simulate`: a cluster in one thread, with faults drawn from seeds.

use std::process::Command;

use crate::process::{self, Counts};

/// Seeds where nothing else is said.
const SEEDS: u64 = 2_000;

/// Arguments of `cargo xtask simulate`.
#[derive(clap::Args)]
pub struct Arguments {
    /// How many seeds; 2,000 where --seed is not given either
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed; without --seeds the only one, with what happened in it
    #[arg(long)]
    seed: Option<u64>,
    /// Plants mistakes, one at a time: each must be noticed
    #[arg(long)]
    mutants: bool,
    /// Only the mistake of this name, also with --seed
    #[arg(long)]
    mutant: Option<String>,
}

/// Builds the simulator, fast and with assertions, and runs it.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let mut command = simulator();
    let count = arguments.seeds.or(arguments.seed.is_none().then_some(SEEDS));
    for (option, value) in [("--seeds", count), ("--seed", arguments.seed)] {
        if let Some(value) = value {
            command.args([option, &value.to_string()]);
        }
    }
    if let Some(mutant) = &arguments.mutant {
        command.args(["--mutant", mutant]);
    }
    if arguments.mutants {
        command.arg("--mutants");
    }
    process::run_quietly(&mut command)
}

/// For `cargo xtask test`: so many seeds, and the mistakes that are noticed soon, counted.
pub fn seeds(count: u64) -> Result<Counts, String> {
    process::run_counted(simulator().args(["--seeds", &count.to_string(), "--soon"]))
}

/// For `cargo xtask test --long`: all mistakes are noticed.
pub fn mutants() -> Result<Counts, String> {
    process::run_counted(simulator().arg("--mutants"))
}

/// It stands on what the release build was built of; only the exchange itself asserts everything.
fn simulator() -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.current_dir(crate::root()).args([
        "run",
        "--quiet",
        "--release",
        "--config",
        "profile.release.package.castle.debug-assertions=true",
        "--config",
        "profile.release.package.castle.overflow-checks=true",
        "--package",
        "castle",
        "--features",
        "simulation",
        "--bin",
        "castle-simulate",
        "--",
    ]);
    command
}

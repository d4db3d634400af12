//! `cargo xtask simulate`: a cluster in one thread, with faults drawn from seeds.

use std::process::Command;

use crate::process::{self, Counts};

/// Arguments of `cargo xtask simulate`.
#[derive(clap::Args)]
pub struct Arguments {
    /// How many seeds
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// Only this seed, with what happened in it
    #[arg(long)]
    seed: Option<u64>,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    first: u64,
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
    command.args(["--seeds", &arguments.seeds.to_string()]);
    command.args(["--first", &arguments.first.to_string()]);
    if let Some(seed) = arguments.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    if let Some(mutant) = &arguments.mutant {
        command.args(["--mutant", mutant]);
    }
    if arguments.mutants {
        command.arg("--mutants");
    }
    process::run_quietly(&mut command)
}

/// For `cargo xtask test`: so many seeds, counted.
pub fn seeds(count: u64) -> Result<Counts, String> {
    process::run_counted(simulator().args(["--seeds", &count.to_string()]))
}

/// For `cargo xtask test --long`: all mistakes are noticed.
pub fn mutants() -> Result<(), String> {
    process::run_quietly(simulator().arg("--mutants"))
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

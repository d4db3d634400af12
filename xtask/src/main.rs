//! Castle's automation: everything that a person or a machine does to the project runs from here.

mod codegen;
mod instructions;
mod process;
mod simulate;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Castle's automation")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Makes src/fix/tables.rs from fix-specs/FIX44.xml
    Codegen(codegen::Arguments),
    /// Counts the instructions of the hot path and compares them with those committed
    Instructions(instructions::Arguments),
    /// Runs a simulated cluster with faults drawn from seeds
    Simulate(simulate::Arguments),
    /// Runs everything that must hold: format, lints, tests, clients, replays
    Test(test::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Codegen(arguments) => codegen::run(&arguments),
        Task::Instructions(arguments) => instructions::run(&arguments),
        Task::Simulate(arguments) => simulate::run(&arguments),
        Task::Test(arguments) => test::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The project's top directory.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

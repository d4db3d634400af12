//! The command line of `castle`: one file per subcommand.

mod admin;
mod admin_client;
mod config;
mod demo;
mod fix_client;
mod journal;
mod replay;
mod serve;
mod snapshot;
mod terminal;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What went wrong, for a person, and how the process ends.
#[derive(Debug)]
struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    /// Something did not work: exit code 1.
    fn new(text: impl std::fmt::Display) -> Self {
        Self { text: text.to_string(), code: 1 }
    }

    /// The configuration is wrong and nothing was started: exit code 2.
    fn configuration(text: impl std::fmt::Display) -> Self {
        Self { text: text.to_string(), code: 2 }
    }
}

type Outcome = Result<(), Failure>;

/// An exchange: a FIX gateway, a matching engine and a journal that survives.
#[derive(Parser)]
#[command(name = "castle", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts an exchange in a temporary directory and lets simulated traders trade on it
    Demo(demo::Arguments),
    /// Runs the exchange
    Serve(serve::Arguments),
    /// Shows an example of a configuration, or checks one
    Config(config::Arguments),
    /// Plays recorded order flow through FIX sessions
    Replay(replay::Arguments),
    /// Talks to a running exchange over its unix socket
    Admin(admin::Arguments),
    /// Looks into a journal, also that of a running exchange, and prunes it
    Journal(journal::Args),
    /// Makes and verifies snapshots of a journal, also of that of a running exchange
    Snapshot(snapshot::Arguments),
}

/// Runs the command line and returns how the process ends: 0 when all went well, 1 when something did
/// not, 2 when the arguments or the configuration are wrong.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What sessions do would tear the demo's picture apart.
    let quiet = matches!(arguments.command, Command::Demo(_));
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_max_level(if quiet { tracing::Level::WARN } else { tracing::Level::INFO })
        .init();
    let outcome = match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Admin(arguments) => admin::run(&arguments),
        Command::Journal(arguments) => return journal::run(&arguments),
        Command::Snapshot(arguments) => snapshot::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("castle: {}", failure.text);
            ExitCode::from(failure.code)
        }
    }
}

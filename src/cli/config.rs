//! `castle config example|check`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::{Failure, Outcome};
use crate::venue::config::Config;

/// Arguments of `castle config`.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes a commented configuration to standard output
    Example {
        /// What it is for
        #[arg(long = "for", value_enum, default_value = "serve")]
        purpose: Purpose,
    },
    /// Checks a configuration; exit code 2 where it is wrong
    Check {
        /// The file
        file: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Purpose {
    /// The default exchange
    Serve,
    /// `castle replay lobster`
    Lobster,
}

/// Runs `castle config`.
pub fn run(arguments: &Arguments) -> Outcome {
    match &arguments.command {
        Command::Example { purpose: Purpose::Serve } => print!("{}", Config::example()),
        Command::Example { purpose: Purpose::Lobster } => print!("{}", Config::example_lobster()),
        Command::Check { file } => {
            let config = Config::load(file).map_err(Failure::configuration)?;
            println!(
                "{} is right: {} assets, {} instruments, {} accounts, {} sessions",
                file.display(),
                config.assets.len(),
                config.instruments.len(),
                config.accounts.len(),
                config.sessions.len()
            );
        }
    }
    Ok(())
}

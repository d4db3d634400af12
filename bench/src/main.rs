//! `castle-bench`: measures Castle.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use castle_bench::report;
use castle_bench::suite::wire::{self, Idle};
use castle_bench::suite::{Options, Suite, measure};
use clap::Parser;

/// Measures Castle, the machine's limit and the peers in one run. bench/README.md tells how to read it.
#[derive(Parser)]
#[command(name = "castle-bench")]
struct Arguments {
    /// What to measure
    #[arg(value_enum)]
    suite: Suite,
    /// How long each thing is measured, in seconds; each suite has a default
    #[arg(long)]
    seconds: Option<u64>,
    /// Orders a second in the latency measurements of wire; several with commas
    #[arg(long, value_delimiter = ',')]
    rate: Vec<u64>,
    /// Seconds discarded before each measurement
    #[arg(long, default_value_t = 1.0)]
    warmup: f64,
    /// The client's core and the server's core
    #[arg(long, value_delimiter = ',', default_values_t = [0, 1])]
    cores: Vec<usize>,
    /// Where the files of the run go
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// Prints run.json instead of the table
    #[arg(long)]
    json: bool,
    /// A directory that an earlier run left, to be drawn beside this one
    #[arg(long)]
    baseline: Option<PathBuf>,
    /// The castle to measure; otherwise the one beside this program
    #[arg(long)]
    castle: Option<PathBuf>,
    /// What the server's threads do without work: castle's and the echo's alike
    #[arg(long, value_enum, default_value_t = Idle::Park)]
    idle: Idle,
    /// The core of the server's journal; otherwise the client's
    #[arg(long)]
    journal_core: Option<usize>,
    /// A line of castle's [threads], instead of what --cores, --idle and --journal-core make of it; several
    /// by giving it again
    #[arg(long)]
    thread: Vec<String>,
    /// Sessions in the latency measurements of wire; several with commas
    #[arg(long, value_delimiter = ',')]
    sessions: Vec<usize>,
    /// The run is not valid where the generator is later than this at p99.9, in microseconds
    #[arg(long, default_value_t = 500)]
    lag_budget_us: u64,
    /// Makes the generator stand still for so many milliseconds a second, to see that it is noticed
    #[arg(long, default_value_t = 0, hide = true)]
    stall_ms: u64,
}

fn main() -> ExitCode {
    // The harness is its own echo: a process of its own, as castle is.
    let mut given = std::env::args().skip(1);
    if given.next().as_deref() == Some(wire::ECHO) {
        return ended(wire::echo(&given.collect::<Vec<_>>()));
    }
    ended(run(&Arguments::parse()))
}

fn ended(outcome: Result<bool, String>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(text) => {
            eprintln!("castle-bench: {text}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the run is valid.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let options = options(arguments)?;
    let run = measure(arguments.suite, &options)?;
    report::write(&run, &arguments.out, arguments.baseline.as_deref())?;
    if arguments.json {
        print!("{}", report::json(&run));
    } else {
        print!("{}", report::text(&run));
        println!("\nwritten to {}: open report.html in a browser", arguments.out.display());
    }
    Ok(run.is_valid())
}

fn options(arguments: &Arguments) -> Result<Options, String> {
    let [client, server] = arguments.cores[..] else {
        return Err("--cores takes two: the client's and the server's, as in --cores 0,1".into());
    };
    if !(0.0..=600.0).contains(&arguments.warmup) {
        return Err("--warmup takes 0 to 600 seconds".into());
    }
    let rates = &arguments.rate;
    if rates.iter().any(|rate| !(1..=10_000_000).contains(rate)) {
        return Err("--rate takes 1 to 10,000,000 orders a second".into());
    }
    if arguments.sessions.iter().any(|sessions| !(1..=64).contains(sessions)) {
        return Err("--sessions takes 1 to 64".into());
    }
    let harness = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let beside = harness.parent().map_or_else(PathBuf::new, Path::to_path_buf).join("castle");
    Ok(Options {
        seconds: arguments.seconds.map(|seconds| seconds.max(1)),
        rates: rates.clone(),
        warmup: Duration::from_secs_f64(arguments.warmup),
        cores: [client, server],
        castle: arguments.castle.clone().unwrap_or(beside),
        harness,
        idle: arguments.idle,
        journal_core: arguments.journal_core.unwrap_or(client),
        threads: arguments.thread.clone(),
        sessions: arguments.sessions.clone(),
        lag_budget_ns: arguments.lag_budget_us * 1_000,
        short: arguments.suite == Suite::All,
        stall: Duration::from_millis(arguments.stall_ms),
        scratch: arguments.out.clone(),
    })
}

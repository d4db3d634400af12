//! `castle-bench`: measures Castle.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use castle::runtime::LargePages;
use castle_bench::suite::cluster::{self, pair, relay};
use castle_bench::suite::wire::{self, Idle, Level, Part};
use castle_bench::suite::{Options, Suite, measure};
use castle_bench::{report, targets};
use clap::Parser;

#[global_allocator]
static MEMORY: LargePages = LargePages;

const AFTER_HELP: &str = "castle-bench targets DIR...  prints how far the runs in these directories are from the targets";

/// Measures Castle, the machine's limit and the peers in one run. bench/README.md tells how to read it.
#[derive(Parser)]
#[command(name = "castle-bench", after_help = AFTER_HELP)]
struct Arguments {
    /// What to measure
    #[arg(value_enum)]
    suite: Suite,
    /// How long each thing is measured, in seconds; each suite has a default
    #[arg(long)]
    seconds: Option<u64>,
    /// Orders a second in the latency measurements of engine and wire; several with commas
    #[arg(long, value_delimiter = ',')]
    rate: Vec<u64>,
    /// As short as each suite is in all
    #[arg(long)]
    short: bool,
    /// Seconds discarded before each measurement: 1, or 0.5 where it is short
    #[arg(long)]
    warmup: Option<f64>,
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
    /// The core of the server's journal; otherwise the server's
    #[arg(long)]
    journal_core: Option<usize>,
    /// Only this part of wire
    #[arg(long, value_enum)]
    part: Option<Part>,
    /// Only these parts of cluster; several with commas
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<cluster::Part>,
    /// Faults of each kind in cluster: 50, or 5 where it is short
    #[arg(long)]
    faults: Option<u32>,
    /// Only this level of durability in wire
    #[arg(long, value_enum)]
    durability: Option<Level>,
    /// A line of castle's [threads], instead of what --cores, --idle and --journal-core make of it; several
    /// by giving it again
    #[arg(long)]
    thread: Vec<String>,
    /// Sessions in the latency measurements of wire; several with commas
    #[arg(long, value_delimiter = ',')]
    sessions: Vec<usize>,
    /// Presets of engine: single-pair, medium, peak, avalanche; several with commas
    #[arg(long, value_delimiter = ',')]
    preset: Vec<String>,
    /// The most commands that engine makes at once
    #[arg(long, hide = true)]
    commands: Option<usize>,
    /// Makes the engine lose a fill, to see that it is noticed
    #[arg(long, hide = true)]
    drop_fill: bool,
    /// The run is not valid where the generator is later than this at p99.9, in microseconds
    #[arg(long, default_value_t = 5_000)]
    lag_budget_us: u64,
    /// Makes the generator stand still for so many milliseconds a second, to see that it is noticed
    #[arg(long, default_value_t = 0, hide = true)]
    stall_ms: u64,
}

fn main() -> ExitCode {
    let mut given = std::env::args().skip(1);
    match given.next().as_deref() {
        // The harness is its own echo: a process of its own, as castle is.
        Some(wire::ECHO) => ended(wire::echo(&given.collect::<Vec<_>>())),
        Some(relay::COMMAND) => ended(relay::run(&given.collect::<Vec<_>>())),
        Some(pair::COMMAND) => ended(pair::run(&given.collect::<Vec<_>>())),
        Some(targets::COMMAND) => {
            let arguments = targets::Arguments::parse_from(std::env::args().skip(1));
            ended(targets::run(&arguments).map(|table| {
                print!("{table}");
                true
            }))
        }
        _ => ended(run(&Arguments::parse())),
    }
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
    let short = arguments.short || arguments.suite == Suite::All;
    let warmup = arguments.warmup.unwrap_or(if short { 0.5 } else { 1.0 });
    if !(0.0..=600.0).contains(&warmup) {
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
    let rings = tempfile::Builder::new().prefix("castle-bench-").tempdir_in("/dev/shm");
    let rings = rings.map_err(|error| format!("/dev/shm, where log rings lie: {error}"))?;
    Ok(Options {
        seconds: arguments.seconds.map(|seconds| seconds.max(1)),
        rates: rates.clone(),
        warmup: Duration::from_secs_f64(warmup),
        cores: [client, server],
        castle: arguments.castle.clone().unwrap_or(beside),
        harness,
        idle: arguments.idle,
        journal_core: arguments.journal_core.unwrap_or(server),
        part: arguments.part,
        cluster_parts: arguments.only.clone(),
        faults: arguments.faults.unwrap_or(if short { 5 } else { 50 }),
        level: arguments.durability,
        threads: arguments.thread.clone(),
        sessions: arguments.sessions.clone(),
        presets: arguments.preset.clone(),
        commands_max: arguments.commands.map(|commands| commands.max(1)),
        drop_fill: arguments.drop_fill,
        lag_budget_ns: arguments.lag_budget_us * 1_000,
        short,
        stall: Duration::from_millis(arguments.stall_ms),
        scratch: arguments.out.clone(),
        rings: Arc::new(rings),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a short run of the engine suite is valid, and the page and the JSON that it leaves.
    fn engine(more: &[&str]) -> (bool, String, serde_json::Value) {
        let directory = tempfile::tempdir().expect("a directory");
        let out = directory.path().to_string_lossy().into_owned();
        let last = std::thread::available_parallelism().map_or(0, |cores| cores.get() - 1);
        let cores = format!("0,{last}");
        let usual = ["castle-bench", "engine", "--preset", "single-pair", "--commands", "5000"];
        let options = ["--rate", "5000", "--seconds", "1", "--cores", &cores, "--out", &out];
        let arguments = usual.iter().chain(&options).chain(more);
        let valid = run(&Arguments::parse_from(arguments)).expect("it can be measured");
        let read =
            |name| std::fs::read_to_string(directory.path().join(name)).expect("the run leaves it");
        let json = serde_json::from_str(&read("run.json")).expect("it is JSON");
        (valid, read("report.html"), json)
    }

    /// Longer than any test takes.
    const NO_BUDGET: [&str; 2] = ["--lag-budget-us", "1000000000"];

    #[test]
    fn a_run_that_loses_nothing_is_valid() {
        let (valid, _, json) = engine(&NO_BUDGET);
        assert!(valid && json["valid"] == true);
        let results = json["results"].as_array().expect("there are results");
        let throughput =
            results.iter().find(|result| result["name"] == "engine single-pair: throughput");
        assert!(throughput.is_some_and(|result| result["count"].as_u64() > Some(0)));
    }

    #[test]
    fn a_run_whose_engine_drops_a_fill_fails_on_the_book() {
        let (valid, page, json) = engine(&[&NO_BUDGET[..], &["--drop-fill"]].concat());
        assert!(!valid && json["valid"] == false);
        assert!(page.contains("the book differs from the generator's"), "{json}");
    }

    #[test]
    fn a_run_whose_generator_stalls_is_marked_invalid() {
        let budget = ["--lag-budget-us", "20000", "--stall-ms", "100"];
        let (valid, page, json) = engine(&budget);
        assert!(!valid && json["valid"] == false);
        assert!(page.contains("the budget is 20000000 ns"), "{json}");
    }
}

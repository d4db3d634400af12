//! `cargo xtask test`: everything that must hold, in one command that does its own set-up.
//!
//! 1. Each step runs a program and counts what passed and what failed: the tests of a test program,
//!    the scenarios of a client, or itself as one.
//! 2. A step whose data is not here (recordings and scenarios that may not be copied into the
//!    project) is skipped, and that is said. A step whose tools are not here fails and says what to
//!    install.
//! 3. A test that may not do what it needs, as a mount, says `NOT RUN` and why. It is counted, and shown with its
//!    reason. With `--long` that is a failure, unless CASTLE_MAY_SKIP is 1.
//! 4. All steps run, also behind a failed one. The last line begins with `N passed, N failed`.

mod bench;
mod etcd;
mod exchange;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{self, Counts, run_counted, run_quietly};
use crate::simulate;
use exchange::Exchange;

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Fuzz and demonstrate longer, and let loom look further
    #[arg(long)]
    long: bool,
    /// Only steps whose name contains one of these
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only names the steps
    #[arg(long)]
    list: bool,
}

/// What a step needs to know.
struct Context {
    root: PathBuf,
    long: bool,
}

/// What came of a step.
enum Outcome {
    Counted(Counts),
    Skipped(String),
}

type Step = (&'static str, fn(&Context) -> Result<Outcome, String>);

/// In an order in which what is quick and breaks often comes first.
const STEPS: &[Step] = &[
    ("format", format),
    ("clippy", clippy),
    ("codegen", codegen),
    ("dependencies", dependencies),
    ("documentation", documentation),
    ("tests", tests),
    ("loom", loom),
    ("fuzz", fuzz),
    ("release build", release_build),
    ("instructions", instructions),
    ("simulation", simulation),
    ("bench", bench::run),
    ("recovery", recovery),
    ("cluster faults", cluster_faults),
    ("foreign clients", foreign_clients),
    ("conformance", conformance),
    ("recorded order flow", recorded_order_flow),
    ("demo", demo),
];

/// The foreign clients, and the foreign reader of latencies, as they were tried.
const PYTHON_PACKAGES: [&str; 3] =
    ["quickfix-ssl==1.15.1.post4", "simplefix==1.0.17", "hdrhistogram==0.10.8"];
/// A variable that allows a long run to leave out what cannot run on this machine.
const MAY_SKIP: &str = "CASTLE_MAY_SKIP";
/// Test programs whose name begins so start the release build: they need its speed.
const RELEASE_TESTS: &str = "recovery_";

/// Seeds of the simulation: three to four minutes of two cores; and with --long.
const SIMULATED_SEEDS: u64 = 2_000;
const SIMULATED_SEEDS_LONG: u64 = 100_000;
/// Real nodes that are killed, frozen and more, under load: against the release build, too.
const CLUSTER_FAULTS: &str = "cluster_faults";
/// How many times a primary is killed there; the other faults are in proportion.
const KILLS: &str = "5";
/// The same in a long run.
const KILLS_LONG: &str = "50";
/// The head of the table of what clients saw of each fault.
const OUTAGES: &str =
    "| fault | times | longest time without an answer, by session: min / p50 / max |";

/// Runs the steps; an error where any failed.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let context = Context { root: crate::root(), long: arguments.long };
    let chosen = |name: &str| {
        arguments.only.is_empty() || arguments.only.iter().any(|part| name.contains(part.as_str()))
    };
    let mut lines = Vec::new();
    let mut total = Counts::default();
    for (name, step) in STEPS.iter().filter(|(name, _)| chosen(name)) {
        if arguments.list {
            println!("{name}");
            continue;
        }
        println!("\n=== {name}");
        let begun = Instant::now();
        let outcome = step(&context);
        let (counts, words) = match outcome {
            Ok(Outcome::Counted(counts)) => {
                let words = counts.line();
                (counts, words)
            }
            Ok(Outcome::Skipped(why)) => (Counts::default(), format!("skipped: {why}")),
            Err(what) => (Counts { failed: 1, ..Counts::default() }, format!("FAILED: {what}")),
        };
        println!("--- {name}: {words}");
        lines.push(summary_line(name, begun.elapsed(), &words));
        total.add(counts);
    }
    if arguments.list {
        return Ok(());
    }
    println!("\n{}", lines.join("\n"));
    println!("{}", total.line());
    if total.failed > 0 {
        return Err("not everything passed".to_owned());
    }
    let may_skip = std::env::var(MAY_SKIP).is_ok_and(|value| value == "1");
    if context.long && !total.not_run.is_empty() && !may_skip {
        return Err(format!("not everything was run: with --long only {MAY_SKIP}=1 allows that"));
    }
    Ok(())
}

fn summary_line(name: &str, took: Duration, words: &str) -> String {
    let first = words.lines().next().unwrap_or("");
    format!("{:>7.1} s  {name:<22} {first}", took.as_secs_f64())
}

fn cargo(context: &Context, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.current_dir(&context.root).args(arguments);
    command
}

/// A program that passes or fails as a whole.
fn as_one(command: &mut Command) -> Result<Outcome, String> {
    run_quietly(command)?;
    Ok(Outcome::Counted(Counts::passed(1)))
}

fn format(context: &Context) -> Result<Outcome, String> {
    as_one(&mut cargo(context, &["fmt", "--all", "--check"]))
}

fn clippy(context: &Context) -> Result<Outcome, String> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        "castle/simulation",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ];
    as_one(&mut cargo(context, &arguments))
}

/// The generated tables are those of the dictionary.
fn codegen(_: &Context) -> Result<Outcome, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    as_one(Command::new(this).args(["codegen", "--check"]))
}

/// What only makes or tests the exchange is not in it.
fn dependencies(context: &Context) -> Result<Outcome, String> {
    let mut command = cargo(context, &["tree", "--package", "castle", "--edges", "normal"]);
    let tree = process::output(&mut command)?;
    for absent in ["fefix", "sqlx"] {
        if tree.contains(absent) {
            return Err(format!("the exchange depends on {absent}:\n{tree}"));
        }
    }
    Ok(Outcome::Counted(Counts::passed(1)))
}

fn documentation(context: &Context) -> Result<Outcome, String> {
    let mut command =
        cargo(context, &["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"]);
    as_one(command.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links"))
}

/// Unit tests and integration tests, but those that want the release build.
fn tests(context: &Context) -> Result<Outcome, String> {
    let mut arguments = vec!["test", "--workspace", "--no-fail-fast", "--lib", "--bins"];
    let names = integration_tests(context)?;
    let here = |name: &&String| !name.starts_with(RELEASE_TESTS) && *name != CLUSTER_FAULTS;
    for name in names.iter().filter(here) {
        arguments.extend(["--test", name]);
    }
    let path = etcd::search_path(&context.root)?;
    run_counted(cargo(context, &arguments).env("PATH", path)).map(Outcome::Counted)
}

/// Kills, crashes and load: at the speed of what is shipped.
fn recovery(context: &Context) -> Result<Outcome, String> {
    let mut arguments = vec!["test", "--workspace", "--no-fail-fast"];
    let names = integration_tests(context)?;
    let wanted: Vec<_> = names.iter().filter(|name| name.starts_with(RELEASE_TESTS)).collect();
    if wanted.is_empty() {
        return Ok(Outcome::Skipped(format!("no tests/{RELEASE_TESTS}*.rs")));
    }
    for name in wanted {
        arguments.extend(["--test", name]);
    }
    let mut command = against_release(context, &arguments)?;
    if context.long {
        command.env("CASTLE_TEST_LONG", "1");
    }
    run_counted(&mut command).map(Outcome::Counted)
}

/// Tests that are built as quickly as all others, of a product that is built as it is shipped.
fn against_release(context: &Context, arguments: &[&str]) -> Result<Command, String> {
    release_build(context)?;
    let mut command = cargo(context, arguments);
    command.env("CASTLE_BINARY", exchange::binary(context));
    Ok(command)
}

/// A cluster in one thread, with faults drawn from seeds.
fn simulation(context: &Context) -> Result<Outcome, String> {
    if !context.long {
        return simulate::seeds(SIMULATED_SEEDS).map(Outcome::Counted);
    }
    let mut counts = simulate::seeds(SIMULATED_SEEDS_LONG)?;
    let mistakes = simulate::mutants()?;
    counts.passed += mistakes.passed;
    counts.failed += mistakes.failed;
    Ok(Outcome::Counted(counts))
}

/// Real nodes that are killed, frozen and more, under load.
fn cluster_faults(context: &Context) -> Result<Outcome, String> {
    let arguments = ["test", "--workspace", "--test", CLUSTER_FAULTS];
    let mut command = against_release(context, &arguments)?;
    command.env("PATH", etcd::search_path(&context.root)?);
    // What the clients saw of each fault is printed.
    command.args(["--", "--nocapture"]);
    command.env("CASTLE_FAULTS", if context.long { KILLS_LONG } else { KILLS });
    let mut rows = Vec::new();
    let counts = process::run_counted_by_line(&mut command, |line| {
        if line.starts_with("| ") {
            rows.push(line.to_owned());
        }
    })?;
    println!("\n{OUTAGES}\n|---|---|---|\n{}\n", rows.join("\n"));
    Ok(Outcome::Counted(counts))
}

fn integration_tests(context: &Context) -> Result<Vec<String>, String> {
    let tests = context.root.join("tests");
    let mut names = stems(&tests, "rs")?;
    let entries =
        std::fs::read_dir(&tests).map_err(|error| format!("{}: {error}", tests.display()))?;
    let folders = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    names.extend(
        folders.filter(|folder| folder.join("main.rs").is_file()).filter_map(|folder| {
            folder.file_name().map(|name| name.to_string_lossy().into_owned())
        }),
    );
    names.sort();
    Ok(names)
}

/// Names of the files of a directory that have this extension, without it, in order.
fn stems(directory: &Path, extension: &str) -> Result<Vec<String>, String> {
    let entries = std::fs::read_dir(directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// The lock-free parts under every interleaving, up to a number of preemptions.
fn loom(context: &Context) -> Result<Outcome, String> {
    let preemptions = if context.long { "3" } else { "2" };
    let arguments = [
        "test",
        "--profile",
        "loom",
        "--package",
        "castle",
        "--lib",
        "--target-dir",
        "target/loom",
    ];
    let mut command = cargo(context, &arguments);
    command
        .arg("loom_tests::")
        .env("RUSTFLAGS", "--cfg loom")
        .env("LOOM_MAX_PREEMPTIONS", preemptions);
    run_counted(&mut command).map(Outcome::Counted)
}

/// Each fuzz target for a while. The flags are those that make libFuzzer see coverage; no other
/// toolchain and no other program is needed for them.
fn fuzz(context: &Context) -> Result<Outcome, String> {
    let manifest = context.root.join("fuzz/Cargo.toml");
    if !manifest.is_file() {
        return Ok(Outcome::Skipped("there is no fuzz/ here".to_owned()));
    }
    let flags = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                 -Cllvm-args=-sanitizer-coverage-pc-table \
                 -Cllvm-args=-sanitizer-coverage-trace-compares";
    // A target of its own, so that the flags reach no build script's own crates.
    let host = host()?;
    let built = ["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &host];
    run_quietly(cargo(context, &built).env("RUSTFLAGS", flags))?;
    let programs = context.root.join("fuzz/target").join(&host).join("release");
    let seconds = if context.long { 600 } else { 30 };
    let targets = stems(&context.root.join("fuzz/fuzz_targets"), "rs")?;
    let outcomes = std::thread::scope(|scope| {
        let runs: Vec<_> = targets
            .iter()
            .map(|target| scope.spawn(|| fuzz_one(context, &programs, target, seconds)))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap_or(Err("panicked".to_owned()))).collect()
    });
    let outcomes: Vec<Result<String, String>> = outcomes;
    let mut counts = Counts::default();
    for (target, outcome) in targets.iter().zip(outcomes) {
        match outcome {
            Ok(said) => {
                println!("{target}, {seconds} s: {said}");
                counts.passed += 1;
            }
            Err(said) => {
                println!("{target} FAILED\n{said}");
                counts.failed += 1;
            }
        }
    }
    Ok(Outcome::Counted(counts))
}

/// Runs one target; its last word, or, where it found something, the end of what it said.
fn fuzz_one(
    context: &Context,
    programs: &Path,
    target: &str,
    seconds: u32,
) -> Result<String, String> {
    let corpus = context.root.join("fuzz/corpus").join(target);
    let artifacts = context.root.join("fuzz/artifacts/");
    for directory in [&corpus, &artifacts] {
        std::fs::create_dir_all(directory)
            .map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    let mut command = Command::new(programs.join(target));
    command.current_dir(&context.root).arg(&corpus).arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    let output = command.output().map_err(|error| format!("{target}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    if output.status.success() {
        return Ok(lines.last().unwrap_or(&"").to_string());
    }
    Err(lines[lines.len().saturating_sub(60)..].join("\n"))
}

/// The triple of this machine.
fn host() -> Result<String, String> {
    let version = process::output(Command::new("rustc").arg("-vV"))?;
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(ToOwned::to_owned).ok_or_else(|| "rustc -vV names no host".to_owned())
}

fn release_build(context: &Context) -> Result<Outcome, String> {
    as_one(&mut cargo(context, &["build", "--release", "--package", "castle", "--quiet"]))
}

/// The hot path takes no more instructions than was committed.
fn instructions(_: &Context) -> Result<Outcome, String> {
    let accept = std::env::var_os("UPDATE_EXPECT").is_some();
    let passed = crate::instructions::compare(accept)?;
    Ok(Outcome::Counted(Counts::passed(passed)))
}

fn foreign_clients(context: &Context) -> Result<Outcome, String> {
    let python = python(context)?;
    let mut counts = Counts::default();
    for client in ["quickfix_client.py", "simplefix_client.py"] {
        let mut command = Command::new(&python);
        command.current_dir(&context.root).arg("-u").arg(Path::new("tests/clients").join(client));
        command.arg(exchange::binary(context)).arg("fix-specs/FIX44.xml");
        let client = run_counted(&mut command)?;
        counts.passed += client.passed;
        counts.failed += client.failed;
    }
    Ok(Outcome::Counted(counts))
}

/// A Python environment of our own under `target/`, with [`PYTHON_PACKAGES`] in it.
fn python(context: &Context) -> Result<PathBuf, String> {
    let directory = context.root.join("target/python");
    let python = directory.join("bin/python3");
    let ready = directory.join("ready");
    let packages = PYTHON_PACKAGES.join(" ");
    if std::fs::read_to_string(&ready).is_ok_and(|there| there == packages) {
        return Ok(python);
    }
    println!("making a Python environment in target/python with {packages}");
    let remedy = "install Python 3 with its venv module (Debian: apt-get install python3-venv)";
    run_quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&directory))
        .map_err(|error| format!("no Python environment: {remedy}: {error}"))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    run_quietly(install.args(PYTHON_PACKAGES)).map_err(|error| {
        format!("the packages cannot be installed; a connection to PyPI is needed once: {error}")
    })?;
    std::fs::write(&ready, packages).map_err(|error| error.to_string())?;
    Ok(python)
}

/// Recordings and scenarios that are not part of the project.
fn shared(context: &Context, inside: &str) -> Result<PathBuf, String> {
    let directory = std::env::var_os("CASTLE_SHARED").map(PathBuf::from);
    let directory = directory.unwrap_or_else(|| context.root.join("../shared"));
    let path = directory.join(inside);
    if path.exists() {
        return Ok(path);
    }
    Err(format!("{inside} is not in ../shared (or in CASTLE_SHARED)"))
}

const CONFORMANCE: &str = r#"
[fix]
listen = "127.0.0.1:0"
comp_id = "ISLD"
[[account]]
id = 2
[[session]]
comp_id = "TW44"
account = 2
reset_on_logon = true
"#;

fn conformance(context: &Context) -> Result<Outcome, String> {
    let runner = match shared(context, "conformance/run.py") {
        Ok(runner) => runner,
        Err(why) => return Ok(Outcome::Skipped(why)),
    };
    let scenarios = runner.with_file_name("fix44");
    let exchange = Exchange::start(context, "conformance", CONFORMANCE)?;
    let mut command = Command::new("python3");
    command.arg("-u").arg(&runner).arg(exchange.host()).arg(exchange.port());
    for name in stems(&scenarios, "def")? {
        command.arg(scenarios.join(format!("{name}.def")));
    }
    let counts = run_counted(&mut command)?;
    exchange.stop()?;
    Ok(Outcome::Counted(counts))
}

fn recorded_order_flow(context: &Context) -> Result<Outcome, String> {
    let name = "data/AAPL_2012-06-21_34200000_37800000_message_50.csv";
    let file = match shared(context, name) {
        Ok(file) => file,
        Err(why) => return Ok(Outcome::Skipped(why)),
    };
    let mut example = Command::new(exchange::binary(context));
    let config = process::output(example.args(["config", "example", "--for", "lobster"]))?;
    let config = config.replace("[journal]", "[fix]\nlisten = \"127.0.0.1:0\"\n\n[journal]");
    let exchange = Exchange::start(context, "lobster", &config)?;
    let address = format!("{}:{}", exchange.host(), exchange.port());
    let mut replay = Command::new(exchange::binary(context));
    replay.args(["replay", "lobster"]).arg(file).args(["--connect", &address]);
    let outcome = as_one(&mut replay);
    exchange.stop()?;
    outcome
}

fn demo(context: &Context) -> Result<Outcome, String> {
    let seconds = if context.long { "30" } else { "5" };
    as_one(Command::new(exchange::binary(context)).args(["demo", "--seconds", seconds]))
}

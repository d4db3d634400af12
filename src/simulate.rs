//! Runs seeds of the deterministic simulation: `cargo xtask simulate`.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use castle::simulation::{self, Failure, Mutant, Outcome, Tally};
use clap::Parser;

/// A run with so many seeds that failed has shown enough.
const FAILED_MAX: usize = 20;
/// After so many seeds what they came to is said, so that a run that is cut off has counted.
const PROGRESS_SEEDS: u64 = 500;
/// In how many seeds a planted mistake must be noticed.
const MUTANT_SEEDS: u64 = 1_000;

#[derive(Parser)]
#[command(about = "A cluster in one thread, with faults drawn from seeds")]
struct Arguments {
    /// How many seeds
    #[arg(long, default_value_t = 100)]
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
    /// Threads; by default as many as there are cores
    #[arg(long)]
    threads: Option<usize>,
}

/// What all seeds came to.
#[derive(Default)]
struct Sum {
    seeds: u64,
    commands: u64,
    answered: u64,
    failovers: u64,
    processes: u64,
    from_ring: u64,
    cuts: u64,
    snapshots: u64,
    promotions: u64,
    resent: u64,
    faults: Tally,
    failed: Vec<(u64, Failure)>,
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.commands += outcome.commands;
        self.answered += outcome.answered;
        self.failovers += outcome.failovers;
        self.processes += outcome.processes;
        self.from_ring += outcome.from_ring;
        self.cuts += outcome.cuts;
        self.snapshots += outcome.snapshots;
        self.promotions += outcome.promotions;
        self.resent += outcome.resent;
        self.faults.add(&outcome.faults);
        self.failed.extend(outcome.error.map(|error| (seed, error)));
    }

    fn say(&self, seconds: f64) {
        say(&format!(
            "{} seeds in {seconds:.1} s ({:.1} seeds/s), {} failed: {} commands, {} answered, {} faults, \
             {} failovers, {} processes, {} records found only in a log ring, {} journals cut, {} snapshots, {} promotions by an \
             operator, {} messages resent",
            self.seeds,
            self.seeds as f64 / seconds,
            self.failed.len(),
            self.commands,
            self.answered,
            self.faults.total(),
            self.failovers,
            self.processes,
            self.from_ring,
            self.cuts,
            self.snapshots,
            self.promotions,
            self.resent
        ));
    }
}

fn say(text: &str) {
    // Where nobody reads it is not said.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let named = match &arguments.mutant {
        None => None,
        Some(name) => match Mutant::all().into_iter().find(|mutant| mutant.name() == *name) {
            Some(mutant) => Some(mutant),
            None => {
                let names: Vec<_> = Mutant::all().into_iter().map(Mutant::name).collect();
                say(&format!("there is no mistake {name}; there are {}", names.join(", ")));
                return ExitCode::FAILURE;
            }
        },
    };
    let threads = arguments
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |cores| cores.get()));
    let passed = match arguments.seed {
        Some(seed) => replay(seed, named),
        None if arguments.mutants => {
            let mutants = named.map_or_else(Mutant::all, |mutant| vec![mutant]);
            let missed = mutants.into_iter().filter(|mutant| !catches(*mutant, threads)).count();
            say(&format!("{missed} mistakes were not noticed"));
            missed == 0
        }
        None => seeds(&arguments, named, threads),
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One seed, with its history.
fn replay(seed: u64, mutant: Option<Mutant>) -> bool {
    let outcome = simulation::run(seed, mutant, true);
    outcome.history.iter().for_each(|line| say(line));
    say(&format!(
        "seed {seed}: {} commands, {} steps, {} failovers, digest {:016x}",
        outcome.commands, outcome.steps, outcome.failovers, outcome.digest
    ));
    match outcome.error {
        Some(error) => {
            say(&format!("FAILED: {error}"));
            false
        }
        None => true,
    }
}

/// Runs seeds from a first one on, on all threads, until `stop` says so.
fn run_all(
    first: u64,
    count: u64,
    mutant: Option<Mutant>,
    threads: usize,
    took: impl Fn(u64, Outcome) -> bool + Sync,
) {
    let (next, is_over) = (AtomicU64::new(first), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    if !took(seed, simulation::run(seed, mutant, false)) {
                        is_over.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

fn seeds(arguments: &Arguments, mutant: Option<Mutant>, threads: usize) -> bool {
    let begun = Instant::now();
    let digest = |_| simulation::run(arguments.first, mutant, false).digest;
    if digest(0) != digest(1) {
        say("two runs of one seed differ: something in them is not drawn from it");
        return false;
    }
    let sum = Mutex::new(Sum::default());
    run_all(arguments.first, arguments.seeds, mutant, threads, |seed, outcome| {
        if let Some(error) = &outcome.error {
            say(&format!("seed {seed} FAILED: {error}"));
        }
        let mut sum = sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sum.add(seed, outcome);
        if sum.seeds.is_multiple_of(PROGRESS_SEEDS) {
            sum.say(begun.elapsed().as_secs_f64());
        }
        sum.failed.len() < FAILED_MAX
    });
    let sum = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seconds = begun.elapsed().as_secs_f64();
    let each: Vec<String> =
        sum.faults.each().map(|(fault, count)| format!("{fault:?} {count}")).collect();
    say(&format!("faults: {}", each.join(", ")));
    sum.say(seconds);
    say(&format!("{} passed, {} failed", sum.seeds - sum.failed.len() as u64, sum.failed.len()));
    sum.failed.is_empty()
}

/// Whether a mistake is noticed.
fn catches(mutant: Mutant, threads: usize) -> bool {
    let found: Mutex<Option<(u64, Failure)>> = Mutex::new(None);
    run_all(0, MUTANT_SEEDS, Some(mutant), threads, |seed, outcome| {
        let Some(error) = outcome.error else { return true };
        let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if found.as_ref().is_none_or(|(known, _)| *known > seed) {
            *found = Some((seed, error));
        }
        false
    });
    let found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    match found {
        Some((seed, error)) => {
            let error: String = error.to_string().chars().take(150).collect();
            say(&format!("{}: noticed at seed {seed}: {error}", mutant.name()));
            true
        }
        None => {
            say(&format!("{}: NOT NOTICED in {MUTANT_SEEDS} seeds", mutant.name()));
            false
        }
    }
}

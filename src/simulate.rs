//! Runs seeds of the deterministic simulation: `cargo xtask simulate`.

use std::cell::Cell;
use std::io::Write;
use std::ops::Range;
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
/// Every so many seeds one runs twice: the second time must be as the first.
const TWICE_SEEDS: u64 = 50;
/// In how many seeds a planted mistake must be noticed.
const MUTANT_SEEDS: u64 = 1_000;
/// In how many one must be that is noticed soon.
const SOON_SEEDS: u64 = 60;

#[derive(Parser)]
#[command(about = "A cluster in one thread, with faults drawn from seeds")]
struct Arguments {
    /// How many seeds; 100 where --seed is not given either
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed; without --seeds the only one, with what happened in it
    #[arg(long)]
    seed: Option<u64>,
    /// Plants mistakes, one at a time: each must be noticed
    #[arg(long)]
    mutants: bool,
    /// The same before the seeds, but only with those that are noticed soon
    #[arg(long)]
    soon: bool,
    /// Only the mistake of this name, also with --seed
    #[arg(long)]
    mutant: Option<String>,
    /// Threads; by default as many as there are cores
    #[arg(long)]
    threads: Option<usize>,
}

thread_local! {
    /// The seed that this thread runs: a panic ends the process, and has to say which it was.
    static SEED: Cell<Option<u64>> = const { Cell::new(None) };
}

fn run(seed: u64, mutant: Option<Mutant>, wants_history: bool) -> Outcome {
    SEED.set(Some(seed));
    let outcome = simulation::run(seed, mutant, wants_history);
    SEED.set(None);
    outcome
}

fn say_seed_of_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Some(seed) = SEED.get() {
            say(&format!("seed {seed} PANICKED: {info}"));
        }
        before(info);
    }));
}

/// What all seeds came to.
#[derive(Default)]
struct Sum {
    seeds: u64,
    commands: u64,
    /// Of the seed that has the fewest.
    commands_min: Option<u64>,
    faults_min: Option<u64>,
    answered: u64,
    failovers: u64,
    processes: u64,
    from_ring: u64,
    cuts: u64,
    short_starts: u64,
    snapshots: u64,
    taken_in: u64,
    without_arbiter: u64,
    promotions: u64,
    resent: u64,
    nuisances: (u64, u64),
    faults: Tally,
    failed: Vec<(u64, Failure)>,
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        let least = |known: Option<u64>, found| Some(known.map_or(found, |it| it.min(found)));
        self.seeds += 1;
        self.commands += outcome.commands;
        self.commands_min = least(self.commands_min, outcome.commands);
        self.faults_min = least(self.faults_min, outcome.faults.total());
        self.answered += outcome.answered;
        self.failovers += outcome.failovers;
        self.processes += outcome.processes;
        self.from_ring += outcome.from_ring;
        self.cuts += outcome.cuts;
        self.short_starts += outcome.short_starts;
        self.snapshots += outcome.snapshots;
        self.taken_in += outcome.taken_in;
        self.without_arbiter += outcome.without_arbiter;
        self.promotions += outcome.promotions;
        self.resent += outcome.resent;
        self.nuisances.0 += outcome.nuisances.0;
        self.nuisances.1 += outcome.nuisances.1;
        self.faults.add(&outcome.faults);
        self.failed.extend(outcome.error.map(|error| (seed, error)));
    }

    fn say(&self, seconds: f64) {
        say(&format!(
            "{} seeds, {} of them without an arbiter, in {seconds:.1} s ({:.1} seeds/s), {} failed: {} commands (at least {} a seed), {} answered, {} \
             faults (at least {} a seed), {} failovers, {} processes, {} that were gone before they had begun, {} records found only in a log ring, {} journals \
             cut, {} snapshots, {} taken in, {} promotions by an operator, {} messages resent, {} of clients that nobody wants, on {} connections",
            self.seeds,
            self.without_arbiter,
            self.seeds as f64 / seconds,
            self.failed.len(),
            self.commands,
            self.commands_min.unwrap_or(0),
            self.answered,
            self.faults.total(),
            self.faults_min.unwrap_or(0),
            self.failovers,
            self.processes,
            self.short_starts,
            self.from_ring,
            self.cuts,
            self.snapshots,
            self.taken_in,
            self.promotions,
            self.resent,
            self.nuisances.0,
            self.nuisances.1
        ));
    }

    fn say_tally(&self) {
        let each: Vec<String> =
            self.faults.each().map(|(fault, count)| format!("{fault:?} {count}")).collect();
        say(&format!("faults: {}", each.join(", ")));
    }
}

fn say(text: &str) {
    // Where nobody reads it is not said.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    say_seed_of_panics();
    if let Err(error) = simulation::remove_abandoned() {
        say(&format!("what killed runs left in memory cannot be removed: {error}"));
    }
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
    let first = arguments.seed.unwrap_or(0);
    let passed = match (arguments.seed, arguments.seeds) {
        _ if arguments.mutants => {
            let mutants = named.map_or_else(Mutant::all, |mutant| vec![mutant]);
            catches_all(&mutants, MUTANT_SEEDS, threads)
        }
        (Some(seed), None) => replay(seed, named),
        (_, count) => {
            let soon: Vec<Mutant> =
                Mutant::all().into_iter().filter(|mutant| mutant.is_noticed_soon()).collect();
            let catches = !arguments.soon || catches_all(&soon, SOON_SEEDS, threads);
            seeds(first..first + count.unwrap_or(100), named, threads) && catches
        }
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One seed, with its history.
fn replay(seed: u64, mutant: Option<Mutant>) -> bool {
    let begun = Instant::now();
    let outcome = run(seed, mutant, true);
    outcome.history.iter().for_each(|line| say(line));
    say(&format!("seed {seed}: {} steps, digest {:016x}", outcome.steps, outcome.digest));
    let error = outcome.error.clone();
    let mut sum = Sum::default();
    sum.add(seed, outcome);
    sum.say_tally();
    sum.say(begun.elapsed().as_secs_f64());
    if let Some(error) = &error {
        say(&format!("FAILED: {error}"));
    }
    error.is_none()
}

/// Runs seeds on all threads, until `took` says so.
fn run_all(
    seeds: Range<u64>,
    mutant: Option<Mutant>,
    threads: usize,
    took: impl Fn(u64, Outcome) -> bool + Sync,
) {
    let (next, is_over) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if !took(seed, run(seed, mutant, false)) {
                        is_over.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

fn seeds(seeds: Range<u64>, mutant: Option<Mutant>, threads: usize) -> bool {
    let begun = Instant::now();
    let sum = Mutex::new(Sum::default());
    run_all(seeds.clone(), mutant, threads, |seed, mut outcome| {
        if let Some(error) = &outcome.error {
            say(&format!("seed {seed} FAILED: {error}"));
        }
        let is_looked_at =
            outcome.error.is_some() || (seed - seeds.start).is_multiple_of(TWICE_SEEDS);
        if is_looked_at && let Err(what) = runs_alike(seed, mutant, &outcome) {
            say(&format!("seed {seed} FAILED: {what}"));
            outcome.error.get_or_insert(Failure::Noticed(what));
        }
        let mut sum = sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sum.add(seed, outcome);
        if sum.seeds.is_multiple_of(PROGRESS_SEEDS) {
            sum.say(begun.elapsed().as_secs_f64());
        }
        sum.failed.len() < FAILED_MAX
    });
    let sum = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    sum.say_tally();
    sum.say(begun.elapsed().as_secs_f64());
    say(&format!("{} passed, {} failed", sum.seeds - sum.failed.len() as u64, sum.failed.len()));
    sum.failed.is_empty()
}

/// Runs a seed again. It must come to the same; where it failed, so does it now, and in the same way.
fn runs_alike(seed: u64, mutant: Option<Mutant>, first: &Outcome) -> Result<(), String> {
    let again = run(seed, mutant, false);
    if (again.digest, &again.error) != (first.digest, &first.error) {
        let ended = |outcome: &Outcome| match &outcome.error {
            Some(error) => error.to_string(),
            None => "it passed".to_owned(),
        };
        return Err(format!(
            "two runs of it differ, so something is not drawn from it: digest {:016x} after {} steps, {}; then {:016x} \
             after {} steps, {}",
            first.digest,
            first.steps,
            ended(first),
            again.digest,
            again.steps,
            ended(&again)
        ));
    }
    if first.error.is_some() {
        say(&format!("seed {seed} fails in the same way again: --seed {seed} shows what happened"));
    }
    Ok(())
}

/// Whether all of some mistakes are noticed.
fn catches_all(mutants: &[Mutant], count: u64, threads: usize) -> bool {
    let caught = mutants.iter().filter(|mutant| catches(**mutant, count, threads)).count();
    say("mistakes:");
    say(&format!("{caught} passed, {} failed", mutants.len() - caught));
    caught == mutants.len()
}

/// Whether a mistake is noticed, by what the simulation checks, in a seed that passes without it.
fn catches(mutant: Mutant, count: u64, threads: usize) -> bool {
    let found: Mutex<Option<(u64, Failure)>> = Mutex::new(None);
    run_all(0..count, Some(mutant), threads, |seed, outcome| {
        let Some(error) = outcome.error else { return true };
        let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if found.as_ref().is_none_or(|(known, _)| *known > seed) {
            *found = Some((seed, error));
        }
        false
    });
    let name = mutant.name();
    let found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some((seed, error)) = found else {
        say(&format!("{name}: NOT NOTICED in {count} seeds"));
        return false;
    };
    if let Some(without) = run(seed, None, false).error {
        say(&format!("{name}: NOT SHOWN, since seed {seed} fails without it: {without}"));
        return false;
    }
    let is_noticed = matches!(error, Failure::Noticed(_));
    let how = if is_noticed { "noticed" } else { "NOT NOTICED" };
    let error: String = error.to_string().chars().take(150).collect();
    say(&format!("{name}: {how} at seed {seed}: {error}"));
    is_noticed
}

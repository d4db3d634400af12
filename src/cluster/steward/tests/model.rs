//! Stewards of two and three nodes over an abstract log, arbiter and network, in one thread, from a seed.
//!
//! A step is something that can happen: a node takes a turn, a message arrives, the arbiter does what it was
//! asked for or answers, a disk syncs, a fault comes. Which it is, the seed says. So every delay and every order
//! of events occurs that the parts allow, and a seed replays exactly.
//!
//! Checked at every step, not only at a failover:
//! - whatever any node ever told has one content for each number;
//! - every member of the arbiter's view whose log is of the life that the view names holds all that was told,
//!   and has synced it where the view's level says so;
//! - a reign is begun by one process, which holds all that was told, unless the reign is over already;
//! - no node stops itself, since no fault that asks for it is injected.
//!
//! `CLUSTER_SEEDS=100000 cargo test` runs more; `CLUSTER_SEED=7 CLUSTER_SEEDS=1 CLUSTER_HISTORY=1` tells what
//! happened in seed 7.
//!
//! At the end all faults are healed, and orders must be told again, unless the last view names only lives that
//! are over: then an operator would have to decide.

mod check;
mod world;

use world::{Ended, World};

use crate::cluster::steward::mutant::Mutant;

/// Seeds of the plain runs.
const SEEDS: u64 = 3_000;
/// Seeds within which every mutant must be caught.
const MUTANT_SEEDS: u64 = 1_000;

/// What happened in a number of runs.
#[derive(Debug, Default)]
struct Happened {
    told: u64,
    failovers: u64,
    faults: u64,
    stuck: u64,
}

fn run(
    nodes: usize,
    seed: u64,
    mutant: Option<Mutant>,
    happened: &mut Happened,
) -> Result<(), String> {
    let mut world = World::new(nodes, seed, mutant);
    if std::env::var_os("CLUSTER_HISTORY").is_some() {
        world.history = Some(Vec::new());
    }
    let ended = world.run().map_err(|what| {
        let history = world.history.take().unwrap_or_default().join("\n");
        format!("{history}\nseed {seed}, {nodes} nodes: {what}")
    })?;
    happened.told += world.told();
    happened.failovers += world.failovers;
    happened.faults += world.faults;
    happened.stuck += u64::from(ended == Ended::NeedsOperator);
    Ok(())
}

/// Two nodes in odd seeds, three in even ones.
fn nodes_of(seed: u64) -> usize {
    if seed.is_multiple_of(2) { 3 } else { 2 }
}

#[test]
fn nothing_told_is_lost_and_no_two_nodes_tell_different_things() {
    let first: u64 =
        std::env::var("CLUSTER_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let seeds: u64 =
        std::env::var("CLUSTER_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    let mut happened = Happened::default();
    for seed in first..first + seeds {
        if let Err(what) = run(nodes_of(seed), seed, None, &mut happened) {
            panic!("{what}");
        }
    }
    println!("{seeds} seeds: {happened:?}");
    if seeds >= SEEDS {
        assert!(happened.failovers > seeds, "{happened:?}");
        assert!(happened.stuck < seeds / 2, "{happened:?}");
        assert!(happened.told > seeds * 50, "{happened:?}");
    }
}

#[test]
fn every_deliberate_error_of_the_protocol_is_caught() {
    let mut missed = Vec::new();
    for mutant in Mutant::ALL {
        let caught = (0..MUTANT_SEEDS).find_map(|seed| {
            let mut happened = Happened::default();
            run(nodes_of(seed), seed, Some(mutant), &mut happened).err()
        });
        match caught {
            Some(what) => println!("{mutant:?}: {what}"),
            None => missed.push(mutant),
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

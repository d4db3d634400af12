//! The engine and the reference venue take the same random commands and must not differ in anything
//! that anybody can see: events, numbers, balances, books. Money is conserved, books do not cross,
//! and a replay gives the same events and the same state hash.

mod reference;

use castle::model::*;
use proptest::prelude::*;

use reference::compare::{Failure, Subject, Tally, run, shrink};
use reference::generate::Dice;
use reference::mirror::Mirror;

/// Seeds of the plain loop.
const SEEDS: u64 = 400;
/// Steps of each.
const STEPS: u64 = 250;

fn steps(seed: u64) -> Vec<u64> {
    let mut dice = Dice(seed);
    (0..STEPS).map(|_| dice.next()).collect()
}

/// Runs many seeds; a failure shows the shortest commands that lead to it.
fn many<S: Subject>(seeds: u64) -> (Tally, u64) {
    let mut all = Tally::default();
    let mut trading = 0;
    for seed in 0..seeds {
        let steps = steps(seed);
        match run::<S>(seed, &steps) {
            Ok(tally) => {
                trading += u64::from(tally.trades > 0);
                all.add(&tally);
            }
            Err(_) => {
                let fewer = shrink::<S>(seed, &steps);
                if let Err(failure) = run::<S>(seed, &fewer) {
                    panic!("seed {seed}: {failure:?}");
                }
            }
        }
    }
    (all, trading)
}

#[test]
fn the_reference_keeps_its_own_rules_and_the_generator_has_teeth() {
    let start = std::time::Instant::now();
    let (tally, trading) = many::<Mirror>(60);
    println!("{trading} {tally:#?} {:?}", start.elapsed());
    let missing: Vec<_> = RejectCode::ALL.iter().filter(|c| !tally.codes.contains_key(c)).collect();
    println!("missing {missing:?}");
    panic!();
}

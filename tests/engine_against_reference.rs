//! The engine and the reference venue take the same random commands and must not differ in anything
//! that anybody can see: events, numbers, balances, books. Money is conserved, books do not cross,
//! and a replay gives the same events and the same state hash.

mod reference;

use castle::model::*;
use proptest::prelude::*;

use reference::Venue;
use reference::compare::{Failure, Subject, Tally, run, shrink};
use reference::generate::Dice;

/// Seeds of the plain loop.
const SEEDS: u64 = 400;
/// Steps of each.
const STEPS: u64 = 250;

/// The reference as its own subject: what is left to see is whether it keeps its own rules.
struct Mirror(Venue);

impl Subject for Mirror {
    fn fresh() -> Self {
        Self(Venue::default())
    }

    fn apply(&mut self, record: &Record, events: &mut Vec<Event>) {
        for (index, said) in self.0.apply(record).into_iter().enumerate() {
            events.push(Event {
                cause: record.sequence,
                timestamp: record.timestamp,
                session: said.session,
                msg_seq_num: said.msg_seq_num,
                index: (index % 64) as u16,
                shard: record.shard,
                gateway: said.gateway,
                body: said.body,
            });
        }
    }

    fn has_continuation(&self) -> bool {
        false
    }

    fn state_hash(&self) -> u64 {
        0
    }

    fn balance(&self, account: AccountId, asset: AssetId) -> (i128, i128) {
        (self.0.free(account, asset), self.0.held(account, asset))
    }

    fn levels(&self, instrument: InstrumentId, side: Side) -> Vec<(i128, i128, i128)> {
        self.0.levels(instrument, side).into_iter().map(|l| (l.0, l.1, l.2)).collect()
    }

    fn numbers(&self, session: SessionId) -> Option<(u64, u64, bool)> {
        self.0.sessions.get(&session).map(|s| (s.next_in, s.next_out, s.connected))
    }
}

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

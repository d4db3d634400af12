//! The engine and the reference venue take the same random commands and must not differ in anything
//! that anybody can see: events, numbers, balances, books. Money is conserved, books do not cross,
//! and a replay gives the same events and the same state hash.

mod reference;

use castle::engine::Engine;
use castle::model::*;
use proptest::prelude::*;

use reference::compare::{Subject, Tally, run, run_commands, shrink};
use reference::crowd;
use reference::generate::Dice;
use reference::mirror::Mirror;
use reference::restored::Restored;

/// Seeds of the plain loop.
const SEEDS: u64 = 800;
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

/// Refusals that no command can be given.
const NEVER_SEEN: [RejectCode; 2] = [RejectCode::UnknownSession, RejectCode::DayNotLater];
/// Every kind of event, executions by their type and cause.
const KINDS: &[&str] = &[
    "AssetDefined",
    "BusinessRejected",
    "CancelReject",
    "EpochBegan",
    "Execution Canceled Disconnect",
    "Execution Canceled ImmediateRest",
    "Execution Canceled MassCancel",
    "Execution Canceled Request",
    "Execution Canceled SelfTrade",
    "Execution Canceled Suspension",
    "Execution Expired Rollover",
    "Execution New Request",
    "Execution Rejected Request",
    "Execution Replaced Request",
    "Execution Restated SelfTrade",
    "Execution Trade Request",
    "Heartbeat",
    "InstrumentDefined",
    "LogonAccepted",
    "LogoutSent",
    "MassCancelReport",
    "OperatorAnswer",
    "Rejected",
    "ResendRequest",
    "RolledOver",
    "SecurityListed",
    "SessionDefined",
    "SessionEnded",
    "StatusReport",
    "TestRequest",
];
/// Of a hundred seeds, so many must contain a trade.
const TRADING_PERCENT_MIN: u64 = 80;
/// Of a hundred new orders, so many must be accepted.
const ACCEPTED_PERCENT_MIN: u64 = 30;
/// So many ClOrdIDs must have been forgotten.
const FORGOTTEN_MIN: u64 = 1_000;
/// An account and the venue must so often have been refused more ClOrdIDs.
const FULL_MIN: u64 = 20;
/// So many records must have been continued.
const CONTINUED_MIN: u64 = 100;

#[test]
fn the_engine_and_the_reference_say_and_hold_the_same() {
    let (tally, trading) = many::<Engine>(SEEDS);
    has_teeth(&tally, trading);
}

#[test]
fn the_reference_keeps_its_own_rules() {
    let (tally, trading) = many::<Mirror>(SEEDS / 4);
    assert!(tally.trades > 0 && trading > 0);
}

#[test]
fn an_engine_out_of_a_snapshot_goes_on_as_the_one_that_was_saved() {
    let (tally, _) = many::<Restored>(SEEDS / 4);
    assert!(tally.trades > 0 && tally.continued > 0 && tally.forgotten > 0);
    for commands in [crowd::one_book(), crowd::many_names()] {
        if let Err(failure) = run_commands::<Restored>(1, commands.into_iter()) {
            panic!("{}", failure.what);
        }
    }
}

#[test]
fn a_crowd_is_swept_canceled_and_told_over_many_records_as_if_at_once() {
    for (commands, continued_min) in [(crowd::one_book(), 30), (crowd::many_names(), 4)] {
        match run_commands::<Engine>(1, commands.into_iter()) {
            Err(failure) => panic!("{}", failure.what),
            Ok(tally) => assert!(tally.continued >= continued_min, "{} continued", tally.continued),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        max_shrink_iters: 3_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_steps_in_any_world_come_out_the_same(
        world in any::<u64>(),
        steps in proptest::collection::vec(any::<u64>(), 1..150),
    ) {
        if let Err(failure) = run::<Engine>(world, &steps) {
            return Err(TestCaseError::fail(format!("{failure:?}")));
        }
    }
}

/// What was generated must reach every corner, or the comparison shows little.
fn has_teeth(tally: &Tally, trading: u64) {
    let count = |kind: &str| tally.kinds.get(kind).copied().unwrap_or(0);
    let unseen: Vec<_> = KINDS.iter().filter(|kind| count(kind) == 0).collect();
    assert!(unseen.is_empty(), "events that never came: {unseen:?}");
    let codes = RejectCode::ALL.iter().filter(|code| !NEVER_SEEN.contains(code));
    let unseen: Vec<_> = codes.filter(|code| !tally.codes.contains_key(code)).collect();
    assert!(unseen.is_empty(), "refusals that never came: {unseen:?}");
    assert!(trading * 100 >= SEEDS * TRADING_PERCENT_MIN, "only {trading} seeds traded");
    let (accepted, refused) = (count("Execution New Request"), count("Execution Rejected Request"));
    let share = accepted * 100 / (accepted + refused);
    assert!(share >= ACCEPTED_PERCENT_MIN, "only {share} % of the orders were accepted");
    let continued = tally.continued;
    let forgotten = tally.forgotten;
    assert!(forgotten >= FORGOTTEN_MIN, "only {forgotten} ClOrdIDs were forgotten");
    for code in [RejectCode::VenueClOrdIdsFull, RejectCode::AccountClOrdIdsFull] {
        let count = tally.codes.get(&code).copied().unwrap_or(0);
        assert!(count >= FULL_MIN, "{code:?} came only {count} times");
    }
    assert!(continued >= CONTINUED_MIN, "only {continued} records were continued");
}

//! Random commands: whatever comes, the engine neither panics nor breaks what must always hold, and a
//! replay of the log comes to the same state.

use proptest::prelude::*;

use crate::engine::script::{Venue, parse};

fn line() -> impl Strategy<Value = String> {
    let who = prop_oneof![Just("A"), Just("B")];
    let order = (who.clone(), prop::bool::ANY, 0..40_u32, 0..30_i64, 94..107_i64, options());
    let order = order.prop_map(|(who, buy, id, quantity, price, options)| {
        let verb = if buy { "buy" } else { "sell" };
        format!("{who} {verb} i{id} {quantity}@{price} {options}")
    });
    let market = (who.clone(), prop::bool::ANY, 0..40_u32, 0..2_000_i64, prop::bool::ANY, own());
    let market = market.prop_map(|(who, buy, id, size, by_quote, own)| {
        let verb = if buy { "buy" } else { "sell" };
        match by_quote {
            true => format!("{who} {verb} i{id} market quote={size} {own}"),
            false => format!("{who} {verb} i{id} market quantity={} {own}", size / 50),
        }
    });
    let change = (who.clone(), 0..200_u32, 0..40_u32, 0..40_i64, 94..107_i64, prop::bool::ANY);
    let change = change.prop_map(|(who, id, of, quantity, price, sell)| {
        let sell = if sell { "sell" } else { "" };
        match id % 3 {
            0 => format!("{who} cancel i{id} of=i{of} {sell}"),
            _ => format!("{who} replace i{id} of=i{of} {quantity}@{price} {sell}"),
        }
    });
    let rare = (who, 0..9_u32).prop_map(|(who, which)| match which {
        0 => format!("{who} cancel-all c"),
        1 => format!("{who} status-all"),
        2 => format!("{who} lost"),
        3 => format!("{who} halt"),
        4 => format!("{who} suspend"),
        5 => format!("{who} day 20000"),
        6 => format!("{who} reinstate"),
        7 => format!("{who} resume"),
        _ => format!("{who} logon number=1000000"),
    });
    prop_oneof![8 => order, 2 => market, 5 => change, 1 => rare]
}

fn own() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just(""),
        Just("own=taker"),
        Just("own=maker"),
        Just("own=both"),
        Just("own=decrement")
    ]
}

fn options() -> impl Strategy<Value = String> {
    let kind = prop_oneof![
        6 => Just(""),
        1 => Just("day"),
        1 => Just("ioc"),
        1 => Just("fok"),
        1 => Just("post-only"),
        2 => Just("show=2"),
    ];
    (kind, own()).prop_map(|(kind, own)| format!("{kind} {own}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn random_commands_keep_every_invariant(lines in prop::collection::vec(line(), 1..250)) {
        let mut venue = Venue::new();
        for line in &lines {
            let command = parse(line, venue.engine.view());
            venue.apply(command);
        }
        prop_assert_eq!(venue.replayed().state_hash(), venue.engine.state_hash());
    }
}

//! What must be so after a run: the engine's books are the generator's, and no money came or went.
//!
//! 1. Every level of every side: price, number of orders, what they have left.
//! 2. Every order, in the order in which they would trade: account, ClOrdID, quantity, what is left.
//! 3. No balance is below zero; what an account holds is what its orders in the generator's books
//!    could still cost; all accounts together have of each asset what was deposited.

use std::collections::HashMap;

use castle::engine::{Engine, OrderView};
use castle::model::*;

use crate::flow::{Level, Model, Order, Preset, account, cl_ord_id};

/// The first difference, in words.
pub fn books(engine: &Engine, model: &Model, preset: &Preset) -> Result<(), String> {
    for instrument in 0..preset.instruments {
        for side in [Side::Buy, Side::Sell] {
            levels(engine, model, instrument, side)
                .and_then(|()| queues(engine, model, instrument, side))
                .map_err(|what| {
                    let side = if side == Side::Buy { "bids" } else { "asks" };
                    format!(
                        "the book differs from the generator's: {side} of I{instrument}, {what}"
                    )
                })?;
        }
    }
    Ok(())
}

fn levels(engine: &Engine, model: &Model, instrument: u32, side: Side) -> Result<(), String> {
    let ours = model.levels(instrument, side);
    let theirs = engine.view().book(InstrumentId(instrument), side, usize::MAX).map(|level| {
        Level { price: level.price.0 as u32, orders: level.orders, total: level.total as u64 }
    });
    let told = |level: Option<Level>| match level {
        Some(Level { price, orders, total }) => format!("{orders} orders with {total} at {price}"),
        None => "nothing".to_owned(),
    };
    difference(theirs, ours, |one, other| one == other).map_or(Ok(()), |(at, one, other)| {
        Err(format!("level {at}: {} instead of {}", told(one), told(other)))
    })
}

fn queues(engine: &Engine, model: &Model, instrument: u32, side: Side) -> Result<(), String> {
    let ours = model.orders(instrument, side);
    let theirs = engine.view().book_orders(InstrumentId(instrument), side);
    difference(theirs, ours, is_same).map_or(Ok(()), |(at, one, other)| {
        let engine = one.map_or_else(
            || "nothing".to_owned(),
            |OrderView { execution: told, .. }| {
                let id = String::from_utf8_lossy(told.cl_ord_id.as_bytes()).into_owned();
                format!("{id} of account {} with {}", told.account, told.leaves_quantity.0)
            },
        );
        let generator = other.map_or_else(
            || "nothing".to_owned(),
            |order| {
                let id = cl_ord_id(order.id);
                let id = String::from_utf8_lossy(id.as_bytes()).into_owned();
                format!("{id} of account {} with {}", account(order.trader), order.leaves)
            },
        );
        Err(format!("order {at} of the queue: {engine} instead of {generator}"))
    })
}

fn is_same(view: &OrderView, order: &&Order) -> bool {
    let told = &view.execution;
    told.account == account(order.trader)
        && view.session == SessionId(order.trader)
        && told.cl_ord_id == cl_ord_id(order.id)
        && told.price.0 == i64::from(order.price)
        && told.quantity.0 == i64::from(order.quantity)
        && told.leaves_quantity.0 == i64::from(order.leaves)
        && view.shown.0 == i64::from(order.leaves)
}

/// Where two sequences first differ, counted from 1, and what each has there.
fn difference<A, B>(
    one: impl Iterator<Item = A>,
    other: impl Iterator<Item = B>,
    same: impl Fn(&A, &B) -> bool,
) -> Option<(usize, Option<A>, Option<B>)> {
    let (mut one, mut other) = (one, other);
    for at in 1.. {
        match (one.next(), other.next()) {
            (None, None) => return None,
            (Some(a), Some(b)) if same(&a, &b) => {}
            (a, b) => return Some((at, a, b)),
        }
    }
    None
}

/// Whether money was conserved.
pub fn money(engine: &Engine, model: &Model, preset: &Preset) -> Result<(), String> {
    let mut holds: HashMap<(AccountId, AssetId), i64> = HashMap::new();
    for instrument in 0..preset.instruments {
        for side in [Side::Buy, Side::Sell] {
            for order in model.orders(instrument, side) {
                let (asset, cost) = preset.cost(order);
                *holds.entry((account(order.trader), asset)).or_default() += cost;
            }
        }
    }
    let mut sums: HashMap<AssetId, [i128; 2]> = HashMap::new();
    // Nobody can come by an asset that nobody gave him: his instruments trade what he has.
    for (account, asset, deposited) in preset.deposits() {
        let castle::engine::Balance { free, held } = engine.view().balance(account, asset);
        if free.0 < 0 || held.0 < 0 {
            return Err(format!(
                "account {account} has {} free and {} held of {asset}",
                free.0, held.0
            ));
        }
        let cost = holds.remove(&(account, asset)).unwrap_or(0);
        if held.0 != cost {
            return Err(format!(
                "account {account} holds {} of {asset}, and its orders could cost {cost}",
                held.0
            ));
        }
        let [has, had] = sums.entry(asset).or_default();
        *has += free.wide() + held.wide();
        *had += deposited.wide();
    }
    if let Some(((account, asset), cost)) = holds.into_iter().next() {
        return Err(format!(
            "account {account} never had {asset}, and its orders could cost {cost}"
        ));
    }
    for (asset, [accounts, deposited]) in sums {
        let venue = engine.view().balance(AccountId::VENUE, asset).free.wide();
        if venue < 0 || accounts + venue != deposited {
            return Err(format!(
                "accounts have {accounts} of {asset} and the venue {venue}, {deposited} was deposited"
            ));
        }
    }
    Ok(())
}

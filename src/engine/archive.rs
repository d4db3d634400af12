//! The engine's state, value after value: what the state hash folds in and what a snapshot holds.
//!
//! 1. There is one traversal, [`Engine::archive`]. The hash is taken over the very values that a snapshot is
//!    made of, so that nothing can be hashed and not saved, nor saved and not hashed.
//! 2. Its order is one that the state itself gives: definitions and accounts by id, orders by OrderID, books
//!    by price and time, ClOrdIDs by account and age, transfers by age. No slot number and no layout of a
//!    table is in it: where it names an order, it says its OrderID.
//! 3. What follows from the rest is left out, and made again by the calls that make it otherwise
//!    ([`super::restore`]): indices, levels, collars, counts of an account's orders.

use std::io;

use crate::engine::Engine;
use crate::engine::continuation::{CancelScan, Pending, Scope, StatusScan, Then};
use crate::engine::hash::Mix;
use crate::engine::matching::Taker;
use crate::engine::slab::{Keyed, NONE};
use crate::model::limit::EVENT_SIZE_MAX;
use crate::model::wire::Wire;
use crate::model::*;

/// Takes the state, value after value.
pub(super) trait Archive {
    /// Takes a number.
    fn number(&mut self, number: u64);
    /// Takes a value that has a layout.
    fn value<T: Wire>(&mut self, value: &T);
}

impl Archive for Mix {
    fn number(&mut self, number: u64) {
        self.fold(number);
    }

    fn value<T: Wire>(&mut self, value: &T) {
        self.fold_wire(value);
    }
}

/// Writes the state: numbers in eight bytes, values as their layout has them, nothing between.
struct Written<W> {
    out: W,
    /// The first error; after it nothing is written.
    error: Option<io::Error>,
}

impl<W: io::Write> Written<W> {
    fn put(&mut self, bytes: &[u8]) {
        if self.error.is_none() {
            self.error = self.out.write_all(bytes).err();
        }
    }
}

impl<W: io::Write> Archive for Written<W> {
    fn number(&mut self, number: u64) {
        self.put(&number.to_le_bytes());
    }

    fn value<T: Wire>(&mut self, value: &T) {
        let mut bytes = [0; EVENT_SIZE_MAX];
        value.put(&mut bytes[..T::SIZE]);
        self.put(&bytes[..T::SIZE]);
    }
}

impl Engine {
    /// Writes all that a recovery restores; [`Engine::load`] makes an engine of it that goes on as this one
    /// would.
    pub fn save(&self, out: impl io::Write) -> io::Result<()> {
        let mut written = Written { out, error: None };
        self.archive(&mut written);
        match written.error {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Everything, the running hashes included.
    pub(super) fn archive(&self, to: &mut impl Archive) {
        self.content(to);
        to.number(self.running.value());
        to.number(self.ledger.running.value());
    }

    /// The state alone, whatever the way to it was.
    pub(super) fn content(&self, to: &mut impl Archive) {
        to.number(u64::from(self.genesis.is_some()));
        if let Some(genesis) = &self.genesis {
            to.value(genesis);
        }
        to.number(u64::from(self.epoch.0) << 32 | u64::from(self.day));
        to.value(&self.sequence);
        self.put_definitions(to);
        self.put_accounts(to);
        self.put_orders(to);
        self.put_ids(to);
        self.put_books(to);
        self.put_sessions(to);
        self.put_transfers(to);
        self.put_pending(to);
        to.number(u64::from(self.next_view.is_some()));
        if let Some(view) = &self.next_view {
            to.value(view);
        }
    }

    fn put_definitions(&self, to: &mut impl Archive) {
        to.number(self.assets.iter().count() as u64);
        for asset in self.assets.iter() {
            to.value(asset);
            to.value(&self.ledger.total(asset.id));
            to.value(&self.ledger.balance(AccountId::VENUE, asset.id).free);
        }
        to.number(self.instruments.iter().count() as u64);
        for slot in self.instruments.iter() {
            to.value(&slot.definition);
            // No trade is at zero.
            to.value(&slot.last_trade.unwrap_or(Price::ZERO));
            to.value(&slot.ordered);
            to.value(&slot.traded);
            to.value(&slot.open_orders);
        }
    }

    /// The accounts and their balances.
    fn put_accounts(&self, to: &mut impl Archive) {
        to.number(self.view().accounts().count() as u64);
        for (id, state) in self.view().accounts() {
            to.value(&id);
            to.value(&state);
            for asset in self.assets.iter() {
                let balance = self.ledger.balance(id, asset.id);
                to.value(&balance.free);
                to.value(&balance.held);
            }
        }
    }

    /// Every order that is open or remembered: each has a ClOrdID in its account's queue.
    fn put_orders(&self, to: &mut impl Archive) {
        let mut chains = Vec::with_capacity(self.orders.chains.live() as usize);
        for (id, _) in self.view().accounts() {
            let Some(account) = self.accounts.get(id) else { continue };
            for known in self.ids.of_account(account) {
                chains.push((self.orders.chains[known.chain].id, known.chain));
            }
        }
        chains.sort_unstable();
        chains.dedup();
        to.number(chains.len() as u64);
        for (_, slot) in chains {
            let chain = &self.orders.chains[slot];
            to.value(&self.execution(slot, ExecType::OrderStatus, 0));
            to.value(&chain.session);
            to.value(&chain.fee_remainder);
            to.value(&chain.shown);
            to.number(chain.life as u64);
        }
    }

    /// Each account's ClOrdIDs by age, and its open orders.
    fn put_ids(&self, to: &mut impl Archive) {
        for (id, _) in self.view().accounts() {
            let Some(account) = self.accounts.get(id) else { continue };
            to.number(u64::from(account.ids.count) << 32 | u64::from(account.ids_today));
            to.number(u64::from(account.overdue_ids.count) << 32 | u64::from(account.ids_day));
            for known in self.ids.of_account(account) {
                let chain = &self.orders.chains[known.chain];
                to.value(&known.id);
                to.value(&known.key_hash());
                to.value(&chain.id);
                to.value(&(self.ids.slots[chain.last].id == known.id));
            }
            to.number(self.account_orders(id).count() as u64);
            for open in self.account_orders(id) {
                to.value(&self.orders.chains[open].id);
            }
        }
    }

    /// Each side's levels, best first, and their orders, first in time first.
    fn put_books(&self, to: &mut impl Archive) {
        for slot in self.instruments.iter() {
            for side in [Side::Buy, Side::Sell] {
                let id = slot.definition.id;
                to.number(self.levels(id, side).count() as u64);
                for level in self.levels(id, side) {
                    to.value(&level.rank);
                    to.number(self.queue(level).count() as u64);
                    for open in self.queue(level) {
                        to.value(&self.orders.chains[open].id);
                    }
                }
            }
        }
    }

    fn put_sessions(&self, to: &mut impl Archive) {
        to.number(self.sessions.iter().count() as u64);
        for session in self.sessions.iter() {
            to.value(&session.definition);
            to.value(&session.generation);
            to.value(&session.connected);
            to.value(&session.gateway);
            to.value(&session.connection);
            to.value(&session.next_in);
            to.value(&session.next_out);
        }
    }

    fn put_transfers(&self, to: &mut impl Archive) {
        to.number(u64::from(self.transfers.booked.live()));
        for slot in 0..self.transfers.booked.live() {
            let booked = &self.transfers.booked[slot];
            to.value(&booked.reference);
            to.number(booked.direction as u64);
            to.value(&booked.account);
            to.value(&booked.asset);
            to.value(&booked.amount);
            to.value(&booked.outcome);
        }
    }

    /// The OrderID of a slot; none where there is no slot.
    fn order_id(&self, slot: u32) -> OrderId {
        if slot == NONE { OrderId::NONE } else { self.orders.chains[slot].id }
    }

    fn put_pending(&self, to: &mut impl Archive) {
        match &self.pending {
            Pending::Nothing => to.number(tag::NOTHING),
            Pending::Count(taker, count) => {
                to.number(tag::COUNT);
                self.put_taker(to, taker);
                to.value(&self.order_id(count.at));
                to.value(&count.before);
                to.value(&count.leaves);
                to.value(&count.shown);
                to.value(&count.rank);
            }
            Pending::Sweep(taker) => {
                to.number(tag::SWEEP);
                self.put_taker(to, taker);
            }
            Pending::Cancel(scan) => {
                to.number(tag::CANCEL);
                // A scan that stands on an order names it: there is one, or it would have ended.
                to.value(&scan.at.map_or(OrderId::NONE, |at| self.order_id(at)));
                put_scan(to, scan);
            }
            Pending::Rollover(account, at) => {
                to.number(tag::ROLLOVER);
                to.value(account);
                to.value(&self.order_id(*at));
            }
            Pending::Forget(account, left) => {
                to.number(tag::FORGET);
                to.value(account);
                to.value(left);
            }
            Pending::Epoch(view, first) => {
                to.number(tag::EPOCH);
                to.value(view);
                to.value(first);
            }
            Pending::StatusCount(request, scan) => {
                to.number(tag::STATUS_COUNT);
                self.put_status(to, request, scan);
            }
            Pending::StatusReport(request, scan) => {
                to.number(tag::STATUS_REPORT);
                self.put_status(to, request, scan);
            }
            Pending::SecurityList(request, first) => {
                to.number(tag::SECURITY_LIST);
                to.value(request);
                to.value(first);
            }
        }
    }

    fn put_taker(&self, to: &mut impl Archive, taker: &Taker) {
        to.value(&self.order_id(taker.chain));
        to.value(&taker.mode);
        to.value(&taker.rests);
        to.value(&taker.by_quote);
        to.value(&taker.limit);
        to.value(&taker.leaves);
        to.value(&taker.rest);
        to.value(&taker.hold);
        to.value(&taker.is_listed);
    }

    fn put_status(&self, to: &mut impl Archive, request: &MassStatus, scan: &StatusScan) {
        to.value(request);
        to.value(&self.order_id(scan.at));
        to.value(&scan.total);
        to.value(&scan.told);
    }
}

fn put_scan(to: &mut impl Archive, scan: &CancelScan) {
    to.value(&scan.account);
    to.value(&scan.why);
    match &scan.scope {
        Scope::Session(session) => {
            to.number(tag::SESSION);
            to.value(session);
        }
        Scope::Filter(scope, instrument, side) => {
            to.number(tag::FILTER);
            to.value(scope);
            to.value(instrument);
            to.value(side);
        }
    }
    to.value(&scan.affected);
    match &scan.then {
        Then::Nothing => to.number(tag::NOTHING),
        Then::Report(session, report) => {
            to.number(tag::REPORT);
            to.value(session);
            to.value(report);
        }
        Then::Answer(request) => {
            to.number(tag::ANSWER);
            to.value(request);
        }
    }
}

/// What stands before a value that is one of several kinds.
pub(super) mod tag {
    /// [`super::Pending::Nothing`] and [`super::Then::Nothing`].
    pub const NOTHING: u64 = 0;
    pub const COUNT: u64 = 1;
    pub const SWEEP: u64 = 2;
    pub const CANCEL: u64 = 3;
    pub const ROLLOVER: u64 = 4;
    pub const EPOCH: u64 = 5;
    pub const STATUS_COUNT: u64 = 6;
    pub const STATUS_REPORT: u64 = 7;
    pub const SECURITY_LIST: u64 = 8;
    pub const FORGET: u64 = 9;

    pub const SESSION: u64 = 1;
    pub const FILTER: u64 = 2;

    pub const REPORT: u64 = 1;
    pub const ANSWER: u64 = 2;
}

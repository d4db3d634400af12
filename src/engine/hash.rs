//! Hashes of the engine's state.
//!
//! 1. The running hash folds in every record, what its events tell, and every balance that changes. It
//!    costs a few multiplications a record and finds two engines that came apart.
//! 2. The state hash is taken over all that a recovery restores, in an order that the state itself
//!    gives: definitions and accounts by id, books by price and time, orders by OrderID, ClOrdIDs by
//!    account and age, transfers by age. No slot number and no layout of a table is in it, so two
//!    engines that came to one state by different ways have one hash.

use crate::engine::Engine;
use crate::engine::continuation::{CancelScan, Pending, Scope, StatusScan, Then};
use crate::engine::matching::Taker;
use crate::engine::slab::NONE;
use crate::model::limit::EVENT_SIZE_MAX;
use crate::model::wire::Wire;
use crate::model::*;

/// A hash that numbers are folded into, one after the other. It is no protection against somebody who
/// chooses what is folded; it finds two engines that came apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mix(u64);

impl Mix {
    /// Folds a number in.
    #[inline(always)]
    pub(super) fn fold(&mut self, number: u64) {
        let wide = u128::from(self.0.rotate_left(23) ^ number ^ 0x9e37_79b9_7f4a_7c15)
            * 0xa076_1d64_78bd_642f;
        self.0 = (wide as u64) ^ (wide >> 64) as u64 ^ number.rotate_left(32);
    }

    /// Folds several numbers in at once: each by an odd multiplier of its own, their sum by
    /// [`Self::fold`]. What differs in one number differs in the sum.
    #[inline(always)]
    pub(super) fn fold_all<const N: usize>(&mut self, numbers: [u64; N]) {
        let mut sum = 0_u64;
        let mut multiplier = 0x9e37_79b9_7f4a_7c15_u64;
        for number in numbers {
            sum = sum.wrapping_add(number.wrapping_mul(multiplier));
            multiplier = multiplier.wrapping_mul(0xd134_2543_de82_ef95) | 1;
        }
        self.fold(sum);
    }

    /// Adds a number in that is folded with what comes next.
    #[inline(always)]
    pub(super) fn add(&mut self, number: u64) {
        self.0 = self.0.wrapping_add(number);
    }

    /// Folds bytes in, and how many they are.
    fn fold_bytes(&mut self, bytes: &[u8]) {
        self.fold(bytes.len() as u64);
        for piece in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            self.fold(u64::from_le_bytes(word));
        }
    }

    /// Folds a value in as its layout has it.
    fn fold_wire<T: Wire>(&mut self, value: &T) {
        let mut bytes = [0; EVENT_SIZE_MAX];
        value.put(&mut bytes[..T::SIZE]);
        self.fold_bytes(&bytes[..T::SIZE]);
    }

    /// The hash so far.
    #[inline(always)]
    pub(super) fn value(self) -> u64 {
        self.0
    }
}

impl Engine {
    /// A hash of all that a recovery restores, the same on every engine that is in this state.
    pub fn state_hash(&self) -> u64 {
        let mut mix = self.content();
        mix.fold(self.running_hash());
        mix.value()
    }

    /// The hash of the state alone, whatever the way to it was.
    fn content(&self) -> Mix {
        let mut mix = Mix::default();
        self.fold_definitions(&mut mix);
        self.fold_books(&mut mix);
        self.fold_accounts(&mut mix);
        self.fold_orders(&mut mix);
        self.fold_sessions(&mut mix);
        self.fold_transfers(&mut mix);
        self.fold_pending(&mut mix);
        mix
    }

    fn fold_definitions(&self, mix: &mut Mix) {
        if let Some(genesis) = &self.genesis {
            mix.fold_wire(genesis);
        }
        mix.fold(u64::from(self.epoch.0) << 32 | u64::from(self.day));
        mix.fold(self.sequence.0);
        for asset in self.assets.iter() {
            mix.fold_wire(asset);
            mix.fold(self.ledger.total(asset.id).0 as u64);
            mix.fold(self.ledger.balance(AccountId::VENUE, asset.id).free.0 as u64);
        }
    }

    fn fold_books(&self, mix: &mut Mix) {
        for slot in self.instruments.iter() {
            mix.fold_wire(&slot.definition);
            mix.fold(slot.last_trade.map_or(0, |price| price.0) as u64);
            let flags = u64::from(slot.ordered) << 1 | u64::from(slot.traded);
            mix.fold(flags << 32 | u64::from(slot.open_orders));
            for side in [Side::Buy, Side::Sell] {
                mix.fold(side as u64);
                for level in self.levels(slot.definition.id, side) {
                    mix.fold(level.rank as u64);
                    for open in self.queue(level) {
                        let order = &self.orders.chains[open];
                        mix.fold(order.id.0);
                        mix.fold(order.leaves() as u64);
                        mix.fold(order.shown as u64);
                    }
                }
            }
        }
    }

    fn fold_accounts(&self, mix: &mut Mix) {
        for id in AccountId::FIRST.0..self.accounts.end() {
            let id = AccountId(id);
            let Some(account) = self.accounts.get(id) else { continue };
            mix.fold(u64::from(id.0) << 8 | account.state as u64);
            mix.fold(u64::from(account.ids.count) << 32 | u64::from(account.ids_today));
            mix.fold(u64::from(account.overdue_ids.count) << 32 | u64::from(account.ids_day));
            for asset in self.assets.iter() {
                let balance = self.ledger.balance(id, asset.id);
                mix.fold(balance.free.0 as u64);
                mix.fold(balance.held.0 as u64);
            }
            for known in self.ids.of_account(account) {
                mix.fold_wire(&known.id);
                mix.fold(self.orders.chains[known.chain].id.0);
            }
            for open in self.account_orders(id) {
                mix.fold(self.orders.chains[open].id.0);
            }
        }
    }

    /// Every order that is open or remembered: each has a ClOrdID in its account's queue.
    fn fold_orders(&self, mix: &mut Mix) {
        let mut chains = Vec::with_capacity(self.orders.chains.live() as usize);
        for id in AccountId::FIRST.0..self.accounts.end() {
            let Some(account) = self.accounts.get(AccountId(id)) else { continue };
            for known in self.ids.of_account(account) {
                chains.push((self.orders.chains[known.chain].id, known.chain));
            }
        }
        chains.sort_unstable();
        chains.dedup();
        for (_, slot) in chains {
            let chain = &self.orders.chains[slot];
            mix.fold_wire(&self.execution(slot, ExecType::OrderStatus, 0));
            mix.fold(u64::from(chain.session.0) << 32 | u64::from(chain.fee_remainder));
            mix.fold(u64::from(chain.ids) << 8 | chain.life as u64);
        }
    }

    fn fold_sessions(&self, mix: &mut Mix) {
        for session in self.sessions.iter() {
            mix.fold_wire(&session.definition);
            mix.fold(u64::from(session.generation.0) << 1 | u64::from(session.connected));
            mix.fold(u64::from(session.connection.0) << 8 | u64::from(session.gateway.0));
            mix.fold(session.next_in);
            mix.fold(session.next_out);
        }
    }

    fn fold_transfers(&self, mix: &mut Mix) {
        for slot in 0..self.transfers.booked.live() {
            let booked = &self.transfers.booked[slot];
            mix.fold_wire(&booked.reference);
            mix.fold(booked.direction as u64);
            mix.fold(u64::from(booked.account.0) << 16 | u64::from(booked.asset.0));
            mix.fold(booked.amount.0 as u64);
            mix.fold_wire(&booked.outcome);
        }
    }

    /// What is pending; an order where a slot stands.
    fn fold_pending(&self, mix: &mut Mix) {
        let order = |open: u32| match open {
            NONE => 0,
            open => self.orders.chains[open].id.0,
        };
        match &self.pending {
            Pending::Nothing => mix.fold(0),
            Pending::Count(taker, count) => {
                mix.fold(1);
                self.fold_taker(mix, taker);
                mix.fold(order(count.at));
                mix.fold_wire(&count.before);
                mix.fold_wire(&count.leaves);
                mix.fold_wire(&count.shown);
            }
            Pending::Sweep(taker) => {
                mix.fold(2);
                self.fold_taker(mix, taker);
            }
            Pending::Cancel(scan) => {
                mix.fold(3);
                mix.fold(scan.at.map_or(0, order));
                fold_scan(mix, scan);
            }
            Pending::Rollover(account, at) => {
                mix.fold(4);
                mix.fold(u64::from(*account));
                mix.fold(order(*at));
            }
            Pending::Forget(account, left) => {
                mix.fold(9);
                mix.fold(u64::from(*account) << 32 | u64::from(*left));
            }
            Pending::Epoch(view, first) => {
                mix.fold(5);
                mix.fold_wire(view);
                mix.fold(u64::from(*first));
            }
            Pending::StatusCount(request, scan) => {
                mix.fold(6);
                fold_status(mix, request, scan, order(scan.at));
            }
            Pending::StatusReport(request, scan) => {
                mix.fold(7);
                fold_status(mix, request, scan, order(scan.at));
            }
            Pending::SecurityList(request, first) => {
                mix.fold(8);
                mix.fold_wire(request);
                mix.fold(u64::from(*first));
            }
        }
    }

    fn fold_taker(&self, mix: &mut Mix, taker: &Taker) {
        mix.fold(self.orders.chains[taker.chain].id.0);
        mix.fold(taker.limit.0 as u64);
        mix.fold(taker.leaves as u64);
        mix.fold(taker.rest as u64);
        mix.fold(taker.hold as u64);
        mix.fold(u64::from(taker.is_listed));
    }
}

fn fold_scan(mix: &mut Mix, scan: &CancelScan) {
    mix.fold(u64::from(scan.account.0) << 8 | scan.why as u64);
    match scan.scope {
        Scope::Session(session) => mix.fold(u64::from(session.0)),
        Scope::Filter(scope, instrument, side) => {
            mix.fold_wire(&scope);
            mix.fold_wire(&instrument);
            mix.fold_wire(&side);
        }
    }
    mix.fold(u64::from(scan.affected));
    match &scan.then {
        Then::Nothing => mix.fold(0),
        Then::Report(session, report) => {
            mix.fold_wire(session);
            mix.fold_wire(report);
        }
        Then::Answer(request) => mix.fold(*request),
    }
}

fn fold_status(mix: &mut Mix, request: &MassStatus, scan: &StatusScan, order: u64) {
    mix.fold_wire(request);
    mix.fold(order);
    mix.fold(u64::from(scan.total) << 32 | u64::from(scan.told));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ledger::Paid;
    use crate::engine::orders::Life;
    use crate::engine::script::{Venue, X, Y, parse, transfer};

    /// A venue with something of everything: resting and closed orders, an iceberg, trades, fees.
    fn venue() -> Venue {
        let mut venue = Venue::new();
        venue.run(
            "A sell a1 5@100
             A sell a2 9@100 show=2
             B buy b1 2@100
             B buy b2 5@90
             B buy b3 5@90 day
             B buy b4 5@90
             A cancel c1 of=a2 sell",
        );
        venue
    }

    type Change = fn(&mut Engine);

    /// The slot of the order that rests first on a side.
    fn first(engine: &Engine, side: Side) -> u32 {
        engine.levels(InstrumentId(0), side).next().unwrap().head
    }

    #[test]
    fn each_part_of_the_state_is_in_the_hash() {
        let changes: &[(&str, Change)] = &[
            ("genesis", |engine| engine.genesis.as_mut().unwrap().limits.orders_max += 1),
            ("secret", |engine| engine.genesis.as_mut().unwrap().hash_secret.0 += 1),
            ("epoch", |engine| engine.epoch.0 += 1),
            ("day", |engine| engine.day += 1),
            ("sequence", |engine| engine.sequence.0 += 1),
            ("asset", |engine| {
                let name = AssetName::truncated(b"Z");
                engine.assets.set(Asset { id: AssetId(5), name, scale: 3 });
            }),
            ("instrument", |engine| slot(engine).definition.taker_fee += 1),
            ("instrument's state", |engine| {
                slot(engine).definition.state = InstrumentState::Halted;
            }),
            ("last trade", |engine| slot(engine).last_trade = Some(Price(77))),
            ("has taken an order", |engine| slot(engine).ordered = false),
            ("traded", |engine| slot(engine).traded = false),
            ("shown", |engine| chain(engine).shown -= 1),
            ("place in the queue", |engine| {
                let head = first(engine, Side::Buy);
                let ladder = &mut engine.instruments.slot_mut(InstrumentId(0)).bids;
                ladder.remove(&mut engine.blocks, &mut engine.orders.chains, 90, head);
                ladder.push(&mut engine.blocks, &mut engine.orders.chains, 90, head);
            }),
            ("price", |engine| chain(engine).price.0 += 1),
            ("quantity", |engine| chain(engine).quantity.0 += 1),
            ("display", |engine| chain(engine).set_display_quantity(Quantity(3))),
            ("fill", |engine| chain(engine).fill(Price(1), 1)),
            ("fee", |engine| chain(engine).fee_remainder += 1),
            ("session of an order", |engine| chain(engine).session.0 += 1),
            ("time in force", |engine| chain(engine).time_in_force = TimeInForce::Day),
            ("mode", |engine| {
                chain(engine).self_trade_prevention = SelfTradePrevention::Decrement;
            }),
            ("post-only", |engine| chain(engine).post_only = true),
            ("closed order", |engine| {
                let closed = engine.orders.find(OrderId(16)).unwrap();
                engine.orders.chains[closed].life = Life::Expired;
            }),
            ("ClOrdID", |engine| {
                let oldest = engine.accounts.get(AccountId(2)).unwrap().ids.oldest;
                engine.ids.slots[oldest].id = ClOrdId::truncated(b"other");
            }),
            ("last ClOrdID", |engine| {
                let oldest = engine.accounts.get(AccountId(2)).unwrap().ids.oldest;
                let closed = engine.orders.find(OrderId(16)).unwrap();
                engine.orders.chains[closed].last = oldest;
            }),
            ("age of ClOrdIDs", |engine| engine.accounts.slot(AccountId(2)).ids_today += 1),
            ("overdue ClOrdIDs", |engine| {
                let account = engine.accounts.slot(AccountId(2));
                std::mem::swap(&mut account.ids, &mut account.overdue_ids);
            }),
            ("account", |engine| engine.accounts.open(AccountId(9))),
            ("suspension", |engine| {
                engine.accounts.slot(AccountId(3)).state = AccountState::Suspended;
            }),
            ("free", |engine| engine.ledger.deposit(AccountId(2), Y, 1)),
            ("held", |engine| {
                let slot = engine.ledger.slot(AccountId(2), X);
                engine.ledger.hold(slot, 0, 1);
            }),
            ("venue", |engine| {
                let slot = engine.ledger.slot(AccountId(3), Y);
                let paid = Paid { asset: Y, amount: 1, fee: 1, freed: 0 };
                engine.ledger.settle((slot, slot), paid);
            }),
            ("next in", |engine| session(engine).next_in += 1),
            ("next out", |engine| session(engine).next_out += 1),
            ("generation", |engine| session(engine).generation.0 += 1),
            ("connected", |engine| session(engine).connected = false),
            ("connection", |engine| session(engine).connection.0 += 1),
            ("gateway", |engine| session(engine).gateway.0 += 1),
            ("session", |engine| session(engine).definition.reset_on_logon = true),
            ("pending", |engine| engine.pending = Pending::Rollover(1, NONE)),
            ("pending forgetting", |engine| engine.pending = Pending::Forget(0, 0)),
        ];
        let before = venue().engine.content();
        assert_eq!(venue().engine.content(), before);
        for (what, change) in changes {
            let mut venue = venue();
            change(&mut venue.engine);
            assert_ne!(venue.engine.content(), before, "{what} is not in the hash");
        }
        let mut venue = venue();
        let refused = transfer(50, X, 1, "to nobody");
        let mut events = Vec::new();
        let sequence = venue.engine.sequence;
        venue.apply_one(Command::Deposit(refused), &mut events);
        venue.engine.sequence = sequence;
        assert_ne!(venue.engine.content(), before, "a refused transfer is not in the hash");
    }

    fn slot(engine: &mut Engine) -> &mut crate::engine::instruments::InstrumentSlot {
        engine.instruments.slot_mut(InstrumentId(0))
    }

    fn chain(engine: &mut Engine) -> &mut crate::engine::orders::Chain {
        let head = first(engine, Side::Buy);
        &mut engine.orders.chains[head]
    }

    fn session(engine: &mut Engine) -> &mut crate::engine::sessions::SessionState {
        engine.sessions.get_mut(SessionId(1)).unwrap()
    }

    #[test]
    fn what_is_pending_is_in_the_hash() {
        let mut venue = venue();
        for number in 0..80 {
            venue.run(&format!("A buy p{number} 1@95"));
        }
        let mut hashes = vec![venue.engine.content()];
        let command = parse("A cancel-all c", venue.engine.view());
        let mut events = Vec::new();
        venue.apply_one(command, &mut events);
        assert!(venue.engine.has_continuation());
        hashes.push(venue.engine.content());
        venue.engine.pending = Pending::Nothing;
        hashes.push(venue.engine.content());
        hashes.dedup();
        assert_eq!(hashes.len(), 3);
    }

    #[test]
    fn the_running_hash_changes_with_every_record() {
        let mut venue = Venue::new();
        let before = venue.engine.running_hash();
        venue.run("A status nothing");
        let after = venue.engine.running_hash();
        assert_ne!(before, after);
        assert_eq!(venue.replayed().running_hash(), after);
    }
}

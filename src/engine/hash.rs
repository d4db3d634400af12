//! Hashes of the engine's state.
//!
//! 1. The running hash folds in every record, what its events tell, and every balance that changes. It
//!    costs a few multiplications a record and finds two engines that came apart.
//! 2. The state hash is taken over all that a recovery restores, value after value as a snapshot has it
//!    ([`super::archive`]). No slot number and no layout of a table is in it, so two engines that came to
//!    one state by different ways, or one of them out of a snapshot, have one hash.

use crate::engine::Engine;
use crate::model::limit::EVENT_SIZE_MAX;
use crate::model::wire::Wire;

/// A hash that numbers are folded into, one after the other. It is no protection against somebody who
/// chooses what is folded; it finds two engines that came apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mix(u64);

impl Mix {
    /// The hash that had come to `value`, to be gone on with.
    pub(super) fn resumed(value: u64) -> Self {
        Self(value)
    }

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
    pub(super) fn fold_wire<T: Wire>(&mut self, value: &T) {
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
        let mut mix = Mix::default();
        self.archive(&mut mix);
        mix.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LoadError;
    use crate::engine::continuation::Pending;
    use crate::engine::ledger::Paid;
    use crate::engine::orders::Life;
    use crate::engine::script::{Venue, X, Y, parse, transfer};
    use crate::engine::slab::NONE;
    use crate::model::*;

    /// The hash of the state alone, whatever the way to it was.
    fn content(engine: &Engine) -> u64 {
        let mut mix = Mix::default();
        engine.content(&mut mix);
        mix.value()
    }

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
            ("next view", |engine| engine.next_view = Some(next_view())),
            ("pending forgetting", |engine| engine.pending = Pending::Forget(0, 0)),
        ];
        let before = content(&venue().engine);
        assert_eq!(content(&venue().engine), before);
        for (what, change) in changes {
            let mut venue = venue();
            change(&mut venue.engine);
            assert_ne!(content(&venue.engine), before, "{what} is not in the hash");
            let mut bytes = Vec::new();
            venue.engine.save(&mut bytes).unwrap();
            let loaded = Engine::load(&bytes[..], venue.engine.state_hash());
            // The one change after which an order names another's ClOrdID as its last.
            let is_contradiction = matches!(loaded, Err(LoadError::Contradiction(_)));
            assert_eq!(is_contradiction, *what == "last ClOrdID", "{what}");
            assert!(is_contradiction || loaded.is_ok(), "{what} is not taken along");
            for end in (0..bytes.len()).step_by(397) {
                assert!(Engine::load(&bytes[..end], 0).is_err(), "{what}: {end} bytes");
            }
        }
        let mut venue = venue();
        let refused = transfer(50, X, 1, "to nobody");
        let mut events = Vec::new();
        let sequence = venue.engine.sequence;
        venue.apply_one(Command::Deposit(refused), &mut events);
        venue.engine.sequence = sequence;
        assert_ne!(content(&venue.engine), before, "a refused transfer is not in the hash");
    }

    fn next_view() -> BeginEpoch {
        let durability = Durability::LocalDisk;
        BeginEpoch { epoch: Epoch(9), primary: NodeId(1), in_sync: 2, durability, nonce: 3 }
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
        let mut hashes = vec![content(&venue.engine)];
        let command = parse("A cancel-all c", venue.engine.view());
        let mut events = Vec::new();
        venue.apply_one(command, &mut events);
        assert!(venue.engine.has_continuation());
        hashes.push(content(&venue.engine));
        venue.engine.pending = Pending::Nothing;
        hashes.push(content(&venue.engine));
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

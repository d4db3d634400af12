//! An engine made of what [`Engine::save`] wrote.
//!
//! 1. The values come in the order of [`super::archive`]; whatever they name was there before them: an
//!    order's account, a queue's orders.
//! 2. Books, lists and indices are filled by the calls that fill them otherwise, oldest first. Slots and
//!    tables may then lie otherwise than in the engine that was saved; nothing that is told or hashed
//!    depends on that.
//! 3. What contradicts itself is an error and no panic. At the end the engine is saved again, so to speak:
//!    its state hash must be the one that the caller knows, which finds whatever was not restored.

use std::io;

use thiserror::Error;

use crate::engine::Engine;
use crate::engine::archive::tag;
use crate::engine::cl_ord_ids::Queue;
use crate::engine::continuation::{CancelScan, Pending, Scope, StatusScan, Then};
use crate::engine::hash::Mix;
use crate::engine::instruments::Scales;
use crate::engine::ledger::Balance;
use crate::engine::matching::{Count, Taker};
use crate::engine::orders::{Chain, Life};
use crate::engine::slab::NONE;
use crate::engine::transfers::Direction;
use crate::model::limit::{ASSETS_MAX, EVENT_SIZE_MAX, INSTRUMENTS_MAX, REFERENCES_MAX};
use crate::model::wire::{Malformed, Wire};
use crate::model::*;

/// Why bytes are no state of an engine.
#[derive(Debug, Error)]
pub enum LoadError {
    /// They cannot be read, or end too early.
    #[error("the state cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A value is none.
    #[error("the state holds what is no value: {0}")]
    Malformed(#[from] Malformed),
    /// Values do not go together.
    #[error("the state contradicts itself: {0}")]
    Contradiction(&'static str),
    /// All was read, and it is another state.
    #[error("the state has hash {found:016x}, and {expected:016x} is wanted")]
    Hash {
        /// Of what was read.
        found: u64,
        /// The one that the caller named.
        expected: u64,
    },
}

type Loaded<T> = Result<T, LoadError>;

fn must(holds: bool, what: &'static str) -> Loaded<()> {
    if holds { Ok(()) } else { Err(LoadError::Contradiction(what)) }
}

/// Reads value after value.
struct Source<R>(R);

impl<R: io::Read> Source<R> {
    fn value<T: Wire>(&mut self) -> Loaded<T> {
        let mut bytes = [0; EVENT_SIZE_MAX];
        self.0.read_exact(&mut bytes[..T::SIZE])?;
        Ok(T::get(&bytes[..T::SIZE])?)
    }

    fn number(&mut self) -> Loaded<u64> {
        self.value()
    }

    /// Two numbers that were saved as one.
    fn halves(&mut self) -> Loaded<(u32, u32)> {
        let number = self.number()?;
        Ok(((number >> 32) as u32, number as u32))
    }
}

impl Engine {
    /// The engine that [`Engine::save`] wrote, if its state hash is `state_hash`.
    pub fn load(from: impl io::Read, state_hash: u64) -> Result<Self, LoadError> {
        let mut engine = Self::new();
        let from = &mut Source(from);
        if from.value::<u64>()? != 0 {
            let genesis: Genesis = from.value()?;
            engine.begin(&genesis);
        }
        let (epoch, day) = from.halves()?;
        (engine.epoch, engine.day) = (Epoch(epoch), day);
        engine.sequence = from.value()?;
        engine.get_assets(from)?;
        engine.get_instruments(from)?;
        let accounts = engine.get_accounts(from)?;
        let orders = engine.get_orders(from)?;
        for account in accounts {
            engine.get_ids(from, account)?;
            engine.get_listed(from, account)?;
        }
        let has_last = |slot: &u32| engine.orders.chains[*slot].last != NONE;
        must(orders.iter().all(has_last), "an order without its last ClOrdID")?;
        engine.get_books(from)?;
        engine.get_sessions(from)?;
        engine.get_transfers(from)?;
        engine.pending = engine.get_pending(from)?;
        engine.next_view = match from.value::<u64>()? {
            0 => None,
            _ => Some(from.value()?),
        };
        engine.running = Mix::resumed(from.value()?);
        engine.ledger.running = Mix::resumed(from.value()?);
        match engine.state_hash() {
            found if found == state_hash => Ok(engine),
            found => Err(LoadError::Hash { found, expected: state_hash }),
        }
    }

    fn get_assets(&mut self, from: &mut Source<impl io::Read>) -> Loaded<()> {
        for _ in 0..from.number()? {
            let asset: Asset = from.value()?;
            must(asset.id.index() < ASSETS_MAX && self.genesis.is_some(), "an asset's id")?;
            self.assets.set(asset);
            let (total, venue) = (from.value()?, from.value()?);
            self.ledger.restore_own(asset.id, total, venue);
        }
        Ok(())
    }

    fn get_instruments(&mut self, from: &mut Source<impl io::Read>) -> Loaded<()> {
        for _ in 0..from.number()? {
            let definition: Instrument = from.value()?;
            must(definition.id.0 < self.instruments.limit, "an instrument's id")?;
            let base = self.assets.get(definition.base);
            let quote = self.assets.get(definition.quote);
            let (Some(base), Some(quote)) = (base, quote) else {
                return Err(LoadError::Contradiction("an instrument's assets"));
            };
            must(definition.quantity_scale <= base.scale, "an instrument's scales")?;
            let scales = Scales::new(&definition, base.scale, quote.scale);
            self.instruments.set(definition, scales);
            let slot = self.instruments.slot_mut(definition.id);
            let last_trade: Price = from.value()?;
            if last_trade != Price::ZERO {
                slot.trade_at(last_trade);
            }
            slot.ordered = from.value()?;
            slot.traded = from.value()?;
            slot.open_orders = from.value()?;
        }
        Ok(())
    }

    fn get_accounts(&mut self, from: &mut Source<impl io::Read>) -> Loaded<Vec<AccountId>> {
        let assets: Vec<AssetId> = self.assets.iter().map(|asset| asset.id).collect();
        let mut accounts = Vec::new();
        for _ in 0..from.number()? {
            let id: AccountId = from.value()?;
            must(id >= AccountId::FIRST && id.0 < self.accounts.limit, "an account's id")?;
            self.accounts.open(id);
            self.accounts.slot(id).state = from.value()?;
            for asset in &assets {
                let balance = Balance { free: from.value()?, held: from.value()? };
                if balance != Balance::default() {
                    self.ledger.restore(id, *asset, balance);
                }
            }
            accounts.push(id);
        }
        Ok(accounts)
    }

    fn get_orders(&mut self, from: &mut Source<impl io::Read>) -> Loaded<Vec<u32>> {
        let mut slots = Vec::new();
        for _ in 0..from.number()? {
            let told: Execution = from.value()?;
            must(self.accounts.get(told.account).is_some(), "an order's account")?;
            must(told.instrument.index() < INSTRUMENTS_MAX, "an order's instrument")?;
            let Some(instrument) = self.instruments.get(told.instrument) else {
                return Err(LoadError::Contradiction("an order's instrument"));
            };
            must(self.orders.find(told.order).is_none(), "an order that is there twice")?;
            let pays = self.ledger.slot(told.account, instrument.paid_with(told.side));
            let session = from.value()?;
            let mut chain = Chain::restored(&told, session, pays);
            chain.fee_remainder = from.value()?;
            chain.shown = from.value()?;
            chain.life = life(from.number()?)?;
            slots.push(self.orders.remember(chain));
        }
        Ok(slots)
    }

    /// The slot of an order that was read.
    fn order_slot(&self, id: OrderId) -> Loaded<u32> {
        self.orders.find(id).ok_or(LoadError::Contradiction("an order that is not there"))
    }

    /// The same, or none.
    fn order_slot_or_none(&self, id: OrderId) -> Loaded<u32> {
        if id == OrderId::NONE { Ok(NONE) } else { self.order_slot(id) }
    }

    fn get_ids(&mut self, from: &mut Source<impl io::Read>, account: AccountId) -> Loaded<()> {
        let (ids, ids_today) = from.halves()?;
        let (overdue, ids_day) = from.halves()?;
        let mut queues = [Queue::EMPTY; 2];
        for (queue, count) in queues.iter_mut().zip([ids, overdue]) {
            for _ in 0..count {
                let id: ClOrdId = from.value()?;
                let hash: u32 = from.value()?;
                let chain = self.order_slot(from.value()?)?;
                let is_last: bool = from.value()?;
                must(self.orders.chains[chain].account == account, "a ClOrdID's account")?;
                must(!self.ids.is_full(), "more ClOrdIDs than there is room for")?;
                let slot = self.ids.restore(queue, chain, &id, hash);
                let order = &mut self.orders.chains[chain];
                order.ids += 1;
                if is_last {
                    order.last = slot;
                }
            }
        }
        let slot = self.accounts.slot(account);
        [slot.ids, slot.overdue_ids] = queues;
        (slot.ids_today, slot.ids_day) = (ids_today, ids_day);
        Ok(())
    }

    /// An account's open orders.
    fn get_listed(&mut self, from: &mut Source<impl io::Read>, account: AccountId) -> Loaded<()> {
        let mut before = OrderId::NONE;
        for _ in 0..from.number()? {
            let id: OrderId = from.value()?;
            let slot = self.order_slot(id)?;
            let order = &self.orders.chains[slot];
            must(order.account == account && order.is_listed(), "an open order's account")?;
            must(id > before, "an account's orders")?;
            before = id;
            self.accounts.list(&mut self.orders, slot);
            self.orders.listed += 1;
        }
        Ok(())
    }

    fn get_books(&mut self, from: &mut Source<impl io::Read>) -> Loaded<()> {
        let instruments: Vec<InstrumentId> =
            self.view().instruments().map(|instrument| instrument.id).collect();
        for id in instruments {
            for side in [Side::Buy, Side::Sell] {
                for _ in 0..from.number()? {
                    let rank: i64 = from.value()?;
                    for _ in 0..from.number()? {
                        let slot = self.order_slot(from.value()?)?;
                        let order = &self.orders.chains[slot];
                        let is_here = order.instrument() == id && order.side == side;
                        let is_free = order.next == NONE && order.prev == NONE;
                        must(is_here && is_free && order.is_listed(), "an order of a book")?;
                        let ladder = self.instruments.slot_mut(id).ladder(side);
                        ladder.push(&mut self.blocks, &mut self.orders.chains, rank, slot);
                    }
                }
            }
        }
        Ok(())
    }

    fn get_sessions(&mut self, from: &mut Source<impl io::Read>) -> Loaded<()> {
        for _ in 0..from.number()? {
            let definition: SessionDefinition = from.value()?;
            must(definition.id.0 < self.sessions.limit, "a session's id")?;
            self.sessions.set(definition);
            let Some(session) = self.sessions.get_mut(definition.id) else { continue };
            session.generation = from.value()?;
            session.connected = from.value()?;
            session.gateway = from.value()?;
            session.connection = from.value()?;
            session.next_in = from.value()?;
            session.next_out = from.value()?;
        }
        Ok(())
    }

    fn get_transfers(&mut self, from: &mut Source<impl io::Read>) -> Loaded<()> {
        let count = from.number()?;
        must(count <= REFERENCES_MAX as u64, "more transfers than there is room for")?;
        for _ in 0..count {
            let reference: Reference = from.value()?;
            let direction = match from.number()? {
                0 => Direction::In,
                1 => Direction::Out,
                value => return Err(Malformed { what: "Direction", value }.into()),
            };
            let (account, asset) = (from.value()?, from.value()?);
            let (amount, outcome) = (from.value()?, from.value()?);
            self.transfers.restore(reference, direction, (account, asset), amount, outcome);
        }
        Ok(())
    }

    fn get_pending(&self, from: &mut Source<impl io::Read>) -> Loaded<Pending> {
        Ok(match from.number()? {
            tag::NOTHING => Pending::Nothing,
            tag::COUNT => {
                let taker = self.get_taker(from)?;
                let at = self.order_slot_or_none(from.value()?)?;
                let (before, leaves, shown) = (from.value()?, from.value()?, from.value()?);
                Pending::Count(taker, Count { before, leaves, shown, rank: from.value()?, at })
            }
            tag::SWEEP => Pending::Sweep(self.get_taker(from)?),
            tag::CANCEL => {
                let at = self.order_slot_or_none(from.value()?)?;
                let at = (at != NONE).then_some(at);
                Pending::Cancel(CancelScan { at, ..get_scan(from)? })
            }
            tag::ROLLOVER => {
                let account = from.value()?;
                Pending::Rollover(account, self.order_slot_or_none(from.value()?)?)
            }
            tag::FORGET => Pending::Forget(from.value()?, from.value()?),
            tag::EPOCH => Pending::Epoch(from.value()?, from.value()?),
            tag::STATUS_COUNT => {
                let (request, scan) = self.get_status(from)?;
                Pending::StatusCount(request, scan)
            }
            tag::STATUS_REPORT => {
                let (request, scan) = self.get_status(from)?;
                Pending::StatusReport(request, scan)
            }
            tag::SECURITY_LIST => Pending::SecurityList(from.value()?, from.value()?),
            value => return Err(Malformed { what: "Pending", value }.into()),
        })
    }

    fn get_taker(&self, from: &mut Source<impl io::Read>) -> Loaded<Taker> {
        let slot = self.order_slot(from.value()?)?;
        let chain = &self.orders.chains[slot];
        Ok(Taker {
            chain: slot,
            instrument: chain.instrument(),
            account: chain.account,
            side: chain.side,
            mode: from.value()?,
            rests: from.value()?,
            by_quote: from.value()?,
            limit: from.value()?,
            leaves: from.value()?,
            rest: from.value()?,
            hold: from.value()?,
            pays: chain.pays,
            // Looked up where it first gets something.
            gets: NONE,
            is_listed: from.value()?,
        })
    }

    fn get_status(&self, from: &mut Source<impl io::Read>) -> Loaded<(MassStatus, StatusScan)> {
        let request = from.value()?;
        let at = self.order_slot_or_none(from.value()?)?;
        Ok((request, StatusScan { at, total: from.value()?, told: from.value()? }))
    }
}

fn get_scan(from: &mut Source<impl io::Read>) -> Loaded<CancelScan> {
    let (account, why) = (from.value()?, from.value()?);
    let scope = match from.number()? {
        tag::SESSION => Scope::Session(from.value()?),
        tag::FILTER => Scope::Filter(from.value()?, from.value()?, from.value()?),
        value => return Err(Malformed { what: "Scope", value }.into()),
    };
    let affected = from.value()?;
    let then = match from.number()? {
        tag::NOTHING => Then::Nothing,
        tag::REPORT => Then::Report(from.value()?, from.value()?),
        tag::ANSWER => Then::Answer(from.value()?),
        value => return Err(Malformed { what: "Then", value }.into()),
    };
    Ok(CancelScan { account, scope, why, at: None, affected, then })
}

fn life(value: u64) -> Loaded<Life> {
    const LIVES: [Life; 5] =
        [Life::Coming, Life::Resting, Life::Filled, Life::Canceled, Life::Expired];
    let known = LIVES.into_iter().find(|life| *life as u64 == value);
    known.ok_or_else(|| Malformed { what: "Life", value }.into())
}

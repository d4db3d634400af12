//! Accounts: whether each may trade, its open orders in order, and how many it has in an instrument.

use crate::engine::cl_ord_ids::Queue;
use crate::engine::foresee::Fetch;
use crate::engine::orders::Orders;
use crate::engine::slab::{HashIndex, Keyed, Linked, NONE, Slab, reserved, spread};
use crate::model::limit::EngineLimits;
use crate::model::*;

/// An account.
#[derive(Clone, Copy)]
pub(super) struct AccountSlot {
    pub(super) is_open: bool,
    pub(super) state: AccountState,
    /// Its open order with the lowest id.
    pub(super) first: u32,
    /// Its open order with the highest id.
    pub(super) last: u32,
    /// Its ClOrdIDs that are not overdue.
    pub(super) ids: Queue,
    /// Those that were due while their order was open.
    pub(super) overdue_ids: Queue,
    /// ClOrdIDs accepted on `ids_day`.
    pub(super) ids_today: u32,
    pub(super) ids_day: u32,
}

impl AccountSlot {
    const CLOSED: Self = Self {
        is_open: false,
        state: AccountState::Active,
        first: NONE,
        last: NONE,
        ids: Queue::EMPTY,
        overdue_ids: Queue::EMPTY,
        ids_today: 0,
        ids_day: 0,
    };
}

/// How many open orders an account has in an instrument; only where it has one.
#[derive(Clone, Copy)]
struct Count {
    account: AccountId,
    instrument: InstrumentId,
    count: u32,
    link: u32,
}

impl Linked for Count {
    fn link(&self) -> u32 {
        self.link
    }
    fn set_link(&mut self, next: u32) {
        self.link = next;
    }
}

fn count_hash(account: AccountId, instrument: InstrumentId) -> u32 {
    spread(u64::from(account.0) << 32 | u64::from(instrument.0))
}

impl Keyed for Count {
    fn key_hash(&self) -> u32 {
        count_hash(self.account, self.instrument)
    }
}

/// All accounts, by id.
#[derive(Default)]
pub(super) struct Accounts {
    slots: Vec<AccountSlot>,
    counts: Slab<Count>,
    counted: HashIndex,
    pub(super) limit: u32,
}

impl Accounts {
    pub(super) fn new(limits: &EngineLimits) -> Self {
        Self {
            slots: reserved(limits.accounts_max as usize),
            counts: Slab::with_capacity(limits.orders_max as usize),
            counted: HashIndex::with_capacity(limits.orders_max as usize),
            limit: limits.accounts_max,
        }
    }

    /// Ids below which every account lies.
    pub(super) fn end(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The account, if a participant has it.
    #[inline]
    pub(super) fn get(&self, id: AccountId) -> Option<&AccountSlot> {
        self.slots.get(id.index()).filter(|slot| slot.is_open)
    }

    /// An account that is open.
    #[inline]
    pub(super) fn slot(&mut self, id: AccountId) -> &mut AccountSlot {
        &mut self.slots[id.index()]
    }

    /// Opens an account within the limit.
    pub(super) fn open(&mut self, id: AccountId) {
        assert!(id >= AccountId::FIRST && id.0 < self.limit);
        if id.index() >= self.slots.len() {
            self.slots.resize(id.index() + 1, AccountSlot::CLOSED);
        }
        self.slots[id.index()].is_open = true;
    }

    /// Fetches an account.
    #[inline]
    pub(super) fn foresee(&self, id: AccountId, fetch: &impl Fetch) {
        if let Some(slot) = self.slots.get(id.index()) {
            fetch.fetch(slot);
        }
    }

    /// Fetches where an account's orders in an instrument are counted.
    #[inline]
    pub(super) fn foresee_count(
        &self,
        account: AccountId,
        instrument: InstrumentId,
        fetch: &impl Fetch,
    ) {
        self.counted.foresee(count_hash(account, instrument), fetch);
    }

    /// How many open orders the account has in the instrument.
    #[inline]
    pub(super) fn open_orders(&self, account: AccountId, instrument: InstrumentId) -> u32 {
        self.count(account, instrument).map_or(0, |slot| self.counts[slot].count)
    }

    #[inline]
    fn count(&self, account: AccountId, instrument: InstrumentId) -> Option<u32> {
        let is = |count: &Count| count.account == account && count.instrument == instrument;
        self.counted.find(&self.counts, count_hash(account, instrument), is)
    }

    /// Puts a resting order at the end of its account's list, and counts it.
    pub(super) fn list(&mut self, orders: &mut Orders, open: u32) {
        let order = &mut orders.chains[open];
        let (account, instrument) = (order.account, order.instrument());
        let slot = &mut self.slots[account.index()];
        let last = std::mem::replace(&mut slot.last, open);
        order.account_prev = last;
        order.account_next = NONE;
        match last {
            NONE => slot.first = open,
            last => orders.chains[last].account_next = open,
        }
        match self.count(account, instrument) {
            Some(slot) => self.counts[slot].count += 1,
            None => {
                let slot = self.counts.insert(Count { account, instrument, count: 1, link: NONE });
                self.counted.insert(count_hash(account, instrument), slot);
            }
        }
    }

    /// Takes an order that rests no more out of its account's list.
    pub(super) fn unlist(&mut self, orders: &mut Orders, open: u32) {
        let order = &orders.chains[open];
        let (account, instrument) = (order.account, order.instrument());
        let slot = &mut self.slots[account.index()];
        let (next, prev) = (order.account_next, order.account_prev);
        match prev {
            NONE => slot.first = next,
            prev => orders.chains[prev].account_next = next,
        }
        match next {
            NONE => slot.last = prev,
            next => orders.chains[next].account_prev = prev,
        }
        let count = self.count(account, instrument).expect("a listed order is counted");
        self.counts[count].count -= 1;
        if self.counts[count].count == 0 {
            self.counted.remove(&self.counts, count);
            self.counts.remove(count);
        }
    }
}

//! Accounts: whether each may trade, its open orders in order, and how many it has in an instrument.
//!
//! An account that has fewer open orders than an instrument allows needs no count of its orders there.
//! Where it has few, they are counted when that is asked; only where it has many are they counted as they
//! come and go. So what most accounts have is one number.

use crate::engine::cl_ord_ids::Queue;
use crate::engine::foresee::Fetch;
use crate::engine::orders::Orders;
use crate::engine::slab::{HashIndex, Keyed, Linked, NONE, Slab, reserved, spread};
use crate::model::limit::EngineLimits;
use crate::model::*;

/// An account with more open orders than this has them counted by instrument, until it has less than
/// half of that.
const COUNTED_FROM: u32 = 64;

/// An account.
#[derive(Clone, Copy)]
pub(super) struct AccountSlot {
    pub(super) is_open: bool,
    pub(super) state: AccountState,
    /// Its open orders are counted by instrument.
    is_counted: bool,
    /// How many open orders it has.
    open: u32,
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
        is_counted: false,
        open: 0,
        first: NONE,
        last: NONE,
        ids: Queue::EMPTY,
        overdue_ids: Queue::EMPTY,
        ids_today: 0,
        ids_day: 0,
    };
}

/// How many open orders an account that has many has in an instrument; only where it has one.
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

    /// Whether the account may have another open order in the instrument; if not, how many it has.
    #[inline]
    pub(super) fn check_room(
        &self,
        orders: &Orders,
        account: AccountId,
        instrument: InstrumentId,
        most: u32,
    ) -> Result<(), u32> {
        if self.slots[account.index()].open < most {
            return Ok(());
        }
        let open = self.open_orders(orders, account, instrument);
        if open < most { Ok(()) } else { Err(open) }
    }

    /// How many open orders the account has in the instrument.
    #[cold]
    pub(super) fn open_orders(
        &self,
        orders: &Orders,
        account: AccountId,
        instrument: InstrumentId,
    ) -> u32 {
        let slot = &self.slots[account.index()];
        if slot.is_counted {
            return self.count(account, instrument).map_or(0, |count| self.counts[count].count);
        }
        let is_there = |open: &u32| orders.chains[*open].instrument() == instrument;
        orders.listed_from(slot.first).filter(is_there).count() as u32
    }

    fn count(&self, account: AccountId, instrument: InstrumentId) -> Option<u32> {
        let is = |count: &Count| count.account == account && count.instrument == instrument;
        self.counted.find(&self.counts, count_hash(account, instrument), is)
    }

    /// Counts an order that is open now.
    fn count_up(&mut self, account: AccountId, instrument: InstrumentId) {
        match self.count(account, instrument) {
            Some(slot) => self.counts[slot].count += 1,
            None => {
                let slot = self.counts.insert(Count { account, instrument, count: 1, link: NONE });
                self.counted.insert(count_hash(account, instrument), slot);
            }
        }
    }

    /// Counts an order no more.
    fn count_down(&mut self, account: AccountId, instrument: InstrumentId) {
        let count = self.count(account, instrument).expect("a listed order is counted");
        self.counts[count].count -= 1;
        if self.counts[count].count == 0 {
            self.counted.remove(&self.counts, count);
            self.counts.remove(count);
        }
    }

    /// An account with many orders has each instrument's counted from now on.
    #[cold]
    fn begin_to_count(&mut self, orders: &Orders, account: AccountId) {
        let slot = &mut self.slots[account.index()];
        slot.is_counted = true;
        for open in orders.listed_from(slot.first) {
            self.count_up(account, orders.chains[open].instrument());
        }
    }

    /// An account with few orders has them counted no more.
    #[cold]
    fn end_to_count(&mut self, orders: &Orders, account: AccountId) {
        let slot = &mut self.slots[account.index()];
        slot.is_counted = false;
        for open in orders.listed_from(slot.first) {
            self.count_down(account, orders.chains[open].instrument());
        }
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
        slot.open += 1;
        if slot.is_counted {
            self.count_up(account, instrument);
        } else if slot.open > COUNTED_FROM {
            self.begin_to_count(orders, account);
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
        slot.open -= 1;
        if slot.is_counted {
            let is_few = slot.open < COUNTED_FROM / 2;
            self.count_down(account, instrument);
            if is_few {
                self.end_to_count(orders, account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::script::{Venue, instrument};

    /// Puts orders of A and cancels them again, from `low` to `high` and back; each record is audited,
    /// the counts with it.
    fn up_and_down(venue: &mut Venue, (low, high): (u32, u32)) {
        for number in low..high {
            let told = venue.run(&format!("A buy i{number} 1@{}", 60 + number % 30));
            assert!(!told.contains("rejected"), "{told}");
        }
        for number in low..high {
            venue.run(&format!("A cancel c{number} of=i{number}"));
        }
    }

    #[test]
    fn many_open_orders_are_counted_as_exactly_as_few() {
        let most = COUNTED_FROM + 10;
        let mut venue = Venue::with(Instrument { open_orders_max: most, ..instrument() });
        up_and_down(&mut venue, (0, most));
        assert!(!venue.engine.accounts.slots[2].is_counted);
        assert_eq!(venue.engine.accounts.counts.live(), 0);
        for number in 200..200 + most {
            venue.run(&format!("A buy i{number} 1@{}", 60 + number % 30));
        }
        assert!(venue.engine.accounts.slots[2].is_counted);
        let told = venue.run("A buy more 1@60");
        assert!(told.contains("TooManyOpenOrders"), "{told}");
        venue.run("A cancel c of=i200");
        let told = venue.run("A buy again 1@60");
        assert!(!told.contains("TooManyOpenOrders"), "{told}");
    }

    #[test]
    fn a_limit_below_what_is_counted_holds_too() {
        let mut venue = Venue::with(Instrument { open_orders_max: 3, ..instrument() });
        venue.run("A buy a 1@60\nA buy b 1@60\nA buy c 1@61");
        let told = venue.run("A buy d 1@61");
        assert!(told.contains("TooManyOpenOrders"), "{told}");
    }
}

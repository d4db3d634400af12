//! ClOrdIDs: which were used, and by which orders.
//!
//! 1. An id of an accepted order, cancel or replace points to its order's chain. It is found by the
//!    keyed hash that came with the command; then the bytes and the account are compared.
//! 2. Each account has a queue of its ids, oldest first. An id at its head is due once it is neither
//!    of this trading day nor among the account's last [`EngineLimits::cl_ord_ids_kept`].
//! 3. A due id is forgotten, unless it is the last of an open order: then it goes into the account's
//!    second queue, of overdue ids. Whenever no id is due, the oldest overdue one is looked at, and is
//!    forgotten or goes to the back.
//! 4. Each id that is remembered looks at two ids of its account, a request that finds the memory full
//!    at [`LOOKED_AT_WHEN_FULL`], and the end of the day at all ids that are due, of all accounts.
//! 5. New orders and replaces leave some room to cancels.

use crate::engine::accounts::AccountSlot;
use crate::engine::foresee::Fetch;
use crate::engine::orders::Orders;
use crate::engine::slab::{HashIndex, Keyed, Linked, NONE, Slab};
use crate::model::limit::EngineLimits;
use crate::model::*;

/// Ids that are looked at for each new one: one more than are added.
const DUE_LOOKED_AT: usize = 2;
/// Ids of an account that are looked at before a request of it is refused for want of room.
pub(super) const LOOKED_AT_WHEN_FULL: usize = 64;
/// Of the room for ids, one in so many is kept for cancels.
const RESERVE: u32 = 16;

/// A remembered ClOrdID.
#[derive(Clone, Copy)]
pub(super) struct IdSlot {
    hash: u32,
    pub(super) chain: u32,
    /// The next of its queue, or of the free slots.
    younger: u32,
    pub(super) id: ClOrdId,
}

const _: () = assert!(size_of::<IdSlot>() == 52);

impl Linked for IdSlot {
    fn link(&self) -> u32 {
        self.younger
    }
    fn set_link(&mut self, next: u32) {
        self.younger = next;
    }
}

impl Keyed for IdSlot {
    fn key_hash(&self) -> u32 {
        self.hash
    }
}

/// Ids in the order in which they are looked at.
#[derive(Clone, Copy)]
pub(super) struct Queue {
    pub(super) oldest: u32,
    pub(super) youngest: u32,
    pub(super) count: u32,
}

impl Queue {
    pub(super) const EMPTY: Self = Self { oldest: NONE, youngest: NONE, count: 0 };

    fn push(&mut self, slots: &mut Slab<IdSlot>, slot: u32) {
        slots[slot].younger = NONE;
        match self.youngest {
            NONE => self.oldest = slot,
            youngest => slots[youngest].younger = slot,
        }
        self.youngest = slot;
        self.count += 1;
    }

    fn pop(&mut self, slots: &Slab<IdSlot>) -> u32 {
        let slot = self.oldest;
        self.oldest = slots[slot].younger;
        if self.oldest == NONE {
            self.youngest = NONE;
        }
        self.count -= 1;
        slot
    }
}

impl AccountSlot {
    /// Ids that are not due, of those that are not overdue.
    #[inline(always)]
    fn ids_kept(&self, kept: u32, day: u32) -> u32 {
        let of_today = if self.ids_day == day { self.ids_today } else { 0 };
        kept.max(of_today)
    }

    /// Whether there is an id to look at.
    #[inline(always)]
    fn has_due(&self, kept: u32, day: u32) -> bool {
        self.ids.count > self.ids_kept(kept, day) || self.overdue_ids.count > 0
    }
}

/// All remembered ClOrdIDs.
#[derive(Default)]
pub(super) struct ClOrdIds {
    pub(super) slots: Slab<IdSlot>,
    index: HashIndex,
    limit: u32,
    account_limit: u32,
    /// Ids of an account that stay after their day.
    pub(super) kept: u32,
}

/// The part of a ClOrdID's keyed hash that the index uses.
fn fold(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32
}

impl ClOrdIds {
    pub(super) fn new(limits: &EngineLimits) -> Self {
        let capacity = limits.cl_ord_ids_max as usize;
        Self {
            slots: Slab::with_capacity(capacity),
            index: HashIndex::with_capacity(capacity),
            limit: limits.cl_ord_ids_max,
            account_limit: limits.cl_ord_ids_per_account_max,
            kept: limits.cl_ord_ids_kept,
        }
    }

    /// Whether there is no room for another.
    pub(super) fn is_full(&self) -> bool {
        self.slots.live() >= self.limit
    }

    /// Whether the venue and the account have room for the ClOrdID of an order or a replace.
    #[inline]
    pub(super) fn check_room(&self, account: &AccountSlot) -> Result<(), Refusal> {
        let reserve = (self.limit / RESERVE).max(1);
        if self.slots.live() >= self.limit.saturating_sub(reserve) {
            let limit = i64::from(self.limit);
            return Err(Refusal::new(RejectCode::VenueClOrdIdsFull, 0, limit));
        }
        if account.ids.count + account.overdue_ids.count >= self.account_limit {
            let limit = i64::from(self.account_limit);
            return Err(Refusal::new(RejectCode::AccountClOrdIdsFull, 0, limit));
        }
        Ok(())
    }

    /// All ids of an account: the queue, then those that are overdue.
    pub(super) fn of_account(&self, account: &AccountSlot) -> impl Iterator<Item = &IdSlot> {
        let from = |oldest: u32| {
            let mut at = oldest;
            std::iter::from_fn(move || {
                let slot = (at != NONE).then(|| &self.slots[at])?;
                at = slot.younger;
                Some(slot)
            })
        };
        from(account.ids.oldest).chain(from(account.overdue_ids.oldest))
    }

    /// Fetches where a ClOrdID of that hash is looked for.
    #[inline]
    pub(super) fn foresee(&self, hash: u64, fetch: &impl Fetch) {
        self.index.foresee(fold(hash), fetch);
    }

    /// The slot of the ClOrdID that a hash most likely means.
    #[inline]
    pub(super) fn likely(&self, hash: u64) -> Option<u32> {
        self.index.likely(fold(hash))
    }

    /// The slot of a ClOrdID of the account.
    #[inline]
    pub(super) fn find(
        &self,
        orders: &Orders,
        account: AccountId,
        id: &ClOrdId,
        hash: u64,
    ) -> Option<u32> {
        let is = |slot: &IdSlot| slot.id.is(id) && orders.chains[slot.chain].account == account;
        self.index.find(&self.slots, fold(hash), is)
    }

    /// Remembers an id as the last of its chain. There is room, and it is not remembered yet.
    pub(super) fn remember(
        &mut self,
        orders: &mut Orders,
        account: &mut AccountSlot,
        day: u32,
        chain: u32,
        (id, hash): (&ClOrdId, u64),
    ) {
        assert!(!self.is_full());
        let hash = fold(hash);
        let slot = self.slots.insert(IdSlot { hash, chain, younger: NONE, id: *id });
        self.index.insert(hash, slot);
        let order = &mut orders.chains[chain];
        order.ids += 1;
        order.last = slot;
        account.ids.push(&mut self.slots, slot);
        if account.ids_day != day {
            account.ids_day = day;
            account.ids_today = 0;
        }
        account.ids_today += 1;
        for _ in 0..DUE_LOOKED_AT {
            if !account.has_due(self.kept, day) {
                break;
            }
            self.look(orders, account, day);
        }
    }

    /// Puts an id that a snapshot holds at the end of a queue of its account. There is room.
    pub(super) fn restore(
        &mut self,
        queue: &mut Queue,
        chain: u32,
        id: &ClOrdId,
        hash: u32,
    ) -> u32 {
        let slot = self.slots.insert(IdSlot { hash, chain, younger: NONE, id: *id });
        self.index.insert(hash, slot);
        queue.push(&mut self.slots, slot);
        slot
    }

    /// Looks at the account's oldest id that is due, or else its oldest that is overdue, and forgets
    /// it where it may. False where the account has none.
    pub(super) fn look(
        &mut self,
        orders: &mut Orders,
        account: &mut AccountSlot,
        day: u32,
    ) -> bool {
        let slot = if account.ids.count > account.ids_kept(self.kept, day) {
            account.ids.pop(&self.slots)
        } else if account.overdue_ids.count > 0 {
            account.overdue_ids.pop(&self.slots)
        } else {
            return false;
        };
        let chain = self.slots[slot].chain;
        let order = &orders.chains[chain];
        // The last id of a chain is what its reports show: it goes after all others.
        if order.last == slot && (order.is_open() || order.ids > 1) {
            account.overdue_ids.push(&mut self.slots, slot);
            return true;
        }
        self.index.remove(&self.slots, slot);
        self.slots.remove(slot);
        orders.chains[chain].ids -= 1;
        if orders.chains[chain].ids == 0 {
            orders.forget(chain);
        }
        true
    }
}

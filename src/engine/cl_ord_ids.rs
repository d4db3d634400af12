//! ClOrdIDs: which were used, and by which orders.
//!
//! 1. An id of an accepted order, cancel or replace points to its order's chain. It is found by the
//!    keyed hash that came with the command; then the bytes and the account are compared.
//! 2. Each account has a queue of its ids, oldest first. An id at its head is due once it is neither
//!    of this trading day nor among the account's last `CL_ORD_IDS_KEPT`.
//! 3. A due id is forgotten if its order is closed; while that is open, it goes to the back of the
//!    queue, marked, and is not counted among the last any more.
//! 4. Each id that is remembered looks at two at the head of its account's queue. So the work per
//!    command is fixed, and no rollover has to sweep.

use crate::engine::accounts::AccountSlot;
use crate::engine::foresee::Fetch;
use crate::engine::orders::Orders;
use crate::engine::slab::{HashIndex, Keyed, Linked, NONE, Slab};
use crate::model::limit::{CL_ORD_IDS_KEPT, EngineLimits};
use crate::model::*;

/// Heads of the queue that are looked at for each new id: one more than are added.
const DUE_LOOKED_AT: usize = 2;

/// A remembered ClOrdID.
#[derive(Clone, Copy)]
pub(super) struct IdSlot {
    hash: u32,
    link: u32,
    pub(super) chain: u32,
    /// The account's next younger id.
    pub(super) younger: u32,
    pub(super) id: ClOrdId,
    /// It was due while its order was open.
    pub(super) overdue: bool,
}

const _: () = assert!(size_of::<IdSlot>() <= 56);

impl Linked for IdSlot {
    fn link(&self) -> u32 {
        self.link
    }
    fn set_link(&mut self, next: u32) {
        self.link = next;
    }
}

impl Keyed for IdSlot {
    fn key_hash(&self) -> u32 {
        self.hash
    }
}

/// All remembered ClOrdIDs.
#[derive(Default)]
pub(super) struct ClOrdIds {
    pub(super) slots: Slab<IdSlot>,
    index: HashIndex,
    limit: u32,
    /// Ids of an account that stay after their day.
    pub(super) kept: u64,
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
            kept: CL_ORD_IDS_KEPT,
        }
    }

    /// Whether there is no room for another.
    pub(super) fn is_full(&self) -> bool {
        self.slots.live() >= self.limit
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

    /// The chain that the account used this ClOrdID for.
    #[inline]
    pub(super) fn find(
        &self,
        orders: &Orders,
        account: AccountId,
        id: &ClOrdId,
        hash: u64,
    ) -> Option<u32> {
        let is = |slot: &IdSlot| slot.id.is(id) && orders.chains[slot.chain].account == account;
        self.index.find(&self.slots, fold(hash), is).map(|slot| self.slots[slot].chain)
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
        let slot = IdSlot { hash, link: NONE, chain, younger: NONE, id: *id, overdue: false };
        let slot = self.slots.insert(slot);
        self.index.insert(&mut self.slots, slot);
        orders.chains[chain].ids += 1;
        orders.chains[chain].last = slot;
        self.append(account, slot);
        account.ids += 1;
        if account.ids_day != day {
            account.ids_day = day;
            account.ids_today = 0;
        }
        account.ids_today += 1;
        for _ in 0..DUE_LOOKED_AT {
            self.forget_due(orders, account);
        }
    }

    fn append(&mut self, account: &mut AccountSlot, slot: u32) {
        self.slots[slot].younger = NONE;
        match account.id_youngest {
            NONE => account.id_oldest = slot,
            youngest => self.slots[youngest].younger = slot,
        }
        account.id_youngest = slot;
    }

    /// Looks at the account's oldest id and forgets it where it may.
    fn forget_due(&mut self, orders: &mut Orders, account: &mut AccountSlot) {
        let kept = u64::from(account.ids) <= self.kept;
        if account.ids_overdue == 0 && (kept || account.ids <= account.ids_today) {
            return;
        }
        let slot = account.id_oldest;
        let IdSlot { overdue, chain, younger, .. } = self.slots[slot];
        if !overdue && (kept || account.ids <= account.ids_today) {
            return;
        }
        // The chain's last id is what its reports show: it goes after all others.
        let order = &orders.chains[chain];
        let needed = order.is_open() || (order.last == slot && order.ids > 1);
        account.id_oldest = younger;
        if younger == NONE {
            account.id_youngest = NONE;
        }
        if overdue {
            account.ids_overdue -= 1;
        } else {
            account.ids -= 1;
        }
        if needed {
            account.ids_overdue += 1;
            self.slots[slot].overdue = true;
            self.append(account, slot);
            return;
        }
        self.index.remove(&mut self.slots, slot);
        self.slots.remove(slot);
        orders.chains[chain].ids -= 1;
        if orders.chains[chain].ids == 0 {
            orders.forget(chain);
        }
    }
}

//! The ledger: who has how much of what.
//!
//! 1. Every change takes from one balance what it gives to another, in one call. An account's balance
//!    of an asset has two parts, free and held.
//! 2. The outside account and the venue's have one number an asset, in an array; all others lie in
//!    slots that are found by account and asset, made when the account first receives the asset.
//! 3. What all accounts but the outside have of an asset together is its total, which is what the
//!    outside gave. It never exceeds `AMOUNT_MAX`, so that no sum of balances can overflow.
//! 4. A caller has checked that there is enough; the ledger asserts it.

use crate::engine::foresee::Fetch;
use crate::engine::hash::Mix;
use crate::engine::slab::{HashIndex, Keyed, Linked, NONE, Slab, spread};
use crate::model::limit::{AMOUNT_MAX, EngineLimits};
use crate::model::*;

/// What an account has of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// What it may spend or withdraw.
    pub free: Amount,
    /// What its open orders could cost.
    pub held: Amount,
}

struct BalanceSlot {
    account: AccountId,
    asset: AssetId,
    link: u32,
    balance: Balance,
}

impl Linked for BalanceSlot {
    fn link(&self) -> u32 {
        self.link
    }
    fn set_link(&mut self, next: u32) {
        self.link = next;
    }
}

fn hash(account: AccountId, asset: AssetId) -> u32 {
    spread(u64::from(account.0) << 16 | u64::from(asset.0))
}

impl Keyed for BalanceSlot {
    fn key_hash(&self) -> u32 {
        hash(self.account, self.asset)
    }
}

/// What one asset's own accounts have.
#[derive(Clone, Copy, Default)]
struct Own {
    /// What the outside gave: the asset's total.
    total: i64,
    venue: i64,
}

/// What one side of a fill pays.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paid {
    pub(super) asset: AssetId,
    pub(super) amount: i64,
    /// What of that the venue keeps.
    pub(super) fee: i64,
    /// What was set aside beyond it.
    pub(super) freed: i64,
}

/// All balances.
#[derive(Default)]
pub(super) struct Ledger {
    slots: Slab<BalanceSlot>,
    index: HashIndex,
    own: Vec<Own>,
    /// Folds every change in.
    pub(super) running: Mix,
}

impl Ledger {
    pub(super) fn new(limits: &EngineLimits) -> Self {
        let capacity = limits.accounts_max as usize;
        Self {
            slots: Slab::with_capacity(capacity),
            index: HashIndex::with_capacity(capacity),
            own: vec![Own::default(); crate::model::limit::ASSETS_MAX],
            running: Mix::default(),
        }
    }

    /// Where the account's balance lies, if it ever had one.
    #[inline]
    pub(super) fn find(&self, account: AccountId, asset: AssetId) -> Option<u32> {
        let is = |slot: &BalanceSlot| slot.account == account && slot.asset == asset;
        self.index.find(&self.slots, hash(account, asset), is)
    }

    /// Fetches where a balance is looked for.
    #[inline]
    pub(super) fn foresee(&self, account: AccountId, asset: AssetId, fetch: &impl Fetch) {
        self.index.foresee(hash(account, asset), fetch);
    }

    /// Fetches a balance.
    #[inline]
    pub(super) fn foresee_slot(&self, account: AccountId, asset: AssetId, fetch: &impl Fetch) {
        if let Some(slot) = self.index.likely(hash(account, asset)) {
            fetch.fetch(&self.slots[slot]);
        }
    }

    /// What lies in a slot.
    #[inline]
    pub(super) fn at(&self, slot: u32) -> &Balance {
        &self.slots[slot].balance
    }

    /// Fetches what lies in a slot.
    #[inline]
    pub(super) fn foresee_at(&self, slot: u32, fetch: &impl Fetch) {
        fetch.fetch(&self.slots[slot]);
    }

    /// The slot of an account's balance, which is never given to another.
    #[inline]
    pub(super) fn slot(&mut self, account: AccountId, asset: AssetId) -> u32 {
        self.find(account, asset).unwrap_or_else(|| self.add(account, asset))
    }

    #[cold]
    fn add(&mut self, account: AccountId, asset: AssetId) -> u32 {
        let balance = Balance::default();
        let slot = self.slots.insert(BalanceSlot { account, asset, link: NONE, balance });
        self.index.insert(hash(account, asset), slot);
        slot
    }

    /// Takes a balance over from a snapshot.
    pub(super) fn restore(&mut self, account: AccountId, asset: AssetId, balance: Balance) {
        let slot = self.slot(account, asset);
        self.slots[slot].balance = balance;
    }

    /// Takes over from a snapshot what all have of an asset, and what the venue has.
    pub(super) fn restore_own(&mut self, asset: AssetId, total: Amount, venue: Amount) {
        self.own[asset.index()] = Own { total: total.0, venue: venue.0 };
    }

    /// What an account has of an asset; the outside's is negative.
    #[inline]
    pub(super) fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        let own = self.own.get(asset.index()).copied().unwrap_or_default();
        match account {
            AccountId::OUTSIDE => Balance { free: Amount(-own.total), held: Amount::ZERO },
            AccountId::VENUE => Balance { free: Amount(own.venue), held: Amount::ZERO },
            _ => self.find(account, asset).map_or(Balance::default(), |at| self.slots[at].balance),
        }
    }

    /// What all accounts but the outside have together.
    pub(super) fn total(&self, asset: AssetId) -> Amount {
        self.own.get(asset.index()).map_or(Amount::ZERO, |own| Amount(own.total))
    }

    /// Changes both parts of a participant's balance.
    #[inline(always)]
    fn change(&mut self, slot: u32, free: i64, held: i64) {
        let changed = self.add_to(slot, free, held);
        self.running.fold_all(changed);
    }

    /// Adds to both parts of a participant's balance; what the running hash is to fold in of it.
    #[inline(always)]
    fn add_to(&mut self, slot: u32, free: i64, held: i64) -> [u64; 3] {
        let BalanceSlot { account, asset, balance, .. } = &mut self.slots[slot];
        balance.free.0 += free;
        balance.held.0 += held;
        assert!(balance.free.0 | balance.held.0 >= 0, "no balance is below zero");
        let whose = u64::from(account.0) << 16 | u64::from(asset.0);
        [whose, balance.free.0 as u64, balance.held.0 as u64]
    }

    /// Changes what is set aside of a balance from one amount to another.
    #[inline(always)]
    pub(super) fn hold(&mut self, slot: u32, before: i64, after: i64) {
        assert!(before | after >= 0);
        if before != after {
            self.change(slot, before - after, after - before);
        }
    }

    /// Moves an amount that one balance holds to another, less the fee, which goes to the venue; and
    /// gives the first back what it holds and does not need any more.
    #[inline]
    pub(super) fn settle(&mut self, (from, to): (u32, u32), paid: Paid) {
        let Paid { asset, amount, fee, freed } = paid;
        assert!(0 <= fee && fee <= amount && freed >= 0);
        let [giver, giver_free, giver_held] = self.add_to(from, freed, -amount - freed);
        let [taker, taker_free, taker_held] = self.add_to(to, amount - fee, 0);
        let changed = [giver, giver_free, giver_held, taker, taker_free, taker_held];
        self.running.fold_all(changed);
        self.own[asset.index()].venue += fee;
    }

    /// Money comes in from the outside.
    pub(super) fn deposit(&mut self, account: AccountId, asset: AssetId, amount: i64) {
        let own = &mut self.own[asset.index()];
        assert!(amount > 0 && amount <= AMOUNT_MAX - own.total);
        own.total += amount;
        let slot = self.slot(account, asset);
        self.change(slot, amount, 0);
    }

    /// Money goes out to the outside.
    pub(super) fn withdraw(&mut self, account: AccountId, asset: AssetId, amount: i64) {
        let own = &mut self.own[asset.index()];
        assert!(amount > 0 && amount <= own.total);
        own.total -= amount;
        if account == AccountId::VENUE {
            assert!(amount <= own.venue);
            own.venue -= amount;
            self.running.fold(own.venue as u64);
        } else {
            let slot = self.slot(account, asset);
            self.change(slot, -amount, 0);
        }
    }
}

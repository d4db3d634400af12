//! Deposits and withdrawals, each booked once.
//!
//! 1. A transfer names a reference. An empty one is refused, and so is a known one that comes with
//!    another kind, account, asset or amount; neither refusal is remembered.
//! 2. A known reference with the same figures gets its first outcome again, even a refusal.
//! 3. Any other transfer is checked, booked if it may be, and remembered with its outcome.

use crate::engine::Engine;
use crate::engine::output::{EventSink, Output};
use crate::engine::slab::{HashIndex, Keyed, Linked, NONE, Slab};
use crate::model::limit::{AMOUNT_MAX, REFERENCES_MAX};
use crate::model::*;

/// Where the money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
}

/// A transfer and its outcome.
#[derive(Clone, Copy)]
pub(super) struct Booked {
    pub(super) reference: Reference,
    pub(super) direction: Direction,
    pub(super) account: AccountId,
    pub(super) asset: AssetId,
    pub(super) amount: Amount,
    pub(super) outcome: Refusal,
    hash: u32,
    link: u32,
}

impl Linked for Booked {
    fn link(&self) -> u32 {
        self.link
    }
    fn set_link(&mut self, next: u32) {
        self.link = next;
    }
}

impl Keyed for Booked {
    fn key_hash(&self) -> u32 {
        self.hash
    }
}

/// All transfers, oldest first: none is ever forgotten.
#[derive(Default)]
pub(super) struct Transfers {
    pub(super) booked: Slab<Booked>,
    index: HashIndex,
    secret: HashSecret,
}

impl Transfers {
    pub(super) fn new(secret: HashSecret) -> Self {
        Self {
            booked: Slab::with_capacity(REFERENCES_MAX),
            index: HashIndex::with_capacity(REFERENCES_MAX),
            secret,
        }
    }

    /// Takes a transfer over from a snapshot, after those before it.
    pub(super) fn restore(
        &mut self,
        reference: Reference,
        direction: Direction,
        (account, asset): (AccountId, AssetId),
        amount: Amount,
        outcome: Refusal,
    ) {
        let hash = self.secret.hash(AccountId::OUTSIDE, reference.as_bytes()) as u32;
        let link = NONE;
        let booked = Booked { reference, direction, account, asset, amount, outcome, hash, link };
        let slot = self.booked.insert(booked);
        self.index.insert(hash, slot);
    }

    /// Whether a transfer has named this reference.
    pub(super) fn knows(&self, reference: &Reference) -> bool {
        let hash = self.secret.hash(AccountId::OUTSIDE, reference.as_bytes()) as u32;
        self.index.find(&self.booked, hash, |booked| booked.reference == *reference).is_some()
    }
}

impl Engine {
    pub(super) fn deposit(&mut self, out: &mut Output<'_, impl EventSink>, transfer: &Transfer) {
        self.transfer(out, transfer, Direction::In);
    }

    pub(super) fn withdraw(&mut self, out: &mut Output<'_, impl EventSink>, transfer: &Transfer) {
        self.transfer(out, transfer, Direction::Out);
    }

    fn transfer(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        transfer: &Transfer,
        direction: Direction,
    ) {
        let Transfer { request, account, asset, amount, reference } = *transfer;
        if reference.is_empty() {
            return out.answer(request, Err(Refusal::plain(RejectCode::ReferenceReused)));
        }
        let hash = self.transfers.secret.hash(AccountId::OUTSIDE, reference.as_bytes()) as u32;
        let is = |booked: &Booked| booked.reference == reference;
        if let Some(slot) = self.transfers.index.find(&self.transfers.booked, hash, is) {
            let first = &self.transfers.booked[slot];
            let told = (first.direction, first.account, first.asset, first.amount);
            if told != (direction, account, asset, amount) {
                return out.answer(request, Err(Refusal::plain(RejectCode::ReferenceReused)));
            }
            let refusal = first.outcome;
            return out.answer_with(OperatorAnswer { request, refusal, repeated: true });
        }
        if self.transfers.booked.live() as usize >= REFERENCES_MAX {
            let refusal = Refusal::new(RejectCode::TooMany, 0, REFERENCES_MAX as i64);
            return out.answer(request, Err(refusal));
        }
        let outcome = self.check_transfer(transfer, direction).err().unwrap_or(Refusal::NONE);
        if outcome.code == RejectCode::None {
            match direction {
                Direction::In => self.ledger.deposit(account, asset, amount.0),
                Direction::Out => self.ledger.withdraw(account, asset, amount.0),
            }
        }
        let link = NONE;
        let booked = Booked { reference, direction, account, asset, amount, outcome, hash, link };
        let slot = self.transfers.booked.insert(booked);
        self.transfers.index.insert(hash, slot);
        out.answer_with(OperatorAnswer { request, refusal: outcome, repeated: false });
    }

    fn check_transfer(&self, transfer: &Transfer, direction: Direction) -> Result<(), Refusal> {
        let Transfer { account, asset, amount, .. } = *transfer;
        if amount.0 <= 0 {
            return Err(Refusal::new(RejectCode::OutOfRange, amount.0, 1));
        }
        let venue_pays = account == AccountId::VENUE && direction == Direction::Out;
        if !venue_pays && self.accounts.get(account).is_none() {
            return Err(Refusal::new(RejectCode::UnknownAccount, i64::from(account.0), 0));
        }
        if self.assets.get(asset).is_none() {
            return Err(Refusal::new(RejectCode::UnknownAsset, i64::from(asset.0), 0));
        }
        let (code, most) = match direction {
            Direction::In => {
                (RejectCode::AssetTotalExceeded, AMOUNT_MAX - self.ledger.total(asset).0)
            }
            Direction::Out => {
                (RejectCode::InsufficientBalance, self.ledger.balance(account, asset).free.0)
            }
        };
        if amount.0 > most { Err(Refusal::new(code, amount.0, most)) } else { Ok(()) }
    }
}

//! What one record cannot finish within its events is gone on with by the next.
//!
//! 1. A job that runs out of events, or has looked at enough orders, stores where it stands as
//!    [`Pending`] and returns.
//! 2. The next record is then a `Continue`, which takes the job out and runs it on. Nothing else is
//!    applied in between, so a job finds everything as it left it.
//! 3. A scan cancels or reports an account's orders ascending by OrderID. It stands on an order:
//!    the next one to look at.

use crate::engine::Engine;
use crate::engine::accounts::AccountSlot;
use crate::engine::matching::{Count, Taker};
use crate::engine::orders::{Chain, Life};
use crate::engine::output::{Done, EventSink, Output};
use crate::engine::slab::NONE;
use crate::model::*;

/// Most orders that one record looks at.
pub(super) const ORDERS_LOOKED_AT: usize = 1_024;
/// Most ClOrdIDs that one record of a rollover looks at.
const IDS_LOOKED_AT: usize = 1_024;
/// Most accounts that one record looks at: they are far cheaper.
const ACCOUNTS_LOOKED_AT: u32 = 65_536;

/// What the next `Continue` goes on with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pending {
    Nothing,
    /// A fill-or-kill order counts what it could trade.
    Count(Taker, Count),
    /// An order trades.
    Sweep(Taker),
    /// Orders are canceled.
    Cancel(CancelScan),
    /// Day orders expire: the account, and the next of its orders.
    Rollover(u32, u32),
    /// ClOrdIDs that are due are forgotten: the account, and how many more of its are looked at.
    Forget(u32, u32),
    /// Connections end: the next session.
    Epoch(BeginEpoch, u32),
    /// Open orders are counted for a mass status request.
    StatusCount(MassStatus, StatusScan),
    /// Open orders are reported.
    StatusReport(MassStatus, StatusScan),
    /// Instruments are listed: the next one.
    SecurityList(SecurityListRequest, u32),
}

/// Which of an account's orders a scan is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those that a session entered.
    Session(SessionId),
    /// Those that a request names.
    Filter(MassCancelScope, InstrumentId, SideFilter),
}

impl Scope {
    /// All of them.
    pub(super) const ALL: Self =
        Self::Filter(MassCancelScope::All, InstrumentId(0), SideFilter::Both);
}

/// What is done when a scan has canceled all.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    Nothing,
    /// The request is answered to that session.
    Report(SessionId, MassCancelReport),
    /// The operator is answered.
    Answer(u64),
}

/// Cancels orders of an account.
#[derive(Debug, Clone, Copy)]
pub(super) struct CancelScan {
    pub(super) account: AccountId,
    pub(super) scope: Scope,
    pub(super) why: Cause,
    /// The next to look at; none before the first.
    pub(super) at: Option<u32>,
    pub(super) affected: u32,
    pub(super) then: Then,
}

impl CancelScan {
    pub(super) fn new(account: AccountId, scope: Scope, why: Cause) -> Self {
        Self { account, scope, why, at: None, affected: 0, then: Then::Nothing }
    }

    pub(super) fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }
}

/// Goes through open orders for a mass status request.
#[derive(Debug, Clone, Copy)]
pub(super) struct StatusScan {
    pub(super) at: u32,
    pub(super) total: u32,
    pub(super) told: u32,
}

impl Engine {
    /// Goes on with what is pending, if anything is.
    pub(super) fn go_on(&mut self, out: &mut Output<'_, impl EventSink>) {
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => {}
            Pending::Count(taker, count) => self.count(out, taker, count),
            Pending::Sweep(taker) => self.sweep(out, taker),
            Pending::Cancel(scan) => self.cancel_scan(out, scan),
            Pending::Rollover(account, at) => self.expire(out, account, at),
            Pending::Forget(account, left) => self.forget_due(out, account, left),
            Pending::Epoch(view, first) => self.end_sessions(out, view, first),
            Pending::StatusCount(request, scan) => self.count_status(out, request, scan),
            Pending::StatusReport(request, scan) => self.report_status(out, request, scan),
            Pending::SecurityList(request, first) => self.list_securities(out, request, first),
        }
        if let Pending::Nothing = self.pending
            && let Some(view) = self.next_view.take()
        {
            self.pending = Pending::Epoch(view, 0);
        }
    }

    /// Whether an open order is one that the scan is about.
    pub(super) fn matches(&self, open: u32, scope: Scope) -> bool {
        let chain = &self.orders.chains[open];
        match scope {
            Scope::Session(session) => chain.session == session,
            Scope::Filter(scope, instrument, side) => {
                let side_fits = match side {
                    SideFilter::Both => true,
                    SideFilter::Buy => chain.side == Side::Buy,
                    SideFilter::Sell => chain.side == Side::Sell,
                };
                side_fits && (scope == MassCancelScope::All || chain.instrument() == instrument)
            }
        }
    }

    /// The account's open order with the lowest id, or none.
    pub(super) fn first_order(&self, account: AccountId) -> u32 {
        self.accounts.get(account).map_or(NONE, |account| account.first)
    }

    /// Cancels on, and does what comes after.
    pub(super) fn cancel_scan(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        mut scan: CancelScan,
    ) {
        let mut at = scan.at.unwrap_or_else(|| self.first_order(scan.account));
        let mut looked_at = 0;
        while at != NONE {
            // One event is kept for what comes after.
            if out.room() < 2 || looked_at == ORDERS_LOOKED_AT {
                scan.at = Some(at);
                self.pending = Pending::Cancel(scan);
                return;
            }
            looked_at += 1;
            let account_next = self.orders.chains[at].account_next;
            if self.matches(at, scan.scope) {
                self.close_resting(at, Life::Canceled);
                self.tell_closed(out, at, scan.why);
                scan.affected += 1;
            }
            at = account_next;
        }
        match scan.then {
            Then::Nothing => {}
            Then::Report(session, report) => {
                let report = MassCancelReport { affected: scan.affected, ..report };
                self.tell(out, session, EventBody::MassCancelReport(report));
            }
            Then::Answer(request) => out.answer(request, Ok(Done::Now)),
        }
    }

    pub(super) fn rollover(&mut self, out: &mut Output<'_, impl EventSink>, rollover: &Rollover) {
        if rollover.day > self.day {
            self.day = rollover.day;
            self.expire(out, 0, self.first_order(AccountId(0)));
        }
    }

    /// Expires day orders from one of an account on, then forgets ClOrdIDs.
    fn expire(&mut self, out: &mut Output<'_, impl EventSink>, mut account: u32, mut at: u32) {
        let mut looked_at = 0;
        let accounts_end = account.saturating_add(ACCOUNTS_LOOKED_AT);
        loop {
            while at != NONE {
                if out.room() < 2 || looked_at == ORDERS_LOOKED_AT {
                    self.pending = Pending::Rollover(account, at);
                    return;
                }
                looked_at += 1;
                let Chain { account_next, time_in_force, .. } = self.orders.chains[at];
                if time_in_force == TimeInForce::Day {
                    self.close_resting(at, Life::Expired);
                    self.tell_closed(out, at, Cause::Rollover);
                }
                at = account_next;
            }
            account += 1;
            if account >= self.accounts.end() {
                break;
            }
            at = self.first_order(AccountId(account));
            if account == accounts_end {
                self.pending = Pending::Rollover(account, at);
                return;
            }
        }
        self.forget_due(out, 0, self.ids_held(0));
    }

    /// How many ClOrdIDs an account has.
    fn ids_held(&self, account: u32) -> u32 {
        let held = |account: &AccountSlot| account.ids.count + account.overdue_ids.count;
        self.accounts.get(AccountId(account)).map_or(0, held)
    }

    /// Forgets the ClOrdIDs that are due, from one account on, then announces the day. Each account's
    /// are looked at once.
    fn forget_due(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        mut account: u32,
        mut left: u32,
    ) {
        let mut looked_at = 0;
        let accounts_end = account.saturating_add(ACCOUNTS_LOOKED_AT);
        loop {
            while left > 0 {
                if looked_at == IDS_LOOKED_AT {
                    self.pending = Pending::Forget(account, left);
                    return;
                }
                looked_at += 1;
                let slot = self.accounts.slot(AccountId(account));
                left = match self.ids.look(&mut self.orders, slot, self.day) {
                    true => left - 1,
                    false => 0,
                };
            }
            account += 1;
            if account >= self.accounts.end() {
                break;
            }
            left = self.ids_held(account);
            if account == accounts_end {
                self.pending = Pending::Forget(account, left);
                return;
            }
        }
        out.announce(EventBody::RolledOver(RolledOver { day: self.day }));
    }
}

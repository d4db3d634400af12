//! Cancels, one order or many. Neither a halt nor a suspension refuses one.

use crate::engine::Engine;
use crate::engine::continuation::{CancelScan, Scope, Then};
use crate::engine::orders::Life;
use crate::engine::output::{EventSink, Output};
use crate::engine::status::Named;
use crate::model::*;

/// What a cancel and a replace have in common: which order, and under which new ClOrdID.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) session: SessionId,
    pub(super) account: AccountId,
    pub(super) instrument: InstrumentId,
    pub(super) side: Side,
    pub(super) order: OrderId,
    pub(super) id: (&'a ClOrdId, u64),
    pub(super) orig: (&'a ClOrdId, u64),
    pub(super) poss_resend: bool,
    pub(super) refusal: Refusal,
    pub(super) replace: bool,
}

impl Engine {
    pub(super) fn cancel_order(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        cancel: &CancelOrder,
    ) {
        let change = Change {
            session: cancel.origin.session,
            account: cancel.account,
            instrument: cancel.instrument,
            side: cancel.side,
            order: cancel.order,
            id: (&cancel.cl_ord_id, cancel.cl_ord_id_hash),
            orig: (&cancel.orig_cl_ord_id, cancel.orig_cl_ord_id_hash),
            poss_resend: cancel.poss_resend,
            refusal: cancel.refusal,
            replace: false,
        };
        let Some(chain) = self.find_changed(out, &cancel.origin, &change) else { return };
        let orig_cl_ord_id = self.ids.slots[self.orders.chains[chain].last].id;
        self.close_resting(chain, Life::Canceled);
        if !self.ids.is_full() {
            self.remember_id(change.account, chain, change.id);
        }
        self.tell_changed(out, change.session, (chain, ExecType::Canceled, 0), |told| {
            told.cl_ord_id = cancel.cl_ord_id;
            told.orig_cl_ord_id = orig_cl_ord_id;
        });
    }

    /// Tells of a cancel or a replace to the session that entered the order, then to the one that asked.
    #[inline]
    pub(super) fn tell_changed(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        asking: SessionId,
        (chain, exec_type, leaves): (u32, ExecType, i64),
        more: impl Fn(&mut Execution),
    ) {
        self.report(out, (chain, exec_type, leaves), &more);
        if asking != self.orders.chains[chain].session {
            self.tell_asking(out, asking, (chain, exec_type, leaves), more);
        }
    }

    /// Tells of a cancel or a replace to a session that did not enter the order.
    #[cold]
    fn tell_asking(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        asking: SessionId,
        (chain, exec_type, leaves): (u32, ExecType, i64),
        more: impl Fn(&mut Execution),
    ) {
        let mut told = self.execution(chain, exec_type, leaves);
        more(&mut told);
        self.tell(out, asking, EventBody::Execution(told));
    }

    /// The open order that a cancel or a replace is about; any other outcome is told.
    #[inline(always)]
    pub(super) fn find_changed(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        origin: &Origin,
        change: &Change<'_>,
    ) -> Option<u32> {
        let account = self.admit(origin)?;
        let (id, hash) = change.id;
        // A refusal names the order and its state wherever there is one, whatever it is refused for.
        let named = self.find_named(account, change.order, change.orig);
        let found = named.map(|named| named.chain);
        if account != change.account {
            let refusal = Refusal::plain(RejectCode::AccountMismatch);
            self.reject_change(out, change, found, refusal);
            return None;
        }
        if change.poss_resend
            && let Some(chain) = self.known(account, id, hash)
        {
            self.resend_state(out, change.session, chain);
            return None;
        }
        if let Err(refusal) = self.check_id(change.refusal, account, id, hash) {
            self.reject_change(out, change, found, refusal);
            return None;
        }
        let Some(named) = named else {
            let refusal = Refusal::plain(RejectCode::UnknownOrder);
            self.reject_change(out, change, None, refusal);
            return None;
        };
        match self.check_changeable(change, named) {
            Ok(()) => Some(named.chain),
            Err(refusal) => {
                self.reject_change(out, change, found, refusal);
                None
            }
        }
    }

    /// Whether the request means the order as it is now, and it is open.
    #[inline(always)]
    fn check_changeable(&self, change: &Change<'_>, named: Named) -> Result<(), Refusal> {
        /// Symbol.
        const SYMBOL: i64 = 55;
        /// Side.
        const SIDE: i64 = 54;
        let order = &self.orders.chains[named.chain];
        if named.id.is_some_and(|slot| slot != order.last) {
            return Err(Refusal::plain(RejectCode::StaleOrigClOrdId));
        }
        if !order.is_open() {
            return Err(Refusal::plain(RejectCode::OrderClosed));
        }
        let any = change.instrument == CancelOrder::ANY_INSTRUMENT;
        if !any && change.instrument != order.instrument() {
            return Err(Refusal::new(RejectCode::OrderMismatch, SYMBOL, 0));
        }
        if change.side != order.side {
            return Err(Refusal::new(RejectCode::OrderMismatch, SIDE, 0));
        }
        Ok(())
    }

    /// Tells that a cancel or a replace is refused.
    #[cold]
    pub(super) fn reject_change(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        change: &Change<'_>,
        chain: Option<u32>,
        refusal: Refusal,
    ) {
        let order = chain.map(|chain| &self.orders.chains[chain]);
        let last = order.map_or(ClOrdId::EMPTY, |order| self.ids.slots[order.last].id);
        let reject = CancelReject {
            order: order.map_or(OrderId::NONE, |order| order.id),
            cl_ord_id: *change.id.0,
            orig_cl_ord_id: if change.orig.0.is_empty() { last } else { *change.orig.0 },
            ord_status: order.map_or(OrdStatus::Rejected, |order| order.status()),
            replace: change.replace,
            account: change.account,
            instrument: order.map_or(change.instrument, |order| order.instrument()),
            side: order.map_or(change.side, |order| order.side),
            refusal,
        };
        self.tell(out, change.session, EventBody::CancelReject(reject));
    }

    pub(super) fn mass_cancel(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        cancel: &MassCancel,
    ) {
        let Some(account) = self.admit(&cancel.origin) else { return };
        let MassCancel { cl_ord_id, scope, instrument, side, .. } = *cancel;
        let mut refusal = cancel.refusal;
        if account != cancel.account {
            refusal = Refusal::plain(RejectCode::AccountMismatch);
        } else if refusal.code == RejectCode::None
            && scope == MassCancelScope::Instrument
            && self.instruments.get(instrument).is_none()
        {
            let id = i64::from(instrument.0);
            refusal = Refusal::new(RejectCode::UnknownInstrument, id, 0);
        }
        let session = cancel.origin.session;
        let report = MassCancelReport { cl_ord_id, scope, instrument, side, affected: 0, refusal };
        if refusal.code != RejectCode::None {
            return self.tell(out, session, EventBody::MassCancelReport(report));
        }
        let scope = Scope::Filter(scope, instrument, side);
        let scan = CancelScan::new(account, scope, Cause::MassCancel);
        self.cancel_scan(out, scan.then(Then::Report(session, report)));
    }
}

//! What is told of an order's state, and answers to requests for it.

use crate::engine::Engine;
use crate::engine::continuation::{ORDERS_LOOKED_AT, Pending, Scope, StatusScan};
use crate::engine::orders::Life;
use crate::engine::output::{EventSink, Output};
use crate::engine::slab::NONE;
use crate::model::*;

/// An order that a request names.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) chain: u32,
    /// The slot of the ClOrdID that names it, where one does.
    pub(super) id: Option<u32>,
}

impl Engine {
    /// Tells an order's owner how it stands, with what `more` adds to that.
    #[inline]
    pub(super) fn report(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        (chain, exec_type, leaves): (u32, ExecType, i64),
        more: impl FnOnce(&mut Execution),
    ) {
        let session = self.orders.chains[chain].session;
        let state = self.sessions.get_mut(session).expect("who is told is defined");
        let number = state.next_out;
        state.next_out = number.saturating_add(1);
        let gateway = state.gateway;
        let told = || self.execution(chain, exec_type, leaves);
        out.emit_execution(gateway, session, number, told, more);
    }

    /// A report on an order as it stands.
    #[inline(always)]
    pub(super) fn execution(&self, chain: u32, exec_type: ExecType, leaves: i64) -> Execution {
        let chain = &self.orders.chains[chain];
        Execution {
            order: chain.id,
            account: chain.account,
            instrument: chain.instrument(),
            cl_ord_id: self.ids.slots[chain.last].id,
            orig_cl_ord_id: ClOrdId::EMPTY,
            exec_type,
            ord_status: chain.status(),
            why: Cause::Request,
            side: chain.side,
            ord_type: chain.ord_type,
            time_in_force: chain.time_in_force,
            post_only: chain.post_only,
            self_trade_prevention: chain.self_trade_prevention,
            maker: false,
            price: chain.price,
            quantity: chain.quantity,
            quote_quantity: chain.quote_quantity(),
            display_quantity: chain.display_quantity(),
            last_price: Price::ZERO,
            last_quantity: Quantity::ZERO,
            leaves_quantity: Quantity(leaves),
            cum_quantity: chain.cum_quantity,
            cum_notional: chain.cum_notional(),
            fee: Amount::ZERO,
            refusal: Refusal::NONE,
        }
    }

    /// Tells that an order was closed though its owner did not ask for just that.
    pub(super) fn tell_closed(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        chain: u32,
        why: Cause,
    ) {
        let exec_type = match self.orders.chains[chain].life {
            Life::Expired => ExecType::Expired,
            _ => ExecType::Canceled,
        };
        self.report(out, (chain, exec_type, 0), |told| told.why = why);
    }

    /// The state of an order.
    pub(super) fn state(&self, chain: u32) -> Execution {
        let order = &self.orders.chains[chain];
        let leaves = if order.is_listed() { order.leaves() } else { 0 };
        self.execution(chain, ExecType::OrderStatus, leaves)
    }

    /// Answers a message that may be a resend with the state of its order.
    #[cold]
    pub(super) fn resend_state(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        session: SessionId,
        chain: u32,
    ) {
        let execution = self.state(chain);
        let request_id = RequestId::EMPTY;
        let report = StatusReport { execution, request_id, mass: false, total: 0, last: true };
        self.tell(out, session, EventBody::StatusReport(report));
    }

    pub(super) fn order_status(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        request: &OrderStatus,
    ) {
        let Some(account) = self.admit(&request.origin) else { return };
        let id = (&request.cl_ord_id, request.cl_ord_id_hash);
        let found = if account == request.account {
            self.find_order(account, request.order, id)
        } else {
            None
        };
        let execution = match found {
            Some(chain) => self.state(chain),
            None => unknown(request.account, request.instrument, request.side, request.cl_ord_id),
        };
        let request_id = request.request_id;
        let report = StatusReport { execution, request_id, mass: false, total: 0, last: true };
        self.tell(out, request.origin.session, EventBody::StatusReport(report));
    }

    /// The account's order that OrderID, a ClOrdID, or both name.
    pub(super) fn find_order(
        &self,
        account: AccountId,
        order: OrderId,
        id: (&ClOrdId, u64),
    ) -> Option<u32> {
        self.find_named(account, order, id).map(|named| named.chain)
    }

    /// The account's order that OrderID, a ClOrdID, or both name, and the ClOrdID's slot.
    #[inline(always)]
    pub(super) fn find_named(
        &self,
        account: AccountId,
        order: OrderId,
        (id, hash): (&ClOrdId, u64),
    ) -> Option<Named> {
        let slot = match id.is_empty() {
            true => None,
            false => Some(self.ids.find(&self.orders, account, id, hash)?),
        };
        let chain = slot.map(|slot| self.ids.slots[slot].chain);
        if order == OrderId::NONE {
            return chain.map(|chain| Named { chain, id: slot });
        }
        let found = self.orders.find(order)?;
        let is_own = self.orders.chains[found].account == account;
        let agree = chain.is_none_or(|chain| chain == found);
        (is_own && agree).then_some(Named { chain: found, id: slot })
    }

    pub(super) fn mass_status(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        request: &MassStatus,
    ) {
        let Some(account) = self.admit(&request.origin) else { return };
        let at = if account == request.account { self.first_order(account) } else { NONE };
        self.count_status(out, *request, StatusScan { at, total: 0, told: 0 });
    }

    /// Counts the orders that a mass status request names, then reports them.
    pub(super) fn count_status(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        request: MassStatus,
        mut scan: StatusScan,
    ) {
        let scope = Scope::Filter(request.scope, request.instrument, request.side);
        for _ in 0..ORDERS_LOOKED_AT {
            if scan.at == NONE {
                break;
            }
            scan.total += u32::from(self.matches(scan.at, scope));
            scan.at = self.orders.chains[scan.at].account_next;
        }
        if scan.at != NONE {
            self.pending = Pending::StatusCount(request, scan);
            return;
        }
        if scan.total == 0 {
            let side = if request.side == SideFilter::Sell { Side::Sell } else { Side::Buy };
            let MassStatus { account, instrument, request_id, .. } = request;
            let execution = unknown(account, instrument, side, ClOrdId::EMPTY);
            let report = StatusReport { execution, request_id, mass: true, total: 0, last: true };
            return self.tell(out, request.origin.session, EventBody::StatusReport(report));
        }
        scan.at = self.first_order(request.account);
        self.report_status(out, request, scan);
    }

    /// Reports the orders that a mass status request names.
    pub(super) fn report_status(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        request: MassStatus,
        mut scan: StatusScan,
    ) {
        let scope = Scope::Filter(request.scope, request.instrument, request.side);
        let mut looked_at = 0;
        while scan.told < scan.total {
            if out.room() == 0 || looked_at == ORDERS_LOOKED_AT {
                self.pending = Pending::StatusReport(request, scan);
                return;
            }
            looked_at += 1;
            let account_next = self.orders.chains[scan.at].account_next;
            if self.matches(scan.at, scope) {
                scan.told += 1;
                let report = StatusReport {
                    execution: self.state(scan.at),
                    request_id: request.request_id,
                    mass: true,
                    total: scan.total,
                    last: scan.told == scan.total,
                };
                self.tell(out, request.origin.session, EventBody::StatusReport(report));
            }
            scan.at = account_next;
        }
    }

    pub(super) fn security_list(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        request: &SecurityListRequest,
    ) {
        if self.admit(&request.origin).is_none() {
            return;
        }
        let asked = request.instrument;
        let mut refusal = request.refusal;
        if refusal.code == RejectCode::None {
            if asked == CancelOrder::ANY_INSTRUMENT && self.instruments.defined > 0 {
                return self.list_securities(out, *request, 0);
            }
            if let Some(found) = self.instruments.get(asked) {
                let instrument = found.definition;
                return self.list(out, request, 1, true, Refusal::NONE, instrument);
            }
            refusal = Refusal::new(RejectCode::UnknownInstrument, i64::from(asked.0), 0);
        }
        self.list(out, request, 0, true, refusal, no_instrument(asked));
    }

    /// Lists the instruments from this id on.
    pub(super) fn list_securities(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        request: SecurityListRequest,
        mut first: u32,
    ) {
        while let Some(found) = self.instruments.from(first) {
            if out.room() == 0 {
                self.pending = Pending::SecurityList(request, first);
                return;
            }
            let instrument = found.definition;
            first = instrument.id.0 + 1;
            let last = self.instruments.from(first).is_none();
            let total = self.instruments.defined;
            self.list(out, &request, total, last, Refusal::NONE, instrument);
        }
    }

    fn list(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        request: &SecurityListRequest,
        total: u32,
        last: bool,
        refusal: Refusal,
        instrument: Instrument,
    ) {
        let request_id = request.request_id;
        let listed = SecurityListed { request_id, refusal, total, last, instrument };
        self.tell(out, request.origin.session, EventBody::SecurityListed(listed));
    }
}

/// A report that there is no such order.
fn unknown(
    account: AccountId,
    instrument: InstrumentId,
    side: Side,
    cl_ord_id: ClOrdId,
) -> Execution {
    Execution {
        order: OrderId::NONE,
        account,
        instrument,
        cl_ord_id,
        orig_cl_ord_id: ClOrdId::EMPTY,
        exec_type: ExecType::OrderStatus,
        ord_status: OrdStatus::Rejected,
        why: Cause::Request,
        side,
        ord_type: OrdType::Limit,
        time_in_force: TimeInForce::Day,
        post_only: false,
        self_trade_prevention: SelfTradePrevention::None,
        maker: false,
        price: Price::ZERO,
        quantity: Quantity::ZERO,
        quote_quantity: Amount::ZERO,
        display_quantity: Quantity::ZERO,
        last_price: Price::ZERO,
        last_quantity: Quantity::ZERO,
        leaves_quantity: Quantity::ZERO,
        cum_quantity: Quantity::ZERO,
        cum_notional: 0,
        fee: Amount::ZERO,
        refusal: Refusal::plain(RejectCode::UnknownOrder),
    }
}

/// Stands where a list has no instrument.
fn no_instrument(id: InstrumentId) -> Instrument {
    Instrument {
        id,
        symbol: Symbol::EMPTY,
        base: AssetId(0),
        quote: AssetId(0),
        price_scale: 0,
        quantity_scale: 0,
        tick: Price::ZERO,
        lot: Quantity::ZERO,
        quantity_min: Quantity::ZERO,
        quantity_max: Quantity::ZERO,
        notional_min: Amount::ZERO,
        collar_percent: 0,
        reference_price: Price::ZERO,
        open_orders_max: 0,
        maker_fee: 0,
        taker_fee: 0,
        state: InstrumentState::Trading,
    }
}

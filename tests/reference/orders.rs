//! New orders, cancels, replaces and questions about orders.

use std::collections::BTreeMap;

use castle::model::*;

use super::filters::*;
use super::money::saturated;
use super::{Name, Order, Venue};

/// How a cancel or a replace names its order, and itself.
struct Request {
    origin: Origin,
    account: AccountId,
    instrument: InstrumentId,
    side: Side,
    order: OrderId,
    cl_ord_id: ClOrdId,
    orig_cl_ord_id: ClOrdId,
    refusal: Refusal,
    replace: bool,
}

impl Venue {
    // ---- New orders ----

    pub(super) fn new_order(&mut self, sequence: Sequence, command: &NewOrder) {
        let session = command.origin.session;
        let account = self.sessions[&session].definition.account;
        let known = self.remembered(account, command.cl_ord_id);
        if let (true, Some(order), true) = (command.poss_resend, known, account == command.account)
        {
            self.report_state(session, order, RequestId::EMPTY);
            return;
        }
        let mut verdict = self.new_order_refusal(account, command);
        if self.looked_for_room(account, &verdict) {
            verdict = self.new_order_refusal(account, command);
        }
        if let Err(refusal) = verdict {
            let body = EventBody::Execution(rejected(command, refusal));
            self.tell(session, body);
            return;
        }
        let quantity = command.quantity.wide();
        let order = Order {
            id: OrderId(sequence.0),
            session,
            account,
            instrument: command.instrument,
            cl_ord_id: command.cl_ord_id,
            side: command.side,
            ord_type: command.ord_type,
            time_in_force: command.time_in_force,
            self_trade_prevention: command.self_trade_prevention,
            post_only: command.post_only,
            price: command.price.wide(),
            quantity,
            quote_quantity: command.quote_quantity.wide(),
            display: command.display_quantity.wide(),
            status: OrdStatus::New,
            leaves: quantity,
            cum: 0,
            cum_notional: 0,
            rest: command.quote_quantity.wide(),
            slice: 0,
            place: 0,
            fee_exact: 0,
            fee_charged: 0,
        };
        self.remember(account, command.cl_ord_id, order.id);
        if let Some(listing) = self.instruments.get_mut(&order.instrument) {
            listing.ordered = true;
        }
        self.report(&order, execution(&order, ExecType::New, Cause::Request));
        self.take(order);
    }

    fn new_order_refusal(&self, account: AccountId, command: &NewOrder) -> Result<(), Refusal> {
        if command.account != account {
            return refuse_plain(RejectCode::AccountMismatch);
        }
        self.check_name(command.refusal, account, command.cl_ord_id)?;
        self.check_instrument(command.instrument)?;
        if self.accounts[&account] == AccountState::Suspended {
            return refuse_plain(RejectCode::AccountSuspended);
        }
        self.check_trading(command.instrument)?;
        check_combination(command)?;
        let terms = self.terms(command.instrument);
        let market = command.ord_type == OrdType::Market;
        let price = command.price.wide();
        if market && price != 0 {
            return refuse_plain(RejectCode::PriceMismatch);
        }
        if !market {
            check_price(&terms, price)?;
        }
        let (quantity, spend) = (command.quantity.wide(), command.quote_quantity.wide());
        if spend == 0 {
            check_quantity(&terms, quantity, command.display_quantity.wide())?;
        }
        match (market, spend) {
            (false, _) => check_notional(&terms, price, price, quantity)?,
            (true, 0) => {
                let bound = terms.bound(command.side);
                check_notional(&terms, terms.reference, bound, quantity)?;
            }
            (true, _) => check_spend(&terms, command.side, spend)?,
        }
        self.check_room(account, command)?;
        let (asset, needed) = hold_at_entry(&terms, command);
        let free = self.free(account, asset);
        if needed > free {
            return refuse(RejectCode::InsufficientBalance, needed, free);
        }
        if command.post_only {
            self.check_post_only(command.instrument, command.side, price)?;
        }
        Ok(())
    }

    fn check_name(
        &self,
        refusal: Refusal,
        account: AccountId,
        cl_ord_id: ClOrdId,
    ) -> Result<(), Refusal> {
        if refusal.code != RejectCode::None {
            return Err(refusal);
        }
        if cl_ord_id.is_empty() {
            return refuse_plain(RejectCode::EmptyClOrdId);
        }
        if self.remembered(account, cl_ord_id).is_some() {
            return refuse_plain(RejectCode::DuplicateClOrdId);
        }
        Ok(())
    }

    fn check_instrument(&self, instrument: InstrumentId) -> Result<(), Refusal> {
        if self.instruments.contains_key(&instrument) {
            return Ok(());
        }
        refuse(RejectCode::UnknownInstrument, instrument.0.into(), 0)
    }

    fn check_trading(&self, instrument: InstrumentId) -> Result<(), Refusal> {
        match self.instruments[&instrument].instrument.state {
            InstrumentState::Trading => Ok(()),
            InstrumentState::Halted => refuse_plain(RejectCode::InstrumentHalted),
            InstrumentState::CancelOnly => refuse_plain(RejectCode::InstrumentCancelOnly),
        }
    }

    /// Room for one more order that may rest, and for one more ClOrdID.
    fn check_room(&self, account: AccountId, command: &NewOrder) -> Result<(), Refusal> {
        if may_rest(command.ord_type, command.time_in_force) {
            let most = i128::from(self.instruments[&command.instrument].instrument.open_orders_max);
            let mut mine = 0;
            for order in self.open.values() {
                let here = order.account == account && order.instrument == command.instrument;
                mine += i128::from(here);
            }
            if mine >= most {
                return refuse(RejectCode::TooManyOpenOrders, mine, most);
            }
            if self.open.len() >= self.limits().orders_max as usize {
                let limit = self.limits().orders_max.into();
                return refuse(RejectCode::VenueOrdersFull, 0, limit);
            }
        }
        self.check_names_room(account)
    }

    /// Room for the ClOrdID of a new order or a replace: cancels may still use the last sixteenth.
    fn check_names_room(&self, account: AccountId) -> Result<(), Refusal> {
        let most = i128::from(self.limits().cl_ord_ids_max);
        let for_cancels = (most / 16).max(1);
        if self.names.len() as i128 + for_cancels >= most {
            return refuse(RejectCode::VenueClOrdIdsFull, 0, most);
        }
        let most = i128::from(self.limits().cl_ord_ids_per_account_max);
        let held = self.names.keys().filter(|(of, _)| *of == account).count();
        if held as i128 >= most {
            return refuse(RejectCode::AccountClOrdIdsFull, 0, most);
        }
        Ok(())
    }

    /// Whoever finds no room for a name has up to 64 of its own looked at and may ask once more.
    fn looked_for_room<T>(&mut self, account: AccountId, verdict: &Result<T, Refusal>) -> bool {
        let code = verdict.as_ref().err().map(|refusal| refusal.code);
        let full = [RejectCode::VenueClOrdIdsFull, RejectCode::AccountClOrdIdsFull];
        if !code.is_some_and(|code| full.contains(&code)) {
            return false;
        }
        for _ in 0..64 {
            self.look_at_name(account);
        }
        true
    }

    fn check_post_only(
        &self,
        instrument: InstrumentId,
        side: Side,
        price: i128,
    ) -> Result<(), Refusal> {
        let Some(best) = self.queue(instrument, side.opposite()).first().map(|o| o.price) else {
            return Ok(());
        };
        if crosses(side, price, best) {
            return refuse(RejectCode::PostOnlyWouldTrade, price, best);
        }
        Ok(())
    }

    // ---- Cancels ----

    pub(super) fn cancel_order(&mut self, command: &CancelOrder) {
        let request = Request {
            origin: command.origin,
            account: command.account,
            instrument: command.instrument,
            side: command.side,
            order: command.order,
            cl_ord_id: command.cl_ord_id,
            orig_cl_ord_id: command.orig_cl_ord_id,
            refusal: command.refusal,
            replace: false,
        };
        if self.answer_resent(&request, command.poss_resend) {
            return;
        }
        let mut order = match self.find_open(&request) {
            Ok(order) => order,
            Err((found, refusal)) => return self.reject_request(&request, found, refusal),
        };
        let orig = order.cl_ord_id;
        if !self.names_full() {
            self.remember(order.account, command.cl_ord_id, order.id);
            order.cl_ord_id = command.cl_ord_id;
        }
        self.open.remove(&order.id);
        order.status = OrdStatus::Canceled;
        order.leaves = 0;
        let mut report = execution(&order, ExecType::Canceled, Cause::Request);
        report.cl_ord_id = command.cl_ord_id;
        report.orig_cl_ord_id = orig;
        self.report_to_both(&order, command.origin.session, report);
        self.closed.insert(order.id, order);
    }

    /// A request that is accepted is told to the order's owner and to who asked.
    fn report_to_both(&mut self, order: &Order, asked: SessionId, report: Execution) {
        self.report(order, report);
        if order.session != asked {
            self.tell(asked, EventBody::Execution(report));
        }
    }

    /// A request that may have come before is answered with the state of the order it named then.
    fn answer_resent(&mut self, request: &Request, poss_resend: bool) -> bool {
        let session = request.origin.session;
        let account = self.sessions[&session].definition.account;
        let known = self.remembered(account, request.cl_ord_id);
        if let (true, Some(order), true) = (poss_resend, known, account == request.account) {
            self.report_state(session, order, RequestId::EMPTY);
            return true;
        }
        false
    }

    /// The open order that a cancel or a replace is for; else the order that was found, or none, and why not.
    fn find_open(&self, request: &Request) -> Result<Order, (OrderId, Refusal)> {
        let account = self.sessions[&request.origin.session].definition.account;
        // Whatever is refused, the answer tells how the order stands, if there is one.
        let order = self.find(account, request.order, request.orig_cl_ord_id);
        let found = order.map_or(OrderId::NONE, |order| order.id);
        if request.account != account {
            return Err((found, Refusal::plain(RejectCode::AccountMismatch)));
        }
        self.check_name(request.refusal, account, request.cl_ord_id).map_err(|r| (found, r))?;
        let Some(order) = order else {
            return Err((OrderId::NONE, Refusal::plain(RejectCode::UnknownOrder)));
        };
        let refusal =
            if !request.orig_cl_ord_id.is_empty() && request.orig_cl_ord_id != order.cl_ord_id {
                Refusal::plain(RejectCode::StaleOrigClOrdId)
            } else if !self.open.contains_key(&order.id) {
                Refusal::plain(RejectCode::OrderClosed)
            } else if request.instrument != CancelOrder::ANY_INSTRUMENT
                && request.instrument != order.instrument
            {
                Refusal::new(RejectCode::OrderMismatch, tag::SYMBOL, 0)
            } else if request.side != order.side {
                Refusal::new(RejectCode::OrderMismatch, tag::SIDE, 0)
            } else {
                return Ok(order);
            };
        Err((order.id, refusal))
    }

    /// An order of the account by its OrderID, its ClOrdID, or both.
    fn find(&self, account: AccountId, id: OrderId, cl_ord_id: ClOrdId) -> Option<Order> {
        let named = self.remembered(account, cl_ord_id);
        let id = match (id, cl_ord_id.is_empty()) {
            (OrderId::NONE, _) => named?,
            (id, true) => id,
            (id, false) if named == Some(id) => id,
            _ => return None,
        };
        let order = self.any_order(id)?;
        (order.account == account).then_some(order)
    }

    fn any_order(&self, id: OrderId) -> Option<Order> {
        self.open.get(&id).or_else(|| self.closed.get(&id)).copied()
    }

    fn reject_request(&mut self, request: &Request, found: OrderId, refusal: Refusal) {
        let found = self.any_order(found);
        let mut orig_cl_ord_id = request.orig_cl_ord_id;
        if let (true, Some(order)) = (orig_cl_ord_id.is_empty(), found) {
            orig_cl_ord_id = order.cl_ord_id;
        }
        let body = EventBody::CancelReject(CancelReject {
            order: found.map_or(OrderId::NONE, |order| order.id),
            cl_ord_id: request.cl_ord_id,
            orig_cl_ord_id,
            ord_status: found.map_or(OrdStatus::Rejected, |order| order.status),
            replace: request.replace,
            account: request.account,
            instrument: found.map_or(request.instrument, |order| order.instrument),
            side: found.map_or(request.side, |order| order.side),
            refusal,
        });
        self.tell(request.origin.session, body);
    }

    /// Ends an open order though its owner did not name it just now.
    pub(super) fn cancel_open(&mut self, id: OrderId, why: Cause) {
        let Some(mut order) = self.open.remove(&id) else { return };
        let (exec_type, status) = match why {
            Cause::Rollover => (ExecType::Expired, OrdStatus::Expired),
            _ => (ExecType::Canceled, OrdStatus::Canceled),
        };
        order.status = status;
        order.leaves = 0;
        self.report(&order, execution(&order, exec_type, why));
        self.closed.insert(id, order);
    }

    pub(super) fn mass_cancel(&mut self, command: &MassCancel) {
        let session = command.origin.session;
        let account = self.sessions[&session].definition.account;
        let mut refusal = command.refusal;
        if command.account != account {
            refusal = Refusal::plain(RejectCode::AccountMismatch);
        } else if refusal.code == RejectCode::None
            && command.scope == MassCancelScope::Instrument
            && let Err(unknown) = self.check_instrument(command.instrument)
        {
            refusal = unknown;
        }
        let mut matching = Vec::new();
        if refusal.code == RejectCode::None {
            matching = self.matching(account, command.scope, command.instrument, command.side);
        }
        for order in &matching {
            self.cancel_open(*order, Cause::MassCancel);
        }
        let body = EventBody::MassCancelReport(MassCancelReport {
            cl_ord_id: command.cl_ord_id,
            scope: command.scope,
            instrument: command.instrument,
            side: command.side,
            affected: matching.len() as u32,
            refusal,
        });
        self.tell(session, body);
    }

    /// The account's open orders of a scope.
    fn matching(
        &self,
        account: AccountId,
        scope: MassCancelScope,
        instrument: InstrumentId,
        side: SideFilter,
    ) -> Vec<OrderId> {
        let matches = |order: &&Order| {
            let scoped = scope == MassCancelScope::All || order.instrument == instrument;
            let sided = match side {
                SideFilter::Both => true,
                SideFilter::Buy => order.side == Side::Buy,
                SideFilter::Sell => order.side == Side::Sell,
            };
            order.account == account && scoped && sided
        };
        self.open.values().filter(matches).map(|order| order.id).collect()
    }

    // ---- Replaces ----

    pub(super) fn replace_order(&mut self, command: &ReplaceOrder) {
        let request = Request {
            origin: command.origin,
            account: command.account,
            instrument: command.instrument,
            side: command.side,
            order: command.order,
            cl_ord_id: command.cl_ord_id,
            orig_cl_ord_id: command.orig_cl_ord_id,
            refusal: command.refusal,
            replace: true,
        };
        if self.answer_resent(&request, command.poss_resend) {
            return;
        }
        let old = match self.find_open(&request) {
            Ok(order) => order,
            Err((found, refusal)) => return self.reject_request(&request, found, refusal),
        };
        let mut verdict = self.replacement(&old, command);
        if self.looked_for_room(old.account, &verdict) {
            verdict = self.replacement(&old, command);
        }
        match verdict {
            Err(refusal) => self.reject_request(&request, old.id, refusal),
            Ok(new) => self.replace(old, new, command),
        }
    }

    /// What the order becomes, not yet matched.
    fn replacement(&self, old: &Order, command: &ReplaceOrder) -> Result<Order, Refusal> {
        self.check_trading(old.instrument)?;
        check_replaceable(old, command)?;
        let (price, quantity) = (command.price.wide(), command.quantity.wide());
        if quantity < old.cum {
            return refuse(RejectCode::BelowExecuted, quantity, old.cum);
        }
        let mut new = *old;
        new.quantity = quantity;
        new.leaves = quantity - old.cum;
        if new.leaves == 0 && old.cum > 0 {
            new.status = OrdStatus::Filled;
            return Ok(new);
        }
        new.price = price;
        new.display = match command.display_quantity.wide() {
            0 => old.display.min(quantity),
            asked => asked,
        };
        let terms = self.terms(old.instrument);
        let repriced = price != old.price;
        if repriced {
            check_price(&terms, price)?;
        }
        check_quantity(&terms, quantity, new.display)?;
        check_notional(&terms, price, price, quantity)?;
        self.check_names_room(old.account)?;
        let (asset, needed) = self.hold(&new);
        let available = self.free(old.account, asset) + self.hold(old).1;
        if needed > available {
            return refuse(RejectCode::InsufficientBalance, needed, available);
        }
        if repriced && old.post_only {
            self.check_post_only(old.instrument, old.side, price)?;
        }
        Ok(new)
    }

    fn replace(&mut self, old: Order, mut new: Order, command: &ReplaceOrder) {
        if !self.names_full() {
            self.remember(new.account, command.cl_ord_id, new.id);
            new.cl_ord_id = command.cl_ord_id;
        }
        let mut report = execution(&new, ExecType::Replaced, Cause::Request);
        report.cl_ord_id = command.cl_ord_id;
        report.orig_cl_ord_id = old.cl_ord_id;
        self.report_to_both(&new, command.origin.session, report);
        self.open.remove(&old.id);
        let asked = command.display_quantity.wide();
        let same_display = asked == 0 || asked == old.display;
        if new.status == OrdStatus::Filled {
            self.closed.insert(new.id, new);
        } else if new.price == old.price && new.quantity < old.quantity && same_display {
            new.slice = old.slice.min(new.leaves);
            self.open.insert(new.id, new);
        } else {
            self.take(new);
        }
    }

    // ---- Questions ----

    pub(super) fn order_status(&mut self, command: &OrderStatus) {
        let session = command.origin.session;
        let mine = self.sessions[&session].definition.account == command.account;
        let found = self.find(command.account, command.order, command.cl_ord_id);
        match found.filter(|_| mine) {
            Some(order) => self.report_state(session, order.id, command.request_id),
            None => {
                let mut execution = unknown(command.account, command.instrument);
                execution.cl_ord_id = command.cl_ord_id;
                execution.side = command.side;
                self.report_unknown(session, execution, command.request_id, false);
            }
        }
    }

    pub(super) fn mass_status(&mut self, command: &MassStatus) {
        let session = command.origin.session;
        let mut matching = Vec::new();
        if self.sessions[&session].definition.account == command.account {
            matching =
                self.matching(command.account, command.scope, command.instrument, command.side);
        }
        if matching.is_empty() {
            let execution = unknown(command.account, command.instrument);
            self.report_unknown(session, execution, command.request_id, true);
        }
        for (at, id) in matching.iter().enumerate() {
            let execution = execution(&self.open[id], ExecType::OrderStatus, Cause::Request);
            let body = EventBody::StatusReport(StatusReport {
                execution,
                request_id: command.request_id,
                mass: true,
                total: matching.len() as u32,
                last: at + 1 == matching.len(),
            });
            self.tell(session, body);
        }
    }

    fn report_state(&mut self, session: SessionId, order: OrderId, request_id: RequestId) {
        let Some(order) = self.any_order(order) else { return };
        let body = EventBody::StatusReport(StatusReport {
            execution: execution(&order, ExecType::OrderStatus, Cause::Request),
            request_id,
            mass: false,
            total: 0,
            last: true,
        });
        self.tell(session, body);
    }

    fn report_unknown(
        &mut self,
        session: SessionId,
        execution: Execution,
        request_id: RequestId,
        mass: bool,
    ) {
        let body = EventBody::StatusReport(StatusReport {
            execution,
            request_id,
            mass,
            total: 0,
            last: true,
        });
        self.tell(session, body);
    }

    /// Tells an order's owner about it.
    pub(super) fn report(&mut self, order: &Order, execution: Execution) {
        self.tell(order.session, EventBody::Execution(execution));
    }

    // ---- ClOrdIDs ----

    /// The order of a ClOrdID that is remembered.
    pub fn remembered(&self, account: AccountId, cl_ord_id: ClOrdId) -> Option<OrderId> {
        self.names.get(&(account, cl_ord_id)).map(|name| name.order)
    }

    fn names_full(&self) -> bool {
        self.names.len() >= self.limits().cl_ord_ids_max as usize
    }

    /// Remembers a name as the last of an order's chain; then two of the account's are looked at.
    fn remember(&mut self, account: AccountId, cl_ord_id: ClOrdId, order: OrderId) {
        let used = self.names_used.entry(account).or_insert(0);
        *used += 1;
        let name = Name { order, day: self.day, ordinal: *used };
        self.names.insert((account, cl_ord_id), name);
        self.fresh.entry(account).or_default().push_back(cl_ord_id);
        if let Some(open) = self.open.get_mut(&order) {
            open.cl_ord_id = cl_ord_id;
        }
        self.look_at_name(account);
        self.look_at_name(account);
    }

    /// At the end of a day as many names of every account are looked at as it has.
    pub(super) fn forget_names(&mut self) {
        let accounts: Vec<AccountId> = self.accounts.keys().copied().collect();
        for account in accounts {
            let held = self.names.keys().filter(|(of, _)| *of == account).count();
            for _ in 0..held {
                self.look_at_name(account);
            }
        }
    }

    /// Looks at the oldest name that is due, or else at the next that is overdue. One that is the last
    /// of an open order, or the last but not the only one of a closed order, is (still) overdue then;
    /// any other is forgotten.
    fn look_at_name(&mut self, account: AccountId) {
        let fresh = self.fresh.entry(account).or_default();
        let used = self.names_used.get(&account).copied().unwrap_or(0);
        let kept = u64::from(self.limits.unwrap_or_default().cl_ord_ids_kept);
        let due = fresh.front().copied().filter(|cl_ord_id| {
            let name = self.names[&(account, *cl_ord_id)];
            name.day != self.day && name.ordinal + kept <= used
        });
        if due.is_some() {
            fresh.pop_front();
        }
        let overdue = self.overdue.entry(account).or_default();
        let Some(cl_ord_id) = due.or_else(|| overdue.pop_front()) else { return };
        let name = self.names[&(account, cl_ord_id)];
        let names = self.names.values().filter(|other| other.order == name.order).count();
        let needed = |of: &BTreeMap<OrderId, Order>| {
            of.get(&name.order).is_some_and(|order| order.cl_ord_id == cl_ord_id)
        };
        if needed(&self.open) || needed(&self.closed) && names > 1 {
            overdue.push_back(cl_ord_id);
            return;
        }
        self.names.remove(&(account, cl_ord_id));
        self.forgotten += 1;
        // Of a closed order nothing is known any more once none of its names is.
        if names == 1 {
            self.closed.remove(&name.order);
        }
    }
}

/// The report of an order as it stands.
pub(super) fn execution(order: &Order, exec_type: ExecType, why: Cause) -> Execution {
    let by_quote = order.quote_quantity != 0;
    Execution {
        order: order.id,
        account: order.account,
        instrument: order.instrument,
        cl_ord_id: order.cl_ord_id,
        orig_cl_ord_id: ClOrdId::EMPTY,
        exec_type,
        ord_status: order.status,
        why,
        side: order.side,
        ord_type: order.ord_type,
        time_in_force: order.time_in_force,
        post_only: order.post_only,
        self_trade_prevention: order.self_trade_prevention,
        maker: false,
        price: Price(saturated(order.price)),
        quantity: Quantity(saturated(order.quantity)),
        quote_quantity: Amount(saturated(order.quote_quantity)),
        display_quantity: Quantity(saturated(order.display)),
        last_price: Price::ZERO,
        last_quantity: Quantity::ZERO,
        leaves_quantity: Quantity(if by_quote { 0 } else { saturated(order.leaves) }),
        cum_quantity: Quantity(saturated(order.cum)),
        cum_notional: order.cum_notional,
        fee: Amount::ZERO,
        refusal: Refusal::NONE,
    }
}

/// The report of an order that was never taken.
fn rejected(command: &NewOrder, refusal: Refusal) -> Execution {
    Execution {
        cl_ord_id: command.cl_ord_id,
        exec_type: ExecType::Rejected,
        side: command.side,
        ord_type: command.ord_type,
        time_in_force: command.time_in_force,
        post_only: command.post_only,
        self_trade_prevention: command.self_trade_prevention,
        price: command.price,
        quantity: command.quantity,
        quote_quantity: command.quote_quantity,
        display_quantity: command.display_quantity,
        refusal,
        ..unknown(command.account, command.instrument)
    }
}

/// The report of an order that is not known.
pub(super) fn unknown(account: AccountId, instrument: InstrumentId) -> Execution {
    Execution {
        order: OrderId::NONE,
        account,
        instrument,
        cl_ord_id: ClOrdId::EMPTY,
        orig_cl_ord_id: ClOrdId::EMPTY,
        exec_type: ExecType::OrderStatus,
        ord_status: OrdStatus::Rejected,
        why: Cause::Request,
        side: Side::Buy,
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

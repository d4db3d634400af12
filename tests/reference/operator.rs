//! Definitions, states, transfers and the end of the day.

use castle::model::limit::*;
use castle::model::*;

use super::money::saturated;
use super::{Listing, Session, Terms, Venue};

/// The number under which an operator's command is answered.
pub fn request(command: &Command) -> Option<u64> {
    Some(match command {
        Command::DefineAsset(command) => command.request,
        Command::DefineInstrument(command) => command.request,
        Command::SetInstrumentState(command) => command.request,
        Command::OpenAccount(command) => command.request,
        Command::SetAccountState(command) => command.request,
        Command::Deposit(command) | Command::Withdraw(command) => command.request,
        Command::DefineSession(command) => command.request,
        _ => return None,
    })
}

fn too_many(limit: usize) -> Refusal {
    Refusal::new(RejectCode::TooMany, 0, limit as i64)
}

fn out_of_range(value: impl Into<i128>, limit: impl Into<i128>) -> Refusal {
    Refusal::new(RejectCode::OutOfRange, saturated(value.into()), saturated(limit.into()))
}

fn already_defined() -> Refusal {
    Refusal::plain(RejectCode::AlreadyDefined)
}

impl Venue {
    pub(super) fn define_asset(&mut self, command: &DefineAsset) {
        match self.asset_refusal(&command.asset) {
            Err(refusal) => self.answer(command.request, refusal, false),
            Ok(()) if self.assets.contains_key(&command.asset.id) => {
                self.answer(command.request, Refusal::NONE, true);
            }
            Ok(()) => {
                self.assets.insert(command.asset.id, command.asset);
                self.announce(EventBody::AssetDefined(command.asset));
                self.answer(command.request, Refusal::NONE, false);
            }
        }
    }

    fn asset_refusal(&self, asset: &Asset) -> Result<(), Refusal> {
        let taken = self.assets.values().any(|a| a.id != asset.id && a.name == asset.name);
        if asset.name.is_empty() || taken {
            return Err(already_defined());
        }
        if asset.scale > SCALE_MAX {
            return Err(out_of_range(asset.scale, SCALE_MAX));
        }
        if asset.id.index() >= ASSETS_MAX {
            return Err(too_many(ASSETS_MAX));
        }
        match self.assets.get(&asset.id) {
            Some(known) if known != asset => Err(already_defined()),
            _ => Ok(()),
        }
    }

    pub(super) fn define_instrument(&mut self, command: &DefineInstrument) {
        if let Err(refusal) = self.instrument_refusal(&command.instrument) {
            self.answer(command.request, refusal, false);
            return;
        }
        let mut instrument = command.instrument;
        let mut listing = Listing { instrument, last_trade: None, traded: false, ordered: false };
        if let Some(known) = self.instruments.get(&instrument.id) {
            instrument.state = known.instrument.state;
            if known.instrument == instrument {
                self.answer(command.request, Refusal::NONE, true);
                return;
            }
            // A price of other decimal places or off the new tick says nothing about the new ones.
            let same_prices = known.instrument.price_scale == instrument.price_scale
                && known.instrument.tick == instrument.tick;
            let last_trade = known.last_trade.filter(|_| same_prices);
            listing = Listing { instrument, last_trade, ..*known };
        }
        self.instruments.insert(instrument.id, listing);
        self.announce(EventBody::InstrumentDefined(instrument));
        self.answer(command.request, Refusal::NONE, false);
    }

    fn instrument_refusal(&self, new: &Instrument) -> Result<(), Refusal> {
        let most = INSTRUMENTS_MAX.min(self.limits().instruments_max as usize);
        if new.id.index() >= most {
            return Err(too_many(most));
        }
        let mut others = self.instruments.values().filter(|other| other.instrument.id != new.id);
        if new.symbol.is_empty() || others.any(|other| other.instrument.symbol == new.symbol) {
            return Err(already_defined());
        }
        let unknown = |id: AssetId| Refusal::new(RejectCode::UnknownAsset, i64::from(id.0), 0);
        let base = *self.assets.get(&new.base).ok_or(unknown(new.base))?;
        let quote = *self.assets.get(&new.quote).ok_or(unknown(new.quote))?;
        if new.base == new.quote {
            return Err(Refusal::plain(RejectCode::BaseIsQuote));
        }
        ranges(new, &base)?;
        let terms = Terms { instrument: *new, base, quote, reference: 1 };
        if !terms.tick_lot_is_whole() {
            return Err(Refusal::plain(RejectCode::TickLotNotWhole));
        }
        let Some(listing) = self.instruments.get(&new.id) else { return Ok(()) };
        let old = &listing.instrument;
        let same_assets = (old.base, old.quote) == (new.base, new.quote);
        let same_scales =
            (old.price_scale, old.quantity_scale) == (new.price_scale, new.quantity_scale);
        let same_steps = (old.tick, old.lot) == (new.tick, new.lot);
        let open = self.open.values().filter(|order| order.instrument == new.id).count();
        if open > 0 && !(same_assets && same_scales && same_steps) {
            return Err(Refusal::new(RejectCode::HasOpenOrders, open as i64, 0));
        }
        if listing.traded && !same_assets {
            return Err(already_defined());
        }
        // Reports of its orders are told again with the symbol and the decimal places of today.
        if listing.ordered && !(same_scales && old.symbol == new.symbol) {
            return Err(already_defined());
        }
        Ok(())
    }

    pub(super) fn set_instrument_state(&mut self, command: &SetInstrumentState) {
        let Some(listing) = self.instruments.get_mut(&command.instrument) else {
            let value = i64::from(command.instrument.0);
            let refusal = Refusal::new(RejectCode::UnknownInstrument, value, 0);
            self.answer(command.request, refusal, false);
            return;
        };
        if listing.instrument.state == command.state {
            self.answer(command.request, Refusal::NONE, true);
            return;
        }
        listing.instrument.state = command.state;
        let instrument = listing.instrument;
        self.announce(EventBody::InstrumentDefined(instrument));
        self.answer(command.request, Refusal::NONE, false);
    }

    pub(super) fn open_account(&mut self, command: &OpenAccount) {
        let most = ACCOUNTS_MAX.min(self.limits().accounts_max as usize);
        let id = command.account;
        if id < AccountId::FIRST {
            let refusal = out_of_range(id.0, AccountId::FIRST.0);
            self.answer(command.request, refusal, false);
        } else if id.index() >= most {
            self.answer(command.request, too_many(most), false);
        } else {
            let repeated = self.accounts.contains_key(&id);
            self.accounts.entry(id).or_insert(AccountState::Active);
            self.answer(command.request, Refusal::NONE, repeated);
        }
    }

    pub(super) fn set_account_state(&mut self, command: &SetAccountState) {
        let Some(state) = self.accounts.get_mut(&command.account) else {
            self.answer(command.request, unknown_account(command.account), false);
            return;
        };
        let repeated = *state == command.state;
        *state = command.state;
        if command.state == AccountState::Suspended {
            let mine = self.open.values().filter(|order| order.account == command.account);
            let mine: Vec<OrderId> = mine.map(|order| order.id).collect();
            for order in mine {
                self.cancel_open(order, Cause::Suspension);
            }
        }
        self.answer(command.request, Refusal::NONE, repeated);
    }

    pub(super) fn transfer(&mut self, deposit: bool, transfer: &Transfer) {
        let reused = Refusal::plain(RejectCode::ReferenceReused);
        if transfer.reference.is_empty() {
            self.answer(transfer.request, reused, false);
            return;
        }
        if let Some((kind, first, outcome)) = self.transfers.get(&transfer.reference) {
            let same = *kind == deposit
                && first.account == transfer.account
                && first.asset == transfer.asset
                && first.amount == transfer.amount;
            let refusal = if same { *outcome } else { reused };
            self.answer(transfer.request, refusal, same);
            return;
        }
        if self.transfers.len() >= REFERENCES_MAX {
            self.answer(transfer.request, too_many(REFERENCES_MAX), false);
            return;
        }
        let refusal = self.transfer_refusal(deposit, transfer).err().unwrap_or(Refusal::NONE);
        if refusal == Refusal::NONE {
            let (from, to) = match deposit {
                true => (AccountId::OUTSIDE, transfer.account),
                false => (transfer.account, AccountId::OUTSIDE),
            };
            self.pay(from, to, transfer.asset, transfer.amount.wide());
        }
        self.transfers.insert(transfer.reference, (deposit, *transfer, refusal));
        self.answer(transfer.request, refusal, false);
    }

    fn transfer_refusal(&self, deposit: bool, transfer: &Transfer) -> Result<(), Refusal> {
        let amount = transfer.amount.wide();
        if amount <= 0 {
            return Err(out_of_range(amount, 1));
        }
        let venue = transfer.account == AccountId::VENUE && !deposit;
        if !venue && !self.accounts.contains_key(&transfer.account) {
            return Err(unknown_account(transfer.account));
        }
        if !self.assets.contains_key(&transfer.asset) {
            let value = i64::from(transfer.asset.0);
            return Err(Refusal::new(RejectCode::UnknownAsset, value, 0));
        }
        if deposit {
            // All that is inside came from the outside.
            let inside = -self.total(AccountId::OUTSIDE, transfer.asset);
            let left = i128::from(AMOUNT_MAX) - inside;
            if amount > left {
                let (value, limit) = (saturated(amount), saturated(left));
                return Err(Refusal::new(RejectCode::AssetTotalExceeded, value, limit));
            }
        } else {
            let free = self.free(transfer.account, transfer.asset);
            if amount > free {
                let (value, limit) = (saturated(amount), saturated(free));
                return Err(Refusal::new(RejectCode::InsufficientBalance, value, limit));
            }
        }
        Ok(())
    }

    /// Books an amount from one account to another.
    pub(super) fn pay(&mut self, from: AccountId, to: AccountId, asset: AssetId, amount: i128) {
        *self.totals.entry((from, asset)).or_insert(0) -= amount;
        *self.totals.entry((to, asset)).or_insert(0) += amount;
    }

    pub(super) fn define_session(&mut self, command: &DefineSession) {
        let new = command.session;
        if let Err(refusal) = self.session_refusal(&new) {
            self.answer(command.request, refusal, false);
            return;
        }
        let repeated = self.sessions.get(&new.id).is_some_and(|known| known.definition == new);
        let fresh = Session {
            definition: new,
            connected: false,
            generation: 0,
            gateway: GatewayId(0),
            connection: ConnectionId(0),
            next_in: 1,
            next_out: 1,
        };
        self.sessions.entry(new.id).or_insert(fresh).definition = new;
        if !repeated {
            self.announce(EventBody::SessionDefined(new));
        }
        self.answer(command.request, Refusal::NONE, repeated);
    }

    fn session_refusal(&self, new: &SessionDefinition) -> Result<(), Refusal> {
        let most = SESSIONS_MAX.min(self.limits().sessions_max as usize);
        if new.id == SessionId::NONE {
            return Err(out_of_range(0, 1));
        }
        if new.id.index() >= most {
            return Err(too_many(most));
        }
        if !self.accounts.contains_key(&new.account) {
            return Err(unknown_account(new.account));
        }
        let mut others = self.sessions.values().filter(|other| other.definition.id != new.id);
        let taken = others.any(|other| other.definition.comp_id == new.comp_id);
        let known = self.sessions.get(&new.id);
        let moved = known.is_some_and(|known| known.definition.account != new.account);
        if new.comp_id.is_empty() || taken || moved {
            return Err(already_defined());
        }
        Ok(())
    }

    pub(super) fn rollover(&mut self, rollover: &Rollover) {
        if rollover.day <= self.day {
            return;
        }
        self.day = rollover.day;
        let day_orders = self.open.values().filter(|order| order.time_in_force == TimeInForce::Day);
        let mut ending: Vec<(AccountId, OrderId)> =
            day_orders.map(|order| (order.account, order.id)).collect();
        ending.sort();
        for (_, order) in ending {
            self.cancel_open(order, Cause::Rollover);
        }
        self.forget_names();
        self.announce(EventBody::RolledOver(RolledOver { day: rollover.day }));
    }

    pub(super) fn security_list(&mut self, command: &SecurityListRequest) {
        let all = command.instrument == CancelOrder::ANY_INSTRUMENT;
        let mut found: Vec<Instrument> =
            self.instruments.values().map(|listing| listing.instrument).collect();
        found.retain(|instrument| all || instrument.id == command.instrument);
        let mut refusal = command.refusal;
        if refusal.code != RejectCode::None {
            found.clear();
        } else if found.is_empty() {
            let value = i64::from(command.instrument.0);
            refusal = Refusal::new(RejectCode::UnknownInstrument, value, 0);
        }
        if found.is_empty() {
            let body = EventBody::SecurityListed(SecurityListed {
                request_id: command.request_id,
                refusal,
                total: 0,
                last: true,
                instrument: NO_INSTRUMENT,
            });
            self.tell(command.origin.session, body);
        }
        for (at, instrument) in found.iter().enumerate() {
            let body = EventBody::SecurityListed(SecurityListed {
                request_id: command.request_id,
                refusal: Refusal::NONE,
                total: found.len() as u32,
                last: at + 1 == found.len(),
                instrument: *instrument,
            });
            self.tell(command.origin.session, body);
        }
    }
}

fn unknown_account(account: AccountId) -> Refusal {
    Refusal::new(RejectCode::UnknownAccount, i64::from(account.0), 0)
}

/// Every figure of an instrument that has a range of its own.
fn ranges(new: &Instrument, base: &Asset) -> Result<(), Refusal> {
    let within = |value: i128, least: i128, most: i128| {
        let limit = if value < least { least } else { most };
        if (least..=most).contains(&value) { Ok(()) } else { Err(out_of_range(value, limit)) }
    };
    let scale_max = i128::from(SCALE_MAX);
    within(new.price_scale.into(), 0, scale_max)?;
    within(new.quantity_scale.into(), 0, scale_max.min(base.scale.into()))?;
    within(new.tick.wide(), 1, PRICE_MAX.into())?;
    within(new.lot.wide(), 1, QUANTITY_MAX.into())?;
    let lot = new.lot.wide();
    within(new.quantity_min.wide(), lot, QUANTITY_MAX.into())?;
    if new.quantity_min.wide() % lot != 0 {
        return Err(out_of_range(new.quantity_min.wide(), lot));
    }
    within(new.quantity_max.wide(), new.quantity_min.wide(), QUANTITY_MAX.into())?;
    within(new.notional_min.wide(), 0, i64::MAX.into())?;
    within(new.collar_percent.into(), 1, COLLAR_PERCENT_MAX.into())?;
    within(new.reference_price.wide(), 1, PRICE_MAX.into())?;
    if new.reference_price.wide() % new.tick.wide() != 0 {
        return Err(out_of_range(new.reference_price.wide(), new.tick.wide()));
    }
    within(new.maker_fee.into(), 0, FEE_MAX.into())?;
    within(new.taker_fee.into(), 0, FEE_MAX.into())?;
    within(new.open_orders_max.into(), 1, u32::MAX.into())
}

/// Stands where an answer has no instrument to show.
pub const NO_INSTRUMENT: Instrument = Instrument {
    id: InstrumentId(0),
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
};

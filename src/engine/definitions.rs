//! What an operator defines: assets, instruments, accounts, sessions, and their states.

use crate::engine::Engine;
use crate::engine::continuation::{CancelScan, Scope, Then};
use crate::engine::instruments::Scales;
use crate::engine::output::{Done, EventSink, Output};
use crate::model::limit::*;
use crate::model::*;

impl Engine {
    pub(super) fn define_asset(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        define: &DefineAsset,
    ) {
        let outcome = self.check_asset(&define.asset);
        if outcome == Ok(Done::Now) {
            self.assets.set(define.asset);
            out.announce(EventBody::AssetDefined(define.asset));
        }
        out.answer(define.request, outcome);
    }

    fn check_asset(&self, asset: &Asset) -> Result<Done, Refusal> {
        let taken =
            self.assets.iter().any(|other| other.name == asset.name && other.id != asset.id);
        if asset.name.is_empty() || taken {
            return Err(Refusal::plain(RejectCode::AlreadyDefined));
        }
        at_most(asset.scale.into(), SCALE_MAX.into())?;
        room(asset.id.0.into(), ASSETS_MAX as u32)?;
        match self.assets.get(asset.id) {
            None => Ok(Done::Now),
            Some(known) if known == asset => Ok(Done::Before),
            Some(_) => Err(Refusal::plain(RejectCode::AlreadyDefined)),
        }
    }

    pub(super) fn define_instrument(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        define: &DefineInstrument,
    ) {
        let mut instrument = define.instrument;
        if let Some(known) = self.instruments.get(instrument.id) {
            instrument.state = known.definition.state;
        }
        let outcome = self.check_instrument(&instrument);
        if let Ok((Done::Now, scales)) = outcome {
            if let Some(known) = self.instruments.get_mut(instrument.id) {
                let old = &known.definition;
                // A price at another scale or off the tick is no reference any more.
                if (old.price_scale, old.tick) != (instrument.price_scale, instrument.tick) {
                    known.last_trade = None;
                }
            }
            self.instruments.set(instrument, scales);
            out.announce(EventBody::InstrumentDefined(instrument));
        }
        out.answer(define.request, outcome.map(|(done, _)| done));
    }

    fn check_instrument(&self, instrument: &Instrument) -> Result<(Done, Scales), Refusal> {
        room(instrument.id.0, self.instruments.limit)?;
        let mut others = self.instruments.iter().map(|slot| &slot.definition);
        let taken =
            others.any(|other| other.symbol == instrument.symbol && other.id != instrument.id);
        if instrument.symbol.is_empty() || taken {
            return Err(Refusal::plain(RejectCode::AlreadyDefined));
        }
        let asset = |id: AssetId| {
            let unknown = Refusal::new(RejectCode::UnknownAsset, id.0.into(), 0);
            self.assets.get(id).ok_or(unknown)
        };
        let (base, quote) = (asset(instrument.base)?, asset(instrument.quote)?);
        if instrument.base == instrument.quote {
            return Err(Refusal::plain(RejectCode::BaseIsQuote));
        }
        check_ranges(instrument, base.scale)?;
        let scales = Scales::new(instrument, base.scale, quote.scale);
        if !scales.is_whole(instrument.tick, instrument.lot) {
            return Err(Refusal::plain(RejectCode::TickLotNotWhole));
        }
        let Some(slot) = self.instruments.get(instrument.id) else {
            return Ok((Done::Now, scales));
        };
        let known = &slot.definition;
        if known == instrument {
            return Ok((Done::Before, scales));
        }
        let money = |of: &Instrument| (of.base, of.quote);
        let units = |of: &Instrument| (of.price_scale, of.quantity_scale, of.tick, of.lot);
        let assets_change = money(known) != money(instrument);
        if slot.open_orders > 0 && (assets_change || units(known) != units(instrument)) {
            let open = i64::from(slot.open_orders);
            return Err(Refusal::new(RejectCode::HasOpenOrders, open, 0));
        }
        let encoded = |of: &Instrument| (of.symbol, of.price_scale, of.quantity_scale);
        let encoded_changes = encoded(known) != encoded(instrument);
        if assets_change && slot.traded || encoded_changes && slot.ordered {
            return Err(Refusal::plain(RejectCode::AlreadyDefined));
        }
        Ok((Done::Now, scales))
    }

    pub(super) fn set_instrument_state(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        set: &SetInstrumentState,
    ) {
        let Some(slot) = self.instruments.get_mut(set.instrument) else {
            let id = i64::from(set.instrument.0);
            let refusal = Refusal::new(RejectCode::UnknownInstrument, id, 0);
            return out.answer(set.request, Err(refusal));
        };
        if slot.definition.state == set.state {
            return out.answer(set.request, Ok(Done::Before));
        }
        slot.definition.state = set.state;
        out.announce(EventBody::InstrumentDefined(slot.definition));
        out.answer(set.request, Ok(Done::Now));
    }

    pub(super) fn open_account(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        open: &OpenAccount,
    ) {
        let id = open.account;
        let outcome = if id < AccountId::FIRST {
            let least = i64::from(AccountId::FIRST.0);
            Err(Refusal::new(RejectCode::OutOfRange, i64::from(id.0), least))
        } else if let Err(refusal) = room(id.0, self.accounts.limit) {
            Err(refusal)
        } else if self.accounts.get(id).is_some() {
            Ok(Done::Before)
        } else {
            self.accounts.open(id);
            Ok(Done::Now)
        };
        out.answer(open.request, outcome);
    }

    pub(super) fn set_account_state(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        set: &SetAccountState,
    ) {
        let Some(known) = self.accounts.get(set.account) else {
            let id = i64::from(set.account.0);
            return out.answer(set.request, Err(Refusal::new(RejectCode::UnknownAccount, id, 0)));
        };
        if known.state == set.state {
            return out.answer(set.request, Ok(Done::Before));
        }
        self.accounts.slot(set.account).state = set.state;
        if set.state == AccountState::Active {
            return out.answer(set.request, Ok(Done::Now));
        }
        let scan = CancelScan::new(set.account, Scope::ALL, Cause::Suspension);
        self.cancel_scan(out, scan.then(Then::Answer(set.request)));
    }

    pub(super) fn define_session(
        &mut self,
        out: &mut Output<'_, impl EventSink>,
        define: &DefineSession,
    ) {
        let outcome = self.check_session(&define.session);
        if outcome == Ok(Done::Now) {
            self.sessions.set(define.session);
            out.announce(EventBody::SessionDefined(define.session));
        }
        out.answer(define.request, outcome);
    }

    fn check_session(&self, session: &SessionDefinition) -> Result<Done, Refusal> {
        if session.id == SessionId::NONE {
            return Err(Refusal::new(RejectCode::OutOfRange, 0, 1));
        }
        room(session.id.0, self.sessions.limit)?;
        if self.accounts.get(session.account).is_none() {
            let id = i64::from(session.account.0);
            return Err(Refusal::new(RejectCode::UnknownAccount, id, 0));
        }
        let mut others = self.sessions.iter().map(|state| &state.definition);
        let taken = others.any(|other| other.comp_id == session.comp_id && other.id != session.id);
        if session.comp_id.is_empty() || taken {
            return Err(Refusal::plain(RejectCode::AlreadyDefined));
        }
        match self.sessions.get(session.id).map(|state| state.definition) {
            None => Ok(Done::Now),
            Some(known) if known == *session => Ok(Done::Before),
            Some(known) if known.account != session.account => {
                Err(Refusal::plain(RejectCode::AlreadyDefined))
            }
            Some(_) => Ok(Done::Now),
        }
    }
}

/// Whether every number of an instrument is one that can be counted with.
fn check_ranges(instrument: &Instrument, base_scale: u8) -> Result<(), Refusal> {
    let Instrument { tick, lot, quantity_min, quantity_max, reference_price, .. } = *instrument;
    at_most(instrument.price_scale.into(), SCALE_MAX.into())?;
    at_most(instrument.quantity_scale.into(), SCALE_MAX.min(base_scale).into())?;
    within(tick.0, 1, PRICE_MAX)?;
    within(lot.0, 1, QUANTITY_MAX)?;
    within(quantity_min.0, lot.0, QUANTITY_MAX)?;
    if quantity_min.0 % lot.0 != 0 {
        return Err(Refusal::new(RejectCode::OutOfRange, quantity_min.0, lot.0));
    }
    within(quantity_max.0, quantity_min.0, QUANTITY_MAX)?;
    within(instrument.notional_min.0, 0, i64::MAX)?;
    within(instrument.collar_percent.into(), 1, COLLAR_PERCENT_MAX.into())?;
    within(reference_price.0, 1, PRICE_MAX)?;
    if reference_price.0 % tick.0 != 0 {
        return Err(Refusal::new(RejectCode::OutOfRange, reference_price.0, tick.0));
    }
    at_most(instrument.maker_fee.into(), FEE_MAX.into())?;
    at_most(instrument.taker_fee.into(), FEE_MAX.into())?;
    within(instrument.open_orders_max.into(), 1, i64::MAX)
}

fn at_most(value: i64, most: i64) -> Result<(), Refusal> {
    within(value, 0, most)
}

fn within(value: i64, least: i64, most: i64) -> Result<(), Refusal> {
    let limit = if value < least { least } else { most };
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Refusal::new(RejectCode::OutOfRange, value, limit))
}

/// Whether an id lies below the limit of such ids.
fn room(id: u32, limit: u32) -> Result<(), Refusal> {
    if id < limit {
        return Ok(());
    }
    Err(Refusal::new(RejectCode::TooMany, 0, i64::from(limit)))
}

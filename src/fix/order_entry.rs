//! Order entry: the messages of a client that ask something of the engine, as commands.
//!
//! A message that comes here is valid by the dictionary. What is wrong with it as business is not judged
//! here but carried along as a [`Refusal`], so that the engine answers it in its place among the other
//! answers, with an ExecutionReport, an OrderCancelReject or a report of its own. Two things cannot
//! be answered so: a text too long to be echoed is a session Reject, and a status request has no answer
//! that could carry a reason, so it gets a BusinessMessageReject.
//!
//! **A field whose neglect would change the order refuses it** (FIX's OrdRejReason 11, unsupported order
//! characteristic); all other standard fields that Castle has no use for are ignored. The rules of
//! engagement list every one.

mod refused;

use crate::fix::decode::{Message, reason};
use crate::fix::directory::Directory;
use crate::fix::number::{self, NumberError};
use crate::fix::tables::tag;
use crate::model::*;
use refused::{
    JUDGED_IN_ORDERS, REFUSED_IN_MASS_CANCEL, REFUSED_IN_ORDERS, REFUSED_UNLESS, SPOT, TagSet,
};

/// ExecInst (18): participate, don't initiate.
const POST_ONLY: &[u8] = b"6";

/// BusinessRejectReason (380).
const OTHER: u8 = 0;
/// BusinessRejectReason (380).
const UNKNOWN_SECURITY: u8 = 2;
/// BusinessRejectReason (380).
const UNSUPPORTED_MESSAGE_TYPE: u8 = 3;
/// BusinessRejectReason (380).
const CONDITIONALLY_REQUIRED_FIELD_MISSING: u8 = 5;

/// An order that is named by something that can be no OrderID.
const NO_SUCH_ORDER: OrderId = OrderId(u64::MAX);

/// The command of a message, valid by the dictionary, from a session of `account`. It always consumes
/// the number of `origin`.
pub fn command(
    message: &Message<'_>,
    origin: Origin,
    account: AccountId,
    directory: &Directory,
) -> Command {
    let request = Request { message, origin, account, directory };
    let command = match message.msg_type() {
        // These are many, and long: each is made where it is to be.
        b"D" => match request.new_order() {
            Ok(order) => return Command::NewOrder(order),
            Err(fault) => Err(fault),
        },
        b"F" => match request.cancel() {
            Ok(cancel) => return Command::CancelOrder(cancel),
            Err(fault) => Err(fault),
        },
        b"G" => match request.replace() {
            Ok(replace) => return Command::ReplaceOrder(replace),
            Err(fault) => Err(fault),
        },
        b"q" => request.mass_cancel(),
        b"H" => request.order_status(),
        b"AF" => request.mass_status(),
        b"x" => request.security_list(),
        _ => Err(Fault::Business {
            reason: UNSUPPORTED_MESSAGE_TYPE,
            ref_id: RequestId::EMPTY,
            refusal: Refusal::NONE,
        }),
    };
    command.unwrap_or_else(|fault| request.refuse(fault))
}

/// What is wrong with a message that the engine cannot answer otherwise.
enum Fault {
    Session { tag: u32, reason: u8 },
    Business { reason: u8, ref_id: RequestId, refusal: Refusal },
}

/// The first reason to refuse a request; later ones do not count.
struct FirstRefusal(Refusal);

impl FirstRefusal {
    fn none() -> Self {
        Self(Refusal::NONE)
    }

    fn add(&mut self, refusal: Refusal) {
        if self.0 == Refusal::NONE {
            self.0 = refusal;
        }
    }

    fn unsupported(&mut self, tag: u32) {
        self.add(Refusal::new(RejectCode::UnsupportedField, i64::from(tag), 0));
    }
}

#[derive(Clone, Copy)]
struct Request<'a, 'm> {
    message: &'a Message<'m>,
    origin: Origin,
    account: AccountId,
    directory: &'a Directory,
}

impl Request<'_, '_> {
    fn refuse(&self, fault: Fault) -> Command {
        let ref_msg_type = MsgType::truncated(self.message.msg_type());
        let origin = self.origin;
        match fault {
            Fault::Session { tag, reason } => Command::SessionReject(SessionReject {
                origin,
                ref_seq_num: origin.msg_seq_num,
                ref_tag: tag as i32,
                ref_msg_type,
                reason,
            }),
            Fault::Business { reason, ref_id, refusal } => {
                Command::BusinessReject(BusinessReject {
                    origin,
                    ref_msg_type,
                    ref_id,
                    reason,
                    refusal,
                })
            }
        }
    }

    /// NewOrderSingle (D).
    #[inline(always)]
    fn new_order(&self) -> Result<NewOrder, Fault> {
        let mut refusal = FirstRefusal::none();
        let cl_ord_id: ClOrdId = self.text(tag::CL_ORD_ID)?;
        // These two first: where anything else is refused the report can tell them.
        let ord_type = self.ord_type(&mut refusal);
        let time_in_force = match self.byte(tag::TIME_IN_FORCE) {
            None | Some(b'0') => TimeInForce::Day,
            Some(b'1') => TimeInForce::GoodTillCancel,
            Some(b'3') => TimeInForce::ImmediateOrCancel,
            Some(b'4') => TimeInForce::FillOrKill,
            Some(_) => {
                refusal.unsupported(tag::TIME_IN_FORCE);
                TimeInForce::Day
            }
        };
        let instrument = self.instrument();
        if instrument.is_none() {
            refusal.add(self.unknown_symbol());
        }
        let side = self.side().unwrap_or_else(|nearest| {
            refusal.unsupported(tag::SIDE);
            nearest
        });
        let post_only = self.post_only(&mut refusal);
        let self_trade_prevention = self.self_trade_prevention(&mut refusal);
        self.refuse_unsupported(instrument, &mut refusal);
        let price = self.price(instrument, ord_type, &mut refusal)?;
        let quantity = self.quantity(tag::ORDER_QTY, instrument, &mut refusal)?;
        let quote_quantity = self.quote_quantity(instrument, &mut refusal)?;
        let display_quantity = self.display_quantity(instrument, quantity, &mut refusal)?;
        Ok(NewOrder {
            origin: self.origin,
            account: self.named_account(),
            instrument: instrument_id(instrument),
            cl_ord_id,
            cl_ord_id_hash: self.hash(&cl_ord_id),
            side,
            ord_type,
            time_in_force,
            self_trade_prevention,
            post_only,
            poss_resend: self.message.poss_resend(),
            price,
            quantity,
            quote_quantity,
            display_quantity,
            refusal: refusal.0,
        })
    }

    /// OrderCancelRequest (F). OrderQty and the rest are ignored: an order is canceled whole.
    #[inline(always)]
    fn cancel(&self) -> Result<CancelOrder, Fault> {
        let mut refusal = FirstRefusal::none();
        let names = self.names()?;
        let instrument = self.instrument();
        let side = self.side_of_order(instrument, &mut refusal);
        Ok(CancelOrder {
            origin: self.origin,
            account: self.named_account(),
            instrument: instrument_id(instrument),
            side,
            order: names.order,
            cl_ord_id: names.cl_ord_id,
            cl_ord_id_hash: self.hash(&names.cl_ord_id),
            orig_cl_ord_id: names.orig_cl_ord_id,
            orig_cl_ord_id_hash: self.hash(&names.orig_cl_ord_id),
            poss_resend: self.message.poss_resend(),
            refusal: refusal.0,
        })
    }

    /// OrderCancelReplaceRequest (G).
    #[inline(always)]
    fn replace(&self) -> Result<ReplaceOrder, Fault> {
        let mut refusal = FirstRefusal::none();
        let names = self.names()?;
        let instrument = self.instrument();
        let side = self.side_of_order(instrument, &mut refusal);
        let ord_type = self.ord_type(&mut refusal);
        let time_in_force = match self.byte(tag::TIME_IN_FORCE) {
            None => ReplaceTimeInForce::Unchanged,
            Some(b'0') => ReplaceTimeInForce::Day,
            Some(b'1') => ReplaceTimeInForce::GoodTillCancel,
            Some(_) => ReplaceTimeInForce::Other,
        };
        // An order keeps these: they may be repeated, which the engine compares, or left out.
        let post_only = self.post_only(&mut refusal);
        let self_trade_prevention = match self.message.get(tag::SELF_TRADE_PREVENTION) {
            None => ReplaceSelfTradePrevention::Unchanged,
            Some(_) => match self.self_trade_prevention(&mut refusal) {
                SelfTradePrevention::None => ReplaceSelfTradePrevention::None,
                SelfTradePrevention::ExpireTaker => ReplaceSelfTradePrevention::ExpireTaker,
                SelfTradePrevention::ExpireMaker => ReplaceSelfTradePrevention::ExpireMaker,
                SelfTradePrevention::ExpireBoth => ReplaceSelfTradePrevention::ExpireBoth,
                SelfTradePrevention::Decrement => ReplaceSelfTradePrevention::Decrement,
            },
        };
        if self.message.get(tag::CASH_ORDER_QTY).is_some() {
            refusal.unsupported(tag::CASH_ORDER_QTY);
        }
        self.refuse_unsupported(instrument, &mut refusal);
        let price = self.price(instrument, ord_type, &mut refusal)?;
        let quantity = self.quantity(tag::ORDER_QTY, instrument, &mut refusal)?;
        let display_quantity = self.display_quantity(instrument, quantity, &mut refusal)?;
        Ok(ReplaceOrder {
            origin: self.origin,
            account: self.named_account(),
            instrument: instrument_id(instrument),
            side,
            order: names.order,
            cl_ord_id: names.cl_ord_id,
            cl_ord_id_hash: self.hash(&names.cl_ord_id),
            orig_cl_ord_id: names.orig_cl_ord_id,
            orig_cl_ord_id_hash: self.hash(&names.orig_cl_ord_id),
            ord_type,
            time_in_force,
            price,
            quantity,
            display_quantity,
            post_only,
            self_trade_prevention,
            poss_resend: self.message.poss_resend(),
            refusal: refusal.0,
        })
    }

    /// OrderMassCancelRequest (q).
    fn mass_cancel(&self) -> Result<Command, Fault> {
        let mut refusal = FirstRefusal::none();
        let cl_ord_id: ClOrdId = self.text(tag::CL_ORD_ID)?;
        let scope = self.scope(tag::MASS_CANCEL_REQUEST_TYPE).unwrap_or_else(|| {
            // The limit tells what was asked, which the report echoes.
            let asked = self.byte(tag::MASS_CANCEL_REQUEST_TYPE).unwrap_or(0);
            let tag = i64::from(tag::MASS_CANCEL_REQUEST_TYPE);
            refusal.add(Refusal::new(RejectCode::UnsupportedField, tag, i64::from(asked)));
            MassCancelScope::All
        });
        let instrument = self.instrument();
        if instrument.is_none() && scope == MassCancelScope::Instrument {
            refusal.add(self.unknown_symbol());
        }
        let side = self.side_filter().unwrap_or_else(|| {
            refusal.unsupported(tag::SIDE);
            SideFilter::Both
        });
        if let Some(tag) = self.first_of(&REFUSED_IN_MASS_CANCEL) {
            refusal.unsupported(tag);
        }
        Ok(Command::MassCancel(MassCancel {
            origin: self.origin,
            account: self.named_account(),
            scope,
            instrument: scoped(scope, instrument),
            side,
            cl_ord_id,
            refusal: refusal.0,
        }))
    }

    /// OrderStatusRequest (H).
    fn order_status(&self) -> Result<Command, Fault> {
        let cl_ord_id: ClOrdId = self.text(tag::CL_ORD_ID)?;
        let request_id = self.text(tag::ORD_STATUS_REQ_ID)?;
        let order = self.order();
        if cl_ord_id.is_empty() && order == OrderId::NONE {
            return Err(Fault::Session {
                tag: tag::CL_ORD_ID,
                reason: reason::REQUIRED_TAG_MISSING,
            });
        }
        self.require_own_account(request_id)?;
        // Symbol and Side only repeat what the order has.
        let side = self.side().unwrap_or_else(|nearest| nearest);
        Ok(Command::OrderStatus(OrderStatus {
            origin: self.origin,
            account: self.account,
            instrument: instrument_id(self.instrument()),
            side,
            order,
            cl_ord_id,
            cl_ord_id_hash: self.hash(&cl_ord_id),
            request_id,
        }))
    }

    /// OrderMassStatusRequest (AF).
    fn mass_status(&self) -> Result<Command, Fault> {
        let request_id: RequestId = self.text(tag::MASS_STATUS_REQ_ID)?;
        let business =
            |reason: u8, refusal: Refusal| Fault::Business { reason, ref_id: request_id, refusal };
        let unsupported = |tag: u32| {
            business(OTHER, Refusal::new(RejectCode::UnsupportedField, i64::from(tag), 0))
        };
        self.require_own_account(request_id)?;
        let scope = self
            .scope(tag::MASS_STATUS_REQ_TYPE)
            .ok_or_else(|| unsupported(tag::MASS_STATUS_REQ_TYPE))?;
        let side = self.side_filter().ok_or_else(|| unsupported(tag::SIDE))?;
        let instrument = self.instrument();
        if instrument.is_none() && scope == MassCancelScope::Instrument {
            return Err(match self.message.get(tag::SYMBOL) {
                Some(_) => business(UNKNOWN_SECURITY, self.unknown_symbol()),
                None => business(CONDITIONALLY_REQUIRED_FIELD_MISSING, Refusal::NONE),
            });
        }
        Ok(Command::MassStatus(MassStatus {
            origin: self.origin,
            account: self.account,
            scope,
            instrument: scoped(scope, instrument),
            side,
            request_id,
        }))
    }

    /// SecurityListRequest (x).
    fn security_list(&self) -> Result<Command, Fault> {
        let mut refusal = FirstRefusal::none();
        let request_id = self.text(tag::SECURITY_REQ_ID)?;
        let instrument = match self.byte(tag::SECURITY_LIST_REQUEST_TYPE) {
            Some(b'0') => match self.instrument() {
                Some(instrument) => instrument.id,
                None => {
                    refusal.add(self.unknown_symbol());
                    CancelOrder::ANY_INSTRUMENT
                }
            },
            Some(b'4') => CancelOrder::ANY_INSTRUMENT,
            _ => {
                refusal.unsupported(tag::SECURITY_LIST_REQUEST_TYPE);
                CancelOrder::ANY_INSTRUMENT
            }
        };
        if self.byte(tag::SUBSCRIPTION_REQUEST_TYPE).is_some_and(|kind| kind != b'0') {
            refusal.unsupported(tag::SUBSCRIPTION_REQUEST_TYPE);
        }
        Ok(Command::SecurityListRequest(SecurityListRequest {
            origin: self.origin,
            request_id,
            instrument,
            refusal: refusal.0,
        }))
    }

    /// A text that is echoed; empty where the tag is absent.
    #[inline(always)]
    fn text<const N: usize>(&self, tag: u32) -> Result<Text<N>, Fault> {
        Text::new(self.message.get(tag).unwrap_or(b""))
            .ok_or(Fault::Session { tag, reason: reason::VALUE })
    }

    #[inline(always)]
    fn byte(&self, tag: u32) -> Option<u8> {
        // Longer ones are no value of ours either.
        self.message.get(tag).map(|text| number::char(text).unwrap_or(0))
    }

    #[inline(always)]
    fn hash(&self, cl_ord_id: &ClOrdId) -> u64 {
        match cl_ord_id.is_empty() {
            true => 0,
            false => self.directory.secret().hash_text(self.account, cl_ord_id),
        }
    }

    /// Account (1) as a number where it is there: the engine refuses another than the session's.
    #[inline(always)]
    fn named_account(&self) -> AccountId {
        let Some(text) = self.message.get(tag::ACCOUNT) else {
            return self.account;
        };
        let named = number::unsigned(text).ok().and_then(|named| u32::try_from(named).ok());
        AccountId(named.unwrap_or(u32::MAX))
    }

    fn require_own_account(&self, ref_id: RequestId) -> Result<(), Fault> {
        let refusal = Refusal::plain(RejectCode::AccountMismatch);
        match self.named_account() == self.account {
            true => Ok(()),
            false => Err(Fault::Business { reason: OTHER, ref_id, refusal }),
        }
    }

    #[inline(always)]
    fn instrument(&self) -> Option<&Instrument> {
        self.directory.instrument_by_symbol(self.message.get(tag::SYMBOL)?)
    }

    fn unknown_symbol(&self) -> Refusal {
        Refusal::unknown_symbol(self.message.get(tag::SYMBOL).unwrap_or_default())
    }

    /// Side (54), or the nearest one where it is neither buy nor sell: the echo shows that.
    #[inline(always)]
    fn side(&self) -> Result<Side, Side> {
        match self.byte(tag::SIDE) {
            Some(b'1') => Ok(Side::Buy),
            Some(b'2') => Ok(Side::Sell),
            // Sell plus, sell short, sell short exempt.
            Some(b'4' | b'5' | b'6') => Err(Side::Sell),
            _ => Err(Side::Buy),
        }
    }

    /// Symbol and Side of an order that is there already: what names no instrument and no side cannot
    /// be the order's.
    #[inline(always)]
    fn side_of_order(&self, instrument: Option<&Instrument>, refusal: &mut FirstRefusal) -> Side {
        let mut mismatch = |tag: u32| {
            refusal.add(Refusal::new(RejectCode::OrderMismatch, i64::from(tag), 0));
        };
        if instrument.is_none() && self.message.get(tag::SYMBOL).is_some() {
            mismatch(tag::SYMBOL);
        }
        self.side().unwrap_or_else(|nearest| {
            mismatch(tag::SIDE);
            nearest
        })
    }

    fn side_filter(&self) -> Option<SideFilter> {
        match self.byte(tag::SIDE) {
            None => Some(SideFilter::Both),
            Some(b'1') => Some(SideFilter::Buy),
            Some(b'2') => Some(SideFilter::Sell),
            Some(_) => None,
        }
    }

    fn scope(&self, tag: u32) -> Option<MassCancelScope> {
        match self.byte(tag) {
            Some(b'1') => Some(MassCancelScope::Instrument),
            Some(b'7') => Some(MassCancelScope::All),
            _ => None,
        }
    }

    #[inline(always)]
    fn ord_type(&self, refusal: &mut FirstRefusal) -> OrdType {
        match self.byte(tag::ORD_TYPE) {
            Some(b'1') => OrdType::Market,
            Some(b'2') => OrdType::Limit,
            other => {
                refusal.unsupported(tag::ORD_TYPE);
                // Stop, market on close: without a limit. The echo shows the nearest.
                if matches!(other, Some(b'3' | b'5')) { OrdType::Market } else { OrdType::Limit }
            }
        }
    }

    #[inline(always)]
    fn post_only(&self, refusal: &mut FirstRefusal) -> bool {
        match self.message.get(tag::EXEC_INST) {
            None => false,
            Some(POST_ONLY) => true,
            Some(_) => {
                refusal.unsupported(tag::EXEC_INST);
                false
            }
        }
    }

    #[inline(always)]
    fn self_trade_prevention(&self, refusal: &mut FirstRefusal) -> SelfTradePrevention {
        match self.byte(tag::SELF_TRADE_PREVENTION) {
            None | Some(b'0') => SelfTradePrevention::None,
            Some(b'1') => SelfTradePrevention::ExpireTaker,
            Some(b'2') => SelfTradePrevention::ExpireMaker,
            Some(b'3') => SelfTradePrevention::ExpireBoth,
            Some(b'4') => SelfTradePrevention::Decrement,
            Some(_) => {
                refusal.unsupported(tag::SELF_TRADE_PREVENTION);
                SelfTradePrevention::None
            }
        }
    }

    /// OrderID (37), [`OrderId::NONE`] where it is absent.
    fn order(&self) -> OrderId {
        match self.message.get(tag::ORDER_ID).map(number::unsigned) {
            None => OrderId::NONE,
            Some(Ok(0) | Err(_)) => NO_SUCH_ORDER,
            Some(Ok(id)) => OrderId(id),
        }
    }

    /// How a cancel or a replace names the order and itself.
    #[inline(always)]
    fn names(&self) -> Result<Names, Fault> {
        let cl_ord_id = self.text(tag::CL_ORD_ID)?;
        let orig_cl_ord_id: ClOrdId = self.text(tag::ORIG_CL_ORD_ID)?;
        let order = self.order();
        if orig_cl_ord_id.is_empty() && order == OrderId::NONE {
            return Err(Fault::Session {
                tag: tag::ORIG_CL_ORD_ID,
                reason: reason::REQUIRED_TAG_MISSING,
            });
        }
        Ok(Names { order, cl_ord_id, orig_cl_ord_id })
    }

    /// The first field of the message that is one of `tags`.
    fn first_of(&self, tags: &TagSet) -> Option<u32> {
        self.message.fields().map(|(tag, _)| tag).find(|tag| tags.has(*tag))
    }

    /// Refuses the fields of an order whose neglect would change it.
    #[inline(always)]
    fn refuse_unsupported(&self, instrument: Option<&Instrument>, refusal: &mut FirstRefusal) {
        if refusal.0 != Refusal::NONE || !self.message.has_any(&JUDGED_IN_ORDERS) {
            return;
        }
        self.judge_unsupported(instrument, refusal);
    }

    #[inline(never)]
    fn judge_unsupported(&self, instrument: Option<&Instrument>, refusal: &mut FirstRefusal) {
        if let Some(tag) = self.first_of(&REFUSED_IN_ORDERS) {
            return refusal.unsupported(tag);
        }
        for (tag, allowed) in REFUSED_UNLESS {
            if self.message.get(*tag).is_some_and(|value| value != *allowed) {
                return refusal.unsupported(*tag);
            }
        }
        if self.message.get(tag::SECURITY_TYPE).is_some_and(|kind| !SPOT.contains(&kind)) {
            return refusal.unsupported(tag::SECURITY_TYPE);
        }
        let minimum = self.message.get(tag::MIN_QTY);
        if minimum.is_some_and(|text| number::decimal(text, 0) != Ok(0)) {
            refusal.unsupported(tag::MIN_QTY);
        }
        let destination = self.message.get(tag::EX_DESTINATION);
        if destination.is_some_and(|name| name != self.directory.venue().as_bytes()) {
            refusal.unsupported(tag::EX_DESTINATION);
        }
        let quote = instrument.and_then(|instrument| self.directory.asset(instrument.quote));
        for tag in [tag::CURRENCY, tag::SETTL_CURRENCY] {
            let named = self.message.get(tag);
            if named.is_some_and(|name| quote.is_none_or(|quote| quote.name.as_bytes() != name)) {
                refusal.unsupported(tag);
            }
        }
    }

    /// A number in units of 10^-`scale`, zero where the tag is absent. What does not fit becomes the
    /// greatest, which every check of the engine refuses.
    #[inline(always)]
    fn decimal(&self, tag: u32, scale: u8, refusal: &mut FirstRefusal) -> Result<i64, Fault> {
        match self.message.decimal(tag, scale) {
            None => Ok(0),
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => self.no_decimal(tag, scale, error, refusal),
        }
    }

    #[cold]
    fn no_decimal(
        &self,
        tag: u32,
        scale: u8,
        error: NumberError,
        refusal: &mut FirstRefusal,
    ) -> Result<i64, Fault> {
        match error {
            NumberError::Overflow => {
                let negative = self.message.get(tag).is_some_and(|text| text.starts_with(b"-"));
                Ok(if negative { -i64::MAX } else { i64::MAX })
            }
            NumberError::TooManyDecimals => {
                let (tag, scale) = (i64::from(tag), i64::from(scale));
                refusal.add(Refusal::new(RejectCode::TooManyDecimals, tag, scale));
                Ok(0)
            }
            NumberError::Format => Err(Fault::Session { tag, reason: reason::FORMAT }),
        }
    }

    /// Price (44). A limit order without one is refused; the engine refuses a market order with one.
    #[inline(always)]
    fn price(
        &self,
        instrument: Option<&Instrument>,
        ord_type: OrdType,
        refusal: &mut FirstRefusal,
    ) -> Result<Price, Fault> {
        if ord_type == OrdType::Limit && self.message.get(tag::PRICE).is_none() {
            refusal.add(Refusal::plain(RejectCode::PriceMismatch));
        }
        let Some(instrument) = instrument else {
            return Ok(Price::ZERO);
        };
        self.decimal(tag::PRICE, instrument.price_scale, refusal).map(Price)
    }

    #[inline(always)]
    fn quantity(
        &self,
        tag: u32,
        instrument: Option<&Instrument>,
        refusal: &mut FirstRefusal,
    ) -> Result<Quantity, Fault> {
        let Some(instrument) = instrument else {
            return Ok(Quantity::ZERO);
        };
        self.decimal(tag, instrument.quantity_scale, refusal).map(Quantity)
    }

    /// CashOrderQty (152), in the quote asset.
    #[inline(always)]
    fn quote_quantity(
        &self,
        instrument: Option<&Instrument>,
        refusal: &mut FirstRefusal,
    ) -> Result<Amount, Fault> {
        match instrument.and_then(|instrument| self.directory.asset(instrument.quote)) {
            Some(quote) => self.decimal(tag::CASH_ORDER_QTY, quote.scale, refusal).map(Amount),
            None => Ok(Amount::ZERO),
        }
    }

    /// MaxFloor (111). Zero would be an order that shows nothing, which there is not.
    #[inline(always)]
    fn display_quantity(
        &self,
        instrument: Option<&Instrument>,
        quantity: Quantity,
        refusal: &mut FirstRefusal,
    ) -> Result<Quantity, Fault> {
        let display = self.quantity(tag::MAX_FLOOR, instrument, refusal)?;
        if display == Quantity::ZERO && self.message.get(tag::MAX_FLOOR).is_some() {
            refusal.add(Refusal::new(RejectCode::DisplayQuantityOutOfRange, 0, quantity.0));
        }
        Ok(display)
    }
}

struct Names {
    order: OrderId,
    cl_ord_id: ClOrdId,
    orig_cl_ord_id: ClOrdId,
}

fn instrument_id(instrument: Option<&Instrument>) -> InstrumentId {
    instrument.map_or(CancelOrder::ANY_INSTRUMENT, |instrument| instrument.id)
}

fn scoped(scope: MassCancelScope, instrument: Option<&Instrument>) -> InstrumentId {
    match scope {
        MassCancelScope::Instrument => instrument_id(instrument),
        MassCancelScope::All => CancelOrder::ANY_INSTRUMENT,
    }
}

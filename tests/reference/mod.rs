//! The reference venue: what the exchange does, written so that it can be checked by reading.
//!
//! It shares only `castle::model` with the engine. It is slow on purpose: what can be recomputed is
//! not stored. A hold is a sum over open orders, a book is a sorted list of them, and every figure is
//! an `i128`. It knows no continuation: a record has all its effects at once.

// Several test binaries share this module, and none uses all of it.
#![allow(dead_code)]

pub mod compare;
pub mod crowd;
mod engine;
mod filters;
pub mod generate;
mod matching;
pub mod mirror;
mod money;
pub mod operator;
pub mod orders;
mod plausible;
pub mod restored;
mod sessions;

use std::collections::{BTreeMap, VecDeque};

use castle::model::limit::EngineLimits;
use castle::model::*;

pub use money::Terms;

/// What the venue says, without its place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// To which session, or none.
    pub session: SessionId,
    /// Under which number.
    pub msg_seq_num: u64,
    /// Over which gateway.
    pub gateway: GatewayId,
    /// What.
    pub body: EventBody,
}

/// The state of the venue.
#[derive(Default)]
pub struct Venue {
    /// None before genesis.
    pub limits: Option<EngineLimits>,
    pub epoch: u32,
    pub day: u32,
    pub assets: BTreeMap<AssetId, Asset>,
    pub instruments: BTreeMap<InstrumentId, Listing>,
    pub accounts: BTreeMap<AccountId, AccountState>,
    /// All that an account has of an asset, what is held included.
    pub totals: BTreeMap<(AccountId, AssetId), i128>,
    pub sessions: BTreeMap<SessionId, Session>,
    /// Open orders by their id, which is the order of their acceptance.
    pub open: BTreeMap<OrderId, Order>,
    pub closed: BTreeMap<OrderId, Order>,
    pub names: BTreeMap<(AccountId, ClOrdId), Name>,
    /// The names of an account that have not been due yet, oldest first.
    pub fresh: BTreeMap<AccountId, VecDeque<ClOrdId>>,
    /// Those that were due, but were the last of an open order; the next to look at first.
    pub overdue: BTreeMap<AccountId, VecDeque<ClOrdId>>,
    /// How many names were forgotten.
    pub forgotten: u64,
    /// How many ClOrdIDs an account has used so far.
    pub names_used: BTreeMap<AccountId, u64>,
    pub transfers: BTreeMap<Reference, (bool, Transfer, Refusal)>,
    /// Counts places in queues: who has the lower one comes first.
    pub places: u64,
    said: Vec<Said>,
}

/// An instrument and what happened to it.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    pub instrument: Instrument,
    pub last_trade: Option<i128>,
    pub traded: bool,
    /// It has taken an order.
    pub ordered: bool,
}

/// A session and its numbers.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    pub definition: SessionDefinition,
    pub connected: bool,
    pub generation: u32,
    pub gateway: GatewayId,
    pub connection: ConnectionId,
    pub next_in: u64,
    pub next_out: u64,
}

/// A remembered ClOrdID.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    pub order: OrderId,
    pub day: u32,
    /// The how-manieth of its account it is, from 1.
    pub ordinal: u64,
}

/// An order.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    pub id: OrderId,
    pub session: SessionId,
    pub account: AccountId,
    pub instrument: InstrumentId,
    /// The last accepted ClOrdID of its chain.
    pub cl_ord_id: ClOrdId,
    pub side: Side,
    pub ord_type: OrdType,
    pub time_in_force: TimeInForce,
    pub self_trade_prevention: SelfTradePrevention,
    pub post_only: bool,
    pub price: i128,
    pub quantity: i128,
    pub quote_quantity: i128,
    pub display: i128,
    pub status: OrdStatus,
    pub leaves: i128,
    pub cum: i128,
    pub cum_notional: i128,
    /// What a taker by quote quantity may still spend or receive.
    pub rest: i128,
    /// What of `leaves` can be seen in the book.
    pub slice: i128,
    /// Its place in the queue of its level.
    pub place: u64,
    /// Σ received × rate, in 1/100,000 of the asset's unit.
    pub fee_exact: i128,
    pub fee_charged: i128,
}

impl Venue {
    /// Applies a record and tells all that came of it.
    pub fn apply(&mut self, record: &Record) -> Vec<Said> {
        self.said.clear();
        if let Command::Genesis(genesis) = &record.command {
            if self.limits.is_none() {
                self.limits = Some(genesis.limits);
            }
        } else if self.limits.is_some() {
            self.dispatch(record);
        } else if let Some(request) = operator::request(&record.command) {
            self.answer(request, Refusal::plain(RejectCode::Genesis), false);
        }
        std::mem::take(&mut self.said)
    }

    fn dispatch(&mut self, record: &Record) {
        match &record.command {
            Command::Genesis(_) | Command::Continue(_) => {}
            Command::BeginEpoch(command) => self.begin_epoch(command),
            Command::DefineAsset(command) => self.define_asset(command),
            Command::DefineInstrument(command) => self.define_instrument(command),
            Command::SetInstrumentState(command) => self.set_instrument_state(command),
            Command::OpenAccount(command) => self.open_account(command),
            Command::SetAccountState(command) => self.set_account_state(command),
            Command::Deposit(command) => self.transfer(true, command),
            Command::Withdraw(command) => self.transfer(false, command),
            Command::DefineSession(command) => self.define_session(command),
            Command::Rollover(command) => self.rollover(command),
            Command::Logon(command) => self.logon(command),
            Command::RefuseLogon(command) => self.refuse_logon(command),
            Command::CancelAbsentSession(command) => self.cancel_absent(command.session),
            other => {
                let Some(origin) = sessions::origin(other) else { return };
                if self.consume(&origin) {
                    self.serve(&origin, record);
                }
            }
        }
    }

    /// What a session in good order asks for.
    fn serve(&mut self, origin: &Origin, record: &Record) {
        match &record.command {
            Command::Logout(command) => self.logout(command),
            Command::ConnectionLost(_) => self.disconnect(origin.session),
            Command::SendHeartbeat(command) => self.tell(
                origin.session,
                EventBody::Heartbeat(Heartbeat { test_req_id: command.test_req_id }),
            ),
            Command::SendTestRequest(_) => {
                self.tell(origin.session, EventBody::TestRequest(TestRequest {}));
            }
            Command::SendResendRequest(command) => self.tell(
                origin.session,
                EventBody::ResendRequest(ResendRequest { begin: command.begin }),
            ),
            Command::SessionReject(command) => self.session_reject(command),
            Command::BusinessReject(command) => self.business_reject(command),
            Command::NewOrder(command) => self.new_order(record.sequence, command),
            Command::CancelOrder(command) => self.cancel_order(command),
            Command::ReplaceOrder(command) => self.replace_order(command),
            Command::MassCancel(command) => self.mass_cancel(command),
            Command::OrderStatus(command) => self.order_status(command),
            Command::MassStatus(command) => self.mass_status(command),
            Command::SecurityListRequest(command) => self.security_list(command),
            _ => {}
        }
    }

    /// A numbered message to a session.
    fn tell(&mut self, session: SessionId, body: EventBody) {
        let Some(state) = self.sessions.get_mut(&session) else { return };
        let gateway = state.gateway;
        let msg_seq_num = state.next_out;
        state.next_out += 1;
        self.said.push(Said { session, msg_seq_num, gateway, body });
    }

    /// What every gateway learns.
    fn announce(&mut self, body: EventBody) {
        let gateway = Event::EVERY_GATEWAY;
        self.said.push(Said { session: SessionId::NONE, msg_seq_num: 0, gateway, body });
    }

    /// The answer to an operator.
    fn answer(&mut self, request: u64, refusal: Refusal, repeated: bool) {
        let body = EventBody::OperatorAnswer(OperatorAnswer { request, refusal, repeated });
        let gateway = GatewayId(1);
        self.said.push(Said { session: SessionId::NONE, msg_seq_num: 0, gateway, body });
    }

    fn limits(&self) -> EngineLimits {
        self.limits.unwrap_or_default()
    }

    /// All that an account has of an asset.
    pub fn total(&self, account: AccountId, asset: AssetId) -> i128 {
        self.totals.get(&(account, asset)).copied().unwrap_or(0)
    }

    /// What the account's open orders hold of an asset.
    pub fn held(&self, account: AccountId, asset: AssetId) -> i128 {
        self.open
            .values()
            .filter(|order| order.account == account)
            .map(|order| self.hold(order))
            .filter(|(of, _)| *of == asset)
            .map(|(_, amount)| amount)
            .sum()
    }

    /// What the account could spend or withdraw.
    pub fn free(&self, account: AccountId, asset: AssetId) -> i128 {
        self.total(account, asset) - self.held(account, asset)
    }

    /// What an open order could still cost: the asset and how much of it.
    pub fn hold(&self, order: &Order) -> (AssetId, i128) {
        let terms = self.terms(order.instrument);
        match order.side {
            Side::Buy => (terms.quote.id, terms.notional(order.price, order.leaves)),
            Side::Sell => (terms.base.id, terms.base(order.leaves)),
        }
    }

    /// The rules of an instrument that exists.
    pub fn terms(&self, instrument: InstrumentId) -> Terms {
        let listing = self.instruments[&instrument];
        Terms {
            base: self.assets[&listing.instrument.base],
            quote: self.assets[&listing.instrument.quote],
            instrument: listing.instrument,
            reference: listing
                .last_trade
                .unwrap_or_else(|| listing.instrument.reference_price.wide()),
        }
    }

    /// The open orders of a side in the order in which they would trade.
    pub fn queue(&self, instrument: InstrumentId, side: Side) -> Vec<Order> {
        let mut orders: Vec<Order> = self
            .open
            .values()
            .filter(|order| order.instrument == instrument && order.side == side)
            .copied()
            .collect();
        orders.sort_by_key(|order| match side {
            Side::Buy => (-order.price, order.place),
            Side::Sell => (order.price, order.place),
        });
        orders
    }

    /// The levels of a side, best first: price, displayed, all, orders.
    pub fn levels(&self, instrument: InstrumentId, side: Side) -> Vec<(i128, i128, i128, usize)> {
        let mut levels: Vec<(i128, i128, i128, usize)> = Vec::new();
        for order in self.queue(instrument, side) {
            match levels.last_mut() {
                Some(level) if level.0 == order.price => {
                    level.1 += order.slice;
                    level.2 += order.leaves;
                    level.3 += 1;
                }
                _ => levels.push((order.price, order.slice, order.leaves, 1)),
            }
        }
        levels
    }

    /// Says what is wrong with the state as such, if anything is.
    pub fn check(&self) -> Result<(), String> {
        for asset in self.assets.keys() {
            let sum: i128 =
                self.totals.iter().filter(|((_, of), _)| of == asset).map(|(_, total)| total).sum();
            if sum != 0 {
                return Err(format!(
                    "asset {asset}: all accounts together have {sum}, not nothing"
                ));
            }
        }
        for (account, asset) in self.totals.keys() {
            let free = self.free(*account, *asset);
            if free < 0 && *account != AccountId::OUTSIDE {
                return Err(format!("account {account} has {free} free of asset {asset}"));
            }
        }
        for instrument in self.instruments.keys() {
            let bid = self.queue(*instrument, Side::Buy).first().map(|order| order.price);
            let ask = self.queue(*instrument, Side::Sell).first().map(|order| order.price);
            if let (Some(bid), Some(ask)) = (bid, ask)
                && bid >= ask
            {
                return Err(format!("instrument {instrument}: bid {bid} crosses ask {ask}"));
            }
        }
        for order in self.open.values() {
            let whole = order.leaves > 0 && order.leaves == order.quantity - order.cum;
            let seen = order.slice > 0 && order.slice <= order.leaves;
            if !whole || !seen {
                return Err(format!("an open order contradicts itself: {order:?}"));
            }
        }
        Ok(())
    }
}

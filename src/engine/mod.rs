//! The engine: the deterministic state machine at the heart of the exchange.
//!
//! It applies one record after the other and tells what came of each. It reads no clock, does no I/O,
//! has no threads and no random seeds, and iterates over nothing whose order is not fixed: the same
//! records give the same events and the same state on every machine. Applying is total: everything is
//! checked first and changed after, and no record, whatever is in it, makes it panic.
//!
//! The room that it may need is reserved as address space at genesis, or before, so that a command allocates
//! nothing once its memory has been touched. What depends on definitions (assets, instruments, a new
//! account's first balance, a book that was never so deep) may grow a vector.

mod accounts;
mod archive;
mod audit;
mod book;
mod cancel;
mod cl_ord_ids;
mod continuation;
mod definitions;
mod foresee;
mod hash;
mod instruments;
mod ledger;
mod matching;
mod new_order;
mod orders;
mod output;
mod replace;
mod restore;
mod sessions;
mod slab;
mod status;
mod transfers;
mod view;

#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod script;
#[cfg(test)]
mod tests;

pub use foresee::{Fetch, Foresight};
pub use ledger::Balance;
pub use output::EventSink;
pub use restore::LoadError;
pub use sessions::SessionState;
pub use view::{BookLevel, Counters, OrderView, View};

use accounts::Accounts;
use book::{Block, ORDERS_A_BLOCK};
use cl_ord_ids::ClOrdIds;
use continuation::Pending;
use hash::Mix;
use instruments::{Assets, Instruments};
use ledger::Ledger;
use orders::Orders;
use output::Output;
use sessions::Sessions;
use slab::Slab;
use transfers::Transfers;

use crate::model::limit::{ACCOUNTS_MAX, EngineLimits, INSTRUMENTS_MAX, SESSIONS_MAX};
use crate::model::*;

/// The state machine of one shard.
pub struct Engine {
    genesis: Option<Genesis>,
    /// What there is room for.
    room: Option<EngineLimits>,
    epoch: Epoch,
    day: u32,
    sequence: Sequence,
    assets: Assets,
    instruments: Instruments,
    blocks: Slab<Block>,
    accounts: Accounts,
    ledger: Ledger,
    orders: Orders,
    ids: ClOrdIds,
    sessions: Sessions,
    transfers: Transfers,
    pending: Pending,
    /// A view that began while something was pending: connections end once that is finished.
    next_view: Option<BeginEpoch>,
    running: Mix,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine before genesis.
    pub fn new() -> Self {
        Self {
            genesis: None,
            room: None,
            epoch: Epoch(0),
            day: 0,
            sequence: Sequence(0),
            assets: Assets::default(),
            instruments: Instruments::default(),
            blocks: Slab::default(),
            accounts: Accounts::default(),
            ledger: Ledger::default(),
            orders: Orders::default(),
            ids: ClOrdIds::default(),
            sessions: Sessions::default(),
            transfers: Transfers::default(),
            pending: Pending::Nothing,
            next_view: None,
            running: Mix::default(),
        }
    }

    /// An engine before genesis that has its room already. A genesis with other limits makes its own.
    pub fn with_room(limits: &EngineLimits) -> Self {
        let mut engine = Self::new();
        engine.make_room(limits);
        engine
    }

    /// Whether the next record must be a [`Continue`]: any other has no effect, save that a [`BeginEpoch`]
    /// begins its epoch at once and ends the connections when all is continued.
    pub fn has_continuation(&self) -> bool {
        !matches!(self.pending, Pending::Nothing)
    }

    /// A hash of the records applied so far and of what they changed.
    pub fn running_hash(&self) -> u64 {
        let mut hash = self.running;
        hash.fold(self.ledger.running.value());
        hash.value()
    }

    /// Applies a record: changes the state, and tells what came of it.
    pub fn apply(&mut self, record: &Record, events: &mut impl EventSink) {
        self.sequence = record.sequence;
        let mut out = Output::new(record, events);
        self.dispatch(&mut out, &record.command);
        let kind = u64::from(record.command.kind());
        self.running.fold_all([record.sequence.0, kind, out.running.value()]);
    }

    fn dispatch(&mut self, out: &mut Output<'_, impl EventSink>, command: &Command) {
        if self.genesis.is_none() {
            return self.before_genesis(out, command);
        }
        if let Command::Continue(_) = command {
            return self.go_on(out);
        }
        if let Command::BeginEpoch(view) = command {
            return self.begin_epoch(out, view);
        }
        if self.has_continuation() {
            return;
        }
        match command {
            Command::NewOrder(order) => self.new_order(out, order),
            Command::CancelOrder(cancel) => self.cancel_order(out, cancel),
            Command::ReplaceOrder(replace) => self.replace_order(out, replace),
            Command::MassCancel(cancel) => self.mass_cancel(out, cancel),
            Command::OrderStatus(request) => self.order_status(out, request),
            Command::MassStatus(request) => self.mass_status(out, request),
            Command::SecurityListRequest(request) => self.security_list(out, request),
            Command::Genesis(_) | Command::Continue(_) | Command::BeginEpoch(_) => {}
            Command::DefineAsset(define) => self.define_asset(out, define),
            Command::DefineInstrument(define) => self.define_instrument(out, define),
            Command::SetInstrumentState(set) => self.set_instrument_state(out, set),
            Command::OpenAccount(open) => self.open_account(out, open),
            Command::SetAccountState(set) => self.set_account_state(out, set),
            Command::Deposit(transfer) => self.deposit(out, transfer),
            Command::Withdraw(transfer) => self.withdraw(out, transfer),
            Command::DefineSession(define) => self.define_session(out, define),
            Command::Rollover(rollover) => self.rollover(out, rollover),
            _ => self.session_command(out, command),
        }
    }

    /// Commands about a session itself.
    fn session_command(&mut self, out: &mut Output<'_, impl EventSink>, command: &Command) {
        match command {
            Command::Logon(logon) => self.logon(out, logon),
            Command::RefuseLogon(refuse) => self.refuse_logon(out, refuse),
            Command::Logout(logout) => self.logout(out, logout),
            Command::ConnectionLost(lost) => self.connection_lost(out, lost),
            Command::CancelAbsentSession(absent) => self.cancel_absent(out, absent),
            Command::SendHeartbeat(send) => {
                let body = Heartbeat { test_req_id: send.test_req_id };
                self.echo(out, &send.origin, EventBody::Heartbeat(body));
            }
            Command::SendTestRequest(send) => {
                self.echo(out, &send.origin, EventBody::TestRequest(TestRequest {}));
            }
            Command::SendResendRequest(send) => {
                let body = ResendRequest { begin: send.begin };
                self.echo(out, &send.origin, EventBody::ResendRequest(body));
            }
            Command::SessionReject(reject) => {
                let SessionReject { origin, ref_seq_num, ref_tag, ref_msg_type, reason } = *reject;
                let body = Rejected { ref_seq_num, ref_tag, ref_msg_type, reason };
                self.echo(out, &origin, EventBody::Rejected(body));
            }
            Command::BusinessReject(reject) => {
                let BusinessReject { origin, ref_msg_type, ref_id, reason, refusal } = *reject;
                let ref_seq_num = origin.msg_seq_num;
                let body = BusinessRejected { ref_seq_num, ref_msg_type, ref_id, reason, refusal };
                self.echo(out, &origin, EventBody::BusinessRejected(body));
            }
            _ => unreachable!("dispatch handles every other command"),
        }
    }

    /// Only genesis counts before genesis.
    fn before_genesis(&mut self, out: &mut Output<'_, impl EventSink>, command: &Command) {
        let request = match command {
            Command::Genesis(genesis) => return self.begin(genesis),
            Command::DefineAsset(define) => define.request,
            Command::DefineInstrument(define) => define.request,
            Command::SetInstrumentState(set) => set.request,
            Command::OpenAccount(open) => open.request,
            Command::SetAccountState(set) => set.request,
            Command::Deposit(transfer) | Command::Withdraw(transfer) => transfer.request,
            Command::DefineSession(define) => define.request,
            _ => return,
        };
        out.answer(request, Err(Refusal::plain(RejectCode::Genesis)));
    }

    fn begin(&mut self, genesis: &Genesis) {
        if self.room != Some(genesis.limits) {
            self.make_room(&genesis.limits);
        }
        self.genesis = Some(*genesis);
        self.transfers = Transfers::new(genesis.hash_secret);
    }

    /// Reserves what so much needs, while nothing is there yet.
    fn make_room(&mut self, limits: &EngineLimits) {
        self.room = Some(*limits);
        let mut limits = *limits;
        limits.accounts_max = limits.accounts_max.min(ACCOUNTS_MAX as u32);
        limits.instruments_max = limits.instruments_max.min(INSTRUMENTS_MAX as u32);
        limits.sessions_max = limits.sessions_max.min(SESSIONS_MAX as u32);
        self.instruments = Instruments::new(&limits);
        self.blocks = Slab::with_capacity(limits.orders_max as usize / ORDERS_A_BLOCK);
        self.accounts = Accounts::new(&limits);
        self.ledger = Ledger::new(&limits);
        self.orders = Orders::new(&limits);
        self.ids = ClOrdIds::new(&limits);
        self.sessions = Sessions::new(&limits);
    }
}

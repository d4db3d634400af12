//! Where the operator's requests meet the engine: two queues, so that the engine neither waits nor
//! makes a system call for them.
//!
//! A command becomes a record like any other, and its outcome comes back as an event. A question is
//! answered from the engine's state, between two records, a page of rows at a time, into memory that
//! the asker has brought.

use crossbeam::queue::ArrayQueue;

use crate::engine::Engine;
use crate::model::{
    AccountId, AccountState, Amount, Asset, AssetId, Command, Epoch, Instrument, InstrumentId,
    Price, Quantity, Sequence, SessionDefinition, SessionId,
};

/// Requests that may wait.
const REQUESTS_MAX: usize = 256;
/// Rows of one answer; what has more is asked for again from where it ended.
pub const PAGE: usize = 256;

/// What an operator wants of the engine.
pub enum Request {
    /// To change something.
    Command(Command),
    /// To know something.
    Ask(Box<Question>),
}

/// What is asked, from which row on.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// Epoch, day, counters.
    Status,
    /// Assets, and what participants, venue and outside hold of each.
    Assets(AssetId),
    /// Instruments.
    Instruments(InstrumentId),
    /// Accounts.
    Accounts(AccountId),
    /// The balances of one account.
    Balances(AccountId, AssetId),
    /// The best levels of one instrument.
    Book(InstrumentId),
    /// Sessions and their numbers.
    Sessions(SessionId),
    /// The hash over the whole state: takes its time.
    StateHash,
}

/// One line of an answer.
#[derive(Debug, Clone, Copy)]
pub enum Row {
    /// See [`Subject::Status`].
    Status {
        /// The epoch.
        epoch: Epoch,
        /// The trading day.
        day: u32,
        /// Open orders.
        open_orders: u64,
        /// The last sequence applied.
        sequence: Sequence,
    },
    /// See [`Subject::Assets`].
    Asset {
        /// The asset.
        asset: Asset,
        /// What participants hold, free and held.
        participants: i128,
        /// What the venue has earned.
        venue: i128,
        /// The outside's balance, not above zero.
        outside: i128,
    },
    /// See [`Subject::Instruments`].
    Instrument {
        /// The instrument.
        instrument: Instrument,
        /// The last trade.
        last_price: Option<Price>,
    },
    /// See [`Subject::Accounts`].
    Account {
        /// The account.
        account: AccountId,
        /// Its state.
        state: AccountState,
        /// Its open orders.
        open_orders: u32,
    },
    /// See [`Subject::Balances`].
    Balance {
        /// The asset.
        asset: AssetId,
        /// What may be spent.
        free: Amount,
        /// What open orders hold.
        held: Amount,
    },
    /// See [`Subject::Book`].
    Level {
        /// On the buying side.
        is_bid: bool,
        /// The price.
        price: Price,
        /// What is displayed there.
        quantity: Quantity,
        /// By how many orders.
        orders: u32,
    },
    /// See [`Subject::Sessions`].
    Session {
        /// The session.
        definition: SessionDefinition,
        /// Whether it is logged on.
        connected: bool,
        /// The next inbound number.
        next_inbound: u64,
        /// The next outbound number.
        next_outbound: u64,
    },
    /// See [`Subject::StateHash`].
    StateHash {
        /// The hash.
        hash: u64,
        /// After which record.
        sequence: Sequence,
    },
}

/// A question and, when it comes back, its answer.
#[derive(Debug)]
pub struct Question {
    /// Names the asker.
    pub id: u64,
    /// What is asked.
    pub subject: Subject,
    /// The answer's rows; room for [`PAGE`] is brought along.
    pub rows: Vec<Row>,
    /// The page was filled: there may be more.
    pub more: bool,
}

/// See the module.
pub struct Desk {
    requests: ArrayQueue<Request>,
    answers: ArrayQueue<Box<Question>>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { requests: ArrayQueue::new(REQUESTS_MAX), answers: ArrayQueue::new(REQUESTS_MAX) }
    }
}

impl Desk {
    /// Puts a request; gives it back where too many wait.
    pub fn request(&self, request: Request) -> Result<(), Request> {
        self.requests.push(request)
    }

    /// The next answer.
    pub fn answer(&self) -> Option<Box<Question>> {
        self.answers.pop()
    }

    pub(super) fn next(&self) -> Option<Request> {
        self.requests.pop()
    }

    pub(super) fn answered(&self, question: Box<Question>) {
        // As many answers as requests fit, so one is dropped only if nobody fetches them any more.
        let _ = self.answers.push(question);
    }
}

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
    Price, Sequence, SessionDefinition, SessionId, Side,
};

/// Requests that may wait.
const REQUESTS_MAX: usize = 256;
/// Rows of one answer; what has more is asked for again from where it ended.
pub const PAGE: usize = 256;
/// Levels shown of each side of a book.
const BOOK_LEVELS: usize = 50;

const _: () = assert!(2 * BOOK_LEVELS <= PAGE);

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
        /// What is displayed there, at the instrument's scale.
        quantity: i128,
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
    /// The last record that the answer has seen.
    pub sequence: Sequence,
}

impl Question {
    /// Fills a page from the engine's state, without allocating.
    pub(super) fn answer(&mut self, engine: &Engine, sequence: Sequence) {
        self.sequence = sequence;
        let view = engine.view();
        match self.subject {
            Subject::Status => self.rows.push(Row::Status {
                epoch: view.epoch(),
                day: view.day(),
                open_orders: u64::from(view.counters().open_orders),
                sequence,
            }),
            Subject::Assets(from) => {
                let assets = view.assets().filter(|asset| asset.id >= from);
                self.page(assets.map(|asset| {
                    let all = |account| {
                        let balance = view.balance(account, asset.id);
                        balance.free.wide() + balance.held.wide()
                    };
                    let venue = all(AccountId::VENUE);
                    Row::Asset {
                        asset: *asset,
                        participants: view.total(asset.id).wide() - venue,
                        venue,
                        outside: all(AccountId::OUTSIDE),
                    }
                }));
            }
            Subject::Instruments(from) => {
                let instruments = view.instruments().filter(|instrument| instrument.id >= from);
                self.page(instruments.map(|instrument| Row::Instrument {
                    instrument: *instrument,
                    last_price: view.last_trade(instrument.id),
                }));
            }
            Subject::Accounts(from) => {
                let accounts = view.accounts().filter(|(account, _)| *account >= from);
                self.page(accounts.map(|(account, state)| Row::Account {
                    account,
                    state,
                    open_orders: view.orders(account).count() as u32,
                }));
            }
            Subject::Balances(account, from) => {
                let balances = view.balances(account).filter(|(asset, _)| *asset >= from);
                self.page(balances.map(|(asset, balance)| Row::Balance {
                    asset,
                    free: balance.free,
                    held: balance.held,
                }));
            }
            Subject::Book(instrument) => {
                for side in [Side::Buy, Side::Sell] {
                    let levels = view.book(instrument, side, BOOK_LEVELS);
                    self.rows.extend(levels.map(|level| Row::Level {
                        is_bid: side == Side::Buy,
                        price: level.price,
                        quantity: level.shown,
                        orders: level.orders,
                    }));
                }
            }
            Subject::Sessions(from) => {
                let sessions = view.sessions().filter(|session| session.definition.id >= from);
                self.page(sessions.map(|session| Row::Session {
                    definition: session.definition,
                    connected: session.connected,
                    next_inbound: session.next_in,
                    next_outbound: session.next_out,
                }));
            }
            Subject::StateHash => {
                self.rows.push(Row::StateHash { hash: engine.state_hash(), sequence });
            }
        }
    }

    fn page(&mut self, rows: impl Iterator<Item = Row>) {
        self.rows.extend(rows.take(PAGE));
        self.more = self.rows.len() == PAGE;
    }
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
    /// Puts a request; false where too many wait.
    pub fn request(&self, request: Request) -> bool {
        self.requests.push(request).is_ok()
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

//! Brings the engine's answers back to whoever asked. Cold: it looks every few milliseconds.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;

use crate::gateway::{Doors, Durable};
use crate::model::{Command, Event, EventBody, OperatorAnswer, Sequence};
use crate::ring::Consumer;
use crate::runtime::{Agent, Doorbell, Now};
use crate::venue::desk::{Desk, PAGE, Question, Request, Row, Subject};

/// How long an operator waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(9);

/// Why an operator's request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DeskError {
    /// The node follows another: only that one changes anything.
    #[error("this node is not primary and changes nothing: ask the primary")]
    NotPrimary,
    /// Too many requests wait.
    #[error("too many requests wait for the engine: try again")]
    Busy,
    /// The engine does not answer, or nothing becomes durable.
    #[error(
        "the engine gave no answer within {} s. If its disk is full or its journal is stuck, \
         nothing can be promised; the request may still be carried out",
        ANSWER_TIMEOUT.as_secs()
    )]
    NoAnswer,
}

enum Answer {
    Rows(Box<Question>),
    Done(OperatorAnswer),
}

/// Who waits for what.
#[derive(Default)]
struct Waiting(Mutex<HashMap<u64, SyncSender<Answer>>>);

impl Waiting {
    fn expect(&self, id: u64) -> Receiver<Answer> {
        let (sender, receiver) = sync_channel(1);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        receiver
    }

    fn tell(&self, id: u64, answer: Answer) {
        let asker = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some(asker) = asker {
            // The asker may have given up.
            let _ = asker.try_send(answer);
        }
    }

    /// Whether somebody still waits for that.
    fn has(&self, id: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id)
    }

    fn forget(&self, id: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

/// The operator's side of the desk. Clones share it.
#[derive(Clone)]
pub struct DeskHandle {
    desk: Arc<Desk>,
    waiting: Arc<Waiting>,
    next: Arc<AtomicU64>,
    bell: Doorbell,
    doors: Arc<Doors>,
}

impl DeskHandle {
    /// A desk, the operator's side of it and the agent between them. `bell` wakes the engine's runner.
    pub(super) fn new(
        desk: Arc<Desk>,
        bell: Doorbell,
        events: Consumer<Event>,
        durable: Arc<dyn Durable>,
        doors: Arc<Doors>,
    ) -> (Self, DeskAgent) {
        let waiting = Arc::new(Waiting::default());
        let agent = DeskAgent {
            desk: desk.clone(),
            waiting: waiting.clone(),
            events,
            durable,
            asked: VecDeque::new(),
            held: VecDeque::new(),
        };
        // Answers of an earlier primary come along in the log: none of theirs may be taken for one of this process.
        let first = RandomState::new().hash_one(std::process::id());
        (Self { desk, waiting, next: Arc::new(AtomicU64::new(first)), bell, doors }, agent)
    }

    /// Has a command carried out, and returns its outcome once that is durable. `command` makes the
    /// command, given the number of the request.
    pub fn command(
        &self,
        command: impl FnOnce(u64) -> Command,
    ) -> Result<OperatorAnswer, DeskError> {
        if self.doors.epoch().is_none() {
            return Err(DeskError::NotPrimary);
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        match self.exchange(id, Request::Command(command(id)))? {
            Answer::Done(answer) => Ok(answer),
            Answer::Rows(_) => Err(DeskError::NoAnswer),
        }
    }

    /// Asks for rows, all pages of them. `next` says from where on to ask after a full page.
    pub fn ask(
        &self,
        mut subject: Subject,
        next: impl Fn(&Row) -> Option<Subject>,
    ) -> Result<Vec<Row>, DeskError> {
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let id = self.next.fetch_add(1, Ordering::Relaxed);
            let rows_of_page = Vec::with_capacity(PAGE);
            let sequence = Sequence(0);
            let question = Question { id, subject, rows: rows_of_page, more: false, sequence };
            let Answer::Rows(answer) = self.exchange(id, Request::Ask(Box::new(question)))? else {
                return Err(DeskError::NoAnswer);
            };
            rows.extend_from_slice(&answer.rows);
            match answer.rows.last().filter(|_| answer.more).and_then(&next) {
                Some(rest) => subject = rest,
                None => return Ok(rows),
            }
        }
    }

    fn exchange(&self, id: u64, request: Request) -> Result<Answer, DeskError> {
        let answer = self.waiting.expect(id);
        if !self.desk.request(request) {
            self.waiting.forget(id);
            return Err(DeskError::Busy);
        }
        self.bell.wake();
        answer.recv_timeout(ANSWER_TIMEOUT).map_err(|error| {
            self.waiting.forget(id);
            match error {
                RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected => DeskError::NoAnswer,
            }
        })
    }
}

/// See the module.
pub(super) struct DeskAgent {
    desk: Arc<Desk>,
    waiting: Arc<Waiting>,
    events: Consumer<Event>,
    durable: Arc<dyn Durable>,
    /// Answers that wait until what they show is durable.
    asked: VecDeque<Box<Question>>,
    /// Outcomes that are not durable yet.
    held: VecDeque<(Sequence, OperatorAnswer)>,
}

impl Agent for DeskAgent {
    fn name(&self) -> &'static str {
        "desk"
    }

    fn work(&mut self, _now: Now) -> usize {
        let mut done = 0;
        while let Some(question) = self.desk.answer() {
            self.asked.push_back(question);
            done += 1;
        }
        while let Some(event) = self.events.peek() {
            if let EventBody::OperatorAnswer(answer) = event.body {
                self.held.push_back((event.cause, answer));
            }
            self.events.advance(1);
            done += 1;
        }
        let durable = self.durable.sequence();
        // An operator, too, learns of nothing that could still be lost; but how things stand can always
        // be asked.
        for question in std::mem::take(&mut self.asked) {
            let is_status = matches!(question.subject, Subject::Status);
            if question.sequence <= durable || is_status {
                self.waiting.tell(question.id, Answer::Rows(question));
                done += 1;
            } else if self.waiting.has(question.id) {
                self.asked.push_back(question);
            }
        }
        while let Some((cause, answer)) = self.held.front()
            && *cause <= durable
        {
            self.waiting.tell(answer.request, Answer::Done(*answer));
            self.held.pop_front();
            done += 1;
        }
        done
    }
}

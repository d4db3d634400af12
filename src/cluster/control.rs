//! What the cluster's agent and the people and threads around it tell each other: wishes go in, the state and an
//! ending come out.
//!
//! The agent never waits here: it looks at one word a turn, and takes the lock only where that says so. Who asks
//! waits for an answer, but not for ever. What the agent has to say to people it leaves here too, since whoever
//! reads the log of a process may stop reading.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::cluster::steward::{Report, Why};
use crate::journal::SharedEnd;
use crate::journal::transfer::Parcel;
use crate::model::{NodeId, Sequence};

/// How long who asks waits for the agent.
const PATIENCE: Duration = Duration::from_secs(2);

/// What an operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// A first view, with this node as primary.
    Found,
    /// This node as primary, whatever the view says, and whatever its log lacks.
    Promote,
    /// The primary, without an arbiter, goes on without this standby until that is back.
    LeaveOut {
        /// Which one.
        node: NodeId,
    },
    /// Another node as primary, without a lost or refused order.
    SwitchOver {
        /// Which one.
        to: NodeId,
        /// How long it may take; then this node goes on.
        patience_ns: u64,
    },
}

/// How a node's life as it is comes to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Another is primary: the venue is stopped, its state is rebuilt from the log, and it joins again as a standby.
    Again,
    /// The same, and before that the journal is cut behind the last record that it shares with the primary.
    Cut(SharedEnd),
    /// The same, and before that the snapshot that the primary sent is put into the place of the journal, of which the
    /// primary has the records up to `shared`.
    Snapshot {
        /// The last record that both have.
        shared: Sequence,
        /// What was sent.
        parcel: Parcel,
    },
    /// It takes no further part, and the life of its log is over.
    Stopped(Stopped),
}

/// Why a node takes no further part.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Stopped {
    /// It must not.
    #[error(transparent)]
    Barred(#[from] Why),
    /// What it would promise cannot be written to its disk.
    #[error("{0}")]
    Unwritten(String),
}

/// What an operator sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What the steward knows.
    pub report: Report,
    /// Why the arbiter gives no answer; empty where it does.
    pub arbiter_complaint: String,
    /// The other nodes.
    pub links: Vec<LinkStatus>,
    /// How this process became primary, if it did.
    pub rise: Rise,
    /// Connections of nodes that were closed for what came over them, since the start.
    pub refused_connections: u64,
}

/// When a process became primary: nanoseconds since 1970 by its own clock, 0 for what has not been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rise {
    /// It asked for the view.
    pub asked_ns: u64,
    /// It read that the view is held.
    pub began_ns: u64,
    /// Clients were let in.
    pub opened_ns: u64,
}

/// How it stands with another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStatus {
    /// Which one.
    pub node: NodeId,
    /// What it is called.
    pub name: String,
    /// There is a connection, by which one of the two follows the other.
    pub is_connected: bool,
    /// The next record that it is sent, where it follows this node.
    pub next_sent: Option<Sequence>,
    /// Bytes of a snapshot that one was sent by the other, of how many; none where none is on its way.
    pub snapshot: Option<(u64, u64)>,
    /// It gets its records from the journal.
    pub is_catching_up: bool,
    /// Bytes of records that it has not acknowledged; none where that is more than is in memory.
    pub behind_bytes: Option<u64>,
    /// How old the oldest record is that it has not acknowledged, in microseconds; none as above.
    pub behind_us: Option<u64>,
    /// Why the last connection was refused or closed; empty where it was not.
    pub complaint: String,
}

/// What the agent says to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// Somebody should look into it.
    pub is_warning: bool,
    /// A sentence.
    pub text: String,
}

/// Answers that wait for who asked; not everybody waits for one, and the oldest are forgotten.
const GRANTED_MAX: usize = 16;
/// Sayings that wait to be read; of more the oldest are forgotten.
const SAYINGS_MAX: usize = 256;

/// See the module.
#[derive(Debug, Default)]
pub struct Control {
    /// There is a wish, or somebody waits for the status.
    is_wanted: AtomicBool,
    desk: Mutex<Desk>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Desk {
    wishes: u64,
    wish: Option<(u64, Wish)>,
    /// What became of a wish, by its number, until who wished takes it: several may, one after the other.
    granted: VecDeque<(u64, Result<(), String>)>,
    wants_status: bool,
    status: Option<Status>,
    ending: Option<Ending>,
    sayings: VecDeque<Saying>,
}

impl Desk {
    fn answer_to(&mut self, number: u64) -> Option<Result<(), String>> {
        let at = self.granted.iter().position(|(of, _)| *of == number)?;
        self.granted.remove(at).map(|(_, granted)| granted)
    }
}

impl Control {
    /// One for a node's life.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `done` gives something.
    fn wait<T>(
        &self,
        patience: Duration,
        mut done: impl FnMut(&mut Desk) -> Option<T>,
    ) -> Option<T> {
        let until = Instant::now() + patience;
        let mut desk = self.desk();
        loop {
            if let Some(found) = done(&mut desk) {
                return Some(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.changed.wait_timeout(desk, left);
            desk = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Puts a wish, and waits until the agent has taken it up.
    ///
    /// # Errors
    /// A sentence for a person: why it is not done.
    pub fn wish(&self, wish: Wish) -> Result<(), String> {
        let Some(number) = self.put(wish) else {
            return Err("another request is being looked at: ask again".to_owned());
        };
        let granted = self.wait(PATIENCE, |desk| desk.answer_to(number));
        granted.unwrap_or_else(|| {
            self.desk().wish.take_if(|(of, _)| *of == number);
            Err("the cluster's agent does not answer: the node may be stuck".to_owned())
        })
    }

    /// Puts a wish and does not wait: its number. None where another is still there.
    pub fn put(&self, wish: Wish) -> Option<u64> {
        let mut desk = self.desk();
        if desk.wish.is_some() {
            return None;
        }
        desk.wishes += 1;
        let number = desk.wishes;
        desk.wish = Some((number, wish));
        self.is_wanted.store(true, Ordering::Release);
        Some(number)
    }

    /// The state of a moment after the call; none where the agent does not answer.
    pub fn status(&self) -> Option<Status> {
        {
            let mut desk = self.desk();
            (desk.wants_status, desk.status) = (true, None);
            self.is_wanted.store(true, Ordering::Release);
        }
        self.wait(PATIENCE, |desk| desk.status.clone())
    }

    /// How it ended, if it has.
    pub fn ending(&self) -> Option<Ending> {
        self.desk().ending.clone()
    }

    /// Waits for an ending.
    pub fn wait_for_ending(&self, patience: Duration) -> Option<Ending> {
        self.wait(patience, |desk| desk.ending.clone())
    }

    /// What the agent has said since the last call.
    pub fn sayings(&self) -> Vec<Saying> {
        self.desk().sayings.drain(..).collect()
    }

    /// For the agent: says something.
    pub(super) fn say(&self, is_warning: bool, text: String) {
        let sayings = &mut self.desk().sayings;
        if sayings.len() == SAYINGS_MAX {
            sayings.pop_front();
        }
        sayings.push_back(Saying { is_warning, text });
    }

    /// For the agent: whether anybody wants something.
    #[inline]
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Acquire)
    }

    /// For the agent: answers who waits.
    pub(super) fn attend(
        &self,
        grant: impl FnOnce(Wish) -> Result<(), String>,
        status: impl FnOnce() -> Status,
    ) {
        let Ok(mut desk) = self.desk.try_lock() else { return };
        self.is_wanted.store(false, Ordering::Release);
        if let Some((number, wish)) = desk.wish.take() {
            if desk.granted.len() == GRANTED_MAX {
                desk.granted.pop_front();
            }
            desk.granted.push_back((number, grant(wish)));
        }
        if std::mem::take(&mut desk.wants_status) {
            desk.status = Some(status());
        }
        drop(desk);
        self.changed.notify_all();
    }

    /// For the agent: it ends so. The first counts.
    pub(super) fn end(&self, ending: Ending) {
        self.desk().ending.get_or_insert(ending);
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_answered_by_the_agent_and_an_ending_stays() {
        let control = Control::new();
        let its = Arc::clone(&control);
        let agent = std::thread::spawn(move || {
            while !its.is_wanted() {
                std::thread::yield_now();
            }
            its.attend(
                |wish| if wish == Wish::Found { Err("no".to_owned()) } else { Ok(()) },
                || unreachable!("nobody asked for it"),
            );
            its.end(Ending::Again);
            its.end(Ending::Stopped(Stopped::Unwritten("later".to_owned())));
        });
        assert_eq!(control.wish(Wish::Found), Err("no".to_owned()));
        assert_eq!(control.wait_for_ending(PATIENCE), Some(Ending::Again));
        agent.join().expect("it does not panic");
        assert_eq!(control.ending(), Some(Ending::Again));
    }

    #[test]
    fn who_wishes_gets_the_answer_to_that_wish_also_where_another_comes_before_it_is_taken() {
        let control = Control::new();
        let refuse = |number: u16| move |_| Err(number.to_string());
        let nobody_asks = || unreachable!("nobody asked for it");
        let first = control.put(Wish::Found).expect("it is free");
        assert_eq!(control.put(Wish::Promote), None, "one is there");
        control.attend(refuse(1), nobody_asks);
        let second = control.put(Wish::Promote).expect("it is free again");
        control.attend(refuse(2), nobody_asks);
        let answer_to = |number| control.desk().answer_to(number);
        assert_eq!(answer_to(second), Some(Err("2".to_owned())));
        assert_eq!(answer_to(first), Some(Err("1".to_owned())));
        assert_eq!(answer_to(first), None, "it is taken once");
    }
}

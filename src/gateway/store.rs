//! The messages that were sent, kept on disk for resends.
//!
//! 1. Every numbered event is kept in a file of its session ([`Shelf`]). The bytes of a FIX message are
//!    made again from the event.
//! 2. The store is an agent on a runner of its own, since its disk may make it wait: it takes the same
//!    events as the gateway and writes them in batches. The gateway never waits for it, but the engine
//!    does when it falls a whole ring behind. While its disk takes nothing, events wait in memory and
//!    the venue takes no new orders.
//! 3. It is never synced: all of it follows from the log, and recovery makes it again. So a file that cannot be read
//!    ends the process: the next one has it anew.
//! 4. A session's reset empties its file.
//! 5. The gateway asks for a range, a chunk at a time; the answer says which numbers are missing, and
//!    a gap fill stands for these. A query names the position of the event ring up to which the gateway
//!    has seen events: the store answers once it has seen as much.

mod shelf;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

pub use self::shelf::{FILES_MAX, Shelf};
use crate::model::{ConnectionId, Event, SessionId};
use crate::ring::{Consumer, Producer};
use crate::runtime::{Agent, Fault, Now};

/// Most events of one answer.
pub const CHUNK: u64 = 64;
/// Events taken a turn.
const EVENTS_PER_TURN: usize = 4_096;
/// Bytes that may wait in memory while the disk takes none: then the process ends.
const WAITING_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Recovery writes whenever so many bytes wait.
pub const RECOVERY_BYTES: usize = 32 * 1024 * 1024;
/// How long a failed write rests before it is tried again.
const RETRY_NS: u64 = 1_000_000_000;

/// A gateway asks for kept events.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query {
    /// Whose.
    pub session: SessionId,
    /// The connection that waits for them; echoed.
    pub connection: ConnectionId,
    /// The resend that they are for; echoed.
    pub resend: u32,
    /// The first number.
    pub begin: u64,
    /// The last number; less than `CHUNK` after the first.
    pub end: u64,
    /// How many events the gateway has taken from its ring.
    pub position: u64,
}

/// One number of an answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kept {
    /// Whose.
    pub session: SessionId,
    /// See [`Query::connection`].
    pub connection: ConnectionId,
    /// See [`Query::resend`].
    pub resend: u32,
    /// The number.
    pub msg_seq_num: u64,
    /// The event, or none where the store has none.
    pub event: Option<Event>,
    /// It is the last number of its answer.
    pub last: bool,
}

/// The disk has no space for sent messages: they wait in memory.
pub const STUCK: u8 = 1;
/// And half of that memory is used.
pub const FULL: u8 = 2;

/// The agent: see the module.
pub struct Store {
    shelf: Shelf,
    events: Consumer<Event>,
    queries: Consumer<Query>,
    answers: Producer<Kept>,
    /// 0 while the disk takes everything, else [`STUCK`] or [`FULL`].
    room: Arc<AtomicU8>,
    fault: Fault,
    /// When the disk is tried again after an error; 0 where it takes everything.
    retry_at_ns: u64,
}

impl Store {
    /// An agent that keeps what comes through `events`.
    pub fn new(
        shelf: Shelf,
        events: Consumer<Event>,
        queries: Consumer<Query>,
        answers: Producer<Kept>,
        room: Arc<AtomicU8>,
        fault: Fault,
    ) -> Self {
        Self { shelf, events, queries, answers, room, fault, retry_at_ns: 0 }
    }

    fn take_events(&mut self) -> usize {
        let mut taken = 0;
        while taken < EVENTS_PER_TURN
            && let Some(event) = self.events.peek()
        {
            self.shelf.keep(event);
            self.events.advance(1);
            taken += 1;
        }
        taken
    }

    /// Leaves the disk alone for a while. Meanwhile events wait in memory, new orders are refused, and
    /// where even that does not help the process ends: the log makes everything again.
    fn rest(&mut self, now: Now, error: &io::Error) {
        if !matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            return self.give_up("cannot be written", error);
        }
        self.retry_at_ns = now.monotonic_ns + RETRY_NS;
        let is_full = self.shelf.waiting() >= WAITING_BYTES_MAX / 2;
        self.room.store(if is_full { FULL } else { STUCK }, Ordering::Release);
        if self.shelf.waiting() >= WAITING_BYTES_MAX {
            let path = self.shelf.directory().display();
            self.fault.raise(
                "outbound store",
                format!(
                    "{path}: {error}; {} bytes of sent messages wait for space. Nothing \
                     acknowledged is lost: free space on that disk and start again",
                    self.shelf.waiting()
                ),
            );
        }
    }

    /// The files are of no use, now or later. The next process makes them again, and a standby has its own.
    fn give_up(&self, what: &str, error: &io::Error) {
        let path = self.shelf.directory().display();
        self.fault.raise(
            "outbound store",
            format!(
                "{path}: sent messages {what}: {error}. Nothing acknowledged is lost: look after that \
                 disk and start again; they are made anew from the log"
            ),
        );
    }

    fn answer(&mut self) -> io::Result<usize> {
        let mut answered = 0;
        while self.answers.free() >= CHUNK as usize
            && let Some(query) = self.queries.peek().copied()
            && query.position <= self.events.position()
        {
            let end = query.end.min(query.begin + CHUNK - 1);
            for msg_seq_num in query.begin..=end {
                let kept = Kept {
                    session: query.session,
                    connection: query.connection,
                    resend: query.resend,
                    msg_seq_num,
                    event: self.shelf.read(query.session, msg_seq_num)?,
                    last: msg_seq_num == end,
                };
                self.answers.push(&kept);
            }
            self.answers.publish();
            self.queries.advance(1);
            answered += 1;
        }
        Ok(answered)
    }
}

impl Agent for Store {
    fn name(&self) -> &'static str {
        "outbound store"
    }

    fn work(&mut self, now: Now) -> usize {
        let taken = self.take_events();
        if now.monotonic_ns < self.retry_at_ns {
            return taken;
        }
        if let Err(error) = self.shelf.write() {
            self.rest(now, &error);
            return taken;
        }
        if self.retry_at_ns != 0 {
            self.retry_at_ns = 0;
            self.room.store(0, Ordering::Release);
        }
        match self.answer() {
            Ok(answered) => taken + answered,
            Err(error) => {
                self.give_up("cannot be read again", &error);
                taken
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventBody, Heartbeat, Text};
    use crate::ring::ring;

    #[test]
    fn what_cannot_be_read_again_is_a_fault_and_refuses_no_orders() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("outbound");
        let shelf = Shelf::create(&path).expect("a shelf");
        let (mut events, mut kept_events) = ring::<Event>(1_024, 1);
        let (mut queries, mut asked) = ring::<Query>(16, 1);
        let (answers, mut answered) = ring::<Kept>(1_024, 1);
        let fault = Fault::new();
        let (kept_events, asked) = (kept_events.remove(0), asked.remove(0));
        let room = Arc::<AtomicU8>::default();
        let mut store = Store::new(shelf, kept_events, asked, answers, room.clone(), fault.clone());
        let session = SessionId(1);
        for msg_seq_num in 1..=100 {
            let body = EventBody::Heartbeat(Heartbeat { test_req_id: Text::truncated(b"x") });
            events.push(&Event { session, msg_seq_num, body, ..Event::default() });
        }
        events.publish();
        let now = Now { wall_ns: 1, monotonic_ns: 1 };
        assert_eq!(store.work(now), 100);
        let query = Query { session, begin: 1, end: 64, position: 100, ..Query::default() };
        queries.push(&query);
        queries.publish();
        assert_eq!(store.work(now), 1);
        assert_eq!(answered[0].peek().map(|kept| kept.msg_seq_num), Some(1));

        // The disk has lost them: the file is as long as it was, and holds nothing.
        for entry in std::fs::read_dir(&path).expect("the shelf") {
            let path = entry.expect("one").path();
            let length = path.metadata().expect("it is there").len() as usize;
            std::fs::write(path, vec![0; length]).expect("it can be written over");
        }
        queries.push(&Query { begin: 65, end: 100, ..query });
        queries.publish();
        store.work(now);
        let report = fault.report().expect("a standby takes over").to_string();
        assert!(report.contains("sent messages cannot be read again"), "{report}");
        assert_eq!(room.load(Ordering::Acquire), 0, "no order is refused for it");
    }

    #[test]
    fn what_cannot_be_written_for_another_reason_than_space_is_a_fault_at_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("outbound");
        let shelf = Shelf::create(&path).expect("a shelf");
        let (mut events, mut kept_events) = ring::<Event>(16, 1);
        let (_queries, mut asked) = ring::<Query>(16, 1);
        let (answers, _answered) = ring::<Kept>(1_024, 1);
        let (room, fault) = (Arc::<AtomicU8>::default(), Fault::new());
        let (kept_events, asked) = (kept_events.remove(0), asked.remove(0));
        let mut store = Store::new(shelf, kept_events, asked, answers, room.clone(), fault.clone());
        std::fs::remove_dir(&path).expect("it is empty");
        let body = EventBody::Heartbeat(Heartbeat { test_req_id: Text::truncated(b"x") });
        events.push(&Event { session: SessionId(1), msg_seq_num: 1, body, ..Event::default() });
        events.publish();
        store.work(Now { wall_ns: 1, monotonic_ns: 1 });
        let report = fault.report().expect("the next process makes it again").to_string();
        assert!(report.contains("sent messages cannot be written"), "{report}");
        assert_eq!(room.load(Ordering::Acquire), 0, "it is no lack of space");
    }
}

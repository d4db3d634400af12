//! The messages that were sent, kept on disk for resends.
//!
//! 1. Every numbered event is kept in a file of its session, in a frame of fixed size, so that its
//!    MsgSeqNum says where it lies. The bytes of a FIX message are made again from the event.
//! 2. The store is an agent on a runner of its own, since its disk may make it wait: it takes the same
//!    events as the gateway and writes them in batches. The gateway never waits for it, but the engine
//!    does when it falls a whole ring behind. While its disk takes nothing, events wait in memory and
//!    the venue takes no new orders.
//! 3. It is never synced: all of it follows from the log, and recovery makes it again.
//! 4. A session's reset empties its file.
//! 5. The gateway asks for a range, a chunk at a time; the answer says which numbers are missing, and
//!    a gap fill stands for these. A query names the position of the event ring up to which the gateway
//!    has seen events: the store answers once it has seen as much.
//!
//! | offset in a frame | bytes | what |
//! |---|---|---|
//! | 0 | 2 | length of the event, 0 where none is kept |
//! | 2 | 326 | the event, then zeros |

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::limit::EVENT_SIZE_MAX;
use crate::model::wire::Wire;
use crate::model::{ConnectionId, Event, EventBody, SessionId};
use crate::ring::{Consumer, Producer};
use crate::runtime::{Agent, Fault, Now};

/// Bytes of one kept event.
pub const FRAME_SIZE: usize = 328;
/// Most events of one answer.
pub const CHUNK: u64 = 64;
/// Events taken a turn.
const EVENTS_PER_TURN: usize = 4_096;
/// Files open at a time; beyond, all are closed and opened again as they are needed.
pub const FILES_MAX: usize = 512;
/// Bytes that may wait in memory while the disk takes none: then the process ends.
const WAITING_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Recovery writes whenever so many bytes wait.
pub const RECOVERY_BYTES: usize = 32 * 1024 * 1024;
/// How long a failed write rests before it is tried again.
const RETRY_NS: u64 = 1_000_000_000;

const _: () = assert!(FRAME_SIZE >= EVENT_SIZE_MAX + 2);

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

/// The files; without the rings, so that recovery can fill them directly.
pub struct Shelf {
    directory: PathBuf,
    sessions: Vec<Option<Box<SessionFile>>>,
    dirty: Vec<SessionId>,
    open: usize,
    waiting: usize,
}

#[derive(Default)]
struct SessionFile {
    file: Option<File>,
    /// The numbers went back to 1 since the file was last written: it is emptied first.
    is_stale: bool,
    /// Number of the first frame in `pending`.
    pending_first: u64,
    pending: Vec<u8>,
}

impl Shelf {
    /// An empty shelf in `directory`; what lay there is removed, since the log makes it again.
    pub fn create(directory: &Path) -> io::Result<Self> {
        match fs::remove_dir_all(directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir_all(directory)?;
        Ok(Self {
            directory: directory.to_owned(),
            sessions: Vec::new(),
            dirty: Vec::new(),
            open: 0,
            waiting: 0,
        })
    }

    /// Takes the place of the shelf in `directory`, which is removed.
    pub fn move_to(&mut self, directory: &Path) -> io::Result<()> {
        match fs::remove_dir_all(directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(&self.directory, directory)?;
        self.directory = directory.to_owned();
        Ok(())
    }

    /// Keeps an event, in memory until [`Shelf::write`].
    pub fn keep(&mut self, event: &Event) {
        if event.session == SessionId::NONE || event.msg_seq_num == 0 {
            return;
        }
        let index = event.session.index();
        if index >= self.sessions.len() {
            self.sessions.resize_with(index + 1, || None);
        }
        let session = self.sessions[index].get_or_insert_default();
        if matches!(event.body, EventBody::LogonAccepted(logon) if logon.reset) {
            session.is_stale = true;
            self.waiting -= session.pending.len();
            session.pending.clear();
        }
        if session.pending.is_empty() {
            session.pending_first = event.msg_seq_num;
            self.dirty.push(event.session);
        }
        // The engine numbers without a gap, so each frame follows the one before.
        let next = session.pending_first + (session.pending.len() / FRAME_SIZE) as u64;
        assert_eq!(next, event.msg_seq_num, "session {} goes on without a gap", event.session);
        let at = session.pending.len();
        session.pending.resize(at + FRAME_SIZE, 0);
        let length = event.put(&mut session.pending[at + 2..at + FRAME_SIZE]) as u16;
        length.put(&mut session.pending[at..at + 2]);
        self.waiting += FRAME_SIZE;
    }

    /// Bytes that wait to be written.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Writes what was kept. On an error everything that was not written still waits.
    pub fn write(&mut self) -> io::Result<()> {
        while let Some(session) = self.dirty.last().copied() {
            self.write_session(session)?;
            self.dirty.pop();
        }
        Ok(())
    }

    /// Reads a kept event; [`Shelf::write`] comes first.
    pub fn read(&mut self, session: SessionId, msg_seq_num: u64) -> io::Result<Option<Event>> {
        let mut frame = [0; FRAME_SIZE];
        if msg_seq_num == 0 || self.sessions.get(session.index()).is_none_or(Option::is_none) {
            return Ok(None);
        }
        let file = self.file(session)?;
        match file.read_exact_at(&mut frame, (msg_seq_num - 1) * FRAME_SIZE as u64) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let length = usize::from(u16::from_le_bytes([frame[0], frame[1]]));
        let Some(bytes) = frame.get(2..2 + length) else { return Ok(None) };
        let event = Event::get(bytes).ok();
        Ok(event.filter(|event| event.session == session && event.msg_seq_num == msg_seq_num))
    }

    fn write_session(&mut self, session: SessionId) -> io::Result<()> {
        let Some(Some(kept)) = self.sessions.get_mut(session.index()) else { return Ok(()) };
        if kept.pending.is_empty() {
            return Ok(());
        }
        let is_stale = kept.is_stale;
        let pending = std::mem::take(&mut kept.pending);
        let at = (kept.pending_first - 1) * FRAME_SIZE as u64;
        let written = self.file(session).and_then(|file| {
            if is_stale {
                file.set_len(0)?;
            }
            file.write_all_at(&pending, at)
        });
        let Some(Some(kept)) = self.sessions.get_mut(session.index()) else { return Ok(()) };
        kept.pending = pending;
        written?;
        kept.is_stale = false;
        self.waiting -= kept.pending.len();
        kept.pending.clear();
        Ok(())
    }

    fn file(&mut self, session: SessionId) -> io::Result<&File> {
        let index = session.index();
        let is_open = matches!(&self.sessions[index], Some(kept) if kept.file.is_some());
        if !is_open {
            if self.open >= FILES_MAX {
                for kept in self.sessions.iter_mut().flatten() {
                    kept.file = None;
                }
                self.open = 0;
            }
            let path = self.directory.join(format!("{session}.events"));
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(path)?;
            self.sessions[index].get_or_insert_default().file = Some(file);
            self.open += 1;
        }
        match &self.sessions[index] {
            Some(kept) if let Some(file) = &kept.file => Ok(file),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// The agent: see the module.
pub struct Store {
    shelf: Shelf,
    events: Consumer<Event>,
    queries: Consumer<Query>,
    answers: Producer<Kept>,
    fault: Fault,
    /// When the disk is tried again after an error; 0 where it takes everything.
    retry_at_ns: u64,
    stuck: Arc<AtomicBool>,
}

impl Store {
    /// An agent that keeps what comes through `events`.
    pub fn new(
        shelf: Shelf,
        events: Consumer<Event>,
        queries: Consumer<Query>,
        answers: Producer<Kept>,
        fault: Fault,
    ) -> Self {
        let stuck = Arc::new(AtomicBool::new(false));
        Self { shelf, events, queries, answers, fault, retry_at_ns: 0, stuck }
    }

    /// Whether the disk takes no sent messages now.
    pub fn stuck(&self) -> Arc<AtomicBool> {
        self.stuck.clone()
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
        self.retry_at_ns = now.monotonic_ns + RETRY_NS;
        self.stuck.store(true, Ordering::Release);
        if self.shelf.waiting >= WAITING_BYTES_MAX {
            let path = self.shelf.directory.display();
            self.fault.raise(
                "outbound store",
                format!(
                    "{path}: {error}; {} bytes of sent messages wait for space. Nothing \
                     acknowledged is lost: free space on that disk and start again",
                    self.shelf.waiting
                ),
            );
        }
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
        match self.shelf.write().and_then(|()| self.answer()) {
            Ok(answered) => {
                if self.retry_at_ns != 0 {
                    self.retry_at_ns = 0;
                    self.stuck.store(false, Ordering::Release);
                }
                taken + answered
            }
            Err(error) => {
                self.rest(now, &error);
                taken
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Heartbeat, LogonAccepted, Sequence, Text};

    fn event(session: u32, msg_seq_num: u64, cause: u64) -> Event {
        Event {
            cause: Sequence(cause),
            session: SessionId(session),
            msg_seq_num,
            body: EventBody::Heartbeat(Heartbeat { test_req_id: Text::truncated(b"x") }),
            ..Event::default()
        }
    }

    #[test]
    fn what_was_kept_is_read_again_by_session_and_number() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut shelf = Shelf::create(&directory.path().join("outbound")).expect("a shelf");
        for number in 1..=1_000 {
            for session in [1, 7, 40] {
                shelf.keep(&event(session, number, number * 100));
            }
        }
        shelf.write().expect("written");
        for session in [1, 7, 40] {
            for number in [1, 2, 500, 1_000] {
                let read = shelf.read(SessionId(session), number).expect("read");
                assert_eq!(read, Some(event(session, number, number * 100)));
            }
            assert_eq!(shelf.read(SessionId(session), 1_001).expect("read"), None);
            assert_eq!(shelf.read(SessionId(session), 0).expect("read"), None);
        }
        assert_eq!(shelf.read(SessionId(2), 1).expect("read"), None);
        assert_eq!(shelf.waiting, 0);
    }

    #[test]
    fn a_reset_of_the_numbers_empties_the_session_and_only_that() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut shelf = Shelf::create(&directory.path().join("outbound")).expect("a shelf");
        for number in 1..=10 {
            shelf.keep(&event(1, number, number));
            shelf.keep(&event(2, number, number));
        }
        shelf.write().expect("written");
        shelf.keep(&event(1, 11, 11));
        let logon = LogonAccepted {
            connection: ConnectionId(1),
            generation: crate::model::Generation(2),
            heart_bt_int: 30,
            reset_requested: true,
            reset: true,
            client_expects: 0,
            next_inbound: 2,
        };
        let accepted = Event { body: EventBody::LogonAccepted(logon), ..event(1, 1, 50) };
        shelf.keep(&accepted);
        shelf.keep(&event(1, 2, 51));
        shelf.write().expect("written");
        assert_eq!(shelf.read(SessionId(1), 1).expect("read"), Some(accepted));
        assert_eq!(shelf.read(SessionId(1), 2).expect("read"), Some(event(1, 2, 51)));
        assert_eq!(shelf.read(SessionId(1), 3).expect("read"), None);
        assert_eq!(shelf.read(SessionId(2), 10).expect("read"), Some(event(2, 10, 10)));
    }

    #[test]
    fn more_sessions_than_open_files_are_kept_all_the_same() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut shelf = Shelf::create(&directory.path().join("outbound")).expect("a shelf");
        let sessions = FILES_MAX as u32 + 100;
        for number in 1..=2 {
            for session in 1..=sessions {
                shelf.keep(&event(session, number, number));
            }
            shelf.write().expect("written");
        }
        for session in 1..=sessions {
            let read = shelf.read(SessionId(session), 2).expect("read");
            assert_eq!(read, Some(event(session, 2, 2)));
        }
    }
}

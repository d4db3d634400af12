//! The files of the store: one for each session, filled from its end.
//!
//! A file is a row of frames, one for each number. The events of a session are alike and mostly zeros (texts
//! that are shorter than their field, small numbers), so a frame has only those of its eight bytes that are
//! not all zero. Where every [`BLOCK`]th frame begins is known in memory; from there a frame is found by
//! walking.
//!
//! | offset in a frame | bytes | what |
//! |---|---|---|
//! | 0 | 4 | CRC-32C of the packed event, which is the rest |
//! | 4 | 2 | bytes that follow |
//! | 6 | 2 | length of the event |
//! | 8 | 8 | bit n: the event's bytes from 8 n to 8 n + 8 follow; else they are zero |
//! | 16 | | eight bytes for each bit that is set |
//!
//! A snapshot has the packed events alone: its blocks have CRCs of their own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::RECOVERY_BYTES;
use crate::model::limit::{EVENT_SIZE_MAX, SESSIONS_MAX};
use crate::model::wire::Wire;
use crate::model::{Event, EventBody, SessionId};

/// Files open at a time; beyond, all are closed and opened again as they are needed.
pub const FILES_MAX: usize = 512;
/// Frames from one known beginning to the next.
const BLOCK: u64 = 64;
const WORD: usize = 8;
const WORDS: usize = EVENT_SIZE_MAX.div_ceil(WORD);
/// Where the packed event begins in a frame.
const PACKED_AT: usize = 4;
/// Offsets in a packed event.
const LENGTH_AT: usize = 2;
const MASK_AT: usize = 4;
const WORDS_AT: usize = 12;

const _: () = assert!(WORDS <= u64::BITS as usize);

/// The files; without the rings, so that recovery can fill them directly.
pub struct Shelf {
    directory: PathBuf,
    sessions: Vec<Option<Box<SessionFile>>>,
    dirty: Vec<SessionId>,
    open: usize,
    waiting: usize,
    /// The block that was read last: whose, which, and its bytes.
    block: Option<(SessionId, usize)>,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct SessionFile {
    file: Option<File>,
    /// The numbers went back to 1 since the file was last written: it is emptied first.
    is_stale: bool,
    /// Number of the first frame.
    first: u64,
    /// Number after the last frame.
    next: u64,
    /// Where every `BLOCK`th frame begins, from the first.
    blocks: Vec<u64>,
    /// Bytes that the file has.
    written: u64,
    /// What follows them.
    pending: Vec<u8>,
}

impl SessionFile {
    /// Where the block begins, and how many bytes it has so far.
    fn block(&self, block: usize) -> Option<(u64, usize)> {
        let begin = *self.blocks.get(block)?;
        let end = self.blocks.get(block + 1).copied().unwrap_or(self.written);
        Some((begin, (end - begin) as usize))
    }
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
            block: None,
            bytes: Vec::new(),
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
            self.waiting -= session.pending.len();
            let (file, mut pending) = (session.file.take(), std::mem::take(&mut session.pending));
            pending.clear();
            **session = SessionFile { file, pending, is_stale: true, ..SessionFile::default() };
        }
        if session.blocks.is_empty() {
            (session.first, session.next) = (event.msg_seq_num, event.msg_seq_num);
        }
        // The engine numbers without a gap, so each frame follows the one before.
        let next = session.next;
        assert_eq!(next, event.msg_seq_num, "session {} goes on without a gap", event.session);
        session.next += 1;
        if session.pending.is_empty() {
            self.dirty.push(event.session);
        }
        let at = session.pending.len();
        if (next - session.first).is_multiple_of(BLOCK) {
            session.blocks.push(session.written + at as u64);
        }
        put_frame(event, &mut session.pending);
        self.waiting += session.pending.len() - at;
    }

    /// Where the files are.
    pub fn directory(&self) -> &Path {
        &self.directory
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

    /// Reads a kept event, none where it has none of that number; [`Shelf::write`] comes first. What was kept and is not
    /// there is an error: a client that asks for it must not be told that there was nothing.
    pub fn read(&mut self, session: SessionId, msg_seq_num: u64) -> io::Result<Option<Event>> {
        let Some(Some(kept)) = self.sessions.get(session.index()) else { return Ok(None) };
        if !(kept.first..kept.next).contains(&msg_seq_num) {
            return Ok(None);
        }
        let number = msg_seq_num - kept.first;
        let block = (number / BLOCK) as usize;
        let Some((begin, length)) = kept.block(block) else { return Ok(None) };
        if self.block != Some((session, block)) {
            let mut bytes = std::mem::take(&mut self.bytes);
            bytes.resize(length, 0);
            self.file(session)?.read_exact_at(&mut bytes, begin)?;
            (self.block, self.bytes) = (Some((session, block)), bytes);
        }
        frame(&self.bytes, (number % BLOCK) as usize)
            .and_then(packed)
            .and_then(unpack)
            .filter(|event| event.session == session && event.msg_seq_num == msg_seq_num)
            .map(Some)
            .ok_or_else(|| changed(&format!("message {msg_seq_num}"), session))
    }

    /// Writes all that is kept, session after session; [`Shelf::write`] comes first. What is written depends
    /// on the events alone. A message that is not what was written is an error of kind `InvalidData`.
    pub fn export(&mut self, out: &mut impl Write) -> io::Result<()> {
        for index in 0..self.sessions.len() {
            let Some(kept) = &self.sessions[index] else { continue };
            let (next, blocks) = (kept.next, kept.blocks.len());
            if blocks == 0 {
                continue;
            }
            let session = SessionId(index as u32);
            out.write_all(&session.0.to_le_bytes())?;
            out.write_all(&kept.first.to_le_bytes())?;
            out.write_all(&next.to_le_bytes())?;
            for block in 0..blocks {
                let kept = self.sessions[index].as_ref().and_then(|kept| kept.block(block));
                let Some((begin, length)) = kept else { continue };
                let mut bytes = std::mem::take(&mut self.bytes);
                bytes.resize(length, 0);
                self.block = None;
                self.file(session)?.read_exact_at(&mut bytes, begin)?;
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let frame = frame(rest, 0).unwrap_or_default();
                    let packed = packed(frame).ok_or_else(|| changed("a message", session))?;
                    out.write_all(packed)?;
                    rest = &rest[frame.len()..];
                }
                self.bytes = bytes;
            }
        }
        Ok(())
    }

    /// Keeps what [`Shelf::export`] wrote; the shelf is empty. What cannot be read, or is something else, is an error of
    /// kind `InvalidData`; every other is of the shelf's own disk.
    pub fn import(&mut self, from: &mut impl Read) -> io::Result<()> {
        let bad = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        let unread = |error: io::Error| io::Error::new(io::ErrorKind::InvalidData, error);
        let mut bytes = Vec::new();
        let mut before = None;
        loop {
            let mut session = [0; 4];
            let begun = from.read(&mut session).map_err(unread)?;
            if begun == 0 {
                return self.write();
            }
            from.read_exact(&mut session[begun..]).map_err(unread)?;
            let session = SessionId(u32::from_le_bytes(session));
            let mut numbers = [[0; 8]; 2];
            from.read_exact(&mut numbers[0]).map_err(unread)?;
            from.read_exact(&mut numbers[1]).map_err(unread)?;
            let [first, next] = numbers.map(u64::from_le_bytes);
            if session.index() >= SESSIONS_MAX || before.is_some_and(|before| session <= before) {
                return Err(bad("sent messages of a session that cannot be there"));
            }
            before = Some(session);
            for number in first..next {
                bytes.resize(LENGTH_AT, 0);
                from.read_exact(&mut bytes).map_err(unread)?;
                let length = packed_length(&bytes).unwrap_or(0);
                bytes.resize(length.max(WORDS_AT), 0);
                from.read_exact(&mut bytes[LENGTH_AT..]).map_err(unread)?;
                let event = unpack(&bytes).ok_or_else(|| bad("a sent message that is none"))?;
                if event.session != session || event.msg_seq_num != number || number == 0 {
                    return Err(bad("a sent message in another's place"));
                }
                self.keep(&event);
                // One session may have more than fits in memory.
                if self.waiting >= RECOVERY_BYTES {
                    self.write()?;
                }
            }
            self.write()?;
        }
    }

    fn write_session(&mut self, session: SessionId) -> io::Result<()> {
        let Some(Some(kept)) = self.sessions.get_mut(session.index()) else { return Ok(()) };
        if kept.pending.is_empty() {
            return Ok(());
        }
        if self.block.is_some_and(|(read, _)| read == session) {
            self.block = None;
        }
        let is_stale = kept.is_stale;
        let pending = std::mem::take(&mut kept.pending);
        let at = kept.written;
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
        kept.written += kept.pending.len() as u64;
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

fn changed(message: &str, session: SessionId) -> io::Error {
    let what = format!("{message} of session {session} is not what was written");
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Appends the frame of an event.
fn put_frame(event: &Event, out: &mut Vec<u8>) {
    let at = out.len();
    out.resize(at + PACKED_AT, 0);
    pack(event, out);
    let crc = crc32c::crc32c(&out[at + PACKED_AT..]);
    crc.put(&mut out[at..at + PACKED_AT]);
}

/// The frame of this place among those that `bytes` begin with.
fn frame(bytes: &[u8], place: usize) -> Option<&[u8]> {
    let length = |bytes: &[u8]| Some(PACKED_AT + packed_length(bytes.get(PACKED_AT..)?)?);
    let mut rest = bytes;
    for _ in 0..place {
        rest = rest.get(length(rest)?..)?;
    }
    rest.get(..length(rest)?)
}

/// The packed event of a frame; none where it is not what was written.
fn packed(frame: &[u8]) -> Option<&[u8]> {
    let (crc, packed) = frame.split_at_checked(PACKED_AT)?;
    (u32::get(crc).ok()? == crc32c::crc32c(packed)).then_some(packed)
}

/// Appends a packed event.
fn pack(event: &Event, out: &mut Vec<u8>) {
    let mut bytes = [0; WORDS * WORD];
    let length = event.put(&mut bytes);
    let at = out.len();
    out.resize(at + WORDS_AT, 0);
    let mut mask = 0_u64;
    for (index, word) in bytes[..length.next_multiple_of(WORD)].chunks_exact(WORD).enumerate() {
        if word != [0; WORD] {
            mask |= 1 << index;
            out.extend_from_slice(word);
        }
    }
    let follow = (out.len() - at - LENGTH_AT) as u16;
    follow.put(&mut out[at..at + LENGTH_AT]);
    (length as u16).put(&mut out[at + LENGTH_AT..at + MASK_AT]);
    mask.put(&mut out[at + MASK_AT..at + WORDS_AT]);
}

/// The length of the packed event that these begin with.
fn packed_length(bytes: &[u8]) -> Option<usize> {
    let length = u16::get(bytes.get(..LENGTH_AT)?).ok()?;
    Some(LENGTH_AT + usize::from(length))
}

/// The event that was packed; none where it is none of ours.
fn unpack(packed: &[u8]) -> Option<Event> {
    let length = usize::from(u16::get(packed.get(LENGTH_AT..MASK_AT)?).ok()?);
    let mask = u64::get(packed.get(MASK_AT..WORDS_AT)?).ok()?;
    let mut bytes = [0; WORDS * WORD];
    let mut words = packed[WORDS_AT..].chunks_exact(WORD);
    for (index, out) in bytes.chunks_exact_mut(WORD).enumerate() {
        if mask >> index & 1 != 0 {
            out.copy_from_slice(words.next()?);
        }
    }
    Event::get(bytes.get(..length)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConnectionId, Heartbeat, LogonAccepted, Sequence, Text};

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
    fn what_is_written_bit_by_bit_is_read_between_the_writes() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut shelf = Shelf::create(&directory.path().join("outbound")).expect("a shelf");
        for number in 1..=300 {
            shelf.keep(&event(1, number, number));
            shelf.write().expect("written");
            for earlier in [1, number.div_ceil(2), number] {
                let read = shelf.read(SessionId(1), earlier).expect("read");
                assert_eq!(read, Some(event(1, earlier, earlier)));
            }
        }
    }

    #[test]
    fn what_is_exported_is_imported_as_it_was() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut shelf = Shelf::create(&directory.path().join("one")).expect("a shelf");
        for number in 1..=200 {
            for session in [1, 7, 40] {
                shelf.keep(&event(session, number + u64::from(session), number));
            }
        }
        shelf.write().expect("written");
        let mut bytes = Vec::new();
        shelf.export(&mut bytes).expect("exported");
        let mut other = Shelf::create(&directory.path().join("other")).expect("a shelf");
        other.import(&mut &bytes[..]).expect("imported");
        for session in [1, 7, 40] {
            for number in 1..=242 {
                let kept = shelf.read(SessionId(session), number).expect("read");
                assert_eq!(other.read(SessionId(session), number).expect("read"), kept);
            }
        }
        other.keep(&event(7, 208, 9));
        for torn in 1..200 {
            let mut other = Shelf::create(&directory.path().join("torn")).expect("a shelf");
            assert!(other.import(&mut &bytes[..bytes.len() - torn]).is_err());
        }
    }

    #[test]
    fn a_frame_that_is_damaged_is_no_event_and_no_panic() {
        let event_of = |bytes: &[u8]| frame(bytes, 0).and_then(packed).and_then(unpack);
        let mut bytes = Vec::new();
        put_frame(&event(7, 8, 9), &mut bytes);
        assert_eq!(event_of(&bytes), Some(event(7, 8, 9)));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                assert_eq!(event_of(&damaged), None, "bit {bit} of byte {at}");
                // As a snapshot has it, it cannot be noticed here.
                let _any = unpack(&damaged[PACKED_AT..]);
            }
            assert_eq!(event_of(&bytes[..at]), None);
        }
    }

    #[test]
    fn what_the_disk_changed_is_neither_read_nor_exported() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("outbound");
        let mut shelf = Shelf::create(&path).expect("a shelf");
        for number in 1..=200 {
            shelf.keep(&event(7, number, number));
        }
        shelf.write().expect("written");
        let file = path.join("7.events");
        let mut bytes = fs::read(&file).expect("it is there");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&file, bytes).expect("written over");
        let read = shelf.read(SessionId(7), 199).expect("it is whole");
        assert_eq!(read, Some(event(7, 199, 199)));
        let read = shelf.read(SessionId(7), 200).expect_err("changed").to_string();
        assert_eq!(read, "message 200 of session 7 is not what was written");
        let exported = shelf.export(&mut Vec::new()).expect_err("changed").to_string();
        assert_eq!(exported, "a message of session 7 is not what was written");
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

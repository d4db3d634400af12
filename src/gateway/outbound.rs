//! The bytes that wait to be sent on one connection.
//!
//! ```text
//!   head            released                 tail
//!    │ may be written  │  held: not durable    │
//!    ▼                 ▼                       ▼
//!  ──█████████████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒──
//! ```
//!
//! Messages are encoded at the tail, each marked with the sequence that must be durable first. Marks
//! never go down, so the released part is always a prefix.

use std::collections::VecDeque;
use std::io::{self, Write};

use crate::model::Sequence;

/// Bytes whose space is not given back until this many were written: moving fewer is not worth it.
const COMPACT_BYTES: usize = 64 * 1024;

#[derive(Debug, Clone, Copy)]
struct Mark {
    /// Durable before the bytes up to `end` may go.
    sequence: Sequence,
    /// Offset from the beginning of the connection.
    end: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Outbound {
    bytes: Vec<u8>,
    /// Index of the first byte that was not written.
    head: usize,
    /// Bytes released, as an index of `bytes`.
    released: usize,
    /// Offset of `bytes[0]` from the beginning of the connection.
    base: u64,
    marks: VecDeque<Mark>,
}

impl Outbound {
    /// Appends what `encode` writes, held until `cause` is durable.
    #[inline]
    pub fn push(&mut self, cause: Sequence, encode: impl FnOnce(&mut Vec<u8>)) {
        if self.head == self.bytes.len() {
            self.base += self.head as u64;
            self.bytes.clear();
            (self.head, self.released) = (0, 0);
        } else if self.head >= COMPACT_BYTES && self.head * 2 >= self.bytes.len() {
            self.bytes.drain(..self.head);
            self.base += self.head as u64;
            self.released -= self.head;
            self.head = 0;
        }
        encode(&mut self.bytes);
        let end = self.base + self.bytes.len() as u64;
        match self.marks.back_mut() {
            Some(last) if last.sequence >= cause => last.end = end,
            _ => self.marks.push_back(Mark { sequence: cause, end }),
        }
    }

    /// Lets go what is durable now.
    #[inline]
    pub fn release(&mut self, durable: Sequence) {
        while let Some(mark) = self.marks.front()
            && mark.sequence <= durable
        {
            self.released = (mark.end - self.base) as usize;
            self.marks.pop_front();
        }
    }

    /// Whether released bytes wait to be written.
    #[inline]
    pub fn is_writable(&self) -> bool {
        self.head < self.released
    }

    /// Whether nothing waits, released or held.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.head == self.bytes.len()
    }

    /// Bytes that wait, released or held.
    #[inline]
    pub fn waiting(&self) -> usize {
        self.bytes.len() - self.head
    }

    /// Bytes that the client could have read, and has not.
    #[inline]
    pub fn unread(&self) -> usize {
        self.released - self.head
    }

    /// Bytes that we hold back, since their cause is not durable yet.
    #[inline]
    pub fn held(&self) -> usize {
        self.bytes.len() - self.released
    }

    /// Offset of the tail from the beginning of the connection.
    #[inline]
    pub fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// Offset from the beginning of the connection up to which all is written.
    #[inline]
    pub fn written(&self) -> u64 {
        self.base + self.head as u64
    }

    /// Writes released bytes until none are left or the socket takes no more. Returns whether it
    /// would take more.
    pub fn write_to(&mut self, socket: &mut impl Write) -> io::Result<bool> {
        while self.head < self.released {
            match socket.write(&self.bytes[self.head..self.released]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.head += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(outbound: &mut Outbound) -> String {
        let mut written = Vec::new();
        outbound.write_to(&mut written).expect("a vector takes everything");
        String::from_utf8(written).expect("the test wrote text")
    }

    #[test]
    fn bytes_are_held_until_their_cause_is_durable() {
        let mut outbound = Outbound::default();
        outbound.push(Sequence(1), |bytes| bytes.extend(b"one "));
        outbound.push(Sequence(3), |bytes| bytes.extend(b"three "));
        assert_eq!(text(&mut outbound), "");
        outbound.release(Sequence(2));
        assert_eq!(text(&mut outbound), "one ");
        outbound.release(Sequence(3));
        assert_eq!(text(&mut outbound), "three ");
        assert!(outbound.is_empty());
    }

    #[test]
    fn a_resent_message_does_not_overtake_what_is_held() {
        let mut outbound = Outbound::default();
        outbound.push(Sequence(5), |bytes| bytes.extend(b"five "));
        outbound.push(Sequence(2), |bytes| bytes.extend(b"two again "));
        outbound.release(Sequence(4));
        assert_eq!(text(&mut outbound), "");
        outbound.release(Sequence(5));
        assert_eq!(text(&mut outbound), "five two again ");
    }

    #[test]
    fn a_socket_that_takes_a_byte_at_a_time_gets_all_of_them_in_order() {
        struct Slow(Vec<u8>, bool);
        impl Write for Slow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                self.0.push(bytes[0]);
                Ok(1)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut outbound = Outbound::default();
        let mut socket = Slow(Vec::new(), false);
        let mut expected: Vec<u8> = Vec::new();
        for sequence in 1..=2_000_u64 {
            let message = format!("{sequence:08};");
            expected.extend_from_slice(message.as_bytes());
            outbound.push(Sequence(sequence), |bytes| bytes.extend(message.as_bytes()));
            outbound.release(Sequence(sequence.saturating_sub(3)));
            outbound.write_to(&mut socket).expect("the socket never fails");
        }
        outbound.release(Sequence(2_000));
        while !outbound.is_empty() {
            outbound.write_to(&mut socket).expect("the socket never fails");
        }
        assert_eq!(socket.0, expected);
    }
}

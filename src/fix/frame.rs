//! Where a message begins and ends in a stream of bytes (FIX 4.4 volume 2, "Message Integrity" and
//! "Garbled messages").
//!
//! 1. A message begins with `8=FIX`. What stands before is noise and is skipped at once.
//! 2. BeginString is followed by BodyLength (9), which says where CheckSum (10) stands.
//! 3. Where it stands there and the sum is right, and MsgType (35) is the third field, it is a message.
//! 4. Else it is garbled: a message whose sum is wrong is skipped whole; one whose BodyLength is
//!    wrong is skipped as far as that length says, and what then follows up to the next `8=FIX` is noise.
//!    So one that is declared too long takes with it the message that it reaches into, as it does in
//!    QuickFIX, and it does not matter how the bytes were cut into packets.
//!
//! **Linear, however bytes trickle in**: as long as the answer is [`Frame::Incomplete`] a call looks at no more
//! than [`HEAD_MAX`] bytes: the head says how many are needed, and the rest is looked at once, when they
//! are there. Noise is skipped when it is seen.

const SOH: u8 = 1;
const START: &[u8] = b"8=FIX";
/// How nearly every message begins.
const USUAL: &[u8] = b"8=FIX.4.4\x019=";
/// The longest `8=…|9=…|` that can begin a message.
pub const HEAD_MAX: usize = 2 + BEGIN_STRING_MAX + 1 + 2 + BODY_LENGTH_DIGITS_MAX + 1;
/// The longest BeginString.
const BEGIN_STRING_MAX: usize = 16;
/// BodyLength has at most so many digits: more than any message may be long.
const BODY_LENGTH_DIGITS_MAX: usize = 9;
/// `10=nnn|`
const TRAILER: usize = 7;

/// What a buffer begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Part of a message, or nothing: read more.
    Incomplete,
    /// A whole message. BeginString may be another version's.
    Message {
        /// In bytes.
        length: usize,
    },
    /// Bytes that are to be ignored.
    Garbled {
        /// How many, at least one.
        skip: usize,
    },
    /// A message longer than may be: the connection cannot go on.
    TooLong,
}

/// What `buffer` begins with, where no message may be longer than `size_max` bytes.
#[inline]
pub fn next(buffer: &[u8], size_max: usize) -> Frame {
    if buffer.len() < START.len() {
        if START.starts_with(buffer) {
            return Frame::Incomplete;
        }
        return noise(buffer);
    }
    if !buffer.starts_with(START) {
        return noise(buffer);
    }
    let (body, length) = match head(buffer) {
        Head::Incomplete => return Frame::Incomplete,
        Head::Garbled => return noise(buffer),
        Head::Whole { body, length } => (body, length),
    };
    let end = body + length + TRAILER;
    if end > size_max {
        return Frame::TooLong;
    }
    if buffer.len() < end {
        return Frame::Incomplete;
    }
    // The delimiter before the trailer and the trailer itself, in one word.
    let closing = buffer[..end].last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
    if length == 0 || closing & !CHECK_SUM_VALUE != CHECK_SUM_FIELD {
        return Frame::Garbled { skip: body + length.max(1) };
    }
    let summed = &buffer[..end - TRAILER];
    let told = closing.to_le_bytes();
    if !summed[body..].starts_with(b"35=") || check_sum(summed) != told[4..7] {
        return Frame::Garbled { skip: end };
    }
    Frame::Message { length: end }
}

/// What a message ends with, but for the value of CheckSum.
const CHECK_SUM_FIELD: u64 = u64::from_le_bytes(*b"\x0110=\0\0\0\x01");
/// Where that value stands.
const CHECK_SUM_VALUE: u64 = 0x00ff_ffff_0000_0000;

/// The value of CheckSum (10) for the bytes before it.
#[inline]
pub fn check_sum(bytes: &[u8]) -> [u8; 3] {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let flat = blocks.as_flattened();
    let mut sum = flat.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    let (words, rest) = rest.as_chunks::<8>();
    let mut pairs = 0;
    for word in words {
        pairs += sums_of_two(u64::from_le_bytes(*word));
    }
    if let Some(last) = bytes.last_chunk::<8>()
        && !rest.is_empty()
    {
        // The last eight once more, shifted so that only those count that are not summed yet.
        pairs += sums_of_two(u64::from_le_bytes(*last) >> (8 * (8 - rest.len())));
    } else {
        rest.iter().for_each(|byte| sum = sum.wrapping_add(*byte));
    }
    // The four sums are added up by a multiplication.
    sum = sum.wrapping_add((pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48) as u8);
    CHECK_SUMS[usize::from(sum)]
}

/// What each sum is written as.
static CHECK_SUMS: [[u8; 3]; 256] = {
    let mut texts = [[0; 3]; 256];
    let mut sum = 0;
    while sum < texts.len() {
        let digits = [sum / 100, sum / 10 % 10, sum % 10];
        texts[sum] = [b'0' + digits[0] as u8, b'0' + digits[1] as u8, b'0' + digits[2] as u8];
        sum += 1;
    }
    texts
};

/// Bytes that are summed at once: the compiler does it in the processor's vectors.
const BLOCK: usize = 32;

/// The sums of four pairs of bytes, in 16 bits each: those of a block's words cannot overflow.
#[inline(always)]
fn sums_of_two(word: u64) -> u64 {
    const EVEN: u64 = 0x00ff_00ff_00ff_00ff;
    (word & EVEN) + (word >> 8 & EVEN)
}

enum Head {
    Incomplete,
    Garbled,
    Whole { body: usize, length: usize },
}

#[inline]
fn head(buffer: &[u8]) -> Head {
    let shown = &buffer[..buffer.len().min(HEAD_MAX)];
    if shown.starts_with(USUAL) {
        return body_length(shown, USUAL.len());
    }
    let unfinished = unfinished(shown);
    let first = &shown[..shown.len().min(2 + BEGIN_STRING_MAX + 1)];
    let Some(begin_string) = first.iter().position(|byte| *byte == SOH) else {
        return if first.len() > 2 + BEGIN_STRING_MAX { Head::Garbled } else { unfinished };
    };
    let tag = begin_string + 1;
    match shown.get(tag..) {
        Some([b'9', b'=', ..]) => {}
        Some([] | [b'9']) => return unfinished,
        _ => return Head::Garbled,
    }
    body_length(shown, tag + 2)
}

/// BodyLength, whose digits begin at `digits`.
#[inline(always)]
fn body_length(shown: &[u8], digits: usize) -> Head {
    // Three digits are usual, and their delimiter is there.
    if let Some([a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', SOH]) =
        shown.get(digits..).and_then(|rest| rest.first_chunk())
    {
        let digit = |byte: &u8| usize::from(byte - b'0');
        let length = digit(a) * 100 + digit(b) * 10 + digit(c);
        return Head::Whole { body: digits + 4, length };
    }
    let mut length = 0_usize;
    for (at, byte) in shown.iter().enumerate().skip(digits) {
        match byte {
            b'0'..=b'9' if at - digits < BODY_LENGTH_DIGITS_MAX => {
                length = length * 10 + usize::from(byte - b'0');
            }
            &SOH if at > digits => return Head::Whole { body: at + 1, length },
            _ => return Head::Garbled,
        }
    }
    unfinished(shown)
}

/// What a head is that is not closed: where it is the longest that can be, more bytes change nothing.
fn unfinished(shown: &[u8]) -> Head {
    if shown.len() == HEAD_MAX { Head::Garbled } else { Head::Incomplete }
}

/// Everything up to where the next message may begin, at least one byte. Only the bytes themselves
/// decide, so that it does not matter how they were cut into packets.
#[cold]
fn noise(buffer: &[u8]) -> Frame {
    let may_begin = |at: &usize| {
        let rest = &buffer[*at..];
        rest.starts_with(START) || START.starts_with(rest)
    };
    Frame::Garbled { skip: (1..buffer.len()).find(may_begin).unwrap_or(buffer.len()) }
}

//! Writes fields, each with the delimiter before it: `<SOH>tag=value`.
//!
//! A field's beginning is a constant of at most eight bytes, made by the compiler, and is written by one store
//! of eight; what is too much is written over by the value. So is a value of one character, and a number by
//! eight digits at once. The buffer has room for the longest message and for one store behind it.

use crate::fix::number::{self, POWERS, eight_digits};
use crate::fix::time::{self, TIMESTAMP_SIZE};

const SOH: u8 = 1;
/// Bytes of a store.
const WORD: usize = 8;
/// Room for the longest message without its text: a report of an iceberg's trade with CompIDs, ids and figures
/// of full length has below 900 bytes.
pub(super) const ROOM: usize = 1_024;
/// Numbers below it have at most eight digits.
const EIGHT_DIGITS: u64 = 100_000_000;
/// Scales up to it are written by eight digits.
const SCALE_OF_WORD: u8 = 8;

/// `<SOH>tag=` as a little-endian word, and its length.
pub(super) struct Prefix<const TAG: u32>;

impl<const TAG: u32> Prefix<TAG> {
    const LENGTH: usize = TAG.ilog10() as usize + 3;
    const WORD: u64 = {
        assert!(Self::LENGTH < WORD, "a character has no room behind this tag");
        let mut word = b'=' as u64;
        let mut rest = TAG;
        while rest > 0 {
            word = word << 8 | (b'0' as u32 + rest % 10) as u64;
            rest /= 10;
        }
        word << 8 | SOH as u64
    };
}

/// A place in a buffer.
pub(super) struct Put<'a> {
    buffer: &'a mut [u8; ROOM],
    at: usize,
}

impl<'a> Put<'a> {
    /// Writes from the beginning of `buffer` on.
    pub(super) fn new(buffer: &'a mut [u8; ROOM]) -> Self {
        Self { buffer, at: 0 }
    }

    /// How many bytes are written.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Writes eight bytes, of which `used` count.
    #[inline(always)]
    fn word(&mut self, word: u64, used: usize) {
        if self.at <= ROOM - WORD {
            self.buffer[self.at..self.at + WORD].copy_from_slice(&word.to_le_bytes());
        }
        self.at += used;
    }

    #[inline(always)]
    fn tag<const TAG: u32>(&mut self) {
        self.word(Prefix::<TAG>::WORD, Prefix::<TAG>::LENGTH);
    }

    /// Bytes as they are.
    #[inline(always)]
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        let Some(place) = self.buffer.get_mut(self.at..self.at + bytes.len()) else { return };
        // Short ones by two stores that overlap, or none does: a call would take longer than all else.
        match bytes.len() {
            8..=16 => {
                if let (Some(first), Some(last)) =
                    (bytes.first_chunk::<8>(), bytes.last_chunk::<8>())
                {
                    place[..8].copy_from_slice(first);
                    let from = place.len() - 8;
                    place[from..].copy_from_slice(last);
                }
            }
            17..=32 => {
                if let (Some(first), Some(last)) =
                    (bytes.first_chunk::<16>(), bytes.last_chunk::<16>())
                {
                    place[..16].copy_from_slice(first);
                    let from = place.len() - 16;
                    place[from..].copy_from_slice(last);
                }
            }
            0..=7 => {
                for (to, byte) in place.iter_mut().zip(bytes) {
                    *to = *byte;
                }
            }
            _ => place.copy_from_slice(bytes),
        }
        self.at += bytes.len();
    }

    #[inline(always)]
    pub(super) fn bytes<const TAG: u32>(&mut self, value: &[u8]) {
        self.tag::<TAG>();
        self.raw(value);
    }

    /// The field where there is a value: FIX knows no empty ones.
    #[inline(always)]
    pub(super) fn some<const TAG: u32>(&mut self, value: &[u8]) {
        if !value.is_empty() {
            self.bytes::<TAG>(value);
        }
    }

    #[inline(always)]
    pub(super) fn byte<const TAG: u32>(&mut self, value: u8) {
        let word = Prefix::<TAG>::WORD | u64::from(value) << (8 * Prefix::<TAG>::LENGTH);
        self.word(word, Prefix::<TAG>::LENGTH + 1);
    }

    #[inline(always)]
    pub(super) fn unsigned<const TAG: u32>(&mut self, value: u64) {
        self.tag::<TAG>();
        self.number(value);
    }

    #[inline(always)]
    pub(super) fn int<const TAG: u32>(&mut self, value: i64) {
        self.tag::<TAG>();
        self.sign(value);
        self.number(value.unsigned_abs());
    }

    /// `value` × 10^-`scale`, as [`number::put_decimal`] writes it.
    #[inline(always)]
    pub(super) fn decimal<const TAG: u32>(&mut self, value: i64, scale: u8) {
        self.tag::<TAG>();
        self.sign(value);
        self.magnitude(value.unsigned_abs(), scale);
    }

    /// As [`Put::decimal`], for a number in the width of products that is not negative.
    #[inline(always)]
    pub(super) fn wide<const TAG: u32>(&mut self, value: u128, scale: u8) {
        self.tag::<TAG>();
        match u64::try_from(value) {
            Ok(value) => self.magnitude(value, scale),
            Err(_) => self.long(value, scale),
        }
    }

    #[inline(always)]
    pub(super) fn timestamp<const TAG: u32>(&mut self, text: &[u8; TIMESTAMP_SIZE]) {
        self.tag::<TAG>();
        if self.at <= ROOM - TIMESTAMP_SIZE {
            self.buffer[self.at..self.at + TIMESTAMP_SIZE].copy_from_slice(text);
        }
        self.at += TIMESTAMP_SIZE;
    }

    #[inline(always)]
    fn sign(&mut self, value: i64) {
        if value < 0 {
            self.raw(b"-");
        }
    }

    #[inline(always)]
    pub(super) fn number(&mut self, value: u64) {
        if value < 10 {
            return self.word(u64::from(b'0') + value, 1);
        }
        if value >= EIGHT_DIGITS {
            return self.long_number(value);
        }
        self.head(value as u32);
    }

    /// Up to eight digits, without zeros before them.
    #[inline(always)]
    fn head(&mut self, value: u32) {
        let digits = eight_digits(value);
        let zeros = (digits.trailing_zeros() & 56).min(56);
        self.word((digits | number::ZEROS) >> zeros, WORD - zeros as usize / 8);
    }

    #[inline(never)]
    fn long_number(&mut self, value: u64) {
        let (high, low) = (value / EIGHT_DIGITS, value % EIGHT_DIGITS);
        self.number(high);
        self.word(eight_digits(low as u32) | number::ZEROS, WORD);
    }

    #[inline(always)]
    fn magnitude(&mut self, value: u64, scale: u8) {
        if scale > SCALE_OF_WORD {
            return self.long(value.into(), scale);
        }
        let power = POWERS[usize::from(scale)];
        let (whole, fraction) = (value / power, value % power);
        self.number(whole);
        if fraction > 0 {
            // The digits behind the point are the last ones of eight; zeros at their end go.
            let digits = eight_digits(fraction as u32) >> (8 * (SCALE_OF_WORD - scale));
            let used = WORD - digits.leading_zeros() as usize / 8;
            self.raw(b".");
            self.word(digits | number::ZEROS, used);
        }
    }

    /// What eight digits do not hold.
    #[inline(never)]
    fn long(&mut self, value: u128, scale: u8) {
        let mut text = [0; number::MAGNITUDE_MAX];
        let length = number::magnitude(value, scale, &mut text);
        self.raw(&text[..length]);
    }
}

/// The text of a moment, made once where two moments are the same.
pub(super) struct Moments {
    sent_ns: u64,
    sent: [u8; TIMESTAMP_SIZE],
}

impl Moments {
    pub(super) fn new(sent_ns: u64) -> Self {
        Self { sent_ns, sent: time::text(sent_ns) }
    }

    /// SendingTime.
    pub(super) fn sent(&self) -> &[u8; TIMESTAMP_SIZE] {
        &self.sent
    }

    #[inline(always)]
    pub(super) fn text(&self, time_ns: u64) -> [u8; TIMESTAMP_SIZE] {
        if time_ns == self.sent_ns { self.sent } else { time::text(time_ns) }
    }
}

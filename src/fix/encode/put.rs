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
/// Bits of a digit.
const DIGIT: u32 = u8::BITS;

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

    /// Calls what is not inlined with a copy of this.
    #[inline(always)]
    fn aside(&mut self, write: impl FnOnce(&mut Put<'_>)) {
        let mut copy = Put { buffer: &mut *self.buffer, at: self.at };
        write(&mut copy);
        self.at = copy.at;
    }

    /// A copy to go on with, whose place is given back by [`Put::go_on_from`].
    #[inline(always)]
    pub(super) fn copy(&mut self) -> Put<'_> {
        Put { buffer: &mut *self.buffer, at: self.at }
    }

    /// Goes on where a copy has got to.
    #[inline(always)]
    pub(super) fn go_on_from(&mut self, at: usize) {
        self.at = at;
    }

    /// A character.
    #[inline(always)]
    pub(super) fn character(&mut self, character: u8) {
        self.word(character.into(), 1);
    }

    /// Bytes as they are.
    #[inline(always)]
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        let Some(place) = self.buffer.get_mut(self.at..self.at + bytes.len()) else { return };
        // Short ones by two stores that overlap: a call would take longer than all else.
        match bytes.len() {
            0 => {}
            1..=3 => {
                let last = bytes.len() - 1;
                (place[0], place[last / 2 + last % 2]) = (bytes[0], bytes[last / 2 + last % 2]);
                place[last] = bytes[last];
            }
            4..=7 => ends::<4>(place, bytes),
            8..=16 => ends::<8>(place, bytes),
            17..=32 => ends::<16>(place, bytes),
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
            Err(_) => self.aside(|put| put.long(value, scale)),
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
            self.character(b'-');
        }
    }

    #[inline(always)]
    pub(super) fn number(&mut self, value: u64) {
        if value < 10 {
            return self.word(u64::from(b'0') + value, 1);
        }
        if value >= EIGHT_DIGITS {
            return self.aside(|put| put.long_number(value));
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
        if value == 0 {
            return self.character(b'0');
        }
        if value >= EIGHT_DIGITS || scale >= SCALE_OF_WORD {
            return self.aside(|put| put.long_magnitude(value, scale));
        }
        // The point parts the eight digits: no division is needed, and whole and fraction are a store each.
        let digits = eight_digits(value as u32);
        let fraction_bits = DIGIT * u32::from(scale);
        let whole_bits = u64::BITS - fraction_bits;
        let whole = digits & u64::MAX >> fraction_bits;
        let ones = 1 << (whole_bits - DIGIT);
        let zeros = (whole | ones).trailing_zeros() & !(DIGIT - 1);
        self.word((whole | number::ZEROS) >> zeros, ((whole_bits - zeros) / DIGIT) as usize);
        let fraction = digits >> (whole_bits - DIGIT) >> DIGIT;
        if fraction > 0 {
            // Zeros at its end go; it has seven digits at most, so the point has room before them.
            let used = WORD - (fraction.leading_zeros() / DIGIT) as usize;
            self.word(u64::from(b'.') | (fraction | number::ZEROS) << DIGIT, used + 1);
        }
    }

    /// What one word of eight digits does not hold.
    #[inline(never)]
    fn long_magnitude(&mut self, value: u64, scale: u8) {
        if scale > SCALE_OF_WORD {
            return self.long(value.into(), scale);
        }
        let power = POWERS[usize::from(scale)];
        let (whole, fraction) = (value / power, value % power);
        self.number(whole);
        if fraction > 0 {
            // The digits behind the point are the last ones of eight; zeros at their end go.
            let digits =
                eight_digits(fraction as u32) >> (DIGIT * u32::from(SCALE_OF_WORD - scale));
            let used = WORD - (digits.leading_zeros() / DIGIT) as usize;
            self.character(b'.');
            self.word(digits | number::ZEROS, used);
        }
    }

    /// What two words of digits do not hold.
    #[inline(never)]
    fn long(&mut self, value: u128, scale: u8) {
        let mut text = [0; number::MAGNITUDE_MAX];
        let length = number::magnitude(value, scale, &mut text);
        self.raw(&text[..length]);
    }
}

/// Copies from `N` to `2 * N` bytes by two stores of `N` that overlap.
#[inline(always)]
fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
        to[..N].copy_from_slice(first);
        let begin = to.len() - N;
        to[begin..].copy_from_slice(last);
    }
}

/// The texts of the moments that messages name: most are the last one's, or of its second.
#[derive(Debug)]
pub(super) struct Moments {
    time_ns: u64,
    second: u64,
    text: [u8; TIMESTAMP_SIZE],
}

impl Moments {
    pub(super) fn new() -> Self {
        Self { time_ns: 0, second: 0, text: time::text(0) }
    }

    #[inline(always)]
    pub(super) fn text(&mut self, time_ns: u64) -> &[u8; TIMESTAMP_SIZE] {
        if time_ns != self.time_ns {
            self.go_to(time_ns);
        }
        &self.text
    }

    #[inline(never)]
    fn go_to(&mut self, time_ns: u64) {
        let second = time_ns / time::SECOND_NS;
        if second == self.second {
            time::set_fraction(&mut self.text, (time_ns - second * time::SECOND_NS) as u32);
        } else {
            self.text = time::text(time_ns);
        }
        (self.time_ns, self.second) = (time_ns, second);
    }
}

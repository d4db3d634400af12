//! UTCTimestamp (FIX 4.4 volume 1): `YYYYMMDD-HH:MM:SS`, with no decimals, 3, 6 or 9.

use crate::fix::number::{ZEROS, eight_digits};

/// Nanoseconds of a second.
pub(super) const SECOND_NS: u64 = 1_000_000_000;
const DAY_S: u64 = 86_400;

/// Nanoseconds since 1970-01-01 of a UTCTimestamp from 1970 on, or none where it is not written as
/// one. The leap second, 60, counts as the first of the next minute.
#[inline]
pub fn timestamp(text: &[u8]) -> Option<u64> {
    let (date, rest) = text.split_at_checked(8)?;
    let days = date_only(date)?;
    let (dash, time) = rest.split_first()?;
    if *dash != b'-' {
        return None;
    }
    (days * DAY_S * SECOND_NS).checked_add(time_only(time)?)
}

/// Whether a text is a UTCTimestamp; it takes less than to read it.
#[inline]
pub fn is_timestamp(text: &[u8]) -> bool {
    let Some((date, rest)) = text.split_at_checked(8) else { return false };
    match rest {
        [b'-', time @ ..] => is_date_text(date) && is_time(time),
        _ => false,
    }
}

/// Whether a text is a time `HH:MM:SS`, with no decimals, 3, 6 or 9.
#[inline]
fn is_time(text: &[u8]) -> bool {
    let Some((clock, fraction)) = text.split_at_checked(8) else { return false };
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return false };
    let (hour, minute, second) = (pair(h1, h2), pair(m1, m2), pair(s1, s2));
    if hour > 23 || minute > 59 || second > 60 {
        return false;
    }
    match fraction {
        [] => true,
        [b'.', decimals @ ..] => {
            matches!(decimals.len(), 3 | 6 | 9) && decimals.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// The number of two digits, or one above any of two digits.
#[inline(always)]
fn pair(tens: u8, ones: u8) -> u32 {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 { 100 } else { u32::from(tens) * 10 + u32::from(ones) }
}

/// Days since 1970-01-01 of a date `YYYYMMDD` from 1970 on.
#[inline]
pub fn date_only(text: &[u8]) -> Option<u64> {
    if text.len() != 8 {
        return None;
    }
    let (year, month, day) = (digits(&text[..4])?, digits(&text[4..6])?, digits(&text[6..])?);
    let valid = (1970..=2500).contains(&year) && is_date(year, month, day);
    valid.then(|| days_of(year, month, day))
}

/// Whether a text is a date `YYYYMMDD` of any year.
#[inline]
pub fn is_date_text(text: &[u8]) -> bool {
    let [y1, y2, y3, y4, m1, m2, d1, d2] = *text else { return false };
    let (century, year) = (pair(y1, y2), pair(y3, y4));
    let (month, day) = (pair(m1, m2), pair(d1, d2));
    if century > 99 || year > 99 || month > 12 || month == 0 || day == 0 {
        return false;
    }
    day <= 28 || u64::from(day) <= month_days(u64::from(century * 100 + year), u64::from(month))
}

#[inline]
fn is_date(year: u64, month: u64, day: u64) -> bool {
    (1..=12).contains(&month) && day >= 1 && day <= month_days(year, month)
}

/// Nanoseconds since midnight of a time `HH:MM:SS`, with no decimals, 3, 6 or 9.
#[inline]
pub fn time_only(text: &[u8]) -> Option<u64> {
    let (clock, fraction) = text.split_at_checked(8)?;
    if clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    let (hour, minute, second) =
        (digits(&clock[..2])?, digits(&clock[3..5])?, digits(&clock[6..])?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let nanoseconds = match fraction {
        [] => 0,
        [b'.', decimals @ ..] => match decimals.len() {
            3 => digits(decimals)? * 1_000_000,
            6 => digits(decimals)? * 1_000,
            9 => digits(decimals)?,
            _ => return None,
        },
        _ => return None,
    };
    Some(((hour * 60 + minute) * 60 + second) * SECOND_NS + nanoseconds)
}

#[inline]
fn digits(text: &[u8]) -> Option<u64> {
    let mut value = 0;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(byte - b'0');
    }
    Some(value)
}

fn month_days(year: u64, month: u64) -> u64 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01; years begin in March, so that the leap day is a year's last.
#[inline]
fn days_of(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
fn date_of(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// Bytes of a timestamp as it is written: `YYYYMMDD-HH:MM:SS.ssssss`.
pub const TIMESTAMP_SIZE: usize = 24;

/// A timestamp as text, to the microsecond, which every engine of FIX 4.4 in the field reads.
#[inline]
pub fn text(timestamp_ns: u64) -> [u8; TIMESTAMP_SIZE] {
    let seconds = timestamp_ns / SECOND_NS;
    let (year, month, day) = date_of(seconds / DAY_S);
    let second = seconds % DAY_S;
    let microseconds = timestamp_ns % SECOND_NS / 1_000;
    let date = eight_digits((year * 10_000 + month * 100 + day) as u32) | ZEROS;
    // Two zeros, then HHMMSS; two zeros, then the decimals.
    let hours_minutes = second / 3_600 * 10_000 + second / 60 % 60 * 100;
    let clock = eight_digits((hours_minutes + second % 60) as u32) | ZEROS;
    let decimals = eight_digits(microseconds as u32) | ZEROS;
    let at = |byte: u8, place: u32| u64::from(byte) << (8 * place);
    let hours = clock >> 8 & 0x00ff_ff00;
    let minutes = clock & 0x0000_ffff_0000_0000;
    let tens = clock << 8 & 0xff00_0000_0000_0000;
    let to_tens = at(b'-', 0) | hours | at(b':', 3) | minutes | at(b':', 6) | tens;
    let from_ones = clock >> 56 | at(b'.', 1) | decimals & !0xffff;
    let mut text = [0; TIMESTAMP_SIZE];
    text[..8].copy_from_slice(&date.to_le_bytes());
    text[8..16].copy_from_slice(&to_tens.to_le_bytes());
    text[16..].copy_from_slice(&from_ones.to_le_bytes());
    text
}

/// Replaces the microseconds of a timestamp's text: all that changes within a second.
#[inline]
pub(super) fn set_fraction(text: &mut [u8; TIMESTAMP_SIZE], nanosecond: u32) {
    const DECIMALS: usize = 6;
    let digits = (eight_digits(nanosecond / 1_000) | ZEROS).to_le_bytes();
    text[TIMESTAMP_SIZE - DECIMALS..].copy_from_slice(&digits[digits.len() - DECIMALS..]);
}

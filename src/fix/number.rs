//! Numbers as FIX 4.4 writes them (volume 1, "Data types"), to integers and back. Nothing is rounded.

/// Why a text is no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberError {
    /// It is not written as one.
    Format,
    /// It has more decimal places, not counting zeros at the end, than the scale holds.
    TooManyDecimals,
    /// It does not fit.
    Overflow,
}

/// A float of FIX 4.4 as an integer times 10^-`scale`, exact: `-`, digits, at most one point, at
/// least one digit; no plus sign and no exponent.
#[inline]
pub fn decimal(text: &[u8], scale: u8) -> Result<i64, NumberError> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.len() + usize::from(scale) <= DIGITS_OF_I64 {
        let value = short_decimal(digits, scale)?;
        return Ok(if negative { -value } else { value });
    }
    let mut value = 0_u64;
    let mut overflow = false;
    let mut too_fine = false;
    let mut places: Option<u8> = None;
    let mut any = false;
    for byte in digits {
        match (byte, &mut places) {
            (b'0'..=b'9', None) => {
                any = true;
                overflow |= !push(&mut value, *byte);
            }
            (b'0'..=b'9', Some(places)) => {
                any = true;
                if *places < scale {
                    *places += 1;
                    overflow |= !push(&mut value, *byte);
                } else {
                    too_fine |= *byte != b'0';
                }
            }
            (b'.', None) => places = Some(0),
            _ => return Err(NumberError::Format),
        }
    }
    if !any {
        return Err(NumberError::Format);
    }
    if too_fine {
        return Err(NumberError::TooManyDecimals);
    }
    for _ in places.unwrap_or(0)..scale {
        overflow |= !push(&mut value, b'0');
    }
    match i64::try_from(value) {
        Ok(value) if !overflow => Ok(if negative { -value } else { value }),
        _ => Err(NumberError::Overflow),
    }
}

/// So many digits always fit.
const DIGITS_OF_I64: usize = i64::MAX.ilog10() as usize;

/// As [`decimal`], without a sign, where nothing can overflow.
#[inline]
fn short_decimal(text: &[u8], scale: u8) -> Result<i64, NumberError> {
    let (mut value, mut digits, mut point) = (0_i64, 0, None);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value * 10 + i64::from(digit);
            digits += 1;
        } else if *byte == b'.' && point.is_none() {
            point = Some(digits);
        } else {
            return Err(NumberError::Format);
        }
    }
    if digits == 0 {
        return Err(NumberError::Format);
    }
    let (places, scale) = (point.map_or(0, |before| digits - before), u32::from(scale));
    if places <= scale {
        return Ok(value * 10_i64.pow(scale - places));
    }
    let finer = 10_i64.pow(places - scale);
    if value % finer == 0 { Ok(value / finer) } else { Err(NumberError::TooManyDecimals) }
}

/// Appends a digit; false where it does not fit.
#[inline]
fn push(value: &mut u64, digit: u8) -> bool {
    match value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit - b'0'))) {
        Some(longer) => {
            *value = longer;
            true
        }
        None => {
            *value = u64::MAX;
            false
        }
    }
}

/// Digits of which `places` stand behind the point, in units of 10^-`scale`; none where that is not exact, or
/// does not fit.
#[inline]
pub(super) fn scaled(digits: u64, places: u16, scale: u8) -> Option<i64> {
    let missing = u16::from(scale).checked_sub(places)?;
    let factor = TENS.get(usize::from(missing))?;
    i64::try_from(digits.checked_mul(*factor)?).ok()
}

/// Powers of ten.
pub(super) const TENS: [u64; DIGITS_OF_I64 + 1] = {
    let mut tens = [1; DIGITS_OF_I64 + 1];
    let mut at = 1;
    while at < tens.len() {
        tens[at] = tens[at - 1] * 10;
        at += 1;
    }
    tens
};

/// The number of eight decimal digits, the first in the lowest byte, written as text or as their values: three
/// steps, each of which joins neighbours.
#[inline(always)]
pub(super) fn of_eight(text: u64) -> u64 {
    let ones = text & 0x0f0f_0f0f_0f0f_0f0f;
    let twos = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos * 100 + (twos >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

/// An int of FIX 4.4: digits, with a minus sign or without.
#[inline]
pub fn int(text: &[u8]) -> Result<i64, NumberError> {
    if text.contains(&b'.') {
        return Err(NumberError::Format);
    }
    decimal(text, 0)
}

/// An int that is not negative.
#[inline]
pub fn unsigned(text: &[u8]) -> Result<u64, NumberError> {
    if text.is_empty() {
        return Err(NumberError::Format);
    }
    if text.len() <= DIGITS_OF_I64 {
        let mut value = 0_u64;
        for byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return Err(NumberError::Format);
            }
            value = value * 10 + u64::from(digit);
        }
        return Ok(value);
    }
    let mut value = 0_u64;
    let mut fits = true;
    for byte in text {
        if !byte.is_ascii_digit() {
            return Err(NumberError::Format);
        }
        fits &= push(&mut value, *byte);
    }
    if fits { Ok(value) } else { Err(NumberError::Overflow) }
}

/// A char: one byte that is no delimiter.
#[inline]
pub fn char(text: &[u8]) -> Option<u8> {
    match text {
        [byte] => Some(*byte),
        _ => None,
    }
}

/// A Boolean: `Y` or `N`.
#[inline]
pub fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"Y" => Some(true),
        b"N" => Some(false),
        _ => None,
    }
}

/// Digits of the greatest `u128`, and so of any number that is written here.
const DIGITS_MAX: usize = 39;
/// The same with a zero and a point.
pub(super) const MAGNITUDE_MAX: usize = DIGITS_MAX + 2;

/// Appends `value`.
#[inline]
pub fn put_unsigned(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = value;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends `value`.
#[inline]
pub fn put_int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    put_unsigned(out, value.unsigned_abs());
}

/// Appends `value` × 10^-`scale`, without zeros at the end and without a point where it is whole.
#[inline]
pub fn put_decimal(out: &mut Vec<u8>, value: i64, scale: u8) {
    if value < 0 {
        out.push(b'-');
    }
    put_magnitude(out, u128::from(value.unsigned_abs()), scale);
}

/// As [`put_decimal`], for a number in the width of products that is not negative.
#[inline]
pub fn put_magnitude(out: &mut Vec<u8>, value: u128, scale: u8) {
    let mut text = [0; MAGNITUDE_MAX];
    let length = magnitude(value, scale, &mut text);
    out.extend_from_slice(&text[..length]);
}

/// Writes a number as [`put_magnitude`] does, and gives its length.
pub(super) fn magnitude(value: u128, scale: u8, out: &mut [u8; MAGNITUDE_MAX]) -> usize {
    let scale = usize::from(scale);
    let mut digits = [b'0'; DIGITS_MAX];
    let mut at = digits.len();
    let mut rest = value;
    // Most fit the narrow division, which is many times faster.
    while rest > u128::from(u64::MAX) {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let mut rest = rest as u64;
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let point = digits.len() - scale.min(digits.len() - 1);
    let whole = if at >= point { &b"0"[..] } else { &digits[at..point] };
    out[..whole.len()].copy_from_slice(whole);
    let fraction = &digits[point..];
    let used = fraction.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    if used == 0 {
        return whole.len();
    }
    let from = whole.len() + 1;
    out[from - 1] = b'.';
    out[from..from + used].copy_from_slice(&fraction[..used]);
    from + used
}

/// The zero of each of eight digits.
pub(super) const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Powers of ten that eight digits hold.
pub(super) const POWERS: [u64; 9] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The eight decimal digits of a number below 100,000,000, the first in the lowest byte: three steps, each
/// of which parts every number in the word by a multiplication in place of a division.
#[inline(always)]
pub(super) fn eight_digits(value: u32) -> u64 {
    let value = u64::from(value);
    let (high, low) = (value / 10_000, value % 10_000);
    let fours = high | low << 32;
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours - hundreds * 100) << 16;
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (twos - tens * 10) << 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_digits_are_those_of_the_number() {
        let steps = (0..100_000_000_u32).step_by(9_973);
        for value in steps.chain(0..20_000).chain(99_990_000..100_000_000) {
            let text = (eight_digits(value) | ZEROS).to_le_bytes();
            assert_eq!(text, format!("{value:08}").as_bytes(), "{value}");
        }
    }
}

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
    if at >= point {
        out.push(b'0');
    } else {
        out.extend_from_slice(&digits[at..point]);
    }
    let fraction = &digits[point..];
    let used = fraction.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    if used > 0 {
        out.push(b'.');
        out.extend_from_slice(&fraction[..used]);
    }
}

//! Numbers and times as FIX writes them.

use castle::fix::number::{self, NumberError};
use castle::fix::time;
use proptest::prelude::*;

#[test]
fn a_decimal_becomes_an_integer_of_the_scale_exactly() {
    for (text, scale, value) in [
        ("00200.00", 2, 20_000),
        ("200.", 2, 20_000),
        (".5", 1, 5),
        ("-1", 0, -1),
        ("-0.05", 3, -50),
        ("0", 8, 0),
        ("1.500000000", 1, 15),
        ("9223372036854775807", 0, i64::MAX),
        ("-9223372036854775807", 0, -i64::MAX),
        ("9223372036.854775807", 9, i64::MAX),
    ] {
        assert_eq!(number::decimal(text.as_bytes(), scale), Ok(value), "{text}");
    }
}

#[test]
fn what_is_no_decimal_is_told_apart() {
    for text in ["", "-", ".", "-.", "+1", "1e3", "1,5", "1.2.3", " 1", "1 ", "--1", "1-", "0x1"] {
        assert_eq!(number::decimal(text.as_bytes(), 4), Err(NumberError::Format), "{text}");
    }
    assert_eq!(number::decimal(b"1.001", 2), Err(NumberError::TooManyDecimals));
    for text in ["9223372036854775808", "99999999999999999999999999999999", "-9223372036854775808"]
    {
        assert_eq!(number::decimal(text.as_bytes(), 0), Err(NumberError::Overflow), "{text}");
    }
    assert_eq!(number::decimal(b"9223372036854775807", 1), Err(NumberError::Overflow));
}

#[test]
fn ints_characters_and_booleans() {
    assert_eq!(number::int(b"-12"), Ok(-12));
    assert_eq!(number::int(b"0012"), Ok(12));
    for text in ["", "1.", ".1", "1.0", "+1", "x"] {
        assert_eq!(number::int(text.as_bytes()), Err(NumberError::Format), "{text}");
    }
    assert_eq!(number::unsigned(b"18446744073709551615"), Ok(u64::MAX));
    assert_eq!(number::unsigned(b"18446744073709551616"), Err(NumberError::Overflow));
    assert_eq!(number::unsigned(b"-1"), Err(NumberError::Format));
    assert_eq!(number::unsigned(b""), Err(NumberError::Format));
    assert_eq!(
        (number::char(b"x"), number::char(b"xy"), number::char(b"")),
        (Some(b'x'), None, None)
    );
    assert_eq!(
        (number::boolean(b"Y"), number::boolean(b"N"), number::boolean(b"y")),
        (Some(true), Some(false), None)
    );
}

#[test]
fn a_timestamp_has_no_decimals_three_six_or_nine() {
    let second = 1_767_323_045_000_000_000;
    for (text, value) in [
        ("20260102-03:04:05", second),
        ("20260102-03:04:05.123", second + 123_000_000),
        ("20260102-03:04:05.123456", second + 123_456_000),
        ("20260102-03:04:05.123456789", second + 123_456_789),
        ("20161231-23:59:60", 1_483_228_800_000_000_000),
        ("19700101-00:00:00", 0),
        ("20240229-00:00:00", 1_709_164_800_000_000_000),
    ] {
        assert_eq!(time::timestamp(text.as_bytes()), Some(value), "{text}");
        assert!(time::is_timestamp(text.as_bytes()), "{text}");
    }
    for text in [
        "",
        "20260102",
        "20260102-03:04",
        "20260102-03:04:05.",
        "20260102-03:04:05.1",
        "20260102-03:04:05.12345678",
        "20260102-03:04:05,123",
        "20260102 03:04:05",
        "20260102-24:00:00",
        "20260102-03:60:05",
        "20260102-03:04:61",
        "20261302-03:04:05",
        "20260100-03:04:05",
        "20260229-03:04:05",
        "2026010x-03:04:05",
        "20260102-03:04:0/",
        "20260102-03:04:05.1234567890",
    ] {
        assert_eq!(time::timestamp(text.as_bytes()), None, "{text}");
        assert!(!time::is_timestamp(text.as_bytes()), "{text}");
    }
    assert!(
        time::is_timestamp(b"19500102-03:04:05"),
        "before 1970 it is well-formed, but none of ours"
    );
}

proptest! {
    #[test]
    fn a_decimal_that_is_written_is_read_again(value in (i64::MIN + 1)..=i64::MAX, scale in 0_u8..=12) {
        let mut text = Vec::new();
        number::put_decimal(&mut text, value, scale);
        prop_assert_eq!(number::decimal(&text, scale), Ok(value));
    }

    #[test]
    fn an_integer_that_is_written_is_read_again(value: u64, signed: i64, wide: u128) {
        let mut text = Vec::new();
        number::put_unsigned(&mut text, value);
        prop_assert_eq!(String::from_utf8_lossy(&text), value.to_string());
        text.clear();
        number::put_int(&mut text, signed);
        prop_assert_eq!(String::from_utf8_lossy(&text), signed.to_string());
        text.clear();
        number::put_magnitude(&mut text, wide, 0);
        prop_assert_eq!(String::from_utf8_lossy(&text), wide.to_string());
    }

    #[test]
    fn a_time_that_is_written_is_read_again_to_the_microsecond(timestamp_ns in 0_u64..16_000_000_000_000_000_000) {
        let text = time::text(timestamp_ns);
        prop_assert_eq!(time::timestamp(&text), Some(timestamp_ns / 1_000 * 1_000));
    }

    #[test]
    fn what_is_said_to_be_a_timestamp_can_be_read(text in "[0-9]{8}-[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{3})?") {
        let read = time::timestamp(text.as_bytes());
        if read.is_some() {
            prop_assert!(time::is_timestamp(text.as_bytes()));
        }
        if time::is_timestamp(text.as_bytes()) && (b"1970"..=b"2500").contains(&text.as_bytes()[..4].try_into().map(|year: &[u8; 4]| year).expect("four")) {
            prop_assert!(read.is_some());
        }
    }
}

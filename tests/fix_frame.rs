//! Where messages begin and end, however the bytes arrive. `|` stands for the delimiter.

use castle::fix::frame::{self, Frame, HEAD_MAX};
use proptest::prelude::*;

const SIZE_MAX: usize = 4_096;

fn message(rest: &str) -> Vec<u8> {
    let rest = rest.replace('|', "\x01");
    let mut bytes = format!("8=FIX.4.4\x019={}\x01{rest}", rest.len()).into_bytes();
    let sum = frame::check_sum(&bytes);
    bytes.extend_from_slice(b"10=");
    bytes.extend_from_slice(&sum);
    bytes.push(1);
    bytes
}

fn raw(text: &str) -> Vec<u8> {
    text.replace('|', "\x01").into_bytes()
}

/// The messages of a stream that arrives in pieces of this many bytes.
fn messages(stream: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let mut buffer = Vec::new();
    let mut found = Vec::new();
    for piece in stream.chunks(piece) {
        buffer.extend_from_slice(piece);
        loop {
            match frame::next(&buffer, SIZE_MAX) {
                Frame::Incomplete => break,
                Frame::Message { length } => found.push(buffer.drain(..length).collect()),
                Frame::Garbled { skip } => {
                    assert!(skip > 0 && skip <= buffer.len());
                    buffer.drain(..skip);
                }
                Frame::TooLong => return found,
            }
        }
    }
    found
}

#[track_caller]
fn check(stream: &[u8], expected: &[&[u8]]) {
    for piece in [1, 2, 3, 7, 64, stream.len()] {
        assert_eq!(messages(stream, piece), expected, "in pieces of {piece}");
    }
}

const BODY: &str = "35=0|34=2|49=TW44|52=20260102-03:04:05|56=ISLD|";

#[test]
fn a_whole_message_is_found_and_nothing_before_its_last_byte() {
    let bytes = message(BODY);
    for length in 0..bytes.len() {
        assert_eq!(frame::next(&bytes[..length], SIZE_MAX), Frame::Incomplete, "{length}");
    }
    assert_eq!(frame::next(&bytes, SIZE_MAX), Frame::Message { length: bytes.len() });
    check(&[&bytes[..], &bytes, &bytes].concat(), &[&bytes, &bytes, &bytes]);
}

#[test]
fn another_version_of_fix_is_a_message_too() {
    let text = String::from_utf8(message(BODY)).expect("ASCII").replace("FIX.4.4", "FIX.4.3");
    let mut bytes = text.into_bytes();
    let end = bytes.len() - 7;
    let sum = frame::check_sum(&bytes[..end]);
    bytes[end + 3..end + 6].copy_from_slice(&sum);
    assert_eq!(frame::next(&bytes, SIZE_MAX), Frame::Message { length: bytes.len() });
}

#[test]
fn a_message_with_a_wrong_sum_is_skipped_and_what_follows_is_read() {
    let good = message(BODY);
    let mut bad = good.clone();
    let at = bad.len() - 3;
    bad[at] = if bad[at] == b'0' { b'1' } else { b'0' };
    assert_eq!(frame::next(&bad, SIZE_MAX), Frame::Garbled { skip: bad.len() });
    check(&[&bad[..], &good].concat(), &[&good]);
}

#[test]
fn the_first_three_fields_are_begin_string_body_length_and_msg_type() {
    let good = message(BODY);
    let first = raw("35=0|8=FIX.4.4|9=29|34=2|49=TW44|52=20260102-03:04:05|56=ISLD|10=121|");
    check(&[&first[..], &good].concat(), &[&good]);
    let second = message("34=3|35=0|49=TW44|52=20260102-03:04:05|56=ISLD|");
    check(&[&second[..], &good].concat(), &[&good]);
    let third = raw("8=FIX.4.4|35=0|9=29|34=2|49=TW44|52=20260102-03:04:05|56=ISLD|10=121|");
    check(&[&third[..], &good].concat(), &[&good]);
}

#[test]
fn a_body_length_that_is_too_short_loses_only_its_message() {
    let good = message(BODY);
    let bad = raw("8=FIX.4.4|9=30|35=D|34=2|49=TW44|52=20260102-03:04:05|56=ISLD|11=ID|10=000|");
    check(&[&bad[..], &good].concat(), &[&good]);
    let garbled = raw("8=FIX.4.4|9=52|35=0|34=24garbled9=TW|52=20260102-03:04:05|56=ISLD|10=0|");
    check(&[&garbled[..], &good].concat(), &[&good]);
    let nothing = raw("8=FIX.4.4|9=0|10=000|");
    check(&[&nothing[..], &good].concat(), &[&good]);
}

#[test]
fn a_body_length_that_is_too_long_takes_the_next_message_with_it() {
    let good = message(BODY);
    let length = raw(BODY).len() + 14;
    let bad = raw(&format!("8=FIX.4.4|9={length}|{BODY}10=000|"));
    check(&[&bad[..], &good, &good, &good].concat(), &[&good, &good]);
}

#[test]
fn a_body_length_that_is_no_number_is_noise() {
    let good = message(BODY);
    for length in ["", "x", "-5", "+5", "5 ", "9999999999"] {
        let bad = raw(&format!("8=FIX.4.4|9={length}|{BODY}10=000|"));
        check(&[&bad[..], &good].concat(), &[&good]);
    }
}

#[test]
fn noise_before_a_message_is_skipped() {
    let good = message(BODY);
    for noise in [
        "x",
        "\r\n",
        "8=",
        "8=FI",
        "8=FIX.4.4",
        "8=FIX.4.4|",
        "8=FIX.4.4|9=",
        "|||",
        "GET / HTTP/1.1\r\n",
    ] {
        let mut stream = raw(noise);
        stream.extend_from_slice(&good);
        stream.extend_from_slice(&good);
        let found = messages(&stream, 1);
        assert!(!found.is_empty() && found.iter().all(|each| *each == good), "{noise:?}");
        check(&stream, &found.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
}

#[test]
fn a_message_longer_than_may_be_is_told_at_once() {
    let head = raw("8=FIX.4.4|9=5000|35=0|");
    assert_eq!(frame::next(&head, SIZE_MAX), Frame::TooLong);
    let bytes = message(BODY);
    assert_eq!(frame::next(&bytes, bytes.len()), Frame::Message { length: bytes.len() });
    assert_eq!(frame::next(&bytes, bytes.len() - 1), Frame::TooLong);
}

#[test]
fn a_head_that_goes_on_for_ever_is_noise() {
    let mut endless = b"8=FIX.".to_vec();
    endless.resize(HEAD_MAX, b'4');
    assert!(matches!(frame::next(&endless, SIZE_MAX), Frame::Garbled { .. }));
    let digits = [b"8=FIX.4.4\x019=".to_vec(), vec![b'0'; HEAD_MAX]].concat();
    assert!(matches!(frame::next(&digits, SIZE_MAX), Frame::Garbled { .. }));
}

proptest! {
    #[test]
    fn the_cuts_between_packets_change_nothing(
        parts in proptest::collection::vec(prop_oneof![
            Just(message(BODY)),
            Just(message("35=1|34=3|112=a|")),
            "[8=FIX.4|90-9\x01]{0,40}".prop_map(String::into_bytes),
            Just(raw("8=FIX.4.4|9=30|35=D|34=2|49=TW44|10=000|")),
            Just(raw("8=FIX.4.4|9=70|35=D|34=2|49=TW44|10=000|")),
        ], 1..8),
        piece in 1_usize..50,
    ) {
        let stream = parts.concat();
        prop_assert_eq!(messages(&stream, piece), messages(&stream, stream.len().max(1)));
    }

    #[test]
    fn any_bytes_give_an_answer_that_goes_on(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        match frame::next(&bytes, SIZE_MAX) {
            Frame::Garbled { skip } => prop_assert!(skip > 0 && skip <= bytes.len()),
            Frame::Message { length } => prop_assert!(length <= bytes.len()),
            Frame::Incomplete | Frame::TooLong => {}
        }
    }
}

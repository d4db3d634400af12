//! Messages broken at random: the codec answers, and never panics.

use castle::fix::decode::{Decoder, Message};
use castle::fix::frame::{self, Frame};
use castle::fix::{number, time};
use proptest::prelude::*;

const SEEDS: [&str; 6] = [
    "8=FIX.4.4|9=130|35=D|34=2|49=TW44|52=20260102-03:04:05|56=ISLD|11=ID|21=1|40=2|44=1.5|54=1|38=200.00|55=INTC|60=20260102-03:04:05.123|59=1|10=000|",
    "8=FIX.4.4|9=100|35=A|34=1|49=TW44|52=20260102-03:04:05|56=ISLD|98=0|108=30|95=5|96=a|b=c|384=2|372=D|385=S|372=8|385=R|10=000|",
    "8=FIX.4.4|9=90|35=D|34=2|453=2|448=A|447=D|452=3|802=2|523=x|803=1|523=y|448=B|452=1|58=note|354=3|355=a|b|10=000|",
    "8=FIX.4.4|9=90|35=x|34=2|320=a|559=4|711=1|311=U|457=1|458=a|459=b|555=2|600=a|604=1|605=x|600=b|10=000|",
    "8=FIX.4.4|9=50|35=2|34=2|627=2|628=a|629=20260102-03:04:05|628=b|7=1|16=0|10=000|",
    "8=FIX.4.4|9=50|35=AE|34=2|571=a|10=000|",
];

#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Remove(usize, usize),
    Insert(usize, Vec<u8>),
    Copy(usize, usize, usize),
}

fn any_change() -> impl Strategy<Value = Change> {
    let token = prop_oneof![
        Just(b"\x01".to_vec()),
        Just(b"=".to_vec()),
        Just(b"\x01453=99999999999999999999\x01".to_vec()),
        Just(b"\x0195=18446744073709551615\x0196=".to_vec()),
        Just(b"\x01802=1\x01".to_vec()),
        "[0-9]{1,12}=".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 1..6),
    ];
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<usize>(), 0_usize..20).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<usize>(), token).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (any::<usize>(), any::<usize>(), 0_usize..30)
            .prop_map(|(from, to, length)| Change::Copy(from, to, length)),
    ]
}

fn changed(seed: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = seed.replace('|', "\x01").into_bytes();
    for change in changes {
        let length = bytes.len();
        let within = |at: usize| at % (length + 1);
        match change {
            Change::Set(at, byte) if length > 0 => bytes[at % length] = *byte,
            Change::Set(..) => {}
            Change::Remove(at, count) => {
                let at = within(*at);
                bytes.drain(at..(at + count).min(length));
            }
            Change::Insert(at, more) => {
                let at = within(*at);
                bytes.splice(at..at, more.iter().copied());
            }
            Change::Copy(from, to, count) => {
                let from = within(*from);
                let piece = bytes[from..(from + count).min(length)].to_vec();
                let to = within(*to);
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}

/// Reads all there is to read.
fn read(decoder: &mut Decoder, bytes: &[u8]) {
    let (message, _) = decoder.decode(bytes);
    let (_, _, _) = (message.kind(), message.msg_kind(), message.msg_seq_num());
    let (_, _) = (message.sending_time(), message.orig_sending_time());
    for (tag, _) in message.fields() {
        assert!(message.get(tag).is_some(), "{tag}");
        for entry in message.group(tag) {
            for inner in [448, 523, 803, 458, 605, 372] {
                let _ = entry.get(inner);
            }
            for inner in [802, 457, 604] {
                assert!(entry.group(inner).count() <= bytes.len());
            }
        }
    }
}

/// The bytes with BodyLength and CheckSum put right, so that the decoder behind them is reached.
fn repaired(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.windows(3).position(|window| window == b"35=").unwrap_or(0);
    let mut body = bytes[start..].to_vec();
    if body.last() != Some(&1) {
        body.push(1);
    }
    let mut out = format!("8=FIX.4.4\x019={}\x01", body.len()).into_bytes();
    out.append(&mut body);
    let sum = frame::check_sum(&out);
    out.extend_from_slice(b"10=");
    out.extend_from_slice(&sum);
    out.push(1);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_broken_message_gets_an_answer(
        seed in proptest::sample::select(&SEEDS[..]),
        changes in proptest::collection::vec(any_change(), 0..6),
    ) {
        let bytes = changed(seed, &changes);
        let mut decoder = Decoder::new();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            match frame::next(rest, 8_192) {
                Frame::Message { length } => {
                    read(&mut decoder, &rest[..length]);
                    rest = &rest[length..];
                }
                Frame::Garbled { skip } => rest = &rest[skip..],
                Frame::Incomplete | Frame::TooLong => break,
            }
        }
        read(&mut decoder, &bytes);
        read(&mut decoder, &repaired(&bytes));
    }

    /// A decoder that has seen the message before it was changed, and others, knows their tags.
    #[test]
    fn what_a_decoder_has_learned_changes_no_judgement(
        seed in proptest::sample::select(&SEEDS[..]),
        changes in proptest::collection::vec(any_change(), 0..4),
    ) {
        let mut learned = Decoder::new();
        for known in SEEDS {
            for message in [known.to_owned(), known.replace("|52=", "|97=N|52=")] {
                let _ = learned.decode(&repaired(message.replace('|', "\x01").as_bytes()));
            }
        }
        let whole = repaired(&changed(seed, &changes));
        for bytes in [&whole[..], &whole[..whole.len() - 1]] {
            for _ in 0..2 {
                let mut fresh = Decoder::new();
                let (expected, expected_verdict) = fresh.decode(bytes);
                let (message, verdict) = learned.decode(bytes);
                prop_assert_eq!(verdict, expected_verdict);
                prop_assert_eq!(message.kind(), expected.kind());
                prop_assert_eq!(message.msg_kind(), expected.msg_kind());
                prop_assert!(message.all_fields().eq(expected.all_fields()));
                for (tag, _) in expected.all_fields() {
                    prop_assert_eq!(message.get(tag), expected.get(tag));
                }
                amounts_are_those_of_the_texts(&message)?;
            }
        }
    }

    /// Also of a field that says the same as before, and of one that only begins so.
    #[test]
    fn numbers_and_times_of_a_known_form_are_those_of_their_texts(
        values in proptest::collection::vec(
            ("[0-9]{1,19}", number_text(), number_text(), time_text(), "[A-Z]{1,20}"), 1..8),
    ) {
        let mut learned = Decoder::new();
        for (number, quantity, price, time, id) in &values {
            let body = format!(
                "35=D|34={number}|49=TW44|52={time}|56=ISLD|11={id}|40=2|38={quantity}|44={price}|54=1|60={time}|"
            );
            let bytes = repaired(body.replace('|', "\x01").as_bytes());
            for _ in 0..2 {
                let mut fresh = Decoder::new();
                let (expected, expected_verdict) = fresh.decode(&bytes);
                let (message, verdict) = learned.decode(&bytes);
                prop_assert_eq!(verdict, expected_verdict);
                prop_assert!(message.all_fields().eq(expected.all_fields()));
                prop_assert_eq!(message.sending_time(), expected.sending_time());
                amounts_are_those_of_the_texts(&message)?;
            }
        }
    }
}

fn number_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,3}",
        "[0-9]{1,8}\\.[0-9]{0,8}",
        "[0-9]{0,3}\\.[0-9]{1,16}",
        "[0-9]{5,20}",
        "-?[0-9.]{1,10}",
    ]
}

fn time_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "2026010[0-3]-03:04:0[56](\\.[0-9]{1,10})?",
        "(1969|2026|2600)1231-23:59:(59|60)\\.[0-9]{3}",
    ]
}

/// What a message says a number or a time amounts to is what its text says.
fn amounts_are_those_of_the_texts(message: &Message<'_>) -> Result<(), TestCaseError> {
    for (tag, _) in message.fields() {
        let text = message.get(tag).unwrap_or(b"");
        for scale in [0, 3, 8, 18] {
            prop_assert_eq!(message.decimal(tag, scale), Some(number::decimal(text, scale)));
        }
        prop_assert_eq!(message.unsigned(tag), Some(number::unsigned(text)));
    }
    let sent = message.get(52).and_then(time::timestamp);
    prop_assert_eq!(message.sending_time(), sent);
    Ok(())
}

//! What the decoder says of messages, good and bad. `|` stands for the delimiter.

use castle::fix::decode::{Decoder, Invalid, Kind, MsgKind};
use castle::fix::frame;
use castle::model::SessionReject;

const NONE: i32 = SessionReject::NO_TAG;

/// A whole message of what follows BodyLength.
fn message(rest: &str) -> Vec<u8> {
    let rest = rest.replace('|', "\x01");
    let mut bytes = format!("8=FIX.4.4\x019={}\x01{rest}", rest.len()).into_bytes();
    let sum = frame::check_sum(&bytes);
    bytes.extend_from_slice(b"10=");
    bytes.extend_from_slice(&sum);
    bytes.push(1);
    bytes
}

fn order(fields: &str) -> String {
    format!("35=D|34=2|49=TW44|52=20260102-03:04:05|56=ISLD|{fields}")
}

const GOOD: &str = "11=ID|21=1|40=1|54=1|38=200.00|55=INTC|60=20260102-03:04:05.123|";

#[track_caller]
fn check(rest: &str, expected: Result<(), (i32, u8)>) {
    let bytes = message(rest);
    assert_eq!(frame::next(&bytes, 8_192), frame::Frame::Message { length: bytes.len() });
    let mut decoder = Decoder::new();
    let (_, verdict) = decoder.decode(&bytes);
    let expected = expected.map_err(|(ref_tag, reason)| Invalid { ref_tag, reason });
    assert_eq!(verdict, expected, "{rest}");
}

#[test]
fn a_standard_order_is_valid_and_its_fields_are_found() {
    let bytes = message(&order(GOOD));
    let mut decoder = Decoder::new();
    let (message, verdict) = decoder.decode(&bytes);
    assert_eq!(verdict, Ok(()));
    assert_eq!(message.kind(), Kind::Spoken(MsgKind::NewOrderSingle));
    assert_eq!(message.msg_type(), b"D");
    assert_eq!(message.msg_seq_num(), Some(2));
    assert_eq!((message.sender(), message.target()), (&b"TW44"[..], &b"ISLD"[..]));
    assert_eq!(message.get(38), Some(&b"200.00"[..]));
    assert_eq!(message.get(44), None);
    assert_eq!(message.begin_string(), b"FIX.4.4");
    assert!(!message.poss_dup() && !message.poss_resend());
    assert_eq!(message.fields().count(), 15);
    assert_eq!(message.bytes(), bytes);
}

#[test]
fn nothing_of_the_message_before_is_left_in_the_next() {
    let (first, second) =
        (message(&order(GOOD)), message("35=0|34=3|49=A|52=20260102-03:04:05|56=B|"));
    let mut decoder = Decoder::new();
    assert_eq!(decoder.decode(&first).1, Ok(()));
    let (message, verdict) = decoder.decode(&second);
    assert_eq!(verdict, Ok(()));
    assert_eq!(message.get(55), None);
    assert_eq!(message.fields().count(), 8);
}

#[test]
fn fields_of_the_header_and_of_the_body_may_stand_in_any_order_among_themselves() {
    let rest = "35=D|49=TW|34=3|56=ISLD|52=20260102-03:04:05|40=1|55=MSFT|60=20260102-03:04:05|54=1|21=3|11=id|";
    check(rest, Ok(()));
}

#[test]
fn a_tag_that_the_dictionary_does_not_have_is_invalid_also_a_user_defined_one() {
    for tag in [999, 0, -1, 5000, 25_063, 70_000] {
        let rest = format!("35=0|34=2|49=TW44|52=20260102-03:04:05|56=ISLD|{tag}=HI|");
        check(&rest, Err((tag, 0)));
    }
    check("35=0|34=2|49=TW44|52=20260102-03:04:05|56=ISLD|abc=HI|", Err((NONE, 0)));
    check("35=0|34=2|49=TW44|52=20260102-03:04:05|56=ISLD|99999999999=HI|", Err((NONE, 0)));
}

#[test]
fn a_required_tag_is_missing_of_the_header_first() {
    check("35=0|34=2|49=TW|52=20260102-03:04:05|", Err((56, 1)));
    check(&order("40=1|60=20260102-03:04:05|54=1|21=3|11=id|"), Err((55, 1)));
    check(&order("40=1|60=20260102-03:04:05|54=1|21=3|55=INTC|"), Err((11, 1)));
    check("35=1|34=2|49=TW|52=20260102-03:04:05|56=ISLD|", Err((112, 1)));
}

#[test]
fn a_tag_that_is_not_the_messages_is_not_defined_for_it() {
    check(&order(&format!("{GOOD}112=HELLO|")), Err((112, 2)));
    check(&order(&format!("{GOOD}448=PARTY|")), Err((448, 2)));
}

#[test]
fn a_tag_without_a_value_is_refused() {
    check(&order(&GOOD.replace("21=1", "21=")), Err((21, 4)));
    check(&order(&GOOD.replace("38=200.00", "38=")), Err((38, 4)));
}

#[test]
fn a_value_that_is_not_listed_is_refused() {
    check(&order(&GOOD.replace("21=1", "21=4")), Err((21, 5)));
    check(&order(&GOOD.replace("40=1", "40=?")), Err((40, 5)));
    check(&order(&format!("{GOOD}18=6 z|")), Err((18, 5)));
    check(&order(&format!("{GOOD}18=6 G|")), Ok(()));
}

#[test]
fn a_value_that_is_not_written_as_its_type_says_is_refused() {
    for (good, bad, tag) in [
        ("38=200.00", "38=+200.00", 38),
        ("38=200.00", "38=2e2", 38),
        ("38=200.00", "38=.", 38),
        ("38=200.00", "38=1.2.3", 38),
        ("60=20260102-03:04:05.123", "60=20260102-03:04:05.1", 60),
        ("60=20260102-03:04:05.123", "60=20260132-03:04:05", 60),
        ("60=20260102-03:04:05.123", "60=20260102 03:04:05", 60),
        ("54=1", "54=11", 54),
    ] {
        check(&order(&GOOD.replace(good, bad)), Err((tag, 6)));
    }
    check("35=0|34=2x|49=TW|52=20260102-03:04:05|56=ISLD|", Err((34, 6)));
    check("35=0|34=2|49=TW|52=20260102-03:04:05|56=ISLD|43=y|", Err((43, 6)));
    for good in ["38=200.", "38=.5", "38=-1", "38=00200.00"] {
        check(&order(&GOOD.replace("38=200.00", good)), Ok(()));
    }
    for good in
        ["60=20260102-03:04:60", "60=20260102-03:04:05.123456789", "60=20260102-03:04:05.123456"]
    {
        check(&order(&GOOD.replace("60=20260102-03:04:05.123", good)), Ok(()));
    }
}

#[test]
fn a_tag_that_appears_more_than_once_is_refused_also_in_the_header() {
    check(&order(&GOOD.replace("40=1|", "40=1|40=2|")), Err((40, 13)));
    check("35=0|34=2|34=2|49=TW|52=20260102-03:04:05|56=ISLD|", Err((34, 13)));
}

#[test]
fn header_body_and_trailer_come_in_this_order() {
    check(
        "35=D|11=id21|40=1|54=1|55=MSFT|60=20260102-03:04:05|34=2|49=TW|52=20260102-03:04:05|56=ISLD|",
        Err((34, 14)),
    );
    check(
        "35=D|55=MSFT|34=3|49=TW|52=20260102-03:04:05|56=ISLD|11=id|40=1|54=1|60=20260102-03:04:05|",
        Err((34, 14)),
    );
    check("35=0|34=3|49=TW|52=20260102-03:04:05|56=ISLD|93=2|89=ab|112=id|", Err((112, 14)));
}

#[test]
fn a_group_has_as_many_entries_as_its_count_says() {
    check(&order(&format!("{GOOD}386=2|336=PRE|336=POST|")), Ok(()));
    check(&order(&format!("{GOOD}386=3|336=PRE|336=POST|")), Err((386, 16)));
    check(&order(&format!("{GOOD}386=1|336=PRE|336=POST|")), Err((386, 16)));
    check(&order(&GOOD.replace("55=INTC|", "55=INTC|386=3|336=PRE|336=POST|")), Err((386, 16)));
    check(&order(&format!("{GOOD}386=0|")), Ok(()));
    check(&order(&format!("{GOOD}386=1|")), Err((386, 16)));
    check(&order(&format!("{GOOD}386=x|336=PRE|")), Err((386, 6)));
}

#[test]
fn the_fields_of_a_groups_entry_come_in_the_dictionarys_order() {
    check(&order(&format!("{GOOD}453=1|448=A|447=D|452=3|")), Ok(()));
    check(&order(&format!("{GOOD}453=1|447=D|448=A|452=3|")), Err((447, 15)));
    check(&order(&format!("{GOOD}453=1|448=A|452=3|447=D|")), Err((447, 15)));
    check(&order(&format!("{GOOD}453=1|448=A|447=D|447=D|")), Err((447, 13)));
}

#[test]
fn groups_lie_within_groups_and_are_found() {
    let rest = order(&format!(
        "{GOOD}453=2|448=A|447=D|452=3|802=2|523=x|803=1|523=y|448=B|452=1|58=note|"
    ));
    let bytes = message(&rest);
    let mut decoder = Decoder::new();
    let (message, verdict) = decoder.decode(&bytes);
    assert_eq!(verdict, Ok(()));
    let parties: Vec<_> = message.group(453).collect();
    assert_eq!(parties.len(), 2);
    assert_eq!(parties[0].get(448), Some(&b"A"[..]));
    assert_eq!(parties[1].get(448), Some(&b"B"[..]));
    assert_eq!(parties[1].get(447), None);
    let subs: Vec<_> = parties[0].group(802).map(|entry| entry.get(523)).collect();
    assert_eq!(subs, [Some(&b"x"[..]), Some(&b"y"[..])]);
    assert_eq!(parties[1].group(802).count(), 0);
    assert_eq!(message.get(58), Some(&b"note"[..]));
    assert_eq!(message.get(448), None, "a field of a group is no field of the message");
    assert_eq!(message.group(386).count(), 0);
}

#[test]
fn data_may_hold_the_delimiter_and_is_as_long_as_its_length_says() {
    let logon =
        |fields: &str| format!("35=A|34=1|49=TW|52=20260102-03:04:05|56=ISLD|98=0|108=30|{fields}");
    check(&logon("95=5|96=a|b=c|"), Ok(()));
    check(&logon("95=3|96=abc|"), Ok(()));
    check(&logon("95=2|96=abc|"), Err((96, 6)));
    check(&logon("95=99999999|96=abc|"), Err((96, 6)));
    check(&logon("95=18446744073709551615|96=abc|"), Err((96, 6)));
    let bytes = message(&logon("95=5|96=a|b=c|141=Y|"));
    let mut decoder = Decoder::new();
    let (message, verdict) = decoder.decode(&bytes);
    assert_eq!(verdict, Ok(()));
    assert_eq!(message.get(96), Some(&b"a\x01b=c"[..]));
    assert_eq!(message.get(141), Some(&b"Y"[..]));
}

#[test]
fn a_value_that_is_no_data_may_not_hold_the_delimiter() {
    check(&order(&format!("{GOOD}58=one|two|")), Err((58, 17)));
}

#[test]
fn a_message_type_is_spoken_unsupported_or_unknown() {
    let kind = |rest: &str| {
        let bytes = message(rest);
        let mut decoder = Decoder::new();
        let (message, verdict) = decoder.decode(&bytes);
        (message.kind(), verdict)
    };
    let header = "34=2|49=TW44|52=20260102-03:04:05|56=ISLD|";
    assert_eq!(kind(&format!("35=0|{header}")), (Kind::Spoken(MsgKind::Heartbeat), Ok(())));
    assert_eq!(kind(&format!("35=d|{header}320=a|99999=b|")), (Kind::Unsupported, Ok(())));
    assert_eq!(
        kind(&format!("35=8|{header}37=1|17=1|150=0|39=0|55=W|54=1|151=100|14=0|6=0.0|")),
        (Kind::Unsupported, Ok(()))
    );
    let unknown = Invalid { ref_tag: NONE, reason: 11 };
    assert_eq!(kind(&format!("35=*|{header}")), (Kind::Unknown, Err(unknown)));
    assert_eq!(kind(&format!("35=ZZ|{header}1=2|")), (Kind::Unknown, Err(unknown)));
    let missing = Invalid { ref_tag: 34, reason: 1 };
    assert_eq!(
        kind("35=d|49=TW44|52=20260102-03:04:05|56=ISLD|320=a|"),
        (Kind::Unsupported, Err(missing))
    );
}

#[test]
fn of_several_faults_the_order_is_structure_required_header_body_by_tag() {
    check(&order("58=|40=x|60=20260102-03:04:05|54=1|11=id|"), Err((55, 1)));
    check(&order(&GOOD.replace("40=1", "40=x").replace("21=1", "21=x")), Err((21, 5)));
    check(&order(&GOOD.replace("21=1|", "21=1|21=1|43=Y|")), Err((43, 14)));
}

#[test]
fn hops_in_the_header_are_a_group() {
    check(
        "35=0|34=2|49=TW|52=20260102-03:04:05|56=ISLD|627=1|628=HOP|629=20260102-03:04:05|630=3|",
        Ok(()),
    );
}

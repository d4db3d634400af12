use super::*;

fn client() -> Client {
    Client::new(IpAddr::from([127, 0, 0, 1]), "S1", Vec::new())
}

/// What he complains of once he was told all of these: MsgType, number, whether it is sent again, further fields.
fn complaint(told: &[(&str, u64, bool, &str)]) -> Option<String> {
    let mut client = client();
    for (kind, number, is_again, fields) in told {
        let again = if *is_again { "43=Y|122=0|" } else { "" };
        let text = format!(
            "8=FIX.4.4|9=0|35={kind}|49=CASTLE|56=S1|34={number}|{again}52=0|{fields}10=0|"
        );
        client.take(text.replace('|', "\u{1}").as_bytes(), &mut Random::new(1));
    }
    client.complaint
}

const NEW: &str = "11=S1-1|17=0-9-0|150=0|39=0|";

#[test]
fn what_follows_and_what_is_sent_again_as_it_was_is_right() {
    let right = [
        ("A", 1, false, "98=0|"),
        ("8", 2, false, NEW),
        ("0", 3, false, ""),
        ("4", 1, true, "123=Y|36=2|"),
        ("8", 2, true, NEW),
        ("4", 3, true, "123=Y|36=4|"),
        ("8", 4, false, "11=S1-1|17=0-9-1|150=F|39=2|"),
    ];
    assert_eq!(complaint(&right), None);
}

#[test]
fn a_number_that_does_not_follow_on_its_connection_is_wrong() {
    let logon = ("A", 1, false, "98=0|");
    for number in [1, 3] {
        let why = complaint(&[logon, ("8", number, false, NEW)]).expect("it does not follow");
        assert!(why.contains("on this connection"), "{why}");
    }
}

#[test]
fn what_was_a_gap_is_no_report_whether_new_or_again() {
    let gap = ("4", 1, true, "123=Y|36=3|");
    let why = complaint(&[gap, ("8", 2, true, NEW)]).expect("it was a gap");
    assert!(why.contains("was a gap"), "{why}");
    assert!(complaint(&[gap, ("8", 2, false, NEW)]).is_some());
}

#[test]
fn a_report_is_no_gap_and_what_is_of_the_session_is_never_sent_again() {
    let report = ("8", 1, false, NEW);
    let why = complaint(&[report, ("4", 1, true, "123=Y|36=2|")]).expect("it was a report");
    assert!(why.contains("filled as a gap"), "{why}");
    let logon = ("A", 1, false, "98=0|");
    let why = complaint(&[logon, ("A", 1, true, "98=0|")]).expect("it is of the session");
    assert!(why.contains("sent again"), "{why}");
}

#[test]
fn a_report_that_differs_in_any_field_when_it_is_sent_again_is_wrong() {
    let report = ("8", 1, false, "11=S1-1|17=0-9-0|150=0|39=0|151=5|");
    let other = ("8", 1, true, "11=S1-1|17=0-9-0|150=0|39=0|151=4|");
    assert!(complaint(&[report, other]).is_some());
}

#[test]
fn a_request_is_answered_once() {
    let why = complaint(&[("8", 1, false, NEW), ("8", 2, false, NEW)]).expect("it was answered");
    assert!(why.contains("was answered by number 1, and by number 2"), "{why}");
}

//! The FIX session test cases, as scenarios that can be read: `tests/session/*.txt`.
//!
//! `UPDATE_EXPECT=1 cargo test --test fix_session` writes down what the session really does.

#[path = "session/engine.rs"]
mod engine;
#[path = "session/harness.rs"]
mod harness;

use std::fs;
use std::path::Path;

use castle::fix::decode::Decoder;
use castle::fix::directory::Directory;
use castle::fix::session::{Moment, Session, SessionLimits};
use castle::model::*;

#[test]
fn every_scenario_goes_as_it_is_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/session");
    let mut paths: Vec<_> = fs::read_dir(directory)
        .expect("the scenarios lie in tests/session")
        .map(|entry| entry.expect("a readable directory").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for path in paths {
        let expected = fs::read_to_string(&path).expect("a readable scenario");
        // A blank line between two scenarios of a file: each has a venue of its own.
        let actual: Vec<String> = expected.split("\n\n").map(harness::play).collect();
        let actual = actual.iter().map(|scenario| scenario.trim_end()).collect::<Vec<_>>();
        let actual = actual.join("\n\n") + "\n";
        if update {
            fs::write(&path, &actual).expect("a writable scenario");
        } else if actual != expected {
            wrong.push(format!("{}:\n{}", path.display(), difference(&expected, &actual)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// While the engine is slow: a refused Logon's connection is not closed before its Logout had time to go out.
#[test]
fn a_refused_logon_waits_for_its_logout() {
    let definition = SessionDefinition {
        id: SessionId(1),
        account: AccountId(2),
        comp_id: CompId::truncated(b"CLIENT"),
        reset_on_logon: false,
        cancel_on_disconnect: false,
    };
    let mut directory = Directory::new(CompId::truncated(b"CASTLE"), HashSecret(1));
    directory.apply(&event(SessionId::NONE, 0, EventBody::SessionDefined(definition)));
    let limits = SessionLimits::default();
    let wait_ns = limits.logout_timeout_ns;
    let mut session = Session::new(&definition, limits, GatewayId(1));
    let at = |monotonic_ns| Moment { wall_ns: 1_767_603_600_000_000_000, monotonic_ns };
    let (mut decoder, mut sink) = (Decoder::new(), harness::Sink::default());
    session.attach(ConnectionId(1), at(5));
    let body =
        "35=A\x0134=1\x0149=CLIENT\x0152=20260105-09:00:00\x0156=CASTLE\x0198=0\x01108=0\x01";
    let head = format!("8=FIX.4.4\x019={}\x01{body}", body.len());
    let sum: u32 = head.bytes().map(u32::from).sum();
    let logon = format!("{head}10={:03}\x01", sum % 256);
    session.receive(at(5), logon.as_bytes(), &mut decoder, &directory, &mut sink);
    assert!(matches!(sink.commands[..], [Command::RefuseLogon(_)]), "{:?}", sink.commands);
    assert_eq!(session.deadline_ns(), Some(5 + wait_ns));
    session.tick(at(4 + wait_ns), &mut decoder, &directory, &mut sink);
    assert!(!sink.closed, "{:?}", sink.other);
    let mut late = harness::Sink::default();
    session.tick(at(5 + wait_ns), &mut decoder, &directory, &mut late);
    assert!(late.closed);
}

fn event(session: SessionId, msg_seq_num: u64, body: EventBody) -> Event {
    Event {
        cause: Sequence(1),
        timestamp: Timestamp(1),
        session,
        msg_seq_num,
        index: 0,
        shard: ShardId(0),
        gateway: GatewayId(1),
        body,
    }
}

fn difference(expected: &str, actual: &str) -> String {
    let pairs = expected.lines().zip(actual.lines()).enumerate();
    match pairs.into_iter().find(|(_, (expected, actual))| expected != actual) {
        Some((line, (expected, actual))) => {
            format!("line {}:\n  written {expected}\n  really  {actual}", line + 1)
        }
        None => format!("the end differs; really:\n{actual}"),
    }
}

#[test]
fn the_rules_of_engagement_name_every_field_that_a_client_may_send() {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fix-specs");
    let read = |name: &str| fs::read_to_string(specs.join(name)).expect("it lies in fix-specs");
    let (rules, dictionary) = (read("rules-of-engagement.md"), read("FIX44.xml"));
    let mut names = Vec::new();
    collect(block(&dictionary, "<header>", "</header>"), &dictionary, &mut names);
    for msg_type in ["0", "1", "2", "3", "4", "5", "A", "j", "D", "F", "G", "q", "H", "AF", "x"] {
        let head = format!("msgtype=\"{msg_type}\"");
        collect(block(&dictionary, &head, "</message>"), &dictionary, &mut names);
    }
    assert!(names.len() > 300, "the dictionary was read");
    for name in names {
        let number = block(&dictionary, "<fields>", "</fields>")
            .split("<field number=\"")
            .find(|field| field.contains(&format!("name=\"{name}\"")))
            .and_then(|field| field.split('"').next())
            .expect("every field has a number");
        let listed = format!("{name} ({number})");
        assert!(rules.contains(&listed), "{listed} is not in the rules of engagement");
    }
}

/// The names of the fields of a part of the dictionary, those of its components too.
fn collect<'a>(part: &'a str, dictionary: &'a str, names: &mut Vec<&'a str>) {
    for element in part.split('<') {
        let name = element.split("name=\"").nth(1).and_then(|rest| rest.split('"').next());
        match (element.split(' ').next(), name) {
            (Some("field" | "group"), Some(name)) => names.push(name),
            (Some("component"), Some(name)) => {
                let components = block(dictionary, "<components>", "</components>");
                let head = format!("<component name=\"{name}\">");
                collect(block(components, &head, "</component>"), dictionary, names);
            }
            _ => {}
        }
    }
}

fn block<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("{from} is there")).1;
    rest.split_once(to).expect("it ends").0
}

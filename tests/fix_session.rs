//! The FIX session test cases, as scenarios that can be read: `tests/session/*.txt`.
//!
//! `UPDATE_EXPECT=1 cargo test --test fix_session` writes down what the session really does.

#[path = "session/engine.rs"]
mod engine;
#[path = "session/harness.rs"]
mod harness;

use std::fs;
use std::path::Path;

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

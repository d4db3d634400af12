//! The FIX session test cases, as scenarios that can be read: `tests/session/*.txt`.
//!
//! `UPDATE_EXPECT=1 cargo test --test fix_session` writes down what the session really does.

#[path = "session/numbering.rs"]
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

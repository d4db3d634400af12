//! Plays the cases of tests/rules/*.txt on the reference venue and on the engine.
//!
//! tests/rules/README.md explains how a case is written. `UPDATE_EXPECT=1` writes what the reference
//! says in place of what a case expects; read it before you believe it.

mod reference;
#[path = "rules/script.rs"]
mod script;
#[path = "rules/words.rs"]
mod words;

use std::path::{Path, PathBuf};

use castle::engine::Engine;

use reference::compare::Subject;
use reference::mirror::Mirror;
use script::Case;

/// Fewer cases than this and somebody lost a file.
const CASES_MIN: usize = 60;

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let entries = std::fs::read_dir(directory).expect("tests/rules is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files
}

/// Plays every case; returns those that came out otherwise.
fn play_all<S: Subject>(update: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let mut updated = String::new();
        for case in Case::parse_all(&file, &text) {
            count += 1;
            let found = case.play::<S>();
            updated.push_str(&case.with_expected(&found));
            if found != case.expected {
                wrong.push(case.difference(&found));
            }
        }
        if update && updated != text {
            std::fs::write(&file, updated).expect("a writable file");
        }
    }
    assert!(count >= CASES_MIN, "only {count} cases");
    wrong
}

#[test]
fn the_reference_does_what_the_rules_say() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let wrong = play_all::<Mirror>(update);
    assert!(update || wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_engine_does_what_the_rules_say() {
    let wrong = play_all::<Engine>(false);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

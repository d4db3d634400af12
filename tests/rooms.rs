//! The house rules that a compiler does not know: which room uses which, and what stands where.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room and the rooms that it may use besides itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("ring", &[]),
    ("runtime", &[]),
    ("fix", &["model"]),
    ("sbe", &["model"]),
    ("engine", &["model"]),
    ("journal", &["model"]),
    ("gateway", &["fix", "sbe", "ring", "runtime", "telemetry", "model"]),
    ("cluster", &["journal", "ring", "runtime", "model"]),
    ("feed", &["ring", "runtime", "model"]),
    ("telemetry", &["runtime"]),
    (
        "venue",
        &[
            "model",
            "ring",
            "runtime",
            "fix",
            "sbe",
            "engine",
            "journal",
            "gateway",
            "cluster",
            "feed",
            "telemetry",
        ],
    ),
    ("cli", &["venue", "journal"]),
    (
        "simulation",
        &["venue", "cluster", "gateway", "journal", "engine", "fix", "ring", "runtime", "model"],
    ),
];

/// Rooms that may hold `unsafe` code.
const UNSAFE_ROOMS: &[&str] = &["ring", "journal", "runtime"];

/// What stands nowhere in `src`, and the room that is an exception.
const BANNED: &[(&str, Option<&str>, &str)] = &[
    ("dbg!", None, "take it out"),
    ("todo!", None, "do it"),
    ("unimplemented!", None, "do it"),
    (
        "println!",
        Some("cli"),
        "only the command line writes to the terminal; elsewhere use tracing",
    ),
    ("print!", Some("cli"), "only the command line writes to the terminal; elsewhere use tracing"),
];

/// A source file and the room that it belongs to; `lib.rs` and `main.rs` belong to none.
struct Source {
    path: PathBuf,
    room: Option<String>,
    text: String,
}

impl Source {
    /// The file holds tests only: they may use what the room may not, and write to the terminal.
    fn is_test(&self) -> bool {
        let stem = self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let inside = self.path.components().any(|part| part.as_os_str() == "tests");
        inside || stem.is_some_and(|stem| stem.ends_with("tests"))
    }
}

fn sources() -> Vec<Source> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut directories = vec![source.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&source).unwrap();
                let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
                let room = inside.components().nth(1).map(|_| first.into_owned());
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { path: inside.to_path_buf(), room, text });
            }
        }
    }
    assert!(found.len() > 10, "the sources are somewhere else");
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The line without its comment. Good enough for a source that rustfmt has laid out; a text that
/// holds `//` is cut short, which hides nothing that is looked for here.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or("")
}

/// Names that follow `crate::` in a line; of `use crate::{a, b}` both.
fn used(line: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rest in code(line).split("crate::").skip(1) {
        let group = rest.strip_prefix('{').map(|group| group.split('}').next().unwrap_or(group));
        for name in group.unwrap_or(rest).split(',').take(if group.is_some() { 64 } else { 1 }) {
            let end = name.trim().find(|c: char| !c.is_alphanumeric() && c != '_');
            names.insert(name.trim()[..end.unwrap_or(name.trim().len())].to_owned());
        }
    }
    names
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    code(line).match_indices(word).any(|(at, _)| {
        let before = code(line)[..at].chars().next_back();
        let after = code(line)[at + word.len()..].chars().next();
        let ends = word.ends_with('!') || !after.is_some_and(part_of_a_word);
        !before.is_some_and(part_of_a_word) && ends
    })
}

fn check(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn a_room_uses_only_the_rooms_that_its_row_allows() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let Some(room) = &source.room else { continue };
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| name == room) else {
            complaints.push(format!("src/{}: {room} is no room", source.path.display()));
            continue;
        };
        for (index, line) in source.text.lines().enumerate() {
            for name in used(line) {
                let is_room = ROOMS.iter().any(|(known, _)| *known == name);
                if is_room && name != *room && !allowed.contains(&name.as_str()) {
                    complaints.push(format!(
                        "src/{}:{}: {room} may not use {name}; it may use: {}",
                        source.path.display(),
                        index + 1,
                        if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") }
                    ));
                }
            }
        }
    }
    check(&complaints);
}

#[test]
fn unsafe_code_stands_only_where_it_is_allowed() {
    let mut complaints = Vec::new();
    for source in sources() {
        let allowed = source.room.as_deref().is_some_and(|room| UNSAFE_ROOMS.contains(&room));
        for (index, line) in source.text.lines().enumerate() {
            if !allowed && has_word(line, "unsafe") {
                let path = source.path.display();
                complaints.push(format!("src/{path}:{}: unsafe", index + 1));
            }
        }
    }
    check(&complaints);
}

#[test]
fn every_unsafe_block_says_why_it_is_safe() {
    let mut complaints = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let block = has_word(line, "unsafe") && code(line).contains("unsafe {");
            let implementation = code(line).trim_start().starts_with("unsafe impl");
            let above = lines[index.saturating_sub(8)..=index].iter();
            let said = above.clone().any(|line| line.contains("SAFETY"));
            if (block || implementation) && !said {
                let path = source.path.display();
                complaints.push(format!("src/{path}:{}: unsafe without // SAFETY:", index + 1));
            }
        }
    }
    check(&complaints);
}

#[test]
fn nothing_that_is_banned_stands_in_the_sources() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (index, line) in source.text.lines().enumerate() {
            for (word, exception, instead) in BANNED {
                if has_word(line, word) && source.room.as_deref() != *exception {
                    let path = source.path.display();
                    complaints.push(format!("src/{path}:{}: {word}: {instead}", index + 1));
                }
            }
        }
    }
    check(&complaints);
}

#[test]
fn a_use_is_found_in_every_form() {
    let names = |line: &str| used(line).into_iter().collect::<Vec<_>>();
    assert_eq!(names("use crate::model::Price;"), ["model"]);
    assert_eq!(names("use crate::{fix::frame, ring};"), ["fix", "ring"]);
    assert_eq!(names("let a: crate::model::Price = crate::ring::one();"), ["model", "ring"]);
    assert_eq!(names("// crate::engine"), Vec::<String>::new());
    assert_eq!(names("crate::plain_bytes!(Record, 8);"), ["plain_bytes"]);
}

#[test]
fn a_word_is_found_only_as_a_word() {
    assert!(has_word("unsafe { call() }", "unsafe"));
    assert!(!has_word("#![deny(unsafe_op_in_unsafe_fn)]", "unsafe"));
    assert!(!has_word("// unsafe", "unsafe"));
    assert!(has_word("    println!(\"x\")", "println!"));
    assert!(!has_word("    eprintln!(\"x\")", "println!"));
}

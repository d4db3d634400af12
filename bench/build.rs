//! Notes what the program is built from, for the machine line of every result.

use std::process::Command;

fn main() {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    tell("RUSTC", output(&compiler, &["-V"]));
    let commit = output("git", &["rev-parse", "--short=12", "HEAD"]).map(|commit| {
        let changed = output("git", &["status", "--porcelain", "--untracked-files=no"]);
        if changed.is_some() { format!("{commit} with changes") } else { commit }
    });
    tell("COMMIT", commit);
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let profile = std::env::var("PROFILE").unwrap_or_default();
    tell("FLAGS", Some(format!("{profile} {}", flags.replace('\x1f', " ")).trim().to_owned()));
    // Each commit and each checkout adds a line there.
    if let Some(log) = output("git", &["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=../src");
}

fn tell(name: &str, value: Option<String>) {
    println!("cargo::rustc-env=CASTLE_BENCH_{name}={}", value.unwrap_or_else(|| "unknown".into()));
}

/// What a program says on one line; none where it fails or says nothing.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next()?.trim().to_owned();
    (output.status.success() && !line.is_empty()).then_some(line)
}

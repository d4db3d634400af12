//! A test in namespaces of its own: what it mounts and wires is gone when its processes are, however they end.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use castle::runtime::dies_with_its_parent;

use super::scratch::{self, SCRATCH};

/// What tells a test that it runs apart already.
const APART: &str = "CASTLE_TEST_APART";
/// What the test program says itself of the one test that it runs: it has been said, or will be.
const FRAME: [&str; 4] = ["running ", "test ", "test result: ", "successes"];
/// What a line of a test begins with that could not run. `cargo xtask test` counts them.
const NOT_RUN: &str = "NOT RUN: ";

/// Runs a test, by its name, in a namespace of `kind`, as `unshare` names it: as this user, if he may, or as
/// root of a user namespace. Says so where that may not be, or where the test says why it cannot run.
pub fn apart(test: &str, kind: &str, run: impl FnOnce() -> Result<(), String>) {
    if std::env::var_os(APART).is_some() {
        std::thread::spawn(end_with_the_input);
        if let Err(why) = run() {
            say(&format!("{NOT_RUN}{test}: {why}"));
        }
        return;
    }
    let ways = [vec![kind], vec!["--user", "--map-root-user", kind]];
    let way = ways.iter().find(|way| {
        let tried = Command::new("unshare").args(*way).arg("true").output();
        tried.is_ok_and(|output| output.status.success())
    });
    let Some(way) = way else {
        let why = format!("this user may not have a namespace of his own (unshare {kind})");
        return say(&format!("{NOT_RUN}{test}: {why}"));
    };
    let mut again = Command::new("unshare");
    again.args(way).arg(std::env::current_exe().expect("a test is a program"));
    again.args(["--exact", test, "--nocapture"]).env(APART, "1");
    again.env(SCRATCH, scratch::name()).stdin(Stdio::piped()).stdout(Stdio::piped());
    dies_with_its_parent(&mut again);
    let mut again = again.spawn().expect("unshare was there");
    pass_on(&mut again);
    assert!(again.wait().expect("it was started").success(), "it failed there: see above");
}

/// Who becomes root of a user namespace does not die with its parent any more: the end of a pipe tells of that as well.
fn end_with_the_input() {
    // Nothing comes until then.
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    std::process::exit(1);
}

/// Shows what the test says there.
fn pass_on(again: &mut Child) {
    let output = BufReader::new(again.stdout.take().expect("it is piped"));
    for line in output.lines().map_while(Result::ok) {
        if line.starts_with(NOT_RUN) {
            say(&line);
        } else if !line.is_empty() && !FRAME.iter().any(|begin| line.starts_with(begin)) {
            println!("{line}");
        }
    }
}

/// Writes a line past the test program, which keeps to itself what a test prints that passes.
fn say(line: &str) {
    // The program may have begun a line of its own. Where nobody reads it nothing is lost.
    let _ = std::io::stdout().write_all(format!("\n{line}\n").as_bytes());
}

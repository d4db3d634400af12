//! A test in namespaces of its own: what it mounts and wires is gone when its processes are, however they end.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use castle::runtime::dies_with_its_parent;

use crate::alone;

/// What tells a test that it runs apart already.
const APART: &str = "CASTLE_FAULTS_APART";
/// What the test program says itself of the one test that it runs: it has been said, or will be.
const FRAME: [&str; 4] = ["running ", "test ", "test result: ", "successes"];

/// Runs a test, by its name, in a namespace of `kind`, as `unshare` names it: as this user, if he may, or as
/// root of a user namespace. Says so where that may not be, or where the test says why it cannot run.
pub fn apart(test: &str, kind: &str, run: impl FnOnce() -> Result<(), String>) {
    if std::env::var_os(APART).is_some() {
        if let Err(why) = run() {
            println!("NOT RUN: {test}: {why}");
        }
        return;
    }
    let _alone = alone();
    let ways = [vec![kind], vec!["--user", "--map-root-user", kind]];
    let way = ways.iter().find(|way| {
        let tried = Command::new("unshare").args(*way).arg("true").output();
        tried.is_ok_and(|output| output.status.success())
    });
    let Some(way) = way else {
        println!("NOT RUN: {test}: this user may not have a namespace of his own (unshare {kind})");
        return;
    };
    let mut again = Command::new("unshare");
    again.args(way).arg(std::env::current_exe().expect("a test is a program"));
    again.args(["--exact", test, "--nocapture"]).env(APART, "1").stdout(Stdio::piped());
    dies_with_its_parent(&mut again);
    let mut again = again.spawn().expect("unshare was there");
    let output = BufReader::new(again.stdout.take().expect("it is piped"));
    for line in output.lines().map_while(Result::ok) {
        if !line.is_empty() && !FRAME.iter().any(|begin| line.starts_with(begin)) {
            println!("{line}");
        }
    }
    assert!(again.wait().expect("it was started").success(), "it failed there: see above");
}

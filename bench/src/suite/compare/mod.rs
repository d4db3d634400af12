//! Others under the same load: order books from crates.io, and a FIX acceptor over QuickFIX.
//!
//! Neither is a part of this program. The books are a workspace of their own, `bench/compare`, which
//! cargo builds at first use into `target/compare`; the acceptor is built there by the C++ compiler. One
//! that cannot be built here is reported as missing, and why.

mod books;
mod quickfix;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Options;
use crate::record::RunClock;
use crate::run::{Figure, Findings};

/// The folder of what is compared with.
const PLACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/compare");

/// Measures against others.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    books::measure(options, found)?;
    quickfix::measure(options, clock, found)
}

/// Builds what `measure` compares with, so that building is no part of what is measured.
pub fn prepare(options: &Options) {
    // What fails here fails there too, and is told there.
    let _told_later = (books::build(options), quickfix::build(options));
}

/// Where what is built goes: beside this program's own folder.
fn target(options: &Options) -> PathBuf {
    let own = options.harness.parent().unwrap_or(Path::new("."));
    own.parent().unwrap_or(own).join("compare")
}

/// Runs a compiler; the last line that it says where it fails.
fn built(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let error = said.lines().find(|line| line.contains("error")).or(said.lines().last());
    Err(format!("{name}: {}", error.unwrap_or("it failed").trim()))
}

/// Notes that a peer is not here.
fn missing(found: &mut Findings, name: &str, why: &str) {
    found.notes.push(format!("{name} is missing: {why}"));
    let name = format!("compare {name}");
    found.figures.push(Figure { name, unit: Figure::MISSING, ops_per_s: 0.0, count: 0 });
}

//! The order books: another program runs them and ours in turn, in one thread on one core.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use super::{PLACE, built, missing, target};
use crate::record::quartiles;
use crate::run::{Figure, Findings, Ratio};
use crate::suite::Options;

const NAME: &str = "castle-bench-compare";
/// What is missing where it cannot be built.
const PEERS: &str = "matchcore, orderbook-rs";
/// Commands of a slice, and slices.
const COMMANDS: [&str; 2] = ["500000", "40"];
/// The same, short.
const COMMANDS_SHORT: [&str; 2] = ["50000", "40"];

/// What the program found of a book.
#[derive(Deserialize)]
struct Found {
    name: String,
    rates: Vec<f64>,
    differs: Option<String>,
}

/// Builds the program.
pub fn build(options: &Options) -> Result<PathBuf, String> {
    let (target, manifest) = (target(options), format!("{PLACE}/Cargo.toml"));
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.args(["build", "--release", "--locked", "--quiet", "--manifest-path", &manifest]);
    built(command.arg("--target-dir").arg(&target))?;
    Ok(target.join("release").join(NAME))
}

/// Measures the books.
pub fn measure(options: &Options, found: &mut Findings) -> Result<(), String> {
    eprintln!("compare books");
    let program = match build(options) {
        Ok(program) => program,
        Err(why) => {
            missing(found, PEERS, &why);
            return Ok(());
        }
    };
    let [commands, slices] = if options.short { COMMANDS_SHORT } else { COMMANDS };
    let core = options.cores[1].to_string();
    let output = Command::new(&program)
        .args(["--commands", commands, "--slices", slices, "--core", &core])
        .output()
        .map_err(|error| format!("{NAME}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{NAME}: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let books: Vec<Found> = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("what {NAME} printed: {error}"))?;
    let named = |book: &Found| format!("compare books: {}", book.name);
    for (at, book) in books.iter().enumerate() {
        let name = named(book);
        if let Some(what) = &book.differs {
            let text = format!("{name}: the book differs from the generator's: {what}");
            // How others understand an amendment is their affair; it is told.
            if at == 0 { &mut found.faults } else { &mut found.notes }.push(text);
        }
        let ops_per_s = quartiles(&book.rates)[1];
        let count = book.rates.len() as u64 * commands.parse::<u64>().unwrap_or(0);
        found.figures.push(Figure { name, unit: "commands", ops_per_s, count });
    }
    let Some((ours, others)) = books.split_first() else { return Ok(()) };
    for other in others {
        let pairs: Vec<f64> = ours.rates.iter().zip(&other.rates).map(|(a, b)| a / b).collect();
        let [low, _, high] = quartiles(&pairs);
        found.ratios.push(Ratio {
            name: "commands per second".into(),
            value: quartiles(&ours.rates)[1] / quartiles(&other.rates)[1],
            spread: Some([low, high]),
            of: named(ours),
            to: named(other),
        });
    }
    Ok(())
}

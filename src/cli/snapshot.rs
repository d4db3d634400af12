//! `castle snapshot`: makes and verifies snapshots of a journal, also of that of a running exchange.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{Failure, Outcome};
use crate::venue::snapshot::{self, Checked, Flaw, Proof};

/// Arguments of `castle snapshot`.
#[derive(Args)]
pub struct Arguments {
    /// The journal's directory
    directory: PathBuf,
    /// Makes none, but compares those that are there with a replay of the journal, and removes what two
    /// newer ones replace; exit code 1 where one is not good
    #[arg(long)]
    verify: bool,
}

/// Runs `castle snapshot`.
pub fn run(arguments: &Arguments) -> Outcome {
    if arguments.verify {
        return verify(arguments);
    }
    let (header, passed_over) = snapshot::take(&arguments.directory).map_err(Failure::new)?;
    for line in passed_over {
        eprintln!("castle: {line}");
    }
    println!(
        "snapshot at record {} of epoch {}: state hash {:016x}, {} bytes of state, {} bytes of sent \
         messages",
        header.link.sequence,
        header.link.epoch,
        header.state_hash,
        header.state_bytes,
        header.outbound_bytes
    );
    Ok(())
}

fn verify(arguments: &Arguments) -> Outcome {
    let (checked, removed) = snapshot::verify(&arguments.directory).map_err(Failure::new)?;
    if checked.is_empty() {
        let directory = arguments.directory.display();
        return Err(Failure::new(format!(
            "{directory} has no snapshot: make one with castle snapshot {directory}"
        )));
    }
    let mut bad = 0;
    for Checked { sequence, outcome } in &checked {
        println!("{}", line(*sequence, outcome));
        bad += u32::from(outcome.is_err());
    }
    for sequence in removed {
        println!("snapshot at record {sequence}: removed, two newer ones are good");
    }
    match bad {
        0 => Ok(()),
        bad => Err(Failure::new(format!(
            "{bad} of {} snapshots must not be used; a start passes over them",
            checked.len()
        ))),
    }
}

/// What was found of a snapshot, in a line.
pub(super) fn line(sequence: impl std::fmt::Display, outcome: &Result<Proof, Flaw>) -> String {
    match outcome {
        Ok(Proof::Replayed(records)) => {
            format!("snapshot at record {sequence}: good, a replay of {records} records came to it")
        }
        Ok(Proof::Whole) => format!(
            "snapshot at record {sequence}: whole and on the journal's chain; the records before it \
             are pruned, which was done after a replay had come to it"
        ),
        Err(what) => format!("snapshot at record {sequence}: {what}"),
    }
}

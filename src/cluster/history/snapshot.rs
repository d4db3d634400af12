//! A snapshot in the place of records that were pruned.
//!
//! The newest that belongs to the journal is announced at once, since who waits has little patience; then all of it is
//! read, to find every byte good; then it is given in pieces. Where it is not good the one before takes its place.

use std::path::Path;

use super::{PIECE_BYTES, Piece};
use crate::journal::Disk;
use crate::journal::snapshot::snapshots;
use crate::journal::transfer::Source;

/// Gives the newest good snapshot of the journal on a disk, in a directory, until `goes_on` or `give` says that nobody wants more.
///
/// # Errors
/// What is wrong with each that there is.
pub(crate) fn read<D: Disk>(
    disk: &D,
    journal: &Path,
    goes_on: &dyn Fn() -> bool,
    give: &mut dyn FnMut(Piece) -> bool,
) -> Result<(), String> {
    let mut passed_over = String::new();
    let found = snapshots(journal).map_err(|error| format!("; {error}"))?;
    for sequence in found {
        let begun = Source::open_of(disk, journal, sequence).and_then(|source| {
            let is_wanted = give(Piece::Snapshot(*source.parcel())) && source.check(goes_on)?;
            Ok(is_wanted.then_some(source))
        });
        match begun {
            Ok(None) => return Ok(()),
            Ok(Some(source)) => return give_all(source, give).map_err(|why| format!("; {why}")),
            Err(why) => passed_over += &format!("; {why}"),
        }
    }
    Err(passed_over)
}

fn give_all(mut source: Source, give: &mut dyn FnMut(Piece) -> bool) -> Result<(), String> {
    loop {
        let piece = source.next(PIECE_BYTES).map_err(|error| error.to_string())?;
        if piece.is_empty() || !give(Piece::Part(piece)) {
            return Ok(());
        }
    }
}

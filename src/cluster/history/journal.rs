//! Old records from the journal on disk, each reading on a thread of its own.
//!
//! 1. A thread reads pieces ahead, up to [`PIECES_AHEAD`]; then it waits until one is taken.
//! 2. At the journal's end it looks again after [`WAIT`], and goes on from where it was.
//! 3. It ends with its reading: when that is ended, begun anew, or dropped. Nobody waits for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::{History, PIECE_BYTES, Piece, snapshot};
use crate::journal::{Disk, OpenError, RawReader, RealDisk};
use crate::model::{NodeId, RecordBytes, Sequence};

/// Pieces that wait to be taken.
const PIECES_AHEAD: usize = 4;
/// From one look at the end of the journal to the next.
const WAIT: Duration = Duration::from_millis(1);

/// See the module.
pub struct JournalHistory {
    directory: PathBuf,
    ring: Arc<dyn Fn() + Send + Sync>,
    readings: Vec<Reading>,
}

struct Reading {
    node: NodeId,
    pieces: Receiver<Piece>,
    is_over: Arc<AtomicBool>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        // A thread that waits for room for a piece notices that nobody takes it.
        self.is_over.store(true, Ordering::Release);
    }
}

impl JournalHistory {
    /// Of the journal in a directory, also one that is being written. `ring` wakes whoever takes the pieces.
    pub fn new(directory: &Path, ring: impl Fn() + Send + Sync + 'static) -> Self {
        Self { directory: directory.to_owned(), ring: Arc::new(ring), readings: Vec::new() }
    }
}

impl History for JournalHistory {
    fn begin(&mut self, node: NodeId, shared: Sequence) {
        self.end(node);
        let (give, pieces) = sync_channel(PIECES_AHEAD);
        let is_over = Arc::new(AtomicBool::new(false));
        let reading = Reading { node, pieces, is_over: is_over.clone() };
        let (ring, directory) = (self.ring.clone(), self.directory.clone());
        let to = give.clone();
        let thread = thread::Builder::new().name("castle-history".to_owned()).spawn(move || {
            let reader = RawReader::new(RealDisk::read_only(&directory), shared);
            read(reader, &directory, &is_over, |piece| give_piece(&to, &*ring, piece));
        });
        if let Err(error) = thread {
            // The channel is empty, and its other end is here.
            let _ = give.send(Piece::Gone(format!("no thread can be made that reads: {error}")));
        }
        self.readings.push(reading);
    }

    fn next(&mut self, node: NodeId) -> Option<Piece> {
        let reading = self.readings.iter().find(|reading| reading.node == node)?;
        reading.pieces.try_recv().ok()
    }

    fn end(&mut self, node: NodeId) {
        self.readings.retain(|reading| reading.node != node);
    }
}

/// Gives a piece and wakes whoever takes it. False where nobody does any more.
fn give_piece(to: &SyncSender<Piece>, ring: &dyn Fn(), piece: Piece) -> bool {
    let is_given = to.send(piece).is_ok();
    ring();
    is_given
}

/// Reads until nobody wants more.
fn read<D: Disk>(
    mut reader: RawReader<D>,
    directory: &Path,
    is_over: &AtomicBool,
    mut give: impl FnMut(Piece) -> bool,
) {
    let mut has_begun = false;
    while !is_over.load(Ordering::Acquire) {
        // The last record may make it a little longer.
        let mut piece = Vec::with_capacity(PIECE_BYTES + size_of::<RecordBytes>());
        let next = reader.next();
        let more = match reader.read(&mut piece, PIECE_BYTES) {
            Ok(more) => more,
            Err(OpenError::Pruned { first, .. }) => {
                let goes_on = || !is_over.load(Ordering::Acquire);
                let disk = RealDisk::read_only(directory);
                let sent = snapshot::read(&disk, directory, &goes_on, &mut give);
                if let Err(none) = sent {
                    give(Piece::Gone(why(next, first, directory, &none)));
                }
                return;
            }
            Err(error) => {
                give(Piece::Gone(error.to_string()));
                return;
            }
        };
        if !has_begun && let Some(hash) = reader.hash() {
            has_begun = true;
            if !give(Piece::Begins { hash }) {
                return;
            }
        }
        if !piece.is_empty() && !give(Piece::Records(piece)) {
            return;
        }
        if !more {
            thread::sleep(WAIT);
        }
    }
}

/// Why records cannot be had from the next one on, and what to do.
fn why(next: Sequence, first: Sequence, directory: &Path, none: &str) -> String {
    let journal = directory.display();
    format!(
        "record {next} was pruned from {journal}, which now begins with record {first}, and no snapshot can be sent \
         in its place{none}. Make one: castle snapshot {journal}"
    )
}

#[cfg(test)]
mod tests;

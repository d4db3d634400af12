//! Old records, and snapshots in their place, between simulated nodes: read and taken in by the code that does so from and
//! to a real disk, but for its threads. A turn that has to wait for the disk is one of some turns.

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::cluster::arrival::Arrival;
use crate::cluster::history::{History, Piece, read_snapshot};
use crate::journal::simulated::SimulatedDisk;
use crate::journal::transfer::{Arriving, Parcel};
use crate::journal::{OpenError, RawReader};
use crate::model::{ClusterName, NodeId, Sequence};

/// Bytes of old records that are read at a time: little, so that catching up takes its time.
const PIECE_BYTES: usize = 8 * 1024;
/// How many turns a reading takes.
const READING_TURNS: u32 = 3;
/// How many turns it takes until a snapshot that has come is on the disk.
const SYNCING_TURNS: u32 = 5;

/// See the module.
pub struct SimulatedHistory {
    disk: SimulatedDisk,
    /// Where the snapshots lie.
    directory: PathBuf,
    readings: Vec<Reading>,
}

struct Reading {
    node: NodeId,
    /// None once the records were found to be pruned.
    reader: Option<RawReader<SimulatedDisk>>,
    has_begun: bool,
    /// Turns until the disk has answered.
    waits: u32,
    pending: VecDeque<Piece>,
}

impl SimulatedHistory {
    /// Of the journal on a disk, and the snapshots in a directory.
    pub fn new(disk: SimulatedDisk, directory: PathBuf) -> Self {
        Self { disk, directory, readings: Vec::new() }
    }
}

impl History for SimulatedHistory {
    fn begin(&mut self, node: NodeId, shared: Sequence) {
        self.end(node);
        let reader = Some(RawReader::new(self.disk.clone(), shared));
        let (has_begun, waits, pending) = (false, READING_TURNS, VecDeque::new());
        self.readings.push(Reading { node, reader, has_begun, waits, pending });
    }

    fn next(&mut self, node: NodeId) -> Option<Piece> {
        let reading = self.readings.iter_mut().find(|reading| reading.node == node)?;
        if reading.waits > 0 {
            reading.waits -= 1;
            return None;
        }
        if let Some(piece) = reading.pending.pop_front() {
            return Some(piece);
        }
        let reader = reading.reader.as_mut()?;
        let mut piece = Vec::new();
        match reader.read(&mut piece, PIECE_BYTES) {
            Ok(true) => {}
            Ok(false) => reading.waits = READING_TURNS,
            Err(OpenError::Pruned { .. }) => {
                (reading.reader, reading.waits) = (None, READING_TURNS);
                let pending = &mut reading.pending;
                let mut give = |piece| {
                    pending.push_back(piece);
                    true
                };
                let given = read_snapshot(&self.disk, &self.directory, &|| true, &mut give);
                return given.err().map(Piece::Gone);
            }
            Err(error) => return Some(Piece::Gone(error.to_string())),
        }
        let hash = reader.hash();
        let records = (!piece.is_empty()).then_some(Piece::Records(piece));
        if !reading.has_begun
            && let Some(hash) = hash
        {
            reading.has_begun = true;
            reading.pending.extend(records);
            return Some(Piece::Begins { hash });
        }
        records
    }

    fn end(&mut self, node: NodeId) {
        self.readings.retain(|reading| reading.node != node);
    }
}

/// A snapshot on its way to the directory of a node.
pub struct SimulatedArrival {
    directory: PathBuf,
    cluster: ClusterName,
    arriving: Option<Arriving>,
    waits: u32,
    failure: Option<String>,
}

impl SimulatedArrival {
    /// None yet.
    pub fn new(directory: PathBuf, cluster: ClusterName) -> Self {
        Self { directory, cluster, arriving: None, waits: 0, failure: None }
    }
}

impl Arrival for SimulatedArrival {
    fn begin(&mut self, parcel: &Parcel) {
        (self.arriving, self.failure, self.waits) = (None, None, SYNCING_TURNS);
        match Arriving::create(&self.directory, self.cluster, parcel) {
            Ok(arriving) => self.arriving = Some(arriving),
            Err(error) => self.failure = Some(error.to_string()),
        }
    }

    fn has_room(&self) -> bool {
        true
    }

    fn part(&mut self, bytes: &[u8]) {
        if let Some(arriving) = &mut self.arriving
            && let Err(error) = arriving.write(bytes)
        {
            (self.arriving, self.failure) = (None, Some(error.to_string()));
        }
    }

    fn outcome(&mut self) -> Option<Result<(), String>> {
        if let Some(failure) = self.failure.take() {
            return Some(Err(failure));
        }
        self.arriving.as_ref().filter(|arriving| arriving.is_whole())?;
        if self.waits > 0 {
            self.waits -= 1;
            return None;
        }
        let arriving = self.arriving.take()?;
        Some(arriving.finish(|| true).map_err(|error| error.to_string()))
    }

    fn end(&mut self) {
        self.arriving = None;
    }
}

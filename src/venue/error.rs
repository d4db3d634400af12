//! Why a venue does not start, and why it does not stop in order.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::journal::transfer::TransferError;
use crate::journal::{JournalError, OpenError};
use crate::model::{Refusal, Sequence};
use crate::runtime::FaultReport;
use crate::venue::snapshot::FollowError;
use crate::venue::{SYNC_PATIENCE, listener};

/// Why a venue cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal needs a snapshot, and none can be used.
    #[error(transparent)]
    Snapshot(#[from] FollowError),
    /// A snapshot that was sent to this node cannot take the journal's place.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The journal does not begin with a genesis.
    #[error(
        "the journal's first record is no genesis: it is no exchange's journal, or a part of one"
    )]
    NoGenesis,
    /// The store of sent messages cannot be made.
    #[error("{}: the store of sent messages cannot be written: {source}", path.display())]
    Outbound {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log ring cannot be read or made.
    #[error("the log ring {}: {source}", path.display())]
    Ring {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Records between the journal and the ring are missing.
    #[error(
        "the log ring {} goes on with record {found}, the journal ends with {last}: records \
         between them are missing. Was the journal directory replaced by an older copy? Bring the \
         newer one back, or remove the ring file to go on without its records", path.display()
    )]
    RingGap {
        /// The ring.
        path: PathBuf,
        /// The journal's last record.
        last: Sequence,
        /// The ring's next.
        found: Sequence,
    },
    /// The journal and the ring are parts of different logs.
    #[error(
        "the log ring {} is not of the log that the journal is: they part at record {at}. Was the journal directory \
         replaced by an older copy? Bring the newer one back, or remove the ring file to go on without its records",
        path.display()
    )]
    RingParts {
        /// The ring.
        path: PathBuf,
        /// Where they part.
        at: Sequence,
    },
    /// The listener cannot be made.
    #[error("cannot listen for FIX on {address}: {source}{}", who_has(*address, source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The operator's socket cannot be made.
    #[error("cannot open the operator's socket {}: {source}", path.display())]
    Admin {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log of latencies cannot be written.
    #[error("{}: the log of latencies ([telemetry] latency_log) cannot be written: {source}", path.display())]
    LatencyLog {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// To follow the primary this node would forget what it, or its primary, told clients.
    #[error(
        "to follow the primary this node would cut its log behind record {to}, but clients were told of effects up to \
         record {told}, or about to be: an operator promoted a node that lacks them. Keep this node's journal, so that it \
         can be found out what the clients were told; then empty its journal directory and start it"
    )]
    CutTold {
        /// The last record that would stay.
        to: Sequence,
        /// The last that clients were told of, at least.
        told: Sequence,
    },
    /// What a node of a cluster needs cannot be had.
    #[error("the cluster cannot be joined: {why}")]
    Cluster {
        /// Why.
        why: String,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// The log has something else under this id or name.
    #[error(
        "{what} cannot be brought in: the log has it otherwise, or something else in its place \
         ({:?}, value {}, limit {}). Ids are positions in the file: add at the end, remove nothing, \
         and do not change what the log has fixed", refusal.code, refusal.value, refusal.limit
    )]
    Definition {
        /// What, as the configuration has it.
        what: String,
        /// The engine's answer.
        refusal: Refusal,
    },
    /// The system gives fewer open files than the venue may need.
    #[error(
        "the system allows {allowed} open files, and {needed} may be needed: lower [fix] \
         connections_max, or raise the limit (ulimit -n, LimitNOFILE=)"
    )]
    Files {
        /// The limit.
        allowed: u64,
        /// What is needed.
        needed: u64,
    },
    /// No random number for the secret of the log.
    #[error("/dev/urandom: {0}")]
    Random(io::Error),
}

impl StartError {
    /// Whether the journal's disk failed, so that nobody can say what is on it.
    pub fn is_of_disk(&self) -> bool {
        match self {
            Self::Open(error) => error.is_of_disk(),
            Self::Journal(error) => error.is_of_disk(),
            Self::Snapshot(FollowError::Journal(error))
            | Self::Transfer(TransferError::Journal(error)) => error.is_of_disk(),
            _ => false,
        }
    }
}

/// Why a stop was not orderly.
#[derive(Debug, Error)]
pub enum StopError {
    /// An agent could not go on.
    #[error("{0}")]
    Fault(FaultReport),
    /// The log did not become durable.
    #[error(
        "the log is written to record {last} and synced to {synced}, and the disk does not take \
         the rest within {} s. What was acknowledged is safe; the rest is read from the log ring \
         at the next start", SYNC_PATIENCE.as_secs()
    )]
    NotDurable {
        /// The last record.
        last: Sequence,
        /// The last that is synced.
        synced: Sequence,
    },
}

/// Who listens on an address, where the system tells.
fn who_has(address: SocketAddr, error: &io::Error) -> String {
    if error.kind() != io::ErrorKind::AddrInUse {
        return String::new();
    }
    match listener::process_on(address.port()) {
        Some(process) => format!(": process {process} listens there"),
        None => ": another process listens there".to_owned(),
    }
}

//! What can go wrong with a journal, told so that an operator knows what to do.

use std::io;
use std::sync::Arc;

use thiserror::Error;

use crate::model::{Epoch, Sequence};

/// Why a journal could not be opened or read. Nothing was changed on disk, save where `Disk` says
/// so.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The operating system refused something.
    #[error("cannot {action} {path}: {source}")]
    Disk {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: String,
        /// What it said.
        source: io::Error,
    },
    /// Another process has the directory.
    #[error(
        "journal directory {path} is in use by {holder}: stop that process, or give this one a \
         directory of its own"
    )]
    Locked {
        /// The directory.
        path: String,
        /// The process, where it can be told.
        holder: String,
    },
    /// A file that is none of the journal's lies in its directory.
    #[error(
        "{path} is no file of a journal; expected only files such as {expected} and \"lock\": move \
         it elsewhere, or name another directory"
    )]
    ForeignFile {
        /// The file.
        path: String,
        /// A name that would be one.
        expected: String,
    },
    /// A segment was written by another version of the format.
    #[error(
        "{path} has journal format version {found}; this program reads version {expected}: start \
         the release of Castle that wrote it, or convert it with that release"
    )]
    WrongVersion {
        /// The file.
        path: String,
        /// Its version.
        found: u32,
        /// The version that can be read.
        expected: u32,
    },
    /// A segment belongs to another cluster.
    #[error(
        "{path} belongs to cluster \"{found}\"; this node is of cluster \"{expected}\": correct \
         the cluster in the configuration, or name another journal directory"
    )]
    WrongCluster {
        /// The file.
        path: String,
        /// Its cluster.
        found: String,
        /// This node's.
        expected: String,
    },
    /// A segment's header names another number than its file.
    #[error(
        "{path} says that it is segment {found} of journal {found_mark:016x}; by its name it is \
         segment {expected} of journal {expected_mark:016x}: give the files of this journal their \
         own names again, or restore the directory from the peer or a backup"
    )]
    WrongSegment {
        /// The file.
        path: String,
        /// The number in its header.
        found: u64,
        /// The number in its name.
        expected: u64,
        /// The journal's mark in its header.
        found_mark: u64,
        /// The mark in the first segment.
        expected_mark: u64,
    },
    /// A segment is not there although a later one is.
    #[error(
        "{path} is missing, although {found} exists: put it back from the peer or a backup; \
         without it the records that it held are lost"
    )]
    MissingSegment {
        /// The file.
        path: String,
        /// A later one.
        found: String,
    },
    /// The journal's beginning is needed, and was pruned.
    #[error(
        "{path} begins with record {first}, since what was before it was pruned: it cannot be replayed \
         from its beginning. castle snapshot --verify checks it from its oldest snapshot on"
    )]
    Pruned {
        /// The directory.
        path: String,
        /// The first record that is left.
        first: Sequence,
    },
    /// A journal that is being written has bytes that its writer did not put there.
    #[error(
        "{path} cannot be read on at byte {offset}, where record {sequence} must stand: {what}. Look at the \
         disk, and check the journal: castle journal verify"
    )]
    NotReadable {
        /// The file.
        path: String,
        /// The bad record or frame begins there.
        offset: u64,
        /// What is wrong.
        what: String,
        /// The record that must stand there.
        sequence: Sequence,
    },
    /// Synced bytes are bad.
    #[error(
        "{path} is corrupt at byte {offset}: {what}. Record {sequence} must stand there, since \
         records up to {synced} were synced to disk. Nothing was changed; restore the file from \
         the peer or a backup"
    )]
    Corrupt {
        /// The file.
        path: String,
        /// The first bad byte's record or frame begins there.
        offset: u64,
        /// What is wrong.
        what: String,
        /// The record that must stand there.
        sequence: u64,
        /// The highest sequence that any good batch names as synced.
        synced: u64,
    },
    /// The node's own file is damaged, both copies.
    #[error(
        "{path} is damaged: the highest epoch that this node has seen is lost. If the arbiter was never \
         founded anew, remove the file; nothing else was changed"
    )]
    NodeFile {
        /// The file.
        path: String,
    },
    /// The cluster is in a lower epoch, or reign, than this node has seen.
    #[error(
        "the cluster is in {what} {found}, but {path} says that this node has seen {what} {seen}: was the \
         arbiter given an old copy of its data? \"The arbiter has lost its data\" in docs/operations.md says what to do"
    )]
    LowerEpoch {
        /// The node's file.
        path: String,
        /// "epoch" or "reign".
        what: &'static str,
        /// What was refused.
        found: Epoch,
        /// The highest that was seen.
        seen: Epoch,
    },
    /// A journal is to be cut behind a record that it does not have as the primary has it.
    #[error(
        "{path}: cannot be cut to what it shares with the primary: {what}. Nothing was changed"
    )]
    NotShared {
        /// The journal.
        path: String,
        /// What is not shared.
        what: String,
    },
    /// The options do not fit together.
    #[error("journal options: {what} is {value}, allowed is {allowed}")]
    Options {
        /// The option.
        what: &'static str,
        /// Its value.
        value: u64,
        /// What would be allowed.
        allowed: String,
    },
    /// The writer failed while the journal was being opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl OpenError {
    /// Whether the disk failed, so that nobody can say what is on it.
    pub fn is_of_disk(&self) -> bool {
        match self {
            Self::Disk { action, source, .. } => has_failed(action, source),
            Self::Journal(error) => error.is_of_disk(),
            _ => false,
        }
    }

    pub(super) fn disk(action: &'static str, path: String) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Disk { action, path, source }
    }
}

/// Why an append or a sync did not happen.
#[derive(Debug, Clone, Error)]
pub enum JournalError {
    /// The next segment is not prepared yet. Nothing was written; try the same batch again later.
    #[error("the next segment of the journal is not prepared yet")]
    WouldWait,
    /// A batch longer than all prepared segments. Nothing was written.
    #[error("a batch of {bytes} bytes is longer than the journal's prepared segments hold")]
    BatchTooLong {
        /// Its length in bytes.
        bytes: u64,
    },
    /// The disk is full and the reserve is used up. Fatal.
    #[error(
        "the disk of the journal is full and its reserve is used up: free space on it, then start \
         again; nothing acknowledged is lost"
    )]
    Full,
    /// A record that does not continue the journal. Fatal.
    #[error(
        "record {found} (epoch {found_epoch}) does not continue the journal, whose next record is \
         {expected} (epoch at least {expected_epoch})"
    )]
    OutOfOrder {
        /// Its sequence.
        found: u64,
        /// Its epoch.
        found_epoch: u32,
        /// The sequence that must come.
        expected: u64,
        /// The epoch of the record before.
        expected_epoch: u32,
    },
    /// Bytes that are no record. Fatal.
    #[error("what was to be appended at {sequence} is no record: {what}")]
    NoRecord {
        /// The sequence that must come.
        sequence: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The disk failed. Fatal: after a failed sync nothing tells what is on it.
    #[error(
        "cannot {action} {path}: {source}. The journal stops here; check the disk, then start again"
    )]
    Disk {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: String,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
}

impl JournalError {
    /// Whether the disk failed, so that nobody can say what is on it.
    pub fn is_of_disk(&self) -> bool {
        matches!(self, Self::Disk { action, source, .. } if has_failed(action, source))
    }

    /// Whether every later call will give the same error.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::WouldWait | Self::BatchTooLong { .. })
    }
}

/// A file that may not be opened, or is not there, is no failure of the disk. Nor is one for which there is no space,
/// unless it had some before.
fn has_failed(action: &str, error: &io::Error) -> bool {
    let is_refused =
        matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied);
    let has_no_space = is_full(error) && matches!(action, "create" | "open");
    !(is_refused || has_no_space)
}

/// Whether the disk, or this user's part of it, is full.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

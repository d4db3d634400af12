//! What was done to a machine's disk, and what may come of it. A process that ends, or does not begin, for anything
//! else has a defect.

use std::io;

use crate::journal::simulated::{FAILED_SYNC, FAILED_WRITE};
use crate::journal::{JournalError, OpenError};
use crate::venue::StartError;
use crate::venue::snapshot::FollowError;

/// What a disk suffers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Harm {
    /// One of its next operations fails.
    pub fails: bool,
    /// A bit of it was changed: it has to be replaced once that is noticed.
    pub is_damaged: bool,
    /// What the log lacks is known only once a process has looked.
    pub is_doubtful: bool,
    /// It has no more space.
    pub is_full: bool,
    /// It had none until a moment ago, and the process may not have used what there is.
    pub was_full_until_ns: u64,
}

/// The part of it that a process ended by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// An operation failed, as it was to: it may succeed the next time.
    Failed,
    /// There is no space.
    Full,
    /// What is on it is not what was written.
    Damaged,
}

impl Harm {
    /// Whether what was acknowledged may be gone without a word of the process that acknowledged it.
    pub fn may_have_lost(&self) -> bool {
        self.is_damaged || self.is_doubtful
    }

    fn lacks_space(&self, now_ns: u64) -> bool {
        self.is_full || now_ns < self.was_full_until_ns
    }

    /// What made an agent say this, if that was injected.
    pub fn of_agent(&self, why: &str, now_ns: u64) -> Option<Reason> {
        if is_injected(why) {
            return Some(Reason::Failed);
        }
        let is_of_space = why.contains(&JournalError::Full.to_string());
        (is_of_space && self.lacks_space(now_ns)).then_some(Reason::Full)
    }

    /// What made recovery say this, if that was injected.
    pub fn of_start(&self, error: &StartError, now_ns: u64) -> Option<Reason> {
        let reason = match error {
            _ if is_injected(&error.to_string()) => Reason::Failed,
            StartError::Open(OpenError::Disk { source, .. })
                if source.kind() == io::ErrorKind::StorageFull =>
            {
                Reason::Full
            }
            StartError::Open(OpenError::Journal(JournalError::Full))
            | StartError::Journal(JournalError::Full) => Reason::Full,
            // The ring goes on behind what was cut as a torn end.
            StartError::RingGap { .. } | StartError::RingParts { .. } | StartError::NoGenesis => {
                Reason::Damaged
            }
            StartError::Snapshot(FollowError::Journal(error)) | StartError::Open(error)
                if is_of_content(error) =>
            {
                Reason::Damaged
            }
            _ => return None,
        };
        let was_injected = match reason {
            Reason::Failed => true,
            Reason::Full => self.lacks_space(now_ns),
            Reason::Damaged => self.is_damaged,
        };
        was_injected.then_some(reason)
    }
}

/// Only an operation that was to fail says so.
fn is_injected(why: &str) -> bool {
    why.contains(FAILED_WRITE) || why.contains(FAILED_SYNC)
}

/// Whether it is about bytes that are not what was written.
fn is_of_content(error: &OpenError) -> bool {
    matches!(
        error,
        OpenError::Corrupt { .. }
            | OpenError::NotReadable { .. }
            | OpenError::WrongVersion { .. }
            | OpenError::WrongCluster { .. }
            | OpenError::WrongSegment { .. }
            | OpenError::MissingSegment { .. }
            | OpenError::NotShared { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sequence;

    fn refusal(kind: io::ErrorKind, text: &str) -> StartError {
        let source = if text.is_empty() { kind.into() } else { io::Error::new(kind, text) };
        StartError::Open(OpenError::Disk { action: "create", path: "a".to_owned(), source })
    }

    fn corrupt() -> StartError {
        let (path, what) = ("a".to_owned(), "it is".to_owned());
        StartError::Open(OpenError::Corrupt { path, offset: 0, what, sequence: 1, synced: 1 })
    }

    #[test]
    fn only_what_was_injected_is_a_reason() {
        let whole = Harm::default();
        let full = Harm { is_full: true, ..whole };
        let damaged = Harm { is_damaged: true, ..whole };
        let no_space = refusal(io::ErrorKind::StorageFull, "");
        assert_eq!(whole.of_start(&no_space, 0), None);
        assert_eq!(full.of_start(&no_space, 0), Some(Reason::Full));
        assert_eq!(full.of_start(&corrupt(), 0), None);
        assert_eq!(damaged.of_start(&corrupt(), 0), Some(Reason::Damaged));
        assert_eq!(damaged.of_start(&no_space, 0), None);
        let failed = refusal(io::ErrorKind::Other, FAILED_SYNC);
        assert_eq!(whole.of_start(&failed, 0), Some(Reason::Failed));
        let (to, told) = (Sequence(1), Sequence(2));
        for harm in [full, damaged] {
            assert_eq!(harm.of_start(&StartError::CutTold { to, told }, 0), None);
            assert_eq!(harm.of_agent("journal: record 5 does not continue the journal", 0), None);
        }
        let used_up = JournalError::Full.to_string();
        let lately = Harm { was_full_until_ns: 10, ..whole };
        assert_eq!(lately.of_agent(&used_up, 9), Some(Reason::Full));
        assert_eq!(lately.of_agent(&used_up, 10), None);
        assert_eq!(whole.of_agent(FAILED_WRITE, 0), Some(Reason::Failed));
    }
}

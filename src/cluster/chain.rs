//! The short form of a log: where each reign began. Two nodes find by it, in one exchange, the last record
//! that they share.
//!
//! One process numbers the records of a reign, each after the one before. So a reign that began for two nodes at
//! the same record, after the same running hash, is the same reign, and what lies before it is the same for
//! both. The last record that they share is then the end of that reign on the side where it is shorter.

use thiserror::Error;

use crate::model::{Epoch, Sequence};

pub use crate::journal::REIGNS_MAX;

/// Where a reign began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Start {
    /// The epoch in which its primary took over: that of its records.
    pub reign: Epoch,
    /// Its first record.
    pub first: Sequence,
    /// The running hash before that record.
    pub hash: u64,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    starts: Vec<Start>,
    is_whole: bool,
    last: Sequence,
}

/// Why two logs have no last shared record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Parted {
    /// A reign began in two places, which no two logs of one cluster can have.
    #[error(
        "the reign of epoch {} began at record {} here and at record {} there: one of the two logs is not of \
         this cluster, or is damaged",
        .0.reign, .0.first, .1.first
    )]
    Reign(Start, Start),
    /// More reigns lie between them than a chain tells of.
    #[error(
        "the logs part before the last {REIGNS_MAX} reigns: empty the standby's journal directory, so that it \
         gets everything anew"
    )]
    TooFar,
}

impl Chain {
    /// The chain of an empty log.
    pub fn new() -> Self {
        Self { starts: Vec::new(), is_whole: true, last: Sequence(0) }
    }

    /// A chain as another node told it; none where that is no chain.
    pub fn told(starts: Vec<Start>, is_whole: bool, last: Sequence) -> Option<Self> {
        let rises = |pair: &[Start]| pair[0].reign < pair[1].reign && pair[0].first < pair[1].first;
        let fits = starts.len() <= REIGNS_MAX
            && starts.windows(2).all(rises)
            && starts.last().is_none_or(|start| start.first <= last)
            && starts.first().is_none_or(|start| start.first > Sequence(0))
            && (starts.is_empty() == (last == Sequence(0)));
        fits.then_some(Self { starts, is_whole, last })
    }

    /// The next record, of this reign; `hash` is the running hash before it.
    pub fn push(&mut self, reign: Epoch, hash: u64) {
        self.last = self.last.next();
        if self.starts.last().is_none_or(|start| start.reign != reign) {
            if self.starts.len() == REIGNS_MAX {
                self.starts.remove(0);
                self.is_whole = false;
            }
            self.starts.push(Start { reign, first: self.last, hash });
        }
    }

    /// Forgets what lies behind a record.
    pub fn cut(&mut self, last: Sequence) {
        self.last = self.last.min(last);
        self.starts.retain(|start| start.first <= last);
    }

    /// The last record.
    pub fn last(&self) -> Sequence {
        self.last
    }

    /// The reign of the last record; 0 where there is none.
    pub fn last_reign(&self) -> Epoch {
        self.starts.last().map_or(Epoch(0), |start| start.reign)
    }

    /// Where the reigns began, oldest first.
    pub fn starts(&self) -> &[Start] {
        &self.starts
    }

    /// Whether it begins with the log's first reign.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The last record of the reign at `index`.
    fn end(&self, index: usize) -> Sequence {
        self.starts.get(index + 1).map_or(self.last, |next| Sequence(next.first.0 - 1))
    }

    /// The last record that both logs have.
    pub fn shared(&self, other: &Self) -> Result<Sequence, Parted> {
        for (index, start) in self.starts.iter().enumerate().rev() {
            let found = other.starts.binary_search_by_key(&start.reign, |start| start.reign);
            let Ok(there) = found else { continue };
            if other.starts[there] != *start {
                return Err(Parted::Reign(*start, other.starts[there]));
            }
            return Ok(self.end(index).min(other.end(there)));
        }
        // Nothing is shared with an empty log, whatever was forgotten of the other.
        let is_empty = self.last == Sequence(0) || other.last == Sequence(0);
        let are_whole = self.is_whole && other.is_whole;
        if is_empty || are_whole { Ok(Sequence(0)) } else { Err(Parted::TooFar) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain of records with these reigns; the running hash is the number of records, plus `salt`.
    fn chain(reigns: &[u32]) -> Chain {
        let mut chain = Chain::new();
        for (at, reign) in reigns.iter().enumerate() {
            chain.push(Epoch(*reign), at as u64);
        }
        chain
    }

    fn check(one: &[u32], other: &[u32], shared: u64) {
        let (one, other) = (chain(one), chain(other));
        assert_eq!(one.shared(&other), Ok(Sequence(shared)));
        assert_eq!(other.shared(&one), Ok(Sequence(shared)));
    }

    #[test]
    fn the_last_shared_record_ends_the_shorter_of_the_last_common_reign() {
        check(&[], &[], 0);
        check(&[1, 1, 1], &[], 0);
        check(&[1, 1, 1], &[1, 1], 2);
        check(&[1, 1, 3, 3], &[1, 1, 1, 1, 1], 2);
        check(&[1, 1, 3, 3], &[1, 1, 4, 4], 2);
        check(&[1, 1, 3, 3, 5], &[1, 1, 3, 3, 3, 4], 4);
        check(&[2], &[3], 0);
    }

    #[test]
    fn a_cut_chain_is_that_of_the_shorter_log() {
        let mut cut = chain(&[1, 1, 3, 3, 5]);
        cut.cut(Sequence(2));
        assert_eq!(cut, chain(&[1, 1]));
        cut.cut(Sequence(0));
        assert_eq!(cut, Chain::new());
    }

    #[test]
    fn a_reign_that_began_twice_is_told() {
        let error = chain(&[1, 2]).shared(&chain(&[1, 1, 2])).expect_err("no two logs are so");
        assert!(error.to_string().contains("epoch 2 began at record 2 here and at record 3 there"));
    }

    #[test]
    fn a_chain_forgets_its_oldest_reigns() {
        let many: Vec<u32> = (1..=REIGNS_MAX as u32 + 5).collect();
        let long = chain(&many);
        assert_eq!((long.starts().len(), long.is_whole()), (REIGNS_MAX, false));
        assert_eq!(long.shared(&chain(&[1, 2, 3])), Err(Parted::TooFar));
        assert_eq!(long.shared(&Chain::new()), Ok(Sequence(0)));
        assert_eq!(Chain::new().shared(&long), Ok(Sequence(0)));
        assert_eq!(
            long.shared(&chain(&many[..many.len() - 1])),
            Ok(Sequence(many.len() as u64 - 1))
        );
    }

    #[test]
    fn what_is_no_chain_is_not_taken_for_one() {
        let start = |reign, first| Start { reign: Epoch(reign), first: Sequence(first), hash: 0 };
        let told = |starts: &[Start], last| Chain::told(starts.to_vec(), true, Sequence(last));
        assert!(told(&[start(1, 1), start(2, 5)], 7).is_some());
        for (starts, last) in [
            (vec![start(2, 1), start(1, 5)], 7),
            (vec![start(1, 5), start(2, 5)], 7),
            (vec![start(1, 1), start(2, 9)], 7),
            (vec![start(1, 0)], 7),
            (vec![], 7),
            (vec![start(1, 1)], 0),
        ] {
            assert_eq!(told(&starts, last), None, "{starts:?} {last}");
        }
    }
}

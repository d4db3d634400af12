//! Where the reigns of a log began: by this two nodes find the last record that they share, without comparing
//! more (`cluster::chain`).

use crate::model::{Epoch, Sequence};

/// The most reigns that are remembered; older ones are forgotten. A restart or a failover makes one.
pub const REIGNS_MAX: usize = 1_024;

/// Where a reign began: records of one epoch, which one process numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReignStart {
    /// The epoch of its records.
    pub epoch: Epoch,
    /// Its first record.
    pub first: Sequence,
    /// The running hash before that record.
    pub running_hash: u64,
}

/// Where the reigns of a log began, oldest first, each with a higher epoch and a later record than the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reigns {
    starts: Vec<ReignStart>,
    is_whole: bool,
}

impl Default for Reigns {
    fn default() -> Self {
        Self { starts: Vec::new(), is_whole: true }
    }
}

impl Reigns {
    /// Those that were written down; none where there are too many, or they do not rise.
    pub(super) fn told(starts: Vec<ReignStart>, is_whole: bool) -> Option<Self> {
        let rises =
            |pair: &[ReignStart]| pair[0].epoch < pair[1].epoch && pair[0].first < pair[1].first;
        let fits = starts.len() <= REIGNS_MAX
            && starts.windows(2).all(rises)
            && starts.first().is_none_or(|start| start.first > Sequence(0));
        fits.then_some(Self { starts, is_whole })
    }

    /// One more, behind all others.
    pub fn push(&mut self, start: ReignStart) {
        if self.starts.len() == REIGNS_MAX {
            self.starts.remove(0);
            self.is_whole = false;
        }
        self.starts.push(start);
    }

    /// Those that followed.
    pub fn append(&mut self, later: &Self) {
        self.is_whole &= later.is_whole;
        later.starts.iter().for_each(|start| self.push(*start));
    }

    /// Oldest first.
    pub fn starts(&self) -> &[ReignStart] {
        &self.starts
    }

    /// Whether none was forgotten.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(number: u32) -> ReignStart {
        let first = Sequence(u64::from(number) * 10);
        ReignStart { epoch: Epoch(number), first, running_hash: u64::from(number) }
    }

    fn reigns(numbers: std::ops::RangeInclusive<u32>) -> Reigns {
        let mut reigns = Reigns::default();
        numbers.for_each(|number| reigns.push(start(number)));
        reigns
    }

    #[test]
    fn the_oldest_are_forgotten_and_that_is_told() {
        let most = REIGNS_MAX as u32;
        let mut all = reigns(1..=most);
        assert!(all.is_whole());
        all.append(&reigns(most + 1..=most + 2));
        assert!(!all.is_whole());
        assert_eq!(all.starts().len(), REIGNS_MAX);
        assert_eq!((all.starts()[0], all.starts()[REIGNS_MAX - 1]), (start(3), start(most + 2)));
        let mut few = reigns(1..=2);
        few.append(&reigns(3..=most + 3));
        assert!(!few.is_whole());
    }

    #[test]
    fn what_does_not_rise_is_not_taken_for_reigns() {
        assert_eq!(Reigns::told(vec![start(1), start(2)], true), Some(reigns(1..=2)));
        assert_eq!(Reigns::told(Vec::new(), true), Some(Reigns::default()));
        let same_record = ReignStart { first: Sequence(10), ..start(2) };
        for bad in [vec![start(2), start(1)], vec![start(1), same_record], vec![start(0)]] {
            assert_eq!(Reigns::told(bad, true), None);
        }
        let most = REIGNS_MAX as u32 + 1;
        assert_eq!(Reigns::told((1..=most).map(start).collect(), true), None);
    }
}

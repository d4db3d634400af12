//! What a node keeps over the end of a process.

use crate::cluster::view::Incarnation;
use crate::model::{Epoch, Sequence};

/// What a node never goes back behind. On disk, synced before it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Promise {
    /// The highest epoch that the arbiter showed: a lower one is an arbiter that was restored from a backup.
    pub epoch: Epoch,
    /// The highest reign that this node followed or heard of: records of a lower one are refused.
    pub reign: Epoch,
}

/// What shows that a log lost nothing. In tmpfs, so gone with the boot; written before what it says is sent or
/// told. An I/O error of the journal and a difference of state remove it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The life.
    pub incarnation: Incarnation,
    /// The highest record that this node acknowledged, or told as primary. A cut that a primary asked for
    /// lowers it, before the cut is done.
    pub acknowledged: Sequence,
    /// The last writing of the node's file on disk, which promises and cuts go into. A disk with a lower one is an
    /// older image: its log may be as long, and another.
    pub writing: u64,
}

impl Kept {
    /// The incarnation that goes on with what a disk and a log ring hold; none where it is another life.
    pub fn goes_on(&self, end: Sequence, writing: u64) -> Option<Incarnation> {
        let lacks_nothing = end >= self.acknowledged && writing >= self.writing;
        lacks_nothing.then_some(self.incarnation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_goes_on_only_with_all_that_it_acknowledged_and_wrote() {
        let incarnation = Incarnation(7);
        let kept = Kept { incarnation, acknowledged: Sequence(9), writing: 5 };
        assert_eq!(kept.goes_on(Sequence(9), 5), Some(incarnation));
        assert_eq!(kept.goes_on(Sequence(12), 6), Some(incarnation));
        assert_eq!(kept.goes_on(Sequence(8), 5), None, "records are gone");
        // As long as before, but perhaps with records that were cut since, in the place of those that came.
        assert_eq!(kept.goes_on(Sequence(12), 4), None, "an older disk");
    }
}

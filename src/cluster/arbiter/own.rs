//! Where there is no arbiter: this node's copy of the view, on its own disk.
//!
//! Nobody else swaps in it, so a swap of this node is done as soon as it is on disk. What other nodes say of
//! the view comes by [`Arbiter::adopt`], which takes only a higher epoch. Why that is enough while only operators say who
//! is primary is argued in `docs/cluster.md`.

use std::path::Path;
use std::time::Duration;

use super::{Arbiter, ArbiterError, FileArbiter, Held, Version};
use crate::cluster::view::View;

/// See the module.
#[derive(Debug)]
pub struct OwnView(FileArbiter);

impl OwnView {
    /// The copy in `directory`, which is made if it is not there.
    pub fn open(directory: &Path) -> Result<Self, ArbiterError> {
        FileArbiter::open(directory).map(Self)
    }
}

impl Arbiter for OwnView {
    fn name(&self) -> String {
        format!("this node's copy of the view in {}", self.0.directory().display())
    }

    fn read(&mut self) -> Result<Option<Held>, ArbiterError> {
        self.0.read()
    }

    fn swap(&mut self, expected: Version, view: &View) -> Result<(), ArbiterError> {
        match self.read()? {
            Some(held) if held.version == expected => self.adopt(view),
            _ => Ok(()),
        }
    }

    fn found(&mut self, view: &View) -> Result<(), ArbiterError> {
        self.0.found(view)
    }

    fn adopt(&mut self, view: &View) -> Result<(), ArbiterError> {
        match self.read()? {
            Some(held) if held.view.epoch() >= view.epoch() => Ok(()),
            _ => self.0.keep(view),
        }
    }

    fn watch(&mut self, known: Version, patience: Duration) -> Result<Option<Held>, ArbiterError> {
        self.0.watch(known, patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::view::{Change, Incarnation, Member};
    use crate::model::{ClusterName, Durability, Epoch, NodeId};

    fn member(node: u16) -> Member {
        Member { node: NodeId(node), incarnation: Incarnation(7) }
    }

    #[test]
    fn a_higher_view_is_adopted_a_lower_one_and_a_swap_of_it_are_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut own = OwnView::open(directory.path()).expect("it can be made");
        let name = ClusterName::new(b"castle").expect("it is short");
        let level = Durability::LocalDisk;
        let first = View::founding(name, member(0), Epoch(0), level, 1).expect("it is valid");
        own.found(&first).expect("it is writable");
        let before = own.read().expect("it is readable").expect("it was founded");
        let over = Change::Promotion { primary: member(1), above: Epoch(0) };
        let over = first.next(&over, level, 2).expect("it is valid");
        own.adopt(&over).expect("it is writable");
        let swapped = first.next(&Change::InSync(vec![member(0)]), level, 3).expect("it is valid");
        own.swap(before.version, &swapped).expect("it is writable");
        own.adopt(&swapped).expect("it is writable");
        let held = own.read().expect("it is readable").expect("it is there");
        assert_eq!((held.view.epoch(), &held.view), (Epoch(1_000_001), &over));
        let next = over.next(&Change::InSync(vec![member(1)]), level, 4).expect("it is valid");
        own.swap(held.version, &next).expect("it is writable");
        let mut again = OwnView::open(directory.path()).expect("it is there");
        assert_eq!(again.read().expect("it is readable").map(|held| held.view), Some(next));
    }
}

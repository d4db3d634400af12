//! What must hold at every step.

use std::collections::HashMap;

use super::world::{Entry, Node};
use crate::cluster::view::View;
use crate::model::{Durability, Epoch, Sequence};

/// What any node ever told, and who began which reign.
#[derive(Debug, Default)]
pub(super) struct Checker {
    /// The record of each number, from 1.
    pub told: Vec<Entry>,
    /// The number of the last record that may be told, and that record.
    released: Option<(Sequence, Entry)>,
    /// Which process began a reign.
    reigns: HashMap<Epoch, u64>,
}

impl Checker {
    /// A node tells the effects of its record.
    pub fn tell(&mut self, node: &Node, sequence: Sequence) -> Result<(), String> {
        let at = sequence.0 as usize - 1;
        let id = node.id;
        let Some(entry) = node.log.get(at) else {
            return Err(format!("node {id} tells record {sequence}, which it does not have"));
        };
        match self.told.get(at) {
            Some(known) if known == entry => Ok(()),
            Some(known) => {
                Err(format!("node {id} tells {entry:?} as record {sequence}; told was {known:?}"))
            }
            // A node tells in order, so what is missing before was told by none.
            None if at == self.told.len() => {
                self.told.push(*entry);
                Ok(())
            }
            None => Err(format!(
                "node {id} tells record {sequence} where only {} were told",
                self.told.len()
            )),
        }
    }

    /// A process begins a reign. One that reads late may begin a reign that is over, where nobody follows it:
    /// what it may lack then, it cannot tell either.
    pub fn begin(&mut self, node: &Node, reign: Epoch, now: Option<&View>) -> Result<(), String> {
        if let Some(other) = self.reigns.insert(reign, node.process)
            && other != node.process
        {
            return Err(format!("two processes began the reign of epoch {reign}"));
        }
        if now.is_some_and(|view| view.reign() != reign) {
            return Ok(());
        }
        self.holds_all(node, node.log.len(), "begins to lead")
    }

    /// A node may tell its records up to this one.
    pub fn release(&mut self, node: &Node, sequence: Sequence) {
        let Some(at) = (sequence.0 as usize).checked_sub(1) else { return };
        if self.released.is_none_or(|(last, _)| last < sequence)
            && let Some(entry) = node.log.get(at)
        {
            self.released = Some((sequence, *entry));
        }
    }

    /// Whether a node's log has all that may have been told.
    pub fn is_all_in(&self, node: &Node) -> bool {
        let has =
            |(last, entry): (Sequence, Entry)| node.log.get(last.0 as usize - 1) == Some(&entry);
        self.released.is_none_or(has)
    }

    /// The running hash of the last told record says that all before it are the same, too.
    fn is_all_below(&self, node: &Node, length: usize) -> bool {
        let Some(last) = self.told.last() else { return true };
        let at = self.told.len() - 1;
        at < length && node.log.get(at) == Some(last)
    }

    fn holds_all(&self, node: &Node, length: usize, what: &str) -> Result<(), String> {
        if self.is_all_below(node, length) {
            return Ok(());
        }
        let (id, told) = (node.id, self.told.len());
        Err(format!("node {id} {what} without the {told} records that were told: {length}"))
    }

    /// The members of the arbiter's view hold all that was told, at its level.
    pub fn view(&self, view: &View, nodes: &[Node]) -> Result<(), String> {
        for member in view.in_sync() {
            let node = &nodes[member.node.index()];
            if node.incarnation() != Some(member.incarnation) {
                continue;
            }
            let is_synced =
                matches!(view.durability(), Durability::LocalDisk | Durability::StandbyDisk);
            let length = if is_synced { node.synced } else { node.log.len() };
            let what = if is_synced { "is in sync on disk" } else { "is in sync" };
            self.holds_all(node, length, what)
                .map_err(|what| format!("epoch {}: {what}", view.epoch()))?;
        }
        Ok(())
    }
}

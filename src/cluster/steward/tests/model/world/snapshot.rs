//! Journals that are pruned, and snapshots in the place of what they lack.

use super::{Entry, Message, World};
use crate::cluster::chain::Chain;
use crate::cluster::steward::{Steward, Welcomed};
use crate::model::{Epoch, Sequence};

/// A snapshot that a standby takes in.
pub(super) struct Taking {
    pub from: usize,
    pub reign: Epoch,
    pub shared: Sequence,
    pub image: Vec<Entry>,
    pub chain: Chain,
}

impl World {
    /// How far a snapshot of a node may reach: what it has on disk, and knows to be told.
    fn snapshot_bound(&self, id: usize) -> usize {
        let node = &self.nodes[id];
        let told = |steward: &Steward| steward.released().max(steward.told()).0 as usize;
        node.synced.min(node.steward.as_ref().map_or(0, told))
    }

    /// Somebody prunes a node's journal behind a snapshot, now and then, in some of the seeds.
    pub(super) fn prune(&mut self, id: usize) {
        if !self.prunes || !self.faults_on || !self.chance.one_in(60) {
            return;
        }
        let bound = self.snapshot_bound(id);
        let from = self.nodes[id].pruned;
        if bound > from {
            self.nodes[id].pruned = from + 1 + self.chance.below(bound - from);
        }
    }

    /// A primary sends one of its snapshots in the place of a welcome.
    pub(super) fn send_snapshot(&mut self, id: usize, to: usize, reign: Epoch, shared: Sequence) {
        let from = self.nodes[id].pruned;
        let end = from + self.chance.below(self.snapshot_bound(id).max(from) - from + 1);
        let node = &self.nodes[id];
        let (image, mut chain) = (node.log[..end].to_vec(), node.chain.clone());
        chain.cut(Sequence(end as u64));
        let at = self.nodes.len() * to + id;
        let connection = &mut self.connections[at];
        if connection.is_open {
            let snapshot = Message::Snapshot { reign, shared, image, chain };
            connection.to_dialler.push_back(snapshot);
        }
    }

    /// A snapshot that is all there takes the place of a node's log, and the node begins anew.
    pub(super) fn take_in(&mut self, id: usize) -> Result<(), String> {
        let is_there = self.nodes[id].taking.is_some() && self.chance.one_in(4);
        let Some(taking) = self.nodes[id].taking.take_if(|_| is_there) else { return Ok(()) };
        let Some(steward) = &mut self.nodes[id].steward else { return Ok(()) };
        if steward.may_take_in(taking.reign, taking.shared) == Welcomed::HangUp {
            self.hang_up(self.nodes.len() * id + taking.from, id);
            return self.obey(id);
        }
        self.note(|_| format!("node {id} takes in a snapshot of {}", taking.image.len()));
        self.snapshots += 1;
        self.end(id, false);
        let node = &mut self.nodes[id];
        node.kept = None;
        (node.pruned, node.synced) = (taking.image.len(), taking.image.len());
        (node.log, node.chain) = (taking.image, taking.chain);
        self.start(id);
        Ok(())
    }
}

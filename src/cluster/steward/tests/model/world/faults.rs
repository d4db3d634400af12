//! The faults of the model, and their end.

use super::network::close;
use super::{Image, Node, World};
use crate::cluster::steward::mutant::Mutant;
use crate::cluster::view::Member;
use crate::model::NodeId;

impl World {
    pub(super) fn fault(&mut self) {
        self.faults += 1;
        if self.goes_on_alone.is_some() && self.chance.one_in(8) {
            return self.give_an_order();
        }
        let node = self.chance.below(self.nodes.len());
        let count = self.nodes.len() + 1;
        let fault = self.chance.below(16);
        self.note(|_| format!("fault {fault} on node {node}"));
        match fault {
            0..3 => self.end(node, false),
            3 if self.may_lose(node) => self.lose_power(node),
            4 if self.may_go_back(node) => self.restore_older_disk(node),
            5 | 6 => self.nodes[node].is_frozen ^= true,
            7 => {
                let (from, to) = (self.chance.below(count), self.chance.below(count));
                self.is_cut[from * count + to] = from != to;
            }
            8 => {
                // Alone, or from the arbiter alone.
                let peers = self.chance.one_in(2);
                for other in 0..count {
                    if (other == count - 1 || peers) && other != node {
                        self.is_cut[node * count + other] = true;
                        self.is_cut[other * count + node] = true;
                    }
                }
            }
            9..11 => self.is_cut.fill(false),
            11 => {
                let at = self.chance.below(self.connections.len());
                let connection = &mut self.connections[at];
                let lost = self.chance.one_in(2);
                close(&mut connection.is_open, &mut connection.to_acceptor, lost);
                connection.is_open = true;
                close(&mut connection.is_open, &mut connection.to_dialler, lost);
            }
            12 => self.switch_over(node),
            _ => {
                if self.nodes[node].steward.is_none() && self.may_start(node) {
                    self.start(node);
                }
            }
        }
    }

    /// Whether the life of a node's log may end: mostly only where another life of the view goes on, since a
    /// run in which an operator must decide shows no more.
    pub(super) fn may_lose(&mut self, node: usize) -> bool {
        self.goes_on_without(node) || self.chance.one_in(20)
    }

    /// Whether a life that the view names goes on on another node.
    fn goes_on_without(&self, node: usize) -> bool {
        let goes_on = |member: &Member| member.node.index() != node && self.lives(member);
        let view = self.held.as_ref().map(|held| &held.view);
        view.is_some_and(|view| view.in_sync().iter().any(goes_on))
    }

    /// Whether a node's disk may be put back. Without an arbiter the view goes back with it: of one that was alone
    /// nobody could know that it had told anything.
    fn may_go_back(&mut self, node: usize) -> bool {
        match self.goes_on_alone {
            None => self.may_lose(node),
            Some(_) => self.goes_on_without(node),
        }
    }

    pub(super) fn switch_over(&mut self, to: usize) {
        for node in self.nodes.iter_mut().filter(|node| !node.is_frozen) {
            if let Some(steward) = &mut node.steward {
                steward.switch_over(NodeId(to as u16), 300);
            }
        }
    }

    pub(super) fn lose_power(&mut self, id: usize) {
        self.end(id, true);
        let node = &mut self.nodes[id];
        // Some of what was not synced may be on the disk all the same.
        let left = node.synced + self.chance.below(node.log.len() - node.synced + 1);
        node.cut(left);
        if self.mutant != Some(Mutant::ReuseIncarnation) {
            node.kept = None;
        }
    }

    /// Somebody takes an image of the disk, or puts one back; the machine is not started anew.
    pub(super) fn restore_older_disk(&mut self, id: usize) {
        let Some(image) = self.nodes[id].image.take() else {
            let node = &mut self.nodes[id];
            let mut chain = node.chain.clone();
            chain.cut(node.own().synced);
            let Node { promise, writing, pruned, .. } = *node;
            let (log, copy) = (node.log[..node.synced].to_vec(), node.copy.clone());
            node.image = Some(Image { log, chain, promise, writing, copy, pruned });
            return;
        };
        self.end(id, false);
        let node = &mut self.nodes[id];
        let Image { log, chain, promise, writing, copy, pruned } = image;
        (node.log, node.chain, node.promise, node.writing, node.copy, node.pruned) =
            (log, chain, promise, writing, copy, pruned);
        node.synced = node.log.len();
    }

    pub(super) fn heal(&mut self) {
        (self.faults_on, self.is_healed) = (false, true);
        self.is_cut.fill(false);
        for id in 0..self.nodes.len() {
            self.nodes[id].is_frozen = false;
            if self.nodes[id].steward.is_none() && self.may_start(id) {
                self.start(id);
            }
        }
    }
}

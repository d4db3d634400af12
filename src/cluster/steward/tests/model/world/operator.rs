//! No arbiter: every node keeps a copy of the view, nodes tell each other, and an operator says who is primary.
//!
//! The operator does what `castle admin promote` asks of him: he stops all others first, starts none of them again
//! until the one that he chose is primary, and chooses one that has all that may have been told and knows whom he
//! promoted last.
//! What is lost where he does otherwise is no concern of a model.

use super::{Message, Question, World};
use crate::cluster::Version;
use crate::cluster::arbiter::Held;
use crate::cluster::steward::{Answer, Request};
use crate::cluster::view::{PROMOTION_EPOCHS, View};
use crate::model::NodeId;

impl World {
    /// A node's thread does what it was asked for with its own copy. An error says nothing of what was done.
    pub(super) fn look_up(&mut self) {
        if self.questions.is_empty() {
            return;
        }
        let at = self.chance.below(self.questions.len());
        if self.nodes[self.questions[at].node].is_frozen {
            return;
        }
        let Question { node, id, request } = self.questions.swap_remove(at);
        let fails = self.chance.one_in(12);
        let is_done = !fails || self.chance.one_in(2);
        let copy = self.nodes[node].copy.clone();
        let epoch = copy.as_ref().map(|held| held.view.epoch());
        let (answer, kept) = match request {
            Request::Read => (Answer::View(copy), None),
            Request::Found(view) => (Answer::Asked, epoch.is_none().then_some(view)),
            Request::Swap { expected, view } => {
                let is_expected = copy.is_some_and(|held| held.version == expected);
                (Answer::Asked, Some(view).filter(|view| is_expected && Some(view.epoch()) > epoch))
            }
            Request::Adopt(view) => {
                (Answer::Asked, Some(view).filter(|view| Some(view.epoch()) > epoch))
            }
        };
        if let Some(view) = kept.filter(|_| is_done) {
            self.keep(node, view);
        }
        self.answers.push((node, id, if fails { Answer::Failed } else { answer }));
    }

    fn keep(&mut self, node: usize, view: View) {
        self.note(|_| format!("node {node} keeps {}", view.to_text()));
        let version = Version(u64::from(view.epoch().0));
        self.nodes[node].copy = Some(Held { view: view.clone(), version });
        if self.held.as_ref().is_none_or(|held| held.view.epoch() < view.epoch()) {
            self.hold(view);
        }
    }

    /// Says the view to whoever dialled, unless it was said already.
    pub(super) fn say_view(&mut self, id: usize, dialler: usize) {
        let at = self.nodes.len() * dialler + id;
        let connection = &mut self.connections[at];
        let steward =
            self.nodes[id].steward.as_ref().filter(|steward| steward.is_without_arbiter());
        let Some(steward) = steward.filter(|_| connection.is_open) else { return };
        let Some(view) = steward.view().cloned() else { return };
        if connection.said != Some(view.epoch()) {
            connection.said = Some(view.epoch());
            let leads = steward.leads().is_some();
            connection.to_dialler.push_back(Message::View { leads, view });
        }
    }

    /// A primary that steps down says the view for which it does.
    pub(super) fn say_last_view(&mut self, id: usize) {
        (0..self.nodes.len()).for_each(|dialler| self.say_view(id, dialler));
    }

    /// A primary dials who does not follow it, to compare views.
    pub(super) fn look_around(&mut self, id: usize) {
        if self.goes_on_alone.is_none() || !self.chance.one_in(6) {
            return;
        }
        let count = self.nodes.len();
        let other = self.chance.below(count);
        let follower = &self.connections[count * other + id];
        if other == id || (follower.is_open && follower.next.is_some()) {
            return;
        }
        let at = count * id + other;
        match (self.connections[at].is_open, self.connections[at].is_look) {
            (true, true) => {}
            // It followed that one.
            (true, false) => self.hang_up(at, id),
            _ => self.dial(id, other),
        }
    }

    /// An operator gives one of his orders.
    pub(super) fn give_an_order(&mut self) {
        if self.chance.one_in(2) {
            return self.leave_out();
        }
        let node = self.chance.below(self.nodes.len());
        if self.promoting.is_none() && self.may_promote(node) {
            self.stop_others_and_promote(node);
        }
    }

    /// Where a primary waits for a standby, it is told not to.
    fn leave_out(&mut self) {
        for node in self.nodes.iter_mut().filter(|node| !node.is_frozen) {
            let Some(steward) = node.steward.as_mut().filter(|it| it.leads().is_some()) else {
                continue;
            };
            let lost: Vec<NodeId> = (steward.report().peers.iter())
                .filter(|peer| peer.is_waited_for)
                .map(|peer| peer.member.node)
                .collect();
            lost.into_iter().for_each(|node| steward.leave_out(node));
        }
    }

    fn may_promote(&self, id: usize) -> bool {
        let node = &self.nodes[id];
        let Some(steward) = &node.steward else { return false };
        let promotions = |held: &Held| held.view.epoch().0 / PROMOTION_EPOCHS;
        let knows_the_last =
            node.copy.as_ref().map(promotions) == self.held.as_ref().map(promotions);
        let is_standby = steward.leads().is_none() && steward.view().is_some();
        is_standby && knows_the_last && self.checker.is_all_in(node)
    }

    fn stop_others_and_promote(&mut self, node: usize) {
        self.note(|_| format!("an operator promotes node {node}"));
        self.promotions += 1;
        self.promoting = Some(node);
        for other in (0..self.nodes.len()).filter(|other| *other != node) {
            if self.nodes[other].steward.is_some() {
                self.end(other, false);
            }
        }
    }

    /// Whether the operator lets a process of that node begin.
    pub(super) fn may_start(&self, node: usize) -> bool {
        self.promoting.is_none_or(|promoting| promoting == node)
    }

    /// Who could be promoted without a loss, where nobody can lead by himself.
    pub(super) fn whom_to_promote(&self) -> Option<usize> {
        (0..self.nodes.len()).find(|node| self.may_promote(*node))
    }

    /// Once all faults are over an operator sees to it that somebody leads.
    pub(super) fn operate(&mut self) {
        if self.goes_on_alone.is_none() {
            return;
        }
        if self.promoting.is_some() {
            return;
        }
        // The highest that is left: one that a disk lost names nobody.
        let copies = self.nodes.iter().filter_map(|node| node.copy.as_ref());
        let highest = copies.max_by_key(|held| held.view.epoch());
        let is_over = highest.is_some_and(|held| !self.lives(&held.view.primary()));
        if let Some(node) = self.whom_to_promote().filter(|_| is_over) {
            self.stop_others_and_promote(node);
        } else {
            self.heal();
        }
    }

    /// Once it leads, or has lost what it was chosen for, an operator is done with the node that he promotes.
    pub(super) fn promote(&mut self, id: usize) {
        if self.promoting != Some(id) {
            return;
        }
        let may_promote = self.may_promote(id);
        let Some(steward) = &mut self.nodes[id].steward else { return };
        if steward.view().is_none() {
            return;
        }
        if !may_promote {
            self.promoting = None;
        } else if steward.follows().is_none() || steward.report().primary_is_silent {
            steward.promote();
        }
    }
}

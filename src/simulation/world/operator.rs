//! What an operator does: he promotes a node where nobody can take over by himself, makes snapshots, and prunes.

use super::World;
use crate::cluster::control::Wish;
use crate::cluster::view::PROMOTION_EPOCHS;
use crate::cluster::{Member, View};
use crate::model::Sequence;
use crate::simulation::machine::Machine;
use crate::simulation::outside::incarnation;
use crate::simulation::{Failure, Mutant};
use crate::venue::simulated::NodeMutant;

/// How long an operator takes to see that nobody takes over by himself.
const OPERATOR_NS: u64 = 60_000_000;

impl World {
    pub(super) fn operate(&mut self) -> Result<(), Failure> {
        match (self.steps.is_multiple_of(64), self.is_without) {
            (false, _) => Ok(()),
            (true, false) => self.look_for_orphans(),
            (true, true) => self.operate_without_arbiter(),
        }
    }

    /// Without an arbiter an operator leaves out who is waited for, and promotes where nobody leads: a node that has all
    /// that may have been told and knows whom he promoted last. He stops all others first.
    fn operate_without_arbiter(&mut self) -> Result<(), Failure> {
        if let Some(node) = self.promoting {
            self.go_on_promoting(node);
            return Ok(());
        }
        if self.random.below(4) == 0 {
            self.leave_out();
        }
        let Some(view) = self.arbitration.view() else { return Ok(()) };
        let primary = &self.machines[view.primary().node.index()];
        if primary.is_up() && primary.leads() == view.reign() {
            self.orphaned_since_ns = None;
            return Ok(());
        }
        let since_ns = *self.orphaned_since_ns.get_or_insert(self.now_ns);
        let nodes = self.machines.len() as u64;
        let first = self.random.below(nodes) as usize;
        let chosen = (0..self.machines.len()).map(|at| (first + at) % self.machines.len());
        let Some(node) = chosen.into_iter().find(|node| self.may_promote(*node)) else {
            return Ok(());
        };
        if self.now_ns - since_ns < OPERATOR_NS {
            return Ok(());
        }
        self.orphaned_since_ns = None;
        self.promoting = Some(node);
        self.promotions += 1;
        self.trace(node as u64);
        self.note(|| format!("an operator stops all others and promotes node {node}"));
        for other in (0..self.machines.len()).filter(|other| *other != node) {
            let machine = &mut self.machines[other];
            if machine.is_up() {
                machine.kill(&self.net);
                machine.restart_at_ns = Some(self.now_ns);
            }
        }
        Ok(())
    }

    /// Once it leads, or is not fit any more, an operator is done with the node that he promotes.
    fn go_on_promoting(&mut self, node: usize) {
        let machine = &self.machines[node];
        let Some(status) = machine.status().filter(|_| machine.runs()) else { return };
        let report = status.report;
        if report.view.is_none() {
            return;
        }
        if machine.leads().0 > 0 || !self.may_promote(node) {
            self.promoting = None;
        } else if (report.follows.is_none() || report.primary_is_silent)
            && let Some(control) = machine.control()
        {
            control.put(Wish::Promote);
        }
    }

    /// Whether nothing that was told is lost by it, which a node takes for told that was released.
    fn may_promote(&self, node: usize) -> bool {
        let machine = &self.machines[node];
        let Some(status) = machine.status().filter(|_| machine.runs()) else { return false };
        let promotions = |view: &View| view.epoch().0 / PROMOTION_EPOCHS;
        let knows_the_last = self.arbitration.copy_of(node).as_ref().map(promotions)
            == self.arbitration.view().as_ref().map(promotions);
        let has_all = machine.hash_at(self.released).is_some()
            && machine.hash_at(self.released) == self.reference.hash_at(self.released);
        // It also has what a node was about to tell when it was killed.
        let has_what_it_told = |other: &Machine| {
            let told = other.told();
            other.hash_at(told).is_none_or(|hash| machine.hash_at(told) == Some(hash))
        };
        let report = status.report;
        report.leads.is_none()
            && report.view.is_some()
            && !report.lacks_room
            && knows_the_last
            && has_all
            && self.machines.iter().all(has_what_it_told)
    }

    /// A primary that waits for a standby is told not to.
    fn leave_out(&mut self) {
        for machine in self.machines.iter().filter(|machine| machine.runs()) {
            let (Some(status), Some(control)) = (machine.status(), machine.control()) else {
                continue;
            };
            let lost = status.report.peers.iter().find(|peer| peer.is_waited_for);
            if let Some(peer) = lost.filter(|_| status.report.leads.is_some()) {
                control.put(Wish::LeaveOut { node: peer.member.node });
            }
        }
    }

    /// Where the view names nobody who is still what he was, an operator decides: he looks at all nodes, and
    /// promotes, of those that the view names, the one whose log reaches furthest. Another may have a record of a higher
    /// reign, in which it told nothing, and lack what the view's primary told alone.
    fn look_for_orphans(&mut self) -> Result<(), Failure> {
        let Some(view) = self.arbitration.view() else { return Ok(()) };
        let lives = view.in_sync().iter().any(|member| {
            incarnation(&self.machines[member.node.index()].life) == Some(member.incarnation)
        });
        if lives || !self.machines.iter().all(Machine::runs) {
            self.orphaned_since_ns = None;
            return Ok(());
        }
        let since_ns = *self.orphaned_since_ns.get_or_insert(self.now_ns);
        if self.now_ns - since_ns < OPERATOR_NS {
            return Ok(());
        }
        self.orphaned_since_ns = None;
        // Faults took the lives of all that the view names: else somebody could have taken over.
        let is_lost =
            |member: &Member| self.machines[member.node.index()].has_lost(member.incarnation);
        if !view.in_sync().iter().all(is_lost) {
            let what = "an operator has to decide, although no fault ended who is in sync";
            return Err(Failure::Noticed(format!("{what}: {view:?}")));
        }
        let is_named = |machine: &&Machine| {
            view.in_sync().iter().any(|member| member.node.index() == machine.id)
        };
        let named = self.machines.iter().filter(is_named);
        // Where its disk is full, it is waited for.
        let has_room =
            |machine: &&Machine| machine.status().is_some_and(|status| !status.report.lacks_room);
        let furthest = named.max_by_key(|machine| machine.reach()).filter(has_room);
        let Some((node, control)) =
            furthest.and_then(|machine| Some((machine.id, machine.control()?)))
        else {
            return Ok(());
        };
        if control.put(Wish::Promote).is_some() {
            self.promotions += 1;
            self.note(|| format!("an operator promotes node {node}"));
        }
        Ok(())
    }

    /// An operator makes a snapshot on a node, rather on the one that leads, and prunes behind it.
    pub(super) fn prune(&mut self, node: usize) -> Result<(), Failure> {
        let node = match self.leader {
            Some((_, leader)) if self.random.below(2) == 0 => leader,
            _ => node,
        };
        let limit = if self.prunes_far { Some(Sequence(u64::MAX)) } else { self.held_by_all(node) };
        let Some(limit) = limit.filter(|_| self.machines[node].is_up()) else { return Ok(()) };
        let unreleased = self.mutant == Some(Mutant::Node(NodeMutant::SnapshotUnreleased));
        let machine = &self.machines[node];
        if machine.harm.is_full {
            return Ok(());
        }
        let pruned = machine.snapshot_and_prune(limit, unreleased);
        let last = pruned.map_err(|why| format!("node {node} makes no snapshot: {why}"))?;
        self.snapshots += u64::from(last > Sequence(0));
        self.note(|| format!("node {node} has a snapshot up to record {last}"));
        Ok(())
    }

    /// What all nodes have on their disks, as this one has it; none where one of them is down.
    fn held_by_all(&self, node: usize) -> Option<Sequence> {
        let synced: Option<Vec<Sequence>> = self.machines.iter().map(Machine::synced).collect();
        let synced = synced?.into_iter().min()?;
        // What one of them has from a reign that the others do not share is cut there, and wanted from them again.
        let hashes = &self.machines[node].hashes;
        let is_shared = |at: &usize| {
            let hash = hashes.get(*at);
            self.machines.iter().all(|machine| machine.hashes.get(*at) == hash)
        };
        let shared = (0..synced.0 as usize).rev().find(is_shared);
        Some(Sequence(shared.map_or(0, |at| at as u64 + 1)))
    }
}

//! What befalls the nodes of a seed, when, and how it ends.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use super::{CLIENTS, Cure, DELAY_NS, Healing, SLOW_DELAY_NS, World};
use crate::cluster::View;
use crate::cluster::control::Wish;
use crate::model::{Durability, NodeId};
use crate::simulation::Failure;
use crate::simulation::faults::Fault;
use crate::simulation::machine::{CutShort, DISK_BYTES, host};
use crate::simulation::outside::incarnation;

/// How long it takes at most until space that there is again is used.
const FULL_NS: u64 = 50_000_000;
/// A fault that follows on another out of its turn comes within this time: at once, or a little later.
const HURRIED_NS_MAX: [u64; 2] = [1_000_000, 10_000_000];
/// Operations of a disk after which a process is gone that has not begun: fewer than this. A start has about so many.
const SHORT_OPERATIONS_MAX: u64 = 40;
/// How old the older image of a disk is at most, where it was not kept long before.
const YOUNG_IMAGE_NS_MAX: u64 = 2_000_000;
/// How long a sequencer has no turn at most.
const STALL_NS_MAX: u64 = 30_000_000;
/// How soon a machine may be back whose disk is what it was.
const AT_ONCE_NS_MAX: u64 = 2_000_000;

impl World {
    fn lasts_ns(&mut self) -> u64 {
        self.now_ns + self.random.below(self.lasts_ns_max)
    }

    fn will(&mut self, what: Cure) {
        let at_ns = self.lasts_ns();
        self.cures.push(Healing { at_ns, what });
    }

    fn cut_way(&mut self, from: IpAddr, to: IpAddr) {
        self.net.cut(from, to);
        self.will(Cure::Way(from, to));
    }

    /// Ends what is to end now, or everything.
    pub(super) fn cure(&mut self, all: bool) {
        let now_ns = self.now_ns;
        let mut due = Vec::new();
        self.cures.retain(|cure| {
            let is_due = all || cure.at_ns <= now_ns;
            if is_due {
                due.push(cure.what);
            }
            !is_due
        });
        for what in due {
            self.note(|| format!("over: {what:?}"));
            match what {
                Cure::Way(from, to) => self.net.heal(from, to),
                Cure::Arbiter(node) => self.arbitration.set_cut(node, false),
                Cure::Thaw(node) => {
                    let machine = &mut self.machines[node];
                    machine.is_frozen = false;
                    // It could not use what space there was meanwhile.
                    if machine.harm.was_full_until_ns > machine.frozen_ns {
                        machine.harm.was_full_until_ns = now_ns + FULL_NS;
                    }
                }
                Cure::Fast => self.delay_ns.store(DELAY_NS, Ordering::Relaxed),
                Cure::Space(node) => {
                    let machine = &mut self.machines[node];
                    machine.disk.set_capacity_bytes(DISK_BYTES);
                    machine.harm.is_full = false;
                    machine.harm.was_full_until_ns = now_ns + FULL_NS;
                }
                Cure::Sync(node, one_in) => self.machines[node].sync_one_in = one_in,
            }
        }
    }

    pub(super) fn fault(&mut self) -> Result<(), Failure> {
        let count = self.machines.len();
        let kind = self.kinds[self.random.below(self.kinds.len() as u64) as usize];
        let node = self.random.below(count as u64) as usize;
        // Rather who leads.
        let node = match self.leader {
            Some((_, leader)) if self.random.below(2) == 0 => leader,
            _ => node,
        };
        let other = (node + 1 + self.random.below(count as u64 - 1) as usize) % count;
        if kind == Fault::OlderDisk && self.random.below(2) == 0 {
            self.machines[node].take_image();
            self.older = Some((node, self.now_ns + self.random.below(YOUNG_IMAGE_NS_MAX)));
            return Ok(());
        }
        self.inflict(kind, node, other)
    }

    /// One that follows on another at once, on whoever leads: before the cluster is what it was.
    pub(super) fn hurried_fault(&mut self) -> Result<(), Failure> {
        self.hurried_ns = u64::MAX;
        let Some((_, node)) = self.leader else { return Ok(()) };
        let sudden = |kind: &Fault| {
            matches!(kind, Fault::Kill | Fault::Power | Fault::Freeze | Fault::Isolated)
        };
        let kinds: Vec<Fault> = self.kinds.iter().copied().filter(sudden).collect();
        // Rather what takes the most.
        let kind = match self.random.below(2) {
            0 if kinds.contains(&Fault::Power) => Fault::Power,
            _ => kinds[self.random.below(kinds.len() as u64) as usize],
        };
        self.inflict(kind, node, (node + 1) % self.machines.len())
    }

    /// A disk is what it was a moment ago, or before its journal was cut and the node counted upon again.
    pub(super) fn grow_older(&mut self) -> Result<(), Failure> {
        let now_ns = self.now_ns;
        let young = self.older.take_if(|(_, at_ns)| *at_ns <= now_ns).map(|(node, _)| node);
        let is_back = |node: &usize| {
            let machine = &self.machines[*node];
            machine.is_image_uncut && machine.is_up() && self.is_in_sync(*node)
        };
        let node = young.or_else(|| (0..self.machines.len()).find(is_back));
        let Some(node) = node else { return Ok(()) };
        self.machines[node].is_image_uncut = false;
        if young.is_none() && self.random.below(3) != 0 {
            return Ok(());
        }
        self.hurry_now();
        self.inflict(Fault::OlderDisk, node, node)
    }

    /// Another fault may come soon, out of its turn: before what was changed is as it was said to be.
    pub(super) fn hurry(&mut self) {
        if self.random.below(2) == 0 {
            self.hurry_now();
        }
    }

    pub(super) fn hurry_now(&mut self) {
        let within_ns = HURRIED_NS_MAX[self.random.below(2) as usize];
        self.hurried_ns = self.now_ns + self.random.below(within_ns);
    }

    fn inflict(&mut self, kind: Fault, node: usize, other: usize) -> Result<(), Failure> {
        let harm = self.machines[node].harm;
        if kind.takes_life() && (!self.is_spare(kind, node) || harm.fails || harm.is_damaged) {
            return Ok(());
        }
        if !self.strike(kind, node, other)? {
            return Ok(());
        }
        self.faults.count(kind);
        self.trace((kind as u64) << 8 | node as u64);
        self.note(|| format!("FAULT {kind:?} node {node} other {other}"));
        if kind.takes_life() {
            self.hurry();
        }
        // Who leads falls while records wait for a standby's sequencer.
        if kind == Fault::Stall && self.leader.is_some_and(|(_, leader)| leader != node) {
            self.hurry_now();
        }
        Ok(())
    }

    /// Does it; false where it cannot be now.
    fn strike(&mut self, kind: Fault, node: usize, other: usize) -> Result<bool, Failure> {
        let down_ns = self.now_ns + 1 + self.random.below(60_000_000);
        let machine = &mut self.machines[node];
        let needs_process = !matches!(
            kind,
            Fault::Partition
                | Fault::OneWay
                | Fault::ArbiterCut
                | Fault::ArbiterDown
                | Fault::Slow
                | Fault::KillAll
        );
        if needs_process && !machine.is_up() {
            return Ok(false);
        }
        match kind {
            Fault::Kill => {
                machine.kill(&self.net);
                machine.restart_at_ns = Some(down_ns);
            }
            Fault::KillAll => {
                for machine in &mut self.machines {
                    if machine.is_up() {
                        machine.kill(&self.net);
                        let down_ns = self.now_ns + 1 + self.random.below(60_000_000);
                        machine.restart_at_ns = Some(down_ns);
                    }
                }
            }
            Fault::Power => {
                machine.lose_power(&self.net, &mut self.random)?;
                machine.restart_at_ns = Some(down_ns);
            }
            Fault::KillAtStart => {
                machine.kill(&self.net);
                machine.restart_at_ns = Some(down_ns);
                self.cut_short(node, false);
            }
            Fault::PowerAtStart => {
                machine.lose_power(&self.net, &mut self.random)?;
                machine.restart_at_ns = Some(down_ns);
                self.cut_short(node, true);
            }
            Fault::Freeze => {
                if machine.is_frozen {
                    return Ok(false);
                }
                (machine.is_frozen, machine.frozen_ns) = (true, self.now_ns);
                self.will(Cure::Thaw(node));
            }
            Fault::Partition => {
                self.cut_way(host(node), host(other));
                self.cut_way(host(other), host(node));
            }
            Fault::OneWay => self.cut_way(host(node), host(other)),
            Fault::ArbiterCut => {
                self.arbitration.set_cut(node, true);
                self.will(Cure::Arbiter(node));
            }
            Fault::ArbiterDown => {
                for node in 0..self.machines.len() {
                    self.arbitration.set_cut(node, true);
                    self.will(Cure::Arbiter(node));
                }
            }
            Fault::Isolated => {
                for other in (0..self.machines.len()).filter(|other| *other != node) {
                    self.cut_way(host(node), host(other));
                    self.cut_way(host(other), host(node));
                }
                self.cut_way(host(node), CLIENTS);
                self.cut_way(CLIENTS, host(node));
                self.arbitration.set_cut(node, true);
                self.will(Cure::Arbiter(node));
            }
            Fault::ClientsCut => {
                self.cut_way(host(node), CLIENTS);
                self.cut_way(CLIENTS, host(node));
            }
            Fault::Break => self.net.break_between(host(node), host(other)),
            Fault::Slow => {
                self.delay_ns.store(SLOW_DELAY_NS, Ordering::Relaxed);
                self.will(Cure::Fast);
            }
            Fault::SyncError => {
                machine.harm.fails = true;
                machine.disk.fail_sync_after(self.random.below(4));
            }
            Fault::WriteError => {
                machine.harm.fails = true;
                machine.disk.fail_write_after(self.random.below(8));
            }
            Fault::BitFlip => {
                let files = machine.disk.files();
                let pieces: Vec<_> = files.iter().filter(|(name, _)| *name != "node").collect();
                if pieces.is_empty() {
                    return Ok(false);
                }
                let (name, bytes) = pieces[self.random.below(pieces.len() as u64) as usize];
                // Where something stands: what is zero says nothing.
                let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64 + 1;
                machine.disk.flip(name, self.random.below(used), 1 << self.random.below(8));
                machine.harm.is_damaged = true;
                // It is noticed when it is read.
                machine.kill(&self.net);
                machine.restart_at_ns = Some(down_ns);
            }
            Fault::LostDisk => {
                machine.kill(&self.net);
                machine.replace_disk(&mut self.random)?;
                machine.restart_at_ns = Some(down_ns);
            }
            Fault::DiskFull => {
                machine.harm.is_full = true;
                machine.disk.set_capacity_bytes(0);
                self.will(Cure::Space(node));
            }
            Fault::OlderDisk => {
                if !machine.restore_image(&self.net)? {
                    return Ok(false);
                }
                // Now and then it is back before anybody has left it out.
                let at_once_ns = self.now_ns + 1 + self.random.below(AT_ONCE_NS_MAX);
                let is_back_at_once = self.random.below(2) == 0;
                machine.restart_at_ns = Some(if is_back_at_once { at_once_ns } else { down_ns });
            }
            Fault::SlowDisk => {
                let before = std::mem::replace(&mut machine.sync_one_in, 200);
                if before == 200 {
                    return Ok(false);
                }
                self.will(Cure::Sync(node, before));
            }
            Fault::Stall => {
                machine.stalled_until_ns = self.now_ns + 1 + self.random.below(STALL_NS_MAX);
            }
            Fault::ClockJump => {
                machine.wall_off_ns = self.random.below(20_000_000_000) as i64 - 10_000_000_000;
                if self.random.below(2) == 0 {
                    machine.ahead_ns += self.random.below(300_000_000);
                }
            }
            Fault::LateCommand => return Ok(machine.come_late()),
            Fault::SwitchOver => {
                let wish = Wish::SwitchOver { to: NodeId(other as u16), patience_ns: 50_000_000 };
                return Ok(machine.control().is_some_and(|control| control.put(wish).is_some()));
            }
        }
        Ok(true)
    }

    /// The next process of a node is gone before it has begun.
    fn cut_short(&mut self, node: usize, with_power: bool) {
        let operations = self.random.below(SHORT_OPERATIONS_MAX);
        self.machines[node].cut_short = Some(CutShort { operations, with_power });
    }

    /// One that is to cut its journal may be gone while it does.
    pub(super) fn may_cut_short(&mut self, node: usize) {
        let kinds = [(Fault::KillAtStart, false), (Fault::PowerAtStart, true)];
        for (kind, with_power) in kinds {
            let may = !self.is_healed && self.kinds.contains(&kind);
            if may && self.random.below(3) == 0 && (!with_power || self.is_spare(kind, node)) {
                return self.cut_short(node, with_power);
            }
        }
    }

    /// Everything that is wrong ends.
    pub(super) fn heal(&mut self) -> Result<(), Failure> {
        self.note(|| "all is healed".to_owned());
        self.is_healed = true;
        self.cure(true);
        self.arbitration.set_loses_some(false);
        for machine in &mut self.machines {
            machine.cut_short = None;
            machine.disk.clear_faults();
            machine.disk.set_capacity_bytes(DISK_BYTES);
            machine.sync_one_in = 1;
            machine.stalled_until_ns = 0;
            machine.wall_off_ns = 0;
        }
        Ok(())
    }

    /// Whether a node may lose what it acknowledged: another one in sync still has it, whatever the arbiter
    /// was asked already. A loss of power takes nothing that was told where the level is the disk.
    fn is_spare(&self, kind: Fault, victim: usize) -> bool {
        let is_held = |view: &View| {
            view.in_sync().iter().any(|member| {
                let machine = &self.machines[member.node.index()];
                machine.id != victim
                    && !(machine.harm.fails || machine.harm.may_have_lost())
                    && incarnation(&machine.life) == Some(member.incarnation)
            })
        };
        let is_on_disk = |view: &View| {
            kind.takes_power()
                && matches!(view.durability(), Durability::LocalDisk | Durability::StandbyDisk)
        };
        let views = self.arbitration.possible_views();
        views.iter().all(|view| is_held(view) || is_on_disk(view))
    }
}

//! What must hold: while a seed runs, and at its end.

use super::{HEALING_NS, World};
use crate::simulation::Failure;
use crate::simulation::outside::incarnation;

impl World {
    /// The view changes: whoever it counts upon, and runs, has all that was told.
    pub(super) fn check_view(&self) -> Result<(), Failure> {
        let told = self.clients.iter().map(|client| client.last_record).max().unwrap_or(0);
        let Some(view) = self.arbitration.view() else { return Ok(()) };
        for member in view.in_sync() {
            let machine = &self.machines[member.node.index()];
            let has = machine.log.len() as u64;
            let counts = machine.is_up() && incarnation(&machine.life) == Some(member.incarnation);
            if counts && has < told {
                let (node, epoch) = (member.node, view.epoch());
                return Err(Failure::Noticed(format!(
                    "epoch {epoch} counts upon node {node}, which has {has} records of {told} that were told of"
                )));
            }
        }
        Ok(())
    }

    /// A node begins to lead: everything that anybody was told so far is in its log.
    pub(super) fn began(&mut self, node: usize, epoch: u32) -> Result<(), Failure> {
        if self.leader.is_some_and(|(known, _)| known >= epoch) {
            return Ok(());
        }
        self.failovers += u64::from(self.leader.is_some());
        self.leader = Some((epoch, node));
        self.note(|| format!("node {node} leads in epoch {epoch}"));
        self.hurry();
        let machine = &self.machines[node];
        self.reference.turn_to(&machine.log, &machine.hashes)?;
        Ok(self.reference.check(&self.clients)?)
    }

    /// The healed cluster trades, is in sync, and is of one mind.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        let until_ns = self.now_ns + HEALING_NS;
        let answered = self.answered();
        let all = self.machines.len();
        let in_sync = |world: &Self| {
            let view = world.arbitration.view();
            view.is_some_and(|view| view.in_sync().len() == all)
        };
        self.wait(until_ns, "it does not trade again, with all nodes in sync", |world| {
            world.answered() > answered + 100
                && in_sync(world)
                && world.clients.iter().all(|client| client.is_in() && client.misses_nothing())
        })?;
        self.is_trading = false;
        for client in &mut self.clients {
            if self.random.below(4) == 0 {
                client.ask_for_all();
            }
        }
        self.wait(until_ns, "the nodes do not come to one state", |world| {
            let last = world.reference.last().0;
            world.machines.iter().all(|machine| machine.last() == Some(last))
                && world.clients.iter().all(|client| client.misses_nothing())
        })?;
        self.reference.check(&self.clients)?;
        self.reference.engine().audit()?;
        let (last, hash) = (self.reference.last().0, self.reference.engine().state_hash());
        let running_hash = self.reference.running_hash();
        for machine in &self.machines {
            machine.audit().map_err(|why| format!("node {}: {why}", machine.id))?;
            let state = machine.state();
            if state != Some((last, hash)) {
                let id = machine.id;
                let replayed = (last, hash);
                let what = format!("node {id} has state {state:x?}, a replay {replayed:x?}");
                return Err(Failure::Noticed(what));
            }
            machine.verify(last, running_hash)?;
        }
        Ok(())
    }
}

//! What must hold: while a seed runs, and at its end.

use super::{HEALING_NS, World};
use crate::cluster::View;
use crate::engine::Engine;
use crate::model::{AccountId, AssetId, Command, Durability};
use crate::simulation::Failure;
use crate::simulation::client::Client;
use crate::simulation::machine::Machine;
use crate::simulation::outside::incarnation;

/// What may be told is looked at every so many steps.
const LOOK_STEPS: u64 = 16;
/// What an operator is shown, too.
const STATUS_STEPS: u64 = 64;

impl World {
    /// What must hold at any moment.
    pub(super) fn look(&mut self) -> Result<(), Failure> {
        let reference = &self.reference;
        let told = self.told();
        if told > self.released {
            let released = self.released;
            let what = format!("clients were told of record {told}, and nodes released {released}");
            return Err(Failure::Noticed(what));
        }
        if !self.steps.is_multiple_of(LOOK_STEPS) {
            return Ok(());
        }
        // What one may tell, every primary behind it has: so has the one that led last.
        for machine in self.machines.iter().filter(|machine| machine.runs()) {
            let released = machine.released();
            let own = released.min(machine.log.len() as u64);
            if released > reference.last().0 || machine.hash_at(own) != reference.hash_at(own) {
                return Err(Failure::Noticed(format!(
                    "node {} may tell of what there is up to record {released}; whoever leads has another log, up to \
                     record {}",
                    machine.id,
                    reference.last()
                )));
            }
        }
        self.check_view()?;
        if self.steps.is_multiple_of(STATUS_STEPS) {
            self.machines.iter().try_for_each(|machine| self.check_status(machine))?;
        }
        Ok(())
    }

    /// The last record that any client was told of.
    fn told(&self) -> u64 {
        self.clients.iter().map(|client| client.last_record).max().unwrap_or(0)
    }

    /// Whoever the view counts upon, and runs, has all that may be told, in the log of whoever leads, and on its disk
    /// where the level says so.
    pub(super) fn check_view(&self) -> Result<(), Failure> {
        let Some(view) = self.arbitration.view() else { return Ok(()) };
        let is_on_disk =
            matches!(view.durability(), Durability::LocalDisk | Durability::StandbyDisk);
        let (released, hash) = (self.released, self.reference.hash_at(self.released));
        for member in view.in_sync() {
            let machine = &self.machines[member.node.index()];
            if !machine.is_up() || incarnation(&machine.life) != Some(member.incarnation) {
                continue;
            }
            let (has, synced) = (machine.log.len() as u64, machine.synced().unwrap_or_default().0);
            let lacks = match () {
                () if has < released => format!("which has {has} records of {released}"),
                () if machine.hash_at(released) != hash => {
                    format!("which has another record {released}")
                }
                () if is_on_disk && synced < released => {
                    format!("which has synced {synced} records of {released}")
                }
                () => continue,
            };
            let (node, epoch) = (member.node, view.epoch());
            let what = format!("epoch {epoch} counts upon node {node}, {lacks} that may be told");
            return Err(Failure::Noticed(what));
        }
        Ok(())
    }

    /// What an operator is shown is so: who is primary, what may be told, and how far the standbys are.
    fn check_status(&self, machine: &Machine) -> Result<(), String> {
        let (true, Some(status)) = (machine.runs(), machine.status()) else { return Ok(()) };
        let report = status.report;
        let wrong = |what: String| Err(format!("node {} shows {what}", machine.id));
        if let Some(view) = &report.view
            && self.arbitration.view_of(view.epoch()).as_ref() != Some(view)
        {
            return wrong(format!("a view that the arbiter never held: {view:?}"));
        }
        if report.own.end.0 > machine.log.len() as u64 {
            return wrong(format!("record {} as its last, and has fewer", report.own.end));
        }
        let Some(reign) = report.leads else { return Ok(()) };
        let is_its =
            |view: View| view.primary().node.index() == machine.id && view.reign() == reign;
        if !self.arbitration.view_of(reign).is_some_and(is_its) {
            return wrong(format!("that it leads in epoch {reign}, which it never took over in"));
        }
        if report.released.0 > machine.log.len() as u64 {
            return wrong(format!("record {} as told, and does not have it", report.released));
        }
        // One that another has taken over from knows nothing of what standbys cut since.
        if self.arbitration.view() != report.view {
            return Ok(());
        }
        for peer in report.peers.iter().filter(|peer| peer.is_following) {
            let other = &self.machines[peer.member.node.index()];
            let is_it = other.is_up() && incarnation(&other.life) == Some(peer.member.incarnation);
            let has = other.log.len() as u64;
            let behind = report.own.end.0.saturating_sub(has);
            if is_it && (peer.held.end.0 > has || peer.behind < behind) {
                return wrong(format!(
                    "that node {} is {} records behind, with {}; it has {has}",
                    other.id, peer.behind, peer.held.end
                ));
            }
        }
        Ok(())
    }

    /// A node begins to lead: everything that anybody was told so far is in its log, and all the money is there.
    pub(super) fn began(&mut self, node: usize, epoch: u32) -> Result<(), Failure> {
        if self.leader.is_some_and(|(known, _)| known >= epoch) {
            return Ok(());
        }
        self.failovers += u64::from(self.leader.is_some());
        self.leader = Some((epoch, node));
        self.trace(u64::from(epoch) << 8 | node as u64);
        self.note(|| format!("node {node} leads in epoch {epoch}"));
        self.hurry();
        let machine = &self.machines[node];
        self.reference.turn_to(&machine.log, &machine.hashes)?;
        self.reference.check(&self.clients)?;
        let audit = self.machines[node].engine().map_or(Ok(()), |engine| self.audit(engine));
        Ok(audit.map_err(|why| format!("node {node}: {why}"))?)
    }

    /// What the engine says of itself is right; of each asset there is what was brought in, and nobody owes any.
    fn audit(&self, engine: &Engine) -> Result<(), String> {
        engine.audit()?;
        let view = engine.view();
        for asset in view.assets() {
            let mut sum = 0;
            for (account, _) in view.accounts().filter(|(id, _)| *id != AccountId::OUTSIDE) {
                let balance = view.balance(account, asset.id);
                if balance.free.0 < 0 || balance.held.0 < 0 {
                    return Err(format!("account {account} has {balance:?} of {}", asset.name));
                }
                sum += i128::from(balance.free.0) + i128::from(balance.held.0);
            }
            let brought = self.brought(engine, asset.id);
            if sum != brought {
                return Err(format!("{}: {brought} was brought in, {sum} is there", asset.name));
            }
        }
        Ok(())
    }

    /// What deposits of the configuration, of those that were booked, brought in of an asset.
    fn brought(&self, engine: &Engine, asset: AssetId) -> i128 {
        let booked = self.deposits.iter().filter_map(|command| match command {
            Command::Deposit(deposit) if deposit.asset == asset => {
                let is_booked = engine.view().is_reference(&deposit.reference);
                is_booked.then_some(i128::from(deposit.amount.0))
            }
            _ => None,
        });
        booked.sum()
    }

    /// The healed cluster trades, is in sync, leaves no request without an answer, and is of one mind.
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
        self.wait(until_ns, "there are requests that nobody answers", |world| {
            world.clients.iter().all(Client::waits_for_nothing)
        })?;
        self.clients.iter_mut().for_each(Client::ask_for_all);
        self.wait(until_ns, "the nodes do not come to one state", |world| {
            let last = world.reference.last().0;
            world.machines.iter().all(|machine| machine.last() == Some(last))
                && world
                    .clients
                    .iter()
                    .all(|client| client.misses_nothing() && client.has_all_again())
        })?;
        self.compare()
    }

    /// All nodes, a replay, the journals and the clients say the same.
    fn compare(&mut self) -> Result<(), Failure> {
        self.reference.check(&self.clients)?;
        self.audit(self.reference.engine())?;
        let (last, hash) = (self.reference.last().0, self.reference.engine().state_hash());
        let running_hash = self.reference.running_hash();
        for machine in &self.machines {
            let id = machine.id;
            let audit = machine.engine().map_or(Ok(()), |engine| self.audit(engine));
            audit.map_err(|why| format!("node {id}: {why}"))?;
            let state = machine.state();
            if state != Some((last, hash)) {
                let replayed = (last, hash);
                let what = format!("node {id} has state {state:x?}, a replay {replayed:x?}");
                return Err(Failure::Noticed(what));
            }
            machine.verify(last, running_hash)?;
        }
        Ok(())
    }
}

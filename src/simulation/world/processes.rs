//! How processes begin and end. One that does so for a reason that was not injected has a defect.

use super::World;
use crate::cluster::control::{Ending, Stopped};
use crate::journal::simulated::POWER_OFF;
use crate::journal::snapshot::Link;
use crate::journal::transfer::Parcel;
use crate::model::Sequence;
use crate::simulation::Failure;
use crate::simulation::faults::Fault;
use crate::simulation::harm::Reason;
use crate::simulation::machine::{BadStop, CutShort, End, Machine, Refusal};

impl World {
    pub(super) fn start(&mut self, node: usize) -> Result<(), Failure> {
        let machine = &mut self.machines[node];
        let (now_ns, mutant) = (self.now_ns, self.mutant);
        let started = machine.start(&self.net, &self.arbitration, now_ns, &mut self.random, mutant);
        let log = machine.log.len();
        let error = match started {
            Ok(()) => {
                self.trace_process(node, log as u64);
                self.note(|| format!("node {node} begins, with {log} records"));
                return Ok(());
            }
            Err(Refusal::Failure(failure)) => return Err(failure),
            Err(Refusal::Start(error)) => error,
        };
        self.note(|| format!("node {node} cannot begin: {error}"));
        let machine = &mut self.machines[node];
        if let Some(CutShort { with_power, .. }) = machine.cut_short.take()
            && error.to_string().contains(POWER_OFF)
        {
            machine.was_cut_short(with_power, &self.net, &mut self.random)?;
            machine.restart_at_ns = Some(now_ns + 3_000_000);
            self.short_starts += 1;
            return Ok(());
        }
        let wait_ns = match machine.harm.of_start(&error, now_ns) {
            Some(Reason::Failed) => {
                if !machine.has_ended_life() {
                    let what = format!("node {node} cannot begin, and its life goes on: {error}");
                    return Err(Failure::Noticed(what));
                }
                machine.disk.clear_faults();
                10_000_000
            }
            Some(Reason::Full) => 10_000_000,
            Some(Reason::Damaged) => {
                machine.replace_disk(&mut self.random)?;
                5_000_000
            }
            None => return Err(format!("node {node} cannot begin: {error}").into()),
        };
        machine.restart_at_ns = Some(now_ns + wait_ns);
        Ok(())
    }

    fn trace_process(&mut self, node: usize, what: u64) {
        self.trace(1 << 32 | what << 8 | node as u64);
    }

    pub(super) fn turn(&mut self, node: usize) -> Result<(), Failure> {
        let machine = &mut self.machines[node];
        let may_start = self.promoting.is_none_or(|promoting| promoting == node);
        if may_start && machine.restart_at_ns.is_some_and(|at_ns| at_ns <= self.now_ns) {
            return self.start(node);
        }
        if !machine.runs() {
            return Ok(());
        }
        let came = machine.work(self.now_ns, &mut self.random, !self.is_healed)?;
        // Also of one that has ended in this turn.
        self.released = self.released.max(machine.released());
        if let Some(begin) = came.began {
            self.began(node, begin.epoch.0)?;
        }
        match came.end {
            None => Ok(()),
            Some(End::Fault(why)) => self.fails(node, &why),
            Some(End::Ended(ending)) => self.ended(node, ending),
        }
    }

    /// A process ends by an error of an agent. As it ends, its venue removes the life.
    fn fails(&mut self, node: usize, why: &str) -> Result<(), Failure> {
        let machine = &mut self.machines[node];
        if machine.harm.of_agent(why, self.now_ns).is_none() {
            return Err(format!("an agent of node {node} cannot go on: {why}").into());
        }
        machine.lose_life()?;
        self.ends(node, 3_000_000);
        self.note(|| format!("node {node} ends: {why}"));
        Ok(())
    }

    /// A process is gone, and the next one comes in a while.
    fn ends(&mut self, node: usize, wait_ns: u64) {
        self.trace_process(node, wait_ns);
        let machine = &mut self.machines[node];
        machine.kill(&self.net);
        machine.disk.clear_faults();
        machine.restart_at_ns = Some(self.now_ns + wait_ns);
    }

    fn ended(&mut self, node: usize, ending: Ending) -> Result<(), Failure> {
        self.note(|| format!("node {node} ends its part: {ending:?}"));
        let is_in_sync = self.is_in_sync(node);
        match self.machines[node].stop(self.now_ns) {
            Ok(()) => {}
            Err(BadStop::Fault(why)) => return self.fails(node, &why),
            Err(BadStop::Failure(failure)) => return Err(failure),
            // The log ring and the life are there for the next process.
            Err(BadStop::NotDurable) if self.machines[node].harm.is_full => {
                self.ends(node, 3_000_000);
                return Ok(());
            }
            Err(BadStop::NotDurable) => {
                let what =
                    format!("what is in the log ring of node {node} does not reach its disk");
                return Err(Failure::Noticed(what));
            }
        }
        let machine = &mut self.machines[node];
        match ending {
            Ending::Again => {}
            Ending::Cut(end) => {
                machine.cut = Some(end);
                self.cuts += 1;
                self.may_cut_short(node);
                let machine = &mut self.machines[node];
                if self.kinds.contains(&Fault::OlderDisk) {
                    machine.take_image();
                    machine.is_image_uncut = true;
                }
                // Who is counted upon must have all that it is counted upon for before the leader falls.
                if is_in_sync {
                    self.hurry_now();
                }
            }
            Ending::Snapshot { shared, parcel } => {
                if is_in_sync || !machine.has_ended_life() {
                    let what = format!("node {node} gives up a log that is counted upon");
                    return Err(Failure::Noticed(what));
                }
                self.ends(node, 2_000_000);
                return self.take_in(node, shared, &parcel);
            }
            Ending::Stopped(why) => {
                let is_injected = match &why {
                    Stopped::Unwritten(why) => machine.harm.of_agent(why, self.now_ns).is_some(),
                    Stopped::Barred(_) => false,
                };
                if !is_injected {
                    return Err(format!("node {node} stops itself: {why}").into());
                }
                if !machine.has_ended_life() {
                    let what = format!("node {node} stops itself, and its life goes on: {why}");
                    return Err(Failure::Noticed(what));
                }
            }
        }
        self.ends(node, 2_000_000);
        Ok(())
    }

    /// The snapshot that a node was sent is one of a log that another node has.
    fn take_in(&mut self, node: usize, shared: Sequence, parcel: &Parcel) -> Result<(), Failure> {
        let Link { sequence, running_hash, .. } = parcel.link;
        let has_it = |machine: &&Machine| machine.hash_at(sequence.0) == Some(running_hash);
        let Some(source) = self.machines.iter().find(has_it) else {
            let what =
                format!("node {node} is sent a snapshot of a log that nobody has: {parcel:?}");
            return Err(Failure::Noticed(what));
        };
        let last = sequence.0 as usize;
        let (log, hashes) = (source.log[..last].to_vec(), source.hashes[..last].to_vec());
        self.taken_in += 1;
        self.note(|| format!("node {node} takes in the snapshot at record {sequence}"));
        self.machines[node].take_in(shared, parcel, &log, &hashes)
    }
}

//! Deliberate errors of the agent. The simulation must catch each of them: what it cannot catch, it does not test. One is
//! caught by a test of the agent.

use super::ClusterAgent;
use crate::cluster::steward::StewardMutant;
use crate::cluster::wires::Wires;
use crate::model::Sequence;

/// An error to plant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// What is on its way to the log ring is acknowledged.
    AcknowledgeHandedOn,
    /// What a primary has in memory is told.
    TellWhatIsInMemory,
    /// An acknowledgement is sent, and not noted in the life.
    SendBeforeNoted,
    /// What is told is not noted in the life.
    TellBeforeNoted,
    /// The cut is left out: the node begins anew as it was.
    ForgetCut,
    /// A hello is said while records are still on their way to the log ring. One of a thousand seeds notices that, so a
    /// test of the agent plants it.
    HelloTooEarly,
    /// The journal is cut before the last record that is shared, which is synced.
    CutDeeper,
    /// An older image of the disk is taken for what it was, where its log is long enough.
    BelieveOlderDisk,
}

impl Mutant {
    /// Those that the simulation plants.
    pub const ALL: [Self; 7] = [
        Self::AcknowledgeHandedOn,
        Self::TellWhatIsInMemory,
        Self::SendBeforeNoted,
        Self::TellBeforeNoted,
        Self::ForgetCut,
        Self::CutDeeper,
        Self::BelieveOlderDisk,
    ];
}

impl<W: Wires> ClusterAgent<W> {
    /// Plants one.
    pub fn plant(&mut self, mutant: Mutant) {
        self.mutant = Some(mutant);
    }

    /// Plants one in its steward.
    pub fn plant_in_steward(&mut self, mutant: StewardMutant) {
        self.steward.plant(Some(mutant));
    }

    /// Where to cut, and the running hash there.
    pub(super) fn cut_deeper(&self, to: Sequence, hash: u64) -> (Sequence, u64) {
        let before = Sequence(to.0.saturating_sub(5));
        match self.window.hash_after(before) {
            Some(hash) if self.has(Mutant::CutDeeper) => (before, hash),
            _ => (to, hash),
        }
    }

    pub(super) fn has(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

//! Mistakes that are planted on purpose, one at a time. What the simulator does not notice it does not test.

use crate::cluster::ClusterAgent;
use crate::cluster::agent::AgentMutant;
use crate::cluster::steward::StewardMutant;
use crate::cluster::wires::Wires;
use crate::journal::Witnessed;
use crate::model::Sequence;
use crate::venue::simulated::{NodeMutant, SimulatedNode};

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Of who decides.
    Steward(StewardMutant),
    /// Of who carries it out.
    Agent(AgentMutant),
    /// Of the node around both.
    Node(NodeMutant),
}

impl Mutant {
    /// All that are planted here. What a node acknowledges while a swap of its own may still be done takes more to
    /// go wrong than seeds of this length have; the steward's model notices that.
    pub fn all() -> Vec<Self> {
        let is_planted = |mutant: &StewardMutant| *mutant != StewardMutant::AckWhileUnsure;
        let steward = StewardMutant::WITH_ARBITER.into_iter().filter(is_planted);
        let steward = steward.chain(StewardMutant::WITHOUT_ARBITER).map(Self::Steward);
        let agent = AgentMutant::ALL.into_iter().map(Self::Agent);
        steward.chain(agent).chain(NodeMutant::ALL.into_iter().map(Self::Node)).collect()
    }

    /// Whether one of ten seeds notices it, or more, so that it is planted in each run of the tests: another change of
    /// the code makes each seed another one.
    pub fn is_noticed_soon(self) -> bool {
        match self {
            Self::Steward(mutant) => {
                let is_late = matches!(
                    mutant,
                    StewardMutant::AcceptOldReign
                        | StewardMutant::ForgetInherited
                        | StewardMutant::AloneBeforeSynced
                        | StewardMutant::LeadUnasked
                        | StewardMutant::SpeakUninformed
                        | StewardMutant::GiveUnsynced
                        | StewardMutant::IgnoreHigherView
                );
                !is_late
            }
            Self::Agent(mutant) => !matches!(
                mutant,
                AgentMutant::SendBeforeNoted
                    | AgentMutant::TellBeforeNoted
                    | AgentMutant::CutDeeper
                    | AgentMutant::BelieveOlderDisk
            ),
            Self::Node(mutant) => mutant != NodeMutant::SnapshotUnreleased,
        }
    }

    /// What it is called.
    pub fn name(self) -> String {
        match self {
            Self::Steward(mutant) => format!("{mutant:?}"),
            Self::Agent(mutant) => format!("{mutant:?}"),
            Self::Node(mutant) => format!("{mutant:?}"),
        }
    }

    /// Plants it.
    pub fn plant<W: Wires>(self, agent: &mut ClusterAgent<W>, node: &mut SimulatedNode) {
        match self {
            Self::Steward(mutant) => agent.plant_in_steward(mutant),
            Self::Agent(mutant) => agent.plant(mutant),
            Self::Node(mutant) => node.plant(mutant),
        }
    }

    /// What a process that begins believes instead of what the witness of its life says.
    pub fn forged(self) -> Option<fn(Witnessed) -> Witnessed> {
        match self {
            Self::Agent(AgentMutant::BelieveOlderDisk) => {
                Some(|said| Witnessed { writing: 0, ..said })
            }
            Self::Steward(StewardMutant::ReuseIncarnation) => {
                Some(|said| Witnessed { acknowledged: Sequence(0), writing: 0, ..said })
            }
            _ => None,
        }
    }
}

//! Deliberate errors of the protocol. The model must catch each of them: what it cannot catch, it does not test.

use super::Steward;

/// An error to plant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Tell what only the primary has.
    ReleaseBeforeDurable,
    /// While a swap is open, what is durable under the new view is told.
    ReleaseUnderNewViewOnly,
    /// While a swap is open, what is durable under the old view is told.
    ReleaseUnderOldViewOnly,
    /// Follow a primary whose reign is over.
    AcceptOldReign,
    /// Take over without being in sync.
    PromoteNotInSync,
    /// A swap that was answered was done.
    TrustSwapReply,
    /// A swap that was not answered was not done.
    TrustSwapFailure,
    /// A restarted primary goes on in the reign of the process before.
    NumberTwiceInReign,
    /// A standby is told to cut what both share.
    CutTooMuch,
    /// A standby does not cut what is not shared.
    SkipCut,
    /// What a standby holds counts when it says hello.
    CountAcksBeforeCut,
    /// A standby is taken in before it holds what was told.
    AddBeforeHeld,
    /// What the primaries before told does not count when the view is changed.
    ForgetInherited,
    /// The primary goes on alone without having synced what was told.
    AloneBeforeSynced,
    /// A standby takes over alone without having synced what it holds.
    TakeOverBeforeSynced,
    /// A log that lacks what it acknowledged keeps its incarnation.
    ReuseIncarnation,
    /// The view names machines.
    CompareNodesOnly,
    /// A primary goes on under a view that names another.
    StayPrimary,
    /// A record is acknowledged before it is there.
    AckAhead,
    /// Memory is acknowledged while this node may become the only one at any moment.
    AckWhileUnsure,
    /// Without an arbiter: a restarted primary leads again without a word of the others.
    LeadUnasked,
    /// Without an arbiter: a process speaks before it has read what view its node kept.
    SpeakUninformed,
    /// Without an arbiter: the place is given to a standby that has not synced all.
    GiveUnsynced,
    /// Without an arbiter: what another node says of the view is not taken for true.
    IgnoreHigherView,
    /// Without an arbiter: a promotion is in the epoch behind that of the view.
    PromoteInNextEpoch,
}

impl Mutant {
    /// Those that matter with an arbiter.
    pub const WITH_ARBITER: [Self; 20] = [
        Self::ReleaseBeforeDurable,
        Self::ReleaseUnderNewViewOnly,
        Self::ReleaseUnderOldViewOnly,
        Self::AcceptOldReign,
        Self::PromoteNotInSync,
        Self::TrustSwapReply,
        Self::TrustSwapFailure,
        Self::NumberTwiceInReign,
        Self::CutTooMuch,
        Self::SkipCut,
        Self::CountAcksBeforeCut,
        Self::AddBeforeHeld,
        Self::ForgetInherited,
        Self::AloneBeforeSynced,
        Self::TakeOverBeforeSynced,
        Self::ReuseIncarnation,
        Self::CompareNodesOnly,
        Self::StayPrimary,
        Self::AckAhead,
        Self::AckWhileUnsure,
    ];

    /// Those that matter only without one.
    pub const WITHOUT_ARBITER: [Self; 5] = [
        Self::LeadUnasked,
        Self::SpeakUninformed,
        Self::GiveUnsynced,
        Self::IgnoreHigherView,
        Self::PromoteInNextEpoch,
    ];
}

impl Steward {
    /// Plants one, or none.
    pub fn plant(&mut self, mutant: Option<Mutant>) {
        self.mutant = mutant;
    }
}

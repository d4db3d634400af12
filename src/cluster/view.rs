//! The view: who is primary, who is in sync, at which level effects are told.
//!
//! A view is a value. It is never changed in place: [`View::next`] makes the one that would follow, with
//! an epoch one higher and a nonce of its own, and the arbiter is asked to swap. Whose swap was
//! done is what a later read shows, by the nonce; the reply to a swap is never trusted, since it may be
//! lost after the swap was done.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::model::limit::NODES_MAX;
use crate::model::{ClusterName, Durability, Epoch, NodeId};

/// One life of a node's log: a restarted process has a new one, unless it can show that nothing it
/// acknowledged is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Incarnation(pub u64);

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A node in one of its incarnations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// The machine.
    pub node: NodeId,
    /// Which life of it.
    pub incarnation: Incarnation,
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} ({})", self.node, self.incarnation)
    }
}

/// See the module. Only valid views exist: the primary is in sync, and no node is in it twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    cluster: ClusterName,
    epoch: Epoch,
    reign: Epoch,
    primary: Member,
    in_sync: Vec<Member>,
    durability: Durability,
    nonce: u64,
}

/// Why something is no view.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ViewError {
    /// The primary is not among the nodes in sync.
    #[error("its primary, {0}, is not among its nodes in sync")]
    PrimaryNotInSync(Member),
    /// A node is named twice.
    #[error("it names node {0} twice among its nodes in sync")]
    Twice(NodeId),
    /// A node's number is too high.
    #[error("it names node {0}; nodes are 0 to {max}", max = NODES_MAX - 1)]
    Node(NodeId),
    /// Epoch 0 is before the first.
    #[error("its epoch is 0; the first is 1")]
    Epoch,
    /// Its primary took over in no epoch that could be.
    #[error("its primary took over in epoch {0}, which is not from 1 to its own")]
    Reign(Epoch),
    /// There is no epoch behind that of the view.
    #[error("there is no epoch behind it")]
    LastEpoch,
    /// Another cluster has put it there.
    #[error(
        "it is of cluster {found}, and this node of {own}: give each cluster a place of its own"
    )]
    Cluster {
        /// Whose it is.
        found: ClusterName,
        /// This node's.
        own: ClusterName,
    },
    /// Not the text of a view.
    #[error("it is not the text of a view: {0}")]
    Text(String),
}

/// What a new view changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A node becomes primary, alone in sync save for those of the old view that are named.
    TakeOver {
        /// Who takes over: in sync in the old view.
        primary: Member,
        /// Who stays in sync, the primary among them.
        in_sync: Vec<Member>,
    },
    /// The primary goes on, with these in sync.
    InSync(Vec<Member>),
    /// An operator, where there is no arbiter, makes this node primary, alone in sync. What views the others have
    /// come to meanwhile nobody knows, so the epoch leaps: see [`PROMOTION_EPOCHS`].
    Promotion {
        /// Who becomes primary.
        primary: Member,
        /// The highest reign that it followed, which may be one that its view does not know.
        above: Epoch,
    },
}

/// From one promotion by an operator, without an arbiter, to the next: more views than a primary that nobody hears
/// can come to, so that the epoch of the promotion is above all of them. The node's number is added, so that
/// promotions of two nodes are never one epoch.
pub const PROMOTION_EPOCHS: u32 = 1_000_000;
const _: () = assert!(NODES_MAX as u32 <= PROMOTION_EPOCHS / 1_000);

impl View {
    /// The first view, made by an operator. It is above all that its primary knows: the epochs of a log from before it
    /// was a cluster's, or of an arbiter that has lost its data.
    pub fn founding(
        cluster: ClusterName,
        primary: Member,
        above: Epoch,
        durability: Durability,
        nonce: u64,
    ) -> Result<Self, ViewError> {
        let in_sync = vec![primary];
        let epoch = Epoch(above.0.checked_add(1).ok_or(ViewError::LastEpoch)?);
        let reign = epoch;
        Self { cluster, epoch, reign, primary, in_sync, durability, nonce }.checked()
    }

    /// The view that would follow.
    pub fn next(
        &self,
        change: &Change,
        durability: Durability,
        nonce: u64,
    ) -> Result<Self, ViewError> {
        let cluster = self.cluster;
        let epoch = match change {
            Change::Promotion { primary, above } => self.promotion_epoch(primary.node, *above),
            _ => self.epoch.0.checked_add(1),
        };
        let epoch = Epoch(epoch.ok_or(ViewError::LastEpoch)?);
        let (primary, reign, in_sync) = match change {
            Change::TakeOver { primary, in_sync } => (*primary, epoch, in_sync.clone()),
            Change::InSync(in_sync) => (self.primary, self.reign, in_sync.clone()),
            Change::Promotion { primary, .. } => (*primary, epoch, vec![*primary]),
        };
        Self { cluster, epoch, reign, primary, in_sync, durability, nonce }.checked()
    }

    fn promotion_epoch(&self, node: NodeId, above: Epoch) -> Option<u32> {
        let promotions = (self.epoch.max(above).0 / PROMOTION_EPOCHS).checked_add(1)?;
        promotions.checked_mul(PROMOTION_EPOCHS)?.checked_add(u32::from(node.0))
    }

    fn checked(mut self) -> Result<Self, ViewError> {
        self.in_sync.sort_unstable();
        if self.epoch == Epoch(0) {
            return Err(ViewError::Epoch);
        }
        if self.reign == Epoch(0) || self.reign > self.epoch {
            return Err(ViewError::Reign(self.reign));
        }
        if let Some(member) = self.in_sync.iter().find(|member| member.node.0 >= NODES_MAX) {
            return Err(ViewError::Node(member.node));
        }
        if let Some(pair) = self.in_sync.windows(2).find(|pair| pair[0].node == pair[1].node) {
            return Err(ViewError::Twice(pair[0].node));
        }
        if !self.in_sync.contains(&self.primary) {
            return Err(ViewError::PrimaryNotInSync(self.primary));
        }
        Ok(self)
    }

    /// The cluster.
    pub fn cluster(&self) -> ClusterName {
        self.cluster
    }

    /// How many views there were, this one included.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The epoch in which its primary took over: the one that its records and frames carry. Views that only
    /// change who is in sync keep it.
    pub fn reign(&self) -> Epoch {
        self.reign
    }

    /// Who numbers records.
    pub fn primary(&self) -> Member {
        self.primary
    }

    /// Who must have a record before its effects are told; ascending, the primary among them.
    pub fn in_sync(&self) -> &[Member] {
        &self.in_sync
    }

    /// The level at which effects are told.
    pub fn durability(&self) -> Durability {
        self.durability
    }

    /// Tells this swap from every other.
    pub fn nonce(&self) -> u64 {
        self.nonce
    }

    /// Whether this very incarnation is in sync.
    pub fn has(&self, member: Member) -> bool {
        self.in_sync.contains(&member)
    }

    /// Bit n: node n is in sync.
    pub fn in_sync_bits(&self) -> u64 {
        self.in_sync.iter().fold(0, |bits, member| bits | 1 << member.node.0)
    }

    /// The view as the arbiter keeps it: JSON that an operator can read.
    pub fn to_text(&self) -> String {
        let member = |member: &Member| MemberText {
            node: member.node.0,
            incarnation: member.incarnation.to_string(),
        };
        let text = ViewText {
            cluster: String::from_utf8_lossy(self.cluster.as_bytes()).into_owned(),
            epoch: self.epoch.0,
            reign: self.reign.0,
            primary: member(&self.primary),
            in_sync: self.in_sync.iter().map(member).collect(),
            durability: level_name(self.durability).to_owned(),
            nonce: format!("{:016x}", self.nonce),
        };
        serde_json::to_string(&text).expect("a view's text is plain strings and numbers")
    }

    /// Reads what [`View::to_text`] wrote.
    pub fn from_text(text: &str) -> Result<Self, ViewError> {
        let text: ViewText =
            serde_json::from_str(text).map_err(|error| ViewError::Text(error.to_string()))?;
        let hex = |what: &str, digits: &str| {
            let canonical = digits.len() == 16;
            let number = u64::from_str_radix(digits, 16).ok().filter(|_| canonical);
            number.ok_or_else(|| ViewError::Text(format!("{what} {digits:?} is not 16 hex digits")))
        };
        let member = |member: &MemberText| {
            let incarnation = Incarnation(hex("incarnation", &member.incarnation)?);
            Ok(Member { node: NodeId(member.node), incarnation })
        };
        let cluster = ClusterName::new(text.cluster.as_bytes()).ok_or_else(|| {
            ViewError::Text(format!("cluster {:?} is longer than 32 bytes", text.cluster))
        })?;
        let durability = level_named(&text.durability).ok_or_else(|| {
            ViewError::Text(format!("durability {:?} is not a level", text.durability))
        })?;
        Self {
            cluster,
            epoch: Epoch(text.epoch),
            reign: Epoch(text.reign),
            primary: member(&text.primary)?,
            in_sync: text.in_sync.iter().map(member).collect::<Result<_, _>>()?,
            durability,
            nonce: hex("nonce", &text.nonce)?,
        }
        .checked()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberText {
    node: u16,
    incarnation: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewText {
    cluster: String,
    epoch: u32,
    reign: u32,
    primary: MemberText,
    in_sync: Vec<MemberText>,
    durability: String,
    nonce: String,
}

const LEVELS: [(Durability, &str); 4] = [
    (Durability::LocalMemory, "local-memory"),
    (Durability::LocalDisk, "local-disk"),
    (Durability::StandbyMemory, "standby-memory"),
    (Durability::StandbyDisk, "standby-disk"),
];

fn level_name(level: Durability) -> &'static str {
    LEVELS.iter().find(|(known, _)| *known == level).map_or("", |(_, name)| name)
}

fn level_named(name: &str) -> Option<Durability> {
    LEVELS.iter().find(|(_, known)| *known == name).map(|(level, _)| *level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(node: u16, incarnation: u64) -> Member {
        Member { node: NodeId(node), incarnation: Incarnation(incarnation) }
    }

    fn founded() -> View {
        let name = ClusterName::new(b"castle").expect("it is short");
        View::founding(name, member(0, 7), Epoch(0), Durability::LocalDisk, 1).expect("it is valid")
    }

    #[test]
    fn a_view_is_read_as_it_was_written() {
        let both = Change::InSync(vec![member(1, u64::MAX), member(0, 7)]);
        let view = founded().next(&both, Durability::StandbyMemory, u64::MAX).expect("it is valid");
        assert_eq!(View::from_text(&view.to_text()), Ok(view));
    }

    #[test]
    fn every_change_is_a_new_epoch() {
        let founded = founded();
        let both = Change::InSync(vec![member(0, 7), member(1, 9)]);
        let next = founded.next(&both, Durability::StandbyMemory, 2).expect("it is valid");
        assert_eq!(next.epoch(), Epoch(2));
        assert_eq!((next.primary(), next.reign()), (member(0, 7), Epoch(1)));
        let over = Change::TakeOver { primary: member(1, 9), in_sync: vec![member(1, 9)] };
        let over = next.next(&over, Durability::LocalDisk, 3).expect("it is valid");
        assert_eq!((over.epoch(), over.primary()), (Epoch(3), member(1, 9)));
        assert_eq!(over.reign(), Epoch(3), "who takes over begins a reign");
        assert!(!over.has(member(0, 7)));
    }

    #[test]
    fn an_operators_promotion_is_above_what_the_others_came_to_and_never_the_same_for_two() {
        let level = Durability::LocalDisk;
        let promoted = |view: &View, node| {
            let over = Change::Promotion { primary: member(node, 9), above: Epoch(0) };
            view.next(&over, level, 3).expect("it is valid")
        };
        let over = promoted(&founded(), 1);
        assert_eq!((over.epoch(), over.reign()), (Epoch(1_000_001), Epoch(1_000_001)));
        assert_eq!((over.primary(), over.in_sync()), (member(1, 9), &[member(1, 9)][..]));
        assert_eq!(promoted(&founded(), 0).epoch(), Epoch(1_000_000));
        let mut last = promoted(&over, 0);
        assert_eq!(last.epoch(), Epoch(2_000_000));
        let behind = Change::Promotion { primary: member(1, 9), above: Epoch(1_000_000) };
        let over = founded().next(&behind, level, 3).expect("it is valid");
        assert_eq!(
            over.epoch(),
            Epoch(2_000_001),
            "it followed a reign that its view does not know"
        );
        last.epoch = Epoch(u32::MAX - 5);
        let over = Change::Promotion { primary: member(1, 9), above: Epoch(0) };
        assert_eq!(last.next(&over, level, 4), Err(ViewError::LastEpoch));
    }

    #[test]
    fn a_restarted_node_is_not_the_one_that_the_view_names() {
        assert!(founded().has(member(0, 7)));
        assert!(!founded().has(member(0, 8)));
    }

    #[test]
    fn what_is_no_view_is_refused_by_name() {
        let level = Durability::LocalDisk;
        let alone = Change::InSync(vec![member(1, 9)]);
        assert_eq!(
            founded().next(&alone, level, 2),
            Err(ViewError::PrimaryNotInSync(member(0, 7)))
        );
        let twice = Change::InSync(vec![member(0, 7), member(0, 8)]);
        assert_eq!(founded().next(&twice, level, 2), Err(ViewError::Twice(NodeId(0))));
        let far = Change::InSync(vec![member(0, 7), member(NODES_MAX, 8)]);
        assert_eq!(founded().next(&far, level, 2), Err(ViewError::Node(NodeId(NODES_MAX))));
        let zero = founded().to_text().replace("\"epoch\":1", "\"epoch\":0");
        assert_eq!(View::from_text(&zero), Err(ViewError::Epoch));
        let ahead = founded().to_text().replace("\"reign\":1", "\"reign\":2");
        assert_eq!(View::from_text(&ahead), Err(ViewError::Reign(Epoch(2))));
        for broken in ["", "{}", "[]", "{\"epoch\":1}"] {
            assert!(matches!(View::from_text(broken), Err(ViewError::Text(_))), "{broken}");
        }
        let unknown = founded().to_text().replace("local-disk", "a hope");
        let error = View::from_text(&unknown).expect_err("the level is unknown");
        assert!(error.to_string().contains("\"a hope\""), "{error}");
    }
}

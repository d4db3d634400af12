//! What an operator sees of the cluster.

use super::{Own, Role, Steward};
use crate::cluster::standing::StateHash;
use crate::cluster::view::{Member, View};
use crate::model::{Epoch, Sequence};

/// What `castle admin cluster` shows. A primary knows its standbys; a standby knows itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// This node.
    pub me: Member,
    /// The view that was last read.
    pub view: Option<View>,
    /// The reign in which this process numbers records.
    pub leads: Option<Epoch>,
    /// It took itself out.
    pub is_out: bool,
    /// How far its own log is.
    pub own: Own,
    /// What may be told.
    pub released: Sequence,
    /// A view is asked for, and its outcome is open.
    pub asks_for: Option<View>,
    /// Since when the arbiter has not answered.
    pub arbiter_silent_ns: u64,
    /// The arbiter shows a lower epoch than this node has seen: was it restored from a backup?
    pub arbiter_went_back: bool,
    /// The last state hash that was the primary's as well.
    pub hash_agreed: StateHash,
    /// The standbys.
    pub peers: Vec<PeerReport>,
}

/// A standby, as its primary sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerReport {
    /// Which one, in which life.
    pub member: Member,
    /// The view names it.
    pub is_in_sync: bool,
    /// There is a connection.
    pub is_connected: bool,
    /// It has begun to follow.
    pub is_following: bool,
    /// What it acknowledged.
    pub held: Own,
    /// How many records it is behind.
    pub behind: u64,
    /// How long ago it last made progress.
    pub silent_ns: u64,
}

impl Steward {
    /// What an operator sees.
    pub fn report(&self) -> Report {
        let is_in_sync = |member| self.view().is_some_and(|view| view.has(member));
        let peers = self.peers.iter().map(|peer| PeerReport {
            member: peer.member,
            is_in_sync: is_in_sync(peer.member),
            is_connected: peer.is_connected,
            is_following: peer.is_aligned,
            held: Own { end: peer.received, synced: peer.synced },
            behind: self.own.end.0.saturating_sub(peer.received.0),
            silent_ns: self.now_ns.saturating_sub(peer.heard_ns),
        });
        Report {
            me: self.me,
            view: self.view().cloned(),
            leads: self.leads(),
            is_out: self.role == Role::Out,
            own: self.own,
            released: self.released,
            asks_for: self.swap.as_ref().map(|swap| swap.view.clone()),
            arbiter_silent_ns: self.now_ns.saturating_sub(self.arbiter_heard_ns),
            arbiter_went_back: self.arbiter_went_back,
            hash_agreed: self.hash_agreed,
            peers: peers.collect(),
        }
    }
}

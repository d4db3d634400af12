//! What a standby takes from its primary: frames are checked, records handed on.
//!
//! 1. A record is taken only where the steward accepts its primary and its reign, where it continues the one
//!    before in sequence, epoch and time, and where it can be read whole. Anything else ends the connection.
//! 2. It goes into a ring to the sequencer, which puts it into the log ring unchanged. What is acknowledged is
//!    what the *log ring* has, so a record on its way through here does not count yet.
//! 3. Frames are read only while the ring has room for the longest batch ([`Inflow::has_room`]): a slow standby
//!    makes its primary's socket full, and nothing here grows.

use thiserror::Error;

use crate::cluster::frame::{BATCH_MAX, Body, Frame, Header, Records};
use crate::cluster::steward::{Steward, Welcomed};
use crate::model::wire::Malformed;
use crate::model::{Epoch, NodeId, Record, RecordBytes, Sequence, Timestamp};
use crate::ring::Producer;

/// Why a standby hangs up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// Another node answers than the one that was dialled.
    #[error(
        "node {found} answers where node {dialled} was dialled: are two nodes configured as one?"
    )]
    Node {
        /// Who answers.
        found: NodeId,
        /// Who was dialled.
        dialled: NodeId,
    },
    /// It is not primary; the view will say who is.
    #[error("it is not the primary")]
    NotPrimary,
    /// It will not speak with this node.
    #[error("it refuses this node: {why}")]
    ByPrimary {
        /// The hash of the definition's name that it is about; 0 where it is about none.
        about: u32,
        /// Why, as it says.
        why: String,
    },
    /// Its reign is over, or this node may not follow it.
    #[error("it reigns since epoch {reign}, which this node does not follow")]
    Reign {
        /// Its reign.
        reign: Epoch,
    },
    /// The running hash at the last shared record is another.
    #[error(
        "after record {shared}, the last that both logs have, its running hash is {theirs:016x} and this node's \
         {own:016x}: one of the journals is damaged. Check both with castle journal verify"
    )]
    Hash {
        /// The record.
        shared: Sequence,
        /// The primary's.
        theirs: u64,
        /// This node's.
        own: u64,
    },
    /// A record that does not continue the log.
    #[error(
        "record {found} of epoch {epoch} does not continue this node's log, where record {expected} is next"
    )]
    Gap {
        /// What came.
        found: Sequence,
        /// Its epoch.
        epoch: Epoch,
        /// What should have.
        expected: Sequence,
    },
    /// Bytes that are no record.
    #[error("what should be record {sequence} is none: {why}")]
    Record {
        /// Which.
        sequence: Sequence,
        /// Why.
        why: Malformed,
    },
    /// A frame that a primary does not send, or not then.
    #[error("a frame that only a standby sends, or that another one must come before")]
    Frame,
}

impl Refused {
    /// What another node says, so that it can stand in a line of the log.
    pub fn by_primary(about: u32, why: &str) -> Self {
        let is_plain = |letter: &char| !letter.is_control();
        Self::ByPrimary { about, why: why.chars().filter(is_plain).collect() }
    }
}

/// Where this node's log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct End {
    /// The last record.
    pub sequence: Sequence,
    /// Its epoch.
    pub epoch: Epoch,
    /// Its time.
    pub timestamp: Timestamp,
}

/// See the module.
pub struct Inflow {
    dialled: NodeId,
    /// The last record that was handed on.
    end: End,
    records: Producer<RecordBytes>,
}

impl Inflow {
    /// From the node that was dialled into the sequencer's ring, behind `end`.
    pub fn new(dialled: NodeId, end: End, records: Producer<RecordBytes>) -> Self {
        Self { dialled, end, records }
    }

    /// Another node is dialled now.
    pub fn dial(&mut self, node: NodeId) {
        self.dialled = node;
    }

    /// Whether a frame may be read: whatever it holds finds room.
    pub fn has_room(&mut self) -> bool {
        self.records.has_room(BATCH_MAX as usize)
    }

    /// The last record that was handed on.
    pub fn handed_on(&self) -> Sequence {
        self.end.sequence
    }

    /// The log was cut, and ends here now.
    pub fn restart(&mut self, end: End) {
        self.end = end;
    }

    /// Takes a frame. `own_hash` gives the running hash after a record of this node's log.
    pub fn take(
        &mut self,
        frame: &Frame<'_>,
        steward: &mut Steward,
        own_hash: impl FnOnce(Sequence) -> u64,
    ) -> Result<(), Refused> {
        let Header { sender, reign, .. } = frame.header;
        if sender != self.dialled {
            return Err(Refused::Node { found: sender, dialled: self.dialled });
        }
        match &frame.body {
            Body::Welcome { shared, hash } => {
                if *shared > self.end.sequence {
                    let (found, expected) = (*shared, self.end.sequence.next());
                    return Err(Refused::Gap { found, epoch: reign, expected });
                }
                let own = own_hash(*shared);
                if own != *hash {
                    return Err(Refused::Hash { shared: *shared, theirs: *hash, own });
                }
                match steward.welcome(sender, reign, *shared) {
                    Welcomed::Following => Ok(()),
                    Welcomed::HangUp => Err(Refused::Reign { reign }),
                }
            }
            Body::NotPrimary => Err(Refused::NotPrimary),
            Body::Refused { about, why } => Err(Refused::by_primary(*about, why)),
            // Views and snapshots are taken elsewhere, snapshots after they were announced.
            Body::Hello(_)
            | Body::Ack(_)
            | Body::View(_)
            | Body::Snapshot { .. }
            | Body::SnapshotPart { .. } => Err(Refused::Frame),
            _ if !steward.accepts(sender, reign) => Err(Refused::Reign { reign }),
            Body::Records(records) => {
                self.hand_on(reign, records)?;
                steward.primary_heard(sender, reign, records.released);
                Ok(())
            }
            Body::Progress { released, .. } => {
                steward.primary_heard(sender, reign, *released);
                Ok(())
            }
            Body::StateHash(hash) => {
                steward.primary_hash(sender, reign, *hash);
                Ok(())
            }
            Body::Offer { end } => {
                steward.offered(sender, reign, *end);
                Ok(())
            }
        }
    }

    /// Hands on a batch. What came before a bad record is good, and stays.
    fn hand_on(&mut self, reign: Epoch, records: &Records<'_>) -> Result<(), Refused> {
        let result = records.iter().try_for_each(|bytes| self.hand_on_one(reign, bytes));
        self.records.publish();
        result
    }

    fn hand_on_one(&mut self, reign: Epoch, bytes: &[u8]) -> Result<(), Refused> {
        let expected = self.end.sequence.next();
        let malformed = |why| Refused::Record { sequence: expected, why };
        let record = Record::get(bytes).map_err(malformed)?;
        let Record { sequence, epoch, timestamp, .. } = record;
        let continues = sequence == expected
            && (self.end.epoch..=reign).contains(&epoch)
            && timestamp >= self.end.timestamp;
        if !continues {
            return Err(Refused::Gap { found: sequence, epoch, expected });
        }
        let Some(slot) = self.records.claim() else {
            return Err(Refused::Gap { found: sequence, epoch, expected });
        };
        slot.0[..bytes.len()].copy_from_slice(bytes);
        self.end = End { sequence, epoch, timestamp };
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! A snapshot in the place of records that the primary's journal does not have any more.
//!
//! 1. The primary's history says that records were pruned, and gives a snapshot. It is announced in the place of a
//!    welcome, and sent in parts while the link has room.
//! 2. The standby looks whether it may give up the log that it has ([`Steward::may_take_in`]), and has the parts written
//!    off its hot path. It follows nobody meanwhile, acknowledges nothing, and is in no view.
//! 3. Once all of it is on disk and good, the life of its log is over: the node's venue ends, takes the snapshot in, and
//!    joins again behind it, as a new incarnation.
//! 4. Where the connection is lost, or a part is not what was announced, everything begins anew.

use super::standby::Parting;
use super::{ClusterAgent, Ending, Stage};
use crate::cluster::arrival::Arrival;
use crate::cluster::follower::Refused;
use crate::cluster::frame::{Body, Frame, PART_BYTES_MAX};
use crate::cluster::history::Piece;
use crate::cluster::link::LinkError;
use crate::cluster::steward::{Steward, Welcomed};
use crate::cluster::wires::Wires;
use crate::journal::transfer::Parcel;
use crate::model::{Epoch, NodeId, Sequence};

/// Parts that are sent in a turn: the engine has the same thread, and clients wait.
const PARTS_PER_TURN: usize = 2;

/// A snapshot that is being sent.
pub(super) struct Sending {
    shared: Sequence,
    parcel: Parcel,
    is_announced: bool,
    piece: Vec<u8>,
    /// The bytes of the piece that were sent.
    at: usize,
    sent: u64,
}

impl Sending {
    fn new(shared: Sequence, parcel: Parcel) -> Self {
        Self { shared, parcel, is_announced: false, piece: Vec::new(), at: 0, sent: 0 }
    }

    /// Bytes that were sent, of how many.
    pub fn progress(&self) -> (u64, u64) {
        (self.sent, self.parcel.bytes)
    }
}

/// A snapshot that is being taken in.
pub(super) struct Taking {
    reign: Epoch,
    shared: Sequence,
    parcel: Parcel,
    received: u64,
}

impl Taking {
    /// Bytes that came, of how many.
    pub fn progress(&self) -> (u64, u64) {
        (self.received, self.parcel.bytes)
    }

    /// Whether this part is the next.
    fn check(&self, offset: u64, bytes: &[u8]) -> Result<(), Parting> {
        let left = self.parcel.bytes - self.received;
        if offset == self.received && bytes.len() as u64 <= left {
            return Ok(());
        }
        let (length, received, all) = (bytes.len(), self.received, self.parcel.bytes);
        Err(Parting::Snapshot(format!(
            "a part of {length} bytes at {offset} of a snapshot of {all} bytes, of which {received} came before"
        )))
    }
}

/// Takes a frame that has to do with a snapshot; false where it has not.
pub(super) fn take_frame(
    frame: &Frame<'_>,
    dialled: NodeId,
    taking: &mut Option<Taking>,
    arrival: &mut dyn Arrival,
    steward: &mut Steward,
) -> Result<bool, Parting> {
    let (found, reign) = (frame.header.sender, frame.header.reign);
    if found != dialled {
        return Err(Parting::Refused(Refused::Node { found, dialled }));
    }
    match (&frame.body, taking) {
        (Body::Snapshot { shared, parcel }, taking) => {
            if steward.may_take_in(reign, *shared) == Welcomed::HangUp {
                return Err(Parting::Refused(Refused::Reign { reign }));
            }
            parcel.check().map_err(|why| Parting::Snapshot(why.to_string()))?;
            arrival.begin(parcel);
            *taking = Some(Taking { reign, shared: *shared, parcel: *parcel, received: 0 });
            Ok(true)
        }
        (Body::SnapshotPart { offset, bytes }, Some(taking)) => {
            taking.check(*offset, bytes)?;
            arrival.part(bytes);
            taking.received += bytes.len() as u64;
            Ok(true)
        }
        // It lives, and reads or waits.
        (Body::Progress { .. }, Some(taking)) if taking.reign == reign => Ok(true),
        (Body::Welcome { .. }, Some(_)) => Err(Parting::Refused(Refused::Frame)),
        _ => Ok(false),
    }
}

impl<W: Wires> ClusterAgent<W> {
    /// The records that a standby lacks were pruned.
    pub(super) fn begin_sending(&mut self, at: usize, parcel: Parcel) {
        let stage = &mut self.downstreams[at].stage;
        let Stage::Awaited { node, shared } = *stage else { return };
        *stage = Stage::Sending { node, sending: Sending::new(shared, parcel) };
        // One that has to begin anew is no news.
        let said = Some((node, parcel.link.sequence));
        if std::mem::replace(&mut self.said_snapshot, said) == said {
            return;
        }
        self.control.say(
            false,
            format!(
                "{}: record {} was pruned here: it is sent the snapshot at record {}, {} bytes",
                self.name_of(node),
                shared.next(),
                parcel.link.sequence,
                parcel.bytes
            ),
        );
    }

    /// Sends what the link has room for.
    pub(super) fn send_snapshot(
        &mut self,
        at: usize,
        is_sign_due: bool,
    ) -> Result<usize, LinkError> {
        let header = self.header(self.steward.leads().unwrap_or_default());
        let (end, released) = (Sequence(self.window.next().0 - 1), self.steward.released());
        let super::primary::Downstream { link, stage, .. } = &mut self.downstreams[at];
        let Stage::Sending { node, sending } = stage else { return Ok(0) };
        let node = *node;
        let mut done = 0;
        if is_sign_due {
            link.send(&Frame { header, body: Body::Progress { end, released } });
        }
        while done < PARTS_PER_TURN && link.has_room() {
            let Sending { shared, parcel, piece, at, sent, is_announced } = sending;
            if !*is_announced {
                let body = Body::Snapshot { shared: *shared, parcel: *parcel };
                *is_announced = link.send(&Frame { header, body });
                done += 1;
            } else if *at < piece.len() {
                let length = (piece.len() - *at).min(PART_BYTES_MAX);
                let bytes = &piece[*at..*at + length];
                if !link.send(&Frame { header, body: Body::SnapshotPart { offset: *sent, bytes } })
                {
                    break;
                }
                (*at, *sent) = (*at + length, *sent + length as u64);
                done += 1;
            } else {
                match self.outside.history.next(node) {
                    Some(Piece::Part(part)) => (*piece, *at) = (part, 0),
                    // The one before was found to be damaged.
                    Some(Piece::Snapshot(other)) => *sending = Sending::new(*shared, other),
                    Some(Piece::Gone(why)) => {
                        self.complain(Some(node), why);
                        return Err(LinkError::Closed);
                    }
                    // When all was sent the standby hangs up.
                    Some(Piece::Begins { .. } | Piece::Records(_)) | None => break,
                }
            }
        }
        link.flush()?;
        Ok(done)
    }

    /// Drops a snapshot that was being taken in.
    pub(super) fn stop_taking(&mut self) {
        if self.upstream.taking.take().is_some() {
            self.outside.arrival.end();
        }
    }

    /// Looks what came of the snapshot that is taken in.
    pub(super) fn look_at_arrival(&mut self) -> usize {
        if self.upstream.taking.is_none() {
            return 0;
        }
        let Some(outcome) = self.outside.arrival.outcome() else { return 0 };
        let (Some(taking), Some(node)) = (&self.upstream.taking, self.upstream.node()) else {
            return 0;
        };
        let (reign, shared, parcel) = (taking.reign, taking.shared, taking.parcel);
        match outcome {
            Ok(()) if self.steward.may_take_in(reign, shared) == Welcomed::Following => {
                self.outside.keeper.forget();
                self.end(Ending::Snapshot { shared, parcel });
            }
            Ok(()) => self.part(node, &Parting::Refused(Refused::Reign { reign })),
            Err(why) => self.part(node, &Parting::Snapshot(why)),
        }
        1
    }
}

#[cfg(test)]
mod tests;

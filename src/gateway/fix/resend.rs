//! Sends again what a client has missed, a chunk at a time, without delaying anybody else.

use std::sync::atomic::Ordering;

use super::FixGateway;
use crate::fix::encode::{self, Outgoing};
use crate::gateway::network::Network;
use crate::gateway::store::{CHUNK, Kept, Query};
use crate::model::Sequence;
use crate::runtime::Now;

/// A resend goes on only while fewer bytes than this wait on its connection.
const WAITING_BYTES_MAX: usize = 128 * 1024;
/// Answers taken a turn.
const ANSWERS_PER_TURN: usize = 256;

/// Bytes by which a resend may exceed what may wait for a client: one chunk beyond its own limit.
pub(super) const ALLOWANCE_BYTES: usize = 2 * WAITING_BYTES_MAX;

impl<N: Network> FixGateway<N> {
    /// Begins to send the numbers from `begin` to `end` again.
    pub(super) fn start_resend(&mut self, slot: usize, begin: u64, end: u64) {
        if begin == 0 || begin > end {
            return;
        }
        self.next_resend = self.next_resend.wrapping_add(1);
        if let Some(Some(connection)) = self.connections.get_mut(slot)
            && connection.start_resend(self.next_resend, begin, end)
        {
            self.resending.push(slot);
        }
    }

    /// Asks the store for the next chunk of every resend whose client keeps up.
    pub(super) fn ask_store(&mut self) -> usize {
        let mut asked = 0;
        let mut at = 0;
        while at < self.resending.len() {
            let slot = self.resending[at];
            let Some(Some(connection)) = self.connections.get_mut(slot) else {
                self.resending.swap_remove(at);
                continue;
            };
            let (Some(resend), Some(session)) = (&mut connection.resend, connection.session) else {
                self.resending.swap_remove(at);
                continue;
            };
            let keeps_up = connection.outbound.waiting() < WAITING_BYTES_MAX;
            if !resend.asked && keeps_up && self.rings.queries.free() > 0 {
                resend.asked = true;
                let query = Query {
                    session,
                    connection: connection.id,
                    resend: resend.id,
                    begin: resend.next,
                    end: resend.end.min(resend.next + CHUNK - 1),
                    position: self.rings.events.position(),
                };
                self.rings.queries.push(&query);
                asked += 1;
            }
            at += 1;
        }
        self.rings.queries.publish();
        asked
    }

    pub(super) fn take_answers(&mut self, now: Now) -> usize {
        let mut taken = 0;
        while taken < ANSWERS_PER_TURN
            && let Some(kept) = self.rings.answers.peek().copied()
        {
            self.rings.answers.advance(1);
            self.take_answer(&kept, now);
            taken += 1;
        }
        taken
    }

    fn take_answer(&mut self, kept: &Kept, now: Now) {
        let Some(Some(seat)) = self.seats.get(kept.session.index()) else { return };
        let Some(slot) = seat.slot else { return };
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        let Some(definition) = self.directory.session(kept.session) else { return };
        if connection.id != kept.connection {
            return;
        }
        let Some(resend) = connection.resend.as_mut().filter(|resend| resend.id == kept.resend)
        else {
            return;
        };
        if kept.last {
            resend.asked = false;
        }
        if kept.msg_seq_num != resend.next {
            return;
        }
        let number = kept.msg_seq_num;
        let event = kept.event.filter(|event| !encode::is_admin(&event.body));
        // The clock of the machine that first sent it may have been ahead of this one's, and a client rejects what was
        // sent before it was first sent.
        let sent_ns = event.map_or(0, |event| event.timestamp.0);
        let header = Outgoing {
            sender: self.directory.venue().as_bytes(),
            target: definition.comp_id.as_bytes(),
            sending_time_ns: now.wall_ns.max(sent_ns),
            poss_dup: true,
        };
        let (gap_begin, is_end) = (resend.gap_begin, number == resend.end);
        resend.next = number + 1;
        resend.gap_begin = match event {
            Some(_) => 0,
            None if gap_begin == 0 => number,
            None => gap_begin,
        };
        let gap = if event.is_some() { gap_begin } else { resend.gap_begin };
        if gap != 0 && (event.is_some() || is_end) {
            let next = if event.is_some() { number } else { number + 1 };
            connection.outbound.push(Sequence(0), |bytes| {
                self.encoder.gap_fill(gap, next, &header, now.wall_ns, bytes);
            });
            self.telltale.messages_out.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(event) = event {
            let (directory, encoder) = (&self.directory, &mut self.encoder);
            connection
                .outbound
                .push(event.cause, |bytes| encoder.encode(&event, &header, directory, bytes));
            self.telltale.messages_out.fetch_add(1, Ordering::Relaxed);
        }
        if is_end {
            connection.resend = None;
        }
        if !connection.in_outputs {
            connection.in_outputs = true;
            self.outputs.push(slot);
        }
    }
}

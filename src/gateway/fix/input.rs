//! From sockets to commands.

use std::io::{ErrorKind, Read};
use std::sync::atomic::Ordering;

use bytes::{Buf, BytesMut};

use super::{FixGateway, READ_BYTES, SCARCE_ORDERS, Sink, moment};
use crate::fix::frame::{self, Frame};
use crate::fix::session::{self, COMMANDS_MAX};
use crate::gateway::connection::Connection;
use crate::gateway::facts::{Ended, Fact};
use crate::gateway::network::{Network, Ready, Stream};
use crate::model::{ConnectionId, LogoutCode};
use crate::runtime::Now;

/// Connections accepted a turn.
const ACCEPTS_PER_TURN: usize = 32;
/// Places of the engine's ring that messages leave to timers.
const TIMER_RESERVE: usize = 64;

/// Why no further message was taken from a connection.
#[derive(PartialEq, Eq)]
enum Stop {
    /// The rest is no whole message.
    NeedsMore,
    /// The engine's ring is full: go on in the next turn.
    RingFull,
    /// The session waits for the engine's answer to its Logon.
    SessionWaits,
    /// The connection is gone.
    Gone,
}

impl<N: Network> FixGateway<N> {
    /// Puts a connection into the list of those that may have something to read.
    pub(super) fn wants_input(&mut self, slot: usize) {
        if let Some(Some(connection)) = self.connections.get_mut(slot)
            && !connection.in_inputs
        {
            connection.in_inputs = true;
            self.inputs.push_back(slot);
        }
    }

    pub(super) fn take_input(&mut self, now: Now) -> usize {
        let mut ready = std::mem::take(&mut self.ready);
        // A failing poll is seen by every socket's own reads and writes.
        let _ = self.network.poll(&mut ready);
        for ready in ready.drain(..) {
            if ready.slot == Ready::LISTENER {
                self.accept_pending = true;
                continue;
            }
            let Some(Some(connection)) = self.connections.get_mut(ready.slot) else { continue };
            connection.writable |= ready.writable;
            if ready.readable {
                connection.readable = true;
                self.wants_input(ready.slot);
            }
        }
        self.ready = ready;
        let mut done = 0;
        if self.accept_pending {
            done += self.accept(now);
        }
        for _ in 0..self.inputs.len() {
            // Whoever was not served is the first of the next turn.
            if !self.has_room_for_input() {
                break;
            }
            let Some(slot) = self.inputs.pop_front() else { break };
            if let Some(Some(connection)) = self.connections.get_mut(slot) {
                connection.in_inputs = false;
                done += self.serve(slot, now);
            }
        }
        done
    }

    /// Whether a message may be taken: there is room for what it causes, and the engine knows of every
    /// connection that is gone.
    fn has_room_for_input(&mut self) -> bool {
        self.lost.is_empty() && self.rings.commands.has_room(COMMANDS_MAX + TIMER_RESERVE)
    }

    fn accept(&mut self, now: Now) -> usize {
        for accepted in 0..ACCEPTS_PER_TURN {
            let (mut stream, peer) = match self.network.accept() {
                Ok(Some(accepted)) => accepted,
                Ok(None) => {
                    self.accept_pending = false;
                    return accepted;
                }
                Err(error) => {
                    // Out of descriptors, most likely: the listener stays, and is asked again.
                    self.accept_pending = false;
                    self.telltale.tell(Fact::AcceptFailed(error.kind()));
                    return accepted;
                }
            };
            let open = self.connections.len() - self.free_slots.len();
            if self.draining || open >= self.limits.connections_max {
                stream.close();
                let why = Ended::TooManyConnections;
                self.telltale.tell(Fact::Ended { session: None, peer, why });
                continue;
            }
            let slot = self.free_slots.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            if let Err(error) = self.network.register(&mut stream, slot) {
                self.free_slots.push(slot);
                self.telltale.tell(Fact::AcceptFailed(error.kind()));
                continue;
            }
            let id = ConnectionId(self.next_connection);
            self.next_connection = self.next_connection.wrapping_add(1).max(1);
            let deadline_ns = now.monotonic_ns + self.limits.logon_timeout_ms * 1_000_000;
            let connection = Connection::new(id, stream, peer, deadline_ns);
            self.connections[slot] = Some(Box::new(connection));
            self.telltale.connections.fetch_add(1, Ordering::Relaxed);
            self.wants_input(slot);
        }
        ACCEPTS_PER_TURN
    }

    /// Takes what has come on one connection, at most one read of it.
    fn serve(&mut self, slot: usize, now: Now) -> usize {
        let mut done = 0;
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return 0 };
        if connection.outbound.held() > self.limits.outbound_bytes_max {
            // Nothing becomes durable: it is not the client's fault, and its socket is not read.
            self.wants_input(slot);
            return 0;
        }
        if !connection.inbound.is_empty() {
            let mut inbound = std::mem::take(&mut connection.inbound);
            let (consumed, stop) = self.parse(slot, &inbound, now);
            inbound.advance(consumed);
            done += usize::from(consumed > 0);
            if !self.keep_inbound(slot, inbound, stop) {
                return done;
            }
        }
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return done };
        if !connection.readable {
            return done;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        match connection.stream.read(&mut scratch) {
            Ok(0) => self.end(slot, Ended::ByClient),
            Ok(length) => {
                done += 1;
                connection.ways.bytes_read();
                connection.readable = length == READ_BYTES || connection.readable;
                self.take_bytes(slot, &scratch[..length], now);
                self.wants_input(slot);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => connection.readable = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => self.wants_input(slot),
            Err(error) => self.end(slot, Ended::ByError(error.kind())),
        }
        self.scratch = scratch;
        done
    }

    fn take_bytes(&mut self, slot: usize, bytes: &[u8], now: Now) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        let logged_on = connection.session.is_some();
        if !logged_on && !connection.closing {
            connection.bytes_before_logon += bytes.len();
            if connection.bytes_before_logon > self.limits.bytes_before_logon_max {
                return self.end(slot, Ended::TooMuchBeforeLogon);
            }
        }
        if connection.inbound.is_empty() {
            let (consumed, stop) = self.parse(slot, bytes, now);
            if let Some(Some(connection)) = self.connections.get_mut(slot) {
                let inbound = std::mem::take(&mut connection.inbound);
                let mut inbound = inbound;
                inbound.extend_from_slice(&bytes[consumed..]);
                self.keep_inbound(slot, inbound, stop);
            }
        } else {
            let mut inbound = std::mem::take(&mut connection.inbound);
            inbound.extend_from_slice(bytes);
            let (consumed, stop) = self.parse(slot, &inbound, now);
            inbound.advance(consumed);
            self.keep_inbound(slot, inbound, stop);
        }
    }

    /// Gives a connection its unread bytes back. Returns whether it may read on.
    fn keep_inbound(&mut self, slot: usize, inbound: BytesMut, stop: Stop) -> bool {
        if let Some(Some(connection)) = self.connections.get_mut(slot) {
            connection.inbound = inbound;
        }
        if stop == Stop::RingFull {
            self.wants_input(slot);
        }
        stop == Stop::NeedsMore
    }

    /// Takes messages from `bytes` and says how many bytes they were, and why it went no further.
    fn parse(&mut self, slot: usize, bytes: &[u8], now: Now) -> (usize, Stop) {
        let mut at = 0;
        loop {
            let Some(Some(connection)) = self.connections.get(slot) else {
                return (at, Stop::Gone);
            };
            if connection.closing {
                // It has been logged out: what still comes is read and dropped.
                return (bytes.len(), Stop::NeedsMore);
            }
            let session = connection.session;
            if !self.has_room_for_input() {
                return (at, Stop::RingFull);
            }
            if let Some(session) = session
                && let Some(Some(seat)) = self.seats.get(session.index())
                && !seat.session.wants_input()
            {
                return (at, Stop::SessionWaits);
            }
            match frame::next(&bytes[at..], self.limits.message_size_max) {
                Frame::Incomplete => return (at, Stop::NeedsMore),
                Frame::Garbled { skip } => {
                    at += skip;
                    self.telltale.garbled.fetch_add(1, Ordering::Relaxed);
                    self.count_message(slot, now);
                }
                Frame::TooLong => {
                    self.end(slot, Ended::MessageTooLong);
                    return (at, Stop::Gone);
                }
                Frame::Message { length } => {
                    let message = &bytes[at..at + length];
                    at += length;
                    self.telltale.messages_in.fetch_add(1, Ordering::Relaxed);
                    if self.count_message(slot, now) {
                        self.take_message(slot, message, now);
                    }
                }
            }
        }
    }

    /// Counts a message against its session's rate; false where it is not to be taken any more.
    fn count_message(&mut self, slot: usize, now: Now) -> bool {
        let Some(Some(connection)) = self.connections.get(slot) else { return false };
        let Some(session) = connection.session else { return true };
        let Some(Some(seat)) = self.seats.get_mut(session.index()) else { return false };
        let (rate, burst) = (self.limits.messages_per_second_max, self.limits.burst_max);
        if seat.rate_exceeded {
            return false;
        }
        if seat.bucket.take(rate, burst, now.monotonic_ns) {
            return true;
        }
        seat.rate_exceeded = true;
        let was_logged_on = seat.session.is_logged_on();
        let mut sink = Sink::new(&mut self.rings.commands);
        let (value, limit) = (i64::from(burst), i64::from(rate));
        seat.session.begin_logout(LogoutCode::RateLimit, value, limit, moment(now), &mut sink);
        let outcome = sink.outcome();
        self.settle(slot, session, was_logged_on, outcome, now);
        false
    }

    fn take_message(&mut self, slot: usize, bytes: &[u8], now: Now) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        let session = match connection.session {
            Some(session) => session,
            None => {
                let (message, _) = self.decoder.decode(bytes);
                let free = session::identify(&message, &self.directory)
                    .ok()
                    .and_then(|id| self.seats.get_mut(id.index())?.as_mut())
                    .filter(|seat| seat.slot.is_none());
                let Some(seat) = free else {
                    return self.end(slot, Ended::NoSuchSession);
                };
                let (burst, rate) = SCARCE_ORDERS;
                if !self.durable.has_room() && !seat.scarce.take(rate, burst, now.monotonic_ns) {
                    return self.end(slot, Ended::DiskFull);
                }
                seat.slot = Some(slot);
                seat.session.attach(connection.id, moment(now));
                connection.session = Some(seat.session.id());
                seat.session.id()
            }
        };
        let Some(Some(seat)) = self.seats.get_mut(session.index()) else { return };
        let was_logged_on = seat.session.is_logged_on();
        let mut sink = Sink::new(&mut self.rings.commands);
        seat.session.receive(moment(now), bytes, &mut self.decoder, &self.directory, &mut sink);
        let (burst, rate) = SCARCE_ORDERS;
        if sink.orders > 0
            && !self.durable.has_room()
            && !seat.scarce.take(rate, burst, now.monotonic_ns)
        {
            seat.session.begin_logout(LogoutCode::DiskFull, 0, 0, moment(now), &mut sink);
        }
        let outcome = sink.outcome();
        self.settle(slot, session, was_logged_on, outcome, now);
    }
}

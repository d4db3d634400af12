//! The FIX gateway: an agent.

mod doors;
mod input;
mod resend;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fix::decode::Decoder;
use crate::fix::directory::Directory;
use crate::fix::encode::{Encoder, Outgoing};
use crate::fix::session::{self, COMMANDS_MAX, Close, Moment, Session, SessionLimits, SessionSink};
use crate::gateway::admission::{Limits, TokenBucket};
use crate::gateway::connection::Connection;
use crate::gateway::doors::Doors;
use crate::gateway::facts::{Ended, Fact, Telltale};
use crate::gateway::network::{Network, Ready, Stream};
use crate::gateway::release::Durable;
use crate::gateway::store::{Kept, Query};
use crate::model::{
    Command, Event, EventBody, GatewayId, LogoutCode, SessionDefinition, SessionId,
};
use crate::ring::{Consumer, Producer};
use crate::runtime::{Agent, Now};
use crate::telemetry::LatencyRecorder;

/// Events taken a turn.
const EVENTS_PER_TURN: usize = 1_024;
/// Bytes read from one socket a turn.
const READ_BYTES: usize = 64 * 1024;
/// How often timers are looked at.
const TICK_NS: u64 = 5_000_000;

/// The ends of the rings that a gateway holds.
pub struct Rings {
    /// To the engine.
    pub commands: Producer<Command>,
    /// From the engine.
    pub events: Consumer<Event>,
    /// To the store of sent messages.
    pub queries: Producer<Query>,
    /// From it.
    pub answers: Consumer<Kept>,
    /// Times the order requests that go through them.
    pub latency: LatencyRecorder,
}

/// What a gateway shares with other agents, beside its rings.
pub struct Shared {
    /// Up to where effects may be told.
    pub durable: Arc<dyn Durable>,
    /// Whether connections are taken.
    pub doors: Arc<Doors>,
    /// What is told of it.
    pub telltale: Arc<Telltale>,
}

/// A session as the gateway knows it.
struct Seat {
    session: Session,
    /// The slot of its connection.
    slot: Option<usize>,
    bucket: TokenBucket,
    /// The last outbound number.
    sent: u64,
    rate_exceeded: bool,
    /// New orders that may still be answered while the disk is full.
    scarce: TokenBucket,
}

/// New orders that are answered on a full disk, at once and a second: each answer takes of the room for
/// cancels.
const SCARCE_ORDERS: (u32, u32) = (1_000, 10);

/// See the module's parent.
pub struct FixGateway<N: Network> {
    id: GatewayId,
    limits: Limits,
    network: N,
    directory: Directory,
    decoder: Decoder,
    encoder: Encoder,
    durable: Arc<dyn Durable>,
    rings: Rings,
    seats: Vec<Option<Box<Seat>>>,
    connections: Vec<Option<Box<Connection<N::Stream>>>>,
    free_slots: Vec<usize>,
    next_connection: u32,
    /// Slots whose connection may have something to read or to parse.
    inputs: VecDeque<usize>,
    /// Slots whose connection has bytes that wait.
    outputs: Vec<usize>,
    /// Told to the engine as soon as its ring has room.
    lost: VecDeque<Command>,
    ready: Vec<Ready>,
    scratch: Vec<u8>,
    accept_pending: bool,
    tick_ns: u64,
    /// Slots with a resend under way.
    resending: Vec<usize>,
    next_resend: u32,
    /// Slots whose session has kept messages to go on with.
    kept: Vec<usize>,
    telltale: Arc<Telltale>,
    doors: Arc<Doors>,
    /// The events that come are those of records which this process numbered.
    leads: bool,
    /// Connections are taken, or were until the drain.
    listens: bool,
    /// Set from outside: log everybody out and take nobody in.
    drain: Arc<AtomicBool>,
    drained: Arc<AtomicBool>,
    draining: bool,
    /// A mistake that the simulation plants: the next report bears the number of the message before it.
    #[cfg(any(test, feature = "simulation"))]
    pub(crate) reuses_number: bool,
}

impl<N: Network> FixGateway<N> {
    /// A gateway that knows what `directory` knows.
    pub fn new(
        id: GatewayId,
        limits: Limits,
        network: N,
        directory: Directory,
        shared: Shared,
        rings: Rings,
    ) -> Self {
        let Shared { durable, doors, telltale } = shared;
        // Who leads already has a network that listens.
        let leads = doors.epoch().is_some();
        let mut gateway = Self {
            id,
            network,
            decoder: Decoder::new(),
            encoder: Encoder::default(),
            durable,
            rings,
            seats: Vec::new(),
            connections: Vec::new(),
            free_slots: Vec::new(),
            next_connection: 1,
            inputs: VecDeque::with_capacity(limits.connections_max),
            outputs: Vec::with_capacity(limits.connections_max),
            lost: VecDeque::new(),
            ready: Vec::with_capacity(1_024),
            scratch: vec![0; READ_BYTES],
            accept_pending: true,
            tick_ns: 0,
            resending: Vec::new(),
            next_resend: 0,
            kept: Vec::new(),
            telltale,
            doors,
            leads,
            listens: leads,
            drain: Arc::new(AtomicBool::new(false)),
            drained: Arc::new(AtomicBool::new(false)),
            draining: false,
            #[cfg(any(test, feature = "simulation"))]
            reuses_number: false,
            directory,
            limits,
        };
        let known: Vec<_> = gateway.directory.sessions().copied().collect();
        for definition in &known {
            gateway.seat(definition);
        }
        gateway
    }

    /// Two switches: one that asks for everybody to be logged out, one that says that it is done.
    pub fn drain_switches(&self) -> (Arc<AtomicBool>, Arc<AtomicBool>) {
        (self.drain.clone(), self.drained.clone())
    }

    fn seat(&mut self, definition: &SessionDefinition) {
        let index = definition.id.index();
        if index >= self.seats.len() {
            self.seats.resize_with(index + 1, || None);
        }
        match &mut self.seats[index] {
            Some(seat) => seat.session.redefine(definition),
            empty => {
                let limits = SessionLimits {
                    sending_time_tolerance_ns: self.limits.sending_time_tolerance_ms * 1_000_000,
                    logout_timeout_ns: self.limits.logout_timeout_ms * 1_000_000,
                };
                *empty = Some(Box::new(Seat {
                    session: Session::new(definition, limits, self.id),
                    slot: None,
                    bucket: TokenBucket::new(self.limits.burst_max, 0),
                    sent: 0,
                    rate_exceeded: false,
                    scarce: TokenBucket::new(SCARCE_ORDERS.0, 0),
                }));
            }
        }
    }

    fn take_events(&mut self, now: Now) -> usize {
        let mut taken = 0;
        while taken < EVENTS_PER_TURN
            && let Some(event) = self.rings.events.peek().copied()
        {
            self.rings.events.advance(1);
            self.take_event(&event, now);
            taken += 1;
        }
        taken
    }

    fn take_event(&mut self, event: &Event, now: Now) {
        match &event.body {
            EventBody::AssetDefined(_) | EventBody::InstrumentDefined(_) => {
                return self.directory.apply(event);
            }
            EventBody::SessionDefined(definition) => {
                self.directory.apply(event);
                return self.seat(definition);
            }
            EventBody::EpochBegan(began) => return self.epoch_began(began.epoch),
            _ => {}
        }
        let Some(Some(seat)) = self.seats.get_mut(event.session.index()) else { return };
        if event.msg_seq_num != 0 {
            seat.sent = event.msg_seq_num;
        }
        if !self.leads {
            // The session is another node's: only its numbers are ours to know.
            return;
        }
        let was_logged_on = seat.session.is_logged_on();
        let close = seat.session.on_event(event, moment(now));
        let is_logged_on = seat.session.is_logged_on();
        let slot = seat.slot;
        let current = slot.and_then(|slot| self.connections[slot].as_ref()).map(|found| found.id);
        if let EventBody::LogonAccepted(logon) = &event.body
            && current != Some(logon.connection)
        {
            // The client was gone before its Logon was answered.
            let lost = session::connection_lost(event.session, logon.generation);
            return self.lost.push_back(lost);
        }
        if was_logged_on != is_logged_on {
            self.count_session(is_logged_on);
        }
        let Some(slot) = slot else { return };
        if event.msg_seq_num != 0 {
            self.tell(event, slot);
        }
        if let Some(close) = close {
            self.close_later(slot, close, now);
        }
    }

    /// Encodes an event for the connection of its session.
    fn tell(&mut self, event: &Event, slot: usize) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        let Some(definition) = self.directory.session(event.session) else { return };
        let meant = match &event.body {
            EventBody::LogonAccepted(logon) => logon.connection,
            EventBody::LogoutSent(logout) => logout.connection,
            _ => connection.id,
        };
        let is_for_it = match event.body {
            EventBody::LogonAccepted(_) | EventBody::LogoutSent(_) => meant == connection.id,
            _ => connection.hears,
        };
        if connection.closing || !is_for_it {
            // It is kept, and asked for by a ResendRequest.
            return;
        }
        connection.hears = !matches!(event.body, EventBody::LogoutSent(_));
        let header = Outgoing {
            sender: self.directory.venue().as_bytes(),
            target: definition.comp_id.as_bytes(),
            sending_time_ns: event.timestamp.0,
            poss_dup: false,
        };
        let (directory, encoder) = (&self.directory, &mut self.encoder);
        #[cfg(any(test, feature = "simulation"))]
        let reuses = self.reuses_number && matches!(event.body, EventBody::Execution(_));
        #[cfg(any(test, feature = "simulation"))]
        let event = &Event { msg_seq_num: event.msg_seq_num - u64::from(reuses), ..*event };
        #[cfg(any(test, feature = "simulation"))]
        {
            self.reuses_number &= !reuses;
        }
        connection
            .outbound
            .push(event.cause, |bytes| encoder.encode(event, &header, directory, bytes));
        self.rings.latency.told(&mut connection.ways, event.cause.0, connection.outbound.end());
        self.telltale.messages_out.fetch_add(1, Ordering::Relaxed);
        if !connection.in_outputs {
            connection.in_outputs = true;
            self.outputs.push(slot);
        }
        if let EventBody::LogonAccepted(logon) = &event.body {
            connection.deadline_ns = u64::MAX;
            // What an earlier logon of this connection asked for has other numbers after a reset.
            connection.resend = None;
            let peer = connection.peer;
            if logon.client_expects != 0 {
                self.start_resend(slot, logon.client_expects, event.msg_seq_num - 1);
            }
            self.telltale.tell(Fact::LoggedOn { session: event.session, peer });
            if let Some(Some(seat)) = self.seats.get_mut(event.session.index()) {
                seat.rate_exceeded = false;
            }
            // What came behind the Logon has waited for this.
            self.wants_input(slot);
        } else {
            let allowance = connection.resend.map_or(0, |_| resend::ALLOWANCE_BYTES);
            let unread = connection.outbound.unread();
            if unread > self.limits.outbound_bytes_max + allowance {
                self.end(slot, Ended::SlowClient(unread));
            }
        }
    }

    fn count_session(&self, logged_on: bool) {
        if logged_on {
            self.telltale.sessions.fetch_add(1, Ordering::Relaxed);
        } else {
            self.telltale.sessions.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Closes a connection as soon as everything that waits there is written.
    fn close_later(&mut self, slot: usize, why: Close, now: Now) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        let why = Ended::BySession(why);
        if connection.outbound.is_empty() {
            return self.end(slot, why);
        }
        connection.closing = true;
        connection.why = why;
        let patience_ns = self.limits.logout_timeout_ms * 1_000_000;
        connection.deadline_ns = now.monotonic_ns.saturating_add(patience_ns);
    }

    /// Closes a connection, and tells the engine if a session was logged on there.
    fn end(&mut self, slot: usize, why: Ended) {
        let Some(mut connection) = self.connections.get_mut(slot).and_then(Option::take) else {
            return;
        };
        connection.stream.close();
        self.free_slots.push(slot);
        self.telltale.connections.fetch_sub(1, Ordering::Relaxed);
        let fact = Fact::Ended { session: connection.session, peer: connection.peer, why };
        self.telltale.tell(fact);
        let Some(session) = connection.session else { return };
        let Some(Some(seat)) = self.seats.get_mut(session.index()) else { return };
        let was_logged_on = seat.session.is_logged_on();
        if let Some(command) = seat.session.detach() {
            // Before any Logon of the same session that may be read in this very turn.
            if !self.lost.is_empty() || !self.rings.commands.push(&command) {
                self.lost.push_back(command);
            }
        }
        seat.slot = None;
        if was_logged_on {
            self.count_session(false);
        }
    }

    /// Writes what has become durable.
    fn flush(&mut self) -> usize {
        let durable = self.durable.sequence();
        self.rings.latency.durable(durable.0);
        let mut written = 0;
        let mut at = 0;
        while at < self.outputs.len() {
            let slot = self.outputs[at];
            let mut failed = None;
            let mut keep = false;
            if let Some(Some(connection)) = self.connections.get_mut(slot) {
                connection.outbound.release(durable);
                if connection.writable && connection.outbound.is_writable() {
                    written += 1;
                    match connection.outbound.write_to(&mut connection.stream) {
                        Ok(writable) => connection.writable = writable,
                        Err(error) => failed = Some(Ended::ByError(error.kind())),
                    }
                    self.rings.latency.written(&mut connection.ways, connection.outbound.written());
                }
                keep = !connection.outbound.is_empty();
                connection.in_outputs = keep;
                if !keep && connection.closing {
                    failed = Some(connection.why);
                }
            }
            if let Some(why) = failed {
                keep = false;
                self.end(slot, why);
            }
            if keep {
                at += 1;
            } else {
                self.outputs.swap_remove(at);
            }
        }
        written
    }

    /// Tells the engine of connections that were lost.
    fn tell_lost(&mut self) -> usize {
        let mut told = 0;
        while self.rings.commands.free() > 0
            && let Some(command) = self.lost.pop_front()
        {
            self.rings.commands.push(&command);
            told += 1;
        }
        told
    }

    /// Lets sessions take messages that came before a gap was filled.
    fn go_on_with_kept(&mut self, now: Now) -> usize {
        let mut kept = std::mem::take(&mut self.kept);
        let done = kept.len();
        for slot in kept.drain(..) {
            if let Some(Some(connection)) = self.connections.get(slot)
                && let Some(session) = connection.session
                && !connection.closing
            {
                self.tick_session(slot, session, now);
            }
        }
        if self.kept.is_empty() {
            self.kept = kept;
        }
        done
    }

    fn tick(&mut self, now: Now) {
        // A failed accept left connections waiting: nobody would tell of them again.
        self.accept_pending = true;
        self.look_at_doors();
        if !self.draining && self.drain.load(Ordering::Acquire) {
            self.draining = true;
            self.network.close_listener();
        }
        for slot in 0..self.connections.len() {
            let Some(Some(connection)) = self.connections.get(slot) else { continue };
            if now.monotonic_ns >= connection.deadline_ns {
                let why = if connection.closing { connection.why } else { Ended::LogonTimeout };
                self.end(slot, why);
            } else if let Some(session) = connection.session {
                if !connection.closing {
                    self.tick_session(slot, session, now);
                }
            } else if self.draining {
                self.end(slot, Ended::Stopping);
            }
        }
        let gone = self.connections.iter().all(Option::is_none) && self.lost.is_empty();
        if self.draining && gone {
            self.drained.store(true, Ordering::Release);
        }
    }
}

impl<N: Network> FixGateway<N> {
    /// Lets a session do what is due, if the engine's ring has room for it.
    fn tick_session(&mut self, slot: usize, session: SessionId, now: Now) {
        if self.rings.commands.free() < 2 * COMMANDS_MAX {
            // In the next turn, if it was for messages that are kept.
            if self.seats[session.index()]
                .as_ref()
                .is_some_and(|seat| seat.session.has_kept_messages())
            {
                self.kept.push(slot);
            }
            return;
        }
        let Some(Some(seat)) = self.seats.get_mut(session.index()) else { return };
        let was_logged_on = seat.session.is_logged_on();
        let mut sink = Sink::new(&mut self.rings.commands);
        seat.session.tick(moment(now), &mut self.decoder, &self.directory, &mut sink);
        if self.draining {
            let code = LogoutCode::Shutdown;
            seat.session.begin_logout(code, 0, 0, moment(now), &mut sink);
        }
        let outcome = sink.outcome();
        self.settle(slot, session, was_logged_on, outcome, now);
    }

    /// Does what a session has asked for beside its commands.
    fn settle(
        &mut self,
        slot: usize,
        session: SessionId,
        was_logged_on: bool,
        Outcome { requests, resend, close }: Outcome,
        now: Now,
    ) {
        if requests > 0
            && let Some(Some(connection)) = self.connections.get_mut(slot)
        {
            self.rings.latency.requested(&mut connection.ways, requests);
        }
        let Some(Some(seat)) = self.seats.get_mut(session.index()) else { return };
        if was_logged_on && !seat.session.is_logged_on() {
            self.telltale.sessions.fetch_sub(1, Ordering::Relaxed);
        }
        if seat.session.has_kept_messages() {
            self.kept.push(slot);
        }
        if let Some((begin, end)) = resend {
            let end = if end == 0 { seat.sent } else { end.min(seat.sent) };
            self.start_resend(slot, begin, end);
        }
        if let Some(close) = close {
            self.close_later(slot, close, now);
        }
    }
}

impl<N: Network> Agent for FixGateway<N> {
    fn name(&self) -> &'static str {
        "fix gateway"
    }

    fn work(&mut self, now: Now) -> usize {
        let mut done = self.take_events(now);
        done += self.take_answers(now);
        done += self.flush();
        done += self.tell_lost();
        if now.monotonic_ns >= self.tick_ns {
            self.tick_ns = now.monotonic_ns + TICK_NS;
            self.tick(now);
        }
        done += self.go_on_with_kept(now);
        done += self.take_input(now);
        done += self.ask_store();
        done += self.rings.commands.staged();
        self.rings.commands.publish();
        self.rings.latency.turn();
        done
    }

    fn close(&mut self, _now: Now) {
        self.rings.latency.close();
    }
}

/// Where a session puts what it wants while the engine's ring has room.
struct Sink<'a> {
    commands: &'a mut Producer<Command>,
    resend: Option<(u64, u64)>,
    close: Option<Close>,
    /// Commands that would add to what is open.
    orders: usize,
    /// Commands that are timed on their way.
    requests: usize,
}

/// What a session has asked for.
struct Outcome {
    requests: usize,
    resend: Option<(u64, u64)>,
    close: Option<Close>,
}

impl<'a> Sink<'a> {
    fn new(commands: &'a mut Producer<Command>) -> Self {
        Self { commands, resend: None, close: None, orders: 0, requests: 0 }
    }

    fn outcome(self) -> Outcome {
        Outcome { requests: self.requests, resend: self.resend, close: self.close }
    }
}

impl SessionSink for Sink<'_> {
    fn command(&mut self, command: &Command) {
        let room = self.commands.push(command);
        assert!(room, "room for COMMANDS_MAX was seen before");
        let adds = matches!(command, Command::NewOrder(_) | Command::ReplaceOrder(_));
        self.orders += usize::from(adds);
        self.requests += usize::from(command.is_order_request());
    }

    fn resend(&mut self, begin: u64, end: u64) {
        self.resend = Some((begin, end));
    }

    fn close(&mut self, why: Close) {
        self.close = Some(why);
    }
}

fn moment(now: Now) -> Moment {
    Moment { wall_ns: now.wall_ns, monotonic_ns: now.monotonic_ns }
}

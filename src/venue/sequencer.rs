//! The engine's agent: gives every command its place in the log, and applies it.
//!
//! A turn takes commands while every ring that one of them could write has room for all it could
//! cause, so nobody waits inside it:
//!
//! 1. the next command: what the last one left to be continued, else a gateway's, a timer's or the
//!    operator's;
//! 2. the next sequence, and a timestamp that is never below the last record's;
//! 3. the record goes to the log ring, then to the engine, whose events go to the gateways' rings;
//! 4. at the end of a batch the log is published before the events that follow from it.
//!
//! On a node that follows it takes the primary's records instead (`follow.rs`). It numbers none after the
//! doors were shut.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::cluster::Standing;
use crate::engine::{Engine, EventSink};
use crate::gateway::Doors;
use crate::journal::{Progress, Room};
use crate::model::limit::EVENTS_MAX;
use crate::model::{
    CancelAbsentSession, Command, Continue, Epoch, Event, GatewayId, Record, RecordBytes, Refusal,
    RejectCode, Rollover, Sequence, ShardId, Timestamp,
};
use crate::ring::{Consumer, Producer};
use crate::runtime::{Agent, Doorbell, Fault, Now};
use crate::telemetry::EngineEnd;
use crate::venue::desk::{Desk, Request};
use crate::venue::follow::{Hashes, Mode};

/// Records of one batch: what is published together.
pub(super) const BATCH: usize = 64;
/// Batches of one turn.
pub(super) const BATCHES_PER_TURN: usize = 4;
const NS_PER_S: u64 = 1_000_000_000;
const S_PER_DAY: u64 = 86_400;

/// Numbers records and applies them: the part that start-up, recovery and the agent share.
pub(super) struct Log {
    pub engine: Engine,
    pub epoch: Epoch,
    pub shard: ShardId,
    /// The last sequence that was given.
    pub last: Sequence,
    pub last_timestamp: Timestamp,
}

impl Log {
    /// The record that this command becomes now. The caller applies it.
    pub fn record(&mut self, command: Command, now: Now) -> Record {
        self.last = self.last.next();
        self.last_timestamp = self.last_timestamp.max(Timestamp(now.wall_ns));
        Record {
            sequence: self.last,
            timestamp: self.last_timestamp,
            epoch: self.epoch,
            shard: self.shard,
            command,
        }
    }
}

/// What the sequencer tells when it has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// The last sequence.
    pub last: Sequence,
    /// The state hash after it.
    pub state_hash: u64,
}

/// See the module.
pub(super) struct Sequencer {
    pub log: Log,
    pub records: Producer<RecordBytes>,
    /// From the gateways.
    pub commands: Vec<Consumer<Command>>,
    /// To the gateways, by their number. The store reads the first one's, too.
    pub events: Vec<Producer<Event>>,
    pub desk: Arc<Desk>,
    /// Wakes the store of sent messages, where that has a runner of its own.
    pub store_bell: Option<Doorbell>,
    /// The next command is a timer's or the operator's, if they have one: gateways that never rest
    /// must not keep them waiting.
    pub own_turn: bool,
    /// An operator's command that waits for room on the disk.
    pub waiting: Option<Command>,
    /// Knows what the journal has room for.
    pub progress: Arc<Progress>,
    pub timers: Timers,
    /// Tells the gateway which record each of its order requests became.
    pub latency: EngineEnd,
    pub closed: Arc<std::sync::Mutex<Option<Closed>>>,
    pub mode: Mode,
    /// What an epoch that this process has taken over begins with.
    pub openings: VecDeque<Command>,
    /// What the cluster says, where the node is of one.
    pub standing: Option<Arc<Standing>>,
    /// The number of the post that was last looked at.
    pub posts_seen: u64,
    /// Open while it leads.
    pub doors: Arc<Doors>,
    pub hashes: Hashes,
    pub fault: Fault,
    /// A mistake that the simulation plants: an order of an earlier logon counts as one of the present logon.
    #[cfg(any(test, feature = "simulation"))]
    pub takes_old_generations: bool,
}

/// When the venue itself has something to ask of the engine.
pub(super) struct Timers {
    /// Seconds after midnight UTC at which a trading day ends.
    pub rollover_s: u32,
    /// Wall-clock time of the next rollover; 0 before it is known.
    pub rollover_at_ns: u64,
    /// Monotonic time at which sessions that have not come back lose their orders; 0 when over.
    pub absent_at_ns: u64,
    /// How long after the start that is.
    pub grace_ns: u64,
    /// Sessions still to be looked at.
    pub absent: Vec<crate::model::SessionId>,
}

impl Timers {
    /// Timers of a process that begins now.
    pub fn new(rollover_s: u32, grace: std::time::Duration, engine: &Engine) -> Self {
        Self::with_grace_ns(rollover_s, grace.as_nanos() as u64, engine)
    }

    pub(super) fn with_grace_ns(rollover_s: u32, grace_ns: u64, engine: &Engine) -> Self {
        let absent = engine
            .view()
            .sessions()
            .filter(|session| session.definition.cancel_on_disconnect)
            .map(|session| session.definition.id)
            .collect();
        Self { rollover_s, rollover_at_ns: 0, absent_at_ns: 0, grace_ns, absent }
    }

    /// The trading day, in days since 1970-01-01, that a moment belongs to.
    pub fn trading_day(rollover_s: u32, wall_ns: u64) -> u32 {
        let shifted = (wall_ns / NS_PER_S).saturating_sub(u64::from(rollover_s));
        (shifted / S_PER_DAY) as u32
    }

    fn next_rollover_ns(&self, wall_ns: u64) -> u64 {
        let day = u64::from(Self::trading_day(self.rollover_s, wall_ns)) + 1;
        (day * S_PER_DAY + u64::from(self.rollover_s)) * NS_PER_S
    }

    fn due(&mut self, engine: &Engine, now: Now) -> Option<Command> {
        if now.wall_ns >= self.rollover_at_ns {
            let day = Self::trading_day(self.rollover_s, now.wall_ns);
            self.rollover_at_ns = self.next_rollover_ns(now.wall_ns);
            if day > engine.view().day() {
                return Some(Command::Rollover(Rollover { day }));
            }
        }
        if self.absent_at_ns == 0 {
            self.absent_at_ns = now.monotonic_ns + self.grace_ns;
        }
        if now.monotonic_ns >= self.absent_at_ns {
            let session = self.absent.pop()?;
            return Some(Command::CancelAbsentSession(CancelAbsentSession { session }));
        }
        None
    }
}

/// Spreads events over the gateways' rings, which have room for them.
pub(super) struct Spread<'a>(pub(super) &'a mut [Producer<Event>]);

impl EventSink for Spread<'_> {
    #[inline]
    fn emit(&mut self, event: &Event) {
        if event.gateway == Event::EVERY_GATEWAY {
            for ring in self.0.iter_mut() {
                ring.push(event);
            }
        } else if let Some(ring) = self.0.get_mut(event.gateway.index()) {
            ring.push(event);
        } else if let Some(ring) = self.0.get_mut(GatewayId(0).index()) {
            // A session that last came through a gateway of another process: its messages are kept
            // by the first.
            ring.push(event);
        }
    }

    /// An event for one gateway is made in its ring's slot.
    #[inline(always)]
    fn make(&mut self, gateway: GatewayId, make: impl FnOnce(&mut Event)) {
        if let Some(ring) = self.0.get_mut(gateway.index())
            && let Some(slot) = ring.claim()
        {
            return make(slot);
        }
        let mut event = Event::default();
        make(&mut event);
        self.emit(&event);
    }
}

impl Sequencer {
    /// Wakes the store where its ring is half full. It looks for itself every so often; at a great rate, as while a
    /// standby catches up, the ring would be full before that.
    fn call_store(&mut self) {
        if let (Some(bell), Some(ring)) = (&self.store_bell, self.events.first_mut())
            && !ring.has_room(ring.capacity() / 2)
        {
            bell.ring();
        }
    }

    fn has_room(&mut self) -> bool {
        self.records.has_room(1) && self.events.iter_mut().all(|ring| ring.has_room(EVENTS_MAX))
    }

    fn next_command(&mut self, now: Now) -> Option<Command> {
        if !self.openings.is_empty()
            && let Some(command) = self.next_opening()
        {
            return Some(command);
        }
        if self.log.engine.has_continuation() {
            return Some(Command::Continue(Continue {}));
        }
        if std::mem::take(&mut self.own_turn)
            && let Some(command) = self.own_command(now)
        {
            return Some(command);
        }
        for ring in &mut self.commands {
            if let Some(command) = ring.peek().copied() {
                ring.advance(1);
                return Some(command);
            }
        }
        self.own_command(now)
    }

    /// What a timer or the operator asks.
    fn own_command(&mut self, now: Now) -> Option<Command> {
        if let Some(command) = self.timers.due(&self.log.engine, now) {
            return Some(command);
        }
        match self.waiting.take() {
            Some(command) => Some(command),
            None => self.next_of_desk(),
        }
    }

    /// Answers the operator's next question, or gives the next command.
    pub(super) fn next_of_desk(&mut self) -> Option<Command> {
        match self.desk.next()? {
            Request::Command(command) => Some(command),
            Request::Ask(mut question) => {
                question.answer(&self.log.engine, self.log.last);
                self.desk.answered(question);
                None
            }
        }
    }

    /// A turn of a node that leads.
    fn lead(&mut self, now: Now) -> usize {
        let room = self.progress.room();
        if room == Room::Full {
            // Nothing could become durable: nothing is taken, and the gateways stop reading. But an
            // operator can always ask.
            if self.waiting.is_none() {
                self.waiting = self.next_of_desk();
            }
            return 0;
        }
        self.own_turn = true;
        let mut done = 0;
        for _ in 0..BATCHES_PER_TURN {
            let taken = self.batch(room, now);
            done += taken;
            if taken < BATCH {
                break;
            }
        }
        done
    }

    fn batch(&mut self, room: Room, now: Now) -> usize {
        let mut taken = 0;
        while taken < BATCH && self.has_room() {
            let Some(mut command) = self.next_command(now) else { break };
            if room != Room::Plenty {
                refuse_for_room(&mut command);
            }
            #[cfg(any(test, feature = "simulation"))]
            if self.takes_old_generations
                && let Command::NewOrder(order) = &mut command
                && let Some(session) = self.log.engine.view().session(order.origin.session)
            {
                order.origin.generation = session.generation;
            }
            let record = self.log.record(command, now);
            let is_timed =
                record.command.is_order_request() && self.latency.taken(record.sequence.0);
            if let Some(slot) = self.records.claim() {
                record.put(slot);
            }
            self.log.engine.apply(&record, &mut Spread(&mut self.events));
            if is_timed {
                self.latency.applied();
            }
            self.hashes.pass(record.sequence, &self.log.engine);
            taken += 1;
        }
        self.records.publish();
        self.events.iter_mut().for_each(Producer::publish);
        taken
    }
}

/// New risk is refused while the disk has room for cancels only.
fn refuse_for_room(command: &mut Command) {
    let refusal = match command {
        Command::NewOrder(order) => &mut order.refusal,
        Command::ReplaceOrder(replace) => &mut replace.refusal,
        _ => return,
    };
    if *refusal == Refusal::NONE {
        *refusal = Refusal::plain(RejectCode::DiskFull);
    }
}

impl Agent for Sequencer {
    fn name(&self) -> &'static str {
        "sequencer"
    }

    fn work(&mut self, now: Now) -> usize {
        self.look_at_post(now);
        let done = match self.mode {
            Mode::Leading => self.lead(now),
            Mode::Following(_) => self.follow(now),
            Mode::Resting => {
                self.answer_only();
                0
            }
        };
        // In a turn that adds nothing the store has been called already, or has nothing more to take.
        if done > 0 {
            self.call_store();
        }
        done
    }

    fn close(&mut self, now: Now) {
        // A gateway with a runner of its own ended before: what it said last is still taken.
        while self.work(now) > 0 {}
        let closed = Closed { last: self.log.last, state_hash: self.log.engine.state_hash() };
        let mut slot = self.closed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *slot = Some(closed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::*;

    #[test]
    fn a_trading_day_begins_at_the_rollover() {
        let noon = 12 * 3_600;
        let day = |wall_s: u64| Timers::trading_day(noon, wall_s * NS_PER_S);
        assert_eq!(day(10 * S_PER_DAY + 11 * 3_600), 9);
        assert_eq!(day(10 * S_PER_DAY + 12 * 3_600), 10);
        assert_eq!(day(11 * S_PER_DAY + 11 * 3_600), 10);
    }

    fn refused(mut command: Command) -> Command {
        refuse_for_room(&mut command);
        command
    }

    #[test]
    fn a_full_disk_refuses_new_risk_and_nothing_else() {
        let full = Refusal::plain(RejectCode::DiskFull);
        let other = Refusal::new(RejectCode::UnknownInstrument, 7, 0);
        let new = new_order();
        assert_eq!(
            refused(Command::NewOrder(new)),
            Command::NewOrder(NewOrder { refusal: full, ..new })
        );
        // Who is refused anyway hears the reason that he can do something about.
        let unknown = NewOrder { refusal: other, ..new };
        assert_eq!(refused(Command::NewOrder(unknown)), Command::NewOrder(unknown));
        let replace = replace_order();
        let expected = ReplaceOrder { refusal: full, ..replace };
        assert_eq!(refused(Command::ReplaceOrder(replace)), Command::ReplaceOrder(expected));
        let session = SessionId(1);
        for harmless in [
            Command::Continue(Continue {}),
            Command::CancelAbsentSession(CancelAbsentSession { session }),
            Command::Rollover(Rollover { day: 3 }),
        ] {
            assert_eq!(refused(harmless), harmless);
        }
    }

    const ORIGIN: Origin =
        Origin { session: SessionId(1), generation: Generation(1), msg_seq_num: 2 };

    fn new_order() -> NewOrder {
        NewOrder {
            origin: ORIGIN,
            account: AccountId::FIRST,
            instrument: InstrumentId(0),
            cl_ord_id: ClOrdId::EMPTY,
            cl_ord_id_hash: 0,
            side: Side::Buy,
            ord_type: OrdType::Limit,
            time_in_force: TimeInForce::Day,
            self_trade_prevention: SelfTradePrevention::None,
            post_only: false,
            poss_resend: false,
            price: Price(1),
            quantity: Quantity(1),
            quote_quantity: Amount(0),
            display_quantity: Quantity(0),
            refusal: Refusal::NONE,
        }
    }

    fn replace_order() -> ReplaceOrder {
        ReplaceOrder {
            origin: ORIGIN,
            account: AccountId::FIRST,
            instrument: CancelOrder::ANY_INSTRUMENT,
            side: Side::Buy,
            order: OrderId(1),
            cl_ord_id: ClOrdId::EMPTY,
            cl_ord_id_hash: 0,
            orig_cl_ord_id: ClOrdId::EMPTY,
            orig_cl_ord_id_hash: 0,
            ord_type: OrdType::Limit,
            time_in_force: ReplaceTimeInForce::Unchanged,
            price: Price(1),
            quantity: Quantity(1),
            display_quantity: Quantity(0),
            post_only: false,
            self_trade_prevention: ReplaceSelfTradePrevention::Unchanged,
            poss_resend: false,
            refusal: Refusal::NONE,
        }
    }
}

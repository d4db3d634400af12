//! The venue's side: takes commands off the ring, applies them, puts the events on theirs.
//!
//! A turn is that of the product's sequencer: commands while the event ring has room for all that one
//! could cause, a continuation first, both rings published once a batch. What the sequencer does beside
//! is left out: the log ring, timers, the operator, room on the disk.

use std::sync::atomic::{AtomicBool, Ordering};

use castle::engine::{Engine, EventSink, Fetch, Foresight};
use castle::model::limit::EVENTS_MAX;
use castle::model::*;
use castle::ring::{Consumer, Producer};

use crate::record::RunClock;

/// Records of one batch, as in the sequencer.
const BATCH: usize = 64;
/// Turns without work after which others may have the core: no measured rate comes so seldom.
const PATIENCE: u32 = 1 << 16;

/// The engine and its ends of the rings.
pub struct Venue {
    /// The state machine.
    pub engine: Engine,
    sequence: u64,
    commands: Consumer<Command>,
    events: Producer<Event>,
    clock: RunClock,
    foresight: Foresight,
    /// Tells the engine ahead what waits.
    pub foresees: bool,
    /// The immediate order of this ClOrdID loses its fills, to see that this is noticed.
    pub drops_fills_of: Option<ClOrdId>,
}

struct Ring<'a>(&'a mut Producer<Event>);

impl EventSink for Ring<'_> {
    #[inline]
    fn emit(&mut self, event: &Event) {
        // There is room for every event of a record.
        self.0.push(event);
    }

    #[inline(always)]
    fn make(&mut self, _: GatewayId, make: impl FnOnce(&mut Event)) {
        match self.0.claim() {
            Some(slot) => make(slot),
            None => make(&mut Event::default()),
        }
    }
}

/// Takes no events: the definitions are not measured.
struct Nobody;

impl EventSink for Nobody {
    fn emit(&mut self, _: &Event) {}
}

/// Fetches by the processor's own instruction.
struct Prefetch;

impl Fetch for Prefetch {
    #[inline(always)]
    fn fetch<T>(&self, place: &T) {
        castle::runtime::prefetch(place);
    }
}

impl Venue {
    /// A venue that these definitions have made.
    pub fn new(
        definitions: &[Command],
        commands: Consumer<Command>,
        events: Producer<Event>,
        clock: RunClock,
    ) -> Self {
        let mut venue = Self {
            engine: Engine::new(),
            sequence: 0,
            commands,
            events,
            clock,
            foresight: Foresight::default(),
            foresees: false,
            drops_fills_of: None,
        };
        for command in definitions {
            venue.sequence += 1;
            let record = record(venue.sequence, 0, *command);
            venue.engine.apply(&record, &mut Nobody);
        }
        venue
    }

    /// Works until it is told to stop and nothing waits.
    pub fn run(mut self, stop: &AtomicBool) -> Self {
        let mut idle = 0;
        loop {
            if self.turn() > 0 {
                idle = 0;
                continue;
            }
            if stop.load(Ordering::Acquire) && self.commands.available() == 0 {
                return self;
            }
            idle += 1;
            if idle < PATIENCE {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }

    /// Takes a batch; how many records it applied.
    fn turn(&mut self) -> usize {
        let Self { engine, commands, events, foresight, .. } = self;
        let (head, tail) = commands.batch(BATCH + Foresight::AHEAD);
        let waiting = head.len() + tail.len();
        if waiting == 0 && !engine.has_continuation() {
            return 0;
        }
        let now_ns = self.clock.now_ns();
        let (mut taken, mut applied) = (0, 0);
        while applied < BATCH && events.has_room(EVENTS_MAX) {
            let mut command = if engine.has_continuation() {
                Command::Continue(Continue {})
            } else if taken < waiting {
                if self.foresees {
                    let sequence = Sequence(self.sequence + 1 + Foresight::AHEAD as u64);
                    let later = nth(head, tail, taken + Foresight::AHEAD);
                    foresight.go_on(engine, later.map(|command| (sequence, command)), &Prefetch);
                }
                taken += 1;
                nth(head, tail, taken - 1).copied().unwrap_or_default()
            } else {
                break;
            };
            if let Some(id) = &self.drops_fills_of {
                drop_fills(&mut command, id);
            }
            self.sequence += 1;
            engine.apply(&record(self.sequence, now_ns, command), &mut Ring(events));
            applied += 1;
        }
        self.commands.advance(taken);
        self.events.publish();
        applied
    }
}

#[inline]
fn nth<'a>(head: &'a [Command], tail: &'a [Command], at: usize) -> Option<&'a Command> {
    head.get(at).or_else(|| tail.get(at.wrapping_sub(head.len())))
}

#[inline]
fn record(sequence: u64, now_ns: u64, command: Command) -> Record {
    Record {
        sequence: Sequence(sequence),
        timestamp: Timestamp(now_ns),
        epoch: Epoch(1),
        shard: ShardId(0),
        command,
    }
}

/// Makes the order of this ClOrdID one that trades with nobody.
#[cold]
fn drop_fills(command: &mut Command, id: &ClOrdId) {
    if let Command::NewOrder(order) = command
        && order.cl_ord_id == *id
    {
        order.price.0 = match order.side {
            Side::Buy => order.price.0 * 3 / 5,
            Side::Sell => order.price.0 * 7 / 5,
        };
    }
}

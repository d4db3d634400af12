//! Where events go, and the record that they come from.

use crate::engine::hash::Mix;
use crate::model::limit::EVENTS_MAX;
use crate::model::*;

/// Takes the events of a record, in order.
pub trait EventSink {
    /// Takes one.
    fn emit(&mut self, event: &Event);

    /// Takes one for that gateway. `make` is called once, and makes it of whatever was in its place: a
    /// ring has it made where it stays; whoever does not say where is handed it when it is made.
    #[inline(always)]
    fn make(&mut self, gateway: GatewayId, make: impl FnOnce(&mut Event)) {
        let _ = gateway;
        let mut event = Event::default();
        make(&mut event);
        self.emit(&event);
    }
}

impl EventSink for Vec<Event> {
    fn emit(&mut self, event: &Event) {
        self.push(*event);
    }
}

/// The events of one record.
pub(super) struct Output<'a, S> {
    sink: &'a mut S,
    pub(super) cause: Sequence,
    timestamp: Timestamp,
    shard: ShardId,
    index: u16,
    /// Folds what the events tell in.
    pub(super) running: Mix,
}

impl<'a, S: EventSink> Output<'a, S> {
    pub(super) fn new(record: &Record, sink: &'a mut S) -> Self {
        Self {
            sink,
            cause: record.sequence,
            timestamp: record.timestamp,
            shard: record.shard,
            index: 0,
            running: Mix::default(),
        }
    }

    /// How many more events this record may cause.
    #[inline]
    pub(super) fn room(&self) -> usize {
        EVENTS_MAX - usize::from(self.index)
    }

    /// Emits an event.
    #[inline]
    pub(super) fn emit(
        &mut self,
        gateway: GatewayId,
        session: SessionId,
        msg_seq_num: u64,
        body: EventBody,
    ) {
        let kind = u64::from(body.kind());
        self.make(gateway, session, msg_seq_num, |place| {
            *place = body;
            [kind, 0, 0, 0]
        });
    }

    /// Emits a report of an order. Inline, so that it is made where the sink has it.
    #[inline(always)]
    pub(super) fn emit_execution(
        &mut self,
        gateway: GatewayId,
        session: SessionId,
        msg_seq_num: u64,
        told: impl FnOnce() -> Execution,
        more: impl FnOnce(&mut Execution),
    ) {
        self.make(gateway, session, msg_seq_num, |place| {
            *place = EventBody::Execution(told());
            let EventBody::Execution(told) = place else { return [0; 4] };
            more(told);
            let (order, cum) = (told.order.0, told.cum_quantity.0 as u64);
            let (leaves, status) = (told.leaves_quantity.0 as u64, told.ord_status as u64);
            [status << 8 | 1, order, leaves, cum]
        });
    }

    /// Has an event made, and folds in what `body` gives of it.
    #[inline(always)]
    fn make(
        &mut self,
        gateway: GatewayId,
        session: SessionId,
        msg_seq_num: u64,
        body: impl FnOnce(&mut EventBody) -> [u64; 4],
    ) {
        assert!(self.room() > 0, "a record causes at most EVENTS_MAX events");
        let Self { cause, timestamp, shard, index, running, .. } = self;
        let (cause, timestamp, shard, index) = (*cause, *timestamp, *shard, index);
        self.sink.make(gateway, |event| {
            event.cause = cause;
            event.timestamp = timestamp;
            event.session = session;
            event.msg_seq_num = msg_seq_num;
            event.index = *index;
            event.shard = shard;
            event.gateway = gateway;
            let [kind, order, leaves, cum] = body(&mut event.body);
            let whose = u64::from(session.0) << 16 | kind;
            running.fold_all([whose, msg_seq_num, order, leaves, cum]);
        });
        *index += 1;
    }

    /// Emits what every gateway is told.
    pub(super) fn announce(&mut self, body: EventBody) {
        self.emit(Event::EVERY_GATEWAY, SessionId::NONE, 0, body);
    }

    /// Answers an operator's command.
    pub(super) fn answer(&mut self, request: u64, outcome: Result<Done, Refusal>) {
        let (refusal, repeated) = match outcome {
            Ok(done) => (Refusal::NONE, done == Done::Before),
            Err(refusal) => (refusal, false),
        };
        self.answer_with(OperatorAnswer { request, refusal, repeated });
    }

    /// Answers an operator's command with an outcome that may be an earlier one's.
    pub(super) fn answer_with(&mut self, answer: OperatorAnswer) {
        const OPERATOR: GatewayId = GatewayId(1);
        self.emit(OPERATOR, SessionId::NONE, 0, EventBody::OperatorAnswer(answer));
    }
}

/// How an operator's command went that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// It changed something.
    Now,
    /// It was so already.
    Before,
}

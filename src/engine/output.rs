//! Where events go, and the record that they come from.

use crate::engine::hash::Mix;
use crate::model::limit::EVENTS_MAX;
use crate::model::*;

/// Takes the events of a record, in order.
pub trait EventSink {
    /// Takes one.
    fn emit(&mut self, event: &Event);
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

    /// Emits an event. Inline, so that the body is made where the sink reads it.
    #[inline(always)]
    pub(super) fn emit(
        &mut self,
        gateway: GatewayId,
        session: SessionId,
        msg_seq_num: u64,
        body: EventBody,
    ) {
        assert!(self.room() > 0, "a record causes at most EVENTS_MAX events");
        let whose = u64::from(session.0) << 8 | u64::from(body.kind());
        let told = match &body {
            EventBody::Execution(told) => [
                told.order.0,
                told.leaves_quantity.0 as u64,
                told.cum_quantity.0 as u64,
                told.ord_status as u64,
            ],
            _ => [0; 4],
        };
        self.running.fold_all([whose, msg_seq_num, told[0], told[1], told[2], told[3]]);
        let event = Event {
            cause: self.cause,
            timestamp: self.timestamp,
            session,
            msg_seq_num,
            index: self.index,
            shard: self.shard,
            gateway,
            body,
        };
        self.index += 1;
        self.sink.emit(&event);
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

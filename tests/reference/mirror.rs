//! The reference in the place of the engine.

use castle::model::*;

use super::Venue;
use super::compare::Subject;

/// The reference as its own subject: what is left to see is whether it keeps its own rules.
pub struct Mirror(pub Venue);

impl Subject for Mirror {
    /// It does everything at once.
    const EVENTS_MAX: usize = usize::MAX;

    fn fresh() -> Self {
        Self(Venue::default())
    }

    fn apply(&mut self, record: &Record, events: &mut Vec<Event>) {
        for (index, said) in self.0.apply(record).into_iter().enumerate() {
            events.push(Event {
                cause: record.sequence,
                timestamp: record.timestamp,
                session: said.session,
                msg_seq_num: said.msg_seq_num,
                index: index as u16,
                shard: record.shard,
                gateway: said.gateway,
                body: said.body,
            });
        }
    }

    fn has_continuation(&self) -> bool {
        false
    }

    fn state_hash(&self) -> u64 {
        0
    }

    fn running_hash(&self) -> u64 {
        0
    }

    fn balance(&self, account: AccountId, asset: AssetId) -> (i128, i128) {
        (self.0.free(account, asset), self.0.held(account, asset))
    }

    fn levels(&self, instrument: InstrumentId, side: Side) -> Vec<(i128, i128, i128)> {
        self.0.levels(instrument, side).into_iter().map(|l| (l.0, l.1, l.2)).collect()
    }

    fn numbers(&self, session: SessionId) -> Option<(u64, u64, bool)> {
        self.0.sessions.get(&session).map(|s| (s.next_in, s.next_out, s.connected))
    }
}

//! An engine that is saved and loaded again every few records as a subject: whatever it does not take
//! along shows as a difference.

use castle::engine::Engine;
use castle::model::*;

use super::compare::Subject;

/// It lives so many records: no divisor of anything, so that it falls into continuations too.
const LIFE_RECORDS: u64 = 7;

pub struct Restored {
    engine: Engine,
    applied: u64,
}

impl Subject for Restored {
    fn fresh() -> Self {
        Self { engine: Engine::new(), applied: 0 }
    }

    fn apply(&mut self, record: &Record, events: &mut Vec<Event>) {
        self.engine.apply(record, events);
        self.applied += 1;
        if self.applied.is_multiple_of(LIFE_RECORDS) {
            let hash = self.engine.state_hash();
            let mut bytes = Vec::new();
            self.engine.save(&mut bytes).expect("memory takes all");
            self.engine = Engine::load(&bytes[..], hash).expect("what was saved");
            assert_eq!(self.engine.audit(), Ok(()));
        }
    }

    fn has_continuation(&self) -> bool {
        self.engine.has_continuation()
    }

    fn state_hash(&self) -> u64 {
        self.engine.state_hash()
    }

    fn running_hash(&self) -> u64 {
        self.engine.running_hash()
    }

    fn balance(&self, account: AccountId, asset: AssetId) -> (i128, i128) {
        Subject::balance(&self.engine, account, asset)
    }

    fn levels(&self, instrument: InstrumentId, side: Side) -> Vec<(i128, i128, i128)> {
        Subject::levels(&self.engine, instrument, side)
    }

    fn numbers(&self, session: SessionId) -> Option<(u64, u64, bool)> {
        Subject::numbers(&self.engine, session)
    }
}

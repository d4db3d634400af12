//! The engine as a subject.

use castle::engine::Engine;
use castle::model::*;

use super::compare::Subject;

impl Subject for Engine {
    fn fresh() -> Self {
        Self::new()
    }

    fn apply(&mut self, record: &Record, events: &mut Vec<Event>) {
        Engine::apply(self, record, events);
    }

    fn has_continuation(&self) -> bool {
        Engine::has_continuation(self)
    }

    fn state_hash(&self) -> u64 {
        Engine::state_hash(self)
    }

    fn running_hash(&self) -> u64 {
        Engine::running_hash(self)
    }

    fn balance(&self, account: AccountId, asset: AssetId) -> (i128, i128) {
        let balance = self.view().balance(account, asset);
        (balance.free.wide(), balance.held.wide())
    }

    fn levels(&self, instrument: InstrumentId, side: Side) -> Vec<(i128, i128, i128)> {
        let levels = self.view().book(instrument, side, usize::MAX);
        levels.map(|level| (level.price.wide(), level.shown, level.total)).collect()
    }

    fn numbers(&self, session: SessionId) -> Option<(u64, u64, bool)> {
        let session = self.view().session(session)?;
        Some((session.next_in, session.next_out, session.connected))
    }
}

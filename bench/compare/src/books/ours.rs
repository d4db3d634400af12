//! Castle's engine, everything included.

use castle::engine::{Engine, EventSink};
use castle::model::*;
use castle_bench::flow::{Preset, Step};

use super::{Book, Levels};

/// See the module.
pub struct Castle {
    engine: Engine,
    sequence: u64,
    records: Vec<Record>,
    count: Count,
}

/// Takes the events, as a gateway's ring would.
#[derive(Default)]
struct Count(u64);

impl EventSink for Count {
    #[inline]
    fn emit(&mut self, event: &Event) {
        self.0 += std::hint::black_box(event).msg_seq_num;
    }
}

impl Castle {
    /// A venue that is ready for this many commands, its memory touched as the product's is.
    pub fn new(preset: &Preset, commands: usize) -> Self {
        let (records, count) = (Vec::new(), Count::default());
        let mut castle = Self { engine: Engine::new(), sequence: 0, records, count };
        castle.records = castle.numbered(preset.definitions(commands).into_iter());
        castle.apply();
        castle::runtime::touch_reserved();
        castle
    }

    fn numbered(&mut self, commands: impl Iterator<Item = Command>) -> Vec<Record> {
        let numbered = commands.map(|command| {
            self.sequence += 1;
            Record {
                sequence: Sequence(self.sequence),
                timestamp: Timestamp(self.sequence),
                epoch: Epoch(1),
                shard: ShardId(0),
                command,
            }
        });
        numbered.collect()
    }
}

impl Book for Castle {
    fn name(&self) -> &'static str {
        "castle, everything"
    }

    fn prepare(&mut self, steps: &[Step]) {
        self.records = self.numbered(steps.iter().map(Step::command));
    }

    fn apply(&mut self) {
        for record in &self.records {
            self.engine.apply(record, &mut self.count);
            while self.engine.has_continuation() {
                // Of an order's id only its being unique matters here.
                let record = Record { command: Command::Continue(Continue {}), ..*record };
                self.engine.apply(&record, &mut self.count);
            }
        }
    }

    fn levels(&self) -> Levels {
        let of = |side| {
            self.engine.view().book(InstrumentId(0), side, usize::MAX).map(move |level| {
                ((side == Side::Buy, level.price.0 as u32), (level.orders, level.total as u64))
            })
        };
        of(Side::Buy).chain(of(Side::Sell)).collect()
    }
}

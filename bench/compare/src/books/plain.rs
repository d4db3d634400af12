//! A plain book of ours: maps of price levels with queues, as one writes it first. It is the
//! generator's own.

use castle::model::Side;
use castle_bench::flow::{Model, Step};

use super::{Book, Levels};

/// See the module.
pub struct Plain {
    model: Model,
    steps: Vec<Step>,
}

impl Default for Plain {
    fn default() -> Self {
        Self { model: Model::new(1), steps: Vec::new() }
    }
}

impl Book for Plain {
    fn name(&self) -> &'static str {
        "BTreeMap, book only"
    }

    fn prepare(&mut self, steps: &[Step]) {
        self.steps = steps.to_vec();
    }

    fn apply(&mut self) {
        for step in &self.steps {
            self.model.apply(step);
        }
    }

    fn levels(&self) -> Levels {
        let of = |side| {
            let level = move |level: castle_bench::flow::Level| {
                ((side == Side::Buy, level.price), (level.orders, level.total))
            };
            self.model.levels(0, side).map(level)
        };
        of(Side::Buy).chain(of(Side::Sell)).collect()
    }
}

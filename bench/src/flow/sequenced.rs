//! The flow as records of a log, for a program that applies them without a ring.

use castle::engine::{Engine, EventSink};
use castle::model::*;

use super::{Generator, Kind, Preset, Step};

/// A record and what it is for.
pub struct SequencedStep {
    /// What it is for.
    pub kind: Kind,
    /// The record.
    pub record: Record,
}

/// All records of a run.
pub struct Flow {
    /// Assets, instruments, accounts with money, sessions that are logged on.
    pub definitions: Vec<Record>,
    /// What fills the book.
    pub filling: Vec<SequencedStep>,
    /// What follows.
    pub steady: Vec<SequencedStep>,
    /// Orders that rest at its end.
    pub resting: u32,
}

/// An engine of its own, which tells only where a command must be gone on with.
struct Sequencer {
    engine: Engine,
    sequence: u64,
    refused: Refused,
}

#[derive(Default)]
struct Refused(u64);

impl EventSink for Refused {
    fn emit(&mut self, event: &Event) {
        self.0 += u64::from(match &event.body {
            EventBody::Execution(told) => told.exec_type == ExecType::Rejected,
            EventBody::CancelReject(_) => true,
            _ => false,
        });
    }
}

impl Flow {
    /// Makes the definitions, the filling phase, and `commands` of the steady state.
    pub fn make(preset: &'static Preset, commands: usize) -> Self {
        let mut log = Sequencer { engine: Engine::new(), sequence: 0, refused: Refused::default() };
        let mut generator = Generator::new(preset);
        let filling = generator.filling();
        let definitions = preset.definitions(filling.len() + commands);
        let definitions = definitions.into_iter().map(|command| log.record(command)).collect();
        let filling = log.steps(&filling);
        let steady = log.steps(&generator.steady(commands));
        assert_eq!(log.refused.0, 0, "the flow has commands that are refused");
        let resting = generator.model().resting() as u32;
        Self { definitions, filling, steady, resting }
    }
}

impl Sequencer {
    fn record(&mut self, command: Command) -> Record {
        self.sequence += 1;
        let record = Record {
            sequence: Sequence(self.sequence),
            timestamp: Timestamp(self.sequence),
            epoch: Epoch(1),
            shard: ShardId(0),
            command,
        };
        self.engine.apply(&record, &mut self.refused);
        record
    }

    fn steps(&mut self, steps: &[Step]) -> Vec<SequencedStep> {
        let mut sequenced = Vec::with_capacity(steps.len() + steps.len() / 16);
        for step in steps {
            let record = self.record(step.command());
            sequenced.push(SequencedStep { kind: step.kind, record });
            while self.engine.has_continuation() {
                let record = self.record(Command::Continue(Continue {}));
                sequenced.push(SequencedStep { kind: Kind::Continue, record });
            }
        }
        sequenced
    }
}

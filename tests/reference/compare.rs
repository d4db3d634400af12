//! Two venues take the same commands and must say and hold the same.

use std::collections::BTreeMap;
use std::fmt::Write;

use castle::model::limit::{EVENT_SIZE_MAX, EVENTS_MAX};
use castle::model::*;

use super::generate::{Dice, Generator};
use super::operator::NO_INSTRUMENT;
use super::{Said, Venue};

/// Junk that a pending continuation must not notice comes in so many of a hundred cases.
const INTERRUPTED_PERCENT: u64 = 20;

/// What is compared with the reference.
pub trait Subject {
    /// Most events of one record.
    const EVENTS_MAX: usize = EVENTS_MAX;
    /// A venue without a past.
    fn fresh() -> Self;
    /// Applies a record; what came of it is added to `events`.
    fn apply(&mut self, record: &Record, events: &mut Vec<Event>);
    /// Whether the next record must be a Continue.
    fn has_continuation(&self) -> bool;
    /// The hash of all state.
    fn state_hash(&self) -> u64;
    /// The hash of all that changed so far.
    fn running_hash(&self) -> u64;
    /// Free and held.
    fn balance(&self, account: AccountId, asset: AssetId) -> (i128, i128);
    /// Price, displayed and all quantity of every level, best first.
    fn levels(&self, instrument: InstrumentId, side: Side) -> Vec<(i128, i128, i128)>;
    /// The next number in and out, and whether it is connected.
    fn numbers(&self, session: SessionId) -> Option<(u64, u64, bool)>;
}

/// What was seen on the way.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    pub commands: u64,
    pub trades: u64,
    pub continued: u64,
    /// ClOrdIDs that were forgotten.
    pub forgotten: u64,
    /// Bodies of events, executions by their type and cause.
    pub kinds: BTreeMap<String, u64>,
    pub codes: BTreeMap<RejectCode, u64>,
}

impl Tally {
    /// Adds what another run saw.
    pub fn add(&mut self, other: &Tally) {
        self.commands += other.commands;
        self.trades += other.trades;
        self.continued += other.continued;
        self.forgotten += other.forgotten;
        for (kind, count) in &other.kinds {
            *self.kinds.entry(kind.clone()).or_insert(0) += count;
        }
        for (code, count) in &other.codes {
            *self.codes.entry(*code).or_insert(0) += count;
        }
    }

    fn note(&mut self, said: &Said) {
        let mut kind = said.body.name().to_owned();
        let refusal = match &said.body {
            EventBody::Execution(execution) => {
                self.trades += u64::from(execution.exec_type == ExecType::Trade);
                let _ = write!(kind, " {:?} {:?}", execution.exec_type, execution.why);
                execution.refusal
            }
            EventBody::StatusReport(report) => report.execution.refusal,
            EventBody::CancelReject(reject) => reject.refusal,
            EventBody::MassCancelReport(report) => report.refusal,
            EventBody::SecurityListed(listed) => listed.refusal,
            EventBody::OperatorAnswer(answer) => answer.refusal,
            _ => Refusal::NONE,
        };
        *self.codes.entry(refusal.code).or_insert(0) += 1;
        *self.kinds.entry(kind).or_insert(0) += 1;
    }
}

/// A difference, and the commands that lead to it.
pub struct Failure {
    pub what: String,
    pub commands: Vec<Command>,
}

impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "after these commands:")?;
        for (at, command) in self.commands.iter().enumerate() {
            writeln!(f, "{:>4} {command:?}", at + 1)?;
        }
        write!(f, "{}", self.what)
    }
}

/// Runs the reference, and a subject beside it, through generated steps.
pub fn run<S: Subject>(world: u64, steps: &[u64]) -> Result<Tally, Failure> {
    let mut pair = Pair::<S>::new(world);
    let mut generator = Generator::new(world);
    // At times the venue is spoken to before it began.
    if world.is_multiple_of(16) {
        let early = generator.command(steps.first().copied().unwrap_or(0), &pair.venue);
        pair.command(early)?;
    }
    for command in generator.take_setup() {
        pair.command(command)?;
    }
    for step in steps {
        let command = generator.command(*step, &pair.venue);
        pair.command(command)?;
    }
    pair.replay()?;
    pair.tally.forgotten = pair.venue.forgotten;
    Ok(pair.tally)
}

/// Runs commands that somebody has written down.
pub fn run_commands<S: Subject>(
    world: u64,
    commands: impl Iterator<Item = Command>,
) -> Result<Tally, Failure> {
    let mut pair = Pair::<S>::new(world);
    for command in commands {
        pair.command(command)?;
    }
    pair.replay()?;
    pair.tally.forgotten = pair.venue.forgotten;
    Ok(pair.tally)
}

/// The shortest list of steps that still fails, as far as leaving some out finds it.
pub fn shrink<S: Subject>(world: u64, steps: &[u64]) -> Vec<u64> {
    let mut steps = steps.to_vec();
    let mut chunk = steps.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + chunk).min(fewer.len()));
            if run::<S>(world, &fewer).is_err() {
                steps = fewer;
            } else {
                at += chunk;
            }
        }
        if chunk == 1 {
            return steps;
        }
        chunk = chunk.div_ceil(2);
    }
}

/// The reference and a subject side by side.
struct Pair<S> {
    venue: Venue,
    subject: S,
    dice: Dice,
    records: Vec<Record>,
    events: Vec<Event>,
    commands: Vec<Command>,
    tally: Tally,
}

impl<S: Subject> Pair<S> {
    fn new(world: u64) -> Self {
        Self {
            venue: Venue::default(),
            subject: S::fresh(),
            dice: Dice(!world),
            records: Vec::new(),
            events: Vec::new(),
            commands: Vec::new(),
            tally: Tally::default(),
        }
    }

    fn command(&mut self, command: Command) -> Result<(), Failure> {
        self.commands.push(command);
        self.tally.commands += 1;
        let compared = self.try_command(command);
        compared.map_err(|what| Failure { what, commands: std::mem::take(&mut self.commands) })
    }

    fn try_command(&mut self, command: Command) -> Result<(), String> {
        let record = self.record(command);
        let expected = self.venue.apply(&record);
        for said in &expected {
            self.tally.note(said);
        }
        self.venue.check()?;
        let from = self.events.len();
        self.apply(record)?;
        while self.subject.has_continuation() {
            self.tally.continued += 1;
            if self.dice.chance(INTERRUPTED_PERCENT) {
                let junk = self.record(command);
                self.apply_silent(junk)?;
            }
            let record = self.record(Command::Continue(Continue {}));
            self.apply(record)?;
        }
        let said: Vec<Said> = self.events[from..].iter().map(said).collect();
        same_events(&expected, &said)?;
        self.same_state()
    }

    fn record(&mut self, command: Command) -> Record {
        let sequence = Sequence(self.records.len() as u64 + 1);
        let timestamp = Timestamp(1_000_000_000 + sequence.0);
        let epoch = Epoch(self.venue.epoch);
        let record = Record { sequence, timestamp, epoch, shard: ShardId(0), command };
        self.records.push(record);
        record
    }

    fn apply(&mut self, record: Record) -> Result<(), String> {
        let from = self.events.len();
        self.subject.apply(&record, &mut self.events);
        let events = &self.events[from..];
        round_trip(&record, events)?;
        if events.len() > S::EVENTS_MAX {
            return Err(format!("{} events of one record", events.len()));
        }
        for (index, event) in events.iter().enumerate() {
            let place = event.cause == record.sequence
                && event.timestamp == record.timestamp
                && event.shard == record.shard
                && usize::from(event.index) == index;
            if !place {
                return Err(format!(
                    "event {index} of {} is out of place: {event:?}",
                    record.sequence
                ));
            }
        }
        Ok(())
    }

    /// A record that must have no effect.
    fn apply_silent(&mut self, record: Record) -> Result<(), String> {
        let from = self.events.len();
        self.apply(record)?;
        match self.events.get(from) {
            None => Ok(()),
            Some(event) => Err(format!("a continuation was interrupted: {event:?}")),
        }
    }

    fn same_state(&self) -> Result<(), String> {
        let nobody = [AccountId::OUTSIDE, AccountId::VENUE];
        for account in nobody.iter().chain(self.venue.accounts.keys()) {
            for asset in self.venue.assets.keys() {
                let expected =
                    (self.venue.free(*account, *asset), self.venue.held(*account, *asset));
                let found = self.subject.balance(*account, *asset);
                if found != expected {
                    return Err(format!(
                        "account {account}, asset {asset}: (free, held) is {found:?}, \
                         the reference has {expected:?}"
                    ));
                }
            }
        }
        for instrument in self.venue.instruments.keys() {
            for side in Side::ALL {
                let expected: Vec<(i128, i128, i128)> = self
                    .venue
                    .levels(*instrument, *side)
                    .iter()
                    .map(|level| (level.0, level.1, level.2))
                    .collect();
                let found = self.subject.levels(*instrument, *side);
                if found != expected {
                    return Err(format!(
                        "instrument {instrument} {side:?}: levels (price, displayed, all) are \
                         {found:?}, the reference has {expected:?}"
                    ));
                }
            }
        }
        for (id, session) in &self.venue.sessions {
            let expected = Some((session.next_in, session.next_out, session.connected));
            let found = self.subject.numbers(*id);
            if found != expected {
                return Err(format!(
                    "session {id}: (in, out, connected) is {found:?}, the reference has {expected:?}"
                ));
            }
        }
        Ok(())
    }

    /// The same records give the same events and the same state.
    fn replay(&mut self) -> Result<(), Failure> {
        let mut again = S::fresh();
        let mut events = Vec::new();
        for record in &self.records {
            again.apply(record, &mut events);
        }
        let what = if events != self.events {
            "the replay gave other events"
        } else if again.state_hash() != self.subject.state_hash() {
            "the replay gave another state hash"
        } else if again.running_hash() != self.subject.running_hash() {
            "the replay gave another running hash"
        } else {
            return Ok(());
        };
        Err(Failure { what: what.to_owned(), commands: std::mem::take(&mut self.commands) })
    }
}

/// What lies in a journal or a store reads as what was written.
fn round_trip(record: &Record, events: &[Event]) -> Result<(), String> {
    let mut slot = RecordBytes::default();
    let length = record.put(&mut slot);
    let used = slot.used().map_err(|malformed| malformed.to_string())?;
    if used.len() != length || Record::get(used) != Ok(*record) {
        return Err(format!("a record reads otherwise than it was written: {record:?}"));
    }
    for event in events {
        let mut bytes = [0; EVENT_SIZE_MAX];
        let length = event.put(&mut bytes);
        if Event::get(&bytes[..length]) != Ok(*event) {
            return Err(format!("an event reads otherwise than it was written: {event:?}"));
        }
    }
    Ok(())
}

/// An event without its place in the log.
fn said(event: &Event) -> Said {
    Said {
        session: event.session,
        msg_seq_num: event.msg_seq_num,
        gateway: event.gateway,
        body: event.body,
    }
}

fn same_events(expected: &[Said], found: &[Said]) -> Result<(), String> {
    for at in 0..expected.len().max(found.len()) {
        let (reference, subject) = (expected.get(at), found.get(at));
        if reference.map(essence) != subject.map(essence) {
            return Err(format!(
                "event {at} differs\nreference: {reference:?}\nengine:    {subject:?}"
            ));
        }
    }
    Ok(())
}

/// An event without what is laid down nowhere, since nobody is shown it.
fn essence(said: &Said) -> Said {
    let mut said = *said;
    match &mut said.body {
        EventBody::StatusReport(report) => {
            if !report.mass {
                report.total = 0;
            }
            if report.execution.order == OrderId::NONE {
                let known = report.execution;
                report.execution = Execution {
                    cl_ord_id: known.cl_ord_id,
                    exec_type: known.exec_type,
                    ord_status: known.ord_status,
                    refusal: known.refusal,
                    ..super::orders::unknown(AccountId(0), InstrumentId(0))
                };
            }
        }
        EventBody::SecurityListed(listed) if listed.total == 0 => {
            listed.instrument = NO_INSTRUMENT;
        }
        EventBody::OperatorAnswer(answer) if answer.refusal.code == RejectCode::OutOfRange => {
            answer.refusal = Refusal::plain(RejectCode::OutOfRange);
        }
        _ => {}
    }
    said
}

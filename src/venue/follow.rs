//! The sequencer of a node that follows: takes records as the primary numbered them.
//!
//! 1. A record is taken when it continues the log: the next sequence, a time and an epoch not below the
//!    last's; an epoch's first record is its view. It goes into the log ring as it is, then to the engine.
//!    Events go where they go on a primary, whose gateway keeps the sessions' numbers and whose store keeps
//!    the messages: but the doors are shut, and nothing is sent.
//! 2. Every so many records it tells the engine's hash, which the cluster compares with the primary's.
//! 3. At [`Post::Leading`] it takes what came from the primaries before, and leads: the view is the first
//!    record of its epoch; then what was pending is continued, and the venue brought to its configuration.
//!    The doors open when the gateway has taken the event of the view.

use std::collections::VecDeque;

use crate::cluster::{Post, StateHash};
use crate::engine::{Engine, Foresight};
use crate::model::limit::EVENTS_MAX;
use crate::model::wire::Malformed;
use crate::model::{BeginEpoch, Command, Genesis, Record, RecordBytes, Sequence};
use crate::ring::{Consumer, Producer};
use crate::runtime::Now;
use crate::venue::recovery::{Near, is_known};
use crate::venue::sequencer::{BATCH, BATCHES_PER_TURN, Log, Sequencer, Spread, Timers};

/// Whether a sequencer numbers records or takes those of another.
pub(super) enum Mode {
    /// It numbers commands, in an epoch that this process swapped in.
    Leading,
    /// It takes records.
    Following(Box<Following>),
    /// It does neither: it hands over, or has no further part.
    Resting,
}

/// What a sequencer needs to follow, and to lead afterwards.
pub(super) struct Following {
    /// The primary's, each continuing the one before.
    pub records: Consumer<RecordBytes>,
    pub ahead: Ahead,
    pub post: Post,
    /// For a log that has none yet.
    pub genesis: Genesis,
    /// The configuration, for when it leads.
    pub definitions: VecDeque<Command>,
}

/// The next records of the ring, read some time before they are applied. Where many wait, as while a standby catches
/// up, their memory is fetched meanwhile.
#[derive(Default)]
pub(super) struct Ahead {
    records: VecDeque<Result<Record, Malformed>>,
    foresight: Foresight,
    foresees: bool,
}

impl Ahead {
    /// The record behind `taken` others of those that wait.
    #[inline]
    fn next(
        &mut self,
        engine: &Engine,
        waiting: Waiting<'_>,
        taken: usize,
    ) -> Option<Result<Record, Malformed>> {
        let foresees = waiting.0.len() + waiting.1.len() > taken + Foresight::AHEAD;
        if foresees && !self.foresees {
            self.foresight = Foresight::default();
        }
        self.foresees = foresees;
        let wanted = if foresees { Foresight::AHEAD + 1 } else { 1 };
        while self.records.len() < wanted
            && let Some(bytes) = nth(waiting, taken + self.records.len())
        {
            let record = Record::get(&bytes.0);
            if foresees {
                let next = record.as_ref().ok().map(|record| (record.sequence, &record.command));
                self.foresight.go_on(engine, next, &Near);
            }
            self.records.push_back(record);
        }
        self.records.pop_front()
    }
}

/// What waits in a ring, in two pieces where that comes round.
type Waiting<'a> = (&'a [RecordBytes], &'a [RecordBytes]);

#[inline]
fn nth<'a>((head, tail): Waiting<'a>, at: usize) -> Option<&'a RecordBytes> {
    head.get(at).or_else(|| tail.get(at.wrapping_sub(head.len())))
}

/// Tells hashes of the engine every so many records. What finds no room is not told.
#[derive(Default)]
pub(super) struct Hashes {
    /// The running hash, which costs nothing; of a primary too.
    pub running: Option<(Producer<StateHash>, u64)>,
    /// The hash over the whole state, which takes its time; only of a node that follows.
    pub state: Option<(Producer<StateHash>, u64)>,
}

impl Hashes {
    /// The running hash behind the last record, where it is due.
    #[inline]
    pub fn pass(&mut self, sequence: Sequence, engine: &Engine) {
        if let Some((to, every)) = &mut self.running
            && sequence.0.is_multiple_of(*every)
        {
            to.push(&StateHash { sequence, hash: engine.running_hash() });
            to.publish();
        }
    }

    /// The hash over the whole state, where it is due.
    fn pass_following(&mut self, sequence: Sequence, engine: &Engine) {
        self.pass(sequence, engine);
        if let Some((to, every)) = &mut self.state
            && sequence.0.is_multiple_of(*every)
        {
            to.push(&StateHash { sequence, hash: engine.state_hash() });
            to.publish();
        }
    }
}

/// Why a record is not taken.
fn refusal(log: &Log, record: &Record) -> Option<String> {
    let Record { sequence, timestamp, epoch, shard, .. } = *record;
    let what = if sequence != log.last.next() {
        format!("record {sequence} came where {} must follow", log.last.next())
    } else if epoch < log.epoch {
        format!("record {sequence} is of epoch {epoch}, the log has reached {}", log.epoch)
    } else if timestamp < log.last_timestamp {
        format!("record {sequence} is earlier than the one before it")
    } else if shard != log.shard {
        format!("record {sequence} is of shard {shard}, this log is of {}", log.shard)
    } else if epoch > log.epoch && !begins(record) {
        format!("record {sequence} is the first of epoch {epoch}, and is not its view")
    } else {
        return None;
    };
    Some(format!("{what}. The records come from the primary: is it of the same release?"))
}

/// Whether a record may be the first of its epoch: the log's very first, or the epoch's view.
pub(super) fn begins(record: &Record) -> bool {
    match &record.command {
        Command::Genesis(_) => record.sequence == Sequence(1),
        Command::BeginEpoch(view) => view.epoch == record.epoch,
        _ => false,
    }
}

impl Sequencer {
    /// Does what the cluster says, where that has changed.
    #[inline]
    pub(super) fn look_at_post(&mut self, now: Now) {
        if let Some(standing) = &self.standing {
            let posts = standing.posts();
            if posts != self.posts_seen {
                self.posts_seen = posts;
                let post = standing.post();
                self.take_post(post, now);
            }
        }
    }

    fn take_post(&mut self, post: Post, now: Now) {
        match (&mut self.mode, post) {
            (_, Post::Stopped) => self.rest_for_good(),
            (Mode::Following(following), _) => following.post = post,
            (Mode::Leading, Post::Draining) => self.mode = Mode::Resting,
            (Mode::Leading | Mode::Resting, Post::Leading { begin, .. }) => {
                // Handing over has come to nothing: it leads on. A higher epoch is one more of its own.
                if begin.epoch > self.log.epoch {
                    self.begin(begin, VecDeque::new(), now);
                }
                if self.doors.epoch() == Some(begin.epoch) {
                    self.mode = Mode::Leading;
                }
            }
            // Who has led follows again only in a new process.
            (Mode::Leading, Post::Waiting | Post::Following { .. }) => self.rest_for_good(),
            (Mode::Resting, _) => {}
        }
    }

    fn rest_for_good(&mut self) {
        self.mode = Mode::Resting;
        self.doors.shut();
    }

    /// A turn of a node that follows.
    pub(super) fn follow(&mut self, now: Now) -> usize {
        self.answer_only();
        if self.fault.is_raised() {
            return 0;
        }
        let mut done = 0;
        for _ in 0..BATCHES_PER_TURN {
            let taken = match self.follow_batch() {
                Ok(taken) => taken,
                Err(what) => {
                    self.fault.raise("sequencer", what);
                    break;
                }
            };
            done += taken;
            if taken < BATCH {
                return done + self.take_over(now);
            }
        }
        done
    }

    /// An operator can always ask; what he asks to be changed was refused at the door.
    pub(super) fn answer_only(&mut self) {
        let _not_ours_to_carry_out = self.next_of_desk();
    }

    fn follow_batch(&mut self) -> Result<usize, String> {
        let Mode::Following(following) = &mut self.mode else { return Ok(0) };
        let until = match following.post {
            Post::Following { .. } => Sequence(u64::MAX),
            Post::Leading { after, .. } => after,
            Post::Waiting | Post::Draining | Post::Stopped => return Ok(0),
        };
        let Following { records, ahead, .. } = &mut **following;
        let waiting = records.batch(BATCH + Foresight::AHEAD);
        let mut taken = 0;
        let mut outcome = Ok(());
        while taken < BATCH
            && self.log.last < until
            && self.records.has_room(1)
            && self.events.iter_mut().all(|ring| ring.has_room(EVENTS_MAX))
            && let Some(record) = ahead.next(&self.log.engine, waiting, taken)
        {
            let record =
                record.map_err(|error| format!("behind record {}: {error}", self.log.last));
            outcome = record
                .and_then(|record| refusal(&self.log, &record).map_or(Ok(record), Err))
                .map(|record| {
                    if let (Some(slot), Some(bytes)) = (self.records.claim(), nth(waiting, taken)) {
                        *slot = *bytes;
                    }
                    self.log.follow(&record);
                    self.log.engine.apply(&record, &mut Spread(&mut self.events));
                    self.hashes.pass_following(record.sequence, &self.log.engine);
                });
            if outcome.is_err() {
                break;
            }
            taken += 1;
        }
        records.advance(taken);
        self.records.publish();
        self.events.iter_mut().for_each(Producer::publish);
        outcome.map(|()| taken)
    }

    /// From following to leading, if it is told to and has what came before.
    fn take_over(&mut self, now: Now) -> usize {
        let Mode::Following(following) = &mut self.mode else { return 0 };
        let Post::Leading { begin, after } = following.post else { return 0 };
        if self.log.last < after {
            return 0;
        }
        if begin.epoch <= self.log.epoch {
            let (asked, reached) = (begin.epoch, self.log.epoch);
            let what =
                format!("told to lead in epoch {asked}, though the log has reached {reached}");
            self.fault.raise("sequencer", what);
            return 0;
        }
        let mut openings = std::mem::take(&mut following.definitions);
        if self.log.engine.view().genesis().is_none() {
            openings.push_front(Command::Genesis(following.genesis));
        }
        self.mode = Mode::Leading;
        self.begin(begin, openings, now);
        1
    }

    /// Begins an epoch of this process. Where `openings` begin with a genesis the view follows on it.
    fn begin(&mut self, view: BeginEpoch, mut openings: VecDeque<Command>, now: Now) {
        let known = self.log.engine.view().genesis().copied();
        let genesis = match openings.front() {
            Some(Command::Genesis(genesis)) => Some(*genesis),
            _ => known,
        };
        let at = usize::from(known.is_none() && genesis.is_some());
        openings.insert(at, Command::BeginEpoch(view));
        self.openings = openings;
        self.log.epoch = view.epoch;
        self.timers.begin(&self.log.engine, now);
        // Before the events of the view are published.
        let secret = genesis.map(|genesis| genesis.hash_secret).unwrap_or_default();
        self.doors.open(view.epoch, secret);
    }

    /// The next of what an epoch begins with. The view does not wait for what is pending.
    pub(super) fn next_opening(&mut self) -> Option<Command> {
        let is_pending = self.log.engine.has_continuation();
        while let Some(command) = self.openings.front() {
            if is_pending && !matches!(command, Command::BeginEpoch(_)) {
                return None;
            }
            let is_known = is_known(&self.log.engine, command);
            let command = self.openings.pop_front();
            if !is_known {
                return command;
            }
        }
        None
    }
}

impl Log {
    /// Another's record is the last one now.
    fn follow(&mut self, record: &Record) {
        (self.last, self.last_timestamp) = (record.sequence, record.timestamp);
        self.epoch = record.epoch;
    }
}

impl Timers {
    /// A process leads from now on: sessions have the whole grace to come back.
    fn begin(&mut self, engine: &Engine, now: Now) {
        *self = Self {
            absent_at_ns: now.monotonic_ns + self.grace_ns,
            ..Self::with_grace_ns(self.rollover_s, self.grace_ns, engine)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Continue, Durability, Epoch, NodeId, ShardId, Timestamp};

    fn log() -> Log {
        let (epoch, shard) = (Epoch(3), ShardId(0));
        let (last, last_timestamp) = (Sequence(10), Timestamp(100));
        Log { engine: Engine::new(), epoch, shard, last, last_timestamp }
    }

    fn record(sequence: u64, epoch: u32, command: Command) -> Record {
        let (timestamp, shard) = (Timestamp(100), ShardId(0));
        Record { sequence: Sequence(sequence), timestamp, epoch: Epoch(epoch), shard, command }
    }

    fn view(epoch: u32) -> Command {
        let durability = Durability::StandbyMemory;
        let (epoch, primary) = (Epoch(epoch), NodeId(1));
        Command::BeginEpoch(BeginEpoch { epoch, primary, in_sync: 2, durability, nonce: 1 })
    }

    #[test]
    fn only_a_record_that_continues_the_log_is_taken() {
        let go_on = Command::Continue(Continue {});
        let refused = |record| refusal(&log(), &record).unwrap_or_default();
        assert_eq!(refused(record(11, 3, go_on)), "");
        assert_eq!(refused(record(11, 5, view(5))), "");
        assert!(refused(record(10, 3, go_on)).contains("record 10 came where 11 must follow"));
        assert!(refused(record(12, 3, go_on)).contains("record 12 came where 11 must follow"));
        assert!(refused(record(11, 2, go_on)).contains("epoch 2, the log has reached 3"));
        assert!(refused(record(11, 4, go_on)).contains("is not its view"));
        assert!(refused(record(11, 4, view(5))).contains("is not its view"));
        let early = Record { timestamp: Timestamp(99), ..record(11, 3, go_on) };
        assert!(refused(early).contains("earlier than the one before"));
        let foreign = Record { shard: ShardId(1), ..record(11, 3, go_on) };
        assert!(refused(foreign).contains("shard 1"));
    }
}

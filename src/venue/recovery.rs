//! From what a dead process left to a running state.
//!
//! 0. The newest snapshot that can be used stands in for the journal up to its record (`snapshot.rs`).
//! 1. The journal is read on one thread and every record applied on another; what follows from the records,
//!    the sent messages among it, is made again.
//! 2. The log ring of the dead process is read: records that it had not yet brought into the journal
//!    follow there, provided they continue it.
//! 3. The process begins an epoch of its own and brings the venue to its configuration. All this is
//!    appended and synced before anybody can connect.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::{Engine, EventSink, Fetch, Foresight};
use crate::gateway::store::{RECOVERY_BYTES, Shelf};
use crate::journal::{
    self, Disk, Journal, JournalError, JournalOptions, OpenError, Opened, RealDisk, Reigns,
};
use crate::model::{
    BeginEpoch, Command, Continue, Epoch, Event, EventBody, Genesis, HashSecret, Record,
    RecordBytes, Refusal, Sequence, ShardId, Timestamp,
};
use crate::ring;
use crate::runtime::{Clock, SystemClock, prefetch, touch_reserved};
use crate::venue::config::{Config, definition_name};
use crate::venue::follow::begins;
use crate::venue::sequencer::Log;
use crate::venue::{StartError, snapshot, status};

/// What recovery has found and made.
pub(super) struct Recovered<D: Disk> {
    pub opened: Opened<D>,
    pub log: Log,
    pub listener: Listener,
    pub secret: HashSecret,
    /// Where the reigns that were found began: the one that this process may begin is none of them.
    pub reigns: Reigns,
    /// Records that only the ring of the dead process had.
    pub from_ring: u64,
    /// The record up to which a snapshot stood in for the journal.
    pub from_snapshot: Option<Sequence>,
    /// What is wrong with snapshots that were not used.
    pub passed_over: Vec<String>,
}

/// Hears the events of records that are applied before the doors open.
pub(super) struct Listener {
    /// Where sent messages are kept.
    pub shelf: Shelf,
    /// The first error of keeping them.
    error: Option<io::Error>,
    /// The last answer to a definition, if it was a refusal.
    refusal: Option<Refusal>,
}

impl EventSink for Listener {
    fn emit(&mut self, event: &Event) {
        // The start fails by it: what follows is not gathered in memory meanwhile.
        if self.error.is_some() {
            return;
        }
        if let EventBody::OperatorAnswer(answer) = event.body
            && answer.refusal != Refusal::NONE
        {
            self.refusal = Some(answer.refusal);
        }
        self.shelf.keep(event);
        if self.shelf.waiting() >= RECOVERY_BYTES
            && let Err(error) = self.shelf.write()
        {
            self.error = Some(error);
        }
    }
}

/// Where the log ring of this journal lies: one name per journal directory, whoever starts it.
pub(super) fn ring_path(ring_directory: &Path, journal: &Path) -> io::Result<PathBuf> {
    use std::hash::Hasher;
    use std::os::unix::ffi::OsStrExt;
    let journal = journal.canonicalize()?;
    let mut hasher = siphasher::sip::SipHasher13::new();
    hasher.write(journal.as_os_str().as_bytes());
    Ok(ring_directory.join(format!("castle-{:016x}.ring", hasher.finish())))
}

/// The directory of a shelf that is being filled; gone again where it does not come into use.
struct FreshShelf {
    path: PathBuf,
    is_in_use: bool,
}

impl FreshShelf {
    /// The old one goes first where the disk may have no space for both: the log makes it again.
    fn new(shelf_directory: &Path) -> io::Result<Self> {
        let old_bytes = directory_bytes(shelf_directory)?;
        if old_bytes > 0 && free_bytes(shelf_directory)? < 2 * old_bytes {
            std::fs::remove_dir_all(shelf_directory)?;
        }
        Ok(Self { path: shelf_directory.with_extension("new"), is_in_use: false })
    }
}

impl Drop for FreshShelf {
    fn drop(&mut self) {
        if !self.is_in_use {
            // What stays is removed by the next start.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Bytes of the files in a directory; 0 where there is none.
fn directory_bytes(path: &Path) -> io::Result<u64> {
    let entries = match std::fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    entries.map(|entry| Ok(entry?.metadata()?.len())).sum()
}

fn free_bytes(path: &Path) -> io::Result<u64> {
    RealDisk::read_only(path).free_bytes()
}

/// How a process begins once it is where the last one ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// It is the only node: it leads, in a new epoch.
    Alone,
    /// It follows, until it has swapped in an epoch: it numbers nothing.
    Standby {
        /// Its log may go on as the life that it was. Where not, nobody counts upon what the log ring holds.
        has_life: bool,
    },
}

/// Opens the journal and brings everything to where it was.
pub(super) fn recover<D: Disk>(
    disk: D,
    config: &Config,
    options: &JournalOptions,
    shelf_directory: &Path,
    ring_path: &Path,
    start: Start,
) -> Result<Recovered<D>, StartError> {
    let outbound = |source| StartError::Outbound { path: shelf_directory.to_owned(), source };
    // Filled beside the one of the last life, where there is space for both.
    let mut fresh = FreshShelf::new(shelf_directory).map_err(outbound)?;
    let (snapshot, passed_over) =
        snapshot::newest(&disk, &config.journal.directory, &fresh.path, Sequence(u64::MAX))?;
    let from_snapshot = snapshot.as_ref().map(|state| state.link.sequence);
    let (mut engine, shelf, mut reigns) = match snapshot {
        Some(state) => (state.engine, state.shelf, state.reigns),
        None => {
            let shelf = Shelf::create(&fresh.path).map_err(outbound)?;
            // Before genesis comes, which may be from a primary: so that its memory can be touched before.
            (Engine::with_room(&config.engine), shelf, Reigns::default())
        }
    };
    let mut first = engine.view().genesis().map(|genesis| Command::Genesis(*genesis));
    let mut listener = Listener { shelf, error: None, refusal: None };
    let mut pipeline = Pipeline::default();
    let opened = pipeline.run(
        |records| engine_takes(&mut engine, records, &mut listener),
        |show| {
            Journal::open_behind(disk, options, from_snapshot, &mut |record, _| {
                first.get_or_insert(record.command);
                show(record);
            })
        },
    )?;
    listener.shelf.move_to(shelf_directory).map_err(outbound)?;
    fresh.is_in_use = true;
    let (last, epoch, last_timestamp) = opened.report.last;
    reigns.append(&opened.report.reigns);
    let mut recovered = Recovered {
        opened,
        log: Log { engine, epoch, shard: ShardId(0), last, last_timestamp },
        listener,
        secret: HashSecret::default(),
        reigns,
        from_ring: 0,
        from_snapshot,
        passed_over,
    };
    match first {
        None if start == Start::Alone => recovered.genesis(config)?,
        None => {}
        Some(Command::Genesis(genesis)) => recovered.secret = genesis.hash_secret,
        Some(_) => return Err(StartError::NoGenesis),
    }
    recovered.take_ring(ring_path, start)?;
    if let Some(genesis) = recovered.log.engine.view().genesis() {
        recovered.secret = genesis.hash_secret;
    }
    if start == Start::Alone {
        recovered.begin(config)?;
    }
    recovered.settle()?;
    recovered.listener.shelf.write().map_err(outbound)?;
    match recovered.listener.error.take() {
        Some(source) => Err(outbound(source)),
        None => Ok(recovered),
    }
}

impl<D: Disk> Recovered<D> {
    fn genesis(&mut self, config: &Config) -> Result<(), StartError> {
        self.secret = HashSecret(random()?);
        self.ask(Command::Genesis(genesis(config, self.secret)))
    }

    /// Tells this log's ring and life from others that lay in the same place. The journal's mark: the genesis is not
    /// there yet when a node of a cluster first begins.
    pub(super) fn tag(&self) -> u128 {
        u128::from(self.opened.report.mark)
    }

    /// Takes over what the dead process had in its ring and not in its journal.
    fn take_ring(&mut self, path: &Path, start: Start) -> Result<(), StartError> {
        let ring = |source| StartError::Ring { path: path.to_owned(), source };
        let Some(survivors) = ring::surviving::<RecordBytes>(path, self.tag()).map_err(ring)?
        else {
            return Ok(());
        };
        let (path_shown, last) = (path.display(), self.log.last);
        let found = Sequence(survivors.first);
        let unusable = match self.parts_from(&survivors) {
            _ if found > last.next() => Some((
                format!(
                    "the log ring {path_shown} goes on with record {found}, the journal ends with {last}"
                ),
                StartError::RingGap { path: path.to_owned(), last, found },
            )),
            Some(at) => Some((
                format!("the log ring {path_shown} parts from the journal at record {at}"),
                StartError::RingParts { path: path.to_owned(), at },
            )),
            None => None,
        };
        match unusable {
            // An error of the disk took what lies between, or it is an older one; and the life is over with it.
            Some((what, _)) if start == (Start::Standby { has_life: false }) => {
                let why = "it is not used, since this node returns as a new incarnation";
                self.passed_over.push(format!("{what}: {why}"));
                return Ok(());
            }
            Some((_, error)) => return Err(error),
            None => {}
        }
        let Self { opened, log, listener, reigns, .. } = self;
        let Opened { writer, syncer, .. } = opened;
        let records = survivors.entries.iter().map(|bytes| &bytes.0[..]);
        self.from_ring = writer.append_recovered(syncer, records, reigns, &mut |record, _| {
            log.last = record.sequence;
            log.last_timestamp = record.timestamp;
            log.epoch = record.epoch;
            log.engine.apply(record, listener);
        })?;
        let published = survivors.published();
        if self.log.last.next().0 < published {
            let what = format!(
                "record {} does not continue the log, though the ring was published to {}",
                self.log.last.next(),
                published - 1
            );
            return Err(ring(io::Error::new(io::ErrorKind::InvalidData, what)));
        }
        Ok(())
    }

    /// Where a ring is not of the log that was recovered: at the log's last record, which the ring may still have, or at
    /// the one behind it, if an epoch begins there without its view.
    fn parts_from(&self, survivors: &ring::Survivors<RecordBytes>) -> Option<Sequence> {
        let Log { last, last_timestamp, epoch, .. } = self.log;
        let is_of_this_log = |record: &Record| match record.sequence {
            sequence if sequence == last => {
                (record.epoch, record.timestamp) == (epoch, last_timestamp)
            }
            sequence if sequence == last.next() => record.epoch == epoch || begins(record),
            _ => true,
        };
        let records = survivors.entries.iter().filter_map(|bytes| Record::get(&bytes.0).ok());
        records.into_iter().find(|record| !is_of_this_log(record)).map(|record| record.sequence)
    }

    /// Begins this process's epoch and brings the venue to its configuration.
    fn begin(&mut self, config: &Config) -> Result<(), StartError> {
        self.log.epoch = Epoch(self.log.epoch.0 + 1);
        self.ask(Command::BeginEpoch(BeginEpoch {
            epoch: self.log.epoch,
            primary: config.cluster.node,
            in_sync: 1 << config.cluster.node.0,
            durability: config.durability,
            nonce: u64::from(std::process::id()),
        }))?;
        for command in config.definitions() {
            if is_known(&self.log.engine, &command) {
                continue;
            }
            self.listener.refusal = None;
            self.ask(command)?;
            if let Some(refusal) = self.listener.refusal.take() {
                return Err(StartError::Definition { what: definition_name(&command), refusal });
            }
        }
        Ok(())
    }

    /// Sequences a command and what it leaves to be continued.
    fn ask(&mut self, command: Command) -> Result<(), StartError> {
        let mut next = Some(command);
        while let Some(command) = next {
            let now = SystemClock.now();
            let record = self.log.record(command, now);
            self.apply(&record)?;
            let engine = &self.log.engine;
            next = engine.has_continuation().then_some(Command::Continue(Continue {}));
        }
        Ok(())
    }

    fn apply(&mut self, record: &Record) -> Result<(), StartError> {
        let mut bytes = RecordBytes::default();
        let length = record.put(&mut bytes);
        let Opened { writer, syncer, .. } = &mut self.opened;
        loop {
            match writer.append(std::iter::once(&bytes.0[..length]), Sequence(0)) {
                Err(JournalError::WouldWait) => {
                    syncer.sync()?;
                }
                result => break result?,
            }
        }
        self.log.engine.apply(record, &mut self.listener);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), StartError> {
        self.opened.syncer.sync_all()?;
        Ok(())
    }
}

/// Whether a definition of the configuration says nothing new, so that a restart logs none.
pub(super) fn is_known(engine: &Engine, command: &Command) -> bool {
    let view = engine.view();
    match command {
        Command::DefineAsset(define) => view.assets().any(|known| *known == define.asset),
        Command::DefineInstrument(define) => {
            view.instrument(define.instrument.id).is_some_and(|known| {
                let state = known.state;
                *known == crate::model::Instrument { state, ..define.instrument }
            })
        }
        Command::OpenAccount(open) => view.account(open.account).is_some(),
        Command::Deposit(deposit) => view.is_reference(&deposit.reference),
        Command::DefineSession(define) => {
            view.session(define.session.id).is_some_and(|known| known.definition == define.session)
        }
        _ => false,
    }
}

/// What a log of this configuration begins with.
pub(super) fn genesis(config: &Config, hash_secret: HashSecret) -> Genesis {
    Genesis { cluster: config.cluster.name, hash_secret, limits: config.engine }
}

/// Sessions that can still log on although the configuration does not name them any more.
pub(super) fn forgotten_sessions(engine: &Engine, config: &Config) -> Vec<String> {
    let named = |id| config.sessions.iter().any(|session| session.id == id);
    engine
        .view()
        .sessions()
        .filter(|session| !named(session.definition.id))
        .map(|session| {
            format!(
                "session {} is not in the configuration any more, but in the log: it can still log \
                 on. Suspend its account {} to shut it out",
                session.definition.comp_id, session.definition.account
            )
        })
        .collect()
}

/// A number that nobody outside can know.
pub(super) fn random() -> Result<u128, StartError> {
    let mut bytes = [0; 16];
    let mut source = File::open("/dev/urandom").map_err(StartError::Random)?;
    source.read_exact(&mut bytes).map_err(StartError::Random)?;
    Ok(u128::from_le_bytes(bytes))
}

/// What a replay of a journal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Records applied.
    pub records: u64,
    /// The last of them.
    pub last: Sequence,
    /// When that was sequenced.
    pub last_timestamp: Timestamp,
    /// The state hash after it.
    pub state_hash: u64,
    /// How long reading and applying took, the first record not counted.
    pub time: Duration,
}

/// Records that go from the reader to the engine together.
const TOGETHER: usize = 1_024;
/// Such lots on their way.
const LOTS: usize = 4;

/// Reads records on the caller's thread and has them applied on another, in lots, so that checking the
/// bytes of the ones and applying the others happen at the same time.
#[derive(Default)]
struct Pipeline {
    lot: Vec<Record>,
}

impl Pipeline {
    /// Runs `read`, and `apply` on all that it shows, in order. Returns when both have ended.
    fn run<T>(
        &mut self,
        mut apply: impl FnMut(&[Record]) + Send,
        read: impl FnOnce(&mut dyn FnMut(&Record)) -> T,
    ) -> T {
        let (full, to_apply) = mpsc::sync_channel::<Vec<Record>>(LOTS);
        let (empty, to_fill) = mpsc::sync_channel::<Vec<Record>>(LOTS + 2);
        thread::scope(|scope| {
            scope.spawn(move || {
                for mut lot in to_apply {
                    apply(&lot);
                    lot.clear();
                    // Where nobody fills it any more it is only dropped.
                    let _ = empty.try_send(lot);
                }
            });
            let lot = &mut self.lot;
            let result = read(&mut |record| {
                if lot.len() == TOGETHER {
                    let next = to_fill.try_recv();
                    let next = next.unwrap_or_else(|_| Vec::with_capacity(TOGETHER));
                    // The other end is gone only after a panic, which the scope passes on.
                    let _ = full.send(std::mem::replace(lot, next));
                }
                lot.push(*record);
            });
            let _ = full.send(std::mem::take(lot));
            drop(full);
            result
        })
    }
}

/// Applies records, each with its memory fetched ahead.
fn engine_takes(engine: &mut Engine, records: &[Record], events: &mut impl EventSink) {
    let mut foresight = Foresight::default();
    let ahead = |index: usize| records.get(index).map(|record| (record.sequence, &record.command));
    for index in 0..Foresight::AHEAD {
        foresight.go_on(engine, ahead(index), &Near);
    }
    for (index, record) in records.iter().enumerate() {
        foresight.go_on(engine, ahead(index + Foresight::AHEAD), &Near);
        engine.apply(record, events);
    }
}

/// Brings memory into the caches of the core that asks.
pub(super) struct Near;

impl Fetch for Near {
    #[inline(always)]
    fn fetch<T>(&self, place: &T) {
        prefetch(place);
    }
}

/// Applies a journal to a fresh engine, without changing anything on disk. With `touch_memory` the engine's
/// memory is taken after the first record, which says how much that is, and before the time counts.
pub fn replay_journal(directory: &Path, touch_memory: bool) -> Result<Replayed, OpenError> {
    let mut engine = Engine::new();
    let mut replayed = Replayed {
        records: 0,
        last: Sequence(0),
        last_timestamp: Timestamp(0),
        state_hash: 0,
        time: Duration::ZERO,
    };
    let mut begun = None;
    let disk = RealDisk::read_only(directory);
    if let Some(first) = journal::read::begins_with(&disk)?.filter(|first| *first > Sequence(1)) {
        return Err(OpenError::Pruned { path: directory.display().to_string(), first });
    }
    let mut pipeline = Pipeline::default();
    pipeline.run(
        |records| {
            let mut rest = records;
            if begun.is_none()
                && let Some((genesis, behind)) = records.split_first()
            {
                engine.apply(genesis, &mut Nobody);
                if touch_memory {
                    touch_reserved();
                }
                begun = Some(Instant::now());
                rest = behind;
            }
            engine_takes(&mut engine, rest, &mut Nobody);
            replayed.records += records.len() as u64;
            if let Some(last) = records.last() {
                (replayed.last, replayed.last_timestamp) = (last.sequence, last.timestamp);
            }
        },
        |show| {
            journal::read::dump(&disk, 1..=u64::MAX, &[], &mut |record| {
                show(record);
                ControlFlow::Continue(())
            })
        },
    )?;
    replayed.time = begun.map_or(Duration::ZERO, |begun| begun.elapsed());
    replayed.state_hash = engine.state_hash();
    Ok(replayed)
}

/// Nobody is told.
struct Nobody;

impl EventSink for Nobody {
    fn emit(&mut self, _event: &Event) {}
}

/// What recovery says to a person.
pub(super) fn sentence<D: Disk>(recovered: &Recovered<D>, config: &Config) -> String {
    let report = &recovered.opened.report;
    let mut text = format!(
        "{} records from the journal in {}",
        report.records,
        config.journal.directory.display()
    );
    if let Some(sequence) = recovered.from_snapshot {
        text += &format!(", behind the snapshot at record {sequence}");
    }
    if recovered.from_ring > 0 {
        text += &format!(", {} more from the log ring", recovered.from_ring);
    }
    if let Some(cut) = &report.cut {
        text += &format!("; {cut}");
    }
    format!("{text}; durability {}", status::level_name(config.durability))
}

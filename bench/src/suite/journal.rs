//! The journal alone: appending at each level of durability, and reading back.
//!
//! 1. `local-memory`: how long an append of a batch takes while the syncer runs behind it, a batch each
//!    200 µs by a schedule.
//! 2. `local-disk`: from the append of a batch to the moment when it counts as synced; the next batch
//!    follows then. In turn with it, fdatasync of a plain file with batches of the same size.
//! 3. All that was written is read back: records a second, verified and decoded, without an engine. The
//!    wire suite times the same with one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use castle::journal::{Journal, JournalOptions, Progress, RealDisk, Syncer, Writer};
use castle::model::{
    AccountId, Amount, ClOrdId, ClusterName, Command, Epoch, Generation, InstrumentId, NewOrder,
    OrdType, Origin, Price, Quantity, Record, RecordBytes, Refusal, SelfTradePrevention, Sequence,
    SessionId, ShardId, Side, TimeInForce, Timestamp,
};

use super::Options;
use super::wire::sync::Syncs;
use crate::machine;
use crate::pace::{Generator, Schedule, too_late};
use crate::record::{Recorder, RunClock};
use crate::run::{Figure, Findings, Series};

/// Records of a batch.
const BATCHES: [usize; 3] = [1, 16, 256];
/// Batches a second where appending alone is timed.
const BATCHES_PER_S: u64 = 5_000;
/// Length of a slice.
const SLICE: Duration = Duration::from_millis(250);
/// Slices of each side, at least.
const SLICES_MIN: u64 = 8;

/// A journal with its syncer on a thread of its own, as in the exchange.
struct Running {
    writer: Writer<RealDisk>,
    progress: Arc<Progress>,
    next: u64,
    batch: Vec<RecordBytes>,
}

/// Measures.
pub fn measure(options: &Options, clock: RunClock, found: &mut Findings) -> Result<(), String> {
    machine::pin(options.cores[0])?;
    let place = &options.scratch;
    let directory = std::fs::create_dir_all(place)
        .and_then(|()| tempfile::Builder::new().prefix("journal-").tempdir_in(place))
        .map_err(|error| format!("{}: {error}", place.display()))?;
    let path = directory.path().join("journal");
    let records = append(options, clock, &path, directory.path(), found)?;
    recovery(&path, records, found)
}

fn open(path: &Path, visit: &mut dyn FnMut(&Record)) -> Result<Opened, String> {
    let cluster = ClusterName::new(b"bench").ok_or("a cluster's name")?;
    let disk = RealDisk::open(path).map_err(|error| error.to_string())?;
    let options = JournalOptions { segments_ahead: 4, ..JournalOptions::new(cluster, 1) };
    Journal::open(disk, &options, &mut |record, _| visit(record)).map_err(|error| error.to_string())
}

type Opened = castle::journal::Opened<RealDisk>;

/// Appends for as long as is asked for; how many records there are then.
fn append(
    options: &Options,
    clock: RunClock,
    path: &Path,
    scratch: &Path,
    found: &mut Findings,
) -> Result<u64, String> {
    let Opened { writer, syncer, progress, .. } = open(path, &mut |_| {})?;
    let stop = Arc::new(AtomicBool::new(false));
    let core = options.cores[1];
    let syncing = std::thread::spawn({
        let stop = stop.clone();
        move || sync(syncer, core, &stop)
    });
    let mut running = Running { writer, progress, next: 1, batch: Vec::new() };
    let outcome = BATCHES
        .iter()
        .try_for_each(|size| batches(options, clock, *size, scratch, &mut running, found));
    stop.store(true, Ordering::Release);
    let synced = syncing.join().map_err(|_| "the syncer panicked".to_owned())?;
    outcome.and(synced).map(|()| running.next - 1)
}

fn sync(mut syncer: Syncer<RealDisk>, core: usize, stop: &AtomicBool) -> Result<(), String> {
    machine::pin(core)?;
    while !stop.load(Ordering::Acquire) {
        if !syncer.sync().map_err(|error| error.to_string())? {
            std::thread::yield_now();
        }
    }
    syncer.sync_all().map_err(|error| error.to_string())
}

fn batches(
    options: &Options,
    clock: RunClock,
    size: usize,
    scratch: &Path,
    running: &mut Running,
    found: &mut Findings,
) -> Result<(), String> {
    let seconds = options.seconds.unwrap_or(if options.short { 8 } else { 30 });
    // Three sizes; a third of the time for appending alone, the rest for the slices of two sides.
    let slices = (seconds * 1_000 / SLICE.as_millis() as u64 / 9).max(SLICES_MIN);
    running.batch = vec![record(); size];
    let title = format!("journal, {size} records a batch");
    eprintln!("{title}");
    running.each_200_us(clock, options.warmup, &mut Recorder::new(1), &mut Recorder::new(1))?;
    let (mut appends, mut lag) = (Recorder::new(1), Recorder::new(1));
    let time = SLICE * u32::try_from(slices).unwrap_or(u32::MAX);
    running.each_200_us(clock, time, &mut appends, &mut lag)?;
    let lag = Series::new(format!("{title}: generator lag"), lag);
    let late_ns = lag.total.value_at_quantile(0.999);
    found.faults.extend(too_late(&lag.name, late_ns, options.lag_budget_ns));
    let appends = Series::new(format!("{title}: local-memory append"), appends);
    found.series.extend([appends.planned(BATCHES_PER_S, late_ns), lag]);
    let bytes = (running.batch[0].used().map_or(0, <[u8]>::len) * size) as u64;
    let mut disk = Recorder::new(slices as usize);
    let mut limit = Syncs::of_size(scratch, bytes, slices as usize)?;
    for _ in 0..slices {
        let start_ns = clock.now_ns();
        disk.open(start_ns);
        while clock.now_ns() < start_ns + SLICE.as_nanos() as u64 {
            let before_ns = clock.now_ns();
            running.append()?;
            running.await_synced()?;
            disk.record(clock.now_ns() - before_ns);
        }
        disk.close(clock.now_ns());
        limit.slice(clock, SLICE)?;
    }
    let disk = Series::new(format!("{title}: local-disk append until synced"), disk);
    let limit = limit.series(&title);
    found.compare("p50", 0.5, &disk, &limit);
    found.compare("p99", 0.99, &disk, &limit);
    found.series.extend([disk, limit]);
    Ok(())
}

impl Running {
    /// Appends batches by a schedule; each append is timed by itself.
    fn each_200_us(
        &mut self,
        clock: RunClock,
        time: Duration,
        appends: &mut Recorder,
        lag: &mut Recorder,
    ) -> Result<(), String> {
        let start_ns = clock.now_ns();
        let schedule = Schedule::new(start_ns, BATCHES_PER_S, time.as_nanos() as u64);
        let mut generator = Generator::new(schedule);
        appends.open(start_ns);
        lag.open(start_ns);
        while !generator.is_done() {
            let now_ns = clock.now_ns();
            if generator.take(now_ns, lag).is_some() {
                self.append()?;
                appends.record(clock.now_ns() - now_ns);
            }
        }
        appends.close(clock.now_ns());
        lag.close(clock.now_ns());
        Ok(())
    }

    /// Appends the next batch, as soon as there is room for it.
    fn append(&mut self) -> Result<(), String> {
        for slot in &mut self.batch {
            let at = castle::model::SEQUENCE_AT;
            slot.0[at..at + 8].copy_from_slice(&self.next.to_le_bytes());
            self.next += 1;
        }
        loop {
            let records = self.batch.iter().map_while(|slot| slot.used().ok());
            match self.writer.append(records, Sequence(0)) {
                Ok(()) => return Ok(()),
                Err(error) if !error.is_fatal() => std::thread::yield_now(),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Waits until all that was appended is durable.
    fn await_synced(&self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.progress.synced.load(Ordering::Acquire) + 1 < self.next {
            if Instant::now() > deadline {
                return Err("the disk did not sync within 20 s".to_owned());
            }
            std::hint::spin_loop();
        }
        Ok(())
    }
}

fn recovery(path: &Path, records: u64, found: &mut Findings) -> Result<(), String> {
    let mut last = 0;
    let begun = Instant::now();
    let opened = open(path, &mut |record| last = record.sequence.0)?;
    let ops_per_s = opened.report.records as f64 / begun.elapsed().as_secs_f64();
    if opened.report.records != records || last != records {
        found.faults.push(format!(
            "the journal gave {} records back, the last of them {last}; {records} were written",
            opened.report.records
        ));
    }
    let name = "journal recovery: read, verified and decoded".to_owned();
    found.figures.push(Figure { name, unit: "records", ops_per_s, count: records });
    Ok(())
}

/// An order's record.
fn record() -> RecordBytes {
    let order = NewOrder {
        origin: Origin { session: SessionId(1), generation: Generation(1), msg_seq_num: 1 },
        account: AccountId(2),
        instrument: InstrumentId(0),
        cl_ord_id: ClOrdId::truncated(b"ORD-0123456789abcdef"),
        cl_ord_id_hash: 0x0123_4567_89ab_cdef,
        side: Side::Buy,
        ord_type: OrdType::Limit,
        time_in_force: TimeInForce::Day,
        self_trade_prevention: SelfTradePrevention::None,
        post_only: false,
        poss_resend: false,
        price: Price(60_000),
        quantity: Quantity(1),
        quote_quantity: Amount(0),
        display_quantity: Quantity(0),
        refusal: Refusal::NONE,
    };
    let record = Record {
        sequence: Sequence(1),
        timestamp: Timestamp(1_700_000_000_000_000_000),
        epoch: Epoch(1),
        shard: ShardId(0),
        command: Command::NewOrder(order),
    };
    let mut bytes = RecordBytes::default();
    record.put(&mut bytes);
    bytes
}

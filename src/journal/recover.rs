//! Opening a journal.
//!
//! 0. A cut that was interrupted is finished ([`super::cut`]).
//! 1. All of it is read and judged ([`super::scan`]); an error leaves everything as it was.
//! 2. What lies behind the end is cut: the rest of the last segment is zeroed and synced, then
//!    later segments are removed, the highest first, with a sync of the directory after each.
//! 3. What is not known to be synced, headers and empty batches included, is written again and synced,
//!    since it may be in the page cache only, and a failed sync of the last process may have made the
//!    cache forget that. The directory is synced too.
//! 4. If there was such a part, an empty batch says that it is synced now.
//! 5. Segments that were prepared and are still zero are used; the rest is prepared, so that the
//!    writer never begins without one.

use std::sync::Arc;

use super::JournalOptions;
use super::disk::{Disk, DiskFile};
use super::error::OpenError;
use super::format::{HEADER_SIZE, segment_name};
use super::node_file::NodeFile;
use super::reigns::{ReignStart, Reigns};
use super::scan::{Chain, End, Observer, Position, Scanned, Start, scan};
use super::write::{Identity, Progress, Shared, Syncer, Writer, write_head_last};
use crate::model::{Epoch, Record, Sequence, Timestamp};

/// Bytes are written again that many at a time.
const REWRITE_BYTES: usize = 256 * 1024;

/// The log on disk.
pub struct Journal;

/// A journal that was opened.
pub struct Opened<D: Disk> {
    /// For the journal agent.
    pub writer: Writer<D>,
    /// For the syncer's thread.
    pub syncer: Syncer<D>,
    /// For everyone.
    pub progress: Arc<Progress>,
    /// What was found.
    pub report: RecoveryReport,
}

/// What opening a journal found and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryReport {
    /// There was no journal.
    pub is_new: bool,
    /// Good records.
    pub records: u64,
    /// Sequence, epoch and time of the last record; zeros where there is none.
    pub last: (Sequence, Epoch, Timestamp),
    /// The running hash over all records.
    pub running_hash: u64,
    /// Where the reigns of the records that were visited began.
    pub reigns: Reigns,
    /// The mark of the journal: tells it from others that lie, or lay, in the same directory.
    pub mark: u64,
    /// The highest sequence that the journal itself named as synced.
    pub synced: Sequence,
    /// The highest sequence that the journal names as released.
    pub released: Sequence,
    /// Bytes that were written again because they were not known to be synced.
    pub rewritten_bytes: u64,
    /// What was cut off, if anything was.
    pub cut: Option<Cut>,
}

/// Where the journal was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The file.
    pub path: String,
    /// The first byte that is not of the journal.
    pub offset: u64,
    /// What stood there.
    pub what: String,
    /// The sequence that the next record will have.
    pub sequence: Sequence,
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, offset, what, sequence } = self;
        write!(
            f,
            "{path} was cut at byte {offset}: {what}. Nothing says that what stood there \
             was ever synced; the journal goes on with record {sequence}"
        )
    }
}

struct Visitor<'a> {
    /// Those up to it are not shown.
    behind: Sequence,
    visit: &'a mut dyn FnMut(&Record, &[u8]),
    records: u64,
    reigns: Reigns,
}

impl Observer for Visitor<'_> {
    fn reign(&mut self, start: &ReignStart) {
        if start.first > self.behind {
            self.reigns.push(*start);
        }
    }

    #[inline]
    fn record(&mut self, record: &Record, bytes: &[u8]) {
        if record.sequence > self.behind {
            self.records += 1;
            (self.visit)(record, bytes);
        }
    }
}

impl Journal {
    /// Opens the journal on a disk, or begins a new one. `visit` gets every record, once, in order;
    /// it may have got some when an error follows. Everything that it got is durable when this
    /// returns.
    pub fn open<D: Disk>(
        disk: D,
        options: &JournalOptions,
        visit: &mut dyn FnMut(&Record, &[u8]),
    ) -> Result<Opened<D>, OpenError> {
        Self::open_behind(disk, options, None, visit)
    }

    /// The same, of a journal of which a snapshot holds all up to the record `behind`: only what follows is
    /// visited, and what was pruned is not missed. That the snapshot is on the journal's chain is for the
    /// caller to know ([`super::read::follow`]).
    pub fn open_behind<D: Disk>(
        mut disk: D,
        options: &JournalOptions,
        behind: Option<Sequence>,
        visit: &mut dyn FnMut(&Record, &[u8]),
    ) -> Result<Opened<D>, OpenError> {
        options.check()?;
        if let Some(mut node) = NodeFile::existing(&mut disk)? {
            super::cut::finish(&mut disk, &mut node)?;
        }
        let start = behind.map_or(Start::Genesis, Start::Behind);
        let behind = behind.unwrap_or_default();
        let mut visitor = Visitor { behind, visit, records: 0, reigns: Reigns::default() };
        let scanned = scan(&disk, Some(options.cluster), start, &mut visitor)?;
        let mut report = RecoveryReport {
            is_new: scanned.end.is_none(),
            records: visitor.records,
            last: (scanned.chain.last(), scanned.chain.epoch, scanned.chain.timestamp),
            running_hash: scanned.chain.hash,
            reigns: visitor.reigns,
            mark: scanned.end.as_ref().map_or(options.mark, |end| end.header.mark),
            synced: scanned.chain.synced,
            released: scanned.chain.released.min(scanned.chain.last()),
            rewritten_bytes: 0,
            cut: scanned.fault.as_ref().map(|fault| Cut {
                path: disk.path(&fault.file),
                offset: fault.offset,
                what: fault.what.clone(),
                sequence: scanned.chain.next,
            }),
        };
        let place = match &scanned.end {
            None => begin(&mut disk, options, &scanned)?,
            Some(end) => go_on(&mut disk, options, end, &scanned, &mut report)?,
        };
        let mut chain = scanned.chain;
        chain.synced = chain.last();
        let shared = Arc::new(Shared::new(options, chain.last()));
        let progress = Arc::clone(&shared.progress);
        let Place { identity, file, number, at, prepared } = place;
        let mut syncer = Syncer::new(Arc::clone(&shared), disk, number, Arc::clone(&file));
        let mut writer = Writer::new(shared, identity, file, number, at, chain);
        if scanned.chain.synced < chain.last() || report.cut.is_some() {
            writer.mark(report.released)?;
            syncer.sync_all()?;
        }
        for file in prepared {
            syncer.adopt(file);
        }
        syncer.prepare()?;
        Ok(Opened { writer, syncer, progress, report })
    }
}

/// Where the writer goes on.
struct Place<F> {
    identity: Identity,
    file: Arc<F>,
    number: u64,
    at: u64,
    /// The segments that follow, all zero.
    prepared: Vec<F>,
}

/// Begins a new journal, which is durable before anything is appended.
fn begin<D: Disk>(
    disk: &mut D,
    options: &JournalOptions,
    scanned: &Scanned,
) -> Result<Place<D::File>, OpenError> {
    remove_segments(disk, &scanned.numbers)?;
    let name = segment_name(1);
    let path = disk.path(&name);
    let error = |action| OpenError::disk(action, path.clone());
    let file = disk.create(&name, options.segment_bytes).map_err(error("create"))?;
    file.zero(0, options.segment_bytes).map_err(error("write"))?;
    file.sync().map_err(error("sync"))?;
    let identity = Identity { cluster: options.cluster, mark: options.mark };
    let header = identity.header(1, options.segment_bytes, &Chain::START).put();
    write_head_last(&file, 0, &header).map_err(error("write"))?;
    file.sync().map_err(error("sync"))?;
    disk.sync_directory().map_err(error("sync the directory of"))?;
    Ok(Place {
        identity,
        file: Arc::new(file),
        number: 1,
        at: HEADER_SIZE as u64,
        prepared: Vec::new(),
    })
}

/// Cuts, and makes durable what stays.
fn go_on<D: Disk>(
    disk: &mut D,
    options: &JournalOptions,
    end: &End,
    scanned: &Scanned,
    report: &mut RecoveryReport,
) -> Result<Place<D::File>, OpenError> {
    let Position { segment: number, offset: at, .. } = end.position;
    let name = segment_name(number);
    let path = disk.path(&name);
    let error = |action| OpenError::disk(action, path.clone());
    let bytes = end.header.segment_bytes;
    let file = disk.open_allocated(&name, bytes).map_err(error("open"))?;
    if scanned.fault.is_some() {
        file.zero(at, bytes - at).map_err(error("cut"))?;
        file.sync().map_err(error("sync"))?;
    }
    let later: Vec<u64> = scanned.numbers.iter().copied().filter(|n| *n > number).collect();
    let prepared = keep_prepared(disk, &later, scanned.fault.is_none(), options)?;
    remove_segments(disk, &later[prepared.len()..])?;
    // The last process may have died between creating a segment and entering it.
    disk.sync_directory().map_err(error("sync the directory of"))?;
    let (first, offset) = end.unsynced_from;
    for earlier in first..number {
        let name = segment_name(earlier);
        let path = disk.path(&name);
        let from = if earlier == first { offset } else { 0 };
        let length = disk.open(&name).map(|file| file.bytes());
        let written = length.and_then(|length| {
            let file = disk.open_allocated(&name, length)?;
            rewrite(&file, from, length)?;
            Ok(length - from)
        });
        report.rewritten_bytes += written.map_err(OpenError::disk("write again", path))?;
    }
    let from = if first == number { offset } else { 0 };
    rewrite(&file, from, at).map_err(error("write again"))?;
    report.rewritten_bytes += at - from;
    let identity = Identity { cluster: end.header.cluster, mark: end.header.mark };
    Ok(Place { identity, file: Arc::new(file), number, at, prepared })
}

/// Opens those of the segments behind the end that can be used again. Where nothing lay behind the
/// end they are all zero.
fn keep_prepared<D: Disk>(
    disk: &mut D,
    later: &[u64],
    are_zero: bool,
    options: &JournalOptions,
) -> Result<Vec<D::File>, OpenError> {
    let mut prepared = Vec::new();
    for number in later.iter().filter(|_| are_zero).take(options.segments_ahead) {
        let name = segment_name(*number);
        let path = disk.path(&name);
        let error = |action| OpenError::disk(action, path.clone());
        if disk.open(&name).map_err(error("open"))?.bytes() != options.segment_bytes {
            break;
        }
        prepared.push(disk.open_allocated(&name, options.segment_bytes).map_err(error("open"))?);
    }
    Ok(prepared)
}

/// Removes segments, the highest first; no crash in between leaves a gap.
pub(super) fn remove_segments<D: Disk>(disk: &mut D, numbers: &[u64]) -> Result<(), OpenError> {
    for number in numbers.iter().rev() {
        let name = segment_name(*number);
        let path = disk.path(&name);
        disk.remove(&name)
            .and_then(|()| disk.sync_directory())
            .map_err(OpenError::disk("remove", path))?;
    }
    Ok(())
}

fn rewrite<F: DiskFile>(file: &F, from: u64, to: u64) -> std::io::Result<()> {
    let mut buffer = vec![0; REWRITE_BYTES];
    let mut at = from;
    while at < to {
        let length = (to - at).min(REWRITE_BYTES as u64) as usize;
        file.read(at, &mut buffer[..length])?;
        file.write(at, &buffer[..length])?;
        at += length as u64;
    }
    file.sync()
}

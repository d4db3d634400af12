//! Reading a journal without changing it, also that of a running exchange: [`verify`], [`stat`] and
//! [`dump`]. All of them check everything on their way, and end at the end that recovery would
//! find.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::{ControlFlow, RangeInclusive};

use super::disk::{Disk, DiskFile};
use super::error::OpenError;
use super::format::{Frame, HEADER_SIZE, Header, HeaderFound, chain, segment_name};
use super::reigns::{ReignStart, Reigns};
use super::scan::{Observer, Scanned, Start, scan, segment_numbers};
use super::snapshot::Link;
use crate::model::{ClusterName, Command, Epoch, Record, Sequence, Timestamp};

/// What a check of a journal found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Good records.
    pub records: u64,
    /// The last record's sequence; 0 where there is none.
    pub last: Sequence,
    /// The running hash over all records.
    pub running_hash: u64,
    /// The highest sequence that the journal names as synced.
    pub synced: Sequence,
    /// Bytes behind the end, which recovery would cut: file, offset and what stands there.
    pub tail: Option<(String, u64, String)>,
}

/// A record's place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its sequence.
    pub sequence: Sequence,
    /// Its time.
    pub timestamp: Timestamp,
}

/// What there is to know of a journal at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// The cluster; empty for a journal that is not begun yet.
    pub cluster: ClusterName,
    /// Segments in use.
    pub segments: u64,
    /// Segments prepared for later.
    pub segments_prepared: u64,
    /// Length in bytes of the segments in use.
    pub segment_bytes: u64,
    /// Bytes of records.
    pub record_bytes: u64,
    /// Batches, those without records not counted; one that goes on in the next segment counts
    /// twice.
    pub batches: u64,
    /// The first record.
    pub first: Option<Place>,
    /// The last record.
    pub last: Option<Place>,
    /// The last record's epoch; 0 where there is none.
    pub epoch: Epoch,
    /// Records by kind of their command.
    pub records_by_kind: BTreeMap<&'static str, u64>,
    /// The highest sequence that the journal names as released.
    pub released: Sequence,
    /// What [`verify`] says.
    pub verified: Verified,
}

/// Checks everything. An error is corruption, or a journal that cannot be read.
pub fn verify<D: Disk>(disk: &D) -> Result<Verified, OpenError> {
    struct Count(u64);
    impl Observer for Count {
        fn record(&mut self, _: &Record, _: &[u8]) {
            self.0 += 1;
        }
    }
    let mut count = Count(0);
    let scanned = scan(disk, None, Start::First, &mut count)?;
    Ok(verified(disk, &scanned, count.0))
}

/// How far a journal names as told what it has, as far as what lies behind a record says; what comes before it is not
/// read. It may name more than it has, where a loss of power took that.
pub(crate) fn told_behind<D: Disk>(disk: &D, behind: Sequence) -> Result<Sequence, OpenError> {
    struct Nobody;
    impl Observer for Nobody {
        fn record(&mut self, _: &Record, _: &[u8]) {}
    }
    let scanned = scan(disk, None, Start::Behind(behind), &mut Nobody)?;
    Ok(scanned.chain.released.min(scanned.chain.last()))
}

/// Checks everything and counts.
pub fn stat<D: Disk>(disk: &D) -> Result<Stat, OpenError> {
    let mut counter = Counter::default();
    let scanned = scan(disk, None, Start::First, &mut counter)?;
    let records = counter.records_by_kind.values().sum();
    Ok(Stat {
        cluster: counter.cluster,
        segments: counter.segments,
        segments_prepared: scanned.numbers.len() as u64 - counter.segments,
        segment_bytes: counter.segment_bytes,
        record_bytes: counter.record_bytes,
        batches: counter.batches,
        first: counter.first,
        last: counter.last,
        epoch: scanned.chain.epoch,
        records_by_kind: counter.records_by_kind,
        released: scanned.chain.released,
        verified: verified(disk, &scanned, records),
    })
}

/// Shows the records whose sequence lies in `range` and whose kind `kinds` names (all where it is
/// empty) to `show`, until that breaks off.
pub fn dump<D: Disk>(
    disk: &D,
    range: RangeInclusive<u64>,
    kinds: &[String],
    show: &mut dyn FnMut(&Record) -> ControlFlow<()>,
) -> Result<Verified, OpenError> {
    struct Shower<'a> {
        range: RangeInclusive<u64>,
        kinds: &'a [String],
        show: &'a mut dyn FnMut(&Record) -> ControlFlow<()>,
        flow: ControlFlow<()>,
        records: u64,
    }
    impl Observer for Shower<'_> {
        fn record(&mut self, record: &Record, _: &[u8]) {
            self.records += 1;
            let named = self.kinds.is_empty()
                || self.kinds.iter().any(|kind| kind.eq_ignore_ascii_case(record.command.name()));
            if named && self.range.contains(&record.sequence.0) && self.flow.is_continue() {
                self.flow = (self.show)(record);
            }
        }
    }
    let flow = ControlFlow::Continue(());
    let mut shower = Shower { range, kinds, show, flow, records: 0 };
    let scanned = scan(disk, None, Start::First, &mut shower)?;
    Ok(verified(disk, &scanned, shower.records))
}

/// How often each new order stands in a journal, by account and ClOrdID; only those whose ClOrdID is a number.
pub fn new_orders<D: Disk>(disk: &D) -> Result<HashMap<(u32, u64), u64>, OpenError> {
    let mut found = HashMap::new();
    dump(disk, 1..=u64::MAX, &[], &mut |record| {
        if let Command::NewOrder(order) = &record.command {
            let id = std::str::from_utf8(order.cl_ord_id.as_bytes()).ok();
            if let Some(id) = id.and_then(|id| id.parse().ok()) {
                *found.entry((order.account.0, id)).or_default() += 1;
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// How far a journal was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The cluster.
    pub cluster: ClusterName,
    /// The mark of the journal.
    pub mark: u64,
    /// The last record that was read.
    pub link: Link,
    /// Its time.
    pub timestamp: Timestamp,
    /// Where the reigns of the records that were shown began.
    pub reigns: Reigns,
}

/// Shows the records behind `from`, or all, up to `last`, and says how far it came: to `last`, or to the end
/// of the journal. None, and nothing is shown, where `from` is not on the journal's chain.
pub fn follow<D: Disk>(
    disk: &D,
    from: Option<Link>,
    last: Sequence,
    show: &mut dyn FnMut(&Record),
) -> Result<Option<Followed>, OpenError> {
    let start = from.map_or(Start::Genesis, |from| Start::Behind(from.sequence));
    let link = Link { sequence: Sequence(0), epoch: Epoch(0), running_hash: 0 };
    let cluster = ClusterName::default();
    let (timestamp, reigns) = (Timestamp(0), Reigns::default());
    let followed = Followed { cluster, mark: 0, link, timestamp, reigns };
    let mut chaser = Chaser { from, last, followed, is_joined: from.is_none(), show };
    scan(disk, None, start, &mut chaser)?;
    Ok(chaser.is_joined.then_some(chaser.followed))
}

struct Chaser<'a> {
    from: Option<Link>,
    last: Sequence,
    followed: Followed,
    /// `from` was found.
    is_joined: bool,
    show: &'a mut dyn FnMut(&Record),
}

impl Chaser<'_> {
    fn look(&mut self) {
        self.is_joined |= self.from == Some(self.followed.link);
    }
}

impl Observer for Chaser<'_> {
    fn is_satisfied(&self) -> bool {
        let sequence = self.followed.link.sequence;
        let is_past = self.from.is_some_and(|from| sequence >= from.sequence);
        sequence >= self.last || (is_past && !self.is_joined)
    }

    fn segment(&mut self, header: &Header) {
        let Header { first, epoch, hash, cluster, mark, timestamp, .. } = *header;
        let link = Link { sequence: Sequence(first.0 - 1), epoch, running_hash: hash };
        (self.followed.cluster, self.followed.mark, self.followed.link) = (cluster, mark, link);
        self.followed.timestamp = timestamp;
        self.look();
    }

    fn reign(&mut self, start: &ReignStart) {
        if self.from.is_none_or(|from| start.first > from.sequence) {
            self.followed.reigns.push(*start);
        }
    }

    fn record(&mut self, record: &Record, bytes: &[u8]) {
        let running_hash = chain(self.followed.link.running_hash, bytes);
        let Record { sequence, epoch, timestamp, .. } = *record;
        self.followed.link = Link { sequence, epoch, running_hash };
        self.followed.timestamp = timestamp;
        match self.from {
            Some(from) if sequence <= from.sequence => self.look(),
            _ => (self.show)(record),
        }
    }
}

/// The first record that the journal still has; none where it has no segment in use. What was before it was
/// pruned.
pub fn begins_with<D: Disk>(disk: &D) -> Result<Option<Sequence>, OpenError> {
    let numbers = segment_numbers(disk, Start::First)?;
    let Some(number) = numbers.first() else { return Ok(None) };
    Ok(segment_header(disk, *number)?.map(|header| header.first))
}

/// The header of a segment, if it has a good one.
pub(super) fn segment_header<D: Disk>(disk: &D, number: u64) -> Result<Option<Header>, OpenError> {
    let name = segment_name(number);
    let mut bytes = [0; HEADER_SIZE];
    let read = disk.open(&name).and_then(|file| {
        let length = file.bytes().min(HEADER_SIZE as u64) as usize;
        file.read(0, &mut bytes[..length])
    });
    read.map_err(OpenError::disk("read", disk.path(&name)))?;
    match Header::get(&bytes) {
        HeaderFound::Good(header) => Ok(Some(header)),
        _ => Ok(None),
    }
}

/// A record as a line of text.
pub fn line(record: &Record) -> String {
    let mut line = format!(
        "{} epoch {} shard {} {} ",
        record.sequence,
        record.epoch,
        record.shard,
        time(record.timestamp)
    );
    // Writing to a string cannot fail. A command's secret stays in the journal.
    let _ = match &record.command {
        Command::Genesis(genesis) => {
            write!(
                line,
                "Genesis {{ cluster: {:?}, limits: {:?} }}",
                genesis.cluster, genesis.limits
            )
        }
        command => write!(line, "{command:?}"),
    };
    line
}

/// A time as `2026-01-31T09:30:00.000000000Z`.
pub fn time(timestamp: Timestamp) -> String {
    const NANOSECONDS: u64 = 1_000_000_000;
    const DAY_SECONDS: u64 = 86_400;
    let seconds = timestamp.0 / NANOSECONDS;
    let (year, month, day) = date(seconds / DAY_SECONDS);
    let second = seconds % DAY_SECONDS;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:09}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60,
        timestamp.0 % NANOSECONDS
    )
}

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar. Counted in years that
/// begin in March, so that a leap day is a year's last.
fn date(days: u64) -> (u64, u64, u64) {
    const ERA_DAYS: u64 = 146_097;
    let days = days + 719_468;
    let era = days / ERA_DAYS;
    let day_of_era = days % ERA_DAYS;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

fn verified<D: Disk>(disk: &D, scanned: &Scanned, records: u64) -> Verified {
    Verified {
        records,
        last: scanned.chain.last(),
        running_hash: scanned.chain.hash,
        synced: scanned.chain.synced,
        tail: scanned
            .fault
            .as_ref()
            .map(|fault| (disk.path(&fault.file), fault.offset, fault.what.clone())),
    }
}

#[derive(Default)]
struct Counter {
    cluster: ClusterName,
    segments: u64,
    segment_bytes: u64,
    record_bytes: u64,
    batches: u64,
    first: Option<Place>,
    last: Option<Place>,
    records_by_kind: BTreeMap<&'static str, u64>,
}

impl Observer for Counter {
    fn segment(&mut self, header: &Header) {
        self.cluster = header.cluster;
        self.segments += 1;
        self.segment_bytes += header.segment_bytes;
    }

    fn frame(&mut self, frame: &Frame) {
        self.batches += u64::from(frame.records > 0);
    }

    fn record(&mut self, record: &Record, bytes: &[u8]) {
        let place = Place { sequence: record.sequence, timestamp: record.timestamp };
        self.first.get_or_insert(place);
        self.last = Some(place);
        self.record_bytes += bytes.len() as u64;
        *self.records_by_kind.entry(record.command.name()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_utc() {
        let cases = [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
            (1_772_323_199_999_999_999, "2026-02-28T23:59:59.999999999Z"),
            (1_772_323_200_000_000_000, "2026-03-01T00:00:00.000000000Z"),
        ];
        for (timestamp, expected) in cases {
            assert_eq!(time(Timestamp(timestamp)), expected);
        }
    }
}

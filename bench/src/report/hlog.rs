//! `.hlog`: every series in intervals of a second, tagged, in version 2 of HdrHistogram's log format.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::file_name;
use crate::record::empty;
use crate::run::Run;

const SECOND_NS: u64 = 1_000_000_000;
/// The column of maxima is in milliseconds, as is usual; the histograms are in nanoseconds.
const MAX_DIVISOR: f64 = 1_000_000.0;

/// The log's bytes.
pub fn hlog(run: &Run) -> Result<Vec<u8>, String> {
    let text = |error: &dyn std::fmt::Display| format!("the interval log: {error}");
    let mut out = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let now = SystemTime::now();
    let mut builder = IntervalLogWriterBuilder::new();
    builder.add_comment("[Logged with castle-bench, values in nanoseconds]");
    builder.with_start_time(now).with_base_time(now).with_max_value_divisor(MAX_DIVISOR);
    let mut log =
        builder.begin_log_with(&mut out, &mut serializer).map_err(|error| text(&error))?;
    for ((second, index), values) in seconds(run) {
        let name = file_name(&run.series[index].name);
        let start = Duration::from_secs(second);
        log.write_histogram(&values, start, Duration::from_secs(1), Tag::new(&name))
            .map_err(|error| text(&format_args!("{error:?}")))?;
    }
    drop(log);
    Ok(out)
}

/// What each series recorded in each second, by time and then by series: slices are shorter.
fn seconds(run: &Run) -> BTreeMap<(u64, usize), Histogram<u64>> {
    let mut seconds = BTreeMap::new();
    for (index, series) in run.series.iter().enumerate() {
        for interval in series.intervals.iter().filter(|interval| !interval.values.is_empty()) {
            let second = (interval.start_ns / SECOND_NS, index);
            let values = seconds.entry(second).or_insert_with(empty);
            values.add(&interval.values).expect("all have the same range");
        }
    }
    seconds
}

//! `.hlog`: every series in intervals of a second, tagged; the product's own interval log.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use castle::telemetry::{IntervalLog, empty};
use hdrhistogram::Histogram;

use super::file_name;
use crate::run::Run;

const SECOND_NS: u64 = 1_000_000_000;

/// The log's bytes.
pub fn hlog(run: &Run) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    write(run, &mut out).map_err(|error| format!("the interval log: {error}"))?;
    Ok(out)
}

fn write(run: &Run, out: &mut Vec<u8>) -> std::io::Result<()> {
    let start = SystemTime::now();
    let mut log = IntervalLog::begin(out, "Logged with castle-bench", start, Some(start))?;
    for ((second, index), values) in seconds(run) {
        let name = file_name(&run.series[index].name);
        log.write(&name, Duration::from_secs(second), Duration::from_secs(1), &values)?;
    }
    Ok(())
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

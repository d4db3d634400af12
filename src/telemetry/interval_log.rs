//! Interval logs: version 2 of HdrHistogram's log format, histograms compressed, each line with a tag.
//!
//! HistogramLogProcessor, the Python package `hdrhistogram` and the crate of that name read them. Values
//! are in nanoseconds, the column of maxima in milliseconds.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

/// The column of maxima is in milliseconds, as is usual; the histograms are in nanoseconds.
const MAX_DIVISOR: f64 = 1_000_000.0;

/// Writes one.
pub struct IntervalLog<W> {
    out: W,
    serializer: V2DeflateSerializer,
}

impl<W: Write> IntervalLog<W> {
    /// Begins a log with a comment of one line. No interval may begin before `start`: readers leave it
    /// out. Where `base` is given, intervals begin so long after it; otherwise after the Unix epoch, so that
    /// a log can be gone on with.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn begin(
        mut out: W,
        comment: &str,
        start: SystemTime,
        base: Option<SystemTime>,
    ) -> io::Result<Self> {
        let mut serializer = V2DeflateSerializer::new();
        let mut builder = IntervalLogWriterBuilder::new();
        builder.add_comment(&format!("[{comment}, values in nanoseconds]"));
        builder.with_start_time(start);
        if let Some(base) = base {
            builder.with_base_time(base);
        }
        builder.with_max_value_divisor(MAX_DIVISOR);
        drop(builder.begin_log_with(&mut out, &mut serializer)?);
        Ok(Self { out, serializer })
    }

    /// Writes what was recorded in an interval under a tag, which has no comma, space or line end.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(
        &mut self,
        tag: &str,
        start: Duration,
        length: Duration,
        values: &Histogram<u64>,
    ) -> io::Result<()> {
        // The crate's writer borrows what it writes to and begins with headers: it writes each line into a
        // text of its own, and the line is the last of that.
        let mut text = Vec::new();
        let mut builder = IntervalLogWriterBuilder::new();
        builder.with_max_value_divisor(MAX_DIVISOR);
        let mut writer = builder.begin_log_with(&mut text, &mut self.serializer)?;
        writer.write_histogram(values, start, length, Tag::new(tag)).map_err(io::Error::other)?;
        let line = text.split_inclusive(|byte| *byte == b'\n').next_back().unwrap_or_default();
        self.out.write_all(line)
    }
}

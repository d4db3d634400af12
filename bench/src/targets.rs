//! The targets, and how far one or several runs are from each.
//!
//! A row is read from `run.json` by the names of its series, so what is printed here is what the files
//! say. `castle-bench targets DIR…` prints the table of several runs: the median, and the range where
//! there is more than one.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use serde::Serialize;
use serde_json::Value;

/// The first argument that asks for the table.
pub const COMMAND: &str = "targets";

/// Prints how far runs are from the targets: the median, and the range of several.
#[derive(Parser)]
#[command(name = "castle-bench targets")]
pub struct Arguments {
    /// Directories that runs left
    #[arg(required = true)]
    runs: Vec<PathBuf>,
}

/// What of a run is compared with a target.
enum Read {
    /// A ratio: its name, of what, to what.
    Ratio(&'static str, &'static str, &'static str),
    /// How many a second.
    PerSecond(&'static str),
    /// A percentile in nanoseconds: of which series, its name in `run.json`.
    Percentile(&'static str, &'static str),
}

/// What is wanted of it.
#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

struct Target {
    what: &'static str,
    read: Read,
    bound: Bound,
}

const fn target(what: &'static str, read: Read, bound: Bound) -> Target {
    Target { what, read, bound }
}

const AT_20K: [&str; 2] = [
    "wire local-memory, sessions 1, 20000/s: castle order-to-ack",
    "wire local-memory, sessions 1, 20000/s: echo order-to-ack",
];
const AT_100K: [&str; 2] = [
    "wire local-memory, sessions 1, 100000/s: castle order-to-ack",
    "wire local-memory, sessions 1, 100000/s: echo order-to-ack",
];
const MEMORY_RATE: &str = "wire local-memory, sessions 8, greatest rate: castle";
const CPU: &str = "CPU time of an order";
const CPU_ALONE: &str = "cluster CPU, sessions 8: local-memory";
const OPEN_LOOP: &str = "engine single-pair: order-to-ack at 1000000/s";

/// All of them. A count of instructions and the memory of an order are not measured by a run: see the
/// tables of bench/README.md.
const TARGETS: [Target; 27] = [
    target(
        "wire, local-memory, 20,000/s: p50 to the echo's",
        Read::Ratio("p50", AT_20K[0], AT_20K[1]),
        Bound::AtMost(1.2),
    ),
    target(
        "wire, local-memory, 20,000/s: p99 to the echo's",
        Read::Ratio("p99", AT_20K[0], AT_20K[1]),
        Bound::AtMost(1.5),
    ),
    target(
        "wire, local-memory, 100,000/s: p50 to the echo's",
        Read::Ratio("p50", AT_100K[0], AT_100K[1]),
        Bound::AtMost(1.2),
    ),
    target(
        "wire, local-memory, 100,000/s: p99 to the echo's",
        Read::Ratio("p99", AT_100K[0], AT_100K[1]),
        Bound::AtMost(1.5),
    ),
    target(
        "wire, local-disk, 20,000/s: p50 to fdatasync's",
        Read::Ratio(
            "p50",
            "wire local-disk, sessions 1, 20000/s: castle order-to-ack",
            "wire local-disk, sessions 1, 20000/s: fdatasync",
        ),
        Bound::AtMost(2.0),
    ),
    target(
        "wire, greatest rate: local-disk to local-memory",
        Read::Ratio(
            "acknowledged orders per second",
            "wire local-disk, sessions 8, greatest rate: castle",
            MEMORY_RATE,
        ),
        Bound::AtLeast(0.8),
    ),
    target(
        "wire, local-memory: greatest rate, orders/s",
        Read::PerSecond(MEMORY_RATE),
        Bound::AtLeast(500_000.0),
    ),
    target(
        "compare, QuickFIX C++, 5,000/s: our p50 to its",
        Read::Ratio(
            "p50",
            "compare acceptors, 5000/s: castle order-to-ack",
            "compare acceptors, 5000/s: QuickFIX C++ order-to-ack",
        ),
        Bound::AtMost(0.4),
    ),
    target(
        "compare, QuickFIX C++: our greatest rate to its",
        Read::Ratio(
            "acknowledged orders per second",
            "compare acceptors, sessions 8, greatest rate: castle",
            "compare acceptors, sessions 8, greatest rate: QuickFIX C++",
        ),
        Bound::AtLeast(7.0),
    ),
    target(
        "engine, single-pair: commands/s",
        Read::PerSecond("engine single-pair: throughput"),
        Bound::AtLeast(8_000_000.0),
    ),
    target(
        "engine, medium: commands/s",
        Read::PerSecond("engine medium: throughput, memory fetched ahead"),
        Bound::AtLeast(3_200_000.0),
    ),
    target(
        "engine, medium to single-pair",
        Read::Ratio(
            "commands per second",
            "engine medium: throughput",
            "engine single-pair: throughput",
        ),
        Bound::AtLeast(0.4),
    ),
    target(
        "engine, single-pair, open loop at 1,000,000/s: p50, ns",
        Read::Percentile(OPEN_LOOP, "p50"),
        Bound::AtMost(300.0),
    ),
    target(
        "engine, single-pair, open loop at 1,000,000/s: p99, ns",
        Read::Percentile(OPEN_LOOP, "p99"),
        Bound::AtMost(2_000.0),
    ),
    target(
        "compare, books: ours, everything, to matchcore's",
        Read::Ratio(
            "commands per second",
            "compare books: castle, everything",
            "compare books: matchcore, book only",
        ),
        Bound::AtLeast(1.5),
    ),
    target(
        "ring, round trip: p50 to rtrb's",
        Read::Ratio("p50", "ring round trip: castle", "ring round trip: rtrb"),
        Bound::AtMost(1.1),
    ),
    target(
        "cluster, standby-memory, one runner, 20,000/s: p50 to the relay's",
        Read::Ratio(
            "p50",
            "cluster standby-memory, one runner, sessions 1, 20000/s: castle order-to-ack",
            "cluster standby-memory, one runner, sessions 1, 20000/s: relay order-to-ack",
        ),
        Bound::AtMost(1.5),
    ),
    target(
        "cluster, CPU time of an order: primary to local-memory",
        Read::Ratio(CPU, "cluster CPU, sessions 8: primary", CPU_ALONE),
        Bound::AtMost(1.25),
    ),
    target(
        "cluster, CPU time of an order: standby to local-memory",
        Read::Ratio(CPU, "cluster CPU, sessions 8: standby", CPU_ALONE),
        Bound::AtMost(0.6),
    ),
    target(
        "cluster, SIGKILL of the primary: p50 of the outage, ns",
        Read::Percentile("cluster outage by SIGKILL: seen by the client", "p50"),
        Bound::AtMost(50e6),
    ),
    target(
        "cluster, SIGKILL of the primary: longest outage, ns",
        Read::Percentile("cluster outage by SIGKILL: seen by the client", "max"),
        Bound::AtMost(300e6),
    ),
    target(
        "cluster, SIGSTOP of the primary: longest outage, ns",
        Read::Percentile("cluster outage by SIGSTOP: seen by the client", "max"),
        Bound::AtMost(350e6),
    ),
    target(
        "cluster, switchover: p50 of the outage, ns",
        Read::Percentile("cluster outage by switchover: seen by the client", "p50"),
        Bound::AtMost(50e6),
    ),
    target(
        "cluster, switchover: longest outage, ns",
        Read::Percentile("cluster outage by switchover: seen by the client", "max"),
        Bound::AtMost(50e6),
    ),
    target(
        "cluster, catch-up of an empty standby: records/s",
        Read::PerSecond("cluster catch-up of an empty standby"),
        Bound::AtLeast(3_000_000.0),
    ),
    target(
        "cluster, full load without a fault: failovers a second",
        Read::PerSecond("cluster full load without a fault: failovers"),
        Bound::AtMost(0.0),
    ),
    target(
        "recovery: records/s read, verified and applied",
        Read::PerSecond("journal recovery: read, verified and applied"),
        Bound::AtLeast(5_000_000.0),
    ),
];

impl Read {
    /// What a run measured of it. A series whose name goes on with what it was measured with counts too.
    fn of(&self, run: &Value) -> Option<f64> {
        let names = |entry: &Value, key: &str, name: &str| {
            entry[key].as_str().is_some_and(|given| given.starts_with(name))
        };
        let result = |name: &str| {
            run["results"].as_array()?.iter().find(|entry| entry["name"].as_str() == Some(name))
        };
        match self {
            Self::Ratio(name, of, to) => {
                let is = |entry: &&Value| {
                    entry["name"] == *name && entry["of"] == *of && names(entry, "to", to)
                };
                run["ratios"].as_array()?.iter().find(is)?["value"].as_f64()
            }
            Self::PerSecond(name) => result(name)?["ops_per_s"].as_f64(),
            Self::Percentile(name, percentile) => result(name)?[*percentile].as_f64(),
        }
    }
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", number(most)),
            Self::AtLeast(least) => format!("≥ {}", number(least)),
        }
    }
}

/// Reads the runs and makes the table.
pub fn run(arguments: &Arguments) -> Result<String, String> {
    let mut runs = Vec::new();
    for directory in &arguments.runs {
        let path = directory.join("run.json");
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let run: Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        runs.push(run);
    }
    let mut out = String::new();
    let invalid = runs.iter().filter(|run| run["valid"] != true).count();
    // Writing to a String cannot fail.
    let _always_ok = writeln!(out, "{} runs, of which {invalid} not valid\n", runs.len());
    out.push_str(&table(&rows(&runs)));
    Ok(out)
}

/// A target, and what runs measured of it.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What is compared with it.
    pub what: &'static str,
    /// The target.
    pub target: String,
    /// The median, and the range of several.
    pub measured: String,
    /// Whether the median meets the target.
    pub met: bool,
}

/// The targets of which the runs measured something.
pub fn rows(runs: &[Value]) -> Vec<Row> {
    TARGETS.iter().filter_map(|target| row(target, runs)).collect()
}

fn row(target: &Target, runs: &[Value]) -> Option<Row> {
    let mut values: Vec<f64> = runs.iter().filter_map(|run| target.read.of(run)).collect();
    values.sort_by(f64::total_cmp);
    let median = crate::record::quartiles(&values)[1];
    let (least, most) = (values.first()?, values.last()?);
    let measured = match values.len() {
        1 => number(median),
        count => {
            let range = format!("{} ({} to {})", number(median), number(*least), number(*most));
            if count == runs.len() { range } else { format!("{range}, in {count} runs") }
        }
    };
    let met = target.bound.holds(median);
    Some(Row { what: target.what, target: target.bound.text(), measured, met })
}

/// Rows as a table of Markdown; nothing where there is none.
pub fn table(rows: &[Row]) -> String {
    let head = ["what", "target", "measured", ""].map(str::to_owned);
    let rule = [(); 4].map(|()| "---".to_owned());
    let cells = rows.iter().map(|row| {
        let verdict = if row.met { "met" } else { "missed" };
        [row.what.to_owned(), row.target.clone(), row.measured.clone(), verdict.to_owned()]
    });
    let lines: Vec<[String; 4]> = [head, rule].into_iter().chain(cells).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths = [0, 1, 2, 3].map(|column| width(column).unwrap_or(0));
    let mut out = String::new();
    for line in lines.iter().filter(|_| !rows.is_empty()) {
        for (cell, width) in line.iter().zip(widths) {
            let _always_ok = write!(out, "| {cell:width$} ");
        }
        out.push_str("|\n");
    }
    out
}

/// Three digits of what is small, thousands apart in what is large.
fn number(value: f64) -> String {
    if value < 100.0 {
        let text = format!("{value:.2}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let digits = format!("{value:.0}");
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn measured(p50: f64, rate: f64) -> Value {
        json!({
            "valid": true,
            "results": [{"name": MEMORY_RATE, "ops_per_s": rate}],
            "ratios": [{"name": "p50", "value": p50, "of": AT_20K[0], "to": AT_20K[1]}],
        })
    }

    #[test]
    fn a_table_has_the_median_and_the_range_of_what_was_measured_and_nothing_else() {
        let runs = [measured(1.1, 4e5), measured(1.3, 7e5), measured(1.15, 6e5)];
        let table = table(&rows(&runs));
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(rows.len(), 4, "{table}");
        assert!(rows[2].contains("≤ 1.2") && rows[2].contains("1.15 (1.1 to 1.3)"), "{table}");
        assert!(rows[2].contains("| met"), "{table}");
        assert!(rows[3].contains("600,000 (400,000 to 700,000)"), "{table}");
    }

    #[test]
    fn a_target_is_missed_by_its_median() {
        let table = table(&rows(&[measured(1.21, 499_999.0)]));
        assert_eq!(table.matches("| missed").count(), 2, "{table}");
    }

    #[test]
    fn a_directory_without_a_run_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let arguments = Arguments { runs: vec![directory.path().to_path_buf()] };
        let error = run(&arguments).expect_err("there is no run");
        assert!(error.contains("run.json"), "{error}");
    }
}

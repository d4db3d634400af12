//! Counts of instructions: as a file, and compared.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::GROWTH_MAX_PERCENT;

/// What is said in the file above the counts.
const HEAD: &str = "\
# Instructions of an operation on the hot path, as `cargo xtask instructions` counts them; the test command
# fails where one grows by more than 2 %. Not written by hand: `cargo xtask instructions --accept`.
";

/// What one operation takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    pub name: String,
    /// Instructions of one operation.
    pub instructions: f64,
    /// Bytes of its message; 0 where it has none.
    pub bytes: f64,
}

/// All counts, and what they were made with.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    pub made_with: String,
    pub counts: Vec<Count>,
}

/// What is to be said of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Same,
    Grown,
    Shrunk,
    New,
    Gone,
}

/// A count, as it was and as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    pub committed: Option<f64>,
    pub now: Option<f64>,
    pub bytes: f64,
    pub verdict: Verdict,
}

impl Count {
    /// From a line of the program (name, operations, bytes) and callgrind's dump of the same call.
    pub fn new(line: &str, dump: &str) -> Result<Self, String> {
        let mut parts = line.split('\t');
        let mut next = || parts.next().ok_or_else(|| format!("no name, operations, bytes: {line}"));
        let name = next()?.to_owned();
        let mut number = || -> Result<f64, String> {
            let text = next()?;
            text.parse::<u32>().map(f64::from).map_err(|_| format!("{line}: {text} is no number"))
        };
        let (operations, bytes) = (number()?, number()?);
        if operations == 0.0 {
            return Err(format!("{name}: no operation was done"));
        }
        let total = dump.lines().find_map(|line| line.strip_prefix("totals: "));
        let total = total.and_then(|total| total.trim().parse::<u64>().ok());
        match total {
            Some(total) if total > 0 => {
                let instructions = rounded(total as f64 / operations);
                Ok(Self { name, instructions, bytes: rounded(bytes / operations) })
            }
            _ => Err(format!("{name}: callgrind's dump has no total")),
        }
    }
}

impl Counts {
    /// The file.
    pub fn text(&self) -> String {
        let mut text = format!("{HEAD}made_with = \"{}\"\n\n[instructions]\n", self.made_with);
        for Count { name, instructions, bytes } in &self.counts {
            let _ = write!(text, "\"{name}\" = {instructions:.1}");
            if *bytes > 0.0 {
                let _ = write!(text, " # {bytes:.1} bytes, {:.2} each", instructions / bytes);
            }
            text.push('\n');
        }
        text
    }

    /// From the file: TOML, as far as [`Counts::text`] uses it.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut made_with = None;
        let mut counts = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '['])) {
            let wrong = || format!("bench/instructions.toml: {line}");
            if let Some(with) = line.strip_prefix("made_with = ") {
                made_with = Some(with.trim_matches('"').to_owned());
                continue;
            }
            let (name, value) = line.split_once(" = ").ok_or_else(wrong)?;
            let value = value.split(" #").next().unwrap_or("");
            let instructions = value.trim().parse().map_err(|_| wrong())?;
            let name = name.trim_matches('"').to_owned();
            counts.push(Count { name, instructions, bytes: 0.0 });
        }
        let made_with = made_with.ok_or("bench/instructions.toml does not say made_with")?;
        Ok(Self { made_with, counts })
    }
}

/// Each count of either side, in the order of the program; what is gone stands last.
pub fn compare(committed: &Counts, now: &Counts) -> Vec<Row> {
    let mut before: BTreeMap<&str, f64> =
        committed.counts.iter().map(|count| (count.name.as_str(), count.instructions)).collect();
    let mut rows: Vec<Row> = now
        .counts
        .iter()
        .map(|count| {
            let committed = before.remove(count.name.as_str());
            let verdict = committed.map_or(Verdict::New, |was| verdict(was, count.instructions));
            let (name, now) = (count.name.clone(), Some(count.instructions));
            Row { name, committed, now, bytes: count.bytes, verdict }
        })
        .collect();
    rows.extend(before.into_iter().map(|(name, was)| Row {
        name: name.to_owned(),
        committed: Some(was),
        now: None,
        bytes: 0.0,
        verdict: Verdict::Gone,
    }));
    rows
}

fn verdict(committed: f64, now: f64) -> Verdict {
    match change_percent(committed, now) {
        change if change > GROWTH_MAX_PERCENT => Verdict::Grown,
        change if change < -GROWTH_MAX_PERCENT => Verdict::Shrunk,
        _ => Verdict::Same,
    }
}

fn change_percent(committed: f64, now: f64) -> f64 {
    (now - committed) / committed * 100.0
}

/// The comparison as a person reads it.
pub fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let mut text = format!(
        "{:width$} {:>10} {:>10} {:>9} {:>9}\n",
        "instructions of", "committed", "now", "change", "per byte"
    );
    for row in rows {
        let figure =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
        let change = match (row.committed, row.now) {
            (Some(committed), Some(now)) => format!("{:+.1} %", change_percent(committed, now)),
            _ => "-".to_owned(),
        };
        let per_byte = match row.now {
            Some(now) if row.bytes > 0.0 => format!("{:.2}", now / row.bytes),
            _ => String::new(),
        };
        let remark = match row.verdict {
            Verdict::Same => "",
            Verdict::Grown => "  GROWN",
            Verdict::Shrunk => "  fewer",
            Verdict::New => "  NEW",
            Verdict::Gone => "  GONE",
        };
        let (committed, now) = (figure(row.committed), figure(row.now));
        let name = &row.name;
        let _ = writeln!(
            text,
            "{name:width$} {committed:>10} {now:>10} {change:>9} {per_byte:>9}{remark}"
        );
    }
    text
}

/// To one decimal, as the file has it.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, f64)]) -> Counts {
        let count = |(name, instructions): &(&str, f64)| Count {
            name: (*name).to_owned(),
            instructions: *instructions,
            bytes: 0.0,
        };
        Counts {
            made_with: "rustc 1, valgrind-3".to_owned(),
            counts: of.iter().map(count).collect(),
        }
    }

    fn verdicts(committed: &[(&str, f64)], now: &[(&str, f64)]) -> Vec<Verdict> {
        let rows = compare(&counts(committed), &counts(now));
        rows.iter().map(|row| row.verdict).collect()
    }

    #[test]
    fn a_count_may_grow_by_two_percent_and_no_more() {
        assert_eq!(verdicts(&[("decode", 1_000.0)], &[("decode", 1_020.0)]), [Verdict::Same]);
        assert_eq!(verdicts(&[("decode", 1_000.0)], &[("decode", 1_020.1)]), [Verdict::Grown]);
        assert_eq!(verdicts(&[("decode", 1_000.0)], &[("decode", 980.0)]), [Verdict::Same]);
        assert_eq!(verdicts(&[("decode", 1_000.0)], &[("decode", 979.9)]), [Verdict::Shrunk]);
    }

    #[test]
    fn a_count_that_comes_or_goes_is_told() {
        let (old, new) = ([("one", 1.0), ("two", 2.0)], [("two", 2.0), ("three", 3.0)]);
        assert_eq!(verdicts(&old, &new), [Verdict::Same, Verdict::New, Verdict::Gone]);
        let table = table(&compare(&counts(&old), &counts(&new)));
        assert!(table.contains("three") && table.contains("GONE"), "{table}");
    }

    #[test]
    fn counts_are_read_as_they_were_written() {
        let mut written = counts(&[("fix, decode", 812.3), ("journal", 99.0)]);
        written.counts[0].bytes = 180.0;
        let read = Counts::read(&written.text()).expect("it was written just now");
        assert_eq!(read.made_with, written.made_with);
        assert_eq!(read.counts[0].instructions, 812.3);
        assert_eq!(read.counts[1], written.counts[1]);
        assert!(Counts::read("[instructions]\n\"one\" = many\n").is_err());
    }

    #[test]
    fn a_dump_is_divided_by_the_operations_of_its_line() {
        let dump = "version: 1\nevents: Ir\ntotals: 12345\n";
        let count = Count::new("fix, decode\t100\t18000", dump).expect("all is there");
        assert_eq!((count.instructions, count.bytes), (123.5, 180.0));
        assert!(Count::new("fix, decode\t0\t0", dump).is_err());
        assert!(Count::new("fix, decode\t1\t0", "totals: 0\n").is_err());
        assert!(Count::new("fix, decode", dump).is_err());
    }
}

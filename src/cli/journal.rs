//! `castle journal`: looks at a journal, also at that of a running exchange. Nothing but `prune` changes it.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::cli::snapshot::line;
use crate::journal::read::{self, Place, Stat, Verified};
use crate::journal::{OpenError, RealDisk};
use crate::venue::snapshot::{self, Pruned};

/// Looks at a journal, also at that of a running exchange. Nothing but `prune` changes it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Checks every record; exit code 1 if the journal is corrupt.
    Verify {
        /// The journal's directory.
        directory: PathBuf,
    },
    /// Writes the records as text, one a line.
    Dump {
        /// The journal's directory.
        directory: PathBuf,
        /// The first sequence to write.
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// The last sequence to write.
        #[arg(long, default_value_t = u64::MAX)]
        to: u64,
        /// Only records of these commands, for example NewOrder,CancelOrder.
        #[arg(long, value_delimiter = ',')]
        kinds: Vec<String>,
    },
    /// Counts segments, records and bytes, and says how far the journal goes.
    Stat {
        /// The journal's directory.
        directory: PathBuf,
        /// Writes JSON.
        #[arg(long)]
        json: bool,
    },
    /// Verifies the snapshots, then removes the segments that the two newest good ones cover.
    Prune {
        /// The journal's directory.
        directory: PathBuf,
    },
}

/// Runs the subcommand.
pub fn run(args: &Args) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = match &args.action {
        Action::Verify { directory } => {
            let disk = RealDisk::read_only(directory);
            read::verify(&disk).and_then(|found| {
                let begin = read::begins_with(&disk)?;
                Ok(begin
                    .map_or(Ok(()), |first| begins(&mut out, first.0))
                    .and_then(|()| verified(&mut out, &found)))
            })
        }
        Action::Dump { directory, from, to, kinds } => {
            dump(&mut out, &RealDisk::read_only(directory), *from, *to, kinds)
        }
        Action::Stat { directory, json } => {
            read::stat(&RealDisk::read_only(directory)).map(|stat| match json {
                true => stat_json(&mut out, &stat),
                false => stat_text(&mut out, &stat),
            })
        }
        Action::Prune { directory } => match snapshot::prune(directory) {
            Ok(done) => Ok(pruned(&mut out, &done)),
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        },
    };
    match done.map(|written| written.and_then(|()| out.flush())) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        // The reader of a pipe may leave when it has seen enough.
        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            eprintln!("cannot write: {error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn dump(
    out: &mut impl Write,
    disk: &RealDisk,
    from: u64,
    to: u64,
    kinds: &[String],
) -> Result<io::Result<()>, OpenError> {
    let mut written = Ok(());
    read::dump(disk, from..=to, kinds, &mut |record| {
        written = writeln!(out, "{}", read::line(record));
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(written)
}

fn pruned(out: &mut impl Write, done: &Pruned) -> io::Result<()> {
    let Pruned { segments, behind, snapshots, checked } = done;
    for checked in checked {
        writeln!(out, "{}", line(checked.sequence, &checked.outcome))?;
    }
    for sequence in snapshots {
        writeln!(out, "snapshot at record {sequence}: removed, two newer ones are good")?;
    }
    for segment in segments {
        writeln!(out, "removed {segment}")?;
    }
    let count = segments.len();
    writeln!(out, "{count} segments removed; the snapshot at record {behind} stands in for them")
}

/// Says so where the journal does not begin with the first record.
fn begins(out: &mut impl Write, first: u64) -> io::Result<()> {
    if first == 1 {
        return Ok(());
    }
    writeln!(
        out,
        "the journal begins with record {first}: what was before it was pruned, or taken away; castle \
         snapshot --verify tells whether a snapshot stands in for it"
    )
}

fn verified(out: &mut impl Write, found: &Verified) -> io::Result<()> {
    let Verified { records, last, running_hash, synced, tail } = found;
    writeln!(
        out,
        "{records} records are good, the last is {last}, synced at least up to {synced}, running \
         hash {running_hash:016x}"
    )?;
    if let Some((path, offset, what)) = tail {
        writeln!(
            out,
            "behind the end, {path} at byte {offset}: {what}; never synced, so it is just being \
             written, or will be cut when the journal is opened"
        )?;
    }
    Ok(())
}

fn stat_text(out: &mut impl Write, stat: &Stat) -> io::Result<()> {
    writeln!(out, "cluster            {}", stat.cluster)?;
    writeln!(
        out,
        "segments           {} in use, {} bytes; {} prepared",
        stat.segments, stat.segment_bytes, stat.segments_prepared
    )?;
    writeln!(
        out,
        "records            {} in {} batches, {} bytes",
        stat.verified.records, stat.batches, stat.record_bytes
    )?;
    for (name, place) in [("first", stat.first), ("last", stat.last)] {
        if let Some(Place { sequence, timestamp }) = place {
            writeln!(out, "{name:<18} {sequence} at {}", read::time(timestamp))?;
        }
    }
    writeln!(out, "epoch              {}", stat.epoch)?;
    writeln!(out, "synced at least    {}", stat.verified.synced)?;
    writeln!(out, "released at least  {}", stat.released)?;
    writeln!(out, "running hash       {:016x}", stat.verified.running_hash)?;
    for (kind, records) in &stat.records_by_kind {
        writeln!(out, "  {kind:<20} {records}")?;
    }
    if let Some((path, offset, what)) = &stat.verified.tail {
        writeln!(out, "behind the end     {path} at byte {offset}: {what}")?;
    }
    Ok(())
}

fn stat_json(out: &mut impl Write, stat: &Stat) -> io::Result<()> {
    let place = |place: Option<Place>| {
        place.map(|Place { sequence, timestamp }| {
            serde_json::json!({ "sequence": sequence.0, "time": read::time(timestamp),
                "timestamp_ns": timestamp.0 })
        })
    };
    let value = serde_json::json!({
        "cluster": stat.cluster.to_string(),
        "segments": stat.segments,
        "segments_prepared": stat.segments_prepared,
        "segment_bytes": stat.segment_bytes,
        "records": stat.verified.records,
        "record_bytes": stat.record_bytes,
        "batches": stat.batches,
        "first": place(stat.first),
        "last": place(stat.last),
        "epoch": stat.epoch.0,
        "synced": stat.verified.synced.0,
        "released": stat.released.0,
        "running_hash": format!("{:016x}", stat.verified.running_hash),
        "records_by_kind": stat.records_by_kind,
        "tail": stat.verified.tail.as_ref().map(|(path, offset, what)| {
            serde_json::json!({ "path": path, "offset": offset, "what": what })
        }),
    });
    writeln!(out, "{value:#}")
}

#[cfg(test)]
mod tests {
    use clap::Args as _;
    use expect_test::expect;

    use super::*;

    fn stat() -> Stat {
        let verified = Verified {
            records: 0,
            last: Default::default(),
            running_hash: 0xab,
            synced: Default::default(),
            tail: Some(("journal/000000000001.segment".into(), 512, "bytes".into())),
        };
        Stat {
            cluster: Default::default(),
            segments: 1,
            segments_prepared: 2,
            segment_bytes: 4096,
            record_bytes: 0,
            batches: 0,
            first: None,
            last: Some(Place { sequence: Default::default(), timestamp: Default::default() }),
            epoch: Default::default(),
            records_by_kind: [("NewOrder", 3)].into(),
            released: Default::default(),
            verified,
        }
    }

    #[test]
    fn stat_is_told_to_people_and_to_programs() {
        let mut out = Vec::new();
        stat_text(&mut out, &stat()).unwrap();
        expect![[r#"
            cluster            
            segments           1 in use, 4096 bytes; 2 prepared
            records            0 in 0 batches, 0 bytes
            last               0 at 1970-01-01T00:00:00.000000000Z
            epoch              0
            synced at least    0
            released at least  0
            running hash       00000000000000ab
              NewOrder             3
            behind the end     journal/000000000001.segment at byte 512: bytes
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
        let mut out = Vec::new();
        stat_json(&mut out, &stat()).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["records_by_kind"]["NewOrder"], 3);
        assert_eq!(value["running_hash"], "00000000000000ab");
        assert_eq!(value["first"], serde_json::Value::Null);
        assert_eq!(value["last"]["timestamp_ns"], 0);
        assert_eq!(value["tail"]["offset"], 512);
    }

    #[test]
    fn the_arguments_are_those_of_the_manual() {
        let command = Args::augment_args(clap::Command::new("journal"));
        for good in [
            "journal verify d",
            "journal dump d --from 3 --to 9 --kinds NewOrder,CancelOrder",
            "journal stat --json d",
        ] {
            command.clone().try_get_matches_from(good.split(' ')).unwrap();
        }
        for bad in
            ["journal", "journal verify", "journal dump d --from x", "journal verify --json d"]
        {
            assert!(command.clone().try_get_matches_from(bad.split(' ')).is_err(), "{bad}");
        }
    }
}

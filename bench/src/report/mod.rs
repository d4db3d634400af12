//! What a run leaves: `run.json`, a `.hgrm` per series, one `.hlog`, one `report.html`.

mod hgrm;
mod hlog;
mod html;
mod json;
mod text;

use std::fs;
use std::path::Path;

use crate::run::Run;

pub use json::json;
pub use text::text;

/// Writes all files of the run into a directory, with an earlier run's curves in the page if one is
/// given.
pub fn write(run: &Run, directory: &Path, baseline: Option<&Path>) -> Result<(), String> {
    fs::create_dir_all(directory)
        .map_err(|error| format!("{} cannot be made: {error}", directory.display()))?;
    let put = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))
    };
    // Read first: it may be the directory that is written to.
    let earlier = baseline.map(html::Earlier::read).transpose()?;
    put("run.json", json(run).as_bytes())?;
    for series in &run.series {
        put(&format!("{}.hgrm", file_name(&series.name)), hgrm::hgrm(&series.total).as_bytes())?;
    }
    put("latency.hlog", &hlog::hlog(run)?)?;
    put("report.html", html::html(run, earlier.as_ref()).as_bytes())
}

/// A series' name as a file's name, and as a tag: letters, digits, dots and hyphens.
fn file_name(name: &str) -> String {
    let kept = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        if kept(letter) {
            out.push(letter);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Observation;
    use crate::record::Recorder;
    use crate::run::{Figure, Findings, Series};

    fn series(name: &str, slower: u64) -> Series {
        let mut recorder = Recorder::new(4);
        for slice in 0..4_u64 {
            recorder.open(slice * 500_000_000);
            for value in 1..=1_000 {
                recorder.record(value * slower);
            }
            recorder.close(slice * 500_000_000 + 250_000_000);
        }
        Series::new(name, recorder)
    }

    fn run() -> Run {
        let mut found = Findings::default();
        let (ours, limit) = (series("wire, 1 session: castle", 20), series("wire: echo", 10));
        found.compare("p50", 0.5, &ours, &limit);
        found.series = vec![ours.planned(4_000, 17), limit];
        found.figures.push(Figure {
            name: "rate".into(),
            unit: "orders",
            ops_per_s: 7.5,
            count: 3,
        });
        found.into_run("wire", Observation::begin([0, 1]).end())
    }

    #[test]
    fn a_run_leaves_the_whole_set_of_files() {
        let directory = tempfile::tempdir().expect("a directory");
        write(&run(), directory.path(), None).expect("it is written");
        let mut names: Vec<String> = fs::read_dir(directory.path())
            .expect("it is there")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let expected = [
            "latency.hlog",
            "report.html",
            "run.json",
            "wire-1-session-castle.hgrm",
            "wire-echo.hgrm",
        ];
        assert_eq!(names, expected);
        write(&run(), directory.path(), Some(directory.path())).expect("over itself");
    }

    #[test]
    fn run_json_has_the_agreed_shape() {
        let value: serde_json::Value = serde_json::from_str(&json(&run())).expect("it is JSON");
        assert_eq!(value["suite"], "wire");
        assert_eq!(value["valid"], true);
        assert!(value["machine"]["cpu"].is_string());
        let first = &value["results"][0];
        for key in [
            "name",
            "unit",
            "rate_per_s",
            "ops_per_s",
            "count",
            "p50",
            "p90",
            "p99",
            "p99_9",
            "p99_99",
            "max",
            "send_lag_p99_9",
        ] {
            assert!(first.get(key).is_some(), "{key} is missing");
        }
        assert_eq!(first["count"], 4_000);
        assert_eq!(first["send_lag_p99_9"], 17);
        let ratio = &value["ratios"][0];
        assert_eq!(ratio["of"], "wire, 1 session: castle");
        assert!((ratio["value"].as_f64().expect("a number") - 2.0).abs() < 0.01);
    }

    #[test]
    fn a_run_with_a_fault_says_that_it_is_not_valid() {
        let mut run = run();
        run.faults.push("the generator was late".into());
        let value: serde_json::Value = serde_json::from_str(&json(&run)).expect("it is JSON");
        assert_eq!(value["valid"], false);
        assert!(text(&run).contains("NOT VALID"));
    }

    #[test]
    fn names_become_names_of_files() {
        assert_eq!(file_name("wire, 1 session: p99.9 / echo"), "wire-1-session-p99.9-echo");
    }
}

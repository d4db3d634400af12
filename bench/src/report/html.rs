//! `report.html`: one page with everything in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::json::value;
use super::{file_name, hgrm};
use crate::run::{Run, Series};
use crate::targets;

const PAGE: &str = include_str!("page.html");
/// Where the page has the data.
const PLACE: &str = "/*RUN*/null";

/// An earlier run, for comparison.
pub struct Earlier {
    commit: String,
    /// Points of each series' curve, by the name of its file.
    curves: BTreeMap<String, Vec<(f64, f64)>>,
    results: Value,
}

impl Earlier {
    /// Reads what a run left.
    pub fn read(directory: &Path) -> Result<Self, String> {
        let problem = |what: &dyn std::fmt::Display| {
            format!("the baseline {} is no directory that a run left: {what}", directory.display())
        };
        let text =
            fs::read_to_string(directory.join("run.json")).map_err(|error| problem(&error))?;
        let run: Value = serde_json::from_str(&text).map_err(|error| problem(&error))?;
        let mut curves = BTreeMap::new();
        for entry in fs::read_dir(directory).map_err(|error| problem(&error))?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "hgrm")
                && let Some(name) = path.file_stem()
                && let Ok(text) = fs::read_to_string(&path)
            {
                curves.insert(name.to_string_lossy().into_owned(), hgrm::read(&text));
            }
        }
        let commit = run["machine"]["commit"].as_str().unwrap_or("unknown").to_owned();
        Ok(Self { commit, curves, results: run["results"].clone() })
    }
}

/// The page.
pub fn html(run: &Run, earlier: Option<&Earlier>) -> String {
    let data = json!({
        "suite": run.suite,
        "machine": run.machine,
        "targets": targets::rows(&[value(run)]),
        "faults": run.faults,
        "notes": run.notes,
        "series": run.series.iter().map(|series| of_series(series, earlier)).collect::<Vec<_>>(),
        "figures": run.figures.iter().map(|figure| json!({
            "name": figure.name,
            "unit": figure.unit,
            "perSecond": figure.ops_per_s,
            "before": earlier.and_then(|earlier| before(earlier, &figure.name)),
        })).collect::<Vec<_>>(),
        "ratios": run.ratios.iter().map(|ratio| json!({
            "name": ratio.name,
            "value": ratio.value,
            "spread": ratio.spread,
            "of": ratio.of,
            "to": ratio.to,
        })).collect::<Vec<_>>(),
        "baseline": earlier.map(|earlier| &earlier.commit),
    });
    // No name can end the script element that the data stands in.
    PAGE.replacen(PLACE, &data.to_string().replace('<', "\\u003c"), 1)
}

fn before(earlier: &Earlier, name: &str) -> Option<f64> {
    let results = earlier.results.as_array()?;
    results.iter().find(|result| result["name"] == name)?["ops_per_s"].as_f64()
}

fn of_series(series: &Series, earlier: Option<&Earlier>) -> Value {
    let curve: Vec<_> =
        hgrm::curve(&series.total).iter().map(|(value, part, _)| (*value, *part)).collect();
    let over_time: Vec<_> = series
        .intervals
        .iter()
        .filter(|interval| !interval.values.is_empty())
        .map(|interval| {
            let at = |quantile| interval.values.value_at_quantile(quantile);
            (interval.start_ns as f64 / 1e9, at(0.5), at(0.99), interval.values.max())
        })
        .collect();
    let at = |quantile| series.total.value_at_quantile(quantile);
    json!({
        "name": series.name,
        "perSecond": series.ops_per_s,
        "count": series.total.len(),
        "percentiles": [at(0.5), at(0.9), at(0.99), at(0.999), at(0.9999), series.total.max()],
        "lag": series.send_lag_p99_9,
        "curve": curve,
        "time": over_time,
        "before": earlier.and_then(|earlier| earlier.curves.get(&file_name(&series.name))),
    })
}

//! `run.json`: for programs.

use serde::Serialize;

use crate::machine::Machine;
use crate::run::{Figure, Ratio, Run, Series};

#[derive(Serialize)]
struct Document<'a> {
    suite: &'a str,
    valid: bool,
    machine: &'a Machine,
    results: Vec<Measured<'a>>,
    ratios: Vec<Compared>,
}

/// Percentiles in nanoseconds; null where something was counted and not measured one by one.
#[derive(Serialize)]
struct Measured<'a> {
    name: &'a str,
    unit: &'a str,
    rate_per_s: Option<f64>,
    ops_per_s: f64,
    count: u64,
    p50: Option<u64>,
    p90: Option<u64>,
    p99: Option<u64>,
    p99_9: Option<u64>,
    p99_99: Option<u64>,
    max: Option<u64>,
    send_lag_p99_9: Option<u64>,
}

#[derive(Serialize)]
struct Compared {
    name: String,
    value: f64,
    of: String,
    to: String,
}

/// The run as JSON. The quartiles of a ratio are ratios of their own, beside it.
pub fn json(run: &Run) -> String {
    let mut text = serde_json::to_string_pretty(&document(run)).expect(ALWAYS);
    text.push('\n');
    text
}

/// The same, not yet text.
pub fn value(run: &Run) -> serde_json::Value {
    serde_json::to_value(document(run)).expect(ALWAYS)
}

const ALWAYS: &str = "names and numbers become JSON always";

fn document(run: &Run) -> Document<'_> {
    Document {
        suite: &run.suite,
        valid: run.is_valid(),
        machine: &run.machine,
        results: run
            .series
            .iter()
            .map(of_series)
            .chain(run.figures.iter().map(of_figure))
            .collect(),
        ratios: run.ratios.iter().flat_map(of_ratio).collect(),
    }
}

fn of_series(series: &Series) -> Measured<'_> {
    let at = |quantile| Some(series.total.value_at_quantile(quantile));
    Measured {
        name: &series.name,
        unit: "ns",
        rate_per_s: series.rate_per_s,
        ops_per_s: thousandths(series.ops_per_s),
        count: series.total.len(),
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        p99_9: at(0.999),
        p99_99: at(0.9999),
        max: Some(series.total.max()),
        send_lag_p99_9: series.send_lag_p99_9,
    }
}

fn of_figure(figure: &Figure) -> Measured<'_> {
    Measured {
        name: &figure.name,
        unit: figure.unit,
        rate_per_s: None,
        ops_per_s: thousandths(figure.ops_per_s),
        count: figure.count,
        p50: None,
        p90: None,
        p99: None,
        p99_9: None,
        p99_99: None,
        max: None,
        send_lag_p99_9: None,
    }
}

fn of_ratio(ratio: &Ratio) -> Vec<Compared> {
    let entry = |name: String, value: f64| Compared {
        name,
        value: thousandths(value),
        of: ratio.of.clone(),
        to: ratio.to.clone(),
    };
    let mut entries = vec![entry(ratio.name.clone(), ratio.value)];
    if let Some([low, high]) = ratio.spread {
        entries.push(entry(format!("{}, first quartile", ratio.name), low));
        entries.push(entry(format!("{}, third quartile", ratio.name), high));
    }
    entries
}

fn thousandths(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

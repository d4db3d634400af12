//! The run on a terminal.

use std::fmt::Write;

use super::json::value;
use crate::run::Run;
use crate::targets;

/// The run as a table.
pub fn text(run: &Run) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _always_ok = put(run, &mut out);
    out
}

fn put(run: &Run, out: &mut String) -> std::fmt::Result {
    let machine = &run.machine;
    writeln!(
        out,
        "{} · {} cores, used {} and {} · Linux {} · governor {} · steal {} % · busy {} %, load \
         before {}",
        machine.cpu,
        machine.cores,
        machine.cores_used[0],
        machine.cores_used[1],
        machine.kernel,
        machine.governor,
        machine.steal_percent,
        machine.busy_percent,
        machine.load_before
    )?;
    writeln!(out, "{} · commit {} · {}", machine.rustc, machine.commit, machine.flags)?;
    let names = run.series.iter().map(|series| &series.name);
    let names = names.chain(run.figures.iter().map(|figure| &figure.name));
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
    if !run.series.is_empty() {
        writeln!(
            out,
            "\n{:width$} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "", "per s", "p50", "p90", "p99", "p99.9", "p99.99", "max", "lag p99.9"
        )?;
    }
    for series in &run.series {
        write!(out, "{:width$} {:>10.0}", series.name, series.ops_per_s)?;
        for quantile in [0.5, 0.9, 0.99, 0.999, 0.9999, 1.0] {
            write!(out, " {:>9}", time(series.total.value_at_quantile(quantile)))?;
        }
        writeln!(out, " {:>9}", series.send_lag_p99_9.map_or_else(String::new, time))?;
    }
    if !run.figures.is_empty() {
        writeln!(out)?;
    }
    for figure in &run.figures {
        match figure.is_missing() {
            true => writeln!(out, "{:width$} {:>13}", figure.name, figure.unit)?,
            false => {
                writeln!(
                    out,
                    "{:width$} {:>13.0} {}/s",
                    figure.name, figure.ops_per_s, figure.unit
                )?;
            }
        }
    }
    if !run.ratios.is_empty() {
        writeln!(out)?;
    }
    for ratio in &run.ratios {
        write!(out, "{:>7.3}  {} of {} to {}", ratio.value, ratio.name, ratio.of, ratio.to)?;
        match ratio.spread {
            Some([low, high]) => writeln!(out, " (quartiles {low:.3} to {high:.3})")?,
            None => writeln!(out)?,
        }
    }
    let targets = targets::table(&targets::rows(&[value(run)]));
    if !targets.is_empty() {
        write!(out, "\n{targets}")?;
    }
    for note in &run.notes {
        writeln!(out, "\nnote: {note}")?;
    }
    for fault in &run.faults {
        writeln!(out, "\nNOT VALID: {fault}")?;
    }
    Ok(())
}

/// Nanoseconds with the unit that a person would choose.
pub fn time(ns: u64) -> String {
    let value = ns as f64;
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..10_000 => format!("{:.2} µs", value / 1e3),
        10_000..1_000_000 => format!("{:.1} µs", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2} ms", value / 1e6),
        _ => format!("{:.2} s", value / 1e9),
    }
}

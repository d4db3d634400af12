//! `.hgrm`: the percentile distribution as HdrHistogram prints it, which its plotter page opens.

use std::fmt::Write;

use hdrhistogram::Histogram;

/// Steps per half of the distance to 100 %, as HdrHistogram's own default.
const TICKS_PER_HALF: u32 = 5;

/// The distribution, values in nanoseconds.
pub fn hgrm(values: &Histogram<u64>) -> String {
    let mut out = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    // Writing to a String cannot fail.
    let _always_ok = put(values, &mut out);
    out
}

fn put(values: &Histogram<u64>, out: &mut String) -> std::fmt::Result {
    for (value, percentile, count) in curve(values) {
        write!(out, "{value:>12.3} {percentile:>14.12} {count:>10}")?;
        // Java prints Infinity in the last line, and the plotter skips it there.
        if percentile < 1.0 {
            writeln!(out, " {:>14.2}", 1.0 / (1.0 - percentile))?;
        } else {
            writeln!(out)?;
        }
    }
    writeln!(
        out,
        "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]",
        values.mean(),
        values.stdev()
    )?;
    writeln!(
        out,
        "#[Max     = {:>12.3}, Total count    = {:>12}]",
        values.max() as f64,
        values.len()
    )?;
    writeln!(
        out,
        "#[Buckets = {:>12}, SubBuckets     = {:>12}]",
        values.buckets(),
        values.distinct_values()
    )
}

/// Points of the curve: value, part of all values that are at most that (0 to 1), their number.
pub fn curve(values: &Histogram<u64>) -> Vec<(f64, f64, u64)> {
    let mut count = 0;
    values
        .iter_quantiles(TICKS_PER_HALF)
        .map(|step| {
            count += step.count_since_last_iteration();
            let value = step.value_iterated_to().min(values.max());
            (value as f64, step.quantile_iterated_to(), count)
        })
        .collect()
}

/// The points of a file of that kind: value and percentile.
pub fn read(text: &str) -> Vec<(f64, f64)> {
    let numbers = text.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::empty;

    #[test]
    fn the_distribution_has_the_columns_of_the_plotter() {
        let mut values = empty();
        for value in 1..=1_000 {
            values.record(value).expect("in range");
        }
        let text = hgrm(&values);
        let mut lines = text.lines();
        let head: Vec<&str> = lines.next().unwrap_or("").split_whitespace().collect();
        assert_eq!(head, ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]);
        assert_eq!(lines.next(), Some(""));
        let half = lines.find(|line| line.contains("0.500000000000")).expect("a median");
        let fields: Vec<&str> = half.split_whitespace().collect();
        assert_eq!(fields, ["500.000", "0.500000000000", "500", "2.00"]);
        let (value, percentile) = *read(&text).last().expect("points");
        assert_eq!((value, percentile), (1_000.0, 1.0));
        assert!(text.contains("#[Max     =     1000.000, Total count    =         1000]"));
    }
}

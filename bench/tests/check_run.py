"""Checks what a run of castle-bench left: python3 check_run.py DIRECTORY

run.json has the fields that programs rely on, each series has a .hgrm with HdrHistogram's columns whose
last line counts all values, and report.html is there. Figures are not judged.
"""

import json
import pathlib
import sys

RUN = {"suite", "valid", "machine", "results", "ratios"}
RESULT = {
    "name", "unit", "rate_per_s", "ops_per_s", "count", "p50", "p90", "p99", "p99_9", "p99_99", "max",
    "send_lag_p99_9",
}
RATIO = {"name", "value", "of", "to"}
COLUMNS = ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
PERCENTILES = ["p50", "p90", "p99", "p99_9", "p99_99", "max"]


def need(condition, what):
    if not condition:
        sys.exit(what)


def check_json(path):
    run = json.loads(path.read_text(encoding="utf-8"))
    need(RUN <= run.keys(), f"run.json lacks {RUN - run.keys()}")
    need(isinstance(run["valid"], bool), "valid is neither true nor false")
    need(run["machine"], "the machine is not told")
    need(run["results"], "there are no results")
    for result in run["results"]:
        name = result.get("name")
        need(RESULT <= result.keys(), f"{name} lacks {RESULT - result.keys()}")
        if result["unit"] == "ns" and result["count"] > 0:
            values = [result[each] for each in PERCENTILES]
            need(values == sorted(values), f"{name}: percentiles go down: {values}")
    for ratio in run["ratios"]:
        need(RATIO <= ratio.keys(), f"{ratio.get('name')} lacks {RATIO - ratio.keys()}")
    return sorted(result["count"] for result in run["results"] if result["unit"] == "ns")


def check_hgrm(path):
    """The number of values."""
    lines = path.read_text(encoding="utf-8").splitlines()
    need(lines[0].split() == COLUMNS, f"{path.name}: columns {lines[0].split()}")
    rows = [line.split() for line in lines[1:] if line and not line.startswith("#")]
    need(rows, f"{path.name} has no values")
    for before, after in zip(rows, rows[1:]):
        pairs = zip(before[:3], after[:3])
        need(all(float(one) <= float(other) for one, other in pairs), f"{path.name} goes down")
    need(float(rows[-1][1]) == 1.0, f"{path.name} does not end at 1")
    return int(rows[-1][2])


def main():
    directory = pathlib.Path(sys.argv[1])
    counts = check_json(directory / "run.json")
    found = sorted(check_hgrm(path) for path in directory.glob("*.hgrm"))
    need(found == [count for count in counts if count > 0], f"{found} in .hgrm, {counts} in run.json")
    need("<html" in (directory / "report.html").read_text(encoding="utf-8"), "report.html is no page")
    print(f"{len(found)} series, {sum(found)} values")


main()

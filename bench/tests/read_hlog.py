"""Reads an interval log with the Python package hdrhistogram: python3 read_hlog.py LATENCY.HLOG [RUN.JSON]

Prints a line per tag. Fails where a line cannot be read, where a tag is empty, or where the counts or
maxima differ from those in run.json.
"""

import json
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

LOWEST_NS, HIGHEST_NS, DIGITS = 1, 60_000_000_000, 3


def totals(path):
    """All intervals of each tag added up."""
    found = {}
    reader = HistogramLogReader(path, HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS))
    while (interval := reader.get_next_interval_histogram()) is not None:
        tag = interval.get_tag()
        if tag not in found:
            found[tag] = HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS)
        found[tag].add(interval)
    reader.close()
    return found


def file_name(name):
    """The tag of a series, as the harness makes it."""
    kept = "".join(c if (c.isascii() and c.isalnum()) or c == "." else "-" for c in name)
    return "-".join(part for part in kept.split("-") if part)


def main():
    found = totals(sys.argv[1])
    if not found:
        sys.exit("the log has no interval")
    for tag, values in found.items():
        p50, p99 = (values.get_value_at_percentile(part) for part in (50, 99))
        print(f"{tag}: {values.get_total_count()} values, p50 {p50} ns, p99 {p99} ns")
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as file:
            results = json.load(file)["results"]
        for result in results:
            if result["unit"] != "ns" or result["count"] == 0:
                continue
            values = found.get(file_name(result["name"]))
            if values is None or values.get_total_count() != result["count"]:
                sys.exit(f"{result['name']}: the log and run.json differ in the number of values")
            if abs(values.get_value_at_percentile(50) - result["p50"]) > result["p50"] / 500 + 1:
                sys.exit(f"{result['name']}: the log and run.json differ in p50")


main()

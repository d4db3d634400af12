//! Latency histograms, counters, exporters.

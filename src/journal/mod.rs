//! Segments, records, recovery.

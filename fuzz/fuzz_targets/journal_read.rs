//! Any bytes as a segment of a journal: read and opened, never a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| castle::journal::fuzz::check(data));

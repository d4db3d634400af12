//! Any bytes as what another node sends: read, never a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| castle::cluster::frame::fuzz::check(data));

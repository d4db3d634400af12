//! The bytes on disk: a change of the layout must be noticed, and needs a new format version.

use std::fmt::Write;

use castle::journal::format::segment_name;

use super::*;

/// The used bytes of a journal of two batches, as version 1 wrote them.
const GOLDEN: &str = include_str!("golden_version_1.hex");

fn golden_journal() -> SimulatedDisk {
    let disk = SimulatedDisk::new(DISK_BYTES);
    let (mut opened, _) = open(disk.clone()).unwrap();
    append(&mut opened, &[record(1, 1, 0), record(2, 1, 4)]).unwrap();
    opened.syncer.sync_all().unwrap();
    append(&mut opened, &[record(3, 2, 5)]).unwrap();
    opened.syncer.sync_all().unwrap();
    disk
}

#[test]
fn a_journal_is_written_byte_for_byte_as_version_1_has_it() {
    let bytes = golden_journal().contents(&segment_name(1)).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut text = String::new();
    for row in bytes[..used.next_multiple_of(32)].chunks(32) {
        for byte in row {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    expect_test::expect_file!["golden_version_1.hex"].assert_eq(&text);
}

#[test]
fn a_journal_that_version_1_wrote_opens() {
    let digits: Vec<u8> = GOLDEN.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let mut bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    bytes.resize(4096, 0);
    let disk = SimulatedDisk::new(DISK_BYTES);
    disk.put(&segment_name(1), bytes);
    let (opened, records) = open(disk).unwrap();
    assert_eq!(records, [record(1, 1, 0), record(2, 1, 4), record(3, 2, 5)]);
    assert_eq!(opened.report.synced, Sequence(2));
    assert_eq!(opened.report.cut, None);
}

//! What the fuzzer runs: any bytes as a journal, read and opened, never panic.

use super::simulated::SimulatedDisk;
use super::{Journal, JournalOptions, RawReader, format, read};
use crate::model::wire::Wire;
use crate::model::{ClusterName, Sequence};

/// Reads and opens a journal of one segment with these bytes; then the same with the CRCs of
/// header, frames and records put right, so that what lies behind them is reached. The journal that
/// recovery leaves must open again without anything to cut.
pub fn check(data: &[u8]) {
    check_segment(data.to_vec());
    let mut repaired = data.to_vec();
    repair(&mut repaired);
    check_segment(repaired);
}

fn check_segment(mut bytes: Vec<u8>) {
    bytes.truncate(64 << 10);
    let disk = SimulatedDisk::new(1 << 20);
    disk.put(&format::segment_name(1), bytes);
    let verified = read::verify(&disk);
    let mut raw = RawReader::new(disk.clone(), Sequence(0));
    // Whatever it says, it says it without a panic.
    let _ = raw.read(&mut Vec::new(), usize::MAX);
    let options = JournalOptions {
        segment_bytes: 4096,
        segments_ahead: 1,
        reserve_bytes: 1024,
        in_flight_bytes: 1024,
        left_free_bytes: 0,
        ..JournalOptions::new(ClusterName::truncated(b"fuzz"), 1)
    };
    let mut records = 0;
    let opened = Journal::open(disk.clone(), &options, &mut |_, _| records += 1);
    if let (Ok(verified), Ok(opened)) = (&verified, &opened) {
        assert_eq!(verified.records, records);
        assert_eq!(opened.report.records, records);
    }
    if opened.is_ok() {
        drop(opened);
        let mut again = 0;
        match Journal::open(disk, &options, &mut |_, _| again += 1) {
            Ok(opened) => {
                assert_eq!(again, records);
                assert_eq!(opened.report.cut, None);
            }
            Err(error) => panic!("a journal that was opened does not open again: {error}"),
        }
    }
}

/// Makes the bytes look like a segment of the fuzzer's journal: magic, version, length and cluster
/// of the header, and every CRC on the way that the lengths lead.
fn repair(bytes: &mut [u8]) {
    use crate::model::record::{CRC_AT, SEQUENCE_AT};
    if bytes.len() < format::HEADER_SIZE {
        return;
    }
    let header = format::Header {
        number: 1,
        segment_bytes: bytes.len() as u64,
        first: Sequence(1),
        epoch: crate::model::Epoch(0),
        timestamp: crate::model::Timestamp(0),
        hash: 0,
        synced: crate::model::Sequence(0),
        mark: 1,
        cluster: ClusterName::truncated(b"fuzz"),
    };
    bytes[..format::HEADER_SIZE].copy_from_slice(&header.put());
    let mut hash = 0;
    let mut at = format::HEADER_SIZE;
    while at + format::FRAME_SIZE <= bytes.len() {
        let rest = &mut bytes[at..];
        let length = format::word(rest, 0);
        if length & 0x8000_0000 != 0 {
            let frame = format::Frame {
                mark: 1,
                first: crate::model::Sequence(format::long(rest, 16)),
                synced: crate::model::Sequence(format::long(rest, 24)),
                released: crate::model::Sequence(format::long(rest, 32)),
                hash,
                bytes: format::word(rest, 48),
                records: format::word(rest, 52),
            };
            frame.put(rest);
            at += format::FRAME_SIZE;
        } else {
            let length = length as usize;
            if length < crate::model::record::HEADER_SIZE || length > rest.len() {
                return;
            }
            let record = &mut rest[..length];
            crc32c::crc32c(&record[SEQUENCE_AT..]).put(&mut record[CRC_AT..SEQUENCE_AT]);
            hash = format::chain(hash, record);
            at += length;
        }
    }
}

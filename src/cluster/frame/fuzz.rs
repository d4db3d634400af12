//! What the fuzzer runs: any bytes as frames of another node are read, and never panic.

use super::*;
use crate::cluster::view::View;

/// Reads the bytes as they are; then as frames one behind the other, each with length, CRC, version and cluster put
/// right, so that what lies behind these is reached. What was read can be written again, and is the same.
pub fn check(data: &[u8]) {
    let cluster = ClusterName::truncated(b"fuzz");
    let _ = Frame::get(data, cluster);
    let mut rest = data;
    // Two bytes say how long a frame is to be.
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = HEADER_BYTES + usize::from(u16::from_le_bytes(*length)) % 4_096;
        let taken = behind.len().min(length);
        let (bytes, behind) = behind.split_at(taken);
        rest = behind;
        let mut frame = bytes.to_vec();
        frame.resize(length, 0);
        put_right(&mut frame, cluster);
        check_frame(&frame, cluster);
    }
}

fn put_right(frame: &mut [u8], cluster: ClusterName) {
    (frame.len() as u32).put(&mut frame[..CRC_AT]);
    PROTOCOL_VERSION.put(&mut frame[VERSION_AT..KIND_AT]);
    frame[KIND_AT] %= VIEW + 2;
    cluster.put(&mut frame[CLUSTER_AT..SENDER_AT]);
    let crc = crc32c::crc32c(&frame[VERSION_AT..]);
    crc.put(&mut frame[CRC_AT..VERSION_AT]);
}

fn check_frame(bytes: &[u8], cluster: ClusterName) {
    let Ok(Some((frame, used))) = Frame::get(bytes, cluster) else { return };
    assert_eq!(used, bytes.len());
    match &frame.body {
        Body::Hello(hello) => {
            let definitions = Definitions::new(Vec::new());
            let others = [NodeId(1), NodeId(2)];
            let own = super::Own {
                node: NodeId(0),
                others: &others,
                journal_format: 1,
                definitions: &definitions,
            };
            // Whatever it says, it says it without a panic.
            let _ = (hello.check(NodeId(1), &own), hello.chain());
        }
        Body::Records(records) => {
            let whole = records.iter().filter(|bytes| Record::get(bytes).is_ok()).count();
            assert!(whole <= records.count as usize);
        }
        Body::Snapshot { parcel, .. } => {
            let _ = parcel.check();
        }
        Body::View(text) => {
            let _ = View::from_text(text);
        }
        _ => {}
    }
    let mut again = vec![0; FRAME_BYTES_MAX];
    let length = frame.put(&mut again).expect("what was read can be sent on");
    let (read, _) =
        Frame::get(&again[..length], cluster).expect("it is good").expect("it is whole");
    assert_eq!(read, frame);
}

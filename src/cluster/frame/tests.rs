use proptest::prelude::*;

use super::*;
use crate::cluster::definitions::Definition;
use crate::model::{BeginEpoch, Command, Durability, RecordBytes, ShardId, Timestamp};

fn own() -> ClusterName {
    ClusterName::truncated(b"castle")
}

fn header() -> Header {
    Header { cluster: own(), sender: NodeId(3), reign: Epoch(7) }
}

fn record(sequence: u64) -> Vec<u8> {
    let mut bytes = RecordBytes::default();
    let begin = BeginEpoch {
        epoch: Epoch(7),
        primary: NodeId(1),
        in_sync: 3,
        durability: Durability::StandbyMemory,
        nonce: sequence,
    };
    Record {
        sequence: Sequence(sequence),
        timestamp: Timestamp(5),
        epoch: Epoch(7),
        shard: ShardId(0),
        command: Command::BeginEpoch(begin),
    }
    .put(&mut bytes);
    bytes.used().expect("it was just written").to_vec()
}

fn records(first: u64, count: u64) -> Vec<u8> {
    (first..first + count).flat_map(record).collect()
}

fn chain(reigns: &[(u32, u64)]) -> Chain {
    let mut chain = Chain::new();
    for (reign, length) in reigns {
        (0..*length).for_each(|at| chain.push(Epoch(*reign), at));
    }
    chain
}

fn definitions(names: &[&str]) -> Definitions {
    let value = String::new();
    let list = names.iter().map(|name| Definition { name: (*name).into(), value: value.clone() });
    Definitions::new(list.collect())
}

/// Writes the frame, reads it, and gives what was read.
fn there_and_back(body: &Body<'_>) {
    let frame = Frame { header: header(), body: body.clone() };
    let mut bytes = vec![0xaa; FRAME_BYTES_MAX];
    let length = frame.put(&mut bytes).expect("there is room");
    for shorter in 0..length {
        assert_eq!(Frame::get(&bytes[..shorter], own()), Ok(None), "of {length} bytes {shorter}");
        assert_eq!(frame.put(&mut vec![0; shorter]), None);
    }
    let (read, used) = Frame::get(&bytes, own()).expect("it is good").expect("it is whole");
    assert_eq!((used, read.header), (length, header()));
    match (&read.body, body) {
        (Body::Hello(read), Body::Hello(hello)) => {
            assert_eq!(read.chain(), hello.chain());
            assert_eq!(read.member(NodeId(3)), hello.member(NodeId(3)));
            let rest =
                |hello: &HelloBody<'_>| (hello.journal_format, hello.definitions, hello.marks());
            assert_eq!(rest(read), rest(hello));
        }
        (read, body) => assert_eq!(read, body),
    }
    let mut again = vec![0; length];
    assert_eq!(read.put(&mut again), Some(length), "what was read can be sent on");
    assert_eq!(again, bytes[..length]);
}

#[test]
fn every_frame_is_read_as_it_was_written_and_not_before_all_of_it_has_come() {
    let (bytes, reigns, none) = (records(9, 3), chain(&[(1, 2), (4, 5)]), Chain::new());
    let (some, nothing) = (definitions(&["BTC", "ETH", "SOL"]), definitions(&[]));
    let ack = Ack { reign: Epoch(7), received: Sequence(9), synced: Sequence(8), is_unsure: true };
    let bodies = [
        Body::Hello(HelloBody::new(Incarnation(u64::MAX), 1, &some, &reigns)),
        Body::Hello(HelloBody::new(Incarnation(1), 1, &nothing, &none)),
        Body::Welcome { shared: Sequence(4), hash: 5 },
        Body::NotPrimary,
        Body::Refused { about: 0, why: "" },
        Body::Refused { about: 7, why: "two nodes are configured as one" },
        Body::Records(Records::new(Sequence(9), Sequence(7), 3, &bytes).expect("they are records")),
        Body::Records(Records::new(Sequence(9), Sequence(7), 0, &[]).expect("none are some")),
        Body::Progress { end: Sequence(u64::MAX), released: Sequence(0) },
        Body::Ack(ack),
        Body::StateHash(StateHash { sequence: Sequence(3), hash: 4 }),
        Body::Offer { end: Sequence(12) },
        Body::Snapshot { shared: Sequence(3), parcel: parcel() },
        Body::SnapshotPart { offset: u64::MAX, bytes: &bytes },
        Body::View(""),
        Body::View("epoch 7\n"),
    ];
    bodies.iter().for_each(there_and_back);
}

fn parcel() -> Parcel {
    let link = Link { sequence: Sequence(4), epoch: Epoch(2), running_hash: 3 };
    let (timestamp, bytes) = (Timestamp(6), u64::MAX);
    Parcel { version: 1, bytes, link, timestamp, mark: 7, state_hash: 8 }
}

#[test]
fn a_snapshot_stands_in_for_something_and_its_longest_part_fits() {
    let longest = vec![3; PART_BYTES_MAX];
    there_and_back_whole(&Body::SnapshotPart { offset: 1, bytes: &longest });
    let longer = vec![3; PART_BYTES_MAX + 1];
    let frame = |body| Frame { header: header(), body };
    let mut bytes = vec![0; 2 * FRAME_BYTES_MAX];
    assert_eq!(frame(Body::SnapshotPart { offset: 1, bytes: &longer }).put(&mut bytes), None);
    for body in [
        Body::SnapshotPart { offset: 1, bytes: &[] },
        Body::Snapshot { shared: parcel().link.sequence, parcel: parcel() },
    ] {
        frame(body).put(&mut bytes).expect("there is room");
        let error = Frame::get(&bytes, own()).expect_err("nothing is sent so");
        assert!(error.to_string().contains("snapshot"), "{error}");
    }
}

/// Reads back a frame that is as long as a frame may be.
fn there_and_back_whole(body: &Body<'_>) {
    let frame = Frame { header: header(), body: body.clone() };
    let mut bytes = vec![0; FRAME_BYTES_MAX];
    assert_eq!(frame.put(&mut bytes), Some(FRAME_BYTES_MAX));
    assert_eq!(Frame::get(&bytes, own()), Ok(Some((frame, FRAME_BYTES_MAX))));
}

#[test]
fn the_longest_chain_and_the_most_marks_fit_into_a_frame() {
    let reigns: Vec<(u32, u64)> = (1..=REIGNS_MAX as u32 + 9).map(|reign| (reign, 1)).collect();
    let names: Vec<String> = (0..MARKS_MAX + 9).map(|at| at.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (chain, definitions) = (chain(&reigns), definitions(&names));
    let hello = Body::Hello(HelloBody::new(Incarnation(1), 1, &definitions, &chain));
    let frame = Frame { header: header(), body: hello };
    let mut bytes = vec![0; FRAME_BYTES_MAX];
    frame.put(&mut bytes).expect("there is room");
    let (read, _) = Frame::get(&bytes, own()).expect("it is good").expect("it is whole");
    let Body::Hello(hello) = read.body else { panic!("{read:?}") };
    assert_eq!(hello.chain(), Ok(chain));
    assert_eq!(hello.marks(), definitions.marks());
}

#[test]
fn a_reason_that_is_too_long_is_no_refusal() {
    let reason = |bytes: usize| "w".repeat(bytes);
    let mut bytes = vec![0; FRAME_BYTES_MAX];
    let mut read = |why: &str| {
        let body = Body::Refused { about: 0, why };
        Frame { header: header(), body }.put(&mut bytes).expect("there is room");
        Frame::get(&bytes, own()).map(|read| read.is_some())
    };
    assert_eq!(read(&reason(REASON_BYTES_MAX)), Ok(true));
    assert_eq!(read(&reason(REASON_BYTES_MAX + 1)), Err(FrameError::Body { what: "answer" }));
}

#[test]
fn a_node_that_cannot_be_a_standby_is_told_by_name_and_value() {
    let others = [NodeId(1), NodeId(2)];
    let definitions = |tick: &str| {
        let (name, value) = ("[[instrument]] BTC-USD".to_owned(), format!("tick {tick}"));
        Definitions::new(vec![Definition { name, value }])
    };
    let here = definitions("1");
    let own = Own { node: NodeId(0), others: &others, journal_format: 1, definitions: &here };
    let chain = Chain::new();
    let text = |sender: u16, format, tick| {
        let there = definitions(tick);
        let hello = HelloBody::new(Incarnation(1), format, &there, &chain);
        hello.check(NodeId(sender), &own).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(text(1, 1, "1"), "");
    assert!(text(0, 1, "1").contains("node 0, which is this one"));
    assert!(text(3, 1, "1").contains("node 3 is not in this node's configuration"));
    assert!(text(1, 2, "1").contains("format 2, this node of format 1"));
    let told = text(1, 1, "2");
    assert!(told.contains("[[instrument]] BTC-USD is tick 1 here, and another there"), "{told}");
}

/// The error of an ack's frame in which some byte was changed, and the CRC put right.
fn refused(at: usize, value: u8) -> FrameError {
    let ack = Ack { reign: Epoch(7), received: Sequence(9), synced: Sequence(8), is_unsure: true };
    let mut bytes = vec![0; 128];
    let frame = Frame { header: header(), body: Body::Ack(ack) };
    let length = frame.put(&mut bytes).expect("there is room");
    bytes[at] = value;
    let crc = crc32c::crc32c(&bytes[VERSION_AT..length]);
    crc.put(&mut bytes[CRC_AT..VERSION_AT]);
    Frame::get(&bytes, own()).expect_err("it was changed")
}

#[test]
fn what_is_no_frame_of_this_cluster_is_told_by_name_and_value() {
    assert_eq!(refused(VERSION_AT, 9), FrameError::Version { found: 9 });
    assert_eq!(refused(KIND_AT, 99), FrameError::Kind { found: 99 });
    assert_eq!(refused(HEADER_BYTES + 16, 2), FrameError::Body { what: "acknowledgement" });
    let text = refused(CLUSTER_AT + 1, b'C').to_string();
    assert!(text.contains("cluster Castle") && text.contains("of cluster castle"), "{text}");
    let long = (FRAME_BYTES_MAX as u32 + 1).to_le_bytes();
    let error = Frame::get(&long, own()).expect_err("it is too long");
    assert_eq!(error, FrameError::Length { found: FRAME_BYTES_MAX as u32 + 1 });
    assert!(matches!(Frame::get(&[0; 4], own()), Err(FrameError::Length { found: 0 })));
}

#[test]
fn records_that_do_not_continue_each_other_are_no_batch() {
    let good = records(9, 3);
    let none = |first, count, bytes: &[u8]| {
        assert_eq!(Records::new(Sequence(first), Sequence(0), count, bytes), None);
    };
    none(8, 3, &good);
    none(9, 2, &good);
    none(9, 4, &good);
    none(9, 3, &good[..good.len() - 8]);
    none(9, 2, &[record(9), record(11)].concat());
    none(9, 1, &[0; 64]);
    let batch = Records::new(Sequence(9), Sequence(0), 3, &good).expect("they are records");
    assert_eq!(batch.iter().collect::<Vec<_>>(), [record(9), record(10), record(11)]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Also behind a good CRC, so that what lies behind it is reached; the fuzzer does the same for longer.
    #[test]
    fn any_bytes_are_read_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        kind in 0..=VIEW + 1,
        body in 0_u16..240,
    ) {
        fuzz::check(&bytes);
        let mut frame = body.to_le_bytes().to_vec();
        frame.extend(vec![0; KIND_AT]);
        frame.push(kind);
        frame.extend(vec![0; HEADER_BYTES - KIND_AT - 1]);
        fuzz::check(&[frame, bytes].concat());
    }

    #[test]
    fn one_changed_bit_is_noticed(at in 0_usize..(HEADER_BYTES + 17) * 8) {
        let ack =
            Ack { reign: Epoch(7), received: Sequence(9), synced: Sequence(8), is_unsure: false };
        let mut bytes = vec![0; HEADER_BYTES + 17];
        Frame { header: header(), body: Body::Ack(ack) }.put(&mut bytes).expect("there is room");
        bytes[at / 8] ^= 1 << (at % 8);
        let read = Frame::get(&bytes, own());
        prop_assert!(!matches!(read, Ok(Some(_))), "{read:?}");
    }
}

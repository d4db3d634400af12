use super::*;
use crate::cluster::frame::Header;
use crate::cluster::steward::{Beginning, Own, Promise, Rule, Settings};
use crate::cluster::view::Incarnation;
use crate::journal::snapshot::{Link, SNAPSHOT_VERSION};
use crate::journal::transfer::SENT_BYTES_MAX;
use crate::model::{ClusterName, Durability, Timestamp};

const PRIMARY: NodeId = NodeId(0);
const REIGN: Epoch = Epoch(3);

/// Remembers what it was given.
#[derive(Default)]
struct Given(Vec<u8>, usize);

impl Arrival for Given {
    fn begin(&mut self, _: &Parcel) {
        self.0.clear();
        self.1 += 1;
    }

    fn has_room(&self) -> bool {
        true
    }

    fn part(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn outcome(&mut self) -> Option<Result<(), String>> {
        None
    }

    fn end(&mut self) {}
}

fn parcel(bytes: u64) -> Parcel {
    let link = Link { sequence: Sequence(40), epoch: Epoch(2), running_hash: 3 };
    let version = SNAPSHOT_VERSION;
    Parcel { version, bytes, link, timestamp: Timestamp(6), mark: 7, state_hash: 8 }
}

/// A standby of ten records, no view, and a promise to follow nobody before reign 2.
struct Standby {
    steward: Steward,
    taking: Option<Taking>,
    given: Given,
}

impl Standby {
    fn new() -> Self {
        let settings = Settings {
            cluster: ClusterName::truncated(b"castle"),
            node: NodeId(1),
            durability: Durability::StandbyMemory,
            primary_timeout_ns: 1 << 40,
            standby_timeout_ns: 1 << 40,
            journal_timeout_ns: 1 << 40,
            retry_ns: 1,
            watch_ns: 1 << 40,
            rule: Rule::Arbiter,
        };
        let beginning = Beginning {
            incarnation: Incarnation(7),
            is_kept: false,
            promise: Promise { epoch: Epoch(2), reign: Epoch(2) },
            last_reign: Epoch(1),
            seed: 1,
        };
        let mut steward = Steward::new(&settings, &beginning, 0);
        steward.own(Own { end: Sequence(10), synced: Sequence(10) });
        Self { steward, taking: None, given: Given::default() }
    }

    fn take_of(&mut self, sender: NodeId, reign: Epoch, body: Body<'_>) -> Result<bool, String> {
        let header = Header { cluster: ClusterName::truncated(b"castle"), sender, reign };
        let frame = Frame { header, body };
        let Self { steward, taking, given } = self;
        take_frame(&frame, PRIMARY, taking, given, steward).map_err(|parting| match parting {
            Parting::Link(why) => why.to_string(),
            Parting::Refused(why) => why.to_string(),
            Parting::Snapshot(why) => why,
        })
    }

    fn take(&mut self, body: Body<'_>) -> Result<bool, String> {
        self.take_of(PRIMARY, REIGN, body)
    }

    fn announce(&mut self, bytes: u64) -> Result<bool, String> {
        self.take(Body::Snapshot { shared: Sequence(10), parcel: parcel(bytes) })
    }

    fn part(&mut self, offset: u64, bytes: &[u8]) -> Result<bool, String> {
        self.take(Body::SnapshotPart { offset, bytes })
    }
}

#[test]
fn parts_are_taken_in_their_order_up_to_the_length_that_was_announced() {
    let mut standby = Standby::new();
    assert_eq!(standby.part(0, b"ab"), Ok(false), "nothing was announced");
    assert_eq!(standby.announce(5), Ok(true));
    assert_eq!(standby.part(0, b"ab"), Ok(true));
    let progress = Body::Progress { end: Sequence(50), released: Sequence(50) };
    assert_eq!(standby.take(progress), Ok(true), "it lives");
    let why = standby.part(0, b"cd").expect_err("it came before");
    assert!(why.contains("2 bytes at 0 of a snapshot of 5 bytes, of which 2 came"), "{why}");
    assert!(standby.part(3, b"d").is_err(), "one is missing");
    assert!(standby.part(2, b"cdef").is_err(), "it is too long");
    assert_eq!(standby.part(2, b"cde"), Ok(true));
    assert_eq!(standby.given.0, b"abcde");
    assert!(standby.part(5, b"f").is_err(), "it is too long");
    assert!(standby.take(Body::Welcome { shared: Sequence(10), hash: 1 }).is_err());
    // The primary found that one damaged: another follows from its beginning.
    assert_eq!(standby.announce(2), Ok(true));
    assert_eq!(standby.part(0, b"xy"), Ok(true));
    assert_eq!((&standby.given.0[..], standby.given.1), (&b"xy"[..], 2));
}

#[test]
fn what_may_not_be_taken_in_is_refused_before_a_byte_is_written() {
    let mut standby = Standby::new();
    let body = || Body::Snapshot { shared: Sequence(10), parcel: parcel(5) };
    assert!(standby.take_of(NodeId(2), REIGN, body()).is_err(), "another was dialled");
    assert!(standby.take_of(PRIMARY, Epoch(1), body()).is_err(), "its reign is over");
    let more = Body::Snapshot { shared: Sequence(11), parcel: parcel(5) };
    assert!(standby.take(more).is_err(), "it has no record 11");
    let why = standby.announce(SENT_BYTES_MAX + 1).expect_err("it is too long");
    assert!(why.contains(&SENT_BYTES_MAX.to_string()), "{why}");
    let other = Parcel { version: SNAPSHOT_VERSION + 1, ..parcel(5) };
    let other = Body::Snapshot { shared: Sequence(10), parcel: other };
    let why = standby.take(other).expect_err("another release wrote it");
    assert!(why.contains("format version 3; this node reads version 2"), "{why}");
    assert_eq!((standby.taking.is_none(), standby.given.1), (true, 0));
}

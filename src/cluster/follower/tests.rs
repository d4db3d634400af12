//! Both ends together: what a primary's log ring publishes comes out of a standby's ring.

use std::os::unix::net::UnixStream;

use super::*;
use crate::cluster::arbiter::{Held, Version};
use crate::cluster::chain::Chain;
use crate::cluster::link::Link;
use crate::cluster::replicator::{Flow, Outflow, Window};
use crate::cluster::steward::{Answer, Beginning, Order, Own, Promise, Rule, Settings};
use crate::cluster::view::{Incarnation, Member, View};
use crate::model::{BeginEpoch, ClusterName, Command, Durability, Rollover, ShardId};
use crate::ring::{Consumer, ring_from};

const REIGN: Epoch = Epoch(1);

fn header() -> Header {
    Header { cluster: ClusterName::truncated(b"castle"), sender: NodeId(0), reign: REIGN }
}

fn record(sequence: u64, epoch: u32) -> RecordBytes {
    let command = match sequence % 2 {
        0 => Command::Rollover(Rollover { day: sequence as u32 }),
        _ => Command::BeginEpoch(BeginEpoch {
            epoch: Epoch(epoch),
            primary: NodeId(0),
            in_sync: 1,
            durability: Durability::LocalDisk,
            nonce: sequence,
        }),
    };
    let mut bytes = RecordBytes::default();
    let (sequence, epoch, timestamp) = (Sequence(sequence), Epoch(epoch), Timestamp(sequence));
    Record { sequence, timestamp, epoch, shard: ShardId(0), command }.put(&mut bytes);
    bytes
}

fn bytes(records: std::ops::Range<u64>) -> Vec<u8> {
    let one = |sequence| record(sequence, 1).used().expect("it is a record").to_vec();
    records.flat_map(one).collect()
}

fn member(node: u16) -> Member {
    Member { node: NodeId(node), incarnation: Incarnation(7) }
}

/// A standby's steward that has read a view with node 0 as primary.
fn steward() -> Steward {
    let cluster = header().cluster;
    let settings = Settings {
        cluster,
        node: NodeId(1),
        durability: Durability::StandbyMemory,
        primary_timeout_ns: 1 << 40,
        standby_timeout_ns: 1 << 40,
        journal_timeout_ns: 1 << 40,
        retry_ns: 1,
        watch_ns: 1 << 40,
        rule: Rule::Arbiter,
    };
    let incarnation = member(1).incarnation;
    let beginning = Beginning {
        incarnation,
        is_kept: false,
        promise: Promise::default(),
        last_reign: Epoch(0),
        seed: 1,
    };
    let mut steward = Steward::new(&settings, &beginning, 0);
    let view = View::founding(cluster, member(0), Epoch(0), Durability::LocalDisk, 1)
        .expect("it is valid");
    assert!(steward.request().is_some());
    steward.answer(Answer::View(Some(Held { view, version: Version(1) })));
    steward
}

/// Both ends of a connection on which the standby follows.
struct Ends {
    log: crate::ring::Producer<RecordBytes>,
    ring: Consumer<RecordBytes>,
    window: Window,
    outflow: Outflow,
    to_standby: Link<UnixStream>,
    from_primary: Link<UnixStream>,
    inflow: Inflow,
    handed_on: Consumer<RecordBytes>,
    steward: Steward,
}

impl Ends {
    fn new(window: usize) -> Self {
        let (log, mut consumers) = ring_from(1 << 12, 1, 1);
        let (records, mut handed_on) = ring_from(1 << 12, 1, 1);
        let (one, other) = UnixStream::pair().expect("a pair of sockets");
        one.set_nonblocking(true).expect("it is a socket");
        other.set_nonblocking(true).expect("it is a socket");
        let mut ends = Self {
            log,
            ring: consumers.remove(0),
            window: Window::new(window, Chain::new(), 0),
            outflow: Outflow::new(header(), Sequence(0)),
            to_standby: Link::accepted(one, None).expect("nothing can fail"),
            from_primary: Link::dialled(other, None, "").expect("no name is needed"),
            inflow: Inflow::new(NodeId(0), End::default(), records),
            handed_on: handed_on.remove(0),
            steward: steward(),
        };
        ends.hear(Body::Welcome { shared: Sequence(0), hash: 0 }).expect("it is the primary");
        while let Some(order) = ends.steward.next_order() {
            if let Order::Store(promise) = order {
                ends.steward.stored(promise);
            }
        }
        ends
    }

    fn hear(&mut self, body: Body<'_>) -> Result<(), Refused> {
        self.inflow.take(&Frame { header: header(), body }, &mut self.steward, |_| 0)
    }

    /// The primary logs records up to this one.
    fn log(&mut self, last: u64) {
        while self.window.next().0 <= last {
            let next = self.window.next().0;
            assert!(self.log.push(&record(next, 1)), "the window gives slots back at once");
            self.log.publish();
            assert_eq!(self.window.take(&mut self.ring), 1);
        }
    }

    fn send(&mut self) -> usize {
        self.outflow.send_live(&self.window, Sequence(0), &mut self.to_standby).expect("it is open")
    }

    /// The standby takes what has come, and its sequencer what was handed on.
    fn receive(&mut self, expected: &mut u64) {
        while self.inflow.has_room()
            && let Some(frame) =
                self.from_primary.receive(header().cluster).expect("the frames are good")
        {
            self.inflow.take(&frame, &mut self.steward, |_| 0).expect("they continue");
        }
        while let Some(found) = self.handed_on.peek() {
            let wanted = record(*expected, 1);
            assert_eq!(found.used().expect("a record"), wanted.used().expect("a record"));
            self.handed_on.advance(1);
            *expected += 1;
        }
        self.steward.own(Own { end: Sequence(*expected - 1), synced: Sequence(0) });
    }
}

#[test]
fn what_the_primary_logs_comes_out_at_the_standby_in_order() {
    let mut ends = Ends::new(1 << 10);
    let mut expected = 1;
    for last in (100..20_000).step_by(100) {
        ends.log(last);
        ends.send();
        ends.receive(&mut expected);
    }
    ends.to_standby.flush().expect("it is open");
    ends.receive(&mut expected);
    assert_eq!(ends.outflow.flow(&ends.window), Flow::Live);
    assert_eq!(expected, ends.window.next().0);
    assert_eq!(ends.inflow.handed_on(), Sequence(expected - 1));
    let (_, ack) = ends.steward.acknowledgement().expect("it follows");
    assert_eq!(ack.received, Sequence(expected - 1));
}

#[test]
fn a_standby_that_does_not_read_falls_back_to_catching_up_and_holds_up_nobody() {
    let mut ends = Ends::new(1 << 10);
    for last in (1_000..100_000).step_by(1_000) {
        ends.log(last);
        ends.send();
    }
    let Flow::CatchingUp(from) = ends.outflow.flow(&ends.window) else {
        panic!("it reads nothing")
    };
    assert!(!ends.to_standby.has_room() || from < ends.window.first());
    // The journal is read for it from there, until the window has the next record.
    let (mut expected, mut turns) = (1, 0);
    while let Flow::CatchingUp(next) = ends.outflow.flow(&ends.window) {
        let old = bytes(next.0..(next.0 + 3_000).min(ends.window.next().0));
        let Ends { outflow, to_standby, .. } = &mut ends;
        outflow.old_records(&old, Sequence(0), to_standby).expect("it is open");
        ends.receive(&mut expected);
        turns += 1;
        assert!(turns < 10_000, "it comes nearer");
    }
    while expected < ends.window.next().0 {
        ends.send();
        ends.receive(&mut expected);
    }
    assert_eq!(ends.inflow.handed_on(), Sequence(99_000));
}

#[test]
fn records_that_do_not_continue_the_log_end_the_connection() {
    let mut ends = Ends::new(1 << 10);
    let mut hear = |first: u64, bytes: &[u8], count| {
        let records = Records::new(Sequence(first), Sequence(0), count, bytes);
        ends.hear(Body::Records(records.expect("they are records")))
    };
    hear(1, &bytes(1..4), 3).expect("they continue");
    let gap = |found, epoch| {
        let (found, epoch) = (Sequence(found), Epoch(epoch));
        Err(Refused::Gap { found, epoch, expected: Sequence(4) })
    };
    assert_eq!(hear(3, &bytes(3..4), 1), gap(3, 1));
    assert_eq!(hear(5, &bytes(5..6), 1), gap(5, 1));
    let later = record(4, 2);
    assert_eq!(hear(4, later.used().expect("a record"), 1), gap(4, 2), "of a later reign");
    let earlier = record(4, 0);
    assert_eq!(hear(4, earlier.used().expect("a record"), 1), gap(4, 0), "of an earlier one");
    let mut broken = record(4, 1).used().expect("a record").to_vec();
    broken[crate::model::record::KIND_AT] = 250;
    let refused = hear(4, &broken, 1).expect_err("no command has that kind");
    assert!(matches!(refused, Refused::Record { sequence: Sequence(4), .. }), "{refused}");
    hear(4, &bytes(4..5), 1).expect("it continues");
}

#[test]
fn who_answers_in_the_place_of_another_is_refused_by_name() {
    let mut ends = Ends::new(1 << 10);
    let other = Header { sender: NodeId(2), ..header() };
    let frame = Frame { header: other, body: Body::NotPrimary };
    let refused = ends.inflow.take(&frame, &mut ends.steward, |_| 0);
    assert_eq!(refused, Err(Refused::Node { found: NodeId(2), dialled: NodeId(0) }));
    assert_eq!(ends.hear(Body::NotPrimary), Err(Refused::NotPrimary));
    let welcome = Body::Welcome { shared: Sequence(0), hash: 5 };
    let refused = ends.hear(welcome).expect_err("an empty log has the running hash 0");
    assert!(refused.to_string().contains("0000000000000005"), "{refused}");
    let lower = Frame {
        header: Header { reign: Epoch(0), ..header() },
        body: Body::Progress { end: Sequence(9), released: Sequence(9) },
    };
    let refused = ends.inflow.take(&lower, &mut ends.steward, |_| 0);
    assert_eq!(refused, Err(Refused::Reign { reign: Epoch(0) }));
}

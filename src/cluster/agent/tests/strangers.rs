//! What connects and is not spoken with, and peers that do not do their part.

use std::io::Write;

use super::*;
use crate::cluster::definitions::Definition;
use crate::cluster::frame::{Body, FRAME_BYTES_MAX, Frame, HelloBody};
use crate::cluster::link::Link;
use crate::cluster::view::Change;

/// Somebody who dials node 0 by hand.
struct Stranger(Link<UnixStream>);

impl Stranger {
    fn dials(street: &Street) -> Self {
        let mut wires = TownWires { town: street.town.clone(), at: address(99) };
        let stream = wires.dial(address(0)).expect("it listens");
        Self(Link::dialled(stream, None, "").expect("in the clear"))
    }

    fn says(&mut self, sender: u16, body: Body<'_>) {
        let header = Header { cluster: cluster(), sender: NodeId(sender), reign: Epoch(0) };
        assert!(self.0.send(&Frame { header, body }));
        self.0.flush().expect("the other side is there");
    }

    fn sends(&mut self, bytes: &[u8]) {
        self.0.stream().write_all(bytes).expect("the other side is there");
    }

    fn hello(&mut self, sender: u16, journal_format: u32, definitions: &Definitions) {
        let chain = Chain::new();
        let hello = HelloBody::new(Incarnation(5), journal_format, definitions, &chain);
        self.says(sender, Body::Hello(hello));
    }

    /// Why it is refused, as it is told; `closed` where it is only hung up on; nothing where neither.
    fn hears(&mut self) -> String {
        match self.0.receive(cluster()) {
            Ok(Some(Frame { body: Body::Refused { why, .. }, .. })) => why.to_owned(),
            Ok(_) => String::new(),
            Err(_) => "closed".to_owned(),
        }
    }
}

/// How many connections node 0 has refused, and what it has said of them since it was asked last.
fn refused(street: &Street) -> (u64, Vec<String>) {
    let said = street.houses[0].control.sayings().into_iter().map(|said| said.text).collect();
    (street.houses[0].agent.status().refused_connections, said)
}

/// A primary that nobody else speaks with.
fn alone() -> Street {
    let (town, desk) = (Town::default(), Desk::default());
    let houses = vec![House::new(&town, &desk, 0, 2)];
    let mut street = Street { town, houses, now_ns: 0 };
    assert!(street.houses[0].control.put(Wish::Found).is_some());
    street.run("it leads", |houses| houses[0].standing.doors_open());
    refused(&street);
    street
}

fn definitions(tick: &str) -> Definitions {
    let (name, value) = ("[[instrument]] BTC-USD".to_owned(), format!("tick {tick}"));
    Definitions::new(vec![Definition { name, value }])
}

#[test]
fn what_is_no_frame_ends_the_connection_and_is_counted_and_said_once() {
    let mut street = alone();
    let mut frame = vec![0; FRAME_BYTES_MAX];
    let header = Header { cluster: cluster(), sender: NodeId(1), reign: Epoch(0) };
    let length = Frame { header, body: Body::NotPrimary }.put(&mut frame).expect("there is room");
    frame.truncate(length);
    frame[20] ^= 1;
    for (at, bytes) in [&frame[..], &frame[..], &b"GET / HTTP/1.1\r\n\r\n"[..]].iter().enumerate() {
        let mut stranger = Stranger::dials(&street);
        stranger.sends(bytes);
        street.turn();
        let (count, said) = refused(&street);
        assert_eq!((stranger.hears().as_str(), count), ("closed", at as u64 + 1));
        let words = ["a frame whose CRC-32C is", "", "a frame of 542393671 bytes"][at];
        match words.is_empty() {
            true => assert!(said.is_empty(), "it was said before: {said:?}"),
            false => assert!(said[0].contains(words), "{said:?}"),
        }
    }
}

#[test]
fn a_node_that_cannot_be_a_standby_is_told_why_counted_and_said_once() {
    let mut street = alone();
    street.houses[0].agent.options.definitions = definitions("1");
    let same = definitions("1");
    let cases = [
        (0, 1, definitions("1"), "node 0, which is this one: two nodes are configured as one"),
        (7, 1, definitions("1"), "node 7 is not in this node's configuration"),
        (1, 2, definitions("1"), "format 2, this node of format 1"),
        (1, 1, definitions("2"), "[[instrument]] BTC-USD is tick 1 here, and another there"),
    ];
    for (at, (sender, format, definitions, words)) in cases.iter().enumerate() {
        for is_again in [false, true] {
            let mut stranger = Stranger::dials(&street);
            stranger.hello(*sender, *format, definitions);
            street.turn();
            let (count, said) = refused(&street);
            assert!(stranger.hears().contains(words), "{words}");
            assert_eq!(count, 2 * at as u64 + 1 + u64::from(is_again));
            assert_eq!(said.iter().any(|said| said.contains(words)), !is_again, "{said:?}");
        }
    }
    let mut good = Stranger::dials(&street);
    good.hello(1, 1, &same);
    street.turn();
    assert_eq!((good.hears(), refused(&street).0), (String::new(), 8), "this one is welcome");
}

#[test]
fn without_an_arbiter_a_view_of_a_node_that_is_none_of_ours_is_refused_as_its_hello_would_be() {
    let (town, desk) = (Town::default(), Desk::default());
    let rule = Rule::Operator { others: 0b10, goes_on_alone: false };
    let houses = vec![House::with_rule(&town, &desk, 0, 2, rule)];
    let mut street = Street { town, houses, now_ns: 0 };
    (0..3).for_each(|_| street.turn());
    let me = Member { node: NodeId(0), incarnation: Incarnation(9) };
    let view =
        View::founding(cluster(), me, Epoch(0), Durability::LocalDisk, 1).expect("it is valid");
    for (sender, words) in [(0, "two nodes are configured as one"), (7, "node 7 is not in this")] {
        let mut stranger = Stranger::dials(&street);
        stranger.says(sender, Body::View(&view.to_text()));
        street.turn();
        let (_, said) = refused(&street);
        assert!(stranger.hears().contains(words), "{words}");
        assert!(said.iter().any(|said| said.contains(words)), "{said:?}");
    }
    assert_eq!(refused(&street).0, 2);
}

#[test]
fn a_standby_that_is_refused_says_why_and_what_it_is_on_its_own_side() {
    let (town, desk) = (Town::default(), Desk::default());
    let houses = [0, 1].map(|node| House::new(&town, &desk, node, 2));
    let mut street = Street { town, houses: houses.into(), now_ns: 0 };
    street.houses[0].agent.options.definitions = definitions("1");
    street.houses[1].agent.options.definitions = definitions("2");
    assert!(street.houses[0].control.put(Wish::Found).is_some());
    street.run("it leads", |houses| houses[0].standing.doors_open());
    street.run("it is refused", |houses| houses[1].agent.status().refused_connections > 3);
    let said = street.houses[1].control.sayings();
    let said: Vec<&str> = said.iter().map(|said| said.text.as_str()).collect();
    let why = "node-0: it refuses this node: node 1 is configured otherwise: [[instrument]] BTC-USD is tick 1 here, \
               and another there. Give both the same configuration (on this node it is tick 2)";
    assert_eq!(said.iter().filter(|said| **said == why).count(), 1, "{said:?}");
}

#[test]
fn made_up_reasons_do_not_fill_the_log() {
    let mut street = alone();
    for number in 0..40_u16 {
        let mut stranger = Stranger::dials(&street);
        stranger.hello(100 + number, 1, &Definitions::new(Vec::new()));
        street.turn();
    }
    let (count, said) = refused(&street);
    assert_eq!((count, said.len()), (40, Strangers::SAYINGS));
}

#[test]
fn no_more_connections_are_taken_in_a_while_than_there_is_time_for() {
    let mut street = alone();
    let mut gone = 0;
    for _ in 0..Strangers::CONNECTIONS_NS / STEP_NS {
        let mut wires = TownWires { town: street.town.clone(), at: address(99) };
        gone += (0..2).filter(|_| wires.dial(address(0)).is_ok()).count();
        street.turn();
    }
    let town = street.town.clone();
    let waiting = town.0.lock().unwrap()[&address(0)].len();
    // The allowance may have begun anew once meanwhile.
    let taken = gone - waiting;
    assert!(taken <= 2 * Strangers::CONNECTIONS && waiting > 0, "{taken} of {gone}");
    street.run("they are taken later", |_| town.0.lock().unwrap()[&address(0)].is_empty());
}

#[test]
fn who_sends_without_end_waits_for_the_others_turn() {
    let mut street = alone();
    let mut stranger = Stranger::dials(&street);
    stranger.hello(7, 1, &Definitions::new(Vec::new()));
    for _ in 0..10 * FRAMES_PER_TURN {
        stranger.says(7, Body::NotPrimary);
    }
    let now_ns = street.now_ns + STEP_NS;
    let done = street.houses[0].agent.work(Now { monotonic_ns: now_ns, wall_ns: now_ns });
    assert!(done <= FRAMES_PER_TURN + 2, "{done}");
    assert!(street.houses[0].agent.is_unread, "the rest comes next");
}

#[test]
fn one_that_says_nothing_or_half_a_hello_is_hung_up_on() {
    let mut street = alone();
    let mut silent = Stranger::dials(&street);
    let mut slow = Stranger::dials(&street);
    let half = (FRAME_BYTES_MAX as u32).to_le_bytes();
    slow.sends(&half);
    street.turn();
    let there = |houses: &[House]| houses[0].agent.downstreams.len();
    assert_eq!(there(&street.houses), 2);
    // A byte now and then is no hello.
    for _ in 0..20 {
        (0..40).for_each(|_| street.turn());
        slow.sends(&[0]);
    }
    street.run("both are gone", |houses| there(houses) == 0);
    assert_eq!([silent.hears(), slow.hears()], ["closed", "closed"]);
}

/// Three nodes, of which node 2 takes connections and never answers.
fn with_a_silent_one() -> (Street, House) {
    let mut street = Street::new(3);
    street.run("all are in sync", |houses| houses[0].in_sync() == 3);
    let silent = street.houses.remove(2);
    (street, silent)
}

#[test]
fn a_standby_does_not_stay_with_a_node_that_never_answers() {
    let (mut street, _silent) = with_a_silent_one();
    street.run("it is left out", |houses| houses[0].in_sync() == 2);
    // It cannot take over, and the way to the primary is gone until the silent one was dialled.
    let mute = Desk::default();
    mute.1.store(true, Ordering::Release);
    street.houses[1].agent.outside.port = Box::new(DeskPort(mute, None));
    let door = street.town.0.lock().unwrap().remove(&address(0)).expect("it listens");
    street.houses[1].agent.hang_up();
    let is_dialled = |houses: &[House]| houses[1].agent.upstream.node() == Some(NodeId(2));
    street.run("the silent one is asked", is_dialled);
    street.town.0.lock().unwrap().insert(address(0), door);
    let patience = (standby::WELCOME_NS / STEP_NS) as usize;
    (0..patience).for_each(|_| street.turn());
    street.run("it found its primary", |houses| houses[0].in_sync() == 2);
    assert_eq!(street.houses[1].agent.upstream.node(), Some(NodeId(0)));
}

#[test]
fn a_standby_whose_welcome_is_of_a_reign_that_is_over_goes_on_to_the_next() {
    let mut street = Street::new(3);
    street.run("all are in sync", |houses| houses[0].in_sync() == 3);
    // Node 1 alone has read that node 2 took over, which does not listen yet.
    let over = Change::TakeOver { primary: member(&street, 2), in_sync: vec![member(&street, 2)] };
    let view = street.houses[0].agent.steward.view().expect("there is one");
    let view = view.next(&over, Durability::LocalDisk, 9).expect("it is valid");
    let desk = Desk::default();
    *desk.0.lock().unwrap() = Some(Held { view, version: Version(99) });
    street.houses[1].agent.outside.port = Box::new(DeskPort(desk, None));
    street.town.burn_down(address(2));
    drop(street.houses.remove(2));
    street.run("the old primary is asked", |houses| {
        houses[1].agent.status().links[0].complaint.contains("it reigns since epoch")
    });
    let wires = street.town.wires(address(2));
    let came = |_: &[House]| !wires.town.0.lock().unwrap()[&address(2)].is_empty();
    street.run("the new one is dialled", came);
}

fn member(street: &Street, node: usize) -> Member {
    street.houses[node].agent.steward.me()
}

#[test]
fn an_operator_sees_how_far_behind_a_standby_is() {
    let mut street = Street::new(2);
    street.run("both are in sync", |houses| houses[0].in_sync() == 2);
    let standby = street.houses.remove(1);
    for _ in 0..7 {
        street.houses[0].log();
    }
    let wall_ns = street.now_ns + 10 * STEP_NS;
    street.houses[0].agent.work(Now { monotonic_ns: street.now_ns, wall_ns });
    let status = street.houses[0].agent.status();
    assert_eq!(status.report.peers[0].behind, 7);
    let length = record(Sequence(1), Epoch(1)).used().expect("a record").len() as u64;
    assert_eq!(status.links[0].behind_bytes, Some(7 * length));
    let oldest_ns = standby.last.next().0;
    assert_eq!(status.links[0].behind_us, Some((wall_ns - oldest_ns) / 1_000));
    street.houses.push(standby);
    street.run("it has caught up", |houses| houses[0].agent.status().report.peers[0].behind == 0);
    assert_eq!(street.houses[0].agent.status().links[0].behind_bytes, Some(0));
}

//! Single decisions of a steward, each by itself; all of them together in `model`.

mod model;

use super::primary::LAG_TIMEOUTS;
use super::*;
use crate::cluster::chain::Chain;

const MS: u64 = 1_000_000;

fn settings(node: u16) -> Settings {
    Settings {
        cluster: ClusterName::truncated(b"castle"),
        node: NodeId(node),
        durability: Durability::StandbyMemory,
        primary_timeout_ns: 200 * MS,
        standby_timeout_ns: 100 * MS,
        journal_timeout_ns: 1_000 * MS,
        retry_ns: 10 * MS,
        watch_ns: 500 * MS,
        rule: Rule::Arbiter,
    }
}

fn member(node: u16) -> Member {
    Member { node: NodeId(node), incarnation: Incarnation(u64::from(node) + 7) }
}

fn begun(node: u16) -> Steward {
    let beginning = Beginning {
        incarnation: member(node).incarnation,
        is_kept: false,
        promise: Promise::default(),
        last_reign: Epoch(0),
        seed: u64::from(node),
    };
    Steward::new(&settings(node), &beginning, 0)
}

fn own(end: u64, synced: u64) -> Own {
    Own { end: Sequence(end), synced: Sequence(synced) }
}

/// The view of epoch 1, with node 0 as primary and these in sync.
fn held(in_sync: &[u16]) -> Held {
    let name = ClusterName::truncated(b"castle");
    let first =
        View::founding(name, member(0), Epoch(0), Durability::LocalDisk, 1).expect("it is valid");
    let members = in_sync.iter().map(|node| member(*node)).collect();
    let next = first.next(&Change::InSync(members), Durability::StandbyMemory, 2);
    Held { view: next.expect("it is valid"), version: Version(2) }
}

fn shows(steward: &mut Steward, held: &Held) {
    while steward.request().is_some_and(|request| request != Request::Read) {
        steward.answer(Answer::Asked);
    }
    steward.answer(Answer::View(Some(held.clone())));
}

/// Does what is ordered at once, and gives it.
fn obey(steward: &mut Steward) -> Vec<Order> {
    let orders: Vec<Order> = std::iter::from_fn(|| steward.next_order()).collect();
    for order in &orders {
        match order {
            Order::Store(promise) => steward.stored(*promise),
            Order::Cut { .. } => steward.cut_done(),
            Order::Begin { after, .. } => steward.began(after.next()),
            _ => {}
        }
    }
    orders
}

/// A standby, in sync, that follows node 0 and holds `end` records.
fn following(end: u64) -> Steward {
    let mut steward = begun(1);
    steward.own(own(end, end));
    shows(&mut steward, &held(&[0, 1]));
    assert_eq!(steward.welcome(NodeId(0), Epoch(1), Sequence(end)), Welcomed::Following);
    obey(&mut steward);
    steward
}

/// The view that a steward asks for, if it asks for one now.
fn asked(steward: &mut Steward) -> Option<View> {
    match steward.request()? {
        Request::Swap { view, .. } => Some(view),
        Request::Read => {
            let held = steward.view.clone();
            steward.answer(Answer::View(held));
            None
        }
        Request::Found(view) | Request::Adopt(view) => Some(view),
    }
}

/// A primary whose view names only itself, with `end` records and the first of its reign to be logged.
fn leading(end: u64) -> Steward {
    let mut steward = elected(end);
    obey(&mut steward);
    steward
}

/// The same before it has done anything.
fn elected(end: u64) -> Steward {
    let mut steward = begun(0);
    steward.own(own(end, end));
    let mut alone = held(&[0]);
    shows(&mut steward, &alone);
    steward.tick(MS);
    alone.view = asked(&mut steward).expect("it restarted, so it swaps");
    steward.answer(Answer::Asked);
    shows(&mut steward, &alone);
    assert_eq!(steward.leads(), Some(Epoch(3)));
    steward
}

fn joins(steward: &mut Steward, node: u16, held: Own) {
    let hello = Hello { member: member(node), chain: Chain::new() };
    let greeting = steward.hello(&hello, &Chain::new());
    assert_eq!(greeting, Greeting::Welcome { reign: Epoch(3), shared: Sequence(0) });
    assert!(acks(steward, node, held));
}

fn acks(steward: &mut Steward, node: u16, held: Own) -> bool {
    let (received, synced) = (held.end, held.synced);
    let ack = Ack { reign: Epoch(3), received, synced, is_unsure: false };
    steward.acknowledged(NodeId(node), &ack)
}

/// A primary with node 1 in sync, both of which have 5 records, and their view.
fn with_standby() -> (Steward, View) {
    let mut steward = leading(5);
    joins(&mut steward, 1, own(5, 5));
    steward.tick(2 * MS);
    let view = asked(&mut steward).expect("it holds all");
    steward.answer(Answer::Asked);
    shows(&mut steward, &Held { view: view.clone(), version: Version(4) });
    (steward, view)
}

#[test]
fn nothing_is_acknowledged_before_the_promise_is_written_down() {
    let mut steward = begun(1);
    steward.own(own(5, 5));
    shows(&mut steward, &held(&[0, 1]));
    assert_eq!(steward.welcome(NodeId(0), Epoch(1), Sequence(5)), Welcomed::Following);
    assert_eq!(steward.acknowledgement(), None);
    assert!(!steward.accepts(NodeId(0), Epoch(1)));
    obey(&mut steward);
    assert!(steward.accepts(NodeId(0), Epoch(1)));
    assert!(steward.acknowledgement().is_some());
}

#[test]
fn a_log_gives_way_to_a_snapshot_only_where_it_is_owed_to_nobody() {
    // No view names it.
    let mut away = begun(1);
    away.own(own(5, 5));
    shows(&mut away, &held(&[0]));
    assert_eq!(away.may_take_in(Epoch(1), Sequence(3)), Welcomed::Following);
    assert_eq!(away.may_take_in(Epoch(0), Sequence(3)), Welcomed::HangUp, "a lower reign");
    assert_eq!(away.may_take_in(Epoch(1), Sequence(6)), Welcomed::HangUp, "more than it has");
    assert_eq!(away.follows(), None, "nobody is followed by that");
    // The view names it, and so may the one that it asks for.
    let mut named = begun(1);
    named.own(own(5, 5));
    shows(&mut named, &held(&[0, 1]));
    assert_eq!(named.may_take_in(Epoch(1), Sequence(3)), Welcomed::HangUp);
    // Another life of its log is another node.
    let mut lost = begun(1);
    lost.me.incarnation = Incarnation(99);
    shows(&mut lost, &held(&[0, 1]));
    assert_eq!(lost.may_take_in(Epoch(1), Sequence(0)), Welcomed::Following);
    // A primary told more than both have.
    let mut told = begun(1);
    told.own(own(5, 5));
    shows(&mut told, &held(&[0]));
    told.told = Sequence(4);
    assert_eq!(told.may_take_in(Epoch(1), Sequence(3)), Welcomed::HangUp);
    assert!(told.is_out());
    let mut leads = leading(5);
    assert_eq!(leads.may_take_in(Epoch(9), Sequence(3)), Welcomed::HangUp);
}

#[test]
fn a_lower_reign_is_refused() {
    let mut steward = begun(1);
    let beginning = Promise { epoch: Epoch(4), reign: Epoch(4) };
    steward.promise = beginning;
    steward.stored = beginning;
    assert_eq!(steward.welcome(NodeId(0), Epoch(3), Sequence(0)), Welcomed::HangUp);
    assert_eq!(steward.welcome(NodeId(0), Epoch(4), Sequence(0)), Welcomed::Following);
}

#[test]
fn an_arbiter_that_went_back_is_not_believed() {
    let mut steward = begun(1);
    steward.promise = Promise { epoch: Epoch(9), reign: Epoch(1) };
    shows(&mut steward, &held(&[0, 1]));
    assert_eq!(steward.view(), None);
    assert_eq!(steward.report().arbiter_memory, ArbiterMemory::Older);
}

/// It cannot be where an arbiter keeps what it has: it was restored, and another node was made primary by the older view.
#[test]
fn of_two_views_of_one_epoch_the_one_that_the_arbiter_holds_now_counts() {
    let mut steward = leading(5);
    let Some(Held { view: own, .. }) = steward.view.clone() else { panic!("it leads by one") };
    let older = held(&[0, 1]);
    let change = Change::TakeOver { primary: member(1), in_sync: vec![member(1)] };
    let other = older.view.next(&change, Durability::LocalDisk, 9).expect("it is valid");
    assert_eq!(own.epoch(), other.epoch());
    shows(&mut steward, &Held { view: other.clone(), version: Version(3) });
    assert_eq!(obey(&mut steward).last(), Some(&Order::StepDown(other)));
    assert_eq!(steward.leads(), None);
}

#[test]
fn a_view_that_was_put_there_again_is_the_same_view_and_the_next_one_replaces_it() {
    let mut steward = leading(5);
    let known = steward.view.clone().expect("it leads by one");
    joins(&mut steward, 1, own(5, 5));
    steward.tick(2 * MS);
    let wanted = asked(&mut steward).expect("node 1 is in sync");
    steward.answer(Answer::Asked);
    let again = Version(known.version.0 + 1);
    shows(&mut steward, &Held { view: known.view, version: again });
    steward.tick(100 * MS);
    assert_eq!(steward.request(), Some(Request::Swap { expected: again, view: wanted }));
}

#[test]
fn an_arbiter_that_hangs_is_told_before_a_question_to_it_fails() {
    let mut steward = leading(5);
    steward.tick(100 * MS);
    assert!(!steward.report().arbiter_is_silent);
    steward.tick(1_200 * MS);
    assert!(steward.report().arbiter_is_silent);
    shows(&mut steward, &held(&[0]));
    assert!(!steward.report().arbiter_is_silent);
}

#[test]
fn a_refused_connection_is_enough_and_silence_takes_its_time() {
    let mut steward = following(5);
    steward.tick(50 * MS);
    assert_eq!(asked(&mut steward), None);
    steward.closed(NodeId(0));
    steward.tick(51 * MS);
    assert_eq!(asked(&mut steward), None, "closed is not refused");
    steward.refused(NodeId(0));
    steward.tick(52 * MS);
    let view = asked(&mut steward).expect("nobody listens there");
    assert_eq!((view.primary(), view.in_sync()), (member(1), &[member(1)][..]));

    let mut steward = following(5);
    for at in (0..=200).step_by(40) {
        steward.tick(at * MS);
        assert_eq!(asked(&mut steward), None);
    }
    steward.tick(240 * MS);
    assert!(asked(&mut steward).is_some());
}

#[test]
fn who_did_not_run_counts_nobody_as_silent() {
    let mut steward = following(5);
    steward.tick(10 * MS);
    steward.tick(5_000 * MS);
    assert_eq!(asked(&mut steward), None, "the silence was its own");
}

#[test]
fn who_would_be_alone_syncs_first() {
    let mut steward = following(5);
    steward.own(own(9, 6));
    steward.closed(NodeId(0));
    steward.refused(NodeId(0));
    steward.tick(20 * MS);
    assert_eq!(asked(&mut steward), None);
    steward.own(own(9, 9));
    steward.tick(22 * MS);
    assert!(asked(&mut steward).is_some());
}

#[test]
fn a_difference_of_state_stops_the_standby() {
    let mut steward = following(5);
    let hash = |sequence, hash| StateHash { sequence: Sequence(sequence), hash };
    steward.state_hash(hash(3, 33));
    steward.primary_hash(NodeId(0), Epoch(1), hash(3, 33));
    assert_eq!(steward.report().hash_agreed, hash(3, 33));
    steward.primary_hash(NodeId(0), Epoch(1), hash(4, 44));
    steward.state_hash(hash(4, 45));
    let why = Why::StateDiffers { sequence: Sequence(4), own: 45, primary: 44 };
    assert_eq!(obey(&mut steward), [Order::Stop(why)]);
    assert!(why.to_string().contains("after record 4"));
    steward.tick(5_000 * MS);
    steward.tick(9_000 * MS);
    assert!(steward.is_out() && steward.request().is_none() && !steward.speaks());
}

#[test]
fn a_standby_is_taken_in_when_it_holds_what_was_told_and_holds_it_back_from_then_on() {
    let mut steward = leading(5);
    steward.own(own(8, 7));
    assert_eq!(steward.released(), Sequence(7));
    joins(&mut steward, 1, own(6, 0));
    steward.tick(2 * MS);
    assert_eq!(asked(&mut steward), None, "it lacks record 7");
    assert!(acks(&mut steward, 1, own(7, 0)));
    steward.tick(3 * MS);
    let view = asked(&mut steward).expect("it holds what was told");
    assert_eq!(view.in_sync(), [member(0), member(1)]);
    steward.own(own(9, 9));
    assert_eq!(steward.released(), Sequence(7), "the swap may be done at any moment");
    assert!(acks(&mut steward, 1, own(9, 0)));
    assert_eq!(steward.released(), Sequence(9));
}

/// Orders come without a pause, and each is on disk before the standby can answer.
fn orders_come(steward: &mut Steward, from: u64, turns: u64, answers_after: u64) -> Option<View> {
    for turn in from..from + turns {
        steward.own(own(turn, turn));
        assert!(acks(steward, 1, own(turn - answers_after, 0)));
        steward.tick(turn * MS / 10);
        if let Some(view) = asked(steward) {
            return Some(view);
        }
    }
    None
}

#[test]
fn a_standby_that_is_always_a_little_behind_is_waited_for_and_taken_in() {
    let mut steward = leading(20);
    joins(&mut steward, 1, own(10, 0));
    let view = orders_come(&mut steward, 21, 100, 5).expect("it is only half a millisecond behind");
    assert_eq!(view.in_sync(), [member(0), member(1)]);
}

#[test]
fn a_standby_that_does_not_come_nearer_is_waited_for_only_now_and_then() {
    let mut steward = leading(20);
    joins(&mut steward, 1, own(10, 0));
    let (mut waited, mut turns) = (0, 0);
    for turn in 30..30 + 30_000 {
        let has = 20 + (turn - 30) / 3_400;
        steward.own(own(turn, turn));
        assert!(acks(&mut steward, 1, own(has, 0)));
        steward.tick(turn * MS / 10);
        assert_eq!(asked(&mut steward), None, "at {turn}");
        turns += 1;
        waited += u64::from(steward.released() < Sequence(turn));
    }
    assert!(waited > 0 && waited <= turns / 5, "{waited} of {turns}");
    // One that is silent is waited for no more, though its connection may stay for long.
    let mut waited = 0;
    for turn in 30_030..60_030 {
        steward.own(own(turn, turn));
        steward.tick(turn * MS / 10);
        waited += u64::from(steward.released() < Sequence(turn));
    }
    assert!(waited < 2_000, "{waited}");
    // Nor is one that hangs up.
    steward.closed(NodeId(1));
    steward.tick(9_000 * MS);
    assert_eq!(steward.released(), steward.own.end);
}

#[test]
fn a_standby_whose_disk_is_to_count_syncs_before_it_is_in_sync() {
    let newcomer_at = |durability| {
        let beginning = Beginning {
            incarnation: member(1).incarnation,
            is_kept: false,
            promise: Promise::default(),
            last_reign: Epoch(1),
            seed: 1,
        };
        let mut steward = Steward::new(&Settings { durability, ..settings(1) }, &beginning, 0);
        steward.own(own(10, 5));
        shows(&mut steward, &held(&[0]));
        assert_eq!(steward.welcome(NodeId(0), Epoch(1), Sequence(10)), Welcomed::Following);
        obey(&mut steward);
        steward
    };
    assert!(newcomer_at(Durability::StandbyDisk).waits_for_disk());
    assert!(!newcomer_at(Durability::StandbyMemory).waits_for_disk());
}

#[test]
fn an_acknowledgement_of_what_is_not_there_is_refused() {
    let mut steward = leading(5);
    joins(&mut steward, 1, own(5, 5));
    assert!(!acks(&mut steward, 1, own(6, 5)));
    assert!(!acks(&mut steward, 2, own(5, 5)), "nobody of that name said hello");
}

#[test]
fn an_operator_promotes_a_node_that_is_not_in_sync() {
    let mut steward = begun(2);
    steward.own(own(3, 3));
    shows(&mut steward, &held(&[0, 1]));
    steward.tick(MS);
    assert_eq!(asked(&mut steward), None);
    steward.promote();
    steward.tick(2 * MS);
    let view = asked(&mut steward).expect("the operator takes it upon himself");
    assert_eq!((view.primary(), view.in_sync()), (member(2), &[member(2)][..]));
}

#[test]
fn one_that_is_promoted_behind_what_was_told_tells_its_own_records_when_they_are_on_disk() {
    let mut steward = following(9);
    steward.primary_heard(NodeId(0), Epoch(1), Sequence(50));
    steward.promote();
    steward.tick(MS);
    let view = asked(&mut steward).expect("an operator wants it");
    steward.answer(Answer::Asked);
    shows(&mut steward, &Held { view, version: Version(3) });
    obey(&mut steward);
    steward.own(own(40, 12));
    let is_told = steward.released().max(steward.told());
    assert_eq!((steward.leads(), is_told), (Some(Epoch(3)), Sequence(12)));
}

#[test]
fn a_primary_releases_nothing_before_the_first_record_of_its_reign() {
    let mut steward = leading(5);
    // One more of the primary before is on its way to the log.
    steward.began(Sequence(7));
    steward.tick(2 * MS);
    steward.own(own(7, 6));
    assert_eq!(steward.released(), Sequence(0), "the seventh is not on its disk");
    steward.own(own(7, 7));
    assert_eq!(steward.released(), Sequence(7));
}

#[test]
fn a_primary_without_room_for_the_first_record_of_its_reign_gives_its_place_away_all_the_same() {
    let mut steward = elected(5);
    joins(&mut steward, 1, own(5, 5));
    steward.tick(2 * MS);
    let view = asked(&mut steward).expect("it holds all");
    steward.answer(Answer::Asked);
    shows(&mut steward, &Held { view, version: Version(4) });
    assert!(steward.switch_over(NodeId(1), 10 * MS));
    steward.tick(3 * MS);
    let orders: Vec<Order> = std::iter::from_fn(|| steward.next_order()).collect();
    assert!(orders.contains(&Order::Offer { to: NodeId(1), end: Sequence(5) }), "{orders:?}");
    assert_eq!(steward.released(), Sequence(0));
}

#[test]
fn a_promotion_that_was_not_done_ends_with_the_next_view_and_with_a_primary_that_is_followed() {
    let mut behind = begun(2);
    behind.own(own(3, 0));
    shows(&mut behind, &held(&[0, 1]));
    obey(&mut behind);
    behind.promote();
    behind.tick(MS);
    assert_eq!(asked(&mut behind), None, "it has to sync first");
    assert_eq!(behind.welcome(NodeId(0), Epoch(1), Sequence(3)), Welcomed::Following);
    obey(&mut behind);
    behind.own(own(3, 3));
    behind.tick(2 * MS);
    assert_eq!(asked(&mut behind), None, "the primary is back");

    behind.promote();
    let over = Change::TakeOver { primary: member(1), in_sync: vec![member(1)] };
    let view = held(&[0, 1]).view.next(&over, Durability::LocalDisk, 3).expect("it is valid");
    shows(&mut behind, &Held { view, version: Version(3) });
    behind.tick(3 * MS);
    assert_eq!(asked(&mut behind), None, "the operator was shown another view");
}

#[test]
fn where_there_is_no_view_yet_the_arbiter_is_asked_now_and_then() {
    let mut steward = begun(0);
    assert_eq!(steward.request(), Some(Request::Read));
    steward.answer(Answer::View(None));
    pass(&mut steward, 0, 400);
    assert_eq!(steward.request(), None);
    pass(&mut steward, 420, 520);
    assert_eq!(steward.request(), Some(Request::Read));
}

#[test]
fn an_operator_founds_the_view() {
    let mut steward = begun(0);
    assert_eq!(steward.request(), Some(Request::Read));
    steward.answer(Answer::View(None));
    steward.found();
    let Some(Request::Found(view)) = steward.request() else { panic!("it was asked for") };
    assert_eq!((view.epoch(), view.primary()), (Epoch(1), member(0)));
    steward.answer(Answer::Asked);
    shows(&mut steward, &Held { view, version: Version(1) });
    assert_eq!(steward.leads(), None, "a process numbers only in an epoch that it swapped in");
    steward.tick(MS);
    assert_eq!(asked(&mut steward).expect("so it swaps").reign(), Epoch(2));
}

#[test]
fn a_view_is_founded_above_all_that_its_primary_has_seen() {
    // Its log is older than the cluster, or the arbiter has lost its data.
    for (epoch, last_reign, above) in [(0, 5, 5), (9, 5, 9), (9, 0, 9)] {
        let promise = Promise { epoch: Epoch(epoch), reign: Epoch(0) };
        let beginning = Beginning {
            incarnation: member(0).incarnation,
            is_kept: false,
            promise,
            last_reign: Epoch(last_reign),
            seed: 1,
        };
        let mut steward = Steward::new(&settings(0), &beginning, 0);
        assert_eq!(steward.request(), Some(Request::Read));
        steward.answer(Answer::View(None));
        let memory = if epoch == 0 { ArbiterMemory::Whole } else { ArbiterMemory::Lost };
        assert_eq!(steward.report().arbiter_memory, memory);
        steward.found();
        let Some(Request::Found(view)) = steward.request() else { panic!("it was asked for") };
        assert_eq!((view.epoch(), view.reign()), (Epoch(above + 1), Epoch(above + 1)));
        steward.answer(Answer::Asked);
        shows(&mut steward, &Held { view, version: Version(1) });
        assert_eq!(steward.report().arbiter_memory, ArbiterMemory::Whole);
        steward.tick(MS);
        assert_eq!(asked(&mut steward).expect("it leads").reign(), Epoch(above + 2));
    }
}

#[test]
fn an_arbiter_that_has_lost_the_view_is_noticed_by_a_primary_which_can_found_it_again() {
    let (mut steward, view) = with_standby();
    obey(&mut steward);
    steward.answer(Answer::View(None));
    assert_eq!(steward.report().arbiter_memory, ArbiterMemory::Lost);
    assert_eq!(steward.leads(), Some(Epoch(3)), "trading goes on");
    steward.found();
    let Some(Request::Found(anew)) = steward.request() else { panic!("it was asked for") };
    assert!(anew.epoch() > view.epoch());
    steward.answer(Answer::Asked);
    shows(&mut steward, &Held { view: anew.clone(), version: Version(1) });
    assert!(obey(&mut steward).contains(&Order::StepDown(anew)), "it leads again as anybody does");
}

#[test]
fn a_view_of_its_own_that_is_read_late_is_over_where_a_higher_reign_is_followed() {
    let mut steward = following(5);
    steward.closed(NodeId(0));
    steward.refused(NodeId(0));
    steward.tick(MS);
    let view = asked(&mut steward).expect("nobody listens there");
    steward.answer(Answer::Asked);
    // Before it has read that it won, another has taken over from it.
    let reign = Epoch(view.reign().0 + 1);
    assert_eq!(steward.welcome(NodeId(2), reign, Sequence(5)), Welcomed::Following);
    obey(&mut steward);
    shows(&mut steward, &Held { view, version: Version(3) });
    assert_eq!((steward.leads(), steward.follows()), (None, Some(reign)));
    assert!(!obey(&mut steward).iter().any(|order| matches!(order, Order::Begin { .. })));
}

#[test]
fn a_switchover_drains_offers_and_steps_down() {
    let (mut primary, view) = with_standby();
    obey(&mut primary);
    assert!(primary.doors_open());
    assert!(!primary.switch_over(NodeId(2), 300 * MS), "it is not in sync");
    assert!(primary.switch_over(NodeId(1), 300 * MS));
    assert!(!primary.doors_open());
    primary.own(own(6, 6));
    primary.tick(3 * MS);
    assert_eq!(obey(&mut primary), [Order::Drain], "record 6 is still on its way");
    assert!(acks(&mut primary, 1, own(6, 6)));
    primary.tick(4 * MS);
    assert_eq!(obey(&mut primary), [Order::Offer { to: NodeId(1), end: Sequence(6) }]);

    let change = Change::TakeOver { primary: member(1), in_sync: vec![member(1)] };
    let over = view.next(&change, Durability::LocalDisk, 9).expect("it is valid");
    shows(&mut primary, &Held { view: over.clone(), version: Version(5) });
    assert!(obey(&mut primary).contains(&Order::StepDown(over)));
    assert!(primary.is_out());
}

#[test]
fn who_is_offered_the_place_takes_it_at_once() {
    let mut steward = following(5);
    steward.offered(NodeId(0), Epoch(1), Sequence(6));
    steward.tick(MS);
    assert_eq!(asked(&mut steward), None, "record 6 is still on its way");
    steward.own(own(6, 6));
    steward.offered(NodeId(0), Epoch(1), Sequence(6));
    steward.tick(2 * MS);
    assert_eq!(asked(&mut steward).expect("it was offered").primary(), member(1));
}

/// A steward of a node without an arbiter, whose copy of the view is that of epoch 2 with these in sync.
fn without_arbiter(node: u16, goes_on_alone: bool, in_sync: &[u16], end: u64) -> Steward {
    let mut steward = begun(node);
    steward.settings.rule = Rule::Operator { others: 0b111 & !(1 << node), goes_on_alone };
    steward.own(own(end, end));
    shows(&mut steward, &held(in_sync));
    obey(&mut steward);
    steward
}

/// Node 0, which leads again with record 10, since the two others said that they do not.
fn leading_by_word(goes_on_alone: bool, in_sync: &[u16]) -> (Steward, Held) {
    let mut steward = without_arbiter(0, goes_on_alone, in_sync, 9);
    steward.heard_quiet(NodeId(1));
    steward.heard_quiet(NodeId(2));
    steward.tick(MS);
    let view = asked(&mut steward).expect("the others said that they do not lead");
    let led = Held { view, version: Version(3) };
    steward.answer(Answer::Asked);
    shows(&mut steward, &led);
    obey(&mut steward);
    assert_eq!(steward.leads(), Some(Epoch(3)));
    steward.own(own(10, 10));
    (steward, led)
}

/// Time passes in steps that are no gap in the process's life.
fn pass(steward: &mut Steward, from_ms: u64, to_ms: u64) {
    (from_ms..=to_ms).step_by(20).for_each(|at| steward.tick(at * MS));
}

#[test]
fn without_an_arbiter_silence_makes_nobody_primary() {
    let mut standby = without_arbiter(1, true, &[0, 1], 9);
    standby.refused(NodeId(0));
    pass(&mut standby, 0, 5_000);
    assert_eq!(asked(&mut standby), None);
    standby.promote();
    standby.tick(5_001 * MS);
    let view = asked(&mut standby).expect("an operator wants it");
    assert_eq!((view.epoch(), view.in_sync()), (Epoch(1_000_001), &[member(1)][..]));
}

#[test]
fn a_restarted_primary_without_an_arbiter_leads_only_while_every_other_says_that_it_does_not() {
    let mut steward = without_arbiter(0, false, &[0, 1], 9);
    steward.heard_quiet(NodeId(1));
    pass(&mut steward, 0, 1_500);
    steward.heard_quiet(NodeId(2));
    steward.tick(1_501 * MS);
    assert_eq!(asked(&mut steward), None, "node 1 said so too long ago");
    assert_eq!(steward.report().waits_for, [NodeId(1)]);
    let (steward, led) = leading_by_word(false, &[0, 1]);
    assert_eq!(led.view.in_sync(), [member(0), member(1)], "what it told, node 1 has");
    assert!(steward.released() < Sequence(9), "and it tells nothing that node 1 lacks");
}

#[test]
fn a_lost_standby_is_waited_for_until_an_operator_leaves_it_out() {
    let (mut holds, led) = leading_by_word(false, &[0, 1]);
    pass(&mut holds, 20, 1_000);
    assert_eq!((asked(&mut holds), holds.released()), (None, Sequence(0)));
    holds.leave_out(NodeId(1));
    holds.tick(1_001 * MS);
    let view = asked(&mut holds).expect("an operator said so");
    assert_eq!(view.in_sync(), [member(0)]);
    holds.answer(Answer::Asked);
    shows(&mut holds, &Held { view, version: Version(4) });
    holds.tick(1_002 * MS);
    assert_eq!(holds.released(), Sequence(10));

    let (mut goes_on, _) = leading_by_word(true, &[0, 1]);
    pass(&mut goes_on, 20, 1_000);
    assert_eq!(asked(&mut goes_on).expect("it goes on").in_sync(), [member(0)]);
    assert_eq!(led.view.epoch(), Epoch(3));
}

#[test]
fn a_standby_that_came_back_before_it_was_left_out_is_waited_for_again_the_next_time() {
    let (mut steward, _) = leading_by_word(false, &[0, 1]);
    let hello = Hello { member: member(1), chain: Chain::new() };
    steward.hello(&hello, &Chain::new());
    steward.leave_out(NodeId(1));
    assert!(acks(&mut steward, 1, own(9, 9)));
    pass(&mut steward, 20, 1_000);
    assert_eq!(asked(&mut steward), None, "the operator spoke of another time");
}

#[test]
fn the_place_is_not_given_away_where_a_node_is_away_whose_word_the_next_primary_would_wait_for() {
    let (mut steward, _) = leading_by_word(false, &[0, 1]);
    joins(&mut steward, 1, own(10, 10));
    assert_eq!(steward.absent(), None, "node 2 said a moment ago that it does not lead");
    for at in (20..=1_500).step_by(20) {
        acks(&mut steward, 1, own(10, 10));
        steward.tick(at * MS);
    }
    assert_eq!(steward.absent(), Some(NodeId(2)));
    // One that stays connected, and is silent all the same, has lost its power, or does not run.
    joins(&mut steward, 2, own(1, 1));
    assert_eq!(steward.absent(), None);
    for at in (1_500..=2_700).step_by(20) {
        acks(&mut steward, 1, own(10, 10));
        steward.tick(at * MS);
    }
    assert_eq!(steward.absent(), Some(NodeId(2)));
    assert!(steward.switch_over(NodeId(1), 10 * MS));
    steward.tick(2_705 * MS);
    assert_eq!(asked(&mut steward), None);
    steward.heard_quiet(NodeId(2));
    steward.tick(2_706 * MS);
    assert!(asked(&mut steward).is_some(), "it is there again");
}

#[test]
fn one_that_says_hello_again_and_again_and_acknowledges_nothing_is_lost() {
    let mut steward = with_standby().0;
    let mut asks_for = None;
    for at in (10..=400).step_by(10) {
        steward.closed(NodeId(1));
        let hello = Hello { member: member(1), chain: Chain::new() };
        steward.hello(&hello, &Chain::new());
        steward.tick(at * MS);
        asks_for = asks_for.or(asked(&mut steward));
    }
    assert_eq!(asks_for.expect("it is left out").in_sync(), [member(0)]);
}

#[test]
fn one_that_acknowledges_a_little_all_the_time_and_is_far_behind_is_lost() {
    let mut steward = with_standby().0;
    let lag_ms = LAG_TIMEOUTS * settings(0).standby_timeout_ns / MS;
    let slow = |steward: &mut Steward, at: u64| {
        steward.own(own(5 + 1_000 * at, 5 + 1_000 * at));
        assert!(acks(steward, 1, own(5 + at, 5 + at)));
        steward.tick(at * MS);
        asked(steward)
    };
    for at in (10..lag_ms).step_by(10) {
        assert_eq!(slow(&mut steward, at), None, "at {at} ms it still counts");
    }
    let at_last = (lag_ms..lag_ms + 100).step_by(10).find_map(|at| slow(&mut steward, at));
    assert_eq!(at_last.expect("it is left out").in_sync(), [member(0)]);
}

#[test]
fn the_next_life_of_a_lost_standby_takes_its_place_once_it_holds_all() {
    let (mut steward, _) = leading_by_word(false, &[0, 1]);
    let next_life = Member { node: NodeId(1), incarnation: Incarnation(99) };
    let hello = Hello { member: next_life, chain: Chain::new() };
    assert!(matches!(steward.hello(&hello, &Chain::new()), Greeting::Welcome { .. }));
    assert!(acks(&mut steward, 1, own(8, 8)));
    steward.tick(2 * MS);
    assert_eq!(asked(&mut steward), None, "it lacks what may have been told");
    assert!(acks(&mut steward, 1, own(9, 9)));
    steward.tick(3 * MS);
    let view = asked(&mut steward).expect("it holds all");
    assert_eq!(view.in_sync(), [member(0), next_life]);
}

#[test]
fn a_higher_epoch_is_kept_from_whoever_says_it_and_a_primary_steps_down() {
    let (mut steward, led) = leading_by_word(true, &[0, 1]);
    steward.heard_view(NodeId(1), false, &held(&[0, 1]).view);
    steward.heard_view(NodeId(1), false, &led.view);
    assert_eq!(asked(&mut steward), None);
    let over = promoted(&led.view);
    steward.heard_view(NodeId(1), true, &over);
    assert_eq!(asked(&mut steward), Some(over.clone()));
    steward.answer(Answer::Asked);
    shows(&mut steward, &Held { view: over.clone(), version: Version(5) });
    assert_eq!(obey(&mut steward).last(), Some(&Order::StepDown(over)));
}

/// A view in which an operator promoted node 1, whatever the view was before.
fn promoted(before: &View) -> View {
    let change = Change::Promotion { primary: member(1), above: Epoch(0) };
    let over = before.next(&change, Durability::LocalDisk, 7);
    over.expect("it is valid")
}

#[test]
fn without_an_arbiter_a_node_says_nothing_before_it_has_read_its_copy_of_the_view() {
    let mut steward = begun(1);
    steward.settings.rule = Rule::Operator { others: 0b101, goes_on_alone: false };
    assert!(!steward.is_informed() && !steward.may_follow());
    assert_eq!(steward.request(), Some(Request::Read));
    steward.answer(Answer::Failed);
    assert!(!steward.is_informed(), "its copy may name it primary");
    steward.tick(20 * MS);
    assert_eq!(steward.request(), Some(Request::Read));
    steward.answer(Answer::View(None));
    assert!(steward.is_informed() && steward.may_follow(), "it has none, and knows that");
    assert!(begun(1).is_informed(), "with an arbiter no other node's word counts");
}

#[test]
fn a_higher_view_that_could_not_be_kept_is_asked_for_again_and_nobody_leads_meanwhile() {
    let mut steward = without_arbiter(0, false, &[0, 1], 9);
    let known = held(&[0, 1]).view;
    let (over, later) = (promoted(&known), promoted(&promoted(&known)));
    steward.heard_view(NodeId(1), false, &over);
    steward.heard_quiet(NodeId(2));
    for at in [1, 20, 40] {
        steward.tick(at * MS);
        assert_eq!(asked(&mut steward), Some(over.clone()), "and not for one of its own");
        steward.answer(Answer::Failed);
        steward.tick((at + 15) * MS);
        assert_eq!(asked(&mut steward), None, "first it looks what came of it");
    }
    steward.heard_view(NodeId(2), false, &later);
    steward.heard_view(NodeId(1), false, &over);
    steward.tick(60 * MS);
    assert_eq!(asked(&mut steward), Some(later.clone()), "the highest that it heard of");
    steward.answer(Answer::Asked);
    shows(&mut steward, &Held { view: later, version: Version(5) });
    steward.tick(61 * MS);
    assert_eq!(asked(&mut steward), None, "another is primary");
}

#[test]
fn one_whose_view_is_older_than_the_reign_that_it_followed_leads_only_by_an_operators_word() {
    let mut steward = without_arbiter(0, true, &[0, 1], 9);
    let reign = promoted(&held(&[0, 1]).view).reign();
    assert_eq!(steward.welcome(NodeId(1), reign, Sequence(9)), Welcomed::Following);
    obey(&mut steward);
    steward.closed(NodeId(1));
    [1, 2].into_iter().for_each(|node| steward.heard_quiet(NodeId(node)));
    steward.tick(MS);
    assert_eq!(asked(&mut steward), None, "the other has told what it does not know of");
    steward.promote();
    steward.tick(2 * MS);
    let view = asked(&mut steward).expect("an operator wants it");
    assert!(view.reign() > reign, "reigns only rise in a log");
}

#[test]
fn an_older_promotion_that_a_third_node_tells_of_stops_nobody() {
    let mut steward = without_arbiter(0, false, &[0, 1], 9);
    let over = promoted(&held(&[0, 1]).view);
    let again = Change::TakeOver { primary: member(1), in_sync: vec![member(1)] };
    let later = over.next(&again, Durability::LocalDisk, 8).expect("it is valid");
    steward.heard_view(NodeId(1), true, &later);
    assert_eq!(steward.welcome(NodeId(1), later.reign(), Sequence(9)), Welcomed::Following);
    steward.heard_view(NodeId(2), false, &over);
    let is_stop = |order: &Order| matches!(order, Order::Stop(_));
    assert!(!obey(&mut steward).iter().any(is_stop), "it was primary, and is not");
    assert_eq!(asked(&mut steward), Some(later));
}

#[test]
fn of_two_primaries_by_the_word_of_two_operators_exactly_one_stops() {
    let known = held(&[0, 1]).view;
    let level = Durability::LocalDisk;
    let promoted = |node| {
        let over = Change::Promotion { primary: member(node), above: Epoch(0) };
        known.next(&over, level, 9).expect("valid")
    };
    let grown = |view: &View| {
        let same = Change::InSync(view.in_sync().to_vec());
        view.next(&same, level, 11).expect("valid")
    };
    let (zero, one) = (promoted(0), promoted(1));
    // Lower and higher epochs, and the same epoch of two reigns.
    for (views, loses) in [
        ([zero.clone(), one.clone()], None),
        ([grown(&zero), one.clone()], Some(0)),
        ([grown(&grown(&zero)), one.clone()], Some(1)),
    ] {
        for node in [0, 1_usize] {
            let mut steward = without_arbiter(node as u16, true, &[0, 1], 9);
            let own = Held { view: views[node].clone(), version: Version(9) };
            shows(&mut steward, &own);
            obey(&mut steward);
            steward.heard_view(NodeId(1 - node as u16), true, &views[1 - node]);
            let stops = obey(&mut steward)
                .iter()
                .any(|order| matches!(order, Order::Stop(Why::TwoPrimaries { .. })));
            assert_eq!(stops, loses == Some(node), "node {node} {views:?}");
        }
    }
}

#[test]
fn the_place_is_given_away_to_a_standby_that_has_all_on_disk_and_not_taken_back() {
    let (mut steward, _) = leading_by_word(false, &[0, 1]);
    joins(&mut steward, 1, own(10, 9));
    steward.tick(2 * MS);
    assert!(steward.switch_over(NodeId(1), 10 * MS));
    steward.tick(3 * MS);
    assert_eq!(asked(&mut steward), None, "one record is not on its disk");
    assert!(acks(&mut steward, 1, own(10, 10)));
    steward.tick(4 * MS);
    let view = asked(&mut steward).expect("it has all on disk");
    assert_eq!((view.primary(), view.in_sync()), (member(1), &[member(1)][..]));
    steward.answer(Answer::Failed);
    pass(&mut steward, 5, 500);
    assert!(!obey(&mut steward).contains(&Order::Resume), "it may be done already");
    steward.own(own(12, 12));
    assert_eq!(steward.released(), Sequence(10));
}

#[test]
fn a_standby_whose_disk_is_full_acknowledges_nothing_follows_nobody_and_does_not_take_over() {
    let mut steward = following(5);
    assert!(steward.acknowledgement().is_some());
    steward.disk_is(true);
    assert_eq!(steward.acknowledgement(), None);
    steward.closed(NodeId(0));
    steward.refused(NodeId(0));
    assert!(!steward.may_follow());
    pass(&mut steward, 0, 500);
    assert_eq!(asked(&mut steward), None);
    steward.disk_is(false);
    assert!(steward.may_follow());
    steward.refused(NodeId(0));
    steward.tick(501 * MS);
    assert!(asked(&mut steward).is_some());
}

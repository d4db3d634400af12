//! Ways between machines that are cut: between the nodes, to the arbiter, and a machine that is cut off from all.

use std::time::{Duration, Instant};

use crate::cluster::{Cluster, Waits};
use crate::network::Network;
use crate::outage::Outages;
use crate::support::Random;
use crate::support::fix::Late;
use crate::{alone_apart, in_proportion, is_full, rounds, wait_for_a_random_moment};

/// How long a way is cut at least: longer than any node waits for the other.
const CUT: Duration = Duration::from_millis(700);

/// Runs a test over a network of its own, or says why it cannot.
fn over_a_network(test: &str, waits: Waits, run: impl FnOnce(Cluster)) {
    alone_apart(test, "--net", || {
        run(Cluster::over(Network::new(2)?, waits));
        Ok(())
    });
}

#[test]
fn nodes_that_hear_nothing_of_each_other_tell_nobody_two_stories() {
    let test = "cuts::nodes_that_hear_nothing_of_each_other_tell_nobody_two_stories";
    over_a_network(test, Waits::Product, |cluster| {
        let outages = Outages::new("link between the nodes cut in both directions");
        cut_often(cluster, outages, in_proportion(20), |_, primary, standby| {
            vec![(primary, standby), (standby, primary)]
        });
    });
}

#[test]
fn of_two_nodes_one_hears_the_other_and_is_not_heard() {
    let test = "cuts::of_two_nodes_one_hears_the_other_and_is_not_heard";
    over_a_network(test, Waits::Product, |cluster| {
        let outages = Outages::new("the same in one direction, each in turn");
        cut_often(cluster, outages, 2 * in_proportion(20), |round, primary, standby| {
            if round % 2 == 0 { vec![(primary, standby)] } else { vec![(standby, primary)] }
        });
    });
}

/// Cuts what `ways` names, each as from where to where, and mends it again; one of the nodes goes on.
fn cut_often(
    mut cluster: Cluster,
    mut outages: Outages,
    times: u64,
    ways: impl Fn(u64, usize, usize) -> Vec<(usize, usize)>,
) {
    let mut random = Random::new(51);
    let mut failovers = 0;
    for round in 0..times {
        cluster.trade();
        wait_for_a_random_moment(&mut random);
        cluster.wait_until_in_sync();
        let primary = cluster.primary();
        let ways = ways(round, primary, 1 - primary);
        outages.begin(&cluster);
        ways.iter().for_each(|(from, to)| cluster.network().cut(*from, *to));
        std::thread::sleep(CUT);
        cluster.wait_until_served();
        outages.end(&cluster);
        failovers += u64::from(cluster.primary() != primary);
        for (from, to) in ways {
            cluster.network().mend(from, to).expect("a way that was cut can be mended");
        }
        cluster.wait_until_in_sync();
        cluster.compare();
    }
    cluster.compare_journals();
    outages.print();
    println!("the standby took over {failovers} times, and was left out {}", times - failovers);
}

#[test]
fn a_connection_on_which_nothing_arrives_ends_so_the_standby_is_back_once_the_way_is_mended() {
    let test = "cuts::a_connection_on_which_nothing_arrives_ends_so_the_standby_is_back_once_the_way_is_mended";
    over_a_network(test, Waits::Long, |mut cluster| {
        cluster.trade();
        let primary = cluster.primary();
        let standby = 1 - primary;
        for (from, to) in [(primary, standby), (standby, primary)] {
            cluster.network().cut(from, to);
        }
        // By itself the kernel would try for a quarter of an hour.
        cluster.wait_until_apart(primary, standby);
        cluster.wait_until_served();
        for (from, to) in [(primary, standby), (standby, primary)] {
            cluster.network().mend(from, to).expect("a way that was cut can be mended");
        }
        cluster.wait_until_in_sync();
        cluster.compare_journals();
    });
}

#[test]
fn a_node_that_does_not_reach_the_arbiter_stops_nobody() {
    let test = "cuts::a_node_that_does_not_reach_the_arbiter_stops_nobody";
    over_a_network(test, Waits::Long, |mut cluster| {
        let mut random = Random::new(52);
        let mut outages = Outages::new("a node cut off from the arbiter alone, each in turn");
        let away = Duration::from_secs(if is_full() { 10 } else { 2 });
        for round in 0..2 * in_proportion(10) {
            cluster.trade();
            wait_for_a_random_moment(&mut random);
            cluster.wait_until_in_sync();
            let (primary, arbiter) = (cluster.primary(), cluster.network().arbiter());
            let node = if round % 2 == 0 { primary } else { 1 - primary };
            outages.begin(&cluster);
            let before = cluster.hold_of_primary();
            cluster.network().cut(node, arbiter);
            cluster.network().cut(arbiter, node);
            let cut = Instant::now();
            while cut.elapsed() < away {
                cluster.wait_until_served();
                std::thread::sleep(Duration::from_millis(100));
            }
            outages.end(&cluster);
            assert_eq!(cluster.hold_of_primary(), before, "nobody lost the primary");
            for (from, to) in [(node, arbiter), (arbiter, node)] {
                cluster.network().mend(from, to).expect("a way that was cut can be mended");
            }
            cluster.wait_until_in_sync();
            cluster.compare();
        }
        cluster.compare_journals();
        outages.print();
    });
}

#[test]
fn the_cable_of_the_primary_is_pulled_and_the_standby_takes_over() {
    let test = "cuts::the_cable_of_the_primary_is_pulled_and_the_standby_takes_over";
    over_a_network(test, Waits::Product, |mut cluster| {
        let mut random = Random::new(53);
        let mut outages = Outages::new("silent death: the primary cut off from all");
        let mut late = Late::default();
        rounds(in_proportion(50), |_| {
            cluster.trade();
            wait_for_a_random_moment(&mut random);
            cluster.wait_until_in_sync();
            let primary = cluster.primary();
            outages.begin(&cluster);
            cluster.network().pull(primary);
            let is_taken_over = cluster.is_taken_over(primary);
            if is_taken_over {
                outages.end(&cluster);
                std::thread::sleep(CUT);
            }
            cluster.network().plug(primary);
            cluster.wait_until_in_sync();
            cluster.compare();
            late.reports += cluster.late.reports;
            late.admin += cluster.late.admin;
            is_taken_over
        });
        cluster.compare_journals();
        outages.print();
        let Late { reports, admin } = late;
        println!(
            "{reports} reports and {admin} messages of the sessions themselves came from the lonely ones, each as \
             their successors have it in their log"
        );
    });
}

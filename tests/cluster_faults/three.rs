//! Three of them: members of etcd, of which one is lost, and nodes.

use std::time::Duration;

use crate::arbiter::Etcd;
use crate::cluster::{Arbiter, Cluster, Place};
use crate::outage::Outages;
use crate::support::Random;
use crate::{alone, in_proportion, wait_for_a_random_moment};

/// Members of etcd. Each is killed once at least, so that the one that leads them is.
const MEMBERS: u64 = 3;

#[test]
fn one_of_three_etcd_members_is_killed_and_a_failover_still_comes() {
    let _alone = alone();
    let etcd = Etcd::of(MEMBERS as usize);
    let mut cluster = Cluster::of_two(Arbiter::Etcd(etcd));
    let mut random = Random::new(71);
    let mut without_member = Outages::new("SIGKILL of one of three etcd members");
    let mut failovers = Outages::new("SIGKILL of the primary, an etcd member away");
    for round in 0..in_proportion(20).max(MEMBERS) {
        cluster.trade();
        wait_for_a_random_moment(&mut random);
        cluster.wait_until_in_sync();
        let primary = cluster.primary();
        without_member.begin(&cluster);
        let moves = cluster.moves();
        cluster.etcd().stop_member((round % MEMBERS) as usize);
        std::thread::sleep(Duration::from_secs(1));
        cluster.wait_until_served();
        without_member.end(&cluster);
        assert_eq!(cluster.moves(), moves, "nobody lost the primary");

        failovers.begin(&cluster);
        cluster.kill(primary);
        cluster.wait_until_served_elsewhere();
        failovers.end(&cluster);
        cluster.etcd().restart();
        cluster.start(primary);
        cluster.wait_until_in_sync();
        cluster.compare();
    }
    cluster.compare_journals();
    without_member.print();
    failovers.print();
}

#[test]
fn of_three_nodes_two_primaries_are_killed_and_the_last_one_has_everything() {
    let _alone = alone();
    let places = vec![Place::Own, Place::Own, Place::Own];
    let mut cluster = Cluster::with(Arbiter::file(), places);
    let mut random = Random::new(72);
    let mut first = Outages::new("SIGKILL of the primary of three nodes");
    let mut second = Outages::new("SIGKILL of its successor as well");
    for _ in 0..in_proportion(20) {
        cluster.trade();
        wait_for_a_random_moment(&mut random);
        cluster.wait_until_in_sync();
        let primary = cluster.primary();
        first.begin(&cluster);
        cluster.kill(primary);
        cluster.wait_until_served_elsewhere();
        first.end(&cluster);
        // The third one follows the new primary.
        cluster.wait_until_in_sync();

        wait_for_a_random_moment(&mut random);
        cluster.wait_until_in_sync();
        let successor = cluster.primary();
        second.begin(&cluster);
        cluster.kill(successor);
        cluster.wait_until_served_elsewhere();
        second.end(&cluster);
        cluster.start(primary);
        cluster.start(successor);
        cluster.wait_until_in_sync();
        cluster.compare();
    }
    cluster.compare_journals();
    first.print();
    second.print();
}

//! Three of them: members of etcd, of which one is lost, and nodes.

use std::time::Duration;

use crate::arbiter::Etcd;
use crate::cluster::{Arbiter, Cluster, Place, Waits};
use crate::outage::Outages;
use crate::support::Random;
use crate::{KILLS, alone, in_proportion, rounds, wait_for_a_random_moment};

/// Members of etcd. Each is killed once at least, so that the one that leads them is.
const MEMBERS: u64 = 3;

#[test]
fn one_of_three_etcd_members_is_killed_and_a_failover_still_comes() {
    let _alone = alone();
    let etcd = Etcd::of(MEMBERS as usize);
    let mut cluster = Cluster::of_two(Arbiter::Etcd(etcd), Waits::Long);
    let mut random = Random::new(71);
    let mut without_member = Outages::new("SIGKILL of one of three etcd members, each in turn");
    let mut failovers = Outages::new("SIGKILL of the primary while that member is away");
    rounds(in_proportion(20).max(KILLS).max(MEMBERS), |round| {
        cluster.trade();
        wait_for_a_random_moment(&mut random);
        cluster.wait_until_in_sync();
        let primary = cluster.primary();
        without_member.begin(&cluster);
        let before = cluster.hold_of_primary();
        cluster.etcd().stop_member((round % MEMBERS) as usize);
        std::thread::sleep(Duration::from_secs(1));
        cluster.wait_until_served();
        without_member.end(&cluster);
        assert_eq!(cluster.hold_of_primary(), before, "nobody lost the primary");

        failovers.begin(&cluster);
        cluster.kill(primary);
        let is_taken_over = cluster.is_taken_over(primary);
        if is_taken_over {
            failovers.end(&cluster);
        }
        cluster.etcd().restart();
        cluster.start(primary);
        cluster.wait_until_in_sync();
        cluster.compare();
        is_taken_over
    });
    cluster.compare_journals();
    without_member.print();
    failovers.print();
}

#[test]
fn of_three_nodes_two_primaries_are_killed_and_the_last_one_has_everything() {
    let _alone = alone();
    let places = vec![Place::Own, Place::Own, Place::Own];
    let mut cluster = Cluster::with(Arbiter::file(), places, Waits::Long);
    let mut random = Random::new(72);
    let mut first = Outages::new("SIGKILL of the primary of three nodes");
    let mut second = Outages::new("SIGKILL of its successor as well");
    rounds(in_proportion(20).max(KILLS), |_| {
        cluster.trade();
        let mut killed = Vec::new();
        let are_taken_over = [&mut first, &mut second].into_iter().all(|outages| {
            wait_for_a_random_moment(&mut random);
            // The third one follows the new primary.
            cluster.wait_until_in_sync();
            let primary = cluster.primary();
            outages.begin(&cluster);
            cluster.kill(primary);
            killed.push(primary);
            let is_taken_over = cluster.is_taken_over(primary);
            if is_taken_over {
                outages.end(&cluster);
            }
            is_taken_over
        });
        killed.into_iter().for_each(|node| cluster.start(node));
        cluster.wait_until_in_sync();
        cluster.compare();
        are_taken_over
    });
    cluster.compare_journals();
    first.print();
    second.print();
}

//! The disk of a primary that is full, and one that fails.

use std::time::Duration;

use crate::cluster::{Arbiter, Cluster, Place, Waits};
use crate::disk::{LoopDisk, Mount};
use crate::outage::Outages;
use crate::support::Random;
use crate::{alone_apart, in_proportion, is_full, rounds, wait_for_a_random_moment};

/// How often the other node is killed at most so that the first one leads.
const LEADS_MAX: u32 = 5;

/// Has the first node lead, which is the one with the small disk.
fn let_the_first_lead(cluster: &mut Cluster) {
    for _ in 0..LEADS_MAX {
        cluster.wait_until_in_sync();
        if cluster.primary() == 0 {
            return;
        }
        cluster.trade();
        cluster.kill(1);
        cluster.is_taken_over(1);
        cluster.start(1);
    }
    panic!("the first node does not lead");
}

#[test]
fn the_disk_of_the_primary_is_full_and_nothing_told_is_lost() {
    let test = "disks::the_disk_of_the_primary_is_full_and_nothing_told_is_lost";
    alone_apart(test, "--mount", || {
        let mount = Mount::new(48)?;
        let places = vec![Place::At(mount.path().join("data")), Place::Own];
        let mut cluster = Cluster::with(Arbiter::file(), places, Waits::Long);
        let mut outages = Outages::new("the disk of the primary full");
        cluster.trade();
        let_the_first_lead(&mut cluster);
        outages.begin(&cluster);
        mount.fill();
        cluster.wait_until_full(0);
        std::thread::sleep(Duration::from_secs(if is_full() { 20 } else { 5 }));
        let says_so = cluster.says_that_its_disk_is_full(0);
        assert!(says_so || !cluster.is_alive(0), "its operator is not told");
        mount.free();
        println!("{} orders were refused since the disk was full", cluster.refused_for_space());
        assert!(cluster.refused_for_space() > 0, "the clients were told");
        if !cluster.is_alive(0) {
            println!("the primary ended: {}", cluster.last_words(0));
            cluster.start(0);
        }
        cluster.wait_until_accepting();
        cluster.wait_until_served();
        outages.end(&cluster);
        cluster.wait_until_in_sync();
        cluster.compare();
        cluster.compare_journals();
        outages.print();
        Ok(())
    });
}

#[test]
fn a_sync_error_ends_the_primary_and_nothing_told_is_lost() {
    let test = "disks::a_sync_error_ends_the_primary_and_nothing_told_is_lost";
    alone_apart(test, "--mount", || {
        let disk = LoopDisk::new()?;
        let places = vec![Place::At(disk.path().join("data")), Place::Own];
        let mut cluster = Cluster::with(Arbiter::file(), places, Waits::Long);
        let mut outages = Outages::new("a sync error on the primary");
        let mut random = Random::new(61);
        rounds(in_proportion(10), |_| {
            let_the_first_lead(&mut cluster);
            cluster.trade();
            wait_for_a_random_moment(&mut random);
            outages.begin(&cluster);
            disk.break_it();
            cluster.wait_until_ended(0);
            println!("the primary ended: {}", cluster.last_words(0));
            let is_taken_over = cluster.is_taken_over(0);
            if is_taken_over {
                outages.end(&cluster);
                assert_eq!(cluster.primary(), 1, "the other one took over");
            }
            disk.mend();
            cluster.start(0);
            cluster.wait_until_in_sync();
            cluster.compare();
            is_taken_over
        });
        cluster.compare_journals();
        outages.print();
        Ok(())
    });
}

//! The disk of a primary that is full, and one that fails.

use std::time::Duration;

use crate::cluster::{Arbiter, Cluster, Place};
use crate::disk::{LoopDisk, Mount};
use crate::outage::Outages;
use crate::support::Random;
use crate::{alone_apart, in_proportion, is_full, wait_for_a_random_moment};

#[test]
fn the_disk_of_the_primary_is_full_and_nothing_told_is_lost() {
    let test = "disks::the_disk_of_the_primary_is_full_and_nothing_told_is_lost";
    alone_apart(test, "--mount", || {
        let mount = Mount::new(48)?;
        let places = vec![Place::At(mount.path().join("data")), Place::Own];
        let mut cluster = Cluster::with(Arbiter::file(), places);
        let mut outages = Outages::new("the disk of the primary full");
        cluster.trade();
        cluster.wait_until_served();
        assert_eq!(cluster.primary(), 0, "it founded the cluster");
        outages.begin(&cluster);
        mount.fill();
        cluster.wait_until_full(0);
        std::thread::sleep(Duration::from_secs(if is_full() { 20 } else { 5 }));
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
        let mut cluster = Cluster::with(Arbiter::file(), places);
        let mut outages = Outages::new("a sync error on the primary");
        let mut random = Random::new(61);
        for _ in 0..in_proportion(10) {
            if cluster.primary() != 0 {
                // The one with that disk leads again.
                cluster.trade();
                cluster.kill(1);
                cluster.wait_until_served_elsewhere();
                cluster.start(1);
                cluster.wait_until_in_sync();
            }
            cluster.trade();
            wait_for_a_random_moment(&mut random);
            cluster.wait_until_in_sync();
            outages.begin(&cluster);
            disk.break_it();
            cluster.wait_until_ended(0);
            println!("the primary ended: {}", cluster.last_words(0));
            cluster.wait_until_served();
            outages.end(&cluster);
            assert_eq!(cluster.primary(), 1, "the other one took over");
            disk.mend();
            cluster.start(0);
            cluster.wait_until_in_sync();
            cluster.compare();
        }
        cluster.compare_journals();
        outages.print();
        Ok(())
    });
}

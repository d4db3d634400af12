//! A standby whose disk, a tmpfs of its own, fills up: it says so and leaves, its primary goes
//! on without it, and it comes back when there is room.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use support::apart::apart;
use support::crowd::each;
use support::exchange::JOURNAL;
use support::pair::{Pair, cluster, is_listening, leads_both, wait_for};
use support::trader::Trader;

const SESSIONS: usize = 2;
const SEED: u64 = 0x726f_6f6d;
/// Requests of each session between two looks.
const REQUESTS: u64 = 200;

/// A small file system in the place of a directory; unmounted when it is dropped.
struct Mount(PathBuf);

impl Mount {
    /// Or why this user may not mount.
    fn at(directory: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(directory).expect("a directory");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs"]).arg(directory);
        let output = mount.output().map_err(|error| format!("mount: {error}"))?;
        match output.status.success() {
            true => Ok(Self(directory.to_owned())),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }

    /// Takes all the room that is left; gives the file that does.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut file = std::fs::File::create(&ballast).expect("a file");
        let full = std::io::copy(&mut std::io::repeat(7), &mut file).expect_err("it gets full");
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        ballast
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily, so that it is gone even if something still lies open there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_standby_without_room_leaves_its_primary_goes_on_and_it_comes_back_with_room() {
    let test = "a_standby_without_room_leaves_its_primary_goes_on_and_it_comes_back_with_room";
    apart(test, "--mount", leaves_and_comes_back);
}

fn leaves_and_comes_back() -> Result<(), String> {
    let pair = Pair::new(SESSIONS, |node, text| {
        let small = "segment_bytes = 1048576\nreserve_bytes = 262144\nlog_ring_records = 1024\n";
        assert!(text.contains(JOURNAL));
        if node == 1 { text.replace(JOURNAL, small) } else { text }
    });
    let [first, second] = &pair.houses;
    let mount = Mount::at(&second.journal)?;
    let (a, b) = (first.start(), second.start());
    a.admin(&json!({"command": "found"}));
    wait_for("both in sync", &[&a, &b], || leads_both(&a));
    let mut traders: Vec<Trader> =
        (1..=SESSIONS).map(|session| Trader::new(session, SEED)).collect();
    wait_for("its doors open", &[&a], || is_listening(&a));
    each(&mut traders, |trader| trader.client.log_on(a.address));
    let ballast = mount.fill();
    // Every request is answered, before, while and after the standby leaves.
    wait_for("the standby leaves", &[&a, &b], || {
        each(&mut traders, |trader| trader.trade_some(REQUESTS, 16));
        cluster(&b)["disk_full"] == true && cluster(&a)["view"]["in_sync"] == json!([0])
    });
    each(&mut traders, |trader| trader.trade_some(REQUESTS, 16));
    assert_eq!(
        cluster(&b)["role"],
        "standby",
        "it does not take the place of a primary that lives"
    );

    std::fs::remove_file(ballast).expect("it can be removed");
    wait_for("it comes back", &[&a, &b], || leads_both(&a));
    assert_eq!(cluster(&b)["disk_full"], false);
    let returned_at = cluster(&a)["last_record"].as_u64();
    each(&mut traders, |trader| trader.trade_some(REQUESTS, 16));
    wait_for("states compared", &[&a, &b], || {
        cluster(&a)["nodes"][0]["states_agreed_at"].as_u64() > returned_at
    });
    drop((a, b));
    Ok(())
}

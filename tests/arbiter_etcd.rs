//! The etcd arbiter against real etcd servers, on loopback.

mod support;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use castle::cluster::arbiter::{Arbiter, EtcdArbiter, EtcdOptions};
use castle::cluster::view::{Change, Incarnation, Member, View};
use castle::model::{ClusterName, Durability, Epoch, NodeId};
use castle::runtime::dies_with_its_parent;
use support::ports::Port;
use support::scratch;

/// Members of one etcd cluster, each with its data in a directory that goes with it.
struct Etcd {
    members: Vec<Option<Child>>,
    clients: Vec<String>,
    _data: tempfile::TempDir,
    _ports: Vec<Port>,
}

impl Etcd {
    fn start(members: usize) -> Self {
        let data = scratch::directory();
        let ports: Vec<Port> = (0..2 * members).map(|_| Port::hold()).collect();
        let urls: Vec<String> =
            ports.iter().map(|port| format!("http://{}", port.address)).collect();
        let (clients, peers) = urls.split_at(members);
        let all: Vec<String> =
            peers.iter().enumerate().map(|(at, peer)| format!("m{at}={peer}")).collect();
        let members = (0..members)
            .map(|at| {
                let mut etcd = Command::new("etcd");
                etcd.args(["--name", &format!("m{at}")]);
                etcd.arg("--data-dir").arg(data.path().join(format!("m{at}")));
                etcd.args(["--listen-client-urls", &clients[at]]);
                etcd.args(["--advertise-client-urls", &clients[at]]);
                etcd.args(["--listen-peer-urls", &peers[at]]);
                etcd.args(["--initial-advertise-peer-urls", &peers[at]]);
                etcd.args(["--initial-cluster", &all.join(",")]);
                etcd.args(["--log-level", "error"]);
                etcd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                dies_with_its_parent(&mut etcd);
                Some(etcd.spawn().expect("etcd runs: install the package etcd-server"))
            })
            .collect();
        Self { members, clients: clients.to_vec(), _data: data, _ports: ports }
    }

    fn stop(&mut self, member: usize) {
        if let Some(mut child) = self.members[member].take() {
            child.kill().expect("it is ours");
            child.wait().expect("it was started");
        }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        for member in 0..self.members.len() {
            self.stop(member);
        }
    }
}

fn arbiter(etcd: &Etcd) -> EtcdArbiter {
    let options =
        EtcdOptions { endpoints: etcd.clients.clone(), timeout: Duration::from_secs(2), tls: None };
    EtcdArbiter::new(&options, &name()).expect("the options are right")
}

/// Waits until the members have found each other.
fn wait_until_it_answers(arbiter: &mut EtcdArbiter) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while let Err(error) = arbiter.read() {
        assert!(Instant::now() < deadline, "{error}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn name() -> ClusterName {
    ClusterName::new(b"castle").expect("it is short")
}

fn member(node: u16) -> Member {
    Member { node: NodeId(node), incarnation: Incarnation(u64::from(node) + 7) }
}

fn over(view: &View, node: u16, nonce: u64) -> View {
    let change = Change::TakeOver { primary: member(node), in_sync: vec![member(node)] };
    view.next(&change, Durability::LocalDisk, nonce).expect("it is valid")
}

#[test]
fn three_members_hold_one_view_and_one_of_them_may_be_lost() {
    let mut etcd = Etcd::start(3);
    let (mut first, mut second) = (arbiter(&etcd), arbiter(&etcd));
    wait_until_it_answers(&mut first);
    assert_eq!(first.read().expect("it answers"), None);
    let view =
        View::founding(name(), member(0), Epoch(0), Durability::LocalDisk, 1).expect("it is valid");
    first.found(&view).expect("it answers");
    let other =
        View::founding(name(), member(1), Epoch(0), Durability::LocalDisk, 2).expect("it is valid");
    second.found(&other).expect("it answers");
    let held = second.read().expect("it answers").expect("it was founded");
    assert_eq!(held.view, view, "the second founding changed nothing");

    // Both ask for the place of the same view.
    first.swap(held.version, &over(&held.view, 0, 10)).expect("it answers");
    second.swap(held.version, &over(&held.view, 1, 11)).expect("it answers");
    let after = first.watch(held.version, Duration::from_secs(10)).expect("it answers");
    let after = after.expect("it changed");
    assert_eq!(after.view.nonce(), 10, "the one that came first");
    assert_eq!(second.read().expect("it answers"), Some(after.clone()));

    etcd.stop(0);
    wait_until_it_answers(&mut second);
    second.swap(after.version, &over(&after.view, 1, 12)).expect("two of three answer");
    let held = first.read().expect("two of three answer").expect("it is there");
    assert_eq!((held.view.nonce(), held.view.epoch().0), (12, 3));

    etcd.stop(1);
    let error = first.read().expect_err("one of three is no majority").to_string();
    assert!(error.contains(&etcd.clients[2]), "{error}");
}

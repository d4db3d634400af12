//! Two nodes of a cluster, each a `castle serve` of its own, with a file as arbiter.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::exchange::{Exchange, House, Setup};
use super::ports::Port;
use super::scratch;

/// How long anything of the cluster may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Two nodes that know each other.
pub struct Pair {
    pub houses: [House; 2],
    view: TempDir,
    _ports: [Port; 4],
}

impl Pair {
    /// Two nodes with that many sessions each; `edit` may change each node's configuration.
    pub fn new(sessions: usize, edit: impl Fn(usize, String) -> String) -> Self {
        let view = scratch::directory();
        let ports = [(); 4].map(|()| Port::hold());
        let [fix_a, fix_b, peer_a, peer_b] = ports.each_ref().map(|port| port.address);
        let members = [(0, "castle-a", peer_a), (1, "castle-b", peer_b)].map(|(node, name, address)| {
            format!("[[cluster.member]]\nnode = {node}\nname = \"{name}\"\naddress = \"{address}\"\n")
        });
        let houses = [(0, fix_a), (1, fix_b)].map(|(node, fix)| {
            let durability = "standby-memory";
            let house = House::new(&Setup { durability, sessions, ..Setup::default() });
            house.edit(|text| {
                let text = text.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"{fix}\""));
                let text = format!(
                    "{text}[cluster]\nnode = {node}\ncompare_states_every = 64\n\
                     # A test machine may leave a process waiting for long.\n\
                     primary_timeout_ms = 2000\nstandby_timeout_ms = 1000\n\
                     [cluster.arbiter]\nfile = \"{}\"\n{}",
                    view.path().display(),
                    members.concat()
                );
                edit(node, text)
            });
            house
        });
        Self { houses, view, _ports: ports }
    }

    /// Removes all that the arbiter knows.
    pub fn forget_views(&self) {
        for entry in std::fs::read_dir(self.view.path()).expect("the arbiter's directory") {
            // One that is removed meanwhile is gone as well.
            let _ = std::fs::remove_file(entry.expect("an entry").path());
        }
    }
}

/// Waits, and shows what the nodes said where it is in vain.
pub fn wait_for(what: &str, said: &[&Exchange], mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        let said = || said.iter().map(|node| node.said()).collect::<Vec<_>>().join("\n----\n");
        assert!(Instant::now() < deadline, "{what}\n{}", said());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a node tells of the cluster.
pub fn cluster(node: &Exchange) -> Value {
    node.admin(&json!({"command": "cluster"}))
}

/// Whether the node leads with both in sync.
pub fn leads_both(node: &Exchange) -> bool {
    let told = cluster(node);
    let in_sync = told["view"]["in_sync"].as_array().map_or(0, Vec::len);
    told["role"] == "primary" && in_sync == 2
}

/// Whether a node takes clients' connections.
pub fn is_listening(node: &Exchange) -> bool {
    TcpStream::connect(node.address).is_ok()
}

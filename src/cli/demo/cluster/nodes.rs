//! The demo's two nodes: processes of this program, which end with whoever holds them.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cli::Failure;
use crate::cli::admin_client::AdminClient;
use crate::cli::demo::TRADERS;
use crate::venue::config::Config;
use crate::venue::dies_with_its_parent;

/// How long the nodes may take to start and to come in sync.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);

/// See the module.
pub struct Nodes {
    pub nodes: [Node; 2],
}

/// One of them.
pub struct Node {
    child: Child,
    pub fix: SocketAddr,
    pub config: PathBuf,
    socket: PathBuf,
    said: PathBuf,
}

impl Nodes {
    /// Starts both, with all their files in one directory, but for the log rings.
    pub fn start(directory: &Path, rings: &Path) -> Result<Self, Failure> {
        let [fix_0, fix_1, peer_0, peer_1] = free_addresses()?;
        let start = |node: usize, fix| Node::start((directory, rings), node, fix, [peer_0, peer_1]);
        let mut nodes = Self { nodes: [start(0, fix_0)?, start(1, fix_1)?] };
        for node in &mut nodes.nodes {
            node.wait_for("its start", |_| true)?;
        }
        Ok(nodes)
    }

    /// Waits until the first leads with the second in sync.
    pub fn wait_until_in_sync(&mut self) -> Result<(), Failure> {
        self.nodes[0].wait_for("the second node", |told| {
            let in_sync = told["view"]["in_sync"].as_array().map_or(0, Vec::len);
            told["role"] == "primary" && in_sync == 2
        })
    }
}

impl Node {
    fn start(
        (directory, rings): (&Path, &Path),
        node: usize,
        fix: SocketAddr,
        peers: [SocketAddr; 2],
    ) -> Result<Self, Failure> {
        let home = directory.join(format!("node-{node}"));
        let (config, said) = (home.join("castle.toml"), home.join("said"));
        let socket = home.join("admin.sock");
        let io = |error: std::io::Error| Failure::new(format!("{}: {error}", home.display()));
        std::fs::create_dir(&home).map_err(io)?;
        std::fs::write(&config, text((directory, rings), &home, node, fix, peers)).map_err(io)?;
        let out = File::create(&said).map_err(io)?;
        let program = std::env::current_exe().map_err(io)?;
        let mut command = Command::new(program);
        command.arg("serve").arg("--config").arg(&config);
        command.stdin(Stdio::null()).stdout(out.try_clone().map_err(io)?).stderr(out);
        dies_with_its_parent(&mut command);
        let child = command.spawn().map_err(io)?;
        Ok(Self { child, fix, config, socket, said })
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// A connection to its operator's door.
    pub fn admin(&self) -> Result<AdminClient, Failure> {
        AdminClient::connect(&self.socket).map_err(Failure::new)
    }

    /// SIGKILL.
    pub fn kill(&mut self) -> Result<(), Failure> {
        self.child.kill().map_err(Failure::new)?;
        self.child.wait().map(|_| ()).map_err(Failure::new)
    }

    /// Waits until what the node tells of the cluster satisfies `done`.
    fn wait_for(
        &mut self,
        what: &str,
        done: impl Fn(&serde_json::Value) -> bool,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let told =
                self.admin().ok().and_then(|mut it| it.ask(&json!({"command": "cluster"})).ok());
            if told.is_some_and(|told| done(&told)) {
                return Ok(());
            }
            let has_ended = self.child.try_wait().map_err(Failure::new)?.is_some();
            if has_ended || Instant::now() > deadline {
                let said = std::fs::read_to_string(&self.said).unwrap_or_default();
                return Err(Failure::new(format!(
                    "a node waited for {what} in vain. It said:\n{said}"
                )));
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Addresses that were free a moment ago.
fn free_addresses() -> Result<[SocketAddr; 4], Failure> {
    let mut addresses = [SocketAddr::from(([127, 0, 0, 1], 0)); 4];
    let mut listeners = Vec::new();
    for address in &mut addresses {
        let listener = TcpListener::bind(*address).map_err(Failure::new)?;
        *address = listener.local_addr().map_err(Failure::new)?;
        // All at once, so that no two are the same.
        listeners.push(listener);
    }
    Ok(addresses)
}

/// The configuration of a node: assets and instruments of the example, and the demo's traders.
fn text(
    (directory, rings): (&Path, &Path),
    home: &Path,
    node: usize,
    fix: SocketAddr,
    peers: [SocketAddr; 2],
) -> String {
    let (home, ring, view) = (home.display(), rings.display(), directory.join("view"));
    let example = Config::example();
    let market = example.find("[[asset]]").zip(example.find("[[account]]"));
    let market = market.map_or("", |(from, to)| &example[from..to]);
    let mut text = format!(
        "durability = \"standby-memory\"\n\
         [fix]\nlisten = \"{fix}\"\n\
         messages_per_second_max = 100000000\nmessages_burst_max = 100000000\n\
         [journal]\ndirectory = \"{home}/journal\"\nring_directory = \"{ring}\"\n\
         [admin]\nsocket = \"{home}/admin.sock\"\n\
         [engine]\norders_max = 65536\ncl_ord_ids_max = 4194304\n\
         [cluster]\nname = \"demo-{}\"\nnode = {node}\n\
         [cluster.arbiter]\nfile = \"{}\"\n",
        std::process::id(),
        view.display()
    );
    for (peer, address) in peers.iter().enumerate() {
        text += &format!(
            "[[cluster.member]]\nnode = {peer}\nname = \"node-{peer}\"\naddress = \"{address}\"\n"
        );
    }
    text += market;
    for index in 0..TRADERS {
        let account = index + 2;
        text += &format!(
            "[[account]]\nid = {account}\n\
             deposits = {{ BTC = \"10000\", ETH = \"100000\", USDT = \"1000000000\" }}\n\
             [[session]]\ncomp_id = \"TRADER{}\"\naccount = {account}\n",
            index + 1
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_of_each_node_is_accepted() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        for node in 0..2 {
            let directory = Path::new("/tmp/demo");
            let peers = [address(2), address(3)];
            let text =
                text((directory, directory), &directory.join("node"), node, address(1), peers);
            let config = Config::parse(Path::new("(demo)"), &text).unwrap();
            assert_eq!(config.sessions.len(), TRADERS as usize);
            assert_eq!(config.cluster.others().len(), 1);
        }
    }
}

//! Two nodes of a cluster: their configurations, their processes, what an operator asks of them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::suite::Options;
use crate::suite::wire::server::{Server, Setup, configuration};

/// How long the nodes may take to find each other, and an operator's answer to come.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(5);
/// How long a primary may be silent: the default, of which the README speaks.
pub const PRIMARY_TIMEOUT: Duration = Duration::from_millis(200);

/// Where two nodes live.
pub struct Houses {
    /// Each node's directory, with its configuration.
    pub directories: [PathBuf; 2],
    /// Where each takes clients.
    pub clients: [SocketAddr; 2],
}

/// Addresses that were free a moment ago.
fn free_addresses<const N: usize>() -> Result<[SocketAddr; N], String> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut listeners = Vec::with_capacity(N);
    for _ in 0..N {
        listeners.push(TcpListener::bind(any).map_err(|error| format!("a free port: {error}"))?);
    }
    let addresses: Result<Vec<_>, _> = listeners.iter().map(TcpListener::local_addr).collect();
    let addresses = addresses.map_err(|error| format!("a free port: {error}"))?;
    addresses.try_into().map_err(|_| "as many addresses as listeners".to_owned())
}

impl Houses {
    /// Makes directories and configurations for two nodes with room for so many orders, each with its hot thread on
    /// a core of these, and an arbiter beside.
    pub fn new(
        options: &Options,
        cores: [usize; 2],
        directory: &Path,
        orders_max: u64,
    ) -> Result<Self, String> {
        let problem = |error: std::io::Error| format!("{}: {error}", directory.display());
        let directory = std::fs::canonicalize(directory).map_err(problem)?;
        let [first, second, near, far] = free_addresses()?;
        let members = [(0, near), (1, far)].map(|(node, address)| {
            format!("[[cluster.member]]\nnode = {node}\nname = \"node-{node}\"\naddress = \"{address}\"\n")
        });
        let directories = ["a", "b"].map(|name| directory.join(name));
        for (node, listen) in [first, second].into_iter().enumerate() {
            let home = &directories[node];
            let journal = home.join("journal");
            std::fs::create_dir_all(home).map_err(problem)?;
            let setup = Setup {
                core: cores[node],
                durability: "standby-memory",
                orders_max,
                listen,
                journal: &journal,
            };
            let mut text = configuration(options, &setup);
            let view = directory.join("view");
            // Writing to a String cannot fail.
            let _always_ok = write!(
                text,
                "[cluster]\nnode = {node}\nprimary_timeout_ms = {}\n[cluster.arbiter]\nfile = \"{}\"\n{}",
                PRIMARY_TIMEOUT.as_millis(),
                view.display(),
                members.concat()
            );
            std::fs::write(home.join("castle.toml"), text).map_err(problem)?;
        }
        Ok(Self { directories, clients: [first, second] })
    }

    /// The file of a node's configuration.
    pub fn configuration(&self, node: usize) -> PathBuf {
        self.directories[node].join("castle.toml")
    }

    /// Starts a node.
    pub fn start(&self, options: &Options, node: usize) -> Result<Server, String> {
        let file = self.configuration(node);
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        Server::castle_with(options, &text, &self.directories[node])
    }

    /// Asks a node as an operator does.
    pub fn ask(&self, node: usize, request: &Value) -> Result<Value, String> {
        let socket = self.directories[node].join("journal/admin.sock");
        let answer = || {
            let stream = UnixStream::connect(&socket)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            let mut reader = BufReader::new(stream);
            writeln!(reader.get_mut(), "{request}")?;
            let mut line = String::new();
            reader.read_line(&mut line)?;
            Ok(line)
        };
        let line = answer().map_err(|error: std::io::Error| format!("node {node}: {error}"))?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|error| format!("node {node}: {error}"))?;
        if answer["ok"] == true { Ok(answer) } else { Err(format!("node {node}: {answer}")) }
    }

    /// What a node says of the cluster.
    pub fn cluster(&self, node: usize) -> Result<Value, String> {
        self.ask(node, &json!({"command": "cluster"}))
    }

    /// Makes the first view, with this node as primary.
    pub fn found(&self, node: usize) -> Result<(), String> {
        wait("the first view", || {
            let told = self.cluster(node)?;
            if told["view"].is_null() {
                self.ask(node, &json!({"command": "found"}))?;
            }
            // It leads a little before its doors are open.
            Ok(told["role"] == "primary" && TcpStream::connect(self.clients[node]).is_ok())
        })
    }

    /// Waits until a node leads with both in sync.
    pub fn wait_for_both(&self, node: usize) -> Result<(), String> {
        wait("both nodes in sync", || {
            let told = self.cluster(node)?;
            let in_sync = told["view"]["in_sync"].as_array().map_or(0, Vec::len);
            Ok(told["role"] == "primary" && in_sync == 2)
        })
    }
}

/// Nanoseconds since 1970, by the clock that the nodes read too.
pub fn wall_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}

/// Waits until something is so. What fails meanwhile is told only where it never is.
pub fn wait(what: &str, mut is_so: impl FnMut() -> Result<bool, String>) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = is_so();
        if found == Ok(true) {
            return Ok(());
        }
        if Instant::now() > deadline {
            let why = found.err().map(|why| format!(": {why}")).unwrap_or_default();
            return Err(format!("{what} did not come within {} s{why}", PATIENCE.as_secs()));
        }
        std::thread::sleep(LOOK);
    }
}

//! A real etcd, of one member or of more, which can be stopped and started again with what it held.

use std::process::{Child, Stdio};

use castle::runtime::dies_with_its_parent;
use tempfile::TempDir;

use crate::network::{ETCD_PEER_PORT, ETCD_PORT, Network, command};
use crate::support::ports::Port;
use crate::support::scratch;

/// See the module.
pub struct Etcd {
    members: Vec<Option<Child>>,
    urls: Vec<String>,
    peers: Vec<String>,
    data: TempDir,
    /// What every command line begins with.
    prefix: Vec<String>,
    /// By what it proves who it is, and asks for the same.
    tls: Vec<String>,
    /// On loopback: its ports, also while a member does not run.
    _ports: Vec<Port>,
}

impl Etcd {
    pub fn start() -> Self {
        Self::of(1)
    }

    /// So many members on loopback, in the clear.
    pub fn of(members: usize) -> Self {
        let ports: Vec<Port> = (0..2 * members).map(|_| Port::hold()).collect();
        let urls = ports.iter().map(|port| format!("http://{}", port.address));
        let mut urls: Vec<String> = urls.collect();
        let peers = urls.split_off(members);
        Self::with(urls, peers, Vec::new(), Vec::new(), ports)
    }

    /// One member on a machine of its own, where others prove who they are.
    pub fn on(network: &Network) -> Self {
        let address = network.address(network.arbiter()).to_string();
        let papers = network.certify(&address);
        let options = [
            ("--cert-file", &papers.certificate),
            ("--key-file", &papers.key),
            ("--trusted-ca-file", &papers.authority),
        ];
        let options = options.map(|(option, path)| format!("{option}={}", path.display()));
        let tls = options.into_iter().chain(["--client-cert-auth".to_owned()]).collect();
        let url = format!("https://{address}:{ETCD_PORT}");
        let peer = format!("http://127.0.0.1:{ETCD_PEER_PORT}");
        Self::with(vec![url], vec![peer], network.prefix(network.arbiter()), tls, Vec::new())
    }

    fn with(
        urls: Vec<String>,
        peers: Vec<String>,
        prefix: Vec<String>,
        tls: Vec<String>,
        ports: Vec<Port>,
    ) -> Self {
        let data = scratch::directory();
        let members = urls.iter().map(|_| None).collect();
        let mut etcd = Self { members, urls, peers, data, prefix, tls, _ports: ports };
        etcd.restart();
        etcd
    }

    /// Its members' addresses, as a node's configuration names them.
    pub fn endpoints(&self) -> String {
        self.urls.join(", ")
    }

    /// Starts every member that does not run.
    pub fn restart(&mut self) {
        for member in 0..self.members.len() {
            if self.members[member].is_none() {
                self.members[member] = Some(self.start_member(member));
            }
        }
    }

    fn start_member(&self, member: usize) -> Child {
        let peers = self.peers.iter().enumerate();
        let all: Vec<String> = peers.map(|(at, peer)| format!("m{at}={peer}")).collect();
        let (url, peer) = (&self.urls[member], &self.peers[member]);
        let name = format!("m{member}");
        let mut command = command(&self.prefix, "etcd");
        command.arg("--data-dir").arg(self.data.path().join(&name)).args(["--name", &name]);
        command.args(["--listen-client-urls", url, "--advertise-client-urls", url]);
        command.args(["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]);
        command.args(["--initial-cluster", &all.join(",")]).args(&self.tls);
        command.args(["--log-level", "error"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        dies_with_its_parent(&mut command);
        command.spawn().expect("etcd runs: install the package etcd-server")
    }

    /// Stops all of them.
    pub fn stop(&mut self) {
        (0..self.members.len()).for_each(|member| self.stop_member(member));
    }

    pub fn stop_member(&mut self, member: usize) {
        if let Some(mut child) = self.members[member].take() {
            child.kill().expect("it is ours");
            child.wait().expect("it was started");
        }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.stop();
    }
}

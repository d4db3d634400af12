//! One real etcd server, which can be stopped and started again with what it held.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use castle::runtime::dies_with_its_parent;
use tempfile::TempDir;

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

/// See the module.
pub struct Etcd {
    child: Option<Child>,
    pub url: String,
    peer: String,
    data: TempDir,
}

impl Etcd {
    pub fn start() -> Self {
        let url = || format!("http://127.0.0.1:{}", free_port());
        let data = tempfile::tempdir().expect("there is a place for it");
        let mut etcd = Self { child: None, url: url(), peer: url(), data };
        etcd.restart();
        etcd
    }

    pub fn restart(&mut self) {
        let mut command = Command::new("etcd");
        command.args(["--name", "m0", "--data-dir"]).arg(self.data.path().join("m0"));
        command.args(["--listen-client-urls", &self.url, "--advertise-client-urls", &self.url]);
        command.args(["--listen-peer-urls", &self.peer]);
        command.args(["--initial-advertise-peer-urls", &self.peer]);
        command.args(["--initial-cluster", &format!("m0={}", self.peer)]);
        command.args(["--log-level", "error"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        dies_with_its_parent(&mut command);
        let child = command.spawn().expect("etcd runs: install the package etcd-server");
        self.child = Some(child);
    }

    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
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

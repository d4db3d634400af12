//! Machines that a test makes out of network namespaces, and ways between them that it cuts.
//!
//! 1. Every node, and the arbiter, is a machine: a namespace with a loopback of its own. A veth pair wires it to a
//!    bridge in one more namespace, the switch.
//! 2. Hardware addresses are written down by hand, so that nobody asks for them. A way from one machine to
//!    another is cut by writing down, at the first, an address that nobody has: what it sends is lost without
//!    a word, in that direction only.
//! 3. A cable is pulled by setting the switch's end of it down: the machine is cut off from everybody.
//! 4. A namespace lives as long as a process in it. The one that holds it reads a pipe of the test's, so that
//!    nothing is left behind, however the test ends.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use castle::runtime::dies_with_its_parent;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tempfile::TempDir;

use crate::authority::{Authority, Papers};
use crate::support::scratch;

/// Ports on machines of their own, where nobody else is: below those that connections which go out are given.
pub const FIX_PORT: u16 = 7_001;
pub const PEER_PORT: u16 = 7_002;
pub const ETCD_PORT: u16 = 7_003;
pub const ETCD_PEER_PORT: u16 = 7_004;
/// A hardware address that no machine has.
const NOBODY: &str = "02:00:00:00:00:ff";

/// A network namespace.
struct Namespace {
    holder: Child,
    file: Arc<File>,
}

impl Namespace {
    /// One with nothing in it, or why there is none.
    fn new() -> Result<Self, String> {
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        unshare.stderr(Stdio::piped());
        dies_with_its_parent(&mut unshare);
        let mut holder = unshare.spawn().map_err(|error| format!("unshare: {error}"))?;
        // Once it answers it is in there.
        let (Some(input), Some(output)) = (&mut holder.stdin, &mut holder.stdout) else {
            unreachable!("both are piped");
        };
        let answered = input.write_all(b".").and_then(|()| output.read_exact(&mut [0]));
        if answered.is_err() {
            let output = holder.wait_with_output().map_err(|error| error.to_string())?;
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        let file = File::open(format!("/proc/{}/ns/net", holder.id()));
        Ok(Self { holder, file: Arc::new(file.map_err(|error| error.to_string())?) })
    }

    /// What a command line begins with so that it runs in there, as the very process that is started.
    fn prefix(&self) -> Vec<String> {
        vec!["nsenter".to_owned(), format!("--net=/proc/{}/ns/net", self.holder.id())]
    }

    /// Runs commands of `ip`, one a line.
    fn ip(&self, lines: &str) -> Result<(), String> {
        let mut ip = command(&self.prefix(), "ip");
        ip.args(["-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut ip = ip.spawn().map_err(|error| format!("nsenter: {error}"))?;
        let mut input = ip.stdin.take().expect("it is piped");
        // Where it ended early, its error says why.
        let _ = input.write_all(lines.as_bytes());
        drop(input);
        let output = ip.wait_with_output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if output.status.success() { Ok(()) } else { Err(format!("ip: {said}")) }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// A program, run behind such a prefix, if there is one.
pub fn command(prefix: &[String], program: impl AsRef<OsStr>) -> Command {
    let Some((first, rest)) = prefix.split_first() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    command
}

/// Where a node takes clients' connections: on the loopback of its machine, so a client is on it, too.
#[derive(Clone)]
pub struct Door {
    pub address: SocketAddr,
    /// The namespace of the machine, where it is not the test's own.
    namespace: Option<Arc<File>>,
}

impl Door {
    /// On the test's own loopback.
    pub fn here(address: SocketAddr) -> Self {
        Self { address, namespace: None }
    }

    /// Runs this where the door is: a socket stays in the namespace in which it was made.
    pub fn at<T>(&self, connect: impl FnOnce(SocketAddr) -> T) -> T {
        let Some(namespace) = &self.namespace else { return connect(self.address) };
        let own = File::open("/proc/thread-self/ns/net").expect("every thread has one");
        enter(namespace);
        let made = connect(self.address);
        enter(&own);
        made
    }
}

fn enter(namespace: &File) {
    let entered = move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network));
    entered.expect("who made it may enter it");
}

/// See the module.
pub struct Network {
    machines: Vec<Namespace>,
    switch: Namespace,
    authority: Authority,
    papers: TempDir,
}

impl Network {
    /// A machine for each node and one for the arbiter, or why that cannot be.
    pub fn new(nodes: usize) -> Result<Self, String> {
        let machines: Result<Vec<_>, _> = (0..=nodes).map(|_| Namespace::new()).collect();
        let network = Self {
            machines: machines?,
            switch: Namespace::new()?,
            authority: Authority::new(),
            papers: scratch::directory(),
        };
        network.wire()?;
        Ok(network)
    }

    fn wire(&self) -> Result<(), String> {
        let machines = 0..self.machines.len();
        let mut lines = "link add switch type bridge\nlink set switch up\n".to_owned();
        for (at, machine) in self.machines.iter().enumerate() {
            let (pid, hardware) = (machine.holder.id(), hardware(at));
            lines += &format!(
                "link add port{at} type veth peer name wire address {hardware} netns {pid}\n\
                 link set port{at} master switch\nlink set port{at} up\n"
            );
        }
        self.switch.ip(&lines)?;
        for (at, machine) in self.machines.iter().enumerate() {
            let address = self.address(at);
            machine.ip(&format!(
                "link set lo up\naddress add {address}/24 dev wire\nlink set wire up\n"
            ))?;
            machines.clone().filter(|to| *to != at).try_for_each(|to| self.mend(at, to))?;
        }
        Ok(())
    }

    /// The machine of the arbiter.
    pub fn arbiter(&self) -> usize {
        self.machines.len() - 1
    }

    pub fn address(&self, machine: usize) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 77, 0, machine as u8 + 1))
    }

    /// What a command line begins with so that it runs on a machine.
    pub fn prefix(&self, machine: usize) -> Vec<String> {
        self.machines[machine].prefix()
    }

    pub fn door(&self, machine: usize, address: SocketAddr) -> Door {
        Door { address, namespace: Some(self.machines[machine].file.clone()) }
    }

    /// What the bearer of a name, or an address, needs to prove it.
    pub fn certify(&self, name: &str) -> Papers {
        self.authority.certify(name, self.papers.path())
    }

    /// From now on nothing that the one sends reaches the other.
    pub fn cut(&self, from: usize, to: usize) {
        self.direct(from, to, NOBODY).expect("a way that was made can be changed");
    }

    /// The opposite.
    pub fn mend(&self, from: usize, to: usize) -> Result<(), String> {
        self.direct(from, to, &hardware(to))
    }

    fn direct(&self, from: usize, to: usize, hardware: &str) -> Result<(), String> {
        let address = self.address(to);
        let line =
            format!("neighbour replace {address} lladdr {hardware} dev wire nud permanent\n");
        self.machines[from].ip(&line)
    }

    /// Pulls the machine's cable out of the switch.
    pub fn pull(&self, machine: usize) {
        let pulled = self.switch.ip(&format!("link set port{machine} down\n"));
        pulled.expect("a port can be set down");
    }

    /// Puts it back.
    pub fn plug(&self, machine: usize) {
        let plugged = self.switch.ip(&format!("link set port{machine} up\n"));
        plugged.expect("a port can be set up");
    }
}

fn hardware(machine: usize) -> String {
    format!("02:00:00:00:00:{:02x}", machine + 1)
}

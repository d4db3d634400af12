//! Nodes of one cluster as processes, their arbiter, and the sessions that trade there.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use castle::runtime::dies_with_its_parent;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::arbiter::Etcd;
use crate::crowd::Crowd;
use crate::network::{Door, FIX_PORT, Network, PEER_PORT, command};
use crate::support::exchange::{Exchange, House, JOURNAL, Setup, binary};
use crate::support::fix::Late;
use crate::support::log::{self, Replayed};
use crate::support::ports::Port;
use crate::support::scratch;
use crate::support::trader::Trader;

/// Sessions that trade.
const SESSIONS: usize = 4;
/// How long anything may take until the test fails: no measure of the exchange.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nobody may be able to take over until that is believed.
const HOPELESS: Duration = Duration::from_secs(1);
/// How often a comparison begins anew where the view changed meanwhile.
const COMPARED_AGAIN_MAX: u32 = 5;
/// From one comparison of the nodes' states to the next, in records.
const COMPARE_EVERY: u64 = 16;
/// Answers on the present connection that show that a session is served.
const ANSWERS: u64 = 10;

/// The lines of `[journal]` where a disk is to come to its end within seconds.
const JOURNAL_SMALL: &str =
    "segment_bytes = 1048576\nreserve_bytes = 262144\nlog_ring_records = 2048\n";

/// Where the view lies.
pub enum Arbiter {
    File(TempDir),
    Etcd(Etcd),
}

impl Arbiter {
    pub fn file() -> Self {
        Self::File(scratch::directory())
    }

    fn line(&self) -> String {
        match self {
            Self::File(directory) => format!("file = \"{}\"", directory.path().display()),
            Self::Etcd(etcd) => format!("etcd = \"{}\"", etcd.endpoints()),
        }
    }
}

/// How long nodes, and clients, wait for each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Nodes as the product has it, clients shorter: what an outage lasts depends on it.
    Product,
    /// So long that a machine which is busy with other things makes nobody leave anybody.
    Long,
}

impl Waits {
    fn lines(self) -> &'static str {
        match self {
            Self::Product => "",
            Self::Long => "primary_timeout_ms = 4000\nstandby_timeout_ms = 2000\n",
        }
    }

    /// How long a client waits for an answer until it tries other nodes.
    fn silence(self) -> Duration {
        match self {
            Self::Product => Duration::from_millis(100),
            Self::Long => Duration::from_secs(10),
        }
    }
}

/// Where a node's journal lies.
pub enum Place {
    Own,
    /// On a small disk.
    At(PathBuf),
}

/// See the module.
pub struct Cluster {
    crowd: Crowd,
    nodes: Vec<Option<Exchange>>,
    houses: Vec<House>,
    arbiter: Arbiter,
    said: Vec<String>,
    /// What came on connections that were left, at the last comparison.
    pub late: Late,
    /// The machines, where the nodes do not share the test's own.
    network: Option<Network>,
    _ports: Vec<Port>,
}

impl Cluster {
    pub fn of_two(arbiter: Arbiter, waits: Waits) -> Self {
        Self::with(arbiter, vec![Place::Own, Place::Own], waits)
    }

    /// A founded cluster with a node at each place, all in sync; the first is primary.
    pub fn with(arbiter: Arbiter, places: Vec<Place>, waits: Waits) -> Self {
        Self::founded(arbiter, places, waits, None)
    }

    /// The same on machines of their own, two nodes and an etcd that prove to each other who they are.
    pub fn over(network: Network, waits: Waits) -> Self {
        let arbiter = Arbiter::Etcd(Etcd::on(&network));
        Self::founded(arbiter, vec![Place::Own, Place::Own], waits, Some(network))
    }

    fn founded(
        arbiter: Arbiter,
        places: Vec<Place>,
        waits: Waits,
        network: Option<Network>,
    ) -> Self {
        let held = if network.is_none() { 2 * places.len() } else { 0 };
        let held: Vec<Port> = (0..held).map(|_| Port::hold()).collect();
        let sites: Vec<Site> =
            (0..places.len()).map(|node| Site::of(node, &held, network.as_ref())).collect();
        let doors = sites.iter().map(|site| site.door.clone()).collect();
        let houses = places
            .iter()
            .enumerate()
            .map(|(node, place)| house(node, place, &sites, (&arbiter, waits), network.as_ref()));
        let houses: Vec<House> = houses.collect();
        let nodes: Vec<Option<Exchange>> = houses.iter().map(|_| None).collect();
        let mut cluster = Self {
            crowd: Crowd::new(SESSIONS, doors, waits.silence()),
            said: vec![String::new(); nodes.len()],
            nodes,
            houses,
            arbiter,
            late: Late::default(),
            network,
            _ports: held,
        };
        for node in 0..cluster.nodes.len() {
            cluster.start(node);
        }
        let found = json!({"command": "found"});
        cluster.wait("a founding", |cluster| {
            cluster.nodes[0].as_ref().is_some_and(|node| node.try_admin(&found).is_ok())
        });
        cluster.wait_until_in_sync();
        cluster
    }

    pub fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    pub fn etcd(&mut self) -> &mut Etcd {
        match &mut self.arbiter {
            Arbiter::Etcd(etcd) => etcd,
            Arbiter::File(_) => panic!("the view lies in a file"),
        }
    }

    /// The machines that the nodes are on.
    pub fn network(&self) -> &Network {
        self.network.as_ref().expect("it was made over one")
    }

    pub fn start(&mut self, node: usize) {
        let house = &self.houses[node];
        let network = self.network.as_ref();
        let prefix = network.map_or(Vec::new(), |network| network.prefix(node));
        let mut serve = command(&prefix, binary());
        serve.arg("serve").arg("--config").arg(&house.config);
        dies_with_its_parent(&mut serve);
        match Exchange::spawn(serve, &house.journal) {
            Ok(exchange) => self.nodes[node] = Some(exchange),
            Err(ended) => panic!("node {node} does not start: {ended:?}"),
        }
    }

    pub fn kill(&mut self, node: usize) {
        if let Some(exchange) = self.nodes[node].take() {
            self.said[node] = exchange.said();
            exchange.kill();
        }
    }

    pub fn kill_both(&mut self) {
        self.nodes.iter().flatten().for_each(|node| node.signal("KILL"));
        (0..self.nodes.len()).for_each(|node| self.kill(node));
    }

    pub fn signal(&self, node: usize, signal: &str) {
        self.nodes[node].as_ref().expect("it runs").signal(signal);
    }

    pub fn is_alive(&mut self, node: usize) -> bool {
        self.nodes[node].as_mut().is_some_and(Exchange::is_alive)
    }

    /// The last line that a node wrote.
    pub fn last_words(&self, node: usize) -> String {
        let said = self.nodes[node].as_ref().map(Exchange::said);
        let said = said.as_ref().unwrap_or(&self.said[node]);
        said.lines().last().unwrap_or("").to_owned()
    }

    fn status(&self, node: usize) -> Option<Value> {
        let exchange = self.nodes[node].as_ref()?;
        exchange.try_admin(&json!({"command": "cluster"})).ok()
    }

    /// The node that leads, with what it says. One that was cut off, or frozen, may still say that it leads, by
    /// an older view.
    fn leader(&self) -> Option<(usize, Value)> {
        let told = (0..self.nodes.len()).filter_map(|node| Some((node, self.status(node)?)));
        let leading = told.filter(|(_, status)| status["role"] == "primary");
        leading.max_by_key(|(_, status)| status["view"]["epoch"].as_u64())
    }

    /// The node that leads.
    pub fn primary(&self) -> usize {
        let mut found = None;
        self.wait("primary", |cluster| {
            found = cluster.leader();
            found.is_some()
        });
        found.expect("it was waited for").0
    }

    /// A figure of the view that the one who leads goes by.
    fn view(&self, figure: &str) -> u64 {
        let mut found = None;
        self.wait("primary", |cluster| {
            found = cluster.leader().and_then(|(_, status)| status["view"][figure].as_u64());
            found.is_some()
        });
        found.expect("it was waited for")
    }

    /// The reign of the one who leads, and how many connections of clients were ended: what is the same as before where
    /// nobody lost the primary.
    pub fn hold_of_primary(&self) -> (u64, u64) {
        (self.view("reign"), self.crowd.hold().losses())
    }

    /// Waits until one node leads and the view has all that run in sync.
    pub fn wait_until_in_sync(&self) {
        let running = self.nodes.iter().flatten().count();
        self.wait("nodes in sync", |cluster| {
            let leader = cluster.leader();
            let in_sync = leader.and_then(|(_, it)| it["view"]["in_sync"].as_array().map(Vec::len));
            in_sync == Some(running)
        });
    }

    /// Waits until neither node has a connection to the other.
    pub fn wait_until_apart(&self, primary: usize, standby: usize) {
        self.wait("end of the nodes' connection", |cluster| {
            let is_left = cluster.status(primary).is_some_and(|it| {
                it["nodes"].as_array().is_some_and(|nodes| nodes[0]["connected"] == false)
            });
            let follows_nobody =
                cluster.status(standby).is_some_and(|it| it["follows_reign"].is_null());
            is_left && follows_nobody
        });
    }

    pub fn trade(&self) {
        self.crowd.trade(true);
        self.wait_until_served();
    }

    pub fn answers(&self) -> u64 {
        self.crowd.hold().answers()
    }

    /// Waits until every session got further answers.
    pub fn wait_until_served(&self) {
        let runners = |cluster: &Self| -> Vec<u64> {
            cluster.crowd.hold().runners.iter().map(|it| it.trader.book.reports).collect()
        };
        let before = runners(self);
        self.wait("answers", |cluster| {
            let now = runners(cluster);
            now.iter().zip(&before).all(|(now, before)| *now >= before + ANSWERS)
        });
    }

    /// Rejects for which the disk of the venue was full, over all sessions.
    pub fn refused_for_space(&self) -> u64 {
        self.crowd.hold().runners.iter().map(|it| it.trader.book.full).sum()
    }

    /// Waits until a session is told that the disk is full, or the node has ended.
    pub fn wait_until_full(&mut self, node: usize) {
        let before = self.refused_for_space();
        let deadline = Instant::now() + PATIENCE;
        while self.is_alive(node) && self.refused_for_space() == before {
            assert!(Instant::now() < deadline, "the disk is not full in time: {}", self.shown());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether a node tells its operator that its disk is full, or nearly so.
    pub fn says_that_its_disk_is_full(&self, node: usize) -> bool {
        let room = self.status(node).map(|told| told["disk_room"].clone());
        room.is_some_and(|room| room.as_str().is_some_and(|room| room.contains("full")))
    }

    /// Waits until a process has ended by itself.
    pub fn wait_until_ended(&mut self, node: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.is_alive(node) {
            assert!(Instant::now() < deadline, "it does not end: {}", self.shown());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until an order of every session is accepted.
    pub fn wait_until_accepting(&self) {
        let runners = |cluster: &Self| -> Vec<usize> {
            cluster.crowd.hold().runners.iter().map(|it| it.trader.book.orders.len()).collect()
        };
        let before = runners(self);
        self.wait("accepted orders", |cluster| {
            runners(cluster).iter().zip(&before).all(|(now, before)| now > before)
        });
    }

    /// Waits until no session has a connection. What was in their sockets has been read then.
    pub fn wait_until_nobody_is_connected(&self) {
        self.wait("end of every connection", |cluster| {
            cluster.crowd.hold().runners.iter().all(|runner| !runner.is_connected)
        });
    }

    /// Waits until every session gets answers from other nodes than this one, at which a fault was injected. False
    /// where nobody may take over, since it had gone on alone before: a busy machine lets a node take a healthy one
    /// for a silent one.
    pub fn is_taken_over(&self, from: usize) -> bool {
        let mut hopeless_since: Option<Instant> = None;
        let mut is_served = false;
        self.wait("answers from another", |cluster| {
            is_served = cluster.crowd.hold().runners.iter().all(|runner| {
                runner.is_connected && runner.at != from && runner.reports >= ANSWERS
            });
            if is_served || !cluster.is_alone(from) {
                hopeless_since = None;
                return is_served;
            }
            hopeless_since.get_or_insert_with(Instant::now).elapsed() > HOPELESS
        });
        is_served
    }

    /// Whether all others that run know of a view in which this node is alone.
    fn is_alone(&self, node: usize) -> bool {
        let others = (0..self.nodes.len()).filter(|other| *other != node);
        let mut others = others.filter(|other| self.nodes[*other].is_some());
        others.all(|other| {
            self.status(other).is_some_and(|it| it["view"]["in_sync"] == json!([node]))
        })
    }

    /// Brings all to rest and compares: every session with the venue, all that was told since the last comparison with
    /// what is sent again, money with deposits, nodes with each other, and what came late with what was told instead.
    pub fn compare(&mut self) {
        self.late = Late::default();
        self.unless_the_view_changed(Self::compare_in);
    }

    /// Does the same at the end of a test, with all that was ever told, and reads the journals of all nodes. All must be one log, and have
    /// everything that clients were told, once, and come to the state that the nodes have.
    pub fn compare_journals(&mut self) {
        let found = self.unless_the_view_changed(|cluster, epoch| {
            cluster.crowd.hold().runners.iter_mut().for_each(|runner| runner.compared_below = 1);
            cluster.compare_in(epoch)?;
            cluster.journals_agree()
        });
        println!(
            "{} journals have {} records, {} acknowledged orders, once each, and {} messages as \
             clients have them",
            self.nodes.len(),
            found.last,
            found.orders,
            found.messages,
        );
    }

    /// Compares something under a view, and once more where the view is another in the end: a busy machine lets the
    /// nodes change it.
    fn unless_the_view_changed<T>(
        &mut self,
        compare: impl Fn(&mut Self, u64) -> Result<T, String>,
    ) -> T {
        let mut again = 0;
        loop {
            self.wait_until_in_sync();
            let epoch = self.view("epoch");
            let what = match compare(self, epoch) {
                Ok(done) => return done,
                Err(what) => what,
            };
            self.wait_until_in_sync();
            let is_other = self.view("epoch") != epoch;
            assert!(is_other && again < COMPARED_AGAIN_MAX, "{what}\n{}", self.shown());
            again += 1;
        }
    }

    fn compare_in(&mut self, epoch: u64) -> Result<(), String> {
        // Some records more, so that the state of one that has just come back is compared, too.
        self.trade();
        self.crowd.wait_for_rest(PATIENCE);
        let mut held = self.crowd.hold();
        for runner in &mut held.runners {
            let trader = &mut runner.trader;
            trader.client.ask_again_from(runner.compared_below);
            trader.wait("resend", |trader| !trader.client.is_missing())?;
            trader.settle()?;
            trader.check()?;
            runner.compared_below = trader.client.next_in;
            for (_, left) in runner.left.drain(..) {
                let late = runner.trader.client.check_left(left)?;
                self.late.reports += late.reports;
                self.late.admin += late.admin;
            }
        }
        drop(held);
        self.wait_until_states_agreed(epoch)?;
        let running: Vec<&Exchange> = self.nodes.iter().flatten().collect();
        log::equal_states(&running)?;
        running.iter().try_for_each(|node| node.money(SESSIONS))
    }

    fn journals_agree(&self) -> Result<Replayed, String> {
        let held = self.crowd.hold();
        let traders: Vec<&Trader> = held.runners.iter().map(|runner| &runner.trader).collect();
        let nodes = self.houses.iter().zip(&self.nodes);
        let nodes = nodes.filter_map(|(house, node)| Some((&*house.journal, node.as_ref()?)));
        let nodes: Vec<_> = nodes.collect();
        assert_eq!(nodes.len(), self.nodes.len(), "all run at the end of a test");
        log::all_agree(&nodes, &traders)
    }

    /// Waits until every node has the same records, and a standby has found itself that its running hash is that of
    /// the primary at the last record at which they are compared. One that finds a difference stops.
    fn wait_until_states_agreed(&self, epoch: u64) -> Result<(), String> {
        let mut is_same_view = true;
        self.wait("equal states", |cluster| {
            is_same_view = cluster.leader().is_none_or(|(_, it)| it["view"]["epoch"] == epoch);
            !is_same_view || cluster.have_agreed()
        });
        if is_same_view { Ok(()) } else { Err("the view changed".to_owned()) }
    }

    fn have_agreed(&self) -> bool {
        let running = (0..self.nodes.len()).filter(|node| self.nodes[*node].is_some());
        let told: Option<Vec<Value>> = running.map(|node| self.status(node)).collect();
        let Some(told) = told else { return false };
        let ends = told.iter().map(|it| it["last_record"].as_u64().unwrap_or(0));
        let last = ends.clone().max().unwrap_or(0);
        let compared = last - last % COMPARE_EVERY;
        let has_agreed = |it: &Value| {
            it["role"] == "primary" || it["states_agreed_at"].as_u64() >= Some(compared)
        };
        ends.clone().all(|end| end == last) && told.iter().all(has_agreed)
    }

    fn wait(&self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < deadline, "no {what} in time: {}", self.shown());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What the nodes say of the cluster, and their last lines.
    fn shown(&self) -> String {
        let mut text = String::new();
        for (node, exchange) in self.nodes.iter().enumerate() {
            let said = exchange.as_ref().map(Exchange::said).unwrap_or_default();
            let lines: Vec<&str> = said.lines().rev().take(12).collect();
            let status = self.status(node).unwrap_or_default();
            let _ = write!(text, "\nnode {node}: {status}");
            lines.iter().rev().for_each(|line| text.extend(["\n    ", line]));
        }
        text
    }
}

/// Where a node listens.
struct Site {
    door: Door,
    peer: SocketAddr,
}

impl Site {
    /// On ports that are held, or on a machine of its own.
    fn of(node: usize, held: &[Port], network: Option<&Network>) -> Self {
        let Some(network) = network else {
            let [fix, peer] = [2 * node, 2 * node + 1].map(|at| held[at].address);
            return Self { door: Door::here(fix), peer };
        };
        let fix = SocketAddr::from((Ipv4Addr::LOCALHOST, FIX_PORT));
        let peer = SocketAddr::from((network.address(node), PEER_PORT));
        Self { door: network.door(node, fix), peer }
    }
}

fn house(
    node: usize,
    place: &Place,
    sites: &[Site],
    (arbiter, waits): (&Arbiter, Waits),
    network: Option<&Network>,
) -> House {
    let house = House::new(&Setup {
        durability: "standby-memory",
        sessions: SESSIONS,
        journal: match place {
            Place::Own => JOURNAL,
            Place::At(_) => JOURNAL_SMALL,
        }
        .into(),
        journal_directory: match place {
            Place::Own => None,
            Place::At(directory) => Some(directory.clone()),
        },
        ..Setup::default()
    });
    house.edit(|text| {
        let mut text = text.replace("127.0.0.1:0", &sites[node].door.address.to_string());
        let _ = write!(text, "[cluster]\nname = \"faults\"\nnode = {node}\n{}", waits.lines());
        let _ = writeln!(text, "compare_states_every = {COMPARE_EVERY}");
        let _ = write!(text, "[cluster.arbiter]\n{}\n", arbiter.line());
        for (other, site) in sites.iter().enumerate() {
            let _ = write!(
                text,
                "[[cluster.member]]\nnode = {other}\nname = \"castle-{other}\"\naddress = \"{}\"\n",
                site.peer,
            );
        }
        if let Some(network) = network {
            let papers = network.certify(&format!("castle-{node}"));
            text += &papers.table("cluster.tls");
            text += &papers.table("cluster.arbiter.tls");
        }
        text
    });
    house
}

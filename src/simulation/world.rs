//! The run of one seed.

mod checks;
mod inflict;
mod operator;
mod processes;

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cluster::Member;
use crate::cluster::control::Wish;
use crate::cluster::steward::Rule;
use crate::gateway::simulated::SimulatedWorld;
use crate::journal::simulated::Random;
use crate::model::Command;
use crate::simulation::client::Client;
use crate::simulation::faults::{Fault, Tally};
use crate::simulation::machine::{Machine, SEGMENT_BYTES, fix_address};
use crate::simulation::nuisance::{Habit, Nuisance};
use crate::simulation::outside::{Arbitration, incarnation};
use crate::simulation::reference::Reference;
use crate::simulation::{Failure, Mutant, Outcome};
use crate::venue::config::Config;

/// Orders and cancels of a seed, at least.
const COMMANDS: u64 = 5_000;
/// Faults of a seed, at least.
const FAULTS: u64 = 20;
/// An image of a disk is kept every so many steps.
const IMAGE_STEPS: u64 = 500;
/// Where an operator prunes, he makes a snapshot every so many steps. That reads the journal, and takes its time: so it is
/// in one of so many seeds in which he may.
const PRUNE_STEPS: u64 = 250;
const PRUNES_ONE_IN: u64 = 3;
/// Steps after which a seed is given up: something does not go on.
const STEPS_MAX: u64 = 120_000;
/// How long the healed cluster may take to trade, be in sync and be equal.
const HEALING_NS: u64 = 4_000_000_000;
/// A step takes as long at most.
const STEP_NS_MAX: u64 = 400_000;
/// From one fault to the next at most.
const FAULT_NS_MAX: [u64; 3] = [20_000_000, 50_000_000, 100_000_000];
/// How long a fault lasts at most.
const LASTS_NS_MAX: [u64; 3] = [30_000_000, 120_000_000, 250_000_000];
/// How long a trader waits for an answer before he goes elsewhere.
const SILENCE_NS: u64 = 150_000_000;
/// What the network takes at most: usually, and while it is slow.
const DELAY_NS: u64 = 500_000;
const SLOW_DELAY_NS: u64 = 15_000_000;
/// Orders that a trader sends at once: fewer than this.
const BURST: u64 = 6;
const SESSIONS: usize = 4;
/// One in so many seeds has no arbiter.
const WITHOUT_ARBITER_ONE_IN: u64 = 4;
/// One in so many seeds has a client of each bad habit.
const NUISANCE_ONE_IN: u64 = 3;
/// Where what lies in files is kept, each world's in a directory of this name, its process and its number.
const IN_MEMORY: &str = "/dev/shm";
const DIRECTORY: &str = "castle-simulation-";
const CLIENTS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 1, 1));

/// Directories of runs in one process.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// Something that ends.
struct Healing {
    at_ns: u64,
    what: Cure,
}

#[derive(Debug, Clone, Copy)]
enum Cure {
    Way(IpAddr, IpAddr),
    Arbiter(usize),
    Thaw(usize),
    Fast,
    Space(usize),
    Sync(usize, u64),
}

/// See the module.
pub struct World {
    random: Random,
    now_ns: u64,
    steps: u64,
    net: SimulatedWorld,
    delay_ns: Arc<AtomicU64>,
    arbitration: Arbitration,
    machines: Vec<Machine>,
    clients: Vec<Client>,
    nuisances: Vec<Nuisance>,
    reference: Reference,
    /// What the configuration brings in.
    deposits: Vec<Command>,
    /// The last record that any node might tell of.
    released: u64,
    /// The epoch of whoever led last, and its node.
    leader: Option<(u32, usize)>,
    /// How often the view was changed.
    changes: u64,
    mutant: Option<Mutant>,
    faults: Tally,
    next_fault_ns: u64,
    /// When one comes out of its turn.
    hurried_ns: u64,
    /// A node whose disk is to be again what it was a moment ago, and when.
    older: Option<(usize, u64)>,
    /// The kinds that this seed has, how soon one follows on another, and how long they last, at most.
    kinds: Vec<Fault>,
    fault_ns_max: u64,
    lasts_ns_max: u64,
    cures: Vec<Healing>,
    /// Whether an operator makes snapshots and prunes: where no disk holds what it should not, since snapshots are not on
    /// the simulated ones.
    prunes: bool,
    /// He prunes what other nodes may lack, too: they are sent a snapshot.
    prunes_far: bool,
    snapshots: u64,
    taken_in: u64,
    failovers: u64,
    cuts: u64,
    short_starts: u64,
    promotions: u64,
    /// Since when no node that the view names is what it was.
    orphaned_since_ns: Option<u64>,
    /// Operators say who is primary.
    is_without: bool,
    /// The node that an operator makes primary, with all others stopped.
    promoting: Option<usize>,
    is_healed: bool,
    is_trading: bool,
    /// What happened, in a number.
    trace: u64,
    history: Option<Vec<String>>,
    directory: PathBuf,
}

/// Removes the files that earlier runs left in memory because they were killed.
pub fn remove_abandoned() -> std::io::Result<()> {
    for entry in std::fs::read_dir(IN_MEMORY)? {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(DIRECTORY)?.split('-').next());
        if owner.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

impl Drop for World {
    fn drop(&mut self) {
        self.machines.clear();
        // What stays lies in memory only until the next boot.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Folds a number into another.
fn mix(sum: u64, number: u64) -> u64 {
    (sum.rotate_left(7) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Who says who is primary: mostly an arbiter, else operators; then a primary may go on alone.
fn rule(nodes: usize, seed: u64) -> impl Fn(usize) -> Rule {
    let mut random = Random::new(!seed);
    let is_without = random.below(WITHOUT_ARBITER_ONE_IN) == 0;
    let goes_on_alone = random.below(2) == 0;
    move |node| match is_without {
        true => {
            let others = (0..nodes).filter(|other| *other != node);
            let others = others.fold(0, |bits, other| bits | 1 << other);
            Rule::Operator { others, goes_on_alone }
        }
        false => Rule::Arbiter,
    }
}

/// The session of a trader, counted from 1.
fn trader(number: usize) -> String {
    format!("S{number}")
}

fn config(nodes: usize, node: usize, is_on_disk: bool) -> Result<Config, String> {
    let level = if is_on_disk { "standby-disk" } else { "standby-memory" };
    let mut text = format!(
        r#"
durability = "{level}"
reconnect_grace_ms = 30
[engine]
orders_max = 4096
cl_ord_ids_max = 8192
accounts_max = 16
instruments_max = 4
sessions_max = 16
[fix]
connections_max = 16
outbound_bytes_max = 131072
[cluster]
name = "castle"
node = {node}
primary_timeout_ms = 40
standby_timeout_ms = 20
journal_timeout_ms = 200
[cluster.arbiter]
file = "/nowhere"
[[asset]]
name = "AAA"
scale = 6
[[asset]]
name = "USD"
scale = 6
[[instrument]]
symbol = "AAAUSD"
base = "AAA"
quote = "USD"
price_scale = 2
quantity_scale = 0
tick = "0.01"
lot = "1"
collar_percent = 50
reference_price = "100"
"#
    );
    for member in 0..nodes {
        text += &format!(
            "[[cluster.member]]\nnode = {member}\nname = \"node-{member}\"\naddress = \"127.0.0.{}:9880\"\n",
            member + 1
        );
    }
    let traders = (1..=SESSIONS).map(trader);
    let nuisances = Habit::ALL.into_iter().map(|habit| habit.comp_id().to_owned());
    for (at, comp_id) in traders.chain(nuisances).enumerate() {
        let account = at + 2;
        text += &format!(
            "[[account]]\nid = {account}\ndeposits = {{ AAA = \"100000\", USD = \"10000000\" }}\n\
             [[session]]\ncomp_id = \"{comp_id}\"\naccount = {account}\n"
        );
        if at == 0 {
            text += "cancel_on_disconnect = true\n";
        }
    }
    Config::parse(Path::new("simulation"), &text).map_err(|error| error.to_string())
}

impl World {
    /// One of two or three nodes.
    pub fn new(seed: u64, mutant: Option<Mutant>, wants_history: bool) -> Result<Self, String> {
        let mut random = Random::new(seed);
        let nodes = 2 + random.below(2) as usize;
        let is_on_disk = random.below(4) == 0;
        // Some kinds only, so that those of one seed meet more often.
        let mut kinds: Vec<Fault> = Fault::ALL.into_iter().collect();
        while kinds.len() > 4 && random.below(12) != 0 {
            kinds.swap_remove(random.below(kinds.len() as u64) as usize);
        }
        let rule = rule(nodes, seed);
        let is_without = rule(0) != Rule::Arbiter;
        // A copy of the view is as old as the disk that it is on.
        kinds.retain(|kind| !is_without || !(kind.takes_disk() || kind.is_of_arbiter()));
        kinds.extend([Fault::Kill, Fault::Break]);
        let prunes =
            !kinds.iter().any(|kind| kind.spoils_disk()) && random.below(PRUNES_ONE_IN) == 0;
        let prunes_far = random.below(2) == 0;
        let fault_ns_max = FAULT_NS_MAX[random.below(3) as usize];
        let lasts_ns_max = LASTS_NS_MAX[random.below(3) as usize];
        let delay_ns = Arc::new(AtomicU64::new(DELAY_NS));
        let (mut delays, its) = (Random::new(random.draw()), delay_ns.clone());
        let net = SimulatedWorld::new(Box::new(move || delays.below(its.load(Ordering::Relaxed))));
        let arbitration = Arbitration::new(nodes, is_without, random.draw());
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let directory =
            Path::new(IN_MEMORY).join(format!("{DIRECTORY}{}-{run}", std::process::id()));
        let machines: Result<Vec<Machine>, String> = (0..nodes)
            .map(|node| {
                let mut config = config(nodes, node, is_on_disk)?;
                config.journal.directory = directory.join(format!("node-{node}"));
                config.journal.segment_bytes = SEGMENT_BYTES;
                Ok(Machine::new(node, nodes, rule(node), &directory, config, &mut random))
            })
            .collect();
        let venues: Vec<_> = (0..nodes).map(fix_address).collect();
        let clients = (1..=SESSIONS)
            .map(|number| Client::new(CLIENTS, &trader(number), venues.clone()))
            .collect();
        let habits = Habit::ALL.into_iter().filter(|_| random.below(NUISANCE_ONE_IN) == 0);
        let nuisances = habits.map(|habit| Nuisance::new(habit, CLIENTS, venues.clone())).collect();
        let deposits = config(nodes, 0, is_on_disk)?.definitions();
        Ok(Self {
            random,
            now_ns: 0,
            steps: 0,
            net,
            delay_ns,
            arbitration,
            machines: machines?,
            clients,
            nuisances,
            reference: Reference::new(SESSIONS),
            deposits,
            released: 0,
            leader: None,
            changes: 0,
            mutant,
            faults: Tally::default(),
            next_fault_ns: u64::MAX,
            hurried_ns: u64::MAX,
            older: None,
            kinds,
            fault_ns_max,
            lasts_ns_max,
            cures: Vec::new(),
            prunes,
            prunes_far,
            snapshots: 0,
            taken_in: 0,
            failovers: 0,
            cuts: 0,
            short_starts: 0,
            promotions: 0,
            orphaned_since_ns: None,
            is_without,
            promoting: None,
            is_healed: false,
            is_trading: true,
            trace: 0,
            history: wants_history.then(Vec::new),
            directory,
        })
    }

    /// Something happened: it is in the digest, and in the history where that is wanted.
    fn trace(&mut self, what: u64) {
        self.trace = mix(mix(self.trace, self.now_ns), what);
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(history) = &mut self.history {
            let ms = self.now_ns as f64 / 1e6;
            history.push(format!("{ms:>10.3} ms  {}", what()));
        }
    }

    /// Runs the seed to its end.
    pub fn run(&mut self) -> Result<(), Failure> {
        self.machines_begin()?;
        if let Some(control) = self.machines[0].control() {
            control.put(Wish::Found);
        }
        while self.commands() < COMMANDS || self.faults.total() < FAULTS {
            self.step()?;
            if self.next_fault_ns == u64::MAX && self.answered() > 50 {
                self.next_fault_ns = self.now_ns;
                self.arbitration.set_loses_some(true);
            }
            if self.steps > STEPS_MAX {
                let (commands, faults) = (self.commands(), self.faults.total());
                let what = format!(
                    "after {STEPS_MAX} steps it has {commands} commands and {faults} faults only"
                );
                return Err(Failure::Noticed(what));
            }
        }
        self.heal()?;
        self.settle()
    }

    fn machines_begin(&mut self) -> Result<(), Failure> {
        (0..self.machines.len()).try_for_each(|node| self.start(node))
    }

    fn commands(&self) -> u64 {
        self.clients.iter().map(|client| client.commands).sum()
    }

    fn answered(&self) -> u64 {
        self.clients.iter().map(|client| client.answered() as u64).sum()
    }

    fn step(&mut self) -> Result<(), Failure> {
        self.steps += 1;
        let step_ns = 1 + self.random.below(STEP_NS_MAX);
        self.now_ns += step_ns;
        self.net.advance(step_ns);
        self.arbitration.advance(self.now_ns);
        let changes = self.arbitration.changes();
        if changes != std::mem::replace(&mut self.changes, changes) {
            self.check_view()?;
            self.hurry();
        }
        self.cure(false);
        self.clients_turn()?;
        let first = self.random.below(self.machines.len() as u64) as usize;
        for at in 0..self.machines.len() {
            self.turn((first + at) % self.machines.len())?;
        }
        if let Some((_, leader)) = self.leader {
            let machine = &self.machines[leader];
            self.reference.follow(&machine.log, &machine.hashes)?;
        }
        self.look()?;
        self.operate()?;
        let takes_images = !self.is_healed && self.kinds.contains(&Fault::OlderDisk);
        if takes_images && self.random.below(IMAGE_STEPS) == 0 {
            self.machines[first].take_image();
        }
        if self.prunes && !self.is_healed && self.random.below(PRUNE_STEPS) == 0 {
            self.prune(first)?;
        }
        if !self.is_healed {
            self.grow_older()?;
        }
        if !self.is_healed && self.now_ns >= self.hurried_ns {
            self.hurried_fault()?;
        }
        if !self.is_healed && self.now_ns >= self.next_fault_ns {
            self.next_fault_ns = self.now_ns + self.random.below(self.fault_ns_max);
            if self.faults.total() * COMMANDS <= (self.commands() + 1_000) * FAULTS {
                self.fault()?;
            }
        }
        Ok(())
    }

    fn clients_turn(&mut self) -> Result<(), Failure> {
        let wall_ns = 1_770_000_000_000_000_000 + self.now_ns;
        // Neither commands nor faults come to their number much before the other.
        let is_ahead = !self.is_healed
            && self.next_fault_ns != u64::MAX
            && self.commands() * FAULTS > (self.faults.total() + 4) * COMMANDS;
        for at in 0..self.clients.len() {
            let client = &mut self.clients[at];
            client.work(&self.net, self.now_ns, wall_ns, &mut self.random);
            if client.is_waiting_since(self.now_ns) > SILENCE_NS && client.is_in() {
                client.give_up_waiting(self.now_ns);
            }
            // In bursts: so that there is always something on its way when a fault comes.
            let orders = if self.is_trading && !is_ahead && self.random.below(3) == 0 {
                self.random.below(BURST)
            } else {
                0
            };
            for _ in 0..orders {
                client.trade(self.now_ns, &mut self.random);
            }
            if let Some(complaint) = &client.complaint {
                return Err(Failure::Noticed(complaint.clone()));
            }
        }
        if self.is_trading {
            for nuisance in &mut self.nuisances {
                nuisance.work(&self.net, self.now_ns, wall_ns, &mut self.random);
            }
        }
        Ok(())
    }

    /// Whether the view counts upon what a node has.
    fn is_in_sync(&self, node: usize) -> bool {
        let known = incarnation(&self.machines[node].life);
        let is_it =
            |member: &Member| member.node.index() == node && Some(member.incarnation) == known;
        self.arbitration.view().is_some_and(|view| view.in_sync().iter().any(is_it))
    }

    /// Goes on until something is so.
    fn wait(
        &mut self,
        until_ns: u64,
        what: &str,
        is_so: impl Fn(&Self) -> bool,
    ) -> Result<(), Failure> {
        let mut quiet = 0;
        loop {
            self.step()?;
            quiet += 1;
            if quiet % 16 == 0 && is_so(self) {
                return Ok(());
            }
            if self.now_ns > until_ns {
                let view = self.arbitration.view();
                let logs: Vec<_> = self.machines.iter().map(|machine| machine.log.len()).collect();
                let ins: Vec<_> = self.clients.iter().map(Client::is_in).collect();
                let what = format!("{what}: view {view:?}, logs {logs:?}, clients in {ins:?}");
                return Err(Failure::Noticed(what));
            }
        }
    }

    /// How all stand, for whoever looks into a seed that failed.
    fn note_all(&mut self) {
        for node in 0..self.machines.len() {
            let machine = &self.machines[node];
            let (log, reach) = (machine.log.len(), machine.reach());
            let outlook = machine.outlook();
            self.note(|| {
                format!("node {node} has {log} records, the last {reach:?}, and is {outlook}")
            });
        }
        let open: Vec<_> = self.clients.iter().flat_map(Client::unanswered).collect();
        let open = format!("{open:?}");
        self.note(|| format!("not answered are {open}"));
    }

    /// All that came of it in one number: when what happened, what clients were told, and what the logs hold.
    fn digest(&self) -> u64 {
        let logs = self.machines.iter().flat_map(|machine| machine.hashes.last().copied());
        let told = self.clients.iter().map(Client::digest);
        let sent = self.nuisances.iter().flat_map(|nuisance| [nuisance.sent, nuisance.ended]);
        let counts = [self.now_ns, self.steps, self.failovers, self.cuts, self.promotions];
        let tally = self.faults.each().map(|(_, count)| count);
        let all = logs.chain(told).chain(sent).chain(counts).chain(tally);
        all.fold(self.trace, mix)
    }

    /// What came of it.
    pub fn outcome(&mut self, error: Option<Failure>) -> Outcome {
        if error.is_some() && self.history.is_some() {
            self.note_all();
        }
        // Of another run the directory is another.
        let directory = self.directory.display().to_string();
        let error = error.map(|error| error.without(&directory));
        Outcome {
            digest: self.digest(),
            nuisances: self.nuisances.iter().fold((0, 0), |(sent, ended), nuisance| {
                (sent + nuisance.sent, ended + nuisance.ended)
            }),
            error,
            commands: self.commands(),
            answered: self.answered(),
            failovers: self.failovers,
            faults: self.faults,
            processes: self.machines.iter().map(|machine| machine.processes).sum(),
            from_ring: self.machines.iter().map(|machine| machine.from_ring).sum(),
            cuts: self.cuts,
            short_starts: self.short_starts,
            snapshots: self.snapshots,
            taken_in: self.taken_in,
            without_arbiter: u64::from(self.is_without),
            promotions: self.promotions,
            resent: self.clients.iter().map(|client| client.resent).sum(),
            steps: self.steps,
            history: self.history.take().unwrap_or_default(),
        }
    }
}

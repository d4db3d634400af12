//! What is around a cluster's agent in a simulation: sockets, the arbiter's port, promise and life.

use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cluster::keeper::{self, Keeper, Log};
use crate::cluster::port::Port;
use crate::cluster::steward::{Answer, Beginning, Promise, Request};
use crate::cluster::wires::Wires;
use crate::cluster::{Held, Incarnation, Version, View};
use crate::gateway::network::{Network as _, Ready};
use crate::gateway::simulated::{SimulatedNetwork, SimulatedStream, SimulatedWorld};
use crate::journal::simulated::{Random, SimulatedFile};
use crate::journal::{NodeFile, Witness};
use crate::model::{Epoch, Sequence};
use crate::simulation::Mutant;

/// How long a port waits for its answer.
const ANSWER_NS: u64 = 15_000_000;
/// How long a request or an answer is under way at most.
const WAY_NS: u64 = 1_500_000;
/// How long one that the network holds back is under way at most.
const LONG_WAY_NS: u64 = 200_000_000;
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which of its streams is ready an agent does not ask.
const SLOT: usize = 0;

/// Sockets between nodes.
pub struct SimulatedWires {
    world: SimulatedWorld,
    network: SimulatedNetwork,
    at: SocketAddr,
    ready: Vec<Ready>,
}

impl SimulatedWires {
    /// Listens at an address.
    pub fn listen(world: &SimulatedWorld, at: SocketAddr) -> Self {
        let mut network = world.network(at);
        // A simulated listener can always be opened.
        let _ = network.open_listener();
        Self { world: world.clone(), network, at, ready: Vec::new() }
    }
}

impl Wires for SimulatedWires {
    type Stream = SimulatedStream;

    fn poll(&mut self) -> io::Result<bool> {
        self.ready.clear();
        self.network.poll(&mut self.ready)?;
        Ok(!self.ready.is_empty())
    }

    fn accept(&mut self) -> io::Result<Option<SimulatedStream>> {
        let Some((mut stream, _)) = self.network.accept()? else { return Ok(None) };
        self.network.register(&mut stream, SLOT)?;
        Ok(Some(stream))
    }

    fn dial(&mut self, to: SocketAddr) -> io::Result<SimulatedStream> {
        let mut stream = self.world.connect(self.at.ip(), to);
        self.network.register(&mut stream, SLOT)?;
        Ok(stream)
    }

    fn is_connected(&mut self, stream: &mut SimulatedStream) -> io::Result<bool> {
        match stream.read(&mut []) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The arbiter, and the network between it and the nodes. Clones are the same.
#[derive(Clone)]
pub struct Arbitration(Arc<Mutex<Arbiter>>);

struct Arbiter {
    now_ns: u64,
    random: Random,
    held: Option<Held>,
    /// Where there is no arbiter: what each node keeps on its own disk. The highest of all that were ever kept is held.
    copies: Option<Vec<Option<Held>>>,
    /// All that it ever held.
    views: Vec<View>,
    swaps: u64,
    lines: Vec<Line>,
    questions: Vec<(u64, usize, u64, Request)>,
    answers: Vec<(u64, usize, u64, Answer)>,
    loses_some: bool,
}

/// What lies between one node and the arbiter.
#[derive(Default)]
struct Line {
    is_cut: bool,
    /// The question that is open, and until when.
    open: Option<(u64, u64)>,
    numbers: u64,
    answer: Option<Answer>,
}

impl Arbitration {
    /// One that holds nothing yet; or a copy of the view on the disk of each node, in its place.
    pub fn new(nodes: usize, is_without: bool, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Arbiter {
            now_ns: 0,
            random: Random::new(seed),
            held: None,
            copies: is_without.then(|| vec![None; nodes]),
            views: Vec::new(),
            swaps: 0,
            lines: (0..nodes).map(|_| Line::default()).collect(),
            questions: Vec::new(),
            answers: Vec::new(),
            loses_some: false,
        })))
    }

    /// The port of a process of a node. What an earlier process asked may still be done.
    pub fn port(&self, node: usize) -> SimulatedPort {
        let mut arbiter = lock(&self.0);
        if arbiter.copies.is_some() {
            arbiter.end_writing(node);
        }
        let line = &mut arbiter.lines[node];
        (line.open, line.answer) = (None, None);
        line.numbers += 1;
        SimulatedPort { node, arbiter: self.clone() }
    }

    /// Cuts the way between a node and the arbiter, or heals it.
    pub fn set_cut(&self, node: usize, is_cut: bool) {
        lock(&self.0).lines[node].is_cut = is_cut;
    }

    /// Whether requests and answers are lost now and then.
    pub fn set_loses_some(&self, loses_some: bool) {
        lock(&self.0).loses_some = loses_some;
    }

    /// The view that it holds.
    pub fn view(&self) -> Option<View> {
        lock(&self.0).held.as_ref().map(|held| held.view.clone())
    }

    /// The view of an epoch, if it ever held one.
    pub fn view_of(&self, epoch: Epoch) -> Option<View> {
        lock(&self.0).views.iter().rev().find(|view| view.epoch() == epoch).cloned()
    }

    /// Without an arbiter: what a node keeps.
    pub fn copy_of(&self, node: usize) -> Option<View> {
        let arbiter = lock(&self.0);
        let copy = arbiter.copies.as_ref().and_then(|copies| copies[node].as_ref());
        copy.map(|held| held.view.clone())
    }

    /// How often it was changed.
    pub fn changes(&self) -> u64 {
        lock(&self.0).swaps
    }

    /// The views that it holds or may come to hold by what it was asked already.
    pub fn possible_views(&self) -> Vec<View> {
        let arbiter = lock(&self.0);
        let asked = arbiter.questions.iter().filter_map(|(_, _, _, request)| match request {
            Request::Swap { view, .. } | Request::Found(view) => Some(view.clone()),
            Request::Read | Request::Adopt(_) => None,
        });
        arbiter.held.iter().map(|held| held.view.clone()).chain(asked).collect()
    }

    /// Moves the time.
    pub fn advance(&self, now_ns: u64) {
        let mut arbiter = lock(&self.0);
        arbiter.now_ns = now_ns;
        arbiter.take_questions();
        arbiter.give_answers();
    }
}

impl Arbiter {
    /// How long the next thing is under way; none where it is lost.
    fn way_ns(&mut self, node: usize) -> Option<u64> {
        let way_ns = 1 + self.random.below(WAY_NS);
        // No network lies between a node and its own disk.
        let is_cut = self.lines[node].is_cut && self.copies.is_none();
        if is_cut || (self.loses_some && self.random.below(24) == 0) {
            return (self.random.below(2) == 0).then(|| way_ns + self.random.below(LONG_WAY_NS));
        }
        Some(way_ns)
    }

    fn act(&mut self, node: usize, request: Request) -> Answer {
        if self.copies.is_some() {
            return self.act_on_copy(node, request);
        }
        match request {
            Request::Read => return Answer::View(self.held.clone()),
            // Only nodes without an arbiter ask for that.
            Request::Adopt(_) => {}
            Request::Found(view) => {
                if self.held.is_none() {
                    self.views.push(view.clone());
                    self.held = Some(Held { view, version: Version(1) });
                }
            }
            Request::Swap { expected, view } => {
                if self.held.as_ref().is_some_and(|held| held.version == expected) {
                    self.hold(view);
                }
            }
        }
        Answer::Asked
    }

    fn hold(&mut self, view: View) {
        self.swaps += 1;
        self.views.push(view.clone());
        self.held = Some(Held { view, version: Version(1 + self.swaps) });
    }

    /// As a node's own disk does.
    fn act_on_copy(&mut self, node: usize, request: Request) -> Answer {
        let Some(copies) = &mut self.copies else { return Answer::Failed };
        let copy = &mut copies[node];
        let epoch = copy.as_ref().map(|held| held.view.epoch());
        let kept = match request {
            Request::Read => return Answer::View(copy.clone()),
            Request::Found(view) => epoch.is_none().then_some(view),
            Request::Swap { expected, view } => {
                let is_expected = copy.as_ref().is_some_and(|held| held.version == expected);
                Some(view).filter(|view| is_expected && Some(view.epoch()) > epoch)
            }
            Request::Adopt(view) => Some(view).filter(|view| Some(view.epoch()) > epoch),
        };
        if let Some(view) = kept {
            let version = Version(u64::from(view.epoch().0));
            *copy = Some(Held { view: view.clone(), version });
            if self.held.as_ref().is_none_or(|held| held.view.epoch() < view.epoch()) {
                self.hold(view);
            } else if !self.views.contains(&view) {
                self.views.push(view);
            }
        }
        Answer::Asked
    }

    /// The process that wrote is gone: what it wrote is done by now, or never.
    fn end_writing(&mut self, node: usize) {
        while let Some(at) = self.questions.iter().position(|(_, of, ..)| *of == node) {
            let (_, _, _, request) = self.questions.remove(at);
            if self.random.below(2) == 0 {
                self.act(node, request);
            }
        }
    }

    fn take_questions(&mut self) {
        while let Some(at) = self.questions.iter().position(|(due_ns, ..)| *due_ns <= self.now_ns) {
            let (_, node, number, request) = self.questions.remove(at);
            let answer = self.act(node, request);
            if let Some(way_ns) = self.way_ns(node) {
                self.answers.push((self.now_ns + way_ns, node, number, answer));
            }
        }
    }

    fn give_answers(&mut self) {
        while let Some(at) = self.answers.iter().position(|(due_ns, ..)| *due_ns <= self.now_ns) {
            let (_, node, number, answer) = self.answers.remove(at);
            let line = &mut self.lines[node];
            if line.answer.is_none() && line.open.is_some_and(|(open, _)| open == number) {
                line.answer = Some(answer);
            }
        }
        for line in &mut self.lines {
            if line.answer.is_none() && line.open.is_some_and(|(_, until)| until <= self.now_ns) {
                line.answer = Some(Answer::Failed);
            }
        }
    }
}

/// A node's way to the [`Arbitration`].
pub struct SimulatedPort {
    node: usize,
    arbiter: Arbitration,
}

impl Port for SimulatedPort {
    fn ask(&mut self, request: Request) -> bool {
        let mut arbiter = lock(&self.arbiter.0);
        let now_ns = arbiter.now_ns;
        let line = &mut arbiter.lines[self.node];
        if line.open.is_some() {
            return false;
        }
        line.numbers += 1;
        let number = line.numbers;
        line.open = Some((number, now_ns + ANSWER_NS));
        if let Some(way_ns) = arbiter.way_ns(self.node) {
            arbiter.questions.push((now_ns + way_ns, self.node, number, request));
        }
        true
    }

    fn poll(&mut self) -> Option<Answer> {
        let mut arbiter = lock(&self.arbiter.0);
        let line = &mut arbiter.lines[self.node];
        let answer = line.answer.take()?;
        line.open = None;
        Some(answer)
    }

    fn complaint(&self) -> String {
        String::new()
    }
}

/// What lies in a machine's memory beside the log ring and outlives a process: the witness of its life, a file in tmpfs
/// as that of a real node. Clones are the same.
#[derive(Clone)]
pub struct Life {
    path: PathBuf,
    /// The incarnation of which it tells.
    incarnation: Arc<Mutex<Option<Incarnation>>>,
}

impl Life {
    /// The one whose witness lies at a path.
    pub fn new(path: PathBuf) -> Self {
        Self { path, incarnation: Arc::default() }
    }

    /// Where its witness lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same under another name, which shows what is written to it and not that it was removed.
    fn other_name(&self) -> PathBuf {
        self.path.with_extension("kept")
    }

    /// A process begins that is killed before it can remove anything.
    pub fn keep(&self) -> io::Result<()> {
        self.let_go()?;
        if self.path.exists() { std::fs::hard_link(&self.path, self.other_name()) } else { Ok(()) }
    }

    /// That process was killed.
    pub fn bring_back(&self) -> io::Result<()> {
        match std::fs::rename(self.other_name(), &self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            renamed => renamed,
        }
    }

    /// It was not killed.
    pub fn let_go(&self) -> io::Result<()> {
        Witness::forget(&self.other_name())
    }

    /// Whether there is none, by its witness.
    pub fn is_over(&self) -> bool {
        let is_over = !self.path.exists();
        if is_over {
            *lock(&self.incarnation) = None;
        }
        is_over
    }
}

/// The incarnation that a machine's memory tells of.
pub fn incarnation(life: &Life) -> Option<Incarnation> {
    *lock(&life.incarnation)
}

/// Removes a life.
pub fn forget(life: &Life) -> io::Result<()> {
    *lock(&life.incarnation) = None;
    Witness::forget(&life.path)
}

/// Promise and life of a simulated node.
pub struct SimulatedKeeper {
    file: NodeFile<SimulatedFile>,
    life: Life,
    /// None once the life is over.
    witness: Option<Witness>,
    asked: Option<(Promise, u32)>,
    failure: Option<String>,
}

/// How many turns writing the promise takes.
const WRITING_TURNS: u32 = 2;

impl SimulatedKeeper {
    /// Begins a process's part, as the keeper of a real node does.
    pub fn begin(
        file: NodeFile<SimulatedFile>,
        life: &Life,
        log: &Log,
        random: [u64; 2],
        mutant: Option<Mutant>,
    ) -> io::Result<(Self, Beginning)> {
        if let Some(forged) = mutant.and_then(Mutant::forged)
            && let Some(witness) = Witness::open(&life.path, log.tag)?
        {
            Witness::begin(&life.path, log.tag, forged(witness.said()))?;
        }
        let (witness, beginning) = keeper::begin(&file, &life.path, log, random)?;
        *lock(&life.incarnation) = Some(beginning.incarnation);
        let (witness, life) = (Some(witness), life.clone());
        Ok((Self { file, life, witness, asked: None, failure: None }, beginning))
    }
}

impl Keeper for SimulatedKeeper {
    fn store(&mut self, promise: Promise) {
        self.asked = Some((promise, WRITING_TURNS));
    }

    fn stored(&mut self) -> Option<Promise> {
        let (promise, turns) = self.asked.as_mut()?;
        if *turns > 0 {
            *turns -= 1;
            return None;
        }
        let promise = *promise;
        self.asked = None;
        if let Err(error) = self.file.see(promise.epoch, promise.reign) {
            self.failure = Some(error.to_string());
            return None;
        }
        if let Some(witness) = &mut self.witness {
            witness.written(self.file.writing());
        }
        Some(promise)
    }

    fn acknowledge(&mut self, sequence: Sequence) {
        if let Some(witness) = &mut self.witness {
            witness.acknowledge(sequence);
        }
    }

    fn tell(&mut self, sequence: Sequence) {
        if let Some(witness) = &mut self.witness {
            witness.tell(sequence);
        }
    }

    fn forget(&mut self) {
        *lock(&self.life.incarnation) = None;
        // What cannot be removed is over all the same.
        let _ = self.witness.take().map(Witness::end);
    }

    fn failure(&mut self) -> Option<String> {
        self.failure.take()
    }
}

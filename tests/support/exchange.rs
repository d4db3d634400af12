//! `castle serve` as a process, in a directory that is gone when the test is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use castle::runtime::dies_with_its_parent;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::scratch;

/// How long an exchange may take to start, with the journal of a whole test to be read.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// How long it may take to end.
const STOP_PATIENCE: Duration = Duration::from_secs(40);

/// The binary under test: the one that was built with the test, or, where speed counts, the one that is shipped.
pub fn binary() -> PathBuf {
    let shipped = std::env::var_os("CASTLE_BINARY").map(PathBuf::from);
    shipped.unwrap_or_else(|| env!("CARGO_BIN_EXE_castle").into())
}

/// A command of it.
pub fn castle() -> Command {
    Command::new(binary())
}

/// What a test's exchange is configured to be; the rest is the same for all.
pub struct Setup {
    pub durability: &'static str,
    /// Sessions `S1`, `S2`, …, of accounts 2, 3, ….
    pub sessions: usize,
    /// Further lines of `[fix]`.
    pub fix: String,
    /// Further lines of `[journal]`.
    pub journal: String,
    /// Where the journal lies, if not in a directory of the test's own.
    pub journal_directory: Option<PathBuf>,
}

/// Lines of `[journal]` with which an exchange that has little to do needs little: three segments are made ready
/// before it starts, and written with zeros.
pub const JOURNAL: &str =
    "segment_bytes = 4194304\nreserve_bytes = 524288\nlog_ring_records = 8192\n";
/// The same where it has much to do: no new segment every moment, and a log ring as it is shipped.
pub const JOURNAL_LARGE: &str = "segment_bytes = 33554432\nreserve_bytes = 4194304\n";

impl Default for Setup {
    fn default() -> Self {
        Self {
            durability: "local-disk",
            sessions: 2,
            fix: "messages_per_second_max = 100000000\nmessages_burst_max = 100000000\n".into(),
            journal: JOURNAL.into(),
            journal_directory: None,
        }
    }
}

/// What each account begins with.
pub const DEPOSITS: [(&str, i64); 3] =
    [("AAA", 1_000_000), ("BBB", 1_000_000), ("USD", 1_000_000_000)];
/// What is traded; prices have two decimal places, quantities none.
pub const SYMBOLS: [&str; 2] = ["AAAUSD", "BBBUSD"];

/// A directory with a configuration, in which exchanges are started one after the other.
pub struct House {
    _directory: TempDir,
    ring: TempDir,
    pub sessions: usize,
    pub config: PathBuf,
    pub journal: PathBuf,
}

impl House {
    pub fn new(setup: &Setup) -> Self {
        let (directory, ring) = (scratch::directory(), scratch::directory_in_memory());
        let own = directory.path().join("data");
        let journal = setup.journal_directory.clone().unwrap_or(own);
        let config = directory.path().join("castle.toml");
        let text = text(setup, &journal, ring.path());
        std::fs::write(&config, text).expect("a configuration");
        Self { _directory: directory, ring, sessions: setup.sessions, config, journal }
    }

    /// Changes the configuration for the next start.
    pub fn edit(&self, change: impl FnOnce(String) -> String) {
        let text = std::fs::read_to_string(&self.config).expect("the configuration");
        std::fs::write(&self.config, change(text)).expect("a configuration");
    }

    /// Starts an exchange that is expected to come up.
    pub fn start(&self) -> Exchange {
        match self.try_start() {
            Ok(exchange) => exchange,
            Err(output) => panic!("the exchange does not start: {output:?}"),
        }
    }

    /// Starts an exchange, or gives what it said when it ended instead.
    pub fn try_start(&self) -> Result<Exchange, Ended> {
        Exchange::spawn(self.serve(), &self.journal)
    }

    fn serve(&self) -> Command {
        let mut serve = castle();
        serve.arg("serve").arg("--config").arg(&self.config);
        dies_with_its_parent(&mut serve);
        serve
    }

    /// Starts an exchange and kills it while it starts, or soon after.
    pub fn start_killed(&self, after: Duration) {
        let mut serve = self.serve();
        let child = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("castle can be run");
        std::thread::sleep(after);
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// The files of dead exchanges that lie in memory.
    pub fn rings(&self) -> Vec<PathBuf> {
        files(self.ring.path()).into_keys().collect()
    }

    /// Forgets what lies in memory, as a machine does that loses power.
    pub fn forget_rings(&self) {
        for ring in self.rings() {
            std::fs::remove_file(ring).expect("a ring can be removed");
        }
    }

    /// The journal's segments, in their order.
    pub fn segments(&self) -> Vec<PathBuf> {
        let is_segment = |path: &PathBuf| path.extension().is_some_and(|end| end == "segment");
        files(&self.journal).into_keys().filter(is_segment).collect()
    }

    /// Every file of the journal's directory with its bytes.
    pub fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.journal)
    }

    /// Runs `castle journal verify` on the journal.
    pub fn verify(&self) -> Output {
        let mut command = castle();
        command.args(["journal", "verify"]).arg(&self.journal);
        command.output().expect("castle journal verify runs")
    }
}

/// All plain files below a directory.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            found.extend(files(&path));
        } else if kind.is_file() {
            found.insert(path.clone(), std::fs::read(&path).unwrap_or_default());
        }
    }
    found
}

fn text(setup: &Setup, journal: &Path, ring: &Path) -> String {
    let Setup { durability, sessions, fix, journal: journal_lines, .. } = setup;
    let (journal, ring) = (journal.display(), ring.display());
    let mut text = format!(
        "durability = \"{durability}\"\n\
         [fix]\nlisten = \"127.0.0.1:0\"\n{fix}\
         [journal]\ndirectory = \"{journal}\"\nring_directory = \"{ring}\"\n{journal_lines}\
         [threads]\ngateway_engine = {{ idle = \"park\" }}\njournal = {{ idle = \"park\" }}\n\
         [engine]\norders_max = 262144\ncl_ord_ids_max = 4194304\n"
    );
    for (asset, _) in DEPOSITS {
        let _ = write!(text, "[[asset]]\nname = \"{asset}\"\nscale = 6\n");
    }
    for symbol in SYMBOLS {
        let base = &symbol[..3];
        let _ = write!(
            text,
            "[[instrument]]\nsymbol = \"{symbol}\"\nbase = \"{base}\"\nquote = \"USD\"\n\
             price_scale = 2\nquantity_scale = 0\ntick = \"0.01\"\nlot = \"1\"\n\
             quantity_min = \"1\"\nquantity_max = \"100000\"\nnotional_min = \"0\"\n\
             collar_percent = 50\nreference_price = \"100\"\nopen_orders_max = 100000\n\
             maker_fee = 50\ntaker_fee = 100\n"
        );
    }
    for session in 1..=*sessions {
        let account = session + 1;
        let deposits: Vec<String> =
            DEPOSITS.iter().map(|(asset, amount)| format!("{asset} = \"{amount}\"")).collect();
        let _ = write!(
            text,
            "[[account]]\nid = {account}\nname = \"S{session}\"\ndeposits = {{ {} }}\n\
             [[session]]\ncomp_id = \"S{session}\"\naccount = {account}\n",
            deposits.join(", ")
        );
    }
    text
}

/// How an exchange ended that did not start.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// What it wrote, both streams.
    pub said: String,
}

/// A running exchange; it is killed when it is dropped.
pub struct Exchange {
    child: Child,
    said: Arc<Mutex<String>>,
    pub address: SocketAddr,
    socket: PathBuf,
}

impl Exchange {
    /// Runs `castle serve` by this command and waits until it is ready, or has ended instead.
    pub fn spawn(mut serve: Command, journal: &Path) -> Result<Self, Ended> {
        let mut child = serve
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("castle can be run");
        let (said, lines) = listen(&mut child);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let socket = journal.join("admin.sock");
        let mut exchange = Self { child, said, address, socket };
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(rest) = line.strip_prefix("FIX 4.4 on ") {
                        let address = rest.split(' ').next().unwrap_or("");
                        exchange.address = address.parse().expect("an address is printed");
                    }
                    if line == "ready" {
                        return Ok(exchange);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = exchange.child.wait().expect("it has ended");
                    return Err(Ended { status, said: exchange.said() });
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("the exchange is not ready in time: {}", exchange.said())
                }
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written so far.
    pub fn said(&self) -> String {
        self.said.lock().expect("nobody panics with it").clone()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, without waiting for the end.
    pub fn terminate(&self) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("kill can be run").success());
    }

    /// Waits until it has ended, and says how, and what it wrote.
    pub fn wait(mut self) -> Ended {
        let deadline = Instant::now() + STOP_PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("its state can be asked for") {
                // The last lines may still be on their way through the pipe.
                std::thread::sleep(Duration::from_millis(50));
                return Ended { status, said: self.said() };
            }
            assert!(Instant::now() < deadline, "it does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("its state can be asked for").is_none()
    }

    /// Asks the operator's door.
    pub fn admin(&self, request: &Value) -> Value {
        let stream = UnixStream::connect(&self.socket).expect("the operator's door is open");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let mut reader = BufReader::new(stream);
        writeln!(reader.get_mut(), "{request}").expect("the door takes a request");
        let mut line = String::new();
        reader.read_line(&mut line).expect("the door answers");
        let answer: Value = serde_json::from_str(&line).expect("an answer is JSON");
        assert_eq!(answer["ok"], true, "{request}: {answer}");
        answer
    }

    /// The same, where the door may be shut or the answer be no.
    pub fn try_admin(&self, request: &Value) -> Result<Value, String> {
        let ask = || -> std::io::Result<String> {
            let stream = UnixStream::connect(&self.socket)?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            let mut reader = BufReader::new(stream);
            writeln!(reader.get_mut(), "{request}")?;
            let mut line = String::new();
            reader.read_line(&mut line)?;
            Ok(line)
        };
        let line = ask().map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        if answer["ok"] == true { Ok(answer) } else { Err(answer.to_string()) }
    }

    /// Sends a signal, named as `kill` names it.
    pub fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &pid]).status();
        assert!(sent.expect("kill can be run").success());
    }

    /// One of the figures of `status`.
    pub fn status(&self, field: &str) -> Value {
        self.admin(&json!({"command": "status"}))[field].clone()
    }

    /// State hash and the sequence it was taken at.
    pub fn state_hash(&self) -> (String, u64) {
        let answer = self.admin(&json!({"command": "state-hash"}));
        let hash = answer["state_hash"].as_str().expect("a hash").to_owned();
        (hash, answer["sequence"].as_u64().expect("a sequence"))
    }

    /// Checks that every asset's books balance, and against what was deposited.
    pub fn check_money(&self, sessions: usize) {
        let answer = self.admin(&json!({"command": "totals"}));
        adds_up(&answer, sessions).unwrap_or_else(|what| panic!("{what}"));
    }

    /// The same, where its door may be shut.
    pub fn money(&self, sessions: usize) -> Result<(), String> {
        adds_up(&self.try_admin(&json!({"command": "totals"}))?, sessions)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Books balance, and what came from outside is what was deposited.
fn adds_up(answer: &Value, sessions: usize) -> Result<(), String> {
    let totals = answer["totals"].as_array().expect("totals");
    assert_eq!(totals.len(), DEPOSITS.len());
    for (total, (asset, amount)) in totals.iter().zip(DEPOSITS) {
        assert_eq!(total["asset"], asset);
        let figure =
            |key: &str| super::fix::scaled(total[key].as_str().expect("a figure").as_bytes());
        let deposited = i128::from(amount) * sessions as i128 * super::fix::SCALE;
        let (participants, venue, outside) =
            (figure("participants"), figure("venue"), figure("outside"));
        if participants + venue + outside != 0 || outside != -deposited || venue < 0 {
            return Err(format!("{asset} does not add up: {total}"));
        }
    }
    Ok(())
}

/// Collects what a process writes, so that it never waits for a reader; standard output also by line.
fn listen(child: &mut Child) -> (Arc<Mutex<String>>, Receiver<String>) {
    let said = Arc::new(Mutex::new(String::new()));
    let (sender, lines) = channel();
    let errors = child.stderr.take().expect("it is piped");
    let kept = Arc::clone(&said);
    let drain = std::thread::spawn(move || keep(BufReader::new(errors), &kept, |_| ()));
    let output = child.stdout.take().expect("it is piped");
    let kept = Arc::clone(&said);
    std::thread::spawn(move || {
        // Nobody listens any more once it is ready.
        let tell = |line: &str| drop(sender.send(line.to_owned()));
        keep(BufReader::new(output), &kept, tell);
        // Only the end of both streams ends the lines.
        let _ = drain.join();
        drop(sender);
    });
    (said, lines)
}

fn keep(reader: impl BufRead, kept: &Mutex<String>, tell: impl Fn(&str)) {
    for line in reader.lines().map_while(Result::ok) {
        let mut kept = kept.lock().expect("nobody panics with it");
        kept.push_str(&line);
        kept.push('\n');
        tell(&line);
    }
}

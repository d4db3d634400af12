//! The two servers, each a process: `castle serve`, and the echo.

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use castle::runtime::dies_with_its_parent;

use super::Idle;
use super::echo::Shape;
use super::order::{SYMBOL, TOUCH};
use crate::suite::Options;

/// How long a server may take to start, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// Sessions that the exchange knows.
pub const SESSIONS_MAX: usize = 64;
/// Orders that a server has room for in a search for the greatest rate, which ends before they are sent.
pub const ORDERS_MAX: u64 = 8_000_000;
/// What `castle serve` says beside its standard output, in the directory in which it was started.
pub const LOG: &str = "castle.log";
/// The venue's CompID.
pub const VENUE: &str = "CASTLE";

/// A server that runs. It is killed when this is dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// Spinning or yielding servers share a core: the one that is not measured is stopped.
    is_greedy: bool,
}

/// The CompID of a session.
pub fn comp_id(session: usize) -> String {
    format!("T{session:02}")
}

impl Server {
    /// Starts `castle serve` with room for so many orders and its journal in `directory`, which is its own.
    pub fn castle(
        options: &Options,
        durability: &str,
        orders_max: u64,
        directory: &Path,
    ) -> Result<Self, String> {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let journal = Path::new("journal");
        let setup = Setup { core: options.cores[1], durability, orders_max, listen, journal };
        Self::castle_with(options, &configuration(options, &setup), directory)
    }

    /// Starts `castle serve` with this configuration, in a directory that is its own.
    pub fn castle_with(
        options: &Options,
        configuration: &str,
        directory: &Path,
    ) -> Result<Self, String> {
        if !options.castle.is_file() {
            return Err(format!(
                "there is no castle at {}: build it with cargo build --release -p castle, or name it \
                 with --castle",
                options.castle.display()
            ));
        }
        let file = directory.join("castle.toml");
        std::fs::write(&file, configuration)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let mut command = Command::new(
            std::fs::canonicalize(&options.castle)
                .map_err(|error| format!("{}: {error}", options.castle.display()))?,
        );
        command.args(["serve", "--config", "castle.toml"]).current_dir(directory);
        // What it says of every session would tear the output apart; why it did not start must not be
        // lost.
        let log = directory.join(LOG);
        let file =
            std::fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        command.stderr(Stdio::from(file));
        Self::start(&mut command, "FIX 4.4 on ", "ready", options.idle).map_err(|error| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            format!("{error}. It said: {}", said.trim())
        })
    }

    /// Starts the echo.
    pub fn echo(options: &Options, shape: &Shape) -> Result<Self, String> {
        let mut command = Command::new(&options.harness);
        command.arg(super::ECHO).arg(options.cores[1].to_string());
        command.arg(options.idle.name()).args(shape.arguments());
        Self::start(&mut command, "echo on ", "echo on ", options.idle)
    }

    /// Starts a server that says where it listens in a line that begins with `says`, and then, maybe in the same
    /// line, that it is ready.
    pub fn start(
        command: &mut Command,
        says: &str,
        ready: &str,
        idle: Idle,
    ) -> Result<Self, String> {
        let name = command.get_program().to_string_lossy().into_owned();
        // A server that nobody measures any more must not go on, however this program ended.
        dies_with_its_parent(command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name} cannot be started: {error}"))?;
        let output = child.stdout.take();
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            is_greedy: idle != Idle::Park,
        };
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()) {
                // Read to the end, so that the server never waits to write.
                let _nobody_listens_any_more = line.map(|line| sender.send(line));
            }
        });
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line =
                lines.recv_timeout(left).map_err(|_| format!("{name} did not become ready"))?;
            if let Some(address) =
                line.strip_prefix(says).and_then(|rest| rest.split(' ').next()?.parse().ok())
            {
                server.address = address;
            }
            if line.starts_with(ready) {
                return Ok(server);
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes a server that never sleeps off the core while the other is measured.
    pub fn pause(&self) -> Result<(), String> {
        if self.is_greedy { self.signal("-STOP") } else { Ok(()) }
    }

    /// Lets it go on.
    pub fn resume(&self) -> Result<(), String> {
        if self.is_greedy { self.signal("-CONT") } else { Ok(()) }
    }

    /// Tells it to stop, and waits.
    pub fn stop(mut self) -> Result<(), String> {
        self.signal("-CONT")?;
        self.signal("-TERM")?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.child.try_wait().map_err(|error| error.to_string())? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("castle serve ended with {status}")),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        Err(format!("castle serve did not stop within {} s", PATIENCE.as_secs()))
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, by its name for `kill`.
    pub fn signal(&self, signal: &str) -> Result<(), String> {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(format!("process {pid} cannot be signalled: it may have died")),
            Err(error) => Err(format!("kill: {error}")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After an orderly stop both find nothing left to do.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// What differs from one venue to another.
pub struct Setup<'a> {
    /// The core of its hot thread.
    pub core: usize,
    /// The level of durability.
    pub durability: &'a str,
    /// Orders that it has room for.
    pub orders_max: u64,
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Its journal.
    pub journal: &'a Path,
}

/// The configuration of a venue.
pub fn configuration(options: &Options, setup: &Setup<'_>) -> String {
    let Setup { core, durability, orders_max, listen, journal } = setup;
    let (journal, rings) = (journal.display(), options.rings.path().display());
    let (journal_core, idle) = (options.journal_core, options.idle.name());
    let mut threads = options.threads.join("\n");
    if threads.is_empty() {
        threads = format!(
            "gateway_engine = {{ core = {core}, idle = \"{idle}\" }}\n\
             journal = {{ core = {journal_core}, idle = \"park\" }}"
        );
    }
    let mut text = format!(
        "durability = \"{durability}\"\n\
         [fix]\nlisten = \"{listen}\"\ncomp_id = \"{VENUE}\"\n\
         messages_per_second_max = 100000000\nmessages_burst_max = 100000000\n\
         outbound_bytes_max = 1073741824\n\
         [journal]\ndirectory = \"{journal}\"\nring_directory = \"{rings}\"\n\
         [threads]\n{threads}\n\
         [engine]\norders_max = {orders_max}\ncl_ord_ids_max = {orders_max}\n\
         cl_ord_ids_per_account_max = {orders_max}\ntouch_memory = true\n\
         [[asset]]\nname = \"BTC\"\nscale = 0\n[[asset]]\nname = \"USDT\"\nscale = 2\n\
         [[instrument]]\nsymbol = \"{SYMBOL}\"\nbase = \"BTC\"\nquote = \"USDT\"\n\
         price_scale = 0\nquantity_scale = 0\ntick = \"1\"\nlot = \"1\"\nquantity_min = \"1\"\n\
         quantity_max = \"9000\"\nnotional_min = \"5\"\ncollar_percent = 20\n\
         reference_price = \"{TOUCH}\"\nopen_orders_max = 16000000\n\
         maker_fee = 50\ntaker_fee = 100\n"
    );
    for session in 0..SESSIONS_MAX {
        let (account, comp_id) = (session + 2, comp_id(session));
        // Writing to a String cannot fail.
        let _always_ok = write!(
            text,
            "[[account]]\nid = {account}\n\
             deposits = {{ BTC = \"1000000000\", USDT = \"10000000000000\" }}\n\
             [[session]]\ncomp_id = \"{comp_id}\"\naccount = {account}\n"
        );
    }
    text
}

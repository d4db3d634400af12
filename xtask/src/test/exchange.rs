//! A running `castle serve` of the release build, in a directory that is removed behind it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::test::{Context, process};

/// How long the exchange may take to start and to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// The release build.
pub fn binary(context: &Context) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| context.root.join("target")).join("release/castle")
}

/// A running exchange; it ends when this is dropped.
pub struct Exchange {
    child: Child,
    directory: PathBuf,
    address: String,
}

impl Exchange {
    /// Starts an exchange with this configuration in a directory of its own, and waits until it is
    /// ready.
    pub fn start(context: &Context, name: &str, config: &str) -> Result<Self, String> {
        let directory =
            std::env::temp_dir().join(format!("castle-test-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory)
            .and_then(|()| std::fs::write(directory.join("castle.toml"), config))
            .map_err(|error| format!("{}: {error}", directory.display()))?;
        let child = Command::new(binary(context))
            .args(["serve", "--config", "castle.toml"])
            .current_dir(&directory)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("castle serve cannot be started: {error}"))?;
        let mut exchange = Self { child, directory, address: String::new() };
        exchange.await_ready()?;
        Ok(exchange)
    }

    /// The host on which it listens.
    pub fn host(&self) -> &str {
        self.address.rsplit_once(':').map_or("", |(host, _)| host)
    }

    /// The port on which it listens.
    pub fn port(&self) -> &str {
        self.address.rsplit_once(':').map_or("", |(_, port)| port)
    }

    /// Tells it to stop; an error where it does not do so in order and in time.
    pub fn stop(mut self) -> Result<(), String> {
        let pid = self.child.id().to_string();
        process::run_quietly(Command::new("kill").args(["-TERM", &pid]))?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.child.try_wait().map_err(|error| error.to_string())? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("castle serve ended with {status}")),
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        Err(format!("castle serve did not stop within {} s", PATIENCE.as_secs()))
    }

    /// Reads its first lines until it says that it is ready.
    fn await_ready(&mut self) -> Result<(), String> {
        let (sender, lines) = mpsc::channel();
        let output = self.child.stdout.take().ok_or("castle serve has no output")?;
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Lines after the start are read so that the exchange never waits to write them.
                let _nobody_listens_any_more = sender.send(line);
            }
        });
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = lines
                .recv_timeout(left)
                .map_err(|_| "castle serve did not become ready".to_owned())?;
            if let Some(rest) = line.strip_prefix("FIX 4.4 on ") {
                self.address = rest.split(' ').next().unwrap_or("").to_owned();
            }
            if line == "ready" {
                return Ok(());
            }
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // After an orderly stop both find nothing left to do.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
        let _removed = std::fs::remove_dir_all(&self.directory);
    }
}

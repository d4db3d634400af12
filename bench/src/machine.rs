//! The machine that was measured on: without it no figure means anything.

use std::fs;

use serde::Serialize;

/// The machine, in every result.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Its processor.
    pub cpu: String,
    /// Cores that the system shows.
    pub cores: usize,
    /// The cores that the suite was pinned to: the client's, the server's.
    pub cores_used: [usize; 2],
    /// Release of the kernel.
    pub kernel: String,
    /// Frequency governor of the first core.
    pub governor: String,
    /// Time that the hypervisor gave to others during the run, in percent of all cores' time.
    pub steal_percent: f64,
    /// Time that the cores were busy during the run with whatever, in percent.
    pub busy_percent: f64,
    /// Processes that wanted to run, averaged over the minute before the run.
    pub load_before: f64,
    /// The compiler.
    pub rustc: String,
    /// The commit that the harness was built from.
    pub commit: String,
    /// Profile and flags of the build.
    pub flags: String,
    /// The command line.
    pub command: String,
}

/// Time of all cores since the machine started, in ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ticks {
    all: u64,
    idle: u64,
    steal: u64,
}

/// Looks at the machine from before a run to after it.
#[derive(Debug)]
pub struct Observation {
    machine: Machine,
    before: Ticks,
}

impl Observation {
    /// Begins to look.
    pub fn begin(cores_used: [usize; 2]) -> Self {
        let machine = Machine {
            cpu: line_of("/proc/cpuinfo", "model name"),
            cores: core_affinity::get_core_ids().map_or(0, |cores| cores.len()),
            cores_used,
            kernel: read("/proc/sys/kernel/osrelease"),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            steal_percent: 0.0,
            busy_percent: 0.0,
            load_before: read("/proc/loadavg")
                .split(' ')
                .next()
                .and_then(|load| load.parse().ok())
                .unwrap_or(0.0),
            rustc: env!("CASTLE_BENCH_RUSTC").to_owned(),
            commit: env!("CASTLE_BENCH_COMMIT").to_owned(),
            flags: env!("CASTLE_BENCH_FLAGS").to_owned(),
            command: command(),
        };
        Self { machine, before: ticks(&read("/proc/stat")) }
    }

    /// What was seen.
    pub fn end(mut self) -> Machine {
        let after = ticks(&read("/proc/stat"));
        let all = after.all.saturating_sub(self.before.all).max(1) as f64;
        let steal = after.steal.saturating_sub(self.before.steal) as f64;
        let idle = after.idle.saturating_sub(self.before.idle) as f64;
        self.machine.steal_percent = rounded(100.0 * steal / all);
        self.machine.busy_percent = rounded(100.0 * (1.0 - (idle + steal) / all));
        self.machine
    }
}

/// Pins the calling thread; an error names the core.
pub fn pin(core: usize) -> Result<(), String> {
    if core_affinity::set_for_current(core_affinity::CoreId { id: core }) {
        return Ok(());
    }
    let there = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Err(format!(
        "the system refuses core {core} (it shows {there} cores): name two with --cores a,b"
    ))
}

/// The command line without the folders of this machine.
fn command() -> String {
    let base = |text: String| text.rsplit('/').next().map(ToOwned::to_owned).unwrap_or(text);
    std::env::args().map(base).collect::<Vec<_>>().join(" ")
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn read(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let text = text.trim();
    if text.is_empty() { "unknown".to_owned() } else { text.to_owned() }
}

fn line_of(path: &str, key: &str) -> String {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(key));
    let value = line.and_then(|line| line.split_once(':'));
    value.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

/// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal, and guest
/// times, which the first two contain already (man 5 proc).
fn ticks(stat: &str) -> Ticks {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu ")).unwrap_or("");
    let fields: Vec<u64> =
        line.split_whitespace().filter_map(|field| field.parse().ok()).take(8).collect();
    let at = |index: usize| fields.get(index).copied().unwrap_or(0);
    Ticks { all: fields.iter().sum(), idle: at(3) + at(4), steal: at(7) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_and_idle_time_are_read_from_the_first_line() {
        let stat = "cpu  10 1 5 60 4 0 0 20 7 0\ncpu0 5 0 2 30 2 0 0 10 3 0\n";
        assert_eq!(ticks(stat), Ticks { all: 100, idle: 64, steal: 20 });
        assert_eq!(ticks("nothing of it"), Ticks::default());
    }
}

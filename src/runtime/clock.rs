//! The time, read once a turn and handed in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// One reading of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Nanoseconds since the Unix epoch. May jump either way when the machine's clock is set.
    pub wall_ns: u64,
    /// Nanoseconds since some moment; never goes back. Timeouts are measured by it.
    pub monotonic_ns: u64,
}

/// Tells the time.
pub trait Clock: Send {
    /// Reads it.
    fn now(&mut self) -> Now;
}

/// The machine's clocks: `CLOCK_REALTIME` and `CLOCK_MONOTONIC`, without a syscall where the kernel
/// offers that.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[inline]
    fn now(&mut self) -> Now {
        Now { wall_ns: read(libc::CLOCK_REALTIME), monotonic_ns: read(libc::CLOCK_MONOTONIC) }
    }
}

/// The machine's monotonic clock now: what [`Now::monotonic_ns`] is by the [`SystemClock`]. For measuring
/// how long something took; what an agent does depends on the time that is handed in.
#[inline]
pub fn monotonic_ns() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

#[inline]
fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes the timespec, which is ours. It cannot fail for these clocks.
    let result = unsafe { libc::clock_gettime(clock, &mut time) };
    debug_assert_eq!(result, 0);
    // A wall clock set before 1970 reads as 1970.
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
}

/// A clock that only moves when told to. Clones share the time.
#[derive(Debug, Clone, Default)]
pub struct SimulatedClock {
    time: Arc<SimulatedTime>,
}

#[derive(Debug, Default)]
struct SimulatedTime {
    wall_ns: AtomicU64,
    monotonic_ns: AtomicU64,
}

impl SimulatedClock {
    /// A clock that stands at this wall time, and at 0 of the monotonic.
    pub fn new(wall_ns: u64) -> Self {
        let clock = Self::default();
        clock.set_wall(wall_ns);
        clock
    }

    /// What it shows.
    pub fn read(&self) -> Now {
        Now {
            wall_ns: self.time.wall_ns.load(Ordering::Acquire),
            monotonic_ns: self.time.monotonic_ns.load(Ordering::Acquire),
        }
    }

    /// Time passes.
    pub fn advance(&self, by: Duration) {
        let ns = u64::try_from(by.as_nanos()).expect("a simulation ends within centuries");
        self.time.wall_ns.fetch_add(ns, Ordering::AcqRel);
        self.time.monotonic_ns.fetch_add(ns, Ordering::AcqRel);
    }

    /// Somebody sets the wall clock; no time passes.
    pub fn set_wall(&self, wall_ns: u64) {
        self.time.wall_ns.store(wall_ns, Ordering::Release);
    }
}

impl Clock for SimulatedClock {
    fn now(&mut self) -> Now {
        self.read()
    }
}

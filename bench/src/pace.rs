//! The schedule of an open loop: when each order is to be sent is fixed before the first is.
//!
//! Order `n` is planned for `start + n / rate`. Whoever is late sends at once all that is due; none is
//! skipped and none is planned anew. How late the generator itself was is recorded, and a run in which
//! that exceeds its budget is not valid: it would have measured the generator.

use crate::record::Recorder;

/// When orders are to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    start_ns: u64,
    rate_per_s: u64,
    orders: u64,
}

impl Schedule {
    /// Orders at this rate for this long, evenly apart.
    pub fn new(start_ns: u64, rate_per_s: u64, length_ns: u64) -> Self {
        let orders = u128::from(rate_per_s) * u128::from(length_ns) / 1_000_000_000;
        Self { start_ns, rate_per_s: rate_per_s.max(1), orders: orders as u64 }
    }

    /// How many orders there are.
    pub fn orders(&self) -> u64 {
        self.orders
    }

    /// When this order is to be sent.
    #[inline]
    pub fn planned_ns(&self, order: u64) -> u64 {
        // Whole seconds and the rest: exact for centuries, so no error adds up.
        let (seconds, rest) = (order / self.rate_per_s, order % self.rate_per_s);
        self.start_ns + seconds * 1_000_000_000 + rest * 1_000_000_000 / self.rate_per_s
    }
}

/// Walks through a schedule and records how late it is.
#[derive(Debug)]
pub struct Generator {
    schedule: Schedule,
    next: u64,
    next_ns: u64,
}

impl Generator {
    /// At the beginning of a schedule.
    pub fn new(schedule: Schedule) -> Self {
        Self { schedule, next: 0, next_ns: schedule.planned_ns(0) }
    }

    /// The next order if it is due: its number and its planned time. `lag` gets how late it is.
    #[inline]
    pub fn take(&mut self, now_ns: u64, lag: &mut Recorder) -> Option<(u64, u64)> {
        if now_ns < self.next_ns || self.next == self.schedule.orders {
            return None;
        }
        let taken = (self.next, self.next_ns);
        lag.record(now_ns - self.next_ns);
        self.next += 1;
        self.next_ns = self.schedule.planned_ns(self.next);
        Some(taken)
    }

    /// Orders that were taken.
    pub fn taken(&self) -> u64 {
        self.next
    }

    /// Takes no more orders: what was to be found out is known.
    pub fn give_up(&mut self) {
        self.schedule.orders = self.next;
    }

    /// Whether every order was taken.
    pub fn is_done(&self) -> bool {
        self.next == self.schedule.orders
    }
}

/// Why a run in which the generator was this late cannot be believed; none where it can.
pub fn too_late(series: &str, lag_p99_9_ns: u64, budget_ns: u64) -> Option<String> {
    (lag_p99_9_ns > budget_ns).then(|| {
        format!(
            "{series}: the generator was late by {lag_p99_9_ns} ns at p99.9 of its orders, the budget \
             is {budget_ns} ns: send fewer, or keep other work off its core"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::total;

    const BUDGET_NS: u64 = 500_000;

    /// Sends a second of orders by a clock that stands still where it is told to; the lag at p99.9.
    fn lag_of(stall_ns: u64) -> u64 {
        let mut generator = Generator::new(Schedule::new(0, 20_000, 1_000_000_000));
        let mut lag = Recorder::new(1);
        lag.open(0);
        let mut now_ns = 0;
        let mut sent = 0;
        while !generator.is_done() {
            while generator.take(now_ns, &mut lag).is_some() {
                sent += 1;
            }
            now_ns += if sent == 10_000 { stall_ns } else { 1_000 };
        }
        assert_eq!(sent, 20_000, "none is skipped");
        total(&lag.finish()).value_at_quantile(0.999)
    }

    #[test]
    fn a_generator_that_stalls_makes_the_run_invalid() {
        let lag = lag_of(50_000_000);
        let why = too_late("wire", lag, BUDGET_NS).expect("fifty milliseconds are too late");
        assert!(why.contains("the budget is 500000 ns"), "{why}");
    }

    #[test]
    fn a_generator_in_time_leaves_the_run_valid() {
        assert_eq!(too_late("wire", lag_of(1_000), BUDGET_NS), None);
    }

    #[test]
    fn orders_are_planned_without_an_error_that_adds_up() {
        let schedule = Schedule::new(7, 3, 10_000_000_000);
        assert_eq!(schedule.orders(), 30);
        assert_eq!(schedule.planned_ns(0), 7);
        assert_eq!(schedule.planned_ns(1), 333_333_340);
        assert_eq!(schedule.planned_ns(30), 10_000_000_007);
    }
}

//! Who may connect, and how much of what they send is taken.

/// What a gateway takes from its clients. Set by the configuration.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most connections at a time; one more is closed at once.
    pub connections_max: usize,
    /// How long a connection may take to log on.
    pub logon_timeout_ms: u64,
    /// Most bytes a connection may send before its Logon is complete.
    pub bytes_before_logon_max: usize,
    /// The longest message in bytes.
    pub message_size_max: usize,
    /// Most messages of a session a second, malformed ones counted.
    pub messages_per_second_max: u32,
    /// How many may come at once after a pause.
    pub burst_max: u32,
    /// Most bytes that may wait for a client that does not read.
    pub outbound_bytes_max: usize,
    /// How far a message's SendingTime may be from ours.
    pub sending_time_tolerance_ms: u64,
    /// How long a client may take to close after a Logout.
    pub logout_timeout_ms: u64,
}

/// Counts messages against a rate: a bucket that fills with time and loses one token a message.
#[derive(Debug)]
pub struct TokenBucket {
    /// Tokens × 10^9.
    level: u128,
    filled_ns: u64,
}

const TOKEN: u128 = 1_000_000_000;

impl TokenBucket {
    /// A full bucket.
    pub fn new(burst: u32, now_ns: u64) -> Self {
        Self { level: u128::from(burst) * TOKEN, filled_ns: now_ns }
    }

    /// Takes a token; false where there is none.
    #[inline]
    pub fn take(&mut self, per_second: u32, burst: u32, now_ns: u64) -> bool {
        let elapsed = u128::from(now_ns.saturating_sub(self.filled_ns));
        self.filled_ns = self.filled_ns.max(now_ns);
        let filled = self.level + elapsed * u128::from(per_second);
        self.level = filled.min(u128::from(burst) * TOKEN);
        if self.level < TOKEN {
            return false;
        }
        self.level -= TOKEN;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_and_then_the_rate() {
        let mut bucket = TokenBucket::new(3, 0);
        let taken = (0..5).filter(|_| bucket.take(10, 3, 0)).count();
        assert_eq!(taken, 3);
        assert!(!bucket.take(10, 3, 99_000_000));
        assert!(bucket.take(10, 3, 100_000_000));
        assert!(!bucket.take(10, 3, 100_000_000));
    }

    #[test]
    fn a_long_pause_fills_no_more_than_the_burst() {
        let mut bucket = TokenBucket::new(3, 0);
        let taken = (0..10).filter(|_| bucket.take(10, 3, u64::MAX / 2)).count();
        assert_eq!(taken, 3);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_away() {
        let mut bucket = TokenBucket::new(1, 1_000_000_000);
        assert!(bucket.take(1, 1, 1_000_000_000));
        assert!(!bucket.take(1, 1, 0));
        assert!(!bucket.take(1, 1, 1_500_000_000));
        assert!(bucket.take(1, 1, 2_000_000_000));
    }
}

//! Who is not known yet: anybody may dial.

use std::collections::VecDeque;

/// What was said of connections of unknown nodes, and how many may still come.
///
/// A reason is said once; only the last few are remembered, and no more are said in a while, so that whoever makes up
/// new ones does not fill the log. Each connection that is begun costs work, with TLS a handshake on the thread that
/// also has the engine, so there are only so many in a while.
pub(super) struct Strangers {
    said: VecDeque<String>,
    sayings_left: usize,
    says_again_at_ns: u64,
    connections_max: usize,
    connections_left: usize,
    accepts_again_at_ns: u64,
}

impl Strangers {
    /// Reasons that are remembered, and said in [`Self::SAYINGS_NS`].
    pub const SAYINGS: usize = 8;
    const SAYINGS_NS: u64 = 10_000_000_000;
    /// Connections that are taken in [`Self::CONNECTIONS_NS`] for each other node of the configuration. Who looks whether
    /// this node listens dials every [`REDIAL_NS`](super::REDIAL_NS).
    pub const CONNECTIONS: usize = 50;
    pub const CONNECTIONS_NS: u64 = 100_000_000;

    pub fn new(nodes: usize, now_ns: u64) -> Self {
        let connections_max = Self::CONNECTIONS * nodes;
        Self {
            said: VecDeque::with_capacity(Self::SAYINGS),
            sayings_left: Self::SAYINGS,
            says_again_at_ns: now_ns,
            connections_max,
            connections_left: connections_max,
            accepts_again_at_ns: now_ns,
        }
    }

    /// Whether this is to be said.
    pub fn is_new(&mut self, why: &str, now_ns: u64) -> bool {
        if self.said.iter().any(|said| said == why) {
            return false;
        }
        if now_ns >= self.says_again_at_ns {
            (self.sayings_left, self.says_again_at_ns) = (Self::SAYINGS, now_ns + Self::SAYINGS_NS);
        }
        let Some(left) = self.sayings_left.checked_sub(1) else { return false };
        self.sayings_left = left;
        if self.said.len() == Self::SAYINGS {
            self.said.pop_front();
        }
        self.said.push_back(why.to_owned());
        true
    }

    /// Whether a connection may be taken now.
    pub fn may_come(&mut self, now_ns: u64) -> bool {
        if now_ns >= self.accepts_again_at_ns {
            self.connections_left = self.connections_max;
            self.accepts_again_at_ns = now_ns + Self::CONNECTIONS_NS;
        }
        self.connections_left > 0
    }

    /// One was taken.
    pub fn came(&mut self) {
        self.connections_left = self.connections_left.saturating_sub(1);
    }
}

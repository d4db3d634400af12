//! Whether a gateway takes connections: only that of a node which numbers records does.
//!
//! 1. The sequencer says in which epoch it leads before it publishes the events of that epoch's first
//!    record.
//! 2. The gateway opens when it takes the event that announces that very epoch. So all events of earlier
//!    primaries lie behind it, and none of its own ahead of it.
//! 3. They stay shut, or are shut again, as long as somebody holds them ([`Hold`]). Then every connection
//!    is ended at the gateway's next tick, and who connects is refused.
//! 4. Where the process leads no more they are shut for good: a node that steps down starts anew, from the
//!    part of the log that it shares.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::model::{Epoch, HashSecret};

/// Somebody who has a say beside the sequencer.
pub trait Hold: Send + Sync {
    /// Whether the doors of a node that leads may be open now.
    fn may_open(&self) -> bool;
}

/// See the module.
#[derive(Default)]
pub struct Doors {
    /// The epoch that this process leads in; 0 where it leads in none.
    epoch: AtomicU32,
    secret: OnceLock<HashSecret>,
    hold: Option<Box<dyn Hold>>,
}

impl Doors {
    /// Doors of a node that follows.
    pub fn of_standby(hold: Box<dyn Hold>) -> Self {
        Self { hold: Some(hold), ..Self::default() }
    }

    /// Doors of a node that leads from its start on.
    pub fn open_already(epoch: Epoch, secret: HashSecret) -> Self {
        let doors = Self::default();
        doors.open(epoch, secret);
        doors
    }

    /// This process leads in `epoch`, under whose genesis ClOrdIDs are hashed with `secret`.
    pub fn open(&self, epoch: Epoch, secret: HashSecret) {
        // Only the first counts: a log has one genesis.
        let _ = self.secret.set(secret);
        self.epoch.store(epoch.0, Ordering::Release);
    }

    /// This process leads no more.
    pub fn shut(&self) {
        self.epoch.store(0, Ordering::Release);
    }

    /// The epoch that this process leads in.
    pub fn epoch(&self) -> Option<Epoch> {
        Some(Epoch(self.epoch.load(Ordering::Acquire))).filter(|epoch| *epoch != Epoch(0))
    }

    /// Whether connections are to be taken.
    pub(super) fn are_open(&self) -> bool {
        self.epoch().is_some() && self.hold.as_ref().is_none_or(|hold| hold.may_open())
    }

    /// Under which ClOrdIDs are hashed, once that is known.
    pub(super) fn secret(&self) -> Option<HashSecret> {
        self.secret.get().copied()
    }
}

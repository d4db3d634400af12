//! Opens and shuts the gateway: see [`crate::gateway::doors`].

use super::FixGateway;
use crate::gateway::facts::{Ended, Fact};
use crate::gateway::network::Network;
use crate::model::Epoch;

impl<N: Network> FixGateway<N> {
    /// An epoch of this process begins here, or one of another primary.
    pub(super) fn epoch_began(&mut self, epoch: Epoch) {
        if self.leads || self.doors.epoch() != Some(epoch) {
            return;
        }
        self.leads = true;
        if let Some(secret) = self.doors.secret() {
            self.directory.set_secret(secret);
        }
        if self.doors.are_open()
            && let Err(error) = self.listen()
        {
            // Once; the next ticks try again.
            self.telltale.tell(Fact::ListenFailed(error.kind()));
        }
    }

    fn listen(&mut self) -> std::io::Result<()> {
        self.network.open_listener()?;
        self.listens = true;
        self.accept_pending = true;
        self.telltale.tell(Fact::DoorsOpen);
        Ok(())
    }

    /// Listens, or ceases to, as the doors are; tries again what has failed.
    pub(super) fn look_at_doors(&mut self) {
        let are_open = self.leads && self.doors.are_open();
        if are_open && !self.listens && !self.draining {
            // What failed was said at the first time.
            let _ = self.listen();
        } else if !are_open && self.listens {
            self.listens = false;
            self.network.close_listener();
            for slot in 0..self.connections.len() {
                self.end(slot, Ended::NotPrimary);
            }
            self.telltale.tell(Fact::DoorsShut);
        }
        if self.leads && self.doors.epoch().is_none() {
            self.leads = false;
            // The engine takes nothing of ours any more.
            self.lost.clear();
        }
    }
}

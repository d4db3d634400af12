//! What becomes of a machine's disk, and of what its memory holds beside it.

use std::io::ErrorKind;

use super::{DISK_BYTES, Machine};
use crate::gateway::simulated::SimulatedWorld;
use crate::journal;
use crate::journal::simulated::{Random, SimulatedDisk};
use crate::journal::transfer::Parcel;
use crate::model::{RecordBytes, Sequence};
use crate::ring;
use crate::simulation::Failure;
use crate::simulation::harm::Harm;
use crate::venue::simulated::snapshot_and_prune;
use crate::venue::take_in_snapshot;

impl Machine {
    /// Its journal ends with this record, and this running hash: so it is, byte for byte, what the log is that has
    /// it, too.
    pub fn verify(&self, last: u64, hash: u64) -> Result<(), String> {
        let verified = journal::read::verify(&self.disk).map_err(|error| error.to_string())?;
        let found = (verified.last.0, verified.running_hash);
        if found != (last, hash) {
            let id = self.id;
            return Err(format!(
                "the journal of node {id} ends with {found:x?}, not {:x?}",
                (last, hash)
            ));
        }
        Ok(())
    }

    /// Its process was gone before it had begun, with the power or without.
    pub fn was_cut_short(
        &mut self,
        with_power: bool,
        world: &SimulatedWorld,
        random: &mut Random,
    ) -> Result<(), Failure> {
        if with_power {
            return self.lose_power(world, random);
        }
        self.disk.clear_faults();
        self.kill(world);
        self.life.bring_back().map_err(Failure::system)
    }

    /// The machine loses its power: what was not synced may be gone, its memory is.
    pub fn lose_power(
        &mut self,
        world: &SimulatedWorld,
        random: &mut Random,
    ) -> Result<(), Failure> {
        self.kill(world);
        self.disk.crash(random.draw());
        self.lose_life()?;
        ring::unlink(&self.ring()).map_err(Failure::system)
    }

    /// The last record that its disk is sure to keep; none where it is down.
    pub fn synced(&self) -> Option<Sequence> {
        self.process.as_ref().map(|process| process.node.journaled())
    }

    /// An operator makes a snapshot of its journal and prunes it.
    pub fn snapshot_and_prune(
        &self,
        limit: Sequence,
        unreleased: bool,
    ) -> Result<Sequence, String> {
        snapshot_and_prune(&self.directory, &self.disk, limit, unreleased)
    }

    /// A snapshot that the primary sent takes the place of its journal, as on a real disk: in a directory, which holds
    /// what is on the simulated one meanwhile. Its log is then the beginning of the one that has the snapshot's record.
    pub fn take_in(
        &mut self,
        shared: Sequence,
        parcel: &Parcel,
        log: &[RecordBytes],
        hashes: &[u64],
    ) -> Result<(), Failure> {
        for (name, bytes) in self.disk.files() {
            std::fs::write(self.directory.join(&name), bytes).map_err(Failure::system)?;
            self.disk.take(&name);
        }
        let taken = take_in_snapshot(&self.config, shared, parcel);
        let taken =
            taken.map_err(|error| format!("node {} takes in no snapshot: {error}", self.id))?;
        if taken.is_none_or(|taken| taken.sequence != parcel.link.sequence) {
            return Err(format!("node {} has not taken in {parcel:?}", self.id).into());
        }
        for entry in std::fs::read_dir(&self.directory).map_err(Failure::system)? {
            let path = entry.map_err(Failure::system)?.path();
            if path.is_file() {
                let bytes = std::fs::read(&path).map_err(Failure::system)?;
                std::fs::remove_file(&path).map_err(Failure::system)?;
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                if let Some(name) = name.filter(|name| name != "lock") {
                    self.disk.put(&name, bytes);
                }
            }
        }
        (self.log, self.hashes) = (log.to_vec(), hashes.to_vec());
        Ok(())
    }

    /// Keeps an image of its disk, for later.
    pub fn take_image(&mut self) {
        if self.process.is_some() {
            self.is_image_uncut = false;
            self.image = Some((self.disk.copy(), self.log.clone(), self.hashes.clone()));
        }
    }

    /// Its disk is the older image again; the log ring that does not continue it is removed, as the message of
    /// recovery says. False where there is none.
    pub fn restore_image(&mut self, world: &SimulatedWorld) -> Result<bool, String> {
        let Some((disk, log, hashes)) = self.image.take() else { return Ok(false) };
        self.kill(world);
        if !self.harm.is_full {
            disk.set_capacity_bytes(DISK_BYTES);
        }
        (self.disk, self.log, self.hashes) = (disk, log, hashes);
        (self.cut, self.harm.is_doubtful) = (None, true);
        ring::unlink(&self.ring()).map_err(|error| error.to_string())?;
        Ok(true)
    }

    /// A new, empty disk, after the old one was lost, or found to be damaged.
    pub fn replace_disk(&mut self, random: &mut Random) -> Result<(), Failure> {
        self.disk = SimulatedDisk::new(if self.harm.is_full { 0 } else { DISK_BYTES });
        self.mark = random.draw();
        (self.image, self.is_image_uncut) = (None, false);
        self.cut = None;
        self.harm = Harm { fails: false, is_damaged: false, is_doubtful: false, ..self.harm };
        self.log.clear();
        self.hashes.clear();
        self.lose_life()?;
        match std::fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Failure::system(error));
            }
            _ => {}
        }
        ring::unlink(&self.ring()).map_err(Failure::system)
    }
}

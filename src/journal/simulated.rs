//! A disk in memory that can lose power, fail and rot, the same way again for the same seed.
//!
//! 1. What is written is live at once; it is durable once its file was synced. In between it lies
//!    in dirty pieces of 512 bytes.
//! 2. A file that was created or removed is so for good once the directory was synced.
//! 3. [`SimulatedDisk::crash`] keeps, loses or tears every dirty piece, and keeps or undoes every
//!    creation and removal that was not synced, at random. Files that were open are dead
//!    afterwards.
//! 4. After a failed sync the dirty pieces count as clean although they are not durable, as on
//!    Linux: who goes on after it loses data. [`Disk::forget`] shows them as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk::{Disk, DiskFile};

/// What a disk writes whole or not at all, at best.
pub const PIECE_BYTES: usize = 512;

/// What a write says that was to fail.
pub const FAILED_WRITE: &str = "a simulated write failed";
/// What an operation says when the power is off.
pub const POWER_OFF: &str = "the simulated power is off";
/// What a sync says that was to fail.
pub const FAILED_SYNC: &str = "a simulated sync failed";

/// A small random number generator (splitmix64): the same numbers for the same seed, everywhere.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is above zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit
    }
}

/// A disk in memory. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

/// An open file of a [`SimulatedDisk`].
#[derive(Debug)]
pub struct SimulatedFile {
    state: Arc<Mutex<State>>,
    name: String,
    bytes: u64,
    boot: u64,
}

#[derive(Debug)]
struct State {
    files: BTreeMap<String, Contents>,
    /// Removed, but not yet for good.
    removed: BTreeMap<String, Contents>,
    capacity_bytes: u64,
    /// Counts the crashes; a file of an older boot is dead.
    boot: u64,
    operations: u64,
    power_off_at: Option<u64>,
    fail_write_at: Option<u64>,
    fail_sync_at: Option<u64>,
    sync_does_nothing: bool,
    writes: u64,
    syncs: u64,
}

#[derive(Debug, Clone)]
struct Contents {
    live: Vec<u8>,
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
    /// The directory was synced since it was created.
    entered: bool,
}

impl SimulatedDisk {
    /// An empty disk on which files may take that many bytes together.
    pub fn new(capacity_bytes: u64) -> Self {
        let state = State {
            files: BTreeMap::new(),
            removed: BTreeMap::new(),
            capacity_bytes,
            boot: 0,
            operations: 0,
            power_off_at: None,
            fail_write_at: None,
            fail_sync_at: None,
            sync_does_nothing: false,
            writes: 0,
            syncs: 0,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The power is lost, and comes back: only what is durable is sure to be there.
    pub fn crash(&self, seed: u64) {
        let mut random = Random::new(seed);
        let mut state = self.state();
        state.boot += 1;
        state.power_off_at = None;
        let removed = std::mem::take(&mut state.removed);
        for (name, contents) in removed {
            if random.below(2) == 0 {
                state.files.entry(name).or_insert(contents);
            }
        }
        state.files.retain(|_, contents| contents.entered || random.below(2) == 0);
        for contents in state.files.values_mut() {
            contents.entered = true;
            for piece in std::mem::take(&mut contents.dirty) {
                contents.settle(piece, &mut random);
            }
            contents.live.clone_from(&contents.durable);
        }
    }

    /// Every operation that changes something fails once that many more have been done, until the
    /// next crash.
    pub fn power_off_after(&self, operations: u64) {
        let mut state = self.state();
        state.power_off_at = Some(state.operations + operations);
    }

    /// How many operations that change something have been done.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// The write after that many more fails.
    pub fn fail_write_after(&self, writes: u64) {
        let mut state = self.state();
        state.fail_write_at = Some(state.writes + writes);
    }

    /// The sync of a file after that many more fails.
    pub fn fail_sync_after(&self, syncs: u64) {
        let mut state = self.state();
        state.fail_sync_at = Some(state.syncs + syncs);
    }

    /// The power stays on and nothing fails from now on; what is not durable stays so.
    pub fn clear_faults(&self) {
        let mut state = self.state();
        state.power_off_at = None;
        state.fail_write_at = None;
        state.fail_sync_at = None;
    }

    /// From now on a sync says that it is done and does nothing: a disk that lies. Tests show with
    /// it that they see a loss.
    pub fn sync_does_nothing(&self) {
        self.state().sync_does_nothing = true;
    }

    /// Files may take that many bytes together from now on.
    pub fn set_capacity_bytes(&self, bytes: u64) {
        self.state().capacity_bytes = bytes;
    }

    /// Flips bits of a byte for good. Nothing happens where there is no such byte.
    pub fn flip(&self, name: &str, at: u64, bits: u8) {
        if let Some(contents) = self.state().files.get_mut(name) {
            for bytes in [&mut contents.live, &mut contents.durable] {
                if let Some(byte) = bytes.get_mut(at as usize) {
                    *byte ^= bits;
                }
            }
        }
    }

    /// The live bytes of a file.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        self.state().files.get(name).map(|contents| contents.live.clone())
    }

    /// All files with their live bytes.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        state.files.iter().map(|(name, contents)| (name.clone(), contents.live.clone())).collect()
    }

    /// Puts a file of these bytes there for good, in place of one of that name.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        let contents =
            Contents { durable: bytes.clone(), live: bytes, dirty: BTreeSet::new(), entered: true };
        self.state().files.insert(name.into(), contents);
    }

    /// Takes a file away for good.
    pub fn take(&self, name: &str) -> Option<Vec<u8>> {
        self.state().files.remove(name).map(|contents| contents.live)
    }

    /// A disk of its own with the same files, all of it durable, without faults.
    pub fn copy(&self) -> Self {
        let copy = Self::new(self.state().capacity_bytes);
        for (name, bytes) in self.files() {
            copy.put(&name, bytes);
        }
        copy
    }
}

impl State {
    fn operation(&mut self) -> io::Result<()> {
        if self.power_off_at.is_some_and(|at| self.operations >= at) {
            return Err(io::Error::other(POWER_OFF));
        }
        self.operations += 1;
        Ok(())
    }

    fn used_bytes(&self) -> u64 {
        self.files.values().map(|contents| contents.live.len() as u64).sum()
    }

    fn reserve(&self, bytes: u64) -> io::Result<()> {
        if self.used_bytes() + bytes > self.capacity_bytes {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn file(&mut self, name: &str, boot: u64) -> io::Result<&mut Contents> {
        if boot != self.boot {
            return Err(io::Error::other("the file was opened before the simulated crash"));
        }
        self.files.get_mut(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Contents {
    fn write(&mut self, at: usize, bytes: &[u8]) {
        self.live[at..at + bytes.len()].copy_from_slice(bytes);
        if !bytes.is_empty() {
            self.dirty.extend(at / PIECE_BYTES..=(at + bytes.len() - 1) / PIECE_BYTES);
        }
    }

    fn sync(&mut self) {
        for piece in std::mem::take(&mut self.dirty) {
            let range = self.range(piece);
            self.durable[range.clone()].copy_from_slice(&self.live[range]);
        }
    }

    /// What counts as clean is read from the medium.
    fn forget(&mut self) {
        for piece in
            (0..self.live.len().div_ceil(PIECE_BYTES)).filter(|at| !self.dirty.contains(at))
        {
            let range = self.range(piece);
            self.live[range.clone()].copy_from_slice(&self.durable[range]);
        }
    }

    /// A dirty piece is kept, lost or torn.
    fn settle(&mut self, piece: usize, random: &mut Random) {
        let range = self.range(piece);
        let kept = match random.below(4) {
            0 => range,
            1 => return,
            2 => range.start..range.start + random.below(range.len() as u64) as usize,
            _ => range.start + random.below(range.len() as u64) as usize..range.end,
        };
        self.durable[kept.clone()].copy_from_slice(&self.live[kept]);
    }

    fn range(&self, piece: usize) -> std::ops::Range<usize> {
        let start = piece * PIECE_BYTES;
        start..(start + PIECE_BYTES).min(self.live.len())
    }
}

impl Disk for SimulatedDisk {
    type File = SimulatedFile;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().files.keys().cloned().collect())
    }

    fn create(&mut self, name: &str, bytes: u64) -> io::Result<SimulatedFile> {
        let mut state = self.state();
        state.operation()?;
        state.reserve(bytes)?;
        if state.files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.removed.remove(name);
        let zeros = vec![0; bytes as usize];
        let contents = Contents {
            live: zeros.clone(),
            durable: zeros,
            dirty: BTreeSet::new(),
            entered: false,
        };
        state.files.insert(name.into(), contents);
        let boot = state.boot;
        drop(state);
        Ok(SimulatedFile { state: Arc::clone(&self.state), name: name.into(), bytes, boot })
    }

    fn open(&self, name: &str) -> io::Result<SimulatedFile> {
        let mut state = self.state();
        let boot = state.boot;
        let bytes = state.file(name, boot)?.live.len() as u64;
        drop(state);
        Ok(SimulatedFile { state: Arc::clone(&self.state), name: name.into(), bytes, boot })
    }

    fn open_allocated(&mut self, name: &str, bytes: u64) -> io::Result<SimulatedFile> {
        let mut state = self.state();
        let boot = state.boot;
        let length = state.file(name, boot)?.live.len() as u64;
        if length < bytes {
            state.operation()?;
            state.reserve(bytes - length)?;
            let contents = state.file(name, boot)?;
            contents.live.resize(bytes as usize, 0);
            contents.durable.resize(bytes as usize, 0);
        }
        drop(state);
        let bytes = bytes.max(length);
        Ok(SimulatedFile { state: Arc::clone(&self.state), name: name.into(), bytes, boot })
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operation()?;
        let contents = state.files.remove(name).ok_or(io::ErrorKind::NotFound)?;
        if contents.entered {
            state.removed.insert(name.into(), contents);
        }
        Ok(())
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        let mut state = self.state();
        state.operation()?;
        if !state.sync_does_nothing {
            state.removed.clear();
            for contents in state.files.values_mut() {
                contents.entered = true;
            }
        }
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let state = self.state();
        Ok(state.capacity_bytes.saturating_sub(state.used_bytes()))
    }

    fn path(&self, name: &str) -> String {
        format!("simulated/{name}")
    }

    fn forget(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        let boot = state.boot;
        state.file(name, boot)?.forget();
        Ok(())
    }
}

impl SimulatedFile {
    fn range(&self, at: u64, bytes: u64) -> io::Result<std::ops::Range<usize>> {
        match at.checked_add(bytes) {
            Some(end) if end <= self.bytes => Ok(at as usize..end as usize),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

impl DiskFile for SimulatedFile {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        let range = self.range(at, out.len() as u64)?;
        let mut state = lock(&self.state);
        let live = &state.file(&self.name, self.boot)?.live;
        out.copy_from_slice(live.get(range).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let range = self.range(at, bytes.len() as u64)?;
        let mut state = lock(&self.state);
        state.operation()?;
        let number = state.writes;
        state.writes += 1;
        if state.fail_write_at == Some(number) {
            return Err(io::Error::other(FAILED_WRITE));
        }
        state.file(&self.name, self.boot)?.write(range.start, bytes);
        Ok(())
    }

    fn zero(&self, at: u64, bytes: u64) -> io::Result<()> {
        self.write(at, &vec![0; bytes as usize])
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = lock(&self.state);
        state.operation()?;
        let number = state.syncs;
        state.syncs += 1;
        let failed = state.fail_sync_at == Some(number);
        let nothing = state.sync_does_nothing;
        let contents = match state.file(&self.name, self.boot) {
            // Removed while it was open, as `castle journal prune` does: it is the system's to forget.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found?,
        };
        if failed {
            contents.dirty.clear();
            return Err(io::Error::other(FAILED_SYNC));
        }
        if !nothing {
            contents.sync();
        }
        Ok(())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // A poisoned disk is one of a test that has failed already.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_synced_survives_every_crash_and_what_was_not_may_not() {
        let mut losses = 0;
        for seed in 0..100 {
            let mut disk = SimulatedDisk::new(1 << 20);
            let file = disk.create("a", 4096).unwrap();
            disk.sync_directory().unwrap();
            file.write(100, b"durable").unwrap();
            file.sync().unwrap();
            file.write(1_000, b"live").unwrap();
            disk.crash(seed);
            assert!(file.sync().is_err());
            let contents = disk.contents("a").unwrap();
            assert_eq!(&contents[100..107], b"durable");
            losses += u32::from(&contents[1_000..1_004] != b"live");
        }
        assert!((20..80).contains(&losses), "{losses}");
    }

    #[test]
    fn a_crash_is_the_same_for_the_same_seed() {
        let run = |seed| {
            let mut disk = SimulatedDisk::new(1 << 20);
            for name in ["a", "b", "c"] {
                disk.create(name, 4096).unwrap().write(300, &[7; 2_000]).unwrap();
            }
            disk.crash(seed);
            disk.files()
        };
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
    }

    #[test]
    fn after_a_failed_sync_a_second_one_makes_nothing_durable() {
        let mut disk = SimulatedDisk::new(1 << 20);
        let file = disk.create("a", 4096).unwrap();
        disk.sync_directory().unwrap();
        file.write(0, b"lost").unwrap();
        disk.fail_sync_after(0);
        assert!(file.sync().is_err());
        file.sync().unwrap();
        let read = |at| {
            let mut bytes = [0; 4];
            file.read(at, &mut bytes).unwrap();
            bytes
        };
        file.write(1_000, b"late").unwrap();
        assert_eq!(&read(0), b"lost", "it is remembered for written");
        disk.forget("a").unwrap();
        assert_eq!((&read(0), &read(1_000)), (&[0; 4], b"late"), "what is yet to be written stays");
        disk.crash(1);
        assert_eq!(&disk.contents("a").unwrap()[..4], &[0; 4]);
    }

    #[test]
    fn a_full_disk_refuses_to_create() {
        let mut disk = SimulatedDisk::new(4096);
        assert_eq!(disk.create("a", 4097).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(disk.create("a", 4096).is_ok());
        assert_eq!(disk.free_bytes().unwrap(), 0);
    }
}

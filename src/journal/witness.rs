//! What this life of a node has acknowledged: a small file in memory, beside the log ring.
//!
//! A view names lives of nodes, not machines, since a node that restarts may have lost what it acknowledged.
//! It may go on as the same life only if this file shows that it has not: the file is of this boot and of this
//! log, and what was recovered is no less than what it says. The cluster decides that.
//!
//! 1. What is acknowledged or told is written here first. The file is mapped, so that is one store of
//!    eight aligned bytes: no system call, and never seen in part, whenever the process ends.
//! 2. Whoever learns that the log may be worth less than it says (an error of the disk, a state hash that
//!    differs) ends the life: what the file begins with is overwritten, and the file removed.
//! 3. Another boot has another boot id, so a file that does not lie in memory after all is worth nothing after
//!    a loss of power.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `CASTLEW3` |
//! | 8 | 16 | boot |
//! | 24 | 16 | tag of the log |
//! | 40 | 8 | life |
//! | 48 | 8 | highest sequence acknowledged, or told as primary |
//! | 56 | 8 | number of the last writing of the node's file, as the disk has it |
//! | 64 | 8 | highest sequence that clients were told of, by this node or its primary |

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapOptions, MmapRaw};

use super::format::long;
use crate::model::Sequence;
use crate::model::wire::Wire;

const MAGIC: [u8; 8] = *b"CASTLEW3";
const BOOT_AT: usize = 8;
const TAG_AT: usize = BOOT_AT + 16;
const LIFE_AT: usize = TAG_AT + 16;
const ACKNOWLEDGED_AT: usize = LIFE_AT + 8;
const WRITING_AT: usize = ACKNOWLEDGED_AT + 8;
const TOLD_AT: usize = WRITING_AT + 8;
const SIZE: usize = TOLD_AT + 8;
const WORDS: usize = SIZE / size_of::<AtomicU64>();
const _: () = assert!(SIZE.is_multiple_of(size_of::<AtomicU64>()));
const _: () = assert!(ACKNOWLEDGED_AT.is_multiple_of(8));
/// Where the kernel tells one boot from another.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// What a witness says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Witnessed {
    /// Which life it is.
    pub life: u64,
    /// The highest sequence that was acknowledged, or told as primary, in it.
    pub acknowledged: Sequence,
    /// The number of the last writing of the node's file, as the disk has it.
    pub writing: u64,
    /// The highest sequence that clients were told of, by this node or its primary.
    pub told: Sequence,
}

/// See the module.
#[derive(Debug)]
pub struct Witness {
    /// The whole file.
    map: MmapRaw,
    path: PathBuf,
    said: Witnessed,
}

impl Witness {
    /// Begins a life; an older one of this file is over. `tag` is the secret of the log.
    pub fn begin(path: &Path, tag: u128, said: Witnessed) -> io::Result<Self> {
        Self::forget(path)?;
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(path)?;
        let mut bytes = [0; SIZE];
        bytes[..BOOT_AT].copy_from_slice(&MAGIC);
        bytes[BOOT_AT..TAG_AT].copy_from_slice(&boot()?.to_le_bytes());
        bytes[TAG_AT..LIFE_AT].copy_from_slice(&tag.to_le_bytes());
        said.life.put(&mut bytes[LIFE_AT..ACKNOWLEDGED_AT]);
        said.acknowledged.put(&mut bytes[ACKNOWLEDGED_AT..WRITING_AT]);
        said.writing.put(&mut bytes[WRITING_AT..TOLD_AT]);
        said.told.put(&mut bytes[TOLD_AT..]);
        // Written before it is mapped: a mapping of space that is not there is a fault when it is touched.
        file.write_all_at(&bytes, 0)?;
        Ok(Self { map: map(&file)?, path: path.to_owned(), said })
    }

    /// The witness of this log and this boot, if there is one. Whether its life goes on is for the caller to
    /// decide, by what it says.
    pub fn open(path: &Path, tag: u128) -> io::Result<Option<Self>> {
        Ok(Self::of_this_boot(path)?.filter(|(_, found)| *found == tag).map(|(witness, _)| witness))
    }

    /// The witness of this boot, and the tag of its log.
    fn of_this_boot(path: &Path) -> io::Result<Option<(Self, u128)>> {
        let mut options = OpenOptions::new();
        let mut file = match options.read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut bytes = Vec::with_capacity(SIZE);
        file.by_ref().take(SIZE as u64 + 1).read_to_end(&mut bytes)?;
        let is_whole = bytes.len() == SIZE
            && bytes[..BOOT_AT] == MAGIC
            && bytes[BOOT_AT..TAG_AT] == boot()?.to_le_bytes();
        if !is_whole {
            return Ok(None);
        }
        let said = Witnessed {
            life: long(&bytes, LIFE_AT),
            acknowledged: Sequence(long(&bytes, ACKNOWLEDGED_AT)),
            writing: long(&bytes, WRITING_AT),
            told: Sequence(long(&bytes, TOLD_AT)),
        };
        let mut tag = [0; 16];
        tag.copy_from_slice(&bytes[TAG_AT..LIFE_AT]);
        let tag = u128::from_le_bytes(tag);
        Ok(Some((Self { map: map(&file)?, path: path.to_owned(), said }, tag)))
    }

    /// What it says.
    pub fn said(&self) -> Witnessed {
        self.said
    }

    /// Notes what is about to be acknowledged or told; a lower one than before changes nothing.
    #[inline]
    pub fn acknowledge(&mut self, sequence: Sequence) {
        if sequence > self.said.acknowledged {
            self.store_acknowledged(sequence);
        }
    }

    /// Notes what clients are about to be told of, which is acknowledged with it; a lower one changes nothing.
    #[inline]
    pub fn tell(&mut self, sequence: Sequence) {
        if sequence > self.said.told {
            self.store(TOLD_AT, sequence.0);
            self.said.told = sequence;
        }
        self.acknowledge(sequence);
    }

    /// What clients were told of in the life of this file, if it is one of this boot.
    pub fn told(path: &Path) -> io::Result<Sequence> {
        Ok(Self::of_this_boot(path)?.map(|(witness, _)| witness.said.told).unwrap_or_default())
    }

    /// Notes a writing that is on disk.
    pub fn written(&mut self, writing: u64) {
        self.store(WRITING_AT, writing);
        self.said.writing = writing;
    }

    /// The log is about to be cut behind a record, as a primary asked: what lies behind it was acknowledged to a
    /// primary that can tell it no more, and is owed to nobody.
    pub fn cut_to(path: &Path, last: Sequence) -> io::Result<()> {
        match Self::of_this_boot(path)? {
            Some((mut witness, _)) if witness.said.acknowledged > last => {
                witness.store_acknowledged(last);
            }
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn store_acknowledged(&mut self, sequence: Sequence) {
        self.store(ACKNOWLEDGED_AT, sequence.0);
        self.said.acknowledged = sequence;
    }

    /// Puts a value at a place that is a multiple of eight.
    #[inline]
    fn store(&self, at: usize, value: u64) {
        // SAFETY: the mapping begins with a page and has `SIZE` bytes (`map`), so this is an array of words that are
        // aligned; it lives as long as `self`. They are only ever accessed as atomics, and any bytes are a value.
        let words = unsafe { &*self.map.as_ptr().cast::<[AtomicU64; WORDS]>() };
        // What is sent or told after this, by whichever thread, comes after it.
        words[at / size_of::<AtomicU64>()].store(value.to_le(), Ordering::Release);
    }

    /// This life is over: whatever comes next is another, even if the file cannot be removed.
    pub fn end(self) -> io::Result<()> {
        self.store(0, 0);
        Self::forget(&self.path)
    }

    /// The life of this file, whatever it is, is over.
    pub fn forget(path: &Path) -> io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

/// The whole file, which is `SIZE` bytes long and has its space.
fn map(file: &File) -> io::Result<MmapRaw> {
    MmapOptions::new().len(SIZE).map_raw(file)
}

fn boot() -> io::Result<u128> {
    let text = std::fs::read_to_string(BOOT_ID)?;
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    u128::from_str_radix(&digits, 16)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{BOOT_ID}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: Witnessed =
        Witnessed { life: 77, acknowledged: Sequence(3), writing: 2, told: Sequence(1) };

    fn said(path: &Path, tag: u128) -> Option<Witnessed> {
        Witness::open(path, tag).expect("it can be read").map(|witness| witness.said())
    }

    #[test]
    fn what_a_life_has_acknowledged_and_written_is_there_for_the_next_process() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("witness");
        assert_eq!(said(&path, 5), None);
        let mut witness = Witness::begin(&path, 5, SAID).expect("it can be made");
        assert_eq!(said(&path, 5), Some(SAID));
        witness.acknowledge(Sequence(10));
        // A lower one changes nothing.
        witness.acknowledge(Sequence(9));
        witness.written(8);
        let later = Witnessed { acknowledged: Sequence(10), writing: 8, ..SAID };
        assert_eq!((witness.said(), said(&path, 5)), (later, Some(later)));
        // Another log lies in that directory now.
        assert_eq!(said(&path, 6), None);
        Witness::cut_to(&path, Sequence(11)).expect("it changes nothing");
        assert_eq!(said(&path, 5), Some(later));
        Witness::cut_to(&path, Sequence(6)).expect("it can be written");
        assert_eq!(said(&path, 5), Some(Witnessed { acknowledged: Sequence(6), ..later }));
        witness.end().expect("it can be removed");
        assert_eq!(said(&path, 5), None);
    }

    #[test]
    fn a_life_that_was_ended_is_over_even_where_its_file_stays() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("witness");
        let witness = Witness::begin(&path, 5, SAID).expect("it can be made");
        let other_name = directory.path().join("kept");
        std::fs::hard_link(&path, &other_name).expect("it can be linked");
        witness.end().expect("it can be removed");
        assert_eq!((said(&path, 5), said(&other_name, 5)), (None, None));
    }

    #[test]
    fn a_life_of_another_boot_or_a_torn_file_is_none() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("witness");
        Witness::begin(&path, 5, SAID).expect("it can be made");
        let whole = std::fs::read(&path).expect("it can be read");
        let mut other = whole.clone();
        other[BOOT_AT] ^= 1;
        for bytes in [&other[..], &whole[..SIZE - 1], &[whole.as_slice(), &[0]].concat(), &[]] {
            std::fs::write(&path, bytes).expect("it can be written");
            assert_eq!(said(&path, 5), None);
        }
    }
}

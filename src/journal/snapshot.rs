//! Snapshots: what a log comes to at one record, in a file beside its segments.
//!
//! # Files
//!
//! They lie in the folder `snapshots` of the journal's directory, as `000000001234.snapshot`, named by the
//! sequence of the last record that they hold. One is written under a name of its own, synced, renamed, and
//! its directory synced: under its name it is whole, or not there.
//!
//! # Layout (version 2; integers little-endian)
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `CASTLES1` |
//! | 8 | 4 | version of the format |
//! | 12 | 4 | epoch of the last record |
//! | 16 | 8 | sequence of the last record |
//! | 24 | 8 | running hash after it |
//! | 32 | 8 | mark of the journal |
//! | 40 | 8 | state hash of the engine |
//! | 48 | 8 | bytes of the engine's state |
//! | 56 | 8 | bytes of the sent messages |
//! | 64 | 8 | hash of the sent messages |
//! | 72 | 33 | cluster: length, text, zeros |
//! | 105 | 3 | zeros |
//! | 108 | 4 | 1 where the reigns are all that the log had, 0 where older ones were forgotten |
//! | 112 | 4 | number of the reigns |
//! | 116 | 8 | zeros |
//! | 124 | 4 | CRC-32C of bytes 0 to 124 |
//!
//! Then come three parts: where each reign began (epoch, four zeros, first record, running hash before it), the
//! engine's state, the sent messages. Each is in blocks of 64 KiB, its last one shorter: the CRC-32C of the block's
//! number (eight bytes, from 0 through all parts) and its bytes, then the bytes. Nothing follows. So there
//! is no byte whose change is not found.
//!
//! # What pruning leaves
//!
//! The file `pruned-behind` names the snapshot, by its sequence, behind which the journal was pruned last, or is being
//! pruned: that one was verified before.
//!
//! # When one may be used
//!
//! Only where the journal's own record of that sequence has that epoch and that running hash. What it holds
//! had been synced and released when it was made, so a journal that does not have it is another one, or has
//! lost something.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::disk::Disk;
use super::error::OpenError;
use super::format::{fold, long, segment_name, word};
use super::read::segment_header;
use super::real::RealDisk;
use super::reigns::{REIGNS_MAX, ReignStart, Reigns};
use super::scan::{Start, segment_numbers};
use crate::model::wire::Wire;
use crate::model::{ClusterName, Epoch, Sequence};

/// The version of the layout that this program writes and reads.
pub const SNAPSHOT_VERSION: u32 = 2;
const MAGIC: [u8; 8] = *b"CASTLES1";
const VERSION_AT: usize = 8;
const EPOCH_AT: usize = VERSION_AT + 4;
const SEQUENCE_AT: usize = EPOCH_AT + 4;
const RUNNING_HASH_AT: usize = SEQUENCE_AT + 8;
const MARK_AT: usize = RUNNING_HASH_AT + 8;
const STATE_HASH_AT: usize = MARK_AT + 8;
const STATE_BYTES_AT: usize = STATE_HASH_AT + 8;
const OUTBOUND_BYTES_AT: usize = STATE_BYTES_AT + 8;
const OUTBOUND_HASH_AT: usize = OUTBOUND_BYTES_AT + 8;
const CLUSTER_AT: usize = OUTBOUND_HASH_AT + 8;
const IS_WHOLE_AT: usize = (CLUSTER_AT + ClusterName::SIZE).next_multiple_of(4);
const REIGNS_AT: usize = IS_WHOLE_AT + 4;
const RESERVED_AT: usize = REIGNS_AT + 4;
const CRC_AT: usize = HEADER_BYTES - 4;
const HEADER_BYTES: usize = 128;
const _: () = assert!(RESERVED_AT <= CRC_AT);
/// Bytes of where a reign began.
const REIGN_BYTES: usize = 24;
/// Bytes of a block, but for the last of a part.
const BLOCK_BYTES: usize = 64 * 1024;

const SUFFIX: &str = ".snapshot";
const DIGITS: usize = 12;

/// A record's place in the chain of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its sequence.
    pub sequence: Sequence,
    /// Its epoch.
    pub epoch: Epoch,
    /// The running hash after it.
    pub running_hash: u64,
}

/// Whose state, and at which record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotHeader {
    /// The cluster.
    pub cluster: ClusterName,
    /// The mark of the journal.
    pub mark: u64,
    /// The last record that it holds.
    pub link: Link,
    /// Where the reigns of the log up to that record began.
    pub reigns: Reigns,
    /// The engine's state hash after that record.
    pub state_hash: u64,
    /// Bytes of the engine's state.
    pub state_bytes: u64,
    /// Bytes of the sent messages.
    pub outbound_bytes: u64,
    /// Hash of the sent messages.
    pub outbound_hash: u64,
}

/// Why a snapshot cannot be used, or was not written.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Its bytes are not those that were written.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// It was written by another version.
    #[error(
        "{} has snapshot format version {found}; this program reads version {SNAPSHOT_VERSION}",
        path.display()
    )]
    WrongVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The journal does not have its record, or has another in its place.
    #[error(
        "{} is not of this journal: record {} of epoch {} with running hash {:016x} is not on its \
         chain", path.display(), link.sequence, link.epoch, link.running_hash
    )]
    NotOnChain {
        /// The file.
        path: PathBuf,
        /// Its last record.
        link: Link,
    },
}

impl SnapshotError {
    fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk { action, path, source }
    }
}

/// Where the snapshots of a journal lie.
pub fn snapshot_directory(journal: &Path) -> PathBuf {
    journal.join("snapshots")
}

/// The same, made for its owner only unless it is there.
pub fn create_snapshot_directory(journal: &Path) -> Result<PathBuf, SnapshotError> {
    let directory = snapshot_directory(journal);
    if !directory.is_dir() {
        let made = DirBuilder::new().mode(0o700).create(&directory);
        made.and_then(|()| sync_directory(journal))
            .map_err(SnapshotError::disk("create directory", &directory))?;
    }
    Ok(directory)
}

/// The file of the snapshot at that record.
pub fn snapshot_path(journal: &Path, sequence: Sequence) -> PathBuf {
    snapshot_directory(journal).join(format!("{:0DIGITS$}{SUFFIX}", sequence.0))
}

/// The snapshots of a journal by their names, the newest first; whether they are any good is not looked at.
pub fn snapshots(journal: &Path) -> io::Result<Vec<Sequence>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(snapshot_directory(journal)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        found.extend(digits.and_then(|digits| digits.parse().ok()).map(Sequence));
    }
    found.sort_unstable();
    found.reverse();
    Ok(found)
}

/// What a snapshot's name ends with while it is written.
const NEW: &str = ".new";
/// What the folder's name ends with in which a follower keeps sent messages.
const FOLLOWER: &str = ".follower";

fn own_name(suffix: &str) -> String {
    format!("{}{suffix}", std::process::id())
}

/// A folder for the sent messages of this process, while it follows a journal. What processes left that were killed
/// is removed.
pub(crate) fn follower_folder(journal: &Path) -> Result<PathBuf, SnapshotError> {
    let directory = create_snapshot_directory(journal)?;
    remove_abandoned(&directory).map_err(SnapshotError::disk("look through", &directory))?;
    Ok(directory.join(own_name(FOLLOWER)))
}

fn remove_abandoned(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| {
            let process = name.strip_suffix(NEW).or_else(|| name.strip_suffix(FOLLOWER))?;
            process.parse::<u32>().ok()
        });
        if owner.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists()) {
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
    }
    Ok(())
}

/// The name of the file that says behind which snapshot the journal is pruned.
const PRUNED_BEHIND: &str = "pruned-behind";

/// Writes down, synced, that the journal is pruned behind the verified snapshot at that record from here on.
pub(crate) fn begin_pruning(journal: &Path, behind: Sequence) -> Result<(), SnapshotError> {
    let directory = create_snapshot_directory(journal)?;
    let (path, draft) = (directory.join(PRUNED_BEHIND), directory.join(own_name(NEW)));
    let written = || {
        let mut file = File::create(&draft)?;
        writeln!(file, "{}", behind.0)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        sync_directory(&directory)
    };
    written().map_err(SnapshotError::disk("write", &path))
}

/// The snapshot behind which the journal was pruned, if it was.
pub(crate) fn pruned_behind(journal: &Path) -> Result<Option<Sequence>, SnapshotError> {
    let path = snapshot_directory(journal).join(PRUNED_BEHIND);
    match fs::read_to_string(&path) {
        // What is no number names no snapshot: then the one whose record the journal begins with counts.
        Ok(text) => Ok(text.trim().parse().ok().map(Sequence)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SnapshotError::disk("read", &path)(error)),
    }
}

/// Removes a snapshot.
pub fn remove_snapshot(journal: &Path, sequence: Sequence) -> Result<(), SnapshotError> {
    let path = snapshot_path(journal, sequence);
    let removed =
        fs::remove_file(&path).and_then(|()| sync_directory(&snapshot_directory(journal)));
    removed.map_err(SnapshotError::disk("remove", &path))
}

pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Removes the segments that come before the one with the record `covered`, which is synced, the lowest first, so
/// that no crash leaves a gap. The segment that is being written always stays, so this may be done beside the exchange.
pub fn prune(journal: &Path, covered: Sequence) -> Result<Vec<String>, OpenError> {
    prune_of(&RealDisk::read_only(journal), covered, &mut |name| {
        fs::remove_file(journal.join(name)).and_then(|()| sync_directory(journal))
    })
}

/// The same of whichever disk; `remove` takes a file away for good.
pub(crate) fn prune_of<D: Disk>(
    disk: &D,
    covered: Sequence,
    remove: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<Vec<String>, OpenError> {
    let removed = self::covered(disk, covered)?;
    for name in &removed {
        remove(name).map_err(OpenError::disk("remove", disk.path(name)))?;
    }
    Ok(removed)
}

/// The segments that come before the one with the record `covered`, the lowest first.
///
/// That record is synced, and so is the header of its segment. One that follows may have a header that a loss of power
/// still takes: what a journal begins with must not.
pub(crate) fn covered<D: Disk>(disk: &D, covered: Sequence) -> Result<Vec<String>, OpenError> {
    let numbers = segment_numbers(disk, Start::First)?;
    let mut names = Vec::new();
    for pair in numbers.windows(2) {
        let is_covered = segment_header(disk, pair[1])?.is_some_and(|next| next.first <= covered);
        if !is_covered {
            break;
        }
        names.push(segment_name(pair[0]));
    }
    Ok(names)
}

fn put_header(header: &SnapshotHeader) -> [u8; HEADER_BYTES] {
    let mut out = [0; HEADER_BYTES];
    out[..VERSION_AT].copy_from_slice(&MAGIC);
    SNAPSHOT_VERSION.put(&mut out[VERSION_AT..EPOCH_AT]);
    header.link.epoch.put(&mut out[EPOCH_AT..SEQUENCE_AT]);
    header.link.sequence.put(&mut out[SEQUENCE_AT..RUNNING_HASH_AT]);
    header.link.running_hash.put(&mut out[RUNNING_HASH_AT..MARK_AT]);
    header.mark.put(&mut out[MARK_AT..STATE_HASH_AT]);
    header.state_hash.put(&mut out[STATE_HASH_AT..STATE_BYTES_AT]);
    header.state_bytes.put(&mut out[STATE_BYTES_AT..OUTBOUND_BYTES_AT]);
    header.outbound_bytes.put(&mut out[OUTBOUND_BYTES_AT..OUTBOUND_HASH_AT]);
    header.outbound_hash.put(&mut out[OUTBOUND_HASH_AT..CLUSTER_AT]);
    header.cluster.put(&mut out[CLUSTER_AT..CLUSTER_AT + ClusterName::SIZE]);
    u32::from(header.reigns.is_whole()).put(&mut out[IS_WHOLE_AT..REIGNS_AT]);
    (header.reigns.starts().len() as u32).put(&mut out[REIGNS_AT..RESERVED_AT]);
    let crc = crc32c::crc32c(&out[..CRC_AT]);
    crc.put(&mut out[CRC_AT..]);
    out
}

fn put_reigns(reigns: &Reigns) -> Vec<u8> {
    let mut out = vec![0; reigns.starts().len() * REIGN_BYTES];
    for (start, out) in reigns.starts().iter().zip(out.chunks_exact_mut(REIGN_BYTES)) {
        start.epoch.put(&mut out[..4]);
        start.first.put(&mut out[8..16]);
        start.running_hash.put(&mut out[16..]);
    }
    out
}

fn get_reign(bytes: &[u8]) -> ReignStart {
    let (epoch, first) = (Epoch(word(bytes, 0)), Sequence(long(bytes, 8)));
    ReignStart { epoch, first, running_hash: long(bytes, 16) }
}

/// What a header says of the reigns that follow it.
struct ReignsSaid {
    count: usize,
    is_whole: bool,
}

/// The header, its reigns still missing.
fn get_header(
    path: &Path,
    bytes: &[u8; HEADER_BYTES],
) -> Result<(SnapshotHeader, ReignsSaid), SnapshotError> {
    let damaged =
        |what: &str| SnapshotError::Damaged { path: path.to_owned(), what: what.to_owned() };
    if bytes[..VERSION_AT] != MAGIC {
        return Err(damaged("it does not begin like a snapshot"));
    }
    if crc32c::crc32c(&bytes[..CRC_AT]) != word(bytes, CRC_AT) {
        return Err(damaged("the CRC of its header is wrong"));
    }
    let found = word(bytes, VERSION_AT);
    if found != SNAPSHOT_VERSION {
        return Err(SnapshotError::WrongVersion { path: path.to_owned(), found });
    }
    let cluster = ClusterName::get(&bytes[CLUSTER_AT..CLUSTER_AT + ClusterName::SIZE]);
    let count = word(bytes, REIGNS_AT) as usize;
    if count > REIGNS_MAX {
        return Err(damaged("it names more reigns than there may be"));
    }
    let reigns = ReignsSaid { count, is_whole: word(bytes, IS_WHOLE_AT) != 0 };
    let header = SnapshotHeader {
        cluster: cluster.map_err(|_| damaged("its cluster is no text"))?,
        mark: long(bytes, MARK_AT),
        link: Link {
            sequence: Sequence(long(bytes, SEQUENCE_AT)),
            epoch: Epoch(word(bytes, EPOCH_AT)),
            running_hash: long(bytes, RUNNING_HASH_AT),
        },
        state_hash: long(bytes, STATE_HASH_AT),
        state_bytes: long(bytes, STATE_BYTES_AT),
        outbound_bytes: long(bytes, OUTBOUND_BYTES_AT),
        outbound_hash: long(bytes, OUTBOUND_HASH_AT),
        reigns: Reigns::default(),
    };
    Ok((header, reigns))
}

/// The CRC of a block: its number is in it, so that no block can stand in another's place.
fn block_crc(number: u64, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&number.to_le_bytes()), bytes)
}

/// Writes a snapshot, or only takes its measure.
pub struct SnapshotWriter {
    /// None where only the measure is wanted.
    file: Option<File>,
    /// Its present name.
    path: PathBuf,
    reigns: Reigns,
    block: Vec<u8>,
    blocks: u64,
    /// Of the present part.
    bytes: u64,
    hash: u64,
    /// The first part, once it has ended.
    state_bytes: Option<u64>,
    is_kept: bool,
}

impl SnapshotWriter {
    /// Begins a snapshot of a journal in which these reigns began.
    pub fn create(journal: &Path, reigns: Reigns) -> Result<Self, SnapshotError> {
        let directory = create_snapshot_directory(journal)?;
        let path = directory.join(own_name(NEW));
        let error = |action| SnapshotError::disk(action, &path);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
        let mut file = file.map_err(error("create"))?;
        file.write_all(&[0; HEADER_BYTES]).map_err(error("write"))?;
        Self::begin(Some(file), path.clone(), reigns).map_err(error("write"))
    }

    /// Writes nothing: [`Self::finish`] then only says what the header would be.
    pub fn measured(reigns: Reigns) -> Result<Self, SnapshotError> {
        let error = SnapshotError::disk("measure", Path::new(""));
        Self::begin(None, PathBuf::new(), reigns).map_err(error)
    }

    fn begin(file: Option<File>, path: PathBuf, reigns: Reigns) -> io::Result<Self> {
        let part = put_reigns(&reigns);
        let mut writer = Self {
            file,
            path,
            reigns,
            block: Vec::with_capacity(BLOCK_BYTES),
            blocks: 0,
            bytes: 0,
            hash: 0,
            state_bytes: None,
            is_kept: false,
        };
        writer.write_all(&part)?;
        writer.end_part()?;
        Ok(writer)
    }

    fn end_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        if let Some(file) = &mut self.file {
            file.write_all(&block_crc(self.blocks, &self.block).to_le_bytes())?;
            file.write_all(&self.block)?;
        }
        self.blocks += 1;
        self.bytes += self.block.len() as u64;
        self.hash = fold(self.hash, &self.block);
        self.block.clear();
        Ok(())
    }

    /// Ends a part and gives its length.
    fn end_part(&mut self) -> io::Result<u64> {
        self.end_block()?;
        self.hash = 0;
        Ok(std::mem::take(&mut self.bytes))
    }

    /// The engine's state is written; the sent messages follow.
    pub fn end_state(&mut self) -> io::Result<()> {
        self.state_bytes = Some(self.end_part()?);
        Ok(())
    }

    /// All is written: syncs it and gives it its name.
    pub fn finish(
        mut self,
        journal: &Path,
        (cluster, mark): (ClusterName, u64),
        link: Link,
        state_hash: u64,
    ) -> Result<SnapshotHeader, SnapshotError> {
        let path = self.path.clone();
        let error = |action| SnapshotError::disk(action, &path);
        self.end_block().map_err(error("write"))?;
        let header = SnapshotHeader {
            cluster,
            mark,
            link,
            reigns: std::mem::take(&mut self.reigns),
            state_hash,
            state_bytes: self.state_bytes.unwrap_or(0),
            outbound_bytes: self.bytes,
            outbound_hash: self.hash,
        };
        let Some(file) = &self.file else { return Ok(header) };
        file.write_all_at(&put_header(&header), 0).map_err(error("write"))?;
        file.sync_all().map_err(error("sync"))?;
        let name = snapshot_path(journal, link.sequence);
        fs::rename(&path, &name).map_err(error("rename"))?;
        self.is_kept = true;
        sync_directory(&snapshot_directory(journal)).map_err(error("sync the directory of"))?;
        Ok(header)
    }
}

impl Write for SnapshotWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = BLOCK_BYTES - self.block.len();
        let taken = room.min(bytes.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK_BYTES {
            self.end_block()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for SnapshotWriter {
    fn drop(&mut self) {
        if self.file.is_some() && !self.is_kept {
            // What stays has no snapshot's name and is never read.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Reads a snapshot; no byte is given out before its block was found good.
pub struct SnapshotReader {
    file: BufReader<File>,
    path: PathBuf,
    /// What the file says of itself.
    pub header: SnapshotHeader,
    block: Vec<u8>,
    at: usize,
    blocks: u64,
    /// Bytes of the present part that are not read yet.
    left: u64,
}

impl SnapshotReader {
    /// Opens the snapshot at that record.
    pub fn open(journal: &Path, sequence: Sequence) -> Result<Self, SnapshotError> {
        let path = snapshot_path(journal, sequence);
        let file = File::open(&path).map_err(SnapshotError::disk("open", &path))?;
        Self::of(file, path, sequence)
    }

    /// Reads a file that is open, from where that is.
    pub(super) fn of(file: File, path: PathBuf, sequence: Sequence) -> Result<Self, SnapshotError> {
        let damaged =
            |what: &str| SnapshotError::Damaged { path: path.clone(), what: what.to_owned() };
        let mut file = BufReader::new(file);
        let mut bytes = [0; HEADER_BYTES];
        file.read_exact(&mut bytes).map_err(|_| damaged("it is shorter than its header"))?;
        let (header, reigns) = get_header(&path, &bytes)?;
        let link = header.link;
        if link.sequence != sequence {
            return Err(damaged("it is of another record than its name says"));
        }
        let left = (reigns.count * REIGN_BYTES) as u64;
        let mut reader = Self { file, path, header, block: Vec::new(), at: 0, blocks: 0, left };
        let mut part = vec![0; reigns.count * REIGN_BYTES];
        reader.read_exact(&mut part).map_err(|error| reader.damaged(error))?;
        let starts = part.chunks_exact(REIGN_BYTES).map(get_reign).collect();
        let told = Reigns::told(starts, reigns.is_whole).filter(|told| {
            let last = told.starts().last();
            last.is_none_or(|last| last.epoch == link.epoch && last.first <= link.sequence)
        });
        reader.header.reigns =
            told.ok_or_else(|| reader.damaged("its reigns are none of a log"))?;
        reader.left = reader.header.state_bytes;
        Ok(reader)
    }

    /// Goes on to the sent messages; all of the state was read.
    pub fn end_state(&mut self) -> Result<(), SnapshotError> {
        self.is_through()?;
        self.left = self.header.outbound_bytes;
        Ok(())
    }

    /// Checks that nothing follows; all was read.
    pub fn end(mut self) -> Result<SnapshotHeader, SnapshotError> {
        self.is_through()?;
        match self.file.read(&mut [0]) {
            Ok(0) => Ok(self.header),
            Ok(_) => Err(self.damaged("it is longer than it should be")),
            Err(error) => Err(self.damaged(error)),
        }
    }

    fn is_through(&self) -> Result<(), SnapshotError> {
        if self.left == 0 && self.at == self.block.len() {
            return Ok(());
        }
        Err(self.damaged("a part of it is longer than what it holds"))
    }

    /// An error of whoever reads this, or of its own.
    pub fn damaged(&self, what: impl std::fmt::Display) -> SnapshotError {
        SnapshotError::Damaged { path: self.path.clone(), what: what.to_string() }
    }

    fn next_block(&mut self) -> io::Result<()> {
        let length = self.left.min(BLOCK_BYTES as u64) as usize;
        let mut crc = [0; 4];
        self.file.read_exact(&mut crc)?;
        self.block.resize(length, 0);
        self.at = length;
        self.file.read_exact(&mut self.block)?;
        if block_crc(self.blocks, &self.block) != u32::from_le_bytes(crc) {
            let what = format!("the CRC of block {} is wrong", self.blocks);
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        self.blocks += 1;
        self.left -= length as u64;
        self.at = 0;
        Ok(())
    }
}

impl Read for SnapshotReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() {
            if self.left == 0 {
                return Ok(0);
            }
            self.next_block()?;
        }
        let given = out.len().min(self.block.len() - self.at);
        out[..given].copy_from_slice(&self.block[self.at..self.at + given]);
        self.at += given;
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::simulated::SimulatedDisk;
    use crate::journal::{Journal, JournalError, JournalOptions, Opened};
    use crate::model::{Command, Record, RecordBytes, Rollover, ShardId, Timestamp};

    fn link() -> Link {
        Link { sequence: Sequence(77), epoch: Epoch(3), running_hash: 99 }
    }

    fn reigns() -> Reigns {
        let start = |epoch, first, running_hash| {
            let (epoch, first) = (Epoch(epoch), Sequence(first));
            ReignStart { epoch, first, running_hash }
        };
        Reigns::told(vec![start(1, 20, 5), start(3, 77, 8)], false).unwrap()
    }

    fn write(journal: &Path, state: &[u8], outbound: &[u8]) -> SnapshotHeader {
        let mut writer = SnapshotWriter::create(journal, reigns()).unwrap();
        writer.write_all(state).unwrap();
        writer.end_state().unwrap();
        writer.write_all(outbound).unwrap();
        writer.finish(journal, (ClusterName::truncated(b"test"), 5), link(), 1234).unwrap()
    }

    type Parts = (SnapshotHeader, Vec<u8>, Vec<u8>);

    fn read(journal: &Path) -> Result<Parts, SnapshotError> {
        let mut reader = SnapshotReader::open(journal, Sequence(77))?;
        let (mut state, mut outbound) = (Vec::new(), Vec::new());
        let done = reader.read_to_end(&mut state).map(|_| ());
        done.map_err(|error| reader.damaged(error))?;
        reader.end_state()?;
        let done = reader.read_to_end(&mut outbound).map(|_| ());
        done.map_err(|error| reader.damaged(error))?;
        Ok((reader.end()?, state, outbound))
    }

    #[test]
    fn what_was_written_is_read_whatever_its_length() {
        let lengths = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES];
        for state in lengths {
            for outbound in lengths {
                let directory = tempfile::tempdir().unwrap();
                let (state, outbound) = (vec![7; state], vec![8; outbound]);
                let header = write(directory.path(), &state, &outbound);
                assert_eq!(snapshots(directory.path()).unwrap(), [Sequence(77)]);
                assert_eq!(header.reigns, reigns());
                assert_eq!(read(directory.path()).unwrap(), (header, state, outbound));
            }
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_and_a_torn_end_are_found() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), b"the state of an engine", b"and what was sent");
        let path = snapshot_path(directory.path(), Sequence(77));
        let good = fs::read(&path).unwrap();
        // Changed in place: a file that is written anew 20,000 times is as many blocks to allocate and to free.
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        for at in 0..good.len() {
            for bit in 0..8 {
                file.write_all_at(&[good[at] ^ 1 << bit], at as u64).unwrap();
                assert!(read(directory.path()).is_err(), "byte {at}, bit {bit}");
            }
            file.write_all_at(&good[at..=at], at as u64).unwrap();
        }
        assert!(read(directory.path()).is_ok());
        file.write_all_at(&[0], good.len() as u64).unwrap();
        assert!(read(directory.path()).is_err());
        for length in (0..good.len()).rev() {
            file.set_len(length as u64).unwrap();
            assert!(read(directory.path()).is_err(), "{length} bytes");
        }
        file.write_all_at(&good, 0).unwrap();
        assert!(read(directory.path()).is_ok());
    }

    /// A disk with a journal up to a synced record, and one more that is not synced.
    fn journaled(synced: u64) -> SimulatedDisk {
        let disk = SimulatedDisk::new(1 << 20);
        let options = JournalOptions {
            segment_bytes: 4096,
            reserve_bytes: 512,
            in_flight_bytes: 2048,
            left_free_bytes: 0,
            ..JournalOptions::new(ClusterName::truncated(b"test"), 3)
        };
        let opened = Journal::open(disk.clone(), &options, &mut |_, _| {});
        let Opened { mut writer, mut syncer, .. } = opened.unwrap();
        for sequence in 1..=synced + 1 {
            let record = Record {
                sequence: Sequence(sequence),
                timestamp: Timestamp(sequence),
                epoch: Epoch(0),
                shard: ShardId(0),
                command: Command::Rollover(Rollover { day: 1 }),
            };
            let mut bytes = RecordBytes::default();
            let length = record.put(&mut bytes);
            while let Err(error) = writer.append([&bytes.0[..length]].into_iter(), Sequence(0)) {
                assert!(matches!(error, JournalError::WouldWait), "{error}");
                syncer.sync().unwrap();
            }
            if sequence == synced {
                syncer.sync_all().unwrap();
            }
        }
        disk
    }

    #[test]
    fn what_a_pruned_journal_begins_with_no_loss_of_power_takes() {
        let mut most = 0;
        for synced in 1..150 {
            for seed in 0..4 {
                let disk = journaled(synced);
                let removed = covered(&disk, Sequence(synced)).unwrap();
                removed.iter().for_each(|name| drop(disk.take(name)));
                disk.crash(seed);
                let first = segment_numbers(&disk, Start::First).unwrap()[0];
                let header = segment_header(&disk, first).unwrap().expect("it is whole");
                assert!(header.first <= Sequence(synced));
                most = most.max(removed.len());
            }
        }
        assert!(most > 1, "there was something to prune");
    }

    #[test]
    fn reigns_that_cannot_be_those_of_its_record_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let later = ReignStart { epoch: Epoch(4), first: Sequence(70), running_hash: 1 };
        let behind = ReignStart { epoch: Epoch(3), first: Sequence(78), running_hash: 1 };
        for start in [later, behind] {
            let reigns = Reigns::told(vec![start], true).unwrap();
            let mut writer = SnapshotWriter::create(directory.path(), reigns).unwrap();
            writer.end_state().unwrap();
            let who = (ClusterName::truncated(b"test"), 5);
            writer.finish(directory.path(), who, link(), 1234).unwrap();
            let error = read(directory.path()).unwrap_err().to_string();
            assert!(error.contains("reigns"), "{error}");
        }
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not() {
        let journal = tempfile::tempdir().unwrap();
        let folder = create_snapshot_directory(journal.path()).unwrap();
        let mut dead = std::process::Command::new("true").spawn().unwrap();
        let pid = dead.id();
        dead.wait().unwrap();
        fs::write(folder.join(format!("{pid}{NEW}")), "left").unwrap();
        fs::create_dir_all(folder.join(format!("{pid}{FOLLOWER}/outbound"))).unwrap();
        let ours = SnapshotWriter::create(journal.path(), reigns()).unwrap();
        fs::write(folder.join("notes.new"), "an operator's").unwrap();
        follower_folder(journal.path()).unwrap();
        let mut left: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [own_name(NEW), "notes.new".to_owned()]);
        drop(ours);
    }

    #[test]
    fn what_was_not_finished_leaves_nothing_under_a_snapshots_name() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = SnapshotWriter::create(directory.path(), reigns()).unwrap();
        writer.write_all(&[1; 3 * BLOCK_BYTES]).unwrap();
        assert_eq!(snapshots(directory.path()).unwrap(), []);
        drop(writer);
        assert_eq!(fs::read_dir(snapshot_directory(directory.path())).unwrap().count(), 0);
    }

    #[test]
    fn the_measure_is_that_of_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let (state, outbound) = (vec![3; 100_000], vec![4; 70_000]);
        let written = write(directory.path(), &state, &outbound);
        let mut writer = SnapshotWriter::measured(reigns()).unwrap();
        writer.write_all(&state).unwrap();
        writer.end_state().unwrap();
        writer.write_all(&outbound).unwrap();
        let who = (ClusterName::truncated(b"test"), 5);
        let measured = writer.finish(directory.path(), who, link(), 1234).unwrap();
        assert_eq!(measured, written);
    }
}

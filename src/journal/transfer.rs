//! A snapshot on its way from one node's journal to another's.
//!
//! **Sending** ([`Source`]). The file is opened once, so that it may be pruned meanwhile. Its last record must be on the
//! journal's chain, and the journal must still have what follows. Its bytes are sent only after all of them were found
//! good.
//!
//! **Taking in** ([`Arriving`], [`install`]). In the receiver's folder `snapshots`:
//! 1. The bytes go into `arriving`, whose whole space is taken before the first one.
//! 2. When all are there it is synced, and read through: every CRC, and its header against what was announced.
//! 3. [`install`], once nobody writes the journal: a segment is made that begins behind the snapshot, as
//!    `arrived.segment`. Then `arriving` becomes `arrived`. From there on the rest is done, by the next start if this
//!    process ends ([`finish_install`]).
//! 4. All segments and snapshots of the journal are moved into a folder of their own below `aside`, where they are a
//!    journal again. Segments without a record are removed. Nothing else is.
//! 5. The segment gets its place in the journal, and the snapshot, last, its name.
//!
//! The journal has the snapshot's mark from then on: the two belong together.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::JournalOptions;
use super::disk::{Disk, DiskFile};
use super::error::OpenError;
use super::format::{HEADER_SIZE, Header, HeaderFound, segment_name, word};
use super::read::{follow, segment_header};
use super::real::{RealDisk, allocate};
use super::scan::{Start, segment_numbers};
use super::snapshot::{
    Link, SNAPSHOT_VERSION, SnapshotError, SnapshotReader, create_snapshot_directory,
    snapshot_directory, snapshot_path, snapshots, sync_directory,
};
use crate::model::{ClusterName, Sequence, Timestamp};

/// The largest snapshot that is sent or taken in: 256 GiB.
pub const SENT_BYTES_MAX: u64 = 256 << 30;
/// Where what a snapshot took the place of lies, in the journal's directory.
pub const ASIDE_NAME: &str = "aside";

const ARRIVING_NAME: &str = "arriving";
const ARRIVED_NAME: &str = "arrived";
const SEGMENT_NAME: &str = "arrived.segment";
/// Read at once when a whole file is checked.
const CHECK_BYTES: usize = 256 * 1024;
/// The lowest number of a segment that does not begin the log.
const LATER_SEGMENT: u64 = 2;

/// What is said of a snapshot before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parcel {
    /// The version of its layout.
    pub version: u32,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its last record.
    pub link: Link,
    /// The time of that record.
    pub timestamp: Timestamp,
    /// The mark of its journal.
    pub mark: u64,
    /// The engine's state hash after that record.
    pub state_hash: u64,
}

/// Why a snapshot is not sent, or not taken in.
#[derive(Debug, Error)]
pub enum TransferError {
    /// The journal cannot be read, or not be changed.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// It is damaged, or not of this journal.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A file cannot be written.
    #[error("cannot {action} {}: {source}", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no room for it.
    #[error("a snapshot of {bytes} bytes has no room at {}: {source}", path.display())]
    Room {
        /// Its length.
        bytes: u64,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is too long, or too short to be one.
    #[error("a snapshot of {found} bytes; those that are sent have 1 to {SENT_BYTES_MAX}")]
    Bytes {
        /// What it is said to have.
        found: u64,
    },
    /// Another release wrote it.
    #[error(
        "a snapshot of format version {found}; this node reads version {SNAPSHOT_VERSION}. Run the same version \
         of castle on all nodes"
    )]
    Version {
        /// Its version.
        found: u32,
    },
    /// It is not what was announced.
    #[error("the snapshot's {what} is {found}, where {expected} was announced")]
    NotAsSaid {
        /// What of it.
        what: &'static str,
        /// As it came.
        found: String,
        /// As it was announced.
        expected: String,
    },
}

fn disk_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TransferError {
    let path = path.to_owned();
    move |source| TransferError::Disk { action, path, source }
}

impl Parcel {
    /// Whether this node may take it in, by what is said of it.
    pub fn check(&self) -> Result<(), TransferError> {
        if self.version != SNAPSHOT_VERSION {
            return Err(TransferError::Version { found: self.version });
        }
        if !(1..=SENT_BYTES_MAX).contains(&self.bytes) {
            return Err(TransferError::Bytes { found: self.bytes });
        }
        Ok(())
    }
}

/// A snapshot that can be sent.
pub struct Source {
    file: File,
    path: PathBuf,
    parcel: Parcel,
    sent: u64,
}

impl Source {
    /// The snapshot at that record, if it and the journal belong together.
    pub fn open(journal: &Path, sequence: Sequence) -> Result<Self, TransferError> {
        Self::open_of(&RealDisk::read_only(journal), journal, sequence)
    }

    /// The same, of a journal on whichever disk.
    pub(crate) fn open_of<D: Disk>(
        disk: &D,
        journal: &Path,
        sequence: Sequence,
    ) -> Result<Self, TransferError> {
        let path = snapshot_path(journal, sequence);
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (bytes, file) = opened.map_err(disk_error("open", &path))?;
        let header = Self::reader(&file, &path, sequence)?.header;
        let link = header.link;
        let followed = follow(disk, Some(link), sequence, &mut |_| ())?
            .filter(|it| it.link == link && it.mark == header.mark && it.cluster == header.cluster);
        let Some(followed) = followed else {
            return Err(SnapshotError::NotOnChain { path, link }.into());
        };
        let parcel = Parcel {
            version: SNAPSHOT_VERSION,
            bytes,
            link,
            timestamp: followed.timestamp,
            mark: header.mark,
            state_hash: header.state_hash,
        };
        parcel.check()?;
        Ok(Self { file, path, parcel, sent: 0 })
    }

    /// A reader from the beginning on; one at a time, since they share a place in the file.
    fn reader(
        file: &File,
        path: &Path,
        sequence: Sequence,
    ) -> Result<SnapshotReader, TransferError> {
        let again = file.try_clone().and_then(|mut file| {
            file.seek(SeekFrom::Start(0))?;
            Ok(file)
        });
        let again = again.map_err(disk_error("read", path))?;
        Ok(SnapshotReader::of(again, path.to_owned(), sequence)?)
    }

    /// What is to be said of it.
    pub fn parcel(&self) -> &Parcel {
        &self.parcel
    }

    /// Reads all of it: whether every byte is what was written. False where `goes_on` said so meanwhile.
    pub fn check(&self, goes_on: impl Fn() -> bool) -> Result<bool, TransferError> {
        let reader = Self::reader(&self.file, &self.path, self.parcel.link.sequence)?;
        Ok(read_through(reader, goes_on)?)
    }

    /// The next bytes of it, at most so many; none at its end.
    pub fn next(&mut self, bytes: usize) -> Result<Vec<u8>, TransferError> {
        let length = (self.parcel.bytes - self.sent).min(bytes as u64) as usize;
        let mut piece = vec![0; length];
        let read = self.file.read_exact_at(&mut piece, self.sent);
        read.map_err(disk_error("read", &self.path))?;
        self.sent += length as u64;
        Ok(piece)
    }
}

/// Reads both parts of a snapshot, so that every CRC is compared.
fn read_through(
    mut reader: SnapshotReader,
    goes_on: impl Fn() -> bool,
) -> Result<bool, SnapshotError> {
    let mut buffer = vec![0; CHECK_BYTES];
    for is_last in [false, true] {
        while reader.read(&mut buffer).map_err(|error| reader.damaged(error))? > 0 {
            if !goes_on() {
                return Ok(false);
            }
        }
        if !is_last {
            reader.end_state()?;
        }
    }
    reader.end().map(|_| true)
}

/// A snapshot that is being taken in. Dropped before its end, it leaves nothing.
pub struct Arriving {
    file: File,
    path: PathBuf,
    cluster: ClusterName,
    parcel: Parcel,
    received: u64,
    is_kept: bool,
}

impl Arriving {
    /// Makes room for a snapshot of this cluster. What was left of another goes.
    pub fn create(
        journal: &Path,
        cluster: ClusterName,
        parcel: &Parcel,
    ) -> Result<Self, TransferError> {
        parcel.check()?;
        let path = create_snapshot_directory(journal)?.join(ARRIVING_NAME);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&path).map_err(disk_error("create", &path))?;
        let arriving = Self {
            file,
            path: path.clone(),
            cluster,
            parcel: *parcel,
            received: 0,
            is_kept: false,
        };
        take_room(&arriving.file, &path, parcel.bytes, journal)?;
        Ok(arriving)
    }

    /// The next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        let end = self.received + bytes.len() as u64;
        if end > self.parcel.bytes {
            return Err(not_as_said("length", &format!("{end} or more"), &self.parcel.bytes));
        }
        let written = self.file.write_all_at(bytes, self.received);
        written.map_err(disk_error("write", &self.path))?;
        self.received = end;
        Ok(())
    }

    /// Whether all bytes are there.
    pub fn is_whole(&self) -> bool {
        self.received == self.parcel.bytes
    }

    /// All is there: syncs it, and looks whether it is what was announced, byte for byte. `goes_on` may end that.
    pub fn finish(mut self, goes_on: impl Fn() -> bool) -> Result<(), TransferError> {
        if !self.is_whole() {
            return Err(not_as_said("length", &self.received, &self.parcel.bytes));
        }
        self.file.sync_all().map_err(disk_error("sync", &self.path))?;
        let Parcel { link, mark, state_hash, .. } = self.parcel;
        let reader = Source::reader(&self.file, &self.path, link.sequence)?;
        let header = &reader.header;
        if header.cluster != self.cluster {
            return Err(not_as_said("cluster", &header.cluster, &self.cluster));
        }
        let found = (header.link, header.mark, header.state_hash);
        if found != (link, mark, state_hash) {
            let text = |it: (Link, u64, u64)| format!("{it:x?}");
            return Err(not_as_said("header", &text(found), &text((link, mark, state_hash))));
        }
        self.is_kept = read_through(reader, goes_on)?;
        Ok(())
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.is_kept {
            // What stays has no snapshot's name; the next one takes its place.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Takes the whole space of a new file on the disk of a journal. How much is free is asked first: a file system may give
/// all that it has before it says that it is not enough, and until that is given back the journal has no room.
fn take_room(file: &File, path: &Path, bytes: u64, journal: &Path) -> Result<(), TransferError> {
    let taken = RealDisk::read_only(journal).free_bytes().and_then(|free| match free < bytes {
        true => Err(io::Error::new(ErrorKind::StorageFull, format!("{free} bytes are free"))),
        false => allocate(file, bytes),
    });
    taken.map_err(|source| TransferError::Room { bytes, path: path.to_owned(), source })
}

fn not_as_said(
    what: &'static str,
    found: &impl ToString,
    expected: &impl ToString,
) -> TransferError {
    TransferError::NotAsSaid { what, found: found.to_string(), expected: expected.to_string() }
}

/// The snapshot that was taken in and is not installed yet.
pub fn open_arrived(journal: &Path, sequence: Sequence) -> Result<SnapshotReader, TransferError> {
    let path = snapshot_directory(journal).join(ARRIVING_NAME);
    let file = File::open(&path).map_err(disk_error("open", &path))?;
    Ok(SnapshotReader::of(file, path, sequence)?)
}

/// What was done to make room for a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its last record.
    pub sequence: Sequence,
    /// Where what it took the place of lies; none where there was no record.
    pub aside: Option<PathBuf>,
}

impl std::fmt::Display for Installed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the journal goes on behind the snapshot at record {}", self.sequence)?;
        match &self.aside {
            Some(aside) => write!(f, "; what it held was set aside in {}", aside.display()),
            None => Ok(()),
        }
    }
}

/// Puts the snapshot that was taken in into the place of the journal, of which `disk` holds the lock. See the module.
pub fn install(
    disk: &RealDisk,
    journal: &Path,
    parcel: &Parcel,
    options: &JournalOptions,
) -> Result<Option<Installed>, TransferError> {
    prepare(disk, journal, parcel, options)?;
    finish_install(disk, journal)
}

/// Makes the segment, and the snapshot one that will be installed whatever happens.
fn prepare(
    disk: &RealDisk,
    journal: &Path,
    parcel: &Parcel,
    options: &JournalOptions,
) -> Result<(), TransferError> {
    let folder = snapshot_directory(journal);
    let prepared = folder.join(SEGMENT_NAME);
    let numbers = segment_numbers(disk, Start::First)?;
    let mut number = numbers.last().map_or(LATER_SEGMENT, |last| last + 1).max(LATER_SEGMENT);
    // What was set aside once stays as it is.
    while journal.join(ASIDE_NAME).join(number.to_string()).exists() {
        number += 1;
    }
    let Link { sequence, epoch, running_hash } = parcel.link;
    let header = Header {
        number,
        segment_bytes: options.segment_bytes,
        first: sequence.next(),
        epoch,
        timestamp: parcel.timestamp,
        hash: running_hash,
        synced: sequence,
        mark: parcel.mark,
        cluster: options.cluster,
    };
    let mut create = OpenOptions::new();
    let file = create.write(true).create(true).truncate(true).mode(0o600).open(&prepared);
    let file = file.map_err(disk_error("create", &prepared))?;
    take_room(&file, &prepared, options.segment_bytes, journal)?;
    let written = file.write_all_at(&header.put(), 0).and_then(|()| file.sync_all());
    written.map_err(disk_error("write", &prepared))?;
    rename(&folder.join(ARRIVING_NAME), &folder.join(ARRIVED_NAME))?;
    sync(&folder)
}

/// Finishes an installation that was begun, if one was; removes what was left of one that was not. Before anything is read from the journal.
pub fn finish_install(disk: &RealDisk, journal: &Path) -> Result<Option<Installed>, TransferError> {
    let folder = snapshot_directory(journal);
    let (arrived, prepared) = (folder.join(ARRIVED_NAME), folder.join(SEGMENT_NAME));
    if !arrived.exists() {
        // What was begun and is of no use any more.
        for path in [folder.join(ARRIVING_NAME), prepared] {
            if path.exists() {
                fs::remove_file(&path).map_err(disk_error("remove", &path))?;
            }
        }
        return Ok(None);
    }
    let number = match prepared.exists() {
        true => Some(prepared_number(&prepared)?),
        // It has its place already.
        false => None,
    };
    if let Some(number) = number {
        let aside = journal.join(ASIDE_NAME).join(number.to_string());
        set_aside(disk, journal, &aside)?;
        rename(&prepared, &journal.join(segment_name(number)))?;
        sync(journal)?;
    }
    let first = super::read::begins_with(disk)?.unwrap_or_default();
    let sequence = Sequence(first.0.saturating_sub(1));
    rename(&arrived, &snapshot_path(journal, sequence))?;
    sync(&folder)?;
    let numbers = segment_numbers(disk, Start::First)?;
    let aside = numbers.first().map(|it| journal.join(ASIDE_NAME).join(it.to_string()));
    Ok(Some(Installed { sequence, aside: aside.filter(|it| it.exists()) }))
}

fn prepared_number(path: &Path) -> Result<u64, TransferError> {
    let mut bytes = [0; HEADER_SIZE];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(disk_error("read", path))?;
    match Header::get(&bytes) {
        HeaderFound::Good(header) => Ok(header.number),
        _ => Err(disk_error("use", path)(io::ErrorKind::InvalidData.into())),
    }
}

/// Moves the journal's segments and snapshots to `aside`.
fn set_aside(disk: &RealDisk, journal: &Path, aside: &Path) -> Result<(), TransferError> {
    for number in segment_numbers(disk, Start::First)?.into_iter().rev() {
        let name = segment_name(number);
        let path = journal.join(&name);
        if holds_nothing(disk, number)? {
            fs::remove_file(&path).map_err(disk_error("remove", &path))?;
        } else {
            make_directory(aside)?;
            rename(&path, &aside.join(&name))?;
        }
    }
    let folder = snapshot_directory(journal);
    for sequence in snapshots(journal).map_err(disk_error("list", &folder))? {
        let path = snapshot_path(journal, sequence);
        make_directory(&snapshot_directory(aside))?;
        rename(&path, &snapshot_path(aside, sequence))?;
    }
    for directory in [&snapshot_directory(aside), aside, &journal.join(ASIDE_NAME), &folder] {
        if directory.exists() {
            sync(directory)?;
        }
    }
    sync(journal)
}

/// Whether a segment has no record: no batch follows on its header, or it has no header either.
fn holds_nothing(disk: &RealDisk, number: u64) -> Result<bool, TransferError> {
    let name = segment_name(number);
    let mut bytes = [0; HEADER_SIZE + 4];
    let read = disk.open(&name).and_then(|file| match file.bytes() < bytes.len() as u64 {
        true => Err(io::ErrorKind::UnexpectedEof.into()),
        false => file.read(0, &mut bytes),
    });
    // Whatever cannot be read is kept.
    let is_begun = read.is_err() || word(&bytes, HEADER_SIZE) != 0;
    let is_prepared = bytes[..HEADER_SIZE].iter().all(|byte| *byte == 0);
    let has_header = segment_header(disk, number)?.is_some();
    Ok(!is_begun && (is_prepared || has_header))
}

fn make_directory(path: &Path) -> Result<(), TransferError> {
    let made = DirBuilder::new().mode(0o700).recursive(true).create(path);
    made.map_err(disk_error("create directory", path))
}

fn rename(from: &Path, to: &Path) -> Result<(), TransferError> {
    fs::rename(from, to).map_err(disk_error("rename", from))
}

fn sync(directory: &Path) -> Result<(), TransferError> {
    sync_directory(directory).map_err(disk_error("sync directory", directory))
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

//! A ring in a file, so that what was published survives the process. The file belongs into a tmpfs:
//! then it costs no disk write, and it is gone after a reboot, when it would say nothing true.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `CASTRING` |
//! | 8 | 4 | version of this layout |
//! | 12 | 4 | size of an entry in bytes |
//! | 16 | 8 | capacity in entries |
//! | 24 | 16 | tag: whose ring it is, chosen by the caller |
//! | 40 | 8 | position of the first entry |
//! | 48 | 4 | CRC-32C of bytes 0 to 48 |
//! | 128 | 8 | published cursor |
//! | 256 | 8 | claimed cursor: every slot ever written lies below it |
//! | 4096 | | the slots |
//!
//! Numbers in the header are little-endian, the two cursors are in the machine's own order. The
//! claimed cursor tells which of the oldest entries the dead process had begun to overwrite with
//! something that it never published.

use std::fs::{File, OpenOptions};
use std::io;
use std::mem;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
#[cfg(not(loom))]
use std::{os::fd::AsRawFd, ptr::NonNull, sync::Arc, sync::atomic::AtomicU64};

#[cfg(not(loom))]
use super::memory::Memory;
use super::queue::{Consumer, Producer};

const MAGIC: [u8; 8] = *b"CASTRING";
/// Raised whenever the table above changes.
const LAYOUT_VERSION: u32 = 1;

const VERSION_AT: usize = 8;
const ENTRY_SIZE_AT: usize = 12;
const CAPACITY_AT: usize = 16;
const TAG_AT: usize = 24;
const FIRST_AT: usize = 40;
const CRC_AT: usize = 48;
const PUBLISHED_AT: usize = 128;
const CLAIMED_AT: usize = 256;
/// Where the slots begin: a page, so that they are aligned for any entry.
const SLOTS_AT: usize = 4096;

const _: () = assert!(CRC_AT + 4 <= PUBLISHED_AT && PUBLISHED_AT + 128 <= CLAIMED_AT);
const _: () = assert!(CLAIMED_AT + 128 <= SLOTS_AT);

/// Only the owner may look into a ring.
const FILE_MODE: u32 = 0o600;

/// A type of which any bytes are a valid value. [`plain_bytes!`](crate::plain_bytes) implements it for
/// a wrapper of a byte array, and checks it.
///
/// # Safety
/// Every bit pattern of its size is a valid value, and it has no padding.
pub unsafe trait Plain: Copy {}

// SAFETY: numbers without padding or forbidden values.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}
// SAFETY: an array of such is such.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// Implements `Plain` for a tuple struct around one array of bytes:
/// `plain_bytes!(RecordBytes, RECORD_SIZE_MAX);`. Does not compile if it is anything else.
#[macro_export]
macro_rules! plain_bytes {
    ($name:ident, $size:expr) => {
        const _: () = assert!(
            ::std::mem::size_of::<$name>() == $size,
            "the alignment must not add padding to the bytes"
        );
        const _: fn($name) -> [u8; $size] = |$name(bytes)| bytes;
        // SAFETY: the pattern above names every field, and it is bytes; the size leaves no padding.
        #[allow(unsafe_code)]
        unsafe impl $crate::ring::Plain for $name {}
    };
}

/// The entries that a dead process had published and that its ring still holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivors<T> {
    /// The position of the first of them.
    pub first: u64,
    /// The entries, in order.
    pub entries: Vec<T>,
}

impl<T> Survivors<T> {
    /// How far the dead process had published.
    pub fn published(&self) -> u64 {
        self.first.wrapping_add(self.entries.len() as u64)
    }
}

/// The size of a ring's file, if that is a size.
fn file_size(entry_size: usize, capacity: u64) -> Option<u64> {
    (entry_size as u64).checked_mul(capacity)?.checked_add(SLOTS_AT as u64)
}

fn header(entry_size: usize, capacity: u64, tag: u128, first: u64) -> [u8; CRC_AT + 4] {
    let mut header = [0; CRC_AT + 4];
    header[..VERSION_AT].copy_from_slice(&MAGIC);
    header[VERSION_AT..ENTRY_SIZE_AT].copy_from_slice(&LAYOUT_VERSION.to_le_bytes());
    header[ENTRY_SIZE_AT..CAPACITY_AT].copy_from_slice(&(entry_size as u32).to_le_bytes());
    header[CAPACITY_AT..TAG_AT].copy_from_slice(&capacity.to_le_bytes());
    header[TAG_AT..FIRST_AT].copy_from_slice(&tag.to_le_bytes());
    header[FIRST_AT..CRC_AT].copy_from_slice(&first.to_le_bytes());
    let crc = crc32c::crc32c(&header[..CRC_AT]);
    header[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    header
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

fn damaged(path: &Path, what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!(
            "{}: this ring file is damaged ({what}); published entries may be lost with it; to go \
             on without them, remove it",
            path.display()
        ),
    )
}

/// The entries that a dead process left in its ring: the last that it published, but for the oldest
/// that it had already begun to overwrite. None if there is no file, or it is another's: no ring, of
/// another layout, entry size or tag. The file is not changed.
///
/// # Errors
/// `InvalidData` if the file bears this tag and is damaged; `PermissionDenied` if it belongs to
/// another user or is no plain file; what the operating system says.
pub fn surviving<T: Plain>(path: &Path, tag: u128) -> io::Result<Option<Survivors<T>>> {
    let entry_size = mem::size_of::<T>();
    let mut options = OpenOptions::new();
    // Without O_NONBLOCK a FIFO of that name would hold us up.
    options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    // SAFETY: it takes nothing and cannot fail.
    let me = unsafe { libc::geteuid() };
    if !metadata.is_file() || metadata.uid() != me {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("{}: not a plain file of this user", path.display()),
        ));
    }
    let mut page = [0; SLOTS_AT];
    if metadata.len() < SLOTS_AT as u64 {
        return Ok(None);
    }
    file.read_exact_at(&mut page, 0)?;
    let capacity = u64_at(&page, CAPACITY_AT);
    let first = u64_at(&page, FIRST_AT);
    let expected = header(entry_size, capacity, tag, first);
    if page[..CAPACITY_AT] != expected[..CAPACITY_AT]
        || page[TAG_AT..FIRST_AT] != expected[TAG_AT..FIRST_AT]
    {
        return Ok(None);
    }
    if page[..expected.len()] != expected {
        return Err(damaged(path, "the checksum of its header"));
    }
    if !capacity.is_power_of_two() || file_size(entry_size, capacity) != Some(metadata.len()) {
        return Err(damaged(path, "its size"));
    }
    let published = u64::from_ne_bytes(u64_at(&page, PUBLISHED_AT).to_le_bytes());
    let claimed = u64::from_ne_bytes(u64_at(&page, CLAIMED_AT).to_le_bytes());
    let staged = claimed.wrapping_sub(published);
    if staged > capacity || published.wrapping_sub(first) > i64::MAX as u64 {
        return Err(damaged(path, "its cursors"));
    }
    let count = published.wrapping_sub(first).min(capacity - staged);
    let from = published.wrapping_sub(count);
    Ok(Some(Survivors { first: from, entries: read_slots(&file, from, count, capacity)? }))
}

/// Reads `count` slots from position `from` on; the file is known to hold `capacity` slots.
fn read_slots<T: Plain>(file: &File, from: u64, count: u64, capacity: u64) -> io::Result<Vec<T>> {
    let size = mem::size_of::<T>();
    // SAFETY: any bytes are a valid T.
    let zero: T = unsafe { mem::zeroed() };
    let mut entries = vec![zero; count as usize];
    // SAFETY: the entries' own memory, without padding; whatever bytes are written are valid.
    let bytes = unsafe {
        std::slice::from_raw_parts_mut(
            entries.as_mut_ptr().cast::<u8>(),
            mem::size_of_val(&*entries),
        )
    };
    let start = from & (capacity - 1);
    let head = count.min(capacity - start);
    let (head_bytes, tail_bytes) = bytes.split_at_mut(head as usize * size);
    file.read_exact_at(head_bytes, SLOTS_AT as u64 + start * size as u64)?;
    file.read_exact_at(tail_bytes, SLOTS_AT as u64)?;
    Ok(entries)
}

/// Removes a ring's file after a clean stop, when nothing in it is needed any more. No file is fine.
///
/// # Errors
/// What the operating system says.
pub fn unlink(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Where a new ring's file lies until it is complete.
fn draft_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// A ring in a file, whose first entry has the position `first`. An older file of that name is
/// replaced whole, at the moment when the new one is complete: call [`surviving`] before.
///
/// All its memory is allocated and faulted in here, and locked if this process may
/// ([`Producer::is_locked`]).
///
/// # Errors
/// `InvalidInput` if the capacity is not a power of two or the ring too large; what the operating
/// system says, `StorageFull` among it.
pub fn mapped<T: Plain + Default + Send>(
    path: &Path,
    capacity: usize,
    consumers: usize,
    first: u64,
    tag: u128,
) -> io::Result<(Producer<T>, Vec<Consumer<T>>)> {
    create(path, capacity, consumers, first, tag).map_err(|error| {
        io::Error::new(error.kind(), format!("{}: cannot create the ring: {error}", path.display()))
    })
}

#[cfg(loom)]
fn create<T: Plain>(
    _: &Path,
    _: usize,
    _: usize,
    _: u64,
    _: u128,
) -> io::Result<(Producer<T>, Vec<Consumer<T>>)> {
    let _ = (draft_path, FILE_MODE);
    Err(io::Error::new(io::ErrorKind::Unsupported, "loom knows no files"))
}

#[cfg(not(loom))]
fn create<T: Plain>(
    path: &Path,
    capacity: usize,
    consumers: usize,
    first: u64,
    tag: u128,
) -> io::Result<(Producer<T>, Vec<Consumer<T>>)> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
    let entry_size = mem::size_of::<T>();
    if entry_size == 0 || u32::try_from(entry_size).is_err() || mem::align_of::<T>() > SLOTS_AT {
        return Err(invalid(format!("entries of {entry_size} bytes do not fit into a ring file")));
    }
    if !capacity.is_power_of_two() {
        return Err(invalid(format!("a ring's capacity is a power of two, not {capacity}")));
    }
    let size = file_size(entry_size, capacity as u64)
        .filter(|size| i64::try_from(*size).is_ok())
        .ok_or_else(|| invalid(format!("{capacity} entries are too many for a file")))?;

    let draft = draft_path(path);
    // Left by a process that died while it created its ring.
    unlink(&draft)?;
    let result = Mapping::create(&draft, size).and_then(|mut mapping| {
        mapping.begin(&header(entry_size, capacity as u64, tag, first), first);
        std::fs::rename(&draft, path)?;
        Ok(mapping)
    });
    let mapping = match result {
        Ok(mapping) => mapping,
        Err(error) => {
            // The first error is the one to tell.
            let _ = unlink(&draft);
            return Err(error);
        }
    };
    let memory = Memory::in_file(Arc::new(mapping), capacity, consumers, first);
    Ok(super::queue::sides(memory, first))
}

/// A ring file in memory.
#[cfg(not(loom))]
#[derive(Debug)]
pub(super) struct Mapping {
    raw: memmap2::MmapRaw,
    is_locked: bool,
}

#[cfg(not(loom))]
impl Mapping {
    /// Creates the file, at its full size, and maps it.
    fn create(path: &Path, size: u64) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)?;
        // Allocated now, or an error now: a hole would be SIGBUS when the tmpfs is full later.
        loop {
            // SAFETY: it only uses the descriptor, which is open.
            match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, size as libc::off_t) } {
                0 => break,
                libc::EINTR => {}
                error => return Err(io::Error::from_raw_os_error(error)),
            }
        }
        let raw = memmap2::MmapRaw::map_raw(&file)?;
        assert_eq!(raw.len() as u64, size, "the whole file is mapped");
        for at in (0..raw.len()).step_by(SLOTS_AT) {
            // SAFETY: within the mapping, and nobody else knows it yet. Writing faults the page in.
            unsafe { raw.as_mut_ptr().add(at).write_volatile(0) };
        }
        let is_locked = raw.lock().is_ok();
        Ok(Self { raw, is_locked })
    }

    /// Writes the header and sets the cursors.
    fn begin(&mut self, header: &[u8], first: u64) {
        assert!(header.len() <= PUBLISHED_AT);
        // SAFETY: the mapping is longer than a header, and nobody else knows it yet.
        unsafe {
            std::ptr::copy_nonoverlapping(header.as_ptr(), self.raw.as_mut_ptr(), header.len());
        }
        self.published().store(first, std::sync::atomic::Ordering::Relaxed);
        self.claimed().store(first, std::sync::atomic::Ordering::Relaxed);
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(8) && at + 8 <= SLOTS_AT);
        // SAFETY: within the mapping, which begins at a page, so aligned; only ever used as an atomic;
        // it lives as long as the mapping. The file keeps its size: it is ours and mode 0600.
        unsafe { AtomicU64::from_ptr(self.raw.as_mut_ptr().add(at).cast()) }
    }

    pub(super) fn published(&self) -> &AtomicU64 {
        self.word(PUBLISHED_AT)
    }

    pub(super) fn claimed(&self) -> &AtomicU64 {
        self.word(CLAIMED_AT)
    }

    pub(super) fn slots(&self) -> NonNull<u8> {
        // SAFETY: the mapping is longer than the header page.
        let slots = unsafe { self.raw.as_mut_ptr().add(SLOTS_AT) };
        NonNull::new(slots).expect("a mapping is not at null")
    }

    pub(super) fn is_locked(&self) -> bool {
        self.is_locked
    }
}

//! A directory of the operating system, locked by one process.

use std::ffi::CString;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{Disk, DiskFile};
use super::error::OpenError;
use super::format::LOCK_NAME;

/// Zeros are written that many at a time.
const ZEROS_BYTES: usize = 256 * 1024;
static ZEROS: [u8; ZEROS_BYTES] = [0; ZEROS_BYTES];

/// A directory of the operating system.
#[derive(Debug)]
pub struct RealDisk {
    directory: PathBuf,
    /// None for a directory that is only read.
    lock: Option<Arc<File>>,
}

impl RealDisk {
    /// Creates the directory (for its owner only) unless it is there, and takes its lock. The lock
    /// lasts until the disk and all its files are dropped.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        let shown = directory.display().to_string();
        if !directory.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory)
                .map_err(OpenError::disk("create directory", shown.clone()))?;
            if let Some(parent) = directory.parent() {
                let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
                File::open(parent)
                    .and_then(|parent| parent.sync_all())
                    .map_err(OpenError::disk("sync directory", parent.display().to_string()))?;
            }
        }
        let path = directory.join(LOCK_NAME);
        let named = path.display().to_string();
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(OpenError::disk("open", named.clone()))?;
        if let Err(error) = flock(&lock) {
            if error.kind() != io::ErrorKind::WouldBlock {
                return Err(OpenError::disk("lock", named)(error));
            }
            let mut holder = String::new();
            // Who holds it is only for the message; without it the error stands all the same.
            let _ = lock.read_to_string(&mut holder);
            let holder = match holder.trim().parse::<u32>() {
                Ok(pid) => format!("process {pid}"),
                Err(_) => "another process".into(),
            };
            return Err(OpenError::Locked { path: shown, holder });
        }
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(OpenError::disk("write", named))?;
        Ok(Self { directory: directory.into(), lock: Some(Arc::new(lock)) })
    }

    /// The directory for reading only, without its lock: also that of a running exchange.
    pub fn read_only(directory: &Path) -> Self {
        Self { directory: directory.into(), lock: None }
    }

    fn may_write(&self) -> io::Result<Arc<File>> {
        self.lock.clone().ok_or_else(|| io::ErrorKind::PermissionDenied.into())
    }
}

impl Disk for RealDisk {
    type File = RealFile;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let entry = entry?;
            // Folders and sockets beside the segments are somebody else's.
            if entry.file_type()?.is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        Ok(names)
    }

    fn create(&mut self, name: &str, bytes: u64) -> io::Result<RealFile> {
        let lock = self.may_write()?;
        let path = self.directory.join(name);
        let file =
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        match allocate(&file, bytes) {
            Ok(()) => Ok(RealFile { file, bytes, _lock: Some(lock) }),
            Err(error) => {
                // The first error is the one to tell.
                let _ = std::fs::remove_file(&path);
                Err(error)
            }
        }
    }

    fn open(&self, name: &str) -> io::Result<RealFile> {
        let file = File::open(self.directory.join(name))?;
        let bytes = file.metadata()?.len();
        Ok(RealFile { file, bytes, _lock: None })
    }

    fn open_allocated(&mut self, name: &str, bytes: u64) -> io::Result<RealFile> {
        let lock = self.may_write()?;
        let file = OpenOptions::new().read(true).write(true).open(self.directory.join(name))?;
        allocate(&file, bytes)?;
        Ok(RealFile { file, bytes, _lock: Some(lock) })
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.may_write()?;
        std::fs::remove_file(self.directory.join(name))
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        self.may_write()?;
        File::open(&self.directory)?.sync_all()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let path = CString::new(self.directory.as_os_str().as_bytes())?;
        // SAFETY: `statvfs` is plain data for which zeros are a value; the path is a C string and
        // the pointer is to a local of the type that the call fills.
        let status = unsafe {
            let mut status: libc::statvfs = std::mem::zeroed();
            if libc::statvfs(path.as_ptr(), &mut status) != 0 {
                return Err(io::Error::last_os_error());
            }
            status
        };
        Ok(status.f_bavail.saturating_mul(status.f_frsize))
    }

    fn path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    fn forget(&self, name: &str) -> io::Result<()> {
        let file = File::open(self.directory.join(name))?;
        // SAFETY: the descriptor is open for as long as `file` lives; no memory is touched. It is advice: a
        // system that does not take it is none that remembers what it could not write.
        let _advice =
            unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        Ok(())
    }
}

/// A file of a [`RealDisk`]: read by `pread`, written by `pwrite`, synced by `fdatasync`.
///
/// It is not mapped. A sync takes every page that it writes back away from the mappings it is in, by an
/// interrupt of each core that runs the process, the engine's among them; and the next write to the page
/// is a fault. What `pwrite` has written lies in the page cache all the same, and outlives the process.
#[derive(Debug)]
pub struct RealFile {
    file: File,
    bytes: u64,
    /// Keeps other processes out for as long as anything could be written.
    _lock: Option<Arc<File>>,
}

impl RealFile {
    fn check_range(&self, at: u64, bytes: u64) -> io::Result<()> {
        match at.checked_add(bytes) {
            Some(end) if end <= self.bytes => Ok(()),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

impl DiskFile for RealFile {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(out, at)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.check_range(at, bytes.len() as u64)?;
        self.file.write_all_at(bytes, at)
    }

    fn zero(&self, at: u64, bytes: u64) -> io::Result<()> {
        self.check_range(at, bytes)?;
        let mut done = 0;
        while done < bytes {
            let step = (bytes - done).min(ZEROS_BYTES as u64);
            self.file.write_all_at(&ZEROS[..step as usize], at + done)?;
            done += step;
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn will_read(&self, at: u64, bytes: u64) {
        // SAFETY: a hint about an open file; it touches no memory.
        unsafe {
            libc::posix_fadvise(
                self.file.as_raw_fd(),
                at as libc::off_t,
                bytes as libc::off_t,
                libc::POSIX_FADV_WILLNEED,
            );
        }
    }
}

fn flock(file: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open for as long as `file` lives; no memory is touched.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

pub(super) fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    let length =
        libc::off_t::try_from(bytes).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    loop {
        // SAFETY: the descriptor is open for as long as `file` lives; no memory is touched.
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, length) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::format::segment_name;
    use crate::journal::format::{HEADER_SIZE, Header};
    use crate::journal::{NODE_NAME, forget_unsynced};
    use crate::model::{ClusterName, Epoch, Sequence, Timestamp};

    #[test]
    fn a_locked_directory_names_the_process_that_holds_it() {
        let directory = tempfile::tempdir().unwrap();
        let _held = RealDisk::open(directory.path()).unwrap();
        let error = RealDisk::open(directory.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        assert!(error.contains(&directory.path().display().to_string()), "{error}");
    }

    #[test]
    fn a_file_keeps_the_lock_of_its_directory() {
        let directory = tempfile::tempdir().unwrap();
        let mut disk = RealDisk::open(directory.path()).unwrap();
        let file = disk.create("a", 4096).unwrap();
        drop(disk);
        assert!(RealDisk::open(directory.path()).is_err());
        drop(file);
        assert!(RealDisk::open(directory.path()).is_ok());
    }

    /// How many pages of a file the system has in memory.
    fn pages_in_memory(file: &File) -> usize {
        let bytes = file.metadata().unwrap().len() as usize;
        // SAFETY: the mapping is private to this function, read by nobody, and unmapped at the end of it; `pages` has a
        // byte for each page of it.
        unsafe {
            let (read, shared) = (libc::PROT_READ, libc::MAP_SHARED);
            let at = libc::mmap(std::ptr::null_mut(), bytes, read, shared, file.as_raw_fd(), 0);
            assert_ne!(at, libc::MAP_FAILED);
            let size = libc::sysconf(libc::_SC_PAGESIZE) as usize;
            let mut pages = vec![0_u8; bytes.div_ceil(size)];
            assert_eq!(libc::mincore(at, bytes, pages.as_mut_ptr()), 0);
            assert_eq!(libc::munmap(at, bytes), 0);
            pages.iter().filter(|page| **page & 1 == 1).count()
        }
    }

    fn header(number: u64) -> [u8; HEADER_SIZE] {
        Header {
            number,
            segment_bytes: 1 << 20,
            first: Sequence(1),
            epoch: Epoch(0),
            timestamp: Timestamp(0),
            hash: 0,
            synced: Sequence(0),
            mark: 1,
            cluster: ClusterName::truncated(b"test"),
        }
        .put()
    }

    #[test]
    fn what_the_system_took_for_written_is_read_from_the_disk_again() {
        // On the disk that the test is on: a file of tmpfs has nothing behind it.
        let test = std::env::current_exe().unwrap();
        let directory = tempfile::tempdir_in(test.parent().unwrap()).unwrap();
        let mut disk = RealDisk::open(directory.path()).unwrap();
        let segments: Vec<String> = (1..=5).map(segment_name).collect();
        for (at, name) in segments.iter().map(String::as_str).chain([NODE_NAME]).enumerate() {
            let file = disk.create(name, 1 << 20).unwrap();
            let is_prepared = (3..5).contains(&at);
            file.write(0, &vec![if is_prepared { 0 } else { 7 }; 1 << 20]).unwrap();
            if !is_prepared {
                file.write(0, &header(at as u64 + 1)).unwrap();
            }
            file.sync().unwrap();
        }
        forget_unsynced(&disk).unwrap();
        let left = |name: &str| pages_in_memory(&File::open(directory.path().join(name)).unwrap());
        assert!(left(&segments[0]) > 0, "what was synced long ago may stay");
        assert_eq!((left(&segments[1]), left(&segments[2]), left(NODE_NAME)), (0, 0, 0));
    }

    #[test]
    fn what_is_written_is_read_and_survives_a_new_open() {
        let directory = tempfile::tempdir().unwrap();
        let mut disk = RealDisk::open(&directory.path().join("made/for/it")).unwrap();
        let file = disk.create("a", 10_000).unwrap();
        file.write(4_090, b"castle").unwrap();
        file.sync().unwrap();
        let mut bytes = [0; 6];
        disk.open("a").unwrap().read(4_090, &mut bytes).unwrap();
        assert_eq!(&bytes, b"castle");
        assert!(file.write(9_999, b"ab").is_err());
        assert!(disk.open("a").unwrap().write(0, b"a").is_err());
        file.zero(0, 10_000).unwrap();
        disk.open_allocated("a", 20_000).unwrap().read(4_090, &mut bytes).unwrap();
        assert_eq!(bytes, [0; 6]);
    }

    #[test]
    fn a_directory_is_made_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        RealDisk::open(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}

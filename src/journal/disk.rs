//! What the journal needs of a disk, so that a simulated one can stand in for it.

use std::io;

/// A directory that holds one journal.
pub trait Disk: Send {
    /// A file in it.
    type File: DiskFile + 'static;

    /// The names of all files, in no order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Creates a file of zeros whose whole space is allocated. Where that fails no file is left.
    fn create(&mut self, name: &str, bytes: u64) -> io::Result<Self::File>;
    /// Opens a file for reading only, as long as it is.
    fn open(&self, name: &str) -> io::Result<Self::File>;
    /// Opens a file for writing, lengthened with zeros to `bytes` and without holes.
    fn open_allocated(&mut self, name: &str, bytes: u64) -> io::Result<Self::File>;
    /// Removes a file.
    fn remove(&mut self, name: &str) -> io::Result<()>;
    /// Makes what was created and removed durable.
    fn sync_directory(&mut self) -> io::Result<()>;
    /// How many bytes files may still grow by.
    fn free_bytes(&self) -> io::Result<u64>;
    /// How a message names a file.
    fn path(&self, name: &str) -> String;
    /// Forgets what the system remembers of a file, but for what it has yet to write: it is read from the disk again.
    fn forget(&self, name: &str) -> io::Result<()>;
}

/// An open file. All of it may be used by several threads, but no two write the same bytes.
pub trait DiskFile: Send + Sync {
    /// Its length in bytes.
    fn bytes(&self) -> u64;
    /// Reads exactly `out.len()` bytes.
    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()>;
    /// Writes bytes within the file's length.
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Writes zeros within the file's length.
    fn zero(&self, at: u64, bytes: u64) -> io::Result<()>;
    /// Makes all that was written durable; blocks.
    fn sync(&self) -> io::Result<()>;
    /// Will read these bytes soon.
    fn will_read(&self, _at: u64, _bytes: u64) {}
}

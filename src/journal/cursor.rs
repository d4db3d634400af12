//! Looks at a file from front to back, a chunk at a time.

use super::disk::DiskFile;

/// Bytes are read that many at a time, little enough to stay in a core's own cache.
pub(super) const CHUNK_BYTES: usize = 256 * 1024;

/// Looks at a file through a buffer.
pub(super) struct Cursor<F> {
    file: Option<F>,
    /// The length of the file.
    pub bytes: u64,
    /// The journal's mark, known from the first segment's header on.
    pub mark: Option<u64>,
    buffer: Vec<u8>,
    start: u64,
    filled: usize,
}

impl<F: DiskFile> Cursor<F> {
    pub fn new() -> Self {
        Self { file: None, bytes: 0, mark: None, buffer: vec![0; CHUNK_BYTES], start: 0, filled: 0 }
    }

    pub fn open(&mut self, file: F, mark: u64) {
        self.bytes = file.bytes();
        self.file = Some(file);
        self.mark = Some(mark);
        self.forget();
    }

    /// What was read before may have changed.
    pub fn forget(&mut self) {
        self.filled = 0;
    }

    /// Up to `want` bytes, fewer only where the file ends.
    #[inline]
    pub fn peek(&mut self, offset: u64, want: usize) -> std::io::Result<&[u8]> {
        let wanted = offset + (want as u64).min(self.bytes.saturating_sub(offset));
        if offset < self.start || wanted > self.start + self.filled as u64 {
            self.fill(offset)?;
        }
        let at = ((offset - self.start) as usize).min(self.filled);
        Ok(&self.buffer[at..(at + want).min(self.filled)])
    }

    #[cold]
    fn fill(&mut self, offset: u64) -> std::io::Result<()> {
        self.filled = 0;
        self.start = offset;
        let length = self.bytes.saturating_sub(offset).min(CHUNK_BYTES as u64) as usize;
        if let Some(file) = &self.file {
            file.read(offset, &mut self.buffer[..length])?;
            self.filled = length;
        }
        Ok(())
    }
}

/// Whether all bytes are zero.
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.chunks(4096).all(|chunk| chunk.iter().fold(0, |all, byte| all | byte) == 0)
}

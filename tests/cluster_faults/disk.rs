//! A disk that fills up.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// A tmpfs of its own; unmounted when it is dropped.
pub struct Mount {
    directory: TempDir,
}

impl Mount {
    /// None where this user may not mount.
    pub fn new(megabytes: u32) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        let size = format!("size={megabytes}m");
        let path = directory.path().to_str()?.to_owned();
        run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", &path])?;
        Some(Self { directory })
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// Takes all the space there is.
    pub fn fill(&self) {
        let filler = format!("of={}", self.path().join("filler").display());
        // It ends with an error, since the disk is full then.
        let _ = Command::new("dd").args(["if=/dev/zero", &filler, "bs=4k", "status=none"]).output();
    }

    /// Gives it back.
    pub fn free(&self) {
        std::fs::remove_file(self.path().join("filler")).expect("it was filled");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily, so that it is gone even if something still lies open there.
        let _ = Command::new("umount").arg("-l").arg(self.directory.path()).status();
    }
}

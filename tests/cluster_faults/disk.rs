//! Disks that fill up and disks that fail. Who mounts them does so in a mount namespace of his own.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::scratch;

fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn text(path: PathBuf) -> String {
    path.to_str().expect("a temporary path is plain text").to_owned()
}

/// A tmpfs of its own; unmounted when it is dropped.
pub struct Mount {
    directory: TempDir,
}

impl Mount {
    /// Or why this user may not mount.
    pub fn new(megabytes: u32) -> Result<Self, String> {
        let directory = scratch::directory();
        let size = format!("size={megabytes}m");
        run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", &text(directory.path().into())])?;
        Ok(Self { directory })
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

/// A file system on a loop device whose file lies, mostly as holes, on a tmpfs. When that is full, the
/// device cannot write to a new place, and a sync says so.
pub struct LoopDisk {
    directory: TempDir,
    backing: Mount,
}

impl LoopDisk {
    /// Or why there is none.
    pub fn new() -> Result<Self, String> {
        let backing = Mount::new(256)?;
        let directory = scratch::directory();
        let disk = Self { directory, backing };
        run("truncate", &["-s", "1G", &disk.image()])?;
        run("mkfs.ext4", &["-q", "-O", "^has_journal", &disk.image()])?;
        disk.mount()?;
        Ok(disk)
    }

    fn image(&self) -> String {
        text(self.backing.path().join("image"))
    }

    /// The loop device goes with the mount.
    fn mount(&self) -> Result<(), String> {
        run("mount", &["-o", "loop", &self.image(), &text(self.path())]).map(|_| ())
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// From now on what is written to new places of the device is lost, and syncs say so.
    pub fn break_it(&self) {
        self.backing.fill();
    }

    /// The device writes again. What the page cache had in store is forgotten, as a machine does that starts
    /// again.
    pub fn mend(&self) {
        let unmounted = run("umount", &[&text(self.path())]);
        unmounted.expect("nobody has anything open there");
        self.backing.free();
        // Its answer is not zero where it mended something.
        let _ = run("e2fsck", &["-f", "-y", &self.image()]);
        self.mount().expect("it was mounted before");
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.directory.path()).status();
    }
}

//! Directories of a test program that are gone when it is, however it ends.
//!
//! Each goes with its test. Where the program is killed none of it can see to that: so it has a helper, a process
//! that waits for the end of a pipe which only the program holds, and then removes what is left.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::{Builder, TempDir};

/// What tells a program that another one started for its test where to put its directories.
pub const SCRATCH: &str = "CASTLE_TEST_SCRATCH";
/// Waits for the end of its input. Processes that are killed just then may still write: it tries again for a while.
const HELPER: &str = "read _; for _ in $(seq 50); do rm -rf -- \"$@\" && exit; sleep 0.1; done";

/// Where the program's directories lie, on disk and in memory.
struct Places {
    disk: PathBuf,
    memory: PathBuf,
    /// Outlives the program, whose end of the pipe goes with it.
    _helper: Option<Child>,
}

/// A directory for a test.
pub fn directory() -> TempDir {
    tempfile::tempdir_in(&places().disk).expect("a directory")
}

/// The same in memory.
pub fn directory_in_memory() -> TempDir {
    tempfile::tempdir_in(&places().memory).expect("a directory in memory")
}

/// What a program that is started for a test finds in [`SCRATCH`].
pub fn name() -> String {
    format!("{}:{}", places().disk.display(), places().memory.display())
}

fn places() -> &'static Places {
    static PLACES: OnceLock<Places> = OnceLock::new();
    PLACES.get_or_init(|| match std::env::var(SCRATCH) {
        Ok(named) => {
            let (disk, memory) = named.split_once(':').expect("two places are named");
            Places { disk: disk.into(), memory: memory.into(), _helper: None }
        }
        Err(_) => own_places(),
    })
}

fn own_places() -> Places {
    let place = |directory: &Path| {
        let made = Builder::new().prefix("castle-test-").tempdir_in(directory);
        made.expect("a directory").keep()
    };
    let (disk, memory) = (place(&std::env::temp_dir()), place(Path::new("/dev/shm")));
    let mut helper = Command::new("sh");
    helper.args(["-c", HELPER, "sh"]).args([&disk, &memory]).current_dir("/");
    helper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // In a group of its own: who kills the program often kills its group.
    let helper = helper.process_group(0).spawn().expect("there is a shell");
    Places { disk, memory, _helper: Some(helper) }
}

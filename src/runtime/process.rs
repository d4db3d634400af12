//! Processes that this one starts.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Has the system kill the process that `command` starts as soon as the thread that starts it is gone,
/// however it went. Where the system knows no such thing the process outlives it.
pub fn dies_with_its_parent(command: &mut Command) {
    #[cfg(target_os = "linux")]
    // SAFETY: between fork and exec only `prctl` is called: a system call that takes no lock, allocates
    // nothing and changes only a setting of the new process.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        });
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_child_ends_with_the_thread_that_started_it() {
        let start = || {
            let mut command = Command::new("sleep");
            command.arg("60");
            dies_with_its_parent(&mut command);
            command.spawn().expect("sleep can be started")
        };
        let mut child = std::thread::spawn(start).join().expect("the thread ends");
        let status = child.wait().expect("it was started");
        assert_eq!(status.signal(), Some(libc::SIGKILL));
    }
}

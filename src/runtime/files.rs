//! How many files the process may have open.

use std::io;

/// Raises the number of files that this process may have open to `wanted`, as far as the system lets it,
/// and returns what is allowed now.
///
/// # Errors
/// If the system does not tell its limit.
pub fn open_files(wanted: u64) -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the system writes one such struct to a place that is one.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    if limit.rlim_cur >= wanted {
        return Ok(limit.rlim_cur);
    }
    let raised = libc::rlimit { rlim_cur: wanted.min(limit.rlim_max), ..limit };
    // SAFETY: the system reads one such struct, which lives until the call returns.
    match unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) } {
        0 => Ok(raised.rlim_cur),
        _ => Ok(limit.rlim_cur),
    }
}

#[cfg(test)]
mod tests {
    use super::open_files;

    #[test]
    fn what_is_allowed_is_told_and_never_lowered() {
        let allowed = open_files(0).expect("the system tells its limit");
        assert!(allowed > 0);
        assert!(open_files(1).expect("the system tells its limit") >= allowed);
    }
}

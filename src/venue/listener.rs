//! Finds out which process listens on a port, from what the kernel shows of itself.

use std::fs;

/// The state of a listening socket in the kernel's table.
const LISTEN: &str = "0A";

/// "pid (name)" of the process that listens on `port`, as far as this user may know.
pub(super) fn process_on(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| {
        fs::read_to_string(table).ok()?.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let local = fields.get(1)?.rsplit(':').next()?;
            let is_it = u16::from_str_radix(local, 16).ok()? == port && fields.get(3)? == &LISTEN;
            if is_it { fields.get(9).map(|inode| (*inode).to_owned()) } else { None }
        })
    })?;
    let wanted = format!("socket:[{inode}]");
    fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let pid = process.file_name().into_string().ok()?;
        pid.parse::<u32>().ok()?;
        let has_it = fs::read_dir(process.path().join("fd")).ok()?.flatten().any(|descriptor| {
            fs::read_link(descriptor.path()).is_ok_and(|target| target.as_os_str() == &*wanted)
        });
        let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        has_it.then(|| format!("{pid} ({})", name.trim()))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_listener_of_this_process_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let found = super::process_on(port).expect("our own process can be seen");
        assert!(found.starts_with(&format!("{} (", std::process::id())), "{found}");
    }
}

//! etcd for the tests: the machine's, or else Debian's package unpacked below `target/`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::run_quietly;

const PACKAGE: &str = "etcd-server";

/// A search path on which `etcd` is found; fetches it first where it is not.
pub fn search_path(root: &Path) -> Result<OsString, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if runs(Path::new("etcd")) {
        return Ok(path);
    }
    let directory = root.join("target").join("etcd");
    let unpacked = directory.join("usr/bin");
    if !runs(&unpacked.join("etcd")) {
        println!(
            "etcd is not here: fetching Debian's package {PACKAGE} into {}",
            directory.display()
        );
        fetch(&directory).map_err(|error| {
            format!("{error}. Install etcd 3.4 or later (Debian: apt-get install {PACKAGE})")
        })?;
    }
    let places = std::iter::once(unpacked).chain(std::env::split_paths(&path));
    std::env::join_paths(places).map_err(|error| error.to_string())
}

fn runs(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Downloads the package and unpacks it; nothing is installed.
fn fetch(directory: &Path) -> Result<(), String> {
    let error = |error: std::io::Error| format!("{}: {error}", directory.display());
    fs::create_dir_all(directory).map_err(error)?;
    run_quietly(Command::new("apt-get").args(["download", PACKAGE]).current_dir(directory))?;
    let mut packages = Vec::<PathBuf>::new();
    for entry in fs::read_dir(directory).map_err(error)? {
        packages.push(entry.map_err(error)?.path());
    }
    packages.retain(|path| path.extension().is_some_and(|end| end == "deb"));
    packages.sort();
    let package = packages.last().ok_or_else(|| format!("no package {PACKAGE} was fetched"))?;
    run_quietly(Command::new("dpkg-deb").arg("--extract").arg(package).arg(directory))
}

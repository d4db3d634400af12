//! `cargo xtask instructions`: counts the instructions of the hot path and compares them with the counts
//! that are committed in `bench/instructions.toml`.
//!
//! 1. The program `instructions` of `bench/` is built in the release profile and run under valgrind's
//!    callgrind, which counts only inside its `counted_region` and writes a file for each call of it. The
//!    program prints a line for each call, so lines and files belong together in their order.
//! 2. Counts depend on the compiler, the C library and the processor's features, but not on load: they are
//!    the same at every run. What they were made with is written down beside them.
//! 3. One that has grown by more than [`GROWTH_MAX_PERCENT`] fails. So does one that nobody committed,
//!    and one that is gone. One that has shrunk by as much asks to be renewed.
//! 4. `--accept`, or UPDATE_EXPECT=1 as for the other expectations of the project, writes the new counts.

mod counts;

use std::path::Path;
use std::process::{Command, Stdio};

use crate::process;
use counts::{Count, Counts, Verdict};

/// Arguments of `cargo xtask instructions`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Writes the new counts into bench/instructions.toml
    #[arg(long)]
    accept: bool,
}

/// So much a count may grow before somebody must say that it is worth it.
pub const GROWTH_MAX_PERCENT: f64 = 2.0;
/// The committed counts.
const COMMITTED: &str = "bench/instructions.toml";
/// What callgrind counts in. Of a name that begins with a wildcard it would make no dumps.
const REGION: &str = "instructions::counted_region";

/// Counts, compares, and prints a table; an error where a count has grown.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let passed = compare(arguments.accept || std::env::var_os("UPDATE_EXPECT").is_some())?;
    println!("{passed} counts are as committed");
    Ok(())
}

/// How many counts hold; an error where one does not.
pub fn compare(accept: bool) -> Result<u64, String> {
    let root = crate::root();
    let path = root.join(COMMITTED);
    let now = measure(&root)?;
    if accept {
        std::fs::write(&path, now.text()).map_err(|error| format!("{COMMITTED}: {error}"))?;
        println!("{COMMITTED} has the new counts");
    }
    let text = std::fs::read_to_string(&path).map_err(|error| {
        format!("{COMMITTED}: {error}; `cargo xtask instructions --accept` makes it")
    })?;
    let committed = Counts::read(&text)?;
    let rows = counts::compare(&committed, &now);
    print!("{}", counts::table(&rows));
    let with = |verdict: Verdict| {
        let named: Vec<_> =
            rows.iter().filter(|row| row.verdict == verdict).map(|row| row.name.as_str()).collect();
        named.join("; ")
    };
    let shrunk = with(Verdict::Shrunk);
    if !shrunk.is_empty() {
        println!("fewer instructions than committed: {shrunk}");
        println!("renew the counts, so that this is kept: cargo xtask instructions --accept");
    }
    let failures: Vec<String> = [
        (format!("grown by more than {GROWTH_MAX_PERCENT} %"), with(Verdict::Grown)),
        ("not committed yet".to_owned(), with(Verdict::New)),
        ("committed and not counted any more".to_owned(), with(Verdict::Gone)),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(what, names)| format!("{what}: {names}"))
    .collect();
    if failures.is_empty() {
        return Ok(rows.len() as u64);
    }
    let mut message = format!("instructions {}", failures.join("\n"));
    message.push_str(
        "\nwhere that is worth it: cargo xtask instructions --accept, and commit the file",
    );
    if committed.made_with != now.made_with {
        message.push_str(&format!(
            "\nthe committed counts were made with {}, these with {}: that alone changes counts",
            committed.made_with, now.made_with
        ));
    }
    Err(message)
}

/// Builds the program and counts.
fn measure(root: &Path) -> Result<Counts, String> {
    let valgrind = valgrind()?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut build = Command::new(cargo);
    build.current_dir(root).args(["build", "--release", "--quiet", "--package", "castle-bench"]);
    process::run_quietly(build.args(["--bin", "instructions"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map(std::path::PathBuf::from);
    let target = target.unwrap_or_else(|| root.join("target"));
    let directory = target.join("instructions");
    if directory.exists() {
        std::fs::remove_dir_all(&directory)
            .map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    std::fs::create_dir_all(&directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut run = Command::new("valgrind");
    run.current_dir(&directory)
        // What the environment holds must not move the stack.
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .args([
            "--tool=callgrind",
            "--quiet",
            "--callgrind-out-file=counts",
            "--compress-strings=no",
        ])
        .args(["--collect-atstart=no", "--cache-sim=no", "--branch-sim=no"])
        .arg(format!("--toggle-collect={REGION}"))
        .arg(format!("--dump-after={REGION}"))
        .arg(target.join("release/instructions"));
    let printed = process::output(run.stderr(Stdio::inherit()))?;
    let mut counts = Vec::new();
    for (index, line) in printed.lines().enumerate() {
        // The first dump is of the first call.
        let file = directory.join(format!("counts.{}", index + 1));
        let dump = std::fs::read_to_string(&file)
            .map_err(|error| format!("{}: callgrind left no count: {error}", file.display()))?;
        counts.push(Count::new(line, &dump)?);
    }
    if counts.is_empty() {
        return Err("the program counted nothing".to_owned());
    }
    let rustc = process::output(Command::new("rustc").arg("--version"))?;
    Ok(Counts { made_with: format!("{}, {valgrind}", rustc.trim()), counts })
}

/// The version of valgrind.
fn valgrind() -> Result<String, String> {
    let version = Command::new("valgrind").arg("--version").output();
    match version {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        _ => Err(
            "valgrind is not here: install it (Debian: apt-get install valgrind; 3.19 or later)"
                .to_owned(),
        ),
    }
}

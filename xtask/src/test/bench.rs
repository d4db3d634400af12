//! A short run of the measuring harness, and what it leaves, read by foreign programs. Figures are not
//! judged here: a run that is marked invalid has left its files too.

use std::process::Command;

use crate::process::{Counts, run_quietly};
use crate::test::{Context, Outcome, cargo, exchange, python};

/// What castle-bench ends with where it measured, but something disturbed it.
const INVALID: i32 = 3;

pub fn run(context: &Context) -> Result<Outcome, String> {
    let arguments = ["build", "--release", "--package", "castle-bench", "--bin", "castle-bench"];
    run_quietly(cargo(context, &arguments).arg("--quiet"))?;
    let out = context.root.join("target/bench-test");
    if out.exists() {
        std::fs::remove_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    }
    let mut bench = Command::new(exchange::binary(context).with_file_name("castle-bench"));
    bench.args(["ring", "--seconds", "1", "--warmup", "0.1", "--out"]).arg(&out);
    let status = bench.status().map_err(|error| format!("castle-bench: {error}"))?;
    if !status.success() && status.code() != Some(INVALID) {
        return Err(format!("castle-bench ended with {status}"));
    }
    let python = python(context)?;
    let tests = context.root.join("bench/tests");
    run_quietly(Command::new(&python).arg(tests.join("check_run.py")).arg(&out))?;
    let mut read = Command::new(&python);
    read.arg(tests.join("read_hlog.py")).arg(out.join("latency.hlog")).arg(out.join("run.json"));
    run_quietly(&mut read)?;
    Ok(Outcome::Counted(Counts::passed(2)))
}

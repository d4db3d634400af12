//! Two nodes of a cluster in one process, their gateways, engines and cluster's agents on one runner.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use castle::cluster::control::{Control, Wish};
use castle::venue::Host;
use castle::venue::config::Config;
use castle::venue::member::Member;

/// The first argument of this process.
pub const COMMAND: &str = "internal-pair";
/// How long the two may take to find each other.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says where the first node takes clients, once the second is in sync, and runs until its input ends. The arguments
/// are the two configurations.
pub fn run(arguments: &[String]) -> Result<bool, String> {
    let [first, second] = arguments else {
        return Err("this is how castle-bench starts two nodes, and nothing for people".to_owned());
    };
    let text = |error: &dyn std::fmt::Display| format!("the pair: {error}");
    let mut host = Host::new().map_err(|error| text(&error))?;
    let mut join = |file: &String| {
        let config = Config::load(Path::new(file)).map_err(|error| text(&error))?;
        Member::join_on(&config, Some(&mut host)).map_err(|error| text(&error))
    };
    let members = [join(first)?, join(second)?];
    let runner = host.spawn().map_err(|error| text(&error))?;
    found(members[0].control())?;
    println!("pair on {}", members[0].venue().fix_address());
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).map_err(|error| text(&error))?;
    runner.stop();
    runner.join();
    Ok(true)
}

/// Makes the first view, and waits until both nodes are in it.
fn found(control: &Control) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    let mut refused = control.wish(Wish::Found);
    let is_whole = || {
        let report = control.status()?.report;
        let in_sync = report.view.as_ref().map_or(0, |view| view.in_sync().len());
        (report.leads.is_some() && in_sync == 2).then_some(())
    };
    while is_whole().is_none() {
        if Instant::now() > deadline {
            let why = refused.err().unwrap_or_else(|| format!("{:?}", control.status()));
            return Err(format!("the two nodes of the pair did not find each other: {why}"));
        }
        std::thread::sleep(Duration::from_millis(10));
        // The arbiter may not have been read when it was wished for.
        if control.status().is_some_and(|status| status.report.view.is_none()) {
            refused = control.wish(Wish::Found);
        }
    }
    Ok(())
}

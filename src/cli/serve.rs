//! `castle serve`: the exchange, until it is told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::{Failure, Outcome};
use crate::venue::Venue;
use crate::venue::config::Config;
use crate::venue::member::Member;

/// Arguments of `castle serve`.
#[derive(Args)]
pub struct Arguments {
    /// The configuration; without one, a working default on loopback
    #[arg(long)]
    config: Option<PathBuf>,
}

/// Runs `castle serve`: 0 after an orderly stop, 2 for a wrong configuration, 1 for anything else.
pub fn run(arguments: &Arguments) -> Outcome {
    let config = match &arguments.config {
        Some(file) => Config::load(file).map_err(Failure::configuration)?,
        None => Config::default(),
    };
    let stop = stop_on_signals()?;
    if config.cluster.has_others() {
        return serve_in_cluster(&config, &stop);
    }
    let venue = Venue::start(&config).map_err(Failure::new)?;
    say_beginning(&config, &venue);
    println!("ready");
    let waited = venue.wait(&stop);
    let stopped = venue.stop();
    waited.map_err(Failure::new)?;
    stopped.map_err(Failure::new)?;
    println!("stopped: sessions are logged out, the journal is synced");
    Ok(())
}

/// What is said of a venue that has begun.
fn say_beginning(config: &Config, venue: &Venue) {
    println!("FIX 4.4 on {} as {}", venue.fix_address(), config.fix.comp_id);
    println!("admin on {}", venue.admin_socket().display());
    println!("journal in {}", config.journal.directory.display());
    println!("durability {}", config.durability_text());
    println!("threads {}", venue.threads());
    println!("{}", venue.recovery());
    for warning in venue.warnings() {
        println!("warning: {warning}");
    }
}

fn serve_in_cluster(config: &Config, stop: &AtomicBool) -> Outcome {
    let member = Member::join(config).map_err(Failure::new)?;
    say_beginning(config, member.venue());
    let cluster = &config.cluster;
    for other in cluster.others() {
        println!("node {} is {} at {}", other.node, other.name, other.address);
    }
    println!(
        "node {} of cluster {}, doors shut until the view says otherwise",
        cluster.node, cluster.name
    );
    println!("ready");
    let again = |venue: &Venue| tracing::info!("joined again as a standby: {}", venue.recovery());
    member.run(stop, again).map_err(Failure::new)?;
    println!("stopped: sessions are logged out, the journal is synced");
    Ok(())
}

/// A flag that SIGTERM and SIGINT set; the second of them ends the process at once.
pub fn stop_on_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        let ends = flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop));
        let stops = ends.and_then(|_| flag::register(signal, Arc::clone(&stop)));
        stops
            .map_err(|error| Failure::new(format!("signal {signal} cannot be handled: {error}")))?;
    }
    Ok(stop)
}

//! `castle demo`: an exchange in a temporary directory, simulated traders on it over real FIX
//! sessions, a live picture, and at the end a check of everything that must hold.

mod cluster;
mod quotes;
mod traders;
mod view;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::cli::admin_client::AdminClient;
use crate::cli::serve::stop_on_signals;
use crate::cli::terminal::{Screen, grouped, span, table};
use crate::cli::{Failure, Outcome};
use crate::venue::config::Config;
use crate::venue::{Venue, replay_journal};
use quotes::MARKETS;
use traders::{Counts, Figures, Plan, Traders};
use view::{Book, Frame};

/// Arguments of `castle demo`.
#[derive(Args)]
pub struct Arguments {
    /// How long to trade
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Requests a second, all traders together: orders, cancels and replaces
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rate: u64,
    /// Two nodes, each a process of its own; the primary is killed midway
    #[arg(long)]
    cluster: bool,
}

/// Sessions of simulated traders, each with an account of its own.
const TRADERS: u32 = 8;
/// Between two pictures.
const FRAME_INTERVAL: Duration = Duration::from_millis(200);
/// Between two lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(1);
/// ClOrdIDs that the engine has room for at least.
const CL_ORD_IDS_MIN: u64 = 1 << 20;

/// Runs `castle demo`: 0 only where all checks hold.
pub fn run(arguments: &Arguments) -> Outcome {
    let stop = stop_on_signals()?;
    let directory = TemporaryDirectory::new(&std::env::temp_dir())?;
    if arguments.cluster {
        // A node that is killed leaves its log ring: all of them lie where they are removed.
        let memory = Config::default().journal.ring_directory;
        let memory = if memory.is_dir() { memory } else { directory.0.clone() };
        let rings = TemporaryDirectory::new(&memory)?;
        return cluster::run(arguments, &directory.0, &rings.0, &stop);
    }
    let config = configuration(&directory.0, arguments)?;
    let venue = Venue::start(&config).map_err(Failure::new)?;
    let mut admin = AdminClient::connect(venue.admin_socket()).map_err(Failure::new)?;
    let time = Duration::from_secs(arguments.seconds);
    let plan = Plan {
        address: venue.fix_address(),
        venue: config.fix.comp_id.to_string(),
        sessions: config.sessions.iter().map(|session| session.comp_id.to_string()).collect(),
        rate: arguments.rate,
        time,
    };
    let name = format!("FIX 4.4 on {}  local-disk", venue.fix_address());
    let figures = trade(plan, &name, &mut admin, &stop)?;
    print!("{}", summary(&figures, arguments.rate));
    let mut checks = vec![check_figures(&figures)];
    checks.extend(check_totals(&config, &mut admin)?);
    drop(admin);
    let stopped = venue.stop().map_err(Failure::new)?;
    let replayed = replay_journal(&config.journal.directory, false).map_err(Failure::new)?;
    checks.push(Check {
        name: "journal replayed".to_owned(),
        found: format!(
            "{} records, state hash {:016x}",
            grouped(replayed.records),
            replayed.state_hash
        ),
        holds: replayed.state_hash == stopped.state_hash,
        expected: format!("state hash {:016x}", stopped.state_hash),
    });
    conclude(&checks)
}

/// The default exchange on a free port, with its files in one directory and more traders.
fn configuration(directory: &Path, arguments: &Arguments) -> Result<Config, Failure> {
    let mut sections =
        Config::example().split("[[account]]").next().map(ToOwned::to_owned).unwrap_or_default();
    for index in 0..TRADERS {
        let account = index + 2;
        sections.push_str(&format!(
            "[[account]]\nid = {account}\n\
             deposits = {{ BTC = \"10000\", ETH = \"100000\", USDT = \"1000000000\" }}\n\
             [[session]]\ncomp_id = \"TRADER{}\"\naccount = {account}\n",
            index + 1
        ));
    }
    let mut config =
        Config::parse(Path::new("(demo)"), &sections).map_err(Failure::configuration)?;
    config.fix.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    // The traders share one machine with the venue and may come in bursts after a stall.
    config.fix.messages_per_second_max = u32::MAX / 2;
    config.fix.messages_burst_max = u32::MAX / 2;
    config.journal.directory = directory.join("journal");
    config.admin.socket = Some(directory.join("admin.sock"));
    if !config.journal.ring_directory.is_dir() {
        config.journal.ring_directory = directory.to_path_buf();
    }
    let requests = arguments.seconds.saturating_mul(arguments.rate).saturating_mul(2);
    config.engine.orders_max = 1 << 16;
    config.engine.cl_ord_ids_max =
        u32::try_from(requests.clamp(CL_ORD_IDS_MIN, 1 << 28)).unwrap_or(1 << 28);
    Ok(config)
}

/// Lets the traders trade and shows how.
fn trade(
    plan: Plan,
    name: &str,
    admin: &mut AdminClient,
    stop: &Arc<AtomicBool>,
) -> Result<Figures, Failure> {
    let time = plan.time;
    let shared = Arc::new(Mutex::new(Figures::default()));
    let traders = Traders::connect(plan).map_err(Failure::new)?;
    let (theirs, until) = (Arc::clone(&shared), Arc::clone(stop));
    let thread = std::thread::spawn(move || traders.trade(&theirs, &until));
    let mut screen = std::io::stdout().is_terminal().then(Screen::enter);
    if screen.is_none() {
        println!("{name}");
    }
    let begun = Instant::now();
    let mut rates = Rates::default();
    let interval = if screen.is_some() { FRAME_INTERVAL } else { LINE_INTERVAL };
    let mut next = begun + interval;
    while !thread.is_finished() {
        std::thread::sleep(Duration::from_millis(10));
        if Instant::now() < next {
            continue;
        }
        next += interval;
        let figures = shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let elapsed = begun.elapsed();
        rates.note(elapsed, &figures.counts);
        let books = MARKETS.iter().map(|market| book(admin, market.symbol));
        let books = books.collect::<Result<Vec<_>, _>>().map_err(Failure::new)?;
        let frame = Frame {
            venue: name,
            elapsed: elapsed.min(time),
            time,
            books: &books,
            figures: &figures,
            rates: &rates.a_second(),
        };
        match &mut screen {
            Some(screen) => screen.draw(&view::render(&frame)),
            None => println!("{}", view::plain(&frame)),
        }
    }
    drop(screen);
    match thread.join() {
        Ok(outcome) => {
            if stop.load(Ordering::Acquire) {
                println!("ended early");
            }
            outcome.map_err(Failure::new)
        }
        Err(_) => Err(Failure::new("the traders' thread panicked")),
    }
}

/// Counts of the last second.
#[derive(Default)]
struct Rates(Vec<(Duration, Counts)>);

impl Rates {
    fn note(&mut self, at: Duration, counts: &Counts) {
        self.0.push((at, counts.clone()));
        let second = |first: &(Duration, Counts)| at - first.0 > Duration::from_millis(1_100);
        while self.0.len() > 2 && self.0.first().is_some_and(second) {
            self.0.remove(0);
        }
    }

    fn a_second(&self) -> Counts {
        let zero = (Duration::ZERO, Counts::default());
        let last = self.0.last().unwrap_or(&zero);
        let first = if self.0.len() > 1 { self.0.first().unwrap_or(&zero) } else { &zero };
        let seconds = (last.0 - first.0).as_secs_f64().max(1e-3);
        let rate = |count: fn(&Counts) -> u64| {
            ((count(&last.1) - count(&first.1)) as f64 / seconds).round() as u64
        };
        Counts {
            orders: rate(|counts| counts.orders),
            cancels: rate(|counts| counts.cancels),
            replaces: rate(|counts| counts.replaces),
            answers: rate(|counts| counts.answers),
            trade_reports: rate(|counts| counts.trade_reports),
            rejects: rate(|counts| counts.rejects),
            late: rate(|counts| counts.late),
        }
    }
}

fn book(admin: &mut AdminClient, symbol: &str) -> Result<Book, String> {
    let answer = admin
        .ask(&json!({"command": "book", "symbol": symbol}))
        .map_err(|error| error.to_string())?;
    let number = |value: &Value| {
        value.as_str().and_then(|text| text.parse().ok()).or(value.as_f64()).unwrap_or(0.0)
    };
    let side = |name: &str| {
        let levels = answer[name].as_array().map(Vec::as_slice).unwrap_or_default();
        levels
            .iter()
            .take(view::LEVELS)
            .map(|level| (number(&level[0]), number(&level[1])))
            .collect()
    };
    let last = answer["last_price"].as_str().unwrap_or("-").to_owned();
    Ok(Book { bids: side("bids"), asks: side("asks"), last })
}

fn summary(figures: &Figures, rate: u64) -> String {
    let counts = &figures.counts;
    let names = ["p50", "p90", "p99", "p99.9", "max"];
    let percentiles = names.iter().zip(figures.latency.percentiles);
    let percentiles: Vec<String> =
        percentiles.map(|(name, time)| format!("{name} {}", span(time))).collect();
    let rows = [
        ("orders", counts.orders),
        ("fills", counts.fills()),
        ("cancels", counts.cancels),
        ("replaces", counts.replaces),
        ("orders refused", counts.rejects),
        ("cancels and replaces too late", counts.late),
    ];
    let rows: Vec<Vec<String>> =
        rows.iter().map(|(name, count)| vec![(*name).to_owned(), grouped(*count)]).collect();
    format!(
        "\n{}\norder to ack  {}\n  of {} orders, each from its planned moment to the first report at its \
         trader,\n  over TCP, at {} requests a second; traders and venue share this machine\n\n",
        table(&["what the traders did", "count"], &rows),
        percentiles.join("  "),
        grouped(figures.latency.count),
        grouped(rate)
    )
}

/// Something that must hold.
struct Check {
    name: String,
    found: String,
    holds: bool,
    expected: String,
}

/// Every request was answered, and every trade was told to two sides.
fn check_figures(figures: &Figures) -> Check {
    let counts = &figures.counts;
    Check {
        name: "requests answered".to_owned(),
        found: format!("{} of {}", grouped(counts.answers), grouped(counts.requests())),
        holds: counts.answers == counts.requests() && counts.trade_reports.is_multiple_of(2),
        expected: "all of them, and each trade told to two sides".to_owned(),
    }
}

/// What all have of an asset is what was deposited, and the sum over all accounts is zero.
fn check_totals(config: &Config, admin: &mut AdminClient) -> Result<Vec<Check>, Failure> {
    let answer = admin.ask(&json!({"command": "totals"})).map_err(Failure::new)?;
    let mut totals = BTreeMap::new();
    for total in answer["totals"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let number = |key: &str| total[key].as_str().and_then(|text| text.parse::<Decimal>().ok());
        let parts = (number("participants"), number("venue"), number("outside"));
        totals.insert(total["asset"].as_str().unwrap_or("").to_owned(), parts);
    }
    let checks = config.assets.iter().map(|asset| {
        let deposits = config.accounts.iter().flat_map(|account| &account.deposits);
        let deposited: i64 =
            deposits.filter(|(id, _)| *id == asset.id).map(|(_, amount)| amount.0).sum();
        let deposited = Decimal::new(deposited, u32::from(asset.scale)).normalize();
        let name = asset.name.to_string();
        let (found, holds) = match totals.get(&name) {
            Some((Some(participants), Some(venue), Some(outside))) => (
                format!("traders {} + venue {}", participants.normalize(), venue.normalize()),
                participants + venue == deposited
                    && participants + venue + outside == Decimal::ZERO,
            ),
            _ => ("not told".to_owned(), false),
        };
        let expected = format!("{deposited} deposited");
        Check { name: format!("{name} conserved"), found, holds, expected }
    });
    Ok(checks.collect())
}

fn conclude(checks: &[Check]) -> Outcome {
    let mut failed = Vec::new();
    for check in checks {
        let word = if check.holds { "ok  " } else { "FAIL" };
        println!("{word}  {:<18} {}", check.name, check.found);
        if !check.holds {
            println!("      {:<18} expected: {}", "", check.expected);
        }
        if !check.holds {
            failed.push(check.name.as_str());
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("these checks failed: {}", failed.join(", "))))
}

/// A directory that is removed with all that is in it.
struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    fn new(place: &Path) -> Result<Self, Failure> {
        let path = place.join(format!("castle-demo-{}", std::process::id()));
        std::fs::create_dir(&path)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("castle: {} could not be removed: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_of_the_demo_is_accepted() {
        let arguments = Arguments { seconds: 10, rate: 10_000, cluster: false };
        let config = configuration(Path::new("/tmp/demo"), &arguments).ok().unwrap();
        assert_eq!(config.sessions.len(), TRADERS as usize);
        assert_eq!(config.accounts.len(), TRADERS as usize);
        for (market, instrument) in MARKETS.iter().zip(&config.instruments) {
            assert_eq!(market.symbol, instrument.symbol.to_string());
            assert_eq!(market.price_scale, u32::from(instrument.price_scale));
            assert_eq!(market.quantity_scale, u32::from(instrument.quantity_scale));
            assert_eq!(market.price, instrument.reference_price.0);
        }
    }

    #[test]
    fn rates_are_those_of_the_last_second() {
        let counts = |orders| Counts { orders, ..Counts::default() };
        let mut rates = Rates::default();
        for second in 0..10 {
            rates.note(Duration::from_secs(second), &counts(second * second));
        }
        assert_eq!(rates.a_second().orders, 81 - 64);
    }
}

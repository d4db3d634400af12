//! `castle replay lobster`: recorded order flow, played through FIX sessions.

mod player;
mod recording;
mod share;

use std::io::{IsTerminal, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use crate::cli::terminal::{bar, grouped, table};
use crate::cli::{Failure, Outcome};
use player::{Count, Played, Player, Target};
use recording::{Depth, Kind, Side};

/// Arguments of `castle replay`.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    source: Source,
}

#[derive(Subcommand)]
enum Source {
    /// A message file of LOBSTER (lobsterdata.com). `castle config example --for lobster` writes a
    /// configuration for the exchange that takes it
    Lobster(Lobster),
}

#[derive(Args)]
struct Lobster {
    /// The message file
    file: PathBuf,
    /// The exchange's FIX address, HOST:PORT
    #[arg(long)]
    connect: String,
    /// The instrument
    #[arg(long, default_value = "AAPL")]
    symbol: String,
    /// SenderCompID of the session that enters the buy orders
    #[arg(long, default_value = "BUYER")]
    buyer: String,
    /// SenderCompID of the session that enters the sell orders
    #[arg(long, default_value = "SELLER")]
    seller: String,
    /// The exchange's CompID
    #[arg(long, default_value = "CASTLE")]
    venue_comp_id: String,
}

/// Of the executions of known orders, the part that must fill the very order that the recording
/// names. It is not all, since the recorded exchange did not always go by time.
const HITS_PER_MILLE_MIN: u64 = 990;
/// How often the progress bar moves.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
/// Most differences of the books that are shown.
const DIFFERENCES_SHOWN: usize = 10;

/// Runs `castle replay`: 0 only where everything that must match does.
pub fn run(arguments: &Arguments) -> Outcome {
    let Source::Lobster(lobster) = &arguments.source;
    let rows = recording::read(&lobster.file).map_err(Failure::new)?;
    let target = Target {
        address: resolve(&lobster.connect)?,
        venue: lobster.venue_comp_id.clone(),
        symbol: lobster.symbol.clone(),
        sessions: [lobster.buyer.clone(), lobster.seller.clone()],
    };
    let player = Player::connect(&target, &rows).map_err(Failure::new)?;
    let mut progress = Progress::new(rows.len());
    let played = player.play(&mut |sent| progress.show(sent)).map_err(Failure::new)?;
    progress.clear();
    print!("{}", report(&played));
    let wrong = wrong(&played);
    if wrong.is_empty() {
        println!("everything matches the recording");
        return Ok(());
    }
    Err(Failure::new(format!("the replay does not match the recording: {}", wrong.join("; "))))
}

fn resolve(address: &str) -> Result<SocketAddr, Failure> {
    let addresses = address.to_socket_addrs();
    let first = addresses.ok().and_then(|mut addresses| addresses.next());
    first.ok_or_else(|| {
        Failure::new(format!("--connect {address} is no address; a host and a port are, HOST:PORT"))
    })
}

/// What came of it, for people.
fn report(played: &Played) -> String {
    let names = ["new limit order", "partial cancel", "delete", "execution", "hidden execution"];
    let row = |name: String, count: &Count| {
        let numbers = [count.rows, count.done, count.unknown, count.skipped, count.failed];
        let mut cells = vec![name];
        cells.extend(numbers.map(grouped));
        cells
    };
    let mut rows: Vec<Vec<String>> = Kind::ALL
        .iter()
        .map(|kind| {
            let name = format!("{} {}", *kind as u8, names[kind.index()]);
            row(name, &played.counts[kind.index()])
        })
        .collect();
    rows.push(row("all".to_owned(), &total(&played.counts)));
    let head = ["rows of the recording", "rows", "done", "unknown order", "skipped", "failed"];
    let mut text = table(&head, &rows);
    let executions = played.counts[Kind::Execute.index()];
    let known = executions.rows - executions.unknown;
    let part = if known == 0 { 100.0 } else { played.hits as f64 * 100.0 / known as f64 };
    text.push('\n');
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<36}{value}\n"));
    line("executions of known orders", grouped(known));
    line("  at another price than recorded", grouped(played.other_price));
    line("  filled the very order named", format!("{} ({part:.2} %)", grouped(played.hits)));
    let differences = differences(&played.recorded, &played.open);
    let levels = (played.recorded.len(), played.open.len(), differences.len());
    line(
        "price levels of the final book",
        format!("{} recorded, {} at the venue, {} differ", levels.0, levels.1, levels.2),
    );
    for difference in differences.iter().take(DIFFERENCES_SHOWN) {
        text.push_str(&format!("  {difference}\n"));
    }
    for refusal in &played.refusals {
        text.push_str(&format!("refused: {refusal}\n"));
    }
    let rate = total(&played.counts).rows as f64 / played.took.as_secs_f64().max(1e-9);
    text.push_str(&format!(
        "{:<36}{:.1} s, {} rows a second\n",
        "took",
        played.took.as_secs_f64(),
        grouped(rate as u64)
    ));
    text
}

fn total(counts: &[Count]) -> Count {
    counts.iter().fold(Count::default(), |sum, count| Count {
        rows: sum.rows + count.rows,
        done: sum.done + count.done,
        failed: sum.failed + count.failed,
        unknown: sum.unknown + count.unknown,
        skipped: sum.skipped + count.skipped,
    })
}

/// What must match and does not.
fn wrong(played: &Played) -> Vec<String> {
    let mut wrong = Vec::new();
    let all = total(&played.counts);
    if all.failed > 0 {
        wrong.push(format!("{} rows failed", grouped(all.failed)));
    }
    if played.other_price > 0 {
        wrong.push(format!("{} fills at another price", grouped(played.other_price)));
    }
    let executions = played.counts[Kind::Execute.index()];
    let known = executions.rows - executions.unknown;
    if played.hits * 1_000 < known * HITS_PER_MILLE_MIN {
        wrong.push(format!("only {} of {} executions hit the order named", played.hits, known));
    }
    if played.recorded != played.open {
        wrong.push("the final book differs".to_owned());
    }
    wrong
}

fn differences(recorded: &Depth, open: &Depth) -> Vec<String> {
    let mut keys: Vec<_> = recorded.keys().chain(open.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter(|key| recorded.get(key) != open.get(key))
        .map(|key| {
            let of = |depth: &Depth| depth.get(key).copied().unwrap_or(0);
            let side = if key.0 == Side::Buy { "bid" } else { "ask" };
            let price = key.1 as f64 / 10_000.0;
            format!("{side} {price:.4}: recorded {}, at the venue {}", of(recorded), of(open))
        })
        .collect()
}

/// A bar on standard error, where that is a terminal.
struct Progress {
    total: usize,
    shown: Instant,
    begun: Instant,
    terminal: bool,
}

impl Progress {
    fn new(total: usize) -> Self {
        let now = Instant::now();
        Self { total, shown: now, begun: now, terminal: std::io::stderr().is_terminal() }
    }

    fn show(&mut self, sent: usize) {
        if !self.terminal || self.shown.elapsed() < PROGRESS_INTERVAL {
            return;
        }
        self.shown = Instant::now();
        let part = sent as f64 / self.total.max(1) as f64;
        let rate = sent as f64 / self.begun.elapsed().as_secs_f64().max(1e-9);
        self.put(&format!(
            "\r{:<30} {:3.0} %  {} of {} rows, {} a second\x1b[K",
            bar(part, 30),
            part * 100.0,
            grouped(sent as u64),
            grouped(self.total as u64),
            grouped(rate as u64)
        ));
    }

    fn clear(&self) {
        if self.terminal {
            self.put("\r\x1b[K");
        }
    }

    fn put(&self, text: &str) {
        let mut out = std::io::stderr().lock();
        let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn played() -> Played {
        let mut played = Played { hits: 9, took: Duration::from_secs(2), ..Played::default() };
        played.counts[Kind::New.index()] = Count { rows: 1_200, done: 1_200, ..Count::default() };
        played.counts[Kind::Execute.index()] =
            Count { rows: 11, done: 9, unknown: 2, ..Count::default() };
        played.recorded = Depth::from([((Side::Buy, 5_853_300), 5)]);
        played.open = played.recorded.clone();
        played
    }

    #[test]
    fn a_replay_that_matches_has_nothing_wrong() {
        assert_eq!(wrong(&played()), Vec::<String>::new());
    }

    #[test]
    fn every_mismatch_is_named() {
        let mut played = played();
        played.counts[0].failed = 3;
        played.other_price = 1;
        played.hits = 5;
        played.open = Depth::from([((Side::Sell, 5_853_300), 5)]);
        expect![[r#"
            [
                "3 rows failed",
                "1 fills at another price",
                "only 5 of 9 executions hit the order named",
                "the final book differs",
            ]
        "#]]
        .assert_debug_eq(&wrong(&played));
    }

    #[test]
    fn the_report_accounts_for_every_row() {
        expect![[r#"
            rows of the recording   rows   done  unknown order  skipped  failed
            1 new limit order      1,200  1,200              0        0       0
            2 partial cancel           0      0              0        0       0
            3 delete                   0      0              0        0       0
            4 execution               11      9              2        0       0
            5 hidden execution         0      0              0        0       0
            all                    1,211  1,209              2        0       0

            executions of known orders          9
              at another price than recorded    0
              filled the very order named       9 (100.00 %)
            price levels of the final book      1 recorded, 1 at the venue, 0 differ
            took                                2.0 s, 605 rows a second
        "#]]
        .assert_eq(&report(&played()));
    }

    #[test]
    fn differing_levels_are_shown_with_both_quantities() {
        let open = Depth::from([((Side::Sell, 5_853_300), 7)]);
        expect![[r#"
            [
                "bid 585.3300: recorded 5, at the venue 0",
                "ask 585.3300: recorded 0, at the venue 7",
            ]"#]]
        .assert_eq(&format!("{:#?}", differences(&played().recorded, &open)));
    }
}

//! `castle demo --cluster`: two nodes as two processes of this program, traders on them, and the primary killed
//! midway.
//!
//! 1. Both nodes start with a file as arbiter; the first is founded as primary, the second comes in sync.
//! 2. Each trader is a thread with a FIX session. When its connection ends it tries both nodes in turn, logs on with
//!    its numbers, asks for what it missed, and sends again what the venue missed.
//! 3. Halfway the primary gets SIGKILL.
//! 4. The journal of the node that is left is read: each order that a trader was told of must be there, once.

mod nodes;
mod session;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Arguments, Check, TRADERS, check_totals, conclude};
use crate::cli::admin_client::AdminClient;
use crate::cli::terminal::{grouped, span, table};
use crate::cli::{Failure, Outcome};
use crate::journal::{RealDisk, read};
use crate::venue::config::Config;
use crate::venue::replay_journal;
use nodes::Nodes;
use session::{Session, Told};

/// Between two lines of progress.
const LINE_INTERVAL: Duration = Duration::from_secs(1);
/// How often the journal is replayed until no timer has added a record meanwhile.
const REPLAYS_MAX: usize = 20;

/// What the traders' threads share with the one that kills.
#[derive(Default)]
struct Shared {
    answers: AtomicU64,
    is_over: AtomicBool,
    killed: OnceLock<Instant>,
}

/// Runs `castle demo --cluster`: 0 only where all checks hold.
pub(super) fn run(
    arguments: &Arguments,
    directory: &Path,
    rings: &Path,
    stop: &AtomicBool,
) -> Outcome {
    let mut nodes = Nodes::start(directory, rings)?;
    let [first, second] = &nodes.nodes;
    println!("node 0  process {}, FIX 4.4 on {}", first.process(), first.fix);
    println!("node 1  process {}, FIX 4.4 on {}", second.process(), second.fix);
    first.admin()?.ask(&json!({"command": "found"})).map_err(Failure::new)?;
    nodes.wait_until_in_sync()?;
    println!("node 0 is primary, node 1 in sync: an order is answered when both have it in memory");
    println!(
        "{TRADERS} traders, {} requests/s, {} s; node 0 is killed halfway\n",
        grouped(arguments.rate),
        arguments.seconds
    );
    let told = trade(arguments, &mut nodes, stop)?;
    let left = &nodes.nodes[1];
    let mut admin = left.admin()?;
    print!("{}", summary(&told));
    let config = Config::load(&left.config).map_err(Failure::configuration)?;
    let mut checks = vec![check_answers(&told)];
    checks.extend(check_journal(&told, &config.journal.directory)?);
    checks.extend(check_totals(&config, &mut admin)?);
    checks.push(check_replay(&mut admin, &config.journal.directory)?);
    conclude(&checks)
}

fn trade(
    arguments: &Arguments,
    nodes: &mut Nodes,
    stop: &AtomicBool,
) -> Result<Vec<Told>, Failure> {
    let shared = Arc::new(Shared::default());
    let addresses = [nodes.nodes[0].fix, nodes.nodes[1].fix];
    let rate = (arguments.rate / u64::from(TRADERS)).max(1);
    let mut threads = Vec::new();
    for index in 0..TRADERS {
        let session = Session::connect(index, addresses, rate).map_err(Failure::new)?;
        let shared = Arc::clone(&shared);
        threads.push(std::thread::spawn(move || session.trade(&shared)));
    }
    let (begun, time) = (Instant::now(), Duration::from_secs(arguments.seconds));
    let mut next = begun + LINE_INTERVAL;
    let mut before = 0;
    let is_early = || stop.load(Ordering::Acquire);
    while begun.elapsed() < time && !is_early() && !threads.iter().all(|it| it.is_finished()) {
        std::thread::sleep(Duration::from_millis(5));
        if begun.elapsed() >= time / 2 && shared.killed.get().is_none() {
            let process = nodes.nodes[0].process();
            // Before the kill, so that no outage is told too short.
            shared.killed.get_or_init(Instant::now);
            nodes.nodes[0].kill()?;
            println!(
                "{:>5.1} s  node 0, process {process}, is killed",
                begun.elapsed().as_secs_f64()
            );
        }
        if Instant::now() >= next {
            next += LINE_INTERVAL;
            let answers = shared.answers.load(Ordering::Relaxed);
            let (at, count) = (begun.elapsed().as_secs_f64(), grouped(answers - before));
            println!("{at:>5.1} s  {count} answers in the last second");
            before = answers;
        }
    }
    shared.is_over.store(true, Ordering::Release);
    let mut told = Vec::new();
    for thread in threads {
        let trader = thread.join().map_err(|_| Failure::new("a trader's thread panicked"))?;
        told.push(trader.map_err(Failure::new)?);
    }
    match shared.killed.get() {
        Some(_) => Ok(told),
        None => Err(Failure::new("ended before the primary was killed: nothing was shown")),
    }
}

fn summary(told: &[Told]) -> String {
    let rows: Vec<Vec<String>> = told
        .iter()
        .map(|told| {
            let ms = |time: Option<Duration>| time.map_or("-".to_owned(), span);
            vec![
                told.name.clone(),
                grouped(told.requests),
                grouped(told.accepted.len() as u64),
                grouped(told.executions),
                grouped(told.again),
                ms(told.logged_on),
                ms(told.outage),
            ]
        })
        .collect();
    let head =
        ["trader", "requests", "orders accepted", "reports", "sent again", "logged on", "outage"];
    let worst = told.iter().filter_map(|told| told.outage).max().unwrap_or_default();
    format!(
        "\n{}\nfrom the kill to the first new report at the trader, reconnect and logon included: {} at most\n\n",
        table(&head, &rows),
        span(worst)
    )
}

/// Every request was answered, no execution was told twice as a new one, and all came back.
fn check_answers(told: &[Told]) -> Check {
    let sum = |figure: fn(&Told) -> u64| told.iter().map(figure).sum::<u64>();
    let (requests, answers) = (sum(|told| told.requests), sum(|told| told.answers));
    let doubled = sum(|told| told.doubled);
    let back = told.iter().filter(|told| told.outage.is_some()).count();
    Check {
        name: "requests answered".to_owned(),
        found: format!(
            "{} of {}, {doubled} told twice, {back} of {} traders back",
            grouped(answers),
            grouped(requests),
            told.len()
        ),
        holds: requests == answers && doubled == 0 && back == told.len(),
        expected: "all of them once, and all traders back".to_owned(),
    }
}

/// Each order that was accepted is in the journal of the node that is left, once.
fn check_journal(told: &[Told], journal: &Path) -> Result<Vec<Check>, Failure> {
    let found = read::new_orders(&RealDisk::read_only(journal)).map_err(Failure::new)?;
    let times = |told: &Told, id: u64| found.get(&(told.account, id)).copied().unwrap_or(0);
    let check = |name: &str, what: &str, orders: &dyn Fn(&Told) -> Vec<u64>| {
        let (mut all, mut once) = (0, 0);
        for told in told {
            for id in orders(told) {
                all += 1;
                once += u64::from(times(told, id) == 1);
            }
        }
        Check {
            name: name.to_owned(),
            found: format!("{} of {} {what}", grouped(once), grouped(all)),
            holds: once == all && all > 0,
            expected: "each of them, once".to_owned(),
        }
    };
    Ok(vec![
        check(
            "nothing lost",
            "orders accepted before the kill are in node 1's journal, once",
            &|told| told.accepted[..told.accepted_before].to_vec(),
        ),
        check("nothing doubled", "orders accepted in all are there once", &|told| {
            told.accepted.clone()
        }),
    ])
}

/// The journal of the node that is left replays to the state that it has.
fn check_replay(admin: &mut AdminClient, journal: &Path) -> Result<Check, Failure> {
    let mut check = None;
    for _ in 0..REPLAYS_MAX {
        let answer = admin.ask(&json!({"command": "state-hash"})).map_err(Failure::new)?;
        let replayed = replay_journal(journal, false).map_err(Failure::new)?;
        let hash = format!("{:016x}", replayed.state_hash);
        let expected = answer["state_hash"].as_str().unwrap_or("").to_owned();
        let is_same_record = answer["sequence"].as_u64() == Some(replayed.last.0);
        check = Some(Check {
            name: "journal replayed".to_owned(),
            found: format!("{} records, state hash {hash}", grouped(replayed.records)),
            holds: is_same_record && hash == expected,
            expected: format!("state hash {expected}"),
        });
        if is_same_record {
            break;
        }
    }
    check.ok_or_else(|| Failure::new("the journal was not replayed"))
}

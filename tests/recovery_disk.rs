//! A real disk that fills up, small enough for a test: a tmpfs in a mount namespace of the test's own.
//! New orders are refused with a reason, cancels go through, nothing acknowledged is lost, the process
//! neither hangs nor dies of SIGBUS, and once there is space again it takes orders.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use support::apart::apart;
use support::exchange::{Exchange, House, Setup};
use support::fix::{self, Client};
use support::scratch;
use tempfile::TempDir;

/// A file system of its own; unmounted when it is dropped.
struct Mount {
    directory: TempDir,
}

impl Mount {
    /// Or why this user may not mount.
    fn new(megabytes: u32) -> Result<Self, String> {
        let directory = scratch::directory();
        let size = format!("size={megabytes}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path());
        let output = mount.output().map_err(|error| format!("mount: {error}"))?;
        match output.status.success() {
            true => Ok(Self { directory }),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily, so that it is gone even if something still lies open there.
        let _ = Command::new("umount").arg("-l").arg(self.directory.path()).status();
    }
}

/// A session that counts what is answered.
struct Counter {
    client: Client,
    ids: u64,
    open: Vec<u64>,
    accepted: u64,
    canceled: u64,
    /// Texts of refused orders.
    refused: Vec<String>,
    answered: u64,
}

impl Counter {
    fn new() -> Self {
        Self {
            client: Client::new("S1", "CASTLE"),
            ids: 0,
            open: Vec::new(),
            accepted: 0,
            canceled: 0,
            refused: Vec::new(),
            answered: 0,
        }
    }

    fn order(&mut self) {
        self.ids += 1;
        let (id, now) = (self.ids, fix::now());
        // It rests far from anybody.
        let body = format!(
            "11=c{id}\x0155=AAAUSD\x0154=1\x0160={now}\x0138=1\x0140=2\x0144=60.00\x0159=1\x01"
        );
        self.client.send("D", body.as_bytes());
    }

    fn cancel(&mut self, order: u64) {
        self.ids += 1;
        let (id, now) = (self.ids, fix::now());
        let body = format!("11=c{id}\x0141=c{order}\x0155=AAAUSD\x0154=1\x0160={now}\x0138=1\x01");
        self.client.send("F", body.as_bytes());
    }

    /// Sends and takes what there is; false where that is nothing.
    fn turn(&mut self) -> Result<bool, String> {
        let Self { client, open, accepted, canceled, refused, answered, .. } = self;
        let moved = client.turn(&mut |message| {
            *answered += 1;
            let id = |tag| message.text(tag).trim_start_matches('c').parse().unwrap_or(0);
            match message.text(150) {
                "0" => {
                    *accepted += 1;
                    open.push(id(11));
                }
                "4" => {
                    *canceled += 1;
                    let order: u64 = id(41);
                    open.retain(|known| *known != order);
                }
                "8" => refused.push(message.text(58).to_owned()),
                _ => {}
            }
        })?;
        Ok(moved > 0)
    }

    /// Turns until all is answered, or for so long.
    fn wait(&mut self, answers: u64, patience: Duration) -> Result<bool, String> {
        let deadline = Instant::now() + patience;
        while self.answered < answers {
            if Instant::now() > deadline {
                return Ok(false);
            }
            if !self.turn()? {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        Ok(true)
    }

    /// Open orders as the venue tells of them.
    fn open_at_the_venue(&mut self) -> Vec<u64> {
        let id = self.client.next_out;
        self.client.send("AF", format!("584=m{id}\x01585=7\x01").as_bytes());
        let (mut open, mut done) = (Vec::new(), false);
        let deadline = Instant::now() + fix::PATIENCE;
        while !done {
            assert!(Instant::now() < deadline, "no mass status");
            self.client
                .turn(&mut |message| {
                    done |= message.text(912) == "Y" || message.text(911) == "0";
                    if message.text(39) == "0" {
                        open.extend(message.text(11).trim_start_matches('c').parse::<u64>().ok());
                    }
                })
                .expect("the connection stays");
        }
        open
    }
}

#[test]
fn a_full_disk_stops_orders_and_neither_cancels_nor_the_process() {
    let test = "a_full_disk_stops_orders_and_neither_cancels_nor_the_process";
    apart(test, "--mount", || full_disk(Exchange::kill));
}

#[test]
fn an_exchange_with_a_full_disk_ends_orderly() {
    let end = |exchange: Exchange| {
        exchange.terminate();
        let ended = exchange.wait();
        assert!(ended.status.success(), "{ended:?}");
    };
    apart("an_exchange_with_a_full_disk_ends_orderly", "--mount", || full_disk(end));
}

/// Fills a disk, lets the exchange end so, and starts it again with space.
fn full_disk(end: fn(Exchange)) -> Result<(), String> {
    let mount = Mount::new(30)?;
    let house = house(&mount.path().join("data"));
    let mut exchange = house.start();
    let mut counter = Counter::new();
    counter.client.log_on(exchange.address).expect("a Logon");
    fill(&exchange, &mut counter);
    assert!(counter.refused[0].contains("disk"), "{:?}", counter.refused[0]);
    assert!(exchange.status("disk_room").as_str().is_some_and(|room| room.contains("cancels")));

    // Cancels go through, and are durable when they are told.
    let before = counter.canceled;
    for order in counter.open.clone().into_iter().take(100) {
        counter.cancel(order);
    }
    let answers = counter.answered + 100;
    assert!(counter.wait(answers, fix::PATIENCE).expect("the connection stays"));
    assert_eq!(counter.canceled, before + 100);

    // Cancels to the very end: some are not taken any more, but the process stays and can be asked.
    let unanswered = exhaust(&exchange, &mut counter);
    assert!(exchange.is_alive(), "{}", exchange.said());

    // It ends there, and what was told is there again once there is space.
    end(exchange);
    grow(&mount, 200);
    let mut exchange = house.start();
    drain(&mut counter);
    let open = counter.open.clone();
    counter.client.log_on(exchange.address).expect("a Logon");
    counter.client.wait("resend", |client| !client.is_missing(), &mut |_| ()).expect("a resend");
    let mut counter = caught_up(counter);
    let there = counter.open_at_the_venue();
    let lost: Vec<u64> = there.iter().copied().filter(|id| !open.contains(id)).collect();
    assert!(lost.is_empty(), "canceled, and open again: {lost:?}");
    let sure: Vec<u64> = open.into_iter().filter(|id| !unanswered.contains(id)).collect();
    let lost: Vec<u64> = sure.into_iter().filter(|id| !there.contains(id)).collect();
    assert!(lost.is_empty(), "accepted, and gone: {lost:?}");
    let before = counter.accepted;
    counter.order();
    let answers = counter.answered + 1;
    assert!(counter.wait(answers, fix::PATIENCE).expect("the connection stays"));
    assert_eq!(counter.accepted, before + 1, "{:?}", counter.refused.last());
    exchange.check_money(1);
    assert!(exchange.is_alive());
    exchange.terminate();
    let ended = exchange.wait();
    assert!(ended.status.success(), "{ended:?}");
    assert!(house.verify().status.success());
    Ok(())
}

#[test]
fn space_that_comes_back_is_used_without_a_restart() {
    apart("space_that_comes_back_is_used_without_a_restart", "--mount", space_comes_back);
}

fn space_comes_back() -> Result<(), String> {
    let mount = Mount::new(30)?;
    let house = house(&mount.path().join("data"));
    let exchange = house.start();
    let mut counter = Counter::new();
    counter.client.log_on(exchange.address).expect("a Logon");
    fill(&exchange, &mut counter);
    grow(&mount, 200);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let before = counter.accepted;
        counter.order();
        let answers = counter.answered + 1;
        assert!(counter.wait(answers, fix::PATIENCE).expect("the connection stays"));
        if counter.accepted > before {
            break;
        }
        assert!(Instant::now() < deadline, "orders stay refused: {}", exchange.status("disk_room"));
        std::thread::sleep(Duration::from_millis(20));
    }
    exchange.terminate();
    counter
        .client
        .wait("Logout", |client| client.logged_out.is_some(), &mut |_| ())
        .expect("a Logout");
    counter.client.hang_up();
    let ended = exchange.wait();
    assert!(ended.status.success(), "{ended:?}");
    Ok(())
}

fn house(journal: &Path) -> House {
    House::new(&Setup {
        sessions: 1,
        journal: "segment_bytes = 1048576\nreserve_bytes = 262144\nlog_ring_records = 1024\n"
            .into(),
        journal_directory: Some(journal.to_owned()),
        ..Setup::default()
    })
}

/// Sends orders until one is refused.
fn fill(exchange: &Exchange, counter: &mut Counter) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut sent = 0;
    while counter.refused.is_empty() {
        for _ in 0..200 {
            counter.order();
            sent += 1;
        }
        assert!(counter.wait(sent, fix::PATIENCE).expect("the connection stays"));
        assert!(Instant::now() < deadline, "{}", exchange.admin(&json!({"command": "status"})));
    }
    println!("{} orders were taken, then: {}", counter.accepted, counter.refused[0]);
}

/// Cancels until nothing is answered any more, or nothing is left to be canceled. Gives the orders
/// whose cancel is not answered.
fn exhaust(exchange: &Exchange, counter: &mut Counter) -> Vec<u64> {
    let is_full = || exchange.status("disk_room").as_str().is_some_and(|it| it.contains("full"));
    let deadline = Instant::now() + fix::PATIENCE;
    while !counter.open.is_empty() {
        let some: Vec<u64> = counter.open.iter().copied().take(200).collect();
        let answers = counter.answered + some.len() as u64;
        some.iter().for_each(|order| counter.cancel(*order));
        // An answer may take long on a busy machine.
        while !counter.wait(answers, Duration::from_secs(1)).expect("the connection stays") {
            if is_full() {
                println!("{} cancels were taken until nothing was", counter.canceled);
                return some;
            }
            assert!(Instant::now() < deadline, "cancels are not answered, and there is room");
        }
    }
    panic!("all orders were canceled: the disk was not full");
}

/// Takes what the dead process had still sent.
fn drain(counter: &mut Counter) {
    while counter.turn().is_ok() {}
}

fn caught_up(mut counter: Counter) -> Counter {
    counter.client.settle(&mut |_| ()).expect("a Heartbeat");
    counter
}

fn grow(mount: &Mount, megabytes: u32) {
    let size = format!("remount,size={megabytes}m");
    let mut mounting = Command::new("mount");
    let grown = mounting.args(["-o", &size]).arg(mount.directory.path()).status();
    assert!(grown.expect("mount can be run").success());
}

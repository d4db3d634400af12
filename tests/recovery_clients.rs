//! Clients that do not behave, and an orderly end: what each gets, and that nobody else is harmed.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use support::exchange::{Exchange, House, Setup};
use support::fix::{self, Client};
use support::trader::Trader;

/// Limits that a test reaches quickly.
fn strict() -> House {
    let fix = "logon_timeout_ms = 300\nbytes_before_logon_max = 4096\nmessage_size_max = 8192\n\
               connections_max = 16\noutbound_bytes_max = 262144\n\
               messages_per_second_max = 100000000\nmessages_burst_max = 100000000\n";
    House::new(&Setup { fix: fix.into(), sessions: 3, ..Setup::default() })
}

/// Writes bytes to a fresh connection and waits until the exchange closes it.
fn closes_after(address: SocketAddr, bytes: &[u8]) -> Duration {
    let mut stream = TcpStream::connect(address).expect("the exchange listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let began = Instant::now();
    // The exchange may close before all of it is written.
    let _ = stream.write_all(bytes);
    let mut answer = [0; 4_096];
    loop {
        match stream.read(&mut answer) {
            Ok(0) => return began.elapsed(),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return began.elapsed(),
            Err(error) => panic!("it is not closed: {error}"),
        }
    }
}

fn logon(sender: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let body = b"98=0\x01108=30\x01";
    fix::message(&mut bytes, "A", (sender, "CASTLE"), 1, &fix::now(), body);
    bytes
}

/// Somebody who behaves trades as if nothing was.
fn trades(trader: &mut Trader) {
    trader.trade_some(500, 100).expect("trading goes on");
    trader.settle().expect("everything comes");
    trader.check().expect("the books agree");
}

fn a_trader(exchange: &Exchange) -> Trader {
    let mut trader = Trader::new(1, 3);
    trader.client.log_on(exchange.address).expect("a Logon");
    trader
}

#[test]
fn who_says_nothing_or_nonsense_is_closed_and_harms_nobody() {
    let house = strict();
    let mut exchange = house.start();
    let mut trader = a_trader(&exchange);
    let address = exchange.address;
    let half = logon("S2");
    let mut long_body = b"8=FIX.4.4\x019=1048576\x0135=A\x01".to_vec();
    long_body.resize(1 << 20, b'x');
    let unknown = logon("NOBODY");
    let mut no_logon = Vec::new();
    let header = ("S2", "CASTLE");
    fix::message(&mut no_logon, "0", header, 1, &fix::now(), b"");
    let cases: [(&str, &[u8]); 8] = [
        ("nothing", b""),
        ("half a Logon", &half[..half.len() / 2]),
        ("a word of another protocol", b"GET / HTTP/1.1\r\nHost: castle\r\n\r\n"),
        ("zeros", &[0; 100_000]),
        ("a message of a megabyte", &long_body),
        ("a session that nobody knows", &unknown),
        ("no Logon at first", &no_logon),
        ("a length that is none", b"8=FIX.4.4\x019=99999999999999999999\x0135=A\x01"),
    ];
    for (what, bytes) in cases {
        let took = closes_after(address, bytes);
        assert!(took < Duration::from_secs(5), "{what}: {took:?}");
        trades(&mut trader);
    }
    assert!(exchange.is_alive());
    // Garbage in between is skipped, and what comes behind is taken (FIX 4.4 volume 2, garbled message).
    trader.client.send_raw(b"8=FIX.4.4\x019=5\x0135=\x0110=000\x01garbage in between");
    trades(&mut trader);
    assert!(exchange.status("garbled").as_u64() > Some(0));
    trader.client.log_out().expect("a Logout");
}

#[test]
fn a_message_of_a_megabyte_ends_a_session_that_is_logged_on() {
    let house = strict();
    let exchange = house.start();
    let mut trader = a_trader(&exchange);
    let mut client = Client::new("S2", "CASTLE");
    client.log_on(exchange.address).expect("a Logon");
    let mut long = b"8=FIX.4.4\x019=1048576\x0135=D\x01".to_vec();
    long.resize(1 << 20, b'x');
    client.send_raw(&long);
    let ended = client.wait("end", |_| false, &mut |_| ());
    assert!(ended.is_err_and(|why| why.starts_with(fix::CONNECTION_LOST)));
    // It comes back, and its numbers go on.
    client.log_on(exchange.address).expect("a Logon");
    client.settle(&mut |_| ()).expect("a Heartbeat");
    trades(&mut trader);
}

#[test]
fn more_connections_than_allowed_are_closed_at_once() {
    let house = strict();
    let exchange = house.start();
    let mut trader = a_trader(&exchange);
    let mut idle: Vec<TcpStream> =
        (0..15).map(|_| TcpStream::connect(exchange.address).expect("a connection")).collect();
    let took = closes_after(exchange.address, &logon("S2"));
    assert!(took < Duration::from_millis(250), "{took:?}");
    trades(&mut trader);
    idle.clear();
    // The others are gone or timed out: there is room again.
    std::thread::sleep(Duration::from_millis(400));
    let mut client = Client::new("S2", "CASTLE");
    client.log_on(exchange.address).expect("a Logon");
}

#[test]
fn who_does_not_read_is_disconnected_and_nobody_else_waits() {
    let house = strict();
    let exchange = house.start();
    let mut trader = a_trader(&exchange);
    // It asks for what fills any buffer, and reads none of it.
    let mut stream = TcpStream::connect(exchange.address).expect("a connection");
    stream.write_all(&logon("S2")).expect("a Logon is taken");
    stream.set_write_timeout(Some(Duration::from_millis(50))).expect("a timeout");
    let deadline = Instant::now() + Duration::from_secs(30);
    while exchange.status("sessions_connected") != 2 {
        assert!(Instant::now() < deadline, "it is not logged on");
    }
    let mut number = 2;
    let mut slowest = Duration::ZERO;
    while exchange.status("sessions_connected") != 1 {
        assert!(Instant::now() < deadline, "it is not disconnected");
        let mut bytes = Vec::new();
        for _ in 0..500 {
            let body = b"320=list\x01559=4\x01";
            let names = ("S2", "CASTLE");
            fix::message(&mut bytes, "x", names, number, &fix::now(), body);
            number += 1;
        }
        // Once it is disconnected nothing is taken any more.
        let _ = stream.write_all(&bytes);
        let began = Instant::now();
        trader.client.settle(&mut |_| ()).expect("a Heartbeat");
        slowest = slowest.max(began.elapsed());
    }
    println!("the other session's slowest answer meanwhile: {slowest:?}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    trades(&mut trader);
    while !exchange.said().contains("does not read") {
        assert!(Instant::now() < deadline, "{}", exchange.said());
        std::thread::sleep(Duration::from_millis(5));
    }
    // It may come back, and gets what it has not read, from the beginning, a gap fill for its Logon.
    drop(stream);
    let mut client = Client::new("S2", "CASTLE");
    client.next_out = number;
    let mut answers = 0_u64;
    client.connect(exchange.address);
    let done = |client: &Client| client.logged_on && client.next_in > 1 && !client.is_missing();
    client
        .wait("resend", done, &mut |message| {
            // One list; the others were asked for too soon.
            answers += u64::from(matches!(message.msg_type(), "y" | "j"));
        })
        .expect("a resend");
    client.settle(&mut |_| ()).expect("a Heartbeat");
    println!("{answers} answers were sent again");
    assert!(answers > 100);
}

#[test]
fn an_orderly_end_logs_out_and_sessions_go_on_after_it() {
    let house = House::new(&Setup::default());
    let mut exchange = house.start();
    let mut traders = [Trader::new(1, 8), Trader::new(2, 8)];
    for trader in &mut traders {
        trader.client.log_on(exchange.address).expect("a Logon");
    }
    for _ in 0..3 {
        for trader in &mut traders {
            trader.trade_some(1_000, 200).expect("trading goes on");
        }
        for trader in &mut traders {
            trader.settle().expect("everything comes");
        }
        // A connection that never logged on is no reason to wait either.
        let idle = TcpStream::connect(exchange.address).expect("a connection");
        exchange.terminate();
        for trader in &mut traders {
            let logged_out = |trader: &Trader| trader.client.logged_out.is_some();
            trader.wait("Logout", logged_out).expect("a Logout");
            trader.client.hang_up();
        }
        let began = Instant::now();
        let ended = exchange.wait();
        assert!(ended.status.success(), "{ended:?}");
        assert!(ended.said.contains("stopped"), "{ended:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        drop(idle);
        assert!(house.rings().is_empty(), "{:?}", house.rings());
        assert!(!house.journal.join("admin.sock").exists());
        exchange = house.start();
        for trader in &mut traders {
            trader.come_back(exchange.address).expect("the session goes on");
        }
        for trader in &mut traders {
            trader.settle().expect("everything comes");
            trader.check().expect("the books agree");
            assert!(trader.client.compared > 0);
        }
    }
    exchange.check_money(2);
}

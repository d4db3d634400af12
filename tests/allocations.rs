//! Once warm, the venue's threads allocate nothing for an order, from socket to socket: a hundred thousand
//! orders, cancels, replaces, rejects and fills of two sessions over TCP, with an allocator that counts by
//! thread. Only the syncer's thread allocates, once a segment, when it creates the journal's next file.

// The counting allocator is a test's own.
#![allow(unsafe_code)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use castle::venue::Venue;
use castle::venue::config::Config;
use support::exchange::{House, JOURNAL_LARGE, Setup};
use support::trader::Trader;

/// Requests that are measured.
const REQUESTS: u64 = 100_000;
/// Requests before that.
const WARM_UP: u64 = 150_000;
/// What the syncer may allocate, on its own thread, to prepare the journal's next segment: nothing
/// of it is done for an order.
const SEGMENT_ALLOCATIONS: u64 = 16;
/// The threads of the way of an order.
const THREADS: [&str; 3] = ["castle-hot", "castle-log", "castle-sync"];

static ARMED: AtomicBool = AtomicBool::new(false);
static COUNTS: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];
static FIRST: Mutex<Option<String>> = Mutex::new(None);

thread_local! {
    /// The counter itself allocates for its report.
    static COUNTING: Cell<bool> = const { Cell::new(false) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is the system allocator's, with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn count(bytes: usize) {
    if !ARMED.load(Ordering::Relaxed) || COUNTING.get() {
        return;
    }
    let Some(thread) = this_thread() else { return };
    COUNTING.set(true);
    COUNTS[thread].fetch_add(1, Ordering::Relaxed);
    let mut first = FIRST.lock().expect("nobody panics with it");
    if first.is_none() {
        let trace = Backtrace::force_capture();
        *first = Some(format!("{bytes} bytes on {}\n{trace}", THREADS[thread]));
    }
    drop(first);
    COUNTING.set(false);
}

/// Which of [`THREADS`] this is, asked of the kernel, which needs no memory for it.
fn this_thread() -> Option<usize> {
    let mut name = [0_u8; 16];
    // SAFETY: PR_GET_NAME writes at most 16 bytes, the last of them a zero.
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    let length = name.iter().position(|byte| *byte == 0)?;
    THREADS.iter().position(|thread| thread.as_bytes() == &name[..length])
}

#[test]
fn a_warm_venue_allocates_nothing_from_socket_to_socket() {
    let house = House::new(&Setup { journal: JOURNAL_LARGE.into(), ..Setup::default() });
    let config = Config::load(&house.config).expect("a good configuration");
    let venue = Venue::start(&config).expect("it starts");
    let mut traders = [Trader::new(1, 5), Trader::new(2, 5)];
    for trader in &mut traders {
        trader.client.log_on(venue.fix_address()).expect("a Logon");
    }
    // Buffers find their greatest size with more on the way than is measured.
    requests(&mut traders, WARM_UP, 4_096);
    let before = totals(&traders);
    let segments = house.segments().len() as u64;
    ARMED.store(true, Ordering::SeqCst);
    std::thread::scope(|scope| {
        scope.spawn(|| requests(&mut traders, REQUESTS, 512));
        // The histograms of latencies change hands meanwhile.
        let timed = latency(venue.admin_socket());
        assert!(timed.contains("\"stage\":\"whole\""), "{timed}");
    });
    ARMED.store(false, Ordering::SeqCst);
    let done: Vec<u64> =
        totals(&traders).iter().zip(before).map(|(after, before)| after - before).collect();
    let [orders, changes, fills, rejects] = done[..] else { unreachable!() };
    println!(
        "{orders} new orders, {changes} cancels and replaces, {fills} fills, {rejects} rejects"
    );
    assert!(orders + changes >= REQUESTS);
    assert!(changes > 10_000 && fills > 10_000 && rejects > 500);
    let segments = house.segments().len() as u64 - segments;
    let counts: Vec<u64> = COUNTS.iter().map(|count| count.load(Ordering::SeqCst)).collect();
    let first = FIRST.lock().expect("nobody panics with it").take();
    for trader in &mut traders {
        trader.client.log_out().expect("a Logout");
    }
    venue.stop().expect("an orderly end");
    println!("allocations: {THREADS:?} {counts:?}; {segments} segments prepared");
    let first = first.unwrap_or_default();
    assert_eq!(counts[..2], [0, 0], "{THREADS:?}; the first: {first}");
    // A file that is created has a name and a place in a list.
    assert!(counts[2] <= segments * SEGMENT_ALLOCATIONS, "{} on {first}", counts[2]);
}

/// Has so many requests sent and answered.
fn requests(traders: &mut [Trader], count: u64, on_the_way: usize) {
    let each = count / traders.len() as u64;
    std::thread::scope(|scope| {
        for trader in traders {
            scope.spawn(move || {
                let done = trader.trade_some(each, on_the_way);
                done.and_then(|()| trader.settle()).expect("trading goes on");
            });
        }
    });
}

/// What the operator's door says of latencies.
fn latency(socket: &Path) -> String {
    let mut stream = UnixStream::connect(socket).expect("the operator's door is open");
    stream.write_all(b"{\"command\":\"latency\"}\n").expect("the door takes a request");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("the door answers");
    line
}

fn totals(traders: &[Trader]) -> [u64; 4] {
    let sum = |figure: &dyn Fn(&Trader) -> u64| traders.iter().map(figure).sum();
    [
        sum(&|trader| trader.orders),
        sum(&|trader| trader.changes),
        sum(&|trader| trader.book.fills),
        sum(&|trader| trader.book.rejects),
    ]
}

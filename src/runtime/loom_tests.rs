//! The doorbell under loom: no wake-up is lost, and none is doubled.

use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Condvar, Mutex};
use loom::thread;

use super::doorbell::Doorbell;
use super::park::Unpark;
use crate::ring::ring;

/// A parker without a timeout: a lost wake-up is a deadlock, which loom reports.
struct Token {
    given: Mutex<bool>,
    changed: Condvar,
    /// How often it was unparked.
    unparks: AtomicUsize,
}

impl Token {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            given: Mutex::new(false),
            changed: Condvar::new(),
            unparks: AtomicUsize::new(0),
        })
    }

    fn park(&self) {
        let mut given = self.given.lock().unwrap();
        while !*given {
            given = self.changed.wait(given).unwrap();
        }
        *given = false;
    }
}

impl Unpark for Token {
    fn unpark(&self) {
        self.unparks.fetch_add(1, Ordering::Relaxed);
        *self.given.lock().unwrap() = true;
        self.changed.notify_one();
    }
}

fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// Takes `count` entries as a runner does: look, announce, look once more, park.
fn take(consumer: &mut crate::ring::Consumer<u64>, bell: &Doorbell, token: &Token, count: u64) {
    let mut done = 0;
    let mut look = |done: &mut u64| {
        let seen = consumer.available();
        for _ in 0..seen {
            assert_eq!(consumer.peek(), Some(&*done));
            consumer.advance(1);
            *done += 1;
        }
        seen > 0
    };
    while done < count {
        if look(&mut done) {
            continue;
        }
        bell.announce();
        if !look(&mut done) {
            token.park();
        }
        bell.withdraw();
    }
}

#[test]
fn no_wake_up_is_lost() {
    check(|| {
        let token = Token::new();
        let bell = Doorbell::new(token.clone());
        let (mut producer, mut consumers) = ring::<u64>(2, 1);
        let mut consumer = consumers.pop().unwrap();
        let runner = {
            let (bell, token) = (bell.clone(), token.clone());
            thread::spawn(move || take(&mut consumer, &bell, &token, 2))
        };
        for number in 0..2 {
            assert!(producer.push(&number));
            producer.publish();
            bell.ring();
        }
        runner.join().unwrap();
        assert!(token.unparks.load(Ordering::Relaxed) <= 2);
    });
}

#[test]
fn one_announcement_is_answered_once_by_two_producers() {
    check(|| {
        let token = Token::new();
        let bell = Doorbell::new(token.clone());
        let flags = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        bell.announce();
        let other = {
            let (bell, flags) = (bell.clone(), flags.clone());
            thread::spawn(move || {
                flags[0].store(true, Ordering::Release);
                bell.ring()
            })
        };
        flags[1].store(true, Ordering::Release);
        let mine = bell.ring();
        let theirs = other.join().unwrap();
        assert!(mine != theirs, "exactly one of them wakes");
        assert_eq!(token.unparks.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_runner_that_is_told_to_stop_wakes() {
    check(|| {
        let token = Token::new();
        let bell = Doorbell::new(token.clone());
        let stop = Arc::new(AtomicBool::new(false));
        let runner = {
            let (bell, token, stop) = (bell.clone(), token.clone(), stop.clone());
            thread::spawn(move || {
                while !stop.load(Ordering::Acquire) {
                    bell.announce();
                    if !stop.load(Ordering::Acquire) {
                        token.park();
                    }
                    bell.withdraw();
                }
            })
        };
        stop.store(true, Ordering::Release);
        bell.wake();
        runner.join().unwrap();
    });
}

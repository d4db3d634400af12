//! Every interleaving that loom finds, over small rings. Slots are watched through their witnesses: a
//! read that races with a write fails the model, whatever values it saw.

use loom::thread;

use super::{Consumer, Producer, ring_from};

/// An entry that would show a tear.
type Entry = (u64, u64);

fn entry(number: u64) -> Entry {
    (number, !number)
}

/// Pushes the entries from `first` on, one by one or all that fit at a time, and publishes each time.
fn produce(producer: &mut Producer<Entry>, first: u64, count: u64, batch: u64) {
    let mut done = 0;
    while done < count {
        let mut staged = 0;
        while staged < batch && done + staged < count {
            if !producer.push(&entry(first.wrapping_add(done + staged))) {
                break;
            }
            staged += 1;
        }
        producer.publish();
        done += staged;
        if staged == 0 {
            thread::yield_now();
        }
    }
}

/// Takes `count` entries, and checks that they are the next ones in order, each once and whole.
fn consume(consumer: &mut Consumer<Entry>, first: u64, count: u64, max: usize) {
    let mut done = 0;
    while done < count {
        let (head, tail) = consumer.batch(max);
        let seen = head.len() + tail.len();
        for (index, found) in head.iter().chain(tail).enumerate() {
            assert_eq!(*found, entry(first.wrapping_add(done + index as u64)));
        }
        consumer.advance(seen);
        done += seen as u64;
        if seen == 0 {
            thread::yield_now();
        }
    }
    assert_eq!(consumer.available(), 0);
    assert_eq!(consumer.position(), first.wrapping_add(count));
}

/// One consumer, which waits for everything.
fn check(capacity: usize, count: u64, batch: u64, max: usize, first: u64) {
    let mut builder = loom::model::Builder::new();
    // Three preemptions, at any places; more take hours.
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let (mut producer, mut readers) = ring_from(capacity, 1, first);
        let mut reader = readers.remove(0);
        let thread = thread::spawn(move || consume(&mut reader, first, count, max));
        produce(&mut producer, first, count, batch);
        thread.join().unwrap();
        assert_eq!(producer.free(), capacity);
    });
}

/// Several consumers, each of which looks a few times while the producer tries a few times. Nobody
/// waits, since loom cannot tell three that wait for each other from a deadlock; what is left is taken
/// at the end.
fn check_many(capacity: usize, consumers: usize, tries: u64, looks: usize, max: usize) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let (mut producer, readers) = ring_from(capacity, consumers, 0);
        let threads: Vec<_> = readers
            .into_iter()
            .map(|mut reader| {
                thread::spawn(move || {
                    for _ in 0..looks {
                        look(&mut reader, max);
                    }
                    reader
                })
            })
            .collect();
        let mut done = 0;
        for _ in 0..tries {
            done += u64::from(producer.push(&entry(done)));
            producer.publish();
        }
        assert!(done >= tries.min(capacity as u64), "what fits is taken");
        for thread in threads {
            let mut reader = thread.join().unwrap();
            let position = reader.position();
            let left = done - position;
            assert!(left <= capacity as u64);
            consume(&mut reader, position, left, capacity);
        }
        assert_eq!(producer.free(), capacity);
    });
}

/// Takes what is there now.
fn look(reader: &mut Consumer<Entry>, max: usize) {
    let position = reader.position();
    let (head, tail) = reader.batch(max);
    let seen = head.len() + tail.len();
    for (index, found) in head.iter().chain(tail).enumerate() {
        assert_eq!(*found, entry(position + index as u64));
    }
    reader.advance(seen);
}

#[test]
fn a_ring_of_one_slot_hands_over_each_entry_once_and_in_order() {
    check(1, 3, 1, 1, 0);
}

#[test]
fn a_ring_of_two_slots_comes_round_without_overwriting_what_is_held() {
    check(2, 4, 1, 2, 0);
}

#[test]
fn batches_on_both_sides_lose_nothing() {
    check(2, 5, 2, 2, 0);
}

#[test]
fn positions_wrap_without_loss() {
    check(2, 4, 2, 1, u64::MAX - 1);
}

#[test]
fn two_consumers_each_see_everything_and_both_gate() {
    check_many(2, 2, 4, 2, 2);
}

#[test]
fn two_consumers_of_one_slot_each_see_everything() {
    check_many(1, 2, 3, 2, 1);
}

#[test]
fn three_consumers_each_see_everything() {
    check_many(1, 3, 2, 1, 1);
}

#[test]
fn a_consumer_that_is_dropped_stops_gating_and_its_last_reads_are_safe() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let (mut producer, mut readers) = ring_from::<Entry>(1, 1, 0);
        let mut reader = readers.pop().unwrap();
        let thread = thread::spawn(move || {
            if let Some(found) = reader.peek() {
                assert_eq!(*found, entry(0));
            }
            // Dropped without having advanced.
        });
        produce(&mut producer, 0, 2, 1);
        thread.join().unwrap();
        assert_eq!(producer.free(), 1);
    });
}

#[test]
fn a_watcher_of_the_published_cursor_sees_it_grow_only() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let (mut producer, readers) = ring_from::<Entry>(2, 1, 7);
        let cursor = producer.cursor();
        let watcher = thread::spawn(move || {
            let before = cursor.position();
            let after = cursor.position();
            assert!((7..=9).contains(&before) && (before..=9).contains(&after));
        });
        produce(&mut producer, 7, 2, 1);
        watcher.join().unwrap();
        drop(readers);
    });
}

//! The ring on one thread, on two, against a model, and in its file.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use proptest::prelude::*;

use super::*;

fn take_all<T: Copy>(consumer: &mut Consumer<T>) -> Vec<T> {
    let count = consumer.available();
    let (head, tail) = consumer.batch(count);
    let entries: Vec<T> = head.iter().chain(tail).copied().collect();
    consumer.advance(entries.len());
    entries
}

fn push_all(producer: &mut Producer<u64>, entries: impl IntoIterator<Item = u64>) {
    for entry in entries {
        assert!(producer.push(&entry));
    }
    producer.publish();
}

#[test]
fn nothing_is_seen_before_it_is_published() {
    let (mut producer, mut consumers) = ring::<u64>(4, 1);
    assert!(producer.push(&7));
    assert_eq!((producer.staged(), producer.published()), (1, 0));
    assert_eq!(consumers[0].peek(), None);
    producer.publish();
    assert_eq!((producer.staged(), producer.published()), (0, 1));
    assert_eq!(consumers[0].peek(), Some(&7));
    assert_eq!(consumers[0].peek(), Some(&7), "a peek takes nothing");
    consumers[0].advance(1);
    assert_eq!(consumers[0].peek(), None);
}

#[test]
fn a_full_ring_takes_no_more_until_the_slowest_consumer_advances() {
    let (mut producer, mut consumers) = ring::<u64>(2, 2);
    push_all(&mut producer, [1, 2]);
    assert_eq!(take_all(&mut consumers[0]), [1, 2]);
    assert!(!producer.push(&3) && producer.claim().is_none() && producer.free() == 0);
    assert_eq!(consumers[1].peek(), Some(&1));
    consumers[1].advance(1);
    assert!(producer.has_room(1) && !producer.has_room(2));
    push_all(&mut producer, [3]);
    assert_eq!(take_all(&mut consumers[1]), [2, 3]);
    assert_eq!(take_all(&mut consumers[0]), [3]);
    assert_eq!(producer.free(), 2);
}

#[test]
fn staged_entries_count_against_the_room() {
    let (mut producer, _consumers) = ring::<u64>(2, 1);
    *producer.claim().unwrap() = 1;
    assert_eq!(producer.free(), 1);
    *producer.claim().unwrap() = 2;
    assert!(producer.claim().is_none());
}

#[test]
fn a_batch_that_comes_round_is_in_two_pieces() {
    let (mut producer, mut consumers) = ring::<u64>(4, 1);
    push_all(&mut producer, 0..3);
    assert_eq!(take_all(&mut consumers[0]), [0, 1, 2]);
    push_all(&mut producer, 3..7);
    assert_eq!(consumers[0].batch(2), (&[3][..], &[4][..]));
    assert_eq!(consumers[0].batch(9), (&[3][..], &[4, 5, 6][..]));
}

#[test]
#[should_panic(expected = "gives back only what it saw")]
fn a_consumer_cannot_give_back_what_it_did_not_see() {
    let (mut producer, mut consumers) = ring::<u64>(4, 1);
    push_all(&mut producer, [1]);
    consumers[0].advance(1);
}

#[test]
#[should_panic(expected = "power of two, not 3")]
fn a_capacity_is_a_power_of_two() {
    let _ = ring::<u64>(3, 1);
}

#[test]
fn a_dropped_consumer_gates_no_more() {
    let (mut producer, mut consumers) = ring::<u64>(2, 2);
    push_all(&mut producer, [1, 2]);
    let handles = producer.consumers();
    drop(consumers.remove(0));
    assert!(handles[0].is_gone() && !handles[1].is_gone());
    assert_eq!(producer.free(), 0, "the other still holds");
    drop(consumers);
    assert_eq!(producer.free(), 2);
    push_all(&mut producer, [3, 4]);
    assert_eq!(producer.published(), 4);
}

#[test]
fn positions_wrap() {
    let first = u64::MAX - 2;
    let (mut producer, mut consumers) = ring_from::<u64>(4, 1, first);
    let mut expected = 0;
    for round in 0..5 {
        push_all(&mut producer, [round, round + 100]);
        assert_eq!(take_all(&mut consumers[0]), [round, round + 100]);
        expected += 2;
        assert_eq!(consumers[0].position(), first.wrapping_add(expected));
        assert_eq!(producer.free(), 4);
    }
}

#[test]
fn handles_outlive_the_ring_and_show_where_it_stood() {
    let (mut producer, mut consumers) = ring_from::<u64>(4, 1, 10);
    let (published, gate) = (producer.cursor(), consumers[0].cursor());
    push_all(&mut producer, 0..3);
    consumers[0].available();
    consumers[0].advance(2);
    drop((producer, consumers));
    assert_eq!((published.position(), gate.position()), (13, 12));
    assert!(gate.is_gone());
}

#[test]
fn cursors_have_a_pair_of_lines_each() {
    assert_eq!(std::mem::align_of::<cursor::Gate>(), 128);
    assert_eq!(std::mem::size_of::<cursor::Gate>(), 128);
    assert_eq!(std::mem::size_of::<cursor::Apart<u64>>(), 128);
    let (producer, _) = ring::<u8>(1, 0);
    assert_eq!(std::ptr::from_ref(producer.cursor().word()).addr() % 128, 0);
}

#[test]
fn entries_of_no_size_are_counted_all_the_same() {
    let (mut producer, mut consumers) = ring::<()>(2, 1);
    assert!(producer.push(&()) && producer.push(&()) && !producer.push(&()));
    producer.publish();
    assert_eq!(take_all(&mut consumers[0]).len(), 2);
}

/// An entry of several words, so that a tear would show.
type Wide = [u64; 6];

fn wide(number: u64) -> Wide {
    std::array::from_fn(|index| number.wrapping_mul(index as u64 + 1))
}

#[test]
fn three_threads_hand_over_a_hundred_thousand_entries_in_order() {
    const COUNT: u64 = 100_000;
    let first = u64::MAX - 1_000;
    let (mut producer, consumers) = ring_from::<Wide>(64, 2, first);
    std::thread::scope(|scope| {
        for (mut consumer, max) in consumers.into_iter().zip([1, 17]) {
            scope.spawn(move || {
                let mut done = 0;
                while done < COUNT {
                    let (head, tail) = consumer.batch(max);
                    let seen = head.len() + tail.len();
                    for (index, entry) in head.iter().chain(tail).enumerate() {
                        assert_eq!(*entry, wide(done + index as u64));
                    }
                    consumer.advance(seen);
                    done += seen as u64;
                    if seen == 0 {
                        std::thread::yield_now();
                    }
                }
            });
        }
        let mut done = 0;
        while done < COUNT {
            if producer.push(&wide(done)) {
                done += 1;
                if done % 5 != 0 && done != COUNT {
                    continue;
                }
            } else {
                std::thread::yield_now();
            }
            producer.publish();
        }
    });
    assert_eq!(producer.free(), 64);
}

#[derive(Debug, Clone)]
enum Step {
    Push(u64),
    Publish,
    Take { consumer: usize, max: usize, give_back: usize },
    Peek { consumer: usize },
    Drop { consumer: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any::<u64>().prop_map(Step::Push),
        4 => Just(Step::Publish),
        6 => (0..3_usize, 0..9_usize, 0..9_usize)
            .prop_map(|(consumer, max, give_back)| Step::Take { consumer, max, give_back }),
        2 => (0..3_usize).prop_map(|consumer| Step::Peek { consumer }),
        1 => (0..30_usize).prop_map(|consumer| Step::Drop { consumer }),
    ]
}

proptest! {
    #[test]
    fn it_does_what_a_queue_for_each_consumer_does(
        bits in 0..4_u32,
        consumers in 0..3_usize,
        first in prop_oneof![Just(0), Just(u64::MAX - 3), any::<u64>()],
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let capacity = 1 << bits;
        let (mut producer, readers) = ring_from::<u64>(capacity, consumers, first);
        let mut readers: Vec<_> = readers.into_iter().map(Some).collect();
        let mut staged: Vec<u64> = Vec::new();
        let mut queues: Vec<VecDeque<u64>> = vec![VecDeque::new(); consumers];
        let mut published = first;
        for step in steps {
            match step {
                Step::Push(entry) => {
                    let held = queues.iter().zip(&readers).filter(|(_, reader)| reader.is_some())
                        .map(|(queue, _)| queue.len()).max().unwrap_or(0);
                    let fits = held + staged.len() < capacity;
                    prop_assert_eq!(producer.push(&entry), fits);
                    if fits {
                        staged.push(entry);
                    }
                }
                Step::Publish => {
                    producer.publish();
                    published = published.wrapping_add(staged.len() as u64);
                    for queue in &mut queues {
                        queue.extend(&staged);
                    }
                    staged.clear();
                    prop_assert_eq!(producer.published(), published);
                }
                Step::Take { consumer, max, give_back } => {
                    let Some(Some(reader)) = readers.get_mut(consumer) else { continue };
                    let queue = &mut queues[consumer];
                    prop_assert_eq!(reader.available(), queue.len());
                    let (head, tail) = reader.batch(max);
                    let seen: Vec<u64> = head.iter().chain(tail).copied().collect();
                    let expected: Vec<u64> = queue.iter().take(max).copied().collect();
                    prop_assert_eq!(&seen, &expected);
                    let count = give_back.min(seen.len());
                    reader.advance(count);
                    queue.drain(..count);
                    let position = published.wrapping_sub(queue.len() as u64);
                    prop_assert_eq!(reader.position(), position);
                    prop_assert_eq!(reader.cursor().position(), position);
                }
                Step::Peek { consumer } => {
                    let Some(Some(reader)) = readers.get_mut(consumer) else { continue };
                    // A peek may look at what it knew, but what it knew is at most what is there.
                    prop_assert_eq!(reader.peek(), queues[consumer].front());
                }
                Step::Drop { consumer } => {
                    if let Some(reader) = readers.get_mut(consumer) {
                        *reader = None;
                    }
                }
            }
        }
    }
}

const TAG: u128 = 0x0123_4567_89ab_cdef_0011_2233_4455_6677;

fn survivors(path: &Path) -> Option<(u64, Vec<u64>)> {
    surviving::<u64>(path, TAG).unwrap().map(|it| (it.first, it.entries))
}

fn in_directory(test: impl FnOnce(&Path)) {
    let directory = tempfile::tempdir().unwrap();
    test(&directory.path().join("log.ring"));
}

#[test]
fn a_mapped_ring_works_as_one_on_the_heap_and_leaves_what_it_published() {
    in_directory(|path| {
        assert_eq!(survivors(path), None);
        let (mut producer, mut consumers) = mapped::<u64>(path, 4, 2, 100, TAG).unwrap();
        assert_eq!(survivors(path), Some((100, vec![])));
        push_all(&mut producer, [1, 2, 3]);
        assert_eq!(survivors(path), Some((100, vec![1, 2, 3])));
        assert_eq!(take_all(&mut consumers[0]), [1, 2, 3]);
        assert!(producer.push(&4) && !producer.push(&5));
        assert_eq!(take_all(&mut consumers[1]), [1, 2, 3]);
        assert_eq!(survivors(path), Some((100, vec![1, 2, 3])), "staged is not published");
        assert!(producer.push(&5));
        assert_eq!(survivors(path), Some((101, vec![2, 3])), "the fifth lies over the first");
        producer.publish();
        assert_eq!(survivors(path), Some((101, vec![2, 3, 4, 5])));
        let cursor = producer.cursor();
        drop((producer, consumers));
        assert_eq!(cursor.position(), 105);
        assert_eq!(survivors(path), Some((101, vec![2, 3, 4, 5])));
        let left = surviving::<u64>(path, TAG).unwrap().unwrap();
        assert_eq!(left.published(), 105);
        unlink(path).unwrap();
        unlink(path).unwrap();
        assert_eq!(survivors(path), None);
    });
}

#[test]
fn survivors_come_round_and_wrap_with_the_positions() {
    in_directory(|path| {
        let first = u64::MAX - 1;
        let (mut producer, _) = mapped::<u64>(path, 4, 0, first, TAG).unwrap();
        for number in 0..7 {
            push_all(&mut producer, [number]);
        }
        assert_eq!(survivors(path), Some((first.wrapping_add(3), vec![3, 4, 5, 6])));
    });
}

#[test]
fn a_new_ring_replaces_an_old_one_whole_and_only_its_owner_may_read_it() {
    in_directory(|path| {
        let (mut old, _) = mapped::<u64>(path, 4, 0, 0, TAG).unwrap();
        push_all(&mut old, [1]);
        let mut draft = path.as_os_str().to_owned();
        draft.push(".new");
        fs::write(&draft, "left by one that died").unwrap();
        let (mut new, _) = mapped::<u64>(path, 8, 0, 50, TAG).unwrap();
        push_all(&mut old, [2]);
        push_all(&mut new, [9]);
        assert_eq!(survivors(path), Some((50, vec![9])));
        assert!(!Path::new(&draft).exists());
        let metadata = fs::metadata(path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert_eq!(metadata.len(), 4096 + 8 * 8);
    });
}

#[test]
fn a_ring_of_another_tag_or_entry_size_is_not_ours() {
    in_directory(|path| {
        let (mut producer, _) = mapped::<u64>(path, 4, 0, 0, TAG).unwrap();
        push_all(&mut producer, [1]);
        assert_eq!(surviving::<u64>(path, TAG + 1).unwrap(), None);
        assert_eq!(surviving::<u32>(path, TAG).unwrap(), None);
    });
}

#[test]
fn what_is_no_ring_is_none_and_what_is_no_file_is_refused() {
    in_directory(|path| {
        for garbage in [vec![], vec![7; 100], vec![0; 4096], vec![0xff; 9000]] {
            fs::write(path, garbage).unwrap();
            assert_eq!(survivors(path), None);
        }
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
        assert!(surviving::<u64>(path, TAG).is_err());
        assert!(mapped::<u64>(path, 4, 0, 0, TAG).is_err());
    });
}

#[test]
fn a_link_is_not_followed() {
    in_directory(|path| {
        let target = path.with_extension("target");
        let _ring = mapped::<u64>(&target, 4, 0, 0, TAG).unwrap();
        std::os::unix::fs::symlink(&target, path).unwrap();
        assert!(surviving::<u64>(path, TAG).is_err());
    });
}

#[test]
fn a_damaged_ring_of_ours_is_an_error_that_says_what_to_do() {
    // What is written where, over a ring with 3 published entries.
    let cases: [(u64, &[u8], &str); 4] = [
        (40, &[1], "the checksum of its header"),
        (16, &[5], "the checksum of its header"),
        (128, &[0xff; 8], "its cursors"),
        (256, &[0xff; 8], "its cursors"),
    ];
    for (at, bytes, what) in cases {
        in_directory(|path| {
            let (mut producer, _) = mapped::<u64>(path, 4, 0, 0, TAG).unwrap();
            push_all(&mut producer, [1, 2, 3]);
            drop(producer);
            fs::OpenOptions::new().write(true).open(path).unwrap().write_all_at(bytes, at).unwrap();
            let error = surviving::<u64>(path, TAG).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
            assert!(error.to_string().contains(what) && error.to_string().contains("remove it"));
        });
    }
    in_directory(|path| {
        drop(mapped::<u64>(path, 4, 0, 0, TAG).unwrap());
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(4096 + 31).unwrap();
        assert!(surviving::<u64>(path, TAG).unwrap_err().to_string().contains("its size"));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_change_of_the_header_panics_or_reads_beyond_the_file(
        changes in prop::collection::vec((0..300_u64, any::<u8>()), 1..8),
        length in 0..5000_u64,
    ) {
        in_directory(|path| {
            let (mut producer, _) = mapped::<u64>(path, 4, 0, 0, TAG).unwrap();
            push_all(&mut producer, [1, 2, 3]);
            drop(producer);
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            for (at, byte) in changes {
                file.write_all_at(&[byte], at).unwrap();
            }
            if let Ok(Some(left)) = surviving::<u64>(path, TAG) {
                assert!(left.entries.len() <= 4);
            }
            file.set_len(length).unwrap();
            let _ = surviving::<u64>(path, TAG);
        });
    }
}

#[test]
fn a_ring_that_no_file_system_can_hold_is_an_error() {
    in_directory(|path| {
        assert!(mapped::<u64>(path, 1 << 62, 1, 0, TAG).is_err());
        assert!(mapped::<u64>(path, 3, 1, 0, TAG).unwrap_err().to_string().contains("not 3"));
        assert!(mapped::<[u8; 0]>(path, 4, 1, 0, TAG).is_err());
        assert!(fs::read_dir(path.parent().unwrap()).unwrap().next().is_none());
    });
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C, align(64))]
struct Slot([u64; 8]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
struct ByteSlot([u8; 128]);

impl Default for ByteSlot {
    fn default() -> Self {
        Self([0; 128])
    }
}

plain_bytes!(ByteSlot, 128);

#[test]
fn aligned_entries_lie_aligned() {
    let (mut producer, _) = ring::<Slot>(2, 0);
    assert_eq!(std::ptr::from_mut(producer.claim().unwrap()).addr() % 64, 0);
    in_directory(|path| {
        let (mut producer, _) = mapped::<ByteSlot>(path, 2, 0, 0, TAG).unwrap();
        let slot = producer.claim().unwrap();
        assert_eq!(std::ptr::from_mut(slot).addr() % 64, 0);
        slot.0.fill(9);
        producer.publish();
        let left = surviving::<ByteSlot>(path, TAG).unwrap().unwrap();
        assert_eq!(left.entries, [ByteSlot([9; 128])]);
    });
}

/// Names the ring file to the child of the next test.
const CHILD_RING: &str = "CASTLE_TEST_RING_OF_CHILD";

/// The child: publishes without end, says now and then how far, and is killed.
fn publish_until_killed(path: &Path) -> ! {
    let (mut producer, mut consumers) = mapped::<Wide>(path, 64, 1, 0, TAG).unwrap();
    let start = std::time::Instant::now();
    loop {
        for number in 0..producer.published() % 7 + 1 {
            assert!(producer.push(&wide(producer.published() + number)));
        }
        producer.publish();
        let seen = take_all(&mut consumers[0]);
        assert!(!seen.is_empty());
        if producer.published() % 64 == 0 {
            println!("\npublished {}", producer.published());
        }
        // The parent may be gone.
        if start.elapsed().as_secs() > 20 {
            std::process::exit(1);
        }
    }
}

#[test]
fn what_a_killed_process_had_published_survives_it_whole() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    if let Some(path) = std::env::var_os(CHILD_RING) {
        publish_until_killed(Path::new(&path));
    }
    for round in 0..5 {
        in_directory(|path| {
            let name = "ring::tests::what_a_killed_process_had_published_survives_it_whole";
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name, "--nocapture"])
                .env(CHILD_RING, path)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut told: u64 = 0;
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            for line in lines.map_while(Result::ok) {
                if let Some(number) = line.strip_prefix("published ") {
                    told = number.parse().unwrap();
                    if told > 1_000 * (round + 1) {
                        break;
                    }
                }
            }
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(told > 1_000, "the child told how far it was");
            let left = surviving::<Wide>(path, TAG).unwrap().expect("its ring");
            assert!(left.published() >= told);
            // It stages at most 7 at a time, so no more of the oldest can be lost.
            assert!((57..=64).contains(&left.entries.len()));
            for (index, entry) in left.entries.iter().enumerate() {
                assert_eq!(*entry, wide(left.first + index as u64));
            }
        });
    }
}

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

use super::*;

/// A gateway with one connection, and an engine, on one thread.
struct Lane {
    engine: EngineEnd,
    recorder: LatencyRecorder,
    collector: Collector,
    ways: Ways,
    /// The last sequence that was given.
    last: u64,
    /// Bytes of reports so far.
    end: u64,
}

impl Lane {
    fn new() -> Self {
        let (engine, gateway) = passage();
        let (recorder, collector) = recorder(gateway);
        Self { engine, recorder, collector, ways: Ways::default(), last: 0, end: 0 }
    }

    fn request(&mut self, requests: usize) {
        self.ways.bytes_read();
        self.recorder.requested(&mut self.ways, requests);
    }

    /// The engine takes a request up; the sequence of its record.
    fn take(&mut self) -> u64 {
        self.last += 1;
        if self.engine.taken(self.last) {
            self.engine.applied();
        }
        self.last
    }

    fn tell(&mut self, sequence: u64) {
        self.end += 100;
        self.recorder.told(&mut self.ways, sequence, self.end);
    }

    fn write(&mut self) {
        self.recorder.durable(self.last);
        self.recorder.written(&mut self.ways, self.end);
    }

    /// How many were recorded, as a whole and at each stage.
    fn counts(&mut self) -> [u64; Stage::ALL.len()] {
        self.collector.ask();
        self.recorder.turn();
        assert!(self.collector.take());
        Stage::ALL.map(|stage| self.collector.since_start().of(stage).len())
    }
}

#[test]
fn every_request_is_recorded_once_and_every_64th_at_each_stage() {
    let mut lane = Lane::new();
    for _ in 0..100 {
        lane.request(10);
        for _ in 0..10 {
            let sequence = lane.take();
            lane.tell(sequence);
            // A trade is another event of the same record.
            lane.tell(sequence);
        }
        lane.write();
    }
    assert_eq!(lane.counts(), [1_000, 16, 16, 16, 16, 16, 16]);
}

#[test]
fn the_stages_together_are_the_whole_way() {
    let mut lane = Lane::new();
    lane.request(1);
    std::thread::sleep(Duration::from_millis(2));
    let sequence = lane.take();
    lane.tell(sequence);
    std::thread::sleep(Duration::from_millis(3));
    lane.write();
    lane.counts();
    let sum = |stages: &[Stage]| -> u64 {
        stages.iter().map(|stage| lane.collector.since_start().of(*stage).max()).sum()
    };
    let (whole, parts) = (sum(&Stage::ALL[..1]), sum(&Stage::ALL[1..]));
    assert!(whole >= 5_000_000, "{whole}");
    // Each of seven is rounded up to three digits.
    assert!(whole.abs_diff(parts) <= whole / 100, "{whole} against {parts}");
    assert!(sum(&[Stage::Queue]) >= 2_000_000 && sum(&[Stage::Journal]) >= 3_000_000);
}

#[test]
fn a_request_that_is_not_answered_does_not_take_another_ones_answer() {
    let mut lane = Lane::new();
    lane.request(3);
    let [first, _, third] = [lane.take(), lane.take(), lane.take()];
    lane.tell(first);
    lane.tell(third);
    lane.write();
    assert_eq!(lane.counts()[0], 2);
}

#[test]
fn events_that_no_request_caused_are_not_recorded() {
    let mut lane = Lane::new();
    lane.last = 10;
    lane.tell(10);
    lane.request(1);
    // Another's order trades with an own one before the request is sequenced, and after.
    lane.last = 20;
    lane.tell(20);
    let own = lane.take();
    lane.tell(own + 5);
    lane.write();
    assert_eq!(lane.counts()[0], 0);
}

#[test]
fn what_an_earlier_request_left_in_a_slot_is_known_to_be_old() {
    let mut lane = Lane::new();
    for _ in 0..IN_FLIGHT_MAX + 10 {
        lane.request(1);
        let sequence = lane.take();
        lane.tell(sequence);
        lane.write();
    }
    lane.request(1);
    // The engine has not come to it, and an event of another cause is told.
    lane.last += 1;
    lane.tell(lane.last);
    let sequence = lane.take();
    lane.tell(sequence);
    lane.write();
    assert_eq!(lane.counts()[0], IN_FLIGHT_MAX as u64 + 11);
}

#[test]
fn a_report_is_recorded_when_its_last_byte_is_written() {
    let mut lane = Lane::new();
    lane.request(2);
    for _ in 0..2 {
        let sequence = lane.take();
        lane.tell(sequence);
    }
    lane.recorder.durable(lane.last);
    lane.recorder.written(&mut lane.ways, 150);
    assert_eq!(lane.counts()[0], 1);
    lane.recorder.written(&mut lane.ways, 200);
    assert_eq!(lane.counts()[0], 2);
}

#[test]
fn more_on_the_way_than_there_is_room_for_are_not_timed_and_disturb_nothing() {
    let mut lane = Lane::new();
    lane.request(IN_FLIGHT_MAX + 100);
    let first = lane.last + 1;
    while lane.last < first + IN_FLIGHT_MAX as u64 + 99 {
        lane.take();
    }
    (first..=lane.last).for_each(|sequence| lane.tell(sequence));
    lane.write();
    assert!(lane.counts()[0] <= IN_FLIGHT_MAX as u64);
    lane.request(1);
    let sequence = lane.take();
    let before = lane.counts()[0];
    lane.tell(sequence);
    lane.write();
    assert_eq!(lane.counts()[0], before + 1);
}

#[test]
fn an_interval_holds_what_was_recorded_in_it_and_the_sum_all() {
    let mut lane = Lane::new();
    for requests in [3, 5] {
        lane.request(requests);
        for _ in 0..requests {
            let sequence = lane.take();
            lane.tell(sequence);
        }
        lane.write();
        lane.counts();
        let ended = lane.collector.end_interval();
        assert_eq!(ended.stages.of(Stage::Whole).len(), requests as u64);
    }
    assert_eq!(lane.collector.since_start().of(Stage::Whole).len(), 8);
}

#[test]
fn who_reads_gets_what_came_after_the_last_handover_too() {
    let mut lane = Lane::new();
    for is_first in [true, false] {
        lane.request(1);
        let sequence = lane.take();
        lane.tell(sequence);
        lane.write();
        if is_first {
            // Another asked, and has not taken yet what it was given.
            lane.collector.ask();
            lane.recorder.turn();
        }
    }
    let Lane { mut recorder, collector, .. } = lane;
    let (collector, is_read) = (SharedCollector::new(collector), AtomicBool::new(false));
    let count = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_read.load(Ordering::Acquire) {
                recorder.turn();
                std::thread::yield_now();
            }
        });
        let count = collector.read(|it| it.since_start().of(Stage::Whole).len());
        is_read.store(true, Ordering::Release);
        count
    });
    assert_eq!(count, Some(2));
}

#[test]
fn what_is_left_at_the_end_is_handed_over_unasked() {
    let mut lane = Lane::new();
    lane.request(1);
    let sequence = lane.take();
    lane.tell(sequence);
    lane.write();
    lane.collector.ask();
    lane.recorder.close();
    assert!(lane.collector.take());
    assert_eq!(lane.collector.since_start().of(Stage::Whole).len(), 1);
}

#[test]
fn an_interval_log_is_read_back() {
    let mut values = empty();
    (1..=1_000_u64).for_each(|value| values.record(value * 1_000).expect("it is in range"));
    let mut text = Vec::new();
    let start = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut log = IntervalLog::begin(&mut text, "Logged by a test", start, None).expect("a vector");
    for second in 0..3 {
        let start = Duration::from_secs(1_700_000_000 + second);
        log.write("whole", start, Duration::from_secs(1), &values).expect("a vector");
        log.write("queue", start, Duration::from_secs(1), &empty()).expect("a vector");
    }
    // Readers leave out what begins before.
    assert!(String::from_utf8_lossy(&text).contains("StartTime: 1700000000.000"));
    let mut deserializer = Deserializer::new();
    let mut tags = Vec::new();
    for entry in IntervalLogIterator::new(&text) {
        let LogEntry::Interval(interval) = entry.expect("every line is understood") else {
            continue;
        };
        let bytes = STANDARD.decode(interval.encoded_histogram()).expect("base64");
        let read = deserializer.deserialize::<u64, _>(&mut bytes.as_slice()).expect("a histogram");
        let tag = interval.tag().map_or("", |tag| tag.as_str()).to_owned();
        assert_eq!(read.len(), if tag == "whole" { 1_000 } else { 0 });
        assert!(read.max().abs_diff(values.max()) <= 1_000 || tag == "queue");
        tags.push(tag);
    }
    assert_eq!(tags, ["whole", "queue", "whole", "queue", "whole", "queue"]);
    let headers = text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"#"));
    assert_eq!(headers.count(), 3, "the comment, the start and the divisor, once each");
}

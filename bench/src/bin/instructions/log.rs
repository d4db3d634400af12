//! Records on their way into the log: encoded into a slot of the ring, read from there, appended.

use castle::journal::{Journal, JournalOptions, RealDisk, Writer};
use castle::model::record::{SEQUENCE_AT, TIMESTAMP_AT};
use castle::model::*;
use castle::ring::{Consumer, Producer, ring};

use crate::Counter;
use crate::venue::{QUANTITY, Venue};

/// Records of a batch, as they come under load; a single one shows what a batch costs by itself.
const BATCHES: [usize; 2] = [1, 16];
const COUNT: usize = 256;
const SEGMENT_BYTES: u64 = 4 << 20;

pub struct Operations {
    _directory: tempfile::TempDir,
    writer: Writer<RealDisk>,
    producer: Producer<RecordBytes>,
    consumer: Consumer<RecordBytes>,
    venue: Venue,
    next: u64,
}

impl Operations {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory for the journal");
        let disk = RealDisk::open(directory.path()).expect("an empty journal");
        let options = JournalOptions {
            segment_bytes: SEGMENT_BYTES,
            reserve_bytes: 1 << 20,
            in_flight_bytes: 1 << 20,
            left_free_bytes: 0,
            ..JournalOptions::new(ClusterName::truncated(b"counts"), 1)
        };
        let opened = Journal::open(disk, &options, &mut |_, _| {}).expect("an empty journal");
        let (producer, mut consumers) = ring(1_024, 1);
        let consumer = consumers.pop().expect("the one consumer");
        let venue = Venue::new();
        let writer = opened.writer;
        Self { _directory: directory, writer, producer, consumer, venue, next: 1 }
    }

    pub fn run(&mut self, counter: &Counter) {
        let records: Vec<_> = (0..COUNT as i64)
            .map(|number| {
                let side = if number % 2 == 0 { Side::Buy } else { Side::Sell };
                let (mut record, _) = self.venue.limit(number, side, 2, QUANTITY);
                record.sequence = Sequence(self.next + number as u64);
                record
            })
            .collect();
        let producer = &mut self.producer;
        counter.count("log ring, new order encoded and published", COUNT, 0, || {
            for record in &records {
                if let Some(slot) = producer.claim() {
                    record.put(slot);
                }
                producer.publish();
            }
        });
        for size in BATCHES {
            let (slots, _) = self.consumer.batch(COUNT);
            let mut slots = slots.to_vec();
            for (slot, sequence) in slots.iter_mut().zip(self.next..) {
                slot.0[SEQUENCE_AT..TIMESTAMP_AT].copy_from_slice(&sequence.to_le_bytes());
            }
            self.next += slots.len() as u64;
            let name = format!("journal, new order appended in a batch of {size}");
            let writer = &mut self.writer;
            counter.count(&name, slots.len(), 0, || {
                for batch in slots.chunks(size) {
                    let records = batch.iter().map_while(|slot| slot.used().ok());
                    writer.append(records, Sequence(0)).expect("the segment has room");
                }
            });
        }
        self.consumer.advance(COUNT);
    }
}

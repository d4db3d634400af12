//! Any bytes are decoded without a panic, and what is accepted can be read.
#![no_main]

use castle::fix::decode::Decoder;
use castle::fix::{number, time};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut decoder = Decoder::new();
    let (first, verdict) = decoder.decode(data);
    let owned = |(tag, value): (u32, &[u8])| (tag, value.to_vec());
    let fields: Vec<_> = first.all_fields().map(owned).collect();
    // Again, by what it has learned from a valid one.
    let (message, again) = decoder.decode(data);
    assert_eq!(again, verdict);
    assert!(message.all_fields().map(owned).eq(fields));
    let _ = (message.kind(), message.msg_seq_num(), message.poss_dup(), message.poss_resend());
    let _ = (message.sending_time(), message.orig_sending_time());
    assert_eq!(message.sending_time(), message.get(52).and_then(time::timestamp));
    for (tag, value) in message.all_fields() {
        let _ = message.get(tag);
        for entry in message.group(tag) {
            let _ = (entry.get(448), entry.group(802).count(), entry.group(457).count());
        }
        let scale = (tag % 13) as u8;
        // What a known form knows of a number is what its text says.
        if let Some(first) = message.get(tag) {
            assert_eq!(message.decimal(tag, scale), Some(number::decimal(first, scale)));
            assert_eq!(message.unsigned(tag), Some(number::unsigned(first)));
        }
        if let Ok(decimal) = number::decimal(value, scale) {
            let mut text = Vec::new();
            number::put_decimal(&mut text, decimal, scale);
            assert_eq!(number::decimal(&text, scale), Ok(decimal));
        }
        if let Some(timestamp_ns) = time::timestamp(value) {
            assert!(time::is_timestamp(value));
            let written = time::timestamp(&time::text(timestamp_ns));
            assert_eq!(written, Some(timestamp_ns / 1_000 * 1_000));
        }
    }
});

//! Our decoder and fefix's on the same well-formed messages, which are made from the dictionary: both
//! must find the same fields with the same values. fefix gets a new decoder for each message, since one that
//! is used again loses fields after a repeating group, and no groups within groups, of which it gives one
//! entry the values of another.

use std::path::Path;

use castle::fix::decode::{Decoder, Message};
use castle::fix::dictionary::{self, DataType, FIELDS, FieldInfo, HEADER, Layout, MESSAGES, tag};
use castle::fix::frame;
use fefix::Dictionary;
use fefix::tagvalue::{Config, Decoder as SecondDecoder, FieldAccess};
use proptest::prelude::*;

/// Not made: the first three, and MaxMessageSize, whose LENGTH belongs to no DATA, which fefix does not know.
const LEFT_OUT: [u32; 4] =
    [tag::BEGIN_STRING, tag::BODY_LENGTH, tag::MSG_TYPE, tag::MAX_MESSAGE_SIZE];

/// A small generator of numbers, so that a message follows from its seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

fn put(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    out.extend_from_slice(format!("{tag}=").as_bytes());
    out.extend_from_slice(value);
    out.push(1);
}

fn value(info: &FieldInfo, random: &mut Random) -> Vec<u8> {
    let mut listed: Vec<Vec<u8>> = info.several.iter().map(|value| value.to_vec()).collect();
    listed.extend((0..128_u8).filter(|byte| info.single >> byte & 1 != 0).map(|byte| vec![byte]));
    if !listed.is_empty() {
        return listed[random.next(listed.len() as u64) as usize].clone();
    }
    let number = random.next(100_000);
    match info.data_type {
        DataType::Int | DataType::Length | DataType::SeqNum | DataType::NumInGroup => {
            number.to_string().into_bytes()
        }
        DataType::Float => format!("{}.{}", number / 100, number % 100).into_bytes(),
        DataType::Char => vec![b'A' + (number % 26) as u8],
        DataType::Boolean => vec![if number.is_multiple_of(2) { b'Y' } else { b'N' }],
        DataType::String | DataType::MultipleValue | DataType::Data => {
            format!("text = {number}").into_bytes()
        }
        DataType::UtcTimestamp => format!("20260102-03:04:{:02}.123", number % 60).into_bytes(),
        DataType::UtcTime => format!("03:04:{:02}", number % 60).into_bytes(),
        DataType::Date => format!("202601{:02}", number % 28 + 1).into_bytes(),
        DataType::MonthYear => format!("2026{:02}", number % 12 + 1).into_bytes(),
    }
}

/// Fields of a layout in its order: those required, and some of the others.
fn fill(out: &mut Vec<u8>, layout: &Layout, group: bool, nested: bool, random: &mut Random) {
    for (at, index) in layout.order.iter().enumerate() {
        let info = &FIELDS[usize::from(*index)];
        let wanted = layout.required.has(*index) || (group && at == 0) || random.next(8) == 0;
        if !wanted || LEFT_OUT.contains(&info.tag) || info.data_type == DataType::Data {
            continue;
        }
        if let Some(entries) = layout.group(*index) {
            if group && !nested {
                continue;
            }
            let count = random.next(3) + 1;
            put(out, info.tag, count.to_string().as_bytes());
            for _ in 0..count {
                fill(out, entries, true, nested, random);
            }
        } else if let Some(data) = FIELDS.iter().find(|data| data.length_tag == info.tag) {
            let bytes = b"a\x01b=c\x01d";
            let bytes = &bytes[..random.next(bytes.len() as u64) as usize + 1];
            put(out, info.tag, bytes.len().to_string().as_bytes());
            put(out, data.tag, bytes);
        } else {
            put(out, info.tag, &value(info, random));
        }
    }
}

fn message(seed: u64, nested: bool) -> Vec<u8> {
    let random = &mut Random(seed);
    let info = &MESSAGES[random.next(MESSAGES.len() as u64) as usize];
    let mut body = Vec::new();
    put(&mut body, tag::MSG_TYPE, info.msg_type);
    fill(&mut body, &HEADER, false, nested, random);
    fill(&mut body, &info.body, false, nested, random);
    let mut out = Vec::new();
    put(&mut out, tag::BEGIN_STRING, b"FIX.4.4");
    put(&mut out, tag::BODY_LENGTH, body.len().to_string().as_bytes());
    out.append(&mut body);
    let sum = frame::check_sum(&out);
    put(&mut out, tag::CHECK_SUM, &sum);
    out
}

fn has_group(message: &Message<'_>) -> bool {
    message.all_fields().any(|(tag, _)| {
        let index = dictionary::index_of(tag);
        FIELDS[usize::from(index)].data_type == DataType::NumInGroup
    })
}

fn specification() -> Dictionary {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fix-specs/FIX44.xml");
    let xml = std::fs::read_to_string(path).expect("the dictionary");
    Dictionary::from_quickfix_spec(xml).expect("a dictionary that fefix reads")
}

fn check(seed: u64, specification: &Dictionary) {
    let bytes = message(seed, false);
    let shown = String::from_utf8_lossy(&bytes).replace('\x01', "|");
    let mut decoder = Decoder::new();
    let (ours, verdict) = decoder.decode(&bytes);
    assert_eq!(verdict, Ok(()), "{shown}");
    let mut second = SecondDecoder::<Config>::new(specification.clone());
    let theirs = second.decode(&bytes[..]).expect("fefix decodes it");
    // fefix's framing keeps these two to itself.
    let framing = [tag::BODY_LENGTH, tag::CHECK_SUM];
    let ours_all: Vec<_> = ours.all_fields().filter(|(tag, _)| !framing.contains(tag)).collect();
    let theirs_all: Vec<_> =
        theirs.fields().map(|(tag, value)| (u32::from(tag.get()), value)).collect();
    assert_eq!(ours_all, theirs_all, "{shown}");
    if has_group(&ours) {
        return;
    }
    for info in FIELDS.iter().filter(|info| !framing.contains(&info.tag)) {
        let field = specification.field_by_tag(info.tag).expect("a field of the dictionary");
        assert_eq!(ours.get(info.tag), theirs.fv_raw(&field), "tag {} of {shown}", info.tag);
    }
}

#[test]
fn both_decoders_find_the_same_fields() {
    let specification = specification();
    let config =
        ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(seed: u64)| check(seed, &specification));
}

#[test]
fn every_message_of_the_dictionary_can_be_made_and_is_valid() {
    let mut decoder = Decoder::new();
    for seed in 0..5_000 {
        let bytes = message(seed, true);
        assert_eq!(frame::next(&bytes, 1 << 20), frame::Frame::Message { length: bytes.len() });
        let (_, verdict) = decoder.decode(&bytes);
        assert_eq!(verdict, Ok(()), "{}", String::from_utf8_lossy(&bytes).replace('\x01', "|"));
    }
}

//! The byte layouts: what is written reads the same, and no bytes make reading panic.

use proptest::prelude::*;

use crate::model::limit::{COMMAND_SIZE_MAX, EVENT_SIZE_MAX, EngineLimits, RECORD_SIZE_MAX};
use crate::model::record::HEADER_SIZE;
use crate::model::wire::Malformed;
use crate::model::*;

/// Bytes that are often a value: mostly zeros and the small numbers that name variants.
fn likely_bytes(length: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![6 => Just(0_u8), 1 => Just(1_u8), 1 => 0x30_u8..0x39, 1 => any::<u8>()];
    proptest::collection::vec(byte, length)
}

/// The length of each command's layout, found by asking: no other length is accepted.
fn lengths(mut accepts: impl FnMut(&[u8]) -> Result<(), Malformed>, most: usize) -> Vec<usize> {
    let is_length = |length: &usize| match accepts(&vec![0; *length]) {
        Ok(()) => true,
        Err(malformed) => !malformed.what.starts_with("length of "),
    };
    (0..=most).filter(is_length).collect()
}

fn command_kinds() -> impl Iterator<Item = u8> {
    (0..=u8::MAX).filter(
        |kind| !matches!(Command::get(*kind, &[0; 1_000]), Err(m) if m.what == "kind of Command"),
    )
}

fn event_kinds() -> impl Iterator<Item = u8> {
    (0..=u8::MAX).filter(|kind| {
        !matches!(EventBody::get(*kind, &[0; 1_000]), Err(m) if m.what == "kind of EventBody")
    })
}

fn new_order() -> NewOrder {
    let account = AccountId(2);
    let cl_ord_id = ClOrdId::truncated(b"order 1");
    NewOrder {
        origin: Origin { session: SessionId(1), generation: Generation(3), msg_seq_num: 1 << 40 },
        account,
        instrument: InstrumentId(4),
        cl_ord_id,
        cl_ord_id_hash: HashSecret(9).hash(account, cl_ord_id.as_bytes()),
        side: Side::Sell,
        ord_type: OrdType::Limit,
        time_in_force: TimeInForce::GoodTillCancel,
        self_trade_prevention: SelfTradePrevention::Decrement,
        post_only: true,
        poss_resend: false,
        price: Price(i64::MAX),
        quantity: Quantity(i64::MIN),
        quote_quantity: Amount(-1),
        display_quantity: Quantity(7),
        refusal: Refusal::new(RejectCode::PriceOffTick, i64::MIN, i64::MAX),
    }
}

fn record(command: Command) -> Record {
    Record {
        sequence: Sequence(u64::MAX),
        timestamp: Timestamp(1 << 60),
        epoch: Epoch(7),
        shard: ShardId(9),
        command,
    }
}

#[test]
fn every_kind_of_command_and_event_has_a_layout_that_fits() {
    assert_eq!(command_kinds().count(), 29);
    assert_eq!(event_kinds().count(), 19);
    for kind in command_kinds() {
        let lengths = lengths(|bytes| Command::get(kind, bytes).map(|_| ()), COMMAND_SIZE_MAX);
        assert_eq!(lengths.len(), 1, "command {kind} has the lengths {lengths:?}");
    }
    for kind in event_kinds() {
        let lengths = lengths(|bytes| EventBody::get(kind, bytes).map(|_| ()), EVENT_SIZE_MAX);
        assert_eq!(lengths.len(), 1, "event {kind} has the lengths {lengths:?}");
    }
}

#[test]
fn a_record_with_the_extremes_of_every_number_reads_as_it_was_written() {
    for command in [
        Command::NewOrder(new_order()),
        Command::Continue(Continue {}),
        Command::Genesis(Genesis {
            cluster: ClusterName::truncated(&[b'x'; 40]),
            hash_secret: HashSecret(u128::MAX),
            limits: EngineLimits::default(),
        }),
    ] {
        let record = record(command);
        let mut slot = RecordBytes::default();
        let length = record.put(&mut slot);
        assert_eq!(slot.used().expect("a length").len(), length);
        assert_eq!(Record::get(&slot.0), Ok(record));
    }
}

#[test]
fn a_record_cut_anywhere_is_refused() {
    let mut slot = RecordBytes::default();
    let length = record(Command::NewOrder(new_order())).put(&mut slot);
    for cut in 0..length {
        assert!(Record::get(&slot.0[..cut]).is_err(), "a record of {cut} bytes was read");
    }
}

#[test]
fn a_text_with_bytes_behind_its_end_is_refused() {
    use crate::model::wire::Wire;
    let mut bytes = [0; 37];
    ClOrdId::truncated(b"abc").put(&mut bytes);
    assert_eq!(ClOrdId::get(&bytes), Ok(ClOrdId::truncated(b"abc")));
    bytes[4] = b'd';
    assert!(ClOrdId::get(&bytes).is_err());
    bytes[0] = 37;
    assert!(ClOrdId::get(&bytes).is_err());
}

#[test]
fn the_hash_of_a_cl_ord_id_depends_on_the_secret_the_account_and_every_byte() {
    let hash = HashSecret(1).hash(AccountId(2), b"abc");
    assert_eq!(hash, HashSecret(1).hash(AccountId(2), b"abc"));
    assert_ne!(hash, HashSecret(2).hash(AccountId(2), b"abc"));
    assert_ne!(hash, HashSecret(1).hash(AccountId(3), b"abc"));
    assert_ne!(hash, HashSecret(1).hash(AccountId(2), b"abd"));
    assert_ne!(hash, HashSecret(1).hash(AccountId(2), b"abc\0"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A layout has one spelling for each value: bytes that read at all are written again as they were.
    #[test]
    fn bytes_that_read_as_a_command_are_written_the_same(
        bytes in likely_bytes(COMMAND_SIZE_MAX),
    ) {
        for kind in command_kinds() {
            for length in lengths(|b| Command::get(kind, b).map(|_| ()), COMMAND_SIZE_MAX) {
                if let Ok(command) = Command::get(kind, &bytes[..length]) {
                    let mut written = [0; COMMAND_SIZE_MAX];
                    prop_assert_eq!(command.kind(), kind);
                    prop_assert_eq!(command.put(&mut written), length);
                    prop_assert_eq!(&written[..length], &bytes[..length]);
                }
            }
        }
    }

    #[test]
    fn bytes_that_read_as_an_event_are_written_the_same(bytes in likely_bytes(EVENT_SIZE_MAX)) {
        for length in 0..=EVENT_SIZE_MAX {
            if let Ok(event) = Event::get(&bytes[..length]) {
                let mut written = [0; EVENT_SIZE_MAX];
                prop_assert_eq!(event.put(&mut written), length);
                prop_assert_eq!(&written[..length], &bytes[..length]);
            }
        }
    }

    #[test]
    fn no_bytes_make_reading_a_record_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..=RECORD_SIZE_MAX),
        length in 0_u32..300,
        kind in 0_u8..60,
        padding in 0_u8..10,
    ) {
        let mut bytes = bytes;
        let _ = Record::get(&bytes);
        if bytes.len() >= HEADER_SIZE {
            bytes[record::LENGTH_AT..record::CRC_AT].copy_from_slice(&length.to_le_bytes());
            bytes[record::KIND_AT] = kind;
            bytes[record::PADDING_AT] = padding;
            let _ = Record::get(&bytes);
        }
    }
}

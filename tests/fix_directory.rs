//! What a gateway knows follows the events.

use castle::fix::directory::Directory;
use castle::model::*;

fn event(body: EventBody) -> Event {
    Event {
        cause: Sequence(1),
        timestamp: Timestamp(1),
        session: SessionId::NONE,
        msg_seq_num: 0,
        index: 0,
        shard: ShardId(0),
        gateway: Event::EVERY_GATEWAY,
        body,
    }
}

fn instrument(id: u32, symbol: &str) -> Instrument {
    Instrument {
        id: InstrumentId(id),
        symbol: Text::truncated(symbol.as_bytes()),
        base: AssetId(1),
        quote: AssetId(2),
        price_scale: 2,
        quantity_scale: 2,
        tick: Price(1),
        lot: Quantity(1),
        quantity_min: Quantity(1),
        quantity_max: Quantity(100),
        notional_min: Amount(0),
        collar_percent: 10,
        reference_price: Price(100),
        open_orders_max: 1,
        maker_fee: 0,
        taker_fee: 0,
        state: InstrumentState::Trading,
    }
}

#[test]
fn a_symbol_leads_to_its_instrument_among_thousands() {
    let mut directory = Directory::new(Text::truncated(b"ISLD"), HashSecret(7));
    assert!(directory.instrument_by_symbol(b"S1").is_none());
    for id in 0..1_000 {
        directory.apply(&event(EventBody::InstrumentDefined(instrument(id, &format!("S{id}")))));
    }
    for id in 0..1_000 {
        let found = directory.instrument_by_symbol(format!("S{id}").as_bytes());
        assert_eq!(found.map(|instrument| instrument.id), Some(InstrumentId(id)));
    }
    assert!(directory.instrument_by_symbol(b"S1000").is_none());
    assert!(directory.instrument_by_symbol(b"").is_none());
    assert_eq!(directory.instruments().count(), 1_000);
}

#[test]
fn a_definition_that_comes_again_replaces_the_one_before_its_name_too() {
    let mut directory = Directory::new(Text::truncated(b"ISLD"), HashSecret(7));
    directory.apply(&event(EventBody::InstrumentDefined(instrument(5, "OLD"))));
    directory.apply(&event(EventBody::InstrumentDefined(instrument(5, "NEW"))));
    assert!(directory.instrument_by_symbol(b"OLD").is_none());
    assert!(directory.instrument_by_symbol(b"NEW").is_some());
    assert!(directory.instrument(InstrumentId(4)).is_none());
    assert!(directory.instrument(InstrumentId(u32::MAX)).is_none());
}

#[test]
fn sessions_and_assets_are_found_by_id_and_by_name() {
    let mut directory = Directory::new(Text::truncated(b"ISLD"), HashSecret(7));
    let session = SessionDefinition {
        id: SessionId(3),
        account: AccountId(9),
        comp_id: Text::truncated(b"TW44"),
        reset_on_logon: true,
        cancel_on_disconnect: false,
    };
    directory.apply(&event(EventBody::SessionDefined(session)));
    let asset = Asset { id: AssetId(2), name: Text::truncated(b"USD"), scale: 6 };
    directory.apply(&event(EventBody::AssetDefined(asset)));
    assert_eq!(directory.session_by_comp_id(b"TW44"), Some(&session));
    assert_eq!(directory.session_by_comp_id(b"WT"), None);
    assert_eq!(directory.session(SessionId(3)), Some(&session));
    assert_eq!(directory.asset(AssetId(2)), Some(&asset));
    assert_eq!(directory.assets().count() + directory.sessions().count(), 2);
    assert_eq!(directory.venue().as_bytes(), b"ISLD");
    assert_eq!(directory.secret(), HashSecret(7));
}

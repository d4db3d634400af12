//! A venue as it is by noon: one instrument, 64 traders, a thousand orders on a hundred levels.

use castle::engine::{Engine, EventSink};
use castle::model::limit::EngineLimits;
use castle::model::*;

pub const SECRET: HashSecret = HashSecret(0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978);
pub const INSTRUMENT: InstrumentId = InstrumentId(0);
/// Orders rest below it to buy, above it to sell.
pub const MIDDLE: i64 = 6_000_000;
/// The quantity of an order, unless said otherwise.
pub const QUANTITY: i64 = 1_000;
const TRADERS: u32 = 64;
/// Levels of each side, and orders on each.
const LEVELS: (i64, i64) = (50, 10);
const WEALTH: Amount = Amount(4_000_000_000_000_000);

pub const BASE: Asset = Asset { id: AssetId(0), name: AssetName::EMPTY, scale: 4 };

pub fn instrument() -> Instrument {
    Instrument {
        id: INSTRUMENT,
        symbol: Symbol::truncated(b"BTCUSDT"),
        base: AssetId(0),
        quote: AssetId(1),
        price_scale: 2,
        quantity_scale: 3,
        tick: Price(1),
        lot: Quantity(10),
        quantity_min: Quantity(10),
        quantity_max: Quantity(1_000_000),
        notional_min: Amount(1),
        collar_percent: 50,
        reference_price: Price(MIDDLE),
        open_orders_max: 100_000,
        maker_fee: 10,
        taker_fee: 20,
        state: InstrumentState::Trading,
    }
}

pub fn assets() -> [Asset; 2] {
    let named =
        |id, name: &[u8]| Asset { id: AssetId(id), name: AssetName::truncated(name), ..BASE };
    [named(0, b"BTC"), named(1, b"USDT")]
}

/// What came of the records.
#[derive(Default)]
pub struct Told {
    pub events: u64,
    pub trades: u64,
    pub canceled: u64,
    pub replaced: u64,
    pub refused: u64,
}

impl EventSink for Told {
    fn emit(&mut self, event: &Event) {
        self.events += 1;
        match std::hint::black_box(&event.body) {
            EventBody::Execution(told) => match told.exec_type {
                ExecType::Trade => self.trades += 1,
                ExecType::Canceled => self.canceled += 1,
                ExecType::Replaced => self.replaced += 1,
                ExecType::Rejected => self.refused += 1,
                _ => {}
            },
            EventBody::CancelReject(_) => self.refused += 1,
            _ => {}
        }
    }
}

/// An order as its owner knows it.
#[derive(Clone, Copy)]
pub struct Known {
    pub trader: u32,
    pub id: OrderId,
    pub cl_ord_id: ClOrdId,
    pub hash: u64,
    pub side: Side,
    pub price: i64,
}

pub struct Venue {
    pub engine: Engine,
    pub told: Told,
    sequence: u64,
    ids: u64,
    numbers: Vec<u64>,
}

impl Venue {
    pub fn new() -> Self {
        let mut venue = Self {
            engine: Engine::new(),
            told: Told::default(),
            sequence: 0,
            ids: 0,
            numbers: vec![1; TRADERS as usize + 1],
        };
        let limits = EngineLimits {
            orders_max: 65_536,
            cl_ord_ids_max: 1_048_576,
            cl_ord_ids_per_account_max: 262_144,
            cl_ord_ids_kept: 65_536,
            accounts_max: 1_024,
            instruments_max: 1_024,
            sessions_max: 1_024,
        };
        let cluster = ClusterName::truncated(b"counts");
        venue.apply(Command::Genesis(Genesis { cluster, hash_secret: SECRET, limits }));
        for asset in assets() {
            venue.apply(Command::DefineAsset(DefineAsset { request: 0, asset }));
        }
        let instrument = instrument();
        venue.apply(Command::DefineInstrument(DefineInstrument { request: 0, instrument }));
        for trader in 1..=TRADERS {
            venue.enrol(trader);
        }
        venue.fill();
        venue
    }

    fn enrol(&mut self, trader: u32) {
        let account = AccountId(trader + 1);
        self.apply(Command::OpenAccount(OpenAccount { request: 0, account }));
        for asset in assets() {
            let reference = Reference::truncated(format!("{trader} {}", asset.id).as_bytes());
            let (asset, amount) = (asset.id, WEALTH);
            let transfer = Transfer { request: 0, account, asset, amount, reference };
            self.apply(Command::Deposit(transfer));
        }
        let session = SessionDefinition {
            id: SessionId(trader),
            account,
            comp_id: CompId::truncated(format!("C{trader}").as_bytes()),
            reset_on_logon: false,
            cancel_on_disconnect: false,
        };
        self.apply(Command::DefineSession(DefineSession { request: 0, session }));
        self.apply(Command::Logon(Logon {
            session: SessionId(trader),
            msg_seq_num: 1,
            gateway: GatewayId(1),
            connection: ConnectionId(trader),
            heart_bt_int: 30,
            reset_requested: false,
            next_expected: 0,
        }));
    }

    /// From the second level on: the first is for those that meet.
    fn fill(&mut self) {
        let (levels, orders) = LEVELS;
        for number in 0..levels * orders {
            for side in [Side::Buy, Side::Sell] {
                let order = self.limit(number, side, 2 + number / orders, QUANTITY);
                self.apply_all(&[order.0]);
            }
        }
    }

    /// The record of a command; its sequence is the next.
    pub fn record(&mut self, command: Command) -> Record {
        self.sequence += 1;
        let (sequence, timestamp) = (Sequence(self.sequence), Timestamp(self.sequence));
        Record { sequence, timestamp, epoch: Epoch(1), shard: ShardId(0), command }
    }

    fn apply(&mut self, command: Command) {
        let record = self.record(command);
        self.engine.apply(&record, &mut self.told);
    }

    pub fn apply_all(&mut self, records: &[Record]) {
        for record in records {
            self.engine.apply(record, &mut self.told);
        }
    }

    /// The traders in turn.
    pub fn trader(number: i64) -> u32 {
        number.rem_euclid(i64::from(TRADERS)) as u32 + 1
    }

    pub fn names(&mut self, trader: u32) -> (Origin, ClOrdId, u64) {
        self.ids += 1;
        let bytes = format!("ORD-{:016x}", self.ids);
        let cl_ord_id = ClOrdId::truncated(bytes.as_bytes());
        let hash = SECRET.hash(AccountId(trader + 1), bytes.as_bytes());
        self.numbers[trader as usize] += 1;
        let msg_seq_num = self.numbers[trader as usize];
        let session = SessionId(trader);
        (Origin { session, generation: Generation(1), msg_seq_num }, cl_ord_id, hash)
    }

    /// A limit order so many ticks away from the middle, in the direction of its side.
    pub fn limit(&mut self, number: i64, side: Side, away: i64, quantity: i64) -> (Record, Known) {
        let trader = Self::trader(number);
        let price = if side == Side::Buy { MIDDLE - away } else { MIDDLE + away };
        let (origin, cl_ord_id, hash) = self.names(trader);
        let record = self.record(Command::NewOrder(NewOrder {
            origin,
            account: AccountId(trader + 1),
            instrument: INSTRUMENT,
            cl_ord_id,
            cl_ord_id_hash: hash,
            side,
            ord_type: OrdType::Limit,
            time_in_force: TimeInForce::GoodTillCancel,
            self_trade_prevention: SelfTradePrevention::ExpireMaker,
            post_only: false,
            poss_resend: false,
            price: Price(price),
            quantity: Quantity(quantity),
            quote_quantity: Amount::ZERO,
            display_quantity: Quantity::ZERO,
            refusal: Refusal::NONE,
        }));
        let id = OrderId(record.sequence.0);
        (record, Known { trader, id, cl_ord_id, hash, side, price })
    }

    /// So many orders that rest, of traders in turn.
    pub fn resting(&mut self, count: i64, side: Side, away: i64) -> Vec<Known> {
        let mut known = Vec::new();
        for number in 0..count {
            let (record, order) = self.limit(number, side, away, QUANTITY);
            self.apply_all(&[record]);
            known.push(order);
        }
        known
    }
}

//! The engine allocates nothing per command once its memory has been touched.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use castle::engine::{Engine, EventSink};
use castle::model::limit::EngineLimits;
use castle::model::*;

/// Counts what the program allocates.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Counts the events and keeps none.
#[derive(Default)]
struct Count(u64);

impl EventSink for Count {
    fn emit(&mut self, _: &Event) {
        self.0 += 1;
    }
}

const SECRET: HashSecret = HashSecret(3);
const ACCOUNTS: u32 = 8;

struct Venue {
    engine: Engine,
    sequence: u64,
    random: u64,
    ids: u64,
    told: Count,
    open: Vec<(u32, u64, Side)>,
}

impl Venue {
    fn new() -> Self {
        let mut venue = Self {
            engine: Engine::new(),
            sequence: 0,
            random: 1,
            ids: 0,
            told: Count::default(),
            open: Vec::with_capacity(100_000),
        };
        let cluster = ClusterName::truncated(b"test");
        let limits = EngineLimits::default();
        venue.apply(Command::Genesis(Genesis { cluster, hash_secret: SECRET, limits }));
        for id in 0..2 {
            let name = AssetName::truncated(&[b'X' + id as u8]);
            let asset = Asset { id: AssetId(id), name, scale: 0 };
            venue.apply(Command::DefineAsset(DefineAsset { request: 0, asset }));
        }
        let instrument = Instrument {
            id: InstrumentId(0),
            symbol: Symbol::truncated(b"X-Y"),
            base: AssetId(0),
            quote: AssetId(1),
            price_scale: 0,
            quantity_scale: 0,
            tick: Price(1),
            lot: Quantity(1),
            quantity_min: Quantity(1),
            quantity_max: Quantity(1_000_000),
            notional_min: Amount(1),
            collar_percent: 50,
            reference_price: Price(10_000),
            open_orders_max: 100_000,
            maker_fee: 10,
            taker_fee: 20,
            state: InstrumentState::Trading,
        };
        venue.apply(Command::DefineInstrument(DefineInstrument { request: 0, instrument }));
        for number in 1..=ACCOUNTS {
            venue.member(number);
        }
        venue
    }

    fn member(&mut self, number: u32) {
        let account = AccountId(number + 1);
        self.apply(Command::OpenAccount(OpenAccount { request: 0, account }));
        for asset in 0..2 {
            let reference = Reference::truncated(format!("{number} {asset}").as_bytes());
            self.apply(Command::Deposit(Transfer {
                request: 0,
                account,
                asset: AssetId(asset),
                amount: Amount(1_000_000_000_000),
                reference,
            }));
        }
        let session = SessionDefinition {
            id: SessionId(number),
            account,
            comp_id: CompId::truncated(format!("C{number}").as_bytes()),
            reset_on_logon: false,
            cancel_on_disconnect: false,
        };
        self.apply(Command::DefineSession(DefineSession { request: 0, session }));
        self.apply(Command::Logon(Logon {
            session: SessionId(number),
            msg_seq_num: 1,
            gateway: GatewayId(1),
            connection: ConnectionId(number),
            heart_bt_int: 30,
            reset_requested: false,
            next_expected: 0,
        }));
    }

    fn apply(&mut self, command: Command) {
        self.sequence += 1;
        let record = Record {
            sequence: Sequence(self.sequence),
            timestamp: Timestamp(self.sequence),
            epoch: Epoch(1),
            shard: ShardId(0),
            command,
        };
        self.engine.apply(&record, &mut self.told);
        if self.engine.has_continuation() {
            self.apply(Command::Continue(Continue {}));
        }
    }

    fn dice(&mut self, sides: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % sides
    }

    fn id(&mut self, account: AccountId) -> (ClOrdId, u64) {
        self.ids += 1;
        let bytes = self.ids.to_le_bytes();
        (ClOrdId::truncated(&bytes), SECRET.hash(account, &bytes))
    }

    fn origin(number: u32) -> Origin {
        Origin { session: SessionId(number), generation: Generation(1), msg_seq_num: 0 }
    }

    /// An order, a cancel, a replace, a fill, or one that is refused.
    fn step(&mut self) {
        let number = self.dice(u64::from(ACCOUNTS)) as u32 + 1;
        let account = AccountId(number + 1);
        let (cl_ord_id, cl_ord_id_hash) = self.id(account);
        let origin = Self::origin(number);
        if self.open.len() > 1_000 || (self.open.len() > 500 && self.dice(2) == 0) {
            let at = self.dice(self.open.len() as u64) as usize;
            let (number, order, side) = self.open.swap_remove(at);
            return self.cancel(number, OrderId(order), side);
        }
        let side = if self.dice(2) == 0 { Side::Buy } else { Side::Sell };
        let distance = self.dice(100) as i64 - 2;
        let price = if side == Side::Buy { 10_000 - distance } else { 10_000 + distance };
        self.open.push((number, self.sequence + 1, side));
        self.apply(Command::NewOrder(NewOrder {
            origin,
            account,
            instrument: InstrumentId(0),
            cl_ord_id,
            cl_ord_id_hash,
            side,
            ord_type: OrdType::Limit,
            time_in_force: TimeInForce::GoodTillCancel,
            self_trade_prevention: SelfTradePrevention::ExpireMaker,
            post_only: false,
            poss_resend: false,
            price: Price(price),
            quantity: Quantity(self.random as i64 & 15),
            quote_quantity: Amount::ZERO,
            display_quantity: Quantity::ZERO,
            refusal: Refusal::NONE,
        }));
    }

    fn cancel(&mut self, number: u32, order: OrderId, side: Side) {
        let account = AccountId(number + 1);
        let (cl_ord_id, cl_ord_id_hash) = self.id(account);
        let (origin, poss_resend) = (Self::origin(number), false);
        let instrument = CancelOrder::ANY_INSTRUMENT;
        let (orig_cl_ord_id, orig_cl_ord_id_hash) = (ClOrdId::EMPTY, 0);
        let refusal = Refusal::NONE;
        if self.dice(3) == 0 {
            self.open.push((number, order.0, side));
            return self.apply(Command::ReplaceOrder(ReplaceOrder {
                origin,
                account,
                instrument,
                side,
                order,
                cl_ord_id,
                cl_ord_id_hash,
                orig_cl_ord_id,
                orig_cl_ord_id_hash,
                ord_type: OrdType::Limit,
                time_in_force: ReplaceTimeInForce::Unchanged,
                price: Price(if side == Side::Buy { 9_950 } else { 10_050 }),
                quantity: Quantity(7),
                display_quantity: Quantity::ZERO,
                post_only: false,
                self_trade_prevention: ReplaceSelfTradePrevention::Unchanged,
                poss_resend,
                refusal,
            }));
        }
        self.apply(Command::CancelOrder(CancelOrder {
            origin,
            account,
            instrument,
            side,
            order,
            cl_ord_id,
            cl_ord_id_hash,
            orig_cl_ord_id,
            orig_cl_ord_id_hash,
            poss_resend,
            refusal,
        }));
    }
}

#[test]
fn orders_cancels_replaces_rejects_and_fills_allocate_nothing_once_warm() {
    let mut venue = Venue::new();
    for _ in 0..20_000 {
        venue.step();
    }
    let (before, told) = (ALLOCATIONS.load(Ordering::Relaxed), venue.told.0);
    let began = std::time::Instant::now();
    for _ in 0..100_000 {
        venue.step();
    }
    let nanoseconds = began.elapsed().as_nanos() / 100_000;
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(allocations, 0);
    assert!(venue.told.0 - told > 100_000, "there were events");
    venue.engine.audit().unwrap();
    println!("{nanoseconds} ns a command, the test's own work included");
}

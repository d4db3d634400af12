//! The flow of orders, made before anything is measured.
//!
//! 1. The mix is that of exchange-core's published tests: in the steady state 5 % immediate orders,
//!    2.5 % cancels, 2.5 % reductions and 90 % moves; while the book fills, of what is no new order,
//!    20, 10, 10 and 60 %. A move replaces the price, a step towards the last trade.
//! 2. Trades and cancels take orders away: whenever fewer rest than the preset says, the next command
//!    is a new order. While the book fills, every second one is.
//! 3. Clients name an order by OrigClOrdID, as FIX has it. ClOrdIDs are 20 bytes.
//! 4. An engine of its own takes the commands as they are made, and its events tell what still rests.

use std::collections::HashMap;

use castle::engine::{Engine, EventSink};
use castle::model::limit::EngineLimits;
use castle::model::*;

const SECRET: HashSecret = HashSecret(0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978);
/// The price of every instrument before its first trade, in ticks.
const START_PRICE: i64 = 100_000;
/// New orders lie within this of the last trade, most of them near it.
const DISTANCE_MAX: i64 = 5_000;
const QUANTITY_MAX: u64 = 100;
/// So much of each of its assets a trader has.
const WEALTH: Amount = Amount(4_000_000_000_000);

/// A size of venue.
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    instruments: u32,
    traders: u32,
    resting: u32,
    /// Bases; and quotes, each base against each quote being an instrument.
    assets: u32,
    /// Bases and quotes that a trader has.
    assets_each: u32,
}

impl Preset {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self {
            name: "single-pair",
            instruments: 1,
            traders: 1_000,
            resting: 1_000,
            assets: 1,
            assets_each: 1,
        },
        // A session a trader: the venue has room for 65,535. They have 1,048,000 balances.
        Self {
            name: "medium",
            instruments: 10_000,
            traders: 65_500,
            resting: 1_000_000,
            assets: 100,
            assets_each: 8,
        },
        Self {
            name: "peak",
            instruments: 100,
            traders: 10_000,
            resting: 10_000,
            assets: 10,
            assets_each: 4,
        },
    ];
}

/// What a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An order that rests.
    New,
    /// An order that takes what is there.
    Immediate,
    /// A cancel.
    Cancel,
    /// A replace that lowers the quantity and keeps the place.
    Reduction,
    /// A replace of the price.
    Move,
    /// The engine goes on with the last.
    Continue,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::New, Self::Immediate, Self::Cancel, Self::Reduction, Self::Move, Self::Continue];
}

/// A record and what it is for.
pub struct Step {
    /// What it is for.
    pub kind: Kind,
    /// The record.
    pub record: Record,
}

/// All records of a run.
pub struct Flow {
    /// Assets, instruments, accounts with money, sessions that are logged on.
    pub definitions: Vec<Record>,
    /// What fills the book.
    pub filling: Vec<Step>,
    /// What follows.
    pub steady: Vec<Step>,
    /// Orders that rest at its end.
    pub resting: u32,
}

/// An order that rests, as its owner knows it.
#[derive(Clone, Copy)]
struct Order {
    id: OrderId,
    trader: u32,
    instrument: u32,
    side: Side,
    price: i64,
    quantity: i64,
    leaves: i64,
    cl_ord_id: ClOrdId,
}

/// The orders that rest, and the last prices.
struct Book {
    orders: Vec<Order>,
    at: HashMap<OrderId, usize>,
    last_trade: Vec<i64>,
    refused: u64,
}

impl EventSink for Book {
    fn emit(&mut self, event: &Event) {
        let told = match &event.body {
            EventBody::Execution(told) => told,
            EventBody::CancelReject(_) => {
                self.refused += 1;
                return;
            }
            _ => return,
        };
        if told.exec_type == ExecType::Rejected {
            self.refused += 1;
            return;
        }
        if told.exec_type == ExecType::Trade {
            self.last_trade[told.instrument.index()] = told.last_price.0;
        }
        let known = self.at.get(&told.order).copied();
        let open = matches!(told.ord_status, OrdStatus::New | OrdStatus::PartiallyFilled);
        match (known, open && told.time_in_force != TimeInForce::ImmediateOrCancel) {
            (Some(at), true) => {
                let order = &mut self.orders[at];
                order.price = told.price.0;
                order.quantity = told.quantity.0;
                order.leaves = told.leaves_quantity.0;
                order.cl_ord_id = told.cl_ord_id;
            }
            (Some(at), false) => {
                self.at.remove(&told.order);
                self.orders.swap_remove(at);
                if let Some(moved) = self.orders.get(at) {
                    self.at.insert(moved.id, at);
                }
            }
            (None, true) => {
                self.at.insert(told.order, self.orders.len());
                self.orders.push(Order {
                    id: told.order,
                    trader: event.session.0,
                    instrument: told.instrument.0,
                    side: told.side,
                    price: told.price.0,
                    quantity: told.quantity.0,
                    leaves: told.leaves_quantity.0,
                    cl_ord_id: told.cl_ord_id,
                });
            }
            (None, false) => {}
        }
    }
}

struct Generator {
    preset: &'static Preset,
    engine: Engine,
    book: Book,
    sequence: u64,
    random: u64,
    ids: u64,
    numbers: Vec<u64>,
}

impl Flow {
    /// Makes the definitions, the filling phase, and `commands` of the steady state.
    pub fn make(preset: &'static Preset, commands: usize) -> Self {
        let mut generator = Generator::new(preset);
        let definitions = generator.definitions();
        let mut filling = Vec::with_capacity(2 * preset.resting as usize);
        while generator.resting() < preset.resting {
            let new = generator.dice(2) == 0;
            generator.step(&mut filling, new, [200, 100, 100, 600]);
        }
        let mut steady = Vec::with_capacity(commands + commands / 16);
        while steady.len() < commands {
            let new = generator.resting() < preset.resting;
            generator.step(&mut steady, new, [50, 25, 25, 900]);
        }
        assert_eq!(generator.book.refused, 0, "the flow has commands that are refused");
        Self { definitions, filling, steady, resting: generator.resting() }
    }
}

impl Generator {
    fn new(preset: &'static Preset) -> Self {
        let book = Book {
            orders: Vec::new(),
            at: HashMap::new(),
            last_trade: vec![START_PRICE; preset.instruments as usize],
            refused: 0,
        };
        let numbers = vec![1; preset.traders as usize + 1];
        Self { preset, engine: Engine::new(), book, sequence: 0, random: 7, ids: 0, numbers }
    }

    fn resting(&self) -> u32 {
        self.book.orders.len() as u32
    }

    fn dice(&mut self, sides: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % sides
    }

    fn apply(&mut self, command: Command) -> Record {
        self.sequence += 1;
        let record = Record {
            sequence: Sequence(self.sequence),
            timestamp: Timestamp(self.sequence),
            epoch: Epoch(1),
            shard: ShardId(0),
            command,
        };
        self.engine.apply(&record, &mut self.book);
        record
    }

    fn definitions(&mut self) -> Vec<Record> {
        let Preset { instruments, traders, assets, assets_each, .. } = *self.preset;
        let cluster = ClusterName::truncated(b"bench");
        let limits = EngineLimits::default();
        let mut all = vec![Command::Genesis(Genesis { cluster, hash_secret: SECRET, limits })];
        for id in 0..2 * assets {
            let name = AssetName::truncated(format!("A{id}").as_bytes());
            let asset = Asset { id: AssetId(id as u16), name, scale: 4 };
            all.push(Command::DefineAsset(DefineAsset { request: 0, asset }));
        }
        for id in 0..instruments {
            let instrument = self.instrument(id);
            all.push(Command::DefineInstrument(DefineInstrument { request: 0, instrument }));
        }
        for trader in 1..=traders {
            let account = AccountId(trader + 1);
            all.push(Command::OpenAccount(OpenAccount { request: 0, account }));
            for each in 0..assets_each {
                for asset in [(trader + each) % assets, assets + (trader + each) % assets] {
                    let reference = Reference::truncated(format!("{trader} {asset}").as_bytes());
                    all.push(Command::Deposit(Transfer {
                        request: 0,
                        account,
                        asset: AssetId(asset as u16),
                        amount: WEALTH,
                        reference,
                    }));
                }
            }
            let session = SessionDefinition {
                id: SessionId(trader),
                account,
                comp_id: CompId::truncated(format!("C{trader}").as_bytes()),
                reset_on_logon: false,
                cancel_on_disconnect: false,
            };
            all.push(Command::DefineSession(DefineSession { request: 0, session }));
            all.push(Command::Logon(Logon {
                session: SessionId(trader),
                msg_seq_num: 1,
                gateway: GatewayId(1),
                connection: ConnectionId(trader),
                heart_bt_int: 30,
                reset_requested: false,
                next_expected: 0,
            }));
        }
        all.into_iter().map(|command| self.apply(command)).collect()
    }

    /// Tick and lot, prices and amounts as of a coin against a dollar: scales differ, fees are on.
    fn instrument(&self, id: u32) -> Instrument {
        let assets = self.preset.assets;
        Instrument {
            id: InstrumentId(id),
            symbol: Symbol::truncated(format!("I{id}").as_bytes()),
            base: AssetId((id % assets) as u16),
            quote: AssetId((assets + id / assets) as u16),
            price_scale: 2,
            quantity_scale: 3,
            tick: Price(1),
            lot: Quantity(10),
            quantity_min: Quantity(10),
            quantity_max: Quantity(1_000_000),
            notional_min: Amount(1),
            collar_percent: 50,
            reference_price: Price(START_PRICE),
            open_orders_max: 1_000_000,
            maker_fee: 10,
            taker_fee: 20,
            state: InstrumentState::Trading,
        }
    }

    /// Makes a command and keeps its records.
    fn step(&mut self, steps: &mut Vec<Step>, new: bool, mix: [u64; 4]) {
        let [immediate, cancel, reduction, _] = mix;
        let dice = self.dice(1_000);
        let (kind, command) = if new || self.book.orders.is_empty() {
            (Kind::New, self.new_order(TimeInForce::GoodTillCancel))
        } else if dice < immediate {
            (Kind::Immediate, self.new_order(TimeInForce::ImmediateOrCancel))
        } else {
            let at = self.dice(self.book.orders.len() as u64) as usize;
            let order = self.book.orders[at];
            if dice < immediate + cancel {
                (Kind::Cancel, self.cancel(&order))
            } else if dice < immediate + cancel + reduction && order.leaves > LOT {
                let quantity = order.quantity - order.leaves / 2 / LOT * LOT;
                let quantity = if quantity == order.quantity { quantity - LOT } else { quantity };
                (Kind::Reduction, self.replace(&order, order.price, quantity))
            } else {
                let price = order.price + self.move_of(&order);
                (Kind::Move, self.replace(&order, price, order.quantity))
            }
        };
        let record = self.apply(command);
        steps.push(Step { kind, record });
        while self.engine.has_continuation() {
            let record = self.apply(Command::Continue(Continue {}));
            steps.push(Step { kind: Kind::Continue, record });
        }
    }

    /// A hundredth of the way to the last trade, a tick at least.
    fn move_of(&mut self, order: &Order) -> i64 {
        let way = self.book.last_trade[order.instrument as usize] - order.price;
        match (way / 100, way.signum()) {
            (0, 0) => 2 * self.dice(2) as i64 - 1,
            (0, sign) => sign,
            (step, _) => step,
        }
    }

    fn names(&mut self, trader: u32) -> (Origin, ClOrdId, u64) {
        self.ids += 1;
        let bytes = format!("{:020}", self.ids);
        let cl_ord_id = ClOrdId::truncated(bytes.as_bytes());
        let hash = SECRET.hash(AccountId(trader + 1), bytes.as_bytes());
        self.numbers[trader as usize] += 1;
        let msg_seq_num = self.numbers[trader as usize];
        let session = SessionId(trader);
        (Origin { session, generation: Generation(1), msg_seq_num }, cl_ord_id, hash)
    }

    fn new_order(&mut self, time_in_force: TimeInForce) -> Command {
        let Preset { instruments, traders, assets, assets_each, .. } = *self.preset;
        let trader = self.dice(u64::from(traders)) as u32 + 1;
        let base = (trader + self.dice(u64::from(assets_each)) as u32) % assets;
        let quote = (trader + self.dice(u64::from(assets_each)) as u32) % assets;
        let instrument = (quote * assets + base) % instruments;
        let (origin, cl_ord_id, cl_ord_id_hash) = self.names(trader);
        let side = if self.dice(2) == 0 { Side::Buy } else { Side::Sell };
        let far = self.dice(1_000) as i64;
        let distance = match time_in_force {
            TimeInForce::ImmediateOrCancel => -DISTANCE_MAX,
            _ => 1 + DISTANCE_MAX * far * far / 1_000_000,
        };
        let last = self.book.last_trade[instrument as usize];
        let price = if side == Side::Buy { last - distance } else { last + distance };
        let most = START_PRICE * 7 / 5;
        let price = price.clamp(START_PRICE * 3 / 5, most);
        let quantity = LOT * (self.dice(QUANTITY_MAX) as i64 + 1);
        Command::NewOrder(NewOrder {
            origin,
            account: AccountId(trader + 1),
            instrument: InstrumentId(instrument),
            cl_ord_id,
            cl_ord_id_hash,
            side,
            ord_type: OrdType::Limit,
            time_in_force,
            self_trade_prevention: SelfTradePrevention::ExpireMaker,
            post_only: false,
            poss_resend: false,
            price: Price(price),
            quantity: Quantity(quantity),
            quote_quantity: Amount::ZERO,
            display_quantity: Quantity::ZERO,
            refusal: Refusal::NONE,
        })
    }

    fn cancel(&mut self, order: &Order) -> Command {
        let account = AccountId(order.trader + 1);
        let (origin, cl_ord_id, cl_ord_id_hash) = self.names(order.trader);
        Command::CancelOrder(CancelOrder {
            origin,
            account,
            instrument: InstrumentId(order.instrument),
            side: order.side,
            order: OrderId::NONE,
            cl_ord_id,
            cl_ord_id_hash,
            orig_cl_ord_id: order.cl_ord_id,
            orig_cl_ord_id_hash: SECRET.hash(account, order.cl_ord_id.as_bytes()),
            poss_resend: false,
            refusal: Refusal::NONE,
        })
    }

    fn replace(&mut self, order: &Order, price: i64, quantity: i64) -> Command {
        let account = AccountId(order.trader + 1);
        let (origin, cl_ord_id, cl_ord_id_hash) = self.names(order.trader);
        Command::ReplaceOrder(ReplaceOrder {
            origin,
            account,
            instrument: InstrumentId(order.instrument),
            side: order.side,
            order: OrderId::NONE,
            cl_ord_id,
            cl_ord_id_hash,
            orig_cl_ord_id: order.cl_ord_id,
            orig_cl_ord_id_hash: SECRET.hash(account, order.cl_ord_id.as_bytes()),
            ord_type: OrdType::Limit,
            time_in_force: ReplaceTimeInForce::Unchanged,
            price: Price(price),
            quantity: Quantity(quantity),
            display_quantity: Quantity::ZERO,
            post_only: false,
            self_trade_prevention: ReplaceSelfTradePrevention::Unchanged,
            poss_resend: false,
            refusal: Refusal::NONE,
        })
    }
}

/// The lot of every instrument.
const LOT: i64 = 10;

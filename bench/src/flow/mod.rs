//! The flow of orders, made before anything is measured.
//!
//! 1. The mix is that of exchange-core's published tests: in the steady state 5 % immediate orders,
//!    2.5 % cancels, 2.5 % reductions and 90 % moves; while the book fills, of what is no new order,
//!    20, 10, 10 and 60 %. A move replaces the price, a step towards the last trade.
//! 2. Trades and cancels take orders away: whenever fewer rest than the preset says, the next command
//!    is a new order. While the book fills, every second one is.
//! 3. `avalanche` fills alike. Then an immediate order takes one whole side, new orders fill it again,
//!    and the other side is next.
//! 4. Clients name an order by OrigClOrdID, as FIX has it. ClOrdIDs are 20 bytes.
//! 5. What rests is known from the generator's own [`Model`], which never hears of the engine's.

mod model;
mod sequenced;

use castle::model::limit::EngineLimits;
use castle::model::*;

pub use model::{Level, Model, Order};
pub use sequenced::{Flow, SequencedStep};

const SECRET: HashSecret = HashSecret(0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978);
/// The price of every instrument before its first trade, in ticks.
const START_PRICE: u32 = 100_000;
/// New orders lie within this of the last trade, most of them near it.
const DISTANCE_MAX: u32 = 5_000;
/// Most lots of an order.
const LOTS_MAX: u64 = 100;
/// The lot of every instrument.
const LOT: u32 = 10;
/// So much of each of its assets a trader has.
const WEALTH: Amount = Amount(4_000_000_000_000);
/// So much of one asset an account has that does not trade.
const SAVINGS: Amount = Amount(1_000_000);
/// Decimal places of assets, of prices and of quantities.
const ASSET_SCALE: u8 = 4;
const PRICE_SCALE: u8 = 2;
const QUANTITY_SCALE: u8 = 3;

/// A size of venue.
#[derive(Debug)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// Instruments.
    pub instruments: u32,
    /// Accounts that trade, each through a session of its own.
    pub traders: u32,
    /// Accounts with money that do not trade.
    pub savers: u32,
    /// Orders that rest in the steady state.
    pub resting: u32,
    /// Bases; and quotes, each base against each quote being an instrument.
    assets: u32,
    /// Bases and quotes that a trader has.
    assets_each: u32,
    /// Whole sides are taken.
    sweeps: bool,
    /// Who buys never sells, so that nobody meets himself.
    apart: bool,
}

impl Preset {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self {
            name: "single-pair",
            instruments: 1,
            traders: 1_000,
            savers: 0,
            resting: 1_000,
            assets: 1,
            assets_each: 1,
            sweeps: false,
            apart: false,
        },
        // An order's account is its session's, for which the venue has 65,535 places. So these have a
        // session and trade, with 1,048,000 balances, and the rest of a million accounts has money.
        Self {
            name: "medium",
            instruments: 10_000,
            traders: 65_500,
            savers: 934_500,
            resting: 1_000_000,
            assets: 100,
            assets_each: 8,
            sweeps: false,
            apart: false,
        },
        Self {
            name: "peak",
            instruments: 100,
            traders: 10_000,
            savers: 0,
            resting: 10_000,
            assets: 10,
            assets_each: 4,
            sweeps: false,
            apart: false,
        },
        Self {
            name: "avalanche",
            instruments: 1,
            traders: 1_000,
            savers: 0,
            resting: 1_000,
            assets: 1,
            assets_each: 1,
            sweeps: true,
            apart: false,
        },
    ];

    /// `single-pair` for books that know no accounts: nobody meets himself in it.
    pub const FOR_BOOKS: &Self = &Self {
        name: "single-pair for books",
        instruments: 1,
        traders: 1_000,
        savers: 0,
        resting: 1_000,
        assets: 1,
        assets_each: 1,
        sweeps: false,
        apart: true,
    };

    /// The preset of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|preset| preset.name == name)
    }

    /// What each account was given, by account and asset.
    pub fn deposits(&self) -> impl Iterator<Item = (AccountId, AssetId, Amount)> {
        let Self { traders, savers, assets, assets_each, .. } = *self;
        let of_traders = (1..=traders).flat_map(move |trader| {
            (0..assets_each).flat_map(move |each| {
                let asset = (trader + each) % assets;
                [asset, assets + asset]
                    .map(|asset| (account(trader), AssetId(asset as u16), WEALTH))
            })
        });
        let of_savers = (traders + 1..=traders + savers).map(move |saver| {
            let asset = AssetId((saver % (2 * assets)) as u16);
            (account(saver), asset, SAVINGS)
        });
        of_traders.chain(of_savers)
    }

    /// What an order with that much left sets aside: an asset, and how much of it.
    pub fn cost(&self, order: &Order) -> (AssetId, i64) {
        let Instrument { base, quote, .. } = self.instrument(order.instrument);
        let (price, leaves) = (i64::from(order.price), i64::from(order.leaves));
        let power = |scale: u8| 10_i64.pow(u32::from(scale));
        match order.side {
            Side::Buy => {
                (quote, price * leaves / power(PRICE_SCALE + QUANTITY_SCALE - ASSET_SCALE))
            }
            Side::Sell => (base, leaves * power(ASSET_SCALE - QUANTITY_SCALE)),
        }
    }

    /// Tick and lot, prices and amounts as of a coin against a dollar: scales differ, fees are on.
    fn instrument(&self, id: u32) -> Instrument {
        Instrument {
            id: InstrumentId(id),
            symbol: Symbol::truncated(format!("I{id}").as_bytes()),
            base: AssetId((id % self.assets) as u16),
            quote: AssetId((self.assets + id / self.assets) as u16),
            price_scale: PRICE_SCALE,
            quantity_scale: QUANTITY_SCALE,
            tick: Price(1),
            lot: Quantity(i64::from(LOT)),
            quantity_min: Quantity(i64::from(LOT)),
            quantity_max: Quantity(1_000_000),
            notional_min: Amount(1),
            collar_percent: 50,
            reference_price: Price(i64::from(START_PRICE)),
            open_orders_max: 1_000_000,
            maker_fee: 10,
            taker_fee: 20,
            state: InstrumentState::Trading,
        }
    }

    /// Room for what the preset is and for this many commands, each with a ClOrdID of one day: memory
    /// that is reserved is touched before anything is measured, so it is no more than is used.
    pub fn limits(&self, commands: usize) -> EngineLimits {
        // The engine keeps a sixteenth of the room for cancels.
        let cl_ord_ids = commands + commands / 8 + 1_024;
        EngineLimits {
            orders_max: 2 * self.resting,
            cl_ord_ids_max: cl_ord_ids.min(u32::MAX as usize) as u32,
            accounts_max: account(self.traders + self.savers).0 + 1,
            instruments_max: self.instruments,
            sessions_max: self.traders + 1,
            ..EngineLimits::default()
        }
    }

    /// What makes the venue ready for this many commands: assets, instruments, accounts with money,
    /// sessions that are logged on.
    pub fn definitions(&self, commands: usize) -> Vec<Command> {
        let limits = self.limits(commands);
        let cluster = ClusterName::truncated(b"bench");
        let mut all = vec![Command::Genesis(Genesis { cluster, hash_secret: SECRET, limits })];
        for id in 0..2 * self.assets {
            let name = AssetName::truncated(format!("A{id}").as_bytes());
            let asset = Asset { id: AssetId(id as u16), name, scale: ASSET_SCALE };
            all.push(Command::DefineAsset(DefineAsset { request: 0, asset }));
        }
        for id in 0..self.instruments {
            let instrument = self.instrument(id);
            all.push(Command::DefineInstrument(DefineInstrument { request: 0, instrument }));
        }
        let accounts = (1..=self.traders + self.savers).map(account);
        all.extend(
            accounts.map(|account| Command::OpenAccount(OpenAccount { request: 0, account })),
        );
        all.extend(self.deposits().map(|(account, asset, amount)| {
            let reference = Reference::truncated(format!("{account} {}", asset.0).as_bytes());
            Command::Deposit(Transfer { request: 0, account, asset, amount, reference })
        }));
        for trader in 1..=self.traders {
            let session = SessionDefinition {
                id: SessionId(trader),
                account: account(trader),
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
        all
    }
}

/// A trader's account, or a saver's: those below are the venue's own.
pub fn account(trader: u32) -> AccountId {
    AccountId(trader + 1)
}

/// What a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// An order that rests.
    #[default]
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

/// A command in few bytes: millions of them wait in memory for their time.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What it is for.
    pub kind: Kind,
    /// The order's side.
    pub side: Side,
    /// Who sends it.
    pub trader: u32,
    /// The order's instrument.
    pub instrument: u32,
    /// MsgSeqNum.
    pub number: u32,
    /// The limit in ticks.
    pub price: u32,
    /// The quantity, of the whole chain.
    pub quantity: u32,
    /// What of it has not traded when the command is sent.
    pub leaves: u32,
    /// The order: the number of the NewOrderSingle that made it.
    pub order: u64,
    /// The number of the ClOrdID.
    pub id: u64,
    /// Its hash under the venue's secret.
    pub id_hash: u64,
    /// The number of the OrigClOrdID; 0 where there is none.
    pub orig: u64,
    /// Its hash.
    pub orig_hash: u64,
}

const _: () = assert!(size_of::<Step>() <= 72);

impl Default for Step {
    fn default() -> Self {
        Self {
            kind: Kind::New,
            side: Side::Buy,
            trader: 0,
            instrument: 0,
            number: 0,
            price: 0,
            quantity: 0,
            leaves: 0,
            order: 0,
            id: 0,
            id_hash: 0,
            orig: 0,
            orig_hash: 0,
        }
    }
}

/// The ClOrdID of a number: `ORD-` and a letter for each four bits.
#[inline]
pub fn cl_ord_id(number: u64) -> ClOrdId {
    let mut bytes = *b"ORD-aaaaaaaaaaaaaaaa";
    for (half, place) in [(number >> 32, 4), (number & 0xffff_ffff, 12)] {
        let mut digits = half;
        digits = (digits | digits << 16) & 0x0000_ffff_0000_ffff;
        digits = (digits | digits << 8) & 0x00ff_00ff_00ff_00ff;
        digits = (digits | digits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
        let letters = digits + u64::from_ne_bytes([b'a'; 8]);
        bytes[place..place + 8].copy_from_slice(&letters.to_be_bytes());
    }
    ClOrdId::truncated(&bytes)
}

impl Step {
    /// The command as a gateway would make it.
    #[inline]
    pub fn command(&self) -> Command {
        let origin = Origin {
            session: SessionId(self.trader),
            generation: Generation(1),
            msg_seq_num: u64::from(self.number),
        };
        let (account, instrument) = (account(self.trader), InstrumentId(self.instrument));
        let (price, quantity) = (Price(i64::from(self.price)), Quantity(i64::from(self.quantity)));
        match self.kind {
            Kind::New | Kind::Immediate => Command::NewOrder(NewOrder {
                origin,
                account,
                instrument,
                cl_ord_id: cl_ord_id(self.id),
                cl_ord_id_hash: self.id_hash,
                side: self.side,
                ord_type: OrdType::Limit,
                time_in_force: match self.kind {
                    Kind::Immediate => TimeInForce::ImmediateOrCancel,
                    _ => TimeInForce::GoodTillCancel,
                },
                self_trade_prevention: SelfTradePrevention::ExpireMaker,
                post_only: false,
                poss_resend: false,
                price,
                quantity,
                quote_quantity: Amount::ZERO,
                display_quantity: Quantity::ZERO,
                refusal: Refusal::NONE,
            }),
            Kind::Cancel => Command::CancelOrder(CancelOrder {
                origin,
                account,
                instrument,
                side: self.side,
                order: OrderId::NONE,
                cl_ord_id: cl_ord_id(self.id),
                cl_ord_id_hash: self.id_hash,
                orig_cl_ord_id: cl_ord_id(self.orig),
                orig_cl_ord_id_hash: self.orig_hash,
                poss_resend: false,
                refusal: Refusal::NONE,
            }),
            Kind::Reduction | Kind::Move => Command::ReplaceOrder(ReplaceOrder {
                origin,
                account,
                instrument,
                side: self.side,
                order: OrderId::NONE,
                cl_ord_id: cl_ord_id(self.id),
                cl_ord_id_hash: self.id_hash,
                orig_cl_ord_id: cl_ord_id(self.orig),
                orig_cl_ord_id_hash: self.orig_hash,
                ord_type: OrdType::Limit,
                time_in_force: ReplaceTimeInForce::Unchanged,
                price,
                quantity,
                display_quantity: Quantity::ZERO,
                post_only: false,
                self_trade_prevention: ReplaceSelfTradePrevention::Unchanged,
                poss_resend: false,
                refusal: Refusal::NONE,
            }),
            Kind::Continue => Command::Continue(Continue {}),
        }
    }
}

/// Makes commands, one after the other, and keeps the books that must come of them.
pub struct Generator {
    preset: &'static Preset,
    model: Model,
    random: u64,
    ids: u64,
    numbers: Vec<u32>,
    /// The side that is filled again after a sweep.
    swept: Option<Side>,
}

impl Generator {
    /// Before the first order.
    pub fn new(preset: &'static Preset) -> Self {
        Self {
            preset,
            model: Model::new(preset.instruments),
            random: 7,
            ids: 0,
            numbers: vec![1; preset.traders as usize + 1],
            swept: None,
        }
    }

    /// What must rest after all commands that were made.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Of which venue.
    pub fn preset(&self) -> &'static Preset {
        self.preset
    }

    /// Makes what fills the books.
    pub fn filling(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        while self.model.resting() < self.preset.resting as usize {
            let new = self.dice(2) == 0;
            let step = self.mixed(new, [200, 100, 100]);
            steps.push(self.applied(step));
        }
        steps
    }

    /// Makes so many commands of the steady state.
    pub fn steady(&mut self, commands: usize) -> Vec<Step> {
        let mut steps = Vec::with_capacity(commands);
        for _ in 0..commands {
            let few = self.model.resting() < self.preset.resting as usize;
            let step = match (self.preset.sweeps, few) {
                (true, false) => self.sweep(),
                (true, true) => self.refill(),
                (false, new) => self.mixed(new, [50, 25, 25]),
            };
            steps.push(self.applied(step));
        }
        steps
    }

    fn applied(&mut self, step: Step) -> Step {
        self.model.apply(&step);
        step
    }

    fn dice(&mut self, sides: u64) -> u64 {
        dice(&mut self.random, sides)
    }

    /// A new order, or one of the mix: immediate orders, cancels and reductions in a thousand.
    fn mixed(&mut self, new: bool, [immediate, cancel, reduction]: [u64; 3]) -> Step {
        let chosen = self.dice(1_000);
        if new || self.model.resting() == 0 {
            return self.new_order(Kind::New, None);
        }
        if chosen < immediate {
            return self.new_order(Kind::Immediate, None);
        }
        let random = &mut self.random;
        let order = self.model.pick(|sides| dice(random, sides));
        if chosen < immediate + cancel {
            return self.change(Kind::Cancel, &order, order.price, order.quantity);
        }
        if chosen < immediate + cancel + reduction && order.leaves > LOT {
            let less = (order.leaves / 2 / LOT * LOT).max(LOT);
            return self.change(Kind::Reduction, &order, order.price, order.quantity - less);
        }
        let price = order.price.saturating_add_signed(self.step_of(&order));
        self.change(Kind::Move, &order, price, order.quantity)
    }

    /// Takes all of a side, in turn.
    fn sweep(&mut self) -> Step {
        let side = self.swept.map_or(Side::Sell, Side::opposite);
        self.swept = Some(side);
        let mut step = self.new_order(Kind::Immediate, Some(side.opposite()));
        step.price = self.model.worst(0, side).unwrap_or(START_PRICE);
        step.quantity = self.model.levels(0, side).map(|level| level.total as u32).sum();
        step.quantity = step.quantity.max(LOT);
        step.leaves = step.quantity;
        step
    }

    /// Fills what was swept, around a price that stays.
    fn refill(&mut self) -> Step {
        let mut step = self.new_order(Kind::New, self.swept);
        let distance = self.distance();
        step.price = match step.side {
            Side::Buy => START_PRICE - distance,
            Side::Sell => START_PRICE + distance,
        };
        step
    }

    /// A hundredth of the way to the last trade, a tick at least.
    fn step_of(&mut self, order: &Order) -> i32 {
        let way = self.last_trade(order.instrument) as i32 - order.price as i32;
        match (way / 100, way.signum()) {
            (0, 0) => 2 * self.dice(2) as i32 - 1,
            (0, sign) => sign,
            (step, _) => step,
        }
    }

    fn last_trade(&self, instrument: u32) -> u32 {
        self.model.last_trade(instrument).unwrap_or(START_PRICE)
    }

    /// How far from the touch a new order lies: most are near it.
    fn distance(&mut self) -> u32 {
        let far = self.dice(1_000) as u32;
        1 + (u64::from(DISTANCE_MAX) * u64::from(far * far) / 1_000_000) as u32
    }

    /// The next ClOrdID of a trader, and the message that carries it.
    fn named(&mut self, trader: u32) -> Step {
        self.ids += 1;
        let number = &mut self.numbers[trader as usize];
        *number += 1;
        let (id, number) = (self.ids, *number);
        Step { trader, number, id, id_hash: hash(trader, id), ..Step::default() }
    }

    fn new_order(&mut self, kind: Kind, side: Option<Side>) -> Step {
        let Preset { instruments, traders, assets, assets_each, apart, .. } = *self.preset;
        let either = if self.dice(2) == 0 { Side::Buy } else { Side::Sell };
        let side = side.unwrap_or(either);
        let trader = match (apart, side) {
            (false, _) => self.dice(u64::from(traders)) as u32 + 1,
            (true, Side::Buy) => 2 * self.dice(u64::from(traders / 2)) as u32 + 1,
            (true, Side::Sell) => 2 * self.dice(u64::from(traders / 2)) as u32 + 2,
        };
        let base = (trader + self.dice(u64::from(assets_each)) as u32) % assets;
        let quote = (trader + self.dice(u64::from(assets_each)) as u32) % assets;
        let instrument = (quote * assets + base) % instruments;
        let last = self.last_trade(instrument);
        let distance = self.distance();
        let price = match (kind, side) {
            (Kind::Immediate, Side::Buy) => last + DISTANCE_MAX,
            (Kind::Immediate, Side::Sell) => last - DISTANCE_MAX,
            (_, Side::Buy) => last - distance,
            (_, Side::Sell) => last + distance,
        };
        let price = price.clamp(START_PRICE * 3 / 5, START_PRICE * 7 / 5);
        let quantity = LOT * (self.dice(LOTS_MAX) as u32 + 1);
        let named = self.named(trader);
        Step { kind, side, instrument, price, quantity, leaves: quantity, order: named.id, ..named }
    }

    fn change(&mut self, kind: Kind, order: &Order, price: u32, quantity: u32) -> Step {
        let Order { trader, instrument, side, .. } = *order;
        let orig_hash = hash(trader, order.id);
        Step {
            kind,
            side,
            instrument,
            price,
            quantity,
            leaves: quantity - (order.quantity - order.leaves),
            order: order.order,
            orig: order.id,
            orig_hash,
            ..self.named(trader)
        }
    }
}

fn dice(random: &mut u64, sides: u64) -> u64 {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    (*random >> 33) % sides
}

fn hash(trader: u32, id: u64) -> u64 {
    SECRET.hash(account(trader), cl_ord_id(id).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_name_of_20_bytes() {
        assert_eq!(cl_ord_id(0).as_bytes(), b"ORD-aaaaaaaaaaaaaaaa");
        assert_eq!(cl_ord_id(0x0123_4567_89ab_cdef).as_bytes(), b"ORD-abcdefghijklmnop");
    }

    #[test]
    fn the_steady_state_has_the_published_mix_and_stays_as_large() {
        let preset = Preset::named("single-pair").expect("it is there");
        let mut generator = Generator::new(preset);
        generator.filling();
        let steps = generator.steady(100_000);
        let share = |kind| {
            let new = steps.iter().filter(|step| step.kind == Kind::New).count();
            let count = steps.iter().filter(|step| step.kind == kind).count();
            (count * 1_000 / (steps.len() - new)) as i32
        };
        for (kind, wanted) in [(Kind::Immediate, 50), (Kind::Cancel, 25), (Kind::Move, 900)] {
            assert!((share(kind) - wanted).abs() <= 5, "{kind:?}: {} of 1,000", share(kind));
        }
        assert!((990..=1_000).contains(&generator.model().resting()));
    }

    #[test]
    fn an_avalanche_takes_whole_sides() {
        let mut generator = Generator::new(Preset::named("avalanche").expect("it is there"));
        generator.filling();
        let steps = generator.steady(10_000);
        let sweeps = steps.iter().filter(|step| step.kind == Kind::Immediate).count();
        assert!(sweeps >= 10, "{sweeps} sweeps");
        assert!(generator.model().trades() as usize > 100 * sweeps);
    }
}

//! Commands by chance, most of them plausible.
//!
//! A step is one number. What it asks for follows from that number and from the state that the
//! steps before it made, so a list of steps can lose some of them and still makes sense.

use castle::model::limit::*;
use castle::model::*;

use super::plausible::*;
use super::{Order, Venue};

/// Under which ClOrdIDs are hashed here.
const SECRET: HashSecret = HashSecret(0x0123_4567_89ab_cdef_0011_2233_4455_6677);

/// Worlds in a hundred whose venue fills up.
const TIGHT_PERCENT: u64 = 15;
/// ClOrdIDs that such a venue remembers.
const TIGHT_IDS: u32 = 60;

/// A mode as a replace repeats it.
fn repeated(mode: SelfTradePrevention) -> ReplaceSelfTradePrevention {
    match mode {
        SelfTradePrevention::None => ReplaceSelfTradePrevention::None,
        SelfTradePrevention::ExpireTaker => ReplaceSelfTradePrevention::ExpireTaker,
        SelfTradePrevention::ExpireMaker => ReplaceSelfTradePrevention::ExpireMaker,
        SelfTradePrevention::ExpireBoth => ReplaceSelfTradePrevention::ExpireBoth,
        SelfTradePrevention::Decrement => ReplaceSelfTradePrevention::Decrement,
    }
}

/// Numbers by chance from one seed (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `n` − 1.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// True in `percent` of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// A number that nobody expects.
    pub fn extreme(&mut self) -> i64 {
        let edges = [i64::MIN, -1, 0, 1, AMOUNT_MAX, PRICE_MAX, PRICE_MAX + 1, i64::MAX];
        if self.chance(70) { self.pick(&edges) } else { self.next() as i64 }
    }
}

/// Makes commands and remembers what it called things.
pub struct Generator {
    world: u64,
    setup: Vec<Command>,
    names: u64,
    requests: u64,
    used: Vec<ClOrdId>,
}

impl Generator {
    /// The world decides about scales, ticks, fees and limits.
    pub fn new(world: u64) -> Self {
        let mut generator = Self { world, setup: vec![], names: 0, requests: 0, used: vec![] };
        generator.setup = generator.setup();
        generator
    }

    /// The beginning of a log.
    pub fn genesis(hash_secret: HashSecret, orders_max: u32, cl_ord_ids_max: u32) -> Vec<Command> {
        let limits = EngineLimits {
            orders_max,
            cl_ord_ids_max,
            cl_ord_ids_per_account_max: cl_ord_ids_max,
            cl_ord_ids_kept: 5,
            accounts_max: 10,
            instruments_max: 200,
            sessions_max: 200,
        };
        let cluster = ClusterName::truncated(b"test");
        vec![Command::Genesis(Genesis { cluster, hash_secret, limits })]
    }

    /// What comes before the first step.
    pub fn take_setup(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.setup)
    }

    fn setup(&mut self) -> Vec<Command> {
        let mut dice = Dice(self.world);
        let tight = dice.chance(TIGHT_PERCENT);
        let limits = EngineLimits {
            orders_max: if tight { 12 } else { 4_000 },
            cl_ord_ids_max: if tight { TIGHT_IDS } else { 6_000 },
            cl_ord_ids_per_account_max: if tight { 25 } else { 6_000 },
            cl_ord_ids_kept: if dice.chance(25) { CL_ORD_IDS_KEPT } else { 5 },
            accounts_max: 9,
            instruments_max: 4,
            sessions_max: 8,
        };
        let cluster = ClusterName::truncated(b"test");
        let mut commands = vec![
            Command::Genesis(Genesis { cluster, hash_secret: SECRET, limits }),
            Command::BeginEpoch(BeginEpoch {
                epoch: Epoch(1),
                primary: NodeId(0),
                in_sync: 1,
                durability: Durability::LocalDisk,
                nonce: 1,
            }),
        ];
        let scales = match dice.below(4) {
            0 => [8, 2, 6],
            1 => [0, 0, 0],
            2 => [12, 12, 12],
            _ => [3, 8, 0],
        };
        for (id, scale) in scales.into_iter().enumerate() {
            commands.push(self.asset(id as u16, scale));
        }
        for id in 0..3 {
            let instrument = instrument(&mut dice, id, &scales);
            let request = self.request();
            commands.push(Command::DefineInstrument(DefineInstrument { request, instrument }));
        }
        for account in 2..6 {
            let (request, account) = (self.request(), AccountId(account));
            commands.push(Command::OpenAccount(OpenAccount { request, account }));
            for asset in 0..3 {
                let amount = match dice.below(8) {
                    0 => 1_000,
                    1 => 1_000_000,
                    _ => AMOUNT_MAX / 5,
                };
                let amount = Amount(amount);
                let transfer = self.transfer(account, AssetId(asset), amount);
                commands.push(Command::Deposit(transfer));
            }
        }
        for session in 1..6 {
            commands.push(self.session(&mut dice, session));
            let session = SessionId(session);
            commands.push(Command::Logon(Logon {
                session,
                msg_seq_num: 1,
                gateway: GatewayId(2),
                connection: ConnectionId(session.0),
                heart_bt_int: 30,
                reset_requested: false,
                next_expected: 0,
            }));
        }
        commands
    }

    fn request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    fn asset(&mut self, id: u16, scale: u8) -> Command {
        let name = AssetName::truncated(format!("A{id}").as_bytes());
        let asset = Asset { id: AssetId(id), name, scale };
        Command::DefineAsset(DefineAsset { request: self.request(), asset })
    }

    fn session(&mut self, dice: &mut Dice, id: u32) -> Command {
        let session = SessionDefinition {
            id: SessionId(id),
            // The first and the fifth session trade for one account.
            account: AccountId(2 + (id - 1) % 4),
            comp_id: CompId::truncated(format!("CLIENT{id}").as_bytes()),
            reset_on_logon: dice.chance(20),
            cancel_on_disconnect: dice.chance(50),
        };
        Command::DefineSession(DefineSession { request: self.request(), session })
    }

    fn transfer(&mut self, account: AccountId, asset: AssetId, amount: Amount) -> Transfer {
        let request = self.request();
        let reference = Reference::truncated(format!("t{request}").as_bytes());
        Transfer { request, account, asset, amount, reference }
    }

    /// What a step asks for in this state.
    pub fn command(&mut self, step: u64, venue: &Venue) -> Command {
        let mut dice = Dice(step);
        let tight = venue.limits.is_some_and(|limits| limits.cl_ord_ids_max == TIGHT_IDS);
        if tight && dice.chance(1) {
            return Command::Rollover(Rollover { day: venue.day + 1 });
        }
        match dice.below(1000) {
            0..=549 => self.new_order(&mut dice, venue),
            550..=659 => self.cancel(&mut dice, venue),
            660..=799 => self.replace(&mut dice, venue),
            800..=819 => self.mass_cancel(&mut dice, venue),
            820..=859 => self.question(&mut dice, venue),
            860..=909 => self.connection(&mut dice, venue),
            910..=929 => self.message(&mut dice, venue),
            930..=959 => self.money(&mut dice),
            960..=979 => self.states(&mut dice, venue),
            980..=991 => self.definition(&mut dice, venue),
            _ => self.rare(&mut dice, venue),
        }
    }

    /// A session that is there, or rarely one that is not; better one that is connected.
    fn any_session(&mut self, dice: &mut Dice, venue: &Venue) -> SessionId {
        if dice.chance(1) {
            return SessionId(dice.pick(&[0, 6, 7, 8, u32::MAX]));
        }
        let connected: Vec<SessionId> = venue
            .sessions
            .iter()
            .filter(|(_, session)| session.connected)
            .map(|(id, _)| *id)
            .collect();
        if connected.is_empty() || dice.chance(2) {
            return SessionId(1 + dice.below(5) as u32);
        }
        dice.pick(&connected)
    }

    fn origin(&mut self, dice: &mut Dice, venue: &Venue, session: SessionId) -> Origin {
        let state = venue.sessions.get(&session);
        let next = state.map_or(1, |state| state.next_in);
        let mut generation = state.map_or(1, |state| state.generation);
        if dice.chance(1) {
            generation = generation.wrapping_add(dice.pick(&[1, u32::MAX]));
        }
        let msg_seq_num = match dice.below(200) {
            0..=5 => 0,
            6..=8 => next.saturating_sub(1),
            9..=20 => next.saturating_add(dice.below(4)),
            21 if dice.chance(5) => u64::MAX,
            _ => next,
        };
        Origin { session, generation: Generation(generation), msg_seq_num }
    }

    fn account_of(&self, dice: &mut Dice, venue: &Venue, session: SessionId) -> AccountId {
        match venue.sessions.get(&session) {
            Some(state) if !dice.chance(1) => state.definition.account,
            _ => AccountId(dice.pick(&[0, 1, 2, 3, 4, 77, u32::MAX])),
        }
    }

    /// A ClOrdID is hashed for the account of the session, whatever account the message names.
    fn hash(venue: &Venue, session: SessionId, account: AccountId, cl_ord_id: ClOrdId) -> u64 {
        let own = venue.sessions.get(&session).map_or(account, |state| state.definition.account);
        SECRET.hash(own, cl_ord_id.as_bytes())
    }

    /// A new ClOrdID, or rarely a used or an empty one; whether it is marked as resent.
    fn name(&mut self, dice: &mut Dice) -> (ClOrdId, bool) {
        match dice.below(100) {
            0 => (ClOrdId::EMPTY, dice.chance(50)),
            1..=4 if !self.used.is_empty() => (dice.pick(&self.used), dice.chance(50)),
            _ => {
                self.names += 1;
                let name = ClOrdId::truncated(format!("c{}", self.names).as_bytes());
                self.used.push(name);
                (name, dice.chance(1))
            }
        }
    }

    /// Rarely, the gateway has refused the message already.
    fn refusal(&self, dice: &mut Dice) -> Refusal {
        use RejectCode::*;
        if !dice.chance(1) {
            return Refusal::NONE;
        }
        let code =
            dice.pick(&[UnknownSymbol, UnsupportedField, DiskFull, TooManyDecimals, TooFrequent]);
        Refusal::new(code, 44, 2)
    }

    fn new_order(&mut self, dice: &mut Dice, venue: &Venue) -> Command {
        let session = self.any_session(dice, venue);
        let origin = self.origin(dice, venue, session);
        let account = self.account_of(dice, venue, session);
        let (cl_ord_id, poss_resend) = self.name(dice);
        let instrument = any_instrument(dice, venue);
        let side = dice.pick(Side::ALL);
        let market = dice.chance(15);
        let stays = [TimeInForce::Day, TimeInForce::GoodTillCancel];
        let kill = dice.chance(12);
        let time_in_force = match dice.below(100) {
            _ if kill => TimeInForce::FillOrKill,
            0..=74 => dice.pick(&stays),
            _ => dice.pick(TimeInForce::ALL),
        };
        let price = if market { 0 } else { any_price(dice, venue, instrument, side) };
        let price = if dice.chance(1) { 5_i64.saturating_sub(price) } else { price };
        let quantity = any_quantity(dice, venue, instrument);
        let by_quote = if market { dice.chance(40) } else { dice.chance(1) };
        let spend = if by_quote { any_spend(dice, venue, instrument) } else { 0 };
        let quantity = if by_quote && !dice.chance(3) { 0 } else { quantity };
        let display = if dice.chance(if market { 2 } else { 25 }) {
            any_display(dice, venue, instrument, quantity)
        } else {
            0
        };
        let mut quantity = quantity;
        let mut price = price;
        let lot = venue.instruments.get(&instrument).map_or(1, |l| l.instrument.lot.0);
        if display != 0 && dice.chance(40) {
            quantity = lot.saturating_mul(20 + dice.below(200) as i64);
        } else if kill && !by_quote && !market {
            // About as much as there may be, so that it matters what is counted.
            quantity = lot.saturating_mul(2 + dice.below(60) as i64);
            let worst = venue.queue(instrument, side.opposite()).last().map(|order| order.price);
            price = worst.filter(|_| dice.chance(80)).map_or(price, |worst| worst as i64);
        } else if !by_quote && dice.chance(4) {
            // One that sweeps the book.
            quantity = lot.saturating_mul(100 + dice.below(900) as i64);
            let best = venue.queue(instrument, side.opposite()).last().map(|order| order.price);
            price = if market { 0 } else { best.map_or(price, |best| best as i64) };
        }
        Command::NewOrder(NewOrder {
            origin,
            account,
            instrument,
            cl_ord_id,
            cl_ord_id_hash: Self::hash(venue, session, account, cl_ord_id),
            side,
            ord_type: if market { OrdType::Market } else { OrdType::Limit },
            time_in_force,
            self_trade_prevention: dice.pick(SelfTradePrevention::ALL),
            post_only: dice.chance(if market { 2 } else { 12 }),
            poss_resend,
            price: Price(price),
            quantity: Quantity(quantity),
            quote_quantity: Amount(spend),
            display_quantity: Quantity(display),
            refusal: self.refusal(dice),
        })
    }

    /// An order to speak of, with the session that speaks of it: open mostly.
    fn any_order(&mut self, dice: &mut Dice, venue: &Venue) -> Option<(SessionId, Order)> {
        let closed = dice.chance(8);
        let orders: Vec<Order> =
            if closed { &venue.closed } else { &venue.open }.values().copied().collect();
        if orders.is_empty() {
            return None;
        }
        let order = dice.pick(&orders);
        let connected = venue.sessions.get(&order.session).is_some_and(|s| s.connected);
        let session = if connected && !dice.chance(10) {
            order.session
        } else if dice.chance(50) {
            // Perhaps another session of the account.
            let mut same = venue.sessions.iter().filter(|(_, session)| {
                session.connected && session.definition.account == order.account
            });
            same.next().map_or(order.session, |(id, _)| *id)
        } else {
            self.any_session(dice, venue)
        };
        Some((session, order))
    }

    /// OrderID, OrigClOrdID: one, the other or both; at times wrong.
    fn naming(&self, dice: &mut Dice, venue: &Venue, order: &Order) -> (OrderId, ClOrdId) {
        let of_chain = venue.names.iter().filter(|(_, name)| name.order == order.id);
        let of_chain: Vec<ClOrdId> = of_chain.map(|((_, cl_ord_id), _)| *cl_ord_id).collect();
        match dice.below(20) {
            0..=6 => (order.id, ClOrdId::EMPTY),
            7..=12 => (OrderId::NONE, order.cl_ord_id),
            13..=16 => (order.id, order.cl_ord_id),
            17 if !of_chain.is_empty() => (OrderId::NONE, dice.pick(&of_chain)),
            18 if !self.used.is_empty() => (order.id, dice.pick(&self.used)),
            _ => (OrderId(dice.pick(&[0, 1, u64::MAX])), ClOrdId::EMPTY),
        }
    }

    fn cancel(&mut self, dice: &mut Dice, venue: &Venue) -> Command {
        let Some((session, order)) = self.any_order(dice, venue) else {
            return self.new_order(dice, venue);
        };
        let account = self.account_of(dice, venue, session);
        let (id, orig_cl_ord_id) = self.naming(dice, venue, &order);
        let (cl_ord_id, poss_resend) = self.name(dice);
        Command::CancelOrder(CancelOrder {
            origin: self.origin(dice, venue, session),
            account,
            instrument: named_instrument(dice, &order),
            side: if dice.chance(3) { order.side.opposite() } else { order.side },
            order: id,
            cl_ord_id,
            cl_ord_id_hash: Self::hash(venue, session, account, cl_ord_id),
            orig_cl_ord_id,
            orig_cl_ord_id_hash: Self::hash(venue, session, account, orig_cl_ord_id),
            poss_resend,
            refusal: self.refusal(dice),
        })
    }

    fn replace(&mut self, dice: &mut Dice, venue: &Venue) -> Command {
        let Some((session, order)) = self.any_order(dice, venue) else {
            return self.new_order(dice, venue);
        };
        let account = self.account_of(dice, venue, session);
        let (id, orig_cl_ord_id) = self.naming(dice, venue, &order);
        let (cl_ord_id, poss_resend) = self.name(dice);
        let price = if dice.chance(45) {
            order.price as i64
        } else {
            any_price(dice, venue, order.instrument, order.side)
        };
        let lot =
            venue.instruments.get(&order.instrument).map_or(1, |listing| listing.instrument.lot.0);
        let quantity = match dice.below(10) {
            0 => order.cum as i64,
            1..=5 => {
                (order.quantity as i64).saturating_sub(lot.saturating_mul(dice.below(4) as i64))
            }
            6..=7 => {
                (order.quantity as i64).saturating_add(lot.saturating_mul(dice.below(4) as i64))
            }
            _ => any_quantity(dice, venue, order.instrument),
        };
        let display = match dice.below(10) {
            0 => any_display(dice, venue, order.instrument, quantity),
            1..=2 => order.display as i64,
            _ => 0,
        };
        let time_in_force = match order.time_in_force {
            _ if dice.chance(50) => ReplaceTimeInForce::Unchanged,
            _ if dice.chance(5) => ReplaceTimeInForce::Other,
            _ if dice.chance(5) => ReplaceTimeInForce::Day,
            TimeInForce::Day => ReplaceTimeInForce::Day,
            _ => ReplaceTimeInForce::GoodTillCancel,
        };
        Command::ReplaceOrder(ReplaceOrder {
            origin: self.origin(dice, venue, session),
            account,
            instrument: named_instrument(dice, &order),
            side: if dice.chance(3) { order.side.opposite() } else { order.side },
            order: id,
            cl_ord_id,
            cl_ord_id_hash: Self::hash(venue, session, account, cl_ord_id),
            orig_cl_ord_id,
            orig_cl_ord_id_hash: Self::hash(venue, session, account, orig_cl_ord_id),
            ord_type: if dice.chance(2) { OrdType::Market } else { OrdType::Limit },
            time_in_force,
            price: Price(price),
            quantity: Quantity(quantity),
            display_quantity: Quantity(display),
            post_only: dice.chance(if order.post_only { 40 } else { 2 }),
            self_trade_prevention: match dice.below(20) {
                0 => dice.pick(ReplaceSelfTradePrevention::ALL),
                1..=9 => repeated(order.self_trade_prevention),
                _ => ReplaceSelfTradePrevention::Unchanged,
            },
            poss_resend,
            refusal: self.refusal(dice),
        })
    }

    fn mass_cancel(&mut self, dice: &mut Dice, venue: &Venue) -> Command {
        let session = self.any_session(dice, venue);
        Command::MassCancel(MassCancel {
            origin: self.origin(dice, venue, session),
            account: self.account_of(dice, venue, session),
            scope: dice.pick(MassCancelScope::ALL),
            instrument: any_instrument(dice, venue),
            side: dice.pick(SideFilter::ALL),
            cl_ord_id: self.name(dice).0,
            refusal: self.refusal(dice),
        })
    }

    fn question(&mut self, dice: &mut Dice, venue: &Venue) -> Command {
        let request_id = RequestId::truncated(format!("q{}", self.request()).as_bytes());
        let session = self.any_session(dice, venue);
        let origin = self.origin(dice, venue, session);
        let account = self.account_of(dice, venue, session);
        let instrument = any_instrument(dice, venue);
        match (dice.below(10), self.any_order(dice, venue)) {
            (0..=5, Some((_, order))) => {
                let (id, cl_ord_id) = self.naming(dice, venue, &order);
                Command::OrderStatus(OrderStatus {
                    origin,
                    account,
                    instrument: order.instrument,
                    side: order.side,
                    order: id,
                    cl_ord_id,
                    cl_ord_id_hash: Self::hash(venue, session, account, cl_ord_id),
                    request_id,
                })
            }
            (0..=7, _) => Command::MassStatus(MassStatus {
                origin,
                account,
                scope: dice.pick(MassCancelScope::ALL),
                instrument,
                side: dice.pick(SideFilter::ALL),
                request_id,
            }),
            _ => Command::SecurityListRequest(SecurityListRequest {
                origin,
                request_id,
                instrument: if dice.chance(50) { CancelOrder::ANY_INSTRUMENT } else { instrument },
                refusal: self.refusal(dice),
            }),
        }
    }

    fn connection(&mut self, dice: &mut Dice, venue: &Venue) -> Command {
        let most = if dice.chance(10) { 8 } else { 5 };
        let session = SessionId(1 + dice.below(most) as u32);
        let state = venue.sessions.get(&session);
        let connected = state.is_some_and(|state| state.connected);
        if connected && dice.chance(60) {
            let origin = self.origin(dice, venue, session);
            let code = dice.pick(LogoutCode::ALL);
            return if dice.chance(50) {
                Command::Logout(Logout { origin, code, value: dice.extreme(), limit: 7 })
            } else {
                Command::ConnectionLost(ConnectionLost { origin })
            };
        }
        let (next_in, next_out) = state.map_or((1, 1), |state| (state.next_in, state.next_out));
        let reset_requested = dice.chance(15);
        let first = if reset_requested { 1 } else { next_in };
        let msg_seq_num = match dice.below(20) {
            0 => first.saturating_sub(1),
            1..=2 => first.saturating_add(dice.below(5)),
            3 if dice.chance(10) => u64::MAX,
            _ => first,
        };
        let gateway = GatewayId(2 + dice.below(2) as u8);
        let connection = ConnectionId(dice.below(1000) as u32);
        match dice.below(20) {
            0 => Command::CancelAbsentSession(CancelAbsentSession { session }),
            1 => Command::RefuseLogon(RefuseLogon {
                session,
                msg_seq_num,
                gateway,
                connection,
                code: LogoutCode::HeartBtInt,
                value: dice.extreme(),
                limit: 60,
            }),
            _ => Command::Logon(Logon {
                session,
                msg_seq_num,
                gateway,
                connection,
                heart_bt_int: dice.next() as u16,
                reset_requested,
                next_expected: match dice.below(10) {
                    0 => next_out.saturating_add(1),
                    1..=3 => next_out,
                    4 => u64::MAX,
                    _ => 0,
                },
            }),
        }
    }

    /// The messages that only consume numbers.
    fn message(&mut self, dice: &mut Dice, venue: &Venue) -> Command {
        let session = self.any_session(dice, venue);
        let origin = self.origin(dice, venue, session);
        let ref_msg_type = MsgType::truncated(b"D");
        match dice.below(5) {
            0 => Command::SendHeartbeat(SendHeartbeat {
                origin,
                test_req_id: TestReqId::truncated(b"are you there"),
            }),
            1 => Command::SendTestRequest(SendTestRequest { origin }),
            2 => Command::SendResendRequest(SendResendRequest { origin, begin: dice.next() }),
            3 => Command::SessionReject(SessionReject {
                origin,
                ref_seq_num: dice.next(),
                ref_tag: dice.next() as i32,
                ref_msg_type,
                reason: dice.next() as u8,
            }),
            _ => Command::BusinessReject(BusinessReject {
                origin,
                ref_msg_type,
                ref_id: RequestId::truncated(b"r"),
                reason: dice.next() as u8,
                refusal: Refusal::plain(RejectCode::UnsupportedField),
            }),
        }
    }

    fn money(&mut self, dice: &mut Dice) -> Command {
        let account = AccountId(dice.pick(&[0, 1, 1, 2, 3, 4, 5, 2, 3, 4, 5, 6, u32::MAX]));
        let asset = AssetId(if dice.chance(5) { 9 } else { dice.below(3) as u16 });
        let amount = match dice.below(4) {
            0 => dice.extreme(),
            1 => 1,
            2 => AMOUNT_MAX / 4,
            _ => dice.below(1_000_000) as i64,
        };
        let mut transfer = self.transfer(account, asset, Amount(amount));
        if dice.chance(15) {
            transfer = Transfer { request: transfer.request, ..fixed_transfer() };
        } else if dice.chance(20) {
            transfer.reference = fixed_transfer().reference;
        } else if dice.chance(3) {
            transfer.reference = Reference::EMPTY;
        }
        if dice.chance(50) { Command::Deposit(transfer) } else { Command::Withdraw(transfer) }
    }

    fn states(&mut self, dice: &mut Dice, venue: &Venue) -> Command {
        let request = self.request();
        let mut suspended = venue.accounts.iter().filter(|(_, s)| **s == AccountState::Suspended);
        let mut stopped = venue.instruments.values().map(|listing| listing.instrument);
        if let (true, Some((account, _))) = (dice.chance(60), suspended.next()) {
            let (account, state) = (*account, AccountState::Active);
            return Command::SetAccountState(SetAccountState { request, account, state });
        }
        if let (true, Some(stopped)) =
            (dice.chance(50), stopped.find(|i| i.state != InstrumentState::Trading))
        {
            let (instrument, state) = (stopped.id, InstrumentState::Trading);
            return Command::SetInstrumentState(SetInstrumentState { request, instrument, state });
        }
        if dice.chance(60) {
            let halted = [InstrumentState::Halted, InstrumentState::CancelOnly];
            let trading = dice.chance(70);
            Command::SetInstrumentState(SetInstrumentState {
                request,
                instrument: InstrumentId(dice.pick(&[0, 0, 1, 1, 2, 2, 3, u32::MAX])),
                state: if trading { InstrumentState::Trading } else { dice.pick(&halted) },
            })
        } else {
            let active = dice.chance(75);
            Command::SetAccountState(SetAccountState {
                request,
                account: AccountId(dice.pick(&[0, 1, 2, 3, 4, 5, 2, 3, 4, 5, u32::MAX])),
                state: if active { AccountState::Active } else { AccountState::Suspended },
            })
        }
    }

    fn definition(&mut self, dice: &mut Dice, venue: &Venue) -> Command {
        let request = self.request();
        match dice.below(12) {
            0..=1 => {
                let name = dice.pick(&[&b"A0"[..], b"A1", b"A7", b""]);
                let id = dice.pick(&[0, 1, 2, 3, 1023, 1024, u16::MAX]);
                let scale = dice.pick(&[0, 8, 12, 13, 255]);
                let name = AssetName::truncated(name);
                let asset = Asset { id: AssetId(id), name, scale };
                Command::DefineAsset(DefineAsset { request, asset })
            }
            2 => {
                let account = AccountId(dice.pick(&[0, 1, 2, 6, 7, 8, 9, 10, u32::MAX]));
                Command::OpenAccount(OpenAccount { request, account })
            }
            3..=4 => {
                let id = SessionId(dice.pick(&[0, 1, 2, 3, 4, 5, 6, 7, 8, u32::MAX]));
                let known = venue.sessions.get(&id).map(|session| session.definition);
                let mut session = known.unwrap_or(SessionDefinition {
                    id,
                    account: AccountId(2),
                    comp_id: CompId::truncated(format!("CLIENT{}", id.0).as_bytes()),
                    reset_on_logon: false,
                    cancel_on_disconnect: true,
                });
                match dice.below(6) {
                    0 => session.account = AccountId(dice.pick(&[0, 1, 3, 8, u32::MAX])),
                    1 => session.comp_id = CompId::EMPTY,
                    2 => session.comp_id = CompId::truncated(b"CLIENT2"),
                    3 => session.cancel_on_disconnect ^= true,
                    4 => session.reset_on_logon ^= true,
                    _ => {}
                }
                Command::DefineSession(DefineSession { request, session })
            }
            _ => {
                let listings: Vec<Instrument> =
                    venue.instruments.values().map(|listing| listing.instrument).collect();
                let Some(_) = listings.first() else { return Command::Continue(Continue {}) };
                let mut instrument = dice.pick(&listings);
                change(dice, &mut instrument);
                Command::DefineInstrument(DefineInstrument { request, instrument })
            }
        }
    }

    fn rare(&mut self, dice: &mut Dice, venue: &Venue) -> Command {
        match dice.below(6) {
            0 => self.take_genesis(),
            1..=2 => Command::Continue(Continue {}),
            3 => Command::BeginEpoch(BeginEpoch {
                epoch: Epoch(venue.epoch + dice.below(2) as u32),
                primary: NodeId(1),
                in_sync: 3,
                durability: Durability::StandbyMemory,
                nonce: dice.next(),
            }),
            _ => Command::Rollover(Rollover { day: venue.day + dice.below(3) as u32 }),
        }
    }

    fn take_genesis(&self) -> Command {
        Command::Genesis(Genesis {
            cluster: ClusterName::EMPTY,
            hash_secret: HashSecret(0),
            limits: EngineLimits::default(),
        })
    }
}

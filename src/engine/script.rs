//! A venue for tests: commands as lines that a trader can read, and what came of them as lines.
//!
//! `A` and `B` are sessions 1 and 2 of accounts 2 and 3. The instrument trades units of X for units of
//! Y, all scales zero, tick and lot 1, the first reference price 100, the collar 50 %.

use crate::engine::Engine;
use crate::model::limit::EngineLimits;
use crate::model::*;

pub(super) struct Venue {
    pub(super) engine: Engine,
    pub(super) sequence: u64,
    log: Vec<Record>,
}

pub(super) const X: AssetId = AssetId(0);
pub(super) const Y: AssetId = AssetId(1);
pub(super) const SECRET: HashSecret = HashSecret(7);

pub(super) fn instrument() -> Instrument {
    Instrument {
        id: InstrumentId(0),
        symbol: Symbol::truncated(b"X-Y"),
        base: X,
        quote: Y,
        price_scale: 0,
        quantity_scale: 0,
        tick: Price(1),
        lot: Quantity(1),
        quantity_min: Quantity(1),
        quantity_max: Quantity(100_000),
        notional_min: Amount(10),
        collar_percent: 50,
        reference_price: Price(100),
        open_orders_max: 1_000,
        maker_fee: 0,
        taker_fee: 0,
        state: InstrumentState::Trading,
    }
}

pub(super) fn limits() -> EngineLimits {
    EngineLimits {
        orders_max: 3_000,
        cl_ord_ids_max: 20_000,
        cl_ord_ids_per_account_max: 20_000,
        cl_ord_ids_kept: crate::model::limit::CL_ORD_IDS_KEPT,
        accounts_max: 100,
        instruments_max: 100,
        sessions_max: 100,
    }
}

pub(super) fn genesis() -> Command {
    Command::Genesis(Genesis {
        cluster: ClusterName::truncated(b"test"),
        hash_secret: SECRET,
        limits: limits(),
    })
}

pub(super) fn asset(id: AssetId, name: &[u8]) -> Command {
    let asset = Asset { id, name: AssetName::truncated(name), scale: 0 };
    Command::DefineAsset(DefineAsset { request: 1, asset })
}

pub(super) fn session(id: u32, cancel_on_disconnect: bool) -> Command {
    Command::DefineSession(DefineSession {
        request: 1,
        session: SessionDefinition {
            id: SessionId(id),
            account: AccountId(id + 1),
            comp_id: CompId::truncated(&[b'@' + id as u8]),
            reset_on_logon: false,
            cancel_on_disconnect,
        },
    })
}

pub(super) fn transfer(account: u32, asset: AssetId, amount: i64, reference: &str) -> Transfer {
    let reference = Reference::truncated(reference.as_bytes());
    Transfer { request: 1, account: AccountId(account), asset, amount: Amount(amount), reference }
}

pub(super) fn logon(id: u32, msg_seq_num: u64) -> Logon {
    Logon {
        session: SessionId(id),
        msg_seq_num,
        gateway: GatewayId(1),
        connection: ConnectionId(10 + id),
        heart_bt_int: 30,
        reset_requested: false,
        next_expected: 0,
    }
}

pub(super) fn id(account: AccountId, text: &str) -> (ClOrdId, u64) {
    let hash = SECRET.hash(account, text.as_bytes());
    (ClOrdId::truncated(text.as_bytes()), hash)
}

impl Venue {
    /// Two accounts with 100,000 of each asset, both logged on, cancel on disconnect for A.
    pub(super) fn new() -> Self {
        Self::with(instrument())
    }

    pub(super) fn with(instrument: Instrument) -> Self {
        let mut venue = Self { engine: Engine::new(), sequence: 0, log: Vec::new() };
        venue.apply(genesis());
        venue.apply(asset(X, b"X"));
        venue.apply(asset(Y, b"Y"));
        venue.apply(Command::DefineInstrument(DefineInstrument { request: 1, instrument }));
        for number in 1..=2 {
            let account = AccountId(number + 1);
            venue.apply(Command::OpenAccount(OpenAccount { request: 1, account }));
            venue.apply(session(number, number == 1));
            for asset in [X, Y] {
                let reference = format!("{account} {asset}");
                let deposit = transfer(account.0, asset, 100_000, &reference);
                venue.apply(Command::Deposit(deposit));
            }
            venue.apply(Command::Logon(logon(number, 1)));
        }
        venue
    }

    /// Applies a command and its continuations; every record is audited.
    pub(super) fn apply(&mut self, command: Command) -> Vec<Event> {
        let mut events = Vec::new();
        self.apply_one(command, &mut events);
        while self.engine.has_continuation() {
            self.apply_one(Command::Continue(Continue {}), &mut events);
        }
        events
    }

    pub(super) fn apply_one(&mut self, command: Command, events: &mut Vec<Event>) {
        self.sequence += 1;
        let record = Record {
            sequence: Sequence(self.sequence),
            timestamp: Timestamp(self.sequence),
            epoch: Epoch(1),
            shard: ShardId(0),
            command,
        };
        self.log.push(record);
        let before = events.len();
        self.engine.apply(&record, events);
        assert!(events.len() - before <= crate::model::limit::EVENTS_MAX);
        if let Err(what) = self.engine.audit() {
            panic!("after {record:?}: {what}");
        }
    }

    /// A new engine that has applied all that this one has.
    pub(super) fn replayed(&self) -> Engine {
        self.replayed_by(Engine::new())
    }

    /// An engine before genesis, once it has applied all that this one has.
    pub(super) fn replayed_by(&self, mut engine: Engine) -> Engine {
        let mut events = Vec::new();
        for record in &self.log {
            engine.apply(record, &mut events);
        }
        engine
    }

    /// Applies lines and tells what came of them.
    pub(super) fn run(&mut self, script: &str) -> String {
        let mut told = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let command = parse(line, self.engine.view());
            for event in self.apply(command) {
                told += &line_of(&event);
                told.push('\n');
            }
        }
        told
    }

    /// The book and the balances.
    pub(super) fn state(&self) -> String {
        let view = self.engine.view();
        let mut told = String::new();
        for side in [Side::Sell, Side::Buy] {
            for order in view.book_orders(InstrumentId(0), side) {
                let Execution { cl_ord_id, price, leaves_quantity, .. } = order.execution;
                told += &format!("{side:?} {cl_ord_id} {leaves_quantity:?}@{price:?}")
                    .replace("Quantity(", "")
                    .replace("Price(", "")
                    .replace(')', "");
                if order.shown != leaves_quantity {
                    told += &format!(" shows {}", order.shown.0);
                }
                told.push('\n');
            }
        }
        for (name, account) in [("A", 2), ("B", 3), ("venue", 1)] {
            for (asset, letter) in [(X, 'X'), (Y, 'Y')] {
                let balance = view.balance(AccountId(account), asset);
                told += &format!("{name} {letter} {}+{}  ", balance.free.0, balance.held.0);
            }
            told = told.trim_end().to_owned() + "\n";
        }
        told
    }
}

/// Reads one line.
pub(super) fn parse(line: &str, view: crate::engine::View<'_>) -> Command {
    let words: Vec<&str> = line.split_whitespace().collect();
    let session = SessionId(u32::from(words[0].as_bytes()[0] - b'@'));
    let state = view.session(session).expect("A or B");
    let origin = Origin { session, generation: state.generation, msg_seq_num: state.next_in };
    let account = state.definition.account;
    let verb = words[1];
    let name = words.get(2).copied().unwrap_or("");
    let ids = id(account, if name == "-" { "" } else { name });
    let given = |key: &str| words.iter().find_map(|word| word.strip_prefix(key));
    let number = |key: &str| given(key).map_or(0, |word| word.parse().unwrap());
    let has = |word: &str| words.contains(&word);
    let terms = words.iter().find_map(|word| word.split_once('@'));
    let (quantity, price) = terms.map_or((number("quantity="), 0), |(quantity, price)| {
        (quantity.parse().unwrap(), price.parse().unwrap())
    });
    let orig = id(account, given("of=").unwrap_or(""));
    let order = OrderId(number("order=") as u64);
    let side = if verb.contains("sell") || has("sell") { Side::Sell } else { Side::Buy };
    match verb {
        "buy" | "sell" => Command::NewOrder(NewOrder {
            origin,
            account,
            instrument: InstrumentId(number("instrument=") as u32),
            cl_ord_id: ids.0,
            cl_ord_id_hash: ids.1,
            side,
            ord_type: if has("market") { OrdType::Market } else { OrdType::Limit },
            time_in_force: match (has("ioc"), has("fok"), has("day")) {
                (true, ..) => TimeInForce::ImmediateOrCancel,
                (_, true, _) => TimeInForce::FillOrKill,
                (.., true) => TimeInForce::Day,
                _ => TimeInForce::GoodTillCancel,
            },
            self_trade_prevention: match given("own=") {
                Some("taker") => SelfTradePrevention::ExpireTaker,
                Some("maker") => SelfTradePrevention::ExpireMaker,
                Some("both") => SelfTradePrevention::ExpireBoth,
                Some("decrement") => SelfTradePrevention::Decrement,
                _ => SelfTradePrevention::None,
            },
            post_only: has("post-only"),
            poss_resend: has("resent"),
            price: Price(price),
            quantity: Quantity(quantity),
            quote_quantity: Amount(number("quote=")),
            display_quantity: Quantity(number("show=")),
            refusal: Refusal::NONE,
        }),
        "cancel" => Command::CancelOrder(CancelOrder {
            origin,
            account,
            instrument: CancelOrder::ANY_INSTRUMENT,
            side,
            order,
            cl_ord_id: ids.0,
            cl_ord_id_hash: ids.1,
            orig_cl_ord_id: orig.0,
            orig_cl_ord_id_hash: orig.1,
            poss_resend: has("resent"),
            refusal: Refusal::NONE,
        }),
        "replace" => Command::ReplaceOrder(ReplaceOrder {
            origin,
            account,
            instrument: CancelOrder::ANY_INSTRUMENT,
            side,
            order,
            cl_ord_id: ids.0,
            cl_ord_id_hash: ids.1,
            orig_cl_ord_id: orig.0,
            orig_cl_ord_id_hash: orig.1,
            ord_type: if has("market") { OrdType::Market } else { OrdType::Limit },
            time_in_force: match has("day") {
                true => ReplaceTimeInForce::Day,
                false => ReplaceTimeInForce::Unchanged,
            },
            price: Price(price),
            quantity: Quantity(quantity),
            display_quantity: Quantity(number("show=")),
            post_only: false,
            self_trade_prevention: ReplaceSelfTradePrevention::Unchanged,
            poss_resend: has("resent"),
            refusal: Refusal::NONE,
        }),
        "cancel-all" => Command::MassCancel(MassCancel {
            origin,
            account,
            scope: MassCancelScope::All,
            instrument: InstrumentId(0),
            side: match (has("buys"), has("sells")) {
                (true, _) => SideFilter::Buy,
                (_, true) => SideFilter::Sell,
                _ => SideFilter::Both,
            },
            cl_ord_id: ids.0,
            refusal: Refusal::NONE,
        }),
        "status" => Command::OrderStatus(OrderStatus {
            origin,
            account,
            instrument: InstrumentId(0),
            side,
            order,
            cl_ord_id: ids.0,
            cl_ord_id_hash: ids.1,
            request_id: RequestId::EMPTY,
        }),
        "status-all" => Command::MassStatus(MassStatus {
            origin,
            account,
            scope: MassCancelScope::All,
            instrument: InstrumentId(0),
            side: SideFilter::Both,
            request_id: RequestId::truncated(b"all"),
        }),
        "logon" => Command::Logon(logon(session.0, number("number=") as u64)),
        "lost" => {
            Command::ConnectionLost(ConnectionLost { origin: Origin { msg_seq_num: 0, ..origin } })
        }
        "securities" => Command::SecurityListRequest(SecurityListRequest {
            origin,
            request_id: RequestId::EMPTY,
            instrument: CancelOrder::ANY_INSTRUMENT,
            refusal: Refusal::NONE,
        }),
        "halt" | "resume" => Command::SetInstrumentState(SetInstrumentState {
            request: 1,
            instrument: InstrumentId(0),
            state: if verb == "halt" { InstrumentState::Halted } else { InstrumentState::Trading },
        }),
        "suspend" | "reinstate" => Command::SetAccountState(SetAccountState {
            request: 1,
            account,
            state: if verb == "suspend" { AccountState::Suspended } else { AccountState::Active },
        }),
        "day" => Command::Rollover(Rollover { day: name.parse().unwrap() }),
        other => panic!("no such verb: {other}"),
    }
}

/// One event as a line.
pub(super) fn line_of(event: &Event) -> String {
    let who = match event.session.0 {
        0 => "-".to_owned(),
        session => char::from(b'@' + session as u8).to_string(),
    };
    let what = match &event.body {
        EventBody::Execution(told) => execution(told),
        EventBody::StatusReport(told) => {
            let last = if told.last { " last" } else { "" };
            format!("{} of {}{last}", execution(&told.execution), told.total)
        }
        EventBody::CancelReject(told) => {
            let what = if told.replace { "replace" } else { "cancel" };
            let CancelReject { cl_ord_id, ord_status, refusal, .. } = told;
            format!("{cl_ord_id} {what} refused: {} ({ord_status:?})", reason(refusal))
        }
        EventBody::MassCancelReport(told) => {
            format!("{} canceled {} {}", told.cl_ord_id, told.affected, reason(&told.refusal))
        }
        EventBody::OperatorAnswer(told) => {
            let repeated = if told.repeated { " repeated" } else { "" };
            format!("answer {}{repeated}", reason(&told.refusal))
        }
        EventBody::LogonAccepted(told) => {
            format!("Logon generation {} next {}", told.generation, told.next_inbound)
        }
        EventBody::LogoutSent(told) => {
            format!("Logout {:?} {}/{}", told.code, told.value, told.limit)
        }
        EventBody::ResendRequest(told) => format!("ResendRequest from {}", told.begin),
        EventBody::SessionEnded(told) => format!("ended connection {}", told.connection),
        EventBody::RolledOver(told) => format!("day {}", told.day),
        other => other.name().to_owned(),
    };
    format!("{who} {what}").trim_end().to_owned()
}

fn reason(refusal: &Refusal) -> String {
    match refusal.code {
        RejectCode::None => String::new(),
        code => format!("{code:?} {}/{}", refusal.value, refusal.limit),
    }
}

fn execution(told: &Execution) -> String {
    let mut line = format!("{} {:?}", told.cl_ord_id, told.exec_type);
    if told.exec_type == ExecType::Rejected {
        return format!("{line}: {}", reason(&told.refusal));
    }
    if !told.orig_cl_ord_id.is_empty() {
        line += &format!(" was {}", told.orig_cl_ord_id);
    }
    if told.exec_type == ExecType::Trade {
        let side = if told.maker { "maker" } else { "taker" };
        line += &format!(" {}@{} {side}", told.last_quantity.0, told.last_price.0);
        if told.fee.0 != 0 {
            line += &format!(" fee {}", told.fee.0);
        }
    }
    line += &format!(
        " [{:?} {}/{} leaves {}]",
        told.ord_status, told.cum_quantity.0, told.quantity.0, told.leaves_quantity.0
    );
    if told.quote_quantity.0 != 0 {
        line += &format!(" quote {}", told.quote_quantity.0);
    }
    if told.why != Cause::Request {
        line += &format!(" {:?}", told.why);
    }
    if told.refusal.code != RejectCode::None {
        line += &format!(" {}", reason(&told.refusal));
    }
    line
}

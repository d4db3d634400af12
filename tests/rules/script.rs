//! Reads the cases, plays them, and tells what happened in words.

use std::collections::BTreeMap;
use std::path::Path;

use castle::model::limit::{CL_ORD_IDS_KEPT, EngineLimits};
use castle::model::*;

use crate::reference::compare::Subject;
use crate::words::*;

/// A rule, what is asked, and what comes of it.
pub struct Case {
    place: String,
    head: Vec<String>,
    asked: Vec<String>,
    pub expected: Vec<String>,
}

impl Case {
    /// The cases of a file.
    pub fn parse_all(file: &Path, text: &str) -> Vec<Self> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let mut cases: Vec<Self> = Vec::new();
        let mut below = true;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.starts_with('#') {
                if below {
                    let place = format!("tests/rules/{name}:{}", at + 1);
                    cases.push(Self { place, head: vec![], asked: vec![], expected: vec![] });
                    below = false;
                }
                cases.last_mut().expect("a case").head.push(line.to_owned());
            } else if line == "---" {
                below = true;
            } else if !line.is_empty() {
                let case = cases.last_mut().expect("a case begins with #");
                if below { &mut case.expected } else { &mut case.asked }.push(line.to_owned());
            }
        }
        cases
    }

    /// The case with another expectation, as text.
    pub fn with_expected(&self, found: &[String]) -> String {
        let mut lines = [&self.head[..], &self.asked[..]].concat();
        lines.push("---".to_owned());
        lines.extend_from_slice(found);
        lines.join("\n") + "\n\n"
    }

    /// What was expected and what came.
    pub fn difference(&self, found: &[String]) -> String {
        format!(
            "{}\n{}\n{}\n--- expected\n{}\n--- found\n{}\n",
            self.place,
            self.head.join("\n"),
            self.asked.join("\n"),
            self.expected.join("\n"),
            found.join("\n")
        )
    }

    /// Plays the case on a venue and returns what it said.
    pub fn play<S: Subject>(&self) -> Vec<String> {
        let given = self.asked.first().and_then(|line| line.strip_prefix("given "));
        let words = Words(given.unwrap_or_default().split_whitespace().collect());
        let mut player = Player::<S>::new(words);
        for line in &self.asked[usize::from(given.is_some())..] {
            player.line(line).unwrap_or_else(|why| panic!("{}: {line:?}: {why}", self.place));
        }
        player.said
    }
}

/// A venue, and what its users remember of it.
struct Player<S> {
    subject: S,
    sequence: u64,
    instrument: Instrument,
    day: u32,
    epoch: u32,
    connections: u32,
    sessions: BTreeMap<SessionId, SessionDefinition>,
    generations: BTreeMap<SessionId, Generation>,
    orders: BTreeMap<(AccountId, ClOrdId), OrderId>,
    sides: BTreeMap<OrderId, Side>,
    accepted: Vec<OrderId>,
    show_ids: bool,
    said: Vec<String>,
}

impl<S: Subject> Player<S> {
    fn new(given: Words) -> Self {
        let mut player = Self {
            subject: S::fresh(),
            sequence: 0,
            instrument: first_instrument(),
            day: 0,
            epoch: 0,
            connections: 0,
            sessions: BTreeMap::new(),
            generations: BTreeMap::new(),
            orders: BTreeMap::new(),
            sides: BTreeMap::new(),
            accepted: Vec::new(),
            show_ids: false,
            said: Vec::new(),
        };
        player.set_up(given);
        player.said.clear();
        player
    }

    fn set_up(&mut self, mut given: Words) {
        let mut given =
            |what, else_| given.value(what).map_or(else_, |word| parse(word).expect("a limit"));
        let limits = EngineLimits {
            orders_max: 1_000,
            cl_ord_ids_max: given("names", 1_000),
            cl_ord_ids_per_account_max: given("each", 1_000),
            cl_ord_ids_kept: given("kept", CL_ORD_IDS_KEPT),
            accounts_max: 10,
            instruments_max: 10,
            sessions_max: 10,
        };
        let cluster = ClusterName::truncated(b"rules");
        self.send(Command::Genesis(Genesis { cluster, hash_secret: SECRET, limits }));
        for (id, name) in [(BTC, "BTC"), (USD, "USD")] {
            let name = AssetName::truncated(name.as_bytes());
            let asset = Asset { id, name, scale: ASSET_PLACES as u8 };
            self.send(Command::DefineAsset(DefineAsset { request: 0, asset }));
        }
        let instrument = self.instrument;
        self.send(Command::DefineInstrument(DefineInstrument { request: 0, instrument }));
        for name in NAMES {
            let account = account(name).expect("a name");
            self.send(Command::OpenAccount(OpenAccount { request: 0, account }));
            for (asset, amount) in [(BTC, 10), (USD, 10_000)] {
                self.send(Command::Deposit(Transfer {
                    request: 0,
                    account,
                    asset,
                    amount: Amount(amount * 10_i64.pow(ASSET_PLACES)),
                    reference: Reference::truncated(format!("{name} {asset}").as_bytes()),
                }));
            }
        }
        for name in NAMES.iter().chain(&[SECOND]) {
            let id = session(name).expect("a name");
            let session = SessionDefinition {
                id,
                account: account(name).expect("a name"),
                comp_id: CompId::truncated(name.as_bytes()),
                reset_on_logon: false,
                cancel_on_disconnect: false,
            };
            self.sessions.insert(id, session);
            self.send(Command::DefineSession(DefineSession { request: 0, session }));
            self.logon(id, Words(vec![])).expect("a logon");
        }
    }

    /// One line of a case.
    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(what) = line.strip_prefix("show ") {
            return self.show(what);
        }
        let (who, what) = line.split_once(": ").ok_or("who?")?;
        let mut words = Words(what.split_whitespace().collect());
        if who == "operator" {
            return self.operator(words);
        }
        let id = session(who)?;
        match words.first()? {
            "buy" => self.order(id, Side::Buy, words),
            "sell" => self.order(id, Side::Sell, words),
            "cancel" => self.cancel(id, words),
            "replace" => self.replace(id, words),
            "mass" => match words.first()? {
                "cancel" => self.mass_cancel(id, words),
                "status" => self.mass_status(id, words),
                other => Err(format!("mass {other}?")),
            },
            "status" => self.status(id, words),
            "logon" => self.logon(id, words),
            "logout" => {
                let origin = self.origin(id);
                let code = LogoutCode::Requested;
                self.send(Command::Logout(Logout { origin, code, value: 0, limit: 0 }));
                words.end()
            }
            "disconnect" => {
                let mut origin = self.origin(id);
                origin.msg_seq_num = 0;
                self.send(Command::ConnectionLost(ConnectionLost { origin }));
                words.end()
            }
            other => Err(format!("{other}?")),
        }
    }

    fn origin(&self, session: SessionId) -> Origin {
        let generation = self.generations.get(&session).copied().unwrap_or_default();
        let next_in = self.subject.numbers(session).map_or(1, |numbers| numbers.0);
        Origin { session, generation, msg_seq_num: next_in }
    }

    fn order(&mut self, id: SessionId, side: Side, mut words: Words) -> Result<(), String> {
        let account = self.sessions[&id].account;
        let cl_ord_id = cl_ord_id(words.value("as").ok_or("as what?")?);
        let spend = words.value("for").map(|word| number(word, ASSET_PLACES)).transpose()?;
        let price = words.value("@").map(|word| number(word, PRICE_PLACES)).transpose()?;
        let display = words.value("show").map(|word| number(word, QUANTITY_PLACES)).transpose()?;
        let market = words.flag("market") && words.flag("at");
        let time_in_force = time_in_force(&mut words);
        let self_trade_prevention = match words.value("stp").unwrap_or("none") {
            "none" => SelfTradePrevention::None,
            "taker" => SelfTradePrevention::ExpireTaker,
            "maker" => SelfTradePrevention::ExpireMaker,
            "both" => SelfTradePrevention::ExpireBoth,
            "decrement" => SelfTradePrevention::Decrement,
            other => return Err(format!("stp {other}?")),
        };
        let instrument = instrument(words.value("in"))?.unwrap_or(self.instrument.id);
        let (post_only, poss_resend) = (words.flag("post-only"), words.flag("resend"));
        let quantity = if spend.is_some() { 0 } else { number(words.first()?, QUANTITY_PLACES)? };
        words.end()?;
        self.send(Command::NewOrder(NewOrder {
            origin: self.origin(id),
            account,
            instrument,
            cl_ord_id,
            cl_ord_id_hash: SECRET.hash(account, cl_ord_id.as_bytes()),
            side,
            ord_type: if market { OrdType::Market } else { OrdType::Limit },
            time_in_force,
            self_trade_prevention,
            post_only,
            poss_resend,
            price: Price(price.unwrap_or(0)),
            quantity: Quantity(quantity),
            quote_quantity: Amount(spend.unwrap_or(0)),
            display_quantity: Quantity(display.unwrap_or(0)),
            refusal: Refusal::NONE,
        }));
        Ok(())
    }

    /// `a1`, or `order-of a1`: the OrderID and the OrigClOrdID of a request.
    fn named(&self, account: AccountId, words: &mut Words) -> Result<(OrderId, ClOrdId), String> {
        match words.first()? {
            "order-of" => {
                let name = cl_ord_id(words.first()?);
                let order = self.orders.get(&(account, name)).ok_or("no such order")?;
                Ok((*order, ClOrdId::EMPTY))
            }
            name => Ok((OrderId::NONE, cl_ord_id(name))),
        }
    }

    /// The side that a request claims: what the line says, else the order's.
    fn side_of(&self, words: &mut Words, account: AccountId, id: OrderId, name: ClOrdId) -> Side {
        match (words.flag("buy"), words.flag("sell")) {
            (true, _) => return Side::Buy,
            (_, true) => return Side::Sell,
            _ => {}
        }
        let id = self.orders.get(&(account, name)).copied().unwrap_or(id);
        self.sides.get(&id).copied().unwrap_or(Side::Buy)
    }

    fn cancel(&mut self, id: SessionId, mut words: Words) -> Result<(), String> {
        let account = self.sessions[&id].account;
        let name = cl_ord_id(words.value("by").ok_or("by what?")?);
        let (order, orig_cl_ord_id) = self.named(account, &mut words)?;
        let side = self.side_of(&mut words, account, order, orig_cl_ord_id);
        let poss_resend = words.flag("resend");
        words.end()?;
        self.send(Command::CancelOrder(CancelOrder {
            origin: self.origin(id),
            account,
            instrument: CancelOrder::ANY_INSTRUMENT,
            side,
            order,
            cl_ord_id: name,
            cl_ord_id_hash: SECRET.hash(account, name.as_bytes()),
            orig_cl_ord_id,
            orig_cl_ord_id_hash: SECRET.hash(account, orig_cl_ord_id.as_bytes()),
            poss_resend,
            refusal: Refusal::NONE,
        }));
        Ok(())
    }

    fn replace(&mut self, id: SessionId, mut words: Words) -> Result<(), String> {
        let account = self.sessions[&id].account;
        let name = words.value("by").ok_or("by what?")?;
        let name = cl_ord_id(name.strip_suffix(':').ok_or("a colon after the new name")?);
        let price = number(words.value("@").ok_or("at what price?")?, PRICE_PLACES)?;
        let display = words.value("show").map(|word| number(word, QUANTITY_PLACES)).transpose()?;
        let time_in_force = match (words.flag("gtc"), words.flag("day")) {
            (true, _) => ReplaceTimeInForce::GoodTillCancel,
            (_, true) => ReplaceTimeInForce::Day,
            _ => ReplaceTimeInForce::Unchanged,
        };
        let market = words.flag("market");
        let post_only = words.flag("post-only");
        let self_trade_prevention = match words.value("stp") {
            None => ReplaceSelfTradePrevention::Unchanged,
            Some("none") => ReplaceSelfTradePrevention::None,
            Some("taker") => ReplaceSelfTradePrevention::ExpireTaker,
            Some("maker") => ReplaceSelfTradePrevention::ExpireMaker,
            Some("both") => ReplaceSelfTradePrevention::ExpireBoth,
            Some("decrement") => ReplaceSelfTradePrevention::Decrement,
            Some(other) => return Err(format!("stp {other}?")),
        };
        let (order, orig_cl_ord_id) = self.named(account, &mut words)?;
        let side = self.side_of(&mut words, account, order, orig_cl_ord_id);
        let poss_resend = words.flag("resend");
        let quantity = number(words.first()?, QUANTITY_PLACES)?;
        words.end()?;
        self.send(Command::ReplaceOrder(ReplaceOrder {
            origin: self.origin(id),
            account,
            instrument: CancelOrder::ANY_INSTRUMENT,
            side,
            order,
            cl_ord_id: name,
            cl_ord_id_hash: SECRET.hash(account, name.as_bytes()),
            orig_cl_ord_id,
            orig_cl_ord_id_hash: SECRET.hash(account, orig_cl_ord_id.as_bytes()),
            ord_type: if market { OrdType::Market } else { OrdType::Limit },
            time_in_force,
            price: Price(price),
            quantity: Quantity(quantity),
            display_quantity: Quantity(display.unwrap_or(0)),
            post_only,
            self_trade_prevention,
            poss_resend,
            refusal: Refusal::NONE,
        }));
        Ok(())
    }

    fn mass_cancel(&mut self, id: SessionId, mut words: Words) -> Result<(), String> {
        let cl_ord_id = cl_ord_id(words.value("as").ok_or("as what?")?);
        let (scope, instrument, side) = scope(&mut words)?;
        words.end()?;
        self.send(Command::MassCancel(MassCancel {
            origin: self.origin(id),
            account: self.sessions[&id].account,
            scope,
            instrument,
            side,
            cl_ord_id,
            refusal: Refusal::NONE,
        }));
        Ok(())
    }

    fn mass_status(&mut self, id: SessionId, mut words: Words) -> Result<(), String> {
        let (scope, instrument, side) = scope(&mut words)?;
        words.end()?;
        self.send(Command::MassStatus(MassStatus {
            origin: self.origin(id),
            account: self.sessions[&id].account,
            scope,
            instrument,
            side,
            request_id: RequestId::EMPTY,
        }));
        Ok(())
    }

    fn status(&mut self, id: SessionId, mut words: Words) -> Result<(), String> {
        let account = self.sessions[&id].account;
        let (order, cl_ord_id) = self.named(account, &mut words)?;
        words.end()?;
        self.send(Command::OrderStatus(OrderStatus {
            origin: self.origin(id),
            account,
            instrument: self.instrument.id,
            side: Side::Buy,
            order,
            cl_ord_id,
            cl_ord_id_hash: SECRET.hash(account, cl_ord_id.as_bytes()),
            request_id: RequestId::EMPTY,
        }));
        Ok(())
    }

    fn logon(&mut self, id: SessionId, mut words: Words) -> Result<(), String> {
        self.connections += 1;
        let reset_requested = words.flag("reset");
        let next_in = self.subject.numbers(id).map_or(1, |numbers| numbers.0);
        let resets = reset_requested || self.sessions[&id].reset_on_logon;
        let first = if resets { 1 } else { next_in };
        let msg_seq_num = words.value("number").map_or(Ok(first), parse)?;
        let next_expected = words.value("expects").map_or(Ok(0), parse)?;
        words.end()?;
        self.send(Command::Logon(Logon {
            session: id,
            msg_seq_num,
            gateway: GatewayId(2),
            connection: ConnectionId(self.connections),
            heart_bt_int: 30,
            reset_requested,
            next_expected,
        }));
        Ok(())
    }

    fn operator(&mut self, mut words: Words) -> Result<(), String> {
        let request = 0;
        let instrument = self.instrument.id;
        let state = |state| SetInstrumentState { request, instrument, state };
        match words.first()? {
            "instrument" => self.change_instrument(words)?,
            what @ ("deposit" | "withdraw") => {
                let reference = words.value("as").unwrap_or("");
                let account = account(words.first()?)?;
                let amount = Amount(number(words.first()?, ASSET_PLACES)?);
                let asset = asset(words.first()?)?;
                let reference = Reference::truncated(reference.as_bytes());
                let transfer = Transfer { request, account, asset, amount, reference };
                let deposit = what == "deposit";
                words.end()?;
                self.send(match deposit {
                    true => Command::Deposit(transfer),
                    false => Command::Withdraw(transfer),
                });
            }
            "halt" => self.send(Command::SetInstrumentState(state(InstrumentState::Halted))),
            "cancel-only" => {
                self.send(Command::SetInstrumentState(state(InstrumentState::CancelOnly)));
            }
            "resume" => self.send(Command::SetInstrumentState(state(InstrumentState::Trading))),
            what @ ("suspend" | "reinstate") => {
                let account = account(words.first()?)?;
                let suspended = what == "suspend";
                let state = if suspended { AccountState::Suspended } else { AccountState::Active };
                self.send(Command::SetAccountState(SetAccountState { request, account, state }));
            }
            "rollover" => {
                self.day += 1;
                self.send(Command::Rollover(Rollover { day: self.day }));
            }
            "epoch" => {
                self.epoch += 1;
                self.send(Command::BeginEpoch(BeginEpoch {
                    epoch: Epoch(self.epoch),
                    primary: NodeId(0),
                    in_sync: 1,
                    durability: Durability::LocalDisk,
                    nonce: 0,
                }));
            }
            "grace" => {
                let session = session(words.first()?)?;
                self.send(Command::CancelAbsentSession(CancelAbsentSession { session }));
            }
            name => {
                let id = session(name)?;
                let mut definition = self.sessions[&id];
                match words.0.join(" ").as_str() {
                    "cancels on disconnect" => definition.cancel_on_disconnect = true,
                    "resets on logon" => definition.reset_on_logon = true,
                    other => return Err(format!("{other}?")),
                }
                self.sessions.insert(id, definition);
                let session = definition;
                self.send(Command::DefineSession(DefineSession { request, session }));
            }
        }
        Ok(())
    }

    fn change_instrument(&mut self, mut words: Words) -> Result<(), String> {
        let mut new = self.instrument;
        while let Ok(field) = words.first() {
            let value = words.first()?;
            match field {
                "tick" => new.tick = Price(number(value, PRICE_PLACES)?),
                "lot" => new.lot = Quantity(number(value, QUANTITY_PLACES)?),
                "least" => new.quantity_min = Quantity(number(value, QUANTITY_PLACES)?),
                "most" => new.quantity_max = Quantity(number(value, QUANTITY_PLACES)?),
                "notional" => new.notional_min = Amount(number(value, ASSET_PLACES)?),
                "reference" => new.reference_price = Price(number(value, PRICE_PLACES)?),
                "collar" => new.collar_percent = parse(value)?,
                "orders" => new.open_orders_max = parse(value)?,
                "symbol" => new.symbol = Symbol::truncated(value.as_bytes()),
                "price-places" => new.price_scale = parse(value)?,
                "quantity-places" => new.quantity_scale = parse(value)?,
                "fees" => {
                    new.maker_fee = parse(value)?;
                    new.taker_fee = parse(words.first()?)?;
                }
                other => return Err(format!("{other}?")),
            }
        }
        let said = self.said.len();
        self.send(Command::DefineInstrument(DefineInstrument { request: 0, instrument: new }));
        if self.said[said..].iter().any(|line| line == "operator: done") {
            self.instrument = new;
        }
        Ok(())
    }

    fn show(&mut self, what: &str) -> Result<(), String> {
        match what {
            "ids" => self.show_ids = true,
            "book" => {
                for side in Side::ALL {
                    let levels = self.subject.levels(self.instrument.id, *side);
                    let mut shown: Vec<String> = levels
                        .iter()
                        .map(|level| format!("{} @ {}", quantity(level.1), price(level.0)))
                        .collect();
                    if shown.is_empty() {
                        shown.push("none".to_owned());
                    }
                    let name = if *side == Side::Buy { "bids" } else { "asks" };
                    self.said.push(format!("{name}: {}", shown.join(", ")));
                }
            }
            who => {
                let account = account(who)?;
                let mut shown = Vec::new();
                for (asset, name) in [(BTC, "BTC"), (USD, "USD")] {
                    let (free, held) = self.subject.balance(account, asset);
                    shown.push(match held {
                        0 => format!("{} {name}", amount(free)),
                        _ => format!("{} {name} and {} held", amount(free), amount(held)),
                    });
                }
                self.said.push(format!("{who} has {}", shown.join(", ")));
            }
        }
        Ok(())
    }

    /// Applies a command and all that follows from it.
    fn send(&mut self, command: Command) {
        let mut events = Vec::new();
        self.apply(command, &mut events);
        while self.subject.has_continuation() {
            self.apply(Command::Continue(Continue {}), &mut events);
        }
        for event in &events {
            self.tell(event);
        }
    }

    fn apply(&mut self, command: Command, events: &mut Vec<Event>) {
        self.sequence += 1;
        let sequence = Sequence(self.sequence);
        let timestamp = Timestamp(self.sequence);
        let epoch = Epoch(self.epoch);
        let record = Record { sequence, timestamp, epoch, shard: ShardId(0), command };
        self.subject.apply(&record, events);
    }

    /// Puts an event into words.
    fn tell(&mut self, event: &Event) {
        let who = match event.session {
            SessionId::NONE => "everyone",
            SECOND_SESSION => SECOND,
            SessionId(id) => NAMES[id as usize - 1],
        };
        let what = match &event.body {
            EventBody::Execution(execution) => self.execution(execution),
            EventBody::StatusReport(report) => status(report),
            EventBody::CancelReject(reject) => {
                let what = if reject.replace { "replace" } else { "cancel" };
                let refused = refusal(&reject.refusal);
                let status = reject.ord_status;
                format!("{what} {} refused: {refused}, the order is {status:?}", reject.cl_ord_id)
            }
            EventBody::MassCancelReport(report) if report.refusal.code != RejectCode::None => {
                format!("mass cancel {} refused: {}", report.cl_ord_id, refusal(&report.refusal))
            }
            EventBody::MassCancelReport(report) => {
                format!("mass cancel {} took {}", report.cl_ord_id, report.affected)
            }
            EventBody::LogonAccepted(accepted) => {
                self.generations.insert(event.session, accepted.generation);
                let (sent, next) = (event.msg_seq_num, accepted.next_inbound);
                format!("logged on as number {sent}, next expected {next}")
            }
            EventBody::LogoutSent(sent) if sent.code == LogoutCode::Requested => {
                "logged out".to_owned()
            }
            EventBody::LogoutSent(sent) => {
                format!("logged out: {:?} {}, limit {}", sent.code, sent.value, sent.limit)
            }
            EventBody::ResendRequest(request) => format!("resend from {}", request.begin),
            EventBody::SessionEnded(_) => "connection ended".to_owned(),
            EventBody::OperatorAnswer(answer) => {
                let again = if answer.repeated { " before" } else { "" };
                let line = match answer.refusal.code {
                    RejectCode::None => format!("operator: done{again}"),
                    code => format!("operator: refused{again}: {code:?}"),
                };
                self.said.push(line);
                return;
            }
            EventBody::InstrumentDefined(instrument) => {
                format!("{} is {:?}", instrument.symbol, instrument.state)
            }
            EventBody::RolledOver(_) => "the day is over".to_owned(),
            EventBody::EpochBegan(_) => "an epoch begins".to_owned(),
            EventBody::AssetDefined(_) | EventBody::SessionDefined(_) => return,
            other => other.name().to_owned(),
        };
        self.said.push(format!("{who}: {what}"));
    }

    fn execution(&mut self, execution: &Execution) -> String {
        let name = execution.cl_ord_id;
        if execution.exec_type == ExecType::New {
            self.accepted.push(execution.order);
        }
        if execution.order != OrderId::NONE {
            self.orders.insert((execution.account, name), execution.order);
            self.sides.insert(execution.order, execution.side);
        }
        let number = self.accepted.iter().position(|order| *order == execution.order);
        let number = number.map_or(0, |at| at + 1);
        let id = if self.show_ids { format!(" [order {number}]") } else { String::new() };
        let was = match execution.orig_cl_ord_id.is_empty() {
            true => String::new(),
            false => format!(" (was {})", execution.orig_cl_ord_id),
        };
        let leaves = quantity(execution.leaves_quantity.wide());
        let total = match execution.quote_quantity {
            Amount::ZERO => quantity(execution.quantity.wide()),
            spend => format!("for {}", amount(spend.wide())),
        };
        let price_of = match execution.ord_type {
            OrdType::Limit => format!("@ {}", price(execution.price.wide())),
            OrdType::Market => "at market".to_owned(),
        };
        let cum = quantity(execution.cum_quantity.wide());
        let state = format!("{:?}, {leaves} open, {cum} done", execution.ord_status);
        let what = match execution.exec_type {
            ExecType::New => format!("new: {total} {price_of}"),
            ExecType::Canceled | ExecType::Expired => match execution.why {
                Cause::Request => format!("canceled: {state}"),
                why => format!("ended by {why:?}: {state}"),
            },
            ExecType::Replaced => format!("replaced: {total} {price_of}: {state}"),
            ExecType::Restated => format!("restated: {total} {price_of}: {state}"),
            ExecType::Rejected => format!("rejected: {}", refusal(&execution.refusal)),
            ExecType::Trade => trade(execution, &state),
            ExecType::OrderStatus => "an execution may not be a status".to_owned(),
        };
        format!("{name}{was}{id} {what}")
    }
}

//! Books so full that one command takes many records.

use castle::model::*;

use super::generate::Generator;

/// More orders than one record may look at.
const ORDERS: u64 = 2_400;
/// More sessions and instruments than one record may tell of.
const MANY: u32 = 150;
const ACCOUNTS: [AccountId; 3] = [AccountId(2), AccountId(3), AccountId(4)];
const SECRET: HashSecret = HashSecret(3);

/// Builds a list of commands.
#[derive(Default)]
struct Script {
    commands: Vec<Command>,
    numbers: [u64; 3],
    names: u64,
}

impl Script {
    fn origin(&mut self, who: usize) -> Origin {
        self.numbers[who] += 1;
        let msg_seq_num = self.numbers[who];
        Origin { session: SessionId(who as u32 + 1), generation: Generation(1), msg_seq_num }
    }

    fn name(&mut self) -> ClOrdId {
        self.names += 1;
        ClOrdId::truncated(format!("n{}", self.names).as_bytes())
    }

    /// An order that may be changed before it is sent.
    fn order(&mut self, who: usize, side: Side, price: i64, quantity: i64) -> &mut NewOrder {
        let cl_ord_id = self.name();
        let account = ACCOUNTS[who];
        let order = NewOrder {
            origin: self.origin(who),
            account,
            instrument: InstrumentId(0),
            cl_ord_id,
            cl_ord_id_hash: SECRET.hash(account, cl_ord_id.as_bytes()),
            side,
            ord_type: if price == 0 { OrdType::Market } else { OrdType::Limit },
            time_in_force: TimeInForce::GoodTillCancel,
            self_trade_prevention: SelfTradePrevention::None,
            post_only: false,
            poss_resend: false,
            price: Price(price),
            quantity: Quantity(quantity),
            quote_quantity: Amount(0),
            display_quantity: Quantity(0),
            refusal: Refusal::NONE,
        };
        self.commands.push(Command::NewOrder(order));
        match self.commands.last_mut() {
            Some(Command::NewOrder(order)) => order,
            _ => unreachable!("an order was pushed"),
        }
    }

    fn mass_cancel(&mut self, who: usize, side: SideFilter) {
        let (origin, cl_ord_id) = (self.origin(who), self.name());
        self.commands.push(Command::MassCancel(MassCancel {
            origin,
            account: ACCOUNTS[who],
            scope: MassCancelScope::All,
            instrument: InstrumentId(0),
            side,
            cl_ord_id,
            refusal: Refusal::NONE,
        }));
    }

    fn mass_status(&mut self, who: usize) {
        let origin = self.origin(who);
        self.commands.push(Command::MassStatus(MassStatus {
            origin,
            account: ACCOUNTS[who],
            scope: MassCancelScope::All,
            instrument: InstrumentId(0),
            side: SideFilter::Both,
            request_id: RequestId::truncated(b"all"),
        }));
    }

    /// Rests orders of all three accounts in turn, asks above 1,000 and bids below.
    fn fill_books(&mut self, orders: u64) {
        for at in 0..orders {
            let (side, price) = match at % 2 {
                0 => (Side::Sell, 1_001 + (at / 7 % 90) as i64),
                _ => (Side::Buy, 999 - (at / 7 % 90) as i64),
            };
            let order = self.order((at / 2 % 3) as usize, side, price, 1 + (at % 5) as i64);
            if at % 3 == 0 {
                order.time_in_force = TimeInForce::Day;
            }
            if at % 5 == 4 {
                order.display_quantity = Quantity(1);
            }
        }
    }
}

/// Fills books, then sweeps, counts, cancels and ends days and connections over all that is there.
pub fn one_book() -> Vec<Command> {
    let mut script = Script { commands: beginning(1), ..Script::default() };
    script.numbers = [1; 3];
    let setup = script.commands.len();
    script.fill_books(ORDERS);
    let buy = |script: &mut Script, who: usize, quantity: i64, mode| {
        let order = script.order(who, Side::Buy, 1_400, quantity);
        order.time_in_force = TimeInForce::FillOrKill;
        order.self_trade_prevention = mode;
    };
    for mode in SelfTradePrevention::ALL {
        buy(&mut script, 0, 1_000_000, *mode);
    }
    buy(&mut script, 1, 300, SelfTradePrevention::ExpireMaker);
    script.mass_status(0);
    script.order(2, Side::Sell, 0, 400).self_trade_prevention = SelfTradePrevention::Decrement;
    let spend = script.order(2, Side::Buy, 0, 0);
    spend.quote_quantity = Amount(200_500);
    spend.self_trade_prevention = SelfTradePrevention::ExpireMaker;
    script.mass_cancel(1, SideFilter::Sell);
    script.commands.push(Command::Rollover(Rollover { day: 9 }));
    script.commands.push(Command::SetAccountState(SetAccountState {
        request: 1,
        account: ACCOUNTS[1],
        state: AccountState::Suspended,
    }));
    let origin = script.origin(2);
    script.commands.push(Command::ConnectionLost(ConnectionLost { origin }));
    script.order(0, Side::Sell, 0, 500);
    script.mass_cancel(0, SideFilter::Both);
    assert!(script.commands.len() > setup + ORDERS as usize);
    script.commands
}

/// Tells many sessions of an epoch, and one session of many instruments.
pub fn many_names() -> Vec<Command> {
    let mut commands = beginning(MANY);
    let origin = Origin { session: SessionId(1), generation: Generation(1), msg_seq_num: 2 };
    commands.push(Command::SecurityListRequest(SecurityListRequest {
        origin,
        request_id: RequestId::truncated(b"list"),
        instrument: CancelOrder::ANY_INSTRUMENT,
        refusal: Refusal::NONE,
    }));
    commands.push(Command::BeginEpoch(BeginEpoch {
        epoch: Epoch(1),
        primary: NodeId(0),
        in_sync: 1,
        durability: Durability::LocalDisk,
        nonce: 0,
    }));
    commands
}

/// Three accounts with much money, and so many instruments and sessions (three at least).
fn beginning(many: u32) -> Vec<Command> {
    let mut commands = Generator::genesis(SECRET, 10_000, 30_000);
    for id in 0..2 {
        let name = AssetName::truncated(format!("A{id}").as_bytes());
        let asset = Asset { id: AssetId(id), name, scale: 0 };
        commands.push(Command::DefineAsset(DefineAsset { request: 0, asset }));
    }
    for id in 0..many {
        let symbol = Symbol::truncated(format!("I{id}").as_bytes());
        let instrument = Instrument { id: InstrumentId(id), symbol, ..plain_instrument() };
        commands.push(Command::DefineInstrument(DefineInstrument { request: 0, instrument }));
    }
    for account in ACCOUNTS {
        commands.push(Command::OpenAccount(OpenAccount { request: 0, account }));
        for asset in [AssetId(0), AssetId(1)] {
            let reference = Reference::truncated(format!("{account} {asset}").as_bytes());
            let amount = Amount(1_000_000_000_000);
            let transfer = Transfer { request: 0, account, asset, amount, reference };
            commands.push(Command::Deposit(transfer));
        }
    }
    for id in 1..=many.max(ACCOUNTS.len() as u32) {
        let session = SessionDefinition {
            id: SessionId(id),
            account: ACCOUNTS[(id - 1) as usize % ACCOUNTS.len()],
            comp_id: CompId::truncated(format!("C{id}").as_bytes()),
            reset_on_logon: false,
            cancel_on_disconnect: true,
        };
        commands.push(Command::DefineSession(DefineSession { request: 0, session }));
        commands.push(Command::Logon(Logon {
            session: session.id,
            msg_seq_num: 1,
            gateway: GatewayId(2),
            connection: ConnectionId(id),
            heart_bt_int: 30,
            reset_requested: false,
            next_expected: 0,
        }));
    }
    commands
}

fn plain_instrument() -> Instrument {
    Instrument {
        id: InstrumentId(0),
        symbol: Symbol::EMPTY,
        base: AssetId(0),
        quote: AssetId(1),
        price_scale: 0,
        quantity_scale: 0,
        tick: Price(1),
        lot: Quantity(1),
        quantity_min: Quantity(1),
        quantity_max: Quantity(10_000_000),
        notional_min: Amount(0),
        collar_percent: 50,
        reference_price: Price(1_000),
        open_orders_max: 10_000,
        maker_fee: 10,
        taker_fee: 30,
        state: InstrumentState::Trading,
    }
}

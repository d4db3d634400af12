//! The engine, with a market and an account that has money, on a clock of the scenario's.

use castle::engine::Engine;
use castle::model::limit::EngineLimits;
use castle::model::*;

pub struct Venue {
    engine: Engine,
    sequence: u64,
}

impl Venue {
    pub fn new(hash_secret: HashSecret) -> Self {
        let mut venue = Self { engine: Engine::new(), sequence: 0 };
        let limits = EngineLimits {
            orders_max: 64,
            cl_ord_ids_max: 256,
            cl_ord_ids_per_account_max: 256,
            cl_ord_ids_kept: castle::model::limit::CL_ORD_IDS_KEPT,
            accounts_max: 64,
            instruments_max: 4,
            sessions_max: 4,
        };
        let cluster = ClusterName::truncated(b"scenario");
        venue.apply(&Command::Genesis(Genesis { cluster, hash_secret, limits }), 1);
        venue
    }

    /// Defines the market, opens the session's account with money in it, and defines the session.
    pub fn define(&mut self, definition: &SessionDefinition, at_ns: u64) -> Vec<Event> {
        let request = 1;
        let mut commands = market();
        let account = definition.account;
        commands.push(Command::OpenAccount(OpenAccount { request, account }));
        for (asset, amount) in [(AssetId(1), 1_000_000_000), (AssetId(2), 1_000_000_000)] {
            let reference = Reference::truncated(format!("{asset}").as_bytes());
            let amount = Amount(amount);
            let transfer = Transfer { request, account, asset, amount, reference };
            commands.push(Command::Deposit(transfer));
        }
        commands.push(Command::DefineSession(DefineSession { request, session: *definition }));
        let mut events = Vec::new();
        for command in &commands {
            events.extend(self.apply(command, at_ns));
        }
        for event in &events {
            if let EventBody::OperatorAnswer(answer) = &event.body {
                assert_eq!(answer.refusal, Refusal::NONE, "the market is sound");
            }
        }
        events
    }

    pub fn next_in(&self, session: SessionId) -> u64 {
        self.engine.view().session(session).map_or(0, |session| session.next_in)
    }

    pub fn apply(&mut self, command: &Command, at_ns: u64) -> Vec<Event> {
        let mut events = Vec::new();
        self.record(*command, at_ns, &mut events);
        while self.engine.has_continuation() {
            self.record(Command::Continue(Continue {}), at_ns, &mut events);
        }
        events
    }

    fn record(&mut self, command: Command, at_ns: u64, events: &mut Vec<Event>) {
        self.sequence += 1;
        let sequence = Sequence(self.sequence);
        let (timestamp, epoch, shard) = (Timestamp(at_ns), Epoch(1), ShardId(0));
        self.engine.apply(&Record { sequence, timestamp, epoch, shard, command }, events);
    }
}

/// BTC/USD: prices of two decimals, quantities of four, USD of six. 10 BTC and 1,000 USD are there.
fn market() -> Vec<Command> {
    let request = 1;
    let asset = |id: u16, name: &[u8], scale: u8| {
        let asset = Asset { id: AssetId(id), name: AssetName::truncated(name), scale };
        Command::DefineAsset(DefineAsset { request, asset })
    };
    let instrument = Instrument {
        id: InstrumentId(1),
        symbol: Symbol::truncated(b"BTC/USD"),
        base: AssetId(1),
        quote: AssetId(2),
        price_scale: 2,
        quantity_scale: 4,
        tick: Price(1),
        lot: Quantity(1),
        quantity_min: Quantity(1),
        quantity_max: Quantity(1_000_000_000),
        notional_min: Amount(0),
        collar_percent: 10,
        reference_price: Price(10_000),
        open_orders_max: 100,
        maker_fee: 10,
        taker_fee: 20,
        state: InstrumentState::Trading,
    };
    let define = Command::DefineInstrument(DefineInstrument { request, instrument });
    vec![asset(1, b"BTC", 8), asset(2, b"USD", 6), define]
}

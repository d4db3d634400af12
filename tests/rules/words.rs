//! The words of a case: how names, numbers and refusals are written and read.

use castle::model::*;

pub const SECRET: HashSecret = HashSecret(7);
pub const BTC: AssetId = AssetId(0);
pub const USD: AssetId = AssetId(1);
/// Decimal places of both assets, of prices and of quantities.
pub const ASSET_PLACES: u32 = 8;
pub const PRICE_PLACES: u32 = 2;
pub const QUANTITY_PLACES: u32 = 3;
pub const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];
pub const SECOND: &str = "alice2";
pub const SECOND_SESSION: SessionId = SessionId(5);

/// The words of a line, taken one by one or by name.
pub struct Words<'a>(pub Vec<&'a str>);

impl<'a> Words<'a> {
    pub fn first(&mut self) -> Result<&'a str, String> {
        if self.0.is_empty() { Err("a word is missing".into()) } else { Ok(self.0.remove(0)) }
    }

    /// Takes the word, if it is there.
    pub fn flag(&mut self, word: &str) -> bool {
        let found = self.0.iter().position(|w| *w == word);
        found.map(|at| self.0.remove(at)).is_some()
    }

    /// Takes the word and the one after it.
    pub fn value(&mut self, word: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|w| *w == word)?;
        self.0.remove(at);
        (at < self.0.len()).then(|| self.0.remove(at))
    }

    pub fn end(self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("what is {:?}?", self.0)) }
    }
}

pub fn trade(execution: &Execution, state: &str) -> String {
    let (verb, asset) = match execution.side {
        Side::Buy => ("bought", "BTC"),
        Side::Sell => ("sold", "USD"),
    };
    let fee = match execution.fee {
        Amount::ZERO => String::new(),
        fee => format!(", fee {} {asset}", amount(fee.wide())),
    };
    let role = if execution.maker { "maker" } else { "taker" };
    let last = quantity(execution.last_quantity.wide());
    let at = price(execution.last_price.wide());
    format!("{verb} {last} @ {at} as {role}{fee}: {state}")
}

pub fn status(report: &StatusReport) -> String {
    let execution = &report.execution;
    let of = if report.mass && !report.last { ", more follow" } else { "" };
    if execution.order == OrderId::NONE {
        return format!("status of {:?}: {:?}{of}", execution.cl_ord_id, execution.refusal.code);
    }
    let leaves = quantity(execution.leaves_quantity.wide());
    let cum = quantity(execution.cum_quantity.wide());
    let status = execution.ord_status;
    format!("status of {}: {status:?}, {leaves} open, {cum} done{of}", execution.cl_ord_id)
}

/// A refusal, its figures in the units of its code.
pub fn refusal(refusal: &Refusal) -> String {
    use RejectCode::*;
    let shown: fn(i128) -> String = match refusal.code {
        PriceNotPositive | PriceTooHigh | PriceOffTick | PriceAboveCollar | PriceBelowCollar
        | PostOnlyWouldTrade => price,
        QuantityOffLot
        | QuantityTooLow
        | QuantityTooHigh
        | BelowExecuted
        | DisplayQuantityOffLot
        | DisplayQuantityOutOfRange => quantity,
        InsufficientBalance | NotionalTooLow => amount,
        TooManyOpenOrders | OrderMismatch | NotReplaceable => |value| value.to_string(),
        code => return format!("{code:?}"),
    };
    let value = shown(refusal.value.into());
    match refusal.code {
        PriceNotPositive | OrderMismatch | NotReplaceable => format!("{:?} {value}", refusal.code),
        code => format!("{code:?} {value}, limit {}", shown(refusal.limit.into())),
    }
}

pub fn scope(words: &mut Words) -> Result<(MassCancelScope, InstrumentId, SideFilter), String> {
    let side = match (words.flag("buy"), words.flag("sell")) {
        (true, _) => SideFilter::Buy,
        (_, true) => SideFilter::Sell,
        _ => SideFilter::Both,
    };
    Ok(match instrument(words.value("in"))? {
        Some(id) => (MassCancelScope::Instrument, id, side),
        None => (MassCancelScope::All, InstrumentId(0), side),
    })
}

pub fn time_in_force(words: &mut Words) -> TimeInForce {
    match (words.flag("gtc"), words.flag("ioc"), words.flag("fok")) {
        (true, _, _) => TimeInForce::GoodTillCancel,
        (_, true, _) => TimeInForce::ImmediateOrCancel,
        (_, _, true) => TimeInForce::FillOrKill,
        _ => TimeInForce::Day,
    }
}

pub fn instrument(name: Option<&str>) -> Result<Option<InstrumentId>, String> {
    match name {
        None => Ok(None),
        Some("BTC/USD") => Ok(Some(InstrumentId(0))),
        Some(_) => Ok(Some(InstrumentId(1))),
    }
}

pub fn session(name: &str) -> Result<SessionId, String> {
    if name == SECOND {
        return Ok(SECOND_SESSION);
    }
    let at = NAMES.iter().position(|known| *known == name).ok_or(format!("who is {name}?"))?;
    Ok(SessionId(at as u32 + 1))
}

pub fn account(name: &str) -> Result<AccountId, String> {
    match name {
        "outside" => Ok(AccountId::OUTSIDE),
        "venue" => Ok(AccountId::VENUE),
        SECOND => account(NAMES[0]),
        "nobody" => Ok(AccountId(9)),
        _ => session(name).map(|session| AccountId(session.0 + 1)),
    }
}

pub fn asset(name: &str) -> Result<AssetId, String> {
    match name {
        "BTC" => Ok(BTC),
        "USD" => Ok(USD),
        "ETH" => Ok(AssetId(2)),
        _ => Err(format!("{name}?")),
    }
}

pub fn cl_ord_id(name: &str) -> ClOrdId {
    ClOrdId::truncated(name.as_bytes())
}

pub fn parse<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is no number"))
}

/// A decimal number in units of 10^-`places`.
pub fn number(word: &str, places: u32) -> Result<i64, String> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let places = places as usize;
    if fraction.len() > places {
        return Err(format!("{word} has more than {places} places"));
    }
    let digits = format!("{whole}{fraction:0<places$}");
    digits.replace(',', "").parse().map_err(|_| format!("{word} is no number"))
}

/// The number in words, without zeros that say nothing.
pub fn decimal(value: i128, places: u32, least: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let power = 10_u128.pow(places);
    let (whole, fraction) = (value.unsigned_abs() / power, value.unsigned_abs() % power);
    let mut digits = format!("{fraction:0>width$}", width = places as usize);
    while digits.len() > least && digits.ends_with('0') {
        digits.pop();
    }
    if digits.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{digits}") }
}

pub fn price(value: i128) -> String {
    decimal(value, PRICE_PLACES, PRICE_PLACES as usize)
}

pub fn quantity(value: i128) -> String {
    decimal(value, QUANTITY_PLACES, 0)
}

pub fn amount(value: i128) -> String {
    decimal(value, ASSET_PLACES, 0)
}

pub fn first_instrument() -> Instrument {
    Instrument {
        id: InstrumentId(0),
        symbol: Symbol::truncated(b"BTC/USD"),
        base: BTC,
        quote: USD,
        price_scale: PRICE_PLACES as u8,
        quantity_scale: QUANTITY_PLACES as u8,
        tick: Price(1),
        lot: Quantity(1),
        quantity_min: Quantity(1),
        quantity_max: Quantity(1_000_000),
        notional_min: Amount(0),
        collar_percent: 10,
        reference_price: Price(10_000),
        open_orders_max: 100,
        maker_fee: 0,
        taker_fee: 0,
        state: InstrumentState::Trading,
    }
}

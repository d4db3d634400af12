//! The operator's door: a unix socket that only the owner can open. One JSON object a line each way.

mod cluster;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use socket2::SockRef;

use crate::cluster::control::Wish;
use crate::model::{
    AccountId, AccountState, Amount, Asset, AssetId, Command, Instrument, InstrumentId,
    InstrumentState, NodeId, OpenAccount, OperatorAnswer, Reference, RejectCode, SessionId,
    SetAccountState, SetInstrumentState, Transfer,
};
use crate::venue::desk::{Row, Subject};
use crate::venue::desk_agent::{DeskError, DeskHandle};
use crate::venue::status::Status;

/// Operators served at a time.
const CONNECTIONS_MAX: usize = 16;
/// The longest request in bytes.
const REQUEST_BYTES_MAX: u64 = 4_096;
/// How long the door rests after it could not be opened for somebody.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// What an operator is told where the gateway does not hand over what it has recorded.
const NO_LATENCY: &str = "the gateway did not hand its histograms over in time: it may be stuck";
/// How long a planned switch may take: then the primary goes on.
const SWITCHOVER: Duration = Duration::from_secs(2);
/// How long an operator may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(300);

/// The door, open until it is closed or dropped.
pub(super) struct AdminDoor {
    path: PathBuf,
    listener: Arc<UnixListener>,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl AdminDoor {
    /// Opens the door at `path`. A socket that a dead process has left there is replaced.
    pub fn open(path: &Path, desk: DeskHandle, status: Status) -> io::Result<Self> {
        if UnixStream::connect(path).is_ok() {
            let why = "another process answers on this socket: is the exchange running already?";
            return Err(io::Error::new(io::ErrorKind::AddrInUse, why));
        }
        match std::fs::symlink_metadata(path) {
            Ok(there) if there.file_type().is_socket() => std::fs::remove_file(path)?,
            Ok(_) => {
                let why = "something that is no socket has this name ([admin] socket)";
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
            }
            Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        // Whoever came before the door was the owner's alone is turned away.
        listener.set_nonblocking(true)?;
        while listener.accept().is_ok() {}
        listener.set_nonblocking(false)?;
        let closing = Arc::new(AtomicBool::new(false));
        let listener = Arc::new(listener);
        let (seen, its) = (closing.clone(), listener.clone());
        let thread = std::thread::Builder::new()
            .name("admin".into())
            .spawn(move || accept(&its, &desk, &status, &seen))?;
        Ok(Self { path: path.to_owned(), listener, closing, thread: Some(thread) })
    }
}

impl Drop for AdminDoor {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        // Wakes the thread that accepts, whatever has become of the socket's name. If nobody is there to be woken, so
        // much the better.
        let _ = SockRef::from(&*self.listener).shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

fn accept(listener: &UnixListener, desk: &DeskHandle, status: &Status, closing: &AtomicBool) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if closing.load(Ordering::Acquire) {
            return;
        }
        let Ok(stream) = stream else {
            // Out of descriptors, most likely.
            std::thread::sleep(ACCEPT_REST);
            continue;
        };
        if open.load(Ordering::Acquire) >= CONNECTIONS_MAX {
            continue;
        }
        open.fetch_add(1, Ordering::AcqRel);
        let (desk, status, count) = (desk.clone(), status.clone(), open.clone());
        let spawned = std::thread::Builder::new().name("admin client".into()).spawn(move || {
            // A broken connection ends it: the operator sees it on the other side.
            let _ = serve(&stream, &desk, &status);
            count.fetch_sub(1, Ordering::AcqRel);
        });
        if spawned.is_err() {
            open.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

fn serve(stream: &UnixStream, desk: &DeskHandle, status: &Status) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if (&mut reader).take(REQUEST_BYTES_MAX).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = match answer(&line, desk, status) {
            Ok(mut fields) => {
                fields.insert("ok".into(), Value::Bool(true));
                Value::Object(fields)
            }
            Err(error) => json!({"ok": false, "error": error}),
        };
        let mut stream = stream;
        stream.write_all(format!("{answer}\n").as_bytes())?;
    }
}

type Fields = Map<String, Value>;

/// An asset, and what participants, venue and outside have of it.
type Holding = (Asset, i128, i128, i128);

fn answer(line: &str, desk: &DeskHandle, status: &Status) -> Result<Fields, String> {
    let request: Value = serde_json::from_str(line)
        .map_err(|error| format!("the request is no JSON object on one line: {error}"))?;
    let office = Office { desk, request: &request };
    match office.text("command")? {
        "status" => office.status(status),
        "instruments" => office.list("instruments", office.instruments()?, &instrument_fields),
        "accounts" => office.accounts(),
        "balances" => office.balances(),
        "book" => office.book(),
        "sessions" => office.sessions(),
        "totals" => office.totals(),
        "latency" => status.latency().ok_or_else(|| NO_LATENCY.to_owned()),
        "state-hash" => office.state_hash(),
        "cluster" => cluster::fields(status),
        "found" => cluster::wish(status, Wish::Found),
        "promote" => cluster::wish(status, Wish::Promote),
        "switchover" => {
            let (to, patience_ns) = (office.node("to")?, SWITCHOVER.as_nanos() as u64);
            cluster::wish(status, Wish::SwitchOver { to, patience_ns })
        }
        "leave-out" => cluster::wish(status, Wish::LeaveOut { node: office.node("node")? }),
        "open-account" => {
            let account = office.account()?;
            office.carry_out(|request| Command::OpenAccount(OpenAccount { request, account }))
        }
        "deposit" => office.transfer(Command::Deposit),
        "withdraw" => office.transfer(Command::Withdraw),
        "halt" => office.instrument_state(InstrumentState::Halted),
        "cancel-only" => office.instrument_state(InstrumentState::CancelOnly),
        "resume" => office.instrument_state(InstrumentState::Trading),
        "suspend" => office.account_state(AccountState::Suspended),
        "reinstate" => office.account_state(AccountState::Active),
        other => Err(format!("\"{other}\" is no command of this door; see castle admin --help")),
    }
}

/// One request and the desk that answers it.
struct Office<'a> {
    desk: &'a DeskHandle,
    request: &'a Value,
}

impl Office<'_> {
    fn text(&self, key: &str) -> Result<&str, String> {
        self.request[key].as_str().ok_or_else(|| format!("\"{key}\" is missing, or no text"))
    }

    fn node(&self, key: &str) -> Result<NodeId, String> {
        let text = self.text(key)?;
        text.parse().map(NodeId).map_err(|_| format!("node \"{text}\" is no number"))
    }

    fn account(&self) -> Result<AccountId, String> {
        let text = self.text("account")?;
        let id = text.parse().map_err(|_| format!("account \"{text}\" is no number"))?;
        Ok(AccountId(id))
    }

    fn asset(&self) -> Result<Asset, String> {
        let name = self.text("asset")?;
        let assets = self.assets()?;
        let found = assets.iter().find(|(asset, ..)| asset.name.as_bytes() == name.as_bytes());
        found.map(|(asset, ..)| *asset).ok_or_else(|| format!("asset \"{name}\" is not defined"))
    }

    fn assets(&self) -> Result<Vec<Holding>, String> {
        let next = |row: &Row| match row {
            Row::Asset { asset, .. } => Some(Subject::Assets(AssetId(asset.id.0 + 1))),
            _ => None,
        };
        let rows = self.desk.ask(Subject::Assets(AssetId(0)), next).map_err(say)?;
        let assets = rows.into_iter().filter_map(|row| match row {
            Row::Asset { asset, participants, venue, outside } => {
                Some((asset, participants, venue, outside))
            }
            _ => None,
        });
        Ok(assets.collect())
    }

    fn instruments(&self) -> Result<Vec<Row>, String> {
        let next = |row: &Row| match row {
            Row::Instrument { instrument, .. } => {
                Some(Subject::Instruments(InstrumentId(instrument.id.0 + 1)))
            }
            _ => None,
        };
        self.desk.ask(Subject::Instruments(InstrumentId(0)), next).map_err(say)
    }

    fn instrument(&self) -> Result<(Instrument, Value), String> {
        let symbol = self.text("symbol")?;
        for row in self.instruments()? {
            if let Row::Instrument { instrument, last_price } = row
                && instrument.symbol.as_bytes() == symbol.as_bytes()
            {
                let last = last_price.map(|price| decimal(price.wide(), instrument.price_scale));
                return Ok((instrument, last.map_or(Value::Null, Value::String)));
            }
        }
        Err(format!("symbol \"{symbol}\" is not defined"))
    }

    fn status(&self, status: &Status) -> Result<Fields, String> {
        let mut fields = status.fields();
        // How the disk stands is told even where the engine does not answer.
        let rows = self.desk.ask(Subject::Status, |_| None).unwrap_or_else(|error| {
            fields.insert("engine".into(), json!(error.to_string()));
            Vec::new()
        });
        if let Some(Row::Status { epoch, day, open_orders, sequence }) = rows.first() {
            fields.insert("epoch".into(), json!(epoch.0));
            fields.insert("day".into(), json!(day));
            fields.insert("open_orders".into(), json!(open_orders));
            fields.insert("sequence".into(), json!(sequence.0));
        }
        Ok(fields)
    }

    fn list(
        &self,
        name: &str,
        rows: Vec<Row>,
        fields: &dyn Fn(&Row, &[Holding]) -> Option<Value>,
    ) -> Result<Fields, String> {
        let assets = self.assets()?;
        let list: Vec<Value> = rows.iter().filter_map(|row| fields(row, &assets)).collect();
        Ok(Map::from_iter([(name.to_owned(), Value::Array(list))]))
    }

    fn accounts(&self) -> Result<Fields, String> {
        let next = |row: &Row| match row {
            Row::Account { account, .. } => Some(Subject::Accounts(AccountId(account.0 + 1))),
            _ => None,
        };
        let rows = self.desk.ask(Subject::Accounts(AccountId::FIRST), next).map_err(say)?;
        self.list("accounts", rows, &|row, _| match row {
            Row::Account { account, state, open_orders } => Some(json!({
                "account": account.to_string(),
                "state": account_state(*state),
                "open_orders": open_orders,
            })),
            _ => None,
        })
    }

    fn balances(&self) -> Result<Fields, String> {
        let account = self.account()?;
        let next = |row: &Row| match row {
            Row::Balance { asset, .. } => Some(Subject::Balances(account, AssetId(asset.0 + 1))),
            _ => None,
        };
        let rows = self.desk.ask(Subject::Balances(account, AssetId(0)), next).map_err(say)?;
        let mut fields = self.list("balances", rows, &|row, assets| match row {
            Row::Balance { asset, free, held } => {
                let (asset, ..) = assets.iter().find(|(known, ..)| known.id == *asset)?;
                Some(json!({
                    "asset": asset.name.to_string(),
                    "free": decimal(free.wide(), asset.scale),
                    "held": decimal(held.wide(), asset.scale),
                }))
            }
            _ => None,
        })?;
        fields.insert("account".into(), json!(account.to_string()));
        Ok(fields)
    }

    fn book(&self) -> Result<Fields, String> {
        let (instrument, last_price) = self.instrument()?;
        let rows = self.desk.ask(Subject::Book(instrument.id), |_| None).map_err(say)?;
        let side = |bids: bool| -> Value {
            let levels = rows.iter().filter_map(|row| match row {
                Row::Level { is_bid, price, quantity, orders } if *is_bid == bids => Some(json!([
                    decimal(price.wide(), instrument.price_scale),
                    decimal(*quantity, instrument.quantity_scale),
                    orders
                ])),
                _ => None,
            });
            levels.collect()
        };
        Ok(Map::from_iter([
            ("symbol".to_owned(), json!(instrument.symbol.to_string())),
            ("bids".to_owned(), side(true)),
            ("asks".to_owned(), side(false)),
            ("last_price".to_owned(), last_price),
        ]))
    }

    fn sessions(&self) -> Result<Fields, String> {
        let next = |row: &Row| match row {
            Row::Session { definition, .. } => {
                Some(Subject::Sessions(SessionId(definition.id.0 + 1)))
            }
            _ => None,
        };
        let rows = self.desk.ask(Subject::Sessions(SessionId(0)), next).map_err(say)?;
        self.list("sessions", rows, &|row, _| match row {
            Row::Session { definition, connected, next_inbound, next_outbound } => Some(json!({
                "comp_id": definition.comp_id.to_string(),
                "account": definition.account.to_string(),
                "connected": connected,
                "next_inbound": next_inbound,
                "next_outbound": next_outbound,
                "reset_on_logon": definition.reset_on_logon,
                "cancel_on_disconnect": definition.cancel_on_disconnect,
            })),
            _ => None,
        })
    }

    fn totals(&self) -> Result<Fields, String> {
        let totals: Vec<Value> = self
            .assets()?
            .iter()
            .map(|(asset, participants, venue, outside)| {
                json!({
                    "asset": asset.name.to_string(),
                    "participants": decimal(*participants, asset.scale),
                    "venue": decimal(*venue, asset.scale),
                    "outside": decimal(*outside, asset.scale),
                })
            })
            .collect();
        Ok(Map::from_iter([("totals".to_owned(), Value::Array(totals))]))
    }

    fn state_hash(&self) -> Result<Fields, String> {
        let rows = self.desk.ask(Subject::StateHash, |_| None).map_err(say)?;
        match rows.first() {
            Some(Row::StateHash { hash, sequence }) => Ok(Map::from_iter([
                ("state_hash".to_owned(), json!(format!("{hash:016x}"))),
                ("sequence".to_owned(), json!(sequence.0)),
            ])),
            _ => Err(DeskError::NoAnswer.to_string()),
        }
    }

    fn carry_out(&self, command: impl FnOnce(u64) -> Command) -> Result<Fields, String> {
        self.carry_out_in(None, command)
    }

    /// Carries a command out; its figures are amounts of `asset`, where there is one.
    fn carry_out_in(
        &self,
        asset: Option<&Asset>,
        command: impl FnOnce(u64) -> Command,
    ) -> Result<Fields, String> {
        let answer = self.desk.command(command).map_err(say)?;
        if answer.refusal.code != RejectCode::None {
            return Err(refusal(&answer, asset));
        }
        Ok(Map::from_iter([("repeated".to_owned(), json!(answer.repeated))]))
    }

    fn transfer(&self, command: fn(Transfer) -> Command) -> Result<Fields, String> {
        let (account, asset) = (self.account()?, self.asset()?);
        let amount = amount(self.text("amount")?, &asset)?;
        let reference = self.text("reference")?;
        let reference = Reference::new(reference.as_bytes())
            .ok_or_else(|| format!("reference \"{reference}\" is longer than 36 bytes"))?;
        self.carry_out_in(Some(&asset), |request| {
            command(Transfer { request, account, asset: asset.id, amount, reference })
        })
    }

    fn instrument_state(&self, state: InstrumentState) -> Result<Fields, String> {
        let (instrument, _) = self.instrument()?;
        let instrument = instrument.id;
        self.carry_out(|request| {
            Command::SetInstrumentState(SetInstrumentState { request, instrument, state })
        })
    }

    fn account_state(&self, state: AccountState) -> Result<Fields, String> {
        let account = self.account()?;
        self.carry_out(|request| {
            Command::SetAccountState(SetAccountState { request, account, state })
        })
    }
}

fn instrument_fields(row: &Row, assets: &[Holding]) -> Option<Value> {
    let Row::Instrument { instrument, last_price } = row else { return None };
    let asset = |id: AssetId| assets.iter().find(|(known, ..)| known.id == id).map(|found| found.0);
    let (base, quote) = (asset(instrument.base)?, asset(instrument.quote)?);
    let price = |value: i128| decimal(value, instrument.price_scale);
    let quantity = |value: i128| decimal(value, instrument.quantity_scale);
    Some(json!({
        "symbol": instrument.symbol.to_string(),
        "base": base.name.to_string(),
        "quote": quote.name.to_string(),
        "tick": price(instrument.tick.wide()),
        "lot": quantity(instrument.lot.wide()),
        "state": match instrument.state {
            InstrumentState::Trading => "trading",
            InstrumentState::Halted => "halted",
            InstrumentState::CancelOnly => "cancel-only",
        },
        "last_price": last_price.map(|last| price(last.wide())),
        "quantity_min": quantity(instrument.quantity_min.wide()),
        "quantity_max": quantity(instrument.quantity_max.wide()),
        "notional_min": decimal(instrument.notional_min.wide(), quote.scale),
        "collar_percent": instrument.collar_percent,
        "maker_fee": instrument.maker_fee,
        "taker_fee": instrument.taker_fee,
    }))
}

fn account_state(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Suspended => "suspended",
    }
}

#[allow(clippy::needless_pass_by_value)]
fn say(error: DeskError) -> String {
    error.to_string()
}

fn refusal(answer: &OperatorAnswer, asset: Option<&Asset>) -> String {
    let refusal = answer.refusal;
    let figure = |value: i64| match asset {
        Some(asset) => format!("{} {}", decimal(i128::from(value), asset.scale), asset.name),
        None => value.to_string(),
    };
    let (value, limit) = (figure(refusal.value), figure(refusal.limit));
    match refusal.code {
        RejectCode::UnknownAccount => {
            format!("account {} is not open; open it first", refusal.value)
        }
        RejectCode::OutOfRange => {
            format!("{value} is outside what is allowed; the limit is {limit}")
        }
        RejectCode::InsufficientBalance => {
            format!("{value} is asked for, and {limit} is free")
        }
        RejectCode::AssetTotalExceeded => {
            format!("{value} is more than the {limit} that can still be counted")
        }
        RejectCode::ReferenceReused => {
            "this reference was used for another transfer; choose one that is new".to_owned()
        }
        RejectCode::TooMany => format!("there is room for no more than {limit}"),
        other => format!("refused: {other:?} (value {value}, limit {limit})"),
    }
}

/// A scaled integer as a person writes it, without trailing zeros.
pub(super) fn decimal(value: i128, scale: u8) -> String {
    match Decimal::try_from_i128_with_scale(value, u32::from(scale)) {
        Ok(decimal) => decimal.normalize().to_string(),
        // Beyond 96 bits: the digits all the same.
        Err(_) => format!("{value}e-{scale}"),
    }
}

fn amount(text: &str, asset: &Asset) -> Result<Amount, String> {
    let wrong = || {
        format!(
            "amount \"{text}\" is no number above 0 with at most {} decimals ({})",
            asset.scale, asset.name
        )
    };
    let decimal: Decimal = text.parse().map_err(|_| wrong())?;
    let decimal = decimal.normalize();
    if decimal.scale() > u32::from(asset.scale) || decimal <= Decimal::ZERO {
        return Err(wrong());
    }
    let scaled = decimal.mantissa() * 10_i128.pow(u32::from(asset.scale) - decimal.scale());
    i64::try_from(scaled).map(Amount).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AssetName;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        let name = AssetName::truncated(b"BTC");
        let asset = Asset { id: AssetId(0), name, scale: 8 };
        assert_eq!(amount("1.5", &asset), Ok(Amount(150_000_000)));
        assert_eq!(amount("0.00000001", &asset), Ok(Amount(1)));
        for wrong in ["0.000000001", "0", "-1", "", "1e400", "92233720368.54775808"] {
            assert!(amount(wrong, &asset).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_shown_without_trailing_zeros() {
        assert_eq!(decimal(150_000_000, 8), "1.5");
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(0, 8), "0");
    }
}

//! The configuration: what an operator chooses, checked as a whole before anything starts.

mod cluster;
mod read;
pub mod threads;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cluster::definitions::{Definition, Definitions};
use crate::journal::{JournalOptions, SEGMENT_BYTES_MAX};
use crate::model::limit::*;
use crate::model::*;
use cluster::cluster;
pub use cluster::{ArbiterConfig, ClusterConfig, WhenAlone};
pub use read::ConfigError;
use read::{Section, Source, at_scale};
pub use threads::ThreadsConfig;
use threads::threads;

use super::status::level_name;

/// The configuration of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `[cluster]`
    pub cluster: ClusterConfig,
    /// `[fix]`
    pub fix: FixConfig,
    /// `[journal]`
    pub journal: JournalConfig,
    /// `[admin]`
    pub admin: AdminConfig,
    /// `[threads]`
    pub threads: ThreadsConfig,
    /// `[telemetry]`
    pub telemetry: TelemetryConfig,
    /// `[engine]`
    pub engine: EngineLimits,
    /// Memory for all that `engine` has room for is taken before the doors open, not as it is used.
    pub touch_memory: bool,
    /// When an effect is told; with standbys, while one is in sync.
    pub durability: Durability,
    /// How long a session that cancels on disconnect may stay away after a restart.
    pub reconnect_grace: Duration,
    /// When the trading day ends, in seconds after midnight UTC.
    pub rollover_s: u32,
    /// `[[asset]]`: the id is the position.
    pub assets: Vec<Asset>,
    /// `[[instrument]]`: the id is the position.
    pub instruments: Vec<Instrument>,
    /// `[[account]]`
    pub accounts: Vec<AccountConfig>,
    /// `[[session]]`: the id is the position, from 1.
    pub sessions: Vec<SessionDefinition>,
}

/// The FIX listener and its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixConfig {
    /// A loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The venue's CompID.
    pub comp_id: CompId,
    /// Connections at once.
    pub connections_max: usize,
    /// From the connection to the Logon.
    pub logon_timeout: Duration,
    /// Bytes taken from a connection before its Logon.
    pub bytes_before_logon_max: usize,
    /// The longest message in bytes.
    pub message_size_max: usize,
    /// Messages of one session a second.
    pub messages_per_second_max: u32,
    /// Messages of one session at once.
    pub messages_burst_max: u32,
    /// Bytes that may wait for one session.
    pub outbound_bytes_max: usize,
    /// How far SendingTime may be from the venue's clock.
    pub sending_time_tolerance: Duration,
}

/// Where the log lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalConfig {
    /// The journal's directory.
    pub directory: PathBuf,
    /// Length of a segment in bytes.
    pub segment_bytes: u64,
    /// Disk space kept for cancels in bytes.
    pub reserve_bytes: u64,
    /// A tmpfs directory for the log ring.
    pub ring_directory: PathBuf,
    /// Entries of the log ring; a power of two.
    pub log_ring_records: usize,
}

impl JournalConfig {
    /// How the journal is opened; `mark` is a random number for a new one.
    pub fn options(&self, cluster: ClusterName, mark: u64) -> JournalOptions {
        JournalOptions {
            segment_bytes: self.segment_bytes,
            reserve_bytes: self.reserve_bytes,
            in_flight_bytes: (self.log_ring_records * RECORD_SIZE_MAX) as u64,
            ..JournalOptions::new(cluster, mark)
        }
    }
}

/// The operator's door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminConfig {
    /// The unix socket, where one is named.
    pub socket: Option<PathBuf>,
}

/// What is measured and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryConfig {
    /// The interval log of latencies, where one is kept.
    pub latency_log: Option<PathBuf>,
    /// How long an interval of latencies is.
    pub latency_interval: Duration,
}

/// An account and the money that it begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountConfig {
    /// Its id.
    pub id: AccountId,
    /// What people call it; may be empty.
    pub name: String,
    /// Deposited once, when the exchange first starts with it.
    pub deposits: Vec<(AssetId, Amount)>,
}

/// The file name in errors of a configuration that lies in no file.
const BUILT_IN: &str = "(built in)";
/// The least length of a segment: a few thousand records.
const SEGMENT_BYTES_MIN: u64 = 1 << 20;
/// A segment is read and written by pages, so its length is a multiple of one.
const PAGE_BYTES: u64 = 4_096;
/// The longest path of a unix socket in bytes (Linux, `sockaddr_un`).
const SOCKET_PATH_MAX: usize = 107;

impl Default for Config {
    fn default() -> Self {
        match Self::parse(Path::new(BUILT_IN), Self::example()) {
            Ok(config) => config,
            Err(error) => unreachable!("the example is tested: {error}"),
        }
    }
}

impl Config {
    /// Reads a file and checks all of it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
            file: path.to_path_buf(),
            why: error.to_string(),
        })?;
        Self::parse(path, &text)
    }

    /// Checks a text; `file` is what errors call it.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let source = Source { file, text };
        let document = source.parse()?;
        let mut root = Section::root(&source, &document);
        let cluster = cluster(root.section("cluster")?)?;
        let durability = durability(&mut root, &cluster)?;
        let reconnect_grace = milliseconds(&mut root, "reconnect_grace_ms", 0..=3_600_000, 5_000)?;
        let rollover_s = root.text("rollover", "a time of day, HH:MM:SS", Some(0), time_of_day)?;
        let fix = fix(root.section("fix")?)?;
        let journal = journal(root.section("journal")?)?;
        let admin = admin(root.section("admin")?, &journal)?;
        let threads = threads(root.section("threads")?)?;
        let telemetry = telemetry(root.section("telemetry")?)?;
        let (engine, touch_memory) = engine(root.section("engine")?)?;
        let mut config = Self {
            cluster,
            fix,
            journal,
            admin,
            threads,
            telemetry,
            engine,
            touch_memory,
            durability,
            reconnect_grace,
            rollover_s,
            assets: Vec::new(),
            instruments: Vec::new(),
            accounts: Vec::new(),
            sessions: Vec::new(),
        };
        for section in root.list("asset")? {
            config.add_asset(section)?;
        }
        for section in root.list("instrument")? {
            config.add_instrument(section)?;
        }
        for section in root.list("account")? {
            config.add_account(section)?;
        }
        for section in root.list("session")? {
            config.add_session(section)?;
        }
        root.finish()?;
        Ok(config)
    }

    /// The default, with a comment on each key.
    pub fn example() -> &'static str {
        include_str!("config/example.toml")
    }

    /// A configuration for the replay of recorded order flow.
    pub fn example_lobster() -> &'static str {
        include_str!("config/lobster.toml")
    }

    /// The durability level and what it survives, for people.
    pub fn durability_text(&self) -> &'static str {
        match self.durability {
            Durability::LocalMemory => "local-memory: survives the death of the process",
            Durability::LocalDisk => "local-disk: survives a loss of power",
            Durability::StandbyMemory => "standby-memory: survives the loss of either machine",
            Durability::StandbyDisk => "standby-disk: survives both machines losing power",
        }
    }

    /// The operator's socket.
    pub fn admin_socket(&self) -> PathBuf {
        admin_socket(&self.admin.socket, &self.journal)
    }

    /// The commands that bring a venue to this configuration, in their order. Each may be repeated:
    /// what is there already stays as it is, and a deposit is made once.
    pub fn definitions(&self) -> Vec<Command> {
        let request = 0;
        let assets = self
            .assets
            .iter()
            .map(|asset| Command::DefineAsset(DefineAsset { request, asset: *asset }));
        let instruments = self.instruments.iter().map(|instrument| {
            Command::DefineInstrument(DefineInstrument { request, instrument: *instrument })
        });
        let accounts = self
            .accounts
            .iter()
            .map(|account| Command::OpenAccount(OpenAccount { request, account: account.id }));
        let deposits = self.accounts.iter().flat_map(|account| {
            account.deposits.iter().map(|(asset, amount)| {
                Command::Deposit(Transfer {
                    request,
                    account: account.id,
                    asset: *asset,
                    amount: *amount,
                    reference: self.genesis_reference(account.id, *asset),
                })
            })
        });
        let sessions = self
            .sessions
            .iter()
            .map(|session| Command::DefineSession(DefineSession { request, session: *session }));
        assets.chain(instruments).chain(accounts).chain(deposits).chain(sessions).collect()
    }

    /// What nodes of a cluster have to be configured alike, in the form in which they compare it.
    pub fn shared(&self) -> Definitions {
        let setting = |name: &str, value: String| Definition { name: name.to_owned(), value };
        let cluster = &self.cluster;
        let arbiter = match &cluster.arbiter {
            Some(ArbiterConfig::File(_)) => "a file",
            Some(ArbiterConfig::Etcd(_)) => "etcd",
            None => "none",
        };
        let when_alone = match cluster.when_alone {
            WhenAlone::Hold => "hold",
            WhenAlone::GoOn => "go-on",
        };
        let settings = [
            setting("[cluster.arbiter]", arbiter.to_owned()),
            setting("[cluster] when_alone", when_alone.to_owned()),
            setting("[cluster] compare_states_every", cluster.compare_every.to_string()),
            setting("durability", level_name(self.durability).to_owned()),
            setting("rollover", format!("{} s after midnight", self.rollover_s)),
            setting("[fix] comp_id", self.fix.comp_id.to_string()),
            setting("[engine]", format!("{:?}", self.engine)),
        ];
        let definitions = self.definitions();
        let definitions = definitions
            .iter()
            .map(|command| setting(&definition_name(command), definition_value(command)));
        Definitions::new(settings.into_iter().chain(definitions).collect())
    }

    /// Under which a deposit of the configuration is booked once.
    fn genesis_reference(&self, account: AccountId, asset: AssetId) -> Reference {
        Reference::truncated(
            format!("genesis-{account}-{}", self.assets[asset.index()].name).as_bytes(),
        )
    }

    fn add_asset(&mut self, mut section: Section<'_>) -> Result<(), ConfigError> {
        let count = self.assets.len();
        let name: AssetName = section.text("name", "1 to 8 letters or digits", None, short_name)?;
        if self.assets.iter().any(|asset| asset.name == name) {
            return Err(section.error("name", "a name that no other asset has"));
        }
        if count >= ASSETS_MAX {
            return Err(section.error("name", &format!("at most {ASSETS_MAX} assets")));
        }
        let scale = section.integer("scale", 0..=SCALE_MAX, None)?;
        self.assets.push(Asset { id: AssetId(count as u16), name, scale });
        section.finish()
    }

    fn asset(&self, section: &mut Section<'_>, key: &'static str) -> Result<Asset, ConfigError> {
        let allowed = format!("one of the assets above: {}", self.asset_names());
        section.text(key, &allowed, None, |name| self.asset_by_name(name))
    }

    fn asset_by_name(&self, name: &str) -> Option<Asset> {
        self.assets.iter().find(|asset| asset.name.as_bytes() == name.as_bytes()).copied()
    }

    fn asset_names(&self) -> String {
        let names: Vec<String> = self.assets.iter().map(|asset| asset.name.to_string()).collect();
        names.join(", ")
    }

    fn add_instrument(&mut self, mut section: Section<'_>) -> Result<(), ConfigError> {
        let section_ref = &mut section;
        let symbol: Symbol = section_ref.text(
            "symbol",
            "1 to 16 letters, digits, '.', '-', '_' or '/'",
            None,
            short_name,
        )?;
        if self.instruments.iter().any(|instrument| instrument.symbol == symbol) {
            return Err(section_ref.error("symbol", "a symbol that no other instrument has"));
        }
        if self.instruments.len() >= self.engine.instruments_max as usize {
            let allowed =
                format!("at most {} ([engine] instruments_max)", self.engine.instruments_max);
            return Err(section_ref.error("symbol", &allowed));
        }
        let base = self.asset(section_ref, "base")?;
        let quote = self.asset(section_ref, "quote")?;
        if base.id == quote.id {
            return Err(section_ref.error("quote", "another asset than base"));
        }
        let price_scale = section_ref.integer("price_scale", 0..=SCALE_MAX, None)?;
        let quantity_scale = section_ref.integer("quantity_scale", 0..=base.scale, None)?;
        let tick = section_ref.scaled("tick", price_scale, 1..=PRICE_MAX, None)?;
        let lot = section_ref.scaled("lot", quantity_scale, 1..=QUANTITY_MAX, None)?;
        check_tick_lot(section_ref, &quote, (price_scale, quantity_scale), (tick, lot))?;
        let quantities = lot..=QUANTITY_MAX;
        let quantity_min =
            section_ref.scaled("quantity_min", quantity_scale, quantities, Some(lot))?;
        let most = QUANTITY_MAX / lot * lot;
        let quantity_max = section_ref.scaled(
            "quantity_max",
            quantity_scale,
            quantity_min..=QUANTITY_MAX,
            Some(most),
        )?;
        for (key, quantity) in [("quantity_min", quantity_min), ("quantity_max", quantity_max)] {
            if quantity % lot != 0 {
                return Err(section_ref.error(key, "a whole multiple of lot"));
            }
        }
        let notional_min =
            section_ref.scaled("notional_min", quote.scale, 0..=AMOUNT_MAX, Some(0))?;
        let collar_percent =
            section_ref.integer("collar_percent", 1..=COLLAR_PERCENT_MAX, Some(10))?;
        let reference_price =
            section_ref.scaled("reference_price", price_scale, tick..=PRICE_MAX, None)?;
        if reference_price % tick != 0 {
            return Err(section_ref.error("reference_price", "a whole multiple of tick"));
        }
        let instrument = Instrument {
            id: InstrumentId(self.instruments.len() as u32),
            symbol,
            base: base.id,
            quote: quote.id,
            price_scale,
            quantity_scale,
            tick: Price(tick),
            lot: Quantity(lot),
            quantity_min: Quantity(quantity_min),
            quantity_max: Quantity(quantity_max),
            notional_min: Amount(notional_min),
            collar_percent,
            reference_price: Price(reference_price),
            open_orders_max: section_ref.integer("open_orders_max", 1..=u32::MAX, Some(1_000))?,
            maker_fee: section_ref.integer("maker_fee", 0..=FEE_MAX, Some(0))?,
            taker_fee: section_ref.integer("taker_fee", 0..=FEE_MAX, Some(0))?,
            state: InstrumentState::Trading,
        };
        self.instruments.push(instrument);
        section.finish()
    }

    fn add_account(&mut self, mut section: Section<'_>) -> Result<(), ConfigError> {
        let last = self.engine.accounts_max - 1;
        let id = AccountId(section.integer("id", AccountId::FIRST.0..=last, None)?);
        if self.accounts.iter().any(|account| account.id == id) {
            return Err(section.error("id", "an id that no other account has"));
        }
        let name = section.text_if_given("name")?.unwrap_or_default();
        let mut deposits = Vec::new();
        for (asset_name, amount, span) in section.decimals("deposits")? {
            let key = format!("deposits.{asset_name}");
            let Some(asset) = self.asset_by_name(&asset_name) else {
                let allowed = format!("one of the assets above: {}", self.asset_names());
                return Err(section.entry_error(&key, &span, &allowed));
            };
            let amount = amount
                .and_then(|amount| at_scale(amount, asset.scale))
                .filter(|amount| (1..=AMOUNT_MAX).contains(amount));
            let Some(amount) = amount else {
                let most = read::show(AMOUNT_MAX, asset.scale);
                let allowed =
                    format!("above 0, at most {most}, at most {} decimal places", asset.scale);
                return Err(section.entry_error(&key, &span, &allowed));
            };
            self.check_total(&section, asset, amount, &span)?;
            deposits.push((asset.id, Amount(amount)));
        }
        self.accounts.push(AccountConfig { id, name, deposits });
        section.finish()
    }

    /// All deposits of an asset together stay within what can be counted.
    fn check_total(
        &self,
        section: &Section<'_>,
        asset: Asset,
        amount: i64,
        span: &std::ops::Range<usize>,
    ) -> Result<(), ConfigError> {
        let deposited = self.accounts.iter().flat_map(|account| &account.deposits);
        let total: i64 =
            deposited.filter(|(id, _)| *id == asset.id).map(|(_, amount)| amount.0).sum();
        if amount > AMOUNT_MAX - total {
            let most = read::show(AMOUNT_MAX, asset.scale);
            let allowed = format!("at most {most} of {} in all accounts together", asset.name);
            return Err(section.entry_error(&format!("deposits.{}", asset.name), span, &allowed));
        }
        Ok(())
    }

    fn add_session(&mut self, mut section: Section<'_>) -> Result<(), ConfigError> {
        let comp_id: CompId = section.text("comp_id", COMP_ID_ALLOWED, None, printable)?;
        if self.sessions.iter().any(|session| session.comp_id == comp_id) {
            return Err(section.error("comp_id", "a CompID that no other session has"));
        }
        if comp_id == self.fix.comp_id {
            return Err(section.error("comp_id", "another CompID than the venue's ([fix] comp_id)"));
        }
        // Session 0 is no session, so one id fewer than the limit is there.
        if self.sessions.len() + 1 >= self.engine.sessions_max as usize {
            let allowed =
                format!("fewer than {} ([engine] sessions_max)", self.engine.sessions_max);
            return Err(section.error("comp_id", &allowed));
        }
        let account = AccountId(section.integer("account", 0..=u32::MAX, None)?);
        if !self.accounts.iter().any(|known| known.id == account) {
            let ids: BTreeMap<AccountId, ()> =
                self.accounts.iter().map(|known| (known.id, ())).collect();
            let ids: Vec<String> = ids.keys().map(AccountId::to_string).collect();
            let allowed = format!("one of the accounts above: {}", ids.join(", "));
            return Err(section.error("account", &allowed));
        }
        self.sessions.push(SessionDefinition {
            id: SessionId(self.sessions.len() as u32 + 1),
            account,
            comp_id,
            reset_on_logon: section.boolean("reset_on_logon", false)?,
            cancel_on_disconnect: section.boolean("cancel_on_disconnect", false)?,
        });
        section.finish()
    }
}

/// How a message names a definition of the configuration.
pub(super) fn definition_name(command: &Command) -> String {
    match command {
        Command::DefineAsset(define) => format!("[[asset]] {}", define.asset.name),
        Command::DefineInstrument(define) => format!("[[instrument]] {}", define.instrument.symbol),
        Command::OpenAccount(open) => format!("[[account]] {}", open.account),
        Command::Deposit(deposit) => {
            format!("[[account]] {}: the deposit {}", deposit.account, deposit.reference)
        }
        Command::DefineSession(define) => format!("[[session]] {}", define.session.comp_id),
        other => other.name().to_owned(),
    }
}

/// What it defines, for people.
fn definition_value(command: &Command) -> String {
    match command {
        Command::DefineAsset(define) => format!("{:?}", define.asset),
        Command::DefineInstrument(define) => format!("{:?}", define.instrument),
        Command::OpenAccount(_) => "open".to_owned(),
        Command::Deposit(deposit) => format!("{:?} of {:?}", deposit.amount, deposit.asset),
        Command::DefineSession(define) => format!("{:?}", define.session),
        other => format!("{other:?}"),
    }
}

fn durability(root: &mut Section<'_>, cluster: &ClusterConfig) -> Result<Durability, ConfigError> {
    if cluster.has_others() {
        let allowed = "\"standby-memory\" or \"standby-disk\" in a cluster of several nodes";
        return root.text(
            "durability",
            allowed,
            Some(Durability::StandbyMemory),
            |name| match name {
                "standby-memory" => Some(Durability::StandbyMemory),
                "standby-disk" => Some(Durability::StandbyDisk),
                _ => None,
            },
        );
    }
    let allowed = "\"local-disk\" or \"local-memory\"; a standby needs [[cluster.member]]";
    root.text("durability", allowed, Some(Durability::LocalDisk), |name| match name {
        "local-memory" => Some(Durability::LocalMemory),
        "local-disk" => Some(Durability::LocalDisk),
        _ => None,
    })
}

const COMP_ID_ALLOWED: &str = "1 to 24 printable ASCII characters";

fn fix(mut section: Section<'_>) -> Result<FixConfig, ConfigError> {
    let allowed = "an address and a port such as 127.0.0.1:9878";
    let default = SocketAddr::from(([127, 0, 0, 1], 9_878));
    let listen = section.text("listen", allowed, Some(default), |text| text.parse().ok())?;
    if !listen.ip().is_loopback() {
        let allowed = "a loopback address such as 127.0.0.1:9878, because sessions are not \
                       authenticated and anyone who reaches the port could trade";
        return Err(section.error("listen", allowed));
    }
    let config = FixConfig {
        listen,
        comp_id: section.text("comp_id", COMP_ID_ALLOWED, CompId::new(b"CASTLE"), printable)?,
        connections_max: section.integer("connections_max", 1..=65_536, Some(1_024))?,
        logon_timeout: milliseconds(&mut section, "logon_timeout_ms", 10..=600_000, 5_000)?,
        bytes_before_logon_max: section.integer(
            "bytes_before_logon_max",
            256..=1_048_576,
            Some(4_096),
        )?,
        message_size_max: section.integer("message_size_max", 512..=1_048_576, Some(8_192))?,
        messages_per_second_max: section.integer(
            "messages_per_second_max",
            1..=100_000_000,
            Some(50_000),
        )?,
        messages_burst_max: section.integer(
            "messages_burst_max",
            1..=100_000_000,
            Some(100_000),
        )?,
        outbound_bytes_max: section.integer(
            "outbound_bytes_max",
            65_536..=1_073_741_824,
            Some(16_777_216),
        )?,
        sending_time_tolerance: milliseconds(
            &mut section,
            "sending_time_tolerance_ms",
            1..=86_400_000,
            120_000,
        )?,
    };
    section.finish()?;
    Ok(config)
}

fn journal(mut section: Section<'_>) -> Result<JournalConfig, ConfigError> {
    let path = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
    let segment_bytes = section.integer(
        "segment_bytes",
        SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX,
        Some(134_217_728),
    )?;
    if segment_bytes % PAGE_BYTES != 0 {
        return Err(section.error("segment_bytes", "a multiple of 4096"));
    }
    let log_ring_records =
        section.integer("log_ring_records", 1_024..=16_777_216_usize, Some(65_536))?;
    if !log_ring_records.is_power_of_two() {
        return Err(section.error("log_ring_records", "a power of two from 1024 to 16777216"));
    }
    let directory = Some(PathBuf::from("./castle-data"));
    let ring_directory = Some(PathBuf::from("/dev/shm"));
    let config = JournalConfig {
        directory: section.text("directory", "a path", directory, path)?,
        segment_bytes,
        reserve_bytes: section.integer("reserve_bytes", 0..=SEGMENT_BYTES_MAX, Some(16_777_216))?,
        ring_directory: section.text("ring_directory", "a path", ring_directory, path)?,
        log_ring_records,
    };
    check_kept(&section, &config)?;
    section.finish()?;
    Ok(config)
}

/// The reserve and a full log ring fit into the segments that are prepared ahead.
fn check_kept(section: &Section<'_>, config: &JournalConfig) -> Result<(), ConfigError> {
    let options = config.options(ClusterName::EMPTY, 0);
    let most = options.kept_bytes_max();
    if options.reserve_bytes.saturating_add(options.in_flight_bytes) <= most {
        return Ok(());
    }
    let allowed = format!(
        "reserve_bytes ({}) and log_ring_records x {RECORD_SIZE_MAX} ({}) together at most {most}, \
         segment_bytes without a header: raise segment_bytes, or lower one of them",
        options.reserve_bytes, options.in_flight_bytes
    );
    let keys = ["reserve_bytes", "segment_bytes", "log_ring_records"];
    let key = keys.into_iter().find(|key| section.has(key)).unwrap_or(keys[0]);
    Err(section.error(key, &allowed))
}

fn admin(mut section: Section<'_>, journal: &JournalConfig) -> Result<AdminConfig, ConfigError> {
    let socket = section.text_if_given("socket")?.map(PathBuf::from);
    let length = admin_socket(&socket, journal).as_os_str().len();
    if !(1..=SOCKET_PATH_MAX).contains(&length) {
        let allowed = format!(
            "a path of at most {SOCKET_PATH_MAX} bytes; where it is absent, [journal] directory and \
             /admin.sock make {length}"
        );
        return Err(section.error("socket", &allowed));
    }
    section.finish()?;
    Ok(AdminConfig { socket })
}

fn admin_socket(socket: &Option<PathBuf>, journal: &JournalConfig) -> PathBuf {
    socket.clone().unwrap_or_else(|| journal.directory.join("admin.sock"))
}

fn telemetry(mut section: Section<'_>) -> Result<TelemetryConfig, ConfigError> {
    let latency_log = section.text_if_given("latency_log")?.map(PathBuf::from);
    if latency_log.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
        return Err(section.error("latency_log", "a path"));
    }
    let interval_s = section.integer("latency_interval_s", 1..=3_600, Some(10))?;
    section.finish()?;
    Ok(TelemetryConfig { latency_log, latency_interval: Duration::from_secs(interval_s) })
}

fn engine(mut section: Section<'_>) -> Result<(EngineLimits, bool), ConfigError> {
    let limits = EngineLimits {
        orders_max: section.integer("orders_max", 1_024..=1 << 28, Some(1_048_576))?,
        cl_ord_ids_max: section.integer("cl_ord_ids_max", 1_024..=1 << 30, Some(33_554_432))?,
        cl_ord_ids_per_account_max: section.integer(
            "cl_ord_ids_per_account_max",
            1_024..=1 << 30,
            Some(8_388_608),
        )?,
        cl_ord_ids_kept: section.integer(
            "cl_ord_ids_kept",
            CL_ORD_IDS_KEPT..=1 << 30,
            Some(CL_ORD_IDS_KEPT),
        )?,
        accounts_max: section.integer("accounts_max", 3..=ACCOUNTS_MAX as u32, Some(65_536))?,
        instruments_max: section.integer(
            "instruments_max",
            1..=INSTRUMENTS_MAX as u32,
            Some(1_024),
        )?,
        sessions_max: section.integer("sessions_max", 2..=SESSIONS_MAX as u32, Some(4_096))?,
    };
    let touch_memory = section.boolean("touch_memory", false)?;
    section.finish()?;
    Ok((limits, touch_memory))
}

/// One tick more for one lot must be a whole number of the quote asset's units.
fn check_tick_lot(
    section: &Section<'_>,
    quote: &Asset,
    (price_scale, quantity_scale): (u8, u8),
    (tick, lot): (i64, i64),
) -> Result<(), ConfigError> {
    let units = i128::from(tick) * i128::from(lot);
    let scale = u32::from(price_scale) + u32::from(quantity_scale);
    let quote_scale = u32::from(quote.scale);
    let whole = quote_scale >= scale || units % power_of_ten(scale - quote_scale) == 0;
    if whole {
        return Ok(());
    }
    let allowed = format!(
        "one for which tick x lot is a whole number of {} units of {} decimal places",
        quote.name, quote.scale
    );
    Err(section.error("tick", &allowed))
}

fn milliseconds(
    section: &mut Section<'_>,
    key: &'static str,
    range: RangeInclusive<u64>,
    default: u64,
) -> Result<Duration, ConfigError> {
    section.integer(key, range, Some(default)).map(Duration::from_millis)
}

fn short_name<const N: usize>(text: &str) -> Option<Text<N>> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_/".contains(byte);
    let fits = !text.is_empty() && text.as_bytes().iter().all(allowed);
    if fits { Text::new(text.as_bytes()) } else { None }
}

fn printable<const N: usize>(text: &str) -> Option<Text<N>> {
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Text::new(text.as_bytes()) } else { None }
}

/// Seconds after midnight of `HH:MM:SS`.
fn time_of_day(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.split(':').collect();
    let [hours, minutes, seconds] = parts.as_slice() else { return None };
    let two_digits = |part: &str, below: u32| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|number: &u32| digits && *number < below)
    };
    Some(two_digits(hours, 24)? * 3_600 + two_digits(minutes, 60)? * 60 + two_digits(seconds, 60)?)
}

#[cfg(test)]
mod tests;

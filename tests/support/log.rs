//! The log beside what clients were told: a journal is replayed, and every message that the venue numbered for a
//! session is made again and compared with the one that its client has under that number.
//!
//! 1. Each message that a client got, on whichever connection, is what the log makes under its number. A gap fill
//!    stands for nothing but the session's own messages.
//! 2. The log tells no client more than it got, and leaves out nothing.
//! 3. Each order that a client knows to be accepted stands in the log once.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::time::{Duration, Instant};

use castle::engine::Engine;
use castle::fix::directory::Directory;
use castle::fix::encode::{Encoder, Outgoing, is_admin};
use castle::journal::RealDisk;
use castle::journal::read::{self, Verified};
use castle::model::{Command, Event, EventBody, HashSecret, Record, Sequence, Text};
use serde_json::json;

use super::exchange::Exchange;
use super::fix::{Client, Incoming, Known, shown, split};
use super::trader::Trader;

/// How long nodes may take to have the same records on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a journal was found to hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Replayed {
    pub last: Sequence,
    /// Over all records.
    pub running_hash: u64,
    /// Over the whole state behind it.
    pub state_hash: u64,
    /// Messages that were compared.
    pub messages: u64,
    /// Orders that clients know to be accepted.
    pub orders: u64,
}

/// Waits until all have the same records, none of them still only in memory; their states must then be the same, by
/// a hash over the whole of each. Gives it, with the last record.
pub fn equal_states(nodes: &[&Exchange]) -> Result<(String, u64), String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let told: Option<Vec<State>> = nodes.iter().map(|node| State::of(node)).collect();
        if let Some(told) = &told {
            let State { hash, last, .. } = &told[0];
            if told.iter().all(|state| state.last == *last && state.synced == *last) {
                return match told.iter().all(|state| state.hash == *hash) {
                    true => Ok((hash.clone(), *last)),
                    false => Err(format!("states differ at record {last}: {told:?}")),
                };
            }
        }
        if Instant::now() > deadline {
            return Err(format!("the nodes do not come to the same record: {told:?}"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a node says of its state.
#[derive(Debug)]
struct State {
    hash: String,
    last: u64,
    synced: u64,
}

impl State {
    /// None where its door is shut.
    fn of(node: &Exchange) -> Option<Self> {
        let state = node.try_admin(&json!({"command": "state-hash"})).ok()?;
        let cluster = node.try_admin(&json!({"command": "cluster"})).ok()?;
        Some(Self {
            hash: state["state_hash"].as_str()?.to_owned(),
            last: state["sequence"].as_u64()?,
            synced: cluster["synced_record"].as_u64()?,
        })
    }
}

/// All nodes have the same records and states, each journal comes to that state, and has what its clients know.
pub fn all_agree(nodes: &[(&Path, &Exchange)], traders: &[&Trader]) -> Result<Replayed, String> {
    let running: Vec<&Exchange> = nodes.iter().map(|(_, node)| *node).collect();
    let (hash, last) = equal_states(&running)?;
    let replayed: Result<Vec<_>, _> =
        nodes.iter().map(|(journal, _)| replay(journal, traders)).collect();
    let replayed = replayed?;
    for (found, (journal, _)) in replayed.iter().zip(nodes) {
        let (found_hash, found_last) = (format!("{:016x}", found.state_hash), found.last.0);
        if (&found_hash, found_last) != (&hash, last) || *found != replayed[0] {
            let journal = journal.display();
            return Err(format!(
                "{journal}: {found:?}, but the nodes have {hash} at {last}, the first journal {:?}",
                replayed[0]
            ));
        }
        if found.orders == 0 {
            return Err("no order was acknowledged: nothing was compared".to_owned());
        }
    }
    replayed.into_iter().next().ok_or_else(|| "there is no node".to_owned())
}

/// Replays a journal that begins with its first record, and compares it with all that its clients know. Nobody may
/// be owed anything.
pub fn replay(journal: &Path, traders: &[&Trader]) -> Result<Replayed, String> {
    let mut reading = Reading::new(traders);
    let mut wrong = None;
    let verified = read::dump(&RealDisk::read_only(journal), 1..=u64::MAX, &[], &mut |record| {
        wrong = reading.take(record).err();
        if wrong.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let verified = verified.map_err(|error| error.to_string())?;
    if let Some(wrong) = wrong {
        return Err(format!("{}: {wrong}", journal.display()));
    }
    reading.end(&verified).map_err(|wrong| format!("{}: {wrong}", journal.display()))
}

/// A client beside its session.
struct Reader<'a> {
    trader: &'a Trader,
    /// The number that the log gives next.
    next: u64,
    /// Messages that came on connections that were left, by number.
    late: HashMap<u64, Vec<&'a [u8]>>,
}

impl<'a> Reader<'a> {
    fn new(trader: &'a Trader) -> Self {
        let mut late: HashMap<u64, Vec<&[u8]>> = HashMap::new();
        for bytes in &trader.client.late {
            for number in numbers(bytes) {
                late.entry(number).or_default().push(bytes);
            }
        }
        Self { trader, next: 1, late }
    }

    fn client(&self) -> &'a Client {
        &self.trader.client
    }

    /// The log makes `message` of `event`.
    fn compare(&mut self, event: &Event, message: &[u8]) -> Result<(), String> {
        let number = event.msg_seq_num;
        let differs = |known: &dyn std::fmt::Display| {
            let (name, made) = (&self.trader.client.sender, shown(message));
            Err(format!("record {}: {name} has {known}; the log makes {made}", event.cause))
        };
        if number != self.next {
            return differs(&format!("numbers up to {} from the log so far", self.next - 1));
        }
        self.next += 1;
        for late in self.late.remove(&number).unwrap_or_default() {
            let may_be = is_same(message, late) || (is_gap_fill(late) && is_admin(&event.body));
            if !may_be {
                return differs(&shown(late));
            }
        }
        match self.client().known(number) {
            Known::Message(bytes) if is_same(message, bytes) => Ok(()),
            Known::Message(bytes) => differs(&shown(bytes)),
            Known::Filled if is_admin(&event.body) => Ok(()),
            Known::Filled => differs(&"a gap fill"),
            Known::Nothing => differs(&format!("nothing up to {}", self.client().next_in - 1)),
        }
    }
}

/// Does something with a whole message, which was split before.
fn with<T>(bytes: &[u8], work: impl FnOnce(&Incoming<'_>) -> T) -> T {
    let mut fields = Vec::new();
    let length = split(bytes, &mut fields);
    assert_eq!(length, Ok(Some(bytes.len())), "{}", shown(bytes));
    work(&Incoming::of(bytes, &fields))
}

fn is_same(one: &[u8], other: &[u8]) -> bool {
    with(one, |one| with(other, |other| one.is_same(other)))
}

fn is_gap_fill(bytes: &[u8]) -> bool {
    with(bytes, |message| message.msg_type() == "4")
}

/// The numbers that a message stands for.
fn numbers(bytes: &[u8]) -> Range<u64> {
    with(bytes, |message| {
        let number = message.number(34);
        number..if message.msg_type() == "4" { message.number(36) } else { number + 1 }
    })
}

struct Reading<'a> {
    engine: Engine,
    directory: Directory,
    encoder: Encoder,
    events: Vec<Event>,
    message: Vec<u8>,
    readers: Vec<Reader<'a>>,
    /// How often an order of a ClOrdID stands in the log.
    orders: HashMap<String, u32>,
    messages: u64,
}

impl<'a> Reading<'a> {
    fn new(traders: &[&'a Trader]) -> Self {
        Self {
            engine: Engine::new(),
            // Messages bear the name that clients call the venue by; the secret is in none of them.
            directory: Directory::new(Text::truncated(b"CASTLE"), HashSecret(0)),
            encoder: Encoder::default(),
            events: Vec::new(),
            message: Vec::new(),
            readers: traders.iter().map(|trader| Reader::new(trader)).collect(),
            orders: HashMap::new(),
            messages: 0,
        }
    }

    fn take(&mut self, record: &Record) -> Result<(), String> {
        if let Command::NewOrder(order) = &record.command {
            *self.orders.entry(order.cl_ord_id.to_string()).or_default() += 1;
        }
        self.events.clear();
        self.engine.apply(record, &mut self.events);
        for event in std::mem::take(&mut self.events) {
            self.directory.apply(&event);
            self.tell(&event)?;
        }
        Ok(())
    }

    fn tell(&mut self, event: &Event) -> Result<(), String> {
        let Self { directory, encoder, message, readers, .. } = self;
        if event.msg_seq_num == 0 || matches!(event.body, EventBody::SessionEnded(_)) {
            return Ok(());
        }
        let session = directory.session(event.session).ok_or("a session that was never defined")?;
        let name = session.comp_id.to_string();
        let reader = readers.iter_mut().find(|reader| reader.client().sender == name);
        let reader = reader.ok_or_else(|| format!("{name} is told something, and is nobody"))?;
        let header = Outgoing {
            sender: directory.venue().as_bytes(),
            target: name.as_bytes(),
            sending_time_ns: event.timestamp.0,
            poss_dup: true,
        };
        message.clear();
        encoder.encode(event, &header, directory, message);
        self.messages += 1;
        reader.compare(event, message)
    }

    fn end(self, verified: &Verified) -> Result<Replayed, String> {
        let mut orders = 0;
        for reader in &self.readers {
            let (client, book) = (reader.client(), &reader.trader.book);
            let name = &client.sender;
            if reader.next != client.next_in {
                let (told, has) = (client.next_in - 1, reader.next - 1);
                return Err(format!("{name} was told up to {told}, and the log has up to {has}"));
            }
            if let Some(number) = reader.late.keys().min() {
                return Err(format!(
                    "{name} was told {number} on a connection that it left, and the log has no such"
                ));
            }
            for place in book.orders.keys() {
                let id = book.cl_ord_id(*place);
                match self.orders.get(&id) {
                    Some(1) => orders += 1,
                    found => {
                        let times = found.copied().unwrap_or(0);
                        return Err(format!(
                            "{id} was acknowledged, and is in the log {times} times"
                        ));
                    }
                }
            }
        }
        let (state_hash, messages) = (self.engine.state_hash(), self.messages);
        let Verified { last, running_hash, .. } = *verified;
        Ok(Replayed { last, running_hash, state_hash, messages, orders })
    }
}

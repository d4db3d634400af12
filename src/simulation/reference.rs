//! The log of whoever led last, replayed: what every client was told must follow from it.

use std::collections::HashSet;

use crate::engine::Engine;
use crate::model::{Event, EventBody, ExecType, Record, RecordBytes, Sequence};
use crate::simulation::client::{Client, Told};

/// An event with a number, as far as a client is told it.
#[derive(Debug, Clone)]
struct Numbered {
    exec_id: (u64, u16),
    /// MsgType of a report; 0 of anything else.
    kind: u8,
    cl_ord_id: String,
}

/// See the module.
pub struct Reference {
    engine: Engine,
    events: Vec<Event>,
    hashes: Vec<u64>,
    /// By session, then by number from 1.
    told: Vec<Vec<Numbered>>,
    /// Orders taken, by session and ClOrdID.
    taken: HashSet<(u32, String)>,
}

impl Reference {
    /// Of an empty log.
    pub fn new(sessions: usize) -> Self {
        Self {
            engine: Engine::new(),
            events: Vec::new(),
            hashes: Vec::new(),
            told: vec![Vec::new(); sessions],
            taken: HashSet::new(),
        }
    }

    /// How many records it has replayed.
    pub fn last(&self) -> Sequence {
        Sequence(self.hashes.len() as u64)
    }

    /// The running hash of its log.
    pub fn running_hash(&self) -> u64 {
        self.hashes.last().copied().unwrap_or(0)
    }

    /// Its engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Another leads now, with this log: what it lacks is taken back.
    pub fn turn_to(&mut self, log: &[RecordBytes], hashes: &[u64]) -> Result<(), String> {
        let shared = self.hashes.iter().zip(hashes).take_while(|(one, other)| one == other).count();
        if shared < self.hashes.len() {
            *self = Self::new(self.told.len());
        }
        self.follow(log, hashes)
    }

    /// The log goes on.
    pub fn follow(&mut self, log: &[RecordBytes], hashes: &[u64]) -> Result<(), String> {
        let from = self.hashes.len();
        for (bytes, hash) in log.iter().zip(hashes).skip(from) {
            let record = Record::get(&bytes.0).map_err(|error| error.to_string())?;
            self.events.clear();
            self.engine.apply(&record, &mut self.events);
            self.hashes.push(*hash);
            let events = std::mem::take(&mut self.events);
            events.iter().try_for_each(|event| self.keep(event))?;
            self.events = events;
        }
        Ok(())
    }

    fn keep(&mut self, event: &Event) -> Result<(), String> {
        if event.msg_seq_num == 0 || event.session.0 == 0 {
            return Ok(());
        }
        let (kind, cl_ord_id) = match &event.body {
            EventBody::Execution(execution) => {
                let id = execution.cl_ord_id.to_string();
                if execution.exec_type == ExecType::New
                    && !self.taken.insert((event.session.0, id.clone()))
                {
                    return Err(format!("the log takes order {id} a second time"));
                }
                (b'8', id)
            }
            EventBody::CancelReject(reject) => (b'9', reject.cl_ord_id.to_string()),
            _ => (0, String::new()),
        };
        let session = &mut self.told[event.session.0 as usize - 1];
        if event.msg_seq_num != session.len() as u64 + 1 {
            return Err(format!(
                "the log gives session {} number {} behind {}",
                event.session,
                event.msg_seq_num,
                session.len()
            ));
        }
        session.push(Numbered { exec_id: (event.cause.0, event.index), kind, cl_ord_id });
        Ok(())
    }

    /// Everything that clients were told so far follows from it, under the same number.
    pub fn check(&self, clients: &[Client]) -> Result<(), String> {
        for (client, numbered) in clients.iter().zip(&self.told) {
            for (number, told) in &client.told {
                let found = numbered.get(*number as usize - 1);
                let holds = match (told, found) {
                    (_, None) => false,
                    (None, Some(found)) => found.kind == 0,
                    (Some(told), Some(found)) => is_same(told, found),
                };
                if !holds {
                    return Err(format!(
                        "{} was told number {number}, {told:?}; in the log of whoever leads it is {found:?}",
                        client.comp_id
                    ));
                }
            }
        }
        Ok(())
    }
}

fn is_same(told: &Told, found: &Numbered) -> bool {
    let kind = if told.is_report() { told.kind } else { 0 };
    let (cause, index) = found.exec_id;
    kind == found.kind
        && (kind == 0 || told.cl_ord_id == found.cl_ord_id)
        && (kind != b'8' || exec_id(&told.exec_id) == Some((cause, index)))
}

/// What an ExecID of this log stands for: cause and index.
fn exec_id(text: &str) -> Option<(u64, u16)> {
    let (cause, index) = text.strip_prefix("0-")?.split_once('-')?;
    Some((cause.parse().ok()?, index.parse().ok()?))
}

//! The log of whoever led last, replayed: what every client was told must follow from it, in every field.

use std::collections::HashMap;

use crate::engine::Engine;
use crate::fix::directory::Directory;
use crate::fix::encode::{self, Encoder, Outgoing};
use crate::model::{
    CompId, Event, EventBody, ExecType, HashSecret, Record, RecordBytes, Sequence, SessionId,
};
use crate::simulation::client::{self, Client};

/// See the module.
pub struct Reference {
    engine: Engine,
    directory: Directory,
    encoder: Encoder,
    message: Vec<u8>,
    events: Vec<Event>,
    hashes: Vec<u64>,
    /// What has a number, by session, then by number from 1.
    told: Vec<Vec<Event>>,
    /// Orders taken, by session and ClOrdID, with the record that took them.
    taken: HashMap<(u32, String), Sequence>,
    /// How many numbers of each client were found to follow from it.
    followed: Vec<u64>,
}

impl Reference {
    /// Of an empty log.
    pub fn new(sessions: usize) -> Self {
        Self {
            engine: Engine::new(),
            directory: Directory::new(CompId::truncated(b"CASTLE"), HashSecret::default()),
            encoder: Encoder::default(),
            message: Vec::new(),
            events: Vec::new(),
            hashes: Vec::new(),
            told: vec![Vec::new(); sessions],
            taken: HashMap::new(),
            followed: vec![0; sessions],
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

    /// The running hash behind a record; none where it has no such record.
    pub fn hash_at(&self, sequence: u64) -> Option<u64> {
        sequence.checked_sub(1).map_or(Some(0), |at| self.hashes.get(at as usize).copied())
    }

    /// Its engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Another leads now, with this log: what it lacks is taken back.
    pub fn turn_to(&mut self, log: &[RecordBytes], hashes: &[u64]) -> Result<(), String> {
        let shared = self.hashes.iter().zip(hashes).take_while(|(one, other)| one == other).count();
        if shared < self.hashes.len() {
            self.hashes.truncate(shared);
            let last = Sequence(shared as u64);
            for (session, followed) in self.told.iter_mut().zip(&mut self.followed) {
                let stays = session.partition_point(|event| event.cause <= last);
                session.truncate(stays);
                *followed = (*followed).min(stays as u64);
            }
            self.taken.retain(|_, taken| *taken <= last);
            // What follows from the part that stays is known.
            self.engine = Engine::new();
            for bytes in &log[..shared] {
                let record = Record::get(&bytes.0).map_err(|error| error.to_string())?;
                self.events.clear();
                self.engine.apply(&record, &mut self.events);
            }
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
        self.directory.apply(event);
        if event.msg_seq_num == 0 || event.session == SessionId::NONE {
            return Ok(());
        }
        if let EventBody::Execution(execution) = &event.body
            && execution.exec_type == ExecType::New
        {
            let id = execution.cl_ord_id.to_string();
            if self.taken.insert((event.session.0, id.clone()), event.cause).is_some() {
                return Err(format!("the log takes order {id} a second time"));
            }
        }
        // Sessions behind the traders' are of clients whom nobody checks, who have their numbers begin anew.
        let Some(session) = self.told.get_mut(event.session.index() - 1) else { return Ok(()) };
        if event.msg_seq_num != session.len() as u64 + 1 {
            return Err(format!(
                "the log gives session {} number {} behind {}",
                event.session,
                event.msg_seq_num,
                session.len()
            ));
        }
        session.push(*event);
        Ok(())
    }

    /// Everything that clients were told so far follows from it, under the same number: an event of the session itself
    /// or the message with all its fields; as a gap only what is never sent again.
    pub fn check(&mut self, clients: &[Client]) -> Result<(), String> {
        for (at, client) in clients.iter().enumerate() {
            // What was found to follow, up to the first that he has not been told.
            for (number, told) in client.told.range(self.followed[at] + 1..) {
                let event = self.told[at].get(*number as usize - 1);
                let holds = match (told, event) {
                    (_, None) => false,
                    (None, Some(event)) => encode::is_admin(&event.body),
                    (Some(told), Some(event)) => {
                        let header = Outgoing {
                            sender: b"CASTLE",
                            target: client.comp_id.as_bytes(),
                            sending_time_ns: event.timestamp.0,
                            poss_dup: false,
                        };
                        self.message.clear();
                        self.encoder.encode(event, &header, &self.directory, &mut self.message);
                        *client::read(&self.message).1 == *told.lasting
                    }
                };
                if !holds {
                    return Err(format!(
                        "{} was told number {number}, {told:?}; in the log of whoever leads it is {event:?}",
                        client.comp_id
                    ));
                }
                self.followed[at] += u64::from(self.followed[at] + 1 == *number);
            }
        }
        Ok(())
    }
}

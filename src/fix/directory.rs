//! What a gateway knows of the venue: its name, its instruments, assets and sessions.
//!
//! Fed by the events that go to every gateway, so that it is never ahead of the log. Nothing is ever
//! removed; a definition that comes again replaces the one before.

use crate::model::{
    Asset, AssetId, CompId, Event, EventBody, HashSecret, Instrument, InstrumentId,
    SessionDefinition, SessionId,
};

/// What a gateway knows of the venue.
#[derive(Debug, Clone)]
pub struct Directory {
    venue: CompId,
    secret: HashSecret,
    assets: Vec<Option<Asset>>,
    instruments: Vec<Option<Instrument>>,
    symbols: Names,
    sessions: Vec<Option<SessionDefinition>>,
    comp_ids: Names,
}

impl Directory {
    /// A directory of nothing yet; `venue_comp_id` is what clients put in TargetCompID.
    pub fn new(venue_comp_id: CompId, secret: HashSecret) -> Self {
        Self {
            venue: venue_comp_id,
            secret,
            assets: Vec::new(),
            instruments: Vec::new(),
            symbols: Names::new(),
            sessions: Vec::new(),
            comp_ids: Names::new(),
        }
    }

    /// Takes in a definition; any other event changes nothing.
    pub fn apply(&mut self, event: &Event) {
        match &event.body {
            EventBody::AssetDefined(asset) => place(&mut self.assets, asset.id.index(), *asset),
            EventBody::InstrumentDefined(instrument) => {
                let index = instrument.id.index();
                place(&mut self.instruments, index, *instrument);
                self.symbols.rebuild(names(&self.instruments, |each| each.symbol.as_bytes()));
            }
            EventBody::SessionDefined(session) => {
                place(&mut self.sessions, session.id.index(), *session);
                self.comp_ids.rebuild(names(&self.sessions, |each| each.comp_id.as_bytes()));
            }
            _ => {}
        }
    }

    /// The venue's CompID.
    pub fn venue(&self) -> &CompId {
        &self.venue
    }

    /// Sets under which ClOrdIDs are hashed: a standby learns it from the log.
    pub fn set_secret(&mut self, secret: HashSecret) {
        self.secret = secret;
    }

    /// Under which ClOrdIDs are hashed.
    pub fn secret(&self) -> HashSecret {
        self.secret
    }

    /// The instrument of an id.
    #[inline]
    pub fn instrument(&self, id: InstrumentId) -> Option<&Instrument> {
        self.instruments.get(id.index())?.as_ref()
    }

    /// The instrument of a Symbol (55).
    #[inline]
    pub fn instrument_by_symbol(&self, symbol: &[u8]) -> Option<&Instrument> {
        let instruments = &self.instruments;
        let found = self.symbols.find(symbol, |index| {
            instruments.get(index)?.as_ref().map(|instrument| instrument.symbol.as_bytes())
        })?;
        instruments.get(found)?.as_ref()
    }

    /// The asset of an id.
    #[inline]
    pub fn asset(&self, id: AssetId) -> Option<&Asset> {
        self.assets.get(id.index())?.as_ref()
    }

    /// The session of an id.
    #[inline]
    pub fn session(&self, id: SessionId) -> Option<&SessionDefinition> {
        self.sessions.get(id.index())?.as_ref()
    }

    /// The session whose client has this CompID.
    pub fn session_by_comp_id(&self, comp_id: &[u8]) -> Option<&SessionDefinition> {
        let sessions = &self.sessions;
        let found = self.comp_ids.find(comp_id, |index| {
            sessions.get(index)?.as_ref().map(|session| session.comp_id.as_bytes())
        })?;
        sessions.get(found)?.as_ref()
    }

    /// All assets, by id.
    pub fn assets(&self) -> impl Iterator<Item = &Asset> {
        self.assets.iter().flatten()
    }

    /// All instruments, by id.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.iter().flatten()
    }

    /// All sessions, by id.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionDefinition> {
        self.sessions.iter().flatten()
    }
}

fn place<T: Copy>(slots: &mut Vec<Option<T>>, index: usize, value: T) {
    if slots.len() <= index {
        slots.resize(index + 1, None);
    }
    slots[index] = Some(value);
}

fn names<'a, T>(
    slots: &'a [Option<T>],
    name: impl Fn(&'a T) -> &'a [u8] + Copy,
) -> impl Iterator<Item = (usize, &'a [u8])> + Clone {
    slots.iter().enumerate().filter_map(move |(index, slot)| Some((index, name(slot.as_ref()?))))
}

/// Indexes by name: open addressing, at most half full, so that a lookup is one hash and about one
/// comparison. An operator chooses the names, so nobody can choose ones that collide.
#[derive(Debug, Clone)]
struct Names {
    /// Index + 1, or 0 where the slot is free; the length is a power of two.
    slots: Vec<u32>,
}

impl Names {
    fn new() -> Self {
        Self { slots: vec![0; 2] }
    }

    /// Definitions are rare and few, so all is laid out anew at each.
    fn rebuild<'a>(&mut self, names: impl Iterator<Item = (usize, &'a [u8])> + Clone) {
        let length = (names.clone().count() * 2).next_power_of_two().max(2);
        self.slots.clear();
        self.slots.resize(length, 0);
        for (index, name) in names {
            let mut at = hash(name) & (length - 1);
            while self.slots[at] != 0 {
                at = (at + 1) & (length - 1);
            }
            self.slots[at] = index as u32 + 1;
        }
    }

    #[inline]
    fn find<'a>(&self, name: &[u8], name_of: impl Fn(usize) -> Option<&'a [u8]>) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash(name) & mask;
        loop {
            let index = self.slots[at].checked_sub(1)? as usize;
            if name_of(index) == Some(name) {
                return Some(index);
            }
            at = (at + 1) & mask;
        }
    }
}

/// Eight bytes at a time: names are short.
#[inline]
fn hash(name: &[u8]) -> usize {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = name.len() as u64;
    let (words, rest) = name.as_chunks::<8>();
    for word in words {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR).rotate_left(32);
    }
    // What is left, some of it twice.
    let last = match (name.last_chunk(), rest.first_chunk(), rest.last_chunk()) {
        (Some(last), ..) => u64::from_le_bytes(*last),
        (None, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    ((hash ^ last).wrapping_mul(FACTOR) >> 32) as usize
}

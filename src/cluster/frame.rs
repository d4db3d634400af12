//! What nodes say to each other: frames on a stream of bytes.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | length of the frame |
//! | 4 | 4 | CRC-32C of bytes 8 to length |
//! | 8 | 2 | version of this protocol |
//! | 10 | 1 | kind |
//! | 11 | 1 | zero |
//! | 12 | 4 | reign: the epoch in which the primary that is spoken of took over |
//! | 16 | 33 | cluster: length, text, zeros |
//! | 49 | 2 | who speaks |
//! | 51 | 5 | zeros |
//! | 56 | | the body, as [`Body`] says |
//!
//! Integers are little-endian. Length, CRC and version stand at these places in every version. Nothing is
//! allocated: a frame is written into the sender's buffer, and read in place from the receiver's.

use thiserror::Error;

use crate::cluster::chain::{Chain, REIGNS_MAX, Start};
use crate::cluster::definitions::{Definitions, MARKS_MAX, Mark};
use crate::cluster::standing::StateHash;
use crate::cluster::steward::Ack;
use crate::cluster::view::{Incarnation, Member};
use crate::journal::snapshot::Link;
use crate::journal::transfer::Parcel;
use crate::model::record::SEQUENCE_AT;
use crate::model::wire::Wire;
use crate::model::{ClusterName, Epoch, NodeId, Record, Sequence};

/// The version of the protocol that this program speaks.
pub const PROTOCOL_VERSION: u16 = 2;
/// The longest frame: a hello with a chain of every reign and marks of many definitions fits, and so does a batch of
/// many records.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

const CRC_AT: usize = 4;
const VERSION_AT: usize = 8;
const KIND_AT: usize = 10;
const REIGN_AT: usize = 12;
const CLUSTER_AT: usize = 16;
const SENDER_AT: usize = CLUSTER_AT + ClusterName::SIZE;
const ZEROS_AT: usize = SENDER_AT + NodeId::SIZE;
/// Bytes before the body.
pub const HEADER_BYTES: usize = 56;
const _: () = assert!(ZEROS_AT <= HEADER_BYTES);

const START_BYTES: usize = Epoch::SIZE + Sequence::SIZE + u64::SIZE;
const MARK_BYTES: usize = 4 + 4;
const HELLO_BYTES: usize = 8 + 4 + 8 + 1 + 8 + 2 + 2;
/// Bytes of a frame of records before the records.
pub const RECORDS_AT: usize = HEADER_BYTES + 8 + 8 + 4;
/// The most bytes of records in a frame.
pub const RECORD_BYTES_MAX: usize = FRAME_BYTES_MAX - RECORDS_AT;
/// The most records of a frame: the ring that takes them has room for so many before it is read.
pub const BATCH_MAX: u32 = 1_024;
const _: () = assert!(
    HEADER_BYTES + HELLO_BYTES + REIGNS_MAX * START_BYTES + MARKS_MAX * MARK_BYTES
        <= FRAME_BYTES_MAX
);
/// The most bytes of a reason for which a node is refused.
pub const REASON_BYTES_MAX: usize = 4_096;

const HELLO: u8 = 1;
const WELCOME: u8 = 2;
const NOT_PRIMARY: u8 = 3;
const REFUSED: u8 = 4;
const RECORDS: u8 = 5;
const PROGRESS: u8 = 6;
const ACK: u8 = 7;
const STATE_HASH: u8 = 8;
const OFFER: u8 = 9;
const SNAPSHOT: u8 = 10;
const SNAPSHOT_PART: u8 = 11;
const VIEW: u8 = 12;

/// The most bytes of a snapshot in a frame.
pub const PART_BYTES_MAX: usize = FRAME_BYTES_MAX - HEADER_BYTES - 8;

/// Why bytes are no frame of this cluster. The connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// No frame is that long or that short.
    #[error("a frame of {found} bytes; frames have {HEADER_BYTES} to {FRAME_BYTES_MAX}")]
    Length {
        /// What its length says.
        found: u32,
    },
    /// Some byte is not what was sent.
    #[error("a frame whose CRC-32C is {computed:08x}, where it says {found:08x}")]
    Crc {
        /// What it says.
        found: u32,
        /// What its bytes give.
        computed: u32,
    },
    /// Another program.
    #[error(
        "a frame of version {found} of the protocol; this node speaks version {PROTOCOL_VERSION}. Run the same \
         version of castle on all nodes"
    )]
    Version {
        /// Its version.
        found: u16,
    },
    /// Another cluster.
    #[error(
        "a frame of cluster {found}; this node is of cluster {own}. Check the addresses of the nodes"
    )]
    Cluster {
        /// Its cluster.
        found: ClusterName,
        /// This node's.
        own: ClusterName,
    },
    /// A kind that is none.
    #[error("a frame of kind {found}, which this version does not have")]
    Kind {
        /// Its kind.
        found: u8,
    },
    /// A body that is not what its kind has.
    #[error("a frame with a bad {what}")]
    Body {
        /// What is bad.
        what: &'static str,
    },
    /// A good frame that nobody sends there, or not then.
    #[error("a frame that does not belong there: {what}")]
    Unexpected {
        /// What is wrong.
        what: &'static str,
    },
}

/// Why a node is not taken as a standby, whatever its log holds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HelloError {
    /// It bears this node's number.
    #[error("a node says that it is node {0}, which is this one: two nodes are configured as one")]
    Me(NodeId),
    /// It bears a number that the configuration does not have.
    #[error("node {0} is not in this node's configuration")]
    Unknown(NodeId),
    /// Its journal is of another format.
    #[error(
        "node {node} writes journals of format {found}, this node of format {own}: run the same version of castle \
         on both"
    )]
    Format {
        /// The node.
        node: NodeId,
        /// Its format.
        found: u32,
        /// This node's.
        own: u32,
    },
    /// It is configured with other instruments, accounts, sessions or rules.
    #[error("node {node} is configured otherwise: {difference}. Give both the same configuration")]
    Definitions {
        /// The node.
        node: NodeId,
        /// The hash of the name that the difference names first; 0 where it names none.
        about: u32,
        /// What differs.
        difference: String,
    },
}

impl HelloError {
    /// The hash of the definition's name that it is about; 0 where it is about none.
    pub fn about(&self) -> u32 {
        match self {
            Self::Definitions { about, .. } => *about,
            _ => 0,
        }
    }
}

/// What a node compares a hello with.
#[derive(Debug, Clone, Copy)]
pub struct Own<'a> {
    /// This node.
    pub node: NodeId,
    /// The others that its configuration has.
    pub others: &'a [NodeId],
    /// The version of its journal's format.
    pub journal_format: u32,
    /// What its configuration defines.
    pub definitions: &'a Definitions,
}

impl Own<'_> {
    /// Whether the configuration has a node of this number, other than this one.
    pub fn check_sender(&self, sender: NodeId) -> Result<(), HelloError> {
        if sender == self.node {
            return Err(HelloError::Me(sender));
        }
        if !self.others.contains(&sender) {
            return Err(HelloError::Unknown(sender));
        }
        Ok(())
    }
}

/// A frame without its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The cluster.
    pub cluster: ClusterName,
    /// Who speaks.
    pub sender: NodeId,
    /// The epoch in which the primary that is spoken of took over; 0 in a hello.
    pub reign: Epoch,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Whose.
    pub header: Header,
    /// What it says.
    pub body: Body<'a>,
}

/// What a frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body<'a> {
    /// A standby's first frame.
    Hello(HelloBody<'a>),
    /// The primary's answer: the last record that both have, and the running hash after it.
    Welcome {
        /// That record.
        shared: Sequence,
        /// The running hash.
        hash: u64,
    },
    /// The node that was dialled is not primary.
    NotPrimary,
    /// The node that was dialled will not have this one.
    Refused {
        /// The hash of the definition's name that it is about; 0 where it is about none.
        about: u32,
        /// Why, for people.
        why: &'a str,
    },
    /// Records, each continuing the one before.
    Records(Records<'a>),
    /// The primary lives.
    Progress {
        /// The last record of its log.
        end: Sequence,
        /// The last whose effects were told.
        released: Sequence,
    },
    /// What a standby holds.
    Ack(Ack),
    /// The primary's state hash; from a standby, the last that it found to be the same.
    StateHash(StateHash),
    /// Without an arbiter: the view that the node has, as [`View::to_text`](crate::cluster::view::View::to_text)
    /// writes it. The header's reign is the node's own where it is primary, else 0.
    View(&'a str),
    /// The primary offers its place: its log ends here.
    Offer {
        /// The last record.
        end: Sequence,
    },
    /// The primary's other answer to a hello: its journal does not have what follows on the last record that both have,
    /// and a snapshot that stands in for it follows in parts.
    Snapshot {
        /// That record.
        shared: Sequence,
        /// The snapshot.
        parcel: Parcel,
    },
    /// A part of the snapshot that was announced.
    SnapshotPart {
        /// Bytes of it that came before.
        offset: u64,
        /// The part.
        bytes: &'a [u8],
    },
}

/// See [`Body::Hello`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelloBody<'a> {
    /// The life of the standby's log.
    pub incarnation: Incarnation,
    /// The version of its journal's format.
    pub journal_format: u32,
    /// A hash of what its configuration defines.
    pub definitions: u64,
    last: Sequence,
    is_whole: bool,
    starts: Starts<'a>,
    marks: Marks<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Starts<'a> {
    Own(&'a [Start]),
    Read(&'a [u8]),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Marks<'a> {
    Own(&'a [Mark]),
    Read(&'a [u8]),
}

impl<'a> HelloBody<'a> {
    /// A hello of a node with this log.
    pub fn new(
        incarnation: Incarnation,
        journal_format: u32,
        definitions: &'a Definitions,
        chain: &'a Chain,
    ) -> Self {
        let (last, is_whole) = (chain.last(), chain.is_whole());
        let (starts, marks) = (Starts::Own(chain.starts()), Marks::Own(definitions.marks()));
        let definitions = definitions.hash();
        Self { incarnation, journal_format, definitions, last, is_whole, starts, marks }
    }

    /// The node, in its life.
    pub fn member(&self, sender: NodeId) -> Member {
        Member { node: sender, incarnation: self.incarnation }
    }

    /// Whether the node that says this hello may be a standby of this one.
    pub fn check(&self, sender: NodeId, own: &Own<'_>) -> Result<(), HelloError> {
        own.check_sender(sender)?;
        if self.journal_format != own.journal_format {
            let (found, own) = (self.journal_format, own.journal_format);
            return Err(HelloError::Format { node: sender, found, own });
        }
        if self.definitions != own.definitions.hash() {
            let (about, difference) = own.definitions.difference(&self.marks());
            return Err(HelloError::Definitions { node: sender, about, difference });
        }
        Ok(())
    }

    /// What its configuration defines, in short.
    fn marks(&self) -> Vec<Mark> {
        match &self.marks {
            Marks::Own(marks) => marks.to_vec(),
            Marks::Read(bytes) => bytes
                .chunks_exact(MARK_BYTES)
                .filter_map(|bytes| {
                    let mut take = Take(bytes);
                    Some(Mark { name: take.get()?, value: take.get()? })
                })
                .collect(),
        }
    }

    /// The chain of the node's log. The one thing that allocates, once a connection.
    pub fn chain(&self) -> Result<Chain, FrameError> {
        let starts = match &self.starts {
            Starts::Own(starts) => starts.to_vec(),
            Starts::Read(bytes) => bytes
                .chunks_exact(START_BYTES)
                .map(|bytes| {
                    let mut take = Take(bytes);
                    Some(Start { reign: take.get()?, first: take.get()?, hash: take.get()? })
                })
                .collect::<Option<_>>()
                .ok_or(FrameError::Body { what: "chain" })?,
        };
        Chain::told(starts, self.is_whole, self.last).ok_or(FrameError::Body { what: "chain" })
    }
}

/// See [`Body::Records`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Records<'a> {
    /// The sequence of the first.
    pub first: Sequence,
    /// The last record whose effects the primary told.
    pub released: Sequence,
    /// How many.
    pub count: u32,
    bytes: &'a [u8],
}

impl<'a> Records<'a> {
    /// Records that lie one behind the other; none where they are not `count` records from `first` on.
    pub fn new(first: Sequence, released: Sequence, count: u32, bytes: &'a [u8]) -> Option<Self> {
        let records = Self { first, released, count, bytes };
        records.are_whole().then_some(records)
    }

    fn are_whole(&self) -> bool {
        let (mut count, mut rest) = (0_u64, self.bytes);
        while !rest.is_empty() {
            let Ok(length) = Record::length(rest) else { return false };
            let expected = self.first.0.checked_add(count);
            if Sequence::get(&rest[SEQUENCE_AT..]).ok().map(|found| found.0) != expected {
                return false;
            }
            (count, rest) = (count + 1, &rest[length..]);
        }
        count == u64::from(self.count) && self.count <= BATCH_MAX
    }

    /// The bytes of each record.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let length = Record::length(rest).ok()?;
            let (record, behind) = rest.split_at(length);
            rest = behind;
            Some(record)
        })
    }
}

impl<'a> Frame<'a> {
    /// Writes the frame to the beginning of `out` and gives its length; none where `out` is too short, or the
    /// frame would be too long.
    pub fn put(&self, out: &mut [u8]) -> Option<usize> {
        let mut put = Put { out, at: HEADER_BYTES };
        let kind = put.body(&self.body)?;
        let Put { out, at: length } = put;
        if length > FRAME_BYTES_MAX {
            return None;
        }
        let Header { cluster, sender, reign } = self.header;
        out[..HEADER_BYTES].fill(0);
        (length as u32).put(&mut out[..CRC_AT]);
        PROTOCOL_VERSION.put(&mut out[VERSION_AT..KIND_AT]);
        out[KIND_AT] = kind;
        reign.put(&mut out[REIGN_AT..CLUSTER_AT]);
        cluster.put(&mut out[CLUSTER_AT..SENDER_AT]);
        sender.put(&mut out[SENDER_AT..ZEROS_AT]);
        let crc = crc32c::crc32c(&out[VERSION_AT..length]);
        crc.put(&mut out[CRC_AT..VERSION_AT]);
        Some(length)
    }

    /// The bytes of the frame that `bytes` begin with; none where not all of it has come yet.
    pub fn whole(bytes: &'a [u8]) -> Result<Option<&'a [u8]>, FrameError> {
        let Some(found) = bytes.first_chunk::<4>().map(|word| u32::from_le_bytes(*word)) else {
            return Ok(None);
        };
        let length = found as usize;
        if !(HEADER_BYTES..=FRAME_BYTES_MAX).contains(&length) {
            return Err(FrameError::Length { found });
        }
        Ok(bytes.get(..length))
    }

    /// Reads the frame that `bytes` begin with, and its length; none where not all of it has come yet.
    pub fn get(bytes: &'a [u8], cluster: ClusterName) -> Result<Option<(Self, usize)>, FrameError> {
        let Some(bytes) = Self::whole(bytes)? else { return Ok(None) };
        let length = bytes.len();
        let mut head = Take(&bytes[CRC_AT..]);
        let what = |what| move || FrameError::Body { what };
        let found: u32 = head.get().ok_or_else(what("CRC"))?;
        let computed = crc32c::crc32c(&bytes[VERSION_AT..]);
        if found != computed {
            return Err(FrameError::Crc { found, computed });
        }
        let found: u16 = head.get().ok_or_else(what("version"))?;
        if found != PROTOCOL_VERSION {
            return Err(FrameError::Version { found });
        }
        let kind: u8 = head.get().ok_or_else(what("kind"))?;
        let _: u8 = head.get().ok_or_else(what("header"))?;
        let reign = head.get().ok_or_else(what("reign"))?;
        let found: ClusterName = head.get().ok_or_else(what("cluster"))?;
        if found != cluster {
            return Err(FrameError::Cluster { found, own: cluster });
        }
        let sender = head.get().ok_or_else(what("sender"))?;
        let body = Body::get(kind, reign, Take(&bytes[HEADER_BYTES..]))?;
        Ok(Some((Self { header: Header { cluster, sender, reign }, body }, length)))
    }
}

impl<'a> Body<'a> {
    fn get(kind: u8, reign: Epoch, mut take: Take<'a>) -> Result<Self, FrameError> {
        let (body, what) = match kind {
            HELLO => (take.hello(), "hello"),
            WELCOME => (take.welcome(), "welcome"),
            NOT_PRIMARY => (Some(Self::NotPrimary), "answer"),
            REFUSED => (take.refused(), "answer"),
            RECORDS => (take.records(), "batch of records"),
            PROGRESS => (take.progress(), "progress"),
            ACK => (take.ack(reign), "acknowledgement"),
            STATE_HASH => (take.state_hash(), "state hash"),
            OFFER => (take.get().map(|end| Self::Offer { end }), "offer"),
            SNAPSHOT => (take.snapshot(), "announcement of a snapshot"),
            SNAPSHOT_PART => (take.snapshot_part(), "part of a snapshot"),
            VIEW => (std::str::from_utf8(take.rest()).ok().map(Self::View), "view"),
            found => return Err(FrameError::Kind { found }),
        };
        body.filter(|_| take.0.is_empty()).ok_or(FrameError::Body { what })
    }
}

/// Reads from the front of some bytes; none where they are too few or no such value.
struct Take<'a>(&'a [u8]);

impl<'a> Take<'a> {
    fn get<T: Wire>(&mut self) -> Option<T> {
        let (value, rest) = self.0.split_at_checked(T::SIZE)?;
        self.0 = rest;
        T::get(value).ok()
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn hello(&mut self) -> Option<Body<'a>> {
        let incarnation = Incarnation(self.get()?);
        let (journal_format, definitions) = (self.get()?, self.get()?);
        let is_whole = self.get::<u8>()? == 1;
        let last = self.get()?;
        let reigns = usize::from(self.get::<u16>()?);
        let count = usize::from(self.get::<u16>()?);
        let (starts, marks) = self.rest().split_at_checked(reigns * START_BYTES)?;
        if reigns > REIGNS_MAX || count > MARKS_MAX || marks.len() != count * MARK_BYTES {
            return None;
        }
        let (starts, marks) = (Starts::Read(starts), Marks::Read(marks));
        Some(Body::Hello(HelloBody {
            incarnation,
            journal_format,
            definitions,
            last,
            is_whole,
            starts,
            marks,
        }))
    }

    fn refused(&mut self) -> Option<Body<'a>> {
        let about = self.get()?;
        let why = std::str::from_utf8(self.rest()).ok()?;
        (why.len() <= REASON_BYTES_MAX).then_some(Body::Refused { about, why })
    }

    fn welcome(&mut self) -> Option<Body<'a>> {
        Some(Body::Welcome { shared: self.get()?, hash: self.get()? })
    }

    fn records(&mut self) -> Option<Body<'a>> {
        let (first, released, count) = (self.get()?, self.get()?, self.get()?);
        Some(Body::Records(Records::new(first, released, count, self.rest())?))
    }

    fn progress(&mut self) -> Option<Body<'a>> {
        Some(Body::Progress { end: self.get()?, released: self.get()? })
    }

    fn ack(&mut self, reign: Epoch) -> Option<Body<'a>> {
        let (received, synced) = (self.get()?, self.get()?);
        let is_unsure = match self.get::<u8>()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        Some(Body::Ack(Ack { reign, received, synced, is_unsure }))
    }

    fn snapshot(&mut self) -> Option<Body<'a>> {
        let (shared, version, bytes) = (self.get()?, self.get()?, self.get()?);
        let link = Link { sequence: self.get()?, epoch: self.get()?, running_hash: self.get()? };
        let (timestamp, mark, state_hash) = (self.get()?, self.get()?, self.get()?);
        let parcel = Parcel { version, bytes, link, timestamp, mark, state_hash };
        // It stands in for records that are lacking.
        (link.sequence > shared).then_some(Body::Snapshot { shared, parcel })
    }

    fn snapshot_part(&mut self) -> Option<Body<'a>> {
        let (offset, bytes) = (self.get()?, self.rest());
        (!bytes.is_empty()).then_some(Body::SnapshotPart { offset, bytes })
    }

    fn state_hash(&mut self) -> Option<Body<'a>> {
        Some(Body::StateHash(StateHash { sequence: self.get()?, hash: self.get()? }))
    }
}

/// Writes one value behind the other; none where there is no room.
struct Put<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Put<'_> {
    fn put<T: Wire>(&mut self, value: T) -> Option<()> {
        value.put(self.out.get_mut(self.at..self.at + T::SIZE)?);
        self.at += T::SIZE;
        Some(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.out.get_mut(self.at..self.at + bytes.len())?.copy_from_slice(bytes);
        self.at += bytes.len();
        Some(())
    }

    /// Writes a body and gives its kind.
    fn body(&mut self, body: &Body<'_>) -> Option<u8> {
        match body {
            Body::Hello(hello) => self.hello(hello),
            Body::Welcome { shared, hash } => {
                self.put(*shared)?;
                self.put(*hash)?;
                Some(WELCOME)
            }
            Body::NotPrimary => Some(NOT_PRIMARY),
            Body::Refused { about, why } => {
                self.put(*about)?;
                self.bytes(why.as_bytes())?;
                Some(REFUSED)
            }
            Body::Records(records) => {
                self.put(records.first)?;
                self.put(records.released)?;
                self.put(records.count)?;
                self.bytes(records.bytes)?;
                Some(RECORDS)
            }
            Body::Progress { end, released } => {
                self.put(*end)?;
                self.put(*released)?;
                Some(PROGRESS)
            }
            Body::Ack(ack) => {
                self.put(ack.received)?;
                self.put(ack.synced)?;
                self.put(u8::from(ack.is_unsure))?;
                Some(ACK)
            }
            Body::StateHash(StateHash { sequence, hash }) => {
                self.put(*sequence)?;
                self.put(*hash)?;
                Some(STATE_HASH)
            }
            Body::Offer { end } => {
                self.put(*end)?;
                Some(OFFER)
            }
            Body::Snapshot { shared, parcel } => {
                let Parcel { version, bytes, link, timestamp, mark, state_hash } = parcel;
                self.put(*shared)?;
                self.put(*version)?;
                self.put(*bytes)?;
                self.put(link.sequence)?;
                self.put(link.epoch)?;
                self.put(link.running_hash)?;
                self.put(*timestamp)?;
                self.put(*mark)?;
                self.put(*state_hash)?;
                Some(SNAPSHOT)
            }
            Body::SnapshotPart { offset, bytes } => {
                self.put(*offset)?;
                self.bytes(bytes)?;
                Some(SNAPSHOT_PART)
            }
            Body::View(text) => {
                self.bytes(text.as_bytes())?;
                Some(VIEW)
            }
        }
        .filter(|_| self.out.len() >= HEADER_BYTES)
    }

    fn hello(&mut self, hello: &HelloBody<'_>) -> Option<u8> {
        let reigns = match hello.starts {
            Starts::Own(starts) => starts.len(),
            Starts::Read(bytes) => bytes.len() / START_BYTES,
        };
        let marks = match hello.marks {
            Marks::Own(marks) => marks.len(),
            Marks::Read(bytes) => bytes.len() / MARK_BYTES,
        };
        self.put(hello.incarnation.0)?;
        self.put(hello.journal_format)?;
        self.put(hello.definitions)?;
        self.put(u8::from(hello.is_whole))?;
        self.put(hello.last)?;
        self.put(u16::try_from(reigns).ok()?)?;
        self.put(u16::try_from(marks).ok()?)?;
        match hello.starts {
            Starts::Own(starts) => starts.iter().try_for_each(|start| {
                self.put(start.reign)?;
                self.put(start.first)?;
                self.put(start.hash)
            })?,
            Starts::Read(bytes) => self.bytes(bytes)?,
        }
        match hello.marks {
            Marks::Own(marks) => marks.iter().try_for_each(|mark| {
                self.put(mark.name)?;
                self.put(mark.value)
            })?,
            Marks::Read(bytes) => self.bytes(bytes)?,
        }
        Some(HELLO)
    }
}

#[cfg(any(test, fuzzing))]
pub mod fuzz;
#[cfg(test)]
mod tests;

//! A message's bytes, judged against the dictionary and laid out for lookup by tag, in one pass.
//!
//! 1. Every field is split at `=` and the delimiter; of a DATA field the LENGTH field before it says
//!    how long it is.
//! 2. A table leads from the tag to the field's index, and from there to its type, its allowed values and
//!    whether it may stand here: header, body of this MsgType, trailer, or an entry of an open group.
//! 3. A field outside of groups is entered in a table by its index.
//! 4. At the end, what is required and was not seen is missing.
//! 5. A message whose tags are those of a valid one before is not judged so, but only its values are:
//!    see [`form`].
//!
//! Of several faults the one is told that QuickFIX would tell, which checks in this order: header, body
//! and trailer in their places; MsgType; required fields; each field of the header, the trailer and the body,
//! ascending by tag. Nothing is allocated once the table of fields has grown to the longest message.

mod form;
mod message;

use crate::fix::dictionary::{
    self, Bits, DataType, FIELD_COUNT, FIELDS, FieldInfo, HEADER, Layout, Place, TRAILER, tag,
};
use crate::fix::number;
use crate::model::SessionReject;
use form::{Forms, Walked};

pub use crate::fix::dictionary::MsgKind;
pub use message::{Entries, Entry, Message};

const SOH: u8 = 1;
/// Groups within groups: SecurityList has three.
const GROUP_DEPTH_MAX: usize = 4;
/// Fields for which there is room from the start.
const FIELDS_EXPECTED: usize = 256;

/// Values of SessionRejectReason (373).
pub mod reason {
    /// Invalid tag number.
    pub const INVALID_TAG_NUMBER: u8 = 0;
    /// Required tag missing.
    pub const REQUIRED_TAG_MISSING: u8 = 1;
    /// Tag not defined for this message type.
    pub const TAG_NOT_DEFINED: u8 = 2;
    /// Tag specified without a value.
    pub const NO_VALUE: u8 = 4;
    /// Value is incorrect (out of range) for this tag.
    pub const VALUE: u8 = 5;
    /// Incorrect data format for value.
    pub const FORMAT: u8 = 6;
    /// CompID problem.
    pub const COMP_ID: u8 = 9;
    /// SendingTime accuracy problem.
    pub const SENDING_TIME: u8 = 10;
    /// Invalid MsgType.
    pub const MSG_TYPE: u8 = 11;
    /// Tag appears more than once.
    pub const REPEATED: u8 = 13;
    /// Tag specified out of required order.
    pub const ORDER: u8 = 14;
    /// Repeating group fields out of order.
    pub const GROUP_ORDER: u8 = 15;
    /// Incorrect NumInGroup count for repeating group.
    pub const GROUP_COUNT: u8 = 16;
    /// Non-data value includes field delimiter.
    pub const DELIMITER: u8 = 17;
}

/// What is wrong with a message: the content of a Reject (3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    /// RefTagID (371), or [`SessionReject::NO_TAG`].
    pub ref_tag: i32,
    /// SessionRejectReason (373), one of [`reason`].
    pub reason: u8,
}

/// What a MsgType (35) is to Castle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Castle takes it from clients.
    Spoken(MsgKind),
    /// FIX 4.4 knows it, Castle does not take it: BusinessMessageReject, reason 3.
    Unsupported,
    /// No message of FIX 4.4: Reject, reason 11.
    Unknown,
}

/// Decodes messages, one at a time; it keeps its memory from one to the next.
#[derive(Debug)]
pub struct Decoder {
    /// Every field in the order of the message.
    fields: Vec<Field>,
    places: Box<Places>,
    forms: Forms,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    /// What its value amounts to, where that is known.
    amount: u64,
    tag: u32,
    amounts: Amounts,
    /// 0 outside of groups.
    depth: u8,
    /// Of the digits in `amount`, how many stand behind the point.
    places: u16,
    start: u32,
    end: u32,
}

/// What [`Field::amount`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Amounts {
    /// Nothing: the text is to be read.
    Text,
    /// A number of digits alone.
    Integer,
    /// The digits of a number with a point and no sign.
    Decimal,
    /// A time in nanoseconds since 1970.
    Time,
}

impl Field {
    /// One whose value is to be read.
    fn text(tag: u32, start: usize, end: usize, depth: u8) -> Self {
        let (start, end) = (start as u32, end as u32);
        Self { amount: 0, tag, amounts: Amounts::Text, depth, places: 0, start, end }
    }

    /// The same `by` bytes further on.
    #[inline(always)]
    fn moved(self, by: usize) -> Self {
        let by = by as u32;
        Self { start: self.start + by, end: self.end + by, ..self }
    }
}

/// Which fields a message has outside of groups.
#[derive(Debug, Clone, Copy)]
struct Places {
    /// By index of the field: its place among the fields, or [`Places::NOWHERE`].
    of: [u32; FIELD_COUNT],
    seen: Bits,
}

impl Places {
    const NOWHERE: u32 = u32::MAX;
    const NONE: Self = Self { of: [Self::NOWHERE; FIELD_COUNT], seen: Bits::NONE };
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder.
    pub fn new() -> Self {
        Self {
            fields: Vec::with_capacity(FIELDS_EXPECTED),
            places: Box::new(Places::NONE),
            forms: Forms::new(),
        }
    }

    /// The message of `bytes`, which [`crate::fix::frame::next`] has found, and whether it is valid.
    /// Fields are there as far as they were found, also of an invalid message. One whose type is
    /// [`Kind::Unsupported`] is judged, and its fields are there, only as far as its header.
    #[inline]
    pub fn decode<'a>(&'a mut self, bytes: &'a [u8]) -> (Message<'a>, Result<(), Invalid>) {
        match self.forms.walk(bytes) {
            Some(walked) => (self.walked(bytes, walked), Ok(())),
            None => self.judge(bytes),
        }
    }

    #[inline(always)]
    fn walked<'a>(&'a self, bytes: &'a [u8], walked: Walked) -> Message<'a> {
        let fields = self.forms.fields(walked);
        let (info, kind, places) = self.forms.form(walked);
        Message { bytes, fields, places, info: Some(info), kind }
    }

    /// Judges a message of which nothing is known.
    #[inline(never)]
    fn judge<'a>(&'a mut self, bytes: &'a [u8]) -> (Message<'a>, Result<(), Invalid>) {
        self.fields.clear();
        *self.places = Places::NONE;
        let mut pass = Pass {
            decoder: self,
            bytes,
            place: Place::Header,
            info: None,
            kind: Kind::Unknown,
            open: [Open::NONE; GROUP_DEPTH_MAX],
            depth: 0,
            fault: None,
        };
        pass.run();
        let (info, kind, fault) = (pass.info, pass.kind, pass.fault);
        if let (Some(info), Kind::Spoken(_), None) = (info, kind, fault) {
            self.forms.learn(bytes, &self.fields, &self.places, info, kind);
        }
        let message = Message { bytes, fields: &self.fields, places: &self.places, info, kind };
        (message, fault.map_or(Ok(()), |fault| Err(fault.invalid)))
    }
}

/// A repeating group whose entries are being read.
#[derive(Clone, Copy)]
struct Open {
    layout: &'static Layout,
    count_tag: u32,
    /// What the count says; none where it is no number, which was told already.
    expected: Option<u64>,
    /// Entries so far.
    entries: u64,
    /// The place of the last field in the layout's order.
    last: usize,
}

impl Open {
    const NONE: Self = Self { layout: &HEADER, count_tag: 0, expected: None, entries: 0, last: 0 };
}

/// The order in which faults are told; of equals the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Structure,
    MsgType,
    Required,
    Header(u32),
    Trailer(u32),
    Body(u32),
}

#[derive(Debug, Clone, Copy)]
struct Fault {
    rank: Rank,
    invalid: Invalid,
}

struct Pass<'d, 'a> {
    decoder: &'d mut Decoder,
    bytes: &'a [u8],
    place: Place,
    info: Option<&'static dictionary::MessageInfo>,
    kind: Kind,
    open: [Open; GROUP_DEPTH_MAX],
    depth: usize,
    fault: Option<Fault>,
}

impl Pass<'_, '_> {
    fn run(&mut self) {
        let bytes = self.bytes;
        let mut at = 0;
        while at < bytes.len() {
            let Some((tag, start)) = leading_tag(bytes, at) else {
                at = self.bad_tag(at);
                continue;
            };
            let index = dictionary::index_of(tag);
            let Some(info) = FIELDS.get(usize::from(index)) else {
                let end = delimiter(bytes, start);
                if !self.unknown(tag, start, end) {
                    return;
                }
                at = end + 1;
                continue;
            };
            let end = match info.data_type {
                DataType::Data => self.data_end(info, start),
                _ => delimiter(bytes, start),
            };
            at = end + 1;
            if !self.field(index, info, start, end) {
                return;
            }
        }
        self.close_groups();
        self.required();
    }

    /// A field that begins with no tag; returns where the next begins.
    #[cold]
    fn bad_tag(&mut self, start: usize) -> usize {
        let bytes = self.bytes;
        let end = delimiter(bytes, start);
        let field = &bytes[start..end];
        let Some(equals) = field.iter().position(|byte| *byte == b'=') else {
            // The rest of a value that had a delimiter in it.
            let before =
                self.decoder.fields.last().map_or(SessionReject::NO_TAG, |field| field.tag as i32);
            self.fault(Rank::Structure, before, reason::DELIMITER);
            return end + 1;
        };
        let number = number::int(&field[..equals]).ok().and_then(|tag| i32::try_from(tag).ok());
        let tag = number.unwrap_or(SessionReject::NO_TAG);
        self.fault(Rank::Body(0), tag, reason::INVALID_TAG_NUMBER);
        end + 1
    }

    /// A tag that the dictionary does not have. False where the rest is not to be read.
    #[cold]
    fn unknown(&mut self, tag: u32, start: usize, end: usize) -> bool {
        if !matches!(self.kind, Kind::Spoken(_)) && self.info.is_none() {
            self.required();
            return false;
        }
        self.close_groups();
        self.place = self.place.max(Place::Body);
        self.push(tag, start, end);
        self.fault(Rank::Body(tag), tag as i32, reason::INVALID_TAG_NUMBER);
        true
    }

    /// Where the value of a DATA field ends: after as many bytes as the LENGTH field before it says.
    fn data_end(&mut self, info: &FieldInfo, start: usize) -> usize {
        let length = match self.decoder.fields.last() {
            Some(before) if before.tag == info.length_tag => {
                let value = self.bytes.get(before.start as usize..before.end as usize);
                value.and_then(|value| number::unsigned(value).ok())
            }
            _ => None,
        };
        let Some(length) = length else {
            // Without a length it ends where any other value does.
            return delimiter(self.bytes, start);
        };
        let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
        match end {
            Some(end) if self.bytes.get(end) == Some(&SOH) => end,
            _ => {
                let rank = self.rank(info.tag, self.place);
                self.fault(rank, info.tag as i32, reason::FORMAT);
                delimiter(self.bytes, start)
            }
        }
    }

    /// A field that the dictionary has. False where the rest is not to be read.
    #[inline(always)]
    fn field(&mut self, index: u16, info: &'static FieldInfo, start: usize, end: usize) -> bool {
        while self.depth > 0 {
            if self.member(index, info, start, end) {
                return true;
            }
            self.close_group();
        }
        let place = info.place;
        let Some(message) = self.info else {
            return self.before_type(index, info, place, start, end);
        };
        if place < self.place {
            self.fault(Rank::Structure, info.tag as i32, reason::ORDER);
        } else {
            self.place = place;
        }
        let layout = match place {
            Place::Header => &HEADER,
            Place::Trailer => &TRAILER,
            Place::Body => &message.body,
        };
        self.top(index, info, place, layout, start, end);
        true
    }

    /// A field outside of groups.
    #[inline(always)]
    fn top(
        &mut self,
        index: u16,
        info: &'static FieldInfo,
        place: Place,
        layout: &'static Layout,
        start: usize,
        end: usize,
    ) {
        let tag = info.tag;
        let at = self.decoder.fields.len();
        self.push(tag, start, end);
        if self.decoder.places.seen.add(index) {
            self.decoder.places.of[usize::from(index)] = at as u32;
        } else {
            let rank = self.rank(tag, place);
            self.fault(rank, tag as i32, reason::REPEATED);
        }
        self.value(info, place, start, end);
        if place == Place::Body && !layout.members.has(index) {
            let rank = self.rank(tag, place);
            self.fault(rank, tag as i32, reason::TAG_NOT_DEFINED);
        } else if info.data_type == DataType::NumInGroup {
            self.open_group(layout, index, tag, start, end);
        }
    }

    /// A field before a MsgType that has a body in the dictionary. False where the rest is not to be
    /// read, since nothing is known of it.
    #[inline(never)]
    fn before_type(
        &mut self,
        index: u16,
        info: &'static FieldInfo,
        place: Place,
        start: usize,
        end: usize,
    ) -> bool {
        if place != Place::Header {
            self.required();
            return false;
        }
        self.top(index, info, place, &HEADER, start, end);
        if info.tag == tag::MSG_TYPE {
            let value = self.bytes.get(start..end).unwrap_or(b"");
            self.info = dictionary::message(value);
            self.kind = match self.info {
                Some(message) if is_inbound(message.kind) => Kind::Spoken(message.kind),
                Some(_) => Kind::Unsupported,
                None if info.allows(value) => Kind::Unsupported,
                None => Kind::Unknown,
            };
            if self.kind == Kind::Unknown && !value.is_empty() {
                self.fault(Rank::MsgType, SessionReject::NO_TAG, reason::MSG_TYPE);
            }
        }
        true
    }

    /// Whether the value is there, well-formed and allowed.
    #[inline(always)]
    fn value(&mut self, info: &'static FieldInfo, place: Place, start: usize, end: usize) {
        let value = &self.bytes[start..end];
        let reason = if value.is_empty() {
            reason::NO_VALUE
        } else if !info.is_well_formed(value) {
            reason::FORMAT
        } else if !info.allows(value) {
            reason::VALUE
        } else {
            return;
        };
        let rank = self.rank(info.tag, place);
        self.fault(rank, info.tag as i32, reason);
    }

    #[inline(always)]
    fn push(&mut self, tag: u32, start: usize, end: usize) {
        let depth = self.depth as u8;
        self.decoder.fields.push(Field::text(tag, start, end, depth));
    }

    /// Begins the group that a field counts.
    #[inline(never)]
    fn open_group(&mut self, layout: &Layout, index: u16, tag: u32, start: usize, end: usize) {
        let Some(group) = layout.group(index) else { return };
        let expected = number::unsigned(&self.bytes[start..end]).ok();
        if let Some(open) = self.open.get_mut(self.depth) {
            *open = Open { layout: group, count_tag: tag, expected, entries: 0, last: 0 };
            self.depth += 1;
        }
    }

    /// A field where a group is open. False where it does not belong to the innermost one.
    #[inline(never)]
    fn member(&mut self, index: u16, info: &'static FieldInfo, start: usize, end: usize) -> bool {
        let place = self.place;
        let open = &mut self.open[self.depth - 1];
        let layout = open.layout;
        if !layout.members.has(index) {
            return false;
        }
        let Some(position) = layout.order.iter().position(|each| *each == index) else {
            return false;
        };
        let mut misplaced = None;
        if position == 0 {
            open.entries += 1;
        } else if open.entries == 0 {
            open.entries = 1;
            misplaced = Some(reason::GROUP_ORDER);
        } else if position == open.last {
            misplaced = Some(reason::REPEATED);
        } else if position < open.last {
            misplaced = Some(reason::GROUP_ORDER);
        }
        open.last = position;
        self.push(info.tag, start, end);
        if let Some(reason) = misplaced {
            let rank = self.rank(info.tag, place);
            self.fault(rank, info.tag as i32, reason);
        }
        self.value(info, place, start, end);
        if info.data_type == DataType::NumInGroup {
            self.open_group(layout, index, info.tag, start, end);
        }
        true
    }

    #[inline(never)]
    fn close_group(&mut self) {
        self.depth -= 1;
        let open = self.open[self.depth];
        if open.expected.is_some_and(|expected| open.entries != expected) {
            let rank = self.rank(open.count_tag, self.place);
            self.fault(rank, open.count_tag as i32, reason::GROUP_COUNT);
        }
    }

    fn close_groups(&mut self) {
        while self.depth > 0 {
            self.close_group();
        }
    }

    /// What is required and was not seen: of the header first, then of the body.
    fn required(&mut self) {
        let seen = &self.decoder.places.seen;
        let mut missing = HEADER.required.first_missing(seen);
        // Of a message that is not read to its end nothing more can be missing.
        if let (None, Some(message)) = (missing, self.info) {
            missing = message.body.required.first_missing(seen);
            missing = missing.or_else(|| TRAILER.required.first_missing(seen));
        }
        if let Some(info) = missing.and_then(|index| FIELDS.get(usize::from(index))) {
            self.fault(Rank::Required, info.tag as i32, reason::REQUIRED_TAG_MISSING);
        }
    }

    #[cold]
    fn rank(&self, tag: u32, place: Place) -> Rank {
        match place {
            Place::Header => Rank::Header(tag),
            Place::Body => Rank::Body(tag),
            Place::Trailer => Rank::Trailer(tag),
        }
    }

    #[cold]
    fn fault(&mut self, rank: Rank, ref_tag: i32, reason: u8) {
        if self.fault.is_none_or(|worst| rank < worst.rank) {
            self.fault = Some(Fault { rank, invalid: Invalid { ref_tag, reason } });
        }
    }
}

/// The tag that the field at `start` begins with, and where its value begins; none where it begins with
/// no tag.
#[inline(always)]
fn leading_tag(bytes: &[u8], start: usize) -> Option<(u32, usize)> {
    let mut tag = 0_u32;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        tag = tag.wrapping_mul(10).wrapping_add(u32::from(digit));
        at += 1;
    }
    let plain = (1..=9).contains(&(at - start)) && bytes[start] != b'0';
    (plain && bytes.get(at) == Some(&b'=')).then_some((tag, at + 1))
}

/// Where the delimiter stands that ends the value from `start` on, or the end of the bytes.
#[inline(always)]
fn delimiter(bytes: &[u8], start: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let mut at = start;
    // Eight bytes at once: a byte that is the delimiter becomes zero, and the lowest zero is exact.
    while let Some(chunk) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes([
            chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7],
        ]) ^ ONES;
        let zeros = word.wrapping_sub(ONES) & !word & TOPS;
        if zeros != 0 {
            return at + zeros.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while at < bytes.len() && bytes[at] != SOH {
        at += 1;
    }
    at
}

/// Whether clients send it to Castle.
fn is_inbound(kind: MsgKind) -> bool {
    !matches!(
        kind,
        MsgKind::ExecutionReport
            | MsgKind::OrderCancelReject
            | MsgKind::OrderMassCancelReport
            | MsgKind::SecurityList
    )
}

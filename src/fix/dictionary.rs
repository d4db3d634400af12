//! The dictionary: which fields there are, what they hold, and where they may stand.
//!
//! Fields are named by a small dense index, so that what a message has is a set of bits.

pub use crate::fix::tables::{
    FIELD_COUNT, FIELDS, GROUPS, HEADER, MESSAGES, MsgKind, TRAILER, tag,
};
use crate::fix::tables::{INDEX, USER_INDEX, USER_TAG_FIRST};
use crate::fix::{number, time};

/// The index of a tag that the dictionary does not know.
pub const NO_FIELD: u16 = u16::MAX;
/// Words of a set of fields.
const WORDS: usize = FIELD_COUNT.div_ceil(64);

/// How a value is written (FIX 4.4 volume 1, "Data types").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// Digits, with a minus sign or without.
    Int,
    /// Digits: the length of the DATA field that follows.
    Length,
    /// Digits: the number of entries of a repeating group.
    NumInGroup,
    /// Digits.
    SeqNum,
    /// Digits, a minus sign, a point; also prices, quantities and amounts.
    Float,
    /// One character.
    Char,
    /// Y or N.
    Boolean,
    /// Anything but the delimiter.
    String,
    /// Texts with a space between each two.
    MultipleValue,
    /// Date and time of day.
    UtcTimestamp,
    /// Time of day.
    UtcTime,
    /// YYYYMMDD.
    Date,
    /// YYYYMM, YYYYMMDD or YYYYMMwN.
    MonthYear,
    /// Any bytes, as many as the LENGTH field before says.
    Data,
}

/// Where a field stands outside of groups, in the order of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Before the body.
    Header,
    /// Between the two.
    Body,
    /// After the body.
    Trailer,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub struct FieldInfo {
    /// Its tag.
    pub tag: u32,
    /// Where it stands.
    pub place: Place,
    /// How its value is written.
    pub data_type: DataType,
    /// For DATA: the tag of its LENGTH field; else 0.
    pub length_tag: u32,
    /// Bit n: the value of the one byte n is allowed.
    pub single: u128,
    /// Allowed values of several bytes. Where both are empty any value is allowed.
    pub several: &'static [&'static [u8]],
}

/// What may stand in one place: header, trailer, a body, an entry of a group.
#[derive(Debug)]
pub struct Layout {
    /// The indexes of the fields, in the dictionary's order; of a group's entry the first begins each.
    pub order: &'static [u16],
    /// The same as a set.
    pub members: Bits,
    /// The fields that must be there.
    pub required: Bits,
    /// Repeating groups: the index of the count, the place in [`GROUPS`].
    pub groups: &'static [(u16, u16)],
}

/// A message.
#[derive(Debug)]
pub struct MessageInfo {
    /// Which.
    pub kind: MsgKind,
    /// MsgType (35).
    pub msg_type: &'static [u8],
    /// What its body may hold.
    pub body: Layout,
}

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bits(pub [u64; WORDS]);

impl Bits {
    /// No field.
    pub const NONE: Self = Self([0; WORDS]);

    /// Whether the field of this index is in the set.
    #[inline(always)]
    pub fn has(&self, index: u16) -> bool {
        self.0[usize::from(index / 64)] >> (index % 64) & 1 != 0
    }

    /// Puts the field of this index in; false where it was in.
    #[inline(always)]
    pub fn add(&mut self, index: u16) -> bool {
        let word = &mut self.0[usize::from(index / 64)];
        let bit = 1 << (index % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Whether a field is in both.
    #[inline(always)]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |both, (one, other)| both | (one & other)) != 0
    }

    /// The fields of these tags, which the dictionary has.
    pub const fn of(tags: &[u32]) -> Self {
        let mut bits = [0; WORDS];
        let mut at = 0;
        while at < tags.len() {
            let index = INDEX[tags[at] as usize];
            bits[index as usize / 64] |= 1 << (index % 64);
            at += 1;
        }
        Self(bits)
    }

    /// The fields that are in either.
    pub const fn with(mut self, other: Self) -> Self {
        let mut at = 0;
        while at < WORDS {
            self.0[at] |= other.0[at];
            at += 1;
        }
        self
    }

    /// The lowest index that is in `self` and not in `there`.
    #[inline(always)]
    pub fn first_missing(&self, there: &Self) -> Option<u16> {
        for (at, word) in self.0.iter().enumerate() {
            let missing = word & !there.0[at];
            if missing != 0 {
                return Some((at * 64) as u16 + missing.trailing_zeros() as u16);
            }
        }
        None
    }
}

impl Layout {
    /// The layout of the entries of the group that the field of this index counts, if it counts one.
    #[inline]
    pub fn group(&self, index: u16) -> Option<&'static Layout> {
        let (_, group) = self.groups.iter().find(|(count, _)| *count == index)?;
        GROUPS.get(usize::from(*group))
    }
}

/// A constant, so that the index of a tag that is one needs no look into the table.
const BY_TAG: [u16; INDEX.len()] = INDEX;

/// The index of a tag, or [`NO_FIELD`].
#[inline(always)]
pub fn index_of(tag: u32) -> u16 {
    if let Some(index) = BY_TAG.get(tag as usize) {
        return *index;
    }
    let offset = tag.wrapping_sub(USER_TAG_FIRST);
    USER_INDEX.get(offset as usize).copied().unwrap_or(NO_FIELD)
}

/// The place in [`MESSAGES`] of those whose MsgType is one character; `MESSAGES.len()` for none.
static BY_CHARACTER: [u8; 256] = {
    let mut table = [MESSAGES.len() as u8; 256];
    let mut at = 0;
    while at < MESSAGES.len() {
        if let [character] = MESSAGES[at].msg_type {
            table[*character as usize] = at as u8;
        }
        at += 1;
    }
    table
};

/// The message of a MsgType.
#[inline]
pub fn message(msg_type: &[u8]) -> Option<&'static MessageInfo> {
    match msg_type {
        [character] => MESSAGES.get(usize::from(BY_CHARACTER[usize::from(*character)])),
        _ => MESSAGES.iter().find(|message| message.msg_type == msg_type),
    }
}

impl FieldInfo {
    /// Whether the value is written as its type says.
    #[inline]
    pub fn is_well_formed(&self, value: &[u8]) -> bool {
        match self.data_type {
            DataType::String | DataType::MultipleValue | DataType::Data => true,
            DataType::Int => is_int(value),
            DataType::Length | DataType::NumInGroup | DataType::SeqNum => {
                value.iter().all(u8::is_ascii_digit)
            }
            DataType::Float => is_float(value),
            DataType::Char => value.len() == 1,
            DataType::Boolean => number::boolean(value).is_some(),
            DataType::UtcTimestamp => time::is_timestamp(value),
            DataType::UtcTime => time::time_only(value).is_some(),
            DataType::Date => time::is_date_text(value),
            DataType::MonthYear => is_month_year(value),
        }
    }

    /// Whether the value is one of those allowed.
    #[inline]
    pub fn allows(&self, value: &[u8]) -> bool {
        if self.single == 0 && self.several.is_empty() {
            return true;
        }
        if self.data_type == DataType::MultipleValue {
            return value.split(|byte| *byte == b' ').all(|each| self.allows_one(each));
        }
        self.allows_one(value)
    }

    #[inline]
    fn allows_one(&self, value: &[u8]) -> bool {
        match value {
            [byte] => byte.is_ascii() && self.single >> byte & 1 != 0,
            _ => self.several.contains(&value),
        }
    }
}

#[inline]
fn is_int(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

#[inline]
fn is_float(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let mut points = 0;
    for byte in digits {
        match byte {
            b'0'..=b'9' => {}
            b'.' => points += 1,
            _ => return false,
        }
    }
    points <= 1 && digits.len() > points
}

fn is_month_year(value: &[u8]) -> bool {
    let Some((month, rest)) = value.split_at_checked(6) else { return false };
    if !month.iter().all(u8::is_ascii_digit)
        || !matches!(&month[4..], b"10" | b"11" | b"12" | [b'0', b'1'..=b'9'])
    {
        return false;
    }
    match rest {
        [] => true,
        [b'w', week] => (b'1'..=b'5').contains(week),
        [tens, ones] => tens.is_ascii_digit() && ones.is_ascii_digit(),
        _ => false,
    }
}

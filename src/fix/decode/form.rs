//! Forms: the sequences of tags in which clients send their messages, learned as they come.
//!
//! 1. What may stand where, what is missing and what stands there twice depends on the tags alone, where a
//!    message has no repeating group and no DATA. So where a message was valid, every other with the same
//!    tags is too, if each value is well-formed and allowed.
//! 2. A client's software writes the fields of a message in the same order each time. The orders make a tree:
//!    a node is a field behind those on the way to it, and where a message may end there is a form.
//! 3. A message is walked down the tree, a field at a time. Most fields say what they said in the message
//!    before: CompIDs, symbol, side, often the quantity. So a node remembers the last one, with its tag and its
//!    delimiter, and one comparison of sixteen bytes finds such a field and judges it.
//! 4. Else the first eight bytes are compared with the tag, and the value is judged: numbers eight digits at
//!    a time, times by the last second that was one. MsgType's value belongs to its tag here. What a number or
//!    a time amounts to is noted with the field, so that nobody reads its digits again.
//! 5. Whatever leaves the tree, or has a value that is not plainly right, is judged from its beginning by the
//!    whole decoder. So nothing is told here but that a message is valid, where its fields are and what they
//!    amount to.
//! 6. The tree has limits. When it is full it is forgotten and learned anew, which costs each form one
//!    message that takes the whole way.

use super::{Amounts, Field, Kind, Places, SOH, delimiter};
use crate::fix::dictionary::{DataType, FIELDS, FieldInfo, MessageInfo, NO_FIELD, index_of, tag};
use crate::fix::number::{self, ZEROS};
use crate::fix::time;

/// Fields of the longest form.
const FIELDS_MAX: usize = 64;
/// Fields of all forms, what they have in common counted once.
const NODES_MAX: usize = 2_048;
/// Forms: seven kinds of orders and requests, each in some dozen ways.
const FORMS_MAX: usize = 128;
/// No node, or no form.
const NONE: u16 = u16::MAX;
/// A tag, its equals sign, and MsgType's value with its delimiter: what a word compares.
const WORD: usize = 8;
/// The longest field that a node remembers.
const REMEMBERED: usize = 16;
/// `YYYYMMDD-HH:MM:SS`.
const SECOND: usize = 17;
/// Characters from here on have a bit in [`Node::allowed`].
const FIRST_CHAR: u8 = b'0';
/// What stands behind a value.
const DELIMITED: u16 = SOH as u16;

/// What is known of the forms.
#[derive(Debug)]
pub(super) struct Forms {
    nodes: Vec<Node>,
    forms: Vec<Form>,
    /// The first node.
    first: u16,
    /// Of the message that was walked last.
    fields: Box<[Field; FIELDS_MAX]>,
    second: Second,
}

/// The last second that was found to be one.
#[derive(Debug, Clone, Copy)]
struct Second {
    text: [u8; SECOND],
    /// In nanoseconds since 1970, if it can be counted.
    time_ns: Option<u64>,
}

/// A sequence of tags that is valid.
#[derive(Debug)]
struct Form {
    info: &'static MessageInfo,
    kind: Kind,
    places: Places,
}

/// A field behind certain others.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// The last field that was found here, as far as `remembered_mask` says. Where there is none the mask is
    /// zero, and nothing is equal.
    remembered: u128,
    remembered_mask: u128,
    /// The same, judged; from its beginning.
    last: Field,
    /// The bytes that it begins with.
    word: u64,
    /// Which of them count.
    mask: u64,
    /// Of [`Check::Char`]: bit n for the character [`FIRST_CHAR`] + n.
    allowed: u64,
    /// Where its value begins.
    skip: u8,
    /// How many bytes count.
    width: u8,
    check: Check,
    /// Whether the next field here may well be the same.
    repeats: bool,
    index: u16,
    /// A field that may follow.
    next: u16,
    /// A field that may stand here instead.
    other: u16,
    /// The form of a message that ends here.
    form: u16,
}

/// How a value is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    /// It is part of the word.
    MsgType,
    /// One character of those allowed.
    Char,
    /// Any text.
    Text,
    Digits,
    Float,
    Timestamp,
    /// By the dictionary.
    Other,
}

/// A message that was walked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walked {
    form: u16,
    fields: usize,
}

impl Forms {
    pub(super) fn new() -> Self {
        let none = Field::text(0, 0, 0, 0);
        Self {
            nodes: Vec::with_capacity(NODES_MAX),
            forms: Vec::with_capacity(FORMS_MAX),
            first: NONE,
            fields: Box::new([none; FIELDS_MAX]),
            second: Second { text: [0; SECOND], time_ns: None },
        }
    }

    pub(super) fn fields(&self, walked: Walked) -> &[Field] {
        self.fields.get(..walked.fields).unwrap_or(&[])
    }

    pub(super) fn form(&self, walked: Walked) -> (&'static MessageInfo, Kind, &Places) {
        let form = &self.forms[usize::from(walked.form)];
        (form.info, form.kind, &form.places)
    }

    /// Finds the fields of a message, if its tags are known and its values plainly right. A function of its
    /// own, so that its loop has all registers.
    #[inline(never)]
    pub(super) fn walk(&mut self, bytes: &[u8]) -> Option<Walked> {
        let Self { nodes, first, fields, second, .. } = self;
        let (nodes, tail) = (&mut nodes[..], bytes.last_chunk::<REMEMBERED>()?);
        let (mut at, mut next, mut form) = (0, *first, NONE);
        let mut slots = fields.iter_mut();
        while at < bytes.len() {
            let here = match chunk_at(bytes, at) {
                Some(here) => here,
                None => u128::from_le_bytes(*tail) >> (8 * (at + REMEMBERED - bytes.len())),
            };
            let field = slots.next()?;
            let node = loop {
                let node = nodes.get_mut(usize::from(next))?;
                if here & node.remembered_mask == node.remembered {
                    *field = node.last.moved(at);
                    break node;
                }
                if here as u64 & node.mask == node.word {
                    *field = node.find(bytes, at, here as u64, second)?;
                    if node.repeats {
                        node.remember(here, field, at);
                    }
                    break node;
                }
                next = node.other;
            };
            (at, next, form) = (field.end as usize + 1, node.next, node.form);
        }
        (form != NONE).then_some(Walked { form, fields: FIELDS_MAX - slots.len() })
    }

    /// Takes in the tags of a valid message, if they are such as make a form.
    #[inline(never)]
    pub(super) fn learn(
        &mut self,
        bytes: &[u8],
        fields: &[Field],
        places: &Places,
        info: &'static MessageInfo,
        kind: Kind,
    ) {
        if fields.len() > FIELDS_MAX || !fields.iter().all(|field| Node::of(bytes, field).is_some())
        {
            return;
        }
        if self.nodes.len() + fields.len() > NODES_MAX || self.forms.len() == FORMS_MAX {
            self.nodes.clear();
            self.forms.clear();
            self.first = NONE;
        }
        let mut parent = None;
        for node in fields.iter().filter_map(|field| Node::of(bytes, field)) {
            parent = Some(self.child(parent, node));
        }
        let form = self.forms.len() as u16;
        if let Some(last) = parent
            && self.nodes[last].form == NONE
        {
            self.nodes[last].form = form;
            self.forms.push(Form { info, kind, places: *places });
        }
    }

    /// The place of the node behind `parent`, or the first, that has this word.
    fn child(&mut self, parent: Option<usize>, node: Node) -> usize {
        let mut at = parent.map_or(self.first, |parent| self.nodes[parent].next);
        let mut before = None;
        while at != NONE {
            let found = usize::from(at);
            if self.nodes[found].word == node.word {
                return found;
            }
            before = Some(found);
            at = self.nodes[found].other;
        }
        let new = self.nodes.len();
        self.nodes.push(node);
        match (before, parent) {
            (Some(before), _) => self.nodes[before].other = new as u16,
            (None, Some(parent)) => self.nodes[parent].next = new as u16,
            (None, None) => self.first = new as u16,
        }
        new
    }
}

impl Node {
    /// The field at `at`, which begins as this node says; none where its value is not plainly right.
    #[inline(always)]
    fn find(&self, bytes: &[u8], at: usize, word: u64, second: &mut Second) -> Option<Field> {
        let start = at + usize::from(self.skip);
        let (mut amounts, mut amount, mut places) = (Amounts::Text, 0, 0);
        let end = match self.check {
            Check::MsgType => at + usize::from(self.width) - 1,
            Check::Char => {
                let character = (word >> (8 * self.skip)) as u16;
                let bit = (character as u8).wrapping_sub(FIRST_CHAR);
                if bit >= 64 || self.allowed >> bit & 1 == 0 || character >> 8 != DELIMITED {
                    return None;
                }
                start + 1
            }
            Check::Text => match zeros(word ^ ONES) {
                // No tag has a delimiter in it.
                0 => delimiter_from(bytes, at + WORD)?,
                zeros => at + zeros.trailing_zeros() as usize / 8,
            },
            Check::Digits | Check::Float => match Number::read(bytes, start) {
                Some(found) if found.amounts == Amounts::Integer || self.check == Check::Float => {
                    (amounts, amount, places) = (found.amounts, found.digits, found.places);
                    start + found.length
                }
                _ => other(bytes, start, self)?,
            },
            Check::Timestamp => match second.end_of(bytes, start) {
                Some((end, time_ns)) => {
                    if let Some(time_ns) = time_ns {
                        (amounts, amount) = (Amounts::Time, time_ns);
                    }
                    end
                }
                None => {
                    let end = other(bytes, start, self)?;
                    second.learn(*bytes[start..].first_chunk()?);
                    end
                }
            },
            Check::Other => other(bytes, start, self)?,
        };
        let (tag, depth) = (self.last.tag, self.last.depth);
        let (start, end) = (start as u32, end as u32);
        (end > start).then_some(Field { amount, tag, amounts, depth, places, start, end })
    }

    /// Remembers the field that was found at `at`, where `here` are the bytes, if it is short enough.
    #[inline(always)]
    fn remember(&mut self, here: u128, field: &Field, at: usize) {
        let length = field.end as usize + 1 - at;
        if length <= REMEMBERED {
            self.remembered_mask = u128::MAX >> (8 * (REMEMBERED - length));
            self.remembered = here & self.remembered_mask;
            let (start, end) = (u32::from(self.skip), length as u32 - 1);
            self.last = Field { start, end, ..*field };
        }
    }

    /// The node of a field; none for one whose value decides what may follow it, or whose tag is too long.
    fn of(bytes: &[u8], field: &Field) -> Option<Self> {
        let index = index_of(field.tag);
        let info = FIELDS.get(usize::from(index)).filter(|_| index != NO_FIELD)?;
        let counts = matches!(info.data_type, DataType::NumInGroup | DataType::Data);
        if field.depth > 0 || counts {
            return None;
        }
        let value_at = field.start as usize;
        let skip = field.tag.checked_ilog10()? as usize + 2;
        let (check, allowed) = Check::of(info);
        let width = match check {
            Check::MsgType => skip + (field.end - field.start) as usize + 1,
            _ => skip,
        };
        let compared = bytes.get(value_at.checked_sub(skip)?..)?.get(..width)?;
        let mut word = [0; WORD];
        word.get_mut(..width)?.copy_from_slice(compared);
        let mut mask = [0; WORD];
        mask.get_mut(..width)?.fill(u8::MAX);
        let last = Field::text(field.tag, 0, 0, field.depth);
        Some(Self {
            remembered: 1,
            remembered_mask: 0,
            last,
            word: u64::from_le_bytes(word),
            mask: u64::from_le_bytes(mask),
            skip: skip as u8,
            width: width as u8,
            check,
            repeats: field.tag != tag::CHECK_SUM && info.data_type != DataType::SeqNum,
            allowed,
            index,
            next: NONE,
            other: NONE,
            form: NONE,
        })
    }
}

impl Check {
    /// How values of a field are judged, and which characters are allowed.
    fn of(info: &FieldInfo) -> (Self, u64) {
        if info.tag == tag::MSG_TYPE {
            return (Self::MsgType, 0);
        }
        let free = info.single == 0 && info.several.is_empty();
        let in_word = |set: u128| {
            let allowed = (set >> FIRST_CHAR) as u64;
            (u128::from(allowed) << FIRST_CHAR == set).then_some((Self::Char, allowed))
        };
        let yes_or_no = 1_u128 << b'Y' | 1 << b'N';
        let check = match info.data_type {
            DataType::String if free => Some((Self::Text, 0)),
            DataType::SeqNum | DataType::Length if free => Some((Self::Digits, 0)),
            DataType::Float if free => Some((Self::Float, 0)),
            DataType::UtcTimestamp if free => Some((Self::Timestamp, 0)),
            DataType::Boolean if free => in_word(yes_or_no),
            DataType::Char if info.several.is_empty() && !free => in_word(info.single),
            _ => None,
        };
        check.unwrap_or((Self::Other, 0))
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// The top bit of each byte that is zero, exact as far as the lowest.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & TOPS
}

/// The top bit of each byte that is no digit.
#[inline(always)]
fn no_digits(word: u64) -> u64 {
    let digits = word ^ ZEROS;
    (((digits & !TOPS) + 0x76 * ONES) | digits) & TOPS
}

#[inline(always)]
fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

#[inline(always)]
fn chunk_at(bytes: &[u8], at: usize) -> Option<u128> {
    bytes.get(at..)?.first_chunk().map(|chunk| u128::from_le_bytes(*chunk))
}

/// Where the next delimiter is.
#[inline(always)]
fn delimiter_from(bytes: &[u8], at: usize) -> Option<usize> {
    let end = delimiter(bytes, at);
    (end < bytes.len()).then_some(end)
}

/// A number without a sign, of at most fifteen characters.
#[derive(Debug, Clone, Copy)]
struct Number {
    /// Its digits, without the point.
    digits: u64,
    amounts: Amounts,
    /// Digits behind the point.
    places: u16,
    /// Bytes before the delimiter.
    length: usize,
}

impl Number {
    /// The number from `start` on: digits, at least one, with one point or none, and a delimiter.
    #[inline(always)]
    fn read(bytes: &[u8], start: usize) -> Option<Self> {
        let word = word_at(bytes, start)?;
        let others = no_digits(word);
        let first = others.trailing_zeros() & 56;
        let after = others & others.wrapping_sub(1);
        let second = after.trailing_zeros() & 56;
        match ((word >> first) as u8, (word >> second) as u8) {
            // There is a digit, so no shift is as wide as the word.
            (SOH, _) if first > 0 => Some(Self {
                digits: number::of_eight(word << (64 - first)),
                amounts: Amounts::Integer,
                places: 0,
                length: first as usize / 8,
            }),
            (b'.', SOH) if second > 8 => {
                // The digits before the point take its place.
                let whole = word & ((1 << first) - 1);
                let joined = whole << 8 | word >> first >> 8 << first << 8;
                Some(Self {
                    digits: number::of_eight(joined << (64 - second)),
                    amounts: Amounts::Decimal,
                    places: ((second - first) / 8 - 1) as u16,
                    length: second as usize / 8,
                })
            }
            (b'.', _) if after == 0 => Self::read_on(bytes, start, word, first),
            _ => Self::read_long(bytes, start),
        }
    }

    /// The same where the first word holds seven digits and a point, which stands `point` bits in: a price, often.
    #[inline(always)]
    fn read_on(bytes: &[u8], start: usize, word: u64, point: u32) -> Option<Self> {
        let whole = word & ((1 << point) - 1);
        let seven = number::of_eight(whole << 8 | word >> point >> 8 << point << 8);
        let rest = word_at(bytes, start + WORD)?;
        let bits = no_digits(rest).trailing_zeros() & 56;
        // In two steps, since there may be no digit.
        let more = number::of_eight(rest << (56 - bits) << 8);
        let length = bits as usize / 8;
        ((rest >> bits) as u8 == SOH).then_some(Self {
            digits: seven * number::TENS[length] + more,
            amounts: Amounts::Decimal,
            places: 7 - point as u16 / 8 + length as u16,
            length: WORD + length,
        })
    }

    /// The same by sixteen bytes.
    #[inline(never)]
    fn read_long(bytes: &[u8], start: usize) -> Option<Self> {
        let chunk = chunk_at(bytes, start)?;
        let others =
            u128::from(no_digits((chunk >> 64) as u64)) << 64 | u128::from(no_digits(chunk as u64));
        let first = others.trailing_zeros() & 120;
        let second = (others & others.wrapping_sub(1)).trailing_zeros() & 120;
        let (joined, end, amounts, places) = match ((chunk >> first) as u8, (chunk >> second) as u8)
        {
            (SOH, _) if first > 0 => (chunk, first, Amounts::Integer, 0),
            (b'.', SOH) if second > 8 => {
                let whole = chunk & ((1 << first) - 1);
                let joined = whole << 8 | chunk >> first >> 8 << first << 8;
                (joined, second, Amounts::Decimal, (second - first) / 8 - 1)
            }
            _ => return None,
        };
        let digits = joined << (128 - end);
        let (high, low) = (digits as u64, (digits >> 64) as u64);
        Some(Self {
            digits: number::of_eight(high) * 100_000_000 + number::of_eight(low),
            amounts,
            places: places as u16,
            length: end as usize / 8,
        })
    }
}

impl Second {
    /// Where a timestamp ends that is of this second, with no decimals, 3 or 6, and its time.
    #[inline(always)]
    fn end_of(&self, bytes: &[u8], start: usize) -> Option<(usize, Option<u64>)> {
        let (found, rest) = bytes.get(start..)?.split_first_chunk()?;
        if *found != self.text {
            return None;
        }
        let end = start + SECOND;
        match rest.first() {
            Some(&SOH) => Some((end, self.time_ns)),
            Some(b'.') => {
                let word = word_at(bytes, end + 1)?;
                let others = no_digits(word);
                let bits = others.trailing_zeros() & 56;
                let unit_ns = match bits / 8 {
                    3 => 1_000_000,
                    6 => 1_000,
                    _ => return None,
                };
                let delimited = (word >> bits) as u8 == SOH;
                let fraction_ns = number::of_eight(word << (64 - bits)) * unit_ns;
                let time_ns = self.time_ns.map(|second_ns| second_ns + fraction_ns);
                delimited.then_some((end + 1 + bits as usize / 8, time_ns))
            }
            _ => None,
        }
    }

    #[inline(never)]
    fn learn(&mut self, text: [u8; SECOND]) {
        *self = Self { text, time_ns: time::timestamp(&text) };
    }
}

/// Where the value from `start` on ends, if it is right by the dictionary.
#[inline(never)]
fn other(bytes: &[u8], start: usize, node: &Node) -> Option<usize> {
    let end = delimiter_from(bytes, start)?;
    let info = &FIELDS[usize::from(node.index)];
    let value = bytes.get(start..end)?;
    (!value.is_empty() && info.is_well_formed(value) && info.allows(value)).then_some(end)
}

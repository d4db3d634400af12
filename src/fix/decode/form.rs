//! Forms: the sequences of tags in which clients send their messages, learned as they come.
//!
//! 1. What may stand where, what is missing and what stands there twice depends on the tags alone, where a
//!    message has no repeating group and no DATA. So where a message was valid, every other with the same
//!    tags is too, if each value is well-formed and allowed.
//! 2. A client's software writes the fields of a message in the same order each time. The orders make a tree:
//!    a node is a field behind those on the way to it, and where a message may end there is a form.
//! 3. A message is walked down the tree. The eight bytes at a field's beginning are compared with its tag, and
//!    the value is judged by the same eight, or the next. MsgType's value belongs to its tag here.
//! 4. Whatever leaves the tree, or has a value that is not plainly right, is judged from its beginning by the
//!    whole decoder. So nothing is told here but that a message is valid, and where its fields are.
//! 5. The tree has limits. When it is full it is forgotten and learned anew, which costs each form one
//!    message that takes the whole way.

use super::{Field, Kind, Places, SOH, delimiter};
use crate::fix::dictionary::{DataType, FIELDS, FieldInfo, MessageInfo, NO_FIELD, index_of, tag};

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
    /// The last second that was found to be one.
    second: [u8; SECOND],
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
    /// The bytes that it begins with.
    word: u64,
    /// Which of them count.
    mask: u64,
    /// Where its value begins.
    skip: u8,
    /// How many bytes count.
    width: u8,
    check: Check,
    tag: u32,
    /// Of [`Check::Char`]: bit n for the character [`FIRST_CHAR`] + n.
    allowed: u64,
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
        let none = Field { tag: 0, start: 0, end: 0, depth: 0 };
        Self {
            nodes: Vec::with_capacity(NODES_MAX),
            forms: Vec::with_capacity(FORMS_MAX),
            first: NONE,
            fields: Box::new([none; FIELDS_MAX]),
            second: [0; SECOND],
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
        let (nodes, last) = (&nodes[..], bytes.last_chunk::<WORD>()?);
        let (mut at, mut next, mut form) = (0, *first, NONE);
        let mut count = 0;
        while at < bytes.len() {
            let word = match word_at(bytes, at) {
                Some(word) => word,
                None => u64::from_le_bytes(*last) >> (8 * (at + WORD - bytes.len())),
            };
            let mut node = nodes.get(usize::from(next))?;
            while word & node.mask != node.word {
                node = nodes.get(usize::from(node.other))?;
            }
            let start = at + usize::from(node.skip);
            let end = match node.check {
                Check::MsgType => at + usize::from(node.width) - 1,
                Check::Char => {
                    let character = (word >> (8 * node.skip)) as u16;
                    let bit = (character as u8).wrapping_sub(FIRST_CHAR);
                    if bit >= 64 || node.allowed >> bit & 1 == 0 || character >> 8 != DELIMITED {
                        return None;
                    }
                    start + 1
                }
                Check::Text => match zeros(word ^ ONES) {
                    // No tag has a delimiter in it.
                    0 => delimiter_from(bytes, at + WORD)?,
                    zeros => at + zeros.trailing_zeros() as usize / 8,
                },
                Check::Digits => digits_end(bytes, start)?,
                Check::Float => float_end(bytes, start).or_else(|| other(bytes, start, node))?,
                Check::Timestamp => match second_end(bytes, start, second) {
                    Some(end) => end,
                    None => {
                        let end = other(bytes, start, node)?;
                        *second = *bytes[start..].first_chunk()?;
                        end
                    }
                },
                Check::Other => other(bytes, start, node)?,
            };
            if end == start {
                return None;
            }
            let (start, end_at) = (start as u32, end as u32);
            *fields.get_mut(count)? = Field { tag: node.tag, start, end: end_at, depth: 0 };
            count += 1;
            (at, next, form) = (end + 1, node.next, node.form);
        }
        (form != NONE).then_some(Walked { form, fields: count })
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
        Some(Self {
            word: u64::from_le_bytes(word),
            mask: u64::from_le_bytes(mask),
            skip: skip as u8,
            width: width as u8,
            check,
            tag: field.tag,
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
    let digits = word ^ (u64::from(b'0') * ONES);
    (((digits & !TOPS) + 0x76 * ONES) | digits) & TOPS
}

#[inline(always)]
fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// Where the next delimiter is.
#[inline(always)]
fn delimiter_from(bytes: &[u8], at: usize) -> Option<usize> {
    let end = delimiter(bytes, at);
    (end < bytes.len()).then_some(end)
}

/// Where the digits from `start` on end at a delimiter.
#[inline(always)]
fn digits_end(bytes: &[u8], start: usize) -> Option<usize> {
    let word = word_at(bytes, start)?;
    match no_digits(word) {
        0 => long_number_end(bytes, start).filter(|end| !bytes[start..*end].contains(&b'.')),
        others => {
            let bits = others.trailing_zeros() & !7;
            ((word >> bits) as u8 == SOH).then_some(start + bits as usize / 8)
        }
    }
}

/// Where the digits from `start` on, at least one and with one point or none, end at a delimiter.
#[inline(always)]
fn float_end(bytes: &[u8], start: usize) -> Option<usize> {
    let word = word_at(bytes, start)?;
    let others = no_digits(word);
    let bits = others.trailing_zeros() & 56;
    let after = others & others.wrapping_sub(1);
    let bits_after = after.trailing_zeros() & 56;
    match ((word >> bits) as u8, (word >> bits_after) as u8) {
        (SOH, _) => Some(start + bits as usize / 8),
        (b'.', SOH) if bits_after > 8 => Some(start + bits_after as usize / 8),
        _ => long_number_end(bytes, start),
    }
}

/// As [`float_end`], for what has no end within eight bytes.
#[inline(never)]
fn long_number_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut points) = (start, 0);
    loop {
        let word = word_at(bytes, at)?;
        let mut others = no_digits(word);
        while others != 0 {
            let bits = others.trailing_zeros() & 56;
            match (word >> bits) as u8 {
                SOH => {
                    let end = at + bits as usize / 8;
                    return (end > start + points).then_some(end);
                }
                b'.' if points == 0 => points = 1,
                _ => return None,
            }
            others &= others - 1;
        }
        at += WORD;
    }
}

/// Where a timestamp ends that is of a second known to be one, with no decimals, 3 or 6.
#[inline(always)]
fn second_end(bytes: &[u8], start: usize, second: &[u8; SECOND]) -> Option<usize> {
    let (found, rest) = bytes.get(start..)?.split_first_chunk()?;
    if found != second {
        return None;
    }
    let end = start + SECOND;
    match rest.first() {
        Some(&SOH) => Some(end),
        Some(b'.') => digits_end(bytes, end + 1).filter(|found| matches!(found - end - 1, 3 | 6)),
        _ => None,
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

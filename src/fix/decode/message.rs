//! A decoded message: its fields by tag, and the entries of its groups.

use crate::fix::decode::{Amounts, Field, Kind, MsgKind, Places};
use crate::fix::dictionary::{self, Bits, NO_FIELD, tag};
use crate::fix::number::{self, NumberError};
use crate::fix::time;

/// A decoded message.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) fields: &'a [Field],
    pub(super) places: &'a Places,
    pub(super) info: Option<&'static dictionary::MessageInfo>,
    pub(super) kind: Kind,
}

impl<'a> Message<'a> {
    /// What its MsgType is to Castle.
    #[inline]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Which message of the dictionary it is, also one that only the venue sends.
    pub fn msg_kind(&self) -> Option<MsgKind> {
        self.info.map(|info| info.kind)
    }

    /// BeginString (8); empty where absent.
    #[inline]
    pub fn begin_string(&self) -> &'a [u8] {
        self.get(tag::BEGIN_STRING).unwrap_or(b"")
    }

    /// MsgType (35); empty where absent.
    #[inline]
    pub fn msg_type(&self) -> &'a [u8] {
        self.get(tag::MSG_TYPE).unwrap_or(b"")
    }

    /// MsgSeqNum (34), where it is there and a number.
    #[inline]
    pub fn msg_seq_num(&self) -> Option<u64> {
        self.unsigned(tag::MSG_SEQ_NUM)?.ok()
    }

    /// SenderCompID (49); empty where absent.
    #[inline]
    pub fn sender(&self) -> &'a [u8] {
        self.get(tag::SENDER_COMP_ID).unwrap_or(b"")
    }

    /// TargetCompID (56); empty where absent.
    #[inline]
    pub fn target(&self) -> &'a [u8] {
        self.get(tag::TARGET_COMP_ID).unwrap_or(b"")
    }

    /// SendingTime (52) in nanoseconds since 1970-01-01, where it is there and a time.
    #[inline]
    pub fn sending_time(&self) -> Option<u64> {
        let field = self.field(tag::SENDING_TIME)?;
        match field.amounts {
            Amounts::Time => Some(field.amount),
            _ => time::timestamp(value(self.bytes, field)),
        }
    }

    /// OrigSendingTime (122) likewise.
    pub fn orig_sending_time(&self) -> Option<u64> {
        time::timestamp(self.get(tag::ORIG_SENDING_TIME)?)
    }

    /// PossDupFlag (43) is Y.
    #[inline]
    pub fn poss_dup(&self) -> bool {
        self.get(tag::POSS_DUP_FLAG) == Some(b"Y")
    }

    /// PossResend (97) is Y.
    #[inline]
    pub fn poss_resend(&self) -> bool {
        self.get(tag::POSS_RESEND) == Some(b"Y")
    }

    /// The value of a field of header, body or trailer, repeating groups left out; none where the
    /// message has no such field. Of one that is there twice, the first.
    #[inline(always)]
    pub fn get(&self, tag: u32) -> Option<&'a [u8]> {
        let field = self.field(tag)?;
        self.bytes.get(field.start as usize..field.end as usize)
    }

    /// The number that a field has, in units of 10^-`scale`, as [`number::decimal`] reads it; none where the
    /// message has no such field.
    #[inline(always)]
    pub fn decimal(&self, tag: u32, scale: u8) -> Option<Result<i64, NumberError>> {
        let field = self.field(tag)?;
        let known = match field.amounts {
            Amounts::Integer | Amounts::Decimal => {
                number::scaled(field.amount, field.places, scale)
            }
            Amounts::Text | Amounts::Time => None,
        };
        Some(match known {
            Some(value) => Ok(value),
            None => number::decimal(value(self.bytes, field), scale),
        })
    }

    /// The number that a field has, as [`number::unsigned`] reads it; none where the message has no such
    /// field.
    #[inline]
    pub fn unsigned(&self, tag: u32) -> Option<Result<u64, NumberError>> {
        let field = self.field(tag)?;
        Some(match field.amounts {
            Amounts::Integer => Ok(field.amount),
            _ => number::unsigned(value(self.bytes, field)),
        })
    }

    #[inline(always)]
    fn field(&self, tag: u32) -> Option<&'a Field> {
        let index = dictionary::index_of(tag);
        if index == NO_FIELD {
            return self.fields.iter().find(|field| field.tag == tag);
        }
        // Nowhere is a place behind the last.
        self.fields.get(self.places.of[usize::from(index)] as usize)
    }

    /// Whether the message has one of these fields outside of groups.
    #[inline]
    pub fn has_any(&self, of: &Bits) -> bool {
        self.places.seen.meets(of)
    }

    /// All fields outside of groups, in the order of the message.
    pub fn fields(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let bytes = self.bytes;
        let fields = self.fields.iter().filter(|field| field.depth == 0);
        fields.map(move |field| (field.tag, value(bytes, field)))
    }

    /// All fields in the order of the message, those of groups included.
    pub fn all_fields(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let bytes = self.bytes;
        self.fields.iter().map(move |field| (field.tag, value(bytes, field)))
    }

    /// The entries of the repeating group that the field `count_tag` of header or body counts.
    pub fn group(&self, count_tag: u32) -> Entries<'a> {
        let fields = self.fields;
        let counted = |field: &Field| field.tag == count_tag && field.depth == 0;
        let rest = match fields.iter().position(counted) {
            Some(count) => &fields[count + 1..],
            None => &[],
        };
        Entries { bytes: self.bytes, depth: 1, rest: members(rest, 1) }
    }

    /// The whole message.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

fn value<'a>(bytes: &'a [u8], field: &Field) -> &'a [u8] {
    bytes.get(field.start as usize..field.end as usize).unwrap_or(b"")
}

/// The fields from the first on that lie at least so deep.
fn members(fields: &[Field], depth: u8) -> &[Field] {
    let length = fields.iter().position(|field| field.depth < depth).unwrap_or(fields.len());
    &fields[..length]
}

/// The entries of a repeating group.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    depth: u8,
    rest: &'a [Field],
}

/// An entry of a repeating group.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    bytes: &'a [u8],
    depth: u8,
    fields: &'a [Field],
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let first = self.rest.first()?;
        let begins = |field: &Field| field.tag == first.tag && field.depth == self.depth;
        let length = self.rest.iter().skip(1).position(begins).map_or(self.rest.len(), |at| at + 1);
        let (fields, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(Entry { bytes: self.bytes, depth: self.depth, fields })
    }
}

impl<'a> Entry<'a> {
    /// The value of a field of the entry, groups within it left out.
    pub fn get(&self, tag: u32) -> Option<&'a [u8]> {
        let found = |field: &&Field| field.tag == tag && field.depth == self.depth;
        self.fields.iter().find(found).map(|field| value(self.bytes, field))
    }

    /// The entries of a group within the entry.
    pub fn group(&self, count_tag: u32) -> Entries<'a> {
        let counted = |field: &Field| field.tag == count_tag && field.depth == self.depth;
        let rest = match self.fields.iter().position(counted) {
            Some(count) => &self.fields[count + 1..],
            None => &[],
        };
        Entries { bytes: self.bytes, depth: self.depth + 1, rest: members(rest, self.depth + 1) }
    }
}

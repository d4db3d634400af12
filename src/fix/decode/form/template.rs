//! Templates: the last message of a form, as far as the next one says the same.
//!
//! 1. A template is a message cut into steps: runs of fields that every message of its form has repeated so
//!    far, and fields between them that varied. A run is found and judged by one comparison of its text. Its
//!    fields are those of the message before, which stay where they are or move together.
//! 2. A field that varies is judged as the tree judges it, but is not searched.
//! 3. A message that is not as its template says is walked down the tree. What it changes varies from then
//!    on, so a form misses no more often than it has fields.
//! 4. There is one template for each kind of message, told by a character of its MsgType. Where clients send a
//!    kind in several forms it belongs to one of them, until that has not come for long.

use super::{Check, FIELDS_MAX, Field, NONE, Node, Second, pad, window_at, word_in};
use crate::fix::decode::value;

/// Templates.
pub(super) const TEMPLATES: usize = 32;
/// Where the last character of MsgType stands in most messages: `8=FIX.4.4|9=nnn|35=D|`.
const MSG_TYPE_AT: usize = 19;
/// Longer messages are left to the tree.
const TEXT_MAX: usize = 1_024;
/// So many messages of other forms in a row take a template over.
const PATIENCE: u8 = 16;

/// The template that a message may be like, below [`TEMPLATES`].
#[inline(always)]
pub(super) fn of(bytes: &[u8]) -> usize {
    bytes.get(MSG_TYPE_AT).map_or(0, |character| usize::from(*character) % TEMPLATES)
}

/// A message that others are like.
#[derive(Debug)]
pub(super) struct Template {
    form: u16,
    /// Messages of other forms since the last that was like this.
    others: u8,
    steps: Vec<Step>,
    /// Of the message that was walked last.
    fields: Vec<Field>,
    /// What the runs are compared with, and its fields.
    text: Vec<u8>,
    learned: Vec<Field>,
    /// Bit n for the nth field: whether it has varied.
    varied: u64,
}

/// Every field has its bit.
const _: () = assert!(FIELDS_MAX <= u64::BITS as usize);

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Fields that are repeated, and their text.
    Run { first: u16, behind: u16, skip: u32, start: u32, end: u32 },
    /// A field that varies.
    Varies { field: u16, node: u16 },
}

impl Template {
    /// With all the memory that it will ever need, so that it takes none in the midst of trading.
    pub(super) fn new() -> Self {
        Self {
            form: NONE,
            others: 0,
            steps: Vec::with_capacity(FIELDS_MAX),
            fields: Vec::with_capacity(FIELDS_MAX),
            text: Vec::with_capacity(TEXT_MAX),
            learned: Vec::with_capacity(FIELDS_MAX),
            varied: 0,
        }
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Forgets everything: its nodes are no more.
    pub(super) fn clear(&mut self) {
        self.form = NONE;
        self.steps.clear();
    }

    /// The form of a message that is like this; its fields are there then.
    #[inline(always)]
    pub(super) fn walk(
        &mut self,
        bytes: &[u8],
        nodes: &[Node],
        second: &mut Second,
    ) -> Option<u16> {
        let Self { steps, fields, text, .. } = self;
        let mut at = 0;
        for step in &steps[..] {
            match *step {
                Step::Run { first, behind, skip, start, end } => {
                    let same = text.get(start as usize..end as usize)?;
                    let behind_run = at + same.len();
                    if bytes.get(at..behind_run)? != same {
                        return None;
                    }
                    let run = fields.get_mut(usize::from(first)..usize::from(behind))?;
                    move_to(run, at as u32 + skip);
                    at = behind_run;
                }
                Step::Varies { field, node } => {
                    let node = nodes.get(usize::from(node))?;
                    let padded;
                    let window = match window_at(bytes, at)? {
                        Ok(window) => window,
                        Err(rest) => {
                            padded = pad(rest);
                            &padded
                        }
                    };
                    if word_in(window, 0)? & node.mask != node.word {
                        return None;
                    }
                    let field = fields.get_mut(usize::from(field))?;
                    at = node.find(bytes, at, window, second, field)? + 1;
                }
            }
        }
        if at != bytes.len() || self.form == NONE {
            return None;
        }
        self.others = 0;
        Some(self.form)
    }

    /// Takes in a message of `form` that was not like this, with the nodes of its fields.
    #[inline(never)]
    pub(super) fn learn(
        &mut self,
        form: u16,
        bytes: &[u8],
        fields: &[Field],
        nodes: &[Node],
        path: impl Iterator<Item = u16> + Clone,
    ) {
        if bytes.len() > TEXT_MAX {
            return;
        }
        if self.form == form {
            for (at, (old, new)) in self.learned.iter().zip(fields).enumerate() {
                let differs = value(&self.text, old) != value(bytes, new);
                self.varied |= u64::from(differs) << at;
            }
        } else if self.form == NONE || self.others == PATIENCE {
            self.varied = 0;
            for (at, node) in path.clone().enumerate() {
                let node = &nodes[usize::from(node)];
                let varies = !node.repeats || node.check == Check::Timestamp;
                self.varied |= u64::from(varies) << at;
            }
        } else {
            self.others += 1;
            return;
        }
        self.form = form;
        self.others = 0;
        self.text.clear();
        self.text.extend_from_slice(bytes);
        for known in [&mut self.learned, &mut self.fields] {
            known.clear();
            known.extend_from_slice(fields);
        }
        self.cut(path);
    }

    /// Cuts the text into steps.
    fn cut(&mut self, path: impl Iterator<Item = u16>) {
        self.steps.clear();
        let mut start = 0;
        for (at, (field, node)) in self.learned.iter().zip(path).enumerate() {
            let (at, next) = (at as u16, field.end + 1);
            if self.varied >> at & 1 == 1 {
                self.steps.push(Step::Varies { field: at, node });
            } else if let Some(Step::Run { behind, end, .. }) = self.steps.last_mut() {
                (*behind, *end) = (at + 1, next);
            } else {
                let skip = field.start - start;
                self.steps.push(Step::Run { first: at, behind: at + 1, skip, start, end: next });
            }
            start = next;
        }
    }
}

/// Moves the fields of a run whose first value begins at `start`. A run is never moved in part, so the first
/// tells how far.
#[inline(always)]
fn move_to(run: &mut [Field], start: u32) {
    let Some(first) = run.first() else { return };
    let by = start.wrapping_sub(first.start);
    if by == 0 {
        return;
    }
    for field in run {
        field.start = field.start.wrapping_add(by);
        field.end = field.end.wrapping_add(by);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Way;
    use crate::fix::decode::Decoder;
    use crate::fix::frame;

    /// An order with that number, text and quantity.
    fn order(number: u32, id: &str, quantity: &str) -> Vec<u8> {
        let body = format!(
            "35=D|34={number}|49=TW44|52=20260102-03:04:05.{number:03}|56=ISLD|11={id}|1=A|55=X|54=1|38={quantity}|40=1|60=20260102-03:04:05|"
        );
        let mut bytes =
            format!("8=FIX.4.4|9={}|{body}", body.len()).replace('|', "\x01").into_bytes();
        let sum = frame::check_sum(&bytes);
        bytes.extend_from_slice(b"10=");
        bytes.extend_from_slice(&sum);
        bytes.push(1);
        bytes
    }

    fn is_like_the_last(decoder: &mut Decoder, bytes: &[u8]) -> bool {
        let walked = decoder.forms.walk(bytes);
        walked.is_some_and(|walked| matches!(walked.way, Way::Template(_)))
    }

    #[test]
    fn messages_of_a_form_are_read_by_its_template_and_as_a_fresh_decoder_reads_them() {
        let mut decoder = Decoder::new();
        for (number, id) in (100..).zip(["a", "b", "longer", "c", "longer still"]) {
            let _ = decoder.decode(&order(number, id, "5"));
        }
        for (number, id, quantity) in
            [(105, "order-105", "5"), (106, "a", "5"), (107, "a-longer-one", "5")]
        {
            let bytes = order(number, id, quantity);
            assert!(is_like_the_last(&mut decoder, &bytes), "{id}");
            let mut fresh = Decoder::new();
            let (expected, verdict) = fresh.decode(&bytes);
            let (message, by_template) = decoder.decode(&bytes);
            assert_eq!(by_template, verdict);
            assert!(message.all_fields().eq(expected.all_fields()), "{id}");
        }
    }

    #[test]
    fn what_was_repeated_and_changes_is_seen_and_varies_from_then_on() {
        let mut decoder = Decoder::new();
        for number in 100..104 {
            let _ = decoder.decode(&order(number, "a", "5"));
        }
        let other = order(104, "a", "77");
        assert!(!is_like_the_last(&mut decoder, &other));
        let (message, _) = decoder.decode(&other);
        assert_eq!(message.get(38), Some(&b"77"[..]));
        assert!(is_like_the_last(&mut decoder, &order(105, "a", "123")));
        let wrong = order(106, "a", "x");
        assert_eq!(decoder.decode(&wrong).1, Decoder::new().decode(&wrong).1);
        assert_ne!(decoder.decode(&wrong).1, decoder.decode(&other).1);
    }
}

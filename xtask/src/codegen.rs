//! Makes `src/fix/tables.rs` from `fix-specs/FIX44.xml`.
//!
//! fefix reads the XML: fields with their types and values, messages and components with their order
//! and what is required. Two things it does not tell. Which LENGTH field belongs to which DATA field
//! follows from their names. And a reference to a component hides the component's definition from a lookup by
//! name, so that is found among all components of the name: it is the one that has items.
//!
//! fefix stands here and in a test, not in the exchange: it takes 560 to 940 ns to decode a
//! NewOrderSingle of 170 bytes where one pass takes 120 to 150, `95=99999999` from outside makes it panic,
//! and a decoder used again loses fields after a repeating group (all measured with fefix 0.7.0). It
//! also names sqlx, in whose place the workspace puts an empty crate.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use fefix::Dictionary;
use fefix::dict::{Component, FixDatatype, LayoutItem, LayoutItemKind};

/// Tags below it are found by one look into a table; the user tags from [`USER_TAG_FIRST`] likewise.
const TAG_TABLE: usize = 1024;
const USER_TAG_FIRST: u32 = 25_000;
const USER_TAG_TABLE: usize = 64;

#[derive(clap::Args)]
pub struct Arguments {
    /// Change nothing; fail where the tables are not those of the dictionary
    #[arg(long)]
    check: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), String> {
    let specification = crate::root().join("fix-specs/FIX44.xml");
    let tables = crate::root().join("src/fix/tables.rs");
    let xml = std::fs::read_to_string(&specification)
        .map_err(|error| format!("{}: {error}", specification.display()))?;
    let made = format(&Model::read(&xml)?.render()?)?;
    if !arguments.check {
        return std::fs::write(&tables, made)
            .map_err(|error| format!("{}: {error}", tables.display()));
    }
    if std::fs::read_to_string(&tables).is_ok_and(|there| there == made) {
        return Ok(());
    }
    Err("src/fix/tables.rs is not what fix-specs/FIX44.xml gives: run `cargo xtask codegen`".into())
}

struct Field {
    tag: u32,
    name: String,
    kind: &'static str,
    values: Vec<String>,
}

/// What may stand in one place: header, trailer, the body of a message, an entry of a group.
#[derive(Default, Clone, PartialEq)]
struct Layout {
    /// Tags in the order of the dictionary, counts of groups included.
    members: Vec<u32>,
    required: Vec<u32>,
    /// Count tag and index of the group.
    groups: Vec<(u32, usize)>,
}

struct Model {
    fields: BTreeMap<u32, Field>,
    groups: Vec<Layout>,
    header: Layout,
    trailer: Layout,
    messages: Vec<(String, String, Layout)>,
}

impl Model {
    fn read(xml: &str) -> Result<Self, String> {
        let dictionary = Dictionary::from_quickfix_spec(xml)
            .map_err(|error| format!("fix-specs/FIX44.xml: {error:?}"))?;
        let mut fields = BTreeMap::new();
        for field in dictionary.iter_fields() {
            let values = field
                .enums()
                .map(|values| values.map(|value| value.value().to_string()).collect())
                .unwrap_or_default();
            let tag = u32::from(field.tag().get());
            let name = field.name().to_string();
            fields.insert(tag, Field { tag, name, kind: kind(field.fix_datatype())?, values });
        }
        let mut reader = Reader { dictionary: &dictionary, groups: Vec::new() };
        let header = reader.component("StandardHeader", true)?;
        let trailer = reader.component("StandardTrailer", true)?;
        let mut messages = Vec::new();
        for message in dictionary.iter_messages() {
            let mut layout = Layout::default();
            for item in message.layout() {
                reader.item(&item, true, &mut layout)?;
            }
            messages.push((message.name().to_string(), message.msg_type().to_string(), layout));
        }
        let groups = reader.groups;
        Ok(Self { fields, groups, header, trailer, messages })
    }
}

struct Reader<'a> {
    dictionary: &'a Dictionary,
    groups: Vec<Layout>,
}

impl Reader<'_> {
    fn component(&mut self, name: &str, required: bool) -> Result<Layout, String> {
        let dictionary = self.dictionary;
        let definition: Option<Component<'_>> = dictionary
            .iter_components()
            .filter(|component| component.name() == name)
            .max_by_key(|component| component.items().count());
        let definition = definition.ok_or_else(|| format!("component {name} is not defined"))?;
        let mut layout = Layout::default();
        for item in definition.items() {
            self.item(&item, required, &mut layout)?;
        }
        Ok(layout)
    }

    /// A field is required where it and every component around it is.
    fn item(
        &mut self,
        item: &LayoutItem<'_>,
        required: bool,
        to: &mut Layout,
    ) -> Result<(), String> {
        let required = required && item.required();
        match item.kind() {
            LayoutItemKind::Field(field) => {
                let tag = u32::from(field.tag().get());
                to.members.push(tag);
                if required {
                    to.required.push(tag);
                }
            }
            LayoutItemKind::Component(component) => {
                let inner = self.component(component.name(), required)?;
                to.members.extend(inner.members);
                to.required.extend(inner.required);
                to.groups.extend(inner.groups);
            }
            LayoutItemKind::Group(count, items) => {
                let mut group = Layout::default();
                for item in &items {
                    self.item(item, true, &mut group)?;
                }
                let index = match self.groups.iter().position(|known| *known == group) {
                    Some(known) => known,
                    None => {
                        self.groups.push(group);
                        self.groups.len() - 1
                    }
                };
                let tag = u32::from(count.tag().get());
                to.members.push(tag);
                to.groups.push((tag, index));
            }
        }
        Ok(())
    }
}

fn kind(datatype: FixDatatype) -> Result<&'static str, String> {
    Ok(match datatype {
        FixDatatype::Int => "Int",
        FixDatatype::Length => "Length",
        FixDatatype::NumInGroup => "NumInGroup",
        FixDatatype::SeqNum => "SeqNum",
        FixDatatype::DayOfMonth => "Int",
        FixDatatype::Float
        | FixDatatype::Price
        | FixDatatype::PriceOffset
        | FixDatatype::Qty
        | FixDatatype::Amt
        | FixDatatype::Percentage => "Float",
        FixDatatype::Char => "Char",
        FixDatatype::Boolean => "Boolean",
        FixDatatype::String
        | FixDatatype::Exchange
        | FixDatatype::Country
        | FixDatatype::Language => "String",
        FixDatatype::Currency => "String",
        FixDatatype::MultipleCharValue | FixDatatype::MultipleStringValue => "MultipleValue",
        FixDatatype::UtcTimestamp => "UtcTimestamp",
        FixDatatype::UtcDateOnly | FixDatatype::LocalMktDate => "Date",
        FixDatatype::UtcTimeOnly => "UtcTime",
        FixDatatype::MonthYear => "MonthYear",
        FixDatatype::Data | FixDatatype::XmlData => "Data",
        other => return Err(format!("no field of Castle's has the type {other:?}")),
    })
}

impl Model {
    fn render(&self) -> Result<String, String> {
        let mut out = String::from(
            "//! The dictionary as tables. Made by `cargo xtask codegen` from fix-specs/FIX44.xml: do not edit.\n\
             #![allow(missing_docs)]\n\n\
             use crate::fix::dictionary::{Bits, DataType, FieldInfo, Layout, MessageInfo, NO_FIELD, Place};\n\n",
        );
        let write = |out: &mut String| -> Result<(), std::fmt::Error> {
            self.render_tags(out)?;
            self.render_kinds(out)?;
            self.render_fields(out)?;
            self.render_layouts(out)
        };
        write(&mut out).map_err(|error| error.to_string())?;
        Ok(out)
    }

    fn index(&self, tag: u32) -> usize {
        self.fields.keys().position(|each| *each == tag).unwrap_or(usize::MAX)
    }

    fn render_tags(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "/// The tag of every field.\npub mod tag {{")?;
        for field in self.fields.values() {
            writeln!(out, "pub const {}: u32 = {};", screaming(&field.name), field.tag)?;
        }
        writeln!(out, "}}\n")
    }

    fn render_kinds(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "/// The messages of the dictionary.")?;
        writeln!(out, "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\npub enum MsgKind {{")?;
        for (name, _, _) in &self.messages {
            writeln!(out, "{name},")?;
        }
        writeln!(out, "}}\n")
    }

    fn render_fields(&self, out: &mut String) -> std::fmt::Result {
        let count = self.fields.len();
        writeln!(out, "/// How many fields there are.\npub const FIELD_COUNT: usize = {count};\n")?;
        let mut low = vec!["NO_FIELD".to_string(); TAG_TABLE];
        let mut user = vec!["NO_FIELD".to_string(); USER_TAG_TABLE];
        for (index, tag) in self.fields.keys().enumerate() {
            let slot = match tag.checked_sub(USER_TAG_FIRST) {
                Some(offset) => user.get_mut(offset as usize),
                None => low.get_mut(*tag as usize),
            };
            match slot {
                Some(slot) => *slot = index.to_string(),
                None => panic!("tag {tag} lies outside the tables: make them larger"),
            }
        }
        writeln!(out, "/// The index of a field by its tag.")?;
        writeln!(out, "pub static INDEX: [u16; {TAG_TABLE}] = [{}];\n", low.join(","))?;
        writeln!(out, "/// The first tag of [`USER_INDEX`].")?;
        writeln!(out, "pub const USER_TAG_FIRST: u32 = {USER_TAG_FIRST};\n")?;
        writeln!(out, "/// The index of a field of Castle's own.")?;
        writeln!(out, "pub static USER_INDEX: [u16; {USER_TAG_TABLE}] = [{}];\n", user.join(","))?;
        writeln!(out, "/// Every field, ascending by tag.")?;
        writeln!(out, "pub static FIELDS: [FieldInfo; FIELD_COUNT] = [")?;
        for field in self.fields.values() {
            let single = field
                .values
                .iter()
                .filter(|value| value.len() == 1)
                .fold(0_u128, |mask, value| mask | 1 << value.as_bytes()[0]);
            let several: Vec<String> = field
                .values
                .iter()
                .filter(|value| value.len() > 1)
                .map(|value| format!("b{value:?}"))
                .collect();
            let length = self.length_of(field).map_or("0".to_string(), |tag| tag.to_string());
            writeln!(
                out,
                "FieldInfo {{ tag: {}, place: Place::{}, data_type: DataType::{}, length_tag: {length}, single: {single:#x}, several: &[{}] }},",
                field.tag,
                self.place(field.tag),
                field.kind,
                several.join(",")
            )?;
        }
        writeln!(out, "];\n")
    }

    fn place(&self, tag: u32) -> &'static str {
        if self.header.members.contains(&tag) {
            "Header"
        } else if self.trailer.members.contains(&tag) {
            "Trailer"
        } else {
            "Body"
        }
    }

    /// The LENGTH field of a DATA field: it is named like it, with Len or Length behind.
    fn length_of(&self, data: &Field) -> Option<u32> {
        if data.kind != "Data" {
            return None;
        }
        let names = [format!("{}Len", data.name), format!("{}Length", data.name)];
        self.fields.values().find(|field| names.contains(&field.name)).map(|field| field.tag)
    }

    fn render_layouts(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "/// What may stand in the header.")?;
        writeln!(out, "pub static HEADER: Layout = {};\n", self.layout(&self.header))?;
        writeln!(out, "/// What may stand in the trailer.")?;
        writeln!(out, "pub static TRAILER: Layout = {};\n", self.layout(&self.trailer))?;
        writeln!(out, "/// The entries of the repeating groups.")?;
        writeln!(out, "pub static GROUPS: [Layout; {}] = [", self.groups.len())?;
        for group in &self.groups {
            writeln!(out, "{},", self.layout(group))?;
        }
        writeln!(out, "];\n")?;
        writeln!(out, "/// Every message.")?;
        writeln!(out, "pub static MESSAGES: [MessageInfo; {}] = [", self.messages.len())?;
        for (name, msg_type, layout) in &self.messages {
            writeln!(
                out,
                "MessageInfo {{ kind: MsgKind::{name}, msg_type: b{msg_type:?}, body: {} }},",
                self.layout(layout)
            )?;
        }
        writeln!(out, "];")
    }

    fn layout(&self, layout: &Layout) -> String {
        let indexes = |tags: &[u32]| {
            let indexes: Vec<String> =
                tags.iter().map(|tag| self.index(*tag).to_string()).collect();
            indexes.join(",")
        };
        let bits = |tags: &[u32]| {
            let mut words = vec![0_u64; self.fields.len().div_ceil(64)];
            for tag in tags {
                let index = self.index(*tag);
                words[index / 64] |= 1 << (index % 64);
            }
            let words: Vec<String> = words.iter().map(|word| format!("{word:#x}")).collect();
            format!("Bits([{}])", words.join(","))
        };
        let groups: Vec<String> = layout
            .groups
            .iter()
            .map(|(tag, group)| format!("({}, {group})", self.index(*tag)))
            .collect();
        format!(
            "Layout {{ order: &[{}], members: {}, required: {}, groups: &[{}] }}",
            indexes(&layout.members),
            bits(&layout.members),
            bits(&layout.required),
            groups.join(",")
        )
    }
}

/// `ClOrdID` as `CL_ORD_ID`.
fn screaming(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let after_lower = at > 0 && !letters[at - 1].is_uppercase();
        let before_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && at > 0 && (after_lower || before_lower) {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

fn format(source: &str) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("rustfmt: {error}");
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(crate::root().join("rustfmt.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut input = rustfmt.stdin.take().ok_or("rustfmt: no stdin")?;
    let source = source.to_string();
    let writer = std::thread::spawn(move || input.write_all(source.as_bytes()));
    let output = rustfmt.wait_with_output().map_err(failed)?;
    writer.join().map_err(|_| "rustfmt: the writer panicked")?.map_err(failed)?;
    if !output.status.success() {
        return Err("rustfmt refused the tables".into());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tables_are_those_of_the_dictionary() {
        assert_eq!(super::run(&super::Arguments { check: true }), Ok(()));
    }
}

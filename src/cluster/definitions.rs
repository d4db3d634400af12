//! What a node's configuration defines, compared when two nodes meet.
//!
//! 1. Nodes of a cluster are configured alike. Each definition has a name (`[[instrument]] BTC-USD`) and a value, and
//!    one hash is over all of them.
//! 2. A hello carries that hash, and for each of the first [`MARKS_MAX`] definitions a [`Mark`]: a hash of its name and
//!    one of its value. So where the hash differs the primary says which definition does, by name and with its own
//!    value, and the standby, told the name's hash, adds its own.

use std::collections::HashMap;

use twox_hash::XxHash3_64;

/// Definitions of which a hello carries marks.
pub const MARKS_MAX: usize = 4_000;
/// Definitions that a difference names.
const NAMED_MAX: usize = 3;
/// Bytes of a value that are shown.
const VALUE_BYTES_MAX: usize = 600;

/// Something that a configuration defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// What it is called, as in the configuration; no other has that name.
    pub name: String,
    /// What it is, for people.
    pub value: String,
}

/// A definition in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// A hash of its name; never 0.
    pub name: u32,
    /// A hash of its value.
    pub value: u32,
}

/// All that a configuration defines, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definitions {
    list: Vec<Definition>,
    marks: Vec<Mark>,
    hash: u64,
}

impl Definitions {
    /// Those of a configuration.
    pub fn new(list: Vec<Definition>) -> Self {
        let marks = list.iter().take(MARKS_MAX).map(mark).collect();
        let hash = list.iter().fold(0, |hash, Definition { name, value }| {
            let hash = XxHash3_64::oneshot_with_seed(hash, name.as_bytes());
            XxHash3_64::oneshot_with_seed(hash, value.as_bytes())
        });
        Self { list, marks, hash }
    }

    /// A hash over all names and values.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The first definitions in short.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// What of a name's hash there is here, for people.
    pub fn value(&self, name: u32) -> Option<&str> {
        let at = self.marks.iter().position(|mark| mark.name == name)?;
        Some(shown(&self.list[at].value))
    }

    /// How another's differ, for people, and the hash of the first name that does; 0 where no name is known.
    pub fn difference(&self, theirs: &[Mark]) -> (u32, String) {
        let values = |marks: &[Mark]| -> HashMap<u32, u32> {
            marks.iter().map(|mark| (mark.name, mark.value)).collect()
        };
        let (here, there) = (values(&self.marks), values(theirs));
        let mut differ = self
            .marks
            .iter()
            .zip(&self.list)
            .filter(|(mark, _)| there.get(&mark.name) != Some(&mark.value));
        let named: Vec<_> = differ.by_ref().take(NAMED_MAX).collect();
        let beside = differ.count();
        let foreign = there.keys().filter(|name| !here.contains_key(name)).count();
        let mut sentences: Vec<String> = named
            .iter()
            .map(|(mark, Definition { name, value })| match there.contains_key(&mark.name) {
                true => format!("{name} is {} here, and another there", shown(value)),
                false => format!("{name} is only defined here"),
            })
            .collect();
        if beside > 0 {
            sentences.push(format!("{beside} more differ"));
        }
        if foreign > 0 {
            sentences.push(format!("{foreign} are only defined there"));
        }
        if sentences.is_empty() {
            let order = "the same is defined in another order";
            let behind = format!("definitions behind the first {MARKS_MAX} differ");
            sentences.push(if self.list.len() > MARKS_MAX { behind } else { order.to_owned() });
        }
        (named.first().map_or(0, |(mark, _)| mark.name), sentences.join("; "))
    }
}

fn mark(Definition { name, value }: &Definition) -> Mark {
    let hash = |text: &str| XxHash3_64::oneshot(text.as_bytes()) as u32;
    Mark { name: hash(name).max(1), value: hash(value) }
}

fn shown(value: &str) -> &str {
    let end = (0..=VALUE_BYTES_MAX.min(value.len())).rev().find(|at| value.is_char_boundary(*at));
    &value[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definitions(list: &[(&str, &str)]) -> Definitions {
        let own = |(name, value): &(&str, &str)| Definition {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        Definitions::new(list.iter().map(own).collect())
    }

    fn difference(here: &[(&str, &str)], there: &[(&str, &str)]) -> String {
        let (here, there) = (definitions(here), definitions(there));
        assert_ne!(here.hash(), there.hash());
        here.difference(there.marks()).1
    }

    #[test]
    fn what_differs_is_told_by_name_and_value() {
        let here = [("BTC", "tick 1"), ("ETH", "tick 2"), ("SOL", "tick 3")];
        assert_eq!(
            difference(&here, &[("BTC", "tick 1"), ("ETH", "tick 9"), ("SOL", "tick 3")]),
            "ETH is tick 2 here, and another there"
        );
        assert_eq!(
            difference(&here, &[("BTC", "tick 1"), ("ADA", "tick 2"), ("SOL", "tick 4")]),
            "ETH is only defined here; SOL is tick 3 here, and another there; 1 are only defined there"
        );
        assert_eq!(difference(&here, &here[..2]), "SOL is only defined here");
        assert_eq!(difference(&here[..2], &here), "1 are only defined there");
        assert_eq!(
            difference(&here, &[here[1], here[0], here[2]]),
            "the same is defined in another order"
        );
    }

    #[test]
    fn no_more_is_named_than_a_person_reads() {
        let names: Vec<String> = (0..MARKS_MAX + 1).map(|at| at.to_string()).collect();
        let all = |value| names.iter().map(|name| (name.as_str(), value)).collect::<Vec<_>>();
        let told = difference(&all("a"), &all("b"));
        assert!(told.starts_with("0 is a here, and another there; 1 is a here"), "{told}");
        assert!(told.ends_with(&format!("{} more differ", MARKS_MAX - NAMED_MAX)), "{told}");
        let (mut one, mut other) = (all("a"), all("a"));
        one[MARKS_MAX].1 = "c";
        assert_eq!(difference(&one, &other), "definitions behind the first 4000 differ");
        other[3].1 = "ü".repeat(VALUE_BYTES_MAX).leak();
        let told = difference(&other, &one);
        assert!(told.len() < VALUE_BYTES_MAX + 100, "{} bytes", told.len());
    }

    #[test]
    fn the_other_side_finds_its_own_value_by_the_names_hash() {
        let here = definitions(&[("BTC", "tick 1"), ("ETH", "tick 2")]);
        let there = definitions(&[("ETH", "tick 5"), ("BTC", "tick 1")]);
        let (name, _) = here.difference(there.marks());
        assert_eq!(there.value(name), Some("tick 5"));
        assert_eq!(there.value(0), None);
    }
}

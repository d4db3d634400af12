//! Reads values out of a TOML document and says where each stands, so that whoever wrote a wrong one
//! is told its file, line, key, value and what is allowed.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rust_decimal::Decimal;
use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A configuration that nothing can be started with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The text is no TOML.
    #[error("{}, line {line}: {found:?} is no TOML: {what}", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The line's text.
        found: String,
        /// What is wrong.
        what: String,
    },
    /// A value is not allowed.
    #[error("{}, line {line}: {key} = {value} is wrong; allowed: {allowed}", file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Section and key.
        key: String,
        /// As the file has it.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A key is missing that has no default.
    #[error("{}, line {line}: {key} is missing; allowed: {allowed}", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// Of the section, counted from 1.
        line: usize,
        /// Section and key.
        key: String,
        /// What is allowed.
        allowed: String,
    },
    /// A key that means nothing.
    #[error("{}, line {line}: {key} = {value} is not known; allowed here: {allowed}", file.display())]
    Unknown {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Section and key.
        key: String,
        /// As the file has it.
        value: String,
        /// The keys that are known.
        allowed: String,
    },
}

/// The text of a configuration and the file it comes from.
pub(super) struct Source<'a> {
    pub file: &'a Path,
    pub text: &'a str,
}

impl Source<'_> {
    /// The document's tables, or where the text is no TOML.
    pub fn parse(&self) -> Result<Spanned<DeTable<'_>>, ConfigError> {
        DeTable::parse(self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let line = self.line(&span);
            ConfigError::Syntax {
                file: self.file.to_path_buf(),
                line,
                found: self.text.lines().nth(line - 1).unwrap_or("").trim().to_owned(),
                what: error.message().to_owned(),
            }
        })
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let start = span.start.min(self.text.len());
        1 + self.text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count()
    }

    fn written(&self, span: &Range<usize>) -> String {
        self.text.get(span.clone()).unwrap_or("").to_owned()
    }
}

/// An entry of a table whose keys are free: its key, its number if it is one, and where that stands.
pub(super) type NamedDecimal = (String, Option<Decimal>, Range<usize>);

/// One table of the document. Each key that is asked for is known from then on; [`Section::finish`]
/// refuses the others.
pub(super) struct Section<'a> {
    source: &'a Source<'a>,
    name: String,
    span: Range<usize>,
    table: Option<&'a DeTable<'a>>,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The document itself.
    pub fn root(source: &'a Source<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        let table = Some(table.get_ref());
        Self { source, name: String::new(), span: 0..0, table, known: Vec::new() }
    }

    /// The table of this name within this one; an absent one gives defaults only.
    pub fn section(&mut self, name: &'static str) -> Result<Section<'a>, ConfigError> {
        let absent = Section {
            source: self.source,
            name: self.path(name),
            span: self.span.clone(),
            table: None,
            known: Vec::new(),
        };
        match self.find(name) {
            None => Ok(absent),
            Some(value) => match value.get_ref() {
                DeValue::Table(table) => {
                    Ok(Section { span: value.span(), table: Some(table), ..absent })
                }
                _ => Err(self.error(name, "a table of keys")),
            },
        }
    }

    /// The tables of a list, `[[name]]`.
    pub fn list(&mut self, name: &'static str) -> Result<Vec<Section<'a>>, ConfigError> {
        let allowed = format!("a list, each entry headed by [[{name}]]");
        let Some(value) = self.find(name) else { return Ok(Vec::new()) };
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(self.error(name, &allowed));
        };
        let mut sections = Vec::new();
        for entry in entries {
            let DeValue::Table(table) = entry.get_ref() else {
                return Err(self.error(name, &allowed));
            };
            sections.push(Section {
                source: self.source,
                name: format!("[[{name}]]"),
                span: entry.span(),
                table: Some(table),
                known: Vec::new(),
            });
        }
        Ok(sections)
    }

    /// A whole number within a range.
    pub fn integer<T>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<T>,
        default: Option<T>,
    ) -> Result<T, ConfigError>
    where
        T: TryFrom<i128> + Copy + PartialOrd + std::fmt::Display,
    {
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        let Some(value) = self.find(key) else {
            return default.ok_or_else(|| self.error(key, &allowed));
        };
        let number = match value.get_ref() {
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        number
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.error(key, &allowed))
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &'static str, default: bool) -> Result<bool, ConfigError> {
        match self.find(key).map(Spanned::get_ref) {
            None => Ok(default),
            Some(DeValue::Boolean(value)) => Ok(*value),
            Some(_) => Err(self.error(key, "true or false")),
        }
    }

    /// A text that `parse` makes something of.
    pub fn text<T>(
        &mut self,
        key: &'static str,
        allowed: &str,
        default: Option<T>,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        match self.find(key).map(Spanned::get_ref) {
            None => default.ok_or_else(|| self.error(key, allowed)),
            Some(DeValue::String(text)) => parse(text).ok_or_else(|| self.error(key, allowed)),
            Some(_) => Err(self.error(key, allowed)),
        }
    }

    /// A text that may be absent.
    pub fn text_if_given(&mut self, key: &'static str) -> Result<Option<String>, ConfigError> {
        self.text(key, "a text", Some(None), |text| Some(Some(text.to_owned())))
    }

    /// A decimal number, as a text or bare, as an integer of `scale` decimal places.
    pub fn scaled(
        &mut self,
        key: &'static str,
        scale: u8,
        range: RangeInclusive<i64>,
        default: Option<i64>,
    ) -> Result<i64, ConfigError> {
        let allowed = format!(
            "a number from {} to {} with at most {scale} decimal places",
            show(*range.start(), scale),
            show(*range.end(), scale)
        );
        let Some(value) = self.find(key) else {
            return default.ok_or_else(|| self.error(key, &allowed));
        };
        decimal(value.get_ref())
            .and_then(|number| at_scale(number, scale))
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.error(key, &allowed))
    }

    /// The entries of a table whose keys are free, in the order of the file.
    pub fn decimals(&mut self, key: &'static str) -> Result<Vec<NamedDecimal>, ConfigError> {
        match self.find(key).map(Spanned::get_ref) {
            None => Ok(Vec::new()),
            Some(DeValue::Table(table)) => {
                let mut entries: Vec<_> = table
                    .iter()
                    .map(|(name, value)| {
                        (name.get_ref().to_string(), decimal(value.get_ref()), value.span())
                    })
                    .collect();
                entries.sort_by_key(|entry| entry.2.start);
                Ok(entries)
            }
            Some(_) => Err(self.error(key, "a table such as { BTC = \"10\" }")),
        }
    }

    /// The error of an entry of [`Section::decimals`].
    pub fn entry_error(&self, key: &str, span: &Range<usize>, allowed: &str) -> ConfigError {
        ConfigError::Value {
            file: self.source.file.to_path_buf(),
            line: self.source.line(span),
            key: self.path(key),
            value: self.source.written(span),
            allowed: allowed.to_owned(),
        }
    }

    /// Whether the file gives this key.
    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// The error of a key, whether it is there with a wrong value or missing.
    pub fn error(&self, key: &str, allowed: &str) -> ConfigError {
        let file = self.source.file.to_path_buf();
        let allowed = allowed.to_owned();
        match self.table.and_then(|table| table.get(key)) {
            Some(value) => ConfigError::Value {
                file,
                line: self.source.line(&value.span()),
                key: self.path(key),
                value: self.source.written(&value.span()),
                allowed,
            },
            None => ConfigError::Missing {
                file,
                line: self.source.line(&self.span),
                key: self.path(key),
                allowed,
            },
        }
    }

    /// Refuses keys that nothing asked for.
    pub fn finish(self) -> Result<(), ConfigError> {
        let Some(table) = self.table else { return Ok(()) };
        let mut unknown: Vec<_> =
            table.iter().filter(|(key, _)| !self.known.contains(&key.get_ref().as_ref())).collect();
        unknown.sort_by_key(|(key, _)| key.span().start);
        match unknown.first() {
            None => Ok(()),
            Some((key, value)) => Err(ConfigError::Unknown {
                file: self.source.file.to_path_buf(),
                line: self.source.line(&key.span()),
                key: self.path(key.get_ref()),
                value: self.source.written(&value.span()),
                allowed: self.known.join(", "),
            }),
        }
    }

    fn find(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.table.and_then(|table| table.get(key))
    }

    fn path(&self, key: &str) -> String {
        match self.name.as_str() {
            "" => key.to_owned(),
            list if list.starts_with('[') => format!("{list} {key}"),
            section => format!("[{section}] {key}"),
        }
    }
}

fn decimal(value: &DeValue<'_>) -> Option<Decimal> {
    match value {
        DeValue::String(text) => Decimal::from_str(text).ok(),
        DeValue::Integer(number) if number.radix() == 10 => Decimal::from_str(number.as_str()).ok(),
        DeValue::Float(number) => Decimal::from_str(number.as_str()).ok(),
        _ => None,
    }
}

/// The number as an integer of `scale` decimal places, or none where it has more or is too large.
pub(super) fn at_scale(number: Decimal, scale: u8) -> Option<i64> {
    let scaled = number.checked_mul(Decimal::from(10_i64.checked_pow(u32::from(scale))?))?;
    if !scaled.is_integer() {
        return None;
    }
    i64::try_from(scaled).ok()
}

/// An integer of `scale` decimal places as people write it.
pub(super) fn show(number: i64, scale: u8) -> String {
    Decimal::new(number, u32::from(scale)).normalize().to_string()
}

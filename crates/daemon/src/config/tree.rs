//! The settings before anybody reads them: values, each with the place it came from.

use super::fault::{ConfigError, Fault};
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a value or a key was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    File { line: usize, column: usize },
    Variable(String),
}

impl Origin {
    /// As an operator reads it.
    pub(super) fn place(&self, file: &str) -> String {
        match self {
            Self::File { line, column } => format!("{file}:{line}:{column}"),
            Self::Variable(name) => format!("environment variable {name}"),
        }
    }
}

pub(super) struct Node {
    pub(super) origin: Origin,
    pub(super) value: Value,
    /// A variable's own words: `12025550199` is a number only where a number is wanted.
    pub(super) words: Option<String>,
}

pub(super) enum Value {
    Text(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

pub(super) struct Entry {
    pub(super) key: String,
    pub(super) said: Origin,
    pub(super) node: Node,
}

/// One step from a value into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// A dotted key, `tenants[0].name`.
pub(super) struct Dotted<'a>(pub(super) &'a [Step]);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(formatter, "[{index}]")?,
                Step::Key(key) => {
                    let dot = if position == 0 { "" } else { "." };
                    write!(formatter, "{dot}{}", printable(key))?;
                }
            }
        }
        Ok(())
    }
}

/// A key that no program would be given is more likely a value in the wrong place: it is not shown.
pub(super) fn printable(key: &str) -> &str {
    const LONGEST: usize = 48;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.len() <= LONGEST && key.bytes().all(plain) {
        key
    } else {
        "<not a plain word>"
    }
}

impl Node {
    pub(super) fn child(&self, step: &Step) -> Option<&Self> {
        match (&self.value, step) {
            (Value::Table(entries), Step::Key(key)) => entries
                .iter()
                .find(|entry| entry.key == *key)
                .map(|entry| &entry.node),
            (Value::List(items), Step::Index(index)) => items.get(*index),
            _ => None,
        }
    }

    /// What it is, for a sentence.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Boolean(_) => "a boolean",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// Reads TOML. A fault names the place and what was expected there, not what stands there.
pub(super) fn parse(file: &str, text: &str) -> Result<Node, ConfigError> {
    let lines = Lines(text);
    let table = DeTable::parse(text).map_err(|error| {
        let origin = lines.origin(error.span().map_or(text.len(), |span| span.start));
        ConfigError::of(Fault::new(
            origin.place(file),
            "",
            format!("not TOML: {}", error.message()),
        ))
    })?;
    let origin = Origin::File { line: 1, column: 1 };
    Ok(Node {
        origin,
        value: entries(table.into_inner(), &|at| lines.origin(at)),
        words: None,
    })
}

/// Reads a variable's words: TOML if they are that, else the string they are.
pub(super) fn parse_words(variable: &str, words: &str) -> Node {
    let origin = || Origin::Variable(variable.to_owned());
    let value = DeValue::parse(words).map_or_else(
        |_| Value::Text(words.to_owned()),
        |value| plain(value.into_inner(), &|_| origin()),
    );
    Node {
        origin: origin(),
        value,
        words: Some(words.to_owned()),
    }
}

fn node(value: Spanned<DeValue<'_>>, origin: &dyn Fn(usize) -> Origin) -> Node {
    Node {
        origin: origin(value.span().start),
        value: plain(value.into_inner(), origin),
        words: None,
    }
}

fn plain(value: DeValue<'_>, origin: &dyn Fn(usize) -> Origin) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        // TOML promises 64 bits; what is longer fits no setting, and the reader says so.
        DeValue::Integer(number) => {
            Value::Integer(i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX))
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Datetime(moment) => Value::Text(moment.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| node(item, origin)).collect()),
        DeValue::Table(table) => entries(table, origin),
    }
}

fn entries(table: DeTable<'_>, origin: &dyn Fn(usize) -> Origin) -> Value {
    let mut entries: Vec<_> = table
        .into_iter()
        .map(|(key, value)| (key.span().start, key, value))
        .collect();
    // As written, so that the first fault of the file is the one that is named.
    entries.sort_by_key(|(at, ..)| *at);
    let entries = entries.into_iter().map(|(at, key, value)| Entry {
        key: key.into_inner().into_owned(),
        said: origin(at),
        node: node(value, origin),
    });
    Value::Table(entries.collect())
}

struct Lines<'a>(&'a str);

impl Lines<'_> {
    fn origin(&self, at: usize) -> Origin {
        let before = self.0.get(..at).unwrap_or(self.0);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Origin::File {
            line: 1 + before.bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + before[line_start..].chars().count(),
        }
    }
}

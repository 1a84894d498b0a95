//! Reads the tree into the service's own types. The errors serde makes on the way are caught before
//! they become sentences, because its sentences quote values.

use super::fault::ConfigError;
use super::nearest::nearest;
use super::source::Source;
use super::tree::{Entry, Node, Origin, Step, Value, printable};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt;

pub(super) fn read<'de, Raw: Deserialize<'de>>(root: &'de Node) -> Result<Raw, Refusal> {
    Raw::deserialize(root)
}

/// Why a value was refused; the way to it is added while the error travels outwards.
#[derive(Debug)]
pub(super) struct Refusal {
    reason: Reason,
    said: Option<Origin>,
    /// Innermost step first.
    way: Vec<Step>,
}

#[derive(Debug)]
enum Reason {
    /// Made here, out of words that are ours or the type's.
    Ours(String),
    /// Made by a type's own code, which may quote what it was given.
    Theirs(String),
}

impl Refusal {
    fn ours(reason: String) -> Self {
        Self {
            reason: Reason::Ours(reason),
            said: None,
            way: Vec::new(),
        }
    }

    fn inside(mut self, step: Step) -> Self {
        self.way.push(step);
        self
    }

    fn at(mut self, origin: &Origin) -> Self {
        self.said.get_or_insert_with(|| origin.clone());
        self
    }

    pub(super) fn into_error(self, root: &Node, source: &Source) -> ConfigError {
        let way: Vec<_> = self.way.into_iter().rev().collect();
        let reason = match self.reason {
            Reason::Theirs(reason) if quotes(&reason, innermost(root, &way)) => {
                "is not valid here".to_owned()
            }
            Reason::Ours(reason) | Reason::Theirs(reason) => reason,
        };
        source.fault_of(self.said.as_ref(), &way, reason)
    }
}

/// The value at the end of the way, or the last one there is.
fn innermost<'a>(root: &'a Node, way: &[Step]) -> &'a Node {
    let mut node = root;
    for step in way {
        match node.child(step) {
            Some(inner) => node = inner,
            None => break,
        }
    }
    node
}

/// Whether a sentence shows a value under `node`, or the inside of its quotation marks is part of one.
fn quotes(sentence: &str, node: &Node) -> bool {
    // Shorter ones are in any sentence, and in no list of secrets.
    const SHORTEST: usize = 4;
    let shows = |value: &str| {
        let quoted = sentence.split(['`', '"', '\'']).skip(1).step_by(2);
        let part = |quoted: &str| quoted.len() >= SHORTEST && value.contains(quoted);
        (value.len() >= SHORTEST && sentence.contains(value)) || quoted.into_iter().any(part)
    };
    if node.words.as_deref().is_some_and(shows) {
        return true;
    }
    match &node.value {
        Value::Text(text) => shows(text),
        Value::Integer(number) => shows(&number.to_string()),
        Value::Float(number) => shows(&number.to_string()),
        Value::Boolean(_) => false,
        Value::List(items) => items.iter().any(|item| quotes(sentence, item)),
        Value::Table(entries) => entries
            .iter()
            .any(|entry| shows(&entry.key) || quotes(sentence, &entry.node)),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a setting was refused")
    }
}

impl std::error::Error for Refusal {}

fn listed(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn kind(unexpected: &Unexpected<'_>) -> &'static str {
    match unexpected {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
        Unexpected::Float(_) => "a float",
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a table",
        _ => "something else",
    }
}

impl serde::de::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            reason: Reason::Theirs(message.to_string()),
            said: None,
            way: Vec::new(),
        }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::ours(format!("expected {expected}, found {}", kind(&unexpected)))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::ours(format!("out of range or malformed: expected {expected}"))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::ours(format!("has {length} entries, expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::ours(format!("expected one of {}", listed(expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let reason = match nearest(field, expected) {
            Some(meant) => format!("no such key; did you mean `{meant}`?"),
            None if expected.is_empty() => "no such key; there is none here".to_owned(),
            None => format!("no such key; the keys here are {}", listed(expected)),
        };
        Self::ours(reason).inside(Step::Key(printable(field).to_owned()))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::ours("required, but not given".to_owned()).inside(Step::Key(field.to_owned()))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::ours("given twice".to_owned()).inside(Step::Key(field.to_owned()))
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let read = match &self.value {
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::Integer(number) => integer(*number, visitor),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::List(items) => visitor.visit_seq(Items {
                items: items.iter().enumerate(),
            }),
            Value::Table(entries) => visitor.visit_map(Entries::of(entries)),
        };
        read.map_err(|refusal| refusal.at(&self.origin))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match (&self.words, &self.value) {
            (Some(words), Value::Integer(_) | Value::Float(_) | Value::Boolean(_)) => visitor
                .visit_borrowed_str(words)
                .map_err(|refusal: Refusal| refusal.at(&self.origin)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let read = match &self.value {
            Value::Text(text) => {
                let variant: StrDeserializer<'_, Refusal> = text.as_str().into_deserializer();
                visitor.visit_enum(variant)
            }
            Value::Table(entries) if entries.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(Entries::of(entries)))
            }
            _ => Err(Refusal::ours(format!(
                "expected a string or a table with one key, found {}",
                self.kind()
            ))),
        };
        read.map_err(|refusal| refusal.at(&self.origin))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// 64 bits where they suffice, because visitors seldom know more.
fn integer<'de, V: Visitor<'de>>(number: i128, visitor: V) -> Result<V::Value, Refusal> {
    if let Ok(number) = i64::try_from(number) {
        visitor.visit_i64(number)
    } else if let Ok(number) = u64::try_from(number) {
        visitor.visit_u64(number)
    } else {
        Err(Refusal::ours("a number this large is never meant".to_owned()))
    }
}

struct Items<'de> {
    items: std::iter::Enumerate<std::slice::Iter<'de, Node>>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some((index, item)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(item)
            .map(Some)
            .map_err(|refusal| refusal.at(&item.origin).inside(Step::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'de> {
    entries: std::slice::Iter<'de, Entry>,
    open: Option<&'de Entry>,
}

impl<'de> Entries<'de> {
    fn of(entries: &'de [Entry]) -> Self {
        Self {
            entries: entries.iter(),
            open: None,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        self.open = Some(entry);
        let key: StrDeserializer<'de, Refusal> = entry.key.as_str().into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|refusal| refusal.at(&entry.said))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Refusal> {
        let Some(entry) = self.open.take() else {
            return Err(Refusal::ours("a value was read before its key".to_owned()));
        };
        seed.deserialize(&entry.node).map_err(|refusal| {
            refusal
                .at(&entry.node.origin)
                .inside(Step::Key(entry.key.clone()))
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

//! Words for the carrier that Aldis passes on without reading them.

use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

const MOST: usize = 32;
const LONGEST_KEY: usize = 64;
const LONGEST_VALUE: usize = 512;

/// A caller's words for the carrier, for example the template ids that Indian carriers ask for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes(BTreeMap<String, String>);

/// Why words are not attributes. Never says what they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AttributesError {
    /// More than 32 of them.
    #[error("a message has at most 32 attributes")]
    TooMany,
    /// A key of another form.
    #[error("the key of an attribute has 1 to 64 characters of a-z, 0-9, ., _ and -")]
    Key,
    /// The same key twice.
    #[error("an attribute is given twice")]
    Twice,
    /// A value that is too long or holds control characters.
    #[error("the value of an attribute has at most 512 bytes and no control characters")]
    Value,
}

impl Attributes {
    /// Reads pairs of key and value.
    pub fn parse<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Result<Self, AttributesError>
    where
        K: Into<String>,
        V: Into<String>,
    {
        let mut found = BTreeMap::new();
        for (key, value) in pairs {
            let (key, value) = (key.into(), value.into());
            if found.len() == MOST {
                return Err(AttributesError::TooMany);
            }
            let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
            if !(1..=LONGEST_KEY).contains(&key.len()) || !key.bytes().all(plain) {
                return Err(AttributesError::Key);
            }
            if value.len() > LONGEST_VALUE || value.chars().any(char::is_control) {
                return Err(AttributesError::Value);
            }
            if found.insert(key, value).is_some() {
                return Err(AttributesError::Twice);
            }
        }
        Ok(Self(found))
    }

    /// Key and value of each, in the order of the keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of one, if given.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Keys only: a value may hold what the text holds.
impl fmt::Debug for Attributes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

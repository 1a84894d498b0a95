//! Enums whose variants are written as one word each: in the store, on the wire, in answers.

use thiserror::Error;

/// A word that none of the variants is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a known {what}")]
pub struct UnknownWord {
    what: &'static str,
}

impl UnknownWord {
    pub(crate) fn of(what: &'static str) -> Self {
        Self { what }
    }
}

/// Ties the variants of an enum to their words: `ALL`, `as_str`, `Display` and `FromStr` from one table.
macro_rules! words {
    ($name:ident, $what:literal: $($variant:ident = $word:literal),+ $(,)?) => {
        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word it is written as. Stable: stores and callers keep it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::word::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(crate::word::UnknownWord::of($what)),
                }
            }
        }
    };
}
pub(crate) use words;

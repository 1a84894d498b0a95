//! How a text is encoded, and where it splits into the short messages that carry it.

use crate::gsm7;
use crate::word::words;
use std::ops::Range;

/// How the characters of a text travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The GSM default alphabet and its extension table: 7 bits a septet (3GPP TS 23.038 6.2.1).
    Gsm7,
    /// UCS-2, in practice UTF-16: 16 bits a unit (3GPP TS 23.038 6.2.3).
    Ucs2,
}

words!(Encoding, "encoding": Gsm7 = "gsm7", Ucs2 = "ucs2");

impl Encoding {
    /// Units that fit into a message of one segment: 140 octets (3GPP TS 23.040 9.2.3.16).
    pub const fn single_limit(self) -> u32 {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units that fit into a segment of several: 6 octets go to the concatenation header
    /// (3GPP TS 23.040 9.2.3.24.1).
    pub const fn part_limit(self) -> u32 {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    /// Units a character takes; none if this encoding cannot write it.
    fn units(self, character: char) -> Option<u32> {
        match self {
            Self::Gsm7 => gsm7::septets(character),
            Self::Ucs2 if character.len_utf16() == 2 => Some(2),
            Self::Ucs2 => Some(1),
        }
    }
}

/// The segments of a text.
///
/// A character that takes two units (an escape and its septet, or a surrogate pair) is never
/// split between two of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    encoding: Encoding,
    units: u32,
    parts: Vec<Range<usize>>,
}

impl Segments {
    /// Splits a text that is short enough to be a [`crate::MessageBody`].
    pub(crate) fn of(text: &str) -> Self {
        match count(Encoding::Gsm7, text) {
            Some(units) => Self::split(Encoding::Gsm7, units, text),
            None => Self::split(
                Encoding::Ucs2,
                count(Encoding::Ucs2, text).unwrap_or_default(),
                text,
            ),
        }
    }

    fn split(encoding: Encoding, units: u32, text: &str) -> Self {
        let limit = if units <= encoding.single_limit() {
            encoding.single_limit()
        } else {
            encoding.part_limit()
        };
        let mut parts = Vec::new();
        let (mut start, mut filled) = (0, 0);
        for (at, character) in text.char_indices() {
            let needed = encoding.units(character).unwrap_or_default();
            if filled + needed > limit {
                parts.push(start..at);
                (start, filled) = (at, 0);
            }
            filled += needed;
        }
        parts.push(start..text.len());
        Self {
            encoding,
            units,
            parts,
        }
    }

    /// The encoding: the default alphabet if every character is in it, else UCS-2.
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How many short messages the text takes; carriers charge for each.
    pub fn count(&self) -> u16 {
        u16::try_from(self.parts.len()).unwrap_or(u16::MAX)
    }

    /// The units of the whole text: septets, with the escapes, or UTF-16 units.
    pub const fn units(&self) -> u32 {
        self.units
    }

    /// The byte range of the text that each segment holds, in order and without gaps.
    pub fn parts(&self) -> &[Range<usize>] {
        &self.parts
    }
}

/// The units of a text; none if some character cannot be written.
fn count(encoding: Encoding, text: &str) -> Option<u32> {
    text.chars().map(|character| encoding.units(character)).sum()
}

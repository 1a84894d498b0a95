//! A text into the octets of its parts: which alphabet, and where it may be cut. Pure.

use crate::config::{Alphabet, Concatenation, DefaultAlphabet, Profile};
use aldis_carrier::gsm;

/// User data of one SMS: 140 octets on the air, which are 160 septets (3GPP TS 23.040 9.2.3.24).
const OCTETS: usize = 140;
const SEPTETS: usize = 160;
/// A concatenation header with an 8-bit reference, and with a 16-bit one.
const UDH: usize = 6;
const UDH16: usize = 7;
/// Reference numbers count to 255 parts.
const MOST_PARTS: usize = 255;

/// A text as it will be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// `data_coding` [5.2.19].
    pub(crate) data_coding: u8,
    /// The octets of each part, without any header; one if it fits or goes as payload.
    pub(crate) parts: Vec<Vec<u8>>,
    /// The one part fits into one SMS.
    pub(crate) fits: bool,
}

/// Writes a text with the first alphabet that has all its characters. `None`: too many parts.
pub(crate) fn write(text: &str, profile: &Profile) -> Option<Written> {
    let (alphabet, pieces) = profile
        .alphabets
        .iter()
        .find_map(|alphabet| Some((*alphabet, pieces(text, *alphabet, profile.default_alphabet)?)))
        // UCS-2 has them all, also where the settings left it out: better so than not at all.
        .or_else(|| {
            Some((
                Alphabet::Ucs2,
                pieces(text, Alphabet::Ucs2, profile.default_alphabet)?,
            ))
        })?;
    let (whole, part) = room(alphabet, profile);
    let costs = |piece: &Vec<u8>| cost(piece, alphabet, profile.default_alphabet);
    let fits = pieces.iter().map(costs).sum::<usize>() <= whole;
    let parts = if fits || profile.concatenation == Concatenation::Payload {
        vec![pieces.concat()]
    } else {
        cut(&pieces, part, costs)
    };
    let data_coding = match alphabet {
        Alphabet::Default => 0,
        Alphabet::Latin1 => 3,
        Alphabet::Ucs2 => 8,
    };
    (parts.len() <= MOST_PARTS).then_some(Written {
        data_coding,
        parts,
        fits,
    })
}

/// Characters that must not be cut, each in its octets. `None`: the alphabet lacks one.
fn pieces(text: &str, alphabet: Alphabet, default: DefaultAlphabet) -> Option<Vec<Vec<u8>>> {
    let below = |limit: u32| {
        move |character: char| {
            let code = u32::from(character);
            u8::try_from(code)
                .ok()
                .filter(|_| code < limit)
                .map(|octet| vec![octet])
        }
    };
    let characters = text.chars();
    match (alphabet, default) {
        (Alphabet::Default, DefaultAlphabet::Gsm) => characters.map(gsm::septets).collect(),
        (Alphabet::Default, DefaultAlphabet::Ascii) => characters.map(below(0x80)).collect(),
        (Alphabet::Default, DefaultAlphabet::Latin1) | (Alphabet::Latin1, _) => {
            characters.map(below(0x100)).collect()
        }
        (Alphabet::Ucs2, _) => {
            let units = |character: char| {
                let mut room = [0; 2];
                let units = character.encode_utf16(&mut room);
                units.iter().flat_map(|unit| unit.to_be_bytes()).collect()
            };
            Some(characters.map(units).collect())
        }
    }
}

/// Octets of a text in one part, and of each part of several.
fn room(alphabet: Alphabet, profile: &Profile) -> (usize, usize) {
    // Unpacked septets: one in each octet, so their number counts.
    let septets = alphabet == Alphabet::Default && profile.default_alphabet != DefaultAlphabet::Latin1;
    let header = match profile.concatenation {
        // The SMSC writes a header of its own from the TLVs.
        Concatenation::Udh | Concatenation::Sar | Concatenation::Payload => UDH,
        Concatenation::Udh16 => UDH16,
    };
    if septets {
        // The header takes whole septets: 7 for 6 octets, 8 for 7.
        (SEPTETS, SEPTETS - (header * 8).div_ceil(7))
    } else {
        (OCTETS, OCTETS - header)
    }
}

/// What a character takes of the room. The SMSC writes ASCII in septets, where some need an escape (3GPP TS 23.038
/// 6.2.1.1).
fn cost(piece: &[u8], alphabet: Alphabet, default: DefaultAlphabet) -> usize {
    match piece {
        [b'^' | b'{' | b'}' | b'\\' | b'[' | b'~' | b']' | b'|']
            if alphabet == Alphabet::Default && default == DefaultAlphabet::Ascii =>
        {
            2
        }
        _ => piece.len(),
    }
}

fn cut(pieces: &[Vec<u8>], most: usize, cost: impl Fn(&Vec<u8>) -> usize) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    let mut taken = 0;
    for piece in pieces {
        let more = cost(piece);
        if taken + more > most {
            parts.push(Vec::new());
            taken = 0;
        }
        taken += more;
        if let Some(part) = parts.last_mut() {
            part.extend_from_slice(piece);
        }
    }
    parts
}

/// The text of octets that arrived [5.2.19]; `None`: they are no text.
pub(crate) fn read(octets: &[u8], data_coding: u8, default: DefaultAlphabet) -> Option<String> {
    let each = |character: fn(u8) -> char| Some(octets.iter().map(|octet| character(*octet)).collect());
    // SMPP's own values, then the groups of 3GPP TS 23.038 4: classes of message, and messages that wait.
    match (data_coding, default) {
        (0, DefaultAlphabet::Gsm) | (0x10..=0x13 | 0xc0..=0xdf | 0xf0..=0xf3, _) => Some(gsm::text(octets)),
        (0 | 1 | 3, _) => each(char::from),
        (6, _) => each(cyrillic),
        (7, _) => each(hebrew),
        (8 | 0x18..=0x1b | 0xe0..=0xef, _) => Some(utf16(octets)),
        _ => None,
    }
}

/// UTF-16 big endian.
pub(crate) fn utf16(octets: &[u8]) -> String {
    let units = octets.chunks(2).map(|pair| match pair {
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => 0xfffd,
    });
    let characters = char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}'));
    characters.collect()
}

/// ISO-8859-5: in the order of Unicode but for four.
fn cyrillic(octet: u8) -> char {
    match octet {
        0xf0 => '\u{2116}',
        0xfd => '\u{a7}',
        0xa1..=0xac | 0xae..=0xff => char::from_u32(0x360 + u32::from(octet)).unwrap_or('\u{fffd}'),
        _ => char::from(octet),
    }
}

/// ISO-8859-8: the letters are in the order of Unicode.
fn hebrew(octet: u8) -> char {
    match octet {
        0xe0..=0xfa => char::from_u32(0x4f0 + u32::from(octet)).unwrap_or('\u{fffd}'),
        _ => char::from(octet),
    }
}

#[cfg(test)]
mod tests;

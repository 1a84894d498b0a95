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
    let all = pieces.concat();
    let fits = all.len() <= whole;
    let parts = if fits || profile.concatenation == Concatenation::Payload {
        vec![all]
    } else {
        cut(&pieces, part)
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

fn cut(pieces: &[Vec<u8>], most: usize) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    for piece in pieces {
        if parts.last().is_some_and(|part| part.len() + piece.len() > most) {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut() {
            part.extend_from_slice(piece);
        }
    }
    parts
}

/// The text of octets that arrived [5.2.19]; `None`: they are no text.
pub(crate) fn read(octets: &[u8], data_coding: u8, default: DefaultAlphabet) -> Option<String> {
    let latin1 = || octets.iter().map(|octet| char::from(*octet)).collect();
    match (data_coding, default) {
        // And the GSM message classes (3GPP TS 23.038 4), whose alphabet is in bits 3 and 2.
        (0, DefaultAlphabet::Gsm) | (0xf0..=0xf3, _) => Some(gsm::text(octets)),
        (0 | 1 | 3, _) => Some(latin1()),
        (8, _) => {
            let units = octets.chunks(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0xfffd,
            });
            let characters = char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}'));
            Some(characters.collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;

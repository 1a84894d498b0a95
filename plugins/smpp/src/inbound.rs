//! What somebody wrote, out of a `deliver_sm`. Each part is an event of its own: it is acknowledged when it is stored, so
//! that no part is lost with our memory.

use crate::config::Profile;
use crate::delivered::Delivered;
use crate::text;
use aldis_carrier::Event;
use std::fmt::Write as _;

#[cfg(test)]
mod tests;

/// `esm_class`: the user data begins with a header [5.2.12].
const UDHI: u8 = 0x40;

/// Which part of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Concatenated {
    reference: u16,
    total: u8,
    number: u8,
}

/// The event.
pub(crate) fn read(delivered: &Delivered, profile: &Profile) -> Event {
    let (header, octets) = split(delivered);
    let text = text::read(octets, delivered.data_coding, profile.default_alphabet);
    let from = named(delivered.source_ton, &delivered.source, profile);
    let to = named(delivered.destination_ton, &delivered.destination, profile);
    // A wish is heard also where the coding says that it is no text.
    let ascii = || octets.iter().map(|octet| char::from(*octet)).collect();
    let mut event = if stops(&text.clone().unwrap_or_else(ascii), profile) {
        Event::opted_out(from, to)
    } else {
        Event::inbound(from, to, "")
    };
    let mut attribute = |key: &str, value: String| event.attributes.push((key.to_owned(), value));
    if let Some(concatenated) = concatenated(header).or_else(|| sar(delivered)) {
        attribute("concat_reference", concatenated.reference.to_string());
        attribute("concat_total", concatenated.total.to_string());
        attribute("concat_part", concatenated.number.to_string());
    }
    if text.is_none() {
        attribute("data_coding", delivered.data_coding.to_string());
        attribute("data_hex", hex(octets));
    }
    event.text = text.unwrap_or_default();
    event
}

/// Whether that is all it says. A zero octet at the end is an `@` of GSM 03.38, and a habit of SMSCs.
fn stops(text: &str, profile: &Profile) -> bool {
    let said =
        text.trim_matches(|sign: char| sign.is_whitespace() || sign.is_control() || ".!@\"'".contains(sign));
    profile
        .stop_words
        .iter()
        .any(|word| said.eq_ignore_ascii_case(word))
}

/// An address as messages to it, or from it, name it: a wish to stop must find its number, and a receipt its message.
fn named(ton: u8, address: &str, profile: &Profile) -> String {
    const INTERNATIONAL: u8 = 1;
    const NATIONAL: u8 = 2;
    match (ton, address.strip_prefix("00")) {
        (INTERNATIONAL | NATIONAL, Some(international)) => international.to_owned(),
        (NATIONAL, None) if !address.starts_with('+') => format!("{}{address}", profile.country_code),
        _ => address.to_owned(),
    }
}

/// The user data header and what follows it (3GPP TS 23.040 9.2.3.24).
fn split(delivered: &Delivered) -> (&[u8], &[u8]) {
    let octets = delivered.user_data.as_slice();
    match octets.split_first() {
        Some((length, rest)) if delivered.esm_class & UDHI != 0 && rest.len() >= usize::from(*length) => {
            rest.split_at(usize::from(*length))
        }
        _ => (&[], octets),
    }
}

/// The concatenation element of a header (9.2.3.24.1 and 9.2.3.24.8).
fn concatenated(mut header: &[u8]) -> Option<Concatenated> {
    while let [id, length, rest @ ..] = header {
        let (element, others) = rest.split_at_checked(usize::from(*length))?;
        match (id, element) {
            (0x00, [reference, total, number]) => {
                let reference = u16::from(*reference);
                return Some(Concatenated {
                    reference,
                    total: *total,
                    number: *number,
                });
            }
            (0x08, [high, low, total, number]) => {
                let reference = u16::from_be_bytes([*high, *low]);
                return Some(Concatenated {
                    reference,
                    total: *total,
                    number: *number,
                });
            }
            _ => header = others,
        }
    }
    None
}

fn sar(delivered: &Delivered) -> Option<Concatenated> {
    let tlvs = &delivered.tlvs;
    Some(Concatenated {
        reference: tlvs.sar_reference?,
        total: tlvs.sar_total?,
        number: tlvs.sar_number?,
    })
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

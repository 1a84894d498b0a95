//! Type of number and numbering plan by the kind of address [5.2.5, 5.2.6].

use aldis_carrier::{Class, Message, Outcome, SenderKind};
use rusmpp_core::types::owned::COctetString;
use rusmpp_core::values::{Npi, Ton};

use crate::config::Profile;

/// An address as a PDU has it.
pub(crate) struct Address {
    pub(crate) ton: Ton,
    pub(crate) npi: Npi,
    pub(crate) digits: COctetString<1, 21>,
}

/// International, without `+`.
pub(crate) fn destination(message: &Message<'_>) -> Result<Address, Outcome> {
    let digits = written(message.to().trim_start_matches('+'), "destination_addr")?;
    Ok(Address {
        ton: Ton::International,
        npi: Npi::Isdn,
        digits,
    })
}

/// The message's sender or the configured one, by what it looks like.
pub(crate) fn source(message: &Message<'_>, profile: &Profile) -> Result<Address, Outcome> {
    let (text, kind) = match message.from() {
        Some(from) => (from, message.from_kind()),
        None => (profile.sender.as_str(), kind_of(&profile.sender)),
    };
    let (ton, npi) = match kind {
        _ if text.is_empty() => (Ton::Unknown, Npi::Unknown),
        SenderKind::Alphanumeric => (Ton::Alphanumeric, Npi::Unknown),
        SenderKind::ShortCode => (Ton::from(profile.short_code_ton), Npi::Unknown),
        _ => (Ton::International, Npi::Isdn),
    };
    let digits = match ton {
        Ton::International => text.trim_start_matches('+'),
        _ => text,
    };
    Ok(Address {
        ton,
        npi,
        digits: written(digits, "source_addr")?,
    })
}

/// Returns whether a receipt to this address may be about a message that names no sender. Where none is configured either,
/// the SMSC puts in its own: then any address of ours stands for it.
pub(crate) fn stands_for_default(to: &str, profile: &Profile) -> bool {
    let bare = |address: &str| {
        let digits = address.strip_prefix('+').or_else(|| address.strip_prefix("00"));
        digits.unwrap_or(address).to_ascii_lowercase()
    };
    profile.sender.is_empty() || bare(&profile.sender) == bare(to)
}

/// Of a configured sender: what begins with `+` or is long is a number, other digits are a short code.
fn kind_of(sender: &str) -> SenderKind {
    let digits = sender.strip_prefix('+').unwrap_or(sender);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        SenderKind::Alphanumeric
    } else if sender.starts_with('+') || digits.len() > 8 {
        SenderKind::LongNumber
    } else {
        SenderKind::ShortCode
    }
}

/// At most 20 ASCII characters.
fn written(text: &str, field: &str) -> Result<COctetString<1, 21>, Outcome> {
    COctetString::from_vec([text.as_bytes(), &[0]].concat()).map_err(|_| {
        let class = if field == "source_addr" {
            Class::SenderNotAllowed
        } else {
            Class::InvalidNumber
        };
        Outcome::refused(class, field).with_detail("it has more than 20 or other than ASCII characters")
    })
}

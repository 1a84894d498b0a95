//! A receipt (DLR) out of a `deliver_sm`: by its TLVs, and by its text in whatever dialect. Pure.
//!
//! The text is of a format that vendors share and no specification fixes (SMPP 3.4 appendix B calls it an example):
//! `id:... sub:... dlvrd:... submit date:... done date:... stat:... err:... text:...`. Dialects leave fields out, order
//! or write them otherwise, pad ids, cut state words.

use crate::config::Profile;
use crate::delivered::Delivered;
use crate::text;
use aldis_carrier::{Class, Event, ReceiptState};

#[cfg(test)]
mod tests;

/// `esm_class` bits 5 to 2: an SMSC delivery receipt, or an intermediate notification [5.2.12].
const KIND: u8 = 0b0011_1100;
const RECEIPT: u8 = 0b0000_0100;
const INTERMEDIATE: u8 = 0b0010_0000;

/// The keys of the text; `text` is last, for anything may stand in it.
const KEYS: [&str; 7] = ["id", "sub", "dlvrd", "submit date", "done date", "stat", "err"];

/// The event of a receipt; `None`: it is a message of somebody.
pub(crate) fn read(delivered: &Delivered, profile: &Profile) -> Option<Event> {
    let text = text::read(
        &delivered.user_data,
        delivered.data_coding,
        profile.default_alphabet,
    )
    .unwrap_or_default();
    let field = |key: &str| field(&text, key);
    let kind = delivered.esm_class & KIND;
    let tlvs = &delivered.tlvs;
    let marked = kind == RECEIPT || kind == INTERMEDIATE;
    // Some SMSCs forget to mark them.
    let looks = tlvs.receipted_message_id.is_some() || (field("id").is_some() && field("stat").is_some());
    if !marked && !looks {
        return None;
    }
    let id = tlvs.receipted_message_id.as_deref().filter(|id| !id.is_empty());
    let id = id.map(str::to_owned).or_else(|| field("id")).unwrap_or_default();
    let state = tlvs
        .message_state
        .and_then(state_of_number)
        .or_else(|| field("stat").map(|word| state_of_word(&word)))
        .unwrap_or(ReceiptState::Unknown);
    let code = match tlvs.network_error_code {
        Some((_, code)) => Some(format!("{code:03}")),
        None => field("err"),
    };
    let mut event = Event::receipt(id, state);
    if kind == INTERMEDIATE {
        event.is_final = false;
    }
    let failed = event.is_final && !matches!(state, ReceiptState::Delivered | ReceiptState::Read);
    event.class = failed.then(|| class_of(state));
    event.code = code.unwrap_or_default();
    event.carrier_time_ms = field("done date").and_then(|date| unix_ms(&date, profile.utc_offset_minutes));
    Some(event)
}

/// The value of a key, whatever its case and place; what follows `text:` is not looked at.
fn field(text: &str, key: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let end = place(&lower, "text").map_or(lower.len(), |(at, _)| at);
    let (_, from) = place(&lower[..end], key)?;
    let next = KEYS
        .iter()
        .filter_map(|other| place(&lower[from..end], other).map(|(at, _)| from + at))
        .min();
    let value = &text[from..next.unwrap_or(end)];
    let value = value.trim_matches(|character: char| character.is_whitespace() || ",;|".contains(character));
    (!value.is_empty()).then(|| value.to_owned())
}

/// Where a key with its colon begins and ends; it begins a word.
fn place(lower: &str, key: &str) -> Option<(usize, usize)> {
    lower.match_indices(key).find_map(|(at, _)| {
        let begins = !lower[..at].ends_with(|before: char| before.is_ascii_alphanumeric());
        let after = &lower[at + key.len()..];
        let colon = after.trim_start_matches(' ').strip_prefix([':', '='])?;
        // "submit date" holds "date", and "done date" too; no key is the end of another.
        begins.then(|| (at, lower.len() - colon.len()))
    })
}

/// `message_state` [5.2.28], with 5.0's two.
fn state_of_number(number: u8) -> Option<ReceiptState> {
    Some(match number {
        0 => ReceiptState::Queued,
        1 => ReceiptState::EnRoute,
        2 => ReceiptState::Delivered,
        3 => ReceiptState::Expired,
        4 => ReceiptState::Deleted,
        5 | 9 => ReceiptState::Undelivered,
        6 => ReceiptState::Sent,
        7 => ReceiptState::Unknown,
        8 => ReceiptState::Rejected,
        _ => return None,
    })
}

/// The word of `stat:` by its beginning; vendors abbreviate each in its own way.
fn state_of_word(word: &str) -> ReceiptState {
    const WORDS: [(&str, ReceiptState); 19] = [
        ("DELIV", ReceiptState::Delivered),
        ("DLVRD", ReceiptState::Delivered),
        ("SEEN", ReceiptState::Read),
        ("READ", ReceiptState::Read),
        ("EXPIR", ReceiptState::Expired),
        ("DELET", ReceiptState::Deleted),
        ("CANCEL", ReceiptState::Deleted),
        ("UNDEL", ReceiptState::Undelivered),
        ("FAIL", ReceiptState::Undelivered),
        ("SKIP", ReceiptState::Undelivered),
        ("REJ", ReceiptState::Rejected),
        ("BLOCK", ReceiptState::Rejected),
        ("ACCEP", ReceiptState::Sent),
        ("ACK", ReceiptState::Sent),
        ("SENT", ReceiptState::Sent),
        ("ENROU", ReceiptState::EnRoute),
        ("BUFF", ReceiptState::EnRoute),
        ("SCHED", ReceiptState::Queued),
        ("QUEU", ReceiptState::Queued),
    ];
    let word = word.to_ascii_uppercase();
    if let Some(state) = word.parse().ok().and_then(state_of_number) {
        return state;
    }
    WORDS
        .iter()
        .find(|(beginning, _)| word.starts_with(beginning))
        .map_or(ReceiptState::Unknown, |(_, state)| *state)
}

fn class_of(state: ReceiptState) -> Class {
    match state {
        ReceiptState::Expired => Class::Expired,
        ReceiptState::Rejected => Class::Blocked,
        _ => Class::Temporary,
    }
}

/// `YYMMDDhhmm` or `YYMMDDhhmmss`; some write the century.
fn unix_ms(date: &str, utc_offset_minutes: i32) -> Option<u64> {
    if !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let date = match date.len() {
        10 | 12 if !date.starts_with("20") || date.len() == 10 => format!("20{date}"),
        12 | 14 => date.to_owned(),
        _ => return None,
    };
    let number = |from: usize| {
        date.get(from..from + 2)
            .map_or(Some(0), |two| two.parse::<i64>().ok())
    };
    let (year, month, day) = (date.get(..4)?.parse::<i64>().ok()?, number(4)?, number(6)?);
    let (hour, minute, second) = (number(8)?, number(10)?, number(12)?);
    let holds =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    // Days since 1970 of the proleptic Gregorian calendar, years beginning in March.
    let shifted = if month > 2 { year } else { year - 1 };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + of_year - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute - i64::from(utc_offset_minutes)) * 60 + second;
    holds.then(|| u64::try_from(seconds * 1000).ok()).flatten()
}

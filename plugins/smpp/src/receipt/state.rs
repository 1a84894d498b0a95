//! What became of a message, by `message_state` or by the word of `stat`. Pure.

use aldis_carrier::ReceiptState;

#[cfg(test)]
mod tests;

/// `message_state` [5.2.28], with 5.0's two.
pub(super) fn of_number(number: u8) -> Option<ReceiptState> {
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

/// The words of `stat`; `None`: nobody knows them. The first word decides, unless it needs the others.
pub(super) fn of_words(words: &str) -> Option<ReceiptState> {
    let first = words.split_whitespace().next()?;
    let first = first.trim_matches(|sign: char| !sign.is_ascii_alphanumeric());
    if let Ok(number) = first.parse() {
        return of_number(number);
    }
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphabetic);
        letters.map(|letter| letter.to_ascii_uppercase()).collect()
    };
    match letters(first).as_str() {
        "DELIVERY" | "MESSAGE" | "SMS" => of_letters(&letters(words)),
        word => of_letters(word),
    }
}

/// By what a word holds or begins with, bad news first: vendors abbreviate each in its own way, and a failure must not
/// pass for a delivery because of how its name begins.
fn of_letters(word: &str) -> Option<ReceiptState> {
    use ReceiptState::{
        Deleted, Delivered, EnRoute, Expired, Queued, Read, Rejected, Sent, Undelivered, Unknown,
    };
    const HOLDS: [(&str, ReceiptState); 6] = [
        ("FAIL", Undelivered),
        ("ERR", Undelivered),
        ("UNDEL", Undelivered),
        ("UNDLV", Undelivered),
        ("EXPIR", Expired),
        ("REJ", Rejected),
    ];
    const BEGINS: [(&str, ReceiptState); 36] = [
        ("NOT", Undelivered),
        ("NON", Undelivered),
        ("NOROUTE", Undelivered),
        ("NACK", Undelivered),
        ("UND", Undelivered),
        ("ABS", Undelivered),
        ("SKIP", Undelivered),
        ("EXP", Expired),
        ("RJ", Rejected),
        ("BLOCK", Rejected),
        ("BARR", Rejected),
        ("SPAM", Rejected),
        ("DELET", Deleted),
        ("DELTD", Deleted),
        ("CANC", Deleted),
        ("UNK", Unknown),
        ("DELIVERING", EnRoute),
        ("DELIVERYSUC", Delivered),
        ("DELIVERYOK", Delivered),
        // Whatever else is said of a delivery.
        ("DELIVERYR", Delivered),
        ("DELI", Delivered),
        ("DELV", Delivered),
        ("DLV", Delivered),
        ("DLRD", Delivered),
        ("SUCC", Delivered),
        ("READ", Read),
        ("SEEN", Read),
        ("ACC", Sent),
        ("ACK", Sent),
        ("SENT", Sent),
        ("SUBM", Sent),
        ("ENR", EnRoute),
        ("BUFF", EnRoute),
        ("PEND", EnRoute),
        ("SCHED", Queued),
        ("QUEU", Queued),
    ];
    // Of a delivery alone nobody knows how it went.
    if word == "DELIVERY" {
        return None;
    }
    let holds = HOLDS.iter().find(|(part, _)| word.contains(part));
    let begins = || BEGINS.iter().find(|(beginning, _)| word.starts_with(beginning));
    holds.or_else(begins).map(|(_, state)| *state)
}

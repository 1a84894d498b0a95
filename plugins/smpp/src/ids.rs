//! An id as the answer to a submit says it, and as its receipt says it: brought to one form, in which they are equal. Pure.

use crate::config::IdBase;

#[cfg(test)]
mod tests;

/// Of a `submit_sm_resp`, and of the TLV `receipted_message_id`, which repeats it [5.3.2.12].
pub(crate) fn of_answer(id: &str, base: IdBase) -> String {
    let id = id.trim();
    let turned = match base {
        IdBase::Same => None,
        IdBase::HexToDec => u128::from_str_radix(bare(id), 16)
            .ok()
            .map(|number| number.to_string()),
        IdBase::DecToHex => id.parse::<u128>().ok().map(|number| format!("{number:x}")),
    };
    turned.unwrap_or_else(|| canonical(id))
}

/// Of the text of a receipt, where ids are in the other base.
pub(crate) fn of_text(id: &str) -> String {
    canonical(id.trim())
}

/// Numbers are equal whatever their case and however they are padded: appendix B pads them to ten digits, and answers
/// do not. Anything else is a word.
fn canonical(id: &str) -> String {
    let number = bare(id);
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let digits = number.trim_start_matches('0').to_ascii_lowercase();
        return if digits.is_empty() { "0".to_owned() } else { digits };
    }
    let uuid = id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if uuid {
        id.to_ascii_lowercase()
    } else {
        id.to_owned()
    }
}

fn bare(id: &str) -> &str {
    id.strip_prefix("0x")
        .or_else(|| id.strip_prefix("0X"))
        .unwrap_or(id)
}

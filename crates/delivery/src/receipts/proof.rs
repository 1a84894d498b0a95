//! Whether a receipt that a person could have written is one: by its addresses, which must be those of its message. Pure.

#[cfg(test)]
mod tests;

/// Which messages the receipt's destination is the sender of, besides those that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderProof {
    /// No others.
    Named,
    /// Messages without a sender of their own.
    Default,
    /// All messages.
    Any,
}

impl SenderProof {
    /// The store's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Default => "default",
            Self::Any => "any",
        }
    }

    /// The other way; whatever else is written proves as little as can be.
    pub fn of_word(word: &str) -> Self {
        match word {
            "default" => Self::Default,
            "any" => Self::Any,
            _ => Self::Named,
        }
    }
}

/// Whose message a receipt is about, by what that message says.
#[derive(Clone, Copy)]
pub struct Own<'a> {
    /// Its recipient.
    pub recipient: &'a str,
    /// Its sender, if it names one.
    pub sender: Option<&'a str>,
}

/// Whether a receipt from `from` to `to` may be about this message: source and destination are its own, swapped.
pub fn is_own(own: Own<'_>, from: &str, to: &str, proof: SenderProof) -> bool {
    let to_its_sender = match (proof, own.sender) {
        (SenderProof::Any, _) => true,
        (_, None) => proof == SenderProof::Default,
        // Nobody can write to a name, and SMSCs put an address of the account in its place.
        (_, Some(sender)) => is_name(sender) || bare(sender) == bare(to),
    };
    to_its_sender && bare(own.recipient) == bare(from)
}

/// The rule by which senders are told apart when a message is accepted.
fn is_name(sender: &str) -> bool {
    sender.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Without what says that a number is international: carriers leave it out or write it in their own way.
fn bare(address: &str) -> &str {
    let address = address.trim();
    let rest = address.strip_prefix('+').or_else(|| address.strip_prefix("00"));
    rest.unwrap_or(address)
}

//! Decides whether a receipt that a person could have written is one: its addresses must be those of its message. Pure.

#[cfg(test)]
mod tests;

/// The messages of which the receipt's destination is taken for the sender, besides those that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderProof {
    /// Takes it for the sender of no others.
    Named,
    /// Takes it for the sender of messages without a sender of their own.
    Default,
    /// Takes it for the sender of all messages.
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

/// The addresses of the message that a receipt may be about.
#[derive(Clone, Copy)]
pub struct Own<'a> {
    /// The number that it was sent to.
    pub recipient: &'a str,
    /// The sender, if the message names one.
    pub sender: Option<&'a str>,
}

/// Tells whether a receipt from `from` to `to` may be about this message: source and destination are its own, swapped.
pub fn is_own(own: Own<'_>, from: &str, to: &str, proof: SenderProof) -> bool {
    let to_its_sender = match (proof, own.sender) {
        (SenderProof::Any, _) => true,
        (_, None) => proof == SenderProof::Default,
        // A name may come back in other case.
        (_, Some(sender)) => bare(sender).eq_ignore_ascii_case(bare(to)),
    };
    to_its_sender && bare(own.recipient) == bare(from)
}

/// Strips what says that a number is international: carriers leave it out or write it in their own way.
fn bare(address: &str) -> &str {
    let address = address.trim();
    let rest = address.strip_prefix('+').or_else(|| address.strip_prefix("00"));
    rest.unwrap_or(address)
}

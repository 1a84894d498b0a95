//! Senders: what the handset shows as the origin of a message.

use std::fmt;
use thiserror::Error;

/// GSM 03.40 9.1.2.5: an alphanumeric address holds 11 septets-worth of characters.
const LONGEST_ALPHANUMERIC: usize = 11;

/// The origin of a message, as a carrier is asked to show it.
///
/// Not a [`crate::PhoneNumber`]: senders are often short, national or words, and only the
/// carrier can say which of them it allows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Sender {
    /// A telephone number: an optional `+` and 9 to 15 digits.
    Number(SenderText),
    /// A short code: 3 to 8 digits.
    ShortCode(SenderText),
    /// A word: 1 to 11 letters, digits, spaces and `-_.&+`, with at least one letter.
    Alphanumeric(SenderText),
}

/// The text of a [`Sender`]; only [`Sender::parse`] makes one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SenderText(String);

/// Which kind of [`Sender`] it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SenderKind {
    /// A telephone number.
    Number,
    /// A short code.
    ShortCode,
    /// A word.
    Alphanumeric,
}

/// Why a text is not a sender. Never says what the text was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SenderError {
    /// Nothing, or only spaces.
    #[error("the sender is empty")]
    Empty,
    /// Longer than 15 digits, or than 11 characters with a letter.
    #[error("a sender has at most 11 characters, or 15 digits")]
    TooLong,
    /// Fewer than 3 digits.
    #[error("a short code has 3 to 8 digits, a number 9 to 15")]
    TooShort,
    /// A character that senders cannot show.
    #[error("a sender has letters of A to Z, digits, spaces and -_.&+ only")]
    Character,
    /// Neither digits in the form of a number nor a word.
    #[error("a sender is a number, a short code, or has at least one letter")]
    NoLetter,
}

impl Sender {
    /// Reads a number, a short code or a word; spaces around it do not count.
    ///
    /// Spaces, dashes and parentheses inside a number are dropped; a word is kept as it is.
    pub fn parse(text: &str) -> Result<Self, SenderError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SenderError::Empty);
        }
        if text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return word(text);
        }
        let (plus, rest) = match text.strip_prefix('+') {
            Some(rest) => ("+", rest),
            None => ("", text),
        };
        let mut digits = plus.to_owned();
        for character in rest.chars() {
            match character {
                '0'..='9' => digits.push(character),
                ' ' | '-' | '(' | ')' => {}
                '_' | '.' | '&' | '+' => return Err(SenderError::NoLetter),
                _ => return Err(SenderError::Character),
            }
        }
        match (plus, digits.len() - plus.len()) {
            (_, 0) => Err(SenderError::NoLetter),
            (_, 9..=15) => Ok(Self::Number(SenderText(digits))),
            ("", 3..=8) => Ok(Self::ShortCode(SenderText(digits))),
            (_, 16..) => Err(SenderError::TooLong),
            _ => Err(SenderError::TooShort),
        }
    }

    /// The sender itself. Only for the store and the carrier.
    pub fn expose(&self) -> &str {
        match self {
            Self::Number(text) | Self::ShortCode(text) | Self::Alphanumeric(text) => &text.0,
        }
    }

    /// Which kind it is; carriers take them in different fields.
    pub const fn kind(&self) -> SenderKind {
        match self {
            Self::Number(_) => SenderKind::Number,
            Self::ShortCode(_) => SenderKind::ShortCode,
            Self::Alphanumeric(_) => SenderKind::Alphanumeric,
        }
    }
}

fn word(text: &str) -> Result<Sender, SenderError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" -_.&+".contains(&byte);
    if !text.bytes().all(allowed) {
        return Err(SenderError::Character);
    }
    if text.len() > LONGEST_ALPHANUMERIC {
        return Err(SenderError::TooLong);
    }
    Ok(Sender::Alphanumeric(SenderText(text.to_owned())))
}

impl SenderKind {
    /// The word it is written as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::ShortCode => "short_code",
            Self::Alphanumeric => "alphanumeric",
        }
    }
}

impl fmt::Debug for SenderText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} characters", self.0.len())
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "Sender({}, {} characters)",
            self.kind().as_str(),
            self.expose().len()
        )
    }
}

//! The text of a message.

use crate::Segments;
use std::fmt;
use thiserror::Error;

/// A text that can be sent, and how it splits into segments.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageBody {
    text: String,
    segments: Segments,
}

/// Why a text cannot be sent. Never says what the text was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MessageBodyError {
    /// Nothing, or only white space.
    #[error("the text is empty")]
    Empty,
    /// More than [`MessageBody::MAX_CHARACTERS`].
    #[error("the text is longer than 1600 characters")]
    TooLong,
    /// A control character other than line feed, carriage return, tab and form feed.
    #[error("the text holds a control character")]
    ControlCharacter,
}

impl MessageBodyError {
    /// A stable code for logs and answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "text_empty",
            Self::TooLong => "text_too_long",
            Self::ControlCharacter => "text_control_character",
        }
    }
}

impl MessageBody {
    /// The most characters a text may have: what the largest carriers take in one request.
    pub const MAX_CHARACTERS: usize = 1600;

    /// Checks a text and works out its segments. The text is kept exactly as it is.
    pub fn parse(text: String) -> Result<Self, MessageBodyError> {
        if text.trim().is_empty() {
            return Err(MessageBodyError::Empty);
        }
        // Four bytes a character at most: a huge text is refused without counting it.
        if text.len() > 4 * Self::MAX_CHARACTERS || text.chars().count() > Self::MAX_CHARACTERS {
            return Err(MessageBodyError::TooLong);
        }
        let layout = |character| matches!(character, '\n' | '\r' | '\t' | '\u{c}');
        if text
            .chars()
            .any(|character| character.is_control() && !layout(character))
        {
            return Err(MessageBodyError::ControlCharacter);
        }
        let segments = Segments::of(&text);
        Ok(Self { text, segments })
    }

    /// The text itself. Only for the store and the carrier.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// How it is encoded and split.
    pub const fn segments(&self) -> &Segments {
        &self.segments
    }
}

impl fmt::Debug for MessageBody {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "MessageBody({} characters)", self.text.chars().count())
    }
}

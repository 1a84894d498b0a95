//! The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 6.2.1, 6.2.1.1).

/// Announces a septet of the extension table; not a character itself.
const ESCAPE: char = '\u{1b}';

/// The default alphabet: a character's place is its septet.
#[rustfmt::skip] // eight rows of sixteen, as in the specification
const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ESCAPE, 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table: the septet after the escape, and its character.
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// How a character is written: its septet, and whether an escape comes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) septet: u8,
    pub(crate) escaped: bool,
}

/// How a character is written; none if the alphabet lacks it.
pub(crate) fn code(character: char) -> Option<Code> {
    if character == ESCAPE {
        return None;
    }
    let plain = DEFAULT.iter().zip(0..).find(|(known, _)| **known == character);
    let extended = || EXTENSION.iter().find(|(_, known)| *known == character);
    match plain {
        Some((_, septet)) => Some(Code {
            septet,
            escaped: false,
        }),
        None => extended().map(|(septet, _)| Code {
            septet: *septet,
            escaped: true,
        }),
    }
}

/// The septets a character takes: one, or two with its escape.
pub(crate) fn septets(character: char) -> Option<u32> {
    // Letters, digits and most punctuation share their septet with ASCII: no search for those.
    if matches!(character, ' '..='#' | '%'..='?' | 'A'..='Z' | 'a'..='z') {
        return Some(1);
    }
    code(character).map(|code| 1 + u32::from(code.escaped))
}

#[cfg(test)]
mod tests;

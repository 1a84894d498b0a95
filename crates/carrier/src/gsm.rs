//! The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 6.2.1, 6.2.1.1), unpacked: a septet in each
//! octet, as SMPP carries it.

/// Announces a septet of the extension table; not a character itself.
const ESCAPE: char = '\u{1b}';

/// A character's place is its septet.
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

/// The septet after the escape, and its character.
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

/// The septets of a character: one, or the escape and one. `None`: the alphabet lacks it.
pub fn septets(character: char) -> Option<Vec<u8>> {
    if character == ESCAPE {
        return None;
    }
    let plain = DEFAULT.iter().zip(0_u8..).find(|(known, _)| **known == character);
    let extended = || EXTENSION.iter().find(|(_, known)| *known == character);
    match plain {
        Some((_, septet)) => Some(vec![septet]),
        None => extended().map(|(septet, _)| vec![ESCAPE as u8, *septet]),
    }
}

/// The text of unpacked septets. What means nothing is read as a space or as the plain character, as handsets do
/// (TS 23.038 6.2.1.1, note 1).
pub fn text(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut escaped = false;
    for septet in septets {
        let plain = DEFAULT.get(usize::from(*septet)).copied().unwrap_or('\u{fffd}');
        let extended = EXTENSION.iter().find(|(known, _)| known == septet);
        match (escaped, extended) {
            (true, Some((_, character))) => text.push(*character),
            (true, None) if plain == ESCAPE => text.push(' '),
            (false, _) if plain == ESCAPE => {
                escaped = true;
                continue;
            }
            _ => text.push(plain),
        }
        escaped = false;
    }
    text
}

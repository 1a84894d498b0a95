//! A text with its escapes undone, and where each byte of it stood.

use std::borrow::Cow;

/// So often one address is packed into another, at most.
const DEEPEST: u32 = 4;

/// A way to escape letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    /// RFC 3986 section 2.1.
    Percent,
    /// RFC 8259 section 7.
    Json,
    /// XML 1.0 section 4.1, and the entities of section 4.6.
    Xml,
}

/// One look at a text.
pub(super) struct View<'t> {
    pub(super) bytes: Cow<'t, [u8]>,
    /// Where each byte began in the text, and after the last one the text's end. `None`: where it stands.
    starts: Option<Vec<usize>>,
    depth: u32,
    /// The escapes of JSON or XML were undone; this happens once, and in a document of the other kind never.
    document: bool,
}

impl<'t> View<'t> {
    /// The text as it is.
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            bytes: text.as_bytes().into(),
            starts: None,
            depth: 0,
            document: false,
        }
    }

    /// Where in the text a byte began.
    pub(super) fn start(&self, at: usize) -> usize {
        self.starts.as_ref().map_or(at, |starts| starts[at])
    }

    /// Undoes one layer of escapes, of each kind that there is.
    pub(super) fn unescaped(&self) -> impl Iterator<Item = View<'t>> {
        let percent = (self.depth < DEEPEST).then_some(Escape::Percent);
        let document = (!self.document && self.depth < DEEPEST).then_some([Escape::Json, Escape::Xml]);
        let kinds = percent.into_iter().chain(document.into_iter().flatten());
        kinds.filter_map(|kind| self.without(kind))
    }

    fn without(&self, kind: Escape) -> Option<View<'t>> {
        let mark = match kind {
            Escape::Percent => b'%',
            Escape::Json => b'\\',
            Escape::Xml => b'&',
        };
        if !self.bytes.contains(&mark) {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut starts = Vec::with_capacity(self.bytes.len() + 1);
        let mut at = 0;
        while at < self.bytes.len() {
            let rest = &self.bytes[at..];
            let letter = match kind {
                _ if rest[0] != mark => None,
                Escape::Percent => octet(rest),
                Escape::Json => in_json(rest),
                Escape::Xml => in_xml(rest),
            };
            let before = bytes.len();
            let length = match letter {
                None => {
                    bytes.push(rest[0]);
                    1
                }
                Some((Letter::Octet(octet), length)) => {
                    bytes.push(octet);
                    length
                }
                Some((Letter::Char(letter), length)) => {
                    bytes.extend(letter.encode_utf8(&mut [0; 4]).bytes());
                    length
                }
            };
            starts.resize(starts.len() + bytes.len() - before, self.start(at));
            at += length;
        }
        starts.push(self.start(at));
        (bytes.len() < self.bytes.len()).then(|| View {
            bytes: bytes.into(),
            starts: Some(starts),
            depth: self.depth + 1,
            document: self.document || kind != Escape::Percent,
        })
    }
}

/// The letter that an escape stands for.
enum Letter {
    Octet(u8),
    Char(char),
}

/// The escape at the beginning, and its length.
type Found = Option<(Letter, usize)>;

/// `%41`, upper or lower case.
fn octet(bytes: &[u8]) -> Found {
    let digits = bytes.get(1..3)?;
    Some((Letter::Octet(u8::try_from(number(digits, 16)?).ok()?), 3))
}

/// `\u0041`, `\/` and the like.
fn in_json(bytes: &[u8]) -> Found {
    let short = |letter: u8| Some((Letter::Octet(letter), 2));
    match bytes.get(1)? {
        b'u' => {
            let first = number(bytes.get(2..6)?, 16)?;
            if let Some(letter) = char::from_u32(first) {
                return Some((Letter::Char(letter), 6));
            }
            // The halves of a pair (RFC 8259 section 7).
            let second = bytes.get(6..12).filter(|next| next.starts_with(b"\\u"))?;
            let second = number(&second[2..], 16)?;
            let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
            let letter = char::decode_utf16(pair).next()?.ok()?;
            Some((Letter::Char(letter), 12))
        }
        b'b' => short(8),
        b't' => short(b'\t'),
        b'n' => short(b'\n'),
        b'f' => short(12),
        b'r' => short(b'\r'),
        letter @ (b'"' | b'\\' | b'/') => short(*letter),
        _ => None,
    }
}

/// `&#65;`, `&#x41;`, `&amp;` and the like.
fn in_xml(bytes: &[u8]) -> Found {
    /// `&#x10FFFF;`, and some zeros.
    const LONGEST: usize = 16;
    let end = bytes.iter().take(LONGEST).position(|octet| *octet == b';')?;
    let name = bytes.get(1..end)?;
    let letter = match name {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        _ => return None,
    };
    Some((Letter::Char(letter), end + 1))
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_alphanumeric);
    let digits = std::str::from_utf8(digits).ok().filter(|_| plain)?;
    u32::from_str_radix(digits, base).ok()
}

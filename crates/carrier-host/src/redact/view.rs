//! A text with its percent-escapes undone, and where each byte of it stood.

use std::borrow::Cow;

/// So often one address is packed into another, at most.
const DEEPEST: u32 = 4;

/// One look at a text.
pub(super) struct View<'t> {
    pub(super) bytes: Cow<'t, [u8]>,
    /// Where each byte began in the text, and after the last one the text's end. `None`: where it stands.
    starts: Option<Vec<usize>>,
    depth: u32,
}

impl<'t> View<'t> {
    /// The text as it is.
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            bytes: text.as_bytes().into(),
            starts: None,
            depth: 0,
        }
    }

    /// Where in the text a byte began.
    pub(super) fn start(&self, at: usize) -> usize {
        self.starts.as_ref().map_or(at, |starts| starts[at])
    }

    /// With one layer of escapes undone, upper or lower case; none if there is none.
    pub(super) fn unescaped(&self) -> Option<View<'static>> {
        if self.depth == DEEPEST || !self.bytes.contains(&b'%') {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut starts = Vec::with_capacity(self.bytes.len() + 1);
        let mut at = 0;
        while at < self.bytes.len() {
            starts.push(self.start(at));
            let escaped = octet(&self.bytes[at..]);
            bytes.push(escaped.unwrap_or(self.bytes[at]));
            at += if escaped.is_some() { 3 } else { 1 };
        }
        starts.push(self.start(at));
        (bytes.len() < self.bytes.len()).then(|| View {
            bytes: bytes.into(),
            starts: Some(starts),
            depth: self.depth + 1,
        })
    }
}

/// The octet of an escape at the beginning.
fn octet(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = *bytes else {
        return None;
    };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

//! A text with its percent-escapes undone, and where each byte of it stood.

/// So often one address is packed into another, at most.
const DEEPEST: u32 = 4;

/// One look at a text.
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// Where each byte began in the text, and after the last one the text's end.
    pub(super) starts: Vec<usize>,
    depth: u32,
}

impl View {
    /// The text as it is.
    pub(super) fn of(text: &str) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
            starts: (0..=text.len()).collect(),
            depth: 0,
        }
    }

    /// With one layer of escapes undone, upper or lower case; none if there is none.
    pub(super) fn unescaped(&self) -> Option<Self> {
        if self.depth == DEEPEST || !self.bytes.contains(&b'%') {
            return None;
        }
        let mut view = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            starts: Vec::with_capacity(self.starts.len()),
            depth: self.depth + 1,
        };
        let mut at = 0;
        while at < self.bytes.len() {
            view.starts.push(self.starts[at]);
            let escaped = octet(&self.bytes[at..]);
            view.bytes.push(escaped.unwrap_or(self.bytes[at]));
            at += if escaped.is_some() { 3 } else { 1 };
        }
        view.starts.extend(self.starts.last());
        (view.bytes.len() < self.bytes.len()).then_some(view)
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

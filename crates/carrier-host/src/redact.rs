//! Takes out of a library's words what may not be printed: secrets, the text, numbers.

mod coded;
mod view;

use coded::Coded;
use memchr::memmem;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use view::View;

#[cfg(test)]
mod tests;

/// Stands where something was taken out.
const HIDDEN: &str = "[hidden]";

/// E.164 numbers have 7 to 15 digits; nothing else in a sentence for an operator needs that many in a row.
const NUMBER_DIGITS: usize = 7;

/// A code of a one-time password has at least this many characters.
const CODE_LENGTH: usize = 4;

/// Longest line a library may write.
const LONGEST: usize = 2_000;

/// The shortest secret that is looked for in base64, base 16, Latin-1 and UTF-16, in bytes: what shorter ones become there
/// is in every other word.
const SHORTEST_CODED: usize = 6;

/// What to hide. Made for each message, so that it is looked at only where there are words.
#[derive(Clone, Default)]
pub(crate) struct Redactor<'m> {
    /// Secrets as letters, and as the bytes of other encodings.
    secrets: Arc<[Vec<u8>]>,
    coded: Arc<Coded>,
    /// A message's text and recipient.
    message: Option<(&'m str, &'m str)>,
}

impl Redactor<'_> {
    /// Hides the secrets of an instance.
    pub(crate) fn for_secrets<'a>(secrets: impl Iterator<Item = &'a str>) -> Self {
        let mut all: Vec<Vec<u8>> = Vec::new();
        let mut coded = Coded::default();
        for secret in secrets {
            all.extend(spellings(secret).map(|text| text.into_owned().into_bytes()));
            if secret.len() < SHORTEST_CODED {
                continue;
            }
            coded.add(secret.as_bytes());
            for escaped in escaped(secret) {
                coded.add_base64(escaped.as_bytes());
            }
            for octets in in_other_encodings(secret) {
                coded.add(&octets);
                // And what becomes of them where they are read as UTF-8.
                all.push(String::from_utf8_lossy(&octets).into_owned().into_bytes());
                all.push(octets);
            }
        }
        all.sort();
        all.dedup();
        Self {
            secrets: all.into(),
            coded: Arc::new(coded),
            message: None,
        }
    }

    /// Hides the text and the recipient of one message as well.
    pub(crate) fn for_message<'n>(&self, text: &'n str, to: &'n str) -> Redactor<'n> {
        Redactor {
            secrets: Arc::clone(&self.secrets),
            coded: Arc::clone(&self.coded),
            message: Some((text, to)),
        }
    }

    /// Everything to look for in `longest` bytes: what is longer cannot be there.
    fn all(&self, longest: usize) -> impl Iterator<Item = Cow<'_, [u8]>> {
        let secrets = self.secrets.iter().map(|secret| Cow::Borrowed(secret.as_slice()));
        let of_message = self.message.into_iter().flat_map(move |(text, to)| {
            // The code itself, wherever a library may have cut it out.
            let searched = if longest < CODE_LENGTH { "" } else { text };
            let words = searched
                .split(|letter: char| !letter.is_alphanumeric())
                .filter(|word| word.chars().count() >= CODE_LENGTH && word.chars().any(char::is_numeric));
            let whole = [text, to.trim_start_matches('+')];
            whole
                .into_iter()
                .filter(move |value| value.len() <= longest)
                .flat_map(spellings)
                .chain(words.map(Cow::Borrowed))
                .map(bytes)
        });
        let all = secrets.chain(of_message);
        all.filter(move |hidden| hidden.len() <= longest)
    }

    /// The words as they are, without anything hidden: neither as it stands, nor percent-encoded, once or more, nor with the
    /// escapes of JSON or XML; secrets also not in base64, in base 16, in Latin-1 or in UTF-16.
    pub(crate) fn hidden<'w>(&self, words: &'w str) -> Cow<'w, str> {
        let found = self.found(words);
        if found.is_empty() {
            return words.into();
        }
        let mut left = String::with_capacity(words.len());
        let mut rest = 0;
        for found in found {
            left.push_str(&words[rest..found.start]);
            left.push_str(HIDDEN);
            rest = found.end;
        }
        left.push_str(&words[rest..]);
        left.into()
    }

    /// Where something to hide is, in order; what overlaps is one.
    fn found(&self, words: &str) -> Vec<Range<usize>> {
        let mut all: Vec<Range<usize>> = Vec::new();
        let mut views = vec![View::of(words)];
        while let Some(seen) = views.pop() {
            // Bytes of another encoding may be found inside a letter: then it is hidden whole.
            let place = |found: Range<usize>| {
                let (start, end) = (seen.start(found.start), seen.start(found.end));
                words.floor_char_boundary(start)..words.ceil_char_boundary(end)
            };
            for hidden in self.all(seen.bytes.len()) {
                let at = memmem::find_iter(&seen.bytes, &*hidden);
                all.extend(at.map(|at| place(at..at + hidden.len())));
            }
            all.extend(self.coded.found(&seen.bytes).into_iter().map(place));
            views.extend(seen.unescaped());
        }
        all.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(all.len());
        for range in all {
            match merged.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }

    /// One printable line without anything hidden and without anything like a phone number.
    pub(crate) fn clean(&self, words: &str) -> String {
        let words = self.hidden(words);
        let mut line = String::with_capacity(words.len());
        let mut rest = &*words;
        while let Some(letter) = rest.chars().next() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let end = if digits == 0 { letter.len_utf8() } else { digits };
            match &rest[..end] {
                _ if digits >= NUMBER_DIGITS => line.push_str(HIDDEN),
                _ if letter.is_control() => line.push(' '),
                as_it_is => line.push_str(as_it_is),
            }
            rest = &rest[end..];
        }
        truncate(&mut line);
        line
    }
}

/// The value as such, with a form's `+` for its spaces, and both in JSON; each once. Percent-escapes are undone where it
/// is looked for.
fn spellings(value: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let plain = (!value.is_empty()).then_some(Cow::Borrowed(value));
    let form = value.contains(' ').then(|| Cow::Owned(value.replace(' ', "+")));
    plain.into_iter().chain(form).flat_map(|value| {
        // RFC 8259 section 7.
        let differs = value.contains(|letter: char| letter.is_control() || "\"\\".contains(letter));
        let escaped = differs.then(|| {
            let json = serde_json::Value::from(value.as_ref()).to_string();
            Cow::Owned(json[1..json.len() - 1].to_owned())
        });
        [Some(value), escaped].into_iter().flatten()
    })
}

/// Escapes a secret as a form does, and as RFC 3986 does where that differs: RFC 6749 section 2.3.1 puts either into
/// base64.
fn escaped(secret: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let plain = form.replace('+', "%20").replace('*', "%2A").replace("%7E", "~");
    let mut all = vec![form, plain];
    all.dedup();
    all.retain(|escaped| escaped != secret);
    all
}

/// A secret's bytes where they are not those of UTF-8: in Latin-1, if that has all its letters, and in UTF-16 of either
/// order; each also with a form's `+` for its spaces.
fn in_other_encodings(secret: &str) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for text in [secret.to_owned(), secret.replace(' ', "+")] {
        if !text.is_ascii() {
            let latin: Option<Vec<u8>> = text.chars().map(|letter| u8::try_from(letter).ok()).collect();
            all.extend(latin);
        }
        all.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        all.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    all.retain(|octets| octets.len() >= SHORTEST_CODED);
    all
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

fn truncate(line: &mut String) {
    if line.len() > LONGEST {
        let end = (0..=LONGEST)
            .rev()
            .find(|end| line.is_char_boundary(*end))
            .unwrap_or_default();
        line.truncate(end);
        line.push_str("...");
    }
}

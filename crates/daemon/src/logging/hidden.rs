//! Secrets that must not be printed, whoever prints them: the last guard, behind all that never hand them to a log line.

use crate::config::SecretText;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, PoisonError, RwLock};
use tracing_subscriber::fmt::MakeWriter;

/// Shorter ones are in every other word.
const SHORTEST: usize = 6;

const IN_ITS_PLACE: &[u8] = b"[redacted]";

/// What is hidden in the lines of a process. Clones hide the same.
#[derive(Clone, Default)]
pub struct Hidden(Arc<RwLock<Vec<Vec<u8>>>>);

impl Hidden {
    /// Hides these from now on, in the forms they may come in: as they are, as JSON has them, percent-encoded, in base64.
    pub fn hide<'s>(&self, secrets: impl IntoIterator<Item = &'s SecretText>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for secret in secrets {
            for form in forms(secret.expose()) {
                if form.len() >= SHORTEST && !known.contains(&form) {
                    known.push(form);
                }
            }
        }
        // A secret that holds another is found first.
        known.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// The line without them.
    fn clean(&self, line: &[u8]) -> Option<Vec<u8>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut cleaned: Option<Vec<u8>> = None;
        for form in known.iter() {
            let text = cleaned.as_deref().unwrap_or(line);
            if memmem::find(text, form).is_some() {
                cleaned = Some(replaced(text, form));
            }
        }
        cleaned
    }
}

fn replaced(text: &[u8], form: &[u8]) -> Vec<u8> {
    let mut left = Vec::with_capacity(text.len());
    let mut rest = 0;
    for at in memmem::find_iter(text, form) {
        left.extend_from_slice(&text[rest..at]);
        left.extend_from_slice(IN_ITS_PLACE);
        rest = at + form.len();
    }
    left.extend_from_slice(&text[rest..]);
    left
}

fn forms(secret: &str) -> Vec<Vec<u8>> {
    let json = secret.escape_default().to_string();
    let quoted = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let percent: String = secret
        .bytes()
        .map(|octet| match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(octet).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    let base64 = [STANDARD_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(secret)];
    let texts = [secret.to_owned(), json, quoted, percent];
    texts.into_iter().chain(base64).map(String::into_bytes).collect()
}

impl fmt::Debug for Hidden {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Hidden")
    }
}

/// Writes lines without what is hidden. A line comes in one piece, as `tracing_subscriber` writes it.
#[derive(Clone, Debug)]
pub struct Guarded<W> {
    writer: W,
    hidden: Hidden,
}

impl<W> Guarded<W> {
    /// A guard before this writer.
    pub fn new(writer: W, hidden: Hidden) -> Self {
        Self { writer, hidden }
    }
}

impl<'writer, W: MakeWriter<'writer>> MakeWriter<'writer> for Guarded<W> {
    type Writer = Guarded<W::Writer>;

    fn make_writer(&'writer self) -> Self::Writer {
        Guarded::new(self.writer.make_writer(), self.hidden.clone())
    }
}

impl<W: Write> Write for Guarded<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.hidden.clean(line) {
            Some(cleaned) => self.writer.write_all(&cleaned)?,
            None => self.writer.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

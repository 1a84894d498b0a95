//! The body that a carrier sent, read in each form only when that form is first asked for.

use serde_json::Value as Json;
use std::cell::OnceCell;

/// The mark with which some servers begin a text; a parser may ignore it (RFC 8259 section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The body of an answer or of a call-back.
pub(crate) struct Body<'a> {
    bytes: &'a [u8],
    text: OnceCell<String>,
    json: OnceCell<Option<Json>>,
    form: OnceCell<Vec<(String, String)>>,
}

impl<'a> Body<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            text: OnceCell::new(),
            json: OnceCell::new(),
            form: OnceCell::new(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        self.text
            .get_or_init(|| String::from_utf8_lossy(self.bytes).into_owned())
    }

    /// Returns the body as JSON, or `None` if it is none.
    pub(crate) fn json(&self) -> Option<&Json> {
        let bytes = self.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(self.bytes);
        self.json
            .get_or_init(|| serde_json::from_slice(bytes).ok())
            .as_ref()
    }

    /// Returns the fields of `application/x-www-form-urlencoded`.
    pub(crate) fn form(&self) -> &[(String, String)] {
        self.form
            .get_or_init(|| form_urlencoded::parse(self.bytes).into_owned().collect())
    }

    /// Returns whether nobody has asked for anything in it.
    #[cfg(test)]
    pub(crate) fn is_unread(&self) -> bool {
        self.text.get().is_none() && self.json.get().is_none() && self.form.get().is_none()
    }
}

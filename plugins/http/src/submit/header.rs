//! Headers of a request: which a template may set, and what they can hold. Pure.

use crate::lint::Lint;
use crate::text::{Text, Unfit};
use aldis_carrier::HOST_HEADERS;

/// A name in small letters (RFC 9110 section 5.1).
pub(super) fn name(lint: &mut Lint<'_>, key: &str, name: &str) -> String {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let name = name.to_ascii_lowercase();
    if name.is_empty() || !name.bytes().all(is_token) {
        lint.note(key, "is no name of a header");
    }
    if HOST_HEADERS.contains(&name.as_str()) {
        lint.note(key, "is a header that Aldis writes itself");
    }
    name
}

/// The value, if it can be one (RFC 9110 section 5.5): a line end would begin another header.
pub(super) fn value(text: &Text, value: String) -> Result<String, Unfit> {
    let fits = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    if value.bytes().all(fits) {
        Ok(value)
    } else {
        Err(text.unfit())
    }
}

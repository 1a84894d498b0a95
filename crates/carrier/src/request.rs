//! The HTTP request a carrier asks the host to make.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// A header of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
    /// A secret one is shown nowhere.
    pub secret: bool,
}

/// Headers by which the host runs a connection: a request that has one of them is a fault.
pub const HOST_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request for the host to make. `Debug` shows method and header names only.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Absolute, as it goes out: what a URL cannot hold (RFC 3986) is percent-encoded. Its host must be one of
    /// [`crate::About::hosts`], or that of the setting `base_url`.
    pub url: String,
    /// Headers, in order.
    pub headers: Vec<Header>,
    /// Body.
    pub body: Vec<u8>,
    /// Give up after this; the host caps it by the message's deadline.
    pub timeout: Option<Duration>,
    /// Sending it twice does what sending it once does: if its connection breaks, the host sends it once more.
    pub idempotent: bool,
    /// Comes back with the answer, at most 4 KiB: what a second step needs to know.
    pub state: Vec<u8>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: &str, url: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            idempotent: false,
            state: Vec::new(),
        }
    }

    /// `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// Adds fields to the URL's query, encoded as a form's.
    #[must_use]
    pub fn query<K: AsRef<str>, V: AsRef<str>>(mut self, fields: impl IntoIterator<Item = (K, V)>) -> Self {
        let query = form(fields);
        if !query.is_empty() {
            self.url.push(if self.url.contains('?') { '&' } else { '?' });
            self.url.push_str(&query);
        }
        self
    }

    /// `POST` of a form (`application/x-www-form-urlencoded`).
    pub fn post_form<K: AsRef<str>, V: AsRef<str>>(
        url: impl Into<String>,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::new("POST", url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(fields))
    }

    /// `POST` of a JSON document. A value that JSON cannot hold (a map with keys that are no
    /// texts) becomes `null`, which any carrier refuses.
    pub fn post_json(url: impl Into<String>, document: &impl Serialize) -> Self {
        let body = serde_json::to_vec(document).unwrap_or_else(|_| b"null".to_vec());
        Self::new("POST", url)
            .header("content-type", "application/json")
            .body(body)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header {
            name: name.into(),
            value: value.into(),
            secret: false,
        });
        self
    }

    /// Adds a header whose value is a secret.
    #[must_use]
    pub fn secret_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header {
            name: name.into(),
            value: value.into(),
            secret: true,
        });
        self
    }

    /// `Authorization: Basic` (RFC 7617).
    #[must_use]
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.secret_header(
            "authorization",
            format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))),
        )
    }

    /// `Authorization: Bearer` (RFC 6750).
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.secret_header("authorization", format!("Bearer {token}"))
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the time limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Declares it idempotent.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Leaves a note for `on_response`.
    #[must_use]
    pub fn state(mut self, state: impl Into<Vec<u8>>) -> Self {
        self.state = state.into();
        self
    }
}

fn form<K: AsRef<str>, V: AsRef<str>>(fields: impl IntoIterator<Item = (K, V)>) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|header| &header.name).collect();
        out.debug_struct("Request")
            .field("method", &self.method)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}

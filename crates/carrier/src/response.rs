//! What came of a request.

mod retry_after;

use crate::headers::Headers;
use crate::{Class, Outcome, Transport, abi};
use serde::de::DeserializeOwned;
use std::fmt;
use std::time::Duration;

/// What came of a request: an answer, or how far it got. `Debug` shows neither headers nor body.
#[derive(Clone)]
pub struct Response<'a> {
    status: u16,
    transport: Transport,
    request_written: bool,
    headers: Headers<'a>,
    body: &'a [u8],
    elapsed: Duration,
    step: u32,
    state: &'a [u8],
    now_unix_ms: u64,
}

impl<'a> Response<'a> {
    /// # Safety
    /// `resp` and all it points to is readable as long as `'a`.
    pub(crate) unsafe fn read(resp: *const abi::HttpResp) -> Option<Self> {
        // SAFETY: the caller's promise.
        let resp = unsafe { crate::copying::copy(resp) }?;
        // SAFETY: the caller's promise.
        let (headers, body, state) =
            unsafe { (Headers::read(resp.headers), resp.body.bytes(), resp.state.bytes()) };
        Some(Self {
            status: u16::try_from(resp.status).unwrap_or(0),
            // A way to fail that this version has no word for is a broken connection to it.
            transport: Transport::from_number(resp.transport).unwrap_or(Transport::Reset),
            request_written: resp.request_written != 0,
            headers,
            body,
            elapsed: Duration::from_millis(resp.elapsed_ms.into()),
            step: resp.step,
            state,
            now_unix_ms: resp.now_unix_ms,
        })
    }

    /// HTTP status; 0 without an answer.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// True for 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How far the exchange got.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// False only if nothing of the request can have reached the carrier.
    pub fn request_written(&self) -> bool {
        self.request_written
    }

    /// A header by name, in any case; `None` if it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)
    }

    /// The body.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The body as text; `None` if it is not UTF-8.
    pub fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.body).ok()
    }

    /// The body as JSON; `None` if it is not, or has another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body).ok()
    }

    /// How long it took.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// 1 for the answer to the first request of an attempt.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// What [`crate::Request::state`] left.
    pub fn state(&self) -> &'a [u8] {
        self.state
    }

    /// Now.
    pub fn now_unix_ms(&self) -> u64 {
        self.now_unix_ms
    }

    /// `Retry-After`, in either form (RFC 9110 section 10.2.3); a date is reckoned from now.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after::read(self.header("retry-after")?, self.now_unix_ms)
    }

    /// Classifies an answer that nobody recognised, so that nothing unknown is resent blindly and
    /// nothing is given up without reason.
    ///
    /// | answer | class |
    /// |---|---|
    /// | none, nothing was sent | `Temporary` |
    /// | none, something may have been sent | `Ambiguous` |
    /// | 2xx, 3xx | `Ambiguous`: the carrier may well have taken it |
    /// | 401, 403 | `Unauthorized` |
    /// | 402 | `NoFunds` |
    /// | 429 | `RateLimited`, with `Retry-After` |
    /// | 408, 421, 425 | `Temporary`, with `Retry-After`: not processed, send again |
    /// | 460, 499 | `Ambiguous`: a gateway was left while its own request may have been under way |
    /// | other 4xx | `BadRequest` |
    /// | 500, 503 and the other registered 5xx but 502 and 504 | `Temporary`, with `Retry-After`: the carrier says that it failed. One that fails after it took the message gets it once more |
    /// | 521, 523, 525, 526 | `Temporary`: Cloudflare did not reach the carrier |
    /// | 502, 504, 520, 522, 524, 598, 599 and all other statuses | `Ambiguous`: a gateway before the carrier gave up, and the carrier may have the message |
    pub fn fallback(&self) -> Outcome {
        let code = self.status.to_string();
        match self.status {
            0 if self.transport == Transport::Blocked => Outcome::refused(Class::BadRequest, "blocked")
                .with_detail("that address is not an allowed host"),
            0 if self.request_written => Outcome::refused(Class::Ambiguous, "no_answer"),
            0 => Outcome::refused(Class::Temporary, "not_sent"),
            status => {
                let outcome = Outcome::refused(Class::of_status(status), code);
                match outcome.class {
                    Class::RateLimited | Class::Temporary => outcome.retry_after(self.retry_after()),
                    Class::Ambiguous if status < 400 => outcome.with_detail("the answer was not understood"),
                    Class::Ambiguous => outcome.with_detail(
                        "a gateway before the carrier gave up: the carrier may have the message",
                    ),
                    _ => outcome,
                }
            }
        }
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Response")
            .field("status", &self.status)
            .field("transport", &self.transport)
            .field("request_written", &self.request_written)
            .finish_non_exhaustive()
    }
}

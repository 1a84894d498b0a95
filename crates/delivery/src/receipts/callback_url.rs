//! A message's own call-back address, and what one that was called says. Pure.
//!
//! Carriers sign the bodies of what they tell, and seldom the address that they tell it to. So the address names its
//! message with a seal of ours: who saw one call-back cannot send it to another message.

use aldis_message::{CarrierName, MessageId};
use aws_lc_rs::{constant_time, hmac};
use std::fmt::{self, Write as _};

/// The parameter that names the message.
const MESSAGE: &str = "message";
/// The parameter that proves that we named it.
const SEAL: &str = "seal";
/// The length of a seal, half of an HMAC-SHA-256, the least that RFC 2104 section 5 allows: carriers limit how long an
/// address may be.
const SEAL_BYTES: usize = 16;

/// Makes call-back addresses, and knows its own again.
#[derive(Clone)]
pub(crate) struct CallbackUrls(hmac::Key);

/// A message that a called address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) message: MessageId,
    /// Set if we made the address, for this carrier.
    pub(crate) sealed: bool,
}

impl CallbackUrls {
    pub(crate) fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self::new(hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]))
    }

    /// The address of one message at a carrier whose call-backs arrive at `base`.
    pub(crate) fn of(&self, base: &str, carrier: &CarrierName, message: MessageId) -> String {
        let seal = self.seal(carrier, message);
        format!("{base}?{MESSAGE}={message}&{SEAL}={seal}")
    }

    /// The message that an address names, if it is one of ours. Of a parameter that is there twice the first counts.
    pub(crate) fn named(&self, carrier: &CarrierName, url: &str) -> Option<Named> {
        let (_, query) = url.split_once('?')?;
        let parameter = |wanted: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .into_iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let message = parameter(MESSAGE)?.parse().ok()?;
        let seal = self.seal(carrier, message);
        let sealed = parameter(SEAL).is_some_and(|given| {
            constant_time::verify_slices_are_equal(given.as_bytes(), seal.as_bytes()).is_ok()
        });
        Some(Named { message, sealed })
    }

    fn seal(&self, carrier: &CarrierName, message: MessageId) -> String {
        // No name has a blank in it, so no two pairs read the same.
        let tag = hmac::sign(&self.0, format!("{carrier} {message}").as_bytes());
        let half = tag.as_ref().iter().take(SEAL_BYTES);
        half.fold(String::new(), |mut text, byte| {
            // A `String` takes everything.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl fmt::Debug for CallbackUrls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CallbackUrls")
    }
}

/// The same address for a message that is not there: only the last digit differs.
pub(crate) fn for_another(url: &str, message: MessageId) -> String {
    let id = message.to_string();
    let (rest, last) = id.split_at(id.len() - 1);
    let other = format!("{rest}{}", if last == "0" { "1" } else { "0" });
    url.replacen(&format!("{MESSAGE}={id}"), &format!("{MESSAGE}={other}"), 1)
}

#[cfg(test)]
mod tests;

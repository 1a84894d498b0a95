//! The class of an answer that only its HTTP status tells. Pure.

use crate::Class;

impl Class {
    /// Classifies an HTTP status that nothing else explains, by one question: can the message have been taken?
    ///
    /// `aldis_class_of_status` of the C header is the same table; a test compares them, status by status.
    #[expect(clippy::match_same_arms, reason = "each group has a source of its own")]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Unauthorized,
            402 => Self::NoFunds,
            429 => Self::RateLimited,
            // "Did not receive a complete request" (RFC 9110 section 15.5.9), sent to the wrong server (15.5.20),
            // "unwilling to risk processing" (RFC 8470 section 5.2): not processed, and the sender may repeat it.
            408 | 421 | 425 => Self::Temporary,
            // A gateway was left by the one before it, while its own request may have been under way: nginx's 499
            // (NGX_HTTP_CLIENT_CLOSED_REQUEST), 460 of AWS ("Troubleshoot your Application Load Balancers").
            460 | 499 => Self::Ambiguous,
            400..=499 => Self::BadRequest,
            // The carrier itself failed (RFC 9110 section 15.6) or lacks what the request asks for. These are all that
            // IANA's registry of status codes has of the class, but for 502 and 504.
            500 | 501 | 503 | 505..=508 | 510 | 511 => Self::Temporary,
            // Cloudflare could not connect, or not finish the TLS handshake: the origin has no byte of the request
            // (developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-521/,
            // and error-523/, error-525/, error-526/ beside it).
            521 | 523 | 525 | 526 => Self::Temporary,
            // No valid or no timely answer from the server behind a gateway (502 and 504, RFC 9110 sections 15.6.3 and
            // 15.6.5; 520, 522 and 524 beside the pages above, where the second cause of 522 comes after the
            // connection; 598 and 599 of proxies whose wait for the answer ran out); other statuses of gateways' own,
            // of which nobody says that the origin was not reached; and successes that were not understood.
            _ => Self::Ambiguous,
        }
    }

    /// Returns whether a message refused so is tried again, here or at another carrier: then the refusal must be certain.
    /// A number that cannot be reached, or a text that is too long, ends it.
    pub const fn asks_elsewhere(self) -> bool {
        !matches!(
            self,
            Self::Accepted
                | Self::Ambiguous
                | Self::InvalidNumber
                | Self::OptedOut
                | Self::TooLong
                | Self::Expired
        )
    }
}

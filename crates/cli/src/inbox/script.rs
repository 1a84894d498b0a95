//! What the inbox does with a message, chosen by the recipient's number. Pure.
//!
//! The numbers lie in the range that is reserved for fiction and valid all the same: +1 202 555
//! 0100 to 0199. `plugins/sandbox/README.md` has the same table.

use std::time::Duration;

/// What the inbox does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// 201 with an id.
    Accept,
    /// 503 the first time a message comes, 201 after.
    FailOnce,
    /// This status with this error code.
    Refuse {
        /// HTTP status.
        status: u16,
        /// The `error` of the body.
        error: &'static str,
    },
    /// 201, after a while.
    Slow(Duration),
    /// Takes the message and closes the connection.
    Lose,
    /// 200 with a body that means nothing.
    Garble,
    /// 201, and a receipt with this state after it.
    Receipt(&'static str),
    /// A receipt that it is delivered, and then 201.
    Overtake,
    /// Takes the message, closes the connection, and tells that it is delivered.
    LoseAndTell,
}

/// A recipient with a script.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// The recipient.
    pub recipient: &'static str,
    /// What happens.
    pub act: Act,
    /// The same, for people.
    pub says: &'static str,
}

const fn script(recipient: &'static str, act: Act, says: &'static str) -> Script {
    Script { recipient, act, says }
}

const fn refuse(recipient: &'static str, status: u16, error: &'static str, says: &'static str) -> Script {
    script(recipient, Act::Refuse { status, error }, says)
}

/// The recipients with a script; every other number is accepted.
pub const RECIPIENTS: &[Script] = &[
    script("+12025550100", Act::Accept, "accepted"),
    refuse("+12025550101", 503, "unavailable", "temporary: 503 every time"),
    refuse(
        "+12025550102",
        429,
        "throttled",
        "rate limited: 429 with Retry-After: 2",
    ),
    refuse("+12025550103", 422, "invalid_number", "invalid number"),
    refuse("+12025550104", 422, "opted_out", "recipient opted out"),
    refuse("+12025550105", 422, "sender_not_allowed", "sender not allowed"),
    refuse("+12025550106", 422, "blocked", "blocked by a filter"),
    refuse("+12025550107", 422, "too_long", "text too long"),
    refuse("+12025550108", 400, "bad_request", "request not understood"),
    refuse("+12025550109", 401, "unauthorized", "credentials refused"),
    refuse("+12025550110", 402, "no_funds", "account out of funds"),
    refuse("+12025550112", 422, "unsupported", "feature not supported"),
    refuse(
        "+12025550113",
        422,
        "expired",
        "validity ran out before it was sent",
    ),
    script(
        "+12025550120",
        Act::Slow(Duration::from_secs(2)),
        "accepted after 2 s",
    ),
    script(
        "+12025550121",
        Act::Lose,
        "lost answer: taken, then the connection closes",
    ),
    script(
        "+12025550122",
        Act::Slow(Duration::from_secs(30)),
        "accepted after 30 s",
    ),
    script(
        "+12025550123",
        Act::Garble,
        "unreadable answer: 200 that means nothing",
    ),
    script("+12025550124", Act::FailOnce, "temporary once, then accepted"),
    script(
        "+12025550130",
        Act::Receipt("delivered"),
        "accepted, receipt: delivered",
    ),
    script(
        "+12025550131",
        Act::Receipt("undelivered"),
        "accepted, receipt: undelivered",
    ),
    script(
        "+12025550132",
        Act::Overtake,
        "receipt: delivered, and only then accepted",
    ),
    script(
        "+12025550133",
        Act::LoseAndTell,
        "lost answer, receipt: delivered",
    ),
];

/// The script for a recipient.
pub fn script_for(recipient: &str) -> Script {
    RECIPIENTS
        .iter()
        .copied()
        .find(|script| script.recipient == recipient)
        .unwrap_or_else(|| script("", Act::Accept, "accepted"))
}

#[cfg(test)]
mod tests;

//! Twilio's error codes, as it lists them in its Error and Warning Dictionary, and what they mean.

use aldis_carrier::Class;

/// Sorted by class; what is not here is classified by the HTTP status.
const CODES: [(u32, Class); 32] = [
    (21211, Class::InvalidNumber), // not a phone number
    (21214, Class::InvalidNumber), // not reachable
    (21614, Class::InvalidNumber), // not a mobile number
    (30005, Class::InvalidNumber), // unknown handset
    (30006, Class::InvalidNumber), // landline or unreachable carrier
    (21610, Class::OptedOut),
    (21408, Class::Blocked), // country not enabled
    (30004, Class::Blocked), // blocked by the recipient's network or handset
    (30007, Class::Blocked), // filtered
    (21212, Class::SenderNotAllowed),
    (21606, Class::SenderNotAllowed),
    (21612, Class::SenderNotAllowed), // no route for this pair
    (21659, Class::SenderNotAllowed),
    (21703, Class::SenderNotAllowed), // empty messaging service
    (30032, Class::SenderNotAllowed), // toll-free number not verified
    (30034, Class::SenderNotAllowed), // 10DLC not registered
    (20003, Class::Unauthorized),
    (20005, Class::Unauthorized), // account not active
    (30002, Class::Unauthorized), // account suspended, which is also how an empty account shows
    (14107, Class::RateLimited),
    (20429, Class::RateLimited), // never processed, so safe to send again
    (21611, Class::RateLimited), // the sender's queue is full
    (30001, Class::RateLimited), // queue overflow
    (30022, Class::RateLimited), // 10DLC throughput
    (30003, Class::Temporary),   // handset unreachable
    (30008, Class::Temporary),   // unknown
    (30009, Class::Temporary),   // missing segment
    (30017, Class::Temporary),   // network congestion
    (30036, Class::Expired),     // the validity ran out
    (21602, Class::BadRequest),  // no body
    (21605, Class::TooLong),
    (21617, Class::TooLong),
];

/// What a code means; `None` for one that is not in the table.
pub(crate) fn class_of(code: u32) -> Option<Class> {
    CODES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, class)| *class)
}

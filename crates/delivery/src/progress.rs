//! What a message has been through: the attempts so far, as the decisions need them.

use aldis_message::{AcceptMode, CarrierName, OutcomeClass};
use std::time::Duration;

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Through which carrier.
    pub carrier: CarrierName,
    /// What came of it.
    pub class: OutcomeClass,
}

/// The attempts so far, and where the present round of the route began.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    past: Vec<Past>,
    round_began_at: usize,
    backoff: Option<Duration>,
    quick_retry_used: bool,
    repeat: Option<CarrierName>,
}

impl Progress {
    /// Of a message that waited in the store: a new round begins.
    pub fn resumed(past: Vec<Past>, backoff: Option<Duration>) -> Self {
        let round_began_at = past.len();
        Self {
            quick_retry_used: !past.is_empty(),
            past,
            round_began_at,
            backoff,
            repeat: None,
        }
    }

    /// Adds the attempt that just ended.
    pub fn ended(&mut self, carrier: CarrierName, class: OutcomeClass) {
        self.repeat = None;
        self.past.push(Past { carrier, class });
    }

    /// The message waits: for a quick retry through `repeat`, or in front of the whole route, every
    /// carrier of which may be tried again after it.
    pub fn hold(&mut self, wait: Duration, repeat: Option<CarrierName>) {
        if repeat.is_some() {
            self.quick_retry_used = true;
        } else {
            self.round_began_at = self.past.len();
            self.backoff = Some(wait);
        }
        self.repeat = repeat;
    }

    /// All attempts.
    pub fn attempts(&self) -> usize {
        self.past.len()
    }

    /// The attempts that count against the limit. A carrier that asked for a pause was not a failure.
    pub fn charged(&self) -> usize {
        self.past
            .iter()
            .filter(|past| past.class != OutcomeClass::RateLimited)
            .count()
    }

    /// The attempts whose answer was lost.
    pub fn ambiguous(&self) -> usize {
        self.past
            .iter()
            .filter(|past| past.class == OutcomeClass::Ambiguous)
            .count()
    }

    /// The latest attempt.
    pub fn last(&self) -> Option<&Past> {
        self.past.last()
    }

    /// Every attempt, oldest first.
    pub fn past(&self) -> &[Past] {
        &self.past
    }

    /// The wait before this round.
    pub fn backoff(&self) -> Option<Duration> {
        self.backoff
    }

    /// Whether the one quick retry was spent.
    pub fn quick_retry_used(&self) -> bool {
        self.quick_retry_used
    }

    /// Whether a quick retry through this carrier is due.
    pub fn may_repeat(&self, carrier: &CarrierName) -> bool {
        self.repeat.as_ref() == Some(carrier)
    }

    /// Whether this round has been through the carrier.
    pub fn was_tried(&self, carrier: &CarrierName) -> bool {
        self.past
            .iter()
            .skip(self.round_began_at)
            .any(|past| past.carrier == *carrier)
    }

    /// Whether the carrier said something that will not change while this message lives.
    ///
    /// Credentials and funds are mended by people, which takes longer than a caller waits but not
    /// longer than a stored message lives.
    pub fn is_out(&self, carrier: &CarrierName, mode: AcceptMode) -> bool {
        self.past.iter().any(|past| {
            past.carrier == *carrier
                && match past.class {
                    OutcomeClass::Accepted
                    | OutcomeClass::Temporary
                    | OutcomeClass::RateLimited
                    | OutcomeClass::PluginFault => false,
                    OutcomeClass::Unauthorized | OutcomeClass::NoFunds => mode == AcceptMode::Carrier,
                    OutcomeClass::InvalidNumber
                    | OutcomeClass::OptedOut
                    | OutcomeClass::SenderNotAllowed
                    | OutcomeClass::Blocked
                    | OutcomeClass::TooLong
                    | OutcomeClass::BadRequest
                    | OutcomeClass::Ambiguous
                    | OutcomeClass::Unsupported
                    | OutcomeClass::Expired => true,
                }
        })
    }
}

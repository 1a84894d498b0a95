//! The sending of messages, with the rules for what is tried again after a lost answer and what may be said then.
//!
//! A try whose request may have been written may have sent an SMS, whatever became of its answer. From then on delivery
//! is only asked to attach (`AttachMessage`), which never sends. Three things can come of it: the message's own answer;
//! the word that delivery knows nothing of this call and has closed it, so that nothing was and will be sent by it; or
//! nothing, and then the outcome is unknown. A call that was closed may be made anew, under another id.

use super::{DeliveryClient, LONGEST, view};
use crate::convert::{request_into_wire, span};
use crate::error::own_word;
use crate::wire::{AttachMessageRequest, SendMessageRequest};
use crate::{DeliveryError, ErrorKind, Sent};
use aldis_message::{NewMessage, Reason};
use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, ConnectError, Status};

/// The pauses before the second and the third time of sending: a switch-over takes that long.
const RESENDS: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(300)];
/// The pauses before each time of attaching: a delivery that was killed is back within a second or two.
const ATTACHES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(600),
    Duration::from_secs(1),
];

/// The word of delivery that a message was given up because its callers had left: nothing was sent, and its key is free.
/// Where an answer was lost, it is the broken connection that looked so, and this caller is there.
const FENCED: ErrorKind = ErrorKind::Refused(Reason::Fenced);

/// The result of one try.
enum Tried {
    /// The word of delivery on the message.
    Answered(Result<Sent, DeliveryError>),
    /// The message was not taken: delivery said so, or there was no connection to write to.
    NotTaken(DeliveryError),
    /// The message may have been taken.
    Lost,
    /// The call is closed: nothing was sent by it, and nothing will be.
    Closed,
    /// A delivery of an earlier version, which cannot attach.
    CannotSay,
}

impl DeliveryClient {
    /// Hands a message over and waits for what its accept mode promises, at most `answer_within`.
    ///
    /// With an idempotency key, what fails is tried again in that time; without one nobody could tell a second try from a
    /// second message. [`ErrorKind::Unavailable`] and [`ErrorKind::ShuttingDown`] mean that nothing was sent and nothing
    /// will be; where that cannot be known, the answer is [`Reason::OutcomeUnknown`].
    pub async fn send(&self, message: NewMessage, answer_within: Duration) -> Result<Sent, DeliveryError> {
        let within = answer_within.min(LONGEST);
        let end = Instant::now() + within;
        // grpc-timeout asks the other side, and tonic, to stop; this does not depend on either.
        let answer = timeout(within, self.send_until(end, &message)).await;
        answer.unwrap_or_else(|_| Err(unknown()))
    }

    /// Tries until `end`.
    async fn send_until(&self, end: Instant, message: &NewMessage) -> Result<Sent, DeliveryError> {
        let keyed = message.idempotency.is_some();
        let mut request = request_into_wire(message);
        request.call_id = fresh_call();
        let (mut resends, mut attaches) = (RESENDS.into_iter(), ATTACHES.into_iter());
        // Set as long as a request may have been written whose answer is not known.
        let mut attaching = false;
        // Set as soon as an answer was lost.
        let mut lost = false;
        loop {
            request.time_left = self.clock.map(|now| span(message.deadline.remaining(now())));
            let tried = if attaching {
                self.attach(&request, end).await
            } else {
                self.first(&request, end).await
            };
            let tried = match tried {
                Tried::Answered(Err(error)) if lost && error.kind == FENCED => Tried::Closed,
                tried => tried,
            };
            let (pause, error) = match tried {
                Tried::Answered(answer) => return answer,
                Tried::CannotSay => return Err(unknown()),
                Tried::NotTaken(error) => (resends.next(), error),
                Tried::Lost => {
                    (attaching, lost) = (true, true);
                    (attaches.next(), unknown())
                }
                Tried::Closed => {
                    attaching = false;
                    request.call_id = fresh_call();
                    (resends.next(), closed())
                }
            };
            match pause.filter(|pause| keyed && Instant::now() + *pause < end) {
                Some(pause) => sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    async fn first(&self, request: &SendMessageRequest, end: Instant) -> Tried {
        let mut messages = self.messages.clone();
        let left = end.saturating_duration_since(Instant::now());
        match messages.send_message(self.request(request.clone(), left)).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                let replayed = answer.replayed;
                Tried::Answered(view(answer.message).map(|message| Sent { message, replayed }))
            }
            Err(status) => refused(&status),
        }
    }

    async fn attach(&self, request: &SendMessageRequest, end: Instant) -> Tried {
        let mut messages = self.messages.clone();
        let left = end.saturating_duration_since(Instant::now());
        let attach = AttachMessageRequest {
            send: Some(request.clone()),
        };
        match messages.attach_message(self.request(attach, left)).await {
            Ok(answer) => match answer.into_inner() {
                answer if answer.closed => Tried::Closed,
                answer => Tried::Answered(view(answer.message).map(|message| Sent {
                    message,
                    replayed: true,
                })),
            },
            Err(status) => not_attached(&status),
        }
    }
}

/// Reads what an error says of a request to send.
fn refused(status: &Status) -> Tried {
    let error = DeliveryError::from(status);
    if own_word(status) {
        return match error.kind {
            // One that names a message has taken it.
            ErrorKind::Unavailable | ErrorKind::ShuttingDown if error.message_id.is_some() => Tried::Lost,
            ErrorKind::Unavailable | ErrorKind::ShuttingDown => Tried::NotTaken(error),
            _ => Tried::Answered(Err(error)),
        };
    }
    if never_written(status) {
        return Tried::NotTaken(error);
    }
    match (status.source(), status.code()) {
        // Said of the request itself, in front of delivery.
        (
            None,
            Code::InvalidArgument
            | Code::OutOfRange
            | Code::Unauthenticated
            | Code::PermissionDenied
            | Code::NotFound
            | Code::FailedPrecondition
            | Code::Unimplemented,
        ) => Tried::Answered(Err(error)),
        _ => Tried::Lost,
    }
}

/// Reads what an error says of a request to attach: only delivery's word about the message itself counts.
fn not_attached(status: &Status) -> Tried {
    let error = DeliveryError::from(status);
    match error.kind {
        ErrorKind::Refused(_) | ErrorKind::IdempotencyConflict if own_word(status) => {
            Tried::Answered(Err(error))
        }
        _ if status.code() == Code::Unimplemented => Tried::CannotSay,
        _ => Tried::Lost,
    }
}

/// Whether there was no connection to write the request to. Nothing else proves that: a broken connection may have
/// carried it before it broke.
fn never_written(status: &Status) -> bool {
    let cause: Option<&(dyn Error + 'static)> = status.source();
    std::iter::successors(cause, |&error| error.source()).any(<dyn Error>::is::<ConnectError>)
}

fn unknown() -> DeliveryError {
    DeliveryError::new(
        ErrorKind::Refused(Reason::OutcomeUnknown),
        "delivery's answer was lost, the message may have been sent",
    )
}

fn closed() -> DeliveryError {
    let detail = "the request did not reach delivery: nothing was sent, and nothing will be";
    DeliveryError::new(ErrorKind::Unavailable, detail)
}

/// Tells this call from all others: 128 random bits.
fn fresh_call() -> String {
    let mut random = [0; 16];
    // Without randomness the call has no name, and closing it closes its key.
    if aws_lc_rs::rand::fill(&mut random).is_err() {
        return String::new();
    }
    random.iter().fold(String::new(), |mut text, byte| {
        // A `String` takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

//! What the host is asked to submit.

use aldis_carrier::{Encoding, SenderKind};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Who the message is from. Has no `Debug`: it may be somebody's number.
#[derive(Clone, Serialize, Deserialize)]
pub struct CarrierSender {
    /// What kind of name it is.
    #[serde(with = "sender_kind")]
    pub kind: SenderKind,
    /// The name itself.
    pub address: String,
}

/// One message in the words of the border. Numbers and text are plain here, so `Debug` shows the id only.
#[derive(Clone, Serialize, Deserialize)]
pub struct CarrierMessage {
    /// Aldis's id of the message.
    pub id: String,
    /// Recipient, E.164 with `+`.
    pub to: String,
    /// Sender; the carrier's default if there is none.
    pub from: Option<CarrierSender>,
    /// The text, UTF-8.
    pub text: String,
    /// How it will be coded.
    #[serde(with = "encoding")]
    pub encoding: Encoding,
    /// Parts we count.
    pub segments: u16,
    /// 1 for the first attempt at any carrier.
    pub attempt: u32,
    /// How long the carrier may keep trying; `None` = its default.
    pub validity: Option<Duration>,
    /// The message must not be sent after this moment.
    pub deadline_unix_ms: u64,
    /// Nothing of it is written after this moment: its deadline, or its caller has an answer.
    pub until_unix_ms: u64,
    /// Where receipts shall go; `None` = no receipts wanted.
    pub callback_url: Option<String>,
    /// The same for every attempt of one message at one carrier.
    pub idempotency_key: String,
    /// The caller's attributes.
    pub attributes: Vec<(String, String)>,
}

impl fmt::Debug for CarrierMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CarrierMessage")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// One attempt.
#[derive(Debug, Clone)]
pub struct Submission {
    /// What to send.
    pub message: CarrierMessage,
    /// The whole attempt, every step and wait included, ends within this.
    pub time_limit: Duration,
    /// When the attempt starts.
    pub now_unix_ms: u64,
    /// Cancelled once whoever asked has left or has an answer: what has not been written by then is not written any more.
    pub gone: CancellationToken,
}

impl Submission {
    /// Returns for how long anything of it may be written.
    pub(crate) fn lasts(&self) -> Duration {
        let left = self.message.until_unix_ms.saturating_sub(self.now_unix_ms);
        // Whoever names no deadline that can be counted has one by the attempt's time.
        Duration::from_millis(left).min(LONGEST).max(self.time_limit)
    }
}

/// A time longer than a message lives (48 h).
const LONGEST: Duration = Duration::from_hours(72);

/// By their numbers on the border.
macro_rules! as_number {
    ($module:ident, $kind:ident) => {
        mod $module {
            use aldis_carrier::$kind;
            use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

            pub(super) fn serialize<S: Serializer>(kind: &$kind, to: S) -> Result<S::Ok, S::Error> {
                kind.number().serialize(to)
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$kind, D::Error> {
                let number = u32::deserialize(from)?;
                $kind::from_number(number).ok_or_else(|| D::Error::custom("an unknown number"))
            }
        }
    };
}

as_number!(encoding, Encoding);
as_number!(sender_kind, SenderKind);

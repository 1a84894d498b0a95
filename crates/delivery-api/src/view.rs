//! What a caller learns of a message.

use aldis_message::{
    CarrierName, DeliveryStatus, Encoding, MessageClass, MessageId, OutcomeClass, Reason, ReceiptState,
    TenantName, UnixMillis,
};

/// The answer to a message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message as it is now.
    pub message: MessageView,
    /// Whether this answers a repeated idempotency key.
    pub replayed: bool,
}

/// One message and its life so far. Never its text, never the full number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    /// The recipient, masked.
    pub to_masked: String,
    /// Where it is in its life.
    pub status: DeliveryStatus,
    /// Why it is there, where that needs saying.
    pub reason: Option<Reason>,
    /// Every hand-over to a carrier, oldest first.
    pub attempts: Vec<AttemptView>,
    /// The Auth0 tenant it is for.
    pub tenant: Option<TenantName>,
    /// What kind of message it is.
    pub class: MessageClass,
    /// The encoding the text needs.
    pub encoding: Encoding,
    /// How many segments the text needs.
    pub segments: u16,
    /// When it was accepted.
    pub created_at: UnixMillis,
    /// The moment after which it is not sent any more.
    pub deadline: UnixMillis,
    /// When its state last changed.
    pub updated_at: UnixMillis,
}

/// One hand-over to a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptView {
    /// 1 for the first.
    pub number: u32,
    /// The carrier.
    pub carrier: CarrierName,
    /// What came of it; none while it is under way.
    pub outcome: Option<OutcomeClass>,
    /// The carrier's own code, as it said it.
    pub code: Option<String>,
    /// The carrier's ids, one for each part it made.
    pub carrier_message_ids: Vec<String>,
    /// When it began.
    pub started_at: UnixMillis,
    /// When it ended; none while it is under way.
    pub finished_at: Option<UnixMillis>,
    /// What the carrier told of it afterwards, in the order it came.
    pub receipts: Vec<ReceiptView>,
}

/// What a carrier told of a message (delivery receipt, DLR).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptView {
    /// The carrier's id it is about.
    pub carrier_message_id: String,
    /// What it says.
    pub state: ReceiptState,
    /// The carrier says that nothing will follow.
    pub is_final: bool,
    /// Why it was not delivered, if the carrier says so.
    pub class: Option<OutcomeClass>,
    /// The carrier's own code, as it said it.
    pub code: Option<String>,
    /// When it happened, by the carrier's clock.
    pub carrier_time: Option<UnixMillis>,
    /// When it was told.
    pub received_at: UnixMillis,
}

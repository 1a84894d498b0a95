//! The words of Aldis: what an SMS is.
//!
//! Every word is parsed once, at the border where it comes in, and cannot be wrong afterwards:
//! a [`PhoneNumber`] is a valid one, a [`MessageBody`] knows its [`Segments`], a [`NewMessage`]
//! has a [`Deadline`]. Nothing here does I/O, reads a clock or knows a wire; the present moment
//! comes in as a [`UnixMillis`].
//!
//! A phone number, a text, or an idempotency key never shows through `Debug` or `Display`. Where
//! one must leave the process there is one method for it, `expose`, which is easy to search for.
//!
//! ```
//! use aldis_message::{MessageBody, PhoneNumber, Region};
//!
//! let number = PhoneNumber::parse("(202) 555-0100", Some(Region::parse("US")?))?;
//! assert_eq!(number.expose(), "+12025550100");
//! assert_eq!(format!("{number:?}"), "PhoneNumber(+1******0100)");
//!
//! let body = MessageBody::parse("Your code is 123456".to_owned())?;
//! assert_eq!(body.segments().count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attributes;
mod body;
mod gsm7;
mod id;
mod idempotency;
mod moment;
mod name;
mod new_message;
mod outcome;
mod phone_number;
mod reason;
mod receipt;
mod region;
mod segments;
mod sender;
mod status;
mod word;

pub use attributes::{Attributes, AttributesError};
pub use body::{MessageBody, MessageBodyError};
pub use id::{MessageId, MessageIdError};
pub use idempotency::{Idempotency, IdempotencyKey, IdempotencyKeyError};
pub use moment::{Deadline, UnixMillis};
pub use name::{CarrierName, ClientName, NameError, TenantName};
pub use new_message::{AcceptMode, MessageClass, NewMessage};
pub use outcome::OutcomeClass;
pub use phone_number::{PhoneNumber, PhoneNumberError};
pub use reason::Reason;
pub use receipt::ReceiptState;
pub use region::{Region, RegionError};
pub use segments::{Encoding, Segments};
pub use sender::{Sender, SenderError, SenderKind, SenderText};
pub use status::DeliveryStatus;
pub use word::UnknownWord;

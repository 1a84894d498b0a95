//! The wire between processes, in domain words.
//!
//! `proto/` says what travels; this crate turns it into the words of [`aldis_message`] and back.
//! A caller holds a [`DeliveryClient`] and never sees a generated type. Delivery's gRPC service
//! uses [`request_from_wire`] and [`view_into_wire`], and both sides share the one table between
//! [`DeliveryError`] and [`tonic::Status`] (`error.rs`).
//!
//! ```no_run
//! use aldis_delivery_api::{ClientToken, DeliveryClient, Endpoint};
//! # async fn send(message: aldis_message::NewMessage) -> Result<(), Box<dyn std::error::Error>> {
//! let delivery = DeliveryClient::connect_lazy(&Endpoint {
//!     uri: "http://127.0.0.1:50051".to_owned(),
//!     token: ClientToken::new("a client's token"),
//!     tls: None,
//!     allow_plaintext: false,
//! })?;
//! let sent = delivery.send(message, std::time::Duration::from_secs(12)).await?;
//! println!("{} is {}", sent.message.id, sent.message.status);
//! # Ok(())
//! # }
//! ```

mod callback;
mod carrier;
mod client;
mod convert;
mod endpoint;
mod error;
mod view;
pub mod wire;

pub use callback::{Callback, CallbackAnswer};
pub use carrier::{CarrierView, LinkView, Reloaded};
pub use client::{DeliveryClient, HEALTH_SERVICE};
pub use convert::{
    ClockSkew, clock_skew, request_from_wire, request_into_wire, view_from_wire, view_into_wire,
};
pub use endpoint::{ClientIdentity, ClientTls, ClientToken, Endpoint, EndpointError};
pub use error::{DeliveryError, ErrorKind};
pub use view::{AttemptView, MessageView, ReceiptView, Sent};

//! What a carrier author depends on: the C ABI and the safe kit over it.

#![allow(unsafe_code, reason = "this is one side of the library border; the other is aldis-carrier-host")]

pub mod abi;
pub mod copying;
mod words;

pub use words::{Class, Encoding, EventKind, ReceiptState, Scope, SenderKind, Transport};

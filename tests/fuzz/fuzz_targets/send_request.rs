//! Whatever a gRPC client sends becomes a message or a clear error.
#![no_main]

use aldis_delivery_api::{request_from_wire, wire::SendMessageRequest};
use aldis_message::UnixMillis;
use libfuzzer_sys::fuzz_target;
use prost::Message as _;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = SendMessageRequest::decode(bytes) {
        let _ = request_from_wire(request, UnixMillis::from_millis(1_893_456_000_000));
    }
});

//! The generated types of `aldis.delivery.v1`. Only the conversions, delivery's service and tests use them.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated; its words are explained in proto/"
)]

use std::fmt;

tonic::include_proto!("aldis.delivery.v1");

/// What `proto/` declares, with everything it imports, as an encoded `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/aldis.delivery.v1.bin"));

/// Neither the number nor the text.
impl fmt::Debug for SendMessageRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SendMessageRequest")
            .field("class", &self.class())
            .field("accept", &self.accept())
            .finish_non_exhaustive()
    }
}

/// Neither URL, headers nor body.
impl fmt::Debug for HandleCallbackRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HandleCallbackRequest")
            .field("carrier", &self.carrier)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// The name alone.
impl fmt::Debug for CallbackHeader {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CallbackHeader")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The status alone.
impl fmt::Debug for HandleCallbackResponse {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HandleCallbackResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

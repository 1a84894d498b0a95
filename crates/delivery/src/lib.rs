//! The engine: gRPC service, one `deliver` loop, pure routing and retry decisions, the store, recovery.

pub mod progress;
pub mod retry;
pub mod routing;
pub mod store;

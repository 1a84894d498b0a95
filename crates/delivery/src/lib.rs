//! The engine: gRPC service, one `deliver` loop, pure routing and retry decisions, the store, recovery.
//!
//! Read `deliver.rs` first. A message comes in at `service.rs`, is taken in by `engine.rs`, goes
//! round `deliver.rs`, and is answered from its row by `answer.rs`.

mod answer;
mod carriers;
mod clients;
mod clocks;
pub mod config;
mod deliver;
mod engine;
mod listen;
mod metrics;
mod patience;
pub mod progress;
pub mod receipts;
mod recovery;
mod reload;
pub mod retry;
pub mod routing;
mod running;
mod scheduler;
mod serve;
mod service;
pub mod store;
mod supervised;

pub use config::Config;
pub use listen::{GrpcListener, Listeners, SocketFile};
pub use reload::Reread;
pub use serve::{BuildError, Delivery, RunError};

#[cfg(test)]
mod tests;

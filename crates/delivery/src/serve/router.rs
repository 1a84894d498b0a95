//! All that is served over gRPC, and the limits of its connections.

use super::RunError;
use crate::config::Config;
use crate::engine::Engine;
use crate::service;
use aldis_daemon::request_id::{self, RequestId};
use aldis_delivery_api::wire;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic_health::server::HealthReporter;

/// A connection whose peer is gone is noticed after these.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// Calls given up before they were read, of one connection: after a pause of this process there may be as many as it
/// had callers. With the library's default of 20 the whole connection would be closed, and the calls of others with it.
const GIVEN_UP_UNREAD: usize = 4096;
/// Headers of one request: a token and gRPC's own.
const LONGEST_HEADERS: u32 = 16 * 1024;

/// Builds the services: the messages behind their door, health and reflection before it.
pub(super) fn router(engine: &Arc<Engine>, config: &Config) -> Result<(HealthReporter, Router), RunError> {
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE.0))
        .http2_keepalive_timeout(Some(KEEP_ALIVE.1))
        .http2_max_header_list_size(LONGEST_HEADERS)
        .http2_max_pending_accept_reset_streams(Some(GIVEN_UP_UNREAD))
        // Of the highest level, so that no filter of lines takes the request's name from them.
        .trace_fn(|request| {
            let given = request.headers().get_all(request_id::HEADER).iter();
            let request_id = RequestId::given_or_new(given.map(tonic::codegen::http::HeaderValue::as_bytes));
            tracing::error_span!("request", %request_id)
        });
    let (health, health_service) = tonic_health::server::health_reporter();
    let messages = service::service(Arc::clone(engine));
    let carriers = service::carriers(Arc::clone(engine));
    let mut router = server
        .add_service(messages)
        .add_service(carriers)
        .add_service(health_service);
    if config.reflection {
        let files = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(wire::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        router = router
            .add_service(files().build_v1().map_err(io::Error::other)?)
            .add_service(files().build_v1alpha().map_err(io::Error::other)?);
    }
    Ok((health, router))
}

//! Every URL of the edge, and what each request passes before it gets there.

use crate::Door;
use crate::auth0::legacy;
use crate::caller;
use crate::limits;
use crate::receipts;
use crate::reply::Reply;
use crate::watch;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use std::sync::Arc;

pub(crate) fn router(door: Arc<Door>) -> Router {
    Router::new()
        .route(
            "/auth0/{tenant}/sms",
            post(legacy::send).fallback(legacy::only_post),
        )
        .route(
            "/carriers/{carrier}/receipts",
            get(receipts::receive)
                .post(receipts::receive)
                .head(receipts::other_method)
                .fallback(receipts::other_method),
        )
        .fallback(async || Reply::not_found("no such address"))
        // The last is the outermost.
        .layer(from_fn(limits::check_head))
        .layer(from_fn(watch::contain))
        .layer(from_fn_with_state(Arc::clone(&door), watch::attend))
        .layer(from_fn_with_state(Arc::clone(&door), limits::hear_out))
        .layer(from_fn_with_state(Arc::clone(&door), caller::identify))
        .with_state(door)
}

/// For connections over the cap: whatever is asked, the same answer.
pub(crate) fn refusals(door: Arc<Door>) -> Router {
    Router::new()
        .fallback(async || Reply::overloaded())
        .layer(from_fn_with_state(Arc::clone(&door), limits::hear_out))
        .layer(from_fn_with_state(door, caller::identify))
}

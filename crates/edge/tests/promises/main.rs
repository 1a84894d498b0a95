//! The promises of the front door, over real sockets, against a scripted delivery.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod harness;

mod answers;
mod auth0_bodies;
mod auth0_claims;
mod auth0_header;
mod auth0_keys;
mod auth0_methods;
mod auth0_replay;
mod auth0_tenants;
mod callbacks;
mod leaving;
mod limits;
mod logged;
mod neighbours;
mod nothing_leaks;
mod settings;
mod stopping;

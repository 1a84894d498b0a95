//! What the carrier host promises, proved with compiled C libraries and real sockets; one file per promise.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends so; clippy knows it only of functions marked as tests"
)]

mod a_broken_library_is_contained;
mod a_connection_stays;
#[cfg(target_os = "linux")]
mod a_crash_in_a_worker_costs_nothing;
#[cfg(target_os = "linux")]
mod a_hostile_worker_cannot_hurt_delivery;
mod a_library_needs_no_crypto;
mod a_lost_answer_is_ambiguous;
mod a_lost_link_leaves_what_left_ambiguous;
mod a_message_may_take_longer;
mod a_message_reaches_the_carrier;
#[cfg(target_os = "linux")]
mod a_worker_is_shut_in;
#[cfg(target_os = "linux")]
mod alone;
mod an_attempt_ends_in_time;
mod an_event_is_acknowledged_once_durable;
#[cfg(target_os = "linux")]
mod any_language_with_a_c_abi_will_do;
mod call_backs_are_read_by_their_library;
mod compiled_libraries_keep_working;
mod links_are_handed_over;
mod nothing_is_written_once_it_is_over;
mod nothing_leaves_the_allowed_hosts;
mod nothing_secret_is_logged;
mod old_and_new_libraries;
mod only_known_certificates_are_trusted;
mod only_trusted_bytes_are_loaded;
mod stage;
mod the_last_words_are_heard;
mod the_window_and_the_pace_are_kept;
mod what_was_written_is_not_called_unsent;
mod wire;

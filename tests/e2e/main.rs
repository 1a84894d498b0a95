//! The promises, end to end. One file, one promise.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "these are tests: that is how they fail"
)]

mod a_crashing_carrier_harms_nobody;
mod a_dry_run_shows_the_request;
mod a_lost_answer_is_told_truly;
mod a_receipt_comes_home;
mod a_receipt_is_about_its_own_message;
mod a_refusal_means_something;
mod a_reload_drops_nothing;
mod a_request_can_be_followed;
mod a_scaffold_works_at_once;
mod a_stranger_writes_a_carrier;
mod an_auth0_request_becomes_one_sms;
mod an_operator_sees_the_carriers;
mod any_http_api_is_a_carrier;
mod any_language_can_call;
mod config_faults_are_named;
mod every_carrier_keeps_the_contract;
mod failover_is_not_noticed;
mod nothing_accepted_is_lost;
mod nothing_is_printed;
mod nothing_is_sent_late;
mod nothing_is_sent_twice;
mod only_pinned_carriers_are_loaded;
mod overload_is_answered;
mod rotating_a_token_forgets_no_key;
mod secrets_stay_in_their_process;
mod smpp_speaks_to_smscs;
mod smscs_have_habits;
mod the_demo_works;
mod the_stores_file_is_watched;
mod twilio_sees_its_own_requests;

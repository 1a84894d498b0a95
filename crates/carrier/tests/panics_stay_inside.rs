//! A panic of a carrier ends at the border: the host gets `E_PANIC` and the place, and nothing
//! prints what the panic said, for that may be a message.

#![allow(
    missing_docs,
    unsafe_code,
    clippy::expect_used,
    reason = "a test of the border itself"
)]

#[path = "carriers/acme.rs"]
mod acme;

use acme::Acme;
use aldis_carrier::abi;
use aldis_carrier::copying::copy;
use aldis_carrier::serde_json::json;
use aldis_carrier::testing::{Answer, Bench, Callback, Fault, TestMessage};
use std::process::Command;
use std::ptr;

aldis_carrier::export_carrier!(Acme);

const NUMBER: &str = "+12025550123";
const CODE: &str = "planted-code-173205";
const KEY: &str = "planted-key";

fn bench() -> Bench<Acme> {
    Bench::new(&json!({}), &[("api_key", KEY)]).expect("an instance")
}

#[test]
fn in_any_entry_and_the_instance_goes_on() {
    let carrier = bench();
    for _ in 0..3 {
        let fault = carrier
            .submit(&TestMessage::new(NUMBER, "panic"))
            .expect_err("a fault");
        assert_eq!(fault, Fault::Panicked);
        let later = TestMessage::new(NUMBER, "panic later");
        let fault = carrier
            .on_response(&later, &Answer::new(200, CODE))
            .expect_err("a fault");
        assert_eq!(fault, Fault::Panicked);
        let callback = Callback::post("https://gateway.example/x", format!("kind=panic&text={CODE}"));
        let fault = carrier
            .webhook(&callback.header("x-acme-key", KEY))
            .expect_err("a fault");
        assert_eq!(fault, Fault::Panicked);
    }
    let attempt = carrier.attempt(&TestMessage::new(NUMBER, "hello"), [Answer::new(201, "id")]);
    assert_eq!(attempt.expect("an end").outcome.carrier_ids, ["id"]);
}

#[test]
fn the_host_hears_of_each_but_not_what_it_said() {
    let carrier = bench();
    let _fault = carrier.submit(&TestMessage::new(NUMBER, "panic"));
    let log = carrier.log();
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(log[0].starts_with("a panic was contained"), "{log:?}");
    assert!(!log[0].contains(NUMBER), "{log:?}");
}

#[test]
fn while_an_instance_is_made() {
    let error = Bench::<Acme>::new(&json!({}), &[("api_key", "explode")]).expect_err("a fault");
    assert_eq!(error.reason, format!("instance_create returned {}", abi::E_PANIC));
}

/// Set for the child that plays a loaded library.
const CHILD: &str = "ALDIS_TEST_PANICKING_CHILD";

/// The child: as in a library of its own, `load` has been called.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    // SAFETY: the entry is static.
    let entry = unsafe { copy(aldis_carrier_entry_v1()) }.expect("an entry");
    let load = entry.load.expect("load");
    for _ in 0..2 {
        // SAFETY: the table may be null, `load` does not read it.
        assert_eq!(unsafe { load(ptr::null()) }, abi::OK, "load may be repeated");
    }
    let carrier = bench();
    let fault = carrier
        .submit(&TestMessage::new(NUMBER, "panic"))
        .expect_err("a fault");
    assert_eq!(fault, Fault::Panicked);
    let log = carrier.log();
    assert!(log[0].contains("acme.rs:"), "the place is known: {log:?}");
    println!("the child is done: {log:?}");
}

#[test]
fn nothing_is_printed() {
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, "1")
        .env("RUST_BACKTRACE", "full")
        .output()
        .expect("the child");
    let printed = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && printed.contains("the child is done"),
        "{printed}"
    );
    assert!(
        !printed.contains(NUMBER) && !printed.contains("cannot send"),
        "{printed}"
    );
}

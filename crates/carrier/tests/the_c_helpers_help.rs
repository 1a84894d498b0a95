//! The conveniences of the header do what their comments say, and read nothing beyond what they are lent.

#![allow(missing_docs, clippy::expect_used, reason = "a test")]

#[path = "carriers/acme.rs"]
mod acme;

use aldis_carrier::serde_json::json;
use aldis_carrier::testing::{Answer, Bench, TestMessage};
use std::path::Path;
use std::process::Command;

/// Compiles `c_carrier/helpers.c`; false if the compiler cannot with these flags.
fn build(flags: &[&str], to: &Path) -> bool {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("cc")
        .args(["-std=c11", "-g", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I"])
        .arg(home.join("include"))
        .args(flags)
        .arg("-o")
        .arg(to)
        .arg(home.join("tests/c_carrier/helpers.c"))
        .output()
        .expect("a C compiler");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() || !flags.is_empty(),
        "the helpers do not compile: {complaint}"
    );
    output.status.success()
}

#[test]
fn word_for_word() {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("helpers");
    let watched = build(
        &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
        &program,
    );
    if !watched {
        println!("this machine's cc has no address sanitizer: reading too far is not noticed here");
        build(&[], &program);
    }
    let said = Command::new(&program)
        // Nothing is freed: the program is short.
        .env("ASAN_OPTIONS", "detect_leaks=0")
        .output()
        .expect("the program");
    assert!(
        said.status.success(),
        "{}{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
}

/// One question, one answer: an author in C and one in Rust say the same of every status.
#[test]
fn a_status_means_the_same_in_both_languages() {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("helpers_statuses");
    build(&[], &program);
    let told = Command::new(&program)
        .arg("statuses")
        .output()
        .expect("the program");
    let table = String::from_utf8(told.stdout).expect("text");
    let rust = Bench::<acme::Acme>::new(&json!({}), &[("api_key", "k3y")]).expect("an instance");
    let message = TestMessage::new("+12025550100", "hello");
    let mut compared = 0;
    for (status, class) in table.lines().filter_map(|line| line.split_once(' ')) {
        let status: u16 = status.parse().expect("a status");
        // 0 is no answer, and more than three digits have no place in a status line (RFC 9112 section 4).
        if !(100..1000).contains(&status) {
            continue;
        }
        let answer = Answer::new(status, "");
        let outcome = rust.attempt(&message, [answer]).expect("an end").outcome;
        assert_eq!(outcome.class.number().to_string(), class, "{status}");
        compared += 1;
    }
    assert_eq!(compared, 900);
}

//! A panic tells its place and not its words; the first signal asks, the second does not wait.
//!
//! Both change the whole process, so each is watched from outside, in a child that is this test.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::{logging, shutdown};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};

const ROLE: &str = "ALDIS_DAEMON_TEST_ROLE";

fn child(role: &str) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "the_child", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let stdout = BufReader::new(child.stdout.take().expect("piped"));
    (child, stdout)
}

#[test]
fn the_child() {
    match std::env::var(ROLE).as_deref() {
        Ok("panic") => {
            logging::init(&logging::Hidden::default());
            let thread = std::thread::spawn(|| panic!("the code is {}", 473_912));
            assert!(thread.join().is_err());
        }
        Ok("signal") => {
            logging::init(&logging::Hidden::default());
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let token = shutdown::on_signal();
                // Under a name of ours: other crates are capped.
                tracing::info!(target: "aldis_test", "listening");
                token.cancelled().await;
                tracing::info!(target: "aldis_test", "draining");
                std::future::pending::<()>().await;
            });
        }
        _ => {}
    }
}

#[test]
fn a_panic_tells_its_place_and_not_its_words() {
    let (mut child, mut stdout) = child("panic");
    let mut said = String::new();
    stdout.read_to_string(&mut said).expect("text");
    child
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut said)
        .expect("text");
    assert!(child.wait().expect("ended").success(), "{said}");
    assert!(said.contains("panics_and_signals.rs:"), "{said}");
    assert!(!said.contains("473912"), "{said}");
    // Proves that RUST_LOG=trace was heard.
    assert!(said.contains("\"TRACE\""), "{said}");
}

fn wait_for(stdout: &mut BufReader<ChildStdout>, word: &str) {
    let mut line = String::new();
    while !line.contains(word) {
        line.clear();
        assert_ne!(
            stdout.read_line(&mut line).expect("text"),
            0,
            "it ended without saying {word}"
        );
    }
}

#[test]
fn the_first_signal_asks_and_the_second_does_not_wait() {
    let (mut child, mut stdout) = child("signal");
    let kill = |signal: &str| {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {}", child.id())])
            .status();
        assert!(sent.expect("sh").success());
    };
    wait_for(&mut stdout, "listening");
    kill("TERM");
    wait_for(&mut stdout, "draining");
    kill("INT");
    let status = child.wait().expect("ended");
    assert_eq!(status.code(), Some(130), "SIGINT is 2, and 128 + 2");
}

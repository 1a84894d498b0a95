//! The newcomer's first command: `aldis dev --once`, which `cargo demo` runs after building.

use aldis_tests::binaries;
use std::process::Command;

#[test]
fn the_demo_shows_one_sms_from_end_to_end() {
    let output = Command::new(binaries::program("aldis"))
        .args(["dev", "--once"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for word in [
        "POST /auth0/demo/sms",
        "200",
        "Your code is",
        "submitted",
        "sandbox",
    ] {
        assert!(said.contains(word), "`{word}` is not in:\n{said}");
    }
}

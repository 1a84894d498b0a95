//! The conveniences of the header do what their comments say, and read nothing beyond what they are lent.

#![allow(missing_docs, clippy::expect_used, reason = "a test")]

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

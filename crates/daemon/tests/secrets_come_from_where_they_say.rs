//! `{ file }`, `{ env }`, `{ literal }`: what each gives, and what it refuses.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::config::{self, Secret, SecretError};
use serde::Deserialize;
use std::fs;

#[derive(Deserialize)]
struct Settings {
    token: Secret,
}

fn secret(toml: &str) -> Secret {
    let loaded = config::read::<Settings>("a.toml", &format!("token = {toml}"), "ALDIS", std::iter::empty());
    loaded.unwrap_or_else(|error| panic!("{error}")).raw.token
}

fn of_file(content: &[u8]) -> Result<String, SecretError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    fs::write(&path, content).expect("written");
    let found = secret(&format!("{{ file = '{}' }}", path.display())).resolve()?;
    Ok(found.expose().to_owned())
}

/// Editors and `echo` end a file with a line break; only that one is not meant.
#[test]
fn a_file_without_its_last_line_break() {
    for (content, expected) in [
        ("a b", "a b"),
        ("a\n", "a"),
        ("a\r\n", "a"),
        ("a\n\n", "a\n"),
        (" a ", " a "),
        ("a\r", "a\r"),
    ] {
        assert_eq!(of_file(content.as_bytes()).expect("a secret"), expected);
    }
}

#[test]
fn a_file_that_cannot_be_a_secret() {
    assert!(matches!(of_file(b""), Err(SecretError::Empty)));
    assert!(matches!(of_file(b"\n"), Err(SecretError::Empty)));
    assert!(matches!(of_file(b"\xff\xfe"), Err(SecretError::File(_))));
    assert!(matches!(
        of_file(&vec![b'a'; 64 * 1024 + 1]),
        Err(SecretError::TooLarge)
    ));
    assert!(matches!(
        secret("{ file = \"/nowhere/at/all\" }").resolve(),
        Err(SecretError::File(_))
    ));
}

#[test]
fn a_variable_or_the_words_themselves() {
    // Cargo sets it for every test.
    assert_eq!(
        secret("{ env = \"CARGO_PKG_NAME\" }")
            .resolve()
            .expect("set")
            .expose(),
        "aldis-daemon"
    );
    assert!(matches!(
        secret("{ env = \"ALDIS_NO_SUCH_VARIABLE\" }").resolve(),
        Err(SecretError::Variable)
    ));
    assert_eq!(
        secret("{ literal = \"words\\n\" }")
            .resolve()
            .expect("here")
            .expose(),
        "words\n"
    );
    assert!(matches!(
        secret("{ literal = \"\" }").resolve(),
        Err(SecretError::Empty)
    ));
}

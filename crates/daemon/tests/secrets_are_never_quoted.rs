//! A secret that was put into the wrong place is not shown by the error that says so.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::config::{self, ConfigError, HumanDuration, Secret};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read into")]
struct Settings {
    address: Option<SocketAddr>,
    count: Option<u8>,
    on: Option<bool>,
    within: Option<HumanDuration>,
    accept: Option<Accept>,
    list: Option<Vec<u8>>,
    token: Option<Secret>,
    tokens: Option<Vec<Secret>>,
    talkative: Option<Talkative>,
    either: Option<Either>,
    map: Option<BTreeMap<String, u8>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only read into")]
enum Accept {
    Carrier,
    Stored { after: u8 },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(dead_code, reason = "only read into")]
enum Either {
    Number(u8),
    Truth(bool),
}

/// A type whose own error quotes what it was given, as most do.
#[derive(Debug)]
struct Talkative;

impl<'de> Deserialize<'de> for Talkative {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (half, _) = text.split_at(text.len() / 2);
        Err(serde::de::Error::custom(format!(
            "cannot use {text:?}, neither `{half}`, nor {text}"
        )))
    }
}

/// Where a secret may land by mistake; `{}` is the secret.
const WRONG_PLACES: [&str; 27] = [
    "address = \"{}\"",
    "count = \"{}\"",
    "on = \"{}\"",
    "within = \"{}\"",
    "accept = \"{}\"",
    "accept = { carrier = \"{}\" }",
    "accept = { \"{}!\" = 1 }",
    "accept = { stored = { after = \"{}\" } }",
    "list = [1, \"{}\"]",
    "list = \"{}\"",
    "token = \"{}\"",
    "token = [\"{}\"]",
    "token = { \"{}!\" = 1 }",
    "token = { {} = 1 }",
    "token = { literal = [\"{}\"] }",
    "token = { literal = \"x\", file = \"{}\" }",
    "token = { literal = \"{}\", {} = 1 }",
    "token = {}",
    "tokens = [\"{}\"]",
    "tokens = [{ literal = \"a\" }, { secret = \"{}\" }]",
    "talkative = \"{}\"",
    "either = \"{}\"",
    "map = { a = \"{}\" }",
    "{}",
    "[[{}",
    "\"{}!\" = 1",
    "token = \"{}",
];

fn refused(text: &str, env: Option<(&str, &str)>) -> ConfigError {
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    config::read::<Settings>("a.toml", text, "ALDIS", env.into_iter()).expect_err("refused")
}

proptest! {
    #[test]
    fn no_fault_shows_a_planted_secret(secret in "[A-Z][A-Za-z0-9]{7,60}", place in 0..WRONG_PLACES.len()) {
        let text = WRONG_PLACES[place].replace("{}", &secret);
        let error = refused(&text, None);
        for said in [error.to_string(), format!("{error:?}")] {
            prop_assert!(!said.contains(&secret), "{text}\n{said}");
            prop_assert!(!said.contains(&secret[..secret.len() / 2]), "half of it: {text}\n{said}");
            prop_assert!(said.contains("a.toml"), "{said}");
        }
    }

    #[test]
    fn nor_one_planted_in_a_variable(secret in "[A-Z][A-Za-z0-9]{7,60}", key in "ADDRESS|COUNT|ON|WITHIN|ACCEPT|LIST|TOKEN|TOKENS|TALKATIVE|EITHER|MAP|TOKEN__FIEL|COUNT__X") {
        let name = format!("ALDIS__{key}");
        let said = refused("count = 1", Some((&name, &secret))).to_string();
        prop_assert!(!said.contains(&secret), "{said}");
        prop_assert!(said.contains(&name), "{said}");
    }

    /// A path or a variable's name may be the secret itself, pasted one key too far.
    #[test]
    fn nor_does_a_secret_that_cannot_be_had(secret in "[A-Z][A-Za-z0-9]{7,60}", form in "file|env") {
        let text = format!("token = {{ {form} = \"{secret}\" }}");
        let loaded = config::read::<Settings>("a.toml", &text, "ALDIS", std::iter::empty()).expect("read");
        let found = loaded.raw.token.expect("given");
        let error = found.resolve().expect_err("there is no such thing");
        let said = format!("{error} {error:?} {found:?}");
        prop_assert!(!said.contains(&secret), "{}", said);
    }
}

#[test]
fn a_secret_never_shows_itself() {
    let loaded = config::read::<Settings>(
        "a.toml",
        "token = { literal = \"hunter2hunter2\" }",
        "ALDIS",
        std::iter::empty(),
    );
    let loaded = loaded.expect("read");
    assert!(!format!("{loaded:?}").contains("hunter2"), "{loaded:?}");
    let text = loaded.raw.token.expect("given").resolve().expect("here");
    assert_eq!(text.expose(), "hunter2hunter2");
    assert!(!format!("{text:?}").contains("hunter2"));
}

//! A fault of the settings names file, line, column, key and reason: an operator mends it without searching.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::config::{self, ConfigError, HumanDuration, Loaded};
use serde::Deserialize;
use std::net::SocketAddr;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read into")]
struct Settings {
    listen: SocketAddr,
    #[serde(default)]
    retries: Option<u8>,
    #[serde(default)]
    tenants: Vec<Tenant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read into")]
struct Tenant {
    name: String,
    #[serde(default)]
    accept: Option<Accept>,
    #[serde(default)]
    answer_within: Option<HumanDuration>,
    #[serde(default)]
    gateway_authentication: Option<Gate>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Accept {
    Carrier,
    Stored,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read into")]
struct Gate {
    audience: String,
}

const GOOD: &str = r#"# the edge
listen = "127.0.0.1:8080"

[[tenants]]
name = "acme"
answer_within = "12s"
  [tenants.gateway_authentication]
  audience = "urn:acme"

[[tenants]]
name = "other"
accept = "carrier"
"#;

fn read(text: &str, env: &[(&str, &str)]) -> Result<Loaded<Settings>, ConfigError> {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    config::read("edge.toml", text, "ALDIS_EDGE", env)
}

fn said(from: &str, to: &str) -> String {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "`{from}` is not in the file");
    read(&text, &[]).expect_err("refused").to_string()
}

#[test]
fn a_good_file_is_read() {
    let loaded = read(GOOD, &[]).expect("good");
    assert_eq!(loaded.raw.tenants[1].name, "other");
}

#[test]
fn each_fault_has_its_place_key_and_reason() {
    let cases = [
        (
            "listen =",
            "lisen =",
            "edge.toml:2:1: lisen: no such key; did you mean `listen`?",
        ),
        (
            "listen =",
            "entirely_else =",
            "edge.toml:2:1: entirely_else: no such key; the keys here are `listen`, `retries`, `tenants`",
        ),
        (
            "\"127.0.0.1:8080\"",
            "\"nowhere\"",
            "edge.toml:2:10: listen: invalid socket address syntax",
        ),
        (
            "listen = \"127.0.0.1:8080\"",
            "",
            "edge.toml:1:1: listen: required, but not given",
        ),
        (
            "listen = \"127.0.0.1:8080\"",
            "listen = 8080",
            "edge.toml:2:10: listen: expected socket address, found an integer",
        ),
        (
            "[[tenants]]",
            "retries = 300\n[[tenants]]",
            "edge.toml:4:11: retries: out of range or malformed: expected u8",
        ),
        (
            "name = \"acme\"",
            "",
            "edge.toml:4:1: tenants[0].name: required, but not given",
        ),
        (
            "name = \"acme\"",
            "name = [\"acme\"]",
            "edge.toml:5:8: tenants[0].name: expected a string, found a list",
        ),
        (
            "\"12s\"",
            "\"12 s\"",
            "edge.toml:6:17: tenants[0].answer_within: not a duration: write a whole number and its unit, as in 500ms, 15s, 3m, 24h or 2d",
        ),
        (
            "  audience = \"urn:acme\"",
            "",
            "edge.toml:7:3: tenants[0].gateway_authentication.audience: required, but not given",
        ),
        (
            "audience",
            "audiense",
            "edge.toml:8:3: tenants[0].gateway_authentication.audiense: no such key; did you mean `audience`?",
        ),
        (
            "\"carrier\"",
            "\"cairrer\"",
            "edge.toml:12:10: tenants[1].accept: expected one of `carrier`, `stored`",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(said(from, to), expected);
    }
}

#[test]
fn what_is_not_toml_has_a_place_too() {
    for (from, to, place) in [
        ("\"127.0.0.1:8080\"", "\"127.0.0.1:8080", "edge.toml:2:"),
        ("[[tenants]]", "[[tenants]", "edge.toml:4:"),
        ("listen =", "listen", "edge.toml:2:"),
        (
            "# the edge",
            "listen = 1",
            "edge.toml:2:1: not TOML: duplicate key",
        ),
    ] {
        let said = said(from, to);
        assert!(said.starts_with(place), "{said}");
    }
}

#[test]
fn columns_count_characters_not_bytes() {
    assert!(said("[[tenants]]", "ä = { ö = 1, öö = 2 }\n[[tenants]]").starts_with("edge.toml:4:1: "));
    let text = "tenants = [{ name = \"öö\", accept = 1 }]";
    let said = read(text, &[]).expect_err("refused").to_string();
    assert!(said.starts_with("edge.toml:1:36: tenants[0].accept: "), "{said}");
}

#[test]
fn a_fault_of_the_environment_names_the_variable() {
    let said = |name, value| read(GOOD, &[(name, value)]).expect_err("refused").to_string();
    assert_eq!(
        said("ALDIS_EDGE__LISTEN", "nowhere"),
        "environment variable ALDIS_EDGE__LISTEN: listen: invalid socket address syntax"
    );
    assert_eq!(
        said("ALDIS_EDGE__LISTN", "127.0.0.1:1"),
        "environment variable ALDIS_EDGE__LISTN: listn: no such key; did you mean `listen`?"
    );
    assert_eq!(
        said("ALDIS_EDGE__TENANTS__1__ACCEPT", "never"),
        "environment variable ALDIS_EDGE__TENANTS__1__ACCEPT: tenants[1].accept: expected one of `carrier`, `stored`"
    );
    assert_eq!(
        said("ALDIS_EDGE__TENANTS__2__ACCEPT", "carrier"),
        "environment variable ALDIS_EDGE__TENANTS__2__ACCEPT: tenants[2].name: required, but not given"
    );
    assert_eq!(
        said("ALDIS_EDGE__TENANTS__7__NAME", "far"),
        "environment variable ALDIS_EDGE__TENANTS__7__NAME: the number skips an entry of the list: the next one is its length"
    );
    assert_eq!(
        said("ALDIS_EDGE__LISTEN__PORT", "1"),
        "environment variable ALDIS_EDGE__LISTEN__PORT: the name goes into a setting that is no table"
    );
}

#[test]
fn what_the_service_finds_is_named_the_same_way() {
    let loaded = read(GOOD, &[("ALDIS_EDGE__TENANTS__1__NAME", "acme")]).expect("good");
    let fault = |key| loaded.source.fault(key, "wrong").to_string();
    assert_eq!(fault("listen"), "edge.toml:2:10: listen: wrong");
    assert_eq!(fault("tenants[0].name"), "edge.toml:5:8: tenants[0].name: wrong");
    assert_eq!(
        fault("tenants[1].name"),
        "environment variable ALDIS_EDGE__TENANTS__1__NAME: tenants[1].name: wrong"
    );
    // Not given: the table it is missing from.
    assert_eq!(
        fault("tenants[0].default_sender"),
        "edge.toml:4:1: tenants[0].default_sender: wrong"
    );
    assert_eq!(fault("delivery_tls.ca"), "edge.toml:1:1: delivery_tls.ca: wrong");
}

#[test]
fn several_faults_are_told_at_once() {
    let source = read(GOOD, &[]).expect("good").source;
    let faults = [
        source.fault("listen", "one"),
        source.fault("tenants[1].name", "two"),
    ];
    let said = ConfigError::all(faults).expect_err("two").to_string();
    assert_eq!(
        said,
        "edge.toml:2:10: listen: one\nedge.toml:11:8: tenants[1].name: two"
    );
    assert_eq!(ConfigError::all([]), Ok(()));
}

#[test]
fn a_missing_file_is_named() {
    let error = config::load::<Settings>("nowhere/edge.toml".as_ref(), "ALDIS_EDGE", std::iter::empty());
    let said = error.expect_err("missing").to_string();
    assert!(
        said.starts_with("nowhere/edge.toml: the file cannot be read: "),
        "{said}"
    );
}

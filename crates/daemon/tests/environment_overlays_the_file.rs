//! Every key can come from the environment, whose word is the last.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::config::{self, ConfigError, Loaded, Secret};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    text: String,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    on: bool,
    #[serde(default)]
    list: Vec<String>,
    #[serde(default)]
    rooms: Vec<Room>,
    #[serde(default)]
    token: Option<Secret>,
    #[serde(default)]
    free: serde_json_like::Any,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Room {
    name: String,
    #[serde(default)]
    doors: u8,
}

/// A setting whose form is another's business, as a carrier's settings are.
mod serde_json_like {
    use serde::Deserialize;

    #[derive(Debug, Deserialize, Default, PartialEq)]
    #[serde(untagged)]
    pub(crate) enum Any {
        Number(i64),
        Text(String),
        Table(std::collections::BTreeMap<String, Any>),
        #[default]
        Nothing,
    }
}

fn read(text: &str, env: &[(&str, &str)]) -> Result<Loaded<Settings>, ConfigError> {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    config::read("a.toml", text, "ALDIS_EDGE", env)
}

fn good(text: &str, env: &[(&str, &str)]) -> Settings {
    read(text, env).unwrap_or_else(|error| panic!("{error}")).raw
}

#[test]
fn a_variable_replaces_a_value() {
    let settings = good(
        "text = \"file\"\nport = 1",
        &[
            ("ALDIS_EDGE__PORT", "2"),
            ("ALDIS_EDGE__ON", "true"),
            ("ALDIS_EDGE__TEXT", "environment"),
        ],
    );
    assert_eq!(
        (settings.text.as_str(), settings.port, settings.on),
        ("environment", 2, true)
    );
}

/// A phone number, a version, a word that TOML would read otherwise: where a string is wanted it stays as written.
#[test]
fn a_string_stays_as_written() {
    for words in [
        "+12025550199",
        "007",
        "true",
        "1_000",
        "0x10",
        "2024-01-01",
        "inf",
        "say \"hi\"",
        "",
        " padded ",
    ] {
        assert_eq!(good("", &[("ALDIS_EDGE__TEXT", words)]).text, words);
    }
    // Who writes TOML is taken at their word.
    assert_eq!(good("", &[("ALDIS_EDGE__TEXT", "\"quoted\"")]).text, "quoted");
}

#[test]
fn lists_and_tables_are_reached_by_number_and_name() {
    let settings = good(
        "[[rooms]]\nname = \"hall\"\n[[rooms]]\nname = \"attic\"",
        &[
            ("ALDIS_EDGE__ROOMS__1__NAME", "cellar"),
            ("ALDIS_EDGE__ROOMS__2__NAME", "kitchen"),
            ("ALDIS_EDGE__ROOMS__2__DOORS", "3"),
            ("ALDIS_EDGE__LIST", "[\"a\", \"b\"]"),
            ("ALDIS_EDGE__FREE__BASE_URL", "http://127.0.0.1:1"),
            ("ALDIS_EDGE__FREE__LIMIT", "7"),
        ],
    );
    let names: Vec<_> = settings.rooms.iter().map(|room| room.name.as_str()).collect();
    assert_eq!(names, ["hall", "cellar", "kitchen"]);
    assert_eq!(settings.rooms[2].doors, 3);
    assert_eq!(settings.list, ["a", "b"]);
    let serde_json_like::Any::Table(free) = settings.free else {
        panic!("a table")
    };
    assert_eq!(free["limit"], serde_json_like::Any::Number(7));
    assert_eq!(
        free["base_url"],
        serde_json_like::Any::Text("http://127.0.0.1:1".to_owned())
    );
}

/// Variables come in no order; entries are added in theirs.
#[test]
fn a_list_grows_in_the_order_of_its_numbers() {
    let variables: Vec<_> = (0..12)
        .rev()
        .map(|number| (format!("ALDIS_EDGE__LIST__{number}"), format!("n{number}")))
        .collect();
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let expected: Vec<_> = (0..12).map(|number| format!("n{number}")).collect();
    assert_eq!(good("", &variables).list, expected);
}

/// The file says where the secret is on one machine; the variable says where on this one.
#[test]
fn another_form_of_a_secret_replaces_the_files() {
    let text = "token = { file = \"/run/secrets/nowhere\" }";
    let settings = good(text, &[("ALDIS_EDGE__TOKEN__LITERAL", "123456")]);
    assert_eq!(
        settings
            .token
            .expect("given")
            .resolve()
            .expect("resolved")
            .expose(),
        "123456"
    );
    let settings = good(text, &[("ALDIS_EDGE__TOKEN", "{ literal = \"abc\" }")]);
    assert_eq!(
        settings
            .token
            .expect("given")
            .resolve()
            .expect("resolved")
            .expose(),
        "abc"
    );
}

#[test]
fn other_programs_variables_are_not_ours() {
    let env = [
        ("ALDIS_EDGE", "x"),
        ("ALDIS_EDGE_PORT", "x"),
        ("ALDIS_DELIVERY__PORT", "x"),
        ("MY_ALDIS_EDGE__PORT", "x"),
    ];
    assert_eq!(good("port = 1", &env).port, 1);
}

//! A fault names its key and reason and never shows a value; a good file means what it says.

use super::*;
use crate::routing::Onward;
use aldis_message::MessageClass;

const SECRET: &str = "planted-secret-0123456789-abcdefgh";

const GOOD: &str = r#"
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
store = "sqlite:/var/lib/aldis/aldis.db"
plugin_dirs = ["/usr/lib/aldis/carriers"]
[[clients]]
name = "edge"
token = { literal = "planted-secret-0123456789-abcdefgh" }
[[carriers]]
name = "one"
plugin = "twilio"
isolation = "in-process"
[carriers.settings]
account_sid = "AC1"
auth_token = { literal = "planted-secret-0123456789-abcdefgh" }
[carriers.settings.proxy]
password = { literal = "planted-secret-9876543210" }
[[carriers]]
name = "two"
plugin = "sandbox"
[[routes]]
to = ["+1"]
classes = ["otp"]
carriers = ["one", { name = "two" }]
lost_answer = "next_carrier"
[[routes]]
carriers = ["two"]
"#;

fn judge(text: &str) -> Result<Config, ConfigError> {
    read("delivery.toml", text, std::iter::empty())
}

#[test]
fn a_good_file_means_what_it_says() {
    let config = judge(GOOD).unwrap();
    assert_eq!(config.store, Path::new("/var/lib/aldis/aldis.db"));
    assert!(config.reflection);
    assert_eq!(config.max_in_flight, 1024);
    assert_eq!(
        config.routes[0]
            .carriers
            .iter()
            .map(CarrierName::as_str)
            .collect::<Vec<_>>(),
        ["one", "two"]
    );
    assert_eq!(config.routes[0].takes.classes, [MessageClass::Otp]);
    assert_eq!(config.routes[0].policy.lost_answer, Onward::NextCarrier);
    assert_eq!(config.routes[0].policy.on_blocked, Onward::Stop);
    let one = &config.carriers[0];
    assert_eq!(
        one.settings,
        serde_json::json!({ "account_sid": "AC1", "proxy": {} })
    );
    let secrets: Vec<_> = one
        .secrets
        .iter()
        .map(|(key, text)| (key.as_str(), text.expose()))
        .collect();
    assert_eq!(
        secrets,
        [
            ("auth_token", SECRET),
            ("proxy.password", "planted-secret-9876543210")
        ]
    );
    assert!(
        !format!("{config:?}").contains("planted"),
        "a secret shows in Debug"
    );
}

#[test]
fn a_unix_socket_is_an_address() {
    let config = judge(&GOOD.replace(
        "listen = \"127.0.0.1:0\"\nadmin",
        "listen = \"unix:/run/a.sock\"\nadmin",
    ));
    assert_eq!(config.unwrap().listen, Listen::Unix("/run/a.sock".into()));
}

/// What is good, what is put in its place, the key that must be named, a word of the reason.
const FAULTS: &[(&str, &str, &str, &str)] = &[
    (
        "sqlite:/var/lib/aldis/aldis.db",
        "postgres://aldis@db/aldis",
        "store",
        "not in this version",
    ),
    (
        "sqlite:/var/lib/aldis/aldis.db",
        "/var/lib/aldis.db",
        "store",
        "sqlite:",
    ),
    (
        "listen = \"127.0.0.1:0\"\nadmin",
        "listen = \"localhost\"\nadmin",
        "listen",
        "127.0.0.1:50051",
    ),
    (
        "\"in-process\"",
        "\"inprocess\"",
        "carriers[0].isolation",
        "in-process",
    ),
    (
        "name = \"two\"\nplugin",
        "name = \"one\"\nplugin",
        "carriers[1].name",
        "two carriers",
    ),
    (
        "carriers = [\"two\"]",
        "carriers = [\"three\"]",
        "routes[1].carriers[0]",
        "three",
    ),
    (
        "carriers = [\"two\"]",
        "carriers = []",
        "routes[1].carriers",
        "at least one",
    ),
    (
        "carriers = [\"two\"]",
        "carriers = [\"two\", \"two\"]",
        "routes[1].carriers[1]",
        "twice",
    ),
    (
        "{ name = \"two\" }",
        "{ name = \"two\", weight = 5 }",
        "routes[0].carriers[1].weight",
        "not in this version",
    ),
    (
        "{ name = \"two\" }",
        "{ nam = \"two\" }",
        "routes[0].carriers[1]",
        "nam",
    ),
    ("\"next_carrier\"", "\"resend\"", "routes[0].lost_answer", "stop"),
    ("to = [\"+1\"]", "to = [\"1\"]", "routes[0].to[0]", "+"),
    (
        "classes = [\"otp\"]",
        "classes = [\"sms\"]",
        "routes[0].classes[0]",
        "bulk",
    ),
    ("[[clients]]", "[[klients]]", "klients", "clients"),
    ("name = \"edge\"", "name = \"Edge!\"", "clients[0].name", "a-z"),
];

#[test]
fn each_fault_names_its_key_and_reason() {
    for (good, bad, key, word) in FAULTS {
        let said = judge(&GOOD.replacen(good, bad, 1)).unwrap_err().to_string();
        assert!(said.contains("delivery.toml:"), "{bad}: {said}");
        assert!(said.contains(key) && said.contains(word), "{bad}: {said}");
        assert!(!said.contains("planted"), "{bad}: {said}");
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let bad = GOOD
        .replace("\"+1\"", "\"1\"")
        .replace("sqlite:", "oracle:")
        .replace("\"in-process\"", "\"no\"");
    assert_eq!(judge(&bad).unwrap_err().faults().count(), 3);
}

#[test]
fn two_clients_cannot_share_a_token() {
    let twice = GOOD.replace("[[carriers]]\nname = \"one\"", &format!(
        "[[clients]]\nname = \"other\"\ntoken = {{ literal = \"{SECRET}\" }}\n[[carriers]]\nname = \"one\""
    ));
    let said = judge(&twice).unwrap_err().to_string();
    assert!(
        said.contains("clients[1].token") && !said.contains(SECRET),
        "{said}"
    );
}

/// A client has two tokens while one is being rotated; one of several, or one alone, is the same.
#[test]
fn a_client_has_a_token_or_several() {
    let tokens = |lines: &str| GOOD.replacen(&format!("token = {{ literal = \"{SECRET}\" }}"), lines, 1);
    let literal = |text: &str| format!("{{ literal = \"{text}\" }}");
    let (one, other) = (literal(SECRET), literal("planted-other-secret-0123456789abcdef"));
    let several = judge(&tokens(&format!("tokens = [{one}, {other}]"))).unwrap();
    assert_eq!(several.clients[0].tokens.len(), 2);
    assert_eq!(judge(GOOD).unwrap().clients[0].tokens.len(), 1);
    for (lines, key) in [
        (format!("token = {one}\ntokens = [{other}]"), "clients[0].tokens"),
        (format!("tokens = [{one}, {one}]"), "clients[0].tokens[1]"),
        ("tokens = []".to_owned(), "clients[0].token"),
        ("callbacks = true".to_owned(), "clients[0].token"),
    ] {
        let said = judge(&tokens(&lines)).unwrap_err().to_string();
        assert!(said.contains(key) && !said.contains(SECRET), "{lines}: {said}");
    }
}

#[test]
fn a_bare_secret_is_refused_unquoted() {
    let bare = GOOD.replacen(
        "{ literal = \"planted-secret-0123456789-abcdefgh\" }",
        "\"planted-secret-0123456789-abcdefgh\"",
        1,
    );
    let said = judge(&bare).unwrap_err().to_string();
    assert!(
        said.contains("clients[0].token") && !said.contains(SECRET),
        "{said}"
    );
}

/// Secrets are taken out wherever they are, and what stays keeps its place.
#[test]
fn a_secret_in_a_list_is_a_secret() {
    let more = format!(
        "account_sid = \"AC1\"\naccounts = [{{ id = \"a\" }}, {{ id = \"b\", token = {{ literal = \"{SECRET}1\" }} }}]\n\
         keys = [{{ literal = \"{SECRET}2\" }}, [{{ env = \"HOME_OF_A_SECRET\" }}]]"
    );
    let text = GOOD.replace("account_sid = \"AC1\"", &more);
    let fault = judge(&text).unwrap_err().to_string();
    assert!(fault.contains("carriers[0].settings.keys[1][0]"), "{fault}");
    let text = text.replace("HOME_OF_A_SECRET", "PATH");
    let one = judge(&text).unwrap().carriers.remove(0);
    let mut taken: Vec<&str> = one.secrets.iter().map(|(key, _)| key.as_str()).collect();
    taken.sort_unstable();
    assert_eq!(
        taken,
        [
            "accounts.1.token",
            "auth_token",
            "keys.0",
            "keys.1.0",
            "proxy.password"
        ]
    );
    assert_eq!(
        one.settings["accounts"],
        serde_json::json!([{ "id": "a" }, { "id": "b" }])
    );
    assert_eq!(one.settings["keys"], serde_json::json!([null, [null]]));
    assert!(!format!("{one:?}").contains(SECRET));
}

#[test]
fn a_carrier_is_required_where_a_route_has_no_other() {
    let required = |text: &str| {
        let required = judge(text).unwrap().required;
        required.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(required(GOOD), ["two"]);
    let said = GOOD.replace("plugin = \"twilio\"", "plugin = \"twilio\"\nrequired = true");
    let said = said.replace("plugin = \"sandbox\"", "plugin = \"sandbox\"\nrequired = false");
    assert_eq!(required(&said), ["one"]);
}

fn warned(text: &str) -> String {
    let warnings = judge(text).unwrap().warnings;
    let lines: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn plaintext_on_a_network_is_refused_unless_permitted() {
    for address in [
        "0.0.0.0:50051",
        "[::]:50051",
        "192.0.2.7:50051",
        "[::ffff:10.0.0.1]:50051",
    ] {
        let open = GOOD.replacen("127.0.0.1:0", address, 1);
        let said = judge(&open).unwrap_err().to_string();
        assert!(
            said.contains("listen") && said.contains("allow_plaintext"),
            "{address}: {said}"
        );
        let permitted = format!("allow_plaintext = true{open}");
        assert!(warned(&permitted).contains("allow_plaintext"), "{address}");
        let guarded = open.replacen(
            "[[clients]]",
            "[tls]\ncertificate = \"/c.pem\"\nkey = \"/k.pem\"\n[[clients]]",
            1,
        );
        assert!(judge(&guarded).is_ok(), "{address}");
    }
    for address in [
        "127.8.8.8:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
        "unix:/run/aldis/delivery.sock",
    ] {
        assert!(
            judge(&GOOD.replacen("127.0.0.1:0", address, 1)).is_ok(),
            "{address}"
        );
    }
}

#[test]
fn an_open_secret_file_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, format!("\u{feff}{SECRET} ")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let literal = format!("auth_token = {{ literal = \"{SECRET}\" }}");
    let said = warned(&GOOD.replace(&literal, &format!("auth_token = {{ file = {path:?} }}")));
    for warning in ["every user", "byte order mark", "white space"] {
        assert!(said.contains(warning), "{warning}: {said}");
    }
    assert!(
        said.contains("carriers[0].settings.auth_token") && !said.contains(SECRET),
        "{said}"
    );
}

#[test]
fn a_short_token_is_refused_unless_permitted() {
    let short = GOOD.replacen(SECRET, "planted-short", 1);
    let said = judge(&short).unwrap_err().to_string();
    assert!(
        said.contains("clients[0].token") && said.contains("allow_short_secret") && !said.contains("planted"),
        "{said}"
    );
    let permitted = short.replacen("name = \"edge\"", "name = \"edge\"\nallow_short_secret = true", 1);
    assert!(judge(&permitted).is_ok());
}

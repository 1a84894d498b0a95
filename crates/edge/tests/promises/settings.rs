//! `edge.toml`: everything of docs/configuration.md is taken, and a fault names its key and quotes no value.

use crate::harness::edge::{bearer, load, settings, tenant};
use crate::harness::{Edge, SECRET};

fn fault(keys: &str, tenants: &str) -> String {
    load(&settings("http://127.0.0.1:1", keys, tenants))
        .err()
        .unwrap_or_default()
}

fn acme(lines: &str) -> String {
    tenant("acme", lines, &bearer(""))
}

#[tokio::test]
async fn every_key_of_the_design_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("acme");
    std::fs::write(&secret, format!("{SECRET}\n")).expect("written");
    let gateway = format!(
        "method = \"bearer\"\nsubject = \"urn:Auth0\"\naudience = \"urn:acme\"\nsecrets = [{{ file = {secret:?} }}]\n\
         secret_base64_encoded = false\nrequire_exp = false\nissuers = [\"Auth0\"]\nallow_short_secret = false\n\
         allow_unauthenticated = false\nmax_age = \"1h\""
    );
    let lines = "default_sender = \"+12025550199\"\ndefault_region = \"US\"\naccept = \"carrier\"\n\
                 answer_within = \"12s\"\ncode_lifetime = \"3m\"";
    let edge = Edge::with_keys(
        "max_connections = 100\ndrain_within = \"5s\"\ntrusted_proxies = [\"10.0.0.0/8\", \"fd00::/8\"]",
        &tenant("acme", lines, &gateway),
    )
    .await;
    let token = crate::harness::Token::good()
        .claim("iss", "Auth0")
        .claim("iat", crate::harness::now());
    assert_eq!(
        edge.judges(token.bearer()).await,
        200,
        "and a file's last line break is no part of the secret"
    );
}

/// Refused, with file and key, and without a value.
fn assert_fault(keys: &str, tenants: &str, key: &str) {
    let said = fault(keys, tenants);
    assert!(
        said.contains(key) && said.contains("edge.toml:"),
        "{key} is not in: {said}"
    );
    assert!(
        !said.contains(SECRET) && !said.contains("much too long"),
        "{said}"
    );
}

#[tokio::test]
async fn a_fault_names_its_key() {
    assert_fault("", "", "tenants");
    for (line, key) in [
        ("colour = 1", "colour"),
        ("max_connections = 0", "max_connections"),
        ("drain_within = 5", "drain_within"),
        ("trusted_proxies = \"10.0.0.0/8\"", "trusted_proxies"),
        (
            "trusted_proxies = [\"127.0.0.1\", \"10.1.2.3/8\"]",
            "trusted_proxies[1]",
        ),
        ("trusted_proxies = [\"0.0.0.0/0\"]", "trusted_proxies[0]"),
        ("trusted_proxies = [\"proxy.internal\"]", "trusted_proxies[0]"),
        ("[delivery_tls]", "delivery_tls"),
        ("[delivery_tls]\nkey = \"x\"", "delivery_tls"),
    ] {
        assert_fault(line, &acme(""), key);
    }
    assert_fault("", &tenant("Not A Name", "", &bearer("")), "tenants[0].name");
    assert_fault("", &(acme("") + &acme("")), "tenants[1].name");
    for (line, key) in [
        ("colour = 1", "colour"),
        ("accept = \"maybe\"", "accept"),
        ("answer_within = \"500ms\"", "answer_within"),
        ("answer_within = \"30s\"", "answer_within"),
        ("code_lifetime = \"0s\"", "code_lifetime"),
        ("code_lifetime = \"3d\"", "code_lifetime"),
        ("default_region = \"XX\"", "default_region"),
        ("default_sender = \"much too long for one\"", "default_sender"),
    ] {
        assert_fault("", &acme(line), &format!("tenants[0].{key}"));
    }
    for delivery in [
        "",
        "127.0.0.1:1",
        "ftp://127.0.0.1:1",
        "unix:relative",
        "http://127.0.0.1:1/path",
        "http://10.1.2.3:50051",
        "http://delivery:50051",
    ] {
        let said = load(&settings(delivery, "", &acme(""))).err().unwrap_or_default();
        assert!(said.contains("delivery"), "{delivery}: {said}");
    }
}

#[tokio::test]
async fn a_fault_of_the_authentication_names_its_key() {
    for (line, key) in [
        ("issuers = []", "issuers"),
        ("max_age = \"soon\"", "max_age"),
        ("leeway = 5", "leeway"),
    ] {
        let key = format!("tenants[0].gateway_authentication.{key}");
        assert_fault("", &tenant("acme", "", &bearer(line)), &key);
    }
    let bare = format!("\"{SECRET}\"");
    for (from, to, key) in [
        ("urn:Auth0", "", "subject"),
        ("urn:acme", "", "audience"),
        ("audience = \"urn:acme\"", "", "audience"),
        (&format!("{{ literal = {bare} }}"), &*bare, "secrets[0]"),
        ("literal", "file", "secrets[0]"),
        ("literal", "env", "secrets[0]"),
    ] {
        let key = format!("tenants[0].gateway_authentication.{key}");
        assert_fault("", &acme("").replace(from, to), &key);
    }
}

#[tokio::test]
async fn the_faults_of_all_tenants_are_told_at_once() {
    let said = fault(
        "",
        &(acme("answer_within = \"1h\"") + &tenant("x y", "", &bearer("")) + &tenant("z", "", &bearer(""))),
    );
    assert!(
        said.contains("tenants[0].answer_within") && said.contains("tenants[1].name"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

/// Returns what `--check-config` says.
fn warned(keys: &str, tenants: &str) -> String {
    let config = load(&settings("http://127.0.0.1:1", keys, tenants));
    config.unwrap_or_else(|error| panic!("{error}")).finding()
}

#[tokio::test]
async fn a_token_that_never_ages_is_warned_of() {
    for (lines, warns) in [
        ("", true),
        ("require_exp = true", false),
        ("max_age = \"10m\"", false),
    ] {
        let said = warned("", &tenant("acme", "", &bearer(lines)));
        assert_eq!(
            said.contains("neither require_exp nor max_age"),
            warns,
            "{lines}: {said}"
        );
    }
}

#[tokio::test]
async fn a_secret_that_is_open_or_has_more_to_it_than_meant_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("acme");
    let at = "tenants[0].gateway_authentication.secrets[0]";
    for (mode, content, warning) in [
        (0o600, format!("{SECRET}\n"), None),
        (0o640, SECRET.to_owned(), None),
        (0o604, SECRET.to_owned(), Some("every user")),
        (0o602, SECRET.to_owned(), Some("every user")),
        (0o600, format!("\u{feff}{SECRET}"), Some("byte order mark")),
        (0o600, format!("{SECRET} \n"), Some("white space")),
        (0o600, format!("{SECRET}\n\n"), Some("white space")),
        (0o600, format!("\t{SECRET}"), Some("white space")),
    ] {
        std::fs::write(&path, &content).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("its owner");
        let gateway = bearer("max_age = \"10m\"").replace(
            &format!("literal = \"{SECRET}\""),
            &format!("file = {:?}", path.display().to_string()),
        );
        let said = warned("", &tenant("acme", "", &gateway));
        assert!(!said.contains(SECRET), "{said}");
        match warning {
            None => assert_eq!(said, "the settings are good", "{mode:o} {content:?}"),
            Some(warning) => assert!(said.contains(warning) && said.contains(at), "{mode:o}: {said}"),
        }
    }
}

#[tokio::test]
async fn plaintext_to_another_machine_is_refused_unless_permitted() {
    let far = |keys: &str| load(&settings("http://192.0.2.7:50051", keys, &acme("")));
    let said = far("").err().unwrap_or_default();
    assert!(
        said.contains("delivery: ") && said.contains("allow_plaintext"),
        "{said}"
    );
    let permitted = far("allow_plaintext = true").unwrap_or_else(|error| panic!("{error}"));
    assert!(
        permitted.finding().contains("allow_plaintext is set"),
        "{}",
        permitted.finding()
    );
}

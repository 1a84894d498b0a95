//! `--check-config` of both services names file, line and key, quotes no value, and exits 78.

use aldis_cli::inbox::RECEIPT_SECRET;
use aldis_tests::setup::{Addresses, CarrierSetup};
use aldis_tests::{Setup, binaries};
use std::process::{Command, Output};

const SECRET: &str = "planted-secret-in-the-wrong-place-0123456789";

fn check(service: &str, toml: &str, env: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("service.toml");
    std::fs::write(&file, toml).expect("written");
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(binaries::program(service))
        .arg("--config")
        .arg(&file)
        .arg("--check-config")
        .envs(env.iter().copied())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    assert!(!said.contains(SECRET), "a secret is quoted: {said}");
    (status.code().expect("an exit code"), said)
}

fn edge() -> String {
    Setup::default().edge_toml(&Addresses::free())
}

fn delivery() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let toml = Setup::default().delivery_toml(&Addresses::free(), folder.path(), "http://127.0.0.1:9");
    (folder, toml)
}

#[test]
fn a_good_file_is_good() {
    assert_eq!(check("aldis-edge", &edge(), &[]).0, 0);
    let (_folder, toml) = delivery();
    let (code, said) = check("aldis-delivery", &toml, &[]);
    assert_eq!(code, 0, "{said}");
}

/// A setting that is allowed and unwise is said, and no fault.
#[test]
fn a_route_that_would_stop_with_carriers_left_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let setup = Setup {
        carriers: vec![CarrierSetup::sandbox("one"), CarrierSetup::sandbox("two")],
        ..Setup::default()
    };
    let stops = setup.delivery_toml(&Addresses::free(), folder.path(), "http://127.0.0.1:9");
    let (code, said) = check("aldis-delivery", &stops, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("warning: ") && said.contains("routes[0].lost_answer"),
        "{said}"
    );
    let (code, said) = check(
        "aldis-delivery",
        &(stops + "lost_answer = \"next_carrier\"\n"),
        &[],
    );
    assert_eq!((code, said.as_str()), (0, ""));
}

/// A library's warnings about its settings are said as well.
#[test]
fn a_library_warns_of_its_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = r#"base_url = "http://127.0.0.1:9"
secrets = { key = { literal = "planted-webhook-key" } }
[carriers.settings.template.request]
url = "{{ base_url }}/sms"
form = { to = "{{ to.e164 }}", callback = "{{ callback_url }}" }
[carriers.settings.template.answer]
id = { json = "$.id" }
statuses = { 400 = "bad_request" }
[carriers.settings.template.receipt]
trust = [{ hmac = { key = "{{ secrets.key }}", signature = { header = "x-signature" } } }]
id = { json = "$.id" }
state = { json = "$.state" }
states = { delivered = "delivered" }"#;
    let setup = Setup {
        carriers: vec![CarrierSetup {
            plugin: "http".to_owned(),
            settings: settings.to_owned(),
            ..CarrierSetup::sandbox("acme")
        }],
        ..Setup::default()
    };
    let toml = setup.delivery_toml(&Addresses::free(), folder.path(), "http://127.0.0.1:9");
    let (code, said) = check("aldis-delivery", &toml, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("WARN") && said.contains("template.receipt.trust"),
        "{said}"
    );
}

/// The fault, and what must be said of it.
#[test]
fn the_edge_names_file_line_and_key() {
    let cases: [(&str, String, &[&str]); 7] = [
        (
            "unknown key",
            edge().replace("admin_listen", "admin_lisen"),
            &["service.toml:2", "admin_lisen", "admin_listen"],
        ),
        (
            "bad address",
            edge().replacen("listen = \"127", "listen = \"nowhere-127", 1),
            &["service.toml:1", "listen"],
        ),
        (
            "short secret",
            edge().replace("acme-planted-gateway-secret-0123456789", "short"),
            &["service.toml", "secrets", "32"],
        ),
        (
            "bare secret",
            edge().replace(
                "{ literal = \"planted-edge-client-token-0123456789\" }",
                &format!("\"{SECRET}\""),
            ),
            &["service.toml:5", "delivery_token"],
        ),
        (
            "public address in the clear",
            edge().replace(
                "public_url = \"http://127.0.0.1",
                "public_url = \"http://192.0.2.1",
            ),
            &["service.toml:3", "public_url", "https"],
        ),
        (
            "no audience",
            edge().replace("audience", "# audience"),
            &["service.toml", "audience"],
        ),
        (
            "not TOML",
            edge().replace("[[tenants]]", &format!("[[tenants] {SECRET}")),
            &["service.toml"],
        ),
    ];
    for (what, toml, expected) in cases {
        let (code, said) = check("aldis-edge", &toml, &[]);
        assert_eq!(code, 78, "{what}: {said}");
        for word in expected {
            assert!(said.contains(word), "{what}: `{word}` is not in: {said}");
        }
    }
}

#[test]
fn delivery_names_file_line_and_key() {
    let (_folder, good) = delivery();
    let cases: [(&str, String, &[&str]); 8] = [
        (
            "call-backs to nowhere",
            good.replace("callback_base_url = \"http", "callback_base_url = \"gopher"),
            &["service.toml:6", "callback_base_url", "https"],
        ),
        (
            "unknown carrier in a route",
            good.replace("carriers = [\"sandbox\"]", "carriers = [\"sandbux\"]"),
            &["service.toml", "routes", "sandbux"],
        ),
        (
            "unknown plugin",
            good.replace("plugin = \"sandbox\"", "plugin = \"sandbux\""),
            &["service.toml", "plugin", "sandbux"],
        ),
        (
            "unknown setting",
            good.replace("\nbase_url", "\nbase_urll"),
            &["service.toml", "base_urll"],
        ),
        (
            "plain http off loopback",
            good.replace("http://127.0.0.1:9", "http://192.0.2.1:9"),
            &["service.toml", "base_url"],
        ),
        (
            "a secret in the open",
            good.replace(
                &format!("{{ literal = \"{RECEIPT_SECRET}\" }}"),
                &format!("\"{SECRET}\""),
            ),
            &["service.toml", "receipt_secret", "literal"],
        ),
        (
            "isolation",
            good.replace(
                "plugin = \"sandbox\"",
                "plugin = \"sandbox\"\nisolation = \"inprocess\"",
            ),
            &["service.toml", "isolation"],
        ),
        (
            "no client",
            good.replace("[[clients]]", "[[klients]]"),
            &["service.toml", "klients"],
        ),
    ];
    for (what, toml, expected) in cases {
        let (code, said) = check("aldis-delivery", &toml, &[]);
        assert_eq!(code, 78, "{what}: {said}");
        for word in expected {
            assert!(said.contains(word), "{what}: `{word}` is not in: {said}");
        }
    }
}

/// A fault that came from the environment names the variable.
#[test]
fn the_environment_is_named_too() {
    let (code, said) = check("aldis-edge", &edge(), &[("ALDIS_EDGE__LISTEN", "nowhere")]);
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("ALDIS_EDGE__LISTEN"), "{said}");
}

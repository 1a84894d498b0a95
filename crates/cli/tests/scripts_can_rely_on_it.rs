//! What a script relies on: exit codes, data on standard output, faults on standard error, no secret in either.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const SECRET: &str = "planted-gateway-secret-0123456789-0123";

struct Said {
    code: i32,
    out: String,
    err: String,
}

fn aldis(arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aldis"));
    command
        .args(arguments)
        .env("PLANTED_SECRET", SECRET)
        .env_remove("ALDIS_TOKEN_FILE")
        .env_remove("ALDIS_DELIVERY");
    let output = command.output().expect("it runs");
    Said {
        code: output.status.code().expect("a code"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

fn file(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("written");
    path
}

fn claims(token: &str) -> Value {
    let payload = token.trim().split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

fn edge_toml(folder: &Path) -> PathBuf {
    let tenant = |name: &str, secret: &str| {
        format!(
            "[[tenants]]\nname = \"{name}\"\n[tenants.gateway_authentication]\nmethod = \"bearer\"\n\
             subject = \"urn:{name}\"\naudience = \"urn:{name}:sms\"\nsecrets = [{secret}]\n"
        )
    };
    let good = tenant("acme", "{ env = \"PLANTED_SECRET\" }");
    let bad = tenant("other", "{ file = \"/nowhere/planted-secret\" }");
    file(
        folder,
        "edge.toml",
        &format!("listen = \"127.0.0.1:1\"\n{good}{bad}"),
    )
}

#[test]
fn a_token_comes_from_the_edges_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = edge_toml(folder.path());
    let said = aldis(&[
        "token",
        "--config",
        &config.display().to_string(),
        "--tenant",
        "acme",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(said.out.lines().count(), 1, "the token and nothing else");
    let claims = claims(&said.out);
    assert_eq!(claims["aud"], "urn:acme:sms");
    assert_eq!(claims["sub"], "urn:acme");
    assert_eq!(claims["iss"], "Auth0");
    let lifetime = claims["exp"]
        .as_u64()
        .zip(claims["iat"].as_u64())
        .map(|(exp, iat)| exp - iat);
    assert_eq!(lifetime, Some(300));
}

#[test]
fn a_token_comes_from_a_secret_and_switches() {
    let arguments = [
        "token",
        "--secret-env",
        "PLANTED_SECRET",
        "--audience",
        "urn:a",
        "--no-exp",
        "--issuer",
        "",
    ];
    let said = aldis(&[&arguments[..], &["--output", "json"]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let answer: Value = serde_json::from_str(&said.out).expect("JSON");
    let claims = claims(answer["token"].as_str().expect("a token"));
    assert_eq!(claims, answer["claims"]);
    assert!(
        claims.get("exp").is_none() && claims.get("iss").is_none() && claims.get("sub").is_none(),
        "{claims}"
    );
}

#[test]
fn wrong_settings_are_78_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = edge_toml(folder.path()).display().to_string();
    let unknown = aldis(&["token", "--config", &config, "--tenant", "nobody"]);
    let unreadable = aldis(&["token", "--config", &config, "--tenant", "other"]);
    let missing = aldis(&["token", "--config", "/nowhere/edge.toml"]);
    for said in [&unknown, &unreadable, &missing] {
        assert_eq!((said.code, said.out.as_str()), (78, ""), "{}", said.err);
    }
    assert!(
        unreadable
            .err
            .contains("edge.toml:15:12: tenants[1].gateway_authentication.secrets[0]: "),
        "{}",
        unreadable.err
    );
    assert!(!unreadable.err.contains("planted"), "{}", unreadable.err);
    assert!(missing.err.contains("/nowhere/edge.toml"), "{}", missing.err);
}

#[test]
fn a_wrong_command_line_is_2() {
    let wrong: [&[&str]; 9] = [
        &["send"],
        &["nonsense"],
        &["token"],
        &["token", "--secret-env", "PLANTED_SECRET"],
        &[
            "token",
            "--secret-env",
            "PLANTED_SECRET",
            "--audience",
            "a",
            "--ttl",
            "5",
        ],
        &["message", "msg_1", "--token-env", "PLANTED_SECRET"],
        &[
            "send",
            "--token-env",
            "PLANTED_SECRET",
            "--to",
            "+1202",
            "--text",
            "x",
        ],
        &[
            "send",
            "--token-env",
            "PLANTED_SECRET",
            "--to",
            "+12025550100",
            "--text",
            "",
        ],
        &[
            "send",
            "--token-env",
            "PLANTED_SECRET",
            "--to",
            "+12025550100",
            "--text",
            "x",
            "--ttl",
            "3d",
        ],
    ];
    for arguments in wrong {
        let said = aldis(arguments);
        assert_eq!(
            (said.code, said.out.as_str()),
            (2, ""),
            "{arguments:?}: {}",
            said.err
        );
    }
}

#[test]
fn a_delivery_that_is_not_there_is_69() {
    // Port 1 on loopback: nobody listens there without being root.
    let reach = [
        "--delivery",
        "http://127.0.0.1:1",
        "--token-env",
        "PLANTED_SECRET",
    ];
    let send = [
        &["send", "--to", "+12025550100", "--text", "planted text"][..],
        &reach,
    ]
    .concat();
    let said = aldis(&send);
    assert_eq!((said.code, said.out.as_str()), (69, ""), "{}", said.err);
    let id = "msg_0190f3a0000070008000000000000001";
    let said = aldis(&[&["message", id, "--output", "json"][..], &reach].concat());
    assert_eq!(said.code, 69, "{}", said.err);
    let error: Value = serde_json::from_str(&said.err).expect("one line of JSON");
    assert_eq!(error["code"], "delivery_unavailable");
    assert_eq!(error["retryable"], true);
}

#[test]
fn a_missing_token_is_78() {
    let said = aldis(&[
        "send",
        "--token-file",
        "/nowhere/token",
        "--to",
        "+12025550100",
        "--text",
        "x",
    ]);
    assert_eq!((said.code, said.out.as_str()), (78, ""), "{}", said.err);
}

#[test]
fn neither_number_nor_text_nor_secret_is_said() {
    let reach = [
        "--delivery",
        "http://127.0.0.1:1",
        "--token-env",
        "PLANTED_SECRET",
    ];
    for form in ["text", "json"] {
        let send = [
            "send",
            "--to",
            "+12025550100",
            "--text",
            "planted text",
            "--output",
            form,
        ];
        let said = aldis(&[&send[..], &reach].concat());
        for planted in ["2025550100", "planted"] {
            assert!(
                !said.out.contains(planted) && !said.err.contains(planted),
                "{}{}",
                said.out,
                said.err
            );
        }
    }
}

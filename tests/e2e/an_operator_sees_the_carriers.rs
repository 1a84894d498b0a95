//! An operator sees how each carrier is and has the settings read again by a call; nobody else may.

use aldis_tests::setup::{CarrierSetup, OPERATOR_TOKEN, SERVICE_TOKEN};
use aldis_tests::{ALICE, Gateway, Setup, binaries};
use serde_json::{Value, json};
use std::process::{Command, Output};

fn aldis(gateway: &Gateway, token: &str, words: &[&str]) -> Output {
    Command::new(binaries::program("aldis"))
        .args(words)
        .args(["--delivery", &format!("http://{}", gateway.at.delivery)])
        .args(["--token-env", "OPERATORS_TOKEN", "--output", "json"])
        .env("OPERATORS_TOKEN", token)
        .output()
        .expect("aldis runs")
}

fn said(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn rewrite(gateway: &Gateway, from: &str, to: &str) {
    let file = gateway.delivery_toml();
    let text = std::fs::read_to_string(&file).expect("the settings");
    assert!(text.contains(from), "{text}");
    std::fs::write(&file, text.replace(from, to)).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_carriers_and_their_troubles() {
    let setup = Setup {
        carriers: vec![CarrierSetup::sandbox("first"), CarrierSetup::sandbox("second")],
        ..Setup::default()
    };
    let gateway = Gateway::start(setup).await;
    let carriers = &said(&aldis(&gateway, OPERATOR_TOKEN, &["carriers"]))["carriers"];
    let names: Vec<_> = (0..2).map(|index| carriers[index]["name"].clone()).collect();
    assert_eq!(names, ["first", "second"]);
    assert_eq!(
        carriers[0]["worker"], true,
        "not pinned as first-party: {carriers}"
    );
    assert_eq!(carriers[0]["troubles"], json!([]));
    assert_eq!(carriers[0]["plugin"], "sandbox");
    assert_eq!(carriers[0]["sha256"].as_str().map(str::len), Some(64));
    // Both refuse this recipient's account, and are paused for it.
    let refused = gateway.sms("+12025550109", "640022").await;
    assert_eq!(refused.status, 502, "{refused:?}");
    let carriers = &said(&aldis(&gateway, OPERATOR_TOKEN, &["carriers"]))["carriers"];
    let trouble = carriers[1]["troubles"][0].as_str().unwrap_or_default();
    assert!(trouble.contains("refuses our credentials"), "{carriers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_are_read_again_by_a_call() {
    let gateway = Gateway::start(Setup::default()).await;
    rewrite(
        &gateway,
        "plugin = \"sandbox\"",
        "plugin = \"sandbox\"\nmax_in_flight = 0",
    );
    let refused = aldis(&gateway, OPERATOR_TOKEN, &["reload"]);
    assert_eq!(refused.status.code(), Some(78), "{refused:?}");
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    for word in ["delivery.toml", "max_in_flight", "stays as it was"] {
        assert!(words.contains(word), "{word}: {words}");
    }
    assert_eq!(gateway.sms(ALICE, "640001").await.status, 200, "as before");
    rewrite(&gateway, "max_in_flight = 0", "max_in_flight = 7");
    let reloaded = said(&aldis(&gateway, OPERATOR_TOKEN, &["reload"]));
    assert_eq!(
        reloaded,
        json!({ "made": ["sandbox"], "kept": [], "retired": ["sandbox"] })
    );
    let reloaded = said(&aldis(&gateway, OPERATOR_TOKEN, &["reload"]));
    assert_eq!(
        reloaded,
        json!({ "made": [], "kept": ["sandbox"], "retired": [] })
    );
    assert_eq!(gateway.sms(ALICE, "640002").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_may() {
    let gateway = Gateway::start(Setup::default()).await;
    for words in [["carriers"], ["reload"]] {
        let refused = aldis(&gateway, SERVICE_TOKEN, &words);
        assert_eq!(refused.status.code(), Some(78), "{refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("may not"), "{said}");
    }
}

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

/// Of its two carriers one has no library.
async fn with_a_broken_one() -> Gateway {
    let broken = CarrierSetup {
        plugin: "missing".to_owned(),
        ..CarrierSetup::sandbox("broken")
    };
    Gateway::start(Setup {
        carriers: vec![broken, CarrierSetup::sandbox("sound")],
        ..Setup::default()
    })
    .await
}

/// What an operator is told of "broken" (0) and "sound" (1).
fn troubles(gateway: &Gateway, at: usize) -> String {
    let carriers = &said(&aldis(gateway, OPERATOR_TOKEN, &["carriers"]))["carriers"];
    let names: Vec<_> = (0..2).map(|index| carriers[index]["name"].clone()).collect();
    assert_eq!(names, ["broken", "sound"]);
    carriers[at]["troubles"].to_string()
}

/// A carrier that cannot be loaded is down, and the route leads past it.
#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_cannot_be_loaded_stops_nobody() {
    let gateway = with_a_broken_one().await;
    let sent = gateway.sms(ALICE, "640031").await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let life = gateway.life(&sent.message_id()).await;
    assert_eq!(
        (life.attempts.len(), life.attempts[0].carrier.as_str()),
        (1, "sound")
    );
    for word in ["is down", "delivery.toml", "carriers[0].plugin"] {
        let told = troubles(&gateway, 0);
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(troubles(&gateway, 1), "[]");
    let page = gateway.page(gateway.at.delivery_admin, "/readyz?verbose").await;
    assert!(
        page.contains("degraded: broken is down") && page.ends_with("ready\n"),
        "{page}"
    );
    let page = gateway.page(gateway.at.delivery_admin, "/metrics").await;
    for (carrier, down) in [("broken", "1.0"), ("sound", "0.0")] {
        let gauge = format!("aldis_carrier_down{{carrier=\"{carrier}\"}} {down}");
        assert!(page.contains(&gauge), "{page}");
    }
    gateway.delivery.prints("carriers[0].plugin").await;
    let checked = Command::new(binaries::program("aldis-delivery"))
        .arg("--config")
        .arg(gateway.delivery_toml())
        .arg("--check-config")
        .output()
        .expect("it runs");
    assert_eq!(checked.status.code(), Some(78), "{checked:?}");
}

/// Where it is required, a reload is refused; where it is not, the others are taken over, and it runs as before.
#[tokio::test(flavor = "multi_thread")]
async fn nor_at_a_reload() {
    let gateway = with_a_broken_one().await;
    rewrite(
        &gateway,
        "plugin = \"missing\"",
        "plugin = \"missing\"\nrequired = true",
    );
    assert_eq!(
        aldis(&gateway, OPERATOR_TOKEN, &["reload"]).status.code(),
        Some(78)
    );
    rewrite(&gateway, "\"missing\"\nrequired = true", "\"sandbox\"");
    let mended = said(&aldis(&gateway, OPERATOR_TOKEN, &["reload"]));
    assert_eq!(
        mended,
        json!({ "made": ["broken"], "kept": ["sound"], "retired": [] })
    );
    rewrite(
        &gateway,
        "\"broken\"\nplugin = \"sandbox\"",
        "\"broken\"\nplugin = \"missing\"",
    );
    rewrite(&gateway, "\"sound\"\n", "\"sound\"\nmax_in_flight = 7\n");
    let kept = said(&aldis(&gateway, OPERATOR_TOKEN, &["reload"]));
    assert_eq!(
        kept,
        json!({ "made": ["sound"], "kept": ["broken"], "retired": ["sound"] })
    );
    let told = troubles(&gateway, 0);
    assert!(told.contains("runs as before"), "{told}");
    let sent = gateway.sms(ALICE, "640032").await;
    assert_eq!(
        gateway.life(&sent.message_id()).await.attempts[0]
            .carrier
            .as_str(),
        "broken"
    );
}

//! A carrier library that crashes takes down neither delivery nor another message: it runs in a worker unless it is
//! pinned as first-party, and the next carrier of the route takes over.

use aldis_tests::eventually::eventually;
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{ALICE, Gateway, Setup, binaries};
use std::path::Path;
use std::process::Command;

/// A C carrier that crashes on every text with `crashes_on` in it, in this folder.
fn compile(folder: &Path, crashes_on: &str) {
    let sources = binaries::root().join("crates/carrier-host/tests/carriers");
    let built = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .args(["-std=gnu11", "-shared", "-fPIC", "-I"])
        .arg(binaries::root().join("crates/carrier/include"))
        .arg(format!("-DCRASHES_ON=\"{crashes_on}\""))
        .arg("-o")
        .arg(folder.join("libaldis_carrier_fixture.so"))
        .arg(sources.join("crashing.c"))
        .output()
        .expect("a C compiler");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
}

async fn start(folder: &Path) -> Gateway {
    let shaky = CarrierSetup {
        plugin: "fixture".to_owned(),
        settings: "base_url = \"http://127.0.0.1:9\"\ntoken = { literal = \"planted-token-of-the-fixture\" }"
            .to_owned(),
        ..CarrierSetup::sandbox("shaky")
    };
    let setup = Setup {
        carriers: vec![shaky, CarrierSetup::sandbox("steady")],
        plugin_dirs: vec![folder.to_path_buf()],
        ..Setup::default()
    };
    Gateway::start(setup).await
}

/// The number behind a metric; these are whole.
async fn counted(gateway: &Gateway, metric: &str) -> u64 {
    let page = gateway.page(gateway.at.delivery_admin, "/metrics").await;
    let line = page.lines().find_map(|line| line.strip_prefix(metric));
    line.and_then(|value| value.trim().trim_end_matches(".0").parse().ok())
        .unwrap_or_else(|| panic!("{metric} is not in {page}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_not_noticed_by_the_user() {
    let folder = tempfile::tempdir().expect("a folder");
    compile(folder.path(), "640666");
    let gateway = start(folder.path()).await;
    for code in ["640001", "640666", "640002"] {
        let answer = gateway.sms(ALICE, code).await;
        assert_eq!(answer.status, 200, "{answer:?} {}", gateway.printed());
        let life = gateway.life(&answer.message_id()).await;
        assert_eq!(life.attempts.len(), 2, "{life:?}");
    }
    assert_eq!(gateway.inbox.messages().len(), 3);
    assert_eq!(
        counted(&gateway, "aldis_worker_ends_total{carrier=\"shaky\"}").await,
        2
    );
    assert_eq!(
        counted(&gateway, "aldis_worker_left_out_total{carrier=\"shaky\"}").await,
        1
    );
    assert_eq!(
        counted(&gateway, "aldis_worker_safe_mode{carrier=\"steady\"}").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_loop_the_carrier_is_left_alone_and_readiness_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    compile(folder.path(), "64");
    let gateway = start(folder.path()).await;
    for code in 0..8 {
        let answer = gateway.sms(ALICE, &format!("64000{code}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(gateway.inbox.messages().len(), 8);
    eventually("safe mode", async || {
        let on = counted(&gateway, "aldis_worker_safe_mode{carrier=\"shaky\"}").await > 0;
        on.then_some(())
    })
    .await;
    let said = gateway.page(gateway.at.delivery_admin, "/readyz?verbose").await;
    assert!(
        said.contains("carriers: degraded: shaky") && said.ends_with("ready\n"),
        "{said}"
    );
    // The route leads past it: no attempt is spent, and nobody is called.
    let calls = |printed: String| printed.matches("carrier needs an operator").count();
    let before = calls(gateway.delivery.printed());
    let answer = gateway.sms(ALICE, "640009").await;
    let life = gateway.life(&answer.message_id()).await;
    assert_eq!(life.attempts.len(), 1, "{life:?}");
    assert_eq!(life.attempts[0].carrier.as_str(), "steady");
    assert_eq!(calls(gateway.delivery.printed()), before);
}

//! A carrier written from the documents alone, outside the workspace, loads and sends: one in
//! Rust with the kit, one in C with the header.

use aldis_tests::setup::CarrierSetup;
use aldis_tests::{ALICE, Answer, Gateway, Setup, binaries};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// One SMS through a library of this folder.
async fn send(plugin: &str, folder: &Path, settings: &str) -> (Gateway, Answer) {
    let stranger = CarrierSetup {
        plugin: plugin.to_owned(),
        settings: settings.to_owned(),
        ..CarrierSetup::sandbox("stranger")
    };
    let setup = Setup {
        carriers: vec![stranger],
        plugin_dirs: vec![folder.to_path_buf()],
        ..Setup::default()
    };
    let gateway = Gateway::start(setup).await;
    let answer = gateway.sms(ALICE, "173205").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    (gateway, answer)
}

/// The crate of `tests/stranger`, copied out of the workspace and built as its author would.
#[tokio::test(flavor = "multi_thread")]
async fn in_rust() {
    let _built = binaries::folder();
    let home = tempfile::tempdir().expect("a folder");
    let source = binaries::root().join("tests/stranger");
    let lines = std::fs::read_to_string(source.join("lib.rs"))
        .expect("the carrier")
        .lines()
        .count();
    assert!(lines < 100, "a carrier takes under 100 lines, this one {lines}");
    std::fs::create_dir(home.path().join("src")).expect("src");
    std::fs::copy(source.join("lib.rs"), home.path().join("src/lib.rs")).expect("copied");
    let manifest = std::fs::read_to_string(source.join("manifest.toml")).expect("the manifest");
    let kit = binaries::root().join("crates/carrier");
    std::fs::write(
        home.path().join("Cargo.toml"),
        manifest.replace("{kit}", &kit.display().to_string()),
    )
    .expect("written");
    // The versions this repository has already fetched: the test needs no network.
    std::fs::copy(
        binaries::root().join("Cargo.lock"),
        home.path().join("Cargo.lock"),
    )
    .expect("copied");

    let built = binaries::cargo()
        .current_dir(home.path())
        .args(["build", "--quiet", "--offline", "--target-dir"])
        .arg(home.path().join("target"))
        .status()
        .expect("cargo");
    assert!(built.success(), "the stranger's crate does not build");

    let (gateway, _) = send(
        "stranger",
        &home.path().join("target/debug"),
        "base_url = \"{inbox}\"",
    )
    .await;
    assert_eq!(
        gateway.inbox.messages()[0].text,
        "Your verification code is 173205"
    );
}

/// The C carrier that the kit keeps as its example.
#[tokio::test(flavor = "multi_thread")]
async fn in_c() {
    let home = tempfile::tempdir().expect("a folder");
    let kit = binaries::root().join("crates/carrier");
    let source = kit.join("tests/c_carrier/minimal.c");
    let lines = std::fs::read_to_string(&source)
        .expect("the carrier")
        .lines()
        .count();
    assert!(lines < 80, "a C carrier takes under 80 lines, this one {lines}");

    let built = Command::new("cc")
        .args([
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            "-I",
        ])
        .arg(kit.join("include"))
        .arg(&source)
        .arg("-o")
        .arg(home.path().join("libaldis_carrier_minimal.so"))
        .status()
        .expect("a C compiler");
    assert!(built.success(), "the C carrier does not compile");

    let (url, forms) = form_api().await;
    let (gateway, answer) = send("minimal", home.path(), &format!("base_url = \"{url}\"")).await;
    let form = forms.lock().expect("no panic")[0].clone();
    assert!(form.contains("to=%2B12025550100"), "{form}");
    assert!(
        form.contains("text=Your%20verification%20code%20is%20173205"),
        "{form}"
    );
    let life = gateway.life(&answer.message_id()).await;
    assert_eq!(life.attempts[0].carrier_message_ids, ["c-1"]);
}

/// A carrier's API that takes forms, as the C example sends them.
async fn form_api() -> (String, Arc<Mutex<Vec<String>>>) {
    let forms = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&forms);
    let take = move |form: String| {
        let kept = Arc::clone(&kept);
        async move {
            kept.lock().expect("no panic").push(form);
            (axum::http::StatusCode::CREATED, r#"{"id": "c-1"}"#)
        }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let router = axum::Router::new().route("/messages", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, forms)
}

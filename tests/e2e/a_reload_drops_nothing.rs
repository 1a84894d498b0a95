//! The settings are read again at SIGHUP while messages are under way: new work goes to the new carriers, what was begun
//! ends where it began, and settings that are wrong change nothing.

use aldis_cli::inbox::{Inbox, RECEIPT_SECRET};
use aldis_message::{DeliveryStatus, OutcomeClass};
use aldis_tests::eventually::eventually;
use aldis_tests::process::Process;
use aldis_tests::setup::{Addresses, CarrierSetup};
use aldis_tests::smsc::Smsc;
use aldis_tests::{Gateway, Setup, binaries};
use axum::Router;
use axum::extract::Request;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

fn times(gateway: &Gateway, words: &str) -> usize {
    gateway.delivery.printed().matches(words).count()
}

/// Changes delivery's settings, and waits until they were read.
async fn reload(gateway: &Gateway, change: impl Fn(String) -> String, expected: &str) {
    let before = times(gateway, expected);
    let file = gateway.delivery_toml();
    let text = std::fs::read_to_string(&file).expect("the settings");
    std::fs::write(&file, change(text)).expect("written");
    gateway.delivery.hang_up();
    eventually(expected, || async {
        (times(gateway, expected) > before).then_some(())
    })
    .await;
}

const READ: &str = "settings read again";
const WRONG: &str = "everything stays as it was";

/// How often each message reached the carrier.
fn posts(ledger: &std::path::Path) -> BTreeMap<String, usize> {
    let mut posts = BTreeMap::new();
    for line in std::fs::read_to_string(ledger).expect("the ledger").lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        *posts
            .entry(line["id"].as_str().expect("an id").to_owned())
            .or_default() += 1;
    }
    posts
}

#[tokio::test(flavor = "multi_thread")]
async fn under_traffic() {
    let ledger = tempfile::NamedTempFile::new().expect("a ledger");
    let inbox = Inbox::start_with_ledger(([127, 0, 0, 1], 0).into(), ledger.path())
        .await
        .expect("an inbox");
    let gateway = Arc::new(Gateway::start_with(Setup::default(), inbox).await);
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let (gateway, stop) = (Arc::clone(&gateway), Arc::clone(&stop));
            let answered = Arc::clone(&answered);
            tokio::spawn(async move {
                let mut ids = Vec::new();
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let code = format!("{:06}", caller * 100_000 + turn);
                    let answer = gateway.sms("+12025550100", &code).await;
                    assert_eq!(answer.status, 200, "{answer:?}");
                    ids.push(answer.message_id());
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                ids
            })
        })
        .collect();
    // One that takes two seconds is under way all the while.
    let slow = tokio::spawn({
        let gateway = Arc::clone(&gateway);
        async move { gateway.sms("+12025550120", "271828").await }
    });
    for generation in 0..5 {
        let old = format!("sender = \"+1202555015{generation}\"\n");
        let new = format!("sender = \"+1202555015{}\"\n", generation + 1);
        let change = |text: String| {
            if text.contains(&old) {
                text.replace(&old, &new)
            } else {
                text.replace("[carriers.settings]\n", &format!("[carriers.settings]\n{new}"))
            }
        };
        reload(&gateway, change, READ).await;
        let before = answered.load(Ordering::Relaxed);
        eventually("traffic", || async {
            (answered.load(Ordering::Relaxed) > before + 20).then_some(())
        })
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut ids: Vec<String> = Vec::new();
    for caller in callers {
        ids.extend(caller.await.expect("a caller"));
    }
    let answer = slow.await.expect("an answer");
    assert_eq!(answer.status, 200, "it was begun before, and ended");
    ids.push(answer.message_id());
    let sent = posts(ledger.path());
    assert!(ids.len() > 100, "{}", ids.len());
    assert!(
        ids.iter().all(|id| sent.get(id) == Some(&1)),
        "none lost, none doubled"
    );
    assert_eq!(sent.len(), ids.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_change_nothing_and_routes_are_read_too() {
    let gateway = Gateway::start(Setup::default()).await;
    reload(
        &gateway,
        |text| text.replace("plugin = \"sandbox\"", "plugin = \"sandbux\""),
        WRONG,
    )
    .await;
    // File, line and key are said.
    gateway.delivery.prints("carriers[0].plugin").await;
    assert_eq!(gateway.sms("+12025550100", "271828").await.status, 200);
    let routes = |text: String| {
        let text = text.replace("plugin = \"sandbux\"", "plugin = \"sandbox\"");
        text.replace("to = [\"+\"]", "to = [\"+44\"]")
    };
    reload(&gateway, routes, READ).await;
    assert_eq!(
        gateway.sms("+12025550100", "271828").await.json["code"],
        "no_route"
    );
    assert_eq!(times(&gateway, "counts at the next start only"), 0);
    reload(&gateway, |text| format!("max_in_flight = 7\n{text}"), READ).await;
    assert_eq!(times(&gateway, "counts at the next start only"), 1);
}

/// A carrier that is as before keeps its connection; one that is not gets a new one, and leaves the old in peace.
#[tokio::test(flavor = "multi_thread")]
async fn links_of_an_unchanged_carrier_stay() {
    let Some(smsc) = Smsc::node().await else { return };
    let smpp = CarrierSetup {
        plugin: "smpp".to_owned(),
        settings: smsc.settings(""),
        ..CarrierSetup::sandbox("smsc")
    };
    let gateway = Gateway::start(Setup {
        carriers: vec![smpp, CarrierSetup::sandbox("other")],
        ..Setup::default()
    })
    .await;
    let connected = || times(&gateway, "link connected");
    eventually("the bind", || async { (connected() == 1).then_some(()) }).await;
    let other = |text: String| text.replace("\nbase_url", "\nsender = \"+12025550150\"\nbase_url");
    reload(&gateway, other, READ).await;
    assert_eq!((connected(), smsc.told().len()), (1, 0));
    reload(
        &gateway,
        |text| text.replace("system_id", "window = 5\nsystem_id"),
        READ,
    )
    .await;
    eventually("another bind, and the end of the first", || async {
        (connected() == 2 && smsc.told().iter().any(|told| told["unbound"] == true)).then_some(())
    })
    .await;
    let answer = eventually("it sends", || async {
        Some(gateway.sms("+12025550100", "271828").await).filter(|answer| answer.status == 200)
    })
    .await;
    let life = gateway.life(&answer.message_id()).await;
    assert_eq!(life.attempts[0].outcome, Some(OutcomeClass::Accepted));
    assert_ne!(life.status, DeliveryStatus::Unknown);
}

/// However early it comes: the settings are still being read for the first time.
#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_during_the_start_ends_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let inbox = Inbox::start(([127, 0, 0, 1], 0).into()).await.expect("an inbox");
    let toml = Setup::default().delivery_toml(&Addresses::free(), folder.path(), &inbox.url());
    // Whoever reads a pipe waits for its writer, and the writer for whoever reads.
    let pipe = folder.path().join("delivery.toml");
    let make = |pipe: &Path| {
        let made = std::process::Command::new("mkfifo").arg(pipe).status();
        assert!(made.expect("mkfifo").success());
    };
    make(&pipe);
    let open = || {
        let pipe = pipe.clone();
        tokio::task::spawn_blocking(move || std::fs::File::create(pipe).expect("a reader"))
    };
    let first = open();
    let delivery = Process::start("aldis-delivery", &binaries::program("aldis-delivery"), &pipe, &[]);
    let mut file = first.await.expect("it reads");
    delivery.hang_up();
    // Another pipe for the second time: who opened the first one again would write to the reader it has now.
    let another = folder.path().join("another");
    make(&another);
    std::fs::rename(&another, &pipe).expect("renamed");
    file.write_all(toml.as_bytes()).expect("written");
    drop(file);
    // It comes up, and then reads them again.
    let mut file = open().await.expect("it reads again");
    file.write_all(toml.as_bytes()).expect("written");
    drop(file);
    delivery.prints(READ).await;
    assert!(delivery.terminate().await.success());
}

/// A receipt as the carrier sends it: path and query, signature, body.
type Receipt = (String, String, Vec<u8>);

/// Takes receipts instead of the edge, for later.
async fn post_box() -> (String, mpsc::UnboundedReceiver<Receipt>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let (put, receipts) = mpsc::unbounded_channel();
    let take = move |request: Request| {
        let put = put.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
            let signature = head.headers["x-sandbox-signature"].to_str().expect("text");
            let receipt = (head.uri.to_string(), signature.to_owned(), body.to_vec());
            put.send(receipt).expect("the test waits");
        }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
    (url, receipts)
}

/// What went out before a reload is told about afterwards, signed with the secret and under the name of its time.
#[tokio::test(flavor = "multi_thread")]
async fn receipts_of_before_are_believed() {
    let gateway = Gateway::start(Setup::default()).await;
    let (url, mut receipts) = post_box().await;
    let edge = format!("callback_base_url = \"http://{}\"", gateway.at.edge);
    let elsewhere = format!("callback_base_url = \"{url}\"");
    reload(&gateway, |text| text.replace(&edge, &elsewhere), READ).await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let told = async |(way, signature, body): Receipt| {
        let post = http.post(format!("http://{}{way}", gateway.at.edge));
        let post = post.header("x-sandbox-signature", signature).body(body);
        post.send().await.expect("an answer").status().as_u16()
    };
    let changes = [
        (RECEIPT_SECRET, "a-secret-that-was-rotated"),
        ("\"sandbox\"", "\"renamed\""),
    ];
    for (from, to) in changes {
        // Signed with what the inbox has, which is the secret of before.
        let secret = |text: String| text.replace("a-secret-that-was-rotated", RECEIPT_SECRET);
        if from != RECEIPT_SECRET {
            reload(&gateway, secret, READ).await;
        }
        let id = gateway.sms("+12025550130", "271828").await.message_id();
        let (way, signature, body) = receipts.recv().await.expect("a receipt");
        assert!(way.contains(&format!("message={id}&seal=")), "{way}");
        let plugin = "plugin = \"sandbox\"";
        let change = |text: String| {
            text.replace(plugin, "plugin = SANDBOX")
                .replace(from, to)
                .replace("plugin = SANDBOX", plugin)
        };
        reload(&gateway, change, READ).await;
        let forged = signature.replace(signature.chars().next().expect("one"), "_");
        assert_eq!(told((way.clone(), forged, body.clone())).await, 403, "{to}");
        assert_eq!(told((way, signature, body)).await, 200, "{to}");
        assert_eq!(gateway.life(&id).await.status, DeliveryStatus::Delivered, "{to}");
    }
}

//! Promise 1: nothing accepted is lost, whatever moment `kill -9` comes at; and promise 2 under
//! the same kills.
//!
//! The witnesses stand outside: the callers know what was answered 200, the inbox's ledger knows
//! what reached the carrier, and only then is the store asked.

use aldis_cli::inbox::Inbox;
use aldis_tests::eventually::eventually;
use aldis_tests::{Gateway, Setup, Tenant};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const CALLERS: usize = 32;

/// How often delivery is killed; `ALDIS_KILLS=1000` for a long night.
fn kills() -> usize {
    std::env::var("ALDIS_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(12)
}

#[derive(Default)]
struct Answers {
    ok: Mutex<BTreeSet<String>>,
    other: Mutex<BTreeMap<u16, usize>>,
}

/// One caller: request after request, each its own token and code, until told to stop.
async fn call(gateway: Arc<Gateway>, caller: usize, answers: Arc<Answers>, stop: Arc<AtomicBool>) {
    let recipient = "+12025550100";
    for turn in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let code = format!("{:06}", (caller * 30_011 + turn) % 1_000_000);
        let token = gateway.tenant().token();
        let Some(answer) = gateway.try_post(&token, &Tenant::body(recipient, &code)).await else {
            continue;
        };
        if answer.status == 200 {
            answers.ok.lock().expect("no panic").insert(answer.message_id());
        } else {
            *answers
                .other
                .lock()
                .expect("no panic")
                .entry(answer.status)
                .or_default() += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_loses_nothing_and_doubles_nothing() {
    let ledger = tempfile::NamedTempFile::new().expect("a ledger");
    let inbox = Inbox::start_with_ledger(([127, 0, 0, 1], 0).into(), ledger.path())
        .await
        .expect("an inbox");
    let mut gateway = Gateway::start_with(
        Setup {
            log: "warn".to_owned(),
            ..Setup::default()
        },
        inbox,
    )
    .await;
    let answers = Arc::new(Answers::default());

    for kill in 0..kills() {
        let before = answers.ok.lock().expect("no panic").len();
        let stop = Arc::new(AtomicBool::new(false));
        let shared = Arc::new(gateway);
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                tokio::spawn(call(
                    Arc::clone(&shared),
                    kill * CALLERS + caller,
                    Arc::clone(&answers),
                    Arc::clone(&stop),
                ))
            })
            .collect();
        // Kill in the thick of it: once this round's traffic flows.
        eventually("traffic", || async {
            (answers.ok.lock().expect("no panic").len() >= before + 3 * CALLERS).then_some(())
        })
        .await;
        shared.delivery.kill_nine();
        stop.store(true, Ordering::Relaxed);
        for caller in callers {
            caller.await.expect("a caller does not panic");
        }
        gateway = Arc::into_inner(shared).expect("all callers are done");
        gateway.restart_delivery().await;
    }

    judge(&gateway, &answers, ledger.path());
}

/// Joins the three witnesses.
fn judge(gateway: &Gateway, answers: &Answers, ledger: &std::path::Path) {
    let store = Connection::open(gateway.store()).expect("the store");
    let whole: String = store
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("a verdict");
    assert_eq!(whole, "ok");

    let mut rows = store.prepare("SELECT id, state FROM messages").expect("messages");
    let states: BTreeMap<String, String> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("readable rows");

    let mut at_carrier: BTreeMap<String, usize> = BTreeMap::new();
    for line in std::fs::read_to_string(ledger).expect("the ledger").lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("a ledger line");
        *at_carrier
            .entry(entry["id"].as_str().expect("an id").to_owned())
            .or_default() += 1;
    }

    let ok = answers.ok.lock().expect("no panic");
    let lost: Vec<_> = ok
        .iter()
        .filter(|id| states.get(*id).map(String::as_str) != Some("submitted"))
        .collect();
    assert!(
        lost.is_empty(),
        "answered 200 and not submitted in the store: {lost:?}"
    );
    let unsent: Vec<_> = ok.iter().filter(|id| !at_carrier.contains_key(*id)).collect();
    assert!(
        unsent.is_empty(),
        "answered 200 and never at the carrier: {unsent:?}"
    );
    let twice: Vec<_> = at_carrier
        .iter()
        .filter(|(id, times)| **times > 1 && states.get(*id).map(String::as_str) != Some("unknown"))
        .collect();
    assert!(twice.is_empty(), "at the carrier more than once: {twice:?}");
    let unheard: Vec<_> = at_carrier.keys().filter(|id| !states.contains_key(*id)).collect();
    assert!(
        unheard.is_empty(),
        "at the carrier without a durable intent: {unheard:?}"
    );
    let unknown = states.values().filter(|state| *state == "unknown").count();
    // Straight to the stream: the test runner hides `println!` where a test passes.
    let _ = writeln!(
        std::io::stderr(),
        "{} kills: {} answered 200, lost 0, doubled 0, {} at the carrier, {unknown} unknown, other answers {:?}",
        kills(),
        ok.len(),
        at_carrier.len(),
        answers.other.lock().expect("no panic")
    );
    let open = states.values().filter(|state| *state == "sending").count();
    assert_eq!(open, 0, "recovery leaves nothing in sending");
}

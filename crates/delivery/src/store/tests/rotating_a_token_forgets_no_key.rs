//! The keys in the store depend on nobody's token and tell nothing to whoever reads the file, and what an earlier
//! version kept counts on.

use super::*;
use crate::clients::former_seals;
use crate::config::Client;
use aldis_daemon::config::SecretText;
use std::os::unix::fs::PermissionsExt as _;

const DAY: Duration = Duration::from_hours(24);

/// The key that `aldis_edge::auth0::replay` made from the token "the-edge-token-of-the-tests".
const OF_AN_EDGE: &str = "chosen-H86FjzgJqBE-cmNPF8wsPtQTm-ewUokgF44TfbKbmeM";

fn tokens(tokens: &[&str]) -> FormerSeals {
    let tokens = tokens.iter().map(|token| SecretText::new((*token).to_owned()));
    former_seals(&[Client {
        name: client("edge"),
        tokens: tokens.collect(),
        callbacks: true,
        operator: false,
    }])
}

/// A store that the version with schema 3 left.
fn left_by_version_3() -> Fresh {
    let mut fresh = Fresh::new();
    drop(fresh.store.take());
    for file in std::fs::read_dir(fresh.path().parent().unwrap()).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    rusqlite::Connection::open(fresh.path())
        .unwrap()
        .execute_batch(include_str!("../../../tests/fixtures/store_v3.sql"))
        .unwrap();
    fresh.store = Some(Store::open(&fresh.path(), "run-1", |_| {}).unwrap());
    fresh
}

fn with_former(key: &str, former: &str) -> NewMessage {
    let idempotency = Idempotency {
        former: Some(IdempotencyKey::parse(former).unwrap()),
        ..Idempotency::new(IdempotencyKey::parse(key).unwrap(), DAY)
    };
    NewMessage {
        idempotency: Some(idempotency),
        ..message()
    }
}

async fn replayed(store: &Store, message: NewMessage) -> bool {
    matches!(
        store.accept(arrival(9, message, send())).await.unwrap(),
        Accepted::Replayed(_)
    )
}

#[tokio::test]
async fn what_came_before_the_upgrade_counts_on() {
    let fresh = left_by_version_3();
    // The old token is one of several by now.
    fresh.know(tokens(&[
        "a-new-token-of-edge-0123456789abc",
        "the-old-token-of-edge-0123456789",
    ]));
    assert!(replayed(&fresh, keyed("order-1", DAY)).await);
    assert!(
        replayed(&fresh, keyed(OF_AN_EDGE, DAY)).await,
        "an edge of that version"
    );
    assert!(
        replayed(&fresh, with_former("chosen:new", OF_AN_EDGE)).await,
        "an edge of this one"
    );
    let attached = fresh.attach(client("edge"), keyed("order-1", DAY), NOW).await;
    assert!(matches!(attached, Ok(Accepted::Replayed(_))), "{attached:?}");

    let other = NewMessage {
        body: MessageBody::parse("another".to_owned()).unwrap(),
        ..keyed("order-1", DAY)
    };
    let conflict = fresh.accept(arrival(9, other, send())).await.unwrap();
    assert!(matches!(conflict, Accepted::Conflict(_)), "{conflict:?}");
    assert_eq!(
        fresh.ask::<u32>("SELECT count(*) FROM messages"),
        2,
        "nothing was added"
    );

    // The window of one that had ended is what it was.
    let later = |now| Arrival {
        now,
        ..arrival(9, keyed("order-1", DAY), send())
    };
    let last = after(Duration::from_millis(86_399_999));
    assert!(matches!(
        fresh.accept(later(last)).await.unwrap(),
        Accepted::Replayed(_)
    ));
    assert!(matches!(
        fresh.accept(later(after(DAY))).await.unwrap(),
        Accepted::New { .. }
    ));
}

/// A token that was taken away while the process lived still sealed what it sealed.
#[tokio::test]
async fn a_token_that_is_gone_is_remembered_for_what_it_sealed() {
    let fresh = left_by_version_3();
    fresh.know(tokens(&["the-old-token-of-edge-0123456789"]));
    fresh.know(tokens(&["a-new-token-of-edge-0123456789abc"]));
    assert!(replayed(&fresh, keyed("order-1", DAY)).await);
}

#[tokio::test]
async fn no_token_is_part_of_a_key() {
    let mut fresh = Fresh::new();
    fresh.know(tokens(&["the-old-token-of-edge-0123456789"]));
    accept(&fresh, arrival(1, keyed("k", DAY), send())).await;
    fresh.crash("run-1").await;
    fresh.know(tokens(&["a-new-token-of-edge-0123456789abc"]));
    assert!(replayed(&fresh, keyed("k", DAY)).await);
    assert!(
        replayed(&fresh, with_former("another", "k")).await,
        "under the key it had before"
    );
}

/// A reader of the store's file must not be able to try all codes against what it keeps of a text or a key.
#[tokio::test]
async fn what_is_kept_of_a_text_cannot_be_guessed() {
    let mut kept = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let fresh = Fresh::new();
        accept(&fresh, arrival(1, keyed("planted-key-271828", DAY), send())).await;
        let closed = fresh
            .attach(client("edge"), keyed("planted-call-271828", DAY), NOW)
            .await;
        assert!(matches!(closed, Ok(Accepted::Closed)), "{closed:?}");
        let print: Vec<u8> = fresh.ask("SELECT fingerprint FROM messages");
        let key: String = fresh.ask("SELECT idempotency_key FROM messages");
        let call: Vec<u8> = fresh.ask("SELECT call FROM closed_calls");
        fresh.close().await;

        let key_file = fresh.path().with_extension("db.key");
        let mode = std::fs::metadata(&key_file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let secret = std::fs::read_to_string(&key_file).unwrap();
        assert_eq!(secret.trim_end().len(), 64);
        let file = std::fs::read(fresh.path()).unwrap();
        for planted in ["planted-key", "planted-call", secret.trim_end()] {
            let found = file.windows(planted.len()).any(|part| part == planted.as_bytes());
            assert!(!found, "{planted} is in the file");
        }
        assert!(kept.insert((print, key, call)), "each store has a key of its own");
    }
}

#[tokio::test]
async fn the_key_is_made_once() {
    let mut fresh = Fresh::new();
    let key_file = fresh.path().with_extension("db.key");
    let first = std::fs::read(&key_file).unwrap();
    fresh.crash("run-1").await;
    assert_eq!(std::fs::read(&key_file).unwrap(), first);
    fresh.close().await;
    drop(fresh.store.take());

    // One that was damaged is named, and not made anew behind the operator's back.
    std::fs::write(&key_file, "nothing").unwrap();
    let refused = Store::open(&fresh.path(), "run-2", |_| {}).err().unwrap();
    let said = refused.to_string();
    assert!(
        said.contains("aldis.db.key") && said.contains("64 hexadecimal digits"),
        "{said}"
    );
    // One that is gone is: the store opens, and knows only what comes from now on.
    std::fs::remove_file(&key_file).unwrap();
    fresh.store = Some(Store::open(&fresh.path(), "run-2", |_| {}).unwrap());
    accept(&fresh, arrival(1, keyed("k", DAY), send())).await;
    assert!(replayed(&fresh, keyed("k", DAY)).await);
}

//! A signed request becomes exactly one SMS at the carrier, and its life can be read back.

use aldis_message::{DeliveryStatus, OutcomeClass};
use aldis_tests::{ALICE, Gateway, Setup, Tenant};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job() {
    let gateway = Gateway::start(Setup::default()).await;

    let answer = gateway.sms(ALICE, "493817").await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json["state"], "submitted");
    let received = gateway.inbox.messages();
    assert_eq!(received.len(), 1, "{received:?}");
    assert_eq!(received[0].to, ALICE);
    assert_eq!(received[0].from.as_deref(), Some("+12025550199"));
    assert_eq!(received[0].text, "Your verification code is 493817");

    let life = gateway.life(&answer.message_id()).await;
    assert_eq!(life.status, DeliveryStatus::Submitted);
    assert_eq!(life.attempts.len(), 1);
    assert_eq!(life.attempts[0].carrier.as_str(), "sandbox");
    assert_eq!(life.attempts[0].outcome, Some(OutcomeClass::Accepted));
    assert!(!life.attempts[0].carrier_message_ids.is_empty());
    assert!(!life.to_masked.contains("202555"), "masked: {}", life.to_masked);
}

/// The text and the end user's address are needed only until a carrier has the message.
#[tokio::test(flavor = "multi_thread")]
async fn the_text_is_forgotten_once_a_carrier_has_it() {
    let gateway = Gateway::start(Setup::default()).await;
    assert_eq!(gateway.sms(ALICE, "836251").await.status, 200);

    for file in std::fs::read_dir(gateway.folder()).expect("the folder").flatten() {
        if !file.file_name().to_string_lossy().starts_with("aldis.db") || file.file_name() == "aldis.db-wal" {
            continue; // the write-ahead log keeps old pages until the next checkpoint
        }
        let bytes = std::fs::read(file.path()).expect("the store");
        assert!(
            !holds(&bytes, b"836251"),
            "the code is still in {}",
            file.path().display()
        );
    }
    let store = rusqlite::Connection::open(gateway.store()).expect("the store");
    let kept: i64 = store
        .query_row(
            "SELECT count(*) FROM messages WHERE body IS NOT NULL OR attributes IS NOT NULL",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(kept, 0);
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_may_be_content_with_stored() {
    let tenant = Tenant {
        accept: "stored",
        ..Tenant::named("acme")
    };
    let setup = Setup {
        tenants: vec![tenant],
        ..Setup::default()
    };
    let gateway = Gateway::start(setup).await;

    let answer = gateway.sms(ALICE, "552913").await;

    assert_eq!(answer.status, 200, "{answer:?}");
    aldis_tests::eventually::eventually("the SMS", || async { gateway.inbox.messages().pop() }).await;
    let id = answer.message_id();
    aldis_tests::eventually::eventually("submitted", || async {
        (gateway.life(&id).await.status == DeliveryStatus::Submitted).then_some(())
    })
    .await;
}

/// What Auth0 sends without `forward_req_info`, and what an Action adds, are the same message.
#[tokio::test(flavor = "multi_thread")]
async fn the_shapes_auth0_uses() {
    let gateway = Gateway::start(Setup::default()).await;
    let shapes = [
        json!({"recipient": ALICE, "body": "code 1", "sender": "Acme"}),
        json!({"recipient": "+1 (202) 555-0100", "body": "code 2", "sender": null}),
        json!({"recipient": "0012025550100", "body": "code 3"}),
        json!({"recipient": ALICE, "body": "code 4", "sender": "", "code": "4", "req": {"user_agent": "x", "ip": "::1", "geoip": {}}}),
        json!({"recipient": ALICE, "body": "code 5", "req": "odd", "unknown": [1, {"deep": null}]}),
    ];
    for (index, body) in shapes.iter().enumerate() {
        let answer = gateway.post(&gateway.tenant().token(), body).await;
        assert_eq!(answer.status, 200, "shape {index}: {answer:?}");
    }
    assert_eq!(gateway.inbox.messages().len(), shapes.len());
    assert!(gateway.inbox.messages().iter().all(|sms| sms.to == ALICE));
}

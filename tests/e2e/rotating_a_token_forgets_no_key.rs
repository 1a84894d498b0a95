//! A client token is rotated while messages are under way: no key is forgotten, through whichever edge a request comes and
//! with whichever token.

use aldis_delivery_api::{ClientToken, DeliveryClient, Endpoint, ErrorKind};
use aldis_message::{
    AcceptMode, Attributes, Deadline, Idempotency, IdempotencyKey, MessageBody, MessageClass, NewMessage,
    PhoneNumber, UnixMillis,
};
use aldis_tests::eventually::eventually;
use aldis_tests::process::Process;
use aldis_tests::setup::{Addresses, EDGE_TOKEN, SERVICE_TOKEN};
use aldis_tests::tenant::unix_seconds;
use aldis_tests::{ALICE, Gateway, Setup, Tenant, binaries};
use std::time::Duration;

const NEW_EDGE: &str = "planted-new-edge-client-token-0123456789";
const NEW_SERVICE: &str = "planted-new-service-client-token-0123456789";

/// Gives delivery these tokens instead, without a restart.
async fn rotate(gateway: &Gateway, changes: [(&str, String); 2]) {
    let read = || gateway.delivery.printed().matches("settings read again").count();
    let (before, file) = (read(), gateway.delivery_toml());
    let mut text = std::fs::read_to_string(&file).expect("the settings");
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, &new);
    }
    std::fs::write(&file, text).expect("written");
    gateway.delivery.hang_up();
    eventually("the settings to be read", || async {
        (read() > before).then_some(())
    })
    .await;
}

fn several(old: &str, new: &str) -> String {
    format!("tokens = [{{ literal = \"{new}\" }}, {{ literal = \"{old}\" }}]")
}

fn single(token: &str) -> String {
    format!("token = {{ literal = \"{token}\" }}")
}

/// A second edge of the same deployment, with another token.
async fn second_edge(gateway: &Gateway, token: &str) -> (Process, Addresses) {
    let at = Addresses {
        delivery: gateway.at.delivery,
        ..Addresses::free()
    };
    let file = gateway.folder().join("second-edge.toml");
    std::fs::write(&file, gateway.setup.edge_toml(&at).replace(EDGE_TOKEN, token)).expect("written");
    let edge = Process::start("aldis-edge", &binaries::program("aldis-edge"), &file, &[]);
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    eventually("the second edge", || async {
        let ready = http
            .get(format!("http://{}/readyz", at.edge_admin))
            .send()
            .await
            .ok()?;
        (ready.status() == 200).then_some(())
    })
    .await;
    (edge, at)
}

/// The id of the message that this request came to.
async fn post(gateway: &Gateway, at: Addresses, token: &str, code: &str, key: Option<&str>) -> String {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("http://{}/auth0/{}/sms", at.edge, gateway.tenant().name);
    let mut request = http.post(url).bearer_auth(token).json(&Tenant::body(ALICE, code));
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let answer: serde_json::Value = answer.json().await.expect("JSON");
    answer["message_id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn through_two_edges_with_the_old_and_the_new_token() {
    let gateway = Gateway::start(Setup::default()).await;
    let token = gateway.tenant().token();
    let chosen = Some("order-66");
    let first = post(&gateway, gateway.at, &token, "418001", None).await;
    let of_the_key = post(&gateway, gateway.at, &token, "418002", chosen).await;

    let changes = [
        (single(EDGE_TOKEN), several(EDGE_TOKEN, NEW_EDGE)),
        (single(SERVICE_TOKEN), several(SERVICE_TOKEN, NEW_SERVICE)),
    ];
    rotate(
        &gateway,
        [
            (&changes[0].0, changes[0].1.clone()),
            (&changes[1].0, changes[1].1.clone()),
        ],
    )
    .await;
    let (_edge, at) = second_edge(&gateway, NEW_EDGE).await;
    assert_eq!(post(&gateway, at, &token, "418001", None).await, first);
    assert_eq!(post(&gateway, at, &token, "418002", chosen).await, of_the_key);
    // And the other way round, with the old edge still there.
    let other = post(&gateway, at, &token, "418003", None).await;
    assert_eq!(post(&gateway, gateway.at, &token, "418003", None).await, other);

    rotate(
        &gateway,
        [
            (&changes[0].1, single(NEW_EDGE)),
            (&changes[1].1, single(NEW_SERVICE)),
        ],
    )
    .await;
    assert_eq!(post(&gateway, at, &token, "418002", chosen).await, of_the_key);
    assert_eq!(gateway.inbox.messages().len(), 3);
    assert_eq!(
        gateway.sms(ALICE, "418004").await.status,
        503,
        "the old token is nobody's"
    );
}

/// The internet-facing process takes a leaked secret away without a restart, and a new token towards delivery, too.
#[tokio::test(flavor = "multi_thread")]
async fn the_edge_reads_its_secrets_again() {
    let gateway = Gateway::start(Setup::default()).await;
    let old = gateway.tenant().clone();
    let new = Tenant {
        secret: "acme-planted-next-gateway-secret-0123456789".to_owned(),
        ..old.clone()
    };
    let (token, body) = (old.token(), Tenant::body(ALICE, "418010"));
    let first = gateway.post(&token, &body).await;
    assert_eq!(first.status, 200);

    let text = edge_toml(&gateway);
    let secrets = format!(
        "[{{ literal = \"{}\" }}, {{ literal = \"{}\" }}]",
        new.secret, old.secret
    );
    let both = text.replace(&format!("[{{ literal = \"{}\" }}]", old.secret), &secrets);
    assert_ne!(both, text);
    hang_up(&gateway, &both, "settings read again").await;
    assert_eq!(
        gateway.post(&token, &body).await.message_id(),
        first.message_id(),
        "the same request"
    );
    assert_eq!(
        gateway
            .post(&new.token(), &Tenant::body(ALICE, "418011"))
            .await
            .status,
        200
    );

    let edge = single(EDGE_TOKEN);
    rotate(
        &gateway,
        [
            (&edge, several(EDGE_TOKEN, NEW_EDGE)),
            (&single(SERVICE_TOKEN), single(SERVICE_TOKEN)),
        ],
    )
    .await;
    let only_new = text
        .replace(&old.secret, &new.secret)
        .replace(EDGE_TOKEN, NEW_EDGE);
    hang_up(&gateway, &only_new, "settings read again").await;
    rotate(
        &gateway,
        [
            (&several(EDGE_TOKEN, NEW_EDGE), single(NEW_EDGE)),
            (&single(SERVICE_TOKEN), single(SERVICE_TOKEN)),
        ],
    )
    .await;
    assert_eq!(
        gateway.post(&old.token(), &body).await.status,
        401,
        "the old secret is gone"
    );
    assert_eq!(
        gateway
            .post(&new.token(), &Tenant::body(ALICE, "418012"))
            .await
            .status,
        200
    );

    assert!(!gateway.edge.printed().contains(&new.secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_change_nothing_at_the_edge() {
    let gateway = Gateway::start(Setup::default()).await;
    let wrong = edge_toml(&gateway).replace("method = \"bearer\"", "method = \"basic\"");
    hang_up(&gateway, &wrong, "everything stays as it was").await;
    gateway
        .edge
        .prints("tenants[0].gateway_authentication.method")
        .await;
    assert_eq!(gateway.sms(ALICE, "418013").await.status, 200);
}

fn edge_toml(gateway: &Gateway) -> String {
    std::fs::read_to_string(gateway.folder().join("edge.toml")).expect("the settings")
}

/// Gives the edge these settings, and waits until it says so.
async fn hang_up(gateway: &Gateway, toml: &str, words: &str) {
    let said = || gateway.edge.printed().matches(words).count();
    let before = said();
    std::fs::write(gateway.folder().join("edge.toml"), toml).expect("written");
    gateway.edge.hang_up();
    eventually(words, || async { (said() > before).then_some(()) }).await;
}

fn keyed() -> NewMessage {
    let key = IdempotencyKey::parse("parcel-4711").expect("a key");
    NewMessage {
        to: PhoneNumber::parse(ALICE, None).expect("a number"),
        sender: None,
        body: MessageBody::parse("Your parcel is here".to_owned()).expect("a text"),
        tenant: None,
        class: MessageClass::Notification,
        accept: AcceptMode::Carrier,
        idempotency: Some(Idempotency::new(key, Duration::from_hours(24))),
        deadline: Deadline::at(UnixMillis::from_millis((unix_seconds() + 600) * 1000)),
        attributes: Attributes::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_grpc_too_and_across_a_restart() {
    const PATIENCE: Duration = Duration::from_secs(12);
    let mut gateway = Gateway::start(Setup::default()).await;
    let first = gateway.as_service().send(keyed(), PATIENCE).await.expect("sent");
    let edge = single(EDGE_TOKEN);
    let changes = [
        (edge.as_str(), edge.clone()),
        (&single(SERVICE_TOKEN), single(NEW_SERVICE)),
    ];
    rotate(&gateway, changes).await;
    let endpoint = Endpoint {
        uri: format!("http://{}", gateway.at.delivery),
        token: ClientToken::new(NEW_SERVICE),
        tls: None,
        allow_plaintext: false,
    };
    let renamed = DeliveryClient::connect_lazy(&endpoint).expect("an endpoint");
    for restarted in [false, true] {
        if restarted {
            gateway.delivery.terminate().await;
            gateway.restart_delivery().await;
        }
        let again = renamed.send(keyed(), PATIENCE).await.expect("the first answer");
        assert!(again.replayed);
        assert_eq!(again.message.id, first.message.id);
        let refused = gateway
            .as_service()
            .send(keyed(), PATIENCE)
            .await
            .expect_err("the old token");
        assert_eq!(refused.kind, ErrorKind::Unauthenticated);
    }
    assert_eq!(gateway.inbox.messages().len(), 1);
}

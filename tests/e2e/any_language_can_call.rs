//! Peers written by others agree with us: a gRPC client generated from `proto/` by grpcio-tools,
//! tokens signed by `PyJWT` and by Node's jsonwebtoken.

use aldis_message::DeliveryStatus;
use aldis_tests::setup::SERVICE_TOKEN;
use aldis_tests::{ALICE, Gateway, Setup, Tenant, peers};
use serde_json::{Value, json};

/// What `grpc_client.py` prints for a command.
async fn grpc(gateway: &Gateway, token: &str, arguments: &[&str]) -> Option<Value> {
    let mut command = peers::python("grpc_client.py")?;
    command
        .arg(gateway.at.delivery.to_string())
        .arg(token)
        .args(arguments);
    let printed = peers::run(command, "").await;
    Some(serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_sends_and_reads() {
    let gateway = Gateway::start(Setup::default()).await;
    let Some(sent) = grpc(
        &gateway,
        SERVICE_TOKEN,
        &["send", ALICE, "Hello from Python", "ACCEPT_MODE_CARRIER"],
    )
    .await
    else {
        return;
    };
    assert_eq!(sent["message"]["state"], "MESSAGE_STATE_SUBMITTED", "{sent}");
    assert_eq!(gateway.inbox.messages()[0].text, "Hello from Python");

    let id = sent["message"]["id"].as_str().expect("an id");
    let read = grpc(&gateway, SERVICE_TOKEN, &["get", id])
        .await
        .expect("python is here");
    assert_eq!(
        read["message"]["attempts"][0]["outcome"], "ATTEMPT_OUTCOME_ACCEPTED",
        "{read}"
    );
    assert!(
        !read.to_string().contains("2025550100"),
        "the number is masked: {read}"
    );

    // Another client's message does not exist.
    let edge = grpc(&gateway, aldis_tests::setup::EDGE_TOKEN, &["get", id])
        .await
        .expect("python is here");
    assert_eq!(edge["error"]["code"], "NOT_FOUND", "{edge}");
    let stranger = grpc(&gateway, "no-such-token", &["get", id])
        .await
        .expect("python is here");
    assert_eq!(stranger["error"]["code"], "UNAUTHENTICATED", "{stranger}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_and_health_need_no_token() {
    let gateway = Gateway::start(Setup::default()).await;
    let Some(listed) = grpc(&gateway, "", &["reflect"]).await else {
        return;
    };
    let services: Vec<_> = listed["services"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for service in ["aldis.delivery.v1.MessageService", "grpc.health.v1.Health"] {
        assert!(services.contains(&service), "{service} is not in {services:?}");
    }
    let health = grpc(&gateway, "", &["health"]).await.expect("python is here");
    assert_eq!(health["status"], "SERVING", "{health}");
}

async fn signed_elsewhere(mut command: tokio::process::Command, tenant: &Tenant, claims: Value) -> String {
    command.stdin(std::process::Stdio::piped());
    let input = json!({ "claims": claims, "secret": tenant.secret, "algorithm": "HS256" });
    peers::run(command, &input.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_other_libraries_are_understood() {
    let gateway = Gateway::start(Setup::default()).await;
    let tenant = gateway.tenant().clone();
    let now = aldis_tests::tenant::unix_seconds();
    let good = json!({"sub": tenant.subject, "aud": tenant.audience});
    let cases = [
        (200, good.clone()),
        (
            200,
            json!({"sub": tenant.subject, "aud": [tenant.audience, "urn:other"], "iss": "Auth0", "exp": now + 60}),
        ),
        (401, json!({"sub": tenant.subject, "aud": "urn:other"})),
        (401, json!({"sub": "urn:somebody", "aud": tenant.audience})),
        (
            401,
            json!({"sub": tenant.subject, "aud": tenant.audience, "exp": now - 120}),
        ),
        (
            401,
            json!({"sub": tenant.subject, "aud": tenant.audience, "nbf": now + 120}),
        ),
    ];
    for (script, peer) in [("sign_pyjwt.py", true), ("sign_jsonwebtoken.js", false)] {
        for (index, (expected, claims)) in cases.iter().enumerate() {
            let command = if peer {
                peers::python(script)
            } else {
                peers::node(script)
            };
            let Some(command) = command else { break };
            let token = signed_elsewhere(command, &tenant, claims.clone()).await;
            let body = Tenant::body(ALICE, &format!("57721{index}"));
            let answer = gateway.post(&token, &body).await;
            assert_eq!(answer.status, *expected, "{script}, case {index}: {answer:?}");
        }
    }
}

/// A service without any of ours: 20 lines of a generated client are enough, also from Rust.
#[tokio::test(flavor = "multi_thread")]
async fn an_internal_service_sends_its_own() {
    use aldis_message::{
        AcceptMode, Attributes, Deadline, MessageBody, MessageClass, NewMessage, PhoneNumber, UnixMillis,
    };
    let gateway = Gateway::start(Setup::default()).await;
    let now = UnixMillis::from_millis(aldis_tests::tenant::unix_seconds() * 1000);
    let message = NewMessage {
        to: PhoneNumber::parse(ALICE, None).expect("a number"),
        sender: None,
        body: MessageBody::parse("Your parcel is here €".to_owned()).expect("a text"),
        tenant: None,
        class: MessageClass::Notification,
        accept: AcceptMode::Stored,
        idempotency: None,
        deadline: Deadline::at(now.plus(std::time::Duration::from_hours(1))),
        attributes: Attributes::default(),
    };

    let sent = gateway
        .as_service()
        .send(message, std::time::Duration::from_secs(5))
        .await
        .expect("stored");

    aldis_tests::eventually::eventually("submitted", || async {
        let life = gateway.as_service().message(&sent.message.id).await.ok()?;
        (life.status == DeliveryStatus::Submitted).then_some(())
    })
    .await;
    let other = gateway.as_edge().message(&sent.message.id).await;
    assert!(other.is_err(), "another client's message is not found");
}

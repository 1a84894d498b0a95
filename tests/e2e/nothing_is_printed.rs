//! Promise 6: no code, token, secret or full number in anything either service prints, at the
//! most talkative level, whatever goes wrong.

use aldis_cli::inbox::RECEIPT_SECRET;
use aldis_tests::setup::{EDGE_TOKEN, OPERATOR_TOKEN, SERVICE_TOKEN};
use aldis_tests::{Gateway, Setup, Tenant};
use serde_json::json;

/// Every way a message can end at the sandbox.
const RECIPIENTS: [&str; 18] = [
    "+12025550100",
    "+12025550101",
    "+12025550102",
    "+12025550103",
    "+12025550104",
    "+12025550105",
    "+12025550106",
    "+12025550107",
    "+12025550108",
    "+12025550109",
    "+12025550110",
    "+12025550112",
    "+12025550121",
    "+12025550123",
    "+12025550130",
    "+12025550131",
    "+12025550132",
    "+12025550133",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_printed_even_at_trace() {
    let mut setup = Setup {
        log: "trace,h2=trace,hyper=trace,rustls=trace,tower=trace,tonic=trace".to_owned(),
        ..Setup::default()
    };
    setup.tenants[0].answer_within = "2s";
    let gateway = Gateway::start(setup).await;
    let tenant = gateway.tenant().clone();
    let mut planted = vec![
        tenant.secret.clone(),
        EDGE_TOKEN.to_owned(),
        SERVICE_TOKEN.to_owned(),
        OPERATOR_TOKEN.to_owned(),
        RECEIPT_SECRET.to_owned(),
        "planted-user-agent".to_owned(),
        "198.51.100.7".to_owned(),
        "planted-attribute".to_owned(),
    ];

    for (index, recipient) in RECIPIENTS.iter().enumerate() {
        let code = format!("7391{index:02}");
        let token = tenant.token();
        gateway.post(&token, &Tenant::body(recipient, &code)).await;
        planted.push(code);
        planted.push(token);
        planted.push(recipient[1..].to_owned());
    }
    unwelcome(&gateway, &mut planted).await;
    call_backs(&gateway, &mut planted).await;
    let pages = gateway.page(gateway.at.edge_admin, "/metrics").await
        + &gateway.page(gateway.at.delivery_admin, "/metrics").await
        + &gateway.page(gateway.at.edge_admin, "/readyz?verbose").await;
    gateway.edge.terminate().await;
    gateway.delivery.terminate().await;

    let printed = gateway.printed();
    assert!(
        printed.contains("trace") || printed.contains("TRACE"),
        "nothing was printed at trace: the test proves nothing"
    );
    for secret in planted {
        assert!(
            !printed.contains(&secret),
            "printed: {secret}\n{}",
            around(&printed, &secret)
        );
        assert!(!pages.contains(&secret), "on an admin page: {secret}");
    }
}

/// Requests that are refused for every other reason.
async fn unwelcome(gateway: &Gateway, planted: &mut Vec<String>) {
    let tenant = gateway.tenant();
    let forged = Tenant {
        secret: "another-secret-that-is-long-enough-000".to_owned(),
        ..tenant.clone()
    }
    .token();
    gateway
        .post(&forged, &Tenant::body("+12025550140", "739190"))
        .await;
    let expired = tenant.sign(&json!({"aud": tenant.audience, "sub": tenant.subject, "exp": 1000}));
    gateway
        .post(&expired, &Tenant::body("+12025550141", "739191"))
        .await;
    gateway
        .post(
            &tenant.token(),
            &json!({"recipient": "+1202555014X", "body": "739192"}),
        )
        .await;
    gateway
        .post(
            &tenant.token(),
            &json!({"recipient": ["+12025550143"], "body": 739_193}),
        )
        .await;
    gateway.post(&tenant.token(), &json!("+12025550144 739194")).await;
    for (number, code) in (140..=144).zip(739_190..) {
        planted.push(format!("12025550{number}"));
        planted.push(code.to_string());
    }
    planted.extend([forged, expired]);
}

/// Call-backs that nobody believes: URL, headers and body may hold anything.
async fn call_backs(gateway: &Gateway, planted: &mut Vec<String>) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for carrier in ["sandbox", "nobody"] {
        let at = gateway.at.edge;
        let answer = client
            .post(format!(
                "http://{at}/carriers/{carrier}/receipts?planted-query=12025550150"
            ))
            .header("x-sandbox-signature", "00planted-signature")
            .body("planted-body 12025550151")
            .send()
            .await
            .expect("an answer");
        assert!(matches!(answer.status().as_u16(), 403 | 404));
    }
    let strange = [
        "planted-query",
        "planted-signature",
        "planted-body",
        "12025550150",
        "12025550151",
    ];
    planted.extend(strange.map(str::to_owned));
}

fn around(text: &str, needle: &str) -> String {
    let at = text.find(needle).unwrap_or_default();
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    let end = text[at..].find('\n').map_or(text.len(), |line| at + line);
    text[start..end].to_owned()
}

//! Promise 6 at the front door: no code, token, secret or full number in a log line, a metric or an answer, at any
//! log level; and what went wrong can still be read there.

use crate::harness::edge::DELIVERY_TOKEN;
use crate::harness::{BODY, Call, Edge, Printed, SECRET, Script, Token};
use aldis_delivery_api::{DeliveryError, ErrorKind};

#[tokio::test]
async fn a_trace_of_everything_shows_no_secret() {
    let (printed, _listening) = Printed::listening("trace");
    let edge = Edge::start().await;
    let good = Token::good();
    let forged = Token::good().secret("a-forger-with-more-than-32-bytes-").mint();
    let mut heard = String::new();
    let calls = [
        Call::good(),
        Call::bare().header("authorization", format!("Bearer {forged}")),
        Call::bare().header(
            "authorization",
            format!("Bearer {}, Bearer {forged}", good.mint()),
        ),
        Call::bare().path(format!("/auth0/acme/sms?token={}", good.mint())),
        Call::good().path("/auth0/acme/sms/314159"),
        Call::good().body(BODY.replace("\"Your", "5,\"x\":\"Your")),
        Call::good().body(BODY.replace("+12025550100", "+120255501000000")),
        Call::good().body(BODY.replace("+12025550199", "+12025550100 too long for any sender")),
        Call::good().body(&BODY[1..]),
        Call::good().header("x-code", "314159"),
        Call::good().header("idempotency-key", "314159 2025550100"),
    ];
    for call in &calls {
        heard += &edge.hears(call).await.all();
    }
    edge.delivery.then(Script::Fail(DeliveryError::new(
        ErrorKind::Internal,
        "a fault of ours",
    )));
    heard += &edge.hears(&Call::good()).await.all();
    heard += &edge.page("/metrics").await.text;
    edge.stop.cancel();
    edge.running.await.expect("no panic");

    let printed = printed.text();
    let [header, claims, signature] = good.parts();
    let secrets = [
        "314159",
        "2025550100",
        "2025550199",
        SECRET,
        DELIVERY_TOKEN,
        &*header,
        &claims,
        &signature,
        &forged,
    ];
    for secret in secrets {
        assert!(!printed.contains(secret), "{secret} was printed:\n{printed}");
        assert!(!heard.contains(secret), "{secret} was answered:\n{heard}");
    }
    for word in [
        "token rejected",
        "signature",
        "characters",
        "no_header",
        "a fault of ours",
        "acme",
        "invalid_request",
    ] {
        assert!(printed.contains(word), "{word} is not in\n{printed}");
    }
    assert!(!heard.contains("a fault of ours"), "{heard}");
}

//! Authentication, classes 21 and 22 of Auth0's contract: a tenant's token opens its own door only.

use crate::harness::edge::{load, settings};
use crate::harness::{Call, Edge, Token, tenant};

const ONE: &str = "the-first-secret-of-more-than-32-bytes";
const TWO: &str = "the-other-secret-of-more-than-32-bytes";

fn gateway(subject: &str, audience: &str, secrets: &[&str]) -> String {
    let secrets: Vec<_> = secrets
        .iter()
        .map(|secret| format!("{{ literal = \"{secret}\" }}"))
        .collect();
    let subject = if subject.is_empty() {
        String::new()
    } else {
        format!("subject = \"{subject}\"\n")
    };
    format!(
        "method = \"bearer\"\n{subject}audience = \"{audience}\"\nsecrets = [{}]",
        secrets.join(", ")
    )
}

fn pair(acme: &str, other: &str) -> String {
    tenant("acme", "", acme) + &tenant("other", "", other)
}

fn token(audience: &str, secret: &str) -> String {
    Token::good().claim("aud", audience).secret(secret).bearer()
}

async fn at(edge: &Edge, tenant: &str, authorization: &str) -> u16 {
    let call = Call::bare()
        .path(format!("/auth0/{tenant}/sms"))
        .header("authorization", authorization);
    edge.hears(&call).await.status
}

#[tokio::test]
async fn class_21_tenants_with_something_in_common_never_cross() {
    let sub = "urn:Auth0";
    let cases = [
        (
            "same secret",
            gateway(sub, "urn:a", &[ONE]),
            gateway(sub, "urn:b", &[ONE]),
            [("urn:a", ONE), ("urn:b", ONE)],
        ),
        (
            "same audience",
            gateway(sub, "urn:a", &[ONE]),
            gateway(sub, "urn:a", &[TWO]),
            [("urn:a", ONE), ("urn:a", TWO)],
        ),
        (
            "nothing",
            gateway(sub, "urn:a", &[ONE]),
            gateway(sub, "urn:b", &[TWO]),
            [("urn:a", ONE), ("urn:b", TWO)],
        ),
    ];
    for (common, acme, other, [acmes, others]) in cases {
        let edge = Edge::with(&pair(&acme, &other)).await;
        let (acmes, others) = (token(acmes.0, acmes.1), token(others.0, others.1));
        assert_eq!(at(&edge, "acme", &acmes).await, 200, "{common}");
        assert_eq!(at(&edge, "other", &others).await, 200, "{common}");
        assert_eq!(
            at(&edge, "other", &acmes).await,
            401,
            "{common}: acme's token at the other's door"
        );
        assert_eq!(
            at(&edge, "acme", &others).await,
            401,
            "{common}: the other's token at acme's door"
        );
        let asked = edge.delivery.asked();
        let tenants: Vec<_> = asked.iter().map(|asked| asked.request.tenant.as_str()).collect();
        assert_eq!(
            tenants,
            ["acme", "other"],
            "{common}: each message is its own tenant's"
        );
    }
}

#[tokio::test]
async fn class_21_tenants_nobody_can_tell_apart_are_refused() {
    let sub = "urn:Auth0";
    let refused = [
        (
            "all the same",
            gateway(sub, "urn:a", &[ONE]),
            gateway(sub, "urn:a", &[ONE]),
        ),
        (
            "one secret of two",
            gateway(sub, "urn:a", &[ONE, TWO]),
            gateway(sub, "urn:a", &[TWO]),
        ),
        (
            "no subject at all",
            gateway("", "urn:a", &[ONE]),
            gateway("", "urn:a", &[ONE]),
        ),
        (
            "a subject that is not looked at",
            gateway(sub, "urn:a", &[ONE]),
            gateway("", "urn:a", &[ONE]),
        ),
    ];
    for (what, acme, other) in refused {
        let said = load(&settings("http://127.0.0.1:1", "", &pair(&acme, &other)))
            .err()
            .unwrap_or_default();
        assert!(said.contains("acme") && said.contains("other"), "{what}: {said}");
        assert!(
            said.contains("tenants[1]") && !said.contains(ONE) && !said.contains(TWO),
            "{what}: {said}"
        );
    }
    let warned = [
        (
            "another audience",
            gateway(sub, "urn:a", &[ONE]),
            gateway(sub, "urn:b", &[ONE]),
            true,
        ),
        (
            "another subject",
            gateway(sub, "urn:a", &[ONE]),
            gateway("urn:x", "urn:a", &[ONE]),
            true,
        ),
        (
            "another secret",
            gateway(sub, "urn:a", &[ONE]),
            gateway(sub, "urn:a", &[TWO]),
            false,
        ),
    ];
    for (what, acme, other, warns) in warned {
        let config = load(&settings("http://127.0.0.1:1", "", &pair(&acme, &other)));
        let config = config.unwrap_or_else(|error| panic!("{what}: {error}"));
        let alike = config
            .warnings()
            .iter()
            .filter(|warning| warning.contains("share a secret"));
        assert_eq!(
            alike.count(),
            usize::from(warns),
            "{what}: {:?}",
            config.warnings()
        );
    }
}

#[tokio::test]
async fn class_22_another_tenants_token_is_a_wrong_token() {
    let edge = Edge::with(&pair(
        &gateway("urn:Auth0", "urn:a", &[ONE]),
        &gateway("urn:Auth0", "urn:b", &[TWO]),
    ))
    .await;
    let acmes = token("urn:a", ONE);
    assert_eq!(at(&edge, "acme", &acmes).await, 200);
    assert_eq!(at(&edge, "other", &acmes).await, 401);
    assert_eq!(
        at(&edge, "other", &token("urn:b", ONE)).await,
        401,
        "its audience, acme's secret"
    );
    assert_eq!(
        at(&edge, "other", &token("urn:a", TWO)).await,
        401,
        "its secret, acme's audience"
    );
    assert_eq!(
        at(&edge, "nobody", &acmes).await,
        404,
        "no such tenant, whatever the token"
    );
    assert_eq!(at(&edge, "nobody", "").await, 404);
    assert_eq!(at(&edge, "ACME", &acmes).await, 404);
    assert_eq!(at(&edge, "acme%2f", &acmes).await, 404);
    assert_eq!(at(&edge, "%ff", &acmes).await, 404);
}

//! Authentication, classes 17, 18, 23 and 24 of Auth0's contract: secrets, their rotation and their absence.

use crate::harness::edge::{bearer, load, settings};
use crate::harness::{Call, Edge, SECRET, Token, tenant};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};

const BINARY: &[u8; 34] = b"\xff\xfe\xfd\xfc\xfb\xfa\x00\x01 34 bytes that are no text";

fn with_secret(secret: &str, lines: &str) -> String {
    tenant("acme", "", &bearer(lines).replace(SECRET, secret))
}

/// Why the settings are refused; empty if they are not.
fn fault(tenants: &str) -> String {
    load(&settings("http://127.0.0.1:1", "", tenants))
        .err()
        .unwrap_or_default()
}

#[tokio::test]
async fn class_17_base64_in_every_spelling() {
    let token = Token::good().secret(BINARY).bearer();
    let spellings = [
        BASE64_STANDARD.encode(BINARY),
        BASE64_STANDARD_NO_PAD.encode(BINARY),
        BASE64_URL_SAFE.encode(BINARY),
        BASE64_URL_SAFE_NO_PAD.encode(BINARY),
    ];
    assert!(spellings[0].ends_with("==") && spellings[0].contains('/') && spellings[2].contains('_'));
    for spelling in &spellings {
        let decoded = Edge::with(&with_secret(spelling, "secret_base64_encoded = true")).await;
        assert_eq!(decoded.judges(&token).await, 200, "{spelling}");
        let as_text = Token::good().secret(spelling).bearer();
        assert_eq!(decoded.judges(&as_text).await, 401, "{spelling} signed as text");
        let plain = Edge::with(&with_secret(spelling, "")).await;
        assert_eq!(plain.judges(&token).await, 401, "{spelling}, the flag off");
        assert_eq!(plain.judges(&as_text).await, 200, "{spelling} is a text, too");
    }
    let text = Edge::with(&with_secret("a secret with \u{e9} and more than 32 bytes", "")).await;
    let token = Token::good().secret("a secret with \u{e9} and more than 32 bytes");
    assert_eq!(
        text.judges(token.bearer()).await,
        200,
        "UTF-8 counts as its bytes"
    );
}

#[tokio::test]
async fn class_17_what_is_not_base64_is_refused_at_load() {
    for secret in [
        "not base64, but more than 32 bytes long",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=Q",
        "====",
        // One letter more than whole groups; a single one could stand in the name of the file, too.
        "QUJDR",
    ] {
        let said = fault(&with_secret(
            secret,
            "secret_base64_encoded = true\nallow_short_secret = true",
        ));
        assert!(said.contains("secrets[0]") && said.contains("base64"), "{said}");
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn class_18_short_secrets_need_a_switch() {
    let letters = "0123456789abcdef0123456789abcdef";
    for secret in ["x", &letters[..31], "MySecretToSignTheToken", "shhhh"] {
        let said = fault(&with_secret(secret, ""));
        assert!(said.contains("secrets[0]") && said.contains("32"), "{said}");
        let edge = Edge::with(&with_secret(secret, "allow_short_secret = true")).await;
        assert_eq!(
            edge.judges(Token::good().secret(secret).bearer()).await,
            200,
            "{secret}"
        );
        assert_eq!(edge.judges(Token::good().bearer()).await, 401, "{secret}");
    }
    for secret in [letters, &*letters.repeat(160)] {
        let edge = Edge::with(&with_secret(secret, "")).await;
        assert_eq!(edge.judges(Token::good().secret(secret).bearer()).await, 200);
    }
    assert!(fault(&with_secret("", "allow_short_secret = true")).contains("empty"));
    // 32 letters of base64 are 24 bytes.
    assert!(fault(&with_secret(letters, "secret_base64_encoded = true")).contains("24 bytes"));
}

#[tokio::test]
async fn class_18_a_secret_everybody_knows_is_warned_of() {
    let config = load(&settings(
        "http://127.0.0.1:1",
        "",
        &with_secret("MySecretToSignTheToken", "allow_short_secret = true"),
    ));
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    let warnings = config.warnings().join("\n");
    assert!(
        warnings.contains("acme") && warnings.contains("sample"),
        "{warnings}"
    );
    assert!(!warnings.contains("MySecret"), "{warnings}");
}

#[tokio::test]
async fn class_23_both_secrets_while_rotating_and_one_afterwards() {
    const NEXT: &str = "the-next-secret-of-more-than-32-bytes";
    let old = Token::good().bearer();
    let new = Token::good().secret(NEXT).bearer();
    let neither = Token::good()
        .secret("a-third-secret-of-more-than-32-bytes")
        .bearer();
    let rotating = Edge::with(&tenant(
        "acme",
        "",
        &bearer("").replace("secrets = [", &format!("secrets = [{{ literal = \"{NEXT}\" }}, ")),
    ))
    .await;
    rotating
        .expect(&[
            ("old", old.clone(), 200),
            ("new", new.clone(), 200),
            ("neither", neither.clone(), 401),
        ])
        .await;
    let rotated = Edge::with(&with_secret(NEXT, "")).await;
    rotated
        .expect(&[("old", old, 401), ("new", new, 200), ("neither", neither, 401)])
        .await;
    assert!(
        fault(&with_secret(SECRET, "").replace(&format!("{{ literal = \"{SECRET}\" }}"), ""))
            .contains("secrets")
    );
}

#[tokio::test]
async fn class_24_nobody_is_let_in_unasked_by_accident() {
    let off = tenant("acme", "", "method = \"none\"");
    let said = fault(&off);
    assert!(
        said.contains("method") && said.contains("allow_unauthenticated"),
        "{said}"
    );
    let said = fault("[[tenants]]\nname = \"acme\"\n");
    assert!(said.contains("gateway_authentication"), "{said}");
    let refused = [
        bearer("").replace("method = \"bearer\"\n", ""),
        bearer("").replace("\"bearer\"", "\"basic\""),
        bearer("").replace("\"bearer\"", "\"\""),
        bearer("allow_unauthenticated = false").replace("\"bearer\"", "\"none\""),
    ];
    for gateway in refused {
        let said = fault(&tenant("acme", "", &gateway));
        assert!(said.contains("method"), "{said}");
    }

    let open = Edge::with(&tenant(
        "acme",
        "",
        "method = \"none\"\nallow_unauthenticated = true",
    ))
    .await;
    assert_eq!(open.hears(&Call::bare()).await.status, 200);
    assert_eq!(open.judges("Bearer whatever").await, 200, "nobody looks");
    // The switch alone changes nothing.
    let still = Edge::gateway("allow_unauthenticated = true").await;
    assert_eq!(still.hears(&Call::bare()).await.status, 401);
    assert_eq!(still.hears(&Call::good()).await.status, 200);
}

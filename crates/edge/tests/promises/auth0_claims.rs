//! Authentication, classes 11 to 16 of Auth0's contract: what the token says.

use crate::harness::{Edge, Token, now};
use serde_json::{Value, json};

type Case<'a> = (&'a str, String, u16);

fn aud(what: &str, value: Value, status: u16) -> Case<'_> {
    (what, Token::good().claim("aud", value).bearer(), status)
}

#[tokio::test]
async fn class_11_our_audience_alone_or_among_others() {
    let edge = Edge::start().await;
    edge.expect(&[
        aud("ours", json!("urn:acme"), 200),
        aud("ours in an array", json!(["urn:acme"]), 200),
        aud(
            "ours among others",
            json!(["urn:other", "urn:acme", "urn:third"]),
            200,
        ),
        aud("another", json!("urn:other"), 401),
        aud("another case", json!("urn:ACME"), 401),
        aud("a longer one", json!("urn:acme2"), 401),
        aud("a shorter one", json!("urn:acm"), 401),
        aud("with a space", json!("urn:acme "), 401),
        aud("others only", json!(["urn:other", "urn:third"]), 401),
        aud("an empty array", json!([]), 401),
        aud("an empty string", json!(""), 401),
        aud("a number", json!(5), 401),
        aud("null", json!(null), 401),
        aud("an object", json!({"urn:acme": "urn:acme"}), 401),
        aud("ours one level too deep", json!([["urn:acme"]]), 401),
        ("none", Token::good().without("aud").bearer(), 401),
    ])
    .await;
}

#[tokio::test]
async fn class_12_the_subject_when_it_is_configured() {
    let sub = |what, value: Value, status| -> Case<'_> {
        (what, Token::good().claim("sub", value).bearer(), status)
    };
    let edge = Edge::start().await;
    edge.expect(&[
        sub("ours", json!("urn:Auth0"), 200),
        sub("another", json!("urn:other"), 401),
        sub("another case", json!("urn:auth0"), 401),
        sub("empty", json!(""), 401),
        sub("a number", json!(0), 401),
        sub("an array with ours", json!(["urn:Auth0"]), 401),
        sub("null", json!(null), 401),
        ("none", Token::good().without("sub").bearer(), 401),
    ])
    .await;
    let open = Edge::with(&crate::harness::tenant(
        "acme",
        "",
        &crate::harness::edge::bearer("").replace("subject = \"urn:Auth0\"\n", ""),
    ))
    .await;
    open.expect(&[
        sub("any", json!("somebody"), 200),
        sub("not even a string", json!(7), 200),
        ("none", Token::good().without("sub").bearer(), 200),
        aud("but the audience counts", json!("urn:other"), 401),
    ])
    .await;
}

#[tokio::test]
async fn class_13_audience_and_subject_not_one_of_them() {
    let edge = Edge::start().await;
    edge.expect(&[
        (
            "right aud, wrong sub",
            Token::good().claim("sub", "x").bearer(),
            401,
        ),
        (
            "wrong aud, right sub",
            Token::good().claim("aud", "x").bearer(),
            401,
        ),
        (
            "swapped",
            Token::good()
                .claim("aud", "urn:Auth0")
                .claim("sub", "urn:acme")
                .bearer(),
            401,
        ),
        (
            "both wrong",
            Token::good().claim("aud", "x").claim("sub", "x").bearer(),
            401,
        ),
        ("both right", Token::good().bearer(), 200),
    ])
    .await;
}

#[tokio::test]
async fn class_14_the_issuer_only_when_there_is_a_list() {
    let iss = |what, value: Value, status| -> Case<'_> {
        (what, Token::good().claim("iss", value).bearer(), status)
    };
    Edge::start()
        .await
        .expect(&[
            ("none", Token::good().bearer(), 200),
            iss("Auth0", json!("Auth0"), 200),
            iss("the tenant's", json!("https://acme.example/"), 200),
            iss("any", json!("somebody"), 200),
            iss("not even a string", json!(1), 200),
        ])
        .await;
    Edge::gateway("issuers = [\"Auth0\", \"https://acme.example/\"]")
        .await
        .expect(&[
            ("none", Token::good().bearer(), 401),
            iss("Auth0", json!("Auth0"), 200),
            iss("the tenant's", json!("https://acme.example/"), 200),
            iss("without the slash", json!("https://acme.example"), 401),
            iss("another case", json!("auth0"), 401),
            iss("an array", json!(["Auth0"]), 401),
            iss("null", json!(null), 401),
        ])
        .await;
}

fn exp(what: &str, value: Value, status: u16) -> Case<'_> {
    (what, Token::good().claim("exp", value).bearer(), status)
}

#[tokio::test]
async fn class_15_expiry_with_a_minute_of_leeway() {
    let edge = Edge::start().await;
    let now = now();
    // To the second is proved in `token/tests.rs`, where the clock stands still.
    edge.expect(&[
        ("none", Token::good().bearer(), 200),
        exp("ahead", json!(now + 300), 200),
        exp("just past", json!(now - 40), 200),
        exp("longer past", json!(now - 75), 401),
        exp("zero", json!(0), 401),
        exp(
            "a fraction",
            json!(format!("{}.5", now + 60).parse::<f64>().expect("a number")),
            200,
        ),
        exp("a string", json!((now + 300).to_string()), 401),
        exp("null", json!(null), 401),
        exp("true", json!(true), 401),
        exp("negative", json!(-1), 401),
        exp("1e300", json!(1e300), 401),
        exp("the last second of 9999", json!(253_402_300_799_u64), 200),
        exp("one more", json!(253_402_300_800_u64), 401),
        exp("microseconds", json!((now + 300) * 1_000_000), 401),
        exp("64 bits", json!(u64::MAX), 401),
        exp("an array", json!([now + 300]), 401),
    ])
    .await;
    let [claims, huge] = ["1e400", "99999999999999999999999999"]
        .map(|date| format!(r#"{{"aud":"urn:acme","sub":"urn:Auth0","exp":{date}}}"#));
    edge.expect(&[
        ("beyond any number", Token::good().claims(claims).bearer(), 401),
        ("beyond any integer", Token::good().claims(huge).bearer(), 401),
    ])
    .await;
    Edge::gateway("require_exp = true")
        .await
        .expect(&[
            ("none", Token::good().bearer(), 401),
            exp("ahead", json!(now + 300), 200),
            exp("just past", json!(now - 40), 200),
            exp("null", json!(null), 401),
        ])
        .await;
}

#[tokio::test]
async fn class_16_not_before_and_issued_at() {
    let edge = Edge::start().await;
    let now = now();
    let date = |what, name: &str, value: Value, status| -> Case<'_> {
        (what, Token::good().claim(name, value).bearer(), status)
    };
    edge.expect(&[
        date("nbf past", "nbf", json!(now - 1000), 200),
        date("nbf a little ahead", "nbf", json!(now + 40), 200),
        date("nbf ahead", "nbf", json!(now + 90), 401),
        date("nbf a string", "nbf", json!((now - 10).to_string()), 401),
        date("nbf in milliseconds", "nbf", json!(now * 1000), 401),
        date("iat past", "iat", json!(now - 1_000_000), 200),
        date("iat a little ahead", "iat", json!(now + 40), 200),
        date("iat ahead", "iat", json!(now + 90), 401),
        date("iat null", "iat", json!(null), 401),
        date("iat negative", "iat", json!(-5), 401),
    ])
    .await;
    Edge::gateway("max_age = \"5m\"")
        .await
        .expect(&[
            ("no iat", Token::good().bearer(), 401),
            date("fresh", "iat", json!(now - 10), 200),
            date("within age and leeway", "iat", json!(now - 340), 200),
            date("too old", "iat", json!(now - 375), 401),
            date("ahead", "iat", json!(now + 90), 401),
            (
                "old, though exp is ahead",
                Token::good()
                    .claim("iat", now - 999)
                    .claim("exp", now + 999)
                    .bearer(),
                401,
            ),
        ])
        .await;
}

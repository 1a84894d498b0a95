//! Authentication, classes 1 to 10 of Auth0's contract: the header and the form of the token.

use crate::harness::{Call, Edge, Token};
use aws_lc_rs::hmac::{HMAC_SHA384, HMAC_SHA512};
use serde_json::json;

fn good() -> String {
    Token::good().mint()
}

#[tokio::test]
async fn class_1_no_token_is_no_entry() {
    let edge = Edge::start().await;
    assert_eq!(edge.hears(&Call::bare()).await.status, 401, "no header");
    let cases = [
        ("empty", String::new()),
        ("scheme alone", "Bearer".into()),
        ("scheme and a space", "Bearer ".into()),
        ("Basic", "Basic YWNtZTpzZWNyZXQ=".into()),
        ("Basic with a token", format!("Basic {}", good())),
        ("no scheme", good()),
        ("Digest", "Digest username=\"acme\"".into()),
        ("another name", format!("BearerX {}", good())),
    ];
    edge.expect(&cases.map(|(what, value)| (what, value, 401))).await;
}

#[tokio::test]
async fn class_2_the_scheme_in_any_case_and_nothing_after_the_token() {
    let edge = Edge::start().await;
    let good = good();
    edge.expect(&[
        ("as usual", format!("Bearer {good}"), 200),
        ("lower", format!("bearer {good}"), 200),
        ("upper", format!("BEARER {good}"), 200),
        ("mixed", format!("bEaReR {good}"), 200),
        ("two spaces", format!("Bearer  {good}"), 200),
        ("many spaces", format!("Bearer {}{good}", " ".repeat(40)), 200),
        ("a tab", format!("Bearer\t{good}"), 401),
        ("a space and a tab", format!("Bearer \t{good}"), 401),
        ("words after it", format!("Bearer {good} and more"), 401),
        ("a comma after it", format!("Bearer {good},"), 401),
        ("a semicolon after it", format!("Bearer {good};"), 401),
        ("quoted", format!("Bearer \"{good}\""), 401),
        ("a letter after it", format!("Bearer {good}A"), 401),
        (
            "a tab inside",
            format!("Bearer {}\t{}", &good[..20], &good[20..]),
            401,
        ),
    ])
    .await;
}

#[tokio::test]
async fn class_3_two_tokens_are_none() {
    let edge = Edge::start().await;
    let good = format!("Bearer {}", good());
    for (first, second) in [
        (&*good, &*good),
        (&good, "Bearer x"),
        ("Bearer x", &good),
        (&good, ""),
        ("Basic x", &good),
    ] {
        let call = Call::bare()
            .header("authorization", first)
            .header("Authorization", second);
        assert_eq!(edge.hears(&call).await.status, 401, "{second}");
    }
    edge.expect(&[
        ("in one header", format!("{good}, {good}"), 401),
        ("a good one first", format!("{good}, Bearer x"), 401),
        ("without a space", format!("{good},Bearer x"), 401),
    ])
    .await;
}

#[tokio::test]
async fn class_4_a_token_elsewhere_is_not_looked_for() {
    let edge = Edge::start().await;
    let good = good();
    let calls = [
        Call::bare().path(format!("/auth0/acme/sms?access_token={good}")),
        Call::bare().path(format!("/auth0/acme/sms?authorization=Bearer%20{good}")),
        Call::bare().body(format!("access_token={good}")),
        Call::bare()
            .body(json!({"recipient": "+12025550100", "body": "x", "access_token": good}).to_string()),
        Call::bare().header("x-authorization", format!("Bearer {good}")),
        Call::bare().header("proxy-authorization", format!("Bearer {good}")),
        Call::bare().header("cookie", format!("access_token={good}")),
    ];
    for call in calls {
        assert_eq!(edge.hears(&call).await.status, 401, "{}", call.path);
    }
    assert!(edge.delivery.asked().is_empty());
}

#[tokio::test]
async fn class_5_a_token_that_claims_to_need_no_signature() {
    let edge = Edge::start().await;
    let mut cases = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let token = Token::good().header(json!({"alg": alg, "typ": "JWT"}).to_string());
        let [header, claims, _] = token.parts();
        cases.push(("unsigned", format!("Bearer {header}.{claims}."), 401));
        cases.push(("signed", token.bearer(), 401));
    }
    for header in [
        r#"{"typ":"JWT"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":5}"#,
        "{}",
    ] {
        cases.push(("no algorithm", Token::good().header(header).bearer(), 401));
    }
    let [header, claims, _] = Token::good().parts();
    cases.push(("an empty signature", format!("Bearer {header}.{claims}."), 401));
    edge.expect(&cases).await;
}

#[tokio::test]
async fn class_6_the_header_does_not_choose_the_algorithm() {
    const PEM: &str =
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
    let edge = Edge::start().await;
    let mut cases = Vec::new();
    for alg in [
        "RS256", "ES256", "PS256", "EdDSA", "RS512", "HS256 ", "hs256", "Hs256", "HMAC",
    ] {
        cases.push((
            "another name",
            Token::good().header(json!({"alg": alg}).to_string()).bearer(),
            401,
        ));
    }
    cases.push((
        "a public key as the secret",
        Token::good().secret(PEM).bearer(),
        401,
    ));
    cases.push(("an empty secret", Token::good().secret("").bearer(), 401));
    edge.expect(&cases).await;
}

#[tokio::test]
async fn class_7_only_hs256_even_with_the_right_secret() {
    let edge = Edge::start().await;
    edge.expect(&[
        (
            "HS384",
            Token::good()
                .header(r#"{"alg":"HS384"}"#)
                .algorithm(HMAC_SHA384)
                .bearer(),
            401,
        ),
        (
            "HS512",
            Token::good()
                .header(r#"{"alg":"HS512"}"#)
                .algorithm(HMAC_SHA512)
                .bearer(),
            401,
        ),
        (
            "HS512 that says HS256",
            Token::good().algorithm(HMAC_SHA512).bearer(),
            401,
        ),
        (
            "HS256 that says HS512",
            Token::good().header(r#"{"alg":"HS512"}"#).bearer(),
            401,
        ),
        ("HS256", Token::good().header(r#"{"alg":"HS256"}"#).bearer(), 200),
    ])
    .await;
}

#[tokio::test]
async fn class_8_the_header_names_no_key_and_demands_nothing() {
    let edge = Edge::start().await;
    let with = |member: &str| {
        Token::good()
            .header(format!(r#"{{"alg":"HS256",{member}}}"#))
            .bearer()
    };
    edge.expect(&[
        ("kid is a path", with(r#""kid":"../../../dev/null""#), 200),
        ("kid is SQL", with(r#""kid":"' OR 1=1 --""#), 200),
        ("kid is an object", with(r#""kid":{"a":1}"#), 200),
        ("jku", with(r#""jku":"http://127.0.0.1:1/keys""#), 200),
        ("jwk", with(r#""jwk":{"kty":"oct","k":"AAAA"}"#), 200),
        ("x5u", with(r#""x5u":"http://127.0.0.1:1/cert""#), 200),
        ("typ", with(r#""typ":"at+jwt""#), 200),
        ("unknown crit", with(r#""crit":["exp2"],"exp2":1"#), 401),
        ("b64 crit", with(r#""crit":["b64"],"b64":true"#), 401),
        ("empty crit", with(r#""crit":[]"#), 401),
        ("null crit", with(r#""crit":null"#), 401),
        ("crit of another type", with(r#""crit":"alg""#), 401),
    ])
    .await;
}

/// The last letter of a 32-byte signature carries four bits; the other two must be zero.
fn stray_bits(segment: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = segment.bytes().last().expect("a letter");
    let place = LETTERS
        .iter()
        .position(|letter| *letter == last)
        .expect("base64url");
    format!(
        "{}{}",
        &segment[..segment.len() - 1],
        char::from(LETTERS[place | 1])
    )
}

#[tokio::test]
async fn class_9_the_signature_to_the_last_bit() {
    let edge = Edge::start().await;
    let [header, claims, signature] = Token::good().parts();
    let with = |signature: &str| format!("Bearer {header}.{claims}.{signature}");
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let mut cases = vec![
        ("untouched", with(&signature), 200),
        (
            "another secret",
            Token::good()
                .secret("another-secret-of-more-than-32-bytes")
                .bearer(),
            401,
        ),
        ("truncated", with(&signature[..42]), 401),
        ("half", with(&signature[..22]), 401),
        ("one letter", with("A"), 401),
        ("longer", with(&format!("{signature}AAAA")), 401),
        ("twice", with(&format!("{signature}{signature}")), 401),
        (
            "a flipped bit",
            with(&format!("{flipped}{}", &signature[1..])),
            401,
        ),
        (
            "stray bits in the last letter",
            with(&stray_bits(&signature)),
            401,
        ),
        ("padded", with(&format!("{signature}=")), 401),
        (
            "padded header",
            format!("Bearer {header}=.{claims}.{signature}"),
            401,
        ),
        (
            "claims changed",
            format!(
                "Bearer {header}.{}.{signature}",
                Token::good().claim("x", 1).parts()[1]
            ),
            401,
        ),
    ];
    // Among a few tokens one signature has a letter that differs between the alphabets.
    for turn in 0..40 {
        let [header, claims, signature] = Token::good().claim("turn", turn).parts();
        let standard = signature.replace('-', "+").replace('_', "/");
        if standard != signature {
            cases.push((
                "the standard alphabet",
                format!("Bearer {header}.{claims}.{standard}"),
                401,
            ));
        }
    }
    assert!(cases.len() > 12, "one of forty signatures has a - or a _");
    edge.expect(&cases).await;
}

#[tokio::test]
async fn class_10_what_is_no_token_at_all() {
    let edge = Edge::start().await;
    let token = Token::good();
    let [header, claims, signature] = token.parts();
    edge.expect(&[
        ("one segment", format!("Bearer {header}"), 401),
        ("two segments", format!("Bearer {header}.{claims}"), 401),
        (
            "four segments",
            format!("Bearer {header}.{claims}.{signature}.{signature}"),
            401,
        ),
        (
            "five segments",
            format!("Bearer {header}.{claims}.{signature}.{signature}.{signature}"),
            401,
        ),
        (
            "a dot at the end",
            format!("Bearer {header}.{claims}.{signature}."),
            401,
        ),
        (
            "a dot in front",
            format!("Bearer .{header}.{claims}.{signature}"),
            401,
        ),
        ("dots only", "Bearer ..".into(), 401),
        ("many dots", format!("Bearer {}", ".".repeat(500)), 401),
        ("signed nothing", format!("Bearer ..{}", token.sign(".")), 401),
    ])
    .await;
    assert_eq!(
        edge.judges(b"Bearer \xff\xfe\xfd").await,
        401,
        "bytes that are not ASCII"
    );
    assert_eq!(
        edge.judges("Bearer \u{e9}\u{1f600}").await,
        401,
        "letters that are not ASCII"
    );
}

#[tokio::test]
async fn class_10_what_is_no_json_object_or_says_a_member_twice() {
    let edge = Edge::start().await;
    let token = Token::good();
    let signed = |claims: &str| token.clone().claims(claims).bearer();
    let titled = |header: &str| token.clone().header(header).bearer();
    edge.expect(&[
        ("header is not JSON", titled("HS256"), 401),
        ("header is an array", titled(r#"["HS256"]"#), 401),
        (
            "header says alg twice",
            titled(r#"{"alg":"HS256","alg":"HS256"}"#),
            401,
        ),
        (
            "header says alg twice, escaped",
            titled(r#"{"alg":"none","\u0061lg":"HS256"}"#),
            401,
        ),
        ("header with junk after it", titled(r#"{"alg":"HS256"}x"#), 401),
        ("claims are not JSON", signed("aud=urn:acme"), 401),
        ("claims are an array", signed(r#"["urn:acme","urn:Auth0"]"#), 401),
        ("claims are a string", signed(r#""urn:acme""#), 401),
        ("claims are null", signed("null"), 401),
        ("claims are empty", signed(""), 401),
        (
            "aud twice",
            signed(r#"{"aud":"urn:acme","sub":"urn:Auth0","aud":"urn:acme"}"#),
            401,
        ),
        (
            "sub twice",
            signed(r#"{"aud":"urn:acme","sub":"urn:Auth0","sub":"x"}"#),
            401,
        ),
        (
            "twice further in",
            signed(r#"{"aud":"urn:acme","sub":"urn:Auth0","x":{"y":1,"y":2}}"#),
            401,
        ),
        (
            "a byte order mark",
            signed("\u{feff}{\"aud\":\"urn:acme\",\"sub\":\"urn:Auth0\"}"),
            401,
        ),
        (
            "two objects",
            signed(r#"{"aud":"urn:acme","sub":"urn:Auth0"}{}"#),
            401,
        ),
        (
            "white space around",
            signed(" {\"aud\":\"urn:acme\",\n\"sub\":\"urn:Auth0\"} "),
            200,
        ),
    ])
    .await;
    let not_text = token
        .claims(b"{\"aud\":\"urn:acme\",\"sub\":\"urn:Auth0\",\"x\":\"\xff\xfe\"}")
        .bearer();
    assert_eq!(edge.judges(not_text).await, 401, "claims that are not UTF-8");
}

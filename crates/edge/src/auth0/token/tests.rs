//! The token policy at its exact edges, and under bytes nobody meant to send.

use super::*;
use aws_lc_rs::hmac;
use axum::http::HeaderValue;
use proptest::prelude::*;
use serde_json::json;

const SECRET: &str = "an-honest-secret-of-thirty-two-b";
const OTHER: &str = "another-secret-of-thirty-two-byt";
const NOW: u64 = 1_700_000_000;

fn policy() -> Policy {
    Policy {
        audience: "urn:Gateway".into(),
        subject: Some("urn:Auth0".into()),
        issuers: None,
        require_exp: false,
        max_age: None,
        keys: vec![GatewayKey::parse(SECRET, false, false).expect("a key")],
    }
}

fn signed(secret: &str, header: &[u8], claims: &[u8]) -> String {
    let content = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(header),
        BASE64_URL_SAFE_NO_PAD.encode(claims)
    );
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        content.as_bytes(),
    );
    format!("{content}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}

fn minted(claims: &Value) -> String {
    signed(
        SECRET,
        br#"{"alg":"HS256","typ":"JWT"}"#,
        claims.to_string().as_bytes(),
    )
}

fn good() -> String {
    minted(&json!({"aud": "urn:Gateway", "sub": "urn:Auth0"}))
}

fn judged(policy: &Policy, value: &[u8]) -> Result<(), Rejection> {
    let mut headers = HeaderMap::new();
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return Err(Rejection::Characters);
    };
    headers.insert(AUTHORIZATION, value);
    verify(policy, &headers, UnixMillis::from_millis(NOW * 1000)).map(|_| ())
}

fn judged_claims(policy: &Policy, mut claims: Value) -> Result<(), Rejection> {
    claims["aud"] = json!("urn:Gateway");
    claims["sub"] = json!("urn:Auth0");
    judged(policy, format!("Bearer {}", minted(&claims)).as_bytes())
}

#[test]
fn dates_count_to_the_second() {
    let plain = policy();
    let strict = Policy {
        require_exp: true,
        max_age: Some(Duration::from_mins(5)),
        ..policy()
    };
    let cases = [
        (&plain, json!({"exp": NOW - 59}), Ok(())),
        (&plain, json!({"exp": NOW - 60}), Err(Rejection::Expired)),
        (&plain, json!({"exp": 1_699_999_939.5}), Err(Rejection::Expired)),
        (&plain, json!({"exp": 1_699_999_940.5}), Ok(())),
        (&plain, json!({"exp": 0}), Err(Rejection::Expired)),
        (&plain, json!({"exp": 253_402_300_799_u64}), Ok(())),
        (&plain, json!({"exp": 253_402_300_799.5}), Err(Rejection::Date)),
        (&plain, json!({"exp": NOW * 1000 * 1000}), Err(Rejection::Date)),
        (&plain, json!({"nbf": NOW + 60}), Ok(())),
        (&plain, json!({"nbf": NOW + 61}), Err(Rejection::NotYetValid)),
        (&plain, json!({"iat": NOW + 60}), Ok(())),
        (&plain, json!({"iat": NOW + 61}), Err(Rejection::IssuedAhead)),
        (&plain, json!({"iat": 0}), Ok(())),
        (&plain, json!({}), Ok(())),
        (&strict, json!({"exp": NOW, "iat": NOW - 360}), Ok(())),
        (
            &strict,
            json!({"exp": NOW, "iat": NOW - 361}),
            Err(Rejection::TooOld),
        ),
        (&strict, json!({"exp": NOW}), Err(Rejection::IatMissing)),
        (&strict, json!({"iat": NOW}), Err(Rejection::ExpMissing)),
    ];
    for (policy, claims, expected) in cases {
        assert_eq!(judged_claims(policy, claims.clone()), expected, "{claims}");
    }
}

#[test]
fn a_date_is_a_number_of_seconds() {
    for name in ["exp", "nbf", "iat"] {
        for value in [
            json!("1800000000"),
            json!(null),
            json!(true),
            json!([1]),
            json!({}),
            json!(-1),
            json!(1e300),
        ] {
            let claims = json!({name: value});
            assert_eq!(
                judged_claims(&policy(), claims.clone()),
                Err(Rejection::Date),
                "{claims}"
            );
        }
    }
}

#[test]
fn any_live_secret_will_do_and_no_other() {
    let rotating = Policy {
        keys: vec![
            GatewayKey::parse(OTHER, false, false).expect("a key"),
            GatewayKey::parse(SECRET, false, false).expect("a key"),
        ],
        ..policy()
    };
    let header = format!("Bearer {}", good());
    assert_eq!(judged(&rotating, header.as_bytes()), Ok(()));
    let rotated = Policy {
        keys: vec![GatewayKey::parse(OTHER, false, false).expect("a key")],
        ..policy()
    };
    assert_eq!(judged(&rotated, header.as_bytes()), Err(Rejection::Signature));
}

#[test]
fn each_refusal_has_its_own_label() {
    let all = [
        Rejection::NoHeader,
        Rejection::SeveralHeaders,
        Rejection::NotBearer,
        Rejection::Characters,
        Rejection::Segments,
        Rejection::Encoding,
        Rejection::Header,
        Rejection::Algorithm,
        Rejection::Critical,
        Rejection::Signature,
        Rejection::Claims,
        Rejection::Audience,
        Rejection::Subject,
        Rejection::Issuer,
        Rejection::Date,
        Rejection::ExpMissing,
        Rejection::Expired,
        Rejection::NotYetValid,
        Rejection::IssuedAhead,
        Rejection::IatMissing,
        Rejection::TooOld,
    ];
    let labels: std::collections::BTreeSet<_> = all.iter().map(|cause| cause.as_str()).collect();
    assert_eq!(labels.len(), all.len());
}

#[test]
fn every_single_flipped_bit_is_noticed() {
    let token = good();
    for position in 0..token.len() {
        for bit in 0..8 {
            let mut flipped = token.clone().into_bytes();
            flipped[position] ^= 1 << bit;
            let header = [b"Bearer ".as_slice(), &flipped].concat();
            assert!(
                judged(&policy(), &header).is_err(),
                "bit {bit} of byte {position}"
            );
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(judged(&policy(), &bytes).is_err());
        let header = [b"Bearer ".as_slice(), &bytes].concat();
        prop_assert!(judged(&policy(), &header).is_err());
    }

    #[test]
    fn random_signed_claims_never_panic(header in ".{0,80}", claims in ".{0,200}") {
        let token = signed(SECRET, header.as_bytes(), claims.as_bytes());
        let _ = judged(&policy(), format!("Bearer {token}").as_bytes());
        let token = signed(SECRET, br#"{"alg":"HS256"}"#, claims.as_bytes());
        let header = format!("Bearer {token}");
        prop_assert!(judged(&policy(), header.as_bytes()).is_err());
    }

    #[test]
    fn a_changed_token_is_refused(cut in 0_usize..200, put in "[A-Za-z0-9_.-]{1,12}") {
        let token = good();
        let cut = cut % token.len();
        let changed = format!("{}{put}{}", &token[..cut], &token[cut..]);
        let header = format!("Bearer {changed}");
        prop_assert!(judged(&policy(), header.as_bytes()).is_err());
    }

    #[test]
    fn deep_json_is_refused_without_a_panic(depth in 100_usize..2000) {
        let claims = format!(r#"{{"aud":"urn:Gateway","sub":"urn:Auth0","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let token = signed(SECRET, br#"{"alg":"HS256"}"#, claims.as_bytes());
        let verdict = judged(&policy(), format!("Bearer {token}").as_bytes());
        prop_assert!(depth < 128 || verdict == Err(Rejection::Claims));
    }

    #[test]
    fn doubled_members_are_refused_at_any_depth(depth in 0_usize..60) {
        let inner = r#"{"aud":"urn:Gateway","\u0061ud":"urn:Gateway"}"#;
        let nested = format!("{}{inner}{}", r#"{"x":"#.repeat(depth), "}".repeat(depth));
        let token = signed(SECRET, br#"{"alg":"HS256"}"#, nested.as_bytes());
        prop_assert_eq!(judged(&policy(), format!("Bearer {token}").as_bytes()), Err(Rejection::Claims));
    }
}

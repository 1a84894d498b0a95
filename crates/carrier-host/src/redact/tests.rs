//! What a library says is printed without what must not be printed.

use super::Redactor;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

#[test]
fn secrets_text_code_and_recipient_are_hidden() {
    let redactor = Redactor::for_secrets(["s3cr&t key", ""].into_iter())
        .for_message("Your \"Acme\" code is 48213\nThanks", "+12025550100");
    for words in [
        "key=s3cr&t key",
        "key=s3cr%26t+key",
        "key=s3cr%26t%20key",
        "body {\"text\":\"Your \\\"Acme\\\" code is 48213\\nThanks\"}",
        "sent 48213 to 12025550100",
        "To=%2B12025550100",
        "to 442079460000 instead",
    ] {
        let clean = redactor.clean(words);
        for hidden in ["s3cr", "48213", "2025550100", "Acme", "0794600"] {
            assert!(!clean.contains(hidden), "{words:?} became {clean:?}");
        }
    }
    assert_eq!(
        redactor.clean("error 21211, status 400"),
        "error 21211, status 400"
    );
}

#[test]
fn a_library_cannot_forge_a_line() {
    assert_eq!(Redactor::default().clean("one\ntwo\u{1b}[31m"), "one two [31m");
    assert!(Redactor::default().clean(&"é".repeat(5_000)).len() < 2_010);
}

/// Percent-encoded for a form, or as RFC 3986 has it; in lower case if asked.
fn percent(text: &str, form: bool, lower: bool) -> String {
    let kept: &[u8] = if form { b"*-._" } else { b"-._~" };
    text.bytes()
        .map(|octet| match octet {
            b' ' if form => "+".to_owned(),
            octet if octet.is_ascii_alphanumeric() || kept.contains(&octet) => char::from(octet).to_string(),
            octet if lower => format!("%{octet:02x}"),
            octet => format!("%{octet:02X}"),
        })
        .collect()
}

/// All that a secret may look like in a URL, a form, a header or a JSON body.
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let mut layer = vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    let mut all = layer.clone();
    for _ in 0..2 {
        let kinds = [(true, true), (true, false), (false, true), (false, false)];
        let encoded = |text: &String| kinds.map(|(form, lower)| percent(text, form, lower));
        layer = layer.iter().flat_map(encoded).collect();
        layer.sort();
        layer.dedup();
        all.extend(layer.iter().cloned());
    }
    all
}

#[test]
fn a_secret_in_a_url_in_a_url_is_hidden() {
    let redactor = Redactor::for_secrets(["q3Zk+/9vXw=="].into_iter());
    for words in [
        "GET /go?to=https%3A%2F%2Fapi.example%2F%3Ftoken%3Dq3Zk%252B%252F9vXw%253D%253D",
        "GET /go?to=https%3a%2f%2fapi.example%2f%3ftoken%3dq3Zk%252b%252f9vXw%253d%253d",
        "Authorization: Basic dXNlcjpxM1prKy85dlh3PT0=",
        "x-token: cTNaaysvOXZYdz09",
    ] {
        let clean = redactor.clean(words);
        assert!(clean.contains(super::HIDDEN), "{words}: {clean}");
        for part in ["q3Zk", "9vXw", "cTNaa", "M1prKy85dlh3"] {
            assert!(!clean.contains(part), "{words}: {clean}");
        }
    }
    assert!(
        redactor
            .clean("100% of %zz and a trailing %2")
            .starts_with("100% of %zz and a")
    );
}

/// Percent-escaped first and then in base64 (RFC 6749 section 2.3.1), in base 16, and as JSON and XML may have it.
#[test]
fn a_secret_in_other_spellings_is_hidden() {
    let secret = "s3cr&t/key\u{20ac}\u{1f600}";
    let redactor = Redactor::for_secrets([secret].into_iter());
    let utf16: Vec<_> = secret
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    let utf16 = utf16.concat();
    let decimal: Vec<_> = secret
        .chars()
        .map(|letter| format!("&#{};", u32::from(letter)))
        .collect();
    let decimal = decimal.concat();
    let base16: Vec<_> = secret.bytes().map(|octet| format!("{octet:02x}")).collect();
    let base16 = base16.concat();
    let form = percent(secret, true, false);
    for spelling in [
        secret.replace('/', "\\/"),
        secret.replace('&', "&amp;"),
        secret.replace('&', "&#x26;"),
        percent(&secret.replace('/', "\\/"), false, false),
        percent(&utf16, true, true),
        utf16,
        decimal,
        base16.to_uppercase(),
        base16,
        STANDARD_NO_PAD.encode(form),
    ] {
        let clean = redactor.hidden(&format!("before {spelling} after")).into_owned();
        assert_eq!(clean, "before [hidden] after", "{spelling}");
    }
    for words in ["a \\ and \\u12 and \\ud800", "&amp; &#; &#x; &#xzz; &nbsp; &"] {
        assert_eq!(redactor.hidden(words), words);
    }
}

/// Long words are broken as MIME, PEM and people do, and digits have either case.
#[test]
fn a_secret_that_is_broken_into_lines_is_hidden() {
    let secret = "s3cr&t/key-that-is-long-enough-for-two-lines";
    let redactor = Redactor::for_secrets([secret].into_iter());
    let base64 = STANDARD.encode(secret);
    let base64 = base64.trim_end_matches('=');
    let base16 = secret
        .bytes()
        .map(|octet| format!("{octet:02x}"))
        .collect::<Vec<_>>()
        .concat();
    let mixed: String = base16
        .char_indices()
        .map(|(at, digit)| {
            if at % 3 == 0 {
                digit.to_ascii_uppercase()
            } else {
                digit
            }
        })
        .collect();
    let groups = |text: &str, many: usize, between: &str| {
        let letters: Vec<_> = text.chars().collect();
        let groups: Vec<String> = letters.chunks(many).map(|group| group.iter().collect()).collect();
        groups.join(between)
    };
    for spelling in [
        groups(base64, 16, "\r\n"),
        groups(base64, 16, "\n"),
        groups(base64, 16, "\r\n\t"),
        groups(base64, 16, "\\r\\n"),
        groups(base64, 16, "%0D%0A"),
        groups(base64, 16, "&#13;&#10;"),
        groups(&mixed, 2, " "),
        mixed,
    ] {
        let clean = redactor.hidden(&format!("before {spelling} after")).into_owned();
        assert_eq!(clean, "before [hidden] after", "{spelling}");
    }
}

/// Systems older than UTF-8 write Latin-1 or UTF-16.
#[test]
fn a_secret_in_another_encoding_is_hidden() {
    let secret = "s\u{e9}cr\u{e8}t k\u{fc}y";
    let redactor = Redactor::for_secrets([secret].into_iter());
    let latin: Vec<u8> = secret
        .chars()
        .filter_map(|letter| u8::try_from(letter).ok())
        .collect();
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for octets in [latin, utf16, little] {
        let percent = octets
            .iter()
            .map(|octet| format!("%{octet:02X}"))
            .collect::<Vec<_>>()
            .concat();
        let base16 = octets
            .iter()
            .map(|octet| format!("{octet:02X}"))
            .collect::<Vec<_>>()
            .concat();
        let base64 = STANDARD_NO_PAD.encode(&octets);
        let raw = String::from_utf8_lossy(&octets).into_owned();
        for spelling in [percent, base16, base64, raw] {
            let clean = redactor.hidden(&format!("before {spelling} after")).into_owned();
            assert_eq!(clean, "before [hidden] after", "{spelling:?}");
        }
    }
    assert_eq!(
        redactor.hidden("to=s%E9cr%E8t+k%FCy&from=me"),
        "to=[hidden]&from=me"
    );
}

/// Bytes of Latin-1 are also in the middle of other letters.
#[test]
fn a_letter_is_hidden_whole_or_not() {
    let redactor = Redactor::for_secrets(["\u{bc}\u{bd}\u{be}\u{bc}\u{bd}\u{be}"].into_iter());
    for words in ["\u{f3c}\u{fbd}\u{bc}", "\u{10ffff}", "%bc%bd%be%bc%bd%be\u{fc}"] {
        let _ = redactor.hidden(words);
    }
    assert_eq!(redactor.hidden("a%bc%bd%be%bc%bd%beb"), "a[hidden]b");
}

/// Not as if everything were one.
#[test]
fn what_is_short_hides_little() {
    let redactor = Redactor::for_secrets(["abc"].into_iter());
    assert_eq!(redactor.clean("YWJj and a%62c"), "YWJj and [hidden]");
}

proptest! {
    #[test]
    fn no_spelling_of_a_secret_survives(
        secret in "[ -~é]{8,24}",
        before in "[ -~]{0,12}",
        after in "[ -~]{0,12}",
    ) {
        // One that eats the first letter of what follows would be no line that anybody wrote.
        prop_assume!(!before.bytes().rev().take(2).any(|octet| octet == b'%'));
        prop_assume!(secret.chars().any(char::is_alphanumeric) && !super::HIDDEN.contains(&secret));
        let redactor = Redactor::for_secrets([secret.as_str()].into_iter());
        for spelling in spellings(&secret) {
            let line = format!("{before}{spelling}{after}");
            let clean = redactor.hidden(&line);
            // What is left may by chance spell it again only across a cut.
            let left = clean.replace(super::HIDDEN, "\n");
            prop_assert!(!left.contains(&spelling), "{line:?} became {clean:?}");
            prop_assert!(clean.contains(super::HIDDEN), "{line:?} became {clean:?}");
        }
    }

    /// Inside something longer, as in HTTP Basic: at most the ends of its first and last letters are left.
    #[test]
    fn no_secret_survives_in_longer_base64(secret in "[ -~]{8,24}", user in "[a-z]{0,9}", after in "[a-z]{0,3}") {
        let redactor = Redactor::for_secrets([secret.as_str()].into_iter());
        let whole = format!("{user}:{secret}{after}");
        let (begins, ends) = (user.len() + 1, user.len() + 1 + secret.len());
        for text in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
            let clean = redactor.hidden(&text);
            let (head, tail) = clean.split_once(super::HIDDEN).unwrap_or((&clean, ""));
            prop_assert!(head.len() * 6 <= begins * 8 + 6, "{clean}");
            prop_assert!((text.trim_end_matches('=').len() - tail.trim_end_matches('=').len()) * 6 + 6 > ends * 8 - 6, "{clean}");
        }
    }

    #[test]
    fn any_words_may_be_cleaned(words in "\\PC{0,60}", hidden in "[%é ]{1,3}") {
        let redactor = Redactor::for_secrets([hidden.as_str()].into_iter());
        let _ = redactor.clean(&words);
        let _ = redactor.clean(&format!("%c3{words}%a9%25%"));
    }

    #[test]
    fn no_secret_survives(secret in "[ -~é]{4,20}", before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
        prop_assume!(!super::HIDDEN.contains(&secret) && secret.chars().any(char::is_alphanumeric));
        let clean = Redactor::for_secrets([secret.as_str()].into_iter()).clean(&format!("{before}{secret}{after}"));
        // What is left may by chance spell the secret again only across a cut.
        let left = clean.replace(super::HIDDEN, "\n");
        prop_assert!(!left.contains(&secret));
    }

    #[test]
    fn no_number_survives(number in "[0-9]{7,20}", around in "[a-z +(]{0,5}") {
        let clean = Redactor::default().clean(&format!("{around}{number}{around}"));
        prop_assert!(!clean.chars().any(|letter| letter.is_ascii_digit()));
    }
}

//! What cannot be sent as it stands is the library's fault, and said so.

use super::*;

fn raw(url: &str) -> RawRequest {
    RawRequest {
        method: "POST".into(),
        url: url.to_owned().into(),
        headers: vec![("x-key".into(), "v".into(), PAIR_SECRET)],
        body: "b".into(),
        timeout_ms: 0,
        state: "s".into(),
        idempotent: false,
    }
}

fn fault(raw: RawRequest) -> String {
    parse(raw).err().expect("a fault")
}

#[test]
fn what_can_be_sent_is() {
    for url in [
        "https://api.example.com",
        "https://api.example.com/a%20b?c=(d)&e='f'~",
        "http://[::1]:80/",
    ] {
        let Ok(wanted) = parse(raw(url)) else {
            panic!("{url}")
        };
        assert!(wanted.request.headers["x-key"].is_sensitive());
        assert_eq!(
            (&wanted.request.body[..], &wanted.state[..]),
            (&b"b"[..], &b"s"[..])
        );
    }
}

#[test]
fn an_address_is_one_as_it_stands() {
    for url in [
        "https://x.example/a b",
        "https://x.example/\u{e9}",
        "https://x.example/#a",
        "https://x.example#",
        "\n",
    ] {
        assert!(fault(raw(url)).contains("percent-encoded"), "{url}");
    }
    for url in [
        "",
        "/a",
        "messages",
        "*",
        "x.example:80",
        "file:///etc/passwd",
        "https://",
        "https://x.example/\\<>",
    ] {
        assert!(fault(raw(url)).contains("a URL that is none"), "{url}");
    }
}

#[test]
fn what_is_the_hosts_or_too_much_is_refused() {
    let request = || raw("https://x.example/");
    for header in ["Host", "content-length", "TE"] {
        let headers = vec![(header.to_owned().into(), "v".into(), 0)];
        assert!(
            fault(RawRequest { headers, ..request() }).contains("which is the host's"),
            "{header}"
        );
    }
    // A map of headers cannot hold just any number.
    for count in [MOST_HEADERS + 1, 40_000] {
        let headers = vec![("a".into(), "b".into(), 0); count];
        assert!(fault(RawRequest { headers, ..request() }).contains("256 are allowed"));
    }
    let long = |length: usize| Bytes::from(vec![b'x'; length]);
    assert!(
        fault(RawRequest {
            body: long(LONGEST_BODY + 1),
            ..request()
        })
        .contains("bytes")
    );
    assert!(
        fault(RawRequest {
            state: long(LONGEST_STATE + 1),
            ..request()
        })
        .contains("a state of")
    );
    assert!(
        fault(RawRequest {
            method: "CONNECT".into(),
            ..request()
        })
        .contains("CONNECT")
    );
    assert!(
        fault(RawRequest {
            method: "A B".into(),
            ..request()
        })
        .contains("a method that is none")
    );
}

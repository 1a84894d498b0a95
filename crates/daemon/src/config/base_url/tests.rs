//! A public address is taken as it was written, or refused with a reason.

use super::base_url;

#[test]
fn it_stays_as_it_was_written() {
    for (text, read) in [
        ("https://sms.example.com", "https://sms.example.com"),
        ("https://sms.example.com/", "https://sms.example.com"),
        (
            "https://SMS.example.com:8443/a/b/",
            "https://SMS.example.com:8443/a/b",
        ),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ] {
        assert_eq!(base_url(text).as_deref(), Ok(read), "{text}");
    }
}

#[test]
fn anything_else_is_refused_with_a_reason() {
    for (text, reason) in [
        ("sms.example.com", "not a URL"),
        ("", "not a URL"),
        ("http://sms.example.com", "loopback"),
        ("http://127.0.0.1.example.com", "loopback"),
        ("ftp://sms.example.com", "https"),
        ("https://user:secret@sms.example.com", "user"),
        ("https://sms.example.com/?a=b", "query"),
        ("https://sms.example.com/#a", "query"),
        ("data:text/plain,a", "host"),
    ] {
        let error = base_url(text).expect_err(text);
        assert!(error.contains(reason), "{text}: {error}");
    }
}

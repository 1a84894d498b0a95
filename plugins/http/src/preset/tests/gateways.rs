//! Gateways that are run at home: Kannel and Jasmin, in the words of their sources.

use super::{CALLBACK, carrier, expect, meaning, message, pairs, receipt, request, said};
use aldis_carrier::testing::{Answer, Callback, TestMessage};
use aldis_carrier::{Class, Encoding, ReceiptState, Webhook};

#[test]
fn kannel() {
    let mut message = message();
    let ask = |message: &TestMessage| {
        let url = request("kannel", message).url;
        let query = url
            .strip_prefix("http://127.0.0.1:13013/cgi-bin/sendsms?")
            .unwrap()
            .to_owned();
        pairs(query.as_bytes())
    };
    let dlr = format!("{CALLBACK}&id=msg_0123456789abcdef0123456789abcdef&token=t0ken&type=%d&answer=%A");
    let expected = [
        ("charset", "UTF-8"),
        ("coding", "0"),
        ("dlr-mask", "31"),
        ("dlr-url", &dlr),
        ("from", "+12025550199"),
        ("password", "p"),
        ("text", "Your code is 123456"),
        ("to", "+12025550100"),
        ("username", "u"),
        ("validity", "3"),
    ];
    assert_eq!(
        ask(&message),
        expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
    );
    message.callback_url = None;
    message.encoding = Encoding::Ucs2;
    let bare = ask(&message);
    assert!(bare.contains(&("coding".to_owned(), "2".to_owned())));
    assert!(bare.iter().all(|(key, _)| !key.starts_with("dlr")));
    let id = message.id;
    assert_eq!(
        meaning("kannel", Answer::new(202, "0: Accepted for delivery")),
        said(Class::Accepted, &id)
    );
    let mut callback = Callback::post(&format!("{CALLBACK}&id={id}&token=t0ken&type=16&answer=NACK"), "");
    callback.method = "GET".to_owned();
    assert_eq!(receipt("kannel", &callback), Some((id, ReceiptState::Rejected)));
}

/// The words of gw/smsbox.c.
#[test]
fn kannel_says_what_is_refused() {
    for (status, words, class, code) in [
        (
            403,
            "Authorization failed for sendsms",
            Class::Unauthorized,
            "Authorization_failed",
        ),
        (
            403,
            "Not routable. Do not try again.",
            Class::Unsupported,
            "Not_routable",
        ),
        (
            400,
            "Number(s) has/have been denied by white- and/or black-lists.",
            Class::Blocked,
            "Number_s_has/have_been_denied",
        ),
        (
            400,
            "Sender missing and no global set, rejected",
            Class::SenderNotAllowed,
            "Sender_missing",
        ),
        (
            400,
            "DLR-URL field misformed, rejected",
            Class::BadRequest,
            "DLR-URL field misformed, rejected",
        ),
        (
            503,
            "Temporal failure, try again later.",
            Class::Temporary,
            "Temporal failure, try again later.",
        ),
    ] {
        assert_eq!(meaning("kannel", Answer::new(status, words)), said(class, code));
    }
}

#[test]
fn kannel_that_does_not_wait_for_its_smscs() {
    let sent = |words: &str| {
        let attempt = carrier("kannel").attempt(&message(), [Answer::new(202, words)]);
        let outcome = attempt.unwrap().outcome;
        (outcome.class, outcome.segments)
    };
    assert_eq!(sent("Sent."), (Class::Accepted, None));
    assert_eq!(sent("Sent. Message splits: 2"), (Class::Accepted, Some(2)));
    assert_eq!(
        sent("Sent. Denied receivers are: +12025550100").0,
        Class::Ambiguous
    );
    assert_eq!(sent("Hello").0, Class::Ambiguous);
}

/// A code that is valid for 90 seconds more is not worth sending in 2 minutes; 0 minutes would be no limit at all.
#[test]
fn minutes_of_validity_are_whole_and_at_least_one() {
    for (seconds, minutes) in [
        (1, "1"),
        (59, "1"),
        (60, "1"),
        (119, "1"),
        (120, "2"),
        (3_599, "59"),
    ] {
        let mut message = message();
        message.validity = Some(std::time::Duration::from_secs(seconds));
        let url = request("kannel", &message).url;
        assert!(url.ends_with(&format!("&validity={minutes}")), "{seconds}: {url}");
        // Which loses messages over it.
        let body = request("jasmin", &message).body;
        assert!(pairs(&body).iter().all(|(name, _)| name != "validity-period"));
    }
    let mut message = message();
    message.validity = None;
    assert!(!request("kannel", &message).url.contains("validity"));
}

#[test]
fn jasmin() {
    let mut message = message();
    message.text = "Привет".to_owned();
    message.encoding = Encoding::Ucs2;
    let request = request("jasmin", &message);
    assert_eq!(request.url, "http://127.0.0.1:13013/send");
    let dlr = format!("{CALLBACK}&token=t0ken");
    expect(
        &request.body,
        &[
            ("coding", "8"),
            ("dlr", "yes"),
            ("dlr-level", "3"),
            ("dlr-method", "POST"),
            ("dlr-url", &dlr),
            ("from", "+12025550199"),
            ("hex-content", "041f04400438043204350442"),
            ("password", "p"),
            ("to", "12025550100"),
            ("username", "u"),
        ],
    );
    assert_eq!(
        meaning("jasmin", Answer::new(200, "Success \"07033084-5cfd\"")),
        said(Class::Accepted, "07033084-5cfd")
    );
    let locked = "Error \"Authentication failure for username:u\"";
    assert_eq!(meaning("jasmin", Answer::new(403, locked)).0, Class::Unauthorized);
    assert_eq!(
        meaning("jasmin", Answer::new(412, "Error \"No route found\"")).0,
        Class::Unsupported
    );
    let callback = Callback::post(
        &format!("{CALLBACK}&token=t0ken"),
        "id=m1&level=2&message_status=DELIVRD",
    );
    assert_eq!(
        receipt("jasmin", &callback),
        Some(("m1".to_owned(), ReceiptState::Delivered))
    );
    let Webhook::Verified {
        reply: Some(reply), ..
    } = carrier("jasmin").webhook(&callback).unwrap()
    else {
        panic!("it calls again for ever");
    };
    assert_eq!(reply.body, b"ACK/Jasmin");
}

/// The words of jasmin/protocols/http.
#[test]
fn jasmin_says_what_is_refused() {
    for (status, words, class) in [
        (403, "Authentication failure for username:u", Class::Unauthorized),
        (403, "User throughput exceeded", Class::RateLimited),
        (
            403,
            "Cannot charge submit_sm, check RouterPB log file for details",
            Class::NoFunds,
        ),
        (412, "No route found", Class::Unsupported),
        (412, "Failover route has no bound connectors", Class::Temporary),
        (
            400,
            "Value filter failed for user [u] (destination_address filter mismatch).",
            Class::Blocked,
        ),
        (
            400,
            "Value filter failed for user [u] (source_address filter mismatch).",
            Class::SenderNotAllowed,
        ),
        (
            400,
            "Authorization failed for user [u] (Cannot send MT messages).",
            Class::Unauthorized,
        ),
        (
            400,
            "Authorization failed for user [u] (Long content not authorized).",
            Class::Unsupported,
        ),
        (
            400,
            "Authorization failed for user [u] (Setting source address not authorized).",
            Class::SenderNotAllowed,
        ),
        (
            400,
            "Argument [to] has an invalid value: [b'12'].",
            Class::InvalidNumber,
        ),
        (
            400,
            "b'Argument [from] has an invalid value: [x].'",
            Class::SenderNotAllowed,
        ),
        (400, "content or hex-content not present.", Class::BadRequest),
        (
            500,
            "Cannot send submit_sm, check SMPPClientManagerPB log file for details",
            Class::Temporary,
        ),
        // What fell over may have been behind the queue.
        (500, "Unknown error: list index out of range", Class::Ambiguous),
    ] {
        let answer = Answer::new(status, format!("Error \"{words}\""));
        assert_eq!(meaning("jasmin", answer).0, class, "{words}");
    }
}

/// One call-back of level 1, and never one of level 2.
#[test]
fn jasmin_tells_once_what_the_smsc_refused() {
    let told = |status: &str| {
        let callback = Callback::post(
            &format!("{CALLBACK}&token=t0ken"),
            format!("id=m1&level=1&message_status={status}&connector=c"),
        );
        match carrier("jasmin").webhook(&callback).unwrap() {
            Webhook::Verified { events, .. } => events.into_iter().next().expect("a receipt"),
            _ => panic!("not believed"),
        }
    };
    let refused = told("ESME_RINVDSTADR");
    assert_eq!(
        (
            refused.state,
            refused.is_final,
            refused.class,
            refused.code.as_str()
        ),
        (
            ReceiptState::Rejected,
            true,
            Some(Class::InvalidNumber),
            "ESME_RINVDSTADR"
        )
    );
    let other = told("ESME_RSYSERR");
    assert_eq!(
        (other.state, other.code.as_str()),
        (ReceiptState::Rejected, "ESME_RSYSERR")
    );
    let taken = told("ESME_ROK");
    assert_eq!((taken.state, taken.is_final), (ReceiptState::Sent, false));
}

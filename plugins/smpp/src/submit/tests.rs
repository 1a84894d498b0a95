//! A message becomes the PDUs that the specification and the settings ask for.

use crate::Smpp;
use crate::frame::{Frame, Frames, encode};
use crate::status::OK;
use aldis_carrier::testing::{SessionBench, TestMessage};
use aldis_carrier::{Act, Outcome, SenderKind};
use rusmpp_core::encode::{Encode, Length};
use rusmpp_core::pdus::owned::{BindTransceiverResp, Pdu, SubmitSm};
use serde_json::{Value, json};
use std::time::Duration;

/// The submits of a message under these settings, or its end.
fn submits(more: &Value, message: &TestMessage) -> Result<Vec<SubmitSm>, Outcome> {
    let mut settings = json!({"host": "127.0.0.1", "system_id": "acme"});
    for (key, value) in more.as_object().expect("a table") {
        settings[key] = value.clone();
    }
    let bench = SessionBench::<Smpp>::new(&settings, &[("password", "pa55word")]).expect("an instance");
    let (mut connection, _) = bench.connect(0).expect("connected");
    let bound = encode(OK, 1, Pdu::BindTransceiverResp(BindTransceiverResp::default()));
    connection.on_bytes(&bound).expect("bound");
    let mut frames = Frames::default();
    for act in connection.submit(1, message).expect("submitted") {
        match act {
            Act::Write(bytes) => frames.push(&bytes),
            Act::Complete(1, outcome) => return Err(outcome),
            Act::Ready { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    let submit = |frame: Frame| match frame.pdu() {
        Some(Pdu::SubmitSm(submit)) => submit,
        other => panic!("{other:?}"),
    };
    Ok(std::iter::from_fn(|| frames.next().expect("whole PDUs"))
        .map(submit)
        .collect())
}

fn one(more: &Value, message: &TestMessage) -> SubmitSm {
    let mut all = submits(more, message).expect("submits");
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn user_data(submit: &SubmitSm) -> &[u8] {
    submit.short_message().as_ref()
}

/// Tags and octets.
fn tlvs(submit: &SubmitSm) -> Vec<(u16, Vec<u8>)> {
    let tlv = |tlv: &rusmpp_core::tlvs::owned::Tlv| {
        let value = tlv.value().expect("a value");
        let mut octets = vec![0; value.length()];
        value.encode(&mut octets);
        (u16::from(tlv.tag()), octets)
    };
    submit.tlvs().iter().map(tlv).collect()
}

fn message(text: &str) -> TestMessage {
    TestMessage::new("+12025550100", text)
}

#[test]
fn a_short_message() {
    let mut code = message("Your code is 1@");
    code.validity = Some(Duration::from_secs(2 * 86_400 + 3 * 3600 + 4 * 60 + 5));
    code.deadline_unix_ms = u64::MAX;
    let submit = one(&json!({"service_type": "OTP"}), &code);
    assert_eq!(submit.destination_addr.as_str(), "12025550100");
    assert_eq!(
        (u8::from(submit.dest_addr_ton), u8::from(submit.dest_addr_npi)),
        (1, 1)
    );
    assert_eq!(submit.validity_period.as_str(), "000002030405000R");
    assert_eq!(
        u8::from(submit.esm_class),
        0,
        "not the codec's default of an acknowledgement"
    );
    assert_eq!(u8::from(submit.registered_delivery), 1);
    assert_eq!(u8::from(submit.data_coding), 0);
    assert_eq!(user_data(&submit), b"Your code is 1\0");
    // 2026-02-28 23:59:30 and a minute, in a year that has no 29th.
    (code.now_unix_ms, code.validity) = (1_772_323_170_000, Some(Duration::from_mins(1)));
    let absolute = one(&json!({"validity": "absolute"}), &code);
    assert_eq!(absolute.validity_period.as_str(), "260301000030000+");
    // By the clock of an SMSC in Kolkata, and one in Newfoundland.
    for (offset, written) in [
        (330, "260301053030022+"),
        (-210, "260228203030014-"),
        (7, "260301000030000+"),
    ] {
        let settings = json!({"validity": "absolute", "utc_offset_minutes": offset});
        assert_eq!(one(&settings, &code).validity_period.as_str(), written);
    }
    // It has waited: only half of it is left.
    code.deadline_unix_ms = code.now_unix_ms + 30_000;
    let late = one(&json!({"validity": "absolute"}), &code);
    assert_eq!(late.validity_period.as_str(), "260301000000000+");
    let late = one(&json!({}), &code);
    assert_eq!(late.validity_period.as_str(), "000000000030000R");
    let none = one(&json!({"validity": "none"}), &code);
    assert_eq!(none.validity_period.as_str(), "");
    let silent = one(&json!({"receipts": false}), &message("x"));
    assert_eq!(
        (
            u8::from(silent.registered_delivery),
            silent.validity_period.as_str()
        ),
        (0, "")
    );
}

#[test]
fn senders_by_their_kind() {
    let from = |address: &str, kind, more: Value| {
        let mut message = message("x");
        message.from = Some(address.to_owned());
        message.from_kind = kind;
        let submit = one(&more, &message);
        let address = submit.source_addr.as_str().to_owned();
        (
            address,
            u8::from(submit.source_addr_ton),
            u8::from(submit.source_addr_npi),
        )
    };
    let none = json!({});
    assert_eq!(
        from("+12025550199", SenderKind::LongNumber, none.clone()),
        ("12025550199".into(), 1, 1)
    );
    assert_eq!(
        from("Acme", SenderKind::Alphanumeric, none.clone()),
        ("Acme".into(), 5, 0)
    );
    assert_eq!(from("40404", SenderKind::ShortCode, none), ("40404".into(), 3, 0));
    assert_eq!(
        from("40404", SenderKind::ShortCode, json!({"short_code_ton": 0})),
        ("40404".into(), 0, 0)
    );
    for (sender, ton) in [("+12025550199", 1), ("40404", 3), ("Acme", 5), ("", 0)] {
        let submit = one(&json!({"sender": sender}), &message("x"));
        assert_eq!(
            (submit.source_addr.as_str(), u8::from(submit.source_addr_ton)),
            (sender.trim_start_matches('+'), ton)
        );
    }
}

#[test]
fn long_texts_in_each_way() {
    let text = "a".repeat(161);
    let parts = |way: &str| submits(&json!({"concatenation": way}), &message(&text)).expect("submits");
    let udh = parts("udh");
    for (submit, number) in udh.iter().zip(1..) {
        assert_eq!(u8::from(submit.esm_class), 0x40);
        let data = user_data(submit);
        assert_eq!((&data[..3], &data[4..6]), (&[5, 0, 3][..], &[2, number][..]));
        assert_eq!(data[3], user_data(&udh[0])[3], "one reference for all");
    }
    assert_eq!(
        (user_data(&udh[0]).len(), user_data(&udh[1]).len()),
        (6 + 153, 6 + 8)
    );
    let wide = parts("udh16");
    assert_eq!(&user_data(&wide[1])[..3], &[6, 8, 4]);
    assert_eq!(&user_data(&wide[1])[5..7], &[2, 2]);
    let sar = parts("sar");
    assert_eq!(u8::from(sar[1].esm_class), 0);
    let tags: Vec<_> = tlvs(&sar[1])
        .into_iter()
        .filter(|(tag, _)| *tag != 0x020c)
        .collect();
    assert_eq!(tags, [(0x020e, vec![2]), (0x020f, vec![2])]);
    let payload = parts("payload");
    assert_eq!((payload.len(), user_data(&payload[0]).len()), (1, 0));
    assert_eq!(tlvs(&payload[0]), [(0x0424, text.clone().into_bytes())]);
    assert_eq!(
        user_data(&one(&json!({"concatenation": "payload"}), &message("short"))),
        b"short"
    );
}

#[test]
fn vendor_tlvs_from_attributes() {
    let settings = json!({"tlvs": [
        {"tag": 0x1400, "attribute": "dlt_entity_id"},
        {"tag": 0x1401, "attribute": "dlt_template_id", "form": "octets"},
        {"tag": 0x1402, "attribute": "hash", "value": "7", "form": "int16"},
        {"tag": 0x1403, "attribute": "absent"},
    ]});
    let mut dlt = message("x");
    dlt.attributes = vec![
        ("dlt_entity_id".into(), "1101".into()),
        ("dlt_template_id".into(), "2202".into()),
    ];
    let found = tlvs(&one(&settings, &dlt));
    assert_eq!(
        found,
        [
            (0x1400, b"1101\0".to_vec()),
            (0x1401, b"2202".to_vec()),
            (0x1402, vec![0, 7])
        ]
    );
    dlt.attributes.push(("hash".into(), "many".into()));
    let refused = submits(&settings, &dlt).expect_err("a refusal");
    assert_eq!(
        (refused.class, refused.code.as_str()),
        (aldis_carrier::Class::BadRequest, "tlv 0x1402")
    );
}

#[test]
fn what_does_not_fit_is_refused_here() {
    let long = submits(&json!({}), &message(&"\u{436}".repeat(67 * 255 + 1))).expect_err("a refusal");
    assert_eq!(long.class, aldis_carrier::Class::TooLong);
    let mut odd = message("x");
    odd.from = Some("\u{c4}cme".to_owned());
    odd.from_kind = SenderKind::Alphanumeric;
    assert_eq!(
        submits(&json!({}), &odd).expect_err("a refusal").class,
        aldis_carrier::Class::SenderNotAllowed
    );
}

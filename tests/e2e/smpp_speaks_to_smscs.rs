//! The SMPP carrier binds to SMSCs that others wrote, in Node, Python and Perl, and to Jasmin: messages go out, refusals
//! keep their meaning, receipts and what people write come back over the same bind.

use aldis_message::{DeliveryStatus, OutcomeClass};
use aldis_tests::eventually::eventually;
use aldis_tests::jasmin::Jasmin;
use aldis_tests::setup::CarrierSetup;
use aldis_tests::smsc::Smsc;
use aldis_tests::{Gateway, Setup};
use serde_json::{Value, json};

async fn gateway(smsc: &Smsc, more: &str) -> Gateway {
    bound(smsc.settings(more), "").await
}

/// A gateway with these settings of its one carrier, whose bind is made.
async fn bound(settings: String, delivery: &str) -> Gateway {
    let carrier = CarrierSetup {
        plugin: "smpp".to_owned(),
        settings,
        ..CarrierSetup::sandbox("smsc")
    };
    let mut setup = Setup {
        carriers: vec![carrier],
        delivery: delivery.to_owned(),
        ..Setup::default()
    };
    setup.tenants[0].answer_within = "2s";
    let gateway = Gateway::start(setup).await;
    // The bind may take a moment; until then a message is refused as "carrier failed".
    eventually("the bind", || async {
        let answer = gateway.sms("+12025550190", "000000").await;
        (answer.status == 200).then_some(())
    })
    .await;
    gateway
}

async fn comes_to(gateway: &Gateway, id: &str, state: DeliveryStatus) {
    eventually(&format!("{id} is {state}"), || async {
        (gateway.life(id).await.status == state).then_some(())
    })
    .await;
}

/// Sends to each recipient; the edge's status and the outcome of the first attempt.
async fn outcomes(gateway: &Gateway, expected: &[(&str, u16, OutcomeClass)]) {
    for (recipient, status, class) in expected {
        let answer = gateway.sms(recipient, "271828").await;
        assert_eq!(answer.status, *status, "{recipient}: {answer:?}");
        let life = gateway.life(&answer.message_id()).await;
        assert_eq!(life.attempts[0].outcome, Some(*class), "{recipient}");
    }
}

fn submits(smsc: &Smsc, to: &str) -> Vec<Value> {
    smsc.told().into_iter().filter(|told| told["to"] == to).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_node() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = gateway(&smsc, "").await;
    outcomes(
        &gateway,
        &[
            ("+12025550100", 200, OutcomeClass::Accepted),
            ("+12025550103", 422, OutcomeClass::InvalidNumber),
            ("+12025550158", 503, OutcomeClass::RateLimited),
        ],
    )
    .await;
    let submit = &submits(&smsc, "12025550100")[0];
    assert_eq!(
        (&submit["ton"], &submit["from"]),
        (&json!([1, 1]), &json!("12025550199"))
    );
    assert_eq!(submit["data_coding"], 0);
    assert!(
        submit["text"]
            .as_str()
            .is_some_and(|text| text.contains("271828")),
        "{submit}"
    );
    // A code lives three minutes.
    let validity = submit["validity_seconds"].as_i64();
    assert!(
        validity.is_some_and(|left| (170..=180).contains(&left)),
        "{submit}"
    );
    gateway.edge.terminate().await;
    // Leave is taken before the process ends.
    gateway.delivery.terminate().await;
    eventually("the unbind", || async {
        smsc.told()
            .iter()
            .any(|told| told["unbound"] == true)
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_and_words_come_back() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = gateway(&smsc, "").await;
    // The last before its answer.
    for recipient in ["+12025550101", "+12025550130"] {
        let answer = gateway.sms(recipient, "271828").await;
        comes_to(&gateway, &answer.message_id(), DeliveryStatus::Delivered).await;
    }
    let long = "\u{436}".repeat(100);
    let body = json!({ "recipient": "+12025550104", "body": long });
    let answer = gateway.post(&gateway.tenant().token(), &body).await;
    comes_to(&gateway, &answer.message_id(), DeliveryStatus::Delivered).await;
    let life = gateway.life(&answer.message_id()).await;
    assert_eq!(life.attempts[0].carrier_message_ids.len(), 2);
    assert_eq!(life.attempts[0].receipts.len(), 2);
    let parts = submits(&smsc, "12025550104");
    let texts: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    assert_eq!((parts.len(), texts), (2, long));
    assert!(
        parts
            .iter()
            .all(|part| part["data_coding"] == 8 && part["esm_class"] == 0x40),
        "{parts:?}"
    );

    let body = json!({ "recipient": "+12025550105", "body": "MO" });
    gateway.post(&gateway.tenant().token(), &body).await;
    eventually("both are stored and acknowledged", || async {
        let wrote: Vec<_> = smsc
            .told()
            .into_iter()
            .filter(|told| told["status"] == 0)
            .collect();
        (wrote.len() == 2).then_some(())
    })
    .await;
    let store = rusqlite::Connection::open(gateway.store()).expect("the store");
    let kept: Vec<(String, String, bool)> = store
        .prepare("SELECT sender, body, opt_out FROM inbound ORDER BY number")
        .expect("the table")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("rows");
    let sender = "+12025550105".to_owned();
    assert_eq!(
        kept,
        [
            (sender.clone(), "Hello there".to_owned(), false),
            (sender, "STOP".to_owned(), true)
        ]
    );
    let stopped = gateway.sms("+12025550105", "271828").await;
    assert_eq!(
        (stopped.status, stopped.json["code"].as_str()),
        (422, Some("opted_out"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_python_whose_ids_are_in_another_base() {
    let Some(smsc) = Smsc::smpp34().await else { return };
    let gateway = gateway(&smsc, "id_base = \"hex_to_dec\"\nbind = \"transmitter_receiver\"").await;
    outcomes(
        &gateway,
        &[
            ("+12025550103", 422, OutcomeClass::InvalidNumber),
            ("+12025550158", 503, OutcomeClass::RateLimited),
        ],
    )
    .await;
    eventually("the pause is over", || async {
        let answer = gateway.sms("+12025550100", "271828").await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    let answer = gateway.sms("+12025550101", "271828").await;
    comes_to(&gateway, &answer.message_id(), DeliveryStatus::Delivered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_debians_perl() {
    let Some(smsc) = Smsc::perl().await else { return };
    let gateway = gateway(&smsc, "").await;
    let answer = gateway.sms("+12025550100", "271828").await;
    let life = gateway.life(&answer.message_id()).await;
    assert_eq!((answer.status, life.status), (200, DeliveryStatus::Submitted));
    assert_eq!(life.attempts[0].carrier_message_ids, ["123456789"]);
}

/// A gateway with these settings of its one carrier, whose bind is refused.
async fn refused(settings: String) -> Gateway {
    let carrier = CarrierSetup {
        plugin: "smpp".to_owned(),
        settings,
        ..CarrierSetup::sandbox("smsc")
    };
    let gateway = Gateway::start(Setup {
        carriers: vec![carrier],
        ..Setup::default()
    })
    .await;
    eventually("it is named", || async {
        let answer = gateway.sms("+12025550100", "271828").await;
        (answer.json["code"] == "carrier_unauthorized").then_some(())
    })
    .await;
    gateway
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_the_operators_affair() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = refused(smsc.settings("").replace("pa55word", "wrong")).await;
    gateway.delivery.prints("the carrier refuses the link").await;
    assert!(!gateway.printed().contains("wrong"), "and not the password");
}

/// Sends a text, and waits until it has arrived; what the SMSC was told of it.
async fn arrives(gateway: &Gateway, smsc: &Smsc, to: &str, text: &str) -> Vec<Value> {
    let body = json!({ "recipient": to, "body": text });
    let answer = gateway.post(&gateway.tenant().token(), &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    comes_to(gateway, &answer.message_id(), DeliveryStatus::Delivered).await;
    submits(smsc, &to[1..])
}

#[tokio::test(flavor = "multi_thread")]
async fn long_texts_arrive_in_each_way() {
    let Some(smsc) = Smsc::node().await else { return };
    let text = "abc{}".repeat(40);
    for (way, to) in [
        ("sar", "+12025550110"),
        ("payload", "+12025550111"),
        ("udh16", "+12025550112"),
    ] {
        let gateway = gateway(
            &smsc,
            &format!("concatenation = \"{way}\"\nbind = \"transmitter_receiver\""),
        )
        .await;
        let parts = arrives(&gateway, &smsc, to, &text).await;
        let whole: String = parts
            .iter()
            .filter_map(|part| part["payload"].as_str().or(part["text"].as_str()))
            .collect();
        assert_eq!(whole, text, "{way}: {parts:?}");
        let told: Vec<_> = parts
            .iter()
            .map(|part| {
                (
                    &part["tlvs"]["sar_total_segments"],
                    &part["tlvs"]["sar_segment_seqnum"],
                )
            })
            .collect();
        match way {
            "sar" => assert_eq!(told, [(&json!(2), &json!(1)), (&json!(2), &json!(2))]),
            "payload" => assert_eq!((told.len(), &parts[0]["text"]), (1, &json!(""))),
            _ => assert!(
                parts.iter().all(|part| part["esm_class"] == 0x40
                    && part["udh"].as_str().is_some_and(|udh| udh.starts_with("0804"))),
                "{parts:?}"
            ),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alphabets_and_vendor_tlvs_arrive() {
    let Some(smsc) = Smsc::node().await else { return };
    let settings = "alphabets = [\"default\", \"latin1\", \"ucs2\"]\n\
                    tlvs = [{ tag = 0x1400, attribute = \"dlt_entity_id\", value = \"1101000000000000001\" }]";
    let gateway = gateway(&smsc, settings).await;
    for (to, text, data_coding) in [
        ("+12025550113", "50 \u{20ac} [x]", 0),
        ("+12025550114", "d\u{e7}u \u{c1}", 3),
        ("+12025550115", "\u{43a}\u{43e}\u{434} \u{1f511}", 8),
    ] {
        let told = &arrives(&gateway, &smsc, to, text).await[0];
        assert_eq!(
            (&told["text"], &told["data_coding"]),
            (&json!(text), &json!(data_coding))
        );
        // 0x1400, a C-Octet String.
        assert_eq!(told["tlvs"]["5120"], "1101000000000000001\0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_part_is_written_again_and_the_message_sent_once() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = gateway(&smsc, "window = 1").await;
    let text = "\u{436}".repeat(140);
    let parts = arrives(&gateway, &smsc, "+12025550159", &text).await;
    let numbers: Vec<_> = parts
        .iter()
        .map(|part| part["udh"].as_str().unwrap_or(""))
        .collect();
    // Three parts; the first one was throttled.
    assert_eq!(
        (numbers.len(), numbers[0] == numbers[1]),
        (4, true),
        "{numbers:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_ambiguous_when_the_link_breaks_and_a_late_answer_settles_one() {
    let Some(smsc) = Smsc::node().await else { return };
    let gateway = gateway(&smsc, "").await;
    let lost = gateway.sms("+12025550139", "271828").await;
    assert_eq!(
        (lost.status, lost.json["code"].as_str()),
        (504, Some("outcome_unknown")),
        "{lost:?}"
    );
    let life = gateway.life(&lost.message_id()).await;
    assert_eq!(life.attempts[0].outcome, Some(OutcomeClass::Ambiguous));
    assert_eq!(submits(&smsc, "12025550139").len(), 1, "it is not sent again");
    eventually("the bind is made again", || async {
        let answer = gateway.sms("+12025550100", "271828").await;
        (answer.status == 200).then_some(())
    })
    .await;
    // Two seconds is what the caller waits; the answer takes three, and names the id of the receipt.
    let late = gateway.sms("+12025550136", "271828").await;
    assert_eq!(late.status, 504, "{late:?}");
    comes_to(&gateway, &late.message_id(), DeliveryStatus::Delivered).await;
    assert_eq!(submits(&smsc, "12025550136").len(), 1, "it is not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let (key, certificate) = (
        folder.path().join("key.pem"),
        folder.path().join("certificate.pem"),
    );
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    let Some(smsc) = Smsc::node_over_tls(&key, &certificate).await else {
        return;
    };
    let settings = smsc.settings("tls = true\nserver_name = \"localhost\"");
    let trust = format!("http = {{ ca_certificate = \"{}\" }}", certificate.display());
    let gateway = bound(settings, &trust).await;
    let told = arrives(&gateway, &smsc, "+12025550100", "Code 271828").await;
    assert_eq!(told[0]["text"], "Code 271828");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_jasmin() {
    let Some(jasmin) = Jasmin::start().await else {
        return;
    };
    let gateway = bound(jasmin.smpp("pa55word"), "").await;
    let text = "\u{436}".repeat(100);
    let parts = arrives(&gateway, &jasmin.upstream, "+12025550104", &text).await;
    let whole: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    assert_eq!((parts.len(), whole), (2, text));
    // Whoever answers is heard through it.
    arrives(&gateway, &jasmin.upstream, "+12025550105", "MO").await;
    eventually("STOP is heard", || async {
        let answer = gateway.sms("+12025550105", "271828").await;
        (answer.json["code"] == "opted_out").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jasmin_refuses_a_wrong_password() {
    let Some(jasmin) = Jasmin::start().await else {
        return;
    };
    refused(jasmin.smpp("wrong")).await;
}

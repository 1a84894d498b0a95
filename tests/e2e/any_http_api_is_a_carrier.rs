//! A template is enough to speak to gateways that we did not write: Debian's Kannel and Jasmin take a message, refuse
//! one, and tell what became of it.

use aldis_message::{DeliveryStatus, OutcomeClass, ReceiptState};
use aldis_tests::eventually::eventually;
use aldis_tests::jasmin::Jasmin;
use aldis_tests::kannel::Kannel;
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{Gateway, Setup, Tenant};
use std::collections::BTreeMap;

fn setup(settings: String) -> Setup {
    let carrier = CarrierSetup {
        plugin: "http".to_owned(),
        settings,
        ..CarrierSetup::sandbox("kannel")
    };
    Setup {
        carriers: vec![carrier],
        ..Setup::default()
    }
}

/// How many call-backs there were of each verdict.
async fn callbacks(gateway: &Gateway) -> BTreeMap<String, u64> {
    let metrics = gateway.page(gateway.at.delivery_admin, "/metrics").await;
    let counters = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("aldis_callbacks_total{")?.split_once("} "));
    let verdict = |labels: &str| {
        let (_, verdict) = labels.split_once("verdict=\"").expect("a verdict");
        verdict.split('"').next().unwrap_or_default().to_owned()
    };
    counters
        .map(|(labels, count)| (verdict(labels), count.parse().expect("a number")))
        .collect()
}

/// Nothing that Kannel told was doubted or lost.
async fn all_were_believed(gateway: &Gateway) {
    let callbacks = callbacks(gateway).await;
    let verdicts: Vec<_> = callbacks.keys().map(String::as_str).collect();
    assert_eq!(verdicts, ["verified"], "{callbacks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kannel_accepts_and_sends_receipts() {
    let Some(kannel) = Kannel::prepare().await else {
        return;
    };
    let gateway = Gateway::start(setup(kannel.settings("pa55word"))).await;
    let _running = kannel.start(gateway.at.edge).await;
    // The bind of Kannel to its SMSC takes a moment; what it took before that it sends then.
    for (recipient, state, receipt) in [
        ("+12025550100", DeliveryStatus::Delivered, ReceiptState::Delivered),
        (
            "+12025550103",
            DeliveryStatus::Undelivered,
            ReceiptState::Rejected,
        ),
    ] {
        let answer = gateway.sms(recipient, "271828").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.message_id();
        let view = eventually(&format!("{recipient} is {state}"), || async {
            Some(gateway.life(&id).await).filter(|view| view.status == state)
        })
        .await;
        let attempt = &view.attempts[0];
        assert_eq!(attempt.outcome, Some(OutcomeClass::Accepted));
        assert!(
            attempt.receipts.iter().any(|told| told.state == receipt),
            "{recipient}"
        );
        // Kannel names no id: ours went there and came back.
        assert_eq!(attempt.carrier_message_ids, [id.as_str()]);
    }
    all_were_believed(&gateway).await;
}

/// What was written is what the SMSC got, in any alphabet and of any length.
#[tokio::test(flavor = "multi_thread")]
async fn kannel_sends_what_was_written() {
    let Some(kannel) = Kannel::prepare().await else {
        return;
    };
    let gateway = Gateway::start(setup(kannel.settings("pa55word"))).await;
    let running = kannel.start(gateway.at.edge).await;
    for (recipient, text, parts, data_coding) in [
        ("+12025550110", "Код: 271828 & ещё 100 % ✓".to_owned(), 1, 8),
        ("+12025550111", "Your code is 271828. ".repeat(12), 2, 0),
        ("+12025550112", "Ваш код: 271828. ".repeat(8), 3, 8),
    ] {
        let mut body = Tenant::body(recipient, "271828");
        body["body"] = text.trim_end().into();
        let answer = gateway.post(&gateway.tenant().token(), &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.message_id();
        eventually(&format!("{recipient} is delivered"), || async {
            Some(gateway.life(&id).await).filter(|view| view.status == DeliveryStatus::Delivered)
        })
        .await;
        let got = running.parts(recipient);
        assert_eq!(got.len(), parts, "{got:?}");
        let whole: String = got.iter().filter_map(|part| part["text"].as_str()).collect();
        assert_eq!(whole, text.trim_end());
        assert!(
            got.iter().all(|part| part["data_coding"] == data_coding),
            "{got:?}"
        );
    }
    all_were_believed(&gateway).await;
}

/// A number that it may or can not send to is that number's affair: everybody else's messages go on at once.
#[tokio::test(flavor = "multi_thread")]
async fn kannel_refuses_a_number_and_takes_the_next() {
    let Some(kannel) = Kannel::prepare().await else {
        return;
    };
    let gateway = Gateway::start(setup(kannel.settings("pa55word"))).await;
    let _running = kannel.start(gateway.at.edge).await;
    for (recipient, outcome, code) in [
        ("+12025550170", OutcomeClass::Unsupported, "Not_routable"),
        (
            "+12025550171",
            OutcomeClass::Blocked,
            "Number_s_has/have_been_denied",
        ),
    ] {
        let refused = gateway.sms(recipient, "271828").await;
        assert_ne!(refused.status, 200, "{refused:?}");
        let view = gateway.life(&refused.message_id()).await;
        let attempt = &view.attempts[0];
        assert_eq!(attempt.outcome, Some(outcome), "{recipient}");
        assert_eq!(attempt.code.as_deref(), Some(code));
        let next = gateway.sms("+12025550100", "271828").await;
        assert_eq!(next.status, 200, "{next:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kannel_refuses() {
    let Some(kannel) = Kannel::prepare().await else {
        return;
    };
    let gateway = Gateway::start(setup(kannel.settings("n0t-the-passw0rd"))).await;
    let _running = kannel.start(gateway.at.edge).await;
    let answer = gateway.sms("+12025550100", "271828").await;
    assert_eq!(answer.status, 502, "{answer:?}");
    let view = gateway.life(&answer.message_id()).await;
    assert_eq!(view.attempts[0].outcome, Some(OutcomeClass::Unauthorized));
    assert!(
        !gateway.printed().contains("n0t-the-passw0rd"),
        "a password was printed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_receipt_is_refused() {
    let Some(kannel) = Kannel::prepare().await else {
        return;
    };
    let gateway = Gateway::start(setup(kannel.settings("pa55word"))).await;
    let _running = kannel.start(gateway.at.edge).await;
    let forged = format!(
        "http://{}/carriers/kannel/receipts?id=msg_1&type=1&token=t0ken",
        gateway.at.edge
    );
    let answer = reqwest::get(&forged).await.expect("the edge");
    assert_eq!(answer.status().as_u16(), 403);
    assert_eq!(
        callbacks(&gateway).await,
        BTreeMap::from([("rejected".to_owned(), 1)])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn jasmin_accepts_and_sends_receipts() {
    let Some(jasmin) = Jasmin::start().await else {
        return;
    };
    let gateway = Gateway::start(setup(jasmin.http("pa55word"))).await;
    for (recipient, state) in [
        ("+12025550100", DeliveryStatus::Delivered),
        // The SMSC behind it refuses this one: that is told once, and nothing after it.
        ("+12025550103", DeliveryStatus::Undelivered),
    ] {
        let answer = gateway.sms(recipient, "271828").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.message_id();
        eventually(&format!("{recipient} is {state}"), || async {
            Some(gateway.life(&id).await).filter(|view| view.status == state)
        })
        .await;
    }
    let told = jasmin.upstream.told();
    assert!(
        told.iter().any(|told| told["to"] == "12025550100"
            && told["text"].as_str().is_some_and(|text| text.contains("271828"))),
        "{told:?}"
    );
    all_were_believed(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jasmin_refuses() {
    let Some(jasmin) = Jasmin::start().await else {
        return;
    };
    let gateway = Gateway::start(setup(jasmin.http("n0t-the-passw0rd"))).await;
    let answer = gateway.sms("+12025550100", "271828").await;
    let view = gateway.life(&answer.message_id()).await;
    assert_eq!(view.attempts[0].outcome, Some(OutcomeClass::Unauthorized));
    assert!(
        !gateway.printed().contains("n0t-the-passw0rd"),
        "a password was printed"
    );
}

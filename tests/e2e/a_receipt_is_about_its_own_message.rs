//! A signed receipt that somebody saw cannot be pointed at another message: the address it is sent to names one only with
//! our seal, or where the carrier signs the address, or where the carrier's id agrees.

use aldis_cli::inbox::RECEIPT_SECRET;
use aldis_message::DeliveryStatus;
use aldis_tests::eventually::eventually;
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{ALICE, Gateway, Setup};
use aws_lc_rs::hmac;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn sign(secret: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, text.as_bytes());
    tag.as_ref().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes it");
        hex
    })
}

/// Calls back as somebody with a signed body, and says what was answered.
async fn call_back(url: &str, header: &'static str, signature: &str, body: &str) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.post(url).header(header, signature).body(body.to_owned());
    request.send().await.expect("an answer").status().as_u16()
}

async fn state(gateway: &Gateway, id: &str) -> DeliveryStatus {
    gateway.life(id).await.status
}

/// The id by which the sandbox knows it.
async fn carrier_id(gateway: &Gateway, id: &str) -> String {
    gateway.life(id).await.attempts[0].carrier_message_ids[0].clone()
}

/// The body of one message's receipt, as the sandbox signs it, sent to the address of another.
#[tokio::test(flavor = "multi_thread")]
async fn a_captured_receipt_changes_no_other_message() {
    let gateway = Gateway::start(Setup::default()).await;
    let victim = gateway.sms(ALICE, "118440").await.message_id();
    let other = gateway.sms("+12025550140", "118441").await.message_id();
    let lost = gateway.sms("+12025550121", "118442").await.message_id();
    let captured = format!(
        r#"{{"id":"{}","state":"undelivered"}}"#,
        carrier_id(&gateway, &other).await
    );
    let signature = sign(RECEIPT_SECRET, &captured);
    let at = format!("http://{}/carriers/sandbox/receipts", gateway.at.edge);
    let to = |url: String| {
        let (captured, signature) = (&captured, &signature);
        async move { call_back(&url, "x-sandbox-signature", signature, captured).await }
    };
    let seal = "0123456789abcdef0123456789abcdef";
    for target in [&victim, &lost] {
        assert_eq!(to(format!("{at}?message={target}")).await, 200);
        assert_eq!(to(format!("{at}?message={target}&seal={seal}")).await, 200);
        assert_eq!(
            to(format!("{at}?seal={seal}&message={target}&message={other}")).await,
            200
        );
    }
    assert_eq!(state(&gateway, &victim).await, DeliveryStatus::Submitted);
    assert_eq!(state(&gateway, &lost).await, DeliveryStatus::Unknown);
    // It is about the message whose id it has, and was taken for that.
    assert_eq!(state(&gateway, &other).await, DeliveryStatus::Undelivered);
}

/// An address that a carrier was given before there were seals, and the id of its own message.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_address_goes_on_where_the_id_agrees() {
    let gateway = Gateway::start(Setup::default()).await;
    let id = gateway.sms(ALICE, "118444").await.message_id();
    let body = format!(
        r#"{{"id":"{}","state":"delivered"}}"#,
        carrier_id(&gateway, &id).await
    );
    let url = format!(
        "http://{}/carriers/sandbox/receipts?message={id}",
        gateway.at.edge
    );
    let signature = sign(RECEIPT_SECRET, &body);
    assert_eq!(
        call_back(&url, "x-sandbox-signature", &signature, &body).await,
        200
    );
    assert_eq!(state(&gateway, &id).await, DeliveryStatus::Delivered);
}

/// Starts an API that takes a message and loses its answer. Returns its URL, and the call-back addresses it is given.
async fn losing_its_answers() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base_url = format!("http://{}", listener.local_addr().expect("bound"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut whole = Vec::new();
            // To the end of the form, whose last field this is.
            while !String::from_utf8_lossy(&whole).contains("end=1") {
                if stream.read_buf(&mut whole).await.is_ok_and(|read| read == 0) {
                    break;
                }
            }
            let text = String::from_utf8_lossy(&whole).into_owned();
            let form = text.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned();
            let form = reqwest::Url::parse(&format!("http://form/?{form}")).expect("a form");
            let address = form.query_pairs().find(|(name, _)| name == "callback");
            noted
                .lock()
                .expect("no panic")
                .extend(address.map(|(_, address)| address.into_owned()));
            let _ = stream.shutdown().await;
        }
    });
    (base_url, asked)
}

fn by_template(name: &str, base_url: &str, over: &str) -> CarrierSetup {
    let settings = format!(
        r#"base_url = "{base_url}"
secrets = {{ key = {{ literal = "planted-webhook-key" }} }}
[carriers.settings.template.request]
url = "{{{{ base_url }}}}/sms"
form = {{ to = "{{{{ to.e164 }}}}", callback = "{{{{ callback_url }}}}", end = "1" }}
[carriers.settings.template.answer]
id = {{ json = "$.id" }}
statuses = {{ 400 = "bad_request" }}
[carriers.settings.template.receipt]
trust = [{{ hmac = {{ key = "{{{{ secrets.key }}}}", signature = {{ header = "x-signature" }}, over = "{over}" }} }}]
id = {{ json = "$.id" }}
state = {{ json = "$.state" }}
states = {{ delivered = "delivered" }}"#
    );
    CarrierSetup {
        name: name.to_owned(),
        plugin: "http".to_owned(),
        settings,
        keys: String::new(),
    }
}

/// A message whose answer was lost has no id yet: only its address says that a receipt is about it.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_an_id_is_named_by_a_seal_or_a_signed_address() {
    const BODY: &str = r#"{"id":"X1","state":"delivered"}"#;
    let (base_url, asked) = losing_its_answers().await;
    for (over, is_url_signed) in [("{{ body }}", false), ("{{ url }}\\n{{ body }}", true)] {
        let gateway = Gateway::start(Setup {
            carriers: vec![by_template("acme", &base_url, over)],
            ..Setup::default()
        })
        .await;
        let id = gateway.sms(ALICE, "118445").await.message_id();
        let given = eventually("an address", || async { asked.lock().expect("no panic").pop() }).await;
        let (old, _) = given.split_once("&seal=").expect("a seal");
        assert!(
            old.ends_with(&format!("/carriers/acme/receipts?message={id}")),
            "{given}"
        );
        let tell = |url: String| async move {
            let signed = if is_url_signed {
                format!("{url}\n{BODY}")
            } else {
                BODY.to_owned()
            };
            let signature = sign("planted-webhook-key", &signed);
            call_back(&url, "x-signature", &signature, BODY).await
        };
        assert_eq!(state(&gateway, &id).await, DeliveryStatus::Unknown);
        assert_eq!(tell(old.to_owned()).await, 200);
        let by_the_address = if is_url_signed {
            DeliveryStatus::Delivered
        } else {
            DeliveryStatus::Unknown
        };
        assert_eq!(state(&gateway, &id).await, by_the_address, "{over}");
        assert_eq!(tell(given.clone()).await, 200);
        assert_eq!(state(&gateway, &id).await, DeliveryStatus::Delivered, "{over}");
    }
}

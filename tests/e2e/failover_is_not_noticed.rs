//! A dead carrier is not noticed: the next one in the route takes the message.

use aldis_message::OutcomeClass;
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{ALICE, Gateway, Setup, Tenant};

/// A loopback port nobody listens on: the connection is refused, nothing was sent.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    format!("base_url = \"http://{}\"", listener.local_addr().expect("bound"))
}

fn dead_first() -> Setup {
    let dead = CarrierSetup {
        settings: nobody(),
        ..CarrierSetup::sandbox("dead")
    };
    Setup {
        carriers: vec![dead, CarrierSetup::sandbox("alive")],
        ..Setup::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_costs_nothing() {
    let gateway = Gateway::start(dead_first()).await;

    let answer = gateway.sms(ALICE, "640021").await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(gateway.inbox.messages().len(), 1);
    let life = gateway.life(&answer.message_id()).await;
    let tried: Vec<_> = life
        .attempts
        .iter()
        .map(|attempt| (attempt.carrier.as_str().to_owned(), attempt.outcome))
        .collect();
    assert_eq!(
        tried,
        [
            ("dead".to_owned(), Some(OutcomeClass::Temporary)),
            ("alive".to_owned(), Some(OutcomeClass::Accepted))
        ]
    );
}

/// Wrong credentials at one carrier are the operator's trouble, not the user's.
#[tokio::test(flavor = "multi_thread")]
async fn an_unauthorised_carrier_is_passed_over() {
    let carriers = vec![CarrierSetup::sandbox("first"), CarrierSetup::sandbox("second")];
    let setup = Setup {
        carriers,
        ..Setup::default()
    };
    let gateway = Gateway::start(setup).await;

    // Both share the inbox, and it refuses this recipient's sender account at each of them.
    let refused = gateway.sms("+12025550109", "640022").await;
    assert_eq!(refused.status, 502, "{refused:?}");
    let life = gateway.life(&refused.message_id()).await;
    assert_eq!(life.attempts.len(), 2, "both were asked once: {life:?}");
}

/// Routes are read in order, and the first that matches decides.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_matching_route_decides() {
    let mut setup = dead_first();
    setup.routes = Some(
        "[[routes]]\nto = [\"+44\"]\ncarriers = [\"dead\"]\n\
         [[routes]]\ntenants = [\"acme\"]\nto = [\"+1202\"]\ncarriers = [\"alive\"]\n"
            .to_owned(),
    );
    let gateway = Gateway::start(setup).await;

    let answer = gateway.sms(ALICE, "640023").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(gateway.life(&answer.message_id()).await.attempts.len(), 1);

    // No route names Toronto; 555-01XX is for fiction there too.
    let nowhere = gateway
        .post(&gateway.tenant().token(), &Tenant::body("+14165550100", "640024"))
        .await;
    assert_eq!(nowhere.status, 403, "{nowhere:?}");
    assert_eq!(nowhere.json["code"], "no_route");
    assert_eq!(nowhere.json["retryable"], false);
}

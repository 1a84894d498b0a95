//! A reload changes where messages go from now on; what was begun ends where it began, and no message is charged for it.

use super::*;
use crate::carriers::Handover;
use crate::deliver::Caller;
use crate::receipts::Ears;
use crate::store::{Held, Open};
use aldis_delivery_api::ErrorKind;

const STORED_SOON: &[DeliveryStatus] = &[DeliveryStatus::Submitted, DeliveryStatus::Failed];

/// Other lanes `names` and one route to all of them, as after a reload.
fn reload(service: &Service, lanes: Vec<(&str, Script)>, to: &str) {
    let names: Vec<&str> = lanes.iter().map(|(name, _)| *name).collect();
    let config = config_of(&names, to);
    let lanes = config
        .carriers
        .iter()
        .cloned()
        .zip(lanes.into_iter().map(|(_, script)| script))
        .collect();
    let engine = service.engine();
    let events = Ears::of(&engine);
    engine.carriers.rescripted(lanes, &config.routes, &events);
}

fn config_of(names: &[&str], to: &str) -> Config {
    let mut text = format!(
        "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\nstore = \"sqlite:/nowhere\"\n\
         [[clients]]\nname = \"edge\"\ntoken = {{ literal = \"{EDGE}\" }}\n\
         [[routes]]\nto = [\"{to}\"]\ncarriers = {names:?}\n"
    );
    for name in names {
        write!(text, "[[carriers]]\nname = \"{name}\"\nplugin = \"scripted\"\n").unwrap();
    }
    config::read("delivery.toml", &text, std::iter::empty()).unwrap()
}

/// A carrier is renamed while it has a message, and then fails: the message goes on by the new name.
#[tokio::test]
async fn a_message_in_hand_follows_its_route() {
    let (script, _) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    for asked in [message(), stored()] {
        let (script, old) = Gate::new(Class::Temporary);
        reload(&service, vec![("c0", script)], "+1");
        let client = service.client();
        let sending = tokio::spawn(async move { client.send(asked, PATIENCE).await });
        old.begun().await;
        let (renamed, _) = answers(&[Class::Accepted]);
        reload(&service, vec![("c9", renamed)], "+1");
        old.let_go();
        let sent = sending.await.unwrap().unwrap().message;
        let life = service.until(sent.id, STORED_SOON).await;
        let went = [
            ("c0", Some(OutcomeClass::Temporary)),
            ("c9", Some(OutcomeClass::Accepted)),
        ];
        assert_eq!(outcomes(&life), went);
    }
}

/// Also one that waits for its quick retry through a carrier that is gone when the wait is over.
#[tokio::test]
async fn a_message_that_waits_follows_its_route() {
    let (script, calls) = answers(&[Class::Temporary]);
    let service = Setup::lanes(vec![script]).start().await;
    let client = service.client();
    let sending = tokio::spawn(async move { client.send(message(), PATIENCE).await });
    eventually(|| async {
        let waits = service.ask::<u32>("SELECT count(*) FROM attempts WHERE outcome IS NOT NULL") == 1;
        waits.then_some(())
    })
    .await;
    let (renamed, _) = answers(&[Class::Accepted]);
    reload(&service, vec![("c9", renamed)], "+1");
    let sent = sending.await.unwrap().unwrap().message;
    assert_eq!(sent.attempts.last().unwrap().carrier.as_str(), "c9");
    let charged = sent
        .attempts
        .iter()
        .filter(|attempt| attempt.carrier.as_str() == "c0");
    assert_eq!(
        charged.count(),
        calls.load(Ordering::SeqCst),
        "each attempt reached a carrier"
    );
}

#[tokio::test]
async fn a_message_whose_route_is_gone_is_told_so() {
    let (script, gate) = Gate::new(Class::Temporary);
    let service = Setup::lanes(vec![script]).start().await;
    let client = service.client();
    let sending = tokio::spawn(async move { client.send(message(), PATIENCE).await });
    gate.begun().await;
    let (other, calls) = answers(&[Class::Accepted]);
    reload(&service, vec![("c0", other)], "+44");
    gate.let_go();
    let refused = sending.await.unwrap().unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Refused(Reason::NoRoute));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

/// Between the decision and the wire there is a commit: the carrier that was decided upon is there after it.
#[tokio::test]
async fn no_leave_is_taken_of_a_carrier_that_was_chosen() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let engine = service.engine();
    let carriers = &engine.carriers;
    let open = Open {
        number: 1,
        carrier: CarrierName::parse("c0").unwrap(),
    };
    let chosen = carriers.pin(&open.carrier).unwrap();
    let (renamed, _) = answers(&[Class::Accepted]);
    reload(&service, vec![("c9", renamed)], "+1");
    assert!(carriers.pin(&open.carrier).is_none());
    tokio::task::yield_now().await;
    assert_eq!(carriers.retiring(), 1, "it waits for the hand on it");
    let held = Held {
        id: MessageId::from_parts(clock::now(), [1; 10]),
        client: aldis_message::ClientName::parse("edge").unwrap(),
        message: message(),
    };
    let handover = Handover {
        held: &held,
        open: &open,
        caller: &Caller::Nobody,
        callback_urls: &crate::receipts::CallbackUrls::for_tests(),
        clock: &aldis_daemon::clock::SteadyClock::begin(None),
    };
    let outcome = carriers.submit(chosen, handover).await;
    assert_eq!(outcome.class, OutcomeClass::Accepted);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    eventually(|| async { (carriers.retiring() == 0).then_some(()) }).await;
}

/// The end of the service waits for farewells that a reload began.
#[tokio::test]
async fn a_stop_waits_for_those_that_take_leave() {
    let (script, _) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let engine = service.engine();
    let carriers = &engine.carriers;
    let chosen = carriers.pin(&CarrierName::parse("c0").unwrap());
    let (renamed, _) = answers(&[Class::Accepted]);
    reload(&service, vec![("c9", renamed)], "+1");
    service.stop.cancel();
    assert!(service.running.await.unwrap().is_ok());
    assert_eq!(carriers.retiring(), 0);
    drop(chosen);
}

/// Whoever reads the file later takes it over later, so that what the file says last is in force.
#[tokio::test]
async fn reloads_take_turns() {
    use crate::reload::{Reload, reload};
    use std::sync::mpsc;
    let (script, _) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let (read, reads) = mpsc::channel();
    let reads = Mutex::new(reads);
    let (overtaken, calls) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let counted = Arc::clone(&overtaken);
    let reread = move || {
        if calls.fetch_add(1, Ordering::SeqCst) == 0 {
            let other = reads.lock().unwrap().recv_timeout(Duration::from_millis(200));
            counted.fetch_add(usize::from(other.is_ok()), Ordering::SeqCst);
        } else {
            let _ = read.send(());
        }
        Ok(config_of(&["c0"], "+1"))
    };
    let first = Reload::new(Box::new(reread), config_of(&["c0"], "+1"));
    let engine = service.engine();
    assert!(engine.reload.set(first).is_ok());
    // There is no such library, which is not what this is about.
    let (one, other) = tokio::join!(reload(&engine), reload(&engine));
    assert!(one.is_err() && other.is_err());
    assert_eq!(overtaken.load(Ordering::SeqCst), 0);
}

//! The first matching route decides, and its carriers are asked in order.

use super::*;
use aldis_message::OutcomeClass;

fn carrier(name: &str) -> CarrierName {
    CarrierName::parse(name).unwrap()
}

fn route(name: &str, takes: Takes) -> Route {
    Route {
        takes,
        carriers: vec![carrier(name)],
        policy: Policy::default(),
    }
}

fn chosen(
    routes: &[Route],
    to: &str,
    tenant: Option<&str>,
    client: &str,
    class: MessageClass,
) -> Option<String> {
    let (to, client) = (
        PhoneNumber::parse(to, None).unwrap(),
        ClientName::parse(client).unwrap(),
    );
    let tenant = tenant.map(|name| TenantName::parse(name).unwrap());
    let asked = Asked {
        to: &to,
        tenant: tenant.as_ref(),
        client: &client,
        class,
    };
    route_for(routes, &asked).map(|route| route.carriers[0].to_string())
}

#[test]
fn the_first_matching_route_decides() {
    let routes = [
        route(
            "caribbean",
            Takes {
                to: vec!["+1242".into(), "+1876".into()],
                ..Takes::default()
            },
        ),
        route(
            "codes",
            Takes {
                classes: vec![MessageClass::Otp],
                to: vec!["+1".into()],
                ..Takes::default()
            },
        ),
        route(
            "acme",
            Takes {
                tenants: vec![TenantName::parse("acme").unwrap()],
                ..Takes::default()
            },
        ),
        route(
            "billing",
            Takes {
                clients: vec![ClientName::parse("billing").unwrap()],
                ..Takes::default()
            },
        ),
    ];
    let ask = |to, tenant, client, class| chosen(&routes, to, tenant, client, class);

    assert_eq!(
        ask("+18762345678", Some("acme"), "edge", MessageClass::Otp).as_deref(),
        Some("caribbean")
    );
    assert_eq!(
        ask("+12025550100", Some("acme"), "edge", MessageClass::Otp).as_deref(),
        Some("codes")
    );
    assert_eq!(
        ask("+12025550100", Some("acme"), "edge", MessageClass::Bulk).as_deref(),
        Some("acme")
    );
    assert_eq!(
        ask("+12025550100", None, "billing", MessageClass::Bulk).as_deref(),
        Some("billing")
    );
    assert_eq!(
        ask("+12025550100", None, "edge", MessageClass::Bulk),
        None,
        "no route is an answer"
    );
}

fn candidates(paused: &[bool]) -> Vec<Candidate> {
    let pause = Pause {
        left: Duration::from_secs(1),
        cause: PauseCause::Throttled,
    };
    let names = ["a", "b", "c"];
    names
        .iter()
        .zip(paused)
        .map(|(name, paused)| Candidate {
            carrier: carrier(name),
            pause: paused.then_some(pause),
        })
        .collect()
}

fn next(candidates: &[Candidate], progress: &Progress) -> Option<String> {
    next_carrier(candidates, progress, AcceptMode::Carrier).map(ToString::to_string)
}

#[test]
fn carriers_are_asked_in_order_and_once_a_round() {
    let all = candidates(&[false, false, false]);
    let mut progress = Progress::default();
    let mut order = Vec::new();
    while let Some(name) = next(&all, &progress) {
        progress.ended(carrier(&name), OutcomeClass::Temporary);
        order.push(name);
    }
    assert_eq!(order, ["a", "b", "c"]);
    progress.hold(Duration::from_secs(1), None);
    assert_eq!(
        next(&all, &progress).as_deref(),
        Some("a"),
        "a new round begins at the front"
    );
}

#[test]
fn a_paused_carrier_is_passed_over() {
    assert_eq!(
        next(&candidates(&[true, false, false]), &Progress::default()).as_deref(),
        Some("b")
    );
    assert_eq!(next(&candidates(&[true, true, true]), &Progress::default()), None);
}

#[test]
fn a_quick_retry_goes_to_the_same_carrier_unless_that_pauses_meanwhile() {
    let mut progress = Progress::default();
    for name in ["a", "b", "c"] {
        progress.ended(carrier(name), OutcomeClass::Temporary);
    }
    progress.hold(Duration::from_millis(300), Some(carrier("c")));
    assert_eq!(
        next(&candidates(&[false, false, false]), &progress).as_deref(),
        Some("c")
    );
    assert_eq!(next(&candidates(&[false, false, true]), &progress), None);
}

#[test]
fn a_carrier_that_settled_the_matter_stays_out() {
    let mut progress = Progress::default();
    progress.ended(carrier("a"), OutcomeClass::SenderNotAllowed);
    progress.ended(carrier("b"), OutcomeClass::Unauthorized);
    progress.hold(Duration::from_secs(1), None);
    let all = candidates(&[false, false, false]);
    assert_eq!(next(&all, &progress).as_deref(), Some("c"));
    let stored = next_carrier(&all, &progress, AcceptMode::Stored).unwrap();
    assert_eq!(
        stored.as_str(),
        "b",
        "credentials are mended while a stored message waits"
    );
}

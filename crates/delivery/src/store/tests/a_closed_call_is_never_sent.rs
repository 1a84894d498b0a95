//! A call that brought no message is closed by whoever asks for its answer: should it come later, it is not sent.

use super::*;

const WINDOW: Duration = Duration::from_mins(10);

/// A request with the key `k`, of this call.
fn of_call(call: &str) -> NewMessage {
    let key = |text| IdempotencyKey::parse(text).unwrap();
    let idempotency = Idempotency {
        call: (!call.is_empty()).then(|| key(call)),
        ..Idempotency::new(key("k"), WINDOW)
    };
    NewMessage {
        idempotency: Some(idempotency),
        ..message()
    }
}

async fn attach(store: &Store, message: NewMessage, now: UnixMillis) -> Accepted {
    store.attach(client("edge"), message, now).await.unwrap()
}

async fn sends(store: &Store, number: u8, message: NewMessage, now: UnixMillis) -> Accepted {
    let arrival = Arrival {
        now,
        ..arrival(number, message, send())
    };
    store.accept(arrival).await.unwrap()
}

#[tokio::test]
async fn the_late_one_is_refused_and_the_next_one_is_sent() {
    for call in ["first", ""] {
        let fresh = Fresh::new();
        assert!(matches!(
            attach(&fresh, of_call(call), NOW).await,
            Accepted::Closed
        ));
        assert!(
            matches!(attach(&fresh, of_call(call), NOW).await, Accepted::Closed),
            "also twice"
        );
        let late = sends(&fresh, 1, of_call(call), after(seconds(1))).await;
        assert!(matches!(late, Accepted::Closed), "{late:?}");
        assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM messages"), 0);

        // Another call with the same key: its caller was told to try again.
        let next = sends(&fresh, 2, of_call("second"), after(seconds(2))).await;
        assert!(matches!(next, Accepted::New { .. }), "{next:?}");
        // Now the late one is a repetition; one SMS it stays.
        let late = sends(&fresh, 3, of_call(call), after(seconds(3))).await;
        assert!(
            matches!(late, Accepted::Replayed(first) if first == id(2)),
            "{late:?}"
        );
    }
}

/// A closed call stays so over a restart: for the key's window and until the deadline, and one with a name for as long
/// as a request may be on its way.
#[tokio::test]
async fn it_stays_closed_for_as_long_as_it_could_be_sent() {
    let long = |call| NewMessage {
        deadline: Deadline::at(after(seconds(5_000))),
        ..of_call(call)
    };
    for (message, last) in [
        (of_call(""), 599),
        (long(""), 4_999),
        (of_call("first"), 3_599),
        (long("first"), 4_999),
    ] {
        let mut fresh = Fresh::new();
        attach(&fresh, message.clone(), NOW).await;
        fresh.crash("run-1").await;
        let late = sends(&fresh, 1, message.clone(), after(seconds(last))).await;
        assert!(matches!(late, Accepted::Closed), "{late:?}");
        assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM closed_calls"), 1);
        // What is over is swept away by the next one.
        attach(&fresh, of_call("another"), after(seconds(last + 1))).await;
        assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM closed_calls"), 1);
    }
}

#[tokio::test]
async fn what_is_there_is_found() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, of_call("first"), send())).await;
    let ours = |found: Accepted| matches!(found, Accepted::Replayed(first) if first == id(1));
    assert!(
        ours(attach(&fresh, of_call("first"), after(seconds(5_000))).await),
        "while it is open"
    );
    assert!(
        ours(attach(&fresh, of_call("second"), NOW).await),
        "a repetition of it, too"
    );
    let taken = Some(ended(1, OutcomeClass::Accepted));
    fresh
        .record_attempt(&lease, taken, Next::Submitted, NOW)
        .await
        .unwrap();
    // However long the answer was looked for: this call did send.
    assert!(ours(
        attach(&fresh, of_call("first"), after(seconds(5_000))).await
    ));
    let anew = attach(&fresh, of_call("second"), after(seconds(5_000))).await;
    assert!(
        matches!(anew, Accepted::Closed),
        "the key is free, and this call brought nothing: {anew:?}"
    );

    let other = NewMessage {
        body: MessageBody::parse("another".to_owned()).unwrap(),
        ..of_call("first")
    };
    assert!(matches!(attach(&fresh, other, NOW).await, Accepted::Conflict(first) if first == id(1)));
    let without_key = attach(&fresh, message(), NOW).await;
    assert!(matches!(without_key, Accepted::Refused), "{without_key:?}");
}

/// A call whose key's window is over is found as long as no other message has the key: one that was not taken has not.
#[tokio::test]
async fn a_refused_one_takes_no_key_away() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, of_call("first"), send())).await;
    let taken = Some(ended(1, OutcomeClass::Accepted));
    fresh
        .record_attempt(&lease, taken, Next::Submitted, NOW)
        .await
        .unwrap();
    let later = after(seconds(5_000));
    let refused = Arrival {
        now: later,
        ..arrival(2, of_call("second"), First::Refuse)
    };
    let refused = fresh.accept(refused).await.unwrap();
    assert!(matches!(refused, Accepted::Refused), "{refused:?}");
    let found = attach(&fresh, of_call("first"), later).await;
    assert!(
        matches!(found, Accepted::Replayed(first) if first == id(1)),
        "{found:?}"
    );
    let new = sends(&fresh, 3, of_call("second"), later).await;
    assert!(matches!(new, Accepted::New { .. }), "{new:?}");
}

/// The first of two that come at the same moment decides, in whatever batch they land.
#[tokio::test]
async fn at_the_same_moment_it_is_sent_or_closed() {
    let (mut sent, mut closed) = (0, 0);
    let fresh = Fresh::new();
    for number in 0..40_u8 {
        let call = of_call(&format!("call-{number}"));
        let keyed = |message: NewMessage| {
            let key = IdempotencyKey::parse(&format!("k-{number}")).unwrap();
            let idempotency = message.idempotency.map(|one| Idempotency { key, ..one });
            NewMessage {
                idempotency,
                ..message
            }
        };
        let call = keyed(call);
        let asks = attach(&fresh, call.clone(), NOW);
        let comes = sends(&fresh, number, call, NOW);
        let (asked, came) = if number % 2 == 0 {
            tokio::join!(asks, comes)
        } else {
            let (came, asked) = tokio::join!(comes, asks);
            (asked, came)
        };
        match (asked, came) {
            (Accepted::Closed, Accepted::Closed) => closed += 1,
            (Accepted::Replayed(_), Accepted::New { .. }) => sent += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((sent, closed), (20, 20));
}

//! One idempotency key stands for one message of one client: while that is open, and for its window from the end on.

use super::*;

const DAY: Duration = Duration::from_hours(24);

fn at(arrival: Arrival, now: UnixMillis) -> Arrival {
    Arrival { now, ..arrival }
}

#[tokio::test]
async fn the_same_request_is_the_same_message() {
    let fresh = Fresh::new();
    accept(&fresh, arrival(1, keyed("k", DAY), send())).await;
    // A repeated time-to-live moves the deadline; the request is the same.
    let again = NewMessage {
        deadline: Deadline::at(after(seconds(500))),
        ..keyed("k", DAY)
    };
    let replay = fresh.accept(arrival(2, again, send())).await.unwrap();
    assert!(
        matches!(replay, Accepted::Replayed(first) if first == id(1)),
        "{replay:?}"
    );
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM messages"), 1);
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM attempts"), 1);
}

/// A message that was given up was not sent: the same request is served, by whomever it comes.
#[tokio::test]
async fn the_key_of_a_message_given_up_is_free() {
    for (reason, free) in [(Reason::Fenced, true), (Reason::Superseded, false)] {
        let fresh = Fresh::new();
        let (lease, _) = accept(&fresh, arrival(1, keyed("k", DAY), send())).await;
        let end = Next::End {
            status: DeliveryStatus::Cancelled,
            reason,
        };
        let refused = Some(ended(1, OutcomeClass::Temporary));
        let told = fresh.record_attempt(&lease, refused, end, NOW).await.unwrap();
        assert_eq!(told, Recorded::Settled(DeliveryStatus::Cancelled, Some(reason)));
        let again = fresh.accept(arrival(2, keyed("k", DAY), send())).await.unwrap();
        assert_eq!(matches!(again, Accepted::New { .. }), free, "{again:?}");
    }
}

#[tokio::test]
async fn other_content_is_a_conflict() {
    let fresh = Fresh::new();
    accept(&fresh, arrival(1, keyed("k", DAY), send())).await;
    let others = [
        NewMessage {
            body: MessageBody::parse("another".to_owned()).unwrap(),
            ..keyed("k", DAY)
        },
        NewMessage {
            to: PhoneNumber::parse("+12025550101", None).unwrap(),
            ..keyed("k", DAY)
        },
        NewMessage {
            tenant: None,
            ..keyed("k", DAY)
        },
        NewMessage {
            class: MessageClass::Otp,
            ..keyed("k", DAY)
        },
        NewMessage {
            accept: AcceptMode::Carrier,
            ..keyed("k", DAY)
        },
        NewMessage {
            attributes: Attributes::default(),
            ..keyed("k", DAY)
        },
        NewMessage {
            sender: Some(aldis_message::Sender::parse("ACME").unwrap()),
            ..keyed("k", DAY)
        },
    ];
    for other in others {
        let answer = fresh.accept(arrival(2, other, send())).await.unwrap();
        assert!(
            matches!(answer, Accepted::Conflict(first) if first == id(1)),
            "{answer:?}"
        );
    }
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM messages"), 1);
}

#[tokio::test]
async fn another_clients_key_is_another_key() {
    let fresh = Fresh::new();
    accept(&fresh, arrival(1, keyed("k", DAY), send())).await;
    let held = Arc::new(Held {
        id: id(2),
        client: client("billing"),
        message: keyed("k", DAY),
    });
    accept(
        &fresh,
        Arrival {
            held,
            first: send(),
            now: NOW,
            waits: Waits::default(),
        },
    )
    .await;
}

/// After its window the key is free, and the row that had it stays as it is.
#[tokio::test]
async fn a_key_is_released_when_its_window_is_over() {
    let fresh = Fresh::new();
    let (lease, _) = accept(&fresh, arrival(1, keyed("k", seconds(10)), send())).await;
    let taken = Some(ended(1, OutcomeClass::Accepted));
    fresh
        .record_attempt(&lease, taken, Next::Submitted, NOW)
        .await
        .unwrap();
    let early = fresh
        .accept(at(
            arrival(2, keyed("k", seconds(10)), send()),
            after(Duration::from_millis(9_999)),
        ))
        .await;
    assert!(matches!(early.unwrap(), Accepted::Replayed(_)));
    accept(
        &fresh,
        at(arrival(3, keyed("k", seconds(10)), send()), after(seconds(10))),
    )
    .await;
    assert_eq!(fresh.ask::<u32>("SELECT count(*) FROM messages"), 2);
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Submitted);
    let third = fresh
        .accept(at(
            arrival(4, keyed("k", seconds(10)), send()),
            after(seconds(11)),
        ))
        .await
        .unwrap();
    assert!(
        matches!(third, Accepted::Replayed(now) if now == id(3)),
        "{third:?}"
    );
}

/// A copy may be on the wire for longer than any window: as long as it is, nobody may send another.
#[tokio::test]
async fn the_key_of_an_open_message_never_expires() {
    let fresh = Fresh::new();
    accept(&fresh, arrival(1, keyed("sending", seconds(10)), send())).await;
    let waiting = arrival(2, keyed("queued", seconds(10)), First::Hold);
    accept_and_leave(&fresh, waiting, after(seconds(170))).await;
    for (number, key) in [(1, "sending"), (2, "queued")] {
        let again = at(
            arrival(9, keyed(key, seconds(10)), send()),
            after(seconds(100_000)),
        );
        let replay = fresh.accept(again).await.unwrap();
        assert!(
            matches!(replay, Accepted::Replayed(first) if first == id(number)),
            "{key}: {replay:?}"
        );
    }
}

/// A message's key counts for the whole window from its end on, whichever way it ends, and no longer.
#[tokio::test]
async fn the_window_begins_with_the_end() {
    let window = seconds(10);
    for way in [
        "taken",
        "failed",
        "a dead hand",
        "a newer code",
        "a receipt",
        "unreadable",
    ] {
        let fresh = Fresh::new();
        let code = NewMessage {
            class: MessageClass::Otp,
            ..keyed("k", window)
        };
        end_by(&fresh, way, code.clone(), after(seconds(100))).await;
        let state: String = fresh.ask(&format!("SELECT state FROM messages WHERE id = '{}'", id(1)));
        assert!(!["queued", "sending"].contains(&state.as_str()), "{way}: {state}");
        // What is told later is no new end.
        let receipt = "UPDATE messages SET updated_at = updated_at + 5000";
        rusqlite::Connection::open(fresh.path())
            .unwrap()
            .execute(receipt, [])
            .unwrap();
        let again = |number, now| at(arrival(number, code.clone(), send()), after(now));
        let last = Duration::from_millis(109_999);
        let replay = fresh.accept(again(8, last)).await.unwrap();
        assert!(
            matches!(replay, Accepted::Replayed(first) if first == id(1)),
            "{way}: {replay:?}"
        );
        let free = fresh.accept(again(9, seconds(110))).await.unwrap();
        assert!(matches!(free, Accepted::New { .. }), "{way}: {free:?}");
    }
}

fn delivered(carrier_id: &str) -> crate::store::Receipt {
    crate::store::Receipt {
        carrier_id: carrier_id.to_owned(),
        part: 0,
        state: aldis_message::ReceiptState::Delivered,
        is_final: true,
        class: None,
        code: None,
        carrier_time: None,
    }
}

/// Accepts message 1 and has it end at this moment.
async fn end_by(fresh: &Fresh, way: &str, message: NewMessage, now: UnixMillis) {
    let first = match way {
        "a newer code" | "unreadable" => First::Hold,
        _ => send(),
    };
    let (lease, _) = accept(fresh, arrival(1, message, first)).await;
    let failed = Next::End {
        status: DeliveryStatus::Failed,
        reason: Reason::InvalidNumber,
    };
    let ended = |class| Some(ended(1, class));
    match way {
        "taken" => {
            let taken = ended(OutcomeClass::Accepted);
            fresh
                .record_attempt(&lease, taken, Next::Submitted, now)
                .await
                .unwrap();
        }
        "failed" => {
            let invalid = ended(OutcomeClass::InvalidNumber);
            fresh.record_attempt(&lease, invalid, failed, now).await.unwrap();
        }
        "a dead hand" => {
            let unknown = Verdict::End(DeliveryStatus::Unknown, Reason::OutcomeUnknown);
            fresh
                .settle(vec![(id(1).to_string().as_str().into(), unknown)], now)
                .await
                .unwrap();
        }
        "a newer code" => {
            let newer = NewMessage {
                class: MessageClass::Otp,
                ..super::message()
            };
            accept(fresh, at(arrival(2, newer, send()), now)).await;
        }
        "a receipt" => {
            let told = vec![News::Receipt(delivered("SM9"))];
            fresh
                .keep(&carrier("a"), told, Some(Hint::Proved(id(1))), NOW)
                .await
                .unwrap();
            let lost = ended(OutcomeClass::Ambiguous);
            let unknown = Next::End {
                status: DeliveryStatus::Unknown,
                reason: Reason::OutcomeUnknown,
            };
            fresh.record_attempt(&lease, lost, unknown, now).await.unwrap();
        }
        _ => {
            let waits = Next::Leave {
                next_at: NOW,
                backoff: None,
            };
            fresh.record_attempt(&lease, None, waits, NOW).await.unwrap();
            rusqlite::Connection::open(fresh.path())
                .unwrap()
                .execute("UPDATE messages SET recipient = 'nobody'", [])
                .unwrap();
            assert!(fresh.claim(10, now).await.unwrap().is_empty());
        }
    }
}

/// The five come at once, in whatever batches they land.
#[tokio::test]
async fn at_the_same_moment_one_wins() {
    let fresh = Fresh::new();
    let mut new = 0;
    let calls = (0..5).map(|number| fresh.accept(arrival(number, keyed("k", DAY), send())));
    for answer in futures_util::future::join_all(calls).await {
        new += usize::from(matches!(answer.unwrap(), Accepted::New { .. }));
    }
    assert_eq!(new, 1);
}

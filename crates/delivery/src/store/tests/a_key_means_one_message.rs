//! One idempotency key stands for one message of one client, for as long as its window lasts.

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
        },
    )
    .await;
}

/// After its window the key is free, and the row that had it stays as it is.
#[tokio::test]
async fn a_key_is_released_when_its_window_is_over() {
    let fresh = Fresh::new();
    accept(&fresh, arrival(1, keyed("k", seconds(10)), send())).await;
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
    assert_eq!(record(&fresh, 1).await.view.status, DeliveryStatus::Sending);
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

/// Five at once, in whatever batches they land.
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

/// Whoever reads the file must not be able to try all codes against what it keeps of a text.
#[tokio::test]
async fn what_is_kept_of_a_text_cannot_be_guessed() {
    use aws_lc_rs::hmac::{HMAC_SHA256, Key};
    let mut kept = Vec::new();
    for secret in [b"one token".as_slice(), b"another", b""] {
        let fresh = Fresh::new();
        let path = fresh.folder.path().join("sealed.db");
        let seals = Seals::from([(client("edge"), Key::new(HMAC_SHA256, secret))]);
        let store = Store::open(&path, "run-0", |_| {}).unwrap().sealed(seals);
        accept(&store, arrival(1, keyed("k", DAY), send())).await;
        let replay = store.accept(arrival(2, keyed("k", DAY), send())).await.unwrap();
        assert!(matches!(replay, Accepted::Replayed(_)), "{replay:?}");
        store.close().await;
        let print: Vec<u8> = rusqlite::Connection::open(path)
            .unwrap()
            .query_row("SELECT fingerprint FROM messages", [], |row| row.get(0))
            .unwrap();
        assert!(!kept.contains(&print), "the client's secret is not in it");
        kept.push(print);
    }
}

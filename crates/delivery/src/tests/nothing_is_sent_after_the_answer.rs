//! A caller that has an answer, or has gone, gets no SMS afterwards; nor does a late message.

use super::*;
use aldis_delivery_api::ErrorKind;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The caller hangs up while the first carrier works: the second is never asked.
#[tokio::test]
async fn a_caller_that_left_fences_its_message() {
    let (first, gate) = Gate::new(Class::Temporary);
    let (second, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![first, second]).start().await;
    let client = service.client();
    let calling = client.clone();
    let call = tokio::spawn(async move { calling.send(message(), PATIENCE).await });
    gate.begun().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    let id = service.ask::<String>("SELECT id FROM messages").parse().unwrap();
    // On the same connection: these come after the hang-up.
    for _ in 0..3 {
        assert_eq!(client.message(&id).await.unwrap().status, DeliveryStatus::Sending);
    }
    gate.let_go();
    let life = service.until(id, &[DeliveryStatus::Cancelled]).await;
    assert_eq!(life.reason, Some(Reason::Fenced));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

fn edge() -> aldis_message::ClientName {
    aldis_message::ClientName::parse("edge").unwrap()
}

/// Another program holds the store, or the disk is slow: each caller is answered in its time, also one that named none,
/// and what was answered is not sent when the store is free again. In either mode.
#[tokio::test]
async fn what_the_store_took_too_late_is_never_sent() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let lock = rusqlite::Connection::open(service.store()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = std::time::Instant::now();
    let asked = [message(), stored(), keyed("k"), NewMessage { ..stored() }];
    let asking = asked.into_iter().cycle().take(40).map(|message| {
        let engine = service.engine();
        tokio::spawn(async move {
            engine
                .send(edge(), message, Instant::now() + Duration::from_millis(700))
                .await
        })
    });
    for answered in asking.collect::<Vec<_>>() {
        let error = answered.await.unwrap().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Timeout);
    }
    assert!(began.elapsed() < Duration::from_secs(10), "nobody waits for ever");
    lock.execute_batch("ROLLBACK").unwrap();
    // One writer, one order: when this one is through, so is everything before it.
    service.client().send(message(), PATIENCE).await.unwrap();
    let engine = service.engine();
    eventually(|| async { engine.tasks.is_empty().then_some(()) }).await;
    assert_eq!(service.ask::<u32>("SELECT count(*) FROM messages"), 1);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

/// Keeps what a client says until it is let through, as the kernel does while this process stands still.
struct Dam {
    kept: Arc<Mutex<Vec<u8>>>,
    open: Arc<Notify>,
    client: DeliveryClient,
}

impl Dam {
    async fn before(service: &Service) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap());
        let server = service.uri.strip_prefix("http://").unwrap().to_owned();
        let (kept, open) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let (keeps, opens) = (Arc::clone(&kept), Arc::clone(&open));
        tokio::spawn(async move {
            let (client, _) = listener.accept().await.unwrap();
            let (mut said, mut answers) = client.into_split();
            let (mut heard, mut calls) = TcpStream::connect(server).await.unwrap().into_split();
            tokio::spawn(async move { tokio::io::copy(&mut heard, &mut answers).await });
            let mut buffer = vec![0; 64 * 1024];
            loop {
                tokio::select! {
                    () = opens.notified() => break,
                    read = said.read(&mut buffer) => {
                        let read = read.unwrap();
                        keeps.lock().unwrap().extend_from_slice(&buffer[..read]);
                    }
                }
            }
            let all = std::mem::take(&mut *keeps.lock().unwrap());
            calls.write_all(&all).await.unwrap();
            tokio::io::copy(&mut said, &mut calls).await
        });
        let client = client_at(&uri, EDGE);
        Self { kept, open, client }
    }

    /// The number of calls given up: frames `RST_STREAM` behind the preface (RFC 9113 sections 3.4, 4.1 and 6.4).
    fn given_up(&self) -> usize {
        let kept = self.kept.lock().unwrap();
        let (mut rest, mut count) = (kept.get(24..).unwrap_or_default(), 0);
        while let Some((&[a, b, c, kind, ..], _)) = rest.split_first_chunk::<9>() {
            count += usize::from(kind == 3);
            let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap();
            rest = rest.get(9 + length..).unwrap_or_default();
        }
        count
    }
}

/// While this process stands still, calls come and are given up. Afterwards all of that is read at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_before_it_was_read_is_never_sent() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let dam = Dam::before(&service).await;
    let asked = [message(), stored()].into_iter().cycle().take(100);
    let asking = asked.map(|message| {
        let client = dam.client.clone();
        tokio::spawn(async move { client.send(message, Duration::from_secs(1)).await })
    });
    for answered in asking.collect::<Vec<_>>() {
        let error = answered.await.unwrap().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown));
    }
    eventually(|| async { (dam.given_up() == 100).then_some(()) }).await;
    dam.open.notify_one();
    // On the same connection, so behind them.
    dam.client.send(message(), PATIENCE).await.unwrap();
    let engine = service.engine();
    eventually(|| async { engine.tasks.is_empty().then_some(()) }).await;
    assert_eq!(service.ask::<u32>("SELECT count(*) FROM messages"), 1);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

/// A caller may leave at any moment: a stored message is sent if its caller was told that it is stored, else not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_message_is_sent_once_its_caller_was_told() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let engine = service.engine();
    let withdrawn = "SELECT count(*) FROM messages WHERE state = 'cancelled' AND reason = 'fenced'";
    let mut told = 0;
    for turn in 0..4_000_u64 {
        let asking = Arc::clone(&engine);
        let call =
            tokio::spawn(async move { asking.send(edge(), stored(), Instant::now() + PATIENCE).await });
        std::thread::sleep(Duration::from_micros(turn % 40 * 100));
        call.abort();
        told += usize::from(call.await.is_ok_and(|sent| sent.is_ok()));
        if turn % 40 == 39 && told > 5 && service.ask::<u32>(withdrawn) > 5 {
            break;
        }
    }
    eventually(|| async { engine.tasks.is_empty().then_some(()) }).await;
    assert!(told > 0 && service.ask::<u32>(withdrawn) > 0, "both were seen");
    let sent = "SELECT count(*) FROM messages WHERE state = 'submitted'";
    assert_eq!(service.ask::<u32>(sent) as usize, told);
    assert_eq!(calls.load(Ordering::SeqCst), told);
}

/// A caller may leave while its message waits within the carrier, which hears of it at once.
#[tokio::test]
async fn a_carrier_hears_that_the_caller_left() {
    let begun = Arc::new(Semaphore::new(0));
    let has_begun = Arc::clone(&begun);
    let waits: Script = Box::new(move |submission| {
        has_begun.add_permits(1);
        Box::pin(async move {
            submission.gone.cancelled().await;
            report(Class::Temporary)
        })
    });
    let (second, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![waits, second]).start().await;
    let client = service.client();
    let call = tokio::spawn(async move { client.send(message(), PATIENCE).await });
    let _begun = begun.acquire().await.unwrap();
    call.abort();
    let id = service.ask::<String>("SELECT id FROM messages").parse().unwrap();
    let life = service.until(id, &[DeliveryStatus::Cancelled]).await;
    assert_eq!(life.reason, Some(Reason::Fenced));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

/// What was on the wire when the time ran out may have arrived: the answer says so, and it stays so.
#[tokio::test]
async fn a_lost_answer_is_unknown_and_goes_nowhere_else() {
    let (first, _gate) = Gate::new(Class::Accepted); // never let go
    let (second, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![first, second]).start().await;
    let error = service
        .client()
        .send(message(), Duration::from_millis(1_200))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown));
    let life = service
        .client()
        .message(&error.message_id.unwrap())
        .await
        .unwrap();
    assert_eq!(life.status, DeliveryStatus::Unknown);
    assert_eq!(outcomes(&life), [("c0", Some(OutcomeClass::Ambiguous))]);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    assert_eq!(
        service.ask::<u32>("SELECT count(*) FROM messages WHERE body IS NOT NULL"),
        0
    );
}

#[tokio::test]
async fn where_the_route_says_so_a_lost_answer_goes_to_one_more() {
    let (first, _) = answers(&[Class::Ambiguous]);
    let (second, _) = answers(&[Class::Ambiguous]);
    let (third, calls) = answers(&[Class::Accepted]);
    let setup = Setup {
        route: "lost_answer = \"next_carrier\"",
        ..Setup::lanes(vec![first, second, third])
    };
    let service = setup.start().await;
    let error = service.client().send(message(), PATIENCE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown));
    assert_eq!(calls.load(Ordering::SeqCst), 0, "at most one copy more");
}

#[tokio::test]
async fn a_message_without_time_is_refused_before_anything() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let late = NewMessage {
        deadline: Deadline::at(clock::now().plus(Duration::from_millis(500))),
        ..message()
    };
    let error = service.client().send(late, PATIENCE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(Reason::DeadlineExceeded));
    let hurried = service
        .client()
        .send(message(), Duration::from_millis(500))
        .await
        .unwrap_err();
    assert_eq!(hurried.kind, ErrorKind::Timeout);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    assert_eq!(service.ask::<u32>("SELECT count(*) FROM messages"), 0);
}

/// The last look is directly before the wire: a place at the carrier may come too late.
#[tokio::test]
async fn waiting_for_a_place_does_not_make_it_late() {
    use crate::carriers::Handover;
    use crate::deliver::Caller;
    use crate::store::{Held, Open};
    let (script, calls) = answers(&[Class::Accepted]);
    let folder = tempfile::tempdir().unwrap();
    let mut setup = Setup::lanes(vec![script]);
    let config = setup.config(folder.path());
    let metrics = Metrics::new(&mut Registry::default());
    let lanes = config
        .carriers
        .iter()
        .cloned()
        .zip(std::mem::take(&mut setup.lanes))
        .collect();
    let carriers = Carriers::scripted(lanes, metrics);
    let open = Open {
        number: 1,
        carrier: CarrierName::parse("c0").unwrap(),
    };
    let id = MessageId::from_parts(clock::now(), [1; 10]);
    let client = aldis_message::ClientName::parse("edge").unwrap();
    let held = Held {
        id,
        client,
        message: NewMessage {
            deadline: Deadline::at(clock::now()),
            ..message()
        },
    };
    let handover = Handover {
        held: &held,
        open: &open,
        caller: &Caller::Nobody,
        callback_urls: &crate::receipts::CallbackUrls::for_tests(),
        clock: &aldis_daemon::clock::SteadyClock::begin(None),
    };
    let pinned = carriers.pin(&open.carrier).unwrap();
    let late = carriers.submit(pinned, handover).await;
    assert_eq!(late.class, OutcomeClass::Expired);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

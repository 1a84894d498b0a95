//! A connection may break at any moment: one call stays one SMS, and "try again" is said only where nothing was sent.

use super::*;
use aldis_delivery_api::wire::message_service_client::MessageServiceClient;
use aldis_delivery_api::wire::{AttachMessageRequest, SendMessageRequest};
use aldis_delivery_api::{DeliveryError, ErrorKind, request_into_wire};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

/// The fate of the connections there are.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    /// A reset is seen at both ends.
    Both,
    /// The caller sees one; delivery sees nothing.
    Caller,
}

/// A way to delivery that can be cut.
struct Wire {
    uri: String,
    cut: broadcast::Sender<Cut>,
    /// Set while what comes on a new connection is kept back, until it is released.
    hold: Arc<AtomicBool>,
    /// Cancelled once a request is among what is kept back.
    written: CancellationToken,
    release: CancellationToken,
}

impl Wire {
    async fn to(service: &Service) -> Self {
        let delivery = service.uri.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Self {
            uri: format!("http://{}", listener.local_addr().unwrap()),
            cut: broadcast::channel(64).0,
            hold: Arc::default(),
            written: CancellationToken::new(),
            release: CancellationToken::new(),
        };
        let (cut, hold) = (wire.cut.clone(), Arc::clone(&wire.hold));
        let (written, release) = (wire.written.clone(), wire.release.clone());
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                if hold.load(Ordering::SeqCst) {
                    tokio::spawn(keep_back(
                        caller,
                        delivery.clone(),
                        cut.subscribe(),
                        written.clone(),
                        release.clone(),
                    ));
                } else {
                    tokio::spawn(pass(caller, delivery.clone(), cut.subscribe()));
                }
            }
        });
        wire
    }

    fn client(&self) -> DeliveryClient {
        let endpoint = Endpoint {
            uri: self.uri.clone(),
            token: ClientToken::new(EDGE),
            tls: None,
            allow_plaintext: false,
        };
        DeliveryClient::connect_lazy(&endpoint).unwrap()
    }

    fn cut(&self, how: Cut) {
        // Nobody is connected: nothing is cut.
        let _ = self.cut.send(how);
    }
}

/// Keeps back what the caller says until it is cut off, and longer.
async fn keep_back(
    mut caller: TcpStream,
    delivery: String,
    mut cut: broadcast::Receiver<Cut>,
    written: CancellationToken,
    release: CancellationToken,
) {
    let (mut said, text) = (Vec::<u8>::new(), b"Your code is");
    loop {
        tokio::select! {
            read = caller.read_buf(&mut said) => assert!(read.unwrap() > 0),
            _ = cut.recv() => break,
        }
        if said.windows(text.len()).any(|part| part == text) {
            written.cancel();
        }
    }
    caller.set_zero_linger().unwrap();
    drop(caller);
    release.cancelled().await;
    let mut delivery = TcpStream::connect(delivery).await.unwrap();
    delivery.write_all(&said).await.unwrap();
    let _ = delivery.read_to_end(&mut said).await;
}

async fn pass(mut caller: TcpStream, delivery: String, mut cut: broadcast::Receiver<Cut>) {
    let Ok(mut delivery) = TcpStream::connect(delivery).await else {
        return;
    };
    let how = tokio::select! {
        _ = copy_bidirectional(&mut caller, &mut delivery) => return,
        how = cut.recv() => how.unwrap_or(Cut::Both),
    };
    caller.set_zero_linger().unwrap();
    drop(caller);
    if how == Cut::Both {
        delivery.set_zero_linger().unwrap();
        return;
    }
    let _ = delivery.read_to_end(&mut Vec::new()).await;
}

/// A request whose key counts for this long after the end.
fn windowed(key: &str, window: Duration) -> NewMessage {
    let key = IdempotencyKey::parse(key).unwrap();
    NewMessage {
        idempotency: Some(Idempotency::new(key, window)),
        ..message()
    }
}

const UNKNOWN: ErrorKind = ErrorKind::Refused(Reason::OutcomeUnknown);

/// The carrier takes longer than any key counts, and the connection breaks meanwhile.
#[tokio::test]
async fn a_carrier_slower_than_the_window_gets_one_copy() {
    for how in [Cut::Both, Cut::Caller] {
        let (script, gate) = Gate::new(Class::Accepted);
        let service = Setup::lanes(vec![script]).start().await;
        let wire = Wire::to(&service).await;
        let (client, asked) = (wire.client(), windowed("k", Duration::from_millis(50)));
        let call = tokio::spawn(async move { client.send(asked, PATIENCE).await });
        gate.begun().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        wire.cut(how);
        // Once it asks again, and found its message by then.
        tokio::time::sleep(Duration::from_millis(400)).await;
        gate.let_go();
        let sent = call.await.unwrap().unwrap();
        assert_eq!(sent.message.status, DeliveryStatus::Submitted);
        assert!(sent.replayed);
        assert_eq!(service.ask::<u32>("SELECT count(*) FROM attempts"), 1);
    }
}

/// The first request is still on its way when its call is closed and made anew; then it arrives.
#[tokio::test]
async fn a_request_held_back_is_not_sent_afterwards() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let wire = Wire::to(&service).await;
    wire.hold.store(true, Ordering::SeqCst);
    let client = wire.client();
    let call = tokio::spawn(async move { client.send(keyed("k"), PATIENCE).await });
    eventually(|| async { wire.written.is_cancelled().then_some(()) }).await;
    wire.hold.store(false, Ordering::SeqCst);
    wire.cut(Cut::Caller);
    let sent = call.await.unwrap().unwrap();
    assert!(!sent.replayed, "it was closed, and made anew");
    assert_eq!(service.ask::<u32>("SELECT count(*) FROM closed_calls"), 1);

    wire.release.cancel();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let engine = service.engine();
    eventually(|| async { engine.tasks.is_empty().then_some(()) }).await;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(service.ask::<u32>("SELECT count(*) FROM messages"), 1);
}

/// The same over the bare wire: the call that was closed is refused, the next one with its key is sent.
#[tokio::test]
async fn a_closed_call_is_refused() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let mut raw = MessageServiceClient::connect(service.uri.clone()).await.unwrap();
    let call = |id: &str| SendMessageRequest {
        call_id: id.to_owned(),
        ..request_into_wire(&keyed("k"))
    };
    let attach = |id: &str| AttachMessageRequest { send: Some(call(id)) };
    let closed = raw
        .attach_message(of_edge(attach("first")))
        .await
        .unwrap()
        .into_inner();
    assert!(closed.closed && closed.message.is_none());
    let late = raw.send_message(of_edge(call("first"))).await.unwrap_err();
    assert_eq!(DeliveryError::from(late).kind, ErrorKind::Refused(Reason::Fenced));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    assert_eq!(service.ask::<u32>("SELECT count(*) FROM messages"), 0);

    let sent = raw
        .send_message(of_edge(call("second")))
        .await
        .unwrap()
        .into_inner();
    for id in ["first", "second", "third"] {
        let found = raw
            .attach_message(of_edge(attach(id)))
            .await
            .unwrap()
            .into_inner();
        assert!(!found.closed);
        assert_eq!(
            found.message.unwrap().id,
            sent.message.as_ref().unwrap().id,
            "{id}"
        );
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);

    for nothing in [None, Some(request_into_wire(&message()))] {
        let refused = raw
            .attach_message(of_edge(AttachMessageRequest { send: nothing }))
            .await
            .unwrap_err();
        assert_eq!(DeliveryError::from(refused).kind, ErrorKind::InvalidArgument);
    }
}

fn of_edge<T>(request: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(request);
    let token = format!("Bearer {EDGE}").parse().unwrap();
    request.metadata_mut().insert("authorization", token);
    request
}

/// A stop waits for a hanging carrier as long as it may, and then the callers are told what is true.
#[tokio::test]
async fn a_stop_with_a_hanging_carrier_leaves_the_outcome_unknown() {
    let (script, gate) = Gate::new(Class::Accepted); // never let go
    let service = Setup::lanes(vec![script]).start().await;
    let client = service.client();
    let call = tokio::spawn(async move { client.send(keyed("k"), PATIENCE).await });
    gate.begun().await;
    // As `serve` does when its time for draining is over.
    service.engine().given_up.cancel();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.kind, UNKNOWN);
    assert!(!error.retryable() && error.message_id.is_some());
}

/// A carrier that takes everything, each text in a time of its own, and how often it got each.
fn of_any_speed() -> (Script, Arc<Mutex<BTreeMap<String, usize>>>) {
    let taken: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let counted = Arc::clone(&taken);
    let script: Script = Box::new(move |submission: Submission| {
        let text = submission.message.text;
        let number: u64 = text.trim_start_matches("code ").parse().unwrap();
        let counted = Arc::clone(&counted);
        Box::pin(async move {
            *counted.lock().unwrap().entry(text).or_default() += 1;
            tokio::time::sleep(Duration::from_millis(number * 7 % 120)).await;
            report(Class::Accepted)
        })
    });
    (script, taken)
}

/// The connection of many calls is reset at random moments, by carriers of any speed, with keys that count for less
/// than they take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resets_at_random() {
    let (script, taken) = of_any_speed();
    let service = Setup {
        keys: "max_in_flight = 400".to_owned(),
        ..Setup::lanes(vec![script])
    }
    .start()
    .await;
    let wire = Arc::new(Wire::to(&service).await);
    let (mut random, mut answers) = (0x2545_f491_4f6c_dd1d_u64, Vec::new());
    for number in 0..120_u64 {
        let asked = NewMessage {
            body: MessageBody::parse(format!("code {number}")).unwrap(),
            class: MessageClass::Notification,
            accept: if number % 3 == 0 {
                AcceptMode::Stored
            } else {
                AcceptMode::Carrier
            },
            ..windowed(&format!("key-{number}"), Duration::from_millis(20))
        };
        let client = wire.client();
        let within = Duration::from_millis(1_000 + number * 13 % 4_000);
        answers.push((
            format!("code {number}"),
            tokio::spawn(async move { client.send(asked, within).await }),
        ));
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        tokio::time::sleep(Duration::from_millis(random % 20)).await;
        if random % 3 == 0 {
            wire.cut(if random & 64 == 0 { Cut::Both } else { Cut::Caller });
        }
    }
    let (mut ok, mut again, mut unknown, mut replayed) = (0, 0, 0, 0);
    let mut told = Vec::new();
    for (text, answer) in answers {
        told.push((text, answer.await.unwrap()));
    }
    let engine = service.engine();
    eventually(|| async { engine.tasks.is_empty().then_some(()) }).await;
    let taken = taken.lock().unwrap();
    for (text, answer) in told {
        let copies = taken.get(&text).copied().unwrap_or(0);
        match answer {
            Ok(sent) => {
                assert_eq!(copies, 1, "{text}");
                (ok, replayed) = (ok + 1, replayed + usize::from(sent.replayed));
            }
            Err(error) if error.retryable() => {
                assert_eq!(copies, 0, "{text}: {error}");
                again += 1;
            }
            Err(error) => {
                assert!(copies <= 1, "{text}: {error}");
                unknown += 1;
            }
        }
    }
    assert!(
        ok > 60 && replayed > 0,
        "{ok} ok, {replayed} of them found, {again} again, {unknown} unknown"
    );
}

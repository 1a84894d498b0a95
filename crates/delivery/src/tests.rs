//! The whole service over real loopback gRPC and a real store; only the carriers are scripted.

mod a_crash_loses_nothing;
mod a_lost_answer_is_told_truly;
mod a_lost_store_is_answered;
mod a_reload_drops_nothing;
mod a_stop_is_drained;
mod clocks_may_differ;
mod every_caller_is_known;
mod nothing_is_sent_after_the_answer;
mod ok_means_durable;
mod one_key_one_sms;
mod overload_is_answered;
mod silent_connections_harm_nobody;
mod the_way_in_is_guarded;
mod trouble_is_met;

use crate::carriers::Carriers;
use crate::carriers::tests::{Script, report};
use crate::config::Config;
use crate::engine::Engine;
use crate::metrics::Metrics;
use crate::{Delivery, Listeners, RunError, config};
use aldis_carrier_host::{Class, Submission};
use aldis_daemon::clock;
use aldis_delivery_api::{ClientToken, DeliveryClient, Endpoint, MessageView};
use aldis_message::{
    AcceptMode, Attributes, CarrierName, Deadline, DeliveryStatus, Idempotency, IdempotencyKey, MessageBody,
    MessageClass, MessageId, NewMessage, OutcomeClass, PhoneNumber, Reason,
};
use prometheus_client::registry::Registry;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const EDGE: &str = "planted-edge-token-0123456789-abcdefgh";
const OTHER: &str = "planted-other-token-0123456789-abcdefgh";
const PATIENCE: Duration = Duration::from_secs(12);

/// What is to be run: lanes in order, and more keys of the settings.
#[derive(Default)]
struct Setup {
    lanes: Vec<Script>,
    keys: String,
    listen: Option<String>,
    route: &'static str,
    folder: Option<tempfile::TempDir>,
}

/// A running service.
struct Service {
    uri: String,
    admin: SocketAddr,
    stop: CancellationToken,
    running: JoinHandle<Result<(), RunError>>,
    folder: tempfile::TempDir,
    /// Weak: the store's file is free when the service has ended.
    engine: Weak<Engine>,
}

impl Setup {
    fn lanes(lanes: Vec<Script>) -> Self {
        Self {
            lanes,
            ..Self::default()
        }
    }

    fn config(&self, folder: &std::path::Path) -> Config {
        let names: Vec<String> = (0..self.lanes.len()).map(|index| format!("c{index}")).collect();
        let mut carriers = String::new();
        for name in &names {
            writeln!(
                carriers,
                "[[carriers]]\nname = \"{name}\"\nplugin = \"scripted\"\nmax_in_flight = 8\n"
            )
            .unwrap();
        }
        let text = format!(
            "listen = \"{}\"\nadmin_listen = \"127.0.0.1:0\"\nstore = \"sqlite:{}\"\n{}\n\
             [[clients]]\nname = \"edge\"\ntoken = {{ literal = \"{EDGE}\" }}\n\
             [[clients]]\nname = \"other\"\ntoken = {{ literal = \"{OTHER}\" }}\n\
             {carriers}[[routes]]\nto = [\"+1\"]\ncarriers = {names:?}\n{}\n",
            self.listen.as_deref().unwrap_or("127.0.0.1:0"),
            folder.join("aldis.db").display(),
            self.keys,
            self.route,
        );
        config::read("delivery.toml", &text, std::iter::empty()).unwrap()
    }

    async fn start(mut self) -> Service {
        let folder = self.folder.take().unwrap_or_else(|| tempfile::tempdir().unwrap());
        let config = self.config(folder.path());
        let mut registry = Registry::default();
        let metrics = Metrics::new(&mut registry);
        let lanes = config.carriers.iter().cloned().zip(self.lanes).collect();
        let carriers = Carriers::scripted(lanes, metrics.clone()).routed(&config.routes);
        let listeners = Listeners::bind(&config).await.unwrap();
        let admin = listeners.admin.local_addr().unwrap();
        let uri = match listeners.address() {
            Some(address) => format!("http://{address}"),
            None => self.listen.unwrap(),
        };
        let delivery = Delivery::with_carriers(config, registry, metrics, carriers).unwrap();
        let engine = Arc::downgrade(&delivery.engine());
        let stop = CancellationToken::new();
        let running = tokio::spawn(delivery.run(listeners, stop.clone()));
        Service {
            uri,
            admin,
            stop,
            running,
            folder,
            engine,
        }
    }
}

impl Service {
    fn engine(&self) -> Arc<Engine> {
        self.engine.upgrade().unwrap()
    }

    fn client(&self) -> DeliveryClient {
        self.client_with(EDGE)
    }

    fn client_with(&self, token: &str) -> DeliveryClient {
        client_at(&self.uri, token)
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("aldis.db")
    }

    /// Looks into the store's file from outside.
    fn ask<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        rusqlite::Connection::open(self.store())
            .unwrap()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    }

    /// Waits until the message is in one of these states.
    async fn until(&self, id: MessageId, states: &[DeliveryStatus]) -> MessageView {
        let client = self.client();
        eventually(|| async {
            let view = client.message(&id).await.unwrap();
            states.contains(&view.status).then_some(view)
        })
        .await
    }

    /// A page of the admin listener.
    async fn page(&self, path: &str) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut socket = tokio::net::TcpStream::connect(self.admin).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

fn client_at(uri: &str, token: &str) -> DeliveryClient {
    DeliveryClient::connect_lazy(&Endpoint {
        uri: uri.to_owned(),
        token: ClientToken::new(token),
        tls: None,
        allow_plaintext: false,
    })
    .unwrap()
}

async fn eventually<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    for _ in 0..2_000 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited 20 s in vain");
}

/// A carrier that answers these classes in turn, the last one for ever, and counts.
fn answers(classes: &'static [Class]) -> (Script, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let script: Script = Box::new(move |_| {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        let class = classes[call.min(classes.len() - 1)];
        Box::pin(async move { report(class) })
    });
    (script, calls)
}

/// A carrier that begins, and ends as `class` when it is let go.
struct Gate {
    begun: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

impl Gate {
    fn new(class: Class) -> (Script, Self) {
        let gate = Self {
            begun: Arc::new(Semaphore::new(0)),
            go: Arc::new(Semaphore::new(0)),
        };
        let (begun, go) = (Arc::clone(&gate.begun), Arc::clone(&gate.go));
        let script: Script = Box::new(move |submission: Submission| {
            let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
            Box::pin(async move {
                begun.add_permits(1);
                match tokio::time::timeout(submission.time_limit, go.acquire()).await {
                    Ok(permit) => {
                        permit.unwrap().forget();
                        report(class)
                    }
                    Err(_) => report(Class::Ambiguous),
                }
            })
        });
        (script, gate)
    }

    async fn begun(&self) {
        self.begun.acquire().await.unwrap().forget();
    }

    fn let_go(&self) {
        self.go.add_permits(1);
    }
}

fn message() -> NewMessage {
    NewMessage {
        to: PhoneNumber::parse("+12025550100", None).unwrap(),
        sender: None,
        body: MessageBody::parse("Your code is 271828".to_owned()).unwrap(),
        tenant: None,
        class: MessageClass::Otp,
        accept: AcceptMode::Carrier,
        idempotency: None,
        deadline: Deadline::at(clock::now().plus(Duration::from_mins(3))),
        attributes: Attributes::default(),
    }
}

fn stored() -> NewMessage {
    NewMessage {
        accept: AcceptMode::Stored,
        class: MessageClass::Notification,
        ..message()
    }
}

fn keyed(key: &str) -> NewMessage {
    let key = IdempotencyKey::parse(key).unwrap();
    NewMessage {
        idempotency: Some(Idempotency::new(key, Duration::from_mins(10))),
        ..message()
    }
}

fn outcomes(view: &MessageView) -> Vec<(&str, Option<OutcomeClass>)> {
    view.attempts
        .iter()
        .map(|attempt| (attempt.carrier.as_str(), attempt.outcome))
        .collect()
}

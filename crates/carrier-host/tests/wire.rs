//! The peer of the fixture `wire`, which says and hears lines, and the desk where events are handed in.

use crate::stage::{TOKEN, engine, library};
use aldis_carrier_host::{
    CarrierEvent, Events, Instance, InstanceError, InstanceOptions, LateAnswer, Library, Report, Stored,
    Submission,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The longest wait for anything here: a busy machine needs less, and a test that would hang fails. Twice a minute, because
/// a worker that computes unasked is ended over processor time, of which it may get little.
const PATIENCE: Duration = Duration::from_mins(2);

/// The carrier's side of one connection.
pub(crate) struct Peer<S = TcpStream> {
    lines: tokio::io::Lines<BufReader<ReadHalf<S>>>,
    out: WriteHalf<S>,
}

impl<S: AsyncRead + AsyncWrite> Peer<S> {
    pub(crate) fn new(stream: S) -> Self {
        let (read, out) = tokio::io::split(stream);
        let lines = BufReader::new(read).lines();
        Self { lines, out }
    }

    /// The next line; `None`: they ended the connection.
    pub(crate) async fn heard(&mut self) -> Option<String> {
        let line = in_time("a line or the end of the connection", self.lines.next_line()).await;
        line.ok().flatten()
    }

    pub(crate) async fn hears(&mut self, line: &str) {
        assert_eq!(self.heard().await.as_deref(), Some(line));
    }

    pub(crate) async fn says(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.out.write_all(line.as_bytes()).await.expect("written");
    }

    /// Says nothing more, and still listens.
    pub(crate) async fn ends(&mut self) {
        self.out.shutdown().await.expect("its half is closed");
    }

    /// The token of the next message, which must have that text.
    pub(crate) async fn gets(&mut self, text: &str) -> String {
        let line = self.heard().await.expect("a message");
        let mut words = line.split(' ');
        let (verb, token, said) = (words.next(), words.next(), words.next());
        assert_eq!((verb, said), (Some("MSG"), Some(text)), "{line}");
        token.expect("a token").to_owned()
    }
}

/// Accepts one link and lets it send.
pub(crate) async fn accept(listener: &TcpListener, go: &str) -> Peer {
    greeted(connection(listener).await, go).await
}

/// As [`accept`]; when it is dropped, the connection is reset.
pub(crate) async fn accept_rudely(listener: &TcpListener, go: &str) -> Peer {
    let stream = connection(listener).await;
    stream.set_zero_linger().expect("a socket");
    greeted(stream, go).await
}

/// Accepts whichever link comes next.
pub(crate) async fn accept_any(listener: &TcpListener) -> Peer {
    let mut peer = Peer::new(connection(listener).await);
    let greeting = peer.heard().await;
    assert!(greeting.is_some_and(|line| line.starts_with("HI ")));
    peer
}

async fn connection(listener: &TcpListener) -> TcpStream {
    let accepted = in_time("a connection", listener.accept()).await;
    accepted.expect("a connection").0
}

async fn greeted(stream: TcpStream, go: &str) -> Peer {
    let mut peer = Peer::new(stream);
    peer.hears("HI main").await;
    peer.says(go).await;
    peer
}

/// A carrier that nobody has called yet, and its settings.
pub(crate) async fn carrier() -> (TcpListener, Value) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let port = listener.local_addr().expect("an address").port().to_string();
    (listener, json!({ "host": "127.0.0.1", "port": port }))
}

pub(crate) fn try_instance(settings: Value) -> Result<Instance, InstanceError> {
    try_instance_of(&library("wire"), settings)
}

pub(crate) fn try_instance_of(library: &Library, settings: Value) -> Result<Instance, InstanceError> {
    let options = InstanceOptions {
        name: "acme".into(),
        settings,
        secrets: vec![("token".into(), TOKEN.into())],
        callback_base_url: None,
        clock: || 5_000,
        worker_threads: aldis_carrier_host::worker::THREADS,
    };
    Instance::create(library, options, engine())
}

/// An instance whose links are being made.
pub(crate) fn started(settings: Value) -> (Arc<Instance>, Arc<Desk>) {
    started_of(&library("wire"), settings)
}

pub(crate) fn started_of(library: &Library, settings: Value) -> (Arc<Instance>, Arc<Desk>) {
    let instance = try_instance_of(library, settings).expect("an instance");
    let desk = Arc::new(Desk::default());
    let events: Arc<dyn Events> = Arc::clone(&desk) as _;
    instance.start(&events);
    (Arc::new(instance), desk)
}

/// Submits in the background.
pub(crate) fn submit(instance: &Arc<Instance>, submission: Submission) -> JoinHandle<Report> {
    let instance = Arc::clone(instance);
    tokio::spawn(async move { instance.submit(submission).await })
}

/// Takes events, and answers when it is told to.
#[derive(Default)]
pub(crate) struct Desk(
    Mutex<Vec<(CarrierEvent, oneshot::Sender<bool>)>>,
    Mutex<Vec<LateAnswer>>,
);

impl Desk {
    /// What has been handed in and not been answered.
    pub(crate) fn waiting(&self) -> Vec<String> {
        let waiting = self.0.lock().expect("a list");
        waiting
            .iter()
            .map(|(event, _)| event.carrier_id.clone())
            .collect()
    }

    /// The answers that came too late.
    pub(crate) fn late(&self) -> Vec<LateAnswer> {
        self.1.lock().expect("a list").clone()
    }

    /// Answers the oldest.
    pub(crate) fn answer(&self, stored: bool) {
        let (_, answer) = self.0.lock().expect("a list").remove(0);
        answer.send(stored).expect("somebody waits");
    }
}

impl Events for Desk {
    fn take(&self, carrier: &str, event: CarrierEvent) -> Stored {
        assert_eq!(carrier, "acme");
        let (answer, stored) = oneshot::channel();
        self.0.lock().expect("a list").push((event, answer));
        Box::pin(async { stored.await.unwrap_or(false) })
    }

    fn late(&self, carrier: &str, answer: LateAnswer) -> Stored {
        assert_eq!(carrier, "acme");
        self.1.lock().expect("a list").push(answer);
        Box::pin(std::future::ready(true))
    }
}

/// Ends when it holds.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    in_time("the state that the test waits for", waiting).await;
}

/// Fails the test, in a sentence, if this does not come.
async fn in_time<T>(what: &str, coming: impl Future<Output = T>) -> T {
    let came = tokio::time::timeout(PATIENCE, coming).await;
    came.unwrap_or_else(|_| panic!("{what} did not come within {} s", PATIENCE.as_secs()))
}

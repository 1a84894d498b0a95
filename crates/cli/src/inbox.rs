//! The sandbox carrier's cloud, on loopback: takes what the sandbox carrier posts, keeps it, and
//! answers by a script that the recipient's number chooses.
//!
//! `aldis dev` serves one, and so do the end-to-end tests, for which it is the outside witness: a
//! ledger file has each message before its answer leaves.

mod receipts;
mod script;

pub use receipts::RECEIPT_SECRET;
pub use script::{Act, RECIPIENTS, Script, script_for};

use aldis_daemon::clock;
use aldis_message::UnixMillis;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A message as the carrier received it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedSms {
    /// Aldis's id of the message.
    pub id: String,
    /// The recipient.
    pub to: String,
    /// The sender, if one was asked for.
    pub from: Option<String>,
    /// The text.
    pub text: String,
    /// Segments Aldis counted.
    pub segments: u32,
    /// `gsm7` or `ucs2`.
    pub encoding: String,
    /// How long the carrier may keep trying.
    pub validity_seconds: Option<u64>,
    /// Where receipts shall go.
    pub callback_url: Option<String>,
    /// 1 for the first attempt at any carrier.
    pub attempt: u32,
}

/// What the inbox does not show of a message: its text and number.
impl std::fmt::Debug for ReceivedSms {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ReceivedSms")
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// A running inbox; it ends when it is dropped.
pub struct Inbox {
    at: SocketAddr,
    shared: Arc<Shared>,
    _running: DropGuard,
}

#[derive(Default)]
struct Shared {
    kept: Mutex<Kept>,
    arrived: Notify,
    http: reqwest::Client,
}

#[derive(Default)]
struct Kept {
    messages: Vec<ReceivedSms>,
    /// How many [`Inbox::next_message`] has given out.
    given: usize,
    /// How often each message was posted.
    posts: BTreeMap<String, u32>,
    ledger: Option<File>,
}

impl Inbox {
    /// Starts an inbox at this loopback address; port 0 takes a free one.
    pub async fn start(at: SocketAddr) -> io::Result<Self> {
        Self::run(at, None).await
    }

    /// As [`Inbox::start`]; each message is appended to `ledger` before it is answered: one JSON
    /// object a line with `id`, `attempt`, `to` and `at_unix_ms`, without its text.
    pub async fn start_with_ledger(at: SocketAddr, ledger: &Path) -> io::Result<Self> {
        let file = File::options().append(true).create(true).open(ledger)?;
        Self::run(at, Some(file)).await
    }

    async fn run(at: SocketAddr, ledger: Option<File>) -> io::Result<Self> {
        if !at.ip().is_loopback() {
            let reason = "the inbox shows texts to whoever asks, so it listens on loopback only";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let listener = TcpListener::bind(at).await?;
        let at = listener.local_addr()?;
        let kept = Mutex::new(Kept {
            ledger,
            ..Kept::default()
        });
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            kept,
            arrived: Notify::new(),
            http,
        });
        let running = CancellationToken::new();
        tokio::spawn(listen(listener, Arc::clone(&shared), running.clone()));
        Ok(Self {
            at,
            shared,
            _running: running.drop_guard(),
        })
    }

    /// Where the carrier posts to.
    pub fn url(&self) -> String {
        format!("http://{}", self.at)
    }

    /// Everything received so far, in order.
    pub fn messages(&self) -> Vec<ReceivedSms> {
        self.shared.kept().messages.clone()
    }

    /// The next message that nobody has been given yet, or none within `timeout`.
    pub async fn next_message(&self, timeout: Duration) -> Option<ReceivedSms> {
        self.awaited(Kept::give, timeout).await
    }

    /// Waits until what was received is `enough`; false if it is not within `timeout`.
    pub async fn wait_for(&self, enough: impl Fn(&[ReceivedSms]) -> bool, timeout: Duration) -> bool {
        let is_enough = |kept: &mut Kept| enough(&kept.messages).then_some(());
        self.awaited(is_enough, timeout).await.is_some()
    }

    async fn awaited<T>(&self, ask: impl Fn(&mut Kept) -> Option<T>, timeout: Duration) -> Option<T> {
        let answered = async {
            loop {
                // Listens before it asks, so that what arrives in between is heard.
                let arrived = self.shared.arrived.notified();
                if let Some(answer) = ask(&mut self.shared.kept()) {
                    return answer;
                }
                arrived.await;
            }
        };
        tokio::time::timeout(timeout, answered).await.ok()
    }
}

impl Kept {
    fn give(&mut self) -> Option<ReceivedSms> {
        let message = self.messages.get(self.given)?.clone();
        self.given += 1;
        Some(message)
    }

    /// Keeps a message, and says how often it has come by now.
    fn keep(&mut self, message: &ReceivedSms, now: UnixMillis) -> io::Result<u32> {
        if let Some(ledger) = &mut self.ledger {
            let line = serde_json::json!({
                "id": message.id,
                "attempt": message.attempt,
                "to": message.to,
                "at_unix_ms": now.as_millis(),
            });
            // Straight to the system: it survives a kill of this process.
            ledger.write_all(format!("{line}\n").as_bytes())?;
        }
        self.messages.push(message.clone());
        let posts = self.posts.entry(message.id.clone()).or_default();
        *posts += 1;
        Ok(*posts)
    }
}

impl Shared {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>, running: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = running.cancelled() => return,
        };
        if let Ok((stream, _)) = accepted {
            tokio::spawn(serve(stream, Arc::clone(&shared), running.clone()));
        }
    }
}

/// Straight on hyper, because a service that fails closes the connection without an answer, which
/// is what a lost answer looks like.
async fn serve(stream: TcpStream, shared: Arc<Shared>, running: CancellationToken) {
    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A connection that breaks is the carrier's affair.
        _ = connection => {}
        () = running.cancelled() => {}
    }
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> io::Result<Response<Full<Bytes>>> {
    if request.method() != Method::POST || request.uri().path() != "/messages" {
        return Ok(json(StatusCode::NOT_FOUND, r#"{"error": "not_found"}"#));
    }
    let body = request
        .into_body()
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    let Ok(message) = serde_json::from_slice::<ReceivedSms>(&body) else {
        return Ok(json(StatusCode::BAD_REQUEST, r#"{"error": "bad_request"}"#));
    };
    let posts = shared.kept().keep(&message, clock::now())?;
    shared.arrived.notify_waiters();
    play(script_for(&message.to).act, &message, posts, &shared).await
}

async fn play(
    act: Act,
    message: &ReceivedSms,
    posts: u32,
    shared: &Shared,
) -> io::Result<Response<Full<Bytes>>> {
    let accepted = || {
        let body = format!(
            r#"{{"id": "sandbox-{}", "segments": {}}}"#,
            message.id, message.segments
        );
        json(StatusCode::CREATED, &body)
    };
    Ok(match act {
        Act::Accept => accepted(),
        Act::FailOnce if posts > 1 => accepted(),
        Act::FailOnce => refusal(503, "unavailable"),
        Act::Refuse { status: 429, error } => {
            let mut response = refusal(429, error);
            response
                .headers_mut()
                .insert("retry-after", http::HeaderValue::from_static("2"));
            response
        }
        Act::Refuse { status, error } => refusal(status, error),
        Act::Slow(wait) => {
            tokio::time::sleep(wait).await;
            accepted()
        }
        Act::Lose => return Err(io::Error::other("the answer is lost on purpose")),
        Act::Garble => json(StatusCode::OK, "<html>the answer is no JSON</html>"),
        Act::Receipt(state) => {
            receipts::send_soon(shared.http.clone(), message, state);
            accepted()
        }
        Act::Overtake => {
            receipts::send(shared.http.clone(), message, "delivered").await;
            accepted()
        }
        Act::LoseAndTell => {
            receipts::send_soon(shared.http.clone(), message, "delivered");
            return Err(io::Error::other("the answer is lost on purpose"));
        }
    })
}

fn refusal(status: u16, error: &str) -> Response<Full<Bytes>> {
    json(
        StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
        &format!(r#"{{"error": "{error}"}}"#),
    )
}

fn json(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests;

//! Through the C tables a session gets what the host has, and the host what the session wants, in its order: bytes,
//! timers, windows, outcomes, events with both answers, the end. And its panics stay inside.

#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a test")]

use aldis_carrier::serde_json::json;
use aldis_carrier::testing::{Fault, SessionBench, TestMessage};
use aldis_carrier::{
    About, Act, Class, Event, EventKind, Instance, Link, LinkInfo, Message, Outcome, Price, Proof,
    ReceiptState, Secret, SenderProof, Session, SessionCarrier, SessionHost, SettingsError,
};
use std::sync::Arc;
use std::time::Duration;

/// A protocol of lines: `hello`, `send`, `took`, `fate`, `bye`.
struct Lines(Settings);

thread_local! {
    /// Held by every session of this thread's test.
    static ALIVE: Arc<()> = Arc::default();
}

fn alive() -> usize {
    ALIVE.with(Arc::strong_count) - 1
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    host: String,
    password: Secret,
}

struct Line {
    name: String,
    /// Falls with the session.
    _alive: Arc<()>,
}

impl SessionCarrier for Lines {
    type Settings = Settings;
    type Session = Line;
    const ABOUT: About = About::new("lines", "1.0.0");

    fn new(settings: Settings, _: &Instance) -> Result<Self, SettingsError> {
        Ok(Self(settings))
    }

    fn links(&self) -> Vec<Link> {
        let link = Link::new("up", &self.0.host, 2775);
        vec![link.clone(), link.tls(true).server_name("smsc.example")]
    }

    fn open(&self, link: &LinkInfo<'_>, host: &mut SessionHost) -> Line {
        host.write(b"hello ");
        host.write(self.0.password.expose().as_bytes());
        host.timer(1, Duration::from_secs(5));
        if self.0.host == "refused" {
            // A word that only the host may say.
            host.close(Outcome::refused(Class::PluginFault, "x"));
        }
        Line {
            name: format!("{}{}", link.name(), link.index()),
            _alive: ALIVE.with(Arc::clone),
        }
    }
}

impl Session for Line {
    fn on_bytes(&mut self, bytes: &[u8], host: &mut SessionHost) {
        match bytes {
            b"hi" => {
                host.cancel_timer(1);
                host.ready(10, Some(0.5));
            }
            b"took" => host.complete(u64::MAX, Outcome::accepted(["a", "b"])),
            b"half" => host.hold(u64::MAX),
            b"fate" => {
                let mut event = Event::receipt("a", ReceiptState::Undelivered);
                event.class = Some(Class::Blocked);
                event.proof = Proof::Addresses(SenderProof::Default);
                event.carrier_time_ms = Some(host.now_unix_ms());
                event.price = Some(Price {
                    micros: 5,
                    currency: *b"EUR",
                    charged: true,
                });
                host.event(event, b"ok", b"no");
            }
            b"boom" => panic!("{}", "+12025550100"),
            _ => host.close(Outcome::refused(Class::Unauthorized, "14")),
        }
    }

    fn on_timer(&mut self, id: u32, host: &mut SessionHost) {
        host.write(format!("{} {id}", self.name).as_bytes());
        host.ready(0, None);
    }

    fn submit(&mut self, token: u64, message: &Message<'_>, host: &mut SessionHost) {
        host.write(format!("send {token} {} {}", message.to(), message.text()).as_bytes());
    }

    fn drain(&mut self, host: &mut SessionHost) {
        host.write(b"bye");
        host.close(Outcome::refused(Class::Temporary, "drained"));
    }
}

fn bench() -> SessionBench<Lines> {
    SessionBench::new(&json!({ "host": "localhost" }), &[("password", "s3cret")]).expect("an instance")
}

fn wrote(text: &str) -> Act {
    Act::Write(text.as_bytes().to_vec())
}

#[test]
fn the_links_are_told() {
    let plain = Link::new("up", "localhost", 2775);
    let sealed = plain.clone().tls(true).server_name("smsc.example");
    assert_eq!(bench().links().expect("links"), [plain, sealed]);
}

#[test]
fn what_is_wanted_arrives_in_its_order() {
    let bench = bench();
    let (mut line, first) = bench.connect(1).expect("a connection");
    assert_eq!(
        first,
        [wrote("hello s3cret"), Act::Timer(1, Some(Duration::from_secs(5)))]
    );

    let ready = Act::Ready {
        window: 10,
        per_second: Some(0.5),
    };
    assert_eq!(
        line.on_bytes(b"hi").expect("no fault"),
        [Act::Timer(1, None), ready]
    );

    let rest = Act::Ready {
        window: 0,
        per_second: None,
    };
    assert_eq!(line.on_timer(7).expect("no fault"), [wrote("up1 7"), rest]);

    let message = TestMessage::new("+12025550100", "Grüße");
    let sent = line.submit(42, &message).expect("no fault");
    assert_eq!(sent, [wrote("send 42 +12025550100 Grüße")]);

    let half = line.on_bytes(b"half").expect("no fault");
    assert_eq!(half, [Act::Hold(u64::MAX)]);

    let took = line.on_bytes(b"took").expect("no fault");
    assert_eq!(took, [Act::Complete(u64::MAX, Outcome::accepted(["a", "b"]))]);

    let refused = Outcome::refused(Class::Unauthorized, "14");
    assert_eq!(line.on_bytes(b"?").expect("no fault"), [Act::Close(refused)]);

    let drained = Act::Close(Outcome::refused(Class::Temporary, "drained"));
    assert_eq!(line.drain().expect("no fault"), [wrote("bye"), drained]);
}

#[test]
fn an_event_brings_both_answers() {
    let bench = bench();
    let (mut line, _) = bench.connect(0).expect("a connection");
    line.clock(1_700_000_000_123);
    let acts = line.on_bytes(b"fate").expect("no fault");
    let [Act::Event { event, ack, nack }] = &acts[..] else {
        panic!("one event: {acts:?}")
    };
    assert_eq!(
        (event.kind, event.state),
        (EventKind::Receipt, ReceiptState::Undelivered)
    );
    assert_eq!((event.class, event.is_final), (Some(Class::Blocked), true));
    assert_eq!(event.carrier_time_ms, Some(1_700_000_000_123));
    assert_eq!(event.proof, Proof::Addresses(SenderProof::Default));
    assert_eq!(event.price.map(|price| price.micros), Some(5));
    assert_eq!((&ack[..], &nack[..]), (&b"ok"[..], &b"no"[..]));
}

/// The host does not destroy a session whose open failed.
#[test]
fn a_session_ends_with_its_connection_or_with_a_failed_open() {
    let bench = bench();
    let (line, _) = bench.connect(0).expect("a connection");
    assert_eq!(alive(), 1);
    drop(line);
    assert_eq!(alive(), 0);

    let settings = json!({ "host": "refused" });
    let bench = SessionBench::<Lines>::new(&settings, &[("password", "s3cret")]).expect("an instance");
    assert!(bench.connect(0).is_err());
    assert_eq!(alive(), 0);
}

#[test]
fn a_panic_is_a_fault_of_the_call() {
    let bench = bench();
    let (mut line, _) = bench.connect(0).expect("a connection");
    assert_eq!(line.on_bytes(b"boom"), Err(Fault::Panicked));
}

#[test]
fn nothing_wanted_is_shown() {
    let shown = format!("{:?}", [wrote("hello s3cret")]);
    assert_eq!(shown, "[Write(12 bytes)]");
}

#[test]
fn the_descriptor_says_the_style() {
    let descriptor = SessionBench::<Lines>::descriptor();
    assert_eq!(descriptor["styles"], json!(["session"]));
    assert_eq!(
        descriptor["config_schema"]["properties"]["password"]["x-secret"],
        true
    );
}

//! A library that crashes, hangs or ends its process in a worker costs its own message at most: nobody else's is lost
//! or sent twice, and the carrier goes on.

use crate::alone::{alone, limit_descriptors};
use crate::stage::{Carrier, TOKEN, compile, libraries, library_in, submission, try_instance};
use crate::wire::{accept, carrier, started_of, submit, until};
use aldis_carrier_host::{
    CallbackRequest, CallbackVerdict, Class, Instance, Isolation, Library, Report, Trust,
};
use futures_util::StreamExt as _;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

fn crashing(base_url: &str) -> Instance {
    let library = library_in("crashing", Isolation::Worker);
    assert_eq!(library.isolation(), Isolation::Worker);
    try_instance(&library, json!({ "base_url": base_url }), TOKEN).expect("an instance")
}

async fn send(instance: &Instance, id: &str, text: &str) -> Report {
    let mut submission = submission(text);
    submission.message.id = id.to_owned();
    instance.submit(submission).await
}

const WAYS: [&str; 4] = ["segv", "abort", "exit", "loop"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_kills_two_workers_is_left_out() {
    let carrier = Carrier::answering(201, "").await;
    let instance = crashing(&carrier.base_url);
    for how in WAYS {
        let before = instance.metrics().worker.expect("a worker").ends;
        for again in 0..2 {
            let report = send(&instance, how, &format!("submit:{how}")).await;
            assert_eq!(
                (report.class, report.request_written),
                (Class::PluginFault, false),
                "{report:?}"
            );
            let detail = report.detail.expect("words");
            assert!(detail.contains("twice over this"), "{detail}");
            // The second time nobody even tries.
            let ended = instance.metrics().worker.expect("a worker").ends - before;
            assert_eq!(ended, 2, "{how} {again}");
        }
        let good = send(&instance, &format!("after {how}"), "Hello").await;
        assert_eq!(good.class, Class::Accepted, "{good:?}");
    }
    let metrics = instance.metrics();
    assert!(!metrics.quarantined, "the others are not to suffer: {metrics:?}");
    assert_eq!(metrics.worker.expect("a worker").left_out, 4);
    assert_eq!(carrier.seen().len(), 4, "one for each good message");
}

/// It sleeps, and it hides that it does: the page that tells which call it is at says none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_puts_two_workers_to_sleep_is_left_out() {
    let carrier = Carrier::answering(201, "").await;
    let one = async |how: &str, words: &str| {
        let instance = crashing(&carrier.base_url);
        let report = send(&instance, how, &format!("submit:{how}")).await;
        assert_eq!(
            (report.class, report.request_written),
            (Class::PluginFault, false),
            "{report:?}"
        );
        let detail = report.detail.expect("words");
        assert!(detail.contains(words), "{detail}");
        let good = send(&instance, "after", "Hello").await;
        assert_eq!(good.class, Class::Accepted, "{good:?}");
        let worker = instance.metrics().worker.expect("a worker");
        assert_eq!((worker.ends, worker.left_out), (2, 1), "{worker:?}");
    };
    tokio::join!(
        one("sleep", "one call did not return for 5 s"),
        one("hide", "nothing was answered for 10 s"),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_the_machine_has_no_place_for_a_worker_is_not_the_library_s_fault() {
    if !alone(
        "a_crash_in_a_worker_costs_nothing::that_the_machine_has_no_place_for_a_worker_is_not_the_library_s_fault",
    ) {
        return;
    }
    let carrier = Carrier::answering(201, "").await;
    let instance = crashing(&carrier.base_url);
    assert_eq!(send(&instance, "first", "Hello").await.class, Class::Accepted);
    // Not one descriptor more.
    limit_descriptors(3);
    let report = send(&instance, "segv", "submit:segv").await;
    assert_eq!(
        (report.class, report.request_written),
        (Class::PluginFault, false),
        "{report:?}"
    );
    let detail = report.detail.expect("words");
    assert!(detail.contains("none can be started"), "{detail}");
    // Asked again and again, it would be left alone for a minute by now.
    for _ in 0..50 {
        let report = send(&instance, "other", "Hello").await;
        assert_eq!(report.class, Class::PluginFault, "{report:?}");
    }
    limit_descriptors(1024);
    until(|| instance.metrics().worker.is_some_and(|worker| worker.running)).await;
    assert_eq!(send(&instance, "last", "Hello").await.class, Class::Accepted);
    let worker = instance.metrics().worker.expect("a worker");
    assert_eq!((worker.ends, worker.safe_mode), (1, false), "{worker:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_carrier_has_the_message_it_is_ambiguous_and_sent_once() {
    let carrier = Carrier::answering(201, "").await;
    let instance = crashing(&carrier.base_url);
    for (sent, how) in WAYS.into_iter().enumerate() {
        let report = send(&instance, how, &format!("response:{how}")).await;
        assert_eq!(
            (report.class, report.request_written, report.code.as_deref()),
            (Class::Ambiguous, true, Some("201")),
            "{report:?}"
        );
        assert_eq!(carrier.seen().len(), sent + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_back_that_kills_two_workers_is_left_out() {
    let instance = crashing("http://127.0.0.1:9");
    let callback = |body: &'static str| CallbackRequest {
        external_url: "https://sms.example.com/carriers/acme/receipts".to_owned(),
        method: "POST".to_owned(),
        headers: Vec::new(),
        body: body.into(),
        remote_address: String::new(),
        now_unix_ms: 5_000,
    };
    for _ in 0..2 {
        let verdict = instance.webhook(&callback("segv")).await;
        assert!(matches!(verdict, CallbackVerdict::Fault), "{verdict:?}");
    }
    let verdict = instance.webhook(&callback("hello")).await;
    assert!(matches!(verdict, CallbackVerdict::Verified { .. }), "{verdict:?}");
    assert_eq!(instance.metrics().worker.expect("a worker").starts, 3);
}

/// What the carrier was asked to send, counted outside of everything that is tested.
#[derive(Default)]
struct Ledger(HashMap<String, u32>);

/// As quick a carrier as can be: says 201 to every request and tells its body.
async fn counting() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let base_url = format!("http://{}", listener.local_addr().expect("an address"));
    let (told, bodies) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, told.clone()));
        }
    });
    (base_url, bodies)
}

async fn converse(stream: TcpStream, told: mpsc::UnboundedSender<String>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while stream.read_line(&mut line).await.ok()? > 2 {
            if let Some(count) = line.to_lowercase().strip_prefix("content-length: ") {
                length = count.trim().parse().ok()?;
            }
            line.clear();
        }
        if line.is_empty() {
            return None;
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        told.send(String::from_utf8(body).ok()?).ok()?;
        let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";
        stream.get_mut().write_all(answer).await.ok()?;
    }
}

/// A hundred thousand, of which twenty crash, abort, end or hang their worker, before and after the carrier has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_thousand_none_is_lost_and_none_doubled() {
    const COUNT: usize = 100_000;
    let (base_url, mut bodies) = counting().await;
    let instance = Arc::new(crashing(&base_url));
    let poison = |number: usize| {
        let nth = number / 5_000;
        let place = ["submit", "response"][nth % 2];
        (number % 5_000 == 2_500).then(|| format!("{place}:{}", WAYS[nth / 2 % WAYS.len()]))
    };
    let answered = AtomicUsize::new(0);
    let reports = futures_util::stream::iter(0..COUNT).map(|number| {
        let (instance, answered) = (Arc::clone(&instance), &answered);
        async move {
            let text = poison(number).unwrap_or_else(|| "Hello".to_owned());
            let report = send(&instance, &format!("msg_{number}"), &text).await;
            answered.fetch_add(1, Ordering::Relaxed);
            (number, report)
        }
    });
    let reports: Vec<_> = reports.buffer_unordered(256).collect().await;
    assert_eq!(answered.load(Ordering::Relaxed), COUNT);
    let mut ledger = Ledger::default();
    while let Ok(body) = bodies.try_recv() {
        *ledger.0.entry(body).or_default() += 1;
    }
    for (number, report) in reports {
        let text = poison(number).unwrap_or_default();
        let (class, sent) = match text.split(':').next() {
            Some("submit") => (Class::PluginFault, 0),
            Some("response") => (Class::Ambiguous, 1),
            _ => (Class::Accepted, 1),
        };
        let counted = ledger.0.remove(&format!("msg_{number}")).unwrap_or_default();
        assert_eq!(
            (report.class, counted),
            (class, sent),
            "{number} {text}: {report:?}"
        );
    }
    assert!(ledger.0.is_empty(), "{:?}", ledger.0);
    let worker = instance.metrics().worker.expect("a worker");
    assert_eq!((worker.left_out, worker.ends), (20, 40), "{worker:?}");
    assert!(
        worker.running && !worker.safe_mode && worker.replayed > 20,
        "{worker:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_ends_takes_its_links_along_and_they_come_back() {
    let library = library_in("wire", Isolation::Worker);
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started_of(&library, settings);
    let back = async || {
        let peer = accept(&listener, "GO 10 0").await;
        until(|| instance.metrics().links[0].window == 10).await;
        peer
    };
    let mut peer = back().await;
    let carried = submit(&instance, submission("one"));
    let _ = peer.gets("one").await;
    // It crashes on what the carrier says.
    peer.says("CRASH").await;
    assert_eq!(carried.await.expect("a report").class, Class::Ambiguous);
    assert_eq!(peer.heard().await, None, "the connection is closed");
    // And on what it is to send.
    let mut peer = back().await;
    let carried = submit(&instance, submission("two"));
    let _ = peer.gets("two").await;
    let report = instance.submit(submission("crash")).await;
    assert_eq!(
        (report.class, report.request_written),
        (Class::PluginFault, false),
        "{report:?}"
    );
    assert_eq!(carried.await.expect("a report").class, Class::Ambiguous);
    let mut peer = back().await;
    let carried = submit(&instance, submission("three"));
    let token = peer.gets("three").await;
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(carried.await.expect("a report").class, Class::Accepted);
    let metrics = instance.metrics();
    assert_eq!(metrics.worker.expect("a worker").ends, 2, "{metrics:?}");
    assert_eq!(metrics.links[0].ambiguous, 2, "{metrics:?}");
}

/// Messages are handed over many at once; those beside the one that crashes are sent on the next link, each once.
///
/// They wait a second for it: where a busy machine brings it too late, it is tried again.
#[tokio::test]
async fn those_handed_over_together_with_one_that_crashes_go_on_the_next_link() {
    let library = library_in("wire", Isolation::Worker);
    for _ in 0..ROUNDS {
        if crash_together(&library).await {
            return;
        }
    }
    panic!("in {ROUNDS} rounds no next link was there within the second that messages wait for it");
}

const ROUNDS: usize = 10;

/// Hands over twenty, of which the eighth crashes the worker. False: the links were not there in time for all of them.
async fn crash_together(library: &Library) -> bool {
    let text = |number: usize| {
        if number == 7 {
            "crash".to_owned()
        } else {
            format!("m{number}")
        }
    };
    let (listener, settings) = carrier().await;
    let begun = Instant::now();
    let (instance, _desk) = started_of(library, settings);
    // Before the link is there, so that they are handed over together.
    let reports: Vec<_> = (0..20)
        .map(|number| submit(&instance, submission(&text(number))))
        .collect();
    tokio::task::yield_now().await;
    let first = accept(&listener, "GO 100 0").await;
    let crashed = || instance.metrics().worker.is_some_and(|worker| worker.ends == 1);
    until(|| crashed() || reports.iter().any(JoinHandle::is_finished)).await;
    if !crashed() {
        return false;
    }
    drop(first);
    let mut peer = accept(&listener, "GO 100 0").await;
    until(|| instance.metrics().links[0].window == 100).await;
    // This thread is the only one: a link that has a window has taken what waits.
    let in_time = begun.elapsed() < Duration::from_secs(1);
    let mut sent = Vec::new();
    let answering = async {
        while let Some(line) = peer.heard().await {
            let words: Vec<_> = line.split(' ').collect();
            peer.says(&format!("OK {} 0", words[1])).await;
            sent.push(words[2].to_owned());
        }
    };
    let reports = tokio::select! {
        () = answering => panic!("the next link ended"),
        reports = futures_util::future::join_all(reports) => reports,
    };
    let mut accepted = Vec::new();
    for (number, report) in reports.into_iter().enumerate() {
        let report = report.expect("a report");
        if number == 7 {
            assert_eq!(report.class, Class::PluginFault, "{report:?}");
        } else if report.class == Class::Accepted {
            accepted.push(text(number));
        } else {
            assert!(!in_time && !report.request_written, "{report:?}");
        }
    }
    sent.sort();
    accepted.sort();
    assert_eq!(sent, accepted);
    in_time
}

#[tokio::test]
async fn a_library_that_crashes_where_it_is_loaded_or_set_up_is_refused() {
    for how in ["segv", "abort", "exit"] {
        let (_dir, file) = compile("crashing", &[&format!("WHILE_LOADING=\"{how}\"")]);
        for isolation in [Isolation::Worker, Isolation::InProcess] {
            let refused = libraries().load(&file, &Trust::Anything, Some(isolation));
            let sentence = refused.expect_err("refused").to_string();
            assert!(
                sentence.contains("crashes where it is loaded")
                    && sentence.starts_with(&file.display().to_string()),
                "{sentence}"
            );
        }
        let (_dir, file) = compile("crashing", &[&format!("WHILE_CREATED=\"{how}\"")]);
        let library = libraries().load(&file, &Trust::Anything, Some(Isolation::Worker));
        let refused = try_instance(&library.expect("a library"), json!({}), TOKEN);
        let sentence = refused.expect_err("refused").to_string();
        assert!(sentence.contains("set up"), "{sentence}");
    }
}

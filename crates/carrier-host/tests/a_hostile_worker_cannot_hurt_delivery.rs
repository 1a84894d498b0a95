//! A library that means harm costs its own carrier: delivery's memory, processor time and log stay as they are, and the
//! other carriers go on.

use crate::alone::{alone, become_nobody, process, refuse};
use crate::stage::{Carrier, TOKEN, compile, engine, libraries, library_in, submission, try_instance};
use crate::wire::{accept, accept_any, carrier, started_of, submit, until};
use aldis_carrier_host::{Class, Instance, InstanceOptions, Isolation, Library, Report, Trust};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn hostile(isolation: Isolation) -> Instance {
    instance_of(&library_in("hostile", isolation))
}

fn instance_of(library: &Library) -> Instance {
    try_instance(library, json!({ "base_url": "http://127.0.0.1:9" }), TOKEN).expect("an instance")
}

/// Sends a message within a few seconds, for its worker may hold it up.
async fn send(instance: &Instance, text: &str) -> Report {
    let mut submission = submission(text);
    submission.time_limit = Duration::from_secs(3);
    submission.message.id = text.to_owned();
    instance.submit(submission).await
}

/// The most memory this process had at once, in KiB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.and_then(|line| line.trim().strip_suffix(" kB"));
    words.and_then(|kib| kib.parse().ok()).expect("a number")
}

/// This process's processor time.
fn used() -> Duration {
    Duration::from_millis(10 * process(std::process::id()).expect("itself").used)
}

fn misdeeds(instance: &Instance) -> u64 {
    instance.metrics().worker.expect("a worker").misdeeds
}

/// Three carriers, of which one is hostile.
struct House {
    hostile: Instance,
    here: Instance,
    apart: Instance,
    _carrier: Carrier,
}

impl House {
    async fn new() -> Self {
        let carrier = Carrier::answering(201, "id").await;
        let good = |isolation| {
            let library = library_in("crashing", isolation);
            try_instance(&library, json!({ "base_url": carrier.base_url }), TOKEN).expect("an instance")
        };
        Self {
            hostile: hostile(Isolation::Worker),
            here: good(Isolation::InProcess),
            apart: good(Isolation::Worker),
            _carrier: carrier,
        }
    }

    async fn others_go_on(&self) {
        for instance in [&self.here, &self.apart] {
            assert_eq!(instance.submit(submission("Hello")).await.class, Class::Accepted);
        }
    }

    /// The hostile one is given another chance after its punishment.
    async fn is_back(&self) {
        until(|| self.hostile.rest().is_none()).await;
        assert_eq!(send(&self.hostile, "well").await.class, Class::Accepted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_takes_no_more_memory_than_a_few_of_its_limits() {
    if !alone("a_hostile_worker_cannot_hurt_delivery::a_frame_takes_no_more_memory_than_a_few_of_its_limits")
    {
        return;
    }
    let house = House::new().await;
    house.others_go_on().await;
    let before = most_memory();
    for (done, way) in ["amplify", "amplify a little", "ids", "long"]
        .into_iter()
        .enumerate()
    {
        send(&house.hostile, way).await;
        until(|| misdeeds(&house.hostile) > done as u64).await;
        house.others_go_on().await;
        let grown = most_memory() - before;
        assert!(grown < 24 * 1024, "{way}: {grown} KiB more");
        house.is_back().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_nobody_waits_for_ends_the_worker() {
    let house = House::new().await;
    for (done, way) in ["invent", "again"].into_iter().enumerate() {
        send(&house.hostile, "well").await;
        send(&house.hostile, way).await;
        until(|| misdeeds(&house.hostile) > done as u64).await;
        // It is left alone for a moment, and its messages look elsewhere meanwhile.
        let report = send(&house.hostile, "meanwhile").await;
        assert_eq!(
            (report.class, report.request_written),
            (Class::PluginFault, false)
        );
        house.others_go_on().await;
        house.is_back().await;
    }
    assert_eq!(house.hostile.metrics().worker.expect("a worker").late, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_too_late_is_dropped_and_counted() {
    let instance = instance_of(&library_in("crashing", Isolation::Worker));
    let mut late = submission("submit:nap");
    late.time_limit = Duration::from_millis(50);
    assert_eq!(instance.submit(late).await.class, Class::Temporary);
    until(|| instance.metrics().worker.expect("a worker").late == 1).await;
    let worker = instance.metrics().worker.expect("a worker");
    assert_eq!((worker.ends, worker.misdeeds), (0, 0), "{worker:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_frames_costs_little() {
    if !alone("a_hostile_worker_cannot_hurt_delivery::a_flood_of_frames_costs_little") {
        return;
    }
    let house = House::new().await;
    house.others_go_on().await;
    for (done, way) in ["flood", "flood of bytes"].into_iter().enumerate() {
        let before = used();
        send(&house.hostile, way).await;
        until(|| misdeeds(&house.hostile) > done as u64).await;
        let cost = used().saturating_sub(before);
        assert!(cost < Duration::from_secs(1), "{way}: {cost:?}");
        house.others_go_on().await;
        house.is_back().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_computes_unasked_is_ended_and_rests_longer_each_time() {
    let house = House::new().await;
    assert_eq!(send(&house.hostile, "burn").await.class, Class::Accepted);
    until(|| misdeeds(&house.hostile) == 1).await;
    house.others_go_on().await;
    house.is_back().await;
}

/// The carrier takes nothing, or the store is busy: what the library wants meanwhile has an end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_link_wants_without_end_costs_the_link() {
    if !alone("a_hostile_worker_cannot_hurt_delivery::what_a_link_wants_without_end_costs_the_link") {
        return;
    }
    for isolation in [Isolation::InProcess, Isolation::Worker] {
        for (way, why) in [
            ("POUR", "more than 4 MiB waiting"),
            ("GOSSIP", "more events than can be stored"),
        ] {
            let (listener, settings) = carrier().await;
            let (instance, _desk) = started_of(&library_in("wire", isolation), settings);
            let mut peer = accept(&listener, "GO 10 0").await;
            let flying = submit(&instance, submission("one"));
            peer.gets("one").await;
            let before = most_memory();
            peer.says(way).await;
            let report = flying.await.expect("a report");
            assert_eq!(report.class, Class::Ambiguous, "{way}: {report:?}");
            assert!(report.detail.is_some_and(|detail| detail.contains(why)));
            let grown = most_memory() - before;
            assert!(grown < 40 * 1024, "{isolation:?} {way}: {grown} KiB more");
            // It connects anew.
            accept(&listener, "GO 10 0").await;
        }
    }
}

/// Each of its links stays within its own limits, and the store takes nothing: the one that goes over what all of them may
/// have ends, and the others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_links_take_no_more_memory_than_one_instance_may() {
    for isolation in [Isolation::InProcess, Isolation::Worker] {
        let (listener, mut settings) = carrier().await;
        let names: Vec<String> = (0..11).map(|number| format!("link-{number}")).collect();
        settings["links"] = json!(names.join(","));
        let (instance, desk) = started_of(&library_in("wire", isolation), settings);
        let mut peers = Vec::new();
        for _ in &names {
            peers.push(accept_any(&listener).await);
        }
        let mut last = peers.pop().expect("a link");
        for (done, peer) in peers.iter_mut().enumerate() {
            // 3 MB.
            peer.says("CHAT 150").await;
            until(|| desk.waiting().len() == 150 * (done + 1)).await;
        }
        let takes = || instance.metrics().links.iter().any(|link| link.window > 0);
        last.says("GO 1 0").await;
        until(takes).await;
        let flying = submit(&instance, submission("one"));
        last.gets("one").await;
        last.says("CHAT 190").await;
        let report = flying.await.expect("a report");
        assert_eq!(report.class, Class::Ambiguous, "{isolation:?}: {report:?}");
        let why = "more than 32 MiB waiting on all of its links together";
        assert!(report.detail.is_some_and(|detail| detail.contains(why)));
        // It connects anew, and has given back what it held.
        let before = desk.waiting().len();
        let mut anew = accept_any(&listener).await;
        anew.says("CHAT 100").await;
        until(|| desk.waiting().len() == before + 100).await;
        // The others are as they were.
        let mut other = peers.pop().expect("a link");
        other.says("GO 1 0").await;
        until(takes).await;
        let flying = submit(&instance, submission("two"));
        let token = other.gets("two").await;
        other.says(&format!("OK {token} 0")).await;
        assert_eq!(flying.await.expect("a report").class, Class::Accepted);
    }
}

/// It has no more threads than it may, however many it wants; a message says how many it got.
async fn has_no_more_threads_than(instance: &Instance, most: u32) {
    let report = send(instance, "threads 1000").await;
    let others = most - 1;
    assert_eq!(report.code, Some(others.to_string()), "{report:?}");
    assert_eq!(misdeeds(instance), 0);
}

fn with_threads(library: &Library, worker_threads: u32) -> Instance {
    let options = InstanceOptions {
        name: "acme".into(),
        settings: json!({}),
        secrets: Vec::new(),
        callback_base_url: None,
        clock: || 5_000,
        worker_threads,
    };
    Instance::create(library, options, engine()).expect("an instance")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_have_an_end_for_root_and_for_anybody() {
    if !alone("a_hostile_worker_cannot_hurt_delivery::threads_have_an_end_for_root_and_for_anybody") {
        return;
    }
    let library = library_in("hostile", Isolation::Worker);
    has_no_more_threads_than(&instance_of(&library), 64).await;
    // Each worker's are counted alone.
    let (one, other) = (with_threads(&library, 8), with_threads(&library, 200));
    has_no_more_threads_than(&one, 8).await;
    has_no_more_threads_than(&other, 200).await;
    has_no_more_threads_than(&instance_of(&library), 64).await;
    if rustix::process::geteuid().is_root() {
        become_nobody();
        has_no_more_threads_than(&instance_of(&library), 64).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_kernel_does_not_count_threads_delivery_does() {
    if !alone("a_hostile_worker_cannot_hurt_delivery::where_the_kernel_does_not_count_threads_delivery_does")
    {
        return;
    }
    refuse(&[libc::SYS_unshare]);
    let instance = hostile(Isolation::Worker);
    assert_eq!(send(&instance, "threads 60").await.code.as_deref(), Some("60"));
    // The message is answered, or not, before it is seen.
    send(&instance, "threads 200").await;
    until(|| misdeeds(&instance) == 1).await;
    until(|| instance.rest().is_none()).await;
    assert_eq!(send(&instance, "well").await.class, Class::Accepted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_have_an_end_while_a_library_is_loaded() {
    let (_dir, file) = compile("hostile", &["THREADS_WHILE_LOADING"]);
    let library = libraries().load(&file, &Trust::Anything, Some(Isolation::Worker));
    assert!(library.is_ok(), "it got few, and went on: {:?}", library.err());
}

/// Everything that would be printed.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a page").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_chatterbox_fills_no_disk_here_or_in_a_worker() {
    for isolation in [Isolation::InProcess, Isolation::Worker] {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone());
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let instance = hostile(isolation);
        for number in 0..16 {
            let report = instance
                .submit(submission(&format!("chatter {}", 4_000 + number)))
                .await;
            assert_eq!(report.class, Class::Accepted, "it is no fault: {report:?}");
        }
        let text = String::from_utf8(page.0.lock().expect("a page").clone()).expect("text");
        assert!(text.len() < 1024 * 1024, "{isolation:?}: {} bytes", text.len());
        let told = text.matches("causes too many lines").count();
        assert!((1..=2).contains(&told), "{isolation:?}: told {told} times");
        let metrics = instance.metrics();
        // As many lines as there are metrics with too long a label.
        let most = text.lines().count() as u64;
        assert!(
            metrics.dropped_lines >= 2 * 16 * 4_000 - most,
            "{isolation:?}: {metrics:?}"
        );
        assert!(metrics.plugin.is_empty());
    }
}

#[tokio::test]
async fn what_a_carrier_says_has_a_length_here_and_in_a_worker() {
    for isolation in [Isolation::InProcess, Isolation::Worker] {
        let instance = hostile(isolation);
        let fine = send(&instance, "outcome 1024 8000000").await;
        assert_eq!(fine.class, Class::Accepted, "{isolation:?}");
        assert_eq!(fine.carrier_ids.concat().len(), 1024);
        assert!(fine.detail.is_some_and(|detail| detail.len() <= 2_003));
        let long = send(&instance, "outcome 1025 10").await;
        assert_eq!(long.class, Class::PluginFault, "{isolation:?}: {long:?}");
        assert!(
            long.detail
                .is_some_and(|detail| detail.contains("an id of 1025 bytes"))
        );
        let more = send(&instance, "outcome 8000000 10").await;
        assert_eq!(more.class, Class::PluginFault, "{isolation:?}");
        if let Some(worker) = instance.metrics().worker {
            assert_eq!((worker.ends, worker.misdeeds), (0, 0), "its own sinks refuse it");
        }
    }
}

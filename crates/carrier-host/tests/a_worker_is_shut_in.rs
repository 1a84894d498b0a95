//! A library in a worker reaches nothing but what it is lent: no file, no network, no other process, not much memory; and
//! it lives as long as delivery wants it.

use crate::alone::{alone, become_nobody, children, is_alone, process, program, send, worker};
use crate::stage::{Carrier, TOKEN, compile, libraries, library_in, submission, try_instance};
use crate::wire::{accept, carrier, started_of, submit, until};
use aldis_carrier_host::{Class, Instance, Isolation, Libraries, Library, Trust};
use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter_all_threads};
use serde_json::json;
use std::collections::BTreeMap;
use std::os::fd::IntoRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Looks around while it is loaded.
fn peeking() -> Library {
    let (_dir, file) = compile("crashing", &["PEEKS"]);
    let library = libraries().load(&file, &Trust::Anything, Some(Isolation::Worker));
    library.expect("a library")
}

fn instance_of(library: &Library, base_url: &str) -> Instance {
    try_instance(library, json!({ "base_url": base_url }), TOKEN).expect("an instance")
}

/// What came of it: the error's number, 0 for none, or a count.
async fn tried(instance: &Instance, what: &str) -> String {
    let report = instance.submit(submission(&format!("try:{what}"))).await;
    report
        .code
        .unwrap_or_else(|| panic!("{what}: {:?}", report.detail))
}

async fn is_accepted(instance: &Instance) -> bool {
    instance.submit(submission("Hello")).await.class == Class::Accepted
}

#[tokio::test]
async fn a_library_in_a_worker_reaches_nothing() {
    let library = library_in("crashing", Isolation::Worker);
    let instance = instance_of(&library, "http://127.0.0.1:9");
    // EPERM and ENOMEM of errno(3); a runtime that has threads gets them.
    for (what, code) in [
        ("open", "1"),
        ("create", "1"),
        ("socket", "1"),
        ("fork", "1"),
        ("exec", "1"),
        ("kill", "1"),
        ("memory", "12"),
        ("thread", "0"),
    ] {
        assert_eq!(tried(&instance, what).await, code, "{what}");
    }
    assert_eq!(instance.metrics().worker.expect("a worker").ends, 0);
}

#[tokio::test]
async fn while_it_is_loaded_it_reads_the_system_s_libraries_and_keeps_nothing_open() {
    let instance = instance_of(&peeking(), "http://127.0.0.1:9");
    for (what, code) in [
        // EACCES, as Landlock says; EPERM.
        ("peek:memory", "13"),
        ("peek:environment", "13"),
        ("peek:file", "13"),
        ("peek:unbind", "1"),
        ("peek:opened", "0"),
        // The standard streams and the socket.
        ("descriptors", "4"),
    ] {
        assert_eq!(tried(&instance, what).await, code, "{what}");
    }
}

#[tokio::test]
async fn where_the_kernel_grants_little_delivery_is_still_closed() {
    if !alone("a_worker_is_shut_in::where_the_kernel_grants_little_delivery_is_still_closed") {
        return;
    }
    let calls = [libc::SYS_unshare, libc::SYS_landlock_create_ruleset];
    let filter = SeccompFilter::new(
        calls
            .map(|call| (call, Vec::new()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.cast_unsigned()),
        std::env::consts::ARCH.try_into().expect("a known machine"),
    );
    let filter: BpfProgram = filter.expect("a filter").try_into().expect("a program");
    apply_filter_all_threads(&filter).expect("a poor kernel");
    let log = Log::default();
    let library = {
        let _guard = tracing::subscriber::set_default(log.subscriber());
        peeking()
    };
    for gap in ["a user namespace (", "an empty network namespace (", "Landlock ("] {
        assert!(log.text().contains(gap), "{gap} is not in {}", log.text());
    }
    // Root is kept off by having no capabilities; anybody else by delivery itself.
    if rustix::process::geteuid().is_root() {
        has_seen_nothing(&library).await;
        become_nobody();
    }
    // What delivery does before anything else.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).expect("closed");
    has_seen_nothing(&library).await;
}

async fn has_seen_nothing(library: &Library) {
    let instance = instance_of(library, "http://127.0.0.1:9");
    for what in ["peek:memory", "peek:environment"] {
        assert_eq!(tried(&instance, what).await, "13", "{what}");
    }
    // What nobody of the same user may look into belongs to root.
    let mem = std::fs::metadata(format!("/proc/{}/mem", worker().id)).expect("memory");
    assert_eq!(mem.uid(), 0);
    drop(instance);
    until(|| children(std::process::id()).is_empty()).await;
}

#[tokio::test]
async fn a_stray_descriptor_of_delivery_reaches_no_worker() {
    if !alone("a_worker_is_shut_in::a_stray_descriptor_of_delivery_reaches_no_worker") {
        return;
    }
    for _ in 0..20 {
        // Without close-on-exec, and nobody closes it.
        let stray = rustix::fs::open("/etc/passwd", OFlags::RDONLY, Mode::empty());
        let _ = stray.expect("a file").into_raw_fd();
    }
    let carrier = Carrier::answering(201, "").await;
    let instance = instance_of(&library_in("crashing", Isolation::Worker), &carrier.base_url);
    assert_eq!(tried(&instance, "descriptors").await, "4");
    assert!(is_accepted(&instance).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_delivery_does_not_end_its_workers() {
    if !alone("a_worker_is_shut_in::what_ends_delivery_does_not_end_its_workers") {
        return;
    }
    let (listener, settings) = carrier().await;
    let (instance, _desk) = started_of(&library_in("wire", Isolation::Worker), settings);
    let mut peer = accept(&listener, "GO 10 0").await;
    let carried = submit(&instance, submission("one"));
    let token = peer.gets("one").await;
    let worker = worker();
    // `systemctl stop` sends it to each process, a terminal to the group.
    assert_eq!(worker.group, worker.id, "a group of its own");
    for stop in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        send(stop, worker);
    }
    peer.says(&format!("OK {token} 0")).await;
    assert_eq!(carried.await.expect("a report").class, Class::Accepted);
    let metrics = instance.metrics();
    assert_eq!(
        (metrics.worker.expect("a worker").ends, metrics.links[0].ambiguous),
        (0, 0)
    );
    // Without anybody to answer it ends.
    drop(peer);
    drop(instance);
    until(|| process(worker.id).is_none()).await;
}

#[tokio::test]
async fn a_worker_dies_with_delivery_whatever_the_library_does() {
    const TEST: &str = "a_worker_is_shut_in::a_worker_dies_with_delivery_whatever_the_library_does";
    if is_alone(TEST) {
        // It wants to outlive delivery, and does not come to read its socket.
        let (_dir, file) = compile("crashing", &["PEEKS", "WHILE_LOADING=\"loop\""]);
        drop(libraries().load(&file, &Trust::Anything, Some(Isolation::Worker)));
        return;
    }
    let mut delivery = program(TEST).stdout(Stdio::null()).spawn().expect("a process");
    let looping = async || {
        loop {
            let busy = children(delivery.id()).into_iter().find(|child| child.used > 20);
            if let Some(worker) = busy {
                return worker;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let worker = looping().await;
    delivery.kill().expect("killed");
    delivery.wait().expect("ended");
    let since = Instant::now();
    until(|| process(worker.id).is_none() || since.elapsed() > Duration::from_secs(5)).await;
    if process(worker.id).is_some() {
        send(Signal::KILL, worker);
        panic!("it outlived delivery");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_in_its_place_is_not_started() {
    let carrier = Carrier::answering(201, "").await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let installed = dir.path().join("aldis-carrier-worker");
    std::fs::copy(env!("CARGO_BIN_EXE_aldis-carrier-worker"), &installed).expect("a copy");
    let (_dir, file) = compile("crashing", &[]);
    let library =
        Libraries::new(Some(installed.clone())).load(&file, &Trust::Anything, Some(Isolation::Worker));
    let instance = instance_of(&library.expect("a library"), &carrier.base_url);
    std::fs::remove_file(&installed).expect("removed");
    std::fs::write(&installed, "another build").expect("upgraded");
    let report = instance.submit(submission("submit:segv")).await;
    assert_eq!(report.class, Class::PluginFault, "{report:?}");
    let mut good = submission("Hello");
    good.message.id = "another".to_owned();
    assert_eq!(instance.submit(good).await.class, Class::Accepted);
    assert_eq!(instance.metrics().worker.expect("a worker").starts, 3);
}

/// What would be printed.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("a log")).into_owned()
    }

    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let log = self.clone();
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a log").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

//! What the carrier border costs: processor time of the host for each message over HTTP, in process and in a worker,
//! beside the same exchange with nothing of Aldis around it; and what share of its window a session fills. Run with
//! `cargo xtask bench`.
//!
//! The carrier is a process of its own, so that only the host's time counts; every figure is the median of several
//! runs, and the compared ones take turns, because a neighbour's load hits both.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark fails loudly, and its output is its result"
)]

mod bare;
mod peer;
mod stage;

use aldis_carrier_host::{Class, Instance, Isolation};
use stage::{Peer, Stage, cpu_time};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const RUNS: usize = 5;

/// The peer's answer comes after this long.
const DELAY: Duration = Duration::from_millis(20);

fn main() {
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        Some("http-peer") => peer::http(),
        Some("session-peer") => peer::session(&words.next().expect("a window"), DELAY),
        // `cargo bench` adds a word of its own.
        _ => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(measure());
        }
    }
}

async fn measure() {
    let stage = Stage::new();
    println!("HTTP, 0 ms carrier, 64 in flight, 20,000 messages a run, median of {RUNS} runs");
    let peer = Peer::start(&["http-peer"]);
    let here = Arc::new(stage.http(Isolation::InProcess, peer.port()));
    let apart = Arc::new(stage.http(Isolation::Worker, peer.port()));
    let (mut bare, mut in_process, mut in_worker) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..=RUNS {
        bare.push(timed(20_000, bare::run(peer.port(), 20_000, 64)).await);
        in_process.push(timed(20_000, run(&here, 20_000, 64)).await);
        in_worker.push(timed(20_000, run(&apart, 20_000, 64)).await);
    }
    let (least, rate) = median(bare);
    println!(
        "  {:12} {:6.1} us of the host's processor a message, {rate:7.0} a second",
        "bare hyper",
        least * 1e6
    );
    for (name, runs) in [("in process", in_process), ("in a worker", in_worker)] {
        let (cpu, rate) = median(runs);
        println!(
            "  {name:12} {:6.1} us of the host's processor a message, {rate:7.0} a second ({:.2} times bare)",
            cpu * 1e6,
            cpu / least
        );
    }
    println!("session, {} ms carrier, median of {RUNS} runs", DELAY.as_millis());
    for window in [10, 100, 500] {
        let limit = f64::from(window) / DELAY.as_secs_f64();
        let count = (limit * 2.0) as usize;
        for isolation in [Isolation::InProcess, Isolation::Worker] {
            let peer = Peer::start(&["session-peer", &window.to_string()]);
            let instance = Arc::new(stage.session(isolation, peer.port()).await);
            let mut runs = Vec::new();
            for _ in 0..=RUNS {
                runs.push(timed(count, run(&instance, count, window as usize * 2)).await);
            }
            let (cpu, rate) = median(runs);
            println!(
                "  window {window:3} {isolation:?}: {rate:6.0} of {limit:6.0} a second ({:.0} %), {:5.1} us of the host's processor a message",
                rate / limit * 100.0,
                cpu * 1e6
            );
            instance.drain(Duration::from_secs(1)).await;
        }
    }
}

/// Seconds of processor a message, and messages a second.
async fn timed(count: usize, work: impl Future<Output = ()>) -> (f64, f64) {
    let (began, before) = (Instant::now(), cpu_time());
    work.await;
    let count = count as f64;
    (
        cpu_time().saturating_sub(before).as_secs_f64() / count,
        count / began.elapsed().as_secs_f64(),
    )
}

async fn run(instance: &Arc<Instance>, count: usize, in_flight: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    // As delivery does it: each message is in the hands of a task.
    let hand = || {
        let (instance, next) = (Arc::clone(instance), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    break;
                }
                let report = instance.submit(stage::submission(number)).await;
                assert_eq!(report.class, Class::Accepted, "{report:?}");
            }
        })
    };
    let hands: Vec<_> = (0..in_flight).map(|_| hand()).collect();
    for hand in hands {
        hand.await.expect("every message is accepted");
    }
}

/// Of all but the first, which warms up.
fn median(mut runs: Vec<(f64, f64)>) -> (f64, f64) {
    runs.remove(0);
    let middle = |pick: fn(&(f64, f64)) -> f64| {
        let mut all: Vec<_> = runs.iter().map(pick).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    (middle(|run| run.0), middle(|run| run.1))
}

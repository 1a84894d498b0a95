//! What runs in a worker: takes the library it was handed, shuts itself in, and answers calls until nobody asks.

pub(crate) mod cage;
mod hands;
mod wire;

use super::frame::{BUILD, Begin, BeginInstance, Call, Links, Loaded, Refused, Said, Words};
use super::page::Page;
use crate::InstanceOptions;
use crate::border::calls::{Handle, create, load};
use crate::border::host_table::{Outlet, Room};
use crate::border::machine::links;
use crate::border::open::Opened;
use crate::redact::Redactor;
use crate::sealed::Sealed;
use crate::terms::meet;
use cage::Gaps;
pub(super) use cage::NOT_FOR_US;
use hands::Hands;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use wire::Wire;

/// Why a worker's work is over.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nobody asks any more, or the trial is over.
    Done,
    /// It was not started by delivery, or by another build of it.
    Misused(String),
}

/// Everything a worker does. `parent` is the process that started it, `threads` how many it may have.
pub fn work(parent: u32, threads: u32) -> Ended {
    match run(parent, threads) {
        Ok(()) => Ended::Done,
        Err(reason) => Ended::Misused(reason),
    }
}

fn run(parent: u32, threads: u32) -> Result<(), String> {
    let socket = take_socket().map_err(|error| error.to_string())?;
    let wire = Arc::new(Wire::new(socket));
    let (library, page, mut gaps, begin) = match prepare(parent, threads, &wire) {
        Ok(prepared) => prepared,
        Err(reason) => {
            wire.say(&Said::Unfit(Words(reason)))?;
            // To end with something unread would take back what was said.
            while wire.next()?.is_some() {}
            return Ok(());
        }
    };
    let telling = outlet(&wire, &page);
    let room = Room::new("carrier".to_owned(), || 0, Redactor::default()).telling(telling);
    let opened = match take(library, &room) {
        Ok(opened) => opened,
        Err(reason) => return wire.say(&Said::Loaded(Err(Words(reason)))),
    };
    if let Err(reason) = cage::lock(parent, &*wire, &mut gaps) {
        return wire.say(&Said::Unfit(Words(reason)));
    }
    wire.say(&Said::Loaded(Ok(Loaded {
        descriptor: opened.descriptor_json().to_vec(),
        session: opened.session().is_some(),
        webhook: opened.webhook().is_some_and(|webhook| webhook.handle.is_some()),
        gaps: gaps.0,
    })))?;
    let Some(instance) = begin.instance else {
        return Ok(());
    };
    let now = Arc::new(AtomicU64::new(instance.now_unix_ms));
    let made = make(&opened, instance, &now, outlet(&wire, &page));
    let (handle, links) = match made {
        Ok(made) => made,
        Err(refused) => return wire.say(&Said::Made(Err(refused))),
    };
    wire.say(&Said::Made(Ok(links.map(Links))))?;
    serve(&wire, &page, &now, Hands::new(Arc::new(handle)))
}

type Prepared = (OwnedFd, Arc<Page>, Gaps, Begin);

/// Everything before the library is touched.
fn prepare(parent: u32, threads: u32, wire: &Wire) -> Result<Prepared, String> {
    let (library, memory) = take_rest().map_err(|error| error.to_string())?;
    let page = Page::of(memory).map_err(|error| error.to_string())?;
    let gaps = cage::shut(parent, threads)?;
    let begin: Begin = wire.receive()?.ok_or("nobody says what to do")?;
    if begin.build != BUILD {
        return Err(format!(
            "it is of build {BUILD}, delivery of {}: install both together and restart delivery",
            begin.build
        ));
    }
    Ok((library, Arc::new(page), gaps, begin))
}

fn take(library: OwnedFd, room: &Room) -> Result<Opened, String> {
    let opened = meet(&Sealed::received(library).lasting_path())?;
    load(&opened, room)?;
    Ok(opened)
}

type Made = (Handle, Option<Vec<crate::border::RawLink>>);

fn make(
    opened: &Opened,
    begin: BeginInstance,
    now: &Arc<AtomicU64>,
    telling: Outlet,
) -> Result<Made, Refused> {
    let refused = |key: String, reason: String| Refused { key, reason };
    let now = Arc::clone(now);
    let clock = move || now.load(Ordering::Relaxed);
    // What it says is cleaned by delivery, which knows what to hide.
    let room = Room::new(begin.name.clone(), clock, Redactor::default()).telling(telling);
    for (key, value) in &begin.shelf {
        room.shelf().put(key, value);
    }
    let settings = serde_json::from_str(&begin.settings);
    let options = InstanceOptions {
        name: begin.name,
        settings: settings.map_err(|error| refused(String::new(), error.to_string()))?,
        secrets: begin.secrets,
        callback_base_url: begin.callback_base_url,
        clock: || 0,
        worker_threads: 0,
    };
    let made = create(opened, room, &options).and_then(|handle| {
        let links = links(&handle)?;
        Ok((handle, links))
    });
    made.map_err(|refusal| refused(refusal.key, refusal.reason))
}

/// Sent at once: what a library says last before it crashes is what helps most.
fn outlet(wire: &Arc<Wire>, page: &Arc<Page>) -> Outlet {
    let (wire, page) = (Arc::clone(wire), Arc::clone(page));
    Box::new(move |aside| {
        // Without delivery nobody is there to be told.
        let _ = wire.say(&Said::Aside(page.get(), aside));
    })
}

/// `now` is the moment of the call that is under way.
fn serve(wire: &Wire, page: &Page, now: &AtomicU64, mut hands: Hands) -> Result<(), String> {
    while let Some(frame) = wire.next()? {
        let Call { id, now_unix_ms, ask } = super::frame::read(&frame)?;
        now.store(now_unix_ms, Ordering::Relaxed);
        page.set(id);
        let started = Instant::now();
        let answer = hands.answer(ask).map(|answer| answer.map_err(Words));
        let took_us = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
        page.set(0);
        if let Some(answer) = answer {
            wire.put(&Said::Answer(super::frame::Answered { id, took_us, answer }))?;
        }
    }
    Ok(())
}

/// The first place behind the C library's own streams.
const FIRST: i32 = 3;

/// What it was started with is where those streams belong, and is moved out of there. Whatever else delivery had open
/// without close-on-exec goes first: a library in there may have opened it.
fn take_socket() -> std::io::Result<OwnedFd> {
    cage::close_all(FIRST, i32::MAX);
    // It was started by a number.
    let _ = rustix::thread::set_name(c"aldis-carrier-worker");
    Ok(rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), FIRST)?)
}

/// The library and the page.
fn take_rest() -> std::io::Result<(OwnedFd, OwnedFd)> {
    let library = rustix::io::fcntl_dupfd_cloexec(std::io::stdout(), FIRST)?;
    let memory = rustix::io::fcntl_dupfd_cloexec(std::io::stderr(), FIRST)?;
    let nothing = std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    rustix::stdio::dup2_stderr(&nothing)?;
    Ok((library, memory))
}

//! Why a child ended, in a sentence. Pure.

use super::report::Fault;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// How a child ended.
pub(super) struct Ending {
    /// What the signal handler said.
    pub(super) crash: Option<String>,
    /// It was ended.
    pub(super) hung: Option<Hung>,
    pub(super) signal: Option<i32>,
    pub(super) code: Option<i32>,
    /// It had come to a verdict.
    pub(super) reported: bool,
}

/// Why a child was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hung {
    /// After this long without a sign of life.
    Call(Duration),
    /// After this long.
    Whole(Duration),
}

/// What the library did to end its process; `None` if the child came to its own end.
pub(super) fn cause(ending: &Ending, doing: &str, stderr: &str) -> Option<Fault> {
    let during = if ending.reported {
        "while the process ended"
    } else {
        doing
    };
    match ending.hung {
        Some(Hung::Call(patience)) => {
            return Some(Fault::new(
                format!("a call did not return within {} s: {doing}", patience.as_secs()),
                "a call has 5 ms: take out the endless loop, the lock, the sleep or the wait for somebody",
            ));
        }
        Some(Hung::Whole(patience)) => {
            return Some(Fault::new(
                format!(
                    "its calls took more than {} s altogether: {doing}",
                    patience.as_secs()
                ),
                "each of them returned, and a call has 5 ms: the promise `time` says which are slow",
            ));
        }
        None => {}
    }
    if let Some(crash) = &ending.crash {
        return Some(crashed(crash, during));
    }
    match (ending.signal, ending.code) {
        (Some(libc::SIGABRT), _) => Some(aborted(stderr, during)),
        (Some(libc::SIGSEGV | libc::SIGBUS), _) => Some(Fault::new(
            format!("it crashed (a memory fault on a thread that is not the caller's): {during}"),
            "start no threads",
        )),
        // The kernel ends a process that may not be told: pthread_create, posix_spawn and the like hold signals back.
        (Some(libc::SIGSYS), _) => Some(Fault::new(
            format!("it started a thread or a process: {during}"),
            "a carrier is pure: it is called, it answers, it is done; the host does I/O, waits, threads and processes",
        )),
        (Some(signal), _) => Some(Fault::new(
            format!("the process was ended by signal {signal}: {during}"),
            "no signal may be raised, by the library or anything it calls",
        )),
        (None, Some(0)) if ending.reported => None,
        (None, code) if !ending.reported || code != Some(0) => {
            if code == Some(101) && stderr.contains("carrier-host/src/") {
                return Some(Fault::new(
                    format!("the kit itself failed: {}", first_line(stderr)),
                    "that is a fault of the kit; please report it",
                ));
            }
            Some(Fault::new(
                format!(
                    "it ended the whole process (exit code {}): {during}",
                    code.unwrap_or_default()
                ),
                "never call exit, _exit or quick_exit; say what is wrong through op->complete or an error code",
            ))
        }
        _ => None,
    }
}

fn crashed(crash: &str, during: &str) -> Fault {
    if let Some(number) = crash.strip_prefix("syscall ") {
        let name = number.parse().ok().and_then(super::process::system_call);
        let what = name.map_or_else(
            || format!("system call {number}"),
            |name| format!("the system call {name}"),
        );
        return Fault::new(
            format!("it made {what}: {during}"),
            "a carrier is pure: the host does I/O, waits, threads and processes; take the clock and chance from the host",
        );
    }
    let mend = if crash.contains("after that call had returned") {
        "copy what you keep before you return: every pointer is valid until the call that handed it over returns"
    } else if crash.contains("beyond the end of") {
        "copy the struct with aldis_copy (or aldis_carrier::copying::copy) and never read a peer's struct in place; \
         a text has no NUL at its end: mind its len"
    } else if crash.contains("for reading only") {
        "what is lent is not yours to change: copy it first"
    } else if crash.contains("null pointer") {
        "check what may be null: an empty text or list, a function an older host lacks, an allocation that failed"
    } else {
        "run the same call under a debugger or valgrind; `--only` makes the kit try this promise alone"
    };
    Fault::new(format!("it {crash}: {during}"), mend)
}

fn aborted(stderr: &str, during: &str) -> Fault {
    // The Rust runtime of the host meets what C++ threw.
    let foreign = ["terminate called", "foreign exception", "libc++abi"];
    if foreign.iter().any(|word| stderr.contains(word)) {
        return Fault::new(
            format!("an exception left the library: {during}: {}", first_line(stderr)),
            "catch everything at each entry (catch (...)) and return ALDIS_E_PANIC",
        );
    }
    if stderr.contains("panicked at") || stderr.contains("cannot unwind") || stderr.contains("panic") {
        let place = stderr.lines().find_map(|line| line.split("panicked at ").nth(1));
        let place = place.map(|place| format!(" ({})", place.trim_end_matches(':')));
        return Fault::new(
            format!(
                "it panicked{}, and nothing contained the panic: the whole process was aborted: {during}",
                place.unwrap_or_default()
            ),
            "guard every entry with catch_unwind and return ALDIS_E_PANIC, or use the kit's export_carrier!",
        );
    }
    let said = first_line(stderr);
    let said = if said.is_empty() {
        String::new()
    } else {
        format!(" ({said})")
    };
    Fault::new(
        format!("it aborted the whole process{said}: {during}"),
        "an assert, an abort or damaged memory: run the same call under a debugger or valgrind",
    )
}

fn first_line(stderr: &str) -> String {
    let line = stderr
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    line.chars()
        .filter(|letter| !letter.is_control())
        .take(200)
        .collect()
}

//! What a process says when it dies, and what is made of it.

use super::{Ending, Hung, cause};
use std::time::Duration;

const NOTHING: Ending = Ending {
    crash: None,
    hung: None,
    signal: None,
    code: None,
    reported: false,
};

fn named(ending: &Ending, stderr: &str) -> (String, String) {
    let fault = cause(ending, "submit", stderr).expect("a fault");
    (fault.what, fault.mend)
}

fn aborted(stderr: &str) -> (String, String) {
    let ending = Ending {
        signal: Some(libc::SIGABRT),
        ..NOTHING
    };
    named(&ending, stderr)
}

#[test]
fn an_exception_is_no_damaged_memory() {
    for said in [
        "fatal runtime error: Rust cannot catch foreign exceptions, aborting",
        "terminate called after throwing an instance of 'std::runtime_error'",
        "libc++abi: terminating due to uncaught exception of type int",
    ] {
        let (what, mend) = aborted(said);
        assert!(
            what.starts_with("an exception left the library: submit"),
            "{what}"
        );
        assert!(mend.contains("catch (...)"), "{mend}");
    }
}

#[test]
fn a_panic_says_where_it_was() {
    let (what, _) = aborted("\nthread 'main' panicked at src/lib.rs:33:5:\nplanted\n");
    assert!(
        what.contains("it panicked (src/lib.rs:33:5), and nothing contained"),
        "{what}"
    );
    assert!(!what.contains("planted"), "{what}");
}

#[test]
fn a_thread_that_seccomp_refused_is_a_thread() {
    let ending = Ending {
        signal: Some(libc::SIGSYS),
        ..NOTHING
    };
    let (what, _) = named(&ending, "");
    assert_eq!(what, "it started a thread or a process: submit");
}

#[test]
fn an_exit_is_the_librarys_unless_the_kit_panicked() {
    let ending = Ending {
        code: Some(101),
        ..NOTHING
    };
    assert!(named(&ending, "").0.contains("exit code 101"));
    let kit = "thread 'main' panicked at crates/carrier-host/src/kit/lending.rs:3:1:\nno memory to lend";
    assert!(named(&ending, kit).0.contains("the kit itself failed"));
}

#[test]
fn many_calls_are_not_one_that_hangs() {
    let hung = |hung| {
        let ending = Ending {
            hung: Some(hung),
            ..NOTHING
        };
        named(&ending, "").0
    };
    let call = hung(Hung::Call(Duration::from_secs(10)));
    assert!(call.contains("did not return within 10 s"), "{call}");
    let whole = hung(Hung::Whole(Duration::from_mins(3)));
    assert!(whole.contains("more than 180 s altogether"), "{whole}");
}

//! Panics on demand, through the hidden table `aldis.test/1`.

use super::{Checked, End, Ground, trained};
use crate::kit::letter::Lengths;
use crate::kit::process::printed;
use aldis_carrier::abi::{E_PANIC, TEST};

/// What the panic says: a message, as real ones do.
const WORDS: &str = "planted-panic-text +12025550123";

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example, workout) = trained(ground)?;
    let Some(panic) = subject.test.and_then(|test| test.panic) else {
        return Err(End::Skipped(format!(
            "it has no {TEST}: nothing in it panics on demand. Libraries made with the Rust kit have it"
        )));
    };
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    let before = printed();
    for round in 0..3 {
        ground.report.doing("a panic on demand");
        let _ = subject.desk.take_log();
        let words = manner
            .lending
            .bytes("the panic's text", "panic", WORDS.as_bytes());
        // SAFETY: the instance is alive, and the text is lent until the call returns.
        let returned = subject.call("panic", || unsafe { panic(made.inst, words) });
        manner.lending.over();
        if returned != E_PANIC {
            return Err(End::broken(
                format!("an entry that panicked returned {returned} instead of ALDIS_E_PANIC"),
                "guard every entry with catch_unwind and return ALDIS_E_PANIC, or use export_carrier!",
            ));
        }
        let _ = subject.desk.take_panic();
        let log = subject.desk.take_log();
        if log.is_empty() && round == 0 {
            return Err(End::broken(
                "the host hears nothing of a panic",
                "log that one was contained, and where",
            ));
        }
        if log.iter().any(|line| line.contains("planted")) {
            return Err(End::broken(
                "what a panic says is logged",
                "it may be a message: log where it happened, not what it says",
            ));
        }
    }
    if printed() != before {
        return Err(End::broken(
            "what a panic says is printed",
            "replace the panic hook in load: the default one prints",
        ));
    }
    workout
        .once(ground, &made, &manner)
        .map_err(|faults| super::first(faults, "after a contained panic"))?;
    made.destroy(&manner).map_err(super::stopped)?;
    Ok("contained, logged without its words, and the instance goes on".to_owned())
}

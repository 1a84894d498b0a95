//! `aldis carrier check`: one line for each promise, and a sentence for each fault.

use super::confined::{Ran, under};
use super::junit::plain;
use super::{Check, junit, kit, not_seen, scratch};
use crate::failure::Failure;
use crate::printer::{Ink, Printer, data};
use aldis_carrier_host::kit::{Finding, PROMISES, Promise, Verdict};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::process::ExitCode;

/// Something could not be tried.
const UNTRIED: u8 = 2;

pub(super) fn run(wish: &Check, printer: &Printer) -> Result<ExitCode, Failure> {
    let promises = chosen(&wish.only)?;
    let scratch = scratch()?;
    let fixtures = wish.fixtures.as_deref();
    let kit = kit(&wish.library, fixtures, scratch.path(), wish.confinement)?;
    let mut findings = Vec::new();
    for promise in promises {
        let finding = match kit.check(promise) {
            Ok(finding) => finding,
            Err(why) => {
                printer.complain(&Ran::of(&kit, wish.confinement).after(not_seen(&why)));
                return Ok(ExitCode::from(UNTRIED));
            }
        };
        if !printer.is_json() {
            data(line(&finding, printer.ink()).trim_end())?;
        }
        findings.push(finding);
    }
    let ran = Ran::of(&kit, wish.confinement);
    if let Some(file) = &wish.junit {
        let xml = junit::report(&wish.library, &findings, &ran);
        let written = xml.and_then(|xml| std::fs::write(file, xml));
        let failed = |error| Failure::failed(format!("{}: {error}", file.display()));
        written.map_err(|error| ran.after(failed(error)))?;
    }
    let count =
        |which: fn(&Verdict) -> bool| findings.iter().filter(|finding| which(&finding.verdict)).count();
    let broken = count(|verdict| matches!(verdict, Verdict::Broken(_)));
    let untried = count(|verdict| matches!(verdict, Verdict::Untried(_)));
    let summary = format!(
        "{} kept, {broken} broken, {untried} not tried, {} skipped",
        count(|verdict| matches!(verdict, Verdict::Held(_))),
        count(|verdict| matches!(verdict, Verdict::Skipped(_))),
    );
    let all: Vec<_> = findings.iter().map(record).collect();
    let mut answer = json!({"findings": all, "broken": broken, "untried": untried});
    ran.note(&mut answer);
    printer.answer(&under(summary, &ran), &answer)?;
    Ok(ExitCode::from(match (broken, untried) {
        (0, 0) => 0,
        (0, _) => UNTRIED,
        _ => 1,
    }))
}

fn chosen(only: &[String]) -> Result<Vec<&'static Promise>, Failure> {
    if only.is_empty() {
        return Ok(PROMISES.iter().collect());
    }
    let find = |name: &String| {
        PROMISES
            .iter()
            .find(|promise| promise.name == name)
            .ok_or_else(|| {
                let names: Vec<_> = PROMISES.iter().map(|promise| promise.name).collect();
                Failure::usage(format!(
                    "there is no promise {name:?}; there are {}",
                    names.join(", ")
                ))
            })
    };
    only.iter().map(find).collect()
}

fn line(finding: &Finding, ink: Ink) -> String {
    let Promise {
        name,
        says,
        stands_in,
        ..
    } = finding.promise;
    let mut text = String::new();
    let (mark, note) = match &finding.verdict {
        Verdict::Held(note) => (ink.green("ok     "), note.as_str()),
        Verdict::Broken(_) => (ink.red("BROKEN "), ""),
        Verdict::Skipped(reason) => (ink.yellow("skipped"), reason.as_str()),
        Verdict::Untried(reason) => (ink.yellow("UNTRIED"), reason.as_str()),
    };
    let note = if note.is_empty() {
        String::new()
    } else {
        ink.dim(&format!(" ({})", plain(note)))
    };
    let _ = writeln!(text, "{mark} {} {says}{note}", ink.bold(&format!("{name:<15}")));
    if let Verdict::Broken(faults) = &finding.verdict {
        for fault in faults {
            let _ = writeln!(text, "          {}", plain(&fault.what));
            let _ = writeln!(text, "          {} {}", ink.cyan("mend:"), plain(&fault.mend));
        }
        let _ = writeln!(
            text,
            "          {}",
            ink.dim(&format!("aldis_carrier.h: {stands_in}"))
        );
    }
    text
}

fn record(finding: &Finding) -> Value {
    let (verdict, note, faults) = match &finding.verdict {
        Verdict::Held(note) => ("kept", note.as_str(), json!([])),
        Verdict::Broken(faults) => (
            "broken",
            "",
            json!(
                faults
                    .iter()
                    .map(|f| json!({"what": f.what, "mend": f.mend}))
                    .collect::<Vec<_>>()
            ),
        ),
        Verdict::Skipped(reason) => ("skipped", reason.as_str(), json!([])),
        Verdict::Untried(reason) => ("untried", reason.as_str(), json!([])),
    };
    json!({
        "promise": finding.promise.name,
        "says": finding.promise.says,
        "stands_in": finding.promise.stands_in,
        "verdict": verdict,
        "note": note,
        "faults": faults,
        "seconds": finding.took.as_secs_f64(),
    })
}

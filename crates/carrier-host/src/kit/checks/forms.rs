//! One well-formed word for each call, and nothing private outside of requests.

use super::{Ground, assorted, first, kept, needs_http, ready};
use crate::kit::Checked;
use crate::kit::ear::Wanted;
use crate::kit::example::Example;
use crate::kit::letter::Lengths;
use crate::kit::report::Fault;
use crate::kit::subject::Subject;

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    needs_http(&subject)?;
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    let mut faults = Vec::new();
    let mut attempts = 0_u32;
    for (number, letter) in example.letters().iter().enumerate() {
        for reply in assorted(&example) {
            let doing = format!(
                "an attempt with message {number}, answered with status {}",
                reply.status
            );
            ground.report.doing(&doing);
            attempts += 1;
            match made.attempt(&manner, letter, &[reply]) {
                Ok(attempt) => faults.extend(
                    attempt
                        .requests
                        .iter()
                        .flat_map(|wanted| marked(&subject, &example, wanted)),
                ),
                Err(broken) => return Err(first(broken, &doing)),
            }
        }
    }
    made.destroy(&manner);
    if manner.late_words() > 0 {
        faults.push(Fault::new(
            format!(
                "it spoke into a sink {} times after the call that lent it had returned",
                manner.late_words()
            ),
            "a sink is dead once its call returns: never keep one",
        ));
    }
    faults.dedup();
    kept(faults, format!("{attempts} attempts"))
}

/// Secrets in headers are marked, and requests go where they may.
fn marked(subject: &Subject, example: &Example, wanted: &Wanted) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, value, secret) in &wanted.headers {
        let shown = example
            .configuration
            .secrets
            .iter()
            .any(|(_, known)| known.len() > 3 && value.contains(known.as_str()));
        if !secret && (shown || name.eq_ignore_ascii_case("authorization")) {
            faults.push(Fault::new(
                format!("the header {name} holds a secret and is not marked as one"),
                "set ALDIS_PAIR_SECRET in its flags (basic_auth, bearer or secret_header in Rust)",
            ));
        }
    }
    let mut allowed = subject.descriptor().allowed().unwrap_or_default();
    if let Some(base_url) = example.configuration.settings["base_url"].as_str() {
        let _ = allowed.add_base_url(base_url);
    }
    if let Ok(url) = url::Url::parse(&wanted.url)
        && !allowed.allows(&url)
    {
        let host = url.host_str().unwrap_or_default().to_owned();
        faults.push(Fault::new(
            format!("it sends to {}://{host}, which is not among its allowed_hosts", url.scheme()),
            "list the host in the descriptor's allowed_hosts, or build the address from the setting base_url; https only",
        ));
    }
    faults
}

pub(super) fn privacy(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    needs_http(&subject)?;
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    let mut faults = Vec::new();
    for letter in example.letters() {
        let mut private = vec![
            ("a phone number", letter.to.trim_start_matches('+').to_owned()),
            ("the text", letter.text.clone()),
        ];
        private.extend(
            example
                .configuration
                .secrets
                .iter()
                .map(|(_, value)| ("a secret", value.clone())),
        );
        private.retain(|(_, value)| value.len() > 3);
        for mut reply in assorted(&example) {
            // An API that quotes what it was sent, as many do in their errors.
            reply
                .body
                .extend(format!(" {} {}", letter.to, letter.text).into_bytes());
            ground.report.doing("an attempt whose reply quotes the message");
            let _ = subject.desk.take_log();
            let ended = made
                .attempt(&manner, &letter, &[reply])
                .ok()
                .map(|attempt| attempt.ended);
            for (what, value) in &private {
                let held = |text: &str| text.contains(value.as_str());
                if ended.as_ref().is_some_and(|ended| held(&ended.detail)) {
                    faults.push(leak(what, "aldis_outcome.detail"));
                }
                if ended.as_ref().is_some_and(|ended| held(&ended.code)) {
                    faults.push(leak(what, "aldis_outcome.code"));
                }
                if subject.desk.take_log().iter().any(|line| held(line)) {
                    faults.push(leak(what, "a log line or a metric"));
                }
            }
        }
    }
    made.destroy(&manner);
    faults.sort_by(|one, other| one.what.cmp(&other.what));
    faults.dedup();
    kept(faults, "")
}

fn leak(what: &str, place: &str) -> Fault {
    Fault::new(
        format!("{what} of a message shows in {place}"),
        "numbers, texts and secrets go into requests and nowhere else; give the carrier's own code instead of its words",
    )
}

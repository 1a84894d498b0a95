//! One well-formed word for each call.

use super::{Ground, assorted, first, kept, stopped, trained};
use crate::kit::Checked;
use crate::kit::ear::Wanted;
use crate::kit::example::Example;
use crate::kit::letter::Lengths;
use crate::kit::report::Fault;
use crate::kit::subject::Subject;

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example, workout) = trained(ground)?;
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    let mut faults = Vec::new();
    let mut attempts = 0_u32;
    let messages = example.letters();
    let messages = messages.iter().filter(|_| subject.http.is_some());
    for (number, letter) in messages.enumerate() {
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
    workout.once(ground, &made, &manner).map_err(stopped)?;
    ground.report.doing("instance_destroy");
    faults.extend(made.destroy(&manner).err().unwrap_or_default());
    faults.extend(manner.late());
    faults.dedup();
    kept(faults, format!("{attempts} attempts; {}", workout.kinds()))
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
    let allowed = subject.allowed(&example.configuration.settings);
    if let Ok(uri) = wanted.url.parse::<http::Uri>()
        && let (Some(scheme), Some(host)) = (uri.scheme(), uri.host())
        && !allowed.allows(&uri)
    {
        faults.push(Fault::new(
            format!("it sends to {scheme}://{host}, which is not among its allowed_hosts"),
            "list the host in the descriptor's allowed_hosts, or build the address from the setting base_url; https only",
        ));
    }
    faults
}

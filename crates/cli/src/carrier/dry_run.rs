//! `aldis carrier dry-run`: what a carrier would ask its API for one message, without asking it.

use super::confined::{Ran, under};
use super::{DryRun, kit, not_seen, object, scratch, trusted};
use crate::failure::Failure;
use crate::plain;
use crate::printer::{Printer, data};
use aldis_carrier_host::kit::NotSeen;
use aldis_daemon::clock;
use aldis_daemon::config::{self, Loaded, Secret, SecretText};
use aldis_daemon::shield::shield;
use aldis_message::{Encoding, MessageId, Sender};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::process::ExitCode;

/// As much of `delivery.toml` as is needed here.
#[derive(Deserialize)]
struct Raw {
    callback_base_url: Option<String>,
    #[serde(default)]
    carriers: Vec<Block>,
}

/// A `[[carriers]]` block.
#[derive(Deserialize)]
struct Block {
    name: String,
    #[serde(default)]
    settings: Map<String, Value>,
}

pub(super) fn run(wish: &DryRun, printer: &Printer) -> Result<ExitCode, Failure> {
    let Loaded { raw, .. } = config::load::<Raw>(&wish.config, "", std::iter::empty())?;
    let callbacks = raw.callback_base_url.clone();
    let Block { name, mut settings } = chosen(raw.carriers, wish)?;
    let mut secrets = Vec::new();
    reveal(&mut settings, "", &mut secrets)?;
    let answer = wish.answer.as_ref().map(|file| {
        let text = std::fs::read(file).map_err(|error| error.to_string());
        let json =
            text.and_then(|text| serde_json::from_slice::<Value>(&text).map_err(|error| error.to_string()));
        json.map_err(|error| Failure::config(format!("{}: {error}", file.display())))
    });
    let whole = json!({
        "settings": settings,
        "message": message(wish, &name, callbacks.as_deref()),
        "answer": answer.transpose()?,
    });
    // The secrets are in this process now.
    let _ = shield();
    let scratch = scratch()?;
    let kit = kit(&wish.library, None, scratch.path(), wish.confinement)?;
    let found = kit.dry_run(&whole, secrets.iter().map(SecretText::expose));
    let found = found.map_err(|why| match why {
        NotSeen::Failed(reason) => Failure::failed(trusted::plain(&format!("carrier {name}: {reason}"))),
        missing @ NotSeen::Unconfined(_) => not_seen(&missing),
    });
    let ran = Ran::of(&kit, wish.confinement);
    let mut found = found.and_then(object).map_err(|failure| ran.after(failure))?;
    if printer.is_json() {
        ran.note(&mut found);
        data(&plain::json(&found))?;
    } else {
        data(under(told(&found), &ran).trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The block that is meant.
fn chosen(mut blocks: Vec<Block>, wish: &DryRun) -> Result<Block, Failure> {
    let file = wish.config.display();
    let names: Vec<_> = blocks.iter().map(|block| block.name.clone()).collect();
    let names = names.join(", ");
    let at = match &wish.carrier {
        Some(name) => blocks.iter().position(|block| block.name == *name),
        None if blocks.len() == 1 => Some(0),
        None => None,
    };
    match (at, &wish.carrier) {
        (Some(at), _) => Ok(blocks.swap_remove(at)),
        (None, Some(name)) => Err(Failure::usage(format!(
            "{file} has no carrier {name:?}; there are: {names}"
        ))),
        (None, None) => Err(Failure::usage(format!(
            "{file} has these carriers: {names}; say which with --carrier"
        ))),
    }
}

/// Puts the secrets where `{ file = ".." }` and the like stand: the library gets them, and nobody else.
fn reveal(
    settings: &mut Map<String, Value>,
    path: &str,
    secrets: &mut Vec<SecretText>,
) -> Result<(), Failure> {
    for (name, value) in settings.iter_mut() {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let Value::Object(inner) = value else { continue };
        let is_secret = inner.len() == 1
            && ["file", "env", "literal"]
                .iter()
                .any(|word| inner.contains_key(*word));
        if !is_secret {
            reveal(inner, &path, secrets)?;
            continue;
        }
        let secret: Secret = serde_json::from_value(Value::Object(inner.clone()))
            .map_err(|error| Failure::config(format!("settings.{path}: {error}")))?;
        let text = secret
            .resolve()
            .map_err(|error| Failure::config(format!("settings.{path}: {error}")))?;
        *value = Value::String(text.expose().to_owned());
        secrets.push(text);
    }
    Ok(())
}

/// The message, in the kit's words.
fn message(wish: &DryRun, carrier: &str, callbacks: Option<&str>) -> Value {
    let now = clock::now();
    // Nothing is sent, so any id will do.
    let id = MessageId::from_parts(now, [0; 10]);
    let segments = wish.text.segments();
    // Delivery seals it with a key that only its store has; this is as long.
    let seal = "0".repeat(32);
    let callback =
        callbacks.map(|base| format!("{base}/carriers/{carrier}/receipts?message={id}&seal={seal}"));
    json!({
        "id": id.to_string(),
        "to": wish.to.expose(),
        "from": wish.sender.as_ref().map(Sender::expose),
        "text": wish.text.expose(),
        "encoding": if segments.encoding() == Encoding::Ucs2 { "ucs2" } else { "gsm7" },
        "segments": segments.count(),
        "now_unix_ms": now.as_millis(),
        "callback_url": callback.unwrap_or_default(),
        "attributes": wish.attributes.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
    })
}

/// The request as it would be on the wire, and what came of it.
fn told(found: &Value) -> String {
    let mut text = String::new();
    let word = |value: &Value| trusted::plain(value.as_str().unwrap_or_default());
    for request in [&found["request"], &found["next_request"]] {
        if request.is_null() {
            continue;
        }
        let _ = writeln!(text, "{} {}", word(&request["method"]), word(&request["url"]));
        for header in request["headers"].as_array().into_iter().flatten() {
            let _ = writeln!(text, "{}: {}", word(&header[0]), word(&header[1]));
        }
        // It may have lines.
        let body = request["body"].as_str().unwrap_or_default().lines();
        let body = body.map(trusted::plain).collect::<Vec<_>>().join("\n");
        if !body.is_empty() {
            let _ = writeln!(text, "\n{body}");
        }
        text.push('\n');
    }
    if found["allowed"] == false {
        text.push_str("The host would not make this request: that address is not an allowed host.\n");
    }
    if let Some(ms) = found["wait_ms"].as_u64() {
        let _ = writeln!(text, "It wants to wait {ms} ms first.");
    }
    let outcome = &found["outcome"];
    if !outcome.is_null() {
        let _ = write!(text, "outcome: {}", word(&outcome["class"]));
        for (name, value) in [("code", &outcome["code"]), ("detail", &outcome["detail"])] {
            if value != "" {
                let _ = write!(text, ", {name}: {}", word(value));
            }
        }
        for id in outcome["carrier_ids"].as_array().into_iter().flatten() {
            let _ = write!(text, ", id: {}", word(id));
        }
        match outcome["retry_after_ms"].as_u64() {
            Some(ms) if ms > 0 => {
                let _ = write!(text, ", retry after: {ms} ms");
            }
            _ => {}
        }
        text.push('\n');
    }
    text
}

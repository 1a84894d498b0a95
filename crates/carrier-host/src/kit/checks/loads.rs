//! Loading, agreeing, describing; and settings.

use super::{End, Example, Ground, Subject, kept};
use crate::kit::Checked;
use crate::kit::ear::Ear;
use crate::kit::letter::Configuration;
use crate::kit::report::Fault;
use aldis_carrier::abi::{Entry, HTTP, Http, SESSION, Session, Str, WEBHOOK, Webhook};
use serde_json::{Value, json};

pub(super) fn check(ground: &Ground) -> Checked {
    let judged = ground.judged();
    ground.report.doing("loading the library");
    let loaded = judged.and_then(|(candidate, sealed)| {
        Subject::mapping(&ground.report, || {
            candidate.load(sealed).map_err(|error| error.to_string())
        })
    });
    if let Err(reason) = loaded {
        let named = reason.split_once(": ").filter(|(path, _)| path.starts_with('/'));
        let reason = named.map_or(reason.as_str(), |(_, reason)| reason);
        let mend = mend(reason);
        return Err(End::broken(format!("a host does not load it: {reason}"), mend));
    }
    let subject = Subject::load(ground)?;
    let ear = Ear::new(subject.entry.abi_minor);
    sizes(&ear, &subject);
    let mut faults = ear.faults.take();
    faults.extend(tables(ground, &subject));
    let descriptor: Value = serde_json::from_str(&subject.descriptor_json()).unwrap_or_default();
    faults.extend(described(&subject, &descriptor));
    let abi = format!("{}.{}", subject.entry.abi_major, subject.entry.abi_minor);
    kept(
        faults,
        format!(
            "{} {}, ABI {abi}",
            text(&descriptor["id"]),
            text(&descriptor["version"])
        ),
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What to do about a refusal of the host.
fn mend(reason: &str) -> &'static str {
    if reason.contains("does not export") {
        "export aldis_carrier_entry_v1: ALDIS_EXPORT in C (with -fvisibility=hidden), export_carrier! and crate-type cdylib in Rust"
    } else if reason.contains("file name") {
        "name the file libaldis_carrier_<id>.so, '-' of the id written as '_'"
    } else if reason.contains("undefined symbol") {
        "link what it needs, or leave it out: every symbol is resolved when it is loaded"
    } else if reason.contains("begins with") {
        "set aldis_entry.magic to ALDIS_MAGIC"
    } else if reason.contains("major versions") || reason.contains("needs a host") {
        "set abi_major and abi_minor to ALDIS_ABI_MAJOR and ALDIS_ABI_MINOR, min_host_minor to what it really needs"
    } else if reason.contains("descriptor") {
        "see descriptor_json in aldis_carrier.h for what it must hold"
    } else if reason.contains("stack") {
        "link with -z noexecstack; in assembly say .section .note.GNU-stack"
    } else if reason.contains("thread-local") {
        "compile with -ftls-model=global-dynamic, or use no thread-local memory"
    } else if reason.contains("GLIBC") || reason.contains("glibc") {
        "build on a machine as old as the oldest you serve"
    } else if reason.contains("links") || reason.contains("linked") || reason.contains("needs lib") {
        "link statically what is not the C library's: a host has nothing else (sanitizers, too, are left out)"
    } else if reason.contains("neither") {
        "let get_extension return a static table for \"aldis.http/1\" or \"aldis.session/1\", its struct_size its sizeof"
    } else if reason.contains("entry is null") || reason.contains("instance_create") {
        "return a static aldis_entry with its struct_size, its magic and an instance_create"
    } else if reason.contains("table") {
        "fill every function of the style's table, and set its struct_size to its sizeof"
    } else if reason.contains("load function") {
        "load must return ALDIS_OK each time it is called"
    } else {
        "\"When it does not load\" in the guide says what each of these means"
    }
}

fn sizes(ear: &Ear, subject: &Subject) {
    let entry = &subject.entry;
    ear.mind_size(
        "aldis_entry",
        "struct_size",
        entry.struct_size as usize,
        size_of::<Entry>(),
    );
    if entry.pad != 0 {
        ear.fault(
            "aldis_entry.pad is not zero",
            "fill the entry with designated initialisers, or zero it first",
        );
    }
    if let Some(http) = &subject.http {
        ear.mind_size(
            "aldis_http",
            "struct_size",
            http.struct_size as usize,
            size_of::<Http>(),
        );
    }
    if let Some(session) = &subject.session {
        ear.mind_size(
            "aldis_session",
            "struct_size",
            session.struct_size as usize,
            size_of::<Session>(),
        );
    }
    if let Some(webhook) = &subject.webhook {
        ear.mind_size(
            "aldis_webhook",
            "struct_size",
            webhook.struct_size as usize,
            size_of::<Webhook>(),
        );
    }
}

fn tables(ground: &Ground, subject: &Subject) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(get) = subject.entry.get_extension else {
        return vec![Fault::new(
            "its entry has no get_extension",
            "without it no table is found",
        )];
    };
    let table = |id: &str| {
        ground.report.doing(&format!("get_extension of {id:?}"));
        let lending = subject.guarded(crate::kit::letter::Lengths::default());
        let lent: Str =
            lending
                .lending
                .bytes("the text of the extension's id", "get_extension", id.as_bytes());
        // SAFETY: the id is lent until the call returns.
        let table = subject.call("get_extension", || unsafe { get(lent) });
        lending.lending.over();
        table.addr()
    };
    for id in [
        "aldis.http/2",
        "aldis.http/1x",
        "aldis.http",
        "",
        "unheard.of/1",
        "\u{1F600}",
    ] {
        if table(id) != 0 {
            faults.push(Fault::new(
                format!("get_extension answers the unknown id {id:?} with a table"),
                "compare the whole id (aldis_is), and return null for all others",
            ));
        }
    }
    for id in [HTTP, SESSION, WEBHOOK] {
        if table(id) != table(id) {
            faults.push(Fault::new(
                format!("get_extension returns another table for {id:?} each time"),
                "tables are static: return the address of one",
            ));
        }
    }
    if let Some(load) = subject.entry.load {
        ground.report.doing("load, once more");
        // SAFETY: the host table is static.
        let again = subject.call("load", || unsafe { load(Subject::host()) });
        if again != aldis_carrier::abi::OK {
            faults.push(Fault::new(
                format!("load returned {again} when it was called once more"),
                "load may be called more than once: do nothing the second time, and return ALDIS_OK",
            ));
        }
    }
    faults
}

fn described(subject: &Subject, descriptor: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |what: String, mend: &str| faults.push(Fault::new(what, mend));
    let id = text(&descriptor["id"]);
    if !id
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    {
        fault(
            format!("its id {id:?} is not a name"),
            "an id has small letters, digits and '-'",
        );
    }
    let abi = json!({"major": subject.entry.abi_major, "minor": subject.entry.abi_minor});
    if descriptor["abi"] != abi {
        fault(
            format!(
                "its descriptor says \"abi\": {}, its entry {abi}",
                descriptor["abi"]
            ),
            "write the versions of the entry into the descriptor",
        );
    }
    for (style, has) in [
        ("http", subject.http.is_some()),
        ("session", subject.session.is_some()),
        ("webhook", subject.webhook.is_some()),
    ] {
        let says = descriptor["styles"]
            .as_array()
            .is_some_and(|styles| styles.contains(&json!(style)));
        if says != has {
            let (said, there) = if says {
                ("lists", "there is no such table")
            } else {
                ("does not list", "there is a table")
            };
            fault(
                format!("its descriptor {said} the style {style:?}, and {there}"),
                "list in \"styles\" exactly the tables that get_extension returns",
            );
        }
    }
    let schema = &descriptor["config_schema"];
    // Whatever is wrong with no settings at all, the schema must be one.
    if let Err(error) = crate::settings::check(schema, &json!({}), &[])
        && error.key.is_none()
        && error.reason.contains("no JSON Schema")
    {
        fault(
            error.reason,
            "see json-schema.org: a host holds the settings against it",
        );
    }
    // A carrier without settings has no properties.
    let properties = &schema["properties"];
    if !(schema["type"] == "object" && (properties.is_object() || properties.is_null())) {
        fault(
            "its config_schema does not describe an object with properties".to_owned(),
            "\"config_schema\": {\"type\": \"object\", \"properties\": {...}, \"required\": [...]}",
        );
    } else if schema["additionalProperties"] != json!(false) {
        fault(
            "its config_schema allows settings that it does not name: a typing mistake goes unnoticed"
                .to_owned(),
            "\"additionalProperties\": false (#[serde(deny_unknown_fields)] in Rust)",
        );
    }
    faults
}

pub(super) fn settings(ground: &Ground) -> Checked {
    let subject = Subject::load(ground)?;
    let example = Example::of(ground, &subject)?;
    let manner = subject.guarded(crate::kit::letter::Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    ground.report.doing("instance_destroy");
    let mut faults = made.destroy(&manner).err().unwrap_or_default();
    let schema = &subject.descriptor().config_schema.clone().unwrap_or_default();
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        let without = lacking(&example, name);
        ground.report.doing(&format!("instance_create without {name:?}"));
        match subject.create(&manner, &without, 2) {
            Ok(made) => {
                let _ = made.destroy(&manner);
                faults.push(Fault::new(
                    format!("it makes an instance without {name:?}, which its schema requires"),
                    "refuse it: call cfg.fault with the key, and return ALDIS_E_INVALID",
                ));
            }
            Err(refused) if refused.panicked() => faults.push(Fault::new(
                format!("instance_create panics without {name:?}"),
                "call cfg.fault with the key, and return ALDIS_E_INVALID",
            )),
            Err(refused) if refused.reason.is_empty() => faults.push(Fault::new(
                format!("it refuses settings without {name:?} and does not say so"),
                "call cfg.fault with the dotted key and the reason before returning ALDIS_E_INVALID",
            )),
            Err(refused) => faults.extend(quoted(&example, &refused.reason)),
        }
    }
    kept(faults, "wrong ones are refused with key and reason")
}

/// The settings without one of their members, secret or not.
fn lacking(example: &Example, name: &str) -> Configuration {
    let mut without = example.configuration.clone();
    if let Some(members) = without.settings.as_object_mut() {
        members.remove(name);
    }
    without
        .secrets
        .retain(|(key, _)| key.split('.').next() != Some(name));
    without
}

fn quoted(example: &Example, reason: &str) -> Option<Fault> {
    let mut secrets = example.configuration.secrets.iter();
    secrets
        .any(|(_, value)| value.len() > 3 && reason.contains(value.as_str()))
        .then(|| {
            Fault::new(
                "its refusal of a setting quotes a secret",
                "say what is wrong with a value, never the value",
            )
        })
}

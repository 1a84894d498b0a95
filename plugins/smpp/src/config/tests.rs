//! Settings that cannot work are refused with their key.

use super::*;
use crate::status::Status;
use aldis_carrier::Class;
use serde_json::{Value, json};

pub(crate) fn profile(more: &Value) -> Profile {
    Profile::of(settings(more)).unwrap_or_else(|error| panic!("{error:?}"))
}

fn settings(more: &Value) -> Settings {
    let mut all = json!({"host": "127.0.0.1", "system_id": "acme", "password": "pa55word"});
    for (key, value) in more.as_object().expect("a table") {
        all[key] = value.clone();
    }
    serde_json::from_value(all).expect("settings")
}

#[test]
fn what_cannot_work_is_refused_by_its_key() {
    for (more, key) in [
        (json!({"host": ""}), "host"),
        (json!({"system_id": ""}), "system_id"),
        (json!({"system_id": "a-name-too-long-"}), "system_id"),
        (json!({"system_type": "thirteen-long"}), "system_type"),
        (json!({"password": "\u{e4}"}), "password"),
        (json!({"window": 0}), "window"),
        (json!({"binds": 17}), "binds"),
        (json!({"port": 0}), "port"),
        (json!({"answer_seconds": 0}), "answer_seconds"),
        (json!({"enquire_link_seconds": 1}), "enquire_link_seconds"),
        (json!({"max_per_second": 0.0}), "max_per_second"),
        (json!({"short_code_ton": 9}), "short_code_ton"),
        (json!({"alphabets": []}), "alphabets"),
        (json!({"utc_offset_minutes": 900}), "utc_offset_minutes"),
        (json!({"tlvs": [{"tag": 0x1400}]}), "tlvs"),
        (
            json!({"tlvs": [{"tag": 0x1400, "value": "300", "form": "int8"}]}),
            "tlvs",
        ),
        (json!({"statuses": {"x": "blocked"}}), "statuses.x"),
        (json!({"statuses": {"0x400": "nonsense"}}), "statuses.0x400"),
        (json!({"statuses": {"0x400": "plugin_fault"}}), "statuses.0x400"),
    ] {
        let error = Profile::of(settings(&more)).err().expect("a refusal");
        assert!(format!("{error:?}").contains(key), "{more}: {error:?}");
    }
}

#[test]
fn a_vendors_status_means_what_the_operator_says() {
    let profile =
        profile(&json!({"statuses": {"0x400": "no_funds", "1025": "Blocked", "0x45": "invalid-number"}}));
    for (status, class) in [
        (0x400, Class::NoFunds),
        (1025, Class::Blocked),
        (0x45, Class::InvalidNumber),
        (0x0b, Class::InvalidNumber),
        (0x4ff, Class::BadRequest),
    ] {
        assert_eq!(profile.class_of(Status(status)), class, "{status:#x}");
    }
}

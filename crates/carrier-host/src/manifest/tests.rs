//! A manifest comes back as it was written, and what is wrong with one is said by its key.

use super::Manifest;
use crate::elf::Facts;
use crate::{Sha256, elf};
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "sha256": Sha256::of(b"its bytes").to_string(),
        "platform": elf::platform(),
        "glibc": "2.17",
        "abi": { "major": 1, "minor": 3, "min_host_minor": 0 },
        "descriptor": {
            "id": "acme", "version": "1.2.3", "styles": ["http"], "allowed_hosts": ["api.acme.example"],
            "config_schema": { "properties": { "token": { "type": "string" } } },
        },
        "of a later host": true,
    })
}

fn parsed(json: &Value) -> Result<Manifest, String> {
    Manifest::parse(json.to_string().as_bytes())
}

fn facts() -> Facts {
    Facts {
        platform: elf::platform().expect("a platform"),
        glibc: "2.17".parse().ok(),
    }
}

#[test]
fn it_comes_back_as_it_was_written() {
    let manifest = parsed(&good()).expect("a manifest");
    assert_eq!(parsed(&manifest.to_json()).expect("again"), manifest);
    assert_eq!(manifest.check(Sha256::of(b"its bytes"), &facts()), Ok(()));
    let mut any = good();
    any["glibc"] = Value::Null;
    assert_eq!(parsed(&any).expect("a manifest").glibc(), None);
}

#[test]
fn what_cannot_be_read_is_named_by_place_or_key() {
    for (text, words) in [
        ("{\n  \"sha256\": \"a\",\n  oops\n}", "line 3, column 3"),
        ("{", "ends early"),
        ("[]", "descriptor, which is missing"),
    ] {
        let reason = Manifest::parse(text.as_bytes()).expect_err(text);
        assert!(reason.contains(words), "{reason}");
    }
    for (pointer, value, words) in [
        ("/sha256", json!("abc"), "sha256, which is not 64"),
        ("/platform", json!(7), "platform, which is no text"),
        ("/glibc", json!("new"), "glibc, which is no version"),
        ("/abi/major", json!("1"), "abi.major, which is no number"),
        (
            "/abi/min_host_minor",
            json!(65536),
            "abi.min_host_minor, which is no number",
        ),
        (
            "/descriptor/version",
            json!(""),
            "descriptor, which has an empty id or version",
        ),
        (
            "/descriptor/allowed_hosts",
            json!(["10.0.0.1"]),
            "descriptor, which allows the host \"10.0.0.1\"",
        ),
    ] {
        let mut wrong = good();
        *wrong.pointer_mut(pointer).expect("a member") = value;
        let reason = parsed(&wrong).expect_err(pointer);
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn what_is_not_so_is_named() {
    for (pointer, value, words) in [
        (
            "/sha256",
            json!(Sha256::of(b"others").to_string()),
            &["another file", "SHA-256"][..],
        ),
        (
            "/platform",
            json!("riscv64-unknown-linux-gnu"),
            &["platform", "riscv64"],
        ),
        ("/glibc", json!("2.16"), &["glibc 2.16", "needs 2.17"]),
        ("/abi/major", json!(2), &["2.3", "1.1"]),
        ("/abi/min_host_minor", json!(9), &["1.3", "1.9", "1.1"]),
    ] {
        let mut wrong = good();
        *wrong.pointer_mut(pointer).expect("a member") = value;
        let manifest = parsed(&wrong).expect(pointer);
        let reason = manifest
            .check(Sha256::of(b"its bytes"), &facts())
            .expect_err(pointer);
        assert!(words.iter().all(|word| reason.contains(word)), "{reason}");
    }
    let mut new = good();
    new["glibc"] = json!("9.1");
    let facts = Facts {
        glibc: "9.1".parse().ok(),
        ..facts()
    };
    let reason = parsed(&new)
        .expect("a manifest")
        .check(Sha256::of(b"its bytes"), &facts);
    assert!(reason.expect_err("too new").contains("it needs glibc 9.1"));
}

#[test]
fn the_member_that_differs_from_what_is_compiled_in_is_named() {
    let manifest = parsed(&good()).expect("a manifest");
    let compiled_in = |change: fn(&mut Value)| {
        let mut descriptor = good()["descriptor"].take();
        change(&mut descriptor);
        manifest.check_descriptor(descriptor.to_string().as_bytes())
    };
    assert_eq!(compiled_in(|_| {}), Ok(()));
    for (key, change) in [
        (
            "descriptor.allowed_hosts",
            (|one| one["allowed_hosts"] = json!([])) as fn(&mut Value),
        ),
        ("descriptor.styles", |one| drop(one["styles"].take())),
        ("descriptor.capabilities", |one| one["capabilities"] = json!({})),
        ("descriptor.more", |one| one["more"] = Value::Null),
        ("descriptor.config_schema.properties.token.x-secret", |one| {
            one["config_schema"]["properties"]["token"]["x-secret"] = json!(true);
        }),
    ] {
        let reason = compiled_in(change).expect_err(key);
        let named = if key == "descriptor.more" {
            "descriptor"
        } else {
            key
        };
        assert!(reason.contains(&format!("differs in {named} ")), "{reason}");
    }
    assert!(manifest.check_descriptor(b"nonsense").is_err());
}

//! Every struct and every function's signature in the header is the one cbindgen generates from `src/abi*`, token for
//! token, and those of version 1.0 are still there. The header's comments are the contract and are written by people;
//! its declarations are not a matter of taste.

#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a test")]

#[path = "headers/declared.rs"]
mod declared;

use declared::{generated, home, numbers, signatures, structs, written};

#[test]
fn every_declaration() {
    let (mut written, generated) = (structs(&written()), structs(&generated()));
    // A convenience for C, no part of the border.
    written.remove("aldis_buffer");

    assert!(generated.len() >= 20, "only {} structs", generated.len());
    assert_eq!(
        written.keys().collect::<Vec<_>>(),
        generated.keys().collect::<Vec<_>>(),
        "the header (left) and src/abi* (right) have other structs"
    );
    for (name, members) in &generated {
        assert_eq!(
            &written[name], members,
            "{name}: the header (left), cbindgen (right)"
        );
    }
}

/// The header that libraries of version 1.0 were built with, as it was shipped.
fn of_version_1_0() -> String {
    let kept = home().join("../carrier-host/tests/fixtures/abi-1.0/aldis_carrier.h");
    std::fs::read_to_string(kept).expect("the kept header")
}

#[test]
fn what_version_1_0_declared_is_still_there() {
    let (kept, now) = (of_version_1_0(), written());
    let (kept_structs, now_structs) = (structs(&kept), structs(&now));
    for (name, members) in &kept_structs {
        let grown = now_structs.get(name).unwrap_or_else(|| panic!("{name} is gone"));
        assert!(
            grown.starts_with(members),
            "{name} only grows at its end; version 1.0 (left), now (right)\n{members}\n{grown}"
        );
    }
    let (kept_functions, now_functions) = (signatures(&kept), signatures(&now));
    assert!(
        kept_functions.len() >= 36,
        "only {} functions",
        kept_functions.len()
    );
    for function in &kept_functions {
        assert!(
            now_functions.contains(function),
            "{} has changed: {}",
            function.0,
            function.1
        );
    }
    let (kept_numbers, now_numbers) = (numbers(&kept), numbers(&now));
    assert!(kept_numbers.len() >= 70, "only {} numbers", kept_numbers.len());
    for (name, value) in &kept_numbers {
        assert!(
            name == "ABI_MINOR" || now_numbers.get(name) == Some(value),
            "ALDIS_{name} was {value}"
        );
    }
    let entry = "ALDIS_EXPORT const aldis_entry *aldis_carrier_entry_v1(void);";
    assert!(kept.contains(entry) && now.contains(entry));
}

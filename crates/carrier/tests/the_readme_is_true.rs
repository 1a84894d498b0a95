//! The README's carrier compiles and passes its own test, word for word; its C is that of a carrier that others tests run
//! (`carrier-host/tests/a_library_needs_no_crypto.rs`). What it says of programs is tried in
//! `tests/e2e/a_stranger_writes_a_carrier.rs`.

#![allow(missing_docs, reason = "a test")]

#[path = "carriers/from_the_readme.rs"]
mod from_the_readme;

const README: &str = include_str!("../README.md");

#[test]
fn it_holds_the_carrier_that_this_test_compiles() {
    let blocks: Vec<_> = README
        .split("```rust\n")
        .skip(1)
        .filter_map(|block| block.split_once("```"))
        .map(|(code, _)| code)
        .collect();
    assert_eq!(blocks.join("\n"), include_str!("carriers/from_the_readme.rs"));
}

#[test]
fn its_c_is_that_of_the_example() {
    let example = include_str!("c_carrier/webhook.c");
    let blocks: Vec<_> = README.split("```c\n").skip(1).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let (code, _) = block.split_once("```").unwrap_or((block, ""));
        assert!(example.contains(code), "{code}");
    }
}

/// A name of the header that the guide mentions is there.
#[test]
fn it_names_what_the_header_has() {
    let header = include_str!("../include/aldis_carrier.h");
    let words = README.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let names = words.filter(|word| word.starts_with("aldis_") || word.starts_with("ALDIS_"));
    let others = ["aldis_carrier", "aldis_carrier_acme", "ALDIS_TOKEN"];
    for name in names.filter(|name| !others.contains(name)) {
        assert!(header.contains(name), "{name}");
    }
}

#[test]
fn it_names_every_outcome_class() {
    for class in aldis_carrier::Class::ALL {
        let row = format!("| {} | `{class:?}` |", class.number());
        assert!(README.contains(&row), "{row}");
    }
}

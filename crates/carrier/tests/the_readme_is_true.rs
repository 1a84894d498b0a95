//! The README's carrier compiles and passes its own test, word for word.

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
fn it_names_every_outcome_class() {
    for class in aldis_carrier::Class::ALL {
        let row = format!("| {} | `{class:?}` |", class.number());
        assert!(README.contains(&row), "{row}");
    }
}

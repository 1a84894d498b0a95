//! A word is what the table says of it, wherever the table leaves something open.

use super::{Known, Table, as_code};
use crate::lint::Lint;
use crate::text::Given;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn given() -> Given {
    Given {
        base_url: "https://api.acme.example".to_owned(),
        sender: None,
        values: BTreeMap::new(),
        secrets: BTreeMap::new(),
        receipts: false,
    }
}

fn table(words: &[&'static str]) -> (Table<&'static str>, usize) {
    let (given, wanted) = (given(), BTreeMap::new());
    let mut lint = Lint::new(&given, &wanted);
    let table = Table::new(
        &mut lint,
        "t",
        words.iter().map(|word| ((*word).to_owned(), *word)),
    );
    (table, lint.problems.len())
}

#[test]
fn a_star_stands_for_anything_anywhere() {
    let (table, problems) = table(&["7", "7*", "E*", "User * balance*", "*expired", "E*7*9", "*/*"]);
    assert_eq!(problems, 0);
    for (word, expected) in [
        ("7", Some("7")),
        ("71", Some("7*")),
        ("E", Some("E*")),
        ("E0", Some("E*")),
        ("E17x9", Some("E*7*9")),
        ("E79", Some("E*7*9")),
        ("E97", Some("E*")),
        ("User acme has no balance left", Some("User * balance*")),
        ("User balance", None),
        ("it expired", Some("*expired")),
        ("expired", Some("*expired")),
        ("expired.", None),
        ("a/b", Some("*/*")),
        ("8", None),
    ] {
        assert_eq!(table.find(word).map(|known| known.meaning), expected, "{word}");
    }
}

#[test]
fn what_can_never_match_is_noted() {
    for word in ["", "a**b", " a", "a* "] {
        assert!(table(&[word]).1 > 0, "{word}");
    }
}

#[test]
fn a_sentence_is_named_as_the_table_has_it() {
    let known = |key| Known { meaning: (), key };
    let code = |word: &str, key| as_code(word.to_owned(), Some(&known(key)));
    assert_eq!(code("EC_BLOCKED_BY_X", "EC_BLOCKED*"), "EC_BLOCKED_BY_X");
    assert_eq!(
        code("Authorization failed for sendsms", "Authorization failed*"),
        "Authorization_failed"
    );
    assert_eq!(code("number 12025550100", "number *"), "number");
    assert_eq!(code("a b", "*"), "a b", "nothing better is known");
    assert_eq!(as_code::<()>("a b".to_owned(), None), "a b");
}

proptest! {
    /// A word with anything in place of its stars fits, and what ends otherwise does not.
    #[test]
    fn a_pattern_fits_what_it_describes(pieces in proptest::collection::vec("[ab ]{0,3}", 1..5), fill in "[ab ]{0,4}") {
        let pattern = super::Pattern(pieces.join("*"));
        let word = pieces.join(&fill);
        prop_assert!(pattern.fits(&word));
        let open = pieces.len() > 1 && pieces.last().is_some_and(String::is_empty);
        let longer = word + "c";
        prop_assert_eq!(pattern.fits(&longer), open);
    }
}

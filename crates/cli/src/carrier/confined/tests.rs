//! Whoever reads the output knows how the library ran.

use super::Ran;
use crate::failure::Failure;
use serde_json::{Value, json};

/// The library may have chosen the form of the answer.
#[test]
fn an_answer_that_is_no_object_is_left_as_it_is() {
    let mut answer = json!(7);
    Ran::Confined.note(&mut answer);
    assert_eq!(answer, json!(7));
}

#[test]
fn what_was_missing_is_named() {
    let ran = Ran::Without(vec!["Landlock (no)".to_owned(), "seccomp (no)".to_owned()]);
    let sentence = ran.sentence().expect("a sentence");
    for word in ["unconfined", "Landlock (no)", "seccomp (no)"] {
        assert!(sentence.contains(word), "{sentence}");
    }
    let mut answer = json!({ "broken": 0 });
    ran.note(&mut answer);
    let said = json!({ "broken": 0, "confined": false, "missing": ["Landlock (no)", "seccomp (no)"] });
    assert_eq!(answer, said);
    assert_eq!(
        ran.properties(),
        [
            ("confined", "false".to_owned()),
            ("missing", "Landlock (no); seccomp (no)".to_owned())
        ]
    );
}

#[test]
fn nothing_is_said_of_what_is_as_it_should_be() {
    assert_eq!((Ran::Confined.sentence(), Ran::Not.sentence()), (None, None));
    let noted = |ran: Ran| {
        let mut answer = json!({});
        ran.note(&mut answer);
        answer["confined"].clone()
    };
    assert_eq!(noted(Ran::Confined), true);
    assert_eq!(noted(Ran::Not), json!(null));
    assert_eq!(noted(Ran::Needlessly), true);
}

/// Adds how the library ran, for that may have been the cause.
#[test]
fn a_failure_says_how_the_library_ran() {
    let failed = |ran: &Ran| ran.after(Failure::failed("it aborted"));
    let without = failed(&Ran::Without(vec!["Landlock (no)".to_owned()]));
    let text = without.text();
    assert!(
        text.starts_with("it aborted\n") && text.contains("unconfined"),
        "{text}"
    );
    let json = without.json();
    assert_eq!(json["error"], "it aborted");
    assert_eq!(json["confined"], false);
    assert_eq!(json["missing"], json!(["Landlock (no)"]));
    assert_eq!(failed(&Ran::Not).text(), "it aborted");
    assert_eq!(failed(&Ran::Not).json().get("confined"), None::<&Value>);
}

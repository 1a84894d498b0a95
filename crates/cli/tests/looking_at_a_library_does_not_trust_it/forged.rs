//! The harm that a library can do by ending its process early, or by reporting in the kit's name.

use super::{Desk, said};

/// A library that reports this with so many blanks behind it, as a C literal, and does no harm besides.
fn forging(words: &str, blanks: usize) -> Desk {
    let (forged, blanks) = (format!("FORGED=\"{words}\""), format!("BLANKS={blanks}"));
    Desk::new("broken.c", &[&forged, &blanks, "HARMLESS"])
}

#[test]
fn what_it_reports_in_the_kits_name_is_looked_at() {
    for (forged, commands, words) in [
        ("{}", &["pin", "schema"][..], "the descriptor cannot be read"),
        ("7", &["pin", "schema"], "the descriptor cannot be read"),
        (
            r#"{\\\"id\\\":\\\"\\\",\\\"version\\\":\\\"1\\\"}"#,
            &["pin"],
            "an empty id or version",
        ),
        (
            r#"{\\\"id\\\":\\\"a\\\\u202eb\\\",\\\"version\\\":\\\"1\\\"}"#,
            &["pin"],
            "letters that are not seen",
        ),
        (
            r#"{\\\"id\\\":\\\"a\\\",\\\"version\\\":\\\"1\\\",\\\"config_schema\\\":7}"#,
            &["schema"],
            "no config_schema",
        ),
    ] {
        let desk = forging(forged, 0);
        for command in commands {
            let output = desk.look(command, &[]);
            let told = said(&output);
            assert_eq!(output.status.code(), Some(1), "{command} of {forged}: {told}");
            assert!(told.contains(words), "{command} of {forged}: {told}");
        }
        assert!(!desk.path("carriers.lock").exists());
        desk.is_untouched();
    }
}

#[test]
fn more_than_the_kit_writes_is_not_read() {
    let desk = forging("{}", 3_000_000);
    for command in ["pin", "manifest", "schema", "check", "dry-run"] {
        let output = desk.look(command, &[]);
        let told = said(&output);
        assert_eq!(output.status.code(), Some(1), "{command}: {told}");
        assert!(told.contains("a report that is too long"), "{command}: {told}");
        assert!(told.len() < 10_000, "{command}: {}", told.len());
    }
    desk.is_untouched();
}

#[test]
fn whoever_runs_it_unconfined_is_told_so_where_it_fails_too() {
    let desk = Desk::new("broken.c", &["ABORTS", "HARMLESS"]);
    for command in ["pin", "manifest", "schema", "dry-run"] {
        for (form, words) in [("text", "ran unconfined"), ("json", r#""confined":false"#)] {
            let output = desk.look_poorly("landlock", command, &["--unconfined", "--output", form]);
            let told = said(&output);
            assert_eq!(output.status.code(), Some(1), "{command}: {told}");
            for word in ["aborted", "Landlock", words] {
                assert!(told.contains(word), "{command}: {word} is not in {told}");
            }
        }
    }
}

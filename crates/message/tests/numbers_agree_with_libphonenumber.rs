//! Numbers are judged as Google's library judges them.
//!
//! The oracle (2,000 rows from Python's `phonenumbers`) lies beside the repository on some machines only;
//! elsewhere the test says that it is skipped. A handful always runs.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_message::{PhoneNumber, PhoneNumberError};
use std::io::Write as _;
use std::path::Path;

/// Rows where the metadata of the two libraries are of different days, each with what we say.
const KNOWN_DISAGREEMENTS: [(&str, &str); 0] = [];

#[derive(Debug)]
struct Row<'a> {
    input: &'a str,
    e164: &'a str,
    valid: bool,
    region: &'a str,
    kind: &'a str,
}

impl<'a> Row<'a> {
    fn read(line: &'a str) -> Self {
        let mut columns = line.split('\t');
        let mut next = || columns.next().expect("six columns");
        let (input, e164, _possible, valid, region, kind) = (next(), next(), next(), next(), next(), next());
        Self {
            input,
            e164,
            valid: valid == "1",
            region,
            kind,
        }
    }

    /// What our answer must be, in the same words as [`said`].
    fn expected(&self) -> String {
        match (self.valid, self.kind) {
            (true, "PREMIUM_RATE") => "premium rate".to_owned(),
            (true, _) => format!(
                "{} {}",
                self.e164,
                if self.region == "001" { "-" } else { self.region }
            ),
            (false, _) => "refused".to_owned(),
        }
    }
}

fn said(input: &str) -> String {
    match PhoneNumber::parse(input, None) {
        Ok(number) => format!("{} {}", number.expose(), number.region().unwrap_or("-")),
        Err(PhoneNumberError::PremiumRate) => "premium rate".to_owned(),
        Err(_) => "refused".to_owned(),
    }
}

#[test]
fn on_a_handful_of_countries() {
    for (input, expected) in [
        ("+33612345678", "+33612345678 FR"),
        ("+4915123456789", "+4915123456789 DE"),
        ("+819012345678", "+819012345678 JP"),
        ("+5511961234567", "+5511961234567 BR"),
        ("+918123456789", "+918123456789 IN"),
        ("+24740123", "+24740123 AC"),
        ("+12", "refused"),
    ] {
        assert_eq!(said(input), expected, "{input}");
    }
}

#[test]
fn on_every_row_of_the_oracle() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs/e164/oracle.tsv");
    let Ok(text) = std::fs::read_to_string(&file) else {
        // Not `println!`: the test runner hides that where a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no oracle beside the repository (../shared/specs/e164)"
        );
        return;
    };
    let rows: Vec<Row> = text.lines().skip(1).map(Row::read).collect();
    assert_eq!(rows.len(), 2000, "the oracle itself is cut short");
    let mut unknown = Vec::new();
    for row in &rows {
        let (said, expected) = (said(row.input), row.expected());
        if said == expected {
            continue;
        }
        println!("disagreement on {row:?}: we say {said:?}");
        if !KNOWN_DISAGREEMENTS.contains(&(row.input, said.as_str())) {
            unknown.push(format!("{}: {said:?} instead of {expected:?}", row.input));
        }
    }
    assert!(
        unknown.is_empty(),
        "{} unlisted disagreements:\n{}",
        unknown.len(),
        unknown.join("\n")
    );
}

//! Whoever writes into a report, no more of it is read than the kit would write.

use super::{Fault, Heard, LONGEST, LONGEST_LINE, Line, MOST_FAULTS, Verdict, read};

/// A report of these lines.
fn report(lines: &[Line]) -> Vec<u8> {
    let lines = lines
        .iter()
        .map(|line| serde_json::to_string(line).expect("JSON") + "\n");
    lines.collect::<String>().into_bytes()
}

fn heard(report: &[u8]) -> Heard {
    read(report).expect("read")
}

fn faults(count: usize) -> Verdict {
    Verdict::Broken(vec![
        Fault::new("it is wrong in many words ".repeat(20), "mend it");
        count
    ])
}

#[test]
fn what_the_kit_writes_is_read() {
    let gaps = |gap: &str| Line::Gaps(vec![gap.to_owned()]);
    let found = heard(&report(&[
        gaps("Landlock"),
        Line::Doing("load".to_owned()),
        Line::Alive,
        gaps("none"),
        Line::Doing("submit".to_owned()),
        Line::Verdict(faults(133)),
    ]));
    assert!(!found.is_too_long);
    assert_eq!(found.gaps.as_deref(), Some(&["Landlock".to_owned()][..]));
    assert_eq!(found.doing.as_deref(), Some("submit"));
    assert_eq!(found.verdict, Some(faults(133)));
    // Far more than a verdict has, in lines of which none is long.
    let many: Vec<_> = (0..20_000)
        .map(|n| Line::Doing(format!("reply {n} {}", "x".repeat(500))))
        .collect();
    let found = heard(&report(&many));
    assert!(!found.is_too_long && found.doing.is_some_and(|doing| doing.starts_with("reply 19999 ")));
}

#[test]
fn a_line_that_is_cut_short_is_left_out() {
    let mut cut = report(&[Line::Doing("submit".to_owned()), Line::Crash("gone".to_owned())]);
    cut.truncate(cut.len() - 4);
    let found = heard(&cut);
    assert_eq!((found.doing.as_deref(), found.crash), (Some("submit"), None));
}

#[test]
fn what_is_too_long_is_not_read() {
    let before = report(&[Line::Gaps(Vec::new()), Line::Doing("loading".to_owned())]);
    let forged = report(&[Line::Verdict(faults(60_000))]);
    assert!(forged.len() as u64 > 20 * LONGEST_LINE);
    let many = report(&[Line::Verdict(Verdict::Broken(vec![
        Fault::new("", "");
        MOST_FAULTS + 1
    ]))]);
    assert!((many.len() as u64) < LONGEST_LINE);
    let without_end = vec![0; usize::try_from(LONGEST).expect("a length")];
    let of_nothing = ("x".repeat(999) + "\n").repeat(without_end.len() / 1000 + 1);
    for more in [forged, many, without_end, of_nothing.into_bytes()] {
        let found = heard(&[before.clone(), more].concat());
        assert!(found.is_too_long && found.verdict.is_none());
        assert_eq!(found.gaps, Some(Vec::new()));
        assert_eq!(found.doing.as_deref(), Some("loading"));
    }
}

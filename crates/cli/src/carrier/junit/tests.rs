//! Whatever a library says, the report can be read.

use super::report;
use crate::carrier::confined::Ran;
use aldis_carrier_host::kit::{Fault, Finding, PROMISES, Verdict};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::path::Path;
use std::time::Duration;

#[test]
fn what_xml_cannot_say_is_left_out() {
    let words = "is \u{1}\u{1b}[31m\u{0} & <wrong>\u{ffff}";
    let verdicts = [
        Verdict::Untried(words.to_owned()),
        Verdict::Skipped(words.to_owned()),
        Verdict::Broken(vec![Fault {
            what: words.to_owned(),
            mend: words.to_owned(),
        }]),
    ];
    let findings: Vec<_> = verdicts
        .into_iter()
        .zip(PROMISES)
        .map(|(verdict, promise)| Finding {
            promise,
            verdict,
            took: Duration::ZERO,
        })
        .collect();

    let xml = report(
        Path::new("lib.so"),
        &findings,
        &Ran::Without(vec![words.to_owned()]),
    )
    .expect("written");

    let text = String::from_utf8(xml).expect("UTF-8");
    let unsayable = |letter: char| letter.is_control() && !"\n\t\r".contains(letter) || letter == '\u{ffff}';
    assert!(!text.contains(unsayable), "{text:?}");
    assert!(
        text.contains("is \u{fffd}\u{fffd}[31m\u{fffd} &amp; &lt;wrong&gt;\u{fffd}"),
        "{text}"
    );
    assert!(
        text.contains(r#"<property name="confined" value="false"/>"#),
        "{text}"
    );
    let mut reader = Reader::from_str(&text);
    while reader.read_event().expect("well-formed") != Event::Eof {}
}

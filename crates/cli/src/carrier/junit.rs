//! Findings as `JUnit` XML, which every CI reads.

use super::confined::Ran;
use crate::plain::acts;
use aldis_carrier_host::kit::{Finding, Verdict};
use quick_xml::Writer;
use quick_xml::events::BytesText;
use std::io;
use std::path::Path;

#[cfg(test)]
mod tests;

/// One test suite, one test case for each promise.
pub(super) fn report(library: &Path, findings: &[Finding], ran: &Ran) -> io::Result<Vec<u8>> {
    let count = |which: fn(&Verdict) -> bool| {
        findings
            .iter()
            .filter(|finding| which(&finding.verdict))
            .count()
            .to_string()
    };
    let suite = library
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer
        .create_element("testsuite")
        .with_attribute(("name", suite.as_str()))
        .with_attribute(("tests", findings.len().to_string().as_str()))
        .with_attribute((
            "failures",
            count(|verdict| matches!(verdict, Verdict::Broken(_))).as_str(),
        ))
        .with_attribute((
            "errors",
            count(|verdict| matches!(verdict, Verdict::Untried(_))).as_str(),
        ))
        .with_attribute((
            "skipped",
            count(|verdict| matches!(verdict, Verdict::Skipped(_))).as_str(),
        ))
        .write_inner_content(|writer| {
            properties(writer, ran)?;
            findings.iter().try_for_each(|finding| case(writer, finding))
        })?;
    Ok(writer.into_inner())
}

/// Writes how the library was confined.
fn properties(writer: &mut Writer<Vec<u8>>, ran: &Ran) -> io::Result<()> {
    let properties = ran.properties();
    writer
        .create_element("properties")
        .write_inner_content(|writer| {
            properties.iter().try_for_each(|(name, value)| {
                let property = writer.create_element("property");
                let property = property.with_attribute(("name", *name));
                property
                    .with_attribute(("value", plain(value).as_str()))
                    .write_empty()
                    .map(drop)
            })
        })
        .map(drop)
}

fn case(writer: &mut Writer<Vec<u8>>, finding: &Finding) -> io::Result<()> {
    let seconds = format!("{:.3}", finding.took.as_secs_f64());
    let case = writer
        .create_element("testcase")
        .with_attribute(("classname", "aldis.carrier"))
        .with_attribute(("name", finding.promise.name))
        .with_attribute(("time", seconds.as_str()));
    match &finding.verdict {
        Verdict::Held(_) => case.write_empty()?,
        Verdict::Skipped(reason) => case.write_inner_content(|writer| {
            writer
                .create_element("skipped")
                .with_attribute(("message", plain(reason).as_str()))
                .write_empty()
                .map(drop)
        })?,
        Verdict::Untried(reason) => case.write_inner_content(|writer| {
            writer
                .create_element("error")
                .with_attribute(("message", plain(reason).as_str()))
                .write_empty()
                .map(drop)
        })?,
        Verdict::Broken(faults) => case.write_inner_content(|writer| {
            faults.iter().try_for_each(|fault| {
                writer
                    .create_element("failure")
                    .with_attribute(("message", plain(&fault.what).as_str()))
                    .write_text_content(BytesText::new(&plain(&fault.mend)))
                    .map(drop)
            })
        })?,
    };
    Ok(())
}

/// Without what XML 1.0 has no way to say (section 2.2), and what would move a terminal's cursor: a library chooses some
/// of these words.
pub(super) fn plain(text: &str) -> String {
    let shown = |letter: char| {
        if acts(letter) || "\u{fffe}\u{ffff}".contains(letter) {
            '\u{fffd}'
        } else {
            letter
        }
    };
    text.chars().map(shown).collect()
}

//! The table an author reads is the one the inbox plays.

use super::RECIPIENTS;

#[test]
fn the_readme_has_the_same_table() {
    let readme = include_str!("../../../../../plugins/sandbox/README.md");
    let rows: Vec<(&str, &str)> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `+1")?.strip_suffix(" |")?.split_once("` | "))
        .collect();
    let played: Vec<(&str, &str)> = RECIPIENTS
        .iter()
        .map(|script| (script.recipient.trim_start_matches("+1"), script.says))
        .collect();
    assert_eq!(rows, played);
}

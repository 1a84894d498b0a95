//! Versions are compared as numbers, and what is too new is said so.

use super::{Glibc, fault, running, version};

fn glibc(text: &str) -> Glibc {
    text.parse().expect("a version")
}

#[test]
fn versions_are_numbers() {
    assert!(glibc("2.4") < glibc("2.34") && glibc("2.34") < glibc("10.0"));
    assert_eq!(version("GLIBC_2.2.5"), Some(glibc("2.2")));
    assert_eq!(version("GLIBC_ABI_DT_RELR"), Some(glibc("2.36")));
    for name in ["GLIBC_PRIVATE", "GLIBCXX_3.4", "GCC_3.0", "GLIBC_", "GLIBC_2"] {
        assert_eq!(version(name), None, "{name}");
    }
}

#[test]
fn what_is_too_new_is_said_with_both_versions() {
    let (old, new) = (glibc("2.31"), glibc("2.34"));
    assert_eq!(fault(old, Some(old)).or(fault(old, Some(new))), None);
    let sentence = fault(new, Some(old)).expect("a fault");
    assert!(
        sentence.contains("needs glibc 2.34") && sentence.contains("has 2.31"),
        "{sentence}"
    );
    assert!(fault(old, None).expect("a fault").contains("without glibc"));
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn the_own_one_is_known() {
    assert!(running().expect("a version") >= glibc("2.17"));
}

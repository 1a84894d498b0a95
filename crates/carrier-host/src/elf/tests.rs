//! Any bytes are looked at without a panic, and a library of this machine passes.

use super::{facts, platform};
use crate::Isolation;
use proptest::prelude::*;

fn faults(bytes: &[u8]) -> Vec<String> {
    super::faults(bytes, Isolation::InProcess)
}

const MINIMAL: &[u8] =
    include_bytes!("../../tests/fixtures/abi-1.0/x86_64-linux-gnu/libaldis_carrier_minimal.so");

/// The same with one text in it replaced by another of that length.
fn changed(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = MINIMAL.to_vec();
    let mut found = 0;
    while let Some(at) = bytes
        .windows(from.len())
        .position(|window| window == from.as_bytes())
    {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        found += 1;
    }
    assert!(found > 0, "{from} is not in it");
    bytes
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_library_that_is_linked_with_no_more_than_a_carrier_needs_passes() {
    assert_eq!(faults(MINIMAL), [""; 0]);
    let facts = facts(MINIMAL).expect("facts");
    assert_eq!(Some(facts.platform), platform());
    assert!(facts.glibc.is_some());
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_needed_library_is_known_by_its_whole_name() {
    for other in ["libc.so.7", "libc.so.x"] {
        let found = faults(&changed("libc.so.6", other));
        assert!(found.iter().any(|fault| fault.contains(other)), "{found:?}");
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_glibc_that_is_too_new_is_said_before_anything_is_mapped() {
    for isolation in [Isolation::InProcess, Isolation::Worker] {
        let found = super::faults(&changed("GLIBC_2.", "GLIBC_9."), isolation);
        assert!(
            found
                .iter()
                .any(|fault| fault.contains("it needs glibc 9.") && fault.contains("this machine has 2.")),
            "{found:?}"
        );
    }
}

#[test]
fn no_bytes_are_no_library() {
    assert_eq!(faults(b""), ["it is no ELF library"]);
    assert_eq!(faults(b"\x7fELF"), ["it is no ELF library"]);
    let own = std::fs::read(std::env::current_exe().expect("a path")).expect("a program");
    assert!(!faults(&own).is_empty(), "a program is no carrier");
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        prop_assert!(!faults(&bytes).is_empty());
    }

    /// A real library of ABI 1.0 with octets changed.
    #[test]
    fn a_library_with_octets_changed(changes in proptest::collection::vec((0_usize..20_000, any::<u8>()), 1..20)) {
        let mut bytes = MINIMAL.to_vec();
        for (at, octet) in changes {
            let at = at % bytes.len();
            bytes[at] = octet;
        }
        let _ = faults(&bytes);
    }
}

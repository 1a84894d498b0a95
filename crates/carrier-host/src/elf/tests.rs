//! Any bytes are looked at without a panic, and a library of this machine passes.

use super::faults;
use proptest::prelude::*;

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
        let mut bytes = include_bytes!("../../tests/fixtures/abi-1.0/x86_64-linux-gnu/libaldis_carrier_minimal.so").to_vec();
        for (at, octet) in changes {
            let at = at % bytes.len();
            bytes[at] = octet;
        }
        let _ = faults(&bytes);
    }
}

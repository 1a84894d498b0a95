//! An address is shown as the setting says.

use super::*;

#[test]
fn an_address_is_shown_as_the_setting_says() {
    for (address, full, masked) in [
        ("192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
    ] {
        let address = address.parse().ok();
        assert_eq!(Shown::Full.of(address).as_deref(), Some(full));
        assert_eq!(Shown::Masked.of(address).as_deref(), Some(masked));
        assert_eq!(Shown::None.of(address), None);
        assert_eq!(Shown::Full.of(None), None);
    }
}

//! The classes of `command_status` values that decide what happens to a message.

use super::*;

#[test]
fn the_table_is_the_specifications() {
    for (status, class) in [
        (0x00, Class::Accepted),
        (0x01, Class::TooLong),
        (0x05, Class::Temporary),
        (0x08, Class::Temporary),
        (0x0a, Class::SenderNotAllowed),
        (0x0b, Class::InvalidNumber),
        (0x0d, Class::Unauthorized),
        (0x0e, Class::Unauthorized),
        (0x0f, Class::Unauthorized),
        (0x14, Class::RateLimited),
        (0x58, Class::RateLimited),
        (0x64, Class::Temporary),
        (0x66, Class::Blocked),
        (0x03, Class::BadRequest),
        (0x1234, Class::BadRequest),
    ] {
        assert_eq!(Status(status).class(), class, "{status:#x}");
    }
    assert_eq!(Status(0x58).to_string(), "0x58");
    assert_eq!(Status(0x400).to_string(), "0x400");
}

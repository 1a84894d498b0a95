//! The level is right whatever the size of the file system: when it is warned of, and when nothing new is taken.

use super::*;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

#[test]
fn a_small_disk_goes_by_parts_and_a_large_one_by_bytes() {
    let level = |free, size| Room { free, size }.level();
    for (size, low, least) in [
        (48 * MIB, 48 * MIB / 10, 48 * MIB / 50),
        (2 * GIB, 2 * GIB / 10, 2 * GIB / 50),
        (3 * GIB, 3 * GIB / 10, 3 * GIB / 50),
        (1024 * GIB, GIB, 64 * MIB),
    ] {
        assert_eq!(level(size, size), Level::Enough);
        assert_eq!(level(low, size), Level::Enough, "{size}");
        assert_eq!(level(low - 1, size), Level::Low, "{size}");
        assert_eq!(level(least, size), Level::Low, "{size}");
        assert_eq!(level(least - 1, size), Level::Full, "{size}");
        assert_eq!(level(0, size), Level::Full);
    }
}

#[test]
fn a_file_system_that_does_not_say_has_room() {
    assert_eq!(Seen::default().room().level(), Level::Enough);
    assert_eq!(Room { free: 0, size: 0 }.level(), Level::Enough);
}

#[test]
fn it_is_asked_of_the_file_system() {
    let seen = Seen::default();
    seen.look(&std::env::temp_dir());
    let room = seen.room();
    assert!(room.size > 0 && room.free <= room.size, "{room:?}");
}

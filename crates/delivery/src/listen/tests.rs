//! The socket's file is never open to others, whatever the umask.

use super::*;
use rustix::fs::Mode;
use rustix::process::umask;

#[tokio::test]
async fn the_sockets_file_is_narrow_from_its_first_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("delivery.sock");
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    for (mask, at_first) in [(0o000, 0o660), (0o077, 0o600)] {
        let before = umask(Mode::from_raw_mode(mask));
        let bound = narrow(&path);
        umask(before);
        let _socket = bound.unwrap();
        assert_eq!(mode(), at_first, "umask {mask:o}");
        std::fs::remove_file(&path).unwrap();
    }
    let _listener = bind_unix(&path).await.unwrap();
    assert_eq!(mode(), MODE);
}

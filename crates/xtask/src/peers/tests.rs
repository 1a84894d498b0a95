//! A peer is installed once, again when what is wanted changes, and never by halves.

#![allow(clippy::expect_used, reason = "a test fails loudly")]

use super::set_up_one;
use std::cell::Cell;
use std::fs;
use std::path::PathBuf;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("aldis-xtask-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn installed_once_for_the_same_wish() {
    let place = Folder::new("once");
    let (wish, peer) = (place.0.join("wish"), place.0.join("peer"));
    let installed = Cell::new(0);
    let install = || {
        installed.set(installed.get() + 1);
        fs::create_dir_all(&peer).map_err(|error| error.to_string())
    };
    for (text, expected) in [("one", 1), ("one", 1), ("two", 2), ("two", 2)] {
        fs::write(&wish, text).expect("written");
        set_up_one("a peer", &peer, &[&wish], install).expect("set up");
        assert_eq!(installed.get(), expected, "{text}");
    }
}

/// The tests look for the peer's files: half of them would be a failure instead of a skip.
#[test]
fn a_failure_leaves_nothing_and_is_tried_again() {
    let place = Folder::new("failure");
    let (wish, peer) = (place.0.join("wish"), place.0.join("peer"));
    fs::write(&wish, "wish").expect("written");
    let half = || {
        fs::create_dir_all(&peer).expect("a folder");
        fs::write(peer.join("half"), "").expect("written");
        Err("the registry does not answer".to_owned())
    };
    set_up_one("a peer", &peer, &[&wish], half).expect("skipped, not failed");
    assert!(!peer.exists());
    set_up_one("a peer", &peer, &[&wish], || {
        fs::create_dir_all(&peer).map_err(|error| error.to_string())
    })
    .expect("set up");
    assert!(peer.exists());
}

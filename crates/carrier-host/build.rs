//! Names the build by what it is made from: delivery and its workers must be of one.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

#[allow(clippy::print_stdout, reason = "so Cargo is told")]
fn main() -> io::Result<()> {
    let mut hash = DefaultHasher::new();
    for source in ["src", "../carrier/src", "../../Cargo.lock"] {
        println!("cargo::rerun-if-changed={source}");
        for file in files(Path::new(source))? {
            file.hash(&mut hash);
            std::fs::read(&file)?.hash(&mut hash);
        }
    }
    println!("cargo::rustc-env=ALDIS_SOURCES={:016x}", hash.finish());
    Ok(())
}

/// It, or what is in it, in order.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(if path.exists() {
            vec![path.to_owned()]
        } else {
            Vec::new()
        });
    }
    let entries: io::Result<Vec<_>> = std::fs::read_dir(path)?.collect();
    let mut paths: Vec<_> = entries?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    let files: io::Result<Vec<_>> = paths.iter().map(|path| files(path)).collect();
    Ok(files?.concat())
}
